//! Crossfade to the latest setting, for settings that cannot glide.
//!
//! Both settings run in parallel while the next one fades in over the current one, on a quintic. A setting requested
//! during a fade starts after it; of several, the latest counts.

use super::ramp::{Ramp, Span};
use crate::foundation::sample::Sample;

/// The settings of a crossfade: see the head of this file. Their memory is allocated in [`new`](Self::new); afterwards
/// they are only swapped.
#[derive(Clone, Debug)]
pub(crate) struct Crossfade<T> {
    /// The only setting that runs outside a fade.
    current: T,
    /// Fades in during a fade.
    next: T,
    /// Starts after the fade, if `is_pending`.
    pending: T,
    is_pending: bool,
    /// Gain of `next`: 0 to 1 during a fade, otherwise at rest at 0.
    gain: Ramp<1>,
}

impl<T> Crossfade<T> {
    /// At rest; fades last `fade_frames`.
    pub(crate) fn new(setting: T, fade_frames: usize) -> Self
    where
        T: Clone,
    {
        let (next, pending) = (setting.clone(), setting.clone());
        Self { current: setting, next, pending, is_pending: false, gain: Ramp::new([0.0], fade_frames) }
    }

    /// The setting that runs, or that fades out.
    #[inline(always)]
    pub(crate) fn current(&self) -> &T {
        &self.current
    }

    /// The setting that fades in, during a fade.
    #[inline(always)]
    pub(crate) fn next(&self) -> Option<&T> {
        self.is_fading().then_some(&self.next)
    }

    /// [`current`](Self::current) and [`next`](Self::next).
    #[inline(always)]
    pub(crate) fn running(&mut self) -> (&mut T, Option<&mut T>) {
        let is_fading = self.is_fading();
        (&mut self.current, is_fading.then_some(&mut self.next))
    }

    /// The setting requested last.
    pub(crate) fn latest(&self) -> &T {
        if self.is_pending {
            &self.pending
        } else if self.is_fading() {
            &self.next
        } else {
            &self.current
        }
    }

    /// Requests the setting that `write` makes of an older one. Returns whether its fade starts at once.
    pub(crate) fn request(&mut self, write: impl FnOnce(&mut T)) -> bool {
        if self.is_fading() {
            write(&mut self.pending);
            self.is_pending = true;
            return false;
        }
        write(&mut self.next);
        self.gain.set_target([1.0]);
        true
    }

    #[inline(always)]
    fn is_fading(&self) -> bool {
        *self.gain.aim() == [1.0]
    }

    /// Frames until the fade ends or its curve changes, the longest chunk to process in one go.
    pub(crate) fn uniform_frames(&self) -> usize {
        self.gain.uniform_frames()
    }

    /// The gain of `next` in each of the next frames, at most [`uniform_frames`](Self::uniform_frames); advances by
    /// them.
    pub(crate) fn advance<S: Sample>(&mut self, gains: &mut [S]) {
        match self.gain.span::<S>(gains.len()).0 {
            Span::Still([gain]) => gains.fill(gain),
            Span::Moving([curve]) => {
                for (frame, gain) in (0_i32..).zip(gains) {
                    *gain = curve.at(frame);
                }
            }
        }
    }

    /// Called after each chunk. At the end of a fade `next` becomes the current setting, and the fade to a pending one
    /// starts. Returns whether it does.
    pub(crate) fn settle(&mut self) -> bool {
        if !self.is_fading() || self.gain.uniform_frames() != usize::MAX {
            return false;
        }
        core::mem::swap(&mut self.current, &mut self.next);
        self.gain.jump_to([0.0]);
        if !core::mem::take(&mut self.is_pending) {
            return false;
        }
        core::mem::swap(&mut self.next, &mut self.pending);
        self.gain.set_target([1.0]);
        true
    }

    /// At rest at the setting requested last.
    pub(crate) fn reset(&mut self) {
        if self.is_pending {
            core::mem::swap(&mut self.current, &mut self.pending);
        } else if self.is_fading() {
            core::mem::swap(&mut self.current, &mut self.next);
        }
        self.is_pending = false;
        self.gain.jump_to([0.0]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FADE_FRAMES: usize = 100;

    /// Gains of `next` and the running settings over some frames, in chunks.
    fn run(fade: &mut Crossfade<u32>, frames: usize, longest: usize) -> (alloc::vec::Vec<f64>, u32, Option<u32>) {
        let mut gains = alloc::vec::Vec::new();
        while gains.len() < frames {
            let mut chunk = alloc::vec![0.0; longest.min(frames - gains.len()).min(fade.uniform_frames())];
            fade.advance(&mut chunk);
            gains.extend(chunk);
            fade.settle();
        }
        (gains, *fade.current(), fade.next().copied())
    }

    #[test]
    fn the_latest_request_starts_after_the_fade() {
        let mut whole = None;
        for longest in [1, 7, 64] {
            let mut fade = Crossfade::new(1, FADE_FRAMES);
            assert_eq!(run(&mut fade, 10, longest), (alloc::vec![0.0; 10], 1, None));
            assert!(fade.request(|setting| *setting = 2));
            let first = run(&mut fade, 40, longest);
            assert_eq!((first.1, first.2, *fade.latest()), (1, Some(2), 2));
            // Of two pending requests the later one counts.
            assert!(!fade.request(|setting| *setting = 3));
            assert!(!fade.request(|setting| *setting = 4));
            assert_eq!(*fade.latest(), 4);
            let second = run(&mut fade, 60, longest);
            assert_eq!((second.1, second.2), (2, Some(4)));
            let third = run(&mut fade, 100, longest);
            assert_eq!((third.1, third.2, third.0[99]), (4, None, 1.0));
            let gains = [first.0, second.0, third.0].concat();
            assert!(gains[..100].is_sorted() && gains[100..].is_sorted() && gains[99] == 1.0 && gains[100] < 0.01);
            assert_eq!(*whole.get_or_insert_with(|| gains.clone()), gains);
        }
    }

    #[test]
    fn reset_rests_at_the_latest_request() {
        for requests in 0..3 {
            let mut fade = Crossfade::new(0, FADE_FRAMES);
            for setting in 1..=requests {
                fade.request(|next| *next = setting);
                run(&mut fade, 10, 10);
            }
            fade.reset();
            assert_eq!((*fade.current(), fade.next(), *fade.latest()), (requests, None, requests));
            assert_eq!(fade.uniform_frames(), usize::MAX);
        }
    }
}
