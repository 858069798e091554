//! The network of a plate: high pass, pre-delay, input diffusion and the tank, on one delay bank.

use super::{
    design::{
        self, GLIDES, HalfTank, INPUT_DIFFUSERS, MODULATED_GAIN, MODULATION_GLIDE_MS, OUTPUT_TAPS, PlateCoeffs, TANK,
        Tapped,
    },
    passes::{all_pass, damp, fill, sum_taps, two_sections},
};
use crate::{
    filters::{biquad::BiquadCoeffs, cascade::Cascade},
    foundation::{
        block::BlockMut,
        grid::GRID_FRAMES,
        math::{larger, magnitude},
        sample::Sample,
        silence::{REVERB_SIGNAL, flushed, flushed_pair},
        stream::StreamSpec,
        unit::ms_to_frames,
    },
    primitives::{
        backend::{Backend, run},
        crossfade::Crossfade,
        lanes::{Form, largest_magnitude},
        modulated_delay::{Lfo, REACH, rotation},
        ramp::{GAIN_RAMP_MS, Ramp, Span},
    },
    reverbs::{
        delay_bank::{DelayBank, Layout},
        modulated_lines::{ModulatedLines, parts},
    },
};

/// A delay line of the bank.
#[derive(Clone, Copy, Debug)]
struct Line {
    write_offset: u32,
    delay_frames: usize,
}

impl Line {
    /// The read offset `frames` behind the line's input.
    #[inline(always)]
    fn read_offset(&self, frames: usize) -> u32 {
        self.write_offset - frames as u32
    }

    /// The read offset of the line's output.
    #[inline(always)]
    fn output(&self) -> u32 {
        self.read_offset(self.delay_frames)
    }
}

/// An all pass at the input, for the left and the right side.
#[derive(Clone, Copy, Debug)]
struct Diffuser<S> {
    lines: [Line; 2],
    gain: S,
}

/// An output tap.
#[derive(Clone, Copy, Debug)]
struct Tap<S> {
    read_offset: u32,
    sign: S,
}

