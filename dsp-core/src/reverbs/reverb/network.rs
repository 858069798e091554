//! The network that runs: rings, filters, and the fade from one voicing to the next.
//!
//! Whatever changes, delays, absorption or diffusion, both settings run side by side on the same memory while one fades
//! into the other. Both are stable, and so is every mixture of them.

use super::{
    design::{DIRECT, Frame, MOVING, STEPS, Voicing, lines_of},
    realised::{Heads, Voice},
};
use crate::{
    foundation::{grid::GRID_FRAMES, sample::Sample, stream::StreamSpec, unit::ms_to_frames},
    primitives::{
        backend::{Backend, run},
        lanes::{Form, largest_magnitude},
        modulated_delay::Swings,
        ramp::{GAIN_RAMP_MS, Ramp, Span},
    },
    reverbs::{
        delay_bank::Delays,
        fdn::{self, AbsorberStates, Feed, LINES, OnePole, Past, Rows},
    },
};

/// Nothing below this, -200 dB, goes round for ever: the network is then zeroed.
pub(super) const QUIET: f64 = 1e-10;

/// Length of the fade from one voicing to the next, in ms.
const FADE_MS: f64 = 40.0;

/// The network: see the head of this file.
#[derive(Clone, Debug)]
pub(super) struct Network<S> {
    backend: Backend,
    heads: Heads,
    /// Of the input, of what each step of diffusion puts out, of the lines.
    delays: Delays<S>,
    now: Voice<S>,
    next: Voice<S>,
    /// What was asked for while `next` was fading in, if anything was.
    waiting: Voice<S>,
    is_waiting: bool,
    /// 0 to 1 while `next` fades in; at 0 nothing does.
    fade: Ramp<1>,
    /// 0 while frozen.
    gate: Ramp<1>,
    states: [AbsorberStates<S>; 2],
    swings: Swings<MOVING>,
    high_pass: OnePole<S>,
    /// What the high pass takes away.
    rumble: [Past<S>; 2],
    walls: OnePole<S>,
    reflected: [Past<S>; 2],
    /// Frames of the cell at hand that have passed.
    in_cell: usize,
    /// The loudest that was written in it.
    loudest: f64,
    /// Frames since anything was louder than [`QUIET`], whole cells.
    quiet: usize,
    /// Frames after which nothing older is in any memory.
    memory: usize,
    scratch: Scratch<S>,
}

/// What a chunk needs; nothing in it outlives the chunk. On cache lines, as vectors that lie across two cost twice.
#[derive(Clone, Debug)]
#[repr(C, align(64))]
struct Scratch<S> {
    shares: [S; GRID_FRAMES],
    diffused: Rows<S>,
    moved: [[[S; GRID_FRAMES]; MOVING]; 2],
    rows: [Rows<S>; 2],
    other: [S; GRID_FRAMES],
    /// 0, 1, 2, ...
    clock: [S; 2 * GRID_FRAMES],
}

/// What the network puts out for a chunk.
#[derive(Clone, Debug)]
#[repr(C, align(64))]
pub(super) struct Wet<S> {
    pub(super) early: [[S; GRID_FRAMES]; 2],
    pub(super) tail: [[S; GRID_FRAMES]; 2],
}

impl<S: Sample> Wet<S> {
    pub(super) fn new() -> Self {
        Self { early: [[S::ZERO; GRID_FRAMES]; 2], tail: [[S::ZERO; GRID_FRAMES]; 2] }
    }
}

