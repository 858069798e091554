//! Echoes: when they come, how loud, from where; times by notes; what is refused.

use super::*;

#[test]
fn echo_k_of_a_whole_time_comes_at_k_times_it_with_the_feedback_to_k_minus_1() {
    /// Of the level of an echo.
    const LIMIT_DB: f64 = 0.01;
    for rate_hz in RATES_HZ {
        for time_ms in WHOLE_MS {
            for feedback in [0.35, -0.5, 0.999, 1.0, -1.0, 0.0] {
                let params = DelayParams { time_ms, feedback, ..Default::default() };
                let echo = (time_ms * 1e-3 * rate_hz).round() as usize;
                let wet = &render(&params, rate_hz, 1, impulse::<f32>(12 * echo + 5))[0];
                for (n, x) in wet.iter().enumerate() {
                    if n == 0 || n % echo != 0 {
                        assert_eq!(*x, 0.0, "{rate_hz} {time_ms} {feedback}: {n}");
                        continue;
                    }
                    let k = n / echo;
                    // Echo k at sample round(k t fs).
                    assert_eq!(n, (k as f64 * time_ms * 1e-3 * rate_hz).round() as usize);
                    let expected = feedback.powi(k as i32 - 1);
                    let x = f64::from(*x);
                    assert!(x == expected || db(x / expected).abs() <= LIMIT_DB, "{time_ms} {feedback} {k}: {x}");
                }
            }
        }
    }
}

#[test]
fn a_whole_time_is_a_copy_and_so_is_one_within_1e_6_frames() {
    let audio: Vec<f32> = noise(3, 4_000).iter().map(|x| *x as f32).collect();
    for off in [0.0, 0.9e-6, -0.9e-6] {
        let params = DelayParams { time_ms: (480.0 + off) / 48.0, feedback: 0.0, ..Default::default() };
        let wet = &render(&params, 48_000.0, 1, audio.clone())[0];
        assert!(same_bits(&wet[480..], &audio[..4_000 - 480]), "{off}");
    }
    let params = DelayParams { time_ms: (480.0 + 2e-6) / 48.0, feedback: 0.0, ..Default::default() };
    assert!(!same_bits(&render(&params, 48_000.0, 1, audio.clone())[0][480..], &audio[..4_000 - 480]));
}

#[test]
fn fractional_times_are_exact_in_gain_and_phase() {
    /// Gain in dB up to 16 kHz, and at 19.2 kHz; phase delay in frames from 20 Hz on.
    const GAIN_DB: f64 = 0.0022;
    const AT_19200_HZ_DB: f64 = 0.11;
    const DELAY_FRAMES: f64 = 3e-4;
    let rate_hz = 44_100.0;
    let (mut worst_gain, mut worst_delay, mut worst_high) = (0.0_f64, 0.0_f64, 0.0_f64);
    for whole in [16.0, 17.0, 99.0, 10_001.0] {
        for fraction in [0.001, 0.1, 0.25, 0.38, 0.5, 0.73, 0.9, 0.9999] {
            let frames = whole + fraction;
            let params = DelayParams { time_ms: frames / 44.1, feedback: 0.0, ..Default::default() };
            let wet = &render(&params, rate_hz, 1, impulse::<f64>(frames as usize + 40))[0];
            for hz in [20.0, 100.0, 1_000.0, 3_000.0, 8_000.0, 12_000.0, 14_000.0, 16_000.0, 19_200.0] {
                let (gain, phase) = transfer(wet, frames, hz, rate_hz);
                let late = -phase / (TAU * hz / rate_hz);
                assert!(db(gain) <= 1e-9, "{frames} {hz}: {gain}");
                if hz > 16_000.0 {
                    worst_high = worst_high.max(db(gain).abs());
                } else {
                    (worst_gain, worst_delay) = (worst_gain.max(db(gain).abs()), worst_delay.max(late.abs()));
                }
            }
        }
    }
    println!("gain {worst_gain:.5} dB, 19.2 kHz {worst_high:.3} dB, phase delay {worst_delay:.1e} frames");
    assert!(worst_gain <= GAIN_DB && worst_high <= AT_19200_HZ_DB && worst_delay <= DELAY_FRAMES);
}

