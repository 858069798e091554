//! The conditions of the figures.

use crate::{Outcome, tools::answer, workspace::Workspace};
use std::{env, fs, process::Command};

/// Conditions of the figures.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Circumstances {
    pub(crate) cpu: String,
    /// The widest vectors: times ratios compare only where these are the same.
    pub(crate) vectors: String,
    pub(crate) rustc: String,
    pub(crate) flags: String,
    pub(crate) profile: String,
    pub(crate) commit: Option<String>,
}

impl Circumstances {
    pub(crate) fn find(workspace: &Workspace) -> Outcome<Self> {
        let flags = env::var("RUSTFLAGS").ok().filter(|flags| !flags.is_empty());
        let git = |arguments: &[&str]| answer(Command::new("git").args(arguments).current_dir(workspace.path("")));
        let changed = git(&["status", "--porcelain"]).is_some_and(|changes| !changes.is_empty());
        let commit = git(&["rev-parse", "--short", "HEAD"]);
        let linux = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        Ok(Self {
            cpu: cpu(&linux).unwrap_or("unknown".into()),
            vectors: vectors(&linux).into(),
            rustc: rustc(),
            flags: flags.unwrap_or("none".into()),
            profile: profile(&workspace.read("Cargo.toml")?),
            commit: commit.map(|commit| if changed { format!("{commit}, with changes") } else { commit }),
        })
    }
}

/// The version of the compiler, on one line.
pub(crate) fn rustc() -> String {
    answer(Command::new(env::var_os("RUSTC").unwrap_or("rustc".into())).arg("--version")).unwrap_or("unknown".into())
}

/// The processor's own name.
fn cpu(linux: &str) -> Option<String> {
    let named = linux.lines().find(|line| line.starts_with("model name"));
    if let Some((_, name)) = named.and_then(|line| line.split_once(':')) {
        let (family, model) = (field(linux, "cpu family"), field(linux, "model\t"));
        return Some(format!("{}, family {family}, model {model}", name.trim()));
    }
    answer(Command::new("sysctl").args(["-n", "machdep.cpu.brand_string"])).or(env::var("PROCESSOR_IDENTIFIER").ok())
}

fn field<'a>(linux: &'a str, name: &str) -> &'a str {
    let line = linux.lines().find(|line| line.starts_with(name));
    line.and_then(|line| line.split_once(':')).map_or("?", |(_, value)| value.trim())
}

fn vectors(linux: &str) -> &'static str {
    let has = |flag: &str| field(linux, "flags").split(' ').any(|other| other == flag);
    match () {
        () if has("avx512vl") && has("avx512_vpopcntdq") => "AVX-512",
        () if has("avx2") && has("fma") => "AVX2",
        () if cfg!(target_arch = "aarch64") => "NEON",
        () => "baseline",
    }
}

/// The settings of the bench profile, which inherits the release profile, on one line.
fn profile(manifest: &str) -> String {
    let mut section = "";
    let mut settings = Vec::new();
    for line in manifest.lines().map(str::trim).filter(|line| !line.starts_with('#')) {
        if line.starts_with('[') {
            section = line;
        } else if ["[profile.release]", "[profile.bench]"].contains(&section) && line.contains('=') {
            settings.push(line);
        }
    }
    if settings.is_empty() { "release".into() } else { format!("release with {}", settings.join(", ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_profile_is_read_from_the_manifest() {
        let manifest = "[profile.dev]\nopt-level = 2\n\n[profile.release]\n# why\nlto = \"thin\"\ncodegen-units = 1\n\n\
                        [profile.bench]\ndebug = false\n";
        assert_eq!(profile(manifest), "release with lto = \"thin\", codegen-units = 1, debug = false");
        assert_eq!(profile(""), "release");
    }

    #[test]
    fn the_widest_vectors_are_told_by_the_flags() {
        assert_eq!(vectors("flags\t\t: fma avx2 avx512f avx512vl avx512_vpopcntdq\n"), "AVX-512");
        assert_eq!(vectors("flags\t\t: fma avx2 avx512f avx512vl\n"), "AVX2");
        assert_eq!(cpu("cpu family\t: 26\nmodel\t\t: 2\nmodel name\t: A CPU\n").unwrap(), "A CPU, family 26, model 2");
    }
}
