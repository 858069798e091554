//! Meters of strips: what they read, that they change no bit, and that other threads see whole snapshots.

use crate::common::*;
use mixdown::{
    console::{
        KeepTail, MeterReader, Metering, Rendering, SendParams, Stems, StereoPan, StripLevels, Tap, measure_mix,
        render_mix, render_stems,
    },
    dynamics::{CompressorParams, LimiterParams},
    filters::HighPassParams,
    levels::GainParams,
    meters::{CorrelationParams, LevelParams, LoudnessParams, Memory, Precision},
    reverbs::PlateParams,
    *,
};
use std::{ops::ControlFlow, thread};

const RATE_HZ: f64 = 48_000.0;
const FRAMES: usize = 50_000;

fn spec() -> StreamSpec {
    StreamSpec::new(RATE_HZ, 2).unwrap()
}

fn all() -> impl FnMut(f64) -> ControlFlow<()> {
    |_| ControlFlow::Continue(())
}

/// A mix with all that moves a signal on its way: latency, sends, dual pan, a return, a group, mute.
fn mixer<S: Sample>() -> Mixer<S> {
    let mut mixer = Mixer::<S>::new(&spec()).unwrap();
    let plate = PlateParams { decay: 0.3, ..Default::default() };
    mixer.add_return("plate", &StripParams { inserts: vec![plate.into()], ..Default::default() }).unwrap();
    let late = LimiterParams { lookahead_ms: 7.0, ..Default::default() };
    mixer.add_group("band", &StripParams { inserts: vec![late.into()], pan: 0.2, ..Default::default() }).unwrap();
    let send = |tap| SendParams { to: "plate".into(), tap, level_db: -9.0, ..Default::default() };
    let crossed = StripParams {
        stereo_pan: StereoPan::Dual,
        left_pan: -0.3,
        right_pan: 0.7,
        fader_db: 3.0,
        to: "band".into(),
        sends: vec![send(Tap::PostPan)],
        ..Default::default()
    };
    // It adds to a bus that others have added to: names decide the order.
    mixer.add_track("over", 2, &crossed).unwrap();
    let squeezed = CompressorParams { threshold_db: -30.0, ..Default::default() };
    let mono = StripParams {
        inserts: vec![HighPassParams::default().into(), squeezed.into()],
        pan: -0.4,
        to: "band".into(),
        sends: vec![send(Tap::PreFader)],
        ..Default::default()
    };
    mixer.add_track("mono", 1, &mono).unwrap();
    mixer.add_track("mute", 1, &StripParams { mute: true, ..Default::default() }).unwrap();
    mixer
}

/// Audio of the three tracks.
struct Audio<S>([Vec<S>; 3]);

impl<S: Sample> Audio<S> {
    fn new(frames: usize) -> Self {
        Self([planar_noise(2, frames), planar_noise(1, frames), planar_noise(1, frames)])
    }

    fn inputs(&self) -> [Block<'_, '_, S>; 3] {
        let [stereo, mono, mute] = &self.0;
        [(stereo, 2), (mono, 1), (mute, 1)]
            .map(|(samples, channels)| Block::from_planar(samples.as_slice(), channels).unwrap())
    }
}

/// Plays the tracks in blocks of `cut` frames; `before` is called with the first frame of each.
fn play<S: Sample>(
    mixer: &mut Mixer<S>,
    audio: &Audio<S>,
    cut: usize,
    mut before: impl FnMut(&mut Mixer<S>, usize),
) -> Vec<S> {
    let inputs = audio.inputs();
    let frames = inputs[0].frames();
    let mut out = vec![S::ZERO; 2 * frames];
    let mut out_block = BlockMut::from_planar(&mut out, 2).unwrap();
    for start in (0..frames).step_by(cut) {
        before(mixer, start);
        let length = cut.min(frames - start);
        let parts = inputs.map(|input| input.frames_at(start, length));
        mixer.process(&parts, &mut out_block.frames_mut(start, length));
    }
    out
}

fn readers<S: Sample>(mixer: &Mixer<S>) -> Vec<MeterReader> {
    let names = ["plate", "band", "over", "mono", "mute", "master"];
    names.iter().map(|name| mixer.meter(mixer.id(name).unwrap()).unwrap()).collect()
}

