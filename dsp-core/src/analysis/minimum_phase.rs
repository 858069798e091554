//! A minimum-phase response from levels, by the cepstrum.
//!
//! # Source
//! A. V. Oppenheim and R. W. Schafer, *Discrete-Time Signal Processing*: the causal part of the cepstrum of the
//! magnitude is that of the response of minimum phase.

use super::tone_curves;
use crate::foundation::math::cis;
use alloc::vec::Vec;
use core::f64::consts::LN_10;
use num_complex::Complex64;
use rustfft::FftPlanner;

/// Transforms so many times longer than the response: what the cepstrum folds over is below -200 dB.
const OVERSIZE: usize = 4;

/// `taps` samples of a response with these levels in dB at rising frequencies; straight over log f between them, and
/// held beyond.
pub(crate) fn minimum_phase(points: &[(f64, f64)], sample_rate_hz: f64, taps: usize) -> Vec<f64> {
    let size = OVERSIZE * taps;
    let mut planner = FftPlanner::new();
    let (forward, inverse) = (planner.plan_fft_forward(size), planner.plan_fft_inverse(size));
    let level = |bin: usize| {
        let hz = (bin.min(size - bin).max(1)) as f64 * sample_rate_hz / size as f64;
        Complex64::new(tone_curves::at(points, hz) * LN_10 / 20.0, 0.0)
    };
    let mut work: Vec<Complex64> = (0..size).map(level).collect();
    inverse.process(&mut work);
    let scale = 1.0 / size as f64;
    for (index, value) in work.iter_mut().enumerate() {
        let causal = match index {
            0 => 1.0,
            index if index < size / 2 => 2.0,
            index if index == size / 2 => 1.0,
            _ => 0.0,
        };
        *value *= causal * scale;
    }
    forward.process(&mut work);
    for value in &mut work {
        *value = cis(value.im) * libm::exp(value.re);
    }
    inverse.process(&mut work);
    work.iter().take(taps).map(|value| value.re * scale).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_response_has_the_levels_and_its_energy_at_the_start() {
        let points = [(30.0, -6.0), (100.0, 3.0), (1_000.0, 0.0), (5_000.0, 4.0), (15_000.0, -3.0)];
        let response = minimum_phase(&points, 48_000.0, 8_192);
        for (hz, level_db) in points {
            let angle = -2.0 * core::f64::consts::PI * hz / 48_000.0;
            let sum: Complex64 = response.iter().enumerate().map(|(n, tap)| cis(angle * n as f64) * *tap).sum();
            let error_db = 20.0 * libm::log10(sum.norm()) - level_db;
            assert!(error_db.abs() < 0.1, "{hz} Hz: {error_db} dB");
        }
        let energy = |taps: &[f64]| taps.iter().map(|tap| tap * tap).sum::<f64>();
        assert!(energy(&response[..32]) > 0.9 * energy(&response));
    }

    #[test]
    fn flat_levels_are_one_tap() {
        let response = minimum_phase(&[(20.0, 0.0), (20_000.0, 0.0)], 44_100.0, 256);
        assert!((response[0] - 1.0).abs() < 1e-12 && response[1..].iter().all(|tap| tap.abs() < 1e-12));
    }
}
