//! The mixer: tracks through strips onto a stereo bus, the bus through the master.

use super::{
    chain::Chain,
    effect::{Effect, EffectProcessor},
    mixer_error::MixerError,
    series::{build_series, design_series, series_channels, validate_series},
    strip::{CHUNK_FRAMES, Strip, TrackParams},
};
use crate::{
    foundation::{
        block::{Block, BlockMut},
        declare::params,
        error::{Error, expect_channels},
        fit::fit_keyed,
        params::{Params, Tunable},
        per_format::per_format,
        processor::Processor,
        sample::Sample,
        stream::StreamSpec,
        table::Fields,
        tail::Tail,
    },
    levels::gain::{Gain, GainParams},
    primitives::{backend::Backend, mix},
};
use alloc::{string::String, vec, vec::Vec};

/// The mixer: tracks through strips onto a stereo bus, the bus through the master.
///
/// # Signal
/// strips -> f64 sum -> rounded once -> master inserts -> master fader -> out
///
/// # Contract
/// - Latency: the slowest strip's plus the master's; every faster strip is delayed to match, so that a track split over
///   two strips still nulls.
/// - Strips are summed in byte order of their names, each product rounded once to the sample format, in f64: the order
///   of adding tracks changes no bit. Nothing clips inside.
/// - Adding a track allocates and may change the latency; processing and changing levels never do.
///
/// ```
/// use mixdown::{Block, BlockMut, Mixer, StreamSpec, TrackParams};
///
/// let mut mixer = Mixer::<f32>::new(&StreamSpec::new(48_000.0, 2)?)?;
/// mixer.add_track("vocal", 1, &TrackParams { fader_db: -3.0, ..Default::default() })?;
/// mixer.add_track("piano", 2, &TrackParams { pan: -0.3, ..Default::default() })?;
///
/// let (vocal, piano) = ([0.5_f32; 64], [0.1_f32; 128]);
/// let mut mix = [0.0_f32; 128];
/// let inputs = [Block::from_planar(&vocal, 1)?, Block::from_planar(&piano, 2)?];
/// mixer.process(&inputs, &mut BlockMut::from_planar(&mut mix, 2)?);
/// assert!(mix[0] > 0.35 && mix[64] < mix[0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Mixer<S: Sample> {
    spec: StreamSpec,
    backend: Backend,
    /// In the order of adding, which is that of the inputs of `process`.
    strips: Vec<(String, Strip<S>)>,
    /// Indices of the strips in byte order of their names, the order of summing.
    order: Vec<usize>,
    inserts: Chain<S, EffectProcessor<S>>,
    fader: Gain<S>,
    latency_frames: usize,
    /// Left, then right, of one chunk.
    sums: Vec<f64>,
}

/// Name of the master strip in errors.
const MASTER: &str = "master";

params! {
    /// Settings of the master strip.
    #[derive(Clone, Debug, PartialEq)]
    MasterParams {
        inserts: compound Vec<Effect>, default Vec::new(), "Effects on the stereo bus, first to last";
        fader_db: dB, -inf..=12.0, default 0.0, "Level after the inserts; -144 dB and below is silence";
    }
}

impl MasterParams {
    /// Checks every setting for a bus at this rate; designs and builds nothing.
    ///
    /// # Errors
    /// The first setting that is out of range; [`Error::Channels`] for another bus than a stereo one, before or after
    /// the inserts.
    pub fn validate(&self, spec: &StreamSpec) -> Result<(), Error> {
        self.check_fields(spec.sample_rate_hz())?;
        expect_channels(2, spec.channels())?;
        validate_series(&self.inserts, "inserts", spec)?;
        expect_channels(2, series_channels(&self.inserts, "inserts", spec.channels())?)
    }
}

