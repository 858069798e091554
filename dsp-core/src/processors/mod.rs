//! Layer 2: one room per processor. [`for_each_processor!`] names every one once.

pub mod gain;
pub mod pan;

/// The one list: `for_each_processor!(callback)` expands to
/// `callback! { Name: Params, Processor; … }`. The effect enum, its processors, the laws, the benches and the fuzz
/// targets are driven by it.
#[macro_export]
#[doc(hidden)]
macro_rules! for_each_processor {
    ($callback:ident) => {
        $callback! {
            Gain: GainParams, Gain;
            Pan: PanParams, Pan;
        }
    };
}
