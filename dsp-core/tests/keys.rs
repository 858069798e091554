//! A key acts on the signal that it was recorded with, wherever it is in the chain: random trees of combinators against
//! the same composed by hand from whole arrays.

use crate::common::*;
use mixdown::{console::KeyParams, convolution::*, dynamics::*, filters::*, *};
use proptest::{
    prelude::*,
    test_runner::{Config, TestRng, TestRunner},
};

const FRAMES: usize = 3_000;
const RATE_HZ: f64 = 48_000.0;
/// Sums and differences are rounded in another order here.
const LIMIT: f64 = 1e-12;

/// Planar audio of some channels.
type Rows = Vec<Vec<f64>>;

fn spec(channels: usize) -> StreamSpec {
    StreamSpec::new(RATE_HZ, channels).unwrap()
}

/// Processors with a key input, and processors with and without latency before them.
fn leaf() -> BoxedStrategy<Effect> {
    let lookahead_ms = prop_oneof![1 => Just(0.0), 2 => 0.5..8.0];
    let compressor = (lookahead_ms, prop_oneof![1 => Just(100.0), 1 => 0.0..100.0], 0.0..1.0).prop_map(
        |(lookahead_ms, link_percent, mix)| {
            CompressorParams {
                threshold_db: -40.0,
                attack_ms: 1.0,
                lookahead_ms,
                link_percent,
                mix,
                ..Default::default()
            }
            .into()
        },
    );
    let band =
        DynamicBand { shape: DynamicShape::Bell(BellParams::default()), threshold_db: -50.0, ..Default::default() };
    let linear = LinearPhaseEqualizerParams {
        bands: vec![BellParams { gain_db: 6.0, ..Default::default() }.into()],
        length_ms: 5.0,
    };
    prop_oneof![
        4 => compressor,
        1 => (-30.0..-12.0).prop_map(|threshold_db| GateParams { threshold_db, ..Default::default() }.into()),
        1 => (-30.0..-12.0).prop_map(|threshold_db| ExpanderParams { threshold_db, ..Default::default() }.into()),
        1 => Just(DynamicEqualizerParams { bands: vec![band.into()] }.into()),
        2 => (0.5..5.0).prop_map(|lookahead_ms| LimiterParams { lookahead_ms, ..Default::default() }.into()),
        1 => Just(DeEsserParams::default().into()),
        1 => Just(linear.into()),
        1 => Just(BellParams { gain_db: -6.0, ..Default::default() }.into()),
        1 => Just(Effect::Bypass { effect: Box::new(LimiterParams::default().into()) }),
    ]
    .boxed()
}

/// Any tree that takes stereo, without mid/side inside mid/side.
fn tree() -> BoxedStrategy<Effect> {
    leaf()
        .prop_recursive(3, 12, 3, |inner| {
            let series = prop::collection::vec(inner.clone(), 0..4);
            prop_oneof![
                3 => series.clone().prop_map(|effects| Effect::Chain { effects }),
                1 => prop::collection::vec(inner, 1..4).prop_map(|effects| Effect::Parallel { effects, gains_db: vec![] }),
                1 => (series.clone(), series).prop_map(|(mid, side)| Effect::MidSide { mid, side }),
            ]
        })
        .prop_filter("mid/side inside mid/side", |effect| effect.output_channels(2).is_ok())
        .boxed()
}

fn delayed(rows: &Rows, latency: usize) -> Rows {
    let late = |row: &Vec<f64>| [&vec![0.0; latency.min(FRAMES)][..], &row[..FRAMES - latency.min(FRAMES)]].concat();
    rows.iter().map(late).collect()
}

fn with(a: &Rows, b: &Rows, f: impl Fn(f64, f64) -> f64) -> Rows {
    a.iter().zip(b).map(|(a, b)| a.iter().zip(b).map(|(a, b)| f(*a, *b)).collect()).collect()
}

/// Mid and side of two rows; a single row twice.
fn mid_side(rows: &Rows) -> [Rows; 2] {
    let [left, right] = [&rows[0], &rows[rows.len() - 1]];
    if rows.len() == 1 {
        return [rows.clone(), rows.clone()];
    }
    let [left, right] = [vec![left.clone()], vec![right.clone()]];
    [with(&left, &right, |l, r| 0.5 * (l + r)), with(&left, &right, |l, r| 0.5 * (l - r))]
}

