//! Audio blocks, views of planar memory: [`BlockMut`] is processed in place, [`Block`] is read. Neither copies.
//!
//! Both support the two layouts that hosts pass: one contiguous buffer, channel after channel (numpy), and one slice
//! per channel (plug-in hosts). Interleaved audio is converted at the edge: [`Block::interleave_into`],
//! [`BlockMut::copy_from_interleaved`].

use super::{error::Error, sample::Sample, stream::MAX_CHANNELS};

/// Audio to be processed in place: `channels` slices of `frames` samples each.
///
/// Two lifetimes, so that [`frames_mut`](Self::frames_mut) re-borrows both layouts in safe code: `'a` is the samples',
/// `'b` the list's.
///
/// ```
/// use mixdown::BlockMut;
///
/// let mut planar = [1.0_f32, 2.0, 3.0, 10.0, 20.0, 30.0];
/// let mut block = BlockMut::from_planar(&mut planar, 2)?;
/// assert_eq!((block.channels(), block.frames()), (2, 3));
/// block.frames_mut(1, 2).channel_mut(1).fill(0.0);
/// assert_eq!(planar, [1.0, 2.0, 3.0, 10.0, 0.0, 0.0]);
/// # Ok::<(), mixdown::Error>(())
/// ```
#[derive(Debug)]
pub struct BlockMut<'b, 'a, S> {
    layout: LayoutMut<'b, 'a, S>,
    start: usize,
    frames: usize,
}

#[derive(Debug)]
enum LayoutMut<'b, 'a, S> {
    Planar { samples: &'b mut [S], stride: usize, channels: usize },
    Slices { channels: &'b mut [&'a mut [S]] },
}

/// Audio to be read: the read-only form of [`BlockMut`].
///
/// ```
/// use mixdown::Block;
///
/// let (left, right) = ([0.5_f32; 4], [0.25_f32; 4]);
/// let list = [&left[..], &right[..]];
/// let block = Block::from_slices(&list)?;
/// assert_eq!(block.channel(1)[3], 0.25);
/// # Ok::<(), mixdown::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Block<'b, 'a, S> {
    layout: Layout<'b, 'a, S>,
    start: usize,
    frames: usize,
}

#[derive(Clone, Copy, Debug)]
enum Layout<'b, 'a, S> {
    Planar { samples: &'b [S], stride: usize, channels: usize },
    Slices { channels: &'b [&'a [S]] },
    // The slices of a `BlockMut`, borrowed for reading.
    MutSlices { channels: &'b [&'a mut [S]] },
}

fn planar_frames(samples: usize, channels: usize) -> Result<usize, Error> {
    if channels == 0 {
        return Err(Error::Channels { min: 1, max: MAX_CHANNELS, actual: 0 });
    }
    if !samples.is_multiple_of(channels) {
        return Err(Error::Length { expected: samples / channels * channels, actual: samples });
    }
    Ok(samples / channels)
}

fn same_length(mut lengths: impl Iterator<Item = usize>) -> Result<usize, Error> {
    let Some(expected) = lengths.next() else {
        return Err(Error::Channels { min: 1, max: MAX_CHANNELS, actual: 0 });
    };
    match lengths.find(|&actual| actual != expected) {
        Some(actual) => Err(Error::Length { expected, actual }),
        None => Ok(expected),
    }
}

impl<'b, 'a, S: Sample> BlockMut<'b, 'a, S> {
    /// A block over one contiguous buffer, channel after channel: numpy's `(channels, frames)`.
    ///
    /// # Errors
    /// [`Error::Channels`] for 0 channels; [`Error::Length`] if they do not divide the buffer.
    pub fn from_planar(samples: &'b mut [S], channels: usize) -> Result<Self, Error> {
        let frames = planar_frames(samples.len(), channels)?;
        Ok(Self { layout: LayoutMut::Planar { samples, stride: frames, channels }, start: 0, frames })
    }

