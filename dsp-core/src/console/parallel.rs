//! Parallel processors: each gets the input; their outputs are aligned in time and summed.

use crate::{
    foundation::{
        block::{Block, BlockMut},
        error::{Error, count_in, expect_channels, expect_rate, in_range},
        fit::fit_keyed,
        params::{CoeffsOf, Tunable},
        processor::Processor,
        sample::Sample,
        stream::StreamSpec,
        tail::Tail,
        unit::{db_to_gain, ms_to_frames},
    },
    primitives::{
        backend::Backend,
        delay_line::DelayLine,
        mix,
        ramp::{GAIN_RAMP_MS, Ramp},
        sanitize::clean,
    },
};
use alloc::{vec, vec::Vec};

/// Parallel processors: each gets the input; their outputs are aligned in time and summed.
///
/// # Signal
/// in -> branch k -> delay to the largest latency -> × g_k -> sum -> out
///
/// # Contract
/// Latency: the largest of the branches'. Sums in f64, each product rounded once to the sample format, branches in
/// order. Gains glide over 20 ms, C2. Branches have the same output channels, or one, which then goes to all of them.
///
/// ```
/// use mixdown::{BlockMut, Parallel, Params, Processor, StreamSpec, dynamics::LimiterParams};
///
/// // Two limiters of different lookahead in parallel; the quieter branch is 6.02 dB down.
/// let spec = StreamSpec::new(48_000.0, 1)?;
/// let limiter = |lookahead_ms| LimiterParams { lookahead_ms, ..Default::default() }.build::<f64>(&spec);
/// let mut both = Parallel::new(&spec, vec![limiter(1.0)?, limiter(3.0)?], &[0.0, -6.020_599_913_279_624])?;
/// let mut audio = [0.5; 480];
/// both.process(&mut BlockMut::from_planar(&mut audio, 1)?);
/// // Below the ceiling they only delay, and the faster waits for the slower.
/// assert!((audio[both.latency_frames()] - 0.75).abs() < 1e-12 && audio[both.latency_frames() - 1] == 0.0);
/// # Ok::<(), mixdown::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Parallel<S, P> {
    spec: StreamSpec,
    backend: Backend,
    output_channels: usize,
    processors: Vec<P>,
    alignment: Vec<DelayLine<S>>,
    gains: Vec<Ramp<1>>,
    latency_frames: usize,
    /// One chunk of a branch, planar.
    branch: Vec<S>,
    /// One chunk of the sum: `[channel * CHUNK_FRAMES + frame]`.
    sums: Vec<f64>,
    non_finite: u64,
}

/// Frames per chunk.
const CHUNK_FRAMES: usize = 256;
/// Highest gain of a branch, in dB.
const MAX_GAIN_DB: f64 = 60.0;

/// Channels of a sum of branches with these counts: the highest count; mono branches go to all channels. `None` without
/// branches.
pub(super) fn common_channels(
    list: &'static str,
    counts: impl Iterator<Item = Result<usize, Error>>,
) -> Result<Option<usize>, Error> {
    let mut widest = None;
    // Of the branches that are not mono: the first, and the first of another count. Each count is asked for once, as it
    // is that of a whole tree.
    let (mut first, mut other) = (None, None);
    for (position, count) in counts.enumerate() {
        let count = count.map_err(|error| error.within(list, position))?;
        widest = widest.max(Some(count));
        if count > 1 {
            match first {
                None => first = Some((position, count)),
                Some((_, common)) if common != count => other = other.or(Some((position, count))),
                Some(_) => {}
            }
        }
    }
    if let (Some(first), Some(other), Some(widest)) = (first, other, widest) {
        let (position, count) = if first.1 == widest { other } else { first };
        expect_channels(widest, count).map_err(|error| error.within(list, position))?;
    }
    Ok(widest)
}

