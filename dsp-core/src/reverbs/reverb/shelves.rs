//! The first-order shelves of the absorption.

use crate::foundation::unit::db_to_gain;
use core::f64::consts::PI;

/// Largest gain of a shelf, in dB per pass of a line; more would remove the signal.
const MAX_SHELF_DB: f64 = 60.0;
/// Highest corner in parts of the sample rate.
const HIGHEST_CORNER: f64 = 0.4;

/// A first-order section: y = direct x + z, z' = pole z + feed x.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Section {
    pub(super) direct: f64,
    pub(super) feed: f64,
    pub(super) pole: f64,
}

/// The section (b0 + b1 z^-1) / (a0 + a1 z^-1).
fn section([b0, b1]: [f64; 2], [a0, a1]: [f64; 2]) -> Section {
    let (b0, b1, a1) = (b0 / a0, b1 / a0, a1 / a0);
    Section { direct: b0, feed: b1 - a1 * b0, pole: -a1 }
}

/// Tangent of half a corner's angle.
fn warped(corner_hz: f64, rate_hz: f64) -> f64 {
    libm::tan(PI * corner_hz.min(HIGHEST_CORNER * rate_hz) / rate_hz)
}

/// Low shelf with half of `gain_db` at its corner.
pub(super) fn low_shelf(gain_db: f64, corner_hz: f64, rate_hz: f64) -> Section {
    let (root, k) = (db_to_gain(gain_db.clamp(-MAX_SHELF_DB, MAX_SHELF_DB) / 2.0), warped(corner_hz, rate_hz));
    section([1.0 + k * root, k * root - 1.0], [1.0 + k / root, k / root - 1.0])
}

/// High shelf with half of `gain_db` at its corner.
pub(super) fn high_shelf(gain_db: f64, corner_hz: f64, rate_hz: f64) -> Section {
    let (root, k) = (db_to_gain(gain_db.clamp(-MAX_SHELF_DB, MAX_SHELF_DB) / 2.0), warped(corner_hz, rate_hz));
    section([root + k, k - root], [1.0 / root + k, k - 1.0 / root])
}

/// Squared magnitude of the analog prototypes of both shelves at a frequency, for gains in dB.
pub(super) fn power(low: (f64, f64), high: (f64, f64), frequency_hz: f64) -> f64 {
    let ((low_db, low_hz), (high_db, high_hz)) = (low, high);
    let gain = |gain_db: f64| db_to_gain(gain_db.clamp(-MAX_SHELF_DB, MAX_SHELF_DB));
    let (low, high) = (gain(low_db), gain(high_db));
    let [f, l, h] = [frequency_hz, low_hz, high_hz].map(|hz| hz * hz);
    (f + l * low) / (f + l / low) * ((f * high + h) / (f / high + h))
}
