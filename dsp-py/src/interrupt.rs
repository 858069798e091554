//! Long work: without the interpreter lock, open to Ctrl-C, and shared by threads.

use pyo3::prelude::*;
use std::{
    ops::ControlFlow,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

/// Frames that long work takes at a time. A multiple of the 64 frames of the processors' grid.
const CHUNK_FRAMES: usize = 4096;
/// How long signals may wait.
const PATIENCE: Duration = Duration::from_millis(100);
/// How often progress is reported.
const REPORT: Duration = Duration::from_millis(50);

/// Works on `frames` frames without the interpreter lock, `each` called with the first frame and the count of every
/// chunk and with what `enter` returned, which is held until signals are looked at: they end the work with what their
/// handlers raise.
pub(crate) fn in_chunks_with<T>(
    py: Python<'_>,
    frames: usize,
    mut enter: impl FnMut() -> PyResult<T> + Send,
    mut each: impl FnMut(&mut T, usize, usize) + Send,
) -> PyResult<()> {
    let mut start = 0;
    loop {
        py.detach(|| {
            let deadline = Instant::now() + PATIENCE;
            let mut held = enter()?;
            while start < frames {
                let length = CHUNK_FRAMES.min(frames - start);
                each(&mut held, start, length);
                start += length;
                if Instant::now() >= deadline {
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

/// As [`in_chunks_with`], for work that holds nothing.
pub(crate) fn in_chunks(py: Python<'_>, frames: usize, mut each: impl FnMut(usize, usize) + Send) -> PyResult<()> {
    in_chunks_with(py, frames, || Ok(()), |(), start, length| each(start, length))
}

/// State that several threads of Python may use: each waits for the others without the interpreter lock, which they may
/// need to go on.
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

/// Reports progress to a Python function, and looks at signals, while the interpreter lock is released.
pub(crate) struct Progress<'a> {
    function: Option<&'a Py<PyAny>>,
    last: Instant,
    /// What broke the work off.
    error: Option<PyErr>,
}

impl<'a> Progress<'a> {
    pub(crate) fn new(function: Option<&'a Py<PyAny>>) -> Self {
        Self { function, last: Instant::now(), error: None }
    }

    /// Reports the share of the work that is done, 0 to 1; breaks it off after an error or a signal.
    pub(crate) fn report(&mut self, share: f64) -> ControlFlow<()> {
        if share < 1.0 && self.last.elapsed() < REPORT {
            return ControlFlow::Continue(());
        }
        self.attend(|py, function| function.call1(py, (share,)))
    }

    /// As [`report`](Self::report), for a function that takes the frames done and the frames there are.
    pub(crate) fn report_frames(&mut self, done: usize, frames: usize) -> ControlFlow<()> {
        self.attend(|py, function| function.call1(py, (done, frames)))
    }

    /// Looks at signals where there is nothing to report.
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

    /// The result of the work; what broke it off goes before its own error.
    pub(crate) fn finish<T, E>(self, result: Result<T, E>, refused: impl FnOnce(E) -> PyErr) -> PyResult<T> {
        match self.error {
            Some(error) => Err(error),
            None => result.map_err(refused),
        }
    }
}
