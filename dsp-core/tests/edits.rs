//! Edits of a mixer while sound passes: nothing clicks, and everything ends where a fresh mixer begins.

use crate::common::*;
use mixdown::{
    console::{KeyParams, Lane, Point, SendParams, Shape, Tap, VcaParams},
    dynamics::{CompressorParams, LimiterParams},
    filters::{BellParams, EqualizerParams},
    levels::GainParams,
    *,
};
use std::f64::consts::TAU;

const RATE_HZ: f64 = 48_000.0;
const FRAMES: usize = 24_000;
/// Phases of the sine, of 480 frames, at the edit; not on the grid.
const EDITS_AT: [usize; 4] = [12_001, 12_121, 12_241, 12_361];
/// Residue above 1 kHz of a 100 Hz sine at -6 dBFS (SOUND 0).
const LIMIT_DBFS: f64 = -100.0;

fn sine() -> Vec<f64> {
    (0..FRAMES).map(|frame| 0.5 * (TAU * 100.0 * frame as f64 / RATE_HZ).sin()).collect()
}

fn lane(parameter: &str, points: &[(f64, f64, Shape)]) -> Lane {
    let points = points.iter().map(|&(time_s, value, shape)| Point { time_s, value, shape });
    Lane { parameter: parameter.into(), points: points.collect() }
}

fn flat(parameter: &str, value: f64) -> Lane {
    lane(parameter, &[(0.0, value, Shape::Hold)])
}

/// The sine through the first track, silence through the others, with an edit at a frame; the left side.
fn edited(mixer: &mut Mixer<f64>, at: usize, cut: &Cut, edit: &dyn Fn(&mut Mixer<f64>)) -> Vec<f64> {
    let (sine, silence) = (sine(), vec![0.0; FRAMES]);
    let mut out = vec![0.0; 2 * FRAMES];
    let mut block = BlockMut::from_planar(&mut out, 2).unwrap();
    let mut start = 0;
    for length in cut.0.iter().cycle() {
        if start == at {
            edit(mixer);
        }
        let end = if start < at { at.min(FRAMES) } else { FRAMES };
        let length = (*length).min(end - start);
        let tracks = mixer.inputs().count();
        let audio = |track: usize| if track == 0 { &sine } else { &silence };
        let inputs: Vec<_> =
            (0..tracks).map(|track| Block::from_planar(&audio(track)[start..start + length], 1).unwrap()).collect();
        mixer.process(&inputs, &mut block.frames_mut(start, length));
        start += length;
        if start == FRAMES {
            break;
        }
    }
    out.truncate(FRAMES);
    out
}

/// The loudest residue of an edit, over phases.
fn residue(build: &dyn Fn() -> Mixer<f64>, edit: &dyn Fn(&mut Mixer<f64>)) -> f64 {
    let at = |at| residue_dbfs(&edited(&mut build(), at, &Cut::whole(), edit), RATE_HZ);
    EDITS_AT.map(at).into_iter().fold(f64::NEG_INFINITY, f64::max)
}

fn mixer() -> Mixer<f64> {
    Mixer::new(&StreamSpec::new(RATE_HZ, 2).unwrap()).unwrap()
}

