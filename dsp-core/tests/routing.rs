//! Random graphs of tracks, groups, returns, sends and keys through the mixer: latency, order, cuts, solo, edits.

use crate::common::*;
use mixdown::{
    console::{KeyParams, MASTER, SendParams, StereoPan, Tap, VcaParams},
    levels::PanLaw,
    *,
};
use proptest::{
    prelude::*,
    test_runner::{Config, TestCaseError, TestRng, TestRunner},
};
use std::collections::VecDeque;

pub const FRAMES: usize = 1_500;

pub fn spec(channels: usize) -> StreamSpec {
    StreamSpec::new(48_000.0, channels).unwrap()
}

/// Delays by a stated latency, and then multiplies by its key, if it is given one.
#[derive(Clone)]
struct LateProduct {
    spec: StreamSpec,
    rings: Vec<VecDeque<f64>>,
    key_rings: Vec<VecDeque<f64>>,
    latency_frames: usize,
    takes_key: bool,
}

impl LateProduct {
    fn effect(channels: usize, latency_frames: usize, takes_key: bool) -> EffectProcessor<f64> {
        let rings = vec![VecDeque::from(vec![0.0; latency_frames]); channels];
        let key_rings = rings.clone();
        EffectProcessor::custom(Self { spec: spec(channels), rings, key_rings, latency_frames, takes_key })
    }

    fn late(ring: &mut VecDeque<f64>, sample: f64) -> f64 {
        ring.push_back(sample);
        ring.pop_front().unwrap()
    }
}

impl Processor<f64> for LateProduct {
    fn spec(&self) -> StreamSpec {
        self.spec
    }
    fn process(&mut self, block: &mut BlockMut<'_, '_, f64>) {
        for (channel, ring) in self.rings.iter_mut().enumerate() {
            for sample in block.channel_mut(channel) {
                *sample = Self::late(ring, *sample);
            }
        }
    }
    fn process_keyed(&mut self, block: &mut BlockMut<'_, '_, f64>, key: &Block<'_, '_, f64>) {
        self.process(block);
        for (channel, ring) in self.key_rings.iter_mut().enumerate() {
            let key = key.channel(channel.min(key.channels() - 1));
            for (sample, key) in block.channel_mut(channel).iter_mut().zip(key) {
                *sample *= Self::late(ring, *key);
            }
        }
    }
    fn takes_key(&self) -> bool {
        self.takes_key
    }
    fn reset(&mut self) {
        for ring in self.rings.iter_mut().chain(&mut self.key_rings) {
            ring.make_contiguous().fill(0.0);
        }
    }
    fn latency_frames(&self) -> usize {
        self.latency_frames
    }
}

/// One strip of a random graph. Positions refer to the strips before it: it is fed by some of them, in the end.
#[derive(Clone, Debug)]
struct Node {
    name: String,
    input: StripInput,
    params: StripParams,
    /// Latencies of its inserts, and whether they take a key.
    inserts: Vec<(usize, bool)>,
}

fn level() -> impl Strategy<Value = f64> {
    prop_oneof![1 => Just(0.0), 4 => -12.0..6.0_f64]
}

fn tap() -> impl Strategy<Value = Tap> {
    prop_oneof![Just(Tap::PreInsert), Just(Tap::PreFader), Just(Tap::PostFader), Just(Tap::PostPan)]
}

fn law() -> impl Strategy<Value = PanLaw> {
    prop_oneof![Just(PanLaw::ConstantPower), Just(PanLaw::Minus4_5Db), Just(PanLaw::Linear)]
}

