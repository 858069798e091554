//! Reverbs: the reverb, a feedback delay network, and the plate.

pub(crate) mod delay_bank;
pub(crate) mod fdn;
pub(crate) mod modulated_lines;
pub(crate) mod plate;
pub(crate) mod reverb;

pub use {
    plate::{Plate, PlateCoeffs, PlateParams},
    reverb::{Reverb, ReverbCoeffs, ReverbParams, Space},
};