impl<S: Sample> Network<S> {
    pub(super) fn new(spec: &StreamSpec, frame: Frame, voicing: &Voicing) -> Self {
        let ramp_frames = ms_to_frames(GAIN_RAMP_MS, spec.sample_rate_hz());
        let gate = Ramp::new([if voicing.frozen { 0.0 } else { 1.0 }], ramp_frames);
        let (heads, room) = Heads::new(&frame);
        let mut network = Self {
            backend: Backend::new(spec.cpu()),
            heads,
            delays: Delays::new(&room),
            now: Voice::new(voicing, &heads),
            next: Voice::new(voicing, &heads),
            waiting: Voice::new(voicing, &heads),
            is_waiting: false,
            fade: Ramp::new([0.0], ms_to_frames(FADE_MS, spec.sample_rate_hz())),
            gate,
            states: [[[S::ZERO; LINES]; 2]; 2],
            swings: Swings::new(),
            high_pass: OnePole::new(frame.high_pass_pole),
            rumble: [Past::SILENCE; 2],
            walls: OnePole::new(frame.wall_pole),
            reflected: [Past::SILENCE; 2],
            in_cell: 0,
            loudest: 0.0,
            quiet: 0,
            memory: frame.memory_frames(),
            scratch: Scratch {
                shares: [S::ZERO; GRID_FRAMES],
                diffused: [[S::ZERO; GRID_FRAMES]; LINES],
                moved: [[[S::ZERO; GRID_FRAMES]; MOVING]; 2],
                rows: [[[S::ZERO; GRID_FRAMES]; LINES]; 2],
                other: [S::ZERO; GRID_FRAMES],
                clock: core::array::from_fn(|index| S::from_index(index as i32)),
            },
        };
        network.reset();
        network
    }

    /// Fades to another voicing; one that comes before the last has faded in waits for it.
    pub(super) fn set(&mut self, voicing: &Voicing) {
        let latest = self.latest();
        if latest.voicing == *voicing {
            return;
        }
        self.gate.set_target([if voicing.frozen { 0.0 } else { 1.0 }]);
        if self.is_fading() {
            self.waiting.set(voicing, &self.heads);
            self.is_waiting = true;
        } else {
            self.next.set(voicing, &self.heads);
            self.begin();
        }
    }

    fn latest(&self) -> &Voice<S> {
        if self.is_waiting {
            &self.waiting
        } else if self.is_fading() {
            &self.next
        } else {
            &self.now
        }
    }

    fn is_fading(&self) -> bool {
        self.fade.target() == [1.0]
    }

    fn begin(&mut self) {
        self.states[1] = [[S::ZERO; LINES]; 2];
        self.next.move_lines(self.swings.ends());
        self.fade.set_target([1.0]);
    }

    /// `next` has faded in.
    fn arrive(&mut self) {
        core::mem::swap(&mut self.now, &mut self.next);
        self.states.swap(0, 1);
        self.fade.jump_to([0.0]);
        if self.is_waiting {
            self.is_waiting = false;
            core::mem::swap(&mut self.next, &mut self.waiting);
            self.begin();
        }
    }

    /// Frames that may be processed at once: to the end of the cell or of a fade.
    pub(super) fn frames_at_once(&self) -> usize {
        (GRID_FRAMES - self.in_cell).min(self.fade.uniform_frames())
    }

    /// Adds a chunk of both inputs, of at most [`frames_at_once`](Self::frames_at_once).
    pub(super) fn process(&mut self, inputs: [&[S]; 2], wet: &mut Wet<S>) {
        run!(self.backend, form => self.chunk(form, inputs, wet));
    }

    #[inline(always)]
    fn chunk<F: Form>(&mut self, form: F, inputs: [&[S]; 2], wet: &mut Wet<S>) {
        let frames = inputs[0].len();
        if self.in_cell == 0 {
            self.swing();
        }
        let fading = self.is_fading();
        if fading {
            shares(&mut self.fade, &mut self.scratch.shares[..frames]);
        }
        let silent = self.quiet >= self.memory && inputs.iter().all(|input| input.iter().all(|&x| x == S::ZERO));
        if silent {
            *wet = Wet::new();
            self.gate.span::<S>(frames);
        } else {
            // The first sound after silence ends the silence at once: the rest of the cell must not sleep through it.
            if self.quiet >= self.memory {
                self.quiet = 0;
            }
            self.take(form, inputs);
            if frames == GRID_FRAMES {
                // The usual case, with loops of known length.
                self.sound(form, GRID_FRAMES, wet);
            } else {
                self.sound(form, frames, wet);
            }
        }
        self.delays.advance(frames);
        self.in_cell += frames;
        if self.in_cell == GRID_FRAMES {
            self.in_cell = 0;
            self.close_cell(silent);
        }
        if fading && self.fade.uniform_frames() == usize::MAX {
            self.arrive();
        }
    }

