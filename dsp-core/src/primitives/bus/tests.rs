//! Every form of the bus against one product after the other.

use super::*;
use crate::foundation::stream::Cpu;
use alloc::{vec, vec::Vec};

const FRAMES: usize = 150;
const CPUS: [Cpu; 5] = [Cpu::Detected, Cpu::Avx2, Cpu::Baseline, Cpu::Software, Cpu::Scalar];

fn noise<S: Sample>(seed: usize) -> Vec<S> {
    let mut state = seed as u64 * 2 + 1;
    let mut random = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
    };
    (0..FRAMES).map(|_| S::from_f64(random())).collect()
}

fn rows<S: Sample>(audio: &[Vec<S>], frames: usize) -> Vec<Row<'_, S>> {
    let mut rows = Vec::new();
    for (index, pair) in audio.windows(2).enumerate() {
        let (left, right) = (&pair[0][..frames], &pair[1][..frames]);
        let source = if index % 3 == 0 { Source::Stereo([left, right]) } else { Source::Mono(left) };
        let gains = [0.3 + 0.01 * index as f64, if index % 4 == 0 { 0.0 } else { -0.7 }].map(exact_gain::<S>);
        rows.push(Row::new(source, gains, index % 5 != 0));
    }
    rows
}

/// What the card says, frame by frame.
fn expected<S: Sample>(rows: &[Row<'_, S>], before: [f64; 2], frame: usize) -> [f64; 2] {
    let mut sums = before;
    for row in rows {
        let pair = [row.left[frame], row.right[frame]];
        for side in 0..2 {
            if pair[side].finite() {
                sums[side] += pair[side].to_f64() * row.gains[side];
            }
        }
    }
    sums
}

/// Mixes through a bus; after `moving` rows the sums are taken out, as by a source whose gains move.
fn mixed<S: Sample>(cpu: Cpu, rows: &[Row<'_, S>], frames: usize, moving: Option<usize>) -> (Vec<S>, u64) {
    // What is in the sums before does not count.
    let (mut left, mut right) = (vec![f64::NAN; frames], vec![7.0; frames]);
    let mut bus = Bus::new(Backend::new(cpu), [&mut left, &mut right]);
    for (index, row) in rows.iter().enumerate() {
        if moving == Some(index) {
            bus.sums();
        }
        bus.add(*row);
    }
    let mut samples = vec![S::ONE; 2 * frames];
    let (left, right) = samples.split_at_mut(frames);
    let non_finite = bus.round([left, right]);
    (samples, non_finite)
}

fn check<S: Sample>(audio: &[Vec<S>], frames: usize, non_finite: u64) {
    for cpu in CPUS {
        let rows = rows(audio, frames);
        for moving in [None, Some(0), Some(1), Some(rows.len() / 2)] {
            let (found, count) = mixed(cpu, &rows, frames, moving);
            for frame in 0..frames {
                let [left, right] = expected(&rows, [0.0; 2], frame).map(|sum| S::from_f64(sum).audible());
                let own = [found[frame], found[frames + frame]];
                assert_eq!(own.map(Sample::bits), [left, right].map(Sample::bits), "{cpu:?} {frames} {frame}");
            }
            assert_eq!(count, non_finite, "{cpu:?}");
        }
    }
}

#[test]
fn every_form_and_length_adds_the_products_one_by_one() {
    fn all<S: Sample>() {
        let audio: Vec<Vec<S>> = (0..40).map(noise).collect();
        for frames in (0..70).chain([FRAMES]) {
            for count in [0, 2, 3, 18, 40] {
                check(&audio[..count], frames, 0);
            }
        }
    }
    all::<f32>();
    all::<f64>();
}

/// Wherever it stands, it counts as 0, also where its gain is 0; all other frames keep their bits.
#[test]
fn a_sample_that_is_not_finite_is_silence_and_counted() {
    fn all<S: Sample>() {
        for (place, bad) in [(0, f64::NAN), (5, f64::INFINITY), (33, f64::NEG_INFINITY), (149, f64::NAN)] {
            for track in [0, 1, 4, 20, 38] {
                let mut audio: Vec<Vec<S>> = (0..40).map(noise).collect();
                audio[track][place] = S::from_f64(bad);
                let rows = rows(&audio, FRAMES);
                let counted = rows.iter().enumerate().filter(|(index, row)| {
                    let channels = if row.is_mono { 1 } else { 2 };
                    row.is_counted && (*index..*index + channels).contains(&track)
                });
                let non_finite = counted.count() as u64;
                check(&audio, FRAMES, non_finite);
            }
        }
    }
    all::<f32>();
    all::<f64>();
}

#[test]
fn a_sum_that_the_format_does_not_hold_is_clamped() {
    fn all<S: Sample>(huge: f64) {
        let mut audio: Vec<Vec<S>> = (0..2).map(noise).collect();
        audio[0][7] = S::from_f64(huge);
        let row = Row::new(Source::Mono(&audio[0]), [4.0, -4.0], true);
        for cpu in CPUS {
            let (found, count) = mixed(cpu, &[row; 3], FRAMES, None);
            assert_eq!((found[7] >= S::LOUDEST, found[FRAMES + 7] <= -S::LOUDEST, count), (true, true, 0), "{cpu:?}");
            assert!(found.iter().all(|x| x.finite()));
        }
    }
    all::<f32>(f64::from(f32::MAX));
    all::<f64>(f64::MAX);
}

/// Through other gains the null would be as deep as their products are rounded.
#[test]
fn gains_have_exact_products_and_a_signal_nulls_with_its_inverse() {
    for gain in [0.653_130_552_647_472_2, -1.0 / 3.0, 1e-9, 3.981_071_705_534_972] {
        let exact = exact_gain::<f32>(gain);
        assert!((exact / gain - 1.0).abs() <= 2_f64.powi(-29), "{gain}");
        for sample in noise::<f32>(3) {
            let product = f64::from(sample) * exact;
            assert_eq!(libm::fma(f64::from(sample), exact, -product), 0.0);
        }
        assert_eq!(exact_gain::<f64>(gain), gain);
        let audio = noise::<f32>(1);
        let row = |sign: f64| Row::new(Source::Mono(&audio), [sign * exact; 2], true);
        for cpu in CPUS {
            assert!(mixed(cpu, &[row(1.0), row(-1.0)], FRAMES, None).0.iter().all(|x| *x == 0.0), "{cpu:?}");
        }
    }
    assert_eq!([0.0, 1.0, 0.5].map(exact_gain::<f32>), [0.0, 1.0, 0.5]);
}