/// Checks that there are branches, and their gains: none, or one each.
pub(super) fn check_gains(list: &'static str, branches: usize, gains_db: &[f64]) -> Result<(), Error> {
    count_in(list, branches, 1, usize::MAX)?;
    if !gains_db.is_empty() {
        count_in("gains_db", gains_db.len(), branches, branches)?;
    }
    for (position, &gain_db) in gains_db.iter().enumerate() {
        in_range("gains_db", gain_db, f64::NEG_INFINITY, MAX_GAIN_DB).map_err(|error| error.at(position))?;
    }
    Ok(())
}

impl<S: Sample, P: Processor<S>> Parallel<S, P> {
    /// Branches built for `spec`, with their levels in dB (-inf..60); no levels mean 0 dB for all.
    ///
    /// # Errors
    /// No branch; another number of levels than branches, or levels out of range; channel counts that differ.
    pub fn new(spec: &StreamSpec, processors: Vec<P>, gains_db: &[f64]) -> Result<Self, Error> {
        check_gains("branches", processors.len(), gains_db)?;
        let counts = processors.iter().map(|processor| Ok(processor.output_channels()));
        let output_channels = common_channels("branches", counts)?.unwrap_or(spec.channels());
        let latency_frames = processors.iter().map(Processor::latency_frames).max().unwrap_or(0);
        let mut alignment = Vec::with_capacity(processors.len());
        for processor in &processors {
            let own = processor.spec();
            expect_channels(spec.channels(), own.channels())
                .and_then(|()| expect_rate(spec.sample_rate_hz(), own.sample_rate_hz()))
                .map_err(|error| error.within("branches", alignment.len()))?;
            alignment.push(DelayLine::new(processor.output_channels(), latency_frames - processor.latency_frames()));
        }
        let ramp_frames = ms_to_frames(GAIN_RAMP_MS, spec.sample_rate_hz());
        let gain = |branch: usize| gains_db.get(branch).map_or(1.0, |&gain_db| db_to_gain(gain_db));
        Ok(Self {
            spec: *spec,
            backend: Backend::new(spec.cpu()),
            output_channels,
            gains: (0..processors.len()).map(|k| Ramp::new([gain(k)], ramp_frames)).collect(),
            processors,
            alignment,
            latency_frames,
            branch: vec![S::ZERO; output_channels.max(spec.channels()) * CHUNK_FRAMES],
            sums: vec![0.0; output_channels * CHUNK_FRAMES],
            non_finite: 0,
        })
    }

    /// The branches, in order.
    #[must_use]
    pub fn branches(&self) -> &[P] {
        &self.processors
    }

    /// The branches, in order, to change their settings.
    pub fn branches_mut(&mut self) -> impl Iterator<Item = &mut P> {
        self.processors.iter_mut()
    }

    fn run(&mut self, block: &mut BlockMut<'_, '_, S>, key: Option<&Block<'_, '_, S>>) {
        fit_keyed(block, self.spec.channels().max(self.output_channels), key, |_, block, key| {
            let frames = block.frames();
            for start in (0..frames).step_by(CHUNK_FRAMES) {
                let length = CHUNK_FRAMES.min(frames - start);
                let key = key.map(|key| key.frames_at(start, length));
                self.process_chunk(&mut block.frames_mut(start, length), key.as_ref());
            }
        });
    }

