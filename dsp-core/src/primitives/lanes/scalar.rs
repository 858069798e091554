//! The scalar form of kernels: the oracle of their tests.

use super::{COLUMNS, Columns, Form, Lanes, Pairs};
use crate::foundation::{
    math::{larger, magnitude, smaller},
    sample::Sample,
};
use core::ops::{Add, Div, Mul, Neg, Sub};

/// One number after the other; every multiply-add is rounded once, in software where the machine cannot.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scalar;

impl Form for Scalar {
    type Native<S: Sample> = S;
    type Wide<S: Sample> = S;
    type F64x2 = Array<2>;
    type F64x4 = Array<4>;
    type F64x8 = Array<8>;

    const SOFTWARE: bool = false;

    fn join(Array([a, b]): Array<2>, Array([c, d]): Array<2>) -> Array<4> {
        Array([a, b, c, d])
    }

    fn halves(Array([a, b, c, d]): Array<4>) -> [Array<2>; 2] {
        [Array([a, b]), Array([c, d])]
    }

    fn mul_add(self, a: f64, b: f64, c: f64) -> f64 {
        libm::fma(a, b, c)
    }

    fn larger(self, a: f64, b: f64) -> f64 {
        larger(a, b)
    }

    fn smaller(self, a: f64, b: f64) -> f64 {
        smaller(a, b)
    }

    fn widen<S: Sample>(self, samples: &[S]) -> [f64; 2] {
        [samples[0].to_f64(), samples[1].to_f64()]
    }

    fn narrow<S: Sample>(self, values: [f64; 2], samples: &mut [S]) {
        samples.iter_mut().zip(values).for_each(|(sample, value)| *sample = S::from_f64(value).audible());
    }

    fn interleave(left: f64, right: f64) -> [f64; 2] {
        [left, right]
    }

    fn deinterleave(first: f64, second: f64) -> [f64; 2] {
        [first, second]
    }
}

/// One lane.
impl<S: Sample> Lanes<Scalar> for S {
    type Element = S;
    const LEN: usize = 1;

    fn splat(_: Scalar, value: S) -> S {
        value
    }
    fn load(_: Scalar, values: &[S]) -> S {
        values[0]
    }
    fn store(self, values: &mut [S]) {
        values[0] = self;
    }
    fn mul_add(self, factor: S, addend: S) -> S {
        self.fused(factor, addend)
    }
    fn exact_mul_add(self, factor: S, addend: S) -> S {
        self * factor + addend
    }
    fn abs(self) -> S {
        magnitude(self)
    }
    fn max(self, other: S) -> S {
        larger(self, other)
    }
    fn zero_where(self, magnitude: S, limit: S) -> S {
        if magnitude < limit { S::ZERO } else { self }
    }
    fn zero_below(self, magnitude: S, limits: S) -> S {
        self.zero_where(magnitude, limits)
    }
    fn reduce_max(self) -> S {
        self
    }
    fn all_finite(self) -> bool {
        self.finite()
    }
    fn equals(self, other: S) -> bool {
        self == other
    }
}

impl<S: Sample> Columns<Scalar> for S {
    fn load_columns<R: AsRef<[S]>>(_: Scalar, rows: &[R], start: usize) -> [S; COLUMNS] {
        core::array::from_fn(|column| rows[0].as_ref()[start + column])
    }
    fn store_columns<R: AsMut<[S]>>(columns: [S; COLUMNS], rows: &mut [R], start: usize) {
        rows[0].as_mut()[start..start + COLUMNS].copy_from_slice(&columns);
    }
}

/// As many lanes as a recursion has, one by one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Array<const N: usize>([f64; N]);

impl<const N: usize> Add for Array<N> {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(core::array::from_fn(|lane| self.0[lane] + other.0[lane]))
    }
}

impl<const N: usize> Sub for Array<N> {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(core::array::from_fn(|lane| self.0[lane] - other.0[lane]))
    }
}

impl<const N: usize> Mul for Array<N> {
    type Output = Self;
    fn mul(self, other: Self) -> Self {
        Self(core::array::from_fn(|lane| self.0[lane] * other.0[lane]))
    }
}

impl<const N: usize> Div for Array<N> {
    type Output = Self;
    fn div(self, other: Self) -> Self {
        Self(core::array::from_fn(|lane| self.0[lane] / other.0[lane]))
    }
}

impl<const N: usize> Neg for Array<N> {
    type Output = Self;
    fn neg(self) -> Self {
        Self(self.0.map(|value| -value))
    }
}

impl<const N: usize> Lanes<Scalar> for Array<N> {
    type Element = f64;
    const LEN: usize = N;

    fn splat(_: Scalar, value: f64) -> Self {
        Self([value; N])
    }
    fn load(_: Scalar, values: &[f64]) -> Self {
        Self(core::array::from_fn(|lane| values[lane]))
    }
    fn store(self, values: &mut [f64]) {
        values[..N].copy_from_slice(&self.0);
    }
    fn mul_add(self, factor: Self, addend: Self) -> Self {
        Self(core::array::from_fn(|lane| libm::fma(self.0[lane], factor.0[lane], addend.0[lane])))
    }
    fn exact_mul_add(self, factor: Self, addend: Self) -> Self {
        self * factor + addend
    }
    fn abs(self) -> Self {
        Self(self.0.map(magnitude))
    }
    fn max(self, other: Self) -> Self {
        Self(core::array::from_fn(|lane| larger(self.0[lane], other.0[lane])))
    }
    fn zero_where(self, magnitude: Self, limit: f64) -> Self {
        Self(core::array::from_fn(|lane| if magnitude.0[lane] < limit { 0.0 } else { self.0[lane] }))
    }
    fn zero_below(self, magnitude: Self, limits: Self) -> Self {
        Self(core::array::from_fn(|lane| if magnitude.0[lane] < limits.0[lane] { 0.0 } else { self.0[lane] }))
    }
    fn reduce_max(self) -> f64 {
        self.0.into_iter().fold(self.0[0], larger)
    }
    fn all_finite(self) -> bool {
        self.0.into_iter().all(f64::is_finite)
    }
    fn equals(self, other: Self) -> bool {
        self.0 == other.0
    }
}

impl<const N: usize> Pairs<Scalar> for Array<N> {
    const PAIRS: usize = N / 2;

    fn load_pairs(_: Scalar, values: &[[f64; 2]], spacing: usize) -> Self {
        Self(core::array::from_fn(|lane| values[lane / 2 * spacing][lane % 2]))
    }
    fn store_pairs(self, values: &mut [[f64; 2]], spacing: usize) {
        self.0.into_iter().enumerate().for_each(|(lane, value)| values[lane / 2 * spacing][lane % 2] = value);
    }
}
