//! Channel strip: trim, inserts, width, fader, pan and mute of one track.
//!
//! # Signal
//! in -> trim, polarity -> inserts -> width -> delay to the slowest strip -> fader × mute × pan -> bus
//!
//! # Contract
//! One rounding to the sample format between the inserts and the bus. Fader and pan glide over 20 ms, C2; mute and solo
//! over 10 ms, C2. The inserts keep running while muted, so that tails are in place after unmuting.

use super::{
    chain::Chain,
    effect::{Effect, EffectProcessor},
    series::{design_series, series_channels, validate_series},
};
use crate::{
    foundation::{
        block::{Block, BlockMut},
        declare::params,
        error::{Error, channels_in, in_range},
        params::{Params, Tunable},
        processor::Processor,
        sample::Sample,
        stream::StreamSpec,
        table::Fields,
        tail::Tail,
        unit::ms_to_frames,
    },
    levels::{
        gain::{Gain, GainParams, fader_gain},
        pan::{PanLaw, balance_gains, mono_gains},
        width::{Width, WidthParams},
    },
    primitives::{
        backend::Backend,
        delay_line::DelayLine,
        mix,
        ramp::{GAIN_RAMP_MS, MUTE_RAMP_MS, Ramp},
    },
};
use alloc::{vec, vec::Vec};

/// Frames per chunk of the mixer: the buses stay in the L1 cache.
pub(super) const CHUNK_FRAMES: usize = 512;

params! {
    /// Settings of a track.
    #[derive(Clone, Debug, PartialEq)]
    TrackParams {
        trim_db: dB, -24.0..=24.0, default 0.0, "Level before the inserts";
        invert_polarity: switch, default false, "Turns the waveform upside down before the inserts";
        inserts: compound Vec<Effect>, default Vec::new(), "Effects, first to last; a mono track may leave them stereo";
        width: none, 0.0..=2.0, default 1.0, "Stereo width after the inserts; a strip that is mono there takes only 1";
        fader_db: dB, -inf..=12.0, default 0.0, "Level; -144 dB and below is silence";
        pan: none, -1.0..=1.0, default 0.0,
            "Position: pan of a strip that is mono after its inserts, balance of a stereo one";
        pan_law: choice PanLaw, "Pan law";
        mute: switch, default false, "Mutes the track";
        solo: switch, default false, "While any track is soloed, all others are muted";
    }
}

impl TrackParams {
    /// Checks every setting for a track of these channels at this rate; designs and builds nothing.
    ///
    /// # Errors
    /// The first setting that is out of range; [`Error::Channels`] for tracks that are neither mono nor stereo, before
    /// or after the inserts.
    pub fn validate(&self, spec: &StreamSpec) -> Result<(), Error> {
        validate_series(&self.inserts, "inserts", spec)?;
        channels_in(spec.channels(), 1, 2)?;
        let channels = series_channels(&self.inserts, "inserts", spec.channels())?;
        channels_in(channels, 1, 2)?;
        self.validate_after_inserts(&spec.with_channels(channels)?)
    }

    /// Checks all but the inserts, given their output stream.
    fn validate_after_inserts(&self, after: &StreamSpec) -> Result<(), Error> {
        if after.channels() == 1 {
            in_range("width (of a mono strip)", self.width, 1.0, 1.0)?;
        }
        self.check_fields(after.sample_rate_hz())
    }
}

/// A running strip.
#[derive(Debug)]
pub(super) struct Strip<S: Sample> {
    backend: Backend,
    /// Channels after the inserts: 1 or 2.
    channels: usize,
    trim: Gain<S>,
    inserts: Chain<S, EffectProcessor<S>>,
    width: Option<Width<S>>,
    alignment: DelayLine<S>,
    /// Fader × pan, to the left and to the right.
    gains: Ramp<2>,
    mute: Ramp<1>,
    muted: bool,
    pub(super) solo: bool,
    /// One chunk, planar.
    chunk: Vec<S>,
    non_finite: u64,
}

impl<S: Sample> Strip<S> {
    pub(super) fn new(
        spec: &StreamSpec,
        inserts: Chain<S, EffectProcessor<S>>,
        params: &TrackParams,
    ) -> Result<Self, Error> {
        let (input, channels) = (spec.channels(), inserts.output_channels());
        channels_in(input, 1, 2)?;
        channels_in(channels, 1, 2)?;
        let after = spec.with_channels(channels)?;
        params.validate_after_inserts(&after)?;
        let rate_hz = spec.sample_rate_hz();
        Ok(Self {
            backend: Backend::new(spec.cpu()),
            channels,
            trim: trim(params).build(spec)?,
            inserts,
            width: if channels == 2 { Some(width(params).build(&after)?) } else { None },
            alignment: DelayLine::new(channels, 0),
            gains: Ramp::new(gains(params, channels), ms_to_frames(GAIN_RAMP_MS, rate_hz)),
            mute: Ramp::new([1.0], ms_to_frames(MUTE_RAMP_MS, rate_hz)),
            muted: params.mute,
            solo: params.solo,
            chunk: vec![S::ZERO; input.max(channels) * CHUNK_FRAMES],
            non_finite: 0,
        })
    }

