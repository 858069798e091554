//! A fixed whole-frame delay, which aligns paths of different latency.

use crate::foundation::{block::BlockMut, sample::Sample};
use alloc::{vec, vec::Vec};

/// Delays every channel by the same number of frames.
#[derive(Clone, Debug)]
pub(crate) struct DelayLine<S> {
    frames: usize,
    /// The last `frames` samples of each channel, one ring after another.
    rings: Vec<S>,
    /// Position of the oldest frame.
    position: usize,
}

impl<S: Sample> DelayLine<S> {
    pub(crate) fn new(channels: usize, frames: usize) -> Self {
        Self { frames, rings: vec![S::ZERO; channels * frames], position: 0 }
    }

    pub(crate) fn frames(&self) -> usize {
        self.frames
    }

    /// Delays the first channels of `block` in place.
    pub(crate) fn process(&mut self, block: &mut BlockMut<'_, '_, S>) {
        if self.frames == 0 {
            return;
        }
        let start = self.position;
        for (channel, ring) in self.rings.chunks_exact_mut(self.frames).enumerate().take(block.channels()) {
            let mut position = start;
            for sample in block.channel_mut(channel) {
                core::mem::swap(sample, &mut ring[position]);
                position = if position + 1 == self.frames { 0 } else { position + 1 };
            }
        }
        self.position = (start + block.frames()) % self.frames;
    }

    pub(crate) fn reset(&mut self) {
        let Self { frames: _, rings, position } = self;
        rings.fill(S::ZERO);
        *position = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_by_whole_frames_whatever_the_cut() {
        for cut in [1, 2, 3, 5, 20] {
            let mut line = DelayLine::new(2, 3);
            let mut audio: Vec<f32> = (1..=20).chain(101..=120).map(|n| n as f32).collect();
            let mut block = BlockMut::from_planar(&mut audio, 2).unwrap();
            let mut start = 0;
            while start < 20 {
                let length = cut.min(20 - start);
                line.process(&mut block.frames_mut(start, length));
                start += length;
            }
            assert_eq!(block.channel(0)[..5], [0.0, 0.0, 0.0, 1.0, 2.0]);
            assert_eq!(block.channel(1)[18..], [116.0, 117.0]);
        }
    }
}
