//! EQ sections whose magnitude follows the analog curve up to 20 kHz at every sample rate.
//!
//! # Parameters
//! `frequency_hz` 10 ..= min(22000, 0.49 `sample_rate_hz`), `gain_db` -39 ..= 39, `q` 0.1 ..= 40, `sample_rate_hz` 8000
//! ..= 384000. The functions are pure and assume legal values, which the processor checks.
//!
//! # Contract
//! Always finite and stable. Cuts are the reciprocals of boosts; 0 dB of a bell, shelf or tilt is
//! [`BiquadCoeffs::IDENTITY`] exactly. No response exceeds the largest gain of its analog curve by more than 0.5 dB, at
//! any frequency up to half the rate.
//!
//! Largest error from 20 Hz to 20 kHz at 44.1 kHz, the hardest rate, where the analog curve is above -60 dB: bell (to 18
//! dB, q 0.5 to 8) 0.25 dB; shelf (q 0.4 to 1) 0.25 dB to 12 dB, 0.45 dB to 18 dB; low pass (q 0.5 to 5) 0.2 dB; high
//! pass (q 0.5 to 2) and band pass (q 0.5 to 5), up to 15 kHz, 0.4 dB. At 96 kHz and above 0.03 dB. What holds for all
//! legal settings is in the card of the [equalizer](crate::filters::Equalizer), and asserted in `scan.rs`. One design
//! takes 2 us to 60 us, 0.2 ms where further fits are needed.
//!
//! # Source
//! The prototypes of [`Prototype`] (RBJ), fitted as described in `fit.rs`. The all pass has no magnitude to fit:
//! bilinear transform.
pub(crate) mod fit;
pub(crate) mod fit_grid;
pub(crate) mod least_squares;
pub(crate) mod magnitude;
pub(crate) mod prototype;
mod rational;
#[cfg(test)]
mod scan;

use super::{
    biquad::BiquadCoeffs,
    butterworth::Section,
    cookbook,
    matched::{
        fit::{Zeros, fit, fit_after, fit_first_order},
        prototype::Prototype,
    },
};
pub(crate) use fit_grid::Stage;

/// Designs a boost, and takes its reciprocal for a cut.
fn boost_or_cut(gain_db: f64, boost: impl Fn(f64) -> BiquadCoeffs) -> BiquadCoeffs {
    if gain_db == 0.0 {
        BiquadCoeffs::IDENTITY
    } else if gain_db > 0.0 {
        boost(gain_db)
    } else {
        boost(-gain_db).reciprocal()
    }
}

/// Bell of `gain_db` at `frequency_hz`.
#[must_use]
pub(crate) fn bell(frequency_hz: f64, gain_db: f64, q: f64, sample_rate_hz: f64) -> BiquadCoeffs {
    boost_or_cut(gain_db, |boost_db| {
        let prototype = Prototype::bell(boost_db, q);
        fit(&prototype, Zeros::Inside, frequency_hz, sample_rate_hz)
    })
}

/// Low shelf with half of `gain_db` at `frequency_hz`.
#[must_use]
pub(crate) fn low_shelf(frequency_hz: f64, gain_db: f64, q: f64, sample_rate_hz: f64) -> BiquadCoeffs {
    boost_or_cut(gain_db, |boost_db| {
        let prototype = Prototype::low_shelf(boost_db, q);
        fit(&prototype, Zeros::Inside, frequency_hz, sample_rate_hz)
    })
}

/// High shelf with half of `gain_db` at `frequency_hz`.
#[must_use]
pub(crate) fn high_shelf(frequency_hz: f64, gain_db: f64, q: f64, sample_rate_hz: f64) -> BiquadCoeffs {
    boost_or_cut(gain_db, |boost_db| {
        let prototype = Prototype::high_shelf(boost_db, q);
        fit(&prototype, Zeros::Inside, frequency_hz, sample_rate_hz)
    })
}

/// Low pass of 12 dB per octave with linear gain `q` at `frequency_hz`.
#[must_use]
pub(crate) fn low_pass(frequency_hz: f64, q: f64, sample_rate_hz: f64) -> BiquadCoeffs {
    fit(&Prototype::low_pass(q), Zeros::Free, frequency_hz, sample_rate_hz)
}

/// High pass of 12 dB per octave with linear gain `q` at `frequency_hz`.
#[must_use]
pub(crate) fn high_pass(frequency_hz: f64, q: f64, sample_rate_hz: f64) -> BiquadCoeffs {
    fit(&Prototype::high_pass(q), Zeros::BothAtDc, frequency_hz, sample_rate_hz)
}

