//! `docs`: builds the documentation site. Its extension, docs/site/pages, counts and lists what it made, and fails on gaps.

use crate::{Outcome, environment::Environment, steps::Steps, workspace::Workspace};

const SOURCE: &str = "docs/site";
const SITE: &str = "out/docs";
/// What Sphinx keeps between two builds; nothing of the site.
const KEPT: &str = "out/docs-kept";
/// Warnings are errors, references to nothing are warnings, and all of them are told before it fails.
const STRICT: [&str; 3] = ["--fail-on-warning", "--nitpicky", "--keep-going"];

pub(crate) fn run(workspace: &Workspace) -> Outcome {
    let root = workspace.path("");
    let mut steps = Steps::new();
    if let Some(environment) = steps.run("Python environment", || Environment::prepare_with(workspace, "docs")) {
        let build = ["--builder", "html", "--quiet", "--jobs", "auto", "--doctree-dir", KEPT, SOURCE, SITE];
        let mut sphinx = environment.module("sphinx", &[&STRICT[..], &build].concat(), &root);
        if steps.command("site", &mut sphinx) {
            println!("wrote {SITE}/index.html");
        }
    }
    steps.finish("docs")
}
