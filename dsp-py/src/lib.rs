//! The compiled module `mixdown._core`: thin, typed, and without a panic that could cross into Python.
//!
//! Settings come as plain values, audio as numpy arrays; long work runs without the interpreter lock.

mod array;
mod effect;
mod error;
mod interrupt;
mod loudness;
mod mixer;

/// The compiled half of `mixdown`.
#[pyo3::pymodule]
mod _core {
    #[pymodule_export]
    use super::{
        array::{as_array, as_audio},
        effect::{
            Stream, check, frequency_response, gain_reduction, latency_frames, process, reverb_space, transfer_curve,
        },
        error::{MixerError, ParameterError, ShapeError},
        loudness::{LoudnessMeter, album_loudness, ceiling_at, deliver, normalize, playback_gain, quantize, targets},
        mixer::Mixer,
    };
}
