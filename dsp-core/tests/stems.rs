//! Stems add up to the master, and a mix is checked without being built as it is when it is built.

use crate::common::*;
use core::ops::ControlFlow;
use mixdown::{
    console::{KeepTail, KeyParams, Lane, Point, SendParams, Stems, VcaParams, render_mix, render_stems},
    dynamics::*,
    levels::*,
    reverbs::*,
    *,
};

const FRAMES: usize = 5_000;

fn spec() -> StreamSpec {
    StreamSpec::new(48_000.0, 2).unwrap()
}

fn strip(name: &str, input: StripInput, params: StripParams) -> NamedStrip {
    NamedStrip { name: name.into(), input, params }
}

fn send(to: &str, level_db: f64) -> SendParams {
    SendParams { to: to.into(), level_db, ..Default::default() }
}

/// Two tracks, a group and a return, with latencies and a key.
fn mix() -> MixerParams {
    let lookahead = |lookahead_ms| LimiterParams { lookahead_ms, ..Default::default() }.into();
    let kick = StripParams {
        to: "drums".into(),
        sends: vec![send("hall", -6.0), send("master", -10.0)],
        inserts: vec![lookahead(3.0)],
        ..Default::default()
    };
    let bass = StripParams {
        pan: 0.4,
        fader_db: -3.0,
        inserts: vec![CompressorParams { threshold_db: -30.0, ..Default::default() }.into()],
        keys: vec![KeyParams { insert: 0, from: "kick".into() }],
        ..Default::default()
    };
    let drums = StripParams { inserts: vec![lookahead(1.0)], ..Default::default() };
    let hall = PlateParams { decay: 0.3, ..Default::default() };
    MixerParams {
        strips: vec![
            strip("kick", StripInput::Track { channels: 1 }, kick),
            strip("bass", StripInput::Track { channels: 2 }, bass),
            strip("drums", StripInput::Group, drums),
            strip("hall", StripInput::Return, StripParams { inserts: vec![hall.into()], ..Default::default() }),
        ],
        vcas: vec![VcaParams { name: "low".into(), members: vec!["kick".into(), "bass".into()], ..Default::default() }],
        master: StripParams::default(),
    }
}

fn with_inputs<T>(work: impl FnOnce(&[Block<'_, '_, f64>]) -> T) -> T {
    let (kick, bass) = (noise(1, FRAMES), noise(2, 2 * FRAMES - 2_000));
    work(&[Block::from_planar(&kick, 1).unwrap(), Block::from_planar(&bass, 2).unwrap()])
}

#[test]
fn stems_of_the_master_add_up_to_its_input() {
    let whole = with_inputs(|inputs| {
        let mut mixer = Mixer::build(&mix(), &spec()).unwrap();
        render_mix(&mut mixer, inputs, KeepTail::Frames(9_000), &mut |_| ControlFlow::Continue(())).unwrap()
    });
    // What the master does to them changes no stem.
    for inserts in [vec![], vec![LimiterParams { lookahead_ms: 8.0, ..Default::default() }.into()]] {
        let late = MixerParams { master: StripParams { inserts, trim_db: -6.0, ..Default::default() }, ..mix() };
        let stems = with_inputs(|inputs| {
            let mut mixer = Mixer::build(&late, &spec()).unwrap();
            let keep = KeepTail::Frames(9_000);
            render_stems(&mut mixer, inputs, Stems::MasterInputs, keep, &mut |_| ControlFlow::Continue(())).unwrap()
        });
        let names: Vec<&str> = stems.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["kick", "bass", "drums", "hall"]);
        for index in 0..whole.samples.len() {
            let sum: f64 = stems.iter().map(|(_, stem)| stem.samples[index]).sum();
            // The order of adding.
            assert!((sum - whole.samples[index]).abs() < 1e-14, "{index}");
        }
    }
}

/// Also of a mix in f32, whose bus is rounded once, and with lanes.
#[test]
fn stems_of_an_f32_mix_null_with_it() {
    const LIMIT_DB: f64 = -150.0;
    let mut mix = MixerParams::default();
    for n in 0..24 {
        let points = [(0.0, -3.0), (0.1, -9.0)].map(|(time_s, value)| Point { time_s, value, ..Default::default() });
        let lane = Lane { parameter: "fader_db".into(), points: points.to_vec() };
        let automation = if n % 5 == 0 { vec![lane] } else { vec![] };
        let params =
            StripParams { fader_db: -0.37 * f64::from(n), pan: f64::from(n).sin(), automation, ..Default::default() };
        mix.strips.push(strip(&format!("track {n:02}"), StripInput::Track { channels: 1 }, params));
    }
    let audio: Vec<Vec<f32>> =
        (0..24).map(|n| noise(n, FRAMES).into_iter().map(|x: f64| 0.1 * x as f32).collect()).collect();
    let inputs: Vec<Block<'_, '_, f32>> = audio.iter().map(|audio| Block::from_planar(audio, 1).unwrap()).collect();
    let all = &mut |_| ControlFlow::Continue(());
    let mut mixer = Mixer::<f32>::build(&mix, &spec()).unwrap();
    let whole = render_mix(&mut mixer, &inputs, KeepTail::None, all).unwrap();
    mixer.reset();
    let stems = render_stems(&mut mixer, &inputs, Stems::MasterInputs, KeepTail::None, all).unwrap();
    let (mut error, mut power) = (0.0, 0.0);
    for (index, sample) in whole.samples.iter().enumerate() {
        let sum: f64 = stems.iter().map(|(_, stem)| stem.samples[index]).sum();
        error += (sum - f64::from(*sample)).powi(2);
        power += sum * sum;
    }
    let null_db = 10.0 * (error / power).log10();
    println!("stems against an f32 mix: {null_db:.1} dB");
    assert!(null_db <= LIMIT_DB, "{null_db}");
}

