//! The network: high pass, diffusion, early reflections, feedback delay lines, and the crossfade between two settings.
//!
//! For every change, of delays, absorption or diffusion, both settings run on the same delay bank while one crossfades
//! into the other. Both are stable, and so is every mix of them.

use super::{
    design::{self, LongestDelays, MODULATED_LINES, NetworkCoeffs, lines_of},
    setting::{Setting, WriteOffsets},
    spread::STEPS,
};
use crate::{
    foundation::{
        grid::GRID_FRAMES, math::larger, sample::Sample, silence::REVERB_SIGNAL, stream::StreamSpec, unit::ms_to_frames,
    },
    primitives::{
        backend::{Backend, run},
        crossfade::Crossfade,
        lanes::{Form, largest_magnitude},
        ramp::{GAIN_RAMP_MS, Ramp, Span},
    },
    reverbs::{
        delay_bank::DelayBank,
        fdn::{self, Feed, LINES, OnePole, OnePoleState, Rows},
    },
};

/// Length of the crossfade from one setting to the next, in ms.
const FADE_MS: f64 = 40.0;

/// The network: see the head of this file.
#[derive(Clone, Debug)]
pub(super) struct Network<S> {
    backend: Backend,
    offsets: WriteOffsets,
    /// Lines of the input, of the outputs of each step of diffusion, of the feedback.
    bank: DelayBank<S>,
    settings: Crossfade<Setting<S>>,
    /// 0 while frozen.
    input_gain: Ramp<1>,
    /// The low pass that the high pass at the input subtracts.
    high_pass: OnePole<S>,
    high_pass_states: [OnePoleState<S>; 2],
    /// The low pass of the early reflections.
    walls: OnePole<S>,
    wall_states: [OnePoleState<S>; 2],
    /// Frames since the last grid point.
    grid_frame: usize,
    /// Largest magnitude written since then.
    peak: f64,
    /// Frames since a signal above [`REVERB_SIGNAL`], on the grid.
    quiet_frames: usize,
    /// Length of the longest line: older frames are in no line.
    memory_frames: usize,
    scratch: Scratch<S>,
}

/// Scratch buffers of one chunk; nothing in them outlives the chunk. Aligned to cache lines, as vectors across two of
/// them take twice the time.
#[derive(Clone, Debug)]
#[repr(C, align(64))]
struct Scratch<S> {
    /// Gain of the next setting.
    next_gains: [S; GRID_FRAMES],
    diffused: Rows<S>,
    modulated: [[S; GRID_FRAMES]; MODULATED_LINES],
    rows: Rows<S>,
    next_rows: Rows<S>,
    row: [S; GRID_FRAMES],
    next_row: [S; GRID_FRAMES],
}

/// The outputs of the network for a chunk.
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

    /// Adds the tail, the last of these gains times, to the early reflections: as [`blend`](fdn::blend) does.
    pub(super) fn join(&mut self, gains: &Span<S, 4>) {
        let Self { early, tail } = self;
        for (early, tail) in early.iter_mut().zip(tail) {
            for ((index, early), tail) in (0_i32..).zip(early).zip(&mut *tail) {
                let gain = match gains {
                    Span::Still([.., gain]) => *gain,
                    Span::Moving([.., gain]) => gain.at(index),
                };
                *early += gain * *tail;
            }
            *tail = [S::ZERO; GRID_FRAMES];
        }
    }
}

impl<S: Sample> Network<S> {
    pub(super) fn new(spec: &StreamSpec, longest: &LongestDelays, coeffs: &NetworkCoeffs) -> Self {
        let rate_hz = spec.sample_rate_hz();
        let (offsets, layout) = WriteOffsets::new(longest);
        let mut network = Self {
            backend: Backend::new(spec.cpu()),
            offsets,
            bank: DelayBank::new(&layout),
            settings: Crossfade::new(Setting::new(coeffs, &offsets), ms_to_frames(FADE_MS, rate_hz)),
            input_gain: Ramp::new([input_gain(coeffs)], ms_to_frames(GAIN_RAMP_MS, rate_hz)),
            high_pass: OnePole::new(design::high_pass_pole(rate_hz)),
            high_pass_states: [OnePoleState::SILENCE; 2],
            walls: OnePole::new(design::wall_pole(rate_hz)),
            wall_states: [OnePoleState::SILENCE; 2],
            grid_frame: 0,
            peak: 0.0,
            quiet_frames: 0,
            memory_frames: longest.memory_frames(),
            scratch: Scratch {
                next_gains: [S::ZERO; GRID_FRAMES],
                diffused: [[S::ZERO; GRID_FRAMES]; LINES],
                modulated: [[S::ZERO; GRID_FRAMES]; MODULATED_LINES],
                rows: [[S::ZERO; GRID_FRAMES]; LINES],
                next_rows: [[S::ZERO; GRID_FRAMES]; LINES],
                row: [S::ZERO; GRID_FRAMES],
                next_row: [S::ZERO; GRID_FRAMES],
            },
        };
        network.reset();
        network
    }

