//! Scans of the designs over the whole legal range of their settings.

use super::*;
use crate::filters::butterworth::{MAX_ORDER, sections};
use std::{format, print, println, string::String, vec::Vec};

/// No response exceeds the largest gain of its prototype by more, anywhere up to half the rate.
const E3_OVERSHOOT_DB: f64 = 0.5;
/// Worst errors from 20 Hz to 20 kHz where the analog curve is above -60 dB, over all legal settings from 44.1 kHz on:
/// measured, and rounded up to the next 0.05 dB.
const E4_BELL_DB: f64 = 0.3;
const E4_TILT_DB: f64 = 0.5;
const E4_NOTCH_DB: f64 = 0.75;
const E4_BAND_PASS_DB: f64 = 0.65;
/// Shelves of a q up to [`E4_SHELF_Q`] and a frequency up to [`E4_SHELF_HZ`]; of the same q, beyond the frequency; of a q
/// up to [`E4_STEEP_SHELF_Q`].
const E4_SHELF_DB: f64 = 0.5;
const E4_SHELF_EDGE_DB: f64 = 0.6;
const E4_STEEP_SHELF_DB: f64 = 1.0;
const E4_SHELF_Q: f64 = 2.5;
const E4_STEEP_SHELF_Q: f64 = 4.0;
const E4_SHELF_HZ: f64 = 21_000.0;
/// Up to 24, 48 and 96 dB per octave.
const E4_LOW_PASS_DB: [f64; 3] = [0.4, 0.5, 0.7];
const E4_HIGH_PASS_DB: [f64; 3] = [0.55, 0.9, 1.2];
/// The same at 88.2 kHz and above, for all but shelves of a q above [`E4_SHELF_Q`].
const E4_HIGH_RATE_DB: f64 = 0.35;
/// SOUND 3.3.
const HALF_POWER_DB: f64 = 0.02;
const SLOPE_DB: f64 = 0.5;
/// "Above -60 dB".
const AUDIBLE: f64 = 1e-6;
/// Settings that differ by rounding only.
const SLACK: f64 = 1.0 + 1e-9;

fn logspace(from: f64, to: f64, points: usize) -> Vec<f64> {
    let step = libm::log(to / from) / (points - 1) as f64;
    (0..points).map(|i| from * libm::exp(step * i as f64)).collect()
}

fn power_db(power: f64) -> f64 {
    10.0 * libm::log10(power.max(1e-30))
}

/// The sections of a Butterworth filter.
fn cascade(order: usize, high: bool, frequency_hz: f64, sample_rate_hz: f64) -> Vec<BiquadCoeffs> {
    let mut stages: Vec<Stage> = Vec::new();
    for section in sections(order) {
        let next = if high {
            next_high_pass(&stages, section, frequency_hz, sample_rate_hz)
        } else {
            next_low_pass(&stages, section, frequency_hz, sample_rate_hz)
        };
        stages.push(next);
    }
    stages.into_iter().map(|(_, section)| section).collect()
}

