//! Finds the paths into the own crate that a file names: in `use`, also nested, and in the code.

use super::tokens::{self, Token};
use std::collections::BTreeSet;

/// A path from the root of the crate, and where it is named.
#[derive(Debug, PartialEq)]
pub(super) struct Reference {
    pub(super) path: Vec<String>,
    pub(super) line: usize,
}

/// What a file names.
#[derive(Default)]
pub(super) struct Source {
    pub(super) references: Vec<Reference>,
    /// What it gives a name to: (the name as a path, the path it stands for).
    pub(super) names: Vec<(Vec<String>, Vec<String>)>,
    /// The bare words of a file that says `use crate::*`: each may be a name from the root.
    pub(super) words: Vec<Reference>,
}

/// Reads the file that is `module`; `modules` are all files of the crate.
pub(super) fn read(module: &[String], text: &str, modules: &BTreeSet<Vec<String>>) -> Source {
    let tokens = tokens::read(text);
    let mut reader = Reader { modules, module: module.to_vec(), sees_root: false, source: Source::default() };
    reader.file(&tokens);
    if reader.sees_root {
        reader.source.words = bare_words(&tokens);
    }
    reader.source
}

struct Reader<'m> {
    modules: &'m BTreeSet<Vec<String>>,
    /// Where we are, with the inline modules that are open.
    module: Vec<String>,
    /// Whether the file says `use crate::*`.
    sees_root: bool,
    source: Source,
}

impl Reader<'_> {
    fn file(&mut self, tokens: &[Token<'_>]) {
        let (mut at, mut depth) = (0, 0);
        let mut open_modules = Vec::new();
        let mut macro_exported = false;
        while let Some(token) = tokens.get(at) {
            let next = |ahead: usize| tokens.get(at + ahead).map_or("", |token| token.text);
            match token.text {
                "mod" if next(2) == "{" => {
                    self.module.push(next(1).to_owned());
                    open_modules.push(depth);
                    at += 1;
                }
                "{" => depth += 1,
                "}" => {
                    depth -= 1;
                    if open_modules.pop_if(|opened| *opened == depth).is_some() {
                        self.module.pop();
                    }
                }
                "macro_export" => macro_exported = true,
                "macro_rules" if next(1) == "!" && std::mem::take(&mut macro_exported) => {
                    let name = next(2).to_owned();
                    let place = self.module.iter().cloned().chain([name.clone()]).collect();
                    self.source.names.push((vec![name], place));
                }
                // Not the `use<…>` that says what an opaque type captures.
                "use" if next(1) != "<" => {
                    let end = tokens[at..].iter().position(|token| token.text == ";").map_or(tokens.len(), |n| at + n);
                    self.tree(&tokens[at + 1..end], &[]);
                    at = end;
                }
                "crate" | "self" | "super" if next(1) == "::" && (at == 0 || tokens[at - 1].text != "in") => {
                    let (path, length) = plain_path(&tokens[at..]);
                    self.refer(&path, token.line);
                    at += length - 1;
                }
                _ => {}
            }
            at += 1;
        }
    }

    /// One tree of a `use`, after the words of `prefix`.
    fn tree<'s>(&mut self, tokens: &[Token<'s>], prefix: &[&'s str]) {
        let (words, length) = plain_path(tokens);
        let mut path: Vec<&str> = prefix.iter().copied().chain(words).collect();
        let Some(line) = tokens.first().map(|token| token.line) else { return };
        match tokens.get(length).map(|token| token.text) {
            Some("{") => {
                for branch in branches(&tokens[length + 1..tokens.len() - 1]) {
                    self.tree(branch, &path);
                }
            }
            Some("*") if path == ["crate"] => self.sees_root = true,
            Some("*") => _ = self.refer(&path, line),
            alias => {
                if path.len() > 1 {
                    path.pop_if(|last| *last == "self");
                }
                let name =
                    if alias == Some("as") { tokens[length + 1].text } else { path.last().copied().unwrap_or("_") };
                if let Some(target) = self.refer(&path, line) {
                    let place = self.module.iter().map(String::as_str).chain([name]).map(str::to_owned).collect();
                    self.source.names.push((place, target));
                }
            }
        }
    }

    /// Notes a path if it leads into the own crate.
    fn refer(&mut self, path: &[&str], line: usize) -> Option<Vec<String>> {
        let path = self.resolve(path)?;
        self.source.references.push(Reference { path: path.clone(), line });
        Some(path)
    }

    /// The path from the root of the crate; `None` if it leads elsewhere.
    fn resolve(&self, path: &[&str]) -> Option<Vec<String>> {
        let (&first, mut rest) = path.split_first()?;
        let mut start = match first {
            "crate" => Vec::new(),
            "self" => self.module.clone(),
            "super" => self.module[..self.module.len().saturating_sub(1)].to_vec(),
            child => {
                let module: Vec<String> = self.module.iter().cloned().chain([child.to_owned()]).collect();
                self.modules.contains(&module).then_some(module)?
            }
        };
        while let Some((&"super", further)) = rest.split_first() {
            start.pop();
            rest = further;
        }
        start.extend(rest.iter().map(|&word| word.to_owned()));
        Some(start)
    }
}

/// The words that `tokens` starts with, joined by `::`, and how many tokens they take, a `::` at the end included.
fn plain_path<'s>(tokens: &[Token<'s>]) -> (Vec<&'s str>, usize) {
    let mut words = Vec::new();
    let mut at = 0;
    while let Some(word) = tokens.get(at).filter(|token| token.is_word()) {
        words.push(word.text);
        at += 1;
        if tokens.get(at).is_none_or(|token| token.text != "::") {
            break;
        }
        at += 1;
    }
    (words, at)
}

/// The words that no path and no dot leads to.
fn bare_words(tokens: &[Token<'_>]) -> Vec<Reference> {
    let bare = tokens.windows(2).filter(|pair| pair[1].is_word() && !["::", "."].contains(&pair[0].text));
    bare.map(|pair| Reference { path: vec![pair[1].text.to_owned()], line: pair[1].line }).collect()
}

/// What commas of the outermost level separate.
fn branches<'t, 's>(tokens: &'t [Token<'s>]) -> impl Iterator<Item = &'t [Token<'s>]> {
    let mut depth = 0_i32;
    tokens.split(move |token| {
        depth += match token.text {
            "{" => 1,
            "}" => -1,
            _ => 0,
        };
        depth == 0 && token.text == ","
    })
}
