//! Errors of the mixer, which own the names they speak of.

use crate::foundation::error::Error;
use alloc::{string::String, vec::Vec};
use core::fmt;

/// Why a change of a mixer was refused. Nothing has changed then.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum GraphError {
    /// Strips would feed each other in a circle.
    Cycle {
        /// The names around the circle, the first one again at the end.
        path: Vec<String>,
    },
    /// There is no strip of this name.
    UnknownNode {
        /// The name asked for.
        name: String,
    },
    /// There is a strip of this name already.
    Duplicate {
        /// The name given.
        name: String,
    },
    /// Other strips still feed this one.
    InUse {
        /// Its name.
        name: String,
    },
    /// A setting of one strip was refused.
    Setting {
        /// The strip's name.
        name: String,
        /// What is wrong with it.
        error: Error,
    },
}

impl fmt::Display for GraphError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cycle { path } => write!(f, "a cycle: {}", path.join(" -> ")),
            Self::UnknownNode { name } => write!(f, "there is no strip named {name:?}"),
            Self::Duplicate { name } => write!(f, "there is a strip named {name:?} already: names must differ"),
            Self::InUse { name } => write!(f, "strip {name:?} is still fed by others"),
            Self::Setting { name, error } => write!(f, "strip {name:?}: {error}"),
        }
    }
}

impl core::error::Error for GraphError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Setting { error, .. } => Some(error),
            Self::Cycle { .. } | Self::UnknownNode { .. } | Self::Duplicate { .. } | Self::InUse { .. } => None,
        }
    }
}
