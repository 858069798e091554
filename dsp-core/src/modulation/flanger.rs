//! Flanger.

use super::{
    swept_delay::{Fixed, SHORTEST, SweptCoeffs, SweptDelay, Voice},
    tempo::NoteValue,
};
use crate::{
    filters::biquad::BiquadCoeffs,
    foundation::{
        block::{Block, BlockMut},
        declare::params,
        engine::{Compiled, Engine, compiled, engine},
        error::Error,
        field::max_of,
        fit::fit,
        params::{Designed, Params, Tunable},
        processor::Processor,
        sample::Sample,
        stream::StreamSpec,
        table::Fields,
        tail::Tail,
        unit::ms_to_frames,
    },
};
use alloc::{boxed::Box, vec};

/// Flanger: a comb filter that an LFO sweeps, also through zero.
///
/// # Signal
/// in -> + feedback × delayed -> delay line, read at `delay + depth (1 + sin)/2` -> wet; (1 - mix) dry ± mix wet; the dry
/// signal is delayed by 3 ms with `through_zero`
///
/// # Parameters
/// Those of [`FlangerParams`].
///
/// # Contract
/// Latency 0; with `through_zero` 3 ms, rounded to frames. Any channel count, all alike unless `stereo_phase_degrees` is
/// set: then the LFO of every second channel is that far ahead. The LFO sweeps the delay τ from `delay_ms` up by
/// `depth_ms`. With a `mix` of 0.5 and no feedback, notches lie at (k + 1/2)/τ, with `invert` at k/τ. With
/// `through_zero` τ counts from the delayed dry signal: it goes from `delay_ms` - 3 ms up, and where it passes 0 all
/// frequencies add up, with `invert` they all cancel. The delay is 7 frames at least: below 35 kHz of sample rate the
/// shortest `delay_ms` are refused. Feedback raises the peaks of the comb, by 1/(1 - feedback). Tail: the longest delay,
/// with feedback until the signal has decayed by 200 dB. Rate changes glide over 200 ms and keep the phase; delay, depth
/// and stereo phase glide over 200 ms, `feedback`, `invert` and `mix` over 20 ms. Neutral at `mix` 0.
///
/// Memory: 42 kB for stereo f32 at 48 kHz.
///
/// # Source
/// B. Bartlett, "A scientific explanation of phasing (flanging)", JAES 18(6), 1970; the comb: J. Dattorro, "Effect
/// design, part 2", JAES 45(10), 1997. Own: the interpolation of 14 points, so that the comb is as deep at 14 kHz as at
/// 1 kHz.
#[derive(Clone, Debug)]
pub struct Flanger<S> {
    spec: StreamSpec,
    coeffs: FlangerCoeffs,
    /// Boxed: it is large compared with the other effects of a chain.
    engine: Box<SweptDelay<S>>,
    non_finite: u64,
}

params! {
    /// Settings of [`Flanger`].
    ///
    /// ```
    /// use mixdown::{BlockMut, Params, Processor, StreamSpec, modulation::FlangerParams};
    ///
    /// // A comb at rest: the wet signal 1 ms behind the dry one.
    /// let params = FlangerParams { depth_ms: 0.0, feedback: 0.0, ..Default::default() };
    /// let mut audio = [0.0_f64; 96];
    /// audio[0] = 1.0;
    /// params.build(&StreamSpec::new(48_000.0, 1)?)?.process(&mut BlockMut::from_planar(&mut audio, 1)?);
    /// assert_eq!((audio[0], audio[48]), (0.5, 0.5));
    /// assert_eq!(audio.iter().filter(|sample| **sample != 0.0).count(), 2);
    /// # Ok::<(), mixdown::Error>(())
    /// ```
    #[derive(Clone, Copy, Debug, PartialEq)]
    FlangerParams {
        rate_hz: Hz, 0.01..=10.0, default 0.25, log, "Rate of the LFO";
        tempo_bpm: bpm, 20.0..=999.0, default 120.0, "Tempo of the note";
        note: choice NoteValue, "Note that sets the rate, by the tempo; off: rate_hz counts";
        delay_ms: ms, 0.2..=10.0, default 1.0, log, "The shortest delay";
        depth_ms: ms, 0.0..=10.0, default 4.0, "How much longer the longest delay is";
        feedback: none, -0.95..=0.95, default 0.5, "Gain of the delayed signal back to the input";
        stereo_phase_degrees: deg, 0.0..=180.0, default 0.0, "How far the LFO of the right channel is ahead";
        through_zero: switch, default false, fixed, "Delays the dry signal by 3 ms, so that the wet one passes it";
        invert: switch, default false, "Turns the wet signal upside down";
        mix: none, 0.0..=1.0, default 0.5, "0 is the input alone, 1 the delayed signal alone";
    }
}

/// Delay of the dry signal, in ms: the middle of the default sweep.
const THROUGH_ZERO_MS: f64 = 3.0;

