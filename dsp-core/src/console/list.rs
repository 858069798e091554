//! The list of processors.

/// The one list: `for_each_processor!(callback)` expands to `callback! { Name: Params, Processor; … }`. The effect
/// enum, its processors, the tests of the invariants, the benches and the fuzz targets are generated from it.
#[macro_export]
#[doc(hidden)]
macro_rules! for_each_processor {
    ($callback:ident) => {
        $callback! {
            Gain: $crate::levels::GainParams, $crate::levels::Gain<S>;
            Pan: $crate::levels::PanParams, $crate::levels::Pan<S>;
            Width: $crate::levels::WidthParams, $crate::levels::Width<S>;
            Equalizer: $crate::filters::EqualizerParams, $crate::filters::Equalizer<S>;
            Bell: $crate::filters::BellParams, $crate::filters::Filter<S, $crate::filters::BellParams>;
            LowShelf: $crate::filters::LowShelfParams, $crate::filters::Filter<S, $crate::filters::LowShelfParams>;
            HighShelf: $crate::filters::HighShelfParams, $crate::filters::Filter<S, $crate::filters::HighShelfParams>;
            LowPass: $crate::filters::LowPassParams, $crate::filters::Filter<S, $crate::filters::LowPassParams>;
            HighPass: $crate::filters::HighPassParams, $crate::filters::Filter<S, $crate::filters::HighPassParams>;
            BandPass: $crate::filters::BandPassParams, $crate::filters::Filter<S, $crate::filters::BandPassParams>;
            Notch: $crate::filters::NotchParams, $crate::filters::Filter<S, $crate::filters::NotchParams>;
            AllPass: $crate::filters::AllPassParams, $crate::filters::Filter<S, $crate::filters::AllPassParams>;
            Tilt: $crate::filters::TiltParams, $crate::filters::Filter<S, $crate::filters::TiltParams>;
            DynamicEqualizer: $crate::dynamics::DynamicEqualizerParams, $crate::dynamics::DynamicEqualizer<S>;
            Compressor: $crate::dynamics::CompressorParams, $crate::dynamics::Compressor<S>;
            DeEsser: $crate::dynamics::DeEsserParams, $crate::dynamics::DeEsser<S>;
            MultibandCompressor: $crate::dynamics::MultibandCompressorParams, $crate::dynamics::MultibandCompressor<S>;
            Expander: $crate::dynamics::ExpanderParams, $crate::dynamics::Expander<S>;
            Gate: $crate::dynamics::GateParams, $crate::dynamics::Gate<S>;
            TransientShaper: $crate::dynamics::TransientShaperParams, $crate::dynamics::TransientShaper<S>;
            Limiter: $crate::dynamics::LimiterParams, $crate::dynamics::Limiter<S>;
            Delay: $crate::modulation::DelayParams, $crate::modulation::Delay<S>;
            Chorus: $crate::modulation::ChorusParams, $crate::modulation::Chorus<S>;
            Flanger: $crate::modulation::FlangerParams, $crate::modulation::Flanger<S>;
            Phaser: $crate::modulation::PhaserParams, $crate::modulation::Phaser<S>;
            Tremolo: $crate::modulation::TremoloParams, $crate::modulation::Tremolo<S>;
            Vibrato: $crate::modulation::VibratoParams, $crate::modulation::Vibrato<S>;
            Saturator: $crate::saturation::SaturatorParams, $crate::saturation::Saturator<S>;
            Clipper: $crate::saturation::ClipperParams, $crate::saturation::Clipper<S>;
            Reverb: $crate::reverbs::ReverbParams, $crate::reverbs::Reverb<S>;
            Plate: $crate::reverbs::PlateParams, $crate::reverbs::Plate<S>;
            LinearPhaseEqualizer: $crate::convolution::LinearPhaseEqualizerParams, $crate::convolution::LinearPhaseEqualizer<S>;
            Convolution: $crate::convolution::ConvolutionParams, $crate::convolution::Convolution<S>;
        }
    };
}
