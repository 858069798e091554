//! The delay lines: one ring for each channel, all written at one position.
//!
//! The start of each ring is mirrored behind its end, so that rows are contiguous everywhere. What was written before
//! the last [`clear`](Lines::clear) reads as 0: memory for 10 s need not be zeroed in a callback.

use super::design::TAPS;
use crate::foundation::{grid::GRID_FRAMES, sample::Sample};
use alloc::{vec, vec::Vec};

/// Samples of a row for reading: a chunk, the taps of an interpolation, and a vector.
pub(super) const ROW: usize = GRID_FRAMES + TAPS + 16;
/// Keeps the rings off the same lines of the cache, which powers of two apart would share.
const PADDING: usize = 16;

/// The delay lines: see the head of this file.
#[derive(Clone, Debug)]
pub(super) struct Lines<S> {
    samples: Vec<S>,
    /// Length of a ring, a multiple of [`GRID_FRAMES`], and the distance from one to the next.
    length: usize,
    stride: usize,
    /// Where the next frame is written, aligned with the absolute grid.
    position: usize,
    /// Frames since the last clear, up to the length.
    written: usize,
}

impl<S: Sample> Lines<S> {
    /// Silent lines that reach back `longest` frames.
    pub(super) fn new(channels: usize, longest: usize) -> Self {
        // A chunk is written while the frames before it are still read.
        let length = (longest + GRID_FRAMES).max(ROW).next_multiple_of(GRID_FRAMES);
        let stride = length + ROW + PADDING;
        Self { samples: vec![S::ZERO; channels * stride], length, stride, position: 0, written: 0 }
    }

    /// The row that begins `age` frames before the next frame, at most the length; stale from the next frame on.
    /// `spare` holds it where a part of it was cleared.
    #[inline(always)]
    pub(super) fn row<'a>(&'a self, channel: usize, age: usize, spare: &'a mut [S; ROW]) -> &'a [S; ROW] {
        let ahead = self.position + self.length - age;
        let start = channel * self.stride + if ahead >= self.length { ahead - self.length } else { ahead };
        let Some(row) = self.samples[start..start + ROW].first_chunk() else {
            unreachable!("the slice is as long as a row")
        };
        if age <= self.written {
            return row;
        }
        let cleared = (age - self.written).min(ROW);
        spare[..cleared].fill(S::ZERO);
        spare[cleared..].copy_from_slice(&row[cleared..]);
        spare
    }

    /// The next frames of a line, read after [`advance`](Self::advance).
    #[inline(always)]
    pub(super) fn write(&mut self, channel: usize, frames: usize) -> &mut [S] {
        &mut self.samples[channel * self.stride + self.position..][..frames]
    }

    /// Advances by a chunk, which all lines have written.
    #[inline(always)]
    pub(super) fn advance(&mut self, frames: usize) {
        if self.position < ROW {
            let mirrored = self.position..(self.position + frames).min(ROW);
            for ring in self.samples.chunks_exact_mut(self.stride) {
                ring.copy_within(mirrored.clone(), self.length + self.position);
            }
        }
        self.position += frames;
        if self.position == self.length {
            self.position = 0;
        }
        self.written = (self.written + frames).min(self.length);
    }

    /// Advances by a chunk of which nothing is kept.
    pub(super) fn skip(&mut self, frames: usize) {
        self.position = (self.position + frames) % self.length;
        self.clear();
    }

    /// Forgets all that was written; the position stays.
    pub(super) fn clear(&mut self) {
        self.written = 0;
    }

    pub(super) fn reset(&mut self) {
        let Self { samples: _, length: _, stride: _, position, written } = self;
        (*position, *written) = (0, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_what_was_written_since_the_last_clear_whatever_the_cut() {
        for (longest, cut) in [(1, 1), (1, 64), (300, 7), (300, 64), (5_000, 48)] {
            let mut lines = Lines::<f64>::new(2, longest);
            let sample = |channel: usize, frame: usize| (1_000_000 * channel + frame + 1) as f64;
            let (mut now, mut cleared) = (0, 0);
            while now < 12_000 {
                let frames = (GRID_FRAMES - now % GRID_FRAMES).min(cut);
                for age in (1..=longest).step_by(1 + longest / 13).chain([longest]) {
                    for channel in 0..2 {
                        let mut spare = [7.0; ROW];
                        let row = lines.row(channel, age, &mut spare);
                        for (index, read) in row.iter().enumerate().take(age) {
                            let frame = (now + index).checked_sub(age).filter(|frame| *frame >= cleared);
                            assert_eq!(*read, frame.map_or(0.0, |frame| sample(channel, frame)), "{now} {age} {index}");
                        }
                    }
                }
                if now / 3_000 != (now + frames) / 3_000 {
                    lines.skip(frames);
                    cleared = now + frames;
                } else {
                    for channel in 0..2 {
                        for (index, written) in lines.write(channel, frames).iter_mut().enumerate() {
                            *written = sample(channel, now + index);
                        }
                    }
                    lines.advance(frames);
                }
                now += frames;
            }
        }
    }
}
