//! Expansion of a block: key filter, level, static curve or gate, link, gate ballistics, gain.
//!
//! A lookahead delays the signal: the gain begins to open so much before it, and the hold is as much longer, so that it
//! closes no earlier than without.
//!
//! Shared by expander and gate, which differ in [`Closing`], the target reduction of a level. Linking is towards the
//! channel with the least reduction. A stream starts as after long silence.

use super::{
    chunk::{CHUNK_FRAMES, write_trace},
    detector::{DetectorCoeffs, LevelDetector, Readings, Sources},
    gain_stage::{GainScratch, GainStage},
    gate_ballistics::{GateBallistics, GateBallisticsCoeffs},
    key_filter::{Key, KeyFilter, KeyFilterCoeffs},
    link::{ChannelLink, ChannelState, ChunkLink, Leader},
    passes::plain_output,
};
use crate::{
    foundation::{
        block::{Block, BlockMut},
        error::Error,
        fit::fit_traced,
        processor::GainReduction,
        sample::Sample,
        stream::StreamSpec,
        unit::ms_to_frames,
    },
    primitives::{
        backend::Backend,
        history::History,
        ramp::{GAIN_RAMP_MS, Ramp},
        sanitize::clean,
    },
};
use alloc::{vec, vec::Vec};

/// Target reductions of levels, lane by lane: one lane per channel, or one for all of them.
pub(crate) trait Closing<S> {
    /// The longest next chunk.
    fn uniform_frames(&self) -> usize;
    /// The target reductions of levels, both in octaves, over a chunk of every lane.
    fn decide<'c>(&mut self, backend: Backend, frames: usize, lanes: impl Iterator<Item = (&'c [S], &'c mut [f64])>)
    where
        S: 'c;
    /// Merges the state of all channels into the first, as open as any.
    fn link(&mut self);
    /// Copies the state of the first channel to all.
    fn unlink(&mut self);
    /// The target reduction of silence.
    fn at_silence(&self) -> f64;
    /// As newly built.
    fn reset(&mut self);
}

/// Coefficients shared by every [`Expansion`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct ExpansionCoeffs {
    pub(crate) key_filter: KeyFilterCoeffs,
    pub(crate) detector: DetectorCoeffs,
    /// Fixed while it runs.
    pub(crate) lookahead_frames: usize,
    pub(crate) times: GateBallisticsCoeffs,
    /// 0..1.
    pub(crate) link: f64,
}

/// The expansion of a stream: see the head of this file.
#[derive(Clone, Debug)]
pub(crate) struct Expansion<S, C> {
    backend: Backend,
    coeffs: ExpansionCoeffs,
    key_filter: KeyFilter,
    detector: LevelDetector,
    closing: C,
    link: ChannelLink,
    times: Ramp<2>,
    /// One per channel.
    ballistics: Vec<GateBallistics>,
    /// One per channel; none without lookahead.
    histories: Vec<History<S>>,
    scratch: Scratch<S>,
    stage: GainStage,
    non_finite: u64,
}

/// Scratch buffers of one chunk, channel after channel; only the reductions outlive the chunk.
#[derive(Clone, Debug)]
struct Scratch<S> {
    key: Vec<S>,
    peaks: Vec<S>,
    levels: Vec<S>,
    reductions: Vec<f64>,
    /// The reductions of the leading channel.
    leading: Vec<f64>,
    gains: GainScratch<S>,
}

impl ChannelState for GateBallistics {
    fn matches(&self, other: &Self) -> bool {
        self == other
    }

    fn copy_from(&mut self, other: &Self) {
        *self = *other;
    }
}

