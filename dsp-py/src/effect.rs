//! Effects: offline processing, streams, responses.

use crate::{
    array::{self, Audio, Number, Planar, with_audio},
    error::{ParameterError, ShapeError, parameter},
    interrupt::{CHUNK_FRAMES, in_chunks, interruptible},
};
use mixdown::{
    Block, BlockMut, Dynamics, Effect, EffectProcessor, Params, Processor, StreamSpec, Tail, Tunable,
    reverbs::ReverbParams,
};
use numpy::{Complex64, PyArray1, PyArrayMethods, PyReadonlyArray1};
use pyo3::{
    exceptions::{PyRuntimeWarning, PyTypeError},
    prelude::*,
    types::PyString,
};

use std::sync::{Mutex, PoisonError};

/// A tail is cut off after this long, in s.
const MAX_TAIL_S: f64 = 60.0;
/// Grid on which a tail is looked at, in s.
const TAIL_GRID_S: f64 = 0.1;
/// A tail ends where a whole step of the grid lies below this, -120 dBFS.
const TAIL_FLOOR: f64 = 1e-6;

/// The settings behind a Python effect, its `_engine()` values, for a rate if what it holds depends on one.
pub(crate) fn parse(effect: &Bound<'_, PyAny>, sample_rate_hz: Option<f64>) -> PyResult<Effect> {
    if !effect.hasattr("_engine")? {
        return Err(PyTypeError::new_err(format!("effect = {} is not an effect", effect.repr()?)));
    }
    plain(&effect.call_method1("_engine", (sample_rate_hz,))?)
}

/// Settings of plain values: dicts, lists, numbers, words.
pub(crate) fn plain<T: serde::de::DeserializeOwned>(settings: &Bound<'_, PyAny>) -> PyResult<T> {
    pythonize::depythonize(settings).map_err(|error| ParameterError::new_err(error.to_string()))
}

/// Refuses settings that no stream can take: ranges that depend on the rate are checked at the widest one.
#[pyfunction]
pub(crate) fn check(effect: &Bound<'_, PyAny>) -> PyResult<()> {
    let widest = StreamSpec::new(mixdown::MAX_SAMPLE_RATE_HZ, 2).map_err(parameter)?;
    parse(effect, None)?.design(&widest).map(|_| ()).map_err(parameter)
}

/// How much of the tail an offline call renders.
enum Length {
    Input,
    Auto,
    Frames(usize),
}

impl Length {
    fn parse(tail: &Bound<'_, PyAny>, sample_rate_hz: f64) -> PyResult<Self> {
        let refuse = || {
            let given = tail.repr().map_or_else(|_| "?".into(), |text| text.to_string());
            ParameterError::new_err(format!("tail = {given} is not allowed: \"none\", \"auto\" or seconds, 0..60"))
        };
        if let Ok(word) = tail.extract::<String>() {
            return match word.as_str() {
                "none" => Ok(Self::Input),
                "auto" => Ok(Self::Auto),
                _ => Err(refuse()),
            };
        }
        match tail.extract::<f64>() {
            Ok(seconds) if (0.0..=MAX_TAIL_S).contains(&seconds) => {
                Ok(Self::Frames((seconds * sample_rate_hz).round() as usize))
            }
            _ => Err(refuse()),
        }
    }
}

/// Runs an effect over a whole array with fresh state; the latency is taken out.
#[pyfunction]
#[pyo3(signature = (effect, audio, sample_rate_hz, key, tail, out))]
pub(crate) fn process<'py>(
    py: Python<'py>,
    effect: &Bound<'py, PyAny>,
    audio: &Bound<'py, PyAny>,
    sample_rate_hz: f64,
    key: Option<&Bound<'py, PyAny>>,
    tail: &Bound<'py, PyAny>,
    out: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let name = effect.get_type().name()?.to_string();
    let effect = parse(effect, Some(sample_rate_hz))?;
    let length = Length::parse(tail, sample_rate_hz)?;
    let key = key.map(|key| array::read(key, "key")).transpose()?;
    let call = Call { effect, name, sample_rate_hz, length };
    with_audio!(array::read(audio, "audio")?, planar => offline(py, &call, planar, key, out))
}

/// What an offline call was given beside its arrays.
struct Call {
    effect: Effect,
    /// The class of the effect.
    name: String,
    sample_rate_hz: f64,
    length: Length,
}

