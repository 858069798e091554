//! Gate ballistics: opening, hold and closing.
//!
//! Targets and reductions are in octaves. A smaller target opens at once as far as the hold is concerned; a larger one
//! closes after the hold, with the release: y1 = min(c, aR y1 + (1-aR) c), and softly: y2 = min(y1, aA y2 + (1-aA) y1).
//! aR is such that both take the release.
//! The attack opens the gain itself: with the target t = 2^-y2, g = min(t, aA g + (1-aA) 1.03 t). So crests open, and the
//! gaps between them do not close.
//!
//! The attack is in amplitude, since a time constant in dB would begin by raising what cannot be heard: it takes the
//! longer, the further a gate closes. It aims 3 % beyond its target and stops there, as an envelope generator charges
//! its capacitor: from closed it is at 63.2 % after 0.93 of the attack, within 1 dB after 1.97 attacks, and exactly open
//! after 3.5. Aiming further would be steeper where it stops.
//!
//! # Source
//! Own; the release is that of `dynamics::ballistics` with the signs inverted, the hold a counter that every crest
//! restarts.

use super::release::{AttackRelease, first_of_two_ms, log_rate, pole_at};
use crate::{
    foundation::math::{Pow2, smaller},
    primitives::{
        backend::{Backend, run, run_recursion},
        lanes::Form,
        ramp::Span,
    },
};

/// How far above the state a target still restarts the hold: 0.012 dB, more than crests of one tone differ.
const CREST_OCTAVES: f64 = 1.0 / 512.0;
/// What an opening aims at, over its target.
const AIM: f64 = 1.03;
/// Time constants of the opening in an attack, so that it is within 1 dB just before two attacks.
const ATTACK_TIME_CONSTANTS: f64 = 1.0176;

/// Attack, hold and release.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct GateBallisticsCoeffs {
    poles: AttackRelease,
    hold_frames: u32,
}

impl GateBallisticsCoeffs {
    pub(crate) fn new(attack_ms: f64, hold_frames: usize, release_ms: f64, sample_rate_hz: f64) -> Self {
        let attack_ms = attack_ms / ATTACK_TIME_CONSTANTS;
        let poles = AttackRelease::poles(attack_ms, first_of_two_ms(release_ms, attack_ms), sample_rate_hz);
        Self { poles, hold_frames: u32::try_from(hold_frames).unwrap_or(u32::MAX) }
    }

    /// Values that glide: log2 of the rates of attack and release.
    pub(crate) fn glide(&self) -> [f64; 2] {
        let AttackRelease { attack, release } = self.poles.map(log_rate);
        [attack, release]
    }
}

/// The gate ballistics of one channel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct GateBallistics {
    /// y1.
    held: f64,
    /// y2.
    smooth: f64,
    /// g.
    gain: f64,
    /// Frames since the last crest, whose target was as open as the state.
    waited: u32,
}

impl GateBallistics {
    /// The state after a long time at this reduction.
    pub(crate) fn at(reduction: f64) -> Self {
        Self { held: reduction, smooth: reduction, gain: (-reduction).exp2_fast(), waited: u32::MAX }
    }

    /// Turns target reductions into smoothed ones, in place; `glide` is the span of [`GateBallisticsCoeffs::glide`].
    pub(crate) fn process(
        &mut self,
        backend: Backend,
        coeffs: &GateBallisticsCoeffs,
        glide: &Span<f64, 2>,
        reductions: &mut [f64],
    ) {
        run_recursion!(backend, form => self.follow(form, coeffs, glide, reductions));
        run!(backend, _ => to_gains(reductions));
        run_recursion!(backend, form => self.open(form, coeffs, glide, reductions));
        run!(backend, _ => to_octaves(reductions));
    }

    /// y1 and y2.
    #[inline(always)]
    fn follow(&mut self, form: impl Form, coeffs: &GateBallisticsCoeffs, glide: &Span<f64, 2>, reductions: &mut [f64]) {
        let GateBallisticsCoeffs { poles, hold_frames } = *coeffs;
        match glide {
            Span::Still(_) => self.follow_by(form, reductions, hold_frames, |_| poles),
            Span::Moving([attack, release]) => self.follow_by(form, reductions, hold_frames, |index| AttackRelease {
                attack: pole_at(attack.at(index)),
                release: pole_at(release.at(index)),
            }),
        }
    }

