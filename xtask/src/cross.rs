//! Compilers for other targets: rustup's toolchain if it has the target, else Debian's, with the source of its library.
//!
//! Debian's packages `rustc-web` and `rust-web-src` hold a compiler and its standard library as source. That compiler,
//! 1.85, is older than the oldest that mixdown supports: what mixdown needs of later versions is turned on by feature
//! gates, and the source is changed where it differs.

use crate::{Outcome, steps::succeed, tools::answer};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

const DISTRIBUTION_COMPILER: &str = "/usr/bin/rustc";
/// What became stable after 1.85 and is used by mixdown and its dependencies.
const FEATURES: &str = "target_feature_11,integer_sign_cast,let_chains,cfg_boolean_literals,unsigned_is_multiple_of,\
    slice_as_chunks,generic_arg_infer,get_disjoint_mut,float_next_up_down";

/// What builds programs for a target.
pub(crate) enum Compiler {
    /// The toolchain that runs us.
    Own,
    /// Another one, and the folder with the source of its library.
    WithSource(&'static str, PathBuf),
}

impl Compiler {
    /// The toolchain that runs us if it has a library for the target, else one with the source of its library.
    pub(crate) fn of(target: &str) -> Option<Self> {
        let library = answer(Command::new("rustc").args(["--print", "target-libdir", "--target", target]));
        if library.is_some_and(|folder| Path::new(&folder).is_dir()) {
            return Some(Self::Own);
        }
        let system = answer(Command::new(DISTRIBUTION_COMPILER).args(["--print", "sysroot"]))?;
        let source = Path::new(&system).join("lib/rustlib/src/rust/library");
        source.join("core/src/lib.rs").is_file().then_some(Self::WithSource(DISTRIBUTION_COMPILER, source))
    }
}

/// Makes the text of a file anew.
pub(crate) type Edit<'a> = &'a dyn Fn(&str) -> String;

/// `core` and `alloc`, which is all that a program without `std` needs, built from a copy of the source.
pub(crate) struct Library<'a> {
    pub(crate) target: &'a str,
    /// The crate `compiler_builtins`, which the source lacks.
    pub(crate) builtins: &'a str,
    /// Flags for that crate.
    pub(crate) builtins_flags: &'a [&'a str],
    /// Files below the library that are changed first, and how.
    pub(crate) edits: &'a [(&'a str, Edit<'a>)],
}

impl Library<'_> {
    /// The folder with the library for this compiler, below `folder`; builds it first if it is missing or another.
    pub(crate) fn built(&self, rustc: &str, source: &Path, folder: &Path) -> Outcome<PathBuf> {
        let system = folder.join("sysroot");
        let complete = system.join("complete");
        if fs::read_to_string(&complete).ok().as_deref() != Some(self.builtins) {
            _ = fs::remove_dir_all(&system);
            self.build(rustc, source, folder, &system)?;
            fs::write(complete, self.builtins).map_err(failed)?;
        }
        Ok(system)
    }

    fn build(&self, rustc: &str, source: &Path, folder: &Path, system: &Path) -> Outcome {
        let copy = folder.join("library");
        let libraries = system.join("lib/rustlib").join(self.target).join("lib");
        _ = fs::remove_dir_all(&copy);
        fs::create_dir_all(&copy).and_then(|()| fs::create_dir_all(&libraries)).map_err(failed)?;
        let parts = ["core", "alloc", "stdarch", "portable-simd"].map(|part| source.join(part));
        succeed(Command::new("cp").arg("-r").args(parts).arg(&copy))?;
        let edit = |file: &str, change: &dyn Fn(&str) -> String| -> Outcome {
            let path = copy.join(file);
            let text = fs::read_to_string(&path).map_err(|error| format!("{file}: {error}"))?;
            fs::write(&path, change(&text)).map_err(failed)
        };
        for (file, change) in self.edits {
            edit(file, change)?;
        }
        // A function has its later name.
        for file in ["core/src/slice/mod.rs", "core/src/error.rs"] {
            edit(file, &|text| text.replace("get_many_mut", "get_disjoint_mut"))?;
        }
        let builtins = copy.join("compiler_builtins.rs");
        fs::write(&builtins, self.builtins).map_err(failed)?;
        let sources = [
            ("core", copy.join("core/src/lib.rs"), [].as_slice()),
            ("compiler_builtins", builtins, self.builtins_flags),
            ("alloc", copy.join("alloc/src/lib.rs"), &[]),
        ];
        for (name, path, flags) in sources {
            let mut build = Command::new(rustc);
            build.args(["--edition=2021", "--crate-type=rlib", "--cap-lints=allow", "-Copt-level=3", "-Cpanic=abort"]);
            build.args(["--crate-name", name, "--target", self.target, "--sysroot"]).arg(system).args(flags);
            build.arg("--out-dir").arg(&libraries).arg(path).env("RUSTC_BOOTSTRAP", "1");
            succeed(&mut build)?;
        }
        Ok(())
    }
}

/// Has cargo build with Debian's compiler and a library that was built for it.
pub(crate) fn with_library(build: &mut Command, rustc: &str, system: &Path, flags: &str) {
    let flags = format!("--sysroot {} -Zcrate-attr=feature({FEATURES}) {flags}", system.display());
    build.env("RUSTC", rustc).env("RUSTC_BOOTSTRAP", "1").env("RUSTFLAGS", flags);
}

fn failed(error: std::io::Error) -> String {
    format!("cannot prepare the library: {error}")
}