fn offline<'py, S: Number>(
    py: Python<'py>,
    call: &Call,
    audio: Planar<S>,
    key: Option<Audio>,
    out: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let (spec, key) = stream_of(&audio, key, call.sample_rate_hz)?;
    let mut processor = py.detach(|| call.effect.build::<S>(&spec)).map_err(parameter)?;
    expect_taker(&processor, &call.name, spec.key_channels())?;
    let (rendered, faults) = render(py, &mut processor, audio, key.as_ref(), &call.length)?;
    if faults > 0 {
        let message = format!("{faults} non-finite samples were replaced by 0");
        let message = std::ffi::CString::new(message).unwrap_or_default();
        PyErr::warn(py, &py.get_type::<PyRuntimeWarning>(), &message, 2)?;
    }
    array::write_into(py, rendered, out)
}

/// The stream of audio and its key, which must have the same format and length.
fn stream_of<S: Number>(
    audio: &Planar<S>,
    key: Option<Audio>,
    sample_rate_hz: f64,
) -> PyResult<(StreamSpec, Option<Planar<S>>)> {
    let spec = StreamSpec::new(sample_rate_hz, audio.channels).map_err(parameter)?;
    let Some(key) = key else { return Ok((spec, None)) };
    let key = same_format::<S>(key, "key")?;
    if ![1, audio.channels].contains(&key.channels) {
        let (given, all) = (key.channels, audio.channels);
        return Err(ShapeError::new_err(format!("key has {given} channels: 1 or {all}, as the audio has, needed")));
    }
    if key.frames != audio.frames {
        let (expected, actual) = (audio.frames, key.frames);
        return Err(ShapeError::new_err(format!("key has {actual} frames: audio has {expected}")));
    }
    Ok((spec.with_key(key.channels).map_err(parameter)?, Some(key)))
}

/// Refuses a key that nothing in the effect called `name` takes.
fn expect_taker<S: Number>(processor: &EffectProcessor<S>, name: &str, key_channels: usize) -> PyResult<()> {
    if key_channels == 0 || processor.takes_key() {
        return Ok(());
    }
    Err(ParameterError::new_err(format!("{name} takes no key: Compressor, Expander, Gate and DynamicEqualizer do")))
}

/// Audio of format `S`, or the error that says what `name` must be.
pub(crate) fn same_format<S: Number>(audio: Audio, name: &str) -> PyResult<Planar<S>> {
    S::of(audio).ok_or_else(|| PyTypeError::new_err(format!("{name} must be {} as the audio is", S::NAME)))
}

/// Input, then silence until the length asked for, with the first `latency` frames of the output dropped. In place: a
/// minute of audio is copied only where its length changes.
fn render<S: Number>(
    py: Python<'_>,
    processor: &mut EffectProcessor<S>,
    audio: Planar<S>,
    key: Option<&Planar<S>>,
    length: &Length,
) -> PyResult<(Planar<S>, u64)> {
    let (inputs, outputs) = (audio.channels, processor.output_channels());
    let (rows, latency, flat) = (inputs.max(outputs), processor.latency_frames(), audio.flat);
    let mut frames = match length {
        Length::Input | Length::Auto => audio.frames,
        Length::Frames(tail) => audio.frames + tail,
    };
    // As much silence as it takes to push the input through.
    let total = frames + latency;
    let keys = key.filter(|key| key.frames != total).map(|key| key.padded(key.channels, total));
    let keys = key.map(|key| Block::from_planar(keys.as_ref().unwrap_or(&key.samples), key.channels));
    let keys = keys.transpose().map_err(parameter)?;
    let mut samples = if (rows, total) == (inputs, audio.frames) { audio.samples } else { audio.padded(rows, total) };
    run(py, processor, &mut BlockMut::from_planar(&mut samples, rows).map_err(parameter)?, keys.as_ref())?;
    if latency > 0 {
        for channel in 0..outputs {
            samples.copy_within(channel * total + latency..(channel + 1) * total, channel * frames);
        }
    }
    samples.truncate(outputs * frames);
    if let Length::Auto = length {
        let tails = ring_out(py, processor, rows, key.map(|key| key.channels))?;
        let tail_frames = tails.first().map_or(0, Vec::len);
        if tail_frames > 0 {
            let mut longer = Vec::with_capacity(outputs * (frames + tail_frames));
            for (channel, tail) in tails.iter().enumerate() {
                longer.extend_from_slice(&samples[channel * frames..][..frames]);
                longer.extend_from_slice(tail);
            }
            samples = longer;
            frames += tail_frames;
        }
    }
    Ok((Planar { samples, channels: outputs, frames, flat }, processor.non_finite_samples()))
}

