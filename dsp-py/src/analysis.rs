//! Judgement of mixes: spectra of tracks, and the reports made of them as plain values.

pub(crate) mod check;
pub(crate) mod lead;
pub(crate) mod masking;
pub(crate) mod tone;
pub(crate) mod translation;

use crate::{
    array::{self, Lent},
    error::{ParameterError, parameter},
    format::{Format, with_either},
    interrupt::Progress,
};
use mixdown::{
    Block, StreamSpec,
    analysis::{self, AnalysisError},
    params::Field,
};
use pyo3::prelude::*;

/// Tables of the limits of reports, by the name of the function in Python.
const LIMITS: &[(&str, &[Field])] = &[
    ("balance", analysis::RoleLimits::FIELDS),
    ("check_mix", analysis::CheckLimits::FIELDS),
    ("lead_report", analysis::LeadLimits::FIELDS),
    ("masking", analysis::MaskingLimits::FIELDS),
    ("match", analysis::MatchLimits::FIELDS),
    ("tonal_balance", analysis::TonalLimits::FIELDS),
    ("translation", analysis::TranslationLimits::FIELDS),
    ("vinyl_check", mixdown::delivery::vinyl::VinylLimits::FIELDS),
];

/// The spectra of one track, measured once for all reports.
#[pyclass(module = "mixdown._core", frozen)]
pub(crate) struct Spectra(pub(crate) analysis::Spectra);

#[pymethods]
impl Spectra {
    #[new]
    fn new(py: Python<'_>, audio: &Bound<'_, PyAny>, sample_rate_hz: f64) -> PyResult<Self> {
        with_either!(array::lend(audio, "audio")?, lent => measured(py, &lent, sample_rate_hz))
    }

    /// Number of frames.
    fn __len__(&self) -> usize {
        self.0.frames()
    }

    /// What the track is as far as its spectrum tells, by the names of `RoleFeatures`.
    fn role<'py>(&self, py: Python<'py>, limits: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let limits = crate::settings::read(limits)?;
        Ok(pythonize::pythonize(py, &py.detach(|| analysis::role(&self.0, &limits)))?)
    }

    /// The sixth of an octave with the most power, Hz; None for silence.
    #[getter]
    fn strongest_hz(&self) -> Option<f64> {
        self.0.strongest_hz()
    }
}

/// Stems by their names, in order.
#[derive(FromPyObject)]
#[pyo3(transparent)]
pub(crate) struct Named(Vec<(String, Py<Spectra>)>);

impl Named {
    /// As the engine takes them.
    pub(crate) fn stems(&self) -> Vec<analysis::Stem<'_>> {
        self.0.iter().map(|(name, spectra)| analysis::Stem { name, spectra: &spectra.get().0 }).collect()
    }
}

/// The Python exception of a refused report.
pub(crate) fn refused(error: AnalysisError) -> PyErr {
    match error {
        AnalysisError::Setting(error) => parameter(error),
        error => ParameterError::new_err(error.to_string()),
    }
}

fn measured<S: Format>(py: Python<'_>, lent: &Lent<'_, S>, sample_rate_hz: f64) -> PyResult<Spectra> {
    let spec = StreamSpec::new(sample_rate_hz, lent.channels).map_err(parameter)?;
    let rows = lent.rows()?;
    let block = Block::from_slices(&rows).map_err(parameter)?;
    py.detach(|| {
        let mut progress = Progress::new(None);
        let measured = analysis::Spectra::measure_with(&block, &spec, &mut |_| progress.pass());
        progress.finish(measured.map(Spectra), refused)
    })
}

/// The limits of a report: name, unit, range, default and source of each.
#[pyfunction]
pub(crate) fn limits<'py>(py: Python<'py>, report: &str) -> PyResult<Bound<'py, PyAny>> {
    let Some((_, table)) = LIMITS.iter().find(|(name, _)| *name == report) else {
        let known: Vec<&str> = LIMITS.iter().map(|(name, _)| *name).collect();
        let known = known.join(", ");
        return Err(ParameterError::new_err(format!("report = {report:?} has no limits: it must be one of {known}")));
    };
    Ok(pythonize::pythonize(py, table)?)
}
