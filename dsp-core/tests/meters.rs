//! Levels, correlation and mono compatibility: known signals, and the invariants that meters keep.

use crate::common::*;
use mixdown::{meters::*, *};
use std::{f64::consts::TAU, fmt::Debug};

const RATE_HZ: f64 = 48_000.0;

/// Rounding of a mean of some hundred thousand squares.
const ROUNDING: f64 = 1e-9;
/// Identical and inverted channels.
const EXACT_CORRELATION: f64 = 1e-6;
/// Independent noise after 10 s. Over the whole of it, r has a deviation of 1/√480 000 = 0.0014.
const NO_CORRELATION: f64 = 0.03;
/// Of the level of noise in one third of an octave, in ten seconds.
const NOISE_DB: f64 = 0.2;

fn spec(channels: usize) -> StreamSpec {
    StreamSpec::new(RATE_HZ, channels).unwrap()
}

fn tone(hz: f64, level: f64, frames: usize) -> Vec<f64> {
    (0..frames).map(|n| level * (TAU * hz * n as f64 / RATE_HZ).sin()).collect()
}

fn noises(frames: usize) -> [Vec<f64>; 2] {
    let both = planar_noise::<f64>(2, frames);
    [both[..frames].to_vec(), both[frames..].to_vec()]
}

fn read<M: Meter<f64>>(mut meter: M, left: &[f64], right: &[f64]) -> M::Reading {
    meter.observe(&Block::from_slices(&[left, right]).unwrap());
    meter.reading()
}

fn correlated(left: &[f64], right: &[f64]) -> Correlation {
    read(CorrelationParams::default().build::<f64>(&spec(2)).unwrap(), left, right)
}

fn folded(left: &[f64], right: &[f64]) -> MonoFold {
    read(MonoFoldMeter::new(&spec(2)).unwrap(), left, right)
}

fn levels(samples: &[f64], params: &LevelParams) -> Level {
    let mut meter = params.build::<f64>(&spec(1)).unwrap();
    meter.observe(&Block::from_planar(samples, 1).unwrap());
    meter.reading()
}

/// The same reading and count of non-finite samples for every cut of dense and sparse signals, at every CPU level, and
/// after a reset.
fn invariants<S: Sample, M: Meter<S>>(build: impl Fn(Cpu) -> M, non_finite: impl Fn(&M) -> u64)
where
    M::Reading: PartialEq + Debug,
{
    const FRAMES: usize = 20_000;
    let dense: Vec<S> = planar_noise(2, FRAMES);
    let mut broken = dense.clone();
    broken[0] = S::from_f64(f64::NAN);
    broken[100] = S::from_f64(f64::INFINITY);
    broken[FRAMES + 77] = S::from_f64(f64::NEG_INFINITY);
    broken[FRAMES + 78] = S::from_f64(1.5);
    let mut sparse = vec![S::ZERO; 2 * FRAMES];
    for n in 0..64 {
        sparse[n * 65 + 3_000] = S::from_f64(1.25);
        sparse[FRAMES + n * 65 + 3_001] = S::from_f64(-0.5);
    }
    for (audio, bad) in [(&dense, 0), (&broken, 3), (&sparse, 0), (&vec![S::ZERO; 2 * FRAMES], 0)] {
        let block = Block::from_planar(audio.as_slice(), 2).unwrap();
        let mut whole = build(Cpu::Detected);
        whole.observe(&block);
        let expected = whole.reading();
        assert_eq!(non_finite(&whole), bad);
        for cut in [1, 7, 64, 480, 4_096] {
            let mut meter = build(Cpu::Detected);
            for start in (0..FRAMES).step_by(cut) {
                meter.observe(&block.frames_at(start, cut.min(FRAMES - start)));
                meter.observe(&block.frames_at(start, 0));
            }
            assert_eq!(meter.reading(), expected, "{cut}");
            assert_eq!(non_finite(&meter), bad);
        }
        for cpu in [Cpu::Reproducible, Cpu::Avx2, Cpu::Baseline] {
            let mut meter = build(cpu);
            meter.observe(&block);
            // Without fused multiply-adds a transform rounds otherwise.
            assert!(cpu == Cpu::Baseline || meter.reading() == expected, "{cpu:?}");
        }
        whole.reset();
        assert_eq!(non_finite(&whole), 0);
        whole.observe(&block);
        assert_eq!(whole.reading(), expected, "after a reset");
    }
    let mut counted = build(Cpu::Detected);
    counted.observe(&Block::from_planar(broken.as_slice(), 2).unwrap());
    let mut zeroed = build(Cpu::Detected);
    for sample in broken.iter_mut().filter(|sample| !sample.finite()) {
        *sample = S::ZERO;
    }
    zeroed.observe(&Block::from_planar(broken.as_slice(), 2).unwrap());
    assert_eq!(counted.reading(), zeroed.reading(), "non-finite samples count as 0");
}

