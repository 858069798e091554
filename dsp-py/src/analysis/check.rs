//! Mix check: the programme and its stems across the border.

use crate::{
    array::{self, Loan},
    error::{ParameterError, parameter},
    format::{Either, Format, with_either},
    interrupt::Progress,
    settings::read,
};
use mixdown::{
    Block, StreamSpec,
    analysis::{AnalysisError, CheckLimits, CheckStem, Folded, MixCheck},
};
use pyo3::prelude::*;

/// Checks a programme, and its stems by their names for cancellation. `progress` is called with the share of the work
/// done, 0 to 1.
#[pyfunction]
#[pyo3(signature = (audio, sample_rate_hz, stems, limits, progress=None))]
pub(crate) fn check_programme<'py>(
    py: Python<'py>,
    audio: &Bound<'py, PyAny>,
    sample_rate_hz: f64,
    stems: Vec<(String, Bound<'py, PyAny>)>,
    limits: &Bound<'py, PyAny>,
    progress: Option<Py<PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let limits: CheckLimits = read(limits)?;
    let lent = stems.iter().map(|(_, stem)| array::lend(stem, "stem")).collect::<PyResult<Vec<_>>>()?;
    let rows = lent.iter().map(Rows::of).collect::<PyResult<Vec<_>>>()?;
    let folded = rows.iter().map(Rows::folded).collect::<PyResult<Vec<_>>>()?;
    let names: Vec<&str> = stems.iter().map(|(name, _)| name.as_str()).collect();
    let check = with_either!(array::lend(audio, "audio")?, lent => {
        let spec = StreamSpec::new(sample_rate_hz, lent.channels).map_err(parameter)?;
        let rows = lent.rows()?;
        let block = Block::from_slices(&rows).map_err(parameter)?;
        checked(py, &block, &spec, &names, &folded, &limits, progress.as_ref())
    })?;
    Ok(pythonize::pythonize(py, &check)?)
}

type Stem<'a> = Box<dyn Folded + Send + Sync + 'a>;

fn checked<S: Format>(
    py: Python<'_>,
    block: &Block<'_, '_, S>,
    spec: &StreamSpec,
    names: &[&str],
    folded: &[Stem<'_>],
    limits: &CheckLimits,
    progress: Option<&Py<PyAny>>,
) -> PyResult<MixCheck> {
    py.detach(|| {
        let stems: Vec<CheckStem<'_>> =
            names.iter().zip(folded).map(|(name, audio)| CheckStem { name, audio: &**audio }).collect();
        let mut progress = Progress::new(progress);
        let report = &mut |share| progress.report(share);
        let done = mixdown::analysis::check_mix(block, spec, &stems, limits, report);
        progress.finish(done, refused)
    })
}

/// The channels of a stem in either format.
enum Rows<'a> {
    F32(Vec<&'a [f32]>),
    F64(Vec<&'a [f64]>),
}

impl<'a> Rows<'a> {
    fn of<'py>(lent: &'a Either<Loan<'py>>) -> PyResult<Self> {
        match lent {
            Either::F32(lent) => lent.rows().map(Self::F32),
            Either::F64(lent) => lent.rows().map(Self::F64),
        }
    }

    fn folded(&self) -> PyResult<Stem<'_>> {
        Ok(match self {
            Self::F32(rows) => Box::new(Block::from_slices(rows).map_err(parameter)?),
            Self::F64(rows) => Box::new(Block::from_slices(rows).map_err(parameter)?),
        })
    }
}

/// The Python exception of a refused check.
fn refused(error: AnalysisError) -> PyErr {
    match error {
        AnalysisError::Setting(error) => parameter(error),
        error => ParameterError::new_err(error.to_string()),
    }
}
