//! Measurement windows: 1 ms spans at exact positions, and sliding sums over them without drift.

use alloc::{vec, vec::Vec};

/// 1 ms spans from block to block and from point to point of the curves, 100 ms.
pub(super) const HOP_SPANS: u64 = 100;
/// Spans per second.
const SPANS_PER_SECOND: f64 = 1_000.0;

/// Positions of the 1 ms spans of a stream: span `k` starts at frame round(k rate / 1000).
///
/// Rounding each position, rather than the length, keeps the positions exact at rates that are not multiples of 1000.
#[derive(Clone, Debug)]
pub(super) struct Spans {
    sample_rate_hz: f64,
    /// Spans complete so far.
    complete: u64,
    /// The next frame.
    frame: u64,
    /// The frame at which the current span ends.
    end: u64,
}

impl Spans {
    pub(super) fn new(sample_rate_hz: f64) -> Self {
        let mut spans = Self { sample_rate_hz, complete: 0, frame: 0, end: 0 };
        spans.end = spans.start(1);
        spans
    }

    pub(super) fn reset(&mut self) {
        *self = Self::new(self.sample_rate_hz);
    }

    /// The frame at which span `index` starts.
    pub(super) fn start(&self, index: u64) -> u64 {
        libm::round(index as f64 * self.sample_rate_hz / SPANS_PER_SECOND) as u64
    }

    /// The next frame.
    pub(super) fn frame(&self) -> u64 {
        self.frame
    }

    /// Frames missing from the current span; at least 1.
    pub(super) fn missing(&self) -> u64 {
        self.end - self.frame
    }

    /// Frames missing until the next multiple of `spans` is complete; at least 1.
    pub(super) fn missing_from(&self, spans: u64) -> u64 {
        self.start((self.complete / spans + 1) * spans) - self.frame
    }

    /// Advances by no more than the missing frames. Returns the number of complete spans if one has just ended.
    pub(super) fn advance(&mut self, frames: u64) -> Option<u64> {
        self.frame += frames;
        if self.frame < self.end {
            return None;
        }
        self.complete += 1;
        self.end = self.start(self.complete + 1);
        Some(self.complete)
    }

    /// Frames in the last `spans` complete spans, which must exist.
    pub(super) fn frames_in(&self, spans: u64) -> f64 {
        (self.start(self.complete) - self.start(self.complete - spans)) as f64
    }

    /// The time at which span `index` starts, in seconds.
    pub(super) fn time_s(&self, index: u64) -> f64 {
        self.start(index) as f64 / self.sample_rate_hz
    }
}

/// The sum of the last `length` values, in O(1) amortised and without subtraction.
///
/// Values are grouped by `length`. The window is the end of the last group, whose suffix sums are kept, and the start
/// of the current one. Nothing is subtracted, so nothing cancels: loud music does not leave a residue in following
/// silence.
#[derive(Clone, Debug)]
pub(super) struct SlidingSum {
    /// Before the position of the next value: values of this group. From there on: suffix sums of the last group.
    values: Vec<f64>,
    position: usize,
    /// Sum of this group.
    prefix: f64,
    /// Whether `length` values have been added.
    full: bool,
}

impl SlidingSum {
    pub(super) fn new(length: usize) -> Self {
        Self { values: vec![0.0; length], position: 0, prefix: 0.0, full: false }
    }

    pub(super) fn reset(&mut self) {
        let Self { values, position, prefix, full } = self;
        values.fill(0.0);
        *position = 0;
        *prefix = 0.0;
        *full = false;
    }

    /// Adds a value; returns the sum of the last `length` values once there are as many.
    pub(super) fn push(&mut self, value: f64) -> Option<f64> {
        self.values[self.position] = value;
        self.prefix += value;
        self.position += 1;
        let sum = self.prefix + self.values.get(self.position).copied().unwrap_or(0.0);
        if self.position == self.values.len() {
            let mut suffix = 0.0;
            for value in self.values.iter_mut().rev() {
                suffix += *value;
                *value = suffix;
            }
            self.position = 0;
            self.prefix = 0.0;
            self.full = true;
        }
        self.full.then_some(sum)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_do_not_drift() {
        for rate in [8_000.0, 11_025.0, 22_050.0, 44_100.0, 44_055.5, 48_000.0, 192_000.0] {
            let mut spans = Spans::new(rate);
            for k in 1..=100_000_u64 {
                let missing = spans.missing();
                assert!((missing as f64 - rate / 1_000.0).abs() <= 1.0);
                assert_eq!(spans.advance(missing - 1), None);
                assert_eq!(spans.advance(1), Some(k));
            }
            assert!((spans.frame() as f64 - rate * 100.0).abs() <= 0.5);
            assert!((spans.frames_in(400) - 0.4 * rate).abs() <= 1.0);
            assert!((spans.time_s(100_000) - 100.0).abs() <= 0.5 / rate);
        }
    }

    #[test]
    fn sums_are_those_of_the_window_and_leave_no_residue() {
        let mut sliding = SlidingSum::new(5);
        let values = [1e9, 0.1, 0.2, 1e-9, 3.0, 0.7, 1e12, 5.0, 0.0, 0.0, 0.0, 0.0, 0.0, 2.0];
        for (n, value) in values.iter().enumerate() {
            let sum = sliding.push(*value);
            if n < 4 {
                assert_eq!(sum, None);
            } else {
                let expected: f64 = values[n - 4..=n].iter().sum();
                assert!((sum.unwrap() / expected.max(1e-300) - 1.0).abs() < 1e-15 || sum == Some(expected), "{n}");
            }
        }
    }
}
