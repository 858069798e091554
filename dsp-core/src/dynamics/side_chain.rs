//! Side-chain: key, high pass, detector, gain computer, link and ballistics.
//!
//! # Signal
//! key -> high pass -> level -> gain computer -> link -> ballistics -> lookahead -> reduction of each channel
//!
//! Linking acts on what is wanted, before the ballistics: at 1 all channels get the reduction of the loudest, and so
//! the very same gain; at 0 each its own, as if it were alone. Linked channels with the same past are worked on once.
//!
//! Everything glides over 20 ms, the high pass over 50; with the release mode the reduction goes on from where it is.

use super::{
    ballistics::{Ballistics, BallisticsCoeffs},
    detector::{DetectorCoeffs, LevelDetector},
    gain_computer::{ComputerCoeffs, GainComputer, Knee, Knees},
    lookahead::Lookahead,
    passes::{follow_peaks, link, max_assign, reduce},
};
use crate::{
    filters::{biquad::BiquadCoeffs, cascade::Cascade},
    foundation::{
        block::{Block, BlockMut},
        sample::Sample,
        stream::StreamSpec,
        unit::ms_to_frames,
    },
    primitives::{
        backend::Backend,
        ramp::{GAIN_RAMP_MS, Ramp, Span},
        sanitize::clean,
    },
};
use alloc::{vec, vec::Vec};

/// Frames worked on at a time: all scratch of a stereo stream stays in the L1 cache.
pub(crate) const CHUNK_FRAMES: usize = 256;

/// What a [`SideChain`] runs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct SideChainCoeffs {
    /// The identity where there is none.
    pub(crate) high_pass: BiquadCoeffs,
    pub(crate) detector: DetectorCoeffs,
    pub(crate) computer: ComputerCoeffs,
    /// 0..1.
    pub(crate) link: f64,
    pub(crate) ballistics: BallisticsCoeffs,
    /// Fixed while it runs.
    pub(crate) lookahead_frames: usize,
}

/// The key of a [`SideChain`].
#[derive(Clone, Copy, Debug)]
pub(crate) enum Key<'k, 'b, 'a, S> {
    /// The sound itself, free of numbers that are none.
    Own(Block<'b, 'a, S>),
    /// Another sound: one channel for all, or as many.
    Other(&'k Block<'b, 'a, S>),
}

/// The running side-chain: see the head of this file.
#[derive(Clone, Debug)]
pub(crate) struct SideChain<S> {
    backend: Backend,
    coeffs: SideChainCoeffs,
    high_pass: Cascade,
    detector: LevelDetector,
    computer: GainComputer,
    link: Ramp<1>,
    times: Ramp<3>,
    /// Of each channel.
    ballistics: Vec<Ballistics>,
    /// Of each channel; none without lookahead.
    lookaheads: Vec<Lookahead>,
    /// All channels have had the same past, which only the first has lived through.
    joined: bool,
    scratch: Scratch<S>,
}

/// What one chunk needs, channel after channel; but for the reductions, nothing in it outlives the chunk.
#[derive(Clone, Debug)]
struct Scratch<S> {
    key: Vec<S>,
    peaks: Vec<S>,
    levels: Vec<S>,
    reductions: Vec<f64>,
    /// The largest of all channels.
    largest: Vec<f64>,
}

impl<S: Sample> SideChain<S> {
    /// At rest at `coeffs`, for the channels of a stream.
    pub(crate) fn new(spec: &StreamSpec, coeffs: &SideChainCoeffs) -> Self {
        let (backend, channels, rate_hz) = (Backend::new(spec.cpu()), spec.channels(), spec.sample_rate_hz());
        let glide = ms_to_frames(GAIN_RAMP_MS, rate_hz);
        let lookaheads = if coeffs.lookahead_frames == 0 { 0 } else { channels };
        Self {
            backend,
            coeffs: *coeffs,
            high_pass: Cascade::new(backend, channels, rate_hz, &[coeffs.high_pass]),
            detector: LevelDetector::new(backend, channels, &coeffs.detector, glide, CHUNK_FRAMES),
            computer: GainComputer::new(&coeffs.computer, glide),
            link: Ramp::new([coeffs.link], glide),
            times: Ramp::new(coeffs.ballistics.glide(), glide),
            ballistics: vec![Ballistics::REST; channels],
            lookaheads: (0..lookaheads)
                .map(|_| Lookahead::new(backend, coeffs.lookahead_frames, CHUNK_FRAMES))
                .collect(),
            joined: true,
            scratch: Scratch {
                key: vec![S::ZERO; channels * CHUNK_FRAMES],
                peaks: vec![S::ZERO; channels * CHUNK_FRAMES],
                levels: vec![S::ZERO; channels * CHUNK_FRAMES],
                reductions: vec![0.0; channels * CHUNK_FRAMES],
                largest: vec![0.0; CHUNK_FRAMES],
            },
        }
    }