    #[inline(always)]
    fn follow_by(
        &mut self,
        form: impl Form,
        reductions: &mut [f64],
        hold_frames: u32,
        poles: impl Fn(i32) -> AttackRelease,
    ) {
        let Self { mut held, mut smooth, gain: _, mut waited } = *self;
        for (index, value) in (0_i32..).zip(reductions) {
            let (AttackRelease { attack, release }, target) = (poles(index), *value);
            let closing = form.mul_add(release, held, (1.0 - release) * target);
            let crest = target <= held + CREST_OCTAVES;
            waited = if crest { 0 } else { waited.saturating_add(1) };
            let next = if crest | (waited > hold_frames) { closing } else { held };
            held = smaller(target, next);
            smooth = smaller(form.mul_add(attack, smooth, (1.0 - attack) * held), held);
            *value = smooth;
        }
        (self.held, self.smooth, self.waited) = (held, smooth, waited);
    }

    /// g.
    #[inline(always)]
    fn open(&mut self, form: impl Form, coeffs: &GateBallisticsCoeffs, glide: &Span<f64, 2>, gains: &mut [f64]) {
        match glide {
            Span::Still(_) => self.open_by(form, gains, |_| coeffs.poles.attack),
            Span::Moving([attack, _]) => self.open_by(form, gains, |index| pole_at(attack.at(index))),
        }
    }

    #[inline(always)]
    fn open_by(&mut self, form: impl Form, gains: &mut [f64], attack: impl Fn(i32) -> f64) {
        let mut gain = self.gain;
        for (index, value) in (0_i32..).zip(gains) {
            let (attack, target) = (attack(index), *value);
            gain = smaller(form.mul_add(attack, gain, (1.0 - attack) * (AIM * target)), target);
            *value = gain;
        }
        self.gain = gain;
    }
}

#[inline(always)]
fn to_gains(reductions: &mut [f64]) {
    for value in reductions {
        *value = (-*value).exp2_fast();
    }
}

#[inline(always)]
fn to_octaves(gains: &mut [f64]) {
    for value in gains {
        *value = 0.0 - value.log2_fast();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::{vec, vec::Vec};

    const RATE_HZ: f64 = 48_000.0;

    fn run(opening: &mut GateBallistics, coeffs: &GateBallisticsCoeffs, target: f64, ms: f64) -> Vec<f64> {
        let mut reductions = vec![target; (ms * RATE_HZ / 1e3) as usize];
        opening.process(Backend::Scalar, coeffs, &Span::Still(coeffs.glide()), &mut reductions);
        reductions
    }

    #[test]
    fn opens_in_the_attack_whatever_the_range_and_closes_after_the_hold_in_the_release() {
        let coeffs = GateBallisticsCoeffs::new(5.0, 960, 100.0, RATE_HZ);
        for closed in [4.0, 13.3, 40.0] {
            let mut opening = GateBallistics::at(closed);
            assert!((run(&mut opening, &coeffs, closed, 100.0)[4_799] - closed).abs() < 1e-4);
            let falling = run(&mut opening, &coeffs, 0.0, 500.0);
            let after_ms = |gain: f64| {
                let frames = falling.iter().position(|&y| libm::exp2(-y) >= gain).unwrap() + 1;
                frames as f64 / RATE_HZ * 1e3
            };
            let (opened_ms, near_ms) = (after_ms(1.0 - 1.0 / core::f64::consts::E), after_ms(0.891_25));
            std::println!("from -{closed} octaves: 63.2 % after {opened_ms:.2}, -1 dB after {near_ms:.2} ms");
            // A smaller range has a head start.
            assert!(opened_ms <= 4.72 && near_ms <= 9.9 && (closed < 10.0 || opened_ms > 4.63));
            assert_eq!(falling[850].to_bits(), 0, "3.5 attacks");
            let rising = run(&mut opening, &coeffs, closed, 2_000.0);
            assert!(rising[..960].iter().all(|&y| y == 0.0) && rising[962] > 0.0);
            let frames = rising.iter().position(|&y| y >= closed * (1.0 - 1.0 / core::f64::consts::E)).unwrap() + 1;
            let closing_ms = frames as f64 / RATE_HZ * 1e3;
            assert!((closing_ms - 120.0).abs() < 0.2, "{closing_ms}");
        }
    }

    #[test]
    fn gaps_shorter_than_the_hold_do_not_close() {
        let coeffs = GateBallisticsCoeffs::new(1.0, 480, 5.0, RATE_HZ);
        let mut opening = GateBallistics::at(0.0);
        for _ in 0..20 {
            assert!(run(&mut opening, &coeffs, 0.0, 1.0).iter().all(|&y| y == 0.0));
            assert!(run(&mut opening, &coeffs, 4.0, 10.0).iter().all(|&y| y == 0.0));
        }
    }
}