    /// Crossfades to other coefficients; those set during a fade start after it.
    pub(super) fn set_coeffs(&mut self, coeffs: &NetworkCoeffs) {
        if self.settings.latest().coeffs() == coeffs {
            return;
        }
        self.input_gain.set_target([input_gain(coeffs)]);
        if self.settings.request(|setting| setting.set(coeffs, &self.offsets)) {
            self.begin_fade();
        }
    }

    fn begin_fade(&mut self) {
        if let (current, Some(next)) = self.settings.running() {
            next.clear();
            run!(self.backend, form => next.modulate_as(form, current));
        }
    }

    /// The longest next chunk: to the next grid point or the end of a fade.
    pub(super) fn frames_at_once(&self) -> usize {
        (GRID_FRAMES - self.grid_frame).min(self.settings.uniform_frames())
    }

    /// Processes a chunk of both inputs, at most [`frames_at_once`](Self::frames_at_once).
    pub(super) fn process(&mut self, inputs: [&[S]; 2], wet: &mut Wet<S>) {
        run!(self.backend, form => self.chunk(form, inputs, wet));
    }

    #[inline(always)]
    fn chunk<F: Form>(&mut self, form: F, inputs: [&[S]; 2], wet: &mut Wet<S>) {
        let [left, _] = inputs;
        let frames = left.len();
        if self.grid_frame == 0 {
            self.modulate(form);
        }
        if self.settings.next().is_some() {
            self.settings.advance(&mut self.scratch.next_gains[..frames]);
        }
        let is_silent =
            self.quiet_frames >= self.memory_frames && inputs.iter().all(|input| input.iter().all(|&x| x == S::ZERO));
        if is_silent {
            *wet = Wet::new();
            self.input_gain.span::<S>(frames);
        } else {
            // The first sample after silence restarts the network at once, not at the next grid point.
            if self.quiet_frames >= self.memory_frames {
                self.quiet_frames = 0;
            }
            // What the high pass takes away, too: cleared below a constant input, it would answer its step again.
            for input in inputs {
                self.peak = larger(self.peak, largest_magnitude(form, input).to_f64());
            }
            self.write_input(form, inputs);
            if frames == GRID_FRAMES && !F::SOFTWARE {
                // The usual case, with loops of constant length.
                self.reverberate(form, GRID_FRAMES, wet);
            } else {
                self.reverberate(form, frames, wet);
            }
        }
        self.bank.advance(frames);
        self.grid_frame += frames;
        if self.grid_frame == GRID_FRAMES {
            self.grid_frame = 0;
            self.flush(is_silent);
        }
        if self.settings.settle() {
            self.begin_fade();
        }
    }

    /// Runs the network on the written input.
    #[inline(always)]
    fn reverberate<F: Form>(&mut self, form: F, frames: usize, wet: &mut Wet<S>) {
        self.diffuse(form, frames);
        self.reflect(form, frames, &mut wet.early);
        self.circulate(form, frames, &mut wet.tail);
    }

    /// Moves the modulated delays to the next grid point.
    #[inline(always)]
    fn modulate<F: Form>(&mut self, form: F) {
        let (current, next) = self.settings.running();
        current.modulate(form);
        if let Some(next) = next {
            next.modulate(form);
        }
    }

