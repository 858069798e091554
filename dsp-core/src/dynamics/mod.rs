//! Dynamics: compressor, expander, gate, de-esser, multiband compressor, dynamic equalizer, limiter, transient
//! shaper, and their detector, gain computer, ballistics and side-chain.

pub(crate) mod ballistics;
pub(crate) mod box_filter;
pub(crate) mod chunk;
pub(crate) mod compression;
pub(crate) mod compressor;
mod crest;
pub(crate) mod de_esser;
pub(crate) mod detector;
pub(crate) mod ducking;
pub(crate) mod dynamic_equalizer;
pub(crate) mod expander;
pub(crate) mod expansion;
pub(crate) mod gain_computer;
pub(crate) mod gain_stage;
pub(crate) mod gate;
pub(crate) mod gate_ballistics;
pub(crate) mod key_filter;
pub(crate) mod limiter;
pub(crate) mod link;
pub(crate) mod lookahead;
pub(crate) mod multiband;
pub(crate) mod passes;
pub(crate) mod quadrature;
pub(crate) mod reduction_meter;
pub(crate) mod release;
pub(crate) mod side_chain;
pub(crate) mod sliding_max;
pub(crate) mod transient_shaper;

pub use {
    compression::{CompressorCoeffs, CompressorParams, CompressorRelease},
    compressor::Compressor,
    de_esser::{DeEsser, DeEsserCoeffs, DeEsserParams},
    detector::Detector,
    dynamic_equalizer::{
        DynamicAction, DynamicBand, DynamicDirection, DynamicEqualizer, DynamicEqualizerBand, DynamicEqualizerCoeffs,
        DynamicEqualizerParams, DynamicShape,
    },
    expander::{Expander, ExpanderCoeffs, ExpanderDetector, ExpanderParams},
    gate::{Gate, GateCoeffs, GateParams},
    limiter::{Limiter, LimiterCoeffs, LimiterMode, LimiterParams, ReleaseMode},
    multiband::{MultibandCompressor, MultibandCompressorCoeffs, MultibandCompressorParams},
    transient_shaper::{TransientShaper, TransientShaperCoeffs, TransientShaperParams},
};
