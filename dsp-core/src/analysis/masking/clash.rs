//! Clashes: frequencies at which two tracks are loud at the same time.
//!
//! # Source
//! Own: overlap of two tracks in sixths of an octave, weighted so that each band of usual recordings counts alike, where
//! the two together stand out of their surroundings. Chosen among seven measures on 180 clashes made on purpose.

use super::limits::MaskingLimits;
use crate::{
    analysis::{
        bands::Bands,
        keyed::quantile,
        spectra::Spectra,
        tone_curves::{self, HITS_DB},
    },
    foundation::unit::{db_to_power, power_to_db},
};
use alloc::{vec, vec::Vec};

/// Sixths of an octave of a track over time.
#[derive(Clone, Debug)]
pub(super) struct Sixths {
    bands: usize,
    weights: Vec<f64>,
    /// Weighted powers, frame after frame.
    powers: Vec<f64>,
    /// Their sums over time.
    sums: Vec<f64>,
    total: f64,
}

/// Two tracks compete around a frequency.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Peak {
    pub(super) tracks: [usize; 2],
    pub(super) score: f64,
    pub(super) frequency_hz: f64,
    /// Nearest band.
    band: usize,
    /// Of a bell as wide as the overlap at half its height.
    pub(super) q: f64,
}

/// Bands lie so far below the loudest one at most: empty ones would make their neighbours stand out.
const FLOOR_DB: f64 = 60.0;

impl Sixths {
    pub(super) fn new(bands: &Bands, spectra: &Spectra) -> Self {
        let weights: Vec<f64> = bands.centres_hz.iter().map(|hz| db_to_power(-tone_curves::at(HITS_DB, *hz))).collect();
        let mut powers = Vec::with_capacity(bands.count() * spectra.frames());
        let mut sums = vec![0.0; bands.count()];
        for frame in 0..spectra.frames() {
            let start = powers.len();
            bands.measure(spectra.frame(frame), &mut powers);
            for ((power, weight), sum) in powers[start..].iter_mut().zip(&weights).zip(&mut sums) {
                *power *= weight;
                *sum += *power;
            }
        }
        Self { bands: bands.count(), weights, powers, total: sums.iter().sum(), sums }
    }

    /// Power within a sixth of an octave of a band, over time.
    fn around(&self, band: usize) -> impl Iterator<Item = f64> {
        let [low, high] = self.near(band);
        self.powers.chunks_exact(self.bands).map(move |frame| frame[low..=high].iter().sum())
    }

    /// The same without the weights.
    pub(super) fn around_unweighted(&self, peak: &Peak) -> Vec<f64> {
        let [low, high] = self.near(peak.band);
        let level = |frame: &[f64]| (low..=high).map(|band| frame[band] / self.weights[band]).sum();
        self.powers.chunks_exact(self.bands).map(level).collect()
    }

    /// Its part of all power.
    fn share(&self, band: usize) -> f64 {
        let [low, high] = self.near(band);
        self.sums[low..=high].iter().sum::<f64>() / self.total
    }

    fn near(&self, band: usize) -> [usize; 2] {
        [band.saturating_sub(1), (band + 1).min(self.bands - 1)]
    }
}

/// The clashes of two tracks, strongest first.
pub(super) fn peaks(hz: &[f64], tracks: [usize; 2], [x, y]: [&Sixths; 2], limits: &MaskingLimits) -> Vec<Peak> {
    if x.total <= 0.0 || y.total <= 0.0 {
        return Vec::new();
    }
    let mut overlap = vec![0.0; x.bands];
    for (x, y) in x.powers.chunks_exact(x.bands).zip(y.powers.chunks_exact(x.bands)) {
        for ((sum, x), y) in overlap.iter_mut().zip(x).zip(y) {
            *sum += if x < y { x } else { y };
        }
    }
    let whole = libm::sqrt(x.total) * libm::sqrt(y.total);
    overlap.iter_mut().for_each(|sum| *sum /= whole);
    let both: Vec<f64> = x.sums.iter().zip(&y.sums).map(|(x, y)| x + y).collect();
    let least = db_to_power(-FLOOR_DB) * both.iter().copied().fold(0.0, f64::max);
    let levels_db: Vec<f64> = both.iter().map(|power| power_to_db(power.max(least))).collect();
    let trend_db = smoothed(&levels_db, limits.trend_bands);
    let stands_out = |band: usize| (levels_db[band] - trend_db[band]).clamp(-limits.trend_db, limits.trend_db);
    let raw: Vec<f64> = overlap.iter().enumerate().map(|(band, o)| o * db_to_power(stands_out(band))).collect();
    let score = smoothed(&raw, limits.smoothing_bands);
    // At the ends of the range nothing can stand out.
    let is_peak = |&band: &usize| {
        score[band] >= limits.shown_score && score[band] > score[band - 1] && score[band] >= score[band + 1]
    };
    let mut found: Vec<usize> = (1..x.bands - 1).filter(is_peak).collect();
    found.sort_by(|a, b| score[*b].total_cmp(&score[*a]));
    let mut peaks: Vec<Peak> = Vec::new();
    for band in found {
        let apart = |peak: &Peak| band.abs_diff(peak.band) as f64 >= 6.0 * limits.distance_octaves;
        if (peaks.len() as f64) < limits.per_pair && peaks.iter().all(apart) {
            let frequency_hz = hz[band] * libm::exp2(summit(&score, band) / 6.0);
            let q = q_of(&overlap, band).clamp(limits.least_q, limits.most_q.max(limits.least_q));
            peaks.push(Peak { tracks, score: score[band], frequency_hz, band, q });
        }
    }
    peaks
}