#[test]
fn ten_repeats_of_the_worst_fraction_lose_nothing_at_10_khz() {
    /// 10 times the loss of one pass.
    const LIMIT_DB: f64 = 0.02;
    let (rate_hz, frames) = (44_100.0, 400.5);
    let params = DelayParams { time_ms: frames / 44.1, feedback: 1.0, ..Default::default() };
    let wet = &render(&params, rate_hz, 1, impulse::<f64>(4_600))[0];
    for hz in [1_000.0, 10_000.0, 16_000.0] {
        let (gain, _) = transfer(&wet[4_005 - 190..4_005 + 190], 190.0, hz, rate_hz);
        println!("{hz} Hz after 10 repeats: {:.4} dB", db(gain));
        assert!(db(gain).abs() <= LIMIT_DB, "{hz}: {}", db(gain));
    }
}

#[test]
fn times_shorter_than_the_interpolation_keep_their_time() {
    for frames in [1.02, 1.5, 2.25, 3.9, 7.5, 12.5, 15.7] {
        let params = DelayParams { time_ms: frames / 48.0, feedback: 0.0, ..Default::default() };
        let wet = &render(&params, 48_000.0, 1, impulse::<f64>(60))[0];
        // What a straight line of two points gets right at 500 Hz.
        let (gain, phase) = transfer(wet, frames, 500.0, 48_000.0);
        let late = -phase / (TAU * 500.0 / 48_000.0);
        println!("{frames}: {:.5} dB, {late:.1e} frames late", db(gain));
        assert!(db(gain).abs() < 0.006 && late.abs() < 3e-4, "{frames}: {gain} {late}");
        for step in 0..=24 {
            let (gain, _) = transfer(wet, 0.0, 1e3 * f64::from(step), 48_000.0);
            assert!(gain <= 1.0 + 1e-12, "{frames} {step}: {gain}");
        }
    }
    // Less than a frame is one.
    let params = DelayParams { time_ms: 0.02, feedback: 0.5, ..Default::default() };
    assert_eq!(render(&params, 8_000.0, 1, impulse::<f32>(4))[0], [0.0, 1.0, 0.5, 0.25]);
}

#[test]
fn ping_pong_alternates_exactly_from_one_and_from_two_channels() {
    for rate_hz in RATES_HZ {
        for time_ms in WHOLE_MS {
            let params = DelayParams { time_ms, feedback: -0.5, ping_pong: true, ..Default::default() };
            let echo = (time_ms * 1e-3 * rate_hz).round() as usize;
            let frames = 8 * echo + 1;
            let right = [vec![0.0; frames], impulse::<f32>(frames)].concat();
            for (channels, audio, level) in [(1, impulse::<f32>(frames), 1.0), (2, right, 0.5)] {
                let sides = render(&params, rate_hz, channels, audio);
                assert_eq!(sides.len(), 2);
                for (n, (left, right)) in sides[0].iter().zip(&sides[1]).enumerate() {
                    let k = n / echo;
                    let sounds = n > 0 && n % echo == 0;
                    let expected = if sounds { level * (-0.5_f32).powi(k as i32 - 1) } else { 0.0 };
                    let expected = if k % 2 == 1 { [expected, 0.0] } else { [0.0, expected] };
                    assert_eq!([*left, *right], expected, "{rate_hz} {time_ms} {n}");
                }
            }
        }
    }
    let count = |params: DelayParams, input| params.output_channels(input);
    let crossed = DelayParams { ping_pong: true, ..Default::default() };
    assert_eq!((count(crossed, 1), count(crossed, 2), count(Default::default(), 5)), (Ok(2), Ok(2), Ok(5)));
    assert_eq!(count(crossed, 3), Err(Error::Channels { min: 1, max: 2, actual: 3 }));
}

#[test]
fn the_stated_response_is_the_measured_one() {
    let params = DelayParams {
        time_ms: 3.37,
        feedback: -0.6,
        low_cut_hz: 200.0,
        high_cut_hz: 5_000.0,
        mix: 0.4,
        ..Default::default()
    };
    let spec = StreamSpec::new(48_000.0, 1).unwrap();
    let hz = [20.0, 150.0, 1_000.0, 4_321.0, 15_000.0];
    let stated = params.frequency_response(&spec, &hz).unwrap().unwrap();
    let measured = &render(&params, 48_000.0, 1, impulse::<f64>(40_000))[0];
    for (hz, stated) in hz.into_iter().zip(stated) {
        let (gain, phase) = transfer(measured, 0.0, hz, 48_000.0);
        let error = (stated.re - gain * phase.cos()).hypot(stated.im - gain * phase.sin());
        assert!(error < 1e-9, "{hz}: {error}");
    }
    for without in [
        DelayParams { ping_pong: true, ..params },
        DelayParams { duck_db: 1.0, ..params },
        DelayParams { feedback: 1.0, ..params },
    ] {
        assert_eq!(without.frequency_response(&spec, &[100.0]), Ok(None));
    }
}

