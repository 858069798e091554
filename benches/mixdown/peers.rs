//! Other libraries on the programmes of `goals`, a ramp through the memory, and a whole chain in blocks beside that of
//! `fundsp`. Peers of a reverb and a convolution are beside those.

use crate::{
    compressor,
    gain::MOVING_RATE_HZ,
    pair::{Group, alone, pair},
    reverb::{Peer, by_fundsp},
    scalar::Ramp,
    signal::{block, planar},
};
use biquad::{Biquad, Coefficients, DirectForm2Transposed, ToHertz, Type};
use criterion::{Criterion, SamplingMode};
use fundsp::prelude::{bell_hz, delay, feedback, limiter_stereo, mul, reverb_stereo};
use mixdown::{
    Chain, Effect, EffectProcessor, Params, Processor, StreamSpec, Tunable,
    filters::{BellParams, EqualizerParams},
    levels::{Gain, GainParams},
    ms_to_frames,
    reverbs::ReverbParams,
};
use std::hint::black_box;

const RATE_HZ: f64 = 48_000.0;
const MINUTE: usize = 60 * 48_000;
const TRACKS: usize = 128;
/// A ramp through the memory: 100 MB of stereo, set anew for each chunk so that all of it glides.
const LONG: usize = 12_500_000;
const CHUNK: usize = 4_000;

pub fn all(criterion: &mut Criterion) {
    let group = &mut criterion.benchmark_group("goals");
    group.sample_size(10).sampling_mode(SamplingMode::Flat);
    whole(group, "equalizer_8_bands_60_s", "biquad", by_biquad());
    let bells = [0, 1, 2, 3, 4, 5, 6, 7].map(|band| {
        let bell = bell(band);
        bell_hz::<f32>(bell.frequency_hz as f32, bell.q as f32, 10_f32.powf(bell.gain_db as f32 / 20.0))
    });
    let [a, b, c, d, e, f, g, h] = bells;
    let side = a >> b >> c >> d >> e >> f >> g >> h;
    whole(group, "equalizer_8_bands_60_s", "fundsp", by_fundsp(side.clone() | side));
    let echo = feedback(delay(0.375) >> mul(0.35));
    whole(group, "delay_60_s", "fundsp", by_fundsp(echo.clone() | echo));
    whole(group, "limiter_sample_peak_60_s", "fundsp", by_fundsp(limiter_stereo(0.0015, 0.06)));
    ramp_in_memory(group);
    group.sample_size(20);
    chains(group);
}

/// A peer on the minute of a programme; the copy is part of the time, as fresh audio for each call must be.
fn whole(group: &mut Group<'_>, programme: &str, name: &str, mut peer: Peer) {
    let mut source = None;
    group.bench_function(format!("{programme}/f32/2ch/{MINUTE}/{name}"), |bencher| {
        let source: &Vec<f32> = source.get_or_insert_with(|| planar::<f32>(2, MINUTE));
        let mut audio = source.clone();
        bencher.iter(|| {
            audio.copy_from_slice(source);
            peer(black_box(&mut audio));
        });
    });
}

fn bell(band: usize) -> BellParams {
    let gain_db = if band.is_multiple_of(2) { 3.0 } else { -3.0 };
    BellParams { frequency_hz: 60.0 * 2.1_f64.powi(band as i32), gain_db, q: 1.0 }
}

/// Eight sections a side in f32, frame by frame: what its documentation shows.
fn by_biquad() -> Peer {
    let section = |band| {
        let BellParams { frequency_hz, gain_db, q } = bell(band);
        let kind = Type::PeakingEQ(gain_db as f32);
        let coefficients =
            Coefficients::<f32>::from_params(kind, (RATE_HZ as f32).hz(), (frequency_hz as f32).hz(), q as f32);
        DirectForm2Transposed::<f32>::new(coefficients.expect("legal"))
    };
    let side: Vec<_> = (0..8).map(section).collect();
    let mut sides = [side.clone(), side];
    Box::new(move |audio| {
        let frames = audio.len() / 2;
        for (samples, sections) in audio.chunks_exact_mut(frames).zip(&mut sides) {
            for sample in samples {
                *sample = sections.iter_mut().fold(*sample, |x, section| section.run(x));
            }
        }
    })
}

