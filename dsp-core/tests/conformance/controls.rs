//! Meters that are wrong on purpose, each of which must fail the cases named with it and no other, so that the cases
//! can tell right from wrong. All are computed literally from energies, 100 ms by 100 ms at 48 kHz, without our meter.

use crate::standards::{
    Ask, Case, Figure, cases,
    weighting::{PRINTED, lufs},
};
use mixdown::meters::{Loudness, Precision};
use std::f64::consts::PI;

const RATE_HZ: f64 = 48_000.0;
/// Frames in 100 ms.
const HOP: usize = 4_800;
/// The literal meter and ours differ by rounding alone.
const ROUNDING_LU: f64 = 1e-6;
/// A numerator and a denominator.
type Section = [[f64; 3]; 2];

/// A literal meter of integrated loudness. `RIGHT` follows the standard.
#[derive(Clone, Copy)]
struct Literal {
    weighting: [Section; 2],
    absolute_lufs: f64,
    relative_lu: f64,
    /// From block to block, in tenths of a second.
    hop: usize,
    /// Weights of the layouts with sides and rears, by count of channels.
    weights: fn(usize) -> &'static [f64],
}

const RIGHT: Literal = Literal {
    weighting: PRINTED,
    absolute_lufs: -70.0,
    relative_lu: -10.0,
    hop: 1,
    weights: |channels| match channels {
        5 => &[1.0, 1.0, 1.0, 1.41, 1.41],
        6 => &[1.0, 1.0, 1.0, 0.0, 1.41, 1.41],
        8 => &[1.0, 1.0, 1.0, 0.0, 1.0, 1.0, 1.41, 1.41],
        _ => &[1.0, 1.0],
    },
};

/// Weighted energy of each complete 100 ms of each channel.
type Energies = Vec<Vec<f64>>;

fn energies(case: &Case, weighting: [Section; 2]) -> Energies {
    let audio = case.audio::<f64>(RATE_HZ);
    let energy = |samples: &&[f64]| {
        let mut weighted = samples.to_vec();
        for [b, a] in weighting {
            // Direct form I, as written in the standard's figures.
            let (mut x1, mut x2, mut y1, mut y2) = (0.0, 0.0, 0.0, 0.0);
            for sample in &mut weighted {
                let x = *sample;
                let y = b[0] * x + b[1] * x1 + b[2] * x2 - a[1] * y1 - a[2] * y2;
                (x2, x1, y2, y1) = (x1, x, y1, y);
                *sample = y;
            }
        }
        weighted.chunks_exact(HOP).map(|hop| hop.iter().map(|y| y * y).sum()).collect()
    };
    audio[0].channels().iter().map(energy).collect()
}

impl Literal {
    fn integrated(&self, energies: &Energies) -> f64 {
        let weights = (self.weights)(energies.len());
        let hops: Vec<f64> = (0..energies[0].len())
            .map(|hop| std::iter::zip(weights, energies).map(|(weight, channel)| weight * channel[hop]).sum())
            .collect();
        let blocks: Vec<f64> =
            hops.windows(4).step_by(self.hop).map(|block| block.iter().sum::<f64>() / (4 * HOP) as f64).collect();
        let mean_above = |gate: f64| {
            let kept: Vec<f64> = blocks.iter().copied().filter(|z| lufs(*z) > gate).collect();
            kept.iter().sum::<f64>() / kept.len().max(1) as f64
        };
        let relative = lufs(mean_above(self.absolute_lufs)) + self.relative_lu;
        lufs(mean_above(relative.max(self.absolute_lufs)))
    }
}

/// The cases of integrated loudness, with the energies of all channels.
fn integrated_cases(weighting: [Section; 2]) -> Vec<(Case, Ask, Energies)> {
    let asks_for_it = |case: Case| {
        let ask = case.sections[0].1.iter().find(|ask| ask.figure == Figure::Integrated)?.clone();
        let energies = energies(&case, weighting);
        Some((case, ask, energies))
    };
    cases().into_iter().filter_map(asks_for_it).collect()
}

#[test]
fn the_literal_meter_passes_and_agrees_with_ours() {
    for (case, ask, energies) in integrated_cases(PRINTED) {
        let literal = RIGHT.integrated(&energies);
        assert!(ask.meets_standard(literal) && ask.meets_ours(literal), "{}: {literal}, {ask:?}", case.name);
        let ours = case.readings(RATE_HZ, &case.audio::<f64>(RATE_HZ), || usize::MAX)[0].integrated_lufs;
        assert!(ours == literal || (ours - literal).abs() < ROUNDING_LU, "{}: {ours}, literal {literal}", case.name);
    }
}

