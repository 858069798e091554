//! Delivery: targets, normalisation, quantisation.

use crate::{
    array::{self, Target},
    error::{ParameterError, parameter},
    format::with_either,
    interrupt::Progress,
    meter::loudness_dict,
    settings::read,
};
use mixdown::{
    Block, StreamSpec,
    delivery::{
        ContentSeed, DeliveryParams, NormalizeError, NormalizeParams, QuantizerParams, content_seed, name_seed,
    },
    dynamics::ReleaseMode,
    meters::LoudnessParams,
    params::Kind,
};
use numpy::{IntoPyArray, PyArrayMethods};
use pyo3::{prelude::*, types::PyDict};

/// Gain in dB with which a player that follows the target called `name` plays a programme.
#[pyfunction]
#[pyo3(signature = (integrated_lufs, true_peak_dbtp, name, channels=2, dual_mono=false))]
pub(crate) fn playback_gain(
    integrated_lufs: f64,
    true_peak_dbtp: f64,
    name: &str,
    channels: usize,
    dual_mono: bool,
) -> PyResult<f64> {
    let target = find(name)?.for_channels(channels, dual_mono);
    Ok(mixdown::delivery::playback_gain(integrated_lufs, true_peak_dbtp, &target))
}

/// The highest true peak in dBTP that the target called `name` allows a programme of this loudness; inf if any.
#[pyfunction]
pub(crate) fn ceiling_at(integrated_lufs: f64, name: &str) -> PyResult<f64> {
    Ok(find(name)?.ceiling_at(integrated_lufs).unwrap_or(f64::INFINITY))
}

fn find(name: &str) -> PyResult<&'static mixdown::delivery::DeliveryTarget> {
    mixdown::delivery::target(name).ok_or_else(|| {
        let known: Vec<_> = mixdown::delivery::TARGETS.iter().map(|target| target.name).collect();
        ParameterError::new_err(format!("target = {name:?} is unknown: it must be one of {}", known.join(", ")))
    })
}

/// The ends of the range of a number in the settings of `deliver`.
#[pyfunction]
pub(crate) fn delivery_range(name: &str) -> PyResult<(f64, f64)> {
    let field = DeliveryParams::FIELDS.iter().find(|field| field.name == name);
    match field.map(|field| &field.kind) {
        Some(Kind::Number(number)) => Ok((number.min, number.max)),
        _ => Err(ParameterError::new_err(format!("name = {name:?} is no number of a delivery"))),
    }
}

/// Normalises by a static gain. `progress` is called with the share of the work done, 0 to 1.
#[pyfunction]
#[pyo3(signature = (audio, sample_rate_hz, settings, dual_mono=false, progress=None))]
pub(crate) fn normalize<'py>(
    py: Python<'py>,
    audio: &Bound<'py, PyAny>,
    sample_rate_hz: f64,
    settings: &Bound<'py, PyAny>,
    dual_mono: bool,
    progress: Option<Py<PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let params: NormalizeParams = read(settings)?;
    let loudness = LoudnessParams { dual_mono, ..Default::default() };
    with_either!(array::lend(audio, "audio")?, lent => {
        let spec = StreamSpec::new(sample_rate_hz, lent.channels).map_err(parameter)?;
        let mut target = lent.copied(py)?;
        target.with(|block| py.detach(|| {
            let mut progress = Progress::new(progress.as_ref());
            let report = &mut |share| progress.report(share);
            let done = mixdown::delivery::normalize_with(block, &spec, &loudness, &params, report);
            progress.finish(done, refused)
        }))?;
        target.finish()
    })
}

