//! The passes of a dynamics processor over one chunk in the L1 cache: levels, target reductions, gains.
//!
//! Element-wise and free of fused operations, so that the compiler vectorises the plain loops for every level and all
//! of them give the same bits. Recursions fuse the operations on their critical path, here and in
//! `dynamics::ballistics`. Levels and reductions are octaves of amplitude (6.02 dB).
//!
//! Loops that convert samples to f64 do nothing else, from a group on the stack: a loop takes the width of its widest
//! type.

use super::{
    ballistics::{Ballistics, BallisticsCoeffs},
    gain_computer::{Knee, Knees},
    reduction_meter::ReductionMeter,
};
use crate::{
    foundation::{
        math::{larger, magnitude, smaller},
        sample::Sample,
        silence,
        unit::DB_PER_OCTAVE,
    },
    primitives::{
        backend::{Backend, run, run_recursion},
        lanes::Form,
        ramp::Span,
    },
};

/// Levels are clamped to +120 dBFS, so that no later result overflows.
const LOUDEST: f64 = 1e6;
/// Frames processed together in registers.
const GROUP: usize = 16;

/// Levels of `peaks`, in octaves.
pub(crate) fn peak_levels<S: Sample>(backend: Backend, peaks: &[S], levels: &mut [S]) {
    run!(backend, _ => peak_levels_all(peaks, levels));
}

/// One-pole mean squares of samples, with pole `pole`; `mean` is the state.
pub(crate) fn mean_squares<S: Sample>(backend: Backend, samples: &[S], pole: f64, mean: &mut f64, squares: &mut [f64]) {
    run!(backend, _ => fresh_squares(samples, 1.0 - pole, squares));
    run_recursion!(backend, form => mean_all(form, pole, mean, squares));
}

/// The same of two channels, whose recursions need not wait for each other.
pub(crate) fn mean_squares_of_two<S: Sample>(
    backend: Backend,
    samples: [&[S]; 2],
    pole: f64,
    means: [&mut f64; 2],
    squares: [&mut [f64]; 2],
) {
    let [first, second] = squares;
    for (samples, squares) in samples.into_iter().zip([&mut *first, &mut *second]) {
        run!(backend, _ => fresh_squares(samples, 1.0 - pole, squares));
    }
    run_recursion!(backend, form => means_of_two(form, pole, means, [first, second]));
}

/// The elementwise maximum of two signals, in place.
pub(crate) fn max_assign(backend: Backend, others: &[f64], values: &mut [f64]) {
    run!(backend, _ => max_assign_all(others, values));
}

/// The elementwise minimum of two signals, in place.
pub(crate) fn min_assign(backend: Backend, others: &[f64], values: &mut [f64]) {
    run!(backend, _ => min_assign_all(others, values));
}

/// Squares of magnitudes.
pub(crate) fn squares_of<S: Sample>(backend: Backend, peaks: &[S], squares: &mut [f64]) {
    run!(backend, _ => squares_of_all(peaks, squares));
}

/// Moves levels towards those of squares by a share of 0..1.
pub(crate) fn mean_levels<S: Sample>(backend: Backend, squares: &[f64], share: &Span<f64, 1>, levels: &mut [S]) {
    run!(backend, _ => mean_levels_all(squares, share, levels));
}

/// Adds levels of squares by their weight: a constant and a factor of each share.
pub(crate) fn add_levels<S: Sample>(
    backend: Backend,
    squares: &[f64],
    weights: [f64; 3],
    shares: &Span<f64, 2>,
    levels: &mut [S],
) {
    run!(backend, _ => add_levels_all(squares, weights, shares, levels));
}

/// The target reductions of levels.
pub(crate) fn reduce<S: Sample>(backend: Backend, levels: &[S], knees: &Knees<S>, reductions: &mut [f64]) {
    run!(backend, _ => reduce_all(levels, knees, reductions));
}

/// Turns peaks into smoothed reductions while no setting glides: [`peak_levels`], [`reduce`] and the ballistics, the
/// same operations in one pass. While the recursion waits for its last result, the levels of the next group are
/// computed.
pub(crate) fn follow_peaks<S: Sample>(
    backend: Backend,
    peaks: &[S],
    knee: &Knee<S>,
    coeffs: &BallisticsCoeffs,
    ballistics: &mut Ballistics,
    reductions: &mut [f64],
) {
    run_recursion!(backend, form => follow_all(form, Some(peaks), knee, coeffs, ballistics, reductions));
}

