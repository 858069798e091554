//! Ballistics: attack and release of the gain reduction, in octaves.
//!
//! - Branching, for levels without ripple: y = a y + (1-a) c with the target reduction c, a = aA while c is above y and
//!   aR below. Attack and release are the times to 63.2 % of a step, and a short transient acts by its share of the
//!   attack.
//! - Decoupled, for levels that fall between crests: first a peak hold, y1 = max(c, aR y1 + (1-aR) c), then the attack,
//!   y = aA y + (1-aA) y1. Every crest counts in full, however short, and is held for 8 % of the release, 16 ms at most:
//!   a tone whose crests are no further apart has no ripple. aR is such that a fall through the hold and both poles
//!   takes the release; where the attack is as long as the release, 8 % more.
//!
//! Both aim 1e-9 octaves below their target and stop at 0, so that they reach 0 in 22 time constants instead of decaying
//! for ever. Releases:
//!
//! - Manual: the times of the settings.
//! - Dual: a second follower with 2.5 times the release as attack and 10 times as release, and the larger of both. Short
//!   peaks recover fast, sustained reduction slowly. At a release of 60 ms: 150 and 600 ms. If decoupled, it follows y1,
//!   before the attack, and falls as much faster as y1 and the attack delay it.
//! - Auto: both times follow the crest factor C of the level, C² = peak²/rms² over 200 ms: transients get fast times,
//!   steady signals slow ones, τA = 2 τA,max / C², τR = 2 τR,max / C² - τA, with at most 80 ms and 1 s for a sine. The
//!   reduction moves by at most 4 dB per ms: whatever the crest factor, no sample hears a step.
//!
//! All of them share their state, so that the mode may change at any frame without a step in the reduction. Times glide
//! on a logarithmic scale, those of the automatic mode included.
//!
//! # Source
//! D. Giannoulis, M. Massberg, J. Reiss, "Digital dynamic range compressor design", JAES 60(6), 2012, eq. 16 (smooth
//! branching), eq. 17 (smooth decoupled) and its section on side-chain topologies (smoothing of the logarithmic
//! reduction); "Parameter automation in a dynamic range compressor", JAES 61(10), 2013 (crest factor). The dual release:
//! `dynamics::release`. Own: the hold, and the pole of the first stage from the time of both.

use super::{
    crest::{AUTO_ATTACK_MS, AUTO_RELEASE_MS, Crest, CrestCoeffs},
    release::{AttackRelease, first_of_two_ms, log_rate, pole_at, recover},
};
use crate::{
    foundation::{
        math::{Pow2, larger, smaller},
        sample::Sample,
        silence,
        unit::ms_to_frames,
    },
    primitives::{
        backend::{Backend, run_recursion},
        lanes::Form,
        ramp::Span,
    },
};

/// Times of the slow follower of the dual release, as multiples of the release: 150 and 600 ms for 60 ms.
const SLOW_ATTACK_RATIO: f64 = 2.5;
const SLOW_RELEASE_RATIO: f64 = 10.0;
/// Hold of a decoupled crest: share of the release, and the most, half a period of 31 Hz.
const HOLD_SHARE: f64 = 0.08;
const MOST_HOLD_MS: f64 = 16.0;
/// How far below what is held a target still is a crest of it: 0.012 dB, more than crests of one tone differ.
const CREST_OCTAVES: f64 = 1.0 / 512.0;
/// Frames whose times are computed together.
const GROUP: usize = 32;

/// Attack and release.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct BallisticsCoeffs {
    poles: AttackRelease,
    /// Poles of the slow follower of the dual release.
    slow: Option<AttackRelease>,
    /// 0, or 1 for times by the crest factor.
    auto: f64,
    crest: CrestCoeffs,
    topology: Topology,
    /// Of a crest, if decoupled.
    hold_frames: u32,
}

/// How a follower takes both times.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) enum Topology {
    /// One follower, whose time is that of its direction.
    Branching,
    /// A peak hold that releases, and the attack behind it.
    #[default]
    Decoupled,
}

