//! Gates of the band splitter: bands that cross at -6 dB, and sum to an all pass.

use crate::common::noise;
use mixdown::{filters::*, *};
use std::f64::consts::{PI, TAU};

const RATES_HZ: [f64; 4] = [44_100.0, 48_000.0, 96_000.0, 192_000.0];
const SLOPES: [f64; 3] = [12.0, 24.0, 48.0];
/// The first ones of these, for 2 to 6 bands.
const CROSSOVERS_HZ: [f64; 5] = [120.0, 400.0, 1_000.0, 3_000.0, 9_000.0];

fn params(crossovers_hz: &[f64], slope_db_per_octave: f64) -> CrossoverParams {
    CrossoverParams { crossovers_hz: crossovers_hz.to_vec(), slope_db_per_octave }
}

/// The bands of one channel, one after the other.
fn split<S: Sample>(params: &CrossoverParams, rate_hz: f64, input: &[f64]) -> Vec<Vec<f64>> {
    let mut crossover = params.build::<S>(&StreamSpec::new(rate_hz, 1).unwrap()).unwrap();
    let input: Vec<S> = input.iter().map(|&x| S::from_f64(x)).collect();
    let mut out = vec![S::ZERO; crossover.bands() * input.len()];
    let rows = crossover.bands();
    crossover.process(&Block::from_planar(&input, 1).unwrap(), &mut BlockMut::from_planar(&mut out, rows).unwrap());
    out.chunks(input.len()).map(|band| band.iter().map(|x| x.to_f64()).collect()).collect()
}

fn sum(bands: &[Vec<f64>]) -> Vec<f64> {
    (0..bands[0].len()).map(|n| bands.iter().map(|band| band[n]).sum()).collect()
}

/// Level of a signal's spectrum at one frequency, in dB.
fn level_db(signal: &[f64], frequency_hz: f64, rate_hz: f64) -> f64 {
    let (sin, cos) = (TAU * frequency_hz / rate_hz).sin_cos();
    let (mut re, mut im, mut c, mut s) = (0.0, 0.0, 1.0, 0.0);
    for x in signal {
        re += x * c;
        im += x * s;
        (c, s) = (c * cos - s * sin, s * cos + c * sin);
    }
    10.0 * (re * re + im * im).log10()
}

/// The all pass of a crossover's sum, as plain second-order sections. Own arithmetic, not the library's.
fn all_pass(signal: &mut [f64], frequency_hz: f64, slope: f64, rate_hz: f64) {
    let t = (PI * frequency_hz / rate_hz).tan();
    let sections: Vec<[f64; 2]> = match slope as i32 {
        // (1 - s)/(1 + s)
        12 => vec![[(t - 1.0) / (t + 1.0), 0.0]],
        slope => {
            let order = f64::from(slope) / 12.0;
            (0..order as i32 / 2)
                .map(|k| {
                    let damping = 2.0 * (PI * (2.0 * f64::from(k) + 1.0) / (2.0 * order)).cos();
                    let norm = 1.0 + damping * t + t * t;
                    [2.0 * (t * t - 1.0) / norm, (1.0 - damping * t + t * t) / norm]
                })
                .collect()
        }
    };
    for [a1, a2] in sections {
        let (mut x1, mut x2, mut y1, mut y2) = (0.0, 0.0, 0.0, 0.0);
        for sample in signal.iter_mut() {
            let x = *sample;
            let y = if a2 == 0.0 { a1 * x + x1 - a1 * y1 } else { a2 * x + a1 * x1 + x2 - a1 * y1 - a2 * y2 };
            (x2, x1, y2, y1) = (x1, x, y1, y);
            *sample = y;
        }
    }
}

#[test]
fn e5_the_sum_is_flat() {
    /// E5, in f32 from 20 Hz to 20 kHz.
    const LIMIT_DB: f64 = 0.01;
    let mut worst = 0.0_f64;
    for rate_hz in RATES_HZ {
        let mut impulse = vec![0.0; (0.15 * rate_hz) as usize];
        impulse[0] = 1.0;
        for slope in SLOPES {
            for bands in 2..=6 {
                let total = sum(&split::<f32>(&params(&CROSSOVERS_HZ[..bands - 1], slope), rate_hz, &impulse));
                for step in 0..=30 {
                    let frequency_hz = 20.0 * 1_000_f64.powf(f64::from(step) / 30.0);
                    let error_db = level_db(&total, frequency_hz, rate_hz).abs();
                    worst = worst.max(error_db);
                    assert!(error_db <= LIMIT_DB, "{rate_hz} {slope} {bands} bands, {frequency_hz} Hz: {error_db}");
                }
            }
        }
    }
    println!("E5 flatness, f32: ±{worst:.2e} dB");
}

#[test]
fn e5_bands_meet_6_db_down() {
    const LIMIT_DB: f64 = 0.02;
    let mut worst = 0.0_f64;
    for rate_hz in RATES_HZ {
        let mut impulse = vec![0.0; (0.15 * rate_hz) as usize];
        impulse[0] = 1.0;
        for slope in SLOPES {
            for frequency_hz in [100.0, 700.0, 5_000.0, 16_000.0] {
                for band in split::<f32>(&params(&[frequency_hz], slope), rate_hz, &impulse) {
                    let error_db = (level_db(&band, frequency_hz, rate_hz) + 6.0206).abs();
                    worst = worst.max(error_db);
                    assert!(error_db <= LIMIT_DB, "{rate_hz} {slope} {frequency_hz} Hz: {error_db}");
                }
            }
        }
    }
    println!("E5 at the crossover: -6.0206 ± {worst:.1e} dB");
}

