//! Processors in series.

use crate::{
    foundation::{
        block::{Block, BlockMut},
        error::{Error, count_in, expect_channels, expect_rate},
        fit::{fit, fit_keyed},
        params::{CoeffsOf, Tunable},
        processor::Processor,
        sample::Sample,
        stream::StreamSpec,
        tail::Tail,
    },
    primitives::{backend::Backend, delay_line::DelayLine, sanitize::clean},
};
use alloc::{vec, vec::Vec};

/// Processors in series.
///
/// # Signal
/// in -> first -> … -> last -> out; latencies and tails add up, channel counts follow from one to the next. A key is
/// delayed for each processor by the latency of those before it.
///
/// Each processor keeps the [`Cpu`](crate::Cpu) that it was built for. The gain reduction is read from its members
/// ([`processors`](Self::processors)): the chain itself is no [`Dynamics`](crate::Dynamics).
///
/// ```
/// use mixdown::{BlockMut, Chain, Params, Processor, StreamSpec, levels::GainParams};
///
/// let spec = StreamSpec::new(48_000.0, 1)?;
/// let half = GainParams { gain_db: -6.020_599_913_279_624, ..Default::default() };
/// let mut chain = Chain::new(&spec, vec![half.build::<f64>(&spec)?, half.build(&spec)?])?;
/// let mut audio = [1.0; 4];
/// chain.process(&mut BlockMut::from_planar(&mut audio, 1)?);
/// assert!((audio[3] - 0.25).abs() < 1e-12);
/// # Ok::<(), mixdown::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Chain<S, P> {
    spec: StreamSpec,
    backend: Backend,
    output_channels: usize,
    processors: Vec<P>,
    /// Key delays: the latency of each processor before the last one with a key input; none where that is 0.
    key_delays: Vec<DelayLine<S>>,
    /// One chunk of the key, planar.
    key: Vec<S>,
    /// Whether the last block came with a key.
    keyed: bool,
    non_finite: u64,
}

/// Frames of a key per chunk.
const CHUNK_FRAMES: usize = 256;

impl<S: Sample, P: Processor<S>> Chain<S, P> {
    /// A chain for `spec`, whose processors were built for the output channels of those before them.
    ///
    /// # Errors
    /// [`Error::Channels`] if channel counts differ, [`Error::OtherSampleRate`] if rates differ; both name the
    /// processor.
    pub fn new(spec: &StreamSpec, processors: Vec<P>) -> Result<Self, Error> {
        let mut output_channels = spec.channels();
        for (position, processor) in processors.iter().enumerate() {
            let own = processor.spec();
            expect_channels(own.channels(), output_channels)
                .and_then(|()| expect_rate(spec.sample_rate_hz(), own.sample_rate_hz()))
                .map_err(|error| error.within("processors", position))?;
            output_channels = processor.output_channels();
        }
        let last = processors.iter().rposition(Processor::takes_key).unwrap_or(0);
        let before = &processors[..last];
        let delayed = before.iter().any(|processor| processor.latency_frames() > 0);
        let delays = before.iter().map(|processor| DelayLine::new(spec.channels(), processor.latency_frames()));
        Ok(Self {
            spec: *spec,
            backend: Backend::new(spec.cpu()),
            output_channels,
            key_delays: if delayed { delays.collect() } else { Vec::new() },
            key: vec![S::ZERO; if delayed { spec.channels() * CHUNK_FRAMES } else { 0 }],
            keyed: false,
            processors,
            non_finite: 0,
        })
    }

    /// The processors, first to last.
    #[must_use]
    pub fn processors(&self) -> &[P] {
        &self.processors
    }

    /// The processors, first to last, to change their settings.
    pub fn processors_mut(&mut self) -> impl Iterator<Item = &mut P> {
        self.processors.iter_mut()
    }

    /// An empty chain, or one of a host's processors, replaces non-finite samples too.
    fn sanitize(&mut self, block: &mut BlockMut<'_, '_, S>) {
        for channel in 0..self.spec.channels() {
            self.non_finite += clean(self.backend, block.channel_mut(channel));
        }
    }

