//! The network that runs: rings, filters, and the fade from one voicing to the next.
//!
//! Whatever changes, delays, absorption or diffusion, both settings run side by side on the same memory while one fades
//! into the other. Both are stable, and so is every mixture of them.

use super::{
    design::{DIRECT, Frame, HALF_DIFFUSED, MOVING, REFLECTED, STEPS, Tap, Voicing},
    early::REFLECTIONS,
};
use crate::{
    foundation::{sample::Sample, stream::StreamSpec, unit::ms_to_frames},
    kernels::{
        Form,
        fdn::{self, AbsorberStates, Absorbers, Feed, LINES, Lanes, Mix, Rows, Tile},
        run,
    },
    parts::{
        ramp::{GAIN_RAMP_MS, Ramp, Span},
        ring::{CELL, Ring},
        swing::{Motion, Swings},
    },
};

/// Nothing below this, -200 dB, goes round for ever: the network is then zeroed.
pub(super) const QUIET: f64 = 1e-10;

/// Length of the fade from one voicing to the next, in ms.
const FADE_MS: f64 = 40.0;

/// A voicing in the format of the audio.
#[derive(Clone, Debug)]
struct Voice<S> {
    voicing: Voicing,
    absorbers: Absorbers<S>,
    gains: [S; LINES],
    /// Of the moving lines, over the cell at hand.
    motions: [Motion<S>; MOVING],
}

impl<S: Sample> Voice<S> {
    fn new(voicing: &Voicing) -> Self {
        let mut voice = Self {
            voicing: voicing.clone(),
            absorbers: Absorbers { sections: [[[S::ZERO; LINES]; 3]; 2] },
            gains: [S::ZERO; LINES],
            motions: [Motion::default(); MOVING],
        };
        voice.set(voicing);
        voice
    }

    fn set(&mut self, voicing: &Voicing) {
        self.voicing.clone_from(voicing);
        self.absorbers.sections = voicing.sections.map(|section| section.map(|lines| lines.map(S::from_f64)));
        self.gains = voicing.gains.map(S::from_f64);
    }

    /// Follows the swings, -1..1 at both ends of a cell.
    fn move_lines(&mut self, swings: &[[f64; 2]; MOVING]) {
        if self.voicing.depth_frames == 0.0 {
            return;
        }
        for (index, (motion, swing)) in self.motions.iter_mut().zip(swings).enumerate() {
            let centre = self.voicing.delays[self.voicing.order[2 * index]] as f64;
            *motion = Motion::new(swing.map(|swing| centre + self.voicing.depth_frames * swing));
        }
    }

    /// The lines in reading order; those that move are interpolated into `moving`.
    #[inline(always)]
    fn read<'a, L: Lanes<S>>(
        &self,
        lanes: L,
        lines: &'a [Ring<S>; LINES],
        clock: &[S; CELL],
        frames: usize,
        moving: &'a mut [[S; CELL]; MOVING],
    ) -> [&'a [S; CELL]; LINES] {
        let Voicing { order, delays, depth_frames, .. } = &self.voicing;
        let mut rows = [lines[0].behind(0); LINES];
        for (row, line) in rows.iter_mut().zip(order) {
            *row = lines[*line].behind(delays[*line]);
        }
        if *depth_frames != 0.0 {
            for (index, (moved, motion)) in moving.iter_mut().zip(&self.motions).enumerate() {
                let samples = lines[order[2 * index]].long_behind(motion.furthest);
                fdn::interpolate(lanes, samples, motion, clock, frames, moved);
            }
            for (index, moved) in moving.iter().enumerate() {
                rows[2 * index] = moved;
            }
        }
        rows
    }

    #[inline(always)]
    fn mix<'a>(&self, step: usize, from: [&'a [S; CELL]; LINES]) -> Mix<'a, S> {
        let Voicing { tangent, scales, .. } = &self.voicing;
        Mix { from, tangent: S::from_f64(*tangent), scale: S::from_f64(scales[step]), across: step >= HALF_DIFFUSED }
    }
}

