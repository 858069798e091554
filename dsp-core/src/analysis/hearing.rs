//! Hearing: excitation of the ear and loudness of it, alone and beside other sound.
//!
//! # Source
//! Glasberg and Moore, "Derivation of auditory filter shapes from notched-noise data" (1990): ERB, roex filters of
//! level-independent slopes. Moore, Glasberg and Baer, JAES 45(4) 1997, equations 17 and 18: partial loudness, with the
//! constants of ANSI S3.4-2007. Ratios alone are used: the numbers are no ISO 532 loudness.

use super::{
    bands::{Bands, ERB_BANDS, erb_width_hz},
    cells::{Cells, Weights},
    spectra::Spectra,
};
use crate::{
    foundation::{math::Pow2, stream::Cpu, unit::db_to_power},
    primitives::backend::{Backend, run},
};
use alloc::{vec, vec::Vec};

/// Power of free field and middle ear over frequency in Hz, dB: ANSI S3.4-2007; interpolated over log f.
const EAR_DB: [(f64, f64); 39] = [
    (20.0, -39.6),
    (25.0, -32.0),
    (31.5, -25.9),
    (40.0, -21.4),
    (50.0, -18.5),
    (63.0, -15.9),
    (80.0, -14.1),
    (100.0, -12.4),
    (125.0, -10.9),
    (160.0, -9.3),
    (200.0, -7.8),
    (250.0, -6.5),
    (315.0, -4.8),
    (400.0, -3.2),
    (500.0, -2.1),
    (630.0, -0.8),
    (800.0, 0.0),
    (1_000.0, 0.0),
    (1_250.0, -1.3),
    (1_500.0, -0.2),
    (1_600.0, 0.5),
    (2_000.0, 3.5),
    (2_500.0, 6.4),
    (3_000.0, 8.0),
    (3_150.0, 8.2),
    (4_000.0, 7.6),
    (5_000.0, 3.7),
    (6_000.0, -2.1),
    (6_300.0, -3.8),
    (8_000.0, -10.4),
    (9_000.0, -11.7),
    (10_000.0, -11.7),
    (11_200.0, -10.8),
    (12_500.0, -10.1),
    (14_000.0, -16.2),
    (15_000.0, -16.2),
    (16_000.0, -16.2),
    (18_000.0, -16.2),
    (20_000.0, -16.2),
];

/// Loudness per unit of F.
pub(super) const C: f64 = 0.046_871;
/// Sound pressure level that the mean K-weighted power of a mix stands for, dB.
pub(crate) const MIX_DB_SPL: f64 = 76.0;

/// Constants of a band.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Band {
    /// Low-level gain of the cochlea beside that at 500 Hz.
    pub(super) gain: f64,
    /// Added to the excitation, and its power `exponent`.
    pub(super) offset: f64,
    pub(super) offset_power: f64,
    pub(super) exponent: f64,
    /// Excitation at the threshold of hearing in quiet, and F of it.
    pub(super) threshold: f64,
    pub(super) threshold_f: f64,
    /// Signal-to-noise ratio at the masked threshold.
    pub(super) ratio: f64,
}

impl Band {
    fn new(frequency_hz: f64) -> Self {
        let l = libm::log10(frequency_hz.max(50.0));
        let polynomial = |coeffs: &[f64], x: f64| coeffs.iter().fold(0.0, |sum, coeff| sum * x + coeff);
        let threshold_db = if frequency_hz >= 500.0 {
            3.73
        } else {
            let log = [0.430_688_109_55, -2.797_609_882_07, 5.073_846_033_57, -1.206_061_767_48];
            libm::pow(10.0, polynomial(&log, l))
        };
        let ratio_db = if frequency_hz >= 1_000.0 {
            -3.0
        } else {
            let ratio = [4.468_342_139_55, -49.680_265_975_5, 212.890_918_713, -418.885_520_557, 317.074_663_587];
            polynomial(&ratio, l)
        };
        let g = 3.73 - threshold_db;
        let exponent = if g == 0.0 { 0.2 } else { polynomial(&[2.686_428_57e-5, -0.002_002_335_71, 0.199_931_071], g) };
        let offset = if g == 0.0 {
            4.720_96
        } else {
            let offset =
                [-1.070_649_72e-6, -6.064_848_7e-5, -0.001_204_732_66, -0.006_819_041_79, -0.118_478_256, 4.713_872_25];
            polynomial(&offset, g)
        };
        let gain = db_to_power(g);
        let offset_power = libm::pow(offset, exponent);
        let threshold = db_to_power(threshold_db);
        let mut band =
            Self { gain, offset, offset_power, exponent, threshold, threshold_f: 0.0, ratio: db_to_power(ratio_db) };
        band.threshold_f = band.f(threshold);
        band
    }

    #[inline(always)]
    pub(super) fn f(&self, excitation: f64) -> f64 {
        (self.exponent * (self.gain * excitation + self.offset).log2_fast()).exp2_fast() - self.offset_power
    }
}

