//! Masters with content up to half the sample rate, measured by a Fourier transform that is independent of the meters.

use crate::common::noise;
use mixdown::{delivery::*, dynamics::*, meters::*, *};
use realfft::{RealFftPlanner, num_complex::Complex64 as Complex};
use std::f64::consts::TAU;

const RATE_HZ: f64 = 44_100.0;
/// 1.5 s.
const FRAMES: usize = 1 << 16;
/// Points per sample of the transform: half a step away from a crest at half the rate is 0.01 dB.
const POINTS: usize = 32;

fn spec(channels: usize) -> StreamSpec {
    StreamSpec::new(RATE_HZ, channels).unwrap()
}

/// The true peak by zero-padding the spectrum: the ideal interpolation of the samples between two silences.
fn transform_dbtp(channels: &[&[f64]]) -> f64 {
    let mut planner = RealFftPlanner::<f64>::new();
    let edge = 2_048;
    let mut peak = 0.0_f64;
    for channel in channels {
        let length = (channel.len() + 2 * edge).next_power_of_two();
        let mut padded = vec![0.0; length];
        padded[edge..edge + channel.len()].copy_from_slice(channel);
        let forward = planner.plan_fft_forward(length);
        let mut spectrum = forward.make_output_vec();
        forward.process(&mut padded, &mut spectrum).unwrap();
        let inverse = planner.plan_fft_inverse(length);
        for point in 0..POINTS {
            // A delay by a fraction of a sample is a rotation of each bin.
            let delay = point as f64 / POINTS as f64;
            let mut turned: Vec<Complex> = (0..)
                .zip(&spectrum)
                .map(|(bin, value)| value * Complex::from_polar(1.0, TAU * f64::from(bin) / length as f64 * delay))
                .collect();
            turned[0].im = 0.0;
            turned[length / 2].im = 0.0;
            inverse.process(&mut turned, &mut padded).unwrap();
            peak = padded.iter().fold(peak, |peak, x| peak.max(x.abs() / length as f64));
        }
    }
    gain_to_db(peak)
}

/// A swelling signal of content up to `top_hz`, clipped hard: noise, or the partials of a chord.
fn clipped(seed: u64, top_hz: f64, chord: bool) -> Vec<f64> {
    let inverse = RealFftPlanner::<f64>::new().plan_fft_inverse(FRAMES);
    let mut spectrum = inverse.make_input_vec();
    let phases = noise(seed, spectrum.len());
    let bin_hz = RATE_HZ / FRAMES as f64;
    let tones = [220.0, 277.18, 329.63, 441.3];
    let partial =
        |hz: f64| tones.iter().any(|tone| (hz / tone).round() >= 1.0 && (hz % tone).min(tone - hz % tone) < bin_hz);
    for ((bin, value), phase) in (0..).zip(&mut spectrum).zip(phases).skip(1) {
        let hz = f64::from(bin) * bin_hz;
        if hz < top_hz && (!chord || partial(hz)) {
            *value = Complex::from_polar(1.0, TAU * phase);
        }
    }
    spectrum[FRAMES / 2] = Complex::ZERO;
    let mut sound = inverse.make_output_vec();
    inverse.process(&mut spectrum, &mut sound).unwrap();
    let rms = (sound.iter().map(|x| x * x).sum::<f64>() / FRAMES as f64).sqrt();
    let swell = |n: usize| 0.15 + 0.85 * (0.5 * TAU * 1.7 * n as f64 / RATE_HZ).sin().powi(4);
    (0..).zip(sound).map(|(n, x)| (0.5 * swell(n) * x / rms).clamp(-0.9, 0.9)).collect()
}

fn materials() -> Vec<(String, Vec<f64>)> {
    let mut materials = Vec::new();
    for top_hz in [20_000.0, 21_000.0, 21_800.0] {
        materials.push((format!("noise to {top_hz} Hz"), clipped(1, top_hz, false)));
        materials.push((format!("chord to {top_hz} Hz"), clipped(2, top_hz, true)));
    }
    materials
}

fn reading(samples: &[f64], precision: Precision) -> f64 {
    let mut meter = TruePeakMeter::new(&spec(1), precision).unwrap();
    meter.observe(&Block::from_planar(samples, 1).unwrap());
    meter.reading().true_peak_dbtp
}

fn limited(samples: &[f64], drive_db: f64) -> Vec<f64> {
    let params = LimiterParams { gain_db: drive_db, mode: LimiterMode::Master, ..Default::default() };
    let mut limiter = params.build::<f64>(&spec(1)).unwrap();
    let mut out = samples.to_vec();
    limiter.process(&mut BlockMut::from_planar(&mut out, 1).unwrap());
    out
}

