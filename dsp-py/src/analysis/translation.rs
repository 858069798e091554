//! Translation to other loudspeakers.

use super::{Named, refused};
use crate::{interrupt::Progress, settings::read};
use mixdown::analysis::{self, Device, TranslationLimits};
use pyo3::prelude::*;

/// The devices of the crate as plain values.
#[pyfunction]
pub(crate) fn devices(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    Ok(pythonize::pythonize(py, &analysis::devices())?)
}

/// How tracks translate to devices, by the names of `Translation`.
#[pyfunction]
pub(crate) fn translation<'py>(
    py: Python<'py>,
    stems: Named,
    devices: &Bound<'py, PyAny>,
    limits: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let devices: Vec<Device> = read(devices)?;
    let limits: TranslationLimits = read(limits)?;
    let stems = stems.stems();
    let report = py.detach(|| {
        let mut progress = Progress::new(None);
        let done = analysis::translation_with(&stems, &devices, &limits, &mut |_| progress.pass());
        progress.finish(done, refused)
    })?;
    Ok(pythonize::pythonize(py, &report)?)
}