fn metered<S: Sample>() -> Mixer<S> {
    let mut mixer = mixer();
    mixer.set_metering(Metering::All).unwrap();
    mixer
}

#[test]
fn metering_changes_no_bit_of_the_mix() {
    fn check<S: Sample>() {
        let audio = Audio::<S>::new(FRAMES);
        let plain = play(&mut mixer::<S>(), &audio, 512, |_, _| {});
        assert!(plain.iter().any(|sample| sample.to_f64() > 0.3));
        let bits = |audio: &[S]| audio.iter().map(|sample| sample.bits()).collect::<Vec<_>>();
        for cut in [512, 77, FRAMES] {
            assert!(bits(&play(&mut metered::<S>(), &audio, cut, |_, _| {})) == bits(&plain), "{cut}");
        }
        // Switched on and off while it runs, strip by strip.
        let toggled = play(&mut mixer::<S>(), &audio, 100, |mixer, start| {
            let some = [mixer.id("over").unwrap(), mixer.id("master").unwrap()];
            let metering = match start / 100 % 3 {
                0 => Metering::Off,
                1 => Metering::All,
                _ => Metering::Strips(some.to_vec()),
            };
            mixer.set_metering(metering).unwrap();
        });
        assert!(bits(&toggled) == bits(&plain));
        #[cfg(feature = "rayon")]
        {
            let mut parallel = metered::<S>();
            parallel.set_parallel(true);
            assert!(bits(&play(&mut parallel, &audio, 512, |_, _| {})) == bits(&plain));
        }
    }
    check::<f32>();
    check::<f64>();
}

#[test]
fn law_1_levels_do_not_depend_on_blocks_or_threads() {
    let audio = Audio::<f32>::new(FRAMES);
    let levels = |mixer: &Mixer<f32>| readers(mixer).iter().map(MeterReader::levels).collect::<Vec<_>>();
    let mut whole = metered();
    play(&mut whole, &audio, FRAMES, |_, _| {});
    let expected = levels(&whole);
    for cut in [1, 64, 480, 4_096] {
        let mut mixer = metered();
        play(&mut mixer, &audio, cut, |_, _| {});
        assert_eq!(levels(&mixer), expected, "{cut}");
    }
    #[cfg(feature = "rayon")]
    {
        let mut mixer = metered();
        mixer.set_parallel(true);
        play(&mut mixer, &audio, 512, |_, _| {});
        assert_eq!(levels(&mixer), expected);
    }
    // Law 3.
    whole.reset();
    let fresh = levels(&metered());
    assert_eq!(levels(&whole), fresh);
    assert_eq!((fresh[0].frames, fresh[0].momentary_lufs), (0, f64::NEG_INFINITY));
    play(&mut whole, &audio, 512, |_, _| {});
    assert_eq!(levels(&whole), expected);
}

/// Every figure of a stem by the meters themselves.
fn measured<S: Sample>(samples: &[S]) -> [f64; 4] {
    let block = Block::from_planar(samples, 2).unwrap();
    let mut level = LevelParams::default().build::<S>(&spec()).unwrap();
    let mut correlation = CorrelationParams::default().build::<S>(&spec()).unwrap();
    let params = LoudnessParams { precision: Precision::Off, memory: Memory::Exact, ..Default::default() };
    let mut loudness = params.build::<S>(&spec()).unwrap();
    level.observe(&block);
    correlation.observe(&block);
    loudness.observe(&block);
    let level = level.reading();
    [level.sample_peak_dbfs, level.overall_rms_dbfs, loudness.integrated_lufs(), correlation.overall()]
}

