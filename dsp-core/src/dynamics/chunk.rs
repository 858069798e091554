//! Chunks: the frames that dynamics process at once, and traces of their reductions.

use crate::foundation::{block::BlockMut, unit::DB_PER_OCTAVE};

/// Frames per chunk: all scratch buffers of a stereo stream stay in the L1 cache.
pub(crate) const CHUNK_FRAMES: usize = 256;

/// Writes the reductions of a chunk, in octaves, into frames `start..` of a trace, in dB. Frames beyond either are
/// skipped.
pub(crate) fn write_trace(trace: &mut BlockMut<'_, '_, f64>, channel: usize, start: usize, reductions: &[f64]) {
    if channel < trace.channels() && start < trace.frames() {
        let traced = trace.channel_mut(channel)[start..].iter_mut();
        traced.zip(reductions).for_each(|(trace, octaves)| *trace = DB_PER_OCTAVE * octaves);
    }
}