fn ramp_in_memory(group: &mut Group<'_>) {
    let spec = StreamSpec::new(MOVING_RATE_HZ, 2).expect("legal");
    let at = |gain_db| GainParams { gain_db, ..Default::default() };
    let targets = [1e-9, -1e-9].map(|gain_db| at(gain_db).design(&spec).expect("legal"));
    let mut gain: Gain<f32> = at(-1e-9).build(&spec).expect("legal");
    let mut plain = Ramp::<f32>::new(1.0, 1.0 - 1e-7, ms_to_frames(20.0, MOVING_RATE_HZ));
    let mut audio = vec![0.125_f32; 2 * LONG];
    let mut other = audio.clone();
    pair(
        group,
        &format!("ramp_100_mb/f32/2ch/{LONG}"),
        2 * LONG,
        || {
            let mut whole = block(black_box(&mut audio), 2);
            for (turn, start) in (0..LONG).step_by(CHUNK).enumerate() {
                gain.apply(&targets[turn % 2]);
                gain.process(&mut whole.frames_mut(start, CHUNK));
            }
        },
        || {
            let (left, right) = black_box(&mut other).split_at_mut(LONG);
            for (left, right) in left.chunks_exact_mut(CHUNK).zip(right.chunks_exact_mut(CHUNK)) {
                plain.turn();
                for (left, right) in left.iter_mut().zip(right) {
                    let gain = plain.next();
                    *left *= gain;
                    *right *= gain;
                }
            }
        },
    );
}

/// Gain, four bands, compressor and reverb: one chain in blocks, and 128 of them.
fn chains(group: &mut Group<'_>) {
    for frames in [32, 64, 128, 512] {
        let source = planar::<f32>(2, frames);
        let (mut audio, mut ours) = (source.clone(), chain());
        let id = format!("chain/f32/2ch/{frames}");
        alone(group, &id, 2 * frames, || {
            audio.copy_from_slice(&source);
            ours.process(&mut block(black_box(&mut audio), 2));
        });
        let mut peer = chain_by_fundsp();
        alone(group, &format!("{id}/fundsp"), 2 * frames, || {
            audio.copy_from_slice(&source);
            peer(black_box(&mut audio));
        });
    }
    let source = planar::<f32>(2, 512);
    let mut audio = source.clone();
    let id = "chain_128_tracks/f32/2ch/512";
    let mut ours: Vec<_> = (0..TRACKS).map(|_| chain()).collect();
    alone(group, id, TRACKS * 2 * 512, || {
        for chain in &mut ours {
            audio.copy_from_slice(&source);
            chain.process(&mut block(black_box(&mut audio), 2));
        }
    });
    let mut peers: Vec<_> = (0..TRACKS).map(|_| chain_by_fundsp()).collect();
    alone(group, &format!("{id}/fundsp"), TRACKS * 2 * 512, || {
        for peer in &mut peers {
            audio.copy_from_slice(&source);
            peer(black_box(&mut audio));
        }
    });
}

fn chain() -> Chain<f32, EffectProcessor<f32>> {
    let spec = StreamSpec::new(RATE_HZ, 2).expect("legal");
    let bands = (0..4).map(|band| bell(2 * band).into()).collect();
    let effects: [Effect; 4] = [
        GainParams { gain_db: -6.0, ..Default::default() }.into(),
        EqualizerParams { bands, ..Default::default() }.into(),
        compressor::settings().into(),
        ReverbParams::default().into(),
    ];
    Chain::new(&spec, effects.iter().map(|effect| effect.build(&spec).expect("legal")).collect()).expect("one rate")
}

/// Its limiter stands for the compressor, which it does not have.
fn chain_by_fundsp() -> Peer {
    let [a, b, c, d] = [0, 2, 4, 6].map(|band| bell_hz::<f32>(bell(band).frequency_hz as f32, 1.0, 1.4));
    let side = mul(0.5) >> a >> b >> c >> d;
    by_fundsp((side.clone() | side) >> limiter_stereo(0.01, 0.1) >> reverb_stereo(20.0, 2.2, 0.5))
}
