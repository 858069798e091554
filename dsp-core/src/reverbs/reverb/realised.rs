//! A setting of the network in the format of the audio, with its delays as places in the memory.

use super::design::{Frame, HALF_DIFFUSED, MOVING, NARROW, REFLECTED, STEPS, Voicing, lines_of, span};
use crate::{
    foundation::{grid::GRID_FRAMES, sample::Sample},
    primitives::{lanes::Form, modulated_delay::Motions},
    reverbs::{
        delay_bank::{Delays, Room},
        fdn::{self, Absorbers, LINES, Mix, Rows},
    },
};

/// Early reflections of an output at most.
pub(super) const TAPS: usize = 2 * super::early::REFLECTIONS;

/// Where each delay line is written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Heads {
    pub(super) input: [u32; 2],
    /// Behind each step of diffusion but the last.
    pub(super) steps: [[u32; LINES]; STEPS - 1],
    pub(super) lines: [u32; LINES],
}

impl Heads {
    /// With the memory that they need.
    pub(super) fn new(frame: &Frame) -> (Self, Room) {
        let mut room = Room::default();
        let input = [frame.input; 2].map(|longest| room.head(longest));
        let mut steps = [[0; LINES]; STEPS - 1];
        for (step, heads) in steps.iter_mut().enumerate() {
            for (line, head) in heads[..lines_of(step)].iter_mut().enumerate() {
                let mut longest = if step + 1 == HALF_DIFFUSED {
                    frame.steps[step][2 * line].max(frame.steps[step][2 * line + 1])
                } else {
                    frame.steps[step][line]
                };
                if step + 1 == HALF_DIFFUSED && REFLECTED.as_flattened().contains(&line) {
                    longest = longest.max(frame.reflected);
                }
                *head = room.head(longest);
            }
        }
        let lines = frame.lines.map(|longest| room.head(longest));
        (Self { input, steps, lines }, room)
    }
}

/// A voicing that can run.
#[derive(Clone, Debug)]
pub(super) struct Voice<S> {
    pub(super) voicing: Voicing,
    tangent: S,
    scales: [S; STEPS],
    /// Where the steps of diffusion read.
    steps: [[u32; LINES]; STEPS],
    /// Where lines that stand still are read, in reading order.
    lines: [u32; LINES],
    /// Heads and delays of the lines that move.
    moving: [u32; MOVING],
    centres: [f64; MOVING],
    /// Over the cell at hand.
    motions: Motions<S, MOVING>,
    /// Where early reflections are read, and how loud they are.
    early: [[(u32, S); TAPS]; 2],
    pub(super) absorbers: Absorbers<S>,
    pub(super) gains: [S; LINES],
}

impl<S: Sample> Voice<S> {
    pub(super) fn new(voicing: &Voicing, heads: &Heads) -> Self {
        let mut voice = Self {
            voicing: voicing.clone(),
            tangent: S::ZERO,
            scales: [S::ZERO; STEPS],
            steps: [[0; LINES]; STEPS],
            lines: [0; LINES],
            moving: [0; MOVING],
            centres: [0.0; MOVING],
            motions: Motions::new(),
            early: [[(0, S::ZERO); TAPS]; 2],
            absorbers: Absorbers { low: [[S::ZERO; LINES]; 3], high: [[S::ZERO; LINES]; 2] },
            gains: [S::ZERO; LINES],
        };
        voice.set(voicing, heads);
        voice
    }