    /// Changes to other coefficients of the same lookahead.
    pub(crate) fn set_coeffs(&mut self, coeffs: &SideChainCoeffs) {
        debug_assert_eq!(coeffs.lookahead_frames, self.coeffs.lookahead_frames, "another lookahead");
        self.high_pass.set_coeffs(&[coeffs.high_pass]);
        self.detector.set_coeffs(&coeffs.detector);
        self.computer.set_coeffs(&coeffs.computer);
        self.link.set_target([coeffs.link]);
        self.times.set_target(coeffs.ballistics.glide());
        self.coeffs = *coeffs;
    }

    /// Frames that the reduction lags behind the key.
    pub(crate) fn latency_frames(&self) -> usize {
        self.coeffs.lookahead_frames
    }

    /// Frames over which the next chunk may reach, at most [`CHUNK_FRAMES`].
    pub(crate) fn uniform_frames(&mut self) -> usize {
        self.high_pass
            .frames_to_arrival()
            .min(self.detector.uniform_frames())
            .min(self.computer.uniform_frames())
            .min(self.link.uniform_frames())
            .min(self.times.uniform_frames())
            .min(CHUNK_FRAMES)
    }

    /// Works on the next chunk, no longer than is uniform. Returns the count of non-finite samples of another key,
    /// which count as 0.
    pub(crate) fn process(&mut self, key: Key<'_, '_, '_, S>) -> u64 {
        let channels = self.ballistics.len();
        let (key, mut other, mut faults) = match key {
            Key::Own(key) => (key, false, 0),
            Key::Other(key) => (*key, true, 0),
        };
        let count = key.frames();
        let sources = if key.channels() < channels { 1 } else { channels };
        let mut own = core::mem::take(&mut self.scratch.key);
        let filtered = !self.high_pass.is_identity();
        if other || filtered {
            for (source, samples) in own.chunks_exact_mut(count.max(1)).enumerate().take(sources) {
                samples.copy_from_slice(key.channel(source));
                faults += clean(self.backend, samples);
            }
            other = true;
        }
        if let (true, Ok(mut block)) = (filtered, BlockMut::from_planar(&mut own[..sources * count], sources)) {
            self.high_pass.process(&mut block);
        } else {
            self.high_pass.skip(count);
        }
        match Block::from_planar(&own[..sources * count], sources) {
            Ok(copy) if other => self.reduce(&copy, sources),
            _ => self.reduce(&key, sources),
        }
        self.scratch.key = own;
        faults
    }

    fn reduce(&mut self, key: &Block<'_, '_, S>, sources: usize) {
        let (count, channels) = (key.frames(), self.ballistics.len());
        let Scratch { peaks, .. } = &mut self.scratch;
        let (share, _) = self.link.span::<f64>(count);
        let together = sources == 1 || matches!(share, Span::Still([1.0]));
        self.detector.peaks(key, sources, together, peaks);
        let (knees, times) = (self.computer.span::<S>(count), self.times.span::<f64>(count).0);
        let still = match &knees {
            Knees::Still(knee) if self.coeffs.ballistics.is_at_rest(&times) => Some(knee),
            _ => None,
        };
        let apart = together || matches!(share, Span::Still([0.0]));
        match still {
            Some(knee) if apart && self.detector.takes_peaks(count) => self.follow_peaks(count, together, knee),
            _ => {
                let Scratch { peaks, levels, .. } = &mut self.scratch;
                self.detector.levels(key, sources, together, peaks, levels);
                self.want(count, together, &knees, &share);
                self.follow(count, together, &times);
            }
        }
        for (channel, lookahead) in self.lookaheads.iter_mut().enumerate().take(if self.joined { 1 } else { channels })
        {
            lookahead.process(&mut self.scratch.reductions[channel * CHUNK_FRAMES..][..count]);
        }
    }

