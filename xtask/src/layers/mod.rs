//! The layer check: a module of dsp-core uses its own layer or a lower one, and no processor uses a sister.

mod paths;
mod tokens;

use crate::{Outcome, workspace::Workspace};
use paths::{Reference, Source};
use std::collections::{BTreeSet, HashMap};

const SOURCES: &str = "dsp-core/src";
/// Folders of `dsp-core/src` and how high they stand.
const LAYERS: [(&str, u8); 7] =
    [("foundation", 0), ("kernels", 1), ("parts", 1), ("processors", 2), ("meters", 2), ("console", 3), ("master", 4)];
/// The folder whose rooms do not know each other.
const ROOMS: &str = "processors";
/// Re-exports of re-exports are followed this far; nobody nests them deeper.
const MAX_HOPS: usize = 8;

/// Checks the tree; prints each violation, and fails if there is one.
pub(crate) fn check(workspace: &Workspace) -> Outcome {
    let mut files = Vec::new();
    for path in workspace.files(SOURCES, ".rs")? {
        let text = workspace.read(&path)?;
        files.push((path, text));
    }
    let violations = violations(&files);
    for violation in &violations {
        println!("{violation}");
    }
    match violations.len() {
        0 => Ok(()),
        1 => Err("1 path breaks the layers".into()),
        count => Err(format!("{count} paths break the layers")),
    }
}

/// Every path that breaks the layers, as `file:line: why`. Files are (path from the root, text).
fn violations(files: &[(String, String)]) -> Vec<String> {
    let modules: BTreeSet<Vec<String>> = files.iter().map(|(path, _)| module_of(path)).collect();
    let sources: Vec<Source> = files.iter().map(|(path, text)| paths::read(&module_of(path), text, &modules)).collect();
    let map = Map { names: sources.iter().flat_map(|source| source.names.clone()).collect(), modules };
    let mut violations = Vec::new();
    for ((file, _), source) in files.iter().zip(&sources) {
        let user = module_of(file);
        let words = source.words.iter().filter(|word| map.names.contains_key(&word.path));
        for reference in source.references.iter().chain(words).filter(|_| !user.is_empty()) {
            if let Err(why) = map.judge(&user, reference) {
                violations.push(format!("{file}:{}: {why}", reference.line));
            }
        }
    }
    violations
}

/// The module that a file is: `dsp-core/src/processors/pan.rs` is `[processors, pan]`, `lib.rs` is `[]`.
fn module_of(file: &str) -> Vec<String> {
    let inner = file.strip_prefix(SOURCES).unwrap_or(file).trim_start_matches('/').trim_end_matches(".rs");
    let mut module: Vec<String> = inner.split('/').map(str::to_owned).collect();
    module.pop_if(|last| last == "mod" || last == "lib");
    module
}

/// What is known of the crate as a whole.
struct Map {
    modules: BTreeSet<Vec<String>>,
    /// Names that `use` and exported macros give to paths: `Gain` is `processors::gain::Gain`.
    names: HashMap<Vec<String>, Vec<String>>,
}

impl Map {
    fn judge(&self, user: &[String], reference: &Reference) -> Outcome {
        let used = self.follow(&reference.path);
        let written = format!("crate::{}", reference.path.join("::"));
        let from = layer(user).ok_or_else(|| format!("{} is in no layer", user.join("/")))?;
        let to = layer(&used).ok_or_else(|| format!("{written} is in no layer"))?;
        let user_name = user.join("/");
        if to > from {
            return Err(format!("{user_name} (layer {from}) uses {written}, which is layer {to}"));
        }
        if user.first().is_some_and(|folder| folder == ROOMS) && used[0] == ROOMS {
            let (Some(own), room) = (user.get(1), used.get(1)) else { return Ok(()) };
            let Some(room) = room else { return Err(format!("{user_name} names all of {ROOMS}; name what you need")) };
            if room != own && self.modules.contains(&used[..2]) {
                return Err(format!("{user_name} uses {written}, a sister room: what two rooms share is a part"));
            }
        }
        Ok(())
    }

    /// Where a path leads once re-exports are followed.
    fn follow(&self, path: &[String]) -> Vec<String> {
        let mut path = path.to_vec();
        for _ in 0..MAX_HOPS {
            let renamed = (1..=path.len()).find_map(|length| Some((length, self.names.get(&path[..length])?)));
            match renamed {
                Some((length, target)) if *target != path[..length] => {
                    path = target.iter().chain(&path[length..]).cloned().collect();
                }
                _ => break,
            }
        }
        path
    }
}

