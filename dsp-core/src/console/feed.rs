//! A feed: what one strip adds to a bus, through gains that glide.

use super::{
    chunk::{CHUNK_FRAMES, Chunk},
    gains::Aims,
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
        bus::{self, Bus, Row},
        delay_line::DelayLine,
        mix::{self, Source},
        ramp::{GAIN_RAMP_MS, MUTE_RAMP_MS, Ramp},
    },
};
use alloc::{vec, vec::Vec};
use core::ops::Range;

/// Gains that do not move, times the mute: straight, and across if anything goes there.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Rest {
    straight: [f64; 2],
    crossed: Option<[f64; 2]>,
}

impl Rest {
    /// What a source adds.
    #[inline(always)]
    fn each_row<'b, S: Sample>(&self, source: Source<'b, S>, is_counted: bool, mut add: impl FnMut(Row<'b, S>)) {
        add(Row::new(source, self.straight, is_counted));
        if let (Source::Stereo([left, right]), Some(gains)) = (source, self.crossed) {
            add(Row::new(Source::Stereo([right, left]), gains, false));
        }
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
    /// Where the mute goes when the wait is over: 1 if it is heard.
    audible: f64,
    /// Frames until it is faded in or out: those in which the delay of what follows it is filled.
    wait: usize,
    /// Whether an edit has replaced it: it fades out.
    is_leaving: bool,
    /// The gains, unless they move or what it adds is kept.
    rest: Option<Rest>,
    /// What lanes give, times the ramps.
    pub(super) lanes: Option<OutputLanes<S>>,
    /// Frames from the input of the mix to the bus.
    pub(super) due: usize,
    sample_rate_hz: f64,
    /// What it added last, left and right of one chunk, for stems; empty unless they are rendered.
    pub(super) product: Vec<f64>,
    /// The same as rounded samples, for the meter of its source; empty unless that is metered.
    heard: Vec<f64>,
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
            audible: 1.0,
            wait: 0,
            is_leaving: false,
            rest: Some(Rest { straight: [1.0; 2], crossed: None }),
            lanes: None,
            due: 0,
            sample_rate_hz,
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

    /// Glides to the levels and mutes of its way out of a strip, apart from those of lanes.
    pub(super) fn aim(&mut self, aims: &Aims) {
        let &Aims { levels, vca_gain, unmuted: [strip, send], is_kept } = aims;
        let (rest, [strip, send]) = match &mut self.lanes {
            Some(lanes) => {
                lanes.set_rest(levels);
                let [mutes_strip, mutes_send] = lanes.mutes();
                (lanes.without(levels, vca_gain), [strip || mutes_strip, send || mutes_send])
            }
            None => (levels, [strip, send]),
        };
        let (gains, audible) = (rest.gains(self.channels), strip && send && is_kept);
        self.straight.set_target(gains.straight);
        self.crossed.set_target(gains.crossed);
        self.audible = f64::from(u8::from(audible));
        if self.wait == 0 {
            if !self.mute.is_moving() {
                self.mute = Ramp::new(self.mute.target(), ms_to_frames(MUTE_RAMP_MS, self.sample_rate_hz));
            }
            self.mute.set_target([self.audible]);
        }
        self.look_for_rest();
    }

    /// Whether it has these lanes and this delay; with lanes, also whether it is due at the same time.
    pub(super) fn is_as(&self, lanes: Option<&OutputLanes<S>>, delay_frames: usize, due: usize) -> bool {
        let same_lanes = match (&self.lanes, lanes) {
            (Some(own), Some(other)) => own.is_as(other) && self.due == due,
            (None, None) => true,
            _ => false,
        };
        same_lanes && self.delay.frames() == delay_frames
    }

    /// What takes the place of a feed while it runs: with these lanes, this delay and this due time, at the levels of the
    /// old one. It fades in, [`leave`](Self::leave) fades the old one out.
    pub(super) fn successor(&self, lanes: Option<OutputLanes<S>>, delay_frames: usize, due: usize) -> Self {
        let mut new = Self::new(self.id, self.route, self.channels, delay_frames, self.sample_rate_hz);
        if delay_frames == self.delay.frames() {
            new.delay.clone_from(&self.delay);
        }
        (new.lanes, new.due) = (lanes, due);
        new
    }

    /// Frames until a successor of this delay is filled.
    pub(super) fn frames_to_fill(&self, delay_frames: usize) -> usize {
        if delay_frames == self.delay.frames() { self.wait } else { delay_frames }
    }

    /// Whether it leaves when `successor` enters, which has not begun.
    pub(super) fn waits_for(&self, successor: &Self) -> bool {
        let is_same =
            (self.id, self.route.output, self.route.tap) == (successor.id, successor.route.output, successor.route.tap);
        is_same && self.wait > 0
    }

    /// Fades in from silence after `wait` frames, to levels that were set before.
    pub(super) fn enter(&mut self, wait: usize) {
        self.settle();
        self.mute = Ramp::new([0.0], ms_to_frames(GAIN_RAMP_MS, self.sample_rate_hz));
        self.wait_for(wait);
    }

    /// Fades out after `wait` frames, for good.
    pub(super) fn leave(&mut self, wait: usize) {
        (self.audible, self.is_leaving) = (0.0, true);
        self.product = Vec::new();
        if !self.mute.is_moving() {
            self.mute = Ramp::new(self.mute.target(), ms_to_frames(GAIN_RAMP_MS, self.sample_rate_hz));
        }
        self.wait_for(wait);
    }

    fn wait_for(&mut self, wait: usize) {
        self.wait = wait;
        if wait == 0 {
            self.mute.set_target([self.audible]);
        }
        self.look_for_rest();
    }

    /// Whether an edit has replaced it, and what follows it.
    pub(super) fn is_leaving(&self) -> bool {
        self.is_leaving
    }

    /// Whether it has left.
    pub(super) fn is_gone(&self) -> bool {
        self.is_leaving && self.wait == 0 && self.mute.is_at([0.0])
    }

    /// Jumps to its gains, which clicks: before the first block.
    pub(super) fn settle(&mut self) {
        self.straight.jump_to(self.straight.target());
        self.crossed.jump_to(self.crossed.target());
        (self.wait, self.mute) = (0, Ramp::new([self.audible], ms_to_frames(MUTE_RAMP_MS, self.sample_rate_hz)));
        self.look_for_rest();
    }

    /// Keeps what it adds, for stems.
    pub(super) fn keep_product(&mut self, is_kept: bool) {
        self.product = if is_kept { vec![0.0; 2 * CHUNK_FRAMES] } else { Vec::new() };
        self.look_for_rest();
    }

    /// Keeps the same as samples, for the meter of its source.
    pub(super) fn keep_heard(&mut self, is_kept: bool) {
        match (is_kept, self.heard.is_empty()) {
            (true, true) => self.heard = vec![0.0; 2 * CHUNK_FRAMES],
            (true, false) => {}
            (false, _) => self.heard = Vec::new(),
        }
        self.look_for_rest();
    }

    fn is_moving(&self) -> bool {
        self.straight.is_moving() || self.crossed.is_moving() || self.mute.is_moving()
    }

    fn look_for_rest(&mut self) {
        let rests = !self.is_moving()
            && self.wait == 0
            && self.lanes.is_none()
            && self.product.is_empty()
            && self.heard.is_empty();
        self.rest = rests.then(|| self.targets());
    }

    /// The gains that it has or glides to.
    fn targets(&self) -> Rest {
        let [mute] = self.mute.target();
        let times_mute = |gains: [f64; 2]| gains.map(|gain| bus::exact_gain::<S>(gain * mute));
        let crossed = Some(self.crossed.target()).filter(|crossed| *crossed != [0.0; 2]);
        Rest { straight: times_mute(self.straight.target()), crossed: crossed.map(times_mute) }
    }

    /// Whether it gives stereo on as it is.
    pub(super) fn is_neutral(&self) -> bool {
        self.delay.frames() == 0 && self.rest == Some(Rest { straight: [1.0; 2], crossed: None })
    }

    /// Whether it counts the non-finite samples of its source: one of the ways out of a strip does.
    fn counts(&self) -> bool {
        self.route.output == Output::Main && !self.is_leaving
    }

    /// Adds a chunk of the source, which is among `taps`, to a bus.
    #[inline]
    pub(super) fn add_to<'b, 'i: 'b>(
        &'b mut self,
        backend: Backend,
        taps: &'b [Taps<S>],
        chunk: &Chunk<'_, 'i, '_, S>,
        bus: &mut Bus<'b, S>,
    ) {
        let source = taps[self.source].read(self.route.tap, chunk);
        match &self.rest {
            Some(rest) if self.delay.frames() == 0 => {
                let is_counted = self.counts();
                rest.each_row(source, is_counted, |row| bus.add(row));
            }
            _ => self.add_late_or_moving(backend, source, chunk, bus),
        }
    }

