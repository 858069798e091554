//! Gates of the transient shaper.

use super::dynamics::{sine, sine_fit, spec, traced};
use crate::common::{noise, same_bits};
use mixdown::{dynamics::TransientShaperParams, *};
use std::f64::consts::TAU;

const RATE_HZ: f64 = 48_000.0;
const RATES_HZ: [f64; 5] = [44_100.0, 48_000.0, 88_200.0, 96_000.0, 192_000.0];

fn shaper(attack_db: f64, sustain_db: f64) -> Effect {
    TransientShaperParams { attack_db, sustain_db, ..Default::default() }.into()
}

/// Gain of each frame of the input, in dB.
fn gains_db(effect: &Effect, rate_hz: f64, input: &[f64]) -> Vec<f64> {
    let latency = effect.build::<f64>(&spec(rate_hz, 1)).unwrap().latency_frames();
    let mut padded = input.to_vec();
    padded.resize(input.len() + latency, 0.0);
    traced::<f64>(effect, rate_hz, &padded).1[latency..].iter().map(|reduction_db| -reduction_db).collect()
}

/// A drum: 100 ms of silence, then a tone of 900 Hz that decays with this time constant, for a second.
fn drum(rate_hz: f64, amplitude: f64, decay_s: f64) -> Vec<f64> {
    (0..(1.1 * rate_hz) as usize)
        .map(|n| {
            let t = n as f64 / rate_hz - 0.1;
            if t < 0.0 { 0.0 } else { amplitude * (-t / decay_s).exp() * (TAU * 900.0 * t).cos() }
        })
        .collect()
}

/// Steps of 1 ms, `from..to` in ms after the onset of [`drum`].
fn ms(rate_hz: f64, from: usize, to: usize) -> impl Iterator<Item = usize> {
    (from..to).map(move |ms| (rate_hz * (0.1 + ms as f64 / 1e3)).round() as usize)
}

#[test]
fn an_attack_lifts_the_first_ten_milliseconds_and_leaves_the_body() {
    /// Of 6 dB, in the first 10 ms, from the very first frame on.
    const ONSET_DB: f64 = 0.1;
    /// From 50 ms on.
    const BODY_DB: f64 = 0.01;
    for rate_hz in RATES_HZ {
        for decay_s in [1e9, 0.5, 0.1] {
            for attack_db in [6.0, -12.0, 24.0] {
                let gains = gains_db(&shaper(attack_db, 0.0), rate_hz, &drum(rate_hz, 0.5, decay_s));
                let onset = (rate_hz * 0.1) as usize..(rate_hz * 0.11) as usize;
                let least = gains[onset].iter().fold(f64::MAX, |least, g| least.min(g / attack_db));
                let body = ms(rate_hz, 50, 990).map(|n| gains[n].abs()).fold(0.0, f64::max);
                let at: Vec<_> = ms(rate_hz, 0, 60).step_by(10).map(|n| (gains[n] * 100.0).round() / 100.0).collect();
                println!("{rate_hz} {decay_s} {attack_db}: every 10 ms {at:?}, least {least:.4}, body {body:.4} dB");
                assert!(attack_db.abs() * (1.0 - least) <= ONSET_DB, "{rate_hz} {decay_s} {attack_db}: {least}");
                assert!(body <= BODY_DB, "{rate_hz} {decay_s} {attack_db}: {body} dB");
            }
        }
    }
}