    /// From peaks to reductions, while nothing moves and no channel needs to know of another.
    fn follow_peaks(&mut self, count: usize, together: bool, knee: &Knee<S>) {
        let channels = self.channels_apart(together);
        let Scratch { peaks, reductions, .. } = &mut self.scratch;
        let lanes = reductions.chunks_exact_mut(CHUNK_FRAMES).zip(&mut self.ballistics);
        for (channel, (reductions, ballistics)) in lanes.enumerate().take(channels) {
            let peaks = &peaks[if together { 0 } else { channel * CHUNK_FRAMES }..][..count];
            let coeffs = &self.coeffs.ballistics;
            follow_peaks(self.backend, peaks, knee, coeffs, ballistics, &mut reductions[..count]);
        }
    }

    /// From levels to the reductions wanted, linked.
    fn want(&mut self, count: usize, together: bool, knees: &Knees<S>, share: &Span<f64, 1>) {
        let Scratch { levels, reductions, largest, .. } = &mut self.scratch;
        let lanes = if together { 1 } else { self.ballistics.len() };
        for lane in 0..lanes {
            let at = lane * CHUNK_FRAMES;
            reduce(self.backend, &levels[at..][..count], knees, &mut reductions[at..][..count]);
        }
        if !together && !matches!(share, Span::Still([0.0])) {
            let largest = &mut largest[..count];
            largest.fill(0.0);
            for lane in reductions.chunks_exact(CHUNK_FRAMES) {
                max_assign(self.backend, &lane[..count], largest);
            }
            for lane in reductions.chunks_exact_mut(CHUNK_FRAMES) {
                link(self.backend, largest, share, &mut lane[..count]);
            }
        }
    }

    /// The ballistics of each channel, or of the first for all of them while they are joined.
    fn follow(&mut self, count: usize, together: bool, times: &Span<f64, 3>) {
        let channels = self.channels_apart(together);
        let Scratch { peaks, reductions, .. } = &mut self.scratch;
        if together {
            let (first, others) = reductions.split_at_mut(CHUNK_FRAMES);
            for other in others.chunks_exact_mut(CHUNK_FRAMES).take(channels - 1) {
                other[..count].copy_from_slice(&first[..count]);
            }
        }
        for (channel, ballistics) in self.ballistics.iter_mut().enumerate().take(channels) {
            let peaks = &peaks[if together { 0 } else { channel * CHUNK_FRAMES }..][..count];
            let reductions = &mut reductions[channel * CHUNK_FRAMES..][..count];
            ballistics.process(self.backend, &self.coeffs.ballistics, times, peaks, reductions);
        }
    }

    /// Channels that need ballistics of their own in this chunk.
    fn channels_apart(&mut self, together: bool) -> usize {
        match (self.joined, together) {
            (true, false) => self.part(),
            (false, true) => self.join(),
            _ => {}
        }
        if self.joined { 1 } else { self.ballistics.len() }
    }

    /// Each channel goes its own way from here.
    fn part(&mut self) {
        if let [first, others @ ..] = &mut self.ballistics[..] {
            others.fill(*first);
        }
        if let [first, others @ ..] = &mut self.lookaheads[..] {
            others.iter_mut().for_each(|other| other.copy_from(first));
        }
        self.joined = false;
    }

    /// All channels are one from here, if none differs from the first.
    fn join(&mut self) {
        let same = self.ballistics.iter().all(|own| *own == self.ballistics[0]);
        self.joined = same && self.lookaheads.iter().all(Lookahead::is_at_rest);
    }

    /// Whether all channels have the same reduction in this chunk.
    pub(crate) fn is_joined(&self) -> bool {
        self.joined
    }

    /// Reduction of a channel over the `count` frames of the last chunk, in octaves, 0 or more.
    pub(crate) fn reductions(&self, channel: usize, count: usize) -> &[f64] {
        &self.scratch.reductions[if self.joined { 0 } else { channel * CHUNK_FRAMES }..][..count]
    }

    /// As newly built with the present coefficients.
    pub(crate) fn reset(&mut self) {
        let Self {
            backend: _,
            coeffs: _,
            high_pass,
            detector,
            computer,
            link,
            times,
            ballistics,
            lookaheads,
            joined,
            scratch: _,
        } = self;
        high_pass.reset();
        detector.reset();
        computer.reset();
        link.jump_to(link.target());
        times.jump_to(times.target());
        ballistics.fill(Ballistics::REST);
        lookaheads.iter_mut().for_each(Lookahead::reset);
        *joined = true;
    }
}
