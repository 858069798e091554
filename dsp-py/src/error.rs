//! The one mapping of Rust errors to Python exceptions.

use mixdown::Error;
use pyo3::{create_exception, exceptions::PyValueError, prelude::*};

create_exception!(
    mixdown,
    ParameterError,
    PyValueError,
    "A setting is out of range. The message names parameter, value and legal range."
);
create_exception!(mixdown, ShapeError, PyValueError, "An array has a shape or channel count that does not fit.");
create_exception!(mixdown, MixerError, PyValueError, "A mixer's strips do not fit together.");

/// The Python exception of a refused setting.
pub(crate) fn parameter(error: Error) -> PyErr {
    of_setting(&error, error.to_string())
}

/// The Python exception of a refused change of a mixer.
pub(crate) fn mixer(error: mixdown::MixerError) -> PyErr {
    match &error {
        mixdown::MixerError::Setting { error: inner, .. } => of_setting(inner, error.to_string()),
        _ => MixerError::new_err(error.to_string()),
    }
}

fn of_setting(error: &Error, message: String) -> PyErr {
    match error.innermost() {
        Error::Channels { .. } | Error::Length { .. } => ShapeError::new_err(message),
        _ => ParameterError::new_err(message),
    }
}
