//! The soft clip of delivery, idle and 12 dB over its ceiling, beside the same filters and curve in plain loops.

use crate::{
    pair::{Group, pair},
    signal::{block, format, planar},
};
use criterion::Criterion;
use mixdown::{
    Sample, StreamSpec, db_to_gain,
    saturation::{SoftClip, SoftClipSettings},
};
use std::{f64::consts::PI, hint::black_box};

const RATE_HZ: f64 = 48_000.0;
/// A peak of pink noise at -18 dBFS lies near -6 dBFS: these are far below it, and above it.
const DRIVEN: SoftClipSettings = SoftClipSettings { ceiling_db: -18.0, knee_db: 1.0 };
const IDLE: SoftClipSettings = SoftClipSettings { ceiling_db: 12.0, knee_db: 1.0 };

pub fn all(criterion: &mut Criterion) {
    assert_agree();
    let group = &mut criterion.benchmark_group("soft_clip");
    for frames in [512, 4096] {
        clip::<f32>(group, "driven", DRIVEN, frames);
        clip::<f32>(group, "idle", IDLE, frames);
    }
    clip::<f64>(group, "driven", DRIVEN, 512);
}

/// Audio is clipped from a constant source: clipping the same block repeatedly would leave nothing to clip.
fn clip<S: Sample>(group: &mut Group<'_>, name: &str, settings: SoftClipSettings, frames: usize) {
    let source = planar::<S>(2, frames);
    let (mut out, mut plain_out) = (source.clone(), source.clone());
    let mut stage = SoftClip::<S>::new(settings, &StreamSpec::new(RATE_HZ, 2).expect("legal"));
    let mut plain = [Plain::new(settings), Plain::new(settings)];
    pair(
        group,
        &format!("{name}/{}/2ch/{frames}", format::<S>()),
        2 * frames,
        || {
            out.copy_from_slice(black_box(&source));
            stage.process(&mut block(&mut out, 2));
        },
        || {
            plain_out.copy_from_slice(black_box(&source));
            for (plain, samples) in plain.iter_mut().zip(plain_out.chunks_exact_mut(frames)) {
                samples.iter_mut().for_each(|sample| *sample = S::from_f64(plain.tick(sample.to_f64())));
            }
        },
    );
}

/// Checks both at another ceiling, apart from their latencies and from what their filters do near 20 kHz.
fn assert_agree() {
    const FRAMES: usize = 8_192;
    let settings = SoftClipSettings { ceiling_db: -12.0, knee_db: 2.0 };
    let source: Vec<f64> = (0..FRAMES).map(|n| (0.05 * n as f64).sin() * (0.003 * n as f64).sin()).collect();
    let mut stage = SoftClip::<f64>::new(settings, &StreamSpec::new(RATE_HZ, 1).expect("legal"));
    let mut out = source.clone();
    stage.process(&mut block(&mut out, 1));
    let mut plain = Plain::new(settings);
    let expected: Vec<f64> = source.iter().map(|x| plain.tick(*x)).collect();
    let (own, other) = (stage.latency_frames(), Plain::LATENCY);
    let start = own.max(other);
    for n in start..FRAMES - start {
        assert!((out[n + own] - expected[n + other]).abs() < 1e-3, "{n}: {} {}", out[n + own], expected[n + other]);
    }
}

/// One channel: interpolation by four, the curve, decimation, sample by sample.
struct Plain {
    taps: Vec<f64>,
    /// The newest frames, and the newest samples of what is taken away, at the end.
    input: Vec<f64>,
    taken: Vec<f64>,
    ceiling: f64,
    knee: f64,
}

impl Plain {
    /// Frames on either side of an interpolation: as long as the cascade.
    const REACH: usize = 28;
    const LATENCY: usize = 2 * Self::REACH - 1;

    fn new(settings: SoftClipSettings) -> Self {
        let half = (4 * Self::REACH) as f64;
        let taps = (1..8 * Self::REACH).map(|n| {
            let x = n as f64 - half;
            let sinc = if x == 0.0 { 1.0 } else { (PI * x / 4.0).sin() / (PI * x / 4.0) };
            sinc * (0.42 + 0.5 * (PI * x / half).cos() + 0.08 * (2.0 * PI * x / half).cos())
        });
        Self {
            taps: taps.collect(),
            input: vec![0.0; 2 * Self::REACH],
            taken: vec![0.0; 8 * Self::REACH],
            ceiling: db_to_gain(settings.ceiling_db),
            knee: 1.0 - db_to_gain(-settings.knee_db),
        }
    }

    fn tick(&mut self, x: f64) -> f64 {
        self.input.rotate_left(1);
        *self.input.last_mut().expect("not empty") = x;
        let mut down = 0.0;
        for phase in 0..4 {
            // Tap 4 k + phase meets the frame k ago.
            let frames = self.input.iter().rev();
            let up: f64 = self.taps[phase..].iter().step_by(4).zip(frames).map(|(h, x)| h * x).sum();
            let taken = self.curve(up / self.ceiling);
            self.taken.rotate_left(1);
            *self.taken.last_mut().expect("not empty") = taken;
            // Both filters delay by 4 REACH - 1 samples: this one ends on a whole frame.
            if phase == 2 {
                down = self.taps.iter().zip(self.taken.iter().rev()).map(|(h, x)| h * x).sum();
            }
        }
        self.input[0] + 0.25 * self.ceiling * down
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
