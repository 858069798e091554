//! Gating: integrated loudness (BS.1770-5) and loudness range (Tech 3342) from the energies of blocks.
//!
//! Energies are weighted mean squares. Means and comparisons are of energies; the conversion to decibels comes last.

use crate::foundation::unit::power_to_db;
use alloc::{vec, vec::Vec};

/// LUFS of a weighted mean square of 1: cancels the gain of the K-weighting at 997 Hz (BS.1770-5, equation 2), dB.
const OFFSET_DB: f64 = -0.691;
/// Blocks at or below this never count in the integrated loudness, LUFS.
pub(super) const ABSOLUTE_GATE_LUFS: f64 = -70.0;
/// The relative gate of the integrated loudness as an energy ratio: -10 LU.
const RELATIVE_GATE: f64 = 0.1;
/// The relative gate of the loudness range as an energy ratio: -20 LU.
const RANGE_GATE: f64 = 0.01;
/// Ends of the loudness range: percentiles of the gated short-term loudness.
const RANGE_PERCENTILES: [f64; 2] = [10.0, 95.0];

/// Width of a bin of the histogram, LU.
const BIN_LU: f64 = 0.02;
/// Bins from -70 to +30 LUFS; the last one includes all louder blocks.
const BINS: usize = 5_000;

/// Loudness of a weighted mean square, in LUFS; -inf for 0.
pub(super) fn lufs(energy: f64) -> f64 {
    OFFSET_DB + power_to_db(energy)
}

/// The weighted mean square of a loudness in LUFS.
pub(super) fn energy_of(lufs: f64) -> f64 {
    libm::pow(10.0, (lufs - OFFSET_DB) / 10.0)
}

/// The energies of all blocks so far, from which the gates are computed.
///
/// Several programmes gated together, as one album, are several of these: [`album_loudness`].
#[derive(Clone, Debug, PartialEq)]
pub struct BlockEnergies(Store);

#[derive(Clone, Debug, PartialEq)]
enum Store {
    /// Every block, in order.
    Exact(Vec<f64>),
    /// For each bin the count and the sum of its energies. Blocks below the absolute gate are not kept.
    Histogram { counts: Vec<u64>, sums: Vec<f64> },
}

impl BlockEnergies {
    pub(super) fn exact() -> Self {
        Self(Store::Exact(Vec::new()))
    }

    pub(super) fn histogram() -> Self {
        Self(Store::Histogram { counts: vec![0; BINS], sums: vec![0.0; BINS] })
    }

    pub(super) fn reset(&mut self) {
        match &mut self.0 {
            Store::Exact(blocks) => blocks.clear(),
            Store::Histogram { counts, sums } => {
                counts.fill(0);
                sums.fill(0.0);
            }
        }
    }

    /// Adds a block. Exact storage grows, amortised; a histogram never does.
    pub(super) fn push(&mut self, energy: f64) {
        match &mut self.0 {
            Store::Exact(blocks) => blocks.push(energy),
            Store::Histogram { counts, sums } => {
                let above = lufs(energy) - ABSOLUTE_GATE_LUFS;
                if above >= 0.0 {
                    let bin = ((above / BIN_LU) as usize).min(BINS - 1);
                    counts[bin] += 1;
                    sums[bin] += energy;
                }
            }
        }
    }

    /// The weighted mean square of each block in order; empty in constant memory.
    #[must_use]
    pub fn blocks(&self) -> &[f64] {
        match &self.0 {
            Store::Exact(blocks) => blocks,
            Store::Histogram { .. } => &[],
        }
    }

    /// Integrated loudness of these blocks alone, in LUFS; -inf if none passes the gates.
    #[must_use]
    pub fn integrated_lufs(&self) -> f64 {
        gated(core::iter::once(self))
    }

    /// Sum and count of the energies above `threshold` if `strictly`, else of those not below it.
    fn above(&self, threshold: f64, strictly: bool) -> (f64, f64) {
        let mut total = (0.0, 0.0);
        match &self.0 {
            Store::Exact(blocks) => {
                for &energy in blocks {
                    if energy > threshold || (!strictly && energy == threshold) {
                        total.0 += energy;
                        total.1 += 1.0;
                    }
                }
            }
            Store::Histogram { counts, sums } => {
                for (&count, &sum) in counts.iter().zip(sums) {
                    // A bin counts as a whole, by its mean.
                    if count > 0 && sum > threshold * count as f64 {
                        total.0 += sum;
                        total.1 += count as f64;
                    }
                }
            }
        }
        total
    }

    /// Loudness range of these short-term energies in LU; 0 if none passes the gates.
    pub(super) fn range_lu(&self) -> f64 {
        let absolute = energy_of(ABSOLUTE_GATE_LUFS);
        let (sum, count) = self.above(absolute, false);
        let threshold = (RANGE_GATE * sum / count.max(1.0)).max(absolute);
        let ends = match &self.0 {
            Store::Exact(blocks) => {
                let mut kept: Vec<f64> = blocks.iter().copied().filter(|&energy| energy >= threshold).collect();
                kept.sort_unstable_by(f64::total_cmp);
                RANGE_PERCENTILES.map(|percent| kept.get(rank(kept.len() as f64, percent) as usize).copied())
            }
            Store::Histogram { counts, sums } => {
                let bins = || counts.iter().zip(sums).filter(|&(&count, &sum)| sum >= threshold * count as f64);
                let kept: u64 = bins().map(|(count, _)| count).sum();
                RANGE_PERCENTILES.map(|percent| {
                    let rank = rank(kept as f64, percent) as u64;
                    let mut seen = 0;
                    let bin = bins().find(|&(&count, _)| {
                        seen += count;
                        seen > rank
                    });
                    bin.map(|(&count, &sum)| sum / count as f64)
                })
            }
        };
        match ends {
            [Some(low), Some(high)] => power_to_db(high / low),
            _ => 0.0,
        }
    }
}

