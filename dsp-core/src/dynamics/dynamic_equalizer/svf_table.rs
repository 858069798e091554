//! SVF coefficient table: the coefficients of a band at each gain reduction, interpolated in every frame.
//!
//! Element-wise and free of fused operations, so that the compiler vectorises the plain loops for every level and all
//! of them give the same bits.

use crate::{
    filters::svf::{SvfCoeffs, SvfPoint},
    foundation::{grid::GRID_FRAMES, math::Pow2},
    primitives::{
        backend::{Backend, run},
        ramp::Curve,
    },
};
use core::ops::Range;

/// An entry of a table: the coefficients at one reduction, in the form that is interpolated. The centre gain of a bell,
/// 1 + m1/k, is thus interpolated itself instead of being the difference of two large numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Entry {
    pub(crate) log2_g: f64,
    pub(crate) log2_k: f64,
    pub(crate) m0: f64,
    /// m1/k.
    pub(crate) n1: f64,
    pub(crate) m2: f64,
}

impl Entry {
    /// The values in the order of a table.
    pub(crate) fn values(&self) -> [f64; WIDTH] {
        [self.log2_g, self.log2_k, self.m0, self.n1, self.m2]
    }

    /// The inverse of [`values`](Self::values).
    pub(crate) fn from_values([log2_g, log2_k, m0, n1, m2]: [f64; WIDTH]) -> Self {
        Self { log2_g, log2_k, m0, n1, m2 }
    }

    /// The same poles with the identity as response.
    pub(crate) fn faded(&self) -> Self {
        Self { m0: 1.0, n1: 0.0, m2: 0.0, ..*self }
    }
}

/// Values of one entry.
pub(crate) const WIDTH: usize = 5;

