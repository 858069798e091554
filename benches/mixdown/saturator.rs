//! Saturator: curves and factors, beside the curve, tanh by the C library, in filters of the same length in plain loops.

use crate::{
    oversampled::Oversampled,
    pair::{Group, pair},
    signal::{block, format, planar},
};
use criterion::Criterion;
use mixdown::{
    Params, Processor, Sample, StreamSpec, db_to_gain,
    saturation::{SaturatorCurve, SaturatorParams},
};
use std::hint::black_box;

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

/// One channel.
pub struct Plain {
    oversampled: Oversampled,
    drive: f64,
    curve: SaturatorCurve,
}

impl Plain {
    pub fn new(params: &SaturatorParams) -> Self {
        Self {
            oversampled: Oversampled::new(params.oversample),
            drive: db_to_gain(params.drive_db),
            curve: params.curve,
        }
    }

    fn latency(&self) -> usize {
        self.oversampled.latency()
    }

    pub fn tick(&mut self, x: f64) -> f64 {
        let curve = self.curve;
        self.oversampled.tick(self.drive * x, |x| {
            let clamped = x.clamp(-1.5, 1.5);
            match curve {
                SaturatorCurve::Tanh => x.tanh(),
                SaturatorCurve::Hard => x.clamp(-1.0, 1.0),
                SaturatorCurve::Cubic => clamped - 4.0 / 27.0 * clamped.powi(3),
                SaturatorCurve::SoftClip => clamped - 0.5 * (clamped.abs() - 0.5).max(0.0).powi(2) * clamped.signum(),
            }
        })
    }
}
