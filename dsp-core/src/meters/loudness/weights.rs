//! Channel weights of BS.1770 for loudspeaker layouts.

use crate::foundation::{
    error::{Error, in_range},
    table::Compound,
};
use alloc::{vec, vec::Vec};

/// Largest weight of a channel; two identical loudspeakers weigh 2.
const MAX_WEIGHT: f64 = 10.0;
/// Weight of a loudspeaker between 60 and 120 degrees off the front: 1.41 as in the standard, not 10^0.15.
const SIDE: f64 = 1.41;

/// A layout of loudspeakers, named by its count of main and of low-frequency channels.
///
/// Weights after ITU-R BS.1770-5, Annexes 1 and 3: 1.41 for loudspeakers at the sides (60 to 120 degrees), 0 for
/// low-frequency effects, 1 for all others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub enum Layout {
    /// One channel.
    #[cfg_attr(feature = "serde", serde(rename = "mono"))]
    Mono,
    /// L R.
    #[cfg_attr(feature = "serde", serde(rename = "stereo"))]
    Stereo,
    /// L R C.
    #[cfg_attr(feature = "serde", serde(rename = "3.0"))]
    Surround30,
    /// L R Ls Rs.
    #[cfg_attr(feature = "serde", serde(rename = "4.0"))]
    Surround40,
    /// L R C Ls Rs.
    #[cfg_attr(feature = "serde", serde(rename = "5.0"))]
    Surround50,
    /// L R C LFE Ls Rs.
    #[cfg_attr(feature = "serde", serde(rename = "5.1"))]
    Surround51,
    /// L R C LFE Lb Rb Ls Rs: the back pair (135 degrees) weighs 1, the side pair 1.41.
    #[cfg_attr(feature = "serde", serde(rename = "7.1"))]
    Surround71,
}

impl Layout {
    /// The usual layout of that many channels; `None` for counts without one.
    ///
    /// ```
    /// use mixdown::meters::Layout;
    ///
    /// assert_eq!(Layout::of_channels(6), Some(Layout::Surround51));
    /// assert_eq!(Layout::of_channels(7), None);
    /// ```
    #[must_use]
    pub fn of_channels(channels: usize) -> Option<Self> {
        Some(match channels {
            1 => Self::Mono,
            2 => Self::Stereo,
            3 => Self::Surround30,
            4 => Self::Surround40,
            5 => Self::Surround50,
            6 => Self::Surround51,
            8 => Self::Surround71,
            _ => return None,
        })
    }

    /// Weight of each channel's energy.
    #[must_use]
    pub fn weights(self) -> &'static [f64] {
        match self {
            Self::Mono => &[1.0],
            Self::Stereo => &[1.0, 1.0],
            Self::Surround30 => &[1.0, 1.0, 1.0],
            Self::Surround40 => &[1.0, 1.0, SIDE, SIDE],
            Self::Surround50 => &[1.0, 1.0, 1.0, SIDE, SIDE],
            Self::Surround51 => &[1.0, 1.0, 1.0, 0.0, SIDE, SIDE],
            Self::Surround71 => &[1.0, 1.0, 1.0, 0.0, 1.0, 1.0, SIDE, SIDE],
        }
    }
}

/// Channel weights of a [`LoudnessMeter`](crate::meters::LoudnessMeter).
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Weights {
    /// The usual layout of as many channels as the stream has: 1 to 6, or 8.
    #[default]
    ByCount,
    /// The weights of a layout.
    Layout(Layout),
    /// One factor per channel, 0 to 10, for the channel's energy.
    Explicit(Vec<f64>),
}

impl Compound for Weights {}

impl Weights {
    /// One weight per channel.
    ///
    /// # Errors
    /// [`Error::NotAllowed`] if there is no usual layout; [`Error::Channels`] if the layout has another count;
    /// [`Error::Length`] if there are not as many weights as channels; the first weight that is out of range.
    pub(super) fn resolve(&self, channels: usize, dual_mono: bool) -> Result<Vec<f64>, Error> {
        let mut weights = match self {
            Self::ByCount => {
                let allowed = "1, 2, 3, 4, 5, 6 or 8 unless weights are given";
                let value = channels as f64;
                let error = Error::NotAllowed { param: "channels", index: None, value, allowed };
                Layout::of_channels(channels).ok_or(error)?.weights().to_vec()
            }
            Self::Layout(layout) => {
                let weights = layout.weights();
                if weights.len() != channels {
                    return Err(Error::Channels { min: weights.len(), max: weights.len(), actual: channels });
                }
                weights.to_vec()
            }
            Self::Explicit(weights) => {
                if weights.len() != channels {
                    return Err(Error::Length { expected: channels, actual: weights.len() });
                }
                for (channel, weight) in weights.iter().enumerate() {
                    in_range("weights", *weight, 0.0, MAX_WEIGHT).map_err(|error| error.at(channel))?;
                }
                weights.clone()
            }
        };
        if dual_mono && channels == 1 {
            weights = vec![2.0 * weights[0]];
        }
        Ok(weights)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn counts_and_weights_that_do_not_fit_are_refused() {
        for channels in [7, 9, 64] {
            let error = Weights::ByCount.resolve(channels, false).unwrap_err();
            assert!(error.to_string().contains("unless weights are given"), "{error}");
            let ones = Weights::Explicit(vec![1.0; channels]);
            assert_eq!(ones.resolve(channels, true).unwrap(), vec![1.0; channels]);
        }
        let error = Weights::Layout(Layout::Surround51).resolve(2, false).unwrap_err();
        assert_eq!(error, Error::Channels { min: 6, max: 6, actual: 2 });
        let error = Weights::Explicit(vec![1.0]).resolve(2, false).unwrap_err();
        assert_eq!(error, Error::Length { expected: 2, actual: 1 });
        let error = Weights::Explicit(vec![1.0, -1.0]).resolve(2, false).unwrap_err();
        assert_eq!(error.to_string(), "weights[1] = -1 is out of range: it must lie in 0..10");
        assert_eq!(Weights::ByCount.resolve(1, true).unwrap(), [2.0]);
        for channels in 1..=8 {
            if let Some(layout) = Layout::of_channels(channels) {
                assert_eq!(layout.weights().len(), channels);
            }
        }
    }
}
