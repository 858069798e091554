//! A device for spectra of one rate: its response, its level, the noise of its room; and the ear that listens.

use super::super::{
    bands::{ERB_BANDS, erb_hz, erb_number},
    cells::{Cells, Weights},
    devices::{Device, NoiseColour, RoomNoise},
    error::AnalysisError,
    hearing::{Hearing, MIX_DB_SPL, active},
    partial_loudness::{Constants, Row},
    spectra::{Spectra, k_weights},
};
use crate::foundation::{params::Params, stream::StreamSpec, unit::db_to_power};
use alloc::{vec, vec::Vec};

/// Regions of the spectrum and their upper edges, Hz.
pub(super) const REGIONS: [(&str, f64); 6] =
    [("sub", 60.0), ("bass", 150.0), ("low-mid", 500.0), ("mid", 2_000.0), ("high-mid", 6_000.0), ("high", 20_000.0)];

/// The ear, and which frames of each track sound.
pub(super) struct Ear {
    pub(super) hearing: Hearing,
    pub(super) constants: Constants,
    pub(super) activity: Vec<Vec<bool>>,
    /// Of each band the region that it belongs to.
    pub(super) regions: [usize; ERB_BANDS],
}

impl Ear {
    pub(super) fn new(cells: &Cells, tracks: &[&Spectra]) -> Self {
        let hearing = Hearing::new(cells);
        let activity = tracks.iter().map(|spectra| active(&hearing.powers(spectra, false))).collect();
        let region = |hz: f64| REGIONS.partition_point(|(_, high_hz)| *high_hz <= hz);
        let regions = core::array::from_fn(|band| region(hearing.centres_hz()[band]));
        Self { constants: Constants::new(hearing.constants()), hearing, activity, regions }
    }
}

/// A device for spectra of one rate.
#[derive(Clone)]
pub(super) struct Place {
    /// Its response and the ear's, by band: of both channels added, and of the mono fold.
    pub(super) sum: Vec<Weights>,
    pub(super) fold: Vec<Weights>,
    /// K-weighting of the same.
    pub(super) k: [Weights; 2],
    pub(super) level_db_spl: f64,
    /// Excitation by the noise of the room.
    pub(super) noise: Row,
}

/// Rate at which responses are designed where that of the tracks is lower, Hz: a device does not depend on it.
pub(super) const LEAST_RATE_HZ: f64 = 48_000.0;

impl Place {
    pub(super) fn studio(ear: &Ear, cells: &Cells) -> Self {
        Self::of(ear, cells, &vec![1.0; cells.count()], 0, MIX_DB_SPL, None)
    }

    pub(super) fn new(device: &Device, ear: &Ear, cells: &Cells) -> Result<Self, AnalysisError> {
        let centres_hz = cells.centres_hz();
        let stereo_from = centres_hz.partition_point(|hz| *hz < device.mono_below_hz);
        let mut gains = vec![1.0; cells.count()];
        let spec = StreamSpec::new(cells.sample_rate_hz().max(LEAST_RATE_HZ), 2)?;
        for effect in &device.effects {
            let response = effect.frequency_response(&spec, &centres_hz)?;
            let name = &device.name;
            let response = response.ok_or_else(|| AnalysisError::NoResponse { device: name.clone() })?;
            gains.iter_mut().zip(response).for_each(|(gain, h)| *gain *= h.norm_sqr());
        }
        Ok(Self::of(ear, cells, &gains, stereo_from, device.level_db_spl, device.noise))
    }

    /// The same without its noise, if it has any.
    pub(super) fn quiet(&self) -> Option<Self> {
        let is_noisy = self.noise.iter().any(|excitation| *excitation > 0.0);
        is_noisy.then(|| Self { noise: [0.0; ERB_BANDS], ..self.clone() })
    }

    /// `gains` are of powers in the middle of cells; those before `stereo_from` are folded to mono.
    pub(super) fn of(
        ear: &Ear,
        cells: &Cells,
        gains: &[f64],
        stereo_from: usize,
        level_db_spl: f64,
        noise: Option<RoomNoise>,
    ) -> Self {
        let part = |weights: &Weights, scale: f64, is_stereo: bool| {
            let share = |(index, share): (usize, &f64)| {
                let cell = weights.first + index;
                if (cell >= stereo_from) == is_stereo { scale * gains[cell] * share } else { 0.0 }
            };
            Weights { first: weights.first, shares: weights.shares.iter().enumerate().map(share).collect() }.trimmed()
        };
        let bands = ear.hearing.weights().iter().zip(ear.hearing.ear());
        let k = Weights { first: 0, shares: k_weights(cells) };
        Self {
            sum: bands.clone().map(|(weights, ear)| part(weights, *ear, true)).collect(),
            fold: bands.map(|(weights, ear)| part(weights, *ear, false)).collect(),
            k: [true, false].map(|is_stereo| part(&k, 1.0, is_stereo)),
            level_db_spl,
            noise: noise.map_or([0.0; ERB_BANDS], |noise| room(&ear.hearing, noise)),
        }
    }

    /// Ear-weighted powers of the bands of a frame as the device plays it, and its K-weighted power.
    pub(super) fn play(&self, spectra: &Spectra, frame: usize, powers: &mut Vec<f64>) -> f64 {
        let (sum, fold) = (spectra.frame(frame), spectra.fold_frame(frame));
        powers.extend(self.sum.iter().zip(&self.fold).map(|(stereo, mono)| stereo.sum(sum) + mono.sum(fold)));
        self.k[0].sum(sum) + self.k[1].sum(fold)
    }
}

/// Excitation by the noise of a room.
pub(super) fn room(hearing: &Hearing, noise: RoomNoise) -> Row {
    let below = |hz: f64| match noise.colour {
        NoiseColour::Pink => libm::log(hz.clamp(20.0, 20_000.0) / 20.0) / libm::log(1_000.0),
        NoiseColour::Road => {
            // Density 1 up to 100 Hz, (100 / f)² above.
            let power = |hz: f64| if hz < 100.0 { hz - 20.0 } else { 80.0 + 100.0 - 10_000.0 / hz };
            power(hz.clamp(20.0, 20_000.0)) / power(20_000.0)
        }
    };
    let bands = hearing.centres_hz().iter().zip(hearing.ear()).map(|(hz, ear)| {
        let [low_hz, high_hz] = [-0.5, 0.5].map(|step| erb_hz(erb_number(*hz) + step));
        ear * db_to_power(noise.level_db_spl) * (below(high_hz) - below(low_hz))
    });
    let excitation = hearing.excitation(&bands.collect::<Vec<f64>>(), 1.0).values;
    core::array::from_fn(|band| excitation[band])
}
