//! A delay bank: delay lines of different lengths in one buffer.
//!
//! All lines share one position, and each is written at its own constant offset ahead of it: a line is then a number,
//! not an object, and all of them advance by one addition. A sample stays where it was written; the past of a line
//! follows its write offset, down to the write offset of the line before. The last samples read of one line are
//! overwritten next by the line before, while still in the cache.
//!
//! Rows of [`GRID_FRAMES`] samples are read and written, as arrays, so that loops over them need no bounds checks. A
//! chunk of a stream never crosses the 64-frame grid, and the position only advances at the end of a chunk. Only the
//! frames of the chunk are valid in a written row; the rest is stale and is overwritten before it is read. The start of
//! the buffer is mirrored after its end, so that rows are contiguous everywhere.

use crate::{
    foundation::{grid::GRID_FRAMES, sample::Sample},
    primitives::modulated_delay::READ_FRAMES,
};
use alloc::{vec, vec::Vec};

/// Samples by which the buffer is aligned to a cache line.
const ALIGNMENT: usize = 16;

/// The delay bank: see the head of this file.
#[derive(Clone, Debug)]
pub(crate) struct DelayBank<S> {
    samples: Vec<S>,
    /// Start of the buffer, on a cache line.
    origin: u32,
    /// Its length without the mirror, a multiple of [`GRID_FRAMES`].
    length: u32,
    /// The position as a sample index; aligned with the absolute grid.
    position: u32,
    /// For each row of the position, whether a line is then written to mirrored samples.
    is_mirrored: Vec<bool>,
}

/// The lines of a delay bank, one after the other.
#[derive(Clone, Debug, Default)]
pub(crate) struct Layout {
    write_offsets: Vec<u32>,
}

impl Layout {
    /// Adds a line for delays of up to `longest` frames; returns its write offset.
    pub(crate) fn add_line(&mut self, longest: usize) -> u32 {
        // One row may hold stale samples ahead of the line before.
        let offset = self.length() + (longest.next_multiple_of(GRID_FRAMES) + GRID_FRAMES) as u32;
        self.write_offsets.push(offset);
        offset
    }

    fn length(&self) -> u32 {
        self.write_offsets.last().copied().unwrap_or(0)
    }
}

impl<S: Sample> DelayBank<S> {
    /// Silent lines.
    pub(crate) fn new(layout: &Layout) -> Self {
        let length = layout.length();
        let samples = vec![S::ZERO; length as usize + READ_FRAMES + ALIGNMENT];
        let origin = samples.as_ptr().align_offset(ALIGNMENT * size_of::<S>()).min(ALIGNMENT) as u32;
        let mut is_mirrored = vec![false; length as usize / GRID_FRAMES];
        let rows = is_mirrored.len();
        for offset in &layout.write_offsets {
            // The first row is mirrored, and the start of the second.
            for row in 0..2 {
                is_mirrored[(row + rows - *offset as usize / GRID_FRAMES) % rows] = true;
            }
        }
        Self { samples, origin, length, position: origin, is_mirrored }
    }

    /// The index of the sample `offset` ahead of the position.
    #[inline(always)]
    fn index(&self, offset: u32) -> usize {
        let index = self.position + offset;
        (if index >= self.origin + self.length { index - self.length } else { index }) as usize
    }

    /// The row at `offset`: the write offset of a line minus the delay. Frames of the current chunk are valid once
    /// written and [mirrored](Self::mirror), and stale before.
    #[inline(always)]
    pub(crate) fn read(&self, offset: u32) -> &[S; GRID_FRAMES] {
        let index = self.index(offset);
        match self.samples[index..index + GRID_FRAMES].first_chunk() {
            Some(row) => row,
            None => unreachable!("the slice is as long as a row"),
        }
    }

    /// The same, extended for interpolation.
    #[inline(always)]
    pub(crate) fn read_long(&self, offset: u32) -> &[S; READ_FRAMES] {
        let index = self.index(offset);
        match self.samples[index..index + READ_FRAMES].first_chunk() {
            Some(row) => row,
            None => unreachable!("the slice is as long as that"),
        }
    }

