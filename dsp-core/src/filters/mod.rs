//! Filters: the equalizer and its bands, single filters, crossovers, and their designs.

pub(crate) mod band;
pub(crate) mod band_enum;
pub(crate) mod band_kinds;
pub(crate) mod biquad;
pub(crate) mod butterworth;
pub(crate) mod cascade;
pub(crate) mod cookbook;
pub(crate) mod crossover;
pub(crate) mod equalizer;
pub(crate) mod filter;
pub(crate) mod k_weighting;
pub(crate) mod matched;
pub(crate) mod placed;
mod places;
pub(crate) mod svf;

pub use {
    band::{
        AllPassParams, Band, BandPassParams, BellParams, Design, HighPassParams, HighShelfParams, LowPassParams,
        LowShelfParams, MAX_BANDS, NotchParams, TiltParams,
    },
    crossover::{Crossover, CrossoverCoeffs, CrossoverParams, MAX_SPLIT_BANDS},
    equalizer::{Equalizer, EqualizerCoeffs, EqualizerParams},
    filter::{Filter, FilterCoeffs},
    placed::{EqualizerBand, Place, Placed},
};
