//! Channels side by side in frames of f64, and back.
//!
//! Whole groups of frames go through vectors, as many frames as two vectors have lanes; the frames behind them one by
//! one.

use crate::{
    foundation::sample::Sample,
    primitives::lanes::{Form, Lanes},
};

/// Frames of a group.
#[inline(always)]
const fn group<F: Form>() -> usize {
    2 * <F::Native<f64> as Lanes<F>>::LEN
}

/// Interleaves two or four channels.
#[inline(always)]
pub(super) fn interleave<F: Form, S: Sample, const W: usize>(form: F, frames: &mut [[f64; W]], sources: [&[S]; W]) {
    let lanes = group::<F>() / 2;
    let whole = frames.len() / (2 * lanes) * 2 * lanes;
    let (groups, rest) = frames.as_flattened_mut().split_at_mut(whole * W);
    for (index, values) in groups.chunks_exact_mut(2 * lanes * W).enumerate() {
        let mut columns = [[form.splat(0.0); 2]; W];
        for (column, source) in columns.iter_mut().zip(sources) {
            *column = form.widen(&source[2 * lanes * index..]);
        }
        for (half, values) in values.chunks_exact_mut(lanes * W).enumerate() {
            if W == 2 {
                store_pair::<F>(F::interleave(columns[0][half], columns[1][half]), values);
            } else {
                let even = F::interleave(columns[0][half], columns[2][half]);
                let odd = F::interleave(columns[1][half], columns[3][half]);
                store_pair::<F>(F::interleave(even[0], odd[0]), values);
                store_pair::<F>(F::interleave(even[1], odd[1]), &mut values[2 * lanes..]);
            }
        }
    }
    for (index, frame) in rest.chunks_exact_mut(W).enumerate() {
        for (value, source) in frame.iter_mut().zip(sources) {
            *value = source[whole + index].to_f64();
        }
    }
}

/// Turns each group of [`interleave`] into runs of one channel, in place.
#[inline(always)]
pub(super) fn deinterleave<F: Form, const W: usize>(form: F, frames: &mut [[f64; W]]) {
    let lanes = group::<F>() / 2;
    for values in frames.as_flattened_mut().chunks_exact_mut(2 * lanes * W) {
        let mut columns = [[form.splat(0.0); 2]; W];
        for half in 0..2 {
            let values = &values[half * lanes * W..];
            if W == 2 {
                [columns[0][half], columns[1][half]] = load_pair(form, values);
            } else {
                let (lower, upper) = (load_pair(form, values), load_pair(form, &values[2 * lanes..]));
                [columns[0][half], columns[2][half]] = F::deinterleave(lower[0], upper[0]);
                [columns[1][half], columns[3][half]] = F::deinterleave(lower[1], upper[1]);
            }
        }
        for (column, run) in columns.into_iter().zip(values.chunks_exact_mut(2 * lanes)) {
            column[0].store(run);
            column[1].store(&mut run[lanes..]);
        }
    }
}

/// Rounds channel `lane` of [`deinterleave`] to samples.
#[inline(always)]
pub(super) fn round<F: Form, S: Sample, const W: usize>(form: F, frames: &[[f64; W]], lane: usize, samples: &mut [S]) {
    let lanes = group::<F>() / 2;
    let (groups, rest) = frames.split_at(frames.len() / (2 * lanes) * 2 * lanes);
    let (group_samples, rest_samples) = samples.split_at_mut(groups.len());
    let runs = groups.as_flattened().chunks_exact(2 * lanes * W);
    for (values, samples) in runs.zip(group_samples.chunks_exact_mut(2 * lanes)) {
        let run = &values[2 * lanes * lane..];
        form.narrow([form.load(run), form.load(&run[lanes..])], samples);
    }
    for (sample, frame) in rest_samples.iter_mut().zip(rest) {
        *sample = S::from_f64(frame[lane]).audible();
    }
}

#[inline(always)]
fn store_pair<F: Form>([first, second]: [F::Native<f64>; 2], values: &mut [f64]) {
    first.store(values);
    second.store(&mut values[<F::Native<f64> as Lanes<F>>::LEN..]);
}

/// Two vectors of [`store_pair`], taken apart again.
#[inline(always)]
fn load_pair<F: Form>(form: F, values: &[f64]) -> [F::Native<f64>; 2] {
    F::deinterleave(form.load(values), form.load(&values[<F::Native<f64> as Lanes<F>>::LEN..]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        foundation::stream::Cpu,
        primitives::backend::{Backend, run},
    };
    use alloc::vec::Vec;

    fn there_and_back<S: Sample, const W: usize>(cpu: Cpu, length: usize) {
        let channels: [Vec<S>; W] = core::array::from_fn(|channel| {
            (0..length).map(|frame| S::from_f64((1 + frame + 1_000 * channel) as f64)).collect()
        });
        let mut frames = [[0.0; W]].repeat(length);
        let backend = Backend::new(cpu);
        run!(backend, form => interleave(form, &mut frames, core::array::from_fn(|channel| &channels[channel][..])));
        for (index, frame) in frames.iter().enumerate() {
            for (channel, value) in frame.iter().enumerate() {
                assert_eq!(*value, (1 + index + 1_000 * channel) as f64, "{cpu:?}, {length}");
            }
        }
        run!(backend, form => deinterleave(form, &mut frames));
        for (lane, channel) in channels.iter().enumerate() {
            let mut back = [S::ZERO].repeat(length);
            run!(backend, form => round(form, &frames, lane, &mut back));
            assert_eq!(&back, channel, "{cpu:?}, {length}");
        }
    }

    #[test]
    fn channels_come_back_from_their_lanes() {
        for cpu in [Cpu::Scalar, Cpu::Baseline, Cpu::Software, Cpu::Avx2, Cpu::Detected] {
            for length in [0, 1, 2, 3, 7, 8, 15, 16, 17, 33, 64] {
                there_and_back::<f32, 2>(cpu, length);
                there_and_back::<f64, 2>(cpu, length);
                there_and_back::<f32, 4>(cpu, length);
                there_and_back::<f64, 4>(cpu, length);
            }
        }
    }
}
