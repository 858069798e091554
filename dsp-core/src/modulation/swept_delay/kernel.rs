//! The hot loops of a swept delay: the filters of what is written, and the delays that read them.

use super::interpolation::{AHEAD, FILTERS, PADDED, PAST, SHORTEST, between, filter};
use crate::{
    foundation::{
        grid::GRID_FRAMES,
        math::{larger, smaller},
        sample::Sample,
    },
    modulation::lfo::sine,
    primitives::{
        lanes::{Form, Lanes, largest_magnitude},
        ramp::{Curve, Span},
    },
};
use alloc::{vec, vec::Vec};
use core::f64::consts::TAU;

/// The most voices of a delay.
pub(in crate::modulation) const MAX_VOICES: usize = 8;

/// Samples of a ring mirrored after its end: a chunk, its last vector and what the filters reach, in whole chunks.
const MIRRORED: usize = 2 * GRID_FRAMES;

/// The delay line of one channel: rings of the samples and their filters, in rows. The start of each is mirrored after
/// its end, so that vectors are contiguous everywhere.
#[derive(Clone, Debug)]
pub(super) struct Line<S> {
    rows: Vec<S>,
    /// Length of a ring: a multiple of [`GRID_FRAMES`].
    length: usize,
    /// The last samples written, and those of the chunk, which enter it.
    samples: [S; PAST + PADDED],
    /// Largest magnitude written since the last grid point, with feedback.
    pub(super) peak: S,
    /// Frames since a signal, on the grid.
    pub(super) quiet_frames: usize,
}

impl<S: Sample> Line<S> {
    /// For delays of up to `longest` frames.
    pub(super) fn new(longest: usize) -> Self {
        let length = (longest + AHEAD + 2).next_multiple_of(GRID_FRAMES) + GRID_FRAMES;
        let rows = vec![S::ZERO; (1 + FILTERS) * (length + MIRRORED)];
        Self { rows, length, samples: [S::ZERO; PAST + PADDED], peak: S::ZERO, quiet_frames: 0 }
    }

    /// Length of the ring, in frames.
    pub(super) fn length(&self) -> usize {
        self.length
    }

    /// The samples of the next chunk.
    #[inline(always)]
    pub(super) fn input(&mut self) -> &mut [S; GRID_FRAMES] {
        match self.samples[PAST..].first_chunk_mut() {
            Some(input) => input,
            None => unreachable!("a chunk has room"),
        }
    }

    pub(super) fn clear(&mut self) {
        self.rows.fill(S::ZERO);
        self.samples = [S::ZERO; PAST + PADDED];
        self.peak = S::ZERO;
    }

    /// Writes the samples `at` to `at + count` of a chunk that starts at `position`.
    #[inline(always)]
    fn write<F: Form>(&mut self, form: F, position: usize, at: usize, count: usize) {
        let lanes = F::Native::<S>::LEN;
        let stride = self.length + MIRRORED;
        let Self { rows, samples, length, .. } = self;
        let rows = &mut rows[..];
        // The last vector goes beyond the end, over samples that are older than the longest delay.
        let (place, written) = (position + at, count.next_multiple_of(lanes));
        let (row, rest) = rows.split_at_mut(stride);
        let (row0, rest) = rest.split_at_mut(stride);
        let (row1, row2) = rest.split_at_mut(stride);
        let row = &mut row[place..place + written];
        let row0 = &mut row0[place..place + written];
        let row1 = &mut row1[place..place + written];
        let row2 = &mut row2[place..place + written];
        let samples = &samples[at..at + PAST + written];
        let mut frame = 0;
        while frame < written {
            let samples = &samples[frame..frame + PAST + lanes];
            let [q0, q1, q2] = filter(form, samples, PAST);
            form.load(&samples[PAST..]).store(&mut row[frame..]);
            q0.store(&mut row0[frame..]);
            q1.store(&mut row1[frame..]);
            q2.store(&mut row2[frame..]);
            frame += lanes;
        }
        if place < MIRRORED {
            for ring in rows.chunks_exact_mut(stride) {
                ring.copy_within(place..place + count, *length + place);
            }
        }
    }

