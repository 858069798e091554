//! The parameter table: what each setting of a processor is called, its unit, range, default and scale.
//!
//! Every set of settings is declared once, by [`params!`](super::declare::params), and carries its table as
//! `FIELDS`. Whatever treats parameters alike reads it: range checks, editors, automation by name,
//! random settings in tests.

use super::error::{Error, in_range};

/// Settings with a table of their parameters.
///
/// ```
/// use mixdown::{Fields, dynamics::CompressorParams, params::{Kind, Value}};
///
/// let mut params = CompressorParams::default();
/// for field in CompressorParams::FIELDS {
///     if let Kind::Number(number) = field.kind {
///         println!("{} {}..{} {}", field.name, number.min, number.max, field.unit);
///     }
/// }
/// params.set("threshold_db", Value::Number(-30.0))?;
/// params.set("detector", Value::Choice("rms"))?;
/// assert_eq!((params.threshold_db, params.get("detector")), (-30.0, Some(Value::Choice("rms"))));
/// # Ok::<(), mixdown::Error>(())
/// ```
pub trait Fields {
    /// The parameters, in the order of the struct's fields; as the constant `FIELDS` of each struct. Those of an
    /// [`Effect`](crate::Effect) are those of its processor, and none if it puts others together.
    fn fields(&self) -> &'static [Field];

    /// The value of a parameter; `None` for an unknown name and for [`Kind::Compound`].
    fn get(&self, name: &str) -> Option<Value<'static>>;

    /// Sets a parameter. Whether a number lies in its range is for [`check_fields`](Self::check_fields) to say, which
    /// knows the sample rate.
    ///
    /// # Errors
    /// [`Error::Unknown`] for a name that is not in the table, [`Error::Mismatch`] for a value of another kind; nothing
    /// changes then.
    fn set(&mut self, name: &str, value: Value<'_>) -> Result<(), Error>;

    /// Highest legal value of a number under the other settings; infinite unless it depends on them.
    fn highest(&self, name: &str) -> f64 {
        let _ = name;
        f64::INFINITY
    }

    /// Checks every number against its range; never clamps.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] or [`Error::NotAllowed`] for the first parameter that is not legal.
    fn check_fields(&self, sample_rate_hz: f64) -> Result<(), Error> {
        for Field { name, kind, .. } in self.fields() {
            if let (Kind::Number(number), Some(Value::Number(value))) = (kind, self.get(name)) {
                number.check(name, value, sample_rate_hz, self.highest(name))?;
            }
        }
        Ok(())
    }
}

/// One parameter of a processor.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Field {
    /// Its name, with the unit as a suffix.
    pub name: &'static str,
    /// Symbol of its unit: `dB`, `dBFS`, `Hz`, `ms`, `%`; empty without one.
    pub unit: &'static str,
    /// What values it takes.
    pub kind: Kind,
    /// Another value needs a new processor.
    pub fixed: bool,
    /// What it does, in a sentence without its full stop.
    pub summary: &'static str,
}

/// What values a parameter takes.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(tag = "type", rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Kind {
    /// A number.
    Number(Number),
    /// On or off.
    Switch {
        /// Its default.
        default: bool,
    },
    /// One of a few words, as they are serialised.
    Choice {
        /// The words.
        words: &'static [&'static str],
        /// Its default.
        default: &'static str,
    },
    /// What has parts of its own (bands, crossovers, an impulse response): neither read nor set by name.
    Compound,
}

/// The range of a number, and how it is laid out on a control.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Number {
    /// Smallest legal value; -inf if there is none.
    pub min: f64,
    /// Largest legal value; inf if there is none.
    pub max: f64,
    /// Its default.
    pub default: f64,
    /// What equal steps of a control are.
    pub scale: Scale,
    /// The legal value outside the range, which turns off what it controls: 0 for `key_high_pass_hz`.
    pub off: Option<f64>,
    /// Largest legal value in parts of the sample rate, where that is lower than `max`.
    pub max_per_rate: Option<f64>,
    /// Which values between `min` and `max` are legal.
    pub steps: Steps,
    /// The legal steps in words; empty if all values are legal.
    pub allowed: &'static str,
}

