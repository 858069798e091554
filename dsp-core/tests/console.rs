//! The mixer: sums, order, latency, mutes, and the laws over the whole mixer.

use crate::common::*;
use mixdown::{console::FunctionParams, dynamics::*, filters::*, levels::*, reverbs::*, *};

const FRAMES: usize = 6_000;
const MONO: StripInput = StripInput::Track { channels: 1 };

fn spec(channels: usize) -> StreamSpec {
    StreamSpec::new(48_000.0, channels).unwrap()
}

fn fader(fader_db: f64) -> StripParams {
    StripParams { fader_db, ..Default::default() }
}

/// Six tracks that use every part of a strip.
fn tracks() -> Vec<(&'static str, usize, StripParams)> {
    let equalizer: Effect = BellParams { frequency_hz: 800.0, gain_db: -6.0, q: 1.0 }.into();
    let widen: Effect = PanParams { pan: 0.4, ..Default::default() }.into();
    vec![
        ("kick", 1, fader(-3.0)),
        ("snare", 1, StripParams { pan: -0.2, inserts: vec![equalizer.clone()], ..fader(1.5) }),
        ("piano", 2, StripParams { pan: 0.3, width: 0.5, ..fader(-6.0) }),
        ("choir", 2, StripParams { inserts: vec![equalizer, GainParams::default().into()], ..fader(-9.0) }),
        ("flute", 1, StripParams { inserts: vec![widen], width: 1.5, trim_db: 3.0, ..fader(0.0) }),
        ("ghost", 1, StripParams { mute: true, ..fader(0.0) }),
    ]
}

fn build<S: Sample>(spec: &StreamSpec, tracks: &[(&str, usize, StripParams)]) -> Mixer<S> {
    let mut mixer = Mixer::new(spec).unwrap();
    for (name, channels, params) in tracks {
        mixer.add_track(name, *channels, params).unwrap();
    }
    let shelf: Effect = HighShelfParams { frequency_hz: 9_000.0, gain_db: 2.0, q: 0.7 }.into();
    mixer.set("master", &StripParams { inserts: vec![shelf], fader_db: -1.0, ..Default::default() }).unwrap();
    mixer
}

/// The audio of track `name`, the same whatever the order of tracks.
fn audio<S: Sample>(name: &str, channels: usize, frames: usize) -> Vec<S> {
    let seed = name.bytes().fold(7, |seed: u64, byte| seed * 31 + u64::from(byte));
    (0..channels).flat_map(|channel| noise(seed + channel as u64, frames)).map(|x| S::from_f64(0.25 * x)).collect()
}

fn mix<S: Sample>(
    mixer: &mut Mixer<S>,
    tracks: &[(&str, usize, StripParams)],
    cut: usize,
    mut at_3000: impl FnMut(&mut Mixer<S>),
) -> Vec<S> {
    let sources: Vec<Vec<S>> = tracks.iter().map(|(name, channels, _)| audio(name, *channels, FRAMES)).collect();
    let mut out = vec![S::ZERO; 2 * FRAMES];
    let mut block = BlockMut::from_planar(&mut out, 2).unwrap();
    let mut start = 0;
    while start < FRAMES {
        if start == 3_000 {
            at_3000(mixer);
        }
        let end = if start < 3_000 { 3_000 } else { FRAMES };
        let length = cut.min(end - start);
        let inputs: Vec<Block<'_, '_, S>> = sources
            .iter()
            .zip(tracks)
            .map(|(source, (_, channels, _))| Block::from_planar(source, *channels).unwrap().frames_at(start, length))
            .collect();
        mixer.process(&inputs, &mut block.frames_mut(start, length));
        start += length;
    }
    out
}

