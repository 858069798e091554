//! Layer 1: what processors are made of. Each part is tested alone.

pub(crate) mod kaiser;
pub(crate) mod ramp;
pub(crate) mod random;
