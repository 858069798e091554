//! Two processors in series, as a pair.

use crate::foundation::{
    block::{Block, BlockMut},
    processor::Processor,
    sample::Sample,
    stream::StreamSpec,
    tail::Tail,
};

/// Two processors in series, without dynamic dispatch. Longer chains nest: `(a, (b, c))`.
///
/// `B` is built for the output channels of `A`. A pair has no buffer to delay a key, so `B` gets one only after an `A`
/// without latency; a [`Chain`](crate::Chain) delays it.
///
/// ```
/// use mixdown::{BlockMut, Params, Processor, StreamSpec, levels::GainParams};
///
/// let spec = StreamSpec::new(48_000.0, 1)?;
/// let half = GainParams { gain_db: -6.020_599_913_279_624, ..Default::default() };
/// let mut chain = (half.build::<f64>(&spec)?, half.build::<f64>(&spec)?);
/// let mut audio = [1.0; 4];
/// chain.process(&mut BlockMut::from_planar(&mut audio, 1)?);
/// assert!((audio[3] - 0.25).abs() < 1e-12);
/// # Ok::<(), mixdown::Error>(())
/// ```
impl<S: Sample, A: Processor<S>, B: Processor<S>> Processor<S> for (A, B) {
    fn spec(&self) -> StreamSpec {
        self.0.spec()
    }

    fn output_channels(&self) -> usize {
        self.1.output_channels()
    }

    fn process(&mut self, block: &mut BlockMut<'_, '_, S>) {
        debug_assert_eq!(self.0.output_channels(), self.1.spec().channels(), "channels of a pair");
        self.0.process(block);
        self.1.process(block);
    }

    fn process_keyed(&mut self, block: &mut BlockMut<'_, '_, S>, key: &Block<'_, '_, S>) {
        let aligned = self.0.latency_frames() == 0;
        self.0.process_keyed(block, key);
        if aligned {
            self.1.process_keyed(block, key);
        } else {
            self.1.process(block);
        }
    }

    fn takes_key(&self) -> bool {
        self.0.takes_key() || (self.0.latency_frames() == 0 && self.1.takes_key())
    }

    fn reset(&mut self) {
        let (a, b) = self;
        a.reset();
        b.reset();
    }

    fn latency_frames(&self) -> usize {
        self.0.latency_frames() + self.1.latency_frames()
    }

    fn tail(&self) -> Tail {
        self.0.tail().then(self.1.tail())
    }

    fn non_finite_samples(&self) -> u64 {
        self.0.non_finite_samples() + self.1.non_finite_samples()
    }
}
