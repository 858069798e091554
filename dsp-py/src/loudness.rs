//! Loudness, delivery targets, normalising, rounding to whole numbers.

use crate::{
    array::{self, Number, Planar, with_audio},
    error::{ParameterError, ShapeError, parameter},
    interrupt::{CHUNK_FRAMES, interruptible},
};
use mixdown::{
    Block, BlockMut, Meter, StreamSpec,
    delivery::{
        AlbumRule, DeliveryParams, Dither, GainUp, Held, NormalizeError, NormalizeParams, NormalizePolicy,
        QuantizerParams,
    },
    meters::{Layout, Loudness, LoudnessParams, Memory, Precision, Weights},
};
use numpy::{IntoPyArray, PyArray1, PyArrayMethods};
use pyo3::{exceptions::PyTypeError, prelude::*, types::PyDict};
use serde::{Deserialize, de::IntoDeserializer};
use std::{
    ops::ControlFlow,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

enum Running {
    /// Nothing heard yet: the first block decides the format.
    Fresh,
    F32(mixdown::meters::LoudnessMeter<f32>),
    F64(mixdown::meters::LoudnessMeter<f64>),
}

/// A meter format with its place in [`Running`].
trait Metered: Number {
    fn wrap(meter: mixdown::meters::LoudnessMeter<Self>) -> Running;
    fn of(running: &mut Running) -> Option<&mut mixdown::meters::LoudnessMeter<Self>>;
}

impl Metered for f32 {
    fn wrap(meter: mixdown::meters::LoudnessMeter<Self>) -> Running {
        Running::F32(meter)
    }
    fn of(running: &mut Running) -> Option<&mut mixdown::meters::LoudnessMeter<Self>> {
        if let Running::F32(meter) = running { Some(meter) } else { None }
    }
}

impl Metered for f64 {
    fn wrap(meter: mixdown::meters::LoudnessMeter<Self>) -> Running {
        Running::F64(meter)
    }
    fn of(running: &mut Running) -> Option<&mut mixdown::meters::LoudnessMeter<Self>> {
        if let Running::F64(meter) = running { Some(meter) } else { None }
    }
}

/// A loudness meter that takes block after block. Threads that use it at the same time wait for each other.
#[pyclass(module = "mixdown._core", frozen)]
pub(crate) struct LoudnessMeter {
    spec: StreamSpec,
    params: LoudnessParams,
    running: Mutex<Running>,
}

fn weights(layout: Option<&str>, weights: Option<Vec<f64>>) -> PyResult<Weights> {
    match (layout, weights) {
        (Some(_), Some(_)) => Err(ParameterError::new_err("layout and weights exclude each other")),
        (None, Some(weights)) => Ok(Weights::Explicit(weights)),
        (None, None) => Ok(Weights::ByCount),
        (Some(layout), None) => {
            let named: Result<_, serde::de::value::Error> = Layout::deserialize(layout.into_deserializer());
            named
                .map(Weights::Layout)
                .map_err(|_| not_one_of("layout", layout, "mono, stereo, 3.0, 4.0, 5.0, 5.1, 7.1"))
        }
    }
}

fn not_one_of(param: &str, value: &str, known: &str) -> PyErr {
    ParameterError::new_err(format!("{param} = {value:?} is not allowed: it must be one of {known}"))
}

/// Refuses audio that is no audio: a meter that counts NaN as silence is no meter.
fn refuse_non_finite<S: Number>(planar: &Planar<S>) -> PyResult<()> {
    match planar.samples.iter().filter(|sample| !sample.finite()).count() {
        0 => Ok(()),
        bad => Err(ParameterError::new_err(format!("audio holds {bad} non-finite samples"))),
    }
}

#[pymethods]
impl LoudnessMeter {
    #[new]
    #[pyo3(signature = (
        sample_rate_hz, channels, layout=None, weights=None, dual_mono=false, precision="standard", memory="exact"
    ))]
    fn new(
        sample_rate_hz: f64,
        channels: usize,
        layout: Option<&str>,
        weights: Option<Vec<f64>>,
        dual_mono: bool,
        precision: &str,
        memory: &str,
    ) -> PyResult<Self> {
        let spec = StreamSpec::new(sample_rate_hz, channels).map_err(parameter)?;
        let precision = match precision {
            "standard" => Precision::Standard,
            "high" => Precision::High,
            "reference" => Precision::Reference,
            _ => return Err(not_one_of("precision", precision, "standard, high, reference")),
        };
        let memory = match memory {
            "exact" => Memory::Exact,
            "constant" => Memory::Constant,
            _ => return Err(not_one_of("memory", memory, "exact, constant")),
        };
        let params = LoudnessParams { weights: self::weights(layout, weights)?, dual_mono, precision, memory };
        params.build::<f32>(&spec).map_err(parameter)?;
        Ok(Self { spec, params, running: Mutex::new(Running::Fresh) })
    }

    /// Listens to the next block.
    fn observe(&self, py: Python<'_>, block: &Bound<'_, PyAny>) -> PyResult<()> {
        with_audio!(array::read(block, "block")?, planar => self.listen(py, &planar))
    }

    /// Everything heard so far, by the names of `Loudness`.
    fn reading<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let reading = py.detach(|| match &*self.lock() {
            Running::Fresh => self.params.build::<f32>(&self.spec).map(|meter| meter.reading()),
            Running::F32(meter) => Ok(meter.reading()),
            Running::F64(meter) => Ok(meter.reading()),
        });
        to_dict(py, reading.map_err(parameter)?)
    }

    /// Forgets the past.
    fn reset(&self, py: Python<'_>) {
        py.detach(|| *self.lock() = Running::Fresh);
    }
}

