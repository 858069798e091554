//! External keys, filters of the key, and listening to it.

use super::{sine, sine_fit, spec, traced};
use crate::common::{Cut, Edit, noise, planar_noise, run, same_bits};
use mixdown::{dynamics::*, *};

#[test]
fn a_key_is_aligned_and_equivalent_to_the_signal_itself() {
    let effects: [Effect; 4] = [
        CompressorParams { threshold_db: -30.0, ..Default::default() }.into(),
        CompressorParams { threshold_db: -30.0, lookahead_ms: 4.0, key_high_pass_hz: 80.0, ..Default::default() }
            .into(),
        ExpanderParams { threshold_db: -10.0, ..Default::default() }.into(),
        GateParams { threshold_db: -3.0, hold_ms: 1.0, ..Default::default() }.into(),
    ];
    for effect in effects {
        let input = planar_noise::<f32>(2, 9_000);
        let mut own = input.clone();
        run(&mut effect.build::<f32>(&spec(48_000.0, 2)).unwrap(), &mut own, &Cut(vec![480]), vec![]);
        let mut keyed = input.clone();
        let mut processor = effect.build::<f32>(&spec(48_000.0, 2)).unwrap();
        let mut block = BlockMut::from_planar(&mut keyed, 2).unwrap();
        let key = Block::from_planar(&input, 2).unwrap();
        for start in (0..9_000).step_by(300) {
            processor.process_keyed(&mut block.frames_mut(start, 300), &key.frames_at(start, 300));
        }
        assert!(same_bits(&keyed, &own), "{effect:?}");
    }
    // A loud key of one channel reduces both channels, and its non-finite samples count as silence.
    let constant = CompressorParams { detector: Detector::PeakHold, ..Default::default() };
    let mut compressor = constant.build::<f32>(&spec(48_000.0, 2)).unwrap();
    let mut audio = vec![0.01_f32; 2 * 9_600];
    let mut key = vec![1.0_f32; 9_600];
    key[100] = f32::NAN;
    compressor.process_keyed(&mut BlockMut::from_planar(&mut audio, 2).unwrap(), &Block::from_planar(&key, 1).unwrap());
    assert!(compressor.non_finite_samples() == 1 && (compressor.gain_reduction_db(1) - 13.5).abs() < 0.01);
    assert!(audio[9_599] < 0.0025 && audio[9_599] == audio[2 * 9_600 - 1]);
}

#[test]
fn the_high_pass_keeps_bass_from_causing_reduction() {
    let reduction_db = |key_high_pass_hz, frequency_hz| {
        let params = CompressorParams { threshold_db: -30.0, knee_db: 0.0, key_high_pass_hz, ..Default::default() };
        *traced::<f32>(&params.into(), 48_000.0, &sine(frequency_hz, 48_000.0, 0.5, 48_000)).1.last().unwrap()
    };
    // 12 dB per octave: two octaves below, 24 dB less level are 18 dB less reduction.
    let difference_db = reduction_db(0.0, 50.0) - reduction_db(200.0, 50.0);
    assert!((difference_db - 18.0).abs() < 0.5, "{difference_db}");
    assert!((reduction_db(0.0, 2_000.0) - reduction_db(200.0, 2_000.0)).abs() < 0.05);
}

