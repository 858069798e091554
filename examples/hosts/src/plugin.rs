//! The core of a plug-in, in the shape of nih-plug's `Plugin`: what `initialize`, `reset` and `process` call, and the
//! parameters that a host automates.
//!
//! nih-plug's `Buffer::as_slice` gives one slice per channel, which [`Plugin::process`] takes without a copy.

use crate::live::{Live, Settings, live};
use mixdown::{
    params::{Field, Steps},
    prelude::*,
};

/// What a host learns of one parameter.
#[derive(Clone, Copy, Debug)]
pub struct Parameter {
    field: &'static Field,
}

impl Parameter {
    /// Its name, which is also its identifier in a host's projects.
    #[must_use]
    pub fn id(&self) -> &'static str {
        self.field.name
    }

    /// Its unit, `dB` or `Hz`, empty without one.
    #[must_use]
    pub fn unit(&self) -> &'static str {
        self.field.unit
    }

    /// Steps between 0 and 1; 0 for a continuous parameter.
    #[must_use]
    pub fn step_count(&self) -> usize {
        match self.field.kind {
            Kind::Switch { .. } => 1,
            Kind::Choice { words, .. } => words.len() - 1,
            Kind::Number(number) => match number.steps {
                Steps::OneOf(values) => values.len() - 1,
                Steps::Multiples(step) => ((number.max - number.min) / step).round() as usize,
                _ => 0,
            },
            _ => 0,
        }
    }

    /// The value at a host's position, 0 to 1.
    #[must_use]
    pub fn plain(&self, normalized: f64) -> Option<Value<'static>> {
        Some(match self.field.kind {
            Kind::Number(number) => Value::Number(number.at(normalized)),
            Kind::Switch { .. } => Value::Switch(normalized >= 0.5),
            Kind::Choice { words, .. } => {
                Value::Choice(words[(normalized.clamp(0.0, 1.0) * (words.len() - 1) as f64).round() as usize])
            }
            _ => return None,
        })
    }

    /// The host's position of a value, 0 to 1.
    #[must_use]
    pub fn normalized(&self, value: Value<'_>) -> Option<f64> {
        match (self.field.kind, value) {
            (Kind::Number(number), Value::Number(value)) => Some(number.position(value)),
            (Kind::Switch { .. }, Value::Switch(on)) => Some(f64::from(u8::from(on))),
            (Kind::Choice { words, .. }, Value::Choice(word)) => {
                let index = words.iter().position(|&known| known == word)?;
                Some(index as f64 / (words.len() - 1) as f64)
            }
            _ => None,
        }
    }
}

/// One effect as a plug-in.
pub struct Plugin {
    effect: Effect,
    running: Option<(Live, Settings)>,
}

impl Plugin {
    /// A plug-in with these settings; `initialize` builds its processor.
    #[must_use]
    pub fn new(effect: Effect) -> Self {
        Self { effect, running: None }
    }

    /// What a host may show and automate while the plug-in runs.
    #[must_use]
    pub fn parameters(&self) -> Vec<Parameter> {
        let automated = |field: &&Field| !field.fixed && !field.costly && field.kind != Kind::Compound;
        self.effect.fields().iter().filter(automated).map(|field| Parameter { field }).collect()
    }

    /// Builds the processor. A host calls it before it processes, and again for another rate or layout.
    ///
    /// # Errors
    /// A rate or channel count out of range; settings that this rate does not allow.
    pub fn initialize(&mut self, sample_rate_hz: f32, channels: usize) -> Result<(), Error> {
        self.running = Some(live(&self.effect, &StreamSpec::new(f64::from(sample_rate_hz), channels)?)?);
        Ok(())
    }

    /// Sets one parameter from the thread of the editor or of automation.
    ///
    /// # Errors
    /// An unknown name, a value out of range; nothing changes then.
    pub fn set(&mut self, id: &str, value: Value<'_>) -> Result<(), Error> {
        let mut effect = self.effect.clone();
        effect.set(id, value)?;
        if let Some((_, settings)) = &mut self.running {
            settings.set(&effect)?;
        }
        self.effect = effect;
        Ok(())
    }

    /// For `ProcessContext::set_latency_samples`.
    #[must_use]
    pub fn latency_samples(&self) -> u32 {
        self.running.as_ref().map_or(0, |(live, _)| live.latency_frames() as u32)
    }

    /// For `ProcessStatus::Tail` or `KeepAlive`: `None` for a tail without end.
    #[must_use]
    pub fn tail_samples(&self) -> Option<u32> {
        match self.running.as_ref().map(|(live, _)| live.tail()) {
            Some(Tail::Frames(frames)) => u32::try_from(frames).ok(),
            Some(_) => None,
            None => Some(0),
        }
    }

    /// The transport stopped or jumped.
    pub fn reset(&mut self) {
        if let Some((live, _)) = &mut self.running {
            live.reset();
        }
    }

    /// `buffer.as_slice()`, in place.
    pub fn process(&mut self, channels: &mut [&mut [f32]]) {
        if let Some((live, _)) = &mut self.running {
            live.process(channels);
        }
    }
}
