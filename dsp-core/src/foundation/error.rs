//! The one error type of building and re-parameterising; nothing in the audio path can fail.

use alloc::boxed::Box;
use core::fmt;

/// Why a processor could not be built or a setting was refused.
///
/// A refused setting changes nothing. The text names the parameter, the value given and the legal range, and where in a
/// tree of effects it is: `effects[1].bands[3].frequency_hz`.
///
/// ```
/// use mixdown::{Params, StreamSpec, levels::GainParams};
///
/// let spec = StreamSpec::new(48_000.0, 2)?;
/// let error = GainParams { gain_db: 90.0, ..Default::default() }.validate(&spec).unwrap_err();
/// assert_eq!(error.to_string(), "gain_db = 90 is out of range: it must lie in -inf..60");
/// # Ok::<(), mixdown::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Error {
    /// A parameter is outside its legal range, whose ends are included. NaN is outside every range.
    OutOfRange {
        /// Name of the parameter.
        param: &'static str,
        /// Which entry of it, counted from 0, if it is a list of numbers.
        index: Option<u16>,
        /// The value given.
        value: f64,
        /// Smallest legal value.
        min: f64,
        /// Largest legal value.
        max: f64,
        /// The legal value outside the range, which switches the parameter off.
        off: Option<f64>,
    },
    /// A parameter is outside the range that another setting leaves it.
    Conflict {
        /// Name of the parameter.
        param: &'static str,
        /// The value given.
        value: f64,
        /// Smallest value that is legal beside the other setting.
        min: f64,
        /// Largest one.
        max: f64,
        /// Name of the other setting.
        with: &'static str,
        /// Its value.
        with_value: f64,
    },
    /// A note at a tempo makes a time or rate that is out of range.
    Note {
        /// The word of the note.
        note: &'static str,
        /// The tempo.
        tempo_bpm: f64,
        /// Name of the time or rate.
        param: &'static str,
        /// Its value, by the note.
        value: f64,
        /// Smallest legal value.
        min: f64,
        /// Largest legal value.
        max: f64,
    },
    /// A parameter takes only certain values, and this is not one of them.
    NotAllowed {
        /// Name of the parameter.
        param: &'static str,
        /// Which entry of it, counted from 0, if it is a list of numbers.
        index: Option<u16>,
        /// The value given.
        value: f64,
        /// The legal values, in words.
        allowed: &'static str,
    },
    /// A list has too few or too many entries.
    Count {
        /// Name of the list.
        list: &'static str,
        /// Fewest entries.
        min: usize,
        /// Most entries.
        max: usize,
        /// Entries that it was given.
        actual: usize,
    },
    /// The channel count does not fit.
    Channels {
        /// Fewest channels that the processor, block or branch takes.
        min: usize,
        /// Most channels that it takes.
        max: usize,
        /// Channels that it was given.
        actual: usize,
    },
    /// The sample rate is outside 8 kHz to 384 kHz or is not a number.
    SampleRate {
        /// The rate given, in Hz.
        hz: f64,
    },
    /// A processor or coefficients belong to another sample rate than the stream.
    OtherSampleRate {
        /// The rate of the stream, in Hz.
        expected_hz: f64,
        /// The rate of the processor or the coefficients, in Hz.
        actual_hz: f64,
    },
    /// A parameter sizes memory or changes the latency: build a new processor for it.
    NeedsRebuild {
        /// Name of the parameter.
        param: &'static str,
    },
    /// No lane moves this parameter: it is not a number or a switch, or its design takes too long.
    NoLane {
        /// Name of the parameter.
        param: &'static str,
    },
    /// A list of frames is longer than the one whose memory the running processor has.
    TooLong {
        /// Name of the parameter.
        param: &'static str,
        /// Frames given.
        frames: usize,
        /// Most frames.
        most: usize,
    },
    /// Settings or coefficients are of another kind of effect than the processor.
    OtherKind,
    /// No parameter has this name.
    Unknown {
        /// The name given.
        name: Box<str>,
    },
    /// A parameter was set to a value of another kind: a number to a word, a choice to an unknown word.
    Mismatch {
        /// Name of the parameter.
        param: &'static str,
        /// The value given, as text.
        given: Box<str>,
        /// The values that it takes, as the end of a sentence.
        takes: &'static str,
        /// The words of a choice; none for other parameters.
        words: &'static [&'static str],
    },
    /// The lengths of two buffers that belong together differ.
    Length {
        /// Samples or frames needed.
        expected: usize,
        /// Samples or frames given.
        actual: usize,
    },
    /// A setting of one band, effect or insert was refused.
    Within {
        /// The parameter that holds it: `bands`, `effects`, `inserts`.
        list: &'static str,
        /// Which of them, counted from 0, if there are several.
        index: Option<u16>,
        /// The error.
        error: Box<Error>,
    },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = |f: &mut fmt::Formatter<'_>, param: &str, index: Option<u16>| match index {
            Some(index) => write!(f, "{param}[{index}]"),
            None => f.write_str(param),
        };
        match *self {
            Self::OutOfRange { param, index, value, min, max, off } => {
                name(f, param, index)?;
                write!(f, " = {} is out of range: it must ", Figure(value))?;
                match max {
                    f64::MAX => write!(f, "be {} or more", Figure(min))?,
                    _ => write!(f, "lie in {}..{}", Figure(min), Figure(max))?,
                }
                if let Some(off) = off {
                    write!(f, " or be {off} (off)")?;
                }
                meant(param, value, min, max).map_or(Ok(()), |meant| write!(f, ": did you mean {meant}?"))
            }
            Self::Conflict { param, value, min, max, with, with_value } => {
                write!(f, "{param} = {value} is out of range: with {with} = {with_value} it must lie in {min}..{max}")
            }
            Self::Note { note, tempo_bpm, param, value, min, max } => write!(
                f,
                "note = {note} at tempo_bpm = {tempo_bpm} makes {param} = {value}: it must lie in {min}..{max}"
            ),
            Self::NotAllowed { param, index, value, allowed } => {
                name(f, param, index)?;
                write!(f, " = {value} is not allowed: it must be {allowed}")
            }
            Self::Count { list, min, max, actual } => {
                let entries = if actual == 1 { "entry" } else { "entries" };
                write!(f, "{list} has {actual} {entries}: ")?;
                match max {
                    usize::MAX => write!(f, "{min} or more needed"),
                    _ if min == max => write!(f, "{min} needed"),
                    _ => write!(f, "{min} to {max} needed"),
                }
            }
            Self::Channels { min, max, actual } => {
                write!(f, "channels = {actual} does not fit: ")?;
                match max - min {
                    0 => write!(f, "{min} needed"),
                    1 => write!(f, "{min} or {max} needed"),
                    _ => write!(f, "{min} to {max} needed"),
                }
            }
            Self::SampleRate { hz } => {
                write!(f, "sample_rate_hz = {hz} is out of range: it must lie in 8000..384000")?;
                let meant = meant("sample_rate_hz", hz, 8_000.0, 384_000.0);
                meant.map_or(Ok(()), |meant| write!(f, ": did you mean {meant}?"))
            }
            Self::OtherSampleRate { expected_hz, actual_hz } => {
                write!(f, "sample_rate_hz = {actual_hz} does not fit: {expected_hz} needed")
            }
            Self::NeedsRebuild { param } => {
                write!(f, "{param} cannot change while the processor runs: build a new one")
            }
            Self::NoLane { param } => write!(f, "{param} takes no automation"),
            Self::TooLong { param, frames, most } => {
                write!(
                    f,
                    "{param} = {frames} frames is out of range: the running processor has memory for {most}; build a new one"
                )
            }
            Self::OtherKind => f.write_str("settings of another kind of effect: build a new processor"),
            Self::Unknown { ref name } => write!(f, "{name} is no parameter"),
            Self::Mismatch { param, ref given, takes, words } => {
                let (of, must) = takes.split_at(takes.find("must").unwrap_or(0));
                write!(f, "{param} = {given} is not allowed: {of}it {must}{}", words.join(", "))
            }
            Self::Length { expected, actual } => {
                write!(f, "length = {actual} does not fit: {expected} needed")
            }
            Self::Within { list, index, ref error } => {
                name(f, list, index)?;
                let of_the_whole = matches!(
                    **error,
                    Self::Channels { .. } | Self::Length { .. } | Self::OtherSampleRate { .. } | Self::OtherKind
                );
                write!(f, "{}{error}", if of_the_whole { ": " } else { "." })
            }
        }
    }
}

