//! Release of the limiter: immediate rise, exponential fall of the reduction.
//!
//! Reduction is a logarithm (dB, or octaves: any unit), 0 or more. y falls towards the target x by y = max(x, a y +
//! (1-a)(x - ε)). Aiming ε below and stopping at x makes it arrive, at 0 too, after ln(y/ε) time constants, without a
//! test on the way.
//!
//! Dual adds a slow follower s, which rises towards x through two poles in series while x is above it, and falls slowly
//! when it is not: after a short peak of t it has reached x (t/τ)²/2 alone, and holds after long ones. y is never below
//! it.
//!
//! Auto turns the same follower into a time: y falls by τ = τ_fast + (τ_slow - τ_fast) (s/y)², in implicit form, y =
//! max(x, y + (x - ε - y) / (1 + τ fs)), stable for every τ. A peak that stands alone, s much smaller than y, recovers in
//! τ_fast; the more of the reduction has lasted, the slower it goes.
//!
//! # Source
//! The decoupled peak detector's release (D. Giannoulis, M. Massberg, J. Reiss, JAES 60(6), 2012, eq. 17), without its
//! attack; two time constants after the "automatic" release of analogue broadcast limiters. a = e^(-1/(τ fs)). A release
//! by the square of a crest factor: the same authors, "Parameter automation in a dynamic range compressor", JAES 61(10),
//! 2013; theirs is that of the signal, ours, y/s, that of the reduction.

use crate::{
    foundation::math::{Pow2, larger, smaller},
    primitives::lanes::Form,
};

/// Slow over fast release: 400 ms for a fast release of 60 ms.
const SLOW_RELEASE_RATIO: f64 = 400.0 / 60.0;
/// Each of the two poles of the slow follower's rise, over the fast release: 150 ms for 60 ms.
const SLOW_ATTACK_RATIO: f64 = 150.0 / 60.0;
/// Times of the automatic release, in ms: after single peaks, after long reduction, and the slow follower's rise.
pub(crate) const AUTO_FAST_MS: f64 = 30.0;
pub(crate) const AUTO_SLOW_MS: f64 = 400.0;
const AUTO_ATTACK_MS: f64 = 150.0;

/// A value for the attack and one for the release.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct AttackRelease {
    pub(crate) attack: f64,
    pub(crate) release: f64,
}

impl AttackRelease {
    /// Poles of a follower with these times.
    pub(crate) fn poles(attack_ms: f64, release_ms: f64, sample_rate_hz: f64) -> Self {
        Self { attack: attack_ms, release: release_ms }.map(|time_ms| pole(time_ms, sample_rate_hz))
    }

    /// Both by the same function.
    #[inline(always)]
    pub(crate) fn map(self, function: impl Fn(f64) -> f64) -> Self {
        Self { attack: function(self.attack), release: function(self.release) }
    }
}

/// Times of a release, as one-pole coefficients.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct ReleaseCoeffs {
    /// Pole of the fall.
    fall: f64,
    /// Poles of the slow follower of the dual and the automatic release.
    slow: Option<AttackRelease>,
    /// The fast time, and what the slow one adds to it, in frames, of the automatic release.
    auto: Option<AttackRelease>,
}

impl ReleaseCoeffs {
    /// Falls to 1/e in `release_ms`.
    pub(crate) fn manual(release_ms: f64, sample_rate_hz: f64) -> Self {
        Self { fall: pole(release_ms, sample_rate_hz), slow: None, auto: None }
    }

    /// The same after short peaks, 6.7 times slower after long ones.
    pub(crate) fn dual(release_ms: f64, sample_rate_hz: f64) -> Self {
        let slow =
            AttackRelease::poles(SLOW_ATTACK_RATIO * release_ms, SLOW_RELEASE_RATIO * release_ms, sample_rate_hz);
        Self { fall: pole(release_ms, sample_rate_hz), slow: Some(slow), auto: None }
    }

    /// From 30 ms after single peaks to 400 ms after long reduction.
    pub(crate) fn auto(sample_rate_hz: f64) -> Self {
        let frames = |time_ms: f64| 1e-3 * time_ms * sample_rate_hz;
        let slow = AttackRelease::poles(AUTO_ATTACK_MS, AUTO_SLOW_MS, sample_rate_hz);
        // Attack: the fast time; release: the rest of the slow one.
        let times = AttackRelease { attack: frames(AUTO_FAST_MS), release: frames(AUTO_SLOW_MS - AUTO_FAST_MS) };
        Self { fall: pole(AUTO_FAST_MS, sample_rate_hz), slow: Some(slow), auto: Some(times) }
    }
}

