//! BENCHMARKS.md: the circumstances, and one table per group.

use super::measurement::{Measurement, Work};
use std::{collections::BTreeMap, fmt::Write};

/// The rate for "times real time".
const SAMPLE_RATE_HZ: f64 = 48_000.0;

/// Conditions of the figures.
pub(crate) struct Circumstances {
    pub(crate) cpu: String,
    pub(crate) rustc: String,
    pub(crate) flags: String,
    pub(crate) profile: String,
    pub(crate) commit: Option<String>,
}

/// The text of BENCHMARKS.md.
pub(crate) fn report(circumstances: &Circumstances, measurements: &[Measurement]) -> String {
    let Circumstances { cpu, rustc, flags, profile, commit } = circumstances;
    let commit = commit.as_ref().map(|commit| format!("- commit: {commit}\n")).unwrap_or_default();
    let mut text = format!(
        "# Benchmarks\n\n\
         Written by `cargo xtask bench` from the medians that criterion measured; never edited by hand.\n\
         Run it again for the figures of another machine.\n\n\
         - CPU: {cpu}\n- compiler: {rustc}\n- RUSTFLAGS: {flags}\n- profile: {profile}\n{commit}\n\
         Ids read `processor/variant/format/channels/frames`. Throughput counts samples of all channels. Times real time\n\
         is the length of the block at {SAMPLE_RATE_HZ} Hz over the time it took, on one thread. Over scalar is how many\n\
         times faster than the plain scalar loop of the same run, where there is one; over peers, than other libraries.\n"
    );
    let mut groups: BTreeMap<&str, Vec<&Measurement>> = BTreeMap::new();
    for measurement in measurements {
        groups.entry(measurement.group()).or_default().push(measurement);
    }
    for (group, members) in groups {
        let _ =
            write!(text, "\n## {group}\n\n| id | time | throughput | times real time | over scalar | over peers |\n");
        text.push_str("|---|--:|--:|--:|--:|---|\n");
        let has = |id: &str| members.iter().any(|other| other.id == id);
        let beside = |member: &Measurement| {
            member.scalar_of().is_some_and(has) || member.peer_of().is_some_and(|(id, _)| has(id))
        };
        for member in members.iter().filter(|member| !beside(member)) {
            text.push_str(&row(member, &members));
        }
    }
    text
}

fn row(member: &Measurement, members: &[&Measurement]) -> String {
    let Measurement { id, nanoseconds, work } = member;
    let seconds = nanoseconds * 1e-9;
    let throughput = match work {
        Some(Work::Samples(samples)) => scaled(samples / seconds, "samples/s"),
        Some(Work::Bytes(bytes)) => scaled(bytes / seconds, "B/s"),
        None => String::new(),
    };
    let real_time = member.frames().map(|frames| figures(frames / SAMPLE_RATE_HZ / seconds)).unwrap_or_default();
    let scalar = members.iter().find(|other| other.scalar_of() == Some(id));
    let over_scalar = scalar.map(|scalar| format!("{:.2}", scalar.nanoseconds / nanoseconds)).unwrap_or_default();
    let peers = members.iter().filter(|other| other.scalar_of() != Some(id));
    let over_peers: Vec<String> = peers
        .filter_map(|other| Some((other, other.peer_of().filter(|(own, _)| own == id)?.1)))
        .map(|(peer, name)| format!("{name} {:.2}", peer.nanoseconds / nanoseconds))
        .collect();
    let over_peers = over_peers.join(", ");
    format!("| `{id}` | {} | {throughput} | {real_time} | {over_scalar} | {over_peers} |\n", time(*nanoseconds))
}

fn time(nanoseconds: f64) -> String {
    let (value, unit) = match nanoseconds {
        ns if ns < 1e3 => (ns, "ns"),
        ns if ns < 1e6 => (ns / 1e3, "µs"),
        ns if ns < 1e9 => (ns / 1e6, "ms"),
        ns => (ns / 1e9, "s"),
    };
    format!("{} {unit}", figures(value))
}

fn scaled(per_second: f64, unit: &str) -> String {
    match per_second {
        n if n < 1e6 => format!("{} k{unit}", figures(n / 1e3)),
        n if n < 1e9 => format!("{} M{unit}", figures(n / 1e6)),
        n => format!("{} G{unit}", figures(n / 1e9)),
    }
}

/// Three significant figures, and every whole digit.
fn figures(value: f64) -> String {
    let decimals = match value {
        v if v < 10.0 => 2,
        v if v < 100.0 => 1,
        _ => 0,
    };
    format!("{value:.decimals$}")
}

/// The settings of the bench profile, which inherits the release profile, on one line.
pub(crate) fn profile(manifest: &str) -> String {
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

    fn measurement(id: &str, nanoseconds: f64, work: Option<Work>) -> Measurement {
        Measurement { id: id.into(), nanoseconds, work }
    }

    #[test]
    fn a_row_relates_time_to_work_to_real_time_and_to_the_scalar() {
        let fast = measurement("gain/glide/f32/2ch/480", 1_000.0, Some(Work::Samples(960.0)));
        let scalar = measurement("gain/glide/f32/2ch/480/scalar", 2_500.0, Some(Work::Samples(960.0)));
        let peer = measurement("gain/glide/f32/2ch/480/library", 4_000.0, Some(Work::Samples(960.0)));
        let lonely = measurement("design/bell", 250.0, None);
        let alone = measurement("mix/sum/scalar", 5.0, None);
        let circumstances = Circumstances {
            cpu: "a CPU".into(),
            rustc: "rustc".into(),
            flags: "none".into(),
            profile: "release".into(),
            commit: Some("abc".into()),
        };
        let text = report(&circumstances, &[fast, scalar, peer, lonely, alone]);
        let rows: Vec<&str> = text.lines().filter(|line| line.starts_with("| `")).collect();
        assert_eq!(
            rows,
            [
                "| `design/bell` | 250 ns |  |  |  |  |",
                "| `gain/glide/f32/2ch/480` | 1.00 µs | 960 Msamples/s | 10000 | 2.50 | library 4.00 |",
                "| `mix/sum/scalar` | 5.00 ns |  |  |  |  |",
            ]
        );
        assert!(
            text.contains("- CPU: a CPU\n- compiler: rustc\n- RUSTFLAGS: none\n- profile: release\n- commit: abc\n")
        );
        assert!(text.contains("at 48000 Hz") && text.contains("\n## gain\n"));
    }

    #[test]
    fn the_profile_is_read_from_the_manifest() {
        let manifest = "[profile.dev]\nopt-level = 2\n\n[profile.release]\n# why\nlto = \"thin\"\ncodegen-units = 1\n\n\
                        [profile.bench]\ndebug = false\n";
        assert_eq!(profile(manifest), "release with lto = \"thin\", codegen-units = 1, debug = false");
        assert_eq!(profile(""), "release");
    }
}
