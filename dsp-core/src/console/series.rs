//! Effects in series and in parallel: each with its input stream, each error with its path.

use super::effect::{Effect, EffectCoeffs, EffectProcessor};
use crate::foundation::{
    engine::Engine,
    error::Error,
    params::{Designed, Params},
    sample::Sample,
    stream::StreamSpec,
};
use alloc::vec::Vec;

/// Runs `work` on each of several parallel `effects`.
pub(super) fn each<T>(effects: &[Effect], work: impl Fn(&Effect) -> Result<T, Error>) -> Result<Vec<T>, Error> {
    let placed = |(position, effect)| work(effect).map_err(|error| error.within("effects", position));
    effects.iter().enumerate().map(placed).collect()
}

/// Runs `each` with the input stream of each effect of a series.
pub(super) fn in_series<T>(
    effects: &[Effect],
    list: &'static str,
    spec: &StreamSpec,
    each: impl Fn(&Effect, &StreamSpec) -> Result<T, Error>,
) -> Result<Vec<T>, Error> {
    let mut stage = *spec;
    let mut results = Vec::with_capacity(effects.len());
    for (position, effect) in effects.iter().enumerate() {
        results.push(each(effect, &stage).map_err(|error| error.within(list, position))?);
        stage = stage.with_channels(effect.output_channels(stage.channels())?)?;
    }
    Ok(results)
}

/// Output channels of a series.
pub(super) fn series_channels(effects: &[Effect], list: &'static str, input: usize) -> Result<usize, Error> {
    effects.iter().enumerate().try_fold(input, |channels, (position, effect)| {
        effect.output_channels(channels).map_err(|error| error.within(list, position))
    })
}

/// Checks every effect of a series.
pub(super) fn validate_series(effects: &[Effect], list: &'static str, spec: &StreamSpec) -> Result<(), Error> {
    in_series(effects, list, spec, Effect::validate).map(drop)
}

/// Designs every effect of a series.
pub(super) fn design_series(
    effects: &[Effect],
    list: &'static str,
    spec: &StreamSpec,
) -> Result<Vec<Designed<EffectCoeffs>>, Error> {
    in_series(effects, list, spec, Effect::design)
}

/// The same into as many coefficients.
pub(super) fn redesign_series(
    effects: &[Effect],
    list: &'static str,
    spec: &StreamSpec,
    coeffs: &mut [Designed<EffectCoeffs>],
) -> Result<(), Error> {
    let mut stage = *spec;
    for (position, (effect, coeffs)) in effects.iter().zip(coeffs).enumerate() {
        coeffs.redesign(effect, &stage).map_err(|error| error.within(list, position))?;
        stage = stage.with_channels(effect.output_channels(stage.channels())?)?;
    }
    Ok(())
}

/// Builds every effect of a series.
pub(super) fn build_series<S: Sample>(
    effects: &[Effect],
    list: &'static str,
    spec: &StreamSpec,
) -> Result<Vec<EffectProcessor<S>>, Error> {
    in_series(effects, list, spec, EffectProcessor::build)
}

/// An error of the bypassed effect, with its path.
pub(super) fn within_bypass(error: Error) -> Error {
    error.within("effect", None)
}
