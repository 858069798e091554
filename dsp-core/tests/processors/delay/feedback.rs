//! The loop: cuts, stability, soft clip; and the ducking.

use super::*;

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
        let process = |delay: &mut Delay<f32>, level: f32, blocks: usize| {
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