impl<S: Sample> Mixer<S> {
    /// An empty mixer at the rate and CPU level of `spec`, which must have 2 channels: those of the bus.
    ///
    /// # Errors
    /// [`Error::Channels`] for another count.
    pub fn new(spec: &StreamSpec) -> Result<Self, Error> {
        expect_channels(2, spec.channels())?;
        Ok(Self {
            spec: *spec,
            backend: Backend::new(spec.cpu()),
            strips: Vec::new(),
            order: Vec::new(),
            inserts: Chain::new(spec, Vec::new())?,
            fader: GainParams::default().build(spec)?,
            latency_frames: 0,
            sums: vec![0.0; 2 * CHUNK_FRAMES],
        })
    }

    /// The output stream.
    #[must_use]
    pub fn spec(&self) -> StreamSpec {
        self.spec
    }

    /// Adds a track of 1 or 2 channels. Its input is the next one of [`process`](Self::process).
    ///
    /// # Errors
    /// [`MixerError::Duplicate`], or [`MixerError::Setting`] for a setting out of range.
    pub fn add_track(&mut self, name: &str, channels: usize, params: &TrackParams) -> Result<(), MixerError> {
        self.add_track_with(name, channels, params, Vec::new())
    }

    /// As [`add_track`](Self::add_track), with processors of your own after the inserts of `params`.
    ///
    /// # Errors
    /// As [`add_track`](Self::add_track).
    pub fn add_track_with(
        &mut self,
        name: &str,
        channels: usize,
        params: &TrackParams,
        processors: Vec<EffectProcessor<S>>,
    ) -> Result<(), MixerError> {
        if self.strips.iter().any(|(other, _)| other == name) || name == MASTER {
            return Err(MixerError::Duplicate { name: name.into() });
        }
        let strip = self.build_strip(channels, params, processors).map_err(|error| setting(name, error))?;
        self.strips.push((name.into(), strip));
        self.order.push(self.order.len());
        self.order.sort_by(|&a, &b| self.strips[a].0.as_bytes().cmp(self.strips[b].0.as_bytes()));
        self.align();
        self.update_mutes(true);
        Ok(())
    }

    fn build_strip(
        &self,
        channels: usize,
        params: &TrackParams,
        processors: Vec<EffectProcessor<S>>,
    ) -> Result<Strip<S>, Error> {
        let spec = self.spec.with_channels(channels)?;
        let mut inserts = build_series(&params.inserts, "inserts", &spec)?;
        inserts.extend(processors);
        Strip::new(&spec, Chain::new(&spec, inserts)?, params)
    }

    /// Replaces the master strip. May change the latency.
    ///
    /// # Errors
    /// [`MixerError::Setting`] for a setting out of range; the old master stays then.
    pub fn set_master(&mut self, params: &MasterParams) -> Result<(), MixerError> {
        let build = || {
            params.validate(&self.spec)?;
            let inserts = Chain::new(&self.spec, build_series(&params.inserts, "inserts", &self.spec)?)?;
            Ok((inserts, GainParams { gain_db: params.fader_db, invert_polarity: false }))
        };
        let (inserts, fader) = build().map_err(|error| setting(MASTER, error))?;
        self.fader.set_params(&fader).map_err(|error| setting(MASTER, error))?;
        self.fader.reset();
        self.inserts = inserts;
        Ok(())
    }

    /// Glides a track to other settings, with the same kinds of inserts in the same order.
    ///
    /// # Errors
    /// [`MixerError::Unknown`], or [`MixerError::Setting`] for a setting that is out of range or needs another build.
    /// The old settings stay.
    pub fn set_track(&mut self, name: &str, params: &TrackParams) -> Result<(), MixerError> {
        let Some((_, strip)) = self.strips.iter_mut().find(|(other, _)| other == name) else {
            return Err(MixerError::Unknown { name: name.into() });
        };
        strip.set_params(params).map_err(|error| setting(name, error))?;
        self.update_mutes(false);
        Ok(())
    }

    /// Glides the master fader (dB, -inf..12) and inserts of the same kinds in the same order.
    ///
    /// # Errors
    /// [`MixerError::Setting`]; the old settings stay.
    pub fn glide_master(&mut self, params: &MasterParams) -> Result<(), MixerError> {
        let mut glide = || {
            params.check_fields(self.spec.sample_rate_hz())?;
            self.inserts.set_coeffs(&design_series(&params.inserts, "inserts", &self.spec)?)?;
            self.fader.set_params(&GainParams { gain_db: params.fader_db, invert_polarity: false })
        };
        glide().map_err(|error| setting(MASTER, error))
    }

