//! An effect of kira: `track_builder.add_effect(MixdownBuilder::new(effect))` gives the handle of its settings.

use crate::live::{CHUNK_FRAMES, Live, Settings, live};
use kira::{
    Frame,
    effect::{Effect as KiraEffect, EffectBuilder},
    info::Info,
};
use mixdown::prelude::*;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The newest settings, and the way to the callback once kira has started the track. Beside the handle, only the change
/// of the sample rate takes the lock, which is no audio callback.
type Shared = Arc<Mutex<(Effect, Option<Settings>)>>;

fn held(shared: &Shared) -> MutexGuard<'_, (Effect, Option<Settings>)> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

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
    /// Sends other settings of the same effect. They hold from before the start, and over a change of the sample rate.
    ///
    /// # Errors
    /// What the effect refuses, once the track has started; nothing changes then.
    pub fn set(&mut self, effect: &Effect) -> Result<(), Error> {
        let mut shared = held(&self.0);
        if let Some(settings) = &mut shared.1 {
            settings.set(effect)?;
        }
        shared.0 = effect.clone();
        Ok(())
    }
}

impl EffectBuilder for MixdownBuilder {
    type Handle = MixdownHandle;

    fn build(self) -> (Box<dyn KiraEffect>, MixdownHandle) {
        let shared = Arc::new(Mutex::new((self.0, None)));
        let effect = Running {
            live: None,
            shared: Arc::clone(&shared),
            left: vec![0.0; CHUNK_FRAMES],
            right: vec![0.0; CHUNK_FRAMES],
        };
        (Box::new(effect), MixdownHandle(shared))
    }
}

struct Running {
    live: Option<Live>,
    shared: Shared,
    left: Vec<f32>,
    right: Vec<f32>,
}

impl Running {
    /// At a rate out of range, or with settings that it does not allow, the track plays on without the effect.
    fn rebuild(&mut self, sample_rate: u32) {
        let mut shared = held(&self.shared);
        let built = StreamSpec::new(f64::from(sample_rate), 2).and_then(|spec| live(&shared.0, &spec)).ok();
        (self.live, shared.1) = built.unzip();
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
