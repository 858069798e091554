//! Channel strip: settings, and the running strip of a track, a group, a return or the master.
//!
//! # Signal
//! in -> trim, polarity -> inserts -> width -> fader × pan × mute -> bus; sends from four taps
//!
//! # Contract
//! One rounding to the sample format for each way out. Fader, pan and send levels glide over 20 ms, C2; mute and solo
//! over 10 ms, C2. The inserts run on while muted, so that tails are in place after unmuting, and so do keys.

use super::{
    automation::Lane,
    chunk::{CHUNK_FRAMES, Chunk},
    effect::{Effect, EffectProcessor},
    feed::Feed,
    insert::Insert,
    lanes::targets,
    send::SendParams,
    series::{series_channels, validate_series},
    taps::Taps,
};
use crate::{
    foundation::{
        block::{Block, BlockMut},
        declare::{choice, params},
        error::{Error, channels_in, expect_channels, expect_rate, in_range},
        grid::GRID_FRAMES,
        params::{Params, Tunable},
        processor::Processor,
        sample::Sample,
        stream::StreamSpec,
        table::Fields,
        tail::Tail,
    },
    levels::{
        gain::{Gain, GainParams},
        pan::PanLaw,
        width::{Width, WidthParams},
    },
    primitives::{backend::Backend, delay_line::DelayLine, mix},
};
use alloc::{string::String, vec, vec::Vec};

choice! {
    /// Placing of a stereo strip.
    StereoPan, default Balance {
        /// `pan` turns one side down.
        Balance = "balance",
        /// Left and right are panned by themselves, by `left_pan` and `right_pan`.
        Dual = "dual",
    }
}

params! {
    /// Settings of a strip.
    #[derive(Clone, Debug, PartialEq)]
    StripParams {
        trim_db: dB, -24.0..=24.0, default 0.0, "Level before the inserts";
        invert_polarity: switch, default false, "Turns the waveform upside down before the inserts";
        inserts: compound Vec<Effect>, default Vec::new(), "Effects, first to last; a mono strip may leave them stereo";
        keys: compound Vec<KeyParams>, default Vec::new(), "Other strips as keys of inserts";
        width: none, 0.0..=2.0, default 1.0, "Stereo width after the inserts; a strip that is mono there takes only 1";
        fader_db: dB, -inf..=12.0, default 0.0, "Level; -144 dB and below is silence";
        pan: none, -1.0..=1.0, default 0.0,
            "Position: pan of a strip that is mono after its inserts, balance of a stereo one";
        pan_law: choice PanLaw, "Pan law";
        stereo_pan: choice StereoPan, "Placing of a strip that is stereo after its inserts";
        left_pan: none, -1.0..=1.0, default -1.0, "Position of the left channel, for `dual`";
        right_pan: none, -1.0..=1.0, default 1.0, "Position of the right channel, for `dual`";
        mute: switch, default false, "Mutes the strip and its sends";
        solo: switch, default false, "While any strip is soloed, only soloed ones, what feeds them and what they feed are heard";
        solo_safe: switch, default false, "Is heard while other strips are soloed; returns always are";
        to: compound String, default String::from("master"), "Name of the group that it feeds";
        sends: compound Vec<SendParams>, default Vec::new(), "Further ways to groups and returns";
        automation: compound Vec<Lane>, default Vec::new(), "Courses of levels, positions, mutes and parameters of inserts";
    }
}

params! {
    /// The key of one insert: the signal of another strip after its inserts, before fader and mute.
    #[derive(Clone, Debug, PartialEq)]
    KeyParams {
        insert: none as usize, 0.0..=65535.0, default 0, "Position of the insert, from 0";
        from: compound String, default String::new(), "Name of the strip";
    }
}

impl StripParams {
    /// Checks every setting for a strip with an input of these channels at this rate; designs and builds nothing.
    /// Whether destinations and keys exist is up to the mix.
    ///
    /// # Errors
    /// The first setting that is out of range; [`Error::Channels`] for strips that are neither mono nor stereo, before
    /// or after the inserts.
    pub fn validate(&self, spec: &StreamSpec) -> Result<(), Error> {
        validate_series(&self.inserts, "inserts", spec)?;
        channels_in(spec.channels(), 1, 2)?;
        let channels = series_channels(&self.inserts, "inserts", spec.channels())?;
        self.validate_after_inserts(&spec.with_channels(channels)?)?;
        targets(self, spec).map(drop)
    }

