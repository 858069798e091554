//! Reading of the lines: at rest, in a crossfade to another time, or while the read position moves.

use super::{
    design::{TAPS, TapCoeffs, write_lagrange},
    kernel::{Frames, cross_fade, interpolate},
    lines::{Lines, ROW},
    params::TimeChange,
};
use crate::{
    foundation::{grid::GRID_FRAMES, sample::Sample, stream::StreamSpec, unit::ms_to_frames},
    primitives::{crossfade::Crossfade, lanes::Form, modulated_delay},
};
use alloc::boxed::Box;

/// Length of the crossfade to another time.
const FADE_MS: f64 = 50.0;
/// Time constant of each of the two low passes that the speed of the read position runs through, and its gain, so that
/// both are smooth: the position is C2; the distance to its target is followed [`APPROACH`] times as slowly, without overshoot (from 27/4 on).
const SPEED_MS: f64 = 10.0;
const APPROACH: f64 = 6.75;
/// Frames per frame by which a delay shrinks and grows at the most: two octaves up and two down.
const SHRINKS: f64 = 3.0;
const GROWS: f64 = 0.75;
/// Distance from its target, and speed, at which the position comes to rest: on a 100 Hz sine at -6 dBFS a step of
/// -123 dBFS. The gain rests within as much of its own as the speed.
const AT_REST: [f64; 2] = [1e-4, 1e-6];

/// An interpolation at rest, in the format of the stream.
#[derive(Clone, Debug)]
struct Tap<S> {
    place: Place,
    taps: [S; TAPS],
    /// Gain at 0 Hz.
    gain: f64,
}

/// What is read: see [`TapCoeffs`].
#[derive(Clone, Copy, Debug, PartialEq)]
struct Place {
    frames: f64,
    oldest: usize,
    count: usize,
}

impl<S: Sample> Tap<S> {
    fn new(coeffs: &TapCoeffs) -> Self {
        let &TapCoeffs { frames, oldest, count, taps } = coeffs;
        let gain = if count == 0 { 1.0 } else { taps.iter().sum() };
        Self { place: Place { frames, oldest, count }, taps: taps.map(S::from_f64), gain }
    }

    /// The longest chunk whose frames are all written before they are read.
    fn frames_at_once(&self) -> usize {
        let Place { oldest, count, .. } = self.place;
        (oldest + 1 - count.max(1)).clamp(1, GRID_FRAMES)
    }

    #[inline(always)]
    fn read<F: Form>(&self, form: F, lines: &Lines<S>, channel: usize, frames: usize, echo: &mut Frames<S>) {
        let Place { oldest, count, .. } = self.place;
        let mut spare = [S::ZERO; ROW];
        let row = lines.row(channel, oldest, &mut spare);
        if count == 0 {
            echo.0[..frames].copy_from_slice(&row[..frames]);
        } else if frames == GRID_FRAMES && count == TAPS && !F::SOFTWARE {
            // The usual case, with loops of constant length.
            interpolate(form, (&self.taps, TAPS), row, GRID_FRAMES, echo);
        } else {
            interpolate(form, (&self.taps, count), row, frames, echo);
        }
    }
}

/// How the lines are read: see the head of this file.
#[derive(Clone, Debug)]
pub(super) enum Reader<S> {
    /// Another time is faded in.
    Fading(Box<Fading<S>>),
    /// The read position moves to another time.
    Moving(Box<Moving<S>>),
}

#[derive(Clone, Debug)]
pub(super) struct Fading<S> {
    taps: Crossfade<Tap<S>>,
    /// Gains of the next tap in the chunk.
    gains: [S; GRID_FRAMES],
}

#[derive(Clone, Debug)]
pub(super) struct Moving<S> {
    /// Where the position rests, or will.
    tap: Tap<S>,
    position: Position,
    /// Frames of the chunk before it came to rest.
    frames: usize,
    /// For each of them the age of the oldest sample read, and the weights.
    oldest: [usize; GRID_FRAMES],
    weights: [[S; modulated_delay::TAPS]; GRID_FRAMES],
}

