//! Loudness meters.

use crate::{
    array::{self, Planar},
    error::{ParameterError, ShapeError, parameter},
    format::{Either, Format, Kind, with_either},
    interrupt::{Shared, in_chunks_with},
    settings::read,
};
use mixdown::{
    Block, Meter, StreamSpec,
    meters::{Loudness, LoudnessParams},
};
use numpy::IntoPyArray;
use pyo3::{exceptions::PyTypeError, prelude::*, types::PyDict};

/// Running meters as one of a [`Kind`].
struct Running;

impl Kind for Running {
    type Of<S: Format> = mixdown::meters::LoudnessMeter<S>;
}

/// A loudness meter for consecutive blocks. Threads that use it at the same time wait for each other.
#[pyclass(module = "mixdown._core", frozen)]
pub(crate) struct LoudnessMeter {
    spec: StreamSpec,
    params: LoudnessParams,
    /// `None` before the first block, which decides the format.
    running: Shared<Option<Either<Running>>>,
}

/// Refuses NaN and infinities: a meter must not count them as silence.
fn refuse_non_finite<S: Format>(planar: &Planar<S>) -> PyResult<()> {
    match planar.samples.iter().filter(|sample| !sample.finite()).count() {
        0 => Ok(()),
        bad => Err(ParameterError::new_err(format!("audio holds {bad} non-finite samples"))),
    }
}

#[pymethods]
impl LoudnessMeter {
    #[new]
    fn new(sample_rate_hz: f64, channels: usize, settings: &Bound<'_, PyAny>) -> PyResult<Self> {
        let spec = StreamSpec::new(sample_rate_hz, channels).map_err(parameter)?;
        let params: LoudnessParams = read(settings)?;
        params.build::<f32>(&spec).map_err(parameter)?;
        Ok(Self { spec, params, running: Shared::new(None) })
    }

    /// Measures the next block.
    fn observe(&self, py: Python<'_>, block: &Bound<'_, PyAny>) -> PyResult<()> {
        with_either!(array::read(block, "block")?, planar => self.measure(py, &planar))
    }

    /// Everything measured so far, by the names of `Loudness`.
    fn reading<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let reading = self.running.with(py, |running| match running {
            None => self.params.build::<f32>(&self.spec).map(|meter| meter.reading()),
            Some(running) => with_either!(running, meter => Ok(meter.reading())),
        });
        loudness_dict(py, reading.map_err(parameter)?)
    }

    /// Clears all state.
    fn reset(&self, py: Python<'_>) {
        self.running.with(py, |running| *running = None);
    }
}

impl LoudnessMeter {
    fn measure<S: Format>(&self, py: Python<'_>, planar: &Planar<S>) -> PyResult<()> {
        if planar.channels != self.spec.channels() {
            let (expected, actual) = (self.spec.channels(), planar.channels);
            return Err(ShapeError::new_err(format!("block has {actual} channels: the meter has {expected}")));
        }
        refuse_non_finite(planar)?;
        let block = Block::from_planar(&planar.samples, planar.channels).map_err(parameter)?;
        let enter = || {
            let mut running = self.running.lock();
            if running.is_none() {
                *running = Some(S::wrap(self.params.build(&self.spec).map_err(parameter)?));
            }
            if running.as_mut().and_then(S::get_mut).is_none() {
                let message = format!("block is {}: earlier blocks were of the other format", S::NAME);
                return Err(PyTypeError::new_err(message));
            }
            Ok(running)
        };
        in_chunks_with(py, planar.frames, enter, |running, start, length| {
            if let Some(meter) = running.as_mut().and_then(S::get_mut) {
                meter.observe(&block.frames_at(start, length));
            }
        })
    }
}

/// Loudness of several programmes as one album: the gates run over the union of their blocks.
#[pyfunction]
pub(crate) fn album_loudness(py: Python<'_>, meters: Vec<Py<LoudnessMeter>>) -> f64 {
    let meters: Vec<&LoudnessMeter> = meters.iter().map(Py::get).collect();
    py.detach(|| {
        let energies = meters.iter().filter_map(|meter| {
            meter.running.lock().as_ref().map(|running| with_either!(running, meter => meter.block_energies().clone()))
        });
        mixdown::meters::album_loudness(&energies.collect::<Vec<_>>())
    })
}

/// A reading by the names of `Loudness`, its curves as arrays.
pub(crate) fn loudness_dict<'py>(py: Python<'py>, reading: Loudness) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    dict.set_item("integrated_lufs", reading.integrated_lufs)?;
    dict.set_item("loudness_range_lu", reading.loudness_range_lu)?;
    dict.set_item("max_momentary_lufs", reading.max_momentary_lufs)?;
    dict.set_item("max_short_term_lufs", reading.max_short_term_lufs)?;
    dict.set_item("true_peak_dbtp", reading.true_peak_dbtp.unwrap_or(f64::NEG_INFINITY))?;
    dict.set_item("sample_peak_dbfs", reading.sample_peak_dbfs)?;
    dict.set_item("plr_lu", reading.plr_lu)?;
    dict.set_item("min_psr_lu", reading.min_psr_lu)?;
    dict.set_item("momentary_lufs", reading.momentary_lufs.into_pyarray(py))?;
    dict.set_item("short_term_lufs", reading.short_term_lufs.into_pyarray(py))?;
    dict.set_item("times_s", reading.times_s.into_pyarray(py))?;
    Ok(dict)
}