    pub(super) fn set(&mut self, voicing: &Voicing, heads: &Heads) {
        let Self { voicing: own, tangent, scales, steps, lines, moving, centres, motions: _, early, absorbers, gains } =
            self;
        own.clone_from(voicing);
        *tangent = S::from_f64(voicing.tangent);
        *scales = voicing.scales.map(S::from_f64);
        for (step, places) in steps.iter_mut().enumerate() {
            for (line, place) in places[..lines_of(step)].iter_mut().enumerate() {
                *place = match step {
                    0 => heads.input[2 * line / NARROW],
                    HALF_DIFFUSED => heads.steps[step - 1][line / 2],
                    _ => heads.steps[step - 1][line],
                } - voicing.diffusers[step][line] as u32;
            }
        }
        for (place, line) in lines.iter_mut().zip(voicing.order) {
            *place = heads.lines[line] - voicing.delays[line] as u32;
        }
        for (index, (head, centre)) in moving.iter_mut().zip(centres).enumerate() {
            let line = voicing.order[2 * index];
            *head = heads.lines[line];
            *centre = voicing.delays[line] as f64;
        }
        for (early, taps) in early.iter_mut().zip(&voicing.early) {
            for (place, tap) in early.iter_mut().zip(taps) {
                *place = (heads.steps[HALF_DIFFUSED - 1][tap.line] - tap.delay as u32, S::from_f64(tap.gain));
            }
        }
        let [low, high] = &voicing.sections;
        for line in 0..LINES {
            let direct = high[0][line];
            absorbers.low[0][line] = S::from_f64(low[0][line] * direct);
            absorbers.low[1][line] = S::from_f64(low[1][line] * direct);
            absorbers.low[2][line] = S::from_f64(low[2][line]);
            absorbers.high[0][line] = S::from_f64(high[1][line] / direct);
            absorbers.high[1][line] = S::from_f64(high[2][line]);
        }
        *gains = voicing.gains.map(S::from_f64);
    }

    fn is_moving(&self) -> bool {
        self.voicing.depth_frames != 0.0
    }

    /// Follows the swings, -1..1 at both ends of a cell.
    #[inline(always)]
    pub(super) fn move_lines(&mut self, swings: &[[f64; 2]; MOVING]) {
        if self.is_moving() {
            self.motions.follow(&self.centres, self.voicing.depth_frames, swings);
        }
    }

    /// The lines in reading order; those that move are interpolated into `moved`.
    #[inline(always)]
    pub(super) fn read<'a, F: Form>(
        &self,
        form: F,
        memory: &'a Delays<S>,
        clock: &[S; GRID_FRAMES],
        frames: usize,
        moved: &'a mut [[S; GRID_FRAMES]; MOVING],
    ) -> [&'a [S; GRID_FRAMES]; LINES] {
        let mut rows = [memory.at(self.lines[0]); LINES];
        for (row, place) in rows.iter_mut().zip(&self.lines) {
            *row = memory.at(*place);
        }
        if self.is_moving() {
            for (line, moved) in moved.iter_mut().enumerate() {
                let samples = memory.long_at(self.moving[line] - self.motions.furthest[line]);
                fdn::interpolate(form, samples, &self.motions, line, clock, frames, moved);
            }
            for (row, moved) in rows.iter_mut().step_by(2).zip(moved.iter()) {
                *row = moved;
            }
        }
        rows
    }

    /// Mixes for a step of diffusion: the first pass, and what the second needs.
    #[inline(always)]
    pub(super) fn mix<F: Form>(
        &self,
        form: F,
        step: usize,
        memory: &Delays<S>,
        frames: usize,
        rows: &mut Rows<S>,
    ) -> Mix<S> {
        let mut from = [memory.at(0); LINES];
        let from = &mut from[..lines_of(step)];
        for (from, place) in from.iter_mut().zip(&self.steps[step]) {
            *from = memory.at(*place);
        }
        let mix = Mix { tangent: self.tangent, scale: self.scales[step], span: span(step) };
        fdn::within(form, &mix, from, frames, rows);
        mix
    }

    /// Early reflections of an output.
    #[inline(always)]
    pub(super) fn reflect<F: Form>(
        &self,
        form: F,
        memory: &Delays<S>,
        output: usize,
        frames: usize,
        sum: &mut [S; GRID_FRAMES],
    ) {
        fdn::tap(form, memory, &self.early[output][..self.voicing.taps[output]], frames, sum);
    }
}
