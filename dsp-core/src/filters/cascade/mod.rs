//! A cascade of second-order sections on every channel of a stream, with settings that glide.
//!
//! A section that rests runs as direct form II transposed (`filters::cascade::kernel`), which is fast. A section on its
//! way to another setting runs as a trapezoidal state variable filter, which stays bounded however its coefficients
//! move: log g, log k and the three mix terms follow one C2 ramp. At both ends the state is carried over exactly, so
//! nothing jumps. A section that fades in or out is a glide from or to the identity (m = 1, 0, 0) at fixed g and k. A
//! section may also be driven: then its processor gives its coefficients frame by frame.
//!
//! On an absolute grid of 64 frames sections whose states have both decayed below 1e-20 are zeroed: the same bits for
//! any cut of the stream, and never a subnormal number.
//!
//! # Source
//! The forms: `filters::biquad`, `filters::svf`. That a state variable filter may be modulated at audio rate: A.
//! Wishnick, "Time-varying filters for musical applications", DAFx-14.

pub(crate) mod kernel;

use super::{
    biquad::BiquadCoeffs,
    cascade::kernel::{MAX_SECTIONS, State, four, two},
    svf::{SvfCoeffs, SvfPoint},
};
use crate::{
    foundation::{
        block::BlockMut, grid::GRID_FRAMES, math::Pow2, sample::Sample, silence::flushed_pair, unit::ms_to_frames,
    },
    primitives::{
        backend::{Backend, run},
        lanes::Form,
        ramp::{Curve, Ramp, Span},
        sanitize::sanitize,
    },
};
use alloc::{vec, vec::Vec};

/// Length of a glide between settings, in ms.
pub(crate) const GLIDE_MS: f64 = 50.0;
/// Frames that sections at rest work on at a time: two or four channels of f64 stay in the L1 cache.
const CHUNK_FRAMES: usize = 256;
/// f64 values in a cache line.
const LINE: usize = 8;

/// The cascade: see the head of this file.
#[derive(Clone, Debug)]
pub(crate) struct Cascade {
    backend: Backend,
    channels: usize,
    sections: Vec<Section>,
    /// The sections that do something, in order: all but settled identities.
    active: Vec<usize>,
    /// Direct-form z1, z2 or SVF s1, s2 of each section and channel: `[section * channels + channel]`.
    states: Vec<[f64; 2]>,
    /// While something glides: audio of the present chunk in f64, `[channel * GRID_FRAMES + frame]`.
    chunk: Vec<f64>,
    /// While nothing glides: channels side by side, [`CHUNK_FRAMES`] frames, with room to start at a cache line.
    frames: Vec<f64>,
    /// Position in the absolute grid.
    phase: usize,
}

#[derive(Clone, Debug)]
struct Section {
    target: BiquadCoeffs,
    /// While it glides: log2 g, log2 k, m0, m1, m2.
    glide: Ramp<5>,
    gliding: bool,
    driven: bool,
}

impl Section {
    fn settled(&self) -> bool {
        !self.gliding && !self.driven
    }

    fn settled_identity(&self) -> bool {
        self.settled() && self.target == BiquadCoeffs::IDENTITY
    }
}

/// Where driven sections are over the frames of a block, which crosses no point of the grid.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Drives<'a> {
    /// Of each place, [`GRID_FRAMES`] each.
    pub(crate) points: &'a [SvfPoint],
    /// Sections of a place.
    pub(crate) sections: usize,
    /// Frames of a place that lie before the block.
    pub(crate) before: usize,
}

impl Drives<'_> {
    const NONE: Self = Self { points: &[], sections: 1, before: 0 };

    fn of(&self, section: usize, start: usize, length: usize) -> &[SvfPoint] {
        &self.points[section / self.sections * GRID_FRAMES + self.before + start..][..length]
    }
}

/// Channels that share a vector at most.
fn lanes(channels: usize) -> usize {
    if channels > 2 { 4 } else { 2 }
}

fn glide_point(svf: &SvfCoeffs) -> [f64; 5] {
    [libm::log2(svf.g), libm::log2(svf.k), svf.m0, svf.m1, svf.m2]
}

impl Cascade {
    /// At rest at `coeffs`, one per section.
    pub(crate) fn new(backend: Backend, channels: usize, sample_rate_hz: f64, coeffs: &[BiquadCoeffs]) -> Self {
        let glide = Ramp::new([0.0; 5], ms_to_frames(GLIDE_MS, sample_rate_hz));
        let mut cascade = Self {
            backend,
            channels,
            sections: coeffs
                .iter()
                .map(|&target| Section { target, glide: glide.clone(), gliding: false, driven: false })
                .collect(),
            active: Vec::with_capacity(coeffs.len()),
            states: vec![[0.0; 2]; coeffs.len() * channels],
            chunk: vec![0.0; channels * GRID_FRAMES],
            frames: vec![0.0; lanes(channels) * CHUNK_FRAMES + LINE],
            phase: 0,
        };
        cascade.find_active();
        cascade
    }

