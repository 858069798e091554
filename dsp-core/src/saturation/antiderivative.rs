//! Antiderivative antialiasing: a memoryless curve applied to the straight lines between samples, and averaged.
//!
//! The second order averages twice, by a triangle over two sampling intervals: y(n) = 2 / (x0 - x2) (D(x0, x1) - D(x1,
//! x2)) with D(a, b) = (F2(a) - F2(b)) / (a - b), F2 the second antiderivative of the curve and x0, x1, x2 the newest
//! samples. Its delay is one sample. Where the divisors are small, the limits are taken at the middle.
//!
//! # Source
//! S. Bilbao, F. Esqueda, J. Parker, V. Välimäki, "Antiderivative antialiasing for memoryless nonlinearities", IEEE
//! Signal Processing Letters 24 (2017), equations 15 to 18.

/// Differences below which a quotient is replaced by its limit: the rounding of F2 over its square stays below -190 dB.
const TOLERANCE: f64 = 1e-3;

/// A memoryless curve f with its first and second antiderivatives.
pub(crate) trait Curve {
    /// f(x).
    fn value(&self, x: f64) -> f64;
    /// F1(x).
    fn first(&self, x: f64) -> f64;
    /// F2(x).
    fn second(&self, x: f64) -> f64;
}

/// The curve, antialiased, of the sample before the newest: `x` holds the newest sample and the two before it.
#[inline(always)]
pub(crate) fn second_order(curve: &impl Curve, x: [f64; 3]) -> f64 {
    let span = x[0] - x[2];
    if span.abs() > TOLERANCE {
        return 2.0 / span * (slope(curve, x[0], x[1]) - slope(curve, x[1], x[2]));
    }
    let middle = 0.5 * (x[0] + x[2]);
    let bend = middle - x[1];
    if bend.abs() > TOLERANCE {
        2.0 / bend * (curve.first(middle) + (curve.second(x[1]) - curve.second(middle)) / bend)
    } else {
        curve.value(0.5 * (middle + x[1]))
    }
}

/// D(a, b).
#[inline(always)]
fn slope(curve: &impl Curve, a: f64, b: f64) -> f64 {
    let difference = a - b;
    if difference.abs() > TOLERANCE {
        (curve.second(a) - curve.second(b)) / difference
    } else {
        curve.first(0.5 * (a + b))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// x³, whose average over straight lines is known.
    struct Cube;

    impl Curve for Cube {
        fn value(&self, x: f64) -> f64 {
            x * x * x
        }

        fn first(&self, x: f64) -> f64 {
            x * x * x * x / 4.0
        }

        fn second(&self, x: f64) -> f64 {
            x * x * x * x * x / 20.0
        }
    }

    /// ∫ (1 - |t|) f(the line through the samples at -1, 0, 1), by the midpoint rule.
    fn averaged(x: [f64; 3]) -> f64 {
        let steps = 20_000;
        let sum: f64 = (0..2 * steps)
            .map(|step| {
                let t = (f64::from(step) + 0.5) / f64::from(steps) - 1.0;
                let line = if t < 0.0 { x[1] + t * (x[1] - x[2]) } else { x[1] + t * (x[0] - x[1]) };
                (1.0 - t.abs()) * Cube.value(line)
            })
            .sum();
        sum / f64::from(steps)
    }

    #[test]
    fn is_the_average_over_a_triangle() {
        for x in [
            [0.3, -0.2, 0.9],
            [1.5, 1.4, 1.5],
            [0.5, 0.5, 0.5],
            [-0.7, 0.7, -0.7],
            [0.4, 0.4 + 1e-5, -0.3],
            [0.4, 0.4 + 2e-3, 0.4 + 1e-4],
        ] {
            // The limits at the middle are good to the square of the tolerance.
            assert!(
                (second_order(&Cube, x) - averaged(x)).abs() < 2e-6,
                "{x:?}: {} {}",
                second_order(&Cube, x),
                averaged(x)
            );
        }
    }
}
