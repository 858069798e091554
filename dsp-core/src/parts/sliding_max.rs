//! The largest of the last values of a stream: peak hold over a window.
//!
//! # Source
//! The ascending-minima (here descending-maxima) queue: R. Harter, "The minimum on a sliding window algorithm", 2001;
//! D. Lemire, "Streaming maximum-minimum filter using no more than three comparisons per element", Nordic Journal of
//! Computing 13(4), 2006. A value that a later one reaches can never be the largest again, so the queue holds falling
//! values only. Each enters and leaves once: O(1) per frame on average, fixed memory, exact.

use alloc::{vec, vec::Vec};

/// The largest of the last `window` values, all of them at least 0.
#[derive(Clone, Debug)]
pub(crate) struct SlidingMax {
    /// Falling values and the frame of each; a ring whose length is a power of two.
    queue: Vec<(f64, u64)>,
    oldest: usize,
    held: usize,
    window: u64,
    frame: u64,
}

impl SlidingMax {
    /// Silence, for windows of 1 to `longest` frames.
    pub(crate) fn new(window: usize, longest: usize) -> Self {
        let queue = vec![(0.0, 0); longest.max(1).next_power_of_two()];
        let mut hold = Self { queue, oldest: 0, held: 0, window: 1, frame: 0 };
        hold.set_window(window);
        hold
    }

    /// Another window from the next frame on. A longer one does not bring back what has been forgotten.
    pub(crate) fn set_window(&mut self, window: usize) {
        debug_assert!((1..=self.queue.len()).contains(&window), "window {window}");
        self.window = window.clamp(1, self.queue.len()) as u64;
    }

    /// Nothing above 0 is in the window: as if [`tick`](Self::tick) had been called with 0 for ever.
    #[inline(always)]
    pub(crate) fn is_empty(&self) -> bool {
        self.held == 0
    }

    /// Takes the next value; gives the largest of the window that ends with it.
    #[inline(always)]
    pub(crate) fn tick(&mut self, value: f64) -> f64 {
        let places = self.queue.len() - 1;
        self.frame += 1;
        if value > 0.0 {
            while self.held > 0 && self.queue[(self.oldest + self.held - 1) & places].0 <= value {
                self.held -= 1;
            }
        }
        // Of what is left, what falls out of the window; a window may have become shorter by more than one frame.
        while self.held > 0 && self.queue[self.oldest & places].1 + self.window <= self.frame {
            self.oldest = (self.oldest + 1) & places;
            self.held -= 1;
        }
        if value > 0.0 {
            self.queue[(self.oldest + self.held) & places] = (value, self.frame);
            self.held += 1;
        }
        if self.held == 0 { 0.0 } else { self.queue[self.oldest & places].0 }
    }

    /// Forgets everything.
    pub(crate) fn reset(&mut self) {
        let Self { queue: _, oldest, held, window: _, frame } = self;
        (*oldest, *held, *frame) = (0, 0, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parts::random::Random;

    #[test]
    fn is_the_largest_of_the_window() {
        let mut random = Random::new(5, 0);
        let noise: Vec<f64> = (0..3_000).map(|_| (40.0 * random.triangular()).floor().max(0.0)).collect();
        let falling: Vec<f64> = (0..3_000).map(|n| f64::from(3_000 - n)).collect();
        let sparse: Vec<f64> = noise.iter().map(|&x| if x > 36.0 { x } else { 0.0 }).collect();
        for values in [noise, falling, sparse] {
            for window in [1, 2, 7, 64, 100, 999] {
                let mut hold = SlidingMax::new(window, 999);
                for n in 0..values.len() {
                    let seen = &values[(n + 1).saturating_sub(window)..=n];
                    let expected = seen.iter().fold(0.0, |largest: f64, &x| largest.max(x));
                    assert_eq!(hold.tick(values[n]), expected, "{window} {n}");
                    assert_eq!(hold.is_empty(), expected == 0.0);
                }
            }
        }
    }

    #[test]
    fn the_window_may_change_while_it_runs() {
        let mut hold = SlidingMax::new(10, 20);
        let mut after = |window: usize, values: &[f64]| {
            hold.set_window(window);
            values.iter().map(|&value| hold.tick(value)).last()
        };
        assert_eq!(after(10, &[5.0, 4.0, 3.0, 2.0]), Some(5.0));
        assert_eq!(after(3, &[1.0]), Some(3.0), "shorter at once");
        assert_eq!(after(20, &[0.0; 17]), Some(3.0), "what was still held is held longer");
        assert_eq!(after(20, &[0.0]), Some(2.0));
        hold.reset();
        assert!(hold.is_empty());
        assert_eq!(hold.tick(0.5), 0.5);
    }
}
