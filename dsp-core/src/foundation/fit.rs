//! Completion of blocks and keys with too few channels or frames: missing ones are silence.

use super::{
    block::{Block, BlockMut},
    sample::Sample,
    stream::MAX_CHANNELS,
};

/// Frames per chunk where something is missing. Few, since the silence is on the stack.
const CHUNK_FRAMES: usize = 16;

/// Calls `each` with a block of at least `channels` channels and a key, if there is one, of as many frames: once if
/// both fit. Otherwise in chunks, with silence for missing channels, whose output is dropped, and for missing frames of
/// the key. The first argument is the frame at which the chunk starts.
///
/// A block or key that does not fit is an error of the caller (`debug_assert`).
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

/// One chunk of a block and its key.
type Each<'f, S> = &'f mut dyn FnMut(usize, &mut BlockMut<'_, '_, S>, Option<&Block<'_, '_, S>>);

#[cold]
#[inline(never)]
fn complete<S: Sample>(
    block: &mut BlockMut<'_, '_, S>,
    channels: usize,
    key: Option<&Block<'_, '_, S>>,
    each: Each<'_, S>,
) {
    let silence = [S::ZERO; CHUNK_FRAMES];
    let mut start = 0;
    while start < block.frames() {
        let mut frames = CHUNK_FRAMES.min(block.frames() - start);
        // The key's last chunk ends with the key.
        if let Some(left) = key.and_then(|key| key.frames().checked_sub(start)).filter(|left| *left > 0) {
            frames = frames.min(left);
        }
        // After its end a key keeps its channel count, as the linking depends on it.
        let silent = [&silence[..frames]; MAX_CHANNELS];
        let key = match key {
            Some(key) if start < key.frames() => Some(key.frames_at(start, frames)),
            Some(key) => Block::from_slices(&silent[..key.channels().min(MAX_CHANNELS)]).ok(),
            None => None,
        };
        let mut missing = [[S::ZERO; CHUNK_FRAMES]; MAX_CHANNELS];
        let mut all: [&mut [S]; MAX_CHANNELS] = core::array::from_fn(|_| &mut [][..]);
        let mut chunk = block.frames_mut(start, frames);
        let given = chunk.channels();
        let (present, absent) = all.split_at_mut(given.min(MAX_CHANNELS));
        for (slot, samples) in present.iter_mut().zip(chunk.all_channels_mut()) {
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

/// Calls `each` with a block of at least `channels` channels: the block itself, or, if it has fewer, chunks of it with
/// silence in the missing ones. The first argument is the frame at which the chunk starts.
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
    let silence = [S::ZERO; CHUNK_FRAMES];
    for start in (0..block.frames()).step_by(CHUNK_FRAMES) {
        let frames = CHUNK_FRAMES.min(block.frames() - start);
        let chunk = block.frames_at(start, frames);
        let all: [&[S]; MAX_CHANNELS] =
            core::array::from_fn(|channel| if channel < given { chunk.channel(channel) } else { &silence[..frames] });
        if let Ok(whole) = Block::from_slices(&all[..channels.min(MAX_CHANNELS)]) {
            each(start, &whole);
        }
    }
}
