//! What a cascade consists of: sections with their settings, states, and the audio that they work on.

use crate::{
    filters::{biquad::BiquadCoeffs, svf::SvfPoint},
    foundation::grid::GRID_FRAMES,
    primitives::{backend::Backend, ramp::Ramp},
};
use alloc::vec::Vec;

/// Frames that sections at rest work on at a time: two or four channels of f64 stay in the L1 cache.
pub(super) const CHUNK_FRAMES: usize = 256;
/// f64 values in a cache line.
pub(super) const LINE: usize = 8;

/// The cascade: see [`filters::cascade`](super).
#[derive(Clone, Debug)]
pub(crate) struct Cascade {
    pub(super) backend: Backend,
    pub(super) channels: usize,
    pub(super) sections: Vec<Section>,
    /// The sections that do something, in order: all but settled identities.
    pub(super) active: Vec<usize>,
    /// Direct-form z1, z2 or SVF s1, s2 of each section and channel: `[section * channels + channel]`.
    pub(super) states: Vec<[f64; 2]>,
    /// While something glides: audio of the present chunk in f64, `[channel * GRID_FRAMES + frame]`.
    pub(super) chunk: Vec<f64>,
    /// While nothing glides: channels side by side, [`CHUNK_FRAMES`] frames, with room to start at a cache line.
    pub(super) frames: Vec<f64>,
    /// Position in the absolute grid.
    pub(super) phase: usize,
}

#[derive(Clone, Debug)]
pub(super) struct Section {
    pub(super) target: BiquadCoeffs,
    /// While it glides: log2 g, log2 k, m0, m1, m2.
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

/// Where driven sections are over the frames of a block, which crosses no point of the grid.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Drives<'a> {
    /// Of each place, [`GRID_FRAMES`] each.
    pub(crate) points: &'a [SvfPoint],
    /// Sections of a place.
    pub(crate) sections: usize,
    /// Frames of a place that lie before the block.
    pub(crate) before: usize,
}

impl Drives<'_> {
    pub(super) const NONE: Self = Self { points: &[], sections: 1, before: 0 };

    pub(super) fn of(&self, section: usize, start: usize, length: usize) -> &[SvfPoint] {
        &self.points[section / self.sections * GRID_FRAMES + self.before + start..][..length]
    }
}

/// Channels that share a vector at most.
pub(super) fn lanes(channels: usize) -> usize {
    if channels > 2 { 4 } else { 2 }
}
