//! The gates of `Delay`.

use crate::common::*;
use mixdown::{modulation::*, *};
use std::f64::consts::{PI, TAU};

const RATES_HZ: [f64; 2] = [44_100.0, 48_000.0];

/// Whole times at both rates: 22050, 882, 441 and 24000, 960, 480 frames.
const WHOLE_MS: [f64; 3] = [500.0, 20.0, 10.0];

fn render<S: Sample>(params: &DelayParams, rate_hz: f64, channels: usize, audio: Vec<S>) -> Vec<Vec<S>> {
    let mut processor = params.build::<S>(&StreamSpec::new(rate_hz, channels).unwrap()).unwrap();
    let mut audio = room_for(&processor, audio);
    run(&mut processor, &mut audio, &Cut(vec![4_096]), vec![]);
    let frames = audio.len() / processor.output_channels().max(channels);
    audio.chunks_exact(frames).map(<[S]>::to_vec).collect()
}

fn impulse<S: Sample>(frames: usize) -> Vec<S> {
    let mut audio = vec![S::ZERO; frames];
    audio[0] = S::ONE;
    audio
}

/// Gain and phase of a response at a frequency, its frames counted from `from`.
fn transfer(response: &[f64], from: f64, hz: f64, rate_hz: f64) -> (f64, f64) {
    let (mut re, mut im) = (0.0, 0.0);
    for (n, x) in response.iter().enumerate() {
        let angle = TAU * hz * (n as f64 - from) / rate_hz;
        re += x * angle.cos();
        im -= x * angle.sin();
    }
    (re.hypot(im), im.atan2(re))
}

fn db(gain: f64) -> f64 {
    20.0 * gain.log10()
}

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
    const GAIN_DB: f64 = 0.0021;
    const AT_19200_HZ_DB: f64 = 0.11;
    const DELAY_FRAMES: f64 = 3e-4;
    let rate_hz = 44_100.0;
    let (mut worst_gain, mut worst_delay, mut worst_high) = (0.0_f64, 0.0_f64, 0.0_f64);
    for whole in [16.0, 17.0, 99.0, 10_001.0] {
        for fraction in [0.001, 0.1, 0.25, 0.5, 0.73, 0.9, 0.9999] {
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
                for n in 0..frames {
                    let k = n / echo;
                    let sounds = n > 0 && n % echo == 0;
                    let expected = if sounds { level * (-0.5_f32).powi(k as i32 - 1) } else { 0.0 };
                    let [here, there] = if k % 2 == 1 { [0, 1] } else { [1, 0] };
                    assert_eq!([sides[here][n], sides[there][n]], [expected, 0.0], "{rate_hz} {time_ms} {n}");
                }
            }
        }
    }
    let count = |params: DelayParams, input| params.output_channels(input);
    let crossed = DelayParams { ping_pong: true, ..Default::default() };
    assert_eq!((count(crossed, 1), count(crossed, 2), count(Default::default(), 5)), (Ok(2), Ok(2), Ok(5)));
    assert_eq!(count(crossed, 3), Err(Error::Channels { min: 1, max: 2, actual: 3 }));
}

/// Renders a 100 Hz sine of -6 dBFS that fades in, with changes of the settings at frames.
fn sine_with(params: &DelayParams, seconds: f64, changes: &[(usize, DelayParams)]) -> Vec<f64> {
    let rate_hz = 48_000.0;
    let frames = (seconds * rate_hz) as usize;
    let fade_in = |n: usize| 0.5 - 0.5 * (PI * (n as f64 / 9_600.0).min(1.0)).cos();
    let mut audio: Vec<f64> =
        (0..frames).map(|n| 0.5 * fade_in(n) * (TAU * 100.0 * n as f64 / rate_hz + 0.7).sin()).collect();
    let mut delay = params.build::<f64>(&StreamSpec::new(rate_hz, 1).unwrap()).unwrap();
    let event = |(at, to): &(usize, DelayParams)| -> Event<'_, Delay<f64>> {
        let to = *to;
        (*at, Box::new(move |delay| delay.set_params(&to).unwrap()))
    };
    run(&mut delay, &mut audio, &Cut(vec![512]), changes.iter().map(event).collect());
    audio
}