/// What a value out of range means in another unit, or with the other sign, if that is in the range: kHz for Hz, seconds
/// for ms, percent for a share, a level below 0 dB without its sign.
fn meant(param: &str, value: f64, min: f64, max: f64) -> Option<f64> {
    let ends_in = |units: &[&str]| units.iter().any(|unit| param.ends_with(unit));
    let other = if ends_in(&["_hz", "_ms"]) && value < min {
        libm::round(value * 1e9) / 1e6
    } else if ends_in(&["_db", "_dbtp", "_lufs"]) && (min == 0.0 || max == 0.0) && libm::fabs(value) >= 1.0 {
        -value
    } else if !param.contains('_') && max == 1.0 && (5.0..=100.0).contains(&libm::fabs(value)) {
        value / 100.0
    } else {
        return None;
    };
    (min..=max).contains(&other).then_some(other)
}

/// A number in an error, with an exponent where its digits would fill the line.
struct Figure(f64);

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_finite() && self.0.abs() >= 1e16 { write!(f, "{:e}", self.0) } else { write!(f, "{}", self.0) }
    }
}

impl core::error::Error for Error {}

impl Error {
    /// The same error for one entry of a list of numbers.
    #[must_use]
    pub fn at(self, position: usize) -> Self {
        let here = u16::try_from(position).ok();
        match self {
            Self::OutOfRange { param, value, min, max, off, .. } => {
                Self::OutOfRange { param, index: here, value, min, max, off }
            }
            Self::NotAllowed { param, value, allowed, .. } => Self::NotAllowed { param, index: here, value, allowed },
            other => other,
        }
    }

