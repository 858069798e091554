//! Foundation: errors, units, samples, blocks, streams and the contracts; no signal processing.

pub(crate) mod block;
pub(crate) mod declare;
pub(crate) mod engine;
pub(crate) mod error;
pub(crate) mod field;
pub(crate) mod fit;
pub(crate) mod grid;
pub(crate) mod math;
pub(crate) mod meter;
pub(crate) mod params;
pub(crate) mod per_format;
pub(crate) mod processor;
pub(crate) mod sample;
pub(crate) mod silence;
pub(crate) mod stream;
pub(crate) mod table;
pub(crate) mod tagged;
pub(crate) mod tail;
#[cfg(feature = "serde")]
pub(crate) mod unbounded;
pub(crate) mod unit;
