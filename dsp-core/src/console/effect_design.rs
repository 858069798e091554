//! Design of an effect as a value: channels, legal settings, coefficients, frequency response.

use super::{
    effect::{Effect, EffectCoeffs, EffectProcessor},
    parallel::{check_gains, common_channels},
    series::{design_series, each, in_series, redesign_series, series_channels, validate_series, within_bypass},
};
use crate::foundation::{
    engine::Compiled,
    error::{Error, expect_channels},
    params::{Designed, Params},
    sample::Sample,
    stream::StreamSpec,
    table::Fields,
    unit::db_to_gain,
};
use alloc::{boxed::Box, vec, vec::Vec};
use num_complex::Complex64;

impl Effect {
    /// Whether it acts on a key, as its processor does ([`Processor::takes_key`](crate::Processor::takes_key)).
    ///
    /// ```
    /// use mixdown::{Effect, dynamics::GateParams, filters::BellParams};
    ///
    /// let gate = Effect::Chain { effects: vec![BellParams::default().into(), GateParams::default().into()] };
    /// assert!(gate.takes_key());
    /// ```
    #[must_use]
    pub fn takes_key(&self) -> bool {
        let any = |effects: &[Self]| effects.iter().any(Self::takes_key);
        match self {
            Self::Compressor(_) | Self::DynamicEqualizer(_) | Self::Expander(_) | Self::Gate(_) => true,
            Self::Chain { effects } | Self::Parallel { effects, .. } => any(effects),
            Self::MidSide { mid, side } => any(mid) || any(side),
            Self::Bypass { effect } => effect.takes_key(),
            _ => false,
        }
    }
}

impl Params for Effect {
    type Coeffs = EffectCoeffs;
    type Processor<S: Sample> = EffectProcessor<S>;

    fn output_channels(&self, input: usize) -> Result<usize, Error> {
        match self {
            Self::Chain { effects } => series_channels(effects, "effects", input),
            Self::Parallel { effects, .. } => {
                let counts = effects.iter().map(|effect| effect.output_channels(input));
                common_channels("effects", counts).map(|common| common.unwrap_or(input))
            }
            Self::MidSide { mid, side } => {
                expect_channels(2, input)?;
                for (effects, list) in [(mid, "mid"), (side, "side")] {
                    let channels = series_channels(effects, list, 1)?;
                    expect_channels(1, channels).map_err(|error| error.within(list, None))?;
                }
                Ok(2)
            }
            Self::Bypass { effect } => effect.output_channels(input).map_err(within_bypass),
            _ => self.single().map_or(Ok(input), |params| params.output_channels(input)),
        }
    }

    fn validate(&self, spec: &StreamSpec) -> Result<(), Error> {
        self.output_channels(spec.channels())?;
        match self {
            Self::Chain { effects } => validate_series(effects, "effects", spec),
            Self::Parallel { effects, gains_db } => {
                check_gains("effects", effects.len(), gains_db)?;
                each(effects, |effect| effect.validate(spec)).map(drop)
            }
            Self::MidSide { mid, side } => {
                let mono = spec.with_channels(1)?;
                validate_series(mid, "mid", &mono)?;
                validate_series(side, "side", &mono)
            }
            Self::Bypass { effect } => effect.validate(spec).map_err(within_bypass),
            Self::Function(params) => params.check_fields(spec.sample_rate_hz()),
            _ => self.single().map_or(Ok(()), |params| params.validate(spec)),
        }
    }

    fn design(&self, spec: &StreamSpec) -> Result<Designed<EffectCoeffs>, Error> {
        self.output_channels(spec.channels())?;
        let coeffs = match self {
            Self::Chain { effects } => EffectCoeffs::Chain(design_series(effects, "effects", spec)?),
            Self::Parallel { effects, gains_db } => {
                check_gains("effects", effects.len(), gains_db)?;
                let branches = each(effects, |effect| effect.design(spec))?;
                EffectCoeffs::Parallel(branches, gains_db.iter().map(|&gain_db| db_to_gain(gain_db)).collect())
            }
            Self::MidSide { mid, side } => {
                let mono = spec.with_channels(1)?;
                EffectCoeffs::MidSide(design_series(mid, "mid", &mono)?, design_series(side, "side", &mono)?)
            }
            Self::Bypass { effect } => EffectCoeffs::Bypass(Box::new(effect.design(spec).map_err(within_bypass)?)),
            Self::Function(params) => {
                params.check_fields(spec.sample_rate_hz())?;
                EffectCoeffs::Function(params.latency_frames)
            }
            _ => self.single().map_or(Ok(EffectCoeffs::Chain(Vec::new())), |params| params.design(spec))?,
        };
        Ok(Designed::new(spec, coeffs))
    }

