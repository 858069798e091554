//! Known answers, predictions, extremes.

use super::{super::devices::devices, *};
use crate::{foundation::block::Block, primitives::random::Random};

const RATE_HZ: f64 = 48_000.0;
const FRAMES: usize = 192_000;

fn spectra(rows: &[&[f64]]) -> Spectra {
    Spectra::measure(&Block::from_slices(rows).unwrap(), &StreamSpec::new(RATE_HZ, rows.len()).unwrap()).unwrap()
}

/// Noise that falls by 6 dB per octave above `corner_hz`.
fn noise(seed: u64, corner_hz: f64, gain: f64) -> Vec<f64> {
    let (mut random, mut last) = (Random::new(seed, 0), 0.0);
    let pole = libm::exp(-core::f64::consts::TAU * corner_hz / RATE_HZ);
    let step = |_| {
        last = pole * last + (1.0 - pole) * random.triangular();
        gain * last
    };
    (0..FRAMES).map(step).collect()
}

fn phase(hz: f64, n: usize) -> f64 {
    hz * n as f64 / RATE_HZ
}

/// Harmonics up to 8 kHz of amplitudes 1 / k^exponent, with the energy of a sine of amplitude 0.1.
fn saw(hz: f64, exponent: f64) -> Vec<f64> {
    let harmonics = 1..=(8_000.0 / hz) as usize;
    let amplitude = |k: usize| libm::pow(k as f64, -exponent);
    let power: f64 = harmonics.clone().map(|k| amplitude(k) * amplitude(k)).sum();
    let sample = |n: usize| -> f64 {
        let of = |k: usize| amplitude(k) * libm::sin(core::f64::consts::TAU * phase(hz * k as f64, n));
        harmonics.clone().map(of).sum::<f64>()
    };
    (0..FRAMES).map(|n| 0.1 / libm::sqrt(power) * sample(n)).collect()
}

fn kept(report: &Translation, device: &str, track: usize) -> f64 {
    report.devices.iter().find(|one| one.device == device).unwrap().kept[track].unwrap()
}

fn judged(bass: &Spectra) -> Translation {
    let (low, wide) = (noise(1, 400.0, 0.06), noise(2, 2_000.0, 0.01));
    let (low, wide) = (spectra(&[&low]), spectra(&[&wide]));
    let stems = [("bass", bass), ("keys", &low), ("lead", &wide)].map(|(name, spectra)| Stem { name, spectra });
    translation(&stems, &devices(), &TranslationLimits::default()).unwrap()
}

#[test]
fn a_sine_bass_dies_on_small_loudspeakers_and_a_sawtooth_is_heard_by_its_harmonics() {
    let sine: Vec<f64> = (0..FRAMES).map(|n| 0.1 * libm::sin(core::f64::consts::TAU * phase(50.0, n))).collect();
    let (sine, saw) = (judged(&spectra(&[&sine])), judged(&spectra(&[&saw(50.0, 1.0)])));
    for device in ["phone", "laptop"] {
        assert!(kept(&sine, device, 0) < 0.05, "{device}: {}", kept(&sine, device, 0));
        assert!(kept(&saw, device, 0) > 0.6, "{device}: {}", kept(&saw, device, 0));
    }
    assert!(kept(&sine, "club", 0) > 1.0, "{}", kept(&sine, "club", 0));
    assert_eq!(sine.devices[0].verdicts[0], Verdict::Lost);
    // Nothing of it is above its fundamental: no equalizer helps, and none is suggested.
    assert!(sine.suggestions.is_empty(), "{:?}", sine.suggestions);
}

#[test]
fn what_is_out_of_phase_dies_in_mono_alone() {
    let (wide, low) = (noise(3, 1_000.0, 0.2), noise(4, 400.0, 0.4));
    let inverted: Vec<f64> = wide.iter().map(|x| -x).collect();
    let (pad, keys) = (spectra(&[&wide, &inverted]), spectra(&[&low]));
    let stems = [Stem { name: "pad", spectra: &pad }, Stem { name: "keys", spectra: &keys }];
    let report = translation(&stems, &devices(), &TranslationLimits::default()).unwrap();
    for device in ["mono", "phone"] {
        assert!(kept(&report, device, 0) < 0.02, "{device}: {}", kept(&report, device, 0));
    }
    assert!(kept(&report, "laptop", 0) > 0.8, "{}", kept(&report, "laptop", 0));
    // What is left takes its place.
    assert!(kept(&report, "mono", 1) > 1.0, "{}", kept(&report, "mono", 1));
}

#[test]
fn a_suggested_bell_is_predicted_as_the_report_says_after_it() {
    use crate::{BlockMut, Processor};
    let mut bass = saw(55.0, 2.6);
    let before = judged(&spectra(&[&bass]));
    let [suggestion] = before.suggestions.as_slice() else { panic!("{:?}", before.suggestions) };
    let Action::Effect(Effect::Bell(bell)) = &suggestion.action else { panic!("{suggestion:?}") };
    let spec = StreamSpec::new(RATE_HZ, 1).unwrap();
    bell.build::<f64>(&spec).unwrap().process(&mut BlockMut::from_slices(&mut [&mut bass[..]]).unwrap());
    let after = judged(&spectra(&[&bass]));
    let change = &suggestion.predicted[0];
    assert!((change.before - kept(&before, "phone", 0)).abs() < 1e-9);
    assert!((change.after - kept(&after, "phone", 0)).abs() < 0.02, "{change:?} {}", kept(&after, "phone", 0));
}

#[test]
fn extremes_give_figures_or_none() {
    let silence = vec![0.0; 2_000];
    for rate_hz in [8_000.0, 48_000.0, 192_000.0] {
        let spec = StreamSpec::new(rate_hz, 1).unwrap();
        for samples in [&silence[..], &[], &noise(6, 1_000.0, 0.1)[..2_000]] {
            let spectra = Spectra::measure(&Block::from_slices(&[samples]).unwrap(), &spec).unwrap();
            let stems = [Stem { name: "mix", spectra: &spectra }];
            let report = translation(&stems, &devices(), &TranslationLimits::default()).unwrap();
            assert!(report.studio_share.iter().all(|share| share.is_finite()));
            for device in &report.devices {
                let regions = device.regions.iter().map(|region| region.kept);
                assert!(device.kept.iter().copied().chain(regions).flatten().all(f64::is_finite));
            }
        }
    }
    assert_eq!(translation(&[], &devices(), &Default::default()), Err(AnalysisError::Stems { min: 1, actual: 0 }));
}
