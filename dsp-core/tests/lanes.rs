//! Automation of the mixer: drawn curves against the output, frame by frame.

use crate::common::*;
use mixdown::{
    console::{Lane, Point, SendParams, Shape, StereoPan, Tap},
    dynamics::{CompressorParams, DynamicBand, DynamicEqualizerParams, LimiterParams, MultibandCompressorParams},
    filters::{BellParams, EqualizerBand, EqualizerParams, HighPassParams, LowShelfParams, Placed},
    levels::GainParams,
    *,
};

const RATE_HZ: f64 = 48_000.0;
const FRAMES: usize = 24_000;

fn lane(parameter: &str, points: &[(f64, f64, Shape)]) -> Lane {
    let points = points.iter().map(|&(time_s, value, shape)| Point { time_s, value, shape });
    Lane { parameter: parameter.into(), points: points.collect() }
}

/// Mixes one track with a constant input of 1.
fn course(channels: usize, params: &StripParams, cut: &Cut) -> (Vec<f64>, usize) {
    let mut mixer = Mixer::<f64>::new(&StreamSpec::new(RATE_HZ, 2).unwrap()).unwrap();
    mixer.add_return("hall", &StripParams { fader_db: 0.0, ..Default::default() }).unwrap();
    mixer.add_track("voice", channels, params).unwrap();
    (rendered(&mut mixer, channels, cut), mixer.latency_frames())
}

fn rendered(mixer: &mut Mixer<f64>, channels: usize, cut: &Cut) -> Vec<f64> {
    let ones = vec![1.0; channels * FRAMES];
    let mut out = vec![0.0; 2 * FRAMES];
    let mut block = BlockMut::from_planar(&mut out, 2).unwrap();
    let mut start = 0;
    for length in cut.0.iter().cycle() {
        let length = (*length).min(FRAMES - start);
        let input = Block::from_planar(&ones, channels).unwrap().frames_at(start, length);
        mixer.process(&[input], &mut block.frames_mut(start, length));
        start += length;
        if start == FRAMES {
            break;
        }
    }
    out
}

fn db(gain: f64) -> f64 {
    20.0 * gain.log10()
}

/// G3: a drawn fader is heard as drawn, within 0.01 dB at every frame, whatever latency stands before it.
#[test]
fn g3_a_drawn_fader_is_the_output() {
    const LIMIT_DB: f64 = 0.01;
    let fader =
        lane("fader_db", &[(0.0, -20.0, Shape::Linear), (0.1, -3.0, Shape::DbLinear), (0.4, -40.0, Shape::DbLinear)]);
    let drawn = |time_s: f64| match time_s {
        t if t < 0.1 => -20.0 + 17.0 * t / 0.1,
        t if t < 0.4 => -3.0 - 37.0 * (t - 0.1) / 0.3,
        _ => -40.0,
    };
    let late: Effect = LimiterParams { lookahead_ms: 5.0, ..Default::default() }.into();
    let quiet: Effect = GainParams { gain_db: -6.0, ..Default::default() }.into();
    for inserts in [vec![], vec![quiet.clone(), late]] {
        let quieter_db = if inserts.is_empty() { 0.0 } else { -6.0 };
        let params = StripParams { automation: vec![fader.clone()], inserts, ..Default::default() };
        let (out, latency) = course(2, &params, &Cut::whole());
        for frame in 0..FRAMES - latency {
            let expected = drawn(frame as f64 / RATE_HZ) + quieter_db;
            let found = db(out[latency + frame]);
            assert!((found - expected).abs() < LIMIT_DB, "frame {frame}, latency {latency}: {found} for {expected}");
        }
    }
}

/// An event at a frame first acts at that frame.
#[test]
fn a_point_acts_from_its_own_frame_on() {
    let step = lane("fader_db", &[(0.1, 0.0, Shape::Linear), (0.1, -6.0, Shape::Linear)]);
    let mute = lane("mute", &[(0.0, 0.0, Shape::Hold), (0.1, 1.0, Shape::Hold)]);
    for lanes in
        [vec![step.clone()], vec![mute], vec![lane("pan", &[(0.1, 0.0, Shape::Linear), (0.1, 0.8, Shape::Linear)])]]
    {
        let (out, _) = course(2, &StripParams { automation: lanes, ..Default::default() }, &Cut::whole());
        // At its own frame the step has its old value, in the next one it has left it.
        assert!(out[..=4_800].iter().all(|x| *x == 1.0));
        assert!(out[4_801] != 1.0 && (out[4_801] - 1.0).abs() < 1e-6, "it begins, without a click");
        // 10 ms later it is there.
        assert!(out[4_800 + 480..FRAMES].iter().all(|x| (x - out[FRAMES - 1]).abs() < 1e-12));
    }
    let (out, _) = course(2, &StripParams { automation: vec![step], ..Default::default() }, &Cut::whole());
    assert!((db(out[FRAMES - 1]) + 6.0).abs() < 1e-9);
}

