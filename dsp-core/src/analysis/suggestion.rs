//! Suggestions: an ordinary effect or a change of a fader, why, and what the report says after it.

use crate::console::Effect;
use alloc::{string::String, vec::Vec};

/// How sure a suggestion is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Confidence {
    /// A guess: listen first.
    Low,
    /// Usual.
    Medium,
    /// The measured difference is far beyond what the material varies by.
    High,
}

impl Confidence {
    /// One step less sure, as for separated stems, which leak.
    #[must_use]
    pub fn lowered(self) -> Self {
        if self == Self::High { Self::Medium } else { Self::Low }
    }
}

/// What to do.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
pub enum Action {
    /// Insert this effect on the track, after its other inserts.
    Effect(Effect),
    /// Insert this effect, keyed by another track.
    KeyedEffect {
        /// The effect.
        effect: Effect,
        /// The track that keys it.
        key: String,
    },
    /// Move the fader by so many dB.
    FaderDb(f64),
}

/// A figure with its unit.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Figure {
    /// What it is, as a Python name.
    pub name: &'static str,
    /// Its value: finite.
    pub value: f64,
    /// Its unit; empty if it has none.
    pub unit: &'static str,
}

/// A figure of the report before and after the suggestion, recomputed.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Change {
    /// What it is, as a Python name.
    pub name: &'static str,
    /// Before: finite.
    pub before: f64,
    /// After: finite.
    pub after: f64,
    /// Its unit; empty if it has none.
    pub unit: &'static str,
}

/// A suggestion of a report.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Suggestion {
    /// The track to change; `None` for the whole programme.
    pub track: Option<String>,
    /// What to do.
    pub action: Action,
    /// Why, a sentence with its figures.
    pub reason: String,
    /// The figures of the reason.
    pub evidence: Vec<Figure>,
    /// What the report says after it.
    pub predicted: Vec<Change>,
    /// How sure it is.
    pub confidence: Confidence,
}
