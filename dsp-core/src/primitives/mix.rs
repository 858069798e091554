//! Mix loops: samples times gains that may move, accumulated in f64 and rounded once at the end. Element-wise and free of
//! fused operations: the same bits at every level. Gains at rest are those of [`bus`](super::bus).

use super::{
    backend::{Backend, run},
    lanes::Form,
    pair::{self, add_products, width},
    ramp::{Curve, Span, evaluate},
    sanitize::repair,
    scale::{GROUP, Lines},
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
    run!(backend, form => add_stereo_all(form, sums, source, gains))
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

/// Adds a source to the left and the right sums. Returns the count of non-finite samples.
#[inline(always)]
fn add_stereo_all<F: Form, S: Sample>(
    form: F,
    [left_sums, right_sums]: [&mut [f64]; 2],
    source: Source<'_, S>,
    gains: &Gains<'_, S>,
) -> u64 {
    let frames = left_sums.len();
    let (left, right, is_mono) = match source {
        Source::Mono(both) => (both, both, true),
        Source::Stereo([left, right]) => (left, right, false),
    };
    let muted = matches!(gains.mute, Span::Still([level]) if *level == S::ZERO);
    if S::all_ordinary(left) && (is_mono || S::all_ordinary(right)) {
        if !muted {
            add_frames(form, [left_sums, right_sums], [left, right], is_mono, gains, 0);
        }
        return 0;
    }
    let mut non_finite = 0;
    let mut repaired = [[S::ZERO; GROUP]; 2];
    for start in (0..frames).step_by(GROUP) {
        let length = GROUP.min(frames - start);
        let [own_left, own_right] = &mut repaired;
        let (own_left, own_right) = (&mut own_left[..length], &mut own_right[..length]);
        own_left.copy_from_slice(&left[start..start + length]);
        non_finite += repair(own_left);
        own_right.copy_from_slice(&right[start..start + length]);
        non_finite += repair(own_right) * u64::from(!is_mono);
        if !muted {
            let sums = [&mut left_sums[start..start + length], &mut right_sums[start..start + length]];
            add_frames(form, sums, [own_left, own_right], is_mono, gains, start);
        }
    }
    non_finite
}

/// Adds ordinary samples of the left and the right source, from frame `start` of the gains on.
#[inline(always)]
fn add_frames<F: Form, S: Sample>(
    form: F,
    [left_sums, right_sums]: [&mut [f64]; 2],
    [left, right]: [&[S]; 2],
    is_mono: bool,
    &Gains { straight, crossed, mute, lanes }: &Gains<'_, S>,
    start: usize,
) {
    let crosses =
        !is_mono && !matches!(crossed, Span::Still([to_left, to_right]) if *to_left == S::ZERO && *to_right == S::ZERO);
    let Lines(levels) = &mut Lines([[S::ZERO; GROUP]; 2]);
    for first in (0..left.len()).step_by(GROUP) {
        let range = first..left.len().min(first + GROUP);
        let (left, right) = (&left[range.clone()], &right[range.clone()]);
        let (left_sums, right_sums) = (&mut left_sums[range.clone()], &mut right_sums[range.clone()]);
        let lanes = lanes.map(|lanes| lanes.map(|lane| &lane[start + range.start..start + range.end]));
        let own = lanes.map(|[to_left, to_right, ..]| [to_left, to_right]);
        set_levels(form, straight, mute, own, start + first, left.len(), levels);
        let [to_left, to_right] = &*levels;
        if is_mono {
            add_both(form, [left_sums, right_sums], left, [to_left, to_right]);
            continue;
        }
        add_times(form, left_sums, left, to_left);
        add_times(form, right_sums, right, to_right);
        if crosses {
            let own = lanes.map(|[.., to_left, to_right]| [to_left, to_right]);
            set_levels(form, crossed, mute, own, start + first, left.len(), levels);
            let [to_left, to_right] = &*levels;
            add_times(form, left_sums, right, to_left);
            add_times(form, right_sums, left, to_right);
        }
    }
}

/// Gains times the mute and the lanes over `count` frames from `start` on, left and right.
#[inline(always)]
fn set_levels<F: Form, S: Sample>(
    form: F,
    gains: &Span<S, 2>,
    mute: &Span<S, 1>,
    lanes: Option<[&[S]; 2]>,
    start: usize,
    count: usize,
    levels: &mut [[S; GROUP]; 2],
) {
    match gains {
        Span::Still(gains) => levels.iter_mut().zip(gains).for_each(|(levels, gain)| levels.fill(*gain)),
        Span::Moving(curves) => evaluate::<_, _, 2, _, _>(form, curves, start, count, levels),
    }
    if let Span::Moving(curve) = mute {
        let Lines(mutes) = &mut Lines([[S::ZERO; GROUP]]);
        evaluate::<_, _, 4, _, _>(form, curve, start, count, mutes);
        for levels in &mut *levels {
            for (level, mute) in levels.iter_mut().zip(&mutes[0]) {
                *level *= *mute;
            }
        }
    }
    for (levels, lane) in levels.iter_mut().zip(lanes.iter().flatten()) {
        for (level, factor) in levels.iter_mut().zip(*lane) {
            *level *= *factor;
        }
    }
}

/// Adds a group of mono samples to both sums.
#[inline(always)]
fn add_both<F: Form, S: Sample>(
    form: F,
    [left, right]: [&mut [f64]; 2],
    samples: &[S],
    [to_left, to_right]: [&[S; GROUP]; 2],
) {
    let width = width::<F>();
    let mut index = 0;
    while index + width <= samples.len() {
        let own = form.widen(&samples[index..]);
        for (sums, gains) in [(&mut *left, to_left), (&mut *right, to_right)] {
            let sums = &mut sums[index..index + width];
            let mut pair = pair::load(form, sums);
            add_products::<F, S>(&mut pair, own, form.widen(&gains[index..]));
            pair::store::<F>(pair, sums);
        }
        index += width;
    }
    for (sums, gains) in [(left, to_left), (right, to_right)] {
        add_rest(&mut sums[index..], &samples[index..], &gains[index..]);
    }
}

/// Adds a group of samples.
#[inline(always)]
fn add_times<F: Form, S: Sample>(form: F, sums: &mut [f64], samples: &[S], gains: &[S; GROUP]) {
    let width = width::<F>();
    let mut index = 0;
    while index + width <= samples.len() {
        let sums = &mut sums[index..index + width];
        let mut pair = pair::load(form, sums);
        add_products::<F, S>(&mut pair, form.widen(&samples[index..]), form.widen(&gains[index..]));
        pair::store::<F>(pair, sums);
        index += width;
    }
    add_rest(&mut sums[index..], &samples[index..], &gains[index..]);
}

/// Adds fewer samples than a pair has.
#[inline(always)]
fn add_rest<S: Sample>(sums: &mut [f64], samples: &[S], gains: &[S]) {
    for ((sum, sample), gain) in sums.iter_mut().zip(samples).zip(gains) {
        *sum += sample.to_f64() * gain.to_f64();
    }
}

#[inline(always)]
fn add_still<S: Sample>(sums: &mut [f64], samples: &[S], gain: S) {
    for (sum, sample) in sums.iter_mut().zip(samples) {
        *sum += (*sample * gain).to_f64();
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{foundation::stream::Cpu, primitives::ramp::Ramp};
    use alloc::vec::Vec;

    const FRAMES: usize = 150;

    fn noise<S: Sample>(seed: usize) -> Vec<S> {
        let mut random = 2 * seed as u32 + 1;
        let mut next = || {
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            S::from_f64(f64::from(random) / 2_147_483_648.0 - 1.0)
        };
        (0..FRAMES).map(|_| next()).collect()
    }

    fn span<S: Sample, const N: usize>(from: [f64; N], to: [f64; N]) -> Span<S, N> {
        let mut ramp = Ramp::new(from, 1_000);
        ramp.set_target(to);
        ramp.span::<S>(100);
        ramp.span(FRAMES).0
    }

    fn at<S: Sample, const N: usize>(span: &Span<S, N>, frame: usize) -> [S; N] {
        match span {
            Span::Still(gains) => *gains,
            Span::Moving(curves) => curves.each_ref().map(|curve| curve.at(frame as i32)),
        }
    }

    /// What the card says, frame by frame.
    fn expected<S: Sample>(
        sums: [f64; 2],
        samples: [S; 2],
        is_mono: bool,
        gains: &Gains<'_, S>,
        frame: usize,
    ) -> [f64; 2] {
        let [left, right] = if is_mono { [samples[0]; 2] } else { samples }.map(S::ordinary);
        let [mute] = at(gains.mute, frame);
        let times = |gain: S, lane: usize| {
            let gain = if mute == S::ONE { gain } else { gain * mute };
            gains.lanes.map_or(gain, |lanes| gain * lanes[lane][frame]).to_f64()
        };
        let ([a, b], [c, d]) = (at(gains.straight, frame), at(gains.crossed, frame));
        let mut sums = [sums[0] + left.to_f64() * times(a, 0), sums[1] + right.to_f64() * times(b, 1)];
        if !is_mono && (c != S::ZERO || d != S::ZERO) {
            sums[0] += right.to_f64() * times(c, 2);
            sums[1] += left.to_f64() * times(d, 3);
        }
        sums
    }

    fn check<S: Sample>() {
        let lanes: Vec<Vec<S>> = (0..4).map(|lane| noise(10 + lane)).collect();
        let before: [Vec<f64>; 2] = [noise(20), noise(21)];
        let moving = span([0.3, -0.2], [0.9, 0.4]);
        let (fading, rest) = (span([1.0], [0.0]), Span::Still([S::ONE]));
        for straight in [&moving, &Span::Still([S::from_f64(0.4), S::from_f64(-0.3)])] {
            for crossed in [&Span::Still([S::ZERO; 2]), &span([0.0, 0.0], [-0.5, 0.1])] {
                for (mute, is_automated) in [(&rest, false), (&rest, true), (&fading, false), (&fading, true)] {
                    for bad in [None, Some(f64::NAN), Some(1e-35), Some(1e20)] {
                        let mut samples = [noise::<S>(1), noise::<S>(2)];
                        if let Some(bad) = bad {
                            (samples[0][70], samples[1][3]) = (S::from_f64(bad), S::from_f64(-bad));
                        }
                        for (frames, is_mono) in
                            [(1, true), (16, false), (47, true), (64, false), (FRAMES, true), (FRAMES, false)]
                        {
                            let [left, right] = samples.each_ref().map(|samples| &samples[..frames]);
                            let source = if is_mono { Source::Mono(left) } else { Source::Stereo([left, right]) };
                            let lanes = is_automated.then(|| [0, 1, 2, 3].map(|lane: usize| &lanes[lane][..frames]));
                            let gains = Gains { straight, crossed, mute, lanes };
                            let channels = if is_mono { &samples[..1] } else { &samples[..] };
                            let all = channels.iter().flat_map(|channel| &channel[..frames]);
                            let non_finite = all.filter(|sample| !sample.finite()).count() as u64;
                            for cpu in [Cpu::Detected, Cpu::Avx2, Cpu::Baseline, Cpu::Software, Cpu::Scalar] {
                                let [mut to_left, mut to_right] = before.clone();
                                let sums = [&mut to_left[..frames], &mut to_right[..frames]];
                                assert_eq!(add_stereo(Backend::new(cpu), sums, source, &gains), non_finite);
                                for frame in 0..frames {
                                    let (sums, samples) =
                                        ([before[0][frame], before[1][frame]], [samples[0][frame], samples[1][frame]]);
                                    let sums = expected(sums, samples, is_mono, &gains, frame).map(f64::to_bits);
                                    assert_eq!(
                                        [to_left[frame], to_right[frame]].map(f64::to_bits),
                                        sums,
                                        "{cpu:?} {frame}"
                                    );
                                }
                            }
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn every_form_adds_the_products_of_each_frame() {
        check::<f32>();
        check::<f64>();
    }
}
