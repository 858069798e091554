//! Gates of the tremolo: exact gains, sidebands, constant power, soft edges.

use super::dynamics::{sine, spec};
use crate::common::residue_dbfs;
use mixdown::{modulation::*, *};
use realfft::RealFftPlanner;
use std::f64::consts::TAU;

const RATE_HZ: f64 = 48_000.0;
const SHAPES: [TremoloShape; 3] = [TremoloShape::Sine, TremoloShape::Triangle, TremoloShape::Square];

/// The gains of each of `channels` channels over some frames.
fn gains(params: &TremoloParams, rate_hz: f64, channels: usize, frames: usize) -> Vec<Vec<f64>> {
    let mut audio = vec![1.0_f64; channels * frames];
    let mut block = BlockMut::from_planar(&mut audio, channels).unwrap();
    params.build(&spec(rate_hz, channels)).unwrap().process(&mut block);
    audio.chunks_exact(frames).map(<[f64]>::to_vec).collect()
}

#[test]
fn a_sine_is_exact_at_every_rate_and_time() {
    const LIMIT: f64 = 1e-9;
    for rate_hz in [44_100.0, 48_000.0, 192_000.0] {
        for lfo_hz in [0.01, 0.7, 5.0, 20.0] {
            let params = TremoloParams { rate_hz: lfo_hz, depth: 0.6, ..Default::default() };
            let found = gains(&params, rate_hz, 1, 60 * rate_hz as usize);
            let expected = |n: usize| 0.7 + 0.3 * (TAU * (lfo_hz * n as f64 / rate_hz).fract()).sin();
            let worst = found[0].iter().enumerate().map(|(n, g)| (g - expected(n)).abs()).fold(0.0, f64::max);
            println!("{lfo_hz} Hz at {rate_hz}: {worst:.1e} in 60 s");
            assert!(worst <= LIMIT, "{lfo_hz} {rate_hz}: {worst}");
        }
    }
}

#[test]
fn the_gain_swings_between_1_and_1_less_the_depth() {
    const LIMIT_DB: f64 = 0.05;
    for shape in SHAPES {
        for rate_hz in [0.5, 5.0, 20.0] {
            for (depth, phase) in [(0.2, 0.0), (0.9, 0.0), (0.9, 180.0)] {
                let params = TremoloParams { rate_hz, depth, shape, stereo_phase_degrees: phase, ..Default::default() };
                for gains in gains(&params, RATE_HZ, 2, 192_000) {
                    let (least, most) = gains.iter().fold((2.0_f64, 0.0_f64), |(a, b), g| (a.min(*g), b.max(*g)));
                    let errors_db = [gain_to_db(most), gain_to_db(least / (1.0 - depth))];
                    assert!(
                        errors_db.iter().all(|e| e.abs() <= LIMIT_DB),
                        "{shape:?} {rate_hz} {depth}: {errors_db:?}"
                    );
                    assert!(most <= 1.0 + 1e-12);
                }
            }
        }
    }
}

#[test]
fn a_tone_gets_two_sidebands_and_nothing_else() {
    const LEVEL_DB: f64 = 0.05;
    const OTHERS_DBC: f64 = -100.0;
    let frames = 48_000;
    let (tone_hz, lfo_hz, depth) = (1_000, 5, 0.5);
    let mut audio = sine(f64::from(tone_hz), RATE_HZ, 0.5, 2 * frames);
    let params = TremoloParams { rate_hz: f64::from(lfo_hz), depth, ..Default::default() };
    params.build(&spec(RATE_HZ, 1)).unwrap().process(&mut BlockMut::from_planar(&mut audio, 1).unwrap());
    let mut spectrum = RealFftPlanner::new().plan_fft_forward(frames).make_output_vec();
    RealFftPlanner::new().plan_fft_forward(frames).process(&mut audio[frames..], &mut spectrum).unwrap();
    let level_db = |hz: i32| gain_to_db(spectrum[hz as usize].norm() * 2.0 / frames as f64 / 0.5);
    let carrier = 1.0 - depth / 2.0;
    for (hz, amplitude) in [(tone_hz, carrier), (tone_hz - lfo_hz, depth / 4.0), (tone_hz + lfo_hz, depth / 4.0)] {
        let error_db = level_db(hz) - gain_to_db(amplitude);
        println!("{hz} Hz: {error_db:.1e} dB");
        assert!(error_db.abs() <= LEVEL_DB, "{hz} Hz: {error_db}");
    }
    let own = [tone_hz - lfo_hz, tone_hz, tone_hz + lfo_hz];
    let others = (0..=24_000).filter(|hz| !own.contains(hz)).map(level_db).fold(f64::NEG_INFINITY, f64::max);
    println!("all other lines: {:.1} dBc", others - gain_to_db(carrier));
    assert!(others - gain_to_db(carrier) <= OTHERS_DBC);
}

