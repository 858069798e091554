//! Console: effects as values, combinators of processors, strips and the mixer.

pub(crate) mod bypass;
pub(crate) mod chain;
pub(crate) mod custom;
pub(crate) mod effect;
mod effect_design;
mod effect_processor;
pub(crate) mod list;
pub(crate) mod mid_side;
pub(crate) mod mixer;
pub(crate) mod mixer_error;
pub(crate) mod offline;
pub(crate) mod pair;
pub(crate) mod parallel;
pub(crate) mod series;
pub(crate) mod strip;

pub use {
    bypass::Bypass,
    chain::Chain,
    custom::CustomProcessor,
    effect::{Effect, EffectCoeffs, EffectProcessor},
    mid_side::MidSide,
    mixer::{MasterParams, Mixer},
    mixer_error::MixerError,
    offline::{
        AUTO_TAIL_FLOOR, AUTO_TAIL_STEP_S, Interrupted, KeepTail, MAX_AUTO_TAIL_S, Progress, Rendering, render,
        render_mix,
    },
    parallel::Parallel,
    strip::TrackParams,
};
