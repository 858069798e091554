//! The loop of a delay: lines, cuts, what the echoes feed back; its ducking, and its sleep.

use super::{
    design::DelayCoeffs,
    kernel::{self, Frames},
    lines::Lines,
    params::GAINS,
    reader::Reader,
};
use crate::{
    dynamics::ducking::{Ducking, add_squares, duck},
    filters::cascade::Cascade,
    foundation::{
        block::BlockMut, grid::GRID_FRAMES, math::larger, sample::Sample, silence::REVERB_SIGNAL, stream::StreamSpec,
    },
    primitives::{
        backend::{Backend, run},
        lanes::{Form, largest_magnitude},
        mix::blend_all,
        ramp::Span,
        sanitize::sanitize,
    },
};
use alloc::{vec, vec::Vec};

/// The loop: see the head of this file.
#[derive(Clone, Debug)]
pub(super) struct FeedbackLoop<S> {
    backend: Backend,
    /// Input channels: one, where ping-pong makes two of it, or as many as there are lines.
    inputs: usize,
    ping_pong: bool,
    lines: Lines<S>,
    reader: Reader<S>,
    cuts: Cascade,
    ducking: Ducking,
    /// Frames since the last grid point.
    grid_frame: usize,
    /// Largest magnitude written since then.
    peak: f64,
    /// Frames since one above [`REVERB_SIGNAL`], on the grid.
    quiet_frames: usize,
    /// Whether nothing is in the lines, until the input sounds.
    is_asleep: bool,
    scratch: Scratch<S>,
}

/// Scratch buffers of one chunk; nothing in them outlives the chunk.
#[derive(Clone, Debug)]
struct Scratch<S> {
    /// Of each output channel.
    echoes: Vec<Frames<S>>,
    /// The echoes after the cuts, channel by channel without gaps.
    cut: Vec<S>,
    spare: Frames<S>,
}

impl<S: Sample> FeedbackLoop<S> {
    /// Silent lines for so many output channels.
    pub(super) fn new(channels: usize, coeffs: &DelayCoeffs, spec: &StreamSpec) -> Self {
        let backend = Backend::new(spec.cpu());
        Self {
            backend,
            inputs: spec.channels(),
            ping_pong: coeffs.ping_pong,
            lines: Lines::new(channels, coeffs.memory_frames()),
            reader: Reader::new(&coeffs.tap, coeffs.time_change, spec),
            cuts: Cascade::new(backend, channels, spec.sample_rate_hz(), &coeffs.cuts),
            ducking: Ducking::new(spec, coeffs.duck_octaves),
            grid_frame: 0,
            peak: 0.0,
            quiet_frames: 0,
            is_asleep: true,
            scratch: Scratch {
                echoes: vec![Frames::SILENCE; channels],
                cut: vec![S::ZERO; channels * GRID_FRAMES],
                spare: Frames::SILENCE,
            },
        }
    }

    pub(super) fn set_coeffs(&mut self, coeffs: &DelayCoeffs) {
        self.reader.set_coeffs(&coeffs.tap);
        self.cuts.set_coeffs(&coeffs.cuts);
        self.ducking.set_octaves(coeffs.duck_octaves);
    }

    /// Output channels.
    pub(super) fn channels(&self) -> usize {
        self.scratch.echoes.len()
    }

    /// Age of the oldest sample that is read or will be.
    pub(super) fn reach_frames(&self) -> usize {
        self.reader.reach_frames()
    }

    /// The longest next chunk: it crosses no point of the grid, no end of a glide, and reads nothing that it writes.
    pub(super) fn frames_at_once(&self) -> usize {
        (GRID_FRAMES - self.grid_frame).min(self.reader.frames_at_once()).min(self.ducking.frames_at_once())
    }

    /// Processes a chunk, at most [`frames_at_once`](Self::frames_at_once), with the gains of
    /// [`DelayParams::gains`](super::DelayParams). Returns the count of non-finite samples.
    pub(super) fn process(&mut self, block: &mut BlockMut<'_, '_, S>, gains: &Span<S, GAINS>) -> u64 {
        run!(self.backend, form => self.chunk(form, block, gains))
    }