/// The network: see the [module](self).
#[derive(Clone, Debug)]
pub(super) struct Network<S> {
    form: Form,
    frame: Frame,
    input: [Ring<S>; 2],
    steps: [[Ring<S>; LINES]; STEPS - 1],
    lines: [Ring<S>; LINES],
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
    high_pass: [f64; 2],
    walls: [f64; 2],
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

/// What a chunk needs; nothing in it outlives the chunk.
#[derive(Clone, Debug)]
struct Scratch<S> {
    shares: [S; CELL],
    diffused: Rows<S>,
    moving: [[[S; CELL]; MOVING]; 2],
    tiles: [Tile<S>; 2],
    rows: Rows<S>,
    other: [S; CELL],
    /// 0, 1, 2, ...
    clock: [S; 2 * CELL],
}

/// What the network puts out for a chunk.
#[derive(Clone, Debug)]
pub(super) struct Wet<S> {
    pub(super) early: [[S; CELL]; 2],
    pub(super) tail: [[S; CELL]; 2],
}

impl<S: Sample> Wet<S> {
    pub(super) fn new() -> Self {
        Self { early: [[S::ZERO; CELL]; 2], tail: [[S::ZERO; CELL]; 2] }
    }
}

impl<S: Sample> Network<S> {
    pub(super) fn new(spec: &StreamSpec, frame: Frame, voicing: &Voicing) -> Self {
        let ring = Ring::new;
        let ramp_frames = ms_to_frames(GAIN_RAMP_MS, spec.sample_rate_hz());
        let mut network = Self {
            form: Form::new(spec.cpu()),
            input: core::array::from_fn(|_| ring(frame.input)),
            steps: core::array::from_fn(|step| {
                core::array::from_fn(|line| {
                    let reflected = step + 1 == HALF_DIFFUSED && REFLECTED.as_flattened().contains(&line);
                    ring(if reflected { frame.reflected } else { frame.steps[step] })
                })
            }),
            lines: frame.lines.map(ring),
            now: Voice::new(voicing),
            next: Voice::new(voicing),
            waiting: Voice::new(voicing),
            is_waiting: false,
            fade: Ramp::new([0.0], ms_to_frames(FADE_MS, spec.sample_rate_hz())),
            gate: Ramp::new([1.0], ramp_frames),
            states: [[[S::ZERO; LINES]; 2]; 2],
            swings: Swings::new(),
            high_pass: [0.0; 2],
            walls: [0.0; 2],
            in_cell: 0,
            loudest: 0.0,
            quiet: 0,
            memory: frame.memory_frames(),
            scratch: Scratch {
                shares: [S::ZERO; CELL],
                diffused: [[S::ZERO; CELL]; LINES],
                moving: [[[S::ZERO; CELL]; MOVING]; 2],
                tiles: [[[S::ZERO; LINES]; CELL]; 2],
                rows: [[S::ZERO; CELL]; LINES],
                other: [S::ZERO; CELL],
                clock: core::array::from_fn(|index| S::from_index(index as i32)),
            },
            frame,
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
            self.waiting.set(voicing);
            self.is_waiting = true;
        } else {
            self.next.set(voicing);
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
        (CELL - self.in_cell).min(self.fade.uniform_frames())
    }

    /// Adds a chunk of both inputs, of at most [`frames_at_once`](Self::frames_at_once).
    pub(super) fn process(&mut self, inputs: [&[S]; 2], wet: &mut Wet<S>) {
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
            for ring in self.input.iter_mut().chain(self.steps.as_flattened_mut()).chain(&mut self.lines) {
                ring.advance(frames);
            }
        } else {
            run!(self.form, self.sound(fdn::Scalar, inputs, wet), simd => self.sound(fdn::Vector(simd), inputs, wet));
        }
        self.in_cell += frames;
        if self.in_cell == CELL {
            self.in_cell = 0;
            self.close_cell(silent);
        }
        if fading && self.fade.uniform_frames() == usize::MAX {
            self.arrive();
        }
    }

    #[inline(always)]
    fn sound<L: Lanes<S>>(&mut self, lanes: L, inputs: [&[S]; 2], wet: &mut Wet<S>) {
        let frames = inputs[0].len();
        self.take(inputs);
        self.diffuse(lanes, frames);
        self.reflect(lanes, frames, &mut wet.early);
        self.circulate(lanes, frames, &mut wet.tail);
    }

    /// Moves the modulation on by a cell.
    fn swing(&mut self) {
        let fading = self.is_fading();
        let latest = if fading { &self.next } else { &self.now };
        self.swings.advance(&latest.voicing.rotations);
        self.now.move_lines(self.swings.ends());
        if fading {
            self.next.move_lines(self.swings.ends());
        }
    }

