//! Meters: loudness by BS.1770 and EBU R 128, true peak. Each implements [`Meter`](crate::Meter).

pub(crate) mod loudness;
pub(crate) mod true_peak;

pub use {
    loudness::{BlockEnergies, Layout, Loudness, LoudnessMeter, LoudnessParams, Memory, Weights, album_loudness},
    true_peak::{Precision, TruePeak, TruePeakMeter},
};