impl BallisticsCoeffs {
    /// The times of the settings.
    pub(crate) fn manual(topology: Topology, attack_ms: f64, release_ms: f64, sample_rate_hz: f64) -> Self {
        let hold_ms = match topology {
            Topology::Branching => 0.0,
            Topology::Decoupled => smaller(HOLD_SHARE * release_ms, MOST_HOLD_MS),
        };
        let fall_ms = match topology {
            Topology::Branching => release_ms,
            Topology::Decoupled => first_of_two_ms(release_ms - hold_ms, attack_ms),
        };
        Self {
            poles: AttackRelease::poles(attack_ms, fall_ms, sample_rate_hz),
            slow: None,
            auto: 0.0,
            crest: CrestCoeffs::new(sample_rate_hz),
            topology,
            hold_frames: ms_to_frames(hold_ms, sample_rate_hz) as u32,
        }
    }

    /// The release, and 10 times as long after sustained reduction.
    pub(crate) fn dual(topology: Topology, attack_ms: f64, release_ms: f64, sample_rate_hz: f64) -> Self {
        let slow_ms = SLOW_RELEASE_RATIO * release_ms;
        let fall_ms = match topology {
            Topology::Branching => slow_ms,
            // What it follows takes a release until the attack has it.
            Topology::Decoupled => first_of_two_ms(slow_ms, larger(attack_ms, release_ms)),
        };
        let slow = AttackRelease::poles(SLOW_ATTACK_RATIO * release_ms, fall_ms, sample_rate_hz);
        Self { slow: Some(slow), ..Self::manual(topology, attack_ms, release_ms, sample_rate_hz) }
    }

    /// Times from the crest factor, without a hold: the release is short of the attack.
    pub(crate) fn auto(topology: Topology, sample_rate_hz: f64) -> Self {
        let poles = AttackRelease::poles(AUTO_ATTACK_MS, AUTO_RELEASE_MS, sample_rate_hz);
        let manual = Self::manual(topology, AUTO_ATTACK_MS, AUTO_RELEASE_MS, sample_rate_hz);
        Self { poles, auto: 1.0, hold_frames: 0, ..manual }
    }

    /// Values that glide: log2 of both rates, and the share of the crest factor in them.
    pub(crate) fn glide(&self) -> [f64; 3] {
        let AttackRelease { attack, release } = self.poles.map(log_rate);
        [attack, release, self.auto]
    }

    /// Whether the times are constant over a span of [`BallisticsCoeffs::glide`].
    pub(crate) fn is_at_rest(&self, glide: &Span<f64, 3>) -> bool {
        self.auto == 0.0 && matches!(glide, Span::Still(_))
    }
}

/// The ballistics of one channel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Ballistics {
    /// The fast follower: y1 if decoupled, y if branching.
    held: f64,
    /// The slow follower of the dual mode.
    slow: f64,
    /// The reduction.
    smooth: f64,
    /// Frames that the last crest is still held, if decoupled.
    left: u32,
    crest: Crest,
    topology: Topology,
}

impl Ballistics {
    /// No reduction.
    pub(crate) const REST: Self =
        Self { held: 0.0, slow: 0.0, smooth: 0.0, left: 0, crest: Crest::REST, topology: Topology::Decoupled };

    /// Turns target reductions into smoothed ones, in place. `peaks` are the magnitudes of the same frames, `glide` the
    /// span of [`BallisticsCoeffs::glide`].
    pub(crate) fn process<S: Sample>(
        &mut self,
        backend: Backend,
        coeffs: &BallisticsCoeffs,
        glide: &Span<f64, 3>,
        peaks: &[S],
        reductions: &mut [f64],
    ) {
        run_recursion!(backend, form => self.process_all(form, coeffs, glide, peaks, reductions));
    }

    #[inline(always)]
    fn process_all<S: Sample>(
        &mut self,
        form: impl Form,
        coeffs: &BallisticsCoeffs,
        glide: &Span<f64, 3>,
        peaks: &[S],
        reductions: &mut [f64],
    ) {
        if coeffs.is_at_rest(glide) {
            return self.follow_at_rest(form, coeffs, reductions);
        }
        self.enter(coeffs.topology);
        if coeffs.slow.is_none() {
            self.leave_dual();
        }
        let slew = if coeffs.auto == 0.0 { f64::INFINITY } else { coeffs.crest.slew };
        for (start, (reductions, peaks)) in
            (0_i32..).step_by(GROUP).zip(reductions.chunks_mut(GROUP).zip(peaks.chunks(GROUP)))
        {
            // Apart from the recursion, so that quotients and powers are computed in vectors.
            let (mut attacks, mut releases) = ([1.0; GROUP], [1.0; GROUP]);
            self.crest.rates(&coeffs.crest, peaks, &mut attacks, &mut releases);
            match glide {
                Span::Still(_) => {
                    for (attack, release) in attacks.iter_mut().zip(&mut releases) {
                        (*attack, *release) = ((-*attack).exp2_fast(), (-*release).exp2_fast());
                    }
                }
                Span::Moving([attack, release, auto]) => {
                    for ((at, attacks), releases) in (start..).zip(&mut attacks).zip(&mut releases) {
                        let share = auto.at(at);
                        let glided = |log: f64, rate: f64| pole_at(log + share * (rate.log2_fast() - log));
                        (*attacks, *releases) = (glided(attack.at(at), *attacks), glided(release.at(at), *releases));
                    }
                }
            }
            let poles =
                |index: usize| AttackRelease { attack: attacks[index % GROUP], release: releases[index % GROUP] };
            self.follow(form, coeffs, slew, reductions, poles);
        }
    }

