//! The programme under check, and the progress of the work.

use super::{super::error::AnalysisError, limits::CheckLimits};
use crate::foundation::{block::Block, math::magnitude, sample::Sample, stream::StreamSpec};
use core::ops::ControlFlow;

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

/// Reports progress, and ends the work when the report says so.
pub(super) struct Watch<'a> {
    report: &'a mut dyn FnMut(f64) -> ControlFlow<()>,
    done: f64,
    total: f64,
}

impl<'a> Watch<'a> {
    /// Of work that passes so many frames in all.
    pub(super) fn new(total: usize, report: &'a mut dyn FnMut(f64) -> ControlFlow<()>) -> Self {
        Self { report, done: 0.0, total: total.max(1) as f64 }
    }

    /// So many more frames have passed.
    pub(super) fn pass(&mut self, frames: usize) -> Result<(), AnalysisError> {
        self.done += frames as f64;
        // The end is reported once, when all is done.
        match (self.report)((self.done / self.total).min(0.999)) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(AnalysisError::Interrupted),
        }
    }
}
