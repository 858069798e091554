//! Levels: gain, pan and width.

pub(crate) mod gain;
pub(crate) mod pan;
pub(crate) mod width;

pub use {
    gain::{Gain, GainCoeffs, GainParams},
    pan::{Pan, PanCoeffs, PanLaw, PanParams},
    width::{Width, WidthCoeffs, WidthParams},
};
