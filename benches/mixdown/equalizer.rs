//! Equalizers: few and many bands, stereo and many channels, at rest, gliding and on silence.

use crate::{
    pair::{Group, alone, pair},
    scalar::{Biquad, filter},
    signal::{assert_close, block, format, planar, rounding},
};
use criterion::Criterion;
use mixdown::{
    Cpu, Params, Processor, Sample, StreamSpec, Tunable,
    filters::{AllPassParams, Band, BellParams, Design, Equalizer, EqualizerBand, EqualizerParams, Place, Placed},
};
use std::hint::black_box;

const RATE_HZ: f64 = 48_000.0;
/// Two f64 filters with different rounding, behind bells of up to 6 dB, in f64.
const F64_TOLERANCE: f64 = 1e-11;

pub fn all(criterion: &mut Criterion) {
    let group = &mut criterion.benchmark_group("equalizer");
    for (variant, bands) in [("1_band", 1), ("8_bands", 8)] {
        for frames in [64, 512, 4096] {
            at_rest::<f32>(group, variant, bands, Cpu::Detected, 2, frames);
            at_rest::<f64>(group, variant, bands, Cpu::Detected, 2, frames);
        }
    }
    at_rest::<f32>(group, "8_bands", 8, Cpu::Detected, 1, 512);
    at_rest::<f32>(group, "8_bands", 8, Cpu::Detected, 8, 512);
    at_rest::<f64>(group, "8_bands", 8, Cpu::Detected, 8, 512);
    at_rest::<f32>(group, "4_bands", 4, Cpu::Detected, 64, 512);
    at_rest::<f32>(group, "8_bands/baseline", 8, Cpu::Baseline, 2, 512);
    at_rest::<f32>(group, "8_bands/software", 8, Cpu::Software, 2, 512);
    placed(group, 512);
    on_silence(group, 512);
    gliding(group, 512);
}

fn frequency_hz(band: usize) -> f64 {
    60.0 * 2.1_f64.powi(band as i32)
}

fn q(band: usize) -> f64 {
    0.7 + 0.2 * band as f64
}

/// All passes keep the level, so that the same block can be processed a million times.
pub fn all_passes(bands: usize) -> EqualizerParams {
    let band = |band| EqualizerBand::from(AllPassParams { frequency_hz: frequency_hz(band), q: q(band) });
    EqualizerParams { bands: (0..bands).map(band).collect(), design: Design::Cookbook, ..Default::default() }
}

fn bells(bands: usize) -> EqualizerParams {
    let band =
        |band| EqualizerBand::from(BellParams { frequency_hz: frequency_hz(band), gain_db: gain_db(band), q: q(band) });
    EqualizerParams { bands: (0..bands).map(band).collect(), design: Design::Cookbook, ..Default::default() }
}

fn gain_db(band: usize) -> f64 {
    if band.is_multiple_of(2) { 6.0 } else { -4.5 }
}

fn at_rest<S: Sample>(group: &mut Group<'_>, variant: &str, bands: usize, cpu: Cpu, channels: usize, frames: usize) {
    let spec = StreamSpec::new(RATE_HZ, channels).expect("legal").with_cpu(cpu);
    let (mut audio, mut other) = (planar::<S>(channels, frames), planar::<S>(channels, frames));

    let mut equalizer: Equalizer<S> = bells(bands).build(&spec).expect("legal");
    let sections = (0..bands).map(|band| Biquad::bell(frequency_hz(band), gain_db(band), q(band), RATE_HZ)).collect();
    equalizer.process(&mut block(&mut audio, channels));
    filter(&mut other, &mut vec![sections; channels]);
    let tolerance = if format::<S>() == "f64" { F64_TOLERANCE } else { rounding::<S>() };
    assert_close("equalizer", &audio, &other, tolerance);

    let mut equalizer: Equalizer<S> = all_passes(bands).build(&spec).expect("legal");
    let sections = (0..bands).map(|band| Biquad::all_pass(frequency_hz(band), q(band), RATE_HZ)).collect();
    let mut filters = vec![sections; channels];
    pair(
        group,
        &format!("{variant}/{}/{channels}ch/{frames}", format::<S>()),
        channels * frames,
        || equalizer.process(&mut block(black_box(&mut audio), channels)),
        || filter(black_box(&mut other), &mut filters),
    );
}

