//! Criterion's results: `<home>/**/new/{benchmark,sample}.json`.

use crate::Outcome;
use serde_json::Value;
use std::{
    cmp::Ordering,
    fs,
    path::{Path, PathBuf},
    time::SystemTime,
};

/// The last component of the id of a kernel's scalar loop.
const SCALAR: &str = "/scalar";

/// One benchmark.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Measurement {
    /// The benchmark's id: `equalizer/8_bands/f32/2ch/512`.
    pub(crate) id: String,
    /// Time of one call: the 5th percentile of the samples, as whatever else runs only ever adds.
    pub(crate) nanoseconds: f64,
    /// The work of one call.
    pub(crate) work: Option<Work>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Work {
    Samples(f64),
    Bytes(f64),
}

impl Measurement {
    /// Reads criterion's two files; `None` if they have no id or no time.
    fn parse(benchmark: &str, sample: &str) -> Option<Self> {
        let benchmark: Value = serde_json::from_str(benchmark).ok()?;
        let sample: Value = serde_json::from_str(sample).ok()?;
        let numbers = |name: &str| sample[name].as_array()?.iter().map(Value::as_f64).collect::<Option<Vec<_>>>();
        let (calls, times) = (numbers("iters")?, numbers("times")?);
        let mut each: Vec<f64> = times.iter().zip(&calls).map(|(time, calls)| time / calls).collect();
        each.sort_by(f64::total_cmp);
        let throughput = &benchmark["throughput"];
        let samples = throughput["Elements"].as_f64().map(Work::Samples);
        let bytes = || throughput["Bytes"].as_f64().or(throughput["BytesDecimal"].as_f64()).map(Work::Bytes);
        Some(Self {
            id: benchmark["full_id"].as_str()?.to_owned(),
            nanoseconds: each.get(each.len() / 20).copied().filter(|&time| time > 0.0)?,
            work: samples.or_else(bytes),
        })
    }

    /// The part before the first slash.
    pub(super) fn group(&self) -> &str {
        self.id.split('/').next().unwrap_or_default()
    }

    /// The id of the kernel for which this is the scalar loop.
    pub(crate) fn scalar_of(&self) -> Option<&str> {
        self.id.strip_suffix(SCALAR)
    }

    /// The id of the kernel for which this is a peer, and the name of the library: `…/2ch/512/library`.
    pub(crate) fn peer_of(&self) -> Option<(&str, &str)> {
        self.id.rsplit_once('/').filter(|(id, name)| !name.is_empty() && frames_of(id).is_some())
    }

    /// Frames of a block, if the id ends in channels and frames: `…/2ch/512`.
    pub(super) fn frames(&self) -> Option<f64> {
        frames_of(&self.id).or_else(|| frames_of(self.peer_of()?.0))
    }
}

fn frames_of(id: &str) -> Option<f64> {
    let mut components = id.rsplit('/');
    let frames = components.next()?.parse::<u32>().ok()?;
    let channels = components.next()?.strip_suffix("ch")?;
    channels.parse::<u32>().ok().map(|_| frames.into())
}

/// Every measurement under `home` that is not older than `since`, in natural order of the ids.
pub(crate) fn read(home: &Path, since: SystemTime) -> Outcome<Vec<Measurement>> {
    let mut measurements = Vec::new();
    let mut pending = vec![home.to_path_buf()];
    while let Some(directory) = pending.pop() {
        let entries = fs::read_dir(&directory).map_err(|error| format!("{}: {error}", directory.display()))?;
        let folders: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
        for folder in folders {
            if folder.ends_with("new") {
                measurements.extend(measured(&folder, since));
            } else {
                pending.push(folder);
            }
        }
    }
    measurements.sort_by(|a, b| natural(&a.id, &b.id));
    Ok(measurements)
}

fn measured(folder: &Path, since: SystemTime) -> Option<Measurement> {
    let sample = folder.join("sample.json");
    let fresh = fs::metadata(&sample).and_then(|data| data.modified()).is_ok_and(|time| time >= since);
    let text = |path| fs::read_to_string(path).ok();
    fresh.then(|| Measurement::parse(&text(folder.join("benchmark.json"))?, &text(sample)?))?
}

