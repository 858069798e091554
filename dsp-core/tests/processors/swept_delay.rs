//! Measurements of swept delays: the delay of every frame, from a tone and its quadrature, and pink noise.

use crate::common::*;
use mixdown::*;
use std::f64::consts::TAU;

pub const RATE_HZ: f64 = 48_000.0;

/// Runs stereo audio through an effect.
pub fn render(effect: &Effect, rate_hz: f64, [left, right]: [Vec<f64>; 2]) -> [Vec<f64>; 2] {
    let frames = left.len();
    let mut processor = effect.build::<f64>(&StreamSpec::new(rate_hz, 2).unwrap()).unwrap();
    let mut audio = [left, right].concat();
    run(&mut processor, &mut audio, &Cut(vec![480]), vec![]);
    let right = audio.split_off(frames);
    [audio, right]
}

/// A tone.
pub fn tone(hz: f64, turn: f64, rate_hz: f64, frames: usize) -> Vec<f64> {
    (0..frames).map(|n| (TAU * (hz * n as f64 / rate_hz + turn)).cos()).collect()
}

/// The delay of each frame, in frames, of an effect that treats left and right alike and returns a delayed signal only;
/// less than 960 frames. The first 1000 frames are meaningless.
pub fn delays(effect: &Effect, frames: usize) -> Vec<f64> {
    const TONE_HZ: f64 = 50.0;
    let inputs = [tone(TONE_HZ, 0.0, RATE_HZ, frames), tone(TONE_HZ, -0.25, RATE_HZ, frames)];
    let [cos, sin] = render(effect, RATE_HZ, inputs);
    let delay = |(n, (cos, sin)): (usize, (&f64, &f64))| {
        let turn = TONE_HZ * n as f64 / RATE_HZ - sin.atan2(*cos) / TAU;
        turn.rem_euclid(1.0) * RATE_HZ / TONE_HZ
    };
    cos.iter().zip(&sin).enumerate().map(delay).collect()
}

/// The rate of what swings around a mean, from its first and last rise through it, in Hz.
pub fn swing_hz(values: &[f64]) -> f64 {
    let (low, high) = values.iter().fold((f64::MAX, f64::MIN), |(low, high), x| (low.min(*x), high.max(*x)));
    let middle = 0.5 * (low + high);
    let rises: Vec<f64> = values
        .windows(2)
        .enumerate()
        .filter(|(_, pair)| pair[0] < middle && pair[1] >= middle)
        .map(|(n, pair)| n as f64 + (middle - pair[0]) / (pair[1] - pair[0]))
        .collect();
    (rises.len() - 1) as f64 / (rises[rises.len() - 1] - rises[0]) * RATE_HZ
}

/// Pink noise from 20 Hz to 20 kHz or 0.45 of the rate: tones of equal power, evenly spaced in octaves.
pub fn pink(seed: u64, rate_hz: f64, frames: usize) -> Vec<f64> {
    pink_from(20.0, seed, rate_hz, frames)
}

/// The same from another frequency on.
pub fn pink_from(low_hz: f64, seed: u64, rate_hz: f64, frames: usize) -> Vec<f64> {
    const TONES: usize = 500;
    let highest = (0.45 * rate_hz).min(20_000.0);
    let mut audio = vec![0.0; frames];
    for (index, random) in noise(seed, 2 * TONES).chunks(2).enumerate() {
        let position = (index as f64 + 0.5 + 0.5 * random[0]) / TONES as f64;
        let hz = low_hz * (highest / low_hz).powf(position);
        let (sin, cos) = (TAU * hz / rate_hz).sin_cos();
        let (mut y, mut x) = (std::f64::consts::PI * random[1]).sin_cos();
        for sample in &mut audio {
            *sample += 0.01 * y;
            (x, y) = (x * cos - y * sin, x * sin + y * cos);
        }
    }
    audio
}

pub fn level_db(samples: &[f64]) -> f64 {
    10.0 * (samples.iter().map(|x| x * x).sum::<f64>() / samples.len() as f64).log10()
}

/// The complex amplitude of a frequency in a whole number of its periods.
pub fn line(samples: &[f64], hz: f64, rate_hz: f64) -> Complex64 {
    let (step, mut phasor) = (Complex64::from_polar(1.0, -TAU * hz / rate_hz), Complex64::new(1.0, 0.0));
    let mut sum = Complex64::new(0.0, 0.0);
    for sample in samples {
        sum += phasor * sample;
        phasor *= step;
    }
    sum * 2.0 / samples.len() as f64
}
