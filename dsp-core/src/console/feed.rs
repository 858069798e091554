//! A feed: what one strip adds to a bus, through gains that glide.

use super::{
    chunk::{CHUNK_FRAMES, Chunk},
    gains::OutputLevels,
    graph::{FeedRoute, Output},
    lanes::OutputLanes,
    send::Tap,
    strip_id::StripId,
    taps::Taps,
};
use crate::{
    foundation::{block::BlockMut, sample::Sample, unit::ms_to_frames},
    primitives::{
        backend::Backend,
        delay_line::DelayLine,
        mix::{self, Source},
        ramp::{GAIN_RAMP_MS, MUTE_RAMP_MS, Ramp},
    },
};
use alloc::{vec, vec::Vec};

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
    /// What lanes give, times the ramps.
    pub(super) lanes: Option<OutputLanes<S>>,
    /// Frames from the input of the mix to the bus.
    pub(super) due: usize,
    sample_rate_hz: f64,
    non_finite: u64,
    /// What it added last, left and right of one chunk, for stems; empty unless they are rendered.
    pub(super) product: Vec<f64>,
    /// The same as rounded samples, for the meter of its source; empty unless that is metered.
    pub(super) heard: Vec<f64>,
}

impl<S: Sample> Feed<S> {
    /// At 0 dB, straight.
    pub(super) fn new(
        id: StripId,
        route: FeedRoute,
        channels: usize,
        delay_frames: usize,
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
            straight: Ramp::new([1.0; 2], gain_frames),
            crossed: Ramp::new([0.0; 2], gain_frames),
            mute: Ramp::new([1.0], ms_to_frames(MUTE_RAMP_MS, sample_rate_hz)),
            lanes: None,
            due: 0,
            sample_rate_hz,
            non_finite: 0,
            product: Vec::new(),
            heard: Vec::new(),
        }
    }

    /// The way out of the master.
    pub(super) fn output(id: StripId, sample_rate_hz: f64) -> Self {
        let route = FeedRoute { from: 0, output: Output::Main, tap: Tap::PostPan };
        Self::new(id, route, 2, 0, sample_rate_hz)
    }

    pub(super) fn delay_frames(&self) -> usize {
        self.delay.frames()
    }

    pub(super) fn channels(&self) -> usize {
        self.channels
    }

    /// Glides to other levels, apart from those of lanes. `audible` tells whether the strip, the send and what is soloed
    /// let it be heard.
    pub(super) fn aim(&mut self, levels: OutputLevels, vca_gain: f64, [strip, send, kept]: [bool; 3]) {
        let (rest, [strip, send]) = match &mut self.lanes {
            Some(lanes) => {
                lanes.set_rest(levels);
                let [mutes_strip, mutes_send] = lanes.mutes();
                (lanes.without(levels, vca_gain), [strip || mutes_strip, send || mutes_send])
            }
            None => (levels, [strip, send]),
        };
        let (gains, audible) = (rest.gains(self.channels), strip && send && kept);
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

    /// As [`add_to`](Self::add_to); keeps what it adds if stems are rendered.
    pub(super) fn add_and_keep(
        &mut self,
        backend: Backend,
        taps: &[Taps<S>],
        chunk: &Chunk<'_, '_, '_, S>,
        [left, right]: [&mut [f64]; 2],
    ) {
        if self.product.is_empty() {
            return self.add_to(backend, taps, chunk, [left, right]);
        }
        let mut product = core::mem::take(&mut self.product);
        product.fill(0.0);
        let (own_left, own_right) = product.split_at_mut(CHUNK_FRAMES);
        let (own_left, own_right) = (&mut own_left[..chunk.frames], &mut own_right[..chunk.frames]);
        self.add_to(backend, taps, chunk, [&mut *own_left, &mut *own_right]);
        for (bus, own) in [(left, own_left), (right, own_right)] {
            bus.iter_mut().zip(own).for_each(|(bus, own)| *bus += *own);
        }
        self.product = product;
    }

    /// Adds a chunk of the source, which is among `taps`, to a bus.
    pub(super) fn add_to(
        &mut self,
        backend: Backend,
        taps: &[Taps<S>],
        chunk: &Chunk<'_, '_, '_, S>,
        bus: [&mut [f64]; 2],
    ) {
        let frames = chunk.frames;
        let source = taps[self.source].read(self.route.tap, chunk);
        if self.delay.frames() == 0 {
            return self.sum(backend, source, chunk.now, bus);
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
            self.sum(backend, source, chunk.now, bus);
        }
        self.delayed = delayed;
    }

    fn sum(&mut self, backend: Backend, source: Source<'_, S>, now: u64, [left, right]: [&mut [f64]; 2]) {
        let frames = left.len();
        // The time of the sound: the bus is late by the latency of what stands before it.
        let first = now as i64 - self.due as i64;
        let (channels, rate_hz) = (self.channels, self.sample_rate_hz);
        let rows = self.lanes.as_mut().map(|lanes| lanes.fill(channels, first, frames, rate_hz));
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
            let gains = mix::Gains {
                straight: &straight,
                crossed: &crossed,
                mute: &mute,
                lanes: rows.map(|rows| rows.map(|row| &row[range.clone()])),
            };
            self.non_finite += mix::add_stereo(backend, bus, source.frames(range.clone()), &gains);
            if !self.heard.is_empty() {
                // Not what the bus has gained: that is rounded by what it held.
                let (left, right) = self.heard.split_at_mut(CHUNK_FRAMES);
                let (left, right) = (&mut left[range.clone()], &mut right[range.clone()]);
                left.fill(0.0);
                right.fill(0.0);
                mix::add_stereo(backend, [&mut *left, &mut *right], source.frames(range), &gains);
                left.iter_mut().chain(right).for_each(|sample| *sample = S::from_f64(*sample).audible().to_f64());
            }
            start += length;
        }
    }

    /// Left and right of the last chunk, of which this many frames were heard.
    pub(super) fn heard(&self, frames: usize) -> [&[f64]; 2] {
        let (left, right) = self.heard.split_at(CHUNK_FRAMES.min(self.heard.len()));
        [&left[..frames.min(left.len())], &right[..frames.min(right.len())]]
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
            lanes: _,
            due: _,
            sample_rate_hz: _,
            non_finite,
            product: _,
            heard: _,
        } = self;
        delay.reset();
        *non_finite = 0;
    }

    /// Non-finite samples of the source, counted once for all the ways out of a strip.
    pub(super) fn non_finite_samples(&self) -> u64 {
        if self.route.output == Output::Main { self.non_finite } else { 0 }
    }
}
