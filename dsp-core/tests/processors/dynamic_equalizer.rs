//! Gates of the dynamic equalizer: an equalizer at rest, the static curve while it acts.

use crate::common::{Cut, noise, planar_noise, run, same_bits};
use mixdown::{dynamics::*, filters::*, *};
use std::f64::consts::{PI, TAU};

const RATE_HZ: f64 = 48_000.0;

fn bell(frequency_hz: f64, gain_db: f64, q: f64) -> DynamicShape {
    DynamicShape::Bell(BellParams { frequency_hz, gain_db, q })
}

fn equalizer<S: Sample>(bands: &[DynamicEqualizerBand], channels: usize) -> DynamicEqualizer<S> {
    DynamicEqualizerParams { bands: bands.to_vec() }.build(&StreamSpec::new(RATE_HZ, channels).unwrap()).unwrap()
}

/// Amplitude of a tone at one frequency, in dB, over whole periods or nearly so.
fn tone_db(signal: &[f64], frequency_hz: f64) -> f64 {
    let (mut re, mut im) = (0.0, 0.0);
    for (n, x) in signal.iter().enumerate() {
        let (sin, cos) = (TAU * frequency_hz / RATE_HZ * n as f64).sin_cos();
        (re, im) = (re + x * cos, im + x * sin);
    }
    gain_to_db(2.0 * (re * re + im * im).sqrt() / signal.len() as f64)
}

fn tone(frequency_hz: f64, level_db: f64, frames: usize) -> Vec<f64> {
    (0..frames).map(|n| db_to_gain(level_db) * (TAU * frequency_hz / RATE_HZ * n as f64 + 0.785).sin()).collect()
}

/// A band of each shape at rest, and the same band of an equalizer.
fn resting() -> (Vec<DynamicEqualizerBand>, Vec<EqualizerBand>) {
    let shapes = [
        bell(300.0, 6.0, 2.0),
        DynamicShape::LowShelf(LowShelfParams { frequency_hz: 100.0, gain_db: -4.0, q: 0.7 }),
        DynamicShape::HighShelf(HighShelfParams { frequency_hz: 6_000.0, gain_db: 3.0, q: 0.7 }),
        DynamicShape::Tilt(TiltParams { frequency_hz: 650.0, gain_db: 2.0 }),
    ];
    let mut bands: Vec<DynamicEqualizerBand> =
        shapes.iter().map(|&shape| DynamicBand { shape, threshold_db: 0.0, ..Default::default() }.into()).collect();
    let mut fixed: Vec<EqualizerBand> = shapes
        .iter()
        .map(|shape| match *shape {
            DynamicShape::Bell(params) => params.into(),
            DynamicShape::LowShelf(params) => params.into(),
            DynamicShape::HighShelf(params) => params.into(),
            DynamicShape::Tilt(params) => params.into(),
        })
        .collect();
    // Among static bands, one of them of several sections.
    let cut = HighPassParams { frequency_hz: 30.0, slope_db_per_octave: 48.0 };
    bands.insert(2, cut.into());
    fixed.insert(2, cut.into());
    (bands, fixed)
}

#[test]
fn s35_at_rest_it_has_the_bits_of_an_equalizer() {
    fn check<S: Sample>(cut: usize) {
        let (bands, fixed) = resting();
        let spec = StreamSpec::new(RATE_HZ, 3).unwrap();
        let mut plain = EqualizerParams { bands: fixed, ..Default::default() }.build::<S>(&spec).unwrap();
        let (mut a, mut b) = (planar_noise::<S>(3, 6_000), planar_noise::<S>(3, 6_000));
        run(&mut equalizer::<S>(&bands, 3), &mut a, &Cut(vec![cut]), vec![]);
        run(&mut plain, &mut b, &Cut(vec![480]), vec![]);
        assert!(same_bits(&a, &b));
    }
    check::<f32>(480);
    check::<f64>(480);
    check::<f64>(37);
}

