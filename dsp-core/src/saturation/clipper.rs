//! Clipper: cuts peaks at a ceiling, between the samples too, with few aliases.

use super::{
    droop::Band,
    knee::{Knee, half_width},
    saturator::mixed,
    stage::{CHUNK_FRAMES, Shape, Stage, chunk_frames, fill, lists},
};
use crate::{
    foundation::{
        block::{Block, BlockMut},
        declare::params,
        engine::{Compiled, Engine, compiled, engine},
        error::Error,
        fit::fit,
        params::{Designed, Params, Tunable},
        processor::Processor,
        sample::Sample,
        stream::StreamSpec,
        tail::Tail,
        unit::{db_to_gain, gain_to_db, ms_to_frames},
    },
    primitives::{
        backend::{Backend, run},
        history::History,
        ramp::{GAIN_RAMP_MS, Ramp},
        sanitize::clean,
    },
};
use alloc::{vec, vec::Vec};

/// Passes: each further one cuts what the one before overshoots, with a hard clip, so that the curve is that of the first.
const PASSES: usize = 2;
/// What a further pass takes, in parts of the excess: an overshoot is narrow, and what is taken from it loses half its height
/// in the decimation. Costs nothing where there is none.
const EXCESS: f64 = 2.0;
/// Samples are limited to this many times the ceiling, 1 dB: what lies above 20 kHz reaches the output all but untouched,
/// as what is taken from it lies there too and is removed.
const MARGIN: f64 = 1.122_018_454_301_963_3;

/// Clipper: cuts peaks at a ceiling, between the samples too, with few aliases.
///
/// # Signal
/// in -> × gain -> pass -> pass -> samples limited to 1 dB above the ceiling -> mix with the delayed input -> out; a pass: in
/// -> `oversample` × the rate -> what the curve takes away, antialiased -> the rate -> treble restored -> + the delayed input
///
/// # Parameters
/// Those of [`ClipperParams`]. With the ceiling at 1 and a knee of half width k = 1 - 10^(-`knee_db`/20), f(a) = a up to 1 - k,
/// a - (a - (1 - k))² / (4 k) up to 1 + k, 1 beyond.
///
/// # Contract
/// Any channel count, each channel by itself. What stays below the knee passes bit for bit, delayed by the latency, at a
/// gain of 0 dB; so does everything at `mix` 0. Latency in frames at 44.1, 48, 96 and 192 kHz:
/// 2 times: 269, 153, 52, 41; 4 times: 277, 164, 60, 49; 8 times: 280, 168, 65, 52; 16 times: 279, 169, 66, 53. Tail: twice the
/// latency.
///
/// The curve acts on the oversampled sound, so peaks between samples are cut as those on them. What clipping adds above 20
/// kHz is removed, as it would alias, and without it the peaks rise above the ceiling again: two songs, normalised to 0 dBFS,
/// by up to 0.4, 0.7 and 0.9 dB in true peak at a gain of 6, 12 and 24 dB; at twice the rate by up to 1.4 dB. Put a limiter behind
/// it to hold the ceiling. Sound above 20 kHz is hardly clipped, as what would be taken from it lies there too and is removed.
/// So that it stays bounded, samples are limited to 1 dB above the ceiling, at the rate of the stream and with its aliases; at
/// 8 times the rate two songs stay below that limit at any gain, at 4 times up to 12 dB.
///
/// Aliases below 20 kHz at 48 kHz, in dB under the harmonics, for a full-scale tone, the worst of all from 1 to 15 kHz, at 2, 4
/// and 8 times: gain 3 dB, 28, 64 and 82; 6 dB, 27, 71 and 76; 12 dB, 29, 66 and 73; 24 dB, 29, 61 and 72. At 8 times the
/// worst tones lie near 7 kHz: of their third harmonic, just above 20 kHz, the filter behind the first pass leaves enough for
/// the second pass to mix it with the tone, and a higher factor does not help. At 5 kHz they lie 114, 108 and 103 dB under the harmonics at 3,
/// 6 and 12 dB. With `oversample` 1 samples alone are clipped, exactly and without latency, and there are aliases.
///
/// Changes: gain, ceiling, knee and mix glide over 20 ms.
///
/// Memory: 298 kB for stereo f32 at 48 kHz.
///
/// # Source
/// As [`Saturator`](super::Saturator). Clipping again what filtering has let overshoot: J. Armstrong, "Peak-to-average
/// power reduction for OFDM by repeated clipping and frequency domain filtering", Electronics Letters 38(5), 2002.
#[derive(Clone, Debug)]
pub struct Clipper<S> {
    spec: StreamSpec,
    backend: Backend,
    coeffs: ClipperCoeffs,
    /// Gain, ceiling, half width of the knee, mix.
    ramp: Ramp<4>,
    channels: Vec<Channel<S>>,
    /// Ceilings up to the latency ago.
    ceilings: History<f64>,
    latency_frames: usize,
    scratch: Scratch,
    clipped: u64,
    frames: u64,
    non_finite: u64,
}

