//! Fourier transforms of one length, forth and back, by `rustfft`.

use super::stream::Cpu;
use alloc::sync::Arc;
use core::fmt;
use num_complex::Complex;
use rustfft::{Fft, FftNum, FftPlanner, FftPlannerScalar};

/// A transform of one length, in place and without scaling.
pub trait Fourier<S>: Send + Sync + fmt::Debug {
    /// Points of scratch that both directions need.
    fn scratch(&self) -> usize;
    /// Forth.
    fn forward(&self, points: &mut [Complex<S>], scratch: &mut [Complex<S>]);
    /// Back.
    fn inverse(&self, points: &mut [Complex<S>], scratch: &mut [Complex<S>]);
}

/// A transform of `points` points. What is meant to run without vector code is planned so.
pub(super) fn plan<S: FftNum>(points: usize, cpu: Cpu) -> Arc<dyn Fourier<S>> {
    Arc::new(match cpu {
        Cpu::Detected | Cpu::Avx2 => {
            let mut planner = FftPlanner::new();
            Both { forward: planner.plan_fft_forward(points), inverse: planner.plan_fft_inverse(points) }
        }
        Cpu::Baseline | Cpu::Reproducible => {
            let mut planner = FftPlannerScalar::new();
            Both { forward: planner.plan_fft_forward(points), inverse: planner.plan_fft_inverse(points) }
        }
    })
}

struct Both<S> {
    forward: Arc<dyn Fft<S>>,
    inverse: Arc<dyn Fft<S>>,
}

impl<S: FftNum> Fourier<S> for Both<S> {
    fn scratch(&self) -> usize {
        self.forward.get_inplace_scratch_len().max(self.inverse.get_inplace_scratch_len())
    }

    fn forward(&self, points: &mut [Complex<S>], scratch: &mut [Complex<S>]) {
        self.forward.process_with_scratch(points, scratch);
    }

    fn inverse(&self, points: &mut [Complex<S>], scratch: &mut [Complex<S>]) {
        self.inverse.process_with_scratch(points, scratch);
    }
}

impl<S: FftNum> fmt::Debug for Both<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fourier({})", self.forward.len())
    }
}
