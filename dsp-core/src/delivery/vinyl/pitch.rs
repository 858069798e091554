//! Variable pitch: the room that each turn needs beside the next.

use super::{
    groove::{Groove, SECTORS_PER_TURN, Sector},
    limits::VinylLimits,
};
use alloc::vec::Vec;

/// All sectors of a side, songs and the silence between them.
#[derive(Clone, Debug)]
pub(super) struct Sectors {
    pub(super) sectors: Vec<Sector>,
    /// First sector of each song, and the one after its last.
    pub(super) songs: Vec<(usize, usize)>,
}

impl Sectors {
    pub(super) fn of(grooves: &[&Groove], rpm: f64, gap_s: f64) -> Self {
        let gap = libm::round(gap_s * rpm / 60.0 * SECTORS_PER_TURN as f64) as usize;
        let (mut sectors, mut songs) = (Vec::new(), Vec::new());
        for (index, groove) in grooves.iter().enumerate() {
            if index > 0 {
                sectors.resize(sectors.len() + gap, Sector::default());
            }
            let start = sectors.len();
            sectors.extend_from_slice(&groove.sectors);
            songs.push((start, sectors.len()));
        }
        Self { sectors, songs }
    }

    /// Distance from each turn to the next, in µm, at a gain: from the inner edge of this groove to the outer edge of the
    /// next, and the land between them.
    pub(super) fn pitches_um(&self, gain: f64, limits: &VinylLimits) -> impl Iterator<Item = f64> {
        let half_width = move |sector: &Sector| {
            let rest = limits.rest_width_um.max(limits.least_width_um + 2.0 * gain * sector.lift);
            0.5 * rest + gain * sector.dip
        };
        let silence = Sector::default();
        (0..self.sectors.len()).map(move |index| {
            let (this, next) = (&self.sectors[index], self.sectors.get(index + SECTORS_PER_TURN).unwrap_or(&silence));
            let inner = gain * this.inwards + half_width(this);
            let outer = gain * next.outwards + half_width(next);
            inner + outer + limits.land_um
        })
    }

    /// Width of the side at a gain, in mm, bands between songs included.
    pub(super) fn width_mm(&self, gain: f64, limits: &VinylLimits) -> f64 {
        let bands_mm = limits.band_mm * self.songs.len().saturating_sub(1) as f64;
        let pitches_um: f64 = self.pitches_um(gain, limits).sum();
        bands_mm + 1e-3 * pitches_um / SECTORS_PER_TURN as f64
    }
}
