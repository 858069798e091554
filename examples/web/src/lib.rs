//! A chain of mixdown for the browser: settings by the tables of parameters, curves, sound and meters, behind a plain C
//! interface ([`border`]) that JavaScript calls without any glue.
//!
//! The page has an instance that edits: it checks settings and computes curves. The worklet has another, which runs.
#![cfg_attr(target_arch = "wasm32", no_std)]

extern crate alloc;

mod border;
mod description;
mod host;
#[cfg(target_arch = "wasm32")]
mod platform;
mod program;
mod running;
mod stage;
mod strip;
