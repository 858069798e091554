//! Memory of a long session: the largest resident set of a program that renders one.

use super::probes;
use crate::{Outcome, steps::cannot_start, workspace::Workspace};
use std::{
    path::Path,
    process::{Command, Stdio},
};

const PROGRAM: &str = "session_memory";
const MINUTES: [u32; 2] = [1, 60];

/// Minutes and kilobytes.
pub(crate) fn measure(workspace: &Workspace) -> Outcome<Vec<(f64, f64)>> {
    let program = probes::build(workspace, PROGRAM)?;
    MINUTES.into_iter().map(|minutes| Ok((f64::from(minutes), render(&program, minutes)?))).collect()
}

fn render(program: &Path, minutes: u32) -> Outcome<f64> {
    let mut command = Command::new(program);
    command.arg(minutes.to_string()).stderr(Stdio::inherit());
    let output = command.output().map_err(|error| cannot_start(&command, &error))?;
    let text = String::from_utf8_lossy(&output.stdout);
    text.trim().parse().map_err(|_| format!("{PROGRAM} printed {:?}", text.trim()))
}
