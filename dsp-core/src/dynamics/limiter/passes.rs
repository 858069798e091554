//! The passes of a limiter over one chunk in the L1 cache.
//!
//! Element-wise and free of fused operations, so that the compiler vectorises the plain loops for every level and all
//! of them give the same bits. Only the detector fuses: see [`crate::true_peak`].

use crate::{
    dynamics::{box_filter::BoxFilter, reduction_meter::ReductionMeter, release::Release, sliding_max::SlidingMax},
    foundation::{
        math::{Pow2, magnitude},
        sample::Sample,
        unit::DB_PER_OCTAVE,
    },
    primitives::{
        backend::{Backend, run},
        lanes::Form,
        ramp::Span,
    },
};

/// Samples are clamped to this magnitude, +120 dBFS, so that no later result overflows.
const LARGEST: f64 = 1e6;
/// Frames processed together in registers.
const GROUP: usize = 16;

/// Copies samples times the drive. Returns the count of non-finite ones, which count as 0.
pub(crate) fn take<S: Sample>(backend: Backend, samples: &[S], drive: &Span<S, 1>, driven: &mut [S]) -> u64 {
    run!(backend, _ => take_all(samples, drive, driven))
}

/// Raises `peaks` to the magnitudes of `samples`.
pub(crate) fn rectify<S: Sample>(backend: Backend, samples: &[S], peaks: &mut [S]) {
    run!(backend, _ => rectify_all(samples, peaks));
}

/// Raises each of `peaks` to the highest points before and after it: `intervals[n]` and `intervals[n + 1]`.
pub(crate) fn join<S: Sample>(backend: Backend, intervals: &[S], peaks: &mut [S]) {
    run!(backend, _ => join_all(intervals, peaks));
}

/// Whether no peak is above `floor`.
pub(crate) fn quiet<S: Sample>(backend: Backend, peaks: &[S], floor: S) -> bool {
    run!(backend, _ => quiet_all(peaks, floor))
}

/// Turns peaks into the maximum of the window that ends with each; those up to `floors` count as 0.
pub(crate) fn hold<S: Sample>(backend: Backend, floors: Floors<'_, S>, peaks: &mut [S], hold: &mut SlidingMax<S>) {
    run!(backend, _ => hold_all(floors, peaks, hold));
}

/// Turns target reductions, in octaves, into gains, no higher than `limits`, and into reductions in dB.
pub(crate) fn shape<S: Sample>(
    backend: Backend,
    targets: &mut [f64],
    limits: &[f64],
    release: &mut Release,
    boxes: &mut BoxFilter,
    shaped: Shaped<'_, S>,
) {
    run!(backend, form => shape_all(form, targets, limits, release, boxes, shaped));
}

/// Floors of the peaks to limit.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Floors<'a, S> {
    /// The same for all frames.
    Still(S),
    /// One for each.
    Moving(&'a [S]),
}

/// Outputs of [`shape`], and the meter of its reductions, which are those of so many channels.
#[derive(Debug)]
pub(crate) struct Shaped<'a, S> {
    pub(crate) gains: &'a mut [S],
    pub(crate) reductions_db: &'a mut [f32],
    pub(crate) meter: &'a mut ReductionMeter,
    pub(crate) channels: usize,
}

/// Multiplies samples by gains. Returns the count of results beyond `ceiling`, which are clamped to it.
pub(crate) fn apply<S: Sample>(backend: Backend, samples: &[S], gains: &[S], ceiling: S, out: &mut [S]) -> u64 {
    run!(backend, _ => apply_all(samples, gains, ceiling, out))
}

#[inline(always)]
fn take_all<S: Sample>(samples: &[S], drive: &Span<S, 1>, driven: &mut [S]) -> u64 {
    let largest = S::from_f64(LARGEST);
    let mut plain = true;
    for (driven, sample) in driven.iter_mut().zip(samples) {
        // False for NaN too.
        plain &= magnitude(*sample) <= largest;
        *driven = sample.audible();
    }
    let non_finite = if plain { 0 } else { repair(driven, largest) };
    match drive {
        Span::Still([gain]) if *gain == S::ONE => {}
        Span::Still([gain]) => driven.iter_mut().for_each(|sample| *sample *= *gain),
        Span::Moving([curve]) => {
            for (index, sample) in (0_i32..).zip(driven) {
                *sample *= curve.at(index);
            }
        }
    }
    non_finite
}

#[cold]
#[inline(never)]
fn repair<S: Sample>(samples: &mut [S], largest: S) -> u64 {
    let mut non_finite = 0;
    for sample in samples {
        if !sample.finite() {
            *sample = S::ZERO;
            non_finite += 1;
        } else if magnitude(*sample) > largest {
            *sample = if *sample < S::ZERO { -largest } else { largest };
        }
    }
    non_finite
}

#[inline(always)]
fn rectify_all<S: Sample>(samples: &[S], peaks: &mut [S]) {
    for (peak, sample) in peaks.iter_mut().zip(samples) {
        *peak = peak.max(magnitude(*sample));
    }
}

#[inline(always)]
fn join_all<S: Sample>(intervals: &[S], peaks: &mut [S]) {
    for ((peak, before), behind) in peaks.iter_mut().zip(intervals).zip(&intervals[1..]) {
        *peak = peak.max(before.max(*behind));
    }
}

#[inline(always)]
fn quiet_all<S: Sample>(peaks: &[S], floor: S) -> bool {
    let mut quiet = true;
    for peak in peaks {
        quiet &= *peak <= floor;
    }
    quiet
}

