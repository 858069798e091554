//! Slots of an equalizer's placed bands: one channel each, mid, side, left or right.
//!
//! A band that changes its place glides to the identity, moves, and glides back, 50 ms each. Filters of all channels
//! commute with all others, so the equalizer runs them first; mid and side do not commute with left and right, so
//! placed bands run in their order, and the signal is turned between two of them where needed.

use super::{
    band::{MAX_BAND_SECTIONS, Sections},
    biquad::BiquadCoeffs,
    cascade::Cascade,
    placed::Place,
};
use crate::primitives::backend::Backend;
use alloc::vec::Vec;

/// Sections of one placed band.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct PlacedCoeffs {
    place: Place,
    sections: [BiquadCoeffs; MAX_BAND_SECTIONS],
}

impl PlacedCoeffs {
    /// No band.
    pub(super) const NONE: Self = Self { place: Place::Stereo, sections: [BiquadCoeffs::IDENTITY; MAX_BAND_SECTIONS] };

    pub(super) fn new(place: Place, sections: &Sections) -> Self {
        Self { place, sections: *sections.padded() }
    }
}

#[derive(Clone, Debug)]
struct Slot {
    cascade: Cascade,
    place: Place,
    /// What it glides to when it has faded out of its place.
    next: Option<PlacedCoeffs>,
}

impl Slot {
    fn set(&mut self, coeffs: &PlacedCoeffs, phase: usize) {
        if self.cascade.is_identity() {
            self.cascade.align(phase);
            self.place = coeffs.place;
        }
        let stays = self.place == coeffs.place || coeffs.place == Place::Stereo;
        self.next = if stays { None } else { Some(*coeffs) };
        self.cascade.set_coeffs(if stays { &coeffs.sections } else { &[] });
    }

    /// Moves to its next place once it has faded out. Returns the longest next chunk.
    fn frames_to_arrival(&mut self, phase: usize) -> usize {
        let frames = self.cascade.frames_to_arrival();
        if !self.cascade.is_identity() {
            return frames;
        }
        match self.next.take() {
            Some(next) => {
                self.set(&next, phase);
                self.cascade.frames_to_arrival()
            }
            None => frames,
        }
    }

    fn reset(&mut self) {
        if let Some(next) = self.next.take() {
            self.place = next.place;
            self.cascade.set_coeffs(&next.sections);
        }
        self.cascade.reset();
    }

    fn tail_frames(&self) -> u64 {
        let sections = self.next.iter().flat_map(|next| next.sections);
        let next = sections.filter(|section| *section != BiquadCoeffs::IDENTITY).map(|section| section.decay_frames());
        self.cascade.tail_frames() + next.sum::<u64>()
    }
}

/// The slots of all bands.
#[derive(Clone, Debug)]
pub(super) struct PlacedSlots {
    slots: Vec<Slot>,
    /// Whether a band acts, or may.
    active: bool,
}

impl PlacedSlots {
    pub(super) fn new(backend: Backend, sample_rate_hz: f64, coeffs: &[PlacedCoeffs]) -> Self {
        let slot = |PlacedCoeffs { place, sections }: &PlacedCoeffs| Slot {
            cascade: Cascade::of_one_channel(backend, sample_rate_hz, sections),
            place: *place,
            next: None,
        };
        let mut slots = Self { slots: coeffs.iter().map(slot).collect(), active: true };
        slots.find_active();
        slots
    }

    /// Glides to other bands; `phase` is the position in the grid.
    pub(super) fn set_coeffs(&mut self, coeffs: &[PlacedCoeffs], phase: usize) {
        self.slots.iter_mut().zip(coeffs).for_each(|(slot, coeffs)| slot.set(coeffs, phase));
        self.find_active();
    }

    fn find_active(&mut self) {
        self.active = self.slots.iter().any(|slot| !slot.cascade.is_identity() || slot.next.is_some());
    }

    /// The longest next chunk; `None` if no band acts.
    pub(super) fn frames_to_arrival(&mut self, phase: usize) -> Option<usize> {
        if !self.active {
            return None;
        }
        let frames = self.slots.iter_mut().map(|slot| slot.frames_to_arrival(phase)).min();
        self.find_active();
        if self.active { frames } else { None }
    }

    /// A chunk that crosses neither an arrival nor the grid, in place.
    pub(super) fn process(&mut self, left: &mut [f64], right: &mut [f64]) {
        let mut is_mid_side = false;
        for slot in self.slots.iter_mut().filter(|slot| !slot.cascade.is_identity()) {
            let wants_mid_side = matches!(slot.place, Place::Mid | Place::Side);
            if wants_mid_side != is_mid_side {
                turn(left, right, if wants_mid_side { 0.5 } else { 1.0 });
                is_mid_side = wants_mid_side;
            }
            match slot.place {
                Place::Left | Place::Mid => slot.cascade.process_mono(left),
                Place::Right | Place::Side => slot.cascade.process_mono(right),
                Place::Stereo => {}
            }
        }
        if is_mid_side {
            turn(left, right, 1.0);
        }
    }

    pub(super) fn reset(&mut self) {
        self.slots.iter_mut().for_each(Slot::reset);
        self.find_active();
    }

    pub(super) fn tail_frames(&self) -> u64 {
        self.slots.iter().map(Slot::tail_frames).sum()
    }
}

/// Sum and difference times `factor`: 1/2 from left and right to mid and side, 1 back.
fn turn(left: &mut [f64], right: &mut [f64], factor: f64) {
    for (left, right) in left.iter_mut().zip(right) {
        (*left, *right) = (factor * (*left + *right), factor * (*left - *right));
    }
}
