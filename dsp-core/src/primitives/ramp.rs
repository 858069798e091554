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
mod tests;
