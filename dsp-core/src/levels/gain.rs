//! Gain and polarity.

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
        silence,
        stream::StreamSpec,
        unit::{db_to_gain, ms_to_frames},
    },
    primitives::{
        backend::Backend,
        ramp::{GAIN_RAMP_MS, Ramp},
        scale,
    },
};
use alloc::{vec, vec::Vec};
use num_complex::Complex64;

/// Gain and polarity.
///
/// # Signal
/// in -> × g -> out
///
/// # Parameters
/// Those of [`GainParams`].
///
/// # Contract
/// Latency 0, tail 0. Any channel count; all channels get the same gain. Changes glide in amplitude over 20 ms, C2, and
/// pass through zero when the polarity changes.
///
/// Memory: 0.21 kB for stereo f32 at 48 kHz.
///
/// # Source
/// g = 10^(dB/20).
#[derive(Clone, Debug)]
pub struct Gain<S> {
    spec: StreamSpec,
    backend: Backend,
    gain: Ramp<1>,
    non_finite: u64,
    sample: core::marker::PhantomData<S>,
}

params! {
    /// Settings of [`Gain`].
    ///
    /// ```
    /// use mixdown::{BlockMut, Params, Processor, StreamSpec, levels::GainParams};
    ///
    /// let half = GainParams { gain_db: -6.0206, invert_polarity: true };
    /// let mut audio = [1.0_f64, 0.5];
    /// half.build(&StreamSpec::new(48_000.0, 1)?)?.process(&mut BlockMut::from_planar(&mut audio, 1)?);
    /// assert!((audio[0] + 0.5).abs() < 1e-6 && (audio[1] + 0.25).abs() < 1e-6);
    /// # Ok::<(), mixdown::Error>(())
    /// ```
    #[derive(Clone, Copy, Debug, PartialEq)]
    GainParams {
        gain_db: dB, -inf..=60.0, default 0.0, "Level change; -144 dB and below is exactly 0";
        invert_polarity: switch, default false, "Turns the waveform upside down";
    }
}

/// The factor of a fader at `gain_db`: `10^(dB/20)`, exactly 0 at -144 dB and below.
pub(crate) fn fader_gain(gain_db: f64) -> f64 {
    if gain_db <= silence::FADER_DB { 0.0 } else { db_to_gain(gain_db) }
}

impl Params for GainParams {
    type Coeffs = GainCoeffs;
    type Processor<S: Sample> = Gain<S>;

    fn design(&self, spec: &StreamSpec) -> Result<Designed<GainCoeffs>, Error> {
        self.validate(spec)?;
        let gain = fader_gain(self.gain_db);
        // 0 stays +0: silence has one representation.
        Ok(Designed::new(spec, GainCoeffs { gain: if self.invert_polarity && gain > 0.0 { -gain } else { gain } }))
    }

    fn build<S: Sample>(&self, spec: &StreamSpec) -> Result<Gain<S>, Error> {
        self.build_compiled(spec)
    }

    fn neutral() -> Option<Self> {
        Some(Self::default())
    }

    fn frequency_response(&self, spec: &StreamSpec, frequencies_hz: &[f64]) -> Result<Option<Vec<Complex64>>, Error> {
        let gain = self.design(spec)?.gain;
        Ok(Some(vec![gain.into(); frequencies_hz.len()]))
    }
}

/// Coefficients of a [`Gain`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GainCoeffs {
    gain: f64,
}

impl<S: Sample> Gain<S> {
    /// Whether it changes no sample, until other settings are set.
    pub(crate) fn is_neutral(&self) -> bool {
        self.gain.is_at([1.0])
    }
}

impl<S: Sample> Engine<S> for Gain<S> {
    type Params = GainParams;

    fn build(params: &GainParams, spec: &StreamSpec) -> Result<Self, Error> {
        let coeffs = params.design(spec)?;
        let ramp_frames = ms_to_frames(GAIN_RAMP_MS, spec.sample_rate_hz());
        Ok(Gain {
            spec: *spec,
            backend: Backend::new(spec.cpu()),
            gain: Ramp::new([coeffs.gain], ramp_frames),
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
        let channels = self.spec.channels();
        fit(block, channels, |block| {
            self.non_finite += scale::gain(self.backend, block, channels, &mut self.gain);
        });
    }
}

compiled!(GainParams => Gain);

impl<S: Sample> Processor<S> for Gain<S> {
    engine!(GainParams);

    fn reset(&mut self) {
        let Self { spec: _, backend: _, gain, non_finite, sample: _ } = self;
        gain.jump_to(gain.target());
        *non_finite = 0;
    }

    fn non_finite_samples(&self) -> u64 {
        self.non_finite
    }
}

impl<S: Sample> Tunable<S> for Gain<S> {
    type Params = GainParams;

    fn apply(&mut self, coeffs: &GainCoeffs) {
        self.gain.set_target([coeffs.gain]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn polarity_nulls_exactly_and_closed_is_zero() {
        let spec = StreamSpec::new(48_000.0, 1).unwrap();
        for (gain_db, invert_polarity, factor) in
            [(0.0, true, -1.0), (0.0, false, 1.0), (-144.0, false, 0.0), (f64::NEG_INFINITY, true, 0.0)]
        {
            let mut gain = GainParams { gain_db, invert_polarity }.build::<f32>(&spec).unwrap();
            let mut audio = [0.1, -0.7, 1.5];
            gain.process(&mut BlockMut::from_planar(&mut audio, 1).unwrap());
            assert_eq!(
                audio.map(f32::to_bits),
                [0.1, -0.7, 1.5].map(|x: f32| if factor == 0.0 { 0 } else { (x * factor).to_bits() })
            );
        }
    }
}
