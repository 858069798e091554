//! The layer check: a file of dsp-core uses its own family and those before it, and no two files use each other.

mod graph;
mod names;
mod source;

use crate::{Outcome, workspace::Workspace};
use graph::{Graph, Use};
use std::collections::BTreeSet;

const SOURCES: &str = "dsp-core/src";
/// The folders of `dsp-core/src`, in their order of dependency.
const FAMILIES: [&str; 14] = [
    "foundation",
    "primitives",
    "filters",
    "levels",
    "true_peak",
    "dynamics",
    "modulation",
    "saturation",
    "reverbs",
    "convolution",
    "meters",
    "console",
    "analysis",
    "delivery",
];

/// Checks the tree; prints each violation, and fails if there is one.
pub(crate) fn check(workspace: &Workspace) -> Outcome {
    let mut files = Vec::new();
    for path in workspace.files(SOURCES, ".rs")? {
        let text = workspace.read(&path)?;
        files.push((path, text));
    }
    let Findings { violations, figures } = examine(&files)?;
    for violation in &violations {
        println!("{violation}");
    }
    match violations.len() {
        0 => println!("{figures}"),
        1 => return Err("1 violation".into()),
        count => return Err(format!("{count} violations")),
    }
    Ok(())
}

struct Findings {
    /// Each as `file:line: message`.
    violations: Vec<String>,
    figures: String,
}

/// Examines a crate, given as (path from the root of the tree, text).
fn examine(files: &[(String, String)]) -> Outcome<Findings> {
    let sources: Vec<_> = files.iter().map(|(path, text)| (module_of(path), path.as_str(), text.as_str())).collect();
    let graph = Graph::read(&sources)?;
    let name = |file: usize| sources[file].1;
    let family = |file: usize| {
        let folder = sources[file].0.first()?;
        FAMILIES.iter().position(|family| family == folder)
    };
    let strays =
        sources.iter().enumerate().filter(|(file, (module, ..))| !module.is_empty() && family(*file).is_none());
    let mut violations: Vec<String> = strays.map(|(_, (_, name, _))| format!("{name}:1: it is of no family")).collect();
    let mut pairs = BTreeSet::new();
    for (&(user, used), Use { line, path }) in &graph.uses {
        let (Some(from), Some(to)) = (family(user), family(used)) else { continue };
        if from < to {
            let [from, to] = [FAMILIES[from], FAMILIES[to]];
            violations.push(format!("{}:{line}: {from} uses {path}, but {to} comes after it", name(user)));
        } else if from > to {
            pairs.insert((from, to));
        }
    }
    for way in graph.circles() {
        let steps = way.windows(2).map(|step| format!("{}:{}", name(step[0]), graph.uses[&(step[0], step[1])].line));
        let steps: Vec<String> = steps.collect();
        violations.push(format!("{}: circle: {} -> {}", steps[0], steps.join(" -> "), name(way[0])));
    }
    let families = (0..files.len()).filter_map(family).collect::<BTreeSet<_>>().len();
    let figures = format!("{} files, {families} families, {} uses between families", files.len(), pairs.len());
    Ok(Findings { violations, figures })
}

