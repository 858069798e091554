//! Clipping, overs, DC, silence.

use super::*;

/// Clips the highest samples, so many of them.
fn clipped(samples: &[f64], share: f64) -> (Vec<f64>, f64) {
    let mut sorted: Vec<f64> = samples.iter().map(|sample| sample.abs()).collect();
    sorted.sort_by(f64::total_cmp);
    let level = sorted[((1.0 - share) * sorted.len() as f64) as usize];
    (samples.iter().map(|sample| sample.clamp(-level, level)).collect(), level)
}

/// Low tones under a slow envelope, with a little noise.
fn music(frames: usize) -> Vec<f64> {
    let hz = [82.4, 164.8, 331.0, 523.3, 1_318.5];
    let tones: Vec<Vec<f64>> = hz.iter().map(|hz| tone(0.15, *hz, frames)).collect();
    let noise = noise(6, frames);
    (0..frames)
        .map(|n| {
            let envelope = 0.6 + 0.4 * libm::sin(2.0 * PI * 0.7 * n as f64 / RATE_HZ);
            envelope * tones.iter().map(|tone| tone[n]).sum::<f64>() + 0.01 * noise[n]
        })
        .collect()
}

// Acceptance 8.
#[test]
fn clipping_of_a_thousandth_is_a_fault_and_none_is_found_before() {
    let music = music(480_000);
    assert_eq!(all(&checked(&[&music]), "clipping").count(), 0);
    let (hard, level) = clipped(&music, 1e-3);
    let check = checked(&[&hard]);
    let finding = one(&check, "clipping").unwrap();
    assert_eq!((finding.severity, finding.channel), (Severity::Fault, Some(0)));
    let peak_dbfs = finding.evidence[0].value;
    assert!((peak_dbfs - 20.0 * libm::log10(level)).abs() < 1e-9, "{peak_dbfs}");
    // Each span holds clipped samples.
    for [start, end] in &finding.at_s {
        let frames = (start * RATE_HZ).round() as usize..(end * RATE_HZ).round() as usize;
        assert!(hard[frames].iter().any(|sample| sample.abs() == level), "{start}");
    }
}

// A step of 16 bits is more than the crest of a slow tone falls within some samples.
#[test]
fn crests_of_low_tones_are_not_flat_at_any_rate() {
    for rate_hz in [44_100.0, 192_000.0] {
        for hz in [20.0, 31.0, 45.0, 63.0, 84.0, 120.0, 200.0, 350.0] {
            let sample = |n: usize| {
                let t = n as f64 / rate_hz;
                (0.6 + 0.3 * libm::sin(0.9 * t)) * libm::sin(2.0 * PI * hz * t)
            };
            let smooth: Vec<f64> = (0..4 * rate_hz as usize).map(sample).collect();
            let coarse: Vec<f64> = smooth.iter().map(|sample| libm::round(sample * 32_767.0) / 32_767.0).collect();
            for samples in [smooth, coarse] {
                let check = checked_at(&[&samples], rate_hz, &CheckLimits::default(), &[]);
                assert_eq!(all(&check, "clipping").count(), 0, "{hz} Hz at {rate_hz}");
            }
        }
    }
}

#[test]
fn clipping_shows_after_a_gain_and_sixteen_bits_with_dither() {
    let (hard, level) = clipped(&music(480_000), 1e-3);
    let mut random = Random::new(8, 0);
    let coarse = |sample: &f64| libm::round(sample / level * 0.68 * 32_767.0 + random.triangular()) / 32_767.0;
    let coarse: Vec<f64> = hard.iter().map(coarse).collect();
    assert!(all(&checked(&[&coarse]), "clipping").count() > 0);
}