    /// The same error for the band, effect or insert at `position` of `list`; without a position, for `list` itself.
    #[must_use]
    pub fn within(self, list: &'static str, position: impl Into<Option<usize>>) -> Self {
        let index = position.into().and_then(|position| u16::try_from(position).ok());
        Self::Within { list, index, error: Box::new(self) }
    }

    /// The error without its path.
    #[must_use]
    pub fn innermost(&self) -> &Self {
        let mut innermost = self;
        while let Self::Within { error, .. } = innermost {
            innermost = error;
        }
        innermost
    }
}

/// Checks that `min <= value <= max`. NaN is refused, and so are infinities that are not an end of the range.
///
/// # Errors
/// [`Error::OutOfRange`], naming `param`.
pub(crate) fn in_range(param: &'static str, value: f64, min: f64, max: f64) -> Result<(), Error> {
    if (min..=max).contains(&value) {
        Ok(())
    } else {
        Err(Error::OutOfRange { param, index: None, value, min, max, off: None })
    }
}

/// Checks the number of entries of a list.
///
/// # Errors
/// [`Error::Count`].
pub(crate) fn count_in(list: &'static str, actual: usize, min: usize, max: usize) -> Result<(), Error> {
    if (min..=max).contains(&actual) { Ok(()) } else { Err(Error::Count { list, min, max, actual }) }
}

/// Checks that a count of channels is `expected`.
///
/// # Errors
/// [`Error::Channels`].
pub(crate) fn expect_channels(expected: usize, actual: usize) -> Result<(), Error> {
    channels_in(actual, expected, expected)
}

/// Checks that a member of a combination runs at the rate of its stream.
///
/// # Errors
/// [`Error::OtherSampleRate`].
pub(crate) fn expect_rate(expected_hz: f64, actual_hz: f64) -> Result<(), Error> {
    if expected_hz == actual_hz { Ok(()) } else { Err(Error::OtherSampleRate { expected_hz, actual_hz }) }
}

