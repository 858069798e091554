//! Levels, harmonics, responses and bias of `Saturator`.

use super::*;

#[test]
fn a_small_signal_gains_the_drive_alone() {
    /// S: at -60 dBFS at the curve.
    const LIMIT_DB: f64 = 0.01;
    const FRAMES: usize = 4_800;
    for curve in CURVES {
        for drive_db in [0.0, 6.0, 24.0, 36.0] {
            for oversample in FACTORS {
                let params = SaturatorParams { curve, drive_db, oversample, ..Default::default() };
                let amplitude = db_to_gain(-60.0 - drive_db);
                let (out, latency) = through(&params, 48_000.0, &tone(100, FRAMES, amplitude, 2 * FRAMES));
                let level_db = db(lines(&out[latency + FRAMES / 2..][..FRAMES], 100)[100] / amplitude);
                assert!((level_db - drive_db).abs() <= LIMIT_DB, "{curve:?} {drive_db} x{oversample}: {level_db}");
            }
        }
    }
}

#[test]
fn a_small_signal_has_a_flat_response_up_to_20_khz_at_every_rate() {
    const LIMIT_DB: f64 = 0.01;
    const FRAMES: usize = 2_000;
    let mut worst = 0.0_f64;
    for rate_hz in RATES_HZ {
        for oversample in FACTORS {
            for hz in [50.0, 1_000.0, 10_000.0, 16_000.0, 19_000.0, 19_900.0] {
                let cycles = (hz / rate_hz * FRAMES as f64).round() as usize;
                let params = SaturatorParams { oversample, ..Default::default() };
                let (out, _) = through(&params, rate_hz, &tone(cycles, FRAMES, 1e-4, 2 * FRAMES));
                let level_db = db(lines(&out[FRAMES..], cycles)[cycles] / 1e-4);
                worst = worst.max(level_db.abs());
                assert!(level_db.abs() <= LIMIT_DB, "{rate_hz} x{oversample} {hz}: {level_db}");
            }
        }
    }
    println!("response up to 20 kHz: within {worst:.4} dB");
}

#[test]
fn tanh_has_the_harmonics_of_its_fourier_series() {
    const FRAMES: usize = 4_800;
    /// Cycles of 200 and 1 000 Hz, and the limit in dB of harmonics up to the 19th: near 20 kHz they lose less to the antialiasing
    /// than what the treble is restored for.
    const LIMITS_DB: [(usize, f64); 2] = [(20, 0.1), (100, 1.0)];
    /// Below this the curve itself is no closer to tanh.
    const FAINTEST: f64 = 1e-6;
    for drive_db in [0.0, 6.0, 12.0, 24.0] {
        for (cycles, limit_db) in LIMITS_DB {
            let params = SaturatorParams { drive_db, ..Default::default() };
            let (out, _) = through(&params, 48_000.0, &tone(cycles, FRAMES, 0.5, 3 * FRAMES));
            let found = lines(&out[2 * FRAMES..], 19 * cycles);
            for harmonic in [1, 3, 5, 7, 9, 13, 19] {
                // The mean of tanh over a period, by equal steps: exact to the last digits.
                let steps = 8_192;
                let term = |n: usize| {
                    let angle = TAU * n as f64 / steps as f64;
                    (db_to_gain(drive_db) * 0.5 * angle.sin()).tanh() * (harmonic as f64 * angle).sin()
                };
                let expected = (2.0 * (0..steps).map(term).sum::<f64>() / steps as f64).abs();
                let error_db = db(found[harmonic * cycles] / expected);
                println!("{drive_db} dB, {} Hz: {:.1} dB, off by {error_db:.3}", 10 * harmonic * cycles, db(expected));
                assert!(error_db.abs() <= limit_db || expected < FAINTEST, "{drive_db} {harmonic}: {error_db}");
            }
        }
    }
}

#[test]
fn distortion_rises_with_drive() {
    const FRAMES: usize = 4_800;
    const CYCLES: usize = 23;
    for curve in CURVES {
        let mut last = 0.0;
        for drive_db in (0..=36).step_by(3) {
            let params = SaturatorParams { curve, drive_db: f64::from(drive_db), ..Default::default() };
            let (out, _) = through(&params, 48_000.0, &tone(CYCLES, FRAMES, 0.5, 2 * FRAMES));
            let lines = lines(&out[FRAMES..], 2_000);
            let harmonics: f64 = (2..80).map(|k| lines[k * CYCLES] * lines[k * CYCLES]).sum();
            let distortion = harmonics.sqrt() / lines[CYCLES];
            // Of the curves that begin with a straight line, nothing at first.
            assert!(distortion > last || distortion < 1e-6, "{curve:?} {drive_db}: {distortion} {last}");
            last = distortion;
        }
        assert!((0.3..0.5).contains(&last), "{curve:?}: of a square wave 0.48, {last}");
    }
}