    fn redesign(&self, spec: &StreamSpec, coeffs: &mut EffectCoeffs) -> Result<(), Error> {
        match (self, coeffs) {
            (Self::Chain { effects }, EffectCoeffs::Chain(coeffs)) if effects.len() == coeffs.len() => {
                self.output_channels(spec.channels())?;
                redesign_series(effects, "effects", spec, coeffs)
            }
            (Self::Parallel { effects, gains_db }, EffectCoeffs::Parallel(coeffs, gains))
                if effects.len() == coeffs.len() =>
            {
                self.output_channels(spec.channels())?;
                check_gains("effects", effects.len(), gains_db)?;
                for (position, (effect, coeffs)) in effects.iter().zip(coeffs).enumerate() {
                    coeffs.redesign(effect, spec).map_err(|error| error.within("effects", position))?;
                }
                gains.clear();
                gains.extend(gains_db.iter().map(|&gain_db| db_to_gain(gain_db)));
                Ok(())
            }
            (Self::MidSide { mid, side }, EffectCoeffs::MidSide(of_mid, of_side))
                if (mid.len(), side.len()) == (of_mid.len(), of_side.len()) =>
            {
                self.output_channels(spec.channels())?;
                let mono = spec.with_channels(1)?;
                redesign_series(mid, "mid", &mono, of_mid)?;
                redesign_series(side, "side", &mono, of_side)
            }
            (Self::Bypass { effect }, EffectCoeffs::Bypass(coeffs)) => {
                coeffs.redesign(&**effect, spec).map_err(within_bypass)
            }
            (effect, coeffs) => match effect.single() {
                Some(params) => params.redesign(spec, coeffs),
                None => {
                    *coeffs = effect.design(spec)?.into_inner();
                    Ok(())
                }
            },
        }
    }

    fn build<S: Sample>(&self, spec: &StreamSpec) -> Result<EffectProcessor<S>, Error> {
        self.build_compiled(spec)
    }

    fn neutral() -> Option<Self> {
        Some(Self::default())
    }

    fn transfer_curve(&self, levels_db: &[f64]) -> Option<Vec<f64>> {
        self.single()?.transfer_curve(levels_db)
    }

    fn frequency_response(&self, spec: &StreamSpec, frequencies_hz: &[f64]) -> Result<Option<Vec<Complex64>>, Error> {
        self.output_channels(spec.channels())?;
        match self {
            Self::Chain { effects } => {
                let respond = |effect: &Self, stage: &StreamSpec| effect.frequency_response(stage, frequencies_hz);
                let responses = in_series(effects, "effects", spec, respond)?;
                Ok(combine(responses, vec![Complex64::ONE; frequencies_hz.len()], |so_far, own| so_far * own))
            }
            Self::Parallel { effects, gains_db } => {
                check_gains("effects", effects.len(), gains_db)?;
                let mut responses = each(effects, |effect| effect.frequency_response(spec, frequencies_hz))?;
                for (response, &gain_db) in responses.iter_mut().flatten().zip(gains_db) {
                    response.iter_mut().for_each(|own| *own *= db_to_gain(gain_db));
                }
                Ok(combine(responses, vec![Complex64::ZERO; frequencies_hz.len()], |so_far, own| so_far + own))
            }
            Self::MidSide { .. } => self.validate(spec).map(|()| None),
            Self::Bypass { .. } => self.validate(spec).map(|()| Some(vec![Complex64::ONE; frequencies_hz.len()])),
            _ => self.single().map_or(Ok(None), |params| params.frequency_response(spec, frequencies_hz)),
        }
    }
}

/// Folds responses point by point; `None` if one is missing.
fn combine(
    responses: Vec<Option<Vec<Complex64>>>,
    start: Vec<Complex64>,
    fold: impl Fn(Complex64, Complex64) -> Complex64,
) -> Option<Vec<Complex64>> {
    responses.into_iter().try_fold(start, |so_far, own| {
        own.map(|own| so_far.into_iter().zip(own).map(|(so_far, own)| fold(so_far, own)).collect())
    })
}