/// A read position that moves, in frames of delay, and the gain of what is read there: the interpolations at its two
/// ends differ by up to 0.002 dB.
#[derive(Clone, Debug)]
pub(super) struct Position {
    delay: f64,
    /// Speed and gain after the first and after both low passes.
    speed: [f64; 2],
    gain: [f64; 2],
    /// The delay and the gain that it moves to.
    target: [f64; 2],
    /// Feed of each low pass, and the inverse of the time in which the distance is followed.
    feed: f64,
    approach: f64,
}

impl Position {
    fn new(target: [f64; 2], rate_hz: f64) -> Self {
        let frames = SPEED_MS * 1e-3 * rate_hz;
        let (feed, approach) = (-libm::expm1(-1.0 / frames), 1.0 / (APPROACH * frames));
        let [delay, gain] = target;
        Self { delay, speed: [0.0; 2], gain: [gain; 2], target, feed, approach }
    }

    /// Jumps to its target.
    fn rest(&mut self) {
        let [delay, gain] = self.target;
        (self.delay, self.speed, self.gain) = (delay, [0.0; 2], [gain; 2]);
    }

    /// The longest next chunk: the newest sample read is [`REACH`](modulated_delay::REACH) newer than the delay.
    fn frames_at_once(&self) -> usize {
        let room = (self.delay - modulated_delay::REACH as f64) / (1.0 + SHRINKS);
        (room.max(1.0) as usize).min(GRID_FRAMES)
    }

    fn is_at_rest(&self) -> bool {
        [self.delay, self.gain[1]] == self.target && self.speed == [0.0; 2]
    }

    /// Moves by one frame.
    fn advance(&mut self) {
        let [delay, gain] = self.target;
        let distance = delay - self.delay;
        let [near, slow] = AT_REST;
        let is_slow = self.speed.iter().all(|speed| speed.abs() < slow);
        if distance.abs() < near && is_slow && (gain - self.gain[1]).abs() < slow {
            self.rest();
            return;
        }
        let feed = |state: &mut [f64; 2], input: f64| {
            state[0] += self.feed * (input - state[0]);
            state[1] += self.feed * (state[0] - state[1]);
        };
        feed(&mut self.speed, (distance * self.approach).clamp(-SHRINKS, GROWS));
        feed(&mut self.gain, gain);
        self.delay = (self.delay + self.speed[1]).max(1.0);
    }
}

impl<S: Sample> Moving<S> {
    /// Moves on by a chunk.
    fn advance(&mut self, frames: usize) {
        let Self { tap: _, position, frames: moving, oldest, weights } = self;
        *moving = 0;
        while *moving < frames && !position.is_at_rest() {
            position.advance();
            if position.is_at_rest() {
                break;
            }
            let whole = position.delay as usize;
            oldest[*moving] = whole + whole.min(modulated_delay::REACH);
            weights[*moving] = weights_of(position.delay).map(|weight| S::from_f64(position.gain[1] * weight));
            *moving += 1;
        }
    }

    #[inline(always)]
    fn read<F: Form>(&self, form: F, lines: &Lines<S>, channel: usize, frames: usize, echo: &mut Frames<S>) {
        if self.frames < frames {
            self.tap.read(form, lines, channel, frames, echo);
        }
        let mut spare = [S::ZERO; ROW];
        for (frame, echo) in echo.0[..self.frames].iter_mut().enumerate() {
            let row = lines.row(channel, self.oldest[frame] - frame, &mut spare);
            let weighted = self.weights[frame].iter().zip(row);
            *echo = weighted.fold(S::ZERO, |sum, (weight, sample)| sum + *weight * *sample);
        }
    }
}

/// Weights of the samples about a delay, the oldest first: of 14, or of twice as many as it has whole frames.
fn weights_of(delay: f64) -> [f64; modulated_delay::TAPS] {
    let whole = libm::floor(delay);
    if whole >= modulated_delay::REACH as f64 {
        return modulated_delay::weights(&[delay - whole]).map(|[weight]| weight);
    }
    let mut weights = [0.0; modulated_delay::TAPS];
    write_lagrange(&mut weights[..2 * whole as usize], 2.0 * whole - delay);
    weights
}