#[test]
fn lanes_give_the_same_bits_for_any_cut_and_after_a_reset() {
    let compressor: Effect = CompressorParams { threshold_db: -30.0, ..Default::default() }.into();
    let bell: Effect = BellParams::default().into();
    let send = |tap| SendParams { to: "hall".into(), tap, level_db: -12.0, ..Default::default() };
    let params = StripParams {
        inserts: vec![compressor, bell],
        sends: vec![send(Tap::PostPan), send(Tap::PreFader)],
        stereo_pan: StereoPan::Dual,
        automation: vec![
            lane("fader_db", &[(0.0, -6.0, Shape::Linear), (0.3, 0.0, Shape::SCurve)]),
            lane("left_pan", &[(0.1, -1.0, Shape::Linear), (0.4, 0.5, Shape::Linear)]),
            lane("sends/0/level_db", &[(0.0, f64::NEG_INFINITY, Shape::Linear), (0.2, 0.0, Shape::DbLinear)]),
            lane("sends/1/pan", &[(0.0, -1.0, Shape::Linear), (0.5, 1.0, Shape::Linear)]),
            lane("sends/1/mute", &[(0.0, 1.0, Shape::Hold), (0.25, 0.0, Shape::Hold)]),
            lane("0/threshold_db", &[(0.0, -40.0, Shape::Linear), (0.4, 0.0, Shape::DbLinear)]),
            lane("1/gain_db", &[(0.0, -6.0, Shape::Linear), (0.2, 12.0, Shape::DbLinear), (0.2, 0.0, Shape::DbLinear)]),
            lane("1/frequency_hz", &[(0.0, 100.0, Shape::Linear), (0.4, 8_000.0, Shape::Exponential)]),
        ],
        ..Default::default()
    };
    let mut mixer = Mixer::<f64>::new(&StreamSpec::new(RATE_HZ, 2).unwrap()).unwrap();
    mixer.add_return("hall", &StripParams::default()).unwrap();
    mixer.add_track("voice", 2, &params).unwrap();
    let whole = rendered(&mut mixer, 2, &Cut::whole());
    for cut in [vec![1], vec![7, 64], vec![480], vec![0, 513, 100]] {
        mixer.reset();
        assert!(same_bits(&rendered(&mut mixer, 2, &Cut(cut.clone())), &whole), "{cut:?}");
    }
    // From the middle on: what depends on time alone is the same.
    let fader = StripParams { automation: vec![params.automation[0].clone()], ..Default::default() };
    let (all, _) = course(2, &fader, &Cut::whole());
    let mut mixer = Mixer::<f64>::new(&StreamSpec::new(RATE_HZ, 2).unwrap()).unwrap();
    mixer.add_track("voice", 2, &fader).unwrap();
    mixer.seek(9_999);
    let late = rendered(&mut mixer, 2, &Cut::whole());
    assert!(same_bits(&late[..FRAMES - 9_999], &all[9_999..FRAMES]));
}

/// A parameter of an insert follows its line without a lag: the glide of the processor is read ahead.
#[test]
fn an_insert_follows_its_lane() {
    /// Of a line of 60 dB per second, away from its corners: steps of 64 frames, smoothed over 20 ms.
    const LIMIT_DB: f64 = 0.1;
    let params = StripParams {
        inserts: vec![GainParams::default().into()],
        automation: vec![lane("0/gain_db", &[(0.05, 0.0, Shape::Linear), (0.45, -24.0, Shape::DbLinear)])],
        ..Default::default()
    };
    let (out, _) = course(2, &params, &Cut::whole());
    let (first, last) = ((0.08 * RATE_HZ) as usize, (0.42 * RATE_HZ) as usize);
    for (frame, &sample) in out.iter().enumerate().take(last).skip(first) {
        let expected = -60.0 * (frame as f64 / RATE_HZ - 0.05);
        assert!((db(sample) - expected).abs() < LIMIT_DB, "{frame}: {} for {expected}", db(sample));
    }
    assert_eq!(out[0], 1.0, "it starts where the lane starts");
}