/// The whole signal through an effect, and its latency.
fn by_hand(effect: &Effect, sound: &Rows, key: &Rows) -> (Rows, usize) {
    let in_series = |effects: &[Effect], sound: &Rows, key: &Rows| {
        effects.iter().fold((sound.clone(), 0), |(sound, latency), effect| {
            let (out, own) = by_hand(effect, &sound, &delayed(key, latency));
            (out, latency + own)
        })
    };
    match effect {
        Effect::Chain { effects } => in_series(effects, sound, key),
        Effect::Parallel { effects, .. } => {
            let branches: Vec<_> = effects.iter().map(|effect| by_hand(effect, sound, key)).collect();
            let latency = branches.iter().map(|(_, latency)| *latency).max().unwrap();
            let silence = vec![vec![0.0; FRAMES]; sound.len()];
            let sum =
                branches.iter().fold(silence, |sum, (out, own)| with(&sum, &delayed(out, latency - own), |a, b| a + b));
            (sum, latency)
        }
        Effect::MidSide { mid, side } => {
            let ([m, s], [key_m, key_s]) = (mid_side(sound), mid_side(key));
            let ((m, latency_m), (s, latency_s)) = (in_series(mid, &m, &key_m), in_series(side, &s, &key_s));
            let latency = latency_m.max(latency_s);
            let (m, s) = (delayed(&m, latency - latency_m), delayed(&s, latency - latency_s));
            let both = [with(&m, &s, |m, s| m + s), with(&m, &s, |m, s| m - s)];
            (both.concat(), latency)
        }
        leaf => {
            let mut processor = leaf.build::<f64>(&spec(sound.len())).unwrap();
            let mut audio = sound.concat();
            let mut block = BlockMut::from_planar(&mut audio, sound.len()).unwrap();
            let key = key.concat();
            let key = Block::from_planar(&key, key.len() / FRAMES).unwrap();
            if processor.takes_key() {
                processor.process_keyed(&mut block, &key)
            } else {
                processor.process(&mut block)
            }
            (audio.chunks(FRAMES).map(<[f64]>::to_vec).collect(), processor.latency_frames())
        }
    }
}

/// The signal through the running effect, in blocks.
fn running(effect: &Effect, sound: &Rows, key: &Rows, cut: &Cut) -> (Rows, usize) {
    let mut processor = effect.build::<f64>(&spec(sound.len())).unwrap();
    let (mut audio, keys) = (sound.concat(), key.concat());
    let mut block = BlockMut::from_planar(&mut audio, sound.len()).unwrap();
    let key = Block::from_planar(&keys, key.len()).unwrap();
    let mut start = 0;
    for length in cut.0.iter().cycle() {
        let length = (*length).min(FRAMES - start);
        processor.process_keyed(&mut block.frames_mut(start, length), &key.frames_at(start, length));
        start += length;
        if start == FRAMES {
            break;
        }
    }
    (audio.chunks(FRAMES).map(<[f64]>::to_vec).collect(), processor.latency_frames())
}

/// Bursts, so that an early or a late key shows.
fn bursts(channels: usize, seed: u64) -> Rows {
    let burst = |(n, x): (usize, f64)| if n / 500 % 2 == 1 { 0.5 * x } else { 0.0 };
    (0..channels as u64)
        .map(|channel| noise(seed + channel, FRAMES).into_iter().enumerate().map(burst).collect())
        .collect()
}

fn largest_difference(a: &Rows, b: &Rows) -> f64 {
    a.iter().flatten().zip(b.iter().flatten()).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
}

#[test]
fn law_4_a_key_in_any_tree_meets_the_sound_that_it_was_recorded_with() {
    let config = Config { cases: 150, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(Config::default().rng_algorithm));
    let sound: Rows = (0..2).map(|channel| noise(7 + channel, FRAMES).iter().map(|x| 0.5 * x).collect()).collect();
    let cuts = Cut::all();
    let outcome = runner.run(&(tree(), 1..3_usize, 0..cuts.len()), |(effect, key_channels, cut)| {
        let key = bursts(key_channels, 20);
        let (expected, latency) = by_hand(&effect, &sound, &key);
        let (actual, stated) = running(&effect, &sound, &key, &cuts[cut]);
        prop_assert_eq!(stated, latency);
        let difference = largest_difference(&expected, &actual);
        prop_assert!(difference <= LIMIT, "off by {}", difference);
        Ok(())
    });
    outcome.unwrap_or_else(|failure| panic!("{failure}"));
}

