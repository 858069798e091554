//! Gates of compressor, expander and gate: curves, times, low distortion, linked channels, aligned paths.

mod curves;
mod distortion;
mod gates;
mod keys;
mod links;
mod paths;
mod times;

use mixdown::*;
use std::f64::consts::TAU;

const RATES_HZ: [f64; 5] = [44_100.0, 48_000.0, 88_200.0, 96_000.0, 192_000.0];

pub(super) fn spec(rate_hz: f64, channels: usize) -> StreamSpec {
    StreamSpec::new(rate_hz, channels).unwrap()
}

/// The effect's output and its reduction in dB, frame by frame, of one channel.
pub(super) fn traced<S: Sample>(effect: &Effect, rate_hz: f64, input: &[f64]) -> (Vec<f64>, Vec<f64>) {
    let mut processor = effect.build::<S>(&spec(rate_hz, 1)).unwrap();
    let mut audio: Vec<S> = input.iter().map(|&x| S::from_f64(x)).collect();
    let mut trace = vec![0.0; input.len()];
    let dynamics = processor.dynamics_mut().unwrap();
    dynamics.process_traced(
        &mut BlockMut::from_planar(&mut audio, 1).unwrap(),
        None,
        &mut BlockMut::from_planar(&mut trace, 1).unwrap(),
    );
    (audio.iter().map(|x| x.to_f64()).collect(), trace)
}

pub(super) fn sine(frequency_hz: f64, rate_hz: f64, amplitude: f64, frames: usize) -> Vec<f64> {
    (0..frames).map(|n| amplitude * (TAU * frequency_hz * n as f64 / rate_hz).sin()).collect()
}

/// Amplitude of a sine of known frequency, and RMS of the residue without it and without a constant: least squares.
pub(super) fn sine_fit(audio: &[f64], frequency_hz: f64, rate_hz: f64) -> (f64, f64) {
    let basis = |n: usize| {
        let phase = TAU * frequency_hz * n as f64 / rate_hz;
        [phase.sin(), phase.cos(), 1.0]
    };
    let (mut matrix, mut right) = ([[0.0; 3]; 3], [0.0; 3]);
    for (n, x) in audio.iter().enumerate() {
        let b = basis(n);
        for i in 0..3 {
            right[i] += b[i] * x;
            for j in 0..3 {
                matrix[i][j] += b[i] * b[j];
            }
        }
    }
    for pivot in 0..3 {
        for row in 0..3 {
            if row != pivot {
                let factor = matrix[row][pivot] / matrix[pivot][pivot];
                let scaled = matrix[pivot].map(|value| factor * value);
                for (value, scaled) in matrix[row].iter_mut().zip(scaled) {
                    *value -= scaled;
                }
                right[row] -= factor * right[pivot];
            }
        }
    }
    let solved: Vec<f64> = (0..3).map(|i| right[i] / matrix[i][i]).collect();
    let residue = audio.iter().enumerate().map(|(n, x)| {
        let b = basis(n);
        (x - (0..3).map(|i| solved[i] * b[i]).sum::<f64>()).powi(2)
    });
    (solved[0].hypot(solved[1]), (residue.sum::<f64>() / audio.len() as f64).sqrt())
}