/// The same from the squares that `reductions` holds.
pub(crate) fn follow_squares<S: Sample>(
    backend: Backend,
    knee: &Knee<S>,
    coeffs: &BallisticsCoeffs,
    ballistics: &mut Ballistics,
    reductions: &mut [f64],
) {
    run_recursion!(backend, form => follow_all(form, None, knee, coeffs, ballistics, reductions));
}

/// Moves the reduction of one channel towards that of all by a share of 0 to 1.
pub(crate) fn link(backend: Backend, all: &[f64], share: &Span<f64, 1>, own: &mut [f64]) {
    run!(backend, _ => link_all(all, share, own));
}

/// The output stage of a processor without make-up gain and mix.
pub(crate) fn plain_output<S: Sample>() -> Span<S, 2> {
    let (makeup_octaves, mix) = (S::ZERO, S::ONE);
    Span::Still([makeup_octaves, mix])
}

/// Turns reductions into gains. `output` is the make-up gain in octaves and the mix.
pub(crate) fn gains<S: Sample>(backend: Backend, reductions: &[f64], output: &Span<S, 2>, gains: &mut [S]) {
    run!(backend, _ => gains_all(reductions, output, gains));
}

/// Meters the reductions of `channels` channels, by way of `reductions_db`.
pub(crate) fn observe(
    backend: Backend,
    reductions: &[f64],
    channels: usize,
    reductions_db: &mut [f32],
    meter: &mut ReductionMeter,
) {
    run!(backend, _ => observe_all(reductions, channels, reductions_db, meter));
}

/// Multiplies samples by gains, in place.
pub(crate) fn apply<S: Sample>(backend: Backend, gains: &[S], samples: &mut [S]) {
    run!(backend, _ => apply_all(gains, samples));
}

#[inline(always)]
fn peak_levels_all<S: Sample>(peaks: &[S], levels: &mut [S]) {
    for (level, peak) in levels.iter_mut().zip(peaks) {
        *level = peak_level(*peak);
    }
}

#[inline(always)]
fn peak_level<S: Sample>(peak: S) -> S {
    smaller(larger(peak, S::from_f64(silence::DETECTOR_LEVEL)), S::from_f64(LOUDEST)).log2_fast()
}

#[inline(always)]
fn fresh_squares<S: Sample>(samples: &[S], rise: f64, squares: &mut [f64]) {
    for (square, sample) in squares.iter_mut().zip(samples) {
        let peak = smaller(magnitude(sample.to_f64()), LOUDEST);
        *square = rise * (peak * peak + silence::SQUARE);
    }
}

#[inline(always)]
fn mean_all(form: impl Form, pole: f64, mean: &mut f64, squares: &mut [f64]) {
    let mut state = *mean;
    for square in squares {
        state = form.mul_add(pole, state, *square);
        *square = state;
    }
    *mean = state;
}

#[inline(always)]
fn means_of_two(form: impl Form, pole: f64, means: [&mut f64; 2], [first, second]: [&mut [f64]; 2]) {
    let [mut a, mut b] = [*means[0], *means[1]];
    for (first, second) in first.iter_mut().zip(second) {
        a = form.mul_add(pole, a, *first);
        b = form.mul_add(pole, b, *second);
        (*first, *second) = (a, b);
    }
    (*means[0], *means[1]) = (a, b);
}

#[inline(always)]
fn max_assign_all(others: &[f64], values: &mut [f64]) {
    for (value, other) in values.iter_mut().zip(others) {
        *value = value.max(*other);
    }
}

#[inline(always)]
fn min_assign_all(others: &[f64], values: &mut [f64]) {
    for (value, other) in values.iter_mut().zip(others) {
        *value = value.min(*other);
    }
}

#[inline(always)]
fn squares_of_all<S: Sample>(peaks: &[S], squares: &mut [f64]) {
    for (square, peak) in squares.iter_mut().zip(peaks) {
        let peak = smaller(peak.to_f64(), LOUDEST);
        *square = peak * peak;
    }
}

/// Power of the lowest level.
const SOFTEST: f64 = silence::DETECTOR_LEVEL * silence::DETECTOR_LEVEL;

