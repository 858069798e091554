//! Opening and closing of gate and expander.

use super::{RATES_HZ, sine, spec, traced};
use crate::common::{Cut, noise, run};
use mixdown::{dynamics::*, *};
use std::f64::consts::TAU;

/// A drum: noise and a tone, at once at full level, falling by 60 dB in 200 ms.
fn drum(rate_hz: f64, silence: usize, frames: usize) -> Vec<f64> {
    let hit = noise(11, frames).into_iter().enumerate().map(|(n, x)| {
        let t = n as f64 / rate_hz;
        (-t / 0.029).exp() * (0.8 * x + 0.4 * (TAU * 190.0 * t).sin())
    });
    std::iter::repeat_n(0.0, silence).chain(hit).collect()
}

#[test]
fn d2_opening_and_closing_times_of_expander_and_gate() {
    /// Without regard to the softening by the attack: 52 of 50, 106, 158 and 214 of 100 ms.
    const SHARE: f64 = 0.02;
    let rate_hz = 48_000.0;
    for (attack_ms, release_ms) in [(1.0, 50.0), (5.0, 100.0), (50.0, 100.0), (100.0, 100.0)] {
        let (threshold_db, hold_ms) = (-20.0, 20.0);
        let expander = ExpanderParams {
            threshold_db,
            ratio: 2.0,
            knee_db: 0.0,
            attack_ms,
            hold_ms,
            release_ms,
            detector: ExpanderDetector::Peak,
            ..Default::default()
        };
        let gate = GateParams { threshold_db, attack_ms, hold_ms, release_ms, range_db: 10.0, ..Default::default() };
        for (effect, reduction_db) in [(Effect::from(expander), 10.0), (Effect::from(gate), 10.0)] {
            let (on, off, end) = (24_000, 48_000, 120_000);
            let quiet = db_to_gain(-30.0);
            let input: Vec<f64> = sine(5_000.0, rate_hz, 1.0, end)
                .iter()
                .enumerate()
                .map(|(n, x)| if (on..off).contains(&n) { *x } else { quiet * x })
                .collect();
            let (output, trace) = traced::<f32>(&effect, rate_hz, &input);
            assert!((trace[on - 1] - reduction_db).abs() < 0.1, "{}", trace[on - 1]);
            let closed = db_to_gain(-trace[on - 1]);
            let target = 1.0 - (1.0 - closed) * (-1.0_f64).exp();
            let opened = trace[on..].iter().position(|&y| db_to_gain(-y) >= target).unwrap() + 1;
            // A smaller range has a head start.
            let opening_ms = opened as f64 / 48.0;
            assert!((0.88 * attack_ms..=1.02 * attack_ms + 0.1).contains(&opening_ms), "{opening_ms}");
            let open = on + (3.6 * 48.0 * attack_ms) as usize;
            assert!(output[open..off].iter().zip(&input[open..]).all(|(y, x)| *y == f64::from(*x as f32)));
            let closed = trace[off..].iter().position(|&y| y >= reduction_db * (1.0 - (-1.0_f64).exp())).unwrap() + 1;
            let closing_ms = closed as f64 / 48.0;
            println!("opens in {opening_ms:.2} of {attack_ms} ms, closes in {closing_ms:.2} of 20 + {release_ms} ms");
            // The envelope of 5 kHz fades within 0.2 ms.
            assert!((closing_ms - hold_ms - release_ms).abs() <= SHARE * release_ms + 0.2, "{closing_ms}");
        }
    }
}

#[test]
fn d6_a_gate_opens_in_its_attack_whatever_its_range() {
    /// D6. In dB, from the range on, an opening of 1 ms lost 18.7 dB of a snare's first 2 ms at 80 dB, 44 at infinity.
    const ATTACKS: f64 = 2.0;
    const LOSS_DB: f64 = -4.5;
    for rate_hz in RATES_HZ {
        for range_db in [6.0, 20.0, 80.0, f64::INFINITY] {
            for attack_ms in [0.1, 1.0, 5.0, 50.0] {
                let gate = GateParams { range_db, attack_ms, ..Default::default() };
                let ends = 1e-3 * ATTACKS * attack_ms * rate_hz;
                let (on, frames) = (rate_hz as usize / 10, ends as usize + 200);
                let (_, trace) = traced::<f32>(&gate.into(), rate_hz, &drum(rate_hz, on, frames));
                let open = trace[on..].iter().position(|&db| db <= 1.0).unwrap_or(usize::MAX);
                // The envelope crosses the threshold within 3 samples.
                assert!(open as f64 <= ends + 3.0, "{rate_hz} {range_db} {attack_ms}: {open} frames");
            }
            let gate = GateParams { range_db, attack_ms: 1.0, ..Default::default() };
            let on = rate_hz as usize / 10;
            let input = drum(rate_hz, on, on);
            let power = |audio: &[f64]| audio[on..][..(0.002 * rate_hz) as usize].iter().map(|x| x * x).sum::<f64>();
            let (output, _) = traced::<f32>(&gate.into(), rate_hz, &input);
            let loss_db = power_to_db(power(&output) / power(&input));
            println!("D6 {rate_hz} Hz, {range_db} dB: {loss_db:.2} dB of the first 2 ms");
            assert!(loss_db >= LOSS_DB, "{loss_db}");
        }
    }
}

