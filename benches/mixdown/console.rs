//! Whole channel strips through the mixer: gain, four bands of EQ, a compressor, pan and a send to one reverb.

use crate::{
    compressor,
    equalizer::all_passes,
    pair::alone,
    signal::{block, pink},
};
use criterion::Criterion;
use mixdown::{
    Block, Mixer, MixerParams, NamedStrip, StreamSpec, StripInput, StripParams, console::SendParams,
    levels::GainParams, reverbs::ReverbParams,
};
use std::hint::black_box;

const BANDS: usize = 4;
const RETURN: &str = "hall";

pub fn all(criterion: &mut Criterion) {
    let group = &mut criterion.benchmark_group("console");
    for strips in [1, 8, 32, 128] {
        for frames in [64, 512] {
            let sources: Vec<Vec<f32>> = (0..strips).map(|track| pink(track, frames)).collect();
            let inputs: Vec<Block<'_, '_, f32>> =
                sources.iter().map(|source| Block::from_planar(source, 1).expect("mono")).collect();
            let mut mixer = mixer(strips);
            let mut out = vec![0.0; 2 * frames];
            alone(group, &format!("strips_{strips}/f32/2ch/{frames}"), strips * frames, || {
                mixer.process(black_box(&inputs), &mut block(black_box(&mut out), 2));
            });
        }
    }
}

fn mixer(strips: usize) -> Mixer<f32> {
    let gain = GainParams { gain_db: -3.0, invert_polarity: true };
    let tracks = (0..strips).map(|track| NamedStrip {
        name: format!("track {track:03}"),
        input: StripInput::Track { channels: 1 },
        params: StripParams {
            pan: (track as f64 * 0.37).sin(),
            inserts: vec![gain.into(), all_passes(BANDS).into(), compressor::settings().into()],
            sends: vec![SendParams { to: RETURN.into(), level_db: -18.0, ..Default::default() }],
            ..Default::default()
        },
    });
    let hall = StripParams { inserts: vec![ReverbParams::default().into()], ..Default::default() };
    let hall = NamedStrip { name: RETURN.into(), input: StripInput::Return, params: hall };
    let params = MixerParams { strips: tracks.chain([hall]).collect(), ..Default::default() };
    Mixer::build(&params, &StreamSpec::new(48_000.0, 2).expect("legal")).expect("legal")
}
