//! Acceptance 18: whatever comes in, a result without an infinite figure, or one clear refusal.

use super::*;
use crate::analysis::AnalysisError;

/// Every figure of a report is finite.
fn assert_finite(check: &MixCheck) {
    let text = alloc::format!("{check:?}");
    assert!(!text.contains("inf") && !text.contains("NaN"), "{text}");
}

#[test]
fn silence_and_nothing_at_all() {
    for frames in [0, 1, 100, 14_400, 480_000] {
        for channels in [1, 2] {
            let silent = vec![0.0; frames];
            let check = checked(&vec![&silent[..]; channels]);
            assert_eq!(one(&check, "silence").unwrap().severity, Severity::Fault, "{frames}");
            assert_eq!((check.true_peak_dbtp, check.integrated_lufs, check.hum_dbfs), (None, None, None));
            assert_finite(&check);
        }
    }
}

#[test]
fn short_sounds_at_every_rate() {
    for rate_hz in [8_000.0, 11_025.0, 44_100.0, 192_000.0, 384_000.0] {
        for seconds in [0.3, 1.5, 5.0] {
            let frames = (seconds * rate_hz) as usize;
            let (left, right) = (scaled(&noise(50, frames), 0.3), scaled(&noise(51, frames), 0.3));
            for rows in [&[&left[..]][..], &[&left[..], &right[..]]] {
                let check = checked_at(rows, rate_hz, &CheckLimits::default(), &[]);
                assert!(check.passed(), "{rate_hz} {seconds} {:?}", check.findings);
                assert!((check.duration_s - seconds).abs() < 1e-3);
                assert_finite(&check);
            }
        }
    }
}

#[test]
fn single_samples_constants_and_full_scale() {
    let mut impulse = vec![0.0; 96_000];
    impulse[50_000] = 1.0;
    let square: Vec<f64> = (0..96_000).map(|n| if n / 100 % 2 == 0 { 1.0 } else { -1.0 }).collect();
    let (huge, tiny) = (scaled(&square, 1e30), scaled(&square, 1e-30));
    for samples in [&impulse, &vec![1.0; 96_000], &square, &huge, &tiny] {
        for rows in [&[&samples[..]][..], &[&samples[..], &impulse[..]], &[&samples[..], &samples[..]]] {
            assert_finite(&checked(rows));
        }
    }
}

#[test]
fn stems_of_any_kind() {
    let (a, b) = (noise(52, 96_000), vec![0.0; 96_000]);
    for stems in [&[("a", &a[..])][..], &[("a", &a[..]), ("b", &b[..])], &[("a", &a[..]), ("short", &a[..100])]] {
        assert_finite(&checked_at(&[&a], RATE_HZ, &CheckLimits::default(), stems));
    }
    // An exact cancellation has no level: it reads as the lowest.
    let inverted = scaled(&a, -1.0);
    let check = checked_at(&[&b], RATE_HZ, &CheckLimits::default(), &[("a", &a), ("b", &inverted)]);
    assert_eq!(one(&check, "cancellation").unwrap().value, Some(-120.0));
    assert_finite(&check);
}

#[test]
fn what_is_not_finite_is_refused_with_its_place() {
    let mut samples = noise(53, 1_000);
    samples[700] = f64::NAN;
    samples[800] = f64::INFINITY;
    let rows = [&samples[..]];
    let spec = StreamSpec::new(RATE_HZ, 1).unwrap();
    let block = Block::from_slices(&rows).unwrap();
    let refused = check_mix(&block, &spec, &[], &CheckLimits::default(), &mut |_| ControlFlow::Continue(()));
    assert_eq!(refused, Err(AnalysisError::NonFinite { argument: "audio", count: 2, first_frame: 700 }));
    let rows = [&samples[..]; 3];
    let spec = StreamSpec::new(RATE_HZ, 3).unwrap();
    let block = Block::from_slices(&rows).unwrap();
    let refused = check_mix(&block, &spec, &[], &CheckLimits::default(), &mut |_| ControlFlow::Continue(()));
    assert!(matches!(refused, Err(AnalysisError::Setting(_))), "three channels");
}

#[test]
fn both_formats_find_the_same() {
    let (left, right) = (scaled(&noise(54, 240_000), 0.3), scaled(&noise(55, 240_000), 0.3));
    let single: [Vec<f32>; 2] = [&left, &right].map(|row| row.iter().map(|sample| *sample as f32).collect());
    let rows = [&single[0][..], &single[1][..]];
    let spec = StreamSpec::new(RATE_HZ, 2).unwrap();
    let report = &mut |_| ControlFlow::Continue(());
    let check = check_mix(&Block::from_slices(&rows).unwrap(), &spec, &[], &CheckLimits::default(), report).unwrap();
    let double = checked(&[&left, &right]);
    assert_eq!(check.findings.len(), double.findings.len());
    assert!((check.true_peak_dbtp.unwrap() - double.true_peak_dbtp.unwrap()).abs() < 1e-4);
}
