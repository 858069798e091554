//! How gain reduction follows what is wanted: a smooth decoupled peak detector on reduction in octaves (or dB).
//!
//! First the peaks are held: y1 is at once what is wanted, c, if that is more, and recovers with the release, y1 =
//! max(c, aR y1 + (1-aR) c). Then the attack smooths: y = aA y + (1-aA) y1. Attack is thus the time to 63.2 % of a step
//! of the reduction, release that plus up to the attack. Both aim a billionth of an octave low and stop at 0, so that
//! they arrive there, in 22 time constants, instead of decaying for ever; there is no branch in either.
//!
//! - Manual: the times given.
//! - Dual: a second follower of y1 with 2.5 times the release as attack and 10 times as release; the larger of both goes
//!   on to the attack. Short peaks recover fast, sustained reduction slowly. At a release of 60 ms: 150 and 600 ms.
//! - Auto: both times follow the crest factor C of the level, C² = peak²/rms² over 200 ms: transients get fast times,
//!   steady sound slow ones, τA = 2 τA,max / C², τR = 2 τR,max / C² - τA, with at most 80 ms and 1 s for a sine.
//!
//! All three share their state, so the mode and the times may change at any frame: the reduction goes on from where it
//! is.
//!
//! # Source
//! D. Giannoulis, M. Massberg, J. Reiss, "Digital dynamic range compressor design", JAES 60(6), 2012, eq. 17 (smooth
//! decoupled) and its section on side-chain topologies (smoothing of the logarithmic reduction); "Parameter automation
//! in a dynamic range compressor", JAES 61(10), 2013 (crest factor). The dual release: `parts::release`.

use super::release::{larger, pole, recover};
use crate::foundation::{math::Pow2, sample::Sample};

/// ε, in octaves.
const NOTHING: f64 = 1e-9;
/// Times of the slow follower of the dual release, as multiples of the release: 150 and 600 ms beside 60 ms.
const SLOW_ATTACK_RATIO: f64 = 2.5;
const SLOW_RELEASE_RATIO: f64 = 10.0;
/// Window of the crest factor, in ms.
const CREST_MS: f64 = 200.0;
/// Times of the automatic release for a sine (C² = 2), in ms.
const AUTO_ATTACK_MS: f64 = 80.0;
const AUTO_RELEASE_MS: f64 = 1_000.0;
/// Shortest times of the automatic release, in ms: the shortest that may be set by hand.
const LEAST_ATTACK_MS: f64 = 0.02;
const LEAST_RELEASE_MS: f64 = 5.0;
/// Added to every square, so that neither follower of the crest factor is ever 0 or subnormal.
const LEAST_SQUARE: f64 = 1e-20;
/// Peaks above +120 dBFS count as that.
const LOUDEST: f64 = 1e6;

/// Attack and release as one-pole coefficients.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct BallisticsCoeffs {
    attack: f64,
    release: f64,
    mode: Mode,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Mode {
    Manual,
    Dual {
        attack: f64,
        release: f64,
    },
    Auto {
        /// Pole of the two averages.
        window: f64,
        /// log2 of the poles per C², attack and release, and the lowest they may be.
        steps: [f64; 2],
        lowest: [f64; 2],
    },
}

impl BallisticsCoeffs {
    /// The times given.
    pub(crate) fn manual(attack_ms: f64, release_ms: f64, sample_rate_hz: f64) -> Self {
        let (attack, release) = (pole(attack_ms, sample_rate_hz), pole(release_ms, sample_rate_hz));
        Self { attack, release, mode: Mode::Manual }
    }

    /// The release, and 10 times as long after sustained reduction.
    pub(crate) fn dual(attack_ms: f64, release_ms: f64, sample_rate_hz: f64) -> Self {
        let [attack, release] = [SLOW_ATTACK_RATIO, SLOW_RELEASE_RATIO].map(|r| pole(r * release_ms, sample_rate_hz));
        Self { mode: Mode::Dual { attack, release }, ..Self::manual(attack_ms, release_ms, sample_rate_hz) }
    }

    /// Times by the crest factor.
    pub(crate) fn auto(sample_rate_hz: f64) -> Self {
        let log2_pole = |time_ms: f64| -core::f64::consts::LOG2_E * 1e3 / (time_ms * sample_rate_hz);
        let longest = [2.0 * AUTO_ATTACK_MS, 2.0 * (AUTO_RELEASE_MS - AUTO_ATTACK_MS)];
        let mode = Mode::Auto {
            window: pole(CREST_MS, sample_rate_hz),
            steps: longest.map(log2_pole),
            lowest: [LEAST_ATTACK_MS, LEAST_RELEASE_MS].map(log2_pole),
        };
        Self { mode, ..Self::manual(AUTO_ATTACK_MS, AUTO_RELEASE_MS, sample_rate_hz) }
    }
}

