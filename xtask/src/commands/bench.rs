//! `bench`: runs the benchmarks and writes BENCHMARKS.md from their results.

use crate::{
    Outcome,
    criterion::{self, Circumstances, Measurement},
    steps::{Steps, succeed},
    tools::answer,
    workspace::Workspace,
};
use std::{
    env, fs,
    process::Command,
    time::{Duration, SystemTime},
};

const REPORT: &str = "BENCHMARKS.md";
/// Rounding of time stamps by file systems.
const CLOCK_GRAIN: Duration = Duration::from_secs(2);

pub(crate) fn run(workspace: &Workspace, filter: Option<&str>) -> Outcome {
    let home = workspace.target().join("criterion");
    let started = SystemTime::now() - CLOCK_GRAIN;
    let mut steps = Steps::new();
    steps.run("benchmarks", || {
        let mut command = workspace.cargo(&["bench", "--package", "mixdown-benches"]);
        if let Some(filter) = filter {
            command.args(["--", filter]);
        }
        succeed(command.env("CRITERION_HOME", &home))?;
        let measurements = criterion::read(&home, started)?;
        write(workspace, &measurements)
    });
    steps.finish("bench")
}

fn write(workspace: &Workspace, measurements: &[Measurement]) -> Outcome {
    if measurements.is_empty() {
        return Err("the benchmarks left no results".into());
    }
    let report = criterion::report(&circumstances(workspace)?, measurements);
    fs::write(workspace.path(REPORT), report).map_err(|error| format!("{REPORT}: {error}"))?;
    println!("wrote {} results to {REPORT}", measurements.len());
    Ok(())
}

fn circumstances(workspace: &Workspace) -> Outcome<Circumstances> {
    let rustc = answer(Command::new(env::var_os("RUSTC").unwrap_or("rustc".into())).arg("--version"));
    let flags = env::var("RUSTFLAGS").ok().filter(|flags| !flags.is_empty());
    let git = |arguments: &[&str]| answer(Command::new("git").args(arguments).current_dir(workspace.path("")));
    let changed = git(&["status", "--porcelain"]).is_some_and(|changes| !changes.is_empty());
    let commit = git(&["rev-parse", "--short", "HEAD"]);
    Ok(Circumstances {
        cpu: cpu().unwrap_or("unknown".into()),
        rustc: rustc.unwrap_or("unknown".into()),
        flags: flags.unwrap_or("none".into()),
        profile: criterion::profile(&workspace.read("Cargo.toml")?),
        commit: commit.map(|commit| if changed { format!("{commit}, with changes") } else { commit }),
    })
}

/// The processor's own name.
fn cpu() -> Option<String> {
    let linux = fs::read_to_string("/proc/cpuinfo").ok();
    let named = linux.as_deref().and_then(|text| text.lines().find(|line| line.starts_with("model name")));
    if let Some((_, name)) = named.and_then(|line| line.split_once(':')) {
        return Some(name.trim().to_owned());
    }
    answer(Command::new("sysctl").args(["-n", "machdep.cpu.brand_string"])).or(env::var("PROCESSOR_IDENTIFIER").ok())
}
