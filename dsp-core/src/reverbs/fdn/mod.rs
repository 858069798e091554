//! The passes of a feedback delay network of 16 lines over 64 frames, which lies in the L1 cache.
//!
//! Where lines mix (diffusion, feedback matrix, taps) the lanes are successive frames, so that a Hadamard transform is
//! additions between registers; where they recur (absorption) the lanes are the lines, behind a transposition.
//! Recursions of single channels (high pass, walls) look far enough back that their lanes are frames too. Every
//! multiply-add is fused, each sample's operations are the same whatever its lane, in the scalar form too.
//!
//! All arrays hold 64 frames; only the first `frames` count, what lies behind is stale.

mod absorption;
mod blend;
mod diffusion;
mod feedback_matrix;
mod one_pole;
#[cfg(test)]
mod tests;

pub(crate) use absorption::absorb;
pub(crate) use blend::blend;
pub(crate) use diffusion::{across, copy, cross_fade, interpolate, tap, within};
pub(crate) use feedback_matrix::{hear, write};
pub(crate) use one_pole::{OnePole, Past};

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
    /// Tangent of the angle: 1 mixes evenly, 0 not at all.
    pub(crate) tangent: S,
    /// The cosine, once for each dimension.
    pub(crate) scale: S,
    /// How far apart the lines are that mix last: half as many as mix with each other, 2 or 8.
    pub(crate) span: usize,
}

/// Where the vectors begin that hold the first `frames` of 64.
#[inline(always)]
fn vector_starts<F: Form, S: Sample>(frames: usize) -> impl Iterator<Item = usize> {
    let lanes = F::Native::<S>::LEN;
    (0..frames.min(GRID_FRAMES).div_ceil(lanes)).map(move |vector| vector * lanes)
}

/// Two first-order sections per line: y = direct x + z, z' = pole z + feed x. The second's direct is 1; the gain of
/// both is the first's.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Absorbers<S> {
    pub(crate) low_direct: [S; LINES],
    pub(crate) low_feed: [S; LINES],
    pub(crate) low_pole: [S; LINES],
    pub(crate) high_feed: [S; LINES],
    pub(crate) high_pole: [S; LINES],
}

impl<S: Sample> Absorbers<S> {
    /// Nothing passes.
    pub(crate) const SHUT: Self = Self {
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

    /// On the absolute grid: zeroes states that have fallen silent.
    #[inline(always)]
    pub(crate) fn hush(&mut self) {
        let Self { low, high } = self;
        hush(low);
        hush(high);
    }
}

/// Zeroes states that have fallen silent: on the absolute grid.
#[inline(always)]
pub(crate) fn hush<S: Sample>(states: &mut [S]) {
    let silent = S::from_f64(silence::REVERB_STATE);
    for state in states {
        *state = if *state < silent && *state > -silent { S::ZERO } else { *state };
    }
}

/// What goes round: the feedback matrix, and what comes in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Feed<'a, S> {
    /// What comes into each line.
    pub(crate) input: &'a Rows<S>,
    /// Signs of the matrix's rows, times its norm.
    pub(crate) gains: &'a [S; LINES],
    /// How much of the input is heard at once.
    pub(crate) direct: S,
}
