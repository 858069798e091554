//! The hot loops of a swept delay: the filters of what is written, and the delays that read them.

use super::interpolation::{AHEAD, FILTERS, PADDED, PAST, SHORTEST, between, filter};
use crate::{
    foundation::{
        grid::GRID_FRAMES,
        math::{larger, magnitude, smaller},
        sample::Sample,
    },
    modulation::lfo::sine,
    primitives::{
        lanes::{Form, Lanes},
        ramp::{Curve, Span},
    },
};
use alloc::{vec, vec::Vec};

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
        let (end, Self { rows, samples, length, .. }) = (at + count, &mut *self);
        let mut frame = at;
        while frame < end {
            let filtered = filter(form, samples, PAST + frame);
            let place = position + frame;
            if frame + lanes <= end {
                form.load(&samples[PAST + frame..]).store(&mut rows[place..]);
                for (index, row) in filtered.into_iter().enumerate() {
                    row.store(&mut rows[(1 + index) * stride + place..]);
                }
            } else {
                let left = end - frame;
                rows[place..place + left].copy_from_slice(&samples[PAST + frame..PAST + end]);
                for (index, row) in filtered.into_iter().enumerate() {
                    let mut values = [S::ZERO; 16];
                    row.store(&mut values);
                    rows[(1 + index) * stride + place..][..left].copy_from_slice(&values[..left]);
                }
            }
            frame += lanes;
        }
        if position + at < MIRRORED {
            for ring in rows.chunks_exact_mut(stride) {
                ring.copy_within(position + at..position + end, *length + position + at);
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
        let lanes = F::Native::<S>::LEN;
        let (length, stride) = (self.length, self.length + MIRRORED);
        let (samples, rest) = self.rows.split_at(stride);
        let (q0, rest) = rest.split_at(stride);
        let (q1, q2) = rest.split_at(stride);
        // The index of the older sample.
        let index = |frame: usize, whole: u32| {
            let index = position + frame + length - whole as usize - 1;
            if index >= length { index - length } else { index }
        };
        let end = at + count;
        wet[at..at + count.next_multiple_of(lanes)].fill(S::ZERO);
        for places in voices {
            let mut frame = at;
            while frame < end {
                // As many vectors as have the same whole delay. By index: chains of iterators are not inlined.
                let first = places.whole[frame];
                let mut frames = 0;
                while frame + frames < end {
                    let whole = &places.whole[frame + frames..frame + frames + lanes];
                    if whole.iter().fold(0, |bits, whole| bits | (whole ^ first)) != 0 {
                        break;
                    }
                    frames += lanes;
                }
                if frames > 0 {
                    let older = index(frame, first);
                    let newest = older + 1 + AHEAD;
                    let pair = &samples[older..older + 1 + frames];
                    let (q0, q1, q2) =
                        (&q0[newest..newest + frames], &q1[newest..newest + frames], &q2[newest..newest + frames]);
                    let fractions = &places.fraction[frame..frame + frames];
                    let sums = &mut wet[frame..frame + frames];
                    let mut at = 0;
                    while at < frames {
                        let pair = [form.load(&pair[at + 1..]), form.load(&pair[at..])];
                        let filters = [form.load(&q0[at..]), form.load(&q1[at..]), form.load(&q2[at..])];
                        let value = between(form, form.load(&fractions[at..]), pair, filters);
                        (form.load(&sums[at..]) + value).store(&mut sums[at..]);
                        at += lanes;
                    }
                    frame += frames;
                    continue;
                }
                let mut gathered = [[S::ZERO; 16]; 5];
                for (lane, whole) in places.whole[frame..frame + lanes].iter().enumerate() {
                    let older = index(frame + lane, *whole);
                    let newest = older + 1 + AHEAD;
                    gathered[0][lane] = samples[older + 1];
                    gathered[1][lane] = samples[older];
                    gathered[2][lane] = q0[newest];
                    gathered[3][lane] = q1[newest];
                    gathered[4][lane] = q2[newest];
                }
                let [newer, older, q0, q1, q2] = &gathered;
                let filters = [form.load(q0), form.load(q1), form.load(q2)];
                let pair = [form.load(newer), form.load(older)];
                let value = between(form, form.load(&places.fraction[frame..]), pair, filters);
                (form.load(&wet[frame..]) + value).store(&mut wet[frame..]);
                frame += lanes;
            }
        }
    }
}

/// The delays of one voice over a chunk: whole frames and the rest.
#[derive(Clone, Debug)]
pub(super) struct Places<S> {
    whole: [u32; PADDED],
    fraction: [S; PADDED],
    /// The smallest whole delay.
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
    cos: [S; GRID_FRAMES],
    sin: [S; GRID_FRAMES],
}