    /// Names of the tracks in the order of their inputs.
    pub fn track_names(&self) -> impl Iterator<Item = &str> {
        self.strips.iter().map(|(name, _)| name.as_str())
    }

    /// Mixes a block: `inputs` in the order of adding, each with its channels and as many frames as `out`, whose first
    /// two channels are filled.
    ///
    /// Missing inputs are silence, and so are missing channels and frames of an input; builds with debug assertions
    /// panic there. Any length, 0 included; nothing allocates.
    pub fn process(&mut self, inputs: &[Block<'_, '_, S>], out: &mut BlockMut<'_, '_, S>) {
        debug_assert!(inputs.iter().all(|input| input.frames() == out.frames()), "Mixer: inputs of other lengths");
        let mixer = self;
        per_format!(S, ['m, 'b: 'm, 'a: 'b, 'i: 'm, 'j: 'i], (
            mixer: &'m mut Mixer<S>,
            inputs: &'m [Block<'i, 'j, S>],
            out: &'m mut BlockMut<'b, 'a, S>,
        ) { fit_keyed(out, 2, None, |start, out, _| mixer.mix(inputs, start, out)) });
    }

    /// Fills `out` with the mix of the inputs from frame `first` on.
    fn mix(&mut self, inputs: &[Block<'_, '_, S>], first: usize, out: &mut BlockMut<'_, '_, S>) {
        let frames = out.frames();
        for start in (0..frames).step_by(CHUNK_FRAMES) {
            let length = CHUNK_FRAMES.min(frames - start);
            self.sums.fill(0.0);
            let (left, right) = self.sums.split_at_mut(CHUNK_FRAMES);
            for &index in &self.order {
                let strip = &mut self.strips[index].1;
                strip.add_to(inputs.get(index), first + start, &mut left[..length], &mut right[..length]);
            }
            let mut block = out.frames_mut(start, length);
            mix::round(self.backend, &left[..length], block.channel_mut(0));
            mix::round(self.backend, &right[..length], block.channel_mut(1));
            self.inserts.process(&mut block);
            self.fader.process(&mut block);
        }
    }

    /// Clears all state: as newly built with the current settings.
    pub fn reset(&mut self) {
        let Self { spec: _, backend: _, strips, order: _, inserts, fader, latency_frames: _, sums: _ } = self;
        for (_, strip) in strips {
            strip.reset();
        }
        inserts.reset();
        fader.reset();
    }

    /// Delay from input to output in frames.
    #[must_use]
    pub fn latency_frames(&self) -> usize {
        self.latency_frames + self.inserts.latency_frames()
    }

    /// Time to silence after its inputs have ended.
    #[must_use]
    pub fn tail(&self) -> Tail {
        let strips = self.strips.iter().fold(Tail::Frames(0), |longest, (_, strip)| longest.max(strip.tail()));
        strips.then(self.inserts.tail())
    }

    /// Non-finite input samples replaced by 0.
    #[must_use]
    pub fn non_finite_samples(&self) -> u64 {
        self.strips.iter().map(|(_, strip)| strip.non_finite_samples()).sum::<u64>() + self.inserts.non_finite_samples()
    }

    fn align(&mut self) {
        self.latency_frames = self.strips.iter().map(|(_, strip)| strip.latency_frames()).max().unwrap_or(0);
        for (_, strip) in &mut self.strips {
            strip.align_to(self.latency_frames);
        }
    }

    fn update_mutes(&mut self, at_once: bool) {
        let any_solo = self.strips.iter().any(|(_, strip)| strip.solo);
        for (_, strip) in &mut self.strips {
            strip.update_mute(any_solo, at_once);
        }
    }
}

fn setting(name: &str, error: Error) -> MixerError {
    MixerError::Setting { name: name.into(), error }
}
