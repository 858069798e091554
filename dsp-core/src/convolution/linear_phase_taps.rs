//! Taps of a linear-phase filter from a magnitude, and their error.

use super::fft::design::Fourier;
use crate::{foundation::unit::gain_to_db, primitives::kaiser::kaiser};
use alloc::{vec, vec::Vec};
use num_complex::Complex64;

/// Points of the frequency grid per frame of length.
pub(super) const GRID: usize = 4;
/// Shape of the window.
const BETA: f64 = 9.0;
/// Iterations of the correction.
const ROUNDS: f64 = 80.0;
/// Magnitudes this close to 1 (-240 dB) are rounding.
const ROUNDING: f64 = 1e-12;
/// Step between the frequencies at which errors are measured, at most.
pub(super) const ERROR_STEP_HZ: f64 = 0.25;
/// Errors of a design count where the wanted magnitude is above this, -60 dB, and in this range, in Hz.
const AUDIBLE: f64 = 1e-3;
const AUDIBLE_HZ: [f64; 2] = [20.0, 20_000.0];

/// The taps, [`GRID`] points of the frequency grid from 0 Hz to the rate for each but one, from the magnitudes up to
/// half the rate; and whether they are a pure delay.
pub(super) fn taps(magnitudes: Vec<f64>) -> (Vec<f64>, bool) {
    let (points, half) = (2 * (magnitudes.len() - 1), (magnitudes.len() - 1) / GRID);
    let neutral = magnitudes.iter().all(|magnitude| (magnitude - 1.0).abs() <= ROUNDING);
    let mut taps = vec![0.0; 2 * half + 1];
    if neutral {
        taps[half] = 1.0;
        return (taps, neutral);
    }
    let mut spectrum = vec![Complex64::ZERO; points];
    for (bin, magnitude) in magnitudes.into_iter().enumerate() {
        spectrum[bin] = magnitude.into();
        spectrum[(points - bin) % points] = magnitude.into();
    }
    Fourier::new(points).forward(&mut spectrum);
    for n in 0..=half {
        let tap = spectrum[n].re / points as f64 * window(n as f64 / half as f64);
        (taps[half - n], taps[half + n]) = (tap, tap);
    }
    (taps, neutral)
}

/// The largest error of taps in dB against magnitudes up to half the rate, on any grid no coarser than theirs.
pub(super) fn error_db(taps: &[f64], magnitudes: &[f64], sample_rate_hz: f64) -> f64 {
    let (points, half) = (2 * (magnitudes.len() - 1), taps.len() / 2);
    let mut spectrum = vec![Complex64::ZERO; points];
    for n in 0..=half {
        spectrum[n] = taps[half + n].into();
        spectrum[(points - n) % points] = taps[half + n].into();
    }
    Fourier::new(points).forward(&mut spectrum);
    let step_hz = sample_rate_hz / points as f64;
    let error_db = |(bin, wanted): (usize, &f64)| {
        let hz = bin as f64 * step_hz;
        // The points around both ends of the range count too.
        let counts = *wanted >= AUDIBLE && hz + step_hz > AUDIBLE_HZ[0] && hz - step_hz < AUDIBLE_HZ[1];
        if counts { libm::fabs(gain_to_db(libm::fabs(spectrum[bin].re) / wanted)) } else { 0.0 }
    };
    magnitudes.iter().enumerate().map(error_db).fold(0.0, f64::max)
}

/// The weight of a tap; `u` is 0 in the middle and 1 at the end.
fn window(u: f64) -> f64 {
    1.0 - libm::pow(1.0 - kaiser(BETA, u), ROUNDS)
}
