//! `golden`: regenerates the reference vectors that the Rust tests compare with.

use crate::{Outcome, environment::Environment, steps::Steps, workspace::Workspace};

const GENERATOR: &str = "dsp-core/tests/golden/make.py";

pub(crate) fn run(workspace: &Workspace) -> Outcome {
    if !workspace.path(GENERATOR).is_file() {
        return Err(format!("{GENERATOR} is missing"));
    }
    let mut steps = Steps::new();
    if let Some(environment) = steps.run("Python environment", || Environment::prepare(workspace)) {
        steps.command("reference vectors", environment.command("python", &workspace.path("")).arg(GENERATOR));
    }
    steps.finish("golden")
}
