//! Clipper: idle and 12 dB over its ceiling, beside the same filters and curve in plain loops, twice as it does.

use crate::{
    pair::{Group, pair},
    signal::{block, format, planar},
};
use criterion::Criterion;
use mixdown::{Params, Processor, Sample, StreamSpec, db_to_gain, saturation::ClipperParams};
use std::{f64::consts::PI, hint::black_box};

const RATE_HZ: f64 = 48_000.0;

/// A peak of pink noise at -18 dBFS lies near -6 dBFS: these ceilings are far below it, and above it.
pub fn all(criterion: &mut Criterion) {
    assert_agree();
    let group = &mut criterion.benchmark_group("clipper");
    let driven = ClipperParams { ceiling_db: -18.0, oversample: 4, ..Default::default() };
    let idle = ClipperParams { ceiling_db: 0.0, ..driven };
    for frames in [512, 4096] {
        clip::<f32>(group, "driven_4x", driven, frames);
        clip::<f32>(group, "idle_4x", idle, frames);
    }
    clip::<f32>(group, "driven", ClipperParams { oversample: 8, ..driven }, 512);
    clip::<f32>(group, "idle", ClipperParams { oversample: 8, ..idle }, 512);
    clip::<f64>(group, "driven_4x", driven, 512);
}

/// Audio is clipped from a constant source: clipping the same block repeatedly would leave nothing to clip.
fn clip<S: Sample>(group: &mut Group<'_>, name: &str, settings: ClipperParams, frames: usize) {
    let source = planar::<S>(2, frames);
    let (mut out, mut plain_out) = (source.clone(), source.clone());
    let mut clipper = settings.build::<S>(&StreamSpec::new(RATE_HZ, 2).expect("legal")).expect("legal");
    let mut plain = [(); 2].map(|()| passes(settings));
    pair(
        group,
        &format!("{name}/{}/2ch/{frames}", format::<S>()),
        2 * frames,
        || {
            out.copy_from_slice(black_box(&source));
            clipper.process(&mut block(&mut out, 2));
        },
        || {
            plain_out.copy_from_slice(black_box(&source));
            for (plain, samples) in plain.iter_mut().zip(plain_out.chunks_exact_mut(frames)) {
                samples.iter_mut().for_each(|sample| *sample = S::from_f64(twice(plain, sample.to_f64())));
            }
        },
    );
}

/// Checks both at another ceiling, apart from their latencies and from what their filters do near 20 kHz.
fn assert_agree() {
    const FRAMES: usize = 8_192;
    let settings = ClipperParams { ceiling_db: -12.0, knee_db: 2.0, oversample: 4, ..Default::default() };
    let source: Vec<f64> = (0..FRAMES).map(|n| (0.05 * n as f64).sin() * (0.003 * n as f64).sin()).collect();
    let mut clipper = settings.build::<f64>(&StreamSpec::new(RATE_HZ, 1).expect("legal")).expect("legal");
    let mut out = source.clone();
    clipper.process(&mut block(&mut out, 1));
    let mut plain = passes(settings);
    let expected: Vec<f64> = source.iter().map(|x| twice(&mut plain, *x)).collect();
    let (own, other) = (clipper.latency_frames(), 2 * plain[0].latency());
    let start = own.max(other);
    for n in start..FRAMES - start {
        assert!((out[n + own] - expected[n + other]).abs() < 1e-3, "{n}: {} {}", out[n + own], expected[n + other]);
    }
}

/// The second pass is a hard clip.
fn passes(settings: ClipperParams) -> [Plain; 2] {
    [Plain::new(settings), Plain::new(ClipperParams { knee_db: 0.0, ..settings })]
}

fn twice(plain: &mut [Plain; 2], x: f64) -> f64 {
    let once = plain[0].tick(x);
    plain[1].tick(once)
}

/// One channel: interpolation, the curve, decimation, sample by sample.
struct Plain {
    taps: Vec<f64>,
    /// The newest frames, and the newest samples of what is taken away, at the end.
    input: Vec<f64>,
    taken: Vec<f64>,
    ceiling: f64,
    knee: f64,
    factor: usize,
}

impl Plain {
    /// Frames on either side of an interpolation: as long as the cascade.
    const REACH: usize = 28;

    fn latency(&self) -> usize {
        2 * Self::REACH - 1
    }

    fn new(settings: ClipperParams) -> Self {
        let factor = settings.oversample;
        let half = (factor * Self::REACH) as f64;
        let taps = (1..2 * factor * Self::REACH).map(|n| {
            let x = n as f64 - half;
            let sinc = if x == 0.0 { 1.0 } else { (PI * x / factor as f64).sin() / (PI * x / factor as f64) };
            sinc * (0.42 + 0.5 * (PI * x / half).cos() + 0.08 * (2.0 * PI * x / half).cos())
        });
        Self {
            taps: taps.collect(),
            input: vec![0.0; 2 * Self::REACH],
            taken: vec![0.0; 2 * factor * Self::REACH],
            factor,
            ceiling: db_to_gain(settings.ceiling_db),
            knee: 1.0 - db_to_gain(-settings.knee_db),
        }
    }

    fn tick(&mut self, x: f64) -> f64 {
        self.input.rotate_left(1);
        *self.input.last_mut().expect("not empty") = x;
        let mut down = 0.0;
        for phase in 0..self.factor {
            // Tap factor k + phase meets the frame k ago.
            let frames = self.input.iter().rev();
            let up: f64 = self.taps[phase..].iter().step_by(self.factor).zip(frames).map(|(h, x)| h * x).sum();
            let taken = self.curve(up / self.ceiling);
            self.taken.rotate_left(1);
            *self.taken.last_mut().expect("not empty") = taken;
            // Both filters delay by factor REACH - 1 samples: this one ends on a whole frame.
            if phase == self.factor - 2 {
                down = self.taps.iter().zip(self.taken.iter().rev()).map(|(h, x)| h * x).sum();
            }
        }
        self.input[0] + self.ceiling * down / self.factor as f64
    }

    fn curve(&self, x: f64) -> f64 {
        let (a, start) = (x.abs(), 1.0 - self.knee);
        let taken = match a {
            _ if a <= start => 0.0,
            _ if a < 1.0 + self.knee => -(a - start) * (a - start) / (4.0 * self.knee),
            _ => 1.0 - a,
        };
        taken * x.signum()
    }
}
