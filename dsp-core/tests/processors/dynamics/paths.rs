//! Alignment of the paths, lookahead, extreme input.

use super::{sine, spec, traced};
use crate::common::{Cut, planar_noise, run, same_bits};
use mixdown::{dynamics::*, *};

#[test]
fn the_dry_path_is_aligned() {
    let input = planar_noise::<f32>(2, 20_000);
    for lookahead_ms in [0.0, 0.5, 5.0, 20.0] {
        let delay = |audio: &[f32], latency: usize| -> Vec<f32> {
            audio.chunks(20_000).flat_map(|c| [&vec![0.0; latency], &c[..20_000 - latency]].concat()).collect()
        };
        // Without reduction any mix is the delayed input; with reduction a mix of 0 is.
        let quiet = CompressorParams { threshold_db: 0.0, mix: 0.5, lookahead_ms, ..Default::default() };
        let dry =
            CompressorParams { threshold_db: -60.0, mix: 0.0, makeup_db: 12.0, lookahead_ms, ..Default::default() };
        for params in [quiet, dry] {
            let mut compressor = params.build::<f32>(&spec(48_000.0, 2)).unwrap();
            let mut output = input.clone();
            run(&mut compressor, &mut output, &Cut(vec![333]), vec![]);
            assert!(same_bits(&output, &delay(&input, compressor.latency_frames())), "{params:?}");
        }
    }
}

#[test]
fn lookahead_reduces_the_first_peak() {
    let rate_hz = 48_000.0;
    let overshoot_db = |detector: Detector, attack_ms: f64, lookahead_ms: f64| {
        let params = CompressorParams {
            detector,
            threshold_db: -20.0,
            ratio: f64::INFINITY,
            knee_db: 0.0,
            attack_ms,
            lookahead_ms,
            ..Default::default()
        };
        let mut input = vec![0.0; 4_800];
        input.extend(sine(1_000.0, rate_hz, 1.0, 19_200));
        let (output, _) = traced::<f32>(&params.into(), rate_hz, &input);
        gain_to_db(output.iter().fold(0.0, |peak: f64, x| peak.max(x.abs()))) + 20.0
    };
    for detector in [Detector::Peak, Detector::PeakHold] {
        for attack_ms in [0.02, 0.5, 1.0, 2.0, 10.0] {
            let (without, with) = (overshoot_db(detector, attack_ms, 0.0), overshoot_db(detector, attack_ms, 5.0));
            println!("{detector:?}, attack {attack_ms} ms: overshoot {without:.2} dB without, {with:.2} dB with 5 ms");
            // Half of the window leads the peak: slower attacks are still on the way.
            assert!(with <= if attack_ms <= 2.0 { 0.35 } else { 0.85 } * without);
        }
    }
    assert!(overshoot_db(Detector::PeakHold, 0.02, 5.0) <= 0.01, "the first peak is met");
    // The envelope forms within a third of a period.
    assert!(overshoot_db(Detector::Peak, 0.02, 5.0) <= 0.1);
}

#[test]
fn extreme_input_leaves_no_trace() {
    for release_mode in [CompressorRelease::Manual, CompressorRelease::Dual, CompressorRelease::Auto] {
        for detector in [Detector::Peak, Detector::Rms, Detector::PeakHold] {
            let params = CompressorParams {
                release_ms: 5.0,
                attack_ms: 1.0,
                release_mode,
                detector,
                lookahead_ms: 1.0,
                ..Default::default()
            };
            let mut compressor = params.build::<f32>(&spec(48_000.0, 1)).unwrap();
            let mut audio = vec![f32::MAX, -f32::MAX, f32::NAN, f32::INFINITY, f32::MIN_POSITIVE, 1e-45, -f32::MAX];
            audio.resize(2_000_000, 0.001);
            run(&mut compressor, &mut audio, &Cut(vec![100]), vec![]);
            assert!(audio.iter().all(|x| x.is_finite()));
            assert_eq!((compressor.non_finite_samples(), compressor.gain_reduction_db(0)), (2, 0.0));
            assert_eq!(audio[1_999_999], 0.001);
        }
    }
}
