//! The automatic gain of `Saturator` follows levels and settings, and remembers no burst.

use super::*;
use crate::{common::noise, signals::programme, standards::weighting::PRINTED};
use std::ops::Range;

const RATE_HZ: f64 = 48_000.0;

fn frames(seconds: f64) -> usize {
    (seconds * RATE_HZ) as usize
}

/// K-weighted.
fn weighted(sound: &[f64]) -> Vec<f64> {
    let mut out = sound.to_vec();
    for [b, a] in PRINTED {
        let mut states = [0.0; 2];
        for x in &mut out {
            let y = b[0] * *x + states[0];
            states = [b[1] * *x - a[1] * y + states[1], b[2] * *x - a[2] * y];
            *x = y;
        }
    }
    out
}

/// By how much the output is louder than the input.
struct Change {
    input: Vec<f64>,
    output: Vec<f64>,
}

impl Change {
    /// `settings` hold from their frames on.
    fn of(settings: &[(f64, SaturatorParams)], sound: &[f64]) -> Self {
        let (_, first) = settings[0];
        let mut saturator = first.build::<f64>(&StreamSpec::new(RATE_HZ, 1).unwrap()).unwrap();
        let latency = saturator.latency_frames();
        let mut out = [sound, &vec![0.0; latency]].concat();
        let ends = settings[1..].iter().map(|(at_s, _)| frames(*at_s)).chain([out.len()]);
        let mut block = BlockMut::from_planar(&mut out, 1).unwrap();
        let mut start = 0;
        for ((_, params), end) in settings.iter().zip(ends) {
            saturator.set_params(params).unwrap();
            saturator.process(&mut block.frames_mut(start, end - start));
            start = end;
        }
        Self { input: weighted(sound), output: weighted(&out[latency..]) }
    }

    fn db(&self, seconds: Range<f64>) -> f64 {
        let range = frames(seconds.start)..frames(seconds.end).min(self.input.len());
        db(rms(&self.output[range.clone()]) / rms(&self.input[range]))
    }
}

fn rms(sound: &[f64]) -> f64 {
    (sound.iter().map(|x| x * x).sum::<f64>() / sound.len() as f64).sqrt()
}

fn sine(hz: f64, level_db: f64, seconds: f64) -> Vec<f64> {
    (0..frames(seconds)).map(|n| db_to_gain(level_db) * (TAU * hz * n as f64 / RATE_HZ).sin()).collect()
}

/// Pink noise of an RMS level: Paul Kellet's filter.
fn pink(level_db: f64, seconds: f64) -> Vec<f64> {
    let mut b = [0.0; 3];
    let sound: Vec<f64> = noise(8, frames(seconds))
        .iter()
        .map(|white| {
            b = [
                0.997_65 * b[0] + white * 0.099_046,
                0.963 * b[1] + white * 0.296_516_4,
                0.57 * b[2] + white * 1.052_691_3,
            ];
            b.iter().sum::<f64>() + white * 0.1848
        })
        .collect();
    let gain = db_to_gain(level_db) / rms(&sound);
    sound.iter().map(|x| gain * x).collect()
}

fn automatic(curve: SaturatorCurve, drive_db: f64) -> SaturatorParams {
    SaturatorParams { curve, drive_db, auto_gain: true, ..Default::default() }
}

#[test]
fn a_loud_passage_is_forgotten() {
    const LIMITS_DB: [(Range<f64>, f64); 2] = [(1.0..1.4, 1.5), (3.0..3.4, 0.5)];
    for curve in CURVES {
        for drive_db in [12.0, 24.0, 36.0] {
            let sound = [sine(300.0, -3.0, 5.0), sine(300.0, -40.0, 3.5)].concat();
            let change = Change::of(&[(0.0, automatic(curve, drive_db))], &sound);
            for (after_s, limit_db) in LIMITS_DB {
                let louder_db = change.db(5.0 + after_s.start..5.0 + after_s.end);
                println!("{curve:?} {drive_db} dB, {} s after a drop of 37 dB: {louder_db:.2} dB", after_s.start);
                assert!(louder_db.abs() <= limit_db, "{curve:?} {drive_db} {after_s:?}: {louder_db}");
            }
        }
    }
}