/// A band on each part of the stereo signal.
const PLACES: [Place; 4] = [Place::Mid, Place::Side, Place::Left, Place::Right];

fn placed(group: &mut Group<'_>, frames: usize) {
    let spec = StreamSpec::new(RATE_HZ, 2).expect("legal");
    let (mut audio, mut other) = (planar::<f32>(2, frames), planar::<f32>(2, frames));
    let build = |band: &dyn Fn(usize) -> Band| -> Equalizer<f32> {
        let bands = PLACES.iter().enumerate();
        let placed = bands.map(|(index, &place)| Placed { band: band(index), place, enabled: true }.into()).collect();
        let params = EqualizerParams { bands: placed, design: Design::Cookbook, ..Default::default() };
        params.build(&spec).expect("legal")
    };

    let bell = |n| BellParams { frequency_hz: frequency_hz(n), gain_db: gain_db(n), q: q(n) }.into();
    let mut filters = std::array::from_fn(|n| Biquad::bell(frequency_hz(n), gain_db(n), q(n), RATE_HZ));
    build(&bell).process(&mut block(&mut audio, 2));
    filter_parts(&mut other, &mut filters);
    assert_close("equalizer, placed", &audio, &other, rounding::<f32>());

    let mut equalizer = build(&|n| AllPassParams { frequency_hz: frequency_hz(n), q: q(n) }.into());
    let mut filters = std::array::from_fn(|n| Biquad::all_pass(frequency_hz(n), q(n), RATE_HZ));
    pair(
        group,
        &format!("4_bands_placed/f32/2ch/{frames}"),
        2 * frames,
        || equalizer.process(&mut block(black_box(&mut audio), 2)),
        || filter_parts(black_box(&mut other), &mut filters),
    );
}

/// A filter on each of [`PLACES`], frame by frame.
fn filter_parts(samples: &mut [f32], [on_mid, on_side, on_left, on_right]: &mut [Biquad; 4]) {
    let (left, right) = samples.split_at_mut(samples.len() / 2);
    for (left, right) in left.iter_mut().zip(right) {
        let (l, r) = (f64::from(*left), f64::from(*right));
        let (mid, side) = (on_mid.tick(0.5 * (l + r)), on_side.tick(0.5 * (l - r)));
        *left = on_left.tick(mid + side) as f32;
        *right = on_right.tick(mid - side) as f32;
    }
}

/// Silence must cost no more than signal: states decay, and would become subnormal without flushing.
fn on_silence(group: &mut Group<'_>, frames: usize) {
    let mut equalizer = all_passes(8).build::<f32>(&StreamSpec::new(RATE_HZ, 2).expect("legal")).expect("legal");
    equalizer.process(&mut block(&mut planar::<f32>(2, frames), 2));
    let mut silence = vec![0.0_f32; 2 * frames];
    alone(group, &format!("8_bands_on_silence/f32/2ch/{frames}"), 2 * frames, || {
        equalizer.process(&mut block(black_box(&mut silence), 2));
    });
}

/// Every band gliding all the time: the most expensive state.
fn gliding(group: &mut Group<'_>, frames: usize) {
    let spec = StreamSpec::new(RATE_HZ, 2).expect("legal");
    let mut to = all_passes(8);
    for band in &mut to.bands {
        if let EqualizerBand::AllPass(params) = band {
            params.frequency_hz *= 1.1;
        }
    }
    let targets = [to.design(&spec).expect("legal"), all_passes(8).design(&spec).expect("legal")];
    let mut equalizer = all_passes(8).build::<f32>(&spec).expect("legal");
    let mut audio = planar::<f32>(2, frames);
    let mut turn = 0;
    alone(group, &format!("8_bands_gliding/f32/2ch/{frames}"), 2 * frames, || {
        equalizer.apply(&targets[turn % 2]);
        turn += 1;
        equalizer.process(&mut block(black_box(&mut audio), 2));
    });
}