    /// What becomes of the input.
    #[inline(always)]
    fn sound<F: Form>(&mut self, form: F, frames: usize, wet: &mut Wet<S>) {
        self.diffuse(form, frames);
        self.reflect(form, frames, &mut wet.early);
        self.circulate(form, frames, &mut wet.tail);
    }

    /// Moves the modulation on by a cell.
    #[inline(always)]
    fn swing(&mut self) {
        let fading = self.is_fading();
        let latest = if fading { &self.next } else { &self.now };
        self.swings.advance(&latest.voicing.rotations);
        self.now.move_lines(self.swings.ends());
        if fading {
            self.next.move_lines(self.swings.ends());
        }
    }

    /// Inputs without rumble into the memory.
    #[inline(always)]
    fn take<F: Form>(&mut self, form: F, inputs: [&[S]; 2]) {
        let frames = inputs[0].len();
        for ((rumble, head), input) in self.rumble.iter_mut().zip(self.heads.input).zip(inputs) {
            fdn::copy(form, input, rumble.input());
            rumble.low_pass(form, &self.high_pass, frames);
            let row = self.delays.fresh(head);
            rumble.rest(form, frames, row);
            rumble.advance(frames);
            self.loudest = larger(self.loudest, largest_magnitude(form, &row[..frames]).to_f64());
        }
        let mut start = 0;
        while start < frames {
            let (span, length) = self.gate.span::<S>(frames - start);
            if !matches!(span, Span::Still([gate]) if gate == S::ONE) {
                for head in self.heads.input {
                    let row = &mut self.delays.fresh(head)[start..start + length];
                    match &span {
                        Span::Still([gate]) => row.iter_mut().for_each(|sample| *sample *= *gate),
                        Span::Moving([curve]) => {
                            for (index, sample) in (0_i32..).zip(row) {
                                *sample *= curve.at(index);
                            }
                        }
                    }
                }
            }
            start += length;
        }
        self.delays.mirror();
    }

    #[inline(always)]
    fn diffuse<F: Form>(&mut self, form: F, frames: usize) {
        let fading = self.is_fading();
        let Self { delays, heads, now, next, scratch, .. } = self;
        let Scratch { shares, diffused, rows: [rows, other_rows], other, .. } = scratch;
        for step in 0..STEPS {
            let mix = now.mix(form, step, delays, frames, rows);
            let next = if fading { Some(next.mix(form, step, delays, frames, other_rows)) } else { None };
            for (line, last) in diffused[..lines_of(step)].iter_mut().enumerate() {
                let out = if step + 1 < STEPS { delays.fresh(heads.steps[step][line]) } else { last };
                fdn::across(form, &mix, rows, line, frames, out);
                if let Some(next) = &next {
                    fdn::across(form, next, other_rows, line, frames, other);
                    fdn::cross_fade(form, out, other, shares, frames);
                }
            }
            delays.mirror();
        }
    }

    /// Early reflections, with what the walls take of the high frequencies.
    #[inline(always)]
    fn reflect<F: Form>(&mut self, form: F, frames: usize, early: &mut [[S; GRID_FRAMES]; 2]) {
        let fading = self.is_fading();
        let Scratch { other, shares, .. } = &mut self.scratch;
        for (output, (early, reflected)) in early.iter_mut().zip(&mut self.reflected).enumerate() {
            self.now.reflect(form, &self.delays, output, frames, reflected.input());
            if fading {
                self.next.reflect(form, &self.delays, output, frames, other);
                fdn::cross_fade(form, reflected.input(), other, shares, frames);
            }
            reflected.low_pass(form, &self.walls, frames);
            fdn::copy(form, &reflected.output()[..frames], early);
            reflected.advance(frames);
        }
    }