/// a, the pole of a one-pole filter whose step response has 1/e left after `time_ms`.
pub(crate) fn pole(time_ms: f64, sample_rate_hz: f64) -> f64 {
    libm::exp(-1e3 / (time_ms * sample_rate_hz))
}

/// Shortest of the times of [`first_of_two_ms`], over that of both.
const LEAST_SHARE: f64 = 0.002;

/// Time constant of the first of two one-poles in series, in ms, with which a fall through both has 1/e left after
/// `both_ms`. Where `second_ms` alone takes as long, the first one is 500 times as fast.
pub(crate) fn first_of_two_ms(both_ms: f64, second_ms: f64) -> f64 {
    // In units of `both_ms`: what is left after 1, which rises with `first`.
    let second = second_ms / both_ms;
    let left = |first: f64| {
        if (first - second).abs() < 1e-6 * second {
            (1.0 + 1.0 / second) * libm::exp(-1.0 / second)
        } else {
            (first * libm::exp(-1.0 / first) - second * libm::exp(-1.0 / second)) / (first - second)
        }
    };
    let (mut low, mut high) = (LEAST_SHARE, 1.0);
    for _ in 0..40 {
        let middle = 0.5 * (low + high);
        if left(middle) > libm::exp(-1.0) {
            high = middle;
        } else {
            low = middle;
        }
    }
    low * both_ms
}

/// The release of a channel: see the head of this file.
#[derive(Clone, Debug)]
pub(crate) struct Release {
    coeffs: ReleaseCoeffs,
    /// ε.
    epsilon: f64,
    reduction: f64,
    /// The first pole of the slow follower's rise, and the follower.
    rising: f64,
    slow: f64,
}

impl Release {
    /// At rest. `epsilon` is a reduction so small that it counts as 0.
    pub(crate) fn new(coeffs: ReleaseCoeffs, epsilon: f64) -> Self {
        Self { coeffs, epsilon, reduction: 0.0, rising: 0.0, slow: 0.0 }
    }

    /// Changes the times from the next frame on; the reduction is kept.
    pub(crate) fn set_coeffs(&mut self, coeffs: ReleaseCoeffs) {
        self.coeffs = coeffs;
        if coeffs.slow.is_none() {
            (self.rising, self.slow) = (0.0, 0.0);
        }
    }

    /// Whether it stays exactly 0 until a target is above 0.
    #[inline(always)]
    pub(crate) fn is_at_rest(&self) -> bool {
        self.reduction == 0.0 && self.rising == 0.0 && self.slow == 0.0
    }

    /// Turns target reductions into smoothed ones, in place.
    #[inline(always)]
    pub(crate) fn process(&mut self, form: impl Form, reduction: &mut [f64]) {
        let Self { coeffs: ReleaseCoeffs { fall, slow, auto }, epsilon, reduction: mut given, .. } = *self;
        match (slow, auto) {
            (None, _) => {
                for value in reduction {
                    let target = *value;
                    given = recover(form, given, target, epsilon, fall);
                    *value = given;
                }
            }
            (Some(slow), None) => {
                for value in reduction {
                    let target = *value;
                    let held = self.follow(form, slow, target);
                    given = larger(recover(form, given, target, epsilon, fall), held);
                    *value = given;
                }
            }
            (Some(slow), Some(AttackRelease { attack: fast, release: more })) => {
                for value in reduction {
                    let target = *value;
                    let held = self.follow(form, slow, target);
                    let share = smaller(held / larger(given, epsilon), 1.0);
                    let rate = 1.0 / (1.0 + form.mul_add(more, share * share, fast));
                    given = larger(form.mul_add(rate, (target - epsilon) - given, given), target);
                    *value = given;
                }
            }
        }
        self.reduction = given;
    }

