//! Lanes at work: which parameter each belongs to, and the gains and settings that they give at a frame.

use super::{
    address::{self, Parameter},
    automation::{Drawn, Lane, check_switch},
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
    field::{Field, Kind},
    params::{Designed, Params},
    sample::Sample,
    stream::StreamSpec,
    table::check_number,
};
use alloc::{string::String, vec, vec::Vec};

/// The parameter of a lane.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Target<'p> {
    /// Of the strip itself.
    Strip(&'static str),
    /// Of one of its sends.
    Send(usize, &'static str),
    /// Of one of its inserts: the path inside it.
    Insert(usize, &'p str),
}

/// Parameters of a strip and of a send that lanes move; the others are those of inserts.
const STRIP_LANES: [&str; 5] = ["fader_db", "pan", "left_pan", "right_pan", "mute"];
const SEND_LANES: [&str; 3] = ["level_db", "pan", "mute"];

impl<'p> Target<'p> {
    /// The parameter of a path, and where it stands.
    fn of(path: &'p str, params: &StripParams, inserts: &mut [Effect]) -> Result<(Self, Parameter), Error> {
        let unknown = || Error::Unknown { name: path.into() };
        let named = |fields: &'static [Field], name: &str| {
            let field = fields.iter().find(|field| field.name == name).ok_or_else(unknown)?;
            let drawn = match field.kind {
                Kind::Switch { .. } => Drawn::Switch,
                _ if field.unit == "dB" => Drawn::Level,
                _ => Drawn::Number,
            };
            Ok(Parameter { name: field.name, drawn })
        };
        let parts: Vec<&str> = path.split('/').collect();
        match parts[..] {
            [name] if STRIP_LANES.contains(&name) => {
                let parameter = named(StripParams::FIELDS, name)?;
                Ok((Self::Strip(parameter.name), parameter))
            }
            ["sends", index, name] if SEND_LANES.contains(&name) => {
                let index = address::position(index).filter(|index| *index < params.sends.len()).ok_or_else(unknown)?;
                let parameter = named(SendParams::FIELDS, name)?;
                Ok((Self::Send(index, parameter.name), parameter))
            }
            [index, inside] => {
                let index = address::position(index).ok_or_else(unknown)?;
                let effect = inserts.get_mut(index).ok_or_else(unknown)?;
                let found = address::find(effect, inside).map_err(|error| match error {
                    Error::Unknown { .. } => unknown(),
                    other => other,
                });
                Ok((Self::Insert(index, inside), found?))
            }
            _ => Err(unknown()),
        }
    }
}

/// Checks the lanes of a strip, whose other settings are legal, and finds their parameters.
///
/// # Errors
/// [`Error::Unknown`] for a path that leads nowhere, [`Error::NeedsRebuild`] for a parameter that is fixed,
/// [`Error::NoLane`]; times that fall, shapes and values that do not fit.
pub(super) fn targets<'p>(params: &'p StripParams, spec: &StreamSpec) -> Result<Vec<Target<'p>>, Error> {
    let mut targets = Vec::with_capacity(params.automation.len());
    if params.automation.is_empty() {
        return Ok(targets);
    }
    let stages = in_series(&params.inserts, "inserts", spec, |_, stage| Ok(*stage))?;
    let mut inserts = params.inserts.clone();
    for (position, lane) in params.automation.iter().enumerate() {
        let target = check(lane, params, &mut inserts, spec, &targets);
        targets.push(target.map_err(|error| error.within("automation", position))?);
    }
    for (insert, stage) in stages.iter().enumerate() {
        let of_insert = |(position, (target, lane)): (usize, (&Target<'p>, &'p Lane))| match *target {
            Target::Insert(of, path) if of == insert => Some(OnInsert { position, path, lane }),
            _ => None,
        };
        let lanes: Vec<_> = targets.iter().zip(&params.automation).enumerate().filter_map(of_insert).collect();
        check_insert(&params.inserts[insert], &mut inserts[insert], stage, &lanes)?;
    }
    Ok(targets)
}

