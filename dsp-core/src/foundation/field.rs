//! One entry of a parameter table: name, unit, range, default and scale of a setting.

/// One parameter of a processor.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
#[non_exhaustive]
pub struct Field {
    /// Its name, with the unit as a suffix.
    pub name: &'static str,
    /// Symbol of its unit: `dB`, `dBFS`, `Hz`, `ms`, `%`; empty without one.
    pub unit: &'static str,
    /// The values it takes.
    pub kind: Kind,
    /// Whether a change needs a new processor.
    pub fixed: bool,
    /// Whether its design takes memory, or longer than a block lasts: it changes while the processor runs, but no lane
    /// moves it.
    pub costly: bool,
    /// Its effect, in a sentence without its full stop.
    pub summary: &'static str,
}

/// The values that a parameter takes.
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
    /// A parameter with parts of its own (bands, crossovers, an impulse response): neither read nor set by name.
    Compound,
}

/// The range of a number, and its scale on a control.
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
    /// The values at equal steps of a control.
    pub scale: Scale,
    /// The legal value outside the range, which switches the parameter off: 0 for `key_high_pass_hz`.
    pub off: Option<f64>,
    /// Largest legal value in parts of the sample rate, where that is lower than `max`.
    pub max_per_rate: Option<f64>,
    /// Which values between `min` and `max` are legal.
    pub steps: Steps,
    /// The legal steps in words; empty if all values are legal.
    pub allowed: &'static str,
}

/// The values at equal steps of a control.
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

/// Ends of a control where the range has none: dB beyond which nothing is audible, a ratio close to infinity.
const OPEN_END_DB: f64 = 90.0;
const OPEN_END: f64 = 20.0;

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

    /// The value at a position of a control, 0 (`min`) to 1 (`max`), on its scale. Only positions 0 and 1 give an
    /// infinite end.
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

    /// The ends of a control: those of the range, with finite values for infinite ones.
    fn travel(&self) -> [f64; 2] {
        let open_end = if self.scale == Scale::Decibel { OPEN_END_DB } else { OPEN_END };
        [self.min.max(-open_end), if self.max == f64::INFINITY { open_end } else { self.max }]
    }
}

/// The largest value of a number in a table, for buffers sized by it.
///
/// # Panics
/// At compile time, if the table has no such number.
pub(crate) const fn max_of(fields: &[Field], name: &str) -> f64 {
    number_of(fields, name).max
}

/// The smallest, as [`max_of`].
pub(crate) const fn min_of(fields: &[Field], name: &str) -> f64 {
    number_of(fields, name).min
}

const fn number_of(fields: &[Field], name: &str) -> Number {
    let mut index = 0;
    while index < fields.len() {
        if let Kind::Number(number) = fields[index].kind
            && same(fields[index].name, name)
        {
            return number;
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

// The words of a `params!` declaration.
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
        Self { name, unit, kind, fixed: false, costly: false, summary }
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

    /// A logarithmic scale.
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

    /// Too costly for lanes.
    pub(crate) const fn costly(self) -> Self {
        Self { costly: true, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(field: Field) -> Number {
        field.as_number()
    }

    #[test]
    fn position_inverts_at() {
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
}
