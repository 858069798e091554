//! `docs`: builds the documentation site. Its extension, docs/site/pages, counts and lists what it made, and fails on gaps.

use crate::{Outcome, environment::Environment, steps::Steps, workspace::Workspace};
use std::{fs, io::ErrorKind};

const SOURCE: &str = "docs/site";
const SITE: &str = "out/docs";
/// What Sphinx reads the sources into.
const READ: &str = "out/docs-read";
/// Warnings are errors, references to nothing are warnings, and all of them are told before it fails.
const STRICT: [&str; 3] = ["--fail-on-warning", "--nitpicky", "--keep-going"];

pub(crate) fn run(workspace: &Workspace) -> Outcome {
    let root = workspace.path("");
    let mut steps = Steps::new();
    if let Some(environment) = steps.run("Python environment", || Environment::prepare_with(workspace, "docs")) {
        // Sphinx tells the warnings of a page once, so that a second build of the same pages would pass.
        if steps.run("earlier site", || remove(workspace, SITE).and_then(|()| remove(workspace, READ))).is_some() {
            let build = ["--builder", "html", "--quiet", "--jobs", "auto", "--doctree-dir", READ, SOURCE, SITE];
            let mut sphinx = environment.module("sphinx", &[&STRICT[..], &build].concat(), &root);
            if steps.command("site", &mut sphinx) {
                println!("wrote {SITE}/index.html");
            }
        }
    }
    steps.finish("docs")
}

/// Removes a folder, if it is there.
fn remove(workspace: &Workspace, folder: &str) -> Outcome {
    match fs::remove_dir_all(workspace.path(folder)) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(format!("cannot remove {folder}: {error}")),
        _ => Ok(()),
    }
}
