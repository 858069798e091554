//! De-esser: reduces the sibilant band while it dominates the spectrum, at any level.

mod band;
pub(crate) mod passes;

use super::{
    ballistics::{Ballistics, BallisticsCoeffs, Topology},
    de_esser::passes::{CurveCoeffs, Powers, add_squares, average, blend, symmetric, take_from, target_reductions},
    lookahead::Lookahead,
    passes::{gains, observe, plain_output},
    reduction_meter::ReductionMeter,
    release::pole,
};
use crate::{
    filters::{biquad::BiquadCoeffs, cascade::Cascade},
    foundation::{
        block::{Block, BlockMut},
        declare::params,
        engine::{Compiled, Engine, compiled, engine, traced},
        error::Error,
        fit::fit_traced,
        params::{Designed, Params, Tunable},
        processor::{Dynamics, GainReduction, Processor},
        sample::Sample,
        stream::StreamSpec,
        tail::Tail,
        unit::{DB_PER_OCTAVE, ms_to_frames},
    },
    primitives::{
        backend::Backend,
        history::History,
        kaiser::{kaiser, sinc},
        mix,
        ramp::{GAIN_RAMP_MS, Ramp, Span},
        sanitize::clean,
    },
};
use alloc::{boxed::Box, vec, vec::Vec};

/// De-esser: reduces the sibilant band while it dominates the spectrum, at any level.
///
/// # Signal
/// in -> high pass -> mean power; in -> mean power; their ratio over the threshold -> release, attack -> lookahead ->
/// gain g; in -> delay -> minus (1 - g) × its linear-phase high-pass band -> out
///
/// # Parameters
/// Those of [`DeEsserParams`].
///
/// # Contract
/// Any channel count; the powers of all channels are summed and all get the same gain. Latency 1 ms, to the frame; the
/// tail is twice that. The reduction rises over the knee, half of which lies on either side of the threshold: half of
/// the range at the threshold, the whole range above the knee: a tone from 1.02 times `frequency_hz` up, over one at
/// 400 Hz, loses half of the range at the threshold ±0.5 dB, at every sample rate. Signal below the knee passes bit for
/// bit; the phase never changes. The transition of the band that is reduced extends 0.8 kHz to either side of
/// `frequency_hz`; the detector counts all above it, and 3 dB less at 0.9 times it. The power of `floor_db` is
/// subtracted from that of the band: a band below the floor, as of breath and room noise, is not reduced. `listen` puts
/// out the band in front of the reduction, with the same latency; reductions are reported as without it. Neutral at a
/// range of 0.
///
/// Times are those of the reduction in dB, as a compressor's. Changes: threshold, knee, floor, range, `listen` and times
/// glide over 20 ms, before the gain; the frequency over 50 ms in the detector and 20 ms in the signal path.
///
/// Memory: 36.5 kB for stereo f32 at 48 kHz.
///
/// # Source
/// The ratio of band power to total power as the measure: level-independent de-essing as in analogue consoles. Band: a
/// high pass with a Kaiser window (J. Kaiser, ISCAS 1974) as long as the lookahead, so that its delay adds no latency.
/// The detector's band: an elliptic high pass of fourth order. The obvious alternatives fail: a Linkwitz-Riley split of
/// 24 dB per octave reduces 8 kHz by 4.6 dB of 6 and rotates the phase of the whole signal; a shelf is no better.
/// Ballistics: `dynamics::ballistics`.
#[derive(Clone, Debug)]
pub struct DeEsser<S> {
    spec: StreamSpec,
    /// Boxed: it is large compared with the other effects of a chain.
    engine: Box<DeEsserEngine<S>>,
}

