//! Long work: without the interpreter lock, and not deaf to Ctrl-C.

use pyo3::prelude::*;
use std::time::{Duration, Instant};

/// Frames that long work takes at a time. A multiple of the 64 frames of the processors' grid.
pub(crate) const CHUNK_FRAMES: usize = 4096;
/// How long signals may wait.
const PATIENCE: Duration = Duration::from_millis(100);

/// When work has to let Python look at signals.
pub(crate) struct Deadline(Instant);

impl Deadline {
    pub(crate) fn passed(&self) -> bool {
        Instant::now() >= self.0
    }
}

/// Calls `work` without the interpreter lock until it is done (true). It returns false soon after its deadline has passed,
/// having kept where it was; signals are looked at then, and end it with what their handlers raise.
pub(crate) fn interruptible(py: Python<'_>, mut work: impl FnMut(&Deadline) -> PyResult<bool> + Send) -> PyResult<()> {
    while !py.detach(|| work(&Deadline(Instant::now() + PATIENCE)))? {
        py.check_signals()?;
    }
    Ok(())
}

/// As [`interruptible`], for work on `frames` frames, `each` called with the first frame and the count of every chunk.
pub(crate) fn in_chunks(
    py: Python<'_>,
    frames: usize,
    mut each: impl FnMut(usize, usize) -> PyResult<()> + Send,
) -> PyResult<()> {
    let mut start = 0;
    interruptible(py, |deadline| {
        while start < frames {
            let length = CHUNK_FRAMES.min(frames - start);
            each(start, length)?;
            start += length;
            if deadline.passed() {
                return Ok(start == frames);
            }
        }
        Ok(true)
    })
}
