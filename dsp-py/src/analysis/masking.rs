//! The masking report.

use super::{Spectra, refused, stems_of};
use crate::{interrupt::Progress, settings::read};
use mixdown::analysis;
use pyo3::prelude::*;

/// What each track loses beside the others. `names` and `spectra` are of the same tracks.
#[pyfunction]
pub(crate) fn masking<'py>(
    py: Python<'py>,
    names: Vec<String>,
    spectra: Vec<Bound<'py, Spectra>>,
    lead: Option<String>,
    limits: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let limits: analysis::MaskingLimits = read(limits)?;
    let stems = stems_of(&names, &spectra);
    let report = py.detach(|| {
        let mut progress = Progress::new(None);
        let pass = &mut |_| progress.pass();
        let done = analysis::masking_with(&stems, lead.as_deref(), &limits, pass);
        progress.finish(done, refused)
    })?;
    Ok(pythonize::pythonize(py, &report)?)
}