    /// Called after a chunk of so many frames: its last samples are the past of the next one.
    #[inline(always)]
    fn advance(&mut self, frames: usize) {
        let mut past = [S::ZERO; PAST];
        past.copy_from_slice(&self.samples[frames..frames + PAST]);
        self.samples[..PAST].copy_from_slice(&past);
    }

    /// Reads the sum of the voices at frames `at` to `at + count` of a chunk that starts at `position`. Up to a vector
    /// more is written to `wet`, and is meaningless.
    #[inline(always)]
    fn read<F: Form>(
        &self,
        form: F,
        position: usize,
        (at, count): (usize, usize),
        voices: &[Places<S>],
        wet: &mut [S; PADDED],
    ) {
        let stride = self.length + MIRRORED;
        let (samples, rest) = self.rows.split_at(stride);
        let (q0, rest) = rest.split_at(stride);
        let (q1, q2) = rest.split_at(stride);
        let rows = Rows { samples, filters: [q0, q1, q2], length: self.length };
        let mut frame = at;
        while frame < at + count {
            let mut sum = form.splat(S::ZERO);
            for places in voices {
                let fractions = form.load(&places.fraction[frame..]);
                sum = sum + rows.voice(form, position + frame, &places.whole[frame..], fractions);
            }
            sum.store(&mut wet[frame..]);
            frame += F::Native::<S>::LEN;
        }
    }
}

/// The rings of a line.
#[derive(Clone, Copy)]
struct Rows<'a, S> {
    samples: &'a [S],
    filters: [&'a [S]; FILTERS],
    length: usize,
}

impl<S: Sample> Rows<'_, S> {
    /// One voice over a vector of frames.
    #[inline(always)]
    fn voice<F: Form>(self, form: F, position: usize, wholes: &[S], fractions: F::Native<S>) -> F::Native<S> {
        let (whole, first) = (form.load(wholes), wholes[0]);
        if whole.equals(form.splat(first)) {
            return self.at(form, position, first, fractions);
        }
        // Few whole delays, as a delay changes by much less than a frame per frame: each is read, and kept where it
        // counts.
        let [one, half] = [1.0, 0.5].map(S::from_f64);
        let (mut delay, farthest) = (-(-whole).reduce_max(), whole.reduce_max());
        let mut sum = form.splat(S::ZERO);
        while delay <= farthest {
            let is_here = form.splat(one) - (whole - form.splat(delay)).abs();
            sum = sum + self.at(form, position, delay, fractions).zero_where(is_here, half);
            delay += one;
        }
        sum
    }

    /// A vector of frames at one whole delay.
    #[inline(always)]
    fn at<F: Form>(self, form: F, position: usize, whole: S, fractions: F::Native<S>) -> F::Native<S> {
        let (lanes, Self { samples, filters: [q0, q1, q2], length }) = (F::Native::<S>::LEN, self);
        // The index of the older sample.
        let index = position + length - whole.to_f64() as i32 as usize - 1;
        let older = if index >= length { index - length } else { index };
        let pair = &samples[older..older + lanes + 1];
        let newest = older + 1 + AHEAD;
        let filters = [form.load(&q0[newest..]), form.load(&q1[newest..]), form.load(&q2[newest..])];
        between(form, fractions, [form.load(&pair[1..]), form.load(pair)], filters)
    }
}

/// The delays of one voice over a chunk: whole frames and the rest.
#[derive(Clone, Debug)]
pub(super) struct Places<S> {
    whole: [S; PADDED],
    fraction: [S; PADDED],
    /// The smallest whole delay, or less.
    nearest: usize,
}

/// Centre and amplitude of a delay in frames, and how far the right side differs from the left, 0..1.
pub(super) type Sweep = Span<f64, 3>;

/// A voice: the ratio of its centre to the set one, and its phase in periods, on the left and at a spread of 0.
#[derive(Clone, Copy, Debug)]
pub(in crate::modulation) struct Voice {
    pub(in crate::modulation) ratio: f64,
    pub(in crate::modulation) phase: f64,
    /// What the right side has more of both, at a spread of 1.
    pub(in crate::modulation) ratio_spread: f64,
    pub(in crate::modulation) phase_spread: f64,
}