#[test]
fn another_time_does_not_click_in_either_way() {
    /// SOUND.md 9, in dBFS.
    const LIMIT_DBFS: f64 = -80.0;
    for time_change in [TimeChange::Fade, TimeChange::Repitch] {
        for (from_ms, to_ms) in
            [(375.0, 250.0), (250.0, 375.0), (100.0, 1.7), (1.7, 100.0), (20.0, 20.004), (50.01, 0.13), (0.13, 50.01)]
        {
            // One echo, so that the sine is as loud as it is.
            let from = DelayParams { time_ms: from_ms, feedback: 0.0, time_change, ..Default::default() };
            let to = DelayParams { time_ms: to_ms, ..from };
            for at in [96_000, 96_131] {
                let residue = residue_dbfs(&sine_with(&from, 4.0, &[(at, to)]), 48_000.0);
                println!("{time_change:?} {from_ms} -> {to_ms}: {residue:.1} dBFS");
                assert!(residue <= LIMIT_DBFS, "{time_change:?} {from_ms} -> {to_ms}: {residue}");
            }
        }
    }
}

#[test]
fn a_tempo_ramp_does_not_click() {
    const LIMIT_DBFS: f64 = -80.0;
    for time_change in [TimeChange::Fade, TimeChange::Repitch] {
        let params = DelayParams { note: NoteValue::Eighth, tempo_bpm: 90.0, time_change, ..Default::default() };
        // From 90 to 150 in two seconds, in steps as a lane makes them.
        let ramp: Vec<_> = (0..1_500)
            .map(|step| (72_000 + 64 * step, DelayParams { tempo_bpm: 90.0 + 0.04 * step as f64, ..params }))
            .collect();
        let residue = residue_dbfs(&sine_with(&params, 5.0, &ramp), 48_000.0);
        println!("{time_change:?}: {residue:.1} dBFS");
        assert!(residue <= LIMIT_DBFS, "{time_change:?}: {residue}");
    }
}

#[test]
fn a_moving_position_changes_the_pitch_by_two_octaves_at_the_most() {
    let repitch = DelayParams { feedback: 0.0, time_change: TimeChange::Repitch, ..Default::default() };
    for (from_ms, to_ms, highest) in [(1_900.0, 1.0, true), (1.0, 1_900.0, false)] {
        let from = DelayParams { time_ms: from_ms, ..repitch };
        let audio = sine_with(&from, 8.0, &[(144_000, DelayParams { time_ms: to_ms, ..repitch })]);
        // Periods between rising zero crossings.
        let rising: Vec<f64> = (140_000..audio.len() - 1)
            .filter(|&n| audio[n] <= 0.0 && audio[n + 1] > 0.0)
            .map(|n| n as f64 - audio[n] / (audio[n + 1] - audio[n]))
            .collect();
        let pitches = rising.windows(2).map(|pair| 480.0 / (pair[1] - pair[0]));
        let (low, high) = pitches.fold((f64::MAX, 0.0_f64), |(low, high), x| (low.min(x), high.max(x)));
        println!("{from_ms} -> {to_ms}: pitch × {low:.4} to {high:.4}");
        assert!(low >= 0.2499 && high <= 4.001, "{low} {high}");
        assert!(if highest { high > 3.9 } else { low < 0.26 }, "{low} {high}");
        // At rest at the new time: as if it had always been there.
        let still = sine_with(&DelayParams { time_ms: to_ms, ..repitch }, 8.0, &[]);
        assert_eq!(audio[330_000..], still[330_000..]);
    }
}

/// The Butterworth filter of a bilinear transform, from its definition.
fn butterworth(hz: f64, corner_hz: f64, rate_hz: f64, is_high_cut: bool) -> f64 {
    let ratio = (PI * hz / rate_hz).tan() / (PI * corner_hz / rate_hz).tan();
    let fourth = ratio.powi(4);
    if is_high_cut { 1.0 / (1.0 + fourth).sqrt() } else { (fourth / (1.0 + fourth)).sqrt() }
}

#[test]
fn the_cuts_lie_in_the_loop_alone() {
    const LIMIT_DB: f64 = 0.01;
    for rate_hz in RATES_HZ {
        for (low_cut_hz, high_cut_hz) in [(200.0, 20_000.0), (20.0, 4_000.0), (300.0, 6_000.0)] {
            let params = DelayParams { time_ms: 200.0, feedback: 0.8, low_cut_hz, high_cut_hz, ..Default::default() };
            let echo = (0.2 * rate_hz).round() as usize;
            let wet = &render(&params, rate_hz, 1, impulse::<f64>(6 * echo))[0];
            // The first echo is the impulse alone.
            assert!(wet[..2 * echo].iter().enumerate().all(|(n, x)| *x == if n == echo { 1.0 } else { 0.0 }));
            for k in 2..=5 {
                for hz in [60.0, 200.0, 500.0, 1_000.0, 4_000.0, 9_000.0, 15_000.0] {
                    let cut = |corner_hz, off_hz, is_high_cut| {
                        if corner_hz == off_hz { 1.0 } else { butterworth(hz, corner_hz, rate_hz, is_high_cut) }
                    };
                    let pass = 0.8 * cut(low_cut_hz, 20.0, false) * cut(high_cut_hz, 20_000.0, true);
                    let expected = db(pass.powi(k as i32 - 1));
                    let (gain, _) = transfer(&wet[k * echo..(k + 1) * echo], 0.0, hz, rate_hz);
                    // What rings on after 200 ms lies below -120 dB.
                    if expected > -100.0 {
                        let error = db(gain) - expected;
                        assert!(error.abs() <= LIMIT_DB, "{low_cut_hz} {high_cut_hz} echo {k} {hz} Hz: {error}");
                    }
                }
            }
        }
    }
}

