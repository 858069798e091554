//! What `benches/peers/goals.py` timed through Python.

use crate::Outcome;
use serde_json::Value;
use std::{fs, path::Path};

/// The name of our own time.
pub(crate) const OURS: &str = "mixdown";

/// A task, timed by us and by peers.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Task {
    pub(crate) name: String,
    /// In ns, ours among them.
    pub(crate) times_ns: Vec<(String, f64)>,
    /// What each made, if it is to be told.
    pub(crate) notes: Vec<(String, String)>,
}

/// All tasks, and the versions of the libraries on one line.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Tasks {
    pub(crate) versions: String,
    pub(crate) tasks: Vec<Task>,
}

impl Task {
    /// The time of `name`, in ns.
    pub(crate) fn time_ns(&self, name: &str) -> Option<f64> {
        self.times_ns.iter().find(|(other, _)| other == name).map(|(_, time)| *time)
    }

    /// Every peer, and how many times as long it takes as we do.
    pub(crate) fn ratios(&self) -> Vec<(&str, f64)> {
        let Some(own) = self.time_ns(OURS) else { return Vec::new() };
        let peers = self.times_ns.iter().filter(|(name, _)| name != OURS);
        peers.map(|(name, time)| (name.as_str(), time / own)).collect()
    }
}

impl Tasks {
    pub(crate) fn find(&self, name: &str) -> Option<&Task> {
        self.tasks.iter().find(|task| task.name == name)
    }

    pub(crate) fn read(path: &Path) -> Outcome<Self> {
        let text = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
        Self::parse(&text).ok_or_else(|| format!("{}: not what goals.py writes", path.display()))
    }

    fn parse(text: &str) -> Option<Self> {
        let report: Value = serde_json::from_str(text).ok()?;
        let versions = report["versions"].as_object()?;
        let versions = versions.iter().map(|(name, version)| format!("{name} {}", version.as_str().unwrap_or("?")));
        let tasks = report["tasks"].as_array()?.iter().map(|task| {
            let scale = match task["unit"].as_str()? {
                "ms" => 1e6,
                "us" => 1e3,
                _ => return None,
            };
            let times = task["times"].as_object()?.iter();
            let notes = task["notes"].as_object()?.iter();
            Some(Task {
                name: task["task"].as_str()?.to_owned(),
                times_ns: times
                    .map(|(name, time)| Some((name.clone(), time.as_f64()? * scale)))
                    .collect::<Option<_>>()?,
                notes: notes
                    .map(|(name, note)| Some((name.clone(), note.as_str()?.to_owned())))
                    .collect::<Option<_>>()?,
            })
        });
        Some(Self { versions: versions.collect::<Vec<_>>().join(", "), tasks: tasks.collect::<Option<_>>()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_in_both_units() {
        let text = r#"{"versions":{"numpy":"2.4"},"tasks":[
            {"task":"gain","unit":"ms","times":{"mixdown":2.0,"numpy":1.0},"notes":{}},
            {"task":"chain_32","unit":"us","times":{"mixdown":2.0},"notes":{"mixdown":"as asked"}}]}"#;
        let tasks = Tasks::parse(text).unwrap();
        assert_eq!(tasks.versions, "numpy 2.4");
        assert_eq!(tasks.find("gain").unwrap().ratios(), [("numpy", 0.5)]);
        let chain = tasks.find("chain_32").unwrap();
        assert_eq!((chain.time_ns(OURS), chain.notes.len()), (Some(2e3), 1));
        assert_eq!(tasks.find("reverb"), None);
    }

    #[test]
    fn another_form_is_refused() {
        for text in ["", "{}", r#"{"versions":{},"tasks":[{"task":"gain","unit":"h","times":{},"notes":{}}]}"#] {
            assert_eq!(Tasks::parse(text), None, "{text}");
        }
    }
}
