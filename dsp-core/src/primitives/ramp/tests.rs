//! Ramps against their formulas, whatever is set and whenever.

use super::*;
use alloc::vec::Vec;

fn run<const N: usize>(ramp: &mut Ramp<N>, frames: usize, cut: usize) -> Vec<[f64; N]> {
    let mut values = Vec::new();
    while values.len() < frames {
        let (span, length) = ramp.span::<f64>((frames - values.len()).min(cut));
        for index in 0..length as i32 {
            values.push(match &span {
                Span::Still(values) => *values,
                Span::Moving(curves) => core::array::from_fn(|n| curves[n].at(index)),
            });
        }
    }
    values
}

#[test]
fn starts_at_the_value_and_ends_at_the_target_exactly() {
    let mut ramp = Ramp::new([1.0, 0.1], 100);
    ramp.set_target([0.3, 0.7]);
    let values = run(&mut ramp, 120, 7);
    assert!((values[0][0] - 1.0).abs() < 1e-3);
    assert_ne!(values[98], [0.3, 0.7]);
    assert!(values[99..].iter().all(|value| *value == [0.3, 0.7]));
    assert!(values.windows(2).all(|pair| pair[1][0] <= pair[0][0] && pair[1][1] >= pair[0][1]));
}

#[test]
fn matches_the_textbook_curve() {
    let mut ramp = Ramp::new([0.0], 50);
    ramp.set_target([1.0]);
    for (k, [value]) in run(&mut ramp, 50, 50).into_iter().enumerate() {
        let u = (k + 1) as f64 / 50.0;
        assert!((value - u * u * u * (10.0 + u * (6.0 * u - 15.0))).abs() < 1e-14, "{k}");
    }
}

/// Runs through targets, each set after so many frames; returns the values and the frames of the settings.
fn aimed<const N: usize>(ramp: &mut Ramp<N>, aims: &[([f64; N], usize)], cut: usize) -> Vec<[f64; N]> {
    let mut values = Vec::new();
    for (target, frames) in aims {
        ramp.set_target(*target);
        values.extend(run(ramp, *frames, cut));
    }
    values
}

/// A ramp that is cut short at every moment: a fader from silence to 0 dB corrected to -0.01 dB, and one towards
/// silence stopped at -60 dB.
#[test]
fn a_corrected_target_is_never_passed() {
    for (from, to, corrected) in [(0.0, 1.0, 0.998_849), (1.0, 0.0, 0.001), (-1.0, 1.0, 0.9), (0.2, 0.8, 0.81)] {
        for at in 1..100 {
            let mut ramp = Ramp::new([from], 100);
            let values = aimed(&mut ramp, &[([to], at), ([corrected], 200)], 7);
            assert_eq!(values[at + 199], [corrected]);
            // The overshoot that the last frames can brake without a click.
            let left = (100 - at) as f64 / 100.0;
            let brakes = (corrected - to).abs() <= (to - from).abs() * left * left * left;
            let end = if brakes { corrected } else { to.max(corrected * (to - from).signum()) };
            let (low, high) = (f64::min(from, end), f64::max(from, end));
            let legal = low - 1e-12..=high + 1e-12;
            assert!(values.iter().all(|[value]| legal.contains(value)), "{from} -> {to} -> {corrected} at {at}");
        }
    }
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig {
        failure_persistence: None,
        rng_seed: proptest::test_runner::RngSeed::Fixed(10),
        ..Default::default()
    })]

    /// Never outside the active targets (those set in the last `FRAMES` or pending before, and the one before
    /// them), C2, and at the target in time.
    #[test]
    fn random_targets_at_random_moments(
        aims in proptest::collection::vec((-1.0..1.0_f64, -1.0..1.0_f64, 0..1_500_usize), 1..40),
        short in proptest::bool::ANY,
        cut in 1..200_usize,
    ) {
        const FRAMES: usize = 960;
        let aims: Vec<([f64; 2], usize)> =
            aims.into_iter().map(|(a, b, frames)| ([a, b], if short { frames % 90 } else { frames })).collect();
        let mut ramp = Ramp::new([0.3, -0.2], FRAMES);
        let mut values = aimed(&mut ramp, &aims, cut);
        values.extend(run(&mut ramp, FRAMES, cut));
        let last = aims[aims.len() - 1].0;
        proptest::prop_assert_eq!(values[values.len() - 1], last);
        let mut whole = Ramp::new([0.3, -0.2], FRAMES);
        let mut again = aimed(&mut whole, &aims, usize::MAX);
        again.extend(run(&mut whole, FRAMES, usize::MAX));
        proptest::prop_assert!(values == again, "the cut shows");
        for n in 0..2 {
            // (frame of setting, target), the first one long ago.
            let mut set = alloc::vec![(0, [0.3, -0.2][n])];
            let mut at = 0;
            for (target, frames) in &aims {
                set.push((at, target[n]));
                at += frames;
            }
            for (frame, value) in values.iter().enumerate() {
                // The target in force that long ago, and all later ones so far.
                let longest = FRAMES + FRAMES / STEPS;
                let oldest = set.iter().skip(1).rposition(|(at, _)| at + longest <= frame).map_or(0, |k| k + 1);
                let heard = set[oldest..].iter().filter(|(at, _)| *at <= frame).map(|(_, target)| *target);
                let low = heard.clone().fold(f64::INFINITY, f64::min);
                let high = heard.fold(f64::NEG_INFINITY, f64::max);
                proptest::prop_assert!(
                    value[n] >= low - 1e-12 && value[n] <= high + 1e-12,
                    "{} outside {}..{} at frame {}", value[n], low, high, frame
                );
            }
            // The third derivative of a step of 2 is 120/N³, of one that starts late 1.5 times that, and eight of
            // them overlap; a kink of the slope would leave 1/N, one of the curvature 1/N².
            let third = |w: &[[f64; 2]]| (w[3][n] - 3.0 * w[2][n] + 3.0 * w[1][n] - w[0][n]).abs();
            let jerk = values.windows(4).map(third).fold(0.0, f64::max);
            let limit = 8.0 * 1.5 * 120.0 / (FRAMES as f64).powi(3);
            proptest::prop_assert!(jerk < limit, "{} {}", jerk, limit);
        }
    }
}