/// The module that a file is: `dsp-core/src/levels/pan.rs` is `[levels, pan]`, `lib.rs` is `[]`.
fn module_of(file: &str) -> Vec<String> {
    let inner = file.strip_prefix(SOURCES).unwrap_or(file).trim_start_matches('/').trim_end_matches(".rs");
    let mut module: Vec<String> = inner.split('/').map(str::to_owned).collect();
    module.pop_if(|last| last == "mod" || last == "lib");
    module
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A small crate.
    const CRATE: [(&str, &str); 12] = [
        ("lib.rs", "pub use levels::{gain::{Gain, GainParams}, pan::Pan};\npub use foundation::error::Error;"),
        ("foundation/mod.rs", "pub(crate) mod error;"),
        ("foundation/error.rs", "pub struct Error;"),
        ("primitives/mod.rs", ""),
        ("primitives/ramp.rs", ""),
        ("levels/mod.rs", "pub(crate) mod gain;\nmod pan;\npub use {gain::Gain, pan::Pan};"),
        ("levels/gain.rs", "pub struct Gain; pub struct GainParams; pub fn fader() {}"),
        ("levels/pan.rs", "pub struct Pan; pub const CENTRE: f64 = 0.0;"),
        ("levels/width/mod.rs", "mod engine;"),
        ("levels/width/engine.rs", ""),
        ("console/mod.rs", ""),
        ("console/list.rs", "#[macro_export]\nmacro_rules! for_each_processor { () => { $crate::levels::Gain } }"),
    ];

    /// The violations of the small crate with other texts in some of its files.
    fn check(texts: &[(&str, &str)]) -> Vec<String> {
        let kept = CRATE.into_iter().filter(|(file, _)| texts.iter().all(|(other, _)| other != file));
        let files = kept.chain(texts.iter().copied());
        let mut files: Vec<_> = files.map(|(file, text)| (format!("{SOURCES}/{file}"), text.to_owned())).collect();
        files.sort();
        let violations = examine(&files).unwrap().violations;
        violations.iter().map(|line| line.replace(&format!("{SOURCES}/"), "")).collect()
    }

    fn check_ramp(text: &str) -> Vec<String> {
        check(&[("primitives/ramp.rs", text)])
    }

    #[test]
    fn own_and_earlier_families_are_free() {
        let text = "use crate::{foundation::error::Error, primitives::{self}, primitives::ramp::{Ramp, Shape as S}};\n\
                    use super::pan::Pan as Own;\nfn f() -> crate::Error { crate::primitives::ramp::new() }";
        assert_eq!(check(&[("levels/gain.rs", text)]), [""; 0]);
        assert_eq!(check(&[("console/mod.rs", "use crate::levels::{gain::Gain, pan};")]), [""; 0]);
        assert_eq!(check(&[("lib.rs", "use crate::console::Mixer;")]), [""; 0]);
    }

    #[test]
    fn a_later_family_is_refused_with_its_line() {
        let nested = "use crate::{\n    foundation::error::Error,\n    levels::{\n        gain::Gain,\n    },\n};";
        let expected = "primitives/ramp.rs:4: primitives uses crate::levels::gain::Gain, but levels comes after it";
        assert_eq!(check_ramp(nested), [expected]);
        let inline = "\n\nfn f() { crate::console::mix() }";
        let expected = "levels/pan.rs:3: levels uses crate::console::mix, but console comes after it";
        assert_eq!(check(&[("levels/pan.rs", inline)]), [expected]);
    }

    #[test]
    fn a_path_is_found_everywhere() {
        for (text, path) in [
            ("use crate::levels;", "crate::levels"),
            ("use crate::levels::*;", "crate::levels"),
            ("use crate::GainParams as P;", "crate::GainParams"),
            ("use super::super::levels::gain;", "super::super::levels::gain"),
            ("pub use crate::Gain;", "crate::Gain"),
            ("fn f() { use crate::Gain; }", "crate::Gain"),
            ("fn f() { super::super::Gain::new() }", "super::super::Gain::new"),
            ("fn f() -> impl Fn() + use<'_> { crate::Gain }", "crate::Gain"),
            ("fn f(x: Option<&dyn crate::Gain>) {}", "crate::Gain"),
            ("impl From<u8> for Own { type X = <Own as crate::Gain>::X; }", "crate::Gain::X"),
            ("mod tests { use super::super::super::levels::gain::*; }", "super::super::super::levels::gain"),
            ("#[cfg(test)] mod tests { fn f() { crate::Gain } }", "crate::Gain"),
            ("fn f() { assert!(x.y() == (1, [crate::Gain::X])); }", "crate::Gain::X"),
            ("fn f() { crate::for_each_processor!(list) }", "crate::for_each_processor"),
            ("macro_rules! m { () => { use $crate::Gain; } }", "crate::Gain"),
            (
                "macro_rules! m { () => { use $crate::{foundation::error, levels::{gain::Gain}}; } }",
                "crate::levels::gain::Gain",
            ),
            ("use crate::{foundation::error, *}; fn f(x: Gain) {}", "Gain"),
            ("use crate::*; fn f() { vec![Gain::new()] }", "Gain::new"),
            ("use crate as own; fn f() { own::Gain }", "own::Gain"),
        ] {
            let found = check_ramp(text);
            assert_eq!(found.len(), 1, "{text}: {found:?}");
            let expected = format!("primitives/ramp.rs:1: primitives uses {path}, but ");
            assert!(found[0].starts_with(&expected), "{text}: {}", found[0]);
        }
    }

    #[test]
    fn mentions_that_are_no_use_are_free() {
        let text = "//! [`crate::console`]\n/* use crate::console; /* nested */ */\n\
                    const A: &str = \"crate::console::X\"; const B: &str = r#\"use crate::console;\"#;\n\
                    const C: char = '\"'; fn f<'a>(x: &'a str) -> char { '\\'' }\n\
                    pub(crate) fn g() {} pub(in crate::levels) fn h() {}\n\
                    #[doc = concat!(crate::console::X)] fn i() { m!(pub(in crate::levels) fn f() {}); }\n\
                    use crate::*; fn j(x: Error) { x.Gain + other::Gain + ::levels::Gain; m!(x.Gain + other::Gain) }";
        assert_eq!(check_ramp(text), [""; 0]);
        assert_eq!(check_ramp("#[cfg(test)] mod tests { use super::*; use super::Ramp; }\nuse super::ramp;"), [""; 0]);
    }

    #[test]
    fn files_of_no_family_are_refused() {
        assert_eq!(check(&[("utils/mod.rs", "use crate::Error;")]), ["utils/mod.rs:1: it is of no family"]);
        assert_eq!(check(&[("utils.rs", "")]), ["utils.rs:1: it is of no family"]);
    }

    #[test]
    fn files_that_do_not_parse_are_named() {
        let files = [(format!("{SOURCES}/lib.rs"), "\nfn {}".to_owned())];
        assert!(examine(&files).is_err_and(|error| error.starts_with("dsp-core/src/lib.rs:2: ")));
    }

    #[test]
    fn files_that_use_each_other_are_refused_with_their_circle() {
        let gain = ("levels/gain.rs", "\nuse super::Pan; pub struct Gain;");
        let circle = "circle: levels/gain.rs:2 -> levels/pan.rs:1 -> levels/gain.rs";
        for pan in ["use super::gain::fader; pub struct Pan;", "pub struct Pan(crate::Gain);"] {
            assert_eq!(check(&[gain, ("levels/pan.rs", pan)]), [format!("levels/gain.rs:2: {circle}")]);
        }
        // Through a third file.
        let pan = ("levels/pan.rs", "use super::width::Width; pub struct Pan;");
        let width = ("levels/width/mod.rs", "pub struct Width { x: crate::levels::Gain }");
        let way = "levels/gain.rs:2 -> levels/pan.rs:1 -> levels/width/mod.rs:1 -> levels/gain.rs";
        assert_eq!(check(&[gain, pan, width]), [format!("levels/gain.rs:2: circle: {way}")]);
    }

    #[test]
    fn a_folder_and_its_files_use_each_other_one_way() {
        let engine = ("levels/width/engine.rs", "use super::WIDEST;\npub struct Engine;");
        let using = "mod engine;\nuse engine::Engine;\npub const WIDEST: f64 = 2.0;";
        let way = "levels/width/engine.rs:1 -> levels/width/mod.rs:2 -> levels/width/engine.rs";
        let expected = format!("levels/width/engine.rs:1: circle: {way}");
        assert_eq!(check(&[("levels/width/mod.rs", using), engine]), [expected]);
        // Listing names is no use; using a listed name is.
        let listing = "mod engine;\npub use engine::Engine;\npub const WIDEST: f64 = 2.0;";
        assert_eq!(check(&[("levels/width/mod.rs", listing), engine]), [""; 0]);
        let both = format!("{listing} fn f() -> Engine {{}}");
        assert_eq!(check(&[("levels/width/mod.rs", &both), engine]).len(), 1);
    }

    #[test]
    fn the_figures_count_files_and_families() {
        let files = CRATE.map(|(file, text)| (format!("{SOURCES}/{file}"), text.to_owned()));
        assert_eq!(examine(&files).unwrap().figures, "12 files, 4 families, 1 uses between families");
    }
}
