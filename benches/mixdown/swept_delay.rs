//! Chorus, flanger and vibrato, against a plain scalar loop: a ring, a sine for each frame and four points of Lagrange.
//!
//! The plain one interpolates by four points where ours takes 14, so that its output differs and is not compared.

use crate::{
    pair::{Group, pair},
    signal::{block, planar},
};
use criterion::Criterion;
use mixdown::{
    Params, Processor, StreamSpec,
    modulation::{ChorusParams, FlangerParams, VibratoParams},
};
use std::{f32::consts::TAU, hint::black_box};

const RATE_HZ: f32 = 48_000.0;

pub fn all(criterion: &mut Criterion) {
    let voices =
        |count: usize| (0..count).map(|n| (12.0 + 1.2 * n as f32, n as f32 / count as f32)).collect::<Vec<_>>();
    for (name, count) in [("default", 3), ("voices8", 8)] {
        let params = ChorusParams { voices: count, ..Default::default() };
        let plain = || Plain::new(&voices(count), [2.0, 0.8], 0.0);
        compare(&mut criterion.benchmark_group("chorus"), name, params, plain);
    }
    let flanger = || Plain::new(&[(3.0, 0.0)], [2.0, 0.25], 0.5);
    compare(&mut criterion.benchmark_group("flanger"), "default", FlangerParams::default(), flanger);
    let vibrato = || Plain::new(&[(5.2, 0.0)], [0.55, 5.0], 0.0);
    compare(&mut criterion.benchmark_group("vibrato"), "default", VibratoParams::default(), vibrato);
}

fn compare(group: &mut Group<'_>, name: &str, params: impl Params, plain: impl Fn() -> Plain) {
    let mut processor = params.build::<f32>(&StreamSpec::new(f64::from(RATE_HZ), 2).expect("legal")).expect("legal");
    let mut sides = [plain(), plain()];
    // The output must not be the next input.
    let source = planar::<f32>(2, 512);
    let (mut audio, mut other) = (source.clone(), source.clone());
    pair(
        group,
        &format!("{name}/f32/2ch/512"),
        2 * 512,
        || {
            audio.copy_from_slice(&source);
            processor.process(&mut block(black_box(&mut audio), 2));
        },
        || {
            other.copy_from_slice(&source);
            for (side, samples) in sides.iter_mut().zip(black_box(&mut other).chunks_exact_mut(512)) {
                side.process(samples);
            }
        },
    );
}

/// Sample by sample, the straightforward form.
struct Plain {
    ring: Vec<f32>,
    position: usize,
    /// Centre in ms, and phase.
    voices: Vec<(f32, f32)>,
    depth_ms: f32,
    rate_hz: f32,
    phase: f32,
    feedback: f32,
}

impl Plain {
    fn new(voices: &[(f32, f32)], [depth_ms, rate_hz]: [f32; 2], feedback: f32) -> Self {
        let voices = voices.to_vec();
        Self { ring: vec![0.0; 4_096], position: 0, voices, depth_ms, rate_hz, phase: 0.0, feedback }
    }

    fn process(&mut self, samples: &mut [f32]) {
        let length = self.ring.len();
        for sample in samples {
            let mut wet = 0.0;
            for (centre_ms, turn) in &self.voices {
                let delay = (centre_ms + self.depth_ms * (TAU * (self.phase + turn)).sin()) * 1e-3 * RATE_HZ;
                let whole = delay as usize;
                let x = delay - whole as f32;
                let at = |n: usize| self.ring[(self.position + length - whole - n) % length];
                let (a, b, c, d) = (at(0), at(1), at(2), at(3));
                let x = x + 1.0;
                wet += a * (x - 1.0) * (x - 2.0) * (x - 3.0) / -6.0 + b * x * (x - 2.0) * (x - 3.0) / 2.0
                    - c * x * (x - 1.0) * (x - 3.0) / 2.0
                    + d * x * (x - 1.0) * (x - 2.0) / 6.0;
            }
            self.ring[self.position] = *sample + self.feedback * wet;
            self.position = (self.position + 1) % length;
            self.phase = (self.phase + self.rate_hz / RATE_HZ).fract();
            *sample = 0.5 * (*sample + wet);
        }
    }
}