#[test]
fn laws_1_2_3_6_of_levels() {
    let params = LevelParams { hold_ms: 20.0, ..Default::default() };
    let spec = |cpu| spec(2).with_cpu(cpu);
    invariants(|cpu| params.build::<f32>(&spec(cpu)).unwrap(), LevelMeter::non_finite_samples);
    invariants(|cpu| params.build::<f64>(&spec(cpu)).unwrap(), LevelMeter::non_finite_samples);
}

#[test]
fn laws_1_2_3_6_of_correlation() {
    let params = CorrelationParams::default();
    let spec = |cpu| spec(2).with_cpu(cpu);
    invariants(|cpu| params.build::<f32>(&spec(cpu)).unwrap(), CorrelationMeter::non_finite_samples);
    invariants(|cpu| params.build::<f64>(&spec(cpu)).unwrap(), CorrelationMeter::non_finite_samples);
}

#[test]
fn laws_1_2_3_6_of_mono_compatibility() {
    let spec = |cpu| spec(2).with_cpu(cpu);
    invariants(|cpu| MonoFoldMeter::<f32>::new(&spec(cpu)).unwrap(), MonoFoldMeter::non_finite_samples);
    invariants(|cpu| MonoFoldMeter::<f64>::new(&spec(cpu)).unwrap(), MonoFoldMeter::non_finite_samples);
}

#[test]
fn laws_1_2_3_6_of_the_spectrum() {
    let params = SpectrumParams::default();
    let spec = |cpu| spec(2).with_cpu(cpu);
    invariants(|cpu| params.build::<f32>(&spec(cpu)).unwrap(), SpectrumMeter::non_finite_samples);
    invariants(|cpu| params.build::<f64>(&spec(cpu)).unwrap(), SpectrumMeter::non_finite_samples);
}

#[test]
fn meters_refuse_what_they_cannot_measure() {
    for channels in [1, 3] {
        let expected = Error::Channels { min: 2, max: 2, actual: channels };
        assert_eq!(CorrelationParams::default().build::<f32>(&spec(channels)).unwrap_err(), expected);
        assert_eq!(MonoFoldMeter::<f32>::new(&spec(channels)).unwrap_err(), expected);
    }
    for window_ms in [49.0, 3_001.0, f64::NAN] {
        assert!(CorrelationParams { window_ms }.build::<f32>(&spec(2)).is_err());
    }
    for params in [
        LevelParams { rms_ms: 9.0, ..Default::default() },
        LevelParams { hold_ms: -1.0, ..Default::default() },
        LevelParams { fall_db_per_s: f64::INFINITY, ..Default::default() },
    ] {
        assert!(params.build::<f32>(&spec(2)).is_err(), "{params:?}");
    }
}

