//! External tools, and what to install if one is missing.

use crate::Outcome;
use std::{
    path::Path,
    process::{Command, Stdio},
};

/// The oldest Python that the package supports.
const MIN_PYTHON: (u32, u32) = (3, 11);

const PYTHONS: [&str; 5] = ["python3.11", "python3.12", "python3.13", "python3", "python"];

/// A Python that is new enough and can make environments.
pub(crate) fn python() -> Outcome<&'static str> {
    let mut found = PYTHONS.into_iter().filter(|name| python_version(name).is_some_and(|v| v >= MIN_PYTHON)).peekable();
    let Some(&newest_enough) = found.peek() else {
        return Err("Python >= 3.11 is missing: install CPython 3.11 or newer with venv and pip".into());
    };
    let makes_environments = |name: &&str| answer(Command::new(name).args(["-c", "import venv, ensurepip"])).is_some();
    found.find(makes_environments).ok_or_else(|| {
        format!("{newest_enough} lacks the modules venv and ensurepip: install its venv package, e.g. python3-venv")
    })
}

/// Major and minor version of a Python; `None` if it does not run.
pub(crate) fn python_version(python: impl AsRef<Path>) -> Option<(u32, u32)> {
    let text = answer(Command::new(python.as_ref()).args(["-c", "import sys; print(*sys.version_info[:2])"]))?;
    let (major, minor) = text.split_once(' ')?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}

/// Checks for the C compiler that links Rust programs and extension modules.
pub(crate) fn c_compiler() -> Outcome {
    let runs = |name: &&str| answer(Command::new(name).arg("--version")).is_some();
    if cfg!(not(unix)) || ["cc", "gcc", "clang"].iter().any(runs) {
        return Ok(());
    }
    Err("a C compiler is missing: install gcc".into())
}

/// Checks for cargo-fuzz and the nightly compiler that it needs.
pub(crate) fn fuzzer() -> Outcome {
    if answer(Command::new("cargo").args(["fuzz", "--version"])).is_none() {
        return Err("cargo-fuzz is missing: cargo install cargo-fuzz".into());
    }
    if answer(Command::new("cargo").args(["+nightly", "--version"])).is_none() {
        return Err("the nightly compiler is missing: rustup toolchain install nightly".into());
    }
    Ok(())
}

/// The output of a program, without the line end; `None` if it does not run or fails.
pub(crate) fn answer(command: &mut Command) -> Option<String> {
    let output = command.stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim_end().to_owned())
}
