//! The gates of `Chorus`.

use super::swept_delay::*;
use crate::common::*;
use mixdown::{modulation::*, *};
use std::f64::consts::TAU;

/// The voices alone.
fn wet(params: ChorusParams) -> Effect {
    ChorusParams { mix: 1.0, ..params }.into()
}

/// The Bessel function of the first kind, by its integral.
fn bessel(order: i32, x: f64) -> f64 {
    const POINTS: i32 = 2_000;
    let term = |n: i32| {
        let turn = std::f64::consts::PI * (f64::from(n) + 0.5) / f64::from(POINTS);
        (f64::from(order) * turn - x * turn.sin()).cos()
    };
    (0..POINTS).map(term).sum::<f64>() / f64::from(POINTS)
}

#[test]
fn the_lfo_keeps_its_rate() {
    /// SOUND 9: 0.1 %.
    const LIMIT: f64 = 1e-3;
    for rate_hz in [0.1, 0.8, 7.77] {
        let one = wet(ChorusParams { rate_hz, voices: 1, width: 0.0, ..Default::default() });
        let found = swing_hz(&delays(&one, (RATE_HZ * 20.0_f64.max(3.5 / rate_hz)) as usize)[1_500..]);
        println!("Chorus {rate_hz} Hz: {found:.7} Hz");
        assert!((found / rate_hz - 1.0).abs() <= LIMIT, "{found} for {rate_hz}");
    }
}

#[test]
fn the_phase_goes_on_when_the_rate_changes() {
    let one = |rate_hz| wet(ChorusParams { rate_hz, voices: 1, width: 0.0, ..Default::default() });
    let frames = 8 * 48_000;
    let delay = |change: Option<Effect>| {
        let mut processor = one(0.5).build::<f64>(&StreamSpec::new(RATE_HZ, 2).unwrap()).unwrap();
        let mut audio = [tone(50.0, 0.0, RATE_HZ, frames), tone(50.0, -0.25, RATE_HZ, frames)].concat();
        let events: Vec<Event<'_, EffectProcessor<f64>>> = match &change {
            Some(effect) => vec![(100_001, Box::new(|p| p.set_params(effect).unwrap()))],
            None => vec![],
        };
        run(&mut processor, &mut audio, &Cut(vec![480]), events);
        let (cos, sin) = audio.split_at(frames);
        let at = |n: usize| (n as f64 / 960.0 - sin[n].atan2(cos[n]) / TAU).rem_euclid(1.0) * 960.0;
        (0..frames).map(at).collect::<Vec<f64>>()
    };
    let moved = delay(Some(one(2.0)));
    let still = delay(None);
    // Nothing jumps: a sine of 2 ms at 2 Hz moves by 0.025 frames per frame.
    let steps = moved[2_000..].windows(2).map(|pair| (pair[1] - pair[0]).abs()).fold(0.0, f64::max);
    assert!(steps < 0.026, "{steps}");
    assert!(moved[99_000..100_000].iter().zip(&still[99_000..]).all(|(a, b)| a == b));
    let found = swing_hz(&moved[150_000..]);
    assert!((found / 2.0 - 1.0).abs() <= 1e-3, "{found}");
}

#[test]
fn one_voice_has_the_sidebands_of_phase_modulation() {
    /// 0.2 dB, for lines above -60 dB.
    const LIMIT_DB: f64 = 0.2;
    let (hz, rate_hz, depth_ms) = (1_000.0, 2.0, 1.0);
    let frames = 96_000;
    let one = wet(ChorusParams { rate_hz, depth_ms, voices: 1, width: 0.0, ..Default::default() });
    let [out, _] = render(&one, RATE_HZ, [tone(hz, 0.0, RATE_HZ, 2 * frames), tone(hz, 0.0, RATE_HZ, 2 * frames)]);
    let beta = TAU * hz * 1e-3 * depth_ms;
    let mut worst: f64 = 0.0;
    for order in -14..=14 {
        let wanted_db = 20.0 * bessel(order, beta).abs().log10();
        if wanted_db < -60.0 {
            continue;
        }
        let found_db = 20.0 * line(&out[frames..], hz + f64::from(order) * rate_hz, RATE_HZ).norm().log10();
        println!("Chorus line {order}: {found_db:.3} dB, J {wanted_db:.3} dB");
        worst = worst.max((found_db - wanted_db).abs());
    }
    println!("Chorus sidebands: worst {worst:.4} dB");
    assert!(worst <= LIMIT_DB, "{worst}");
}

