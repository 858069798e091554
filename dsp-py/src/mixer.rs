//! The mixer.

use crate::{
    array::{self, Planar},
    error::{ShapeError, mixer, parameter},
    format::{Either, Format, Kind, build_either, with_either},
    interrupt::{Shared, in_chunks_with},
    settings::read,
};
use mixdown::{Block, BlockMut, MasterParams, StreamSpec, Tail, TrackParams};
use pyo3::prelude::*;

/// Mixers as one of a [`Kind`].
struct Running;

impl Kind for Running {
    type Of<S: Format> = mixdown::Mixer<S>;
}

struct State {
    running: Either<Running>,
    /// Channels of each track, in order.
    channels: Vec<usize>,
}

/// A running mixer with a stereo bus.
#[pyclass(module = "mixdown._core", frozen)]
pub(crate) struct Mixer {
    state: Shared<State>,
    sample_rate_hz: f64,
    format: &'static str,
}

#[pymethods]
impl Mixer {
    #[new]
    #[pyo3(signature = (sample_rate_hz, dtype="float32"))]
    fn new(sample_rate_hz: f64, dtype: &str) -> PyResult<Self> {
        let spec = StreamSpec::new(sample_rate_hz, 2).map_err(parameter)?;
        let (running, format) = build_either!(dtype, mixdown::Mixer::new(&spec).map_err(parameter)?)?;
        Ok(Self { state: Shared::new(State { running, channels: Vec::new() }), sample_rate_hz, format })
    }

    /// Adds a track; `settings` are its parameters as plain values.
    fn add_track(&self, name: &str, channels: usize, settings: &Bound<'_, PyAny>) -> PyResult<()> {
        let params: TrackParams = read(settings)?;
        self.state.with(settings.py(), |State { running, channels: all }| {
            with_either!(running, mixer => mixer.add_track(name, channels, &params)).map_err(mixer)?;
            all.push(channels);
            Ok(())
        })
    }

    /// Replaces the master strip; `settings` are its parameters as plain values.
    fn set_master(&self, settings: &Bound<'_, PyAny>) -> PyResult<()> {
        let params: MasterParams = read(settings)?;
        self.state.with(settings.py(), |State { running, .. }| {
            with_either!(running, mixer => mixer.set_master(&params)).map_err(mixer)
        })
    }

    /// Mixes the next block of every track, in the order in which they were added.
    fn process<'py>(&self, py: Python<'py>, blocks: Vec<Bound<'py, PyAny>>) -> PyResult<Bound<'py, PyAny>> {
        let channels = self.state.with(py, |state| state.channels.clone());
        if blocks.len() != channels.len() {
            let (expected, actual) = (channels.len(), blocks.len());
            return Err(ShapeError::new_err(format!("blocks has {actual} arrays: the mixer has {expected} tracks")));
        }
        if self.format == f64::NAME {
            self.mix::<f64>(py, &channels, &blocks)
        } else {
            self.mix::<f32>(py, &channels, &blocks)
        }
    }

    /// Forgets the past.
    fn reset(&self, py: Python<'_>) {
        self.state.with(py, |State { running, .. }| with_either!(running, mixer => mixer.reset()));
    }

    /// Rate of everything that it mixes.
    #[getter]
    fn sample_rate_hz(&self) -> f64 {
        self.sample_rate_hz
    }

    /// Delay from input to output in frames.
    #[getter]
    fn latency_frames(&self, py: Python<'_>) -> usize {
        self.state.with(py, |State { running, .. }| with_either!(running, mixer => mixer.latency_frames()))
    }

    /// Frames it still sounds after its inputs have ended; None without end.
    #[getter]
    fn tail_frames(&self, py: Python<'_>) -> Option<u64> {
        match self.state.with(py, |State { running, .. }| with_either!(running, mixer => mixer.tail())) {
            Tail::Frames(frames) => Some(frames),
            Tail::Infinite => None,
        }
    }
}

impl Mixer {
    fn mix<'py, S: Format>(
        &self,
        py: Python<'py>,
        channels: &[usize],
        blocks: &[Bound<'py, PyAny>],
    ) -> PyResult<Bound<'py, PyAny>> {
        let mut inputs = Vec::with_capacity(blocks.len());
        for (block, &expected) in blocks.iter().zip(channels) {
            let planar = array::read_as::<S>(block, "block", "the mix")?;
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
        in_chunks_with(
            py,
            frames,
            || Ok(self.state.lock()),
            |state, start, length| {
                let chunks: Vec<_> = views.iter().map(|view| view.frames_at(start, length)).collect();
                if let Some(mixer) = S::get_mut(&mut state.running) {
                    mixer.process(&chunks, &mut out.frames_mut(start, length));
                }
            },
        )?;
        array::write(py, Planar { samples, channels: 2, frames, flat: false })
    }
}
