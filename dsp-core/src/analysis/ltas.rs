//! The long-term average spectrum of a programme.
//!
//! # Source
//! Frames are gated on their K-weighted level (BS.1770) by the relative gate of EBU Tech 3342, 20 LU below the mean: with
//! the 10 LU of BS.1770 an equalizer changes which frames pass, and a known one comes back with errors of several dB.

use super::{
    bands::Bands,
    cells::{Cells, Weights},
    error::AnalysisError,
    spectra::Spectra,
};
use crate::foundation::unit::{db_to_power, power_to_db};
use alloc::vec::Vec;

/// Offset of BS.1770 between K-weighted power and loudness, in dB.
const LOUDNESS_OFFSET_DB: f64 = -0.691;
/// The relative gate of integrated loudness in BS.1770, in LU, and the length of its blocks, in seconds.
const LOUDNESS_GATE_LU: f64 = -10.0;
const LOUDNESS_BLOCK_S: f64 = 0.4;

/// What is averaged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    /// Left and right, added in power.
    Sum,
    /// The mono fold (L + R) / 2.
    Mid,
    /// The difference (L - R) / 2.
    Side,
}

/// The gates of frames.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Gates {
    /// Frames below are silence, in LUFS.
    pub(crate) floor_lufs: f64,
    /// Frames so far from the mean of those above the floor do not count, in LU: negative.
    pub(crate) relative_lu: f64,
}

/// Frames that count, and the K-weighted loudness of a programme.
#[derive(Clone, Debug)]
pub(crate) struct Active {
    frames: Vec<usize>,
    /// Their length together.
    pub(crate) active_s: f64,
    /// Loudness with the gates of BS.1770, in blocks of whole frames, of two channels; `None` for silence.
    pub(crate) loudness_lufs: Option<f64>,
}

impl Active {
    pub(crate) fn of(spectra: &Spectra, gates: Gates) -> Self {
        let power = spectra.k_weighted();
        let floor = db_to_power(gates.floor_lufs - LOUDNESS_OFFSET_DB);
        let mean_of = |frames: &[usize]| frames.iter().map(|frame| power[*frame]).sum::<f64>() / frames.len() as f64;
        let above = |limit: f64| (0..power.len()).filter(|frame| power[*frame] > limit).collect::<Vec<_>>();
        let audible = above(floor);
        if audible.is_empty() {
            return Self { frames: audible, active_s: 0.0, loudness_lufs: None };
        }
        let frames = above(floor.max(mean_of(&audible) * db_to_power(gates.relative_lu)));
        let active_s = (frames.len() as f64 * spectra.hop_s()).min(spectra.duration_s());
        Self { frames, active_s, loudness_lufs: loudness_lufs(&power, spectra.hop_s(), floor) }
    }

    /// Refuses a programme of which too little sounds.
    pub(crate) fn at_least(&self, argument: &'static str, min_s: f64) -> Result<(), AnalysisError> {
        if self.active_s < min_s {
            return Err(AnalysisError::TooShort { argument, active_s: self.active_s, min_s });
        }
        Ok(())
    }

    /// The first and the second half of the frames that count.
    pub(crate) fn halves(&self) -> [&[usize]; 2] {
        let (first, second) = self.frames.split_at(self.frames.len() / 2);
        [first, second]
    }

    /// All frames that count.
    pub(crate) fn all(&self) -> &[usize] {
        &self.frames
    }
}

/// Loudness of frames of K-weighted power, in blocks as long as those of BS.1770; `None` for silence.
fn loudness_lufs(power: &[f64], hop_s: f64, floor: f64) -> Option<f64> {
    let length = (libm::round(LOUDNESS_BLOCK_S / hop_s) as usize).clamp(1, power.len().max(1));
    let blocks: Vec<f64> = power.windows(length).map(|block| block.iter().sum::<f64>() / length as f64).collect();
    let mean_above = |limit: f64| {
        let loud = blocks.iter().filter(|block| **block > limit);
        let (sum, count) = loud.fold((0.0, 0), |(sum, count), block| (sum + block, count + 1));
        (count > 0).then(|| sum / f64::from(count))
    };
    let mean = mean_above(floor)?;
    let loud = mean_above(floor.max(mean * db_to_power(LOUDNESS_GATE_LU)))?;
    Some(LOUDNESS_OFFSET_DB + power_to_db(loud))
}

/// Mean power of each cell over some frames.
pub(crate) fn mean_cells(spectra: &Spectra, part: Part, frames: &[usize]) -> Vec<f64> {
    let mut mean = alloc::vec![0.0; spectra.cells().count()];
    for frame in frames {
        let (sum, fold) = (spectra.frame(*frame), spectra.fold_frame(*frame));
        for ((mean, sum), fold) in mean.iter_mut().zip(sum).zip(fold) {
            let (sum, fold) = (f64::from(*sum), f64::from(*fold));
            // |L|² + |R|² = 2 |M|² + 2 |S|².
            *mean += match part {
                Part::Sum => sum,
                Part::Mid => fold,
                Part::Side => (sum - fold).max(0.0),
            };
        }
    }
    mean.iter_mut().for_each(|mean| *mean /= frames.len().max(1) as f64);
    mean
}

