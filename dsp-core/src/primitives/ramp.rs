//! Parameter ramps: quintic glides of several values in a fixed number of frames.
//!
//! A step from rest is the quintic 6u⁵-15u⁴+10u³ in u = k/N (k frames since the target was set). A target set during a
//! step adds a step of its own: the value is the convolution of the targets with the bell 30u²(1-u)², which is never
//! negative. So the value is C2, and a weighted mean of the active targets: it never leaves their interval, whatever is
//! set and whenever. A single quintic from (value, slope, curvature) to the new target can overshoot both, or cross 0.
//! Targets set in quick succession neither stall the ramp nor leave a staircase.
//!
//! The set of active steps changes at events: a start or an arrival. Between two events the sum is one polynomial per
//! value, evaluated in closed form for every frame and never accumulated, so that any cut of the stream gives the same
//! bits.
//!
//! - A step starts no sooner than N/[`STEPS`] after the one before, and arrives N frames after its target was set; a
//!   target set in between is pending, the last one counts.
//! - A small correction of a step from rest arrives together with it, if that makes it no sharper (in its largest third
//!   derivative) than the step itself. Then the value comes to rest without passing the new target. A target behind the
//!   value, or too close ahead of it to brake without a click, is passed, but the target before it never is.
//!
//! Why not the cubic Hermite segment, which is C1: a change of 12 dB in 20 ms on a 100 Hz sine leaves -106 dBFS above
//! 1 kHz if it happens at a zero crossing, but -95 dBFS at the crest. The quintic leaves -117 dBFS at the worst phase.
//!
//! # Source
//! The quintic from rest to rest is the minimum-jerk trajectory, T. Flash & N. Hogan, J. Neuroscience 5(7), 1985; its
//! superposition when the target changes on the way: T. Flash & E. Henis, J. Cognitive Neuroscience 3(3), 1991.

use super::{
    lanes::{Form, Lanes},
    pair::WIDEST,
};
use crate::foundation::sample::Sample;

/// Default length of a gain-like ramp, in ms.
pub(crate) const GAIN_RAMP_MS: f64 = 20.0;
/// Length of a mute, in ms.
pub(crate) const MUTE_RAMP_MS: f64 = 10.0;

/// Steps active at the same time.
const STEPS: usize = 8;

/// `N` values on one ramp.
#[derive(Clone, Debug)]
pub(crate) struct Ramp<const N: usize> {
    frames: u32,
    /// The target set last.
    target: [f64; N],
    /// Frames until the target is due; 0 = arrived.
    due: u32,
    /// Start of the first active step: the target reached last.
    base: [f64; N],
    /// The active steps, in the order of their starts and arrivals.
    steps: [Step<N>; STEPS],
    under_way: usize,
    /// Frames since the last event and, of them, until the next one.
    done: u32,
    left: u32,
}

/// One quintic from rest to rest.
#[derive(Clone, Copy, Debug)]
struct Step<const N: usize> {
    to: [f64; N],
    /// Frames from start to arrival, and frames left at the last event.
    frames: u32,
    left: u32,
}

/// The values over the next frames of a stream: see [`Ramp::span`].
#[derive(Clone, Copy, Debug)]
pub(crate) enum Span<S, const N: usize> {
    /// At rest.
    Still([S; N]),
    /// On a curve.
    Moving([Curve<S>; N]),
}

/// One value's curve over a span of frames.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Curve<S> {
    polynomial: [S; 6],
    per_frame: S,
    first: i32,
}

impl<S: Sample> Curve<S> {
    /// The value at frame `index` of the span.
    #[inline(always)]
    pub(crate) fn at(&self, index: i32) -> S {
        let u = S::from_index(self.first + index) * self.per_frame;
        let [c0, c1, c2, c3, c4, c5] = self.polynomial;
        c0 + u * (c1 + u * (c2 + u * (c3 + u * (c4 + u * c5))))
    }
}

