//! Gates of the phaser: its response at rest, the sweep, stability.

use super::dynamics::spec;
use crate::common::noise;
use mixdown::{modulation::*, *};
use realfft::num_complex::Complex64;
use std::f64::consts::{PI, TAU};

const RATE_HZ: f64 = 48_000.0;
const STAGES: [usize; 5] = [4, 6, 8, 10, 12];

fn processed<S: Sample>(params: &PhaserParams, rate_hz: f64, channels: usize, planar: &[f64]) -> Vec<f64> {
    let mut audio: Vec<S> = planar.iter().map(|&x| S::from_f64(x)).collect();
    let mut block = BlockMut::from_planar(&mut audio, channels).unwrap();
    params.build::<S>(&spec(rate_hz, channels)).unwrap().process(&mut block);
    audio.iter().map(|x| x.to_f64()).collect()
}

/// The response at rest, by the equations of the card.
fn analytic(params: &PhaserParams, rate_hz: f64, frequency_hz: f64) -> Complex64 {
    let back = Complex64::from_polar(1.0, -TAU * frequency_hz / rate_hz);
    let t = (PI * params.frequency_hz / rate_hz).tan();
    let a = (t - 1.0) / (t + 1.0);
    let chain = ((a + back) / (1.0 + a * back)).powi(params.stages as i32);
    let wet = (chain + params.feedback) / (1.0 + params.feedback * chain);
    1.0 - params.mix + params.mix * wet
}

fn response(impulse: &[f64], rate_hz: f64, frequency_hz: f64) -> Complex64 {
    let turn = Complex64::from_polar(1.0, -TAU * frequency_hz / rate_hz);
    impulse.iter().rev().fold(Complex64::ZERO, |sum, x| sum * turn + x)
}

/// From 20 Hz to 0.45 of the rate.
fn frequencies(rate_hz: f64, count: u32) -> impl Iterator<Item = f64> {
    (0..count).map(move |k| 20.0 * (0.45 * rate_hz / 20.0).powf(f64::from(k) / f64::from(count)))
}

#[test]
fn at_rest_it_has_the_response_of_its_equations() {
    /// Of 1. The exponential of the corner is good to 1e-8, and feedback makes more of it.
    const LIMIT: f64 = 1e-4;
    for rate_hz in [44_100.0, 96_000.0] {
        for stages in STAGES {
            for (feedback, mix) in [(0.0, 0.5), (0.5, 0.5), (-0.9, 0.5), (0.9, 1.0)] {
                let params = PhaserParams { stages, feedback, mix, depth_octaves: 0.0, ..Default::default() };
                // Long enough for the slowest mode: at 96 kHz it falls by 1 dB in 4 ms.
                let mut impulse = vec![0.0; 131_072];
                impulse[0] = 1.0;
                let found = processed::<f64>(&params, rate_hz, 1, &impulse);
                let worst = frequencies(rate_hz, 60)
                    .map(|hz| (response(&found, rate_hz, hz) - analytic(&params, rate_hz, hz)).norm())
                    .fold(0.0, f64::max);
                assert!(worst <= LIMIT, "{stages} {feedback} {mix} at {rate_hz}: {worst}");
            }
        }
    }
}

#[test]
fn notches_are_where_the_card_says_and_reach_down_to_nothing() {
    /// Of the frequency.
    const PLACE: f64 = 0.01;
    const DEPTH_DB: f64 = -80.0;
    for stages in STAGES {
        for feedback in [-0.9, 0.0, 0.5, 0.9] {
            let params = PhaserParams { stages, feedback, depth_octaves: 0.0, ..Default::default() };
            let mut impulse = vec![0.0; 65_536];
            impulse[0] = 1.0;
            let found = processed::<f64>(&params, RATE_HZ, 1, &impulse);
            let gain = |hz: f64| response(&found, RATE_HZ, hz).norm();
            for k in 0..stages / 2 {
                let bent =
                    (PI * params.frequency_hz / RATE_HZ).tan() * ((2 * k + 1) as f64 * PI / (2 * stages) as f64).tan();
                let expected_hz = bent.atan() * RATE_HZ / PI;
                // Golden section around the place.
                let (mut low, mut high) = (expected_hz * 0.97, expected_hz * 1.03);
                for _ in 0..40 {
                    let (a, b) = (high - 0.618_034 * (high - low), low + 0.618_034 * (high - low));
                    if gain(a) < gain(b) { high = b } else { low = a }
                }
                let (hz, depth_db) = (0.5 * (low + high), gain_to_db(gain(0.5 * (low + high))));
                println!("{stages} stages, feedback {feedback}: {hz:.1} Hz for {expected_hz:.1}, {depth_db:.0} dB");
                assert!((hz / expected_hz - 1.0).abs() <= PLACE && depth_db <= DEPTH_DB, "{stages} {feedback} {k}");
            }
        }
    }
}

/// The phaser frame by frame with coefficients exact in each, the feedback by its equation.
fn exact(params: &PhaserParams, rate_hz: f64, offset: f64, input: &[f64]) -> Vec<f64> {
    let mut states = vec![0.0; params.stages];
    let f = -params.feedback;
    let frame = |(n, x): (usize, &f64)| {
        let phase = (params.rate_hz * n as f64 / rate_hz + offset).fract();
        let corner_hz = params.frequency_hz * (params.depth_octaves * (TAU * phase).sin()).exp2();
        let a = (PI * (corner_hz.min(0.45 * rate_hz) / rate_hz - 0.25)).tan();
        let c = (1.0 - a * a).sqrt();
        let s = states.iter().fold(0.0, |sum, t| a * sum + c * t);
        let u = (x + f * s) / (1.0 - f * a.powi(params.stages as i32));
        let mut y = u;
        for t in &mut states {
            (y, *t) = (a * y + c * *t, c * y - a * *t);
        }
        (1.0 - params.mix) * x + params.mix * (y - f * u)
    };
    input.iter().enumerate().map(frame).collect()
}

