//! Stereo width, with and without the mono bass.

use crate::{
    pair::{Group, pair},
    scalar::Biquad,
    signal::{assert_close, block, format, planar, rounding},
};
use criterion::Criterion;
use mixdown::{
    Params, Processor, Sample, StreamSpec,
    levels::{Width, WidthParams},
};
use std::{f64::consts::FRAC_1_SQRT_2, hint::black_box};

const RATE_HZ: f64 = 48_000.0;

pub fn all(criterion: &mut Criterion) {
    let group = &mut criterion.benchmark_group("width");
    for frames in [64, 512, 4096] {
        wide::<f32>(group, frames);
        bass_mono::<f32>(group, frames);
    }
    wide::<f64>(group, 512);
    bass_mono::<f64>(group, 512);
}

fn build<S: Sample>(width: f64, bass_mono_hz: f64) -> Width<S> {
    WidthParams { width, bass_mono_hz }.build(&StreamSpec::new(RATE_HZ, 2).expect("legal")).expect("legal")
}

fn plain<S: Sample>(samples: &mut [S], width: f64, mut bass: Option<&mut [Biquad; 3]>) {
    let (left, right) = samples.split_at_mut(samples.len() / 2);
    for (left, right) in left.iter_mut().zip(right) {
        let (l, r) = (left.to_f64(), right.to_f64());
        let (mut mid, mut side) = (0.5 * (l + r), 0.5 * (l - r));
        if let Some([all_pass, first, second]) = bass.as_deref_mut() {
            mid = all_pass.tick(mid);
            side = second.tick(first.tick(side));
        }
        side *= width;
        *left = S::from_f64(mid + side);
        *right = S::from_f64(mid - side);
    }
}

fn crossover(frequency_hz: f64) -> [Biquad; 3] {
    let high_pass = Biquad::high_pass(frequency_hz, FRAC_1_SQRT_2, RATE_HZ);
    [Biquad::all_pass(frequency_hz, FRAC_1_SQRT_2, RATE_HZ), high_pass, high_pass]
}

/// Twice and half as wide alternately, which keeps the level.
fn wide<S: Sample>(group: &mut Group<'_>, frames: usize) {
    let factors = [2.0, 0.5];
    let mut widths = factors.map(|width| build::<S>(width, 0.0));
    let (mut audio, mut other) = (planar::<S>(2, frames), planar::<S>(2, frames));
    widths[0].process(&mut block(&mut audio, 2));
    plain(&mut other, factors[0], None);
    assert_close("width", &audio, &other, rounding::<S>());
    // Back to the start, for the first turn.
    widths[1].process(&mut block(&mut audio, 2));
    plain(&mut other, factors[1], None);

    let (mut turn, mut plain_turn) = (0, 0);
    pair(
        group,
        &format!("wide/{}/2ch/{frames}", format::<S>()),
        2 * frames,
        || {
            widths[turn % 2].process(&mut block(black_box(&mut audio), 2));
            turn += 1;
        },
        || {
            plain(black_box(&mut other), black_box(factors[plain_turn % 2]), None);
            plain_turn += 1;
        },
    );
}

/// At a width of 1 only the bass of the side is removed, once.
fn bass_mono<S: Sample>(group: &mut Group<'_>, frames: usize) {
    let (mut audio, mut other) = (planar::<S>(2, frames), planar::<S>(2, frames));
    build::<S>(1.3, 150.0).process(&mut block(&mut audio, 2));
    plain(&mut other, 1.3, Some(&mut crossover(150.0)));
    assert_close("width with mono bass", &audio, &other, rounding::<S>());

    let mut width = build::<S>(1.0, 150.0);
    let mut bass = crossover(150.0);
    pair(
        group,
        &format!("bass_mono/{}/2ch/{frames}", format::<S>()),
        2 * frames,
        || width.process(&mut block(black_box(&mut audio), 2)),
        || plain(black_box(&mut other), black_box(1.0), Some(&mut bass)),
    );
}
