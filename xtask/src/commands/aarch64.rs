//! `test --aarch64`: the same bits on 64-bit ARM as on x86-64, by `dsp-core/same-bits`, here and under emulation.

use crate::{
    Outcome,
    cross::{self, Compiler, Library},
    steps::{Steps, cannot_start, succeed},
    tools::answer,
    workspace::Workspace,
};
use std::{path::Path, process::Command};

const TARGET: &str = "aarch64-unknown-linux-gnu";
const PROGRAM: &str = "dsp-core/same-bits/Cargo.toml";
const LINKER: &str = "aarch64-linux-gnu-gcc";
const EMULATOR: &str = "qemu-aarch64";
/// Where the packages of the cross compiler have the C library.
const C_LIBRARY: &str = "/usr/aarch64-linux-gnu";
/// The C library has the functions that the compiler calls.
const BUILTINS: &str = "#![feature(compiler_builtins)]\n#![compiler_builtins]\n#![no_std]\n";
/// Sources of the library whose intrinsics become safe functions, as they are since 1.87.
const NEON: [&str; 4] = [
    "stdarch/crates/core_arch/src/aarch64/neon/generated.rs",
    "stdarch/crates/core_arch/src/aarch64/neon/mod.rs",
    "stdarch/crates/core_arch/src/arm_shared/neon/generated.rs",
    "stdarch/crates/core_arch/src/arm_shared/neon/mod.rs",
];
/// Differences printed.
const SHOWN: usize = 10;

pub(crate) fn run(workspace: &Workspace) -> Outcome {
    let mut steps = Steps::new();
    let found = Compiler::of(TARGET);
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
        let edits = NEON.map(|file| (file, &with_safe_functions as &dyn Fn(&str) -> String));
        let library = Library { target: TARGET, builtins: BUILTINS, builtins_flags: &[], edits: &edits };
        let system = library.built(rustc, source, folder)?;
        // Not its warnings: they are of another version.
        cross::with_library(&mut build, rustc, &system, "--cap-lints=allow");
    }
    Ok(build)
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
