//! The time derivative of a band-limited signal.
//!
//! # Source
//! The ideal differentiator has the taps -(-1)^n / n; here under a Kaiser window. Up to 0.45 of the rate the velocity of
//! a groove is within 0.001 dB of the recording characteristic; at half the rate the derivative falls to 0.

use crate::primitives::kaiser::kaiser;

/// Frames by which the derivative comes later.
pub(super) const DELAY_FRAMES: usize = 32;
/// Shape of the window.
const BETA: f64 = 9.0;
/// Taps that are taken in one pass, so that the sums stay in registers for longer.
const AT_ONCE: usize = 4;

/// Taps of one side; the other side has them with the other sign.
#[derive(Clone, Debug)]
pub(super) struct Differentiator {
    taps: [f64; DELAY_FRAMES],
}

impl Differentiator {
    pub(super) fn new(sample_rate_hz: f64) -> Self {
        let tap = |index: usize| {
            let n = (index + 1) as f64;
            let sign = if index.is_multiple_of(2) { 1.0 } else { -1.0 };
            sign * sample_rate_hz / n * kaiser(BETA, n / (DELAY_FRAMES + 1) as f64)
        };
        Self { taps: core::array::from_fn(tap) }
    }

    /// The derivative at frame `DELAY_FRAMES + i` of `signal` into frame `i` of `out`; `signal` is longer by twice the
    /// delay.
    pub(super) fn derive(&self, signal: &[f64], out: &mut [f64]) {
        out.fill(0.0);
        let frames = out.len();
        for (pass, taps) in self.taps.as_chunks::<AT_ONCE>().0.iter().enumerate() {
            let first = pass * AT_ONCE + 1;
            // The neighbours at distance `first + tap` after and before.
            let after = |tap: usize| &signal[DELAY_FRAMES + first + tap..][..frames];
            let before = |tap: usize| &signal[DELAY_FRAMES - first - tap..][..frames];
            let after: [&[f64]; AT_ONCE] = core::array::from_fn(after);
            let before: [&[f64]; AT_ONCE] = core::array::from_fn(before);
            for i in 0..frames {
                let mut sum = out[i];
                for tap in 0..AT_ONCE {
                    sum += taps[tap] * (after[tap][i] - before[tap][i]);
                }
                out[i] = sum;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    /// Ripple of the window.
    const RIPPLE: f64 = 2e-3;

    #[test]
    fn a_sine_becomes_its_cosine_up_to_20_khz() {
        for (frequency_hz, rate_hz) in [(50.0, 48_000.0), (1_000.0, 44_100.0), (20_000.0, 44_100.0), (20_000.0, 96e3)] {
            let omega = 2.0 * core::f64::consts::PI * frequency_hz;
            let at = |frame: usize| omega * frame as f64 / rate_hz;
            let sine: Vec<f64> = (0..1_000 + 2 * DELAY_FRAMES).map(|frame| libm::sin(at(frame))).collect();
            let mut derivative = [0.0; 1_000];
            Differentiator::new(rate_hz).derive(&sine, &mut derivative);
            for (frame, value) in derivative.iter().enumerate() {
                let error = value / omega - libm::cos(at(frame + DELAY_FRAMES));
                assert!(error.abs() < RIPPLE, "{frequency_hz} Hz at {rate_hz}: {error}");
            }
        }
    }
}
