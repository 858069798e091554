//! The 64-frame grid of absolute time. State decisions are taken on it, so that block boundaries cannot move them.

/// Frames between grid points, counted from the build or the last reset. On these frames decayed states are zeroed,
/// idle processing restarts and coefficient glides step, so that the bits do not depend on how the stream is cut.
pub(crate) const GRID_FRAMES: usize = 64;
