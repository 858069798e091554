//! Whole programmes: what users wait for. 48 kHz, f32, stereo; the time of one call is the time of one file.

use crate::{
    equalizer::all_passes,
    mix::mixer,
    pair::alone,
    signal::{block, pink, planar},
};
use criterion::{Criterion, SamplingMode};
use mixdown::{Block, GainParams, LoudnessParams, Meter, Params, Precision, Processor, StreamSpec};
use std::hint::black_box;

const RATE_HZ: f64 = 48_000.0;
const MINUTE: usize = 60 * 48_000;
/// Frames that an offline render hands over at a time.
const BLOCK: usize = 4_096;
const TRACKS: usize = 32;

pub fn all(criterion: &mut Criterion) {
    let group = &mut criterion.benchmark_group("goals");
    group.sample_size(20).sampling_mode(SamplingMode::Flat);
    let spec = StreamSpec::new(RATE_HZ, 2).expect("legal");

    let mut audio = planar::<f32>(2, MINUTE);
    let mut gain = GainParams { gain_db: 0.0, invert_polarity: true }.build::<f32>(&spec).expect("legal");
    alone(group, &format!("gain_60_s/f32/2ch/{MINUTE}"), audio.len(), || {
        gain.process(&mut block(black_box(&mut audio), 2));
    });
    let mut equalizer = all_passes(8).build::<f32>(&spec).expect("legal");
    alone(group, &format!("equalizer_8_bands_60_s/f32/2ch/{MINUTE}"), audio.len(), || {
        equalizer.process(&mut block(black_box(&mut audio), 2));
    });

    let sources: Vec<Vec<f32>> = (0..TRACKS).map(|track| pink(track, MINUTE)).collect();
    let inputs: Vec<Block<'_, '_, f32>> =
        sources.iter().map(|source| Block::from_planar(source, 1).expect("mono")).collect();
    let mut mixer = mixer::<f32>(RATE_HZ, TRACKS);
    let whole = format!("mix_32_mono_60_s/f32/2ch/{MINUTE}");
    alone(group, &whole, TRACKS * MINUTE, || mixer.process(black_box(&inputs), &mut block(&mut audio, 2)));
    alone(group, &format!("mix_32_mono_60_s_in_blocks/f32/2ch/{MINUTE}"), TRACKS * MINUTE, || {
        let mut out = block(&mut audio, 2);
        let mut parts = Vec::with_capacity(TRACKS);
        for start in (0..MINUTE).step_by(BLOCK) {
            let frames = BLOCK.min(MINUTE - start);
            parts.clear();
            parts.extend(inputs.iter().map(|input| input.frames_at(start, frames)));
            mixer.process(black_box(&parts), &mut out.frames_mut(start, frames));
        }
    });
    drop(inputs);
    drop(sources);

    let audio = planar::<f32>(2, 10 * MINUTE);
    let programme = Block::from_planar(&audio, 2).expect("whole frames");
    for (name, precision) in
        [("loudness_integrated_10_min", Precision::Off), ("loudness_all_10_min", Precision::Standard)]
    {
        alone(group, &format!("{name}/f32/2ch/{}", 10 * MINUTE), audio.len(), || {
            let mut meter = LoudnessParams { precision, ..Default::default() }.build::<f32>(&spec).expect("legal");
            meter.observe(black_box(&programme));
            black_box(meter.reading());
        });
    }
}
