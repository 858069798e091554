//! Chorus, flanger and vibrato, against a plain scalar loop: a ring, a sine for each frame and four points of Lagrange.
//!
//! The plain one interpolates by four points where ours takes 14: they are compared on a low tone.

use crate::{
    pair::{Group, pair},
    signal::{assert_close, block, planar},
};
use criterion::Criterion;
use mixdown::{
    Params, Processor, StreamSpec,
    modulation::{ChorusParams, FlangerParams, VibratoParams},
};
use std::{f32::consts::TAU, hint::black_box};

const RATE_HZ: f32 = 48_000.0;

pub fn all(criterion: &mut Criterion) {
    for (name, count) in [("voices3", 3), ("voices8", 8)] {
        let params = ChorusParams { voices: count, ..Default::default() };
        let voice = |at: f32| (12.0 * (1.0 + 0.3 * (0.618_034 * at).fract()), at / count as f32);
        let plain = |side: usize| {
            let voices = (0..count).map(|n| voice(n as f32 + 0.5 * side as f32)).collect();
            Plain::new(voices, [2.0, 0.8], 0.0, 0.5)
        };
        compare(&mut criterion.benchmark_group("chorus"), name, &params, plain);
    }
    let flanger = |_| Plain::new(vec![(3.0, 0.0)], [2.0, 0.25], 0.5, 0.5);
    compare(&mut criterion.benchmark_group("flanger"), "feedback", &FlangerParams::default(), flanger);
    // A centre of 248 frames, and 30 cents.
    let depth_ms = 1e3 * (0.025_f32.exp2() - 1.0) / (TAU * 5.0);
    let vibrato = |_| Plain::new(vec![(248.0 / 48.0, 0.0)], [depth_ms, 5.0], 0.0, 0.0);
    let params = VibratoParams { rate_hz: 5.0, depth_cents: 30.0, ..Default::default() };
    compare(&mut criterion.benchmark_group("vibrato"), "cents30", &params, vibrato);
}

/// The plain form of a left and of a right side.
fn compare(group: &mut Group<'_>, name: &str, params: &impl Params, plain: impl Fn(usize) -> Plain) {
    let build = || params.build::<f32>(&StreamSpec::new(f64::from(RATE_HZ), 2).expect("legal")).expect("legal");
    let wet_gain = level(&mut build(), [plain(0), plain(1)]);
    let mut processor = build();
    let mut sides = [0, 1].map(|side| Plain { wet_gain, ..plain(side) });
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

/// The gain of the wet signal, which a chorus levels. But for it both must agree.
fn level(processor: &mut impl Processor<f32>, mut sides: [Plain; 2]) -> f32 {
    const FRAMES: usize = 4_096;
    /// Of a tone of 0.1.
    const TOLERANCE: f64 = 5e-5;
    let tone = |n: usize| {
        let fade = 0.5 - 0.5 * (0.5 * TAU * (n.min(1_024) as f32 / 1_024.0)).cos();
        0.1 * fade * (TAU * (n as f32 / 240.0).fract()).sin()
    };
    let source: Vec<f32> = (0..2 * FRAMES).map(|n| tone(n % FRAMES)).collect();
    let (mut ours, mut wet) = (source.clone(), source.clone());
    processor.process(&mut block(&mut ours, 2));
    let dry_gain = sides[0].dry_gain;
    for (side, samples) in sides.iter_mut().zip(wet.chunks_exact_mut(FRAMES)) {
        (side.dry_gain, side.wet_gain) = (0.0, 1.0);
        side.process(samples);
    }
    let product = |a: &[f32]| a.iter().zip(&wet).map(|(a, wet)| f64::from(a * wet)).sum::<f64>();
    let gain = ((product(&ours) - f64::from(dry_gain) * product(&source)) / product(&wet)) as f32;
    let plain: Vec<f32> = source.iter().zip(&wet).map(|(dry, wet)| dry_gain * dry + gain * wet).collect();
    assert_close("swept delay", &ours, &plain, TOLERANCE);
    gain
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
    dry_gain: f32,
    wet_gain: f32,
}

impl Plain {
    fn new(voices: Vec<(f32, f32)>, [depth_ms, rate_hz]: [f32; 2], feedback: f32, dry_gain: f32) -> Self {
        let ring = vec![0.0; 4_096];
        Self { ring, position: 0, voices, depth_ms, rate_hz, phase: 0.0, feedback, dry_gain, wet_gain: 1.0 }
    }

    fn process(&mut self, samples: &mut [f32]) {
        let length = self.ring.len();
        for sample in samples {
            let mut wet = 0.0;
            for (centre_ms, turn) in &self.voices {
                let delay = (centre_ms + self.depth_ms * (TAU * (self.phase + turn)).sin()) * 1e-3 * RATE_HZ;
                let whole = delay as usize;
                let x = delay - whole as f32;
                let at = |n: usize| self.ring[(self.position + length + 1 - whole - n) % length];
                let (a, b, c, d) = (at(0), at(1), at(2), at(3));
                let x = x + 1.0;
                wet += a * (x - 1.0) * (x - 2.0) * (x - 3.0) / -6.0 + b * x * (x - 2.0) * (x - 3.0) / 2.0
                    - c * x * (x - 1.0) * (x - 3.0) / 2.0
                    + d * x * (x - 1.0) * (x - 2.0) / 6.0;
            }
            self.ring[self.position] = *sample + self.feedback * wet;
            self.position = (self.position + 1) % length;
            self.phase = (self.phase + self.rate_hz / RATE_HZ).fract();
            *sample = self.dry_gain * *sample + self.wet_gain * wet;
        }
    }
}