/// The equations as they stand in the paper: what [`partial_loudness`](super::partial_loudness) is tested against.
#[cfg(test)]
impl Band {
    /// Loudness of an excitation alone, in sone per ERB.
    pub(crate) fn alone(&self, e: f64) -> f64 {
        let loud = C * self.f(e);
        if e < self.threshold { loud * three_halves(2.0 * e / (e + self.threshold)) } else { loud }
    }

    /// Loudness of an excitation `e` beside another one, `n`.
    pub(crate) fn beside(&self, e: f64, n: f64) -> f64 {
        if e <= 0.0 {
            return 0.0;
        }
        let masked = self.ratio * n + self.threshold;
        let (both, below) = (self.f(e + n), self.f(n + masked));
        let loud = if e >= masked {
            both - (below - self.threshold_f) * (0.3 * (masked / e).log2_fast()).exp2_fast()
        } else {
            let noise = self.f(n);
            three_halves(2.0 * e / (e + masked)) * self.threshold_f * (both - noise) / (below - noise)
        };
        (C * loud).max(0.0)
    }
}

#[cfg(test)]
fn three_halves(x: f64) -> f64 {
    x * libm::sqrt(x)
}

/// Excitation of the ear over time: [`ERB_BANDS`] values a frame, in units of 0 dB SPL once calibrated.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Excitation {
    pub(crate) values: Vec<f64>,
}

/// The ear for spectra of one sample rate.
#[derive(Clone, Debug)]
pub(crate) struct Hearing {
    bands: Bands,
    /// Power gains of outer and middle ear.
    ear: Vec<f64>,
    /// Row j: what band j adds to the excitation of each band.
    spread: Vec<[f64; ERB_BANDS]>,
    constants: Vec<Band>,
}

impl Hearing {
    pub(crate) fn new(cells: &Cells) -> Self {
        let bands = Bands::erb(cells);
        let hz = &bands.centres_hz;
        let spread = |j: usize| {
            let mut row = [0.0; ERB_BANDS];
            for (weight, to_hz) in row.iter_mut().zip(hz) {
                let p = 4.0 * to_hz / erb_width_hz(*to_hz);
                let g = libm::fabs(hz[j] - to_hz) / to_hz;
                *weight = if g <= 2.0 { (1.0 + p * g) * libm::exp(-p * g) } else { 0.0 };
            }
            row
        };
        Self {
            ear: hz.iter().map(|hz| db_to_power(interpolated(&EAR_DB, *hz))).collect(),
            spread: (0..ERB_BANDS).map(spread).collect(),
            constants: hz.iter().map(|hz| Band::new(*hz)).collect(),
            bands,
        }
    }

    /// The constants of the bands, from low to high.
    pub(crate) fn constants(&self) -> &[Band] {
        &self.constants
    }

    /// Frequencies in the middle of the bands, in Hz.
    pub(crate) fn centres_hz(&self) -> &[f64] {
        &self.bands.centres_hz
    }

    /// The parts of the bands in cells.
    pub(crate) fn weights(&self) -> &[Weights] {
        &self.bands.weights
    }

    /// Power gains of outer and middle ear in the bands.
    pub(crate) fn ear(&self) -> &[f64] {
        &self.ear
    }

    /// Appends the ear-weighted powers of the bands in one frame of cells.
    pub(crate) fn measure(&self, cells: &[f32], powers: &mut Vec<f64>) {
        let start = powers.len();
        self.bands.measure(cells, powers);
        powers[start..].iter_mut().zip(&self.ear).for_each(|(power, ear)| *power *= ear);
    }

    /// Ear-weighted powers of the bands in each frame, [`ERB_BANDS`] a frame; of the mono fold if `fold`.
    pub(crate) fn powers(&self, spectra: &Spectra, fold: bool) -> Vec<f64> {
        let mut powers = Vec::with_capacity(ERB_BANDS * spectra.frames());
        for frame in 0..spectra.frames() {
            let cells = if fold { spectra.fold_frame(frame) } else { spectra.frame(frame) };
            self.measure(cells, &mut powers);
        }
        powers
    }

    /// Excitation of ear-weighted powers times `scale`.
    pub(crate) fn excitation(&self, powers: &[f64], scale: f64) -> Excitation {
        let mut values = vec![0.0; powers.len()];
        let backend = Backend::new(Cpu::Detected);
        run!(backend, _ => spread_all(&self.spread, powers, scale, &mut values));
        Excitation { values }
    }
}

#[inline(always)]
fn spread_all(spread: &[[f64; ERB_BANDS]], powers: &[f64], scale: f64, values: &mut [f64]) {
    let (powers, values) = (powers.as_chunks::<ERB_BANDS>().0, values.as_chunks_mut::<ERB_BANDS>().0);
    for (powers, values) in powers.iter().zip(values) {
        let mut sums = [0.0; ERB_BANDS];
        for (row, power) in spread.iter().zip(powers) {
            for (sum, weight) in sums.iter_mut().zip(row) {
                *sum += weight * power;
            }
        }
        for (value, sum) in values.iter_mut().zip(&sums) {
            *value = scale * sum;
        }
    }
}