/// The curves of one ramp in `count` frames of a span from `start` on; of more, as many as whole steps take. A ramp is
/// shorter than 2^24 frames, whose numbers are exact. `ABREAST` vectors are evaluated side by side: a polynomial alone waits
/// for each of its operations.
#[inline(always)]
pub(crate) fn evaluate<F: Form, S: Sample, const ABREAST: usize, const N: usize, const FRAMES: usize>(
    form: F,
    curves: &[Curve<S>; N],
    start: usize,
    count: usize,
    values: &mut [[S; FRAMES]; N],
) {
    let lanes = F::Native::<S>::LEN;
    let mut numbers = [S::ZERO; WIDEST];
    for (index, number) in (0_i32..).zip(&mut numbers) {
        *number = S::from_index(index);
    }
    // Spans are shorter than 2^31 frames.
    let mut frame = form.load(&numbers) + form.splat(S::from_index(curves[0].first + start as i32));
    let per_frame = form.splat(curves[0].per_frame);
    let step = form.splat(S::from_index(lanes as i32));
    let mut index = 0;
    while index < count {
        let mut u = [per_frame; ABREAST];
        for u in &mut u {
            *u = frame * per_frame;
            frame = frame + step;
        }
        let mut sums = [u; N];
        for (sums, curve) in sums.iter_mut().zip(curves) {
            *sums = [form.splat(curve.polynomial[5]); ABREAST];
        }
        for power in (0..5).rev() {
            for (sums, curve) in sums.iter_mut().zip(curves) {
                let coefficient = form.splat(curve.polynomial[power]);
                for (sum, u) in sums.iter_mut().zip(&u) {
                    *sum = coefficient + *u * *sum;
                }
            }
        }
        for (values, sums) in values.iter_mut().zip(sums) {
            for (values, sum) in values[index..index + ABREAST * lanes].chunks_exact_mut(lanes).zip(sums) {
                sum.store(values);
            }
        }
        index += ABREAST * lanes;
    }
}

impl<const N: usize> Ramp<N> {
    /// At rest at `value`; later targets are reached in `frames` (at least 1).
    pub(crate) fn new(value: [f64; N], frames: usize) -> Self {
        // Frames are counted in i32 by [`Curve`].
        let frames = u32::try_from(frames).unwrap_or(u32::MAX).clamp(1, i32::MAX as u32);
        Self {
            frames,
            target: value,
            due: 0,
            base: value,
            steps: [Step { to: value, frames: 1, left: 0 }; STEPS],
            under_way: 0,
            done: 0,
            left: 0,
        }
    }

    /// Starts towards `target` at the next frame.
    pub(crate) fn set_target(&mut self, target: [f64; N]) {
        if target == self.target {
            return;
        }
        self.target = target;
        self.due = self.frames;
        self.turn();
    }

    /// Jumps to `target` at once, which clicks: for building and resetting only.
    pub(crate) fn jump_to(&mut self, target: [f64; N]) {
        (self.target, self.base) = (target, target);
        (self.due, self.under_way, self.done) = (0, 0, 0);
    }

    /// The target set last.
    pub(crate) fn target(&self) -> [f64; N] {
        self.target
    }

    /// The same, by reference.
    pub(crate) fn aim(&self) -> &[f64; N] {
        &self.target
    }

    /// The current value.
    pub(crate) fn value(&self) -> [f64; N] {
        if !self.is_moving() {
            return self.target;
        }
        let u = f64::from(self.done) / f64::from(self.frames);
        self.polynomials().map(|[c0, c1, c2, c3, c4, c5]| c0 + u * (c1 + u * (c2 + u * (c3 + u * (c4 + u * c5)))))
    }

    /// Frames on one curve, unlimited at rest: a caller with two ramps splits its chunks by it.
    pub(crate) fn uniform_frames(&self) -> usize {
        if self.is_moving() { self.frames_to_turn().max(1) } else { usize::MAX }
    }

    /// At rest at `value`.
    pub(crate) fn is_at(&self, value: [f64; N]) -> bool {
        !self.is_moving() && self.target == value
    }

    /// Still moving.
    pub(crate) fn is_moving(&self) -> bool {
        self.due > 0
    }

    /// Frames before the target: the last frame of a ramp is the target itself, not the polynomial's rounding of it.
    pub(crate) fn frames_on_curve(&self) -> usize {
        self.due.saturating_sub(1) as usize
    }

    /// Frames left on the current curve.
    fn frames_to_turn(&self) -> usize {
        self.frames_on_curve().min(self.left as usize)
    }

    /// Frames between the starts of two steps, so that [`STEPS`] suffice.
    fn spacing(&self) -> u32 {
        self.frames.div_ceil(STEPS as u32)
    }

