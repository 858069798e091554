//! The engine of chorus, flanger and vibrato: delays that an LFO sweeps, read by interpolation.
//!
//! Every frame has its own delay, from a phase that is exact at each point of the 64-frame grid, and the
//! [interpolation] is the same at every delay and slope. A frame is read before it is written, so that feedback needs
//! nothing else: no more frames are read at once than the shortest delay leaves.

mod interpolation;
mod kernel;

use crate::{
    filters::{biquad::BiquadCoeffs, cascade::Cascade},
    foundation::{
        block::BlockMut, grid::GRID_FRAMES, sample::Sample, silence::REVERB_SIGNAL, stream::StreamSpec, tail::Tail,
        unit::ms_to_frames,
    },
    modulation::gliding_lfo::GlidingLfo,
    primitives::{
        backend::{Backend, run},
        delay_line::DelayLine,
        lanes::Form,
        mix,
        ramp::{GAIN_RAMP_MS, Ramp, Span},
        sanitize::sanitize,
    },
};
use alloc::{boxed::Box, vec, vec::Vec};
pub(super) use interpolation::SHORTEST;
use interpolation::{PADDED, PAST};
use kernel::{Line, Places, Turns, channel, place};
pub(super) use kernel::{MAX_VOICES, Voice};

/// Length of a glide of centre, amplitude and spread, in ms: 12 ms more delay bend the pitch by up to 11 %.
const SWEEP_GLIDE_MS: f64 = 200.0;

/// Settled values of a swept delay.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct SweptCoeffs {
    pub(super) rate_hz: f64,
    /// Centre of the delay at a ratio of 1, in frames.
    pub(super) centre: f64,
    /// Peak deviation from it, in frames.
    pub(super) amplitude: f64,
    /// How far the right side differs from the left, 0..1: see [`Voice`].
    pub(super) spread: f64,
    pub(super) dry_gain: f64,
    /// Gain of the sum of all voices.
    pub(super) wet_gain: f64,
    /// Gain of the mean of all voices back to the input.
    pub(super) feedback: f64,
    /// At the input of the delay.
    pub(super) low_cut: BiquadCoeffs,
}

/// What stays while it runs.
#[derive(Clone, Debug)]
pub(super) struct Fixed {
    /// Of each side.
    pub(super) voices: Vec<Voice>,
    /// The longest delay of a voice, in frames.
    pub(super) longest: usize,
    /// Delay of the dry signal.
    pub(super) dry_frames: usize,
    pub(super) has_low_cut: bool,
}

/// The engine: see the head of this file.
#[derive(Clone, Debug)]
pub(super) struct SweptDelay<S> {
    backend: Backend,
    voices: Vec<Voice>,
    /// One for each channel.
    lines: Vec<Line<S>>,
    longest: usize,
    low_cut: Option<Cascade>,
    dry: DelayLine<S>,
    lfo: GlidingLfo,
    /// Centre, amplitude, spread.
    sweep: Ramp<3>,
    /// Of the dry signal, the sum of the voices, and this sum back to the input.
    gains: Ramp<3>,
    /// Frames since the last grid point, and position of the lines there.
    grid_frame: usize,
    position: usize,
    turns: Turns<S>,
    places: Vec<Places<S>>,
    wet: Box<[S; PADDED]>,
}

impl SweptCoeffs {
    fn sweep(&self) -> [f64; 3] {
        [self.centre, self.amplitude, self.spread]
    }

    fn gains(&self, voices: usize) -> [f64; 3] {
        [self.dry_gain, self.wet_gain, self.feedback / voices as f64]
    }
}

impl<S: Sample> SweptDelay<S> {
    /// For `channels` channels, in and out.
    pub(super) fn new(spec: &StreamSpec, channels: usize, fixed: Fixed, coeffs: &SweptCoeffs) -> Self {
        let (rate_hz, backend) = (spec.sample_rate_hz(), Backend::new(spec.cpu()));
        let Fixed { voices, longest, dry_frames, has_low_cut } = fixed;
        let glide = |ms: f64| ms_to_frames(ms, rate_hz);
        Self {
            backend,
            lines: vec![Line::new(longest); channels],
            longest,
            low_cut: has_low_cut.then(|| Cascade::new(backend, channels, rate_hz, &[coeffs.low_cut])),
            dry: DelayLine::new(channels, dry_frames),
            lfo: GlidingLfo::new(coeffs.rate_hz, rate_hz),
            sweep: Ramp::new(coeffs.sweep(), glide(SWEEP_GLIDE_MS)),
            gains: Ramp::new(coeffs.gains(voices.len()), glide(GAIN_RAMP_MS)),
            grid_frame: 0,
            position: 0,
            turns: Turns::new(),
            places: vec![Places::new(); voices.len()],
            voices,
            wet: Box::new([S::ZERO; PADDED]),
        }
    }

    /// Glides to other values.
    pub(super) fn set(&mut self, coeffs: &SweptCoeffs) {
        self.lfo.set_rate(coeffs.rate_hz);
        self.sweep.set_target(coeffs.sweep());
        self.gains.set_target(coeffs.gains(self.voices.len()));
        if let Some(low_cut) = &mut self.low_cut {
            low_cut.set_coeffs(&[coeffs.low_cut]);
        }
    }

    pub(super) fn dry_frames(&self) -> usize {
        self.dry.frames()
    }

    /// Runs over a block. Returns the count of non-finite samples replaced.
    pub(super) fn process(&mut self, block: &mut BlockMut<'_, '_, S>) -> u64 {
        run!(self.backend, form => self.chunks(form, block))
    }

