//! Signals and random numbers.

use alloc::{vec, vec::Vec};
use mixdown::Sample;

/// Knuth's MMIX generator.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    /// Uniform in 0..1.
    pub(crate) fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Below `count`.
    pub(crate) fn below(&mut self, count: usize) -> usize {
        (self.unit() * count as f64) as usize
    }
}

/// Frames of each signal: not a multiple of anything.
const FRAMES: usize = 3_001;
/// Frames of the sparse signal that hold noise, after which it stops, and from which on it returns.
const BURST: [core::ops::Range<usize>; 2] = [100..420, 2_500..FRAMES];
/// Frame of its click, in the silence between.
const CLICK: usize = 1_733;

/// Planar noise at about -12 dBFS, another in every channel.
pub(crate) fn dense<S: Sample>(channels: usize) -> Vec<S> {
    let mut random = Random::new(1);
    (0..channels * FRAMES).map(|_| S::from_f64(0.5 * random.unit() - 0.25)).collect()
}

/// Planar noise that starts, stops and returns, and a click between.
pub(crate) fn sparse<S: Sample>(channels: usize) -> Vec<S> {
    let mut audio = vec![S::ZERO; channels * FRAMES];
    for (channel, noise) in audio.chunks_exact_mut(FRAMES).zip(dense::<S>(channels).chunks_exact(FRAMES)) {
        BURST.into_iter().for_each(|frames| channel[frames.clone()].copy_from_slice(&noise[frames]));
        channel[CLICK] = S::from_f64(0.5);
    }
    audio
}
