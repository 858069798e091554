//! A stereo bus: the sum of sources at constant gains.
//!
//! Every product is added in f64 by a fused multiply-add, source after source, and the sum is rounded once to the sample
//! format. The sums of some frames stay in registers while all sources are added; they come from memory and go there
//! only between batches, and around sources whose gains move.
//!
//! A sample that is not finite makes the sum infinite or NaN: only such frames are looked at sample by sample.

use super::{
    backend::{Backend, run},
    lanes::{Form, Lanes},
    mix::Source,
};
use crate::foundation::{math::fma, sample::Sample};

/// Sources added together.
const BATCH: usize = 16;
/// Vectors of samples that are summed at once.
const TILE: usize = 2;
/// Most samples of one of them: 512 bits.
const WIDEST: usize = 16;
/// 2^900: sums from 2^124 on times this are infinite, and with them all that f32 cannot hold. Those of ordinary samples
/// are not, nor is what some of them add up to.
const TO_OVERFLOW: f64 = f64::from_bits(1_923 << 52);

/// A source at constant gains.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row<'a, S> {
    pub(crate) source: Source<'a, S>,
    /// To the left and the right bus; of a stereo source, from the channel of that side.
    pub(crate) gains: [f64; 2],
    /// Whether its non-finite samples are counted.
    pub(crate) is_counted: bool,
}

