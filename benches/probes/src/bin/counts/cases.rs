//! What is counted: every processor of the list, both formats of the hottest, meters and the mixer.

use crate::{
    listed::listed,
    signal::{block, format, planar},
};
use mixdown::{
    Block, Effect, EffectProcessor, Meter, Mixer, Params, Processor, Sample, StreamSpec, StripParams, Tunable,
    levels::{Gain, GainParams},
    meters::{CorrelationParams, LevelParams, LoudnessParams, Memory, Precision, TruePeakMeter},
};
use std::hint::black_box;

const FRAMES: usize = 512;
/// Calls before the one that is counted: even, see `mix`.
pub const WARM_UP: usize = 6;
/// Tracks of the mixer.
const TRACKS: usize = 32;
/// Processors that are counted in f64 as well.
const BOTH: [&str; 5] = ["Equalizer", "Compressor", "Limiter", "Reverb", "Convolution"];

/// A kernel, ready: each call processes the next block.
pub struct Case {
    pub run: Box<dyn FnMut()>,
}

/// A kernel that is not built yet.
pub struct Make {
    pub name: String,
    pub build: Box<dyn FnOnce() -> Case>,
}

pub fn all(spec: &StreamSpec) -> Vec<Make> {
    let mut all = Vec::new();
    for (name, effect) in listed() {
        all.push(processor::<f32>(name, &effect, spec));
        if BOTH.contains(&name) {
            all.push(processor::<f64>(name, &effect, spec));
        }
        if let Effect::Limiter(params) = &effect {
            for (mode, word) in [("Limiter_sample_peak", "sample_peak"), ("Limiter_master", "master")] {
                let mut effect = Effect::from(*params);
                mixdown::Fields::set(&mut effect, "mode", word.into()).expect("a mode");
                all.push(processor::<f32>(mode, &effect, spec));
            }
        }
    }
    all.extend([ramp::<f32>(spec), ramp::<f64>(spec), mix(spec, false), mix(spec, true)]);
    all.extend([loudness::<f32>(spec), loudness::<f64>(spec), true_peak(spec), level(spec), correlation(spec)]);
    all
}

fn make(name: &str, format: &str, build: impl FnOnce() -> Case + 'static) -> Make {
    Make { name: format!("{name}/{format}"), build: Box::new(build) }
}

fn case(run: impl FnMut() + 'static) -> Case {
    Case { run: Box::new(run) }
}

fn processor<S: Sample>(name: &str, effect: &Effect, spec: &StreamSpec) -> Make
where
    EffectProcessor<S>: Processor<S>,
{
    let (effect, spec) = (effect.clone(), *spec);
    make(name, format::<S>(), move || {
        let mut processor: EffectProcessor<S> = effect.build(&spec).expect("legal");
        let source = planar::<S>(2, FRAMES);
        let mut audio = source.clone();
        case(move || {
            audio.copy_from_slice(&source);
            processor.process(&mut block(black_box(&mut audio), 2));
        })
    })
}

/// A gain that glides: set anew before each block.
fn ramp<S: Sample>(spec: &StreamSpec) -> Make {
    let spec = *spec;
    make("Gain_gliding", format::<S>(), move || {
        let at = |gain_db| GainParams { gain_db, ..Default::default() };
        let targets = [-1.0, 1.0].map(|gain_db| at(gain_db).design(&spec).expect("legal"));
        let mut gain: Gain<S> = at(0.0).build(&spec).expect("legal");
        let (source, mut turn) = (planar::<S>(2, FRAMES), 0);
        let mut audio = source.clone();
        case(move || {
            audio.copy_from_slice(&source);
            gain.apply(&targets[turn % 2]);
            turn += 1;
            gain.process(&mut block(black_box(&mut audio), 2));
        })
    })
}

/// Mono tracks through the mixer, at rest or with all faders on their way.
fn mix(spec: &StreamSpec, moves: bool) -> Make {
    let spec = *spec;
    make(if moves { "Mixer_moving" } else { "Mixer_at_rest" }, "f32", move || {
        let mut mixer = Mixer::<f32>::new(&spec).expect("stereo");
        let name = |track| format!("track {track:02}");
        let params = |track: usize, fader_db| StripParams { fader_db, pan: (track as f64).sin(), ..Default::default() };
        for track in 0..TRACKS {
            mixer.add_track(&name(track), 1, &params(track, -12.0)).expect("legal");
        }
        let source = planar::<f32>(TRACKS, FRAMES);
        let (mut out, mut turn) = (vec![0.0; 2 * FRAMES], 0_u32);
        case(move || {
            turn += 1;
            // Between the blocks, so that the one which is counted does nothing but mix.
            if moves && turn % 2 == 0 {
                for track in 0..TRACKS {
                    mixer.set(&name(track), &params(track, -12.0 - f64::from(turn % 4))).expect("legal");
                }
                return;
            }
            let inputs: Vec<Block<'_, '_, f32>> =
                source.chunks_exact(FRAMES).map(|track| Block::from_planar(track, 1).expect("mono")).collect();
            mixer.process(black_box(&inputs), &mut block(black_box(&mut out), 2));
        })
    })
}

fn loudness<S: Sample>(spec: &StreamSpec) -> Make {
    let spec = *spec;
    make("Loudness", format::<S>(), move || {
        let params = LoudnessParams { precision: Precision::Standard, memory: Memory::Constant, ..Default::default() };
        observe(params.build::<S>(&spec).expect("legal"))
    })
}

fn true_peak(spec: &StreamSpec) -> Make {
    let spec = *spec;
    make("TruePeak_high", "f32", move || observe(TruePeakMeter::<f32>::new(&spec, Precision::High).expect("on")))
}

fn level(spec: &StreamSpec) -> Make {
    let spec = *spec;
    make("Level", "f32", move || observe(LevelParams::default().build::<f32>(&spec).expect("legal")))
}

fn correlation(spec: &StreamSpec) -> Make {
    let spec = *spec;
    make("Correlation", "f32", move || observe(CorrelationParams::default().build::<f32>(&spec).expect("legal")))
}

fn observe<S: Sample>(mut meter: impl Meter<S> + 'static) -> Case {
    let audio = planar::<S>(2, FRAMES);
    case(move || meter.observe(&Block::from_planar(black_box(&audio), 2).expect("stereo")))
}
