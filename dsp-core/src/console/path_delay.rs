//! The delay of a path, which an edit may change while sound passes: the old delay sounds until the new one is filled,
//! then they crossfade.

use crate::{
    foundation::{block::BlockMut, sample::Sample},
    primitives::{
        delay_line::DelayLine,
        ramp::{Ramp, Span},
    },
};
use alloc::{boxed::Box, vec, vec::Vec};

/// A whole-frame delay of some channels.
#[derive(Clone, Debug)]
pub(super) struct PathDelay<S> {
    channels: usize,
    line: DelayLine<S>,
    /// What it was before the last edit; silent when its fade has ended.
    before: Option<Box<Before<S>>>,
}

#[derive(Clone, Debug)]
struct Before<S> {
    line: DelayLine<S>,
    /// Frames until the new line is filled.
    wait: usize,
    /// Gain of the new line.
    fade: Ramp<1>,
    chunk: Vec<S>,
}

impl<S: Sample> PathDelay<S> {
    pub(super) fn new(channels: usize, frames: usize) -> Self {
        Self { channels, line: DelayLine::new(channels, frames), before: None }
    }

    pub(super) fn frames(&self) -> usize {
        self.line.frames()
    }

    /// Whether it changes nothing.
    pub(super) fn is_none(&self) -> bool {
        self.frames() == 0 && !self.is_fading()
    }

    fn is_fading(&self) -> bool {
        self.before.as_ref().is_some_and(|before| before.wait > 0 || !before.fade.is_at([1.0]))
    }

    /// Another delay; takes memory. `fade_frames` is the length of the crossfade, for chunks of up to `chunk_frames`;
    /// without it the delay starts anew.
    pub(super) fn set_frames(&mut self, frames: usize, fade: Option<[usize; 2]>) {
        if frames == self.frames() {
            return;
        }
        let mut line = core::mem::replace(&mut self.line, DelayLine::new(self.channels, frames));
        // A line that was not filled yet has not been heard.
        if let Some(before) = self.before.take().filter(|before| before.wait > 0) {
            line = before.line;
        }
        self.before = fade.map(|[fade_frames, chunk_frames]| {
            let mut fade = Ramp::new([0.0], fade_frames);
            if frames == 0 {
                fade.set_target([1.0]);
            }
            Box::new(Before { line, wait: frames, fade, chunk: vec![S::ZERO; self.channels * chunk_frames] })
        });
    }

    /// Delays the channels of a chunk in place.
    pub(super) fn process(&mut self, block: &mut BlockMut<'_, '_, S>) {
        let is_fading = self.is_fading();
        let Some(Before { line, wait, fade, chunk }) = self.before.as_deref_mut().filter(|_| is_fading) else {
            return self.line.process(block);
        };
        let frames = block.frames();
        let Ok(mut old) = BlockMut::from_planar(&mut chunk[..self.channels * frames], self.channels) else { return };
        old.copy_from(&block.as_block());
        line.process(&mut old);
        self.line.process(block);
        let mut start = 0;
        while start < frames {
            let (span, length) = match *wait {
                0 => fade.span::<S>(frames - start),
                wait => (Span::Still([S::ZERO]), wait.min(frames - start)),
            };
            for channel in 0..self.channels {
                let new = &mut block.channel_mut(channel)[start..start + length];
                let old = &old.channel(channel)[start..start + length];
                for (index, (new, old)) in (0_i32..).zip(new.iter_mut().zip(old)) {
                    *new = match &span {
                        Span::Still([gain]) if *gain == S::ZERO => *old,
                        Span::Still(_) => *new,
                        Span::Moving([curve]) => *old + curve.at(index) * (*new - *old),
                    };
                }
            }
            if *wait > 0 {
                *wait -= length;
                if *wait == 0 {
                    fade.set_target([1.0]);
                }
            }
            start += length;
        }
    }

    pub(super) fn reset(&mut self) {
        let Self { channels: _, line, before } = self;
        line.reset();
        if let Some(Before { line: _, wait, fade, chunk: _ }) = before.as_deref_mut() {
            *wait = 0;
            fade.jump_to([1.0]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_before_another_is_filled_takes_its_place() {
        let mut delay = PathDelay::new(1, 10);
        let mut audio: Vec<f64> = (0..400).map(f64::from).collect();
        let mut block = BlockMut::from_planar(&mut audio, 1).unwrap();
        for (start, frames) in [(0, 10), (100, 60), (130, 40)] {
            delay.set_frames(frames, Some([20, 300]));
            let end = [100, 130, 400].into_iter().find(|end| *end > start).unwrap();
            delay.process(&mut block.frames_mut(start, end - start));
        }
        assert!((10..170).all(|frame| audio[frame] == frame as f64 - 10.0), "the first until the last is filled");
        assert!((190..400).all(|frame| audio[frame] == frame as f64 - 40.0));
        delay.reset();
        assert!(!delay.is_none() && delay.frames() == 40);
    }

    /// A ramp of samples shows which delay each came from.
    #[test]
    fn the_old_delay_sounds_until_the_new_one_is_filled() {
        for cut in [1, 7, 64] {
            let mut delay = PathDelay::new(1, 10);
            let mut audio: Vec<f64> = (0..400).map(f64::from).collect();
            let mut block = BlockMut::from_planar(&mut audio, 1).unwrap();
            for (from, to) in [(0, 100), (100, 400)] {
                if from == 100 {
                    delay.set_frames(50, Some([20, 64]));
                }
                for start in (from..to).step_by(cut) {
                    delay.process(&mut block.frames_mut(start, cut.min(to - start)));
                }
            }
            for (frame, sample) in audio.iter().enumerate() {
                let at = |delay: usize| frame.saturating_sub(delay) as f64;
                match frame {
                    0..150 => assert_eq!(*sample, at(10), "{frame} of {cut}"),
                    169.. => assert_eq!(*sample, at(50), "{frame} of {cut}"),
                    _ => assert!(at(50) < *sample && *sample < at(10), "{frame} of {cut}: {sample}"),
                }
            }
        }
    }
}
