//! Functions of whole signals: Python answers what arrives at their places.

use crate::{
    array::{self, Lent, Planar},
    format::Format,
    interrupt::Progress,
    offline::interrupted,
};
use mixdown::{Block, console};
use pyo3::prelude::*;
use std::ops::ControlFlow;

/// Runs the passes of `stage`, open to signals and without the interpreter lock, with answers of `functions`: a callable
/// of the position of a function and what arrives there, (channels, frames), which returns an array of the same shape and
/// format. What it raises ends the work.
pub(crate) fn answered<S: Format>(
    py: Python<'_>,
    functions: &Py<PyAny>,
    stage: impl FnOnce(console::Progress<'_>, console::Answer<'_, S>) -> Result<(), console::Interrupted> + Send,
) -> PyResult<()> {
    py.detach(|| {
        let (mut progress, mut raised) = (Progress::new(None), None);
        let done = stage(&mut |_| progress.pass(), &mut |index, sound| match answer(functions, index, sound) {
            Ok(samples) => ControlFlow::Continue(samples),
            Err(error) => {
                raised = Some(error);
                ControlFlow::Break(())
            }
        });
        match raised {
            Some(error) => Err(error),
            None => progress.finish(done, interrupted),
        }
    })
}

fn answer<S: Format>(functions: &Py<PyAny>, index: usize, sound: &Block<'_, '_, S>) -> PyResult<Vec<S>> {
    let samples = (0..sound.channels()).flat_map(|channel| sound.channel(channel)).copied().collect();
    let (channels, frames) = (sound.channels(), sound.frames());
    Python::attach(|py| {
        let given = array::write(py, Planar { samples, channels, frames, flat: false })?;
        let made = functions.call1(py, (index, given))?;
        let made: Lent<'_, S> = array::lend_as(made.bind(py), "what it returned", "the audio")?;
        Ok(made.rows()?.concat())
    })
}
