//! The passes of a feedback delay network of 16 lines over 64 frames in the L1 cache.
//!
//! In passes that mix lines (diffusion, feedback matrix, taps) the lanes are successive frames, so that a Hadamard
//! transform is additions between registers; in recursions (absorption) the lanes are the lines, after a transposition.
//! Recursions of single channels (high pass, walls) look back far enough that their lanes are frames too. Every
//! multiply-add is fused, and each sample's operations are the same whatever its lane, in the scalar form too.
//!
//! All arrays hold 64 frames; only the first `frames` are valid, the rest is stale.

mod absorption;
mod blend;
mod diffusion;
mod feedback_matrix;
mod one_pole;
#[cfg(test)]
mod tests;

pub(crate) use absorption::absorb;
pub(crate) use blend::blend;
pub(crate) use diffusion::{add, complete, copy, cross_fade, interpolate, tap, within};
pub(crate) use feedback_matrix::{transform_and_mix, write};
pub(crate) use one_pole::{OnePole, OnePoleState};

use crate::{
    foundation::{grid::GRID_FRAMES, sample::Sample, silence},
    primitives::lanes::{Form, Lanes},
};

/// Lines of the network.
pub(crate) const LINES: usize = 16;
/// 64 frames of each line.
pub(crate) type Rows<S> = [[S; GRID_FRAMES]; LINES];

/// A rotation of lines into each other: by the same angle in each dimension of their binary numbers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mix<S> {
    /// Tangent of the angle: 1 for an even mix, 0 for none.
    pub(crate) tangent: S,
    /// The cosine, once for each dimension.
    pub(crate) scale: S,
    /// Lines that mix with each other: 4, 8 or 16.
    pub(crate) lines: usize,
}

/// Start indices of the vectors that hold the first `frames` of 64.
#[inline(always)]
fn vector_starts<F: Form, S: Sample>(frames: usize) -> impl Iterator<Item = usize> {
    let lanes = F::Native::<S>::LEN;
    (0..frames.min(GRID_FRAMES).div_ceil(lanes)).map(move |vector| vector * lanes)
}

/// Two first-order sections per line: y = direct x + z, z' = pole z + feed x. The second's direct is 1; the first has
/// the gain of both.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Absorbers<S> {
    pub(crate) low_direct: [S; LINES],
    pub(crate) low_feed: [S; LINES],
    pub(crate) low_pole: [S; LINES],
    pub(crate) high_feed: [S; LINES],
    pub(crate) high_pole: [S; LINES],
}

impl<S: Sample> Absorbers<S> {
    /// Zero gain.
    pub(crate) const MUTED: Self = Self {
        low_direct: [S::ZERO; LINES],
        low_feed: [S::ZERO; LINES],
        low_pole: [S::ZERO; LINES],
        high_feed: [S::ZERO; LINES],
        high_pole: [S::ZERO; LINES],
    };
}

/// Their states.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AbsorberStates<S> {
    pub(crate) low: [S; LINES],
    pub(crate) high: [S; LINES],
}

impl<S: Sample> AbsorberStates<S> {
    pub(crate) const SILENCE: Self = Self { low: [S::ZERO; LINES], high: [S::ZERO; LINES] };

    /// On the absolute grid: zeroes decayed states.
    #[inline(always)]
    pub(crate) fn flush(&mut self) {
        let Self { low, high } = self;
        flush(low);
        flush(high);
    }
}

/// Zeroes decayed states, on the absolute grid.
#[inline(always)]
pub(crate) fn flush<S: Sample>(states: &mut [S]) {
    let silent = S::from_f64(silence::REVERB_STATE);
    for state in states {
        *state = if *state < silent && *state > -silent { S::ZERO } else { *state };
    }
}

/// Inputs of the feedback: the matrix and the new input.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Feed<'a, S> {
    /// The new input of each line.
    pub(crate) input: &'a Rows<S>,
    /// Signs of the matrix's rows, times its norm.
    pub(crate) gains: &'a [S; LINES],
}
