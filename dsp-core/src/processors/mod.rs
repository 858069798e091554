//! Layer 2: one room per processor. The macro `for_each_processor!` names every one once.

pub mod compressor;
#[cfg(feature = "std")]
pub mod convolution;
pub mod deesser;
pub mod dynamic_eq;
pub mod equalizer;
pub mod expander;
pub mod filter;
pub mod gain;
pub mod gate;
pub mod limiter;
#[cfg(feature = "std")]
pub mod linear_phase;
pub mod multiband;
pub mod pan;
pub mod plate;
pub mod reverb;
pub mod width;

/// The one list: `for_each_processor!(callback)` expands to
/// `callback! { Name: Params, Processor; … }`. The effect enum, its processors, the laws, the benches and the fuzz
/// targets are driven by it. Those that need the standard library follow in `with_std_processors!`.
#[macro_export]
#[doc(hidden)]
macro_rules! for_each_processor {
    ($callback:ident) => {
        $crate::with_std_processors! { $callback
            Gain: $crate::GainParams, $crate::Gain<S>;
            Pan: $crate::PanParams, $crate::Pan<S>;
            Width: $crate::WidthParams, $crate::Width<S>;
            Equalizer: $crate::EqualizerParams, $crate::Equalizer<S>;
            Bell: $crate::BellParams, $crate::Filter<S, $crate::BellParams>;
            LowShelf: $crate::LowShelfParams, $crate::Filter<S, $crate::LowShelfParams>;
            HighShelf: $crate::HighShelfParams, $crate::Filter<S, $crate::HighShelfParams>;
            LowPass: $crate::LowPassParams, $crate::Filter<S, $crate::LowPassParams>;
            HighPass: $crate::HighPassParams, $crate::Filter<S, $crate::HighPassParams>;
            BandPass: $crate::BandPassParams, $crate::Filter<S, $crate::BandPassParams>;
            Notch: $crate::NotchParams, $crate::Filter<S, $crate::NotchParams>;
            AllPass: $crate::AllPassParams, $crate::Filter<S, $crate::AllPassParams>;
            Tilt: $crate::TiltParams, $crate::Filter<S, $crate::TiltParams>;
            DynamicEqualizer: $crate::DynamicEqualizerParams, $crate::DynamicEqualizer<S>;
            Compressor: $crate::CompressorParams, $crate::Compressor<S>;
            DeEsser: $crate::DeEsserParams, $crate::DeEsser<S>;
            MultibandCompressor: $crate::MultibandCompressorParams, $crate::MultibandCompressor<S>;
            Expander: $crate::ExpanderParams, $crate::Expander<S>;
            Gate: $crate::GateParams, $crate::Gate<S>;
            Limiter: $crate::LimiterParams, $crate::Limiter<S>;
            Reverb: $crate::ReverbParams, $crate::Reverb<S>;
            Plate: $crate::PlateParams, $crate::Plate<S>;
        }
    };
}

/// Appends to the list what there is only with `std`.
#[cfg(feature = "std")]
#[macro_export]
#[doc(hidden)]
macro_rules! with_std_processors {
    ($callback:ident $($others:tt)*) => {
        $callback! {
            $($others)*
            LinearPhaseEqualizer: $crate::LinearPhaseEqualizerParams, $crate::LinearPhaseEqualizer<S>;
            Convolution: $crate::ConvolutionParams, $crate::Convolution<S>;
        }
    };
}

/// Without `std` there is nothing to append to the list.
#[cfg(not(feature = "std"))]
#[macro_export]
#[doc(hidden)]
macro_rules! with_std_processors {
    ($callback:ident $($others:tt)*) => {
        $callback! { $($others)* }
    };
}
