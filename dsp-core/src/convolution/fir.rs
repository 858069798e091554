//! A short direct filter: the first taps of a long response, which a block transform would delay.
//!
//! Every output is one chain of fused multiply-adds over the taps in one order (see [`super`]); lanes are successive
//! outputs.

use crate::{
    foundation::sample::Sample,
    primitives::{
        backend::{Backend, run},
        lanes::{Form, Lanes},
    },
};

/// Most outputs of a group; as many samples and sums beyond the end must be readable and writable.
pub(crate) const PAD: usize = 2 * MAX_LANES;
/// The most lanes of any level: f32 in 512 bits.
const MAX_LANES: usize = 16;
/// Vectors computed together, to hide the latency of a chain.
const MANY: usize = 8;
const FEW: usize = 2;

/// Adds to each of the first `frames` of `sums` the filter's output at its frame.
///
/// `reversed` holds the taps, last first. `samples` starts `reversed.len() - 1` frames before the first sum. Both
/// extend [`PAD`] frames further, with arbitrary values.
pub(crate) fn fir<S: Sample>(backend: Backend, reversed: &[S], samples: &[S], frames: usize, sums: &mut [S]) {
    run!(backend, form => fir_all(form, reversed, samples, frames, sums));
}

#[inline(always)]
fn fir_all<F: Form, S: Sample>(form: F, reversed: &[S], samples: &[S], frames: usize, sums: &mut [S]) {
    let lanes = F::Native::<S>::LEN;
    let mut start = 0;
    while start + MANY * lanes <= frames {
        group::<F, S, MANY>(form, reversed, &samples[start..], &mut sums[start..]);
        start += MANY * lanes;
    }
    while start < frames {
        group::<F, S, FEW>(form, reversed, &samples[start..], &mut sums[start..]);
        start += FEW * lanes;
    }
}

#[inline(always)]
fn group<F: Form, S: Sample, const VECTORS: usize>(form: F, reversed: &[S], samples: &[S], sums: &mut [S]) {
    let lanes = F::Native::<S>::LEN;
    let width = VECTORS * lanes;
    let sums = &mut sums[..width];
    let mut chains = [F::Native::<S>::splat(form, S::ZERO); VECTORS];
    for vector in 0..VECTORS {
        chains[vector] = F::Native::<S>::load(form, &sums[vector * lanes..(vector + 1) * lanes]);
    }
    for (window, tap) in samples[..reversed.len() - 1 + width].windows(width).zip(reversed) {
        let tap = form.splat(*tap);
        for vector in 0..VECTORS {
            let sample = F::Native::<S>::load(form, &window[vector * lanes..(vector + 1) * lanes]);
            chains[vector] = sample.mul_add(tap, chains[vector]);
        }
    }
    for vector in 0..VECTORS {
        chains[vector].store(&mut sums[vector * lanes..(vector + 1) * lanes]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{foundation::stream::Cpu, primitives::backend::fuses};
    use alloc::{vec, vec::Vec};

    #[test]
    fn is_the_sum_whatever_the_lanes() {
        for taps in [1, 2, 63, 64] {
            for frames in [1, 5, 33, 64] {
                let reversed: Vec<f64> = (0..taps).map(|k| libm::sin(k as f64 + 1.0)).collect();
                let samples: Vec<f64> = (0..taps - 1 + frames + PAD).map(|n| libm::cos(0.7 * n as f64)).collect();
                let of = |cpu| {
                    let mut sums = vec![0.25; frames + PAD];
                    fir(Backend::new(cpu), &reversed, &samples, frames, &mut sums);
                    sums.truncate(frames);
                    sums
                };
                let scalar = of(Cpu::Scalar);
                for (n, sum) in scalar.iter().enumerate() {
                    let plain: f64 = (0..taps).map(|k| reversed[k] * samples[n + k]).sum();
                    assert!((sum - 0.25 - plain).abs() < 1e-13, "{taps} {frames} {n}");
                }
                assert_eq!(of(Cpu::Software), scalar);
                if fuses() {
                    assert_eq!(of(Cpu::Detected), scalar);
                    assert_eq!(of(Cpu::Avx2), scalar);
                }
                assert!(of(Cpu::Baseline).iter().zip(&scalar).all(|(a, b)| (a - b).abs() < 1e-13));
            }
        }
    }
}
