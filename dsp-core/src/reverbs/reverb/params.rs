//! The settings of a reverb.

use super::space::Space;

/// Settings of [`Reverb`](super::Reverb).
///
/// ```
/// use mixdown::{BlockMut, Params, Processor, StreamSpec, reverbs::{ReverbParams, Space}};
///
/// let room = ReverbParams { mix: 0.3, ..ReverbParams::space(Space::Room) };
/// let mut reverb = room.build::<f32>(&StreamSpec::new(48_000.0, 1)?)?;
/// // Mono in, stereo out.
/// let mut audio = [0.0; 2 * 4_800];
/// audio[0] = 1.0;
/// reverb.process(&mut BlockMut::from_planar(&mut audio, 2)?);
/// assert_eq!((audio[0], audio[4_800]), (0.7, 0.7));
/// assert!(audio[1_000] != audio[5_800]);
/// # Ok::<(), mixdown::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(default, deny_unknown_fields))]
pub struct ReverbParams {
    /// What kind of room. Fixed while it runs.
    pub space: Space,
    /// Time before anything is heard of it, in ms, 0..250.
    pub predelay_ms: f64,
    /// How large, 0..1.
    pub size: f64,
    /// Time to -60 dB between the two corners, in s.
    pub t60_s: f64,
    /// Time to -60 dB below the low corner, over `t60_s`, 0.2..3.
    pub t60_low_ratio: f64,
    /// Time to -60 dB above the high corner, over `t60_s`, 0.1..1.5.
    pub t60_high_ratio: f64,
    /// The low corner, in Hz, 50..1000.
    pub low_frequency_hz: f64,
    /// The high corner, in Hz, 1000..16 000. Above 0.4 of the sample rate it acts there.
    pub high_frequency_hz: f64,
    /// How soon echoes become dense, 0..1.
    pub diffusion: f64,
    /// Rate at which delays swing, in Hz, 0..3; each line has its own around it.
    pub modulation_hz: f64,
    /// How far they swing to either side, in ms, 0..1.
    pub modulation_depth_ms: f64,
    /// Level of the early reflections beside the tail, in dB; -inf is off.
    #[cfg_attr(feature = "serde", serde(with = "crate::foundation::unbounded"))]
    pub early_db: f64,
    /// Factor on the side of what it adds, 0..2; its level stays.
    pub width: f64,
    /// The tail stays as it is for ever, and nothing new comes in.
    pub freeze: bool,
    /// 0 is the input alone, 1 the reverb alone.
    pub mix: f64,
}

impl Default for ReverbParams {
    fn default() -> Self {
        Self::space(Space::Hall)
    }
}

impl ReverbParams {
    /// The settings of a space.
    #[must_use]
    pub fn space(space: Space) -> Self {
        let (t60_s, size, predelay_ms) = match space {
            Space::Room => (0.5, 0.25, 5.0),
            Space::Club => (0.8, 0.35, 8.0),
            Space::Chamber => (1.3, 0.45, 12.0),
            Space::Hall => (2.2, 0.6, 20.0),
            Space::Cathedral => (6.5, 1.0, 40.0),
        };
        Self {
            space,
            predelay_ms,
            size,
            t60_s,
            t60_low_ratio: 1.2,
            t60_high_ratio: 0.5,
            low_frequency_hz: 250.0,
            high_frequency_hz: 4_000.0,
            diffusion: 1.0,
            modulation_hz: 0.7,
            modulation_depth_ms: 0.15,
            early_db: -6.0,
            width: 1.0,
            freeze: false,
            mix: 1.0,
        }
    }

    /// Longest decay time of any frequency over that between the corners.
    pub(super) fn highest_ratio(&self) -> f64 {
        self.t60_low_ratio.max(self.t60_high_ratio).max(1.0)
    }
}