/// The running ballistics of one channel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Ballistics {
    /// The fast follower, y1 but for the dual mode.
    held: f64,
    /// The slow follower of the dual mode.
    slow: f64,
    /// y.
    smooth: f64,
    /// peak² and rms² of the automatic mode.
    crest: [f64; 2],
}

impl Ballistics {
    /// No reduction.
    pub(crate) const REST: Self = Self { held: 0.0, slow: 0.0, smooth: 0.0, crest: [LEAST_SQUARE; 2] };

    /// Zeros in give zeros out.
    pub(crate) fn is_at_rest(&self) -> bool {
        self.held == 0.0 && self.slow == 0.0 && self.smooth == 0.0
    }

    /// Turns the reduction wanted into the reduction given, in place. `peaks` is the magnitudes that it is wanted for.
    pub(crate) fn process<S: Sample>(&mut self, coeffs: &BallisticsCoeffs, peaks: &[S], reductions: &mut [f64]) {
        match coeffs.mode {
            Mode::Manual => {
                self.leave_dual();
                self.manual(coeffs.attack, coeffs.release, reductions);
            }
            Mode::Dual { attack, release } => self.dual(coeffs, [attack, release], reductions),
            Mode::Auto { window, steps, lowest } => {
                self.leave_dual();
                self.auto(window, steps, lowest, peaks, reductions);
            }
        }
        if !matches!(coeffs.mode, Mode::Auto { .. }) {
            self.crest = Self::REST.crest;
        }
    }

    /// What the slow follower held, the fast one holds from now on.
    fn leave_dual(&mut self) {
        self.held = larger(self.held, self.slow);
        self.slow = 0.0;
    }

    fn manual(&mut self, attack: f64, release: f64, reductions: &mut [f64]) {
        let (mut held, mut smooth) = (self.held, self.smooth);
        let (fall, blend) = ([release, 1.0 - release], 1.0 - attack);
        for value in reductions {
            held = recover(held, *value, NOTHING, fall);
            smooth = smoothed(smooth, held, attack, blend);
            *value = smooth;
        }
        (self.held, self.smooth) = (held, smooth);
    }

    fn dual(&mut self, coeffs: &BallisticsCoeffs, [rise, decay]: [f64; 2], reductions: &mut [f64]) {
        let (mut held, mut slow, mut smooth) = (self.held, self.slow, self.smooth);
        let (fall, blend) = ([coeffs.release, 1.0 - coeffs.release], 1.0 - coeffs.attack);
        for value in reductions {
            held = recover(held, *value, NOTHING, fall);
            let aim = held - NOTHING;
            // The attack is the faster of the two, so the larger result is the right one whichever side it is on.
            let (risen, decayed) = (rise * slow + (1.0 - rise) * aim, decay * slow + (1.0 - decay) * aim);
            slow = larger(larger(risen, decayed), 0.0);
            smooth = smoothed(smooth, larger(held, slow), coeffs.attack, blend);
            *value = smooth;
        }
        (self.held, self.slow, self.smooth) = (held, slow, smooth);
    }

    fn auto<S: Sample>(&mut self, window: f64, steps: [f64; 2], lowest: [f64; 2], peaks: &[S], reductions: &mut [f64]) {
        let ([mut peak, mut mean], mut held, mut smooth) = (self.crest, self.held, self.smooth);
        for (value, magnitude) in reductions.iter_mut().zip(peaks) {
            let magnitude = magnitude.to_f64();
            let magnitude = if magnitude < LOUDEST { magnitude } else { LOUDEST };
            let square = magnitude * magnitude + LEAST_SQUARE;
            let fresh = (1.0 - window) * square;
            peak = larger(window * peak + fresh, square);
            mean = window * mean + fresh;
            let crest = peak / mean;
            // Both logarithms are negative: the larger is the slower.
            let attack = larger(steps[0] * crest, lowest[0]).exp2_fast();
            let release = larger(steps[1] * crest, lowest[1]).exp2_fast();
            held = recover(held, *value, NOTHING, [release, 1.0 - release]);
            smooth = smoothed(smooth, held, attack, 1.0 - attack);
            *value = smooth;
        }
        (self.crest, self.held, self.smooth) = ([peak, mean], held, smooth);
    }
}

