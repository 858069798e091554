//! The settings of a delay.

use crate::{
    foundation::{
        declare::{choice, params},
        field::min_of,
        table::Limit,
    },
    modulation::NoteValue,
};

/// Values on the ramp of [`DelayParams::gains`].
pub(super) const GAINS: usize = 4;

choice! {
    /// What a [`Delay`](super::Delay) does when its time changes.
    TimeChange, default Fade {
        /// Crossfades from the old time to the new one in 50 ms: the pitch stays.
        Fade = "fade",
        /// Moves the read position at up to two octaves of pitch, as a tape does.
        Repitch = "repitch",
    }
}

params! {
    /// Settings of [`Delay`](super::Delay).
    ///
    /// ```
    /// use mixdown::{BlockMut, Params, Processor, StreamSpec, modulation::DelayParams};
    ///
    /// let params = DelayParams { time_ms: 10.0, feedback: 0.5, ..Default::default() };
    /// let mut audio = [0.0_f32; 1_500];
    /// audio[0] = 1.0;
    /// params.build(&StreamSpec::new(48_000.0, 1)?)?.process(&mut BlockMut::from_planar(&mut audio, 1)?);
    /// // Echoes every 480 frames, each half as loud as the one before.
    /// assert_eq!([0, 480, 960, 1_440].map(|frame| audio[frame]), [0.0, 1.0, 0.5, 0.25]);
    /// # Ok::<(), mixdown::Error>(())
    /// ```
    #[derive(Clone, Copy, Debug, PartialEq)]
    DelayParams {
        time_ms: ms, 0.02..=10000.0, at_most |delay| delay.longest(), default 375.0, log,
            "Time between two echoes, unless a note sets it; one frame at least";
        tempo_bpm: bpm, 20.0..=999.0, default 120.0, "Tempo of the note";
        note: choice NoteValue, "Note that sets the time, by the tempo; off: time_ms counts";
        feedback: none, -1.1..=1.1, default 0.35, "Gain from each echo to the next; beyond 1 a soft clip bounds them";
        ping_pong: switch, default false, fixed, "Echoes alternate between left and right; makes stereo";
        low_cut_hz: Hz, 20.0..=1000.0, default 20.0, log,
            "Corner of the low cut of the feedback, 12 dB per octave; 20 is off";
        high_cut_hz: Hz, 1000.0..=20000.0, default 20000.0, log,
            "Corner of its high cut, 12 dB per octave; 20 000 and 0.49 of the sample rate are off";
        time_change: choice TimeChange, fixed, "Crossfade to another time, or glide of the pitch";
        duck_db: dB, 0.0..=40.0, default 0.0, "Largest reduction of the echoes while the input is loud";
        mix: none, 0.0..=1.0, default 1.0, "0 is the input alone, 1 the echoes alone";
        max_time_ms: ms, 1.0..=10000.0, default 2000.0, log, fixed, "Longest time that it has memory for";
    }
}

impl DelayParams {
    /// The time that counts, of the note or set in ms.
    pub(super) fn time_that_counts_ms(&self) -> f64 {
        self.note.time_ms(self.tempo_bpm, self.time_ms)
    }

    /// While a note sets the time, `time_ms` counts for nothing. An illegal maximum is refused by its own name.
    fn longest(&self) -> Limit {
        let is_legal = self.max_time_ms >= const { min_of(Self::FIELDS, "max_time_ms") };
        let value = if self.note == NoteValue::Off && is_legal { self.max_time_ms } else { f64::INFINITY };
        Limit { value, with: "max_time_ms", with_value: self.max_time_ms }
    }

    /// Whether echoes never end: a gain of 1, or one that `f32` rounds to it.
    pub(super) fn is_endless(&self) -> bool {
        self.feedback.abs() as f32 >= 1.0
    }

    /// Gains that glide: of the input and of the echoes at the output, of the feedback, and the share of the soft clip.
    pub(super) fn gains(&self) -> [f64; GAINS] {
        [1.0 - self.mix, self.mix, self.feedback, if self.feedback.abs() > 1.0 { 1.0 } else { 0.0 }]
    }
}
