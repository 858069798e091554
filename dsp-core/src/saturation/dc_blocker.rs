//! A DC blocker that comes and goes: a first-order high pass at 5 Hz while there is bias.
//!
//! y(n) = x(n) - s, s += k (w x(n) - s), k = 1 - e^(-2π 5 / rate). The weight w glides between 1, with bias, and 0, without: there s
//! decays by itself, so that the end is as smooth as the start, and is exactly 0 at last.

use crate::foundation::silence::{FILTER_DECADES, flushed};
use core::f64::consts::TAU;

const CORNER_HZ: f64 = 5.0;

/// See the head of this file.
#[derive(Clone, Debug)]
pub(super) struct DcBlocker {
    /// k.
    rate: f64,
    /// s.
    state: f64,
}

impl DcBlocker {
    pub(super) fn new(sample_rate_hz: f64) -> Self {
        Self { rate: -libm::expm1(-TAU * CORNER_HZ / sample_rate_hz), state: 0.0 }
    }

    /// Frames until its state is 0.
    pub(super) fn tail_frames(sample_rate_hz: f64) -> usize {
        libm::ceil(FILTER_DECADES * core::f64::consts::LN_10 / (TAU * CORNER_HZ) * sample_rate_hz) as usize
    }

    /// In place, with the weight of each frame.
    pub(super) fn run(&mut self, samples: &mut [f64], weights: &[f64]) {
        // All together, not one after the other, and without the bit of the sign.
        let weighs = weights.iter().fold(0, |bits, weight| bits | weight.to_bits() << 1) != 0;
        if self.state == 0.0 && !weighs {
            return;
        }
        let (mut state, rate) = (self.state, self.rate);
        for (sample, weight) in samples.iter_mut().zip(weights) {
            let entered = *sample;
            *sample -= state;
            state = flushed(state + rate * (weight * entered - state));
        }
        self.state = state;
    }

    /// Whether it still acts.
    pub(super) fn is_busy(&self) -> bool {
        self.state != 0.0
    }

    pub(super) fn reset(&mut self) {
        let Self { rate: _, state } = self;
        *state = 0.0;
    }
}