    /// As newly built with the present targets.
    pub(crate) fn reset(&mut self) {
        let Self { backend: _, channels: _, sections, active: _, states, chunk: _, frames: _, phase } = self;
        for section in sections {
            section.gliding = false;
            section.driven = false;
        }
        states.fill([0.0; 2]);
        *phase = 0;
        self.find_active();
    }

    /// Glides to `coeffs`; sections beyond them glide to the identity. Driven ones will rest there.
    pub(crate) fn set_coeffs(&mut self, coeffs: &[BiquadCoeffs]) {
        for (index, section) in self.sections.iter_mut().enumerate() {
            let target = coeffs.get(index).copied().unwrap_or(BiquadCoeffs::IDENTITY);
            if target == section.target {
                continue;
            }
            if section.driven {
                section.target = target;
                continue;
            }
            // The identity has no g and k of its own: it fades in place.
            let (from, to) = (SvfCoeffs::from_biquad(&section.target), SvfCoeffs::from_biquad(&target));
            let mut point = glide_point(&to);
            if target == BiquadCoeffs::IDENTITY {
                let [log_g, log_k, ..] = if section.gliding { section.glide.target() } else { glide_point(&from) };
                (point[0], point[1]) = (log_g, log_k);
            }
            if !section.gliding {
                let mut start = glide_point(&from);
                if section.target == BiquadCoeffs::IDENTITY {
                    (start[0], start[1]) = (point[0], point[1]);
                }
                section.glide.jump_to(start);
                for state in &mut self.states[index * self.channels..][..self.channels] {
                    *state = from.state_from_df2t(*state);
                }
                section.gliding = true;
            }
            section.glide.set_target(point);
            section.target = target;
        }
        self.find_active();
    }

    /// Takes a section, which must not be gliding, out of its rest, or lays it there. Its state is carried over, so it
    /// must be driven from its target, and back to it.
    pub(crate) fn set_driven(&mut self, index: usize, driven: bool) {
        let section = &mut self.sections[index];
        debug_assert!(!section.gliding, "section {index} glides by itself");
        if section.driven == driven {
            return;
        }
        section.driven = driven;
        let svf = SvfCoeffs::from_biquad(&section.target);
        for state in &mut self.states[index * self.channels..][..self.channels] {
            *state = if driven { svf.state_from_df2t(*state) } else { svf.state_to_df2t(*state) };
        }
        self.find_active();
    }

    /// Frames after which the response to a full-scale input is exactly 0.
    ///
    /// Each section in turn decays after the one before it has become silent.
    pub(crate) fn tail_frames(&self) -> u64 {
        let sections = self.sections.iter().filter(|section| section.target != BiquadCoeffs::IDENTITY);
        sections.map(|section| section.target.decay_frames()).sum()
    }

    /// Changes nothing, now and until new coefficients come.
    pub(crate) fn is_identity(&self) -> bool {
        self.active.is_empty()
    }

    /// Lets `frames` frames pass that it need not touch, being the identity.
    pub(crate) fn skip(&mut self, frames: usize) {
        self.phase = (self.phase + frames) % GRID_FRAMES;
    }

    /// Runs a cascade of one channel in place over finite samples.
    pub(crate) fn process_mono(&mut self, samples: &mut [f64]) {
        if self.is_identity() {
            self.skip(samples.len());
        } else if let Ok(mut block) = BlockMut::from_planar(samples, 1) {
            self.process(&mut block);
        }
    }

    /// Runs the cascade in place over the first channels of `block`. Returns the count of non-finite samples replaced.
    pub(crate) fn process<S: Sample>(&mut self, block: &mut BlockMut<'_, '_, S>) -> u64 {
        debug_assert!(self.sections.iter().all(|section| !section.driven), "nobody drives");
        self.process_driven(block, &Drives::NONE)
    }

    /// The same while sections are driven, over a block that crosses no point of the grid.
    pub(crate) fn process_driven<S: Sample>(&mut self, block: &mut BlockMut<'_, '_, S>, drives: &Drives<'_>) -> u64 {
        run!(self.backend, form => self.run_chunks(form, block, drives))
    }

