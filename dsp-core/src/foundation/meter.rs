//! The contract of meters.

use super::{block::Block, sample::Sample};

/// Something that listens to audio and reports figures.
pub trait Meter<S: Sample>: Send {
    /// The figures.
    type Reading;

    /// Listens to a block of any length. Nothing allocates in constant-memory modes; see the meter's own words.
    fn observe(&mut self, block: &Block<'_, '_, S>);

    /// The figures of everything heard since it was built or reset.
    fn reading(&self) -> Self::Reading;

    /// Clears all state.
    fn reset(&mut self);
}