#[test]
fn sustain_shortens_or_lengthens_what_decays() {
    /// Within 2 % of the whole at 150 ms.
    const FULL: f64 = 0.02;
    for rate_hz in RATES_HZ {
        for sustain_db in [-12.0, 12.0] {
            let input = drum(rate_hz, 0.5, 0.08);
            let (output, trace) = traced::<f64>(&shaper(0.0, sustain_db), rate_hz, &input);
            let latency = (rate_hz * 2e-3).round() as usize;
            let gain = |at: usize| -trace[at + latency];
            let early = ms(rate_hz, 0, 30).map(|n| gain(n).abs()).fold(0.0, f64::max);
            let late = ms(rate_hz, 150, 600).map(|n| (gain(n) / sustain_db - 1.0).abs()).fold(0.0, f64::max);
            // Time to -30 dB below the onset, of the envelope by its crests.
            let fall = |audio: &[f64]| {
                let last = audio.iter().rposition(|x| x.abs() > 0.5 * db_to_gain(-30.0)).unwrap();
                1e3 * (last as f64 / rate_hz - 0.1)
            };
            let (before_ms, after_ms) = (fall(&input), fall(&output) - 2.0);
            println!(
                "{rate_hz} {sustain_db}: early {early:.3} dB, late {late:.4}, -30 dB after {before_ms:.0} {after_ms:.0} ms"
            );
            // A decay of 80 ms falls by 1 dB in 9.2 ms.
            assert!(early <= 0.1 && late <= FULL, "{rate_hz} {sustain_db}");
            assert!((after_ms - before_ms - 9.21 * sustain_db).abs() < 3.0, "{rate_hz} {sustain_db}");
        }
    }
}

#[test]
fn the_gain_is_the_same_at_every_level() {
    const LIMIT_DB: f64 = 0.1;
    /// Level down to which it is, in dBFS.
    const FLOOR_DB: f64 = -65.0;
    for decay_s in [0.08, 0.3, 1e9] {
        let effect = shaper(12.0, -12.0);
        let loud = gains_db(&effect, RATE_HZ, &drum(RATE_HZ, db_to_gain(-6.0), decay_s));
        for level_db in [0.0, 20.0, -40.0] {
            let soft = gains_db(&effect, RATE_HZ, &drum(RATE_HZ, db_to_gain(level_db), decay_s));
            let audible_s = (level_db.min(-6.0) - FLOOR_DB) / (20.0 / std::f64::consts::LN_10) * decay_s;
            let frames = (RATE_HZ * (0.1 + audible_s.min(0.9))) as usize;
            let worst = loud.iter().zip(&soft).take(frames).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
            println!("{decay_s} s, -6 against {level_db} dBFS, {audible_s:.2} s: {worst:.5} dB");
            assert!(worst <= LIMIT_DB, "{decay_s} {level_db}: {worst}");
        }
    }
}

#[test]
fn the_gain_is_the_same_at_every_rate() {
    /// Attack and sustain of 12 dB; the envelope of the first period depends on the rate.
    const LIMIT_DB: f64 = 0.3;
    let effect = shaper(12.0, -12.0);
    let expected = gains_db(&effect, RATE_HZ, &drum(RATE_HZ, 0.5, 0.1));
    for rate_hz in [44_100.0, 88_200.0, 96_000.0, 192_000.0, 22_050.0, 8_000.0] {
        let found = gains_db(&effect, rate_hz, &drum(rate_hz, 0.5, 0.1));
        let pairs = ms(rate_hz, 1, 900).zip(ms(RATE_HZ, 1, 900));
        let worst = pairs.map(|(n, m)| (found[n] - expected[m]).abs()).fold(0.0, f64::max);
        println!("{rate_hz}: {worst:.3} dB");
        assert!(worst <= LIMIT_DB, "{rate_hz}: {worst}");
    }
}

#[test]
fn a_steady_tone_keeps_its_level() {
    const LIMIT_DB: f64 = 0.001;
    for rate_hz in RATES_HZ {
        for frequency_hz in [20.0, 50.0, 100.0, 997.0, 9_999.3, 20_000.0] {
            for level_db in [0.0, -40.0, -69.0] {
                let tone = sine(frequency_hz, rate_hz, db_to_gain(level_db), (1.5 * rate_hz) as usize);
                let gains = gains_db(&shaper(24.0, -24.0), rate_hz, &tone);
                // Behind the onset of the tone.
                let worst = gains[rate_hz as usize / 2..].iter().fold(0.0, |worst: f64, g| worst.max(g.abs()));
                assert!(worst <= LIMIT_DB, "{frequency_hz} Hz at {rate_hz}, {level_db} dBFS: {worst} dB");
            }
        }
    }
}