#[test]
fn law_4_a_compressor_behind_latency_ducks_when_the_key_sounds() {
    let compressor: Effect = CompressorParams { threshold_db: -40.0, attack_ms: 0.1, ..Default::default() }.into();
    let sound: Rows = vec![vec![0.5; FRAMES]];
    let mut key: Rows = vec![vec![0.0; FRAMES]];
    key[0][1_000..1_500].fill(0.9);
    let before: [Effect; 4] = [
        LimiterParams::default().into(),
        DeEsserParams::default().into(),
        CompressorParams { lookahead_ms: 10.0, ratio: 1.0, ..Default::default() }.into(),
        Effect::Bypass { effect: Box::new(LimiterParams::default().into()) },
    ];
    for stage in before {
        let chain = Effect::Chain { effects: vec![stage.clone(), compressor.clone()] };
        let (out, latency) = running(&chain, &sound, &key, &Cut(vec![77]));
        assert!(latency > 0);
        // The first ducked frame is that of the key, in the delayed signal.
        let ducked = out[0].iter().skip(latency).position(|&x| x < 0.45).unwrap();
        assert!((1_000..1_040).contains(&ducked), "{ducked} behind {stage:?}");
    }
}

#[test]
fn a_paused_key_is_not_replayed_later() {
    let effects = vec![
        LimiterParams::default().into(),
        CompressorParams { threshold_db: -40.0, attack_ms: 0.1, release_ms: 5.0, ..Default::default() }.into(),
    ];
    let mut chain = Effect::Chain { effects }.build::<f64>(&spec(1)).unwrap();
    let (mut loud, quiet) = (vec![1e-4; 2_000], vec![0.0; 2_000]);
    let key = vec![0.9; 2_000];
    chain.process_keyed(&mut BlockMut::from_planar(&mut loud, 1).unwrap(), &Block::from_planar(&key, 1).unwrap());
    // Keyed by itself for a while, its key history decays; then a silent key.
    let mut pause = vec![1e-4; 48_000];
    chain.process(&mut BlockMut::from_planar(&mut pause, 1).unwrap());
    let mut after = vec![1e-4; 2_000];
    chain.process_keyed(&mut BlockMut::from_planar(&mut after, 1).unwrap(), &Block::from_planar(&quiet, 1).unwrap());
    assert!(after.iter().all(|&x| (x - 1e-4).abs() < 1e-9), "{after:?}");
}

#[test]
fn takes_key_tells_processors_with_a_key_input() {
    macro_rules! takers {
        ($($name:ident: $params:ty, $processor:ty;)*) => {
            vec![$((stringify!($name), Effect::from(<$params>::default()))),*]
        };
    }
    for (name, effect) in for_each_processor!(takers) {
        let Ok(mut processor) = effect.build::<f64>(&spec(2)) else { panic!("{name}: no stereo") };
        let expected = matches!(name, "Compressor" | "Expander" | "Gate" | "DynamicEqualizer");
        assert_eq!(processor.takes_key(), expected, "{name}");
        assert_eq!(effect.takes_key(), expected, "{name} as a value");
        // Without a key input a key makes no difference.
        if !expected {
            let sound = bursts(2, 3).concat();
            let key = bursts(1, 9).concat();
            let (mut keyed, mut plain) = (sound.clone(), sound);
            processor.process_keyed(
                &mut BlockMut::from_planar(&mut keyed, 2).unwrap(),
                &Block::from_planar(&key, 1).unwrap(),
            );
            processor.reset();
            processor.process(&mut BlockMut::from_planar(&mut plain, 2).unwrap());
            assert!(same_bits(&keyed, &plain), "{name}");
        }
        let inside = [
            Effect::Chain { effects: vec![Effect::default(), effect.clone()] },
            Effect::Parallel { effects: vec![effect.clone(), Effect::default()], gains_db: vec![] },
            Effect::Bypass { effect: Box::new(effect.clone()) },
        ];
        for tree in inside {
            assert_eq!(tree.takes_key(), expected, "{name} inside");
            assert_eq!(tree.build::<f64>(&spec(2)).unwrap().takes_key(), expected, "{name}");
        }
        let both = Effect::MidSide { mid: vec![], side: vec![effect] };
        assert_eq!(both.takes_key(), expected, "{name} on the side, as a value");
        if let Ok(both) = both.build::<f64>(&spec(2)) {
            assert_eq!(both.takes_key(), expected, "{name} on the side");
        }
    }
}

