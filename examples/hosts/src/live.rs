//! An effect in a callback, and its settings on another thread.

use mixdown::prelude::*;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Coefficients of an effect, designed on the settings' thread.
type Coeffs = Box<CoeffsOf<f32, EffectProcessor<f32>>>;

/// Frames of a chunk: hosts with interleaved samples are served through planar memory of this length.
pub(crate) const CHUNK_FRAMES: usize = 256;
/// The newest settings on their way, and the ones before on their way back, to be freed. The settings' thread holds the
/// lock for two moves; the callback tries it and, where it is taken, finds it free in its next block.
#[derive(Default)]
struct Mailbox {
    fresh: Option<Coeffs>,
    used: Option<Coeffs>,
}

/// The callback's half: nothing in it allocates, frees, waits or fails.
pub struct Live {
    processor: EffectProcessor<f32>,
    mailbox: Arc<Mutex<Mailbox>>,
    planar: Vec<f32>,
}

/// The settings' half.
pub struct Settings {
    spec: StreamSpec,
    mailbox: Arc<Mutex<Mailbox>>,
}

/// Builds both halves.
///
/// # Errors
/// What the effect refuses, with its place; an effect with more channels out than in.
pub fn live(effect: &Effect, spec: &StreamSpec) -> Result<(Live, Settings), Error> {
    let processor: EffectProcessor<f32> = effect.build(spec)?;
    let channels = spec.channels();
    if processor.output_channels() != channels {
        return Err(Error::Channels { min: channels, max: channels, actual: processor.output_channels() });
    }
    let mailbox = Arc::default();
    let settings = Settings { spec: *spec, mailbox: Arc::clone(&mailbox) };
    Ok((Live { processor, mailbox, planar: vec![0.0; channels * CHUNK_FRAMES] }, settings))
}

impl Settings {
    /// Sends other settings of the same effect; the callback glides to the newest.
    ///
    /// # Errors
    /// What the effect refuses. Coefficients of another effect are refused by the callback, which keeps its own.
    pub fn set(&mut self, effect: &Effect) -> Result<(), Error> {
        let coeffs = Box::new(effect.design(&self.spec)?);
        let sent = Mailbox { fresh: Some(coeffs), used: None };
        let returned = std::mem::replace(&mut *held(&self.mailbox), sent);
        // Freed here, after the lock: what the callback has used, and what it had no time for.
        drop(returned);
        Ok(())
    }
}

impl Live {
    /// Frames by which the output comes later than the input.
    #[must_use]
    pub fn latency_frames(&self) -> usize {
        self.processor.latency_frames()
    }

    /// The sound after the last frame of input.
    #[must_use]
    pub fn tail(&self) -> Tail {
        self.processor.tail()
    }

    /// Forgets what it played.
    pub fn reset(&mut self) {
        self.processor.reset();
    }

    /// One slice per channel, in place.
    pub fn process(&mut self, channels: &mut [&mut [f32]]) {
        self.take_settings();
        if let Ok(mut block) = BlockMut::from_slices(channels) {
            self.processor.process(&mut block);
        }
    }

    /// Interleaved samples, in place: any length.
    pub fn process_interleaved(&mut self, samples: &mut [f32]) {
        self.take_settings();
        let channels = self.processor.spec().channels();
        for chunk in samples.chunks_mut(channels * CHUNK_FRAMES) {
            let frames = chunk.len() / channels;
            let planar = &mut self.planar[..channels * frames];
            for (channel, row) in planar.chunks_exact_mut(frames.max(1)).enumerate() {
                for (to, frame) in row.iter_mut().zip(chunk.chunks_exact(channels)) {
                    *to = frame[channel];
                }
            }
            if let Ok(mut block) = BlockMut::from_planar(planar, channels) {
                self.processor.process(&mut block);
            }
            for (channel, row) in planar.chunks_exact(frames.max(1)).enumerate() {
                for (from, frame) in row.iter().zip(chunk.chunks_exact_mut(channels)) {
                    frame[channel] = *from;
                }
            }
        }
    }

    /// Takes over the newest settings, and leaves the coefficients to be freed by the other half.
    fn take_settings(&mut self) {
        if let Ok(mut mailbox) = self.mailbox.try_lock()
            && let Some(coeffs) = mailbox.fresh.take()
        {
            // Settings of another effect are refused, and the old ones stay.
            let _ = self.processor.set_coeffs(&coeffs);
            mailbox.used = Some(coeffs);
        }
    }
}

fn held(mailbox: &Mutex<Mailbox>) -> MutexGuard<'_, Mailbox> {
    mailbox.lock().unwrap_or_else(PoisonError::into_inner)
}
