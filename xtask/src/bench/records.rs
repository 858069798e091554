//! What later runs are compared with: `benches/records.json`.

use crate::Outcome;
use serde_json::{Map, Value, json};
use std::{collections::BTreeMap, fs, path::Path};

/// The file, from the root.
pub(crate) const FILE: &str = "benches/records.json";

/// A kernel over its scalar loop.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Ratio {
    pub(crate) ratio: f64,
    /// Whether bytes bound it, not arithmetic.
    pub(crate) is_memory: bool,
}

/// Ratios by the id of the kernel, and the widest vectors of the machine that measured them.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Ratios {
    pub(crate) vectors: String,
    pub(crate) kernels: BTreeMap<String, Ratio>,
}

/// Instructions by `kernel/format/level`, and the compiler that made them.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Counts {
    pub(crate) rustc: String,
    pub(crate) kernels: BTreeMap<String, u64>,
}

impl Ratios {
    /// # Errors
    /// If none are recorded: a guard without records guards nothing.
    pub(crate) fn any(&self) -> Outcome {
        if self.kernels.is_empty() { Err(missing("ratios", "")) } else { Ok(()) }
    }
}

impl Counts {
    /// # Errors
    /// As [`Ratios::any`].
    pub(crate) fn any(&self) -> Outcome {
        if self.kernels.is_empty() { Err(missing("counts", " --counts")) } else { Ok(()) }
    }
}

fn missing(what: &str, option: &str) -> String {
    format!("{FILE} holds no {what}; record them with `cargo xtask bench --record{option}`")
}

#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Records {
    pub(crate) ratios: Ratios,
    pub(crate) counts: Counts,
}

/// Rounded to three significant figures: of a small ratio two decimals would leave one.
fn three_figures(ratio: f64) -> f64 {
    format!("{ratio:.2e}").parse().unwrap_or(ratio)
}

impl Records {
    /// The recorded ones; none at all if there is no file yet.
    pub(crate) fn read(path: &Path) -> Outcome<Self> {
        if !path.is_file() {
            return Ok(Self::default());
        }
        let text = fs::read_to_string(path).map_err(|error| format!("{FILE}: {error}"))?;
        Self::parse(&text).ok_or_else(|| format!("{FILE} cannot be read; record anew: cargo xtask bench --record"))
    }

    pub(crate) fn write(&self, path: &Path) -> Outcome {
        fs::write(path, self.text()).map_err(|error| format!("{FILE}: {error}"))
    }

    fn parse(text: &str) -> Option<Self> {
        let file: Value = serde_json::from_str(text).ok()?;
        let ratio = |(id, one): (&String, &Value)| {
            let is_memory = match one["bound"].as_str()? {
                "memory" => true,
                "compute" => false,
                _ => return None,
            };
            Some((id.clone(), Ratio { ratio: one["ratio"].as_f64()?, is_memory }))
        };
        let count = |(id, one): (&String, &Value)| Some((id.clone(), one.as_u64()?));
        Some(Self {
            ratios: Ratios {
                vectors: file["ratios"]["vectors"].as_str()?.to_owned(),
                kernels: file["ratios"]["kernels"].as_object()?.iter().map(ratio).collect::<Option<_>>()?,
            },
            counts: Counts {
                rustc: file["counts"]["rustc"].as_str()?.to_owned(),
                kernels: file["counts"]["kernels"].as_object()?.iter().map(count).collect::<Option<_>>()?,
            },
        })
    }

    /// One kernel a line, so that a change shows as one.
    fn text(&self) -> String {
        let ratios: Map<String, Value> = self
            .ratios
            .kernels
            .iter()
            .map(|(id, one)| {
                let bound = if one.is_memory { "memory" } else { "compute" };
                (id.clone(), json!({ "ratio": three_figures(one.ratio), "bound": bound }))
            })
            .collect();
        let counts: Map<String, Value> =
            self.counts.kernels.iter().map(|(id, count)| (id.clone(), json!(count))).collect();
        let block = |kernels: &Map<String, Value>| {
            let lines: Vec<String> = kernels.iter().map(|(id, one)| format!("   {}: {one}", json!(id))).collect();
            if lines.is_empty() { "{}".into() } else { format!("{{\n{}\n  }}", lines.join(",\n")) }
        };
        format!(
            "{{\n \"ratios\": {{\n  \"vectors\": {},\n  \"kernels\": {}\n }},\n \"counts\": {{\n  \"rustc\": {},\n  \
             \"kernels\": {}\n }}\n}}\n",
            json!(self.ratios.vectors),
            block(&ratios),
            json!(self.counts.rustc),
            block(&counts)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let ratio = |ratio, is_memory| Ratio { ratio, is_memory };
        let kernels = [("a/b".to_owned(), ratio(3.25, false)), ("c/d".to_owned(), ratio(1.5, true))];
        let records = Records {
            ratios: Ratios { vectors: "AVX2".into(), kernels: kernels.into() },
            counts: Counts { rustc: "rustc 1.95.0".into(), kernels: [("a/f32/avx2".to_owned(), 1234)].into() },
        };
        assert_eq!(Records::parse(&records.text()), Some(records));
        let none = Records::default();
        assert_eq!(Records::parse(&none.text()), Some(none));
    }

    #[test]
    fn damage_is_told() {
        assert_eq!(Records::parse("{"), None);
        assert_eq!(Records::parse(r#"{"ratios":{"vectors":"AVX2","kernels":{"a":{"ratio":1,"bound":"?"}}}}"#), None);
    }
}
