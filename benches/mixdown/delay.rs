//! Delay, against a plain ring for each channel: whole times, fractional ones, cuts in the feedback, ping-pong, ducking.

use crate::{
    pair::{Group, pair},
    scalar::Biquad,
    signal::{block, format, planar},
};
use criterion::Criterion;
use mixdown::{
    Params, Processor, Sample, StreamSpec,
    modulation::{Delay, DelayParams},
};
use std::{
    f64::consts::{FRAC_1_SQRT_2, PI},
    hint::black_box,
};

const RATE_HZ: f64 = 48_000.0;
const TAPS: usize = 32;

pub fn all(criterion: &mut Criterion) {
    let (whole, fractional) = (DelayParams::default(), fractional());
    let filters = DelayParams { low_cut_hz: 150.0, high_cut_hz: 6_000.0, ..whole };
    for params in [whole, fractional, filters] {
        assert_agree(&DelayParams { time_ms: 0.71 * params.time_ms, feedback: 0.6, ..params });
    }
    let group = &mut criterion.benchmark_group("delay");
    for frames in [64, 512, 4096] {
        echoes::<f32>(group, "whole", &whole, frames);
    }
    echoes::<f64>(group, "whole", &whole, 512);
    for frames in [512, 4096] {
        echoes::<f32>(group, "fractional", &fractional, frames);
        echoes::<f32>(group, "filters", &filters, frames);
    }
    echoes::<f64>(group, "fractional", &fractional, 512);
}

/// A triplet of eighths at 140 beats per minute: 6857.14 frames.
pub fn fractional() -> DelayParams {
    DelayParams { time_ms: 6e4 / 140.0 / 3.0, ..Default::default() }
}

fn built<S: Sample>(params: &DelayParams) -> Delay<S> {
    params.build(&StreamSpec::new(RATE_HZ, 2).expect("legal")).expect("legal")
}

/// The output must not be the next input, or it would grow.
fn echoes<S: Sample>(group: &mut Group<'_>, name: &str, params: &DelayParams, frames: usize) {
    let source = planar::<S>(2, frames);
    let (mut audio, mut other) = (source.clone(), source.clone());
    let (mut delay, mut plain) = (built::<S>(params), [Plain::new(params), Plain::new(params)]);
    pair(
        group,
        &format!("{name}/{}/2ch/{frames}", format::<S>()),
        2 * frames,
        || {
            audio.copy_from_slice(&source);
            delay.process(&mut block(black_box(&mut audio), 2));
        },
        || {
            other.copy_from_slice(&source);
            for (plain, samples) in plain.iter_mut().zip(black_box(&mut other).chunks_exact_mut(frames)) {
                plain.process(samples);
            }
        },
    );
}

fn assert_agree(params: &DelayParams) {
    const FRAMES: usize = 40_000;
    let source: Vec<f64> = (0..FRAMES).map(|n| (0.05 * n as f64).sin() * (0.003 * n as f64).sin()).collect();
    let (mut audio, mut other) = ([source.clone(), source.clone()].concat(), source);
    built::<f64>(params).process(&mut block(&mut audio, 2));
    Plain::new(params).process(&mut other);
    for n in 0..FRAMES {
        assert!((audio[n] - other[n]).abs() < 1e-3, "{n}: {} {}", audio[n], other[n]);
    }
}

/// One channel: a ring, sample by sample.
struct Plain<S> {
    ring: Vec<S>,
    position: usize,
    /// Frames back to the oldest sample read, and the weights from there on; one of 1 for a whole time.
    oldest: usize,
    taps: Vec<S>,
    feedback: S,
    cuts: Option<[Biquad; 2]>,
}

impl<S: Sample> Plain<S> {
    fn new(params: &DelayParams) -> Self {
        let frames = params.time_ms * 1e-3 * RATE_HZ;
        let (whole, fraction) = ((frames + 1e-6).floor(), frames - (frames + 1e-6).floor());
        let half = (TAPS / 2) as f64;
        let sinc = |k: usize| {
            let x = k as f64 - half + fraction;
            let window = (0.5 * PI * x / half).cos().powi(4);
            if x == 0.0 { 1.0 } else { window * (PI * x).sin() / (PI * x) }
        };
        let (oldest, taps): (f64, Vec<f64>) =
            if fraction < 1e-6 { (whole, vec![1.0]) } else { (whole + half, (0..TAPS).map(sinc).collect()) };
        let cuts = [
            Biquad::high_pass(params.low_cut_hz, FRAC_1_SQRT_2, RATE_HZ),
            Biquad::low_pass(params.high_cut_hz, FRAC_1_SQRT_2, RATE_HZ),
        ];
        Self {
            ring: vec![S::ZERO; oldest as usize],
            position: 0,
            oldest: oldest as usize,
            taps: taps.into_iter().map(S::from_f64).collect(),
            feedback: S::from_f64(params.feedback),
            cuts: (params.low_cut_hz > 20.0).then_some(cuts),
        }
    }

    fn process(&mut self, samples: &mut [S]) {
        let length = self.ring.len();
        for sample in samples {
            let mut echo = S::ZERO;
            let mut read = self.position + length - self.oldest;
            for tap in &self.taps {
                if read >= length {
                    read -= length;
                }
                echo += *tap * self.ring[read];
                read += 1;
            }
            let mut again = echo;
            if let Some(cuts) = &mut self.cuts {
                again = S::from_f64(cuts.iter_mut().fold(echo.to_f64(), |x, cut| cut.tick(x)));
            }
            self.ring[self.position] = *sample + self.feedback * again;
            self.position += 1;
            if self.position == length {
                self.position = 0;
            }
            *sample = echo;
        }
    }
}
