//! An LFO whose rate glides, so that a change bends the course of a modulation instead of breaking it.

use super::lfo::{Lfo, step};
use crate::{
    foundation::{grid::GRID_FRAMES, unit::ms_to_frames},
    primitives::ramp::Ramp,
};

/// Length of a glide of the rate, in ms. The rate steps on the grid: slowly enough that no step is heard.
const RATE_GLIDE_MS: f64 = 200.0;

/// The LFO: see the head of this file.
#[derive(Clone, Debug)]
pub(super) struct GlidingLfo {
    lfo: Lfo,
    rate_hz: Ramp<1>,
    sample_rate_hz: f64,
}

impl GlidingLfo {
    /// At phase 0.
    pub(super) fn new(rate_hz: f64, sample_rate_hz: f64) -> Self {
        Self {
            lfo: Lfo::new(step(rate_hz, sample_rate_hz)),
            rate_hz: Ramp::new([rate_hz], ms_to_frames(RATE_GLIDE_MS, sample_rate_hz)),
            sample_rate_hz,
        }
    }

    /// Glides to another rate, from the next grid point on.
    pub(super) fn set_rate(&mut self, rate_hz: f64) {
        self.rate_hz.set_target([rate_hz]);
    }

    /// Called at each grid point but the first.
    pub(super) fn advance(&mut self) {
        if self.rate_hz.is_moving() {
            skip(&mut self.rate_hz, GRID_FRAMES);
            let [rate_hz] = self.rate_hz.value();
            self.lfo.set_step(step(rate_hz, self.sample_rate_hz));
        }
        self.lfo.advance();
    }

    /// As [`Lfo::line`].
    pub(super) fn line(&self, offset: f64) -> [f64; 2] {
        self.lfo.line(offset)
    }

    /// At phase 0, with the rate set last.
    pub(super) fn reset(&mut self) {
        let Self { lfo, rate_hz, sample_rate_hz } = self;
        rate_hz.jump_to(rate_hz.target());
        let [target_hz] = rate_hz.target();
        lfo.set_step(step(target_hz, *sample_rate_hz));
        lfo.reset();
    }
}

/// Moves a ramp on by some frames.
pub(super) fn skip<const N: usize>(ramp: &mut Ramp<N>, frames: usize) {
    let mut left = frames;
    while left > 0 && ramp.is_moving() {
        left -= ramp.span::<f64>(left).1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_glides_and_arrives_exactly() {
        let mut lfo = GlidingLfo::new(1.0, 48_000.0);
        lfo.set_rate(3.0);
        let mut last = lfo.line(0.0)[1];
        for _ in 0..151 {
            lfo.advance();
            let rate = lfo.line(0.0)[1];
            // 2 Hz in 150 steps, the steepest 1.875 times the mean; the first takes effect a grid point later.
            assert!(rate >= last && rate - last <= 1.9 * 2.0 / 150.0 / 48_000.0);
            last = rate;
        }
        lfo.reset();
        assert_eq!(lfo.line(0.25), GlidingLfo::new(3.0, 48_000.0).line(0.25));
        assert!((last - 3.0 / 48_000.0).abs() < 1e-18, "{last}");
    }
}
