//! `test --aarch64`: the same bits on 64-bit ARM as on x86-64, by `dsp-core/same-bits`, here and under emulation.
//!
//! rustup's toolchain is used if it has the target. Where none can be downloaded, Debian's packages `rustc-web` and
//! `rust-web-src` hold a compiler and its standard library as source. That compiler, 1.85, is older than the oldest that
//! mixdown supports: what mixdown needs of later versions is turned on by feature gates, and the source is changed where
//! it differs (see [`build_library`]).

use crate::{
    Outcome,
    steps::{Steps, cannot_start, succeed},
    tools::answer,
    workspace::Workspace,
};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

const TARGET: &str = "aarch64-unknown-linux-gnu";
const PROGRAM: &str = "dsp-core/same-bits/Cargo.toml";
const LINKER: &str = "aarch64-linux-gnu-gcc";
const EMULATOR: &str = "qemu-aarch64";
/// Where the packages of the cross compiler have the C library.
const C_LIBRARY: &str = "/usr/aarch64-linux-gnu";
const DISTRIBUTION_COMPILER: &str = "/usr/bin/rustc";
/// What became stable after 1.85 and is used by mixdown and its dependencies.
const FEATURES: &str = "target_feature_11,integer_sign_cast,let_chains,cfg_boolean_literals,unsigned_is_multiple_of,\
    slice_as_chunks,generic_arg_infer,get_disjoint_mut";
/// Differences printed.
const SHOWN: usize = 10;

/// What builds programs for the target.
enum Compiler {
    /// The toolchain that runs us.
    Own,
    /// Another one, and the folder with the source of its library.
    WithSource(&'static str, PathBuf),
}

pub(crate) fn run(workspace: &Workspace) -> Outcome {
    let mut steps = Steps::new();
    let found = compiler();
    let runs = |program: &&str| answer(Command::new(program).arg("--version")).is_none();
    let mut missing: Vec<&str> = [LINKER, EMULATOR].into_iter().filter(runs).collect();
    if found.is_none() {
        missing.push("a standard library for the target");
    }
    let (Some(compiler), true) = (found, missing.is_empty() && cfg!(target_arch = "x86_64")) else {
        let reason = if missing.is_empty() {
            "it compares with x86-64".to_owned()
        } else {
            format!(
                "missing: {} (Debian: gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user rustc-web rust-web-src)",
                missing.join(", ")
            )
        };
        steps.skip("same bits on aarch64", &reason);
        return Ok(());
    };
    let emulated = steps.run("program for aarch64", || {
        let folder = workspace.target().join("aarch64");
        succeed(&mut cross_build(workspace, &compiler, &folder)?)?;
        let program = folder.join(TARGET).join("release/same-bits");
        output(Command::new(EMULATOR).args(["-L", C_LIBRARY]).arg(program))
    });
    let native = steps.run("program for this machine", || {
        let folder = workspace.target().join("same-bits");
        let build = ["build", "--quiet", "--release", "--manifest-path", PROGRAM, "--features", "std"];
        succeed(workspace.cargo(&build).env("CARGO_TARGET_DIR", &folder))?;
        output(&mut Command::new(folder.join("release/same-bits")))
    });
    if let (Some(emulated), Some(native)) = (emulated, native) {
        steps.run("same bits on aarch64", || {
            let count = compare(&native, &emulated)?;
            println!("{count} outputs have the same bits");
            Ok(())
        });
    }
    steps.finish("test --aarch64")
}

/// The toolchain that runs us if it has a library for the target, else one with the source of its library.
fn compiler() -> Option<Compiler> {
    let library = answer(Command::new("rustc").args(["--print", "target-libdir", "--target", TARGET]));
    if library.is_some_and(|folder| Path::new(&folder).is_dir()) {
        return Some(Compiler::Own);
    }
    let system = answer(Command::new(DISTRIBUTION_COMPILER).args(["--print", "sysroot"]))?;
    let source = Path::new(&system).join("lib/rustlib/src/rust/library");
    source.join("core/src/lib.rs").is_file().then_some(Compiler::WithSource(DISTRIBUTION_COMPILER, source))
}

/// The build of the program for the target; builds the library first if there is none.
fn cross_build(workspace: &Workspace, compiler: &Compiler, folder: &Path) -> Outcome<Command> {
    let mut build = workspace.cargo(&[
        "build",
        "--quiet",
        "--release",
        "--ignore-rust-version",
        "--manifest-path",
        PROGRAM,
        "--target",
        TARGET,
    ]);
    build.env("CARGO_TARGET_DIR", folder).env("CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER", LINKER);
    if let Compiler::WithSource(rustc, source) = compiler {
        let system = folder.join("sysroot");
        if !system.join("complete").exists() {
            build_library(rustc, source, folder, &system)?;
        }
        // Not its warnings: they are of another version.
        let flags = format!("--sysroot {} --cap-lints=allow -Zcrate-attr=feature({FEATURES})", system.display());
        build.env("RUSTC", rustc).env("RUSTC_BOOTSTRAP", "1").env("RUSTFLAGS", flags);
    }
    Ok(build)
}

/// Builds `core` and `alloc`, which is all that a program without `std` needs beside the C library, from a copy of the
/// source in which NEON intrinsics are safe functions, as they are since 1.87, and a function has its later name.
fn build_library(rustc: &str, source: &Path, folder: &Path, system: &Path) -> Outcome {
    let copy = folder.join("library");
    let libraries = system.join("lib/rustlib").join(TARGET).join("lib");
    let failed = |error: std::io::Error| format!("cannot prepare the library: {error}");
    _ = fs::remove_dir_all(&copy);
    fs::create_dir_all(&copy).and_then(|()| fs::create_dir_all(&libraries)).map_err(failed)?;
    let parts = ["core", "alloc", "stdarch", "portable-simd"].map(|part| source.join(part));
    succeed(Command::new("cp").arg("-r").args(parts).arg(&copy))?;
    let edit = |file: &str, change: &dyn Fn(&str) -> String| -> Outcome {
        let path = copy.join(file);
        let text = fs::read_to_string(&path).map_err(|error| format!("{file}: {error}"))?;
        fs::write(&path, change(&text)).map_err(failed)
    };
    for file in
        ["aarch64/neon/generated.rs", "aarch64/neon/mod.rs", "arm_shared/neon/generated.rs", "arm_shared/neon/mod.rs"]
    {
        edit(&format!("stdarch/crates/core_arch/src/{file}"), &with_safe_functions)?;
    }
    for file in ["core/src/slice/mod.rs", "core/src/error.rs"] {
        edit(file, &|text| text.replace("get_many_mut", "get_disjoint_mut"))?;
    }
    // The C library has the functions that the compiler calls.
    let stub = copy.join("compiler_builtins.rs");
    fs::write(&stub, "#![feature(compiler_builtins)]\n#![compiler_builtins]\n#![no_std]\n").map_err(failed)?;
    let sources =
        [("core", copy.join("core/src/lib.rs")), ("compiler_builtins", stub), ("alloc", copy.join("alloc/src/lib.rs"))];
    for (name, path) in sources {
        let mut build = Command::new(rustc);
        build.args(["--edition=2021", "--crate-type=rlib", "--cap-lints=allow", "-Copt-level=3", "-Cpanic=abort"]);
        build.args(["--crate-name", name, "--target", TARGET, "--sysroot"]).arg(system);
        build.arg("--out-dir").arg(&libraries).arg(path).env("RUSTC_BOOTSTRAP", "1");
        succeed(&mut build)?;
    }
    fs::write(system.join("complete"), "").map_err(failed)
}

/// Rust source with every public unsafe function at the outermost level made safe, its body unsafe as before.
fn with_safe_functions(source: &str) -> String {
    let mut text = String::new();
    // Whether the head, then the body of such a function is being read.
    let (mut head, mut body) = (false, false);
    for line in source.lines() {
        let safe = line.strip_prefix("pub unsafe fn ");
        head |= safe.is_some();
        if let Some(rest) = safe {
            text += "pub fn ";
            text += rest;
        } else {
            text += line;
        }
        if head && line.ends_with('{') {
            text += " unsafe {";
            (head, body) = (false, true);
        } else if body && line == "}" {
            text += "}";
            body = false;
        }
        text += "\n";
    }
    text
}

fn output(command: &mut Command) -> Outcome<String> {
    let output = command.output().map_err(|error| cannot_start(command, &error))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        return Ok(text);
    }
    Err(format!("the program ended with {}: {}", output.status, text.lines().last().unwrap_or_default()))
}

