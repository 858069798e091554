//! Bells that act while another track sounds.

use crate::{
    dynamics::{DynamicBand, DynamicEqualizerParams, DynamicShape},
    filters::BellParams,
    foundation::unit::power_to_db,
};
use alloc::{vec, vec::Vec};

/// A bell keyed by another track, and the share of its gain in each frame.
#[derive(Clone, Debug)]
pub(crate) struct KeyedBell {
    pub(crate) effect: DynamicEqualizerParams,
    pub(crate) shares: Vec<f64>,
}

/// dB in per dB out beyond the threshold.
const RATIO: f64 = 4.0;
/// Legal thresholds.
const THRESHOLDS_DB: core::ops::RangeInclusive<f64> = -80.0..=0.0;

impl KeyedBell {
    /// A cut that is whole where the key, by its power in the band over frames, is as loud as `full_power`. `None` if
    /// the key is too soft or too loud for it.
    ///
    /// Powers are of both channels together: those of a sine in both are the square of its amplitude, which the detector
    /// reads. Within a frame the reduction is taken as one, as it is of a key that holds on.
    pub(crate) fn new(cut: &BellParams, powers: &[f64], full_power: f64, times_ms: [f64; 2]) -> Option<Self> {
        let (range_db, slope) = (-cut.gain_db, 1.0 - 1.0 / RATIO);
        let threshold_db = libm::round(10.0 * (power_to_db(full_power) - range_db / slope)) / 10.0;
        if !THRESHOLDS_DB.contains(&threshold_db) || range_db <= 0.0 {
            return None;
        }
        let share = |power: &f64| {
            let over_db = power_to_db(power.max(f64::MIN_POSITIVE)) - threshold_db;
            (slope * over_db).clamp(0.0, range_db) / range_db
        };
        let band = DynamicBand {
            shape: DynamicShape::Bell(BellParams { gain_db: 0.0, ..*cut }),
            threshold_db,
            ratio: RATIO,
            range_db,
            attack_ms: times_ms[0],
            release_ms: times_ms[1],
            ..DynamicBand::default()
        };
        let effect = DynamicEqualizerParams { bands: vec![band.into()] };
        Some(Self { effect, shares: powers.iter().map(share).collect() })
    }
}

/// The value below which a share of the values lies; 0 of none.
pub(crate) fn quantile(mut values: Vec<f64>, share: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let index = (share * values.len() as f64) as usize;
    values.get(index.min(values.len().saturating_sub(1))).copied().unwrap_or(0.0)
}
