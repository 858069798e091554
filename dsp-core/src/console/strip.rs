//! Channel strip: the running strip of a track, a group, a return or the master.
//!
//! # Signal
//! in -> trim, polarity -> inserts -> width -> fader × pan × mute -> bus; sends from four taps
//!
//! # Contract
//! Fader, pan and send levels glide over 20 ms, C2; mute and solo
//! over 10 ms, C2. The inserts run on while muted, so that tails are in place after unmuting, and so do keys.

use super::{
    chunk::{CHUNK_FRAMES, Chunk},
    effect::EffectProcessor,
    feed::Feed,
    insert::Insert,
    path_delay::PathDelay,
    strip_params::StripParams,
    taps::Taps,
};
use crate::{
    foundation::{
        block::BlockMut,
        error::{Error, channels_in, expect_channels, expect_rate},
        grid::GRID_FRAMES,
        params::{Params, Tunable},
        processor::Processor,
        sample::Sample,
        stream::StreamSpec,
        tail::Tail,
    },
    levels::{gain::Gain, width::Width},
    primitives::{
        backend::Backend,
        bus::{Bus, Sums},
    },
};
use alloc::vec::Vec;

/// Checks that processors run in series on a strip with these settings.
///
/// # Errors
/// The first that does not fit; [`Error::Channels`] unless the strip is mono or stereo before and after them.
pub(super) fn check_series<'p, S: Sample>(
    spec: &StreamSpec,
    inserts: impl Iterator<Item = &'p EffectProcessor<S>>,
    params: &StripParams,
) -> Result<(), Error> {
    channels_in(spec.channels(), 1, 2)?;
    let mut stage = *spec;
    for (position, insert) in inserts.enumerate() {
        expect_rate(stage.sample_rate_hz(), insert.spec().sample_rate_hz())
            .and_then(|()| expect_channels(stage.channels(), insert.spec().channels()))
            .map_err(|error| error.within("inserts", position))?;
        stage = stage.with_channels(insert.output_channels())?;
    }
    params.validate_after_inserts(&stage)
}

/// A running strip.
#[derive(Debug)]
pub(super) struct Strip<S: Sample> {
    spec: StreamSpec,
    backend: Backend,
    /// Channels after the inserts: 1 or 2.
    channels: usize,
    /// Which input of the mixer it takes; none for buses.
    pub(super) input: Option<usize>,
    /// Up to the latest of its keys; a bus is delayed by its feeds.
    delay: PathDelay<S>,
    pub(super) feeds: Vec<Feed<S>>,
    /// Left and right of a bus.
    sums: Sums,
    /// Of its feeds.
    non_finite: u64,
    trim: Gain<S>,
    pub(super) inserts: Vec<Insert<S>>,
    width: Option<Width<S>>,
    /// Whether nothing before the fader changes a sample.
    is_plain: bool,
}

impl<S: Sample> Strip<S> {
    /// A strip that the mixer has yet to route, with settings that [`check_series`] accepts.
    pub(super) fn new(
        spec: &StreamSpec,
        is_bus: bool,
        inserts: Vec<EffectProcessor<S>>,
        params: &StripParams,
    ) -> Result<Self, Error> {
        let mut strip = Self {
            spec: *spec,
            backend: Backend::new(spec.cpu()),
            channels: spec.channels(),
            input: None,
            delay: PathDelay::new(spec.channels(), 0),
            feeds: Vec::new(),
            sums: if is_bus { Sums::new(CHUNK_FRAMES) } else { Sums::none() },
            non_finite: 0,
            trim: params.trim().build(spec)?,
            inserts: Vec::new(),
            width: None,
            is_plain: false,
        };
        strip.set_inserts(inserts.into_iter().map(Insert::new).collect(), params)?;
        Ok(strip)
    }

    /// Replaces the inserts, which are as in [`check_series`].
    pub(super) fn set_inserts(&mut self, inserts: Vec<Insert<S>>, params: &StripParams) -> Result<(), Error> {
        self.inserts = inserts;
        self.channels = self.inserts.last().map_or(self.spec.channels(), |last| last.processor.output_channels());
        let after = self.spec.with_channels(self.channels)?;
        if self.channels == 1 {
            self.width = None;
        } else if self.width.is_none() {
            self.width = Some(params.width().build(&after)?);
        }
        self.look_for_rest();
        Ok(())
    }

    pub(super) fn spec(&self) -> StreamSpec {
        self.spec
    }

    /// Channels before and after the inserts.
    pub(super) fn channels(&self) -> [usize; 2] {
        [self.spec.channels(), self.channels]
    }

    /// Room for its chunks.
    pub(super) fn taps(&self, is_tapped_before: bool) -> Taps<S> {
        let widths = self.inserts.iter().map(|insert| insert.processor.output_channels());
        Taps::new(self.channels(), widths.fold(self.spec.channels(), usize::max), is_tapped_before)
    }

    /// Glides trim and width; those of a strip that was checked.
    pub(super) fn aim(&mut self, params: &StripParams) {
        // Checked with the other settings: neither can fail.
        let _ = self.trim.set_params(&params.trim());
        if let Some(width) = &mut self.width {
            let _ = width.set_params(&params.width());
        }
        self.look_for_rest();
    }

    /// Jumps to the settings of trim and width, which clicks: before the first block.
    pub(super) fn settle(&mut self) {
        self.trim.reset();
        if let Some(width) = &mut self.width {
            width.reset();
        }
        self.look_for_rest();
    }