    fn run(&mut self, block: &mut BlockMut<'_, '_, S>) {
        self.sanitize(block);
        if self.keyed {
            // A pause of the key is silence: the delays must not replay earlier frames afterwards.
            self.keyed = false;
            self.key_delays.iter_mut().for_each(DelayLine::reset);
        }
        for processor in &mut self.processors {
            processor.process(block);
        }
    }

    fn run_keyed(&mut self, block: &mut BlockMut<'_, '_, S>, key: &Block<'_, '_, S>) {
        self.sanitize(block);
        if self.key_delays.is_empty() {
            for processor in &mut self.processors {
                processor.process_keyed(block, key);
            }
            return;
        }
        self.keyed = true;
        let (frames, channels) = (block.frames(), key.channels().min(self.spec.channels()));
        for start in (0..frames).step_by(CHUNK_FRAMES) {
            let length = CHUNK_FRAMES.min(frames - start);
            let mut sound = block.frames_mut(start, length);
            let Ok(mut delayed) = BlockMut::from_planar(&mut self.key[..channels * length], channels) else { return };
            delayed.copy_from(&key.frames_at(start, length));
            for (index, processor) in self.processors.iter_mut().enumerate() {
                processor.process_keyed(&mut sound, &delayed.as_block());
                if let Some(delay) = self.key_delays.get_mut(index) {
                    delay.process(&mut delayed);
                }
            }
        }
    }

    fn needed_channels(&self) -> usize {
        self.spec.channels().max(self.output_channels)
    }
}

impl<S: Sample, P: Tunable<S>> Chain<S, P> {
    /// Checks that its processors take these coefficients, one set each; does not allocate.
    ///
    /// # Errors
    /// [`Error::Count`] for another count, or as the first that refuses.
    pub fn check(&self, coeffs: &[CoeffsOf<S, P>]) -> Result<(), Error> {
        count_in("processors", coeffs.len(), self.processors.len(), self.processors.len())?;
        self.processors.iter().zip(coeffs).try_for_each(|(processor, coeffs)| processor.check(coeffs))
    }

    /// Glides to coefficients that [`check`](Self::check) accepts; does not allocate.
    pub fn apply(&mut self, coeffs: &[CoeffsOf<S, P>]) {
        for (processor, coeffs) in self.processors.iter_mut().zip(coeffs) {
            processor.apply(coeffs);
        }
    }

    /// Glides to coefficients designed elsewhere; does not allocate.
    ///
    /// # Errors
    /// As [`check`](Self::check); nothing changes then.
    pub fn set_coeffs(&mut self, coeffs: &[CoeffsOf<S, P>]) -> Result<(), Error> {
        self.check(coeffs)?;
        self.apply(coeffs);
        Ok(())
    }
}

impl<S: Sample, P: Processor<S>> Processor<S> for Chain<S, P> {
    fn spec(&self) -> StreamSpec {
        self.spec
    }

    fn output_channels(&self) -> usize {
        self.output_channels
    }

    fn process(&mut self, block: &mut BlockMut<'_, '_, S>) {
        fit(block, self.needed_channels(), |block| self.run(block));
    }

    fn process_keyed(&mut self, block: &mut BlockMut<'_, '_, S>, key: &Block<'_, '_, S>) {
        fit_keyed(block, self.needed_channels(), Some(key), |_, block, key| match key {
            Some(key) => self.run_keyed(block, key),
            None => self.run(block),
        });
    }

    fn takes_key(&self) -> bool {
        self.processors.iter().any(Processor::takes_key)
    }

    fn reset(&mut self) {
        let Self { spec: _, backend: _, output_channels: _, processors, key_delays, key: _, keyed, non_finite } = self;
        processors.iter_mut().for_each(Processor::reset);
        key_delays.iter_mut().for_each(DelayLine::reset);
        *keyed = false;
        *non_finite = 0;
    }

    fn latency_frames(&self) -> usize {
        self.processors.iter().map(Processor::latency_frames).sum()
    }

    fn tail(&self) -> Tail {
        self.processors.iter().fold(Tail::Frames(0), |tail, processor| tail.then(processor.tail()))
    }

    fn non_finite_samples(&self) -> u64 {
        self.non_finite + self.processors.iter().map(Processor::non_finite_samples).sum::<u64>()
    }
}
