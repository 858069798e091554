//! `web`: the example for the browser, `examples/web`, into `out/web`: its module, its page, and the song that it plays.
//!
//! rustup's toolchain is used if it has the target: `rustup target add wasm32-unknown-unknown`.

use crate::{
    Outcome,
    cross::{self, Compiler, Library},
    environment::Environment,
    steps::{Steps, succeed},
    tools::answer,
    workspace::Workspace,
};
use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

const TARGET: &str = "wasm32-unknown-unknown";
const MANIFEST: &str = "examples/web/Cargo.toml";
const PAGE: &str = "examples/web/page";
const SONG: &str = "examples/web/song.py";
const OUTPUT: &str = "out/web";
const MODULE: &str = "mixdown.wasm";
/// All browsers have these since 2023.
const FEATURES: &str = "-Ctarget-feature=+bulk-memory,+simd128";
const BUILTINS: &str = include_str!("compiler_builtins.rs");
/// What is missed where no toolchain has the target, in one line.
const MISSING: &str = "missing: a standard library and a linker for WebAssembly (rustup target add \
    wasm32-unknown-unknown; Debian: rustc-web rust-web-src, and rust-lld of rustup or wasm-ld of lld)";

pub(crate) fn run(workspace: &Workspace, song: bool) -> Outcome {
    let mut steps = Steps::new();
    match Compiler::of(TARGET).map(|compiler| (linker(&compiler), compiler)) {
        Some((Some(linker), compiler)) => _ = steps.run("module", || module(workspace, &compiler, linker.as_deref())),
        _ => steps.skip("module", MISSING),
    }
    steps.run("page", || page(workspace));
    if song && let Some(environment) = steps.run("Python environment", || Environment::prepare(workspace)) {
        let mut render = environment.command("python", &workspace.path(""));
        steps.command("song", render.arg(SONG).arg(workspace.path(OUTPUT).join("song.flac")));
    }
    steps.finish("web")
}

/// The linker of WebAssembly where the compiler does not know its own; the outer `None` if it is missing.
fn linker(compiler: &Compiler) -> Option<Option<PathBuf>> {
    if matches!(compiler, Compiler::Own) {
        return Some(None);
    }
    let libraries = answer(Command::new("rustc").args(["--print", "target-libdir"]));
    let ours = libraries.and_then(|folder| Some(Path::new(&folder).parent()?.join("bin/rust-lld")));
    if let Some(ours) = ours.filter(|path| path.is_file()) {
        return Some(Some(ours));
    }
    let runs = |name: &&str| answer(Command::new(name).arg("--version")).is_some();
    ["wasm-ld", "wasm-ld-19"].into_iter().find(runs).map(|name| Some(name.into()))
}

fn module(workspace: &Workspace, compiler: &Compiler, linker: Option<&Path>) -> Outcome {
    let folder = workspace.target().join("web");
    let mut build = workspace.cargo(&["build", "--quiet", "--release", "--ignore-rust-version", "--locked"]);
    build.args(["--manifest-path", MANIFEST, "--target", TARGET]).env("CARGO_TARGET_DIR", &folder);
    match compiler {
        Compiler::Own => _ = build.env("RUSTFLAGS", FEATURES),
        Compiler::WithSource(rustc, source) => {
            let flags = ["-Ctarget-feature=+bulk-memory"];
            let library = Library { target: TARGET, builtins: BUILTINS, builtins_flags: &flags, edits: &[] };
            let system = library.built(rustc, source, &folder)?;
            // Warnings stay on, as cargo reads one of them; these are of another version.
            let flags = format!("{FEATURES} --cap-lints=warn -Adead_code -Astable_features -Aunused_features");
            cross::with_library(&mut build, rustc, &system, &flags);
        }
    }
    if let Some(linker) = linker {
        build.env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_LINKER", linker);
    }
    succeed(&mut build)?;
    let (built, output) = (folder.join(TARGET).join("release/mixdown_web.wasm"), workspace.path(OUTPUT));
    fs::create_dir_all(&output)
        .and_then(|()| fs::copy(&built, output.join(MODULE)))
        .map_err(|error| format!("cannot write to {OUTPUT}: {error}"))
        .map(|bytes| println!("{OUTPUT}/{MODULE}: {bytes} bytes"))
}

/// Copies the page beside the modules.
fn page(workspace: &Workspace) -> Outcome {
    let output = workspace.path(OUTPUT);
    fs::create_dir_all(&output).map_err(|error| format!("cannot write to {OUTPUT}: {error}"))?;
    for file in workspace.files(PAGE, "")? {
        let name = Path::new(&file).file_name().unwrap_or_default();
        fs::copy(workspace.path(&file), output.join(name)).map_err(|error| format!("{file}: {error}"))?;
    }
    let here = env::current_dir().unwrap_or_default();
    let place = output.strip_prefix(&here).unwrap_or(&output).display();
    println!("python3 -m http.server --bind 127.0.0.1 --directory {place}, then http://127.0.0.1:8000");
    Ok(())
}
