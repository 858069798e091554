//! The gates of `Flanger`.

use super::swept_delay::*;
use crate::common::*;
use mixdown::{modulation::*, *};
use std::f64::consts::TAU;

/// Dry and wet in equal parts, no feedback.
const COMB: FlangerParams = FlangerParams {
    rate_hz: 0.25,
    tempo_bpm: 120.0,
    note: NoteValue::Off,
    delay_ms: 1.0,
    depth_ms: 0.0,
    feedback: 0.0,
    stereo_phase_degrees: 0.0,
    through_zero: false,
    invert: false,
    mix: 0.5,
};

fn gain(response: &[f64], hz: f64) -> f64 {
    let step = Complex64::from_polar(1.0, -TAU * hz / RATE_HZ);
    response.iter().rev().fold(Complex64::new(0.0, 0.0), |sum, sample| sum * step + sample).norm()
}

/// The minimum of the gain within 5 % of a frequency.
fn notch_hz(response: &[f64], near_hz: f64) -> f64 {
    let mut span = [0.95 * near_hz, 1.05 * near_hz];
    for _ in 0..4 {
        let at = |n: usize| span[0] + (span[1] - span[0]) * n as f64 / 40.0;
        let lowest = (0..=40).min_by(|a, b| gain(response, at(*a)).total_cmp(&gain(response, at(*b)))).unwrap();
        span = [at(lowest.saturating_sub(1)), at((lowest + 1).min(40))];
    }
    0.5 * (span[0] + span[1])
}

/// The response to an impulse at a frame.
fn response_at(params: FlangerParams, frame: usize) -> Vec<f64> {
    let mut input = vec![0.0; frame + 1_200];
    input[frame] = 1.0;
    let [out, _] = render(&params.into(), RATE_HZ, [input.clone(), input]);
    out[frame..].to_vec()
}

#[test]
fn notches_lie_at_odd_halves_of_the_inverse_delay() {
    /// SOUND 9: 1 %.
    const LIMIT: f64 = 0.01;
    let mut worst: f64 = 0.0;
    for (delay_ms, invert) in [(1.0, false), (0.2, false), (0.31, true), (2.37, false), (7.777, true)] {
        let response = response_at(FlangerParams { delay_ms, invert, ..COMB }, 100);
        for k in 0..12 {
            let wanted = (f64::from(k) + if invert { 1.0 } else { 0.5 }) / delay_ms * 1e3;
            if wanted > 16_000.0 {
                break;
            }
            let found = notch_hz(&response, wanted);
            worst = worst.max((found / wanted - 1.0).abs());
            assert!((found / wanted - 1.0).abs() <= LIMIT, "{delay_ms} ms: {found} for {wanted}");
            assert!(gain(&response, found) < 0.01, "{delay_ms} ms at {found}: {}", gain(&response, found));
        }
    }
    println!("Flanger notches at rest: worst {:.4} %", 100.0 * worst);
}

#[test]
fn notches_follow_the_sweep() {
    const LIMIT: f64 = 0.01;
    let params = FlangerParams { rate_hz: 0.7, depth_ms: 3.0, ..COMB };
    let mut worst: f64 = 0.0;
    for frame in [3_000, 17_000, 30_001, 44_444, 61_111] {
        let response = response_at(params, frame);
        // The delay of the frame at which it arrives.
        let mut arrival = frame as f64;
        let delay = |n: f64| 48.0 + 72.0 * (1.0 + (TAU * 0.7 * n / RATE_HZ).sin());
        for _ in 0..20 {
            arrival = frame as f64 + delay(arrival);
        }
        let tau = (arrival - frame as f64) / RATE_HZ;
        for k in 0..5 {
            let wanted = (f64::from(k) + 0.5) / tau;
            let found = notch_hz(&response, wanted);
            worst = worst.max((found / wanted - 1.0).abs());
            assert!((found / wanted - 1.0).abs() <= LIMIT, "{frame}: {found} for {wanted}");
        }
    }
    println!("Flanger notches on the move: worst {:.4} %", 100.0 * worst);
}