    /// Checks all but the inserts, given their output stream.
    pub(super) fn validate_after_inserts(&self, after: &StreamSpec) -> Result<(), Error> {
        channels_in(after.channels(), 1, 2)?;
        if after.channels() == 1 {
            in_range("width (of a mono strip)", self.width, 1.0, 1.0)?;
        }
        self.check_fields(after.sample_rate_hz())?;
        self.sends.iter().enumerate().try_for_each(|(position, send)| {
            send.validate(after.sample_rate_hz()).map_err(|error| error.within("sends", position))
        })
    }

    fn trim(&self) -> GainParams {
        GainParams { gain_db: self.trim_db, invert_polarity: self.invert_polarity }
    }

    fn width(&self) -> WidthParams {
        WidthParams { width: self.width, bass_mono_hz: 0.0 }
    }
}

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
    delay: DelayLine<S>,
    pub(super) feeds: Vec<Feed<S>>,
    /// Left and right of a bus.
    sums: Vec<f64>,
    trim: Gain<S>,
    pub(super) inserts: Vec<Insert<S>>,
    width: Option<Width<S>>,
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
            delay: DelayLine::new(spec.channels(), 0),
            feeds: Vec::new(),
            sums: if is_bus { vec![0.0; 2 * CHUNK_FRAMES] } else { Vec::new() },
            trim: params.trim().build(spec)?,
            inserts: Vec::new(),
            width: None,
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
    }

    /// Jumps to the settings of trim and width, which clicks: before the first block.
    pub(super) fn settle(&mut self) {
        self.trim.reset();
        if let Some(width) = &mut self.width {
            width.reset();
        }
    }

    /// Sets the delay of its input.
    pub(super) fn set_delay(&mut self, delay_frames: usize) {
        if self.delay.frames() != delay_frames {
            self.delay = DelayLine::new(self.spec.channels(), delay_frames);
        }
    }

    /// Latency of its first `count` inserts.
    pub(super) fn latency_frames(&self, count: usize) -> usize {
        self.inserts.iter().take(count).map(Insert::latency_frames).sum()
    }

    /// Runs a chunk of its input, or of its sources, which are among `earlier`, into its own taps. Missing input is
    /// silence.
    pub(super) fn run(&mut self, own: &mut Taps<S>, earlier: &[Taps<S>], chunk: &Chunk<'_, '_, '_, S>) {
        let frames = chunk.frames;
        let input = self.input.and_then(|index| chunk.input(index));
        own.passed = self.input.filter(|_| self.passes(input.as_ref(), frames));
        if own.passed.is_some() {
            return;
        }
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
        self.trim.process(&mut block);
        for (channel, row) in before.chunks_exact_mut(CHUNK_FRAMES).enumerate() {
            row[..frames].copy_from_slice(block.channel(channel));
        }
        self.run_inserts(earlier, chunk, &mut block);
        if let Some(width) = &mut self.width {
            width.process(&mut block);
        }
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

    /// Whether nothing before the fader changes a sample, and the input has all frames: it needs no copy.
    fn passes(&self, input: Option<&Block<'_, '_, S>>, frames: usize) -> bool {
        input.is_some_and(|input| input.channels() >= self.spec.channels() && input.frames() == frames)
            && self.delay.frames() == 0
            && self.inserts.is_empty()
            && self.trim.is_neutral()
            && self.width.as_ref().is_none_or(Width::is_neutral)
    }

    /// Sums the feeds in f64, rounded once.
    fn gather(&mut self, earlier: &[Taps<S>], chunk: &Chunk<'_, '_, '_, S>, block: &mut BlockMut<'_, '_, S>) {
        self.sums.fill(0.0);
        let (left, right) = self.sums.split_at_mut(CHUNK_FRAMES);
        let (left, right) = (&mut left[..chunk.frames], &mut right[..chunk.frames]);
        for feed in &mut self.feeds {
            feed.add_and_keep(self.backend, earlier, chunk, [&mut *left, &mut *right]);
        }
        mix::round(self.backend, left, block.channel_mut(0));
        mix::round(self.backend, right, block.channel_mut(1));
    }

    pub(super) fn reset(&mut self) {
        let Self { spec: _, backend: _, channels: _, input: _, delay, feeds, sums: _, trim, inserts, width } = self;
        delay.reset();
        feeds.iter_mut().for_each(Feed::reset);
        trim.reset();
        inserts.iter_mut().for_each(Insert::reset);
        if let Some(width) = width {
            width.reset();
        }
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
        let feeds: u64 = self.feeds.iter().map(Feed::non_finite_samples).sum();
        self.trim.non_finite_samples() + inserts + feeds
    }
}
