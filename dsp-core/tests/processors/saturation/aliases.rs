//! S1: what lies below 20 kHz and is no harmonic, under the harmonics.

use super::*;
use realfft::RealFftPlanner;

/// Frames of the analysis.
const FRAMES: usize = 9_600;
const RATE_HZ: f64 = 48_000.0;
/// Cycles of 1 245 and 4 990 Hz; at 5 000 Hz aliases would fall on harmonics.
const LOW: usize = 249;
const HIGH: usize = 998;

/// Harmonics over aliases in dB, both up to 20 kHz.
fn aliases_db<P: Params>(params: &P, cycles: usize, amplitude: f64) -> f64 {
    let (out, _) = through(params, RATE_HZ, &tone(cycles, FRAMES, amplitude, 3 * FRAMES));
    let lines = lines(&out[2 * FRAMES..], FRAMES * 5 / 12);
    let (mut harmonics, mut aliases) = (0.0, 0.0);
    for (bin, line) in lines.iter().enumerate().skip(1) {
        if bin % cycles == 0 { harmonics += line * line } else { aliases += line * line }
    }
    10.0 * (harmonics / aliases).log10()
}

/// Drive, cycles, and the least ratio at 2, 4 and 8 times the rate.
type Row = (f64, usize, [f64; 3]);

fn table(curve: SaturatorCurve, rows: &[Row]) {
    for (drive_db, cycles, limits_db) in rows {
        for (oversample, limit_db) in [2, 4, 8].into_iter().zip(limits_db) {
            let ratio_db = aliases_db(
                &SaturatorParams { curve, drive_db: *drive_db, oversample, ..Default::default() },
                *cycles,
                1.0,
            );
            println!("{curve:?} {drive_db} dB, {} Hz, x{oversample}: {ratio_db:.1} dB", cycles * 5);
            assert!(ratio_db >= *limit_db, "{curve:?} {drive_db} {cycles} x{oversample}: {ratio_db}");
        }
    }
}

#[test]
fn s1_a_hard_clip_at_12_and_24_db() {
    table(
        SaturatorCurve::Hard,
        &[
            (12.0, LOW, [84.0, 108.0, 136.0]),
            (12.0, HIGH, [71.0, 100.0, 125.0]),
            (24.0, LOW, [70.0, 99.0, 125.0]),
            (24.0, HIGH, [56.0, 80.0, 100.0]),
        ],
    );
}

#[test]
fn s1_tanh_at_12_and_24_db() {
    table(
        SaturatorCurve::Tanh,
        &[
            (12.0, LOW, [140.0, 140.0, 140.0]),
            (12.0, HIGH, [98.0, 140.0, 140.0]),
            (24.0, LOW, [85.0, 140.0, 140.0]),
            (24.0, HIGH, [60.0, 84.0, 125.0]),
        ],
    );
}

#[test]
fn s1_the_smooth_curves_are_no_worse_than_the_hard_one() {
    for curve in [SaturatorCurve::Cubic, SaturatorCurve::SoftClip] {
        table(curve, &[(12.0, HIGH, [70.0, 100.0, 120.0]), (24.0, HIGH, [56.0, 80.0, 100.0])]);
    }
}

#[test]
fn s1_the_clipper() {
    /// What the first pass lets through above 20 kHz, the second one mixes down: less clean than one pass, 128 dB at 12.
    const LIMITS_DB: [(f64, f64, f64); 5] =
        [(3.0, 1.0, 112.0), (6.0, 1.0, 106.0), (12.0, 1.0, 101.0), (12.0, 0.0, 101.0), (24.0, 0.0, 94.0)];
    for (gain_db, knee_db, limit_db) in LIMITS_DB {
        let params = ClipperParams { ceiling_db: 0.0, knee_db, gain_db, ..Default::default() };
        let ratio_db = aliases_db(&params, HIGH, 1.0);
        println!("clipper {gain_db} dB over, knee {knee_db} dB: {ratio_db:.1} dB");
        assert!(ratio_db >= limit_db, "{ratio_db}");
    }
}

