//! The tables of parameters as JSON.

use crate::program::{PANELS, Stages};
use alloc::string::String;
use core::fmt::{self, Display, Write};
use mixdown::{
    Field,
    params::{Kind, Scale, Steps},
};

/// `{"readings": [names], "panels": [{"title", "stage", "fields": [{"name", "unit", "summary", "fixed", "kind", …}]}]}`.
pub(crate) fn json(stages: &mut Stages, sample_rate_hz: f64, readings: &[&str]) -> String {
    let mut text = String::from("{\"readings\":");
    list(&mut text, readings);
    text += ",\"panels\":[";
    for (index, panel) in PANELS.iter().enumerate() {
        let comma = if index > 0 { "," } else { "" };
        // Writing to a String does not fail.
        let _ = write!(text, "{comma}{{\"title\":{},\"stage\":{},\"fields\":[", Text(panel.title), panel.stage);
        let fields = panel.settings(stages).map_or(&[][..], |settings| settings.fields());
        for (index, field) in fields.iter().enumerate() {
            text += if index > 0 { "," } else { "" };
            let _ = describe(&mut text, field, sample_rate_hz);
        }
        text += "]}";
    }
    text + "]}"
}

fn describe(text: &mut String, field: &Field, sample_rate_hz: f64) -> fmt::Result {
    let Field { name, unit, kind, fixed, summary, .. } = *field;
    write!(text, "{{\"name\":{},\"unit\":{},\"summary\":{},\"fixed\":{fixed}", Text(name), Text(unit), Text(summary))?;
    match kind {
        Kind::Number(number) => {
            let [min, max] = number.range(sample_rate_hz);
            let scale = match number.scale {
                Scale::Logarithmic => "logarithmic",
                Scale::Decibel => "decibel",
                _ => "linear",
            };
            let steps = number.steps != Steps::Any;
            write!(text, ",\"kind\":\"number\",\"min\":{},\"max\":{},", Finite(min), Finite(max))?;
            write!(text, "\"default\":{},\"off\":{},", Finite(number.default), Finite(number.off.unwrap_or(f64::NAN)))?;
            write!(text, "\"scale\":\"{scale}\",\"steps\":{steps}")?;
        }
        Kind::Switch { default } => write!(text, ",\"kind\":\"switch\",\"default\":{default}")?,
        Kind::Choice { words, default } => {
            write!(text, ",\"kind\":\"choice\",\"default\":{},\"words\":", Text(default))?;
            list(text, words);
        }
        _ => write!(text, ",\"kind\":\"compound\"")?,
    }
    text.write_char('}')
}

fn list(text: &mut String, words: &[&str]) {
    for (index, word) in words.iter().enumerate() {
        let _ = write!(text, "{}{}", if index > 0 { "," } else { "[" }, Text(word));
    }
    text.push(']');
}

struct Text<'a>(&'a str);

impl Display for Text<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_char('"')?;
        for character in self.0.chars() {
            if matches!(character, '"' | '\\') {
                formatter.write_char('\\')?;
            }
            formatter.write_char(character)?;
        }
        formatter.write_char('"')
    }
}

/// A number; infinities as words, as JSON has none, and NaN as null.
struct Finite(f64);

impl Display for Finite {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            number if number.is_finite() => write!(formatter, "{number}"),
            number if number.is_nan() => formatter.write_str("null"),
            number => formatter.write_str(if number > 0.0 { "\"inf\"" } else { "\"-inf\"" }),
        }
    }
}
