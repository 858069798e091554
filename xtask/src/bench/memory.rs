//! Memory of a long session: the largest resident set of a program that renders one.

use crate::{Outcome, steps::cannot_start, workspace::Workspace};
use std::process::{Command, Stdio};

const PROGRAM: [&str; 10] = [
    "run",
    "--quiet",
    "--profile",
    "bench",
    "--package",
    "mixdown-benches",
    "--example",
    "session_memory",
    "--features",
    "mixdown/avx512",
];
const MINUTES: [u32; 2] = [1, 60];

/// Minutes and kilobytes.
pub(crate) fn measure(workspace: &Workspace) -> Outcome<Vec<(f64, f64)>> {
    MINUTES.into_iter().map(|minutes| Ok((f64::from(minutes), render(workspace, minutes)?))).collect()
}

fn render(workspace: &Workspace, minutes: u32) -> Outcome<f64> {
    let mut command: Command = workspace.cargo(&PROGRAM);
    command.arg("--").arg(minutes.to_string()).stderr(Stdio::inherit());
    let output = command.output().map_err(|error| cannot_start(&command, &error))?;
    let text = String::from_utf8_lossy(&output.stdout);
    text.trim().parse().map_err(|_| format!("session_memory printed {:?}", text.trim()))
}
