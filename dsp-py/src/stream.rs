//! Effects block by block.

use crate::{
    array::{self, Lent, Target},
    error::{ParameterError, ShapeError, parameter},
    format::{Either, Format, Kind, build_either, with_either},
    interrupt::{Shared, in_chunks_with},
    offline::expect_taker,
    settings::{read, read_effect},
};
use mixdown::{Block, Dynamics, EffectProcessor, Params, Processor, StreamSpec, Tail, Tunable};
use numpy::{PyArray1, PyArrayMethods};
use pyo3::prelude::*;

/// Running effects as one of a [`Kind`].
struct Running;

impl Kind for Running {
    type Of<S: Format> = EffectProcessor<S>;
}

/// A running effect for consecutive blocks.
///
/// Other threads may set and read it during processing: they wait until the current block is finished.
#[pyclass(module = "mixdown._core", frozen)]
pub(crate) struct Stream {
    running: Shared<Either<Running>>,
    spec: StreamSpec,
    /// Channels of the key of every block; 0 without one.
    key_channels: usize,
    output_channels: usize,
    latency_frames: usize,
    format: &'static str,
}

// Python's allocator aligns to 16 bytes: a field of a processor that asks for more has to be boxed.
const _: () = assert!(align_of::<Stream>() <= 16);

#[pymethods]
impl Stream {
    #[new]
    #[pyo3(signature = (settings, sample_rate_hz, channels, dtype="float32", key_channels=0))]
    fn new(
        settings: &Bound<'_, PyAny>,
        sample_rate_hz: f64,
        channels: usize,
        dtype: &str,
        key_channels: usize,
    ) -> PyResult<Self> {
        let (effect, name) = read_effect(settings)?;
        let spec = StreamSpec::new(sample_rate_hz, channels).map_err(parameter)?;
        if ![0, 1, channels].contains(&key_channels) {
            return Err(ParameterError::new_err(format!(
                "key_channels = {key_channels} is not allowed: it must be 0, 1 or as many as the input has"
            )));
        }
        let (running, format) = build_either!(dtype, effect.build(&spec).map_err(parameter)?)?;
        let (output_channels, latency_frames) = with_either!(&running, processor => {
            expect_taker(processor, &name, key_channels)?;
            (processor.output_channels(), processor.latency_frames())
        });
        Ok(Self { running: Shared::new(running), spec, key_channels, output_channels, latency_frames, format })
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
        if self.format == f64::NAME {
            self.step::<f64>(py, block, key, out)
        } else {
            self.step::<f32>(py, block, key, out)
        }
    }

    /// Glides to other settings of an effect of the same shape.
    fn set(&self, py: Python<'_>, settings: &Bound<'_, PyAny>) -> PyResult<()> {
        let effect = read(settings)?;
        let set = |running: &mut Either<Running>| with_either!(running, processor => processor.set_params(&effect));
        self.running.with(py, set).map_err(parameter)
    }

    /// Clears all state.
    fn reset(&self, py: Python<'_>) {
        self.running.with(py, |running| with_either!(running, processor => processor.reset()));
    }

    /// Delay from input to output in frames.
    #[getter]
    fn latency_frames(&self) -> usize {
        self.latency_frames
    }

    /// Frames to silence after its input has ended; None without end.
    #[getter]
    fn tail_frames(&self, py: Python<'_>) -> Option<u64> {
        match self.running.with(py, |running| with_either!(running, processor => processor.tail())) {
            Tail::Frames(frames) => Some(frames),
            Tail::Infinite => None,
        }
    }

    /// Non-finite samples replaced by 0 so far.
    #[getter]
    fn faults(&self, py: Python<'_>) -> u64 {
        self.running.with(py, |running| with_either!(running, processor => processor.non_finite_samples()))
    }

    /// Gain reduction of the last output frame in dB: one value per channel, with bands (bands, channels).
    #[getter]
    fn gain_reduction_db<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let channels = self.spec.channels();
        let reductions = self
            .running
            .with(py, |running| with_either!(running, processor => processor.dynamics().map(last_reductions)));
        let Some(reductions) = reductions else {
            return Err(ParameterError::new_err("the effect of this stream has no gain reduction"));
        };
        let bands = reductions.len() / channels;
        let array = PyArray1::from_vec(py, reductions);
        Ok(if bands == 1 { array.into_any() } else { array.reshape([bands, channels])?.into_any() })
    }
}

fn last_reductions<S: Format>(dynamics: &dyn Dynamics<S>) -> Vec<f64> {
    (0..dynamics.traces()).map(|trace| dynamics.gain_reduction_db(trace)).collect()
}

impl Stream {
    fn step<'py, S: Format>(
        &self,
        py: Python<'py>,
        block: &Bound<'py, PyAny>,
        key: Option<&Bound<'py, PyAny>>,
        out: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let audio = array::conform_as::<S>(block, "block", "the stream")?;
        let (channels, frames, _) = array::axes(&audio);
        let key = key.map(|key| array::lend_as::<S>(key, "key", "the stream")).transpose()?;
        let mismatch = |name: &str, expected: usize, actual: usize| {
            ShapeError::new_err(format!("{name} has {actual} channels: the stream has {expected}"))
        };
        if channels != self.spec.channels() {
            return Err(mismatch("block", self.spec.channels(), channels));
        }
        if key.is_none() && self.key_channels > 0 {
            let channels = self.key_channels;
            return Err(ShapeError::new_err(format!(
                "key is missing: the stream was built for one of {channels} channels; a key that pauses is silence"
            )));
        }
        if let Some(key) = &key {
            if key.channels != self.key_channels {
                return Err(mismatch("key", self.key_channels, key.channels));
            }
            if key.frames != frames {
                let (expected, actual) = (frames, key.frames);
                return Err(ShapeError::new_err(format!("key has {actual} frames: block has {expected}")));
            }
        }
        // Where the key shares memory with `out`, the result is made apart from it.
        let rows = key.as_ref().map(Lent::rows).transpose()?;
        let key = rows.as_ref().map(|rows| Block::from_slices(rows)).transpose().map_err(parameter)?;
        let mut target = Target::of(&audio, self.output_channels, out)?;
        target.with(|block| {
            // Locked between two checks of signals, so that other threads get their turn.
            let enter = || Ok(self.running.lock());
            in_chunks_with(py, frames, enter, |running, start, length| {
                let Some(processor) = S::get_mut(running) else { return };
                let mut chunk = block.frames_mut(start, length);
                match &key {
                    Some(key) => processor.process_keyed(&mut chunk, &key.frames_at(start, length)),
                    None => processor.process(&mut chunk),
                }
            })
        })?;
        target.finish()
    }
}
