//! Windowed transforms of consecutive audio, without `std`: half overlapping Hann windows, and sums over bands of bins.

use crate::{
    convolution::fft::{
        Step, Transform,
        multiply::{TILE, Tile},
    },
    foundation::{block::Block, math::cis, sample::Sample, stream::StreamSpec},
};
use alloc::{vec, vec::Vec};
use core::f64::consts::PI;

/// Windows of several channels, each transformed as soon as it is full.
///
/// The transform is the negacyclic one of the convolver, whose bin k lies at (k + 1/2) rate / frames and which leaves bins
/// in the order of its passes.
#[derive(Clone, Debug)]
pub(super) struct Windows {
    transform: Transform<f64>,
    hann: Vec<f64>,
    sample_rate_hz: f64,
    /// Of each channel the last half of a window, and the half that is being filled.
    halves: Vec<Vec<f64>>,
    filled: usize,
    /// Frames since the build or the last reset.
    frames: u64,
    windowed: Vec<f64>,
    points: [Vec<f64>; 2],
    /// Of the last window: of each channel.
    pub(super) spectra: Vec<Vec<Tile<f64>>>,
    /// The bin at each place of a spectrum.
    order: Vec<u32>,
}

impl Windows {
    /// Windows of `frames_at_48_khz` at 44.1 and 48 kHz; as many more as the rate is higher, half up to 24 kHz.
    pub(super) fn new(spec: &StreamSpec, frames_at_48_khz: usize) -> Self {
        let rate_hz = spec.sample_rate_hz();
        let octaves = libm::ceil(libm::log2(rate_hz / 48_000.0)).max(-1.0);
        let frame = libm::round(frames_at_48_khz as f64 * libm::exp2(octaves)) as usize;
        let transform = Transform::new(spec, frame / 2);
        let mut windows = Self {
            hann: (0..frame).map(|n| 0.5 - 0.5 * cis(2.0 * PI * n as f64 / frame as f64).re).collect(),
            sample_rate_hz: rate_hz,
            halves: vec![vec![0.0; frame]; spec.channels()],
            filled: 0,
            frames: 0,
            windowed: vec![0.0; frame],
            points: [vec![0.0; transform.points()], vec![0.0; transform.points()]],
            spectra: vec![vec![Tile::ZERO; frame / 2 / TILE]; spec.channels()],
            order: Vec::new(),
            transform,
        };
        windows.order = windows.bin_order();
        windows
    }

    /// Number of bins.
    pub(super) fn bins(&self) -> usize {
        self.hann.len() / 2
    }

    /// Takes in the next frames of a block, as many as fill the window; returns their number, and whether it is full:
    /// then [`end`](Self::end) it.
    pub(super) fn fill<S: Sample>(
        &mut self,
        block: &Block<'_, '_, S>,
        start: usize,
        non_finite: &mut u64,
    ) -> (usize, bool) {
        let half = self.hann.len() / 2;
        let length = (half - self.filled).min(block.frames() - start);
        for (channel, halves) in self.halves.iter_mut().enumerate() {
            let samples = &block.channel(channel)[start..start + length];
            for (kept, sample) in halves[half + self.filled..][..length].iter_mut().zip(samples) {
                *non_finite += u64::from(!sample.finite());
                *kept = sample.ordinary().to_f64();
            }
        }
        self.filled += length;
        self.frames += length as u64;
        (length, self.filled == half)
    }

    /// Fills the window with silence.
    pub(super) fn fill_up(&mut self) {
        let half = self.hann.len() / 2;
        for halves in &mut self.halves {
            halves[half + self.filled..].fill(0.0);
        }
    }

    /// Transforms the window of both halves into [`spectra`](Self::spectra); the newer one becomes the older.
    pub(super) fn end(&mut self) {
        let half = self.hann.len() / 2;
        for channel in 0..self.halves.len() {
            let samples = self.halves[channel].iter().zip(&self.hann);
            self.windowed.iter_mut().zip(samples).for_each(|(windowed, (sample, hann))| *windowed = sample * hann);
            self.forward(channel);
            self.halves[channel].copy_within(half.., 0);
        }
        self.filled = 0;
    }

    fn forward(&mut self, channel: usize) {
        let Self { transform, windowed, points: [re, im], spectra, .. } = self;
        let (older, newer) = windowed.split_at(windowed.len() / 2);
        let tiles = transform.base() / TILE;
        for &step in transform.steps() {
            let row = if let Step::Base { index } = step { index as usize } else { 0 };
            transform.forward(step, [older, newer], [&mut *re, &mut *im], &mut spectra[channel][row * tiles..], 1);
        }
    }

    fn bin_order(&mut self) -> Vec<u32> {
        // One sample at frame 1 is e^(i θ) at every bin, θ = 2π (k + 1/2) / frames or its negative.
        self.windowed.fill(0.0);
        self.windowed[1] = 1.0;
        self.forward(0);
        let turn = self.hann.len() as f64 / (2.0 * PI);
        let bins = self.spectra[0].iter().flat_map(|tile| tile.re.iter().zip(&tile.im));
        bins.map(|(re, im)| libm::round(libm::fabs(libm::atan2(*im, *re)) * turn - 0.5) as u32).collect()
    }

    /// What makes the sum of squared bins of all windows a mean square over all frames.
    pub(super) fn scale(&self) -> f64 {
        // Of each half window, and of the one that is being filled: every frame of the programme is under two windows.
        let half = self.hann.len() / 2;
        let weights = |frames: usize| -> f64 {
            let both = self.hann[..frames].iter().chain(&self.hann[half..half + frames]);
            both.map(|hann| hann * hann).sum()
        };
        let whole = ((self.frames - self.filled as u64) / half as u64) as f64;
        let weight = whole * weights(half) + weights(self.filled);
        if weight > 0.0 { 1.0 / (half as f64 * weight) } else { 0.0 }
    }

    /// The same for one window.
    pub(super) fn scale_of_one(&self) -> f64 {
        let squares: f64 = self.hann.iter().map(|hann| hann * hann).sum();
        2.0 / (self.hann.len() as f64 * squares)
    }

    /// Values in the order of the transform, times `scale`, added up: entry k is the sum of all below bin k.
    pub(super) fn cumulated(&self, powers: &[f64], scale: f64) -> Vec<f64> {
        let mut ordered = vec![0.0; powers.len()];
        self.order.iter().zip(powers).for_each(|(bin, power)| ordered[*bin as usize] = *power);
        let mut total = 0.0;
        let mut cumulated = vec![0.0];
        cumulated.extend(ordered.iter().map(|power| {
            total += scale * power;
            total
        }));
        cumulated
    }

    /// The sum over a band: a bin belongs to it by the part of it that lies within.
    pub(super) fn within(&self, cumulated: &[f64], low_hz: f64, high_hz: f64) -> f64 {
        let bins_per_hz = self.hann.len() as f64 / self.sample_rate_hz;
        let below = |hz: f64| {
            let place = (hz * bins_per_hz).min((cumulated.len() - 1) as f64);
            let bin = place as usize;
            let next = cumulated[(bin + 1).min(cumulated.len() - 1)];
            cumulated[bin] + (place - bin as f64) * (next - cumulated[bin])
        };
        (below(high_hz) - below(low_hz)).max(0.0)
    }

    pub(super) fn sample_rate_hz(&self) -> f64 {
        self.sample_rate_hz
    }

    /// Clears all state.
    pub(super) fn reset(&mut self) {
        self.halves.iter_mut().for_each(|halves| halves.fill(0.0));
        (self.filled, self.frames) = (0, 0);
    }
}