/// The first frame that a step of an insert's lane changes: the one on the grid, in frames of the mix, from which on the
/// lane, read 11.7 ms ahead, has the new value, whatever latency stands before the insert.
#[test]
fn a_step_of_an_insert_begins_on_the_grid_ahead_of_it() {
    const AHEAD_FRAMES: f64 = 0.0117 * RATE_HZ;
    // It only delays.
    let late = Effect::Bypass { effect: Box::new(LimiterParams::default().into()) };
    for (inserts, position) in [(vec![], 0), (vec![late], 1)] {
        let inserts: Vec<Effect> = inserts.into_iter().chain([GainParams::default().into()]).collect();
        for (early, first) in [(0.4, 6_400), (-0.4, 6_464)] {
            let step = |latency: f64| {
                let time_s = (6_400.0 + AHEAD_FRAMES - early - latency) / RATE_HZ;
                let points = [(0.0, 0.0, Shape::Hold), (time_s, -6.0, Shape::Hold)];
                let automation = vec![lane(&format!("{position}/gain_db"), &points)];
                course(2, &StripParams { inserts: inserts.clone(), automation, ..Default::default() }, &Cut::whole())
            };
            let (_, latency) = step(0.0);
            let (out, _) = step(latency as f64);
            let settled = out[6_000];
            let found = (6_000..FRAMES).find(|&frame| out[frame] != settled).unwrap();
            // The glide leaves its start so slowly that the first frames may round to it.
            assert!((first..first + 4).contains(&found), "{position} {early}: {found} for {first}");
        }
    }
}

/// A lane inside an insert is the same lane as that of the part alone.
#[test]
fn parts_of_an_insert_follow_their_lanes() {
    let line = |parameter: &str| lane(parameter, &[(0.05, 0.0, Shape::Linear), (0.45, -24.0, Shape::DbLinear)]);
    let gain: Effect = GainParams::default().into();
    let shelf = LowShelfParams { frequency_hz: 5_000.0, ..Default::default() };
    let placed = Placed { band: shelf.into(), ..Default::default() };
    let equalizer = |bands: Vec<EqualizerBand>| Effect::from(EqualizerParams { bands, ..Default::default() });
    let of = |inserts: Vec<Effect>, parameter: &str| {
        course(2, &StripParams { inserts, automation: vec![line(parameter)], ..Default::default() }, &Cut::whole()).0
    };
    let chain = |effects| Effect::Chain { effects };
    let sides = |mid| Effect::MidSide { mid, side: vec![] };
    let both = |effects: Vec<Effect>| Effect::Parallel { gains_db: vec![0.0; effects.len()], effects };
    let silent: Effect = GainParams { gain_db: f64::NEG_INFINITY, ..Default::default() }.into();
    let alone = of(vec![gain.clone()], "0/gain_db");
    for (inserts, parameter) in [
        (vec![gain.clone(), chain(vec![gain.clone(), gain.clone()])], "1/effects[1].gain_db"),
        (vec![sides(vec![gain.clone()])], "0/mid[0].gain_db"),
        (vec![chain(vec![sides(vec![gain.clone(), gain.clone()])])], "0/effects[0].mid[1].gain_db"),
        (vec![both(vec![silent, chain(vec![gain.clone()])])], "0/effects[1].effects[0].gain_db"),
        (vec![both(vec![gain.clone()])], "0/gains_db[0]"),
        // A constant is below every shelf.
        (vec![equalizer(vec![BellParams::default().into(), shelf.into()])], "0/bands[1].gain_db"),
        (vec![equalizer(vec![placed.into()])], "0/bands[0].band.gain_db"),
    ] {
        let found = of(inserts, parameter);
        // Filters glide over 50 ms instead of 20 ms, for which lanes are read ahead: 17 ms late, 1.03 dB of this line.
        let limit_db = if parameter.contains("bands") { 1.1 } else { 1e-9 };
        for (frame, (found, alone)) in found.iter().zip(&alone).enumerate().take(FRAMES).skip(4_000) {
            assert!((db(*found) - db(*alone)).abs() < limit_db, "{parameter} {frame}: {} {}", db(*found), db(*alone));
        }
        assert!(found[FRAMES - 1] < 0.07, "{parameter}");
    }
}

