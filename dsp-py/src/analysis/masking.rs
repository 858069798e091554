//! The masking report.

use super::{Named, refused};
use crate::{interrupt::Progress, settings::read};
use mixdown::analysis;
use pyo3::prelude::*;

/// What each track loses beside the others.
#[pyfunction]
pub(crate) fn masking<'py>(
    py: Python<'py>,
    stems: Named,
    lead: Option<String>,
    limits: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let limits: analysis::MaskingLimits = read(limits)?;
    let stems = stems.stems();
    let report = py.detach(|| {
        let mut progress = Progress::new(None);
        let pass = &mut |_| progress.pass();
        let done = analysis::masking_with(&stems, lead.as_deref(), &limits, pass);
        progress.finish(done, refused)
    })?;
    Ok(pythonize::pythonize(py, &report)?)
}
