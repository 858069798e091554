//! One-pole low passes in vectors along time.
//!
//! `y[n] = feed x[n] + pole y[n-1]` is computed from y 16 frames back instead of one, which is the same filter with 15
//! cancelling poles and zeros: `y[n] = pole^16 y[n-16] + feed Σ pole^k x[n-k]`, k < 16, the sum in two steps of four.
//! No frame waits for its neighbour, and each has its own operations, whatever the chunk: the bits do not depend on the
//! cut.

use super::vector_starts;
use crate::{
    foundation::{grid::GRID_FRAMES, sample::Sample},
    primitives::lanes::{Form, Lanes},
};

/// Frames that the recursion reaches back.
const REACH: usize = 16;
/// Taps of each step.
const TAPS: usize = 4;

/// A chunk after the frames before it.
type Row<S> = [S; REACH + GRID_FRAMES];

/// Coefficients of the recursion.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OnePole<S> {
    /// Taps of `x[n]`, `x[n-1]`, `x[n-2]`, `x[n-3]`, with the feed.
    near: [S; TAPS],
    /// Taps of their sums at n, n-4, n-8, n-12.
    far: [S; TAPS],
    /// Coefficient of y[n-16].
    back: S,
}

impl<S: Sample> OnePole<S> {
    /// A low pass of gain 1 at 0 Hz.
    pub(crate) fn new(pole: f64) -> Self {
        let mut powers = [1.0; REACH + 1];
        for k in 0..REACH {
            powers[k + 1] = pole * powers[k];
        }
        Self {
            near: core::array::from_fn(|k| S::from_f64((1.0 - pole) * powers[k])),
            far: core::array::from_fn(|k| S::from_f64(powers[TAPS * k])),
            back: S::from_f64(powers[REACH]),
        }
    }
}

#[inline(always)]
fn delayed<F: Form, S: Sample>(form: F, row: &Row<S>, start: usize, late: usize) -> F::Native<S> {
    form.load(&row[start - late..])
}

/// The state of a channel, and space for its chunk.
#[derive(Clone, Debug)]
#[repr(C, align(64))]
pub(crate) struct OnePoleState<S> {
    input: Row<S>,
    sums: Row<S>,
    output: Row<S>,
}

impl<S: Sample> OnePoleState<S> {
    pub(crate) const SILENCE: Self = Self {
        input: [S::ZERO; REACH + GRID_FRAMES],
        sums: [S::ZERO; REACH + GRID_FRAMES],
        output: [S::ZERO; REACH + GRID_FRAMES],
    };

    /// Buffer for the chunk's input.
    #[inline(always)]
    pub(crate) fn input(&mut self) -> &mut [S; GRID_FRAMES] {
        match self.input.last_chunk_mut() {
            Some(input) => input,
            None => unreachable!("64 frames follow the state"),
        }
    }

    /// The output of the chunk.
    #[inline(always)]
    pub(crate) fn output(&self) -> &[S; GRID_FRAMES] {
        match self.output.last_chunk() {
            Some(output) => output,
            None => unreachable!("64 frames follow the state"),
        }
    }

    /// Filters the chunk.
    #[inline(always)]
    pub(crate) fn low_pass<F: Form>(&mut self, form: F, filter: &OnePole<S>, frames: usize) {
        let Self { input, sums, output } = self;
        let back = form.splat(filter.back);
        let (mut near, mut far) = ([back; TAPS], [back; TAPS]);
        for tap in 0..TAPS {
            (near[tap], far[tap]) = (form.splat(filter.near[tap]), form.splat(filter.far[tap]));
        }
        for start in vector_starts::<F, S>(frames) {
            let start = REACH + start;
            let mut sum = near[0] * delayed(form, input, start, 0);
            sum = near[1].mul_add(delayed(form, input, start, 1), sum);
            sum = near[2].mul_add(delayed(form, input, start, 2), sum);
            sum = near[3].mul_add(delayed(form, input, start, 3), sum);
            sum.store(&mut sums[start..]);
        }
        for start in vector_starts::<F, S>(frames) {
            let start = REACH + start;
            let mut sum = far[0] * delayed(form, sums, start, 0);
            sum = far[1].mul_add(delayed(form, sums, start, TAPS), sum);
            sum = far[2].mul_add(delayed(form, sums, start, 2 * TAPS), sum);
            sum = far[3].mul_add(delayed(form, sums, start, 3 * TAPS), sum);
            sum = back.mul_add(delayed(form, output, start, REACH), sum);
            sum.store(&mut output[start..]);
        }
    }

    /// The complement of the low pass over the chunk, a high pass.
    #[inline(always)]
    pub(crate) fn high_pass<F: Form>(&self, form: F, frames: usize, out: &mut [S; GRID_FRAMES]) {
        for start in vector_starts::<F, S>(frames) {
            let (x, y) = (delayed(form, &self.input, REACH + start, 0), delayed(form, &self.output, REACH + start, 0));
            (x - y).store(&mut out[start..]);
        }
    }

    /// Keeps the end of the chunk as the new state.
    #[inline(always)]
    pub(crate) fn advance(&mut self, frames: usize) {
        for row in [&mut self.input, &mut self.sums, &mut self.output] {
            let mut last = [S::ZERO; REACH];
            last.copy_from_slice(&row[frames..frames + REACH]);
            row[..REACH].copy_from_slice(&last);
        }
    }

    /// Zeroes decayed states, on the absolute grid.
    #[inline(always)]
    pub(crate) fn flush(&mut self) {
        super::flush(&mut self.output[..REACH]);
    }
}
