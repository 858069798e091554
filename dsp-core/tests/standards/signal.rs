//! The signals, synthesised from the standards' text: one oscillator per file, steps at its zero crossings.

use super::weighting::{lufs, weighting_power};
use mixdown::Sample;
use std::f64::consts::PI;

/// A tone in some channels under an envelope of steps.
#[derive(Clone, Debug)]
pub(crate) struct Tone {
    /// A whole number of hertz.
    pub(crate) frequency_hz: u32,
    /// Level of each channel relative to the steps, dB.
    pub(crate) channels_db: Vec<f64>,
    /// Weight of each channel, for the exact values.
    pub(crate) weights: Vec<f64>,
    /// Seconds and peak level, dBFS.
    pub(crate) steps: Vec<(f64, f64)>,
}

impl Tone {
    /// 1 kHz in both channels of stereo.
    pub(crate) fn stereo(steps: &[(f64, f64)]) -> Self {
        Self { frequency_hz: 1_000, channels_db: vec![0.0; 2], weights: vec![1.0; 2], steps: steps.to_vec() }
    }

    /// Weighted mean square over a window, without the filters' transients.
    pub(crate) fn energy(&self, from_s: f64, to_s: f64) -> f64 {
        let (mut start_s, mut sum) = (0.0, 0.0);
        for &(seconds, level_dbfs) in &self.steps {
            let overlap_s = (to_s.min(start_s + seconds) - from_s.max(start_s)).max(0.0);
            sum += overlap_s * 0.5 * 10_f64.powf(level_dbfs / 10.0);
            start_s += seconds;
        }
        let channels = std::iter::zip(&self.channels_db, &self.weights).map(|(db, w)| w * 10_f64.powf(db / 10.0));
        sum / (to_s - from_s) * channels.sum::<f64>() * weighting_power(f64::from(self.frequency_hz))
    }

    /// Both gates, computed literally over the ideal blocks.
    pub(crate) fn integrated_lufs(&self) -> f64 {
        let length_s: f64 = self.steps.iter().map(|step| step.0).sum();
        let count = ((length_s - 0.4) * 10.0 + 1e-6).floor() as usize + 1;
        let starts = (0..count).map(|j| 0.1 * j as f64);
        let blocks: Vec<f64> = starts.map(|start_s| self.energy(start_s, start_s + 0.4)).collect();
        let mean_above = |gate: f64| {
            let kept: Vec<f64> = blocks.iter().copied().filter(|&z| lufs(z) > gate).collect();
            kept.iter().sum::<f64>() / kept.len().max(1) as f64
        };
        let relative = lufs(mean_above(-70.0)) - 10.0;
        lufs(mean_above(relative.max(-70.0)))
    }

    /// Samples of a channel with this level relative to the steps.
    fn samples<S: Sample>(&self, rate_hz: f64, channel_db: f64) -> Vec<S> {
        let (rate, frequency) = (rate_hz as u64, u64::from(self.frequency_hz));
        // The phase repeats after this many frames; whole numbers keep it exact.
        let period = rate / gcd(rate, frequency);
        let wave: Vec<f64> = (0..period)
            .map(|n| (2.0 * PI * ((n * frequency) % rate) as f64 / rate_hz).sin() * 10_f64.powf(channel_db / 20.0))
            .collect();
        let mut samples = Vec::new();
        let mut end_s = 0.0;
        for &(seconds, level_dbfs) in &self.steps {
            end_s += seconds;
            let (start, end) = (samples.len(), (end_s * rate_hz).round() as usize);
            let amplitude = 10_f64.powf(level_dbfs / 20.0);
            let phases = wave.iter().cycle().skip(start % wave.len());
            samples.extend(phases.take(end.saturating_sub(start)).map(|x| S::from_f64(amplitude * x)));
        }
        samples
    }
}

fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// The signal of a file.
#[derive(Clone, Debug)]
pub(crate) enum Signal {
    Tone(Tone),
    /// One second of the rate divided, in both channels, faded in and out over 10 ms.
    Faded {
        divisor: usize,
        amplitude: f64,
        phase_degrees: f64,
    },
    /// A sixth of the rate at 0.5 with one period of a quarter at 1.0 in its midst, made at four times the rate,
    /// low-passed, and every fourth sample from `offset` on.
    Period {
        offset: usize,
    },
}

/// A file: identical channels share a buffer.
pub(crate) struct Audio<S> {
    buffers: Vec<Vec<S>>,
    channels: Vec<usize>,
}

