//! Attack and release of the compressor, and what a click does.

use super::{RATES_HZ, sine, spec, traced};
use crate::common::{Cut, noise, run, same_bits};
use mixdown::{dynamics::*, *};

/// 15 dB of reduction at full scale.
fn steep() -> CompressorParams {
    CompressorParams { threshold_db: -20.0, knee_db: 0.0, ..Default::default() }
}

/// Times to 63.2 % of the attack and of the release of a carrier that steps from -30 to 0 dBFS and back, in ms.
fn times_ms(params: CompressorParams, frequency_hz: f64, rate_hz: f64) -> (f64, f64) {
    let at = |time_ms: f64| (1e-3 * time_ms * rate_hz) as usize;
    let on = at(100.0);
    let off = on + at(1_000.0_f64.max(8.0 * params.attack_ms));
    let end = off + at(100.0 + 3.0 * params.release_ms + 3.0 * params.attack_ms);
    let gain = |n| if (on..off).contains(&n) { 1.0 } else { db_to_gain(-30.0) };
    let input: Vec<f64> = sine(frequency_hz, rate_hz, 1.0, end).iter().enumerate().map(|(n, x)| gain(n) * x).collect();
    let (_, trace) = traced::<f32>(&params.into(), rate_hz, &input);
    let (full, share) = (trace[off - 1], 1.0 - (-1.0_f64).exp());
    // A mean square is 3.01 dB lower; over 1 ms it has a ripple.
    let level_db = if params.detector == Detector::Rms { -3.01 } else { 0.0 };
    let expected_db = (level_db - params.threshold_db) * (1.0 - 1.0 / params.ratio);
    assert!((full - expected_db).abs() < 0.3, "{full}");
    let attack = trace[on..].iter().position(|&y| y >= full * share).unwrap() + 1;
    let release = trace[off..].iter().position(|&y| y <= full * (1.0 - share)).unwrap() + 1;
    (attack as f64 / rate_hz * 1e3, release as f64 / rate_hz * 1e3)
}

#[test]
fn d2_attack_and_release_times() {
    /// D2: for attacks up to the release. The decoupled detector released in 214 ms of 100, with an attack as long.
    const ATTACK_SHARE: f64 = 0.04;
    const RELEASE_SHARE: f64 = 0.1;
    /// An envelope forms within a third of a period; from 0 to -30 dB it falls in 0.8 periods, with the six sections of 96
    /// kHz and more a hundredth of a period later.
    const FORMING_PERIODS: f64 = 0.35;
    const FADING_PERIODS: f64 = 0.85;
    for rate_hz in [44_100.0, 48_000.0, 96_000.0, 192_000.0] {
        for frequency_hz in [200.0, 1_000.0, 5_000.0] {
            for (attack_ms, release_ms) in [(10.0, 100.0), (1.0, 50.0), (50.0, 200.0), (100.0, 100.0), (20.0, 20.0)] {
                let params = CompressorParams { attack_ms, release_ms, ..steep() };
                let (attack, release) = times_ms(params, frequency_hz, rate_hz);
                println!(
                    "{rate_hz} Hz, {frequency_hz} Hz: {attack:.3} for {attack_ms} ms, {release:.3} for {release_ms} ms"
                );
                let period_ms = 1e3 / frequency_hz;
                let forming_ms = FORMING_PERIODS * period_ms + 1e3 / rate_hz;
                assert!((attack - attack_ms).abs() <= ATTACK_SHARE * attack_ms + forming_ms, "{attack}");
                let fading_ms = (RELEASE_SHARE * release_ms).max(FADING_PERIODS * period_ms);
                assert!((release - release_ms).abs() <= fading_ms, "{release}");
            }
        }
    }
}

/// Attack and release, in ms.
const TIMES_MS: [(f64, f64); 5] = [(1.0, 50.0), (10.0, 100.0), (50.0, 100.0), (100.0, 100.0), (250.0, 250.0)];

#[test]
fn d2_release_is_as_stated_for_attacks_up_to_it() {
    /// Behind a peak hold without regard to the attack: 51, 110, 158, 215 and 537 ms.
    const SHARE: f64 = 0.1;
    for detector in [Detector::Peak, Detector::PeakHold] {
        for rate_hz in [8_000.0, 48_000.0, 192_000.0] {
            for (attack_ms, release_ms) in TIMES_MS {
                let params = CompressorParams { attack_ms, release_ms, detector, ..steep() };
                let (attack, release) = times_ms(params, 1_000.0, rate_hz);
                println!("{detector:?}, {rate_hz} Hz: {attack:.2} for {attack_ms}, {release:.2} for {release_ms} ms");
                // The envelope of 1 kHz forms in a third of a ms, and the first crest comes after a quarter.
                assert!((attack - attack_ms).abs() <= 0.02 * attack_ms + 0.36 + 1e3 / rate_hz, "{attack}");
                assert!((release - release_ms).abs() <= SHARE * release_ms, "{release}");
            }
        }
    }
}

