//! Radix-8 steps of the negacyclic split-complex FFT: polynomials reduced modulo smaller ones.
//!
//! A polynomial modulo `Z^8m = e^iθ` is equivalent to eight modulo `Z^m = e^i(θ + 2πq)/8`. Its `8m` complex
//! coefficients are eight columns of m, and a forward step is the same butterflies with constant twiddles for each row
//! of eight: lanes are rows of columns. Three halvings make one step, so a step needs four twiddles: those of the first
//! and the second halving, and two for the third; the others are these times i.
//!
//! Every product is one multiplication and one fused multiply-add in every form, so they agree bit for bit wherever the
//! machine fuses (see [`backend`](crate::primitives::backend)).

use crate::{
    foundation::sample::Sample,
    primitives::{
        backend::{Backend, run},
        lanes::{COLUMNS, Form, Lanes},
    },
};

/// Points of a column per group, and columns of one step.
pub(super) const GROUP: usize = COLUMNS;
/// The twiddles of one step, real and imaginary part: of the first, the second, and of both pairs of the third halving.
pub(crate) type Twiddles<S> = [[S; 2]; 4];

/// Eight columns of eight.
pub(super) type Rows<S> = [[S; GROUP]; GROUP];

/// A step on `N` (4 or 8) columns, out of place.
pub(crate) fn forward_from<S: Sample, const N: usize>(
    backend: Backend,
    from: [[&[S]; N]; 2],
    to: [[&mut [S]; N]; 2],
    twiddles: &Twiddles<S>,
) {
    run!(backend, form => forward_all_from(form, from, to, twiddles));
}

/// A step on `N` (4 or 8) columns, in place.
pub(crate) fn forward<S: Sample, const N: usize>(backend: Backend, points: [[&mut [S]; N]; 2], twiddles: &Twiddles<S>) {
    run!(backend, form => step_all::<_, S, N, true>(form, points, twiddles));
}

/// The inverse of [`forward`], times `N`.
pub(crate) fn inverse<S: Sample, const N: usize>(backend: Backend, points: [[&mut [S]; N]; 2], twiddles: &Twiddles<S>) {
    run!(backend, form => step_all::<_, S, N, false>(form, points, twiddles));
}

/// The same, with only the imaginary parts added to `sums`.
pub(crate) fn inverse_onto<S: Sample, const N: usize>(
    backend: Backend,
    points: [[&[S]; N]; 2],
    twiddles: &Twiddles<S>,
    sums: [&mut [S]; N],
) {
    run!(backend, form => inverse_all_onto(form, points, twiddles, sums));
}

/// Complex vectors, as real and imaginary parts.
pub(super) type Complex<V> = [V; 2];

/// The product.
#[inline(always)]
fn times<F: Form, V: Lanes<F>>([re, im]: Complex<V>, [cos, sin]: Complex<V>) -> Complex<V> {
    [(-im).mul_add(sin, re * cos), im.mul_add(cos, re * sin)]
}

/// The product with the conjugate.
#[inline(always)]
fn times_conjugate<F: Form, V: Lanes<F>>([re, im]: Complex<V>, [cos, sin]: Complex<V>) -> Complex<V> {
    [im.mul_add(sin, re * cos), (-re).mul_add(sin, im * cos)]
}

/// The butterfly `x[a] ± factor x[b]`, the factor times i if `by_i`.
#[inline(always)]
fn butterfly<F: Form, V: Lanes<F>, const N: usize>(
    x: &mut [Complex<V>; N],
    [a, b]: [usize; 2],
    factor: Complex<V>,
    by_i: bool,
) {
    let ([re, im], [t_re, t_im]) = (x[a], times::<F, V>(x[b], factor));
    if by_i {
        x[a] = [re - t_im, im + t_re];
        x[b] = [re + t_im, im - t_re];
    } else {
        x[a] = [re + t_re, im + t_im];
        x[b] = [re - t_re, im - t_im];
    }
}

