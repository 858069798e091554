//! Distortion of bass, and intermodulation.

use super::*;
use std::f64::consts::TAU;

/// RMS of the residue of `signal`, whole seconds long, without the tones at these frequencies in Hz, re the last one.
fn residue_db(signal: &[f64], rate_hz: f64, tones_hz: &[f64]) -> f64 {
    let mut rest = signal.to_vec();
    let mut power = 0.0;
    for &tone_hz in tones_hz {
        let [re, im] = component(&rest, rate_hz, tone_hz);
        for (n, x) in rest.iter_mut().enumerate() {
            let (sin, cos) = (TAU * (tone_hz * n as f64 / rate_hz).fract()).sin_cos();
            *x -= re * cos + im * sin;
        }
        power = 0.5 * (re * re + im * im);
    }
    10.0 * (rest.iter().map(|x| x * x).sum::<f64>() / rest.len() as f64 / power).log10()
}

/// Cosine and sine amplitude of a tone with whole periods in `signal`.
fn component(signal: &[f64], rate_hz: f64, tone_hz: f64) -> [f64; 2] {
    let mut sums = [0.0; 2];
    for (n, x) in signal.iter().enumerate() {
        let (sin, cos) = (TAU * (tone_hz * n as f64 / rate_hz).fract()).sin_cos();
        sums[0] += x * cos;
        sums[1] += x * sin;
    }
    sums.map(|sum| 2.0 * sum / signal.len() as f64)
}

/// One second of a tone complex 6 dB over the ceiling, limited and settled.
fn settled(hold_ms: f64, mode: LimiterMode, rate_hz: f64, tones: &[(f64, f64)]) -> Vec<f64> {
    let params = LimiterParams {
        ceiling_db: 0.0,
        gain_db: 6.0,
        lookahead_ms: 2.0,
        hold_ms,
        release_ms: 50.0,
        mode,
        ..Default::default()
    };
    let second = rate_hz as usize;
    let tone = |n: usize| tones.iter().map(|(hz, level)| level * (TAU * (hz * n as f64 / rate_hz).fract()).sin()).sum();
    let input: Vec<f64> = (0..2 * second).map(tone).collect();
    limit::<f64>(&params, rate_hz, &input)[second..2 * second].to_vec()
}

#[test]
fn l4_bass_stays_clean_under_hold() {
    /// Frequency, then the most distortion at 8 ms of hold, in dB re the tone: the table of the design plus 3 dB, or
    /// the resolution of f64.
    const LIMITS: [(f64, f64); 5] = [(30.0, -48.0), (40.0, -70.0), (50.0, -183.0), (60.0, -250.0), (100.0, -250.0)];
    for mode in MODES {
        for (tone_hz, limit_db) in LIMITS {
            let held = residue_db(&settled(8.0, mode, 48_000.0, &[(tone_hz, 1.0)]), 48_000.0, &[tone_hz]);
            let bare = residue_db(&settled(0.0, mode, 48_000.0, &[(tone_hz, 1.0)]), 48_000.0, &[tone_hz]);
            println!("{mode:?} {tone_hz} Hz: hold 8 ms {held:.1} dB, none {bare:.1} dB");
            assert!(held <= limit_db, "{mode:?} {tone_hz} Hz: {held} dB");
        }
    }
}

#[test]
fn l4_smpte_intermodulation() {
    /// L4: sidebands of the 7 kHz tone, in dB re it.
    const LIMIT_DB: f64 = -85.0;
    // Not sample peaks: whether they hit the crests of 7 kHz depends on the rate (-91 dB at 44.1 kHz, -77 at 48).
    for mode in [LimiterMode::Standard, LimiterMode::Master] {
        for rate_hz in RATES_HZ {
            let output = settled(8.0, mode, rate_hz, &[(60.0, 0.8), (7_000.0, 0.2)]);
            let power = |hz: f64| component(&output, rate_hz, hz).iter().map(|x| x * x).sum::<f64>();
            let sidebands: f64 =
                (1..=20).flat_map(|k| [-1.0, 1.0].map(|side| 7_000.0 + side * 60.0 * f64::from(k))).map(power).sum();
            let distortion_db = 10.0 * (sidebands / power(7_000.0)).log10();
            println!("{mode:?} at {rate_hz} Hz: {distortion_db:.1} dB");
            assert!(distortion_db <= LIMIT_DB, "{mode:?} {rate_hz}: {distortion_db} dB");
        }
    }
}