#[test]
fn a_full_scale_sine_reads_0_dbfs_peak_and_minus_3_rms() {
    // 997 Hz meets its crest in a second to 1e-5 dB.
    let reading = levels(&tone(997.0, 1.0, 480_000), &LevelParams::default());
    assert!(reading.sample_peak_dbfs.abs() < 1e-4 && reading.peak_dbfs.abs() < 0.2, "{reading:?}");
    assert!(
        (reading.rms_dbfs + 3.0103).abs() < 0.01 && (reading.overall_rms_dbfs + 3.0103).abs() < 1e-3,
        "{reading:?}"
    );
    assert_eq!(reading.channels.len(), 1);
    let silent = levels(&[0.0; 1_000], &LevelParams::default());
    assert_eq!((silent.peak_dbfs, silent.rms_dbfs), (f64::NEG_INFINITY, f64::NEG_INFINITY));
    assert_eq!(levels(&[], &LevelParams::default()).overall_rms_dbfs, f64::NEG_INFINITY);
}

#[test]
fn levels_of_channels_are_joined_as_powers_and_peaks() {
    let (loud, quiet) = (tone(1_000.0, 0.5, 48_000), tone(1_000.0, 0.05, 48_000));
    let reading = read(LevelParams::default().build::<f64>(&spec(2)).unwrap(), &loud, &quiet);
    let [left, right] = [&reading.channels[0], &reading.channels[1]];
    assert!((left.rms_dbfs - right.rms_dbfs - 20.0).abs() < ROUNDING);
    assert_eq!(reading.sample_peak_dbfs, left.sample_peak_dbfs);
    // (1 + 0.01) / 2.
    assert!((reading.overall_rms_dbfs - left.overall_rms_dbfs - 10.0 * 0.505_f64.log10()).abs() < ROUNDING);
}

#[test]
fn a_peak_stands_and_falls_as_set_at_every_rate() {
    for rate_hz in [8_000.0, 44_100.0, 192_000.0] {
        let spec = StreamSpec::new(rate_hz, 1).unwrap();
        let params = LevelParams { hold_ms: 500.0, fall_db_per_s: 20.0, ..Default::default() };
        let mut meter = params.build::<f32>(&spec).unwrap();
        let step_s = 64.0 / rate_hz;
        let after = |meter: &mut LevelMeter<f32>, seconds: f64| {
            let silence = vec![0.0; (seconds * rate_hz) as usize];
            meter.observe(&Block::from_planar(&silence, 1).unwrap());
            meter.reading().peak_dbfs
        };
        meter.observe(&Block::from_planar(&[0.5], 1).unwrap());
        let peak = meter.reading().peak_dbfs;
        assert!((peak + 6.0206).abs() < 1e-4, "at once");
        assert_eq!(after(&mut meter, 0.49), peak, "{rate_hz}");
        let fallen = after(&mut meter, 1.01);
        assert!((fallen - peak + 20.0).abs() <= 3.0 * 20.0 * step_s, "{rate_hz}: {fallen}");
        assert_eq!(meter.reading().sample_peak_dbfs, peak);
        assert_eq!(after(&mut meter, 60.0), f64::NEG_INFINITY);
    }
}

#[test]
fn the_rms_level_reaches_63_percent_of_a_step_in_its_time_constant() {
    for rate_hz in [8_000.0, 44_100.0, 192_000.0] {
        let mut meter = LevelParams::default().build::<f64>(&StreamSpec::new(rate_hz, 1).unwrap()).unwrap();
        meter.observe(&Block::from_planar(&vec![0.5; (0.3 * rate_hz) as usize], 1).unwrap());
        let power = 10.0_f64.powf(meter.reading().rms_dbfs / 10.0) / 0.25;
        let expected = 1.0 - (-1.0_f64).exp();
        // Up to a grid step of it is missing.
        assert!(power <= expected + ROUNDING && power > expected - 64.0 / (0.3 * rate_hz), "{rate_hz}: {power}");
    }
}

