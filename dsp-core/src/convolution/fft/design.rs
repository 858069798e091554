//! The Fourier transform of one length, by `rustfft`: for designing filters, not for the sound itself, whose
//! transforms must stop anywhere (`parts::transform`).

use crate::foundation::stream::Cpu;
use alloc::sync::Arc;
use num_complex::Complex64;
use rustfft::{Fft, FftPlanner, FftPlannerScalar};

/// A transform of one length, in place and without scaling.
pub(crate) struct Fourier(Arc<dyn Fft<f64>>);

impl Fourier {
    /// Of `points` points. What is meant to run without vector code is planned so.
    pub(crate) fn new(points: usize, cpu: Cpu) -> Self {
        Self(match cpu {
            Cpu::Detected | Cpu::Avx2 => FftPlanner::new().plan_fft_forward(points),
            Cpu::Baseline | Cpu::Reproducible => FftPlannerScalar::new().plan_fft_forward(points),
        })
    }

    /// Points of scratch that it needs.
    pub(crate) fn scratch(&self) -> usize {
        self.0.get_inplace_scratch_len()
    }

    /// Transforms `points`.
    pub(crate) fn forward(&self, points: &mut [Complex64], scratch: &mut [Complex64]) {
        self.0.process_with_scratch(points, scratch);
    }
}