#[derive(Clone, Debug)]
struct Channel<S> {
    passes: [Pass; PASSES],
    dry: History<S>,
}

#[derive(Clone, Debug)]
struct Pass {
    stage: Stage,
    input: History<f64>,
    /// What it takes, in parts of what exceeds the curve.
    share: f64,
}

/// What lives for a chunk.
#[derive(Clone, Debug)]
struct Scratch {
    /// Gain, ceiling, half width, mix of each frame.
    lists: [Vec<f64>; 4],
    wet: Vec<f64>,
    ones: Vec<f64>,
    zeros: Vec<f64>,
}

params! {
    /// Settings of [`Clipper`].
    ///
    /// ```
    /// use mixdown::{BlockMut, Params, Processor, StreamSpec, saturation::ClipperParams};
    ///
    /// let hard = ClipperParams { ceiling_db: -6.0206, knee_db: 0.0, oversample: 1, ..Default::default() };
    /// let mut audio = [0.25_f64, 0.75, -2.0];
    /// hard.build(&StreamSpec::new(48_000.0, 1)?)?.process(&mut BlockMut::from_planar(&mut audio, 1)?);
    /// assert!(audio[0] == 0.25 && (audio[1] - 0.5).abs() < 1e-6 && (audio[2] + 0.5).abs() < 1e-6);
    /// # Ok::<(), mixdown::Error>(())
    /// ```
    #[derive(Clone, Copy, Debug, PartialEq)]
    ClipperParams {
        ceiling_db: dBFS, -24.0..=0.0, default -0.1, "Level that peaks are cut to";
        knee_db: dB, 0.0..=12.0, default 1.0, "Distance below the ceiling at which the curve begins to bend; 0 is a hard clip";
        gain_db: dB, -24.0..=24.0, default 0.0, "Gain into the clip";
        oversample: none as usize, 1.0..=16.0, default 8, one_of(&[1.0, 2.0, 4.0, 8.0, 16.0], "1, 2, 4, 8 or 16"), fixed,
            "Multiple of the rate at which it clips";
        mix: none, 0.0..=1.0, default 1.0, "Share of the clipped sound in the output";
    }
}

/// Coefficients of a [`Clipper`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClipperCoeffs {
    gain: f64,
    ceiling: f64,
    half_width: f64,
    mix: f64,
    oversample: usize,
}

impl ClipperCoeffs {
    fn targets(&self) -> [f64; 4] {
        [self.gain, self.ceiling, self.half_width, self.mix]
    }
}

impl ClipperParams {
    fn coeffs(&self) -> ClipperCoeffs {
        ClipperCoeffs {
            gain: db_to_gain(self.gain_db),
            ceiling: db_to_gain(self.ceiling_db),
            half_width: half_width(self.knee_db),
            mix: self.mix,
            oversample: self.oversample,
        }
    }
}

impl Params for ClipperParams {
    type Coeffs = ClipperCoeffs;
    type Processor<S: Sample> = Clipper<S>;

    fn design(&self, spec: &StreamSpec) -> Result<Designed<ClipperCoeffs>, Error> {
        self.validate(spec)?;
        Ok(Designed::new(spec, self.coeffs()))
    }

    fn build<S: Sample>(&self, spec: &StreamSpec) -> Result<Clipper<S>, Error> {
        self.build_compiled(spec)
    }

    fn neutral() -> Option<Self> {
        Some(Self { mix: 0.0, ..Self::default() })
    }

    fn transfer_curve(&self, levels_db: &[f64]) -> Option<Vec<f64>> {
        let ClipperCoeffs { gain, ceiling, half_width, mix, .. } = self.coeffs();
        let knee = Knee::new(half_width);
        let out = |level_db: &f64| {
            let x = db_to_gain(*level_db);
            let clipped = gain * x + ceiling * knee.taken(gain * x / ceiling);
            gain_to_db((1.0 - mix) * x + mix * clipped)
        };
        Some(levels_db.iter().map(out).collect())
    }
}

/// The knee at the highest rate over a chunk.
struct Clip<'a> {
    backend: Backend,
    /// Half width in each frame.
    half_widths: &'a [f64],
    factor: usize,
    clipped: u64,
}

