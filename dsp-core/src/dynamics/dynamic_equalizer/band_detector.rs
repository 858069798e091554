//! How loud one frequency is: a filter, and its output turned by a quarter of a period.
//!
//! ```text
//! s1' = a11 s1 + (a12 s2 + b1 x)        the filter, as in `kernels::crossover`
//! s2' = a21 s1 + (a22 s2 + b2 x)
//! u = c0 x + (c1 (s1 + s1') + c2 (s2 + s2'))
//! t' = pole t + gain u                  a first-order all pass of the same frequency
//! w = (t + t') - u
//! square = u u + share w w
//! ```
//!
//! At the all pass's frequency w lags u by exactly a quarter of a period, so that the square of a steady tone is its
//! squared amplitude in every frame, whatever its phase. Where a quarter of a period means nothing, the share is 0 and the
//! square is that of the sample.
//!
//! The halves of a vector are two filters over the same two channels. Every multiply-add is fused, in this order, in the
//! scalar twin too.

use crate::primitives::lanes::{Half, Lanes};

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
pub(crate) type State = [Half; 3];

/// Raises `squares` of two filters to those of two channels, `x`.
#[inline(always)]
pub(crate) fn detect<L: Lanes>(
    lanes: L,
    [lower, upper]: [&Filter; 2],
    x: &[Half],
    [lower_state, upper_state]: [&mut State; 2],
    [lower_squares, upper_squares]: [&mut [f64]; 2],
) {
    let v = Coeffs::new(lanes, lower, upper);
    let mut s1 = lanes.join(&lower_state[0], &upper_state[0]);
    let mut s2 = lanes.join(&lower_state[1], &upper_state[1]);
    let mut t = lanes.join(&lower_state[2], &upper_state[2]);
    for ((x, lower), upper) in x.iter().zip(lower_squares).zip(upper_squares) {
        let x = lanes.join(x, x);
        let n1 = lanes.fma(v.a[0], s1, lanes.fma(v.a[1], s2, lanes.mul(v.b[0], x)));
        let n2 = lanes.fma(v.a[2], s1, lanes.fma(v.a[3], s2, lanes.mul(v.b[1], x)));
        let inner = lanes.fma(v.c[1], lanes.add(s1, n1), lanes.mul(v.c[2], lanes.add(s2, n2)));
        let u = lanes.fma(v.c[0], x, inner);
        let next = lanes.fma(v.pole, t, lanes.mul(v.gain, u));
        let w = lanes.sub(lanes.add(t, next), u);
        (s1, s2, t) = (n1, n2, next);
        let square = lanes.fma(lanes.mul(v.share, w), w, lanes.mul(u, u));
        let ([a, b], [c, d]) = (lanes.lower(square), lanes.upper(square));
        *lower = larger(*lower, larger(a, b));
        *upper = larger(*upper, larger(c, d));
    }
    *lower_state = [lanes.lower(s1), lanes.lower(s2), lanes.lower(t)];
    *upper_state = [lanes.upper(s1), lanes.upper(s2), lanes.upper(t)];
}

/// The coefficients of two filters in registers.
#[derive(Clone, Copy)]
struct Coeffs<L: Lanes> {
    a: [L::V; 4],
    b: [L::V; 2],
    c: [L::V; 3],
    pole: L::V,
    gain: L::V,
    share: L::V,
}

impl<L: Lanes> Coeffs<L> {
    #[inline(always)]
    fn new(lanes: L, p: &Filter, q: &Filter) -> Self {
        Self {
            a: [
                both(lanes, p.a[0][0], q.a[0][0]),
                both(lanes, p.a[0][1], q.a[0][1]),
                both(lanes, p.a[1][0], q.a[1][0]),
                both(lanes, p.a[1][1], q.a[1][1]),
            ],
            b: [both(lanes, p.b[0], q.b[0]), both(lanes, p.b[1], q.b[1])],
            c: [both(lanes, p.c[0], q.c[0]), both(lanes, p.c[1], q.c[1]), both(lanes, p.c[2], q.c[2])],
            pole: both(lanes, p.pole, q.pole),
            gain: both(lanes, p.gain, q.gain),
            share: both(lanes, p.share, q.share),
        }
    }
}

#[inline(always)]
fn both<L: Lanes>(lanes: L, lower: f64, upper: f64) -> L::V {
    lanes.join(&[lower; 2], &[upper; 2])
}

#[inline(always)]
fn larger(a: f64, b: f64) -> f64 {
    if a > b { a } else { b }
}