    /// Writes both inputs after their high pass.
    #[inline(always)]
    fn write_input<F: Form>(&mut self, form: F, inputs: [&[S]; 2]) {
        let [left, _] = inputs;
        let frames = left.len();
        for ((state, offset), input) in self.high_pass_states.iter_mut().zip(self.offsets.input).zip(inputs) {
            fdn::copy(form, input, state.input());
            state.low_pass(form, &self.high_pass, frames);
            let row = self.bank.write(offset);
            state.high_pass(form, frames, row);
            state.advance(frames);
            self.peak = larger(self.peak, largest_magnitude(form, &row[..frames]).to_f64());
        }
        let mut start = 0;
        while start < frames {
            let (span, length) = self.input_gain.span::<S>(frames - start);
            if !matches!(span, Span::Still([gain]) if gain == S::ONE) {
                for offset in self.offsets.input {
                    let row = &mut self.bank.write(offset)[start..start + length];
                    match &span {
                        Span::Still([gain]) => row.iter_mut().for_each(|sample| *sample *= *gain),
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
        self.bank.mirror();
    }

    /// The steps of diffusion.
    #[inline(always)]
    fn diffuse<F: Form>(&mut self, form: F, frames: usize) {
        let Self { bank, offsets, settings, scratch, .. } = self;
        let Scratch { next_gains, diffused, rows, next_rows, next_row, .. } = scratch;
        for step in 0..STEPS {
            let mix = settings.current().diffuse(form, step, bank, frames, rows);
            let next_mix = settings.next().map(|next| next.diffuse(form, step, bank, frames, next_rows));
            for (line, last) in diffused[..lines_of(step)].iter_mut().enumerate() {
                let out = if step + 1 < STEPS { bank.write(offsets.diffusion[step][line]) } else { last };
                fdn::complete(form, &mix, rows, line, frames, out);
                if let Some(next_mix) = &next_mix {
                    fdn::complete(form, next_mix, next_rows, line, frames, next_row);
                    fdn::cross_fade(form, out, next_row, next_gains, frames);
                }
            }
            bank.mirror();
        }
    }

    /// The early reflections, after the low pass of the walls.
    #[inline(always)]
    fn reflect<F: Form>(&mut self, form: F, frames: usize, early: &mut [[S; GRID_FRAMES]; 2]) {
        let Scratch { next_row, next_gains, .. } = &mut self.scratch;
        for (output, (early, state)) in early.iter_mut().zip(&mut self.wall_states).enumerate() {
            self.settings.current().reflect(form, &self.bank, output, frames, state.input());
            if let Some(next) = self.settings.next() {
                next.reflect(form, &self.bank, output, frames, next_row);
                fdn::cross_fade(form, state.input(), next_row, next_gains, frames);
            }
            state.low_pass(form, &self.walls, frames);
            fdn::copy(form, &state.output()[..frames], early);
            state.advance(frames);
        }
    }

    /// The feedback: lines, absorption, output mix, feedback matrix; then the onset taps.
    #[inline(always)]
    fn circulate<F: Form>(&mut self, form: F, frames: usize, tail: &mut [[S; GRID_FRAMES]; 2]) {
        let Self { bank, offsets, settings, scratch, peak, grid_frame, .. } = self;
        let Scratch { next_gains, diffused, modulated, rows, next_rows, row, next_row } = scratch;
        let (current, next) = settings.running();
        current.absorb(form, bank, *grid_frame, frames, modulated, rows);
        if let Some(next) = next {
            next.absorb(form, bank, *grid_frame, frames, modulated, next_rows);
            for (row, next_row) in rows.iter_mut().zip(next_rows) {
                fdn::cross_fade(form, row, next_row, next_gains, frames);
            }
        }
        let feed = Feed { input: diffused, gains: current.feedback_gains() };
        fdn::transform_and_mix(form, frames, rows, tail);
        // The output of the lines is only checked while the input is silent.
        let watch = *peak < REVERB_SIGNAL;
        for (line, offset) in offsets.lines.iter().enumerate() {
            let row = bank.write(*offset);
            fdn::write(form, &feed, rows, line, frames, row);
            if watch {
                *peak = larger(*peak, largest_magnitude(form, &row[..frames]).to_f64());
            }
        }
        bank.mirror();
        for (output, tail) in tail.iter_mut().enumerate() {
            settings.current().begin(form, bank, output, frames, row);
            if let Some(next) = settings.next() {
                next.begin(form, bank, output, frames, next_row);
                fdn::cross_fade(form, row, next_row, next_gains, frames);
            }
            fdn::add(form, row, frames, tail);
        }
    }

    /// On the grid: decayed states become 0, and so does a network whose lines have all decayed.
    #[inline(always)]
    fn flush(&mut self, is_silent: bool) {
        let (current, next) = self.settings.running();
        current.flush();
        if let Some(next) = next {
            next.flush();
        }
        for state in self.high_pass_states.iter_mut().chain(&mut self.wall_states) {
            state.flush();
        }
        let peak = core::mem::take(&mut self.peak);
        if is_silent || peak >= REVERB_SIGNAL {
            self.quiet_frames = if is_silent { self.quiet_frames } else { 0 };
            return;
        }
        let before = self.quiet_frames;
        self.quiet_frames = before + GRID_FRAMES;
        if before < self.memory_frames && self.quiet_frames >= self.memory_frames {
            self.bank.clear();
            self.clear_filters();
        }
    }

    fn clear_filters(&mut self) {
        let (current, next) = self.settings.running();
        current.clear();
        if let Some(next) = next {
            next.clear();
        }
        self.high_pass_states = [OnePoleState::SILENCE; 2];
        self.wall_states = [OnePoleState::SILENCE; 2];
    }

    pub(super) fn reset(&mut self) {
        self.settings.reset();
        self.settings.running().0.reset_modulation();
        self.clear_filters();
        let Self {
            backend: _,
            offsets: _,
            bank,
            settings: _,
            input_gain,
            high_pass: _,
            high_pass_states: _,
            walls: _,
            wall_states: _,
            grid_frame,
            peak,
            quiet_frames,
            memory_frames,
            scratch: _,
        } = self;
        bank.reset();
        input_gain.jump_to(input_gain.target());
        *grid_frame = 0;
        *peak = 0.0;
        *quiet_frames = *memory_frames;
    }

    /// Size of the delay bank, in bytes.
    #[cfg(test)]
    pub(super) fn bytes(&self) -> usize {
        self.bank.bytes()
    }
}

/// Input gain: 0 for a frozen network.
fn input_gain(coeffs: &NetworkCoeffs) -> f64 {
    if coeffs.is_frozen { 0.0 } else { 1.0 }
}