#[test]
fn the_reference_meter_agrees_with_the_transform() {
    /// Distance of the points, and content within 0.5 % of half the rate.
    const REFERENCE_DB: f64 = 0.03;
    let mut missed_db = 0.0_f64;
    for (name, sound) in materials() {
        for sound in [limited(&sound, 3.0), sound] {
            let exact = transform_dbtp(&[&sound]);
            let error_db = reading(&sound, Precision::Reference) - exact;
            missed_db = missed_db.min(reading(&sound, Precision::High) - exact);
            println!("{name}: {exact:.3} dBTP, error {error_db:.4}");
            assert!(error_db.abs() <= REFERENCE_DB, "{name}: {error_db} dB");
        }
    }
    assert!(missed_db < -0.2, "the material is no trial: 96 taps miss {missed_db} dB");
}

#[test]
fn masters_of_full_band_sound_are_below_the_ceiling_by_the_transform() {
    for (name, sound) in materials() {
        let mut meter = LoudnessParams::default().build::<f64>(&spec(1)).unwrap();
        meter.observe(&Block::from_planar(&sound, 1).unwrap());
        let loudness = meter.reading();
        // 2 and 3 dB beyond the reach of a gain alone.
        let at_ceiling = loudness.integrated_lufs - 1.0 - loudness.true_peak_dbtp.unwrap();
        for (push_db, bits) in [(2.0, 16), (3.0, 24)] {
            let params = DeliveryParams { target_lufs: at_ceiling + push_db, bits, ..Default::default() };
            let done = deliver(&Block::from_planar(&sound, 1).unwrap(), &spec(1), &params).unwrap();
            let exact = transform_dbtp(&[&done.samples]);
            let certified = done.loudness.true_peak_dbtp.unwrap();
            println!("{name} {push_db}: {} passes, certified {certified:.3}, {exact:.3} dBTP", done.passes);
            assert!(certified <= -1.0 - PEAK_MARGIN_DB && exact <= -1.0, "{name}: {certified} {exact}");
            assert!((done.loudness.integrated_lufs - params.target_lufs).abs() <= LOUDNESS_TOLERANCE_LU);
            for precision in [Precision::Standard, Precision::High] {
                let peak = reading(&done.samples, precision);
                assert!(peak <= -1.0, "{name}: {peak} dBTP at {precision:?}");
            }
        }
    }
}

#[test]
fn a_gain_never_ends_above_the_ceiling_by_the_transform() {
    for (name, mut sound) in materials() {
        let params = NormalizeParams { target_lufs: 0.0, ..Default::default() };
        let mut block = BlockMut::from_planar(&mut sound, 1).unwrap();
        normalize(&mut block, &spec(1), &LoudnessParams::default(), &params).unwrap();
        let exact = transform_dbtp(&[&sound]);
        assert!(exact <= -1.0 + 0.03 && reading(&sound, Precision::Standard) <= -1.0, "{name}: {exact}");
    }
}

/// Partials above 700 Hz, between the harmonics of 50 Hz, in swells and hits, and a steady tone of 50 Hz as strong.
fn tone_and_music(seconds: usize) -> Vec<f64> {
    let frames = seconds * 44_100;
    let dice = noise(12, 120);
    let sines: Vec<[f64; 2]> =
        (0..60).map(|n| [700.0 * 1.05_f64.powi(n) + 7.3 * dice[n as usize], TAU * dice[60 + n as usize]]).collect();
    let music: Vec<f64> = (0..frames)
        .map(|n| {
            let time = n as f64 / RATE_HZ;
            let (hit, swell) = ((time * 2.2).fract() / 2.2, (TAU * 0.31 * time).sin());
            let envelope = 0.3 + 0.15 * swell + (1.0 - (-hit / 0.01).exp()) * (-hit / 0.08).exp();
            envelope * sines.iter().map(|[hz, phase]| (TAU * hz * time + phase).sin()).sum::<f64>()
        })
        .collect();
    let rms = (music.iter().map(|x| x * x).sum::<f64>() / frames as f64).sqrt();
    let tone = |n: usize| 2.0_f64.sqrt() * (TAU * 50.0 * n as f64 / RATE_HZ).sin();
    music.iter().enumerate().map(|(n, x)| 0.1 * (x / rms + tone(n))).collect()
}

/// Harmonics 2 to 10 of 50 Hz over the tone, in dB, under a Blackman window.
fn thd_db(sound: &[f64]) -> f64 {
    let line = |hz: f64| {
        let sum: Complex = (0..)
            .zip(sound)
            .map(|(n, x)| {
                let place = TAU * f64::from(n) / sound.len() as f64;
                let window = 0.42 - 0.5 * place.cos() + 0.08 * (2.0 * place).cos();
                Complex::from_polar(x * window, TAU * hz / RATE_HZ * f64::from(n))
            })
            .sum();
        sum.norm_sqr()
    };
    let harmonics: f64 = (2..=10).map(|harmonic| line(50.0 * f64::from(harmonic))).sum();
    10.0 * (harmonics / line(50.0)).log10()
}

