//! Static curves of compressor and expander, and those that effects report.

use super::{sine, traced};
use mixdown::{dynamics::*, levels::*, *};

/// A carrier of constant magnitude.
fn square(frequency_hz: f64, rate_hz: f64, frames: usize) -> Vec<f64> {
    (0..frames).map(|n| if (frequency_hz * n as f64 / rate_hz).fract() < 0.5 { 1.0 } else { -1.0 }).collect()
}

/// The paper's curve, output in dB.
fn compressed_db(level: f64, threshold: f64, ratio: f64, knee: f64) -> f64 {
    let over = level - threshold;
    if 2.0 * over < -knee {
        level
    } else if 2.0 * over.abs() <= knee && knee > 0.0 {
        level + (1.0 / ratio - 1.0) * (over + knee / 2.0).powi(2) / (2.0 * knee)
    } else {
        threshold + over / ratio
    }
}

#[test]
fn d1_static_curve_of_the_compressor() {
    /// D1.
    const LIMIT_DB: f64 = 0.02;
    let mut worst: f64 = 0.0;
    for threshold_db in [-50.0, -30.0, -18.0, -6.0, 0.0] {
        for ratio in [1.0, 1.5, 4.0, 20.0, f64::INFINITY] {
            for knee_db in [0.0, 3.0, 12.0, 24.0] {
                let params = CompressorParams {
                    threshold_db,
                    ratio,
                    knee_db,
                    attack_ms: 0.02,
                    release_ms: 5.0,
                    makeup_db: 3.0,
                    ..Default::default()
                };
                for (index, level_db) in [-70.0, -45.0, -31.0, -18.0, -12.5, -3.0, 0.0, 6.0].into_iter().enumerate() {
                    let expected_db = compressed_db(level_db, threshold_db, ratio, knee_db) + 3.0;
                    let curve_db = params.transfer_curve(&[level_db]).unwrap()[0];
                    worst = worst.max((curve_db - expected_db).abs());
                    // Each detector on what it reads as constant: the envelope on sines, magnitudes on a square.
                    let sines_hz = [200.0, 1_000.0, 5_000.0, 10_000.0];
                    let sine = sine(sines_hz[index % 4], 48_000.0, db_to_gain(level_db), 4_800);
                    let square = square(1_000.0, 48_000.0, 4_800).iter().map(|x| db_to_gain(level_db) * x).collect();
                    for (detector, input, attack_ms) in
                        [(Detector::Peak, sine, 1.0), (Detector::PeakHold, square, 0.02)]
                    {
                        let params = CompressorParams { detector, attack_ms, ..params };
                        let outputs = [
                            traced::<f32>(&params.into(), 48_000.0, &input).0,
                            traced::<f64>(&params.into(), 48_000.0, &input).0,
                        ];
                        for output in outputs {
                            let power = |audio: &[f64]| audio.iter().map(|x| x * x).sum::<f64>();
                            let gain_db = power_to_db(power(&output[3_840..]) / power(&input[3_840..]));
                            worst = worst.max((level_db + gain_db - expected_db).abs());
                        }
                    }
                }
            }
        }
    }
    println!("D1 compressor: {worst:.5} dB");
    assert!(worst <= LIMIT_DB, "{worst}");
}

#[test]
fn d1_static_curve_of_the_expander() {
    const LIMIT_DB: f64 = 0.02;
    let mut worst: f64 = 0.0;
    for threshold_db in [-60.0, -40.0, -10.0] {
        for ratio in [1.0, 2.0, 10.0] {
            for knee_db in [0.0, 6.0, 24.0] {
                for range_db in [12.0, 40.0] {
                    let params = ExpanderParams {
                        threshold_db,
                        ratio,
                        knee_db,
                        range_db,
                        attack_ms: 0.02,
                        release_ms: 5.0,
                        ..Default::default()
                    };
                    for level_db in [-90.0, -65.0, -50.0, -41.0, -30.0, -12.0, -6.0, 0.0] {
                        let input: Vec<f64> =
                            square(1_000.0, 48_000.0, 12_000).iter().map(|x| db_to_gain(level_db) * x).collect();
                        // Mirrored: level and threshold change their signs, and so does the added gain.
                        let knee = compressed_db(-level_db, -threshold_db, 1.0 / ratio, knee_db);
                        let expected_db = (-knee).max(level_db - range_db);
                        let (output, _) = traced::<f32>(&params.into(), 48_000.0, &input);
                        let curve_db = params.transfer_curve(&[level_db]).unwrap()[0];
                        worst = worst.max((gain_to_db(output[11_999]) - expected_db).abs());
                        let input = sine(1_000.0, 48_000.0, db_to_gain(level_db), 12_000);
                        let params = ExpanderParams { detector: ExpanderDetector::Peak, ..params };
                        let (_, trace) = traced::<f32>(&params.into(), 48_000.0, &input);
                        // The envelope's ripple, of 0.002 dB here, times the ratio.
                        let peak_db = (level_db - trace[11_999] - expected_db).abs() / ratio;
                        worst = worst.max(peak_db);
                        worst = worst.max((curve_db - expected_db).abs());
                    }
                }
            }
        }
    }
    println!("D1 expander: {worst:.5} dB");
    assert!(worst <= LIMIT_DB, "{worst}");
}

#[test]
fn transfer_curves_are_those_of_effects_too() {
    let limiter = LimiterParams { gain_db: 6.0, ..Default::default() };
    assert_eq!(Effect::from(limiter).transfer_curve(&[-20.0, 0.0]), Some(vec![-14.0, -1.0]));
    let parallel = CompressorParams { mix: 0.5, threshold_db: -20.0, knee_db: 0.0, ..Default::default() };
    let output_db = Effect::from(parallel).transfer_curve(&[0.0]).unwrap()[0];
    assert!((output_db - gain_to_db(0.5 + 0.5 * db_to_gain(-15.0))).abs() < 1e-4);
    assert_eq!(Effect::from(GainParams::default()).transfer_curve(&[0.0]), None);
    assert_eq!(Effect::default().transfer_curve(&[0.0]), None);
}
