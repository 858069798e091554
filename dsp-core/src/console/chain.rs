//! Processors in series.
//!
//! # Signal
//! in -> first -> … -> last -> out; latencies and tails add up, channel counts fold.

use super::effect::{EffectCoeffs, EffectProcessor, expect_channels};
use crate::foundation::{
    block::{Block, BlockMut},
    error::Error,
    processor::{Processor, Tail},
    sample::Sample,
    stream::StreamSpec,
};
use crate::kernels::sanitize::sanitize;
use alloc::vec::Vec;

/// Processors in series: see the [module](self).
#[derive(Debug)]
pub struct Chain<S: Sample> {
    spec: StreamSpec,
    output_channels: usize,
    processors: Vec<EffectProcessor<S>>,
    faults: u64,
}

impl<S: Sample> Chain<S> {
    /// A chain for `spec`, whose processors were built for the channels that come out before them.
    ///
    /// # Errors
    /// [`Error::Channels`] where counts do not meet; [`Error::SampleRate`] where rates differ.
    pub fn new(spec: &StreamSpec, processors: Vec<EffectProcessor<S>>) -> Result<Self, Error> {
        let mut output_channels = spec.channels();
        for processor in &processors {
            expect_channels(processor.spec().channels(), output_channels)?;
            if processor.spec().sample_rate_hz() != spec.sample_rate_hz() {
                return Err(Error::SampleRate { hz: processor.spec().sample_rate_hz() });
            }
            output_channels = processor.output_channels();
        }
        Ok(Self { spec: *spec, output_channels, processors, faults: 0 })
    }

    /// The processors, first to last.
    #[must_use]
    pub fn processors(&self) -> &[EffectProcessor<S>] {
        &self.processors
    }

    /// The processors, first to last, to change their settings.
    pub fn processors_mut(&mut self) -> impl Iterator<Item = &mut EffectProcessor<S>> {
        self.processors.iter_mut()
    }

    /// A chain of nothing, or of foreign processors, keeps the law of finite input as well.
    fn sanitize(&mut self, block: &mut BlockMut<'_, '_, S>) {
        for channel in 0..self.spec.channels().min(block.channels()) {
            self.faults += sanitize(block.channel_mut(channel));
        }
    }

    /// Glides to coefficients designed elsewhere.
    ///
    /// # Errors
    /// [`Error::NeedsRebuild`] if they are of other effects; nothing changes then.
    pub fn set_coeffs(&mut self, coeffs: &[EffectCoeffs]) -> Result<(), Error> {
        if coeffs.len() != self.processors.len() {
            return Err(Error::NeedsRebuild { param: "effects" });
        }
        for (processor, coeffs) in self.processors.iter().zip(coeffs) {
            processor.check_coeffs(coeffs, false)?;
        }
        self.processors.iter_mut().zip(coeffs).try_for_each(|(processor, coeffs)| processor.set_coeffs(coeffs))
    }
}

impl<S: Sample> Processor<S> for Chain<S> {
    fn spec(&self) -> StreamSpec {
        self.spec
    }

    fn output_channels(&self) -> usize {
        self.output_channels
    }

    fn process(&mut self, block: &mut BlockMut<'_, '_, S>) {
        self.sanitize(block);
        for processor in &mut self.processors {
            processor.process(block);
        }
    }

    fn process_keyed(&mut self, block: &mut BlockMut<'_, '_, S>, key: &Block<'_, '_, S>) {
        self.sanitize(block);
        for processor in &mut self.processors {
            processor.process_keyed(block, key);
        }
    }

    fn reset(&mut self) {
        let Self { spec: _, output_channels: _, processors, faults } = self;
        processors.iter_mut().for_each(Processor::reset);
        *faults = 0;
    }

    fn latency_frames(&self) -> usize {
        self.processors.iter().map(Processor::latency_frames).sum()
    }

    fn tail(&self) -> Tail {
        self.processors.iter().fold(Tail::Frames(0), |tail, processor| tail.then(processor.tail()))
    }

    fn faults(&self) -> u64 {
        self.faults + self.processors.iter().map(Processor::faults).sum::<u64>()
    }
}