    #[inline(always)]
    fn chunks<F: Form>(&mut self, form: F, block: &mut BlockMut<'_, '_, S>) -> u64 {
        let (channels, frames) = (self.lines.len(), block.frames());
        let mut non_finite = 0;
        for channel in 0..channels {
            non_finite += sanitize(block.channel_mut(channel));
        }
        let mut start = 0;
        while start < frames {
            let uniform = self.sweep.uniform_frames().min(self.gains.uniform_frames());
            let count = (GRID_FRAMES - self.grid_frame).min(uniform).min(frames - start);
            self.chunk(form, &mut block.frames_mut(start, count));
            start += count;
        }
        non_finite
    }

    /// A chunk that crosses neither the grid nor a turn of a ramp.
    #[inline(always)]
    fn chunk<F: Form>(&mut self, form: F, block: &mut BlockMut<'_, '_, S>) {
        let frames = block.frames();
        let (sweep, _) = self.sweep.span::<f64>(frames);
        let (gains, _) = self.gains.span::<S>(frames);
        let (to_out, feedback) = match gains {
            Span::Still([dry, wet, feedback]) => (Span::Still([dry, wet]), Span::Still([feedback])),
            Span::Moving([dry, wet, feedback]) => (Span::Moving([dry, wet]), Span::Moving([feedback])),
        };
        for (channel, line) in self.lines.iter_mut().enumerate() {
            line.input()[..frames].copy_from_slice(block.channel(channel));
        }
        self.cut_lows(frames);
        self.dry.process(block);
        let Self { voices, lines, longest, lfo, grid_frame, position, turns, places, wet, .. } = self;
        let (phases, longest) = (lfo.line(0.0), *longest as f64);
        let sides_differ = !matches!(sweep, Span::Still([_, _, spread]) if spread == 0.0);
        for (index, line) in lines.iter_mut().enumerate() {
            // Left and right of each pair.
            let side = usize::from(sides_differ && index % 2 == 1);
            if index == 0 || sides_differ {
                place(form, places, turns, (voices, side), phases, (*grid_frame, frames), (&sweep, longest));
            }
            channel(form, line, *position + *grid_frame, places, frames, &feedback, wet);
            mix::blend_all(block.channel_mut(index), &wet[..frames], &to_out);
        }
        self.grid_frame += frames;
        if self.grid_frame == GRID_FRAMES {
            self.next_point();
        }
    }

    /// Runs the low cut over the samples of the next chunk.
    fn cut_lows(&mut self, frames: usize) {
        let (Some(low_cut), [left, right]) = (&mut self.low_cut, &mut self.lines[..]) else {
            return;
        };
        if low_cut.is_identity() {
            low_cut.skip(frames);
            return;
        }
        let mut both = [&mut left.input()[..frames], &mut right.input()[..frames]];
        if let Ok(mut both) = BlockMut::from_slices(&mut both) {
            low_cut.process(&mut both);
        }
    }

    /// At a grid point: the LFO advances, and decayed lines become silent.
    fn next_point(&mut self) {
        self.grid_frame = 0;
        let length = self.lines[0].length();
        self.position = (self.position + GRID_FRAMES) % length;
        self.lfo.advance();
        let [dry, wet, _] = self.gains.target();
        let feeds = !self.gains.is_at([dry, wet, 0.0]);
        for line in &mut self.lines {
            let peak = core::mem::replace(&mut line.peak, S::ZERO).to_f64();
            // Without feedback a line empties by itself, and its peak is not noted.
            if !feeds || peak >= REVERB_SIGNAL {
                line.quiet_frames = 0;
                continue;
            }
            let before = line.quiet_frames;
            line.quiet_frames = before + GRID_FRAMES;
            if before < length && line.quiet_frames >= length {
                line.clear();
            }
        }
    }

    pub(super) fn reset(&mut self) {
        let Self {
            backend: _,
            voices: _,
            lines,
            longest: _,
            low_cut,
            dry,
            lfo,
            sweep,
            gains,
            grid_frame,
            position,
            turns: _,
            places: _,
            wet: _,
        } = self;
        for line in lines {
            line.clear();
            line.quiet_frames = 0;
        }
        if let Some(low_cut) = low_cut {
            low_cut.reset();
        }
        dry.reset();
        sweep.jump_to(sweep.target());
        gains.jump_to(gains.target());
        lfo.reset();
        *grid_frame = 0;
        *position = 0;
    }

    /// The tail.
    pub(super) fn tail(&self) -> Tail {
        let [centre, amplitude, _] = self.sweep.target();
        let ratio = self.voices.iter().map(|voice| voice.ratio + voice.ratio_spread.max(0.0)).fold(1.0, f64::max);
        let settled = libm::ceil(centre * ratio + amplitude) as usize + PAST;
        let gliding = self.sweep.uniform_frames() != usize::MAX || self.gains.uniform_frames() != usize::MAX;
        let delay = if gliding { self.longest + PAST } else { settled };
        let input = self.low_cut.as_ref().map_or(0, Cascade::tail_frames);
        let loop_gain = self.voices.len() as f64 * self.gains.target()[2].abs().max(self.gains.value()[2].abs());
        let mut frames = delay.max(self.dry.frames()) as u64;
        if loop_gain > 0.0 {
            // An interpolation gains 0.01 dB at most; the sum of the first passes is 1/(1 - g), with a margin.
            let gain = loop_gain * 1.0012;
            let passes = libm::log(4.0 / (1.0 - gain) / REVERB_SIGNAL) / -libm::log(gain);
            frames = libm::ceil(passes * delay as f64) as u64 + (self.lines[0].length() + 2 * GRID_FRAMES) as u64;
        }
        Tail::Frames(frames + input)
    }
}
