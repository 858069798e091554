//! Gain loops: samples times a constant or gliding gain.
//!
//! Element-wise in the frame index and free of fused operations, so the compiler vectorises the plain loops for every
//! level and all of them give the same bits; the scalar form is the same source compiled for the baseline.

use super::{
    backend::{Backend, run},
    ramp::{Curve, Ramp, Span},
    sanitize::sanitize,
};
use crate::foundation::{block::BlockMut, sample::Sample};

/// Frames scanned, repaired and multiplied together, in registers.
pub(super) const GROUP: usize = 64;
/// 2^-26: the smallest normal product of the faintest sample in f32.
const LOWEST: f64 = 1.0 / 67_108_864.0;
/// Alignment of vector loads. In an unaligned buffer a quarter of the loads would straddle two cache lines, half of the
/// widest ones.
const LINE_BYTES: usize = 64;
/// Samples from which the remainders before and behind the aligned groups cost less than unaligned loads.
const ALIGNED_FROM: usize = 4 * GROUP;

/// Multiplies the first `channels` channels by the same ramp. Returns the count of non-finite samples replaced.
pub(crate) fn gain<S: Sample>(
    backend: Backend,
    block: &mut BlockMut<'_, '_, S>,
    channels: usize,
    ramp: &mut Ramp<1>,
) -> u64 {
    run!(backend, _ => gain_all(block, channels, ramp))
}

/// Multiplies the first two channels by the first and the second value of the ramp. With `mono` the second channel is
/// first filled with the first. Returns the count of non-finite samples replaced.
pub(crate) fn stereo<S: Sample>(
    backend: Backend,
    block: &mut BlockMut<'_, '_, S>,
    mono: bool,
    ramp: &mut Ramp<2>,
) -> u64 {
    run!(backend, _ => stereo_all(block, mono, ramp))
}

#[inline(always)]
fn gain_all<S: Sample>(block: &mut BlockMut<'_, '_, S>, channels: usize, ramp: &mut Ramp<1>) -> u64 {
    let mut non_finite = 0;
    let mut start = 0;
    while start < block.frames() {
        let (span, length) = ramp.span::<S>(block.frames() - start);
        match &span {
            Span::Still([gain]) => {
                for channel in 0..channels {
                    non_finite += scale(&mut block.channel_mut(channel)[start..start + length], *gain);
                }
            }
            Span::Moving([curve]) => {
                for group in (0..length).step_by(GROUP) {
                    let frames = GROUP.min(length - group);
                    let gains = values(curve, group);
                    for channel in 0..channels {
                        let samples = &mut block.channel_mut(channel)[start + group..][..frames];
                        non_finite += sanitize(samples);
                        multiply(samples, &gains);
                    }
                }
            }
        }
        start += length;
    }
    non_finite
}

#[inline(always)]
fn stereo_all<S: Sample>(block: &mut BlockMut<'_, '_, S>, mono: bool, ramp: &mut Ramp<2>) -> u64 {
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
                non_finite += scale(left, *to_left) + scale(right, *to_right);
            }
            Span::Moving(curves) => {
                for (samples, curve) in [left, right].into_iter().zip(curves) {
                    for (index, group) in samples.chunks_mut(GROUP).enumerate() {
                        non_finite += sanitize(group);
                        multiply(group, &values(curve, index * GROUP));
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
fn scale<S: Sample>(samples: &mut [S], gain: S) -> u64 {
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
            non_finite += sanitize(group);
            multiply(group, &[gain; GROUP]);
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

/// A group of values of a curve, from `start` on.
#[inline(always)]
pub(super) fn values<S: Sample>(curve: &Curve<S>, start: usize) -> [S; GROUP] {
    let mut values = [S::ZERO; GROUP];
    // Spans are shorter than 2^31 frames.
    for (index, value) in (start as i32..).zip(&mut values) {
        *value = curve.at(index);
    }
    values
}

/// Multiplies each sample by its own gain.
#[inline(always)]
fn multiply<S: Sample>(samples: &mut [S], gains: &[S; GROUP]) {
    if let Ok(samples) = <&mut [S; GROUP]>::try_from(&mut *samples) {
        for (sample, gain) in samples.iter_mut().zip(gains) {
            *sample = (*sample * *gain).audible();
        }
    } else {
        for (sample, gain) in samples.iter_mut().zip(gains) {
            *sample = (*sample * *gain).audible();
        }
    }
}
