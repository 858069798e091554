//! Polarity, mono fold, cancellation.

use super::*;
use crate::analysis::{Action, Confidence};

/// Wide stereo: a common sound, and one for each side.
fn wide(frames: usize) -> [Vec<f64>; 2] {
    let (common, left, right) = (noise(20, frames), noise(21, frames), noise(22, frames));
    let side = |own: Vec<f64>| -> Vec<f64> { common.iter().zip(own).map(|(a, b)| 0.3 * a + 0.15 * b).collect() };
    [side(left), side(right)]
}

// Acceptance 10, and 6 for its suggestion.
#[test]
fn an_inverted_channel_is_a_fault_and_inverting_it_again_is_not() {
    let [left, right] = wide(288_000);
    assert!(checked(&[&left, &right]).passed());
    let inverted = scaled(&right, -1.0);
    let check = checked(&[&left, &inverted]);
    let finding = one(&check, "polarity").unwrap();
    assert_eq!(finding.severity, Severity::Warning);
    assert_eq!(one(&check, "mono_fold").unwrap().severity, Severity::Fault);
    assert!(!finding.at_s.is_empty());
    let restored = processed(effect(finding), &[&left, &inverted]);
    assert_eq!(restored, [left.clone(), right.clone()]);
    let after = checked(&rows(&restored));
    let close = |name: &str, value: Option<f64>| (predicted(finding, name)[1] - value.unwrap()).abs() < 0.02;
    assert!(close("correlation", after.correlation) && close("mono_change_db", after.mono_change_db));
    // Of one signal alone it is a fault.
    let opposite = scaled(&left, -0.7);
    assert_eq!(one(&checked(&[&left, &opposite]), "polarity").unwrap().severity, Severity::Fault);
}

#[test]
fn bands_that_mono_takes_away_come_back_by_width() {
    // A tone out of phase, beside a sound in the middle.
    let (wide, band) = (wide(288_000), tone(0.12, 4_000.0, 288_000));
    let add = |row: &[f64], sign: f64| -> Vec<f64> { row.iter().zip(&band).map(|(a, b)| a + sign * b).collect() };
    let (left, right) = (add(&wide[0], 1.0), add(&wide[1], -0.9));
    let check = checked(&[&left, &right]);
    let finding = one(&check, "mono_fold").unwrap();
    assert_eq!(finding.severity, Severity::Warning);
    assert!(one(&check, "polarity").is_none());
    // No width that is tried brings it back: what does not help is not suggested.
    assert!(finding.suggestion.is_none());
    let right = add(&wide[1], -0.3);
    let narrow = checked_at(&[&left, &right], RATE_HZ, &CheckLimits { fold_loss_db: -4.0, ..Default::default() }, &[]);
    let finding = one(&narrow, "mono_fold").unwrap();
    let Effect::Width(width) = effect(finding) else { panic!("{finding:?}") };
    assert_eq!(width.width, 0.6);
    let after = checked(&rows(&processed(effect(finding), &[&left, &right])));
    assert!((predicted(finding, "mono_change_db")[1] - after.mono_change_db.unwrap()).abs() < 0.02);
    assert_eq!(predicted(finding, "lost_bands"), [1.0, 0.0]);
}

#[test]
fn a_bass_out_of_phase_comes_back_as_a_mono_bass() {
    let wide = wide(288_000);
    let (apart, common) = (tone(0.1, 50.0, 288_000), tone(0.03, 53.0, 288_000));
    let add = |row: &[f64], sign: f64| -> Vec<f64> {
        row.iter().zip(&apart).zip(&common).map(|((a, b), c)| 0.3 * a + sign * b + c).collect()
    };
    let (left, right) = (add(&wide[0], 1.0), add(&wide[1], -0.8));
    let limits = CheckLimits { polarity_warning: -1.0, polarity_fault: -1.0, ..Default::default() };
    let check = checked_at(&[&left, &right], RATE_HZ, &limits, &[]);
    let finding = one(&check, "mono_fold").unwrap();
    let Effect::Width(width) = effect(finding) else { panic!("{finding:?}") };
    assert_eq!((width.bass_mono_hz, width.width), (120.0, 1.0));
    let restored = processed(effect(finding), &[&left, &right]);
    let after = checked_at(&rows(&restored), RATE_HZ, &limits, &[]);
    assert_eq!(
        predicted(finding, "lost_bands")[1],
        all(&after, "mono_fold").map(|left| left.value.unwrap()).sum::<f64>()
    );
    assert!((predicted(finding, "mono_change_db")[1] - after.mono_change_db.unwrap()).abs() < 1e-9);
}

