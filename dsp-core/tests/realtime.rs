//! Real-time safety: nothing allocates or frees while audio runs.

use crate::{allocator::calls, common::*};
use mixdown::{
    console::{KeyParams, Lane, Metering, Point, SendParams, Shape, VcaParams},
    dynamics::*,
    filters::*,
    levels::*,
    meters::*,
    params::{Kind, Value},
    reverbs::PlateParams,
    *,
};

const FRAMES: usize = 3_000;
/// Block lengths of an irregular host.
const BLOCKS: [usize; 6] = [64, 1, 480, 0, 1_000, 7];

fn spec(channels: usize) -> StreamSpec {
    StreamSpec::new(44_100.0, channels).unwrap()
}

/// Every block of `audio` in turn.
fn blocks<S: Sample>(audio: &mut BlockMut<'_, '_, S>, mut each: impl FnMut(&mut BlockMut<'_, '_, S>)) {
    let mut start = 0;
    for length in BLOCKS.into_iter().cycle() {
        let length = length.min(audio.frames() - start);
        each(&mut audio.frames_mut(start, length));
        start += length;
        if start == audio.frames() {
            return;
        }
    }
}

fn effect_does_not_allocate<S: Sample>(entry: &Entry, effect: &Effect, channels: usize) {
    let spec = spec(channels);
    let mut processor = effect.build::<S>(&spec).unwrap();
    let designs = [moved(effect).design(&spec).unwrap(), effect.design(&spec).unwrap()];
    let mut audio = room_for(&processor, planar_noise::<S>(channels, FRAMES));
    // The repair of non-finite samples is part of the law.
    audio[FRAMES / 2] = S::from_f64(f64::NAN);
    let key = planar_noise::<S>(1, FRAMES);
    let rows = audio.len() / FRAMES;
    let mut block = BlockMut::from_planar(&mut audio, rows).unwrap();
    let key = Block::from_planar(&key, 1).unwrap();
    let rows = processor.dynamics().map_or(0, |dynamics| dynamics.traces());
    let mut traces = vec![0.0; rows.max(1) * FRAMES];
    let mut traces = BlockMut::from_planar(&mut traces, rows.max(1)).unwrap();
    let count = calls(|| {
        for design in &designs {
            processor.set_coeffs(design).unwrap();
            blocks(&mut block, |block| processor.process(block));
            processor.set_coeffs(&designs[0]).unwrap();
            blocks(&mut block, |block| processor.process_keyed(block, &key.frames_at(0, block.frames())));
            if let Some(dynamics) = processor.dynamics_mut() {
                dynamics.process_traced(&mut block, Some(&key), &mut traces);
            }
            processor.reset();
        }
    });
    assert_eq!(count, 0, "{} {effect:?}", entry.name);
}

#[test]
fn law_7_no_effect_allocates_while_it_runs() {
    for_all(6, |entry, effect| {
        for channels in channel_counts(&effect) {
            effect_does_not_allocate::<f32>(entry, &effect, channels);
        }
        effect_does_not_allocate::<f64>(entry, &effect, channel_counts(&effect)[0]);
    });
}

#[test]
fn law_7_combinations() {
    let band = |frequency_hz| BellParams { frequency_hz, gain_db: 3.0, q: 1.0 }.into();
    let equalizer = Effect::from(EqualizerParams { bands: vec![band(100.0), band(2_000.0)], ..Default::default() });
    let high_pass = Effect::from(HighPassParams { slope_db_per_octave: 96.0, ..Default::default() });
    let nested = |effects: Vec<Effect>| Effect::Chain {
        effects: vec![
            Effect::Parallel { effects: effects.clone(), gains_db: vec![-3.0; effects.len()] },
            Effect::MidSide { mid: effects.clone(), side: effects.clone() },
            Effect::Bypass { effect: Box::new(equalizer.clone()) },
            WidthParams { width: 1.4, bass_mono_hz: 90.0 }.into(),
            PanParams { pan: 0.2, ..Default::default() }.into(),
        ],
    };
    let spec = spec(2);
    let quiet = GainParams { gain_db: -6.0, ..Default::default() };
    let effect = nested(vec![quiet.into(), equalizer.clone(), high_pass.clone()]);
    let moved = nested(vec![GainParams::default().into(), equalizer.clone(), high_pass.clone()]).design(&spec).unwrap();
    let mut processor = effect.build::<f32>(&spec).unwrap();
    let mut audio = planar_noise::<f32>(2, FRAMES);
    let mut block = BlockMut::from_planar(&mut audio, 2).unwrap();
    let count = calls(|| {
        blocks(&mut block, |block| processor.process(block));
        processor.set_coeffs(&moved).unwrap();
        blocks(&mut block, |block| processor.process(block));
        processor.reset();
    });
    assert_eq!(count, 0);
}

