//! Cells: the frequency resolution in which spectra are kept.
//!
//! Single bins of the transform up to about 200 Hz, 1/24 octaves above. Every band of every report is a sum over cells,
//! and so is every prediction of a filter, whose power response hardly changes within a cell.

use alloc::vec::Vec;

/// Parts of a band: cells from `first`, each with the share of its power that lies within the band.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Weights {
    pub(crate) first: usize,
    pub(crate) shares: Vec<f64>,
}

impl Weights {
    /// Without the cells at either end that have no share.
    pub(crate) fn trimmed(self) -> Self {
        let Some(start) = self.shares.iter().position(|share| *share != 0.0) else {
            return Self { first: self.first, shares: Vec::new() };
        };
        let end = self.shares.iter().rposition(|share| *share != 0.0).map_or(start, |last| last + 1);
        Self { first: self.first + start, shares: self.shares[start..end].to_vec() }
    }

    /// The power of the band in one frame of a spectrum.
    pub(crate) fn sum(&self, powers: &[f32]) -> f64 {
        self.shares.iter().zip(&powers[self.first..]).map(|(share, power)| share * f64::from(*power)).sum()
    }
}

/// The cells of a sample rate.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Cells {
    /// Frames of the transform.
    frame: usize,
    sample_rate_hz: f64,
    /// Edges of cells in Hz, from 0 to half the rate: one more than there are cells.
    edges_hz: Vec<f64>,
    /// The parts of each cell in bins.
    bins: Vec<Weights>,
}

/// Cells of an octave, on the grid of 1 kHz.
const PER_OCTAVE: f64 = 24.0;
/// Frames of a transform at 44.1 and 48 kHz.
const FRAMES: f64 = 8_192.0;

impl Cells {
    pub(crate) fn new(sample_rate_hz: f64) -> Self {
        // Half the frames up to 24 kHz, twice as many above 48 kHz, and so on: the bins stay as wide.
        let octaves = libm::ceil(libm::log2(sample_rate_hz / 48_000.0)).max(-1.0);
        let frame = libm::round(FRAMES * libm::exp2(octaves)) as usize;
        let (bin_hz, nyquist_hz) = (sample_rate_hz / frame as f64, 0.5 * sample_rate_hz);
        let edge_hz = |k: f64| 1_000.0 * libm::exp2(k / PER_OCTAVE);
        // The first edge above which cells are wider than a bin.
        let widest_bins_hz = bin_hz / (libm::exp2(1.0 / PER_OCTAVE) - 1.0);
        let first = libm::ceil(PER_OCTAVE * libm::log2(widest_bins_hz / 1_000.0));
        let grid: Vec<f64> =
            (0..).map(|k| edge_hz(first + f64::from(k))).take_while(|hz| *hz < nyquist_hz - 0.5 * bin_hz).collect();
        let low = (0..).map(|k| if k == 0 { 0.0 } else { (f64::from(k) - 0.5) * bin_hz });
        let mut edges_hz: Vec<f64> = low.take_while(|hz| *hz < grid.first().copied().unwrap_or(nyquist_hz)).collect();
        edges_hz.extend(grid);
        edges_hz.push(nyquist_hz);
        let bins = edges_hz.windows(2).map(|edges| bins_of(edges, bin_hz, frame / 2)).collect();
        Self { frame, sample_rate_hz, edges_hz, bins }
    }

    pub(crate) fn frame(&self) -> usize {
        self.frame
    }

    pub(crate) fn sample_rate_hz(&self) -> f64 {
        self.sample_rate_hz
    }

    pub(crate) fn count(&self) -> usize {
        self.bins.len()
    }

    /// Sums the powers of bins, DC to Nyquist, over each cell.
    pub(crate) fn gather(&self, bins: &[f64], cells: &mut Vec<f32>) {
        let sum = |weights: &Weights| -> f64 {
            weights.shares.iter().zip(&bins[weights.first..]).map(|(share, power)| share * power).sum()
        };
        cells.extend(self.bins.iter().map(|weights| sum(weights) as f32));
    }

    /// Frequencies in the middle of cells, in Hz.
    pub(crate) fn centres_hz(&self) -> Vec<f64> {
        self.edges_hz.windows(2).map(|edges| 0.5 * (edges[0] + edges[1])).collect()
    }

    /// The cells of a band, each by the part of it that lies within.
    pub(crate) fn band(&self, low_hz: f64, high_hz: f64) -> Weights {
        let within = |cell: usize| {
            let (low, high) = (self.edges_hz[cell], self.edges_hz[cell + 1]);
            ((high.min(high_hz) - low.max(low_hz)) / (high - low)).max(0.0)
        };
        let first = self.edges_hz.partition_point(|edge| *edge <= low_hz).saturating_sub(1);
        let shares = (first..self.count()).map(within).take_while(|share| *share > 0.0).collect();
        Weights { first, shares }
    }
}

/// The bins of a cell: a bin reaches half its width to either side.
fn bins_of(edges: &[f64], bin_hz: f64, nyquist: usize) -> Weights {
    let first = libm::floor(edges[0] / bin_hz + 0.5) as usize;
    let share = |bin: usize| {
        let low = if bin == 0 { 0.0 } else { bin as f64 - 0.5 };
        let high = if bin == nyquist { bin as f64 } else { bin as f64 + 0.5 };
        (((edges[1] / bin_hz).min(high) - (edges[0] / bin_hz).max(low)) / (high - low)).max(0.0)
    };
    let shares = (first..=nyquist).map(share).take_while(|share| *share > 0.0).collect();
    Weights { first, shares }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_hold_each_bin_once_at_every_rate() {
        for rate_hz in [8_000.0, 11_025.0, 24_000.0, 44_100.0, 48_000.0, 96_000.0, 192_000.0, 384_000.0] {
            let cells = Cells::new(rate_hz);
            let mut total = alloc::vec![0.0; cells.frame() / 2 + 1];
            for weights in &cells.bins {
                assert!(!weights.shares.is_empty());
                for (index, share) in weights.shares.iter().enumerate() {
                    total[weights.first + index] += share;
                }
            }
            assert!(total.iter().all(|share| (share - 1.0).abs() < 1e-9), "{rate_hz}");
            assert!(cells.count() < 300, "{rate_hz}: {}", cells.count());
        }
    }

    #[test]
    fn bands_that_touch_share_all_cells() {
        let cells = Cells::new(48_000.0);
        let edges: Vec<f64> = (0..=40).map(|k| 20.0 * libm::exp2(f64::from(k) / 4.0)).collect();
        let mut total = alloc::vec![0.0; cells.count()];
        for pair in edges.windows(2) {
            let band = cells.band(pair[0], pair[1]);
            band.shares.iter().enumerate().for_each(|(index, share)| total[band.first + index] += share);
        }
        for (centre_hz, share) in cells.centres_hz().iter().zip(&total) {
            let inside = (30.0..20_000.0).contains(centre_hz);
            assert!(!inside || (share - 1.0).abs() < 1e-9, "{centre_hz}: {share}");
        }
    }
}
