//! The compiled module `mixdown._core`: thin, typed, and without a panic that could cross into Python.
//!
//! Settings come as plain values, audio as numpy arrays; long work runs without the interpreter lock.

mod analysis;
mod array;
mod delivery;
mod effect;
mod error;
mod fader;
mod format;
mod functions;
mod interrupt;
mod meter;
mod mix;
mod offline;
mod settings;
mod stream;
mod vinyl;

/// The compiled half of `mixdown`.
#[pyo3::pymodule]
mod _core {
    /// Most channels of a stream.
    #[pymodule_export]
    const MAX_CHANNELS: usize = mixdown::MAX_CHANNELS;
    /// Lowest and highest sample rate.
    #[pymodule_export]
    const MIN_SAMPLE_RATE_HZ: f64 = mixdown::MIN_SAMPLE_RATE_HZ;
    #[pymodule_export]
    const MAX_SAMPLE_RATE_HZ: f64 = mixdown::MAX_SAMPLE_RATE_HZ;
    /// Longest tail kept.
    #[pymodule_export]
    const MAX_TAIL_S: f64 = mixdown::console::MAX_AUTO_TAIL_S;

    #[pymodule_export]
    use super::{
        analysis::{
            Spectra,
            check::check_programme,
            lead::lead_report,
            limits,
            masking::masking,
            tone::{match_to, tonal_balance, tonal_curve, tonal_hits, tonal_target},
            translation::{devices, translation},
        },
        array::{as_array, as_audio},
        delivery::{Quantizer, ceiling_at, deliver, delivery_range, normalize, playback_gain, quantize, targets},
        effect::{design_error_db, frequency_response, latency_frames, transfer_curve},
        error::{MixerError, ParameterError, ShapeError},
        fader::{fader_levels_db, fader_positions},
        meter::{CorrelationMeter, LevelMeter, LoudnessMeter, SpectrumMeter, album_loudness, mono_fold},
        mix::{measure_mix, render_mix, render_stems},
        offline::{gain_reduction, process},
        settings::{
            check_band, check_effect, check_mix, check_send, check_strip, fields, kinds, reverb_space, takes_key,
        },
        stream::Stream,
        vinyl::{Groove, riaa_record_db, vinyl_formats, vinyl_level, vinyl_side},
    };
}
