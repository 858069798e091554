//! Gates of the de-esser: sibilants reduced by the same amount at any level, vowels unchanged.

use crate::common::{Cut, noise, run, same_bits};
use mixdown::{dynamics::*, *};
use std::f64::consts::{PI, TAU};

const RATES_HZ: [f64; 3] = [44_100.0, 48_000.0, 96_000.0];

/// Noise from 6.5 to 10 kHz, at an RMS of 1: white, through a long windowed-sinc band pass.
fn sibilant(rate_hz: f64, frames: usize) -> Vec<f64> {
    let half = (0.006 * rate_hz) as i32;
    let taps: Vec<f64> = (-half..=half)
        .map(|k| {
            let (n, u) = (f64::from(k), f64::from(k) / f64::from(half));
            let low = |hz: f64| if k == 0 { 2.0 * hz / rate_hz } else { (TAU * hz / rate_hz * n).sin() / (PI * n) };
            (low(10_000.0) - low(6_500.0)) * (0.42 + 0.5 * (PI * u).cos() + 0.08 * (TAU * u).cos())
        })
        .collect();
    let white = noise(21, frames + taps.len());
    let band: Vec<f64> =
        white.windows(taps.len()).take(frames).map(|w| w.iter().zip(&taps).map(|(x, h)| x * h).sum()).collect();
    let rms = (band.iter().map(|x| x * x).sum::<f64>() / frames as f64).sqrt();
    band.iter().map(|x| x / rms).collect()
}

/// A voice on 140 Hz: harmonics below 4 kHz that fall by 6 dB per octave, with a formant at 2.6 kHz.
fn vowel(rate_hz: f64, frames: usize) -> Vec<f64> {
    let harmonics: Vec<(f64, f64)> = (1..)
        .map(|k| 140.0 * f64::from(k))
        .take_while(|hz| *hz < 4_000.0)
        .map(|hz| (hz, 140.0 / hz + 0.3 * (-((hz - 2_600.0) / 400.0).powi(2)).exp()))
        .collect();
    (0..frames)
        .map(|n| harmonics.iter().map(|(hz, level)| 0.2 * level * (TAU * hz * n as f64 / rate_hz).sin()).sum())
        .collect()
}

fn power(samples: &[f64]) -> f64 {
    samples.iter().map(|x| x * x).sum::<f64>() / samples.len() as f64
}

fn render<S: Sample>(params: &DeEsserParams, rate_hz: f64, input: &[f64]) -> (Vec<f64>, usize) {
    let mut de_esser = params.build::<S>(&StreamSpec::new(rate_hz, 1).unwrap()).unwrap();
    let mut audio: Vec<S> = input.iter().map(|&x| S::from_f64(x)).collect();
    run(&mut de_esser, &mut audio, &Cut(vec![512]), vec![]);
    (audio.iter().map(|x| x.to_f64()).collect(), de_esser.latency_frames())
}

#[test]
fn s48_a_sibilant_burst_is_reduced_by_the_range_at_every_level() {
    /// SOUND 4.8.
    const LIMIT_DB: f64 = 0.5;
    let mut worst = 0.0_f64;
    for rate_hz in RATES_HZ {
        let frames = (0.2 * rate_hz) as usize;
        let noise = sibilant(rate_hz, frames);
        for range_db in [3.0, 6.0, 12.0, 20.0] {
            for level_db in [-10.0, -30.0, -50.0] {
                let burst: Vec<f64> = noise.iter().map(|x| db_to_gain(level_db) * x).collect();
                let params = DeEsserParams { range_db, ..Default::default() };
                let (out, latency) = render::<f32>(&params, rate_hz, &burst);
                // From 1 ms after its onset: the attack is half of that, and the lookahead 1 ms.
                let settled = latency + (0.001 * rate_hz) as usize;
                let reduced = &out[settled..];
                let reduction_db = power_to_db(power(&burst[settled - latency..frames - latency]) / power(reduced));
                worst = worst.max((reduction_db - range_db).abs());
                assert!((reduction_db - range_db).abs() <= LIMIT_DB, "{rate_hz} {range_db} {level_db}: {reduction_db}");
            }
        }
    }
    println!("4.8 burst: range ± {worst:.3} dB");
}

