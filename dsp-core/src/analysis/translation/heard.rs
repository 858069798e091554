//! A mix as it is heard at several places.

use super::{
    super::{
        bands::ERB_BANDS,
        error::AnalysisError,
        hearing::{Excitation, MIX_DB_SPL, calibration},
        partial_loudness::{Heard as Loud, Masker, Row, add},
        spectra::Spectra,
    },
    place::{Ear, Place, REGIONS},
};
use crate::{foundation::unit::db_to_power, primitives::threads::Threads};
use alloc::{vec, vec::Vec};
use core::ops::Range;

/// A mix as it is heard at a place.
pub(super) struct Heard {
    /// Of each track in its active frames.
    pub(super) shares: Vec<f64>,
    /// Of each region over all frames.
    pub(super) regions: [f64; REGIONS.len()],
}

/// Sums over some frames, in their order.
pub(super) struct Sums {
    pub(super) own: Vec<f64>,
    pub(super) whole: Vec<f64>,
    pub(super) by_band: Row,
    pub(super) everything: f64,
}

/// A track as a device plays it: ear-weighted powers of the bands, and the K-weighted power of each frame.
pub(super) type Played = (Vec<f64>, Vec<f64>);

/// By which the volume makes up for the response of a device, dB. Chosen.
const MOST_MAKEUP_DB: f64 = 20.0;

/// Frames that are heard at once.
pub(super) const FRAMES: usize = 512;

/// The mix as it is heard at several places, with the shares of the tracks in `wanted`; those of others are 0. `after` is
/// called with the share done, and may end it.
pub(super) fn hear(
    ear: &Ear,
    places: &[&Place],
    tracks: &[&Spectra],
    wanted: Range<usize>,
    after: &mut dyn FnMut(f64) -> Result<(), AnalysisError>,
) -> Result<Vec<Heard>, AnalysisError> {
    let threads = Threads::new();
    let play = |index: usize| -> Played {
        let (place, spectra) = (places[index / tracks.len()], tracks[index % tracks.len()]);
        let mut powers = Vec::with_capacity(ERB_BANDS * spectra.frames());
        let k_weighted = (0..spectra.frames()).map(|frame| place.play(spectra, frame, &mut powers)).collect();
        (powers, k_weighted)
    };
    let played = threads.try_map(places.len() * tracks.len(), play, |share| after(0.4 * share))?;
    let before: Vec<Vec<f64>> = tracks.iter().map(|spectra| spectra.k_weighted()).collect();
    // Nobody turns up what a device takes away altogether.
    let most = db_to_power(MOST_MAKEUP_DB) * calibration(&before);
    let at = |place: usize| &played[place * tracks.len()..][..tracks.len()];
    let scale = |place: usize| {
        let levels: Vec<&[f64]> = at(place).iter().map(|(_, k_weighted)| k_weighted.as_slice()).collect();
        calibration(&levels).min(most) * db_to_power(places[place].level_db_spl - MIX_DB_SPL)
    };
    let scales: Vec<f64> = (0..places.len()).map(scale).collect();
    let frames = tracks.iter().map(|spectra| spectra.frames()).max().unwrap_or(0);
    let parts = frames.div_ceil(FRAMES).max(1);
    let part = |index: usize| {
        let (place, start) = (index / parts, index % parts * FRAMES);
        let range = start..(start + FRAMES).min(frames);
        Sums::of(ear, places[place], at(place), scales[place], range, wanted.clone())
    };
    let sums = threads.try_map(places.len() * parts, part, |share| after(0.4 + 0.6 * share))?;
    Ok(sums.chunks(parts).map(|parts| Heard::of(ear, parts)).collect())
}

impl Sums {
    pub(super) fn of(
        ear: &Ear,
        place: &Place,
        played: &[Played],
        scale: f64,
        frames: Range<usize>,
        wanted: Range<usize>,
    ) -> Self {
        let part = |(powers, _): &Played| {
            let last = (powers.len() / ERB_BANDS).min(frames.end);
            let first = frames.start.min(last);
            ear.hearing.excitation(&powers[ERB_BANDS * first..ERB_BANDS * last], scale)
        };
        let excitations: Vec<Excitation> = played.iter().map(part).collect();
        let rows: Vec<&[Row]> = excitations.iter().map(|one| one.values.as_chunks().0).collect();
        let room = Masker::new(&ear.constants, &place.noise);
        let zeros = || vec![0.0; played.len()];
        let mut sums = Self { own: zeros(), whole: zeros(), by_band: [0.0; ERB_BANDS], everything: 0.0 };
        for (index, frame) in frames.enumerate() {
            let mut mix = [0.0; ERB_BANDS];
            rows.iter().filter_map(|rows| rows.get(index)).for_each(|row| add(&mut mix, row));
            let alone: f64 = ear.constants.alone(&mix).iter().sum();
            add(&mut sums.by_band, &ear.constants.beside(&Loud::new(&mix), &room));
            sums.everything += alone;
            for track in wanted.clone() {
                let (Some(row), Some(true)) = (rows[track].get(index), ear.activity[track].get(frame)) else {
                    continue;
                };
                let mut others = place.noise;
                for ((others, mix), e) in others.iter_mut().zip(&mix).zip(row) {
                    *others += (mix - e).max(0.0);
                }
                let masker = Masker::new(&ear.constants, &others);
                sums.own[track] += ear.constants.beside(&Loud::new(row), &masker).iter().sum::<f64>();
                sums.whole[track] += alone;
            }
        }
        sums
    }
}

impl Heard {
    pub(super) fn of(ear: &Ear, parts: &[Sums]) -> Self {
        let share = |part: f64, whole: f64| if whole > 0.0 { part / whole } else { 0.0 };
        let tracks = parts.first().map_or(0, |sums| sums.own.len());
        let total = |of: &dyn Fn(&Sums) -> f64| parts.iter().map(of).sum::<f64>();
        let everything = total(&|sums| sums.everything);
        let mut regions = [0.0; REGIONS.len()];
        for (band, region) in ear.regions.iter().enumerate() {
            regions[*region] += total(&|sums| sums.by_band[band]);
        }
        let of_track = |track: usize| share(total(&|sums| sums.own[track]), total(&|sums| sums.whole[track]));
        Self { shares: (0..tracks).map(of_track).collect(), regions: regions.map(|region| share(region, everything)) }
    }
}