impl LoudnessMeter {
    /// To be called without the interpreter lock, which who has it may need to go on.
    fn lock(&self) -> MutexGuard<'_, Running> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn listen<S: Metered>(&self, py: Python<'_>, planar: &Planar<S>) -> PyResult<()> {
        if planar.channels != self.spec.channels() {
            let (expected, actual) = (self.spec.channels(), planar.channels);
            return Err(ShapeError::new_err(format!("block has {actual} channels: the meter has {expected}")));
        }
        refuse_non_finite(planar)?;
        let block = Block::from_planar(&planar.samples, planar.channels).map_err(parameter)?;
        let mut start = 0;
        interruptible(py, |deadline| {
            let mut running = self.lock();
            if let Running::Fresh = *running {
                *running = S::wrap(self.params.build(&self.spec).map_err(parameter)?);
            }
            let Some(meter) = <S as Metered>::of(&mut running) else {
                let message = format!("block is {}: earlier blocks were of the other format", S::NAME);
                return Err(PyTypeError::new_err(message));
            };
            while start < planar.frames {
                let length = CHUNK_FRAMES.min(planar.frames - start);
                meter.observe(&block.frames_at(start, length));
                start += length;
                if deadline.passed() {
                    break;
                }
            }
            Ok(start >= planar.frames)
        })
    }
}

/// Loudness of several programmes as one album: the gates run over the union of their blocks.
#[pyfunction]
pub(crate) fn album_loudness(py: Python<'_>, meters: Vec<Py<LoudnessMeter>>) -> f64 {
    let meters: Vec<&LoudnessMeter> = meters.iter().map(Py::get).collect();
    py.detach(|| {
        let energies = meters.iter().filter_map(|meter| match &*meter.lock() {
            Running::Fresh => None,
            Running::F32(meter) => Some(meter.block_energies().clone()),
            Running::F64(meter) => Some(meter.block_energies().clone()),
        });
        mixdown::meters::album_loudness(&energies.collect::<Vec<_>>())
    })
}

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

fn to_dict<'py>(py: Python<'py>, reading: Loudness) -> PyResult<Bound<'py, PyDict>> {
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

/// How often signals are looked at, and whoever waits is told of the progress.
const POLL: Duration = Duration::from_millis(50);