    /// A block over one slice per channel, as plug-in hosts pass them.
    ///
    /// # Errors
    /// [`Error::Channels`] for an empty list; [`Error::Length`] if the slices differ in length.
    pub fn from_slices(channels: &'b mut [&'a mut [S]]) -> Result<Self, Error> {
        let frames = same_length(channels.iter().map(|channel| channel.len()))?;
        Ok(Self { layout: LayoutMut::Slices { channels }, start: 0, frames })
    }

    /// Number of channels.
    #[must_use]
    pub fn channels(&self) -> usize {
        match &self.layout {
            LayoutMut::Planar { channels, .. } => *channels,
            LayoutMut::Slices { channels } => channels.len(),
        }
    }

    /// Number of frames (samples per channel).
    #[must_use]
    pub fn frames(&self) -> usize {
        self.frames
    }

    /// One channel, for reading.
    ///
    /// # Panics
    /// If there is no channel `index`.
    #[must_use]
    pub fn channel(&self, index: usize) -> &[S] {
        self.as_block().channel(index)
    }

    /// One channel.
    ///
    /// # Panics
    /// If there is no channel `index`.
    pub fn channel_mut(&mut self, index: usize) -> &mut [S] {
        let (start, frames) = (self.start, self.frames);
        match &mut self.layout {
            LayoutMut::Planar { samples, stride, channels } => {
                assert!(index < *channels, "channel {index} of {channels}");
                &mut samples[index * *stride + start..][..frames]
            }
            LayoutMut::Slices { channels } => &mut channels[index][start..][..frames],
        }
    }

    /// All channels at once, first to last.
    pub(crate) fn all_channels_mut(&mut self) -> impl Iterator<Item = &mut [S]> {
        let (start, frames) = (self.start, self.frames);
        let (planar, slices) = match &mut self.layout {
            // `chunks_exact_mut` takes no length of 0, the stride of an empty block.
            LayoutMut::Planar { samples, stride, .. } => (Some(samples.chunks_exact_mut((*stride).max(1))), None),
            LayoutMut::Slices { channels } => (None, Some(channels.iter_mut())),
        };
        let planar = planar.into_iter().flatten();
        let slices = slices.into_iter().flatten().map(|channel| &mut **channel);
        planar.chain(slices).map(move |channel| &mut channel[start..][..frames])
    }

    /// The first two channels at once: left and right.
    ///
    /// # Panics
    /// If there are fewer than two channels.
    pub fn stereo_mut(&mut self) -> (&mut [S], &mut [S]) {
        let (start, frames) = (self.start, self.frames);
        match &mut self.layout {
            LayoutMut::Planar { samples, stride, channels } => {
                assert!(*channels >= 2, "2 channels of {channels}");
                let (left, right) = samples.split_at_mut(*stride);
                (&mut left[start..][..frames], &mut right[start..][..frames])
            }
            LayoutMut::Slices { channels } => {
                let (left, right) = channels.split_at_mut(1);
                (&mut left[0][start..][..frames], &mut right[0][start..][..frames])
            }
        }
    }

    /// `frames` frames of every channel, from `start` on.
    ///
    /// If they are not all within the block.
    /// If they are not all within the block.
    pub fn frames_mut(&mut self, start: usize, frames: usize) -> BlockMut<'_, 'a, S> {
        assert!(start <= self.frames && frames <= self.frames - start, "frames {start}+{frames} of {}", self.frames);
        let layout = match &mut self.layout {
            LayoutMut::Planar { samples, stride, channels } => {
                LayoutMut::Planar { samples, stride: *stride, channels: *channels }
            }
            LayoutMut::Slices { channels } => LayoutMut::Slices { channels },
        };
        BlockMut { layout, start: self.start + start, frames }
    }

    /// The same audio, for reading.
    #[must_use]
    pub fn as_block(&self) -> Block<'_, 'a, S> {
        let layout = match &self.layout {
            LayoutMut::Planar { samples, stride, channels } => {
                Layout::Planar { samples, stride: *stride, channels: *channels }
            }
            LayoutMut::Slices { channels } => Layout::MutSlices { channels },
        };
        Block { layout, start: self.start, frames: self.frames }
    }

    /// Fills every channel with silence.
    pub fn clear(&mut self) {
        for channel in 0..self.channels() {
            self.channel_mut(channel).fill(S::ZERO);
        }
    }

    /// Copies the channels and frames that both blocks have.
    pub fn copy_from(&mut self, source: &Block<'_, '_, S>) {
        let frames = self.frames.min(source.frames());
        for channel in 0..self.channels().min(source.channels()) {
            self.channel_mut(channel)[..frames].copy_from_slice(&source.channel(channel)[..frames]);
        }
    }

    /// Copies channel `source` over channel `target`. Nothing happens if they are the same.
    ///
    /// # Panics
    /// If there is no such channel.
    pub fn copy_channel(&mut self, source: usize, target: usize) {
        let (start, frames) = (self.start, self.frames);
        match &mut self.layout {
            LayoutMut::Planar { samples, stride, channels } => {
                assert!(source.max(target) < *channels, "channels {source}, {target} of {channels}");
                let first = source * *stride + start;
                samples.copy_within(first..first + frames, target * *stride + start);
            }
            LayoutMut::Slices { channels } => {
                if let Ok([from, to]) = channels.get_disjoint_mut([source, target]) {
                    to[start..][..frames].copy_from_slice(&from[start..][..frames]);
                } else {
                    assert!(source == target && source < channels.len(), "channels {source}, {target}");
                }
            }
        }
    }

    /// Fills the block from interleaved frames: sample `n * channels + c` is frame `n` of channel `c`.
    ///
    /// # Errors
    /// [`Error::Length`] unless there are exactly `channels * frames` samples.
    pub fn copy_from_interleaved(&mut self, interleaved: &[S]) -> Result<(), Error> {
        let channels = self.channels();
        check_interleaved(interleaved.len(), channels * self.frames)?;
        for channel in 0..channels {
            let samples = interleaved.iter().skip(channel).step_by(channels);
            for (target, source) in self.channel_mut(channel).iter_mut().zip(samples) {
                *target = *source;
            }
        }
        Ok(())
    }
}

