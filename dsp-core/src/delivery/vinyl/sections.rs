//! Sections of second order that run sample by sample, of both channels.

use crate::filters::{biquad::BiquadCoeffs, cookbook};

/// A section and its state, transposed direct form II.
#[derive(Clone, Debug)]
pub(super) struct Section {
    coeffs: BiquadCoeffs,
    state: [f64; 2],
}

impl Section {
    pub(super) fn new(coeffs: BiquadCoeffs) -> Self {
        Self { coeffs, state: [0.0; 2] }
    }

    #[inline(always)]
    pub(super) fn tick(&mut self, x: f64) -> f64 {
        let BiquadCoeffs { b0, b1, b2, a1, a2 } = self.coeffs;
        let y = b0 * x + self.state[0];
        self.state[0] = b1 * x - a1 * y + self.state[1];
        self.state[1] = b2 * x - a2 * y;
        y
    }

    /// Makes states 0 that are below a level: no subnormal numbers in silence.
    pub(super) fn rest(&mut self, level: f64) {
        for state in &mut self.state {
            if state.abs() < level {
                *state = 0.0;
            }
        }
    }
}

/// Two sections: 24 dB per octave, -6 dB at the corner, or a band.
#[derive(Clone, Debug)]
pub(super) struct Pair([Section; 2]);

impl Pair {
    pub(super) fn low_pass(frequency_hz: f64, sample_rate_hz: f64) -> Self {
        Self::of(cookbook::low_pass(frequency_hz, BUTTERWORTH_Q, sample_rate_hz))
    }

    pub(super) fn high_pass(frequency_hz: f64, sample_rate_hz: f64) -> Self {
        Self::of(cookbook::high_pass(frequency_hz, BUTTERWORTH_Q, sample_rate_hz))
    }

    /// From one corner to the other, 12 dB per octave on either side.
    pub(super) fn band(low_hz: f64, high_hz: f64, sample_rate_hz: f64) -> Self {
        Self([
            Section::new(cookbook::high_pass(low_hz, BUTTERWORTH_Q, sample_rate_hz)),
            Section::new(cookbook::low_pass(high_hz, BUTTERWORTH_Q, sample_rate_hz)),
        ])
    }

    fn of(coeffs: BiquadCoeffs) -> Self {
        Self([Section::new(coeffs), Section::new(coeffs)])
    }

    /// Power of its response at a frequency.
    pub(super) fn power_at(&self, frequency_hz: f64, sample_rate_hz: f64) -> f64 {
        self.0.iter().map(|section| section.coeffs.response(frequency_hz, sample_rate_hz).norm_sqr()).product()
    }

    #[inline(always)]
    pub(super) fn tick(&mut self, x: f64) -> f64 {
        let between = self.0[0].tick(x);
        self.0[1].tick(between)
    }

    pub(super) fn rest(&mut self, level: f64) {
        self.0.iter_mut().for_each(|section| section.rest(level));
    }
}

/// q of a Butterworth section of second order.
const BUTTERWORTH_Q: f64 = core::f64::consts::FRAC_1_SQRT_2;
