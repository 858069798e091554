//! Processors side by side: each gets the input, all are aligned to the slowest, and summed.

use super::effect::{EffectCoeffs, EffectProcessor, common_channels, expect_channels};
use crate::{
    foundation::{
        block::{Block, BlockMut},
        error::{Error, in_range},
        fit::fit_keyed,
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
        sanitize::sanitize,
    },
};
use alloc::{vec, vec::Vec};

/// Processors side by side: each gets the input, all are aligned to the slowest, and summed.
///
/// # Signal
/// in -> branch k -> delay to the largest latency -> times g_k -> sum -> out
///
/// # Contract
/// Latency: the largest of the branches'. Sums in f64, each product rounded once to the sample format, branches in
/// order. Gains glide over 20 ms, C2. Branches put out as many channels, or one, which then goes to all of them.
#[derive(Debug)]
pub struct Parallel<S: Sample> {
    spec: StreamSpec,
    backend: Backend,
    output_channels: usize,
    processors: Vec<EffectProcessor<S>>,
    alignment: Vec<DelayLine<S>>,
    gains: Vec<Ramp<1>>,
    latency_frames: usize,
    /// One chunk of a branch, planar.
    branch: Vec<S>,
    /// One chunk of the sum: `[channel * CHUNK_FRAMES + frame]`.
    sums: Vec<f64>,
    faults: u64,
}

/// Frames worked on at a time.
const CHUNK_FRAMES: usize = 256;
/// Highest gain of a branch, in dB.
const MAX_GAIN_DB: f64 = 60.0;

/// Checks the gains of `branches` branches: none given, or one each.
pub(super) fn check_gains(branches: usize, gains_db: &[f64]) -> Result<(), Error> {
    if branches == 0 {
        return Err(Error::OutOfRange {
            param: "effects (their count)",
            index: None,
            value: 0.0,
            min: 1.0,
            max: f64::INFINITY,
        });
    }
    if !gains_db.is_empty() && gains_db.len() != branches {
        let (value, allowed) = (gains_db.len() as f64, "none, or one for each of effects");
        return Err(Error::NotAllowed { param: "gains_db (their count)", index: None, value, allowed });
    }
    for (position, &gain_db) in gains_db.iter().enumerate() {
        in_range("gains_db", gain_db, f64::NEG_INFINITY, MAX_GAIN_DB).map_err(|error| error.at(position))?;
    }
    Ok(())
}

impl<S: Sample> Parallel<S> {
    /// Branches built for `spec`, with their levels in dB (-inf..60); no levels mean 0 dB for all.
    ///
    /// # Errors
    /// No branch; as many levels as branches missing or out of range; channel counts that differ.
    pub fn new(spec: &StreamSpec, processors: Vec<EffectProcessor<S>>, gains_db: &[f64]) -> Result<Self, Error> {
        check_gains(processors.len(), gains_db)?;
        let counts: Vec<usize> = processors.iter().map(Processor::output_channels).collect();
        let output_channels = common_channels(&counts)?.unwrap_or(spec.channels());
        let latency_frames = processors.iter().map(Processor::latency_frames).max().unwrap_or(0);
        let mut alignment = Vec::with_capacity(processors.len());
        for processor in &processors {
            expect_channels(spec.channels(), processor.spec().channels())?;
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
            faults: 0,
        })
    }

    /// The branches, in order.
    #[must_use]
    pub fn branches(&self) -> &[EffectProcessor<S>] {
        &self.processors
    }

    /// Glides to coefficients and gains (factors; none mean 1) designed elsewhere.
    ///
    /// # Errors
    /// [`Error::NeedsRebuild`] if they are of other effects; nothing changes then.
    pub fn set_coeffs(&mut self, coeffs: &[EffectCoeffs], gains: &[f64]) -> Result<(), Error> {
        if coeffs.len() != self.processors.len() {
            return Err(Error::NeedsRebuild { param: "effects" });
        }
        for (processor, coeffs) in self.processors.iter().zip(coeffs) {
            processor.check_coeffs(coeffs, false)?;
        }
        for (branch, ramp) in self.gains.iter_mut().enumerate() {
            ramp.set_target([gains.get(branch).copied().unwrap_or(1.0)]);
        }
        self.processors.iter_mut().zip(coeffs).try_for_each(|(processor, coeffs)| processor.set_coeffs(coeffs))
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
            self.faults += sanitize(block.channel_mut(channel));
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

impl<S: Sample> Processor<S> for Parallel<S> {
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
            faults,
        } = self;
        processors.iter_mut().for_each(Processor::reset);
        alignment.iter_mut().for_each(DelayLine::reset);
        gains.iter_mut().for_each(|gain| gain.jump_to(gain.target()));
        *faults = 0;
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
        self.faults + self.processors.iter().map(Processor::non_finite_samples).sum::<u64>()
    }
}
