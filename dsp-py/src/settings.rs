//! Settings: plain values of Python (dicts, lists, numbers, words, bytes), checked without being designed or built.

use crate::error::{ParameterError, mixer, parameter};
use mixdown::{
    Effect, Error, MAX_SAMPLE_RATE_HZ, Params, StreamSpec, StripParams,
    dynamics::{DynamicBand, DynamicEqualizerParams},
    filters::{EqualizerParams, Placed},
    params::Field,
    reverbs::ReverbParams,
};
use pyo3::{prelude::*, types::PyString};
use serde::de::DeserializeOwned;

macro_rules! tables {
    ($($name:ident: $params:ty, $processor:ty;)*) => {
        &[
            $((stringify!($name), <$params>::FIELDS),)*
            ("DynamicBand", DynamicBand::FIELDS),
            ("Placed", Placed::FIELDS),
            ("Track", StripParams::FIELDS),
            ("Master", MasterParams::FIELDS),
        ]
    };
}

/// Parameter tables by their Python class: every processor, the bands that are not processors, the strips of a mix.
const TABLES: &[(&str, &[Field])] = mixdown::for_each_processor!(tables);

/// Settings of any kind from plain values.
pub(crate) fn read<T: DeserializeOwned>(settings: &Bound<'_, PyAny>) -> PyResult<T> {
    pythonize::depythonize(settings).map_err(|error| ParameterError::new_err(error.to_string()))
}

/// An effect, and the name of its class for errors.
pub(crate) fn read_effect(settings: &Bound<'_, PyAny>) -> PyResult<(Effect, String)> {
    Ok((read(settings)?, settings.get_item("type")?.extract()?))
}

/// Refuses an effect that no stream can take: ranges that depend on the rate are checked at the widest one.
#[pyfunction]
pub(crate) fn check_effect(settings: &Bound<'_, PyAny>) -> PyResult<()> {
    let widest = StreamSpec::new(MAX_SAMPLE_RATE_HZ, 2).map_err(parameter)?;
    read::<Effect>(settings)?.validate(&widest).map_err(parameter)
}

/// The same for a band that is no effect by itself.
#[pyfunction]
pub(crate) fn check_band(settings: &Bound<'_, PyAny>) -> PyResult<()> {
    let widest = StreamSpec::new(MAX_SAMPLE_RATE_HZ, 2).map_err(parameter)?;
    let checked = match settings.get_item("type")?.extract::<String>()?.as_str() {
        "Placed" => EqualizerParams { bands: vec![read(settings)?], ..Default::default() }.validate(&widest),
        _ => DynamicEqualizerParams { bands: vec![read(settings)?] }.validate(&widest),
    };
    // The list is of this function, not of the user.
    checked.map_err(|error| match error {
        Error::Within { list: "bands", error, .. } => parameter(*error),
        other => parameter(other),
    })
}

/// Refuses settings that are illegal for a track of `channels` channels in a mix of this rate.
#[pyfunction]
pub(crate) fn check_track(
    name: String,
    settings: &Bound<'_, PyAny>,
    sample_rate_hz: f64,
    channels: usize,
) -> PyResult<()> {
    let spec = StreamSpec::new(sample_rate_hz, channels).map_err(parameter)?;
    read::<StripParams>(settings)?.validate(&spec).map_err(|error| mixer(mixdown::MixerError::Setting { name, error }))
}

/// Refuses settings that are illegal for the master strip, called `name`, in a mix of this rate.
#[pyfunction]
pub(crate) fn check_master(name: String, settings: &Bound<'_, PyAny>, sample_rate_hz: f64) -> PyResult<()> {
    let spec = StreamSpec::new(sample_rate_hz, 2).map_err(parameter)?;
    read::<MasterParams>(settings)?.validate(&spec).map_err(|error| mixer(mixdown::MixerError::Setting { name, error }))
}

/// The settings of a reverb's space, by their names.
#[pyfunction]
pub(crate) fn reverb_space<'py>(py: Python<'py>, space: &str) -> PyResult<Bound<'py, PyAny>> {
    let space = read(&PyString::new(py, space))?;
    Ok(pythonize::pythonize(py, &ReverbParams::space(space))?)
}

/// Kinds of settings with a parameter table.
#[pyfunction]
pub(crate) fn kinds() -> Vec<&'static str> {
    TABLES.iter().map(|(name, _)| *name).collect()
}

/// The parameter table of a kind of settings.
#[pyfunction]
pub(crate) fn fields<'py>(py: Python<'py>, kind: &str) -> PyResult<Bound<'py, PyAny>> {
    let Some((_, table)) = TABLES.iter().find(|(name, _)| *name == kind) else {
        let known = kinds().join(", ");
        return Err(ParameterError::new_err(format!("kind = {kind:?} has no table: it must be one of {known}")));
    };
    Ok(pythonize::pythonize(py, table)?)
}
