//! The settings of a reverb.

use super::space::Space;
use crate::foundation::{declare::params, field::max_of, table::Limit};

/// Longest decay at any frequency, in s.
const LONGEST_T60_S: f64 = 18.0;

params! {
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
    ReverbParams {
        space: choice Space, fixed, "Kind of space";
        predelay_ms: ms, 0.0..=250.0, default 20.0, "Delay of the reverb behind the input";
        size: none, 0.0..=1.0, default 0.6, "Size of the space: delays × 0.5..1.5";
        t60_s: s, 0.1..=18.0, at_most |reverb| reverb.longest_t60(), default 2.2, log,
            "Time to -60 dB between the two corners; at most 18 s over the highest ratio";
        t60_low_ratio: none, 0.2..=3.0, default 1.2, log, "Time to -60 dB below the low corner, over t60_s";
        t60_high_ratio: none, 0.1..=1.5, default 0.5, log, "Time to -60 dB above the high corner, over t60_s";
        low_frequency_hz: Hz, 50.0..=1_000.0, default 250.0, log, "The low corner";
        high_frequency_hz: Hz, 1_000.0..=16_000.0, default 4_000.0, log,
            "The high corner; above 0.4 of the sample rate it acts there";
        diffusion: none, 0.0..=1.0, default 1.0, "Rate at which the echo density builds up";
        modulation_hz: Hz, 0.0..=3.0, default 0.7, "Rate of the delay modulation; each line has its own near it";
        modulation_depth_ms: ms, 0.0..=1.0, default 0.15, "Peak deviation of the delays";
        early_db: dB, -inf..=12.0, default -8.0, "Level of the early reflections relative to the tail";
        width: none, 0.0..=2.0, default 1.0, "Factor on the side signal of the reverb; its level is kept";
        low_cut_hz: Hz, 20.0..=1_000.0, default 20.0, log, "Corner of the low cut of the reverb, 12 dB per octave; 20 is off";
        high_cut_hz: Hz, 1_000.0..=20_000.0, default 20_000.0, log,
            "Corner of its high cut, 12 dB per octave; 20 000 and 0.45 of the sample rate are off";
        duck_db: dB, 0.0..=40.0, default 0.0, "Reduction of the reverb while the input is loud";
        freeze: switch, default false, "Holds the tail for ever, without new input";
        mix: none, 0.0..=1.0, default 1.0, "0 is the input alone, 1 the reverb alone";
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
            Space::Hall => return Self::default(),
            Space::Cathedral => (6.5, 1.0, 40.0),
        };
        Self { space, predelay_ms, size, t60_s, ..Self::default() }
    }

    /// Longest decay at any frequency over that of the mids; clamped to legal ratios, so that an illegal one is refused
    /// by its own name.
    pub(super) fn highest_ratio(&self) -> f64 {
        const { max_of(Self::FIELDS, "t60_low_ratio") }.min(self.t60_low_ratio.max(self.t60_high_ratio).max(1.0))
    }

    fn longest_t60(&self) -> Limit {
        let (low, high) = (("t60_low_ratio", self.t60_low_ratio), ("t60_high_ratio", self.t60_high_ratio));
        let (with, with_value) = if low.1 >= high.1 { low } else { high };
        Limit { value: LONGEST_T60_S / self.highest_ratio(), with, with_value }
    }
}
