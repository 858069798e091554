//! A cascade at rest: up to eight sections in one pass of the kernel, with interleaved channels.

use super::{
    interleaved::{deinterleave, interleave, round},
    kernel::{MAX_SECTIONS, State, four, two},
    sections::{Cascade, LINE, lanes},
};
use crate::{
    filters::biquad::BiquadCoeffs,
    foundation::{block::BlockMut, grid::GRID_FRAMES, sample::Sample},
    primitives::backend::{Backend, run},
};

impl Cascade {
    /// Every active section, none of which glides, over at most [`CHUNK_FRAMES`](super::sections::CHUNK_FRAMES) frames.
    ///
    /// Vectors of four channels for more than two; the remaining ones share a vector of two.
    pub(super) fn run_at_rest<S: Sample>(&mut self, block: &mut BlockMut<'_, '_, S>, channels: usize) {
        let to_grid = GRID_FRAMES - self.phase;
        let passes = self.active.len().div_ceil(MAX_SECTIONS);
        let mut scratch = core::mem::take(&mut self.frames);
        let aligned = scratch.as_ptr().align_offset(LINE * size_of::<f64>()).min(LINE);
        let lanes = &mut scratch[aligned..][..lanes(self.channels) * block.frames()];
        let mut first = 0;
        while first < channels {
            if channels - first > 2 {
                let (frames, _) = lanes.as_chunks_mut::<4>();
                load(self.backend, frames, block, first, channels);
                for pass in 0..passes {
                    let (mut coeffs, mut states) =
                        ([BiquadCoeffs::IDENTITY; MAX_SECTIONS], [[[0.0; 4]; 2]; MAX_SECTIONS]);
                    let count = self.gather_states(pass, first, &mut coeffs, &mut states);
                    four(self.backend, frames, &coeffs[..count], &mut states[..count], to_grid);
                    self.scatter_states(pass, first, &states);
                }
                store(self.backend, frames, block, first, channels);
                first += 4.min(channels - first);
            } else {
                let (frames, _) = lanes[..2 * block.frames()].as_chunks_mut::<2>();
                load(self.backend, frames, block, first, channels);
                for pass in 0..passes {
                    let (mut coeffs, mut states) =
                        ([BiquadCoeffs::IDENTITY; MAX_SECTIONS], [[[0.0; 2]; 2]; MAX_SECTIONS]);
                    let count = self.gather_states(pass, first, &mut coeffs, &mut states);
                    two(self.backend, frames, &coeffs[..count], &mut states[..count], to_grid);
                    self.scatter_states(pass, first, &states);
                }
                store(self.backend, frames, block, first, channels);
                first = channels;
            }
        }
        self.frames = scratch;
    }

    /// Coefficients and states of one pass, with the channels from `first` on interleaved; returns their number.
    #[inline(always)]
    fn gather_states<const W: usize>(
        &self,
        pass: usize,
        first: usize,
        coeffs: &mut [BiquadCoeffs; MAX_SECTIONS],
        states: &mut [State<W>; MAX_SECTIONS],
    ) -> usize {
        let active = &self.active[pass * MAX_SECTIONS..];
        for ((&index, coeffs), state) in active.iter().zip(coeffs).zip(states) {
            *coeffs = self.sections[index].target;
            let channels = &self.states[index * self.channels..][first..self.channels];
            for (lane, [z1, z2]) in channels.iter().enumerate().take(W) {
                (state[0][lane], state[1][lane]) = (*z1, *z2);
            }
        }
        active.len().min(MAX_SECTIONS)
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

/// The channels `first..channels`, at most `W`; lanes beyond the last repeat the first, and their results are dropped.
fn load<S: Sample, const W: usize>(
    backend: Backend,
    frames: &mut [[f64; W]],
    block: &BlockMut<'_, '_, S>,
    first: usize,
    channels: usize,
) {
    let mut sources = [block.channel(first); W];
    for (source, channel) in sources.iter_mut().zip(first..channels) {
        *source = block.channel(channel);
    }
    run!(backend, form => interleave(form, frames, sources));
}

/// Back to the channels of [`load`].
fn store<S: Sample, const W: usize>(
    backend: Backend,
    frames: &mut [[f64; W]],
    block: &mut BlockMut<'_, '_, S>,
    first: usize,
    channels: usize,
) {
    run!(backend, form => {
        deinterleave(form, frames);
        for (lane, channel) in (first..channels).take(W).enumerate() {
            round(form, frames, lane, block.channel_mut(channel));
        }
    });
}
