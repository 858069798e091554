//! Ceiling, knee, transparency and overshoot of `Clipper`.

use super::*;
use crate::common::noise;

fn peak(sound: &[f64]) -> f64 {
    sound.iter().fold(0.0, |peak, x| peak.max(x.abs()))
}

/// Noise of 1 at most, up to 20 kHz at 48 kHz: of tones.
fn programme(frames: usize) -> Vec<f64> {
    let sum: Vec<f64> = (0..frames)
        .map(|n| {
            (1..60)
                .map(|k| {
                    let hz = 40.0 * 1.11_f64.powi(k);
                    (TAU * hz * n as f64 / 48_000.0 + (k * k) as f64).sin() / f64::from(k).sqrt()
                })
                .sum()
        })
        .collect();
    let loudest = peak(&sum);
    sum.iter().map(|x| x / loudest).collect()
}

#[test]
fn below_the_knee_it_is_a_delay_bit_for_bit() {
    let sound: Vec<f32> = noise(3, 6_000).iter().map(|x| (0.1 * x) as f32).collect();
    for oversample in FACTORS {
        let params = ClipperParams { ceiling_db: -6.0, knee_db: 1.0, oversample, ..Default::default() };
        let mut clipper = params.build::<f32>(&StreamSpec::new(44_100.0, 1).unwrap()).unwrap();
        let mut out = sound.clone();
        clipper.process(&mut BlockMut::from_planar(&mut out, 1).unwrap());
        let latency = clipper.latency_frames();
        assert!(out[latency..] == sound[..sound.len() - latency], "{oversample}");
        assert_eq!(clipper.clipped_share(), 0.0);
    }
}

#[test]
fn a_slow_tone_follows_the_curve() {
    for (knee_db, oversample) in [(0.0, 8), (1.0, 8), (1.0, 2), (6.0, 16), (3.0, 1)] {
        let params = ClipperParams { ceiling_db: -6.0, knee_db, gain_db: 12.0, oversample, ..Default::default() };
        let sound: Vec<f64> = (0..20_000).map(|n| (TAU * 50.0 * n as f64 / 48_000.0).sin()).collect();
        let (out, latency) = through(&params, 48_000.0, &sound);
        let (ceiling, gain, k) = (db_to_gain(-6.0), db_to_gain(12.0), 1.0 - db_to_gain(-knee_db));
        let curve = |x: f64| {
            let a = (gain * x / ceiling).abs();
            let bent = if a <= 1.0 - k { a } else { a - (a - 1.0 + k) * (a - 1.0 + k) / (4.0 * k) };
            ceiling * if a < 1.0 + k { bent } else { 1.0 } * x.signum()
        };
        let error = (2_000..18_000).map(|n| (out[n + latency] - curve(sound[n])).abs()).fold(0.0, f64::max);
        println!("50 Hz 18 dB over, knee {knee_db} dB, x{oversample}: {:.1} dBFS", db(error));
        // The antialiasing rounds a bend within three samples of the highest rate, and a kink is not band-limited.
        assert!(error == 0.0 || db(error) < if knee_db == 0.0 { -50.0 } else { -65.0 }, "{error}");
    }
}

#[test]
fn the_ceiling_holds_but_for_a_stated_overshoot() {
    /// Excess of the true peak at a sixteenth of a sample in dB: how far over the ceiling, and the most that is left.
    const LIMITS_DB: [(f64, f64); 3] = [(3.0, 0.2), (6.0, 0.3), (12.0, 0.7)];
    let programme = programme(48_000);
    for (over_db, limit_db) in LIMITS_DB {
        let params = ClipperParams { ceiling_db: -1.0, gain_db: over_db - 1.0, ..Default::default() };
        let (out, _) = through(&params, 48_000.0, &programme);
        let excess_db = db(fine_peak(&out)) + 1.0;
        println!("programme {over_db} dB over: {excess_db:.2} dB above the ceiling");
        assert!(excess_db <= limit_db, "{over_db}: {excess_db}");
    }
}