/// Processes a whole block, by its key if there is one.
fn run<S: Number>(
    py: Python<'_>,
    processor: &mut EffectProcessor<S>,
    block: &mut BlockMut<'_, '_, S>,
    key: Option<&Block<'_, '_, S>>,
) -> PyResult<()> {
    in_chunks(py, block.frames(), |start, length| {
        let mut chunk = block.frames_mut(start, length);
        match key {
            Some(key) => processor.process_keyed(&mut chunk, &key.frames_at(start, length)),
            None => processor.process(&mut chunk),
        }
        Ok(())
    })
}

/// What still comes out of each channel while silence goes in, up to the last step of the grid that is not quiet. A gap
/// in the tail, as a predelay leaves it, does not end it: the processor's own tail is rendered, then cut.
fn ring_out<S: Number>(
    py: Python<'_>,
    processor: &mut EffectProcessor<S>,
    rows: usize,
    key_channels: Option<usize>,
) -> PyResult<Vec<Vec<S>>> {
    let grid = (TAIL_GRID_S * processor.spec().sample_rate_hz()).round() as usize;
    let longest = (MAX_TAIL_S / TAIL_GRID_S) as usize;
    let steps = match processor.tail() {
        Tail::Frames(frames) => frames.div_ceil(grid as u64).min(longest as u64) as usize,
        Tail::Infinite => longest,
    };
    let mut tails: Vec<Vec<S>> = vec![Vec::new(); processor.output_channels()];
    let mut loud_frames = 0;
    let keys = vec![S::ZERO; key_channels.unwrap_or(0) * grid];
    for step in 1..=steps {
        let mut silence = vec![S::ZERO; rows * grid];
        let mut block = BlockMut::from_planar(&mut silence, rows).map_err(parameter)?;
        let key = key_channels.map(|channels| Block::from_planar(&keys, channels)).transpose().map_err(parameter)?;
        run(py, processor, &mut block, key.as_ref())?;
        // Each step is too short to look at signals by itself.
        py.check_signals()?;
        let loud = |channel: usize| block.channel(channel).iter().any(|x| x.to_f64().abs() >= TAIL_FLOOR);
        if (0..tails.len()).any(loud) {
            loud_frames = step * grid;
        }
        for (channel, tail) in tails.iter_mut().enumerate() {
            tail.extend_from_slice(block.channel(channel));
        }
    }
    for tail in &mut tails {
        tail.truncate(loud_frames);
    }
    Ok(tails)
}

/// Delay of an effect in frames.
#[pyfunction]
pub(crate) fn latency_frames(effect: &Bound<'_, PyAny>, sample_rate_hz: f64, channels: usize) -> PyResult<usize> {
    let spec = StreamSpec::new(sample_rate_hz, channels).map_err(parameter)?;
    Ok(parse(effect, Some(sample_rate_hz))?.build::<f64>(&spec).map_err(parameter)?.latency_frames())
}

/// Complex gain of a linear effect at frequencies in Hz.
#[pyfunction]
pub(crate) fn frequency_response<'py>(
    py: Python<'py>,
    effect: &Bound<'py, PyAny>,
    frequencies_hz: PyReadonlyArray1<'py, f64>,
    sample_rate_hz: f64,
) -> PyResult<Bound<'py, PyArray1<Complex64>>> {
    let name = effect.get_type().name()?.to_string();
    let effect = parse(effect, Some(sample_rate_hz))?;
    let frequencies: Vec<f64> = frequencies_hz.as_array().iter().copied().collect();
    let half_hz = sample_rate_hz / 2.0;
    if let Some(hz) = frequencies.iter().find(|hz| !(0.0..=half_hz).contains(*hz)) {
        return Err(ParameterError::new_err(format!(
            "frequencies_hz = {hz} is out of range: it must lie in 0..{half_hz}"
        )));
    }
    let response = py.detach(|| {
        // The same on every channel, so one is enough; effects that only take two have no single response.
        let spec = StreamSpec::new(sample_rate_hz, 1).map_err(parameter)?;
        let spec = if effect.output_channels(1).is_ok() { spec } else { spec.with_channels(2).map_err(parameter)? };
        effect.frequency_response(&spec, &frequencies).map_err(parameter)
    })?;
    match response {
        Some(response) => Ok(PyArray1::from_vec(py, response)),
        None => Err(ParameterError::new_err(format!("{name} has no single frequency response"))),
    }
}