    fn process_chunk(&mut self, block: &mut BlockMut<'_, '_, S>, key: Option<&Block<'_, '_, S>>) {
        let frames = block.frames();
        for channel in 0..self.spec.channels() {
            self.non_finite += clean(self.backend, block.channel_mut(channel));
        }
        self.sums.fill(0.0);
        for ((processor, delay), gain) in self.processors.iter_mut().zip(&mut self.alignment).zip(&mut self.gains) {
            let channels = self.output_channels.max(self.spec.channels());
            let Ok(mut branch) = BlockMut::from_planar(&mut self.branch[..channels * frames], channels) else {
                continue;
            };
            branch.copy_from(&block.as_block());
            match key {
                Some(key) => processor.process_keyed(&mut branch, key),
                None => processor.process(&mut branch),
            }
            delay.process(&mut branch);
            let last = processor.output_channels() - 1;
            let mut start = 0;
            while start < frames {
                let (span, length) = gain.span::<S>(frames - start);
                for channel in 0..self.output_channels {
                    let sums = &mut self.sums[channel * CHUNK_FRAMES + start..][..length];
                    mix::add(self.backend, sums, &branch.channel(channel.min(last))[start..start + length], &span);
                }
                start += length;
            }
        }
        for channel in 0..self.output_channels {
            mix::round(self.backend, &self.sums[channel * CHUNK_FRAMES..][..frames], block.channel_mut(channel));
        }
    }
}

impl<S: Sample, P: Tunable<S>> Parallel<S, P> {
    /// Checks that its branches take these coefficients, one set each; does not allocate.
    ///
    /// # Errors
    /// [`Error::Count`] for another count, or as the first that refuses.
    pub fn check(&self, coeffs: &[CoeffsOf<S, P>]) -> Result<(), Error> {
        count_in("branches", coeffs.len(), self.processors.len(), self.processors.len())?;
        self.processors.iter().zip(coeffs).try_for_each(|(processor, coeffs)| processor.check(coeffs))
    }

    /// Glides to coefficients that [`check`](Self::check) accepts, and to gains, as factors; missing ones are 1. Does
    /// not allocate.
    pub fn apply(&mut self, coeffs: &[CoeffsOf<S, P>], gains: &[f64]) {
        for (processor, coeffs) in self.processors.iter_mut().zip(coeffs) {
            processor.apply(coeffs);
        }
        for (branch, ramp) in self.gains.iter_mut().enumerate() {
            ramp.set_target([gains.get(branch).copied().unwrap_or(1.0)]);
        }
    }

    /// Glides to coefficients and gains designed elsewhere; does not allocate.
    ///
    /// # Errors
    /// As [`check`](Self::check); nothing changes then.
    pub fn set_coeffs(&mut self, coeffs: &[CoeffsOf<S, P>], gains: &[f64]) -> Result<(), Error> {
        self.check(coeffs)?;
        self.apply(coeffs, gains);
        Ok(())
    }
}

impl<S: Sample, P: Processor<S>> Processor<S> for Parallel<S, P> {
    fn spec(&self) -> StreamSpec {
        self.spec
    }

    fn output_channels(&self) -> usize {
        self.output_channels
    }

    fn process(&mut self, block: &mut BlockMut<'_, '_, S>) {
        self.run(block, None);
    }

    fn process_keyed(&mut self, block: &mut BlockMut<'_, '_, S>, key: &Block<'_, '_, S>) {
        self.run(block, Some(key));
    }

    fn takes_key(&self) -> bool {
        self.processors.iter().any(Processor::takes_key)
    }

    fn reset(&mut self) {
        let Self {
            spec: _,
            backend: _,
            output_channels: _,
            processors,
            alignment,
            gains,
            latency_frames: _,
            branch: _,
            sums: _,
            non_finite,
        } = self;
        processors.iter_mut().for_each(Processor::reset);
        alignment.iter_mut().for_each(DelayLine::reset);
        gains.iter_mut().for_each(|gain| gain.jump_to(gain.target()));
        *non_finite = 0;
    }

    fn latency_frames(&self) -> usize {
        self.latency_frames
    }

    fn tail(&self) -> Tail {
        let branches = self.processors.iter().zip(&self.alignment);
        branches.fold(Tail::Frames(0), |longest, (processor, delay)| {
            longest.max(processor.tail().then(Tail::Frames(delay.frames() as u64)))
        })
    }

    fn non_finite_samples(&self) -> u64 {
        self.non_finite + self.processors.iter().map(Processor::non_finite_samples).sum::<u64>()
    }
}