/// Which frames of a track sound: its ear-weighted power lies less than 15 dB below the mean over those that do.
pub(crate) fn active(powers: &[f64]) -> Vec<bool> {
    let frames: Vec<f64> = powers.chunks_exact(ERB_BANDS).map(|frame| frame.iter().sum()).collect();
    let most = frames.iter().copied().fold(0.0, f64::max);
    let mean_above = |least: f64| {
        let (sum, count) = frames.iter().filter(|power| **power > least).fold((0.0, 0.0), |(s, n), p| (s + p, n + 1.0));
        if count > 0.0 { sum / count } else { 0.0 }
    };
    let below = db_to_power(-15.0);
    let least = below * mean_above(1e-6 * most);
    let least = below * mean_above(least);
    frames.iter().map(|power| *power > least && *power > 0.0).collect()
}

/// Mean K-weighted power up to which a mix is silent: the absolute gate of BS.1770, -70 LUFS.
const LEAST_POWER: f64 = 1e-7;

/// The scale that makes the mean K-weighted power of a mix [`MIX_DB_SPL`]: of its loud frames, within 20 dB of the mean;
/// `tracks` are K-weighted powers of frames. 0 for silence.
pub(crate) fn calibration(tracks: &[impl AsRef<[f64]>]) -> f64 {
    let frames = tracks.iter().map(|track| track.as_ref().len()).max().unwrap_or(0);
    let mut mix = vec![0.0; frames];
    for track in tracks {
        mix.iter_mut().zip(track.as_ref()).for_each(|(sum, power)| *sum += power);
    }
    let mean_above = |least: f64| {
        let (sum, count) = mix.iter().filter(|power| **power > least).fold((0.0, 0.0), |(s, n), p| (s + p, n + 1.0));
        if count > 0.0 { sum / count } else { 0.0 }
    };
    let mean = mean_above(db_to_power(-20.0) * mean_above(0.0));
    if mean > LEAST_POWER { db_to_power(MIX_DB_SPL) / mean } else { 0.0 }
}

/// Piecewise linear over the logarithm of frequency; the first and last values hold outside.
pub(crate) fn interpolated(points: &[(f64, f64)], frequency_hz: f64) -> f64 {
    let after = points.partition_point(|(hz, _)| *hz < frequency_hz);
    if after == 0 {
        return points[0].1;
    }
    let Some((high_hz, high)) = points.get(after).copied() else { return points[points.len() - 1].1 };
    let (low_hz, low) = points[after - 1];
    low + (high - low) * libm::log(frequency_hz / low_hz) / libm::log(high_hz / low_hz)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constants_are_those_of_the_standard() {
        let db = |power: f64| 10.0 * libm::log10(power);
        for (hz, threshold_db, ratio_db) in
            [(50.0, 28.3, 13.5), (100.0, 15.7, 4.9), (200.0, 8.0, 0.8), (500.0, 3.73, -2.3)]
        {
            let band = Band::new(hz);
            assert!((db(band.threshold) - threshold_db).abs() < 0.1, "{hz}: {}", db(band.threshold));
            assert!((db(band.ratio) - ratio_db).abs() < 0.1 || hz == 200.0, "{hz}: {}", db(band.ratio));
        }
    }

    /// A sine of 1 kHz at 40, 60 and 80 dB SPL in both ears: 1.09, 3.92 and 11.6 sone by the prototype of this model.
    #[test]
    fn a_sine_has_the_loudness_of_the_model() {
        let cells = Cells::new(48_000.0);
        let hearing = Hearing::new(&cells);
        for (level_db, sone) in [(40.0, 1.09), (60.0, 3.92), (80.0, 11.6)] {
            let mut powers = vec![0.0; ERB_BANDS];
            let band = hearing.bands.weights.iter().position(|weights| {
                let edge = cells.band(999.0, 1_001.0);
                (weights.first..weights.first + weights.shares.len()).contains(&edge.first)
            });
            powers[band.unwrap()] = db_to_power(level_db);
            let excitation = hearing.excitation(&powers, 1.0);
            let loudness: f64 = excitation.values.iter().zip(hearing.constants()).map(|(e, band)| band.alone(*e)).sum();
            assert!((2.0 * loudness / sone - 1.0).abs() < 0.03, "{level_db}: {loudness}");
        }
    }

    #[test]
    fn what_stands_beside_takes_loudness() {
        let band = Band::new(1_000.0);
        let loud = db_to_power(60.0);
        let alone = band.alone(loud);
        assert!((band.beside(loud, 0.0) / alone - 1.0).abs() < 0.01);
        let beside: Vec<f64> = [30.0, 50.0, 60.0, 70.0, 90.0].map(|db| band.beside(loud, db_to_power(db))).to_vec();
        assert!(beside.is_sorted_by(|a, b| a > b) && beside[4] < 0.05 * alone, "{beside:?} {alone}");
        assert_eq!(band.beside(0.0, loud), 0.0);
    }
}