#[test]
fn law_8_lanes_that_come_change_and_go_do_not_click() {
    let inserts: Vec<Effect> = vec![GainParams::default().into(), BellParams::default().into()];
    let strip = |automation: &[Lane]| StripParams {
        inserts: inserts.clone(),
        sends: vec![SendParams { to: "hall".into(), ..Default::default() }],
        automation: automation.to_vec(),
        ..Default::default()
    };
    let moving = lane("fader_db", &[(0.0, -20.0, Shape::Hold), (0.5, -2.0, Shape::DbLinear)]);
    let cases = [
        ("fader added", vec![], vec![flat("fader_db", -12.0)]),
        ("fader replaced", vec![flat("fader_db", -12.0)], vec![moving.clone()]),
        ("fader removed", vec![moving], vec![]),
        ("pan added", vec![], vec![flat("pan", 0.9)]),
        ("pan replaced", vec![flat("pan", 0.9)], vec![flat("pan", -1.0)]),
        ("mute added", vec![], vec![flat("mute", 1.0)]),
        ("mute removed", vec![flat("mute", 1.0)], vec![]),
        ("send added", vec![], vec![flat("sends/0/level_db", -20.0)]),
        ("send removed", vec![flat("sends/0/mute", 1.0)], vec![]),
        ("insert added", vec![], vec![flat("0/gain_db", -12.0)]),
        ("insert replaced", vec![flat("0/gain_db", -12.0)], vec![flat("0/gain_db", 3.0)]),
        ("insert removed", vec![flat("0/gain_db", -12.0), flat("1/gain_db", 6.0)], vec![flat("1/gain_db", 6.0)]),
        ("bell added", vec![], vec![flat("1/gain_db", 12.0), flat("1/frequency_hz", 120.0)]),
    ];
    for (name, before, after) in cases {
        let build = || {
            let mut mixer = mixer();
            mixer.add_return("hall", &StripParams { fader_db: -6.0, ..Default::default() }).unwrap();
            mixer.add_track("tone", 1, &strip(&before)).unwrap();
            mixer
        };
        let found = residue(&build, &|mixer| mixer.set("tone", &strip(&after)).unwrap());
        println!("{name}: {found:.1} dBFS");
        assert!(found <= LIMIT_DBFS, "{name}: {found}");
    }
    // The way out of the master.
    let build = || {
        let mut mixer = mixer();
        mixer.add_track("tone", 1, &StripParams::default()).unwrap();
        mixer
    };
    let master = |automation| StripParams { automation, ..Default::default() };
    let found = residue(&build, &|mixer| mixer.set("master", &master(vec![flat("fader_db", -12.0)])).unwrap());
    assert!(found <= LIMIT_DBFS, "master: {found}");
}

/// Another latency elsewhere re-times the tone: each path crossfades to its new delay when that is filled.
#[test]
fn law_8_another_latency_elsewhere_does_not_click() {
    let limiter = |lookahead_ms| -> Effect { LimiterParams { lookahead_ms, ..Default::default() }.into() };
    let late = |lookahead_ms| StripParams { inserts: vec![limiter(lookahead_ms)], ..Default::default() };
    let compressor: Effect = CompressorParams { threshold_db: 0.0, ..Default::default() }.into();
    let keyed = StripParams {
        inserts: vec![compressor],
        keys: vec![KeyParams { insert: 0, from: "other".into() }],
        ..Default::default()
    };
    let moving = StripParams {
        automation: vec![lane("fader_db", &[(0.0, -20.0, Shape::Hold), (0.5, 0.0, Shape::DbLinear)])],
        ..Default::default()
    };
    for (name, tone) in [("plain", StripParams::default()), ("keyed", keyed), ("lane", moving)] {
        for (before, after) in [(None, Some(1.0)), (Some(1.0), Some(7.0)), (Some(7.0), Some(2.0)), (Some(5.0), None)] {
            let other = |lookahead: Option<f64>| lookahead.map_or_else(StripParams::default, late);
            let build = || {
                let mut mixer = mixer();
                mixer.add_track("other", 1, &other(before)).unwrap();
                mixer.add_track("tone", 1, &tone).unwrap();
                mixer.reorder("tone", 0).unwrap();
                mixer
            };
            let edit = |mixer: &mut Mixer<f64>| mixer.set("other", &other(after)).unwrap();
            let found = residue(&build, &edit);
            println!("{name} {before:?} to {after:?} ms: {found:.1} dBFS");
            assert!(found <= LIMIT_DBFS, "{name} {before:?} {after:?}: {found}");
            // In the end the tone is where that of a fresh mixer is, and the cut of the stream changes no bit.
            let whole = edited(&mut build(), EDITS_AT[0], &Cut::whole(), &edit);
            let cut = edited(&mut build(), EDITS_AT[0], &Cut(vec![1, 7, 64, 480]), &edit);
            assert!(same_bits(&whole, &cut), "{name} {before:?} {after:?}");
            let mut mixer = build();
            edit(&mut mixer);
            let expected = edited(&mut mixer, usize::MAX, &Cut::whole(), &|_| {});
            let settled = EDITS_AT[0] + 6_000;
            assert!(same_bits(&whole[settled..], &expected[settled..]), "{name} {before:?} {after:?}");
        }
    }
}

#[test]
fn law_8_routes_that_come_and_go_do_not_click() {
    let build = || {
        let mut mixer = mixer();
        mixer.add_group("band", &StripParams { fader_db: -20.0, ..Default::default() }).unwrap();
        mixer.add_track("tone", 1, &StripParams::default()).unwrap();
        mixer
    };
    let sends = vec![SendParams { to: "band".into(), ..Default::default() }];
    let routes = [StripParams { to: "band".into(), ..Default::default() }, StripParams { sends, ..Default::default() }];
    for route in routes {
        for (from, to) in [(&StripParams::default(), &route), (&route, &StripParams::default())] {
            let build = || {
                let mut mixer = build();
                mixer.set("tone", from).unwrap();
                mixer
            };
            let found = residue(&build, &|mixer| mixer.set("tone", to).unwrap());
            assert!(found <= LIMIT_DBFS, "{to:?}: {found}");
        }
    }
}