/// Latency, and half the length of the band's filter.
const LOOKAHEAD_MS: f64 = 1.0;
/// Time constants of the powers, two in series: their ripple, which the release holds, moves the threshold by no more
/// than 0.15 dB for tones from 400 Hz up; one alone moves it by 0.75 dB.
const POWER_MS: f64 = 1.0;
/// dB in an octave of power.
const DB_PER_POWER_OCTAVE: f64 = 0.5 * DB_PER_OCTAVE;
/// Shape of the Kaiser window: -53 dB in the stop band.
const BETA: f64 = 5.0;
/// Frames per chunk: all scratch buffers of a stereo stream stay in the L1 cache.
const CHUNK_FRAMES: usize = 256;

params! {
    /// Settings of [`DeEsser`].
    ///
    /// ```
    /// use mixdown::{BlockMut, Dynamics, Params, Processor, StreamSpec, dynamics::DeEsserParams};
    ///
    /// let mut de_esser = DeEsserParams::default().build::<f32>(&StreamSpec::new(48_000.0, 1)?)?;
    /// let mut hiss: Vec<f32> = (0..4_800).map(|n| 0.1 * (1.1 * n as f32).sin()).collect();
    /// de_esser.process(&mut BlockMut::from_planar(&mut hiss, 1)?);
    /// assert!((de_esser.gain_reduction_db(0) - 6.0).abs() < 0.01);
    /// # Ok::<(), mixdown::Error>(())
    /// ```
    #[derive(Clone, Copy, Debug, PartialEq)]
    DeEsserParams {
        frequency_hz: Hz, 1_000.0..=16_000.0, default 5_500.0, log, of_rate(0.45), "Corner of the band";
        threshold_db: dB, -40.0..=0.0, default -6.0, "Level of the band relative to the whole signal above which it is reduced";
        floor_db: dBFS, -120.0..=0.0, default -60.0, "Level of the band below which nothing counts";
        knee_db: dB, 0.0..=24.0, default 6.0, "Width of the knee, from no reduction to the whole range";
        range_db: dB, 0.0..=20.0, default 6.0, "Reduction above the knee";
        attack_ms: ms, 0.02..=50.0, default 0.5, log, "Time to 63.2 % of a rise of the reduction in dB";
        release_ms: ms, 5.0..=1_000.0, default 40.0, log, "Time to 63.2 % of a fall of the reduction";
        listen: switch, default false, "Puts out the band alone";
    }
}

impl DeEsserParams {
    /// The coefficients of legal settings, in the memory of other taps.
    fn coeffs(&self, spec: &StreamSpec, mut taps: Vec<f64>) -> DeEsserCoeffs {
        let rate_hz = spec.sample_rate_hz();
        let reach = ms_to_frames(LOOKAHEAD_MS, rate_hz);
        // The complement of a windowed low pass. The centre tap makes its gain exactly 0 at 0 Hz.
        let cutoff = 2.0 * self.frequency_hz / rate_hz;
        let tap = |k: usize| -cutoff * sinc(cutoff * k as f64) * kaiser(BETA, k as f64 / (reach + 1) as f64);
        taps.clear();
        taps.extend((0..=reach).map(tap));
        if let [centre, outer @ ..] = taps.as_mut_slice() {
            *centre = -2.0 * outer.iter().sum::<f64>();
        }
        DeEsserCoeffs {
            taps,
            high_pass: band::high_pass(self.frequency_hz, rate_hz),
            curve: CurveCoeffs {
                threshold: self.threshold_db / DB_PER_POWER_OCTAVE,
                knee: self.knee_db / DB_PER_POWER_OCTAVE,
                range: self.range_db / DB_PER_OCTAVE,
                floor: self.floor_db / DB_PER_POWER_OCTAVE,
            },
            listen: if self.listen { 1.0 } else { 0.0 },
            ballistics: BallisticsCoeffs::manual(Topology::Decoupled, self.attack_ms, self.release_ms, rate_hz),
        }
    }
}

impl Params for DeEsserParams {
    type Coeffs = DeEsserCoeffs;
    type Processor<S: Sample> = DeEsser<S>;

    fn design(&self, spec: &StreamSpec) -> Result<Designed<DeEsserCoeffs>, Error> {
        self.validate(spec)?;
        Ok(Designed::new(spec, self.coeffs(spec, Vec::new())))
    }

