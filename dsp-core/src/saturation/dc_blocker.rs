//! A DC blocker that comes and goes: a first-order high pass at 5 Hz while there is bias.
//!
//! y(n) = x(n) - s, s += k y, k = 1 - e^(-2π 5 / rate); without bias s decays by itself, so that the end of a bias is as smooth as its
//! start, and is exactly 0 at last.

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

    /// In place, with the bias of each frame.
    pub(super) fn run(&mut self, samples: &mut [f64], bias: &[f64]) {
        if self.state == 0.0 && bias.iter().all(|bias| *bias == 0.0) {
            return;
        }
        let (mut state, rate) = (self.state, self.rate);
        for (sample, bias) in samples.iter_mut().zip(bias) {
            *sample -= state;
            state += rate * if *bias == 0.0 { -state } else { *sample };
            state = flushed(state);
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