/// Component by component, numbers by value: `64` before `512`.
fn natural(a: &str, b: &str) -> Ordering {
    // Text and numbers in turns.
    let key = |id: &str| -> Vec<(String, u64)> {
        let mut parts = vec![(String::new(), 0_u64)];
        let mut is_number = false;
        for c in id.chars() {
            match c.to_digit(10) {
                Some(digit) => {
                    let (_, number) = &mut parts.last_mut().expect("one at least");
                    *number = number.saturating_mul(10).saturating_add(digit.into());
                    is_number = true;
                }
                None => {
                    if std::mem::take(&mut is_number) {
                        parts.push((String::new(), 0));
                    }
                    parts.last_mut().expect("one at least").0.push(c);
                }
            }
        }
        parts
    };
    key(a).cmp(&key(b))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The second call was disturbed.
    const SAMPLE: &str = r#"{"sampling_mode":"Linear","iters":[1.0,2.0,4.0],"times":[1010.5,9000.0,4001.0]}"#;

    fn benchmark(throughput: &str) -> String {
        format!(
            r#"{{"group_id":"gain","function_id":"glide/f32/2ch","value_str":"512","throughput":{throughput},
            "full_id":"gain/glide/f32/2ch/512","directory_name":"gain/glide_f32_2ch/512","title":"gain/glide"}}"#
        )
    }

    #[test]
    fn criterion_files_are_read_whatever_the_throughput() {
        for (throughput, work) in [
            (r#"{"Elements":1024}"#, Some(Work::Samples(1024.0))),
            (r#"{"Bytes":4096}"#, Some(Work::Bytes(4096.0))),
            (r#"{"BytesDecimal":4096}"#, Some(Work::Bytes(4096.0))),
            (r#"{"Unheard":1}"#, None),
            ("null", None),
        ] {
            let expected = Measurement { id: "gain/glide/f32/2ch/512".into(), nanoseconds: 1000.25, work };
            assert_eq!(Measurement::parse(&benchmark(throughput), SAMPLE), Some(expected), "{throughput}");
        }
    }

    #[test]
    fn files_without_an_id_or_a_time_are_skipped() {
        assert_eq!(Measurement::parse("{}", SAMPLE), None);
        assert_eq!(Measurement::parse(&benchmark("null"), r#"{"iters":[],"times":[]}"#), None);
        assert_eq!(Measurement::parse("not json", SAMPLE), None);
    }

    #[test]
    fn an_id_tells_group_scalar_and_frames() {
        let named = |id: &str| Measurement { id: id.into(), nanoseconds: 1.0, work: None };
        let scalar = named("equalizer/8_bands/f32/2ch/512/scalar");
        assert_eq!((scalar.group(), scalar.frames()), ("equalizer", Some(512.0)));
        assert_eq!(scalar.scalar_of(), Some("equalizer/8_bands/f32/2ch/512"));
        assert_eq!(named("design/matched_bell").frames(), None);
        assert_eq!(named("fir/taps/64").frames(), None);
    }

    #[test]
    fn ids_sort_by_number() {
        let mut ids = ["a/2ch/4096", "a/2ch/64", "a/10_bands", "a/8_bands", "a/2ch/512"];
        ids.sort_by(|a, b| natural(a, b));
        assert_eq!(ids, ["a/2ch/64", "a/2ch/512", "a/2ch/4096", "a/8_bands", "a/10_bands"]);
        let mut ids = ["strips_128/f32", "strips_8/f32", "tanh_16x", "tanh", "tanh_2x", "strips_16/f32"];
        ids.sort_by(|a, b| natural(a, b));
        assert_eq!(ids, ["strips_8/f32", "strips_16/f32", "strips_128/f32", "tanh", "tanh_2x", "tanh_16x"]);
    }

    #[test]
    fn a_tree_of_results_is_searched_and_old_ones_are_skipped() {
        let home = std::env::temp_dir().join(format!("mixdown-criterion-{}", std::process::id()));
        for kept in ["gain/glide_f32_2ch/512/new", "gain/glide_f32_2ch/512/base", "gain/report"] {
            fs::create_dir_all(home.join(kept)).unwrap();
            fs::write(home.join(kept).join("benchmark.json"), benchmark("null")).unwrap();
            fs::write(home.join(kept).join("sample.json"), SAMPLE).unwrap();
        }
        let found = read(&home, SystemTime::UNIX_EPOCH).unwrap();
        let later = read(&home, SystemTime::now() + std::time::Duration::from_secs(3600)).unwrap();
        fs::remove_dir_all(&home).unwrap();
        assert_eq!(found.len(), 1);
        assert_eq!(later, []);
    }
}
