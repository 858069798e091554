//! The K-weighting as BS.1770-5 prints it for 48 kHz, and the loudness of an energy.

use std::f64::consts::PI;

/// Numerator and denominator of the shelf, then of the high-pass.
pub(crate) const PRINTED: [[[f64; 3]; 2]; 2] = [
    [[1.53512485958697, -2.69169618940638, 1.19839281085285], [1.0, -1.69065929318241, 0.73248077421585]],
    [[1.0, -2.0, 1.0], [1.0, -1.99004745483398, 0.99007225036621]],
];

/// Squared gain of the printed filters, at their 48 kHz.
pub(crate) fn weighting_power(frequency_hz: f64) -> f64 {
    let w = 2.0 * PI * frequency_hz / 48_000.0;
    let power = |c: [f64; 3]| {
        let re = c[0] + c[1] * w.cos() + c[2] * (2.0 * w).cos();
        let im = c[1] * w.sin() + c[2] * (2.0 * w).sin();
        re * re + im * im
    };
    PRINTED.iter().map(|[numerator, denominator]| power(*numerator) / power(*denominator)).product()
}

/// Loudness of a weighted mean square.
pub(crate) fn lufs(energy: f64) -> f64 {
    -0.691 + 10.0 * energy.log10()
}
