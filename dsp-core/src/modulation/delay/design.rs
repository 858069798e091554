//! Design of a delay: its taps, its cuts, its tail.

use super::params::{DelayParams, GAINS, TimeChange};
use crate::{
    filters::{biquad::BiquadCoeffs, cookbook},
    foundation::{grid::GRID_FRAMES, math::cis, silence::REVERB_SIGNAL, stream::StreamSpec, unit::DB_PER_OCTAVE},
    primitives::kaiser::write_interpolator,
};
use core::f64::consts::{FRAC_1_SQRT_2, PI, SQRT_2, TAU};
use num_complex::Complex64;

/// Taps of the longest interpolation, and its Kaiser window.
pub(super) const TAPS: usize = 32;
const BETA: f64 = 8.0;
/// Samples newer than the delay that the longest interpolation reads.
const HALF: usize = TAPS / 2;
/// A time within so many frames of a whole one is whole.
const WHOLE_FRAMES: f64 = 1e-6;
/// Corner of a low cut that is off, and of a high cut; a corner of so much of the sample rate is off as well.
const OFF_HZ: [f64; 2] = [20.0, 20_000.0];
const HIGHEST_CORNER: f64 = 0.49;

/// An interpolation at rest.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct TapCoeffs {
    /// The delay, at least 1.
    pub(super) frames: f64,
    /// Age of the oldest sample read.
    pub(super) oldest: usize,
    /// Taps, the oldest sample first; none for a whole delay, which is a copy.
    pub(super) count: usize,
    pub(super) taps: [f64; TAPS],
}

impl TapCoeffs {
    /// The interpolation of a delay in frames.
    pub(super) fn new(frames: f64) -> Self {
        let nearest = libm::round(frames);
        let frames = if (frames - nearest).abs() <= WHOLE_FRAMES { nearest } else { frames }.max(1.0);
        let whole = libm::floor(frames);
        let mut taps = [0.0; TAPS];
        if whole == frames {
            return Self { frames, oldest: frames as usize, count: 0, taps };
        }
        // The newest sample read is the one before the current frame, or an older one.
        let half = (whole as usize).min(HALF);
        let (oldest, count) = (whole as usize + half, 2 * half);
        if half == HALF {
            // The fraction counts from the older of the two samples between which it lies.
            write_interpolator(&mut taps, 1.0 - (frames - whole), BETA);
            limit_gain(&mut taps);
        } else {
            write_lagrange(&mut taps[..count], oldest as f64 - frames);
        }
        Self { frames, oldest, count, taps }
    }
}

/// Lagrange's weights of samples at 0, 1, … for a point between the two in the middle. Their gain is 1 at 0 Hz, and
/// nowhere more.
pub(super) fn write_lagrange(taps: &mut [f64], point: f64) {
    let count = taps.len();
    for (k, tap) in taps.iter_mut().enumerate() {
        let others = (0..count).filter(|m| *m != k);
        *tap = others.fold(1.0, |product, m| product * (point - m as f64) / (k as f64 - m as f64));
    }
}

/// Scales taps so that they amplify at no frequency: a windowed sinc does by up to 2.2e-4, at 0.83 of half the rate,
/// where a feedback of 0.9999 would grow. The gain at 0 Hz falls by as much, 0.0019 dB at the most.
fn limit_gain(taps: &mut [f64; TAPS]) {
    /// Frequencies looked at, and what the largest excess between two of them may lie above theirs.
    const POINTS: usize = 96;
    const BETWEEN: f64 = 1.05;
    /// Rounding of the taps to `f32`.
    const ROUNDING: f64 = 1.0 / (1 << 22) as f64;
    // |H|² = r0 + 2 Σ rm cos(mω), summed by Clenshaw's recurrence, all frequencies side by side.
    let mut correlation = [0.0; TAPS];
    for (m, sum) in correlation.iter_mut().enumerate() {
        *sum = taps[m..].iter().zip(&*taps).map(|(a, b)| a * b).sum();
    }
    let mut twice_cosines = [0.0; POINTS];
    for (point, cosine) in twice_cosines.iter_mut().enumerate() {
        *cosine = 2.0 * libm::cos(PI * (point as f64 + 0.5) / POINTS as f64);
    }
    let [mut last, mut before] = [[0.0; POINTS]; 2];
    for sum in correlation[1..].iter().rev() {
        for ((last, before), cosine) in last.iter_mut().zip(&mut before).zip(&twice_cosines) {
            (*last, *before) = (2.0 * sum + cosine * *last - *before, *last);
        }
    }
    let mut square: f64 = 1.0;
    for ((last, before), cosine) in last.iter().zip(&before).zip(&twice_cosines) {
        square = square.max(correlation[0] + 0.5 * cosine * last - before);
    }
    let peak = 1.0 + BETWEEN * (libm::sqrt(square) - 1.0);
    let scale = (1.0 - ROUNDING) / peak;
    for tap in taps {
        *tap *= scale;
    }
}

