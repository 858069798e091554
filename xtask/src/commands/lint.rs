//! `lint`: all checks that need no reader.

use crate::{Outcome, environment::Environment, layers, steps::Steps, workspace::Workspace};

/// Packages outside the workspace.
const APART: [(&str, &str); 4] = [
    ("format, no_std proof", "dsp-core/no-std-proof/Cargo.toml"),
    ("format, same bits", "dsp-core/same-bits/Cargo.toml"),
    ("format, web example", "examples/web/Cargo.toml"),
    ("format, fuzz", "fuzz/Cargo.toml"),
];

pub(crate) fn run(workspace: &Workspace) -> Outcome {
    let mut steps = Steps::new();
    rust(workspace, &mut steps);
    steps.run("layers", || layers::check(workspace));
    match steps.run("Python environment", || Environment::prepare(workspace)) {
        Some(environment) => python(workspace, &environment, &mut steps),
        None => steps.skip("ruff, mypy, stubtest", "for want of the environment"),
    }
    steps.finish("lint")
}

fn rust(workspace: &Workspace, steps: &mut Steps) {
    steps.command("format", &mut workspace.cargo(&["fmt", "--all", "--check"]));
    for (name, manifest) in APART.into_iter().filter(|(_, manifest)| workspace.path(manifest).is_file()) {
        steps.command(name, &mut workspace.cargo(&["fmt", "--check", "--manifest-path", manifest]));
    }
    for (name, selection) in [
        ("clippy", ["--workspace", "--all-targets", "--all-features"].as_slice()),
        ("clippy without std", &["--package", "mixdown", "--no-default-features", "--lib"]),
        ("clippy, no_std proof", &["--manifest-path", APART[0].1]),
        ("clippy, same bits", &["--manifest-path", APART[1].1]),
    ] {
        let clippy = [&["clippy"], selection, &["--", "-D", "warnings"]].concat();
        steps.command(name, &mut workspace.cargo(&clippy));
    }
    let doc = ["doc", "--no-deps", "--package", "mixdown", "--all-features"];
    for (name, more) in [("rustdoc", [].as_slice()), ("rustdoc, private items", &["--document-private-items"])] {
        let mut doc = workspace.cargo(&doc);
        steps.command(name, doc.args(more).env("RUSTDOCFLAGS", "-D warnings"));
    }
}

fn python(workspace: &Workspace, environment: &Environment, steps: &mut Steps) {
    let (root, package) = (workspace.path(""), workspace.path("dsp-py"));
    steps.command("ruff", &mut environment.module("ruff", &["check"], &root));
    steps.command("ruff format", &mut environment.module("ruff", &["format", "--check"], &root));
    steps.command("mypy", &mut environment.module("mypy", &["--strict", "python/mixdown"], &package));
    let mut stubtest = environment.module("mypy.stubtest", &["mixdown._core"], &package);
    steps.command("stubtest", stubtest.env("MYPYPATH", "python"));
    if cfg!(target_os = "linux") {
        steps.command("actionlint", &mut environment.command("actionlint", &root));
    } else {
        steps.skip("actionlint", "it is installed on Linux alone");
    }
}