#[test]
fn no_sample_is_more_than_1_db_above_the_ceiling() {
    const CEILING_DB: f64 = -1.0;
    /// f64 rounds the product of ceiling and 1 dB.
    const LIMIT_DB: f64 = CEILING_DB + 1.0 + 1e-9;
    let mut reached = 0;
    for rate_hz in RATES_HZ {
        let sine = |hz: f64| (0..6_000).map(|n| (TAU * hz * f64::from(n) / rate_hz).sin()).collect::<Vec<f64>>();
        let signs: Vec<f64> = noise(5, 6_000).iter().map(|x| x.signum()).collect();
        let sounds =
            [sine(0.458 * rate_hz), sine(22_000.0), sine(30_000.0_f64.min(0.49 * rate_hz)), noise(4, 6_000), signs];
        for (index, sound) in sounds.iter().enumerate() {
            for oversample in FACTORS {
                let params = ClipperParams { ceiling_db: CEILING_DB, gain_db: 24.0, oversample, ..Default::default() };
                let (out, latency) = through(&params, rate_hz, sound);
                let highest_db = db(peak(&out));
                reached += u32::from(highest_db > LIMIT_DB - 1e-6);
                assert!(highest_db <= LIMIT_DB, "{rate_hz} {index} x{oversample}: {highest_db}");
                // The mix is of the limited sound.
                let (half, _) = through(&ClipperParams { mix: 0.5, ..params }, rate_hz, sound);
                for n in latency..sound.len() {
                    assert!((half[n] - 0.5 * (out[n] + sound[n - latency])).abs() < 1e-12, "{rate_hz} {index} {n}");
                }
            }
        }
    }
    assert!(reached > 20, "{reached}: the bound must have acted");
    // A programme is untouched by it, far over the ceiling too.
    for oversample in [4, 8, 16] {
        for gain_db in [6.0, 12.0, 18.0] {
            let params = ClipperParams { ceiling_db: 0.0, gain_db, oversample, ..Default::default() };
            let highest_db = db(peak(&through(&params, 48_000.0, &programme(48_000)).0));
            println!("programme {gain_db} dB over, x{oversample}: samples up to {highest_db:.2} dB above the ceiling");
            assert!(highest_db < 0.99, "{gain_db} x{oversample}: {highest_db}");
        }
    }
}

/// The highest point between samples, by a windowed sinc of 128 points at sixteenths.
fn fine_peak(sound: &[f64]) -> f64 {
    let taps: Vec<Vec<f64>> = (0..16)
        .map(|phase| {
            (-64..64)
                .map(|k| {
                    let x = f64::from(k) + f64::from(phase) / 16.0;
                    let sinc = if x == 0.0 { 1.0 } else { (TAU / 2.0 * x).sin() / (TAU / 2.0 * x) };
                    let window = (TAU / 4.0 * x / 65.0).cos();
                    sinc * window * window
                })
                .collect()
        })
        .collect();
    let points = (64..sound.len() - 64).flat_map(|n| {
        let near = &sound[n - 64..n + 64];
        taps.iter().map(move |taps| near.iter().rev().zip(taps).map(|(x, h)| x * h).sum::<f64>().abs())
    });
    points.fold(0.0, f64::max)
}

#[test]
fn peaks_between_samples_are_cut_too() {
    // A tone at a quarter of the rate whose samples lie 3 dB below its crests.
    let sound: Vec<f64> = (0..4_000).map(|n| (TAU * (f64::from(n) / 4.0 + 0.125)).sin()).collect();
    let params = ClipperParams { ceiling_db: -2.0, knee_db: 0.0, ..Default::default() };
    assert!(db(peak(&sound)) < -3.0);
    let (out, _) = through(&params, 48_000.0, &sound);
    let level_db = db(fine_peak(&out[1_000..]));
    println!("between the samples 0 dB, after clipping at -2 dB {level_db:.2} dB");
    // What is left is the tone alone: the harmonics lie above 20 kHz. A clipped crest keeps more of it than its ceiling.
    assert!((-2.0..-1.0).contains(&level_db), "{level_db}");
    let plain = ClipperParams { oversample: 1, ..params };
    assert_eq!(through(&plain, 48_000.0, &sound).0, sound, "samples alone would not see it");
}

#[test]
fn a_gliding_ceiling_leads_from_one_to_the_other() {
    let sound: Vec<f64> = (0..30_000).map(|n| 2.0 * (TAU * 200.0 * f64::from(n) / 48_000.0).sin()).collect();
    let from = ClipperParams { ceiling_db: -1.0, knee_db: 0.5, ..Default::default() };
    let to = ClipperParams { ceiling_db: -13.0, knee_db: 6.0, ..from };
    let mut clipper = from.build::<f64>(&StreamSpec::new(48_000.0, 1).unwrap()).unwrap();
    let mut out = sound.clone();
    let mut block = BlockMut::from_planar(&mut out, 1).unwrap();
    clipper.process(&mut block.frames_mut(0, 15_000));
    clipper.set_params(&to).unwrap();
    clipper.process(&mut block.frames_mut(15_000, 15_000));
    let latency = clipper.latency_frames();
    let overshoot = db_to_gain(0.6);
    assert!(peak(&out[..15_000]) < db_to_gain(-1.0) * overshoot);
    assert!(peak(&out[15_000..]) < db_to_gain(-1.0) * overshoot, "never above the higher of both");
    assert!(peak(&out[15_000 + 960 + latency..]) < db_to_gain(-13.0) * overshoot, "then below the new one");
}

#[test]
fn latencies_are_those_of_the_card() {
    let card = include_str!("../../../src/saturation/clipper.rs").replace("\n/// ", " ");
    for oversample in FACTORS {
        let at = |rate_hz| through(&ClipperParams { oversample, ..Default::default() }, rate_hz, &[0.0]).1;
        let frames = [44_100.0, 48_000.0, 96_000.0, 192_000.0].map(at).map(|n| n.to_string()).join(", ");
        println!("{oversample} times: {frames}");
        assert!(oversample == 1 || card.contains(&format!("{oversample} times: {frames}")), "{oversample}: {frames}");
    }
}
