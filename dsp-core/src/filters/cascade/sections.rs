//! The parts of a cascade: sections with their settings, states and audio buffers.

use crate::{
    filters::{biquad::BiquadCoeffs, svf::SvfPoint},
    foundation::grid::GRID_FRAMES,
    primitives::{backend::Backend, ramp::Ramp},
};
use alloc::vec::Vec;

/// Frames per chunk of sections at rest: two or four channels of f64, 8 or 16 kB, stay in the L1 cache.
pub(super) const CHUNK_FRAMES: usize = 512;
/// f64 values in a cache line.
pub(super) const LINE: usize = 8;

/// The cascade: see [`filters::cascade`](super).
#[derive(Clone, Debug)]
pub(crate) struct Cascade {
    pub(super) backend: Backend,
    pub(super) channels: usize,
    pub(super) sections: Vec<Section>,
    /// The active sections, in order: all but settled identities.
    pub(super) active: Vec<usize>,
    /// Direct-form z1, z2 or SVF s1, s2 of each section and channel: `[section * channels + channel]`.
    pub(super) states: Vec<[f64; 2]>,
    /// During a glide: audio of the current chunk in f64, `[channel * GRID_FRAMES + frame]`.
    pub(super) chunk: Vec<f64>,
    /// Without a glide: interleaved channels, [`CHUNK_FRAMES`] frames, with room to start at a cache line.
    pub(super) frames: Vec<f64>,
    /// Position in the absolute grid.
    pub(super) phase: usize,
}

#[derive(Clone, Debug)]
pub(super) struct Section {
    pub(super) target: BiquadCoeffs,
    /// During a glide: log2 g, log2 k, m0, m1, m2.
    pub(super) glide: Ramp<5>,
    pub(super) gliding: bool,
    pub(super) driven: bool,
}

impl Section {
    pub(super) fn settled(&self) -> bool {
        !self.gliding && !self.driven
    }

    pub(super) fn settled_identity(&self) -> bool {
        self.settled() && self.target == BiquadCoeffs::IDENTITY
    }
}

/// Coefficients of driven sections over the frames of a block, which crosses no grid point.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Drives<'a> {
    /// The points of each slot, [`GRID_FRAMES`] each.
    pub(crate) points: &'a [SvfPoint],
    /// Sections per slot.
    pub(crate) sections: usize,
    /// Frames of a slot before the block.
    pub(crate) before: usize,
}

impl Drives<'_> {
    pub(super) const NONE: Self = Self { points: &[], sections: 1, before: 0 };

    pub(super) fn of(&self, section: usize, start: usize, length: usize) -> &[SvfPoint] {
        &self.points[section / self.sections * GRID_FRAMES + self.before + start..][..length]
    }
}

/// The most channels in one vector.
pub(super) fn lanes(channels: usize) -> usize {
    if channels > 2 { 4 } else { 2 }
}