/// Brings a programme to a loudness under a ceiling, by clip and limiter where needed, and rounds it. Returns the array
/// and the facts of a certificate. `progress` is called with the share of the work done, 0 to 1; `name` is the file's,
/// for the seed of the dither.
#[pyfunction]
#[pyo3(signature = (audio, sample_rate_hz, settings, progress=None, name=""))]
pub(crate) fn deliver<'py>(
    py: Python<'py>,
    audio: &Bound<'py, PyAny>,
    sample_rate_hz: f64,
    settings: &Bound<'py, PyAny>,
    progress: Option<Py<PyAny>>,
    name: &str,
) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyDict>)> {
    let params = DeliveryParams { seed: name_seed(name), ..read(settings)? };
    with_either!(array::lend(audio, "audio")?, lent => {
        let spec = StreamSpec::new(sample_rate_hz, lent.channels).map_err(parameter)?;
        let rows = lent.rows()?;
        let programme = Block::from_slices(&rows).map_err(parameter)?;
        let mut target = Target::new(py, (lent.channels, lent.frames, lent.flat), None)?;
        let done = target.with(|out| py.detach(|| {
            let mut progress = Progress::new(progress.as_ref());
            let report = &mut |share| progress.report(share);
            let done = mixdown::delivery::deliver_to(&programme, &spec, &params, out, report);
            progress.finish(done, refused)
        }))?;
        let facts = PyDict::new(py);
        facts.set_item("gain_db", done.gain_db)?;
        facts.set_item("limiter_ceiling_db", done.limiter.map(|limiter| limiter.ceiling_db))?;
        facts.set_item("limiter_hold_ms", done.limiter.map(|limiter| limiter.hold_ms))?;
        let manual = done.limiter.filter(|limiter| limiter.release_mode == ReleaseMode::Manual);
        facts.set_item("limiter_release_ms", manual.map(|limiter| limiter.release_ms))?;
        facts.set_item("clip_ceiling_db", done.clipping.map(|clipping| clipping.ceiling_db))?;
        facts.set_item("clip_depth_db", done.clipping.map_or(0.0, |clipping| clipping.depth_db))?;
        facts.set_item("clipped_share", done.clipping.map_or(0.0, |clipping| clipping.share))?;
        facts.set_item("dc_offsets", done.dc_offsets)?;
        facts.set_item("max_reduction_db", done.reduction.max_db)?;
        facts.set_item("mean_reduction_db", done.reduction.mean_db)?;
        facts.set_item("active_share", done.reduction.active_share)?;
        facts.set_item("reduction_curve_db", done.reduction_curve_db.into_pyarray(py))?;
        facts.set_item("loudness", loudness_dict(py, done.loudness)?)?;
        Ok((target.finish()?, facts))
    })
}

/// Rounds audio to whole numbers, with dither seeded by what it holds and by the `name` of its file. Returns them as
/// int32 of shape (channels, frames), and how many samples were clipped.
#[pyfunction]
#[pyo3(signature = (audio, sample_rate_hz, settings, name=""))]
pub(crate) fn quantize<'py>(
    py: Python<'py>,
    audio: &Bound<'py, PyAny>,
    sample_rate_hz: f64,
    settings: &Bound<'py, PyAny>,
    name: &str,
) -> PyResult<(Bound<'py, PyAny>, u64)> {
    let params: QuantizerParams = read(settings)?;
    with_either!(array::lend(audio, "audio")?, lent => {
        let spec = StreamSpec::new(sample_rate_hz, lent.channels).map_err(parameter)?;
        let rows = lent.rows()?;
        let words = array::empty_of::<i32>(py, vec![lent.channels, lent.frames])?;
        let clipped = {
            let mut words = words.try_readwrite().map_err(|error| ParameterError::new_err(error.to_string()))?;
            let words = words.as_slice_mut().map_err(|error| ParameterError::new_err(error.to_string()))?;
            py.detach(|| {
                let block = Block::from_slices(&rows).map_err(parameter)?;
                let params = QuantizerParams { seed: content_seed(&block, name_seed(name)), ..params };
                let mut quantizer = params.build(&spec).map_err(parameter)?;
                quantizer.quantize(&block, words).map_err(parameter)?;
                PyResult::Ok(quantizer.clipped())
            })?
        };
        Ok((words.into_any(), clipped))
    })
}

