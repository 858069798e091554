//! The difference of two programmes: their levels, aligned, trusted where both have enough, smoothed.

use super::{
    bands::Bands,
    error::AnalysisError,
    fit::smoothed,
    ltas::{self, Active, Gates, Part, median},
    match_limits::MatchLimits,
    spectra::Spectra,
};
use crate::foundation::unit::power_to_db;
use alloc::vec::Vec;

/// Bands of an octave.
pub(super) const PER_OCTAVE: f64 = 6.0;
/// Bands this close above the end of the range are within it: their midbands are no round numbers.
const EDGE: f64 = 1.01;

/// A programme and what is measured of it.
pub(super) struct Programme<'a> {
    pub(super) spectra: &'a Spectra,
    pub(super) active: Active,
    pub(super) bands: Bands,
}

impl<'a> Programme<'a> {
    pub(super) fn new(
        spectra: &'a Spectra,
        argument: &'static str,
        limits: &MatchLimits,
    ) -> Result<Self, AnalysisError> {
        let active = Active::of(spectra, Gates { floor_lufs: limits.floor_lufs, relative_lu: limits.gate_lu });
        active.at_least(argument, limits.least_s)?;
        let Bands { centres_hz, weights } = Bands::sixths(spectra.cells());
        let range = limits.low_hz..=limits.high_hz * EDGE;
        let (centres_hz, weights) = centres_hz.into_iter().zip(weights).filter(|(hz, _)| range.contains(hz)).unzip();
        Ok(Self { spectra, active, bands: Bands { centres_hz, weights } })
    }

    /// Levels of one part over some frames; `None` too far under the loudest band of the whole programme.
    pub(super) fn levels(&self, part: Part, frames: &[usize], limits: &MatchLimits) -> Vec<Option<f64>> {
        let nyquist_hz = ltas::nyquist_hz(self.spectra.cells());
        let of = |part: Part| {
            ltas::levels(&ltas::mean_cells(self.spectra, part, frames), &self.bands, nyquist_hz, PER_OCTAVE)
        };
        let loudest = of(Part::Sum).iter().flatten().copied().fold(f64::NEG_INFINITY, f64::max);
        let trusted = |level: Option<f64>| level.filter(|level| *level >= loudest - limits.range_db);
        of(part).into_iter().map(trusted).collect()
    }

    /// Mean level of a part over the frames that count, in dB; `None` if it is silent.
    pub(super) fn level(&self, part: Part) -> Option<f64> {
        let power: f64 = ltas::mean_cells(self.spectra, part, self.active.all()).iter().sum();
        (power > 0.0).then(|| power_to_db(power))
    }
}

/// Differences of one part of two programmes.
pub(super) struct Difference {
    pub(super) raw: Vec<Option<f64>>,
    pub(super) smooth: Vec<f64>,
}

/// Settings of a difference.
#[derive(Clone, Copy)]
pub(super) struct Shape<'a> {
    pub(super) hz: &'a [f64],
    pub(super) smoothing_octaves: f64,
    pub(super) limits: &'a MatchLimits,
}

impl Shape<'_> {
    /// `to` minus `from`, aligned by its median, 0 where it is not trusted or too low, smoothed.
    pub(super) fn difference(&self, from: &[Option<f64>], to: &[Option<f64>], lowest_hz: f64) -> Difference {
        let limits = self.limits;
        let both = self.hz.iter().zip(from).zip(to);
        let mut raw: Vec<Option<f64>> =
            both.map(|((hz, from), to)| Some((*to)? - (*from)?).filter(|_| *hz >= lowest_hz)).collect();
        let within = |low_hz: f64, high_hz: f64| -> Vec<f64> {
            let bands = self.hz.iter().zip(&raw).filter(|(hz, _)| (low_hz..=high_hz).contains(*hz));
            bands.filter_map(|(_, level)| *level).collect()
        };
        let middle =
            median(within(limits.align_low_hz, limits.align_high_hz)).or_else(|| median(within(0.0, f64::INFINITY)));
        raw.iter_mut().flatten().for_each(|level| *level -= middle.unwrap_or(0.0));
        let known: Vec<f64> = raw.iter().map(|level| level.unwrap_or(0.0)).collect();
        Difference { smooth: smoothed(&known, PER_OCTAVE * self.smoothing_octaves), raw }
    }

    /// Root mean square of a smoothed difference over the bands that are trusted in `raw`.
    pub(super) fn rms(&self, smooth: &[f64], raw: &[Option<f64>]) -> f64 {
        let squares: Vec<f64> =
            smooth.iter().zip(raw).filter(|(_, raw)| raw.is_some()).map(|(level, _)| level * level).collect();
        if squares.is_empty() { 0.0 } else { libm::sqrt(squares.iter().sum::<f64>() / squares.len() as f64) }
    }

    /// The same of the halves of a programme.
    pub(super) fn rms_halves(&self, programme: &Programme<'_>, part: Part, raw: &[Option<f64>]) -> f64 {
        let [first, second] = programme.active.halves();
        let levels = |frames: &[usize]| programme.levels(part, frames, self.limits);
        let halves = self.difference(&levels(first), &levels(second), 0.0);
        self.rms(&halves.smooth, raw)
    }
}
