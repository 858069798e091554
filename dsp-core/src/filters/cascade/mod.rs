//! A cascade of second-order sections on every channel of a stream, with settings that glide.
//!
//! A section at rest runs as direct form II transposed (`filters::cascade::kernel`), which is fast. A gliding section
//! runs as a trapezoidal state variable filter, which stays bounded under any modulation of its coefficients: log g,
//! log k and the three mix terms follow one C2 ramp. At both ends of a glide the state is converted exactly, so the
//! output is continuous. A section fades in or out by a glide from or to the identity (m = 1, 0, 0) at fixed g and k. A
//! section may also be driven, with coefficients from its processor for each frame.
//!
//! On the absolute 64-frame grid sections whose states have both decayed below 1e-20 are zeroed: the same bits for any
//! cut of the stream, and never a subnormal number.
//!
//! # Source
//! The forms: `filters::biquad`, `filters::svf`. Audio-rate modulation of a state variable filter: A. Wishnick,
//! "Time-varying filters for musical applications", DAFx-14.

mod at_rest;
mod gliding;
mod interleaved;
pub(crate) mod kernel;
mod sections;

use super::{biquad::BiquadCoeffs, svf::SvfCoeffs};
use crate::{
    foundation::{block::BlockMut, grid::GRID_FRAMES, sample::Sample, silence::flushed_pair, unit::ms_to_frames},
    primitives::{
        backend::{Backend, run},
        ramp::Ramp,
        sanitize::sanitize,
    },
};
use alloc::{vec, vec::Vec};
use sections::{CHUNK_FRAMES, LINE, Section, lanes};
pub(crate) use sections::{Cascade, Drives};

/// Length of a glide between settings, in ms.
pub(crate) const GLIDE_MS: f64 = 50.0;
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

    /// As newly built with the current targets.
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

    /// Glides to `coeffs`; further sections glide to the identity. Driven sections take their target from it.
    pub(crate) fn set_coeffs(&mut self, coeffs: &[BiquadCoeffs]) {
        self.set_each(coeffs.iter().copied());
    }

    /// The same for coefficients section by section.
    pub(crate) fn set_each(&mut self, mut coeffs: impl Iterator<Item = BiquadCoeffs>) {
        for (index, section) in self.sections.iter_mut().enumerate() {
            let target = coeffs.next().unwrap_or(BiquadCoeffs::IDENTITY);
            if target == section.target {
                continue;
            }
            if section.driven {
                section.target = target;
                continue;
            }
            // The identity has no g and k of its own: it fades at those of its partner.
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

    /// Starts or ends driving a section, which must not be gliding. The state is converted at its target, so driving
    /// must start and end there.
    pub(crate) fn set_driven(&mut self, index: usize, driven: bool) {
        let section = &mut self.sections[index];
        debug_assert!(!section.gliding, "section {index} is gliding");
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

    /// Whether it is the identity, until new coefficients are set.
    pub(crate) fn is_identity(&self) -> bool {
        self.active.is_empty()
    }

    /// The sections that are not the identity, in order.
    pub(crate) fn active(&self) -> &[usize] {
        &self.active
    }

    /// Frames to the next point of the grid.
    pub(crate) fn frames_to_grid(&self) -> usize {
        GRID_FRAMES - self.phase
    }

    /// Runs some of the active sections alone, in order, in place over the first channels of a chunk that crosses
    /// neither the grid nor an arrival. The position in the grid stays, until [`skip`](Self::skip).
    pub(crate) fn process_group<S: Sample>(&mut self, block: &mut BlockMut<'_, '_, S>, group: &mut Vec<usize>) {
        core::mem::swap(&mut self.active, group);
        self.run_group(block);
        core::mem::swap(&mut self.active, group);
    }

    fn run_group<S: Sample>(&mut self, block: &mut BlockMut<'_, '_, S>) {
        let channels = self.channels.min(block.channels());
        for channel in 0..channels {
            // The samples of the stream have been counted already.
            let _ = run!(self.backend, _ => sanitize(block.channel_mut(channel)));
        }
        if self.active.iter().any(|&index| !self.sections[index].settled()) {
            run!(self.backend, _ => self.run_gliding(block, channels, (&Drives::NONE, 0)));
            if self.phase + block.frames() == GRID_FRAMES {
                self.silence_decayed();
            }
        } else if !self.active.is_empty() {
            self.run_at_rest(block, channels);
        }
    }

    /// Skips `frames` frames while it is the identity, or after all groups have been processed.
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
        debug_assert!(self.sections.iter().all(|section| !section.driven), "driven sections need drives");
        self.process_driven(block, &Drives::NONE)
    }

    /// The same while sections are driven, over a block that crosses no point of the grid.
    pub(crate) fn process_driven<S: Sample>(&mut self, block: &mut BlockMut<'_, '_, S>, drives: &Drives<'_>) -> u64 {
        let channels = self.channels.min(block.channels());
        let mut non_finite = 0;
        let mut start = 0;
        while start < block.frames() {
            let arrival = self.frames_to_arrival();
            let gliding = arrival < usize::MAX || self.active.iter().any(|&index| self.sections[index].driven);
            let longest = if gliding { self.frames_to_grid().min(arrival) } else { CHUNK_FRAMES };
            let length = longest.min(block.frames() - start);
            for channel in 0..channels {
                let samples = &mut block.channel_mut(channel)[start..start + length];
                non_finite += run!(self.backend, _ => sanitize(samples));
            }
            if gliding {
                let mut block = block.frames_mut(start, length);
                run!(self.backend, _ => self.run_gliding(&mut block, channels, (drives, start)));
            } else if !self.active.is_empty() {
                self.run_at_rest(&mut block.frames_mut(start, length), channels);
            }
            start += length;
            self.phase = (self.phase + length) % GRID_FRAMES;
            if gliding && self.phase == 0 {
                self.silence_decayed();
            }
        }
        non_finite
    }

    /// Frames until the next glide ends or changes its curve, `usize::MAX` without one; sections whose glide has ended
    /// return to the direct form. A processor that switches paths by the state of its cascade must do so on these
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
                // At most one entry per section, the capacity reserved.
                self.active.push(index);
            }
        }
    }
}
