//! Tapers of a fader.

use crate::settings::read;
use mixdown::levels::FaderTaper;
use pyo3::prelude::*;

/// Levels in dB at positions of a fader, 0 to 1.
#[pyfunction]
pub(crate) fn fader_levels_db(positions: Vec<f64>, taper: &Bound<'_, PyAny>) -> PyResult<Vec<f64>> {
    let taper: FaderTaper = read(taper)?;
    Ok(positions.into_iter().map(|position| taper.level_db(position)).collect())
}

/// Positions of a fader, 0 to 1, at levels in dB.
#[pyfunction]
pub(crate) fn fader_positions(levels_db: Vec<f64>, taper: &Bound<'_, PyAny>) -> PyResult<Vec<f64>> {
    let taper: FaderTaper = read(taper)?;
    Ok(levels_db.into_iter().map(|level_db| taper.position(level_db)).collect())
}
