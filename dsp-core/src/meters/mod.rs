//! Layer 2: what listens. Each implements [`Meter`](crate::Meter).

pub mod loudness;
pub mod true_peak;