/// What the antialiasing is good for: the plain curve of oversample 1 is as bad as any.
#[test]
fn s1_the_plain_curve_has_aliases() {
    let plain = SaturatorParams { curve: SaturatorCurve::Hard, drive_db: 24.0, oversample: 1, ..Default::default() };
    let ratio_db = aliases_db(&plain, HIGH, 1.0);
    println!("plain: {ratio_db:.1} dB");
    assert!((10.0..20.0).contains(&ratio_db), "{ratio_db}");
}

/// The least ratio over tones from 1 to 15 kHz, 500 Hz apart at most, and its tone. Prime numbers of cycles, so that no alias
/// falls on a harmonic.
fn worst<P: Params>(params: &P) -> (f64, f64) {
    let is_prime = |n: usize| (2..).take_while(|k| k * k <= n).all(|k| !n.is_multiple_of(k));
    let transform = RealFftPlanner::<f64>::new().plan_fft_forward(FRAMES);
    let mut spectrum = transform.make_output_vec();
    let ratios = (200..=3_000).step_by(100).map(|from| {
        let cycles = (from..).find(|n| is_prime(*n)).unwrap();
        let (mut out, _) = through(params, RATE_HZ, &tone(cycles, FRAMES, 1.0, 3 * FRAMES));
        transform.process(&mut out[2 * FRAMES..], &mut spectrum).unwrap();
        let (mut harmonics, mut aliases) = (0.0, 0.0);
        for (bin, line) in spectrum.iter().enumerate().take(FRAMES * 5 / 12 + 1).skip(1) {
            if bin % cycles == 0 { harmonics += line.norm_sqr() } else { aliases += line.norm_sqr() }
        }
        (10.0 * (harmonics / aliases).log10(), cycles as f64 * RATE_HZ / FRAMES as f64)
    });
    ratios.reduce(|a, b| if b.0 < a.0 { b } else { a }).unwrap()
}

#[test]
fn s1_the_worst_of_all_tones() {
    /// Drive, and the least ratio at 2, 4 and 8 times the rate, as in the card.
    const SATURATOR_DB: [(SaturatorCurve, f64, [f64; 3]); 6] = [
        (SaturatorCurve::Hard, 12.0, [50.0, 79.0, 103.0]),
        (SaturatorCurve::Hard, 24.0, [44.0, 64.0, 89.0]),
        (SaturatorCurve::Hard, 36.0, [44.0, 63.0, 85.0]),
        (SaturatorCurve::Tanh, 12.0, [54.0, 87.0, 129.0]),
        (SaturatorCurve::Tanh, 24.0, [44.0, 65.0, 92.0]),
        (SaturatorCurve::Tanh, 36.0, [44.0, 63.0, 85.0]),
    ];
    for (curve, drive_db, limits_db) in SATURATOR_DB {
        for (oversample, limit_db) in [2, 4, 8].into_iter().zip(limits_db) {
            let (ratio_db, hz) = worst(&SaturatorParams { curve, drive_db, oversample, ..Default::default() });
            println!("worst {curve:?} {drive_db} dB, x{oversample}: {ratio_db:.1} dB at {hz} Hz");
            assert!(ratio_db >= limit_db, "{curve:?} {drive_db} x{oversample}: {ratio_db} at {hz}");
        }
    }
    /// Gain into the clip; at 2, 4 and 8 times.
    const CLIPPER_DB: [(f64, [f64; 3]); 4] =
        [(3.0, [28.0, 64.0, 82.0]), (6.0, [27.0, 71.0, 76.0]), (12.0, [29.0, 66.0, 73.0]), (24.0, [29.0, 61.0, 72.0])];
    for (gain_db, limits_db) in CLIPPER_DB {
        for (oversample, limit_db) in [2, 4, 8].into_iter().zip(limits_db) {
            let (ratio_db, hz) = worst(&ClipperParams { ceiling_db: 0.0, gain_db, oversample, ..Default::default() });
            println!("worst clipper {gain_db} dB, x{oversample}: {ratio_db:.1} dB at {hz} Hz");
            assert!(ratio_db >= limit_db, "clipper {gain_db} x{oversample}: {ratio_db} at {hz}");
        }
    }
}