/// Gain reduction over time in dB, aligned with the input: (bands, channels, frames).
#[pyfunction]
pub(crate) fn gain_reduction<'py>(
    py: Python<'py>,
    effect: &Bound<'py, PyAny>,
    audio: &Bound<'py, PyAny>,
    sample_rate_hz: f64,
    key: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let name = effect.get_type().name()?.to_string();
    let effect = parse(effect, Some(sample_rate_hz))?;
    let key = key.map(|key| array::read(key, "key")).transpose()?;
    with_audio!(array::read(audio, "audio")?, planar => {
        let (spec, key) = stream_of(&planar, key, sample_rate_hz)?;
        let (samples, traces) = trace(py, &effect, &name, &spec, &planar, key.as_ref())?;
        let shape = [traces / spec.channels(), spec.channels(), planar.frames];
        Ok(PyArray1::from_vec(py, samples).reshape(shape)?.into_any())
    })
}

/// The curves of a dynamics processor one after the other, and how many they are.
fn trace<S: Number>(
    py: Python<'_>,
    effect: &Effect,
    name: &str,
    spec: &StreamSpec,
    audio: &Planar<S>,
    key: Option<&Planar<S>>,
) -> PyResult<(Vec<f64>, usize)> {
    let mut processor = py.detach(|| effect.build::<S>(spec)).map_err(parameter)?;
    let latency = processor.latency_frames();
    let rows = spec.channels().max(processor.output_channels());
    expect_taker(&processor, name, spec.key_channels())?;
    let Some(dynamics) = processor.dynamics_mut() else {
        return Err(ParameterError::new_err(format!("{name} has no gain reduction")));
    };
    let (traces, frames) = (dynamics.traces(), audio.frames + latency);
    if traces == 0 || audio.frames == 0 {
        return Ok((Vec::new(), traces));
    }
    let mut samples = audio.padded(rows, frames);
    let keys = key.map(|key| key.padded(key.channels, frames));
    let mut reduction = vec![0.0; traces * frames];
    let mut block = BlockMut::from_planar(&mut samples, rows).map_err(parameter)?;
    let key = match (&keys, key) {
        (Some(keys), Some(key)) => Some(Block::from_planar(keys, key.channels).map_err(parameter)?),
        _ => None,
    };
    let mut curves = BlockMut::from_planar(&mut reduction, traces).map_err(parameter)?;
    in_chunks(py, frames, |start, length| {
        let key = key.as_ref().map(|key| key.frames_at(start, length));
        let mut curves = curves.frames_mut(start, length);
        dynamics.process_traced(&mut block.frames_mut(start, length), key.as_ref(), &mut curves);
        Ok(())
    })?;
    Ok((reduction.chunks(frames).flat_map(|curve| &curve[latency..]).copied().collect(), traces))
}

/// The settings of a reverb's space, by their names.
#[pyfunction]
pub(crate) fn reverb_space<'py>(py: Python<'py>, space: &str) -> PyResult<Bound<'py, PyAny>> {
    let space = plain(&PyString::new(py, space))?;
    Ok(pythonize::pythonize(py, &ReverbParams::space(space))?)
}

/// Output level for steady input levels, both in dB.
#[pyfunction]
pub(crate) fn transfer_curve<'py>(
    py: Python<'py>,
    effect: &Bound<'py, PyAny>,
    levels_db: PyReadonlyArray1<'py, f64>,
) -> PyResult<Bound<'py, PyArray1<f64>>> {
    let name = effect.get_type().name()?.to_string();
    let levels: Vec<f64> = levels_db.as_array().iter().copied().collect();
    if let Some(position) = levels.iter().position(|level| level.is_nan()) {
        return Err(ParameterError::new_err(format!("levels_db holds NaN at {position}: levels are numbers or -inf")));
    }
    match parse(effect, None)?.transfer_curve(&levels) {
        Some(curve) => Ok(PyArray1::from_vec(py, curve)),
        None => Err(ParameterError::new_err(format!("{name} has no single transfer curve"))),
    }
}

