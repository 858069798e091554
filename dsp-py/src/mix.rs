//! Mixes of whole tracks: with fresh state, without the latency.

use crate::{
    array::{self, Planar},
    error::{mixer, parameter},
    format::Format,
    interrupt::Progress,
    offline::read_tail,
    settings::read,
};
use mixdown::{
    Mixer, StreamSpec, StripParams,
    console::{KeepTail, Rendering},
};
use numpy::PyReadonlyArray2;
use pyo3::{exceptions::PyRuntimeError, prelude::*};

/// Frames between two calls of a progress function.
const REPORT_FRAMES: usize = 65_536;

/// A track: its name, its audio as for [`array::lent`], its settings.
type Track<'py, A> = (String, A, Bound<'py, PyAny>);

/// Tracks of one sample format.
#[derive(FromPyObject)]
pub(crate) enum Tracks<'py> {
    F32(Vec<Track<'py, PyReadonlyArray2<'py, f32>>>),
    F64(Vec<Track<'py, PyReadonlyArray2<'py, f64>>>),
}

/// Mixes whole tracks, which are not copied. `progress` is called with the frames done and the frames of the longest.
#[pyfunction]
#[pyo3(signature = (tracks, master, sample_rate_hz, tail, progress=None))]
pub(crate) fn render_mix<'py>(
    py: Python<'py>,
    tracks: Tracks<'py>,
    master: &Bound<'py, PyAny>,
    sample_rate_hz: f64,
    tail: &Bound<'py, PyAny>,
    progress: Option<Py<PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let spec = StreamSpec::new(sample_rate_hz, 2).map_err(parameter)?;
    let master = read(master)?;
    let keep = read_tail(tail, sample_rate_hz)?;
    match tracks {
        Tracks::F32(tracks) => array::write(py, mix(py, &tracks, &master, &spec, keep, progress.as_ref())?),
        Tracks::F64(tracks) => array::write(py, mix(py, &tracks, &master, &spec, keep, progress.as_ref())?),
    }
}

fn mix<S: Format>(
    py: Python<'_>,
    tracks: &[Track<'_, PyReadonlyArray2<'_, S>>],
    master: &MasterParams,
    spec: &StreamSpec,
    keep: KeepTail,
    function: Option<&Py<PyAny>>,
) -> PyResult<Planar<S>> {
    let mut inputs = Vec::with_capacity(tracks.len());
    let mut strips = Vec::with_capacity(tracks.len());
    for (name, audio, settings) in tracks {
        inputs.push(array::lent(audio, name)?);
        strips.push((name, read::<StripParams>(settings)?));
    }
    let rendering = py.detach(|| {
        let mut running = Mixer::<S>::new(spec).map_err(parameter)?;
        for ((name, params), input) in strips.iter().zip(&inputs) {
            running.add_track(name.as_str(), input.channels(), params).map_err(mixer)?;
        }
        running.set("master", master).map_err(mixer)?;
        let frames = inputs.iter().map(|input| input.frames()).max().unwrap_or(0);
        let (latency, tail) = (running.latency_frames(), keep.frames(running.tail(), spec.sample_rate_hz()));
        let total = frames + latency + tail;
        let mut stops = (REPORT_FRAMES..total).step_by(REPORT_FRAMES).chain((total > 0).then_some(total)).peekable();
        let mut progress = Progress::new(function);
        let report = &mut |share: f64| {
            let rendered = (share * total as f64).round() as usize;
            while let Some(stop) = stops.next_if(|&stop| stop <= rendered) {
                progress.report_frames(stop.min(frames), frames)?;
            }
            progress.pass()
        };
        let done = mixdown::console::render_mix(&mut running, &inputs, keep, report);
        progress.finish(done, |interrupted| PyRuntimeError::new_err(interrupted.to_string()))
    })?;
    let Rendering { samples, channels, frames, .. } = rendering;
    Ok(Planar { samples, channels, frames, flat: false })
}
