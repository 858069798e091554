//! Sliding maximum: peak hold over a window.
//!
//! Level k is the maximum of the last 2^k values, each from two of the level below; a window of any length is covered
//! by two that overlap. No branch depends on the values, so all of it vectorises: log2 of the longest window maxima per
//! value, a few per vector. Exact. Level k is read no further back than 2^k, and is stored no longer.
//!
//! # Source
//! The sparse table of range minimum queries (M. Bender & M. Farach-Colton, "The LCA problem revisited", LATIN 2000),
//! stored only as far back as it is read.

use crate::{
    foundation::{math::larger, sample::Sample},
    primitives::history::History,
};
use alloc::vec::Vec;

/// Values that pass through all levels together: with more, the memory of the shortest levels would mostly hold the
/// chunk.
const PART: usize = 128;

/// The maximum of the last `window` values, all of them at least 0.
#[derive(Clone, Debug)]
pub(crate) struct SlidingMax<S> {
    /// The maxima of the last 1, 2, 4, … values.
    levels: Vec<History<S>>,
    /// Values that the highest level spans.
    highest: usize,
    window: usize,
    /// Values since the last one above 0.
    quiet: usize,
}

impl<S: Sample> SlidingMax<S> {
    /// Silence, for windows of 1 to `longest` values.
    pub(crate) fn new(window: usize, longest: usize) -> Self {
        let levels = longest.max(1).ilog2();
        let levels = (0..=levels).map(|level| History::new(1 << level, PART, 0)).collect();
        let mut hold = Self { levels, highest: 1 << longest.max(1).ilog2(), window: 1, quiet: usize::MAX };
        hold.set_window(window);
        hold
    }

    /// Another window from the next value on.
    pub(crate) fn set_window(&mut self, window: usize) {
        debug_assert!((1..2 * self.highest).contains(&window), "window {window}");
        self.window = window.clamp(1, 2 * self.highest - 1);
    }

    /// Whether no value above 0 is stored: zeros in give zeros out, and may be skipped.
    #[inline(always)]
    pub(crate) fn is_empty(&self) -> bool {
        self.quiet >= 2 * self.highest
    }

    /// Replaces each value by the maximum of the window that ends with it.
    #[inline(always)]
    pub(crate) fn process(&mut self, values: &mut [S]) {
        for part in values.chunks_mut(PART) {
            self.process_part(part);
        }
    }

    #[inline(always)]
    fn process_part(&mut self, values: &mut [S]) {
        let count = values.len();
        self.quiet = match values.iter().rposition(|value| *value > S::ZERO) {
            Some(last) => count - 1 - last,
            None => self.quiet.saturating_add(count),
        };
        let Some((mut level, above)) = self.levels.split_first_mut() else { return };
        level.append(count).copy_from_slice(values);
        let mut span = 1;
        for above in above {
            let (late, early) = (&level.from(count)[..count], &level.from(count + span)[..count]);
            for ((above, late), early) in above.append(count).iter_mut().zip(late).zip(early) {
                *above = larger(*late, *early);
            }
            span *= 2;
            level = above;
        }
        let level = self.window.ilog2() as usize;
        let back = self.window - (1 << level);
        let level = &self.levels[level];
        let (late, early) = (&level.from(count)[..count], &level.from(count + back)[..count]);
        for ((value, late), early) in values.iter_mut().zip(late).zip(early) {
            *value = larger(*late, *early);
        }
    }

    /// Copies the state of another of the same size; does not allocate.
    pub(crate) fn copy_from(&mut self, other: &Self) {
        let Self { levels, highest: _, window, quiet } = self;
        levels.iter_mut().zip(&other.levels).for_each(|(own, other)| own.copy_from(other));
        (*window, *quiet) = (other.window, other.quiet);
    }

    /// Clears all state.
    pub(crate) fn reset(&mut self) {
        let Self { levels, highest: _, window: _, quiet } = self;
        levels.iter_mut().for_each(History::reset);
        *quiet = usize::MAX;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::primitives::random::Random;

    fn naive(values: &[f64], window: usize) -> Vec<f64> {
        (0..values.len())
            .map(|n| values[(n + 1).saturating_sub(window)..=n].iter().fold(0.0, |largest: f64, &x| largest.max(x)))
            .collect()
    }

    #[test]
    fn is_the_maximum_of_the_window_for_any_cut() {
        let mut random = Random::new(5, 0);
        let noise: Vec<f64> = (0..3_000).map(|_| random.triangular().max(0.0)).collect();
        let falling: Vec<f64> = (0..3_000).map(|n| f64::from(3_000 - n)).collect();
        let sparse: Vec<f64> = noise.iter().map(|&x| if x > 0.95 { x } else { 0.0 }).collect();
        for values in [noise, falling, sparse] {
            for (window, longest) in [(1, 1), (2, 2), (3, 3), (7, 999), (64, 999), (100, 100), (999, 999)] {
                let expected = naive(&values, window);
                for cut in [1, 7, 64, 300] {
                    let mut hold = SlidingMax::new(window, longest);
                    let mut found = values.clone();
                    found.chunks_mut(cut).for_each(|part| hold.process(part));
                    assert_eq!(found, expected, "{window} {cut}");
                }
            }
        }
    }

    #[test]
    fn the_window_may_change_while_it_runs() {
        let mut hold = SlidingMax::new(10, 20);
        let mut after = |window: usize, values: &[f64]| {
            hold.set_window(window);
            let mut values = values.to_vec();
            hold.process(&mut values);
            values[values.len() - 1]
        };
        assert_eq!(after(10, &[5.0, 4.0, 3.0, 2.0]), 5.0);
        assert_eq!(after(3, &[1.0]), 3.0, "shorter at once");
        assert_eq!(after(20, &[0.0; 15]), 5.0, "longer at once");
        assert_eq!(after(20, &[0.0]), 4.0);
    }

    #[test]
    fn zeros_may_be_skipped_when_empty() {
        let mut hold = SlidingMax::new(20, 20);
        assert!(hold.is_empty());
        hold.process(&mut [1.0, 0.0]);
        let mut frames = 1;
        while !hold.is_empty() {
            hold.process(&mut [0.0]);
            frames += 1;
        }
        assert!((20..=32).contains(&frames), "{frames}");
        let mut values = [0.5, 0.0];
        hold.process(&mut values);
        assert_eq!(values, [0.5, 0.5]);
        hold.reset();
        assert!(hold.is_empty());
    }
}