#[test]
fn the_low_pass_keeps_treble_from_causing_reduction_and_from_opening() {
    let reduction_db = |key_low_pass_hz, frequency_hz| {
        let params = CompressorParams { threshold_db: -30.0, knee_db: 0.0, key_low_pass_hz, ..Default::default() };
        *traced::<f32>(&params.into(), 48_000.0, &sine(frequency_hz, 48_000.0, 0.5, 48_000)).1.last().unwrap()
    };
    // Two octaves above, 24 dB less level are 18 dB less reduction.
    let difference_db = reduction_db(0.0, 2_000.0) - reduction_db(500.0, 2_000.0);
    assert!((difference_db - 18.0).abs() < 0.5, "{difference_db}");
    assert!((reduction_db(0.0, 50.0) - reduction_db(500.0, 50.0)).abs() < 0.05);
    let last_db = |effect: Effect, frequency_hz| {
        *traced::<f32>(&effect, 48_000.0, &sine(frequency_hz, 48_000.0, 0.1, 48_000)).1.last().unwrap()
    };
    let kick = GateParams { key_low_pass_hz: 100.0, ..Default::default() };
    assert!(last_db(kick.into(), 60.0) == 0.0 && last_db(kick.into(), 4_000.0) > 70.0);
    let hat = ExpanderParams { key_high_pass_hz: 5_000.0, ..Default::default() };
    assert!(last_db(hat.into(), 200.0) > 20.0 && last_db(hat.into(), 10_000.0) < 0.01);
}

#[test]
fn listening_puts_out_the_filtered_key_with_the_same_latency() {
    let input: Vec<f64> = noise(5, 24_000).iter().map(|x| f64::from(*x as f32)).collect();
    let key = CompressorParams { makeup_db: 6.0, mix: 0.5, listen: true, ..Default::default() };
    // Butterworth filters of 12 dB per octave: -3.01 dB at the corner.
    for (high_pass_hz, low_pass_hz, frequency_hz, expected_db) in [
        (0.0, 0.0, 1_000.0, 0.0),
        (200.0, 0.0, 200.0, -3.01),
        (200.0, 0.0, 50.0, -24.1),
        (0.0, 1_000.0, 1_000.0, -3.01),
        (200.0, 3_200.0, 800.0, -0.03),
    ] {
        let params = CompressorParams { key_high_pass_hz: high_pass_hz, key_low_pass_hz: low_pass_hz, ..key };
        let (output, trace) = traced::<f32>(&params.into(), 48_000.0, &sine(frequency_hz, 48_000.0, 0.9, 96_000));
        let (amplitude, _) = sine_fit(&output[48_000..], frequency_hz, 48_000.0);
        let gain_db = gain_to_db(amplitude / 0.9);
        println!("{high_pass_hz} to {low_pass_hz} Hz, {frequency_hz} Hz: {gain_db:.2} dB");
        assert!((gain_db - expected_db).abs() < 0.06, "{gain_db}");
        assert!(expected_db < -5.0 || trace[95_999] > 5.0, "the reduction is computed all the same");
    }
    for lookahead_ms in [0.0, 2.0] {
        let listening = CompressorParams { lookahead_ms, ..key };
        let latency = (48.0 * lookahead_ms) as usize;
        let (heard, _) = traced::<f32>(&listening.into(), 48_000.0, &input);
        assert!(same_bits(&heard[latency..], &input[..24_000 - latency]), "the input, delayed");
        // Off again, the sound is the compressor's.
        let plain = CompressorParams { listen: false, ..listening };
        let mut audio: Vec<f32> = input.iter().map(|&x| x as f32).collect();
        let mut other = audio.clone();
        let back: Edit<'_, Compressor<f32>> = Box::new(|p| p.set_params(&plain).unwrap());
        let mut processor = listening.build::<f32>(&spec(48_000.0, 1)).unwrap();
        run(&mut processor, &mut audio, &Cut(vec![480]), vec![(9_600, back)]);
        run(&mut plain.build::<f32>(&spec(48_000.0, 1)).unwrap(), &mut other, &Cut::whole(), vec![]);
        assert!(same_bits(&audio[10_560..], &other[10_560..]));
    }
    // A key of one channel is heard on all.
    let mut listening =
        CompressorParams { listen: true, ..Default::default() }.build::<f32>(&spec(48_000.0, 2)).unwrap();
    let (mut audio, key) = (vec![0.5_f32; 200], vec![0.25_f32; 100]);
    listening.process_keyed(&mut BlockMut::from_planar(&mut audio, 2).unwrap(), &Block::from_planar(&key, 1).unwrap());
    assert!(audio.iter().all(|&x| x == 0.25));
}