enum Running {
    F32(EffectProcessor<f32>),
    F64(EffectProcessor<f64>),
}

macro_rules! with_running {
    ($running:expr, $processor:ident => $body:expr) => {
        match $running {
            Running::F32($processor) => $body,
            Running::F64($processor) => $body,
        }
    };
}

/// A sample format with its place in [`Running`].
trait Streamed: Number {
    fn of(running: &mut Running) -> Option<&mut EffectProcessor<Self>>;
}

impl Streamed for f32 {
    fn of(running: &mut Running) -> Option<&mut EffectProcessor<Self>> {
        if let Running::F32(processor) = running { Some(processor) } else { None }
    }
}

impl Streamed for f64 {
    fn of(running: &mut Running) -> Option<&mut EffectProcessor<Self>> {
        if let Running::F64(processor) = running { Some(processor) } else { None }
    }
}

/// A running effect that takes block after block.
///
/// Other threads may set and read it while one processes: they wait until it has finished its block.
#[pyclass(module = "mixdown._core", frozen)]
pub(crate) struct Stream {
    running: Mutex<Running>,
    spec: StreamSpec,
    output_channels: usize,
    latency_frames: usize,
    format: &'static str,
    /// The class of the effect.
    name: String,
}

impl Stream {
    /// Waits for other threads without the interpreter lock, which they may need to go on.
    fn with<T: Send>(&self, py: Python<'_>, act: impl FnOnce(&mut Running) -> T + Send) -> T {
        py.detach(|| act(&mut self.running.lock().unwrap_or_else(PoisonError::into_inner)))
    }
}

#[pymethods]
impl Stream {
    #[new]
    #[pyo3(signature = (effect, sample_rate_hz, channels, dtype="float32", key_channels=0))]
    fn new(
        effect: &Bound<'_, PyAny>,
        sample_rate_hz: f64,
        channels: usize,
        dtype: &str,
        key_channels: usize,
    ) -> PyResult<Self> {
        let name = effect.get_type().name()?.to_string();
        let effect = parse(effect, Some(sample_rate_hz))?;
        let spec = StreamSpec::new(sample_rate_hz, channels).and_then(|spec| spec.with_key(key_channels));
        let spec = spec.map_err(parameter)?;
        let (running, format) = match dtype {
            f32::NAME => (Running::F32(effect.build(&spec).map_err(parameter)?), f32::NAME),
            f64::NAME => (Running::F64(effect.build(&spec).map_err(parameter)?), f64::NAME),
            _ => {
                let message = format!("dtype = {dtype} is not allowed: it must be float32 or float64");
                return Err(ParameterError::new_err(message));
            }
        };
        with_running!(&running, processor => expect_taker(processor, &name, key_channels))?;
        let output_channels = with_running!(&running, processor => processor.output_channels());
        let latency_frames = with_running!(&running, processor => processor.latency_frames());
        Ok(Self { running: Mutex::new(running), spec, output_channels, latency_frames, format, name })
    }