/// The network: see the head of this file.
#[derive(Clone, Debug)]
pub(super) struct Network<S> {
    backend: Backend,
    bank: DelayBank<S>,
    /// Write offsets of the input.
    inputs: [u32; 2],
    /// The high pass at the input.
    high_pass: [BiquadCoeffs; 2],
    high_pass_states: [[[f64; 2]; 2]; 2],
    /// The low cut, which may be off.
    low_cut: Cascade,
    diffusers: [Diffuser<S>; INPUT_DIFFUSERS.len()],
    halves: [HalfTank<Line>; 2],
    taps: [[Tap<S>; 7]; 2],
    /// As [`PlateCoeffs::glides`].
    glides: Ramp<GLIDES>,
    /// In frames.
    predelay: Crossfade<usize>,
    lfo: Lfo<2>,
    rate_hz: f64,
    /// The rate of the modulation, and its rotation.
    rotation: (f64, [f64; 2]),
    /// Delays of the modulated all passes at rest.
    centres: [f64; 2],
    /// Rate of the modulation in Hz and its depth in frames.
    movement: Ramp<2>,
    modulation: ModulatedLines<S, 2>,
    /// States of the low passes in both halves.
    damping_states: [f64; 2],
    /// Longest chunk: no longer than the shortest feedback.
    chunk_frames: usize,
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

/// Scratch buffers of one chunk; nothing in them outlives the chunk. Aligned to cache lines.
#[derive(Clone, Debug)]
#[repr(C, align(64))]
struct Scratch<S> {
    /// The diffused inputs, right before left.
    signals: [[S; GRID_FRAMES]; 2],
    halves: [[S; GRID_FRAMES]; 2],
    modulated: [S; GRID_FRAMES],
    next_gains: [S; GRID_FRAMES],
    glides: [[S; GRID_FRAMES]; GLIDES],
    ones: [S; GRID_FRAMES],
    outputs: [[S; GRID_FRAMES]; 2],
}

impl<S: Sample> Network<S> {
    pub(super) fn new(spec: &StreamSpec, coeffs: &PlateCoeffs) -> Self {
        let rate_hz = spec.sample_rate_hz();
        let frames = |paper: f64| design::frames(paper, rate_hz);
        let ramp_frames = ms_to_frames(GAIN_RAMP_MS, rate_hz);
        let longest_predelay = ms_to_frames(design::MAX_PREDELAY_MS, rate_hz);
        let mut layout = Layout::default();
        let inputs = [longest_predelay; 2].map(|frames| layout.add_line(frames));
        let mut line = |paper: f64, margin: usize| {
            let delay_frames = frames(paper);
            Line { write_offset: layout.add_line(delay_frames + margin), delay_frames }
        };
        let diffusers = INPUT_DIFFUSERS.map(|all_pass| {
            let lines = [all_pass.frames; 2].map(|frames| line(frames, 0));
            Diffuser { lines, gain: S::from_f64(all_pass.gain) }
        });
        // The modulated delays exceed their centre, and the interpolator reads beyond them.
        let margin = ms_to_frames(design::MAX_DEPTH_MS, rate_hz) + 1 + 2 * REACH;
        let halves = TANK.map(|half| half.map(|paper| line(paper, margin)));
        let delays_of = |half: &HalfTank<Line>| {
            let HalfTank { modulated_all_pass, first_delay, all_pass, last_delay } = half.map(|line| line.delay_frames);
            modulated_all_pass + first_delay + all_pass + last_delay
        };
        let shortest = diffusers.iter().map(|diffuser| diffuser.lines[0].delay_frames).min().unwrap_or(1);
        let mut network = Self {
            backend: Backend::new(spec.cpu()),
            bank: DelayBank::new(&layout),
            inputs,
            high_pass: design::high_pass(rate_hz),
            high_pass_states: [[[0.0; 2]; 2]; 2],
            low_cut: Cascade::new(Backend::new(spec.cpu()), 2, rate_hz, &[coeffs.low_cut]),
            diffusers,
            halves,
            taps: OUTPUT_TAPS.map(|taps| {
                taps.map(|tap| {
                    let half = &halves[tap.half];
                    let line = match tap.tapped {
                        Tapped::FirstDelay => half.first_delay,
                        Tapped::AllPass => half.all_pass,
                        Tapped::LastDelay => half.last_delay,
                    };
                    Tap { read_offset: line.read_offset(frames(tap.frames)), sign: S::from_f64(tap.sign) }
                })
            }),
            glides: Ramp::new(coeffs.glides(), ramp_frames),
            predelay: Crossfade::new(coeffs.predelay_frames, ramp_frames),
            lfo: Lfo::new(),
            rate_hz,
            rotation: (coeffs.movement[0], rotation(coeffs.movement[0], rate_hz)),
            centres: halves.map(|half| half.modulated_all_pass.delay_frames as f64),
            movement: Ramp::new(coeffs.movement, ms_to_frames(MODULATION_GLIDE_MS, rate_hz)),
            modulation: ModulatedLines::new(),
            damping_states: [0.0; 2],
            chunk_frames: shortest.min(GRID_FRAMES),
            grid_frame: 0,
            peak: 0.0,
            quiet_frames: 0,
            memory_frames: longest_predelay
                + diffusers.iter().map(|diffuser| diffuser.lines[0].delay_frames).sum::<usize>()
                + halves.iter().map(delays_of).sum::<usize>(),
            scratch: Scratch {
                signals: [[S::ZERO; GRID_FRAMES]; 2],
                halves: [[S::ZERO; GRID_FRAMES]; 2],
                modulated: [S::ZERO; GRID_FRAMES],
                next_gains: [S::ZERO; GRID_FRAMES],
                glides: [[S::ZERO; GRID_FRAMES]; GLIDES],
                ones: [S::ONE; GRID_FRAMES],
                outputs: [[S::ZERO; GRID_FRAMES]; 2],
            },
        };
        network.reset();
        network
    }

    /// Glides to other coefficients; another pre-delay fades in.
    pub(super) fn set_coeffs(&mut self, coeffs: &PlateCoeffs) {
        self.glides.set_target(coeffs.glides());
        self.movement.set_target(coeffs.movement);
        self.low_cut.set_coeffs(&[coeffs.low_cut]);
        if *self.predelay.latest() != coeffs.predelay_frames {
            self.predelay.request(|frames| *frames = coeffs.predelay_frames);
        }
    }

    /// Frames after which the response of the low cut is exactly 0.
    pub(super) fn low_cut_frames(&self) -> u64 {
        self.low_cut.tail_frames()
    }

    /// Length of the longest line: older frames are in no line.
    pub(super) fn memory_frames(&self) -> usize {
        self.memory_frames
    }

    /// The longest next chunk.
    pub(super) fn frames_at_once(&self) -> usize {
        let uniform = self.glides.uniform_frames().min(self.predelay.uniform_frames());
        (GRID_FRAMES - self.grid_frame).min(self.chunk_frames).min(uniform)
    }

