//! Roles of tracks by their spectra: what a name does not tell.

use super::{
    cells::Cells,
    hearing::{Hearing, active},
    spectra::Spectra,
};
use crate::foundation::declare::params;
use alloc::vec::Vec;

params! {
    /// Limits of [`role`].
    #[derive(Clone, Copy, Debug, PartialEq)]
    RoleLimits {
        bass_below_hz: Hz, 50.0..=1000.0, default 250.0, "Frequency up to which energy counts as that of a bass [C]";
        bass_share: none, 0.0..=1.0, default 0.55, "Least share of the energy there of a bass [N: 5 of 5 found, no other]";
        bass_flatness_db: dB, -60.0..=0.0, default -20.0, "Highest spectral flatness of a bass [N: 5 of 5, no other]";
        drum_flatness_db: dB, -60.0..=0.0, default -12.0, "Least spectral flatness of drums [N: 6 of 6, no other]";
    }
}

/// What a track is, as far as its spectrum tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
pub enum Role {
    /// A bass.
    Bass,
    /// Drums, or drums and bass together.
    Drums,
    /// Voices, guitars, keys and horns: their spectra do not tell them apart.
    Unknown,
}

/// The role of a track, and the figures that decided.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct RoleFeatures {
    /// What it is.
    pub role: Role,
    /// Share of its energy in low frequencies, over its active frames.
    pub low_share: f64,
    /// Median of its spectral flatness from 200 Hz to 8 kHz, over its active frames, dB.
    pub flatness_db: f64,
}

/// Finds the role of a track by its spectrum.
#[must_use]
pub fn role(spectra: &Spectra, limits: &RoleLimits) -> RoleFeatures {
    let cells: &Cells = spectra.cells();
    let is_active = active(&Hearing::new(cells).powers(spectra, false));
    let frames: Vec<usize> = (0..spectra.frames()).filter(|frame| is_active[*frame]).collect();
    let low = cells.band(0.0, limits.bass_below_hz);
    let (mut below, mut whole) = (0.0, 0.0);
    for frame in &frames {
        below += low.sum(spectra.frame(*frame));
        whole += spectra.frame(*frame).iter().map(|power| f64::from(*power)).sum::<f64>();
    }
    let low_share = if whole > 0.0 { below / whole } else { 0.0 };
    let mut flatness: Vec<f32> = frames.iter().map(|frame| spectra.flatness_db()[*frame]).collect();
    flatness.sort_by(f32::total_cmp);
    let flatness_db = flatness.get(flatness.len() / 2).map_or(0.0, |db| f64::from(*db));
    let role = if frames.is_empty() {
        Role::Unknown
    } else if flatness_db > limits.drum_flatness_db {
        Role::Drums
    } else if low_share > limits.bass_share && flatness_db < limits.bass_flatness_db {
        Role::Bass
    } else {
        Role::Unknown
    };
    RoleFeatures { role, low_share, flatness_db }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{foundation::block::Block, foundation::stream::StreamSpec, primitives::random::Random};

    fn role_of(samples: &[f64]) -> Role {
        let spec = StreamSpec::new(48_000.0, 1).unwrap();
        role(&Spectra::measure(&Block::from_slices(&[samples]).unwrap(), &spec).unwrap(), &RoleLimits::default()).role
    }

    #[test]
    fn a_low_tone_is_a_bass_noise_is_drums_and_a_high_tone_is_neither() {
        let mut random = Random::new(1, 0);
        let noise: Vec<f64> = (0..48_000).map(|_| random.triangular()).collect();
        let tone = |hz: f64| -> Vec<f64> {
            (0..48_000).map(|n| libm::sin(core::f64::consts::TAU * hz * f64::from(n) / 48_000.0)).collect()
        };
        assert_eq!(
            [role_of(&tone(80.0)), role_of(&noise), role_of(&tone(800.0)), role_of(&[0.0; 5_000])],
            [Role::Bass, Role::Drums, Role::Unknown, Role::Unknown]
        );
    }
}