/// Levels of bands in dB; `None` above half the rate, and where there is nothing.
pub(crate) fn levels(cells: &[f64], bands: &Bands, edges_within_hz: f64, parts: f64) -> Vec<Option<f64>> {
    let upper = libm::exp2(0.5 / parts);
    let sum = |band: &Weights| -> f64 {
        band.shares.iter().zip(&cells[band.first.min(cells.len())..]).map(|(share, power)| share * power).sum()
    };
    let level = |(centre_hz, band): (&f64, &Weights)| {
        let power = if centre_hz * upper > edges_within_hz { 0.0 } else { sum(band) };
        (power > 0.0).then(|| power_to_db(power))
    };
    bands.centres_hz.iter().zip(&bands.weights).map(level).collect()
}

/// Half of the rate of cells, in Hz.
pub(crate) fn nyquist_hz(cells: &Cells) -> f64 {
    0.5 * cells.sample_rate_hz()
}

/// The median; `None` of nothing.
pub(crate) fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => None,
        length if length.is_multiple_of(2) => Some(0.5 * (values[middle - 1] + values[middle])),
        _ => Some(values[middle]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Block, StreamSpec, primitives::random::Random};

    pub(super) const GATES: Gates = Gates { floor_lufs: -70.0, relative_lu: -20.0 };

    fn noise(seed: u64, frames: usize, gain: f64) -> Vec<f64> {
        let mut random = Random::new(seed, 0);
        (0..frames).map(|_| gain * random.triangular()).collect()
    }

    fn measure(rows: &[&[f64]]) -> Spectra {
        Spectra::measure(&Block::from_slices(rows).unwrap(), &StreamSpec::new(48_000.0, rows.len()).unwrap()).unwrap()
    }

    #[test]
    fn pauses_do_not_count() {
        let mut samples = noise(1, 240_000, 0.1);
        samples.extend(noise(2, 240_000, 0.0005));
        let active = Active::of(&measure(&[&samples]), GATES);
        assert!((active.active_s - 5.0).abs() < 0.2, "{active:?}");
        let silent = Active::of(&measure(&[&[0.0; 96_000]]), GATES);
        assert!(silent.all().is_empty() && silent.loudness_lufs.is_none());
        assert!(silent.at_least("audio", 3.0).is_err() && active.at_least("audio", 3.0).is_ok());
    }

    /// Within 0.1 LU: blocks begin at every frame, and not at every 100 ms.
    #[test]
    fn loudness_is_that_of_the_meter() {
        use crate::{Meter, meters::LoudnessParams};
        let [left, right] = [10, 11].map(|seed| {
            (0..12)
                .flat_map(|part| noise(seed + 2 * part, 48_000, 0.02 * (1.0 + (part % 4) as f64)))
                .collect::<Vec<f64>>()
        });
        let active = Active::of(&measure(&[&left, &right]), GATES);
        let spec = StreamSpec::new(48_000.0, 2).unwrap();
        let mut meter = LoudnessParams::default().build::<f64>(&spec).unwrap();
        meter.observe(&Block::from_slices(&[&left[..], &right]).unwrap());
        let expected = meter.reading().integrated_lufs;
        assert!((active.loudness_lufs.unwrap() - expected).abs() < 0.1, "{active:?} {expected}");
    }

    #[test]
    fn white_noise_rises_by_a_decibel_per_third() {
        let spectra = measure(&[&noise(3, 480_000, 0.1)]);
        let active = Active::of(&spectra, GATES);
        let bands = Bands::thirds(spectra.cells());
        let cells = mean_cells(&spectra, Part::Sum, active.all());
        let levels = levels(&cells, &bands, 24_000.0, 3.0);
        let at = |band: usize| levels[band].unwrap();
        assert!((at(27) - at(12) - 15.0 * 1.003).abs() < 0.3, "{levels:?}");
    }

    #[test]
    fn the_side_is_what_the_fold_leaves() {
        let (mid, side) = (noise(4, 96_000, 0.1), noise(5, 96_000, 0.01));
        let left: Vec<f64> = mid.iter().zip(&side).map(|(mid, side)| mid + side).collect();
        let right: Vec<f64> = mid.iter().zip(&side).map(|(mid, side)| mid - side).collect();
        let spectra = measure(&[&left, &right]);
        let frames: Vec<usize> = (0..20).collect();
        let total = |part: Part| mean_cells(&spectra, part, &frames).iter().sum::<f64>();
        assert!((power_to_db(total(Part::Mid) / total(Part::Side)) - 20.0).abs() < 0.2);
        let parts = total(Part::Mid) + total(Part::Side);
        assert!((parts / total(Part::Sum) - 1.0).abs() < 1e-6);
    }

    #[test]
    fn the_median_of_few() {
        assert_eq!(
            [median(Vec::new()), median(alloc::vec![3.0]), median(alloc::vec![3.0, 1.0])],
            [None, Some(3.0), Some(2.0)]
        );
    }
}
