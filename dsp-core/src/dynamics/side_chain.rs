//! Side-chain: key filter, detector, gain computer, link and ballistics.
//!
//! # Signal
//! key -> high pass, low pass -> level -> gain computer -> link -> ballistics -> lookahead -> reduction of each channel
//!
//! The link acts on the target reduction, before the ballistics: at 1 all channels get the reduction of the loudest,
//! and so exactly the same gain; at 0 each its own, as if it were alone. Linked channels with the same state are
//! computed once.
//!
//! The lookahead stands behind the ballistics: it spreads the smoothed reduction over its window. In front of them it
//! would hold every short transient for the length of the window, which the attack then could not tell from a long one.
//!
//! Settings glide over 20 ms, the filters over 50 ms; a change of the release mode or the topology keeps the reduction.

use super::{
    ballistics::{Ballistics, BallisticsCoeffs},
    chunk::CHUNK_FRAMES,
    detector::{DetectorCoeffs, LevelDetector, Reading, Readings, Sources},
    gain_computer::{ComputerCoeffs, GainComputer, Knees},
    key_filter::{Key, KeyFilter, KeyFilterCoeffs},
    link::{ChannelLink, ChannelState, Leader},
    lookahead::Lookahead,
    passes::{follow_peaks, follow_squares, reduce},
};
use crate::{
    foundation::{
        block::Block,
        math::{larger, smaller},
        sample::Sample,
        stream::StreamSpec,
        unit::ms_to_frames,
    },
    primitives::{
        backend::Backend,
        ramp::{GAIN_RAMP_MS, Ramp, Span},
    },
};
use alloc::{vec, vec::Vec};

/// Coefficients of a [`SideChain`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct SideChainCoeffs {
    pub(crate) key_filter: KeyFilterCoeffs,
    pub(crate) detector: DetectorCoeffs,
    pub(crate) computer: ComputerCoeffs,
    /// 0..1.
    pub(crate) link: f64,
    pub(crate) ballistics: BallisticsCoeffs,
    /// Fixed while it runs.
    pub(crate) lookahead_frames: usize,
}

/// The side-chain of a stream: see the head of this file.
#[derive(Clone, Debug)]
pub(crate) struct SideChain {
    backend: Backend,
    coeffs: SideChainCoeffs,
    key_filter: KeyFilter,
    detector: LevelDetector,
    computer: GainComputer,
    link: ChannelLink,
    times: Ramp<3>,
    channels: Vec<Channel>,
}

/// Ballistics and lookahead of one channel.
#[derive(Clone, Debug)]
struct Channel {
    ballistics: Ballistics,
    lookahead: Option<Lookahead>,
}

impl ChannelState for Channel {
    /// Lookaheads match at rest only.
    fn matches(&self, other: &Self) -> bool {
        let at_rest = |channel: &Self| channel.lookahead.as_ref().is_none_or(Lookahead::is_at_rest);
        self.ballistics == other.ballistics && at_rest(self) && at_rest(other)
    }

    fn copy_from(&mut self, other: &Self) {
        self.ballistics = other.ballistics;
        if let (Some(own), Some(other)) = (&mut self.lookahead, &other.lookahead) {
            own.copy_from(other);
        }
    }
}

/// Scratch buffers of side-chains for one chunk, channel after channel; nothing in them outlives the chunk, so several
/// side-chains may share them.
#[derive(Clone, Debug)]
pub(crate) struct SideChainScratch<S> {
    key: Vec<S>,
    peaks: Vec<S>,
    levels: Vec<S>,
    reductions: Vec<f64>,
    /// The reductions of the leading channel.
    leading: Vec<f64>,
}

impl<S: Sample> SideChainScratch<S> {
    pub(crate) fn new(channels: usize) -> Self {
        Self {
            key: vec![S::ZERO; channels * CHUNK_FRAMES],
            peaks: vec![S::ZERO; channels * CHUNK_FRAMES],
            levels: vec![S::ZERO; channels * CHUNK_FRAMES],
            reductions: vec![0.0; channels * CHUNK_FRAMES],
            leading: vec![0.0; CHUNK_FRAMES],
        }
    }
}

