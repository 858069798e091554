//! A chunk: the frames that the mixer works on at once.

use crate::foundation::{block::Block, sample::Sample};

/// Most frames of a chunk: the buses stay in the L1 cache.
pub(super) const CHUNK_FRAMES: usize = 512;

/// Some frames of the inputs of a mixer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Chunk<'m, 'i, 'j, S> {
    /// Of the tracks.
    pub(super) inputs: &'m [Block<'i, 'j, S>],
    /// First frame in the inputs.
    pub(super) start: usize,
    /// At most [`CHUNK_FRAMES`].
    pub(super) frames: usize,
    /// The first frame, counted from the start of the mix.
    pub(super) now: u64,
}

impl<'i, 'j, S: Sample> Chunk<'_, 'i, 'j, S> {
    /// The frames of an input that it has.
    #[inline]
    pub(super) fn input(&self, index: usize) -> Option<Block<'i, 'j, S>> {
        let input = self.inputs.get(index)?;
        let start = self.start.min(input.frames());
        Some(input.frames_at(start, self.frames.min(input.frames() - start)))
    }
    /// Whether an input has so many channels, and all frames.
    #[inline]
    pub(super) fn is_whole(&self, index: usize, channels: usize) -> bool {
        let fits =
            |input: &Block<'_, '_, S>| input.channels() >= channels && input.frames() >= self.start + self.frames;
        self.inputs.get(index).is_some_and(fits)
    }

    /// One channel of an input that has all frames.
    #[inline(always)]
    pub(super) fn channel(&self, index: usize, channel: usize) -> &'i [S] {
        &self.inputs[index].channel(channel)[self.start..self.start + self.frames]
    }
}