/// The turns of an LFO in the frames after a grid point: cosine less 1, and sine.
#[derive(Clone, Debug)]
pub(super) struct Turns<S> {
    slope: f64,
    cos: [S; PADDED],
    sin: [S; PADDED],
    /// Of the left and the right side: the spread, and cosine and sine of each voice's phase at it.
    sides: [(f64, [[f64; 2]; MAX_VOICES]); 2],
}

impl<S: Sample> Turns<S> {
    pub(super) fn new() -> Self {
        let sides = [(f64::NAN, [[0.0; 2]; MAX_VOICES]); 2];
        Self { slope: 0.0, cos: [S::ZERO; PADDED], sin: [S::ZERO; PADDED], sides }
    }

    /// Cosine and sine of the phases of the voices of a side.
    fn phases(&mut self, voices: &[Voice], side: usize, spread: f64) -> &[[f64; 2]; MAX_VOICES] {
        let (at, phases) = &mut self.sides[side];
        if *at != spread {
            *at = spread;
            for (turn, voice) in phases.iter_mut().zip(voices) {
                let phase = voice.phase + voice.phase_spread * spread;
                *turn = [sine(phase + 0.25), sine(phase)];
            }
        }
        phases
    }

    /// At so many periods per frame.
    #[inline(always)]
    fn set(&mut self, slope: f64) {
        if slope == self.slope {
            return;
        }
        self.slope = slope;
        for (frame, (cos, sin)) in (0_i32..).zip(self.cos.iter_mut().zip(&mut self.sin)) {
            let turn = slope * f64::from(frame);
            // 1 - cos = 2 sin² of half the angle.
            let half = sine(0.5 * turn);
            *cos = S::from_f64(-2.0 * half * half);
            *sin = S::from_f64(sine(turn));
        }
    }
}

/// Places all voices of a side, 0 or 1, over the next `frames`, from `first` after the grid point on. Phases in periods
/// are `start + slope * frame`.
#[inline(always)]
pub(super) fn place<F: Form, S: Sample>(
    form: F,
    places: &mut [Places<S>],
    turns: &mut Turns<S>,
    (voices, side): (&[Voice], usize),
    [start, slope]: [f64; 2],
    (first, frames): (usize, usize),
    (sweep, longest): (&Sweep, f64),
) {
    match sweep {
        Span::Still([centre, amplitude, spread]) => {
            turns.set(slope);
            let spread = if side == 0 { 0.0 } else { *spread };
            let phases = *turns.phases(voices, side, spread);
            let (sin, cos) = (amplitude * sine(start), amplitude * sine(start + 0.25));
            // The most that a delay changes until the next grid point.
            let reach = amplitude * TAU * slope * GRID_FRAMES as f64;
            for ((places, voice), [cosine, sine]) in places.iter_mut().zip(voices).zip(phases) {
                let centre = centre * (voice.ratio + voice.ratio_spread * spread);
                let (sin, cos) = (sin * cosine + cos * sine, cos * cosine - sin * sine);
                let nearest = larger(centre - amplitude, centre + sin - reach);
                // A whole delay may count as one less and a fraction of 1.
                places.nearest = larger(nearest - 1.0, SHORTEST as f64) as usize;
                places.turn(form, [centre + sin, sin, cos], turns, (first, frames), longest);
            }
        }
        Span::Moving(curves) => {
            for (places, voice) in places.iter_mut().zip(voices) {
                let voice = if side == 0 { voice.left() } else { *voice };
                places.glide(curves, &voice, [start, slope], (first, frames), longest);
            }
        }
    }
}

impl<S: Sample> Places<S> {
    pub(super) fn new() -> Self {
        Self { whole: [S::from_f64(SHORTEST as f64); PADDED], fraction: [S::ZERO; PADDED], nearest: SHORTEST }
    }

