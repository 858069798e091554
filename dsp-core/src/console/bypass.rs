//! Passes the input through with the latency of a processor that is not run, so that switching it off moves nothing in

use crate::{
    foundation::{block::BlockMut, fit::fit, processor::Processor, sample::Sample, stream::StreamSpec, tail::Tail},
    primitives::{delay_line::DelayLine, sanitize::sanitize},
};

/// Passes the input through with the latency of a processor that is not run, so that switching it off moves nothing in
/// time.
///
/// Channels that the processor would have added are copies of the first.
#[derive(Clone, Debug)]
pub struct Bypass<S> {
    spec: StreamSpec,
    output_channels: usize,
    takes_key: bool,
    delay: DelayLine<S>,
    faults: u64,
}

impl<S: Sample> Bypass<S> {
    /// Stands in for `processor`.
    pub fn new(processor: &impl Processor<S>) -> Self {
        let spec = processor.spec();
        let delay = DelayLine::new(spec.channels(), processor.latency_frames());
        let (output_channels, takes_key) = (processor.output_channels(), processor.takes_key());
        Self { spec, output_channels, takes_key, delay, faults: 0 }
    }
}

impl<S: Sample> Processor<S> for Bypass<S> {
    fn spec(&self) -> StreamSpec {
        self.spec
    }

    fn output_channels(&self) -> usize {
        self.output_channels
    }

    fn process(&mut self, block: &mut BlockMut<'_, '_, S>) {
        let (inputs, outputs) = (self.spec.channels(), self.output_channels);
        fit(block, inputs.max(outputs), |block| {
            for channel in 0..inputs {
                self.faults += sanitize(block.channel_mut(channel));
            }
            self.delay.process(block);
            for channel in inputs..outputs {
                block.copy_channel(0, channel);
            }
        });
    }

    /// As what it stands in for: a key given to it is no mistake.
    fn takes_key(&self) -> bool {
        self.takes_key
    }

    fn reset(&mut self) {
        let Self { spec: _, output_channels: _, takes_key: _, delay, faults } = self;
        delay.reset();
        *faults = 0;
    }

    fn latency_frames(&self) -> usize {
        self.delay.frames()
    }

    fn tail(&self) -> Tail {
        Tail::Frames(self.delay.frames() as u64)
    }

    fn non_finite_samples(&self) -> u64 {
        self.faults
    }
}
