//! Checks of a mix as a value: names, routes, cycles, keys, settings and lanes, without building a processor.

use super::{
    effect::Effect,
    graph::Graph,
    mixer::setting,
    mixer_error::MixerError,
    mixer_params::{MixerParams, NamedStrip, StripInput},
    strip::StripParams,
};
use crate::foundation::{
    error::{Error, channels_in, expect_channels},
    stream::StreamSpec,
};
use alloc::vec::Vec;

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
    /// Checks a whole mix as [`Mixer::of`](super::mixer::Mixer::of) does, and takes no processor's memory.
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
    /// assert_eq!(error.to_string(), "strips feed each other in a circle: band -> drums -> band");
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
