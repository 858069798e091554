//! Expansion of a block: level, static curve or gate, link, gate ballistics, gain.
//!
//! What expander and gate share; they differ in [`Closing`], what a level asks for. Linking is towards the channel that
//! is open the furthest. A stream begins as after long silence.

use super::{
    detector::{Detector, DetectorCoeffs, LevelDetector},
    gate_ballistics::{GateBallistics, GateBallisticsCoeffs},
    passes::{Observed, apply, gains, link, min_assign},
    reduction_meter::ReductionMeter,
    side_chain::CHUNK_FRAMES,
};
use crate::{
    foundation::{
        block::{Block, BlockMut},
        fit::fit_traced,
        processor::GainReduction,
        sample::Sample,
        stream::StreamSpec,
        unit::{DB_PER_OCTAVE, ms_to_frames},
    },
    primitives::{
        backend::Backend,
        ramp::{GAIN_RAMP_MS, Ramp, Span},
        sanitize::clean,
    },
};
use alloc::{vec, vec::Vec};

/// What levels ask for, lane by lane: of each channel, or one for all of them.
pub(crate) trait Closing<S> {
    /// Frames over which a chunk may reach.
    fn uniform_frames(&self) -> usize;
    /// The reductions that levels ask for, both in octaves, over a chunk of every lane.
    fn decide<'c>(&mut self, backend: Backend, frames: usize, lanes: impl Iterator<Item = (&'c [S], &'c mut [f64])>)
    where
        S: 'c;
    /// All channels become one: the first, as open as any.
    fn join(&mut self);
    /// One becomes all channels.
    fn part(&mut self);
    /// The reduction that silence asks for.
    fn at_silence(&self) -> f64;
    /// As newly built.
    fn reset(&mut self);
}

/// What every [`Expansion`] runs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct ExpansionCoeffs {
    pub(crate) times: GateBallisticsCoeffs,
    /// 0..1.
    pub(crate) link: f64,
}

/// The running expansion: see the head of this file.
#[derive(Clone, Debug)]
pub(crate) struct Expansion<S, C> {
    backend: Backend,
    coeffs: ExpansionCoeffs,
    detector: LevelDetector,
    closing: C,
    link: Ramp<1>,
    times: Ramp<2>,
    /// Of each channel.
    openings: Vec<GateBallistics>,
    /// All channels have had the same past, which only the first has lived through.
    joined: bool,
    /// The last chunk was decided for all channels at once.
    together: bool,
    scratch: Scratch<S>,
    /// Of the last frame put out, of each channel.
    last_db: Vec<f32>,
    meter: ReductionMeter,
    faults: u64,
}

/// What one chunk needs, channel after channel; nothing in it outlives the chunk but the reductions.
#[derive(Clone, Debug)]
struct Scratch<S> {
    key: Vec<S>,
    peaks: Vec<S>,
    levels: Vec<S>,
    reductions: Vec<f64>,
    /// The smallest of all channels.
    smallest: Vec<f64>,
    gains: Vec<S>,
    reductions_db: Vec<f32>,
}

impl<S: Sample, C: Closing<S>> Expansion<S, C> {
    /// As after long silence.
    pub(crate) fn new(spec: &StreamSpec, coeffs: &ExpansionCoeffs, closing: C) -> Self {
        let (backend, channels, rate_hz) = (Backend::new(spec.cpu()), spec.channels(), spec.sample_rate_hz());
        let glide = ms_to_frames(GAIN_RAMP_MS, rate_hz);
        // Its time does not matter: there are no mean squares.
        let detector = DetectorCoeffs::new(Detector::Peak, 1.0, rate_hz);
        let mut expansion = Self {
            backend,
            coeffs: *coeffs,
            detector: LevelDetector::new(backend, channels, &detector, glide, CHUNK_FRAMES),
            closing,
            link: Ramp::new([coeffs.link], glide),
            times: Ramp::new(coeffs.times.glide(), glide),
            openings: vec![GateBallistics::at(0.0); channels],
            joined: true,
            together: true,
            scratch: Scratch {
                key: vec![S::ZERO; channels * CHUNK_FRAMES],
                peaks: vec![S::ZERO; channels * CHUNK_FRAMES],
                levels: vec![S::ZERO; channels * CHUNK_FRAMES],
                reductions: vec![0.0; channels * CHUNK_FRAMES],
                smallest: vec![0.0; CHUNK_FRAMES],
                gains: vec![S::ZERO; CHUNK_FRAMES],
                reductions_db: vec![0.0; CHUNK_FRAMES],
            },
            last_db: vec![0.0; channels],
            meter: ReductionMeter::default(),
            faults: 0,
        };
        expansion.reset();
        expansion
    }