/// Strips from the last bus to the first track; each feeds, sends to and is keyed by strips that cannot close a circle.
fn graph() -> impl Strategy<Value = Vec<Node>> {
    let strip = (
        0..5_u32,
        (level(), -1.0..1.0_f64, law(), any::<bool>(), any::<bool>()),
        any::<prop::sample::Index>(),
        prop::collection::vec((any::<prop::sample::Index>(), level(), tap(), -1.0..1.0_f64), 0..3),
        prop::collection::vec((0..90_usize, any::<bool>(), any::<prop::sample::Index>()), 0..3),
        "[a-z]{1,3}",
    );
    prop::collection::vec(strip, 2..9).prop_map(|strips| {
        let count = strips.len();
        // The first third are buses, each of which feeds buses before it.
        let buses = count.div_ceil(3);
        let names: Vec<String> =
            strips.iter().enumerate().map(|(position, strip)| format!("{}{position}", strip.5)).collect();
        let node = |position: usize| {
            let (kind, (level_db, pan, pan_law, invert, dual), to, sends, inserts, _) = &strips[position];
            let earlier = position.min(buses);
            let bus = |index: &prop::sample::Index| match index.index(earlier + 1) {
                0 => MASTER.to_string(),
                other => names[other - 1].clone(),
            };
            let input = match (position < buses, kind % 2) {
                (true, 0) => StripInput::Group,
                (true, _) => StripInput::Return,
                (false, channels) => StripInput::Track { channels: 1 + channels as usize },
            };
            let sends =
                sends.iter().filter(|(index, ..)| index.index(earlier + 1) > 0).map(|(index, level_db, tap, pan)| {
                    SendParams { to: bus(index), level_db: *level_db, tap: *tap, pan: *pan, mute: false }
                });
            // Keys come from later strips, upstream: they close no circle.
            let keys = inserts.iter().enumerate().filter(|(_, (_, keyed, _))| *keyed && position + 1 < count);
            let keys = keys.map(|(insert, (_, _, index))| {
                let from = position + 1 + index.index(count - position - 1);
                KeyParams { insert, from: names[from].clone() }
            });
            let stereo_pan = if *dual { StereoPan::Dual } else { StereoPan::Balance };
            let params = StripParams {
                fader_db: *level_db,
                pan: *pan,
                pan_law: *pan_law,
                invert_polarity: *invert,
                stereo_pan,
                left_pan: -pan.abs(),
                right_pan: *pan,
                to: bus(to),
                sends: sends.collect(),
                keys: keys.collect(),
                ..Default::default()
            };
            let inserts = inserts.iter().map(|(latency, keyed, _)| (*latency, *keyed)).collect();
            Node { name: names[position].clone(), input, params, inserts }
        };
        (0..count).map(node).collect()
    })
}

/// The mixer of a graph; `late` keeps the latencies of the inserts.
fn built(nodes: &[Node], late: bool) -> Mixer<f64> {
    let mut mixer = Mixer::new(&spec(2)).unwrap();
    // Keys first exist when all strips do.
    for node in nodes {
        let params = StripParams { keys: vec![], ..node.params.clone() };
        let processors = node.inserts.iter().map(|(latency, keyed)| {
            LateProduct::effect(node.input.channels(), if late { *latency } else { 0 }, *keyed)
        });
        mixer.add_with(&node.name, node.input, &params, processors.collect()).unwrap();
    }
    for node in nodes {
        mixer.set(&node.name, &node.params).unwrap();
    }
    mixer
}

/// The sound of a track, whatever its position.
pub fn sound(name: &str, channels: usize, frames: usize) -> Vec<f64> {
    let seed = name.bytes().fold(7, |seed: u64, byte| seed * 31 + u64::from(byte));
    (0..channels).flat_map(|channel| noise(seed + channel as u64, frames)).map(|x| 0.5 * x).collect()
}

/// Mixes the sounds of all tracks, with silence for those that `heard` refuses.
pub fn mixed(mixer: &mut Mixer<f64>, frames: usize, cut: &Cut, heard: impl Fn(&str) -> bool) -> Vec<f64> {
    let tracks = mixer.params().strips.iter().filter_map(|strip| match strip.input {
        StripInput::Track { channels } => Some((strip.name.clone(), channels)),
        _ => None,
    });
    let sources: Vec<(Vec<f64>, usize)> = tracks
        .map(|(name, channels)| {
            let mut audio = sound(&name, channels, frames);
            if !heard(&name) {
                audio.fill(0.0);
            }
            (audio, channels)
        })
        .collect();
    let mut out = vec![0.0; 2 * frames];
    let mut block = BlockMut::from_planar(&mut out, 2).unwrap();
    let mut start = 0;
    for length in cut.0.iter().cycle() {
        let length = (*length).min(frames - start);
        let inputs: Vec<Block<'_, '_, f64>> = sources
            .iter()
            .map(|(audio, channels)| Block::from_planar(audio, *channels).unwrap().frames_at(start, length))
            .collect();
        mixer.process(&inputs, &mut block.frames_mut(start, length));
        start += length;
        if start == frames {
            break;
        }
    }
    out
}

