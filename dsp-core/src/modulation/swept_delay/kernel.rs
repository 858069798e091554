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
        ramp::Span,
    },
};
use alloc::{vec, vec::Vec};

/// The delay line of one channel: rings of the samples and their filters, in rows. The start of each is mirrored after
/// its end, so that vectors are contiguous everywhere.
#[derive(Clone, Debug)]
pub(super) struct Line<S> {
    rows: Vec<S>,
    /// Length of a ring: a multiple of [`GRID_FRAMES`].
    length: usize,
    /// The last samples written.
    recent: [S; PAST],
    /// Largest magnitude written since the last grid point.
    pub(super) peak: S,
    /// Frames since a signal, on the grid.
    pub(super) quiet_frames: usize,
}

impl<S: Sample> Line<S> {
    /// For delays of up to `longest` frames.
    pub(super) fn new(longest: usize) -> Self {
        let length = (longest + AHEAD + 2).next_multiple_of(GRID_FRAMES) + GRID_FRAMES;
        let rows = vec![S::ZERO; (1 + FILTERS) * (length + GRID_FRAMES)];
        Self { rows, length, recent: [S::ZERO; PAST], peak: S::ZERO, quiet_frames: 0 }
    }

    /// Length of the ring, in frames.
    pub(super) fn length(&self) -> usize {
        self.length
    }

    pub(super) fn clear(&mut self) {
        self.rows.fill(S::ZERO);
        self.recent = [S::ZERO; PAST];
        self.peak = S::ZERO;
    }

    #[inline(always)]
    fn row(&self, row: usize) -> &[S] {
        let stride = self.length + GRID_FRAMES;
        &self.rows[row * stride..(row + 1) * stride]
    }

    /// Appends samples at `position`: no more than fit into its grid cell.
    #[inline(always)]
    fn write<F: Form>(&mut self, form: F, position: usize, fresh: &[S]) {
        let count = fresh.len();
        let mut samples = [S::ZERO; PAST + PADDED];
        samples[..PAST].copy_from_slice(&self.recent);
        samples[PAST..PAST + count].copy_from_slice(fresh);
        let mut filtered = [[S::ZERO; PADDED]; FILTERS];
        filter(form, &samples, count, &mut filtered);
        self.recent.copy_from_slice(&samples[count..count + PAST]);
        let stride = self.length + GRID_FRAMES;
        let rows = [fresh, &filtered[0][..count], &filtered[1][..count], &filtered[2][..count]];
        for (ring, row) in self.rows.chunks_exact_mut(stride).zip(rows) {
            ring[position..position + count].copy_from_slice(row);
            if position < GRID_FRAMES {
                ring[self.length + position..self.length + position + count].copy_from_slice(row);
            }
        }
    }