impl<S: Sample> Turns<S> {
    pub(super) fn new() -> Self {
        Self { slope: 0.0, cos: [S::ZERO; GRID_FRAMES], sin: [S::ZERO; GRID_FRAMES] }
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

/// Places all voices of one side over the next `frames`, from `first` after the grid point on. Phases in periods are
/// `start + slope * frame`.
#[inline(always)]
pub(super) fn place<S: Sample>(
    places: &mut [Places<S>],
    turns: &mut Turns<S>,
    voices: &[Voice],
    [start, slope]: [f64; 2],
    (first, frames): (usize, usize),
    sweep: &Sweep,
    longest: f64,
) {
    match sweep {
        Span::Still([centre, amplitude, spread]) => {
            turns.set(slope);
            // Side by side, so that they are computed in vectors.
            let mut turned = [[0.0; MAX_VOICES]; 2];
            let [sines, cosines] = &mut turned;
            let mut index = 0;
            while index < voices.len() {
                for lane in index..index + 4 {
                    let Voice { phase, phase_spread, .. } = voices[lane.min(voices.len() - 1)];
                    let phase = start + phase + phase_spread * spread;
                    sines[lane] = amplitude * sine(phase);
                    cosines[lane] = amplitude * sine(phase + 0.25);
                }
                index += 4;
            }
            for (index, (places, voice)) in places.iter_mut().zip(voices).enumerate() {
                let centre = centre * (voice.ratio + voice.ratio_spread * spread);
                let (sin, cos) = (sines[index], cosines[index]);
                places.turn([centre + sin, sin, cos], turns, (first, frames), longest);
            }
        }
        Span::Moving(curves) => {
            for (places, voice) in places.iter_mut().zip(voices) {
                places.glide(curves, voice, [start, slope], (first, frames), longest);
            }
        }
    }
}

impl<S: Sample> Places<S> {
    pub(super) fn new() -> Self {
        Self { whole: [SHORTEST as u32; PADDED], fraction: [S::ZERO; PADDED], nearest: SHORTEST }
    }

    /// Delays at rest: `delay` at the grid point, `delay + sin (cos θ - 1) + cos sin θ` after it. In the format of the
    /// samples, from the whole frames of `delay` on.
    #[inline(always)]
    fn turn(&mut self, [delay, sin, cos]: [f64; 3], turns: &Turns<S>, (first, frames): (usize, usize), longest: f64) {
        // Adding it rounds to a whole number, in the low bits.
        let round = S::from_f64(if size_of::<S>() == 4 { 12_582_912.0 } else { 6_755_399_441_055_744.0 });
        let low_bits = round.bits() as u32;
        let base = delay as i32;
        let start = S::from_f64(delay - f64::from(base));
        let [sin, cos, half] = [sin, cos, 0.5].map(S::from_f64);
        let [lowest, highest] = [SHORTEST as f64, longest].map(|limit| S::from_f64(limit - f64::from(base)));
        let parts = self.whole.iter_mut().zip(&mut self.fraction);
        let turns = turns.cos[first..first + frames].iter().zip(&turns.sin[first..first + frames]);
        let mut nearest = u32::MAX;
        for ((whole, fraction), (turned_cos, turned_sin)) in parts.zip(turns) {
            let delay = start + sin * *turned_cos + cos * *turned_sin;
            let delay = smaller(larger(delay, lowest), highest);
            let rounded = delay - half + round;
            *whole = (rounded.bits() as u32).wrapping_sub(low_bits).wrapping_add(base as u32);
            *fraction = delay - (rounded - round);
            nearest = nearest.min(*whole);
        }
        self.nearest = nearest as usize;
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
            *whole = rounded.to_bits() as u32;
            *fraction = S::from_f64(delay - (rounded - ROUND));
            nearest = nearest.min(*whole);
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
        match feedback {
            Span::Still([gain]) if *gain == S::ZERO => {}
            Span::Still([gain]) => line.feed(at, &wet[at..at + count], |_| *gain),
            Span::Moving([curve]) => line.feed(at, &wet[at..at + count], |frame| curve.at((at + frame) as i32)),
        }
        line.write(form, position, at, count);
        at += count;
    }
    line.advance(frames);
}

impl<S: Sample> Line<S> {
    /// Adds the feedback to the input from frame `at` on, and notes its peak.
    #[inline(always)]
    fn feed(&mut self, at: usize, wet: &[S], gain: impl Fn(usize) -> S) {
        for (frame, (sum, wet)) in self.samples[PAST + at..].iter_mut().zip(wet).enumerate() {
            *sum = (*sum + gain(frame) * *wet).audible();
            self.peak = larger(self.peak, magnitude(*sum));
        }
    }
}

impl Voice {
    /// None.
    pub(super) const ZERO: Self = Self { ratio: 0.0, phase: 0.0, ratio_spread: 0.0, phase_spread: 0.0 };

    /// The voice of the left side.
    pub(super) fn left(&self) -> Self {
        Self { ratio_spread: 0.0, phase_spread: 0.0, ..*self }
    }
}