    /// The slow follower, one frame on.
    #[inline(always)]
    fn follow(&mut self, form: impl Form, poles: AttackRelease, target: f64) -> f64 {
        let AttackRelease { attack, release } = poles;
        let (aim, held) = (target - self.epsilon, self.slow);
        self.rising = larger(form.mul_add(attack, self.rising, (1.0 - attack) * aim), 0.0);
        // Rising only while the target is above it: the first pole remembers a peak that has gone.
        let risen = form.mul_add(attack, held, (1.0 - attack) * smaller(self.rising, aim));
        let fallen = form.mul_add(release, held, (1.0 - release) * smaller(held, aim));
        self.slow = larger(larger(risen, fallen), 0.0);
        self.slow
    }

    /// At rest.
    pub(crate) fn reset(&mut self) {
        let Self { coeffs: _, epsilon: _, reduction, rising, slow } = self;
        (*reduction, *rising, *slow) = (0.0, 0.0, 0.0);
    }
}

/// log2 of a pole's rate, -log2 of the pole, whose inverse is a time: the value along which times glide.
pub(crate) fn log_rate(pole: f64) -> f64 {
    libm::log2(-libm::log2(pole))
}

/// The pole at a point of such a glide.
#[inline(always)]
pub(crate) fn pole_at(log_rate: f64) -> f64 {
    (-log_rate.exp2_fast()).exp2_fast()
}