/// Its inverse, times 2.
#[inline(always)]
fn inverse_butterfly<F: Form, V: Lanes<F>, const N: usize>(
    x: &mut [Complex<V>; N],
    [a, b]: [usize; 2],
    factor: Complex<V>,
    by_i: bool,
) {
    let ([a_re, a_im], [b_re, b_im]) = (x[a], x[b]);
    x[a] = [a_re + b_re, a_im + b_im];
    let difference = if by_i { [a_im - b_im, b_re - a_re] } else { [a_re - b_re, a_im - b_im] };
    x[b] = times_conjugate::<F, V>(difference, factor);
}

/// The forward step on one row; the twiddles as vectors.
#[inline(always)]
pub(super) fn forward_step<F: Form, V: Lanes<F>, const N: usize>(x: &mut [Complex<V>; N], twiddles: [Complex<V>; 4]) {
    for n in 0..N / 2 {
        butterfly::<F, V, N>(x, [n, n + N / 2], twiddles[0], false);
    }
    for n in 0..N / 4 {
        butterfly::<F, V, N>(x, [n, n + N / 4], twiddles[1], false);
        butterfly::<F, V, N>(x, [N / 2 + n, N / 2 + n + N / 4], twiddles[1], true);
    }
    if N == 8 {
        butterfly::<F, V, N>(x, [0, 1], twiddles[2], false);
        butterfly::<F, V, N>(x, [2, 3], twiddles[2], true);
        butterfly::<F, V, N>(x, [4, 5], twiddles[3], false);
        butterfly::<F, V, N>(x, [6, 7], twiddles[3], true);
    }
}

/// The inverse step, times N.
#[inline(always)]
pub(super) fn inverse_step<F: Form, V: Lanes<F>, const N: usize>(x: &mut [Complex<V>; N], twiddles: [Complex<V>; 4]) {
    if N == 8 {
        inverse_butterfly::<F, V, N>(x, [0, 1], twiddles[2], false);
        inverse_butterfly::<F, V, N>(x, [2, 3], twiddles[2], true);
        inverse_butterfly::<F, V, N>(x, [4, 5], twiddles[3], false);
        inverse_butterfly::<F, V, N>(x, [6, 7], twiddles[3], true);
    }
    for n in 0..N / 4 {
        inverse_butterfly::<F, V, N>(x, [n, n + N / 4], twiddles[1], false);
        inverse_butterfly::<F, V, N>(x, [N / 2 + n, N / 2 + n + N / 4], twiddles[1], true);
    }
    for n in 0..N / 2 {
        inverse_butterfly::<F, V, N>(x, [n, n + N / 2], twiddles[0], false);
    }
}

#[inline(always)]
pub(super) fn splat<F: Form, S: Sample>(form: F, twiddles: &Twiddles<S>) -> [Complex<F::Wide<S>>; 4] {
    let mut vectors = [[F::Wide::<S>::splat(form, S::ZERO); 2]; 4];
    for n in 0..4 {
        vectors[n] = [F::Wide::<S>::splat(form, twiddles[n][0]), F::Wide::<S>::splat(form, twiddles[n][1])];
    }
    vectors
}

#[inline(always)]
fn groups<S, const N: usize>(columns: [&[S]; N]) -> [&[[S; GROUP]]; N] {
    let count = columns[0].len() / GROUP;
    let mut groups = [&[] as &[[S; GROUP]]; N];
    for n in 0..N {
        groups[n] = &columns[n].as_chunks().0[..count];
    }
    groups
}

#[inline(always)]
fn groups_mut<S, const N: usize>(columns: [&mut [S]; N]) -> [&mut [[S; GROUP]]; N] {
    let count = columns[0].len() / GROUP;
    columns.map(
        #[inline(always)]
        |column| &mut column.as_chunks_mut().0[..count],
    )
}