    /// Processes a chunk of at most [`frames_at_once`](Self::frames_at_once) in place.
    pub(super) fn process(&mut self, left: &mut [S], right: &mut [S]) {
        let frames = left.len();
        if self.grid_frame == 0 {
            self.modulate();
        }
        let at_rest = matches!(self.glides.span::<S>(0).0, Span::Still(_)).then(|| self.glides.target());
        let (span, _) = self.glides.span::<S>(frames);
        for (index, row) in self.scratch.glides.iter_mut().enumerate() {
            fill(&span, index, &mut row[..frames]);
        }
        if self.predelay.next().is_some() {
            self.predelay.advance(&mut self.scratch.next_gains[..frames]);
        }
        let is_silent =
            self.quiet_frames >= self.memory_frames && left.iter().chain(&*right).all(|&sample| sample == S::ZERO);
        if is_silent {
            self.scratch.outputs = [[S::ZERO; GRID_FRAMES]; 2];
            self.low_cut.skip(frames);
        } else {
            // The first sample after silence restarts the network at once, not at the next grid point.
            if self.quiet_frames >= self.memory_frames {
                self.quiet_frames = 0;
            }
            // What the high pass takes away, too: cleared below a constant input, it would answer its step again.
            let heard = left.iter().chain(&*right).fold(S::ZERO, |peak, &sample| peak.max(magnitude(sample)));
            self.peak = larger(self.peak, heard.to_f64());
            run!(self.backend, form => self.pass(form, left, right));
        }
        // The input alone passes bit for bit.
        let is_dry = at_rest.is_some_and(|[.., dry, own, other]| dry == 1.0 && own == 0.0 && other == 0.0);
        if !is_dry {
            let Scratch { glides: [.., dry, own, other], outputs: [ours, theirs], .. } = &self.scratch;
            for (samples, (output, across)) in [left, right].into_iter().zip([(ours, theirs), (theirs, ours)]) {
                let gains = dry.iter().zip(own).zip(other);
                for (((sample, output), across), ((dry, own), other)) in
                    samples.iter_mut().zip(output).zip(across).zip(gains)
                {
                    *sample = (*dry * *sample + (*own * *output + *other * *across)).audible();
                }
            }
        }
        self.bank.advance(frames);
        self.grid_frame += frames;
        if self.grid_frame == GRID_FRAMES {
            self.grid_frame = 0;
            self.flush(is_silent);
        }
        self.predelay.settle();
    }

    /// Moves the modulated delays to the next grid point.
    fn modulate(&mut self) {
        let [hz, depth] = self.movement.value();
        let mut left = GRID_FRAMES;
        while left > 0 {
            left -= self.movement.span::<f64>(left).1;
        }
        let [next_hz, next_depth] = self.movement.value();
        let hz = 0.5 * (hz + next_hz);
        if hz != self.rotation.0 {
            self.rotation = (hz, rotation(hz, self.rate_hz));
        }
        self.lfo.advance(&[self.rotation.1; 2]);
        let lfos = self.lfo.ends().map(|[start, end]| [depth * start, next_depth * end]);
        let moved = lfos.map(|[start, end]| (end - start).abs());
        let parts = parts(larger(moved[0], moved[1]));
        run!(self.backend, form => self.modulation.modulate(form, &self.centres, 1.0, &lfos, parts));
    }

    /// Writes a chunk of the inputs after their high pass.
    #[inline(always)]
    fn write_inputs<F: Form>(&mut self, form: F, left: &[S], right: &[S], frames: usize) {
        let Self { scratch: Scratch { signals: [other, own], .. }, high_pass, high_pass_states, .. } = self;
        let [mut a, mut b] = *high_pass_states;
        // Side by side, as each recursion waits for itself.
        for ((own, other), (left, right)) in own.iter_mut().zip(&mut *other).zip(left.iter().zip(right)) {
            *own = S::from_f64(two_sections(form, high_pass, &mut a, left.to_f64()));
            *other = S::from_f64(two_sections(form, high_pass, &mut b, right.to_f64()));
        }
        *high_pass_states = [a, b];
        if self.low_cut.is_identity() {
            self.low_cut.skip(frames);
        } else if let Ok(mut block) = BlockMut::from_slices(&mut [&mut own[..frames], &mut other[..frames]]) {
            self.low_cut.process(&mut block);
        }
        for (offset, signal) in self.inputs.into_iter().zip([&*own, &*other]) {
            let written = &mut self.bank.write(offset)[..frames];
            for (written, sample) in written.iter_mut().zip(signal) {
                *written = sample.audible();
            }
            self.peak = larger(self.peak, largest_magnitude(form, written).to_f64());
        }
        self.bank.mirror();
    }

    /// Runs the network on a chunk; the outputs are then in the scratch buffers.
    #[inline(always)]
    fn pass<F: Form>(&mut self, form: F, left: &[S], right: &[S]) {
        if left.len() == GRID_FRAMES && !F::SOFTWARE {
            // The usual case, with loops of constant length.
            self.circulate(form, left, right, GRID_FRAMES);
        } else {
            self.circulate(form, left, right, left.len());
        }
    }