/// What differs from the programme at the best gain, over the programme, in dB.
fn residual_db(programme: &[f64], master: &[f64]) -> f64 {
    let energy: f64 = programme.iter().map(|x| x * x).sum();
    let gain = programme.iter().zip(master).map(|(x, y)| x * y).sum::<f64>() / energy;
    let residual: f64 = programme.iter().zip(master).map(|(x, y)| (y / gain - x).powi(2)).sum();
    10.0 * (residual / energy).log10()
}

#[test]
fn loud_masters_stay_close_to_the_programme() {
    let sound = tone_and_music(8);
    let programme = Block::from_planar(&sound, 1).unwrap();
    // With 0.5 dB to spare. One stage of clip that left a quarter of the excess to the limiter gave -26, -18 and -17 dB.
    for (target_lufs, limit_db) in [(-11.0, -33.9), (-8.0, -24.5), (-7.0, -21.7)] {
        let params = DeliveryParams { target_lufs, dual_mono: true, ..Default::default() };
        let done = deliver(&programme, &spec(1), &params).unwrap();
        let residual_db = residual_db(&sound, &done.samples);
        println!("{target_lufs} LUFS: residual {residual_db:.2} dB, {:?}, {:?}", done.clipping, done.reduction);
        assert!(residual_db <= limit_db, "{residual_db}");
    }
}

#[test]
fn loud_masters_keep_bass_clean() {
    let sound = tone_and_music(8);
    assert!(thd_db(&sound) < -65.0, "the material has harmonics of its own: {} dB", thd_db(&sound));
    let programme = Block::from_planar(&sound, 1).unwrap();
    // With 1 to 2 dB to spare. The limiter alone, made faster and faster, gave -67, -56 and -37 dB.
    for (target_lufs, limit_db) in [(-11.0, -76.5), (-8.0, -60.0), (-7.0, -54.5)] {
        let params = DeliveryParams { target_lufs, dual_mono: true, ..Default::default() };
        let done = deliver(&programme, &spec(1), &params).unwrap();
        let (thd_db, limiter) = (thd_db(&done.samples), done.limiter.unwrap());
        println!("{target_lufs} LUFS: gain {:.2} dB, {:?}, THD {thd_db:.1} dB", done.gain_db, done.clipping);
        assert_eq!(limiter.hold_ms, 8.0);
        assert!(thd_db <= limit_db, "{thd_db}");
    }
}

#[test]
fn every_refusal_names_the_same_loudness_which_can_be_had() {
    let sound = tone_and_music(3);
    let programme = Block::from_planar(&sound, 1).unwrap();
    for (clip_mode, clip_db) in [(ClipMode::Auto, 0.0), (ClipMode::Fixed, 0.0), (ClipMode::Fixed, 4.0)] {
        let run = |target_lufs| {
            deliver(&programme, &spec(1), &DeliveryParams { target_lufs, clip_mode, clip_db, ..Default::default() })
        };
        let refusal = |target_lufs: f64| {
            let error = run(target_lufs).unwrap_err();
            println!("{clip_mode:?} {clip_db}: {error}");
            let NormalizeError::OutOfReach { loudest_lufs, limited, .. } = error else { panic!("{error}") };
            assert_eq!(limited.map(|limited| limited.clip_db), (clip_mode == ClipMode::Fixed).then_some(clip_db));
            // What is beside it in the text can be had as well.
            if let Some(LimitedClipping { automatic_lufs, .. }) = limited {
                assert_eq!(error.to_string().contains("reaches it"), automatic_lufs >= target_lufs);
                let params = DeliveryParams { target_lufs: automatic_lufs.min(target_lufs), ..Default::default() };
                assert!(deliver(&programme, &spec(1), &params).is_ok(), "{automatic_lufs}");
            }
            loudest_lufs
        };
        // Before, it differed by 0.3 LU from target to target.
        let loudest_lufs = refusal(0.0);
        assert_eq!([loudest_lufs + 0.25, loudest_lufs + 0.7].map(|target| refusal(target.min(0.0))), [loudest_lufs; 2]);
        for below_lu in [0.0, 0.1, 0.4] {
            let target_lufs = loudest_lufs - below_lu;
            let done = run(target_lufs).unwrap();
            assert!((done.loudness.integrated_lufs - target_lufs).abs() <= LOUDNESS_TOLERANCE_LU);
        }
        assert!(loudest_lufs > -14.0, "{loudest_lufs}");
    }
}