#[test]
fn s35_without_reduction_it_nulls_with_an_equalizer_also_after_it_has_acted() {
    /// SOUND 3.5.
    const LIMIT_DB: f64 = -120.0;
    let (mut bands, fixed) = resting();
    for band in &mut bands {
        if let DynamicEqualizerBand::DynamicBand(band) = band {
            (band.threshold_db, band.release_ms) = (-24.0, 20.0);
        }
    }
    let spec = StreamSpec::new(RATE_HZ, 1).unwrap();
    let mut plain = EqualizerParams { bands: fixed, ..Default::default() }.build::<f64>(&spec).unwrap();
    // Loud, then below every threshold, for longer than the release.
    let loud = |n: usize| if n < 12_000 { 1.0 } else { 0.001 };
    let input: Vec<f64> = noise(4, 60_000).iter().enumerate().map(|(n, x)| loud(n) * x).collect();
    let (mut a, mut b) = (input.clone(), input);
    let mut moving = equalizer::<f64>(&bands, 1);
    run(&mut moving, &mut a, &Cut(vec![512]), vec![]);
    run(&mut plain, &mut b, &Cut(vec![512]), vec![]);
    assert!(moving.gain_reduction().max_db > 6.0 && (0..5).all(|trace| moving.gain_reduction_db(trace) == 0.0));
    let (quiet_a, quiet_b) = (&a[48_000..], &b[48_000..]);
    let peak = quiet_b.iter().fold(0.0_f64, |peak, x| peak.max(x.abs()));
    let null_db = gain_to_db(quiet_a.iter().zip(quiet_b).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max) / peak);
    println!("3.5 null after acting: {null_db:.1} dB");
    assert!(null_db <= LIMIT_DB);
}

#[test]
fn s35_a_steady_tone_at_the_centre_gets_the_gain_of_the_static_curve() {
    /// SOUND 3.5.
    const LIMIT_DB: f64 = 0.1;
    let mut worst = 0.0_f64;
    // A quarter of the rate among them, where samples alone would read 3 dB less.
    for frequency_hz in [50.0, 200.0, 1_000.0, 5_000.0, 12_000.0, 16_000.0] {
        for (gain_db, q) in [(0.0, 1.0), (6.0, 4.0), (-5.0, 0.5)] {
            for (level_db, ratio) in [(-24.0, 2.0), (-15.3, 4.0), (-3.0, f64::INFINITY)] {
                let band =
                    DynamicBand { shape: bell(frequency_hz, gain_db, q), ratio, knee_db: 0.0, ..Default::default() };
                let mut audio = tone(frequency_hz, level_db, 48_000);
                equalizer::<f64>(&[band.into()], 1).process(&mut BlockMut::from_planar(&mut audio, 1).unwrap());
                let wanted_db = gain_db - ((level_db + 30.0) * (1.0 - 1.0 / ratio)).min(12.0);
                let error_db = (tone_db(&audio[24_000..], frequency_hz) - level_db - wanted_db).abs();
                worst = worst.max(error_db);
                assert!(error_db <= LIMIT_DB, "{frequency_hz} Hz {gain_db} dB {q} {level_db} {ratio}: {error_db}");
            }
        }
    }
    println!("3.5 gain at the centre: ±{worst:.4} dB");
}

#[test]
fn shelves_follow_the_level_on_their_side() {
    let high = DynamicShape::HighShelf(HighShelfParams { frequency_hz: 1_000.0, gain_db: 0.0, q: 0.7 });
    let low = DynamicShape::LowShelf(LowShelfParams { frequency_hz: 1_000.0, gain_db: 0.0, q: 0.7 });
    let change_db = |shape, frequency_hz: f64| {
        let band = DynamicBand { shape, release_ms: 1_000.0, ..Default::default() };
        let mut audio = tone(frequency_hz, -20.0, 48_000);
        equalizer::<f64>(&[band.into()], 1).process(&mut BlockMut::from_planar(&mut audio, 1).unwrap());
        tone_db(&audio[24_000..], frequency_hz) + 20.0
    };
    // 10 dB over, with a ratio of 2.
    assert!((change_db(high, 11_000.0) + 5.0).abs() < 0.15 && change_db(high, 90.0).abs() < 0.01);
    assert!((change_db(low, 90.0) + 5.0).abs() < 0.15 && change_db(low, 11_000.0).abs() < 0.01);
}

