//! Single filter: bell, low and high shelf, low and high pass, band pass, notch, all pass, tilt.

use super::{
    band::{
        AllPassParams, BandParams, BandPassParams, BellParams, Design, HighPassParams, HighShelfParams, LowPassParams,
        LowShelfParams, NotchParams, Sections, TiltParams,
    },
    cascade::Cascade,
};
use crate::{
    foundation::{
        block::{Block, BlockMut},
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
use alloc::vec::Vec;
use num_complex::Complex64;

/// Single filter: bell, low and high shelf, low and high pass, band pass, notch, all pass, tilt.
///
/// # Signal
/// in -> 1 to 8 second-order sections -> out
///
/// # Parameters
/// Those of the kinds of [`Band`](crate::filters::Band), by the matched design.
///
/// # Contract
/// As the [equalizer](super::Equalizer)'s: latency 0, tail until every section has decayed below -400 dB, any channel
/// count, f64 inside, glides of 50 ms. Bell, shelves and tilt are neutral at 0 dB.
///
/// Memory: 10 kB for stereo f32 at 48 kHz; low and high pass, of up to 8 sections, 14.1 kB.
///
/// # Source
/// `filters::band` for the shapes, `filters::cascade` for the realisation.
#[derive(Clone, Debug)]
pub struct Filter<S, P> {
    spec: StreamSpec,
    cascade: Cascade,
    non_finite: u64,
    kind: core::marker::PhantomData<(S, P)>,
}

macro_rules! filter {
    ($params:ident, $neutral:expr) => {
        impl Params for $params {
            type Coeffs = FilterCoeffs<$params>;
            type Processor<S: Sample> = Filter<S, $params>;

            fn design(&self, spec: &StreamSpec) -> Result<Designed<FilterCoeffs<$params>>, Error> {
                self.validate(spec)?;
                let sections = self.sections(spec.sample_rate_hz(), Design::Matched);
                Ok(Designed::new(spec, FilterCoeffs { sections, kind: core::marker::PhantomData }))
            }

            fn build<S: Sample>(&self, spec: &StreamSpec) -> Result<Filter<S, $params>, Error> {
                self.build_compiled(spec)
            }

            fn neutral() -> Option<Self> {
                $neutral
            }

            fn frequency_response(
                &self,
                spec: &StreamSpec,
                frequencies_hz: &[f64],
            ) -> Result<Option<Vec<Complex64>>, Error> {
                let (sections, rate_hz) = (self.design(spec)?.sections, spec.sample_rate_hz());
                Ok(Some(frequencies_hz.iter().map(|&hz| sections.response(hz, rate_hz)).collect()))
            }
        }

        compiled!($params => Filter<$params>);

        impl<S: Sample> Processor<S> for Filter<S, $params> {
            engine!($params);

            fn reset(&mut self) {
                let Self { spec: _, cascade, non_finite, kind: _ } = self;
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

        impl<S: Sample> Tunable<S> for Filter<S, $params> {
            type Params = $params;

            fn apply(&mut self, coeffs: &FilterCoeffs<$params>) {
                self.cascade.set_coeffs(coeffs.sections.padded());
            }
        }
    };
}

filter!(BellParams, Some(Self::default()));
filter!(LowShelfParams, Some(Self::default()));
filter!(HighShelfParams, Some(Self::default()));
filter!(LowPassParams, None);
filter!(HighPassParams, None);
filter!(BandPassParams, None);
filter!(NotchParams, None);
filter!(AllPassParams, None);
filter!(TiltParams, Some(Self::default()));

/// Coefficients of a [`Filter`] of one kind.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FilterCoeffs<P> {
    sections: Sections,
    kind: core::marker::PhantomData<P>,
}

impl<S: Sample, P: Params<Coeffs = FilterCoeffs<P>> + BandParams> Engine<S> for Filter<S, P> {
    type Params = P;

    fn build(params: &P, spec: &StreamSpec) -> Result<Self, Error> {
        let coeffs = params.design(spec)?;
        let (backend, places) = (Backend::new(spec.cpu()), &coeffs.sections.padded()[..P::MAX_SECTIONS]);
        Ok(Self {
            spec: *spec,
            cascade: Cascade::new(backend, spec.channels(), spec.sample_rate_hz(), places),
            non_finite: 0,
            kind: core::marker::PhantomData,
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
