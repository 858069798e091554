//! Windowed-sinc interpolation between samples, for the polyphase filters that find inter-sample peaks.
//!
//! # Source
//! Kaiser, "Nonrecursive digital filter design using the I0-sinh window function", ISCAS 1974:
//! w(u) = I0(β sqrt(1-u²)) / I0(β), |u| <= 1. I0 by its power series, Σ ((x/2)^k / k!)².

use alloc::{vec, vec::Vec};

/// The modified Bessel function of the first kind, order 0, for 0 <= x < 700 (beyond, f64 overflows).
///
/// All terms are positive, so nothing cancels: the relative error stays near 1e-16.
pub(crate) fn bessel_i0(x: f64) -> f64 {
    let quarter = x * x / 4.0;
    let (mut sum, mut term, mut k) = (1.0, 1.0, 1.0);
    while term > sum * f64::EPSILON * 0.25 {
        term *= quarter / (k * k);
        sum += term;
        k += 1.0;
    }
    sum
}

/// The Kaiser window at `u`, -1..1; 0 outside.
pub(crate) fn kaiser(beta: f64, u: f64) -> f64 {
    let inside = 1.0 - u * u;
    if inside < 0.0 { 0.0 } else { bessel_i0(beta * libm::sqrt(inside)) / bessel_i0(beta) }
}

/// sin(πx) / (πx).
pub(crate) fn sinc(x: f64) -> f64 {
    let angle = core::f64::consts::PI * x;
    if angle == 0.0 { 1.0 } else { libm::sin(angle) / angle }
}

/// The `2 * half` taps that interpolate a band-limited signal at `fraction` (0..1) between two samples.
///
/// Tap `k` weighs the sample `k - half + 1` places after the earlier of the two. The taps sum to 1 (up to rounding), so
/// that a constant is kept. The taps of `1 - fraction` are these in reverse, bit for bit.
pub(crate) fn interpolator(fraction: f64, half: usize, beta: f64) -> Vec<f64> {
    let mut taps = vec![0.0; 2 * half];
    write_interpolator(&mut taps, fraction, beta);
    taps
}

/// The same into `taps`, twice a half of them; takes no memory.
pub(crate) fn write_interpolator(taps: &mut [f64], fraction: f64, beta: f64) {
    // Designed on the nearer side and mirrored: sin(π(1-f)) and sin(πf) are not the same bits.
    if fraction > 0.5 {
        write_interpolator(taps, 1.0 - fraction, beta);
        taps.reverse();
        return;
    }
    let half = (taps.len() / 2) as f64;
    for (k, tap) in taps.iter_mut().enumerate() {
        let distance = k as f64 - (half - 1.0) - fraction;
        *tap = sinc(distance) * kaiser(beta, distance / half);
    }
    let sum: f64 = taps.iter().sum();
    for tap in taps {
        *tap /= sum;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bessel_is_its_integral() {
        // I0(x) = 1/π ∫ exp(x cos θ) dθ over a half turn; the mean over equal steps converges exponentially.
        for x in [0.0, 1.0, 8.0, 10.0, 20.0] {
            let steps = 200;
            let angles = (0..steps).map(|n| core::f64::consts::PI * (f64::from(n) + 0.5) / f64::from(steps));
            let mean = angles.map(|angle| libm::exp(x * libm::cos(angle))).sum::<f64>() / f64::from(steps);
            assert!((bessel_i0(x) / mean - 1.0).abs() < 1e-14, "{x}");
        }
        assert_eq!(kaiser(8.0, 0.0), 1.0);
        assert!((kaiser(8.0, 1.0) - 1.0 / bessel_i0(8.0)).abs() < 1e-16);
        assert_eq!(kaiser(8.0, -1.001), 0.0);
    }

    #[test]
    fn interpolates_sines_and_mirrors_exactly() {
        let (half, beta) = (48, 10.0);
        for fraction in [0.0625, 0.25, 0.5, 0.8125] {
            let taps = interpolator(fraction, half, beta);
            let mut mirrored = interpolator(1.0 - fraction, half, beta);
            mirrored.reverse();
            assert_eq!(taps, mirrored);
            // Up to 0.45 of the sample rate the long filter is good to 1e-4 (0.001 dB).
            for cycles_per_sample in [0.0, 0.01, 0.2, 0.4, 0.45] {
                let at = |time: f64| libm::cos(2.0 * core::f64::consts::PI * cycles_per_sample * time + 0.3);
                let sum: f64 = taps.iter().enumerate().map(|(k, tap)| tap * at(k as f64 - 47.0)).sum();
                assert!((sum - at(fraction)).abs() < 1e-4, "{fraction} {cycles_per_sample}: {sum} {}", at(fraction));
            }
        }
    }
}