/// Index of a percentile among `count` sorted values: round((n - 1) p / 100), as in Tech 3342.
fn rank(count: f64, percent: f64) -> f64 {
    libm::round((count - 1.0).max(0.0) * percent / 100.0)
}

/// Integrated loudness of several programmes as one, in LUFS: gated over the union of their blocks.
///
/// This is the loudness of an album. A mean of the tracks' loudness values is not: it ignores lengths, and quiet tracks
/// would not be gated. There are no blocks across track boundaries.
///
/// ```
/// use mixdown::{Block, Meter, StreamSpec, meters::{LoudnessParams, album_loudness}};
///
/// let spec = StreamSpec::new(48_000.0, 1)?;
/// let mut meters = Vec::new();
/// for amplitude in [0.1, 0.01] {
///     let tone: Vec<f64> = (0..96_000).map(|n| amplitude * (n as f64 * 0.13).sin()).collect();
///     let mut meter = LoudnessParams::default().build::<f64>(&spec)?;
///     meter.observe(&Block::from_planar(&tone, 1)?);
///     meters.push(meter);
/// }
/// let [loud, quiet] = [0, 1].map(|n| meters[n].block_energies().integrated_lufs());
/// // The quiet track is 20 LU down: gated, it does not count.
/// assert!((loud - quiet - 20.0).abs() < 1e-9);
/// assert!((album_loudness(meters.iter().map(|meter| meter.block_energies())) - loud).abs() < 1e-9);
/// # Ok::<(), mixdown::Error>(())
/// ```
pub fn album_loudness<'a>(programmes: impl IntoIterator<Item = &'a BlockEnergies>) -> f64 {
    let programmes: Vec<&BlockEnergies> = programmes.into_iter().collect();
    gated(programmes.iter().copied())
}

/// The loudness of programmes as one. Does not allocate: meters are read in callbacks.
fn gated<'a>(programmes: impl Iterator<Item = &'a BlockEnergies> + Clone) -> f64 {
    let mean_above = |threshold: f64| {
        let (mut sum, mut count) = (0.0, 0.0);
        for programme in programmes.clone() {
            let (s, c) = programme.above(threshold, true);
            sum += s;
            count += c;
        }
        if count > 0.0 { sum / count } else { 0.0 }
    };
    let absolute = energy_of(ABSOLUTE_GATE_LUFS);
    let mean = mean_above(absolute);
    lufs(mean_above((RELATIVE_GATE * mean).max(absolute)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Half a bin on either side of both percentiles.
    const HISTOGRAM_LU: f64 = 0.02;

    fn both(levels: impl Iterator<Item = f64>) -> [BlockEnergies; 2] {
        let mut stores = [BlockEnergies::exact(), BlockEnergies::histogram()];
        for level in levels {
            stores.iter_mut().for_each(|store| store.push(energy_of(level)));
        }
        stores
    }

    #[test]
    fn gates_are_strict_where_the_standard_is() {
        // The block exactly at -70 does not count, and the mean is one of energies.
        let [exact, _] = both([-70.0, -20.0, -23.0].into_iter());
        let expected = lufs((energy_of(-20.0) + energy_of(-23.0)) / 2.0);
        assert!((exact.integrated_lufs() - expected).abs() < 1e-12);
        assert_eq!(BlockEnergies::exact().integrated_lufs(), f64::NEG_INFINITY);
        assert_eq!(both([-70.1; 9].into_iter())[0].integrated_lufs(), f64::NEG_INFINITY);
        assert_eq!(BlockEnergies::exact().range_lu(), 0.0);
        // A block exactly at the gate of the range counts.
        let absolute = energy_of(ABSOLUTE_GATE_LUFS);
        assert_eq!(exact.above(absolute, true).1, 2.0);
        assert_eq!(exact.above(absolute, false).1, 3.0);
    }

    #[test]
    fn range_is_between_the_percentiles() {
        // 101 steps of 0.1 LU: ranks 10 and 95.
        let [exact, histogram] = both((0..=100).map(|n| -30.0 + 0.1 * f64::from(n)));
        assert!((exact.range_lu() - 8.5).abs() < 1e-9);
        assert!((histogram.range_lu() - 8.5).abs() <= HISTOGRAM_LU);
        // Blocks more than 20 LU below the mean do not count.
        let [exact, histogram] = both((0..200).map(|n| if n < 100 { -60.0 } else { -20.0 }));
        assert_eq!((exact.range_lu(), histogram.range_lu()), (0.0, 0.0));
    }

    #[test]
    fn histogram_stays_within_its_error() {
        let mut random = crate::primitives::random::Random::new(5, 0);
        let [exact, histogram] = both((0..20_000).map(|_| -24.0 + 14.0 * random.triangular()));
        assert!((exact.integrated_lufs() - histogram.integrated_lufs()).abs() <= HISTOGRAM_LU);
        assert!((exact.range_lu() - histogram.range_lu()).abs() <= HISTOGRAM_LU);
        assert_eq!((exact.blocks().len(), histogram.blocks().len()), (20_000, 0));
        // Louder than the last bin, and exact too.
        let [exact, histogram] = both([40.0; 3].into_iter());
        assert!((exact.integrated_lufs() - histogram.integrated_lufs()).abs() < 1e-12);
    }
}