/// What equal steps of a control are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Scale {
    /// Equal differences.
    Linear,
    /// Equal ratios.
    Logarithmic,
    /// Equal differences of a level in dB: equal ratios of the amplitude.
    Decibel,
}

/// Which values between the ends of a range are legal.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
#[non_exhaustive]
pub enum Steps {
    /// All.
    Any,
    /// Multiples of a number.
    Multiples(f64),
    /// These, in rising order.
    OneOf(&'static [f64]),
}

/// The value of one parameter.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Value<'a> {
    /// Of [`Kind::Number`].
    Number(f64),
    /// Of [`Kind::Switch`], which takes the numbers 0 and 1 as well.
    Switch(bool),
    /// Of [`Kind::Choice`].
    Choice(&'a str),
}

impl From<f64> for Value<'_> {
    fn from(number: f64) -> Self {
        Self::Number(number)
    }
}

impl From<bool> for Value<'_> {
    fn from(on: bool) -> Self {
        Self::Switch(on)
    }
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(word: &'a str) -> Self {
        Self::Choice(word)
    }
}

/// In place of an infinite end on a control: dB beyond which nothing is heard, a ratio that is as good as infinite.
const ENDLESS_DB: f64 = 90.0;
const ENDLESS: f64 = 20.0;

impl Number {
    /// Smallest and largest legal value at a sample rate, apart from `off`.
    #[must_use]
    pub fn range(&self, sample_rate_hz: f64) -> [f64; 2] {
        [self.min, self.max_per_rate.map_or(self.max, |part| self.max.min(part * sample_rate_hz))]
    }

    /// The same parameter in a narrower range.
    #[must_use]
    pub fn within(self, [min, max]: [f64; 2]) -> Self {
        Self { min: self.min.max(min), max: self.max.min(max), ..self }
    }

    /// The value at a position of a control, 0 (`min`) to 1 (`max`), on its scale. Only the positions 0 and 1 themselves
    /// stand for an infinite end.
    ///
    /// ```
    /// use mixdown::{filters::BellParams, params::Kind};
    ///
    /// let Kind::Number(frequency_hz) = BellParams::FIELDS[0].kind else { unreachable!() };
    /// assert!((frequency_hz.at(0.5) - (10.0_f64 * 22_000.0).sqrt()).abs() < 1e-9);
    /// assert!((frequency_hz.position(100.0) - 10.0_f64.ln() / 2_200.0_f64.ln()).abs() < 1e-12);
    /// ```
    #[must_use]
    pub fn at(&self, position: f64) -> f64 {
        if let Steps::OneOf(values) = self.steps {
            let last = values.len() - 1;
            return values[libm::round(position.clamp(0.0, 1.0) * last as f64) as usize];
        }
        let [low, high] = self.travel();
        let value = if position <= 0.0 {
            self.min
        } else if position >= 1.0 {
            self.max
        } else if self.scale == Scale::Logarithmic {
            low * libm::pow(high / low, position)
        } else {
            low + (high - low) * position
        };
        let legal = match self.steps {
            Steps::Multiples(step) => libm::round(value / step) * step,
            _ => value,
        };
        legal.max(self.min).min(self.max)
    }

    /// The position of a value on a control, 0 to 1; 0 for `off`.
    #[must_use]
    pub fn position(&self, value: f64) -> f64 {
        if self.off == Some(value) {
            return 0.0;
        }
        if let Steps::OneOf(values) = self.steps {
            let index = values.iter().position(|&legal| legal >= value).unwrap_or(values.len() - 1);
            return index as f64 / (values.len() - 1) as f64;
        }
        let [low, high] = self.travel();
        let position = if self.scale == Scale::Logarithmic {
            libm::log(value / low) / libm::log(high / low)
        } else {
            (value - low) / (high - low)
        };
        position.clamp(0.0, 1.0)
    }