#[test]
fn d6_an_expander_opens_in_its_attack_whatever_its_range() {
    for range_db in [20.0, 40.0, f64::INFINITY] {
        let (ratio, detector) = (10.0, ExpanderDetector::Peak);
        let expander = ExpanderParams { range_db, ratio, attack_ms: 5.0, detector, ..Default::default() };
        let (_, trace) = traced::<f32>(&expander.into(), 48_000.0, &drum(48_000.0, 9_600, 2_400));
        let open = trace[9_600..].iter().position(|&db| db <= 1.0).unwrap();
        println!("{range_db} dB: -1 dB after {:.2} of 5 ms", open as f64 / 48.0);
        assert!(open <= 2 * 240 + 3, "{open}");
    }
}

#[test]
fn a_lookahead_opens_before_the_sound_and_closes_no_earlier() {
    let rate_hz = 48_000.0;
    let input = drum(rate_hz, 4_800, 24_000);
    let gate = |lookahead_ms| -> Effect { GateParams { lookahead_ms, ..Default::default() }.into() };
    let expander = |lookahead_ms| -> Effect {
        let detector = ExpanderDetector::Peak;
        ExpanderParams { attack_ms: 1.0, ratio: 4.0, lookahead_ms, detector, ..Default::default() }.into()
    };
    for effect in [&gate as &dyn Fn(f64) -> Effect, &expander] {
        let (_, prompt) = traced::<f32>(&effect(0.0), rate_hz, &input);
        let latency = 192;
        assert_eq!(effect(4.0).build::<f32>(&spec(rate_hz, 1)).unwrap().latency_frames(), latency);
        let (output, ahead) = traced::<f32>(&effect(4.0), rate_hz, &input);
        // Open when the hit comes out, bit for bit.
        let hit = 4_800 + latency;
        assert!(ahead[hit..hit + 200].iter().all(|db| *db == 0.0));
        let same = output[hit..][..200].iter().zip(&input[4_800..]).all(|(y, x)| *y == f64::from(*x as f32));
        assert!(same);
        let closes = |trace: &[f64], from: usize| from + trace[from..].iter().position(|&db| db > 0.01).unwrap();
        let (late, early) = (closes(&ahead, hit), closes(&prompt, 5_200));
        println!("closes at {early} without, at {} with the lookahead", late - latency);
        assert!(late - latency >= early && late - latency <= early + latency);
    }
    let mut running = gate(0.0).build::<f32>(&spec(rate_hz, 1)).unwrap();
    assert_eq!(running.set_params(&gate(2.0)), Err(Error::NeedsRebuild { param: "lookahead_ms" }));
}

#[test]
fn a_gate_does_not_chatter() {
    let rate_hz = 48_000.0;
    let params = GateParams { threshold_db: -20.0, attack_ms: 0.1, release_ms: 5.0, ..Default::default() };
    for (level_db, from_db) in [(1.0, -60.0), (-1.0, -60.0), (-1.0, 6.0), (1.0, 6.0)] {
        // Half a second at another level, then a second and a half just above or below the threshold.
        let input: Vec<f64> = (0..96_000)
            .map(|n| {
                let level_db = if n < 24_000 { from_db } else { level_db };
                db_to_gain(-20.0 + level_db) * (TAU * 50.0 * n as f64 / rate_hz).sin()
            })
            .collect();
        let (_, trace) = traced::<f32>(&params.into(), rate_hz, &input);
        let toggles = trace[23_900..].windows(2).filter(|y| (y[0] < 40.0) != (y[1] < 40.0)).count();
        println!("from {from_db} to {level_db} dB beside the threshold: {toggles} toggles");
        assert!(toggles <= 1, "{level_db} {from_db}: {toggles}");
    }
}

#[test]
fn a_gate_closes_by_its_range_and_opens_for_the_louder_channel() {
    let mut gate = GateParams::default().build::<f64>(&spec(48_000.0, 2)).unwrap();
    let mut audio = vec![0.001; 2 * 48_000];
    run(&mut gate, &mut audio, &Cut(vec![480]), vec![]);
    assert!((gain_to_db(audio[47_999]) + 140.0).abs() < 0.01);
    let mut audio = vec![0.001; 2 * 4_800];
    audio[..4_800].fill(0.5);
    run(&mut gate, &mut audio, &Cut(vec![480]), vec![]);
    assert!(audio[4_799] == 0.5 && audio[9_599] == 0.001);
    // An infinite range is far below any converter.
    let mut gate =
        GateParams { range_db: f64::INFINITY, ..Default::default() }.build::<f64>(&spec(48_000.0, 1)).unwrap();
    let mut audio = vec![0.001; 48_000];
    run(&mut gate, &mut audio, &Cut(vec![480]), vec![]);
    assert!(gain_to_db(audio[47_999]) < -299.0);
}