impl SideChain {
    /// At rest at `coeffs`, for the channels of a stream.
    pub(crate) fn new(spec: &StreamSpec, coeffs: &SideChainCoeffs) -> Self {
        let (backend, channels, rate_hz) = (Backend::new(spec.cpu()), spec.channels(), spec.sample_rate_hz());
        let glide = ms_to_frames(GAIN_RAMP_MS, rate_hz);
        let lookahead = || match coeffs.lookahead_frames {
            0 => None,
            frames => Some(Lookahead::new(backend, frames)),
        };
        Self {
            backend,
            coeffs: *coeffs,
            key_filter: KeyFilter::new(spec, &coeffs.key_filter),
            detector: LevelDetector::new(backend, channels, rate_hz, &coeffs.detector, glide, CHUNK_FRAMES),
            computer: GainComputer::new(&coeffs.computer, glide),
            link: ChannelLink::new(backend, Leader::MostReduced, coeffs.link, glide),
            times: Ramp::new(coeffs.ballistics.glide(), glide),
            channels: (0..channels).map(|_| Channel { ballistics: Ballistics::REST, lookahead: lookahead() }).collect(),
        }
    }

    /// Changes to other coefficients of the same lookahead.
    pub(crate) fn set_coeffs(&mut self, coeffs: &SideChainCoeffs) {
        debug_assert_eq!(coeffs.lookahead_frames, self.coeffs.lookahead_frames, "the lookahead cannot change");
        self.key_filter.set_coeffs(&coeffs.key_filter);
        self.detector.set_coeffs(&coeffs.detector);
        self.computer.set_coeffs(&coeffs.computer);
        self.link.set_weight(coeffs.link);
        self.times.set_target(coeffs.ballistics.glide());
        self.coeffs = *coeffs;
    }

    /// Lag of the reduction behind the key, in frames.
    pub(crate) fn latency_frames(&self) -> usize {
        self.coeffs.lookahead_frames
    }

    /// Frames after which the filtered key of silence is exactly 0.
    pub(crate) fn key_tail_frames(&self) -> u64 {
        self.key_filter.tail_frames()
    }

    /// The longest next chunk, at most [`CHUNK_FRAMES`].
    pub(crate) fn uniform_frames(&mut self) -> usize {
        self.key_filter
            .uniform_frames()
            .min(self.detector.uniform_frames())
            .min(self.computer.uniform_frames())
            .min(self.link.uniform_frames())
            .min(self.times.uniform_frames())
            .min(CHUNK_FRAMES)
    }

    /// Processes the next chunk, no longer than is uniform. Returns the count of non-finite samples of an external key,
    /// which count as 0. `listens` keeps the filtered key for [`SideChain::heard`].
    pub(crate) fn process<S: Sample>(
        &mut self,
        scratch: &mut SideChainScratch<S>,
        key: Key<'_, '_, '_, S>,
        listens: bool,
    ) -> u64 {
        let (sources, count) = (key.sources(self.channels.len()), key.block().frames());
        let mut copy = core::mem::take(&mut scratch.key);
        let read = self.key_filter.process(&key, listens, &mut copy);
        match Block::from_planar(&copy[..sources * count], sources) {
            Ok(copy) if read.copied => self.reduce(scratch, &copy, sources),
            _ => self.reduce(scratch, key.block(), sources),
        }
        scratch.key = copy;
        read.non_finite
    }

