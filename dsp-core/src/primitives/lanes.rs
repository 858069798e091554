//! Vector lanes: the one SIMD abstraction. A kernel is one generic function over a [`Form`]; its scalar form, which the
//! tests alone compile, has the bits of its vector forms wherever multiply-adds are rounded once.
//!
//! ```text
//! F::Native<S>    samples in as many lanes as the machine has: loops whose lanes are frames or bins
//! F::Wide<S>      samples in 256 bits at every level, which also transpose: lanes are rows of a matrix
//! F::F64x2        two channels of a recursion
//! F::F64x4        two channels of two sections of it, or four channels
//! F::F64x8        two channels of four sections
//! ```
//!
//! The operations are `+`, `-`, `*`, `/` and those of [`Lanes`]. No closure may hold them: it would lose the target's
//! features.

use crate::foundation::{
    math::{larger, magnitude},
    sample::{Sample, Vectors},
};
use core::ops::{Add, Div, Mul, Neg, Sub};
use fearless_simd::{
    Select, Simd, SimdBase, SimdCombine, SimdFloat, SimdFloatElement, SimdMask, SimdSplit, f64x2, f64x4, f64x8,
};

/// The form in which a kernel runs: [`Vector`] at some level, or in tests `Scalar`.
pub(crate) trait Form: Copy {
    type Native<S: Sample>: Lanes<Self, Element = S>;
    type Wide<S: Sample>: Columns<Self, Element = S>;
    type F64x2: Lanes<Self, Element = f64>;
    type F64x4: Pairs<Self>;
    type F64x8: Pairs<Self>;

    /// Whether multiply-adds are rounded once in software, so that no second copy of a loop is worth its size.
    const SOFTWARE: bool;

    fn join(lower: Self::F64x2, upper: Self::F64x2) -> Self::F64x4;
    /// The lower and the upper half.
    fn halves(value: Self::F64x4) -> [Self::F64x2; 2];

    #[inline(always)]
    fn load_halves(self, lower: &[f64; 2], upper: &[f64; 2]) -> Self::F64x4 {
        Self::join(Self::F64x2::load(self, lower), Self::F64x2::load(self, upper))
    }

    #[inline(always)]
    fn store_halves(value: Self::F64x4, lower: &mut [f64; 2], upper: &mut [f64; 2]) {
        let [from_lower, from_upper] = Self::halves(value);
        from_lower.store(lower);
        from_upper.store(upper);
    }

    #[inline(always)]
    fn splat_halves(self, lower: f64, upper: f64) -> Self::F64x4 {
        Self::join(Self::F64x2::splat(self, lower), Self::F64x2::splat(self, upper))
    }

    /// `a * b + c` of a recursion that has but one lane.
    fn mul_add(self, a: f64, b: f64, c: f64) -> f64;
    /// The larger of two numbers of such a recursion. The compiler may turn a comparison of scalars into a branch, which
    /// music makes it mispredict; not this.
    fn larger(self, a: f64, b: f64) -> f64;
    /// The smaller, as [`larger`](Self::larger).
    fn smaller(self, a: f64, b: f64) -> f64;

    /// Samples as f64, exactly: the first of them, as many as two vectors have lanes.
    fn widen<S: Sample>(self, samples: &[S]) -> [Self::Native<f64>; 2];
    /// Back into as many samples, each rounded once; faint ones become 0. None may be too large for the format.
    fn narrow<S: Sample>(self, values: [Self::Native<f64>; 2], samples: &mut [S]);

    /// Alternately from the left and the right: the first and the second half.
    fn interleave(left: Self::Native<f64>, right: Self::Native<f64>) -> [Self::Native<f64>; 2];
    /// Back: left and right.
    fn deinterleave(first: Self::Native<f64>, second: Self::Native<f64>) -> [Self::Native<f64>; 2];

    /// The same sample in all lanes.
    #[inline(always)]
    fn splat<S: Sample>(self, sample: S) -> Self::Native<S> {
        Self::Native::<S>::splat(self, sample)
    }

    /// The first of `samples`, as many as there are lanes.
    #[inline(always)]
    fn load<S: Sample>(self, samples: &[S]) -> Self::Native<S> {
        Self::Native::<S>::load(self, samples)
    }
}