#[inline(always)]
fn square_level<S: Sample>(square: S) -> S {
    S::from_f64(0.5) * square.log2_fast()
}

#[inline(always)]
fn mean_levels_all<S: Sample>(squares: &[f64], share: &Span<f64, 1>, levels: &mut [S]) {
    match share {
        Span::Still([share]) if *share == 1.0 => {
            for (level, square) in levels.iter_mut().zip(squares) {
                *level = square_level(S::from_f64(larger(*square, SOFTEST)));
            }
        }
        Span::Still([share]) => {
            let share = S::from_f64(*share);
            for (level, square) in levels.iter_mut().zip(squares) {
                let mean = square_level(S::from_f64(larger(*square, SOFTEST)));
                *level += share * (mean - *level);
            }
        }
        Span::Moving([curve]) => {
            for ((index, level), square) in (0_i32..).zip(levels).zip(squares) {
                let mean = square_level(S::from_f64(larger(*square, SOFTEST)));
                *level += S::from_f64(curve.at(index)) * (mean - *level);
            }
        }
    }
}

#[inline(always)]
fn add_levels_all<S: Sample>(squares: &[f64], weights: [f64; 3], shares: &Span<f64, 2>, levels: &mut [S]) {
    let [constant, mean, hold] = weights;
    for ((index, level), square) in (0_i32..).zip(levels).zip(squares) {
        let [means, holds] = match shares {
            Span::Still(shares) => *shares,
            Span::Moving([means, holds]) => [means.at(index), holds.at(index)],
        };
        let weight = S::from_f64(constant + mean * means + hold * holds);
        *level += weight * square_level(S::from_f64(larger(*square, SOFTEST)));
    }
}

#[inline(always)]
fn reduce_all<S: Sample>(levels: &[S], knees: &Knees<S>, reductions: &mut [f64]) {
    match knees {
        Knees::Still(knee) => {
            let ((groups, rest), (levels, last)) = (reductions.as_chunks_mut::<GROUP>(), levels.as_chunks::<GROUP>());
            for (reductions, levels) in groups.iter_mut().zip(levels) {
                let mut targets = *levels;
                for value in &mut targets {
                    *value = knee.reduction(*value);
                }
                widen(&targets, reductions);
            }
            for (reduction, level) in rest.iter_mut().zip(last) {
                *reduction = knee.reduction(*level).to_f64();
            }
        }
        Knees::Moving(side, curves) => {
            for ((index, reduction), level) in (0_i32..).zip(reductions).zip(levels) {
                *reduction = Knees::<S>::at(*side, curves, index).reduction(*level).to_f64();
            }
        }
    }
}

#[inline(always)]
fn widen<S: Sample>(values: &[S; GROUP], wide: &mut [f64; GROUP]) {
    for (wide, value) in wide.iter_mut().zip(values) {
        *wide = value.to_f64();
    }
}

/// Target reductions of the group from frame `at` on, up to its end: of `peaks`, or of the squares in `targets`.
#[inline(always)]
fn target_group<S: Sample>(peaks: Option<&[S]>, knee: &Knee<S>, at: usize, targets: &mut [f64]) {
    let targets = targets.get_mut(at..).unwrap_or_default();
    let Some(peaks) = peaks else { return target_squares(knee, targets) };
    let peaks = peaks.get(at..).unwrap_or_default();
    if let (Some(peaks), Some(targets)) = (peaks.first_chunk::<GROUP>(), targets.first_chunk_mut::<GROUP>()) {
        let mut narrow = *peaks;
        for value in &mut narrow {
            *value = knee.reduction(peak_level(*value));
        }
        widen(&narrow, targets);
    } else {
        for (targets, peak) in targets.iter_mut().zip(peaks) {
            *targets = knee.reduction(peak_level(*peak)).to_f64();
        }
    }
}

#[inline(always)]
fn target_squares<S: Sample>(knee: &Knee<S>, squares: &mut [f64]) {
    if let Some(squares) = squares.first_chunk_mut::<GROUP>() {
        let mut narrow = [S::ZERO; GROUP];
        for (narrow, square) in narrow.iter_mut().zip(&*squares) {
            *narrow = S::from_f64(larger(*square, SOFTEST));
        }
        for value in &mut narrow {
            *value = knee.reduction(square_level(*value));
        }
        widen(&narrow, squares);
    } else {
        for square in squares {
            *square = knee.reduction(square_level(S::from_f64(larger(*square, SOFTEST)))).to_f64();
        }
    }
}

