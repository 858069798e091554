//! The passes of the plate's network.

use crate::{
    filters::biquad::BiquadCoeffs,
    foundation::{
        grid::GRID_FRAMES,
        sample::{Sample, Vectors},
        silence::FILTER_STATE,
    },
    primitives::{
        lanes::{Form, Lanes},
        ramp::Span,
    },
    reverbs::delay_bank::DelayBank,
};

/// The values of one glide over a chunk.
#[inline(always)]
pub(super) fn fill<S: Sample, const N: usize>(span: &Span<S, N>, index: usize, row: &mut [S]) {
    match span {
        Span::Still(values) => row.fill(values[index]),
        Span::Moving(curves) => {
            for (frame, value) in (0_i32..).zip(row) {
                *value = curves[index].at(frame);
            }
        }
    }
}

/// The lattice all pass: w = x - g w', y = w' + g w, with w' a delay before w; w is written. Its gain g is a factor on a
/// row. Whole vectors, of which the first frames count.
#[inline(always)]
pub(super) fn all_pass<F: Form, S: Sample>(
    form: F,
    written: &mut [S; GRID_FRAMES],
    delayed: &[S; GRID_FRAMES],
    (factor, gains): (S, &[S; GRID_FRAMES]),
    frames: usize,
    signal: &mut [S; GRID_FRAMES],
) {
    let (factor, lanes) = (form.splat(factor), F::Native::<S>::LEN);
    for vector in 0..frames.min(GRID_FRAMES).div_ceil(lanes) {
        let start = vector * lanes;
        let gain = factor * form.load(&gains[start..]);
        let past = form.load(&delayed[start..]);
        let w = (-gain).mul_add(past, form.load(&signal[start..]));
        gain.mul_add(w, past).store(&mut signal[start..]);
        // Ringing in silence ends before it becomes subnormal.
        w.zero_where(w.abs(), S::from_f64(FILTER_STATE)).store(&mut written[start..]);
    }
}

/// Two sections in series in the transposed direct form II.
#[inline(always)]
pub(super) fn two_sections<F: Form>(
    form: F,
    sections: &[BiquadCoeffs; 2],
    states: &mut [[f64; 2]; 2],
    mut x: f64,
) -> f64 {
    for (BiquadCoeffs { b0, b1, b2, a1, a2 }, z) in sections.iter().zip(states) {
        let y = form.mul_add(*b0, x, z[0]);
        z[0] = form.mul_add(-a1, y, form.mul_add(*b1, x, z[1]));
        z[1] = form.mul_add(-a2, y, b2 * x);
        x = y;
    }
    x
}

/// Sums of reads of the bank, by their offset and sign; the sums stay in registers. Nothing is fused.
#[inline(always)]
pub(super) fn sum_taps<F: Form, S: Sample, const N: usize>(
    form: F,
    bank: &DelayBank<S>,
    taps: [(u32, S); N],
    sums: &mut [S; GRID_FRAMES],
) {
    /// Vectors at a time.
    const VECTORS: usize = 4;
    let lanes = F::Native::<S>::LEN;
    for start in (0..GRID_FRAMES).step_by(VECTORS * lanes) {
        let mut values = [form.splat(S::ZERO); VECTORS];
        for (offset, sign) in taps {
            let (samples, sign) = (&bank.read(offset)[start..], form.splat(sign));
            for (vector, value) in values.iter_mut().enumerate() {
                *value = *value + sign * form.load(&samples[vector * lanes..]);
            }
        }
        for (vector, value) in values.into_iter().enumerate() {
            value.store(&mut sums[start + vector * lanes..]);
        }
    }
}

/// The damping of both halves: a one-pole low pass with a gliding pole, times the decay. Side by side, as each
/// recursion waits for itself.
#[inline(always)]
pub(super) fn damp<S: Sample>([left, right]: [&mut [S]; 2], poles: &[S], decay: &[S], states: &mut [f64; 2]) {
    let [mut a, mut b] = *states;
    for (((left, right), pole), decay) in left.iter_mut().zip(right).zip(poles).zip(decay) {
        let pole = pole.to_f64();
        a = decayed(a, pole) + (1.0 - pole) * left.to_f64();
        b = decayed(b, pole) + (1.0 - pole) * right.to_f64();
        *left = (*decay * S::from_f64(a)).audible();
        *right = (*decay * S::from_f64(b)).audible();
    }
    *states = [a, b];
}

/// A one-pole low pass's state times its pole; 0 for a faint state, so that none becomes subnormal. The comparison runs
/// in parallel with the product, the dependency of the recursion.
#[inline(always)]
fn decayed(state: f64, pole: f64) -> f64 {
    let product = pole * state;
    if state.abs() < f64::FAINTEST { 0.0 } else { product }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{primitives::lanes::Scalar, reverbs::delay_bank::Layout};

    #[test]
    fn an_all_pass_keeps_the_energy() {
        let mut layout = Layout::default();
        let line = layout.add_line(100);
        let (mut bank, mut energy) = (DelayBank::<f64>::new(&layout), 0.0);
        for row in 0..200 {
            let mut signal = [0.0; GRID_FRAMES];
            signal[3] = if row == 0 { 1.0 } else { 0.0 };
            let delayed = *bank.read(line - 100);
            all_pass(Scalar, bank.write(line), &delayed, (0.7, &[1.0; GRID_FRAMES]), GRID_FRAMES, &mut signal);
            bank.mirror();
            bank.advance(GRID_FRAMES);
            energy += signal.iter().map(|x| x * x).sum::<f64>();
        }
        assert!((energy - 1.0).abs() < 1e-9, "{energy}");
    }
}
