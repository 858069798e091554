//! Delivery: targets of platforms, loudness normalisation, the solver that masters to a target, word length,
//! vinyl pre-flight.

mod dc_offset;
pub(crate) mod deliver;
mod delivered;
mod delivery_params;
mod dither_seed;
mod drive_search;
mod noise_shaping;
pub(crate) mod normalizer;
mod pass;
pub(crate) mod quantizer;
mod reach;
pub(crate) mod targets;
pub mod vinyl;

pub use {
    dc_offset::MAX_DC_OFFSET_DBFS,
    deliver::{MAX_PASSES, deliver, deliver_to, deliver_with},
    delivered::{Clipping, Delivery},
    delivery_params::{ClipMode, DeliveryParams},
    dither_seed::{ContentSeed, content_seed, name_seed},
    drive_search::{LOUDNESS_TOLERANCE_LU, PEAK_MARGIN_DB},
    normalizer::{
        Held, LimitedClipping, Normalization, NormalizeError, NormalizeParams, NormalizePolicy, normalize,
        normalize_with,
    },
    pass::CURVE_STEP_MS,
    quantizer::{Dither, NoiseShaping, Quantizer, QuantizerParams},
    targets::{AlbumRule, DeliveryTarget, GainUp, LoudCeiling, TARGETS, playback_gain, target},
};
