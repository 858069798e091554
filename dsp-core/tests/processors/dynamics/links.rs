//! Linked channels and those that are not.

use super::spec;
use crate::common::{Cut, Edit, noise, run, same_bits};
use mixdown::{dynamics::*, *};

#[test]
fn linked_channels_keep_their_ratio_exactly() {
    let params = CompressorParams { threshold_db: -30.0, attack_ms: 0.5, ..Default::default() };
    for lookahead_ms in [0.0, 3.0] {
        for detector in [Detector::Peak, Detector::Rms, Detector::PeakHold] {
            for release_mode in [CompressorRelease::Manual, CompressorRelease::Dual, CompressorRelease::Auto] {
                let params = CompressorParams { lookahead_ms, detector, release_mode, ..params };
                let left = noise(3, 20_000);
                // Halves are exact: so must be their products with the same gain.
                let mut audio: Vec<f32> = left.iter().chain(&left).map(|&x| x as f32).collect();
                audio[20_000..].iter_mut().for_each(|x| *x *= -0.25);
                let mut compressor = params.build::<f32>(&spec(48_000.0, 2)).unwrap();
                run(&mut compressor, &mut audio, &Cut(vec![480]), vec![]);
                assert!(audio[..20_000].iter().zip(&audio[20_000..]).all(|(l, r)| -0.25 * l == *r));
                assert!(compressor.gain_reduction_db(0) > 5.0);
                assert_eq!(compressor.gain_reduction_db(0), compressor.gain_reduction_db(1));
                assert_eq!(compressor.gain_reduction_db(2), 0.0, "no such trace");
            }
        }
    }
}

#[test]
fn unlinked_channels_are_as_if_alone() {
    let compressor = CompressorParams { threshold_db: -30.0, link_percent: 0.0, ..Default::default() };
    let auto = CompressorParams { release_mode: CompressorRelease::Auto, detector: Detector::Rms, ..compressor };
    let ahead = CompressorParams { lookahead_ms: 2.0, key_high_pass_hz: 100.0, ..compressor };
    let expander = ExpanderParams { threshold_db: -10.0, link_percent: 0.0, ..Default::default() };
    let gate = GateParams { threshold_db: -3.0, link_percent: 0.0, hold_ms: 1.0, ..Default::default() };
    let effects: [Effect; 5] = [compressor.into(), auto.into(), ahead.into(), expander.into(), gate.into()];
    for effect in effects {
        let input: Vec<f32> = (0..3).flat_map(|seed| noise(seed, 20_000)).map(|x| x as f32).collect();
        let mut together = input.clone();
        run(&mut effect.build::<f32>(&spec(48_000.0, 3)).unwrap(), &mut together, &Cut(vec![480]), vec![]);
        for (alone, together) in input.chunks(20_000).zip(together.chunks(20_000)) {
            let mut alone = alone.to_vec();
            run(&mut effect.build::<f32>(&spec(48_000.0, 1)).unwrap(), &mut alone, &Cut(vec![100]), vec![]);
            assert!(same_bits(&alone, together), "{effect:?}");
        }
    }
}

#[test]
fn a_link_that_comes_and_goes_does_not_depend_on_the_cut() {
    let linked: [Effect; 3] = [
        CompressorParams { threshold_db: -30.0, lookahead_ms: 1.0, release_ms: 5.0, ..Default::default() }.into(),
        ExpanderParams { threshold_db: -10.0, release_ms: 5.0, ..Default::default() }.into(),
        GateParams { threshold_db: -3.0, hold_ms: 1.0, release_ms: 5.0, ..Default::default() }.into(),
    ];
    let alone: [Effect; 3] = [
        CompressorParams { threshold_db: -30.0, lookahead_ms: 1.0, link_percent: 0.0, ..Default::default() }.into(),
        ExpanderParams { threshold_db: -10.0, link_percent: 0.0, ..Default::default() }.into(),
        GateParams { threshold_db: -3.0, hold_ms: 1.0, link_percent: 0.0, ..Default::default() }.into(),
    ];
    for (linked, alone) in linked.iter().zip(&alone) {
        let render = |cut: &Cut| {
            // Loud, then silent, so that all channels come to rest, and loud again.
            let mut audio: Vec<f32> = (0..2).flat_map(|seed| noise(seed, 40_000)).map(|x| x as f32).collect();
            audio.chunks_mut(40_000).for_each(|channel| channel[12_000..30_000].fill(0.0));
            let part: Edit<'_, EffectProcessor<f32>> = Box::new(|p| p.set_params(alone).unwrap());
            let join: Edit<'_, EffectProcessor<f32>> = Box::new(|p| p.set_params(linked).unwrap());
            let mut processor = linked.build::<f32>(&spec(48_000.0, 2)).unwrap();
            run(&mut processor, &mut audio, cut, vec![(1_000, part), (5_001, join)]);
            (audio, processor.dynamics().unwrap().gain_reduction())
        };
        let (whole, reduction) = render(&Cut::whole());
        for cut in Cut::all() {
            let (audio, own) = render(&cut);
            assert!(same_bits(&audio, &whole), "{cut:?}");
            assert_eq!(own, reduction, "{cut:?}");
        }
        // Linked at the end: one gain for both.
        let input = [noise(0, 40_000), noise(1, 40_000)];
        for n in 38_000..40_000 {
            let latency = if matches!(linked, Effect::Compressor(_)) { 48 } else { 0 };
            let [l, r] = [0, 1].map(|c| f64::from(whole[c * 40_000 + n]) / input[c][n - latency]);
            assert!((l / r - 1.0).abs() < 1e-4, "{l} {r}");
        }
    }
}