impl<S> Audio<S> {
    pub(crate) fn channels(&self) -> Vec<&[S]> {
        self.channels.iter().map(|&buffer| &self.buffers[buffer][..]).collect()
    }
}

impl Signal {
    pub(crate) fn audio<S: Sample>(&self, rate_hz: f64) -> Audio<S> {
        let alike = |samples: Vec<f64>| Audio {
            buffers: vec![samples.into_iter().map(S::from_f64).collect()],
            channels: vec![0; 2],
        };
        match self {
            Self::Tone(tone) => {
                let mut levels: Vec<f64> = Vec::new();
                let mut channels = Vec::new();
                for db in &tone.channels_db {
                    channels.push(levels.iter().position(|level| level == db).unwrap_or(levels.len()));
                    if channels.last() == Some(&levels.len()) {
                        levels.push(*db);
                    }
                }
                Audio { buffers: levels.iter().map(|db| tone.samples(rate_hz, *db)).collect(), channels }
            }
            Self::Faded { divisor, amplitude, phase_degrees } => {
                alike(faded(rate_hz, *divisor, *amplitude, *phase_degrees))
            }
            Self::Period { offset } => alike(one_period(rate_hz).into_iter().skip(*offset).step_by(4).collect()),
        }
    }
}

fn faded(rate_hz: f64, divisor: usize, amplitude: f64, phase_degrees: f64) -> Vec<f64> {
    let (length, fade) = (rate_hz as usize, 0.01 * rate_hz);
    (0..length)
        .map(|n| {
            let fade = (n.min(length - 1 - n) as f64 / fade).min(1.0);
            let turns = (n % divisor) as f64 / divisor as f64 + phase_degrees / 360.0;
            fade * amplitude * (2.0 * PI * turns).sin()
        })
        .collect()
}

/// The signal of cases 20 to 23 at four times the rate, after the low-pass.
fn one_period(rate_hz: f64) -> Vec<f64> {
    let fade = (0.02 * rate_hz) as usize;
    // A whole number of periods before the middle, so that the phase is continuous.
    let middle = (0.2 * rate_hz) as usize / 24 * 24;
    let length = 2 * middle + 16;
    let raw: Vec<f64> = (0..length)
        .map(|n: usize| {
            let fade = (n.min(length - 1 - n) as f64 / fade as f64).min(1.0);
            let (turns, amplitude) = if n < middle {
                ((n % 24) as f64 / 24.0, 0.5)
            } else if n < middle + 16 {
                ((n - middle) as f64 / 16.0, 1.0)
            } else {
                (((n - middle - 16) % 24) as f64 / 24.0, 0.5)
            };
            fade * amplitude * (2.0 * PI * turns).sin()
        })
        .collect();
    // Low-pass at 0.46 of the lower rate: a Hann-windowed sinc of 1535 taps without delay.
    let (half, cutoff) = (767_i64, 0.46 / 4.0);
    let tap = |distance: i64| {
        let t = distance as f64;
        let sinc = if distance == 0 { 2.0 * cutoff } else { (2.0 * PI * cutoff * t).sin() / (PI * t) };
        sinc * (0.5 + 0.5 * (PI * t / (half + 1) as f64).cos())
    };
    let taps: Vec<f64> = (-half..=half).map(tap).collect();
    (0..length as i64)
        .map(|n| {
            let (from, to) = ((n - half).max(0), (n + half).min(length as i64 - 1));
            let (raw, taps) = (&raw[from as usize..=to as usize], &taps[(from - n + half) as usize..]);
            std::iter::zip(raw, taps).map(|(x, h)| x * h).sum()
        })
        .collect()
}

/// The peak of cases 20 to 23 after the low-pass, dBTP: 128 points per sample by a sinc over 64 samples.
pub(crate) fn period_peak_dbtp() -> f64 {
    let smooth = one_period(48_000.0);
    let top = (1..smooth.len() - 1).max_by(|&a, &b| smooth[a].abs().total_cmp(&smooth[b].abs())).unwrap_or(1);
    // The signal is oversampled four times, so that the window does not affect its band.
    let reach = 128;
    let at = |offset: f64| {
        let part = |n: usize| {
            let t = n as f64 - top as f64 - offset;
            let sinc = if t == 0.0 { 1.0 } else { (PI * t).sin() / (PI * t) };
            smooth[n] * sinc * (0.5 + 0.5 * (PI * t / (reach + 1) as f64).cos())
        };
        (top - reach..=top + reach).map(part).sum::<f64>().abs()
    };
    20.0 * (-32..=32).map(|k| at(f64::from(k) / 32.0)).fold(0.0, f64::max).log10()
}