#[test]
fn s48_a_vowel_is_left_alone() {
    let mut active = 0.0_f64;
    for rate_hz in RATES_HZ {
        for level_db in [0.0, -20.0, -40.0] {
            let frames = (0.4 * rate_hz) as usize;
            let voice: Vec<f64> = vowel(rate_hz, frames)
                .iter()
                .enumerate()
                // Faded in over 20 ms: a hard onset would be a click, and clicks are mostly treble.
                .map(|(n, x)| {
                    let fade = 0.5 - 0.5 * (PI * (n as f64 / (0.02 * rate_hz)).min(1.0)).cos();
                    f64::from((db_to_gain(level_db) * x * fade) as f32)
                })
                .collect();
            let (out, latency) = render::<f32>(&DeEsserParams::default(), rate_hz, &voice);
            let same = out[latency..].iter().zip(&voice).all(|(y, x)| y.to_bits() == x.to_bits());
            let change_db = power_to_db(power(&out[latency..]) / power(&voice[..frames - latency])).abs();
            active = active.max(change_db);
            // SOUND 4.8 requires less than 0.1 dB.
            assert!(same, "{rate_hz} {level_db}: {change_db} dB");
        }
    }
    println!("4.8 vowel: changed by {active} dB, bit for bit the delayed input");
}

#[test]
fn s48_a_sibilant_in_a_word_loses_the_range_and_its_neighbours_nothing() {
    let rate_hz = 48_000.0;
    let part = 12_000;
    let (voice, hiss) = (vowel(rate_hz, 3 * part), sibilant(rate_hz, part));
    // A vowel, an s as loud as it in its place, a vowel.
    let fade = |n: usize| ((n.min(part - n)) as f64 / 480.0).min(1.0);
    let level = power(&voice).sqrt();
    let word: Vec<f64> = (0..3 * part)
        .map(|n| {
            let s = if n / part == 1 { fade(n - part) } else { 0.0 };
            (1.0 - s) * voice[n] + s * level * hiss[n % part]
        })
        .collect();
    let (out, latency) = render::<f64>(&DeEsserParams::default(), rate_hz, &word);
    let change_db = |range: std::ops::Range<usize>| {
        power_to_db(power(&out[range.start + latency..range.end + latency]) / power(&word[range]))
    };
    let (before, during) = (change_db(0..part - 480), change_db(part + 1_000..2 * part - 1_000));
    let after = change_db(2 * part + 480..3 * part - 480);
    println!("4.8 word: vowel {before:.3} dB, s {during:.3} dB, vowel {after:.3} dB");
    assert!(before.abs() < 0.1 && (during + 6.0).abs() <= 0.5 && after.abs() < 0.1);
}

#[test]
fn s48_noise_and_silence_are_left_alone() {
    // Of the floor, -60 dBFS: at a floor of -80 dBFS a breath of -75 dBFS lost 5.8 dB.
    for level_db in [-60.5, -75.0, -80.5, -100.0, -300.0] {
        let noise: Vec<f64> = sibilant(48_000.0, 9_600).iter().map(|x| db_to_gain(level_db - 3.0) * x).collect();
        let (out, latency) =
            render::<f64>(&DeEsserParams { threshold_db: -40.0, ..Default::default() }, 48_000.0, &noise);
        assert!(same_bits(&out[latency..], &noise[..noise.len() - latency]), "{level_db}");
    }
    let (out, _) = render::<f32>(&DeEsserParams { threshold_db: -40.0, ..Default::default() }, 48_000.0, &[0.0; 4_800]);
    assert!(out.iter().all(|x| x.to_bits() == 0));
}