    /// The recursion with constant times, neither gliding nor from the crest factor.
    #[inline(always)]
    pub(crate) fn follow_at_rest(&mut self, form: impl Form, coeffs: &BallisticsCoeffs, reductions: &mut [f64]) {
        self.crest = Crest::REST;
        self.enter(coeffs.topology);
        if coeffs.slow.is_none() {
            self.leave_dual();
        }
        self.follow(form, coeffs, f64::INFINITY, reductions, |_| coeffs.poles);
    }

    /// Continues in another topology from the current reduction.
    #[inline(always)]
    fn enter(&mut self, topology: Topology) {
        if self.topology != topology {
            self.topology = topology;
            self.left = 0;
            // What the attack has not let through yet is dropped.
            (self.held, self.slow) = (self.smooth, smaller(self.slow, self.smooth));
        }
    }

    /// The fast follower takes over the value of the slow one.
    #[inline(always)]
    fn leave_dual(&mut self) {
        self.held = larger(self.held, self.slow);
        self.slow = 0.0;
    }

    /// The recursion with the poles of attack and release of each frame; the reduction changes by at most `slew` in one.
    #[inline(always)]
    fn follow(
        &mut self,
        form: impl Form,
        coeffs: &BallisticsCoeffs,
        slew: f64,
        reductions: &mut [f64],
        poles: impl FnMut(usize) -> AttackRelease,
    ) {
        let hold = coeffs.hold_frames;
        match (coeffs.topology, coeffs.slow) {
            (Topology::Branching, None) => self.each(form, reductions, poles, Branch { slew }),
            (Topology::Branching, Some(slow)) => self.each(form, reductions, poles, SlowBranch { slew, slow }),
            (Topology::Decoupled, None) => self.each(form, reductions, poles, Decouple { slew, hold }),
            (Topology::Decoupled, Some(slow)) => self.each(form, reductions, poles, SlowDecouple { slew, hold, slow }),
        }
    }

    /// Replaces every target by the reduction that `step` makes of it.
    #[inline(always)]
    fn each(
        &mut self,
        form: impl Form,
        reductions: &mut [f64],
        mut poles: impl FnMut(usize) -> AttackRelease,
        step: impl Step,
    ) {
        let mut state = *self;
        for (index, value) in reductions.iter_mut().enumerate() {
            state.smooth = step.next(form, &mut state, *value, poles(index));
            *value = state.smooth;
        }
        *self = state;
    }

    /// The fast follower of the branching topology.
    #[inline(always)]
    fn branch(&mut self, form: impl Form, target: f64, poles: AttackRelease, slew: f64) -> f64 {
        let next = towards(form, self.held, target - silence::REDUCTION_OCTAVES, poles);
        self.held = larger(limited(self.smooth, next, slew), 0.0);
        self.held
    }

    /// The slow follower of the dual release.
    #[inline(always)]
    fn follow_slowly(&mut self, form: impl Form, target: f64, poles: AttackRelease) -> f64 {
        self.slow = larger(towards(form, self.slow, target - silence::REDUCTION_OCTAVES, poles), 0.0);
        self.slow
    }

    /// y1 of the decoupled topology.
    #[inline(always)]
    fn hold(&mut self, form: impl Form, target: f64, release: f64, hold_frames: u32) -> f64 {
        let crest = target + CREST_OCTAVES >= self.held;
        let fallen = recover(form, self.held, target, silence::REDUCTION_OCTAVES, release);
        // Without a branch on the state: `|`.
        self.held = if crest | (self.left == 0) { fallen } else { self.held };
        self.left = if crest { hold_frames } else { self.left.saturating_sub(1) };
        self.held
    }

