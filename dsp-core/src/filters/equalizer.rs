//! Equalizer of up to 32 bands.

use super::{
    band::{Band, BandParams, Design, MAX_BAND_SECTIONS, MAX_BANDS, check_all},
    biquad::BiquadCoeffs,
    cascade::Cascade,
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
    },
    primitives::backend::Backend,
};
use alloc::{vec, vec::Vec};
use num_complex::Complex64;

/// Equalizer of up to 32 bands.
///
/// # Signal
/// in -> band 1 -> band 2 -> … -> out, each band 1 to 8 second-order sections
///
/// # Parameters
/// Those of [`EqualizerParams`].
///
/// # Contract
/// Latency 0. Tail until every section has decayed below -400 dB. Any channel count; all channels get the same filter.
/// State and coefficients are f64 for both sample formats; one rounding at the end. Changes glide over 50 ms (log
/// frequency and q, mix terms on a C2 ramp), also when a band changes its kind, is added or removed. Neutral without
/// bands, and with bands at 0 dB.
///
/// Memory: 214 kB for stereo f32 at 48 kHz, whatever its bands: any may glide to 96 dB per octave.
///
/// # Source
/// `filters::band` for the shapes, `filters::cascade` for the realisation.
#[derive(Clone, Debug)]
pub struct Equalizer<S> {
    spec: StreamSpec,
    cascade: Cascade,
    non_finite: u64,
    sample: core::marker::PhantomData<S>,
}

params! {
    /// Settings of [`Equalizer`].
    ///
    /// ```
    /// use mixdown::{Params, StreamSpec, filters::{BellParams, EqualizerParams, HighPassParams}, gain_to_db};
    ///
    /// let rumble = HighPassParams { frequency_hz: 40.0, ..Default::default() };
    /// let presence = BellParams { frequency_hz: 3_000.0, gain_db: 2.5, q: 0.8 };
    /// let equalizer = EqualizerParams { bands: vec![rumble.into(), presence.into()], ..Default::default() };
    /// let response = equalizer.frequency_response(&StreamSpec::new(48_000.0, 2)?, &[40.0, 3_000.0])?.unwrap();
    /// assert!((gain_to_db(response[0].norm()) + 3.01).abs() < 0.02);
    /// assert!((gain_to_db(response[1].norm()) - 2.5).abs() < 0.01);
    /// # Ok::<(), mixdown::Error>(())
    /// ```
    #[derive(Clone, Debug, PartialEq)]
    EqualizerParams {
        bands: compound Vec<Band>, default Vec::new(),
            "The bands, in order, at most 32; memory for as many is taken when it is built";
        design: choice Design, "How they become digital filters";
    }
}

impl Params for EqualizerParams {
    type Coeffs = EqualizerCoeffs;
    type Processor<S: Sample> = Equalizer<S>;

    fn validate(&self, spec: &StreamSpec) -> Result<(), Error> {
        check_all(&self.bands, spec)
    }

    fn design(&self, spec: &StreamSpec) -> Result<Designed<EqualizerCoeffs>, Error> {
        self.validate(spec)?;
        let mut sections = vec![BiquadCoeffs::IDENTITY; MAX_BANDS * MAX_BAND_SECTIONS];
        for (slots, band) in sections.chunks_exact_mut(MAX_BAND_SECTIONS).zip(&self.bands) {
            slots.copy_from_slice(band.sections(spec.sample_rate_hz(), self.design).padded());
        }
        Ok(Designed::new(spec, EqualizerCoeffs { sections }))
    }

    fn build<S: Sample>(&self, spec: &StreamSpec) -> Result<Equalizer<S>, Error> {
        self.build_compiled(spec)
    }

    fn neutral() -> Option<Self> {
        Some(Self::default())
    }

    fn frequency_response(&self, spec: &StreamSpec, frequencies_hz: &[f64]) -> Result<Option<Vec<Complex64>>, Error> {
        self.validate(spec)?;
        let rate_hz = spec.sample_rate_hz();
        let bands: Vec<_> = self.bands.iter().map(|band| band.sections(rate_hz, self.design)).collect();
        let at = |&hz: &f64| bands.iter().map(|sections| sections.response(hz, rate_hz)).product();
        Ok(Some(frequencies_hz.iter().map(at).collect()))
    }
}

/// Coefficients of an [`Equalizer`]: the sections of all bands, each band in its own slots.
#[derive(Clone, Debug, PartialEq)]
pub struct EqualizerCoeffs {
    sections: Vec<BiquadCoeffs>,
}

impl<S: Sample> Engine<S> for Equalizer<S> {
    type Params = EqualizerParams;

    fn build(params: &EqualizerParams, spec: &StreamSpec) -> Result<Self, Error> {
        let coeffs = params.design(spec)?;
        let backend = Backend::new(spec.cpu());
        Ok(Equalizer {
            spec: *spec,
            cascade: Cascade::new(backend, spec.channels(), spec.sample_rate_hz(), &coeffs.sections),
            non_finite: 0,
            sample: core::marker::PhantomData,
        })
    }

    fn run(
        &mut self,
        block: &mut BlockMut<'_, '_, S>,
        _key: Option<&Block<'_, '_, S>>,
        _reduction_db: Option<&mut BlockMut<'_, '_, f64>>,
    ) {
        fit(block, self.spec.channels(), |block| self.non_finite += self.cascade.process(block));
    }
}

compiled!(EqualizerParams => Equalizer);

impl<S: Sample> Processor<S> for Equalizer<S> {
    engine!(EqualizerParams);

    fn reset(&mut self) {
        let Self { spec: _, cascade, non_finite, sample: _ } = self;
        cascade.reset();
        *non_finite = 0;
    }

    fn tail(&self) -> Tail {
        Tail::Frames(self.cascade.tail_frames())
    }

    fn non_finite_samples(&self) -> u64 {
        self.non_finite
    }
}

impl<S: Sample> Tunable<S> for Equalizer<S> {
    type Params = EqualizerParams;

    fn apply(&mut self, coeffs: &EqualizerCoeffs) {
        self.cascade.set_coeffs(&coeffs.sections);
    }
}
