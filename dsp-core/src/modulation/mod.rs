//! Modulation: delay, chorus, flanger, phaser, tremolo and vibrato.

mod gliding_lfo;
mod lfo;
mod phaser;
mod tempo;
mod tremolo;

pub use {
    phaser::{Phaser, PhaserCoeffs, PhaserParams},
    tempo::NoteValue,
    tremolo::{Tremolo, TremoloCoeffs, TremoloParams, TremoloShape},
};
