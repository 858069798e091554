//! Resolution of a path to an item of the crate.

use std::collections::{BTreeMap, BTreeSet};

/// The segments of a path; for an item of the crate, from the root.
pub(super) type Path = Vec<String>;

/// Imports of imports are followed this far.
const MAX_HOPS: usize = 16;

/// `path::name`.
pub(super) fn child(path: &[String], name: impl ToString) -> Path {
    path.iter().cloned().chain([name.to_string()]).collect()
}

/// The names in the modules of the crate.
#[derive(Default)]
pub(super) struct Names {
    /// Each module, inline ones included, and the number of its file.
    pub(super) modules: BTreeMap<Path, usize>,
    pub(super) items: BTreeSet<Path>,
    /// For each `use`, its module and name: the path that it imports.
    pub(super) imports: BTreeMap<Path, (Path, Path)>,
    /// For each module: the paths of its glob imports.
    pub(super) globs: BTreeMap<Path, Vec<Path>>,
}

impl Names {
    /// The number of the file that defines the target of `path`, written in `module`; none for another crate's.
    pub(super) fn file(&self, module: &[String], path: &[String]) -> Option<usize> {
        let place = self.resolve(module, path, MAX_HOPS)?;
        (0..=place.len()).rev().find_map(|length| self.modules.get(&place[..length])).copied()
    }

    fn resolve(&self, module: &[String], path: &[String], hops: usize) -> Option<Path> {
        let mut place = module.to_vec();
        for (index, segment) in path.iter().enumerate() {
            match segment.as_str() {
                "crate" => place.clear(),
                "self" => {}
                "super" => _ = place.pop(),
                name => match self.look_up(&place, name, hops) {
                    Some(found) => place = found,
                    None if index == 0 => return None,
                    None => place.push(name.to_owned()),
                },
            }
        }
        Some(place)
    }

    /// The path of the definition that `module` calls `name`.
    fn look_up(&self, module: &[String], name: &str, hops: usize) -> Option<Path> {
        let hops = hops.checked_sub(1)?;
        let place = child(module, name);
        if self.modules.contains_key(&place) || self.items.contains(&place) {
            return Some(place);
        }
        if let Some((importer, path)) = self.imports.get(&place) {
            return self.resolve(importer, path, hops);
        }
        let mut globs = self.globs.get(module).into_iter().flatten();
        globs.find_map(|glob| self.look_up(&self.resolve(module, glob, hops)?, name, hops))
    }
}