impl<S: Sample, C: Closing<S>> Expansion<S, C> {
    /// As after long silence.
    pub(crate) fn new(spec: &StreamSpec, coeffs: &ExpansionCoeffs, closing: C) -> Self {
        let (backend, channels, rate_hz) = (Backend::new(spec.cpu()), spec.channels(), spec.sample_rate_hz());
        let glide = ms_to_frames(GAIN_RAMP_MS, rate_hz);
        let delayed = if coeffs.lookahead_frames == 0 { 0 } else { channels };
        let mut expansion = Self {
            backend,
            coeffs: *coeffs,
            key_filter: KeyFilter::new(spec, &coeffs.key_filter),
            detector: LevelDetector::new(backend, channels, rate_hz, &coeffs.detector, glide, CHUNK_FRAMES),
            closing,
            link: ChannelLink::new(backend, Leader::LeastReduced, coeffs.link, glide),
            times: Ramp::new(coeffs.times.glide(), glide),
            ballistics: vec![GateBallistics::at(0.0); channels],
            histories: (0..delayed).map(|_| History::new(coeffs.lookahead_frames, CHUNK_FRAMES, 0)).collect(),
            scratch: Scratch {
                key: vec![S::ZERO; channels * CHUNK_FRAMES],
                peaks: vec![S::ZERO; channels * CHUNK_FRAMES],
                levels: vec![S::ZERO; channels * CHUNK_FRAMES],
                reductions: vec![0.0; channels * CHUNK_FRAMES],
                leading: vec![0.0; CHUNK_FRAMES],
                gains: GainScratch::new(),
            },
            stage: GainStage::new(backend, channels),
            non_finite: 0,
        };
        expansion.reset();
        expansion
    }

    /// Checks that it takes these coefficients while it runs.
    pub(crate) fn check(&self, coeffs: &ExpansionCoeffs) -> Result<(), Error> {
        if coeffs.lookahead_frames == self.latency_frames() {
            Ok(())
        } else {
            Err(Error::NeedsRebuild { param: "lookahead_ms" })
        }
    }

    /// Delay from input to output, in frames.
    pub(crate) fn latency_frames(&self) -> usize {
        self.coeffs.lookahead_frames
    }

    /// Glides to other coefficients of the same lookahead.
    pub(crate) fn set_coeffs(&mut self, coeffs: &ExpansionCoeffs) {
        debug_assert_eq!(coeffs.lookahead_frames, self.coeffs.lookahead_frames, "the lookahead cannot change");
        self.key_filter.set_coeffs(&coeffs.key_filter);
        self.detector.set_coeffs(&coeffs.detector);
        self.link.set_weight(coeffs.link);
        self.times.set_target(coeffs.times.glide());
        self.coeffs = *coeffs;
    }

    /// The closing, to change its settings.
    pub(crate) fn closing_mut(&mut self) -> &mut C {
        &mut self.closing
    }

    /// Expands a block, with a key if there is one; writes the reduction of each frame, in dB, into the trace if there
    /// is one. A key or a trace of another length counts as far as it goes.
    pub(crate) fn process(
        &mut self,
        block: &mut BlockMut<'_, '_, S>,
        key: Option<&Block<'_, '_, S>>,
        trace: Option<&mut BlockMut<'_, '_, f64>>,
    ) {
        fit_traced(block, self.ballistics.len(), key, trace, |block, key, trace| self.run(block, key, trace));
    }

    fn run(
        &mut self,
        block: &mut BlockMut<'_, '_, S>,
        key: Option<&Block<'_, '_, S>>,
        mut trace: Option<&mut BlockMut<'_, '_, f64>>,
    ) {
        let frames = block.frames();
        let mut start = 0;
        while start < frames {
            let uniform = self.closing.uniform_frames().min(self.link.uniform_frames());
            let uniform = uniform.min(self.key_filter.uniform_frames()).min(self.detector.uniform_frames());
            let count = (frames - start).min(uniform).min(self.times.uniform_frames()).min(CHUNK_FRAMES);
            let key = key.map(|key| key.frames_at(start, count));
            self.chunk(&mut block.frames_mut(start, count), key.as_ref());
            if let Some(trace) = trace.as_deref_mut() {
                for channel in 0..self.ballistics.len() {
                    write_trace(
                        trace,
                        channel,
                        start,
                        &self.scratch.reductions[self.link.place_of(channel)..][..count],
                    );
                }
            }
            start += count;
        }
    }