/// A fader moved in every block, by automation, is followed half a ramp later, evenly.
#[test]
fn a_stream_of_targets_neither_stalls_nor_leaves_a_staircase() {
    for block in [1, 7, 64, 100, 333, 480] {
        let mut ramp = Ramp::new([0.0], 960);
        let steps = 9_600 / block;
        let aims: Vec<_> = (1..=steps).map(|k| ([(k * block) as f64 / 9_600.0], block)).collect();
        let values = aimed(&mut ramp, &aims, 64);
        let slopes: Vec<f64> = values[1_440..].windows(2).map(|w| (w[1][0] - w[0][0]) * 9_600.0).collect();
        // The mean over a ramp of the changes per block; pending steps make it slightly uneven.
        if block < 480 {
            let worst = slopes.iter().fold(0.0, |worst: f64, slope| worst.max((slope - 1.0).abs()));
            std::println!("{block}: {worst}");
            assert!(worst < 0.05, "{block}: {worst}");
        }
        let late = values.iter().enumerate().skip(1_440).map(|(n, v)| (n + 1) as f64 - v[0] * 9_600.0);
        let (low, high) = late.fold((f64::INFINITY, 0.0), |(low, high), x| (x.min(low), x.max(high)));
        assert!(low > 480.0 - block as f64 - 1.0 && high < 480.0 + 121.0, "{block}: {low}..{high}");
    }
}

#[test]
fn slope_and_curvature_are_continuous_when_re_targeted() {
    let mut ramp = Ramp::new([0.0], 1000);
    ramp.set_target([1.0]);
    let mut values = run(&mut ramp, 400, 33);
    ramp.set_target([-0.5]);
    values.extend(run(&mut ramp, 1000, 33));
    // Third differences of a C2 curve shrink with 1/N³ (here times the largest third derivative, 60 of each rise
    // and more of the joined slope); a kink of the slope would leave 1/N, one of the curvature 1/N².
    let third = |w: &[[f64; 1]]| (w[3][0] - 3.0 * w[2][0] + 3.0 * w[1][0] - w[0][0]).abs();
    let jerk = values.windows(4).map(third).fold(0.0, f64::max);
    assert!(jerk < 4e-7, "{jerk}");
}

#[test]
fn any_cut_gives_the_same_bits() {
    let whole = {
        let mut ramp = Ramp::new([0.2], 97);
        ramp.set_target([0.9]);
        run(&mut ramp, 200, 200)
    };
    for cut in [1, 2, 13, 64] {
        let mut ramp = Ramp::new([0.2], 97);
        ramp.set_target([0.9]);
        assert_eq!(run(&mut ramp, 200, cut), whole);
    }
}
