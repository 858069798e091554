//! What the lead report holds.

use crate::{analysis::suggestion::Suggestion, foundation::declare::choice};
use alloc::{string::String, vec::Vec};

choice! {
    /// How a lead stands in a mix, in a word.
    LeadVerdict, default Clear {
        /// Below [`LeadLimits::buried_audibility`](super::LeadLimits::buried_audibility).
        Buried = "buried",
        /// Below [`LeadLimits::low_audibility`](super::LeadLimits::low_audibility).
        Low = "low",
        /// Between the limits.
        Clear = "clear",
        /// Above [`LeadLimits::forward_audibility`](super::LeadLimits::forward_audibility).
        VeryForward = "very forward",
        /// It is silent.
        NotMeasurable = "not measurable",
    }
}

/// How the lead stands beside all others: a report.
///
/// # Contract
/// `level_lu` is the K-weighted level of the lead beside the sum of all others, over the blocks of 400 ms in which it
/// sounds; moved by the lead's fader dB for dB. The audibility index is the mean, over frames in which the lead sounds
/// and over bands by their importance for speech, of how far it lies above the others, 0 from 15 dB below, 1 from 15 dB
/// above. Engineers' mixes: -5.5 to +1.7 LU, mean -2.2; audibility .33 to .47, mean .41 (5 songs). Limits are for sung
/// leads; of a mix alone, without its stems, nothing can be said.
///
/// # Source
/// de Clercq, MTO 30.1, 2024: the level of a vocal beside the mix without it. ANSI S3.5-1997: form and importance of the
/// audibility index. Gerdes and Siedenburg, JASA-EL 3(4), 2023: usual levels since 1946.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct LeadReport {
    /// The lead.
    pub lead: String,
    /// Its level beside all others, in LU; `None` where there is nothing to compare.
    pub level_lu: Option<f64>,
    /// Its audibility index, 0 to 1.
    pub audibility: Option<f64>,
    /// The audibility in a word.
    pub verdict: LeadVerdict,
    /// The audibility that was aimed at.
    pub target: f64,
    /// Change of its fader with which it would be as audible as that, rounded; `None` if none does.
    pub fader_change_db: Option<f64>,
    /// What 1 dB of its fader adds to its audibility.
    pub audibility_per_db: Option<f64>,
    /// Where it is buried for a while.
    pub spans: Vec<LeadSpan>,
    /// The others, by what they take of it, strongest first.
    pub maskers: Vec<LeadMasker>,
    /// Middle of each frame, in s.
    pub times_s: Vec<f64>,
    /// Running audibility there; `None` where the lead rests.
    pub running_audibility: Vec<Option<f64>>,
    /// Middle of each block of 400 ms, in s.
    pub block_times_s: Vec<f64>,
    /// Its level beside the others there, in LU; `None` where the lead rests.
    pub block_levels_lu: Vec<Option<f64>>,
    /// What it is, in sentences.
    pub message: String,
    /// What would help, best first.
    pub suggestions: Vec<Suggestion>,
}

/// A stretch in which the lead is buried.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct LeadSpan {
    /// Its start, in s.
    pub start_s: f64,
    /// Its end, in s.
    pub end_s: f64,
    /// The lowest running audibility in it.
    pub least_audibility: f64,
}

/// What another track takes of the lead.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct LeadMasker {
    /// Its name.
    pub name: String,
    /// Share of the lead's loudness that it alone takes.
    pub lost: f64,
    /// The three ERB bands in which it takes most, strongest first.
    pub bands_hz: [f64; 3],
}