    fn chunk(&mut self, block: &mut BlockMut<'_, '_, S>, key: Option<&Block<'_, '_, S>>) {
        let (backend, count) = (self.backend, block.frames());
        let channels = self.ballistics.len();
        for channel in 0..channels {
            self.non_finite += clean(backend, block.channel_mut(channel));
        }
        let key = key.map_or_else(|| Key::Own(block.as_block()), Key::Other);
        let sources = key.sources(channels);
        let linkage = self.link.span(count, sources);
        let sources = Sources { count: sources, together: linkage.is_linked() };
        // The reductions are written after the levels: until then their buffer holds squares.
        let Scratch { key: copy, peaks, levels, reductions: squares, .. } = &mut self.scratch;
        let read = self.key_filter.process(&key, false, copy);
        self.non_finite += read.non_finite;
        let mut readings = Readings { peaks, squares, levels };
        let reading = match Block::from_planar(&copy[..sources.count * count], sources.count) {
            Ok(copy) if read.copied => self.detector.read(&copy, sources, &mut readings),
            _ => self.detector.read(key.block(), sources, &mut readings),
        };
        self.detector.levels(reading, sources, count, &mut readings);
        self.decide(count, &linkage);
        for (channel, history) in self.histories.iter_mut().enumerate().take(channels) {
            history.append(count).copy_from_slice(block.channel(channel));
            let delayed = &history.from(count + self.coeffs.lookahead_frames)[..count];
            block.channel_mut(channel).copy_from_slice(delayed);
        }
        let (link, Scratch { reductions, gains, .. }) = (&self.link, &mut self.scratch);
        let reductions = |channel| &reductions[link.place_of(channel)..][..count];
        self.stage.apply(gains, block, link.is_shared(), reductions, &plain_output());
        self.stage.observe(gains, link.is_shared(), reductions);
    }

    /// Turns levels into reductions.
    fn decide(&mut self, count: usize, linkage: &ChunkLink) {
        if linkage.begins() {
            self.closing.link();
        } else if linkage.ends() {
            self.closing.unlink();
        }
        let running = self.link.running(linkage, &mut self.ballistics);
        let Scratch { levels, reductions, leading, .. } = &mut self.scratch;
        let lanes = levels.chunks_exact(CHUNK_FRAMES).zip(reductions.chunks_exact_mut(CHUNK_FRAMES));
        let lanes = lanes.map(|(levels, reductions)| (&levels[..count], &mut reductions[..count]));
        self.closing.decide(self.backend, count, lanes.take(linkage.levels(self.ballistics.len())));
        self.link.distribute(linkage, running, count, reductions, leading);
        let (times, _) = self.times.span::<f64>(count);
        let lanes = self.ballistics.iter_mut().zip(reductions.chunks_exact_mut(CHUNK_FRAMES));
        for (ballistics, reductions) in lanes.take(running) {
            ballistics.process(self.backend, &self.coeffs.times, &times, &mut reductions[..count]);
        }
    }

    /// Reduction of the last output frame of a channel, in dB.
    pub(crate) fn gain_reduction_db(&self, channel: usize) -> f64 {
        self.stage.last_db(channel)
    }

    /// Reduction since the build or the last reset.
    pub(crate) fn gain_reduction(&self) -> GainReduction {
        self.stage.gain_reduction()
    }

    /// Non-finite samples replaced, the key's included.
    pub(crate) fn non_finite_samples(&self) -> u64 {
        self.non_finite
    }

    /// As newly built with the current coefficients.
    pub(crate) fn reset(&mut self) {
        let Self {
            backend: _,
            coeffs: _,
            key_filter,
            detector,
            closing,
            link,
            times,
            ballistics,
            histories,
            scratch: _,
            stage,
            non_finite,
        } = self;
        key_filter.reset();
        detector.reset();
        closing.reset();
        link.reset();
        times.jump_to(times.target());
        ballistics.fill(GateBallistics::at(closing.at_silence()));
        histories.iter_mut().for_each(History::reset);
        stage.reset();
        *non_finite = 0;
    }
}
