//! Dropouts, clicks, noise floor, hum.

use super::*;

// Acceptance 9.
#[test]
fn dropouts_are_found_where_they_are_and_fades_are_none() {
    let mut samples = scaled(&noise(30, 960_000), 0.4);
    assert_eq!(all(&checked(&[&samples]), "dropouts").count(), 0);
    let lengths_ms = [6, 8, 12, 20, 35, 60];
    for (index, ms) in lengths_ms.iter().enumerate() {
        samples[(index + 1) * 100_000..][..48 * ms].fill(0.0);
    }
    let check = checked(&[&samples]);
    let finding = one(&check, "dropouts").unwrap();
    assert_eq!((finding.severity, finding.value), (Severity::Fault, Some(6.0)));
    for (index, [start, end]) in finding.at_s.iter().enumerate() {
        let exact = [(index + 1) * 100_000, (index + 1) * 100_000 + 48 * lengths_ms[index]];
        assert!((start * RATE_HZ - exact[0] as f64).abs() < 2.0 && (end * RATE_HZ - exact[1] as f64).abs() < 2.0);
    }
    // A fade over 60 ms before, or a gap of 4 ms.
    let mut faded = scaled(&noise(31, 480_000), 0.4);
    for n in 0..2_880 {
        faded[100_000 + n] *= (1.0 - n as f64 / 2_880.0).powi(3);
    }
    faded[102_880..104_800].fill(0.0);
    faded[200_000..200_192].fill(0.0);
    assert_eq!(all(&checked(&[&faded]), "dropouts").count(), 0);
}

/// Noise without much above some kHz, in which an impulse stands out.
fn dull(seed: u64, frames: usize) -> Vec<f64> {
    let low_pass = crate::filters::LowPassParams { frequency_hz: 1_000.0, slope_db_per_octave: 24.0 };
    processed(&low_pass.into(), &[&noise(seed, frames)]).remove(0)
}

#[test]
fn clicks_are_found_and_onsets_are_not() {
    let mut samples = dull(32, 1_440_000);
    assert_eq!(all(&checked(&[&samples]), "clicks").count(), 0);
    let places = [200_000, 500_001, 1_234_567];
    places.iter().for_each(|place| samples[*place] += 0.1);
    let check = checked(&[&samples]);
    let finding = one(&check, "clicks").unwrap();
    assert_eq!((finding.severity, finding.evidence[0].value), (Severity::Warning, 3.0));
    assert!((finding.value.unwrap() - 6.0).abs() < 1e-9, "3 in half a minute");
    for ([start, end], place) in finding.at_s.iter().zip(places) {
        assert!(start * RATE_HZ <= place as f64 + 0.5 && end * RATE_HZ > place as f64 - 0.5, "{start} {place}");
    }
    // A hit of bright noise that decays over 50 ms.
    let mut drums = dull(33, 960_000);
    for (n, hit) in noise(34, 24_000).iter().enumerate() {
        drums[400_000 + n] += 2.0 * hit * libm::exp(-(n as f64) / 2_400.0);
    }
    assert_eq!(all(&checked(&[&drums]), "clicks").count(), 0);
    // Many of them are music.
    let mut many = dull(35, 960_000);
    (0..40).for_each(|k| many[20_000 * k + 10_000] += 0.1);
    assert_eq!(one(&checked(&[&many]), "clicks").unwrap().severity, Severity::Note);
}

#[test]
fn the_noise_of_pauses_is_read() {
    let frames = 960_000;
    let is_pause = |n: usize| (n / 48_000) % 5 == 4;
    let mut samples = scaled(&noise(36, frames), 0.3);
    (0..frames).filter(|n| is_pause(*n)).for_each(|n| samples[n] = 0.0);
    let rms = |samples: &[f64]| libm::sqrt(samples.iter().map(|x| x * x).sum::<f64>() / samples.len() as f64);
    let floor = noise(37, frames);
    let gain = libm::pow(10.0, -55.0 / 20.0) / rms(&floor);
    samples.iter_mut().zip(&floor).for_each(|(sample, noise)| *sample += gain * noise);
    let check = checked(&[&samples]);
    // White noise of -55 dBFS has 11.9 of 24 kHz within 100 Hz to 12 kHz.
    let expected = -55.0 + 10.0 * libm::log10(11.9 / 24.0);
    assert!((check.noise_floor_dbfs.unwrap() - expected).abs() < 0.2, "{:?}", check.noise_floor_dbfs);
    assert_eq!(one(&check, "noise_floor").unwrap().severity, Severity::Note);
    // A steady tone in the pauses is no noise.
    let tonal = tone(0.001, 700.0, frames);
    let mut samples = scaled(&noise(36, frames), 0.3);
    (0..frames).for_each(|n| samples[n] = if is_pause(n) { tonal[n] } else { samples[n] });
    let check = checked(&[&samples]);
    assert_eq!((check.noise_floor_dbfs, one(&check, "noise_floor").unwrap().severity), (None, Severity::NotMeasurable));
}

#[test]
fn hum_is_read_and_its_notches_take_it_away() {
    for mains_hz in [50.0, 60.0] {
        let mut samples = scaled(&noise(38, 480_000), 0.02);
        assert!(checked(&[&samples]).hum_dbfs.is_none());
        for (multiple, amplitude) in [(1.0, 0.01), (2.0, 0.006), (3.0, 0.008), (5.0, 0.003)] {
            let line = tone(amplitude, multiple * mains_hz, 480_000);
            samples.iter_mut().zip(line).for_each(|(sample, line)| *sample += line);
        }
        let exact = 10.0 * libm::log10(0.5 * (1e-4 + 0.36e-4 + 0.64e-4 + 0.09e-4));
        let check = checked(&[&samples]);
        let finding = one(&check, "hum").unwrap();
        assert_eq!(finding.severity, Severity::Warning);
        assert_eq!([finding.evidence[0].value, finding.evidence[1].value], [mains_hz, 4.0]);
        assert!((check.hum_dbfs.unwrap() - exact).abs() < 1.0, "{:?} {exact}", check.hum_dbfs);
        let [_, after] = predicted(finding, "hum_dbfs");
        assert!(after < exact - 15.0);
        let notched = checked(&rows(&processed(effect(finding), &[&samples])));
        assert_eq!(notched.hum_dbfs, None);
    }
}

#[test]
fn music_hides_hum() {
    let mut samples = vec![0.0; 480_000];
    for (seed, hz) in [(0, 50.0), (1, 100.0), (2, 150.0), (3, 200.0)] {
        // Broad bands of bass.
        let band = noise(40 + seed, 480_000);
        let pass = crate::filters::BandPassParams { frequency_hz: hz, q: 1.0 };
        let band = processed(&pass.into(), &[&band]).remove(0);
        samples.iter_mut().zip(band).for_each(|(sample, band)| *sample += band);
    }
    let finding = checked(&[&samples]).findings.into_iter().find(|finding| finding.check == "hum").unwrap();
    assert_eq!(finding.severity, Severity::NotMeasurable);
}