    /// Reads frames `at` to `at + count` of a chunk that starts at `position`, at the delays of `places`; adds them to
    /// `wet`, or sets it. Up to a vector more is written.
    #[inline(always)]
    fn read<F: Form>(
        &self,
        form: F,
        position: usize,
        (at, count): (usize, usize),
        places: &Places<S>,
        wet: &mut [S; PADDED],
        adds: bool,
    ) {
        let lanes = F::Native::<S>::LEN;
        let [samples, q0, q1, q2] = [self.row(0), self.row(1), self.row(2), self.row(3)];
        // The index of the older sample.
        let index = |frame: usize, whole: u32| {
            let index = position + frame + self.length - whole as usize - 1;
            if index >= self.length { index - self.length } else { index }
        };
        let end = at + count;
        let mut frame = at;
        while frame < end {
            let whole = &places.whole[frame..frame + lanes];
            let first = whole[0];
            let differs = whole.iter().fold(0, |differs, whole| differs | (whole ^ first));
            let (pair, filters) = if differs == 0 {
                let older = index(frame, first);
                let newest = older + 1 + AHEAD;
                (
                    [form.load(&samples[older + 1..]), form.load(&samples[older..])],
                    [form.load(&q0[newest..]), form.load(&q1[newest..]), form.load(&q2[newest..])],
                )
            } else {
                let mut gathered = [[S::ZERO; 16]; 5];
                for (lane, whole) in whole.iter().enumerate() {
                    let older = index(frame + lane, *whole);
                    let newest = older + 1 + AHEAD;
                    gathered[0][lane] = samples[older + 1];
                    gathered[1][lane] = samples[older];
                    gathered[2][lane] = q0[newest];
                    gathered[3][lane] = q1[newest];
                    gathered[4][lane] = q2[newest];
                }
                let [newer, older, q0, q1, q2] = &gathered;
                ([form.load(newer), form.load(older)], [form.load(q0), form.load(q1), form.load(q2)])
            };
            let mut value = between(form, form.load(&places.fraction[frame..]), pair, filters);
            if adds {
                value = form.load(&wet[frame..]) + value;
            }
            value.store(&mut wet[frame..]);
            frame += lanes;
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

impl<S: Sample> Places<S> {
    pub(super) fn new() -> Self {
        Self { whole: [SHORTEST as u32; PADDED], fraction: [S::ZERO; PADDED], nearest: SHORTEST }
    }

    /// The delays of the next `frames`, whose phases are `start + slope * frame` in periods.
    #[inline(always)]
    pub(super) fn place(
        &mut self,
        frames: usize,
        [start, slope]: [f64; 2],
        first: usize,
        sweep: &Sweep,
        voice: &Voice,
        longest: f64,
    ) {
        let mut delays = [0.0; GRID_FRAMES];
        match sweep {
            Span::Still([centre, amplitude, spread]) => {
                let centre = centre * (voice.ratio + voice.ratio_spread * spread);
                let start = start + voice.phase + voice.phase_spread * spread;
                for (frame, delay) in (first as i32..).zip(&mut delays[..frames]) {
                    *delay = centre + amplitude * sine(start + slope * f64::from(frame));
                }
            }
            Span::Moving([centre, amplitude, spread]) => {
                for (frame, delay) in (0_i32..).zip(&mut delays[..frames]) {
                    let spread = spread.at(frame);
                    let centre = centre.at(frame) * (voice.ratio + voice.ratio_spread * spread);
                    let phase = start + voice.phase + voice.phase_spread * spread;
                    let phase = phase + slope * f64::from(first as i32 + frame);
                    *delay = centre + amplitude.at(frame) * sine(phase);
                }
            }
        }
        self.split(frames, &delays, longest);
    }

    #[inline(always)]
    fn split(&mut self, frames: usize, delays: &[f64; GRID_FRAMES], longest: f64) {
        /// Adding it rounds to a whole number, in the low bits.
        const ROUND: f64 = 6_755_399_441_055_744.0;
        /// A half, less so that whole delays have the fraction 0.
        const BELOW: f64 = 0.5 - 1.0 / 1_073_741_824.0;
        let parts = self.whole.iter_mut().zip(&mut self.fraction).zip(&delays[..frames]);
        let mut nearest = u32::MAX;
        for ((whole, fraction), delay) in parts {
            let delay = smaller(larger(*delay, SHORTEST as f64), longest);
            let rounded = delay - BELOW + ROUND;
            *whole = rounded.to_bits() as u32;
            *fraction = S::from_f64(delay - (rounded - ROUND));
            nearest = nearest.min(*whole);
        }
        self.nearest = nearest as usize;
    }
}

/// Runs one channel over a chunk that crosses no point of the grid: reads the sum of all voices into `wet`, and writes
/// the input with the feedback.
#[inline(always)]
pub(super) fn channel<F: Form, S: Sample>(
    form: F,
    line: &mut Line<S>,
    position: usize,
    voices: &[Places<S>],
    input: &[S],
    feedback: &Span<S, 1>,
    wet: &mut [S; PADDED],
) {
    let frames = input.len();
    // What a frame reads must have been written before.
    let nearest = voices.iter().map(|voice| voice.nearest).min().unwrap_or(SHORTEST);
    let longest = nearest.saturating_sub(AHEAD).max(1);
    let mut at = 0;
    while at < frames {
        let count = longest.min(frames - at);
        for (index, voice) in voices.iter().enumerate() {
            line.read(form, position, (at, count), voice, wet, index > 0);
        }
        let fresh = &input[at..at + count];
        match feedback {
            Span::Still([gain]) if *gain == S::ZERO => line.write(form, position + at, fresh),
            Span::Still([gain]) => feed(form, line, position + at, fresh, &wet[at..at + count], |_| *gain),
            Span::Moving([curve]) => {
                feed(form, line, position + at, fresh, &wet[at..at + count], |frame| curve.at((at + frame) as i32));
            }
        }
        at += count;
    }
}

/// Writes the input with the feedback, and notes its peak.
#[inline(always)]
fn feed<F: Form, S: Sample>(
    form: F,
    line: &mut Line<S>,
    position: usize,
    input: &[S],
    wet: &[S],
    gain: impl Fn(usize) -> S,
) {
    let mut sums = [S::ZERO; GRID_FRAMES];
    let sums = &mut sums[..input.len()];
    for (frame, ((sum, input), wet)) in sums.iter_mut().zip(input).zip(wet).enumerate() {
        *sum = (*input + gain(frame) * *wet).audible();
        line.peak = larger(line.peak, magnitude(*sum));
    }
    line.write(form, position, sums);
}

impl Voice {
    /// The voice of the left side.
    pub(super) fn left(&self) -> Self {
        Self { ratio_spread: 0.0, phase_spread: 0.0, ..*self }
    }
}