#[test]
fn times_are_those_of_the_reduction() {
    // A sibilant's tone beside a vowel's, which goes on.
    let rate_hz = 48_000.0;
    for (attack_ms, release_ms) in [(0.5, 40.0), (10.0, 100.0), (50.0, 50.0)] {
        let params = DeEsserParams { attack_ms, release_ms, ..Default::default() };
        let (on, off) = (24_000, 72_000);
        let mut audio: Vec<f64> = (0..120_000)
            .map(|n| {
                let sibilant = if (on..off).contains(&n) { 0.5 } else { 0.0 };
                0.1 * (TAU * 300.0 * n as f64 / rate_hz).sin() + sibilant * (TAU * 9_000.0 * n as f64 / rate_hz).sin()
            })
            .collect();
        let mut trace = vec![0.0; audio.len()];
        let mut de_esser = params.build::<f64>(&StreamSpec::new(rate_hz, 1).unwrap()).unwrap();
        de_esser.process_traced(
            &mut BlockMut::from_planar(&mut audio, 1).unwrap(),
            None,
            &mut BlockMut::from_planar(&mut trace, 1).unwrap(),
        );
        let rise_ms = trace[on..].iter().position(|&db| db >= 6.0 * 0.632).unwrap() as f64 / 48.0;
        let fall_ms = trace[off..].iter().position(|&db| db <= 6.0 * 0.368).unwrap() as f64 / 48.0;
        println!("{rise_ms:.2} for {attack_ms} ms, {fall_ms:.2} for {release_ms} ms");
        // Latency of 1 ms; the powers, of 1 ms, fall by 14 dB. Without regard to the attack it fell in 46, 116 and 113 ms.
        assert!((rise_ms - attack_ms).abs() <= 0.04 * attack_ms + 1.1, "{rise_ms}");
        assert!((fall_ms - release_ms).abs() <= 0.1 * release_ms + 4.3, "{fall_ms}");
    }
}

#[test]
fn the_floor_is_a_level_of_the_band() {
    let reduction_db = |floor_db, level_db| {
        let hiss: Vec<f64> = sibilant(48_000.0, 24_000).iter().map(|x| db_to_gain(level_db) * x).collect();
        let params = DeEsserParams { floor_db, ..Default::default() };
        let (out, latency) = render::<f64>(&params, 48_000.0, &hiss);
        power_to_db(power(&hiss[480..24_000 - latency]) / power(&out[480 + latency..]))
    };
    for floor_db in [-80.0, -60.0, -40.0] {
        let [below, above] = [-5.0, 8.0].map(|db| reduction_db(floor_db, floor_db + db));
        println!("floor {floor_db} dBFS: {below:.2} dB of reduction 5 dB below, {above:.2} 8 dB above");
        assert!(below < 0.1 && (above - 6.0).abs() < 0.5, "{below} {above}");
    }
}

#[test]
fn the_knee_lies_around_the_threshold() {
    // A tone in the band and one below it, each a sine on the left and a cosine on the right: the powers of both channels
    // add up to constants.
    let reduction_db = |knee_db, share_db: f64| {
        let (high, low) = (10_f64.powf(share_db / 20.0), (1.0 - 10_f64.powf(share_db / 10.0)).sqrt());
        let tones = |n: usize, shift: f64| {
            let tone = |hz: f64| (TAU * hz / 48_000.0 * n as f64 + shift).sin();
            0.3 * (high * tone(18_000.0) + low * tone(2_400.0))
        };
        let mut audio: Vec<f64> = (0..24_000).map(|n| tones(n, 0.0)).collect();
        audio.extend((0..24_000).map(|n| tones(n, 0.25 * TAU)));
        let params = DeEsserParams { knee_db, threshold_db: -12.0, attack_ms: 10.0, ..Default::default() };
        let mut de_esser = params.build::<f64>(&StreamSpec::new(48_000.0, 2).unwrap()).unwrap();
        run(&mut de_esser, &mut audio, &Cut::whole(), vec![]);
        de_esser.gain_reduction_db(0)
    };
    for knee_db in [4.0, 6.0, 12.0] {
        let half = 0.5 * knee_db;
        let found = [-half - 0.8, -0.5 * half, 0.0, 0.5 * half, half + 0.8].map(|db| reduction_db(knee_db, -12.0 + db));
        println!("knee {knee_db} dB: {found:.2?} dB");
        // Smooth: 5/32, a half and 27/32 of the range of 6 dB.
        let expected = [0.0, 0.94, 3.0, 5.06, 6.0];
        assert!(found.iter().zip(expected).all(|(y, x)| (y - x).abs() < 0.3), "{found:?}");
    }
}