    /// Glides to other times and another link.
    pub(crate) fn set_coeffs(&mut self, coeffs: &ExpansionCoeffs) {
        self.link.set_target([coeffs.link]);
        self.times.set_target(coeffs.times.glide());
        self.coeffs = *coeffs;
    }

    /// What decides, for other settings.
    pub(crate) fn closing_mut(&mut self) -> &mut C {
        &mut self.closing
    }

    /// Expands a block by itself or by a key; writes the reduction of each frame, in dB, if asked to. A key or a trace
    /// of other length counts as far as it goes.
    pub(crate) fn process(
        &mut self,
        block: &mut BlockMut<'_, '_, S>,
        key: Option<&Block<'_, '_, S>>,
        trace: Option<&mut BlockMut<'_, '_, f64>>,
    ) {
        fit_traced(block, self.openings.len(), key, trace, |block, key, trace| self.run(block, key, trace));
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
            let count = (frames - start).min(uniform).min(self.times.uniform_frames()).min(CHUNK_FRAMES);
            let key = key.map(|key| key.frames_at(start, count));
            self.chunk(&mut block.frames_mut(start, count), key.as_ref());
            if let Some(trace) = trace.as_deref_mut() {
                self.write_trace(trace, start, count);
            }
            start += count;
        }
    }

    fn chunk(&mut self, block: &mut BlockMut<'_, '_, S>, key: Option<&Block<'_, '_, S>>) {
        let (backend, count) = (self.backend, block.frames());
        let channels = self.openings.len();
        for channel in 0..channels {
            self.faults += clean(backend, block.channel_mut(channel));
        }
        let sources = key.map_or(channels, |key| if key.channels() < channels { 1 } else { channels });
        let (share, _) = self.link.span::<f64>(count);
        let together = sources == 1 || matches!(share, Span::Still([1.0]));
        let Scratch { key: copy, peaks, levels, .. } = &mut self.scratch;
        match key {
            None => {
                let key = block.as_block();
                self.detector.peaks(&key, sources, together, peaks);
                self.detector.levels(&key, sources, together, peaks, levels);
            }
            Some(key) => {
                for (source, samples) in copy.chunks_exact_mut(count).enumerate().take(sources) {
                    samples.copy_from_slice(key.channel(source));
                    self.faults += clean(backend, samples);
                }
                if let Ok(copy) = Block::from_planar(&copy[..sources * count], sources) {
                    self.detector.peaks(&copy, sources, together, peaks);
                    self.detector.levels(&copy, sources, together, peaks, levels);
                }
            }
        }
        self.decide(count, together, &share);
        let Scratch { reductions, gains: factors, reductions_db, .. } = &mut self.scratch;
        let (factors, reductions_db) = (&mut factors[..count], &mut reductions_db[..count]);
        for channel in 0..channels {
            if channel == 0 || !self.joined {
                let observed = Observed {
                    reductions_db: &mut *reductions_db,
                    meter: &mut self.meter,
                    channels: if self.joined { channels } else { 1 },
                };
                let reductions = &reductions[channel * CHUNK_FRAMES..][..count];
                gains(backend, reductions, &Span::Still([S::ZERO, S::ONE]), factors, observed);
            }
            self.last_db[channel] = reductions_db[count - 1];
            apply(backend, factors, block.channel_mut(channel));
        }
    }

    /// From levels to reductions.
    fn decide(&mut self, count: usize, together: bool, share: &Span<f64, 1>) {
        match (self.together, together) {
            (true, false) => self.closing.part(),
            (false, true) => self.closing.join(),
            _ => {}
        }
        self.together = together;
        if let [first, others @ ..] = &mut self.openings[..] {
            if self.joined && !together {
                others.fill(*first);
            }
            self.joined = together && (self.joined || others.iter().all(|other| other == first));
        }
        let channels = self.openings.len();
        let Scratch { levels, reductions, smallest, .. } = &mut self.scratch;
        let lanes = levels.chunks_exact(CHUNK_FRAMES).zip(reductions.chunks_exact_mut(CHUNK_FRAMES));
        let lanes = lanes.map(|(levels, reductions)| (&levels[..count], &mut reductions[..count]));
        self.closing.decide(self.backend, count, lanes.take(if together { 1 } else { channels }));
        let channels = if self.joined { 1 } else { channels };
        if together {
            let (first, others) = reductions.split_at_mut(CHUNK_FRAMES);
            for other in others.chunks_exact_mut(CHUNK_FRAMES).take(channels - 1) {
                other[..count].copy_from_slice(&first[..count]);
            }
        } else if !matches!(share, Span::Still([0.0])) {
            let smallest = &mut smallest[..count];
            smallest.copy_from_slice(&reductions[..count]);
            for lane in reductions.chunks_exact(CHUNK_FRAMES) {
                min_assign(self.backend, &lane[..count], smallest);
            }
            for lane in reductions.chunks_exact_mut(CHUNK_FRAMES) {
                link(self.backend, smallest, share, &mut lane[..count]);
            }
        }
        let (times, _) = self.times.span::<f64>(count);
        let lanes = self.openings.iter_mut().zip(reductions.chunks_exact_mut(CHUNK_FRAMES));
        for (opening, reductions) in lanes.take(channels) {
            opening.process(self.backend, &self.coeffs.times, &times, &mut reductions[..count]);
        }
    }

    fn write_trace(&self, trace: &mut BlockMut<'_, '_, f64>, start: usize, count: usize) {
        let count = count.min(trace.frames().saturating_sub(start));
        if count == 0 {
            return;
        }
        for channel in 0..self.openings.len().min(trace.channels()) {
            let reductions = &self.scratch.reductions[if self.joined { 0 } else { channel * CHUNK_FRAMES }..];
            for (trace, reduction) in trace.frames_mut(start, count).channel_mut(channel).iter_mut().zip(reductions) {
                *trace = DB_PER_OCTAVE * reduction;
            }
        }
    }

    /// Reduction of the last frame put out of a channel, in dB.
    pub(crate) fn gain_reduction_db(&self, channel: usize) -> f64 {
        self.last_db.get(channel).map_or(0.0, |&reduction_db| f64::from(reduction_db))
    }

    /// Reduction since it was built or reset.
    pub(crate) fn gain_reduction(&self) -> GainReduction {
        self.meter.reading()
    }

    /// Non-finite samples replaced, the key's included.
    pub(crate) fn non_finite_samples(&self) -> u64 {
        self.faults
    }

    /// As newly built with the present coefficients.
    pub(crate) fn reset(&mut self) {
        let Self {
            backend: _,
            coeffs: _,
            detector,
            closing,
            link,
            times,
            openings,
            joined,
            together,
            scratch: _,
            last_db,
            meter,
            faults,
        } = self;
        detector.reset();
        closing.reset();
        link.jump_to(link.target());
        times.jump_to(times.target());
        openings.fill(GateBallistics::at(closing.at_silence()));
        (*joined, *together) = (true, true);
        last_db.fill(0.0);
        *meter = ReductionMeter::default();
        *faults = 0;
    }
}
