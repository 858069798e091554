//! Lanes at work: which parameter each belongs to, and the gains and settings that they give at a frame.

use super::{
    automation::{Drawn, Lane},
    chunk::CHUNK_FRAMES,
    effect::{Effect, EffectCoeffs},
    gains::{Gains, OutputLevels, Placing},
    graph::Output,
    send::SendParams,
    series::in_series,
    strip_params::StripParams,
};
use crate::foundation::{
    error::Error,
    field::{Field, Kind, Value},
    params::{Designed, Params},
    sample::Sample,
    stream::StreamSpec,
    table::{Fields, check_number},
};
use alloc::{vec, vec::Vec};

/// The parameter of a lane.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Target {
    /// Of the strip itself.
    Strip(&'static str),
    /// Of one of its sends.
    Send(usize, &'static str),
    /// Of one of its inserts.
    Insert(usize, &'static str),
}

/// Parameters of a strip and of a send that lanes move; the others are those of inserts.
const STRIP_LANES: [&str; 5] = ["fader_db", "pan", "left_pan", "right_pan", "mute"];
const SEND_LANES: [&str; 3] = ["level_db", "pan", "mute"];

impl Target {
    /// The parameter of a path, and its entry in the table.
    fn of(path: &str, params: &StripParams) -> Option<(Self, &'static Field)> {
        let named = |fields: &'static [Field], name: &str| fields.iter().find(|field| field.name == name);
        let parts: Vec<&str> = path.split('/').collect();
        match parts[..] {
            [name] if STRIP_LANES.contains(&name) => {
                let field = named(StripParams::FIELDS, name)?;
                Some((Self::Strip(field.name), field))
            }
            ["sends", index, name] if SEND_LANES.contains(&name) => {
                let index = index.parse().ok().filter(|index| *index < params.sends.len())?;
                let field = named(SendParams::FIELDS, name)?;
                Some((Self::Send(index, field.name), field))
            }
            [index, name] => {
                let index: usize = index.parse().ok()?;
                let field = named(params.inserts.get(index)?.fields(), name)?;
                Some((Self::Insert(index, field.name), field))
            }
            _ => None,
        }
    }
}

/// Checks the lanes of a strip, whose other settings are legal, and finds their parameters.
///
/// # Errors
/// [`Error::Unknown`] for a path that leads nowhere, [`Error::NeedsRebuild`] for a parameter that is fixed; times that
/// fall, shapes and values that do not fit.
pub(super) fn targets(params: &StripParams, spec: &StreamSpec) -> Result<Vec<(Target, Drawn)>, Error> {
    let place = |position: usize| move |error: Error| error.within("automation", position);
    let mut targets = Vec::with_capacity(params.automation.len());
    for (position, lane) in params.automation.iter().enumerate() {
        let Some((target, field)) = Target::of(&lane.parameter, params) else {
            return Err(place(position)(Error::Unknown { name: lane.parameter.as_str().into() }));
        };
        if field.fixed || matches!(field.kind, Kind::Compound | Kind::Choice { .. }) {
            return Err(place(position)(Error::NeedsRebuild { param: field.name }));
        }
        if targets.iter().any(|(other, _)| *other == target) {
            return Err(place(position)(Error::Count { list: field.name, min: 1, max: 1, actual: 2 }));
        }
        let drawn = match (field.kind, target) {
            (Kind::Switch { .. }, _) => Drawn::Switch,
            (_, Target::Strip("fader_db") | Target::Send(_, "level_db")) => Drawn::Level,
            _ if field.unit.starts_with("dB") => Drawn::Decibels,
            _ => Drawn::Number,
        };
        lane.check(drawn).map_err(place(position))?;
        check_values(lane, target, field, params, spec).map_err(place(position))?;
        targets.push((target, drawn));
    }
    Ok(targets)
}

fn check_values(
    lane: &Lane,
    target: Target,
    field: &Field,
    params: &StripParams,
    spec: &StreamSpec,
) -> Result<(), Error> {
    let stages = in_series(&params.inserts, "inserts", spec, |_, stage| Ok(*stage))?;
    for (index, point) in lane.points.iter().enumerate() {
        let legal = match (target, field.kind) {
            (Target::Insert(insert, name), _) => {
                let mut effect = params.inserts[insert].clone();
                effect.set(name, value_of(field, point.value)).and_then(|()| effect.validate(&stages[insert]))
            }
            (_, Kind::Number(number)) => check_number(field.name, &number, point.value, spec.sample_rate_hz(), None),
            _ => super::automation::check_switch(field.name, point.value),
        };
        legal.map_err(|error| error.within("points", index))?;
    }
    Ok(())
}

fn value_of(field: &Field, value: f64) -> Value<'static> {
    if matches!(field.kind, Kind::Switch { .. }) && (value == 0.0 || value == 1.0) {
        Value::Switch(value != 0.0)
    } else {
        Value::Number(value)
    }
}

/// The lanes of one way out of a strip.
#[derive(Clone, Debug)]
pub(super) struct OutputLanes<S> {
    /// What the lanes do not set.
    rest: OutputLevels,
    fader: Option<Lane>,
    pans: [Option<Lane>; 3],
    level: Option<Lane>,
    send_pan: Option<Lane>,
    mutes: Vec<Lane>,
    mutes_strip: bool,
    mutes_send: bool,
    /// Gains of one chunk: straight to the left and right, crossed to the left and right.
    rows: Vec<S>,
}

impl<S: Sample> OutputLanes<S> {
    /// Those among the lanes of a strip; none if no lane acts on this way out.
    pub(super) fn of(params: &StripParams, output: Output, targets: &[(Target, Drawn)]) -> Option<Self> {
        let lane = |target: Target| {
            let found = targets.iter().position(|(other, _)| *other == target);
            found.map(|index| params.automation[index].clone())
        };
        let send = match output {
            Output::Main => None,
            Output::Send(index) => Some(index),
        };
        let of_send = |name| send.and_then(|send| lane(Target::Send(send, name)));
        let (strip_mute, send_mute) = (lane(Target::Strip("mute")), of_send("mute"));
        let lanes = Self {
            rest: OutputLevels::of(params, send.and_then(|send| params.sends.get(send)), 1.0),
            fader: lane(Target::Strip("fader_db")),
            pans: ["pan", "left_pan", "right_pan"].map(|name| lane(Target::Strip(name))),
            level: of_send("level_db"),
            send_pan: of_send("pan"),
            mutes_strip: strip_mute.is_some(),
            mutes_send: send_mute.is_some(),
            mutes: strip_mute.into_iter().chain(send_mute).collect(),
            rows: vec![S::ZERO; 4 * CHUNK_FRAMES],
        };
        lanes.all().next()?;
        Some(lanes)
    }

    fn all(&self) -> impl Iterator<Item = &Lane> {
        [&self.fader, &self.level, &self.send_pan].into_iter().chain(&self.pans).flatten().chain(&self.mutes)
    }

    /// Whether lanes rule the mute of the strip, and that of the send.
    pub(super) fn mutes(&self) -> [bool; 2] {
        [self.mutes_strip, self.mutes_send]
    }

    /// Takes the position of the strip from other settings, which the lanes may set in part.
    pub(super) fn set_rest(&mut self, rest: OutputLevels) {
        self.rest = rest;
    }

    /// The levels of settings without those that lanes set. `vca_gain` is a part of the fader that they do not.
    pub(super) fn without(&self, levels: OutputLevels, vca_gain: f64) -> OutputLevels {
        OutputLevels {
            fader: if self.fader.is_some() { vca_gain } else { levels.fader },
            placing: levels.placing.filter(|_| self.pans.iter().all(Option::is_none)),
            level: if self.level.is_some() { 1.0 } else { levels.level },
            send_pan: levels.send_pan.filter(|_| self.send_pan.is_none()),
            ..levels
        }
    }

    /// The gains of a chunk, from frame `first` of the mix on; the chunk may begin before it.
    pub(super) fn fill(&mut self, channels: usize, first: i64, frames: usize, sample_rate_hz: f64) -> [&[S]; 4] {
        let time_s = |frame: usize| (first + frame as i64) as f64 / sample_rate_hz;
        let still = self.all().all(|lane| lane.is_still(time_s(0), time_s(frames)));
        let mut rows = core::mem::take(&mut self.rows);
        for frame in 0..if still { 1 } else { frames } {
            for (row, gain) in self.gains(channels, time_s(frame)).into_iter().enumerate() {
                rows[row * CHUNK_FRAMES + frame] = S::from_f64(gain);
            }
        }
        if still {
            for row in rows.chunks_exact_mut(CHUNK_FRAMES) {
                row.fill(row[0]);
            }
        }
        self.rows = rows;
        [0, 1, 2, 3].map(|row| &self.rows[row * CHUNK_FRAMES..][..frames])
    }

    fn gains(&self, channels: usize, time_s: f64) -> [f64; 4] {
        let amplitude = |lane: &Option<Lane>| lane.as_ref().map_or(1.0, |lane| lane.amplitude(time_s));
        let mut placing = self.rest.placing.filter(|_| self.pans.iter().any(Option::is_some));
        if let Some(Placing { pan, left_pan, right_pan, .. }) = &mut placing {
            for (lane, position) in self.pans.iter().zip([pan, left_pan, right_pan]) {
                if let Some(lane) = lane {
                    *position = lane.position(time_s);
                }
            }
        }
        let levels = OutputLevels {
            fader: amplitude(&self.fader),
            placing,
            level: amplitude(&self.level),
            send_pan: self.send_pan.as_ref().map(|lane| lane.position(time_s)),
            ..self.rest
        };
        let audible: f64 = self.mutes.iter().map(|lane| lane.audible(time_s)).product();
        let Gains { straight: [to_left, to_right], crossed: [across_left, across_right] } = levels.gains(channels);
        [to_left, to_right, across_left, across_right].map(|gain| gain * audible)
    }
}

/// The lanes of one insert.
#[derive(Clone, Debug)]
pub(super) struct InsertLanes {
    /// Settings of the insert, moved by the lanes.
    effect: Effect,
    spec: StreamSpec,
    lanes: Vec<(&'static Field, Lane, f64)>,
}

/// Lanes of inserts are read ahead by the mean delay of a glide: half of its 20 ms, half of the 2.5 ms between two steps
/// of a ramp, and half of the grid (measured: 11.7 ms).
const AHEAD_S: f64 = 0.0117;

impl InsertLanes {
    /// The lanes of each insert of a strip that has any.
    pub(super) fn of(
        params: &StripParams,
        spec: &StreamSpec,
        targets: &[(Target, Drawn)],
    ) -> Result<Vec<Option<Self>>, Error> {
        let stages = in_series(&params.inserts, "inserts", spec, |_, stage| Ok(*stage))?;
        Ok(params
            .inserts
            .iter()
            .zip(stages)
            .enumerate()
            .map(|(position, (effect, spec))| {
                let lanes: Vec<_> = targets
                    .iter()
                    .zip(&params.automation)
                    .filter_map(|((target, _), lane)| match target {
                        Target::Insert(insert, name) if *insert == position => {
                            let field = effect.fields().iter().find(|field| field.name == *name)?;
                            Some((field, lane.clone(), f64::NAN))
                        }
                        _ => None,
                    })
                    .collect();
                (!lanes.is_empty()).then(|| Self { effect: effect.clone(), spec, lanes })
            })
            .collect())
    }

    /// The coefficients at a frame of the mix, if they are others than before.
    pub(super) fn design(&mut self, frame: i64, sample_rate_hz: f64) -> Option<Designed<EffectCoeffs>> {
        let time_s = frame as f64 / sample_rate_hz + AHEAD_S;
        let mut moved = false;
        for (field, lane, last) in &mut self.lanes {
            let value = lane.number(time_s);
            if value != *last {
                *last = value;
                // Every point was checked, and what lies between two of them is legal as well; whole numbers are not.
                moved |= self.effect.set(field.name, value_of(field, value)).is_ok();
            }
        }
        if moved { self.effect.design(&self.spec).ok() } else { None }
    }

    /// As before the first frame.
    pub(super) fn reset(&mut self) {
        for (_, _, last) in &mut self.lanes {
            *last = f64::NAN;
        }
    }
}