#[test]
fn through_zero_everything_cancels() {
    /// Of the tone before, over half a millisecond around the crossing: half a period of the LFO.
    const LIMIT_DB: f64 = -60.0;
    const WINDOW: usize = 24;
    let through = FlangerParams { through_zero: true, invert: true, rate_hz: 0.05, depth_ms: 4.0, ..COMB };
    for hz in [100.0, 1_000.0] {
        let input = tone(hz, 0.1, RATE_HZ, 11 * 48_000);
        let [out, _] = render(&through.into(), RATE_HZ, [input.clone(), input]);
        // The dry signal is late by the same time.
        let crossing = 10 * 48_000;
        let level = |at: usize| level_db(&out[at - WINDOW / 2..at + WINDOW / 2]) + 3.01;
        let null_db = level(crossing);
        let before_db = level_db(&out[crossing - 24_000..crossing - 19_200]) + 3.01;
        println!("Flanger through zero, {hz} Hz: {null_db:.1} dB, 0.45 s before {before_db:.1} dB");
        assert!(null_db <= LIMIT_DB && before_db > -25.0, "{null_db} {before_db}");
    }
    // At rest on the dry signal: nothing is left, or twice as much.
    let noise: Vec<f64> = planar_noise(1, 9_600);
    for (invert, factor) in [(true, 0.0), (false, 1.0)] {
        let params = FlangerParams { through_zero: true, invert, delay_ms: 3.0, ..COMB };
        let [out, _] = render(&params.into(), RATE_HZ, [noise.clone(), noise.clone()]);
        assert!(out[144..].iter().zip(&noise).all(|(out, dry)| *out == factor * dry), "{invert}");
    }
}

#[test]
fn the_dry_signal_is_as_late_as_it_says() {
    let params = FlangerParams { through_zero: true, mix: 0.0, ..FlangerParams::default() };
    let mut processor = params.build::<f32>(&StreamSpec::new(44_100.0, 2).unwrap()).unwrap();
    assert_eq!(processor.latency_frames(), 132);
    let input: Vec<f32> = planar_noise(2, 5_000);
    let mut audio = input.clone();
    run(&mut processor, &mut audio, &Cut(vec![100]), vec![]);
    for (out, dry) in audio.chunks(5_000).zip(input.chunks(5_000)) {
        assert!(same_bits(&out[132..], &dry[..5_000 - 132]) && out[..132].iter().all(|x| *x == 0.0));
    }
    let rebuilt = FlangerParams { through_zero: false, ..params };
    assert!(matches!(processor.set_params(&rebuilt), Err(Error::NeedsRebuild { param: "through_zero" })));
}

#[test]
fn feedback_makes_the_peaks_of_a_comb() {
    /// Against 1/(1 - g e^-jωτ), in dB, up to 14 kHz.
    const LIMIT_DB: f64 = 0.1;
    let mut worst: f64 = 0.0;
    for (delay_ms, feedback) in [(1.013, 0.9), (1.013, -0.9), (0.2, 0.7), (3.3, 0.5)] {
        let params = FlangerParams { delay_ms, feedback, mix: 1.0, ..COMB };
        let mut input = vec![0.0; 40_000];
        input[0] = 1.0;
        let [out, _] = render(&params.into(), RATE_HZ, [input.clone(), input]);
        for step in 1..=280 {
            let hz = 50.0 * f64::from(step);
            let turn = Complex64::from_polar(1.0, -TAU * hz * 1e-3 * delay_ms);
            let wanted = (turn / (1.0 - feedback * turn)).norm();
            let error_db = 20.0 * (gain(&out, hz) / wanted).log10();
            worst = worst.max(error_db.abs());
            assert!(error_db.abs() <= LIMIT_DB, "{delay_ms} {feedback} {hz}: {error_db}");
        }
    }
    println!("Flanger comb with feedback: worst {worst:.4} dB");
}

#[test]
fn the_lfo_keeps_its_rate_and_the_right_side_is_ahead() {
    const LIMIT: f64 = 1e-3;
    for rate_hz in [0.1, 0.25, 3.3] {
        let params = FlangerParams { rate_hz, depth_ms: 4.0, mix: 1.0, ..COMB };
        let found = swing_hz(&delays(&params.into(), (RATE_HZ * 20.0_f64.max(3.5 / rate_hz)) as usize)[1_500..]);
        println!("Flanger {rate_hz} Hz: {found:.7} Hz");
        assert!((found / rate_hz - 1.0).abs() <= LIMIT, "{found} for {rate_hz}");
    }
    // An impulse on both sides, at the middle of the sweep: on the right the LFO is at its top.
    let params = FlangerParams { delay_ms: 2.0, depth_ms: 4.0, stereo_phase_degrees: 90.0, mix: 1.0, ..COMB };
    let mut input = vec![0.0; 1_000];
    input[0] = 1.0;
    let late = |side: &[f64]| side.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1)).unwrap().0;
    let [left, right] = render(&params.into(), RATE_HZ, [input.clone(), input]);
    assert!(late(&left).abs_diff(192) <= 1 && late(&right).abs_diff(288) <= 1, "{} {}", late(&left), late(&right));
}

#[test]
fn a_delay_too_short_for_the_rate_is_refused() {
    let spec = StreamSpec::new(8_000.0, 1).unwrap();
    let text = FlangerParams { delay_ms: 0.5, ..COMB }.validate(&spec).unwrap_err().to_string();
    assert_eq!(text, "delay_ms = 0.5 is out of range: it must lie in 0.875..10");
    assert!(FlangerParams::default().build::<f32>(&spec).is_ok());
}
