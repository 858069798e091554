//! Places of an equalizer's bands: all channels, or one of mid, side, left and right.
//!
//! All bands run in one cascade, each in its own sections: those of all channels together, which commute with any other,
//! then the placed ones in their order, since mid and side do not commute with left and right. The signal is turned
//! between two of them where needed. A band that changes its place glides to the identity, moves, and glides back.

use super::{
    band::{MAX_BAND_SECTIONS, MAX_BANDS},
    biquad::BiquadCoeffs,
    cascade::Cascade,
    placed::Place,
};
use crate::foundation::block::BlockMut;
use alloc::vec::Vec;

/// The place of one band.
#[derive(Clone, Copy, Debug)]
struct Slot {
    place: Place,
    /// Where it moves when it has faded out.
    next: Option<Place>,
}

/// The places of all bands.
#[derive(Clone, Debug)]
pub(super) struct Places {
    slots: Vec<Slot>,
    /// The sections of the current settings: what a band that moves glides to in the end.
    sections: Vec<BiquadCoeffs>,
    /// Whether a placed band acts, or will.
    active: bool,
    /// Indices of sections that run together.
    group: Vec<usize>,
}

impl Places {
    /// At rest.
    pub(super) fn new(places: &[Place], sections: &[BiquadCoeffs], cascade: &Cascade) -> Self {
        let mut new = Self {
            slots: places.iter().map(|&place| Slot { place, next: None }).collect(),
            sections: sections.to_vec(),
            active: false,
            group: Vec::with_capacity(MAX_BANDS * MAX_BAND_SECTIONS),
        };
        new.find_active(cascade);
        new
    }

    /// Glides to other bands.
    pub(super) fn set(&mut self, places: &[Place], sections: &[BiquadCoeffs], cascade: &mut Cascade) {
        self.sections.copy_from_slice(sections);
        let bands = places.iter().zip(sections.chunks_exact(MAX_BAND_SECTIONS));
        for (band, (slot, (&place, sections))) in self.slots.iter_mut().zip(bands).enumerate() {
            let vanishes = sections.iter().all(|section| *section == BiquadCoeffs::IDENTITY);
            if is_gone(band, cascade) {
                *slot = Slot { place, next: None };
            } else {
                slot.next = (slot.place != place && !vanishes).then_some(place);
            }
        }
        self.aim(cascade);
    }

    /// Glides each band to its sections, those that move to the identity.
    fn aim(&mut self, cascade: &mut Cascade) {
        let bands = self.slots.iter().zip(self.sections.chunks_exact(MAX_BAND_SECTIONS));
        let target = |moves: bool, section: &BiquadCoeffs| if moves { BiquadCoeffs::IDENTITY } else { *section };
        cascade.set_each(
            bands.flat_map(|(slot, sections)| sections.iter().map(move |section| target(slot.next.is_some(), section))),
        );
        self.find_active(cascade);
    }

    fn find_active(&mut self, cascade: &Cascade) {
        let acts = |(band, slot): (usize, &Slot)| {
            slot.next.is_some() || slot.place != Place::Stereo && !is_gone(band, cascade)
        };
        self.active = self.slots.iter().enumerate().any(acts);
    }

    /// The longest next chunk, after bands that have faded out have moved; `None` if no placed band acts, so that the
    /// cascade may run by itself.
    pub(super) fn frames_to_arrival(&mut self, cascade: &mut Cascade) -> Option<usize> {
        if !self.active {
            return None;
        }
        let mut frames = cascade.frames_to_arrival();
        let mut moved = false;
        for (band, slot) in self.slots.iter_mut().enumerate() {
            if let Some(place) = slot.next
                && is_gone(band, cascade)
            {
                *slot = Slot { place, next: None };
                moved = true;
            }
        }
        if moved {
            self.aim(cascade);
            frames = cascade.frames_to_arrival();
        }
        self.find_active(cascade);
        self.active.then_some(frames)
    }

    /// Runs all bands over a chunk that crosses neither an arrival nor the grid, in place.
    pub(super) fn process(&mut self, cascade: &mut Cascade, left: &mut [f64], right: &mut [f64]) {
        let Self { slots, group, .. } = self;
        let place_of = |section: usize| slots[section / MAX_BAND_SECTIONS].place;
        group.clear();
        group.extend(cascade.active().iter().filter(|&&section| place_of(section) == Place::Stereo));
        if let Ok(mut both) = BlockMut::from_slices(&mut [&mut *left, &mut *right]) {
            cascade.process_group(&mut both, group);
        }
        let mut is_mid_side = false;
        let mut next = 0;
        while let Some(&first) = cascade.active().get(next) {
            let band = first / MAX_BAND_SECTIONS;
            let of_band = cascade.active()[next..].iter().take_while(|&&section| section / MAX_BAND_SECTIONS == band);
            group.clear();
            group.extend(of_band);
            next += group.len();
            let place = place_of(first);
            let wants_mid_side = matches!(place, Place::Mid | Place::Side);
            if place != Place::Stereo && wants_mid_side != is_mid_side {
                turn(left, right, if wants_mid_side { 0.5 } else { 1.0 });
                is_mid_side = wants_mid_side;
            }
            let part = match place {
                Place::Stereo => continue,
                Place::Left | Place::Mid => &mut *left,
                Place::Right | Place::Side => &mut *right,
            };
            if let Ok(mut part) = BlockMut::from_planar(part, 1) {
                cascade.process_group(&mut part, group);
            }
        }
        if is_mid_side {
            turn(left, right, 1.0);
        }
        cascade.skip(left.len());
    }

    /// As newly built with the current settings.
    pub(super) fn reset(&mut self, cascade: &mut Cascade) {
        for slot in &mut self.slots {
            *slot = Slot { place: slot.next.unwrap_or(slot.place), next: None };
        }
        self.aim(cascade);
        cascade.reset();
        self.find_active(cascade);
    }

    /// Frames in which the bands that move decay when they have arrived, one after the other.
    pub(super) fn tail_frames(&self) -> u64 {
        let bands = self.slots.iter().zip(self.sections.chunks_exact(MAX_BAND_SECTIONS));
        let moving = bands.filter(|(slot, _)| slot.next.is_some()).flat_map(|(_, sections)| sections);
        moving.filter(|section| **section != BiquadCoeffs::IDENTITY).map(BiquadCoeffs::decay_frames).sum()
    }
}

/// Whether the band does nothing.
fn is_gone(band: usize, cascade: &Cascade) -> bool {
    let active = cascade.active();
    let next = active.partition_point(|&section| section / MAX_BAND_SECTIONS < band);
    active.get(next).is_none_or(|section| section / MAX_BAND_SECTIONS > band)
}

/// Sum and difference times `factor`: 1/2 from left and right to mid and side, 1 back.
fn turn(left: &mut [f64], right: &mut [f64], factor: f64) {
    for (left, right) in left.iter_mut().zip(right) {
        (*left, *right) = (factor * (*left + *right), factor * (*left - *right));
    }
}
