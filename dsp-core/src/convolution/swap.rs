//! A change of the responses while a convolver of two banks runs.
//!
//! The new ones are loaded in parts into the bank that is not heard, which then runs until its output is complete, and
//! the output crossfades to it. A change during another one follows it, unless the other is still loading.

use super::convolver::{Convolver, LoadPlace};
use crate::{
    foundation::sample::Sample,
    primitives::ramp::{Ramp, Span},
};

/// Points of a transform's pass in each 64 frames while a response is loaded: 7 us.
const LOADING_POINTS: usize = 16_384;

/// What is heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// The delayed input.
    Delay,
    /// A bank of the convolver.
    Bank(usize),
}

/// Progress of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Rest,
    /// The target is loaded into a bank, response by response.
    Loading {
        bank: usize,
        response: usize,
        place: LoadPlace,
    },
    /// The bank is active; from this frame on its output is complete.
    Filling {
        bank: usize,
        until: u64,
    },
    /// The output crossfades to another source.
    Fading {
        to: Source,
    },
}

/// The responses of a target, one after the other.
#[derive(Clone, Copy, Debug)]
pub(super) struct Target<'a, T> {
    pub(super) taps: &'a [T],
    pub(super) responses: usize,
}

impl<T> Target<'_, T> {
    fn response(&self, index: usize) -> &[T] {
        let length = self.taps.len() / self.responses;
        &self.taps[index * length..][..length]
    }
}

/// The change: see the head of this file.
#[derive(Clone, Debug)]
pub(super) struct Swap {
    current: Source,
    phase: Phase,
    /// Whether the target has changed and its change has not started.
    is_pending: bool,
    fade: Ramp<1>,
}

impl Swap {
    /// To be [settled](Self::settle).
    pub(super) fn new(fade_frames: usize) -> Self {
        Self { current: Source::Delay, phase: Phase::Rest, is_pending: true, fade: Ramp::new([1.0], fade_frames) }
    }

    /// The target has changed.
    pub(super) fn request(&mut self) {
        self.is_pending = true;
    }

    /// The source that is heard at rest, and that fades out.
    pub(super) fn current(&self) -> Source {
        self.current
    }

    /// The source that fades in.
    pub(super) fn next(&self) -> Option<Source> {
        if let Phase::Fading { to } = self.phase { Some(to) } else { None }
    }

    /// Whether no change is under way.
    pub(super) fn is_at_rest(&self) -> bool {
        !self.is_pending && self.phase == Phase::Rest
    }

    /// Jumps to the target at once; without one, to the delayed input.
    pub(super) fn settle<S: Sample, T: Sample>(&mut self, convolver: &mut Convolver<S>, target: Option<Target<'_, T>>) {
        if !self.is_at_rest() {
            self.current = target.map_or(Source::Delay, |target| {
                let bank = if let Source::Bank(bank) = self.current { bank } else { 0 };
                for response in 0..target.responses {
                    convolver.load(bank, response, target.response(response));
                }
                Source::Bank(bank)
            });
        }
        for bank in [0, 1] {
            convolver.set_active(bank, self.current == Source::Bank(bank));
        }
        self.phase = Phase::Rest;
        self.is_pending = false;
        self.fade.jump_to([1.0]);
    }

    /// One step of the change, on the grid of the convolver.
    pub(super) fn step<S: Sample, T: Sample>(&mut self, convolver: &mut Convolver<S>, target: Option<Target<'_, T>>) {
        match self.phase {
            Phase::Rest | Phase::Loading { .. } if self.is_pending => {
                self.is_pending = false;
                self.phase = Phase::Rest;
                if target.is_some() {
                    let bank = usize::from(self.current == Source::Bank(0));
                    self.phase = Phase::Loading { bank, response: 0, place: LoadPlace::default() };
                } else if self.current != Source::Delay {
                    self.start_fade(Source::Delay);
                }
            }
            Phase::Loading { bank, response, mut place } => {
                let Some(target) = target else { return };
                let loaded =
                    convolver.load_some([bank, response], target.response(response), &mut place, LOADING_POINTS);
                let response = response + usize::from(loaded);
                self.phase = Phase::Loading { bank, response, place };
                if response == target.responses {
                    convolver.set_active(bank, true);
                    let block = convolver.longest_block() as u64;
                    self.phase = Phase::Filling { bank, until: (convolver.frame() / block + 2) * block };
                }
            }
            Phase::Filling { bank, until } if convolver.frame() == until => self.start_fade(Source::Bank(bank)),
            Phase::Rest | Phase::Filling { .. } | Phase::Fading { .. } => {}
        }
    }

    fn start_fade(&mut self, to: Source) {
        self.fade.jump_to([0.0]);
        self.fade.set_target([1.0]);
        self.phase = Phase::Fading { to };
    }

    /// Before each chunk: ends a crossfade that is over.
    pub(super) fn finish<S: Sample>(&mut self, convolver: &mut Convolver<S>) {
        if let Phase::Fading { to } = self.phase
            && self.fade.frames_on_curve() == 0
        {
            if let Source::Bank(left) = self.current {
                convolver.set_active(left, false);
            }
            self.current = to;
            self.phase = Phase::Rest;
        }
    }

    /// The longest next chunk.
    pub(super) fn uniform_frames(&self) -> usize {
        self.fade.uniform_frames()
    }

    /// The share of the next source over at most so many frames.
    pub(super) fn span<S: Sample>(&mut self, frames: usize) -> (Span<S, 1>, usize) {
        self.fade.span(frames)
    }
}