    #[inline(never)]
    fn add_late_or_moving<'b>(
        &'b mut self,
        backend: Backend,
        source: Source<'b, S>,
        chunk: &Chunk<'_, '_, '_, S>,
        bus: &mut Bus<'b, S>,
    ) {
        let (frames, is_late) = (chunk.frames, self.delay.frames() > 0);
        if is_late {
            let Self { delay, delayed, channels, .. } = self;
            delay_source(source, delay, &mut delayed[..*channels * frames]);
        }
        if let Some(rest) = &self.rest {
            let is_counted = self.counts();
            let source = if is_late { planar(&self.delayed, self.channels, frames) } else { source };
            rest.each_row(source, is_counted, |row| bus.add(row));
            return;
        }
        let delayed = core::mem::take(&mut self.delayed);
        let source = if is_late { planar(&delayed, self.channels, frames) } else { source };
        let non_finite = self.add_and_keep(backend, source, chunk.now, bus.sums());
        if self.counts() {
            bus.count(non_finite);
        }
        self.delayed = delayed;
        self.look_for_rest();
    }

    /// As [`sum`](Self::sum); keeps what it adds if stems are rendered.
    fn add_and_keep(
        &mut self,
        backend: Backend,
        source: Source<'_, S>,
        now: u64,
        [left, right]: [&mut [f64]; 2],
    ) -> u64 {
        if self.product.is_empty() {
            return self.sum(backend, source, now, [left, right]);
        }
        let mut product = core::mem::take(&mut self.product);
        product.fill(0.0);
        let (own_left, own_right) = product.split_at_mut(CHUNK_FRAMES);
        let (own_left, own_right) = (&mut own_left[..left.len()], &mut own_right[..right.len()]);
        let non_finite = self.sum(backend, source, now, [&mut *own_left, &mut *own_right]);
        for (bus, own) in [(left, own_left), (right, own_right)] {
            bus.iter_mut().zip(own).for_each(|(bus, own)| *bus += *own);
        }
        self.product = product;
        non_finite
    }

    /// Adds a source whose gains may move. Returns the count of non-finite samples.
    fn sum(&mut self, backend: Backend, source: Source<'_, S>, now: u64, [left, right]: [&mut [f64]; 2]) -> u64 {
        let frames = left.len();
        // The time of the sound: the bus is late by the latency of what stands before it.
        let first = now as i64 - self.due as i64;
        let (channels, rate_hz) = (self.channels, self.sample_rate_hz);
        // Only if there are some: their place is large.
        let mut own = if self.lanes.is_some() { self.lanes.take() } else { None };
        let lanes = own.as_mut().map(|lanes| lanes.fill(channels, first, frames, rate_hz));
        let mut non_finite = 0;
        let mut start = 0;
        while start < frames {
            // Ramps that may end at different frames.
            let uniform = (frames - start)
                .min(self.straight.uniform_frames())
                .min(self.crossed.uniform_frames())
                .min(self.mute.uniform_frames())
                .min(if self.wait == 0 { usize::MAX } else { self.wait });
            let is_moving = self.is_moving();
            let (straight, length) = self.straight.span::<S>(uniform);
            let (crossed, _) = self.crossed.span::<S>(length);
            let (mute, _) = self.mute.span::<S>(length);
            let range = start..start + length;
            let source = source.frames(range.clone());
            let bus = [&mut left[range.clone()], &mut right[range.clone()]];
            start += length;
            let gains = mix::Gains {
                straight: &straight,
                crossed: &crossed,
                mute: &mute,
                lanes: lanes.map(|rows| rows.map(|row| &row[range.clone()])),
            };
            let targets = (lanes.is_none() && !is_moving).then(|| self.targets());
            let add = |[left, right]: [&mut [f64]; 2]| match targets {
                Some(targets) => {
                    let mut non_finite = 0;
                    targets.each_row(source, true, |row| {
                        non_finite += bus::add_row(backend, [&mut *left, &mut *right], row);
                    });
                    non_finite
                }
                None => mix::add_stereo(backend, [left, right], source, &gains),
            };
            non_finite += add(bus);
            self.hear(range, |own| add(own));
            if self.wait > 0 {
                self.wait_for(self.wait - length);
            }
        }
        if own.is_some() {
            self.lanes = own;
        }
        non_finite
    }

    /// Keeps what it adds, if its source is metered. Not what the bus has gained: that is rounded by what it held.
    fn hear(&mut self, range: Range<usize>, add: impl FnOnce([&mut [f64]; 2]) -> u64) {
        if self.heard.is_empty() {
            return;
        }
        let (left, right) = self.heard.split_at_mut(CHUNK_FRAMES);
        let (left, right) = (&mut left[range.clone()], &mut right[range]);
        left.fill(0.0);
        right.fill(0.0);
        add([&mut *left, &mut *right]);
        left.iter_mut().chain(right).for_each(|sample| *sample = S::from_f64(*sample).audible().to_f64());
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
            audible: _,
            wait: _,
            is_leaving: _,
            rest: _,
            lanes: _,
            due: _,
            sample_rate_hz: _,
            product: _,
            heard: _,
        } = self;
        delay.reset();
    }
}

/// Delays a chunk of a source into as many samples, planar.
fn delay_source<S: Sample>(source: Source<'_, S>, delay: &mut DelayLine<S>, delayed: &mut [S]) {
    let channels = match source {
        Source::Mono(mono) => [mono, &[]],
        Source::Stereo(channels) => channels,
    };
    let count = if matches!(source, Source::Mono(_)) { 1 } else { 2 };
    let Ok(mut block) = BlockMut::from_planar(delayed, count) else { return };
    for (index, channel) in channels.into_iter().take(count).enumerate() {
        block.channel_mut(index).copy_from_slice(channel);
    }
    delay.process(&mut block);
}

/// The frames of planar mono or stereo samples as a source.
fn planar<S: Sample>(samples: &[S], channels: usize, frames: usize) -> Source<'_, S> {
    match channels {
        1 => Source::Mono(&samples[..frames]),
        _ => Source::Stereo([&samples[..frames], &samples[frames..2 * frames]]),
    }
}
