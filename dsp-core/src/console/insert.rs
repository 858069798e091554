//! An insert of a strip: an effect, and the strip that is its key, if there is one.

use super::{
    effect::{EffectCoeffs, EffectProcessor},
    feed::CHUNK_FRAMES,
    mixer::StripId,
    send::Tap,
    strip::Strip,
};
use crate::{
    foundation::{
        block::{Block, BlockMut},
        error::Error,
        params::{Designed, Tunable},
        processor::Processor,
        sample::Sample,
        tail::Tail,
    },
    primitives::{delay_line::DelayLine, mix::Source},
};
use alloc::{vec, vec::Vec};

/// An effect of a strip.
#[derive(Debug)]
pub(super) struct Insert<S: Sample> {
    pub(super) processor: EffectProcessor<S>,
    pub(super) key: Option<Key<S>>,
}

/// The signal of another strip, delayed so that it acts on the sound that it was recorded with.
#[derive(Debug)]
pub(super) struct Key<S> {
    pub(super) id: StripId,
    /// The source, as its position in the order of processing.
    pub(super) source: usize,
    /// 1, or those of the insert.
    channels: usize,
    delay: DelayLine<S>,
    /// One chunk, planar.
    chunk: Vec<S>,
}

impl<S: Sample> Key<S> {
    /// A key of `source_channels` for an insert of `channels`.
    pub(super) fn new(id: StripId, source_channels: usize, channels: usize, delay_frames: usize) -> Self {
        let channels = source_channels.min(channels);
        Self {
            id,
            source: 0,
            channels,
            delay: DelayLine::new(channels, delay_frames),
            chunk: vec![S::ZERO; channels * CHUNK_FRAMES],
        }
    }

    pub(super) fn delay_frames(&self) -> usize {
        self.delay.frames()
    }

    pub(super) fn channels(&self) -> usize {
        self.channels
    }

    /// The next chunk of the source; a stereo source is the key of a mono insert as (L+R)/2.
    fn read(
        &mut self,
        strips: &[Strip<S>],
        inputs: &[Block<'_, '_, S>],
        start: usize,
        frames: usize,
    ) -> Option<Block<'_, '_, S>> {
        let source = strips[self.source].tapped(Tap::PreFader, inputs, start, frames);
        let mut block = BlockMut::from_planar(&mut self.chunk[..self.channels * frames], self.channels).ok()?;
        match source {
            Source::Mono(mono) => block.channel_mut(0).copy_from_slice(mono),
            Source::Stereo([left, right]) if self.channels == 1 => {
                let half = S::from_f64(0.5);
                for ((key, left), right) in block.channel_mut(0).iter_mut().zip(left).zip(right) {
                    *key = half * *left + half * *right;
                }
            }
            Source::Stereo([left, right]) => {
                block.channel_mut(0).copy_from_slice(left);
                block.channel_mut(1).copy_from_slice(right);
            }
        }
        self.delay.process(&mut block);
        Block::from_planar(&self.chunk[..self.channels * frames], self.channels).ok()
    }
}

impl<S: Sample> Insert<S> {
    pub(super) fn new(processor: EffectProcessor<S>) -> Self {
        Self { processor, key: None }
    }

    /// Processes a chunk of its strip; the sources of keys are among `strips`.
    pub(super) fn process(
        &mut self,
        block: &mut BlockMut<'_, '_, S>,
        strips: &[Strip<S>],
        inputs: &[Block<'_, '_, S>],
        start: usize,
    ) {
        let key = self.key.as_mut().and_then(|key| key.read(strips, inputs, start, block.frames()));
        match key {
            Some(key) => self.processor.process_keyed(block, &key),
            None => self.processor.process(block),
        }
    }

    pub(super) fn latency_frames(&self) -> usize {
        self.processor.latency_frames()
    }

    pub(super) fn tail(&self) -> Tail {
        self.processor.tail()
    }

    pub(super) fn non_finite_samples(&self) -> u64 {
        self.processor.non_finite_samples()
    }

    pub(super) fn set_coeffs(&mut self, coeffs: &Designed<EffectCoeffs>) -> Result<(), Error> {
        self.processor.set_coeffs(coeffs)
    }

    pub(super) fn reset(&mut self) {
        self.processor.reset();
        if let Some(key) = &mut self.key {
            key.delay.reset();
        }
    }
}
