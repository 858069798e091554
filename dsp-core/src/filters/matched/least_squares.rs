//! Small least squares on the stack: a fixed number of rows, one to four unknowns.
//!
//! # Source
//! A. Bjorck, "Numerical Methods for Least Squares Problems" (SIAM 1996), section 2.4: modified Gram-Schmidt with the
//! right-hand side as one more column is backward stable.

/// Room for all points of a fit, a multiple of the four interleaved sums of `dot`; unused rows are zero.
pub(super) const ROWS: usize = 76;

/// One number per row.
pub(super) type Column = [f64; ROWS];

/// The x with the least |A x - b|, by the modified Gram-Schmidt method; `None` if the columns do not determine it.
///
/// Orthogonal columns keep the precision that normal equations would square: a narrow bell needs nine digits of its
/// denominator.
pub(super) fn least_squares<const N: usize>(mut a: [Column; N], mut b: Column) -> Option<[f64; N]> {
    let mut r = [[0.0; N]; N];
    let mut y = [0.0; N];
    for j in 0..N {
        let column = a[j];
        let square = dot(&column, &column);
        if !(square > 1e-280 && square < 1e280) {
            return None;
        }
        r[j][j] = square;
        let scale = 1.0 / square;
        for k in j + 1..N {
            r[j][k] = dot(&column, &a[k]) * scale;
            subtract(&mut a[k], &column, r[j][k]);
        }
        y[j] = dot(&column, &b) * scale;
        subtract(&mut b, &column, y[j]);
    }
    for j in (0..N).rev() {
        for k in j + 1..N {
            y[j] -= r[j][k] * y[k];
        }
    }
    Some(y)
}

/// Sum of products in four interleaved sums: a fixed order, and short chains of additions.
fn dot(a: &Column, b: &Column) -> f64 {
    let mut sum = [0.0; 4];
    for (a, b) in a.chunks_exact(4).zip(b.chunks_exact(4)) {
        for lane in 0..4 {
            sum[lane] += a[lane] * b[lane];
        }
    }
    (sum[0] + sum[1]) + (sum[2] + sum[3])
}

fn subtract(a: &mut Column, b: &Column, factor: f64) {
    for (a, b) in a.iter_mut().zip(b) {
        *a -= factor * b;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Rounding times the condition of the columns below.
    const ROUNDING: f64 = 1e-10;

    #[test]
    fn finds_the_polynomial_behind_its_points() {
        let t: Column = core::array::from_fn(|i| i as f64 / ROWS as f64);
        let power = |n: i32| t.map(|t| libm::pow(t, f64::from(n)));
        let b = t.map(|t| 1.0 - 2.0 * t + 3.0 * t * t - 4.0 * t * t * t);
        let x = least_squares([power(0), power(1), power(2), power(3)], b).unwrap();
        for (x, wanted) in x.iter().zip([1.0, -2.0, 3.0, -4.0]) {
            assert!((x - wanted).abs() < ROUNDING);
        }
    }

    #[test]
    fn a_missing_column_is_refused() {
        assert_eq!(least_squares([[0.0; ROWS], [1.0; ROWS]], [1.0; ROWS]), None);
    }
}
