//! Note values: times that follow a tempo.

use crate::foundation::{
    declare::choice,
    error::Error,
    field::{Field, Kind},
};

/// Defines the notes: each straight, dotted (3/2) and as a triplet (2/3), by its length in beats, which are quarters.
macro_rules! notes {
    ($($doc:literal $name:ident $dotted:ident $triplet:ident = $word:literal $dotted_word:literal $triplet_word:literal, $beats:literal;)*) => {
        choice! {
            /// Length of a note, which a tempo turns into a time.
            NoteValue, default Off {
                /// No note: the time or rate that is set counts, not the tempo.
                Off = "off",
                $(
                    #[doc = concat!($doc, ".")]
                    $name = $word,
                    #[doc = concat!($doc, ", dotted: 3/2 as long.")]
                    $dotted = $dotted_word,
                    #[doc = concat!($doc, " triplet: 2/3 as long.")]
                    $triplet = $triplet_word,
                )*
            }
        }

        impl NoteValue {
            /// Length in beats, that is quarter notes; `None` if it is off.
            ///
            /// ```
            /// use mixdown::modulation::NoteValue;
            ///
            /// assert_eq!(NoteValue::EighthDotted.beats(), Some(0.75));
            /// assert_eq!(NoteValue::Off.beats(), None);
            /// ```
            #[must_use]
            pub const fn beats(self) -> Option<f64> {
                match self {
                    Self::Off => None,
                    $(
                        Self::$name => Some($beats),
                        Self::$dotted => Some($beats * 1.5),
                        Self::$triplet => Some($beats * 2.0 / 3.0),
                    )*
                }
            }
        }
    };
}

notes! {
    "Four bars of 4/4" FourBars FourBarsDotted FourBarsTriplet = "4/1" "4/1d" "4/1t", 16.0;
    "Two bars of 4/4" TwoBars TwoBarsDotted TwoBarsTriplet = "2/1" "2/1d" "2/1t", 8.0;
    "Whole note" Whole WholeDotted WholeTriplet = "1/1" "1/1d" "1/1t", 4.0;
    "Half note" Half HalfDotted HalfTriplet = "1/2" "1/2d" "1/2t", 2.0;
    "Quarter note" Quarter QuarterDotted QuarterTriplet = "1/4" "1/4d" "1/4t", 1.0;
    "Eighth note" Eighth EighthDotted EighthTriplet = "1/8" "1/8d" "1/8t", 0.5;
    "Sixteenth note" Sixteenth SixteenthDotted SixteenthTriplet = "1/16" "1/16d" "1/16t", 0.25;
    "Thirty-second note" ThirtySecond ThirtySecondDotted ThirtySecondTriplet = "1/32" "1/32d" "1/32t", 0.125;
    "Sixty-fourth note" SixtyFourth SixtyFourthDotted SixtyFourthTriplet = "1/64" "1/64d" "1/64t", 0.0625;
}

impl NoteValue {
    /// Its length at a tempo, in seconds; `None` if it is off.
    ///
    /// ```
    /// use mixdown::modulation::NoteValue;
    ///
    /// // A dotted eighth at 120 beats per minute.
    /// assert_eq!(NoteValue::EighthDotted.seconds(120.0), Some(0.375));
    /// ```
    #[must_use]
    pub fn seconds(self, tempo_bpm: f64) -> Option<f64> {
        self.beats().map(|beats| 60.0 * beats / tempo_bpm)
    }

    /// The time that counts, in ms: of the note, or `time_ms` if it is off.
    pub(crate) fn time_ms(self, tempo_bpm: f64, time_ms: f64) -> f64 {
        self.seconds(tempo_bpm).map_or(time_ms, |seconds| 1e3 * seconds)
    }

    /// The rate that counts, in Hz: one period in the length of the note, or `rate_hz` if it is off.
    pub(crate) fn rate_hz(self, tempo_bpm: f64, rate_hz: f64) -> f64 {
        self.seconds(tempo_bpm).map_or(rate_hz, |seconds| 1.0 / seconds)
    }

    /// Checks the time or rate that counts, `value`, against the range of the parameter that it stands for, and against
    /// the upper limit `highest` of this processor.
    ///
    /// # Errors
    /// [`Error::Note`]. None if it is off: the table checks what is set.
    pub(crate) fn check(
        self,
        tempo_bpm: f64,
        fields: &'static [Field],
        param: &'static str,
        value: f64,
        highest: f64,
    ) -> Result<(), Error> {
        let found = fields.iter().find(|field| field.name == param).map(|field| field.kind);
        let Some(Kind::Number(number)) = found else { return Ok(()) };
        let (min, max) = (number.min, number.max.min(highest));
        if self == Self::Off || (min..=max).contains(&value) {
            return Ok(());
        }
        Err(Error::Note { note: self.word(), tempo_bpm, param, value, min, max })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_name_the_part_of_a_whole_note() {
        use crate::foundation::{field::Value, table::Parameter};
        for word in NoteValue::WORDS.iter().filter(|word| **word != "off") {
            let factor = if word.ends_with('d') {
                1.5
            } else if word.ends_with('t') {
                2.0 / 3.0
            } else {
                1.0
            };
            let (bars, part) = word.trim_end_matches(['d', 't']).split_once('/').unwrap();
            let whole = bars.parse::<f64>().unwrap() / part.parse::<f64>().unwrap();
            let note = NoteValue::from_value(Value::Choice(word)).unwrap();
            assert!((note.beats().unwrap() - 4.0 * whole * factor).abs() < 1e-15, "{word}");
        }
        assert_eq!(NoteValue::WORDS.len(), 28);
    }
}