fn low_passed(samples: &[f64]) -> Vec<f64> {
    let low_pass = crate::filters::LowPassParams { frequency_hz: 2_000.0, ..Default::default() };
    processed(&low_pass.into(), &[samples]).remove(0)
}

fn late(samples: &[f64], frames: usize) -> Vec<f64> {
    let mut late = vec![0.0; frames];
    late.extend(&samples[..samples.len() - frames]);
    late
}

// Acceptance 12.
#[test]
fn an_inverted_duplicate_cancels_and_inverting_it_restores_more_than_three_db() {
    let (bass, other) = (low_passed(&noise(23, 288_000)), low_passed(&noise(24, 288_000)));
    let mix: Vec<f64> = bass.iter().zip(&other).map(|(a, b)| 0.2 * (a + b)).collect();
    let clean = checked_at(&[&mix], RATE_HZ, &CheckLimits::default(), &[("bass", &bass), ("keys", &other)]);
    assert_eq!(all(&clean, "cancellation").count(), 0);
    let amp = scaled(&bass, -0.8);
    let stems = [("bass", &bass[..]), ("keys", &other[..]), ("amp", &amp[..])];
    let check = checked_at(&[&mix], RATE_HZ, &CheckLimits::default(), &stems);
    let finding = one(&check, "cancellation").unwrap();
    assert_eq!((finding.severity, &finding.tracks[..]), (Severity::Fault, &["bass".into(), "amp".into()][..]));
    // |1 - 0.8|² / (1 + 0.8²), and with the sign turned.
    let exact = [0.2 * 0.2 / 1.64, 1.8 * 1.8 / 1.64].map(|power| 10.0 * libm::log10(power));
    let [before, after] = predicted(finding, "change_120_300_hz_db");
    assert!((before - exact[0]).abs() < 1e-6 && (after - exact[1]).abs() < 1e-6, "{before} {after}");
    assert!(after - before > 3.0);
    let suggestion = finding.suggestion.as_ref().unwrap();
    let Action::Effect(Effect::Gain(gain)) = &suggestion.action else { panic!("{suggestion:?}") };
    assert!(gain.invert_polarity && suggestion.track.is_some());
    // These stems do not add up to the mix, so it is less sure.
    assert_eq!(suggestion.confidence, Confidence::Medium);
}

#[test]
fn late_duplicates_cancel_where_they_are_out_of_phase() {
    let bass = low_passed(&noise(25, 288_000));
    let silent = vec![0.0; 288_000];
    // 1 ms late: of 40 to 120 Hz 1 - 0.866 remains, by the mean of the cosine. 4 ms late: no band loses 1 dB, as the
    // sound is of no pitch.
    for (ms, flagged) in [(1, true), (4, false), (200, false)] {
        let amp = scaled(&late(&bass, 48 * ms), -1.0);
        let stems = [("bass", &bass[..]), ("amp", &amp[..])];
        let check = checked_at(&[&silent], RATE_HZ, &CheckLimits::default(), &stems);
        assert_eq!(all(&check, "cancellation").count(), usize::from(flagged), "{ms} ms");
        for finding in all(&check, "cancellation") {
            assert!((finding.value.unwrap() - 10.0 * libm::log10(1.0 - 0.866)).abs() < 0.5, "{:?}", finding.value);
        }
        for finding in all(&check, "cancellation").filter(|finding| finding.suggestion.is_some()) {
            let changes = &finding.suggestion.as_ref().unwrap().predicted;
            let worst = |value: fn(&crate::analysis::Change) -> f64| {
                let bands = changes.iter().filter(|change| change.name.starts_with("change"));
                bands.map(value).fold(f64::INFINITY, f64::min)
            };
            assert!(worst(|change| change.after) > worst(|change| change.before), "{ms} ms");
        }
    }
}
