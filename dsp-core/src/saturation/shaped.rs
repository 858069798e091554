//! The curves of a saturator over a chunk: one or two crossfaded, on a bias.

use super::{
    curve::{MOST, SaturatorCurve},
    stage::Shape,
};
use crate::primitives::backend::{Backend, run};

/// Curve and bias at the highest rate over a chunk.
pub(super) struct Shaped<'a> {
    pub(super) backend: Backend,
    pub(super) curves: [SaturatorCurve; 2],
    pub(super) factor: usize,
    /// Share of the second curve in each frame; none outside a crossfade.
    pub(super) fade: Option<&'a [f64]>,
    /// Its samples.
    pub(super) next: &'a mut [f64],
    /// Bias of each sample, or of all, and what the curve makes of it.
    pub(super) bias: Level<'a>,
    pub(super) offset: Level<'a>,
}

/// One number for all samples, or one for each.
#[derive(Clone, Copy)]
pub(super) enum Level<'a> {
    Still(f64),
    Moving(&'a [f64]),
}

impl Shaped<'_> {
    /// The curve, or both crossfaded.
    pub(super) fn curve(&mut self, samples: &[f64], out: &mut [f64]) {
        self.curves[0].antialiased(self.backend, samples, out);
        let Some(fade) = self.fade else { return };
        let next = &mut self.next[..out.len()];
        self.curves[1].antialiased(self.backend, samples, next);
        blend(out, next, fade, self.factor);
    }

    /// Takes away what the curve makes of the bias, so that silence stays silence.
    fn subtract(&self, out: &mut [f64]) {
        match self.offset {
            Level::Still(0.0) => {}
            Level::Still(offset) => out.iter_mut().for_each(|y| *y -= offset),
            Level::Moving(offsets) => out.iter_mut().zip(offsets).for_each(|(y, offset)| *y -= offset),
        }
    }
}

/// out += share of the frame × (next - out).
fn blend(out: &mut [f64], next: &[f64], fade: &[f64], factor: usize) {
    for ((out, next), share) in out.chunks_mut(factor).zip(next.chunks(factor)).zip(fade) {
        for (out, next) in out.iter_mut().zip(next) {
            *out += share * (next - *out);
        }
    }
}

impl Shape for Shaped<'_> {
    fn prepare(&mut self, samples: &mut [f64]) {
        run!(self.backend, _ => prepare(samples, self.bias));
    }

    fn plain(&mut self, samples: &mut [f64]) {
        if let Some(fade) = self.fade {
            let next = &mut self.next[..samples.len()];
            next.copy_from_slice(samples);
            self.curves[1].plain(self.backend, next);
            self.curves[0].plain(self.backend, samples);
            blend(samples, next, fade, 1);
        } else {
            self.curves[0].plain(self.backend, samples);
        }
        self.subtract(samples);
    }

    fn antialiased(&mut self, samples: &[f64], out: &mut [f64]) {
        self.curve(samples, out);
        self.subtract(out);
    }
}

/// Adds the bias and limits the magnitude.
#[inline(always)]
fn prepare(samples: &mut [f64], bias: Level<'_>) {
    match bias {
        Level::Still(bias) => {
            for sample in samples {
                *sample = (*sample + bias).clamp(-MOST, MOST);
            }
        }
        Level::Moving(biases) => {
            for (sample, bias) in samples.iter_mut().zip(biases) {
                *sample = (*sample + bias).clamp(-MOST, MOST);
            }
        }
    }
}
