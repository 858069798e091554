//! Modulation: delay, chorus, flanger, phaser, tremolo and vibrato.

mod chorus;
mod delay;
mod flanger;
mod lfo;
mod swept_delay;
mod tempo;
mod vibrato;

pub use {
    chorus::{Chorus, ChorusCoeffs, ChorusParams},
    delay::{Delay, DelayCoeffs, DelayParams, TimeChange},
    flanger::{Flanger, FlangerCoeffs, FlangerParams},
    tempo::NoteValue,
    vibrato::{Vibrato, VibratoCoeffs, VibratoParams},
};