#[test]
fn clipped_samples_and_clips_are_counted_over_block_borders() {
    let mut audio = vec![0.5_f32; 1_000];
    // Of 1, 2, 3 and 70 samples, the last over a point of the grid; below full scale by one step: none.
    for (start, length) in [(10, 1), (20, 2), (62, 3), (100, 70)] {
        audio[start..start + length].fill(if start == 62 { -1.0 } else { 1.5 });
    }
    audio[500] = 1.0_f32.next_down();
    for cut in [1, 3, 64, 1_000] {
        let mut meter = LevelParams::default().build::<f32>(&spec(1)).unwrap();
        for part in audio.chunks(cut) {
            meter.observe(&Block::from_planar(part, 1).unwrap());
        }
        let reading = meter.reading();
        assert_eq!((reading.clipped_samples, reading.clips), (76, 2), "{cut}");
    }
}

#[test]
fn correlation_of_identical_and_of_inverted_channels_is_1_and_minus_1() {
    let [left, _] = noises(48_000);
    let inverted: Vec<f64> = left.iter().map(|x| -x).collect();
    let softer: Vec<f64> = left.iter().map(|x| 0.01 * x).collect();
    for (right, expected, balance_db) in [(&left, 1.0, 0.0), (&inverted, -1.0, 0.0), (&softer, 1.0, -40.0)] {
        let Correlation { correlation, overall, balance_db: measured_db } = correlated(&left, right);
        assert!((correlation - expected).abs() <= EXACT_CORRELATION, "{correlation}");
        assert!((overall - expected).abs() <= EXACT_CORRELATION, "{overall}");
        assert!((measured_db - balance_db).abs() < ROUNDING, "{measured_db}");
    }
}

#[test]
fn correlation_of_independent_noise_is_0_after_10_s() {
    let [left, right] = noises(480_000);
    let reading = correlated(&left, &right);
    assert!(reading.correlation.abs() < NO_CORRELATION && reading.overall.abs() < NO_CORRELATION, "{reading:?}");
    // Half of each is common: r = 0.5.
    let mixed: Vec<f64> = left.iter().zip(&right).map(|(l, r)| 0.5 * l + 0.75_f64.sqrt() * r).collect();
    assert!((correlated(&left, &mixed).overall - 0.5).abs() < NO_CORRELATION);
}

#[test]
fn correlation_stands_while_a_channel_is_below_minus_90_dbfs() {
    let mut meter = CorrelationParams::default().build::<f64>(&spec(2)).unwrap();
    let mut after = |left: f64, right: f64, seconds: f64| {
        let frames = (seconds * RATE_HZ) as usize;
        let (left, right) = (tone(1_000.0, left, frames), tone(1_000.0, right, frames));
        meter.observe(&Block::from_slices(&[&left[..], &right[..]]).unwrap());
        meter.correlation()
    };
    // A sine of -88 dBFS has a mean square of -91.
    let (quiet, loud) = (10.0_f64.powf(-88.0 / 20.0), 10.0_f64.powf(-86.0 / 20.0));
    assert_eq!(after(0.5, quiet, 1.0), 0.0, "the first value");
    assert!((after(0.5, -loud, 9.0) + 1.0).abs() < EXACT_CORRELATION);
    // Silence on the right: the window falls from -89 to -90 dBFS within a quarter of its time constant.
    let stands = after(0.5, 0.0, 1.0);
    assert!(stands < -0.8, "{stands}");
    assert_eq!(after(0.5, quiet, 1.0), stands);
    assert_eq!(after(0.0, 0.0, 1.0), stands);
}

