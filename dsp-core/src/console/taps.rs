//! The taps of a strip: what feeds and keys read of its last chunk.

use super::{
    chunk::{CHUNK_FRAMES, Chunk},
    send::Tap,
};
use crate::{foundation::sample::Sample, primitives::mix::Source};
use alloc::{vec, vec::Vec};

/// The last chunk of a strip, before and after its inserts.
#[derive(Debug)]
pub(super) struct Taps<S> {
    /// Channels before and after the inserts: 1 or 2.
    channels: [usize; 2],
    /// The input of the mixer that is the chunk itself, without a copy: nothing before the fader changes a sample.
    pub(super) passed: Option<usize>,
    /// Before the inserts, planar; empty unless a send takes it.
    pub(super) before: Vec<S>,
    /// After the inserts and the width: as many frames as the chunk for each channel.
    pub(super) after: Vec<S>,
}

impl<S: Sample> Taps<S> {
    /// Of these channels before and after inserts that need `widest`; the signal before them is kept only if it is tapped.
    pub(super) fn new(channels: [usize; 2], widest: usize, is_tapped_before: bool) -> Self {
        let before = if is_tapped_before { channels[0] * CHUNK_FRAMES } else { 0 };
        Self { channels, passed: None, before: vec![S::ZERO; before], after: vec![S::ZERO; widest * CHUNK_FRAMES] }
    }

    /// Channels at a tap.
    pub(super) fn channels(&self, tap: Tap) -> usize {
        self.channels[usize::from(tap != Tap::PreInsert)]
    }

    /// Channels that a chunk needs room for.
    pub(super) fn rows(&self) -> usize {
        self.after.len() / CHUNK_FRAMES
    }

    /// The chunk at a tap.
    #[inline(always)]
    pub(super) fn read<'b, 'i: 'b>(&'b self, tap: Tap, chunk: &Chunk<'_, 'i, '_, S>) -> Source<'b, S> {
        let frames = chunk.frames;
        let channel = |index: usize| match self.passed {
            Some(input) => chunk.channel(input, index),
            None if tap == Tap::PreInsert => &self.before[index * CHUNK_FRAMES..][..frames],
            None => &self.after[index * frames..][..frames],
        };
        match self.channels(tap) {
            1 => Source::Mono(channel(0)),
            _ => Source::Stereo([channel(0), channel(1)]),
        }
    }
}
