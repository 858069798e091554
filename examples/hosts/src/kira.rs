//! An effect of kira: `track_builder.add_effect(MixdownBuilder::new(effect))` gives the handle of its settings.

use crate::live::{CHUNK_FRAMES, Live, Settings, live};
use kira::{
    Frame,
    effect::{Effect as KiraEffect, EffectBuilder},
    info::Info,
};
use mixdown::prelude::*;
use std::sync::{Arc, Mutex};

/// Settings half of an effect that the mixer of kira has built, once it has.
type Shared = Arc<Mutex<Option<Settings>>>;

/// Adds an effect of mixdown to a track of kira.
pub struct MixdownBuilder(Effect);

impl MixdownBuilder {
    /// Any effect that keeps two channels.
    #[must_use]
    pub fn new(effect: Effect) -> Self {
        Self(effect)
    }
}

/// Changes the settings from the game's thread.
pub struct MixdownHandle(Shared);

impl MixdownHandle {
    /// Sends other settings of the same effect; a no-op before kira has started the track.
    ///
    /// # Errors
    /// What the effect refuses.
    pub fn set(&mut self, effect: &Effect) -> Result<(), Error> {
        // Only the change of the sample rate, which is no audio callback, takes the same lock.
        let mut settings = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        settings.as_mut().map_or(Ok(()), |settings| settings.set(effect))
    }
}

impl EffectBuilder for MixdownBuilder {
    type Handle = MixdownHandle;

    fn build(self) -> (Box<dyn KiraEffect>, MixdownHandle) {
        let settings = Shared::default();
        let effect = Running {
            effect: self.0,
            live: None,
            settings: Arc::clone(&settings),
            left: vec![0.0; CHUNK_FRAMES],
            right: vec![0.0; CHUNK_FRAMES],
        };
        (Box::new(effect), MixdownHandle(settings))
    }
}

struct Running {
    effect: Effect,
    live: Option<Live>,
    settings: Shared,
    left: Vec<f32>,
    right: Vec<f32>,
}

impl Running {
    /// At a rate out of range, or with settings that it does not allow, the track plays on without the effect.
    fn rebuild(&mut self, sample_rate: u32) {
        let built = StreamSpec::new(f64::from(sample_rate), 2).and_then(|spec| live(&self.effect, &spec)).ok();
        let (live, settings) = built.unzip();
        self.live = live;
        *self.settings.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = settings;
    }
}

impl KiraEffect for Running {
    fn init(&mut self, sample_rate: u32, _internal_buffer_size: usize) {
        self.rebuild(sample_rate);
    }

    fn on_change_sample_rate(&mut self, sample_rate: u32) {
        self.rebuild(sample_rate);
    }

    fn process(&mut self, input: &mut [Frame], _dt: f64, _info: &Info) {
        let Some(live) = &mut self.live else { return };
        for frames in input.chunks_mut(CHUNK_FRAMES) {
            let (left, right) = (&mut self.left[..frames.len()], &mut self.right[..frames.len()]);
            for (frame, (left, right)) in frames.iter().zip(left.iter_mut().zip(right.iter_mut())) {
                (*left, *right) = (frame.left, frame.right);
            }
            live.process(&mut [left, right]);
            for (frame, (left, right)) in frames.iter_mut().zip(self.left.iter().zip(&self.right)) {
                (frame.left, frame.right) = (*left, *right);
            }
        }
    }
}
