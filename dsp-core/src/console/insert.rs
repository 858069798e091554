//! An insert of a strip: an effect, and the strip that is its key, if there is one.

use super::{
    chunk::{CHUNK_FRAMES, Chunk},
    effect::{Effect, EffectCoeffs, EffectProcessor},
    lanes::InsertLanes,
    path_delay::PathDelay,
    send::Tap,
    strip_id::StripId,
    taps::Taps,
};
use crate::{
    foundation::{
        block::{Block, BlockMut},
        error::Error,
        grid::GRID_FRAMES,
        params::{Designed, Tunable},
        processor::Processor,
        sample::Sample,
        tail::Tail,
    },
    primitives::mix::Source,
};
use alloc::{vec, vec::Vec};

/// An effect of a strip.
#[derive(Debug)]
pub(super) struct Insert<S: Sample> {
    pub(super) processor: EffectProcessor<S>,
    pub(super) key: Option<Key<S>>,
    pub(super) lanes: Option<InsertLanes>,
    /// Frames from the input of the mix to this insert.
    pub(super) due: usize,
    /// Whether it has run since the build or the last reset: before, lanes set it without a glide.
    started: bool,
}

/// The signal of another strip, delayed so that it acts on the sound that it was recorded with.
#[derive(Debug)]
pub(super) struct Key<S> {
    pub(super) id: StripId,
    /// The source, as its position in the order of processing.
    pub(super) source: usize,
    /// 1, or those of the insert.
    channels: usize,
    pub(super) delay: PathDelay<S>,
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
            delay: PathDelay::new(channels, delay_frames),
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
    fn read(&mut self, taps: &[Taps<S>], chunk: &Chunk<'_, '_, '_, S>) {
        let frames = chunk.frames;
        let source = taps[self.source].read(Tap::PreFader, chunk);
        let samples = &mut self.chunk[..self.channels * frames];
        let Ok(mut block) = BlockMut::from_planar(samples, self.channels) else { return };
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
    }
}

impl<S: Sample> Insert<S> {
    pub(super) fn new(processor: EffectProcessor<S>) -> Self {
        Self { processor, key: None, lanes: None, due: 0, started: false }
    }

    /// Reads the key of a chunk; its source is among `taps`.
    pub(super) fn read_key(&mut self, taps: &[Taps<S>], chunk: &Chunk<'_, '_, '_, S>) {
        if let Some(key) = &mut self.key {
            key.read(taps, chunk);
        }
    }

    /// Glides to the settings of its lanes at a frame of the mix.
    pub(super) fn follow(&mut self, now: u64, sample_rate_hz: f64) {
        let Some(lanes) = &mut self.lanes else { return };
        // On the absolute grid, so that no block border decides when.
        if self.started && !now.is_multiple_of(GRID_FRAMES as u64) {
            return;
        }
        if let Some(coeffs) = lanes.design(now as i64 - self.due as i64, sample_rate_hz) {
            // Checked with the points of the lanes.
            let _ = self.processor.set_coeffs(coeffs);
        }
        if !self.started {
            self.processor.reset();
        }
    }

    /// Processes part of the chunk whose key was read: from frame `start` of it on.
    pub(super) fn process(&mut self, block: &mut BlockMut<'_, '_, S>, start: usize, chunk_frames: usize) {
        self.started = true;
        let Self { processor, key, .. } = self;
        let key = key
            .as_ref()
            .and_then(|key| Block::from_planar(&key.chunk[..key.channels * chunk_frames], key.channels).ok());
        match key {
            Some(key) => processor.process_keyed(block, &key.frames_at(start, block.frames())),
            None => processor.process(block),
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

    /// Glides to coefficients designed from `effect`. What lanes move stays with them; the rest follows on the grid then.
    pub(super) fn set(&mut self, effect: &mut Effect, coeffs: &Designed<EffectCoeffs>) -> Result<(), Error> {
        self.processor.check(coeffs)?;
        match &mut self.lanes {
            Some(lanes) => lanes.set(effect)?,
            None => self.processor.apply(coeffs),
        }
        Ok(())
    }

    pub(super) fn reset(&mut self) {
        self.processor.reset();
        self.started = false;
        if let Some(lanes) = &mut self.lanes {
            lanes.reset();
        }
        if let Some(key) = &mut self.key {
            key.delay.reset();
        }
    }
}
