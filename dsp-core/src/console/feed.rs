//! A feed: what one strip adds to a bus, through gains that glide.

use super::{
    graph::{FeedRoute, Output},
    mixer::StripId,
    send::{SendParams, Tap},
    strip::{Strip, StripParams, panned},
};
use crate::{
    foundation::{
        block::{Block, BlockMut},
        sample::Sample,
        unit::ms_to_frames,
    },
    levels::gain::fader_gain,
    primitives::{
        backend::Backend,
        delay_line::DelayLine,
        mix::{self, Source},
        ramp::{GAIN_RAMP_MS, MUTE_RAMP_MS, Ramp},
    },
};
use alloc::{vec, vec::Vec};

/// Frames per chunk of the mixer: its buses stay in the L1 cache.
pub(super) const CHUNK_FRAMES: usize = 512;

/// Gains from a mono or stereo signal to the left and the right of a bus.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Gains {
    /// Left to left and right to right; of a mono signal, to both.
    pub(super) straight: [f64; 2],
    /// Right to left and left to right.
    pub(super) crossed: [f64; 2],
}

impl Gains {
    pub(super) fn straight(straight: [f64; 2]) -> Self {
        Self { straight, crossed: [0.0; 2] }
    }

    pub(super) fn times(self, gain: f64) -> Self {
        self.balanced([gain; 2])
    }

    /// Times a gain to the left and a gain to the right.
    pub(super) fn balanced(self, [left, right]: [f64; 2]) -> Self {
        let times = |[to_left, to_right]: [f64; 2]| [to_left * left, to_right * right];
        Self { straight: times(self.straight), crossed: times(self.crossed) }
    }
}

/// Gains of a strip's main output, or of one of its sends; `channels` are those at its tap, `vca_gain` that of its VCA
/// groups.
pub(super) fn gains(strip: &StripParams, send: Option<&SendParams>, channels: usize, vca_gain: f64) -> Gains {
    match send {
        Some(send) => send.gains(strip, channels, vca_gain),
        None => panned(strip, channels).times(fader_gain(strip.fader_db) * vca_gain),
    }
}

/// What one strip adds to a bus.
#[derive(Clone, Debug)]
pub(super) struct Feed<S> {
    /// The source, whatever its position.
    pub(super) id: StripId,
    pub(super) route: FeedRoute,
    /// The source, as its position in the order of processing.
    pub(super) source: usize,
    channels: usize,
    /// Up to the latest of the sources of the bus.
    delay: DelayLine<S>,
    /// One delayed chunk, planar; empty without delay.
    delayed: Vec<S>,
    straight: Ramp<2>,
    crossed: Ramp<2>,
    mute: Ramp<1>,
    non_finite: u64,
}

impl<S: Sample> Feed<S> {
    pub(super) fn new(
        id: StripId,
        route: FeedRoute,
        channels: usize,
        delay_frames: usize,
        gains: Gains,
        audible: bool,
        sample_rate_hz: f64,
    ) -> Self {
        let gain_frames = ms_to_frames(GAIN_RAMP_MS, sample_rate_hz);
        Self {
            id,
            route,
            source: 0,
            channels,
            delay: DelayLine::new(channels, delay_frames),
            delayed: if delay_frames == 0 { Vec::new() } else { vec![S::ZERO; channels * CHUNK_FRAMES] },
            straight: Ramp::new(gains.straight, gain_frames),
            crossed: Ramp::new(gains.crossed, gain_frames),
            mute: Ramp::new([f64::from(u8::from(audible))], ms_to_frames(MUTE_RAMP_MS, sample_rate_hz)),
            non_finite: 0,
        }
    }

    /// The way out of the master.
    pub(super) fn output(id: StripId, sample_rate_hz: f64) -> Self {
        let route = FeedRoute { from: 0, output: Output::Main, tap: Tap::PostPan };
        Self::new(id, route, 2, 0, Gains::straight([1.0; 2]), true, sample_rate_hz)
    }

    pub(super) fn delay_frames(&self) -> usize {
        self.delay.frames()
    }

    pub(super) fn channels(&self) -> usize {
        self.channels
    }

    /// Glides to other gains.
    pub(super) fn aim(&mut self, gains: Gains, audible: bool) {
        self.straight.set_target(gains.straight);
        self.crossed.set_target(gains.crossed);
        self.mute.set_target([f64::from(u8::from(audible))]);
    }

    /// Jumps to its gains, which clicks: before the first block.
    pub(super) fn settle(&mut self) {
        self.straight.jump_to(self.straight.target());
        self.crossed.jump_to(self.crossed.target());
        self.mute.jump_to(self.mute.target());
    }

    /// Adds a chunk of the source, which is among `strips`, to a bus.
    pub(super) fn add_to(
        &mut self,
        backend: Backend,
        strips: &[Strip<S>],
        inputs: &[Block<'_, '_, S>],
        start: usize,
        bus: [&mut [f64]; 2],
    ) {
        let frames = bus[0].len();
        let source = strips[self.source].tapped(self.route.tap, inputs, start, frames);
        if self.delay.frames() == 0 {
            return self.sum(backend, source, bus);
        }
        let mut delayed = core::mem::take(&mut self.delayed);
        if let Ok(mut block) = BlockMut::from_planar(&mut delayed[..self.channels * frames], self.channels) {
            match source {
                Source::Mono(mono) => block.channel_mut(0).copy_from_slice(mono),
                Source::Stereo([left, right]) => {
                    block.channel_mut(0).copy_from_slice(left);
                    block.channel_mut(1).copy_from_slice(right);
                }
            }
            self.delay.process(&mut block);
            let channel = |index: usize| block.channel(index);
            let source = match self.channels {
                1 => Source::Mono(channel(0)),
                _ => Source::Stereo([channel(0), channel(1)]),
            };
            self.sum(backend, source, bus);
        }
        self.delayed = delayed;
    }

    fn sum(&mut self, backend: Backend, source: Source<'_, S>, [left, right]: [&mut [f64]; 2]) {
        let frames = left.len();
        let mut start = 0;
        while start < frames {
            // Ramps that may end at different frames.
            let uniform = (frames - start)
                .min(self.straight.uniform_frames())
                .min(self.crossed.uniform_frames())
                .min(self.mute.uniform_frames());
            let (straight, length) = self.straight.span::<S>(uniform);
            let (crossed, _) = self.crossed.span::<S>(length);
            let (mute, _) = self.mute.span::<S>(length);
            let range = start..start + length;
            let bus = [&mut left[range.clone()], &mut right[range.clone()]];
            let gains = mix::Gains { straight: &straight, crossed: &crossed, mute: &mute };
            self.non_finite += mix::add_stereo(backend, bus, source.frames(range), &gains);
            start += length;
        }
    }

    pub(super) fn reset(&mut self) {
        self.settle();
        let Self {
            id: _,
            route: _,
            source: _,
            channels: _,
            delay,
            delayed: _,
            straight: _,
            crossed: _,
            mute: _,
            non_finite,
        } = self;
        delay.reset();
        *non_finite = 0;
    }

    /// Non-finite samples of the source, counted once for all the ways out of a strip.
    pub(super) fn non_finite_samples(&self) -> u64 {
        if self.route.output == Output::Main { self.non_finite } else { 0 }
    }
}
