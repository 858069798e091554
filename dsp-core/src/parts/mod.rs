//! Layer 1: what processors are made of. Each part is tested alone.

pub(crate) mod ramp;
