//! Phaser: six stages with feedback, on two channels.

use crate::{
    pair::{Group, pair},
    signal::{assert_close, block, format, planar},
};
use criterion::Criterion;
use mixdown::{
    Params, Processor, Sample, StreamSpec,
    modulation::{Phaser, PhaserParams},
};
use std::{
    f64::consts::{PI, TAU},
    hint::black_box,
};

const RATE_HZ: f64 = 48_000.0;
const STAGES: usize = 6;
/// Frames between two exact coefficients, in the plain loop too.
const STEP: usize = 8;

pub fn all(criterion: &mut Criterion) {
    let group = &mut criterion.benchmark_group("phaser");
    for frames in [64, 512, 4096] {
        stereo::<f32>(group, frames);
    }
    stereo::<f64>(group, 512);
}

/// An all pass alone, which keeps the level of a buffer processed again and again.
fn settings() -> PhaserParams {
    PhaserParams { stages: STAGES, mix: 1.0, ..Default::default() }
}

fn build<S: Sample>() -> Phaser<S> {
    settings().build(&StreamSpec::new(RATE_HZ, 2).expect("legal")).expect("legal")
}

#[derive(Default)]
struct Plain {
    frame: usize,
    states: [[f64; STAGES]; 2],
}

impl Plain {
    fn coefficients(&self, params: &PhaserParams, frame: usize, side: usize) -> [f64; 2] {
        let offset = side as f64 * params.stereo_phase_degrees / 360.0;
        let phase = params.rate_hz * frame as f64 / RATE_HZ + offset;
        let corner_hz = params.frequency_hz * (params.depth_octaves * (TAU * phase).sin()).exp2();
        let a = (PI * (corner_hz / RATE_HZ - 0.25)).tan();
        [a, (1.0 - a * a).sqrt()]
    }

    fn process<S: Sample>(&mut self, params: &PhaserParams, samples: &mut [S]) {
        let frames = samples.len() / 2;
        let f = -params.feedback;
        for (side, samples) in samples.chunks_exact_mut(frames).enumerate() {
            for (n, samples) in samples.chunks_mut(STEP).enumerate() {
                let [from, to] = [n, n + 1].map(|point| self.coefficients(params, self.frame + point * STEP, side));
                for (k, sample) in samples.iter_mut().enumerate() {
                    let u = k as f64 / STEP as f64;
                    let (a, c) = (from[0] + u * (to[0] - from[0]), from[1] + u * (to[1] - from[1]));
                    let x = sample.to_f64();
                    let s = self.states[side].iter().fold(0.0, |sum, t| a * sum + c * t);
                    let u = (x + f * s) / (1.0 - f * a.powi(STAGES as i32));
                    let mut y = u;
                    for t in &mut self.states[side] {
                        (y, *t) = (a * y + c * *t, c * y - a * *t);
                    }
                    let wet = y - f * u;
                    *sample = S::from_f64(x + params.mix * (wet - x));
                }
            }
        }
        self.frame += frames;
    }
}

fn stereo<S: Sample>(group: &mut Group<'_>, frames: usize) {
    /// The exponential of the corner is good to 1e-8.
    const TOLERANCE: f64 = 1e-5;
    let params = black_box(settings());
    let (mut audio, mut other) = (planar::<S>(2, frames), planar::<S>(2, frames));
    let (mut ours, mut plain) = (build::<S>(), Plain::default());
    ours.process(&mut block(&mut audio, 2));
    plain.process(&params, &mut other);
    assert_close("phaser", &audio, &other, TOLERANCE);
    pair(
        group,
        &format!("6_stages/{}/2ch/{frames}", format::<S>()),
        2 * frames,
        || ours.process(&mut block(black_box(&mut audio), 2)),
        || plain.process(&params, black_box(&mut other)),
    );
}
