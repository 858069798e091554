//! EBU Tech 3341 v4, Tech 3342 (11/2023) and ITU-R BS.2217, test by test; names are case numbers.
//!
//! The signals are synthesised from the text. Every value must meet the standard's tolerance and ours, at five sample
//! rates, in f32 and f64 (long programmes: see [`LONG_S`]), whole and streamed in odd blocks. Cases 7 and 8 of Tech
//! 3341, and 5 and 6 of Tech 3342, are recordings of programmes and not included.

mod controls;

use crate::standards::{Case, RATES_HZ, cases};
use mixdown::{Sample, meters::Precision};

/// Longer programmes are played in f64 at 44.1 and 48 kHz only: the meter converts every sample to f64 first, so the
/// format adds nothing beyond the shorter cases at the higher rates.
const LONG_S: f64 = 30.0;

/// All cases whose name starts with `name`.
fn conforms(name: &str) {
    let mut cases: Vec<Case> = cases().into_iter().filter(|case| case.name.starts_with(name)).collect();
    // The cases of the high precision hold for the reference too.
    let high = cases.iter().filter(|case| case.precision == Precision::High).cloned();
    let finest: Vec<Case> = high.map(|case| Case { precision: Precision::Reference, ..case }).collect();
    cases.extend(finest);
    assert!(!cases.is_empty(), "no case {name}");
    for case in &cases {
        for rate_hz in RATES_HZ {
            let seconds = check::<f32>(case, rate_hz);
            if seconds <= LONG_S || rate_hz <= 48_000.0 {
                check::<f64>(case, rate_hz);
            }
        }
    }
}

/// Returns the length in seconds.
fn check<S: Sample>(case: &Case, rate_hz: f64) -> f64 {
    let audio = case.audio::<S>(rate_hz);
    let whole = case.readings(rate_hz, &audio, || usize::MAX);
    let mut length = 1;
    let streamed = case.readings(rate_hz, &audio, || {
        length = (length * 7 + 5) % 4_801;
        length.max(1)
    });
    assert_eq!(whole, streamed, "{} at {rate_hz}: other bits in odd blocks", case.name);
    for (reading, (_, asks)) in std::iter::zip(&whole, &case.sections) {
        for ask in asks {
            let value = ask.of(reading);
            println!("{} at {rate_hz}: {value:.4}, {ask:?}", case.name);
            assert!(ask.meets_standard(value), "{} at {rate_hz}: {value}, standard {ask:?}", case.name);
            assert!(ask.meets_ours(value), "{} at {rate_hz}: {value}, exact {ask:?}", case.name);
            assert!(reading.true_peak_dbtp.is_none_or(|peak| peak >= reading.sample_peak_dbfs));
        }
    }
    audio.iter().map(|audio| audio.channels()[0].len() as f64).sum::<f64>() / rate_hz
}

macro_rules! conformance {
    ($($test:ident: $name:literal,)*) => {
        $(
            #[test]
            fn $test() {
                conforms($name);
            }
        )*

        #[test]
        fn every_case_has_a_test() {
            let names = [$($name),*];
            for case in cases() {
                assert_eq!(names.iter().filter(|name| case.name.starts_with(**name)).count(), 1, "{}", case.name);
            }
        }
    };
}

conformance! {
    tech3341_01_tone_at_minus_23: "3341-01",
    tech3341_02_tone_at_minus_33: "3341-02",
    tech3341_03_relative_gate: "3341-03",
    tech3341_04_both_gates: "3341-04",
    tech3341_05_means_are_of_energies: "3341-05",
    tech3341_06_surround: "3341-06",
    tech3341_09_short_term_is_constant: "3341-09",
    tech3341_10_max_short_term_anywhere: "3341-10",
    tech3341_11_max_short_term_live: "3341-11",
    tech3341_12_momentary_is_constant: "3341-12",
    tech3341_13_max_momentary_anywhere: "3341-13",
    tech3341_14_max_momentary_live: "3341-14",
    tech3341_15_true_peak_fs_4: "3341-15",
    tech3341_16_true_peak_fs_4_at_45_degrees: "3341-16",
    tech3341_17_true_peak_fs_6_at_60_degrees: "3341-17",
    tech3341_18_true_peak_fs_8_at_67_degrees: "3341-18",
    tech3341_19_true_peak_above_full_scale: "3341-19",
    tech3341_20_true_peak_of_one_period: "3341-20",
    tech3341_21_true_peak_of_one_period: "3341-21",
    tech3341_22_true_peak_of_one_period: "3341-22",
    tech3341_23_true_peak_of_one_period: "3341-23",
    tech3342_01_range_10: "3342-01",
    tech3342_02_range_5: "3342-02",
    tech3342_03_range_20: "3342-03",
    tech3342_04_range_15: "3342-04",
    bs2217_tones: "2217 tone",
    bs2217_channels_of_5_1: "2217 5.1",
    bs2217_channels_of_7_1: "2217 7.1",
    bs2217_relative_gate: "2217 RelGate",
    bs2217_absolute_gate: "2217 AbsGate",
    bs1770_calibration: "1770 calibration",
    extra_gate_of_minus_10_not_minus_8: "gate of -10 LU, not -8",
    extra_gate_of_minus_70: "gate of -70 LUFS",
}

#[test]
fn curves_hold_complete_windows_only() {
    for (name, windows) in [("3341-09", 121), ("3341-12", 97)] {
        let case = cases().into_iter().find(|case| case.name == name).unwrap();
        let reading = &case.readings(48_000.0, &case.audio::<f32>(48_000.0), || usize::MAX)[0];
        let curve = if windows == 121 { &reading.short_term_lufs } else { &reading.momentary_lufs };
        assert_eq!(curve.iter().filter(|value| **value > f64::NEG_INFINITY).count(), windows, "{name}");
    }
}