/// Coefficients of a [`Delay`](super::Delay).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DelayCoeffs {
    pub(super) ping_pong: bool,
    pub(super) time_change: TimeChange,
    /// Longest delay that it has memory for.
    pub(super) max_frames: usize,
    pub(super) tap: TapCoeffs,
    /// See [`DelayParams::gains`].
    pub(super) gains: [f64; GAINS],
    pub(super) cuts: [BiquadCoeffs; 2],
    pub(super) duck_octaves: f64,
    /// Frames until all echoes of a full-scale input lie below [`REVERB_SIGNAL`]; `None` if they never do.
    pub(super) decay_frames: Option<u64>,
}

impl DelayCoeffs {
    pub(super) fn new(params: &DelayParams, spec: &StreamSpec) -> Self {
        let rate_hz = spec.sample_rate_hz();
        let frames = |ms: f64| ms * 1e-3 * rate_hz;
        let tap = TapCoeffs::new(frames(params.time_that_counts_ms()));
        let [low_hz, high_hz] = corners_hz(params, rate_hz);
        let identity = BiquadCoeffs::IDENTITY;
        // By the bilinear transform: its Butterworth filters have a gain of 1 at the most, so the loop stays stable. A
        // response fitted to the analog curve has up to 0.5 dB more, in every pass.
        let cuts = [
            low_hz.map_or(identity, |hz| cookbook::high_pass(hz, FRAC_1_SQRT_2, rate_hz)),
            high_hz.map_or(identity, |hz| cookbook::low_pass(hz, FRAC_1_SQRT_2, rate_hz)),
        ];
        let slowest =
            slowest_decay(params.feedback.abs(), tap.frames, [low_hz, high_hz].map(|hz| hz.map(|hz| hz / rate_hz)));
        // All echoes of a constant add up to 1 / (1 - feedback); 20 dB more for what the filters ring.
        let nepers = libm::log(10.0 / (REVERB_SIGNAL * (1.0 - params.feedback.abs())));
        let ringing: u64 = cuts.iter().filter(|cut| **cut != identity).map(BiquadCoeffs::decay_frames).sum();
        let decay = tap.frames + libm::ceil(slowest * nepers);
        Self {
            ping_pong: params.ping_pong,
            time_change: params.time_change,
            max_frames: libm::ceil(frames(params.max_time_ms)) as usize,
            tap,
            gains: params.gains(),
            cuts,
            duck_octaves: params.duck_db / DB_PER_OCTAVE,
            decay_frames: if params.is_endless() { None } else { Some(decay as u64 + ringing) },
        }
    }

    /// Complex gain of an echo and of the feedback to the next one, without its gain.
    pub(super) fn pass(&self, frequency_hz: f64, rate_hz: f64) -> [Complex64; 2] {
        let step = TAU * frequency_hz / rate_hz;
        let taps = &self.tap.taps[..self.tap.count];
        let echo = match taps {
            [] => cis(-step * self.tap.frames),
            _ => taps.iter().enumerate().map(|(k, tap)| *tap * cis(-step * (self.tap.oldest - k) as f64)).sum(),
        };
        let cuts = self.cuts.iter().map(|cut| cut.response(frequency_hz, rate_hz));
        [echo, cuts.product::<Complex64>() * echo]
    }

    /// Longest delay in frames, with the samples that an interpolation reads before it.
    pub(super) fn memory_frames(&self) -> usize {
        self.max_frames + HALF + GRID_FRAMES
    }
}

/// Corners of the cuts that are not off.
fn corners_hz(params: &DelayParams, rate_hz: f64) -> [Option<f64>; 2] {
    let low = Some(params.low_cut_hz).filter(|hz| *hz != OFF_HZ[0]);
    let high = Some(params.high_cut_hz).filter(|hz| *hz != OFF_HZ[1]);
    [low, high].map(|corner| corner.filter(|hz| *hz < HIGHEST_CORNER * rate_hz))
}

