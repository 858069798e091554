//! The compiled module `mixdown._core`: thin, typed, and without a panic that could cross into Python.
//!
//! Settings come as plain values, audio as numpy arrays; long work runs without the interpreter lock.

mod array;
mod delivery;
mod effect;
mod error;
mod format;
mod interrupt;
mod meter;
mod mix;
mod offline;
mod settings;
mod stream;

/// The compiled half of `mixdown`.
#[pyo3::pymodule]
mod _core {
    #[pymodule_export]
    use super::{
        array::{as_array, as_audio},
        delivery::{ceiling_at, deliver, normalize, playback_gain, quantize, targets},
        effect::{frequency_response, latency_frames, transfer_curve},
        error::{MixerError, ParameterError, ShapeError},
        meter::{LoudnessMeter, album_loudness},
        mix::render_mix,
        offline::{gain_reduction, process},
        settings::{check_effect, check_master, check_track, fields, kinds, reverb_space},
        stream::Stream,
    };
}
