//! The recording characteristic of vinyl records.

use crate::foundation::unit::gain_to_db;

/// Time constant of the bass turnover (50.05 Hz).
pub(super) const BASS_S: f64 = 3_180e-6;
/// Time constant of the middle turnover (500.5 Hz).
pub(super) const MIDDLE_S: f64 = 318e-6;
/// Time constant of the treble turnover (2122 Hz).
pub(super) const TREBLE_S: f64 = 75e-6;
/// Frequency at which the characteristic is 0 dB.
const REFERENCE_HZ: f64 = 1_000.0;

/// Velocity of the groove over the level of the programme, in dB: 0 at 1 kHz.
///
/// # Source
/// RIAA, IEC 60098: (1 + 3180 µs s)(1 + 75 µs s) / (1 + 318 µs s).
///
/// ```
/// use mixdown::delivery::vinyl::riaa_record_db;
///
/// assert!((riaa_record_db(20.0) + 19.274).abs() < 0.001);
/// assert!((riaa_record_db(20_000.0) - 19.620).abs() < 0.001);
/// ```
#[must_use]
pub fn riaa_record_db(frequency_hz: f64) -> f64 {
    gain_to_db(magnitude(frequency_hz) * gain())
}

/// The response of playback, the inverse of [`riaa_record_db`].
#[must_use]
pub fn riaa_playback_db(frequency_hz: f64) -> f64 {
    -riaa_record_db(frequency_hz)
}

/// The factor that makes it 1 at 1 kHz.
pub(super) fn gain() -> f64 {
    1.0 / magnitude(REFERENCE_HZ)
}

fn magnitude(frequency_hz: f64) -> f64 {
    let omega = 2.0 * core::f64::consts::PI * frequency_hz;
    let corner = |time_s: f64| libm::hypot(1.0, omega * time_s);
    corner(BASS_S) * corner(TREBLE_S) / corner(MIDDLE_S)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table has three decimals.
    const TABLE_DB: f64 = 0.0005;

    #[test]
    fn playback_equals_the_published_table() {
        for (frequency_hz, level_db) in
            [(20.0, 19.274), (100.0, 13.088), (1_000.0, 0.0), (10_000.0, -13.734), (20_000.0, -19.620)]
        {
            let difference_db = riaa_playback_db(frequency_hz) - level_db;
            assert!(difference_db.abs() <= TABLE_DB, "{frequency_hz} Hz: {difference_db}");
        }
    }
}