impl<S: Sample> Reader<S> {
    pub(super) fn new(coeffs: &TapCoeffs, change: TimeChange, spec: &StreamSpec) -> Self {
        let (tap, rate_hz) = (Tap::new(coeffs), spec.sample_rate_hz());
        match change {
            TimeChange::Fade => {
                let taps = Crossfade::new(tap, ms_to_frames(FADE_MS, rate_hz));
                Self::Fading(Box::new(Fading { taps, gains: [S::ZERO; GRID_FRAMES] }))
            }
            TimeChange::Repitch => Self::Moving(Box::new(Moving {
                position: Position::new([coeffs.frames, tap.gain], rate_hz),
                tap,
                frames: 0,
                oldest: [1; GRID_FRAMES],
                weights: [[S::ZERO; modulated_delay::TAPS]; GRID_FRAMES],
            })),
        }
    }

    /// Starts towards another time.
    pub(super) fn set_coeffs(&mut self, coeffs: &TapCoeffs) {
        let next = Tap::new(coeffs);
        match self {
            Self::Fading(fading) if fading.taps.latest().place == next.place => {}
            Self::Fading(fading) => {
                fading.taps.request(|tap| *tap = next);
            }
            Self::Moving(moving) => {
                moving.position.target = [coeffs.frames, next.gain];
                moving.tap = next;
            }
        }
    }

    /// At rest at the time set last.
    pub(super) fn reset(&mut self) {
        match self {
            Self::Fading(fading) => fading.taps.reset(),
            Self::Moving(moving) => moving.position.rest(),
        }
    }

    /// Age of the oldest sample that it reads or will read.
    pub(super) fn reach_frames(&self) -> usize {
        match self {
            Self::Fading(fading) => {
                let reach = |tap: &Tap<S>| tap.place.oldest;
                let taps = &fading.taps;
                reach(taps.current()).max(taps.next().map_or(0, reach)).max(reach(taps.latest()))
            }
            Self::Moving(moving) => {
                moving.tap.place.oldest.max(moving.position.delay as usize + modulated_delay::REACH)
            }
        }
    }

    /// The longest next chunk.
    pub(super) fn frames_at_once(&self) -> usize {
        match self {
            Self::Fading(fading) => {
                let frames = fading.taps.current().frames_at_once().min(fading.taps.uniform_frames());
                fading.taps.next().map_or(frames, |next| frames.min(next.frames_at_once()))
            }
            Self::Moving(moving) => {
                let frames = moving.tap.frames_at_once();
                if moving.position.is_at_rest() { frames } else { frames.min(moving.position.frames_at_once()) }
            }
        }
    }

    /// Moves on by a chunk, before it is read.
    pub(super) fn advance(&mut self, frames: usize) {
        match self {
            Self::Fading(fading) => {
                if fading.taps.next().is_some() {
                    fading.taps.advance(&mut fading.gains[..frames]);
                }
            }
            Self::Moving(moving) => moving.advance(frames),
        }
    }

    /// Reads a chunk of one channel; `spare` is a chunk for it to work in.
    #[inline(always)]
    pub(super) fn read<F: Form>(
        &self,
        form: F,
        lines: &Lines<S>,
        channel: usize,
        frames: usize,
        [echo, spare]: [&mut Frames<S>; 2],
    ) {
        match self {
            Self::Fading(fading) => {
                fading.taps.current().read(form, lines, channel, frames, echo);
                if let Some(next) = fading.taps.next() {
                    next.read(form, lines, channel, frames, spare);
                    cross_fade(&mut echo.0[..frames], &spare.0[..frames], &fading.gains[..frames]);
                }
            }
            Self::Moving(moving) => moving.read(form, lines, channel, frames, echo),
        }
    }

    /// Ends a chunk, after it is read.
    pub(super) fn settle(&mut self) {
        if let Self::Fading(fading) = self {
            fading.taps.settle();
        }
    }
}