/// The attack.
#[inline(always)]
fn smoothed(smooth: f64, held: f64, attack: f64, blend: f64) -> f64 {
    larger(attack * smooth + blend * (held - NOTHING), 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::{vec, vec::Vec};

    const RATE_HZ: f64 = 48_000.0;

    fn run(ballistics: &mut Ballistics, coeffs: &BallisticsCoeffs, peak: f64, wanted: f64, ms: f64) -> Vec<f64> {
        let frames = (ms * RATE_HZ / 1e3) as usize;
        let mut reductions = vec![wanted; frames];
        ballistics.process(coeffs, &vec![peak; frames], &mut reductions);
        reductions
    }

    /// Until a fall from `from` has 1/e left, in ms.
    fn fall_ms(ballistics: &mut Ballistics, coeffs: &BallisticsCoeffs, from: f64) -> f64 {
        let falling = run(ballistics, coeffs, 0.1, 0.0, 20_000.0);
        let frames = falling.iter().position(|&y| y <= from / core::f64::consts::E).unwrap();
        (frames + 1) as f64 / RATE_HZ * 1e3
    }

    #[test]
    fn attack_is_the_time_to_63_percent_and_release_ends_at_exactly_nothing() {
        let coeffs = BallisticsCoeffs::manual(10.0, 100.0, RATE_HZ);
        let mut ballistics = Ballistics::REST;
        let rising = run(&mut ballistics, &coeffs, 1.0, 2.0, 500.0);
        let frames = rising.iter().position(|&y| y >= 2.0 * (1.0 - 1.0 / core::f64::consts::E)).unwrap() + 1;
        assert!((frames as f64 / RATE_HZ * 1e3 - 10.0).abs() < 0.05, "{frames}");
        let falling_ms = fall_ms(&mut ballistics, &coeffs, 2.0);
        assert!((100.0..=111.0).contains(&falling_ms), "{falling_ms}");
        assert!(ballistics.is_at_rest());
        assert!(run(&mut ballistics, &coeffs, 0.0, 0.0, 10.0).iter().all(|y| y.to_bits() == 0));
    }

    #[test]
    fn dual_forgets_short_peaks_fast_and_long_ones_slowly() {
        let coeffs = BallisticsCoeffs::dual(0.1, 60.0, RATE_HZ);
        let mut ballistics = Ballistics::REST;
        run(&mut ballistics, &coeffs, 1.0, 2.0, 2.0);
        let short = fall_ms(&mut ballistics, &coeffs, 2.0);
        run(&mut ballistics, &coeffs, 1.0, 2.0, 2_000.0);
        let long = fall_ms(&mut ballistics, &coeffs, 2.0);
        std::println!("{short:.1} and {long:.1} ms");
        // The slow follower takes a little of the short peak, and follows the fast one, not the input.
        assert!((55.0..90.0).contains(&short), "{short}");
        assert!((600.0..=660.0).contains(&long), "{long}");
        assert!(ballistics.is_at_rest());
    }

    #[test]
    fn auto_is_slow_for_steady_sound_and_fast_for_transients() {
        let coeffs = BallisticsCoeffs::auto(RATE_HZ);
        // A square: C² = 1, so 160 ms.
        let mut ballistics = Ballistics::REST;
        run(&mut ballistics, &coeffs, 0.5, 0.0, 3_000.0);
        let rising = run(&mut ballistics, &coeffs, 0.5, 2.0, 1_000.0);
        let frames = rising.iter().position(|&y| y >= 2.0 * (1.0 - 1.0 / core::f64::consts::E)).unwrap() + 1;
        assert!((frames as f64 / RATE_HZ * 1e3 - 160.0).abs() < 1.0, "{frames}");
        // The same out of near silence.
        let mut ballistics = Ballistics::REST;
        run(&mut ballistics, &coeffs, 0.01, 0.0, 3_000.0);
        let rising = run(&mut ballistics, &coeffs, 0.5, 2.0, 1_000.0);
        let frames = rising.iter().position(|&y| y >= 2.0 * (1.0 - 1.0 / core::f64::consts::E)).unwrap() + 1;
        assert!((frames as f64 / RATE_HZ * 1e3) < 5.0, "{frames}");
    }

    #[test]
    fn a_change_of_mode_goes_on_from_where_it_is() {
        let all = [
            BallisticsCoeffs::manual(0.02, 100.0, RATE_HZ),
            BallisticsCoeffs::dual(0.02, 5.0, RATE_HZ),
            BallisticsCoeffs::auto(RATE_HZ),
        ];
        for from in &all {
            for to in &all {
                let mut ballistics = Ballistics::REST;
                run(&mut ballistics, from, 1.0, 2.0, 3_000.0);
                let before = *run(&mut ballistics, from, 0.5, 0.0, 30.0).last().unwrap();
                let after = run(&mut ballistics, to, 0.5, 0.0, 1.0)[0];
                // No more than one frame of the fastest recovery, 5 ms.
                assert!(after <= before + 1e-8 && after >= before * 0.99, "{from:?} {to:?}: {before} {after}");
            }
        }
    }
}