    #[inline(always)]
    fn chunk<F: Form>(&mut self, form: F, block: &mut BlockMut<'_, '_, S>, gains: &Span<S, GAINS>) -> u64 {
        let (channels, frames) = (self.scratch.echoes.len(), block.frames());
        let mut non_finite = 0;
        for channel in 0..self.inputs {
            non_finite += sanitize(block.channel_mut(channel));
        }
        if self.inputs < channels {
            block.copy_channel(0, 1);
        }
        self.reader.advance(frames);
        if self.is_asleep && (0..channels).all(|channel| block.channel(channel).iter().all(|&x| x == S::ZERO)) {
            self.lines.skip(frames);
            self.cuts.skip(frames);
            for echo in &mut self.scratch.echoes {
                *echo = Frames::SILENCE;
            }
        } else {
            // The first sample after silence wakes it at once, not at the next grid point.
            if self.is_asleep {
                (self.is_asleep, self.quiet_frames) = (false, 0);
            }
            self.circulate(form, block, gains);
        }
        self.duck(block);
        let gains = match *gains {
            Span::Still([to_dry, to_wet, ..]) => Span::Still([to_dry, to_wet]),
            Span::Moving([to_dry, to_wet, ..]) => Span::Moving([to_dry, to_wet]),
        };
        for (channel, echo) in self.scratch.echoes.iter().enumerate() {
            blend_all(block.channel_mut(channel), &echo.0[..frames], &gains);
        }
        self.reader.settle();
        self.grid_frame += frames;
        if self.grid_frame == GRID_FRAMES {
            self.grid_frame = 0;
            self.rest();
        }
        non_finite
    }

    /// Reads the echoes and writes the input and what they feed back.
    #[inline(always)]
    fn circulate<F: Form>(&mut self, form: F, block: &BlockMut<'_, '_, S>, gains: &Span<S, GAINS>) {
        let Self { lines, reader, cuts, scratch: Scratch { echoes, cut, spare }, peak, .. } = self;
        let frames = block.frames();
        for (channel, echo) in echoes.iter_mut().enumerate() {
            reader.read(form, lines, channel, frames, [echo, spare]);
        }
        let is_cut = !cuts.is_identity();
        let cut = &mut cut[..echoes.len() * frames];
        if is_cut {
            for (echo, cut) in echoes.iter().zip(cut.chunks_exact_mut(frames)) {
                cut.copy_from_slice(&echo.0[..frames]);
            }
            if let Ok(mut cut) = BlockMut::from_planar(&mut *cut, echoes.len()) {
                cuts.process(&mut cut);
            }
        } else {
            cuts.skip(frames);
        }
        for channel in 0..echoes.len() {
            let from = if self.ping_pong { 1 - channel } else { channel };
            let feed = if is_cut { &cut[from * frames..][..frames] } else { &echoes[from].0[..frames] };
            let input = match (self.ping_pong, channel) {
                (false, _) => block.channel(channel),
                (true, 0) => {
                    let half = S::from_f64(0.5);
                    let sides = block.channel(0).iter().zip(block.channel(1));
                    for (sum, (left, right)) in spare.0.iter_mut().zip(sides) {
                        *sum = half * (*left + *right);
                    }
                    &spare.0[..frames]
                }
                (true, _) => {
                    *spare = Frames::SILENCE;
                    &spare.0[..frames]
                }
            };
            let line = lines.write(channel, frames);
            kernel::write(input, feed, gains, line);
            // The input counts too: sides that cancel in their sum are no silence.
            if *peak < REVERB_SIGNAL {
                *peak = larger(*peak, largest_magnitude(form, line).to_f64());
                *peak = larger(*peak, largest_magnitude(form, block.channel(channel)).to_f64());
            }
        }
        lines.advance(frames);
    }

    /// Ducks the echoes by the input.
    #[inline(always)]
    fn duck(&mut self, block: &BlockMut<'_, '_, S>) {
        if self.ducking.is_off() {
            self.ducking.skip();
            return;
        }
        let mut gains = [0.0; GRID_FRAMES];
        let gains = &mut gains[..block.frames()];
        let echoes = &mut self.scratch.echoes;
        for channel in 0..echoes.len() {
            add_squares(gains, block.channel(channel));
        }
        self.ducking.gains(echoes.len(), gains);
        for echo in echoes {
            duck(&mut echo.0, gains);
        }
    }

    /// On the grid: falls asleep when all that will be read has decayed.
    #[inline(always)]
    fn rest(&mut self) {
        if self.is_asleep {
            return;
        }
        let peak = core::mem::take(&mut self.peak);
        self.quiet_frames = if peak < REVERB_SIGNAL { self.quiet_frames + GRID_FRAMES } else { 0 };
        if self.quiet_frames >= self.reader.reach_frames() {
            self.is_asleep = true;
            self.lines.clear();
            self.cuts.reset();
        }
    }

    pub(super) fn reset(&mut self) {
        let Self {
            backend: _,
            inputs: _,
            ping_pong: _,
            lines,
            reader,
            cuts,
            ducking,
            grid_frame,
            peak,
            quiet_frames,
            is_asleep,
            scratch: _,
        } = self;
        lines.reset();
        reader.reset();
        cuts.reset();
        ducking.reset();
        (*grid_frame, *peak, *quiet_frames, *is_asleep) = (0, 0.0, 0, true);
    }
}