#[test]
fn same_bits_for_any_cut_with_moving_faders() {
    let tracks = tracks();
    let change = |mixer: &mut Mixer<f32>| {
        mixer.set("kick", &StripParams { pan: 0.7, mute: true, ..fader(-10.0) }).unwrap();
        mixer.set("ghost", &fader(-4.0)).unwrap();
        mixer.set("piano", &StripParams { width: 2.0, ..fader(-6.0) }).unwrap();
    };
    let whole = mix(&mut build(&spec(2), &tracks), &tracks, usize::MAX, change);
    for cut in [1, 7, 64, 256, 480, 1_999] {
        assert!(same_bits(&mix(&mut build(&spec(2), &tracks), &tracks, cut, change), &whole), "{cut}");
    }
    let mut mixer = build::<f32>(&spec(2), &tracks);
    mix(&mut mixer, &tracks, 100, |_| ());
    mixer.reset();
    let fresh = mix(&mut build(&spec(2), &tracks), &tracks, 100, |_| ());
    assert!(same_bits(&mix(&mut mixer, &tracks, 100, |_| ()), &fresh));
}

#[test]
fn b1_the_order_of_tracks_changes_no_bit() {
    let forward = tracks();
    let mut backward = tracks();
    backward.reverse();
    let mut shuffled = tracks();
    shuffled.rotate_left(2);
    let first = mix::<f32>(&mut build(&spec(2), &forward), &forward, 512, |_| ());
    for other in [backward, shuffled] {
        assert!(same_bits(&mix(&mut build(&spec(2), &other), &other, 512, |_| ()), &first));
    }
}

fn error_db(mix: &[f32], exact: &[f64]) -> f64 {
    let power = |values: &mut dyn Iterator<Item = f64>| values.map(|x| x * x).sum::<f64>();
    let error = power(&mut mix.iter().zip(exact).map(|(a, b)| f64::from(*a) - b));
    10.0 * (error / power(&mut exact.iter().copied())).log10()
}

#[test]
fn b1_the_sum_of_64_tracks_is_the_f64_sum_rounded_once() {
    /// B1: RMS error re the sum; f32 itself rounds at about -152 dB.
    const LIMIT_DB: f64 = -150.0;
    let names: Vec<String> = (0..64).map(|n| format!("track {n:02}")).collect();
    let mut mixer = Mixer::<f32>::new(&spec(2)).unwrap();
    let mut exact = vec![0.0; 2 * FRAMES];
    let tracks: Vec<(&str, usize, StripParams)> =
        names.iter().map(|name| (name.as_str(), 2, StripParams::default())).collect();
    for (name, channels, params) in &tracks {
        mixer.add_track(name, *channels, params).unwrap();
        for (sum, x) in exact.iter_mut().zip(audio::<f32>(name, 2, FRAMES)) {
            *sum += f64::from(x);
        }
    }
    let sum = error_db(&mix(&mut mixer, &tracks, 480, |_| ()), &exact);
    println!("B1: 64 stereo tracks at 0 dB: {sum:.1} dB");
    assert!(sum <= LIMIT_DB, "{sum}");

    // Faders are no further rounding.
    let moved: Vec<_> = tracks.iter().map(|(name, channels, _)| (*name, *channels, fader(-3.7))).collect();
    let gain = db_to_gain(-3.7);
    let mut mixer = Mixer::<f32>::new(&spec(2)).unwrap();
    for (name, channels, params) in &moved {
        mixer.add_track(name, *channels, params).unwrap();
    }
    let exact: Vec<f64> = exact.iter().map(|x| x * gain).collect();
    let faded = error_db(&mix(&mut mixer, &moved, 480, |_| ()), &exact);
    println!("B1: the same with faders at -3.7 dB, against f64 throughout: {faded:.1} dB");
    assert!(faded <= LIMIT_DB, "{faded}");
}

