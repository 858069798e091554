//! Channel link: the share of a common gain reduction in all channels.
//!
//! The link acts on the target reduction, before the ballistics. At 100 % all channels get the reduction of the channel
//! with the most (or the least), and so exactly the same gain; at 0 each its own, as if it were alone. Linked channels
//! with the same state are computed once.

use super::{
    chunk::CHUNK_FRAMES,
    passes::{link, max_assign, min_assign},
};
use crate::primitives::{
    backend::Backend,
    ramp::{Ramp, Span},
};

/// The channel whose reduction the others take.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Leader {
    /// The channel with the most reduction: the loudest in a compressor.
    MostReduced,
    /// The channel with the least: the most open one in an expander or a gate.
    LeastReduced,
}

/// State of one channel behind the link: ballistics, lookahead.
pub(crate) trait ChannelState {
    /// Whether both states give the same output for the same input.
    fn matches(&self, other: &Self) -> bool;
    /// Copies the state of a channel of the same size; does not allocate.
    fn copy_from(&mut self, other: &Self);
}

/// The link over the frames of one chunk.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ChunkLink {
    /// Weight of the leader's reduction, 0..1.
    weight: Span<f64, 1>,
    linked: bool,
    was_linked: bool,
}

impl ChunkLink {
    /// Whether all channels share one level and one target reduction, those of channel 0.
    pub(crate) fn is_linked(&self) -> bool {
        self.linked
    }

    /// Whether channels depend on each other, each with its own level.
    pub(crate) fn is_partial(&self) -> bool {
        !self.linked && !matches!(self.weight, Span::Still([0.0]))
    }

    /// Whether linking starts with this chunk.
    pub(crate) fn begins(&self) -> bool {
        self.linked && !self.was_linked
    }

    /// Whether linking ends with this chunk.
    pub(crate) fn ends(&self) -> bool {
        !self.linked && self.was_linked
    }

    /// Channels with a level of their own: the first alone if all are linked.
    pub(crate) fn levels(&self, channels: usize) -> usize {
        if self.linked { 1 } else { channels }
    }
}

/// The link of a stream: see the head of this file.
#[derive(Clone, Debug)]
pub(crate) struct ChannelLink {
    backend: Backend,
    leader: Leader,
    weight: Ramp<1>,
    /// Whether the last chunk was linked.
    linked: bool,
    /// Whether all channels have the same state, kept in the first.
    shared: bool,
}

impl ChannelLink {
    /// At rest at a weight of 0..1; later ones are reached in `glide_frames`.
    pub(crate) fn new(backend: Backend, leader: Leader, weight: f64, glide_frames: usize) -> Self {
        Self { backend, leader, weight: Ramp::new([weight], glide_frames), linked: true, shared: true }
    }

    pub(crate) fn set_weight(&mut self, weight: f64) {
        self.weight.set_target([weight]);
    }

    /// The longest next chunk.
    pub(crate) fn uniform_frames(&self) -> usize {
        self.weight.uniform_frames()
    }

    /// The link over the next frames, for a key of `key_channels` channels.
    pub(crate) fn span(&mut self, frames: usize, key_channels: usize) -> ChunkLink {
        let (weight, _) = self.weight.span::<f64>(frames);
        let linked = key_channels == 1 || matches!(weight, Span::Still([1.0]));
        ChunkLink { weight, linked, was_linked: core::mem::replace(&mut self.linked, linked) }
    }

    /// Number of states, from the first on, to run in this chunk: one while all channels are the same.
    pub(crate) fn running<T: ChannelState>(&mut self, chunk: &ChunkLink, states: &mut [T]) -> usize {
        if let [first, others @ ..] = states {
            if self.shared && !chunk.linked {
                others.iter_mut().for_each(|other| other.copy_from(first));
            }
            self.shared = chunk.linked && (self.shared || others.iter().all(|other| other.matches(first)));
        }
        if self.shared { 1 } else { states.len() }
    }

    /// Turns the reductions of the levels, channel after channel, into target reductions of the first `running`
    /// channels. `leading` is scratch for the leader's reduction over a chunk.
    pub(crate) fn distribute(
        &self,
        chunk: &ChunkLink,
        running: usize,
        frames: usize,
        reductions: &mut [f64],
        leading: &mut [f64],
    ) {
        self.distribute_rows(CHUNK_FRAMES, chunk, running, frames, reductions, leading);
    }

    /// The same for channels that are `row` values apart.
    pub(crate) fn distribute_rows(
        &self,
        row: usize,
        chunk: &ChunkLink,
        running: usize,
        frames: usize,
        reductions: &mut [f64],
        leading: &mut [f64],
    ) {
        if chunk.linked {
            let (first, others) = reductions.split_at_mut(row);
            for other in others.chunks_exact_mut(row).take(running - 1) {
                other[..frames].copy_from_slice(&first[..frames]);
            }
        } else if chunk.is_partial() {
            let leading = &mut leading[..frames];
            leading.copy_from_slice(&reductions[..frames]);
            for own in reductions.chunks_exact(row).skip(1) {
                match self.leader {
                    Leader::MostReduced => max_assign(self.backend, &own[..frames], leading),
                    Leader::LeastReduced => min_assign(self.backend, &own[..frames], leading),
                }
            }
            for own in reductions.chunks_exact_mut(row) {
                link(self.backend, leading, &chunk.weight, &mut own[..frames]);
            }
        }
    }

    /// Whether all channels had the same reduction in the last chunk.
    pub(crate) fn is_shared(&self) -> bool {
        self.shared
    }

    /// Index of a channel's reductions.
    pub(crate) fn place_of(&self, channel: usize) -> usize {
        if self.shared { 0 } else { channel * CHUNK_FRAMES }
    }

    /// As newly built, with the target weight.
    pub(crate) fn reset(&mut self) {
        let Self { backend: _, leader: _, weight, linked, shared } = self;
        weight.jump_to(weight.target());
        (*linked, *shared) = (true, true);
    }
}