/// An edit during another one, of lanes and of a latency elsewhere, and a reset during an edit.
#[test]
fn edits_in_quick_succession_do_not_click() {
    let fader = |db: f64| StripParams { automation: vec![flat("fader_db", db)], ..Default::default() };
    let late = |lookahead_ms| StripParams {
        inserts: vec![LimiterParams { lookahead_ms, ..Default::default() }.into()],
        ..Default::default()
    };
    let (sine, silence) = (sine(), vec![0.0; FRAMES]);
    for (name, every) in
        [("lanes", 100), ("lanes", 300), ("lanes", 900), ("latency", 100), ("latency", 900), ("both", 100)]
    {
        let mut mixer = mixer();
        mixer.add_track("tone", 1, &fader(0.0)).unwrap();
        mixer.add_track("other", 1, &late(1.0)).unwrap();
        let mut out = vec![0.0; 2 * FRAMES];
        let mut block = BlockMut::from_planar(&mut out, 2).unwrap();
        for (index, start) in (0..FRAMES).step_by(every).enumerate() {
            let length = every.min(FRAMES - start);
            if start > FRAMES / 3 && start < FRAMES / 2 {
                if name != "latency" {
                    mixer.set("tone", &fader(if index % 2 == 0 { -12.0 } else { 0.0 })).unwrap();
                }
                if name != "lanes" && (name == "latency" || index % 3 == 0) {
                    mixer.set("other", &late([1.0, 7.0, 3.0][index / 3 % 3])).unwrap();
                }
            }
            let inputs = [&sine, &silence].map(|audio| Block::from_planar(&audio[start..start + length], 1).unwrap());
            mixer.process(&inputs, &mut block.frames_mut(start, length));
        }
        let found = residue_dbfs(&out[..FRAMES], RATE_HZ);
        println!("{name} every {every} frames: {found:.1} dBFS");
        assert!(found <= LIMIT_DBFS, "{name} {every}: {found}");
        mixer.reset();
        let after = edited(&mut mixer, usize::MAX, &Cut::whole(), &|_| {});
        let mut fresh = Mixer::build(mixer.params(), &mixer.spec()).unwrap();
        assert!(same_bits(&after, &edited(&mut fresh, usize::MAX, &Cut::whole(), &|_| {})));
    }
}

/// What lanes move stays with them when the rest of an insert is set, at once or in a callback.
#[test]
fn settings_beside_a_lane_change_without_it() {
    let equalizer = |output_gain_db| -> Effect {
        let bands = vec![BellParams { frequency_hz: 100.0, gain_db: 0.0, q: 0.5 }.into()];
        EqualizerParams { bands, output_gain_db, ..Default::default() }.into()
    };
    let strip = |output_gain_db| StripParams {
        inserts: vec![equalizer(output_gain_db)],
        automation: vec![flat("0/bands[0].gain_db", -12.0)],
        pan: -1.0,
        ..Default::default()
    };
    let build = || {
        let mut mixer = mixer();
        mixer.add_track("tone", 1, &strip(0.0)).unwrap();
        mixer
    };
    let callback = |mixer: &mut Mixer<f64>| {
        let (id, mut effect) = (mixer.id("tone").unwrap(), equalizer(6.0));
        let coeffs = effect.design(&StreamSpec::new(RATE_HZ, 1).unwrap()).unwrap();
        mixer.set_insert(id, 0, &mut effect, &coeffs).unwrap();
        // A lane has no parameter in other settings.
        let mut without = EqualizerParams::default().into();
        assert_eq!(mixer.set_insert(id, 0, &mut without, &coeffs), Err(Error::OtherKind));
    };
    let set = |mixer: &mut Mixer<f64>| mixer.set("tone", &strip(6.0)).unwrap();
    for edit in [&set as &dyn Fn(&mut Mixer<f64>), &callback] {
        let out = edited(&mut build(), EDITS_AT[0], &Cut::whole(), edit);
        let peak_db =
            |from: usize, to: usize| 20.0 * out[from..to].iter().fold(0.0, |peak: f64, x| peak.max(x.abs())).log10();
        // The bell is at its 12 dB throughout; the output gain comes.
        assert!((peak_db(6_000, 12_000) + 18.02).abs() < 0.05, "{}", peak_db(6_000, 12_000));
        assert!((peak_db(18_000, 24_000) + 12.02).abs() < 0.05, "{}", peak_db(18_000, 24_000));
        assert!(peak_db(12_000, 18_000) < -11.9, "the bell did not move: {}", peak_db(12_000, 18_000));
        assert!(residue_dbfs(&out, RATE_HZ) <= LIMIT_DBFS);
    }
}

