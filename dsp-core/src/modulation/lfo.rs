//! Low-frequency oscillator (LFO), whose phase is exact.
//!
//! The phase is a 64-bit fraction of a period, advanced by a whole number of 2^-64 at each point of the 64-frame grid:
//! after a day it is where it would be had it been computed at once, and no block border moves it. Between grid points
//! it is a straight line in f64. Another rate counts from the next grid point on, and the phase goes on from where it
//! is.

use crate::foundation::grid::GRID_FRAMES;

/// 2^64, the steps in a period.
const PERIOD: f64 = 18_446_744_073_709_551_616.0;

/// sin(2π r) = r P(r²) for r of at most a quarter. Least squares at Chebyshev nodes, exact at 0 and a quarter; the error
/// is 6e-14.
const SINE: [f64; 7] = [
    core::f64::consts::TAU,
    -41.341_702_239_740_48,
    81.605_249_109_488_6,
    -76.705_844_744_890_02,
    42.058_048_349_298_32,
    -15.080_258_539_190_119,
    3.659_354_675_484_111,
];

/// The phase of an LFO: see the head of this file.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Lfo {
    /// At the last grid point.
    phase: u64,
    /// Steps per frame.
    step: u64,
    /// Steps per frame from the next grid point on.
    next_step: u64,
}

impl Lfo {
    /// At phase 0, with the steps of [`step`].
    pub(crate) fn new(step: u64) -> Self {
        Self { phase: 0, step, next_step: step }
    }

    /// Changes the rate, from the next grid point on.
    pub(crate) fn set_step(&mut self, step: u64) {
        self.next_step = step;
    }

    /// Called at each grid point but the first.
    #[inline(always)]
    pub(crate) fn advance(&mut self) {
        self.phase = self.phase.wrapping_add(self.step.wrapping_mul(GRID_FRAMES as u64));
        self.step = self.next_step;
    }

    /// Phase at the last grid point, `offset` periods ahead, and its change per frame until the next one, in periods:
    /// frame `i` after the grid point has the phase `start + i * slope`.
    #[inline(always)]
    pub(crate) fn line(&self, offset: f64) -> [f64; 2] {
        [self.phase as f64 / PERIOD + offset, self.step as f64 / PERIOD]
    }

    /// At phase 0.
    pub(crate) fn reset(&mut self) {
        let Self { phase, step, next_step } = self;
        *phase = 0;
        *step = *next_step;
    }
}

/// Steps of 2^-64 periods per frame, for rates up to half of the sample rate.
pub(crate) fn step(rate_hz: f64, sample_rate_hz: f64) -> u64 {
    libm::round(rate_hz / sample_rate_hz * PERIOD) as u64
}

/// The sine of a phase in periods, -1..1. No branches and no calls, so that loops over it vectorise.
#[inline(always)]
pub(crate) fn sine(periods: f64) -> f64 {
    let folded = triangle(periods) * 0.25;
    let q = folded * folded;
    let [c0, c1, c2, c3, c4, c5, c6] = SINE;
    folded * (c0 + q * (c1 + q * (c2 + q * (c3 + q * (c4 + q * (c5 + q * c6))))))
}

/// The triangle of a phase in periods, of at most 2^31 in size: 0 at 0, 1 at a quarter, -1 at three quarters.
#[inline(always)]
pub(crate) fn triangle(periods: f64) -> f64 {
    /// Adding it rounds to a whole number.
    const ROUND: f64 = 6_755_399_441_055_744.0;
    let turn = periods - ((periods + ROUND) - ROUND);
    let folded = 1.0 - (4.0 * turn.abs() - 1.0).abs();
    folded.copysign(turn)
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::f64::consts::TAU;

    #[test]
    fn sines_and_triangles_are_exact() {
        for n in -100_000..100_000 {
            let periods = f64::from(n) * 1.234_567e-4;
            assert!((sine(periods) - libm::sin(TAU * periods)).abs() < 1e-13 + 1e-15 * periods.abs(), "{periods}");
            assert!(sine(periods).abs() <= 1.0 && (sine(periods) + sine(-periods)).abs() == 0.0);
        }
        assert_eq!([0.0, 0.125, 0.25, 0.5, 0.75, 1.125].map(triangle), [0.0, 0.5, 1.0, 0.0, -1.0, 0.5]);
        assert_eq!([0.0, 0.25, 0.5, 0.75, 1.0].map(sine), [0.0, 1.0, 0.0, -1.0, 0.0]);
    }

    #[test]
    fn the_phase_is_exact_after_ten_hours() {
        let (rate_hz, sample_rate_hz) = (0.7, 44_100.0);
        let mut lfo = Lfo::new(step(rate_hz, sample_rate_hz));
        let points = 10 * 3_600 * 44_100 / GRID_FRAMES as u64;
        (0..points).for_each(|_| lfo.advance());
        let periods = rate_hz / sample_rate_hz * (points * GRID_FRAMES as u64) as f64;
        let found = lfo.line(0.0)[0];
        let error = found - periods;
        assert!((error - libm::round(error)).abs() < 1e-8, "{found} {periods}");
    }

    #[test]
    fn another_rate_goes_on_from_the_phase() {
        let mut lfo = Lfo::new(step(480.0, 48_000.0));
        lfo.advance();
        assert!((lfo.line(0.0)[0] - 0.64).abs() < 1e-15);
        lfo.set_step(step(960.0, 48_000.0));
        assert!((lfo.line(0.25)[0] - 0.89).abs() < 1e-15 && (lfo.line(0.0)[1] - 0.01).abs() < 1e-17);
        lfo.advance();
        assert!((lfo.line(0.0)[0] - 0.28).abs() < 1e-15 && (lfo.line(0.0)[1] - 0.02).abs() < 1e-17);
        lfo.reset();
        assert_eq!(lfo, Lfo::new(step(960.0, 48_000.0)));
    }
}
