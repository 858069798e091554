//! Lookahead: peak hold over a window, smoothed by box filters of the same length.
//!
//! A delay of the signal alone would shift the reduction and still miss the peak on which it rises. With a hold over
//! the window, smoothed over the same window, every mean is of reductions no smaller than the target of the delayed
//! frame.
//!
//! # Source
//! The gain smoothing of `dynamics::limiter`, on logarithms. D. Rudrich, "How to make a look-ahead limiter",
//! IEM, 2019: why a plain delay misses the peak.

use super::{box_filter::BoxFilter, gain_computer::MOST_OCTAVES, sliding_max::SlidingMax};
use crate::primitives::backend::{Backend, run};

/// Scale of reductions to 0..1, a power of two and more than [`MOST_OCTAVES`].
const SCALE: f64 = 1.0 / 64.0;
const _: () = assert!(MOST_OCTAVES * SCALE < 1.0);
/// Difference between the total length of three boxes and their response, in frames.
const BOX_OVERLAP: usize = 2;

/// The lookahead of one channel.
#[derive(Clone, Debug)]
pub(crate) struct Lookahead {
    backend: Backend,
    hold: SlidingMax<f64>,
    boxes: BoxFilter,
}

impl Lookahead {
    /// Looks `frames` ahead, at least 1.
    pub(crate) fn new(backend: Backend, frames: usize) -> Self {
        // The window is the frame itself and those ahead of it.
        let window = frames.max(1) + 1;
        let boxes = BoxFilter::new(window + BOX_OVERLAP);
        debug_assert_eq!(boxes.span(), window);
        Self { backend, hold: SlidingMax::new(window, window), boxes }
    }

    /// Whether zeros in give zeros out.
    pub(crate) fn is_at_rest(&self) -> bool {
        self.hold.is_empty() && self.boxes.is_empty()
    }

    /// Turns reductions, in octaves, into those of the frames `frames` before.
    pub(crate) fn process(&mut self, reductions: &mut [f64]) {
        run!(self.backend, _ => self.run_all(reductions));
    }

    #[inline(always)]
    fn run_all(&mut self, reductions: &mut [f64]) {
        for value in reductions.iter_mut() {
            *value *= SCALE;
        }
        self.hold.process(reductions);
        self.boxes.process(reductions);
        for value in reductions {
            *value *= 1.0 / SCALE;
        }
    }

    /// Copies the state of another lookahead of the same size; does not allocate.
    pub(crate) fn copy_from(&mut self, other: &Self) {
        self.hold.copy_from(&other.hold);
        self.boxes.copy_from(&other.boxes);
    }

    /// Clears all state.
    pub(crate) fn reset(&mut self) {
        let Self { backend: _, hold, boxes } = self;
        hold.reset();
        boxes.reset();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{foundation::stream::Cpu, primitives::random::Random};
    use alloc::vec::Vec;

    #[test]
    fn is_never_below_the_target_of_the_delayed_frame_and_exactly_zero_for_zero() {
        for frames in [1, 2, 48, 960] {
            let mut random = Random::new(7, 0);
            let mut targets: Vec<f64> = (0..4_000).map(|_| (20.0 * random.triangular()).max(0.0)).collect();
            targets[2_000..].fill(0.0);
            let mut given = targets.clone();
            let mut lookahead = Lookahead::new(Backend::new(Cpu::Detected), frames);
            given.chunks_mut(64).for_each(|part| lookahead.process(part));
            // The mean is exact; its conversion to f64 is rounded.
            let least = 1.0 - f64::EPSILON;
            assert!((frames..4_000).all(|n| given[n] >= least * targets[n - frames]), "{frames}");
            assert!(given[2_000 + 2 * frames + 1..].iter().all(|y| y.to_bits() == 0), "{frames}");
            assert!(frames > 500 || lookahead.is_at_rest());
            assert!(given.iter().all(|&y| y <= 20.0));
        }
    }

    #[test]
    fn rises_over_the_window_before_the_peak() {
        let mut given = [0.0; 200];
        given[100..].fill(3.0);
        Lookahead::new(Backend::new(Cpu::Scalar), 50).process(&mut given);
        assert_eq!(given[99], 0.0);
        assert!((100..150).all(|n| given[n] > given[n - 1]) && (given[150] - 3.0).abs() < 1e-9);
    }
}
