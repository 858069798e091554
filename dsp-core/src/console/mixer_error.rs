//! Errors of the mixer, with the names of the strips in question.

use crate::foundation::error::Error;
use alloc::string::String;
use core::fmt;

/// Why a change of a mixer was refused. Nothing has changed then.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum MixerError {
    /// There is no strip of this name.
    Unknown {
        /// The name given.
        name: String,
    },
    /// There already is a strip of this name.
    Duplicate {
        /// The name given.
        name: String,
    },
    /// A setting of one strip was refused.
    Setting {
        /// The strip's name.
        name: String,
        /// The error.
        error: Error,
    },
}

impl fmt::Display for MixerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown { name } => write!(f, "there is no strip named {name:?}"),
            Self::Duplicate { name } => write!(f, "there is a strip named {name:?} already: names must differ"),
            Self::Setting { name, error } => write!(f, "strip {name:?}: {error}"),
        }
    }
}

impl core::error::Error for MixerError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Setting { error, .. } => Some(error),
            Self::Unknown { .. } | Self::Duplicate { .. } => None,
        }
    }
}