#[test]
fn a_low_tone_has_no_distortion() {
    const LIMIT_DB: f64 = -80.0;
    for frequency_hz in [30.0, 50.0, 100.0, 1_000.0] {
        for rate_hz in [44_100.0, 48_000.0, 192_000.0] {
            let frames = 2 * rate_hz as usize;
            let (output, _) = traced::<f32>(&shaper(12.0, 12.0), rate_hz, &sine(frequency_hz, rate_hz, 0.25, frames));
            let (amplitude, residue) = sine_fit(&output[rate_hz as usize..], frequency_hz, rate_hz);
            let thd_db = gain_to_db(residue * 2_f64.sqrt() / amplitude);
            println!("{frequency_hz} Hz at {rate_hz}: {thd_db:.1} dB");
            assert!(thd_db <= LIMIT_DB, "{frequency_hz} {rate_hz}: {thd_db}");
        }
    }
}

#[test]
fn noise_and_beats_are_no_transients() {
    /// Of 12 dB: the RMS of the gain, and its largest.
    const LIMITS_DB: [f64; 2] = [0.05, 0.5];
    let frames = 2 * 48_000;
    let tones = |hz: &[f64]| -> Vec<f64> {
        (0..frames).map(|n| hz.iter().map(|hz| 0.2 * (TAU * hz * n as f64 / RATE_HZ + hz).sin()).sum()).collect()
    };
    let signals = [
        ("noise", noise(3, frames).iter().map(|x| 0.2 * x).collect()),
        ("1000 and 1100 Hz", tones(&[1_000.0, 1_100.0])),
        ("C major from 262 Hz", tones(&[261.6, 329.6, 392.0, 523.3])),
    ];
    for (name, signal) in signals {
        for effect in [shaper(12.0, 0.0), shaper(0.0, -12.0)] {
            let gains = &gains_db(&effect, RATE_HZ, &signal)[24_000..];
            let rms = (gains.iter().map(|g| g * g).sum::<f64>() / gains.len() as f64).sqrt();
            let most = gains.iter().fold(0.0, |most: f64, g| most.max(g.abs()));
            println!("{name}: RMS {rms:.4} dB, most {most:.3} dB");
            assert!(rms <= LIMITS_DB[0] && most <= LIMITS_DB[1], "{name}: {rms} {most}");
        }
    }
}

#[test]
fn background_noise_does_not_pump() {
    // Uniform noise at -85 dBFS RMS, that comes and goes.
    let hiss: Vec<f64> =
        noise(4, 96_000).iter().enumerate().map(|(n, x)| 1e-4 * x * f64::from((n / 12_000 % 2) as u8)).collect();
    let gains = gains_db(&shaper(24.0, -24.0), RATE_HZ, &hiss);
    assert!(gains.iter().all(|g| g.abs() < 0.1), "{:?}", gains.iter().fold(0.0, |most: f64, g| most.max(g.abs())));
}

#[test]
fn the_gain_stays_between_the_settings_and_0_db_and_never_jumps() {
    let sounds: Vec<f64> = noise(5, 200_000)
        .iter()
        .enumerate()
        .map(|(n, x)| x * [1.0, 1e-3, 0.0, 0.1, 3.0][n / 3_001 % 5] * (-((n % 3_001) as f64) / 700.0).exp())
        .collect();
    for (attack_db, sustain_db) in [(24.0, -24.0), (-24.0, 24.0), (12.0, 12.0)] {
        for lookahead_ms in [0.0, 2.0] {
            let params = TransientShaperParams { attack_db, sustain_db, lookahead_ms, ..Default::default() };
            let gains = gains_db(&params.into(), RATE_HZ, &sounds);
            let (least, most) = gains.iter().fold((0.0_f64, 0.0_f64), |(a, b), g| (a.min(*g), b.max(*g)));
            let step = gains.windows(2).map(|pair| (pair[1] - pair[0]).abs()).fold(0.0, f64::max);
            println!("{attack_db} {sustain_db} {lookahead_ms} ms: {least:.2}..{most:.2} dB, {step:.2} dB a frame");
            assert!(least >= attack_db.min(sustain_db).min(0.0) - 1e-9, "{least}");
            assert!(most <= attack_db.max(sustain_db) + 1e-9, "{most}");
            // No weight of three boxes is above that of the longest, 0.4 of the window: 48 dB over 25 or 97 frames.
            assert!(step <= if lookahead_ms == 0.0 { 4.8 } else { 1.24 }, "{step}");
        }
    }
}

