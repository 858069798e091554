//! The lead report.

use super::{Named, refused};
use crate::{error::ParameterError, interrupt::Progress, meter::LoudnessMeter, settings::read};
use mixdown::analysis;
use pyo3::prelude::*;

/// How the lead stands beside the others; `meters` have heard the lead and the sum of all others.
#[pyfunction]
pub(crate) fn lead_report<'py>(
    py: Python<'py>,
    stems: Named,
    lead: &str,
    meters: [Py<LoudnessMeter>; 2],
    target: Option<f64>,
    limits: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let limits: analysis::LeadLimits = read(limits)?;
    let stems = stems.stems();
    let [Some(own), Some(others)] = meters.map(|meter| meter.get().block_energies()) else {
        return Err(ParameterError::new_err("meters have measured nothing"));
    };
    let report = py.detach(|| {
        let mut progress = Progress::new(None);
        let pass = &mut |_| progress.pass();
        let done = analysis::lead_report_with(&stems, lead, [&own, &others], target, &limits, pass);
        progress.finish(done, refused)
    })?;
    Ok(pythonize::pythonize(py, &report)?)
}