/// Frames per neper of the slowest decay: over all frequencies the time of a pass, its group delay included, by its
/// loss. `corners` are in cycles per frame.
fn slowest_decay(feedback: f64, frames: f64, corners: [Option<f64>; 2]) -> f64 {
    if feedback == 0.0 {
        return 0.0;
    }
    let mut slowest = frames / -libm::log(feedback);
    for centre in corners.into_iter().flatten() {
        for step in -8..=8 {
            let frequency = centre * libm::exp2(0.5 * f64::from(step));
            let (mut time, mut gain) = (frames, feedback);
            for (corner, is_high_cut) in corners.into_iter().zip([false, true]) {
                let Some(corner) = corner else { continue };
                let square = (frequency / corner) * (frequency / corner);
                let denominator = 1.0 + square * square;
                // Both Butterworth filters have the same group delay.
                time += SQRT_2 / (TAU * corner) * (1.0 + square) / denominator;
                gain *= if is_high_cut { 1.0 } else { square } / libm::sqrt(denominator);
            }
            slowest = slowest.max(time / -libm::log(gain));
        }
    }
    slowest
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::foundation::math::cis;

    /// Largest and smallest gain of an interpolation over all frequencies up to a part of the rate.
    fn gains(coeffs: &TapCoeffs, up_to: f64) -> [f64; 2] {
        const POINTS: usize = 2_000;
        let taps = &coeffs.taps[..coeffs.count];
        let gain = |point: usize| {
            let step = TAU * up_to * point as f64 / POINTS as f64;
            taps.iter().enumerate().map(|(k, tap)| *tap * cis(step * k as f64)).sum::<Complex64>().norm()
        };
        (0..=POINTS).map(gain).fold([0.0, f64::MAX], |[most, least], gain| [most.max(gain), least.min(gain)])
    }

    #[test]
    fn no_interpolation_amplifies_at_any_frequency() {
        for whole in [1.0, 2.0, 3.0, 7.0, 12.0, 15.0, 16.0, 17.0, 5_000.0] {
            for step in 1..=100 {
                let coeffs = TapCoeffs::new(whole + f64::from(step) / 100.3);
                let [most, _] = gains(&coeffs, 0.5);
                // Below 16 frames what rounding leaves of 1.
                let limit = if whole < 16.0 { 1.0 + 1e-14 } else { 1.0 - 1e-7 };
                assert!(most <= limit, "{} frames: {most}", coeffs.frames);
                let [_, least] = gains(&coeffs, 16_000.0 / 44_100.0);
                assert!(whole < 16.0 || least > 1.0 - 2.9e-4, "{} frames: {least}", coeffs.frames);
            }
        }
    }

    #[test]
    fn times_are_whole_within_1e_6_frames_and_never_below_one() {
        for (frames, whole) in [(480.000_000_9, 480.0), (479.999_999_1, 480.0), (0.3, 1.0), (1.0, 1.0)] {
            let coeffs = TapCoeffs::new(frames);
            assert_eq!((coeffs.frames, coeffs.oldest, coeffs.count), (whole, whole as usize, 0));
        }
        for (frames, oldest, count) in [(1.5, 2, 2), (2.5, 4, 4), (15.9, 30, 30), (16.1, 32, 32), (480.5, 496, 32)] {
            let coeffs = TapCoeffs::new(frames);
            assert_eq!((coeffs.frames, coeffs.oldest, coeffs.count), (frames, oldest, count));
            // The newest sample read has been written.
            assert!(oldest + 1 - count >= 1);
        }
    }

    #[test]
    fn the_group_delay_of_the_cuts_makes_a_decay_slower() {
        let plain = slowest_decay(0.9, 1.0, [None, None]);
        assert!((plain + 1.0 / libm::log(0.9)).abs() < 1e-12);
        // sqrt(2) / w0 at 0 Hz: 10.8 frames at 1 kHz.
        let cut = slowest_decay(0.9, 1.0, [None, Some(1.0 / 48.0)]);
        assert!(cut > 11.0 * plain && cut < 16.0 * plain, "{cut} {plain}");
        assert_eq!(slowest_decay(0.0, 100.0, [None, None]), 0.0);
    }
}
