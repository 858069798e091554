//! Console: effects as values, combinators of processors, strips and the mixer.

pub(crate) mod address;
mod automation;
pub(crate) mod bypass;
pub(crate) mod chain;
mod chunk;
pub(crate) mod custom;
pub(crate) mod effect;
mod effect_design;
mod effect_processor;
mod feed;
mod function;
mod gains;
mod graph;
mod insert;
mod lanes;
pub(crate) mod list;
mod measure;
mod meter_reader;
mod metering;
pub(crate) mod mid_side;
pub(crate) mod mixer;
mod mixer_check;
mod mixer_edit;
pub(crate) mod mixer_error;
pub(crate) mod mixer_params;
mod mixer_route;
mod mixer_values;
pub(crate) mod offline;
pub(crate) mod pair;
pub(crate) mod parallel;
pub(crate) mod path_delay;
mod send;
pub(crate) mod series;
mod staging;
pub(crate) mod stems;
mod strip;
mod strip_id;
mod strip_meter;
pub(crate) mod strip_params;
mod taps;

pub use {
    automation::{Lane, Point, Shape},
    bypass::Bypass,
    chain::Chain,
    custom::CustomProcessor,
    effect::{Effect, EffectCoeffs, EffectProcessor},
    function::{Answer, Function, FunctionParams},
    measure::{StripReading, measure_mix},
    meter_reader::{MeterReader, StripLevels},
    mid_side::MidSide,
    mixer::Mixer,
    mixer_error::MixerError,
    mixer_params::{MASTER, MixerParams, NamedStrip, StripInput, VcaParams},
    offline::{
        AUTO_TAIL_FLOOR, AUTO_TAIL_STEP_S, Interrupted, KeepTail, MAX_AUTO_TAIL_S, Progress, Rendering, render,
        render_mix, render_mix_to, render_to,
    },
    parallel::Parallel,
    send::{SendParams, Tap},
    staging::{stage, stage_mix},
    stems::{Stems, render_stems},
    strip_id::StripId,
    strip_meter::Metering,
    strip_params::{KeyParams, StereoPan, StripParams},
};