    /// The same on `frames` frames.
    #[inline(always)]
    fn circulate<F: Form>(&mut self, form: F, left: &[S], right: &[S], frames: usize) {
        self.write_inputs(form, &left[..frames], &right[..frames], frames);
        let Self { bank, halves, peak, scratch, .. } = self;
        let Scratch { signals, halves: half_signals, modulated, next_gains, glides, ones, outputs } = scratch;
        let [decay, tank_diffusion, damping_pole, diffusion, ..] = glides;

        // Left enters the right half, whose first taps are on the left.
        for (side, signal) in signals.iter_mut().rev().enumerate() {
            let input = self.inputs[side];
            *signal = *bank.read(input - *self.predelay.current() as u32);
            if let Some(next) = self.predelay.next() {
                let next = bank.read(input - *next as u32);
                for ((signal, next), gain) in signal.iter_mut().zip(next).zip(&*next_gains) {
                    *signal += *gain * (*next - *signal);
                }
            }
        }
        for Diffuser { lines, gain } in &self.diffusers {
            for (line, signal) in lines.iter().zip(signals.iter_mut().rev()) {
                let delayed = *bank.read(line.output());
                all_pass(form, bank.write(line.write_offset), &delayed, (*gain, &*diffusion), frames, signal);
            }
            bank.mirror();
        }

        // Each half takes the output of the other half before this chunk.
        for ((half_signal, other), signal) in half_signals.iter_mut().zip(halves.iter().rev()).zip(&*signals) {
            half_signal.copy_from_slice(bank.read(other.last_delay.output()));
            for ((sample, decay), signal) in half_signal.iter_mut().zip(&*decay).zip(signal) {
                *sample = *decay * *sample + *signal;
            }
        }
        for (index, (half, signal)) in halves.iter().zip(half_signals.iter_mut()).enumerate() {
            let line = half.modulated_all_pass;
            self.modulation.read(form, bank, (index, line.write_offset), self.grid_frame, frames, modulated);
            let gain = S::from_f64(MODULATED_GAIN);
            all_pass(form, bank.write(line.write_offset), modulated, (gain, &*ones), frames, signal);
            *peak = larger(*peak, largest_magnitude(form, &signal[..frames]).to_f64());
            bank.write(half.first_delay.write_offset)[..frames].copy_from_slice(&signal[..frames]);
        }
        bank.mirror();
        for (half, signal) in halves.iter().zip(half_signals.iter_mut()) {
            *signal = *bank.read(half.first_delay.output());
        }
        let [first, second] = half_signals;
        damp([&mut first[..frames], &mut second[..frames]], damping_pole, decay, &mut self.damping_states);
        for (half, signal) in halves.iter().zip([first, second]) {
            let line = half.all_pass;
            let delayed = *bank.read(line.output());
            all_pass(form, bank.write(line.write_offset), &delayed, (S::ONE, &*tank_diffusion), frames, signal);
            *peak = larger(*peak, largest_magnitude(form, &signal[..frames]).to_f64());
            bank.write(half.last_delay.write_offset)[..frames].copy_from_slice(&signal[..frames]);
        }
        bank.mirror();
        for (output, taps) in outputs.iter_mut().zip(&self.taps) {
            sum_taps(form, bank, taps.map(|tap| (tap.read_offset, tap.sign)), output);
        }
    }

    /// On the grid: decayed states become 0, and so does a network whose lines have all decayed.
    fn flush(&mut self, is_silent: bool) {
        for state in &mut self.damping_states {
            *state = flushed(*state);
        }
        for state in self.high_pass_states.as_flattened_mut() {
            *state = flushed_pair(*state);
        }
        let peak = core::mem::take(&mut self.peak);
        if is_silent {
            return;
        }
        if peak >= REVERB_SIGNAL {
            self.quiet_frames = 0;
            return;
        }
        let before = self.quiet_frames;
        self.quiet_frames = before + GRID_FRAMES;
        if before < self.memory_frames && self.quiet_frames >= self.memory_frames {
            self.bank.clear();
            self.low_cut.reset();
            self.clear_filters();
        }
    }

    fn clear_filters(&mut self) {
        self.high_pass_states = [[[0.0; 2]; 2]; 2];
        self.damping_states = [0.0; 2];
    }

    pub(super) fn reset(&mut self) {
        self.clear_filters();
        let Self {
            backend: _,
            bank,
            inputs: _,
            high_pass: _,
            high_pass_states: _,
            low_cut,
            diffusers: _,
            halves: _,
            taps: _,
            glides,
            predelay,
            lfo,
            rate_hz: _,
            rotation: _,
            centres: _,
            movement,
            modulation: _,
            damping_states: _,
            chunk_frames: _,
            grid_frame,
            peak,
            quiet_frames,
            memory_frames,
            scratch: _,
        } = self;
        bank.reset();
        glides.jump_to(glides.target());
        movement.jump_to(movement.target());
        low_cut.reset();
        predelay.reset();
        *lfo = Lfo::new();
        *grid_frame = 0;
        *peak = 0.0;
        *quiet_frames = *memory_frames;
    }
}