/// The level of a tone over that of itself and one at 400 Hz at which half of the range is reached, in dB.
fn half_range_db(tone_hz: f64, params: &DeEsserParams, rate_hz: f64) -> f64 {
    let frames = (0.25 * rate_hz) as usize;
    let median_db = |share_db: f64| {
        let share = 10_f64.powf(share_db / 10.0);
        let tone = |hz: f64, n: usize| (TAU * hz / rate_hz * n as f64).sin();
        let mut audio: Vec<f64> = (0..frames)
            .map(|n| 0.14 * ((1.0 - share).sqrt() * tone(400.0, n) + share.sqrt() * tone(tone_hz, n)))
            .collect();
        let mut traces = vec![0.0; frames];
        let mut de_esser = params.build::<f64>(&StreamSpec::new(rate_hz, 1).unwrap()).unwrap();
        let mut trace = BlockMut::from_planar(&mut traces, 1).unwrap();
        de_esser.process_traced(&mut BlockMut::from_planar(&mut audio, 1).unwrap(), None, &mut trace);
        let settled = &mut traces[frames / 2..];
        settled.sort_by(f64::total_cmp);
        settled[settled.len() / 2]
    };
    let (mut low, mut high) = (params.threshold_db - 6.0, -0.1_f64);
    while high - low > 0.02 {
        let middle = 0.5 * (low + high);
        if median_db(middle) < 0.5 * params.range_db { low = middle } else { high = middle }
    }
    low
}

#[test]
fn the_threshold_is_the_level_of_the_band_over_the_whole_at_every_rate() {
    /// The ripple of the band is 0.15 dB, that of the mean powers as much; the release holds it.
    const THRESHOLD_DB: f64 = 0.5;
    /// A Linkwitz-Riley slope under the bilinear transform: 0.4 dB between 44.1 and 192 kHz.
    const RATES_DB: f64 = 0.2;
    for threshold_db in [-6.0, -12.0] {
        for tone_hz in [5_600.0, 6_500.0, 8_000.0, 12_000.0] {
            let params = DeEsserParams { threshold_db, ..Default::default() };
            let found = [44_100.0, 48_000.0, 96_000.0, 192_000.0].map(|rate| half_range_db(tone_hz, &params, rate));
            println!("threshold {threshold_db} dB, {tone_hz} Hz: half of the range at {found:.2?} dB");
            // At -6 dB, 5.6 kHz reached it at -1.2 dB, 6.5 kHz at -3.3, 8 kHz at -5.4.
            assert!(found.iter().all(|db| (db - threshold_db).abs() <= THRESHOLD_DB), "{tone_hz}: {found:?}");
            let spread = found.iter().fold(f64::MIN, |a, &b| a.max(b)) - found.iter().fold(f64::MAX, |a, &b| a.min(b));
            assert!(spread <= RATES_DB, "{tone_hz}: {found:?}");
        }
    }
}

#[test]
fn listening_puts_out_the_band_alone() {
    let tone = |hz: f64| -> Vec<f64> { (0..9_600).map(|n| 0.5 * (TAU * hz / 48_000.0 * n as f64).sin()).collect() };
    let params = DeEsserParams { listen: true, ..Default::default() };
    let (low, latency) = render::<f64>(&params, 48_000.0, &tone(1_000.0));
    assert!(power_to_db(power(&low[480..]) / 0.125) < -45.0);
    let (high, _) = render::<f64>(&params, 48_000.0, &tone(9_000.0));
    let expected = tone(9_000.0);
    let error = high[480 + latency..].iter().zip(&expected[480..]).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    assert!(error < 0.005, "{error}: linear phase, no reduction");
}

#[test]
fn never_louder_and_never_more_than_the_range() {
    let input = noise(5, 48_000);
    for (threshold_db, range_db) in [(-3.0, 12.0), (-40.0, 20.0), (0.0, 20.0)] {
        let params = DeEsserParams { threshold_db, range_db, ..Default::default() };
        let mut de_esser = params.build::<f64>(&StreamSpec::new(48_000.0, 2).unwrap()).unwrap();
        let mut audio = [&input[..], &input[..]].concat();
        let mut traces = vec![0.0; 2 * 48_000];
        let mut trace = BlockMut::from_planar(&mut traces, 2).unwrap();
        de_esser.process_traced(&mut BlockMut::from_planar(&mut audio, 2).unwrap(), None, &mut trace);
        assert!(traces.iter().all(|&db| (0.0..=range_db + 1e-9).contains(&db)));
        assert_eq!(traces[..48_000], traces[48_000..]);
        // The meter reads in f32.
        assert!((de_esser.gain_reduction_db(1) - traces[47_999]).abs() < 1e-5);
        assert!(power(&audio) <= power(&input) * (1.0 + 1e-12));
    }
}