#[test]
fn a_strip_reads_as_its_stem_does() {
    fn check<S: Sample>() {
        let audio = Audio::<S>::new(FRAMES);
        for keep in [KeepTail::None, KeepTail::Frames(10_000), KeepTail::Auto] {
            let readings = measure_mix(&mut mixer::<S>(), &audio.inputs(), keep, &mut all()).unwrap();
            let names: Vec<&str> = readings.iter().map(|(name, _)| name.as_str()).collect();
            assert_eq!(names, ["plate", "band", "over", "mono", "mute", "master"]);
            let mix = render_mix(&mut mixer::<S>(), &audio.inputs(), keep, &mut all()).unwrap();
            assert_eq!(keep == KeepTail::Auto, mix.frames > FRAMES + 20_000, "the tail is long");
            let frames = mix.frames;
            let mut expected = vec![("master".to_string(), mix.samples)];
            for of in [Stems::MasterInputs, Stems::Tracks] {
                // The stems of a tail that ends by itself end later or earlier than the mix.
                let keep = match keep {
                    KeepTail::Auto => KeepTail::Frames(frames - FRAMES),
                    keep => keep,
                };
                let mut stems = render_stems(&mut mixer::<S>(), &audio.inputs(), of, keep, &mut all()).unwrap();
                // Of tracks with sends, the stems of the master's inputs hold those to the master alone.
                stems.retain(|(name, _)| of == Stems::Tracks || ["plate", "band"].contains(&name.as_str()));
                // The meter reads samples of the format.
                let rounded = |stem: &Rendering<f64>| stem.samples.iter().map(|x| S::from_f64(*x)).collect();
                expected.extend(stems.iter().map(|(name, stem)| (name.clone(), rounded(stem))));
            }
            assert_eq!(expected.len(), 6);
            for (name, stem) in expected {
                let reading = readings.iter().find(|(other, _)| *other == name).unwrap().1;
                let read = [reading.peak_dbfs, reading.rms_dbfs, reading.integrated_lufs, reading.correlation];
                assert_eq!(read, measured(&stem), "{name} {keep:?}");
            }
        }
    }
    check::<f32>();
    check::<f64>();
}

#[test]
fn measuring_starts_anew_and_leaves_live_meters_alone() {
    let audio = Audio::<f32>::new(FRAMES);
    let mut mixer = mixer::<f32>();
    let mono = mixer.id("mono").unwrap();
    mixer.set_metering(Metering::Strips(vec![mono])).unwrap();
    play(&mut mixer, &audio, 512, |_, _| {});
    let meter = mixer.meter(mono).unwrap();
    let before = meter.levels();
    mixer.reset();
    let first = measure_mix(&mut mixer, &audio.inputs(), KeepTail::None, &mut all()).unwrap();
    mixer.reset();
    let second = measure_mix(&mut mixer, &audio.inputs(), KeepTail::None, &mut all()).unwrap();
    assert_eq!(first, second);
    assert!(mixer.meter(mixer.id("band").unwrap()).is_none());
    mixer.reset();
    play(&mut mixer, &audio, 512, |_, _| {});
    assert_eq!(meter.levels(), before, "the same meter");
    let stopped = measure_mix(&mut mixer, &audio.inputs(), KeepTail::None, &mut |_| ControlFlow::Break(()));
    assert!(stopped.is_err() && mixer.meter(mono).is_some());
    // Nothing to measure.
    let mut empty = Mixer::<f32>::new(&spec()).unwrap();
    let readings = measure_mix(&mut empty, &[], KeepTail::Auto, &mut all()).unwrap();
    assert_eq!((readings.len(), readings[0].1.integrated_lufs), (1, f64::NEG_INFINITY));
}

