//! Layer 2: one room per processor. The macro `for_each_processor!` names every one once.

pub mod equalizer;
pub mod filter;
pub mod gain;
pub mod limiter;
pub mod pan;
pub mod plate;
pub mod reverb;
pub mod width;

/// The one list: `for_each_processor!(callback)` expands to
/// `callback! { Name: Params, Processor; … }`. The effect enum, its processors, the laws, the benches and the fuzz
/// targets are driven by it.
#[macro_export]
#[doc(hidden)]
macro_rules! for_each_processor {
    ($callback:ident) => {
        $callback! {
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
            Limiter: $crate::LimiterParams, $crate::Limiter<S>;
            Reverb: $crate::ReverbParams, $crate::Reverb<S>;
            Plate: $crate::PlateParams, $crate::Plate<S>;
        }
    };
}