    #[inline(always)]
    fn run_chunks<S: Sample, F: Form>(&mut self, form: F, block: &mut BlockMut<'_, '_, S>, drives: &Drives<'_>) -> u64 {
        let channels = self.channels.min(block.channels());
        let mut faults = 0;
        let mut start = 0;
        while start < block.frames() {
            let arrival = self.frames_to_arrival();
            let gliding = arrival < usize::MAX || self.active.iter().any(|&index| self.sections[index].driven);
            let longest = if gliding { (GRID_FRAMES - self.phase).min(arrival) } else { CHUNK_FRAMES };
            let length = longest.min(block.frames() - start);
            for channel in 0..channels {
                faults += sanitize(&mut block.channel_mut(channel)[start..start + length]);
            }
            if gliding {
                self.run_gliding(form, &mut block.frames_mut(start, length), channels, (drives, start));
            } else if !self.active.is_empty() {
                self.run_at_rest(form, &mut block.frames_mut(start, length), channels);
            }
            start += length;
            self.phase = (self.phase + length) % GRID_FRAMES;
            if gliding && self.phase == 0 {
                self.silence_decayed();
            }
        }
        faults
    }

    /// Every active section, none of which glides, over at most [`CHUNK_FRAMES`] frames.
    ///
    /// Vectors of four channels where there are more than two; what is left over shares a vector of two. The kernel is
    /// called by name, not through a closure: a closure would lose the target features.
    #[inline(always)]
    fn run_at_rest<S: Sample, F: Form>(&mut self, form: F, block: &mut BlockMut<'_, '_, S>, channels: usize) {
        let to_grid = GRID_FRAMES - self.phase;
        let passes = self.active.len().div_ceil(MAX_SECTIONS);
        let mut scratch = core::mem::take(&mut self.frames);
        let aligned = scratch.as_ptr().align_offset(LINE * size_of::<f64>()).min(LINE);
        let lanes = &mut scratch[aligned..][..lanes(self.channels) * block.frames()];
        let mut first = 0;
        while first < channels {
            if channels - first > 2 {
                let (frames, _) = lanes.as_chunks_mut::<4>();
                interleave(frames, block, first, channels);
                for pass in 0..passes {
                    let (coeffs, mut states, count) = self.gather_states(pass, first);
                    four(form, frames, &coeffs[..count], &mut states[..count], to_grid);
                    self.scatter_states(pass, first, &states);
                }
                separate(frames, block, first, channels);
                first += 4.min(channels - first);
            } else {
                let (frames, _) = lanes[..2 * block.frames()].as_chunks_mut::<2>();
                interleave(frames, block, first, channels);
                for pass in 0..passes {
                    let (coeffs, mut states, count) = self.gather_states(pass, first);
                    two(form, frames, &coeffs[..count], &mut states[..count], to_grid);
                    self.scatter_states(pass, first, &states);
                }
                separate(frames, block, first, channels);
                first = channels;
            }
        }
        self.frames = scratch;
    }