#[test]
fn a_change_of_drive_is_no_change_of_loudness() {
    const LIMITS_DB: [(Range<f64>, f64); 3] = [(0.0..0.1, 3.0), (0.1..0.5, 3.0), (2.0..2.4, 1.0)];
    for curve in CURVES {
        for (name, sound) in [("tone", sine(300.0, -20.0, 5.5)), ("noise", pink(-20.0, 5.5))] {
            for [from_db, to_db] in [[0.0, 36.0], [36.0, 0.0]] {
                let change = Change::of(&[(0.0, automatic(curve, from_db)), (3.0, automatic(curve, to_db))], &sound);
                for (after_s, limit_db) in LIMITS_DB {
                    let louder_db = change.db(3.0 + after_s.start..3.0 + after_s.end);
                    println!("{curve:?} {name}, {from_db} to {to_db} dB, {after_s:?} s: {louder_db:.2} dB");
                    assert!(louder_db.abs() <= limit_db, "{curve:?} {name} {from_db} {after_s:?}: {louder_db}");
                }
            }
        }
    }
}

#[test]
fn a_quiet_start_is_matched_at_once() {
    for curve in CURVES {
        for (level_db, drive_db) in [(-60.0, 24.0), (-40.0, 36.0), (-3.0, 24.0)] {
            let change = Change::of(&[(0.0, automatic(curve, drive_db))], &sine(300.0, level_db, 3.5));
            for start in [0.3, 1.0, 3.0] {
                let louder_db = change.db(start..start + 0.4);
                println!("{curve:?} {drive_db} dB, from the start at {level_db} dB, {start} s: {louder_db:.2} dB");
                assert!(louder_db.abs() <= 1.0, "{curve:?} {drive_db} {level_db} {start}: {louder_db}");
            }
        }
    }
}

#[test]
fn no_burst_is_remembered() {
    for curve in CURVES {
        for burst in [db_to_gain(20.0), 3e38] {
            for drive_db in [6.0, 24.0] {
                let mut sound = pink(-30.0, 8.0);
                for (x, noise) in sound[frames(3.0)..frames(3.25)].iter_mut().zip(noise(3, frames(0.25))) {
                    *x = burst * noise;
                }
                let change = Change::of(&[(0.0, automatic(curve, drive_db))], &sound);
                let louder_db = change.db(6.25..7.5);
                println!("{curve:?} {drive_db} dB, 3 s after a burst of {burst:.0}: {louder_db:.2} dB");
                assert!(louder_db.abs() <= 1.0, "{curve:?} {drive_db} {burst}: {louder_db}");
            }
        }
    }
}

#[test]
fn steady_sound_is_as_loud_as_it_was() {
    for curve in CURVES {
        for drive_db in [6.0, 12.0, 24.0, 36.0] {
            for bias in [0.0, 0.3] {
                let music = programme::<f64>(RATE_HZ, 9.0, 4.0);
                let music = music[..frames(9.0)].to_vec();
                for (name, sound) in [("noise", pink(-18.0, 9.0)), ("programme", music)] {
                    let params = SaturatorParams { bias, ..automatic(curve, drive_db) };
                    let louder_db = Change::of(&[(0.0, params)], &sound).db(6.0..9.0);
                    println!("{curve:?} {drive_db} dB, bias {bias}, steady {name}: {louder_db:.2} dB");
                    assert!(louder_db.abs() <= 0.5, "{curve:?} {drive_db} {bias} {name}: {louder_db}");
                }
            }
        }
    }
}

#[test]
fn it_never_adds_more_than_6_db() {
    for curve in CURVES {
        let sound: Vec<f64> = sine(90.0, 30.0, 2.0);
        let (out, _) = through(&SaturatorParams { oversample: 1, ..automatic(curve, 24.0) }, RATE_HZ, &sound);
        let loudest = out.iter().fold(0.0_f64, |most, x| most.max(x.abs()));
        assert!(loudest <= db_to_gain(6.001), "{curve:?}: {loudest}");
    }
}
