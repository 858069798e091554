//! All integration tests of the crate, one module per question: see CONTRIBUTING.md. One binary, so that the
//! processors, which are generic, are compiled for them once.

mod allocator;
mod common;
mod signals;
mod standards;

mod automation;
mod cards;
mod conformance;
mod console;
mod decay;
mod delivery;
mod edits;
mod fields;
mod keys;
mod lanes;
mod laws;
mod live_mixer;
mod loudness;
mod memory;
mod metering;
mod meters;
mod processors;
mod realtime;
mod reference;
mod routing;
#[cfg(feature = "serde")]
mod serialised;
mod sparse;
mod stems;
mod strips;
