//! Tremolo and auto-pan.

use crate::{
    pair::{Group, pair},
    signal::{assert_close, block, format, planar, rounding},
};
use criterion::Criterion;
use mixdown::{
    Params, Processor, Sample, StreamSpec,
    modulation::{Tremolo, TremoloParams},
};
use std::{f64::consts::TAU, hint::black_box};

const RATE_HZ: f64 = 48_000.0;

pub fn all(criterion: &mut Criterion) {
    let group = &mut criterion.benchmark_group("tremolo");
    for frames in [64, 512, 4096] {
        stereo::<f32>(group, "sine", 0.0, frames);
        stereo::<f32>(group, "auto_pan", 180.0, frames);
    }
    stereo::<f64>(group, "sine", 0.0, 512);
}

fn settings(stereo_phase_degrees: f64) -> TremoloParams {
    TremoloParams { rate_hz: 5.0, depth: 0.5, stereo_phase_degrees, ..Default::default() }
}

fn build<S: Sample>(params: &TremoloParams) -> Tremolo<S> {
    params.build(&StreamSpec::new(RATE_HZ, 2).expect("legal")).expect("legal")
}

fn plain<S: Sample>(params: &TremoloParams, start: usize, samples: &mut [S]) {
    let (left, right) = samples.split_at_mut(samples.len() / 2);
    let (depth, opposed) = (params.depth, params.stereo_phase_degrees == 180.0);
    for ((n, left), right) in (start..).zip(left).zip(right) {
        let wave = (TAU * (params.rate_hz * n as f64 / RATE_HZ)).sin();
        let mut gains = [1.0 - depth * (0.5 - 0.5 * wave); 2];
        if opposed {
            gains[1] = 1.0 - depth * (0.5 + 0.5 * wave);
            let power = gains[0] * gains[0] + gains[1] * gains[1];
            let factor = ((1.0 + (1.0 - depth) * (1.0 - depth)) / power).sqrt();
            gains = gains.map(|gain| gain * factor);
        }
        *left = S::from_f64(left.to_f64() * gains[0]);
        *right = S::from_f64(right.to_f64() * gains[1]);
    }
}

/// From the source each time, since the level would fall.
fn stereo<S: Sample>(group: &mut Group<'_>, name: &str, phase: f64, frames: usize) {
    let params = black_box(settings(phase));
    let source = planar::<S>(2, frames);
    let (mut audio, mut other) = (source.clone(), source.clone());
    let (mut ours, mut start) = (build::<S>(&params), 0);
    ours.process(&mut block(&mut audio, 2));
    plain(&params, start, &mut other);
    // The fast logarithm of the correction is good to 1e-8.
    assert_close("tremolo", &audio, &other, rounding::<S>().max(1e-7));
    pair(
        group,
        &format!("{name}/{}/2ch/{frames}", format::<S>()),
        2 * frames,
        || {
            audio.copy_from_slice(black_box(&source));
            ours.process(&mut block(black_box(&mut audio), 2));
        },
        || {
            other.copy_from_slice(black_box(&source));
            plain(&params, start, black_box(&mut other));
            start += frames;
        },
    );
}
