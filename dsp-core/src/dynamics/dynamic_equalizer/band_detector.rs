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
//! At the all pass's frequency w lags u by exactly a quarter period, so that the square of a steady tone is its squared
//! amplitude in every frame, whatever its phase. For filters without a centre frequency the share is 0 and the square
//! is that of the sample.
//!
//! The halves of a vector are two filters over the same two channels. Every multiply-add is fused, in this order, in
//! the scalar form too.

use crate::{
    foundation::{
        math::{Pow2, larger},
        silence::flushed,
    },
    primitives::{
        lanes::{Form, Lanes},
        ramp::Curve,
    },
};

/// Filter coefficients that glide.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct BandFilterCoeffs {
    pub(super) log2_g: f64,
    pub(super) log2_k: f64,
    /// The mix of input, band pass and low pass.
    pub(super) m0: f64,
    pub(super) m1: f64,
    pub(super) m2: f64,
    /// Share of the quadrature: 0 or 1.
    pub(super) share: f64,
}

/// Number of gliding values of a filter.
pub(super) const GLIDES: usize = 6;

impl BandFilterCoeffs {
    /// The values that glide.
    pub(super) fn glide(&self) -> [f64; GLIDES] {
        [self.log2_g, self.log2_k, self.m0, self.m1, self.m2, self.share]
    }

    /// The coefficients at frame `index` of a glide's span.
    pub(super) fn at(curves: &[Curve<f64>; GLIDES], index: i32) -> Self {
        let [log2_g, log2_k, m0, m1, m2, share] = curves;
        Self {
            log2_g: log2_g.at(index),
            log2_k: log2_k.at(index),
            m0: m0.at(index),
            m1: m1.at(index),
            m2: m2.at(index),
            share: share.at(index),
        }
    }

    /// The coefficients of the recursion.
    pub(super) fn filter(&self) -> BandFilter {
        let (g, k) = (self.log2_g.exp2_fast(), self.log2_k.exp2_fast());
        let a1 = 1.0 / (1.0 + g * (g + k));
        let a2 = g * a1;
        let a3 = g * a2;
        let turn = g / (1.0 + g);
        BandFilter {
            a11: 2.0 * a1 - 1.0,
            a12: -2.0 * a2,
            a21: 2.0 * a2,
            a22: 1.0 - 2.0 * a3,
            b1: 2.0 * a2,
            b2: 2.0 * a3,
            c0: self.m0,
            c1: 0.5 * self.m1,
            c2: 0.5 * self.m2,
            pole: 1.0 - 2.0 * turn,
            gain: 2.0 * turn,
            share: self.share,
        }
    }
}

/// One filter's coefficients, in the letters of the equations.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct BandFilter {
    a11: f64,
    a12: f64,
    a21: f64,
    a22: f64,
    b1: f64,
    b2: f64,
    c0: f64,
    c1: f64,
    c2: f64,
    pole: f64,
    gain: f64,
    share: f64,
}

impl BandFilter {
    /// Zero output.
    pub(super) const NONE: Self = Self {
        a11: 0.0,
        a12: 0.0,
        a21: 0.0,
        a22: 0.0,
        b1: 0.0,
        b2: 0.0,
        c0: 0.0,
        c1: 0.0,
        c2: 0.0,
        pole: 0.0,
        gain: 0.0,
        share: 0.0,
    };
}

/// State of a filter over two channels.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct State {
    s1: [f64; 2],
    s2: [f64; 2],
    t: [f64; 2],
}

impl State {
    /// On the grid: a decayed state becomes 0.
    pub(super) fn flush(&mut self) {
        let Self { s1, s2, t } = self;
        for state in [s1, s2, t] {
            *state = state.map(flushed);
        }
    }
}

/// Raises `squares` of two filters to those of two channels, `x`.
#[inline(always)]
pub(super) fn detect<F: Form>(
    form: F,
    [lower, upper]: [&BandFilter; 2],
    x: &[[f64; 2]],
    [lower_state, upper_state]: [&mut State; 2],
    [lower_squares, upper_squares]: [&mut [f64]; 2],
) {
    let v = Registers::new(form, lower, upper);
    let mut s1 = form.load_halves(&lower_state.s1, &upper_state.s1);
    let mut s2 = form.load_halves(&lower_state.s2, &upper_state.s2);
    let mut t = form.load_halves(&lower_state.t, &upper_state.t);
    for ((x, lower), upper) in x.iter().zip(lower_squares).zip(upper_squares) {
        let x = form.load_halves(x, x);
        let n1 = v.a11.mul_add(s1, v.a12.mul_add(s2, v.b1 * x));
        let n2 = v.a21.mul_add(s1, v.a22.mul_add(s2, v.b2 * x));
        let u = v.c0.mul_add(x, v.c1.mul_add(s1 + n1, v.c2 * (s2 + n2)));
        let next = v.pole.mul_add(t, v.gain * u);
        let w = t + next - u;
        (s1, s2, t) = (n1, n2, next);
        let square = (v.share * w).mul_add(w, u * u);
        let [of_lower, of_upper] = F::halves(square);
        *lower = larger(*lower, of_lower.reduce_max());
        *upper = larger(*upper, of_upper.reduce_max());
    }
    F::store_halves(s1, &mut lower_state.s1, &mut upper_state.s1);
    F::store_halves(s2, &mut lower_state.s2, &mut upper_state.s2);
    F::store_halves(t, &mut lower_state.t, &mut upper_state.t);
}

/// The coefficients of two filters in registers.
#[derive(Clone, Copy)]
struct Registers<F: Form> {
    a11: F::F64x4,
    a12: F::F64x4,
    a21: F::F64x4,
    a22: F::F64x4,
    b1: F::F64x4,
    b2: F::F64x4,
    c0: F::F64x4,
    c1: F::F64x4,
    c2: F::F64x4,
    pole: F::F64x4,
    gain: F::F64x4,
    share: F::F64x4,
}

impl<F: Form> Registers<F> {
    #[inline(always)]
    fn new(form: F, p: &BandFilter, q: &BandFilter) -> Self {
        Self {
            a11: form.splat_halves(p.a11, q.a11),
            a12: form.splat_halves(p.a12, q.a12),
            a21: form.splat_halves(p.a21, q.a21),
            a22: form.splat_halves(p.a22, q.a22),
            b1: form.splat_halves(p.b1, q.b1),
            b2: form.splat_halves(p.b2, q.b2),
            c0: form.splat_halves(p.c0, q.c0),
            c1: form.splat_halves(p.c1, q.c1),
            c2: form.splat_halves(p.c2, q.c2),
            pole: form.splat_halves(p.pole, q.pole),
            gain: form.splat_halves(p.gain, q.gain),
            share: form.splat_halves(p.share, q.share),
        }
    }
}