    /// The ends of a control: those of the range, finite ones in place of infinite ones.
    fn travel(&self) -> [f64; 2] {
        let endless = if self.scale == Scale::Decibel { ENDLESS_DB } else { ENDLESS };
        [self.min.max(-endless), if self.max == f64::INFINITY { endless } else { self.max }]
    }

    fn check(&self, name: &'static str, value: f64, sample_rate_hz: f64, highest: f64) -> Result<(), Error> {
        if self.off == Some(value) {
            return Ok(());
        }
        let legal = match self.steps {
            Steps::OneOf(values) => values.contains(&value),
            steps => {
                let [min, max] = self.range(sample_rate_hz);
                in_range(name, value, min, max.min(highest))?;
                !matches!(steps, Steps::Multiples(step) if value % step != 0.0)
            }
        };
        if legal { Ok(()) } else { Err(Error::NotAllowed { param: name, index: None, value, allowed: self.allowed }) }
    }
}

/// The largest value of a number in a table, for what takes memory by it.
///
/// # Panics
/// Without such a number: while the crate is compiled.
pub(crate) const fn max_of(fields: &[Field], name: &str) -> f64 {
    let mut index = 0;
    while index < fields.len() {
        if let Kind::Number(number) = fields[index].kind
            && same(fields[index].name, name)
        {
            return number.max;
        }
        index += 1;
    }
    panic!("no number of this name")
}

const fn same(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let mut index = 0;
    while index < a.len() && index < b.len() && a[index] == b[index] {
        index += 1;
    }
    index == a.len() && index == b.len()
}

// The words of a declaration by `params!`.
impl Field {
    pub(crate) const fn number(
        name: &'static str,
        [unit, summary]: [&'static str; 2],
        scale: Scale,
        [min, max, default]: [f64; 3],
    ) -> Self {
        let number = Number { min, max, default, scale, off: None, max_per_rate: None, steps: Steps::Any, allowed: "" };
        Self::new(name, [unit, summary], Kind::Number(number))
    }

    pub(crate) const fn new(name: &'static str, [unit, summary]: [&'static str; 2], kind: Kind) -> Self {
        Self { name, unit, kind, fixed: false, summary }
    }

    const fn and(self, change: Number) -> Self {
        Self { kind: Kind::Number(change), ..self }
    }

    const fn as_number(&self) -> Number {
        match self.kind {
            Kind::Number(number) => number,
            _ => panic!("only a number has a range"),
        }
    }

    /// Laid out in equal ratios.
    pub(crate) const fn log(self) -> Self {
        let number = self.as_number();
        assert!(number.min > 0.0, "a logarithmic scale has no 0");
        self.and(Number { scale: Scale::Logarithmic, ..number })
    }

    /// A legal value outside the range.
    pub(crate) const fn off(self, value: f64) -> Self {
        self.and(Number { off: Some(value), ..self.as_number() })
    }

    /// At most this part of the sample rate.
    pub(crate) const fn of_rate(self, part: f64) -> Self {
        self.and(Number { max_per_rate: Some(part), ..self.as_number() })
    }

    /// Only multiples of `step`.
    pub(crate) const fn multiples(self, step: f64, allowed: &'static str) -> Self {
        self.and(Number { steps: Steps::Multiples(step), allowed, ..self.as_number() })
    }

    /// Only these values.
    pub(crate) const fn one_of(self, values: &'static [f64], allowed: &'static str) -> Self {
        self.and(Number { steps: Steps::OneOf(values), allowed, ..self.as_number() })
    }

    /// Fixed while the processor runs.
    pub(crate) const fn fixed(self) -> Self {
        Self { fixed: true, ..self }
    }
}