    #[inline(always)]
    fn circulate<F: Form>(&mut self, form: F, frames: usize, tail: &mut [[S; GRID_FRAMES]; 2]) {
        let fading = self.is_fading();
        let Self { delays, heads, now, next, states, scratch, loudest, in_cell, .. } = self;
        let Scratch { shares, diffused, moved, rows: [rows, other], clock, .. } = scratch;
        let Some(clock) = clock[*in_cell..].first_chunk() else { return };
        let read = now.read(form, delays, clock, frames, &mut moved[0]);
        fdn::absorb(form, read, &now.absorbers, &mut states[0], frames, rows);
        if fading {
            let read = next.read(form, delays, clock, frames, &mut moved[1]);
            fdn::absorb(form, read, &next.absorbers, &mut states[1], frames, other);
            for (row, other) in rows.iter_mut().zip(other) {
                fdn::cross_fade(form, row, other, shares, frames);
            }
        }
        let feed = Feed { input: diffused, gains: &now.gains, direct: S::from_f64(DIRECT) };
        fdn::hear(form, &feed, frames, rows, tail);
        // What is written only matters while the input is silent.
        let watch = *loudest < QUIET;
        for line in 0..LINES {
            let row = delays.fresh(heads.lines[line]);
            fdn::write(form, &feed, rows, line, frames, row);
            if watch {
                *loudest = larger(*loudest, largest_magnitude(form, &row[..frames]).to_f64());
            }
        }
        delays.mirror();
    }

    /// On the absolute grid: what has decayed becomes 0, and so does a network in which nothing is left to hear.
    #[inline(always)]
    fn close_cell(&mut self, silent: bool) {
        let voices = 1 + usize::from(self.is_fading());
        fdn::hush(self.states[..voices].as_flattened_mut().as_flattened_mut());
        for past in self.rumble.iter_mut().chain(&mut self.reflected) {
            past.hush();
        }
        let loudest = core::mem::take(&mut self.loudest);
        if silent || loudest >= QUIET {
            self.quiet = if silent { self.quiet } else { 0 };
            return;
        }
        let before = self.quiet;
        self.quiet = before + GRID_FRAMES;
        if before < self.memory && self.quiet >= self.memory {
            self.empty();
        }
    }

    fn empty(&mut self) {
        self.delays.clear();
        self.states = [[[S::ZERO; LINES]; 2]; 2];
        self.rumble = [Past::SILENCE; 2];
        self.reflected = [Past::SILENCE; 2];
    }

    pub(super) fn reset(&mut self) {
        if self.is_waiting {
            core::mem::swap(&mut self.now, &mut self.waiting);
        } else if self.is_fading() {
            core::mem::swap(&mut self.now, &mut self.next);
        }
        let Self {
            backend: _,
            heads: _,
            delays,
            now: _,
            next: _,
            waiting: _,
            is_waiting,
            fade,
            gate,
            states,
            swings,
            high_pass: _,
            rumble,
            walls: _,
            reflected,
            in_cell,
            loudest,
            quiet,
            memory,
            scratch: _,
        } = self;
        delays.reset();
        *is_waiting = false;
        fade.jump_to([0.0]);
        gate.jump_to(gate.target());
        *states = [[[S::ZERO; LINES]; 2]; 2];
        *swings = Swings::new();
        *rumble = [Past::SILENCE; 2];
        *reflected = [Past::SILENCE; 2];
        *in_cell = 0;
        *loudest = 0.0;
        *quiet = *memory;
    }

    /// Memory of the rings, in bytes.
    #[cfg(test)]
    pub(super) fn bytes(&self) -> usize {
        self.delays.bytes()
    }
}

fn shares<S: Sample>(fade: &mut Ramp<1>, shares: &mut [S]) {
    match fade.span::<S>(shares.len()).0 {
        Span::Still([share]) => shares.fill(share),
        Span::Moving([curve]) => {
            for (index, share) in (0_i32..).zip(shares) {
                *share = curve.at(index);
            }
        }
    }
}

#[inline(always)]
fn larger(a: f64, b: f64) -> f64 {
    if a > b { a } else { b }
}
