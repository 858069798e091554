//! Audibility of one track over time, and at other levels of its fader.

use crate::{
    analysis::{
        bands::ERB_BANDS,
        partial_loudness::{Heard, Row, add},
        tracks::Tracks,
    },
    foundation::stream::Cpu,
    primitives::backend::{Backend, run},
};
use alloc::{vec, vec::Vec};

/// dB to either side between which a band goes from inaudible to clear: ANSI S3.5-1997.
const SPAN_DB: f64 = 15.0;

/// How far a track lies above others, in the frames in which it sounds.
#[derive(Clone, Debug)]
pub(super) struct Audibility {
    importance: Row,
    /// dB above the others, by band.
    above_db: Vec<Row>,
}

/// Excitation of all tracks but two, over time: but one if both are the same.
pub(super) fn without(tracks: &Tracks, one: usize, other: usize) -> Vec<Row> {
    let mut sums = vec![[0.0; ERB_BANDS]; tracks.frames];
    for (_, track) in tracks.tracks.iter().enumerate().filter(|(index, _)| ![one, other].contains(index)) {
        sums.iter_mut().zip(track.rows()).for_each(|(sum, row)| add(sum, row));
    }
    sums
}

impl Audibility {
    /// Of a track beside the excitation of others.
    pub(super) fn new(importance: &Row, tracks: &Tracks, track: usize, others: &[Row]) -> Self {
        let own = &tracks.tracks[track];
        let mut above_db = vec![[0.0; ERB_BANDS]; own.active_frames()];
        run!(Backend::new(Cpu::Detected), _ => compare(own.rows(), &own.active, others, &mut above_db));
        Self { importance: *importance, above_db }
    }

    /// In each frame in which it sounds, moved by so many dB.
    pub(super) fn frames(&self, by_db: f64) -> impl Iterator<Item = f64> {
        self.above_db.iter().map(move |frame| self.of(frame, by_db))
    }

    /// Its mean, moved by so many dB; `None` if it never sounds.
    pub(super) fn at(&self, by_db: f64) -> Option<f64> {
        let count = self.above_db.len();
        (count > 0).then(|| self.frames(by_db).sum::<f64>() / count as f64)
    }

    fn of(&self, frame: &Row, by_db: f64) -> f64 {
        let clear = |db: &f64| ((db + by_db + SPAN_DB) / (2.0 * SPAN_DB)).clamp(0.0, 1.0);
        frame.iter().zip(&self.importance).map(|(db, weight)| weight * clear(db)).sum()
    }

    /// The change of level with which the mean becomes `target`; `None` beyond `most_db` to either side.
    pub(super) fn change_to(&self, target: f64, most_db: f64) -> Option<f64> {
        let [mut low, mut high] = [-most_db, most_db];
        if !(self.at(low)? <= target && target <= self.at(high)?) {
            return None;
        }
        for _ in 0..HALVINGS {
            let middle = 0.5 * (low + high);
            if self.at(middle)? < target {
                low = middle;
            } else {
                high = middle;
            }
        }
        Some(0.5 * (low + high))
    }
}

/// Of an interval of 48 dB: to a thousandth.
const HALVINGS: usize = 16;

#[inline(always)]
fn compare(own: &[Row], active: &[bool], others: &[Row], above_db: &mut [Row]) {
    let sounding = own.iter().zip(active).zip(others).filter(|((_, active), _)| **active);
    for (above, ((own, _), others)) in above_db.iter_mut().zip(sounding) {
        *above = Heard::new(own).db_over(others);
    }
}
