//! Layout of the rows of an impulse response.

use crate::foundation::{declare::choice, error::Error};

choice! {
    /// Layout of the rows of an impulse response.
    ConvolutionLayout, default Auto {
        /// By the number of rows.
        Auto = "auto",
        /// One row for every channel.
        Mono = "mono",
        /// Left to left, right to right.
        Stereo = "stereo",
        /// Left to left, left to right, right to left, right to right.
        TrueStereo = "true_stereo",
    }
}

impl ConvolutionLayout {
    /// Refuses another number of rows.
    pub(super) fn check(self, rows: usize) -> Result<(), Error> {
        let (fitting, allowed) = match self {
            Self::Auto => (rows, ""),
            Self::Mono => (1, "1 for layout mono"),
            Self::Stereo => (2, "2 for layout stereo"),
            Self::TrueStereo => (4, "4 for layout true_stereo"),
        };
        if rows == fitting {
            return Ok(());
        }
        Err(Error::NotAllowed { param: "impulse_response (its rows)", index: None, value: rows as f64, allowed })
    }
}
