//! The network of a plate: pre-delay, input diffusion and the tank, on one delay bank.

use super::design::{self, HalfTank, INPUT_DIFFUSERS, MODULATED_GAIN, OUTPUT_TAPS, PlateCoeffs, TANK, Tapped};
use crate::{
    foundation::{
        grid::GRID_FRAMES,
        math::larger,
        sample::{Sample, Vectors},
        silence::{FILTER_STATE, REVERB_SIGNAL, flushed},
        stream::StreamSpec,
        unit::ms_to_frames,
    },
    primitives::{
        backend::{Backend, run},
        crossfade::Crossfade,
        modulated_delay::{LagrangeTaps, Lfo, REACH, rotation},
        ramp::{GAIN_RAMP_MS, Ramp, Span},
    },
    reverbs::delay_bank::{DelayBank, Layout},
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

/// An all pass at the input.
#[derive(Clone, Copy, Debug)]
struct Diffuser<S> {
    line: Line,
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
    /// Write offset of the input.
    input: u32,
    diffusers: [Diffuser<S>; 4],
    halves: [HalfTank<Line>; 2],
    taps: [[Tap<S>; 7]; 2],
    /// As [`PlateCoeffs::glides`].
    glides: Ramp<5>,
    /// In frames.
    predelay: Crossfade<usize>,
    lfo: Lfo<2>,
    lfo_rotation: [f64; 2],
    /// Delays of the modulated all passes at rest.
    centres: [f64; 2],
    excursion_frames: f64,
    modulation: LagrangeTaps<S, 2>,
    bandwidth_pole: f64,
    /// States of the low pass at the input and of those in both halves.
    bandwidth_state: f64,
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

/// Scratch buffers of one chunk; nothing in them outlives the chunk.
#[derive(Clone, Debug)]
struct Scratch<S> {
    signal: [S; GRID_FRAMES],
    halves: [[S; GRID_FRAMES]; 2],
    modulated: [S; GRID_FRAMES],
    next_gains: [S; GRID_FRAMES],
    glides: [[S; GRID_FRAMES]; 5],
    outputs: [[S; GRID_FRAMES]; 2],
}

impl<S: Sample> Network<S> {
    pub(super) fn new(spec: &StreamSpec, coeffs: &PlateCoeffs) -> Self {
        let rate_hz = spec.sample_rate_hz();
        let frames = |paper: f64| design::frames(paper, rate_hz);
        let excursion_frames = design::excursion_frames(rate_hz);
        let ramp_frames = ms_to_frames(GAIN_RAMP_MS, rate_hz);
        let longest_predelay = ms_to_frames(design::MAX_PREDELAY_MS, rate_hz);
        let mut layout = Layout::default();
        let input = layout.add_line(longest_predelay);
        let mut line = |paper: f64, margin: usize| {
            let delay_frames = frames(paper);
            Line { write_offset: layout.add_line(delay_frames + margin), delay_frames }
        };
        let diffusers = INPUT_DIFFUSERS
            .map(|all_pass| Diffuser { line: line(all_pass.frames, 0), gain: S::from_f64(all_pass.gain) });
        // The modulated delays exceed their centre, and the interpolator reads beyond them.
        let margin = libm::ceil(excursion_frames) as usize + 2 * REACH;
        let halves = TANK.map(|half| half.map(|paper| line(paper, margin)));
        let delays_of = |half: &HalfTank<Line>| {
            let HalfTank { modulated_all_pass, first_delay, all_pass, last_delay } = half.map(|line| line.delay_frames);
            modulated_all_pass + first_delay + all_pass + last_delay
        };
        let shortest = diffusers.iter().map(|diffuser| diffuser.line.delay_frames).min().unwrap_or(1);
        let mut network = Self {
            backend: Backend::new(spec.cpu()),
            bank: DelayBank::new(&layout),
            input,
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
            lfo_rotation: rotation(design::MODULATION_HZ, rate_hz),
            centres: halves.map(|half| half.modulated_all_pass.delay_frames as f64),
            excursion_frames,
            modulation: LagrangeTaps::new(),
            bandwidth_pole: design::bandwidth_pole(rate_hz),
            bandwidth_state: 0.0,
            damping_states: [0.0; 2],
            chunk_frames: shortest.min(GRID_FRAMES),
            grid_frame: 0,
            peak: 0.0,
            quiet_frames: 0,
            memory_frames: longest_predelay
                + diffusers.iter().map(|diffuser| diffuser.line.delay_frames).sum::<usize>()
                + halves.iter().map(delays_of).sum::<usize>(),
            scratch: Scratch {
                signal: [S::ZERO; GRID_FRAMES],
                halves: [[S::ZERO; GRID_FRAMES]; 2],
                modulated: [S::ZERO; GRID_FRAMES],
                next_gains: [S::ZERO; GRID_FRAMES],
                glides: [[S::ZERO; GRID_FRAMES]; 5],
                outputs: [[S::ZERO; GRID_FRAMES]; 2],
            },
        };
        network.reset();
        network
    }

    /// Glides to other coefficients; another pre-delay fades in.
    pub(super) fn set_coeffs(&mut self, coeffs: &PlateCoeffs) {
        self.glides.set_target(coeffs.glides());
        if *self.predelay.latest() != coeffs.predelay_frames {
            self.predelay.request(|frames| *frames = coeffs.predelay_frames);
        }
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
            self.lfo.advance(&[self.lfo_rotation; 2]);
            self.modulation.modulate(&self.centres, self.excursion_frames, self.lfo.ends(), GRID_FRAMES);
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
        } else {
            // The first sample after silence restarts the network at once, not at the next grid point.
            if self.quiet_frames >= self.memory_frames {
                self.quiet_frames = 0;
            }
            run!(self.backend, _ => self.circulate(left, right));
        }
        // The input alone passes bit for bit.
        let is_dry = at_rest.is_some_and(|[.., dry, wet]| dry == 1.0 && wet == 0.0);
        if !is_dry {
            let Scratch { glides: [.., dry, wet], outputs, .. } = &self.scratch;
            for (samples, output) in [left, right].into_iter().zip(outputs) {
                for (((sample, output), dry), wet) in samples.iter_mut().zip(output).zip(dry).zip(wet) {
                    *sample = (*dry * *sample + *wet * *output).audible();
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

    /// Writes a chunk of the input and runs the network; the outputs are then in the scratch buffers.
    #[inline(always)]
    fn circulate(&mut self, left: &[S], right: &[S]) {
        let frames = left.len();
        let Self { bank, halves, peak, scratch, .. } = self;
        let Scratch { signal, halves: half_signals, modulated, next_gains, glides, outputs } = scratch;
        let [decay, diffusion, damping_pole, ..] = glides;

        let half = S::from_f64(0.5);
        let written = &mut bank.write(self.input)[..frames];
        for ((written, left), right) in written.iter_mut().zip(left).zip(right) {
            *written = half * (*left + *right);
        }
        *peak = larger(*peak, magnitude(written));
        bank.mirror();
        *signal = *bank.read(self.input - *self.predelay.current() as u32);
        if let Some(next) = self.predelay.next() {
            let next = bank.read(self.input - *next as u32);
            for ((signal, next), gain) in signal.iter_mut().zip(next).zip(&*next_gains) {
                *signal += *gain * (*next - *signal);
            }
        }
        let feed = 1.0 - self.bandwidth_pole;
        for sample in &mut signal[..frames] {
            self.bandwidth_state = decayed(self.bandwidth_state, self.bandwidth_pole) + feed * sample.to_f64();
            *sample = S::from_f64(self.bandwidth_state);
        }
        for Diffuser { line, gain } in &self.diffusers {
            let delayed = *bank.read(line.output());
            all_pass(bank.write(line.write_offset), &delayed, |_| *gain, frames, signal);
            bank.mirror();
        }

        // Each half takes the output of the other half before this chunk.
        for (half_signal, other) in half_signals.iter_mut().zip(halves.iter().rev()) {
            half_signal.copy_from_slice(bank.read(other.last_delay.output()));
            for ((sample, decay), signal) in half_signal.iter_mut().zip(&*decay).zip(&*signal) {
                *sample = *decay * *sample + *signal;
            }
        }
        for (index, (half, signal)) in halves.iter().zip(half_signals).enumerate() {
            let line = half.modulated_all_pass;
            let samples = bank.read_long(line.read_offset(self.modulation.oldest[index] as usize));
            self.modulation.read(index, samples, self.grid_frame, modulated);
            let gain = S::from_f64(MODULATED_GAIN);
            all_pass(bank.write(line.write_offset), modulated, |_| gain, frames, signal);
            *peak = larger(*peak, magnitude(&signal[..frames]));

            let line = half.first_delay;
            bank.write(line.write_offset)[..frames].copy_from_slice(&signal[..frames]);
            bank.mirror();
            *signal = *bank.read(line.output());
            let state = &mut self.damping_states[index];
            for ((sample, pole), decay) in signal[..frames].iter_mut().zip(&*damping_pole).zip(&*decay) {
                let pole = pole.to_f64();
                *state = decayed(*state, pole) + (1.0 - pole) * sample.to_f64();
                *sample = (*decay * S::from_f64(*state)).audible();
            }

            let line = half.all_pass;
            let delayed = *bank.read(line.output());
            all_pass(bank.write(line.write_offset), &delayed, |frame| diffusion[frame], frames, signal);
            *peak = larger(*peak, magnitude(&signal[..frames]));
            bank.write(half.last_delay.write_offset)[..frames].copy_from_slice(&signal[..frames]);
        }
        bank.mirror();
        for (output, taps) in outputs.iter_mut().zip(&self.taps) {
            *output = [S::ZERO; GRID_FRAMES];
            for tap in taps {
                for (output, sample) in output.iter_mut().zip(bank.read(tap.read_offset)) {
                    *output += tap.sign * *sample;
                }
            }
        }
    }

    /// On the grid: decayed states become 0, and so does a network whose lines have all decayed.
    fn flush(&mut self, is_silent: bool) {
        for state in self.damping_states.iter_mut().chain([&mut self.bandwidth_state]) {
            *state = flushed(*state);
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
            self.clear_filters();
        }
    }

    fn clear_filters(&mut self) {
        self.bandwidth_state = 0.0;
        self.damping_states = [0.0; 2];
    }

    pub(super) fn reset(&mut self) {
        self.clear_filters();
        let Self {
            backend: _,
            bank,
            input: _,
            diffusers: _,
            halves: _,
            taps: _,
            glides,
            predelay,
            lfo,
            lfo_rotation: _,
            centres: _,
            excursion_frames: _,
            modulation: _,
            bandwidth_pole: _,
            bandwidth_state: _,
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
        predelay.reset();
        *lfo = Lfo::new();
        *grid_frame = 0;
        *peak = 0.0;
        *quiet_frames = *memory_frames;
    }
}

/// The values of one glide over a chunk.
#[inline(always)]
fn fill<S: Sample, const N: usize>(span: &Span<S, N>, index: usize, row: &mut [S]) {
    match span {
        Span::Still(values) => row.fill(values[index]),
        Span::Moving(curves) => {
            for (frame, value) in (0_i32..).zip(row) {
                *value = curves[index].at(frame);
            }
        }
    }
}

/// The lattice all pass: w = x - g w', y = w' + g w, with w' a delay before w; w is written.
#[inline(always)]
fn all_pass<S: Sample>(
    written: &mut [S; GRID_FRAMES],
    delayed: &[S; GRID_FRAMES],
    gain: impl Fn(usize) -> S,
    frames: usize,
    signal: &mut [S; GRID_FRAMES],
) {
    let silent = S::from_f64(FILTER_STATE);
    for (frame, ((written, delayed), signal)) in written.iter_mut().zip(delayed).zip(signal).enumerate().take(frames) {
        let gain = gain(frame);
        let w = *signal - gain * *delayed;
        *signal = *delayed + gain * w;
        // Ringing in silence ends before it becomes subnormal.
        *written = if w > silent || w < -silent { w } else { S::ZERO };
    }
}

/// A one-pole low pass's state times its pole; 0 for a faint state, so that none becomes subnormal. The comparison runs
/// in parallel with the product, the dependency of the recursion.
#[inline(always)]
fn decayed(state: f64, pole: f64) -> f64 {
    let product = pole * state;
    if state.abs() < f64::FAINTEST { 0.0 } else { product }
}

/// The largest magnitude.
#[inline(always)]
fn magnitude<S: Sample>(samples: &[S]) -> f64 {
    let mut largest = S::ZERO;
    for sample in samples {
        let magnitude = if *sample < S::ZERO { -*sample } else { *sample };
        largest = if magnitude > largest { magnitude } else { largest };
    }
    largest.to_f64()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_all_pass_keeps_the_energy() {
        let mut layout = Layout::default();
        let line = layout.add_line(100);
        let (mut bank, mut energy) = (DelayBank::<f64>::new(&layout), 0.0);
        for row in 0..200 {
            let mut signal = [0.0; GRID_FRAMES];
            signal[3] = if row == 0 { 1.0 } else { 0.0 };
            let delayed = *bank.read(line - 100);
            all_pass(bank.write(line), &delayed, |_| 0.7, GRID_FRAMES, &mut signal);
            bank.mirror();
            bank.advance(GRID_FRAMES);
            energy += signal.iter().map(|x| x * x).sum::<f64>();
        }
        assert!((energy - 1.0).abs() < 1e-9, "{energy}");
    }
}