impl Shape for Clip<'_> {
    fn prepare(&mut self, _: &mut [f64]) {}

    fn plain(&mut self, samples: &mut [f64]) {
        for (sample, half_width) in samples.iter_mut().zip(self.half_widths) {
            let knee = Knee::new(*half_width);
            self.clipped += u64::from(sample.abs() > knee.start());
            *sample = knee.taken(*sample);
        }
    }

    fn antialiased(&mut self, samples: &[f64], out: &mut [f64]) {
        let first = self.half_widths[0];
        if self.half_widths.iter().all(|half_width| *half_width == first) {
            self.clipped += taken(self.backend, &Knee::new(first), samples, out);
            return;
        }
        for (frame, (half_width, out)) in self.half_widths.iter().zip(out.chunks_exact_mut(self.factor)).enumerate() {
            let samples = &samples[frame * self.factor..][..self.factor + 2];
            self.clipped += taken(self.backend, &Knee::new(*half_width), samples, out);
        }
    }
}

fn taken(backend: Backend, knee: &Knee, samples: &[f64], out: &mut [f64]) -> u64 {
    run!(backend, _ => knee.antialiased(samples, out))
}

impl Pass {
    /// In place: delayed, and less what the curve takes away. `entering` and `leaving` are the ceilings of the frames.
    fn run(&mut self, samples: &mut [f64], clip: &mut Clip<'_>, entering: &[f64], leaving: &[f64]) {
        let (frames, backend) = (samples.len(), clip.backend);
        self.input.append(frames).copy_from_slice(samples);
        run!(backend, _ => divided(samples, entering, self.stage.input(frames)));
        let delayed = self.input.from(frames + self.stage.latency_frames());
        let (taken, share) = (self.stage.run(frames, clip), self.share);
        run!(backend, _ => less(delayed, taken, share, leaving, samples));
    }
}

#[inline(always)]
fn divided(samples: &[f64], ceilings: &[f64], out: &mut [f64]) {
    for ((out, sample), ceiling) in out.iter_mut().zip(samples).zip(ceilings) {
        *out = sample / ceiling;
    }
}

/// Samples less a share of what is taken from them, in parts of their ceilings.
#[inline(always)]
fn less(delayed: &[f64], taken: &[f64], share: f64, ceilings: &[f64], out: &mut [f64]) {
    for (((out, delayed), taken), ceiling) in out.iter_mut().zip(delayed).zip(taken).zip(ceilings) {
        *out = delayed + ceiling * (share * taken);
    }
}

#[inline(always)]
fn gained<S: Sample>(samples: &[S], gains: &[f64], out: &mut [f64]) {
    for ((out, sample), gain) in out.iter_mut().zip(samples).zip(gains) {
        *out = sample.to_f64() * gain;
    }
}

/// Limits samples to [`MARGIN`] times their ceilings.
#[inline(always)]
fn bound(samples: &mut [f64], ceilings: &[f64]) {
    for (sample, ceiling) in samples.iter_mut().zip(ceilings) {
        let most = MARGIN * ceiling;
        *sample = sample.max(-most).min(most);
    }
}

impl<S: Sample> Clipper<S> {
    /// With any ceiling and knee, for mastering, whose programmes have any level.
    pub(crate) fn unchecked(params: &ClipperParams, spec: &StreamSpec) -> Self {
        let coeffs = params.coeffs();
        let (rate_hz, backend) = (spec.sample_rate_hz(), Backend::new(spec.cpu()));
        let chunk = chunk_frames(coeffs.oversample);
        let passes: [Pass; PASSES] = core::array::from_fn(|number| {
            let band = if number + 1 < PASSES { Band::Audible } else { Band::Whole };
            let stage = Stage::new(backend, rate_hz, coeffs.oversample, band);
            let share = if number == 0 { 1.0 } else { EXCESS };
            Pass { input: History::new(stage.latency_frames(), chunk, 0), stage, share }
        });
        let latency_frames = passes.iter().map(|pass| pass.stage.latency_frames()).sum();
        let channel = Channel { passes, dry: History::new(latency_frames, chunk, 0) };
        let mut own = Self {
            spec: *spec,
            backend,
            ramp: Ramp::new(coeffs.targets(), ms_to_frames(GAIN_RAMP_MS, rate_hz)),
            channels: vec![channel; spec.channels()],
            ceilings: History::new(latency_frames, chunk, 0),
            latency_frames,
            scratch: Scratch {
                lists: lists(),
                wet: vec![0.0; CHUNK_FRAMES],
                ones: vec![1.0; CHUNK_FRAMES],
                zeros: vec![0.0; CHUNK_FRAMES],
            },
            clipped: 0,
            frames: 0,
            non_finite: 0,
            coeffs,
        };
        own.start();
        own
    }

