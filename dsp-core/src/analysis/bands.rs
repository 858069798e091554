//! Sets of bands: ERB of the hearing model, sixths and thirds of an octave.

use super::cells::{Cells, Weights};
use alloc::vec::Vec;

/// Bands of a spectrum, in ascending order.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Bands {
    pub(crate) centres_hz: Vec<f64>,
    pub(crate) weights: Vec<Weights>,
}

/// Lowest and highest midband of thirds and sixths of an octave, in Hz.
const OCTAVE_RANGE_HZ: [f64; 2] = [19.5, 16_600.0];
/// ERB bands: their number, and the ERB number in the middle of the first one.
pub(crate) const ERB_BANDS: usize = 38;
const FIRST_ERB: f64 = 1.5;

impl Bands {
    /// 38 bands one ERB wide, 40 Hz to 14.3 kHz; those above half the rate are empty.
    pub(crate) fn erb(cells: &Cells) -> Self {
        let numbers = (0..ERB_BANDS).map(|band| FIRST_ERB + band as f64);
        let weights = numbers.clone().map(|c| cells.band(erb_hz(c - 0.5), erb_hz(c + 0.5))).collect();
        Self { centres_hz: numbers.map(erb_hz).collect(), weights }
    }

    /// 59 sixths of an octave, 1000 * 2^(k / 6) Hz, 19.7 Hz to 16 kHz; those above half the rate are empty.
    pub(crate) fn sixths(cells: &Cells) -> Self {
        Self::of_octave(cells, 6.0)
    }

    /// 30 thirds of an octave, 1000 * 2^(k / 3) Hz; those above half the rate are empty.
    pub(crate) fn thirds(cells: &Cells) -> Self {
        Self::of_octave(cells, 3.0)
    }

    fn of_octave(cells: &Cells, parts: f64) -> Self {
        let [low, high] = OCTAVE_RANGE_HZ.map(|hz| parts * libm::log2(hz / 1_000.0));
        let hz = |k: f64| 1_000.0 * libm::exp2(k / parts);
        let numbers = libm::ceil(low) as i32..=libm::floor(high) as i32;
        let weights = numbers.clone().map(f64::from).map(|k| cells.band(hz(k - 0.5), hz(k + 0.5))).collect();
        Self { centres_hz: numbers.map(|k| hz(f64::from(k))).collect(), weights }
    }

    pub(crate) fn count(&self) -> usize {
        self.weights.len()
    }

    /// Appends the powers of all bands in one frame of a spectrum.
    pub(crate) fn measure(&self, powers: &[f32], out: &mut Vec<f64>) {
        out.extend(self.weights.iter().map(|weights| weights.sum(powers)));
    }
}

/// ERB number of a frequency: 21.366 log10(1 + 0.004368 f), Glasberg and Moore (1990).
pub(crate) fn erb_number(frequency_hz: f64) -> f64 {
    21.366 * libm::log10(1.0 + 0.004_368 * frequency_hz)
}

/// Equivalent rectangular bandwidth at a frequency, in Hz.
pub(crate) fn erb_width_hz(frequency_hz: f64) -> f64 {
    24.7 * (0.004_37 * frequency_hz + 1.0)
}

/// The frequency of an ERB number.
pub(crate) fn erb_hz(number: f64) -> f64 {
    (libm::pow(10.0, number / 21.366) - 1.0) / 0.004_368
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bands_lie_where_they_should() {
        let cells = Cells::new(48_000.0);
        let (erb, sixths, thirds) = (Bands::erb(&cells), Bands::sixths(&cells), Bands::thirds(&cells));
        assert_eq!([erb.count(), sixths.count(), thirds.count()], [38, 59, 30]);
        assert!((erb.centres_hz[0] - 40.2).abs() < 0.1 && (erb.centres_hz[37] - 14_300.0).abs() < 100.0, "{erb:?}");
        assert!((erb_number(erb_hz(20.0)) - 20.0).abs() < 1e-9);
        assert!((sixths.centres_hz[0] - 19.69).abs() < 0.01 && (sixths.centres_hz[58] - 16_000.0).abs() < 1e-6);
        assert!((thirds.centres_hz[0] - 19.69).abs() < 0.01 && (thirds.centres_hz[29] - 16_000.0).abs() < 1e-6);
    }
}