/// By how much the first track has more of its own energy there than the second, in dB.
pub(super) fn ownership_db(peak: &Peak, [x, y]: [&Sixths; 2]) -> f64 {
    power_to_db(x.share(peak.band).max(f64::MIN_POSITIVE)) - power_to_db(y.share(peak.band).max(f64::MIN_POSITIVE))
}

/// The median difference, in dB, of the level of `other` and of `owner` around a clash, where both are heard.
pub(super) fn difference_db(peak: &Peak, owner: &Sixths, other: &Sixths, limits: &MaskingLimits) -> f64 {
    let part = db_to_power(-limits.heard_db);
    let least = |track: &Sixths| part * track.around(peak.band).fold(0.0, f64::max);
    let (least_owner, least_other) = (least(owner), least(other));
    let heard = |(own, other): &(f64, f64)| *own > 0.0 && *other > 0.0 && *own >= least_owner && *other >= least_other;
    let frames = owner.around(peak.band).zip(other.around(peak.band));
    quantile(frames.filter(heard).map(|(own, other)| power_to_db(other / own)).collect(), 0.5)
}

/// Crest factor of a track around a clash in dB: the loudest frame beside the mean, and 3 dB of a sine.
pub(super) fn crest_db(peak: &Peak, track: &Sixths) -> f64 {
    let (most, sum, count) = track
        .around(peak.band)
        .fold((0.0, 0.0, 0.0), |(most, sum, count), p| (f64::max(most, p), sum + p, count + 1.0));
    if sum > 0.0 { power_to_db(2.0 * most * count / sum) } else { 0.0 }
}

/// Smoothing by a normal distribution over bands, mirrored at the ends.
fn smoothed(values: &[f64], deviation: f64) -> Vec<f64> {
    let reach = libm::ceil(4.0 * deviation) as i64;
    let kernel: Vec<f64> =
        (-reach..=reach).map(|k| libm::exp(-0.5 * (k as f64 / deviation) * (k as f64 / deviation))).collect();
    let sum: f64 = kernel.iter().sum();
    let count = values.len() as i64;
    let mirrored = |index: i64| {
        let index = index.rem_euclid(2 * count);
        values[(if index < count { index } else { 2 * count - 1 - index }) as usize]
    };
    let at =
        |band: i64| (-reach..=reach).zip(&kernel).map(|(k, weight)| weight * mirrored(band + k)).sum::<f64>() / sum;
    (0..count).map(at).collect()
}

/// Distance in bands from a peak to the summit of the parabola through the logarithms of it and its neighbours.
fn summit(score: &[f64], band: usize) -> f64 {
    let log = |band: Option<usize>| {
        band.and_then(|band| score.get(band)).filter(|score| **score > 0.0).map(|score| libm::log(*score))
    };
    let (Some(before), Some(top), Some(after)) = (log(band.checked_sub(1)), log(Some(band)), log(Some(band + 1)))
    else {
        return 0.0;
    };
    let bend = before - 2.0 * top + after;
    if bend < 0.0 { (0.5 * (before - after) / bend).clamp(-0.5, 0.5) } else { 0.0 }
}

/// q of a bell as wide as a peak at half its height.
fn q_of(overlap: &[f64], band: usize) -> f64 {
    let half = 0.5 * overlap[band];
    // Bands to where it falls below the half, between two of them.
    let reach = |towards: &mut dyn Iterator<Item = usize>| {
        let (mut last, mut bands) = (overlap[band], 0.0);
        for index in towards {
            if overlap[index] < half {
                return bands + (last - half) / (last - overlap[index]);
            }
            last = overlap[index];
            bands += 1.0;
        }
        bands + 0.5
    };
    let octaves = (reach(&mut (0..band).rev()) + reach(&mut (band + 1..overlap.len()))) / 6.0;
    let ratio = libm::exp2(octaves.max(1e-3));
    libm::sqrt(ratio) / (ratio - 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn smoothing_keeps_the_sum_and_peaks_their_place() {
        let mut values = vec![0.0; 59];
        values[20] = 1.0;
        let smooth = smoothed(&values, 0.6);
        assert!((smooth.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        assert_eq!(summit(&smooth, 20), 0.0);
        assert!(smoothed(&[2.0; 7], 6.0).iter().all(|value| (value - 2.0).abs() < 1e-12));
        // Half of it lies within half a band to either side.
        assert!((q_of(&values, 20) - 8.65).abs() < 0.1, "{}", q_of(&values, 20));
    }
}
