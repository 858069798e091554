//! Mix loops: samples times gains that may move, accumulated in f64 and rounded once at the end. Element-wise and free of
//! fused operations: the same bits at every level. Gains at rest are those of [`bus`](super::bus).

use super::{
    backend::{Backend, run},
    ramp::{Curve, Span},
    sanitize::sanitize,
    scale::{GROUP, values},
};
use crate::foundation::sample::Sample;
use core::ops::Range;

/// A source of a left and a right bus.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Source<'a, S> {
    /// The same to both.
    Mono(&'a [S]),
    /// Left to left, right to right.
    Stereo([&'a [S]; 2]),
}

impl<S> Source<'_, S> {
    /// Some of its frames.
    pub(crate) fn frames(&self, range: Range<usize>) -> Self {
        match self {
            Self::Mono(both) => Self::Mono(&both[range]),
            Self::Stereo([left, right]) => Self::Stereo([&left[range.clone()], &right[range]]),
        }
    }
}

/// Gains of a source over some frames, of which one moves.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Gains<'a, S> {
    /// To the left and right bus; of a stereo source, from the channel of that side.
    pub(crate) straight: &'a Span<S, 2>,
    /// To the left and right bus from the other channel; a mono source has none.
    pub(crate) crossed: &'a Span<S, 2>,
    /// Times both.
    pub(crate) mute: &'a Span<S, 1>,
    /// Further factors of each frame, where the gains are automated: straight to the left and right, across to the
    /// left and right.
    pub(crate) lanes: Option<[&'a [S]; 4]>,
}

/// Adds `samples` times a gain to `sums`.
pub(crate) fn add<S: Sample>(backend: Backend, sums: &mut [f64], samples: &[S], gain: &Span<S, 1>) {
    run!(backend, _ => add_all(sums, samples, gain));
}

/// Adds one source to the left and the right bus. Non-finite samples count as 0; returns their count.
pub(crate) fn add_stereo<S: Sample>(
    backend: Backend,
    sums: [&mut [f64]; 2],
    source: Source<'_, S>,
    gains: &Gains<'_, S>,
) -> u64 {
    run!(backend, _ => add_stereo_all(sums, source, gains))
}

/// Rounds `sums` to samples.
pub(crate) fn round<S: Sample>(backend: Backend, sums: &[f64], samples: &mut [S]) {
    run!(backend, _ => round_all(sums, samples));
}

/// Replaces `dry` by itself times the first gain plus `wet` times the second. A term with a gain of 0 is skipped.
pub(crate) fn blend<S: Sample>(backend: Backend, dry: &mut [S], wet: &[S], gains: &Span<S, 2>) {
    run!(backend, _ => blend_all(dry, wet, gains));
}

/// The same, to be inlined.
#[inline(always)]
pub(crate) fn blend_all<S: Sample>(dry: &mut [S], wet: &[S], gains: &Span<S, 2>) {
    match gains {
        Span::Still([_, to_wet]) if *to_wet == S::ZERO => {}
        Span::Still([to_dry, to_wet]) if *to_dry == S::ZERO && *to_wet == S::ONE => {
            for (dry, wet) in dry.iter_mut().zip(wet) {
                *dry = wet.audible();
            }
        }
        Span::Still([to_dry, to_wet]) => {
            for (dry, wet) in dry.iter_mut().zip(wet) {
                *dry = (*dry * *to_dry + *wet * *to_wet).audible();
            }
        }
        Span::Moving([to_dry, to_wet]) => {
            for (index, (dry, wet)) in (0_i32..).zip(dry.iter_mut().zip(wet)) {
                *dry = (*dry * to_dry.at(index) + *wet * to_wet.at(index)).audible();
            }
        }
    }
}

#[inline(always)]
fn add_all<S: Sample>(sums: &mut [f64], samples: &[S], gain: &Span<S, 1>) {
    match gain {
        Span::Still([gain]) => add_still(sums, samples, *gain),
        Span::Moving([curve]) => add_moving(sums, samples, curve),
    }
}

#[inline(always)]
fn add_stereo_all<S: Sample>(
    [left_sums, right_sums]: [&mut [f64]; 2],
    source: Source<'_, S>,
    &Gains { straight, crossed, mute, lanes }: &Gains<'_, S>,
) -> u64 {
    let (left, right) = match source {
        Source::Mono(both) => (both, None),
        Source::Stereo([left, right]) => (left, Some(right)),
    };
    let crosses = right.is_some()
        && !matches!(crossed, Span::Still([to_left, to_right]) if *to_left == S::ZERO && *to_right == S::ZERO);
    let muted = matches!(mute, Span::Still([level]) if *level == S::ZERO);
    let mut non_finite = 0;
    let mut spare = [[S::ZERO; GROUP]; 2];
    let [spare_left, spare_right] = &mut spare;
    for (group, (left_sums, right_sums)) in left_sums.chunks_mut(GROUP).zip(right_sums.chunks_mut(GROUP)).enumerate() {
        let (start, length) = (group * GROUP, left_sums.len());
        let left = finite(&left[start..start + length], spare_left, &mut non_finite);
        let right = match right {
            Some(right) => finite(&right[start..start + length], spare_right, &mut non_finite),
            None => left,
        };
        if muted {
            continue;
        }
        let lanes = lanes.map(|lanes| lanes.map(|lane| &lane[start..start + length]));
        let own = lanes.map(|[to_left, to_right, ..]| [to_left, to_right]);
        add_pair([left_sums, right_sums], [left, right], straight, mute, own, start);
        if crosses {
            let own = lanes.map(|[.., to_left, to_right]| [to_left, to_right]);
            add_pair([left_sums, right_sums], [right, left], crossed, mute, own, start);
        }
    }
    non_finite
}

/// Adds one group of the left and the right source.
#[inline(always)]
fn add_pair<S: Sample>(
    [left_sums, right_sums]: [&mut [f64]; 2],
    [left, right]: [&[S]; 2],
    gains: &Span<S, 2>,
    mute: &Span<S, 1>,
    lanes: Option<[&[S]; 2]>,
    start: usize,
) {
    let mut levels = levels(gains, mute, start);
    for (levels, lane) in levels.iter_mut().zip(lanes.iter().flatten()) {
        for (level, factor) in levels.iter_mut().zip(*lane) {
            *level *= *factor;
        }
    }
    let [to_left, to_right] = levels;
    add_times(left_sums, left, &to_left);
    add_times(right_sums, right, &to_right);
}

/// The samples, or a repaired copy of them; counts the samples repaired.
#[inline(always)]
fn finite<'a, S: Sample>(samples: &'a [S], spare: &'a mut [S; GROUP], non_finite: &mut u64) -> &'a [S] {
    if S::all_ordinary(samples) {
        return samples;
    }
    let spare = &mut spare[..samples.len()];
    spare.copy_from_slice(samples);
    *non_finite += sanitize(spare);
    spare
}

/// Gains times the mute over a group of frames, left and right.
#[inline(always)]
fn levels<S: Sample>(gains: &Span<S, 2>, mute: &Span<S, 1>, start: usize) -> [[S; GROUP]; 2] {
    let mut levels = match gains {
        Span::Still([to_left, to_right]) => [[*to_left; GROUP], [*to_right; GROUP]],
        Span::Moving([to_left, to_right]) => [values(to_left, start), values(to_right, start)],
    };
    if let Span::Moving([mute]) = mute {
        let mute = values(mute, start);
        for level in &mut levels {
            for (level, mute) in level.iter_mut().zip(&mute) {
                *level *= *mute;
            }
        }
    }
    levels
}

#[inline(always)]
fn add_still<S: Sample>(sums: &mut [f64], samples: &[S], gain: S) {
    for (sum, sample) in sums.iter_mut().zip(samples) {
        *sum += (*sample * gain).to_f64();
    }
}

#[inline(always)]
fn add_times<S: Sample>(sums: &mut [f64], samples: &[S], gains: &[S; GROUP]) {
    for ((sum, sample), gain) in sums.iter_mut().zip(samples).zip(gains) {
        *sum += sample.to_f64() * gain.to_f64();
    }
}

#[inline(always)]
fn add_moving<S: Sample>(sums: &mut [f64], samples: &[S], curve: &Curve<S>) {
    for (index, (sum, sample)) in (0_i32..).zip(sums.iter_mut().zip(samples)) {
        *sum += (*sample * curve.at(index)).to_f64();
    }
}

#[inline(always)]
fn round_all<S: Sample>(sums: &[f64], samples: &mut [S]) {
    for (sample, sum) in samples.iter_mut().zip(sums) {
        *sample = S::from_f64(*sum).audible();
    }
}
