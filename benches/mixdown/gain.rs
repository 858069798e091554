//! A fader at rest and gliding.

use crate::{
    pair::{Group, pair},
    scalar::Ramp,
    signal::{assert_close, block, format, planar, rounding},
};
use criterion::Criterion;
use mixdown::{
    Cpu, Params, Processor, Sample, StreamSpec, Tunable, db_to_gain,
    levels::{Gain, GainParams},
    ms_to_frames,
};
use std::hint::black_box;

/// At this rate the glide of 20 ms is longer than the longest block, so that all of it glides.
pub const MOVING_RATE_HZ: f64 = 384_000.0;
/// Length of a gain's glide, in ms.
pub const GLIDE_MS: f64 = 20.0;
/// A step so small that a million of them keep the level, with all of the arithmetic in place.
const STEP_DB: f64 = 1e-9;

pub fn all(criterion: &mut Criterion) {
    let group = &mut criterion.benchmark_group("gain");
    for frames in [64, 512, 4096] {
        still::<f32>(group, frames);
        still::<f64>(group, frames);
        ramp::<f32>(group, "ramp", Cpu::Detected, frames);
        ramp::<f64>(group, "ramp", Cpu::Detected, frames);
    }
    ramp::<f32>(group, "ramp/baseline", Cpu::Baseline, 512);
}

/// Inverted polarity: a multiplication that keeps the level.
fn still<S: Sample>(group: &mut Group<'_>, frames: usize) {
    let spec = StreamSpec::new(48_000.0, 2).expect("legal");
    let params = GainParams { gain_db: 0.0, invert_polarity: true };
    let mut gain = params.build::<S>(&spec).expect("legal");
    let (mut audio, mut other) = (planar::<S>(2, frames), planar::<S>(2, frames));

    gain.process(&mut block(&mut audio, 2));
    plain_still(&mut other, -S::ONE);
    assert_close("gain at rest", &audio, &other, 0.0);

    pair(
        group,
        &format!("still/{}/2ch/{frames}", format::<S>()),
        2 * frames,
        || gain.process(&mut block(black_box(&mut audio), 2)),
        || plain_still(black_box(&mut other), black_box(-S::ONE)),
    );
}

fn plain_still<S: Sample>(samples: &mut [S], gain: S) {
    for sample in samples {
        *sample *= gain;
    }
}

/// Re-targeted before every block, so that it never settles.
fn ramp<S: Sample>(group: &mut Group<'_>, variant: &str, cpu: Cpu, frames: usize) {
    let spec = StreamSpec::new(MOVING_RATE_HZ, 2).expect("legal").with_cpu(cpu);
    check::<S>(&spec, frames);

    let at = |gain_db| GainParams { gain_db, ..Default::default() };
    let targets = [STEP_DB, -STEP_DB].map(|gain_db| at(gain_db).design(&spec).expect("legal"));
    let mut gain: Gain<S> = at(-STEP_DB).build(&spec).expect("legal");
    let mut plain = Ramp::<S>::new(db_to_gain(STEP_DB), db_to_gain(-STEP_DB), ms_to_frames(GLIDE_MS, MOVING_RATE_HZ));
    let (mut audio, mut other) = (planar::<S>(2, frames), planar::<S>(2, frames));
    let mut turn = 0;
    pair(
        group,
        &format!("{variant}/{}/2ch/{frames}", format::<S>()),
        2 * frames,
        || {
            gain.apply(&targets[turn % 2]);
            turn += 1;
            gain.process(&mut block(black_box(&mut audio), 2));
        },
        || {
            plain.turn();
            plain_ramp(black_box(&mut other), &mut plain);
        },
    );
}

fn plain_ramp<S: Sample>(samples: &mut [S], ramp: &mut Ramp<S>) {
    let (left, right) = samples.split_at_mut(samples.len() / 2);
    for (left, right) in left.iter_mut().zip(right) {
        let gain = ramp.next();
        *left *= gain;
        *right *= gain;
    }
}

fn check<S: Sample>(spec: &StreamSpec, frames: usize) {
    let (from, to) = (-3.0, 5.0);
    let mut gain = GainParams { gain_db: from, ..Default::default() }.build::<S>(spec).expect("legal");
    gain.set_params(&GainParams { gain_db: to, ..Default::default() }).expect("legal");
    let mut plain = Ramp::new(db_to_gain(from), db_to_gain(to), ms_to_frames(GLIDE_MS, spec.sample_rate_hz()));
    let (mut audio, mut other) = (planar::<S>(2, 3 * frames), planar::<S>(2, 3 * frames));
    gain.process(&mut block(&mut audio, 2));
    plain_ramp(&mut other, &mut plain);
    assert_close("gain ramp", &audio, &other, rounding::<S>());
}