/// The mute of a VCA group is the mute of its members: from every tap, in 10 ms, also beside a lane of their mute.
#[test]
fn a_vca_mutes_as_its_members_do() {
    let taps = [Tap::PreInsert, Tap::PreFader, Tap::PostFader, Tap::PostPan];
    let sends = taps.map(|tap| SendParams { to: "hall".into(), tap, ..Default::default() });
    for (send, automation) in sends.into_iter().flat_map(|send| {
        [vec![], vec![flat("fader_db", -3.0)], vec![flat("mute", 0.0)]].map(|lanes| (send.clone(), lanes))
    }) {
        let is_ruled = automation.iter().any(|lane| lane.parameter == "mute");
        let tone = StripParams { sends: vec![send], automation, ..Default::default() };
        let muted = |edit: &dyn Fn(&mut Mixer<f64>)| {
            let mut mixer = mixer();
            mixer.add_return("hall", &StripParams::default()).unwrap();
            mixer.add_track("tone", 1, &tone).unwrap();
            let members = vec!["tone".into(), "master".into()];
            mixer.set_vcas(&[VcaParams { name: "all".into(), members, ..Default::default() }]).unwrap();
            edited(&mut mixer, EDITS_AT[0], &Cut::whole(), edit)
        };
        let by_vca = muted(&|mixer| mixer.set_vca_value(0, "mute", true.into()).unwrap());
        let faded = EDITS_AT[0] + (0.01 * RATE_HZ) as usize;
        assert!(by_vca[EDITS_AT[0] + 100..faded - 100].iter().any(|x| *x != 0.0), "it fades");
        assert!(by_vca[faded..].iter().all(|x| *x == 0.0), "{:?}", tone.sends[0].tap);
        let by_members = muted(&|mixer| {
            for strip in ["tone", "master"] {
                let strip = mixer.id(strip).unwrap();
                mixer.set_value(strip, "mute", true.into()).unwrap();
            }
        });
        // A lane takes the place of the switch of the strip itself.
        assert!(is_ruled || same_bits(&by_vca, &by_members), "{:?}", tone.sends[0].tap);
    }
    // And it ends: the fader has not moved.
    let build = || {
        let mut mixer = mixer();
        mixer.add_track("tone", 1, &StripParams::default()).unwrap();
        let group = VcaParams { name: "all".into(), members: vec!["tone".into()], mute: true, ..Default::default() };
        mixer.set_vcas(&[group]).unwrap();
        mixer
    };
    let heard = edited(&mut build(), EDITS_AT[0], &Cut::whole(), &|mixer| mixer.set_vcas(&[]).unwrap());
    let mut free = mixer();
    free.add_track("tone", 1, &StripParams::default()).unwrap();
    let free = edited(&mut free, EDITS_AT[0], &Cut::whole(), &|_| {});
    let end = EDITS_AT[0] + (0.01 * RATE_HZ) as usize;
    assert!(heard[..EDITS_AT[0]].iter().all(|x| *x == 0.0));
    assert!(same_bits(&heard[end..], &free[end..]));
}

/// While two feeds crossfade, a sample that is not finite is counted once.
#[test]
fn law_6_an_edit_counts_non_finite_samples_once() {
    let mut mixer = mixer();
    mixer.add_track("tone", 1, &StripParams::default()).unwrap();
    let mut out = vec![0.0; 2 * 256];
    for bad in [0, 3] {
        if bad > 0 {
            let automation = vec![flat("fader_db", -12.0)];
            mixer.set("tone", &StripParams { automation, ..Default::default() }).unwrap();
        }
        let mut input = vec![0.5; 256];
        input[100..100 + bad].fill(f64::NAN);
        let block = Block::from_planar(&input, 1).unwrap();
        mixer.process(&[block], &mut BlockMut::from_planar(&mut out, 2).unwrap());
        assert_eq!(mixer.non_finite_samples(), bad as u64);
        assert!(out.iter().all(|sample| sample.is_finite()));
    }
}