#[inline(always)]
fn forward_all_from<F: Form, S: Sample, const N: usize>(
    form: F,
    [from_re, from_im]: [[&[S]; N]; 2],
    [re, im]: [[&mut [S]; N]; 2],
    twiddles: &Twiddles<S>,
) {
    let twiddles = splat(form, twiddles);
    let (from_re, from_im) = (groups(from_re), groups(from_im));
    let (re, im) = (groups_mut(re), groups_mut(im));
    let count = from_re[0].len();
    for n in 0..N {
        assert!(from_re[n].len() == count && from_im[n].len() == count);
        assert!(re[n].len() == count && im[n].len() == count);
    }
    for group in 0..count {
        for start in (0..GROUP).step_by(F::Wide::<S>::LEN) {
            let range = start..start + F::Wide::<S>::LEN;
            let mut x = [[F::Wide::<S>::splat(form, S::ZERO); 2]; N];
            for n in 0..N {
                x[n] = [
                    F::Wide::<S>::load(form, &from_re[n][group][range.clone()]),
                    F::Wide::<S>::load(form, &from_im[n][group][range.clone()]),
                ];
            }
            forward_step::<F, F::Wide<S>, _>(&mut x, twiddles);
            for n in 0..N {
                x[n][0].store(&mut re[n][group][range.clone()]);
                x[n][1].store(&mut im[n][group][range.clone()]);
            }
        }
    }
}

/// A step in place, forward or inverse.
#[inline(always)]
fn step_all<F: Form, S: Sample, const N: usize, const FORWARD: bool>(
    form: F,
    [re, im]: [[&mut [S]; N]; 2],
    twiddles: &Twiddles<S>,
) {
    let twiddles = splat(form, twiddles);
    let (re, im) = (groups_mut(re), groups_mut(im));
    let count = re[0].len();
    for n in 0..N {
        assert!(re[n].len() == count && im[n].len() == count);
    }
    for group in 0..count {
        for start in (0..GROUP).step_by(F::Wide::<S>::LEN) {
            let range = start..start + F::Wide::<S>::LEN;
            let mut x = [[F::Wide::<S>::splat(form, S::ZERO); 2]; N];
            for n in 0..N {
                x[n] = [
                    F::Wide::<S>::load(form, &re[n][group][range.clone()]),
                    F::Wide::<S>::load(form, &im[n][group][range.clone()]),
                ];
            }
            if FORWARD {
                forward_step::<F, F::Wide<S>, _>(&mut x, twiddles);
            } else {
                inverse_step::<F, F::Wide<S>, _>(&mut x, twiddles);
            }
            for n in 0..N {
                x[n][0].store(&mut re[n][group][range.clone()]);
                x[n][1].store(&mut im[n][group][range.clone()]);
            }
        }
    }
}

#[inline(always)]
fn inverse_all_onto<F: Form, S: Sample, const N: usize>(
    form: F,
    [re, im]: [[&[S]; N]; 2],
    twiddles: &Twiddles<S>,
    sums: [&mut [S]; N],
) {
    let twiddles = splat(form, twiddles);
    let (re, im, sums) = (groups(re), groups(im), groups_mut(sums));
    let count = re[0].len();
    for n in 0..N {
        assert!(re[n].len() == count && im[n].len() == count && sums[n].len() == count);
    }
    for group in 0..count {
        for start in (0..GROUP).step_by(F::Wide::<S>::LEN) {
            let range = start..start + F::Wide::<S>::LEN;
            let mut x = [[F::Wide::<S>::splat(form, S::ZERO); 2]; N];
            for n in 0..N {
                x[n] = [
                    F::Wide::<S>::load(form, &re[n][group][range.clone()]),
                    F::Wide::<S>::load(form, &im[n][group][range.clone()]),
                ];
            }
            inverse_step::<F, F::Wide<S>, _>(&mut x, twiddles);
            for n in 0..N {
                let sum = &mut sums[n][group][range.clone()];
                (F::Wide::<S>::load(form, sum) + x[n][1]).store(sum);
            }
        }
    }
}
