//! Samples times a gain that stands still or moves: faders, pans, balances.
//!
//! Element-wise in the frame index and free of fused operations, so the compiler vectorises the plain loops for every
//! level and all of them give the same bits; the scalar twin is the same source compiled for the baseline.

use super::{Form, run, sanitize::sanitize};
use crate::{
    foundation::{block::BlockMut, sample::Sample},
    parts::ramp::{Curve, Ramp, Span},
};

/// Frames per pass: two passes over a chunk (scan, multiply) stay in the L1 cache.
const CHUNK_FRAMES: usize = 1024;

/// Multiplies the first `channels` channels by the same ramp. Returns the count of non-finite samples replaced.
pub(crate) fn gain<S: Sample>(form: Form, block: &mut BlockMut<'_, '_, S>, channels: usize, ramp: &mut Ramp<1>) -> u64 {
    run!(form, gain_all(block, channels, ramp), _simd => gain_all(block, channels, ramp))
}

/// Into the first two channels: their samples times the first and the second value of the ramp. With `mono` the second
/// channel is first filled with the first. Returns the count of non-finite samples replaced.
pub(crate) fn stereo<S: Sample>(form: Form, block: &mut BlockMut<'_, '_, S>, mono: bool, ramp: &mut Ramp<2>) -> u64 {
    run!(form, stereo_all(block, mono, ramp), _simd => stereo_all(block, mono, ramp))
}

#[inline(always)]
fn gain_all<S: Sample>(block: &mut BlockMut<'_, '_, S>, channels: usize, ramp: &mut Ramp<1>) -> u64 {
    let mut faults = 0;
    let mut start = 0;
    while start < block.frames() {
        let (span, length) = ramp.span::<S>((block.frames() - start).min(CHUNK_FRAMES));
        for channel in 0..channels {
            let samples = &mut block.channel_mut(channel)[start..start + length];
            faults += sanitize(samples);
            match &span {
                Span::Still([value]) => scale(samples, *value),
                Span::Moving([curve]) => follow(samples, curve),
            }
        }
        start += length;
    }
    faults
}

#[inline(always)]
fn stereo_all<S: Sample>(block: &mut BlockMut<'_, '_, S>, mono: bool, ramp: &mut Ramp<2>) -> u64 {
    let mut faults = 0;
    let mut start = 0;
    let frames = block.frames();
    let (left, right) = block.stereo_mut();
    while start < frames {
        let (span, length) = ramp.span::<S>((frames - start).min(CHUNK_FRAMES));
        let (left, right) = (&mut left[start..start + length], &mut right[start..start + length]);
        faults += sanitize(left);
        if mono {
            right.copy_from_slice(left);
        } else {
            faults += sanitize(right);
        }
        match &span {
            Span::Still([to_left, to_right]) => {
                scale(left, *to_left);
                scale(right, *to_right);
            }
            Span::Moving([to_left, to_right]) => {
                follow(left, to_left);
                follow(right, to_right);
            }
        }
        start += length;
    }
    faults
}

/// Times a constant; 1 leaves the samples alone and 0 gives +0.0, both without arithmetic.
#[inline(always)]
fn scale<S: Sample>(samples: &mut [S], gain: S) {
    if gain == S::ONE {
        return;
    }
    if gain == S::ZERO {
        samples.fill(S::ZERO);
        return;
    }
    for sample in samples {
        *sample *= gain;
    }
}

/// Times a moving gain.
#[inline(always)]
fn follow<S: Sample>(samples: &mut [S], curve: &Curve<S>) {
    for (index, sample) in (0_i32..).zip(samples) {
        *sample *= curve.at(index);
    }
}
