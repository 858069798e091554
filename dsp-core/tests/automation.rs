//! Settings that change again during a glide: no gain outside the settings, and no click.

use crate::common::*;
use mixdown::{convolution::*, dynamics::*, levels::*, *};

const RATE_HZ: f64 = 48_000.0;

fn stereo() -> StreamSpec {
    StreamSpec::new(RATE_HZ, 2).unwrap()
}

fn gain(gain_db: f64) -> Effect {
    GainParams { gain_db, ..Default::default() }.into()
}

/// Settings for a position of 0..1.
type Make = fn(f64) -> Effect;

/// Gains, pans and mixes, by a setting of 0..1, that act at once: the output is linear in the gliding value.
fn gain_likes() -> Vec<(&'static str, Make)> {
    vec![
        ("gain", |at| gain(if at < 0.1 { f64::NEG_INFINITY } else { 30.0 * at - 24.0 })),
        ("polarity", |at| GainParams { gain_db: 0.0, invert_polarity: at > 0.5 }.into()),
        ("pan", |at| PanParams { pan: 2.0 * at - 1.0, ..Default::default() }.into()),
        ("width", |at| WidthParams { width: 2.0 * at, bass_mono_hz: 0.0 }.into()),
        ("branch", |at| Effect::Parallel { effects: vec![Effect::default()], gains_db: vec![30.0 * at - 24.0] }),
        ("chain", |at| vec![gain(12.0 * at - 12.0), gain(-1.0)].into()),
        ("side", |at| Effect::MidSide { mid: vec![], side: vec![gain(24.0 * at - 24.0)] }),
        ("makeup", |at| CompressorParams { ratio: 1.0, makeup_db: 12.0 * at, ..Default::default() }.into()),
        ("mix", |at| {
            let impulse_response = ImpulseResponse::from_rows(&[&[-0.5_f64]]).unwrap();
            ConvolutionParams { impulse_response, mix: at, ..Default::default() }.into()
        }),
    ]
}

/// Random moments and settings: gaps of 1 ms to 30 ms, in frames, and values of 0..1.
fn moves(seed: u64, count: usize) -> Vec<(usize, f64)> {
    let random = noise(seed, 2 * count);
    let mut at = 12_000;
    random
        .chunks(2)
        .map(|pair| {
            at += 48 + (700.0 * (pair[0] + 1.0)) as usize;
            (at, 0.5 * (pair[1] + 1.0))
        })
        .collect()
}

fn run_moves(make: Make, start: f64, moves: &[(usize, f64)], audio: &mut [f64]) {
    let mut processor = make(start).build::<f64>(&stereo()).unwrap();
    let targets: Vec<(usize, Effect)> = moves.iter().map(|&(at, value)| (at, make(value))).collect();
    let events = targets
        .iter()
        .map(|(at, effect)| -> Event<'_, EffectProcessor<f64>> {
            (*at, Box::new(move |p: &mut EffectProcessor<f64>| p.set_params(effect).unwrap()))
        })
        .collect();
    run(&mut processor, audio, &Cut(vec![480]), events);
}

/// A constant input, so that the output is the gain: within the active settings at every frame.
#[test]
fn no_gain_leaves_the_interval_of_the_active_settings() {
    /// 20 ms, and an eighth of that for a pending setting.
    const ACTIVE_FRAMES: usize = 960 + 120;
    const ROUNDING: f64 = 1e-6;
    for (name, make) in gain_likes() {
        for seed in 0..4 {
            let moves = moves(seed, 24);
            let frames = moves[moves.len() - 1].0 + 2_000;
            let input = |frames| [vec![1.0; frames], vec![0.25; frames]].concat();
            let mut audio = input(frames);
            run_moves(make, 0.5, &moves, &mut audio);
            // The output of each setting alone.
            let settled: Vec<(usize, Vec<f64>)> = std::iter::once(&(0, 0.5))
                .chain(&moves)
                .map(|&(at, value)| {
                    let mut audio = input(4_000);
                    run_moves(make, value, &[], &mut audio);
                    (at, vec![audio[3_999], audio[7_999]])
                })
                .collect();
            for (at, sample) in audio.iter().enumerate() {
                let (channel, frame) = (at / frames, at % frames);
                let oldest =
                    settled.iter().skip(1).rposition(|(at, _)| at + ACTIVE_FRAMES <= frame).map_or(0, |k| k + 1);
                let heard = settled[oldest..].iter().filter(|(at, _)| *at <= frame).map(|(_, level)| level[channel]);
                let low = heard.clone().fold(f64::INFINITY, f64::min);
                let high = heard.fold(f64::NEG_INFINITY, f64::max);
                assert!(
                    *sample >= low - ROUNDING && *sample <= high + ROUNDING,
                    "{name} {seed}: {sample} outside {low}..{high} at frame {frame}"
                );
            }
        }
    }
}

