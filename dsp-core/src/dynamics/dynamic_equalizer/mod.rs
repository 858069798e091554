//! Dynamic equalizer: bands whose gain follows the level at their own frequency.

mod band_detector;
mod bands;
mod detector_bank;
mod engine;
mod slot;
mod svf_table;

use crate::{
    filters::band::{BandParams, Design, MAX_BANDS},
    foundation::{
        block::{Block, BlockMut},
        declare::params,
        engine::{Compiled, Engine, compiled, engine, traced},
        error::{Error, count_in},
        params::{Designed, Params, Tunable},
        processor::{Dynamics, GainReduction, Processor},
        sample::Sample,
        stream::StreamSpec,
        tail::Tail,
    },
};
use alloc::{boxed::Box, vec::Vec};
pub use bands::{
    DynamicAction, DynamicBand, DynamicDirection, DynamicEqualizerBand, DynamicEqualizerCoeffs, DynamicShape,
};
use engine::DynamicEqualizerEngine;
use num_complex::Complex64;

/// Dynamic equalizer: bands whose gain follows the level at their own frequency.
///
/// # Signal
/// in or key -> each dynamic band: filter at its frequency -> level -> static curve -> release, attack -> gain of the
/// band; in -> band 1 -> band 2 -> … -> out
///
/// # Parameters
/// Those of [`DynamicEqualizerParams`], and of each [`DynamicBand`].
///
/// # Contract
/// Latency 0. Tail until every section has decayed below -400 dB. Any channel count; the loudest channel determines the
/// reduction of all. A key of one channel, or as many as the input, replaces the input of the detectors.
///
/// Beyond the threshold the gain of a band moves, as the table of [`DynamicBand`] says, by `range_db` at most. A bell
/// detects in a band pass of its own frequency and q with 0 dB at the centre, in quadrature, so that a steady tone
/// there reads its amplitude in every frame; shelves and tilts detect the samples of a low or high pass. All detectors
/// take the input of the equalizer, not the output of earlier bands. Times are those of the reduction in dB, as a
/// compressor's.
///
/// Without reduction the output has the bits of an [`Equalizer`](crate::filters::Equalizer) with the same shapes, again
/// from 22 time constants after the last reduction. Neutral without bands. Traces are those of the first band, channel
/// by channel, then of the next; those of a static band are 0, boosts are negative.
///
/// Changes: shapes glide over 50 ms, also when a band changes its kind, is added or removed; thresholds, ratios, ranges
/// and times over 20 ms before the ballistics.
///
/// Memory: 569 kB for stereo f32 at 48 kHz, for 32 bands whatever their number: bands can be added while it runs.
///
/// # Source
/// Shapes and their fits: `filters::band`. A shape is designed for each 1.5 dB of reduction beforehand; between two the
/// coefficients of the state variable filter are interpolated (`dynamics::dynamic_equalizer::svf_table`), which may be
/// modulated at audio rate (A. Wishnick, DAFx-14). Static curve and ballistics: D. Giannoulis, M. Massberg, J. Reiss,
/// JAES 60(6), 2012. Own: the quadrature by a first-order all pass (`dynamics::dynamic_equalizer::band_detector`).
#[derive(Clone, Debug)]
pub struct DynamicEqualizer<S> {
    spec: StreamSpec,
    bands: usize,
    /// Boxed: it is large compared with the other effects of a chain.
    engine: Box<DynamicEqualizerEngine>,
    sample: core::marker::PhantomData<S>,
}

params! {
    /// Settings of [`DynamicEqualizer`].
    ///
    /// ```
    /// use mixdown::{BlockMut, Dynamics, Params, StreamSpec, dynamics::{DynamicBand, DynamicEqualizerParams,
    /// DynamicShape}, filters::BellParams};
    ///
    /// // 3 kHz up to -30 dBFS; the excess over it is halved, in dB.
    /// let harsh = DynamicShape::Bell(BellParams { frequency_hz: 3_000.0, gain_db: 0.0, q: 2.0 });
    /// let params = DynamicEqualizerParams { bands: vec![DynamicBand { shape: harsh, ..Default::default() }.into()] };
    /// let mut equalizer = params.build::<f32>(&StreamSpec::new(48_000.0, 1)?)?;
    ///
    /// use mixdown::Processor;
    /// let tone = |n: i32| 0.1 * (0.392_699_1 * n as f32).sin();
    /// let mut audio: Vec<f32> = (0..48_000).map(tone).collect();
    /// equalizer.process(&mut BlockMut::from_planar(&mut audio, 1)?);
    /// // -20 dBFS is 10 dB over.
    /// assert!((equalizer.gain_reduction_db(0) - 5.0).abs() < 0.1);
    /// # Ok::<(), mixdown::Error>(())
    /// ```
    #[derive(Clone, Debug, PartialEq)]
    DynamicEqualizerParams {
        bands: compound Vec<DynamicEqualizerBand>, default Vec::new(), "The bands, in order, at most 32";
    }
}

