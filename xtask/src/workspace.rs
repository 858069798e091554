//! Paths of the workspace.

use crate::Outcome;
use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

/// The checked-out tree.
pub(crate) struct Workspace {
    root: PathBuf,
}

impl Workspace {
    /// The tree that `cargo xtask` runs in.
    pub(crate) fn find() -> Outcome<Self> {
        let manifest = env::var_os("CARGO_MANIFEST_DIR").ok_or("start it as `cargo xtask`")?;
        let root = Path::new(&manifest).parent().ok_or("xtask lies in no workspace")?;
        Ok(Self { root: root.to_path_buf() })
    }

    /// A path from the root of the tree.
    pub(crate) fn path(&self, relative: &str) -> PathBuf {
        self.root.join(relative)
    }

    /// Cargo's target folder.
    pub(crate) fn target(&self) -> PathBuf {
        self.root.join(env::var_os("CARGO_TARGET_DIR").unwrap_or("target".into()))
    }

    /// `cargo` of the toolchain that runs us, in the root.
    pub(crate) fn cargo(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env::var_os("CARGO").unwrap_or("cargo".into()));
        command.args(arguments).current_dir(&self.root);
        command
    }

    /// The text of a file of the tree.
    pub(crate) fn read(&self, relative: &str) -> Outcome<String> {
        fs::read_to_string(self.path(relative)).map_err(|error| format!("{relative}: {error}"))
    }

    /// Every file under `directory` whose name ends with `ending`, as paths from the root, sorted.
    pub(crate) fn files(&self, directory: &str, ending: &str) -> Outcome<Vec<String>> {
        let mut files = Vec::new();
        let mut pending = vec![directory.to_owned()];
        while let Some(directory) = pending.pop() {
            let entries = fs::read_dir(self.path(&directory)).map_err(|error| format!("{directory}: {error}"))?;
            for entry in entries.flatten() {
                let path = format!("{directory}/{}", entry.file_name().to_string_lossy());
                if entry.path().is_dir() {
                    pending.push(path);
                } else if path.ends_with(ending) {
                    files.push(path);
                }
            }
        }
        files.sort();
        Ok(files)
    }
}
