//! Envelope of one frequency: a band-pass filter and its quadrature.
//!
//! ```text
//! s1' = a11 s1 + (a12 s2 + b1 x)        the filter, as in the crossover
//! s2' = a21 s1 + (a22 s2 + b2 x)
//! u = c0 x + (c1 (s1 + s1') + c2 (s2 + s2'))
//! t' = pole t + gain u                  a first-order all pass of the same frequency
//! w = (t + t') - u
//! square = u u + share w w
//! ```
//!
//! At the all pass's frequency w lags u by exactly a quarter of a period, so that the square of a steady tone is its
//! squared amplitude in every frame, whatever its phase. Where a quarter of a period means nothing, the share is 0 and
//! the square is that of the sample.
//!
//! The halves of a vector are two filters over the same two channels. Every multiply-add is fused, in this order, in
//! the scalar form too.

use crate::{
    foundation::math::larger,
    primitives::lanes::{Form, Lanes},
};

/// One filter's coefficients.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Filter {
    pub(crate) a: [[f64; 2]; 2],
    pub(crate) b: [f64; 2],
    pub(crate) c: [f64; 3],
    pub(crate) pole: f64,
    pub(crate) gain: f64,
    pub(crate) share: f64,
}

/// State of a filter over two channels: s1, s2, t.
pub(crate) type State = [[f64; 2]; 3];

/// Raises `squares` of two filters to those of two channels, `x`.
#[inline(always)]
pub(crate) fn detect<F: Form>(
    form: F,
    [lower, upper]: [&Filter; 2],
    x: &[[f64; 2]],
    [lower_state, upper_state]: [&mut State; 2],
    [lower_squares, upper_squares]: [&mut [f64]; 2],
) {
    let v = Coeffs::new(form, lower, upper);
    let mut s1 = form.load_halves(&lower_state[0], &upper_state[0]);
    let mut s2 = form.load_halves(&lower_state[1], &upper_state[1]);
    let mut t = form.load_halves(&lower_state[2], &upper_state[2]);
    for ((x, lower), upper) in x.iter().zip(lower_squares).zip(upper_squares) {
        let x = form.load_halves(x, x);
        let n1 = v.a[0].mul_add(s1, v.a[1].mul_add(s2, v.b[0] * x));
        let n2 = v.a[2].mul_add(s1, v.a[3].mul_add(s2, v.b[1] * x));
        let u = v.c[0].mul_add(x, v.c[1].mul_add(s1 + n1, v.c[2] * (s2 + n2)));
        let next = v.pole.mul_add(t, v.gain * u);
        let w = t + next - u;
        (s1, s2, t) = (n1, n2, next);
        let square = (v.share * w).mul_add(w, u * u);
        let [of_lower, of_upper] = F::halves(square);
        *lower = larger(*lower, of_lower.reduce_max());
        *upper = larger(*upper, of_upper.reduce_max());
    }
    F::store_halves(s1, &mut lower_state[0], &mut upper_state[0]);
    F::store_halves(s2, &mut lower_state[1], &mut upper_state[1]);
    F::store_halves(t, &mut lower_state[2], &mut upper_state[2]);
}

/// The coefficients of two filters in registers.
#[derive(Clone, Copy)]
struct Coeffs<F: Form> {
    a: [F::F64x4; 4],
    b: [F::F64x4; 2],
    c: [F::F64x4; 3],
    pole: F::F64x4,
    gain: F::F64x4,
    share: F::F64x4,
}

impl<F: Form> Coeffs<F> {
    #[inline(always)]
    fn new(form: F, p: &Filter, q: &Filter) -> Self {
        Self {
            a: [
                form.splat_halves(p.a[0][0], q.a[0][0]),
                form.splat_halves(p.a[0][1], q.a[0][1]),
                form.splat_halves(p.a[1][0], q.a[1][0]),
                form.splat_halves(p.a[1][1], q.a[1][1]),
            ],
            b: [form.splat_halves(p.b[0], q.b[0]), form.splat_halves(p.b[1], q.b[1])],
            c: [
                form.splat_halves(p.c[0], q.c[0]),
                form.splat_halves(p.c[1], q.c[1]),
                form.splat_halves(p.c[2], q.c[2]),
            ],
            pole: form.splat_halves(p.pole, q.pole),
            gain: form.splat_halves(p.gain, q.gain),
            share: form.splat_halves(p.share, q.share),
        }
    }
}