impl<'b, 'a, S: Sample> Block<'b, 'a, S> {
    /// A block over one contiguous buffer, channel after channel: numpy's `(channels, frames)`.
    ///
    /// # Errors
    /// [`Error::Channels`] for 0 channels; [`Error::Length`] if they do not divide the buffer.
    pub fn from_planar(samples: &'b [S], channels: usize) -> Result<Self, Error> {
        let frames = planar_frames(samples.len(), channels)?;
        Ok(Self { layout: Layout::Planar { samples, stride: frames, channels }, start: 0, frames })
    }

    /// A block over one slice per channel.
    ///
    /// # Errors
    /// [`Error::Channels`] for an empty list; [`Error::Length`] if the slices differ in length.
    pub fn from_slices(channels: &'b [&'a [S]]) -> Result<Self, Error> {
        let frames = same_length(channels.iter().map(|channel| channel.len()))?;
        Ok(Self { layout: Layout::Slices { channels }, start: 0, frames })
    }

    /// Number of channels.
    #[must_use]
    pub fn channels(&self) -> usize {
        match self.layout {
            Layout::Planar { channels, .. } => channels,
            Layout::Slices { channels } => channels.len(),
            Layout::MutSlices { channels } => channels.len(),
        }
    }

    /// Number of frames (samples per channel).
    #[must_use]
    pub fn frames(&self) -> usize {
        self.frames
    }

    /// One channel.
    ///
    /// # Panics
    /// If there is no channel `index`.
    #[must_use]
    #[inline]
    pub fn channel(&self, index: usize) -> &'b [S] {
        let (start, frames) = (self.start, self.frames);
        match self.layout {
            Layout::Planar { samples, stride, channels } => {
                assert!(index < channels, "channel {index} of {channels}");
                &samples[index * stride + start..][..frames]
            }
            Layout::Slices { channels } => &channels[index][start..][..frames],
            Layout::MutSlices { channels } => &channels[index][start..][..frames],
        }
    }

    /// `frames` frames of every channel, from `start` on.
    ///
    /// If they are not all within the block.
    /// If they are not all within the block.
    #[must_use]
    pub fn frames_at(&self, start: usize, frames: usize) -> Self {
        assert!(start <= self.frames && frames <= self.frames - start, "frames {start}+{frames} of {}", self.frames);
        Self { layout: self.layout, start: self.start + start, frames }
    }

    /// Writes the block as interleaved frames: frame `n` of channel `c` becomes sample `n * channels + c`.
    ///
    /// # Errors
    /// [`Error::Length`] unless there is room for exactly `channels * frames` samples.
    pub fn interleave_into(&self, interleaved: &mut [S]) -> Result<(), Error> {
        let channels = self.channels();
        check_interleaved(interleaved.len(), channels * self.frames)?;
        for channel in 0..channels {
            let samples = interleaved.iter_mut().skip(channel).step_by(channels);
            for (target, source) in samples.zip(self.channel(channel)) {
                *target = *source;
            }
        }
        Ok(())
    }
}

