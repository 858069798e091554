//! A cascade at rest: up to eight sections in one pass of the kernel, with interleaved channels.

use super::{
    kernel::{MAX_SECTIONS, State, four, two},
    sections::{CHUNK_FRAMES, Cascade, LINE, lanes},
};
use crate::{
    filters::biquad::BiquadCoeffs,
    foundation::{block::BlockMut, grid::GRID_FRAMES, sample::Sample},
    primitives::lanes::Form,
};

impl Cascade {
    /// Every active section, none of which glides, over at most [`CHUNK_FRAMES`] frames.
    ///
    /// Vectors of four channels for more than two; the remaining ones share a vector of two. The kernel is called by
    /// name, as a closure would lose the target features.
    #[inline(always)]
    pub(super) fn run_at_rest<S: Sample, F: Form>(
        &mut self,
        form: F,
        block: &mut BlockMut<'_, '_, S>,
        channels: usize,
    ) {
        let to_grid = GRID_FRAMES - self.phase;
        let passes = self.active.len().div_ceil(MAX_SECTIONS);
        let mut scratch = core::mem::take(&mut self.frames);
        let aligned = scratch.as_ptr().align_offset(LINE * size_of::<f64>()).min(LINE);
        let lanes = &mut scratch[aligned..][..lanes(self.channels) * block.frames()];
        let mut first = 0;
        while first < channels {
            if channels - first > 2 {
                let (frames, _) = lanes.as_chunks_mut::<4>();
                interleave(frames, block, first, channels);
                for pass in 0..passes {
                    let (coeffs, mut states, count) = self.gather_states(pass, first);
                    four(form, frames, &coeffs[..count], &mut states[..count], to_grid);
                    self.scatter_states(pass, first, &states);
                }
                separate(frames, block, first, channels);
                first += 4.min(channels - first);
            } else {
                let (frames, _) = lanes[..2 * block.frames()].as_chunks_mut::<2>();
                interleave(frames, block, first, channels);
                for pass in 0..passes {
                    let (coeffs, mut states, count) = self.gather_states(pass, first);
                    two(form, frames, &coeffs[..count], &mut states[..count], to_grid);
                    self.scatter_states(pass, first, &states);
                }
                separate(frames, block, first, channels);
                first = channels;
            }
        }
        self.frames = scratch;
    }

    /// Coefficients and states of one pass, with the channels from `first` on interleaved.
    #[inline(always)]
    fn gather_states<const W: usize>(
        &self,
        pass: usize,
        first: usize,
    ) -> ([BiquadCoeffs; MAX_SECTIONS], [State<W>; MAX_SECTIONS], usize) {
        let mut coeffs = [BiquadCoeffs::IDENTITY; MAX_SECTIONS];
        let mut states = [[[0.0; W]; 2]; MAX_SECTIONS];
        let active = &self.active[pass * MAX_SECTIONS..];
        let count = active.len().min(MAX_SECTIONS);
        for ((&index, coeffs), state) in active.iter().zip(&mut coeffs).zip(&mut states) {
            *coeffs = self.sections[index].target;
            let channels = &self.states[index * self.channels..][first..self.channels];
            for (lane, [z1, z2]) in channels.iter().enumerate().take(W) {
                (state[0][lane], state[1][lane]) = (*z1, *z2);
            }
        }
        (coeffs, states, count)
    }

    /// Writes back the states of [`gather_states`](Self::gather_states).
    #[inline(always)]
    fn scatter_states<const W: usize>(&mut self, pass: usize, first: usize, states: &[State<W>; MAX_SECTIONS]) {
        for (&index, state) in self.active[pass * MAX_SECTIONS..].iter().zip(states) {
            let channels = &mut self.states[index * self.channels..][first..self.channels];
            for (lane, z) in channels.iter_mut().enumerate().take(W) {
                *z = [state[0][lane], state[1][lane]];
            }
        }
    }
}

/// Interleaves the channels `first..channels`, at most `W`; lanes beyond the last are 0.
#[inline(always)]
fn interleave<S: Sample, const W: usize>(
    frames: &mut [[f64; W]],
    block: &BlockMut<'_, '_, S>,
    first: usize,
    channels: usize,
) {
    let silence = [S::ZERO; CHUNK_FRAMES];
    let mut sources = [&silence[..frames.len()]; W];
    for (source, channel) in sources.iter_mut().zip(first..channels) {
        *source = &block.channel(channel)[..frames.len()];
    }
    for (index, frame) in frames.iter_mut().enumerate() {
        for lane in 0..W {
            frame[lane] = sources[lane][index].to_f64();
        }
    }
}

/// Rounds the lanes back to the channels of [`interleave`].
#[inline(always)]
fn separate<S: Sample, const W: usize>(
    frames: &[[f64; W]],
    block: &mut BlockMut<'_, '_, S>,
    first: usize,
    channels: usize,
) {
    for (lane, channel) in (first..channels).take(W).enumerate() {
        for (sample, frame) in block.channel_mut(channel).iter_mut().zip(frames) {
            *sample = S::from_f64(frame[lane]).audible();
        }
    }
}