#[test]
fn correlation_forgets_by_its_time_constant() {
    let one = vec![0.5; 96_000];
    let other = vec![-0.5; (0.3 * RATE_HZ) as usize];
    let mut meter = CorrelationParams::default().build::<f64>(&spec(2)).unwrap();
    meter.observe(&Block::from_slices(&[&one[..], &one[..]]).unwrap());
    meter.observe(&Block::from_slices(&[&one[..other.len()], &other[..]]).unwrap());
    // From 1 to -1: 1 - 2 (1 - 1/e).
    let expected = 2.0 * (-1.0_f64).exp() - 1.0;
    assert!((meter.correlation() - expected).abs() < 2.0 * 64.0 / other.len() as f64, "{}", meter.correlation());
}

#[test]
fn folding_mono_loses_nothing_and_inverted_polarity_everything() {
    let [left, _] = noises(100_000);
    let inverted: Vec<f64> = left.iter().map(|x| -x).collect();
    let mono = folded(&left, &left);
    assert_eq!(mono.bands.len(), 31);
    for band in &mono.bands {
        assert!(band.loss_db.abs() < ROUNDING && (band.correlation - 1.0).abs() < ROUNDING, "{band:?}");
        assert!(!band.is_flagged);
    }
    let lost = folded(&left, &inverted);
    for band in &lost.bands {
        assert!(band.loss_db < -100.0 && (band.correlation + 1.0).abs() < ROUNDING, "{band:?}");
    }
    assert!(lost.loss_db < -100.0 && lost.bands.iter().any(|band| band.is_flagged));
}

#[test]
fn folding_independent_noise_loses_3_db() {
    let [left, right] = noises(4_800_000);
    let fold = folded(&left, &right);
    assert!((fold.loss_db + 3.0103).abs() < 0.02, "{}", fold.loss_db);
    for band in fold.bands.iter().filter(|band| band.centre_hz > 90.0) {
        assert!((band.loss_db + 3.0103).abs() < NOISE_DB, "{band:?}");
        assert!(band.correlation.abs() < 0.05 && !band.is_flagged, "{band:?}");
    }
}

#[test]
fn a_delay_of_one_side_loses_the_bands_of_its_comb() {
    // Noise and a delay of 1 ms: |1 + e^(-iωτ)|² / 4 = cos²(π f τ); the first notch lies at 1 / (2 τ) = 500 Hz.
    let [noise, _] = noises(2_000_000);
    let fold = folded(&noise[48..], &noise[..noise.len() - 48]);
    let mean = |low: f64, high: f64| {
        let steps = 10_000;
        let at = |n: usize| (low + (high - low) * (n as f64 + 0.5) / steps as f64, steps);
        (0..steps).map(|n| (TAU / 2.0 * at(n).0 * 1e-3).cos().powi(2)).sum::<f64>() / steps as f64
    };
    for band in fold.bands.iter().filter(|band| band.centre_hz > 90.0) {
        let edge = 10.0_f64.powf(0.05);
        let expected = 10.0 * mean(band.centre_hz / edge, band.centre_hz * edge).log10();
        assert!((band.loss_db - expected).abs() < 2.0 * NOISE_DB, "{band:?} {expected}");
    }
    let notch = fold.bands.iter().min_by(|a, b| a.loss_db.total_cmp(&b.loss_db)).unwrap();
    assert!((notch.centre_hz - 501.2).abs() < 0.1, "{notch:?}");
}

#[test]
fn bands_hold_the_level_of_what_lies_in_them() {
    // Of -20 dBFS at the midband of one third of an octave: -23 dB there, and 37 dB less two bands away.
    for k in [-10, 0, 10] {
        let hz = 1_000.0 * 10.0_f64.powf(f64::from(k) / 10.0);
        let sine = tone(hz, 0.1, 480_000);
        let bands = folded(&sine, &sine).bands;
        let place = bands.iter().position(|band| (band.centre_hz / hz - 1.0).abs() < 1e-9).unwrap();
        // At 100 Hz the skirts of the window leave 0.4 % of it outside the band.
        assert!((bands[place].level_db + 23.0103).abs() < 0.03, "{:?}", bands[place]);
        let beside = bands[place + 2].level_db.max(bands[place - 2].level_db);
        assert!(beside < -60.0, "{hz}: {beside}");
    }
    // Bands of white noise are as wide as their level, 1 dB for each; all of them hold the whole power.
    let [left, _] = noises(2_000_000);
    let bands = folded(&left, &left).bands;
    let power = |from: usize| 10.0_f64.powf(bands[from].level_db / 10.0);
    assert!((bands[30].level_db - bands[20].level_db - 10.0).abs() < 0.1);
    let total: f64 = (0..31).map(power).sum();
    let mean = left.iter().map(|x| x * x).sum::<f64>() / left.len() as f64;
    // From 17.8 Hz to 22.4 kHz of 24 kHz.
    assert!((total / mean - (22_387.0 - 17.8) / 24_000.0).abs() < 2e-3, "{}", total / mean);
}

