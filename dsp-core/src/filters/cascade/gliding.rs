//! A cascade with gliding or driven sections: those one by one, their neighbours at rest in passes of the kernel.

use super::{
    kernel::{MAX_SECTIONS, State, four, two},
    sections::{Cascade, Drives},
};
use crate::{
    filters::{
        biquad::BiquadCoeffs,
        svf::{SvfCoeffs, SvfPoint},
    },
    foundation::{block::BlockMut, grid::GRID_FRAMES, math::Pow2, sample::Sample},
    primitives::ramp::{Curve, Span},
};
use core::ops::Range;

impl Cascade {
    /// Every active section, some of which glide or are driven, over frames that cross neither the grid nor the end of
    /// a glide.
    #[inline(always)]
    pub(super) fn run_gliding<S: Sample>(
        &mut self,
        block: &mut BlockMut<'_, '_, S>,
        channels: usize,
        drives: (&Drives<'_>, usize),
    ) {
        for channel in 0..channels {
            for (wide, sample) in self.chunk[channel * GRID_FRAMES..].iter_mut().zip(block.channel(channel)) {
                *wide = sample.to_f64();
            }
        }
        self.run_sections(block.frames(), channels, drives);
        for channel in 0..channels {
            for (wide, sample) in self.chunk[channel * GRID_FRAMES..].iter().zip(block.channel_mut(channel)) {
                *sample = S::from_f64(*wide).audible();
            }
        }
    }

    /// Every active section over the current chunk during a glide: gliding sections one by one, neighbours at rest in
    /// passes of up to eight.
    #[inline(always)]
    fn run_sections(&mut self, length: usize, channels: usize, (drives, start): (&Drives<'_>, usize)) {
        let mut next = 0;
        while next < self.active.len() {
            let index = self.active[next];
            if !self.sections[index].settled() {
                if self.sections[index].driven {
                    self.follow(index, channels, drives.of(index, start, length));
                } else {
                    self.glide(index, channels, length);
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
            // Vectors of four channels for more than two; the remaining ones share a vector of two.
            let mut first = 0;
            while channels - first > 2 {
                let (mut frames, mut states) = ([[0.0; 4]; GRID_FRAMES], [[[0.0; 4]; 2]; MAX_SECTIONS]);
                self.gather(first..channels, length, indices, &mut frames, &mut states);
                four(self.backend, &mut frames[..length], coeffs, &mut states[..count], GRID_FRAMES - self.phase);
                self.scatter(first..channels, length, indices, &frames, &states);
                first += 4.min(channels - first);
            }
            if first < channels {
                let (mut frames, mut states) = ([[0.0; 2]; GRID_FRAMES], [[[0.0; 2]; 2]; MAX_SECTIONS]);
                self.gather(first..channels, length, indices, &mut frames, &mut states);
                two(self.backend, &mut frames[..length], coeffs, &mut states[..count], GRID_FRAMES - self.phase);
                self.scatter(first..channels, length, indices, &frames, &states);
            }
        }
    }

    /// Interleaves up to `W` of these channels and their states of `indices`; lanes beyond the last stay 0.
    #[inline(always)]
    fn gather<const W: usize>(
        &self,
        channels: Range<usize>,
        length: usize,
        indices: &[usize],
        frames: &mut [[f64; W]; GRID_FRAMES],
        states: &mut [State<W>; MAX_SECTIONS],
    ) {
        for (lane, channel) in channels.take(W).enumerate() {
            let samples = &self.chunk[channel * GRID_FRAMES..][..length];
            for (frame, sample) in frames.iter_mut().zip(samples) {
                frame[lane] = *sample;
            }
            for (state, &index) in states.iter_mut().zip(indices) {
                let [z1, z2] = self.states[index * self.channels + channel];
                (state[0][lane], state[1][lane]) = (z1, z2);
            }
        }
    }

    /// Writes back the channels and states of [`gather`](Self::gather).
    #[inline(always)]
    fn scatter<const W: usize>(
        &mut self,
        channels: Range<usize>,
        length: usize,
        indices: &[usize],
        frames: &[[f64; W]; GRID_FRAMES],
        states: &[State<W>; MAX_SECTIONS],
    ) {
        for (lane, channel) in channels.take(W).enumerate() {
            let samples = &mut self.chunk[channel * GRID_FRAMES..][..length];
            for (frame, sample) in frames.iter().zip(samples) {
                *sample = frame[lane];
            }
            for (state, &index) in states.iter().zip(indices) {
                self.states[index * self.channels + channel] = [state[0][lane], state[1][lane]];
            }
        }
    }

    /// One gliding section over the current chunk, which ends no later than the curve of the glide.
    ///
    /// Free of fused operations, so that all forms agree; a glide is too short to be worth a kernel.
    fn glide(&mut self, index: usize, channels: usize, length: usize) {
        let section = &mut self.sections[index];
        let (span, spanned) = section.glide.span::<f64>(length);
        if let Span::Moving(curves) = span {
            debug_assert_eq!(spanned, length, "a chunk crosses the end of a curve");
            let mut points = [SvfPoint::IDENTITY; GRID_FRAMES];
            for (frame, point) in (0_i32..).zip(&mut points[..length]) {
                *point = glide_coeffs(&curves, frame).point();
            }
            self.follow(index, channels, &points[..length]);
        }
    }

    /// One section over the current chunk, with one point per frame; channels in pairs, whose recursions overlap.
    #[inline(always)]
    fn follow(&mut self, index: usize, channels: usize, points: &[SvfPoint]) {
        let states = &mut self.states[index * self.channels..][..channels];
        for (states, samples) in states.chunks_mut(2).zip(self.chunk.chunks_mut(2 * GRID_FRAMES)) {
            if let [left, right] = states {
                let (lefts, rights) = samples.split_at_mut(GRID_FRAMES);
                // In registers: behind a reference they would go through memory in every frame.
                let (mut to_left, mut to_right) = (*left, *right);
                for ((l, r), point) in lefts.iter_mut().zip(rights).zip(points) {
                    (*l, *r) = (point.tick(&mut to_left, *l), point.tick(&mut to_right, *r));
                }
                (*left, *right) = (to_left, to_right);
            } else if let [state] = states {
                let mut own = *state;
                for (sample, point) in samples.iter_mut().zip(points) {
                    *sample = point.tick(&mut own, *sample);
                }
                *state = own;
            }
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
