//! `test`: all tests.

use crate::{
    Outcome,
    environment::Environment,
    steps::{Steps, cannot_start, succeed},
    tools,
    workspace::Workspace,
};

const PROOF: &str = "dsp-core/no-std-proof/Cargo.toml";
/// The compiler's error for a program without `std` that links it after all: E0152 names the second panic handler.
const SECOND_PANIC_HANDLER: &str = "duplicate lang item `panic_impl`";
/// Platforms of the proof.
const PROOF_RUNS: bool = cfg!(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")));
/// pytest's exit code when it found nothing to run.
const NO_TESTS: i32 = 5;

pub(crate) fn run(workspace: &Workspace) -> Outcome {
    tools::c_compiler()?;
    let mut steps = Steps::new();
    // Benches and examples have no tests, and take long to compile; clippy checks them.
    let packages = ["test", "--package", "mixdown", "--package", "mixdown-hosts", "--package", "xtask"];
    let all = [packages.as_slice(), &["--all-features", "--lib", "--bins", "--tests"]].concat();
    steps.command("Rust tests", &mut workspace.cargo(&all));
    steps.command(
        "Rust examples in docs",
        &mut workspace.cargo(&["test", "--package", "mixdown", "--all-features", "--doc"]),
    );
    let without_std = ["test", "--package", "mixdown", "--no-default-features", "--lib"];
    steps.command("Rust tests without std", &mut workspace.cargo(&without_std));
    if PROOF_RUNS {
        steps.run("no_std proof", || proof_holds(workspace));
        steps.run("no_std proof, counter-check with std", || std_breaks_the_proof(workspace));
    } else {
        steps.skip("no_std proof", "it is a program for Linux on x86-64 or 64-bit ARM");
    }
    match steps.run("Python environment", || Environment::prepare(workspace)) {
        Some(environment) => _ = steps.run("Python tests", || python_tests(workspace, &environment)),
        None => steps.skip("Python tests", "for want of the environment"),
    }
    steps.finish("test")
}

/// The program builds and ends with 0, with debug assertions and as users build it.
fn proof_holds(workspace: &Workspace) -> Outcome {
    succeed(&mut workspace.cargo(&["run", "--quiet", "--manifest-path", PROOF]))?;
    succeed(&mut workspace.cargo(&["run", "--quiet", "--manifest-path", PROOF, "--release"]))
}

/// The same program does not build if mixdown brings `std`: so without the feature, there is none.
fn std_breaks_the_proof(workspace: &Workspace) -> Outcome {
    // The compiler sees both handlers before it generates any code.
    let mut build = workspace.cargo(&["check", "--manifest-path", PROOF, "--features", "std"]);
    let output = build.output().map_err(|error| cannot_start(&build, &error))?;
    let messages = String::from_utf8_lossy(&output.stderr);
    if output.status.success() {
        return Err("the proof builds with std, so it proves nothing".into());
    }
    if !messages.contains(SECOND_PANIC_HANDLER) {
        eprint!("{messages}");
        return Err("the build with std fails, but not for a second panic handler".into());
    }
    Ok(())
}

fn python_tests(workspace: &Workspace, environment: &Environment) -> Outcome {
    // One process a core. A file stays whole, for what its tests share; in the order of names, the long files of albums
    // and delivery come first, so that all processes end together.
    let arguments = ["-q", "--numprocesses", "auto", "--dist", "loadfile", "--no-loadscope-reorder", "tests"];
    let mut pytest = environment.module("pytest", &arguments, &workspace.path("dsp-py"));
    let status = pytest.status().map_err(|error| cannot_start(&pytest, &error))?;
    match status.code() {
        Some(0) => Ok(()),
        Some(NO_TESTS) => Err("pytest found no tests".into()),
        _ => Err(format!("pytest ended with {status}")),
    }
}
