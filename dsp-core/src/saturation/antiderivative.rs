//! Antiderivative antialiasing: the mean of a memoryless curve over all weighted means of successive samples.
//!
//! Of the second order, over three samples: y(n) = 2 / (x0 - x2) (D(x0, x1) - D(x1, x2)) with D(a, b) = (F2(a) - F2(b)) /
//! (a - b), F2 the second antiderivative of the curve and x0, x1, x2 the newest samples. Twice this divided difference
//! is the mean of f(w0 x0 + w1 x1 + w2 x2) over all weights that sum to 1 (Hermite and Genocchi). A straight line
//! becomes the mean of three samples; the delay is one sample. Where the divisors are small, the limits are taken at the
//! middle.
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

    /// x³.
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

    /// The mean of (w0 x0 + w1 x1 + w2 x2)³ over all weights: that of the ten products of three samples.
    fn mean([a, b, c]: [f64; 3]) -> f64 {
        let cubes = a * a * a + b * b * b + c * c * c;
        (cubes + a * a * (b + c) + b * b * (a + c) + c * c * (a + b) + a * b * c) / 10.0
    }

    #[test]
    fn is_the_mean_over_all_weights() {
        for x in [
            [0.3, -0.2, 0.9],
            [1.5, 1.4, 1.5],
            [0.5, 0.5, 0.5],
            [-0.7, 0.7, -0.7],
            [0.4, 0.4 + 1e-5, -0.3],
            [0.4, 0.4 + 2e-3, 0.4 + 1e-4],
        ] {
            // The limits at the middle are good to the square of the tolerance.
            assert!((second_order(&Cube, x) - mean(x)).abs() < 2e-6, "{x:?}: {} {}", second_order(&Cube, x), mean(x));
        }
    }
}