#[test]
fn the_sweep_is_exact_for_both_phases() {
    /// Against exact coefficients in every frame, relative to the output.
    const LIMITS_DB: [(f64, f64); 3] = [(0.4, -120.0), (5.0, -80.0), (20.0, -55.0)];
    let input: Vec<f64> = noise(3, 96_000).iter().map(|x| 0.25 * x).collect();
    for (lfo_hz, limit_db) in LIMITS_DB {
        for rate_hz in [44_100.0, 48_000.0, 96_000.0] {
            for (stages, feedback, mix) in [(6, 0.5, 0.5), (12, -0.9, 0.5), (4, 0.9, 1.0)] {
                let params = PhaserParams { rate_hz: lfo_hz, stages, feedback, mix, ..Default::default() };
                // Three channels fill a vector of four, one and two one of two.
                let found = processed::<f64>(&params, rate_hz, 3, &[&input[..], &input, &input].concat());
                for (channel, offset) in [0.0, 0.25, 0.0].into_iter().enumerate() {
                    let expected = exact(&params, rate_hz, offset, &input);
                    let own = &found[channel * 96_000..][..96_000];
                    let power = |x: &[f64]| x.iter().map(|x| x * x).sum::<f64>();
                    let difference: Vec<f64> = own.iter().zip(&expected).map(|(a, b)| a - b).collect();
                    let null_db = power_to_db(power(&difference) / power(&expected));
                    if channel < 2 {
                        println!("{lfo_hz} Hz, {stages} stages, {feedback} at {rate_hz}: {null_db:.1} dB");
                    }
                    assert!(null_db <= limit_db, "{lfo_hz} {stages} {feedback} {rate_hz}: {null_db}");
                }
                let two = processed::<f64>(&params, rate_hz, 2, &[&input[..], &input].concat());
                assert!(two == found[..2 * 96_000], "channels do not depend on their neighbours");
            }
        }
    }
}

#[test]
fn no_sweep_adds_energy() {
    /// Rounding, over a million frames.
    const LIMIT: f64 = 1e-6;
    let loud = noise(9, 480_000);
    for rate_hz in [8_000.0, 48_000.0] {
        for stages in STAGES {
            for feedback in [-0.9, 0.9] {
                for (lfo_hz, frequency_hz) in [(20.0, 100.0), (20.0, 3_000.0), (0.4, 800.0)] {
                    let params = PhaserParams {
                        rate_hz: lfo_hz,
                        stages,
                        frequency_hz,
                        depth_octaves: 4.0,
                        feedback,
                        mix: 1.0,
                        ..Default::default()
                    };
                    let mut input = loud.clone();
                    input.extend([0.0; 48_000]);
                    let output = processed::<f64>(&params, rate_hz, 1, &input);
                    let power = |x: &[f64]| x.iter().map(|x| x * x).sum::<f64>();
                    // Of an all pass that stands still as much comes out; a moving one may keep some, and add none.
                    assert!(power(&output) <= (1.0 + LIMIT) * power(&input), "{params:?}");
                    assert!(power(&output) >= 0.5 * power(&input), "{params:?}");
                }
            }
        }
    }
}

#[test]
fn the_level_is_that_of_the_input_or_less_at_every_mix() {
    for mix in [0.25, 0.5, 1.0] {
        for feedback in [-0.9, 0.5, 0.9] {
            let params = PhaserParams { mix, feedback, ..Default::default() };
            let most = frequencies(RATE_HZ, 2_000).map(|hz| analytic(&params, RATE_HZ, hz).norm()).fold(0.0, f64::max);
            assert!(most <= 1.0 + 1e-12, "{mix} {feedback}: {most}");
        }
    }
}

#[test]
fn f32_is_f64_rounded_once() {
    const LIMIT_DB: f64 = -140.0;
    let input: Vec<f64> = noise(3, 96_000).iter().map(|x| f64::from((0.25 * x) as f32)).collect();
    let params = PhaserParams { feedback: 0.9, ..Default::default() };
    let (single, double) =
        (processed::<f32>(&params, RATE_HZ, 1, &input), processed::<f64>(&params, RATE_HZ, 1, &input));
    let power = |x: &mut dyn Iterator<Item = f64>| x.map(|x| x * x).sum::<f64>();
    let null = power(&mut single.iter().zip(&double).map(|(a, b)| a - b)) / power(&mut double.iter().copied());
    println!("{:.1} dB", power_to_db(null));
    assert!(power_to_db(null) <= LIMIT_DB);
}

#[test]
fn a_note_sets_the_rate_and_other_stages_need_another_processor() {
    let input = noise(1, 20_000);
    let synced = PhaserParams { tempo_bpm: 120.0, note: NoteValue::TwoBars, ..Default::default() };
    let set = PhaserParams { rate_hz: 0.25, ..Default::default() };
    assert_eq!(processed::<f64>(&synced, RATE_HZ, 2, &input), processed::<f64>(&set, RATE_HZ, 2, &input));
    let mut phaser = set.build::<f32>(&spec(RATE_HZ, 1)).unwrap();
    let more = PhaserParams { stages: 8, ..set };
    assert_eq!(phaser.set_params(&more), Err(Error::NeedsRebuild { param: "stages" }));
    let odd = PhaserParams { stages: 5, ..set }.build::<f32>(&spec(RATE_HZ, 1)).unwrap_err();
    assert_eq!(odd.to_string(), "stages = 5 is not allowed: it must be an even number, from 4 to 12");
}
