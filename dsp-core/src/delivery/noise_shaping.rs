//! Noise shaping: the spectrum of the rounding error, moved to where the ear hears least.
//!
//! The errors of earlier roundings are added to the next sample through a filter, v(n) = x(n) + Σ h(k) e(n - k), so that
//! what remains in the output is the error e, white with dither, through H(z) = 1 + Σ h(k) z^-k. H is the filter of
//! [`ORDER`] taps with the least power under a weight: the threshold of hearing turned upside down, in power, limited to
//! [`DEPTH_DB`] so that the error grows where nobody hears it only as far as it helps elsewhere. Least squares under a
//! weight is linear prediction: the normal equations are those of an autocorrelation, the inverse transform of the
//! weight, and their solution has its zeros within the unit circle.
//!
//! Designed for the sample rate, from 44.1 to 96 kHz. The mean of log |H| is 0 at every rate: below 44.1 kHz there is no
//! inaudible band to move the error to, above 96 kHz flat dither has most of its power there already.
//!
//! # Source
//! Threshold in quiet: E. Terhardt, "Calculating virtual pitch", Hearing Research 1 (1979), equation 1. Shaping by least
//! squares: M. Gerzon and P. Craven, "Optimal noise shaping and dither of digital signals", AES 87 (1989); S. Lipshitz,
//! J. Vanderkooy, R. Wannamaker, "Minimally audible noise shaping", JAES 39 (1991). Linear prediction: N. Levinson,
//! Journal of Mathematics and Physics 25 (1947).

use crate::foundation::error::Error;

/// Taps of the filter. With 20 of them it would be 0.1 dB better.
pub(super) const ORDER: usize = 12;
/// Depth of the weight: the error may rise this far above its lowest place, in dB.
const DEPTH_DB: f64 = 40.0;
/// Sample rates, in Hz.
pub(super) const LOWEST_HZ: f64 = 44_100.0;
pub(super) const HIGHEST_HZ: f64 = 96_000.0;
/// Word lengths: beyond, flat dither is not heard.
pub(super) const FEWEST_BITS: u32 = 8;
pub(super) const MOST_BITS: u32 = 20;
/// Frequencies at which the weight is known.
const POINTS: usize = 2_048;
/// Lowest frequency of the threshold's formula.
const LOWEST_HEARD_HZ: f64 = 20.0;

/// The filter h of the errors, the newest first.
///
/// # Errors
/// [`Error::NotAllowed`] for a sample rate outside 44.1 to 96 kHz.
pub(super) fn design(sample_rate_hz: f64) -> Result<[f64; ORDER], Error> {
    if !(LOWEST_HZ..=HIGHEST_HZ).contains(&sample_rate_hz) {
        return Err(Error::NotAllowed {
            param: "sample_rate_hz",
            index: None,
            value: sample_rate_hz,
            allowed: "44100 to 96000 where noise_shaping is weighted",
        });
    }
    let frequency = |point: usize| (point as f64 + 0.5) / POINTS as f64 * 0.5 * sample_rate_hz;
    let lowest_db = (0..POINTS).map(|point| threshold_db(frequency(point))).fold(f64::INFINITY, f64::min);
    let mut correlation = [0.0; ORDER + 1];
    for point in 0..POINTS {
        let above_db = (threshold_db(frequency(point)) - lowest_db).min(DEPTH_DB);
        let weight = libm::pow(10.0, -0.1 * above_db);
        let angle = core::f64::consts::PI * (point as f64 + 0.5) / POINTS as f64;
        for (lag, sum) in correlation.iter_mut().enumerate() {
            *sum += weight * libm::cos(lag as f64 * angle);
        }
    }
    Ok(prediction(&correlation))
}

