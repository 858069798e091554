//! The settings, and what is made of them: curves, text, and the running chain.

use crate::{
    description,
    program::{COMPRESSOR, EQUALIZER, PANELS},
    running::{READINGS, Running},
    strip::Strip,
};
use alloc::{boxed::Box, format, string::String, vec, vec::Vec};
use mixdown::{
    Cpu, Error, Field, StreamSpec,
    params::{Kind, Number, Value},
    power_to_db,
};

pub(crate) const CHANNELS: usize = 2;
/// Most frames of a block.
pub(crate) const MAX_FRAMES: usize = 4_096;

/// The chain: only its settings, or running.
enum State {
    Settings(Strip),
    Running(Box<Running>),
    /// It could not be built.
    Refused,
}

pub(crate) struct Host {
    spec: StreamSpec,
    state: State,
    /// A block, left then right, each of [`MAX_FRAMES`].
    pub(crate) audio: Vec<f32>,
    /// The last numbers that were asked for.
    pub(crate) numbers: Vec<f64>,
    /// The last text: a description, or why a setting was refused.
    pub(crate) text: String,
}

impl Host {
    pub(crate) fn new(sample_rate_hz: f64, cpu: Cpu) -> Result<Self, Error> {
        let spec = StreamSpec::new(sample_rate_hz, CHANNELS)?.with_cpu(cpu);
        Ok(Self {
            state: State::Settings(Strip::new(&spec)),
            spec,
            audio: vec![0.0; CHANNELS * MAX_FRAMES],
            numbers: vec![0.0; READINGS.len()],
            text: String::new(),
        })
    }

    fn strip(&mut self) -> Option<&mut Strip> {
        match &mut self.state {
            State::Settings(strip) => Some(strip),
            State::Running(running) => Some(running.strip_mut()),
            State::Refused => None,
        }
    }

    pub(crate) fn running(&mut self) -> Option<&mut Running> {
        match &mut self.state {
            State::Running(running) => Some(running),
            _ => None,
        }
    }

    fn field(&mut self, panel: usize, field: usize) -> Option<(Field, Value<'static>)> {
        let settings = PANELS.get(panel)?.settings(&mut self.strip()?.stages)?;
        let field = *settings.fields().get(field)?;
        Some((field, settings.get(field.name)?))
    }

    fn number(&mut self, panel: usize, field: usize) -> Option<Number> {
        let rate_hz = self.spec.sample_rate_hz();
        match self.field(panel, field)?.0.kind {
            Kind::Number(number) => Some(number.within(number.range(rate_hz))),
            _ => None,
        }
    }

    /// The value of a setting: a number, 0 or 1 of a switch, the position of a word.
    pub(crate) fn value(&mut self, panel: usize, field: usize) -> Option<f64> {
        Some(match self.field(panel, field)? {
            (_, Value::Number(number)) => number,
            (_, Value::Switch(on)) => f64::from(u8::from(on)),
            (Field { kind: Kind::Choice { words, .. }, .. }, Value::Choice(word)) => {
                words.iter().position(|own| *own == word)? as f64
            }
            _ => return None,
        })
    }

    /// Sets it; or leaves everything as it was, puts the reason into the text and returns false.
    pub(crate) fn set(&mut self, panel: usize, field: usize, value: f64) -> bool {
        let reason = match self.field(panel, field) {
            None => format!("there is no setting {field} in panel {panel}"),
            Some((Field { name, fixed: true, .. }, _)) if self.running().is_some() => {
                format!("{}: {name} is fixed while it runs", PANELS[panel].title)
            }
            Some((field, before)) => match self.try_set(panel, &field, before, value) {
                Ok(()) => return true,
                Err(error) => format!("{}: {error}", PANELS[panel].title),
            },
        };
        self.text = reason;
        false
    }

    fn try_set(&mut self, panel: usize, field: &Field, before: Value<'_>, value: f64) -> Result<(), Error> {
        let unknown = || Error::Unknown { name: field.name.into() };
        let after = match field.kind {
            Kind::Choice { words, .. } => Value::Choice(words.get(value as usize).ok_or_else(unknown)?),
            Kind::Switch { .. } => Value::Switch(value != 0.0),
            _ => Value::Number(value),
        };
        let (spec, panel) = (self.spec, &PANELS[panel]);
        let strip = self.strip().ok_or_else(unknown)?;
        let mut put =
            |value| panel.settings(&mut strip.stages).map_or_else(|| Err(unknown()), |own| own.set(field.name, value));
        put(after)?;
        if let Err(error) = strip.stages[panel.stage].validate(&spec) {
            panel.settings(&mut strip.stages).map_or_else(|| Err(unknown()), |own| own.set(field.name, before))?;
            return Err(error);
        }
        strip.changed[panel.stage] = true;
        Ok(())
    }

    /// The value at a position of its control, 0 to 1.
    pub(crate) fn value_at(&mut self, panel: usize, field: usize, position: f64) -> Option<f64> {
        self.number(panel, field).map(|number| number.at(position))
    }

    /// The position of the control at a value.
    pub(crate) fn position(&mut self, panel: usize, field: usize, value: f64) -> Option<f64> {
        self.number(panel, field).map(|number| number.position(value))
    }

    /// All panels with their parameters, as JSON, into the text.
    pub(crate) fn describe(&mut self) {
        let rate_hz = self.spec.sample_rate_hz();
        if let Some(strip) = self.strip() {
            self.text = description::json(&mut strip.stages, rate_hz, &READINGS);
        }
    }

    /// Replaces frequencies in Hz by the gain of the equalizer there, in dB.
    pub(crate) fn response(&mut self) {
        let (spec, frequencies_hz) = (self.spec, core::mem::take(&mut self.numbers));
        let response =
            self.strip().and_then(|strip| strip.stages[EQUALIZER].frequency_response(&spec, &frequencies_hz));
        self.numbers = response.into_iter().flatten().map(|gain| power_to_db(gain.norm_sqr())).collect();
    }

    /// Replaces levels in dBFS by those that the compressor makes of them.
    pub(crate) fn transfer(&mut self) {
        let levels_db = core::mem::take(&mut self.numbers);
        let curve = self.strip().and_then(|strip| strip.stages[COMPRESSOR].transfer_curve(&levels_db));
        self.numbers = curve.unwrap_or_default();
    }

    /// Builds the chain with the settings of now; or puts the reason into the text and returns false.
    pub(crate) fn start(&mut self) -> bool {
        if let State::Settings(strip) = core::mem::replace(&mut self.state, State::Refused) {
            match Running::new(strip, &self.spec) {
                Ok(running) => self.state = State::Running(Box::new(running)),
                Err(error) => self.text = format!("{error}"),
            }
        }
        self.running().is_some()
    }

    /// Processes so many frames of [`audio`](Self::audio) in place.
    pub(crate) fn process(&mut self, frames: usize) {
        let Self { state: State::Running(running), audio, .. } = self else { return };
        let (left, right) = audio.split_at_mut(MAX_FRAMES);
        let frames = frames.min(MAX_FRAMES);
        running.process(&mut left[..frames], &mut right[..frames]);
    }
}
