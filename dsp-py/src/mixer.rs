//! The mixer.

use crate::{
    array::{self, Number, Planar},
    effect::{plain, same_format},
    error::{ParameterError, ShapeError, graph, parameter},
    interrupt::in_chunks,
};
use mixdown::{Block, BlockMut, MasterParams, Mixer as CoreMixer, StreamSpec, Tail, TrackParams};
use pyo3::prelude::*;
use std::sync::{Mutex, PoisonError};

enum Running {
    F32(CoreMixer<f32>),
    F64(CoreMixer<f64>),
}

/// A sample format with its place in [`Running`].
trait Mixed: Number {
    fn of(running: &mut Running) -> Option<&mut CoreMixer<Self>>;
}

impl Mixed for f32 {
    fn of(running: &mut Running) -> Option<&mut CoreMixer<Self>> {
        if let Running::F32(mixer) = running { Some(mixer) } else { None }
    }
}

impl Mixed for f64 {
    fn of(running: &mut Running) -> Option<&mut CoreMixer<Self>> {
        if let Running::F64(mixer) = running { Some(mixer) } else { None }
    }
}

macro_rules! with_running {
    ($running:expr, $mixer:ident => $body:expr) => {
        match $running {
            Running::F32($mixer) => $body,
            Running::F64($mixer) => $body,
        }
    };
}

struct State {
    running: Running,
    /// Channels of each track, in order.
    channels: Vec<usize>,
}

/// A running mixer with a stereo bus.
#[pyclass(module = "mixdown._core", frozen)]
pub(crate) struct Mixer {
    state: Mutex<State>,
    sample_rate_hz: f64,
}

impl Mixer {
    /// Waits for other threads without the interpreter lock, which they may need to go on.
    fn with<T: Send>(&self, py: Python<'_>, act: impl FnOnce(&mut State) -> T + Send) -> T {
        py.detach(|| act(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner)))
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
        Ok(Self { state: Mutex::new(State { running, channels: Vec::new() }), sample_rate_hz })
    }

    /// Adds a track; `settings` are its parameters as plain values.
    fn add_track(&self, name: &str, channels: usize, settings: &Bound<'_, PyAny>) -> PyResult<()> {
        let params: TrackParams = plain(settings)?;
        self.with(settings.py(), |State { running, channels: all }| {
            with_running!(running, mixer => mixer.add_track(name, channels, &params)).map_err(graph)?;
            all.push(channels);
            Ok(())
        })
    }

    /// Replaces the master strip; `settings` are its parameters as plain values.
    fn set_master(&self, settings: &Bound<'_, PyAny>) -> PyResult<()> {
        let params: MasterParams = plain(settings)?;
        self.with(settings.py(), |State { running, .. }| {
            with_running!(running, mixer => mixer.set_master(&params)).map_err(graph)
        })
    }

    /// Mixes the next block of every track, in the order in which they were added.
    fn process<'py>(&self, py: Python<'py>, blocks: Vec<Bound<'py, PyAny>>) -> PyResult<Bound<'py, PyAny>> {
        let (double, channels) =
            self.with(py, |state| (matches!(state.running, Running::F64(_)), state.channels.clone()));
        if blocks.len() != channels.len() {
            let (expected, actual) = (channels.len(), blocks.len());
            return Err(ShapeError::new_err(format!("blocks has {actual} arrays: the mixer has {expected} tracks")));
        }
        if double { self.mix::<f64>(py, &channels, &blocks) } else { self.mix::<f32>(py, &channels, &blocks) }
    }

    /// Forgets the past.
    fn reset(&self, py: Python<'_>) {
        self.with(py, |State { running, .. }| with_running!(running, mixer => mixer.reset()));
    }

    /// Rate of everything that it mixes.
    #[getter]
    fn sample_rate_hz(&self) -> f64 {
        self.sample_rate_hz
    }

    /// Delay from input to output in frames.
    #[getter]
    fn latency_frames(&self, py: Python<'_>) -> usize {
        self.with(py, |State { running, .. }| with_running!(running, mixer => mixer.latency_frames()))
    }

    /// Frames it still sounds after its inputs have ended; None without end.
    #[getter]
    fn tail_frames(&self, py: Python<'_>) -> Option<u64> {
        match self.with(py, |State { running, .. }| with_running!(running, mixer => mixer.tail())) {
            Tail::Frames(frames) => Some(frames),
            Tail::Infinite => None,
        }
    }
}

impl Mixer {
    fn mix<'py, S: Mixed>(
        &self,
        py: Python<'py>,
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
        let views = inputs.iter().map(|planar| Block::from_planar(&planar.samples, planar.channels));
        let views = views.collect::<Result<Vec<_>, _>>().map_err(parameter)?;
        let mut out = BlockMut::from_planar(&mut samples, 2).map_err(parameter)?;
        in_chunks(py, frames, |start, length| {
            let chunks: Vec<_> = views.iter().map(|view| view.frames_at(start, length)).collect();
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(mixer) = <S as Mixed>::of(&mut state.running) {
                mixer.process(&chunks, &mut out.frames_mut(start, length));
            }
            Ok(())
        })?;
        array::write(py, Planar { samples, channels: 2, frames, flat: false })
    }
}