/// Design of a section from (frequency_hz, gain_db, q, sample_rate_hz); prototype from (gain_db, q); whether it has a
/// gain, and a q.
type Kind = (&'static str, fn(f64, f64, f64, f64) -> BiquadCoeffs, fn(f64, f64) -> Prototype, bool, bool);

const KINDS: [Kind; 8] = [
    ("bell", bell, Prototype::bell, true, true),
    ("low shelf", low_shelf, Prototype::low_shelf, true, true),
    ("high shelf", high_shelf, Prototype::high_shelf, true, true),
    ("band pass", |f, _, q, fs| band_pass(f, q, fs), |_, q| Prototype::band_pass(q), false, true),
    ("notch", |f, _, q, fs| notch(f, q, fs), |_, q| Prototype::notch(q), false, true),
    ("low pass", |f, _, q, fs| low_pass(f, q, fs), |_, q| Prototype::low_pass(q), false, true),
    ("high pass", |f, _, q, fs| high_pass(f, q, fs), |_, q| Prototype::high_pass(q), false, true),
    ("tilt", |f, gain_db, _, fs| tilt(f, gain_db, fs), |gain_db, _| Prototype::tilt(gain_db), true, false),
];

fn settings((_, _, _, gain, q): Kind) -> Vec<(f64, f64)> {
    let gains_db: &[f64] =
        if gain { &[-24.0, -18.0, -12.0, -6.0, -1.0, 1.0, 3.0, 6.0, 9.0, 12.0, 15.0, 18.0, 24.0] } else { &[0.0] };
    let qs = if q { logspace(0.1, 40.0, 13) } else { [1.0].into() };
    gains_db.iter().flat_map(|&gain_db| qs.iter().map(move |&q| (gain_db, q))).collect()
}

/// Frequencies to look at: even from 0 to half the rate, in octaves, and around the band.
fn places(fc: f64, fs: f64, lowest_hz: f64, highest_hz: f64) -> Vec<f64> {
    let even = (0..=100).map(|n| 0.005 * f64::from(n) * fs);
    let mut places: Vec<f64> =
        even.chain(logspace(20.0, 0.5 * fs, 120)).chain(logspace(0.7 * fc, 1.4 * fc, 60)).collect();
    places.retain(|hz| (lowest_hz..=highest_hz * SLACK).contains(hz) && *hz <= 0.5 * fs);
    places
}

#[test]
fn e3_no_response_exceeds_its_prototype_by_more_than_half_a_db_up_to_half_the_rate() {
    for fs in [8_000.0_f64, 22_050.0, 44_100.0, 48_000.0, 96_000.0, 192_000.0, 384_000.0] {
        let highest = (0.49 * fs).min(22_000.0);
        let mut worst = (0.0, String::new());
        let mut note = |over_db: f64, what: &dyn Fn() -> String| {
            if over_db > worst.0 || over_db.is_nan() {
                worst = (over_db, what());
            }
        };
        for fc in logspace(10.0, highest, 41) {
            let places = places(fc, fs, 0.0, 0.5 * fs);
            for kind in KINDS {
                let (name, design, analog, ..) = kind;
                for (gain_db, q) in settings(kind) {
                    let (section, [_, largest]) = (design(fc, gain_db, q, fs), analog(gain_db, q).extremes());
                    let peak = places.iter().map(|hz| section.response(*hz, fs).norm_sqr()).fold(0.0, f64::max);
                    note(power_db(peak / largest), &|| format!("{name} at {fc:.0} Hz, {gain_db} dB, q {q:.2}"));
                }
            }
            for (order, high) in (1..=MAX_ORDER).flat_map(|order| [(order, false), (order, true)]) {
                let sections = cascade(order, high, fc, fs);
                let power = |hz: &f64| sections.iter().map(|s| s.response(*hz, fs).norm_sqr()).product::<f64>();
                let peak = places.iter().map(power).fold(0.0, f64::max);
                note(power_db(peak), &|| format!("order {order}, high pass {high}, at {fc:.0} Hz"));
            }
        }
        println!("{fs} Hz: {:.2} dB, {}", worst.0, worst.1);
        assert!(worst.0 <= E3_OVERSHOOT_DB, "{fs} Hz: {} dB, {}", worst.0, worst.1);
    }
}

/// The worst error from 20 Hz to 20 kHz.
fn error_db(actual: impl Fn(f64) -> f64, wanted: impl Fn(f64) -> f64, fc: f64, fs: f64) -> f64 {
    let highest = 20_000.0_f64.min(0.4535 * fs);
    let of = |hz: f64| {
        let wanted = wanted(hz);
        if wanted < AUDIBLE { 0.0 } else { power_db(actual(hz) / wanted).abs() }
    };
    places(fc, fs, 20.0, highest).into_iter().map(of).fold(0.0, f64::max)
}

#[test]
fn e4_every_legal_setting_follows_the_analog_curve_as_far_as_the_card_says() {
    for fs in [44_100.0_f64, 48_000.0, 88_200.0, 96_000.0, 192_000.0] {
        let highest = (0.49 * fs).min(22_000.0);
        print!("{fs} Hz:");
        for kind in KINDS {
            let (name, design, analog, ..) = kind;
            // Passes are scanned by their slopes below, shelves by their q in a test of their own.
            if name.ends_with("pass") && name != "band pass" || name.ends_with("shelf") {
                continue;
            }
            let mut worst = 0.0_f64;
            for fc in logspace(10.0, highest, 41) {
                for (gain_db, q) in settings(kind) {
                    let (section, prototype) = (design(fc, gain_db, q, fs), analog(gain_db, q));
                    let actual = |hz| section.response(hz, fs).norm_sqr();
                    worst = worst.max(error_db(actual, |hz| prototype.power((hz / fc) * (hz / fc)), fc, fs));
                }
            }
            let limit = match name {
                _ if fs > 80_000.0 => E4_HIGH_RATE_DB,
                "bell" => E4_BELL_DB,
                "tilt" => E4_TILT_DB,
                "notch" => E4_NOTCH_DB,
                _ => E4_BAND_PASS_DB,
            };
            print!(" {name} {worst:.2},");
            assert!(worst <= limit, "{fs} Hz: {name} {worst} dB");
        }
        for (high, limits) in [(false, E4_LOW_PASS_DB), (true, E4_HIGH_PASS_DB)] {
            let mut worst = [0.0_f64; 3];
            for fc in logspace(10.0, highest, 41) {
                for order in 1..=MAX_ORDER {
                    let sections = cascade(order, high, fc, fs);
                    let actual = |hz| sections.iter().map(|s| s.response(hz, fs).norm_sqr()).product::<f64>();
                    let wanted = |hz: f64| {
                        let ratio = if high { fc / hz } else { hz / fc };
                        1.0 / (1.0 + libm::pow(ratio, 2.0 * order as f64))
                    };
                    let group = if order <= 4 {
                        0
                    } else if order <= 8 {
                        1
                    } else {
                        2
                    };
                    worst[group] = worst[group].max(error_db(actual, wanted, fc, fs));
                }
            }
            print!(" {} pass {worst:.2?},", if high { "high" } else { "low" });
            for (worst, limit) in worst.into_iter().zip(limits) {
                let limit = if fs > 80_000.0 { E4_HIGH_RATE_DB } else { limit };
                assert!(worst <= limit, "{fs} Hz: high pass {high} {worst} dB");
            }
        }
        println!();
    }
}

/// The ranges of q and frequency that the card states, and that they are no smaller than they might be.
#[test]
fn e4_shelves_follow_the_analog_curve_in_the_range_of_the_card() {
    for fs in [44_100.0_f64, 48_000.0, 88_200.0, 96_000.0, 192_000.0] {
        // Up to 21 kHz, and beyond.
        let mut frequencies = logspace(10.0, E4_SHELF_HZ, 37);
        frequencies.extend([21_300.0, (0.49 * fs).min(22_000.0)]);
        print!("{fs} Hz:");
        let mut beyond = 0.0_f64;
        for q in [0.1, 0.2, 0.35, 0.5, 0.7, 1.0, 1.5, 2.0, E4_SHELF_Q, 3.0, 3.5, E4_STEEP_SHELF_Q, 10.0] {
            let mut worst = [0.0_f64; 2];
            for &fc in &frequencies {
                // Cuts are the reciprocals of boosts.
                for gain_db in [1.0, 3.0, 6.0, 9.0, 12.0, 18.0, 21.0, 24.0] {
                    let high = (high_shelf(fc, gain_db, q, fs), Prototype::high_shelf(gain_db, q));
                    let low = (low_shelf(fc, gain_db, q, fs), Prototype::low_shelf(gain_db, q));
                    for (section, prototype) in [high, low] {
                        let actual = |hz| section.response(hz, fs).norm_sqr();
                        let error = error_db(actual, |hz| prototype.power((hz / fc) * (hz / fc)), fc, fs);
                        let edge = usize::from(fc > E4_SHELF_HZ * SLACK);
                        worst[edge] = worst[edge].max(error);
                    }
                }
            }
            print!(" q {q} {worst:.2?},");
            let limits = match q {
                _ if q <= E4_SHELF_Q && fs > 80_000.0 => [E4_HIGH_RATE_DB; 2],
                _ if q <= E4_SHELF_Q => [E4_SHELF_DB, E4_SHELF_EDGE_DB],
                _ if q <= E4_STEEP_SHELF_Q => [E4_STEEP_SHELF_DB; 2],
                _ => [f64::INFINITY; 2],
            };
            assert!(worst[0] <= limits[0] && worst[1] <= limits[1], "{fs} Hz: q {q} {worst:?} dB");
            if q > E4_SHELF_Q {
                beyond = beyond.max(worst[0]);
            }
        }
        println!();
        if fs == 44_100.0 {
            assert!(beyond > E4_STEEP_SHELF_DB, "{beyond} dB: the card could promise more");
        }
    }
}

/// Gain in dB of a Butterworth cascade.
fn cascade_db(order: usize, high: bool, fc: f64, fs: f64, f: f64) -> f64 {
    cascade(order, high, fc, fs).iter().map(|section| power_db(section.response(f, fs).norm_sqr())).sum()
}

#[test]
fn butterworth_cascades_have_half_power_and_their_slope() {
    for fs in [44_100.0, 48_000.0, 96_000.0, 192_000.0] {
        for order in 1..=MAX_ORDER {
            let at = |high, f| cascade_db(order, high, 1_000.0, fs, f);
            for (high, far) in [(false, 4_000.0), (true, 250.0)] {
                let corner_db = at(high, 1_000.0);
                assert!((corner_db - power_db(0.5)).abs() < HALF_POWER_DB, "{order}: {corner_db}");
                // Per octave around the point two octaves away, against the analog filter's slope there.
                let half_octave = core::f64::consts::SQRT_2;
                let slope_db = (at(high, far / half_octave) - at(high, far * half_octave)).abs();
                let analog = |ratio: f64| power_db(1.0 + libm::pow(ratio, 2.0 * order as f64));
                let wanted_db = analog(4.0 * half_octave) - analog(4.0 / half_octave);
                assert!((slope_db - wanted_db).abs() < SLOPE_DB, "{order}: {slope_db} {wanted_db}");
                assert!((slope_db - 6.0206 * order as f64).abs() < SLOPE_DB, "{order}: {slope_db}");
            }
        }
    }
}
