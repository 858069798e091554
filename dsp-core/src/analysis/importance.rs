//! Importance of bands for speech.

use super::{
    bands::{ERB_BANDS, erb_hz, erb_number},
    partial_loudness::Row,
};

/// Importance of thirds of an octave from 160 Hz to 8 kHz, in units of 1e-4: ANSI S3.5-1997.
const THIRDS: [f64; 18] = [
    83.0, 95.0, 150.0, 289.0, 440.0, 578.0, 653.0, 711.0, 818.0, 844.0, 882.0, 898.0, 868.0, 844.0, 771.0, 527.0,
    364.0, 185.0,
];
/// The first of them beside 1 kHz.
const FIRST_THIRD: i32 = -8;

/// Importance of ERB bands, in the middle of which these frequencies lie; the sum is 1.
pub(crate) fn speech(centres_hz: &[f64]) -> Row {
    let third_hz = |k: f64| 1_000.0 * libm::exp2(k / 3.0);
    let mut importance = [0.0; ERB_BANDS];
    for (weight, hz) in importance.iter_mut().zip(centres_hz) {
        let number = erb_number(*hz);
        let (low, high) = (erb_hz(number - 0.5), erb_hz(number + 0.5));
        for (k, third) in (FIRST_THIRD..).zip(THIRDS) {
            let edges = [third_hz(f64::from(k) - 0.5), third_hz(f64::from(k) + 0.5)];
            let overlap = (high.min(edges[1]) - low.max(edges[0])).max(0.0);
            *weight += third * overlap / (edges[1] - edges[0]);
        }
    }
    let sum: f64 = importance.iter().sum();
    importance.map(|weight| weight / sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn importance_is_that_of_the_standard() {
        assert_eq!(THIRDS.iter().sum::<f64>(), 10_000.0);
        let hz: alloc::vec::Vec<f64> = (0..ERB_BANDS).map(|band| erb_hz(1.5 + band as f64)).collect();
        let importance = speech(&hz);
        assert!((importance.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        // Within 1 to 4 kHz lie those of the thirds from 1 kHz to 4 kHz, and half of two more at most.
        let middle: f64 = hz.iter().zip(&importance).filter(|(hz, _)| (1e3..4e3).contains(*hz)).map(|(_, w)| w).sum();
        assert!((0.47..0.6).contains(&middle), "{middle}");
        assert!(hz.iter().zip(&importance).all(|(hz, weight)| *hz > 110.0 || *weight == 0.0));
    }
}