/// Tracks at rest are added many at a time: a moving one among them, non-finite samples and the cut change no bit, and a
/// muted track's are counted as well.
#[test]
fn law_1_a_crowd_of_tracks_with_non_finite_samples() {
    const TRACKS: usize = 37;
    let names: Vec<String> = (0..TRACKS).map(|n| format!("track {n:02}")).collect();
    let tracks: Vec<(&str, usize, StripParams)> = names
        .iter()
        .enumerate()
        .map(|(n, name)| {
            let params = StripParams { pan: (n as f64).sin(), mute: n % 7 == 3, ..fader(-0.3 * n as f64) };
            (name.as_str(), 1 + n % 2, params)
        })
        .collect();
    let sources: Vec<Vec<f64>> = tracks
        .iter()
        .enumerate()
        .map(|(n, (name, channels, _))| {
            let mut audio = audio::<f64>(name, *channels, FRAMES);
            if n % 3 == 0 {
                audio[100 * n + 7] = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY][n % 9 / 3];
            }
            audio
        })
        .collect();
    let run = |cut: usize, clean: bool| {
        let mut mixer = build::<f64>(&spec(2), &tracks);
        let cleaned: Vec<Vec<f64>> = sources
            .iter()
            .map(|source| source.iter().map(|x| if clean && !x.is_finite() { 0.0 } else { *x }).collect())
            .collect();
        let mut out = vec![0.0; 2 * FRAMES];
        let mut block = BlockMut::from_planar(&mut out, 2).unwrap();
        let mut start = 0;
        while start < FRAMES {
            if start == 1_000 {
                mixer.set("track 17", &fader(-9.0)).unwrap();
            }
            let length = cut.min(if start < 1_000 { 1_000 } else { FRAMES } - start);
            let inputs: Vec<Block<'_, '_, f64>> = cleaned
                .iter()
                .zip(&tracks)
                .map(|(source, (_, channels, _))| {
                    Block::from_planar(source, *channels).unwrap().frames_at(start, length)
                })
                .collect();
            mixer.process(&inputs, &mut block.frames_mut(start, length));
            start += length;
        }
        (out, mixer.non_finite_samples())
    };
    let (whole, count) = run(usize::MAX, false);
    assert_eq!(count, 13);
    assert_eq!(run(usize::MAX, true), (whole.clone(), 0));
    for cut in [1, 7, 64, 480, 513] {
        let (found, counted) = run(cut, false);
        assert!(same_bits(&found, &whole), "{cut}");
        assert_eq!(counted, count, "{cut}");
    }
}

#[test]
fn b1_headroom_is_that_of_floating_point() {
    let loud: Effect = GainParams { gain_db: 60.0, invert_polarity: false }.into();
    let soft: Effect = GainParams { gain_db: -60.0, invert_polarity: false }.into();
    let tracks = vec![("hot", 2, StripParams { inserts: vec![loud], ..fader(0.0) })];
    let mut mixer = Mixer::<f32>::new(&spec(2)).unwrap();
    mixer.add_track("hot", 2, &tracks[0].2).unwrap();
    mixer.set("master", &StripParams { inserts: vec![soft], fader_db: 0.0, ..Default::default() }).unwrap();
    let exact: Vec<f64> = audio::<f32>("hot", 2, FRAMES).into_iter().map(f64::from).collect();
    let error = error_db(&mix(&mut mixer, &tracks, 480, |_| ()), &exact);
    assert!(error <= -140.0, "{error}");
}

/// A delay with its latency stated.
#[derive(Clone)]
struct Late {
    spec: StreamSpec,
    rings: Vec<std::collections::VecDeque<f32>>,
}

impl Late {
    fn boxed(channels: usize, frames: usize) -> EffectProcessor<f32> {
        let rings = vec![std::collections::VecDeque::from(vec![0.0; frames]); channels];
        EffectProcessor::custom(Self { spec: spec(channels), rings })
    }
}