#[inline(always)]
fn hold_all<S: Sample>(floors: Floors<'_, S>, peaks: &mut [S], hold: &mut SlidingMax<S>) {
    match floors {
        Floors::Still(floor) => peaks.iter_mut().for_each(|peak| *peak = above(*peak, floor)),
        Floors::Moving(floors) => {
            peaks.iter_mut().zip(floors).for_each(|(peak, floor)| *peak = above(*peak, *floor));
        }
    }
    hold.process(peaks);
}

#[inline(always)]
fn above<S: Sample>(peak: S, floor: S) -> S {
    if peak > floor { peak } else { S::ZERO }
}

#[inline(always)]
fn shape_all<S: Sample>(
    form: impl Form,
    targets: &mut [f64],
    limits: &[f64],
    release: &mut Release,
    boxes: &mut BoxFilter,
    shaped: Shaped<'_, S>,
) {
    let Shaped { gains, reductions_db, meter, channels } = shaped;
    let mut running = release.clone();
    // By groups: while the recursion of the release waits for its last result, the exponentials of the last group are
    // computed.
    for (targets, limits) in targets.chunks_mut(GROUP).zip(limits.chunks(GROUP)) {
        running.process(form, targets);
        for (reduction, limit) in targets.iter_mut().zip(limits) {
            let gain = (-*reduction).exp2_fast();
            *reduction = 1.0 - if gain < *limit { gain } else { *limit };
        }
    }
    *release = running;
    boxes.process(targets);
    for ((attenuation, gain), reduction_db) in targets.iter().zip(gains.iter_mut()).zip(reductions_db.iter_mut()) {
        let exact = 1.0 - *attenuation;
        *gain = S::from_f64(exact);
        *reduction_db = exact as f32;
    }
    // In f32, with an error of 1e-6 dB: for display.
    for reduction_db in &mut *reductions_db {
        *reduction_db = 0.0 - DB_PER_OCTAVE as f32 * reduction_db.log2_fast();
    }
    meter.observe(reductions_db, channels);
}

#[inline(always)]
fn apply_all<S: Sample>(samples: &[S], gains: &[S], ceiling: S, out: &mut [S]) -> u64 {
    let mut within = true;
    for ((out, sample), gain) in out.iter_mut().zip(samples).zip(gains) {
        let sample = *sample * *gain;
        within &= magnitude(sample) <= ceiling;
        *out = sample.audible();
    }
    if within { 0 } else { clamp(out, ceiling) }
}

#[cold]
#[inline(never)]
fn clamp<S: Sample>(samples: &mut [S], ceiling: S) -> u64 {
    let mut clamped = 0;
    for sample in samples.iter_mut().filter(|sample| magnitude(**sample) > ceiling) {
        *sample = if *sample < S::ZERO { -ceiling } else { ceiling };
        clamped += 1;
    }
    clamped
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{dynamics::release::ReleaseCoeffs, foundation::stream::Cpu};

    #[test]
    fn bounds_replaces_and_counts() {
        let backend = Backend::new(Cpu::Detected);
        let mut driven = [0.0; 5];
        let samples = [0.25, f32::NAN, f32::MAX, f32::NEG_INFINITY, -1.0];
        assert_eq!(take(backend, &samples, &Span::Still([2.0]), &mut driven), 2);
        assert_eq!(driven, [0.5, 0.0, 2e6, 0.0, -2.0]);
        let mut out = [0.0; 5];
        assert_eq!(apply(backend, &driven, &[1.0, 1.0, 1e-6, 1.0, 1.0], 1.0, &mut out), 2);
        assert_eq!(out, [0.5, 0.0, 1.0, 0.0, -1.0]);
    }

    #[test]
    fn no_reduction_is_a_gain_of_exactly_one_and_limits_are_kept() {
        let (mut release, mut boxes) = (Release::new(ReleaseCoeffs::manual(5.0, 8_000.0), 1e-9), BoxFilter::new(3));
        let (mut gains, mut reductions_db) = ([0.0_f64; 4], [0.0; 4]);
        let mut meter = ReductionMeter::default();
        let mut after = |targets: [f64; 4], limits: [f64; 4]| {
            let (gains, reductions_db) = (&mut gains, &mut reductions_db);
            let shaped = Shaped { gains, reductions_db, meter: &mut meter, channels: 1 };
            shape(Backend::new(Cpu::Detected), &mut targets.clone(), &limits, &mut release, &mut boxes, shaped);
            (*gains, *reductions_db)
        };
        assert_eq!(after([0.0; 4], [1.0; 4]), ([1.0; 4], [0.0; 4]));
        let (gains, reductions_db) = after([0.0, 1.0, 3.0, 3.0], [1.0, 0.5, 0.125, 0.1]);
        assert_eq!(gains[..3], [1.0, 0.5, 0.125]);
        // Rounded down by less than a step of the box filter.
        assert!(gains[3] <= 0.1 && gains[3] > 0.1 - libm::exp2(-48.0));
        assert!((reductions_db[3] - 20.0).abs() < 1e-5 && reductions_db[0].to_bits() == 0);
    }

    #[test]
    fn only_what_is_above_the_floor_is_held() {
        let mut windows = SlidingMax::new(2, 2);
        let mut peaks = [0.5_f32, 0.75, 1.0, 0.5];
        hold(Backend::new(Cpu::Detected), Floors::Still(0.5), &mut peaks, &mut windows);
        assert_eq!(peaks, [0.0, 0.75, 1.0, 1.0]);
        let mut peaks = [0.5_f32, 0.75, 1.0, 0.5];
        hold(Backend::new(Cpu::Detected), Floors::Moving(&[0.4, 0.8, 1.0, 0.4]), &mut peaks, &mut windows);
        assert_eq!(peaks, [0.5, 0.5, 0.0, 0.5]);
    }
}
