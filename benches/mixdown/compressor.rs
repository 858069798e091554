//! Compressor, expander and gate: linked stereo, and a console of mono tracks.

use crate::{
    pair::{Group, alone, pair},
    scalar,
    signal::{assert_close, block, planar},
};
use criterion::Criterion;
use mixdown::{
    BlockMut, Effect, EffectProcessor, Params, Processor, StreamSpec,
    dynamics::{CompressorParams, ExpanderParams, GateParams},
};
use std::hint::black_box;

const RATE_HZ: f64 = 48_000.0;
const TRACKS: usize = 64;
/// The plain loop is in f32 throughout, mixdown's reduction in f64.
const TOLERANCE: f64 = 1e-5;

pub fn all(criterion: &mut Criterion) {
    let group = &mut criterion.benchmark_group("compressor");
    for frames in [64, 512, 4096] {
        stereo(group, frames);
        tracks(group, frames);
    }
    let unlinked = CompressorParams { link_percent: 0.0, ..settings() };
    let rms = CompressorParams { detector: mixdown::dynamics::Detector::Rms, ..settings() };
    let hold = CompressorParams { detector: mixdown::dynamics::Detector::PeakHold, ..settings() };
    let ahead = CompressorParams { lookahead_ms: 5.0, ..settings() };
    let auto = CompressorParams { release_mode: mixdown::dynamics::CompressorRelease::Auto, ..settings() };
    let others = [("unlinked", unlinked), ("rms", rms), ("peak_hold", hold), ("lookahead_5_ms", ahead), ("auto", auto)];
    for (name, params) in others {
        by_itself(group, name, &params.into());
    }
}

pub fn all_expanders(criterion: &mut Criterion) {
    let params = ExpanderParams { threshold_db: -20.0, ..Default::default() };
    let peak = ExpanderParams { detector: mixdown::dynamics::ExpanderDetector::Peak, ..params };
    let group = &mut criterion.benchmark_group("expander");
    by_itself(group, "linked", &params.into());
    by_itself(group, "peak", &peak.into());
}

pub fn all_gates(criterion: &mut Criterion) {
    let params = GateParams { threshold_db: -15.0, ..Default::default() };
    by_itself(&mut criterion.benchmark_group("gate"), "linked", &params.into());
}

/// Pink noise at -18 dBFS, its crests 12 dB above the threshold.
pub fn settings() -> CompressorParams {
    CompressorParams { threshold_db: -20.0, ..Default::default() }
}

fn build(effect: &Effect, channels: usize) -> EffectProcessor<f32> {
    effect.build(&StreamSpec::new(RATE_HZ, channels).expect("legal")).expect("legal")
}

/// Repeated compression would end below the threshold: every call works on a fresh copy.
fn stereo(group: &mut Group<'_>, frames: usize) {
    let source = planar::<f32>(2, frames);
    let (mut audio, mut other) = (source.clone(), source.clone());
    let (mut ours, mut plain) = (build(&settings().into(), 2), scalar::Compressor::new(-20.0, 4.0, 6.0, RATE_HZ));
    ours.process(&mut block(&mut audio, 2));
    plain.process(&mut other, 2);
    assert_close("compressor", &audio, &other, TOLERANCE);
    pair(
        group,
        &format!("linked/f32/2ch/{frames}"),
        2 * frames,
        || {
            audio.copy_from_slice(black_box(&source));
            ours.process(&mut block(black_box(&mut audio), 2));
        },
        || {
            other.copy_from_slice(black_box(&source));
            plain.process(black_box(&mut other), 2);
        },
    );
}

/// Tracks of a console, with a compressor each.
fn tracks(group: &mut Group<'_>, frames: usize) {
    let source = planar::<f32>(TRACKS, frames);
    let (mut audio, mut other) = (source.clone(), source.clone());
    let mut ours: Vec<_> = (0..TRACKS).map(|_| build(&settings().into(), 1)).collect();
    let mut plain: Vec<_> = (0..TRACKS).map(|_| scalar::Compressor::new(-20.0, 4.0, 6.0, RATE_HZ)).collect();
    pair(
        group,
        &format!("64_mono/f32/64ch/{frames}"),
        TRACKS * frames,
        || {
            audio.copy_from_slice(black_box(&source));
            for (compressor, track) in ours.iter_mut().zip(black_box(&mut audio).chunks_mut(frames)) {
                compressor.process(&mut block(track, 1));
            }
        },
        || {
            other.copy_from_slice(black_box(&source));
            for (compressor, track) in plain.iter_mut().zip(black_box(&mut other).chunks_mut(frames)) {
                compressor.process(track, 1);
            }
        },
    );
}

fn by_itself(group: &mut Group<'_>, name: &str, effect: &Effect) {
    for frames in [64, 512, 4096] {
        let source = planar::<f32>(2, frames);
        let (mut audio, mut processor) = (source.clone(), build(effect, 2));
        alone(group, &format!("{name}/f32/2ch/{frames}"), 2 * frames, || {
            audio.copy_from_slice(black_box(&source));
            let mut block: BlockMut<'_, '_, f32> = block(black_box(&mut audio), 2);
            processor.process(&mut block);
        });
    }
}