#[test]
fn wrong_gates_and_weights_fail() {
    let cases = integrated_cases(PRINTED);
    let never = f64::NEG_INFINITY;
    let wrong: [(&str, Literal, &[&str]); 9] = [
        ("no relative gate", Literal { relative_lu: never, ..RIGHT }, &["3341-03", "3341-04", "2217 RelGate"]),
        (
            "no absolute gate",
            Literal { absolute_lufs: never, ..RIGHT },
            &["2217 RelGate", "2217 AbsGate", "gate of -70 LUFS"],
        ),
        ("gate of -8 LU", Literal { relative_lu: -8.0, ..RIGHT }, &["2217 RelGate", "gate of -10 LU, not -8"]),
        ("blocks without overlap", Literal { hop: 4, ..RIGHT }, &["2217 RelGate"]),
        ("overlap of 50 %", Literal { hop: 2, ..RIGHT }, &["2217 RelGate"]),
        (
            "sides weigh 1",
            Literal {
                weights: |channels| {
                    if channels == 8 { &[1., 1., 1., 0., 1., 1., 1., 1.] } else { &[1., 1., 1., 0., 1., 1.] }
                },
                ..RIGHT
            },
            &["3341-06", "2217 5.1 Ls", "2217 5.1 Rs", "2217 7.1 Ls", "2217 7.1 Rs"],
        ),
        (
            "low-frequency effects count",
            Literal {
                weights: |channels| match channels {
                    6 => &[1.0, 1.0, 1.0, 1.0, 1.41, 1.41],
                    8 => &[1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.41, 1.41],
                    other => (RIGHT.weights)(other),
                },
                ..RIGHT
            },
            &["2217 5.1 LFE", "2217 7.1 LFE"],
        ),
        (
            "rears weigh as much as sides",
            Literal {
                weights: |channels| match channels {
                    8 => &[1.0, 1.0, 1.0, 0.0, 1.41, 1.41, 1.41, 1.41],
                    other => (RIGHT.weights)(other),
                },
                ..RIGHT
            },
            &["2217 7.1 Lb", "2217 7.1 Rb"],
        ),
        ("none", RIGHT, &[]),
    ];
    for (what, literal, expected) in wrong {
        let mut failed: Vec<&str> = Vec::new();
        for (case, ask, energies) in &cases {
            let value = literal.integrated(energies);
            if !ask.meets_standard(value) {
                println!("{what}: {} reads {value:.2}, not {:.2}", case.name, ask.nominal);
                failed.push(&case.name);
            }
        }
        assert_eq!(failed, expected, "{what}");
    }
}

/// The audio cookbook's high shelf of 4 dB at 1.5 kHz and high-pass at 38 Hz, sometimes used as K-weighting.
fn cookbook() -> [Section; 2] {
    let section = |frequency_hz: f64, q: f64| {
        let w = 2.0 * PI * frequency_hz / RATE_HZ;
        (w.cos(), w.sin() / (2.0 * q))
    };
    let (cos, alpha) = section(1_500.0, 0.5_f64.sqrt());
    let a = 10_f64.powf(4.0 / 40.0);
    let root = 2.0 * a.sqrt() * alpha;
    let shelf = [
        [
            a * ((a + 1.0) + (a - 1.0) * cos + root),
            -2.0 * a * ((a - 1.0) + (a + 1.0) * cos),
            a * ((a + 1.0) + (a - 1.0) * cos - root),
        ],
        [(a + 1.0) - (a - 1.0) * cos + root, 2.0 * ((a - 1.0) - (a + 1.0) * cos), (a + 1.0) - (a - 1.0) * cos - root],
    ];
    let (cos, alpha) = section(38.0, 0.5);
    let high_pass = [[(1.0 + cos) / 2.0, -(1.0 + cos), (1.0 + cos) / 2.0], [1.0 + alpha, -2.0 * cos, 1.0 - alpha]];
    [shelf, high_pass].map(|[b, a]| [b.map(|x| x / a[0]), a.map(|x| x / a[0])])
}

#[test]
fn cookbook_filters_meet_the_standard_and_miss_our_tolerance() {
    let literal = Literal { weighting: cookbook(), ..RIGHT };
    let (mut missed, mut steady) = (0, 0);
    for (case, ask, energies) in integrated_cases(literal.weighting) {
        if case.name.starts_with("3341") {
            let value = literal.integrated(&energies);
            println!("{}: {value:.3}, exact {:.3}", case.name, ask.exact);
            steady += 1;
            missed += u32::from(ask.meets_standard(value) && !ask.meets_ours(value));
        }
    }
    assert_eq!((missed, steady), (6, 6));
}

/// Number of files of a case that fail for the value that `value` computes from the reading.
fn failures(name: &str, value: impl Fn(&Loudness) -> f64) -> usize {
    let mut failed = 0;
    for case in cases().into_iter().filter(|case| case.name == name && case.precision != Precision::Standard) {
        let readings = case.readings(RATE_HZ, &case.audio::<f32>(RATE_HZ), || usize::MAX);
        for (reading, (_, asks)) in std::iter::zip(&readings, &case.sections) {
            failed += asks.iter().filter(|ask| !ask.meets_standard(value(reading))).count();
        }
    }
    failed
}

#[test]
fn momentary_maxima_every_100_ms_fail_13_and_14() {
    let coarse = |reading: &Loudness| reading.momentary_lufs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    assert_eq!(failures("3341-13", coarse), 16);
    assert_eq!(failures("3341-14", coarse), 16);
    // Short-term maxima may come every 100 ms.
    let coarse = |reading: &Loudness| reading.short_term_lufs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    assert_eq!(failures("3341-10", coarse) + failures("3341-11", coarse), 0);
}

#[test]
fn sample_peaks_fail_where_crests_fall_between_samples() {
    let failed: Vec<i32> = (15..=23)
        .filter(|number| failures(&format!("3341-{number}"), |reading| reading.sample_peak_dbfs) > 0)
        .collect();
    // Cases 15 and 20 have a sample on the crest.
    assert_eq!(failed, [16, 17, 18, 19, 21, 22, 23]);
}
