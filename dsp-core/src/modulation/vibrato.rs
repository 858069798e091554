//! Vibrato.

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
        fit::fit,
        params::{Designed, Params, Tunable},
        processor::Processor,
        sample::Sample,
        stream::StreamSpec,
        table::{Fields, Limit},
        tail::Tail,
    },
};
use alloc::{boxed::Box, vec};
use core::f64::consts::TAU;

/// Vibrato: the pitch swings on a sine, by a delay that an LFO sweeps.
///
/// # Signal
/// in -> delay line, read at `centre + D sin(2π rate t)`
///
/// # Parameters
/// Those of [`VibratoParams`].
///
/// # Contract
/// Latency: the centre of the delay, 5 ms and 8 frames, rounded up to a frame; fixed. Any channel count, all alike. The
/// pitch rises by `depth_cents` and falls a little further: a ratio of 1 ± 2π rate D, with D = (2^(cents/1200) - 1)/(2π
/// rate) seconds; -30.5 cents at 30, -226 at 200. D is 5 ms at most, which the memory is for: more cents are refused at a
/// low rate, below 3.9 Hz from 200 on, at 1 Hz from 53 on. A sine keeps its level within 0.01 dB up to 16 kHz at 48 kHz.
/// Tail: centre and D. Rate changes glide over 200 ms and keep the phase, depth over 200 ms. Neutral at a depth of 0,
/// which is the delay alone.
///
/// Memory: 25.5 kB for stereo f32 at 48 kHz.
///
/// # Source
/// Phase modulation: J. Chowning, "The synthesis of complex audio spectra by means of frequency modulation", JAES 21(7),
/// 1973: a sine becomes lines of the amplitudes J_k(2π f D) at k times the rate around it.
#[derive(Clone, Debug)]
pub struct Vibrato<S> {
    spec: StreamSpec,
    coeffs: VibratoCoeffs,
    /// Boxed: it is large compared with the other effects of a chain.
    engine: Box<SweptDelay<S>>,
    non_finite: u64,
}

params! {
    /// Settings of [`Vibrato`].
    ///
    /// ```
    /// use mixdown::{BlockMut, Params, Processor, StreamSpec, modulation::VibratoParams};
    ///
    /// // Without depth it is a delay, its latency.
    /// let params = VibratoParams { depth_cents: 0.0, ..Default::default() };
    /// let mut vibrato = params.build(&StreamSpec::new(48_000.0, 1)?)?;
    /// let mut audio = [0.0_f32; 480];
    /// audio[0] = 0.1;
    /// vibrato.process(&mut BlockMut::from_planar(&mut audio, 1)?);
    /// assert_eq!((vibrato.latency_frames(), audio[248]), (248, 0.1));
    /// # Ok::<(), mixdown::Error>(())
    /// ```
    #[derive(Clone, Copy, Debug, PartialEq)]
    VibratoParams {
        rate_hz: Hz, 0.01..=20.0, default 5.0, log, "Rate of the LFO";
        tempo_bpm: bpm, 20.0..=999.0, default 120.0, "Tempo of the note";
        note: choice NoteValue, "Note that sets the rate, by the tempo; off: rate_hz counts";
        depth_cents: cents, 0.0..=200.0, at_most |vibrato| vibrato.deepest(), default 30.0,
            "Peak deviation of the pitch; at low rates less, for a delay of 5 ms";
    }
}

/// The largest deviation of the delay, in seconds.
const LARGEST_S: f64 = 5e-3;

impl VibratoParams {
    fn rate(&self) -> f64 {
        self.note.rate_hz(self.tempo_bpm, self.rate_hz)
    }

    fn deepest(&self) -> Limit {
        let rate_hz = self.rate();
        let cents = 1_200.0 * libm::log2(1.0 + TAU * rate_hz.max(0.0) * LARGEST_S);
        // A number that errors can show.
        let value = libm::floor(10.0 * cents) / 10.0;
        Limit { value, with: "rate_hz", with_value: rate_hz }
    }

    /// Peak deviation of the delay, in seconds.
    fn depth_s(&self) -> f64 {
        (libm::exp2(self.depth_cents / 1_200.0) - 1.0) / (TAU * self.rate())
    }
}

/// The centre of the delay, in frames.
fn centre(rate_hz: f64) -> usize {
    libm::ceil(LARGEST_S * rate_hz) as usize + SHORTEST + 1
}

impl Params for VibratoParams {
    type Coeffs = VibratoCoeffs;
    type Processor<S: Sample> = Vibrato<S>;

    fn validate(&self, spec: &StreamSpec) -> Result<(), Error> {
        // The rate that a note makes, before the depth at this rate.
        self.note.check(self.tempo_bpm, Self::FIELDS, "rate_hz", self.rate(), f64::INFINITY)?;
        self.check_fields(spec.sample_rate_hz())
    }

    fn design(&self, spec: &StreamSpec) -> Result<Designed<VibratoCoeffs>, Error> {
        self.validate(spec)?;
        let rate_hz = spec.sample_rate_hz();
        let swept = SweptCoeffs {
            rate_hz: self.rate(),
            centre: centre(rate_hz) as f64,
            amplitude: self.depth_s() * rate_hz,
            spread: 0.0,
            dry_gain: 0.0,
            wet_gain: 1.0,
            feedback: 0.0,
            low_cut: BiquadCoeffs::IDENTITY,
        };
        Ok(Designed::new(spec, VibratoCoeffs { swept }))
    }

    fn build<S: Sample>(&self, spec: &StreamSpec) -> Result<Vibrato<S>, Error> {
        self.build_compiled(spec)
    }

    fn neutral() -> Option<Self> {
        Some(Self { depth_cents: 0.0, ..Self::default() })
    }
}

/// Coefficients of a [`Vibrato`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct VibratoCoeffs {
    swept: SweptCoeffs,
}

impl<S: Sample> Engine<S> for Vibrato<S> {
    type Params = VibratoParams;

    fn build(params: &VibratoParams, spec: &StreamSpec) -> Result<Self, Error> {
        let coeffs = params.design(spec)?.into_inner();
        let fixed = Fixed {
            voices: vec![Voice { ratio: 1.0, phase: 0.0, ratio_spread: 0.0, phase_spread: 0.0 }],
            longest: 2 * centre(spec.sample_rate_hz()),
            dry_frames: 0,
            has_low_cut: false,
        };
        let engine = Box::new(SweptDelay::new(spec, spec.channels(), fixed, &coeffs.swept));
        Ok(Vibrato { spec: *spec, coeffs, engine, non_finite: 0 })
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

compiled!(VibratoParams => Vibrato);

impl<S: Sample> Processor<S> for Vibrato<S> {
    engine!(VibratoParams);

    fn reset(&mut self) {
        let Self { spec: _, coeffs: _, engine, non_finite } = self;
        engine.reset();
        *non_finite = 0;
    }

    fn latency_frames(&self) -> usize {
        centre(self.spec.sample_rate_hz())
    }

    fn tail(&self) -> Tail {
        self.engine.tail()
    }

    fn non_finite_samples(&self) -> u64 {
        self.non_finite
    }
}

impl<S: Sample> Tunable<S> for Vibrato<S> {
    type Params = VibratoParams;

    fn apply(&mut self, coeffs: &VibratoCoeffs) {
        self.coeffs = *coeffs;
        self.engine.set(&coeffs.swept);
    }
}
