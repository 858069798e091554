//! Real-time safety: nothing allocates or frees while audio runs.

use crate::{allocator::calls, common::*};
use mixdown::{filters::*, levels::*, meters::*, *};

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
    let params = |fader_db, pan| StripParams {
        inserts: vec![BellParams { gain_db: 4.0, ..Default::default() }.into()],
        fader_db,
        pan,
        ..Default::default()
    };
    for (track, channels) in [("drums", 2), ("bass", 1), ("voice", 1)] {
        mixer.add_track(track, channels, &params(-6.0, 0.1)).unwrap();
    }
    mixer
        .set(
            "master",
            &StripParams {
                inserts: vec![TiltParams { gain_db: 1.0, ..Default::default() }.into()],
                fader_db: -1.0,
                ..Default::default()
            },
        )
        .unwrap();
    let (stereo, mono) = (planar_noise::<f32>(2, FRAMES), planar_noise::<f32>(1, FRAMES));
    let inputs = [(&stereo, 2), (&mono, 1), (&mono, 1)]
        .map(|(samples, channels)| Block::from_planar(samples.as_slice(), channels).unwrap());
    let mut out = vec![0.0_f32; 2 * FRAMES];
    let mut out = BlockMut::from_planar(&mut out, 2).unwrap();
    for round in 0..2 {
        // Designing the settings of inserts may allocate; running the glides they start may not.
        mixer.set("bass", &params(-3.0, 0.5 - f64::from(round))).unwrap();
        mixer.set("voice", &StripParams { mute: round == 0, ..params(0.0, 0.0) }).unwrap();
        let count = calls(|| {
            let mut start = 0;
            blocks(&mut out, |block| {
                let parts = inputs.map(|input| input.frames_at(start, block.frames()));
                mixer.process(&parts, block);
                start += block.frames();
            });
        });
        assert_eq!(count, 0, "round {round}");
        assert_eq!(calls(|| mixer.reset()), 0);
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