#[test]
fn the_link_shares_the_gain_of_the_loudest() {
    let (left, right) = (drum(RATE_HZ, 0.5, 0.1), noise(6, 52_800).iter().map(|x| 0.01 * x).collect::<Vec<_>>());
    let both = |link_percent| {
        let params = TransientShaperParams { attack_db: 9.0, sustain_db: -9.0, link_percent, ..Default::default() };
        let mut processor = params.build::<f64>(&spec(RATE_HZ, 2)).unwrap();
        let mut audio = [left.clone(), right.clone()].concat();
        let mut trace = vec![0.0; audio.len()];
        processor.process_traced(
            &mut BlockMut::from_planar(&mut audio, 2).unwrap(),
            None,
            &mut BlockMut::from_planar(&mut trace, 2).unwrap(),
        );
        (audio, trace)
    };
    let alone = |input: &[f64]| traced::<f64>(&shaper(9.0, -9.0), RATE_HZ, input).0;
    let (linked, gains) = both(100.0);
    assert!(same_bits(&gains[..52_800], &gains[52_800..]), "one gain");
    assert!(!same_bits(&linked[52_800..], &alone(&right)));
    let (unlinked, own) = both(0.0);
    assert!(same_bits(&unlinked, &[alone(&left), alone(&right)].concat()), "two monos");
    let (_, half) = both(50.0);
    assert!(half.iter().zip(&own).zip(&gains).all(|((half, own), all)| (half - 0.5 * (own + all)).abs() < 1e-9));
}

#[test]
fn a_change_of_the_link_does_not_move_equal_channels() {
    let input = drum(RATE_HZ, 0.5, 0.1);
    let params = TransientShaperParams { attack_db: 12.0, sustain_db: 12.0, ..Default::default() };
    let mut processor = params.build::<f32>(&spec(RATE_HZ, 2)).unwrap();
    let mut audio: Vec<f32> = [input.clone(), input].concat().iter().map(|x| *x as f32).collect();
    let mut alone = params.build::<f32>(&spec(RATE_HZ, 1)).unwrap();
    let mut expected = audio[..52_800].to_vec();
    alone.process(&mut BlockMut::from_planar(&mut expected, 1).unwrap());
    let mut block = BlockMut::from_planar(&mut audio, 2).unwrap();
    for (start, link_percent) in [(0, 100.0), (5_000, 0.0), (9_000, 100.0), (14_000, 50.0)] {
        processor.set_params(&TransientShaperParams { link_percent, ..params }).unwrap();
        let end = [5_000, 9_000, 14_000, 52_800].into_iter().find(|end| *end > start).unwrap();
        processor.process(&mut block.frames_mut(start, end - start));
    }
    // (1 - w) g + w g is g but for rounding.
    let near = |channel: &[f32]| channel.iter().zip(&expected).all(|(a, b)| (a - b).abs() <= 1e-6 * b.abs());
    assert!(near(&audio[..52_800]) && near(&audio[52_800..]));
}

#[test]
fn another_lookahead_needs_another_processor() {
    let mut processor = TransientShaperParams::default().build::<f32>(&spec(RATE_HZ, 2)).unwrap();
    assert_eq!(processor.latency_frames(), 96);
    let longer = TransientShaperParams { lookahead_ms: 3.0, ..Default::default() };
    assert_eq!(processor.set_params(&longer), Err(Error::NeedsRebuild { param: "lookahead_ms" }));
}