    /// Inputs without rumble into their rings.
    #[inline(always)]
    fn take(&mut self, inputs: [&[S]; 2]) {
        let pole = self.frame.high_pass_pole;
        let feed = 1.0 - pole;
        let frames = inputs[0].len();
        let mut loudest = self.loudest;
        let [left, right] = &mut self.input;
        let rows = left.fresh()[..frames].iter_mut().zip(&mut right.fresh()[..frames]);
        let [mut low_left, mut low_right] = self.high_pass;
        for ((left, right), (x, y)) in rows.zip(inputs[0].iter().zip(inputs[1])) {
            let (x, y) = (x.to_f64(), y.to_f64());
            low_left = pole * low_left + feed * x;
            low_right = pole * low_right + feed * y;
            *left = S::from_f64(x - low_left);
            *right = S::from_f64(y - low_right);
            loudest = larger(larger(loudest, x - low_left), low_left - x);
            loudest = larger(larger(loudest, y - low_right), low_right - y);
        }
        self.high_pass = [low_left, low_right];
        self.loudest = loudest;
        let mut start = 0;
        while start < frames {
            let (span, length) = self.gate.span::<S>(frames - start);
            for ring in &mut self.input {
                let row = &mut ring.fresh()[start..start + length];
                match &span {
                    Span::Still([gate]) if *gate == S::ONE => {}
                    Span::Still([gate]) => row.iter_mut().for_each(|sample| *sample *= *gate),
                    Span::Moving([curve]) => {
                        for (index, sample) in (0_i32..).zip(row) {
                            *sample *= curve.at(index);
                        }
                    }
                }
            }
            start += length;
        }
        for ring in &mut self.input {
            ring.advance(frames);
        }
    }

    #[inline(always)]
    fn diffuse<L: Lanes<S>>(&mut self, lanes: L, frames: usize) {
        let fading = self.is_fading();
        let Self { input, steps, now, next, scratch, .. } = self;
        let Scratch { shares, diffused, .. } = scratch;
        let silence = input[0].behind(0);
        for step in 0..STEPS {
            let (before, after) = steps.split_at_mut(step);
            let mut sources = [[silence; LINES]; 2];
            for (voice, sources) in [&*now, &*next].into_iter().zip(&mut sources).take(1 + usize::from(fading)) {
                for (line, source) in sources.iter_mut().enumerate() {
                    let ring = if step == 0 { &input[2 * line / LINES] } else { &before[step - 1][line] };
                    *source = ring.behind(voice.voicing.diffusers[step][line] + frames);
                }
            }
            let (mix, other) = (now.mix(step, sources[0]), next.mix(step, sources[1]));
            let other = fading.then_some((&other, &*shares));
            match after.first_mut() {
                Some(rings) => {
                    fdn::diffuse(lanes, &mix, other, frames, rings.each_mut().map(Ring::fresh));
                    rings.iter_mut().for_each(|ring| ring.advance(frames));
                }
                None => fdn::diffuse(lanes, &mix, other, frames, diffused.each_mut()),
            }
        }
    }

    /// Early reflections, with what the walls take of the high frequencies.
    #[inline(always)]
    fn reflect<L: Lanes<S>>(&mut self, lanes: L, frames: usize, early: &mut [[S; CELL]; 2]) {
        let fading = self.is_fading();
        let rings = &self.steps[HALF_DIFFUSED - 1];
        let Scratch { other, shares, .. } = &mut self.scratch;
        for (output, early) in early.iter_mut().enumerate() {
            reflections(lanes, rings, &self.now.voicing, output, frames, early);
            if fading {
                reflections(lanes, rings, &self.next.voicing, output, frames, other);
                for ((early, other), share) in early.iter_mut().zip(&*other).zip(&*shares).take(frames) {
                    *early += *share * (*other - *early);
                }
            }
        }
        let pole = self.frame.wall_pole;
        let feed = 1.0 - pole;
        let [mut low_left, mut low_right] = self.walls;
        let [left, right] = early;
        for (left, right) in left[..frames].iter_mut().zip(&mut right[..frames]) {
            low_left = pole * low_left + feed * left.to_f64();
            low_right = pole * low_right + feed * right.to_f64();
            *left = S::from_f64(low_left);
            *right = S::from_f64(low_right);
        }
        self.walls = [low_left, low_right];
    }