#[test]
fn pink_noise_keeps_its_level_at_any_number_of_voices() {
    /// Around the level of the input.
    const LIMIT_DB: f64 = 0.5;
    let cases = (1..=8)
        .map(|voices| ChorusParams { voices, ..Default::default() })
        .chain([
            ChorusParams { voices: 4, delay_ms: 5.0, depth_ms: 4.0, ..Default::default() },
            ChorusParams { voices: 8, delay_ms: 50.0, depth_ms: 0.5, ..Default::default() },
            ChorusParams { voices: 2, delay_ms: 1.0, depth_ms: 0.0, ..Default::default() },
            ChorusParams { voices: 3, feedback: 0.5, ..Default::default() },
            ChorusParams { voices: 3, feedback: -0.7, ..Default::default() },
        ])
        .flat_map(|params| [(params, RATE_HZ)].into_iter().chain((params.voices == 3).then_some((params, 16_000.0))));
    for (params, rate_hz) in cases {
        let frames = (12.0 * rate_hz) as usize;
        let skip = (rate_hz) as usize;
        let input = pink(5, rate_hz, frames);
        let before_db = level_db(&input[skip..]);
        for (side, out) in render(&wet(params), rate_hz, [input.clone(), input]).iter().enumerate() {
            let change_db = level_db(&out[skip..]) - before_db;
            println!(
                "Chorus {} voices, {} ms, depth {}, feedback {}, {rate_hz} Hz, side {side}: {change_db:+.2} dB",
                params.voices, params.delay_ms, params.depth_ms, params.feedback
            );
            assert!(change_db.abs() <= LIMIT_DB, "{params:?}: {change_db}");
        }
    }
}

#[test]
fn width_takes_the_sides_apart() {
    /// Correlation of the voices of both sides, of mono pink noise in, above 200 Hz: the bass of both is one.
    const LIMIT: f64 = 0.25;
    for voices in [1, 3, 8] {
        let correlation = |width: f64, low_hz: f64| {
            let input = pink_from(low_hz, 9, RATE_HZ, 10 * 48_000);
            let params = ChorusParams { voices, width, ..Default::default() };
            let [left, right] = render(&wet(params), RATE_HZ, [input.clone(), input]);
            let product: f64 = left.iter().zip(&right).skip(4_800).map(|(l, r)| l * r).sum();
            let power = |side: &[f64]| side.iter().skip(4_800).map(|x| x * x).sum::<f64>();
            (product / (power(&left) * power(&right)).sqrt(), left == right)
        };
        let [(none, alike), (half, _), (full, _)] = [0.0, 0.5, 1.0].map(|width| correlation(width, 200.0));
        let whole = correlation(1.0, 20.0).0;
        println!("Chorus {voices} voices: {none:.3}, {half:.3}, {full:.3} at width 0, 0.5, 1; from 20 Hz {whole:.3}");
        assert!(alike && full.abs() <= LIMIT, "{voices}: {none} {full}");
    }
}

