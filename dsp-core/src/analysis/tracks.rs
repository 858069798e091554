//! The tracks of a mix as the ear takes them: excitation over time, at the level at which a mix is played.

use super::{
    bands::ERB_BANDS,
    error::AnalysisError,
    hearing::{Excitation, Hearing, active, calibration},
    partial_loudness::{Constants, Row},
    spectra::{Spectra, Stem},
};
use crate::primitives::threads::Threads;
use alloc::vec::Vec;

/// See the head of this file.
#[derive(Clone, Debug)]
pub(crate) struct Tracks {
    pub(crate) hearing: Hearing,
    pub(crate) constants: Constants,
    /// Of the longest track: silence follows the others.
    pub(crate) frames: usize,
    /// From powers to excitation in units of 0 dB SPL; 0 for a silent mix.
    pub(crate) scale: f64,
    pub(crate) tracks: Vec<Track>,
}

/// One of them.
#[derive(Clone, Debug)]
pub(crate) struct Track {
    /// Ear-weighted powers of the ERB bands in each frame.
    powers: Vec<f64>,
    /// K-weighted power of each frame.
    pub(crate) k_weighted: Vec<f64>,
    /// Which frames sound.
    pub(crate) active: Vec<bool>,
    pub(crate) excitation: Excitation,
}

impl Track {
    fn new(hearing: &Hearing, spectra: &Spectra, frames: usize) -> Self {
        let mut powers = hearing.powers(spectra, false);
        powers.resize(ERB_BANDS * frames, 0.0);
        let mut k_weighted = spectra.k_weighted();
        k_weighted.resize(frames, 0.0);
        Self { active: active(&powers), powers, k_weighted, excitation: Excitation::default() }
    }

    /// Excitation at a scale.
    pub(crate) fn excitation_at(&self, hearing: &Hearing, scale: f64) -> Excitation {
        hearing.excitation(&self.powers, scale)
    }

    /// Its values, frame by frame.
    pub(crate) fn rows(&self) -> &[Row] {
        self.excitation.values.as_chunks().0
    }

    /// Number of frames that sound.
    pub(crate) fn active_frames(&self) -> usize {
        self.active.iter().filter(|active| **active).count()
    }
}

impl Tracks {
    /// The tracks of a mix: at least `min`, of one sample rate. `after` is called with the share done and may end it.
    pub(crate) fn new(
        stems: &[Stem<'_>],
        min: usize,
        threads: &Threads,
        after: &mut dyn FnMut(f64) -> Result<(), AnalysisError>,
    ) -> Result<Self, AnalysisError> {
        if stems.len() < min {
            return Err(AnalysisError::Stems { min, actual: stems.len() });
        }
        let cells = stems[0].spectra.cells();
        if stems.iter().any(|stem| stem.spectra.sample_rate_hz() != cells.sample_rate_hz()) {
            return Err(AnalysisError::SampleRates);
        }
        let hearing = Hearing::new(cells);
        let frames = stems.iter().map(|stem| stem.spectra.frames()).max().unwrap_or(0);
        let measure = |index: usize| Track::new(&hearing, stems[index].spectra, frames);
        let mut tracks = threads.try_map(stems.len(), measure, |share| after(0.7 * share))?;
        let levels: Vec<&[f64]> = tracks.iter().map(|track| track.k_weighted.as_slice()).collect();
        let scale = calibration(&levels);
        let heard = |index: usize| tracks[index].excitation_at(&hearing, scale);
        let excitations = threads.try_map(stems.len(), heard, |share| after(0.7 + 0.3 * share))?;
        for (track, excitation) in tracks.iter_mut().zip(excitations) {
            track.excitation = excitation;
        }
        Ok(Self { constants: Constants::new(hearing.constants()), hearing, frames, scale, tracks })
    }

    /// The scale of the mix in which one track has other K-weighted powers.
    pub(crate) fn scale_with(&self, index: usize, k_weighted: &[f64]) -> f64 {
        let mut levels: Vec<&[f64]> = self.tracks.iter().map(|track| track.k_weighted.as_slice()).collect();
        levels[index] = k_weighted;
        calibration(&levels)
    }
}