/// Solo leaves the keys of muted tracks whole; a group gives what reaches it, which is nothing while its members are muted.
#[test]
fn a_key_is_heard_through_solo_unless_it_is_a_group_that_nothing_reaches() {
    let duck = CompressorParams { threshold_db: -40.0, ratio: 20.0, attack_ms: 1.0, ..Default::default() };
    let level = |from: &str, soloed: &str| {
        let mut mixer = Mixer::<f64>::new(&spec(2)).unwrap();
        mixer.add_group("drums", &StripParams::default()).unwrap();
        mixer.add_track("kick", 1, &StripParams { to: "drums".into(), ..Default::default() }).unwrap();
        let keys = vec![KeyParams { insert: 0, from: from.into() }];
        let bass = StripParams { inserts: vec![duck.into()], keys, pan: -1.0, ..Default::default() };
        mixer.add_track("bass", 1, &bass).unwrap();
        if !soloed.is_empty() {
            let id = mixer.id(soloed).unwrap();
            mixer.set_value(id, "solo", true.into()).unwrap();
        }
        // The kick cannot be heard on the left alone: its part of the sum is taken away.
        let (kick, bass) = (vec![0.5; FRAMES], vec![0.01; FRAMES]);
        let mut out = vec![0.0; 2 * FRAMES];
        let inputs = [Block::from_planar(&kick, 1).unwrap(), Block::from_planar(&bass, 1).unwrap()];
        mixer.process(&inputs, &mut BlockMut::from_planar(&mut out, 2).unwrap());
        out[FRAMES - 1] - out[2 * FRAMES - 1]
    };
    for from in ["kick", "drums"] {
        assert!(level(from, "") < 0.002, "{from} ducks");
    }
    assert!(level("kick", "bass") < 0.002, "a muted track is a key");
    assert!((level("drums", "bass") - 0.01).abs() < 1e-9, "nothing reaches the group");
    assert!(level("drums", "drums").abs() < 1e-12, "the bass is muted");
}

/// In a mixer, to the frame: an insert that another strip keys gives the bits of the processor alone with the recorded key,
/// whatever latency stands before either.
#[test]
fn a_key_of_a_strip_acts_on_the_frame_that_it_was_recorded_with() {
    let duck = CompressorParams { threshold_db: -40.0, attack_ms: 0.02, release_ms: 5.0, ..Default::default() };
    let late = |lookahead_ms| {
        let limiter = LimiterParams { lookahead_ms, ..Default::default() };
        Effect::Bypass { effect: Box::new(limiter.into()) }
    };
    let audio = |seed| super::common::decay(seed, FRAMES);
    let (kick, bass) = (audio(1), audio(2));
    let mut expected = bass.clone();
    let mut alone = duck.build::<f64>(&spec(1)).unwrap();
    let key = Block::from_planar(&kick, 1).unwrap();
    alone.process_keyed(&mut BlockMut::from_planar(&mut expected, 1).unwrap(), &key);
    for (before_kick, before_bass) in [(None, None), (Some(2.0), None), (None, Some(1.0)), (Some(1.0), Some(5.0))] {
        let mut mixer = Mixer::<f64>::new(&spec(2)).unwrap();
        let of = |latency: Option<f64>| latency.map(late).into_iter().collect::<Vec<_>>();
        let silent = StripParams { inserts: of(before_kick), fader_db: f64::NEG_INFINITY, ..Default::default() };
        mixer.add_track("kick", 1, &silent).unwrap();
        let mut inserts = of(before_bass);
        inserts.push(duck.into());
        let keys = vec![KeyParams { insert: inserts.len() - 1, from: "kick".into() }];
        mixer.add_track("bass", 1, &StripParams { inserts, keys, pan: -1.0, ..Default::default() }).unwrap();
        let mut out = vec![0.0; 2 * FRAMES];
        let inputs = [&kick, &bass].map(|audio| Block::from_planar(audio, 1).unwrap());
        mixer.process(&inputs, &mut BlockMut::from_planar(&mut out, 2).unwrap());
        let latency = mixer.latency_frames();
        assert!(same_bits(&out[latency..FRAMES], &expected[..FRAMES - latency]), "{before_kick:?} {before_bass:?}");
    }
}