#[test]
fn the_first_and_the_last_sample_count_in_mono_compatibility() {
    let [mut left, mut right] = [vec![0.0; 20_000], vec![0.0; 20_000]];
    for (place, sign) in [(0, 1.0), (19_999, 1.0), (10_000, -1.0)] {
        left[place] = 0.5;
        right[place] = sign * 0.5;
    }
    // A third of the energy is lost, as far as the two windows over a click add up to the same.
    let loss_db = folded(&left, &right).loss_db;
    assert!((loss_db - 10.0 * (2.0_f64 / 3.0).log10()).abs() < 1.0, "{loss_db}");
    let silent = folded(&[0.0; 5_000], &[0.0; 5_000]);
    assert!(
        silent.bands.iter().all(|band| band.loss_db == 0.0 && band.level_db == f64::NEG_INFINITY && !band.is_flagged)
    );
    assert_eq!(folded(&[], &[]).loss_db, 0.0);
}

#[test]
fn only_bands_that_matter_are_flagged() {
    // Inverted at 100 Hz, 25 dB under what is mono at 1 kHz; then 15 dB under it.
    for (level_db, flagged) in [(-25.0, 0), (-15.0, 1)] {
        let (main, faint) = (tone(1_000.0, 0.5, 96_000), tone(100.0, 0.5 * 10.0_f64.powf(level_db / 20.0), 96_000));
        let left: Vec<f64> = main.iter().zip(&faint).map(|(a, b)| a + b).collect();
        let right: Vec<f64> = main.iter().zip(&faint).map(|(a, b)| a - b).collect();
        let fold = folded(&left, &right);
        assert_eq!(fold.bands.iter().filter(|band| band.is_flagged).count(), flagged, "{level_db}");
    }
}

#[test]
fn mono_compatibility_has_the_same_bands_at_every_rate() {
    for (rate_hz, bands) in
        [(8_000.0, 23), (22_050.0, 27), (44_100.0, 30), (48_000.0, 31), (96_000.0, 31), (384_000.0, 31)]
    {
        let spec = StreamSpec::new(rate_hz, 2).unwrap();
        let step = TAU * 630.957 / rate_hz;
        let sine: Vec<f64> = (0..(3.0 * rate_hz) as usize).map(|n| 0.5 * (step * n as f64).sin()).collect();
        let softer: Vec<f64> = sine.iter().map(|x| -0.5 * x).collect();
        let reading = read(MonoFoldMeter::new(&spec).unwrap(), &sine, &softer);
        assert_eq!(reading.bands.len(), bands, "{rate_hz}");
        let band = reading.bands.iter().find(|band| (band.centre_hz - 630.957).abs() < 1.0).unwrap();
        // 2 (0.25/2)² / (0.5² (1 + 0.25)), and the mean of both channels.
        assert!((band.loss_db - 10.0 * (0.125_f64 / 1.25).log10()).abs() < 1e-6, "{rate_hz}: {band:?}");
        assert!((band.level_db - 10.0 * (0.125 * 0.625_f64).log10()).abs() < 0.005, "{rate_hz}: {band:?}");
    }
}
