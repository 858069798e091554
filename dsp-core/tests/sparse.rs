//! Signals that dense noise does not cover: one sample after silence, inputs of one frame, a signal that stops and
//! returns. Processing skipped in silence must restart at the first frame of a signal, with cleared state.

use crate::common::*;
use mixdown::{dynamics::*, meters::*, reverbs::*, *};
use std::cell::Cell;

/// The grid on which decayed states are zeroed, in frames.
const GRID_FRAMES: usize = 64;
/// Level of a click; above the thresholds of most gates.
const CLICK: f64 = 0.5;
/// Frames after a click: more than the longest pre-delay at 8 kHz.
const RESPONSE_FRAMES: usize = 2_400;
/// A response to a click has the same level at any time; modulated ones may differ by this, in dB.
const LEVEL_LIMIT_DB: f64 = 1.0;
/// The same for swept delays: a click is white, and between two samples its top octave is lost, in a loop again and
/// again.
const SWEPT_LIMIT_DB: f64 = 2.0;

/// The rates at which an effect can be built, out of two; the low one makes long buffers short.
fn specs(effect: &Effect) -> Vec<StreamSpec> {
    let channels = channel_counts(effect)[0];
    let specs = [8_000.0, 44_100.0].map(|rate_hz| StreamSpec::new(rate_hz, channels).unwrap());
    specs.into_iter().filter(|spec| effect.build::<f32>(spec).is_ok()).collect()
}

/// Planar audio with `CLICK` in every channel at the frames in `at`.
fn clicks(processor: &EffectProcessor<f32>, frames: usize, at: &[usize]) -> Vec<f32> {
    let channels = processor.spec().channels();
    let mut audio = vec![0.0; channels * frames];
    for samples in audio.chunks_exact_mut(frames) {
        at.iter().for_each(|&at| samples[at] = CLICK as f32);
    }
    room_for(processor, audio)
}

fn rendered(processor: &mut EffectProcessor<f32>, audio: &[f32], cut: &Cut) -> Vec<f32> {
    processor.reset();
    let mut audio = audio.to_vec();
    run(processor, &mut audio, cut, vec![]);
    audio
}

/// Energy of all channels from a frame on.
fn energy(audio: &[f32], frames: usize, from: usize) -> f64 {
    audio.chunks_exact(frames).flat_map(|samples| &samples[from..]).map(|&x| f64::from(x) * f64::from(x)).sum()
}

fn as_loud(a: f64, b: f64, name: &str) -> bool {
    let limit_db = if matches!(name, "Chorus" | "Flanger" | "Vibrato") { SWEPT_LIMIT_DB } else { LEVEL_LIMIT_DB };
    a == b || (10.0 * (a / b).log10()).abs() <= limit_db
}

/// Whether the level of a sound does not depend on when it comes.
fn is_steady(entry: &Entry) -> bool {
    !matches!(entry.name, "Phaser" | "Tremolo")
}

#[test]
fn law_1_a_click_after_silence_at_every_offset_of_the_grid() {
    let cuts = Cut::all();
    for_all(2, |entry, effect| {
        for spec in specs(&effect) {
            let mut processor = effect.build::<f32>(&spec).unwrap();
            let first = clicks(&processor, RESPONSE_FRAMES, &[0]);
            let first = energy(&rendered(&mut processor, &first, &Cut::whole()), RESPONSE_FRAMES, 0);
            for place in 0..GRID_FRAMES {
                let at = 10 * GRID_FRAMES + place;
                let frames = at + RESPONSE_FRAMES;
                let audio = clicks(&processor, frames, &[at]);
                let whole = rendered(&mut processor, &audio, &Cut::whole());
                let context = || format!("{} {} Hz, click at {at}: {effect:?}", entry.name, spec.sample_rate_hz());
                let level = energy(&whole, frames, 0);
                assert!(!is_steady(entry) || as_loud(level, first, entry.name), "{level} for {first}: {}", context());
                let border = Cut(vec![at, 1, 63]);
                for cut in [&cuts[place % cuts.len()], &border] {
                    assert!(same_bits(&rendered(&mut processor, &audio, cut), &whole), "{cut:?} {}", context());
                }
            }
        }
    });
}

#[test]
fn law_1_a_signal_that_stops_and_returns() {
    const BURST_FRAMES: usize = 400;
    const SILENT_FRAMES: usize = 24_000;
    let ended = Cell::new(0);
    for_all(3, |entry, effect| {
        let spec = specs(&effect)[0];
        let mut processor = effect.build::<f32>(&spec).unwrap();
        let first = clicks(&processor, RESPONSE_FRAMES, &[0]);
        let first = energy(&rendered(&mut processor, &first, &Cut::whole()), RESPONSE_FRAMES, 0);
        for place in [0, 1, 31, 63] {
            let at = BURST_FRAMES + SILENT_FRAMES + place;
            let frames = at + RESPONSE_FRAMES;
            let mut audio = clicks(&processor, frames, &[at]);
            for samples in audio.chunks_exact_mut(frames).take(spec.channels()) {
                for (sample, noise) in samples.iter_mut().zip(noise(5, BURST_FRAMES)) {
                    *sample = 0.5 * noise as f32;
                }
            }
            let whole = rendered(&mut processor, &audio, &Cut::whole());
            for cut in [Cut(vec![480]), Cut(vec![7]), Cut(vec![at, 1, 63])] {
                let cut_up = rendered(&mut processor, &audio, &cut);
                assert!(same_bits(&cut_up, &whole), "{} {cut:?} {effect:?}", entry.name);
            }
            // Earlier signals must leave no trace, but in an automatic gain, which silence does not change.
            let remembers = matches!(&effect, Effect::Saturator(params) if params.auto_gain);
            if !remembers && matches!(processor.tail(), Tail::Frames(tail) if tail < SILENT_FRAMES as u64) {
                ended.set(ended.get() + 1);
                let level = energy(&whole, frames, at);
                assert!(
                    !is_steady(entry) || as_loud(level, first, entry.name),
                    "{level} for {first}: {} {effect:?}",
                    entry.name
                );
            }
        }
    });
    assert!(ended.get() > 150, "only {} tails had ended", ended.get());
}