    /// The attack of the decoupled topology.
    #[inline(always)]
    fn attack(&self, form: impl Form, held: f64, pole: f64, slew: f64) -> f64 {
        let next = form.mul_add(pole, self.smooth, (1.0 - pole) * (held - silence::REDUCTION_OCTAVES));
        larger(limited(self.smooth, next, slew), 0.0)
    }
}

/// One frame of a topology. Not a closure, which would lose the instructions of the form.
trait Step: Copy {
    /// The reduction that follows from the target.
    fn next(self, form: impl Form, state: &mut Ballistics, target: f64, poles: AttackRelease) -> f64;
}

#[derive(Clone, Copy)]
struct Branch {
    slew: f64,
}

impl Step for Branch {
    #[inline(always)]
    fn next(self, form: impl Form, state: &mut Ballistics, target: f64, poles: AttackRelease) -> f64 {
        state.branch(form, target, poles, self.slew)
    }
}

#[derive(Clone, Copy)]
struct SlowBranch {
    slew: f64,
    slow: AttackRelease,
}

impl Step for SlowBranch {
    #[inline(always)]
    fn next(self, form: impl Form, state: &mut Ballistics, target: f64, poles: AttackRelease) -> f64 {
        let fast = state.branch(form, target, poles, self.slew);
        larger(fast, state.follow_slowly(form, target, self.slow))
    }
}

#[derive(Clone, Copy)]
struct Decouple {
    slew: f64,
    hold: u32,
}

impl Step for Decouple {
    #[inline(always)]
    fn next(self, form: impl Form, state: &mut Ballistics, target: f64, poles: AttackRelease) -> f64 {
        let held = state.hold(form, target, poles.release, self.hold);
        state.attack(form, held, poles.attack, self.slew)
    }
}

#[derive(Clone, Copy)]
struct SlowDecouple {
    slew: f64,
    hold: u32,
    slow: AttackRelease,
}

impl Step for SlowDecouple {
    #[inline(always)]
    fn next(self, form: impl Form, state: &mut Ballistics, target: f64, poles: AttackRelease) -> f64 {
        let held = state.hold(form, target, poles.release, self.hold);
        let held = larger(held, state.follow_slowly(form, held, self.slow));
        state.attack(form, held, poles.attack, self.slew)
    }
}

/// A follower's next value: with the attack upwards, with the release downwards.
#[inline(always)]
fn towards(form: impl Form, value: f64, aim: f64, poles: AttackRelease) -> f64 {
    let AttackRelease { attack, release } = poles;
    let risen = form.mul_add(attack, value, (1.0 - attack) * aim);
    let fallen = form.mul_add(release, value, (1.0 - release) * aim);
    // On either side the result of the faster one is beyond that of the other: no branch on the state.
    if attack < release { form.larger(risen, fallen) } else { form.smaller(risen, fallen) }
}