fn layer(path: &[String]) -> Option<u8> {
    let folder = path.first()?;
    LAYERS.iter().find(|(name, _)| name == folder).map(|&(_, layer)| layer)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIB: &str = "pub use processors::{gain::{Gain, GainParams}, pan::Pan};\npub use foundation::error::Error;";

    /// The violations of one file in a small crate, without its name.
    fn check(file: &str, text: &str) -> Vec<String> {
        let path = |inner: &str| format!("{SOURCES}/{inner}");
        let mut files: Vec<(String, String)> = [
            ("lib.rs", LIB),
            ("foundation/mod.rs", "pub(crate) mod error;"),
            ("foundation/error.rs", ""),
            ("kernels/mod.rs", ""),
            ("parts/mod.rs", ""),
            ("parts/ramp.rs", ""),
            ("processors/mod.rs", "#[macro_export]\nmacro_rules! for_each_processor { () => { gain::Gain } }"),
            ("processors/gain.rs", ""),
            ("processors/pan.rs", ""),
            ("console/mod.rs", ""),
        ]
        .map(|(inner, text)| (path(inner), text.to_owned()))
        .into();
        files.retain(|(name, _)| *name != path(file));
        files.push((path(file), text.to_owned()));
        let prefix = path(file) + ":";
        violations(&files).iter().map(|line| line.strip_prefix(&prefix).unwrap_or(line).to_owned()).collect()
    }

    const SISTER: &str = "a sister room: what two rooms share is a part";

    #[test]
    fn own_and_lower_layers_are_free() {
        let text = "use crate::{foundation::error::Error, kernels::{self}, parts::ramp::{Ramp, Shape as S}};\n\
                    use super::pan::Pan as Own;\nfn f() -> crate::Error { crate::parts::ramp::new() }";
        assert_eq!(check("processors/pan.rs", text), [""; 0]);
        assert_eq!(check("console/mod.rs", "use crate::processors::{gain::Gain, pan};"), [""; 0]);
        assert_eq!(check("kernels/mod.rs", "use crate::parts::ramp::Ramp;"), [""; 0]);
    }

    #[test]
    fn a_higher_layer_is_refused_with_its_line() {
        let nested = "use crate::{\n    foundation::error::Error,\n    processors::{\n        gain::Gain,\n    },\n};";
        let expected = "4: parts/ramp (layer 1) uses crate::processors::gain::Gain, which is layer 2";
        assert_eq!(check("parts/ramp.rs", nested), [expected]);
        for hidden in
            ["fn f() -> impl Fn() + use<'_> { crate::Gain }", "macro_rules! m { () => { use $crate::Gain; } }"]
        {
            assert_eq!(check("parts/ramp.rs", hidden), ["1: parts/ramp (layer 1) uses crate::Gain, which is layer 2"]);
        }
        let inline = "\n\nfn f() { crate::console::mix() }";
        assert_eq!(
            check("processors/pan.rs", inline),
            ["3: processors/pan (layer 2) uses crate::console::mix, which is layer 3"]
        );
    }

    #[test]
    fn a_sister_room_is_refused_however_it_is_named() {
        for (text, written) in [
            ("use crate::processors::gain::fader_gain;", "crate::processors::gain::fader_gain"),
            ("use super::gain;", "crate::processors::gain"),
            ("use super::{gain::Gain};", "crate::processors::gain::Gain"),
            ("fn f() { super::gain::g() }", "crate::processors::gain::g"),
            ("mod tests { use super::super::gain::*; }", "crate::processors::gain"),
            ("use crate::GainParams;", "crate::GainParams"),
            ("use crate::GainParams as P;", "crate::GainParams"),
        ] {
            let expected = format!("1: processors/pan uses {written}, {SISTER}");
            assert_eq!(check("processors/pan.rs", text), [expected], "{text}");
        }
        let all = "1: processors/pan names all of processors; name what you need";
        assert_eq!(check("processors/pan.rs", "use super::*;"), [all]);
        assert_eq!(check("processors/pan.rs", "use crate::processors;"), [all]);
    }

    #[test]
    fn tests_follow_the_rule_and_see_their_own_file() {
        assert_eq!(check("processors/pan.rs", "#[cfg(test)] mod tests { use super::*; use super::Pan; }"), [""; 0]);
        assert_eq!(check("parts/ramp.rs", "#[cfg(test)]\nmod tests {\n use crate::Gain; }").len(), 1);
        assert_eq!(check("parts/ramp.rs", "mod tests { fn f() {} }\nuse super::ramp;"), [""; 0]);
    }

    #[test]
    fn the_list_of_processors_and_the_crate_root_may_name_all() {
        assert_eq!(check("processors/mod.rs", "use self::{gain::Gain, pan::Pan};"), [""; 0]);
        assert_eq!(check("lib.rs", "use crate::console::Mixer;"), [""; 0]);
        assert_eq!(check("console/mod.rs", "crate::for_each_processor!(list);"), [""; 0]);
        assert_eq!(check("parts/ramp.rs", "crate::for_each_processor!(list);").len(), 1);
    }

    #[test]
    fn comments_strings_and_visibilities_are_not_uses() {
        let text = "//! [`crate::console`]\n/* use crate::console; /* nested */ */\n\
                    const A: &str = \"crate::console::X\"; const B: &str = r#\"\"use crate::console;\"#;\n\
                    const C: char = '\"'; fn f<'a>(x: &'a str) -> char { '\\'' }\n\
                    pub(crate) fn g() {} pub(in crate::processors) fn h() {}";
        assert_eq!(check("processors/pan.rs", text), [""; 0]);
    }

    #[test]
    fn what_has_no_layer_is_refused() {
        assert_eq!(check("utils/mod.rs", "use crate::Error;"), ["1: utils is in no layer"]);
        assert_eq!(check("console/mod.rs", "use crate::utils::X;"), ["1: crate::utils::X is in no layer"]);
    }

    #[test]
    fn names_that_a_glob_of_the_root_brings_are_uses() {
        assert_eq!(check("console/mod.rs", "use crate::*;\nfn f(x: Gain) {}"), [""; 0]);
        for text in ["use crate::*;\nfn f(x: Gain) {}", "use crate::{foundation::error, *};\nfn f() { Gain::new() }"] {
            assert_eq!(check("parts/ramp.rs", text), ["2: parts/ramp (layer 1) uses crate::Gain, which is layer 2"]);
        }
        assert_eq!(check("parts/ramp.rs", "use crate::*;\nfn f(x: Error) { x.Gain + other::Gain }"), [""; 0]);
    }
}