/// Checks a count of channels.
///
/// # Errors
/// [`Error::Channels`].
pub(crate) fn channels_in(actual: usize, min: usize, max: usize) -> Result<(), Error> {
    if (min..=max).contains(&actual) { Ok(()) } else { Err(Error::Channels { min, max, actual }) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn messages_name_parameter_value_and_range() {
        let error = in_range("pan", 2.0, -1.0, 1.0).unwrap_err();
        assert_eq!(error.to_string(), "pan = 2 is out of range: it must lie in -1..1");
        assert_eq!(error.at(3).to_string(), "pan[3] = 2 is out of range: it must lie in -1..1");
        for (value, text) in [(f64::NAN, "NaN"), (f64::INFINITY, "inf"), (f64::NEG_INFINITY, "-inf")] {
            let error = in_range("pan", value, -1.0, 1.0).unwrap_err();
            assert_eq!(error.to_string(), alloc::format!("pan = {text} is out of range: it must lie in -1..1"));
        }
        assert_eq!(in_range("gain_db", f64::NEG_INFINITY, f64::NEG_INFINITY, 60.0), Ok(()));
        let error = in_range("time_s", -1e308, 0.0, f64::MAX).unwrap_err();
        assert_eq!(error.to_string(), "time_s = -1e308 is out of range: it must be 0 or more");
        let error = in_range("time_s", 1.0, 1e300, f64::MAX).unwrap_err();
        assert_eq!(error.to_string(), "time_s = 1 is out of range: it must be 1e300 or more");
    }

    #[test]
    fn a_value_in_another_unit_or_without_its_sign_is_recognised() {
        for (param, value, [min, max], meant) in [
            ("frequency_hz", 0.08, [10.0, 22_000.0], Some(80.0)),
            ("attack_ms", 0.01, [0.02, 250.0], Some(10.0)),
            ("sample_rate_hz", 44.1, [8_000.0, 384_000.0], Some(44_100.0)),
            ("threshold_db", 20.0, [-60.0, 0.0], Some(-20.0)),
            ("range_db", -40.0, [0.0, f64::INFINITY], Some(40.0)),
            ("pan", -50.0, [-1.0, 1.0], Some(-0.5)),
            // Nothing that is plain.
            ("frequency_hz", 30_000.0, [10.0, 22_000.0], None),
            ("frequency_hz", -1.0, [10.0, 22_000.0], None),
            ("fader_db", 40.0, [f64::NEG_INFINITY, 12.0], None),
            ("threshold_db", 0.5, [-60.0, 0.0], None),
            ("mix", 1.5, [0.0, 1.0], None),
            ("q", 50.0, [0.1, 40.0], None),
            ("pan", f64::NAN, [-1.0, 1.0], None),
        ] {
            let told = in_range(param, value, min, max).unwrap_err().to_string();
            match meant {
                Some(meant) => assert!(told.ends_with(&alloc::format!(": did you mean {meant}?")), "{told}"),
                None => assert!(!told.contains("did you mean"), "{told}"),
            }
        }
        let told = Error::SampleRate { hz: 48.0 }.to_string();
        assert_eq!(told, "sample_rate_hz = 48 is out of range: it must lie in 8000..384000: did you mean 48000?");
    }

    #[test]
    fn what_a_parameter_takes_is_the_end_of_a_sentence() {
        let text = |takes| {
            Error::Mismatch { param: "shape", given: "exp".into(), takes, words: &["linear", "hold"] }.to_string()
        };
        assert_eq!(text("must be one of "), "shape = exp is not allowed: it must be one of linear, hold");
        assert_eq!(
            text("of a level must be one of "),
            "shape = exp is not allowed: of a level it must be one of linear, hold"
        );
    }

    #[test]
    fn a_path_reads_from_the_outside_in() {
        let error = in_range("q", 90.0, 0.1, 40.0).unwrap_err().within("bands", 3).within("effects", 1);
        assert_eq!(error.to_string(), "effects[1].bands[3].q = 90 is out of range: it must lie in 0.1..40");
        assert!(matches!(error.innermost(), Error::OutOfRange { param: "q", .. }));
        let error = channels_in(2, 1, 1).unwrap_err().within("effect", None).within("side", 0);
        assert_eq!(error.to_string(), "side[0].effect: channels = 2 does not fit: 1 needed");
        let error = channels_in(3, 1, 2).unwrap_err().within("effects", 2);
        assert_eq!(error.to_string(), "effects[2]: channels = 3 does not fit: 1 or 2 needed");
    }
}