/// The section that follows `before` in a Butterworth low pass. Every one makes up for the errors before it: those of
/// eight sections by themselves would add up.
pub(crate) fn next_low_pass(before: &[Stage], section: Section, frequency_hz: f64, sample_rate_hz: f64) -> Stage {
    let Section::SecondOrder { q } = section else {
        return (Prototype::first_order_low_pass(), first_order_low_pass(frequency_hz, sample_rate_hz));
    };
    let prototype = Prototype::low_pass(q);
    (prototype, fit_after(before, &prototype, Zeros::Free, frequency_hz, sample_rate_hz))
}

/// The section that follows `before` in a Butterworth high pass, as in a low pass.
pub(crate) fn next_high_pass(before: &[Stage], section: Section, frequency_hz: f64, sample_rate_hz: f64) -> Stage {
    let Section::SecondOrder { q } = section else {
        return (Prototype::first_order_high_pass(), first_order_high_pass(frequency_hz, sample_rate_hz));
    };
    let prototype = Prototype::high_pass(q);
    (prototype, fit_after(before, &prototype, Zeros::BothAtDc, frequency_hz, sample_rate_hz))
}

/// Band pass with 0 dB at `frequency_hz`.
#[must_use]
pub(crate) fn band_pass(frequency_hz: f64, q: f64, sample_rate_hz: f64) -> BiquadCoeffs {
    fit(&Prototype::band_pass(q), Zeros::OneAtDc, frequency_hz, sample_rate_hz)
}

/// Notch with a zero on the unit circle at `frequency_hz`.
#[must_use]
pub(crate) fn notch(frequency_hz: f64, q: f64, sample_rate_hz: f64) -> BiquadCoeffs {
    fit(&Prototype::notch(q), Zeros::AtCentre, frequency_hz, sample_rate_hz)
}

/// All pass with -180 degrees at `frequency_hz`, by the bilinear transform.
#[must_use]
pub(crate) fn all_pass(frequency_hz: f64, q: f64, sample_rate_hz: f64) -> BiquadCoeffs {
    cookbook::all_pass(frequency_hz, q, sample_rate_hz)
}

/// Low pass of 6 dB per octave, -3.01 dB at `frequency_hz`; b2 = a2 = 0.
#[must_use]
pub(crate) fn first_order_low_pass(frequency_hz: f64, sample_rate_hz: f64) -> BiquadCoeffs {
    fit_first_order(&Prototype::first_order_low_pass(), frequency_hz, sample_rate_hz)
}

/// High pass of 6 dB per octave, -3.01 dB at `frequency_hz`; b2 = a2 = 0.
#[must_use]
pub(crate) fn first_order_high_pass(frequency_hz: f64, sample_rate_hz: f64) -> BiquadCoeffs {
    fit_first_order(&Prototype::first_order_high_pass(), frequency_hz, sample_rate_hz)
}

