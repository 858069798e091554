//! Sums of partial loudness over time, of all tracks beside each other.

use crate::{
    analysis::{
        bands::ERB_BANDS,
        error::AnalysisError,
        partial_loudness::{Constants, Heard, Masker, Row, add},
        tracks::Tracks,
    },
    foundation::stream::Cpu,
    primitives::{
        backend::{Backend, run},
        threads::Threads,
    },
};
use alloc::{vec, vec::Vec};

/// Loudness by ERB band, each summed over the frames in which the track itself sounds.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Sums {
    tracks: usize,
    /// Of each track alone.
    pub(super) alone: Vec<Row>,
    /// Of each track beside all others.
    pub(super) in_mix: Vec<Row>,
    /// Of all tracks together, in the frames of each.
    pub(super) mix: Vec<Row>,
    /// How far each track lies above the others: 0 from 15 dB below, 1 from 15 dB above.
    pub(super) above: Vec<Row>,
    /// Of one track beside one other, and of one beside all others but one; the masker times tracks plus the track.
    beside: Vec<Row>,
    without: Vec<Row>,
}

/// Cells of all pairs worked on between two looks at progress: some 10 ms.
const CELLS: usize = 1 << 19;
/// Parts whose sums are kept at once.
const PARTS: usize = 16;
/// dB to either side between which a band goes from inaudible to clear: ANSI S3.5-1997.
const SPAN_DB: f64 = 15.0;

impl Sums {
    fn new(tracks: usize) -> Self {
        let rows = |count| vec![[0.0; ERB_BANDS]; count];
        Self {
            tracks,
            alone: rows(tracks),
            in_mix: rows(tracks),
            mix: rows(tracks),
            above: rows(tracks),
            beside: rows(tracks * tracks),
            without: rows(tracks * tracks),
        }
    }

    /// Of a track beside one masker.
    pub(super) fn beside(&self, masker: usize, track: usize) -> &Row {
        &self.beside[masker * self.tracks + track]
    }

    /// Of a track in the mix without one masker.
    pub(super) fn without(&self, masker: usize, track: usize) -> &Row {
        &self.without[masker * self.tracks + track]
    }

    /// Sums over all frames: the same bits on any number of threads.
    pub(super) fn measure(
        tracks: &Tracks,
        threads: &Threads,
        after: &mut dyn FnMut(f64) -> Result<(), AnalysisError>,
    ) -> Result<Self, AnalysisError> {
        let count = tracks.tracks.len();
        let length = (CELLS / (ERB_BANDS * count * count)).max(1);
        let parts = tracks.frames.div_ceil(length);
        let backend = Backend::new(Cpu::Detected);
        let mut total = Self::new(count);
        for first in (0..parts).step_by(PARTS) {
            let measure = |part: usize| {
                let start = (first + part) * length;
                let mut sums = Self::new(count);
                run!(backend, _ => sums.add_frames(tracks, start, length.min(tracks.frames - start)));
                sums
            };
            let number = PARTS.min(parts - first);
            let share = |share: f64| (first as f64 + share * number as f64) / parts as f64;
            for part in threads.try_map(number, measure, |part| after(share(part)))? {
                total.add(&part);
            }
        }
        Ok(total)
    }

    fn add(&mut self, other: &Self) {
        let Self { tracks: _, alone, in_mix, mix, above, beside, without } = self;
        for (rows, others) in [
            (alone, &other.alone),
            (in_mix, &other.in_mix),
            (mix, &other.mix),
            (above, &other.above),
            (beside, &other.beside),
            (without, &other.without),
        ] {
            rows.iter_mut().zip(others).for_each(|(row, other)| add(row, other));
        }
    }

    #[inline(always)]
    fn add_frames(&mut self, tracks: &Tracks, start: usize, length: usize) {
        let count = self.tracks;
        let constants = &tracks.constants;
        let mut heard = Vec::with_capacity(count);
        let mut maskers = Vec::with_capacity(count);
        let mut others = vec![[0.0; ERB_BANDS]; count];
        for frame in start..start + length {
            let active = |index: usize| tracks.tracks[index].active[frame];
            if !(0..count).any(active) {
                continue;
            }
            heard.clear();
            maskers.clear();
            for track in &tracks.tracks {
                heard.push(Heard::new(&track.rows()[frame]));
                maskers.push(Masker::new(constants, &track.rows()[frame]));
            }
            let mut all = [0.0; ERB_BANDS];
            heard.iter().for_each(|heard| add(&mut all, &heard.excitation));
            let mix = constants.alone(&all);
            for (index, other) in others.iter_mut().enumerate() {
                *other = [0.0; ERB_BANDS];
                for (beside, heard) in heard.iter().enumerate() {
                    if beside != index {
                        add(other, &heard.excitation);
                    }
                }
            }
            for (track, own) in heard.iter().enumerate().filter(|(track, _)| active(*track)) {
                add(&mut self.alone[track], &constants.alone(&own.excitation));
                add(&mut self.mix[track], &mix);
                add(&mut self.in_mix[track], &constants.beside(own, &Masker::new(constants, &others[track])));
                let mut above = own.db_over(&others[track]);
                above.iter_mut().for_each(|db| *db = ((*db + SPAN_DB) / (2.0 * SPAN_DB)).clamp(0.0, 1.0));
                add(&mut self.above[track], &above);
                for (masker, beside) in maskers.iter().enumerate().filter(|(masker, _)| *masker != track) {
                    add(&mut self.beside[masker * count + track], &constants.beside(own, beside));
                }
            }
            // The mix without two tracks is beside either of them, once the other one is muted.
            for (one, beside_one) in others.iter().enumerate() {
                for other in one + 1..count {
                    if active(one) || active(other) {
                        let rest: Row =
                            core::array::from_fn(|band| (beside_one[band] - heard[other].excitation[band]).max(0.0));
                        let rest = Masker::new(constants, &rest);
                        for (muted, track) in [(one, other), (other, one)] {
                            if active(track) {
                                add(&mut self.without[muted * count + track], &constants.beside(&heard[track], &rest));
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Loudness of one track, alone and beside one masker, summed over the frames in which it sounds.
pub(in crate::analysis) fn of_pair(constants: &Constants, track: &[Row], active: &[bool], masker: &[Row]) -> [Row; 2] {
    let mut sums = [[0.0; ERB_BANDS]; 2];
    run!(Backend::new(Cpu::Detected), _ => add_pair(constants, track, active, masker, &mut sums));
    sums
}

#[inline(always)]
fn add_pair(constants: &Constants, track: &[Row], active: &[bool], masker: &[Row], [alone, beside]: &mut [Row; 2]) {
    for ((own, active), other) in track.iter().zip(active).zip(masker) {
        if *active {
            add(alone, &constants.alone(own));
            add(beside, &constants.beside(&Heard::new(own), &Masker::new(constants, other)));
        }
    }
}
