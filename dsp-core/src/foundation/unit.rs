//! Conversions between units of settings (dB, ms) and of arithmetic (factors, frames).
//!
//! All run through `libm`, so a setting becomes the same bits on every machine.

/// dB in an octave of amplitude: 20 log10 2.
pub(crate) const DB_PER_OCTAVE: f64 = 6.020_599_913_279_624;

/// Amplitude factor of a level in dB: `10^(level_db / 20)`. `-inf` gives 0.
///
/// ```
/// assert!((mixdown::db_to_gain(6.0) - 1.995_262).abs() < 1e-6);
/// assert_eq!(mixdown::db_to_gain(f64::NEG_INFINITY), 0.0);
/// ```
#[must_use]
pub fn db_to_gain(level_db: f64) -> f64 {
    libm::pow(10.0, level_db / 20.0)
}

/// Level in dB of an amplitude factor: `20 log10 |gain|`. 0 gives `-inf`.
///
/// ```
/// assert!((mixdown::gain_to_db(0.5) + 6.020_600).abs() < 1e-6);
/// ```
#[must_use]
pub fn gain_to_db(gain: f64) -> f64 {
    20.0 * libm::log10(libm::fabs(gain))
}

/// Level in dB of a power (mean square): `10 log10 power`. 0 gives `-inf`.
#[must_use]
pub fn power_to_db(power: f64) -> f64 {
    10.0 * libm::log10(power)
}

/// Power (mean square) of a level in dB: `10^(level_db / 10)`.
#[must_use]
pub fn db_to_power(level_db: f64) -> f64 {
    libm::pow(10.0, 0.1 * level_db)
}

/// Whole frames nearest to a time in ms; negative times give 0.
///
/// ```
/// assert_eq!(mixdown::ms_to_frames(20.0, 44_100.0), 882);
/// ```
#[must_use]
pub fn ms_to_frames(time_ms: f64, sample_rate_hz: f64) -> usize {
    // `as` saturates, so negative and NaN times become 0.
    libm::round(time_ms * 1e-3 * sample_rate_hz) as usize
}
