//! Console: effects as values, combinators of processors, strips and the mixer.

pub(crate) mod bypass;
pub(crate) mod chain;
pub(crate) mod custom;
pub(crate) mod effect;
pub(crate) mod list;
pub(crate) mod mid_side;
pub(crate) mod mixer;
pub(crate) mod mixer_error;
pub(crate) mod pair;
pub(crate) mod parallel;
pub(crate) mod strip;

pub use {
    bypass::Bypass,
    chain::Chain,
    custom::CustomProcessor,
    effect::{Effect, EffectCoeffs, EffectProcessor},
    mid_side::MidSide,
    mixer::{MasterParams, Mixer},
    mixer_error::GraphError,
    parallel::Parallel,
    strip::TrackParams,
};
