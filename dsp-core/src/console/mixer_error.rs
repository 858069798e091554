//! Errors of the mixer, with the names of the strips in question.

use crate::foundation::error::Error;
use alloc::{string::String, vec::Vec};
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
    /// There already is a strip or a VCA group of this name.
    Duplicate {
        /// The name given; of a VCA group after `vca/`.
        name: String,
    },
    /// A strip cannot have this name: it is empty or has a `/`.
    Name {
        /// The name given.
        name: String,
    },
    /// The master can be set, and neither removed nor renamed nor moved.
    Master,
    /// A strip feeds, or has as its key, a strip that does not exist; or a VCA group has it as a member.
    Route {
        /// The strip; of a VCA group its name after `vca/`.
        from: String,
        /// The name that it gives.
        to: String,
        /// The names that there are.
        known: Vec<String>,
    },
    /// A strip feeds a track, which takes no other strips.
    NoBus {
        /// The strip.
        from: String,
        /// The track.
        to: String,
    },
    /// A strip would feed itself.
    Cycle {
        /// The strips in the direction of the signal, the first again as the last.
        path: Vec<String>,
    },
    /// A strip cannot be removed while others feed it or have it as their key.
    Fed {
        /// The strip.
        name: String,
        /// The others.
        by: Vec<String>,
    },
    /// An insert that is given a key takes none, or does not exist.
    Key {
        /// The strip.
        name: String,
        /// Position of the insert.
        insert: usize,
        /// Inserts of the strip that take a key.
        takers: Vec<usize>,
    },
    /// A setting of one strip or VCA group was refused.
    Setting {
        /// The strip's name; of a VCA group its name after `vca/`.
        name: String,
        /// The error.
        error: Error,
    },
}

impl fmt::Display for MixerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown { name } => write!(f, "there is no strip named {name:?}"),
            Self::Duplicate { name } => {
                let (kind, name) = owner(name);
                write!(f, "there is a {kind} named {name:?} already: names must differ")
            }
            Self::Name { name } => {
                write!(f, "{name:?} cannot be the name of a strip: it must not be empty or have a /")
            }
            Self::Master => f.write_str("the master cannot be removed, renamed or moved"),
            Self::Route { from, to, known } => {
                let (kind, from) = owner(from);
                write!(f, "{kind} {from:?}: there is no strip named {to:?}")?;
                if known.len() <= MOST_NAMES { write!(f, "; there are {}", known.join(", ")) } else { Ok(()) }
            }
            Self::NoBus { from, to } => {
                write!(f, "strip {from:?}: {to:?} is a track: only groups, returns and the master take other strips")
            }
            Self::Cycle { path } => write!(f, "strips feed each other in a circle: {}", path.join(" -> ")),
            Self::Fed { name, by } => {
                write!(f, "strip {name:?} cannot be removed while it is needed by {}", by.join(" and "))
            }
            Self::Key { name, insert, takers } => {
                write!(f, "strip {name:?}: inserts[{insert}] takes no key; ")?;
                match takers[..] {
                    [] => f.write_str("none of its inserts does"),
                    [taker] => write!(f, "inserts[{taker}] does"),
                    _ => write!(f, "inserts {takers:?} do"),
                }
            }
            Self::Setting { name, error } => {
                let (kind, name) = owner(name);
                write!(f, "{kind} {name:?}: {error}")
            }
        }
    }
}

/// Names that an error lists.
const MOST_NAMES: usize = 12;

impl core::error::Error for MixerError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Setting { error, .. } => Some(error),
            _ => None,
        }
    }
}

/// What a VCA group is called in place of a strip; no name of a strip has a /.
pub(super) const VCA: &str = "vca/";

/// Kind and name of what an error is about.
fn owner(name: &str) -> (&'static str, &str) {
    name.strip_prefix(VCA).map_or(("strip", name), |vca| ("vca", vca))
}

/// The error of a setting of a strip.
pub(super) fn setting(name: &str, error: Error) -> MixerError {
    MixerError::Setting { name: name.into(), error }
}
