//! `compare`: plays the same signals to mixdown and to its peers and writes docs/comparison.md from the outputs.

use crate::{Outcome, environment::Environment, steps::Steps, workspace::Workspace};

const SCRIPT: &str = "benches/peers/compare.py";
const REPORT: &str = "docs/comparison.md";
/// The peers that the script measures.
const PEERS: [&str; 1] = ["pedalboard>=0.9"];

pub(crate) fn run(workspace: &Workspace) -> Outcome {
    let root = workspace.path("");
    let mut steps = Steps::new();
    if let Some(environment) = steps.run("Python environment", || Environment::prepare(workspace)) {
        let install = [&["install", "--quiet"], &PEERS[..]].concat();
        steps.command("peers", &mut environment.module("pip", &install, &root));
        steps.command("comparison", environment.command("python", &root).args([SCRIPT, REPORT]));
    }
    steps.finish("compare")
}