#[inline(always)]
fn follow_all<S: Sample>(
    form: impl Form,
    peaks: Option<&[S]>,
    knee: &Knee<S>,
    coeffs: &BallisticsCoeffs,
    ballistics: &mut Ballistics,
    reductions: &mut [f64],
) {
    let (mut follower, coeffs) = (*ballistics, *coeffs);
    // The targets of the next group come first: they are ready when the recursion reaches them.
    target_group(peaks, knee, 0, reductions);
    let mut at = 0;
    while at < reductions.len() {
        let end = (at + GROUP).min(reductions.len());
        target_group(peaks, knee, end, reductions);
        // The length is not a constant: in an unrolled loop the compiler would pair the two recursions in one vector,
        // where each waits for the other.
        follower.follow_at_rest(form, &coeffs, &mut reductions[at..end]);
        at = end;
    }
    *ballistics = follower;
}

#[inline(always)]
fn link_all(all: &[f64], share: &Span<f64, 1>, own: &mut [f64]) {
    match share {
        Span::Still([share]) => {
            for (own, all) in own.iter_mut().zip(all) {
                *own = (1.0 - share) * *own + share * *all;
            }
        }
        Span::Moving([curve]) => {
            for ((index, own), all) in (0_i32..).zip(own).zip(all) {
                // A re-aimed ramp may leave 0..1 by rounding.
                let share = smaller(larger(curve.at(index), 0.0), 1.0);
                *own = (1.0 - share) * *own + share * *all;
            }
        }
    }
}

#[inline(always)]
fn gains_all<S: Sample>(reductions: &[f64], output: &Span<S, 2>, gains: &mut [S]) {
    match output {
        Span::Still([makeup, mix]) => {
            let dry = S::ONE - *mix;
            for (gain, reduction) in gains.iter_mut().zip(reductions) {
                *gain = S::from_f64(*reduction);
            }
            for gain in &mut *gains {
                *gain = dry + *mix * (*makeup - *gain).exp2_fast();
            }
        }
        Span::Moving([makeup, mix]) => {
            for ((index, gain), reduction) in (0_i32..).zip(gains).zip(reductions) {
                let mix = mix.at(index);
                let wet = (makeup.at(index) - S::from_f64(*reduction)).exp2_fast();
                *gain = (S::ONE - mix) + mix * wet;
            }
        }
    }
}

#[inline(always)]
fn observe_all(reductions: &[f64], channels: usize, reductions_db: &mut [f32], meter: &mut ReductionMeter) {
    for (reduction_db, reduction) in reductions_db.iter_mut().zip(reductions) {
        *reduction_db = DB_PER_OCTAVE as f32 * *reduction as f32;
    }
    meter.observe(reductions_db, channels);
}

