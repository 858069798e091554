//! Foundation: types, units and contracts; no signal processing.

pub(crate) mod block;
pub(crate) mod error;
pub(crate) mod fit;
pub(crate) mod grid;
pub(crate) mod math;
pub(crate) mod processor;
pub(crate) mod sample;
pub(crate) mod silence;
pub(crate) mod stream;
pub(crate) mod tagged;
#[cfg(feature = "serde")]
pub(crate) mod unbounded;
pub(crate) mod unit;
