//! Effects over whole arrays: with fresh state, the latency taken out.

use crate::{
    array::{self, Planar},
    error::{ParameterError, ShapeError, parameter},
    format::{Format, with_either},
    interrupt::in_chunks,
    settings::read_effect,
};
use mixdown::{Block, BlockMut, Effect, EffectProcessor, Params, Processor, StreamSpec, Tail};
use numpy::{PyArray1, PyArrayMethods};
use pyo3::{exceptions::PyRuntimeWarning, prelude::*};

/// A tail is cut off after this long, in s.
const MAX_TAIL_S: f64 = 60.0;
/// Grid on which a tail is looked at, in s.
const TAIL_GRID_S: f64 = 0.1;
/// A tail ends where a whole step of the grid lies below this, -120 dBFS.
const TAIL_FLOOR: f64 = 1e-6;

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
#[pyo3(signature = (settings, audio, sample_rate_hz, key, tail, out))]
pub(crate) fn process<'py>(
    py: Python<'py>,
    settings: &Bound<'py, PyAny>,
    audio: &Bound<'py, PyAny>,
    sample_rate_hz: f64,
    key: Option<&Bound<'py, PyAny>>,
    tail: &Bound<'py, PyAny>,
    out: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let length = Length::parse(tail, sample_rate_hz)?;
    with_either!(array::read(audio, "audio")?, planar => {
        let call = Call::new(settings, &planar, sample_rate_hz, key)?;
        let mut processor = call.build(py)?;
        let (rendered, faults) = render(py, &mut processor, planar, call.key.as_ref(), &length)?;
        if faults > 0 {
            let message = format!("{faults} non-finite samples were replaced by 0");
            let message = std::ffi::CString::new(message).unwrap_or_default();
            PyErr::warn(py, &py.get_type::<PyRuntimeWarning>(), &message, 2)?;
        }
        array::write_into(py, rendered, out)
    })
}

/// An effect with the stream and the key that it is to process.
struct Call<S> {
    effect: Effect,
    /// The class of the effect.
    name: String,
    spec: StreamSpec,
    key: Option<Planar<S>>,
}

impl<S: Format> Call<S> {
    /// The key must have the format and length of the audio.
    fn new(
        settings: &Bound<'_, PyAny>,
        audio: &Planar<S>,
        sample_rate_hz: f64,
        key: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let (effect, name) = read_effect(settings)?;
        let spec = StreamSpec::new(sample_rate_hz, audio.channels).map_err(parameter)?;
        let Some(key) = key else { return Ok(Self { effect, name, spec, key: None }) };
        let key = array::read_as::<S>(key, "key", "the audio")?;
        if ![1, audio.channels].contains(&key.channels) {
            let (given, all) = (key.channels, audio.channels);
            return Err(ShapeError::new_err(format!("key has {given} channels: 1 or {all}, as the audio has, needed")));
        }
        if key.frames != audio.frames {
            let (expected, actual) = (audio.frames, key.frames);
            return Err(ShapeError::new_err(format!("key has {actual} frames: audio has {expected}")));
        }
        let spec = spec.with_key(key.channels).map_err(parameter)?;
        Ok(Self { effect, name, spec, key: Some(key) })
    }

    fn build(&self, py: Python<'_>) -> PyResult<EffectProcessor<S>> {
        let processor = py.detach(|| self.effect.build(&self.spec)).map_err(parameter)?;
        expect_taker(&processor, &self.name, self.spec.key_channels())?;
        Ok(processor)
    }
}

/// Refuses a key that nothing in the effect called `name` takes.
pub(crate) fn expect_taker<S: Format>(processor: &EffectProcessor<S>, name: &str, key_channels: usize) -> PyResult<()> {
    if key_channels == 0 || processor.takes_key() {
        return Ok(());
    }
    Err(ParameterError::new_err(format!("{name} takes no key: Compressor, Expander, Gate and DynamicEqualizer do")))
}

/// Input, then silence until the length asked for, with the first `latency` frames of the output dropped. In place: a
/// minute of audio is copied only where its length changes.
fn render<S: Format>(
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
        let tails = render_tail(py, processor, rows, key.map(|key| key.channels))?;
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
fn run<S: Format>(
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
    })
}

/// What still comes out of each channel while silence goes in, up to the last step of the grid that is not quiet. A gap
/// in the tail, as a predelay leaves it, does not end it: the processor's own tail is rendered, then cut.
fn render_tail<S: Format>(
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

/// Gain reduction over time in dB, aligned with the input: (bands, channels, frames).
#[pyfunction]
pub(crate) fn gain_reduction<'py>(
    py: Python<'py>,
    settings: &Bound<'py, PyAny>,
    audio: &Bound<'py, PyAny>,
    sample_rate_hz: f64,
    key: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    with_either!(array::read(audio, "audio")?, planar => {
        let call = Call::new(settings, &planar, sample_rate_hz, key)?;
        let (samples, traces) = trace(py, &call, &planar)?;
        let shape = [traces / planar.channels, planar.channels, planar.frames];
        Ok(PyArray1::from_vec(py, samples).reshape(shape)?.into_any())
    })
}

/// The curves of a dynamics processor one after the other, and how many they are.
fn trace<S: Format>(py: Python<'_>, call: &Call<S>, audio: &Planar<S>) -> PyResult<(Vec<f64>, usize)> {
    let mut processor = call.build(py)?;
    let latency = processor.latency_frames();
    let rows = audio.channels.max(processor.output_channels());
    let Some(dynamics) = processor.dynamics_mut() else {
        return Err(ParameterError::new_err(format!("{} has no gain reduction", call.name)));
    };
    let (traces, frames) = (dynamics.traces(), audio.frames + latency);
    if traces == 0 || audio.frames == 0 {
        return Ok((Vec::new(), traces));
    }
    let mut samples = audio.padded(rows, frames);
    let mut block = BlockMut::from_planar(&mut samples, rows).map_err(parameter)?;
    let keys = call.key.as_ref().map(|key| (key.padded(key.channels, frames), key.channels));
    let key = keys.as_ref().map(|(samples, channels)| Block::from_planar(samples, *channels));
    let key = key.transpose().map_err(parameter)?;
    let mut reduction = vec![0.0; traces * frames];
    let mut curves = BlockMut::from_planar(&mut reduction, traces).map_err(parameter)?;
    in_chunks(py, frames, |start, length| {
        let key = key.as_ref().map(|key| key.frames_at(start, length));
        let mut curves = curves.frames_mut(start, length);
        dynamics.process_traced(&mut block.frames_mut(start, length), key.as_ref(), &mut curves);
    })?;
    Ok((reduction.chunks(frames).flat_map(|curve| &curve[latency..]).copied().collect(), traces))
}