fn for_graphs(cases: u32, law: impl Fn(Vec<Node>) -> Result<(), TestCaseError>) {
    let mut runner = TestRunner::new_with_rng(
        Config { cases, failure_persistence: None, ..Config::default() },
        TestRng::from_seed(prop::test_runner::RngAlgorithm::ChaCha, &[5; 32]),
    );
    runner.run(&graph(), law).unwrap();
}

#[test]
fn b2_latencies_in_random_graphs_null_exactly() {
    for_graphs(200, |nodes| {
        let (mut late, mut prompt) = (built(&nodes, true), built(&nodes, false));
        prop_assert_eq!(prompt.latency_frames(), 0);
        let latency = late.latency_frames();
        let expected = mixed(&mut prompt, FRAMES, &Cut::whole(), |_| true);
        let found = mixed(&mut late, FRAMES, &Cut::whole(), |_| true);
        for channel in [0, FRAMES] {
            let (before, rest) = found[channel..channel + FRAMES].split_at(latency);
            prop_assert!(before.iter().all(|x| *x == 0.0), "sound before the latency of {}", latency);
            prop_assert!(same_bits(rest, &expected[channel..channel + FRAMES - latency]), "latency {}", latency);
        }
        Ok(())
    });
}

#[test]
fn b1_the_order_of_strips_changes_no_bit() {
    for_graphs(60, |nodes| {
        let mix = built(&nodes, false).params().clone();
        let plain = |mix: &MixerParams| {
            let mut mix = mix.clone();
            // Without keys, for which the inserts are not there.
            mix.strips.iter_mut().for_each(|strip| strip.params.keys.clear());
            mixed(&mut Mixer::build(&mix, &spec(2)).unwrap(), FRAMES, &Cut::whole(), |_| true)
        };
        let expected = plain(&mix);
        let mut turned = mix.clone();
        turned.strips.reverse();
        prop_assert!(same_bits(&plain(&turned), &expected));
        turned.strips.rotate_left(1);
        prop_assert!(same_bits(&plain(&turned), &expected));
        Ok(())
    });
}

#[test]
fn law_1_graphs_give_the_same_bits_for_any_cut() {
    for_graphs(30, |nodes| {
        let expected = mixed(&mut built(&nodes, true), FRAMES, &Cut::whole(), |_| true);
        let mut mixer = built(&nodes, true);
        for cut in [vec![1], vec![7, 64], vec![0, 480, 13]] {
            mixer.reset();
            let found = mixed(&mut mixer, FRAMES, &Cut(cut.clone()), |_| true);
            prop_assert!(same_bits(&found, &expected), "{:?}", cut);
        }
        Ok(())
    });
}

/// 64 tracks, 8 groups, 4 returns: the same bits in one call, in blocks, and on several threads.
#[test]
#[cfg(feature = "rayon")]
fn law_1_threads_change_no_bit() {
    let insert = |gain_db| filters::BellParams { gain_db, ..Default::default() }.into();
    let mut mix = MixerParams::default();
    let mut add = |name: String, input, params| mix.strips.push(NamedStrip { name, input, params });
    for index in 0..4 {
        let inserts = vec![reverbs::PlateParams { decay: 0.3, ..Default::default() }.into()];
        add(format!("return {index}"), StripInput::Return, StripParams { inserts, ..Default::default() });
    }
    for index in 0..8 {
        let to = if index < 4 { MASTER.into() } else { format!("group {}", index - 4) };
        let inserts = vec![dynamics::CompressorParams { threshold_db: -30.0, ..Default::default() }.into()];
        add(format!("group {index}"), StripInput::Group, StripParams { to, inserts, ..Default::default() });
    }
    for index in 0..64 {
        let sends = vec![SendParams { to: format!("return {}", index % 4), level_db: -12.0, ..Default::default() }];
        let params = StripParams {
            to: format!("group {}", index % 8),
            pan: (index as f64 / 10.0).sin(),
            inserts: vec![insert(index as f64 / 10.0 - 3.0)],
            sends,
            ..Default::default()
        };
        add(format!("track {index}"), StripInput::Track { channels: 1 + index % 2 }, params);
    }
    let mut mixer = Mixer::build(&mix, &spec(2)).unwrap();
    let whole = mixed(&mut mixer, FRAMES, &Cut::whole(), |_| true);
    assert!(whole.iter().any(|x| x.abs() > 0.1));
    for (threads, cut) in [(1, vec![480, 7]), (2, vec![usize::MAX]), (2, vec![64, 1_000])] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        mixer.reset();
        mixer.set_parallel(true);
        let found = pool.install(|| mixed(&mut mixer, FRAMES, &Cut(cut.clone()), |_| true));
        assert!(same_bits(&found, &whole), "{threads} {cut:?}");
    }
}