    /// Glides to other settings; a refused one changes nothing.
    pub(super) fn set_params(&mut self, params: &TrackParams) -> Result<(), Error> {
        params.validate_after_inserts(&self.inserts.spec().with_channels(self.channels)?)?;
        let inserts = design_series(&params.inserts, "inserts", &self.inserts.spec())?;
        self.inserts.set_coeffs(&inserts)?;
        self.trim.set_params(&trim(params))?;
        if let Some(processor) = &mut self.width {
            processor.set_params(&width(params))?;
        }
        self.gains.set_target(gains(params, self.channels));
        self.muted = params.mute;
        self.solo = params.solo;
        Ok(())
    }

    pub(super) fn latency_frames(&self) -> usize {
        self.inserts.latency_frames()
    }

    pub(super) fn align_to(&mut self, latency_frames: usize) {
        self.alignment = DelayLine::new(self.channels, latency_frames - self.latency_frames());
    }

    /// Mutes or unmutes it, given whether any strip is soloed; at once only while building.
    pub(super) fn update_mute(&mut self, any_solo: bool, at_once: bool) {
        let audible = !self.muted && (self.solo || !any_solo);
        let target = [if audible { 1.0 } else { 0.0 }];
        if at_once {
            self.mute.jump_to(target);
        } else {
            self.mute.set_target(target);
        }
    }

    /// Adds at most [`CHUNK_FRAMES`] of the track, from frame `start` of its input on, to the buses. Missing input is
    /// silence.
    pub(super) fn add_to(
        &mut self,
        input: Option<&Block<'_, '_, S>>,
        start: usize,
        left: &mut [f64],
        right: &mut [f64],
    ) {
        let (frames, channels) = (left.len(), self.inserts.spec().channels());
        debug_assert!(input.is_none_or(|input| input.channels() >= channels), "Mixer: an input has too few channels");
        let given = input.map(|input| {
            let start = start.min(input.frames());
            input.frames_at(start, frames.min(input.frames() - start))
        });
        let whole = given.filter(|given| given.frames() == frames && given.channels() >= channels);
        if let (true, Some(input)) = (self.passes_input(), &whole) {
            self.sum(input, left, right);
            return;
        }
        let rows = self.chunk.len() / CHUNK_FRAMES;
        let Ok(mut block) = BlockMut::from_planar(&mut self.chunk[..rows * frames], rows) else { return };
        if whole.is_none() {
            block.clear();
        }
        if let Some(given) = &given {
            block.copy_from(given);
        }
        self.trim.process(&mut block);
        self.inserts.process(&mut block);
        if let Some(width) = &mut self.width {
            width.process(&mut block);
        }
        self.alignment.process(&mut block);
        let processed = core::mem::take(&mut self.chunk);
        if let Ok(block) = Block::from_planar(&processed[..rows * frames], rows) {
            self.sum(&block, left, right);
        }
        self.chunk = processed;
    }

    /// Whether nothing before the fader changes a sample: the input needs no copy.
    fn passes_input(&self) -> bool {
        self.trim.is_neutral()
            && self.inserts.processors().is_empty()
            && self.width.as_ref().is_none_or(Width::is_neutral)
            && self.alignment.frames() == 0
    }

    /// Adds the output of the inserts to the buses, through fader, pan and mute.
    fn sum(&mut self, processed: &Block<'_, '_, S>, left: &mut [f64], right: &mut [f64]) {
        let frames = processed.frames();
        let mut start = 0;
        while start < frames {
            // Two ramps that may end at different frames.
            let uniform = (frames - start).min(self.gains.uniform_frames()).min(self.mute.uniform_frames());
            let (gains, length) = self.gains.span::<S>(uniform);
            let (mute, length) = self.mute.span::<S>(length);
            let range = start..start + length;
            let part = processed.frames_at(start, length);
            let source = match self.channels {
                1 => mix::Source::Mono(part.channel(0)),
                _ => mix::Source::Stereo([part.channel(0), part.channel(1)]),
            };
            let sums = [&mut left[range.clone()], &mut right[range]];
            self.non_finite += mix::add_stereo(self.backend, sums, source, &gains, &mute);
            start += length;
        }
    }

    pub(super) fn reset(&mut self) {
        let Self {
            backend: _,
            channels: _,
            trim,
            inserts,
            width,
            alignment,
            gains,
            mute,
            muted: _,
            solo: _,
            chunk: _,
            non_finite,
        } = self;
        *non_finite = 0;
        trim.reset();
        inserts.reset();
        if let Some(width) = width {
            width.reset();
        }
        alignment.reset();
        gains.jump_to(gains.target());
        mute.jump_to(mute.target());
    }

    pub(super) fn tail(&self) -> Tail {
        self.inserts.tail().then(Tail::Frames(self.alignment.frames() as u64))
    }

    pub(super) fn non_finite_samples(&self) -> u64 {
        self.trim.non_finite_samples() + self.inserts.non_finite_samples() + self.non_finite
    }
}

fn trim(params: &TrackParams) -> GainParams {
    GainParams { gain_db: params.trim_db, invert_polarity: params.invert_polarity }
}

fn width(params: &TrackParams) -> WidthParams {
    WidthParams { width: params.width, bass_mono_hz: 0.0 }
}

/// Fader × pan (mono) or balance (stereo).
fn gains(params: &TrackParams, channels_after_inserts: usize) -> [f64; 2] {
    let law = if channels_after_inserts == 1 { mono_gains } else { balance_gains };
    law(params.pan, params.pan_law).map(|gain| gain * fader_gain(params.fader_db))
}
