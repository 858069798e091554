//! Cards: every processor of the list is completely documented.

use mixdown::for_each_processor;
use std::{fs, path::Path};

/// Source text of the crate, file by file.
fn sources(folder: &Path, into: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => sources(&path, into),
            false => into.push(fs::read_to_string(path).unwrap()),
        }
    }
}

/// The documentation before the line that starts with `declaration`, apart from its indent.
fn documentation(sources: &[String], declaration: &str) -> String {
    let found = sources.iter().find_map(|source| {
        let lines: Vec<_> = source.lines().map(str::trim_start).collect();
        let place = lines.iter().position(|line| line.starts_with(declaration))?;
        let before = lines[..place].iter().rev().take_while(|line| line.starts_with("///") || line.starts_with("#["));
        Some(before.copied().collect::<Vec<_>>())
    });
    let mut lines = found.unwrap_or_else(|| panic!("no {declaration}"));
    lines.reverse();
    lines.join("\n")
}

/// The names of settings and processor of each entry.
fn entries() -> Vec<(String, String)> {
    macro_rules! names {
        ($($name:ident: $params:ty, $processor:ty;)*) => {
            vec![$((stringify!($params).into(), stringify!($processor).into())),*]
        };
    }
    let last = |path: String| path.replace(' ', "").split('<').next().unwrap().rsplit("::").next().unwrap().to_string();
    let entries: Vec<(String, String)> = for_each_processor!(names);
    entries.into_iter().map(|(params, processor)| (last(params), last(processor))).collect()
}

#[test]
fn every_processor_has_a_card_and_an_example_that_asserts() {
    let mut files = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut files);
    for (params, processor) in entries() {
        let card = documentation(&files, &format!("pub struct {processor}<"));
        let parts = ["# Signal", "# Parameters", "# Contract", "# Source"].map(|part| card.find(part));
        assert!(parts.is_sorted() && parts[0].is_some(), "{processor}: {parts:?}");
        let examples = card + &documentation(&files, &format!("{params} {{"));
        assert!(examples.contains("```") && examples.contains("assert"), "{params}: no example");
    }
}

#[test]
fn every_meter_has_a_card_and_an_example_that_asserts() {
    let mut files = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/meters"), &mut files);
    for meter in ["LoudnessMeter", "TruePeakMeter", "LevelMeter", "CorrelationMeter", "MonoFoldMeter", "SpectrumMeter"]
    {
        let card = documentation(&files, &format!("pub struct {meter}<"));
        let parts = ["# Signal", "# Contract", "# Source", "assert"].map(|part| card.find(part));
        assert!(parts.is_sorted() && parts[0].is_some(), "{meter}: {parts:?}");
    }
}
