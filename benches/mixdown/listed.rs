//! Every processor of the list, at settings with which it works.

use mixdown::{
    Effect, Fields,
    convolution::{ConvolutionParams, ImpulseResponse},
    dynamics::{DynamicBand, DynamicEqualizerParams},
    filters::{BellParams, EqualizerParams},
    for_each_processor,
};

/// Frames of the response of the convolution.
const RESPONSE: usize = 24_000;

macro_rules! defaults {
    ($($name:ident: $params:ty, $processor:ty;)*) => {
        fn defaults() -> Vec<(&'static str, Effect)> {
            vec![$((stringify!($name), <$params>::default().into())),*]
        }
    };
}
for_each_processor!(defaults);

/// Values other than the defaults, which for some change nothing: by processor, or for all that have the parameter.
const WORKING: [(&str, &str, f64); 14] = [
    ("Gain", "gain_db", -3.0),
    ("Pan", "pan", 0.3),
    ("Width", "width", 1.2),
    ("Bell", "gain_db", 4.0),
    ("LowShelf", "gain_db", 4.0),
    ("HighShelf", "gain_db", 4.0),
    ("Tilt", "gain_db", 2.0),
    ("Compressor", "threshold_db", -20.0),
    ("Gate", "threshold_db", -15.0),
    ("Expander", "threshold_db", -20.0),
    ("Limiter", "gain_db", 12.0),
    ("TransientShaper", "attack_db", 6.0),
    ("Saturator", "drive_db", 12.0),
    ("Clipper", "gain_db", 12.0),
];

/// Name and settings of every processor.
pub fn listed() -> Vec<(&'static str, Effect)> {
    let mut listed = defaults();
    for (name, effect) in &mut listed {
        for (_, parameter, value) in WORKING.iter().filter(|(of, ..)| of == name) {
            effect.set(parameter, (*value).into()).expect("a parameter in its range");
        }
        match effect {
            Effect::Equalizer(params) => {
                *params = EqualizerParams { bands: (0..8).map(|n| bell(n).into()).collect(), ..params.clone() }
            }
            Effect::LinearPhaseEqualizer(params) => params.bands = vec![bell(2).into()],
            Effect::DynamicEqualizer(params) => {
                let band = |n| DynamicBand { shape: bell(n).into(), threshold_db: -40.0, ..Default::default() }.into();
                *params = DynamicEqualizerParams { bands: (0..4).map(band).collect() };
            }
            Effect::Convolution(params) => {
                *params = ConvolutionParams { impulse_response: response(), ..params.clone() }
            }
            _ => {}
        }
    }
    listed
}

fn bell(band: usize) -> BellParams {
    let gain_db = if band.is_multiple_of(2) { 4.0 } else { -3.0 };
    BellParams { frequency_hz: 60.0 * 2.1_f64.powi(band as i32), gain_db, q: 0.7 + 0.2 * band as f64 }
}

/// A decaying tone, other on each side.
fn response() -> ImpulseResponse {
    let row = |step: f64| -> Vec<f64> {
        (0..RESPONSE)
            .map(|n| 0.01 * (step * (n * n % 997) as f64).sin() * (-6.9 * n as f64 / RESPONSE as f64).exp())
            .collect()
    };
    let rows = [row(0.37), row(0.53)];
    ImpulseResponse::from_rows(&[&rows[0], &rows[1]]).expect("legal")
}
