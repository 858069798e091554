//! Signals and readings shared by the tests of the meters.

pub(crate) use crate::standards::weighting::lufs;
use crate::standards::weighting::weighting_power;
use mixdown::{
    Block, Meter, Sample, StreamSpec,
    meters::{Loudness, LoudnessMeter, LoudnessParams, Precision},
};
use std::f64::consts::PI;

pub(crate) const RATE: f64 = 48_000.0;

/// Weighted mean square of a 1 kHz tone of this peak level in two front channels.
pub(crate) fn stereo_energy(level_dbfs: f64) -> f64 {
    2.0 * 0.5 * 10_f64.powf(level_dbfs / 10.0) * weighting_power(1_000.0)
}

/// Steps of a programme: seconds and level of a 1 kHz tone, dBFS.
pub(crate) type Steps<'a> = &'a [(f64, f64)];

/// Silence as a level.
pub(crate) const NONE: f64 = f64::NEG_INFINITY;

/// One oscillator under an envelope of steps, each at a zero crossing.
pub(crate) fn tone<S: Sample>(rate_hz: f64, steps: Steps<'_>) -> Vec<S> {
    let mut samples = Vec::new();
    let mut end_s = 0.0;
    for &(seconds, level_dbfs) in steps {
        end_s += seconds;
        let amplitude = 10_f64.powf(level_dbfs / 20.0);
        while samples.len() < (end_s * rate_hz).round() as usize {
            let phase = 2.0 * PI * (1_000.0 * samples.len() as f64 / rate_hz).fract();
            samples.push(S::from_f64(amplitude * phase.sin()));
        }
    }
    samples
}

pub(crate) fn meter<S: Sample>(rate_hz: f64, channels: usize, params: &LoudnessParams) -> LoudnessMeter<S> {
    params.build(&StreamSpec::new(rate_hz, channels).unwrap()).unwrap()
}

/// Reads a programme, whole and in odd blocks, which must give the same bits.
pub(crate) fn read<S: Sample>(rate_hz: f64, channels: &[&[S]], params: &LoudnessParams) -> Loudness {
    let block = Block::from_slices(channels).unwrap();
    let mut whole = meter(rate_hz, channels.len(), params);
    whole.observe(&block);
    let mut streamed = meter(rate_hz, channels.len(), params);
    let (mut start, mut length) = (0, 1);
    while start < block.frames() {
        let part = block.frames_at(start, length.min(block.frames() - start));
        streamed.observe(&part);
        start += part.frames();
        length = (length * 7 + 5) % 4_801;
    }
    assert_eq!(whole.reading(), streamed.reading());
    whole.reading()
}

/// Without the true peak, which these cases do not need.
pub(crate) fn loudness_only() -> LoudnessParams {
    LoudnessParams { precision: Precision::Off, ..Default::default() }
}

/// A music-like programme: tones from bass to treble that swell at different rates.
pub(crate) fn programme<S: Sample>(rate_hz: f64, seconds: f64, seed: f64) -> Vec<S> {
    let tones = [(61.0, 0.25), (443.0, 0.2), (997.0, 0.1), (3_001.0, 0.06), (9_007.0, 0.03), (15_013.0, 0.01)];
    (0..(seconds * rate_hz) as usize)
        .map(|n| {
            let t = n as f64 / rate_hz;
            let swell = |k: f64| 0.55 + 0.45 * (2.0 * PI * (0.31 + 0.17 * k) * t + k + seed).sin();
            let parts = (0..).zip(tones).map(|(k, (f, a))| a * swell(f64::from(k)) * (2.0 * PI * f * t).sin());
            S::from_f64(parts.sum())
        })
        .collect()
}