#[test]
fn d2_release_behind_mean_squares_takes_as_much_longer_as_their_window_empties() {
    /// As a share of the stated release, for the ballistics alone.
    const SHARE: f64 = 0.1;
    for rms_ms in [1.0, 10.0, 50.0] {
        for threshold_db in [-6.0, -10.0, -20.0] {
            for (attack_ms, release_ms) in TIMES_MS {
                let params = CompressorParams {
                    attack_ms,
                    release_ms,
                    threshold_db,
                    rms_ms,
                    detector: Detector::Rms,
                    ..steep()
                };
                let (_, release) = times_ms(params, 1_000.0, 48_000.0);
                // A mean that empties falls by 4.34 dB in its time constant: half of the way to the threshold.
                let over_db = -3.01 - threshold_db;
                let window_ms = 0.5 * over_db / 4.34 * rms_ms;
                println!("{over_db:.0} dB over, {rms_ms} ms: {release:.1} for {release_ms} ms, attack {attack_ms} ms");
                // Shorter releases than that follow the end of the window.
                let longest_ms = (1.0 + SHARE) * release_ms + 1.2 * window_ms;
                assert!(release >= (1.0 - SHARE) * release_ms && release <= longest_ms, "{release} {longest_ms}");
            }
        }
    }
}

#[test]
fn an_attack_is_the_same_behind_magnitudes_at_every_release() {
    for (attack_ms, release_ms) in [(10.0, 100.0), (1.0, 50.0), (50.0, 500.0), (250.0, 50.0)] {
        let params = CompressorParams { attack_ms, release_ms, detector: Detector::PeakHold, ..steep() };
        let (attack, release) = times_ms(params, 1_000.0, 48_000.0);
        println!("{attack:.3} for {attack_ms} ms, {release:.3} for {release_ms} ms");
        // The first crest comes after a quarter of a period. A release is no shorter than the attack.
        assert!((attack - attack_ms).abs() <= 0.02 * attack_ms + 0.27, "{attack}");
        assert!(release <= 1.1 * release_ms.max(attack_ms), "{release}");
    }
}

#[test]
fn d5_the_attack_decides_how_much_a_click_is_acted_on() {
    /// D5: one sample at 0 dBFS. Where each sample's magnitude was held: 17.4 dB.
    const LIMIT_DB: f64 = 1.0;
    for rate_hz in RATES_HZ {
        let mut click = vec![0.0; rate_hz as usize];
        click[1_000] = 1.0;
        let most_db = |detector| {
            let params =
                CompressorParams { threshold_db: -30.0, ratio: 4.0, attack_ms: 10.0, detector, ..Default::default() };
            traced::<f32>(&params.into(), rate_hz, &click).1.into_iter().fold(0.0, f64::max)
        };
        let (peak, rms, hold) = (most_db(Detector::Peak), most_db(Detector::Rms), most_db(Detector::PeakHold));
        println!("D5 {rate_hz} Hz: {peak:.2} dB by peak, {rms:.2} by rms, {hold:.2} by peak_hold");
        assert!(peak <= LIMIT_DB && rms <= 2.3 && hold > 15.0, "{peak} {rms} {hold}");
    }
}

#[test]
fn automatic_times_never_step() {
    /// Times by the crest factor alone stepped by 10.2 dB at a click.
    const LIMIT_DB: f64 = 0.1;
    for rate_hz in [44_100.0, 48_000.0, 96_000.0] {
        let frames = 4 * rate_hz as usize;
        let mut input: Vec<f64> = noise(7, frames).iter().map(|x| 0.03 * x).collect();
        input[frames / 2] = 1.0;
        let burst = sine(1_000.0, rate_hz, 1.0, 480);
        input[frames / 4 * 3..][..480].copy_from_slice(&burst);
        for detector in [Detector::Peak, Detector::Rms, Detector::PeakHold] {
            for (threshold_db, ratio) in [(-30.0, 4.0), (-60.0, f64::INFINITY)] {
                let release_mode = CompressorRelease::Auto;
                let params = CompressorParams { threshold_db, ratio, release_mode, detector, ..Default::default() };
                let (_, trace) = traced::<f32>(&params.into(), rate_hz, &input);
                let step_db = trace.windows(2).map(|y| (y[1] - y[0]).abs()).fold(0.0, f64::max);
                println!("{rate_hz} Hz, {detector:?}, {threshold_db} dBFS: {step_db:.3} dB in a sample");
                assert!(step_db <= LIMIT_DB, "{step_db}");
            }
        }
    }
}

#[test]
fn the_gain_is_exactly_one_again_after_the_release() {
    for release_mode in [CompressorRelease::Manual, CompressorRelease::Dual, CompressorRelease::Auto] {
        for lookahead_ms in [0.0, 5.0] {
            let params = CompressorParams {
                attack_ms: 2.0,
                release_ms: 10.0,
                release_mode,
                lookahead_ms,
                knee_db: 0.0,
                ..Default::default()
            };
            let mut compressor = params.build::<f32>(&spec(48_000.0, 1)).unwrap();
            let latency = compressor.latency_frames();
            let mut loud: Vec<f32> = noise(3, 20_000).iter().map(|&x| 20.0 * x as f32).collect();
            run(&mut compressor, &mut loud, &Cut::whole(), vec![]);
            assert!(compressor.gain_reduction_db(0) > 10.0);
            // Up to 1 s of the automatic release: 22 of them.
            let quiet: Vec<f32> = noise(4, 2_000_000).iter().map(|&x| 0.05 * x as f32).collect();
            let mut output = quiet.clone();
            run(&mut compressor, &mut output, &Cut(vec![480]), vec![]);
            let settled = 1_900_000;
            assert!(same_bits(&output[settled + latency..], &quiet[settled..2_000_000 - latency]), "{release_mode:?}");
            assert_eq!(compressor.gain_reduction_db(0), 0.0);
            assert!(compressor.gain_reduction().max_db > 10.0);
        }
    }
}