fn check_interleaved(actual: usize, expected: usize) -> Result<(), Error> {
    if actual == expected { Ok(()) } else { Err(Error::Length { expected, actual }) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    #[test]
    fn both_layouts_show_the_same_audio() {
        let mut planar: Vec<f32> = (0..12).map(|n| n as f32).collect();
        let (mut left, mut middle, mut right) = ([0.0, 1.0, 2.0, 3.0], [4.0, 5.0, 6.0, 7.0], [8.0, 9.0, 10.0, 11.0]);
        let mut list = [&mut left[..], &mut middle[..], &mut right[..]];
        let mut a = BlockMut::from_planar(&mut planar, 3).unwrap();
        let mut b = BlockMut::from_slices(&mut list).unwrap();
        for block in [&mut a, &mut b] {
            let mut inner = block.frames_mut(1, 3);
            let mut inner = inner.frames_mut(1, 2);
            assert_eq!(inner.channel(2), [10.0, 11.0]);
            inner.copy_channel(2, 0);
            inner.copy_channel(1, 1);
            let (first, second) = inner.stereo_mut();
            assert_eq!((&*first, &*second), (&[10.0, 11.0][..], &[6.0, 7.0][..]));
        }
        let mut interleaved = [0.0; 12];
        a.as_block().interleave_into(&mut interleaved).unwrap();
        assert_eq!(interleaved, [0.0, 4.0, 8.0, 1.0, 5.0, 9.0, 10.0, 6.0, 10.0, 11.0, 7.0, 11.0]);
        b.clear();
        b.copy_from_interleaved(&interleaved).unwrap();
        for channel in 0..3 {
            assert_eq!(a.channel(channel), b.channel(channel));
        }
    }

    #[test]
    fn buffers_that_do_not_fit_are_refused() {
        let mut five = [0.0_f64; 5];
        assert_eq!(BlockMut::from_planar(&mut five, 2).unwrap_err(), Error::Length { expected: 4, actual: 5 });
        assert_eq!(Block::from_planar(&five, 0).unwrap_err(), Error::Channels { min: 1, max: MAX_CHANNELS, actual: 0 });
        let (short, long) = ([0.0; 2], [0.0; 3]);
        assert_eq!(Block::from_slices(&[&short[..], &long]).unwrap_err(), Error::Length { expected: 2, actual: 3 });
        assert_eq!(
            Block::<f64>::from_slices(&[]).unwrap_err(),
            Error::Channels { min: 1, max: MAX_CHANNELS, actual: 0 }
        );
        let empty = Block::<f64>::from_planar(&[], 2).unwrap();
        assert_eq!((empty.channels(), empty.frames()), (2, 0));
        assert!(empty.interleave_into(&mut five).is_err());
    }
}