#[test]
fn held_peaks_are_a_note_and_with_little_dynamics_a_warning() {
    let mut random = Random::new(9, 0);
    // As a limiter leaves them: near one level, none like another.
    let limited: Vec<f64> = noise(10, 480_000)
        .iter()
        .map(|sample| (2.0 * sample).clamp(-0.5, 0.5) * (1.0 - 0.01 * libm::fabs(random.triangular())))
        .collect();
    let check = checked(&[&limited]);
    assert_eq!(one(&check, "held_peaks").unwrap().severity, Severity::Note);
    assert_eq!(one(&check, "dynamics").unwrap().severity, Severity::Warning);
    assert!(check.plr_lu.unwrap() < 8.0 && check.held_share.unwrap() > 0.2);
    assert_eq!(all(&check, "clipping").count(), 0);
    let free = checked(&[&scaled(&noise(10, 480_000), 0.4)]);
    assert!(free.held_share.unwrap() < 0.005, "{:?}", free.held_share);
}

// Acceptance 6.
#[test]
fn the_suggested_gain_does_what_it_predicts() {
    let loud = scaled(&music(96_000), 2.5);
    let check = checked(&[&loud]);
    let finding = one(&check, "overs").unwrap();
    assert_eq!(finding.severity, Severity::Fault);
    assert_eq!(one(&check, "clipping").unwrap().severity, Severity::NotMeasurable);
    let [before, after] = predicted(finding, "true_peak_dbtp");
    assert_eq!(Some(before), check.true_peak_dbtp);
    let quieter = checked(&rows(&processed(effect(finding), &[&loud])));
    assert!((quieter.true_peak_dbtp.unwrap() - after).abs() < 1e-9 && after <= -1.0 && after > -1.1);
    for (peak_db, severity) in [(-0.5, Some(Severity::Warning)), (-2.0, Some(Severity::Note)), (-3.5, None)] {
        let gain = libm::pow(10.0, (peak_db - check.true_peak_dbtp.unwrap()) / 20.0);
        let found = checked(&[&scaled(&loud, gain)]);
        assert_eq!(one(&found, "overs").map(|finding| finding.severity), severity, "{peak_db}");
    }
}

// Acceptance 11.
#[test]
fn dc_is_read_within_a_hundredth_and_the_high_pass_takes_it_away() {
    let music = music(480_000);
    assert_eq!(all(&checked(&[&music]), "dc").count(), 0);
    for offset in [0.005, -0.005] {
        let moved: Vec<f64> = music.iter().map(|sample| sample + offset).collect();
        let check = checked(&[&music, &moved]);
        let finding = one(&check, "dc").unwrap();
        assert_eq!((finding.severity, finding.channel), (Severity::Fault, Some(1)));
        assert!((check.dc_offsets.as_ref().unwrap()[1] / offset - 1.0).abs() < 0.01);
        assert!((finding.value.unwrap() - 20.0 * libm::log10(0.005)).abs() < 0.087);
        let after = checked(&rows(&processed(effect(finding), &[&moved])));
        let after_dbfs = 20.0 * libm::log10(after.dc_offsets.as_ref().unwrap()[0].abs());
        let [_, predicted] = predicted(finding, "offset_dbfs");
        assert!((predicted - after_dbfs.max(-120.0)).abs() < 0.01 && predicted < -80.0, "{predicted} {after_dbfs}");
        assert_eq!(all(&after, "dc").count(), 0);
    }
}

#[test]
fn silence_at_the_ends_and_in_a_channel() {
    let mut samples = vec![0.0; 28_800];
    samples.extend(music(240_000));
    samples.extend(vec![0.0; 150_000]);
    let check = checked(&[&samples]);
    let spans: Vec<[f64; 2]> = all(&check, "silence").flat_map(|finding| finding.at_s.clone()).collect();
    assert_eq!(spans.len(), 2);
    assert!((spans[0][1] - 0.6).abs() < 1e-3 && (spans[1][0] - 5.6).abs() < 1e-3, "{spans:?}");
    assert!(check.passed());
    let music = music(96_000);
    for (right, fault) in [(scaled(&music, 5e-4), true), (scaled(&music, 2e-3), false), (vec![0.0; 96_000], true)] {
        let check = checked(&[&music, &right]);
        assert_eq!(all(&check, "silence").any(|finding| finding.channel == Some(1)), fault);
        assert_eq!(check.passed(), !fault);
        // One channel alone is not out of phase, nor lost in mono.
        assert_eq!(all(&check, "polarity").count() + all(&check, "mono_fold").count(), 0);
    }
}
