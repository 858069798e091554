//! The contract of settings ([`Params`]) and of the processors that they are applied to ([`Tunable`]).

use super::{
    error::{Error, expect_channels, expect_rate},
    processor::Processor,
    sample::Sample,
    stream::StreamSpec,
    table::Fields,
};
use alloc::vec::Vec;
use num_complex::Complex64;

/// A processor's settings, in dB, Hz and ms.
///
/// `design` turns them into coefficients (pure, in f64, the costly part), `build` into a processor (the only call that
/// allocates). [`Tunable`] applies coefficients to a running processor.
pub trait Params: Fields + Clone + PartialEq + Default + 'static {
    /// The coefficients.
    type Coeffs;
    /// The processor.
    type Processor<S: Sample>: Tunable<S, Params = Self> + 'static;

    /// Output channels for `input` channels.
    ///
    /// # Errors
    /// [`Error::Channels`] if it does not take that many.
    fn output_channels(&self, input: usize) -> Result<usize, Error> {
        Ok(input)
    }

    /// Checks every parameter; never clamps.
    ///
    /// # Errors
    /// [`Error::Channels`], or the first parameter that is out of range for this stream.
    fn validate(&self, spec: &StreamSpec) -> Result<(), Error> {
        self.output_channels(spec.channels())?;
        self.check_fields(spec.sample_rate_hz())
    }

    /// The coefficients for this stream.
    ///
    /// # Errors
    /// As [`validate`](Self::validate).
    fn design(&self, spec: &StreamSpec) -> Result<Designed<Self::Coeffs>, Error>;

    /// Replaces coefficients by those for this stream, in their memory: takes none if they were designed for the same
    /// stream and from settings of the same shape, with as many bands of the same kinds. So automation designs in a
    /// callback, where no field is `costly`.
    ///
    /// # Errors
    /// As [`validate`](Self::validate). The coefficients may be those of either settings then, in parts.
    fn redesign(&self, spec: &StreamSpec, coeffs: &mut Self::Coeffs) -> Result<(), Error> {
        *coeffs = self.design(spec)?.into_inner();
        Ok(())
    }

    /// A processor for this stream.
    ///
    /// # Errors
    /// As [`validate`](Self::validate).
    fn build<S: Sample>(&self, spec: &StreamSpec) -> Result<Self::Processor<S>, Error>;

    /// The setting under which the output equals the delayed input bit for bit, if there is one.
    fn neutral() -> Option<Self> {
        None
    }

    /// Output level of a steady signal at each input level, in dB, if the gain depends on the level alone.
    fn transfer_curve(&self, levels_db: &[f64]) -> Option<Vec<f64>> {
        let _ = levels_db;
        None
    }

    /// Complex gain at each frequency (0 to half the rate) without the latency; `None` if no single response describes
    /// the processor: it is not linear, changes with time, or treats channels
    /// differently.
    ///
    /// # Errors
    /// As [`validate`](Self::validate).
    fn frequency_response(&self, spec: &StreamSpec, frequencies_hz: &[f64]) -> Result<Option<Vec<Complex64>>, Error> {
        let _ = frequencies_hz;
        self.validate(spec).map(|()| None)
    }
}

/// Coefficients, and the stream that they were designed for: processors of another one refuse them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Designed<C> {
    sample_rate_hz: f64,
    channels: usize,
    coeffs: C,
}

impl<C> Designed<C> {
    /// Coefficients for this stream.
    pub fn new(spec: &StreamSpec, coeffs: C) -> Self {
        Self { sample_rate_hz: spec.sample_rate_hz(), channels: spec.channels(), coeffs }
    }

    /// Checks that they were designed for this sample rate and channel count; does not allocate.
    ///
    /// # Errors
    /// [`Error::OtherSampleRate`] or [`Error::Channels`].
    pub fn check_spec(&self, spec: &StreamSpec) -> Result<(), Error> {
        expect_rate(spec.sample_rate_hz(), self.sample_rate_hz)?;
        expect_channels(spec.channels(), self.channels)
    }

    /// Replaces the coefficients by those of other settings: see [`Params::redesign`].
    ///
    /// # Errors
    /// As [`Params::redesign`].
    pub fn redesign<P: Params<Coeffs = C>>(&mut self, params: &P, spec: &StreamSpec) -> Result<(), Error> {
        params.redesign(spec, &mut self.coeffs)?;
        (self.sample_rate_hz, self.channels) = (spec.sample_rate_hz(), spec.channels());
        Ok(())
    }

    /// The coefficients alone.
    pub fn into_inner(self) -> C {
        self.coeffs
    }
}

impl<C> core::ops::Deref for Designed<C> {
    type Target = C;

    fn deref(&self) -> &C {
        &self.coeffs
    }
}

/// A processor whose settings can change while it runs, the same way for every processor.
///
/// [`design`](Params::design) is the costly part and may run on any thread. [`apply`](Self::apply) glides to the result
/// in O(1) and neither allocates nor frees, so that a callback may call it; the coefficients stay with the caller,
/// which sends them back to another thread to be dropped.
///
/// ```
/// use mixdown::{Params, StreamSpec, Tunable, filters::BellParams};
///
/// let spec = StreamSpec::new(48_000.0, 2)?;
/// let mut bell = BellParams::default().build::<f32>(&spec)?;
/// let boost = BellParams { gain_db: 6.0, ..Default::default() };
/// // At once …
/// bell.set_params(&boost)?;
/// // … or designed elsewhere and set in the callback.
/// let coeffs = boost.design(&spec)?;
/// bell.set_coeffs(&coeffs)?;
/// # Ok::<(), mixdown::Error>(())
/// ```
pub trait Tunable<S: Sample>: Processor<S> {
    /// Its settings.
    type Params: Params;

    /// Checks that it can glide to coefficients designed for its stream; does not allocate.
    ///
    /// # Errors
    /// [`Error::NeedsRebuild`] if they size memory or change the latency, [`Error::OtherKind`] if they are of another
    /// kind of effect.
    fn fits(&self, coeffs: &<Self::Params as Params>::Coeffs) -> Result<(), Error> {
        let _ = coeffs;
        Ok(())
    }

    /// Checks that it can glide to these coefficients; does not allocate.
    ///
    /// # Errors
    /// As [`Designed::check_spec`] and [`fits`](Self::fits).
    fn check(&self, coeffs: &Designed<<Self::Params as Params>::Coeffs>) -> Result<(), Error> {
        coeffs.check_spec(&self.spec())?;
        self.fits(coeffs)
    }

    /// Glides to coefficients that [`check`](Self::check) accepts.
    fn apply(&mut self, coeffs: &<Self::Params as Params>::Coeffs);

    /// Glides to coefficients designed elsewhere; does not allocate.
    ///
    /// # Errors
    /// As [`check`](Self::check); nothing changes then.
    fn set_coeffs(&mut self, coeffs: &Designed<<Self::Params as Params>::Coeffs>) -> Result<(), Error> {
        self.check(coeffs)?;
        self.apply(coeffs);
        Ok(())
    }

    /// Glides to other settings. Designs them on this thread; in a callback use [`set_coeffs`](Self::set_coeffs).
    ///
    /// # Errors
    /// As [`Params::validate`] and [`check`](Self::check); nothing changes then.
    fn set_params(&mut self, params: &Self::Params) -> Result<(), Error> {
        self.set_coeffs(&params.design(&self.spec())?)
    }
}

/// The coefficients of a tunable processor.
pub type CoeffsOf<S, P> = Designed<<<P as Tunable<S>>::Params as Params>::Coeffs>;
