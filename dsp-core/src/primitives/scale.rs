//! Gain loops: samples times a constant or gliding gain.
//!
//! Element-wise in the frame index and free of fused operations: the same bits at every level.

use super::{
    backend::{Backend, run},
    lanes::{Form, Lanes},
    ramp::{Ramp, Span, evaluate},
    sanitize::sanitize,
};
use crate::foundation::{block::BlockMut, sample::Sample};

/// Frames scanned, repaired and multiplied together, in registers.
pub(super) const GROUP: usize = 64;
/// Frames whose gains are evaluated before the first of them is used: many, since each takes some time.
const AHEAD: usize = 256;
/// 2^-26: the smallest normal product of the faintest sample in f32.
const LOWEST: f64 = 1.0 / 67_108_864.0;
/// Alignment of vector loads. In an unaligned buffer a quarter of the loads would straddle two cache lines, half of the
/// widest ones.
const LINE_BYTES: usize = 64;
/// Samples from which the remainders before and behind the aligned groups cost less than unaligned loads.
const ALIGNED_FROM: usize = 4 * GROUP;

/// Aligned to cache lines: a vector that is stored across two of them is slow to be loaded again.
#[repr(align(64))]
pub(super) struct Lines<T>(pub(super) T);

/// Multiplies the first `channels` channels by the same ramp. Returns the count of non-finite samples replaced.
pub(crate) fn gain<S: Sample>(
    backend: Backend,
    block: &mut BlockMut<'_, '_, S>,
    channels: usize,
    ramp: &mut Ramp<1>,
) -> u64 {
    run!(backend, form => gain_all(form, block, channels, ramp))
}

/// Multiplies the first two channels by the first and the second value of the ramp. With `mono` the second channel is
/// first filled with the first. Returns the count of non-finite samples replaced.
pub(crate) fn stereo<S: Sample>(
    backend: Backend,
    block: &mut BlockMut<'_, '_, S>,
    mono: bool,
    ramp: &mut Ramp<2>,
) -> u64 {
    run!(backend, form => stereo_all(form, block, mono, ramp))
}

#[inline(always)]
fn gain_all<F: Form, S: Sample>(form: F, block: &mut BlockMut<'_, '_, S>, channels: usize, ramp: &mut Ramp<1>) -> u64 {
    let mut non_finite = 0;
    let mut start = 0;
    while start < block.frames() {
        let (span, length) = ramp.span::<S>(block.frames() - start);
        match &span {
            Span::Still([gain]) => {
                for channel in 0..channels {
                    non_finite += scale(form, &mut block.channel_mut(channel)[start..start + length], *gain);
                }
            }
            Span::Moving(curve) => {
                let Lines(gains) = &mut Lines([[S::ZERO; AHEAD]]);
                for first in (0..length).step_by(AHEAD) {
                    let frames = AHEAD.min(length - first);
                    evaluate::<_, _, 4, _, _>(form, curve, first, frames, gains);
                    for channel in 0..channels {
                        let samples = &mut block.channel_mut(channel)[start + first..][..frames];
                        non_finite += multiply(form, samples, &gains[0]);
                    }
                }
            }
        }
        start += length;
    }
    non_finite
}

#[inline(always)]
fn stereo_all<F: Form, S: Sample>(form: F, block: &mut BlockMut<'_, '_, S>, mono: bool, ramp: &mut Ramp<2>) -> u64 {
    let mut non_finite = 0;
    let mut start = 0;
    let frames = block.frames();
    let (left, right) = block.stereo_mut();
    while start < frames {
        let (span, length) = ramp.span::<S>(frames - start);
        let (left, right) = (&mut left[start..start + length], &mut right[start..start + length]);
        if mono {
            non_finite += sanitize(left);
            right.copy_from_slice(left);
        }
        match &span {
            Span::Still([to_left, to_right]) => {
                non_finite += scale(form, left, *to_left) + scale(form, right, *to_right);
            }
            Span::Moving(curves) => {
                let Lines(gains) = &mut Lines([[S::ZERO; GROUP]; 2]);
                for first in (0..length).step_by(GROUP) {
                    let frames = GROUP.min(length - first);
                    evaluate::<_, _, 2, _, _>(form, curves, first, frames, gains);
                    for (samples, gains) in [&mut *left, &mut *right].into_iter().zip(&*gains) {
                        non_finite += multiply(form, &mut samples[first..first + frames], gains);
                    }
                }
            }
        }
        start += length;
    }
    non_finite
}

/// Multiplies by a constant; 1 leaves the samples unchanged and 0 gives +0.0, both without arithmetic. Returns the
/// count of non-finite samples replaced.
///
/// The products are not flushed: the faintest sample at the lowest gain, -144 dB, is still a normal number. Lower
/// gains, as of a pan law, go through `multiply`.
#[inline(always)]
fn scale<F: Form, S: Sample>(form: F, samples: &mut [S], gain: S) -> u64 {
    if gain == S::ONE {
        return sanitize(samples);
    }
    if gain == S::ZERO {
        let non_finite = sanitize(samples);
        samples.fill(S::ZERO);
        return non_finite;
    }
    if gain < S::from_f64(LOWEST) && gain > S::from_f64(-LOWEST) {
        let mut non_finite = 0;
        for group in samples.chunks_mut(GROUP) {
            non_finite += multiply(form, group, &[gain; GROUP]);
        }
        return non_finite;
    }
    let head = if samples.len() < ALIGNED_FROM { 0 } else { samples.as_ptr().align_offset(LINE_BYTES) };
    let (head, body) = samples.split_at_mut(head.min(samples.len()));
    let (groups, rest) = body.as_chunks_mut::<GROUP>();
    let mut non_finite = 0;
    for group in groups {
        non_finite += sanitize(group);
        for sample in group {
            *sample *= gain;
        }
    }
    for samples in [head, rest] {
        non_finite += sanitize(samples);
        for sample in samples {
            *sample *= gain;
        }
    }
    non_finite
}

/// Multiplies each sample by its own gain. Returns the count of non-finite samples replaced.
#[inline(always)]
fn multiply<F: Form, S: Sample>(form: F, samples: &mut [S], gains: &[S]) -> u64 {
    let (groups, rest) = samples.as_chunks_mut::<GROUP>();
    let lanes = F::Native::<S>::LEN;
    let (own, of_rest) = gains.as_chunks::<GROUP>();
    let mut non_finite = 0;
    for (group, gains) in groups.iter_mut().zip(own) {
        non_finite += sanitize(group);
        for (samples, gains) in group.chunks_exact_mut(lanes).zip(gains.chunks_exact(lanes)) {
            let products = form.load(samples) * form.load(gains);
            products.zero_where(products.abs(), S::FAINTEST).store(samples);
        }
    }
    let of_rest = own.get(groups.len()).map_or(of_rest, |gains| &gains[..]);
    non_finite += sanitize(rest);
    for (sample, gain) in rest.iter_mut().zip(of_rest) {
        *sample = (*sample * *gain).audible();
    }
    non_finite
}