    /// Every active section, some of which glide or are driven, over frames that cross neither the grid nor the end of
    /// a glide.
    #[inline(always)]
    fn run_gliding<S: Sample, F: Form>(
        &mut self,
        form: F,
        block: &mut BlockMut<'_, '_, S>,
        channels: usize,
        drives: (&Drives<'_>, usize),
    ) {
        for channel in 0..channels {
            for (wide, sample) in self.chunk[channel * GRID_FRAMES..].iter_mut().zip(block.channel(channel)) {
                *wide = sample.to_f64();
            }
        }
        self.run_sections(form, block.frames(), drives);
        for channel in 0..channels {
            for (wide, sample) in self.chunk[channel * GRID_FRAMES..].iter().zip(block.channel_mut(channel)) {
                *sample = S::from_f64(*wide).audible();
            }
        }
    }

    /// Coefficients and states of one pass's sections, the channels from `first` on side by side.
    #[inline(always)]
    fn gather_states<const W: usize>(
        &self,
        pass: usize,
        first: usize,
    ) -> ([BiquadCoeffs; MAX_SECTIONS], [State<W>; MAX_SECTIONS], usize) {
        let mut coeffs = [BiquadCoeffs::IDENTITY; MAX_SECTIONS];
        let mut states = [[[0.0; W]; 2]; MAX_SECTIONS];
        let active = &self.active[pass * MAX_SECTIONS..];
        let count = active.len().min(MAX_SECTIONS);
        for ((&index, coeffs), state) in active.iter().zip(&mut coeffs).zip(&mut states) {
            *coeffs = self.sections[index].target;
            let channels = &self.states[index * self.channels..][first..self.channels];
            for (lane, [z1, z2]) in channels.iter().enumerate().take(W) {
                (state[0][lane], state[1][lane]) = (*z1, *z2);
            }
        }
        (coeffs, states, count)
    }

    /// Puts back what [`gather_states`](Self::gather_states) took.
    #[inline(always)]
    fn scatter_states<const W: usize>(&mut self, pass: usize, first: usize, states: &[State<W>; MAX_SECTIONS]) {
        for (&index, state) in self.active[pass * MAX_SECTIONS..].iter().zip(states) {
            let channels = &mut self.states[index * self.channels..][first..self.channels];
            for (lane, z) in channels.iter_mut().enumerate().take(W) {
                *z = [state[0][lane], state[1][lane]];
            }
        }
    }

    /// Every active section over the present chunk while some glide: those alone, neighbours at rest in passes of up to
    /// eight.
    #[inline(always)]
    fn run_sections<F: Form>(&mut self, form: F, length: usize, (drives, start): (&Drives<'_>, usize)) {
        let mut next = 0;
        while next < self.active.len() {
            let index = self.active[next];
            if !self.sections[index].settled() {
                if self.sections[index].driven {
                    self.follow(index, drives.of(index, start, length));
                } else {
                    self.glide(index, length);
                }
                next += 1;
                continue;
            }
            let mut coeffs = [BiquadCoeffs::IDENTITY; MAX_SECTIONS];
            let mut indices = [0; MAX_SECTIONS];
            let mut count = 0;
            while count < MAX_SECTIONS && next < self.active.len() && self.sections[self.active[next]].settled() {
                indices[count] = self.active[next];
                coeffs[count] = self.sections[self.active[next]].target;
                count += 1;
                next += 1;
            }
            let (coeffs, indices) = (&coeffs[..count], &indices[..count]);
            // Vectors of four channels where there are more than two; what is left over shares a vector of two. The
            // kernel is called by name, not through a closure: a closure would lose the target features.
            let mut first = 0;
            while self.channels - first > 2 {
                let (mut frames, mut states) = ([[0.0; 4]; GRID_FRAMES], [[[0.0; 4]; 2]; MAX_SECTIONS]);
                self.gather(first, length, indices, &mut frames, &mut states);
                four(form, &mut frames[..length], coeffs, &mut states[..count], GRID_FRAMES - self.phase);
                self.scatter(first, length, indices, &frames, &states);
                first += 4.min(self.channels - first);
            }
            if first < self.channels {
                let (mut frames, mut states) = ([[0.0; 2]; GRID_FRAMES], [[[0.0; 2]; 2]; MAX_SECTIONS]);
                self.gather(first, length, indices, &mut frames, &mut states);
                two(form, &mut frames[..length], coeffs, &mut states[..count], GRID_FRAMES - self.phase);
                self.scatter(first, length, indices, &frames, &states);
            }
        }
    }

    /// Lays channels `first..first + W` and their states of `indices` side by side; lanes beyond the last stay 0.
    #[inline(always)]
    fn gather<const W: usize>(
        &self,
        first: usize,
        length: usize,
        indices: &[usize],
        frames: &mut [[f64; W]; GRID_FRAMES],
        states: &mut [State<W>; MAX_SECTIONS],
    ) {
        for lane in 0..W.min(self.channels - first) {
            let samples = &self.chunk[(first + lane) * GRID_FRAMES..][..length];
            for (frame, sample) in frames.iter_mut().zip(samples) {
                frame[lane] = *sample;
            }
            for (state, &index) in states.iter_mut().zip(indices) {
                let [z1, z2] = self.states[index * self.channels + first + lane];
                (state[0][lane], state[1][lane]) = (z1, z2);
            }
        }
    }

    /// Puts back what [`gather`](Self::gather) took.
    #[inline(always)]
    fn scatter<const W: usize>(
        &mut self,
        first: usize,
        length: usize,
        indices: &[usize],
        frames: &[[f64; W]; GRID_FRAMES],
        states: &[State<W>; MAX_SECTIONS],
    ) {
        for lane in 0..W.min(self.channels - first) {
            let samples = &mut self.chunk[(first + lane) * GRID_FRAMES..][..length];
            for (frame, sample) in frames.iter().zip(samples) {
                *sample = frame[lane];
            }
            for (state, &index) in states.iter().zip(indices) {
                self.states[index * self.channels + first + lane] = [state[0][lane], state[1][lane]];
            }
        }
    }

    /// One gliding section over the present chunk, which ends no later than the curve of the glide does.
    ///
    /// Free of fused operations, so that all forms agree; a glide is too short to be worth a kernel.
    fn glide(&mut self, index: usize, length: usize) {
        let section = &mut self.sections[index];
        let (span, spanned) = section.glide.span::<f64>(length);
        if let Span::Moving(curves) = span {
            debug_assert_eq!(spanned, length, "a chunk crosses the end of a curve");
            let mut points = [SvfPoint::IDENTITY; GRID_FRAMES];
            for (frame, point) in (0_i32..).zip(&mut points[..length]) {
                *point = glide_coeffs(&curves, frame).point();
            }
            self.follow(index, &points[..length]);
        }
    }

    /// One section over the present chunk, a point per frame; channels in pairs, so that neither waits for the other.
    #[inline(always)]
    fn follow(&mut self, index: usize, points: &[SvfPoint]) {
        let states = &mut self.states[index * self.channels..][..self.channels];
        for (states, samples) in states.chunks_mut(2).zip(self.chunk.chunks_mut(2 * GRID_FRAMES)) {
            if let [left, right] = states {
                let (lefts, rights) = samples.split_at_mut(GRID_FRAMES);
                for ((l, r), point) in lefts.iter_mut().zip(rights).zip(points) {
                    (*l, *r) = (point.tick(left, *l), point.tick(right, *r));
                }
            } else if let [state] = states {
                for (sample, point) in samples.iter_mut().zip(points) {
                    *sample = point.tick(state, *sample);
                }
            }
        }
    }

    /// Frames until the next glide ends or changes its curve, `usize::MAX` without one; glides that have ended are
    /// turned back into the direct form. What a processor switches by the state of its cascade, it must switch on these
    /// frames.
    pub(crate) fn frames_to_arrival(&mut self) -> usize {
        let mut frames = usize::MAX;
        let mut arrived = false;
        for &index in &self.active {
            let section = &mut self.sections[index];
            if !section.gliding {
                continue;
            }
            match section.glide.frames_on_curve() {
                0 => {
                    section.gliding = false;
                    arrived = true;
                    let svf = SvfCoeffs::from_biquad(&section.target);
                    for state in &mut self.states[index * self.channels..][..self.channels] {
                        *state = svf.state_to_df2t(*state);
                    }
                }
                _ => frames = frames.min(section.glide.uniform_frames()),
            }
        }
        if arrived {
            self.find_active();
        }
        frames
    }

    fn silence_decayed(&mut self) {
        for &index in &self.active {
            for state in &mut self.states[index * self.channels..][..self.channels] {
                *state = flushed_pair(*state);
            }
        }
    }

    fn find_active(&mut self) {
        self.active.clear();
        for (index, section) in self.sections.iter().enumerate() {
            if section.settled_identity() {
                self.states[index * self.channels..][..self.channels].fill([0.0; 2]);
            } else {
                // Never more than there are sections, for which there is room.
                self.active.push(index);
            }
        }
    }
}

/// Lays the channels `first..channels`, at most `W`, side by side; lanes beyond the last are 0.
#[inline(always)]
fn interleave<S: Sample, const W: usize>(
    frames: &mut [[f64; W]],
    block: &BlockMut<'_, '_, S>,
    first: usize,
    channels: usize,
) {
    let silence = [S::ZERO; CHUNK_FRAMES];
    let mut sources = [&silence[..frames.len()]; W];
    for (source, channel) in sources.iter_mut().zip(first..channels) {
        *source = &block.channel(channel)[..frames.len()];
    }
    for (index, frame) in frames.iter_mut().enumerate() {
        for lane in 0..W {
            frame[lane] = sources[lane][index].to_f64();
        }
    }
}

/// Rounds the lanes to the channels that [`interleave`] took them from.
#[inline(always)]
fn separate<S: Sample, const W: usize>(
    frames: &[[f64; W]],
    block: &mut BlockMut<'_, '_, S>,
    first: usize,
    channels: usize,
) {
    for (lane, channel) in (first..channels).take(W).enumerate() {
        for (sample, frame) in block.channel_mut(channel).iter_mut().zip(frames) {
            *sample = S::from_f64(frame[lane]).audible();
        }
    }
}

fn glide_coeffs(curves: &[Curve<f64>; 5], frame: i32) -> SvfCoeffs {
    let [log_g, log_k, m0, m1, m2] = curves;
    SvfCoeffs {
        g: log_g.at(frame).exp2_fast(),
        k: log_k.at(frame).exp2_fast(),
        m0: m0.at(frame),
        m1: m1.at(frame),
        m2: m2.at(frame),
    }
}