    fn redesign(&self, spec: &StreamSpec, coeffs: &mut DeEsserCoeffs) -> Result<(), Error> {
        self.validate(spec)?;
        *coeffs = self.coeffs(spec, core::mem::take(&mut coeffs.taps));
        Ok(())
    }

    fn build<S: Sample>(&self, spec: &StreamSpec) -> Result<DeEsser<S>, Error> {
        self.build_compiled(spec)
    }

    fn neutral() -> Option<Self> {
        Some(Self { range_db: 0.0, ..Self::default() })
    }
}

/// Coefficients of a [`DeEsser`].
#[derive(Clone, Debug, PartialEq)]
pub struct DeEsserCoeffs {
    /// Taps of the band, from the centre outwards.
    taps: Vec<f64>,
    high_pass: [BiquadCoeffs; 2],
    curve: CurveCoeffs,
    ballistics: BallisticsCoeffs,
    /// Share of the band in the output: 0 or 1.
    listen: f64,
}

impl DeEsserCoeffs {
    /// Gains of the output and of what is listened to.
    fn listening(&self) -> [f64; 2] {
        [1.0 - self.listen, self.listen]
    }
}

/// The de-esser without its stream.
#[derive(Clone, Debug)]
struct DeEsserEngine<S> {
    backend: Backend,
    high_pass: Cascade,
    /// Poles of the powers.
    pole: f64,
    powers: Powers,
    /// [`CurveCoeffs::glide`].
    curve: Ramp<4>,
    /// Gains of the output and of what is listened to.
    listen: Ramp<2>,
    ballistics_coeffs: BallisticsCoeffs,
    times: Ramp<3>,
    ballistics: Ballistics,
    lookahead: Lookahead,
    /// Taps at the start and at the end of a glide, and its progress.
    old_taps: Vec<S>,
    taps: Vec<S>,
    arrival: Ramp<1>,
    histories: Vec<History<S>>,
    last_db: f64,
    meter: ReductionMeter,
    non_finite: u64,
    scratch: Scratch<S>,
}

/// Scratch buffers of one chunk; nothing in them outlives the chunk.
#[derive(Clone, Debug)]
struct Scratch<S> {
    /// The detector's band, channel after channel.
    detected: Vec<S>,
    high: Vec<f64>,
    whole: Vec<f64>,
    gains: Vec<S>,
    reductions_db: Vec<f32>,
    band: Vec<S>,
    other: Vec<S>,
}

impl<S: Sample> DeEsserEngine<S> {
    fn new(spec: &StreamSpec, coeffs: &DeEsserCoeffs) -> Self {
        let (backend, channels, rate_hz) = (Backend::new(spec.cpu()), spec.channels(), spec.sample_rate_hz());
        let ramp_frames = ms_to_frames(GAIN_RAMP_MS, rate_hz);
        let taps: Vec<S> = coeffs.taps.iter().map(|&tap| S::from_f64(tap)).collect();
        let latency = taps.len() - 1;
        Self {
            backend,
            high_pass: Cascade::new(backend, channels, rate_hz, &coeffs.high_pass),
            pole: pole(POWER_MS, rate_hz),
            powers: Powers::default(),
            curve: Ramp::new(coeffs.curve.glide(), ramp_frames),
            listen: Ramp::new(coeffs.listening(), ramp_frames),
            ballistics_coeffs: coeffs.ballistics,
            times: Ramp::new(coeffs.ballistics.glide(), ramp_frames),
            ballistics: Ballistics::REST,
            lookahead: Lookahead::new(backend, latency),
            old_taps: taps.clone(),
            taps,
            arrival: Ramp::new([1.0], ramp_frames),
            histories: (0..channels).map(|_| History::new(2 * latency, CHUNK_FRAMES, 0)).collect(),
            last_db: 0.0,
            meter: ReductionMeter::default(),
            non_finite: 0,
            scratch: Scratch {
                detected: vec![S::ZERO; channels * CHUNK_FRAMES],
                high: vec![0.0; CHUNK_FRAMES],
                whole: vec![0.0; CHUNK_FRAMES],
                gains: vec![S::ZERO; CHUNK_FRAMES],
                reductions_db: vec![0.0; CHUNK_FRAMES],
                band: vec![S::ZERO; CHUNK_FRAMES],
                other: vec![S::ZERO; CHUNK_FRAMES],
            },
        }
    }

