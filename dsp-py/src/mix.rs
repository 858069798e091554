//! Mixes of whole tracks: with fresh state, without the latency.

use crate::{
    array::{self, Planar},
    error::{mixer as mixer_error, parameter},
    format::Format,
    functions::answered,
    interrupt::Progress,
    offline::{Kept, interrupted, read_tail, rendered},
    settings::read,
};
use mixdown::{
    Block, Mixer, MixerParams, StreamSpec,
    console::{Interrupted, KeepTail, Rendering, Stems, render_mix_to, stage_mix},
};
use numpy::PyReadonlyArray2;
use pyo3::{prelude::*, types::PyDict};
use std::ops::ControlFlow;

/// Frames between two calls of a progress function.
const REPORT_FRAMES: usize = 65_536;

/// Tracks of one sample format, as for [`array::lent`], in the order of the mix.
#[derive(FromPyObject)]
pub(crate) enum Tracks<'py> {
    F32(Vec<PyReadonlyArray2<'py, f32>>),
    F64(Vec<PyReadonlyArray2<'py, f64>>),
}

/// Mixes whole tracks, which are not copied. `progress` is called with the frames done and the frames of the longest;
/// `functions` answers for the functions of whole signals, if there are any, before.
#[pyfunction]
#[pyo3(signature = (mix, tracks, sample_rate_hz, tail, progress=None, functions=None))]
pub(crate) fn render_mix<'py>(
    py: Python<'py>,
    mix: &Bound<'py, PyAny>,
    tracks: Tracks<'py>,
    sample_rate_hz: f64,
    tail: &Bound<'py, PyAny>,
    progress: Option<Py<PyAny>>,
    functions: Option<Py<PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let call = Call::new(mix, sample_rate_hz, tail, (progress, functions))?;
    match tracks {
        Tracks::F32(tracks) => call.render(py, &tracks),
        Tracks::F64(tracks) => call.render(py, &tracks),
    }
}

/// As [`render_mix`], but what strips give to the master ("master_inputs"), or tracks to their bus ("tracks"), by name.
#[pyfunction]
#[pyo3(signature = (mix, tracks, sample_rate_hz, of, tail, progress=None, functions=None))]
#[expect(clippy::too_many_arguments, reason = "each is an argument in Python")]
pub(crate) fn render_stems<'py>(
    py: Python<'py>,
    mix: &Bound<'py, PyAny>,
    tracks: Tracks<'py>,
    sample_rate_hz: f64,
    of: &str,
    tail: &Bound<'py, PyAny>,
    progress: Option<Py<PyAny>>,
    functions: Option<Py<PyAny>>,
) -> PyResult<Bound<'py, PyDict>> {
    let call = Call::new(mix, sample_rate_hz, tail, (progress, functions))?;
    let of = if of == "tracks" { Stems::Tracks } else { Stems::MasterInputs };
    match tracks {
        Tracks::F32(tracks) => stems(py, &call, &tracks, of),
        Tracks::F64(tracks) => stems(py, &call, &tracks, of),
    }
}

/// As [`render_mix`], but the readings of every strip by its name, the master last.
#[pyfunction]
#[pyo3(signature = (mix, tracks, sample_rate_hz, tail, progress=None, functions=None))]
pub(crate) fn measure_mix<'py>(
    py: Python<'py>,
    mix: &Bound<'py, PyAny>,
    tracks: Tracks<'py>,
    sample_rate_hz: f64,
    tail: &Bound<'py, PyAny>,
    progress: Option<Py<PyAny>>,
    functions: Option<Py<PyAny>>,
) -> PyResult<Bound<'py, PyDict>> {
    let call = Call::new(mix, sample_rate_hz, tail, (progress, functions))?;
    let readings = match tracks {
        Tracks::F32(tracks) => call.run(py, &tracks, mixdown::console::measure_mix)?,
        Tracks::F64(tracks) => call.run(py, &tracks, mixdown::console::measure_mix)?,
    };
    let named = PyDict::new(py);
    for (name, reading) in readings {
        let dict = PyDict::new(py);
        dict.set_item("peak_dbfs", reading.peak_dbfs)?;
        dict.set_item("rms_dbfs", reading.rms_dbfs)?;
        dict.set_item("integrated_lufs", reading.integrated_lufs)?;
        dict.set_item("correlation", reading.correlation)?;
        dict.set_item("gain_reduction_db", reading.gain_reduction_db)?;
        dict.set_item("clipped_samples", reading.clipped_samples)?;
        named.set_item(name, dict)?;
    }
    Ok(named)
}

fn stems<'py, S: Format>(
    py: Python<'py>,
    call: &Call,
    tracks: &[PyReadonlyArray2<'_, S>],
    of: Stems,
) -> PyResult<Bound<'py, PyDict>> {
    let rendered = call.run(py, tracks, |mixer, inputs, keep, report| {
        mixdown::console::render_stems(mixer, inputs, of, keep, report)
    })?;
    let named = PyDict::new(py);
    for (name, rendering) in rendered {
        named.set_item(name, write(py, rendering)?)?;
    }
    Ok(named)
}

