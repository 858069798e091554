//! Signals on which limiters are tried.

use crate::common::noise;
use std::f64::consts::{PI, TAU};

/// Noise without content above 20 kHz (or 0.45 of the rate): white, through a long low pass.
pub(super) fn band_limited_noise(seed: u64, rate_hz: f64, frames: usize) -> Vec<f64> {
    low_passed(&noise(seed, frames + 512), rate_hz)[256..256 + frames].to_vec()
}

/// Through a windowed-sinc low pass with its stop band of -100 dB from 20 kHz or 0.45 of the rate on.
pub(super) fn low_passed(signal: &[f64], rate_hz: f64) -> Vec<f64> {
    let (half, beta) = (256, 10.0_f64);
    let stop = (20_000.0 / rate_hz).min(0.45);
    // A Kaiser window of this length takes (A - 7.95) / (14.36 * 2 half) to fall by A = 100 dB.
    let cutoff = stop - 0.5 * (100.0 - 7.95) / (14.36 * 2.0 * f64::from(half));
    let bessel = |x: f64| (1..60).rev().fold(1.0, |sum, k| 1.0 + sum * (x / (2.0 * f64::from(k))).powi(2));
    let taps: Vec<f64> = (-half..=half)
        .map(|k| {
            let (n, u) = (f64::from(k), f64::from(k) / f64::from(half));
            let sinc = if k == 0 { 2.0 * cutoff } else { (TAU * cutoff * n).sin() / (PI * n) };
            sinc * bessel(beta * (1.0 - u * u).sqrt()) / bessel(beta)
        })
        .collect();
    let edge = vec![0.0; half as usize];
    let padded = [&edge, signal, &edge].concat();
    padded.windows(taps.len()).map(|window| window.iter().zip(&taps).map(|(x, h)| x * h).sum()).collect()
}

pub(super) type Named = (&'static str, Vec<f64>);

/// Signals on which limiters overshoot, at about full scale.
pub(super) fn adversarial(rate_hz: f64, frames: usize) -> Vec<Named> {
    let time = |n: usize| n as f64 / rate_hz;
    let all = |signal: &dyn Fn(usize) -> f64| (0..frames).map(signal).collect::<Vec<f64>>();
    let white = noise(11, frames);
    let sign = |x: f64| if x < 0.0 { -1.0 } else { 1.0 };
    let middle = frames as f64 / 2.0 + 0.5;
    // A 20 kHz sweep ends at 21.5 kHz, or where 44.1 kHz has it.
    let top_hz = (21_500.0 / 44_100.0 * rate_hz).min(21_500.0);
    let sweep_s = time(frames);
    let am_hz = 21_000.0_f64.min(0.476 * rate_hz);
    vec![
        (
            "fs/4 at 45 degrees",
            all(&|n| if n % 1_000 < 400 { sign((PI * (n as f64 / 2.0 + 0.25)).sin()) } else { 0.0 }),
        ),
        ("white noise", white.clone()),
        ("telegraph", white.iter().map(|&x| sign(x)).collect()),
        ("sign(sinc)", all(&|n| sign((PI * (n as f64 - middle)).sin() * (n as f64 - middle)))),
        ("sparse impulses", (0..frames).map(|n| if white[n] > 0.99 { sign(white[n / 2]) } else { 0.0 }).collect()),
        ("square 1 kHz", all(&|n| sign((TAU * 1_000.0 * time(n) + 0.1).sin()))),
        ("chirp", all(&|n| (PI * top_hz * time(n) * time(n) / sweep_s).sin())),
        (
            "drums and noise",
            all(&|n| {
                let t = time(n % (frames / 3).max(1));
                (TAU * 60.0 * t).sin() * (-20.0 * t).exp() + white[n] * (0.8 * (-80.0 * t).exp() + 0.03)
            }),
        ),
        ("step of 80 dB", (0..frames).map(|n| white[n] * if n < frames / 2 { 1e-3 } else { 10.0 }).collect()),
        ("21 kHz AM", all(&|n| (TAU * am_hz * time(n)).sin() * (0.5 - 0.5 * (TAU * 50.0 * time(n)).cos()))),
    ]
}

/// The same kinds of signals, without content on which meters of finite length disagree.
pub(super) fn band_limited(rate_hz: f64, frames: usize) -> Vec<Named> {
    let edge_hz = 19_000.0_f64.min(0.43 * rate_hz);
    let time = |n: usize| n as f64 / rate_hz;
    let mut signals: Vec<Named> = adversarial(rate_hz, frames)
        .into_iter()
        .filter(|(name, _)| !matches!(*name, "chirp" | "21 kHz AM"))
        .map(|(name, signal)| (name, low_passed(&signal, rate_hz)))
        .collect();
    let fade = |n: usize| (PI * n as f64 / frames as f64).sin();
    let sweep = |n: usize| (PI * edge_hz * time(n) * time(n) / time(frames)).sin();
    signals.push(("chirp to 19 kHz", (0..frames).map(|n| fade(n) * sweep(n)).collect()));
    let am = |n: usize| (TAU * edge_hz * time(n)).sin() * (0.5 - 0.5 * (TAU * 50.0 * time(n)).cos());
    signals.push(("19 kHz AM", (0..frames).map(am).collect()));
    signals.push(("noise to 20 kHz", band_limited_noise(5, rate_hz, frames)));
    signals
}

/// A random signal 0 to 30 dB over full scale: white, smooth, two-valued, sparse or in steps of level.
pub(super) fn random_signal(seed: u64, frames: usize) -> Vec<f64> {
    let values = noise(seed ^ 0xA5A5, frames);
    let choice = noise(seed, 4);
    let gain = 10_f64.powf((choice[0] + 1.0) * 0.75);
    let pole = 1.0 - 10_f64.powf(-1.5 * (choice[1] + 1.0));
    let sign = |x: f64| if x < 0.0 { -1.0 } else { 1.0 };
    let mut last = 0.0;
    (0..frames)
        .map(|n| {
            let x = values[n];
            let shape = match seed % 5 {
                0 => x,
                1 => {
                    last = pole * last + (1.0 - pole * pole).sqrt() * x;
                    last
                }
                2 => sign(x),
                3 => sign(x) * if x.abs() > 0.97 { 1.0 } else { 0.02 },
                _ => x * 10_f64.powf(1.5 * values[n / 200 * 200] - 1.5),
            };
            gain * shape
        })
        .collect()
}

/// Half the sample rate, 0 to 30 dB over full scale, inverted now and then.
pub(super) fn reversing(seed: u64, frames: usize) -> Vec<f64> {
    let values = noise(seed ^ 0xA5A5, frames);
    let mut level = 10_f64.powf((noise(seed, 1)[0] + 1.0) * 0.75);
    values
        .iter()
        .map(|&x| {
            level = if x > 0.95 { level } else { -level };
            level
        })
        .collect()
}
