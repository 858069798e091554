//! Judgement of mixes: what a track loses beside the others, faults of a programme, translation to loudspeakers, tonal
//! balance, and the equalisation that leads from one programme to another.
//!
//! Every report is computed from [`Spectra`], measured once per track, and changes no audio. Suggestions are ordinary
//! [effects](crate::Effect) or changes of faders, with what the same report says after them.
//!
//! All thresholds are parameters of the reports, and say where they come from: `[P]` published, `[N]` measured on real
//! multitracks, `[C]` chosen.

pub(crate) mod bands;
pub(crate) mod cells;
pub(crate) mod error;
pub(crate) mod fit;
pub(crate) mod hearing;
pub(crate) mod ltas;
mod match_limits;
mod matching;
mod minimum_phase;
pub(crate) mod spectra;
pub(crate) mod suggestion;
mod tonal;
mod tonal_limits;
mod tonal_target;
mod tone_curves;

pub use {
    error::AnalysisError,
    match_limits::{MatchLimits, MatchParams},
    matching::{Match, MatchCurve, match_to},
    spectra::{Spectra, SpectraMeter, Stem},
    suggestion::{Action, Change, Confidence, Figure, Suggestion},
    tonal::{TonalBalance, TonalRegion, tonal_balance},
    tonal_limits::TonalLimits,
    tonal_target::{TonalTarget, tonal_target},
};
