//! Instructions of every kernel, counted by callgrind: the same on every x86-64 machine with AVX2, as valgrind shows each
//! the same CPU.

use super::{callgrind::own_instructions, machine, probes, records::Counts};
use crate::{Outcome, steps::cannot_start, tools::answer, workspace::Workspace};
use std::{fs, path::Path, process::Command};

const PROGRAM: &str = "counts";
/// The function that the program runs each kernel in.
const COUNTED: &str = "mixdown_counted";

/// Why nothing can be counted here, if so.
pub(crate) fn impossible() -> Option<String> {
    if !cfg!(target_arch = "x86_64") {
        return Some("the counts are of x86-64".into());
    }
    if answer(Command::new("valgrind").arg("--version")).is_none() {
        return Some("valgrind is not installed".into());
    }
    #[cfg(target_arch = "x86_64")]
    if !(std::is_x86_feature_detected!("avx2") && std::is_x86_feature_detected!("fma")) {
        return Some("this machine has no AVX2 with FMA".into());
    }
    None
}

/// Builds the program and counts.
pub(crate) fn count(workspace: &Workspace) -> Outcome<Counts> {
    let program = probes::build(workspace, PROGRAM)?;
    let dumps = workspace.target().join("bench/dumps");
    if dumps.exists() {
        fs::remove_dir_all(&dumps).map_err(|error| format!("{}: {error}", dumps.display()))?;
    }
    fs::create_dir_all(&dumps).map_err(|error| format!("{}: {error}", dumps.display()))?;
    let names = run(&program, &dumps)?;
    let kernels = names.iter().enumerate().map(|(index, name)| {
        // Callgrind counts its dumps from 1.
        let path = dumps.join(format!("dump.{}", index + 1));
        let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        let count = own_instructions(&text, PROGRAM).ok_or_else(|| format!("{}: no counts", path.display()))?;
        Ok((name.clone(), count))
    });
    Ok(Counts { rustc: machine::rustc(), kernels: kernels.collect::<Outcome<_>>()? })
}

/// Runs the program under callgrind; the names of its kernels, in the order of the dumps.
fn run(program: &Path, dumps: &Path) -> Outcome<Vec<String>> {
    let mut command = Command::new("valgrind");
    command.args(["--tool=callgrind", "--quiet", "--collect-atstart=no"]);
    command.args([format!("--toggle-collect={COUNTED}"), format!("--dump-after={COUNTED}")]);
    command.arg(format!("--callgrind-out-file={}", dumps.join("dump").display())).arg(program);
    let output = command.output().map_err(|error| cannot_start(&command, &error))?;
    if !output.status.success() {
        let message = String::from_utf8_lossy(&output.stderr);
        return Err(format!("valgrind ended with {}: {}", output.status, message.trim()));
    }
    Ok(String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect())
}