    /// Processes the next block.
    #[pyo3(signature = (block, key=None, out=None))]
    fn process<'py>(
        &self,
        py: Python<'py>,
        block: &Bound<'py, PyAny>,
        key: Option<&Bound<'py, PyAny>>,
        out: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let audio = array::read(block, "block")?;
        let key = key.map(|key| array::read(key, "key")).transpose()?;
        if self.format == f64::NAME {
            self.step::<f64>(py, audio, key, out)
        } else {
            self.step::<f32>(py, audio, key, out)
        }
    }

    /// Glides to the settings of `effect`, which must be of the same shape.
    fn set(&self, py: Python<'_>, effect: &Bound<'_, PyAny>) -> PyResult<()> {
        let effect = parse(effect, Some(self.spec.sample_rate_hz()))?;
        self.with(py, |running| with_running!(running, processor => processor.set_params(&effect))).map_err(parameter)
    }

    /// Forgets the past.
    fn reset(&self, py: Python<'_>) {
        self.with(py, |running| with_running!(running, processor => processor.reset()));
    }

    /// Delay from input to output in frames.
    #[getter]
    fn latency_frames(&self) -> usize {
        self.latency_frames
    }

    /// Frames it still sounds after its input has ended; None without end.
    #[getter]
    fn tail_frames(&self, py: Python<'_>) -> Option<u64> {
        match self.with(py, |running| with_running!(running, processor => processor.tail())) {
            Tail::Frames(frames) => Some(frames),
            Tail::Infinite => None,
        }
    }

    /// Non-finite samples replaced by 0 so far.
    #[getter]
    fn faults(&self, py: Python<'_>) -> u64 {
        self.with(py, |running| with_running!(running, processor => processor.non_finite_samples()))
    }

    /// Gain reduction of the last frame put out in dB: one value per channel, with bands (bands, channels).
    #[getter]
    fn gain_reduction_db<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let channels = self.spec.channels();
        let reductions =
            self.with(py, |running| with_running!(running, processor => processor.dynamics().map(last_reductions)));
        let Some(reductions) = reductions else {
            return Err(ParameterError::new_err("the effect of this stream has no gain reduction"));
        };
        let bands = reductions.len() / channels;
        let array = PyArray1::from_vec(py, reductions);
        Ok(if bands == 1 { array.into_any() } else { array.reshape([bands, channels])?.into_any() })
    }

    fn __repr__(&self) -> String {
        let Self { name, format, latency_frames, spec, .. } = self;
        let (rate_hz, channels) = (spec.sample_rate_hz(), spec.channels());
        format!("<Stream of {name}: {rate_hz} Hz, channels {channels}, {format}, latency {latency_frames} frames>")
    }
}

fn last_reductions<S: Number>(dynamics: &dyn Dynamics<S>) -> Vec<f64> {
    (0..dynamics.traces()).map(|trace| dynamics.gain_reduction_db(trace)).collect()
}

impl Stream {
    fn step<'py, S: Streamed>(
        &self,
        py: Python<'py>,
        audio: Audio,
        key: Option<Audio>,
        out: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let mut audio: Planar<S> = <S as Number>::of(audio)
            .ok_or_else(|| PyTypeError::new_err(format!("block must be {} as the stream is", S::NAME)))?;
        let key = key.map(|key| same_format::<S>(key, "key")).transpose()?;
        let mismatch = |name: &str, expected: usize, actual: usize| {
            ShapeError::new_err(format!("{name} has {actual} channels: the stream has {expected}"))
        };
        if audio.channels != self.spec.channels() {
            return Err(mismatch("block", self.spec.channels(), audio.channels));
        }
        if key.is_none() && self.spec.key_channels() > 0 {
            let channels = self.spec.key_channels();
            return Err(ShapeError::new_err(format!(
                "key is missing: the stream was built for one of {channels} channels; a key that pauses is silence"
            )));
        }
        if let Some(key) = &key {
            if key.channels != self.spec.key_channels() {
                return Err(mismatch("key", self.spec.key_channels(), key.channels));
            }
            if key.frames != audio.frames {
                let (expected, actual) = (audio.frames, key.frames);
                return Err(ShapeError::new_err(format!("key has {actual} frames: block has {expected}")));
            }
        }
        let outputs = self.output_channels;
        let shape = Planar { samples: Vec::<S>::new(), channels: outputs, ..audio };
        array::check_out(&shape, out)?;
        let rows = outputs.max(audio.channels);
        audio.samples.resize(audio.frames * rows, S::ZERO);
        let mut block = BlockMut::from_planar(&mut audio.samples, rows).map_err(parameter)?;
        let key = key.as_ref().map(|key| Block::from_planar(&key.samples, key.channels)).transpose();
        let key = key.map_err(parameter)?;
        let mut start = 0;
        interruptible(py, |deadline| {
            let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
            let Some(processor) = <S as Streamed>::of(&mut running) else { return Ok(true) };
            while start < audio.frames {
                let length = CHUNK_FRAMES.min(audio.frames - start);
                let mut chunk = block.frames_mut(start, length);
                match &key {
                    Some(key) => processor.process_keyed(&mut chunk, &key.frames_at(start, length)),
                    None => processor.process(&mut chunk),
                }
                start += length;
                if deadline.passed() {
                    break;
                }
            }
            Ok(start >= audio.frames)
        })?;
        audio.samples.truncate(audio.frames * outputs);
        array::write_into(py, Planar { channels: outputs, ..audio }, out)
    }
}
