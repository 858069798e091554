//! The gain stage of a dynamics processor: turns reductions into gains, meters and applies them.

use super::{
    chunk::CHUNK_FRAMES,
    passes::{apply, gains, observe},
    reduction_meter::ReductionMeter,
};
use crate::{
    foundation::{block::BlockMut, processor::GainReduction, sample::Sample},
    primitives::{backend::Backend, ramp::Span},
};
use alloc::{vec, vec::Vec};

/// Scratch buffers of the gain stage for one chunk; nothing in them outlives the chunk.
#[derive(Clone, Debug)]
pub(crate) struct GainScratch<S> {
    gains: Vec<S>,
    reductions_db: Vec<f32>,
}

impl<S: Sample> GainScratch<S> {
    pub(crate) fn new() -> Self {
        Self { gains: vec![S::ZERO; CHUNK_FRAMES], reductions_db: vec![0.0; CHUNK_FRAMES] }
    }
}

/// The gain stage and its statistics.
#[derive(Clone, Debug)]
pub(crate) struct GainStage {
    backend: Backend,
    /// Reduction of the last output frame, for each channel.
    last_db: Vec<f32>,
    meter: ReductionMeter,
}

impl GainStage {
    pub(crate) fn new(backend: Backend, channels: usize) -> Self {
        Self { backend, last_db: vec![0.0; channels], meter: ReductionMeter::default() }
    }

    /// Applies reductions, in octaves, 0 or more, to the channels of a chunk; those of the first channel to all if
    /// `shared`. `output` is the make-up gain in octaves and the mix. [`observe`](Self::observe) follows.
    pub(crate) fn apply<'r, S: Sample>(
        &self,
        scratch: &mut GainScratch<S>,
        block: &mut BlockMut<'_, '_, S>,
        shared: bool,
        reductions: impl Fn(usize) -> &'r [f64],
        output: &Span<S, 2>,
    ) {
        let factors = &mut scratch.gains[..block.frames()];
        for channel in 0..self.last_db.len() {
            if channel == 0 || !shared {
                gains(self.backend, reductions(channel), output, factors);
            }
            apply(self.backend, factors, block.channel_mut(channel));
        }
    }

    /// Meters the reductions of a chunk, of at least one frame.
    pub(crate) fn observe<'r, S: Sample>(
        &mut self,
        scratch: &mut GainScratch<S>,
        shared: bool,
        reductions: impl Fn(usize) -> &'r [f64],
    ) {
        let channels = self.last_db.len();
        for channel in 0..channels {
            if channel == 0 || !shared {
                let (reductions, alike) = (reductions(channel), if shared { channels } else { 1 });
                let reductions_db = &mut scratch.reductions_db[..reductions.len()];
                observe(self.backend, reductions, alike, reductions_db, &mut self.meter);
                let last_db = reductions_db.last().copied().unwrap_or(0.0);
                self.last_db[channel..channel + alike].fill(last_db);
            }
        }
    }

    /// Number of channels.
    pub(crate) fn channels(&self) -> usize {
        self.last_db.len()
    }

    /// Reduction of the last output frame of a channel, in dB; 0 for a channel that does not exist.
    pub(crate) fn last_db(&self, channel: usize) -> f64 {
        self.last_db.get(channel).map_or(0.0, |&reduction_db| f64::from(reduction_db))
    }

    /// Reduction since the build or the last reset.
    pub(crate) fn gain_reduction(&self) -> GainReduction {
        self.meter.reading()
    }

    /// As newly built.
    pub(crate) fn reset(&mut self) {
        let Self { backend: _, last_db, meter } = self;
        last_db.fill(0.0);
        *meter = ReductionMeter::default();
    }
}