    /// The filtered key of a channel over the `count` frames of the last chunk, if it was kept.
    pub(crate) fn heard<'s, S>(
        &self,
        scratch: &'s SideChainScratch<S>,
        channel: usize,
        sources: usize,
        count: usize,
    ) -> &'s [S] {
        let source = if sources == 1 { 0 } else { channel };
        &scratch.key[source * count..][..count]
    }

    fn reduce<S: Sample>(&mut self, scratch: &mut SideChainScratch<S>, key: &Block<'_, '_, S>, sources: usize) {
        let count = key.frames();
        let SideChainScratch { peaks, levels, reductions, leading, .. } = scratch;
        let linkage = self.link.span(count, sources);
        let linked = linkage.is_linked();
        let sources = Sources { count: sources, together: linked };
        let (knees, times) = (self.computer.span::<S>(count), self.times.span::<f64>(count).0);
        let running = self.link.running(&linkage, &mut self.channels);
        let coeffs = &self.coeffs.ballistics;
        let place = |channel: usize| if linked { 0 } else { channel * CHUNK_FRAMES };
        let own_peaks = |channel: usize| place(channel)..place(channel) + count;
        let mut readings = Readings { peaks, squares: reductions, levels };
        let reading = self.detector.read(key, sources, &mut readings);
        match &knees {
            // No setting glides, and no channel depends on another.
            Knees::Still(knee) if coeffs.is_at_rest(&times) && !linkage.is_partial() && reading != Reading::Levels => {
                if reading == Reading::Squares && linked {
                    self.link.distribute(&linkage, running, count, reductions, leading);
                }
                let lanes = reductions.chunks_exact_mut(CHUNK_FRAMES).zip(&mut self.channels);
                for (channel, (reductions, state)) in lanes.enumerate().take(running) {
                    let (reductions, ballistics) = (&mut reductions[..count], &mut state.ballistics);
                    if reading == Reading::Squares {
                        follow_squares(self.backend, knee, coeffs, ballistics, reductions);
                    } else {
                        follow_peaks(self.backend, &peaks[own_peaks(channel)], knee, coeffs, ballistics, reductions);
                    }
                }
            }
            _ => {
                self.detector.levels(reading, sources, count, &mut readings);
                if reading != Reading::Peaks && !coeffs.is_at_rest(&times) {
                    // The crest factor is that of the samples.
                    self.detector.peaks(key, sources, peaks);
                }
                for lane in 0..linkage.levels(self.channels.len()) {
                    let at = lane * CHUNK_FRAMES;
                    reduce(self.backend, &levels[at..][..count], &knees, &mut reductions[at..][..count]);
                }
                self.link.distribute(&linkage, running, count, reductions, leading);
                for (channel, state) in self.channels.iter_mut().enumerate().take(running) {
                    let reductions = &mut reductions[channel * CHUNK_FRAMES..][..count];
                    state.ballistics.process(self.backend, coeffs, &times, &peaks[own_peaks(channel)], reductions);
                }
            }
        }
        for (channel, state) in self.channels.iter_mut().enumerate().take(running) {
            if let Some(lookahead) = &mut state.lookahead {
                lookahead.process(&mut reductions[channel * CHUNK_FRAMES..][..count]);
            }
        }
    }

    /// Whether all channels have the same reduction in this chunk.
    pub(crate) fn is_shared(&self) -> bool {
        self.link.is_shared()
    }

    /// Reduction of a channel over the `count` frames of the last chunk, in octaves, 0 or more, from its scratch.
    pub(crate) fn reductions<'s, S>(
        &self,
        scratch: &'s SideChainScratch<S>,
        channel: usize,
        count: usize,
    ) -> &'s [f64] {
        &scratch.reductions[self.link.place_of(channel)..][..count]
    }

    /// Scales the reductions of all channels over the last chunk by a share of 0 to 1.
    pub(crate) fn scale<S>(&self, scratch: &mut SideChainScratch<S>, count: usize, share: &Span<f64, 1>) {
        for reductions in scratch.reductions.chunks_exact_mut(CHUNK_FRAMES) {
            for (index, reduction) in (0_i32..).zip(&mut reductions[..count]) {
                *reduction *= match share {
                    Span::Still([share]) => *share,
                    // A re-aimed ramp may leave 0..1 by rounding.
                    Span::Moving([share]) => smaller(larger(share.at(index), 0.0), 1.0),
                };
            }
        }
    }

    /// As newly built with the current coefficients.
    pub(crate) fn reset(&mut self) {
        let Self { backend: _, coeffs: _, key_filter, detector, computer, link, times, channels } = self;
        key_filter.reset();
        detector.reset();
        computer.reset();
        link.reset();
        times.jump_to(times.target());
        for Channel { ballistics, lookahead } in channels {
            *ballistics = Ballistics::REST;
            if let Some(lookahead) = lookahead {
                lookahead.reset();
            }
        }
    }
}