#[test]
fn e5_slopes_are_those_of_the_settings() {
    let rate_hz = 192_000.0;
    let mut impulse = vec![0.0; 60_000];
    impulse[0] = 1.0;
    for slope in SLOPES {
        let bands = split::<f64>(&params(&[1_000.0], slope), rate_hz, &impulse);
        for (band, near_hz, far_hz) in [(&bands[0], 4_000.0, 8_000.0), (&bands[1], 250.0, 125.0)] {
            let measured = level_db(band, near_hz, rate_hz) - level_db(band, far_hz, rate_hz);
            // Two octaves out; the asymptote within SOUND 3.3's half dB, first-order poles approach it later.
            assert!((measured - slope).abs() <= if slope == 12.0 { 0.8 } else { 0.5 }, "{slope}: {measured}");
        }
    }
}

#[test]
fn e5_the_sum_nulls_with_the_all_pass() {
    /// SOUND 3.7: of the input's peak.
    const LIMIT_DB: f64 = -120.0;
    let mut worst = [f64::NEG_INFINITY; 2];
    for rate_hz in RATES_HZ {
        let input: Vec<f64> = noise(3, 6_000).iter().map(|x| f64::from(*x as f32)).collect();
        for slope in SLOPES {
            for bands in 2..=6 {
                let crossovers_hz = &CROSSOVERS_HZ[..bands - 1];
                let mut expected = input.clone();
                for &frequency_hz in crossovers_hz {
                    all_pass(&mut expected, frequency_hz, slope, rate_hz);
                }
                let params = params(crossovers_hz, slope);
                let totals =
                    [sum(&split::<f32>(&params, rate_hz, &input)), sum(&split::<f64>(&params, rate_hz, &input))];
                for (worst, total) in worst.iter_mut().zip(&totals) {
                    let error = total.iter().zip(&expected).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
                    *worst = worst.max(gain_to_db(error));
                    assert!(gain_to_db(error) <= LIMIT_DB, "{rate_hz} {slope} {bands} bands: {}", gain_to_db(error));
                }
            }
        }
    }
    println!("E5 null with the all pass: f32 {:.1} dB, f64 {:.1} dB", worst[0], worst[1]);
}

#[test]
fn frequencies_that_do_not_fit_are_refused_by_name_and_place() {
    let spec = StreamSpec::new(44_100.0, 2).unwrap();
    let refused = |crossovers_hz: &[f64], slope| params(crossovers_hz, slope).validate(&spec).unwrap_err().to_string();
    assert_eq!(refused(&[200.0, 100.0], 24.0), "crossovers_hz[1] = 100 is out of range: it must lie in 250..21609");
    assert_eq!(
        refused(&[200.0, 2_000.0, 2_100.0], 24.0),
        "crossovers_hz[2] = 2100 is out of range: it must lie in 2500..21609"
    );
    assert_eq!(refused(&[22_000.0], 24.0), "crossovers_hz[0] = 22000 is out of range: it must lie in 20..21609");
    assert_eq!(refused(&[f64::NAN], 24.0), "crossovers_hz[0] = NaN is out of range: it must lie in 20..21609");
    let fast = StreamSpec::new(384_000.0, 2).unwrap();
    let error = params(&[30_000.0], 24.0).validate(&fast).unwrap_err().to_string();
    assert_eq!(error, "crossovers_hz[0] = 30000 is out of range: it must lie in 20..22000");
    let close = [10_000.0, 17_500.0, 21_000.0];
    assert_eq!(refused(&close, 24.0), "crossovers_hz[1] = 17500 is out of range: it must lie in 12500..17287.2");
    assert_eq!(refused(&[], 24.0), "crossovers_hz has 0 entries: 1 to 5 needed");
    assert_eq!(refused(&[200.0], 18.0), "slope_db_per_octave = 18 is not allowed: it must be 12, 24 or 48");
    let mut running = params(&[200.0], 24.0).build::<f32>(&spec).unwrap();
    assert!(running.set_params(&params(&[300.0], 24.0)).is_ok());
    assert_eq!(running.set_params(&params(&[300.0], 48.0)), Err(Error::NeedsRebuild { param: "slope_db_per_octave" }));
}

#[test]
fn every_band_is_silent_after_the_tail_and_the_same_again_after_a_reset() {
    for slope in SLOPES {
        let spec = StreamSpec::new(44_100.0, 3).unwrap();
        let mut crossover = params(&CROSSOVERS_HZ, slope).build::<f64>(&spec).unwrap();
        let Tail::Frames(tail) = crossover.tail() else { panic!("no end") };
        let frames = 500 + tail as usize + 200;
        let mut input: Vec<f64> = vec![0.0; 3 * frames];
        for (channel, samples) in input.chunks_mut(frames).enumerate() {
            samples[..500].copy_from_slice(&noise(channel as u64, 500));
        }
        input[100] = f64::NAN;
        let render = |crossover: &mut Crossover<f64>| {
            let mut bands = vec![0.0; 18 * frames];
            crossover
                .process(&Block::from_planar(&input, 3).unwrap(), &mut BlockMut::from_planar(&mut bands, 18).unwrap());
            bands
        };
        let first = render(&mut crossover);
        assert_eq!(crossover.non_finite_samples(), 1);
        for band in first.chunks(frames) {
            assert!(band[500 + tail as usize..].iter().all(|&x| x == 0.0) && band[600] != 0.0, "{slope}");
            assert!(band.iter().all(|x| !x.is_subnormal()), "{slope}");
        }
        crossover.set_params(&params(&CROSSOVERS_HZ.map(|hz| 1.1 * hz), slope)).unwrap();
        crossover.set_params(&params(&CROSSOVERS_HZ, slope)).unwrap();
        crossover.reset();
        assert_eq!(render(&mut crossover), first);
    }
}