/// The threshold of hearing in quiet, in dB SPL.
fn threshold_db(frequency_hz: f64) -> f64 {
    let khz = frequency_hz.max(LOWEST_HEARD_HZ) / 1_000.0;
    let (bass, ear, treble) = (libm::pow(khz, -0.8), (khz - 3.3) * (khz - 3.3), khz * khz * khz * khz);
    3.64 * bass - 6.5 * libm::exp(-0.6 * ear) + 1e-3 * treble
}

/// Solves the normal equations of linear prediction by Levinson's recursion.
fn prediction(correlation: &[f64; ORDER + 1]) -> [f64; ORDER] {
    let mut filter = [0.0; ORDER];
    let mut power = correlation[0];
    for order in 0..ORDER {
        let known: f64 = (0..order).map(|k| filter[k] * correlation[order - k]).sum();
        let reflection = -(correlation[order + 1] + known) / power;
        let before = filter;
        for k in 0..order {
            filter[k] += reflection * before[order - 1 - k];
        }
        filter[order] = reflection;
        power *= 1.0 - reflection * reflection;
    }
    filter
}

#[cfg(test)]
mod tests {
    use super::*;

    /// |H|² at a frequency.
    fn response(filter: &[f64], cycles: f64) -> f64 {
        let (mut re, mut im) = (1.0, 0.0);
        for (k, h) in filter.iter().enumerate() {
            let angle = core::f64::consts::TAU * cycles * (k + 1) as f64;
            re += h * libm::cos(angle);
            im -= h * libm::sin(angle);
        }
        re * re + im * im
    }

    /// Total gain, and the change of the level weighted by the threshold from 50 Hz to 20 kHz, in dB.
    fn figures(filter: &[f64], rate_hz: f64) -> (f64, f64) {
        let (mut plain, mut shaped) = (0.0, 0.0);
        for hz in (50..=20_000).map(f64::from) {
            let weight = libm::pow(10.0, -0.1 * threshold_db(hz));
            plain += weight;
            shaped += weight * response(filter, hz / rate_hz);
        }
        let total = 1.0 + filter.iter().map(|h| h * h).sum::<f64>();
        (10.0 * libm::log10(total), 10.0 * libm::log10(shaped / plain))
    }

    #[test]
    fn the_figures_of_a_known_filter() {
        // R. Wannamaker, "Psychoacoustically optimal noise shaping", JAES 40 (1992): three taps for 44.1 kHz.
        let (total_db, weighted_db) = figures(&[-1.623, 0.982, -0.109], 44_100.0);
        assert!((total_db - 6.6).abs() < 0.1 && (weighted_db + 9.8).abs() < 0.1, "{total_db} {weighted_db}");
    }

    #[test]
    fn n2_the_error_is_less_audible_at_every_rate() {
        for (rate_hz, total_limit_db, weighted_limit_db) in
            [(44_100.0, 13.5, -15.8), (48_000.0, 12.5, -17.2), (88_200.0, 7.5, -24.3), (96_000.0, 7.0, -24.7)]
        {
            let filter = design(rate_hz).unwrap();
            let (total_db, weighted_db) = figures(&filter, rate_hz);
            std::println!("{rate_hz} Hz: total {total_db:+.2} dB, weighted {weighted_db:+.2} dB, {filter:?}");
            assert!(total_db <= total_limit_db && weighted_db <= weighted_limit_db, "{total_db} {weighted_db}");
            // The mean of the logarithm is 0, as for every filter with its zeros within the unit circle.
            let points = 20_000;
            let mean: f64 =
                (0..points).map(|n| libm::log(response(&filter, (f64::from(n) + 0.5) / f64::from(2 * points)))).sum();
            assert!((mean / f64::from(points)).abs() < 1e-6, "{mean}");
        }
        for rate_hz in [8_000.0, 32_000.0, 176_400.0, 384_000.0] {
            let text = alloc::string::ToString::to_string(&design(rate_hz).unwrap_err());
            assert!(
                text.ends_with("is not allowed: it must be 44100 to 96000 where noise_shaping is weighted"),
                "{text}"
            );
        }
    }
}
