//! The limiter's settings and coefficients.

use crate::{
    dynamics::release::ReleaseCoeffs,
    foundation::{
        declare::{choice, params},
        field::max_of,
    },
};

/// Longest hold, in ms: memory is allocated for it, so that the hold may change.
pub(super) const MAX_HOLD_MS: f64 = max_of(LimiterParams::FIELDS, "hold_ms");
/// Difference between the total length of three boxes and their response, in frames.
const BOX_OVERLAP: usize = 2;

choice! {
    /// Release mode of a [`Limiter`](super::Limiter).
    ReleaseMode, default Manual {
        /// In `release_ms`.
        Manual = "manual",
        /// In `release_ms` after short peaks, 6.7 times as long after sustained reduction.
        Dual = "dual",
        /// By the programme, whatever `release_ms` says: from 30 ms after single peaks to 400 ms after long reduction.
        Auto = "auto",
    }
}

choice! {
    /// Peak detection of a [`Limiter`](super::Limiter).
    LimiterMode, default Standard {
        /// True peak: 8 points per sample, 48 taps each.
        Standard = "standard",
        /// True peak: 16 points per sample, 96 taps each, as [`Precision::High`](crate::meters::Precision::High).
        Master = "master",
        /// Sample peak; the true peak may be several dB higher.
        SamplePeak = "sample_peak",
    }
}

impl LimiterMode {
    /// Points per sample, half the taps of each, shape of the Kaiser window (-80 and -100 dB stop band).
    pub(super) fn interpolator(self) -> Option<(usize, usize, f64)> {
        match self {
            Self::Standard => Some((8, 24, 8.0)),
            Self::Master => Some((16, 48, 10.0)),
            Self::SamplePeak => None,
        }
    }

    /// Frames of a peak's interpolation on either side of it.
    pub(super) fn reach(self) -> usize {
        self.interpolator().map_or(0, |(_, half, _)| half)
    }

    /// Margin of the gain below the ceiling, in dB.
    ///
    /// A varying gain undoes part of the cancellation within an interpolation. Any known bound would cost music a dB,
    /// so this is the result of a search: in 10^9 samples of random signals 0 to 30 dB over the ceiling, including
    /// noise with level steps of 60 dB, at most 0.0091 dB (master) and 0.0012 dB (standard, a fifth as many). For
    /// samples it is ten times the two roundings of an f32 product, 0.000 001 dB.
    pub(super) fn margin_db(self) -> f64 {
        match self {
            Self::Standard | Self::Master => 0.01,
            Self::SamplePeak => 0.000_01,
        }
    }
}

params! {
    /// Settings of [`Limiter`](super::Limiter).
    ///
    /// ```
    /// use mixdown::{BlockMut, Dynamics, Params, Processor, StreamSpec, db_to_gain, dynamics::LimiterParams};
    ///
    /// let spec = StreamSpec::new(48_000.0, 1)?;
    /// let mut limiter = LimiterParams { gain_db: 12.0, ..Default::default() }.build::<f32>(&spec)?;
    /// let mut tone: Vec<f32> = (0..4_800).map(|n| (0.1 * n as f32).sin()).collect();
    /// limiter.process(&mut BlockMut::from_planar(&mut tone, 1)?);
    /// let peak = tone.iter().fold(0.0, |peak: f32, x| peak.max(x.abs()));
    /// assert!(f64::from(peak) <= db_to_gain(-1.0) && f64::from(peak) > db_to_gain(-1.05));
    /// assert!((limiter.gain_reduction_db(0) - 13.01).abs() < 0.01);
    /// # Ok::<(), mixdown::Error>(())
    /// ```
    #[derive(Clone, Copy, Debug, PartialEq)]
    LimiterParams {
        ceiling_db: dBTP, -20.0..=0.0, default -1.0, "Highest peak of the output; in dBFS with the mode sample_peak";
        gain_db: dB, 0.0..=24.0, default 0.0, "Drive into the limiter";
        lookahead_ms: ms, 0.5..=10.0, default 1.5, fixed, "Time by which the gain begins to fall before a peak";
        hold_ms: ms, 0.0..=15.0, default 8.0, "Time that the gain stays down before it recovers";
        release_ms: ms, 5.0..=2_000.0, default 60.0, log, "Time to 63.2 % of the recovery";
        release_mode: choice ReleaseMode, "Release mode";
        link_percent: %, 0.0..=100.0, default 100.0, "Share of the loudest channel's reduction in every channel";
        mode: choice LimiterMode, fixed, "Peak detection";
    }
}

/// Coefficients of a [`Limiter`](super::Limiter).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LimiterCoeffs {
    pub(super) drive: f64,
    /// With the margin.
    pub(super) ceiling: f64,
    pub(super) hold_frames: usize,
    pub(super) release: ReleaseCoeffs,
    /// 0..1.
    pub(super) link: f64,
    pub(super) lookahead_frames: usize,
    pub(super) mode: LimiterMode,
}

impl LimiterCoeffs {
    /// L, the response of the box filters.
    pub(super) fn response_frames(&self) -> usize {
        self.lookahead_frames - BOX_OVERLAP
    }

    /// W, the window of the hold: the response, the samples of a peak's interpolation, and the hold.
    pub(super) fn window_frames(&self) -> usize {
        self.response_frames() + 2 * self.mode.reach() + self.hold_frames
    }

    /// D = K + H + L - 1, with the guard H = K.
    pub(super) fn latency_frames(&self) -> usize {
        2 * self.mode.reach() + self.response_frames() - 1
    }
}
