//! Layer 2: one room per processor. [`for_each_processor!`] names every one once.

pub mod equalizer;
pub mod filter;
pub mod gain;
pub mod pan;
pub mod width;

/// The one list: `for_each_processor!(callback)` expands to
/// `callback! { Name: Params, Processor; … }`. The effect enum, its processors, the laws, the benches and the fuzz
/// targets are driven by it.
#[macro_export]
#[doc(hidden)]
macro_rules! for_each_processor {
    ($callback:ident) => {
        $callback! {
            Gain: GainParams, Gain<S>;
            Pan: PanParams, Pan<S>;
            Width: WidthParams, Width<S>;
            Equalizer: EqualizerParams, Equalizer<S>;
            Bell: BellParams, Filter<S, BellParams>;
            LowShelf: LowShelfParams, Filter<S, LowShelfParams>;
            HighShelf: HighShelfParams, Filter<S, HighShelfParams>;
            LowPass: LowPassParams, Filter<S, LowPassParams>;
            HighPass: HighPassParams, Filter<S, HighPassParams>;
            BandPass: BandPassParams, Filter<S, BandPassParams>;
            Notch: NotchParams, Filter<S, NotchParams>;
            AllPass: AllPassParams, Filter<S, AllPassParams>;
            Tilt: TiltParams, Filter<S, TiltParams>;
        }
    };
}
