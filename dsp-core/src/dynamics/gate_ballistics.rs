//! Gate ballistics: opening, hold and closing; the compressor's ballistics, mirrored.
//!
//! Reduction is in octaves (or dB). A smaller target is an opening, which goes through the attack at once; a larger one
//! starts after the hold, with the release: y1 = min(c, aR y1 + (1-aR) c), y = aA y + (1-aA) y1. So crests open, and
//! the gaps between them do not close. Open means exactly 0, after 22 attacks.
//!
//! # Source
//! `dynamics::ballistics` with the signs inverted; the hold is a counter that every crest restarts.

use super::release::{AttackRelease, log_rate, pole_at};
use crate::{
    foundation::{math::larger, silence},
    primitives::{
        backend::{Backend, run},
        lanes::Form,
        ramp::Span,
    },
};

/// Attack, hold and release.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct GateBallisticsCoeffs {
    poles: AttackRelease,
    hold_frames: u32,
}

impl GateBallisticsCoeffs {
    pub(crate) fn new(attack_ms: f64, hold_frames: usize, release_ms: f64, sample_rate_hz: f64) -> Self {
        let poles = AttackRelease::poles(attack_ms, release_ms, sample_rate_hz);
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
    /// y.
    smooth: f64,
    /// Frames since the target was last as open as the state.
    waited: u32,
}

impl GateBallistics {
    /// The state after a long time at this reduction.
    pub(crate) fn at(reduction: f64) -> Self {
        Self { held: reduction, smooth: reduction, waited: u32::MAX }
    }

    /// Turns target reductions into smoothed ones, in place; `glide` is the span of [`GateBallisticsCoeffs::glide`].
    pub(crate) fn process(
        &mut self,
        backend: Backend,
        coeffs: &GateBallisticsCoeffs,
        glide: &Span<f64, 2>,
        reductions: &mut [f64],
    ) {
        run!(backend, form => self.process_all(form, coeffs, glide, reductions));
    }

    #[inline(always)]
    fn process_all(
        &mut self,
        form: impl Form,
        coeffs: &GateBallisticsCoeffs,
        glide: &Span<f64, 2>,
        reductions: &mut [f64],
    ) {
        let GateBallisticsCoeffs { poles, hold_frames } = *coeffs;
        match glide {
            Span::Still(_) => self.follow(form, reductions, hold_frames, |_| poles),
            Span::Moving([attack, release]) => {
                let poles = |index: usize| AttackRelease {
                    attack: pole_at(attack.at(index as i32)),
                    release: pole_at(release.at(index as i32)),
                };
                self.follow(form, reductions, hold_frames, poles);
            }
        }
    }

    #[inline(always)]
    fn follow(
        &mut self,
        form: impl Form,
        reductions: &mut [f64],
        hold_frames: u32,
        poles: impl Fn(usize) -> AttackRelease,
    ) {
        let Self { mut held, mut smooth, mut waited } = *self;
        for (index, value) in reductions.iter_mut().enumerate() {
            let (AttackRelease { attack, release }, target) = (poles(index), *value);
            let closing = form.mul_add(release, held, (1.0 - release) * target);
            waited = if target <= held { 0 } else { waited.saturating_add(1) };
            let next = if waited > hold_frames { closing } else { held };
            held = if target < next { target } else { next };
            smooth = larger(form.mul_add(attack, smooth, (1.0 - attack) * (held - silence::REDUCTION_OCTAVES)), 0.0);
            *value = smooth;
        }
        *self = Self { held, smooth, waited };
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
    fn opens_in_the_attack_and_closes_after_the_hold_in_the_release() {
        let coeffs = GateBallisticsCoeffs::new(5.0, 960, 100.0, RATE_HZ);
        let mut opening = GateBallistics::at(4.0);
        assert!((run(&mut opening, &coeffs, 4.0, 100.0)[4_799] - 4.0).abs() < 1e-8);
        let falling = run(&mut opening, &coeffs, 0.0, 500.0);
        let frames = falling.iter().position(|&y| y <= 4.0 / core::f64::consts::E).unwrap() + 1;
        assert!((frames as f64 / RATE_HZ * 1e3 - 5.0).abs() < 0.05, "{frames}");
        assert_eq!(falling[23_999].to_bits(), 0);
        let rising = run(&mut opening, &coeffs, 4.0, 2_000.0);
        assert!(rising[..960].iter().all(|&y| y == 0.0) && rising[962] > 0.0);
        let frames = rising.iter().position(|&y| y >= 4.0 * (1.0 - 1.0 / core::f64::consts::E)).unwrap() + 1;
        let closing_ms = frames as f64 / RATE_HZ * 1e3;
        assert!((120.0..=125.5).contains(&closing_ms), "{closing_ms}");
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