fn write<S: Format>(py: Python<'_>, rendering: Rendering<S>) -> PyResult<Bound<'_, PyAny>> {
    let Rendering { samples, channels, frames, .. } = rendering;
    Ok(array::write(py, Planar { samples, channels, frames, flat: false })?.into_any())
}

/// A mix to be rendered.
struct Call {
    mix: MixerParams,
    spec: StreamSpec,
    keep: KeepTail,
    progress: Option<Py<PyAny>>,
    functions: Option<Py<PyAny>>,
}

impl Call {
    fn new(
        mix: &Bound<'_, PyAny>,
        sample_rate_hz: f64,
        tail: &Bound<'_, PyAny>,
        (progress, functions): (Option<Py<PyAny>>, Option<Py<PyAny>>),
    ) -> PyResult<Self> {
        let spec = StreamSpec::new(sample_rate_hz, 2).map_err(parameter)?;
        Ok(Self { mix: read(mix)?, spec, keep: read_tail(tail, sample_rate_hz)?, progress, functions })
    }

    /// Renders tracks into one array.
    fn render<'py, S: Format>(
        &self,
        py: Python<'py>,
        tracks: &[PyReadonlyArray2<'_, S>],
    ) -> PyResult<Bound<'py, PyAny>> {
        let inputs = lent_all(tracks)?;
        let mut mixer = self.staged(py, &inputs)?;
        let input_frames = longest(&inputs);
        let kept = Kept { keep: self.keep, input_frames, tail: mixer.tail(), rate_hz: self.spec.sample_rate_hz() };
        rendered(py, (2, false), &kept, None, |out| {
            self.reporting(&mut mixer, input_frames, |mixer, report| render_mix_to(mixer, &inputs, out, report))
        })
    }

    /// Renders tracks with `render`.
    fn run<S: Format, T: Send>(
        &self,
        py: Python<'_>,
        tracks: &[PyReadonlyArray2<'_, S>],
        render: impl FnOnce(
            &mut Mixer<S>,
            &[Block<'_, '_, S>],
            KeepTail,
            &mut dyn FnMut(f64) -> ControlFlow<()>,
        ) -> Result<T, Interrupted>
        + Send,
    ) -> PyResult<T> {
        let inputs = lent_all(tracks)?;
        let mut mixer = self.staged(py, &inputs)?;
        py.detach(|| {
            self.reporting(&mut mixer, longest(&inputs), |mixer, report| render(mixer, &inputs, self.keep, report))
        })
    }

    /// The mixer, whose functions of whole signals have their answers.
    fn staged<S: Format>(&self, py: Python<'_>, inputs: &[Block<'_, '_, S>]) -> PyResult<Mixer<S>> {
        let mut mixer = py.detach(|| self.build::<S>())?;
        if let Some(functions) = &self.functions {
            answered(py, functions, |report, function| stage_mix(&mut mixer, inputs, self.keep, report, function))?;
        }
        Ok(mixer)
    }

    fn build<S: Format>(&self) -> PyResult<Mixer<S>> {
        let mut mixer = Mixer::build(&self.mix, &self.spec).map_err(mixer_error)?;
        mixer.set_parallel(true);
        Ok(mixer)
    }

    /// Runs `render` open to signals, with reports of the frames done.
    fn reporting<S: Format, T>(
        &self,
        mixer: &mut Mixer<S>,
        frames: usize,
        render: impl FnOnce(&mut Mixer<S>, &mut dyn FnMut(f64) -> ControlFlow<()>) -> Result<T, Interrupted>,
    ) -> PyResult<T> {
        let tail = self.keep.frames(mixer.tail(), self.spec.sample_rate_hz());
        let total = frames + mixer.latency_frames() + tail;
        let mut stops = (REPORT_FRAMES..total).step_by(REPORT_FRAMES).chain((total > 0).then_some(total)).peekable();
        let mut progress = Progress::new(self.progress.as_ref());
        let report = &mut |share: f64| {
            let rendered = (share * total as f64).round() as usize;
            while let Some(stop) = stops.next_if(|&stop| stop <= rendered) {
                progress.report_frames(stop.min(frames), frames)?;
            }
            progress.pass()
        };
        let done = render(mixer, report);
        progress.finish(done, interrupted)
    }
}

fn lent_all<'a, S: Format>(tracks: &'a [PyReadonlyArray2<'_, S>]) -> PyResult<Vec<Block<'a, 'a, S>>> {
    tracks.iter().map(|audio| array::lent(audio, "audio")).collect()
}

fn longest<S: Format>(inputs: &[Block<'_, '_, S>]) -> usize {
    inputs.iter().map(Block::frames).max().unwrap_or(0)
}
