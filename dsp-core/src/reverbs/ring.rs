//! A delay line read and written in whole cells: fixed-size arrays, so that loops over them need no bounds checks.
//!
//! Time runs on an absolute grid of [`GRID_FRAMES`] frames; a chunk of a stream never crosses it. Writing fills a cell's length
//! from the write position on, of which only the frames of the chunk count; the rest is stale and is overwritten before
//! anything reads it. The first cell is mirrored behind the last, so that reading is in one piece as well.

use crate::foundation::{grid::GRID_FRAMES, sample::Sample};
use alloc::{vec, vec::Vec};

/// Frames beyond a cell that can be read in one piece with it: what an interpolator needs.
pub(crate) const EXTRA: usize = 8;

/// One delay line: see the head of this file.
#[derive(Clone, Debug)]
pub(crate) struct Ring<S> {
    samples: Vec<S>,
    /// Whole cells, without the mirrored one.
    length: usize,
    /// Where the next frame goes; it keeps step with the absolute grid.
    position: usize,
}

impl<S: Sample> Ring<S> {
    /// Silence, with room for delays of up to `longest` frames.
    pub(crate) fn new(longest: usize) -> Self {
        // One cell may hold stale samples beyond the newest, and one is partly filled.
        let length = longest.next_multiple_of(GRID_FRAMES) + 2 * GRID_FRAMES;
        Self { samples: vec![S::ZERO; length + GRID_FRAMES + EXTRA], length, position: 0 }
    }

    /// The frames from `delay` before the next one on, `delay` up to a cell longer than the longest. Those that are not
    /// taken in yet are stale.
    #[inline(always)]
    pub(crate) fn behind(&self, delay: usize) -> &[S; GRID_FRAMES] {
        debug_assert!(delay + GRID_FRAMES <= self.length, "a delay of {delay} in {}", self.length);
        cell(&self.samples[self.start(delay)..])
    }

    /// The same with [`EXTRA`] more frames.
    #[inline(always)]
    pub(crate) fn long_behind(&self, delay: usize) -> &[S; GRID_FRAMES + EXTRA] {
        debug_assert!(delay + GRID_FRAMES <= self.length, "a delay of {delay} in {}", self.length);
        match self.samples[self.start(delay)..].first_chunk() {
            Some(cell) => cell,
            None => unreachable!("a cell lies behind every position"),
        }
    }

    #[inline(always)]
    fn start(&self, delay: usize) -> usize {
        if delay <= self.position { self.position - delay } else { self.position + self.length - delay }
    }

    /// Where the next frames go.
    #[inline(always)]
    pub(crate) fn fresh(&mut self) -> &mut [S; GRID_FRAMES] {
        let start = self.position;
        match self.samples[start..].first_chunk_mut() {
            Some(cell) => cell,
            None => unreachable!("a cell lies behind every position"),
        }
    }

    /// Takes in the `frames` written; together with those before they stay within a cell of the grid.
    #[inline(always)]
    pub(crate) fn advance(&mut self, frames: usize) {
        if self.position < GRID_FRAMES + EXTRA {
            let first = self.position;
            let last = (first + frames).min(GRID_FRAMES + EXTRA);
            self.samples.copy_within(first..last, self.length + first);
        }
        self.position += frames;
        if self.position == self.length {
            self.position = 0;
        }
    }

    /// Forgets what it holds; the position stays.
    pub(crate) fn clear(&mut self) {
        self.samples.fill(S::ZERO);
    }

    /// As newly made.
    pub(crate) fn reset(&mut self) {
        let Self { samples, length: _, position } = self;
        samples.fill(S::ZERO);
        *position = 0;
    }
}

/// The first cell of a longer slice.
#[inline(always)]
fn cell<S>(samples: &[S]) -> &[S; GRID_FRAMES] {
    match samples.first_chunk() {
        Some(cell) => cell,
        None => unreachable!("a cell lies behind every position"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_by_any_length_whatever_the_cut() {
        for longest in [0, 1, 64, 333] {
            for cut in [1, 7, 64] {
                let mut ring = Ring::<f64>::new(longest);
                let mut now = 0;
                while now < 3_000 {
                    let frames = (GRID_FRAMES - now % GRID_FRAMES).min(cut);
                    // Stale beyond the chunk.
                    for (index, sample) in ring.fresh().iter_mut().enumerate() {
                        *sample = if index < frames { (now + index + 1) as f64 } else { -1.0 };
                    }
                    let check = |ring: &Ring<f64>, delay: usize, taken_in: usize| {
                        let expected = |index: usize| (now + index + 1).saturating_sub(delay) as f64;
                        for (index, sample) in ring.behind(delay + taken_in)[..frames].iter().enumerate() {
                            assert_eq!(*sample, expected(index), "{longest} {cut} {now} {delay}");
                        }
                        let long = if delay + taken_in >= GRID_FRAMES { frames + EXTRA } else { frames };
                        for (index, sample) in ring.long_behind(delay + taken_in)[..long].iter().enumerate() {
                            let known = index < delay + taken_in;
                            assert!(!known || *sample == expected(index), "{longest} {cut} {now} {delay}");
                        }
                    };
                    // Feedback reads before, what feeds forward after the frames are taken in.
                    if longest >= GRID_FRAMES {
                        check(&ring, longest, 0);
                    }
                    ring.advance(frames);
                    for delay in [0, longest / 2, longest] {
                        check(&ring, delay, frames);
                    }
                    now += frames;
                }
                ring.reset();
                assert!(ring.behind(longest).iter().all(|&sample| sample == 0.0));
            }
        }
    }
}