/// Why a parameter of this name did not take a value.
pub(crate) fn not_set(fields: &'static [Field], name: &str) -> Error {
    let Some(field) = fields.iter().find(|field| field.name == name) else {
        return Error::Unknown { name: name.into() };
    };
    let (takes, words): (_, &[&str]) = match field.kind {
        Kind::Number(_) => ("takes a number", &[]),
        Kind::Switch { .. } => ("is switched on or off", &[]),
        Kind::Choice { words, .. } => ("takes one of ", words),
        Kind::Compound => ("has parts: it takes no single value", &[]),
    };
    Error::Mismatch { param: field.name, takes, words }
}

/// How a parameter of a struct is read and set as a [`Value`].
pub(crate) trait Parameter: Copy {
    fn value(self) -> Value<'static>;
    fn from_value(value: Value<'_>) -> Option<Self>;
}

impl Parameter for f64 {
    fn value(self) -> Value<'static> {
        Value::Number(self)
    }

    fn from_value(value: Value<'_>) -> Option<Self> {
        if let Value::Number(number) = value { Some(number) } else { None }
    }
}

macro_rules! whole {
    ($($type:ty)*) => {
        $(impl Parameter for $type {
            fn value(self) -> Value<'static> {
                Value::Number(self as f64)
            }

            fn from_value(value: Value<'_>) -> Option<Self> {
                let Value::Number(number) = value else { return None };
                // Saturates; what does not survive is no whole number of this type.
                let whole = number as $type;
                (whole as f64 == number).then_some(whole)
            }
        })*
    };
}
whole!(u32 usize);

impl Parameter for bool {
    fn value(self) -> Value<'static> {
        Value::Switch(self)
    }

    fn from_value(value: Value<'_>) -> Option<Self> {
        match value {
            Value::Switch(on) => Some(on),
            Value::Number(0.0) => Some(false),
            Value::Number(1.0) => Some(true),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(field: Field) -> Number {
        field.as_number()
    }

    #[test]
    fn a_control_returns_to_where_its_value_is() {
        let base = |scale, min, max| number(Field::number("x", ["", ""], scale, [min, max, min]));
        let numbers = [
            base(Scale::Linear, -3.0, 5.0),
            base(Scale::Logarithmic, 0.02, 250.0),
            base(Scale::Logarithmic, 1.0, f64::INFINITY),
            base(Scale::Decibel, f64::NEG_INFINITY, 60.0),
            base(Scale::Decibel, 0.0, f64::INFINITY),
        ];
        for number in numbers {
            for step in 1..100 {
                let position = f64::from(step) / 100.0;
                let value = number.at(position);
                assert!(value.is_finite() && (number.position(value) - position).abs() < 1e-12, "{number:?} {value}");
            }
            for (position, end) in [(0.0, number.min), (1.0, number.max)] {
                assert_eq!((number.at(position), number.position(end)), (end, position), "{number:?}");
            }
        }
    }

    #[test]
    fn only_legal_steps_are_on_a_control() {
        let slope = Field::number("slope", ["", ""], Scale::Linear, [6.0, 96.0, 12.0]);
        let multiples = number(slope.multiples(6.0, ""));
        let one_of = number(slope.one_of(&[12.0, 24.0, 48.0], ""));
        for step in 0..=100 {
            let position = f64::from(step) / 100.0;
            assert_eq!(multiples.at(position) % 6.0, 0.0);
            assert!([12.0, 24.0, 48.0].contains(&one_of.at(position)));
        }
        assert_eq!([0.0, 0.5, 1.0].map(|position| one_of.at(position)), [12.0, 24.0, 48.0]);
        assert_eq!([12.0, 24.0, 48.0].map(|value| one_of.position(value)), [0.0, 0.5, 1.0]);
    }

    #[test]
    fn whole_numbers_take_no_fractions() {
        assert_eq!(usize::from_value(Value::Number(8_192.0)), Some(8_192));
        for wrong in [0.5, -1.0, f64::NAN, f64::INFINITY, 1e30] {
            assert_eq!(usize::from_value(Value::Number(wrong)), None, "{wrong}");
        }
        assert_eq!((bool::from_value(1.0.into()), bool::from_value(0.5.into())), (Some(true), None));
    }
}