#[test]
fn law_7_the_mixer_does_not_allocate() {
    let mut mixer = Mixer::<f32>::new(&spec(2)).unwrap();
    let bell = BellParams { gain_db: 4.0, ..Default::default() };
    let point = |time_s, value, shape| Point { time_s, value, shape };
    let lane = |parameter: &str, end| Lane {
        parameter: parameter.into(),
        points: vec![point(0.0, end - 1.0, Shape::Hold), point(0.01, end, Shape::DbLinear)],
    };
    let params = StripParams {
        inserts: vec![bell.into(), CompressorParams::default().into(), LimiterParams::default().into()],
        fader_db: -6.0,
        to: "band".into(),
        sends: vec![SendParams { to: "hall".into(), ..Default::default() }],
        ..Default::default()
    };
    let hall = StripParams { inserts: vec![PlateParams::default().into()], ..Default::default() };
    mixer.add_return("hall", &hall).unwrap();
    mixer.add_group("band", &StripParams::default()).unwrap();
    mixer.add_track("drums", 2, &params).unwrap();
    let keys = vec![KeyParams { insert: 1, from: "drums".into() }];
    let bass = mixer.add_track("bass", 1, &StripParams { keys, ..params.clone() }).unwrap();
    let automation = vec![lane("fader_db", -3.0), lane("sends/0/level_db", -9.0), lane("1/threshold_db", -20.0)];
    let voice = mixer.add_track("voice", 1, &StripParams { automation, ..params }).unwrap();
    let members = vec!["bass".to_string(), "voice".into()];
    mixer.set_vcas(&[VcaParams { name: "all".into(), members, ..Default::default() }]).unwrap();
    let master = StripParams { inserts: vec![TiltParams::default().into()], ..Default::default() };
    mixer.set("master", &master).unwrap();
    mixer.set_metering(Metering::All).unwrap();
    let meter = mixer.meter(bass).unwrap();
    let (stereo, mono) = (planar_noise::<f32>(2, FRAMES), planar_noise::<f32>(1, FRAMES));
    let inputs = [(&stereo, 2), (&mono, 1), (&mono, 1)]
        .map(|(samples, channels)| Block::from_planar(samples.as_slice(), channels).unwrap());
    let mut out = vec![0.0_f32; 2 * FRAMES];
    let mut out = BlockMut::from_planar(&mut out, 2).unwrap();
    for round in 0..2 {
        let mut softer: Effect = BellParams { gain_db: -4.0 - f64::from(round), ..bell }.into();
        let coeffs = softer.design(&spec(1)).unwrap();
        let count = calls(|| {
            mixer.set_value(bass, "fader_db", (-3.0).into()).unwrap();
            mixer.set_value(bass, "pan", (0.5 - f64::from(round)).into()).unwrap();
            mixer.set_value(bass, "solo", (round == 1).into()).unwrap();
            mixer.set_value(voice, "mute", (round == 0).into()).unwrap();
            assert!(mixer.set_value(voice, "pan", 2.0.into()).is_err());
            mixer.set_send_value(voice, 0, "pan", 0.5.into()).unwrap();
            mixer.set_vca_value(0, "fader_db", (-1.0).into()).unwrap();
            mixer.set_insert(bass, 0, &mut softer, &coeffs).unwrap();
            let mut start = 0;
            blocks(&mut out, |block| {
                let parts = inputs.map(|input| input.frames_at(start, block.frames()));
                mixer.process(&parts, block);
                start += block.frames();
            });
            assert!(meter.levels().frames > 0);
            mixer.reset();
        });
        assert_eq!(count, 0, "round {round}");
    }
}

/// Names of the parts of an effect.
const PARTS: [&str; 6] = ["effects", "mid", "side", "bands", "shape", "band"];
/// Lists of numbers.
const LISTS: [&str; 2] = ["crossovers_hz", "gains_db"];

/// The paths of all numbers and switches that lanes may move, each with its value and another one.
fn movable(settings: &mut dyn Fields, path: &str, found: &mut Vec<(String, [f64; 2])>) {
    for field in settings.fields().iter().filter(|field| !field.fixed && !field.costly) {
        let values = match (field.kind, settings.get(field.name)) {
            (Kind::Number(number), Some(Value::Number(value))) => {
                let position = number.position(value);
                let near = if position > 0.5 { position - 0.1 } else { position + 0.1 };
                [value, number.at(near)]
            }
            (_, Some(Value::Switch(on))) => [f64::from(u8::from(on)), f64::from(u8::from(!on))],
            _ => continue,
        };
        found.push((format!("{path}{}", field.name), values));
    }
    let costly = |settings: &mut dyn Fields, name: &str| {
        settings.fields().iter().any(|field| field.name == name && field.costly)
    };
    for name in PARTS.into_iter().filter(|name| !costly(settings, name)).collect::<Vec<_>>() {
        for index in 0.. {
            let Some(part) = settings.part(name, Some(index)) else { break };
            movable(part, &format!("{path}{name}[{index}]."), found);
        }
        if let Some(part) = settings.part(name, None) {
            movable(part, &format!("{path}{name}."), found);
        }
    }
    if let Some(part) = settings.part("effect", None) {
        movable(part, &format!("{path}effect."), found);
    }
    for list in LISTS {
        for index in 0.. {
            let Some(entry) = settings.entry(list, index) else { break };
            found.push((format!("{path}{list}[{index}]"), [*entry, *entry * 1.05]));
        }
    }
}

