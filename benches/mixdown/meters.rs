//! Loudness, true peak, levels, correlation, mono compatibility.

use crate::{
    pair::{Group, alone, pair},
    scalar, scalar_meters,
    signal::{format, planar},
};
use criterion::Criterion;
use mixdown::{
    Block, Meter, Sample, StreamSpec, gain_to_db,
    meters::{
        CorrelationParams, LevelParams, LoudnessParams, Memory, MonoFoldMeter, Precision, SpectrumParams, TruePeakMeter,
    },
};
use std::{f64::consts::TAU, hint::black_box};

const RATE_HZ: f64 = 48_000.0;
const HOP_FRAMES: usize = 4_800;
/// A second: meters get long blocks.
const LONG: usize = 48_000;
/// Coefficients printed with 14 digits, the same means.
const LOUDNESS_TOLERANCE_LU: f64 = 1e-3;
/// The same interpolator, rounded differently.
const PEAK_TOLERANCE_DB: f64 = 1e-3;
/// Windows that move on every frame against every 64 frames.
const LEVEL_TOLERANCE_DB: f64 = 0.05;
const CORRELATION_TOLERANCE: f64 = 0.01;
/// Points and half the taps of both precisions, and the shapes of their Kaiser windows.
const STANDARD: (usize, usize, f64) = (8, 16, 8.0);
const HIGH: (usize, usize, f64) = (16, 48, 10.0);

/// Loudness, without and with true peaks.
pub fn all_loudness(criterion: &mut Criterion) {
    let group = &mut criterion.benchmark_group("loudness");
    loudness::<f32>(group, "integrated", Precision::Off, LONG);
    loudness::<f64>(group, "integrated", Precision::Off, LONG);
    loudness::<f32>(group, "all", Precision::Standard, LONG);
    loudness::<f32>(group, "integrated", Precision::Off, 512);
    loudness::<f32>(group, "all", Precision::Standard, 512);
}

/// True peaks by themselves.
pub fn all_true_peak(criterion: &mut Criterion) {
    let group = &mut criterion.benchmark_group("true_peak");
    true_peak::<f32>(group, "standard", Precision::Standard, STANDARD);
    true_peak::<f64>(group, "standard", Precision::Standard, STANDARD);
    true_peak::<f32>(group, "high", Precision::High, HIGH);
    in_full::<f32>(group, "standard_in_full", Precision::Standard, STANDARD);
    in_full::<f64>(group, "standard_in_full", Precision::Standard, STANDARD);
    in_full::<f32>(group, "high_in_full", Precision::High, HIGH);
}

/// Levels.
pub fn all_levels(criterion: &mut Criterion) {
    let group = &mut criterion.benchmark_group("level");
    level::<f32>(group, LONG);
    level::<f64>(group, LONG);
    level::<f32>(group, 512);
}

/// Correlation.
pub fn all_correlation(criterion: &mut Criterion) {
    let group = &mut criterion.benchmark_group("correlation");
    correlation::<f32>(group, LONG);
    correlation::<f64>(group, LONG);
    correlation::<f32>(group, 512);
}

/// Mono compatibility.
pub fn all_spectrum(criterion: &mut Criterion) {
    let group = &mut criterion.benchmark_group("spectrum");
    spectrum::<f32>(group);
    spectrum::<f64>(group);
}

/// By itself: a plain transform of 16384 frames is no peer.
fn spectrum<S: Sample>(group: &mut Group<'_>) {
    let spec = StreamSpec::new(RATE_HZ, 2).expect("legal");
    let mut meter = SpectrumParams::default().build::<S>(&spec).expect("legal");
    let audio = planar::<S>(2, LONG);
    let id = format!("all/{}/2ch/{LONG}", format::<S>());
    alone(group, &id, 2 * LONG, || meter.observe(&stereo(black_box(&audio))));
}

pub fn all_mono_fold(criterion: &mut Criterion) {
    mono_fold::<f32>(&mut criterion.benchmark_group("mono_fold"));
}

fn level<S: Sample>(group: &mut Group<'_>, frames: usize) {
    let spec = StreamSpec::new(RATE_HZ, 2).expect("legal");
    let mut meter = LevelParams::default().build::<S>(&spec).expect("legal");
    let mut plain = [(); 2].map(|()| scalar_meters::Level::new(300.0, RATE_HZ));
    let audio = planar::<S>(2, frames);
    let plainly = |plain: &mut [scalar_meters::Level; 2], audio: &[S]| {
        for (level, channel) in plain.iter_mut().zip(audio.chunks_exact(frames)) {
            level.observe(channel);
        }
    };
    for _ in 0..10 * LONG / frames {
        meter.observe(&stereo(&audio));
        plainly(&mut plain, &audio);
    }
    for (ours, plain) in meter.reading().channels.iter().zip(&plain) {
        let differences = [ours.rms_dbfs - plain.rms_dbfs(), ours.sample_peak_dbfs - gain_to_db(plain.peak)];
        assert!(
            differences.iter().all(|difference| difference.abs() <= LEVEL_TOLERANCE_DB),
            "level: {differences:?} dB"
        );
    }
    pair(
        group,
        &format!("all/{}/2ch/{frames}", format::<S>()),
        2 * frames,
        || meter.observe(&stereo(black_box(&audio))),
        || {
            plainly(&mut plain, black_box(&audio));
            black_box(&plain);
        },
    );
}