#[test]
fn every_note_sets_the_time_by_the_tempo() {
    for tempo_bpm in [120.0, 174.3] {
        for word in NoteValue::WORDS.iter().filter(|word| **word != "off") {
            let mut params =
                DelayParams { tempo_bpm, feedback: 0.0, max_time_ms: 10_000.0, time_ms: 7.0, ..Default::default() };
            params.set("note", (*word).into()).unwrap();
            // By the name: the part of a bar of four beats.
            let (bars, part) = word.trim_end_matches(['d', 't']).split_once('/').unwrap();
            let factor = if word.ends_with('d') { 1.5 } else { 1.0 };
            let factor = if word.ends_with('t') { 2.0 / 3.0 } else { factor };
            let beats = 4.0 * bars.parse::<f64>().unwrap() / part.parse::<f64>().unwrap() * factor;
            let seconds = 60.0 / tempo_bpm * beats;
            if seconds > 10.0 {
                let error = params.validate(&StreamSpec::new(48_000.0, 1).unwrap()).unwrap_err().to_string();
                assert!(error.starts_with(&format!("note = {word} at tempo_bpm = {tempo_bpm} makes time_ms = ")));
                continue;
            }
            let frames = 48_000.0 * seconds;
            let wet = &render(&params, 48_000.0, 1, impulse::<f64>(frames as usize + 60))[0];
            let (gain, phase) = transfer(&wet[frames as usize - 30..], frames.fract() + 30.0, 1_000.0, 48_000.0);
            let late = -phase / (TAU * 1_000.0 / 48_000.0);
            assert!(late.abs() < 1e-3 && db(gain).abs() < 0.01, "{word} {tempo_bpm}: {late} {gain}");
        }
    }
}

#[test]
fn what_does_not_fit_is_refused_with_its_range() {
    let spec = StreamSpec::new(48_000.0, 2).unwrap();
    let refused = |params: DelayParams| params.validate(&spec).unwrap_err().to_string();
    let usual = DelayParams::default();
    assert_eq!(
        refused(DelayParams { time_ms: 2_500.0, ..usual }),
        "time_ms = 2500 is out of range: with max_time_ms = 2000 it must lie in 0.02..2000"
    );
    assert_eq!(
        refused(DelayParams { note: NoteValue::TwoBars, tempo_bpm: 60.0, ..usual }),
        "note = 2/1 at tempo_bpm = 60 makes time_ms = 8000: it must lie in 0.02..2000"
    );
    assert_eq!(
        refused(DelayParams { feedback: 1.2, ..usual }),
        "feedback = 1.2 is out of range: it must lie in -1.1..1.1"
    );
    assert_eq!(
        refused(DelayParams { tempo_bpm: 0.0, ..usual }),
        "tempo_bpm = 0 is out of range: it must lie in 20..999"
    );
    // While a note counts, time_ms does not.
    let note = DelayParams { note: NoteValue::Eighth, time_ms: 9_000.0, ..usual };
    assert_eq!(note.validate(&spec), Ok(()));
    let mut delay = usual.build::<f32>(&spec).unwrap();
    for (param, other) in [
        ("ping_pong", DelayParams { ping_pong: true, ..usual }),
        ("time_change", DelayParams { time_change: TimeChange::Repitch, ..usual }),
        ("max_time_ms", DelayParams { max_time_ms: 3_000.0, ..usual }),
    ] {
        assert_eq!(delay.set_params(&other), Err(Error::NeedsRebuild { param }));
    }
    assert_eq!(delay.set_params(&DelayParams { time_ms: 2_000.0, ..usual }), Ok(()));
}

#[test]
fn f32_follows_f64() {
    /// -120 dB of the loudest: the rounding of 40 passes.
    const LIMIT: f64 = 1e-6;
    for time_ms in [3.0, 3.3] {
        let params = DelayParams {
            time_ms,
            feedback: 0.9,
            low_cut_hz: 100.0,
            high_cut_hz: 8_000.0,
            duck_db: 10.0,
            mix: 0.6,
            ..Default::default()
        };
        let exact = render(&params, 48_000.0, 2, planar_noise::<f64>(2, 48_000)).concat();
        let single = render(&params, 48_000.0, 2, planar_noise::<f32>(2, 48_000)).concat();
        let peak = exact.iter().fold(0.0_f64, |peak, x| peak.max(x.abs()));
        let error = exact.iter().zip(&single).fold(0.0_f64, |worst, (a, b)| worst.max((a - f64::from(*b)).abs()));
        println!("{time_ms} ms: {:.1} dB", db(error / peak));
        assert!(error <= LIMIT * peak, "{time_ms}: {error}");
    }
}