/// Checks one lane, but for the values of an insert. `inserts` are those of the strip, to look into.
fn check<'p>(
    lane: &'p Lane,
    params: &StripParams,
    inserts: &mut [Effect],
    spec: &StreamSpec,
    others: &[Target<'p>],
) -> Result<Target<'p>, Error> {
    let (target, Parameter { name, drawn }) = Target::of(&lane.parameter, params, inserts)?;
    if others.contains(&target) {
        return Err(Error::Count { list: name, min: 1, max: 1, actual: 2 });
    }
    lane.check(name, drawn)?;
    let fields = match target {
        Target::Strip(_) => StripParams::FIELDS,
        Target::Send(..) => SendParams::FIELDS,
        Target::Insert(..) => &[],
    };
    let kind = fields.iter().find(|field| field.name == name).map(|field| field.kind);
    for (index, point) in lane.points.iter().enumerate() {
        let legal = match kind {
            Some(Kind::Number(number)) => check_number(name, &number, point.value, spec.sample_rate_hz(), None),
            _ if drawn == Drawn::Switch => check_switch(name, point.value),
            _ => Ok(()),
        };
        legal.map_err(|error| error.within("points", index))?;
    }
    Ok(target)
}

/// A lane of an insert: its position among those of the strip, and its path inside the insert.
#[derive(Clone, Copy, Debug)]
struct OnInsert<'p> {
    position: usize,
    path: &'p str,
    lane: &'p Lane,
}

