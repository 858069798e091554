//! A plot per family in docs/: how many times as fast as the scalar loop and as each peer.

use super::{family::FAMILIES, measurement::Measurement, tasks::Tasks};
use crate::{Outcome, environment::Environment, workspace::Workspace};
use serde_json::{Value, json};
use std::fs;

const SCRIPT: &str = "benches/peers/plots.py";
const DATA: &str = "bench/plots.json";
pub(super) const FOLDER: &str = "docs/benchmarks";

/// Draws them.
pub(crate) fn draw(
    workspace: &Workspace,
    environment: &Environment,
    measurements: &[Measurement],
    tasks: &Tasks,
) -> Outcome {
    let path = workspace.target().join(DATA);
    let root = workspace.path("");
    fs::write(&path, data(measurements, tasks).to_string()).map_err(|error| format!("{DATA}: {error}"))?;
    crate::steps::succeed(environment.command("python", &root).arg(SCRIPT).arg(&path).arg(FOLDER))
}

/// By family: bars, each with its label, what it is compared with, and the ratio.
fn data(measurements: &[Measurement], tasks: &Tasks) -> Value {
    let families = FAMILIES.iter().map(|family| {
        let members = measurements.iter().filter(|one| family.groups.contains(&one.group()));
        let mut bars: Vec<Value> = members
            .filter_map(|other| {
                let (id, with) = match (other.scalar_of(), other.peer_of()) {
                    (Some(id), _) => (id, "scalar loop"),
                    (None, Some((id, name))) => (id, name),
                    _ => return None,
                };
                let own = measurements.iter().find(|one| one.id == id)?;
                Some(json!({ "label": label(id), "with": with, "ratio": other.nanoseconds / own.nanoseconds }))
            })
            .collect();
        if family.name == "programmes" {
            for task in &tasks.tasks {
                let ratios = task.ratios().into_iter();
                let name = format!("{} (Python)", task.name.replace('_', " "));
                bars.extend(ratios.map(|(with, ratio)| json!({ "label": name, "with": with, "ratio": ratio })));
            }
        }
        json!({ "name": family.name, "title": family.title, "bars": bars })
    });
    Value::Array(families.collect())
}

/// `equalizer/8_bands/f32/2ch/512` as `equalizer 8 bands f32 2ch 512`; programmes all have the same format.
fn label(id: &str) -> String {
    let name = match id.strip_prefix("goals/") {
        Some(programme) if !programme.starts_with("chain") => programme.split('/').next().unwrap_or(programme),
        Some(programme) => programme,
        None => id,
    };
    name.replace(['/', '_'], " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_ratios_to_the_scalar_loop_and_to_peers() {
        let one = |id: &str, nanoseconds| Measurement { id: id.into(), nanoseconds, work: None };
        let run = [
            one("reverb/hall/f32/2ch/512", 2.0),
            one("reverb/hall/f32/2ch/512/scalar", 6.0),
            one("reverb/hall/f32/2ch/512/freeverb", 3.0),
            one("reverb/alone/f32/2ch/512", 3.0),
        ];
        let data = data(&run, &Tasks::default());
        let reverbs = data.as_array().unwrap().iter().find(|family| family["name"] == "reverbs").unwrap();
        let bar = |with: &str, ratio: f64| json!({ "label": "reverb hall f32 2ch 512", "with": with, "ratio": ratio });
        assert_eq!(reverbs["bars"], json!([bar("scalar loop", 3.0), bar("freeverb", 1.5)]));
    }
}
