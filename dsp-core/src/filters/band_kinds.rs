//! The kinds of bands: the one list.

/// Calls a macro with every kind of band and its settings, after what is given for it.
macro_rules! for_each_band {
    ($callback:path $(, $($given:tt)*)?) => {
        $callback! {
            $($($given)*)?
            /// Boost or cut around a frequency.
            Bell(BellParams),
            /// Boost or cut below a frequency.
            LowShelf(LowShelfParams),
            /// Boost or cut above a frequency.
            HighShelf(HighShelfParams),
            /// Attenuates above a frequency.
            LowPass(LowPassParams),
            /// Attenuates below a frequency.
            HighPass(HighPassParams),
            /// Passes a band around a frequency.
            BandPass(BandPassParams),
            /// Removes a frequency.
            Notch(NotchParams),
            /// Shifts the phase around a frequency.
            AllPass(AllPassParams),
            /// Lows against highs.
            Tilt(TiltParams),
        }
    };
}
pub(crate) use for_each_band;
