//! A delay whose time changes by a crossfade between two taps.

use super::ramp::{Ramp, Span};
use crate::foundation::sample::Sample;
use alloc::{vec, vec::Vec};

/// Whole frames of delay for some channels.
#[derive(Clone, Debug)]
pub(crate) struct CrossfadedDelay<S> {
    /// One ring for each channel.
    rings: Vec<Vec<S>>,
    /// Where the next frame goes.
    position: usize,
    /// The delay that sounds, or is left.
    from: usize,
    /// The delay that is faded to.
    to: usize,
    /// The delay that is wanted; while a fade runs, another may wait.
    wanted: usize,
    fade: Ramp<1>,
}

impl<S: Sample> CrossfadedDelay<S> {
    /// For up to `longest` frames and chunks of up to `chunk`, of which the rings are a multiple.
    pub(crate) fn new(channels: usize, longest: usize, chunk: usize, frames: usize, fade_frames: usize) -> Self {
        let ring = vec![S::ZERO; (longest + chunk).next_multiple_of(chunk)];
        let fade = Ramp::new([1.0], fade_frames);
        Self { rings: vec![ring; channels], position: 0, from: frames, to: frames, wanted: frames, fade }
    }

    pub(crate) fn set_frames(&mut self, frames: usize) {
        self.wanted = frames;
    }

    /// The longest delay of those that sound or will.
    pub(crate) fn longest_frames(&self) -> usize {
        self.from.max(self.to).max(self.wanted)
    }

    /// How the next frames, at most `frames`, are faded, and how many they are.
    pub(crate) fn span(&mut self, frames: usize) -> (Span<S, 1>, usize) {
        if self.fade.frames_on_curve() == 0 {
            self.from = self.to;
            if self.wanted == self.to {
                return (Span::Still([S::ONE]), frames);
            }
            self.to = self.wanted;
            self.fade.jump_to([0.0]);
            self.fade.set_target([1.0]);
        }
        self.fade.span(frames)
    }

    /// Takes a chunk, which crosses no multiple of the chunk length, and writes it delayed.
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

    /// Goes on by a chunk that all channels have taken.
    pub(crate) fn advance(&mut self, frames: usize) {
        self.position += frames;
        if self.position == self.rings[0].len() {
            self.position = 0;
        }
    }

    pub(crate) fn reset(&mut self) {
        let Self { rings, position, from, to, wanted, fade } = self;
        rings.iter_mut().for_each(|ring| ring.fill(S::ZERO));
        *position = 0;
        (*from, *to) = (*wanted, *wanted);
        fade.jump_to([1.0]);
    }

    pub(crate) fn memory_bytes(&self) -> usize {
        self.rings.iter().map(Vec::len).sum::<usize>() * size_of::<S>()
    }
}