/// The count of outputs, if all hashes of each are the same on both machines.
fn compare(native: &str, emulated: &str) -> Outcome<usize> {
    let hashes = |line: &str| line.split_once(": ").map(|(_, hashes)| hashes.split(' ').map(str::to_owned).collect());
    let name = |line: &str| line.split(": ").next().unwrap_or_default().to_owned();
    let (here, there) = (native.lines(), emulated.lines());
    if here.clone().next().is_none() || !here.clone().map(name).eq(there.clone().map(name)) {
        return Err("the two programs print different lines".into());
    }
    let differs = |(here, there): &(&str, &str)| {
        let all: Vec<String> =
            [*here, *there].into_iter().filter_map(hashes).flat_map(|own: Vec<String>| own).collect();
        all.len() < 2 || all.iter().any(|hash| *hash != all[0])
    };
    let different: Vec<_> = here.clone().zip(there).filter(differs).collect();
    different.iter().take(SHOWN).for_each(|(here, there)| println!("here  {here}\nthere {there}"));
    if different.is_empty() { Ok(here.count()) } else { Err(format!("{} outputs differ", different.len())) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_hash_of_both_machines_must_agree() {
        assert_eq!(compare("Gain f32 0: a a\nPan f32 0: b b\n", "Gain f32 0: a\nPan f32 0: b\n"), Ok(2));
        for (native, emulated) in [
            ("Gain f32 0: a a", "Gain f32 0: b"),
            ("Gain f32 0: a b", "Gain f32 0: a"),
            ("Gain f32 0: a a", "Pan f32 0: a"),
            ("Gain f32 0: a a\nPan f32 0: b b", "Gain f32 0: a"),
            ("Gain f32 0: a a", ""),
            ("", ""),
        ] {
            assert!(compare(native, emulated).is_err(), "{native} / {emulated}");
        }
    }

    #[test]
    fn functions_become_safe() {
        let source = "pub unsafe fn one(\n    a: u8,\n) -> u8 {\n    two(a)\n}\nunsafe fn three() {\n}\n";
        let safe = "pub fn one(\n    a: u8,\n) -> u8 { unsafe {\n    two(a)\n}}\nunsafe fn three() {\n}\n";
        assert_eq!(with_safe_functions(source), safe);
    }
}
