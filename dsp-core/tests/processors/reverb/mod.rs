//! The release gates R1 to R4 of `Reverb`, and the gates of `Plate`.
//!
//! The beginning is judged as shipped; tails are judged with the same decay at all frequencies, unmodulated delays and
//! early reflections off.

mod beginning;
mod colour;
mod decay;
mod level;
mod plate;

use super::acoustics::*;
use mixdown::{reverbs::*, *};

const SPACES: [Space; 5] = [Space::Room, Space::Club, Space::Chamber, Space::Hall, Space::Cathedral];
/// Decay of the tails that are judged.
const T60_S: f64 = 2.0;

/// Every space at the rates of most productions.
fn cases() -> impl Iterator<Item = (Space, f64)> {
    SPACES.into_iter().flat_map(|space| [44_100.0, 48_000.0, 96_000.0].map(|rate_hz| (space, rate_hz)))
}

/// Left, mid, side and right.
const INPUTS: [[f64; 2]; 4] = [[1.0, 0.0], [0.5, 0.5], [0.5, -0.5], [0.0, 1.0]];

fn render<P: Params>(params: &P, rate_hz: f64, mut audio: Vec<f32>) -> [Vec<f64>; 2] {
    let frames = audio.len() / 2;
    let mut effect = params.build::<f32>(&StreamSpec::new(rate_hz, 2).unwrap()).unwrap();
    effect.process(&mut BlockMut::from_planar(&mut audio, 2).unwrap());
    [0, 1].map(|channel| audio[channel * frames..][..frames].iter().map(|&x| f64::from(x)).collect())
}

fn response<P: Params>(params: &P, rate_hz: f64, inputs: [f64; 2], seconds: f64) -> [Vec<f64>; 2] {
    let frames = (rate_hz * seconds) as usize;
    let mut audio = vec![0.0; 2 * frames];
    (audio[0], audio[frames]) = (inputs[0] as f32, inputs[1] as f32);
    render(params, rate_hz, audio)
}

/// Uniform noise of RMS 1/√12 (about -10.8 dBFS) on both sides.
fn noise(seed: u64, frames: usize) -> Vec<f32> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    (0..2 * frames)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 40) as f32 / 16_777_216.0 - 0.5
        })
        .collect()
}

fn rms_db(samples: &[f64]) -> f64 {
    10.0 * (samples.iter().map(|x| x * x).sum::<f64>() / samples.len() as f64).log10()
}

/// A tail to be judged.
fn plain(space: Space) -> ReverbParams {
    ReverbParams {
        size: 0.5,
        predelay_ms: 0.0,
        t60_s: T60_S,
        t60_low_ratio: 1.0,
        t60_high_ratio: 1.0,
        modulation_depth_ms: 0.0,
        early_db: f64::NEG_INFINITY,
        ..ReverbParams::space(space)
    }
}

/// Response over another, in dB, at some frequencies.
fn ratio_db(with: &[f64], without: &[f64], rate_hz: f64, frequencies_hz: &[f64]) -> Vec<f64> {
    let power = |response: &[f64], hz: f64| {
        let (mut re, mut im) = (0.0, 0.0);
        for (n, h) in response.iter().enumerate() {
            let (sin, cos) = (std::f64::consts::TAU * hz * n as f64 / rate_hz).sin_cos();
            re += h * cos;
            im += h * sin;
        }
        re * re + im * im
    };
    frequencies_hz.iter().map(|&hz| 10.0 * (power(with, hz) / power(without, hz)).log10()).collect()
}
