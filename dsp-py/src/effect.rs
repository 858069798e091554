//! Properties of an effect without audio: its latency, its responses.

use crate::{
    error::{ParameterError, parameter},
    settings::read_effect,
};
use mixdown::{Effect, Params, Processor, StreamSpec};
use numpy::{Complex64, PyArray1, PyReadonlyArray1};
use pyo3::prelude::*;

/// Delay of an effect in frames.
#[pyfunction]
pub(crate) fn latency_frames(settings: &Bound<'_, PyAny>, sample_rate_hz: f64, channels: usize) -> PyResult<usize> {
    let spec = StreamSpec::new(sample_rate_hz, channels).map_err(parameter)?;
    Ok(read_effect(settings)?.0.build::<f64>(&spec).map_err(parameter)?.latency_frames())
}

/// Largest error of a linear-phase equalizer against its bands, in dB.
#[pyfunction]
pub(crate) fn design_error_db(py: Python<'_>, settings: &Bound<'_, PyAny>, sample_rate_hz: f64) -> PyResult<f64> {
    let (effect, name) = read_effect(settings)?;
    let spec = StreamSpec::new(sample_rate_hz, 1).map_err(parameter)?;
    let Effect::LinearPhaseEqualizer(params) = effect else {
        return Err(ParameterError::new_err(format!("{name} has no design error")));
    };
    py.detach(|| params.design_error_db(&spec)).map_err(parameter)
}

/// Complex gain of an effect at frequencies in Hz; None if no single response describes it.
#[pyfunction]
pub(crate) fn frequency_response<'py>(
    py: Python<'py>,
    settings: &Bound<'py, PyAny>,
    frequencies_hz: PyReadonlyArray1<'py, f64>,
    sample_rate_hz: f64,
) -> PyResult<Option<Bound<'py, PyArray1<Complex64>>>> {
    let (effect, _) = read_effect(settings)?;
    let frequencies: Vec<f64> = frequencies_hz.as_array().iter().copied().collect();
    let half_hz = sample_rate_hz / 2.0;
    if let Some(hz) = frequencies.iter().find(|hz| !(0.0..=half_hz).contains(*hz)) {
        return Err(ParameterError::new_err(format!(
            "frequencies_hz = {hz} is out of range: it must lie in 0..{half_hz}"
        )));
    }
    let response = py.detach(|| {
        // The same on every channel, so one is enough; effects for stereo only have no single response.
        let spec = StreamSpec::new(sample_rate_hz, 1).map_err(parameter)?;
        let spec = if effect.output_channels(1).is_ok() { spec } else { spec.with_channels(2).map_err(parameter)? };
        effect.frequency_response(&spec, &frequencies).map_err(parameter)
    })?;
    Ok(response.map(|response| PyArray1::from_vec(py, response)))
}

/// Output level for steady input levels, both in dB.
#[pyfunction]
pub(crate) fn transfer_curve<'py>(
    py: Python<'py>,
    settings: &Bound<'py, PyAny>,
    levels_db: PyReadonlyArray1<'py, f64>,
) -> PyResult<Bound<'py, PyArray1<f64>>> {
    let (effect, name) = read_effect(settings)?;
    let levels: Vec<f64> = levels_db.as_array().iter().copied().collect();
    if let Some(position) = levels.iter().position(|level| level.is_nan()) {
        return Err(ParameterError::new_err(format!("levels_db holds NaN at {position}: levels are numbers or -inf")));
    }
    match effect.transfer_curve(&levels) {
        Some(curve) => Ok(PyArray1::from_vec(py, curve)),
        None => Err(ParameterError::new_err(format!("{name} has no single transfer curve"))),
    }
}