/// A bus under construction: one chunk of its sums, and the sources to be added to them.
pub(crate) struct Bus<'a, S> {
    backend: Backend,
    /// Left and right. Their content does not count until the first batch is in them.
    sums: [&'a mut [f64]; 2],
    is_empty: bool,
    rows: [Row<'a, S>; BATCH],
    count: usize,
    non_finite: u64,
}

impl<'a, S: Sample> Bus<'a, S> {
    /// A silent bus that works in `sums`.
    pub(crate) fn new(backend: Backend, sums: [&'a mut [f64]; 2]) -> Self {
        let none = Row { source: Source::Mono(&[]), gains: [0.0; 2], is_counted: false };
        Self { backend, sums, is_empty: true, rows: [none; BATCH], count: 0, non_finite: 0 }
    }

    /// Adds a source. Non-finite samples count as 0.
    pub(crate) fn add(&mut self, row: Row<'a, S>) {
        if self.count == BATCH {
            self.add_batch();
        }
        self.rows[self.count] = row;
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

    /// Rounds the sums into the left and the right of a block. Returns the count of non-finite samples.
    pub(crate) fn round(self, samples: [&mut [S]; 2]) -> u64 {
        let (rows, is_empty) = (&self.rows[..self.count], self.is_empty);
        self.non_finite + run!(self.backend, form => add_all(form, self.sums, rows, is_empty, Some(samples)))
    }
}

/// Adds sources to the left and the right sums. Returns the count of non-finite samples, which count as 0.
pub(crate) fn add_rows<S: Sample>(backend: Backend, sums: [&mut [f64]; 2], rows: &[Row<'_, S>]) -> u64 {
    run!(backend, form => add_all(form, sums, rows, false, None))
}

/// As [`add_rows`]; if the sums are empty, starts from 0; rounds into `samples` if there are some, and then leaves the
/// sums undefined.
#[inline(always)]
fn add_all<F: Form, S: Sample>(
    form: F,
    [left, right]: [&mut [f64]; 2],
    rows: &[Row<'_, S>],
    is_empty: bool,
    mut samples: Option<[&mut [S]; 2]>,
) -> u64 {
    let frames = left.len().min(right.len());
    let width = 2 * F::Native::<f64>::LEN;
    let mut non_finite = 0;
    let mut start = 0;
    while start < frames {
        let length = (frames - start).min(TILE * width);
        let range = start..start + length;
        let sums = [&mut left[range.clone()], &mut right[range.clone()]];
        let out = match &mut samples {
            Some([left, right]) => Some([&mut left[range.clone()], &mut right[range]]),
            None => None,
        };
        non_finite += match length == TILE * width {
            true => add_tile::<F, S, TILE, true>(form, sums, rows, start, is_empty, out),
            false => add_tile::<F, S, TILE, false>(form, sums, rows, start, is_empty, out),
        };
        start += length;
    }
    non_finite
}

/// Sums of one vector of samples: its lower and its upper half.
type Pair<F> = [<F as Form>::Native<f64>; 2];

/// Adds frames from `start` on of all sources, as many as there are sums: `PAIRS` vectors, or fewer unless `WHOLE`.
#[inline(always)]
fn add_tile<F: Form, S: Sample, const PAIRS: usize, const WHOLE: bool>(
    form: F,
    [left, right]: [&mut [f64]; 2],
    rows: &[Row<'_, S>],
    start: usize,
    is_empty: bool,
    samples: Option<[&mut [S]; 2]>,
) -> u64 {
    let zero = form.splat(0.0_f64);
    let (mut to_left, mut to_right) = ([[zero; 2]; PAIRS], [[zero; 2]; PAIRS]);
    if !is_empty {
        for pair in 0..PAIRS {
            to_left[pair] = load::<F, f64, WHOLE>(form, left, pair);
            to_right[pair] = load::<F, f64, WHOLE>(form, right, pair);
        }
    }
    for row in rows {
        let [left_gain, right_gain] = row.gains;
        let (left_gain, right_gain) = (form.splat(left_gain), form.splat(right_gain));
        match row.source {
            Source::Mono(both) => {
                let both = &both[start..];
                for pair in 0..PAIRS {
                    let [lower, upper] = load::<F, S, WHOLE>(form, both, pair);
                    add_products::<F>(&mut to_left[pair], [lower, upper], left_gain);
                    add_products::<F>(&mut to_right[pair], [lower, upper], right_gain);
                }
            }
            Source::Stereo([left, right]) => {
                let (left, right) = (&left[start..], &right[start..]);
                for pair in 0..PAIRS {
                    add_products::<F>(&mut to_left[pair], load::<F, S, WHOLE>(form, left, pair), left_gain);
                    add_products::<F>(&mut to_right[pair], load::<F, S, WHOLE>(form, right, pair), right_gain);
                }
            }
        }
    }
    let (mut overflow, large) = (zero, form.splat(TO_OVERFLOW));
    for pair in 0..PAIRS {
        for sum in to_left[pair].into_iter().chain(to_right[pair]) {
            overflow = sum.mul_add(large, overflow);
        }
    }
    if !overflow.all_finite() {
        let mut sums = [[0.0; TILE * WIDEST]; 2];
        for (sums, pairs) in sums.iter_mut().zip([to_left, to_right]) {
            for pair in 0..PAIRS {
                store::<F, true>(pairs[pair], sums, pair);
            }
        }
        return repair([left, right], sums, rows, start, is_empty, samples);
    }
    match samples {
        None => {
            for pair in 0..PAIRS {
                store::<F, WHOLE>(to_left[pair], left, pair);
                store::<F, WHOLE>(to_right[pair], right, pair);
            }
        }
        Some([left, right]) => {
            for pair in 0..PAIRS {
                round::<F, S, WHOLE>(form, to_left[pair], left, pair);
                round::<F, S, WHOLE>(form, to_right[pair], right, pair);
            }
        }
    }
    0
}

#[inline(always)]
fn add_products<F: Form>([lower_sum, upper_sum]: &mut Pair<F>, [lower, upper]: Pair<F>, gain: F::Native<f64>) {
    *lower_sum = lower.mul_add(gain, *lower_sum);
    *upper_sum = upper.mul_add(gain, *upper_sum);
}

/// The samples of one pair; unless `WHOLE`, those that there are, and silence.
#[inline(always)]
fn load<F: Form, S: Sample, const WHOLE: bool>(form: F, samples: &[S], pair: usize) -> Pair<F> {
    let width = 2 * F::Native::<f64>::LEN;
    if WHOLE {
        return form.widen(&samples[pair * width..]);
    }
    let samples = &samples[samples.len().min(pair * width)..];
    let mut padded = [S::ZERO; WIDEST];
    let count = samples.len().min(width);
    padded[..count].copy_from_slice(&samples[..count]);
    form.widen(&padded)
}

#[inline(always)]
fn store<F: Form, const WHOLE: bool>([lower, upper]: Pair<F>, sums: &mut [f64], pair: usize) {
    let lanes = F::Native::<f64>::LEN;
    if WHOLE {
        lower.store(&mut sums[2 * pair * lanes..]);
        upper.store(&mut sums[(2 * pair + 1) * lanes..]);
        return;
    }
    let mut padded = [0.0; WIDEST];
    lower.store(&mut padded);
    upper.store(&mut padded[lanes..]);
    let sums = sums.iter_mut().skip(2 * pair * lanes);
    sums.zip(&padded[..2 * lanes]).for_each(|(sum, own)| *sum = *own);
}

#[inline(always)]
fn round<F: Form, S: Sample, const WHOLE: bool>(form: F, sums: Pair<F>, samples: &mut [S], pair: usize) {
    let width = 2 * F::Native::<f64>::LEN;
    if WHOLE {
        return form.narrow(sums, &mut samples[pair * width..]);
    }
    let mut padded = [S::ZERO; WIDEST];
    form.narrow(sums, &mut padded);
    samples.iter_mut().skip(pair * width).zip(&padded[..width]).for_each(|(sample, own)| *sample = *own);
}

/// As [`add_tile`], which has found `sums` from those `before`: repeats the frames whose sum is not finite.
#[cold]
#[inline(never)]
fn repair<S: Sample>(
    before: [&mut [f64]; 2],
    [left_sums, right_sums]: [[f64; TILE * WIDEST]; 2],
    rows: &[Row<'_, S>],
    start: usize,
    is_empty: bool,
    mut samples: Option<[&mut [S]; 2]>,
) -> u64 {
    let [left, right] = before;
    let mut non_finite = 0;
    for frame in 0..left.len() {
        let mut sums = [left_sums[frame], right_sums[frame]];
        if !sums[0].is_finite() || !sums[1].is_finite() {
            sums = if is_empty { [0.0; 2] } else { [left[frame], right[frame]] };
            for row in rows {
                let (frame_of, counted) = (start + frame, u64::from(row.is_counted));
                let pair = match row.source {
                    Source::Mono(both) => [both[frame_of]; 2],
                    Source::Stereo([left, right]) => [left[frame_of], right[frame_of]],
                };
                let channels = if matches!(row.source, Source::Mono(_)) { 1 } else { 2 };
                non_finite += counted * pair[..channels].iter().filter(|sample| !sample.finite()).count() as u64;
                for ((sum, sample), gain) in sums.iter_mut().zip(pair).zip(row.gains) {
                    let plain = fma(sample.to_f64(), gain, *sum);
                    // What overflows is clamped; a sum of finite samples stays finite.
                    *sum = if plain.is_finite() { plain } else { fma(sample.ordinary().to_f64(), gain, *sum) };
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