/// Looks at signals and tells a Python function of the progress while the GIL is released.
struct Poll<'a> {
    progress: Option<&'a Py<PyAny>>,
    last: Instant,
    /// What broke the work off.
    error: Option<PyErr>,
}

impl<'a> Poll<'a> {
    fn new(progress: Option<&'a Py<PyAny>>) -> Self {
        Self { progress, last: Instant::now(), error: None }
    }

    fn hear(&mut self, share: f64) -> ControlFlow<()> {
        if share < 1.0 && self.last.elapsed() < POLL {
            return ControlFlow::Continue(());
        }
        let told = Python::attach(|py| {
            py.check_signals()?;
            self.progress.map_or(Ok(()), |progress| progress.call1(py, (share,)).map(drop))
        });
        self.last = Instant::now();
        match told {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                self.error = Some(error);
                ControlFlow::Break(())
            }
        }
    }

    /// The result of the work; what broke it off comes before what it says itself.
    fn finish<T>(self, result: Result<T, NormalizeError>) -> PyResult<T> {
        match self.error {
            Some(error) => Err(error),
            None => result.map_err(refused),
        }
    }
}

fn refused(error: NormalizeError) -> PyErr {
    match error {
        NormalizeError::Settings(error) => parameter(error),
        _ => ParameterError::new_err(error.to_string()),
    }
}

/// Normalises by a static gain. Returns the array, the gain in dB, and which limit decided it. `progress` is called with
/// the share done, 0 to 1.
#[pyfunction]
#[pyo3(signature = (audio, sample_rate_hz, target_lufs, ceiling_dbtp, policy, dual_mono=false, progress=None))]
#[expect(clippy::too_many_arguments, reason = "a function of Python, called by name from one place")]
pub(crate) fn normalize<'py>(
    py: Python<'py>,
    audio: &Bound<'py, PyAny>,
    sample_rate_hz: f64,
    target_lufs: f64,
    ceiling_dbtp: f64,
    policy: &str,
    dual_mono: bool,
    progress: Option<Py<PyAny>>,
) -> PyResult<(Bound<'py, PyAny>, f64, &'static str)> {
    let policy = match policy {
        "reduce" => NormalizePolicy::Reduce,
        "fail" => NormalizePolicy::Fail,
        _ => {
            let message = format!("policy = {policy:?} is not allowed: it must be \"reduce\" or \"fail\"");
            return Err(ParameterError::new_err(message));
        }
    };
    let params = NormalizeParams { target_lufs, ceiling_dbtp, policy };
    with_audio!(array::read(audio, "audio")?, planar => {
        let mut planar = planar;
        let spec = StreamSpec::new(sample_rate_hz, planar.channels).map_err(parameter)?;
        let done = py.detach(|| {
            let mut block = BlockMut::from_planar(&mut planar.samples, planar.channels).map_err(parameter)?;
            let loudness = LoudnessParams { dual_mono, ..Default::default() };
            let mut poll = Poll::new(progress.as_ref());
            let done = mixdown::delivery::normalize_with(&mut block, &spec, &loudness, &params, &mut |share| poll.hear(share));
            poll.finish(done)
        })?;
        let held = match done.held {
            Held::Loudness => "loudness",
            Held::Ceiling => "ceiling",
        };
        Ok((array::write(py, planar)?, done.gain_db, held))
    })
}

fn dither(name: &str) -> PyResult<Dither> {
    match name {
        "tpdf" => Ok(Dither::Tpdf),
        "none" => Ok(Dither::None),
        _ => {
            let message = format!("dither = {name:?} is not allowed: it must be \"tpdf\" or \"none\"");
            Err(ParameterError::new_err(message))
        }
    }
}