/// A soloed track is the mix without the sound of the other tracks. Keys are left out: they are heard while muted.
#[test]
fn solo_in_place_is_the_mix_without_the_others() {
    for_graphs(100, |mut nodes| {
        nodes.iter_mut().for_each(|node| node.params.keys.clear());
        let tracks: Vec<String> = nodes
            .iter()
            .filter(|node| node.input.channels() < 3)
            .filter(|node| matches!(node.input, StripInput::Track { .. }))
            .map(|node| node.name.clone())
            .collect();
        for soloed in &tracks {
            let expected = mixed(&mut built(&nodes, true), FRAMES, &Cut::whole(), |name| name == soloed);
            let mut mixer = built(&nodes, true);
            let id = mixer.id(soloed).unwrap();
            mixer.set_value(id, "solo", true.into()).unwrap();
            mixer.reset();
            let found = mixed(&mut mixer, FRAMES, &Cut::whole(), |_| true);
            prop_assert!(same_bits(&found, &expected), "{}", soloed);
        }
        Ok(())
    });
}

/// What is set in a callback is what a fresh mixer has.
#[test]
fn law_3_values_set_while_it_runs_are_those_of_a_fresh_build() {
    for_graphs(40, |nodes| {
        let mut mixer = built(&nodes, true);
        mixed(&mut mixer, 700, &Cut::whole(), |_| true);
        let mut changed = nodes.clone();
        for (position, node) in changed.iter_mut().enumerate() {
            let id = mixer.id(&node.name).unwrap();
            node.params.fader_db = -3.0 - position as f64;
            node.params.pan = if position % 2 == 0 { 0.25 } else { -0.5 };
            node.params.mute = position % 4 == 3;
            mixer.set_value(id, "fader_db", node.params.fader_db.into()).unwrap();
            mixer.set_value(id, "pan", node.params.pan.into()).unwrap();
            mixer.set_value(id, "mute", node.params.mute.into()).unwrap();
            for (index, send) in node.params.sends.iter_mut().enumerate() {
                send.level_db = -7.0;
                mixer.set_send_value(id, index, "level_db", (-7.0).into()).unwrap();
            }
        }
        mixer.reset();
        let expected = mixed(&mut built(&changed, true), FRAMES, &Cut::whole(), |_| true);
        prop_assert!(same_bits(&mixed(&mut mixer, FRAMES, &Cut::whole(), |_| true), &expected));
        Ok(())
    });
}

/// Edits in any order end where a mixer built at once begins.
#[test]
fn edits_lead_to_the_same_mixer() {
    for_graphs(40, |nodes| {
        let mut mixer = built(&nodes, true);
        mixed(&mut mixer, 700, &Cut::whole(), |_| true);
        // A strip comes, feeds, is renamed, moves and goes.
        mixer.add_group("passing", &StripParams::default()).unwrap();
        let last = nodes.last().unwrap();
        mixer.set(&last.name, &StripParams { to: "passing".into(), ..last.params.clone() }).unwrap();
        let fed = mixer.remove("passing").unwrap_err().to_string();
        prop_assert!(fed.contains(&last.name) && fed.contains("cannot be removed"), "{}", fed);
        mixer.rename("passing", "gone").unwrap();
        prop_assert_eq!(&mixer.params().strips[nodes.len() - 1].params.to, "gone");
        mixer.reorder("gone", 0).unwrap();
        mixer.set(&last.name, &last.params).unwrap();
        mixer.remove("gone").unwrap();
        mixer.reset();
        let mut fresh = built(&nodes, true);
        prop_assert_eq!(mixer.params(), fresh.params());
        let expected = mixed(&mut fresh, FRAMES, &Cut::whole(), |_| true);
        prop_assert!(same_bits(&mixed(&mut mixer, FRAMES, &Cut::whole(), |_| true), &expected));
        Ok(())
    });
}

