//! A stereo bus: the sum of sources at constant gains.
//!
//! Every product is added in f64, source after source, and the sum is rounded once to the sample format. Products of f32
//! are exact, since their gains have 29 bits: fused or not, every CPU adds the same, and a signal nulls with its inverse
//! to exactly 0. Products of f64 are rounded before they are added, for the same reasons. The sums of some frames stay in
//! registers while all sources are added; they come from memory and go there only between batches, and around sources
//! whose gains move.
//!
//! A sample that is not finite makes the sum infinite or NaN: only such frames are looked at sample by sample.

use super::{
    backend::{Backend, run},
    lanes::{Form, Lanes},
    mix::Source,
    pair::{self, Pair, WIDEST, add_products, width},
};
use crate::foundation::sample::Sample;
use alloc::{vec, vec::Vec};

/// Sources added together.
const BATCH: usize = 32;
/// Vectors of samples that are summed at once.
const TILE: usize = 2;
/// 2^900: sums from 2^124 on times this are infinite, and with them all that f32 cannot hold. Those of ordinary samples
/// are not, nor is what some of them add up to.
const TO_OVERFLOW: f64 = f64::from_bits(1_923 << 52);

/// A source at constant gains.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row<'a, S> {
    /// To the left and to the right bus: the same if it is mono.
    left: &'a [S],
    right: &'a [S],
    is_mono: bool,
    /// To the left and the right bus. By [`exact_gain`].
    gains: [f64; 2],
    /// Whether its non-finite samples are counted.
    is_counted: bool,
}

impl<'a, S> Row<'a, S> {
    /// A source at gains by [`exact_gain`].
    #[inline(always)]
    pub(crate) fn new(source: Source<'a, S>, gains: [f64; 2], is_counted: bool) -> Self {
        match source {
            Source::Mono(both) => Self { left: both, right: both, is_mono: true, gains, is_counted },
            Source::Stereo([left, right]) => Self { left, right, is_mono: false, gains, is_counted },
        }
    }
}

/// Bits of an f64 that a gain of 29 bits does not use: as many as an f32 has.
const SPARE_BITS: u32 = 24;

/// The nearest gain whose products with samples of the format are exact: within -186 dB. Of f64 none are.
pub(crate) fn exact_gain<S: Sample>(gain: f64) -> f64 {
    if size_of::<S>() == size_of::<f64>() {
        return gain;
    }
    let half = 1 << (SPARE_BITS - 1);
    f64::from_bits((gain.to_bits() + half) & !((1 << SPARE_BITS) - 1))
}

/// Memory for the sums of a left and a right bus.
#[derive(Debug)]
pub(crate) struct Sums(Vec<f64>);

/// Sums of a cache line. A vector of them that lies in two lines takes twice as long to load and to store.
const LINE: usize = 8;

impl Sums {
    /// For chunks of at most `frames`.
    pub(crate) fn new(frames: usize) -> Self {
        Self(vec![0.0; 2 * frames.next_multiple_of(LINE) + LINE])
    }

    /// None, which takes no memory.
    pub(crate) fn none() -> Self {
        Self(Vec::new())
    }

    /// Left and right of so many frames, aligned to cache lines.
    pub(crate) fn sides(&mut self, frames: usize) -> [&mut [f64]; 2] {
        let start = self.0.as_ptr().align_offset(LINE * size_of::<f64>()).min(LINE);
        let (left, right) = self.0[start..].split_at_mut(frames.next_multiple_of(LINE));
        [&mut left[..frames], &mut right[..frames]]
    }
}