#[test]
fn mono_becomes_stereo_and_no_width_is_mono_bit_for_bit() {
    let spec = StreamSpec::new(RATE_HZ, 1).unwrap();
    for (width, alike) in [(0.0, true), (1.0, false)] {
        let effect = Effect::from(ChorusParams { width, feedback: 0.5, low_cut_hz: 100.0, ..Default::default() });
        let mut processor = effect.build::<f32>(&spec).unwrap();
        let mut audio = room_for(&processor, planar_noise::<f32>(1, 20_000));
        run(&mut processor, &mut audio, &Cut(vec![333]), vec![]);
        let (left, right) = audio.split_at(20_000);
        assert_eq!(same_bits(left, right), alike, "{width}");
    }
}

#[test]
fn the_low_cut_keeps_the_bass_dry() {
    let cut = ChorusParams { low_cut_hz: 200.0, ..Default::default() };
    let change_db = |params: ChorusParams, hz: f64| {
        let input = tone(hz, 0.0, RATE_HZ, 96_000);
        level_db(&render(&wet(params), RATE_HZ, [input.clone(), input])[0][48_000..])
    };
    let [bass, mids] = [50.0, 3_000.0].map(|hz| change_db(cut, hz) - change_db(ChorusParams::default(), hz));
    assert!((-25.0..-23.0).contains(&bass) && mids.abs() < 0.05, "{bass} {mids}");
}

/// The loss of one voice at 10 and 16 kHz, over all fractions.
#[test]
fn the_interpolation_loses_no_treble() {
    for (rate_hz, hz, limit_db) in [
        (44_100.0, 10_000.0, 0.005),
        (44_100.0, 16_000.0, 0.12),
        (48_000.0, 10_000.0, 0.005),
        (48_000.0, 16_000.0, 0.02),
    ] {
        let params = ChorusParams { voices: 1, width: 0.0, ..Default::default() };
        let input = tone(hz, 0.0, rate_hz, (2.0 * rate_hz) as usize);
        let [out, _] = render(&wet(params), rate_hz, [input.clone(), input]);
        let change_db = level_db(&out[4_800..]) + 3.0103;
        println!("Chorus {hz} Hz at {rate_hz}: {change_db:+.4} dB");
        assert!(change_db.abs() <= limit_db, "{hz} {change_db}");
    }
}

#[test]
fn feedback_ends_in_exact_silence() {
    let effect = Effect::from(ChorusParams { feedback: -0.95, voices: 1, delay_ms: 5.0, ..Default::default() });
    let mut processor = effect.build::<f32>(&StreamSpec::new(RATE_HZ, 2).unwrap()).unwrap();
    let Tail::Frames(tail) = processor.tail() else { panic!("no end") };
    let mut audio: Vec<f32> = planar_noise(2, 48_000);
    run(&mut processor, &mut audio, &Cut::whole(), vec![]);
    let frames = tail as usize + 1_000;
    let mut silence = vec![0.0_f32; 2 * frames];
    run(&mut processor, &mut silence, &Cut(vec![480]), vec![]);
    for side in silence.chunks(frames) {
        let last = side.iter().rposition(|x| *x != 0.0).unwrap();
        println!(
            "Chorus feedback -0.95: silent after {:.2} s, says {:.2} s",
            last as f64 / RATE_HZ,
            tail as f64 / RATE_HZ
        );
        assert!(last < tail as usize && last > tail as usize / 4);
        assert!(side.iter().all(|x| !x.is_subnormal()));
    }
}

#[test]
fn a_depth_beyond_the_delay_is_refused() {
    let spec = StreamSpec::new(RATE_HZ, 2).unwrap();
    let text = |params: ChorusParams| params.validate(&spec).unwrap_err().to_string();
    assert_eq!(
        text(ChorusParams { depth_ms: 5.0, delay_ms: 3.0, ..Default::default() }),
        "depth_ms = 5 is out of range: with delay_ms = 3 it must lie in 0..2"
    );
    assert_eq!(
        text(ChorusParams { note: NoteValue::SixtyFourth, ..Default::default() }),
        "note = 1/64 at tempo_bpm = 120 makes rate_hz = 32: it must lie in 0.01..10"
    );
}
