//! S1: what lies below 20 kHz and is no harmonic, under the harmonics.

use super::*;

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
