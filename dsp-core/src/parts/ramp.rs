//! Values that move together from where they are to a target, smoothly, in a fixed number of frames.
//!
//! One polynomial per value in u = k/N (k frames since the target was set), evaluated in closed form for every frame and
//! never accumulated, so that any cut of the stream gives the same bits. It is the quintic from (value, slope, curvature)
//! to (target, 0, 0): C2, also when re-targeted on the way; from rest it is 6u⁵-15u⁴+10u³.
//!
//! Why not the cubic Hermite segment, which is C1: a change of 12 dB in 20 ms on a 100 Hz sine leaves -106 dBFS above
//! 1 kHz if it happens at a zero crossing, but -95 dBFS at the crest. The quintic leaves -117 dBFS at the worst phase.
//!
//! # Source
//! The quintic with given end conditions is the minimum-jerk trajectory (T. Flash & N. Hogan, J. Neuroscience 5(7),
//! 1985).

use crate::foundation::sample::Sample;

/// Default length of a gain-like ramp, in ms.
pub(crate) const GAIN_RAMP_MS: f64 = 20.0;
/// Length of a mute, in ms.
pub(crate) const MUTE_RAMP_MS: f64 = 10.0;

/// `N` values that move together.
#[derive(Clone, Debug)]
pub(crate) struct Ramp<const N: usize> {
    frames: u32,
    /// Frames since the target was set; `frames` = arrived.
    done: u32,
    target: [f64; N],
    /// Coefficients of u⁰..u⁵.
    polynomial: [[f64; 6]; N],
}

/// The values over the next frames of a stream: see [`Ramp::span`].
#[derive(Clone, Copy, Debug)]
pub(crate) enum Span<S, const N: usize> {
    /// They stand still.
    Still([S; N]),
    /// They follow a curve.
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

impl<const N: usize> Ramp<N> {
    /// At rest at `value`; later targets are reached in `frames` (at least 1).
    pub(crate) fn new(value: [f64; N], frames: usize) -> Self {
        let frames = u32::try_from(frames).unwrap_or(u32::MAX).max(1);
        Self { frames, done: frames, target: value, polynomial: [[0.0; 6]; N] }
    }

    /// Leaves for `target` at the next frame.
    pub(crate) fn set_target(&mut self, target: [f64; N]) {
        if target == self.target {
            return;
        }
        for (n, &target) in target.iter().enumerate() {
            let [value, slope, curvature] = self.motion(n);
            let rise = target - value;
            self.polynomial[n] = [
                value,
                slope,
                0.5 * curvature,
                10.0 * rise - 6.0 * slope - 1.5 * curvature,
                -15.0 * rise + 8.0 * slope + 1.5 * curvature,
                6.0 * rise - 3.0 * slope - 0.5 * curvature,
            ];
        }
        self.target = target;
        self.done = 0;
    }

    /// Is at `target` at once: for building and resetting only, it clicks.
    pub(crate) fn jump_to(&mut self, target: [f64; N]) {
        self.target = target;
        self.done = self.frames;
    }

    /// Where it is going, or is.
    pub(crate) fn target(&self) -> [f64; N] {
        self.target
    }

    /// The same, by reference.
    pub(crate) fn aim(&self) -> &[f64; N] {
        &self.target
    }

    /// Where it is.
    pub(crate) fn value(&self) -> [f64; N] {
        core::array::from_fn(|n| self.motion(n)[0])
    }

    /// Frames over which it stays on its curve or, at rest, for ever: what a caller of two ramps splits by.
    pub(crate) fn uniform_frames(&self) -> usize {
        if self.is_moving() { self.frames_on_curve().max(1) } else { usize::MAX }
    }

    /// At rest at `value`.
    pub(crate) fn is_at(&self, value: [f64; N]) -> bool {
        !self.is_moving() && self.target == value
    }

    /// Still on its way.
    fn is_moving(&self) -> bool {
        self.done < self.frames
    }

    /// Frames that lie between here and the target: the last frame of a ramp is the target itself, not the polynomial's
    /// rounding of it.
    pub(crate) fn frames_on_curve(&self) -> usize {
        self.frames.saturating_sub(self.done).saturating_sub(1) as usize
    }

    /// Value, slope and curvature per u at the last frame given out.
    fn motion(&self, n: usize) -> [f64; 3] {
        if !self.is_moving() {
            return [self.target[n], 0.0, 0.0];
        }
        let u = f64::from(self.done) / f64::from(self.frames);
        let [c0, c1, c2, c3, c4, c5] = self.polynomial[n];
        [
            c0 + u * (c1 + u * (c2 + u * (c3 + u * (c4 + u * c5)))),
            c1 + u * (2.0 * c2 + u * (3.0 * c3 + u * (4.0 * c4 + u * 5.0 * c5))),
            2.0 * c2 + u * (6.0 * c3 + u * (12.0 * c4 + u * 20.0 * c5)),
        ]
    }

    /// The values over the next frames, at most `frames` of them, and how many those are; moves on by as many.
    #[inline]
    pub(crate) fn span<S: Sample>(&mut self, frames: usize) -> (Span<S, N>, usize) {
        let on_curve = self.frames_on_curve();
        if on_curve == 0 {
            if frames > 0 {
                self.done = self.frames;
            }
            return (Span::Still(self.target.map(S::from_f64)), frames);
        }
        let length = on_curve.min(frames);
        let mut curves = [Curve { polynomial: [S::ZERO; 6], per_frame: S::ZERO, first: 0 }; N];
        for (curve, polynomial) in curves.iter_mut().zip(&self.polynomial) {
            *curve = Curve {
                polynomial: polynomial.map(S::from_f64),
                per_frame: S::from_f64(1.0 / f64::from(self.frames)),
                first: (self.done + 1) as i32,
            };
        }
        // `length` is at most `frames_on_curve`, a u32.
        self.done += length as u32;
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

    #[test]
    fn slope_and_curvature_are_continuous_when_re_targeted() {
        let mut ramp = Ramp::new([0.0], 1000);
        ramp.set_target([1.0]);
        let mut values = run(&mut ramp, 400, 33);
        ramp.set_target([-0.5]);
        values.extend(run(&mut ramp, 1000, 33));
        // Third differences of a C2 curve shrink with 1/N³ (here times the largest third derivative, 60 of each rise and
        // more of the joined slope); a kink of the slope would leave 1/N, one of the curvature 1/N².
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