    fn latency(&self) -> usize {
        self.taps.len() - 1
    }

    fn apply(&mut self, coeffs: &DeEsserCoeffs) {
        self.high_pass.set_coeffs(&coeffs.high_pass);
        self.curve.set_target(coeffs.curve.glide());
        self.listen.set_target(coeffs.listening());
        self.ballistics_coeffs = coeffs.ballistics;
        self.times.set_target(coeffs.ballistics.glide());
        if self.taps.iter().zip(&coeffs.taps).all(|(tap, new)| *tap == S::from_f64(*new)) {
            return;
        }
        // A new glide starts from the current mix of both filters.
        let [share] = self.arrival.value().map(S::from_f64);
        for ((from, to), new) in self.old_taps.iter_mut().zip(&mut self.taps).zip(&coeffs.taps) {
            *from += share * (*to - *from);
            *to = S::from_f64(*new);
        }
        self.arrival.jump_to([0.0]);
        self.arrival.set_target([1.0]);
    }

    fn process(&mut self, block: &mut BlockMut<'_, '_, S>, trace: Option<&mut BlockMut<'_, '_, f64>>) {
        fit_traced(block, self.histories.len(), None, trace, |block, _, trace| self.run(block, trace));
    }

    fn run(&mut self, block: &mut BlockMut<'_, '_, S>, mut trace: Option<&mut BlockMut<'_, '_, f64>>) {
        let frames = block.frames();
        let mut start = 0;
        while start < frames {
            let uniform = self.curve.uniform_frames().min(self.arrival.uniform_frames());
            let uniform = uniform.min(self.listen.uniform_frames());
            let count = (frames - start).min(uniform).min(self.times.uniform_frames()).min(CHUNK_FRAMES);
            self.chunk(&mut block.frames_mut(start, count));
            if let Some(trace) = trace.as_deref_mut() {
                let end = trace.frames().min(start + count);
                for channel in 0..trace.channels().min(self.histories.len()) {
                    let own = trace.channel_mut(channel)[start.min(end)..end].iter_mut();
                    own.zip(&self.scratch.high).for_each(|(trace, octaves)| *trace = DB_PER_OCTAVE * octaves);
                }
            }
            start += count;
        }
    }

