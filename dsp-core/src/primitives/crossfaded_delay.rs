//! A delay whose time changes by a crossfade between two taps.

use super::ramp::{Ramp, Span};
use crate::foundation::sample::Sample;
use alloc::{vec, vec::Vec};

/// Whole-frame delay of several channels.
#[derive(Clone, Debug)]
pub(crate) struct CrossfadedDelay<S> {
    /// One ring for each channel.
    rings: Vec<Vec<S>>,
    /// Write position.
    position: usize,
    /// The current delay, faded out during a fade.
    from: usize,
    /// The delay that is faded in.
    to: usize,
    /// The delay set last; its fade starts after the one in progress.
    pending: usize,
    fade: Ramp<1>,
}

impl<S: Sample> CrossfadedDelay<S> {
    /// For delays of up to `longest` frames and chunks of up to `chunk`; the ring length is a multiple of `chunk`.
    pub(crate) fn new(channels: usize, longest: usize, chunk: usize, frames: usize, fade_frames: usize) -> Self {
        let ring = vec![S::ZERO; (longest + chunk).next_multiple_of(chunk)];
        let fade = Ramp::new([1.0], fade_frames);
        Self { rings: vec![ring; channels], position: 0, from: frames, to: frames, pending: frames, fade }
    }

    pub(crate) fn set_frames(&mut self, frames: usize) {
        self.pending = frames;
    }

    /// The longest of the current, the next and the pending delay.
    pub(crate) fn longest_frames(&self) -> usize {
        self.from.max(self.to).max(self.pending)
    }

    /// The fade gains of the next frames, at most `frames`, and their number.
    pub(crate) fn span(&mut self, frames: usize) -> (Span<S, 1>, usize) {
        if self.fade.frames_on_curve() == 0 {
            self.from = self.to;
            if self.pending == self.to {
                return (Span::Still([S::ONE]), frames);
            }
            self.to = self.pending;
            self.fade.jump_to([0.0]);
            self.fade.set_target([1.0]);
        }
        self.fade.span(frames)
    }

    /// Processes a chunk, which crosses no multiple of the chunk length, and writes it delayed.
    pub(crate) fn process(&mut self, channel: usize, span: &Span<S, 1>, samples: &[S], delayed: &mut [S]) {
        let ring = &mut self.rings[channel];
        ring[self.position..self.position + samples.len()].copy_from_slice(samples);
        let at = |delay: usize, frame: usize| ring[(self.position + frame + ring.len() - delay) % ring.len()];
        match span {
            Span::Still(_) if self.to == 0 => delayed.copy_from_slice(samples),
            Span::Still(_) => {
                let start = (self.position + ring.len() - self.to) % ring.len();
                let first = samples.len().min(ring.len() - start);
                delayed[..first].copy_from_slice(&ring[start..start + first]);
                delayed[first..].copy_from_slice(&ring[..samples.len() - first]);
            }
            Span::Moving([curve]) => {
                for (frame, delayed) in delayed.iter_mut().enumerate() {
                    let (old, new) = (at(self.from, frame), at(self.to, frame));
                    *delayed = old + curve.at(frame as i32) * (new - old);
                }
            }
        }
    }

    /// Advances by a chunk that all channels have processed.
    pub(crate) fn advance(&mut self, frames: usize) {
        self.position += frames;
        if self.position == self.rings[0].len() {
            self.position = 0;
        }
    }

    pub(crate) fn reset(&mut self) {
        let Self { rings, position, from, to, pending, fade } = self;
        rings.iter_mut().for_each(|ring| ring.fill(S::ZERO));
        *position = 0;
        (*from, *to) = (*pending, *pending);
        fade.jump_to([1.0]);
    }

    pub(crate) fn memory_bytes(&self) -> usize {
        self.rings.iter().map(Vec::len).sum::<usize>() * size_of::<S>()
    }
}
