//! Tonal balance and match.

use super::{Spectra, refused};
use crate::settings::read;
use mixdown::analysis::{self, MatchLimits, MatchParams, TonalLimits, TonalTarget};
use pyo3::prelude::*;

/// The tonal target of number ones, with more or less percussion.
#[pyfunction]
pub(crate) fn tonal_hits(py: Python<'_>, percussion: f64) -> PyResult<Bound<'_, PyAny>> {
    Ok(pythonize::pythonize(py, &TonalTarget::hits(percussion).map_err(refused)?)?)
}

/// The tonal target of a curve in dB per third of an octave.
#[pyfunction]
pub(crate) fn tonal_curve<'py>(
    py: Python<'py>,
    name: &str,
    frequencies_hz: Vec<f64>,
    levels_db: Vec<f64>,
    spread_db: Option<Vec<f64>>,
) -> PyResult<Bound<'py, PyAny>> {
    let target = TonalTarget::of_curve(name, &frequencies_hz, &levels_db, spread_db.as_deref()).map_err(refused)?;
    Ok(pythonize::pythonize(py, &target)?)
}

/// The tonal target of references.
#[pyfunction]
pub(crate) fn tonal_target<'py>(
    py: Python<'py>,
    references: Vec<Py<Spectra>>,
    limits: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let limits: TonalLimits = read(limits)?;
    let spectra: Vec<&analysis::Spectra> = references.iter().map(|reference| &reference.get().0).collect();
    let target = py.detach(|| analysis::tonal_target(&spectra, &limits)).map_err(refused)?;
    Ok(pythonize::pythonize(py, &target)?)
}

/// The tonal balance of a programme beside a target.
#[pyfunction]
pub(crate) fn tonal_balance<'py>(
    py: Python<'py>,
    programme: &Bound<'py, Spectra>,
    target: &Bound<'py, PyAny>,
    limits: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let (target, limits): (TonalTarget, TonalLimits) = (read(target)?, read(limits)?);
    let programme = &programme.get().0;
    let report = py.detach(|| analysis::tonal_balance(programme, &target, &limits)).map_err(refused)?;
    Ok(pythonize::pythonize(py, &report)?)
}

/// The match of a programme to a reference.
#[pyfunction]
pub(crate) fn match_to<'py>(
    py: Python<'py>,
    programme: &Bound<'py, Spectra>,
    reference: &Bound<'py, Spectra>,
    settings: &Bound<'py, PyAny>,
    limits: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let (params, limits): (MatchParams, MatchLimits) = (read(settings)?, read(limits)?);
    let (programme, reference) = (&programme.get().0, &reference.get().0);
    let report = py.detach(|| analysis::match_to(programme, reference, &params, &limits)).map_err(refused)?;
    Ok(pythonize::pythonize(py, &report)?)
}