#[test]
fn lanes_that_lead_nowhere_are_refused() {
    let mut mixer = Mixer::<f64>::new(&StreamSpec::new(RATE_HZ, 2).unwrap()).unwrap();
    let bands: Vec<EqualizerBand> = vec![BellParams::default().into(), HighPassParams::default().into()];
    let dynamic = DynamicEqualizerParams { bands: vec![DynamicBand::default().into()] };
    let inserts: Vec<Effect> = vec![
        CompressorParams::default().into(),
        LimiterParams::default().into(),
        EqualizerParams { bands, ..Default::default() }.into(),
        dynamic.into(),
    ];
    let mut refused = |lanes: Vec<Lane>| {
        let params = StripParams { inserts: inserts.clone(), automation: lanes, ..Default::default() };
        mixer.add_track("voice", 2, &params).unwrap_err().to_string()
    };
    let flat = |parameter: &str, value| lane(parameter, &[(0.0, value, Shape::Linear)]);
    for (lanes, text) in [
        (vec![flat("fader", 0.0)], r#"strip "voice": automation[0].fader is no parameter"#),
        (vec![flat("2/threshold_db", 0.0)], r#"strip "voice": automation[0].2/threshold_db is no parameter"#),
        (vec![flat("sends/0/level_db", 0.0)], r#"strip "voice": automation[0].sends/0/level_db is no parameter"#),
        (
            vec![flat("pan", 0.0), flat("fader_db", 13.0)],
            r#"strip "voice": automation[1].points[0].fader_db = 13 is out of range: it must lie in -inf..12"#,
        ),
        (
            vec![flat("0/threshold_db", 1.0)],
            r#"strip "voice": automation[0].points[0].threshold_db = 1 is out of range: it must lie in -60..0: did you mean -1?"#,
        ),
        (
            vec![flat("1/lookahead_ms", 2.0)],
            r#"strip "voice": automation[0].lookahead_ms cannot change while the processor runs: build a new one"#,
        ),
        (vec![flat("02/output_gain_db", 0.0)], r#"strip "voice": automation[0].02/output_gain_db is no parameter"#),
        (vec![flat("2/bands[2].gain_db", 0.0)], r#"strip "voice": automation[0].2/bands[2].gain_db is no parameter"#),
        (vec![flat("2/bands", 0.0)], r#"strip "voice": automation[0].bands takes no automation"#),
        (vec![flat("0/detector", 0.0)], r#"strip "voice": automation[0].detector takes no automation"#),
        (
            vec![flat("2/bands[0].gain_db", 30.0)],
            r#"strip "voice": automation[0].points[0].bands[0].gain_db = 30 is out of range: it must lie in -24..24"#,
        ),
        (
            vec![lane("2/bands[1].slope_db_per_octave", &[(0.0, 12.0, Shape::Hold), (1.0, 24.0, Shape::Linear)])],
            r#"strip "voice": automation[0].points[1].shape = linear is not allowed: of a number in steps it must be hold"#,
        ),
        (
            vec![lane("0/ratio", &[(0.0, 4.0, Shape::Hold), (1.0, f64::INFINITY, Shape::Linear)])],
            r#"strip "voice": automation[0].points[1].ratio = inf is not allowed: it must be finite at both ends of a line: hold takes any value"#,
        ),
        (
            vec![lane("0/range_db", &[(0.0, f64::INFINITY, Shape::Hold), (1.0, 6.0, Shape::DbLinear)])],
            r#"strip "voice": automation[0].points[0].range_db = inf is not allowed: it must be finite at both ends of a line: hold takes any value"#,
        ),
        // Each is legal beside the settings, not beside the other.
        (
            vec![flat("3/bands[0].range_db", 24.0), flat("3/bands[0].shape.gain_db", -20.0)],
            r#"strip "voice": automation[0].points[0].bands[0].range_db = 24 is out of range: with gain_db = -20 it must lie in 0..16"#,
        ),
        (
            vec![flat("2/bands[0].gain_db", 0.0), flat("2/bands[0].gain_db", 0.0)],
            r#"strip "voice": automation[1].gain_db has 2 entries: 1 needed"#,
        ),
        (
            vec![flat("mute", 0.5)],
            r#"strip "voice": automation[0].points[0].mute = 0.5 is not allowed: it must be 0 (off) or 1 (on)"#,
        ),
    ] {
        assert_eq!(refused(lanes), text);
    }
}

/// What lanes set of an insert is legal at every time, whatever its constants are; values that step together do.
#[test]
fn lanes_of_an_insert_are_checked_together() {
    const HOLD: Shape = Shape::Hold;
    const LINE: Shape = Shape::Linear;
    let bands: Effect = MultibandCompressorParams::default().into();
    let dynamic: Effect =
        DynamicEqualizerParams { bands: vec![DynamicBand { range_db: 12.0, ..Default::default() }.into()] }.into();
    type Drawn<'l> = (&'l str, &'l [(f64, f64, Shape)]);
    let added = |insert: &Effect, lanes: &[Drawn<'_>]| {
        let lanes: Vec<Lane> = lanes.iter().map(|(path, points)| lane(&format!("0/{path}"), points)).collect();
        let added = |automation| {
            let mut mixer = Mixer::<f64>::new(&StreamSpec::new(RATE_HZ, 2).unwrap()).unwrap();
            let params = StripParams { inserts: vec![insert.clone()], automation, ..Default::default() };
            mixer.add_track("voice", 2, &params).map_err(|error| error.to_string())
        };
        let mut turned = lanes.clone();
        turned.reverse();
        let [straight, turned] = [lanes, turned].map(added);
        assert_eq!(straight.is_ok(), turned.is_ok(), "the order of lanes does not matter");
        straight
    };
    let [low, high] = ["crossovers_hz[0]", "crossovers_hz[1]"];
    let rises: &[_] = &[(0.0, 4_000.0, LINE), (1.0, 8_000.0, LINE)];
    // Legal together, and not beside the constants of 200 and 2000 Hz.
    for lanes in [
        &[(low, &[(0.0, 200.0, LINE), (1.0, 3_000.0, LINE)][..]), (high, rises)][..],
        &[(high, &[(0.0, 150.0, LINE)]), (low, &[(0.0, 100.0, LINE)])],
        // A step of both, with and without a point before it.
        &[
            (low, &[(0.0, 200.0, LINE), (1.0, 3_000.0, HOLD), (2.0, 200.0, HOLD)]),
            (high, &[(0.0, 2_000.0, LINE), (1.0, 2_000.0, LINE), (1.0, 8_000.0, LINE), (2.0, 2_000.0, HOLD)]),
        ],
        &[
            (low, &[(0.0, 3_000.0, HOLD), (1.0, 3_000.0, HOLD), (1.0, 200.0, HOLD)]),
            (high, &[(0.0, 8_000.0, HOLD), (1.0, 8_000.0, HOLD), (1.0, 2_000.0, HOLD)]),
        ],
    ] {
        assert!(added(&bands, lanes).is_ok(), "{lanes:?}: {:?}", added(&bands, lanes));
    }
    let range = "bands[0].range_db";
    let lowers: &[_] = &[(0.0, 0.0, Shape::DbLinear), (1.0, -30.0, Shape::DbLinear)];
    let gives: &[_] = &[(0.0, 12.0, Shape::DbLinear), (1.0, 6.0, Shape::DbLinear)];
    assert!(added(&dynamic, &[("bands[0].shape.gain_db", &lowers[..1]), (range, gives)]).is_ok());
    for (lanes, text) in [
        // Just before the step of the other.
        (
            &[
                (low, &[(0.0, 200.0, LINE), (1.0, 3_000.0, LINE)][..]),
                (high, &[(0.0, 2_000.0, HOLD), (1.0, 8_000.0, HOLD)]),
            ][..],
            "automation[0].points[1].crossovers_hz[1] = 2000 is out of range: it must lie in 3750..22000",
        ),
        // At a point of the other lane only.
        (
            &[
                (low, &[(0.0, 200.0, LINE), (2.0, 3_000.0, LINE)]),
                (high, &[(0.0, 8_000.0, LINE), (1.0, 1_000.0, LINE), (2.0, 8_000.0, LINE)]),
            ],
            "automation[1].points[1].crossovers_hz[1] = 1000 is out of range: it must lie in 2000..22000",
        ),
        // The point that is wrong by itself, not that of the other lane at its time.
        (
            &[(low, &[(0.0, 200.0, LINE), (1.0, 300.0, LINE)]), (high, &[(0.0, 4_000.0, LINE), (1.0, 30_000.0, LINE)])],
            "automation[1].points[1].crossovers_hz[1] = 30000 is out of range: it must lie in 375..22000",
        ),
        // A value between two others of one time.
        (
            &[
                (high, &[(0.0, 4_000.0, LINE), (0.0, 30_000.0, LINE), (0.0, 4_000.0, LINE)]),
                (low, &[(0.0, 200.0, LINE)]),
            ],
            "automation[0].points[1].crossovers_hz[1] = 30000 is out of range: it must lie in 250..22000",
        ),
        (
            &[(low, &[(0.0, 200.0, LINE), (0.5, 300.0, LINE), (1.0, 3_000.0, LINE)])],
            "automation[0].points[2].crossovers_hz[1] = 2000 is out of range: it must lie in 3750..22000",
        ),
    ] {
        assert_eq!(added(&bands, lanes).unwrap_err(), format!("strip \"voice\": {text}"));
    }
}