#[test]
fn silence_stays_silence_with_bias_and_the_tail_ends() {
    for curve in CURVES {
        for oversample in FACTORS {
            let params = SaturatorParams { curve, bias: 0.37, drive_db: 9.0, oversample, ..Default::default() };
            let (out, _) = through(&params, 44_100.0, &[0.0; 3_000]);
            assert!(out.iter().all(|x| *x == 0.0), "{curve:?} {oversample}");
            let spec = StreamSpec::new(8_000.0, 1).unwrap();
            let mut saturator = params.build::<f64>(&spec).unwrap();
            let mut audio = tone(7, 100, 0.7, 1_000);
            saturator.process(&mut BlockMut::from_planar(&mut audio, 1).unwrap());
            let Tail::Frames(tail) = saturator.tail() else { panic!("a tail") };
            let mut silence = vec![0.0; tail as usize + 100];
            saturator.process(&mut BlockMut::from_planar(&mut silence, 1).unwrap());
            assert!(silence[0].abs() > 0.0 && silence[tail as usize..].iter().all(|x| *x == 0.0), "{oversample}");
        }
    }
}

#[test]
fn bias_makes_even_harmonics_and_no_dc() {
    /// Re the tone, once the blocker has settled.
    const DC_DB: f64 = -80.0;
    const FRAMES: usize = 4_800;
    const CYCLES: usize = 100;
    for curve in CURVES {
        for oversample in [1, 4] {
            let of = |bias| {
                let params = SaturatorParams { curve, bias, drive_db: 12.0, oversample, ..Default::default() };
                let (out, _) = through(&params, 48_000.0, &tone(CYCLES, FRAMES, 0.5, 11 * FRAMES));
                lines(&out[10 * FRAMES..], 2 * CYCLES)
            };
            let (straight, biased) = (of(0.0), of(0.3));
            let second_db = |lines: &[f64]| db(lines[2 * CYCLES] / lines[CYCLES]);
            println!(
                "{curve:?} x{oversample}: second {:.1} dB, with bias {:.1} dB, DC {:.1} dB",
                second_db(&straight),
                second_db(&biased),
                db(0.5 * biased[0] / biased[CYCLES])
            );
            assert!(second_db(&straight) < -120.0 && second_db(&biased) > -40.0, "{curve:?}");
            assert!(db(0.5 * biased[0] / biased[CYCLES]) <= DC_DB, "{curve:?}");
        }
    }
}

#[test]
fn mix_adds_the_input_to_the_frame() {
    // A curve that does nothing at this level: any mix is the input, but for the ripple of the filters.
    let sound: Vec<f64> = tone(377, 4_000, 0.2, 4_000);
    for oversample in FACTORS {
        for mix in [0.0, 0.3, 1.0] {
            let params = SaturatorParams { curve: SaturatorCurve::Hard, mix, oversample, ..Default::default() };
            let (out, latency) = through(&params, 48_000.0, &sound);
            let error = (1_000..3_000).map(|n| (out[n + latency] - sound[n]).abs()).fold(0.0, f64::max);
            let close = if oversample == 1 { error < 1e-16 } else { db(error / 0.2) < -65.0 };
            assert!(if mix == 0.0 { error == 0.0 } else { close }, "{oversample} {mix}: {error}");
        }
    }
}

/// Root of the mean square.
fn rms(sound: &[f64]) -> f64 {
    (sound.iter().map(|x| x * x).sum::<f64>() / sound.len() as f64).sqrt()
}