/// Tilt: + `gain_db` / 2 below, exactly 0 dB at, - `gain_db` / 2 above `frequency_hz`; b2 = a2 = 0.
#[must_use]
pub(crate) fn tilt(frequency_hz: f64, gain_db: f64, sample_rate_hz: f64) -> BiquadCoeffs {
    boost_or_cut(gain_db, |boost_db| fit_first_order(&Prototype::tilt(boost_db), frequency_hz, sample_rate_hz))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    /// Gates E1 and E2.
    const E1_BELL_DB: f64 = 0.25;
    const E1_SHELF_12_DB: f64 = 0.25;
    const E1_SHELF_18_DB: f64 = 0.45;
    const E2_LOW_PASS_DB: f64 = 0.2;
    const E2_HIGH_PASS_DB: f64 = 0.4;
    const E2_BAND_PASS_DB: f64 = 0.4;
    /// E2 measures the analog curve above -60 dB.
    const FLOOR: f64 = 1e-6;
    /// SOUND 3.1.
    const NOTCH_DEPTH_DB: f64 = -100.0;
    /// First-order sections equal the prototype at their frequency by construction: rounding, 1e-6 dB at 10 Hz and 384
    /// kHz.
    const EXACT_DB: f64 = 1e-5;
    const RATES_HZ: [f64; 4] = [44_100.0, 48_000.0, 96_000.0, 192_000.0];

    fn logspace(from: f64, to: f64, points: usize) -> Vec<f64> {
        let step = libm::log(to / from) / (points - 1) as f64;
        (0..points).map(|i| from * libm::exp(step * i as f64)).collect()
    }

    fn power_db(power: f64) -> f64 {
        10.0 * libm::log10(power)
    }

    /// Largest |error| in dB up to 20 kHz, also between the points of the fit, where the prototype is above `FLOOR`.
    fn error_db(section: &BiquadCoeffs, prototype: &Prototype, fc_hz: f64, fs_hz: f64) -> f64 {
        let mut points = logspace(20.0, 20_000.0, 200);
        points.extend(logspace(0.7 * fc_hz, 1.4 * fc_hz, 60));
        points.retain(|f| (20.0..=20_000.0).contains(f));
        points.iter().fold(0.0, |worst, &f| {
            let wanted = prototype.power((f / fc_hz) * (f / fc_hz));
            let error = power_db(section.response(f, fs_hz).norm_sqr() / wanted).abs();
            if wanted < FLOOR { worst } else { worst.max(error) }
        })
    }

    /// Design of a section from (frequency_hz, gain_db, q, sample_rate_hz); prototype from (gain_db, q).
    type Design = fn(f64, f64, f64, f64) -> BiquadCoeffs;
    type Analog = fn(f64, f64) -> Prototype;

    fn assert_close(
        (name, design, analog): (&str, Design, Analog),
        highest_hz: f64,
        gains_db: &[f64],
        qs: &[f64],
        limit_db: f64,
    ) {
        for fs in RATES_HZ {
            let mut worst = (0.0, 0.0, 0.0, 0.0);
            for fc in logspace(20.0, highest_hz, 31) {
                for &gain_db in gains_db {
                    for &q in qs {
                        let section = design(fc, gain_db, q, fs);
                        let error = error_db(&section, &analog(gain_db, q), fc, fs);
                        if error > worst.0 || error.is_nan() {
                            worst = (error, fc, gain_db, q);
                        }
                    }
                }
            }
            let (error, fc, gain_db, q) = worst;
            let at = std::format!("{name}, {fs} Hz: {error:.4} dB at {fc:.0} Hz, {gain_db} dB, q {q:.3}");
            std::println!("{at}");
            assert!(error <= limit_db, "{at}");
        }
    }

    const LOW_PASS: (&str, Design, Analog) =
        ("low pass", |f, _, q, fs| low_pass(f, q, fs), |_, q| Prototype::low_pass(q));
    const HIGH_PASS: (&str, Design, Analog) =
        ("high pass", |f, _, q, fs| high_pass(f, q, fs), |_, q| Prototype::high_pass(q));
    const BAND_PASS: (&str, Design, Analog) =
        ("band pass", |f, _, q, fs| band_pass(f, q, fs), |_, q| Prototype::band_pass(q));

    #[test]
    fn e1_bell_within_0_25_db() {
        let kind: (&str, Design, Analog) = ("bell", bell, Prototype::bell);
        let qs = logspace(0.5, 8.0, 9);
        let gains_db = [-18.0, -6.0, 1.0, 3.0, 6.0, 9.0, 12.0, 15.0, 18.0];
        assert_close(kind, 18_000.0, &gains_db, &qs, E1_BELL_DB);
    }

    #[test]
    fn e1_shelves_within_0_25_db_and_0_45_db() {
        let kinds: [(&str, Design, Analog); 2] =
            [("low shelf", low_shelf, Prototype::low_shelf), ("high shelf", high_shelf, Prototype::high_shelf)];
        let qs = [0.4, 0.5, 0.6, core::f64::consts::FRAC_1_SQRT_2, 0.85, 1.0];
        for kind in kinds {
            let up_to_12_db = [-12.0, 1.0, 3.0, 6.0, 9.0, 12.0];
            assert_close(kind, 18_000.0, &up_to_12_db, &qs, E1_SHELF_12_DB);
            assert_close(kind, 18_000.0, &[-18.0, 15.0, 18.0], &qs, E1_SHELF_18_DB);
        }
    }

    #[test]
    fn e2_low_pass_within_0_2_db() {
        let qs = logspace(0.5, 5.0, 12);
        assert_close(LOW_PASS, 18_000.0, &[0.0], &qs, E2_LOW_PASS_DB);
    }

    #[test]
    fn e2_high_pass_within_0_4_db() {
        let qs = logspace(0.5, 2.0, 12);
        assert_close(HIGH_PASS, 15_000.0, &[0.0], &qs, E2_HIGH_PASS_DB);
    }

    #[test]
    fn e2_band_pass_within_0_4_db() {
        let qs = logspace(0.5, 5.0, 12);
        assert_close(BAND_PASS, 15_000.0, &[0.0], &qs, E2_BAND_PASS_DB);
    }

    /// Uniform numbers of [0, 1) from a linear congruential generator (Knuth's MMIX constants).
    fn random() -> impl FnMut() -> f64 {
        let mut seed = 7_u64;
        move || {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 11) as f64 / (1_u64 << 53) as f64
        }
    }

    fn is_minimum_phase(section: &BiquadCoeffs) -> bool {
        section.reciprocal().is_stable()
    }

    #[test]
    fn every_legal_design_is_finite_and_stable() {
        let mut next = random();
        for n in 0..4_000 {
            let fs = 8_000.0 * libm::pow(48.0, next());
            let highest = (0.49 * fs).min(22_000.0);
            let f = if n % 8 == 0 { highest } else { 10.0 * libm::pow(highest / 10.0, next()) };
            let gain_db = if n % 5 == 0 { 39.0 } else { 78.0 * next() - 39.0 };
            let q = 0.1 * libm::pow(400.0, next());
            let at = std::format!("{f} Hz, {gain_db} dB, q {q}, {fs} Hz");
            for section in [
                bell(f, gain_db, q, fs),
                low_shelf(f, gain_db, q, fs),
                high_shelf(f, gain_db, q, fs),
                tilt(f, gain_db, fs),
            ] {
                assert!(section.is_stable() && is_minimum_phase(&section), "{at}");
            }
            for section in [
                low_pass(f, q, fs),
                high_pass(f, q, fs),
                band_pass(f, q, fs),
                notch(f, q, fs),
                all_pass(f, q, fs),
                first_order_low_pass(f, fs),
                first_order_high_pass(f, fs),
            ] {
                assert!(section.is_stable(), "{at}");
            }
            let depth_db = power_db(notch(f, q, fs).response(f, fs).norm_sqr() + 1e-40);
            assert!(depth_db <= NOTCH_DEPTH_DB, "notch {depth_db} dB: {at}");
        }
    }

    #[test]
    fn neutral_settings_are_the_identity() {
        for make in [bell, low_shelf, high_shelf] {
            assert_eq!(make(9_000.0, 0.0, 0.7, 44_100.0), BiquadCoeffs::IDENTITY);
            assert_eq!(make(9_000.0, -0.0, 0.7, 44_100.0), BiquadCoeffs::IDENTITY);
        }
        assert_eq!(tilt(650.0, 0.0, 44_100.0), BiquadCoeffs::IDENTITY);
    }

    #[test]
    fn cuts_undo_boosts() {
        for make in [bell, low_shelf, high_shelf] {
            let (boost, cut) = (make(11_000.0, 9.0, 0.8, 44_100.0), make(11_000.0, -9.0, 0.8, 44_100.0));
            for f in [20.0, 1_000.0, 9_000.0, 22_050.0] {
                let both = boost.response(f, 44_100.0) * cut.response(f, 44_100.0);
                assert!(power_db(both.norm_sqr()).abs() < EXACT_DB);
            }
        }
    }

    #[test]
    fn first_order_sections_are_exact_at_their_frequency() {
        for fs in [8_000.0_f64, 44_100.0, 96_000.0, 384_000.0] {
            for f in logspace(10.0, (0.49 * fs).min(22_000.0), 20) {
                let at = |section: BiquadCoeffs| power_db(section.response(f, fs).norm_sqr());
                let half_power_db = power_db(0.5);
                assert!((at(first_order_low_pass(f, fs)) - half_power_db).abs() < EXACT_DB);
                assert!((at(first_order_high_pass(f, fs)) - half_power_db).abs() < EXACT_DB);
                assert!(at(tilt(f, 12.0, fs)).abs() < EXACT_DB);
                assert!(at(tilt(f, -30.0, fs)).abs() < EXACT_DB);
            }
        }
    }

    #[test]
    fn tilt_ends_half_the_gain_apart() {
        let section = tilt(650.0, 6.0, 48_000.0);
        let low_db = power_db(section.response(1.0, 48_000.0).norm_sqr());
        let high_db = power_db(section.response(20_000.0, 48_000.0).norm_sqr());
        let wanted_db = power_db(Prototype::tilt(6.0).power((20_000.0 / 650.0) * (20_000.0 / 650.0)));
        assert!((low_db - 3.0).abs() < 1e-3); // 1 Hz is nearly DC
        assert!((high_db - wanted_db).abs() < 0.05); // measured 0.02 dB
    }
}