impl FlangerParams {
    fn rate(&self) -> f64 {
        self.note.rate_hz(self.tempo_bpm, self.rate_hz)
    }

    fn dry_frames(&self, rate_hz: f64) -> usize {
        if self.through_zero { ms_to_frames(THROUGH_ZERO_MS, rate_hz) } else { 0 }
    }
}

impl Params for FlangerParams {
    type Coeffs = FlangerCoeffs;
    type Processor<S: Sample> = Flanger<S>;

    fn validate(&self, spec: &StreamSpec) -> Result<(), Error> {
        self.check_fields(spec.sample_rate_hz())?;
        let min = SHORTEST as f64 * 1e3 / spec.sample_rate_hz();
        if self.delay_ms < min {
            let max = const { max_of(Self::FIELDS, "delay_ms") };
            return Err(Error::OutOfRange {
                param: "delay_ms",
                index: None,
                value: self.delay_ms,
                min,
                max,
                off: None,
            });
        }
        self.note.check(self.tempo_bpm, Self::FIELDS, "rate_hz", self.rate(), f64::INFINITY)
    }

    fn design(&self, spec: &StreamSpec) -> Result<Designed<FlangerCoeffs>, Error> {
        self.validate(spec)?;
        Ok(Designed::new(spec, FlangerCoeffs::new(self, spec.sample_rate_hz())))
    }

    fn build<S: Sample>(&self, spec: &StreamSpec) -> Result<Flanger<S>, Error> {
        self.build_compiled(spec)
    }

    fn neutral() -> Option<Self> {
        Some(Self { mix: 0.0, ..Self::default() })
    }
}

/// Coefficients of a [`Flanger`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FlangerCoeffs {
    dry_frames: usize,
    swept: SweptCoeffs,
}

impl FlangerCoeffs {
    fn new(params: &FlangerParams, rate_hz: f64) -> Self {
        let &FlangerParams { delay_ms, depth_ms, feedback, stereo_phase_degrees, invert, mix, .. } = params;
        let swept = SweptCoeffs {
            rate_hz: params.rate(),
            centre: 1e-3 * (delay_ms + 0.5 * depth_ms) * rate_hz,
            amplitude: 0.5e-3 * depth_ms * rate_hz,
            spread: stereo_phase_degrees / 360.0,
            dry_gain: 1.0 - mix,
            wet_gain: if invert { -mix } else { mix },
            feedback,
            low_cut: BiquadCoeffs::IDENTITY,
        };
        Self { dry_frames: params.dry_frames(rate_hz), swept }
    }
}

impl<S: Sample> Engine<S> for Flanger<S> {
    type Params = FlangerParams;

    fn build(params: &FlangerParams, spec: &StreamSpec) -> Result<Self, Error> {
        let coeffs = params.design(spec)?.into_inner();
        let longest_ms =
            const { max_of(FlangerParams::FIELDS, "delay_ms") } + const { max_of(FlangerParams::FIELDS, "depth_ms") };
        let fixed = Fixed {
            voices: vec![Voice { ratio: 1.0, phase: 0.0, ratio_spread: 0.0, phase_spread: 1.0 }],
            longest: libm::ceil(1e-3 * longest_ms * spec.sample_rate_hz()) as usize,
            dry_frames: coeffs.dry_frames,
            has_low_cut: false,
        };
        let engine = Box::new(SweptDelay::new(spec, spec.channels(), fixed, &coeffs.swept));
        Ok(Flanger { spec: *spec, coeffs, engine, non_finite: 0 })
    }

    fn run(
        &mut self,
        block: &mut BlockMut<'_, '_, S>,
        _key: Option<&Block<'_, '_, S>>,
        _reduction_db: Option<&mut BlockMut<'_, '_, f64>>,
    ) {
        fit(block, self.spec.channels(), |block| self.non_finite += self.engine.process(block));
    }
}

compiled!(FlangerParams => Flanger);

impl<S: Sample> Processor<S> for Flanger<S> {
    engine!(FlangerParams);

    fn reset(&mut self) {
        let Self { spec: _, coeffs: _, engine, non_finite } = self;
        engine.reset();
        *non_finite = 0;
    }

    fn latency_frames(&self) -> usize {
        self.engine.dry_frames()
    }

    fn tail(&self) -> Tail {
        self.engine.tail()
    }

    fn non_finite_samples(&self) -> u64 {
        self.non_finite
    }
}

impl<S: Sample> Tunable<S> for Flanger<S> {
    type Params = FlangerParams;

    fn fits(&self, coeffs: &FlangerCoeffs) -> Result<(), Error> {
        let fits = coeffs.dry_frames == self.engine.dry_frames();
        if fits { Ok(()) } else { Err(Error::NeedsRebuild { param: "through_zero" }) }
    }

    fn apply(&mut self, coeffs: &FlangerCoeffs) {
        self.coeffs = *coeffs;
        self.engine.set(&coeffs.swept);
    }
}