/// White noise with nothing above `top_hz`, by its spectrum, 12 dB over full scale.
fn noise_up_to(seed: u64, top_hz: f64) -> Vec<f64> {
    let inverse = RealFftPlanner::<f64>::new().plan_fft_inverse(FRAMES);
    let mut spectrum = inverse.make_input_vec();
    let dice = noise(seed, 2 * spectrum.len());
    for (bin, value) in spectrum.iter_mut().enumerate().skip(1) {
        if bin as f64 * RATE_HZ / FRAMES as f64 <= top_hz {
            *value = Complex::from_polar((-(0.5 - 0.5 * dice[2 * bin]).max(1e-9).ln()).sqrt(), TAU * dice[2 * bin + 1]);
        }
    }
    spectrum[FRAMES / 2] = Complex::ZERO;
    let mut sound = inverse.make_output_vec();
    inverse.process(&mut spectrum, &mut sound).unwrap();
    let rms = (sound.iter().map(|x| x * x).sum::<f64>() / FRAMES as f64).sqrt();
    sound.iter().map(|x| x / rms).collect()
}

#[test]
fn the_ceiling_of_a_limiter_holds_up_to_a_band_by_the_transform() {
    /// Highest frequency at 44.1 kHz, and the largest excess in dB for standard and master.
    const EXCESS_DB: [(f64, [f64; 2]); 4] =
        [(20_000.0, [0.06, 0.03]), (21_000.0, [0.2, 0.03]), (21_800.0, [0.7, 0.42]), (22_050.0, [0.9, 0.6])];
    for (top_hz, limits_db) in EXCESS_DB {
        for (mode, limit_db) in [LimiterMode::Standard, LimiterMode::Master].into_iter().zip(limits_db) {
            let mut worst = f64::NEG_INFINITY;
            for seed in 0..4 {
                let params = LimiterParams { mode, ..Default::default() };
                let mut limiter = params.build::<f64>(&spec(1)).unwrap();
                let mut out = noise_up_to(seed, top_hz);
                limiter.process(&mut BlockMut::from_planar(&mut out, 1).unwrap());
                worst = worst.max(transform_dbtp(&[&out]) - params.ceiling_db);
            }
            println!("noise to {top_hz} Hz, {mode:?}: {worst:.3} dB over by the transform");
            assert!(worst <= limit_db, "{worst}");
        }
    }
}

#[test]
fn the_clip_is_on_beyond_3_db_off_or_as_deep_as_asked() {
    let sound = tone_and_music(3);
    let programme = Block::from_planar(&sound, 1).unwrap();
    let mut meter = LoudnessParams::default().build::<f64>(&spec(1)).unwrap();
    meter.observe(&programme);
    let loudness = meter.reading();
    let at_ceiling = loudness.integrated_lufs - 1.0 - loudness.true_peak_dbtp.unwrap();
    let run = |push_db: f64, clip_mode, clip_db| {
        let params = DeliveryParams { target_lufs: at_ceiling + push_db, clip_mode, clip_db, ..Default::default() };
        deliver(&programme, &spec(1), &params).unwrap()
    };
    let gentle = run(2.0, ClipMode::Auto, 0.0);
    assert!(gentle.clipping.is_none() && gentle.limiter.is_some());
    let hard = run(6.0, ClipMode::Auto, 0.0);
    let clipping = hard.clipping.unwrap();
    println!("{clipping:?}, {:?}", hard.reduction);
    assert!(clipping.depth_db > 3.0 && clipping.share > 0.0 && clipping.share < 0.2);
    // 0.25 dB are left to the limiter, and what the clip overshoots.
    assert!(hard.reduction.max_db < 1.5, "{:?}", hard.reduction);
    let off = run(5.0, ClipMode::Fixed, 0.0);
    assert!(off.clipping.is_none() && off.reduction.max_db > 5.0);
    let fixed = run(5.0, ClipMode::Fixed, 2.5).clipping.unwrap();
    assert!((fixed.depth_db - 2.5).abs() < 1e-9);
    // Deeper than the excess: down to the ceiling of the limiter and no further.
    let deep = run(3.0, ClipMode::Fixed, 24.0);
    assert!((deep.clipping.unwrap().ceiling_db - deep.limiter.unwrap().ceiling_db).abs() < 1e-9);
}

#[test]
fn dither_differs_from_file_to_file_and_repeats_for_the_same() {
    let sound = tone_and_music(2);
    let programme = Block::from_planar(&sound, 1).unwrap();
    let run = |target_lufs, seed| {
        let params = DeliveryParams { target_lufs, seed, bits: 16, ..Default::default() };
        deliver(&programme, &spec(1), &params).unwrap().samples
    };
    assert_eq!(run(-23.0, name_seed("a.wav")), run(-23.0, name_seed("a.wav")));
    assert_ne!(run(-23.0, name_seed("a.wav")), run(-23.0, name_seed("b.wav")));
}
