//! Positions of absolute frames in rings of samples.

/// The two halves of the window that ends at `frame`.
pub(super) fn halves<S>(ring: &[S], frame: u64, block: usize) -> [&[S]; 2] {
    // Frames before the first are the initial zeros of a ring.
    let end = ring_index(frame, ring.len()) + ring.len();
    [2, 1].map(|back| {
        let start = end - back * block;
        &ring[if start < ring.len() { start } else { start - ring.len() }..][..block]
    })
}

/// The block that starts at `frame`, which no end of the ring cuts.
pub(super) fn block_of<S>(ring: &mut [S], frame: u64, block: usize) -> &mut [S] {
    let start = ring_index(frame, ring.len());
    &mut ring[start..][..block]
}

/// Index of a frame in a ring.
pub(crate) fn ring_index(frame: u64, length: usize) -> usize {
    // Most lengths are powers of two, and a division would dominate the cost of a grid point.
    if length.is_power_of_two() { frame as usize & (length - 1) } else { (frame % length as u64) as usize }
}
