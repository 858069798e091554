//! Clipper: idle and 12 dB over its ceiling, beside the same filters and curve in plain loops, twice as it does.

use crate::{
    oversampled::Oversampled,
    pair::{Group, pair},
    signal::{block, format, planar},
};
use criterion::Criterion;
use mixdown::{Params, Processor, Sample, StreamSpec, db_to_gain, saturation::ClipperParams};
use std::hint::black_box;

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

/// One channel.
struct Plain {
    oversampled: Oversampled,
    ceiling: f64,
    knee: f64,
}

impl Plain {
    fn new(settings: ClipperParams) -> Self {
        Self {
            oversampled: Oversampled::new(settings.oversample),
            ceiling: db_to_gain(settings.ceiling_db),
            knee: 1.0 - db_to_gain(-settings.knee_db),
        }
    }

    fn latency(&self) -> usize {
        self.oversampled.latency()
    }

    fn tick(&mut self, x: f64) -> f64 {
        let (ceiling, knee) = (self.ceiling, self.knee);
        let taken = self.oversampled.tick(x, |x| taken(x / ceiling, knee));
        self.oversampled.delayed() + ceiling * taken
    }
}

/// What the curve takes away, of half width `knee`.
fn taken(x: f64, knee: f64) -> f64 {
    let (a, start) = (x.abs(), 1.0 - knee);
    let taken = match a {
        _ if a <= start => 0.0,
        _ if a < 1.0 + knee => -(a - start) * (a - start) / (4.0 * knee),
        _ => 1.0 - a,
    };
    taken * x.signum()
}