#[test]
fn law_1_inputs_of_one_frame_and_digital_silence() {
    for_all(4, |entry, effect| {
        for spec in specs(&effect) {
            let mut processor = effect.build::<f32>(&spec).unwrap();
            let long = clicks(&processor, 50, &[0]);
            let long = rendered(&mut processor, &long, &Cut::whole());
            let one = clicks(&processor, 1, &[0]);
            let one = rendered(&mut processor, &one, &Cut::whole());
            for (one, long) in one.iter().zip(long.chunks_exact(50)) {
                assert!(one.to_bits() == long[0].to_bits(), "{} {effect:?}", entry.name);
            }
            let silence = clicks(&processor, 1_000, &[]);
            let silence = rendered(&mut processor, &silence, &Cut(vec![77]));
            assert!(silence.iter().all(|&x| x == 0.0), "{} {effect:?}", entry.name);
        }
    });
}

#[test]
fn law_1_clicks_through_a_mixer() {
    const FRAMES: usize = 4_000;
    let spec = StreamSpec::new(8_000.0, 2).unwrap();
    let mut mixer = Mixer::<f32>::new(&spec).unwrap();
    let room = ReverbParams { t60_s: 0.1, ..ReverbParams::space(Space::Room) };
    let tracks: [(usize, Vec<Effect>); 3] =
        [(1, vec![room.into()]), (2, vec![PlateParams::default().into()]), (2, vec![LimiterParams::default().into()])];
    for (name, (channels, inserts)) in ["a", "b", "c"].into_iter().zip(&tracks) {
        mixer.add_track(name, *channels, &StripParams { inserts: inserts.clone(), ..Default::default() }).unwrap();
    }
    mixer
        .set(
            "master",
            &StripParams { inserts: vec![CompressorParams::default().into()], fader_db: -3.0, ..Default::default() },
        )
        .unwrap();
    let mut render = |at: usize, cut: &Cut| {
        mixer.reset();
        let sources: Vec<Vec<f32>> = tracks
            .iter()
            .enumerate()
            .map(|(index, (channels, _))| {
                let mut audio = vec![0.0; channels * FRAMES];
                audio[at + 100 * index] = CLICK as f32;
                audio
            })
            .collect();
        let mut out = vec![0.0; 2 * FRAMES];
        let mut block = BlockMut::from_planar(&mut out, 2).unwrap();
        let mut start = 0;
        for length in cut.0.iter().cycle() {
            let length = (*length).min(FRAMES - start);
            let inputs: Vec<Block<'_, '_, f32>> = sources
                .iter()
                .zip(&tracks)
                .map(|(audio, (channels, _))| Block::from_planar(audio, *channels).unwrap().frames_at(start, length))
                .collect();
            mixer.process(&inputs, &mut block.frames_mut(start, length));
            start += length;
            if start == FRAMES {
                break;
            }
        }
        out
    };
    let first = energy(&render(0, &Cut::whole()), FRAMES, 0);
    for at in 640..704 {
        let whole = render(at, &Cut::whole());
        let level = energy(&whole, FRAMES, 0);
        assert!(as_loud(level, first, ""), "{level} for {first}, click at {at}");
        assert!(same_bits(&render(at, &Cut(vec![480])), &whole), "click at {at}");
        assert!(same_bits(&render(at, &Cut(vec![at, 1, 63])), &whole), "click at {at}");
    }
}

#[test]
fn law_1_clicks_on_the_meters() {
    const FRAMES: usize = 30_000;
    let spec = StreamSpec::new(48_000.0, 2).unwrap();
    for at in (20_000..20_064).chain([479, 480, 481, 19_199, 19_200]) {
        let mut audio = vec![0.0_f32; 2 * FRAMES];
        audio[at] = CLICK as f32;
        let block = Block::from_planar(&audio, 2).unwrap();
        let mut readings = Vec::new();
        for cut in [vec![usize::MAX], vec![480], vec![1], vec![at, 1, 63]] {
            let mut loudness = LoudnessParams::default().build::<f32>(&spec).unwrap();
            let mut peak = TruePeakMeter::<f32>::new(&spec, Precision::Standard).unwrap();
            let mut start = 0;
            for length in cut.iter().cycle() {
                let part = block.frames_at(start, (*length).min(FRAMES - start));
                loudness.observe(&part);
                peak.observe(&part);
                start += part.frames();
                if start == FRAMES {
                    break;
                }
            }
            readings.push(format!("{:?} {:?}", loudness.reading(), peak.reading()));
            assert!(peak.reading().sample_peak_dbfs > -6.03, "click at {at}");
        }
        assert!(readings.iter().all(|reading| *reading == readings[0]), "click at {at}: {readings:?}");
    }
}
