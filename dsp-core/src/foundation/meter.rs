//! The contract of meters.

use super::{block::Block, sample::Sample};

/// A meter: measures audio and reports readings.
pub trait Meter<S: Sample>: Send {
    /// The readings.
    type Reading;

    /// Measures a block of any length. Nothing allocates in constant-memory modes; see the card of each meter.
    fn observe(&mut self, block: &Block<'_, '_, S>);

    /// The reading of all audio since the build or the last reset.
    fn reading(&self) -> Self::Reading;

    /// Clears all state.
    fn reset(&mut self);
}
