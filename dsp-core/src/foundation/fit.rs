//! Blocks and keys with too few channels or frames: what is missing is silence.

use super::{
    block::{Block, BlockMut},
    sample::Sample,
    stream::MAX_CHANNELS,
};

/// Frames handled at once where something is missing. Small, since the silence lies on the stack.
const PIECE_FRAMES: usize = 16;

/// Calls `each` with a block of at least `channels` channels and a key, if there is one, of as many frames: once, where
/// both fit. Otherwise in pieces, with silence for the channels that are missing, whose output is dropped, and for the
/// frames that the key lacks. The first argument is the frame at which the piece starts.
///
/// A block or key that does not fit is a mistake of the caller (`debug_assert`).
#[inline(always)]
pub(crate) fn fit_keyed<S: Sample>(
    block: &mut BlockMut<'_, '_, S>,
    channels: usize,
    key: Option<&Block<'_, '_, S>>,
    mut each: impl FnMut(usize, &mut BlockMut<'_, '_, S>, Option<&Block<'_, '_, S>>),
) {
    let (given, frames) = (block.channels(), block.frames());
    debug_assert!(given >= channels, "a block of {given} channels where {channels} are needed");
    match key {
        None if given >= channels => each(0, block, None),
        Some(key) if given >= channels && key.frames() >= frames => each(0, block, Some(&key.frames_at(0, frames))),
        _ => {
            debug_assert!(key.is_none_or(|key| key.frames() >= frames), "a key shorter than the {frames} frames");
            complete(block, channels, key, &mut each);
        }
    }
}

/// As [`fit_keyed`] without a key.
#[inline(always)]
pub(crate) fn fit<S: Sample>(
    block: &mut BlockMut<'_, '_, S>,
    channels: usize,
    mut each: impl FnMut(&mut BlockMut<'_, '_, S>),
) {
    fit_keyed(block, channels, None, |_, block, _| each(block));
}

/// As [`fit_keyed`], with a trace of the block, which may be shorter.
#[inline(always)]
pub(crate) fn fit_traced<S: Sample>(
    block: &mut BlockMut<'_, '_, S>,
    channels: usize,
    key: Option<&Block<'_, '_, S>>,
    mut trace: Option<&mut BlockMut<'_, '_, f64>>,
    mut each: impl FnMut(&mut BlockMut<'_, '_, S>, Option<&Block<'_, '_, S>>, Option<&mut BlockMut<'_, '_, f64>>),
) {
    fit_keyed(block, channels, key, |start, block, key| match trace.as_deref_mut() {
        Some(trace) => {
            let start = start.min(trace.frames());
            let frames = block.frames().min(trace.frames() - start);
            each(block, key, Some(&mut trace.frames_mut(start, frames)));
        }
        None => each(block, key, None),
    });
}

/// One piece of a block and its key.
type Each<'f, S> = &'f mut dyn FnMut(usize, &mut BlockMut<'_, '_, S>, Option<&Block<'_, '_, S>>);

#[cold]
#[inline(never)]
fn complete<S: Sample>(
    block: &mut BlockMut<'_, '_, S>,
    channels: usize,
    key: Option<&Block<'_, '_, S>>,
    each: Each<'_, S>,
) {
    let silence = [S::ZERO; PIECE_FRAMES];
    let mut start = 0;
    while start < block.frames() {
        let mut frames = PIECE_FRAMES.min(block.frames() - start);
        // The last piece that the key reaches into ends with it.
        if let Some(left) = key.and_then(|key| key.frames().checked_sub(start)).filter(|left| *left > 0) {
            frames = frames.min(left);
        }
        // A key that has ended still has its channels: one of all channels would be another key.
        let silent = [&silence[..frames]; MAX_CHANNELS];
        let key = match key {
            Some(key) if start < key.frames() => Some(key.frames_at(start, frames)),
            Some(key) => Block::from_slices(&silent[..key.channels().min(MAX_CHANNELS)]).ok(),
            None => None,
        };
        let mut missing = [[S::ZERO; PIECE_FRAMES]; MAX_CHANNELS];
        let mut all: [&mut [S]; MAX_CHANNELS] = core::array::from_fn(|_| &mut [][..]);
        let mut piece = block.frames_mut(start, frames);
        let given = piece.channels();
        let (present, absent) = all.split_at_mut(given.min(MAX_CHANNELS));
        for (slot, samples) in present.iter_mut().zip(piece.all_channels_mut()) {
            *slot = samples;
        }
        for (slot, samples) in absent.iter_mut().zip(&mut missing) {
            *slot = &mut samples[..frames];
        }
        let count = given.max(channels).min(MAX_CHANNELS);
        if let Ok(mut whole) = BlockMut::from_slices(&mut all[..count]) {
            each(start, &mut whole, key.as_ref());
        }
        start += frames;
    }
}

/// Calls `each` with a block of at least `channels` channels: the block itself, or, where it has fewer, pieces of it
/// with silence in those that are missing. The first argument is the frame at which the piece starts.
#[inline(always)]
pub(crate) fn fit_read<S: Sample>(
    block: &Block<'_, '_, S>,
    channels: usize,
    mut each: impl FnMut(usize, &Block<'_, '_, S>),
) {
    let given = block.channels();
    debug_assert!(given >= channels, "a block of {given} channels where {channels} are needed");
    if given >= channels {
        return each(0, block);
    }
    let silence = [S::ZERO; PIECE_FRAMES];
    for start in (0..block.frames()).step_by(PIECE_FRAMES) {
        let frames = PIECE_FRAMES.min(block.frames() - start);
        let piece = block.frames_at(start, frames);
        let all: [&[S]; MAX_CHANNELS] =
            core::array::from_fn(|channel| if channel < given { piece.channel(channel) } else { &silence[..frames] });
        if let Ok(whole) = Block::from_slices(&all[..channels.min(MAX_CHANNELS)]) {
            each(start, &whole);
        }
    }
}