/// A tail of `Auto` ends where that of the mix does, so that stems can be taken from it.
#[test]
fn stems_are_as_long_as_the_mix() {
    let gate = GateParams { threshold_db: -30.0, ..Default::default() };
    let plate = PlateParams { decay: 0.6, ..Default::default() };
    let gains = [0.0, -60.0, f64::NEG_INFINITY].map(|gain_db| GainParams { gain_db, ..Default::default() }.into());
    let [same, quiet, silent] = gains;
    let mut lengths = vec![];
    for insert in [same, quiet, silent, gate.into(), Effect::from(plate)] {
        let mix = MixerParams { master: StripParams { inserts: vec![insert], ..Default::default() }, ..mix() };
        with_inputs(|inputs| {
            let all = &mut |_| ControlFlow::Continue(());
            let mut mixer = Mixer::build(&mix, &spec()).unwrap();
            let whole = render_mix(&mut mixer, inputs, KeepTail::Auto, all).unwrap();
            for of in [Stems::MasterInputs, Stems::Tracks] {
                mixer.reset();
                for (name, stem) in render_stems(&mut mixer, inputs, of, KeepTail::Auto, all).unwrap() {
                    assert_eq!((stem.frames, stem.samples.len()), (whole.frames, 2 * whole.frames), "{name} {of:?}");
                }
            }
            lengths.push(whole.frames);
        });
    }
    // A silent master has no tail, a reverb there has a longer one.
    assert!(lengths[1] < lengths[0] && lengths[2] == FRAMES && lengths[4] > lengths[0], "{lengths:?}");
}

#[test]
fn stems_of_tracks_are_the_tracks_alone() {
    let stems = with_inputs(|inputs| {
        let mut mixer = Mixer::build(&mix(), &spec()).unwrap();
        render_stems(&mut mixer, inputs, Stems::Tracks, KeepTail::None, &mut |_| ControlFlow::Continue(())).unwrap()
    });
    assert_eq!(stems.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["kick", "bass"]);
    for (name, stem) in &stems {
        let mut alone = mix();
        alone.strips.retain(|strip| ["kick", "bass"].contains(&strip.name.as_str()));
        for strip in &mut alone.strips {
            strip.params.to = "master".into();
            strip.params.sends.clear();
            strip.params.mute = strip.name != *name;
        }
        let expected = with_inputs(|inputs| {
            let mut mixer = Mixer::build(&alone, &spec()).unwrap();
            render_mix(&mut mixer, inputs, KeepTail::None, &mut |_| ControlFlow::Continue(())).unwrap()
        });
        assert!(same_bits(&stem.samples, &expected.samples), "{name}");
    }
}

#[test]
fn an_interruption_ends_stems_as_well() {
    let interrupted = with_inputs(|inputs| {
        let mut mixer = Mixer::build(&mix(), &spec()).unwrap();
        render_stems(&mut mixer, inputs, Stems::Tracks, KeepTail::None, &mut |_| ControlFlow::Break(()))
    });
    assert!(interrupted.is_err());
}

#[test]
fn a_mix_is_refused_as_it_is_when_it_is_built() {
    type Change = fn(&mut MixerParams);
    let changes: &[Change] = &[
        |mix| mix.strips[1].name = "kick".into(),
        |mix| mix.strips[1].name = "a/b".into(),
        |mix| mix.strips[0].params.to = "bass".into(),
        |mix| mix.strips[0].params.to = "drum".into(),
        |mix| mix.strips[0].params.sends[0].level_db = 13.0,
        |mix| mix.strips[0].params.pan = 2.0,
        |mix| mix.strips[0].params.width = 0.5,
        |mix| mix.strips[0].input = StripInput::Track { channels: 3 },
        |mix| mix.strips[1].params.keys[0].from = "kik".into(),
        |mix| mix.strips[1].params.keys[0].insert = 1,
        |mix| mix.strips[1].params.inserts[0] = GainParams::default().into(),
        |mix| mix.strips[2].params.sends.push(send("drums", 0.0)),
        |mix| mix.master.sends.push(send("hall", 0.0)),
        |mix| mix.master.keys.push(KeyParams { insert: 0, from: "kick".into() }),
        |mix| mix.vcas[0].members.push("tom".into()),
        |mix| mix.vcas[0].fader_db = 13.0,
        |mix| {
            let points = [1.0, 0.5].map(|time_s| Point { time_s, ..Default::default() });
            mix.master.automation = vec![Lane { parameter: "fader_db".into(), points: points.to_vec() }];
        },
    ];
    assert_eq!(mix().validate(&spec()), Ok(()));
    for (index, change) in changes.iter().enumerate() {
        let mut wrong = mix();
        change(&mut wrong);
        let Err(error) = Mixer::<f32>::build(&wrong, &spec()) else { panic!("{index} is legal") };
        assert_eq!(wrong.validate(&spec()), Err(error), "{index}");
    }
    assert!(mix().validate(&StreamSpec::new(48_000.0, 1).unwrap()).is_err());
}