#[test]
fn the_automatic_gain_keeps_the_loudness_and_silence_changes_nothing() {
    /// Once it has settled, of what K-weighting weighs alike: the tone's harmonics lie higher.
    const LIMIT_DB: f64 = 1.0;
    const RATE_HZ: f64 = 48_000.0;
    for curve in CURVES {
        for (drive_db, level_db) in [(12.0, -12.0), (24.0, -30.0), (30.0, -6.0)] {
            let amplitude = db_to_gain(level_db);
            let sound: Vec<f64> = (0..480_000).map(|n| amplitude * (TAU * 300.0 * n as f64 / RATE_HZ).sin()).collect();
            let params = SaturatorParams { curve, drive_db, auto_gain: true, ..Default::default() };
            let mut saturator = params.build::<f64>(&StreamSpec::new(RATE_HZ, 1).unwrap()).unwrap();
            let mut out = sound.clone();
            saturator.process(&mut BlockMut::from_planar(&mut out, 1).unwrap());
            let change_db = |range: std::ops::Range<usize>| db(rms(&out[range.clone()]) / rms(&sound[range]));
            let (early, late) = (change_db(4_800..14_400), change_db(432_000..480_000));
            println!("{curve:?} {drive_db} dB at {level_db} dB: after 0.1 s {early:.2} dB, after 9 s {late:.2} dB");
            assert!(late.abs() <= LIMIT_DB, "{curve:?} {drive_db} {level_db}: {late}");
            assert!(early.abs() <= 2.0, "{curve:?} {drive_db} {level_db}: {early}");
            // Ten seconds of silence later the gain is what it was.
            saturator.process(&mut BlockMut::from_planar(&mut vec![0.0; 480_000], 1).unwrap());
            let mut again = sound[..48_000].to_vec();
            saturator.process(&mut BlockMut::from_planar(&mut again, 1).unwrap());
            let after_db = db(rms(&again[4_800..24_000]) / rms(&out[432_000..480_000]));
            assert!(after_db.abs() < 0.1, "{curve:?}: {after_db}");
        }
    }
}

#[test]
fn the_automatic_gain_is_one_for_all_channels() {
    let params = SaturatorParams { drive_db: 18.0, auto_gain: true, ..Default::default() };
    let mut saturator = params.build::<f64>(&StreamSpec::new(48_000.0, 2).unwrap()).unwrap();
    let left: Vec<f64> = tone(100, 4_800, 0.02, 96_000);
    let mut audio = [left.clone(), left.iter().map(|x| 0.5 * x).collect()].concat();
    saturator.process(&mut BlockMut::from_planar(&mut audio, 2).unwrap());
    let balance_db = db(rms(&audio[48_000..96_000]) / rms(&audio[144_000..]));
    // The louder one is compressed a little by tanh.
    assert!((balance_db - 6.02).abs() < 0.15, "{balance_db}");
}

#[test]
fn another_factor_needs_a_rebuild() {
    let spec = StreamSpec::new(48_000.0, 1).unwrap();
    let mut saturator = SaturatorParams::default().build::<f32>(&spec).unwrap();
    let other = SaturatorParams { oversample: 8, ..Default::default() };
    assert_eq!(saturator.set_params(&other), Err(Error::NeedsRebuild { param: "oversample" }));
    let mut clipper = ClipperParams::default().build::<f32>(&spec).unwrap();
    let other = ClipperParams { oversample: 2, ..Default::default() };
    assert_eq!(clipper.set_params(&other), Err(Error::NeedsRebuild { param: "oversample" }));
    assert!(SaturatorParams { oversample: 3, ..Default::default() }.build::<f32>(&spec).is_err());
}

#[test]
fn latencies_are_those_of_the_card() {
    let card = include_str!("../../../src/saturation/saturator.rs");
    for oversample in FACTORS {
        let at = |rate_hz| through(&SaturatorParams { oversample, ..Default::default() }, rate_hz, &[0.0]).1;
        let row = format!(
            "{oversample} times: {}",
            [44_100.0, 48_000.0, 96_000.0, 192_000.0].map(at).map(|n| n.to_string()).join(", ")
        );
        println!("{row}");
        assert!(oversample == 1 || card.replace("\n/// ", " ").contains(&row), "{row}");
    }
}

#[test]
fn the_output_exceeds_the_ceiling_by_no_more_than_stated() {
    /// White noise, as in the card, at each multiple of the rate.
    const LIMITS_DB: [(usize, f64); 5] = [(1, 0.0), (2, 7.1), (4, 5.3), (8, 4.8), (16, 4.8)];
    let sound = crate::common::noise(4, 240_000);
    for curve in CURVES {
        for (oversample, limit_db) in LIMITS_DB {
            let params = SaturatorParams { curve, drive_db: 36.0, oversample, ..Default::default() };
            let (out, _) = through(&params, 48_000.0, &sound);
            let excess_db = db(out.iter().fold(0.0, |most: f64, x| most.max(x.abs())));
            println!("{curve:?} x{oversample}: white noise {excess_db:.2} dB above the ceiling");
            // A rational function stands for tanh.
            assert!(excess_db <= limit_db + 1e-6, "{curve:?} x{oversample}: {excess_db}");
        }
    }
}