#[inline(always)]
fn apply_all<S: Sample>(gains: &[S], samples: &mut [S]) {
    for (sample, gain) in samples.iter_mut().zip(gains) {
        *sample = (*sample * *gain).audible();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        dynamics::{
            ballistics::Topology,
            gain_computer::{ComputerCoeffs, GainComputer},
        },
        foundation::stream::Cpu,
    };

    #[test]
    fn levels_are_octaves_and_bounded() {
        let mut levels = [0.0_f32; 5];
        peak_levels(Backend::new(Cpu::Detected), &[1.0, 0.25, 0.0, f32::MAX, 1e-7], &mut levels);
        assert_eq!(levels[..2], [0.0, -2.0]);
        assert!((levels[2] + 23.253_5).abs() < 1e-3 && levels[2] == levels[4] && (levels[3] - 19.931_6).abs() < 1e-3);
        let (mut mean, mut squares) = (0.0, [0.0; 4_800]);
        mean_squares(Backend::Scalar, &[-1.0_f32; 4_800], 0.99, &mut mean, &mut squares);
        assert!((squares[99] - (1.0 - libm::pow(0.99, 100.0))).abs() < 1e-9 && (mean - 1.0).abs() < 1e-9);
        let mut levels = [7.0_f64; 2];
        mean_levels(Backend::new(Cpu::Detected), &[0.25, 1.0], &Span::Still([1.0]), &mut levels);
        assert_eq!(levels, [-1.0, 0.0]);
    }

    #[test]
    fn no_reduction_is_a_gain_of_exactly_one_and_so_is_a_mix_of_zero() {
        let backend = Backend::new(Cpu::Detected);
        let after = |reductions: &[f64], makeup: f32, mix: f32| {
            let mut factors = [0.0; 3];
            gains(backend, reductions, &Span::Still([makeup, mix]), &mut factors);
            factors
        };
        for step in 0..=1_000_u16 {
            assert_eq!(after(&[0.0; 3], 0.0, f32::from(step) / 1_000.0), [1.0; 3], "{step}");
        }
        assert_eq!(after(&[0.0, 1.0, 20.0], 3.0, 0.0), [1.0; 3]);
        assert_eq!(after(&[0.0, 1.0, 2.0], 1.0, 1.0), [2.0, 1.0, 0.5]);
        assert_eq!(after(&[0.0, 1.0, 2.0], 0.0, 0.5), [1.0, 0.75, 0.625]);
    }

    #[test]
    fn one_pass_gives_the_bits_of_three_for_any_cut() {
        let mut random = crate::primitives::random::Random::new(3, 0);
        let peaks: alloc::vec::Vec<f32> = (0..1_000).map(|_| random.triangular().abs() as f32).collect();
        let Knees::Still(knee) =
            GainComputer::new(&ComputerCoeffs::compressor(-18.0, 4.0, 6.0, f64::INFINITY), 1).span::<f32>(1)
        else {
            unreachable!("nothing moves");
        };
        let both = [Topology::Branching, Topology::Decoupled].map(|topology| {
            [BallisticsCoeffs::manual, BallisticsCoeffs::dual].map(|coeffs| coeffs(topology, 1.0, 50.0, 48_000.0))
        });
        for coeffs in both.into_iter().flatten() {
            for cpu in [Cpu::Scalar, Cpu::Software, Cpu::Baseline, Cpu::Detected] {
                let backend = Backend::new(cpu);
                let (mut levels, mut expected) = ([0.0; 1_000], [0.0; 1_000]);
                peak_levels(backend, &peaks, &mut levels);
                reduce(backend, &levels, &Knees::Still(knee), &mut expected);
                let still = Span::Still(coeffs.glide());
                let mut ballistics = Ballistics::REST;
                ballistics.process(backend, &coeffs, &still, &peaks, &mut expected);
                for cut in [1, 15, 16, 17, 256, 1_000] {
                    let (mut ballistics, mut found) = (Ballistics::REST, [0.0; 1_000]);
                    for (peaks, found) in peaks.chunks(cut).zip(found.chunks_mut(cut)) {
                        follow_peaks(backend, peaks, &knee, &coeffs, &mut ballistics, found);
                    }
                    assert_eq!(found.map(f64::to_bits), expected.map(f64::to_bits), "{cpu:?} {cut}");
                }
            }
        }
    }

    #[test]
    fn all_forms_give_the_same_bits() {
        let levels: [f32; 300] = core::array::from_fn(|n| -12.0 + 0.05 * n as f32);
        let still = GainComputer::new(&ComputerCoeffs::compressor(-18.0, 4.0, 6.0, f64::INFINITY), 1).span(300);
        let mut moving = GainComputer::new(&ComputerCoeffs::compressor(-18.0, 4.0, 6.0, f64::INFINITY), 400);
        moving.set_coeffs(&ComputerCoeffs::compressor(-40.0, 8.0, 1.0, 20.0));
        for knees in [still, moving.span(300)] {
            let mut results = [Cpu::Scalar, Cpu::Software, Cpu::Baseline, Cpu::Avx2, Cpu::Detected].map(|cpu| {
                let (mut reductions, mut factors) = ([0.0; 300], [0.0_f32; 300]);
                reduce(Backend::new(cpu), &levels, &knees, &mut reductions);
                gains(Backend::new(cpu), &reductions, &Span::Still([0.7, 0.3]), &mut factors);
                factors.map(f32::to_bits)
            });
            results.rotate_left(1);
            assert!(results.windows(2).all(|pair| pair[0] == pair[1]));
        }
    }
}
