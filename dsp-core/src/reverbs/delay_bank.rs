//! Many delay lines in one memory, through which they all march in step.
//!
//! There is one position for all of them, and each line writes at its own fixed distance ahead of it, its *head*: lines
//! are then numbers, not objects, and moving all of them on is one addition. A sample stays where it was written; behind a
//! head lie the line's past and then the head of the line before. What is last read of one line is what the other
//! overwrites next, while it is still in the cache.
//!
//! Time runs on an absolute grid of [`GRID_FRAMES`] frames; a chunk of a stream never crosses it, and the position only moves on
//! when all of a chunk is done. Writing fills a cell's length, of which only the frames of the chunk count; the rest is
//! stale and is overwritten before anything reads it. The first frames are mirrored behind the last, so that reading and
//! writing are always in one piece.

use super::ring::EXTRA;
use crate::foundation::{grid::GRID_FRAMES, sample::Sample};
use alloc::{vec, vec::Vec};

/// Samples by which the memory is aligned to a cache line.
const ALIGNMENT: usize = 16;

/// The memory of some delay lines: see the head of this file.
#[derive(Clone, Debug)]
pub(crate) struct Delays<S> {
    samples: Vec<S>,
    /// Where the memory begins, on a cache line.
    origin: u32,
    /// Whole cells, without what is mirrored.
    length: u32,
    /// The position, from the first of the samples on; it keeps step with the absolute grid.
    position: u32,
    /// Of each cell that the position can be in: whether a head is then where samples are mirrored.
    mirrored: Vec<bool>,
}

/// Finds room for lines, one after the other.
#[derive(Clone, Debug, Default)]
pub(crate) struct Room {
    heads: Vec<u32>,
}

impl Room {
    /// The head of another line, for delays of up to `longest` frames.
    pub(crate) fn head(&mut self, longest: usize) -> u32 {
        // One cell may hold stale samples ahead of the head before.
        let head = self.taken() + (longest.next_multiple_of(GRID_FRAMES) + GRID_FRAMES) as u32;
        self.heads.push(head);
        head
    }

    fn taken(&self) -> u32 {
        self.heads.last().copied().unwrap_or(0)
    }
}

impl<S: Sample> Delays<S> {
    /// Silence.
    pub(crate) fn new(room: &Room) -> Self {
        let length = room.taken();
        let samples = vec![S::ZERO; length as usize + GRID_FRAMES + EXTRA + ALIGNMENT];
        let origin = samples.as_ptr().align_offset(ALIGNMENT * size_of::<S>()).min(ALIGNMENT) as u32;
        let mut mirrored = vec![false; length as usize / GRID_FRAMES];
        for head in &room.heads {
            // The first cell is mirrored, and the beginning of the next.
            for place in 0..2 {
                let cells = mirrored.len();
                mirrored[(place + cells - *head as usize / GRID_FRAMES) % cells] = true;
            }
        }
        Self { samples, origin, length, position: origin, mirrored }
    }

    /// Where in the samples the place `ahead` of the position is.
    #[inline(always)]
    fn place(&self, ahead: u32) -> usize {
        let place = self.position + ahead;
        (if place >= self.origin + self.length { place - self.length } else { place }) as usize
    }

    /// What lies `ahead` of the position: of a line, its head less the delay. Frames of the chunk are there once they are
    /// written; those that are not are stale.
    #[inline(always)]
    pub(crate) fn at(&self, ahead: u32) -> &[S; GRID_FRAMES] {
        let place = self.place(ahead);
        match self.samples[place..place + GRID_FRAMES].first_chunk() {
            Some(cell) => cell,
            None => unreachable!("a cell is as long as a cell"),
        }
    }

    /// The same with [`EXTRA`] more frames.
    #[inline(always)]
    pub(crate) fn long_at(&self, ahead: u32) -> &[S; GRID_FRAMES + EXTRA] {
        let place = self.place(ahead);
        match self.samples[place..place + GRID_FRAMES + EXTRA].first_chunk() {
            Some(cell) => cell,
            None => unreachable!("a cell and more is as long as that"),
        }
    }

