//! DSP for mixing and mastering music: real-time safe, allocation-free while it runs, the same bits for any block size.
//!
//! What the user says ([`Params`]: dB, Hz, ms) becomes what the arithmetic needs (coefficients, designed in f64), which
//! acts on what the past left behind (state). Sound goes one way: samples, parts, processors, console, master.
//!
//! ```
//! use mixdown::{BellParams, BlockMut, EqualizerParams, Params, Processor, StreamSpec};
//!
//! let spec = StreamSpec::new(48_000.0, 2)?;
//! let bell = BellParams { frequency_hz: 3_000.0, gain_db: -4.0, q: 1.4 };
//! let mut equalizer = EqualizerParams { bands: vec![bell.into()], ..Default::default() }.build::<f32>(&spec)?;
//!
//! // In the callback: any block length, no allocation, nothing that can fail.
//! let (mut left, mut right) = ([0.25_f32; 64], [0.25_f32; 64]);
//! equalizer.process(&mut BlockMut::from_slices(&mut [&mut left, &mut right])?);
//! assert!(left[0] < 0.25 && left == right);
//! # Ok::<(), mixdown::Error>(())
//! ```
//!
//! # Features
//!
//! | feature | default | gives |
//! |---|---|---|
//! | `std` | yes | run-time CPU detection; convolution and the linear-phase equalizer |
//! | `serde` | no | settings and effects serialise |
//!
//! Without `std` the crate is `no_std` and needs `alloc`; memory is taken while building, never while processing.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;
#[cfg(any(test, feature = "std"))]
extern crate std;

pub mod console;
mod foundation;
mod kernels;
pub mod master;
pub mod meters;
mod parts;
pub mod processors;

pub use console::{
    bypass::Bypass,
    chain::Chain,
    effect::{Effect, EffectCoeffs, EffectProcessor},
    graph_error::GraphError,
    mid_side::MidSide,
    mixer::{MasterParams, Mixer},
    parallel::Parallel,
    track::TrackParams,
};
pub use foundation::{
    block::{Block, BlockMut},
    error::Error,
    math::Pow2,
    processor::{Dynamics, GainReduction, Meter, Params, Processor, Tail},
    sample::Sample,
    stream::{Cpu, MAX_CHANNELS, MAX_SAMPLE_RATE_HZ, MIN_SAMPLE_RATE_HZ, StreamSpec},
    unit::{db_to_gain, gain_to_db, ms_to_frames, power_to_db},
};
pub use master::{
    dither::{Dither, Quantizer, QuantizerParams},
    normalizer::{Held, Normalization, NormalizeError, NormalizeParams, NormalizePolicy, normalize, normalize_with},
    solver::{
        CURVE_STEP_MS, Delivery, DeliveryParams, LOUDNESS_TOLERANCE_LU, MAX_DC_OFFSET_DBFS, MAX_PASSES, PEAK_MARGIN_DB,
        deliver, deliver_with,
    },
    targets::{AlbumRule, DeliveryTarget, GainUp, LoudCeiling, TARGETS, playback_gain, target},
};
pub use meters::{
    loudness::{BlockEnergies, Layout, Loudness, LoudnessMeter, LoudnessParams, Memory, Weights, album_loudness},
    true_peak::{Precision, TruePeak, TruePeakMeter},
};
pub use num_complex::Complex64;
pub use parts::band::{
    AllPassParams, Band, BandPassParams, BellParams, Design, HighPassParams, HighShelfParams, LowPassParams,
    LowShelfParams, MAX_BANDS, NotchParams, TiltParams,
};
pub use parts::compression::{CompressorCoeffs, CompressorParams, CompressorRelease};
pub use parts::crossover::{Crossover, CrossoverCoeffs, CrossoverParams, MAX_SPLIT_BANDS};
pub use parts::detector::Detector;
pub use processors::{
    compressor::Compressor,
    deesser::{DeEsser, DeEsserCoeffs, DeEsserParams},
    dynamic_eq::{
        DynamicBand, DynamicEqualizer, DynamicEqualizerBand, DynamicEqualizerCoeffs, DynamicEqualizerParams,
        DynamicShape,
    },
    equalizer::{Equalizer, EqualizerCoeffs, EqualizerParams},
    expander::{Expander, ExpanderCoeffs, ExpanderParams},
    filter::{Filter, FilterCoeffs},
    gain::{Gain, GainCoeffs, GainParams},
    gate::{Gate, GateCoeffs, GateParams},
    limiter::{Limiter, LimiterCoeffs, LimiterMode, LimiterParams, ReleaseMode},
    multiband::{MultibandCompressor, MultibandCompressorCoeffs, MultibandCompressorParams},
    pan::{Pan, PanCoeffs, PanLaw, PanParams},
    plate::{Plate, PlateCoeffs, PlateParams},
    reverb::{Reverb, ReverbCoeffs, ReverbParams, Space},
    width::{Width, WidthCoeffs, WidthParams},
};
#[cfg(feature = "std")]
pub use processors::{
    convolution::{Convolution, ConvolutionCoeffs, ConvolutionLayout, ConvolutionParams, ImpulseResponse},
    linear_phase::{LinearPhaseEqualizer, LinearPhaseEqualizerCoeffs, LinearPhaseEqualizerParams},
};