fn correlation<S: Sample>(group: &mut Group<'_>, frames: usize) {
    let spec = StreamSpec::new(RATE_HZ, 2).expect("legal");
    let mut meter = CorrelationParams::default().build::<S>(&spec).expect("legal");
    let mut plain = scalar_meters::Correlation::new(300.0, RATE_HZ);
    // Half of the right channel is that of the left one.
    let mut audio = planar::<S>(2, frames);
    for n in 0..frames {
        audio[frames + n] = S::from_f64(0.5 * (audio[n].to_f64() + audio[frames + n].to_f64()));
    }
    for _ in 0..10 * LONG / frames {
        meter.observe(&stereo(&audio));
        plain.observe(&audio);
    }
    let difference = meter.correlation() - plain.correlation();
    assert!(difference.abs() <= CORRELATION_TOLERANCE, "correlation: {difference}");
    pair(
        group,
        &format!("all/{}/2ch/{frames}", format::<S>()),
        2 * frames,
        || meter.observe(&stereo(black_box(&audio))),
        || {
            plain.observe(black_box(&audio));
            black_box(&plain);
        },
    );
}

/// By itself: a plain transform of 8192 frames is no peer.
fn mono_fold<S: Sample>(group: &mut Group<'_>) {
    let mut meter = MonoFoldMeter::<S>::new(&StreamSpec::new(RATE_HZ, 2).expect("legal")).expect("stereo");
    let audio = planar::<S>(2, LONG);
    let id = format!("all/{}/2ch/{LONG}", format::<S>());
    alone(group, &id, 2 * LONG, || meter.observe(&stereo(black_box(&audio))));
}

fn stereo<S: Sample>(samples: &[S]) -> Block<'_, 'static, S> {
    Block::from_planar(samples, 2).expect("whole frames")
}

fn loudness<S: Sample>(group: &mut Group<'_>, variant: &str, precision: Precision, frames: usize) {
    let spec = StreamSpec::new(RATE_HZ, 2).expect("legal");
    let params = LoudnessParams { precision, memory: Memory::Constant, ..Default::default() };
    let mut meter = params.build::<S>(&spec).expect("legal");
    let mut plain = scalar::Loudness::new(2, HOP_FRAMES);
    let mut plain_peaks = [(); 2].map(|()| scalar::TruePeak::<S>::new(STANDARD.0, STANDARD.1, STANDARD.2));
    let peaks = precision != Precision::Off;

    let programme = planar::<S>(2, 5 * LONG);
    let mut exact = LoudnessParams { precision, ..Default::default() }.build::<S>(&spec).expect("legal");
    exact.observe(&stereo(&programme));
    plain.observe(&programme);
    let difference = exact.reading().integrated_lufs - plain.integrated_lufs();
    assert!(difference.abs() <= LOUDNESS_TOLERANCE_LU, "loudness: {difference} LU");

    let audio = planar::<S>(2, frames);
    pair(
        group,
        &format!("{variant}/{}/2ch/{frames}", format::<S>()),
        2 * frames,
        || meter.observe(&stereo(black_box(&audio))),
        || {
            plain.hops.clear();
            plain.observe(black_box(&audio));
            for (peak, channel) in plain_peaks.iter_mut().zip(audio.chunks_exact(frames)).filter(|_| peaks) {
                peak.observe(channel);
            }
            black_box(&plain_peaks);
        },
    );
}

/// On repeated noise: points that cannot exceed the peak so far are skipped, as in music.
fn true_peak<S: Sample>(group: &mut Group<'_>, variant: &str, precision: Precision, shape: (usize, usize, f64)) {
    time(group, variant, precision, shape, &planar::<S>(2, LONG));
}

/// On a tone of a quarter of the rate, where nothing can be skipped.
fn in_full<S: Sample>(group: &mut Group<'_>, variant: &str, precision: Precision, shape: (usize, usize, f64)) {
    let tone = |n: usize| S::from_f64(0.125 * (TAU * 0.251 * (n % LONG) as f64 + 0.3).sin());
    time(group, variant, precision, shape, &(0..2 * LONG).map(tone).collect::<Vec<S>>());
}

fn time<S: Sample>(
    group: &mut Group<'_>,
    variant: &str,
    precision: Precision,
    (points, half, beta): (usize, usize, f64),
    audio: &[S],
) {
    let spec = StreamSpec::new(RATE_HZ, 2).expect("legal");
    let mut meter = TruePeakMeter::<S>::new(&spec, precision).expect("on");
    let mut plain = [(); 2].map(|()| scalar::TruePeak::<S>::new(points, half, beta));
    let frames = audio.len() / 2;
    let plainly = |plain: &mut [scalar::TruePeak<S>; 2], audio: &[S]| {
        for (peak, channel) in plain.iter_mut().zip(audio.chunks_exact(frames)) {
            peak.observe(channel);
        }
    };
    meter.observe(&stereo(audio));
    plainly(&mut plain, audio);
    // The reading includes the interpolator's history; silence flushes it out of the plain one.
    let silence = vec![S::ZERO; audio.len()];
    plainly(&mut plain, &silence);
    for (ours, plain) in meter.reading().channels_dbtp.iter().zip(&plain) {
        let difference = ours - gain_to_db(plain.peak.to_f64());
        assert!(difference.abs() <= PEAK_TOLERANCE_DB, "true peak: {difference} dB");
    }
    let id = format!("{variant}/{}/2ch/{LONG}", format::<S>());
    alone(group, &id, audio.len(), || meter.observe(&stereo(black_box(audio))));
    alone(group, &format!("{id}/scalar"), audio.len(), || {
        plainly(&mut plain, black_box(audio));
        black_box(&plain);
    });
}