    #[inline(always)]
    fn circulate<L: Lanes<S>>(&mut self, lanes: L, frames: usize, tail: &mut [[S; CELL]; 2]) {
        let fading = self.is_fading();
        let Self { lines, now, next, states, scratch, loudest, in_cell, .. } = self;
        let Scratch { shares, diffused, moving, tiles, rows, clock, .. } = scratch;
        let Some(clock) = clock[*in_cell..].first_chunk() else { return };
        let [tile, other] = tiles;
        let read = now.read(lanes, lines, clock, frames, &mut moving[0]);
        fdn::absorb(lanes, read, &now.absorbers, &mut states[0], frames, tile);
        if fading {
            let read = next.read(lanes, lines, clock, frames, &mut moving[1]);
            fdn::absorb(lanes, read, &next.absorbers, &mut states[1], frames, other);
            fdn::fade(lanes, tile, other, shares, frames);
        }
        let feed = Feed { input: diffused, gains: &now.gains, direct: S::from_f64(DIRECT) };
        let written = fdn::feed(lanes, tile, &feed, frames, rows, lines.each_mut().map(Ring::fresh), tail);
        lines.iter_mut().for_each(|ring| ring.advance(frames));
        *loudest = larger(*loudest, written.to_f64());
    }

    /// On the absolute grid: what has decayed becomes 0, and so does a network in which nothing is left to hear.
    fn close_cell(&mut self, silent: bool) {
        let voices = 1 + usize::from(self.is_fading());
        self.states[..voices].iter_mut().for_each(fdn::hush);
        for state in self.high_pass.iter_mut().chain(&mut self.walls) {
            if state.abs() < SILENT {
                *state = 0.0;
            }
        }
        let loudest = core::mem::take(&mut self.loudest);
        if silent || loudest >= QUIET {
            self.quiet = if silent { self.quiet } else { 0 };
            return;
        }
        let before = self.quiet;
        self.quiet = before + CELL;
        if before < self.memory && self.quiet >= self.memory {
            self.empty();
        }
    }

    fn empty(&mut self) {
        for ring in self.input.iter_mut().chain(self.steps.as_flattened_mut()).chain(&mut self.lines) {
            ring.clear();
        }
        self.states = [[[S::ZERO; LINES]; 2]; 2];
        self.high_pass = [0.0; 2];
        self.walls = [0.0; 2];
    }

    pub(super) fn reset(&mut self) {
        if self.is_waiting {
            core::mem::swap(&mut self.now, &mut self.waiting);
        } else if self.is_fading() {
            core::mem::swap(&mut self.now, &mut self.next);
        }
        let Self {
            form: _,
            frame: _,
            input,
            steps,
            lines,
            now: _,
            next: _,
            waiting: _,
            is_waiting,
            fade,
            gate,
            states,
            swings,
            high_pass,
            walls,
            in_cell,
            loudest,
            quiet,
            memory,
            scratch: _,
        } = self;
        for ring in input.iter_mut().chain(steps.as_flattened_mut()).chain(lines) {
            ring.reset();
        }
        *is_waiting = false;
        fade.jump_to([0.0]);
        gate.jump_to(gate.target());
        *states = [[[S::ZERO; LINES]; 2]; 2];
        *swings = Swings::new();
        *high_pass = [0.0; 2];
        *walls = [0.0; 2];
        *in_cell = 0;
        *loudest = 0.0;
        *quiet = *memory;
    }

    /// Memory of the rings, in bytes.
    #[cfg(test)]
    pub(super) fn bytes(&self) -> usize {
        self.input.iter().chain(self.steps.as_flattened()).chain(&self.lines).map(Ring::bytes).sum()
    }
}

/// A filter state below this, -400 dB, is silent.
const SILENT: f64 = 1e-20;

#[inline(always)]
fn reflections<S: Sample, L: Lanes<S>>(
    lanes: L,
    rings: &[Ring<S>; LINES],
    voicing: &Voicing,
    output: usize,
    frames: usize,
    sum: &mut [S; CELL],
) {
    let count = voicing.taps[output];
    let mut taps = [(rings[0].behind(0), S::ZERO); 2 * REFLECTIONS];
    for (tap, from) in taps[..count].iter_mut().zip(&voicing.early[output]) {
        let Tap { line, delay, gain } = *from;
        *tap = (rings[line].behind(delay + frames), S::from_f64(gain));
    }
    fdn::tap(lanes, &taps[..count], frames, sum);
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
