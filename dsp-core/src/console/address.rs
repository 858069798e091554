//! Addresses of parameters inside an effect, as its errors write them: `threshold_db`, `bands[0].gain_db`,
//! `effects[1].bands[2].q`, `crossovers_hz[1]`.

use super::{automation::Drawn, effect::Effect};
use crate::foundation::{
    error::Error,
    field::{Kind, Number, Steps, Value},
    table::Fields,
};

/// A parameter that lanes move.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Parameter {
    pub(super) name: &'static str,
    pub(super) drawn: Drawn,
}

/// Name and index of one step. There is one way to write an index.
fn step(text: &str) -> Option<(&str, Option<usize>)> {
    let Some(rest) = text.strip_suffix(']') else { return Some((text, None)) };
    let (name, digits) = rest.split_once('[')?;
    let index = position(digits)?;
    Some((name, Some(index)))
}

/// A position in decimal digits, without leading zeros.
pub(super) fn position(digits: &str) -> Option<usize> {
    let is_plain = digits == "0" || digits.starts_with(|first: char| ('1'..='9').contains(&first));
    if is_plain { digits.parse().ok() } else { None }
}

/// The parameter at a path.
///
/// # Errors
/// [`Error::Unknown`] if there is none, [`Error::NeedsRebuild`] if it is fixed, [`Error::NoLane`] if no lane moves it.
pub(super) fn find(effect: &mut Effect, path: &str) -> Result<Parameter, Error> {
    let unknown = || Error::Unknown { name: path.into() };
    let mut holder: &mut dyn Fields = effect;
    let mut steps = path.split('.').peekable();
    while let Some(text) = steps.next() {
        let (name, index) = step(text).ok_or_else(unknown)?;
        let field = holder.fields().iter().find(|field| field.name == name);
        match field {
            Some(field) if field.fixed => return Err(Error::NeedsRebuild { param: field.name }),
            Some(field) if field.costly => return Err(Error::NoLane { param: field.name }),
            _ => {}
        }
        if steps.peek().is_some() {
            holder = holder.part(name, index).ok_or_else(unknown)?;
            continue;
        }
        if let Some(index) = index {
            holder.entry(name, index).ok_or_else(unknown)?;
            // Only the levels of parallel effects are in no table.
            let name = field.map_or("gains_db", |field| field.name);
            return Ok(Parameter { name, drawn: if name.ends_with("_db") { Drawn::Decibels } else { Drawn::Number } });
        }
        let field = field.ok_or_else(unknown)?;
        let drawn = match field.kind {
            Kind::Switch { .. } => Drawn::Switch,
            Kind::Number(Number { steps: Steps::Any, .. }) if field.unit.starts_with("dB") => Drawn::Decibels,
            Kind::Number(Number { steps: Steps::Any, .. }) => Drawn::Number,
            Kind::Number(_) => Drawn::Steps,
            Kind::Choice { .. } | Kind::Compound => return Err(Error::NoLane { param: field.name }),
        };
        return Ok(Parameter { name: field.name, drawn });
    }
    Err(unknown())
}

/// Sets the parameter at a path that was [found](find); takes no memory. Whether it took the value.
pub(super) fn set(effect: &mut Effect, path: &str, value: f64) -> bool {
    holder(effect, path, |_| {}).is_some_and(|(holder, last)| match step(last) {
        Some((name, None)) => holder.set(name, Value::Number(value)).is_ok(),
        Some((name, Some(index))) => holder.entry(name, index).map(|entry| *entry = value).is_some(),
        None => false,
    })
}

/// Whether the numbers beside a parameter, and of what contains it, are legal; takes no memory.
pub(super) fn is_legal(effect: &mut Effect, path: &str, sample_rate_hz: f64) -> bool {
    let mut is_legal = true;
    // A limit may stand beside a part: that of a dynamic band's range depends on the gain of its shape.
    let found = holder(effect, path, |settings| is_legal &= settings.check_fields(sample_rate_hz).is_ok()).is_some();
    found && is_legal
}

/// Whether there is a parameter at a path; takes no memory.
pub(super) fn exists(effect: &mut Effect, path: &str) -> bool {
    holder(effect, path, |_| {}).is_some_and(|(holder, last)| match step(last) {
        Some((name, None)) => holder.get(name).is_some(),
        Some((name, Some(index))) => holder.entry(name, index).is_some(),
        None => false,
    })
}

