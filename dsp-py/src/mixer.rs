//! The mixer.

use crate::{
    array::{self, Number, Planar},
    effect::same_format,
    error::{ParameterError, ShapeError, graph, parameter},
};
use mixdown::{Block, BlockMut, MasterParams, Mixer as CoreMixer, StreamSpec, Tail, TrackParams};
use pyo3::prelude::*;
use std::sync::{Mutex, PoisonError};

enum Running {
    F32(CoreMixer<f32>),
    F64(CoreMixer<f64>),
}

macro_rules! with_running {
    ($running:expr, $mixer:ident => $body:expr) => {
        match $running {
            Running::F32($mixer) => $body,
            Running::F64($mixer) => $body,
        }
    };
}

fn parse<T: serde::de::DeserializeOwned>(text: &str) -> PyResult<T> {
    serde_json::from_str(text).map_err(|error| ParameterError::new_err(error.to_string()))
}

/// A running mixer with a stereo bus.
#[pyclass(module = "mixdown._core")]
pub(crate) struct Mixer {
    running: Mutex<Running>,
    sample_rate_hz: f64,
    /// Channels of each track, in order.
    channels: Vec<usize>,
}

impl Mixer {
    /// Python lends a class out mutably once at a time, so the lock, there to make it shareable, never waits.
    fn running(&mut self) -> &mut Running {
        self.running.get_mut().unwrap_or_else(PoisonError::into_inner)
    }
}

#[pymethods]
impl Mixer {
    #[new]
    #[pyo3(signature = (sample_rate_hz, dtype="float32"))]
    fn new(sample_rate_hz: f64, dtype: &str) -> PyResult<Self> {
        let spec = StreamSpec::new(sample_rate_hz, 2).map_err(parameter)?;
        let running = match dtype {
            f32::NAME => Running::F32(CoreMixer::new(&spec).map_err(parameter)?),
            f64::NAME => Running::F64(CoreMixer::new(&spec).map_err(parameter)?),
            _ => {
                let message = format!("dtype = {dtype} is not allowed: it must be float32 or float64");
                return Err(ParameterError::new_err(message));
            }
        };
        Ok(Self { running: Mutex::new(running), sample_rate_hz, channels: Vec::new() })
    }

    /// Adds a track; `settings` is the JSON text of its parameters.
    fn add_track(&mut self, name: &str, channels: usize, settings: &str) -> PyResult<()> {
        let params: TrackParams = parse(settings)?;
        with_running!(self.running(), mixer => mixer.add_track(name, channels, &params)).map_err(graph)?;
        self.channels.push(channels);
        Ok(())
    }

    /// Replaces the master strip; `settings` is the JSON text of its parameters.
    fn set_master(&mut self, settings: &str) -> PyResult<()> {
        let params: MasterParams = parse(settings)?;
        with_running!(self.running(), mixer => mixer.set_master(&params)).map_err(graph)
    }

    /// Mixes the next block of every track, in the order in which they were added.
    fn process<'py>(&mut self, py: Python<'py>, blocks: Vec<Bound<'py, PyAny>>) -> PyResult<Bound<'py, PyAny>> {
        let channels = self.channels.clone();
        if blocks.len() != channels.len() {
            let (expected, actual) = (channels.len(), blocks.len());
            return Err(ShapeError::new_err(format!("blocks has {actual} arrays: the mixer has {expected} tracks")));
        }
        with_running!(self.running(), mixer => mix(py, mixer, &channels, &blocks))
    }

    /// Forgets the past.
    fn reset(&mut self) {
        with_running!(self.running(), mixer => mixer.reset());
    }

    /// Rate of everything that it mixes.
    #[getter]
    fn sample_rate_hz(&self) -> f64 {
        self.sample_rate_hz
    }

    /// Delay from input to output in frames.
    #[getter]
    fn latency_frames(&mut self) -> usize {
        with_running!(self.running(), mixer => mixer.latency_frames())
    }

    /// Frames it still sounds after its inputs have ended; None without end.
    #[getter]
    fn tail_frames(&mut self) -> Option<u64> {
        match with_running!(self.running(), mixer => mixer.tail()) {
            Tail::Frames(frames) => Some(frames),
            Tail::Infinite => None,
        }
    }
}

fn mix<'py, S: Number>(
    py: Python<'py>,
    mixer: &mut CoreMixer<S>,
    channels: &[usize],
    blocks: &[Bound<'py, PyAny>],
) -> PyResult<Bound<'py, PyAny>> {
    let mut inputs = Vec::with_capacity(blocks.len());
    for (block, &expected) in blocks.iter().zip(channels) {
        let planar = same_format::<S>(array::read(block, "block")?, "block")?;
        if planar.channels != expected {
            let actual = planar.channels;
            return Err(ShapeError::new_err(format!("block has {actual} channels: its track has {expected}")));
        }
        inputs.push(planar);
    }
    let frames = inputs.first().map_or(0, |planar| planar.frames);
    if let Some(other) = inputs.iter().find(|planar| planar.frames != frames) {
        return Err(ShapeError::new_err(format!("block has {} frames: the first has {frames}", other.frames)));
    }
    let mut samples = vec![S::ZERO; 2 * frames];
    py.detach(|| {
        let views = inputs.iter().map(|planar| Block::from_planar(&planar.samples, planar.channels));
        let views = views.collect::<Result<Vec<_>, _>>().map_err(parameter)?;
        mixer.process(&views, &mut BlockMut::from_planar(&mut samples, 2).map_err(parameter)?);
        PyResult::Ok(())
    })?;
    array::write(py, Planar { samples, channels: 2, frames, flat: false })
}
