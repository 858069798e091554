//! Partial loudness of many bands at once: what [`hearing`](super::hearing) says of one band, without branches.
//!
//! What depends on the masker alone, and on the track alone, is computed once for all pairs: a pair then costs one
//! logarithm and two exponentials a band.

use super::{
    bands::ERB_BANDS,
    hearing::{Band, C},
};
use crate::foundation::math::Pow2;

/// One value for each ERB band.
pub(crate) type Row = [f64; ERB_BANDS];

/// Constants of all bands, one array each.
#[derive(Clone, Debug)]
pub(crate) struct Constants {
    gain: Row,
    offset: Row,
    offset_power: Row,
    exponent: Row,
    threshold: Row,
    threshold_f: Row,
    ratio: Row,
}

/// Below every excitation that is heard: keeps logarithms finite.
const INAUDIBLE: f64 = 1e-30;

impl Constants {
    pub(crate) fn new(bands: &[Band]) -> Self {
        let row = |value: fn(&Band) -> f64| core::array::from_fn(|band| value(&bands[band]));
        Self {
            gain: row(|band| band.gain),
            offset: row(|band| band.offset),
            offset_power: row(|band| band.offset_power),
            exponent: row(|band| band.exponent),
            threshold: row(|band| band.threshold),
            threshold_f: row(|band| band.threshold_f),
            ratio: row(|band| band.ratio),
        }
    }

    #[inline(always)]
    fn f(&self, band: usize, excitation: f64) -> f64 {
        let log2 = (self.gain[band] * excitation + self.offset[band]).log2_fast();
        (self.exponent[band] * log2).exp2_fast() - self.offset_power[band]
    }

    /// Loudness of an excitation alone.
    #[inline(always)]
    pub(crate) fn alone(&self, excitation: &Row) -> Row {
        let mut loudness = [0.0; ERB_BANDS];
        for (band, loudness) in loudness.iter_mut().enumerate() {
            let (e, threshold) = (excitation[band], self.threshold[band]);
            let loud = C * self.f(band, e);
            let x = 2.0 * e / (e + threshold);
            let soft = loud * x * x.sqrt();
            // At rest F is 0 but for rounding.
            *loudness = (if e < threshold { soft } else { loud }).max(0.0);
        }
        loudness
    }

    /// Loudness of a track beside a masker.
    #[inline(always)]
    pub(crate) fn beside(&self, track: &Heard, masker: &Masker) -> Row {
        let mut loudness = [0.0; ERB_BANDS];
        for (band, loudness) in loudness.iter_mut().enumerate() {
            let (e, n) = (track.excitation[band], masker.excitation[band]);
            let both = self.f(band, e + n);
            let masked = masker.threshold[band];
            let steep = (0.3 * (masker.threshold_log2[band] - track.log2[band])).exp2_fast();
            let above = both - masker.above[band] * steep;
            let x = 2.0 * e / (e + masked);
            let below = x * x.sqrt() * masker.below[band] * (both - masker.f[band]);
            let loud = if e >= masked { above } else { below };
            *loudness = (C * loud).max(0.0);
        }
        loudness
    }
}

/// A track in one frame.
#[derive(Clone, Debug)]
pub(crate) struct Heard {
    pub(crate) excitation: Row,
    log2: Row,
}

impl Heard {
    #[inline(always)]
    pub(crate) fn new(excitation: &Row) -> Self {
        Self { excitation: *excitation, log2: excitation.map(|e| e.max(INAUDIBLE).log2_fast()) }
    }

    /// dB over another excitation, by band.
    #[inline(always)]
    pub(crate) fn db_over(&self, other: &Row) -> Row {
        let mut db = [0.0; ERB_BANDS];
        for (band, db) in db.iter_mut().enumerate() {
            *db = DB_PER_POWER_OCTAVE * (self.log2[band] - other[band].max(INAUDIBLE).log2_fast());
        }
        db
    }
}

/// 10 log10 2.
const DB_PER_POWER_OCTAVE: f64 = 3.010_299_956_639_812;

/// What sounds beside tracks in one frame.
#[derive(Clone, Debug)]
pub(crate) struct Masker {
    excitation: Row,
    /// Masked threshold of other tracks.
    threshold: Row,
    threshold_log2: Row,
    /// F of the excitation.
    f: Row,
    /// F(N + Thr) - F(Eq).
    above: Row,
    /// F(Eq) / (F(N + Thr) - F(N)).
    below: Row,
}

impl Masker {
    #[inline(always)]
    pub(crate) fn new(constants: &Constants, excitation: &Row) -> Self {
        let zero = [0.0; ERB_BANDS];
        let mut masker =
            Self { excitation: *excitation, threshold: zero, threshold_log2: zero, f: zero, above: zero, below: zero };
        for (band, &n) in excitation.iter().enumerate() {
            let threshold = constants.ratio[band] * n + constants.threshold[band];
            let f = constants.f(band, n);
            let both = constants.f(band, n + threshold);
            masker.threshold[band] = threshold;
            masker.threshold_log2[band] = threshold.log2_fast();
            masker.f[band] = f;
            masker.above[band] = both - constants.threshold_f[band];
            masker.below[band] = constants.threshold_f[band] / (both - f);
        }
        masker
    }
}

/// Adds a row to another.
#[inline(always)]
pub(crate) fn add(sums: &mut Row, row: &Row) {
    for (sum, value) in sums.iter_mut().zip(row) {
        *sum += value;
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{cells::Cells, hearing::Hearing},
        *,
    };
    use crate::foundation::unit::db_to_power;

    #[test]
    fn all_bands_at_once_are_the_bands_one_by_one() {
        let hearing = Hearing::new(&Cells::new(48_000.0));
        let constants = Constants::new(hearing.constants());
        for own_db in [-400.0, -20.0, 0.0, 20.0, 30.0, 50.0, 80.0, 120.0] {
            for other_db in [-400.0, 0.0, 25.0, 55.0, 90.0] {
                let level = |db: f64| -> Row { core::array::from_fn(|band| db_to_power(db + 0.3 * band as f64)) };
                let (own, other) = (level(own_db), level(other_db));
                let alone = constants.alone(&own);
                let beside = constants.beside(&Heard::new(&own), &Masker::new(&constants, &other));
                for (index, band) in hearing.constants().iter().enumerate() {
                    let expected = [band.alone(own[index]).max(0.0), band.beside(own[index], other[index])];
                    for (found, expected) in [alone[index], beside[index]].into_iter().zip(expected) {
                        let limit = 1e-9 + 1e-6 * expected;
                        assert!((found - expected).abs() < limit, "{own_db} {other_db} {index}: {found} {expected}");
                    }
                }
            }
        }
    }
}
