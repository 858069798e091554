//! Whole programmes, the waiting times of users. 48 kHz, f32, stereo; the time of one call is the time of one file.

use crate::{
    compressor,
    convolution::{peers, room},
    delay,
    equalizer::all_passes,
    limiter::driven,
    mix::mixer,
    pair::Group,
    reverb::by_peers,
    signal::{block, pink, planar},
};
use criterion::{Bencher, Criterion, SamplingMode, Throughput};
use ebur128::{EbuR128, Mode};
use mixdown::{
    Block, Meter, Params, Processor, StreamSpec,
    dynamics::LimiterMode,
    levels::GainParams,
    meters::{LoudnessParams, Precision},
    modulation::DelayParams,
    reverbs::ReverbParams,
};
use std::hint::black_box;

const RATE_HZ: f64 = 48_000.0;
const MINUTE: usize = 60 * 48_000;
const TRACKS: usize = 32;

pub fn all(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("goals");
    group.sample_size(10).sampling_mode(SamplingMode::Flat);
    let spec = StreamSpec::new(RATE_HZ, 2).expect("legal");

    // Minutes of noise take time to generate: each programme is made when its bench is run.
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
    whole(&mut group, "compressor_60_s", 2 * MINUTE, MINUTE, |bencher| {
        let mut audio = planar::<f32>(2, MINUTE);
        let mut compressor = compressor::settings().build::<f32>(&spec).expect("legal");
        bencher.iter(|| compressor.process(&mut block(black_box(&mut audio), 2)));
    });
    for (name, params) in [("delay", DelayParams::default()), ("delay_fractional", delay::fractional())] {
        whole(&mut group, &format!("{name}_60_s"), 2 * MINUTE, MINUTE, |bencher| {
            const FRAMES: usize = 4_096;
            let source = planar::<f32>(2, MINUTE);
            let mut audio = vec![0.0; 2 * FRAMES];
            let mut delay = params.build::<f32>(&spec).expect("legal");
            // Each block from the source: in place the minute would grow from one call to the next.
            bencher.iter(|| {
                for block_of_source in source.chunks_exact(2 * FRAMES) {
                    audio.copy_from_slice(block_of_source);
                    delay.process(&mut block(black_box(&mut audio), 2));
                }
            });
        });
    }
    for seconds in [2, 6] {
        whole(&mut group, &format!("convolution_{seconds}_s_60_s"), 2 * MINUTE, MINUTE, |bencher| {
            let mut audio = planar::<f32>(2, MINUTE);
            let mut convolution = room(seconds);
            bencher.iter(|| {
                let mut whole = block(black_box(&mut audio), 2);
                for start in (0..MINUTE).step_by(512) {
                    convolution.process(&mut whole.frames_mut(start, 512));
                }
            });
        });
        group.bench_function(format!("convolution_{seconds}_s_60_s/f32/2ch/{MINUTE}/fft_convolver"), |bencher| {
            let (audio, mut out) = (planar::<f32>(2, MINUTE), vec![0.0; 2 * MINUTE]);
            let mut peers = peers(seconds);
            bencher.iter(|| {
                let channels = black_box(&audio).chunks(MINUTE).zip(out.chunks_mut(MINUTE));
                for ((input, output), peer) in channels.zip(&mut peers) {
                    for (input, output) in input.chunks(512).zip(output.chunks_mut(512)) {
                        peer.process(input, output).expect("legal");
                    }
                }
                black_box(&out);
            });
        });
    }
    whole(&mut group, "reverb_hall_60_s", 2 * MINUTE, MINUTE, |bencher| {
        let source = planar::<f32>(2, MINUTE);
        let mut audio = source.clone();
        let mut reverb = ReverbParams::default().build::<f32>(&spec).expect("legal");
        bencher.iter(|| {
            audio.copy_from_slice(&source);
            let mut whole = block(black_box(&mut audio), 2);
            for start in (0..MINUTE).step_by(512) {
                reverb.process(&mut whole.frames_mut(start, 512));
            }
        });
    });
    for (name, mut peer) in by_peers() {
        group.bench_function(format!("reverb_hall_60_s/f32/2ch/{MINUTE}/{name}"), |bencher| {
            let source = planar::<f32>(2, MINUTE);
            let mut audio = source.clone();
            bencher.iter(|| {
                audio.copy_from_slice(&source);
                peer(black_box(&mut audio));
            });
        });
    }
    whole(&mut group, "mix_32_mono_60_s", TRACKS * MINUTE, MINUTE, |bencher| {
        let sources: Vec<Vec<f32>> = (0..TRACKS).map(|track| pink(track, MINUTE)).collect();
        let inputs: Vec<Block<'_, '_, f32>> =
            sources.iter().map(|source| Block::from_planar(source, 1).expect("mono")).collect();
        let mut mixer = mixer::<f32>(RATE_HZ, TRACKS);
        let mut out = vec![0.0; 2 * MINUTE];
        bencher.iter(|| mixer.process(black_box(&inputs), &mut block(black_box(&mut out), 2)));
    });
    for (name, mode) in [
        ("limiter_sample_peak_60_s", LimiterMode::SamplePeak),
        ("limiter_standard_60_s", LimiterMode::Standard),
        ("limiter_master_60_s", LimiterMode::Master),
    ] {
        whole(&mut group, name, 2 * MINUTE, MINUTE, |bencher| {
            let (source, mut audio) = (planar::<f32>(2, MINUTE), vec![0.0; 2 * MINUTE]);
            let mut limiter = driven::<f32>(mode, 12.0);
            // Limiting the same minute repeatedly would leave nothing to limit: the copy is part of the time.
            bencher.iter(|| {
                audio.copy_from_slice(black_box(&source));
                limiter.process(&mut block(&mut audio, 2));
            });
        });
    }
    for (name, precision, mode) in [
        ("loudness_integrated_10_min", Precision::Off, Mode::I),
        ("loudness_all_10_min", Precision::Standard, Mode::I | Mode::M | Mode::S | Mode::LRA | Mode::TRUE_PEAK),
    ] {
        whole(&mut group, name, 20 * MINUTE, 10 * MINUTE, |bencher| {
            let audio = planar::<f32>(2, 10 * MINUTE);
            let programme = Block::from_planar(&audio, 2).expect("whole frames");
            bencher.iter(|| {
                let mut meter = LoudnessParams { precision, ..Default::default() }.build::<f32>(&spec).expect("legal");
                meter.observe(black_box(&programme));
                meter.reading()
            });
        });
        let id = format!("{name}/f32/2ch/{}/ebur128", 10 * MINUTE);
        group.bench_function(id, |bencher| {
            let audio = planar::<f32>(2, 10 * MINUTE);
            let (left, right) = audio.split_at(10 * MINUTE);
            bencher.iter(|| by_ebur128(black_box(left), black_box(right), mode));
        });
    }
}

/// Integrated loudness by the `ebur128` crate, and the other figures of `mode`.
fn by_ebur128(left: &[f32], right: &[f32], mode: Mode) -> (f64, f64, f64) {
    let mut meter = EbuR128::new(2, RATE_HZ as u32, mode).expect("a stereo meter");
    meter.add_frames_planar_f32(&[left, right]).expect("stereo");
    let all = mode.contains(Mode::TRUE_PEAK);
    let range_lu = if all { meter.loudness_range().expect("a range") } else { 0.0 };
    let peak = if all { meter.true_peak(0).expect("a peak").max(meter.true_peak(1).expect("a peak")) } else { 0.0 };
    (meter.loudness_global().expect("a loudness"), range_lu, peak)
}

fn whole(group: &mut Group<'_>, name: &str, samples: usize, frames: usize, bench: impl FnMut(&mut Bencher<'_>)) {
    group.throughput(Throughput::Elements(samples as u64));
    group.bench_function(format!("{name}/f32/2ch/{frames}"), bench);
}
