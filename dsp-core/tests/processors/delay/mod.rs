//! The gates of `Delay`: echoes, feedback, changes.

mod changes;
mod echoes;
mod feedback;

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
