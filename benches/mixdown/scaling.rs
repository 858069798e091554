//! How times grow: with tracks, block size and channels; and what silence costs every processor beside sound.

use crate::{
    compressor,
    equalizer::all_passes,
    listed::listed,
    pair::{Group, alone},
    signal::{block, pink, planar},
};
use criterion::Criterion;
use mixdown::{
    Block, Chain, Effect, EffectProcessor, Mixer, MixerParams, NamedStrip, Params, Processor, StreamSpec, StripInput,
    StripParams, levels::GainParams,
};
use std::hint::black_box;

const RATE_HZ: f64 = 48_000.0;
const FRAMES: usize = 512;

pub fn all(criterion: &mut Criterion) {
    let group = &mut criterion.benchmark_group("scaling");
    for count in [1, 2, 4, 8, 16, 32, 64, 128] {
        tracks(group, count);
    }
    for frames in [16, 32, 64, 128, 256, 512, 1_024, 2_048, 4_096, 8_192] {
        chain(group, "block", 2, frames);
    }
    for channels in [1, 2, 4, 8, 16] {
        chain(group, "channels", channels, FRAMES);
    }
    for (name, effect) in listed() {
        silence(group, name, &effect);
    }
}

/// Gain, four bands and a compressor.
fn inserts() -> Vec<Effect> {
    let gain = GainParams { gain_db: 0.0, invert_polarity: true };
    vec![gain.into(), all_passes(4).into(), compressor::settings().into()]
}

/// Strips of a mixer, each with inserts and a pan.
fn tracks(group: &mut Group<'_>, count: usize) {
    let sources: Vec<Vec<f32>> = (0..count).map(|track| pink(track, FRAMES)).collect();
    let inputs: Vec<Block<'_, '_, f32>> =
        sources.iter().map(|source| Block::from_planar(source, 1).expect("mono")).collect();
    let strips = (0..count).map(|track| NamedStrip {
        name: format!("track {track:03}"),
        input: StripInput::Track { channels: 1 },
        params: StripParams { pan: (track as f64 * 0.37).sin(), inserts: inserts(), ..Default::default() },
    });
    let params = MixerParams { strips: strips.collect(), ..Default::default() };
    let mut mixer = Mixer::build(&params, &StreamSpec::new(RATE_HZ, 2).expect("legal")).expect("legal");
    let mut out = vec![0.0; 2 * FRAMES];
    alone(group, &format!("tracks_{count}/f32/2ch/{FRAMES}"), count * FRAMES, || {
        mixer.process(black_box(&inputs), &mut block(black_box(&mut out), 2));
    });
}

fn chain(group: &mut Group<'_>, name: &str, channels: usize, frames: usize) {
    let spec = StreamSpec::new(RATE_HZ, channels).expect("legal");
    let members = inserts().iter().map(|effect| effect.build(&spec).expect("legal")).collect();
    let mut chain = Chain::<f32, EffectProcessor<f32>>::new(&spec, members).expect("one rate");
    let source = planar::<f32>(channels, frames);
    let mut audio = source.clone();
    alone(group, &format!("{name}/f32/{channels}ch/{frames}"), channels * frames, || {
        audio.copy_from_slice(black_box(&source));
        chain.process(&mut block(black_box(&mut audio), channels));
    });
}

/// Sound, then silence long after it, by the same processor.
fn silence(group: &mut Group<'_>, name: &str, effect: &Effect) {
    // So much lies between them that the longest of the default tails is over.
    const SILENT_BLOCKS: usize = 1_500;
    let mut processor: EffectProcessor<f32> =
        effect.build(&StreamSpec::new(RATE_HZ, 2).expect("legal")).expect("legal");
    for (kind, source) in [("sound", planar::<f32>(2, FRAMES)), ("silence", vec![0.0; 2 * FRAMES])] {
        let mut audio = source.clone();
        let mut is_past_the_tail = kind == "sound";
        alone(group, &format!("{kind}/{name}/f32/2ch/{FRAMES}"), 2 * FRAMES, || {
            let blocks = if is_past_the_tail { 1 } else { SILENT_BLOCKS };
            is_past_the_tail = true;
            for _ in 0..blocks {
                audio.copy_from_slice(black_box(&source));
                processor.process(&mut block(black_box(&mut audio), 2));
            }
        });
    }
}