/// Checks that the values of an insert's lanes are legal together, just before and at every time of a point. `tried` is a
/// copy of the insert to try them on.
fn check_insert(insert: &Effect, tried: &mut Effect, spec: &StreamSpec, lanes: &[OnInsert<'_>]) -> Result<(), Error> {
    let mut times: Vec<f64> = lanes.iter().flat_map(|on| &on.lane.points).map(|point| point.time_s).collect();
    times.sort_unstable_by(f64::total_cmp);
    times.dedup();
    let mut legal = Vec::new();
    let mut check = |values: &[f64]| {
        // The same again costs nothing: most lanes have no steps.
        if legal != values {
            for (on, value) in lanes.iter().zip(values) {
                address::set(tried, on.path, *value);
            }
            tried.validate(spec)?;
            legal.clear();
            legal.extend_from_slice(values);
        }
        Ok(())
    };
    for time_s in times {
        let mut before: Vec<f64> = lanes.iter().map(|on| on.lane.number_until(time_s)).collect();
        let after: Vec<f64> = lanes.iter().map(|on| on.lane.number(time_s)).collect();
        check(&before).map_err(|error| blamed(insert, spec, lanes, time_s, false, error))?;
        // Values between the first and the last of one time are never heard, and legal all the same.
        for (index, on) in lanes.iter().enumerate() {
            let own = before[index];
            let at = on.lane.at(time_s);
            for point in at.start..at.end.saturating_sub(1) {
                before[index] = on.lane.points[point].value;
                check(&before).map_err(|error| error.within("points", point).within("automation", on.position))?;
            }
            before[index] = own;
        }
        check(&after).map_err(|error| blamed(insert, spec, lanes, time_s, true, error))?;
    }
    Ok(())
}

/// An error of all lanes together with the place of a point at its time: of one that is illegal beside the constants of
/// the insert, if there is any.
fn blamed(
    insert: &Effect,
    spec: &StreamSpec,
    lanes: &[OnInsert<'_>],
    time_s: f64,
    is_after: bool,
    error: Error,
) -> Error {
    let timed = || {
        lanes.iter().filter_map(|on| {
            let mut at = on.lane.at(time_s);
            let point = if is_after { at.next_back() } else { at.next() };
            Some((on, point?))
        })
    };
    let is_illegal = |(on, point): &(&OnInsert<'_>, usize)| {
        let mut alone = insert.clone();
        address::set(&mut alone, on.path, on.lane.points[*point].value);
        alone.validate(spec).is_err()
    };
    match timed().find(is_illegal).or_else(|| timed().next()) {
        Some((on, point)) => error.within("points", point).within("automation", on.position),
        None => error,
    }
}

/// Whether lanes move an insert of a strip.
pub(super) fn move_insert(params: &StripParams, insert: usize) -> bool {
    let of_insert = |lane: &Lane| lane.parameter.split_once('/').and_then(|(index, _)| address::position(index));
    params.automation.iter().any(|lane| of_insert(lane) == Some(insert))
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
    pub(super) fn of(params: &StripParams, output: Output, targets: &[Target<'_>]) -> Option<Self> {
        let lane = |target: Target<'static>| {
            let found = targets.iter().position(|other| *other == target);
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

    /// Whether other lanes move the same parameters on the same courses.
    pub(super) fn is_as(&self, other: &Self) -> bool {
        (&self.fader, &self.pans, &self.level, &self.send_pan, &self.mutes, self.mutes())
            == (&other.fader, &other.pans, &other.level, &other.send_pan, &other.mutes, other.mutes())
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
    /// Designed from them, in place.
    coeffs: Designed<EffectCoeffs>,
    spec: StreamSpec,
    /// Paths inside the effect, their lanes, and the values set last.
    lanes: Vec<(String, Lane, f64)>,
}

/// Lanes of inserts are read ahead by the mean delay of a glide: half of its 20 ms, half of the 2.5 ms between two steps
/// of a ramp, and half of the grid (measured: 11.7 ms).
const AHEAD_S: f64 = 0.0117;

impl InsertLanes {
    /// The lanes of each insert of a strip that has any.
    pub(super) fn of(
        params: &StripParams,
        spec: &StreamSpec,
        targets: &[Target<'_>],
    ) -> Result<Vec<Option<Self>>, Error> {
        if targets.is_empty() {
            return Ok(Vec::new());
        }
        let stages = in_series(&params.inserts, "inserts", spec, |_, stage| Ok(*stage))?;
        let of_insert = |(position, (effect, spec)): (usize, (&Effect, StreamSpec))| {
            let lanes: Vec<_> = targets
                .iter()
                .zip(&params.automation)
                .filter_map(|(target, lane)| match target {
                    Target::Insert(insert, path) if *insert == position => {
                        Some(((*path).into(), lane.clone(), f64::NAN))
                    }
                    _ => None,
                })
                .collect();
            if lanes.is_empty() {
                return Ok(None);
            }
            let mut own = effect.clone();
            own.reserve();
            Ok(Some(Self { effect: own, coeffs: effect.design(&spec)?, spec, lanes }))
        };
        params.inserts.iter().zip(stages).enumerate().map(of_insert).collect()
    }

    /// The coefficients at a frame of the mix, if they are others than before; takes no memory.
    pub(super) fn design(&mut self, frame: i64, sample_rate_hz: f64) -> Option<&Designed<EffectCoeffs>> {
        let time_s = frame as f64 / sample_rate_hz + AHEAD_S;
        let mut moved = false;
        for (path, lane, last) in &mut self.lanes {
            let value = lane.number(time_s);
            if value != *last {
                (*last, moved) = (value, true);
                address::set(&mut self.effect, path, value);
            }
        }
        // Every point was checked; between those of two lanes they may conflict, and what was set before stays.
        let Self { effect, lanes, .. } = self;
        let legal = moved && lanes.iter().all(|(path, ..)| address::is_legal(effect, path, sample_rate_hz));
        (legal && self.coeffs.redesign(&self.effect, &self.spec).is_ok()).then_some(&self.coeffs)
    }

    /// Takes other settings for what the lanes do not move, of the same shape; takes no memory.
    ///
    /// # Errors
    /// [`Error::OtherKind`] if a lane has no parameter in them.
    pub(super) fn set(&mut self, effect: &mut Effect) -> Result<(), Error> {
        if !self.lanes.iter().all(|(path, ..)| address::exists(effect, path)) {
            return Err(Error::OtherKind);
        }
        self.effect.assign(effect);
        self.reset();
        Ok(())
    }

    /// As before the first frame.
    pub(super) fn reset(&mut self) {
        for (_, _, last) in &mut self.lanes {
            *last = f64::NAN;
        }
    }
}
