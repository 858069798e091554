//! The grid of absolute time on which decisions fall that no block boundary may move.

/// Frames between two points of the grid: decayed states are zeroed, sleep ends and glides of coefficients step on
/// these frames, counted from the build or the last reset, so that the bits do not depend on how the stream is cut.
pub(crate) const GRID_FRAMES: usize = 64;
