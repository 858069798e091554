//! Saturator: curves and factors, beside filters of the same length and the curve of the C library in plain loops.
//!
//! The plain loop has no antialiasing but the oversampling: what a user would write. It runs tanh itself, or the clip.

use crate::{
    pair::{Group, pair},
    signal::{block, format, planar},
};
use criterion::Criterion;
use mixdown::{
    Params, Processor, Sample, StreamSpec, db_to_gain,
    saturation::{SaturatorCurve, SaturatorParams},
};
use std::{f64::consts::PI, hint::black_box};

const RATE_HZ: f64 = 48_000.0;

pub fn all(criterion: &mut Criterion) {
    assert_agree();
    let group = &mut criterion.benchmark_group("saturator");
    let tanh = SaturatorParams { drive_db: 12.0, ..Default::default() };
    saturate::<f32>(group, "tanh", tanh, 512);
    saturate::<f32>(group, "tanh_24db", SaturatorParams { drive_db: 24.0, ..tanh }, 512);
    for curve in [SaturatorCurve::Hard, SaturatorCurve::Cubic, SaturatorCurve::SoftClip] {
        saturate::<f32>(group, curve.word(), SaturatorParams { curve, ..tanh }, 512);
    }
    for oversample in [1, 2, 8, 16] {
        saturate::<f32>(group, &format!("tanh_{oversample}x"), SaturatorParams { oversample, ..tanh }, 512);
    }
    saturate::<f32>(group, "tanh_auto_gain", SaturatorParams { auto_gain: true, bias: 0.2, ..tanh }, 512);
    saturate::<f64>(group, "tanh", tanh, 512);
}

fn saturate<S: Sample>(group: &mut Group<'_>, name: &str, params: SaturatorParams, frames: usize) {
    let source = planar::<S>(2, frames);
    let (mut out, mut plain_out) = (source.clone(), source.clone());
    let mut saturator = params.build::<S>(&StreamSpec::new(RATE_HZ, 2).expect("legal")).expect("legal");
    let mut plain = [Plain::new(&params), Plain::new(&params)];
    pair(
        group,
        &format!("{name}/{}/2ch/{frames}", format::<S>()),
        2 * frames,
        || {
            out.copy_from_slice(black_box(&source));
            saturator.process(&mut block(&mut out, 2));
        },
        || {
            plain_out.copy_from_slice(black_box(&source));
            for (plain, samples) in plain.iter_mut().zip(plain_out.chunks_exact_mut(frames)) {
                samples.iter_mut().for_each(|sample| *sample = S::from_f64(plain.tick(sample.to_f64())));
            }
        },
    );
}

/// Checks both at another drive, apart from their latencies and from what their filters do near 20 kHz.
fn assert_agree() {
    const FRAMES: usize = 8_192;
    for oversample in [1, 4] {
        let params = SaturatorParams { drive_db: 6.0, oversample, ..Default::default() };
        let source: Vec<f64> = (0..FRAMES).map(|n| (0.05 * n as f64).sin() * (0.003 * n as f64).sin()).collect();
        let mut saturator = params.build::<f64>(&StreamSpec::new(RATE_HZ, 1).expect("legal")).expect("legal");
        let mut out = source.clone();
        saturator.process(&mut block(&mut out, 1));
        let mut plain = Plain::new(&params);
        let expected: Vec<f64> = source.iter().map(|x| plain.tick(*x)).collect();
        let (own, other) = (saturator.latency_frames(), plain.latency());
        let start = own.max(other);
        for n in start..FRAMES - start {
            assert!((out[n + own] - expected[n + other]).abs() < 2e-3, "{n}: {} {}", out[n + own], expected[n + other]);
        }
    }
}

/// One channel: interpolation, the curve, decimation, sample by sample.
pub struct Plain {
    taps: Vec<f64>,
    factor: usize,
    /// The newest frames, and the newest samples of the curve, at the end.
    input: Vec<f64>,
    curved: Vec<f64>,
    drive: f64,
    curve: SaturatorCurve,
}

impl Plain {
    /// Frames on either side of an interpolation: as long as the cascade.
    const REACH: usize = 28;

    pub fn new(params: &SaturatorParams) -> Self {
        let factor = params.oversample;
        let half = (factor * Self::REACH) as f64;
        let taps = (1..2 * factor * Self::REACH).map(|n| {
            let x = n as f64 - half;
            let sinc = if x == 0.0 { 1.0 } else { (PI * x / factor as f64).sin() / (PI * x / factor as f64) };
            sinc * (0.42 + 0.5 * (PI * x / half).cos() + 0.08 * (2.0 * PI * x / half).cos())
        });
        Self {
            taps: taps.collect(),
            factor,
            input: vec![0.0; 2 * Self::REACH],
            curved: vec![0.0; 2 * factor * Self::REACH],
            drive: db_to_gain(params.drive_db),
            curve: params.curve,
        }
    }

    pub fn latency(&self) -> usize {
        if self.factor == 1 { 0 } else { 2 * Self::REACH - 1 }
    }

    fn curve(&self, x: f64) -> f64 {
        let clamped = x.clamp(-1.5, 1.5);
        match self.curve {
            SaturatorCurve::Tanh => x.tanh(),
            SaturatorCurve::Hard => x.clamp(-1.0, 1.0),
            SaturatorCurve::Cubic => clamped - 4.0 / 27.0 * clamped.powi(3),
            SaturatorCurve::SoftClip => clamped - 0.5 * (clamped.abs() - 0.5).max(0.0).powi(2) * clamped.signum(),
        }
    }

    pub fn tick(&mut self, x: f64) -> f64 {
        if self.factor == 1 {
            return self.curve(self.drive * x);
        }
        self.input.rotate_left(1);
        *self.input.last_mut().expect("not empty") = x;
        let mut down = 0.0;
        for phase in 0..self.factor {
            // Tap factor k + phase meets the frame k ago.
            let frames = self.input.iter().rev();
            let up: f64 = self.taps[phase..].iter().step_by(self.factor).zip(frames).map(|(h, x)| h * x).sum();
            let curved = self.curve(self.drive * up);
            self.curved.rotate_left(1);
            *self.curved.last_mut().expect("not empty") = curved;
            // Both filters delay by factor REACH - 1 samples: this one ends on a whole frame.
            if phase == self.factor - 2 {
                down = self.taps.iter().zip(self.curved.iter().rev()).map(|(h, x)| h * x).sum();
            }
        }
        down / self.factor as f64
    }
}