#[test]
fn cuts_at_their_ends_are_off_exactly() {
    let audio = planar_noise::<f32>(1, 20_000);
    for rate_hz in [8_000.0, 22_050.0, 48_000.0] {
        let params = DelayParams { time_ms: 20.0, ..Default::default() };
        let off = render(&params, rate_hz, 1, audio.clone());
        // As far as the rate goes, 0.49 of it is off as well.
        let highest = (0.49 * rate_hz).min(20_000.0);
        let same = DelayParams { high_cut_hz: highest, ..params };
        assert!(same_bits(&off[0], &render(&same, rate_hz, 1, audio.clone())[0]), "{rate_hz}");
        let cut = DelayParams { high_cut_hz: 0.99 * highest, ..params };
        assert!(!same_bits(&off[0], &render(&cut, rate_hz, 1, audio.clone())[0]), "{rate_hz}");
        let cut = DelayParams { low_cut_hz: 20.1, ..params };
        assert!(!same_bits(&off[0], &render(&cut, rate_hz, 1, audio.clone())[0]), "{rate_hz}");
    }
}

/// Ten minutes of a loop: the peak of each of `parts` parts, and the passes between the first and the last.
fn ten_minutes(params: &DelayParams, rate_hz: f64, parts: usize, frames: f64) -> (Vec<f64>, f64) {
    let mut delay = params.build::<f32>(&StreamSpec::new(rate_hz, 1).unwrap()).unwrap();
    let block = 65_536;
    let blocks = (600.0 * rate_hz) as usize / block / parts;
    // Noise with a constant: what a filter or an interpolation amplifies at any frequency grows.
    let mut audio: Vec<f32> = noise(7, block).iter().map(|x| (0.2 + 0.2 * x) as f32).collect();
    let mut peaks = Vec::new();
    delay.process(&mut BlockMut::from_planar(&mut audio, 1).unwrap());
    for _ in 0..parts {
        let mut peak = 0.0_f32;
        for _ in 0..blocks {
            audio.fill(0.0);
            delay.process(&mut BlockMut::from_planar(&mut audio, 1).unwrap());
            peak = audio.iter().fold(peak, |peak, x| peak.max(x.abs()));
        }
        peaks.push(f64::from(peak));
    }
    (peaks, ((parts - 1) * blocks * block) as f64 / frames)
}

#[test]
fn a_feedback_of_0_99999_is_stable_for_ten_minutes() {
    let (off, cut) = ([20.0, 20_000.0], [40.0, 12_000.0]);
    for rate_hz in RATES_HZ {
        for (frames, feedback, [low_cut_hz, high_cut_hz]) in [
            (48.0, 0.99999, off),
            (48.0, -0.99999, cut),
            (48.5, 0.99999, cut),
            (48.5, -0.99999, off),
            (16.03, 0.99999, off),
        ] {
            let time_ms = 1e3 * frames / rate_hz;
            let params = DelayParams { time_ms, feedback, low_cut_hz, high_cut_hz, ..Default::default() };
            let (peaks, passes) = ten_minutes(&params, rate_hz, 10, frames);
            assert!(peaks.is_sorted_by(|a, b| b <= a), "{rate_hz} {params:?}: {peaks:?}");
            let found = db(peaks[9] / peaks[0]);
            println!("{rate_hz} Hz, {frames} frames, {feedback}, from {low_cut_hz} Hz: {found:.2} dB in nine minutes");
            if frames == 48.0 && low_cut_hz == 20.0 {
                // Without a loss but the feedback's, which `f32` rounds.
                assert!((found / (passes * db(0.99999)) - 1.0).abs() < 0.01, "{found} {passes}");
            }
        }
    }
}