/// A bus under construction: one chunk of its sums, and the sources to be added to them.
pub(crate) struct Bus<'a, S> {
    backend: Backend,
    /// Left and right. Their content does not count until the first batch is in them.
    sums: [&'a mut [f64]; 2],
    is_empty: bool,
    /// The first of them; the others need not be set, which would take as long as adding some.
    rows: [Option<Row<'a, S>>; BATCH],
    count: usize,
    non_finite: u64,
}

impl<'a, S: Sample> Bus<'a, S> {
    /// A silent bus that works in `sums`.
    pub(crate) fn new(backend: Backend, sums: [&'a mut [f64]; 2]) -> Self {
        Self { backend, sums, is_empty: true, rows: [None; BATCH], count: 0, non_finite: 0 }
    }

    /// Adds a source. Non-finite samples count as 0.
    #[inline(always)]
    pub(crate) fn add(&mut self, row: Row<'a, S>) {
        if self.count == BATCH {
            self.add_batch();
        }
        self.rows[self.count] = Some(row);
        self.count += 1;
    }

    fn add_batch(&mut self) {
        let [left, right] = &mut self.sums;
        let (rows, is_empty) = (&self.rows[..self.count], self.is_empty);
        self.non_finite += run!(self.backend, form => add_all(form, [left, right], rows, is_empty, None));
        (self.count, self.is_empty) = (0, false);
    }

    /// The sums so far, to which others may be added.
    pub(crate) fn sums(&mut self) -> [&mut [f64]; 2] {
        if self.count > 0 {
            self.add_batch();
        }
        if self.is_empty {
            self.sums.iter_mut().for_each(|sums| sums.fill(0.0));
            self.is_empty = false;
        }
        let [left, right] = &mut self.sums;
        [left, right]
    }

    /// Counts non-finite samples of what was added to the sums.
    pub(crate) fn count(&mut self, non_finite: u64) {
        self.non_finite += non_finite;
    }

    /// Rounds the sums into the left and the right of a block, after which they are undefined. Returns the count of
    /// non-finite samples. By reference: a copy of the table takes as long as adding some sources.
    pub(crate) fn round(&mut self, samples: [&mut [S]; 2]) -> u64 {
        let [left, right] = &mut self.sums;
        let (rows, is_empty) = (&self.rows[..self.count], self.is_empty);
        self.non_finite + run!(self.backend, form => add_all(form, [left, right], rows, is_empty, Some(samples)))
    }
}

/// Adds a source to the left and the right sums. Returns the count of non-finite samples, which count as 0.
pub(crate) fn add_row<S: Sample>(backend: Backend, sums: [&mut [f64]; 2], row: Row<'_, S>) -> u64 {
    run!(backend, form => add_all(form, sums, &[Some(row)], false, None))
}

/// Adds sources to the left and the right sums; returns the count of non-finite samples, which count as 0. If the sums are empty, starts from 0; rounds into `samples` if there are some, and then leaves the
/// sums undefined.
#[inline(always)]
fn add_all<F: Form, S: Sample>(
    form: F,
    [left, right]: [&mut [f64]; 2],
    rows: &[Option<Row<'_, S>>],
    is_empty: bool,
    samples: Option<[&mut [S]; 2]>,
) -> u64 {
    let tile = TILE * width::<F>();
    let whole = left.len() - left.len() % tile;
    let (left, left_rest) = left.split_at_mut(whole);
    let (right, right_rest) = right.split_at_mut(whole);
    let mut non_finite = 0;
    let mut start = 0;
    let rest = match samples {
        None => {
            for (left, right) in left.chunks_exact_mut(tile).zip(right.chunks_exact_mut(tile)) {
                let sums = sums::<F, S, true>(form, [left, right], rows, start, is_empty);
                match is_finite(form, &sums) {
                    true => store_all::<F, true>(&sums, [left, right]),
                    false => non_finite += repair(form, &sums, [left, right], rows, start, is_empty, None),
                }
                start += tile;
            }
            None
        }
        Some([left_samples, right_samples]) => {
            let (left_samples, left_rest) = left_samples.split_at_mut(whole);
            let (right_samples, right_rest) = right_samples.split_at_mut(whole);
            let samples = left_samples.chunks_exact_mut(tile).zip(right_samples.chunks_exact_mut(tile));
            // The sums before stay in memory: what overflows may be repaired afterwards.
            let mut overflow = [form.splat(0.0_f64); 2];
            let before = left.chunks_exact(tile).zip(right.chunks_exact(tile));
            for ((left, right), (left_samples, right_samples)) in before.zip(samples) {
                let sums = sums::<F, S, true>(form, [left, right], rows, start, is_empty);
                overflow = overflowed(form, overflow, &sums);
                round_all::<F, S, true>(form, &sums, [left_samples, right_samples]);
                start += tile;
            }
            if !are_finite::<F>(overflow) {
                let samples = [&mut *left_samples, &mut *right_samples];
                non_finite += repair_all(form, [left, right], rows, is_empty, samples);
            }
            Some([left_rest, right_rest])
        }
    };
    if left_rest.is_empty() {
        return non_finite;
    }
    let sums = sums::<F, S, false>(form, [left_rest, right_rest], rows, start, is_empty);
    match rest {
        _ if !is_finite(form, &sums) => {
            non_finite += repair(form, &sums, [left_rest, right_rest], rows, start, is_empty, rest);
        }
        None => store_all::<F, false>(&sums, [left_rest, right_rest]),
        Some(samples) => round_all::<F, S, false>(form, &sums, samples),
    }
    non_finite
}

/// Left and right.
type Tile<F> = [[Pair<F>; TILE]; 2];

/// The sums of one tile from `start` on after all sources are added; unless `WHOLE`, of a part of it.
#[inline(always)]
fn sums<F: Form, S: Sample, const WHOLE: bool>(
    form: F,
    [left, right]: [&[f64]; 2],
    rows: &[Option<Row<'_, S>>],
    start: usize,
    is_empty: bool,
) -> Tile<F> {
    let zero = form.splat(0.0_f64);
    let length = if WHOLE { TILE * width::<F>() } else { left.len() };
    let (mut to_left, mut to_right) = ([[zero; 2]; TILE], [[zero; 2]; TILE]);
    if !is_empty {
        let (left, right) = (&left[..length], &right[..length]);
        for pair in 0..TILE {
            to_left[pair] = load::<F, f64, WHOLE>(form, left, pair);
            to_right[pair] = load::<F, f64, WHOLE>(form, right, pair);
        }
    }
    for row in rows.iter().map_while(Option::as_ref) {
        let [left_gain, right_gain] = row.gains;
        let (left_gain, right_gain) = ([form.splat(left_gain); 2], [form.splat(right_gain); 2]);
        let left = &row.left[start..start + length];
        if row.is_mono {
            for pair in 0..TILE {
                if !WHOLE && pair * width::<F>() >= length {
                    continue;
                }
                let samples = load::<F, S, WHOLE>(form, left, pair);
                add_products::<F, S>(&mut to_left[pair], samples, left_gain);
                add_products::<F, S>(&mut to_right[pair], samples, right_gain);
            }
        } else {
            let right = &row.right[start..start + length];
            for pair in 0..TILE {
                if !WHOLE && pair * width::<F>() >= length {
                    continue;
                }
                add_products::<F, S>(&mut to_left[pair], load::<F, S, WHOLE>(form, left, pair), left_gain);
                add_products::<F, S>(&mut to_right[pair], load::<F, S, WHOLE>(form, right, pair), right_gain);
            }
        }
    }
    [to_left, to_right]
}

/// Adds sums to `overflow` so that it is finite only if all of them are, and f32 holds them; some other large ones make it
/// infinite as well.
#[inline(always)]
fn overflowed<F: Form>(form: F, [mut lower, mut upper]: Pair<F>, [left, right]: &Tile<F>) -> Pair<F> {
    let large = form.splat(TO_OVERFLOW);
    for pair in 0..TILE {
        for sums in [left[pair], right[pair]] {
            lower = sums[0].exact_mul_add(large, lower);
            upper = sums[1].exact_mul_add(large, upper);
        }
    }
    [lower, upper]
}

#[inline(always)]
fn are_finite<F: Form>([lower, upper]: Pair<F>) -> bool {
    (lower + upper).all_finite()
}

#[inline(always)]
fn is_finite<F: Form>(form: F, sums: &Tile<F>) -> bool {
    are_finite::<F>(overflowed(form, [form.splat(0.0_f64); 2], sums))
}

#[inline(always)]
fn store_all<F: Form, const WHOLE: bool>(sums: &Tile<F>, sides: [&mut [f64]; 2]) {
    for (sums, side) in sums.iter().zip(sides) {
        for (pair, sums) in sums.iter().enumerate() {
            store::<F, WHOLE>(*sums, side, pair);
        }
    }
}

#[inline(always)]
fn round_all<F: Form, S: Sample, const WHOLE: bool>(form: F, sums: &Tile<F>, sides: [&mut [S]; 2]) {
    for (sums, side) in sums.iter().zip(sides) {
        for (pair, sums) in sums.iter().enumerate() {
            round::<F, S, WHOLE>(form, *sums, side, pair);
        }
    }
}

/// The samples of one pair; unless `WHOLE`, those that there are, and silence.
#[inline(always)]
fn load<F: Form, S: Sample, const WHOLE: bool>(form: F, samples: &[S], pair: usize) -> Pair<F> {
    let width = width::<F>();
    if WHOLE {
        return form.widen(&samples[pair * width..]);
    }
    let samples = &samples[samples.len().min(pair * width)..];
    if samples.len() >= width {
        return form.widen(samples);
    }
    let mut padded = [S::ZERO; WIDEST];
    let count = samples.len().min(width);
    padded[..count].copy_from_slice(&samples[..count]);
    form.widen(&padded)
}

#[inline(always)]
fn store<F: Form, const WHOLE: bool>(own: Pair<F>, sums: &mut [f64], index: usize) {
    let width = width::<F>();
    if WHOLE || sums.len() >= (index + 1) * width {
        return pair::store::<F>(own, &mut sums[index * width..]);
    }
    let mut padded = [0.0; WIDEST];
    pair::store::<F>(own, &mut padded);
    sums.iter_mut().skip(index * width).zip(&padded[..width]).for_each(|(sum, own)| *sum = *own);
}

#[inline(always)]
fn round<F: Form, S: Sample, const WHOLE: bool>(form: F, sums: Pair<F>, samples: &mut [S], pair: usize) {
    let width = width::<F>();
    if WHOLE || samples.len() >= (pair + 1) * width {
        return form.narrow(sums, &mut samples[pair * width..]);
    }
    let mut padded = [S::ZERO; WIDEST];
    form.narrow(sums, &mut padded);
    samples.iter_mut().skip(pair * width).zip(&padded[..width]).for_each(|(sample, own)| *sample = *own);
}

/// Rounds whole tiles as [`add_all`] does, and repairs each.
#[cold]
#[inline(never)]
fn repair_all<F: Form, S: Sample>(
    form: F,
    [left, right]: [&mut [f64]; 2],
    rows: &[Option<Row<'_, S>>],
    is_empty: bool,
    [left_samples, right_samples]: [&mut [S]; 2],
) -> u64 {
    let tile = TILE * width::<F>();
    let samples = left_samples.chunks_exact_mut(tile).zip(right_samples.chunks_exact_mut(tile));
    let tiles = left.chunks_exact_mut(tile).zip(right.chunks_exact_mut(tile)).zip(samples);
    let mut non_finite = 0;
    for (index, ((left, right), (left_samples, right_samples))) in tiles.enumerate() {
        let start = index * tile;
        let sums = sums::<F, S, false>(form, [left, right], rows, start, is_empty);
        let samples = Some([left_samples, right_samples]);
        non_finite += repair(form, &sums, [left, right], rows, start, is_empty, samples);
    }
    non_finite
}

/// Stores or rounds a tile, from the sums before it and those found; repeats the frames whose sum is not finite.
#[cold]
#[inline(never)]
fn repair<F: Form, S: Sample>(
    _form: F,
    found: &Tile<F>,
    before: [&mut [f64]; 2],
    rows: &[Option<Row<'_, S>>],
    start: usize,
    is_empty: bool,
    mut samples: Option<[&mut [S]; 2]>,
) -> u64 {
    let mut found_sums = [[0.0; TILE * WIDEST]; 2];
    let [found_left, found_right] = &mut found_sums;
    store_all::<F, true>(found, [found_left, found_right]);
    let [left_sums, right_sums] = found_sums;
    let [left, right] = before;
    let mut non_finite = 0;
    for frame in 0..left.len() {
        let mut sums = [left_sums[frame], right_sums[frame]];
        if !sums[0].is_finite() || !sums[1].is_finite() {
            sums = if is_empty { [0.0; 2] } else { [left[frame], right[frame]] };
            for row in rows.iter().map_while(Option::as_ref) {
                let (frame_of, counted) = (start + frame, u64::from(row.is_counted));
                let pair = [row.left[frame_of], row.right[frame_of]];
                let channels = if row.is_mono { 1 } else { 2 };
                non_finite += counted * pair[..channels].iter().filter(|sample| !sample.finite()).count() as u64;
                for ((sum, sample), gain) in sums.iter_mut().zip(pair).zip(row.gains) {
                    let plain = *sum + sample.to_f64() * gain;
                    // What overflows is clamped; a sum of finite samples stays finite.
                    *sum = if plain.is_finite() { plain } else { *sum + sample.ordinary().to_f64() * gain };
                }
            }
        }
        match &mut samples {
            None => [left[frame], right[frame]] = sums,
            Some([left, right]) => [left[frame], right[frame]] = sums.map(rounded),
        }
    }
    non_finite
}

/// A sum as a sample, clamped where the format does not hold it.
fn rounded<S: Sample>(sum: f64) -> S {
    let sample = S::from_f64(sum);
    if sample.finite() {
        return sample.audible();
    }
    if sum < 0.0 { -S::LOUDEST } else { S::LOUDEST }
}

#[cfg(test)]
mod tests;
