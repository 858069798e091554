//! What a match reports.

use super::suggestion::{Confidence, Suggestion};
use crate::console::Effect;
use alloc::{string::String, vec::Vec};

/// The curves of a match, in sixths of an octave.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct MatchCurve {
    /// Reference minus programme, as measured, aligned by its median from 200 Hz to 4 kHz; `None` where not trusted.
    pub difference_db: Vec<Option<f64>>,
    /// Whether both programmes have enough there.
    pub trusted: Vec<bool>,
    /// The difference smoothed, limited, and times `amount`: what is wanted.
    pub curve_db: Vec<f64>,
    /// The response of the effect.
    pub fitted_db: Vec<f64>,
    /// Wanted minus fitted.
    pub residual_db: Vec<f64>,
}

/// A match: an effect that leads from the spectrum of one programme to that of another.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Match {
    /// The effect for the programme.
    pub effect: Effect,
    /// Midbands of sixths of an octave, in Hz.
    pub frequencies_hz: Vec<f64>,
    /// The curves of the whole programme, or of its mid.
    pub whole: MatchCurve,
    /// The curves of the side, with `mid_side`.
    pub side: Option<MatchCurve>,
    /// Loudness of the reference minus that of the programme. It is not matched.
    pub loudness_difference_lu: f64,
    /// Level of the side beside the mid in the reference minus that in the programme, with `mid_side`. It is not matched.
    pub side_difference_db: Option<f64>,
    /// Root mean square of the smoothed difference, in dB.
    pub rms_difference_db: f64,
    /// The same of the two halves of a programme, the larger of both.
    pub rms_halves_db: f64,
    /// Largest magnitude of the residual where trusted, in dB.
    pub worst_residual_db: f64,
    /// Length of what sounds of the programme and of the reference, in seconds.
    pub active_s: [f64; 2],
    /// How sure it is.
    pub confidence: Confidence,
    /// Remarks, a sentence each.
    pub notes: Vec<String>,
    /// The effect and a gain, with what they change.
    pub suggestions: Vec<Suggestion>,
}

impl MatchCurve {
    /// Largest magnitude of the residual where trusted, in dB.
    pub(super) fn worst_residual_db(&self) -> f64 {
        let trusted = self.residual_db.iter().zip(&self.trusted).filter(|(_, trusted)| **trusted);
        trusted.map(|(residual, _)| residual.abs()).fold(0.0, f64::max)
    }
}
