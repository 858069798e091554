//! The programme under check, and the progress of the work.

use super::{super::error::AnalysisError, limits::CheckLimits};
use crate::foundation::{block::Block, math::magnitude, sample::Sample, stream::StreamSpec};
use core::{
    ops::ControlFlow,
    sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
};

/// The programme under check.
pub(super) struct Programme<'a, S> {
    pub(super) audio: &'a Block<'a, 'a, S>,
    pub(super) spec: &'a StreamSpec,
    pub(super) limits: &'a CheckLimits,
}

impl<S: Sample> Programme<'_, S> {
    pub(super) fn rate_hz(&self) -> f64 {
        self.spec.sample_rate_hz()
    }

    pub(super) fn frames(&self) -> usize {
        self.audio.frames()
    }

    pub(super) fn channels(&self) -> usize {
        self.audio.channels()
    }

    pub(super) fn duration_s(&self) -> f64 {
        self.frames() as f64 / self.rate_hz()
    }

    /// Samples up to it are silent.
    pub(super) fn quiet(&self) -> f64 {
        self.limits.quiet_steps / 32_768.0
    }

    /// Frames of a transform that lasts as long at every rate as `frames` at 44.1 and 48 kHz, by powers of two.
    pub(super) fn scaled(&self, frames: usize) -> usize {
        scaled(frames, self.rate_hz())
    }

    /// The mean of all channels from `start` on; silence outside the programme.
    pub(super) fn mono(&self, start: isize, out: &mut [f64]) {
        let frames = self.frames() as isize;
        out.fill(0.0);
        let (from, to) = (start.clamp(0, frames), (start + out.len() as isize).clamp(0, frames));
        let out = &mut out[(from - start).max(0) as usize..][..(to - from) as usize];
        let share = 1.0 / self.channels() as f64;
        for channel in 0..self.channels() {
            let samples = &self.audio.channel(channel)[from as usize..to as usize];
            out.iter_mut().zip(samples).for_each(|(sum, sample)| *sum += share * sample.to_f64());
        }
    }

    /// The lengths of consecutive chunks, from their first frames, each counted as done.
    pub(super) fn chunks(
        &self,
        chunk: usize,
        watch: &mut Watch<'_>,
        mut each: impl FnMut(usize, usize),
    ) -> Result<(), AnalysisError> {
        for start in (0..self.frames()).step_by(chunk) {
            let length = chunk.min(self.frames() - start);
            each(start, length);
            watch.pass(length)?;
        }
        Ok(())
    }
}

/// The largest magnitude.
pub(super) fn loudest<S: Sample>(samples: &[S]) -> f64 {
    // Eight at a time, for vectors.
    let mut lanes = [S::ZERO; 8];
    let parts = samples.chunks_exact(8);
    let rest = parts.remainder();
    for part in parts {
        for (lane, sample) in lanes.iter_mut().zip(part) {
            *lane = lane.max(magnitude(*sample));
        }
    }
    lanes.iter().chain(rest).fold(0.0, |peak: f64, sample| peak.max(libm::fabs(sample.to_f64())))
}

/// The sum of the squares of samples, eight at a time.
pub(super) fn energy<S: Sample>(samples: &[S]) -> f64 {
    let (parts, rest) = samples.as_chunks::<8>();
    let mut sums = [0.0; 8];
    for part in parts {
        for lane in 0..8 {
            sums[lane] += part[lane].to_f64() * part[lane].to_f64();
        }
    }
    sums.iter().sum::<f64>() + rest.iter().map(|sample| sample.to_f64() * sample.to_f64()).sum::<f64>()
}

/// Frames of a transform at a rate: `frames` at 44.1 and 48 kHz.
pub(super) fn scaled(frames: usize, rate_hz: f64) -> usize {
    let octaves = libm::ceil(libm::log2(rate_hz / 48_000.0)).max(-2.0);
    libm::round(frames as f64 * libm::exp2(octaves)) as usize
}

/// Frames that are looked at between reports of progress.
pub(super) const CHUNK_FRAMES: usize = 16_384;

/// What the parts of a check have done so far, on whatever threads.
#[derive(Debug)]
pub(super) struct Counter {
    /// Frames passed.
    done: AtomicUsize,
    total: usize,
    is_ended: AtomicBool,
}

impl Counter {
    /// Of work that passes so many frames in all.
    pub(super) fn new(total: usize) -> Self {
        Self { done: AtomicUsize::new(0), total: total.max(1), is_ended: AtomicBool::new(false) }
    }

    /// Reports the end; the work was for nothing if it was to end before.
    pub(super) fn end(&self, report: &mut dyn FnMut(f64) -> ControlFlow<()>) -> Result<(), AnalysisError> {
        let _ = report(1.0);
        if self.is_ended.load(Relaxed) { Err(AnalysisError::Interrupted) } else { Ok(()) }
    }

    /// Reports the share done; if the report says so the work ends. The end is reported once, when all is done.
    pub(super) fn report(&self, report: &mut dyn FnMut(f64) -> ControlFlow<()>) {
        let share = self.done.load(Relaxed) as f64 / self.total as f64;
        if report(share.min(0.999)).is_break() {
            self.is_ended.store(true, Relaxed);
        }
    }
}

/// Counts the work of one part, and ends it when that is wanted.
pub(super) struct Watch<'a> {
    counter: &'a Counter,
    /// On the thread that reports.
    report: Option<&'a mut dyn FnMut(f64) -> ControlFlow<()>>,
}

impl<'a> Watch<'a> {
    /// On the thread of the caller, to which it reports.
    pub(super) fn reporting(counter: &'a Counter, report: &'a mut dyn FnMut(f64) -> ControlFlow<()>) -> Self {
        Self { counter, report: Some(report) }
    }

    /// On another thread.
    pub(super) fn silent(counter: &'a Counter) -> Self {
        Self { counter, report: None }
    }

    /// So many more frames have passed.
    pub(super) fn pass(&mut self, frames: usize) -> Result<(), AnalysisError> {
        self.counter.done.fetch_add(frames, Relaxed);
        if let Some(report) = &mut self.report {
            self.counter.report(*report);
        }
        if self.counter.is_ended.load(Relaxed) { Err(AnalysisError::Interrupted) } else { Ok(()) }
    }
}
