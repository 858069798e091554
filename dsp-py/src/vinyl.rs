//! Vinyl pre-flight: grooves of programmes, and sides of records.

use crate::{
    array::{self, Lent},
    error::{ParameterError, parameter},
    format::{Format, with_either},
    interrupt::in_chunks_with,
    settings::read,
};
use mixdown::{
    Block, StreamSpec,
    delivery::vinyl::{self, GrooveMeter, VINYL_FORMATS, VinylFormat, VinylLimits},
};
use pyo3::{prelude::*, types::PyDict};

/// The groove of one programme at a cutting level of 0 dB, measured once.
#[pyclass(module = "mixdown._core", frozen)]
pub(crate) struct Groove(vinyl::Groove);

#[pymethods]
impl Groove {
    #[new]
    fn new(
        py: Python<'_>,
        audio: &Bound<'_, PyAny>,
        sample_rate_hz: f64,
        fmt: &str,
        limits: &Bound<'_, PyAny>,
    ) -> PyResult<Self> {
        let (format, limits) = (find(fmt)?, read::<VinylLimits>(limits)?);
        with_either!(array::lend(audio, "audio")?, lent => measured(py, &lent, sample_rate_hz, format, &limits))
    }

    /// What does not depend on the side: length, bass, tone; largest excursion, lift and velocity at 0 dB.
    fn figures<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let figures = PyDict::new(py);
        figures.set_item("duration_s", self.0.duration_s())?;
        figures.set_item("bass", pythonize::pythonize(py, self.0.bass())?)?;
        figures.set_item("tone", pythonize::pythonize(py, self.0.tone())?)?;
        figures.set_item("excursion_um", self.0.excursion_um())?;
        figures.set_item("lift_um", self.0.lift_um())?;
        figures.set_item("velocity_m_per_s", self.0.velocity_m_per_s())?;
        Ok(figures)
    }
}

fn measured<S: Format>(
    py: Python<'_>,
    lent: &Lent<'_, S>,
    sample_rate_hz: f64,
    format: &VinylFormat,
    limits: &VinylLimits,
) -> PyResult<Groove> {
    let spec = StreamSpec::new(sample_rate_hz, lent.channels).map_err(parameter)?;
    let rows = lent.rows()?;
    let block = Block::from_slices(&rows).map_err(parameter)?;
    let mut meter = GrooveMeter::new(&spec, format.rpm, limits).map_err(parameter)?;
    in_chunks_with(py, lent.frames, || Ok(()), |(), start, length| meter.observe(&block.frames_at(start, length)))?;
    Ok(Groove(py.detach(|| meter.finish())))
}

fn find(name: &str) -> PyResult<&'static VinylFormat> {
    vinyl::vinyl_format(name).ok_or_else(|| {
        let known: Vec<_> = VINYL_FORMATS.iter().map(|format| format.name).collect();
        ParameterError::new_err(format!("fmt = {name:?} is unknown: it must be one of {}", known.join(", ")))
    })
}

/// The highest level at which programmes fit on a side, in dB; None if they do not.
#[pyfunction]
pub(crate) fn vinyl_level(
    py: Python<'_>,
    grooves: Vec<Py<Groove>>,
    fmt: &str,
    gap_s: f64,
    limits: &Bound<'_, PyAny>,
) -> PyResult<Option<f64>> {
    let (format, limits) = (find(fmt)?, read::<VinylLimits>(limits)?);
    let grooves: Vec<_> = grooves.iter().map(|groove| &groove.get().0).collect();
    Ok(py.detach(|| vinyl::side_level(&grooves, format, gap_s, &limits)))
}

/// What programmes look like on a side, cut at a level.
#[pyfunction]
pub(crate) fn vinyl_side<'py>(
    py: Python<'py>,
    grooves: Vec<Py<Groove>>,
    fmt: &str,
    gap_s: f64,
    limits: &Bound<'py, PyAny>,
    level_db: f64,
) -> PyResult<Bound<'py, PyAny>> {
    let (format, limits) = (find(fmt)?, read::<VinylLimits>(limits)?);
    let grooves: Vec<_> = grooves.iter().map(|groove| &groove.get().0).collect();
    let side = py.detach(|| vinyl::cut_side(&grooves, format, gap_s, &limits, level_db));
    Ok(pythonize::pythonize(py, &side)?)
}

/// All formats of records: name, radii in mm, speed.
#[pyfunction]
pub(crate) fn vinyl_formats(py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
    Ok(pythonize::pythonize(py, &VINYL_FORMATS)?)
}

/// The recording characteristic of vinyl records at frequencies, in dB.
#[pyfunction]
pub(crate) fn riaa_record_db(frequencies_hz: Vec<f64>) -> Vec<f64> {
    frequencies_hz.into_iter().map(vinyl::riaa_record_db).collect()
}