#[test]
fn times_are_those_of_the_reduction() {
    // A wide band, so that the filter is faster than the times measured.
    let shape = bell(6_000.0, 0.0, 0.3);
    for (attack_ms, release_ms) in [(10.0, 100.0), (50.0, 200.0), (100.0, 100.0)] {
        let band = DynamicBand { shape, ratio: f64::INFINITY, attack_ms, release_ms, ..Default::default() };
        let mut audio = tone(6_000.0, -20.0, 96_000);
        audio[48_000..].iter_mut().for_each(|x| *x *= 0.01);
        // Faded in over 2 ms: a hard onset has more spectrum than the tone.
        audio.iter_mut().take(96).enumerate().for_each(|(n, x)| *x *= 0.5 - 0.5 * (PI * n as f64 / 96.0).cos());
        let mut trace = vec![0.0; 96_000];
        equalizer::<f64>(&[band.into()], 1).process_traced(
            &mut BlockMut::from_planar(&mut audio, 1).unwrap(),
            None,
            &mut BlockMut::from_planar(&mut trace, 1).unwrap(),
        );
        let rise_ms = trace.iter().position(|&db| db >= 10.0 * 0.632).unwrap() as f64 / 48.0;
        let fall_ms = trace[48_000..].iter().position(|&db| db <= 10.0 * 0.368).unwrap() as f64 / 48.0;
        println!("{rise_ms:.2} for {attack_ms} ms, {fall_ms:.2} for {release_ms} ms");
        // The filter rises and decays too. Without regard to the attack it fell in 111, 256 and 215 ms.
        assert!((rise_ms - attack_ms).abs() <= 2.0 && (fall_ms - release_ms).abs() <= 0.1 * release_ms);
    }
}

#[test]
fn a_key_drives_the_bands_and_the_loudest_channel_drives_those_of_all() {
    let band = DynamicBand { shape: bell(1_000.0, 0.0, 1.0), ..Default::default() };
    let soft = tone(1_000.0, -50.0, 24_000);
    let loud = tone(1_000.0, -20.0, 24_000);
    let spec = StreamSpec::new(RATE_HZ, 2).unwrap();
    let params = DynamicEqualizerParams { bands: vec![band.into()] };
    let mut keyed = params.build::<f64>(&spec).unwrap();
    let mut audio = [&soft[..], &soft[..]].concat();
    let key = Block::from_planar(&loud, 1).unwrap();
    keyed.process_keyed(&mut BlockMut::from_planar(&mut audio, 2).unwrap(), &key);
    assert!((tone_db(&audio[12_000..24_000], 1_000.0) + 55.0).abs() < 0.1);
    assert_eq!(audio[..24_000], audio[24_000..]);

    let mut audio = [&soft[..], &loud[..]].concat();
    let mut own = params.build::<f64>(&spec).unwrap();
    own.process(&mut BlockMut::from_planar(&mut audio, 2).unwrap());
    assert!((tone_db(&audio[12_000..24_000], 1_000.0) + 55.0).abs() < 0.1);
    assert!((own.gain_reduction_db(0) - 5.0).abs() < 0.1 && own.gain_reduction_db(1) == own.gain_reduction_db(0));
    assert_eq!((own.traces(), own.gain_reduction_db(2)), (2, 0.0));
}

#[test]
fn a_key_and_a_trace_are_the_same_however_the_stream_is_cut() {
    const FRAMES: usize = 14_000;
    let (mut bands, _) = resting();
    for band in &mut bands {
        if let DynamicEqualizerBand::DynamicBand(band) = band {
            (band.threshold_db, band.attack_ms, band.release_ms) = (-20.0, 0.1, 5.0);
        }
    }
    // Bursts, so that bands leave their rest and return to it.
    let key: Vec<f32> =
        noise(8, FRAMES).iter().enumerate().map(|(n, x)| if n % (FRAMES / 2) < 50 { *x as f32 } else { 0.0 }).collect();
    let spec = StreamSpec::new(RATE_HZ, 2).unwrap();
    let render = |cut: &Cut| {
        let mut processor = DynamicEqualizerParams { bands: bands.clone() }.build::<f32>(&spec).unwrap();
        let (mut audio, mut traces) = (planar_noise::<f32>(2, FRAMES), vec![0.0; 10 * FRAMES]);
        let mut block = BlockMut::from_planar(&mut audio, 2).unwrap();
        let mut trace = BlockMut::from_planar(&mut traces, 10).unwrap();
        let key = Block::from_planar(&key, 1).unwrap();
        let mut start = 0;
        for length in cut.0.iter().cycle() {
            let length = (*length).min(FRAMES - start);
            let key = key.frames_at(start, length);
            processor.process_traced(
                &mut block.frames_mut(start, length),
                Some(&key),
                &mut trace.frames_mut(start, length),
            );
            start += length;
            if start == FRAMES {
                break;
            }
        }
        (audio, traces)
    };
    let (audio, traces) = render(&Cut::whole());
    let high_shelf = &traces[6 * FRAMES..7 * FRAMES];
    assert!(high_shelf.iter().any(|&db| db > 1.0) && high_shelf[FRAMES / 2 - 1] == 0.0);
    for cut in Cut::all() {
        let (other, other_traces) = render(&cut);
        assert!(same_bits(&other, &audio) && same_bits(&other_traces, &traces), "{cut:?}");
    }
}

