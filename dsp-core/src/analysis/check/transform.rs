//! The transform of two real signals at once.

use crate::foundation::math::cis;
use alloc::{sync::Arc, vec, vec::Vec};
use core::f64::consts::PI;
use num_complex::Complex64;
use rustfft::{Fft, FftPlanner};

/// Spectra of two real signals under a periodic Hann window.
pub(super) struct PairTransform {
    fft: Arc<dyn Fft<f64>>,
    hann: Vec<f64>,
    work: Vec<Complex64>,
    scratch: Vec<Complex64>,
    /// |X|² to the mean square of the signal in a bin; twice what DC and Nyquist have.
    pub(super) scale: f64,
}

impl PairTransform {
    pub(super) fn new(frame: usize) -> Self {
        let fft = FftPlanner::new().plan_fft_forward(frame);
        let hann: Vec<f64> = (0..frame).map(|n| 0.5 - 0.5 * cis(2.0 * PI * n as f64 / frame as f64).re).collect();
        let squares: f64 = hann.iter().map(|hann| hann * hann).sum();
        let scratch = vec![Complex64::default(); fft.get_inplace_scratch_len()];
        Self { fft, work: vec![Complex64::default(); frame], scratch, scale: 2.0 / (frame as f64 * squares), hann }
    }

    /// Transforms both signals, each as long as a frame.
    pub(super) fn forward(&mut self, first: &[f64], second: &[f64]) {
        for (((work, first), second), hann) in self.work.iter_mut().zip(first).zip(second).zip(&self.hann) {
            *work = Complex64::new(first * hann, second * hann);
        }
        self.fft.process_with_scratch(&mut self.work, &mut self.scratch);
    }

    /// Both spectra at a bin below Nyquist.
    pub(super) fn bin(&self, bin: usize) -> [Complex64; 2] {
        // With Z = X + iY: X_k = (Z_k + Z*_-k) / 2, Y_k = (Z_k - Z*_-k) / 2i.
        let (z, mirrored) = (self.work[bin], self.work[(self.work.len() - bin) % self.work.len()].conj());
        let difference = 0.5 * (z - mirrored);
        [0.5 * (z + mirrored), Complex64::new(difference.im, -difference.re)]
    }

    /// Mean squares of both signals in a bin between DC and Nyquist.
    pub(super) fn powers(&self, bin: usize) -> [f64; 2] {
        self.bin(bin).map(|value| self.scale * value.norm_sqr())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_tones_come_apart_with_their_powers() {
        let mut transform = PairTransform::new(1_024);
        let tone = |amplitude: f64, cycles: f64, phase: f64| -> Vec<f64> {
            (0..1_024).map(|n| amplitude * libm::sin(2.0 * PI * cycles * n as f64 / 1_024.0 + phase)).collect()
        };
        transform.forward(&tone(0.5, 50.0, 0.3), &tone(0.25, 52.0, 1.0));
        let total = |signal: usize| (1..512).map(|bin| transform.powers(bin)[signal]).sum::<f64>();
        assert!((total(0) - 0.125).abs() < 1e-9 && (total(1) - 0.031_25).abs() < 1e-9);
    }
}
