//! How times grow: tables from the benches `scaling/…`.

use super::{
    figures::{figures, time, verdict},
    measurement::{Measurement, Work},
};
use std::fmt::Write;

/// How much dearer a track may be among many than among few, and how much larger a long session than a short one.
const FLAT: f64 = 1.15;
/// What silence may cost beside sound.
const SILENCE: f64 = 1.5;

/// The section, empty if nothing was measured. `memory` is what the renderer of sessions took.
pub(super) fn section(measurements: &[Measurement], memory: &[(f64, f64)]) -> String {
    let mut text = String::new();
    let rows = |beginning: &str| -> Vec<&Measurement> {
        measurements.iter().filter(|one| one.id.starts_with(beginning)).collect()
    };
    growth(
        &mut text,
        "Strips of the mixer, each with gain, four bands, compressor and pan, blocks of 512 frames",
        "tracks",
        "per track",
        &rows("scaling/tracks_"),
        |one| one.id.split('/').nth(1)?.strip_prefix("tracks_")?.parse().ok(),
        |count, _| count,
        true,
    );
    growth(
        &mut text,
        "The same chain on stereo, by block size",
        "frames",
        "per frame",
        &rows("scaling/block/"),
        Measurement::frames,
        |frames, _| frames,
        false,
    );
    growth(
        &mut text,
        "The same chain on blocks of 512 frames, by channels",
        "channels",
        "per channel",
        &rows("scaling/channels/"),
        |one| Some(samples(one)? / one.frames()?),
        |channels, _| channels,
        false,
    );
    if !memory.is_empty() {
        let _ = write!(
            text,
            "\nMemory of a process that renders a session block by block (8 strips with compressors, reverb, limiter, loudness \
             meter of constant memory), its largest resident set:\n\n| length | memory | |\n|--:|--:|---|\n"
        );
        for (minutes, kilobytes) in memory {
            let flat = verdict(*kilobytes <= FLAT * memory[0].1);
            let _ = writeln!(text, "| {minutes} min | {:.1} MB | {flat} |", kilobytes / 1024.0);
        }
    }
    let silent = rows("scaling/silence/");
    if !silent.is_empty() {
        let _ = write!(
            text,
            "\nSilence beside sound, every processor, stereo blocks of 512; silence may take {SILENCE} times as long:\n\n\
             | processor | sound | silence | silence / sound | |\n|---|--:|--:|--:|---|\n"
        );
        for silence in silent {
            let sound = silence.id.replacen("/silence/", "/sound/", 1);
            let Some(sound) = measurements.iter().find(|one| one.id == sound) else { continue };
            let ratio = silence.nanoseconds / sound.nanoseconds;
            let name = silence.id.split('/').nth(2).unwrap_or_default();
            let _ = writeln!(
                text,
                "| {name} | {} | {} | {ratio:.2} | {} |",
                time(sound.nanoseconds),
                time(silence.nanoseconds),
                verdict(ratio <= SILENCE)
            );
        }
    }
    if text.is_empty() { text } else { format!("\n## Scaling\n{text}") }
}

fn samples(one: &Measurement) -> Option<f64> {
    match one.work? {
        Work::Samples(samples) => Some(samples),
        Work::Bytes(_) => None,
    }
}

/// A table of one size against the time, whole and by unit; where the time by unit is to be flat, a verdict.
#[allow(clippy::too_many_arguments, reason = "the words and numbers of one table")]
fn growth(
    text: &mut String,
    title: &str,
    what: &str,
    per: &str,
    rows: &[&Measurement],
    size: impl Fn(&Measurement) -> Option<f64>,
    units: impl Fn(f64, &Measurement) -> f64,
    is_to_be_flat: bool,
) {
    if rows.is_empty() {
        return;
    }
    let _ = write!(text, "\n{title}:\n\n| {what} | time | {per} | over the least | |\n|--:|--:|--:|--:|---|\n");
    let mut each: Vec<(f64, f64, f64)> = rows
        .iter()
        .filter_map(|one| {
            let size = size(one)?;
            Some((size, one.nanoseconds, one.nanoseconds / units(size, one)))
        })
        .collect();
    each.sort_by(|a, b| a.0.total_cmp(&b.0));
    let least = each.iter().map(|(.., per)| *per).fold(f64::INFINITY, f64::min);
    for (index, (size, whole, per)) in each.iter().enumerate() {
        // A size must not cost more than smaller ones.
        let smaller = each[..index].iter().map(|(.., per)| *per).fold(f64::INFINITY, f64::min);
        let flat = if is_to_be_flat { verdict(*per <= FLAT * smaller) } else { "" };
        let _ = writeln!(text, "| {size} | {} | {} | {} | {flat} |", time(*whole), time(*per), figures(per / least));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_that_costs_more_per_unit_than_a_smaller_one_is_short() {
        let one = |tracks: usize, nanoseconds| Measurement {
            id: format!("scaling/tracks_{tracks}/f32/2ch/512"),
            nanoseconds,
            work: Some(Work::Samples(512.0 * tracks as f64)),
        };
        let text = section(&[one(1, 100.0), one(16, 2_000.0), one(2, 160.0), one(4, 400.0)], &[(1.0, 2048.0)]);
        let rows: Vec<&str> = text.lines().filter(|line| line.contains("s | ") && line.contains("ns |")).collect();
        assert_eq!(
            rows,
            [
                "| 1 | 100 ns | 100 ns | 1.25 | pass |",
                "| 2 | 160 ns | 80.0 ns | 1.00 | pass |",
                "| 4 | 400 ns | 100 ns | 1.25 | **short** |",
                "| 16 | 2.00 µs | 125 ns | 1.56 | **short** |",
            ]
        );
        assert!(text.contains("| 1 min | 2.0 MB | pass |"));
        assert_eq!(section(&[], &[]), "");
    }

    #[test]
    fn silence_is_compared_with_sound_of_the_same_processor() {
        let one = |id: &str, nanoseconds| Measurement { id: id.into(), nanoseconds, work: None };
        let run = [
            one("scaling/silence/Gain/f32/2ch/512", 16.0),
            one("scaling/sound/Gain/f32/2ch/512", 10.0),
            one("scaling/silence/Pan/f32/2ch/512", 5.0),
            one("scaling/sound/Pan/f32/2ch/512", 10.0),
        ];
        let text = section(&run, &[]);
        assert!(text.contains("| Gain | 10.0 ns | 16.0 ns | 1.60 | **short** |"), "{text}");
        assert!(text.contains("| Pan | 10.0 ns | 5.00 ns | 0.50 | pass |"), "{text}");
    }
}