    /// At an event: drops the steps that have arrived, starts one for the target if due, and expands the curve to the
    /// next event.
    fn turn(&mut self) {
        for step in &mut self.steps[..self.under_way] {
            step.left -= self.done;
        }
        self.done = 0;
        let arrived = self.steps[..self.under_way].iter().take_while(|step| step.left == 0).count();
        if arrived > 0 {
            self.base = self.steps[arrived - 1].to;
            self.steps.copy_within(arrived..self.under_way, 0);
            self.under_way -= arrived;
        }
        // A step without a frame yet is replaced by the new target.
        if let Some(last) = self.last_step()
            && last.left == last.frames
            && last.to != self.target
        {
            self.under_way -= 1;
        }
        let mut until_start = u32::MAX;
        if self.last_step().map_or(self.base, |step| step.to) != self.target {
            until_start = self.last_step().map_or(0, |step| self.spacing().saturating_sub(step.frames - step.left));
            if until_start == 0 {
                let frames = self.frames_of_new_step();
                self.steps[self.under_way] = Step { to: self.target, frames, left: frames };
                self.under_way += 1;
                until_start = u32::MAX;
            }
        }
        if until_start == u32::MAX {
            self.due = self.last_step().map_or(0, |step| step.left);
        }
        self.left = self.steps[..self.under_way].iter().map(|step| step.left).fold(until_start, u32::min);
    }

    fn last_step(&self) -> Option<&Step<N>> {
        self.steps[..self.under_way].last()
    }

    /// Frames until the target is due, or fewer, so that it arrives with the step that it corrects.
    fn frames_of_new_step(&self) -> u32 {
        if let [step] = &self.steps[..self.under_way] {
            let shorter = f64::from(step.frames) / f64::from(step.left);
            let sharper = shorter * shorter * shorter;
            let mut changes = self.target.iter().zip(&step.to).zip(&self.base);
            if changes.all(|((target, to), base)| (target - to).abs() * sharper <= (to - base).abs()) {
                return step.left.min(self.due);
            }
        }
        self.due
    }

    /// The sum of the steps in powers of u since the last event: for each value the coefficients of u⁰..u⁵. Expanded
    /// when it is needed, since a ramp that keeps it takes half as much memory again.
    fn polynomials(&self) -> [[f64; 6]; N] {
        let mut polynomials = self.base.map(|base| [base, 0.0, 0.0, 0.0, 0.0, 0.0]);
        let mut from = self.base;
        for step in &self.steps[..self.under_way] {
            // Progress of the step: a + bu.
            let a = f64::from(step.frames - step.left) / f64::from(step.frames);
            let mut taylor = [
                a * a * a * (10.0 + a * (6.0 * a - 15.0)),
                30.0 * a * a * (1.0 - a) * (1.0 - a),
                30.0 * a * (1.0 - a) * (1.0 - 2.0 * a),
                10.0 + 60.0 * a * (a - 1.0),
                30.0 * a - 15.0,
                6.0,
            ];
            // Else b is 1.
            if step.frames != self.frames {
                let b = f64::from(self.frames) / f64::from(step.frames);
                let [_, first, second, third, fourth, fifth] = &mut taylor;
                *first *= b;
                *second *= b * b;
                *third *= b * b * b;
                *fourth *= b * b * b * b;
                *fifth *= b * b * b * b * b;
            }
            for ((polynomial, from), to) in polynomials.iter_mut().zip(&mut from).zip(&step.to) {
                let rise = to - *from;
                for (coefficient, taylor) in polynomial.iter_mut().zip(&taylor) {
                    *coefficient += rise * taylor;
                }
                *from = *to;
            }
        }
        polynomials
    }

