//! One band by itself as an effect: bell, shelves, low and high pass, band pass, notch, all pass, tilt.

use super::{
    band::{
        AllPassParams, BandParams, BandPassParams, BellParams, Design, HighPassParams, HighShelfParams, LowPassParams,
        LowShelfParams, NotchParams, Sections, TiltParams,
    },
    cascade::Cascade,
};
use crate::{
    foundation::{
        block::BlockMut,
        error::Error,
        fit::fit,
        processor::{Params, Processor, Tail},
        sample::Sample,
        stream::StreamSpec,
    },
    primitives::backend::Backend,
};
use alloc::vec::Vec;
use num_complex::Complex64;

/// One band by itself as an effect: bell, shelves, low and high pass, band pass, notch, all pass, tilt.
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
/// # Source
/// `parts::band` for the shapes, `parts::cascade` for the realisation.
#[derive(Clone, Debug)]
pub struct Filter<S, P> {
    spec: StreamSpec,
    cascade: Cascade,
    faults: u64,
    kind: core::marker::PhantomData<(S, P)>,
}

macro_rules! filter {
    ($params:ident, $neutral:expr) => {
        impl Params for $params {
            type Coeffs = FilterCoeffs;
            type Processor<S: Sample> = Filter<S, $params>;

            fn validate(&self, spec: &StreamSpec) -> Result<(), Error> {
                self.check(spec)
            }

            fn design(&self, spec: &StreamSpec) -> Result<FilterCoeffs, Error> {
                self.check(spec)?;
                Ok(FilterCoeffs { sections: self.sections(spec.sample_rate_hz(), Design::Matched) })
            }

            fn build<S: Sample>(&self, spec: &StreamSpec) -> Result<Filter<S, $params>, Error> {
                Filter::new(spec, &self.design(spec)?)
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

/// What [`Filter`] runs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FilterCoeffs {
    sections: Sections,
}

impl<S: Sample, P: Params<Coeffs = FilterCoeffs>> Filter<S, P> {
    fn new(spec: &StreamSpec, coeffs: &FilterCoeffs) -> Result<Self, Error> {
        let backend = Backend::new(spec.cpu());
        Ok(Self {
            spec: *spec,
            cascade: Cascade::new(backend, spec.channels(), spec.sample_rate_hz(), coeffs.sections.padded()),
            faults: 0,
            kind: core::marker::PhantomData,
        })
    }

    /// Glides to other settings in 50 ms. Designs them here, at some tens of µs; see [`set_coeffs`](Self::set_coeffs)
    /// for callbacks.
    ///
    /// # Errors
    /// As [`Params::validate`]; the old setting stays.
    pub fn set_params(&mut self, params: &P) -> Result<(), Error> {
        self.set_coeffs(&params.design(&self.spec)?);
        Ok(())
    }

    /// Glides to coefficients designed elsewhere.
    pub fn set_coeffs(&mut self, coeffs: &FilterCoeffs) {
        self.cascade.set_coeffs(coeffs.sections.padded());
    }
}

impl<S: Sample, P: Params<Coeffs = FilterCoeffs> + Send> Processor<S> for Filter<S, P> {
    fn spec(&self) -> StreamSpec {
        self.spec
    }

    fn process(&mut self, block: &mut BlockMut<'_, '_, S>) {
        fit(block, self.spec.channels(), |block| self.faults += self.cascade.process(block));
    }

    fn reset(&mut self) {
        let Self { spec: _, cascade, faults, kind: _ } = self;
        cascade.reset();
        *faults = 0;
    }

    fn tail(&self) -> Tail {
        Tail::Frames(self.cascade.tail_frames())
    }

    fn faults(&self) -> u64 {
        self.faults
    }
}
