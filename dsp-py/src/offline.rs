//! Effects over whole arrays: with fresh state, without the latency.

use crate::{
    array::{self, Lent, Target},
    error::{ParameterError, ShapeError, parameter},
    format::{Format, with_either},
    functions::answered,
    interrupt::{CHUNK_FRAMES, Progress, in_chunks},
    settings::read_effect,
};
use mixdown::{
    Block, BlockMut, Effect, EffectProcessor, Params, Processor, StreamSpec, Tail,
    console::{Interrupted, KeepTail, MAX_AUTO_TAIL_S, render_to, stage},
};
use numpy::PyArrayMethods;
use pyo3::{exceptions::PyRuntimeError, prelude::*};

/// The part of the tail to keep: "none", "auto" or seconds.
pub(crate) fn read_tail(tail: &Bound<'_, PyAny>, sample_rate_hz: f64) -> PyResult<KeepTail> {
    let refuse = || {
        let given = tail.repr().map_or_else(|_| "?".into(), |text| text.to_string());
        ParameterError::new_err(format!("tail = {given} is not allowed: \"none\", \"auto\" or seconds, 0..60"))
    };
    if let Ok(word) = tail.extract::<String>() {
        return match word.as_str() {
            "none" => Ok(KeepTail::None),
            "auto" => Ok(KeepTail::Auto),
            _ => Err(refuse()),
        };
    }
    match tail.extract::<f64>() {
        Ok(seconds) if (0.0..=MAX_AUTO_TAIL_S).contains(&seconds) => {
            Ok(KeepTail::Frames((seconds * sample_rate_hz).round() as usize))
        }
        _ => Err(refuse()),
    }
}

/// Runs an effect over a whole array with fresh state; the latency is removed. `functions` answers for the functions of
/// whole signals in it, if there are any.
#[pyfunction]
#[pyo3(signature = (settings, audio, sample_rate_hz, key, tail, out, functions=None))]
#[expect(clippy::too_many_arguments, reason = "each is an argument in Python")]
pub(crate) fn process<'py>(
    py: Python<'py>,
    settings: &Bound<'py, PyAny>,
    audio: &Bound<'py, PyAny>,
    sample_rate_hz: f64,
    key: Option<&Bound<'py, PyAny>>,
    tail: &Bound<'py, PyAny>,
    out: Option<&Bound<'py, PyAny>>,
    functions: Option<Py<PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let keep = read_tail(tail, sample_rate_hz)?;
    with_either!(array::lend(audio, "audio")?, lent => {
        let call = Call::new(settings, &lent, sample_rate_hz, key)?;
        let mut processor = call.build(py)?;
        if let Some(functions) = &functions {
            call.stage(py, &mut processor, &lent, keep, functions)?;
        }
        let rendered = run(py, &mut processor, &lent, call.key.as_ref(), keep, out)?;
        let faults = processor.non_finite_samples();
        if faults > 0 {
            let message = format!("{faults} non-finite samples were replaced by 0");
            py.import("mixdown._checks")?.call_method1("warn", (message,))?;
        }
        Ok(rendered)
    })
}

/// An effect with its stream and key.
struct Call<'py, S: Format> {
    effect: Effect,
    /// The class of the effect.
    name: String,
    spec: StreamSpec,
    key: Option<Lent<'py, S>>,
}