    /// The values over the next frames, at most `frames`, and their number; advances by them.
    #[inline]
    pub(crate) fn span<S: Sample>(&mut self, frames: usize) -> (Span<S, N>, usize) {
        let on_curve = self.frames_to_turn();
        if on_curve == 0 {
            if frames > 0 {
                self.jump_to(self.target);
            }
            return (Span::Still(self.target.map(S::from_f64)), frames);
        }
        let length = on_curve.min(frames);
        let mut curves = [Curve { polynomial: [S::ZERO; 6], per_frame: S::ZERO, first: 0 }; N];
        for (curve, polynomial) in curves.iter_mut().zip(self.polynomials()) {
            *curve = Curve {
                polynomial: polynomial.map(S::from_f64),
                per_frame: S::from_f64(1.0 / f64::from(self.frames)),
                first: (self.done + 1) as i32,
            };
        }
        // `length` is at most `left`, a u32.
        let passed = length as u32;
        self.done += passed;
        self.left -= passed;
        self.due -= passed;
        if self.left == 0 {
            self.turn();
        }
        (Span::Moving(curves), length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    fn run<const N: usize>(ramp: &mut Ramp<N>, frames: usize, cut: usize) -> Vec<[f64; N]> {
        let mut values = Vec::new();
        while values.len() < frames {
            let (span, length) = ramp.span::<f64>((frames - values.len()).min(cut));
            for index in 0..length as i32 {
                values.push(match &span {
                    Span::Still(values) => *values,
                    Span::Moving(curves) => core::array::from_fn(|n| curves[n].at(index)),
                });
            }
        }
        values
    }

    #[test]
    fn starts_at_the_value_and_ends_at_the_target_exactly() {
        let mut ramp = Ramp::new([1.0, 0.1], 100);
        ramp.set_target([0.3, 0.7]);
        let values = run(&mut ramp, 120, 7);
        assert!((values[0][0] - 1.0).abs() < 1e-3);
        assert_ne!(values[98], [0.3, 0.7]);
        assert!(values[99..].iter().all(|value| *value == [0.3, 0.7]));
        assert!(values.windows(2).all(|pair| pair[1][0] <= pair[0][0] && pair[1][1] >= pair[0][1]));
    }

    #[test]
    fn matches_the_textbook_curve() {
        let mut ramp = Ramp::new([0.0], 50);
        ramp.set_target([1.0]);
        for (k, [value]) in run(&mut ramp, 50, 50).into_iter().enumerate() {
            let u = (k + 1) as f64 / 50.0;
            assert!((value - u * u * u * (10.0 + u * (6.0 * u - 15.0))).abs() < 1e-14, "{k}");
        }
    }

    /// Runs through targets, each set after so many frames; returns the values and the frames of the settings.
    fn aimed<const N: usize>(ramp: &mut Ramp<N>, aims: &[([f64; N], usize)], cut: usize) -> Vec<[f64; N]> {
        let mut values = Vec::new();
        for (target, frames) in aims {
            ramp.set_target(*target);
            values.extend(run(ramp, *frames, cut));
        }
        values
    }

    /// A ramp that is cut short at every moment: a fader from silence to 0 dB corrected to -0.01 dB, and one towards
    /// silence stopped at -60 dB.
    #[test]
    fn a_corrected_target_is_never_passed() {
        for (from, to, corrected) in [(0.0, 1.0, 0.998_849), (1.0, 0.0, 0.001), (-1.0, 1.0, 0.9), (0.2, 0.8, 0.81)] {
            for at in 1..100 {
                let mut ramp = Ramp::new([from], 100);
                let values = aimed(&mut ramp, &[([to], at), ([corrected], 200)], 7);
                assert_eq!(values[at + 199], [corrected]);
                // The overshoot that the last frames can brake without a click.
                let left = (100 - at) as f64 / 100.0;
                let brakes = (corrected - to).abs() <= (to - from).abs() * left * left * left;
                let end = if brakes { corrected } else { to.max(corrected * (to - from).signum()) };
                let (low, high) = (f64::min(from, end), f64::max(from, end));
                let legal = low - 1e-12..=high + 1e-12;
                assert!(values.iter().all(|[value]| legal.contains(value)), "{from} -> {to} -> {corrected} at {at}");
            }
        }
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig {
            failure_persistence: None,
            rng_seed: proptest::test_runner::RngSeed::Fixed(10),
            ..Default::default()
        })]

        /// Never outside the active targets (those set in the last `FRAMES` or pending before, and the one before
        /// them), C2, and at the target in time.
        #[test]
        fn random_targets_at_random_moments(
            aims in proptest::collection::vec((-1.0..1.0_f64, -1.0..1.0_f64, 0..1_500_usize), 1..40),
            short in proptest::bool::ANY,
            cut in 1..200_usize,
        ) {
            const FRAMES: usize = 960;
            let aims: Vec<([f64; 2], usize)> =
                aims.into_iter().map(|(a, b, frames)| ([a, b], if short { frames % 90 } else { frames })).collect();
            let mut ramp = Ramp::new([0.3, -0.2], FRAMES);
            let mut values = aimed(&mut ramp, &aims, cut);
            values.extend(run(&mut ramp, FRAMES, cut));
            let last = aims[aims.len() - 1].0;
            proptest::prop_assert_eq!(values[values.len() - 1], last);
            let mut whole = Ramp::new([0.3, -0.2], FRAMES);
            let mut again = aimed(&mut whole, &aims, usize::MAX);
            again.extend(run(&mut whole, FRAMES, usize::MAX));
            proptest::prop_assert!(values == again, "the cut shows");
            for n in 0..2 {
                // (frame of setting, target), the first one long ago.
                let mut set = alloc::vec![(0, [0.3, -0.2][n])];
                let mut at = 0;
                for (target, frames) in &aims {
                    set.push((at, target[n]));
                    at += frames;
                }
                for (frame, value) in values.iter().enumerate() {
                    // The target in force that long ago, and all later ones so far.
                    let longest = FRAMES + FRAMES / STEPS;
                    let oldest = set.iter().skip(1).rposition(|(at, _)| at + longest <= frame).map_or(0, |k| k + 1);
                    let heard = set[oldest..].iter().filter(|(at, _)| *at <= frame).map(|(_, target)| *target);
                    let low = heard.clone().fold(f64::INFINITY, f64::min);
                    let high = heard.fold(f64::NEG_INFINITY, f64::max);
                    proptest::prop_assert!(
                        value[n] >= low - 1e-12 && value[n] <= high + 1e-12,
                        "{} outside {}..{} at frame {}", value[n], low, high, frame
                    );
                }
                // The third derivative of a step of 2 is 120/N³, of one that starts late 1.5 times that, and eight of
                // them overlap; a kink of the slope would leave 1/N, one of the curvature 1/N².
                let third = |w: &[[f64; 2]]| (w[3][n] - 3.0 * w[2][n] + 3.0 * w[1][n] - w[0][n]).abs();
                let jerk = values.windows(4).map(third).fold(0.0, f64::max);
                let limit = 8.0 * 1.5 * 120.0 / (FRAMES as f64).powi(3);
                proptest::prop_assert!(jerk < limit, "{} {}", jerk, limit);
            }
        }
    }