impl Params for DynamicEqualizerParams {
    type Coeffs = DynamicEqualizerCoeffs;
    type Processor<S: Sample> = DynamicEqualizer<S>;

    fn validate(&self, spec: &StreamSpec) -> Result<(), Error> {
        count_in("bands", self.bands.len(), 0, MAX_BANDS)?;
        for (position, band) in self.bands.iter().enumerate() {
            let checked = match band.kind() {
                Ok(band) => band.check(spec),
                Err(band) => band.check(spec),
            };
            checked.map_err(|error| error.within("bands", position))?;
        }
        Ok(())
    }

    fn design(&self, spec: &StreamSpec) -> Result<Designed<DynamicEqualizerCoeffs>, Error> {
        let mut coeffs = DynamicEqualizerCoeffs::none();
        self.redesign(spec, &mut coeffs)?;
        Ok(Designed::new(spec, coeffs))
    }

    /// Designs the bands that have changed alone.
    fn redesign(&self, spec: &StreamSpec, coeffs: &mut DynamicEqualizerCoeffs) -> Result<(), Error> {
        self.validate(spec)?;
        coeffs.set(&self.bands, spec.sample_rate_hz());
        Ok(())
    }

    fn build<S: Sample>(&self, spec: &StreamSpec) -> Result<DynamicEqualizer<S>, Error> {
        self.build_compiled(spec)
    }

    fn neutral() -> Option<Self> {
        Some(Self::default())
    }

    fn frequency_response(&self, spec: &StreamSpec, frequencies_hz: &[f64]) -> Result<Option<Vec<Complex64>>, Error> {
        self.validate(spec)?;
        let rate_hz = spec.sample_rate_hz();
        let fixed: Result<Vec<_>, _> = self.bands.iter().map(DynamicEqualizerBand::kind).collect();
        let Ok(fixed) = fixed else { return Ok(None) };
        let bands: Vec<_> = fixed.iter().map(|band| band.sections(rate_hz, Design::default())).collect();
        let at = |&hz: &f64| bands.iter().map(|sections| sections.response(hz, rate_hz)).product();
        Ok(Some(frequencies_hz.iter().map(at).collect()))
    }
}

impl<S: Sample> Engine<S> for DynamicEqualizer<S> {
    type Params = DynamicEqualizerParams;

    fn build(params: &DynamicEqualizerParams, spec: &StreamSpec) -> Result<Self, Error> {
        let coeffs = params.design(spec)?;
        let engine = Box::new(DynamicEqualizerEngine::new(spec, &coeffs));
        Ok(DynamicEqualizer { spec: *spec, bands: coeffs.bands, engine, sample: core::marker::PhantomData })
    }

    fn run(
        &mut self,
        block: &mut BlockMut<'_, '_, S>,
        key: Option<&Block<'_, '_, S>>,
        reduction_db: Option<&mut BlockMut<'_, '_, f64>>,
    ) {
        self.engine.process(block, key, reduction_db);
    }
}

compiled!(DynamicEqualizerParams => DynamicEqualizer);

impl<S: Sample> Processor<S> for DynamicEqualizer<S> {
    engine!(DynamicEqualizerParams, dynamics, key);

    fn reset(&mut self) {
        let Self { spec: _, bands: _, engine, sample: _ } = self;
        engine.reset();
    }

    fn tail(&self) -> Tail {
        Tail::Frames(self.engine.tail_frames())
    }

    fn non_finite_samples(&self) -> u64 {
        self.engine.non_finite_samples()
    }
}

impl<S: Sample> Tunable<S> for DynamicEqualizer<S> {
    type Params = DynamicEqualizerParams;

    fn apply(&mut self, coeffs: &DynamicEqualizerCoeffs) {
        self.engine.set_coeffs(coeffs);
        self.bands = coeffs.bands;
    }
}

impl<S: Sample> Dynamics<S> for DynamicEqualizer<S> {
    traced!(DynamicEqualizerParams);

    fn traces(&self) -> usize {
        self.bands * self.spec.channels()
    }

    fn gain_reduction_db(&self, trace: usize) -> f64 {
        self.engine.last_db(trace / self.spec.channels())
    }

    fn gain_reduction(&self) -> GainReduction {
        self.engine.meter().reading()
    }
}