#[test]
fn a_refused_edit_changes_nothing() {
    let mut mixer = Mixer::<f64>::new(&spec(2)).unwrap();
    let to = |to: &str| StripParams { to: to.into(), ..Default::default() };
    let sends = |to: &str| StripParams {
        sends: vec![SendParams { to: to.into(), ..Default::default() }],
        ..Default::default()
    };
    let compressor: Effect = dynamics::CompressorParams::default().into();
    let keyed = |insert, from: &str| StripParams {
        inserts: vec![levels::GainParams::default().into(), compressor.clone()],
        keys: vec![KeyParams { insert, from: from.into() }],
        ..to("drums")
    };
    mixer.add_group("drums", &to("master")).unwrap();
    mixer.add_return("hall", &to("drums")).unwrap();
    mixer.add_track("kick", 1, &to("drums")).unwrap();
    let before = (mixer.params().clone(), mixed(&mut mixer, FRAMES, &Cut::whole(), |_| true));
    let refused: Vec<(MixerError, &str)> = vec![
        (mixer.set("drums", &sends("hall")).unwrap_err(), "strips feed each other in a circle: drums -> hall -> drums"),
        (mixer.set("drums", &to("drums")).unwrap_err(), "strips feed each other in a circle: drums -> drums"),
        (
            mixer.set("master", &sends("hall")).unwrap_err(),
            "strips feed each other in a circle: master -> hall -> master",
        ),
        (
            mixer.set("kick", &to("drum")).unwrap_err(),
            r#"strip "kick": there is no strip named "drum"; there are drums, hall, kick, master"#,
        ),
        (
            mixer.set("hall", &to("kick")).unwrap_err(),
            r#"strip "hall": "kick" is a track: only groups, returns and the master take other strips"#,
        ),
        (
            mixer.add_track("kick", 1, &to("master")).unwrap_err(),
            r#"there is a strip named "kick" already: names must differ"#,
        ),
        (
            mixer.add_track("master", 1, &to("master")).unwrap_err(),
            r#"there is a strip named "master" already: names must differ"#,
        ),
        (
            mixer.add_track("a/b", 1, &to("master")).unwrap_err(),
            r#""a/b" cannot be the name of a strip: it must not be empty or have a /"#,
        ),
        (
            mixer.add_track("", 1, &to("master")).unwrap_err(),
            r#""" cannot be the name of a strip: it must not be empty or have a /"#,
        ),
        (mixer.remove("hall2").unwrap_err(), r#"there is no strip named "hall2""#),
        (mixer.remove("drums").unwrap_err(), r#"strip "drums" cannot be removed while it is needed by hall and kick"#),
        (mixer.remove("master").unwrap_err(), "the master cannot be removed, renamed or moved"),
        (mixer.rename("kick", "hall").unwrap_err(), r#"there is a strip named "hall" already: names must differ"#),
        (
            mixer.set("kick", &keyed(0, "hall")).unwrap_err(),
            r#"strip "kick": inserts[0] takes no key; inserts[1] does"#,
        ),
        (
            mixer.set("kick", &keyed(2, "hall")).unwrap_err(),
            r#"strip "kick": inserts[2] takes no key; inserts[1] does"#,
        ),
        (
            mixer.set("kick", &keyed(1, "drums")).unwrap_err(),
            "strips feed each other in a circle: drums -> kick -> drums",
        ),
        (
            mixer.set("kick", &StripParams { pan: 1.5, ..to("drums") }).unwrap_err(),
            r#"strip "kick": pan = 1.5 is out of range: it must lie in -1..1"#,
        ),
        (
            mixer
                .set_vcas(&[VcaParams { name: "all".into(), members: vec!["snare".into()], ..Default::default() }])
                .unwrap_err(),
            r#"vca "all": there is no strip named "snare"; there are drums, hall, kick"#,
        ),
        (
            mixer.set_vcas(&[VcaParams { name: "all".into(), fader_db: 13.0, ..Default::default() }]).unwrap_err(),
            r#"vca "all": fader_db = 13 is out of range: it must lie in -inf..12"#,
        ),
        (
            mixer.set_vcas(&[0; 2].map(|_| VcaParams { name: "all".into(), ..Default::default() })).unwrap_err(),
            r#"there is a vca named "all" already: names must differ"#,
        ),
    ];
    for (error, text) in refused {
        assert_eq!(error.to_string(), text);
    }
    mixer.reset();
    assert_eq!(mixer.params(), &before.0);
    assert!(same_bits(&mixed(&mut mixer, FRAMES, &Cut::whole(), |_| true), &before.1));
}