#[test]
fn an_auto_pan_has_constant_power() {
    const LIMIT_DB: f64 = 0.1;
    for shape in SHAPES {
        for depth in [0.3, 0.7, 1.0] {
            for rate_hz in [0.3, 20.0] {
                let params = TremoloParams { rate_hz, depth, shape, stereo_phase_degrees: 180.0, ..Default::default() };
                let both = gains(&params, RATE_HZ, 2, 192_000);
                let expected = 1.0 + (1.0 - depth) * (1.0 - depth);
                let worst_db = (both[0].iter().zip(&both[1]))
                    .map(|(a, b)| power_to_db((a * a + b * b) / expected).abs())
                    .fold(0.0, f64::max);
                println!("{shape:?} {depth} {rate_hz} Hz: ±{worst_db:.1e} dB");
                assert!(worst_db <= LIMIT_DB, "{shape:?} {depth}: {worst_db}");
            }
        }
    }
}

#[test]
fn every_second_channel_has_the_second_phase() {
    let params = TremoloParams { stereo_phase_degrees: 90.0, depth: 0.8, ..Default::default() };
    let found = gains(&params, RATE_HZ, 5, 20_000);
    assert!(found[0] == found[2] && found[2] == found[4] && found[1] == found[3] && found[0] != found[1]);
    // A quarter of 9600 frames ahead, both with the same correction.
    let alone = gains(&TremoloParams { stereo_phase_degrees: 0.0, ..params }, RATE_HZ, 1, 20_000);
    let mono = gains(&params, RATE_HZ, 1, 20_000);
    assert_eq!(mono, alone, "a mono stream has one phase");
    assert!(
        found[0].iter().zip(&alone[0]).all(|(a, b)| (a / b - 1.0).abs() < 0.01),
        "hardly any correction at 90 degrees"
    );
    let ratio = |n: usize| found[1][n] / found[0][n];
    let expected = |n: usize| alone[0][n + 2_400] / alone[0][n];
    assert!((0..17_000).all(|n| (ratio(n) - expected(n)).abs() < 1e-9));
}

#[test]
fn no_shape_clicks() {
    /// A tone of 100 Hz at -6 dBFS through the deepest tremolo.
    const LIMIT_DBFS: f64 = -100.0;
    for shape in SHAPES {
        for rate_hz in [0.37, 3.1, 7.7, 20.0] {
            for stereo_phase_degrees in [0.0, 30.0, 90.0, 170.0, 180.0] {
                let params = TremoloParams { rate_hz, depth: 1.0, shape, stereo_phase_degrees, ..Default::default() };
                let mut audio = [sine(100.0, RATE_HZ, 0.5, 192_000), sine(100.0, RATE_HZ, 0.5, 192_000)].concat();
                let mut block = BlockMut::from_planar(&mut audio, 2).unwrap();
                params.build(&spec(RATE_HZ, 2)).unwrap().process(&mut block);
                let residue = residue_dbfs(&audio[192_000..], RATE_HZ);
                println!("{shape:?} {rate_hz} Hz {stereo_phase_degrees}: {residue:.1} dBFS");
                assert!(residue <= LIMIT_DBFS, "{shape:?} {rate_hz} {stereo_phase_degrees}: {residue}");
            }
        }
    }
}

#[test]
fn shapes_are_what_their_names_say() {
    // 1 Hz: an edge is 600 frames of 48000.
    let of = |shape| {
        let params = TremoloParams { rate_hz: 1.0, depth: 1.0, shape, ..Default::default() };
        gains(&params, RATE_HZ, 1, 48_000).remove(0)
    };
    let square = of(TremoloShape::Square);
    assert!(square[300..23_700].iter().all(|g| (g - 1.0).abs() < 1e-12));
    assert!(square[24_300..47_700].iter().all(|g| g.abs() < 1e-12));
    let triangle = of(TremoloShape::Triangle);
    // Straight but for 300 frames around its corners, and 1 % steeper.
    let slope = triangle[5_000] - triangle[4_999];
    assert!((0..11_000).all(|n| (triangle[n + 1] - triangle[n] - slope).abs() < 1e-12));
    assert!((slope * 24_000.0 - 1.0).abs() < 0.02, "{slope}");
}

#[test]
fn a_note_sets_the_rate() {
    let at = |params: TremoloParams| gains(&params, RATE_HZ, 1, 48_000);
    // Dotted eighths at 90 beats per minute: twice a second.
    let synced = TremoloParams { tempo_bpm: 90.0, note: NoteValue::EighthDotted, ..Default::default() };
    assert_eq!(at(synced), at(TremoloParams { rate_hz: 2.0, ..Default::default() }));
    let fast = TremoloParams { tempo_bpm: 300.0, note: NoteValue::SixtyFourth, ..Default::default() };
    let error = fast.build::<f32>(&spec(RATE_HZ, 1)).unwrap_err();
    assert_eq!(error.to_string(), "note = 1/64 at tempo_bpm = 300 makes rate_hz = 80: it must lie in 0.01..20");
}