    /// Sets the delay of its input, by a crossfade while it runs.
    pub(super) fn set_delay(&mut self, delay_frames: usize, fade: Option<[usize; 2]>) {
        self.delay.set_frames(delay_frames, fade);
        self.look_for_rest();
    }

    /// Latency of its first `count` inserts.
    pub(super) fn latency_frames(&self, count: usize) -> usize {
        self.inserts.iter().take(count).map(Insert::latency_frames).sum()
    }

    /// Runs a chunk of its input, or of its sources, which are among `earlier`, into its own taps. Missing input is
    /// silence.
    pub(super) fn run(&mut self, own: &mut Taps<S>, earlier: &[Taps<S>], chunk: &Chunk<'_, '_, '_, S>) {
        // Nothing before the fader changes a sample, and the input has all frames: it needs no copy.
        own.passed = self.input.filter(|index| self.is_plain && chunk.is_whole(*index, self.spec.channels()));
        if own.passed.is_some() {
            return;
        }
        let frames = chunk.frames;
        let input = self.input.and_then(|index| chunk.input(index));
        let (channels, rows) = (self.spec.channels(), own.rows());
        let Taps { before, after, .. } = own;
        let Ok(mut block) = BlockMut::from_planar(&mut after[..rows * frames], rows) else { return };
        match input {
            Some(input) => {
                debug_assert!(input.channels() >= channels, "Mixer: an input has too few channels");
                if input.channels() < channels || input.frames() < frames {
                    block.clear();
                }
                block.copy_from(&input);
            }
            None if self.input.is_some() => block.clear(),
            None => self.gather(earlier, chunk, &mut block),
        }
        self.delay.process(&mut block);
        let passes_sum = self.passes_sum();
        if !passes_sum {
            self.trim.process(&mut block);
        }
        for (channel, row) in before.chunks_exact_mut(CHUNK_FRAMES).enumerate() {
            row[..frames].copy_from_slice(block.channel(channel));
        }
        if passes_sum {
            return;
        }
        self.run_inserts(earlier, chunk, &mut block);
        if let Some(width) = &mut self.width {
            width.process(&mut block);
        }
        self.look_for_rest();
    }

    /// Runs the inserts; in parts that end on the absolute grid if lanes move one of them.
    fn run_inserts(&mut self, earlier: &[Taps<S>], chunk: &Chunk<'_, '_, '_, S>, block: &mut BlockMut<'_, '_, S>) {
        let is_automated = self.inserts.iter().any(|insert| insert.lanes.is_some());
        for insert in &mut self.inserts {
            insert.read_key(earlier, chunk);
        }
        let mut start = 0;
        while start < chunk.frames {
            let now = chunk.now + start as u64;
            let length = match is_automated {
                true => (chunk.frames - start).min(GRID_FRAMES - (now % GRID_FRAMES as u64) as usize),
                false => chunk.frames,
            };
            let mut part = block.frames_mut(start, length);
            for insert in &mut self.inserts {
                insert.follow(now, self.spec.sample_rate_hz());
                insert.process(&mut part, start, chunk.frames);
            }
            start += length;
        }
    }

    fn look_for_rest(&mut self) {
        self.is_plain = self.delay.is_none()
            && self.inserts.is_empty()
            && self.trim.is_neutral()
            && self.width.as_ref().is_none_or(Width::is_neutral);
    }

    /// Whether it is a bus whose sum nothing changes before the fader.
    pub(super) fn passes_sum(&self) -> bool {
        self.is_plain && self.input.is_none()
    }

    /// Sums the feeds in f64, rounded once.
    fn gather(&mut self, earlier: &[Taps<S>], chunk: &Chunk<'_, '_, '_, S>, block: &mut BlockMut<'_, '_, S>) {
        let mut bus = Bus::new(self.backend, self.sums.sides(chunk.frames));
        for feed in self.feeds.iter_mut().filter(|feed| !feed.is_gone()) {
            feed.add_to(self.backend, earlier, chunk, &mut bus);
        }
        let (left, right) = block.stereo_mut();
        self.non_finite += bus.round([left, right]);
    }

    pub(super) fn reset(&mut self) {
        let Self {
            spec: _,
            backend: _,
            channels: _,
            input: _,
            delay,
            feeds,
            sums: _,
            non_finite,
            trim,
            inserts,
            width,
            is_plain: _,
        } = self;
        *non_finite = 0;
        delay.reset();
        feeds.iter_mut().for_each(Feed::reset);
        trim.reset();
        inserts.iter_mut().for_each(Insert::reset);
        if let Some(width) = width {
            width.reset();
        }
        self.look_for_rest();
    }

    /// What it receives from: the positions of feeds and keys in the order of processing, and their delays.
    pub(super) fn sources(&self) -> impl Iterator<Item = (usize, usize)> {
        let feeds = self.feeds.iter().map(|feed| (feed.source, feed.delay_frames()));
        let keys = self.inserts.iter().filter_map(|insert| insert.key.as_ref());
        feeds.chain(keys.map(|key| (key.source, key.delay_frames())))
    }

    /// Tail of its inserts.
    pub(super) fn tail(&self) -> Tail {
        self.inserts.iter().fold(Tail::Frames(self.delay.frames() as u64), |tail, insert| tail.then(insert.tail()))
    }

    pub(super) fn non_finite_samples(&self) -> u64 {
        let inserts: u64 = self.inserts.iter().map(Insert::non_finite_samples).sum();
        self.trim.non_finite_samples() + inserts + self.non_finite
    }
}
