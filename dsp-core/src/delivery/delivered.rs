//! The result of a delivery: samples, readings, and what was done to them.

use super::drive_search::Attempt;
use crate::{dynamics::limiter::LimiterParams, foundation::processor::GainReduction, meters::loudness::Loudness};
use alloc::vec::Vec;

/// A delivered programme, and its readings, which serialise without the samples.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(bound = ""))]
pub struct Delivery<S> {
    /// The samples, planar; whole multiples of the word's step if they were rounded. Empty where the caller gave the
    /// memory.
    #[cfg_attr(feature = "serde", serde(skip))]
    pub samples: Vec<S>,
    /// The reading of the samples, by [`Precision::Reference`](crate::meters::Precision::Reference).
    pub loudness: Loudness,
    /// The constant that was subtracted from each channel of the programme; 0 for none.
    pub dc_offsets: Vec<f64>,
    /// The gain before the limiter, in dB.
    pub gain_db: f64,
    /// What was clipped before the limiter; `None` for nothing.
    pub clipping: Option<Clipping>,
    /// The limiter's settings; `None` if it was not needed. The release is automatic, or a fast one if that did not reach
    /// the loudness.
    pub limiter: Option<LimiterParams>,
    /// The gain reduction of the limiter; zeros if it was not needed.
    pub reduction: GainReduction,
    /// The largest gain reduction in each [`CURVE_STEP_MS`](super::CURVE_STEP_MS), in dB; empty if the limiter was not
    /// needed.
    pub reduction_curve_db: Vec<f64>,
    /// Samples clipped by the rounding.
    pub clipped: u64,
    /// Number of passes.
    pub passes: usize,
}

/// What the soft clip did.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Clipping {
    /// Its ceiling, dBFS, after the gain: above that of the limiter by what is left to it.
    pub ceiling_db: f64,
    /// How far the highest peak of the programme lay above it, in dB.
    pub depth_db: f64,
    /// Share of the samples, over all channels, that it changed.
    pub share: f64,
}

impl Clipping {
    pub(super) fn of(attempt: &Attempt, share: f64) -> Option<Self> {
        attempt.clip.map(|clip| Self { ceiling_db: clip.ceiling_db, depth_db: attempt.clip_depth_db, share })
    }
}
