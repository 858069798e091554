//! Delivery: targets of platforms, loudness normalisation, the solver that masters to a target, word length.

pub(crate) mod deliver;
pub(crate) mod normalizer;
pub(crate) mod quantizer;
pub(crate) mod targets;

pub use {
    deliver::{
        CURVE_STEP_MS, Delivery, DeliveryParams, LOUDNESS_TOLERANCE_LU, MAX_DC_OFFSET_DBFS, MAX_PASSES, PEAK_MARGIN_DB,
        deliver, deliver_with,
    },
    normalizer::{Held, Normalization, NormalizeError, NormalizeParams, NormalizePolicy, normalize, normalize_with},
    quantizer::{Dither, Quantizer, QuantizerParams},
    targets::{AlbumRule, DeliveryTarget, GainUp, LoudCeiling, TARGETS, playback_gain, target},
};