#[test]
fn the_gain_reduction_is_the_largest_of_all_inserts_however_deep() {
    // Of a tone of -6.02 dBFS: with ratio 2, 10 dB over the threshold is reduced by 5 dB.
    let squeeze = |reduction_db: f64| -> Effect {
        let threshold_db = -6.0206 - 2.0 * reduction_db;
        CompressorParams { threshold_db, ratio: 2.0, knee_db: 0.0, ..Default::default() }.into()
    };
    let gain = || Effect::from(GainParams::default());
    let chain = |effects: Vec<Effect>| Effect::Chain { effects };
    for (inserts, expected_db) in [
        (vec![gain()], 0.0),
        (vec![squeeze(5.0)], 5.0),
        (vec![gain(), chain(vec![gain(), chain(vec![squeeze(10.0)])])], 10.0),
        (vec![Effect::Parallel { effects: vec![squeeze(5.0), squeeze(10.0)], gains_db: vec![] }], 10.0),
        (vec![Effect::MidSide { mid: vec![squeeze(5.0)], side: vec![] }], 5.0),
        (vec![Effect::Bypass { effect: Box::new(squeeze(5.0)) }], 0.0),
    ] {
        let mut mixer = Mixer::<f32>::new(&spec()).unwrap();
        let params = StripParams { inserts: inserts.clone(), ..Default::default() };
        let strip = mixer.add_track("strip", 2, &params).unwrap();
        mixer.set_metering(Metering::All).unwrap();
        let tone: Vec<f32> = (0..48_000).map(|n| 0.5 * (f64::from(n) * 0.05).sin() as f32).collect();
        let (audio, mut out) = ([tone.clone(), tone].concat(), vec![0.0; 96_000]);
        mixer.process(&[Block::from_planar(&audio, 2).unwrap()], &mut BlockMut::from_planar(&mut out, 2).unwrap());
        let levels = mixer.meter(strip).unwrap().levels();
        for measured_db in [levels.gain_reduction_db, levels.max_gain_reduction_db] {
            assert!((measured_db - expected_db).abs() < 0.1, "{inserts:?}: {levels:?}");
        }
        // A second of silence: it lets go, but the largest stands.
        let (silence, mut out) = (vec![0.0; 96_000], vec![0.0; 96_000]);
        mixer.process(&[Block::from_planar(&silence, 2).unwrap()], &mut BlockMut::from_planar(&mut out, 2).unwrap());
        let after = mixer.meter(strip).unwrap().levels();
        assert!(after.gain_reduction_db < 0.01, "{after:?}");
        // The end of the tone overshoots a little in the detector.
        let further_db = after.max_gain_reduction_db - levels.max_gain_reduction_db;
        assert!((0.0..0.1).contains(&further_db), "{inserts:?}: {after:?}");
    }
}

#[test]
fn a_processor_that_was_bypassed_reduces_nothing() {
    let squeeze: Effect = CompressorParams { threshold_db: -40.0, ..Default::default() }.into();
    let mut bypass = Bypass::new(squeeze.build::<f32>(&spec()).unwrap(), false);
    let mut audio = planar_noise::<f32>(2, 20_000);
    bypass.process(&mut BlockMut::from_planar(&mut audio, 2).unwrap());
    bypass.set_bypassed(true);
    bypass.process(&mut BlockMut::from_planar(&mut audio, 2).unwrap());
    let mut mixer = Mixer::<f32>::new(&spec()).unwrap();
    let input = StripInput::Track { channels: 2 };
    let inserts = vec![EffectProcessor::Bypass(Box::new(bypass))];
    let strip = mixer.add_with("strip", input, &StripParams::default(), inserts).unwrap();
    mixer.set_metering(Metering::All).unwrap();
    mixer.process(
        &[Block::from_planar(&[0.5; 200], 2).unwrap()],
        &mut BlockMut::from_planar(&mut [0.0; 200], 2).unwrap(),
    );
    let levels = mixer.meter(strip).unwrap().levels();
    assert_eq!((levels.gain_reduction_db, levels.max_gain_reduction_db), (0.0, 0.0));
}

#[test]
fn edits_keep_meters_with_their_strips() {
    let audio = Audio::<f32>::new(FRAMES);
    let mut mixer = metered::<f32>();
    play(&mut mixer, &audio, 512, |_, _| {});
    let mono = mixer.id("mono").unwrap();
    let reader = mixer.meter(mono).unwrap();
    let levels = reader.levels();
    mixer.rename("mono", "a").unwrap();
    mixer.reorder("a", 0).unwrap();
    let added = mixer.add_group("new", &StripParams::default()).unwrap();
    assert_eq!(mixer.meter(mono).unwrap().levels(), levels);
    assert_eq!(mixer.meter(added).unwrap().levels().frames, 0);
    // It still reads its strip: the first input now.
    let inputs = audio.inputs();
    let mut out = vec![0.0; 2 * FRAMES];
    mixer.process(&[inputs[1], inputs[0], inputs[2]], &mut BlockMut::from_planar(&mut out, 2).unwrap());
    let louder = reader.levels();
    assert_eq!((louder.frames, louder.sample_peak_dbfs), (levels.frames + FRAMES as u64, levels.sample_peak_dbfs));
    mixer.remove("a").unwrap();
    assert!(mixer.meter(mono).is_none());
    assert_eq!(reader.levels(), louder, "the last levels stand");
    assert!(matches!(mixer.set_metering(Metering::Strips(vec![added, mono])), Err(Error::Unknown { .. })));
    assert!(mixer.meter(added).is_some(), "nothing has changed");
    mixer.set_metering(Metering::Off).unwrap();
    assert!(mixer.meter(added).is_none());
}