impl Processor<f32> for Late {
    fn spec(&self) -> StreamSpec {
        self.spec
    }
    fn process(&mut self, block: &mut BlockMut<'_, '_, f32>) {
        for (channel, ring) in self.rings.iter_mut().enumerate() {
            for sample in block.channel_mut(channel) {
                ring.push_back(*sample);
                *sample = ring.pop_front().unwrap();
            }
        }
    }
    fn reset(&mut self) {
        self.rings.iter_mut().for_each(|ring| ring.make_contiguous().fill(0.0));
    }
    fn latency_frames(&self) -> usize {
        self.rings[0].len()
    }
}

#[test]
fn b2_a_late_copy_nulls_with_a_direct_one() {
    let upside_down = StripParams { invert_polarity: true, pan: 0.3, ..fader(-2.0) };
    let straight = StripParams { pan: 0.3, ..fader(-2.0) };
    let mut mixer = Mixer::<f32>::new(&spec(2)).unwrap();
    mixer.add_with("late", MONO, &upside_down, vec![Late::boxed(1, 137)]).unwrap();
    mixer.add_track("direct", 1, &straight).unwrap();
    mixer.add_with("later", MONO, &fader(0.0), vec![Late::boxed(1, 1_000)]).unwrap();
    assert_eq!(mixer.latency_frames(), 1_000);
    let source = audio::<f32>("same", 1, FRAMES);
    let silence = vec![0.0; FRAMES];
    let mut out = vec![1.0; 2 * FRAMES];
    let inputs = [&source, &source, &silence].map(|samples| Block::from_planar(samples, 1).unwrap());
    mixer.process(&inputs, &mut BlockMut::from_planar(&mut out, 2).unwrap());
    assert!(out.iter().all(|&x| x == 0.0), "the null is not exact");
}

#[test]
fn solo_and_mute_silence_the_other_tracks() {
    let tracks = tracks();
    let mut soloed = tracks.clone();
    soloed[2].2.solo = true;
    let mut alone = Mixer::<f32>::new(&spec(2)).unwrap();
    alone.add_track("piano", 2, &tracks[2].2).unwrap();
    let only = vec![tracks[2].clone()];
    let mut all = Mixer::<f32>::new(&spec(2)).unwrap();
    for (name, channels, params) in &soloed {
        all.add_track(name, *channels, params).unwrap();
    }
    assert!(same_bits(&mix(&mut all, &soloed, 512, |_| ()), &mix(&mut alone, &only, 512, |_| ())));
}

