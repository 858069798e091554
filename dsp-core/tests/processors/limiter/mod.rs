//! Gates of the limiter: nothing above the ceiling, nothing changed below it, low distortion of bass.

mod ceiling;
mod distortion;
mod link;
mod release;
mod signals;

use crate::common::{Cut, run};
use mixdown::{dynamics::*, meters::*, *};
use std::f64::consts::PI;

const RATES_HZ: [f64; 3] = [44_100.0, 48_000.0, 96_000.0];
const MODES: [LimiterMode; 3] = [LimiterMode::Standard, LimiterMode::Master, LimiterMode::SamplePeak];
/// The ceiling of most tests, in dB: the default.
const CEILING_DB: f64 = -1.0;

/// A finite interpolator for test readings: windowed sinc, straight from the formula. Own arithmetic, not the
/// library's.
struct Interpolator {
    half: usize,
    filters: Vec<Vec<f64>>,
}

impl Interpolator {
    fn new(phases: usize, half: usize, beta: f64) -> Self {
        let bessel = |x: f64| {
            let (mut sum, mut term) = (1.0, 1.0);
            for k in 1..200 {
                term *= (x / (2.0 * f64::from(k))).powi(2);
                sum += term;
            }
            sum
        };
        let filters = (1..phases).map(|phase| {
            let taps: Vec<f64> = (0..2 * half)
                .map(|k| {
                    let distance = k as f64 - (half as f64 - 1.0) - phase as f64 / phases as f64;
                    let window = bessel(beta * (1.0 - (distance / half as f64).powi(2)).max(0.0).sqrt());
                    (PI * distance).sin() / (PI * distance) * window
                })
                .collect();
            let sum: f64 = taps.iter().sum();
            taps.iter().map(|tap| tap / sum).collect()
        });
        Self { half, filters: filters.collect() }
    }

    /// The 8 points and 48 taps of `standard`.
    fn standard() -> Self {
        Self::new(8, 24, 8.0)
    }

    /// An independent meter: 16 points of 1024 taps, flat to within 0.2 % of half the sample rate.
    fn long() -> Self {
        Self::new(16, 512, 10.0)
    }

    /// The highest point, samples included, of a signal surrounded by silence.
    fn peak(&self, samples: &[f64]) -> f64 {
        let edge = vec![0.0; 2 * self.half];
        let padded = [&edge, samples, &edge].concat();
        let mut peak = samples.iter().fold(0.0, |peak: f64, x| peak.max(x.abs()));
        for window in padded.windows(2 * self.half) {
            for filter in &self.filters {
                // Eight parallel sums, so that the compiler can use vectors.
                let mut sums = [0.0; 8];
                for (taps, samples) in filter.chunks_exact(8).zip(window.chunks_exact(8)) {
                    for lane in 0..8 {
                        sums[lane] += taps[lane] * samples[lane];
                    }
                }
                peak = peak.max(sums.iter().sum::<f64>().abs());
            }
        }
        peak
    }
}

/// The library's finest meter, in dBTP: 16 points of 96 taps, as `master`.
fn high_dbtp(samples: &[f64]) -> f64 {
    let mut meter = TruePeakMeter::new(&StreamSpec::new(48_000.0, 1).unwrap(), Precision::High).unwrap();
    meter.observe(&Block::from_planar(samples, 1).unwrap());
    meter.reading().true_peak_dbtp
}

/// Excess of the limiter's own meter over the ceiling, in dB; sample peaks for `sample_peak`.
fn excess_db(mode: LimiterMode, samples: &[f64], ceiling_db: f64) -> f64 {
    let peak_db = match mode {
        LimiterMode::Standard => gain_to_db(Interpolator::standard().peak(samples)),
        LimiterMode::Master => high_dbtp(samples),
        _ => sample_peak_db(samples),
    };
    peak_db - ceiling_db
}

fn sample_peak_db(samples: &[f64]) -> f64 {
    gain_to_db(samples.iter().fold(0.0, |peak: f64, x| peak.max(x.abs())))
}

/// Limits one channel, with silence after it, so that all of it is output. Nothing may have been clamped.
fn limit<S: Sample>(params: &LimiterParams, rate_hz: f64, input: &[f64]) -> Vec<f64> {
    let mut limiter = params.build::<S>(&StreamSpec::new(rate_hz, 1).unwrap()).unwrap();
    let mut audio: Vec<S> = input.iter().map(|&x| S::from_f64(x)).collect();
    audio.resize(input.len() + limiter.latency_frames(), S::ZERO);
    run(&mut limiter, &mut audio, &Cut(vec![512]), vec![]);
    assert_eq!(limiter.clamped(), 0);
    audio.iter().map(|x| x.to_f64()).collect()
}

/// No sample over the ceiling, and no point of the limiter's own meter.
fn assert_no_overs(mode: LimiterMode, output: &[f64], ceiling_db: f64, what: &str) -> f64 {
    assert!(sample_peak_db(output) <= ceiling_db, "{mode:?} {what}: {} dBFS", sample_peak_db(output));
    let excess = excess_db(mode, output, ceiling_db);
    assert!(excess <= 0.0, "{mode:?} {what}: {excess} dB over");
    excess
}

/// Two channels through one limiter; nothing may have been clamped.
fn limit_pair<S: Sample>(params: &LimiterParams, rate_hz: f64, input: [&[f64]; 2], cut: usize) -> [Vec<f64>; 2] {
    let mut limiter = params.build::<S>(&StreamSpec::new(rate_hz, 2).unwrap()).unwrap();
    let frames = input[0].len() + limiter.latency_frames();
    let mut audio = vec![S::ZERO; 2 * frames];
    for (row, samples) in audio.chunks_mut(frames).zip(input) {
        row.iter_mut().zip(samples).for_each(|(own, x)| *own = S::from_f64(*x));
    }
    run(&mut limiter, &mut audio, &Cut(vec![cut]), vec![]);
    assert_eq!(limiter.clamped(), 0);
    let (left, right) = audio.split_at(frames);
    [left, right].map(|row| row.iter().map(|x| x.to_f64()).collect())
}
