//! The gates of `Vibrato`.

use super::swept_delay::*;
use crate::common::*;
use mixdown::{modulation::*, *};
use std::f64::consts::TAU;

fn vibrato(rate_hz: f64, depth_cents: f64) -> Effect {
    VibratoParams { rate_hz, depth_cents, ..Default::default() }.into()
}

#[test]
fn the_lfo_keeps_its_rate() {
    /// SOUND 9: 0.1 %.
    const LIMIT: f64 = 1e-3;
    for rate_hz in [0.37, 5.0, 17.3] {
        let seconds = 20.0_f64.max(8.0 / rate_hz);
        let found = swing_hz(&delays(&vibrato(rate_hz, 15.0), (seconds * RATE_HZ) as usize)[1_000..]);
        println!("Vibrato {rate_hz} Hz: {found:.7} Hz");
        assert!((found / rate_hz - 1.0).abs() <= LIMIT, "{found} for {rate_hz}");
    }
}

#[test]
fn a_note_sets_the_rate() {
    let params = VibratoParams { tempo_bpm: 150.0, note: NoteValue::Eighth, depth_cents: 20.0, ..Default::default() };
    let found = swing_hz(&delays(&params.into(), 480_000)[1_000..]);
    assert!((found / 5.0 - 1.0).abs() <= 1e-3, "{found}");
}

#[test]
fn the_pitch_deviates_by_the_depth() {
    /// 1 % of the cents.
    const LIMIT: f64 = 0.01;
    for (rate_hz, depth_cents) in [(5.0, 30.0), (5.0, 200.0), (1.0, 50.0), (12.0, 100.0), (20.0, 5.0)] {
        let delays = delays(&vibrato(rate_hz, depth_cents), 2 * 48_000);
        let slope = delays[2_000..].windows(2).map(|pair| pair[0] - pair[1]).fold(f64::MIN, f64::max);
        let cents = 1_200.0 * (1.0 + slope).log2();
        println!("Vibrato {rate_hz} Hz: {cents:.3} cents for {depth_cents}");
        assert!((cents / depth_cents - 1.0).abs() <= LIMIT, "{cents} for {depth_cents}");
    }
}

/// The output of a tone less the same tone with its phase modulated in closed form: everything but the sidebands.
fn residue_dbc(hz: f64, rate_hz: f64, depth_cents: f64) -> f64 {
    let frames = 4 * 48_000;
    let [out, _] = render(&vibrato(rate_hz, depth_cents), RATE_HZ, [tone(hz, 0.0, RATE_HZ, frames), vec![0.0; frames]]);
    let depth = ((depth_cents / 1_200.0).exp2() - 1.0) / (TAU * rate_hz) * RATE_HZ;
    let wanted = |n: usize| {
        let delay = 248.0 + depth * (TAU * rate_hz * n as f64 / RATE_HZ).sin();
        (TAU * hz / RATE_HZ * (n as f64 - delay)).cos()
    };
    let residue: Vec<f64> = out.iter().enumerate().skip(1_000).map(|(n, y)| y - wanted(n)).collect();
    level_db(&residue) + 3.01
}

#[test]
fn a_tone_has_its_sidebands_and_nothing_else() {
    // The last figure: all the rest together.
    for (hz, rate_hz, depth_cents, limit_dbc) in [
        (440.0, 5.0, 30.0, -110.0),
        (5_000.0, 5.0, 30.0, -100.0),
        (5_000.0, 6.5, 200.0, -100.0),
        (10_000.0, 5.0, 30.0, -75.0),
        (16_000.0, 5.0, 30.0, -60.0),
    ] {
        let residue_dbc = residue_dbc(hz, rate_hz, depth_cents);
        println!("Vibrato {hz} Hz, {depth_cents} cents at {rate_hz} Hz: residue {residue_dbc:.1} dBc");
        assert!(residue_dbc <= limit_dbc, "{hz} Hz: {residue_dbc}");
    }
}

#[test]
fn single_precision_adds_no_zipper() {
    let frames = 2 * 48_000;
    let mut double = tone(5_000.0, 0.0, RATE_HZ, frames);
    let mut single: Vec<f32> = double.iter().map(|x| *x as f32).collect();
    let spec = StreamSpec::new(RATE_HZ, 1).unwrap();
    run(&mut vibrato(5.0, 100.0).build::<f64>(&spec).unwrap(), &mut double, &Cut::whole(), vec![]);
    run(&mut vibrato(5.0, 100.0).build::<f32>(&spec).unwrap(), &mut single, &Cut::whole(), vec![]);
    let residue: Vec<f64> = single.iter().zip(&double).map(|(a, b)| f64::from(*a) - b).collect();
    let residue_dbc = level_db(&residue) + 3.01;
    println!("Vibrato f32 against f64 at 5 kHz: {residue_dbc:.1} dBc");
    // The rounding of f32, of the samples, of the delay and of five products.
    assert!(residue_dbc <= -125.0, "{residue_dbc}");
}

#[test]
fn no_depth_is_a_delay_bit_for_bit_also_after_one() {
    let spec = StreamSpec::new(44_100.0, 1).unwrap();
    let mut processor = vibrato(5.0, 100.0).build::<f32>(&spec).unwrap();
    let latency = processor.latency_frames();
    assert_eq!(latency, 229);
    let input: Vec<f32> = planar_noise(1, 60_000);
    let mut audio = input.clone();
    let none = vibrato(5.0, 0.0);
    let rest: Edit<'_, EffectProcessor<f32>> = Box::new(|p| p.set_params(&none).unwrap());
    run(&mut processor, &mut audio, &Cut(vec![100]), vec![(20_000, rest)]);
    assert!(!same_bits(&audio[5_000..10_000], &input[5_000 - latency..10_000 - latency]));
    assert!(same_bits(&audio[40_000..], &input[40_000 - latency..60_000 - latency]));
}

#[test]
fn what_needs_more_delay_than_there_is_memory_is_refused() {
    let spec = StreamSpec::new(RATE_HZ, 2).unwrap();
    let text = |params: VibratoParams| params.validate(&spec).unwrap_err().to_string();
    let slow = VibratoParams { rate_hz: 1.0, depth_cents: 54.0, ..Default::default() };
    let text_of_slow = text(slow);
    assert!(
        text_of_slow.starts_with("depth_cents = 54 is out of range: with rate_hz = 1 it must lie in 0..53.5"),
        "{text_of_slow}"
    );
    assert!(vibrato(1.0, 53.0).build::<f32>(&spec).is_ok() && vibrato(4.0, 200.0).build::<f32>(&spec).is_ok());
    let synced = VibratoParams { note: NoteValue::SixtyFourthTriplet, tempo_bpm: 999.0, ..Default::default() };
    assert!(text(synced).starts_with("note = 1/64t at tempo_bpm = 999 makes rate_hz = 399."), "{}", text(synced));
}