    /// Delays at rest: `delay` at the grid point, `delay + sin (cos θ - 1) + cos sin θ` after it. In the format of the
    /// samples, from the whole frames of `delay` on.
    #[inline(always)]
    fn turn<F: Form>(
        &mut self,
        form: F,
        [delay, sin, cos]: [f64; 3],
        turns: &Turns<S>,
        (first, frames): (usize, usize),
        longest: f64,
    ) {
        // Adding it rounds to a whole number.
        let round = if size_of::<S>() == 4 { 12_582_912.0 } else { 6_755_399_441_055_744.0 };
        let base = f64::from(delay as i32);
        let [start, lowest, highest] =
            [delay, SHORTEST as f64, longest].map(|delay| form.splat(S::from_f64(delay - base)));
        let [sin, cos, half, round, base] = [sin, cos, 0.5, round, base].map(|value| form.splat(S::from_f64(value)));
        let mut frame = 0;
        while frame < frames {
            let turned = [form.load(&turns.cos[first + frame..]), form.load(&turns.sin[first + frame..])];
            let delay = start + sin * turned[0] + cos * turned[1];
            let delay = -(-delay.max(lowest)).max(-highest);
            let rounded = (delay - half + round) - round;
            (delay - rounded).store(&mut self.fraction[frame..]);
            (rounded + base).store(&mut self.whole[frame..]);
            frame += F::Native::<S>::LEN;
        }
    }

    /// Delays whose centre, amplitude and spread glide.
    #[inline(always)]
    fn glide(
        &mut self,
        [centre, amplitude, spread]: &[Curve<f64>; 3],
        voice: &Voice,
        [start, slope]: [f64; 2],
        (first, frames): (usize, usize),
        longest: f64,
    ) {
        /// As in [`turn`](Self::turn).
        const ROUND: f64 = 6_755_399_441_055_744.0;
        let parts = self.whole.iter_mut().zip(&mut self.fraction).take(frames);
        let mut nearest = u32::MAX;
        for (frame, (whole, fraction)) in (0_i32..).zip(parts) {
            let spread = spread.at(frame);
            let centre = centre.at(frame) * (voice.ratio + voice.ratio_spread * spread);
            let phase = start + voice.phase + voice.phase_spread * spread + slope * f64::from(first as i32 + frame);
            let delay = centre + amplitude.at(frame) * sine(phase);
            let delay = smaller(larger(delay, SHORTEST as f64), longest);
            let rounded = delay - 0.5 + ROUND;
            *whole = S::from_f64(rounded - ROUND);
            *fraction = S::from_f64(delay - (rounded - ROUND));
            nearest = nearest.min(rounded.to_bits() as u32);
        }
        self.nearest = nearest as usize;
    }
}

/// Runs one channel over a chunk of `frames` that crosses no point of the grid: reads the sum of all voices into `wet`,
/// and writes the input with the feedback.
#[inline(always)]
pub(super) fn channel<F: Form, S: Sample>(
    form: F,
    line: &mut Line<S>,
    position: usize,
    voices: &[Places<S>],
    frames: usize,
    feedback: &Span<S, 1>,
    wet: &mut [S; PADDED],
) {
    // What a frame reads must have been written before.
    let nearest = voices.iter().map(|voice| voice.nearest).min().unwrap_or(SHORTEST);
    let longest = nearest.saturating_sub(AHEAD).max(1);
    let mut at = 0;
    while at < frames {
        let count = longest.min(frames - at);
        line.read(form, position, (at, count), voices, wet);
        line.feed(form, (at, count), wet, feedback);
        line.write(form, position, at, count);
        at += count;
    }
    line.advance(frames);
}

impl<S: Sample> Line<S> {
    /// Adds the feedback to the input at frames `at` to `at + count`, and notes its peak.
    #[inline(always)]
    fn feed<F: Form>(&mut self, form: F, (at, count): (usize, usize), wet: &[S; PADDED], gain: &Span<S, 1>) {
        let sums = &mut self.samples[PAST + at..PAST + at + count];
        let fed = sums.iter_mut().zip(&wet[at..at + count]);
        match gain {
            Span::Still([gain]) if *gain == S::ZERO => return,
            Span::Still([gain]) => {
                for (sum, wet) in fed {
                    *sum = (*sum + *gain * *wet).audible();
                }
            }
            Span::Moving([curve]) => {
                for (frame, (sum, wet)) in (at as i32..).zip(fed) {
                    *sum = (*sum + curve.at(frame) * *wet).audible();
                }
            }
        }
        self.peak = larger(self.peak, largest_magnitude(form, sums));
    }
}

impl Voice {
    /// The voice of the left side.
    fn left(&self) -> Self {
        Self { ratio_spread: 0.0, phase_spread: 0.0, ..*self }
    }
}
