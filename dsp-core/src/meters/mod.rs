//! Meters: loudness by BS.1770 and EBU R 128, true peak, levels, correlation, mono compatibility,
//! spectrum. Each implements
//! [`Meter`](crate::Meter).

pub(crate) mod correlation;
mod grid_sum;
pub(crate) mod level;
pub(crate) mod loudness;
pub(crate) mod mono_fold;
mod spectrum;
pub(crate) mod true_peak;
mod windowed;

pub use {
    correlation::{Correlation, CorrelationMeter, CorrelationParams},
    level::{ChannelLevel, Level, LevelMeter, LevelParams},
    loudness::{BlockEnergies, Layout, Loudness, LoudnessMeter, LoudnessParams, Memory, Weights, album_loudness},
    mono_fold::{FoldBand, MonoFold, MonoFoldMeter},
    spectrum::{Spectrum, SpectrumBand, SpectrumMeter, SpectrumParams},
    true_peak::{Precision, TruePeak, TruePeakMeter},
};