/// The next reduction y: rises to the target at once, falls by a = `fall` and 1-a. The term with the state comes last,
/// being the dependency of the next frame.
#[inline(always)]
pub(crate) fn recover(form: impl Form, given: f64, target: f64, epsilon: f64, fall: f64) -> f64 {
    larger(form.mul_add(fall, given, (1.0 - fall) * (target - epsilon)), target)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{foundation::silence::REDUCTION_OCTAVES, primitives::lanes::Scalar};
    use alloc::{vec, vec::Vec};

    const RATE_HZ: f64 = 48_000.0;

    fn run(release: &mut Release, target: &[f64]) -> Vec<f64> {
        let mut values = target.to_vec();
        release.process(Scalar, &mut values);
        values
    }

    /// Frames from the end of `targets` until 1/e of it is left.
    fn time_ms(coeffs: ReleaseCoeffs, burst_ms: f64) -> f64 {
        let burst = (burst_ms * RATE_HZ / 1e3) as usize;
        let mut release = Release::new(coeffs, REDUCTION_OCTAVES);
        run(&mut release, &vec![6.0; burst]);
        let falling = run(&mut release, &vec![0.0; 96_000]);
        let frames = falling.iter().position(|&y| y <= 6.0 / core::f64::consts::E).unwrap();
        (frames + 1) as f64 / RATE_HZ * 1e3
    }

    #[test]
    fn manual_falls_to_one_over_e_in_its_time_and_arrives() {
        let coeffs = ReleaseCoeffs::manual(60.0, RATE_HZ);
        assert!((time_ms(coeffs, 1.0) - 60.0).abs() < 0.05);
        assert!((time_ms(coeffs, 1_000.0) - 60.0).abs() < 0.05);
        let mut release = Release::new(coeffs, REDUCTION_OCTAVES);
        assert_eq!(run(&mut release, &[6.0]), [6.0], "at once");
        // ln(6e9) = 22.5 time constants.
        let frames = (22.6 * 0.06 * RATE_HZ) as usize;
        let falling = run(&mut release, &vec![0.0; frames]);
        assert!(falling.windows(2).all(|y| y[1] <= y[0]) && falling[frames - 1] == 0.0 && release.is_at_rest());
        assert!(falling.iter().all(|y| !y.is_subnormal()));
    }

    #[test]
    fn two_poles_in_series_fall_in_the_time_of_both() {
        for (both_ms, second_ms) in [(100.0, 1.0), (100.0, 10.0), (100.0, 46.6), (100.0, 50.0), (5.0, 4.9)] {
            let first = pole(first_of_two_ms(both_ms, second_ms), 1e6);
            let (second, mut state) = (pole(second_ms, 1e6), [1.0_f64; 2]);
            let frames = (0..).take_while(|_| {
                state = [first * state[0], second * state[1] + (1.0 - second) * first * state[0]];
                state[1] > 1.0 / core::f64::consts::E
            });
            let found_ms = 1e-3 * frames.count() as f64;
            assert!((found_ms / both_ms - 1.0).abs() < 1e-3, "{both_ms} {second_ms}: {found_ms}");
        }
        assert_eq!(first_of_two_ms(100.0, 100.0), 0.2);
        assert_eq!(first_of_two_ms(100.0, 250.0), 0.2);
    }

    #[test]
    fn never_below_the_target() {
        let mut random = crate::primitives::random::Random::new(1, 0);
        let target: Vec<f64> = (0..5_000).map(|_| (10.0 * random.triangular()).max(0.0)).collect();
        let all =
            [ReleaseCoeffs::manual(5.0, RATE_HZ), ReleaseCoeffs::dual(60.0, RATE_HZ), ReleaseCoeffs::auto(RATE_HZ)];
        for coeffs in all {
            let given = run(&mut Release::new(coeffs, REDUCTION_OCTAVES), &target);
            assert!(given.iter().zip(&target).all(|(y, x)| y >= x));
        }
    }

    #[test]
    fn dual_recovers_fast_from_short_peaks_and_slowly_from_long_ones() {
        let coeffs = ReleaseCoeffs::dual(60.0, RATE_HZ);
        let (short, long) = (time_ms(coeffs, 2.0), time_ms(coeffs, 2_000.0));
        assert!((short - 60.0).abs() < 1.0, "{short}");
        assert!((long - 400.0).abs() < 2.0, "{long}");
        let mut release = Release::new(coeffs, REDUCTION_OCTAVES);
        run(&mut release, &vec![6.0; 96_000]);
        // ln(6e9) of the slow time constants.
        run(&mut release, &vec![0.0; (22.7 * 0.4 * RATE_HZ) as usize]);
        assert!(release.is_at_rest());
    }

    #[test]
    fn auto_takes_the_time_that_the_reduction_has_lasted() {
        let coeffs = ReleaseCoeffs::auto(RATE_HZ);
        let times = [2.0, 12.0, 50.0, 200.0, 500.0, 3_000.0].map(|burst_ms| time_ms(coeffs, burst_ms));
        std::println!("bursts of 2, 12, 50, 200, 500, 3000 ms: {times:.1?} ms");
        assert!((times[0] - AUTO_FAST_MS).abs() < 0.5 && times[1] < 32.0, "{times:?}");
        assert!((times[5] - AUTO_SLOW_MS).abs() < 8.0 && times.is_sorted(), "{times:?}");
        // At rest after ln(6e9) of the slow time constants.
        let mut release = Release::new(coeffs, REDUCTION_OCTAVES);
        run(&mut release, &vec![6.0; 96_000]);
        let falling = run(&mut release, &vec![0.0; (23.0 * 0.4 * RATE_HZ) as usize]);
        assert!(release.is_at_rest() && falling.windows(2).all(|y| y[1] <= y[0]));
        assert!(falling.iter().all(|y| !y.is_subnormal()));
    }

    #[test]
    fn a_short_peak_leaves_nothing_in_the_slow_follower() {
        // 12 dB, 2 octaves, through a hold of 12 ms: down to 0.1 dB as by the fast time alone.
        let left = |coeffs| {
            let mut release = Release::new(coeffs, REDUCTION_OCTAVES);
            run(&mut release, &[2.0; 576]);
            let falling = run(&mut release, &[0.0; 48_000]);
            falling.iter().position(|&y| y <= 0.1 / 6.02).unwrap() as f64 / RATE_HZ * 1e3
        };
        let times =
            [ReleaseCoeffs::manual(60.0, RATE_HZ), ReleaseCoeffs::dual(60.0, RATE_HZ), ReleaseCoeffs::auto(RATE_HZ)]
                .map(left);
        std::println!("manual, dual, auto: {times:.1?} ms");
        assert!(times[1] < times[0] + 1.0 && times[2] < 200.0, "{times:?}");
    }

    #[test]
    fn a_change_of_times_keeps_the_reduction() {
        let mut release = Release::new(ReleaseCoeffs::dual(60.0, RATE_HZ), REDUCTION_OCTAVES);
        let held = *run(&mut release, &vec![6.0; 48_000]).last().unwrap();
        release.set_coeffs(ReleaseCoeffs::manual(30.0, RATE_HZ));
        let next = run(&mut release, &[0.0])[0];
        assert!(next < held && next > 0.999 * held);
    }
}