    /// A fader moved in every block, by automation, is followed half a ramp later, evenly.
    #[test]
    fn a_stream_of_targets_neither_stalls_nor_leaves_a_staircase() {
        for block in [1, 7, 64, 100, 333, 480] {
            let mut ramp = Ramp::new([0.0], 960);
            let steps = 9_600 / block;
            let aims: Vec<_> = (1..=steps).map(|k| ([(k * block) as f64 / 9_600.0], block)).collect();
            let values = aimed(&mut ramp, &aims, 64);
            let slopes: Vec<f64> = values[1_440..].windows(2).map(|w| (w[1][0] - w[0][0]) * 9_600.0).collect();
            // The mean over a ramp of the changes per block; pending steps make it slightly uneven.
            if block < 480 {
                let worst = slopes.iter().fold(0.0, |worst: f64, slope| worst.max((slope - 1.0).abs()));
                std::println!("{block}: {worst}");
                assert!(worst < 0.05, "{block}: {worst}");
            }
            let late = values.iter().enumerate().skip(1_440).map(|(n, v)| (n + 1) as f64 - v[0] * 9_600.0);
            let (low, high) = late.fold((f64::INFINITY, 0.0), |(low, high), x| (x.min(low), x.max(high)));
            assert!(low > 480.0 - block as f64 - 1.0 && high < 480.0 + 121.0, "{block}: {low}..{high}");
        }
    }

    #[test]
    fn slope_and_curvature_are_continuous_when_re_targeted() {
        let mut ramp = Ramp::new([0.0], 1000);
        ramp.set_target([1.0]);
        let mut values = run(&mut ramp, 400, 33);
        ramp.set_target([-0.5]);
        values.extend(run(&mut ramp, 1000, 33));
        // Third differences of a C2 curve shrink with 1/N³ (here times the largest third derivative, 60 of each rise
        // and more of the joined slope); a kink of the slope would leave 1/N, one of the curvature 1/N².
        let third = |w: &[[f64; 1]]| (w[3][0] - 3.0 * w[2][0] + 3.0 * w[1][0] - w[0][0]).abs();
        let jerk = values.windows(4).map(third).fold(0.0, f64::max);
        assert!(jerk < 4e-7, "{jerk}");
    }

    #[test]
    fn any_cut_gives_the_same_bits() {
        let whole = {
            let mut ramp = Ramp::new([0.2], 97);
            ramp.set_target([0.9]);
            run(&mut ramp, 200, 200)
        };
        for cut in [1, 2, 13, 64] {
            let mut ramp = Ramp::new([0.2], 97);
            ramp.set_target([0.9]);
            assert_eq!(run(&mut ramp, 200, cut), whole);
        }
    }
}