#[test]
fn settings_that_do_not_fit_are_refused_by_name_and_place() {
    let spec = StreamSpec::new(44_100.0, 1).unwrap();
    let refused = |band: DynamicBand| {
        let bands = vec![BellParams::default().into(), band.into()];
        DynamicEqualizerParams { bands }.validate(&spec).unwrap_err().to_string()
    };
    let band = DynamicBand::default();
    assert_eq!(
        refused(DynamicBand { range_db: 20.0, shape: bell(100.0, -20.0, 1.0), ..band }),
        "bands[1].range_db = 20 is out of range: with gain_db = -20 it must lie in 0..16"
    );
    assert_eq!(
        refused(DynamicBand { shape: bell(30_000.0, 0.0, 1.0), ..band }),
        "bands[1].shape.frequency_hz = 30000 is out of range: it must lie in 10..21609"
    );
    assert_eq!(
        refused(DynamicBand { ratio: 0.5, ..band }),
        "bands[1].ratio = 0.5 is out of range: it must lie in 1..inf"
    );
    let many = DynamicEqualizerParams { bands: vec![band.into(); 33] };
    assert_eq!(many.validate(&spec).unwrap_err().to_string(), "bands has 33 entries: 0 to 32 needed");
    assert!(DynamicEqualizerParams { bands: vec![band.into(); 32] }.build::<f32>(&spec).is_ok());
}

#[test]
fn a_response_exists_for_static_bands() {
    let spec = StreamSpec::new(RATE_HZ, 1).unwrap();
    let fixed = BellParams { frequency_hz: 1_000.0, gain_db: 6.0, q: 1.0 };
    let still = DynamicEqualizerParams { bands: vec![fixed.into()] };
    let response = still.frequency_response(&spec, &[1_000.0]).unwrap().unwrap();
    assert!((gain_to_db(response[0].norm()) - 6.0).abs() < 1e-6);
    let moving = DynamicEqualizerParams { bands: vec![DynamicBand::default().into()] };
    assert_eq!(moving.frequency_response(&spec, &[1_000.0]), Ok(None));
}

