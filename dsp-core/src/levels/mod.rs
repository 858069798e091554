//! Levels: gain, pan and width.

mod fader;
pub(crate) mod gain;
pub(crate) mod pan;
pub(crate) mod width;

pub use {
    fader::FaderTaper,
    gain::{Gain, GainCoeffs, GainParams},
    pan::{Pan, PanCoeffs, PanLaw, PanParams},
    width::{Width, WidthCoeffs, WidthParams},
};
