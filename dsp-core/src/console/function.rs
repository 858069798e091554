//! The place of a function of a whole signal, as a member of an effect.

use crate::{
    foundation::{
        block::{Block, BlockMut},
        declare::params,
        error::Error,
        fit::fit,
        processor::Processor,
        sample::Sample,
        stream::StreamSpec,
        table::Fields,
        tail::Tail,
    },
    primitives::{backend::Backend, delay_line::DelayLine, sanitize::clean},
};
use alloc::{vec, vec::Vec};
use core::ops::{ControlFlow, Range};

params! {
    /// Settings of the place of a function of a whole signal.
    #[derive(Clone, Debug, PartialEq)]
    FunctionParams {
        latency_frames: none as usize, 0.0..=1048576.0, default 0, fixed, "By how much what it returns is late, in frames; compensated";
        tail_s: s, 0.0..=60.0, default 60.0, fixed, "Longest time that it sounds after its input";
    }
}

/// The place of a function of a whole signal: a model, a plug-in, code of another language.
///
/// # Signal
/// in -> function -> out, by a rendering in stages ([`stage`](super::stage), [`stage_mix`](super::stage_mix)): what
/// arrives is recorded, the function answers it, and the answer is played in its place. Until there is an answer it
/// passes its input, delayed by its latency, as it does in a stream.
#[derive(Clone, Debug)]
pub struct Function<S> {
    spec: StreamSpec,
    backend: Backend,
    tail: Tail,
    waiting: DelayLine<S>,
    /// How many other functions its input depends on in series.
    pub(super) depth: usize,
    /// Frames from the input of the rendering to here.
    pub(super) due: usize,
    pub(super) course: Course,
    position: usize,
    frames: usize,
    /// What arrives, or what the function made of it: rows of `frames`.
    samples: Vec<S>,
    non_finite: u64,
}

/// What a place does with what arrives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Course {
    Pass,
    Record,
    Play,
}

impl<S: Sample> Function<S> {
    pub(super) fn new(params: &FunctionParams, spec: &StreamSpec) -> Result<Self, Error> {
        params.check_fields(spec.sample_rate_hz())?;
        Ok(Self {
            spec: *spec,
            backend: Backend::new(spec.cpu()),
            tail: Tail::Frames(libm::round(params.tail_s * spec.sample_rate_hz()) as u64),
            waiting: DelayLine::new(spec.channels(), params.latency_frames),
            depth: 0,
            due: 0,
            course: Course::Pass,
            position: 0,
            frames: 0,
            samples: Vec::new(),
            non_finite: 0,
        })
    }

    /// Records so many frames from the next reset on.
    pub(super) fn record(&mut self, frames: usize) {
        self.samples = vec![S::ZERO; self.spec.channels() * frames];
        (self.course, self.frames) = (Course::Record, frames);
    }

    /// The frames that the function is given: those of `kept` frames of the programme, and what sounds before and after.
    fn sounding(&self, kept: usize) -> Range<usize> {
        let (mut first, mut end) = (self.due, self.due + kept + self.waiting.frames());
        for row in self.samples.chunks_exact(self.frames.max(1)) {
            let is_sound = |sample: &S| *sample != S::ZERO;
            first = first.min(row.iter().position(is_sound).unwrap_or(first));
            end = end.max(row.iter().rposition(is_sound).map_or(0, |last| last + 1));
        }
        first.min(self.frames)..end.min(self.frames)
    }

    /// Gives the function what was recorded, and plays its answer from now on.
    pub(super) fn answer(&mut self, index: usize, kept: usize, function: Answer<'_, S>) -> ControlFlow<()> {
        let given = self.sounding(kept);
        let rows: Vec<&[S]> = self.samples.chunks_exact(self.frames.max(1)).map(|row| &row[given.clone()]).collect();
        // Without a frame there is nothing to answer.
        if let Ok(block) = Block::from_slices(&rows) {
            let answer = function(index, &block)?;
            let own = self.samples.chunks_exact_mut(self.frames.max(1));
            for (own, answer) in own.zip(answer.chunks_exact(given.len().max(1))) {
                own[given.clone()].copy_from_slice(answer);
            }
        }
        self.course = Course::Play;
        ControlFlow::Continue(())
    }

    fn run(&mut self, block: &mut BlockMut<'_, '_, S>) {
        for channel in 0..self.spec.channels() {
            self.non_finite += clean(self.backend, block.channel_mut(channel));
        }
        if self.course == Course::Pass {
            self.waiting.process(block);
            return;
        }
        let start = self.position.min(self.frames);
        let frames = block.frames().min(self.frames - start);
        for (channel, row) in self.samples.chunks_exact_mut(self.frames.max(1)).enumerate() {
            let (own, (passing, rest)) =
                (&mut row[start..start + frames], block.channel_mut(channel).split_at_mut(frames));
            match self.course {
                Course::Record => {
                    own.copy_from_slice(passing);
                    passing.fill(S::ZERO);
                }
                _ => passing.copy_from_slice(own),
            }
            rest.fill(S::ZERO);
        }
        self.position += block.frames();
    }
}

impl<S: Sample> Processor<S> for Function<S> {
    fn spec(&self) -> StreamSpec {
        self.spec
    }

    fn process(&mut self, block: &mut BlockMut<'_, '_, S>) {
        fit(block, self.spec.channels(), |block| self.run(block));
    }

    fn reset(&mut self) {
        self.waiting.reset();
        (self.position, self.non_finite) = (0, 0);
    }

    fn latency_frames(&self) -> usize {
        self.waiting.frames()
    }

    fn tail(&self) -> Tail {
        self.tail
    }

    fn non_finite_samples(&self) -> u64 {
        self.non_finite
    }
}

/// A function of a whole signal, by its position among those of an effect or a mix: first to last, depth first, in a mix
/// in the order of its strips, the master last. It returns as many channels and frames as it gets, planar, or ends the
/// rendering.
pub type Answer<'f, S> = &'f mut dyn FnMut(usize, &Block<'_, '_, S>) -> ControlFlow<(), Vec<S>>;