    /// Where the next frames of the line with this head go. [`mirror`](Self::mirror) before they are read.
    #[inline(always)]
    pub(crate) fn fresh(&mut self, head: u32) -> &mut [S; GRID_FRAMES] {
        let place = self.place(head);
        match self.samples[place..place + GRID_FRAMES].first_chunk_mut() {
            Some(cell) => cell,
            None => unreachable!("a cell is as long as a cell"),
        }
    }

    /// Mirrors what was written.
    #[inline(always)]
    pub(crate) fn mirror(&mut self) {
        if !self.mirrored[(self.position - self.origin) as usize / GRID_FRAMES] {
            return;
        }
        let (front, back) = self.samples.split_at_mut((self.origin + self.length) as usize);
        back[..GRID_FRAMES + EXTRA].copy_from_slice(&front[self.origin as usize..][..GRID_FRAMES + EXTRA]);
    }

    /// Moves all lines on; together with the frames before, those of the chunk stay within a cell of the grid.
    #[inline(always)]
    pub(crate) fn advance(&mut self, frames: usize) {
        self.position += frames as u32;
        if self.position == self.origin + self.length {
            self.position = self.origin;
        }
    }

    /// Forgets what it holds; the position stays.
    pub(crate) fn clear(&mut self) {
        self.samples.fill(S::ZERO);
    }

    /// As newly made.
    pub(crate) fn reset(&mut self) {
        let Self { samples, origin, length: _, position, mirrored: _ } = self;
        samples.fill(S::ZERO);
        *position = *origin;
    }

    /// Memory taken, in bytes.
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
            let mut room = Room::default();
            let heads = longest.map(|longest| room.head(longest));
            let mut delays = Delays::<f64>::new(&room);
            let sample = |line: usize, frame: usize| (1_000_000 * line + frame + 1) as f64;
            let mut now = 0;
            while now < 3_000 {
                let frames = (GRID_FRAMES - now % GRID_FRAMES).min(cut);
                for (line, head) in heads.into_iter().enumerate() {
                    // Feedback reads before the frames are written, up to frames that were there before.
                    for delay in (frames..=longest[line]).step_by(13) {
                        let expected = |index: usize| match (now + index).checked_sub(delay) {
                            Some(frame) => sample(line, frame),
                            None => 0.0,
                        };
                        for (index, read) in delays.at(head - delay as u32)[..frames].iter().enumerate() {
                            assert_eq!(*read, expected(index), "{line} {cut} {now} {delay}");
                        }
                        let known = delay.min(GRID_FRAMES + EXTRA);
                        for (index, read) in delays.long_at(head - delay as u32)[..known].iter().enumerate() {
                            assert_eq!(*read, expected(index), "{line} {cut} {now} {delay}");
                        }
                    }
                }
                for (line, head) in heads.into_iter().enumerate() {
                    // Stale beyond the chunk.
                    for (index, fresh) in delays.fresh(head).iter_mut().enumerate() {
                        *fresh = if index < frames { sample(line, now + index) } else { -1.0 };
                    }
                }
                delays.mirror();
                for (line, head) in heads.into_iter().enumerate() {
                    for delay in (0..=longest[line]).step_by(7).chain([longest[line]]) {
                        for (index, read) in delays.at(head - delay as u32)[..frames].iter().enumerate() {
                            let expected = if now + index < delay { 0.0 } else { sample(line, now + index - delay) };
                            assert_eq!(*read, expected, "{line} {cut} {now} {delay}");
                        }
                    }
                }
                delays.advance(frames);
                now += frames;
            }
            delays.reset();
            assert!(heads.iter().all(|&head| delays.at(head).iter().all(|&sample| sample == 0.0)));
        }
    }
}