/// Every number and switch of every effect, bands and members included, moved by a lane.
#[test]
fn law_7_lanes_take_no_memory() {
    let mut counts = std::collections::BTreeMap::<&str, usize>::new();
    let counts = std::cell::RefCell::new(&mut counts);
    for_all(3, |entry, effect| {
        let channels = channel_counts(&effect).into_iter().find(|channels| *channels == 2).unwrap();
        let mut paths = Vec::new();
        movable(&mut effect.clone(), "", &mut paths);
        // Trees have the paths of their members, which are many.
        for (path, values) in paths.iter().step_by(1 + paths.len() / 24) {
            let point = |(index, value): (usize, &f64)| Point {
                time_s: 0.01 * index as f64,
                value: *value,
                shape: Shape::Hold,
            };
            let points = values.iter().chain(values).enumerate().map(point).collect();
            let automation = vec![Lane { parameter: format!("0/{path}"), points }];
            let params = StripParams { inserts: vec![effect.clone()], automation, ..Default::default() };
            let mut mixer = Mixer::<f32>::new(&spec(2)).unwrap();
            // Another setting may stand against the other value: then it is left out.
            if let Err(error) = mixer.add_track("voice", channels, &params) {
                let text = error.to_string();
                assert!(
                    text.contains("out of range: with") || text.contains("crossovers_hz["),
                    "{} {text}",
                    entry.name
                );
                continue;
            }
            *counts.borrow_mut().entry(entry.name).or_default() += 1;
            let audio = planar_noise::<f32>(channels, FRAMES);
            let mut out = vec![0.0_f32; 2 * FRAMES];
            let mut out = BlockMut::from_planar(&mut out, 2).unwrap();
            let input = Block::from_planar(&audio, channels).unwrap();
            let count = calls(|| {
                let mut start = 0;
                blocks(&mut out, |block| {
                    mixer.process(&[input.frames_at(start, block.frames())], block);
                    start += block.frames();
                });
                mixer.reset();
            });
            assert_eq!(count, 0, "{} {path} {values:?} {effect:?}", entry.name);
        }
    });
    // A linear-phase equalizer has nothing else; the others have at least one.
    let counts = counts.into_inner();
    for name in entries().iter().map(|entry| entry.name).filter(|name| *name != "LinearPhaseEqualizer") {
        assert!(counts.get(name).is_some_and(|count| *count > 0), "{name}: no lane ran");
    }
}

#[test]
fn law_7_meters_do_not_allocate() {
    let audio = planar_noise::<f32>(3, 60_000);
    let block = Block::from_planar(&audio, 3).unwrap();
    for precision in [Precision::Off, Precision::Standard, Precision::High, Precision::Reference] {
        let params = LoudnessParams { precision, memory: Memory::Constant, ..Default::default() };
        let mut meter = params.build::<f32>(&spec(3)).unwrap();
        let count = calls(|| {
            for start in (0..block.frames()).step_by(999) {
                meter.observe(&block.frames_at(start, 999.min(block.frames() - start)));
            }
            let _ = (meter.momentary_lufs(), meter.short_term_lufs(), meter.integrated_lufs());
            meter.reset();
        });
        assert_eq!(count, 0, "{precision:?}");
    }
    for precision in [Precision::Standard, Precision::High, Precision::Reference] {
        let mut meter = TruePeakMeter::<f32>::new(&spec(3), precision).unwrap();
        let count = calls(|| {
            meter.observe(&block);
            meter.reset();
        });
        assert_eq!(count, 0, "{precision:?}");
    }
}

#[test]
fn law_7_meters_of_stereo_do_not_allocate() {
    let mut audio = planar_noise::<f32>(2, 60_000);
    audio[30_000] = f32::NAN;
    audio[31_000] = 2.0;
    let block = Block::from_planar(&audio, 2).unwrap();
    let mut level = LevelParams::default().build::<f32>(&spec(2)).unwrap();
    let mut correlation = CorrelationParams::default().build::<f32>(&spec(2)).unwrap();
    let mut fold = MonoFoldMeter::<f32>::new(&spec(2)).unwrap();
    let mut spectrum = SpectrumParams::default().build::<f32>(&spec(2)).unwrap();
    let count = calls(|| {
        for start in (0..block.frames()).step_by(999) {
            let part = block.frames_at(start, 999.min(block.frames() - start));
            level.observe(&part);
            correlation.observe(&part);
            fold.observe(&part);
            spectrum.observe(&part);
        }
        let _ = (correlation.reading(), correlation.correlation());
        level.reset();
        correlation.reset();
        fold.reset();
        spectrum.reset();
    });
    assert_eq!(count, 0);
}
