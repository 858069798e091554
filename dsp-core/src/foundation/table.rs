//! Parameter tables and the traits that read them.
//!
//! Every set of settings is declared once, by `params!`, and carries its table as `FIELDS`. Generic code reads it:
//! range checks, editors, automation by name, random settings in tests.

use super::{
    error::Error,
    field::{Field, Kind, Number, Steps, Value},
};
use alloc::{
    string::{String, ToString},
    vec::Vec,
};

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
    /// The parameters, in the order of the struct's fields; as the constant `FIELDS` of each struct. An
    /// [`Effect`](crate::Effect) has those of its processor; a combination has none.
    fn fields(&self) -> &'static [Field];

    /// The value of a parameter; `None` for an unknown name and for [`Kind::Compound`].
    fn get(&self, name: &str) -> Option<Value<'static>>;

    /// Sets a parameter. The range is checked by [`check_fields`](Self::check_fields), which has the sample rate.
    ///
    /// # Errors
    /// [`Error::Unknown`] for a name that is not in the table, [`Error::Mismatch`] for a value of another kind; nothing
    /// changes then.
    fn set(&mut self, name: &str, value: Value<'_>) -> Result<(), Error>;

    /// The settings in a compound parameter: a band of an equalizer, a member of a chain. `index` is the position in a
    /// list, counted from 0.
    ///
    /// ```
    /// use mixdown::{Fields, filters::{BellParams, EqualizerParams}};
    ///
    /// let mut equalizer = EqualizerParams { bands: vec![BellParams::default().into()], ..Default::default() };
    /// equalizer.part("bands", Some(0)).unwrap().set("gain_db", 3.0.into())?;
    /// assert_eq!(equalizer.bands[0], BellParams { gain_db: 3.0, ..Default::default() }.into());
    /// # Ok::<(), mixdown::Error>(())
    /// ```
    fn part(&mut self, name: &str, index: Option<usize>) -> Option<&mut dyn Fields> {
        let _ = (name, index);
        None
    }

    /// A number of a list: a crossover.
    fn entry(&mut self, list: &str, index: usize) -> Option<&mut f64> {
        let _ = (list, index);
        None
    }

    /// The limit that another setting puts on a number; `None` unless it depends on one.
    fn limit(&self, name: &str) -> Option<Limit> {
        let _ = name;
        None
    }

    /// Highest legal value of a number under the other settings; infinite unless it depends on them.
    fn highest(&self, name: &str) -> f64 {
        self.limit(name).map_or(f64::INFINITY, |limit| limit.value)
    }

    /// Checks every number against its range; never clamps.
    ///
    /// # Errors
    /// [`Error::OutOfRange`], [`Error::Conflict`] or [`Error::NotAllowed`] for the first parameter that is not legal.
    fn check_fields(&self, sample_rate_hz: f64) -> Result<(), Error> {
        for Field { name, kind, .. } in self.fields() {
            if let (Kind::Number(number), Some(Value::Number(value))) = (kind, self.get(name)) {
                check_number(name, number, value, sample_rate_hz, self.limit(name))?;
            }
        }
        Ok(())
    }
}

/// The value of a compound parameter: settings of its own, numbers, or lists of either.
pub(crate) trait Compound {
    /// The settings at `index` of a list; without an index, the value itself.
    fn part(&mut self, index: Option<usize>) -> Option<&mut dyn Fields> {
        let _ = index;
        None
    }

    /// The number at `index` of a list; without an index, the value itself.
    fn entry(&mut self, index: Option<usize>) -> Option<&mut f64> {
        let _ = index;
        None
    }
}

impl<T: Compound> Compound for Vec<T> {
    fn part(&mut self, index: Option<usize>) -> Option<&mut dyn Fields> {
        self.get_mut(index?)?.part(None)
    }

    fn entry(&mut self, index: Option<usize>) -> Option<&mut f64> {
        self.get_mut(index?)?.entry(None)
    }
}

impl Compound for f64 {
    fn entry(&mut self, index: Option<usize>) -> Option<&mut f64> {
        if index.is_none() { Some(self) } else { None }
    }
}

impl Compound for usize {}
impl Compound for u64 {}
impl Compound for Option<usize> {}
impl Compound for String {}

/// A limit on a number by another setting.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limit {
    /// The highest legal value.
    pub value: f64,
    /// Name of the other setting.
    pub with: &'static str,
    /// Its value.
    pub with_value: f64,
}

impl Limit {
    /// A number may not exceed this other setting.
    pub(crate) fn of(with: &'static str, value: f64) -> Self {
        Self { value, with, with_value: value }
    }
}

/// Checks one number against its entry of a table, and against the limit that another setting gives it.
pub(crate) fn check_number(
    name: &'static str,
    number: &Number,
    value: f64,
    sample_rate_hz: f64,
    limit: Option<Limit>,
) -> Result<(), Error> {
    if number.off == Some(value) {
        return Ok(());
    }
    let legal = match number.steps {
        Steps::OneOf(values) => values.contains(&value),
        steps => {
            let [min, max] = number.range(sample_rate_hz);
            if value > max && value <= number.max {
                // Legal at another rate.
                let (with, with_value) = ("sample_rate_hz", sample_rate_hz);
                return Err(Error::Conflict { param: name, value, min, max, with, with_value });
            }
            if !(min..=max).contains(&value) {
                return Err(Error::OutOfRange { param: name, index: None, value, min, max, off: number.off });
            }
            if let Some(Limit { value: max, with, with_value }) = limit.filter(|limit| value > limit.value) {
                return Err(Error::Conflict { param: name, value, min, max, with, with_value });
            }
            !matches!(steps, Steps::Multiples(step) if value % step != 0.0)
        }
    };
    if legal { Ok(()) } else { Err(Error::NotAllowed { param: name, index: None, value, allowed: number.allowed }) }
}

/// A parameter of a struct, read and set as a [`Value`].
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
                // `as` saturates: a number that it changes is not a whole number of this type.
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

/// The error for a parameter of this name that did not take a value.
pub(crate) fn not_set(fields: &'static [Field], name: &str, value: Value<'_>) -> Error {
    let Some(field) = fields.iter().find(|field| field.name == name) else {
        return Error::Unknown { name: name.into() };
    };
    let (takes, words): (_, &[&str]) = match field.kind {
        Kind::Number(Number { steps: Steps::Any, .. }) => ("must be a number", &[]),
        Kind::Number(_) => ("must be a whole number", &[]),
        Kind::Switch { .. } => ("must be true or false", &[]),
        Kind::Choice { words, .. } => ("must be one of ", words),
        Kind::Compound => ("has parts and takes no single value", &[]),
    };
    let given = match value {
        Value::Number(number) => number.to_string(),
        Value::Switch(on) => on.to_string(),
        Value::Choice(word) => word.to_string(),
    };
    // The conversion from a `String` needs unwinding, which a bare-metal target lacks.
    Error::Mismatch { param: field.name, given: given.as_str().into(), takes, words }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_take_no_fractions() {
        assert_eq!(usize::from_value(Value::Number(8_192.0)), Some(8_192));
        for wrong in [0.5, -1.0, f64::NAN, f64::INFINITY, 1e30] {
            assert_eq!(usize::from_value(Value::Number(wrong)), None, "{wrong}");
        }
        assert_eq!((bool::from_value(1.0.into()), bool::from_value(0.5.into())), (Some(true), None));
    }
}