/// `after`, at most `slew` from `before`.
#[inline(always)]
fn limited(before: f64, after: f64, slew: f64) -> f64 {
    // Constant where nothing limits: the compiler drops it.
    if slew == f64::INFINITY { after } else { larger(smaller(after, before + slew), before - slew) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::primitives::ramp::Ramp;
    use alloc::{vec, vec::Vec};

    const RATE_HZ: f64 = 48_000.0;

    fn run(ballistics: &mut Ballistics, coeffs: &BallisticsCoeffs, peak: f64, target: f64, ms: f64) -> Vec<f64> {
        let frames = (ms * RATE_HZ / 1e3) as usize;
        let mut reductions = vec![target; frames];
        let still = Span::Still(coeffs.glide());
        ballistics.process(Backend::Scalar, coeffs, &still, &vec![peak; frames], &mut reductions);
        reductions
    }

    /// Time until a fall from `from` has 1/e left, in ms.
    fn fall_ms(ballistics: &mut Ballistics, coeffs: &BallisticsCoeffs, from: f64) -> f64 {
        let falling = run(ballistics, coeffs, 0.1, 0.0, 20_000.0);
        let frames = falling.iter().position(|&y| y <= from / core::f64::consts::E).unwrap();
        (frames + 1) as f64 / RATE_HZ * 1e3
    }

    #[test]
    fn attack_is_the_time_to_63_percent_and_release_ends_at_exactly_zero() {
        let coeffs = BallisticsCoeffs::manual(Topology::Decoupled, 10.0, 100.0, RATE_HZ);
        let mut ballistics = Ballistics::REST;
        let rising = run(&mut ballistics, &coeffs, 1.0, 2.0, 500.0);
        let frames = rising.iter().position(|&y| y >= 2.0 * (1.0 - 1.0 / core::f64::consts::E)).unwrap() + 1;
        assert!((frames as f64 / RATE_HZ * 1e3 - 10.0).abs() < 0.05, "{frames}");
        let falling_ms = fall_ms(&mut ballistics, &coeffs, 2.0);
        assert!((falling_ms - 100.0).abs() < 0.1, "{falling_ms}");
        assert_eq!((ballistics.held, ballistics.slow, ballistics.smooth), (0.0, 0.0, 0.0));
        assert!(run(&mut ballistics, &coeffs, 0.0, 0.0, 10.0).iter().all(|y| y.to_bits() == 0));
    }

    #[test]
    fn dual_recovers_fast_from_short_peaks_and_slowly_from_long_ones() {
        let coeffs = BallisticsCoeffs::dual(Topology::Decoupled, 0.1, 60.0, RATE_HZ);
        let mut ballistics = Ballistics::REST;
        run(&mut ballistics, &coeffs, 1.0, 2.0, 2.0);
        let short = fall_ms(&mut ballistics, &coeffs, 2.0);
        run(&mut ballistics, &coeffs, 1.0, 2.0, 2_000.0);
        let long = fall_ms(&mut ballistics, &coeffs, 2.0);
        std::println!("{short:.1} and {long:.1} ms");
        assert!((short - 60.0).abs() < 1.0 && (long - 600.0).abs() < 6.0, "{short} {long}");
        assert_eq!((ballistics.held, ballistics.slow, ballistics.smooth), (0.0, 0.0, 0.0));
    }

    #[test]
    fn auto_is_slow_for_steady_sound_and_fast_for_transients() {
        let coeffs = BallisticsCoeffs::auto(Topology::Decoupled, RATE_HZ);
        // A square: C² = 1, so 160 ms.
        let mut ballistics = Ballistics::REST;
        run(&mut ballistics, &coeffs, 0.5, 0.0, 3_000.0);
        let rising = run(&mut ballistics, &coeffs, 0.5, 2.0, 1_000.0);
        let frames = rising.iter().position(|&y| y >= 2.0 * (1.0 - 1.0 / core::f64::consts::E)).unwrap() + 1;
        assert!((frames as f64 / RATE_HZ * 1e3 - 160.0).abs() < 1.0, "{frames}");
        // The same from near silence.
        let mut ballistics = Ballistics::REST;
        run(&mut ballistics, &coeffs, 0.01, 0.0, 3_000.0);
        let rising = run(&mut ballistics, &coeffs, 0.5, 2.0, 1_000.0);
        let frames = rising.iter().position(|&y| y >= 2.0 * (1.0 - 1.0 / core::f64::consts::E)).unwrap() + 1;
        assert!((frames as f64 / RATE_HZ * 1e3) < 5.0, "{frames}");
    }

    #[test]
    fn a_change_of_mode_keeps_the_reduction() {
        let all = [
            BallisticsCoeffs::manual(Topology::Decoupled, 0.02, 100.0, RATE_HZ),
            BallisticsCoeffs::dual(Topology::Decoupled, 0.02, 5.0, RATE_HZ),
            BallisticsCoeffs::auto(Topology::Decoupled, RATE_HZ),
        ];
        for from in &all {
            for to in &all {
                let mut ballistics = Ballistics::REST;
                run(&mut ballistics, from, 1.0, 2.0, 3_000.0);
                let before = *run(&mut ballistics, from, 0.5, 0.0, 30.0).last().unwrap();
                let mut glide = Ramp::new(from.glide(), 960);
                glide.set_target(to.glide());
                let mut after = Vec::new();
                while after.len() < 2_000 {
                    let (span, count) = glide.span::<f64>(64);
                    let mut reductions = vec![0.0; count];
                    ballistics.process(Backend::Scalar, to, &span, &vec![0.5; count], &mut reductions);
                    after.extend(reductions);
                }
                // At most the change per frame of the fastest recovery, 5 ms, or of the attack catching up with it.
                let steps = core::iter::once(&before).chain(&after).zip(&after);
                let step = steps.map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
                assert!(step <= 2.0 / (5e-3 * RATE_HZ), "{from:?} {to:?}: {step}");
            }
        }
    }
}