/// The quantiser of samples that are not in memory at once. First it hears the parts of one channel after the other,
/// which seed the dither; then it quantises blocks.
#[pyclass(module = "mixdown._core")]
pub(crate) struct Quantizer {
    params: QuantizerParams,
    spec: StreamSpec,
    seed: ContentSeed,
    running: Option<mixdown::delivery::Quantizer>,
}

#[pymethods]
impl Quantizer {
    #[new]
    fn new(settings: &Bound<'_, PyAny>, sample_rate_hz: f64, channels: usize, name: &str) -> PyResult<Self> {
        let spec = StreamSpec::new(sample_rate_hz, channels).map_err(parameter)?;
        let params: QuantizerParams = read(settings)?;
        params.build(&spec).map_err(parameter)?;
        Ok(Self { params, spec, seed: ContentSeed::new(name_seed(name)), running: None })
    }

    /// Takes the next samples of a channel.
    fn hear(&mut self, py: Python<'_>, samples: &Bound<'_, PyAny>) -> PyResult<()> {
        with_either!(array::lend(samples, "samples")?, lent => {
            let (rows, seed) = (lent.rows()?, &mut self.seed);
            py.detach(|| rows.iter().for_each(|row| seed.hear(row)));
        });
        Ok(())
    }

    /// Ends a channel of so many frames.
    fn end_channel(&mut self, frames: usize) {
        self.seed.end_channel(frames);
    }

    /// Whole numbers of a block, int32 of shape (channels, frames).
    fn quantize<'py>(&mut self, py: Python<'py>, block: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let running = match &mut self.running {
            Some(running) => running,
            none => {
                let params = QuantizerParams { seed: self.seed.seed(), ..self.params };
                none.insert(params.build(&self.spec).map_err(parameter)?)
            }
        };
        with_either!(array::lend(block, "block")?, lent => {
            let rows = lent.rows()?;
            let words = array::empty_of::<i32>(py, vec![lent.channels, lent.frames])?;
            {
                let mut words = words.try_readwrite().map_err(|error| ParameterError::new_err(error.to_string()))?;
                let words = words.as_slice_mut().map_err(|error| ParameterError::new_err(error.to_string()))?;
                py.detach(|| {
                    let block = Block::from_slices(&rows).map_err(parameter)?;
                    running.quantize(&block, words).map_err(parameter)
                })?;
            }
            Ok(words.into_any())
        })
    }

    /// Samples that were clipped.
    #[getter]
    fn clipped(&self) -> u64 {
        self.running.as_ref().map_or(0, mixdown::delivery::Quantizer::clipped)
    }
}

/// All delivery targets: name, LUFS, tolerance in LU, ceiling in dBTP, gain-up rule, album rule, source, date.
#[pyfunction]
pub(crate) fn targets(py: Python<'_>) -> PyResult<Vec<Bound<'_, PyDict>>> {
    let to_dict = |target: &mixdown::delivery::DeliveryTarget| {
        let dict = PyDict::new(py);
        dict.set_item("name", target.name)?;
        dict.set_item("integrated_lufs", target.integrated_lufs)?;
        dict.set_item("mono_lufs", target.mono_lufs)?;
        dict.set_item("tolerance_lu", target.tolerance_lu)?;
        dict.set_item("ceiling_dbtp", target.ceiling_dbtp.unwrap_or(f64::INFINITY))?;
        dict.set_item("gain_up", pythonize::pythonize(py, &target.gain_up)?)?;
        dict.set_item("album", pythonize::pythonize(py, &target.album)?)?;
        dict.set_item("source", target.source)?;
        dict.set_item("date", target.date)?;
        Ok(dict)
    };
    mixdown::delivery::TARGETS.iter().map(to_dict).collect()
}

fn refused(error: NormalizeError) -> PyErr {
    match error {
        NormalizeError::Settings(error) => parameter(error),
        _ => ParameterError::new_err(error.to_string()),
    }
}