    /// The ceiling was what it is, always.
    fn start(&mut self) {
        self.ceilings.reset();
        let mut left = self.latency_frames;
        while left > 0 {
            let count = left.min(chunk_frames(self.coeffs.oversample));
            self.ceilings.append(count).fill(self.coeffs.ceiling);
            left -= count;
        }
    }

    /// Share of the samples of the highest rate, over all channels, from which the first pass took something, since it was
    /// built or reset.
    #[must_use]
    pub fn clipped_share(&self) -> f64 {
        let samples = self.frames.max(1) as f64 * (self.coeffs.oversample * self.channels.len()).max(1) as f64;
        self.clipped as f64 / samples
    }

    /// A chunk of the block.
    fn clip(&mut self, block: &mut BlockMut<'_, '_, S>) {
        let (frames, backend) = (block.frames(), self.backend);
        let Scratch { lists: [gain, ceiling, half_width, mix], wet, ones, zeros } = &mut self.scratch;
        fill(&mut self.ramp, [&mut *gain, &mut *ceiling, &mut *half_width, &mut *mix], frames);
        self.ceilings.append(frames).copy_from_slice(&ceiling[..frames]);
        for (index, channel) in self.channels.iter_mut().enumerate() {
            let samples = block.channel_mut(index);
            self.non_finite += clean(backend, samples);
            channel.dry.append(frames).copy_from_slice(samples);
            let wet = &mut wet[..frames];
            run!(backend, _ => gained(samples, gain, wet));
            let mut late = 0;
            for (number, pass) in channel.passes.iter_mut().enumerate() {
                let entering = self.ceilings.from(frames + late);
                late += pass.stage.latency_frames();
                let leaving = self.ceilings.from(frames + late);
                let half_widths = if number == 0 { &half_width[..frames] } else { &zeros[..frames] };
                let mut clip = Clip { backend, half_widths, factor: self.coeffs.oversample, clipped: 0 };
                pass.run(wet, &mut clip, entering, leaving);
                self.clipped += if number == 0 { clip.clipped } else { 0 };
            }
            let (ceilings, dry) = (self.ceilings.from(frames + late), channel.dry.from(frames + late));
            run!(backend, _ => bound(wet, ceilings));
            run!(backend, _ => mixed(dry, wet, [ones, mix], samples));
        }
        self.frames += frames as u64;
    }
}

impl<S: Sample> Engine<S> for Clipper<S> {
    type Params = ClipperParams;

    fn build(params: &ClipperParams, spec: &StreamSpec) -> Result<Self, Error> {
        params.validate(spec)?;
        Ok(Clipper::unchecked(params, spec))
    }

    fn run(
        &mut self,
        block: &mut BlockMut<'_, '_, S>,
        _key: Option<&Block<'_, '_, S>>,
        _reduction_db: Option<&mut BlockMut<'_, '_, f64>>,
    ) {
        let (channels, chunk) = (self.spec.channels(), chunk_frames(self.coeffs.oversample));
        fit(block, channels, |block| {
            for start in (0..block.frames()).step_by(chunk) {
                let length = chunk.min(block.frames() - start);
                self.clip(&mut block.frames_mut(start, length));
            }
        });
    }
}

compiled!(ClipperParams => Clipper);

impl<S: Sample> Processor<S> for Clipper<S> {
    engine!(ClipperParams);

    fn reset(&mut self) {
        self.start();
        let Self {
            spec: _,
            backend: _,
            coeffs: _,
            ramp,
            channels,
            ceilings: _,
            latency_frames: _,
            scratch: _,
            clipped,
            frames,
            non_finite,
        } = self;
        ramp.jump_to(ramp.target());
        for Channel { passes, dry } in channels {
            for Pass { stage, input, share: _ } in passes {
                stage.reset(0.0);
                input.reset();
            }
            dry.reset();
        }
        (*clipped, *frames, *non_finite) = (0, 0, 0);
    }

    fn latency_frames(&self) -> usize {
        self.latency_frames
    }

    fn tail(&self) -> Tail {
        let stages = self
            .channels
            .first()
            .map_or(0, |channel| channel.passes.iter().map(|pass| pass.stage.tail_frames()).sum::<usize>());
        Tail::Frames(stages as u64)
    }

    fn non_finite_samples(&self) -> u64 {
        self.non_finite
    }
}

impl<S: Sample> Tunable<S> for Clipper<S> {
    type Params = ClipperParams;

    fn fits(&self, coeffs: &ClipperCoeffs) -> Result<(), Error> {
        if coeffs.oversample != self.coeffs.oversample {
            return Err(Error::NeedsRebuild { param: "oversample" });
        }
        Ok(())
    }

    fn apply(&mut self, coeffs: &ClipperCoeffs) {
        self.ramp.set_target(coeffs.targets());
        self.coeffs = *coeffs;
    }
}
