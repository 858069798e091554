//! A setting of the network in the format of the audio, with its delays as read offsets of the delay bank.

use super::{
    design::{
        EARLY_LINES, LongestDelays, MAX_EARLY_TAPS, MODULATED_LINES, NARROW_LINES, NARROW_STEPS, NetworkCoeffs,
        STEREO_STEPS, Tap, lines_of, mixed_lines,
    },
    spread::{ONSET_TAPS, STEPS},
};
use crate::{
    foundation::{grid::GRID_FRAMES, sample::Sample},
    primitives::{lanes::Form, modulated_delay::Lfo},
    reverbs::{
        delay_bank::{DelayBank, Layout},
        fdn::{self, AbsorberStates, Absorbers, LINES, Mix, Rows},
        modulated_lines::ModulatedLines,
    },
};

/// Write offsets of the delay lines of the network.
#[derive(Clone, Copy, Debug)]
pub(super) struct WriteOffsets {
    pub(super) input: [u32; 2],
    /// After each step of diffusion but the last.
    pub(super) diffusion: [[u32; LINES]; STEPS - 1],
    pub(super) lines: [u32; LINES],
}

impl WriteOffsets {
    /// With the layout of the bank.
    pub(super) fn new(longest: &LongestDelays) -> (Self, Layout) {
        let mut layout = Layout::default();
        let input = [longest.input; 2].map(|longest| layout.add_line(longest));
        let mut diffusion = [[0; LINES]; STEPS - 1];
        for (step, offsets) in diffusion.iter_mut().enumerate() {
            let delays = &longest.diffusion[step];
            for (line, offset) in offsets[..lines_of(step)].iter_mut().enumerate() {
                // After the last narrow step each line is read twice, after the last stereo step by the early reflections.
                let mut frames =
                    if step + 1 == NARROW_STEPS { delays[2 * line].max(delays[2 * line + 1]) } else { delays[line] };
                if step + 1 == STEREO_STEPS && EARLY_LINES.as_flattened().contains(&line) {
                    frames = frames.max(longest.early);
                }
                *offset = layout.add_line(frames);
            }
        }
        let lines = longest.lines.map(|longest| layout.add_line(longest));
        (Self { input, diffusion, lines }, layout)
    }
}

/// A setting of the network, and its filter states.
#[derive(Clone, Debug)]
pub(super) struct Setting<S> {
    coeffs: NetworkCoeffs,
    diffusion_tangent: S,
    diffusion_gains: [S; STEPS],
    /// Read offsets of the steps of diffusion.
    diffusion: [[u32; LINES]; STEPS],
    /// Read offsets of the lines without modulation, in the order of the matrix's inputs.
    lines: [u32; LINES],
    /// Write offsets of the modulated lines, and their delays at rest.
    modulated: [u32; MODULATED_LINES],
    centres: [f64; MODULATED_LINES],
    lfos: Lfo<MODULATED_LINES>,
    modulation: ModulatedLines<S, MODULATED_LINES>,
    /// Read offsets and gains of the early reflections.
    early: [[(u32, S); MAX_EARLY_TAPS]; 2],
    /// Those of the onset taps.
    onset: [[(u32, S); ONSET_TAPS]; 2],
    absorbers: Absorbers<S>,
    absorber_states: AbsorberStates<S>,
    feedback_gains: [S; LINES],
}

impl<S: Sample> Setting<S> {
    pub(super) fn new(coeffs: &NetworkCoeffs, offsets: &WriteOffsets) -> Self {
        let mut setting = Self {
            coeffs: coeffs.clone(),
            diffusion_tangent: S::ZERO,
            diffusion_gains: [S::ZERO; STEPS],
            diffusion: [[0; LINES]; STEPS],
            lines: [0; LINES],
            modulated: [0; MODULATED_LINES],
            centres: [0.0; MODULATED_LINES],
            lfos: Lfo::new(),
            modulation: ModulatedLines::new(),
            early: [[(0, S::ZERO); MAX_EARLY_TAPS]; 2],
            onset: [[(0, S::ZERO); ONSET_TAPS]; 2],
            absorbers: Absorbers::MUTED,
            absorber_states: AbsorberStates::SILENCE,
            feedback_gains: [S::ZERO; LINES],
        };
        setting.set(coeffs, offsets);
        setting
    }

    /// Changes to another setting; the states stay.
    pub(super) fn set(&mut self, coeffs: &NetworkCoeffs, offsets: &WriteOffsets) {
        let Self {
            coeffs: own,
            diffusion_tangent,
            diffusion_gains,
            diffusion,
            lines,
            modulated,
            centres,
            lfos: _,
            modulation: _,
            early,
            onset,
            absorbers,
            absorber_states: _,
            feedback_gains,
        } = self;
        own.clone_from(coeffs);
        *diffusion_tangent = S::from_f64(coeffs.diffusion_tangent);
        *diffusion_gains = coeffs.diffusion_gains.map(S::from_f64);
        for (step, reads) in diffusion.iter_mut().enumerate() {
            for (line, read) in reads[..lines_of(step)].iter_mut().enumerate() {
                *read = match step {
                    0 => offsets.input[2 * line / NARROW_LINES],
                    NARROW_STEPS => offsets.diffusion[step - 1][line / 2],
                    _ => offsets.diffusion[step - 1][line],
                } - coeffs.diffusion_delays[step][line] as u32;
            }
        }
        for (read, line) in lines.iter_mut().zip(coeffs.order) {
            *read = offsets.lines[line] - coeffs.delays[line] as u32;
        }
        for (index, (write, centre)) in modulated.iter_mut().zip(centres).enumerate() {
            let line = coeffs.order[2 * index];
            *write = offsets.lines[line];
            *centre = coeffs.delays[line] as f64;
        }
        let read = |lines: &[u32; LINES], tap: &Tap| (lines[tap.line] - tap.delay_frames as u32, S::from_f64(tap.gain));
        for (early, taps) in early.iter_mut().zip(&coeffs.early) {
            *early = taps.each_ref().map(|tap| read(&offsets.diffusion[STEREO_STEPS - 1], tap));
        }
        for (onset, taps) in onset.iter_mut().zip(&coeffs.onset) {
            *onset = taps.each_ref().map(|tap| read(&offsets.lines, tap));
        }
        let Absorbers { low_direct, low_feed, low_pole, high_feed, high_pole } = absorbers;
        for (input, (low, high)) in coeffs.low_shelves.iter().zip(&coeffs.high_shelves).enumerate() {
            // The first section has the gain of both.
            low_direct[input] = S::from_f64(low.direct * high.direct);
            low_feed[input] = S::from_f64(low.feed * high.direct);
            low_pole[input] = S::from_f64(low.pole);
            high_feed[input] = S::from_f64(high.feed / high.direct);
            high_pole[input] = S::from_f64(high.pole);
        }
        *feedback_gains = coeffs.feedback_gains.map(S::from_f64);
    }

