//! The lead report.

use super::{Named, refused};
use crate::{
    array::{self, Lent},
    error::parameter,
    format::{Format, with_either},
    interrupt::{Progress, in_chunks_with},
    settings::read,
};
use mixdown::{
    Block, Meter, StreamSpec, analysis,
    meters::{BlockEnergies, LoudnessParams, Precision},
};
use pyo3::prelude::*;

/// How the lead stands beside the others; `audio` is that of the lead and that of the sum of all others.
#[pyfunction]
pub(crate) fn lead_report<'py>(
    py: Python<'py>,
    stems: Named,
    lead: &str,
    audio: [Bound<'py, PyAny>; 2],
    target: Option<f64>,
    limits: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let limits: analysis::LeadLimits = read(limits)?;
    let stems = stems.stems();
    let sample_rate_hz = stems.first().map_or(48_000.0, |stem| stem.spectra.sample_rate_hz());
    let blocks = |audio: &Bound<'py, PyAny>| -> PyResult<BlockEnergies> {
        with_either!(array::lend(audio, "audio")?, lent => energies(py, &lent, sample_rate_hz))
    };
    let [own, others] = [blocks(&audio[0])?, blocks(&audio[1])?];
    let report = py.detach(|| {
        let mut progress = Progress::new(None);
        let pass = &mut |_| progress.pass();
        let done = analysis::lead_report_with(&stems, lead, [&own, &others], target, &limits, pass);
        progress.finish(done, refused)
    })?;
    Ok(pythonize::pythonize(py, &report)?)
}

/// The K-weighted energies of blocks of 400 ms; mono counts as two identical channels.
fn energies<S: Format>(py: Python<'_>, lent: &Lent<'_, S>, sample_rate_hz: f64) -> PyResult<BlockEnergies> {
    let spec = StreamSpec::new(sample_rate_hz, lent.channels).map_err(parameter)?;
    let rows = lent.rows()?;
    let block = Block::from_slices(&rows).map_err(parameter)?;
    let settings = LoudnessParams { dual_mono: true, precision: Precision::Off, ..Default::default() };
    let mut meter = settings.build::<S>(&spec).map_err(parameter)?;
    in_chunks_with(py, lent.frames, || Ok(()), |(), start, length| meter.observe(&block.frames_at(start, length)))?;
    Ok(meter.block_energies().clone())
}