#[test]
fn beyond_1_a_soft_clip_bounds_the_echoes_until_the_feedback_falls() {
    for (time_ms, feedback, low_cut_hz) in [(10.0, 1.1, 20.0), (3.3, -1.1, 20.0), (7.77, 1.001, 100.0)] {
        let params = DelayParams { time_ms, feedback, low_cut_hz, ..Default::default() };
        let mut delay = params.build::<f32>(&StreamSpec::new(48_000.0, 1).unwrap()).unwrap();
        let mut process = |delay: &mut Delay<f32>, level: f32, blocks: usize| {
            let mut peak = 0.0_f32;
            for block in 0..blocks {
                let mut audio: Vec<f32> = noise(block as u64, 48_000).iter().map(|x| level * *x as f32).collect();
                delay.process(&mut BlockMut::from_planar(&mut audio, 1).unwrap());
                peak = audio.iter().fold(0.0, |peak, x| peak.max(x.abs()));
            }
            peak
        };
        // A minute of full-scale noise: the input and full scale, the overshoot of the interpolation and of the cut.
        let loud = process(&mut delay, 1.0, 60);
        assert!(loud <= 3.5, "{loud}");
        // Then it sustains itself, within full scale but for the overshoot of the interpolation.
        let alone = process(&mut delay, 0.0, 60);
        println!("{time_ms} ms, {feedback}: {loud:.2} with input, {alone:.3} without");
        assert!(alone <= 1.05, "{alone}");
        assert!(alone > 0.5 || low_cut_hz > 20.0, "{alone}");
        delay.set_params(&DelayParams { feedback: 0.5, ..params }).unwrap();
        assert_eq!(process(&mut delay, 0.0, 3), 0.0);
        assert!(matches!(delay.tail(), Tail::Frames(_)));
    }
}

#[test]
fn the_soft_clip_is_the_identity_below_half_of_full_scale_and_up_to_a_feedback_of_1() {
    // Echoes of -40 dBFS that grow by 0.8 dB each: the same bits as the products, up to the clip.
    let params = DelayParams { time_ms: 10.0, feedback: 1.1, ..Default::default() };
    let mut audio = vec![0.0_f64; 480 * 60];
    audio[0] = 0.01;
    let wet = &render(&params, 48_000.0, 1, audio)[0];
    let (mut level, mut k) = (0.01, 1);
    while 1.1 * level <= 0.5 {
        assert_eq!(wet[480 * k], level, "{k}");
        (level, k) = (1.1 * level, k + 1);
    }
    assert_eq!(k, 42);
    // 0.02 dB at -4 dBFS; never beyond full scale.
    let first = wet[480 * (k + 1)] / (1.1 * 1.1 * level / 1.1);
    println!("first clipped echo: {:.4} dB", db(first));
    assert!(wet.iter().all(|x| x.abs() <= 1.0));
    for feedback in [1.0, -1.0] {
        let params = DelayParams { time_ms: 10.0, feedback, ..Default::default() };
        let mut audio = vec![0.0_f64; 480 * 20];
        audio[0] = 50.0;
        let wet = &render(&params, 48_000.0, 1, audio)[0];
        for k in 1..20 {
            assert_eq!(wet[480 * k], 50.0 * feedback.powi(k as i32 - 1));
        }
    }
}

#[test]
fn crossing_a_feedback_of_1_does_not_click() {
    /// As for another time; the harmonics of the clip from 1 kHz on lie below that as well.
    const LIMIT_DBFS: f64 = -80.0;
    // Echoes of 100 Hz that add up to 0.65 of full scale, of which the clip takes 0.1 dB: at once, that would be -50 dBFS.
    let below = DelayParams { time_ms: 31.32, feedback: 0.9, ..Default::default() };
    let beyond = DelayParams { feedback: 1.05, ..below };
    for at in [48_000, 48_100, 48_240, 48_333] {
        let audio = sine_with(&below, 2.5, &[(at, beyond), (at + 2_000, below)]);
        let level = audio[40_000..at].iter().fold(0.0_f64, |peak, x| peak.max(x.abs()));
        let residue = residue_dbfs(&audio, 48_000.0);
        println!("{residue:.1} dBFS, echoes of {level:.2}");
        assert!(0.9 * level > 0.55 && residue <= LIMIT_DBFS, "{level} {residue}");
    }
}