    pub(super) fn coeffs(&self) -> &NetworkCoeffs {
        &self.coeffs
    }

    /// Signs of the feedback matrix after the transform, times its norm.
    pub(super) fn feedback_gains(&self) -> &[S; LINES] {
        &self.feedback_gains
    }

    /// Clears the absorption states.
    pub(super) fn clear(&mut self) {
        self.absorber_states = AbsorberStates::SILENCE;
    }

    /// On the grid: zeroes decayed states.
    #[inline(always)]
    pub(super) fn flush(&mut self) {
        self.absorber_states.flush();
    }

    fn is_modulated(&self) -> bool {
        self.coeffs.depth_frames != 0.0
    }

    /// Moves the delays to the next grid point, each setting at its own rate: a step in the rate of the one that is heard
    /// would be a step in its pitch.
    #[inline(always)]
    pub(super) fn modulate<F: Form>(&mut self, form: F) {
        self.lfos.advance(&self.coeffs.lfo_rotations);
        self.move_delays(form);
    }

    /// Goes on from the phases of another setting.
    #[inline(always)]
    pub(super) fn modulate_as<F: Form>(&mut self, form: F, other: &Self) {
        self.lfos.clone_from(&other.lfos);
        self.move_delays(form);
    }

    /// Phases as newly built.
    pub(super) fn reset_modulation(&mut self) {
        self.lfos = Lfo::new();
    }

    #[inline(always)]
    fn move_delays<F: Form>(&mut self, form: F) {
        if self.is_modulated() {
            let NetworkCoeffs { depth_frames, modulation_parts, .. } = self.coeffs;
            self.modulation.modulate(form, &self.centres, depth_frames, self.lfos.ends(), modulation_parts);
        }
    }

    /// Reads the lines and absorbs, in the order of the matrix's inputs. `modulated` is scratch.
    #[inline(always)]
    pub(super) fn absorb<F: Form>(
        &mut self,
        form: F,
        bank: &DelayBank<S>,
        grid_frame: usize,
        frames: usize,
        modulated: &mut [[S; GRID_FRAMES]; MODULATED_LINES],
        absorbed: &mut Rows<S>,
    ) {
        let mut rows = [bank.read(self.lines[0]); LINES];
        for (row, offset) in rows.iter_mut().zip(&self.lines) {
            *row = bank.read(*offset);
        }
        if self.is_modulated() {
            for (line, modulated) in modulated.iter_mut().enumerate() {
                self.modulation.read(form, bank, (line, self.modulated[line]), grid_frame, frames, modulated);
            }
            for (row, modulated) in rows.iter_mut().step_by(2).zip(modulated.iter()) {
                *row = modulated;
            }
        }
        fdn::absorb(form, rows, &self.absorbers, &mut self.absorber_states, frames, absorbed);
    }

    /// The first pass of a step of diffusion; returns the mix for the second.
    #[inline(always)]
    pub(super) fn diffuse<F: Form>(
        &self,
        form: F,
        step: usize,
        bank: &DelayBank<S>,
        frames: usize,
        rows: &mut Rows<S>,
    ) -> Mix<S> {
        let mut inputs = [bank.read(0); LINES];
        let inputs = &mut inputs[..lines_of(step)];
        for (input, offset) in inputs.iter_mut().zip(&self.diffusion[step]) {
            *input = bank.read(*offset);
        }
        let mix = Mix { tangent: self.diffusion_tangent, scale: self.diffusion_gains[step], lines: mixed_lines(step) };
        fdn::within(form, &mix, inputs, frames, rows);
        mix
    }

    /// Sums the onset taps of an output.
    #[inline(always)]
    pub(super) fn begin<F: Form>(
        &self,
        form: F,
        bank: &DelayBank<S>,
        output: usize,
        frames: usize,
        sum: &mut [S; GRID_FRAMES],
    ) {
        fdn::tap(form, bank, &self.onset[output], frames, sum);
    }

    /// Sums the early reflections of an output.
    #[inline(always)]
    pub(super) fn reflect<F: Form>(
        &self,
        form: F,
        bank: &DelayBank<S>,
        output: usize,
        frames: usize,
        sum: &mut [S; GRID_FRAMES],
    ) {
        fdn::tap(form, bank, &self.early[output][..self.coeffs.early_counts[output]], frames, sum);
    }
}