/// Some numbers of one format side by side.
pub(crate) trait Lanes<F: Form>:
    Copy + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> + Div<Output = Self> + Neg<Output = Self>
{
    type Element: Copy;
    const LEN: usize;

    fn splat(form: F, value: Self::Element) -> Self;
    /// The first [`LEN`](Self::LEN) of `values`.
    fn load(form: F, values: &[Self::Element]) -> Self;
    /// Into the first [`LEN`](Self::LEN) of `values`.
    fn store(self, values: &mut [Self::Element]);
    /// `self * factor + addend`, rounded once where the machine can.
    fn mul_add(self, factor: Self, addend: Self) -> Self;
    /// The same where the product is exact, so that it needs no care.
    fn exact_mul_add(self, factor: Self, addend: Self) -> Self;
    fn abs(self) -> Self;
    /// The larger of both, lane by lane; neither may be NaN.
    fn max(self, other: Self) -> Self;
    /// 0 where `magnitude`, of these or other lanes, is less than `limit`.
    fn zero_where(self, magnitude: Self, limit: Self::Element) -> Self;
    /// 0 where `magnitude` is less than the limit of its lane.
    fn zero_below(self, magnitude: Self, limits: Self) -> Self;
    /// The largest lane.
    fn reduce_max(self) -> Self::Element;
    /// Whether no lane is an infinity or NaN.
    fn all_finite(self) -> bool;
    /// Whether each lane equals that of the other.
    fn equals(self, other: Self) -> bool;
}

/// Lanes in pairs that lie apart in memory: two channels at each stage of a recursion.
pub(crate) trait Pairs<F: Form>: Lanes<F, Element = f64> {
    const PAIRS: usize;

    /// Pair n from `values[n * spacing]`.
    fn load_pairs(form: F, values: &[[f64; 2]], spacing: usize) -> Self;
    /// Pair n into `values[n * spacing]`.
    fn store_pairs(self, values: &mut [[f64; 2]], spacing: usize);
}

/// Columns of one [`Columns`] transposition.
pub(crate) const COLUMNS: usize = 8;

/// Lanes that hold columns of matrices which lie in memory row by row.
pub(crate) trait Columns<F: Form>: Lanes<F> {
    /// Columns `start..start + COLUMNS` of the first [`LEN`](Lanes::LEN) of `rows`; lane n is row n.
    fn load_columns<R: AsRef<[Self::Element]>>(form: F, rows: &[R], start: usize) -> [Self; COLUMNS];
    /// And back.
    fn store_columns<R: AsMut<[Self::Element]>>(columns: [Self; COLUMNS], rows: &mut [R], start: usize);
}

/// The vector form at the level of `D`. A multiply-add of the `EXACT` one is rounded once even where the level has no
/// such instruction, by error-free transformations.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Vector<D, const EXACT: bool = false>(pub(crate) D);

impl<D: Simd, const EXACT: bool> Form for Vector<D, EXACT> {
    type Native<S: Sample> = <S as SimdFloatElement>::Native<D>;
    type Wide<S: Sample> = <S as Vectors>::Wide<D>;
    type F64x2 = f64x2<D>;
    type F64x4 = f64x4<D>;
    type F64x8 = f64x8<D>;

    const SOFTWARE: bool = EXACT;

    #[inline(always)]
    fn join(lower: f64x2<D>, upper: f64x2<D>) -> f64x4<D> {
        lower.combine(upper)
    }

    #[inline(always)]
    fn halves(value: f64x4<D>) -> [f64x2<D>; 2] {
        let (lower, upper) = value.split();
        [lower, upper]
    }

    #[inline(always)]
    fn mul_add(self, a: f64, b: f64, c: f64) -> f64 {
        let [a, b, c] =
            [<f64x2<D> as SimdBase<D>>::splat(self.0, a), SimdBase::splat(self.0, b), SimdBase::splat(self.0, c)];
        <f64x2<D> as Lanes<Self>>::mul_add(a, b, c)[0]
    }

    #[inline(always)]
    fn larger(self, a: f64, b: f64) -> f64 {
        let [a, b] = [<f64x2<D> as SimdBase<D>>::splat(self.0, a), SimdBase::splat(self.0, b)];
        <f64x2<D> as SimdBase<D>>::max(a, b)[0]
    }

    #[inline(always)]
    fn smaller(self, a: f64, b: f64) -> f64 {
        let [a, b] = [<f64x2<D> as SimdBase<D>>::splat(self.0, a), SimdBase::splat(self.0, b)];
        <f64x2<D> as SimdBase<D>>::min(a, b)[0]
    }

