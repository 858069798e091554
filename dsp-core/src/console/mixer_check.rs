//! Checks of a mix as a value: names, routes, cycles, keys, settings and lanes; and of a strip that is built.

use super::{
    effect::{Effect, EffectProcessor},
    graph::Graph,
    lanes::targets,
    mixer_error::{MixerError, setting},
    mixer_params::{MixerParams, NamedStrip, StripInput},
    series::{build_series, series_channels, validate_series},
    strip::{Strip, check_series},
    strip_params::StripParams,
};
use crate::foundation::{
    error::{Error, channels_in, expect_channels},
    processor::Processor,
    sample::Sample,
    stream::StreamSpec,
};
use alloc::vec::Vec;

impl StripParams {
    /// Checks every setting for a strip with an input of these channels at this rate; designs and builds nothing.
    /// Whether destinations and keys exist is up to the mix.
    ///
    /// # Errors
    /// The first setting that is out of range; [`Error::Channels`] for strips that are neither mono nor stereo, before
    /// or after the inserts.
    pub fn validate(&self, spec: &StreamSpec) -> Result<(), Error> {
        validate_series(&self.inserts, "inserts", spec)?;
        channels_in(spec.channels(), 1, 2)?;
        let channels = series_channels(&self.inserts, "inserts", spec.channels())?;
        self.validate_after_inserts(&spec.with_channels(channels)?)?;
        targets(self, spec).map(drop)
    }
}

impl NamedStrip {
    /// Checks the settings of a strip, and that its keys go to inserts that take one, at the rate of a mixer's output
    /// stream. Whether destinations and sources of keys exist is up to the mix.
    ///
    /// # Errors
    /// [`MixerError::Setting`], [`MixerError::Key`].
    pub fn validate(&self, spec: &StreamSpec) -> Result<(), MixerError> {
        check_strip(&self.name, self.input, &self.params, spec)
    }
}

impl MixerParams {
    /// Checks a whole mix as [`Mixer::build`](super::mixer::Mixer::build) does, and takes no processor's memory.
    ///
    /// ```
    /// use mixdown::{MixerParams, NamedStrip, StreamSpec, StripInput, StripParams};
    ///
    /// let strip = |name: &str, to: &str| NamedStrip {
    ///     name: name.into(),
    ///     input: StripInput::Group,
    ///     params: StripParams { to: to.into(), ..Default::default() },
    /// };
    /// let mix = MixerParams { strips: vec![strip("drums", "band"), strip("band", "drums")], ..Default::default() };
    /// let error = mix.validate(&StreamSpec::new(48_000.0, 2)?).unwrap_err();
    /// assert_eq!(error.to_string(), "strips feed each other in a circle: drums -> band -> drums");
    /// # Ok::<(), mixdown::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`MixerError`]: the first name, route or setting that is refused.
    pub fn validate(&self, spec: &StreamSpec) -> Result<(), MixerError> {
        expect_channels(2, spec.channels()).map_err(|error| setting(self.name(self.strips.len()), error))?;
        self.check_vcas(spec.sample_rate_hz())?;
        Graph::plan(self)?;
        (0..=self.strips.len())
            .try_for_each(|index| check_strip(self.name(index), self.input(index), self.strip(index), spec))
    }
}

fn check_strip(name: &str, input: StripInput, params: &StripParams, spec: &StreamSpec) -> Result<(), MixerError> {
    let check = || -> Result<(), Error> {
        channels_in(input.channels(), 1, 2)?;
        params.validate(&spec.with_channels(input.channels())?)
    };
    check().map_err(|error| setting(name, error))?;
    check_keys(name, params, params.inserts.iter().map(Effect::takes_key))
}

/// Checks that the inserts with keys take one, given whether each insert does.
pub(super) fn check_keys(
    name: &str,
    params: &StripParams,
    inserts: impl Iterator<Item = bool>,
) -> Result<(), MixerError> {
    let takers: Vec<usize> =
        inserts.enumerate().filter(|(_, takes_key)| *takes_key).map(|(position, _)| position).collect();
    for (position, key) in params.keys.iter().enumerate() {
        let again = params.keys[..position].iter().any(|other| other.insert == key.insert);
        if again || !takers.contains(&key.insert) {
            return Err(MixerError::Key { name: name.into(), insert: key.insert, takers });
        }
    }
    Ok(())
}

/// A strip that is not routed yet.
pub(super) fn build_strip<S: Sample>(
    spec: &StreamSpec,
    input: StripInput,
    params: &StripParams,
    processors: Vec<EffectProcessor<S>>,
    name: &str,
) -> Result<Strip<S>, MixerError> {
    let build = || {
        channels_in(input.channels(), 1, 2)?;
        let spec = spec.with_channels(input.channels())?;
        let mut inserts = build_series(&params.inserts, "inserts", &spec)?;
        inserts.extend(processors);
        check_series(&spec, inserts.iter(), params)?;
        targets(params, &spec)?;
        Strip::new(&spec, !matches!(input, StripInput::Track { .. }), inserts, params)
    };
    let strip = build().map_err(|error| setting(name, error))?;
    check_keys(name, params, strip.inserts.iter().map(|insert| insert.processor.takes_key()))?;
    Ok(strip)
}