/// A table: the [values](Entry::values) of one reduction after the other, at equal steps.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Table<'a> {
    /// At rest.
    Still(&'a [f64]),
    /// Gliding, with the curve of each value.
    Moving(&'a [Curve<f64>]),
}

/// The points of up to [`GRID_FRAMES`] frames; `per_octave` entries of the table are an octave of reduction.
pub(crate) fn points(backend: Backend, table: Table<'_>, per_octave: f64, reductions: &[f64], points: &mut [SvfPoint]) {
    run!(backend, _ => points_all(table, per_octave, reductions, points));
}

#[inline(always)]
fn points_all(table: Table<'_>, per_octave: f64, reductions: &[f64], points: &mut [SvfPoint]) {
    let count = reductions.len().min(GRID_FRAMES);
    let last = match table {
        Table::Still(entries) => entries.len(),
        Table::Moving(curves) => curves.len(),
    } / WIDTH
        - 2;
    let (mut cells, mut weights) = ([0; GRID_FRAMES], [[0.0; GRID_FRAMES]; NEAR]);
    place(per_octave, &reductions[..count], last as i32, &mut cells, &mut weights);
    let mut values = [[0.0; GRID_FRAMES]; WIDTH];
    let mut start = 0;
    while start < count {
        // A reduction stays between the same entries for many frames.
        let cell = cells[start];
        let end = start + cells[start..count].iter().take_while(|other| **other == cell).count();
        let first = WIDTH * extend(cell as usize, last, &mut weights, start..end);
        let [w0, w1, w2, w3] = weights.each_ref().map(|weights| &weights[start..end]);
        for (n, values) in values.iter_mut().enumerate() {
            let values = &mut values[start..end];
            match table {
                Table::Still(entries) => {
                    let [a, b, c, d] = [0, 1, 2, 3].map(|entry| entries[first + entry * WIDTH + n]);
                    for (frame, value) in values.iter_mut().enumerate() {
                        *value = w0[frame] * a + w1[frame] * b + (w2[frame] * c + w3[frame] * d);
                    }
                }
                Table::Moving(curves) => {
                    let [a, b, c, d] = [0, 1, 2, 3].map(|entry| &curves[first + entry * WIDTH + n]);
                    for ((index, frame), value) in (start as i32..).zip(0..).zip(values) {
                        let [a, b, c, d] = [a.at(index), b.at(index), c.at(index), d.at(index)];
                        *value = w0[frame] * a + w1[frame] * b + (w2[frame] * c + w3[frame] * d);
                    }
                }
            }
        }
        start = end;
    }
    let [log_g, log_k, m0, n1, m2] = &values;
    for (frame, point) in points.iter_mut().enumerate().take(GRID_FRAMES) {
        let (g, k) = (log_g[frame].exp2_fast(), log_k[frame].exp2_fast());
        *point = SvfCoeffs { g, k, m0: m0[frame], m1: k * n1[frame], m2: m2[frame] }.point();
    }
}

/// Entries per interpolated value.
const NEAR: usize = 4;

/// The entry before each reduction, at most `last`, and the weights of the four around it: a cubic with a continuous
/// slope, because a corner at every entry would be audible.
#[inline(always)]
fn place(
    per_octave: f64,
    reductions: &[f64],
    last: i32,
    cells: &mut [i32; GRID_FRAMES],
    weights: &mut [[f64; GRID_FRAMES]; NEAR],
) {
    let [a, b, c, d] = weights;
    for (frame, reduction) in reductions.iter().enumerate().take(GRID_FRAMES) {
        let position = per_octave * reduction;
        let before = (position as i32).min(last);
        let t = position - f64::from(before);
        cells[frame] = before;
        [a[frame], b[frame]] = [0.5 * t * (t * (2.0 - t) - 1.0), 1.0 + 0.5 * t * t * (3.0 * t - 5.0)];
        [c[frame], d[frame]] = [0.5 * t * (1.0 + t * (4.0 - 3.0 * t)), 0.5 * t * t * (t - 1.0)];
    }
}

/// The first of the four entries around those after `before`. Beyond the ends the table is extended linearly: the
/// weights of some frames change.
#[inline(always)]
fn extend(before: usize, last: usize, weights: &mut [[f64; GRID_FRAMES]; NEAR], frames: Range<usize>) -> usize {
    if before == 0 {
        for frame in frames {
            let [a, b, c, d] = [0, 1, 2, 3].map(|entry| weights[entry][frame]);
            [weights[0][frame], weights[1][frame]] = [b + 2.0 * a, c - a];
            [weights[2][frame], weights[3][frame]] = [d, 0.0];
        }
        0
    } else if before == last {
        for frame in frames {
            let [a, b, c, d] = [0, 1, 2, 3].map(|entry| weights[entry][frame]);
            [weights[0][frame], weights[1][frame]] = [0.0, a];
            [weights[2][frame], weights[3][frame]] = [b - d, c + 2.0 * d];
        }
        last - 2
    } else {
        before - 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::foundation::stream::Cpu;

    #[test]
    fn lines_stay_straight_and_entries_are_met() {
        // log2 k of an entry is its index, so k doubles from one to the next.
        let table: std::vec::Vec<f64> = (0..8).flat_map(|n| [0.0, f64::from(n), 1.0, 0.0, 0.0]).collect();
        for cpu in [Cpu::Detected, Cpu::Baseline, Cpu::Software, Cpu::Scalar] {
            for step in 0..=70 {
                let reduction = 0.1 * f64::from(step);
                let mut point = [SvfPoint::IDENTITY];
                points(Backend::new(cpu), Table::Still(&table), 1.0, &[reduction], &mut point);
                let expected = SvfCoeffs { g: 1.0, k: libm::exp2(reduction), m0: 1.0, m1: 0.0, m2: 0.0 }.point();
                let (mut s, mut expected_s) = ([0.3, -0.2], [0.3, -0.2]);
                for _ in 0..3 {
                    let (a, b) = (point[0].tick(&mut s, 1.0), expected.tick(&mut expected_s, 1.0));
                    assert!((a - b).abs() < 1e-9 && (s[0] - expected_s[0]).abs() < 1e-9, "{reduction}");
                }
            }
        }
    }

    #[test]
    fn slopes_are_continuous() {
        let weigh = |position: f64| {
            const LAST: usize = 6;
            let (mut cells, mut weights) = ([0; GRID_FRAMES], [[0.0; GRID_FRAMES]; NEAR]);
            place(1.0, &[position], LAST as i32, &mut cells, &mut weights);
            let first = extend(cells[0] as usize, LAST, &mut weights, 0..1);
            // An entry is the square of its index.
            (0..NEAR).map(|n| weights[n][0] * ((first + n) as f64).powi(2)).sum::<f64>()
        };
        const STEP: f64 = 1e-4;
        for step in 1..69_999 {
            let at = f64::from(step) * STEP;
            let bend = weigh(at + STEP) - 2.0 * weigh(at) + weigh(at - STEP);
            // A corner would leave a whole step of slope, 1e-4.
            assert!(bend.abs() < 10.0 * STEP * STEP, "{at}: {bend}");
        }
    }
}