/// The settings that hold the last step of a path, and that step; `pass` is called with all settings on the way.
fn holder<'e, 'p>(
    effect: &'e mut Effect,
    path: &'p str,
    mut pass: impl FnMut(&dyn Fields),
) -> Option<(&'e mut dyn Fields, &'p str)> {
    let (steps, last) = path.rsplit_once('.').map_or((None, path), |(steps, last)| (Some(steps), last));
    let mut holder: &mut dyn Fields = effect;
    pass(holder);
    for text in steps.into_iter().flat_map(|steps| steps.split('.')) {
        let (name, index) = step(text)?;
        holder = holder.part(name, index)?;
        pass(holder);
    }
    Some((holder, last))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        convolution::{ConvolutionParams, LinearPhaseEqualizerParams},
        dynamics::{DynamicBand, DynamicEqualizerParams, MultibandCompressorParams},
        filters::{BellParams, EqualizerParams, HighPassParams, Placed},
        levels::GainParams,
    };
    use alloc::{boxed::Box, string::ToString, vec};

    fn tree() -> Effect {
        let placed = Placed { band: HighPassParams::default().into(), ..Default::default() };
        let equalizer =
            EqualizerParams { bands: vec![BellParams::default().into(), placed.into()], ..Default::default() };
        let dynamic = DynamicEqualizerParams { bands: vec![DynamicBand::default().into()] };
        let gain: Effect = GainParams::default().into();
        let both = Effect::Parallel { effects: vec![gain.clone(), equalizer.into()], gains_db: vec![0.0, -6.0] };
        let sides = Effect::MidSide { mid: vec![gain.clone()], side: vec![dynamic.into()] };
        let off = Effect::Bypass { effect: Box::new(gain) };
        let bands = MultibandCompressorParams::default().into();
        let still = LinearPhaseEqualizerParams { bands: vec![BellParams::default().into()], ..Default::default() };
        Effect::Chain { effects: vec![both, sides, off, bands, still.into(), ConvolutionParams::default().into()] }
    }

    #[test]
    fn every_part_is_found_and_set() {
        let mut effect = tree();
        for (path, drawn) in [
            ("effects[0].effects[0].gain_db", Drawn::Decibels),
            ("effects[0].effects[0].invert_polarity", Drawn::Switch),
            ("effects[0].effects[1].bands[0].frequency_hz", Drawn::Number),
            ("effects[0].effects[1].bands[1].enabled", Drawn::Switch),
            ("effects[0].effects[1].bands[1].band.frequency_hz", Drawn::Number),
            ("effects[0].effects[1].bands[1].band.slope_db_per_octave", Drawn::Steps),
            ("effects[0].effects[1].output_gain_db", Drawn::Decibels),
            ("effects[0].gains_db[1]", Drawn::Decibels),
            ("effects[1].mid[0].gain_db", Drawn::Decibels),
            ("effects[1].side[0].bands[0].threshold_db", Drawn::Decibels),
            ("effects[1].side[0].bands[0].shape.q", Drawn::Number),
            ("effects[2].effect.gain_db", Drawn::Decibels),
            ("effects[3].bands[2].ratio", Drawn::Number),
            ("effects[3].crossovers_hz[1]", Drawn::Number),
            ("effects[5].mix", Drawn::Number),
        ] {
            assert_eq!(find(&mut effect, path).unwrap().drawn, drawn, "{path}");
            let before = effect.clone();
            let value = match drawn {
                Drawn::Switch => f64::from(u8::from(path.ends_with("polarity"))),
                Drawn::Steps => 24.0,
                Drawn::Number if path.ends_with("_hz") || path.ends_with("_hz[1]") => 900.0,
                Drawn::Number if path.ends_with("mix") => 0.5,
                Drawn::Number => 3.0,
                _ => -7.0,
            };
            assert!(set(&mut effect, path, value), "{path}");
            assert_ne!(effect, before, "{path}");
        }
    }

    #[test]
    fn other_paths_are_refused() {
        let mut effect = tree();
        for (path, text) in [
            ("effects[9].gain_db", "effects[9].gain_db is no parameter"),
            ("effects[0].effects[00].gain_db", "effects[0].effects[00].gain_db is no parameter"),
            ("effects[+2].effect.gain_db", "effects[+2].effect.gain_db is no parameter"),
            ("effects[2].effect[0].gain_db", "effects[2].effect[0].gain_db is no parameter"),
            ("effects", "effects is no parameter"),
            ("effects[0]", "effects[0] is no parameter"),
            ("", " is no parameter"),
            (
                "effects[3].slope_db_per_octave",
                "slope_db_per_octave cannot change while the processor runs: build a new one",
            ),
            ("effects[3].bands[0].detector", "detector takes no automation"),
            ("effects[0].effects[1].bands", "bands takes no automation"),
            ("effects[4].bands[0].gain_db", "bands takes no automation"),
            ("effects[5].decay", "decay takes no automation"),
        ] {
            assert_eq!(find(&mut effect, path).unwrap_err().to_string(), text, "{path}");
        }
    }

    #[test]
    fn a_value_that_conflicts_with_what_contains_it_is_not_legal() {
        let mut effect = tree();
        let [range, gain] = ["effects[1].side[0].bands[0].range_db", "effects[1].side[0].bands[0].shape.gain_db"];
        assert!(set(&mut effect, range, 24.0) && is_legal(&mut effect, gain, 48_000.0));
        // The band reaches -36 dB at most.
        assert!(set(&mut effect, gain, -20.0) && !is_legal(&mut effect, gain, 48_000.0));
    }
}