impl<'py, S: Format> Call<'py, S> {
    /// The key must have the format and length of the audio.
    fn new(
        settings: &Bound<'_, PyAny>,
        audio: &Lent<'_, S>,
        sample_rate_hz: f64,
        key: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Self> {
        let (effect, name) = read_effect(settings)?;
        let spec = StreamSpec::new(sample_rate_hz, audio.channels).map_err(parameter)?;
        let Some(key) = key else { return Ok(Self { effect, name, spec, key: None }) };
        let key = array::lend_as::<S>(key, "key", "the audio")?;
        if ![1, audio.channels].contains(&key.channels) {
            let (given, all) = (key.channels, audio.channels);
            let wanted = if all == 1 { String::from("1") } else { format!("1 or {all}") };
            return Err(ShapeError::new_err(format!("key has {given} channels: {wanted}, as the audio has, needed")));
        }
        if key.frames != audio.frames {
            let (expected, actual) = (audio.frames, key.frames);
            return Err(ShapeError::new_err(format!("key has {actual} frames: audio has {expected}")));
        }
        Ok(Self { effect, name, spec, key: Some(key) })
    }

    /// Gives its functions of whole signals their answers.
    fn stage(
        &self,
        py: Python<'_>,
        processor: &mut EffectProcessor<S>,
        audio: &Lent<'_, S>,
        keep: KeepTail,
        functions: &Py<PyAny>,
    ) -> PyResult<()> {
        let (rows, key_rows) = (audio.rows()?, self.key.as_ref().map(Lent::rows).transpose()?);
        let block = Block::from_slices(&rows).map_err(parameter)?;
        let key = key_rows.as_ref().map(|rows| Block::from_slices(rows)).transpose().map_err(parameter)?;
        answered(py, functions, |report, function| stage(processor, &block, key.as_ref(), keep, report, function))
    }

    fn build(&self, py: Python<'_>) -> PyResult<EffectProcessor<S>> {
        let (effect, spec) = (&self.effect, &self.spec);
        let processor = py.detach(|| effect.build(spec)).map_err(parameter)?;
        expect_taker(&processor, &self.name, self.key.as_ref().map_or(0, |key| key.channels))?;
        Ok(processor)
    }
}

/// Refuses a key if nothing in the effect called `name` takes one.
pub(crate) fn expect_taker<S: Format>(processor: &EffectProcessor<S>, name: &str, key_channels: usize) -> PyResult<()> {
    if key_channels == 0 || processor.takes_key() {
        return Ok(());
    }
    Err(ParameterError::new_err(format!("{name} takes no key: Compressor, Expander, Gate and DynamicEqualizer do")))
}

/// The audio through the processor, with its key if there is one, aligned with the input.
fn run<'py, S: Format>(
    py: Python<'py>,
    processor: &mut EffectProcessor<S>,
    audio: &Lent<'_, S>,
    key: Option<&Lent<'_, S>>,
    keep: KeepTail,
    out: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let (rows, key_rows) = (audio.rows()?, key.map(Lent::rows).transpose()?);
    let block = Block::from_slices(&rows).map_err(parameter)?;
    let key = key_rows.as_ref().map(|rows| Block::from_slices(rows)).transpose().map_err(parameter)?;
    let channels = processor.output_channels();
    let tail =
        Kept { keep, input_frames: audio.frames, tail: processor.tail(), rate_hz: processor.spec().sample_rate_hz() };
    rendered(py, (channels, audio.flat), &tail, out, |out| {
        let mut progress = Progress::new(None);
        let done = render_to(processor, &block, key.as_ref(), out, &mut |share| progress.report(share));
        progress.finish(done, interrupted)
    })
}

/// The error of work that Rust ended; Python's own takes precedence.
pub(crate) fn interrupted(interrupted: Interrupted) -> PyErr {
    PyRuntimeError::new_err(interrupted.to_string())
}

/// The part of the tail that a rendering keeps.
pub(crate) struct Kept {
    pub(crate) keep: KeepTail,
    pub(crate) input_frames: usize,
    pub(crate) tail: Tail,
    pub(crate) rate_hz: f64,
}

/// A rendering by `render`, which runs without the interpreter lock, in `out` if it is given: its channels, and whether
/// it has one axis if it is mono.
pub(crate) fn rendered<'py, S: Format>(
    py: Python<'py>,
    (channels, flat): (usize, bool),
    kept: &Kept,
    out: Option<&Bound<'py, PyAny>>,
    render: impl FnOnce(&mut BlockMut<'_, '_, S>) -> PyResult<()> + Send,
) -> PyResult<Bound<'py, PyAny>> {
    let &Kept { keep, input_frames, tail, rate_hz } = kept;
    let frames = input_frames + keep.frames(tail, rate_hz);
    // A tail that is cut has its length afterwards.
    let is_cut = keep == KeepTail::Auto && frames > input_frames;
    let mut target = Target::<S>::new(py, (channels, frames, flat), out.filter(|_| !is_cut))?;
    let kept = target.with(|block| {
        py.detach(|| {
            render(block)?;
            Ok(keep.cut(&block.as_block(), input_frames, rate_hz))
        })
    })?;
    if !is_cut {
        return target.finish();
    }
    let cut = target.cut(kept)?;
    match out {
        Some(_) => array::copy_to(&cut, out),
        None => Ok(cut.into_any()),
    }
}

