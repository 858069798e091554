//! The Python environment: `.venv` in the root, with the package built in place, so that Python sources run as edited.

use crate::{
    Outcome,
    steps::succeed,
    tools::{self, answer},
    workspace::Workspace,
};
use std::{
    env,
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

const DIRECTORY: &str = ".venv";
/// File in the environment with the fingerprint of its inputs.
const FINGERPRINT: &str = "mixdown-fingerprint";
const BUILD_TOOL: &str = "maturin>=1.9,<2";
/// Extras of the package that tests and checks need.
const EXTRAS: &str = "test,lint";
/// Folder of programs in an environment.
pub(crate) const PROGRAMS: &str = if cfg!(windows) { "Scripts" } else { "bin" };

/// A ready environment.
pub(crate) struct Environment {
    directory: PathBuf,
}

impl Environment {
    /// Creates the environment if it is missing or out of date, and builds the package into it.
    pub(crate) fn prepare(workspace: &Workspace) -> Outcome<Self> {
        Self::prepare_with(workspace, EXTRAS)
    }

    /// The same, with what other extras of the package need.
    pub(crate) fn prepare_with(workspace: &Workspace, extras: &str) -> Outcome<Self> {
        tools::c_compiler()?;
        let manifest = workspace.read("dsp-py/pyproject.toml")?;
        let environment = Self { directory: workspace.path(DIRECTORY) };
        if !environment.is_current(&manifest) {
            environment.create()?;
        }
        environment.build(workspace, extras)?;
        environment.record(&manifest)?;
        Ok(environment)
    }

    /// A program of the environment, to be run in `directory`.
    pub(crate) fn command(&self, program: &str, directory: &Path) -> Command {
        let programs = self.directory.join(PROGRAMS);
        let mut command = Command::new(programs.join(format!("{program}{}", env::consts::EXE_SUFFIX)));
        command.current_dir(directory).env("VIRTUAL_ENV", &self.directory).env("PATH", first_on_path(&programs));
        for other in ["PYTHONPATH", "PYTHONHOME", "CONDA_PREFIX"] {
            command.env_remove(other);
        }
        command
    }

    /// A module of the environment's Python, to be run in `directory`.
    pub(crate) fn module(&self, module: &str, arguments: &[&str], directory: &Path) -> Command {
        let mut command = self.command("python", directory);
        command.args(["-m", module]).args(arguments);
        command
    }

    fn is_current(&self, manifest: &str) -> bool {
        let recorded = fs::read_to_string(self.directory.join(FINGERPRINT));
        recorded.is_ok_and(|recorded| self.fingerprint(manifest).is_some_and(|now| now == recorded))
    }

    fn create(&self) -> Outcome {
        let python = tools::python()?;
        println!("making {DIRECTORY} with {python}");
        if self.directory.exists() {
            fs::remove_dir_all(&self.directory).map_err(|error| format!("cannot remove {DIRECTORY}: {error}"))?;
        }
        succeed(Command::new(python).args(["-m", "venv"]).arg(&self.directory))
            .map_err(|error| format!("cannot make {DIRECTORY}: {error}"))?;
        succeed(&mut self.module("pip", &["install", "--quiet", BUILD_TOOL], &self.directory))
            .map_err(|error| format!("cannot install maturin: {error}"))
    }

    fn build(&self, workspace: &Workspace, extras: &str) -> Outcome {
        // No --features here: on the command line it would replace those of pyproject.toml.
        let arguments = ["develop", "--release", "--extras", extras];
        succeed(&mut self.module("maturin", &arguments, &workspace.path("dsp-py")))
            .map_err(|error| format!("cannot build the Python package: {error}"))
    }

    fn record(&self, manifest: &str) -> Outcome {
        let fingerprint = self.fingerprint(manifest).ok_or("the environment's Python does not run")?;
        fs::write(self.directory.join(FINGERPRINT), fingerprint)
            .map_err(|error| format!("cannot write to {DIRECTORY}: {error}"))
    }

    /// Changes with the manifest, the interpreter of the environment and its location; `None` if the interpreter is
    /// gone.
    fn fingerprint(&self, manifest: &str) -> Option<String> {
        let python = answer(self.command("python", &self.directory).args(["-c", "import sys; print(sys.version)"]))?;
        let place = self.directory.to_string_lossy();
        let parts = [manifest, BUILD_TOOL, &python, &place].join("\n");
        Some(format!("{:016x}\n", fnv1a(&parts)))
    }
}

/// Our PATH with `directory` before the rest.
pub(crate) fn first_on_path(directory: &Path) -> OsString {
    let rest = env::var_os("PATH").unwrap_or_default();
    env::join_paths(std::iter::once(directory.to_path_buf()).chain(env::split_paths(&rest))).unwrap_or(rest)
}

/// 64-bit FNV-1a.
fn fnv1a(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fnv1a_gives_the_published_vectors() {
        assert_eq!(fnv1a(""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fnv1a("a"), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(fnv1a("foobar"), 0x8594_4171_f739_67e8);
    }
}
