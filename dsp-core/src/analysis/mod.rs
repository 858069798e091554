//! Judgement of mixes: what a track loses beside the others, faults of a programme, translation to loudspeakers, tonal
//! balance, and the equalisation that leads from one programme to another.
//!
//! Every report is computed from [`Spectra`], measured once per track, and changes no audio. Suggestions are ordinary
//! [effects](crate::Effect) or changes of faders, with what the same report says after them.
//!
//! All thresholds are parameters of the reports, and say where they come from: `[P]` published, `[N]` measured on real
//! multitracks, `[C]` chosen.

#![allow(rustdoc::broken_intra_doc_links, reason = "[C] is a mark of a source, no link")]

pub(crate) mod bands;
pub(crate) mod cells;
pub(crate) mod check;
pub(crate) mod devices;
pub(crate) mod error;
pub(crate) mod fit;
pub(crate) mod hearing;
pub(crate) mod importance;
pub(crate) mod keyed;
mod lead;
pub(crate) mod ltas;
mod masking;
mod match_difference;
mod match_limits;
mod match_report;
mod match_suggestions;
mod matching;
mod measuring;
mod minimum_phase;
pub(crate) mod partial_loudness;
pub(crate) mod roles;
pub(crate) mod spectra;
pub(crate) mod suggestion;
mod tonal;
mod tonal_limits;
mod tonal_target;
mod tone_curves;
pub(crate) mod tracks;
pub(crate) mod translation;

pub use {
    check::{CheckLimits, CheckStem, Finding, Folded, MixCheck, Severity, check_mix},
    devices::{Device, NoiseColour, RoomNoise, devices},
    error::AnalysisError,
    lead::{LeadLimits, LeadMasker, LeadReport, LeadSpan, LeadVerdict, lead_report, lead_report_with},
    masking::{Audible, Clash, Masking, MaskingLimits, masking, masking_with},
    match_limits::{MatchLimits, MatchParams},
    match_report::{Match, MatchCurve},
    matching::match_to,
    roles::{Role, RoleFeatures, RoleLimits, role},
    spectra::{Spectra, SpectraMeter, Stem},
    suggestion::{Action, Change, Confidence, Figure, Suggestion},
    tonal::{TonalBalance, TonalRegion, tonal_balance},
    tonal_limits::TonalLimits,
    tonal_target::{TonalTarget, tonal_target},
    translation::{OnDevice, Region, Translation, TranslationLimits, Verdict, translation, translation_with},
};