#[cfg(feature = "serde")]
#[test]
fn bands_are_told_apart_by_their_type() {
    let text = r#"{"bands":[{"type":"DynamicBand","shape":{"type":"HighShelf","frequency_hz":6000},"ratio":"inf"},{"type":"Bell","gain_db":3}]}"#;
    let params: DynamicEqualizerParams = serde_json::from_str(text).unwrap();
    let shape = DynamicShape::HighShelf(HighShelfParams { frequency_hz: 6_000.0, ..Default::default() });
    let bands = vec![
        DynamicBand { shape, ratio: f64::INFINITY, ..Default::default() }.into(),
        BellParams { gain_db: 3.0, ..Default::default() }.into(),
    ];
    assert_eq!(params.bands, bands);
    assert_eq!(
        serde_json::from_str::<DynamicEqualizerParams>(&serde_json::to_string(&params).unwrap()).unwrap(),
        params
    );
    let refused = |band: &str| {
        let text = format!(r#"{{"bands":[{band}]}}"#);
        serde_json::from_str::<DynamicEqualizerParams>(&text).unwrap_err().to_string()
    };
    assert!(refused(r#"{"type":"Bel"}"#).starts_with("unknown variant `Bel`, expected one of `Bell`, `LowShelf`"));
    assert!(
        refused(r#"{"type":"DynamicBand","shape":{"type":"Notch"}}"#)
            .starts_with("unknown variant `Notch`, expected one of `Bell`, `LowShelf`, `HighShelf`, `Tilt`")
    );
    assert!(refused(r#"{"type":"DynamicBand","treshold_db":3}"#).starts_with("unknown field `treshold_db`"));
}

/// Level out of a steady tone in the band, less its level in.
fn change_db(band: DynamicBand, level_db: f64) -> f64 {
    let DynamicShape::Bell(BellParams { frequency_hz, .. }) = band.shape else { panic!("a bell") };
    let mut audio = tone(frequency_hz, level_db, 72_000);
    equalizer::<f64>(&[band.into()], 1).process(&mut BlockMut::from_planar(&mut audio, 1).unwrap());
    tone_db(&audio[48_000..], frequency_hz) - level_db
}

/// The quadratic knee of the compressor: distance beyond the threshold to change per unit of slope.
fn kneed(beyond_db: f64, knee_db: f64) -> f64 {
    let inside = (beyond_db + knee_db / 2.0).clamp(0.0, knee_db);
    inside * inside / (2.0 * knee_db) + (beyond_db - knee_db / 2.0).max(0.0)
}

#[test]
fn s36_tones_get_the_gain_of_every_direction_and_action() {
    use DynamicAction::{Boost, Reduce};
    use DynamicDirection::{Above, Below};
    const LIMIT_DB: f64 = 0.1;
    let mut worst = 0.0_f64;
    for (direction, action) in [(Above, Reduce), (Above, Boost), (Below, Reduce), (Below, Boost)] {
        for (ratio, knee_db, gain_db) in [(2.0, 6.0, 0.0), (4.0, 12.0, 3.0), (1.5, 1.0, -5.0)] {
            for level_db in [-60.0, -45.0, -34.0, -31.0, -30.0, -29.0, -26.0, -18.0, -6.0] {
                let band = DynamicBand {
                    shape: bell(1_000.0, gain_db, 1.0),
                    ratio,
                    knee_db,
                    direction,
                    action,
                    ..Default::default()
                };
                let beyond_db = if direction == Above { level_db + 30.0 } else { -30.0 - level_db };
                let slope = if (direction == Above) == (action == Reduce) { 1.0 - 1.0 / ratio } else { ratio - 1.0 };
                let moved_db = (slope * kneed(beyond_db, knee_db)).min(12.0);
                let wanted_db = gain_db + if action == Reduce { -moved_db } else { moved_db };
                let error_db = (change_db(band, level_db) - wanted_db).abs();
                worst = worst.max(error_db);
                assert!(error_db <= LIMIT_DB, "{direction:?} {action:?} {ratio} {knee_db} {level_db}: {error_db}");
            }
        }
    }
    println!("every direction and action: ±{worst:.4} dB");
}

#[test]
fn s36_ranges_end_at_the_widest_gain_and_boosts_trace_as_negative_reduction() {
    let spec = StreamSpec::new(RATE_HZ, 1).unwrap();
    let band = |gain_db, action| DynamicBand {
        shape: bell(1_000.0, gain_db, 1.0),
        range_db: 24.0,
        action,
        ..Default::default()
    };
    let legal = |band: DynamicBand| DynamicEqualizerParams { bands: vec![band.into()] }.validate(&spec);
    assert_eq!(legal(band(12.0, DynamicAction::Boost)), Ok(()));
    assert_eq!(
        legal(band(13.0, DynamicAction::Boost)).unwrap_err().to_string(),
        "bands[0].range_db = 24 is out of range: with gain_db = 13 it must lie in 0..23"
    );
    assert_eq!(legal(band(-12.0, DynamicAction::Reduce)), Ok(()));
    let mut boosting = equalizer::<f64>(&[band(0.0, DynamicAction::Boost).into()], 1);
    let mut audio = tone(1_000.0, -20.0, 48_000);
    boosting.process(&mut BlockMut::from_planar(&mut audio, 1).unwrap());
    // 10 dB over, with a ratio of 2.
    assert!((boosting.gain_reduction_db(0) + 10.0).abs() < 0.1, "{}", boosting.gain_reduction_db(0));
    assert_eq!(boosting.gain_reduction().max_db, 0.0);
}

#[test]
fn s36_ratios_without_end_reach_the_range() {
    for direction in [DynamicDirection::Above, DynamicDirection::Below] {
        for action in [DynamicAction::Reduce, DynamicAction::Boost] {
            let band = DynamicBand {
                shape: bell(1_000.0, 0.0, 1.0),
                ratio: f64::INFINITY,
                knee_db: 0.0,
                direction,
                action,
                ..Default::default()
            };
            let level_db = if direction == DynamicDirection::Above { -10.0 } else { -50.0 };
            assert!((change_db(band, level_db).abs() - 12.0).abs() < 0.1, "{direction:?} {action:?}");
        }
    }
}