#[test]
fn levels_count_what_clips_and_what_is_muted() {
    let mut mixer = Mixer::<f32>::new(&spec()).unwrap();
    let loud = mixer.add_track("loud", 2, &StripParams { fader_db: 6.0, ..Default::default() }).unwrap();
    let mute = mixer.add_track("mute", 2, &StripParams { mute: true, ..Default::default() }).unwrap();
    mixer.set_metering(Metering::All).unwrap();
    let mut audio = vec![0.25_f32; 2_000];
    audio[100..103].fill(0.9);
    audio[1_500] = -0.9;
    let (block, mut out) = (Block::from_planar(&audio, 2).unwrap(), vec![0.0; 2_000]);
    mixer.process(&[block, block], &mut BlockMut::from_planar(&mut out, 2).unwrap());
    let levels = |id| mixer.meter(id).unwrap().levels();
    assert_eq!((levels(loud).clipped_samples, levels(loud).clips), (4, 1));
    assert_eq!(levels(mixer.id("master").unwrap()).clipped_samples, 4);
    assert_eq!((levels(mute).sample_peak_dbfs, levels(mute).clipped_samples), (f64::NEG_INFINITY, 0));
}

#[test]
fn another_thread_polls_snapshots_that_belong_together() {
    // Every block is louder than the one before: its peak tells how many frames the meter has heard.
    const BLOCK: usize = 128;
    const BLOCKS: usize = 20_000;
    let amplitude = |block: usize| 0.25 + block as f64 / (1 << 20) as f64;
    let mut mixer = Mixer::<f64>::new(&spec()).unwrap();
    let params = StripParams { inserts: vec![GainParams::default().into()], ..Default::default() };
    let track = mixer.add_track("track", 2, &params).unwrap();
    mixer.set_metering(Metering::All).unwrap();
    let belong_together = move |levels: &StripLevels| {
        let blocks = levels.frames as usize / BLOCK;
        let expected = if blocks == 0 { f64::NEG_INFINITY } else { gain_to_db(amplitude(blocks - 1)) };
        assert_eq!((levels.frames as usize % BLOCK, levels.sample_peak_dbfs), (0, expected));
        assert_eq!(levels.peak_dbfs, expected, "it rises at once");
        let is_loud = levels.frames >= 64 * 16;
        assert!(!is_loud || (levels.overall_correlation - 1.0).abs() < 1e-12, "{levels:?}");
    };
    let pollers: Vec<_> = [track, mixer.id("master").unwrap()]
        .into_iter()
        .map(|id| {
            let meter = mixer.meter(id).unwrap();
            thread::spawn(move || {
                let (mut frames, mut polled) = (0, 0_u64);
                while frames < (BLOCK * BLOCKS) as u64 {
                    let levels = meter.levels();
                    belong_together(&levels);
                    assert!(levels.frames >= frames);
                    polled += u64::from(levels.frames > frames);
                    frames = levels.frames;
                }
                polled
            })
        })
        .collect();
    let mut out = [0.0; 2 * BLOCK];
    for block in 0..BLOCKS {
        let audio = [amplitude(block); 2 * BLOCK];
        let input = Block::from_planar(&audio, 2).unwrap();
        mixer.process(&[input], &mut BlockMut::from_planar(&mut out, 2).unwrap());
    }
    for poller in pollers {
        assert!(poller.join().unwrap() > 0);
    }
}
