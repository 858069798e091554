//! Modulation: delay, chorus, flanger, phaser, tremolo and vibrato.

mod delay;
mod lfo;
mod tempo;

pub use delay::{Delay, DelayCoeffs, DelayParams, TimeChange};
pub use tempo::NoteValue;