/// Gain reduction over time in dB, aligned with the input: (bands, channels, frames).
#[pyfunction]
pub(crate) fn gain_reduction<'py>(
    py: Python<'py>,
    settings: &Bound<'py, PyAny>,
    audio: &Bound<'py, PyAny>,
    sample_rate_hz: f64,
    key: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    with_either!(array::lend(audio, "audio")?, lent => {
        let call = Call::new(settings, &lent, sample_rate_hz, key)?;
        trace(py, &call, &lent)
    })
}

/// The curves of a dynamics processor.
fn trace<'py, S: Format>(py: Python<'py>, call: &Call<'_, S>, audio: &Lent<'_, S>) -> PyResult<Bound<'py, PyAny>> {
    let mut processor = call.build(py)?;
    let latency = processor.latency_frames();
    let rows = audio.channels.max(processor.output_channels());
    let Some(dynamics) = processor.dynamics_mut() else {
        return Err(ParameterError::new_err(format!("{} has no gain reduction", call.name)));
    };
    let (traces, frames) = (dynamics.traces(), audio.frames);
    let array = array::empty_of::<f64>(py, [traces / audio.channels, audio.channels, frames].into())?;
    if traces == 0 || frames == 0 {
        return Ok(array.into_any());
    }
    let sound = audio.rows()?;
    let key = call.key.as_ref().map(Lent::rows).transpose()?;
    let mut samples = vec![S::ZERO; rows * CHUNK_FRAMES];
    let mut keys = vec![S::ZERO; key.as_ref().map_or(0, Vec::len) * CHUNK_FRAMES];
    let mut reduction = vec![0.0; traces * CHUNK_FRAMES];
    {
        let mut curves = array.try_readwrite().map_err(|error| ShapeError::new_err(error.to_string()))?;
        let curves = curves.as_slice_mut().map_err(|error| ShapeError::new_err(error.to_string()))?;
        in_chunks(py, frames + latency, |start, length| {
            let samples = take(&sound, start, length, &mut samples[..rows * length]);
            let Ok(mut block) = BlockMut::from_planar(samples, rows) else { return };
            let Ok(mut traced) = BlockMut::from_planar(&mut reduction[..traces * length], traces) else { return };
            let keys = key.as_ref().map(|key| take(key, start, length, &mut keys[..key.len() * length]));
            let keys = keys.zip(key.as_ref()).and_then(|(keys, key)| Block::from_planar(keys, key.len()).ok());
            dynamics.process_traced(&mut block, keys.as_ref(), &mut traced);
            // Frame n of the output is frame n - latency of the audio.
            let early = latency.saturating_sub(start).min(length);
            let place = start + early - latency.min(start + early);
            for (trace, curve) in curves.chunks_exact_mut(frames).enumerate() {
                let kept = &traced.channel(trace)[early..];
                curve[place..][..kept.len()].copy_from_slice(kept);
            }
        })?;
    }
    Ok(array.into_any())
}

/// Frames from `start` on, channel after channel, in `chunk`; silence after the end and in further channels.
fn take<'c, S: Format>(rows: &[&[S]], start: usize, length: usize, chunk: &'c mut [S]) -> &'c mut [S] {
    for (channel, samples) in chunk.chunks_exact_mut(length).enumerate() {
        let row = rows.get(channel).map_or(&[][..], |row| &row[start.min(row.len())..]);
        let (head, rest) = samples.split_at_mut(row.len().min(length));
        head.copy_from_slice(&row[..head.len()]);
        rest.fill(S::ZERO);
    }
    chunk
}