    fn chunk(&mut self, block: &mut BlockMut<'_, '_, S>) {
        let (backend, count, latency) = (self.backend, block.frames(), self.latency());
        let channels = self.histories.len();
        let Scratch { detected, high, whole, gains: factors, reductions_db, band, other } = &mut self.scratch;
        let (high, whole, factors) = (&mut high[..count], &mut whole[..count], &mut factors[..count]);
        high.fill(0.0);
        whole.fill(0.0);
        for (channel, history) in self.histories.iter_mut().enumerate().take(channels) {
            let samples = block.channel_mut(channel);
            self.non_finite += clean(backend, samples);
            history.append(count).copy_from_slice(samples);
            detected[channel * count..][..count].copy_from_slice(samples);
            add_squares(backend, samples, whole);
        }
        if let Ok(mut detected) = BlockMut::from_planar(&mut detected[..channels * count], channels) {
            self.high_pass.process(&mut detected);
        }
        for samples in detected.chunks_exact(count).take(channels) {
            add_squares(backend, samples, high);
        }
        average(self.pole, high, whole, &mut self.powers);
        let (curve, _) = self.curve.span::<f64>(count);
        target_reductions(backend, &curve, high, whole);
        let (times, _) = self.times.span::<f64>(count);
        self.ballistics.process(backend, &self.ballistics_coeffs, &times, &[S::ZERO; CHUNK_FRAMES][..count], high);
        self.lookahead.process(high);

        let reductions_db = &mut reductions_db[..count];
        gains(backend, high, &plain_output(), factors);
        observe(backend, high, channels, reductions_db, &mut self.meter);
        self.last_db = f64::from(reductions_db[count - 1]);
        let (arrival, _) = self.arrival.span::<S>(count);
        let (listen, _) = self.listen.span::<S>(count);
        let listens = !matches!(listen, Span::Still([_, heard]) if heard == S::ZERO);
        let acts = high.iter().any(|&octaves| octaves > 0.0);
        for (channel, history) in self.histories.iter().enumerate().take(channels) {
            let samples = block.channel_mut(channel);
            samples.copy_from_slice(&history.from(count + latency)[..count]);
            if !acts && !listens {
                continue;
            }
            let (around, band) = (&history.from(count + 2 * latency)[..count + 2 * latency], &mut band[..count]);
            match &arrival {
                Span::Still(_) => symmetric(backend, &self.taps, around, band),
                Span::Moving(_) => {
                    let other = &mut other[..count];
                    symmetric(backend, &self.old_taps, around, band);
                    symmetric(backend, &self.taps, around, other);
                    blend(backend, &arrival, other, band);
                }
            }
            take_from(backend, factors, band, samples);
            if listens {
                mix::blend(backend, samples, band, &listen);
            }
        }
    }

    fn reset(&mut self) {
        let Self {
            backend: _,
            high_pass,
            pole: _,
            powers,
            curve,
            listen,
            ballistics_coeffs: _,
            times,
            ballistics,
            lookahead,
            old_taps: _,
            taps: _,
            arrival,
            histories,
            last_db,
            meter,
            non_finite,
            scratch: _,
        } = self;
        high_pass.reset();
        *powers = Powers::default();
        curve.jump_to(curve.target());
        listen.jump_to(listen.target());
        times.jump_to(times.target());
        *ballistics = Ballistics::REST;
        lookahead.reset();
        arrival.jump_to(arrival.target());
        histories.iter_mut().for_each(History::reset);
        *last_db = 0.0;
        *meter = ReductionMeter::default();
        *non_finite = 0;
    }
}

impl<S: Sample> Engine<S> for DeEsser<S> {
    type Params = DeEsserParams;

    fn build(params: &DeEsserParams, spec: &StreamSpec) -> Result<Self, Error> {
        Ok(DeEsser { spec: *spec, engine: Box::new(DeEsserEngine::new(spec, &*params.design(spec)?)) })
    }

    fn run(
        &mut self,
        block: &mut BlockMut<'_, '_, S>,
        _key: Option<&Block<'_, '_, S>>,
        reduction_db: Option<&mut BlockMut<'_, '_, f64>>,
    ) {
        self.engine.process(block, reduction_db);
    }
}

compiled!(DeEsserParams => DeEsser);

impl<S: Sample> Processor<S> for DeEsser<S> {
    engine!(DeEsserParams, dynamics);

    fn reset(&mut self) {
        let Self { spec: _, engine } = self;
        engine.reset();
    }

    fn latency_frames(&self) -> usize {
        self.engine.latency()
    }

    fn tail(&self) -> Tail {
        Tail::Frames(2 * self.engine.latency() as u64)
    }

    fn non_finite_samples(&self) -> u64 {
        self.engine.non_finite
    }
}

impl<S: Sample> Tunable<S> for DeEsser<S> {
    type Params = DeEsserParams;

    fn apply(&mut self, coeffs: &DeEsserCoeffs) {
        self.engine.apply(coeffs);
    }
}

impl<S: Sample> Dynamics<S> for DeEsser<S> {
    traced!(DeEsserParams);

    fn gain_reduction_db(&self, trace: usize) -> f64 {
        if trace < self.spec.channels() { self.engine.last_db } else { 0.0 }
    }

    fn gain_reduction(&self) -> GainReduction {
        self.engine.meter.reading()
    }
}
