//! Modulation: delay, chorus, flanger, phaser, tremolo and vibrato.

mod lfo;
mod tempo;

pub use tempo::NoteValue;