/// Two particular cases: a fade-in corrected by a hundredth of a dB, and a fade-out that is stopped.
#[test]
fn a_corrected_fade_passes_neither_its_target_nor_zero() {
    let fade = |from: f64, to: f64, corrected: f64| {
        let mut processor = gain(from).build::<f32>(&stereo()).unwrap();
        let mut audio = vec![1.0_f32; 2 * 4_800];
        let first = gain(to);
        let second = gain(corrected);
        let events: Vec<Event<'_, EffectProcessor<f32>>> = vec![
            (1_000, Box::new(|p: &mut EffectProcessor<f32>| p.set_params(&first).unwrap())),
            (1_480, Box::new(|p: &mut EffectProcessor<f32>| p.set_params(&second).unwrap())),
        ];
        run(&mut processor, &mut audio, &Cut(vec![64]), events);
        audio
    };
    let target = 10.0_f32.powf(-0.01 / 20.0);
    assert!(fade(-144.0, 0.0, -0.01).iter().all(|x| (-1e-6..=target + 1e-6).contains(x)));
    assert!(fade(0.0, -144.0, -60.0)[1_000..].iter().all(|x| *x >= 0.001 - 1e-6));
}

/// The same for faders and mutes of a mixer.
#[test]
fn no_fader_or_mute_overshoots() {
    let frames = 40_000;
    let mut mixer = Mixer::<f64>::new(&stereo()).unwrap();
    mixer.add_track("voice", 2, &StripParams::default()).unwrap();
    let source = vec![1.0; 2 * frames];
    let mut out = vec![0.0; 2 * frames];
    let mut block = BlockMut::from_planar(&mut out, 2).unwrap();
    let random = noise(5, 3 * frames / 100);
    for (step, random) in random.chunks_exact(3).enumerate().take(frames / 100) {
        let fader_db = if random[0] < -0.8 { f64::NEG_INFINITY } else { 10.0 * random[0] - 10.0 };
        let params = StripParams { fader_db, mute: random[2] > 0.5, ..Default::default() };
        if step > 0 && random[1] > 0.4 {
            mixer.set("voice", &params).unwrap();
        }
        let input = Block::from_planar(&source, 2).unwrap().frames_at(100 * step, 100);
        mixer.process(&[input], &mut block.frames_mut(100 * step, 100));
    }
    assert!(out.iter().all(|x| (-1e-6..=1.0 + 1e-6).contains(x)));
    assert!(out.iter().any(|x| *x < 0.1) && out.iter().any(|x| *x > 0.5));
}

#[test]
fn no_change_during_a_glide_clicks() {
    /// As law 8, for each of the changes.
    const LIMIT_DBFS: f64 = -100.0;
    for (name, make) in gain_likes() {
        for seed in 0..3 {
            let moves = moves(seed, 30);
            let frames = moves[moves.len() - 1].0 + 14_000;
            let sine = |n: usize| (std::f64::consts::TAU * 100.0 * n as f64 / RATE_HZ).sin();
            let fade_in = |n: usize| {
                let u = (n as f64 / 4_800.0).min(1.0);
                u * u * u * (10.0 + u * (6.0 * u - 15.0))
            };
            let mut audio: Vec<f64> = (0..2 * frames).map(|n| 0.5 * fade_in(n % frames) * sine(n % frames)).collect();
            audio[frames..].iter_mut().for_each(|x| *x *= 0.5);
            run_moves(make, 0.5, &moves, &mut audio);
            for channel in audio.chunks_exact(frames) {
                let peak = channel.iter().fold(0.0, |peak: f64, x| peak.max(x.abs()));
                let scaled: Vec<f64> = channel.iter().map(|x| x * 0.5 / peak).collect();
                let residue = residue_dbfs(&scaled, RATE_HZ);
                println!("{residue:7.1} dBFS  {name} {seed}");
                assert!(residue <= LIMIT_DBFS, "{residue} dBFS: {name} {seed}");
            }
        }
    }
}
