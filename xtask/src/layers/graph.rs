//! The graph of uses between files.

use super::{
    names::{Names, Path},
    source,
};
use crate::Outcome;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// The first place where a file names an item of another.
pub(super) struct Use {
    pub(super) line: usize,
    pub(super) path: String,
}

/// The files, by number, and their uses of each other. The root of the crate names everything and stays outside.
pub(super) struct Graph {
    modules: Vec<Path>,
    /// By user and used.
    pub(super) uses: BTreeMap<(usize, usize), Use>,
}

impl Graph {
    /// Reads files, given as (module, name, text).
    pub(super) fn read(files: &[(Path, &str, &str)]) -> Outcome<Self> {
        let (mut names, mut references) = (Names::default(), Vec::new());
        for (file, (module, name, text)) in files.iter().enumerate() {
            let found = source::read(file, module, text, &mut names);
            let found = found.map_err(|error| format!("{name}:{}: {error}", error.span().start().line))?;
            references.extend(found.into_iter().map(|reference| (file, reference)));
        }
        let modules: Vec<Path> = files.iter().map(|(module, ..)| module.clone()).collect();
        let mut uses = BTreeMap::new();
        for (user, reference) in references {
            let Some(used) = names.file(&reference.module, &reference.path) else { continue };
            // A module that re-exports items of its children lists names; it does not use them.
            let lists = reference.exported && modules[used].starts_with(&reference.module);
            if used != user && !lists && !modules[user].is_empty() && !modules[used].is_empty() {
                uses.entry((user, used)).or_insert(Use { line: reference.line, path: reference.path.join("::") });
            }
        }
        Ok(Self { modules, uses })
    }

    /// For each group of files of one family that use each other, the files of one circle.
    pub(super) fn circles(&self) -> Vec<Vec<usize>> {
        let (mut circles, mut seen) = (Vec::new(), BTreeSet::new());
        for file in 0..self.modules.len() {
            let routes = self.routes(file);
            if seen.contains(&file) || !routes.contains_key(&file) {
                continue;
            }
            seen.extend(routes.keys().copied().filter(|other| self.routes(*other).contains_key(&file)));
            let mut way = vec![file, routes[&file]];
            while way[way.len() - 1] != file {
                way.push(routes[&way[way.len() - 1]]);
            }
            way.reverse();
            circles.push(way);
        }
        circles
    }

    /// Every file of its family that `start` uses, directly or not, with the last user on the shortest path.
    fn routes(&self, start: usize) -> BTreeMap<usize, usize> {
        let (mut routes, mut pending) = (BTreeMap::new(), VecDeque::from([start]));
        while let Some(user) = pending.pop_front() {
            for (&(_, used), _) in self.uses.range((user, 0)..(user + 1, 0)) {
                if self.modules[user][0] == self.modules[used][0] && !routes.contains_key(&used) {
                    routes.insert(used, user);
                    pending.push_back(used);
                }
            }
        }
        routes
    }
}
