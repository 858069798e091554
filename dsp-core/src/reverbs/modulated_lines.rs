//! Modulated lines of a delay bank: the interpolated delays of a chunk.

use super::{delay_bank::DelayBank, fdn};
use crate::{
    foundation::{grid::GRID_FRAMES, sample::Sample},
    primitives::{lanes::Form, modulated_delay::FractionalTaps},
};

/// Parts of the 64-frame grid on which fast modulation is exact.
const PARTS: usize = 8;
/// Largest movement of a delay between two points of the grid that needs no parts, in frames.
const SLOW_FRAMES: f64 = 0.25;

/// Parts of the grid for delays that move by so many frames from one of its points to the next.
pub(crate) fn parts(moved_frames: f64) -> usize {
    if moved_frames > SLOW_FRAMES { PARTS } else { 1 }
}

/// The interpolation of `N` modulated lines from one grid point to the next.
#[derive(Clone, Debug)]
pub(crate) struct ModulatedLines<S, const N: usize> {
    /// Of each part of the grid.
    taps: [FractionalTaps<S, N>; PARTS],
    /// Parts in use: 1 or [`PARTS`].
    parts: usize,
    /// 0, 1, 2, ...
    clock: [S; 2 * GRID_FRAMES],
}

impl<S: Sample, const N: usize> ModulatedLines<S, N> {
    pub(crate) fn new() -> Self {
        Self {
            taps: [FractionalTaps::new(); PARTS],
            parts: 1,
            clock: core::array::from_fn(|index| S::from_index(index as i32)),
        }
    }

    /// Moves to the delays `centres + depth * lfos`, in frames; `lfos` are -1..1 at both grid points, and in between the
    /// delay is linear in each of the `parts`.
    #[inline(always)]
    pub(crate) fn modulate<F: Form>(
        &mut self,
        form: F,
        centres: &[f64; N],
        depth: f64,
        lfos: &[[f64; 2]; N],
        parts: usize,
    ) {
        self.parts = parts.clamp(1, PARTS);
        let parts = self.parts;
        for (part, taps) in self.taps[..parts].iter_mut().enumerate() {
            let at = |[start, end]: [f64; 2], part: usize| start + (end - start) * part as f64 / parts as f64;
            let lfos = lfos.map(|ends| [at(ends, part), at(ends, part + 1)]);
            taps.modulate(form, centres, depth, &lfos, GRID_FRAMES / parts);
        }
    }

    /// Reads line `n`, by its write offset, from `grid_frame` frames after the grid point on.
    #[inline(always)]
    pub(crate) fn read<F: Form>(
        &self,
        form: F,
        bank: &DelayBank<S>,
        (n, write_offset): (usize, u32),
        grid_frame: usize,
        frames: usize,
        out: &mut [S; GRID_FRAMES],
    ) {
        if self.parts == 1 {
            let samples = bank.read_long(write_offset - self.taps[0].oldest[n]);
            return fdn::interpolate(form, samples, &self.taps[0], n, self.clock_from(grid_frame), frames, out);
        }
        let part_frames = GRID_FRAMES / self.parts;
        let mut start = 0;
        while start < frames {
            let (part, first) = ((grid_frame + start) / part_frames, (grid_frame + start) % part_frames);
            let count = (part_frames - first).min(frames - start);
            let Some(taps) = self.taps.get(part) else { return };
            let samples = bank.read_long(write_offset + start as u32 - taps.oldest[n]);
            // Whole vectors, of which the first frames count.
            let mut read = [S::ZERO; GRID_FRAMES];
            fdn::interpolate(form, samples, taps, n, self.clock_from(first), count, &mut read);
            out[start..start + count].copy_from_slice(&read[..count]);
            start += count;
        }
    }

    /// The clock from a frame after a grid point on.
    #[inline(always)]
    fn clock_from(&self, first: usize) -> &[S; GRID_FRAMES] {
        match self.clock[first % GRID_FRAMES..].first_chunk() {
            Some(clock) => clock,
            None => unreachable!("the clock is twice as long"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{primitives::lanes::Scalar, reverbs::delay_bank::Layout};

    #[test]
    fn a_ramp_is_read_at_the_delay_whatever_the_cut_and_the_speed() {
        for moved in [0.1, 3.0] {
            for cut in [1, 7, 64] {
                let mut layout = Layout::default();
                let offsets = [layout.add_line(300), layout.add_line(200)];
                let mut bank = DelayBank::<f64>::new(&layout);
                let mut lines = ModulatedLines::<f64, 2>::new();
                let centres = [150.0, 100.0];
                let at = |line: usize, frame: usize| {
                    let share = frame as f64 / GRID_FRAMES as f64;
                    centres[line] + moved * share * if line == 0 { 1.0 } else { -0.5 }
                };
                let mut now = 0;
                while now < 1_024 {
                    if now % GRID_FRAMES == 0 {
                        let ends = |line: usize| [now, now + GRID_FRAMES].map(|frame| at(line, frame) - centres[line]);
                        lines.modulate(Scalar, &centres, 1.0, &[ends(0), ends(1)], parts(moved));
                    }
                    let frames = cut.min(GRID_FRAMES - now % GRID_FRAMES);
                    for (line, offset) in offsets.into_iter().enumerate() {
                        let mut out = [0.0; GRID_FRAMES];
                        lines.read(Scalar, &bank, (line, offset), now % GRID_FRAMES, frames, &mut out);
                        for (index, read) in out[..frames].iter().enumerate() {
                            let expected = (now + index) as f64 - at(line, now + index);
                            // Before it the line is silent.
                            let reached = expected < 20.0 || (read - expected).abs() < 1e-10;
                            assert!(reached, "{moved} {cut} {line} {now}: {read} {expected}");
                        }
                    }
                    for offset in offsets {
                        for (index, sample) in bank.write(offset)[..frames].iter_mut().enumerate() {
                            *sample = (now + index) as f64;
                        }
                    }
                    bank.mirror();
                    bank.advance(frames);
                    now += frames;
                }
            }
        }
    }
}
