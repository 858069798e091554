//! Layer 4: the way out. Delivery targets, loudness normalisation, the master that hits both, word length.

pub mod dither;
pub mod normalizer;
pub mod solver;
pub mod targets;