/// The law of ducking from its description, in f64: gains for the frames of an input.
fn ducking_gains(input: &[Vec<f64>], duck_db: f64, rate_hz: f64) -> Vec<f64> {
    let feed = |ms: f64| 1.0 - (-1e3 / (ms * rate_hz)).exp();
    let (mut power, mut share) = (0.0, 0.0);
    (0..input[0].len())
        .map(|n| {
            let square = input.iter().map(|x| x[n] * x[n]).sum::<f64>() / input.len() as f64;
            power += feed(10.0) * (square - power);
            let target = ((10.0 * (power + 1e-30).log10() + 40.0) / 20.0).clamp(0.0, 1.0);
            share += if target > share { feed(10.0) } else { feed(250.0) } * (target - share);
            10_f64.powf(-duck_db * share / 20.0)
        })
        .collect()
}

#[test]
fn ducking_follows_its_law_in_depth_and_time() {
    let rate_hz = 48_000.0;
    let loud = |n: usize| if (24_000..72_000).contains(&n) { 0.5 } else { 0.002 };
    for (channels, duck_db) in [(1, 12.0), (2, 24.0), (3, 6.0)] {
        let input: Vec<Vec<f64>> = (0..channels)
            .map(|channel| noise(channel, 120_000).iter().enumerate().map(|(n, x)| loud(n) * x).collect())
            .collect();
        let dry = DelayParams { time_ms: 30.3, ..Default::default() };
        let plain = render(&dry, rate_hz, channels as usize, input.concat());
        let ducked = render(&DelayParams { duck_db, ..dry }, rate_hz, channels as usize, input.concat());
        let gains = ducking_gains(&input, duck_db, rate_hz);
        for (plain, ducked) in plain.iter().zip(&ducked) {
            for ((gain, plain), ducked) in gains.iter().zip(plain).zip(ducked) {
                // Of the fast logarithm and exponential.
                assert!((ducked - gain * plain).abs() <= 1e-4 * gain * plain.abs() + 1e-12, "{channels} {duck_db}");
            }
        }
        // In full at -7 dBFS, and not at all at -59 dBFS.
        println!("{channels}: {:.3} dB at the end of the loud part", db(gains[71_000]));
        assert!((db(gains[71_000]) + duck_db).abs() < 0.01 && db(gains[23_000]).abs() < 0.01);
        // Attack 10 ms after 10 ms of mean square, release 250 ms after the mean square has fallen by 50 dB.
        let reached = |share: f64, from: usize| gains[from..].iter().position(|gain| db(*gain) <= -share * duck_db);
        let left = |share: f64, from: usize| gains[from..].iter().position(|gain| db(*gain) >= -share * duck_db);
        let (attack, release) = (reached(0.632, 24_000).unwrap(), left(0.368, 72_000).unwrap());
        println!("{channels}: attack {attack} frames, release {release} frames");
        assert!((400..900).contains(&attack) && (11_000..16_000).contains(&release), "{attack} {release}");
    }
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
fn what_was_forgotten_in_silence_is_never_played() {
    let short = DelayParams { time_ms: 5.0, feedback: 0.0, ..Default::default() };
    let long = DelayParams { time_ms: 1_900.0, ..short };
    for (offset, cut) in [(0, 4_096), (17, 1_000), (63, 64)] {
        let mut delay = short.build::<f32>(&StreamSpec::new(48_000.0, 1).unwrap()).unwrap();
        let mut audio = vec![0.0_f32; 300_000];
        // A loud burst, silence; a time that reaches back to the burst; one sample.
        audio[..20_000].copy_from_slice(&planar_noise::<f32>(1, 20_000));
        let click = 60_000 + offset;
        audio[click] = 0.5;
        let change: Edit<'_, Delay<f32>> = Box::new(|delay| delay.set_params(&long).unwrap());
        run(&mut delay, &mut audio, &Cut(vec![cut]), vec![(40_000, change)]);
        let sounding: Vec<_> = (21_000..300_000).filter(|n| audio[*n] != 0.0).collect();
        assert_eq!(sounding, [click + 91_200], "{offset} {cut}");
        assert_eq!(audio[click + 91_200], 0.5);
    }
}

#[test]
fn a_longer_time_plays_what_the_lines_still_hold() {
    let short = DelayParams { time_ms: 5.0, feedback: 0.0, ..Default::default() };
    let mut delay = short.build::<f32>(&StreamSpec::new(48_000.0, 1).unwrap()).unwrap();
    // A constant keeps it awake.
    let mut audio = vec![0.25_f32; 100_000];
    audio[1_000] = 1.0;
    let change: Edit<'_, Delay<f32>> =
        Box::new(|delay| delay.set_params(&DelayParams { time_ms: 1_000.0, ..short }).unwrap());
    run(&mut delay, &mut audio, &Cut(vec![480]), vec![(20_000, change)]);
    assert_eq!(audio[49_000], 1.0);
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
