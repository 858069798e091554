//! A memoryless curve at a multiple of the rate, antialiased, one channel: oversampling, second-order antiderivative
//! antialiasing, decimation, and the inverse of the antialiasing's droop. At the rate itself the plain curve.

use super::droop::{Band, Inverse};
use crate::primitives::{backend::Backend, history::History, oversampler::Oversampler};
use alloc::vec::Vec;

/// Frames per chunk: all buffers of a channel stay in the L1 cache, at the highest rates nearly.
pub(super) const CHUNK_FRAMES: usize = 256;
/// Samples of the highest rate per chunk from which on it has fewer frames.
const CHUNK_SAMPLES: usize = 1_024;
/// Delay of the antialiasing, in samples of the highest rate.
const ANTIALIASING_DELAY: usize = 1;

/// What happens at the highest rate.
pub(super) trait Shape {
    /// Changes the samples of the highest rate ahead of the curve.
    fn prepare(&mut self, samples: &mut [f64]);
    /// The plain curve, in place.
    fn plain(&mut self, samples: &mut [f64]);
    /// The antialiased curve: `out[n]` of the samples n, n + 1 and n + 2 of `samples`, which are two more.
    fn antialiased(&mut self, samples: &[f64], out: &mut [f64]);
}

/// The frames of a chunk at a factor.
pub(super) fn chunk_frames(factor: usize) -> usize {
    CHUNK_FRAMES.min(CHUNK_SAMPLES / factor)
}

/// See the head of this file.
#[derive(Clone, Debug)]
pub(super) struct Stage {
    oversampler: Oversampler,
    /// The samples of the highest rate and the two before them.
    samples: History<f64>,
    inverse: Inverse,
    factor: usize,
}

impl Stage {
    /// At rest; `factor` is 1, 2, 4, 8 or 16, `band` what it puts out.
    pub(super) fn new(backend: Backend, sample_rate_hz: f64, factor: usize, band: Band) -> Self {
        let chunk = chunk_frames(factor);
        let delay = if factor == 1 { 0 } else { ANTIALIASING_DELAY };
        Self {
            oversampler: Oversampler::new(backend, sample_rate_hz, factor.ilog2(), delay, chunk),
            samples: History::new(2, if factor == 1 { 0 } else { chunk * factor }, 0),
            inverse: Inverse::new(backend, sample_rate_hz, factor, band, chunk),
            factor,
        }
    }

    pub(super) fn latency_frames(&self) -> usize {
        self.oversampler.latency_frames() + self.inverse.latency_frames()
    }

    /// Frames of silence after which the output is exactly 0, if the curve makes silence of it.
    pub(super) fn tail_frames(&self) -> usize {
        let antialiasing = usize::from(self.factor > 1);
        self.oversampler.tail_frames() + 2 * self.inverse.latency_frames() + antialiasing
    }

    /// Frames to fill before [`Stage::run`], at most [`chunk_frames`].
    pub(super) fn input(&mut self, count: usize) -> &mut [f64] {
        self.oversampler.input(count)
    }

    /// The input through the curve.
    pub(super) fn run(&mut self, count: usize, shape: &mut impl Shape) -> &[f64] {
        if self.factor == 1 {
            let samples = self.oversampler.up(count);
            shape.prepare(samples);
            shape.plain(samples);
            return self.oversampler.down(count);
        }
        let length = count * self.factor;
        let fresh = self.samples.append(length);
        self.oversampler.up_into(count, fresh);
        shape.prepare(fresh);
        shape.antialiased(&self.samples.from(length + 2)[..length + 2], self.oversampler.top(count));
        self.inverse.run(self.oversampler.down(count))
    }

    /// As newly built, after silence to which [`Shape::prepare`] has always added `bias`.
    pub(super) fn reset(&mut self, bias: f64) {
        let Self { oversampler, samples, inverse, factor } = self;
        oversampler.reset();
        samples.reset();
        if *factor > 1 {
            samples.append(2).fill(bias);
        }
        inverse.reset();
    }
}

/// The values of a ramp in each of some frames, one list per value; advances it by them.
pub(super) fn fill<const N: usize>(ramp: &mut crate::primitives::ramp::Ramp<N>, lists: [&mut [f64]; N], frames: usize) {
    use crate::primitives::ramp::Span;
    let mut lists = lists;
    let mut start = 0;
    while start < frames {
        let (span, length) = ramp.span::<f64>(frames - start);
        match &span {
            Span::Still(values) => {
                for (list, value) in lists.iter_mut().zip(values) {
                    list[start..start + length].fill(*value);
                }
            }
            Span::Moving(curves) => {
                for (list, curve) in lists.iter_mut().zip(curves) {
                    for (index, own) in (0_i32..).zip(&mut list[start..start + length]) {
                        *own = curve.at(index);
                    }
                }
            }
        }
        start += length;
    }
}

/// Buffers for [`fill`].
pub(super) fn lists<const N: usize>() -> [Vec<f64>; N] {
    core::array::from_fn(|_| alloc::vec![0.0; CHUNK_FRAMES])
}
