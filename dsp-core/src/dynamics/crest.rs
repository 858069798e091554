//! The crest factor: C² = peak²/rms² of the level over 200 ms, and the times of the automatic release from it.
//!
//! # Source
//! D. Giannoulis, M. Massberg, J. Reiss, "Parameter automation in a dynamic range compressor", JAES 61(10), 2013.

use super::release::{AttackRelease, pole};
use crate::foundation::{
    math::{larger, smaller},
    sample::Sample,
    silence,
    unit::DB_PER_OCTAVE,
};

/// Window of the crest factor, in ms.
const CREST_MS: f64 = 200.0;
/// Times of the automatic release for a sine (C² = 2), in ms.
pub(super) const AUTO_ATTACK_MS: f64 = 80.0;
pub(super) const AUTO_RELEASE_MS: f64 = 1_000.0;
/// Shortest times of the automatic release, in ms: the shortest manual settings.
const LEAST_ATTACK_MS: f64 = 0.02;
const LEAST_RELEASE_MS: f64 = 5.0;
/// Fastest change of the automatic release, in octaves per ms.
const AUTO_OCTAVES_PER_MS: f64 = 4.0 / DB_PER_OCTAVE;
/// Peaks above +120 dBFS are clamped to it.
const LOUDEST: f64 = 1e6;

/// Times from the crest factor. Rates are -log2 of poles: their inverses are times.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct CrestCoeffs {
    /// Pole of the two averages.
    window: f64,
    /// Rates per C², and their upper limits.
    steps: AttackRelease,
    highest: AttackRelease,
    /// Fastest change, in octaves per frame.
    pub(super) slew: f64,
}

impl CrestCoeffs {
    pub(super) fn new(sample_rate_hz: f64) -> Self {
        let rate = |time_ms: f64| core::f64::consts::LOG2_E * 1e3 / (time_ms * sample_rate_hz);
        let longest_ms =
            AttackRelease { attack: 2.0 * AUTO_ATTACK_MS, release: 2.0 * (AUTO_RELEASE_MS - AUTO_ATTACK_MS) };
        let shortest_ms = AttackRelease { attack: LEAST_ATTACK_MS, release: LEAST_RELEASE_MS };
        Self {
            window: pole(CREST_MS, sample_rate_hz),
            steps: longest_ms.map(rate),
            highest: shortest_ms.map(rate),
            slew: AUTO_OCTAVES_PER_MS * 1e3 / sample_rate_hz,
        }
    }
}

/// peak² and rms² of the level.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Crest {
    peak: f64,
    mean: f64,
}

impl Crest {
    pub(super) const REST: Self = Self { peak: silence::SQUARE, mean: silence::SQUARE };

    /// Rates of attack and release for the next magnitudes.
    #[inline(always)]
    pub(super) fn rates<S: Sample>(
        &mut self,
        coeffs: &CrestCoeffs,
        magnitudes: &[S],
        attack: &mut [f64],
        release: &mut [f64],
    ) {
        for (square, magnitude) in attack.iter_mut().zip(magnitudes) {
            let magnitude = smaller(magnitude.to_f64(), LOUDEST);
            *square = magnitude * magnitude + silence::SQUARE;
        }
        let Self { mut peak, mut mean } = *self;
        for (square, average) in attack.iter_mut().zip(&mut *release).take(magnitudes.len()) {
            let fresh = (1.0 - coeffs.window) * *square;
            peak = larger(coeffs.window * peak + fresh, *square);
            mean = coeffs.window * mean + fresh;
            (*square, *average) = (peak, mean);
        }
        *self = Self { peak, mean };
        let CrestCoeffs { steps, highest, .. } = coeffs;
        for (attack, release) in attack.iter_mut().zip(release) {
            let crest = *attack / *release;
            *attack = (steps.attack * crest).min(highest.attack);
            *release = (steps.release * crest).min(highest.release);
        }
    }
}
