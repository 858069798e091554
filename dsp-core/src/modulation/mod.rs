//! Modulation: delay, chorus, flanger, phaser, tremolo and vibrato.

mod chorus;
mod delay;
mod flanger;
mod gliding_lfo;
mod lfo;
mod phaser;
mod swept_delay;
mod tempo;
mod tremolo;
mod vibrato;

pub use {
    chorus::{Chorus, ChorusCoeffs, ChorusParams},
    delay::{Delay, DelayCoeffs, DelayParams, TimeChange},
    flanger::{Flanger, FlangerCoeffs, FlangerParams},
    phaser::{Phaser, PhaserCoeffs, PhaserParams},
    tempo::NoteValue,
    tremolo::{Tremolo, TremoloCoeffs, TremoloParams, TremoloShape},
    vibrato::{Vibrato, VibratoCoeffs, VibratoParams},
};
