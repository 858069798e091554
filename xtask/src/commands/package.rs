//! `package`: what is published, built and tried as those who install it get it.

use crate::{
    Outcome,
    environment::{self, Environment, PROGRAMS},
    steps::{Steps, succeed},
    tools,
    workspace::Workspace,
};
use std::{env, fs, path::PathBuf, process::Command};

const DIRECTORY: &str = "out/dist";
const EMPTY: &str = "out/dist/empty";
/// Judges of packages. pyright runs on the Node.js of its extra, so none is needed.
const JUDGES: [&str; 3] = ["twine>=6", "abi3audit>=0.0.20", "pyright[nodejs]>=1.1.400"];
/// Files that a wheel must hold, by the end of their names.
const IN_THE_WHEEL: [&str; 5] =
    ["licenses/LICENSE-MIT", "licenses/LICENSE-APACHE", "mixdown/py.typed", "mixdown/_core.pyi", "entry_points.txt"];
/// A program that uses every public name, for the type checkers.
const EVERYTHING: &str = "dsp-py/packaging/everything.py";
const README_PROGRAM: &str = "dsp-py/packaging/readme.py";
const READMES: [&str; 2] = ["README.md", "dsp-py/README.md"];

pub(crate) fn run(workspace: &Workspace, source_too: bool) -> Outcome {
    let mut steps = Steps::new();
    // A dry run needs no account; it says itself that it uploads nothing.
    let publish = ["publish", "--dry-run", "--allow-dirty", "--quiet", "--package", "mixdown"];
    steps.command("crate", &mut workspace.cargo(&publish));
    match steps.run("Python environment", || Environment::prepare(workspace)) {
        Some(environment) => wheel(workspace, &environment, &mut steps, source_too),
        None => steps.skip("wheel", "for want of the environment"),
    }
    steps.finish("package")
}

fn wheel(workspace: &Workspace, environment: &Environment, steps: &mut Steps, source_too: bool) {
    let root = workspace.path("");
    let built = steps.run("wheel", || {
        fresh(&workspace.path(DIRECTORY))?;
        let arguments = ["build", "--release", "--quiet", "--out", "../out/dist"];
        succeed(&mut environment.module("maturin", &arguments, &workspace.path("dsp-py")))?;
        one(workspace, ".whl")
    });
    let source = steps.run("source distribution", || {
        let arguments = ["sdist", "--out", "../out/dist"];
        succeed(&mut environment.module("maturin", &arguments, &workspace.path("dsp-py")))?;
        one(workspace, ".tar.gz")
    });
    let (Some(wheel), Some(source)) = (built, source) else { return };
    println!("{wheel}\n{source}");
    let judges = [["install", "--quiet"].as_slice(), &JUDGES].concat();
    if !steps.command("judges", &mut environment.module("pip", &judges, &root)) {
        return;
    }
    let twine = ["check", "--strict", &wheel, &source];
    steps.command("twine check", &mut environment.module("twine", &twine, &root));
    steps.command("abi3audit", environment.command("abi3audit", &root).args(["--strict", "--summary", &wheel]));
    steps.run("files of the wheel", || holds(environment, workspace, &wheel));
    if steps.run("installation without Rust", || install(workspace, &wheel, false)).is_some() {
        try_out(workspace, environment, steps);
    }
    if source_too && steps.run("installation from source", || install(workspace, &source, true)).is_some() {
        steps.run("version", || succeed(installed(workspace, "mixdown", false).arg("--version")));
    }
}

/// Uses the package as installed: its documents, its program, its types.
fn try_out(workspace: &Workspace, environment: &Environment, steps: &mut Steps) {
    steps.run("version", || succeed(installed(workspace, "mixdown", false).arg("--version")));
    for readme in READMES {
        let program = [workspace.path(README_PROGRAM), workspace.path(readme)];
        // Isolated: neither the tree nor the user's own packages are found.
        steps.run(readme, || succeed(installed(workspace, "python", false).arg("-I").args(&program)));
    }
    let (python, root) = (workspace.path(EMPTY).join(PROGRAMS).join("python"), workspace.path(""));
    let mut mypy = environment.module("mypy", &["--strict", "--no-incremental", "--python-executable"], &root);
    steps.command("mypy", mypy.arg(&python).arg(EVERYTHING));
    let mut pyright = environment.module("pyright", &["--pythonpath"], &root);
    steps.command("pyright", pyright.arg(&python).args(["--level", "error", EVERYTHING]));
}

/// Makes an environment without anything in it, and installs one file into it. A wheel has to do without any other
/// program on the PATH; a source distribution is built with what is there.
fn install(workspace: &Workspace, file: &str, with_tools: bool) -> Outcome {
    let empty = workspace.path(EMPTY);
    fresh(&empty)?;
    succeed(Command::new(tools::python()?).args(["-m", "venv"]).arg(&empty))?;
    let pip = ["-m", "pip", "install", "--quiet"];
    succeed(installed(workspace, "python", with_tools).args(pip).arg(workspace.path(file)))
}

/// A program of the empty environment.
fn installed(workspace: &Workspace, program: &str, with_tools: bool) -> Command {
    let programs = workspace.path(EMPTY).join(PROGRAMS);
    let mut command = Command::new(programs.join(format!("{program}{}", env::consts::EXE_SUFFIX)));
    let path = if with_tools { environment::first_on_path(&programs) } else { programs.into_os_string() };
    command.current_dir(workspace.path(DIRECTORY)).env("PATH", path);
    for other in ["PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "CONDA_PREFIX"] {
        command.env_remove(other);
    }
    command
}

/// Whether the wheel holds the licences, the types and the command.
fn holds(environment: &Environment, workspace: &Workspace, wheel: &str) -> Outcome {
    let mut list = environment.module("zipfile", &["--list", wheel], &workspace.path(""));
    let names = tools::answer(&mut list).ok_or_else(|| format!("{wheel} is no zip file"))?;
    let names: Vec<&str> = names.lines().filter_map(|line| line.split_whitespace().next()).collect();
    match IN_THE_WHEEL.iter().find(|ending| !names.iter().any(|name| name.ends_with(*ending))) {
        Some(missing) => Err(format!("{wheel} lacks {missing}")),
        None => Ok(()),
    }
}

/// The one file of this kind in the folder of packages, from the root of the tree.
fn one(workspace: &Workspace, ending: &str) -> Outcome<String> {
    match workspace.files(DIRECTORY, ending)?.as_slice() {
        [file] => Ok(file.clone()),
        files => Err(format!("{} files end with {ending} in {DIRECTORY}", files.len())),
    }
}

fn fresh(directory: &PathBuf) -> Outcome {
    if directory.exists() {
        fs::remove_dir_all(directory).map_err(|error| format!("cannot remove {}: {error}", directory.display()))?;
    }
    fs::create_dir_all(directory).map_err(|error| format!("cannot make {}: {error}", directory.display()))
}