/// Brings a programme to a loudness under a ceiling, by a limiter where needed, rounded to `bits` (0: not at all).
/// Returns the array and the facts of a certificate. `progress` is called with the share done, 0 to 1.
#[pyfunction]
#[pyo3(signature = (
    audio, sample_rate_hz, target_lufs, ceiling_dbtp, bits, dither, dual_mono=false, remove_dc=true, progress=None
))]
#[expect(clippy::too_many_arguments, reason = "a function of Python, called by name from one place")]
pub(crate) fn deliver<'py>(
    py: Python<'py>,
    audio: &Bound<'py, PyAny>,
    sample_rate_hz: f64,
    target_lufs: f64,
    ceiling_dbtp: f64,
    bits: u32,
    dither: &str,
    dual_mono: bool,
    remove_dc: bool,
    progress: Option<Py<PyAny>>,
) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyDict>)> {
    let dither = self::dither(dither)?;
    let params = DeliveryParams { target_lufs, ceiling_dbtp, bits, dither, dual_mono, remove_dc };
    with_audio!(array::read(audio, "audio")?, planar => {
        let spec = StreamSpec::new(sample_rate_hz, planar.channels).map_err(parameter)?;
        let done = py.detach(|| {
            let programme = Block::from_planar(&planar.samples, planar.channels).map_err(parameter)?;
            let mut poll = Poll::new(progress.as_ref());
            let done = mixdown::delivery::deliver_with(&programme, &spec, &params, &mut |share| poll.hear(share));
            poll.finish(done)
        })?;
        let facts = PyDict::new(py);
        facts.set_item("gain_db", done.gain_db)?;
        facts.set_item("limiter_ceiling_db", done.limiter.map(|limiter| limiter.ceiling_db))?;
        facts.set_item("limiter_hold_ms", done.limiter.map(|limiter| limiter.hold_ms))?;
        facts.set_item("limiter_release_ms", done.limiter.map(|limiter| limiter.release_ms))?;
        facts.set_item("dc_offsets", done.dc_offsets)?;
        facts.set_item("max_reduction_db", done.reduction.max_db)?;
        facts.set_item("mean_reduction_db", done.reduction.mean_db)?;
        facts.set_item("active_share", done.reduction.active_share)?;
        facts.set_item("reduction_curve_db", done.reduction_curve_db.into_pyarray(py))?;
        facts.set_item("passes", done.passes)?;
        facts.set_item("loudness", to_dict(py, done.loudness)?)?;
        Ok((array::write(py, Planar { samples: done.samples, ..planar })?, facts))
    })
}

/// Rounds audio to whole numbers of `bits` with dither "tpdf" or "none". Returns them as int32 of shape (channels,
/// frames), and how many samples were clipped.
#[pyfunction]
pub(crate) fn quantize<'py>(
    py: Python<'py>,
    audio: &Bound<'py, PyAny>,
    bits: u32,
    dither: &str,
) -> PyResult<(Bound<'py, PyAny>, u64)> {
    let dither = self::dither(dither)?;
    with_audio!(array::read(audio, "audio")?, planar => {
        // The rate plays no part in rounding.
        let spec = StreamSpec::new(mixdown::MAX_SAMPLE_RATE_HZ, planar.channels).map_err(parameter)?;
        let params = QuantizerParams { bits, dither, ..Default::default() };
        let (words, clipped) = py.detach(|| {
            let mut quantizer = params.build(&spec).map_err(parameter)?;
            let mut words = vec![0; planar.samples.len()];
            let block = Block::from_planar(&planar.samples, planar.channels).map_err(parameter)?;
            quantizer.quantize(&block, &mut words).map_err(parameter)?;
            PyResult::Ok((words, quantizer.clipped()))
        })?;
        let array = PyArray1::from_vec(py, words).reshape([planar.channels, planar.frames])?;
        Ok((array.into_any(), clipped))
    })
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
        let gain_up = match target.gain_up {
            GainUp::Never => "never",
            GainUp::Headroom => "headroom",
            GainUp::Limit => "limit",
        };
        dict.set_item("gain_up", gain_up)?;
        let album = match target.album {
            AlbumRule::Off => "off",
            AlbumRule::Integrated => "integrated",
            AlbumRule::Loudest => "loudest",
        };
        dict.set_item("album", album)?;
        dict.set_item("source", target.source)?;
        dict.set_item("date", target.date)?;
        Ok(dict)
    };
    mixdown::delivery::TARGETS.iter().map(to_dict).collect()
}
