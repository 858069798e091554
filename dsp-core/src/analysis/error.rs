//! Why a report was refused.

use crate::foundation::error::Error;
use alloc::string::String;
use core::fmt;

/// Why a report was refused; nothing was measured then.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum AnalysisError {
    /// A setting, or the count of channels.
    Setting(Error),
    /// No stem has this name.
    Unknown {
        /// Name of the argument.
        argument: &'static str,
        /// The name given.
        name: String,
    },
    /// Fewer stems than the report compares.
    Stems {
        /// Fewest.
        min: usize,
        /// Those given.
        actual: usize,
    },
    /// Spectra of different sample rates.
    SampleRates,
    /// Samples that are NaN or infinite.
    NonFinite {
        /// Name of the argument.
        argument: &'static str,
        /// How many.
        count: u64,
        /// Frame of the first.
        first_frame: usize,
    },
    /// Too little of the audio sounds.
    TooShort {
        /// Name of the argument.
        argument: &'static str,
        /// What sounds, in seconds.
        active_s: f64,
        /// The least, in seconds.
        min_s: f64,
    },
    /// An effect of a device is not linear, or treats channels differently.
    NoResponse {
        /// Name of the device.
        device: String,
    },
    /// The progress function ended it.
    Interrupted,
}

impl From<Error> for AnalysisError {
    fn from(error: Error) -> Self {
        Self::Setting(error)
    }
}

impl fmt::Display for AnalysisError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Setting(error) => error.fmt(f),
            Self::Unknown { argument, name } => write!(f, "{argument} = {name:?} is none of the stems"),
            Self::Stems { min, actual } => {
                write!(f, "stems has {actual} entries: it must have at least {min}")
            }
            Self::SampleRates => f.write_str("spectra are of different sample rates"),
            Self::NonFinite { argument, count, first_frame } => {
                write!(f, "{argument} holds {count} non-finite samples, the first at frame {first_frame}")
            }
            Self::TooShort { argument, active_s, min_s } => {
                write!(f, "{argument} sounds for {active_s:.2} s: it must sound for at least {min_s:.0} s")
            }
            Self::NoResponse { device } => {
                write!(f, "effects of {device:?} have no frequency response: those of a device are linear")
            }
            Self::Interrupted => f.write_str("interrupted"),
        }
    }
}

impl core::error::Error for AnalysisError {}
