//! Layer 4: the way out. Delivery targets, loudness normalisation, word length.

pub mod dither;
pub mod normalizer;
pub mod targets;