    #[inline(always)]
    fn widen<S: Sample>(self, samples: &[S]) -> [Self::Native<f64>; 2] {
        S::widen(self.0, samples)
    }

    #[inline(always)]
    fn narrow<S: Sample>(self, values: [Self::Native<f64>; 2], samples: &mut [S]) {
        S::narrow(self.0, values, samples);
    }

    #[inline(always)]
    fn interleave(left: Self::Native<f64>, right: Self::Native<f64>) -> [Self::Native<f64>; 2] {
        let (first, second) = SimdBase::interleave(left, right);
        [first, second]
    }

    #[inline(always)]
    fn deinterleave(first: Self::Native<f64>, second: Self::Native<f64>) -> [Self::Native<f64>; 2] {
        let (left, right) = SimdBase::deinterleave(first, second);
        [left, right]
    }
}

impl<D: Simd, V: SimdFloat<D>, const EXACT: bool> Lanes<Vector<D, EXACT>> for V {
    type Element = <V as SimdBase<D>>::Element;
    const LEN: usize = <V as SimdBase<D>>::LEN;

    #[inline(always)]
    fn splat(form: Vector<D, EXACT>, value: Self::Element) -> Self {
        <V as SimdBase<D>>::splat(form.0, value)
    }

    #[inline(always)]
    fn load(form: Vector<D, EXACT>, values: &[Self::Element]) -> Self {
        V::from_slice(form.0, &values[..Self::LEN])
    }

    #[inline(always)]
    fn store(self, values: &mut [Self::Element]) {
        self.store_slice(&mut values[..Self::LEN]);
    }

    #[inline(always)]
    fn mul_add(self, factor: Self, addend: Self) -> Self {
        if EXACT { exact_mul_add(self, factor, addend) } else { <V as SimdFloat<D>>::mul_add(self, factor, addend) }
    }

    #[inline(always)]
    fn exact_mul_add(self, factor: Self, addend: Self) -> Self {
        if EXACT { self * factor + addend } else { <V as SimdFloat<D>>::mul_add(self, factor, addend) }
    }

    #[inline(always)]
    fn abs(self) -> Self {
        <V as SimdBase<D>>::abs(self)
    }

    #[inline(always)]
    fn max(self, other: Self) -> Self {
        <V as SimdBase<D>>::max(self, other)
    }

    #[inline(always)]
    fn zero_where(self, magnitude: Self, limit: Self::Element) -> Self {
        let zero = <V as SimdBase<D>>::splat(self.token(), Self::Element::default());
        magnitude.simd_lt(limit).select(zero, self)
    }

    #[inline(always)]
    fn zero_below(self, magnitude: Self, limits: Self) -> Self {
        let zero = <V as SimdBase<D>>::splat(self.token(), Self::Element::default());
        magnitude.simd_lt(limits).select(zero, self)
    }

    #[inline(always)]
    fn reduce_max(self) -> Self::Element {
        <V as SimdBase<D>>::reduce_max(self)
    }

    #[inline(always)]
    fn all_finite(self) -> bool {
        let zero = <V as SimdBase<D>>::splat(self.token(), Self::Element::default());
        (self * zero).simd_eq(zero).all_true()
    }

    #[inline(always)]
    fn equals(self, other: Self) -> bool {
        self.simd_eq(other).all_true()
    }
}

impl<D: Simd, const EXACT: bool> Pairs<Vector<D, EXACT>> for f64x4<D> {
    const PAIRS: usize = 2;

    #[inline(always)]
    fn load_pairs(form: Vector<D, EXACT>, values: &[[f64; 2]], spacing: usize) -> Self {
        f64x2::from_slice(form.0, &values[0]).combine(f64x2::from_slice(form.0, &values[spacing]))
    }

    #[inline(always)]
    fn store_pairs(self, values: &mut [[f64; 2]], spacing: usize) {
        let (lower, upper) = self.split();
        lower.store_slice(&mut values[0]);
        upper.store_slice(&mut values[spacing]);
    }
}

impl<D: Simd, const EXACT: bool> Pairs<Vector<D, EXACT>> for f64x8<D> {
    const PAIRS: usize = 4;

