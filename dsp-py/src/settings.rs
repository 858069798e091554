//! Settings: plain values of Python (dicts, lists, numbers, words, bytes), checked without being designed or built.

use crate::error::{ParameterError, mixer, parameter};
use mixdown::{
    Effect, Error, MAX_SAMPLE_RATE_HZ, MixerParams, NamedStrip, Params, StreamSpec, StripParams,
    console::{SendParams, VcaParams},
    dynamics::{DynamicBand, DynamicEqualizerParams},
    filters::{EqualizerParams, Placed},
    params::{Field, Fields},
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
            ("Strip", StripParams::FIELDS),
            ("Send", SendParams::FIELDS),
            ("Vca", VcaParams::FIELDS),
        ]
    };
}

/// Parameter tables by their Python class: every processor, the bands that are not processors, the parts of a mix.
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

/// Refuses settings of a send that are out of range, but for its destination.
#[pyfunction]
pub(crate) fn check_send(settings: &Bound<'_, PyAny>) -> PyResult<()> {
    read::<SendParams>(settings)?.check_fields(MAX_SAMPLE_RATE_HZ).map_err(parameter)
}

/// Refuses a strip (its name, its input, its settings) that is illegal in a mix of this rate, whatever else is in it.
#[pyfunction]
pub(crate) fn check_strip(strip: &Bound<'_, PyAny>, sample_rate_hz: f64) -> PyResult<()> {
    let spec = StreamSpec::new(sample_rate_hz, 2).map_err(parameter)?;
    read::<NamedStrip>(strip)?.validate(&spec).map_err(mixer)
}

/// Refuses a mix that is illegal at this rate: its names, routes, keys, settings and lanes.
#[pyfunction]
pub(crate) fn check_mix(mix: &Bound<'_, PyAny>, sample_rate_hz: f64) -> PyResult<()> {
    let spec = StreamSpec::new(sample_rate_hz, 2).map_err(parameter)?;
    read::<MixerParams>(mix)?.validate(&spec).map_err(mixer)
}

/// Whether an effect acts on a key.
#[pyfunction]
pub(crate) fn takes_key(settings: &Bound<'_, PyAny>) -> PyResult<bool> {
    Ok(read::<Effect>(settings)?.takes_key())
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
