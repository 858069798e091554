//! Whole programmes: what users wait for. 48 kHz, f32, stereo; the time of one call is the time of one file.

use crate::{
    equalizer::all_passes,
    mix::mixer,
    pair::Group,
    signal::{block, pink, planar},
};
use criterion::{Bencher, Criterion, SamplingMode, Throughput};
use mixdown::{Block, GainParams, LoudnessParams, Meter, Params, Precision, Processor, ReverbParams, StreamSpec};
use std::hint::black_box;

const RATE_HZ: f64 = 48_000.0;
const MINUTE: usize = 60 * 48_000;
const TRACKS: usize = 32;

pub fn all(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("goals");
    group.sample_size(20).sampling_mode(SamplingMode::Flat);
    let spec = StreamSpec::new(RATE_HZ, 2).expect("legal");

    // Minutes of noise take their time: each programme is made when its bench is run.
    whole(&mut group, "gain_60_s", 2 * MINUTE, MINUTE, |bencher| {
        let mut audio = planar::<f32>(2, MINUTE);
        let mut gain = GainParams { gain_db: 0.0, invert_polarity: true }.build::<f32>(&spec).expect("legal");
        bencher.iter(|| gain.process(&mut block(black_box(&mut audio), 2)));
    });
    whole(&mut group, "equalizer_8_bands_60_s", 2 * MINUTE, MINUTE, |bencher| {
        let mut audio = planar::<f32>(2, MINUTE);
        let mut equalizer = all_passes(8).build::<f32>(&spec).expect("legal");
        bencher.iter(|| equalizer.process(&mut block(black_box(&mut audio), 2)));
    });
    whole(&mut group, "reverb_hall_60_s", 2 * MINUTE, MINUTE, |bencher| {
        let source = planar::<f32>(2, MINUTE);
        let mut audio = source.clone();
        let mut reverb = ReverbParams::default().build::<f32>(&spec).expect("legal");
        bencher.iter(|| {
            audio.copy_from_slice(&source);
            reverb.process(&mut block(black_box(&mut audio), 2));
        });
    });
    whole(&mut group, "mix_32_mono_60_s", TRACKS * MINUTE, MINUTE, |bencher| {
        let sources: Vec<Vec<f32>> = (0..TRACKS).map(|track| pink(track, MINUTE)).collect();
        let inputs: Vec<Block<'_, '_, f32>> =
            sources.iter().map(|source| Block::from_planar(source, 1).expect("mono")).collect();
        let mut mixer = mixer::<f32>(RATE_HZ, TRACKS);
        let mut out = vec![0.0; 2 * MINUTE];
        bencher.iter(|| mixer.process(black_box(&inputs), &mut block(black_box(&mut out), 2)));
    });
    for (name, precision) in
        [("loudness_integrated_10_min", Precision::Off), ("loudness_all_10_min", Precision::Standard)]
    {
        whole(&mut group, name, 20 * MINUTE, 10 * MINUTE, |bencher| {
            let audio = planar::<f32>(2, 10 * MINUTE);
            let programme = Block::from_planar(&audio, 2).expect("whole frames");
            bencher.iter(|| {
                let mut meter = LoudnessParams { precision, ..Default::default() }.build::<f32>(&spec).expect("legal");
                meter.observe(black_box(&programme));
                meter.reading()
            });
        });
    }
}

fn whole(group: &mut Group<'_>, name: &str, samples: usize, frames: usize, bench: impl FnMut(&mut Bencher<'_>)) {
    group.throughput(Throughput::Elements(samples as u64));
    group.bench_function(format!("{name}/f32/2ch/{frames}"), bench);
}
