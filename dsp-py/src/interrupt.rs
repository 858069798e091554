//! Long work: without the interpreter lock, open to Ctrl-C, and shared by threads.

use pyo3::prelude::*;
use std::{
    ops::ControlFlow,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// Frames per chunk of long work. A multiple of the processors' 64-frame grid.
pub(crate) const CHUNK_FRAMES: usize = 4096;
/// Longest delay of signals.
const PATIENCE: Duration = Duration::from_millis(100);
/// Interval of progress reports.
const REPORT: Duration = Duration::from_millis(50);

/// Processes `frames` frames without the interpreter lock: `each` is called with the first frame and the count of every
/// chunk and with the result of `enter`, which is held until the next check of signals. A signal ends the work with the
/// exception of its handler.
pub(crate) fn in_chunks_with<T>(
    py: Python<'_>,
    frames: usize,
    mut enter: impl FnMut() -> PyResult<T> + Send,
    mut each: impl FnMut(&mut T, usize, usize) + Send,
) -> PyResult<()> {
    let mut start = 0;
    loop {
        py.detach(|| {
            // A single chunk is short work: it needs no clock.
            let deadline = (frames > CHUNK_FRAMES).then(|| Instant::now() + PATIENCE);
            let mut held = enter()?;
            while start < frames {
                let length = CHUNK_FRAMES.min(frames - start);
                each(&mut held, start, length);
                start += length;
                if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
                    break;
                }
            }
            PyResult::Ok(())
        })?;
        if start == frames {
            return Ok(());
        }
        py.check_signals()?;
    }
}

/// As [`in_chunks_with`], without anything held.
pub(crate) fn in_chunks(py: Python<'_>, frames: usize, mut each: impl FnMut(usize, usize) + Send) -> PyResult<()> {
    in_chunks_with(py, frames, || Ok(()), |(), start, length| each(start, length))
}

/// State shared by several threads of Python: each waits for the others without the interpreter lock, which they may
/// need to continue.
pub(crate) struct Shared<T>(Mutex<T>);

impl<T: Send> Shared<T> {
    pub(crate) fn new(state: T) -> Self {
        Self(Mutex::new(state))
    }

    /// Waits for the state and acts on it.
    pub(crate) fn with<R: Send>(&self, py: Python<'_>, act: impl FnOnce(&mut T) -> R + Send) -> R {
        py.detach(|| act(&mut self.lock()))
    }

    /// To be called without the interpreter lock.
    pub(crate) fn lock(&self) -> MutexGuard<'_, T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reports progress to a Python function, and checks signals, while the interpreter lock is released.
pub(crate) struct Progress<'a> {
    function: Option<&'a Py<PyAny>>,
    last: Instant,
    /// The exception that interrupted the work.
    error: Option<PyErr>,
}

impl<'a> Progress<'a> {
    pub(crate) fn new(function: Option<&'a Py<PyAny>>) -> Self {
        Self { function, last: Instant::now(), error: None }
    }

    /// Reports the share of the work done, 0 to 1; interrupts it after an error or a signal.
    pub(crate) fn report(&mut self, share: f64) -> ControlFlow<()> {
        if share < 1.0 && self.last.elapsed() < REPORT {
            return ControlFlow::Continue(());
        }
        self.attend(|py, function| function.call1(py, (share,)))
    }

    /// As [`report`](Self::report), for a function of the frames done and the total frames.
    pub(crate) fn report_frames(&mut self, done: usize, frames: usize) -> ControlFlow<()> {
        self.attend(|py, function| function.call1(py, (done, frames)))
    }

    /// Checks signals without a report.
    pub(crate) fn pass(&mut self) -> ControlFlow<()> {
        if self.last.elapsed() < REPORT {
            return ControlFlow::Continue(());
        }
        self.attend(|py, _| Ok(py.None()))
    }

    fn attend(&mut self, call: impl FnOnce(Python<'_>, &Py<PyAny>) -> PyResult<Py<PyAny>>) -> ControlFlow<()> {
        let attended = Python::attach(|py| {
            py.check_signals()?;
            self.function.map_or(Ok(()), |function| call(py, function).map(drop))
        });
        self.last = Instant::now();
        match attended {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                self.error = Some(error);
                ControlFlow::Break(())
            }
        }
    }

    /// The result of the work; an interruption takes precedence over its own error.
    pub(crate) fn finish<T, E>(self, result: Result<T, E>, refused: impl FnOnce(E) -> PyErr) -> PyResult<T> {
        match self.error {
            Some(error) => Err(error),
            None => result.map_err(refused),
        }
    }
}