    /// The next frames of the line with this write offset. [`mirror`](Self::mirror) before they are read.
    #[inline(always)]
    pub(crate) fn write(&mut self, offset: u32) -> &mut [S; GRID_FRAMES] {
        let index = self.index(offset);
        match self.samples[index..index + GRID_FRAMES].first_chunk_mut() {
            Some(row) => row,
            None => unreachable!("the slice is as long as a row"),
        }
    }

    /// Mirrors the written frames.
    #[inline(always)]
    pub(crate) fn mirror(&mut self) {
        if !self.is_mirrored[(self.position - self.origin) as usize / GRID_FRAMES] {
            return;
        }
        let (buffer, mirror) = self.samples.split_at_mut((self.origin + self.length) as usize);
        mirror[..READ_FRAMES].copy_from_slice(&buffer[self.origin as usize..][..READ_FRAMES]);
    }

    /// Advances all lines by the frames of a chunk.
    #[inline(always)]
    pub(crate) fn advance(&mut self, frames: usize) {
        self.position += frames as u32;
        if self.position == self.origin + self.length {
            self.position = self.origin;
        }
    }

    /// Clears all lines; the position stays.
    pub(crate) fn clear(&mut self) {
        self.samples.fill(S::ZERO);
    }

    /// As newly built.
    pub(crate) fn reset(&mut self) {
        let Self { samples, origin, length: _, position, is_mirrored: _ } = self;
        samples.fill(S::ZERO);
        *position = *origin;
    }

    /// Size of the buffer, in bytes.
    #[cfg(test)]
    pub(crate) fn bytes(&self) -> usize {
        size_of_val(self.samples.as_slice())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_delays_by_any_length_whatever_the_cut() {
        let longest = [0, 1, 64, 333, 70];
        for cut in [1, 7, 64] {
            let mut layout = Layout::default();
            let offsets = longest.map(|longest| layout.add_line(longest));
            let mut bank = DelayBank::<f64>::new(&layout);
            let sample = |line: usize, frame: usize| (1_000_000 * line + frame + 1) as f64;
            let mut now = 0;
            while now < 3_000 {
                let frames = (GRID_FRAMES - now % GRID_FRAMES).min(cut);
                for (line, offset) in offsets.into_iter().enumerate() {
                    // Feedback reads before the frames are written, so only frames of earlier chunks.
                    for delay in (frames..=longest[line]).step_by(13) {
                        let expected = |index: usize| match (now + index).checked_sub(delay) {
                            Some(frame) => sample(line, frame),
                            None => 0.0,
                        };
                        for (index, read) in bank.read(offset - delay as u32)[..frames].iter().enumerate() {
                            assert_eq!(*read, expected(index), "{line} {cut} {now} {delay}");
                        }
                        let known = delay.min(READ_FRAMES);
                        for (index, read) in bank.read_long(offset - delay as u32)[..known].iter().enumerate() {
                            assert_eq!(*read, expected(index), "{line} {cut} {now} {delay}");
                        }
                    }
                }
                for (line, offset) in offsets.into_iter().enumerate() {
                    // Stale beyond the chunk.
                    for (index, written) in bank.write(offset).iter_mut().enumerate() {
                        *written = if index < frames { sample(line, now + index) } else { -1.0 };
                    }
                }
                bank.mirror();
                for (line, offset) in offsets.into_iter().enumerate() {
                    for delay in (0..=longest[line]).step_by(7).chain([longest[line]]) {
                        for (index, read) in bank.read(offset - delay as u32)[..frames].iter().enumerate() {
                            let expected = if now + index < delay { 0.0 } else { sample(line, now + index - delay) };
                            assert_eq!(*read, expected, "{line} {cut} {now} {delay}");
                        }
                    }
                }
                bank.advance(frames);
                now += frames;
            }
            bank.reset();
            assert!(offsets.iter().all(|&offset| bank.read(offset).iter().all(|&sample| sample == 0.0)));
        }
    }
}
