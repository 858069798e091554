//! The gates of `Saturator` and `Clipper`: S1, harmonics, levels, responses, overshoot.

mod aliases;
mod auto_gain;
mod clipper;
mod saturator;

use mixdown::{saturation::*, *};
use std::f64::consts::TAU;

const RATES_HZ: [f64; 5] = [44_100.0, 48_000.0, 88_200.0, 96_000.0, 192_000.0];
const CURVES: [SaturatorCurve; 4] =
    [SaturatorCurve::Tanh, SaturatorCurve::Hard, SaturatorCurve::Cubic, SaturatorCurve::SoftClip];
const FACTORS: [usize; 5] = [1, 2, 4, 8, 16];

fn db(amplitude: f64) -> f64 {
    20.0 * amplitude.log10()
}

/// One channel through a processor, with its latency.
fn through<P: Params>(params: &P, rate_hz: f64, sound: &[f64]) -> (Vec<f64>, usize) {
    let mut processor = params.build::<f64>(&StreamSpec::new(rate_hz, 1).unwrap()).unwrap();
    let mut audio = sound.to_vec();
    processor.process(&mut BlockMut::from_planar(&mut audio, 1).unwrap());
    (audio, processor.latency_frames())
}

/// A tone of a whole number of cycles in `frames`, over as many frames as are asked for.
fn tone(cycles: usize, frames: usize, amplitude: f64, count: usize) -> Vec<f64> {
    (0..count).map(|n| amplitude * (TAU * ((n * cycles) % frames) as f64 / frames as f64).sin()).collect()
}

/// Amplitudes of the lines at whole numbers of cycles in `sound`, up to one.
fn lines(sound: &[f64], most: usize) -> Vec<f64> {
    let length = sound.len();
    let table: Vec<(f64, f64)> = (0..length).map(|n| (TAU * n as f64 / length as f64).sin_cos()).collect();
    (0..=most)
        .map(|cycles| {
            let (mut re, mut im, mut place) = (0.0, 0.0, 0);
            for x in sound {
                let (sin, cos) = table[place];
                re += x * cos;
                im += x * sin;
                place = (place + cycles) % length;
            }
            2.0 * re.hypot(im) / length as f64
        })
        .collect()
}