#[test]
fn invalid_graph_edits_are_refused_by_name() {
    let mut mixer = Mixer::<f32>::new(&spec(2)).unwrap();
    mixer.add_track("bass", 1, &fader(0.0)).unwrap();
    let refused = |result: Result<StripId, MixerError>| result.unwrap_err().to_string();
    assert_eq!(
        refused(mixer.add_track("bass", 1, &fader(0.0))),
        r#"there is a strip named "bass" already: names must differ"#
    );
    assert_eq!(
        refused(mixer.add_track("lead", 1, &fader(40.0))),
        r#"strip "lead": fader_db = 40 is out of range: it must lie in -inf..12"#
    );
    assert_eq!(
        refused(mixer.add_track("lead", 3, &fader(0.0))),
        r#"strip "lead": channels = 3 does not fit: 1 or 2 needed"#
    );
    assert_eq!(
        refused(mixer.add_track("lead", 1, &StripParams { width: 0.5, ..fader(0.0) })),
        r#"strip "lead": width = 0.5 is not allowed: it must be 1 on a strip that is mono after its inserts"#
    );
    assert_eq!(mixer.set("drums", &fader(0.0)).unwrap_err().to_string(), r#"there is no strip named "drums""#);
    assert!(Mixer::<f32>::new(&spec(1)).is_err());
    assert_eq!(mixer.inputs().collect::<Vec<_>>(), ["bass"]);
}

/// A bell beyond the range of an 8 kHz stream, at the end of each kind of path through a tree.
#[test]
fn a_refusal_names_its_path_in_the_tree() {
    let at = |rate_hz, channels| StreamSpec::new(rate_hz, channels).unwrap();
    let chain = |effects: Vec<Effect>| Effect::Chain { effects };
    let high = || -> Effect { BellParams { frequency_hz: 7_000.0, ..Default::default() }.into() };
    let equalizer = || -> Effect {
        let fine = BellParams { frequency_hz: 100.0, ..Default::default() };
        let bands = vec![fine.into(), BellParams { frequency_hz: 7_000.0, ..fine }.into()];
        EqualizerParams { bands, ..Default::default() }.into()
    };
    let gain = || -> Effect { GainParams::default().into() };
    let limit = "frequency_hz = 7000 is out of range: with sample_rate_hz = 8000 it must lie in 10..3920";
    let trees = [
        (high(), ""),
        (chain(vec![gain(), high()]), "effects[1]."),
        (chain(vec![gain(), chain(vec![equalizer()])]), "effects[1].effects[0].bands[1]."),
        (Effect::Parallel { effects: vec![gain(), high()], gains_db: vec![] }, "effects[1]."),
        (Effect::MidSide { mid: vec![], side: vec![gain(), equalizer()] }, "side[1].bands[1]."),
        (Effect::MidSide { mid: vec![high()], side: vec![] }, "mid[0]."),
        (Effect::Bypass { effect: Box::new(chain(vec![high()])) }, "effect.effects[0]."),
    ];
    for (effect, place) in trees {
        let expected = format!("{place}{limit}");
        assert_eq!(effect.design(&at(8_000.0, 2)).unwrap_err().to_string(), expected);
        assert_eq!(effect.build::<f32>(&at(8_000.0, 2)).unwrap_err().to_string(), expected);
        let mut mixer = Mixer::<f32>::new(&at(8_000.0, 2)).unwrap();
        let params = StripParams { inserts: vec![gain(), effect.clone()], ..Default::default() };
        let error = mixer.add_track("voice", 2, &params).unwrap_err().to_string();
        assert_eq!(error, format!("strip \"voice\": inserts[1].{expected}"));
        let error = mixer
            .set("master", &StripParams { inserts: vec![effect], fader_db: 0.0, ..Default::default() })
            .unwrap_err()
            .to_string();
        assert_eq!(error, format!("strip \"master\": inserts[0].{expected}"));
    }
    // Channels that do not fit, and changes that a running tree refuses.
    let narrow = chain(vec![gain(), WidthParams::default().into()]);
    let error = narrow.design(&at(48_000.0, 1)).unwrap_err().to_string();
    assert!(error.starts_with("effects[1]: channels = 1"), "{error}");
    let limiter = |lookahead_ms| chain(vec![gain(), LimiterParams { lookahead_ms, ..Default::default() }.into()]);
    let mut running = limiter(1.5).build::<f32>(&at(48_000.0, 1)).unwrap();
    let error = running.set_params(&limiter(3.0)).unwrap_err().to_string();
    assert_eq!(error, "effects[1].lookahead_ms cannot change while the processor runs: build a new one");
    let gains = Effect::Parallel { effects: vec![gain(), gain()], gains_db: vec![0.0; 3] };
    let error = gains.design(&at(48_000.0, 1)).unwrap_err().to_string();
    assert_eq!(error, "gains_db has 3 entries: 2 needed");
}

/// A bypass takes other settings only with the same latency and channels.
#[test]
fn a_bypass_of_other_latency_needs_a_rebuild() {
    let spec = StreamSpec::new(48_000.0, 2).unwrap();
    let bypass = |effect: Effect| Effect::Bypass { effect: Box::new(effect) };
    let limiter = |lookahead_ms| bypass(LimiterParams { lookahead_ms, ..Default::default() }.into());
    let mut running = limiter(1.5).build::<f32>(&spec).unwrap();
    let refused =
        |running: &mut EffectProcessor<f32>, effect: &Effect| running.set_params(effect).unwrap_err().to_string();
    let error = refused(&mut running, &limiter(3.0));
    assert_eq!(error, "effect.lookahead_ms cannot change while the processor runs: build a new one");
    let error = refused(&mut running, &bypass(PanParams::default().into()));
    assert_eq!(error, "effect: settings of another kind of effect: build a new processor");
    assert_eq!(running.set_params(&limiter(1.5)), Ok(()));
}

#[test]
fn a_mono_branch_in_parallel_with_stereo_goes_to_both_sides() {
    let spec = StreamSpec::new(48_000.0, 1).unwrap();
    let makers: [Effect; 3] = [
        ReverbParams::default().into(),
        PlateParams::default().into(),
        PanParams { pan: 0.5, ..Default::default() }.into(),
    ];
    for maker in makers {
        let effects = vec![Effect::Chain { effects: vec![] }, maker.clone(), LimiterParams::default().into()];
        let mut both = Effect::Parallel { effects, gains_db: vec![] }.build::<f64>(&spec).unwrap();
        assert_eq!(both.output_channels(), 2);
        let latency = both.latency_frames();
        let frames = 4_000;
        let mut sound = crate::common::noise(3, frames);
        sound.iter_mut().for_each(|x| *x *= 0.1);
        let run = |processor: &mut EffectProcessor<f64>, channels: usize| {
            let mut audio = sound.clone();
            audio.resize(channels * frames, 0.0);
            processor.process(&mut BlockMut::from_planar(&mut audio, channels).unwrap());
            audio
        };
        let sum = run(&mut both, 2);
        let wet = run(&mut maker.build::<f64>(&spec).unwrap(), 2);
        for channel in 0..2 {
            for n in latency..frames {
                // The dry signal, the limiter below its ceiling, and the stereo effect's own side.
                let expected = 2.0 * sound[n - latency] + wet[channel * frames + n - latency];
                assert!((sum[channel * frames + n] - expected).abs() < 1e-12, "{maker:?} {channel} {n}");
            }
        }
    }
    // Counts that do not match are reported with their path and all legal counts.
    let wide = Effect::Parallel { effects: vec![Effect::default(), ReverbParams::default().into()], gains_db: vec![] };
    let error = wide.build::<f64>(&StreamSpec::new(48_000.0, 3).unwrap()).unwrap_err();
    assert_eq!(error.to_string(), "effects[1]: channels = 3 does not fit: 1 or 2 needed");
    let wide = Effect::MidSide { mid: vec![PanParams::default().into()], side: vec![] };
    let error = wide.build::<f64>(&StreamSpec::new(48_000.0, 2).unwrap()).unwrap_err();
    assert_eq!(error.to_string(), "mid: channels = 2 does not fit: 1 needed");
}

#[test]
fn without_an_answer_a_function_passes_its_input_with_its_latency() {
    let effect = |latency_frames| Effect::Function(FunctionParams { latency_frames, tail_s: 0.5 });
    let mut running = effect(3).build::<f64>(&spec(2)).unwrap();
    assert_eq!((running.latency_frames(), running.tail()), (3, Tail::Frames(24_000)));
    for _ in 0..2 {
        let mut audio = [1.0, 2.0, f64::NAN, 4.0, -1.0, -2.0, -3.0, -4.0];
        running.process(&mut BlockMut::from_planar(&mut audio, 2).unwrap());
        assert_eq!(audio, [0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, -1.0]);
        assert_eq!(running.non_finite_samples(), 1);
        running.reset();
    }
    assert_eq!(running.set_params(&effect(3)), Ok(()));
    assert_eq!(running.set_params(&effect(4)), Err(Error::NeedsRebuild { param: "latency_frames" }));
    assert!(FunctionParams { tail_s: 61.0, ..Default::default() }.check_fields(48_000.0).is_err());
}