    #[inline(always)]
    fn load_pairs(form: Vector<D, EXACT>, values: &[[f64; 2]], spacing: usize) -> Self {
        let lower = <f64x4<D> as Pairs<Vector<D, EXACT>>>::load_pairs(form, values, spacing);
        let upper = <f64x4<D> as Pairs<Vector<D, EXACT>>>::load_pairs(form, &values[2 * spacing..], spacing);
        lower.combine(upper)
    }

    #[inline(always)]
    fn store_pairs(self, values: &mut [[f64; 2]], spacing: usize) {
        let (lower, upper) = self.split();
        Pairs::<Vector<D, EXACT>>::store_pairs(lower, values, spacing);
        Pairs::<Vector<D, EXACT>>::store_pairs(upper, &mut values[2 * spacing..], spacing);
    }
}

/// Out of line: dozens of instructions, which would multiply what every kernel takes to compile.
#[inline(never)]
fn exact_mul_add<D: Simd, V: SimdFloat<D>>(value: V, factor: V, addend: V) -> V {
    value.mul_add_precise(factor, addend)
}

impl<D: Simd, V: SimdFloat<D> + SimdSplit<D>, const EXACT: bool> Columns<Vector<D, EXACT>> for V {
    #[inline(always)]
    fn load_columns<R: AsRef<[Self::Element]>>(form: Vector<D, EXACT>, rows: &[R], start: usize) -> [Self; COLUMNS] {
        let half = V::Split::LEN;
        let mut columns = [<V as SimdBase<D>>::splat(form.0, Self::Element::default()); COLUMNS];
        for (part, columns) in columns.chunks_exact_mut(half).enumerate() {
            let range = start + part * half..start + (part + 1) * half;
            for (n, column) in columns.iter_mut().enumerate() {
                let lower = V::Split::from_slice(form.0, &rows[n].as_ref()[range.clone()]);
                *column = lower.combine(V::Split::from_slice(form.0, &rows[half + n].as_ref()[range.clone()]));
            }
            transpose_halves(columns);
        }
        columns
    }

    #[inline(always)]
    fn store_columns<R: AsMut<[Self::Element]>>(mut columns: [Self; COLUMNS], rows: &mut [R], start: usize) {
        let half = V::Split::LEN;
        for (pair, columns) in columns.chunks_exact_mut(2 * half).enumerate() {
            let range = start + pair * 2 * half..start + (pair + 1) * 2 * half;
            let (early, late) = columns.split_at_mut(half);
            transpose_halves(early);
            transpose_halves(late);
            // In whole vectors: what is loaded wide soon after was stored so.
            for n in 0..half {
                let ((lower, upper), (late_lower, late_upper)) = (early[n].split(), late[n].split());
                lower.combine(late_lower).store_slice(&mut rows[n].as_mut()[range.clone()]);
                upper.combine(late_upper).store_slice(&mut rows[half + n].as_mut()[range.clone()]);
            }
        }
    }
}

/// The largest magnitude of samples.
#[inline(always)]
pub(crate) fn largest_magnitude<F: Form, S: Sample>(form: F, samples: &[S]) -> S {
    let lanes = F::Native::<S>::LEN;
    if samples.len() < lanes {
        return samples.iter().fold(S::ZERO, |largest, sample| larger(largest, magnitude(*sample)));
    }
    let mut largest = form.splat(S::ZERO);
    // The last vector overlaps the one before: a sample may be looked at twice.
    let rest = &samples[samples.len() - lanes..];
    for vector in samples.chunks_exact(lanes).chain([rest]) {
        largest = largest.max(form.load(vector).abs());
    }
    largest.reduce_max()
}

/// Transposes, within the lower and within the upper halves of as many vectors as a half has lanes.
#[inline(always)]
fn transpose_halves<D: Simd, V: SimdFloat<D> + SimdSplit<D>>(values: &mut [V]) {
    let half = V::Split::LEN;
    let mut rounds = half;
    while rounds > 1 {
        let mut before = [values[0]; COLUMNS];
        before[..half].copy_from_slice(&values[..half]);
        for n in 0..half / 2 {
            let ((a, c), (b, d)) = (before[n].split(), before[n + half / 2].split());
            values[2 * n] = a.zip_low(b).combine(c.zip_low(d));
            values[2 * n + 1] = a.zip_high(b).combine(c.zip_high(d));
        }
        rounds /= 2;
    }
}

#[cfg(test)]
mod scalar;
#[cfg(test)]
pub(crate) use scalar::Scalar;
#[cfg(test)]
mod tests;
