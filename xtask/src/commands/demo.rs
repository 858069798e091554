//! `demo`: builds the package and renders the demonstration.

use crate::{Outcome, environment::Environment, steps::Steps, workspace::Workspace};
use std::env;

const DIRECTORY: &str = "out/demo";

pub(crate) fn run(workspace: &Workspace, directory: Option<&str>) -> Outcome {
    // A directory given by the user is relative to the current one, which need not be the root.
    let here = env::current_dir().map_err(|error| format!("cannot see the current directory: {error}"))?;
    let mut steps = Steps::new();
    if let Some(environment) = steps.run("Python environment", || Environment::prepare(workspace)) {
        let mut demo = match directory {
            Some(_) => environment.command("mixdown", &here),
            None => environment.command("mixdown", &workspace.path("")),
        };
        steps.command("demonstration", demo.arg("demo").arg(directory.unwrap_or(DIRECTORY)));
    }
    steps.finish("demo")
}
