//! The effects of the page, and which settings its panels show.

use crate::stage::{Slot, Stage};
use alloc::{boxed::Box, vec};
use mixdown::{
    Fields,
    dynamics::{CompressorParams, LimiterParams},
    filters::{BellParams, EqualizerParams, HighShelfParams, LowShelfParams},
    levels::GainParams,
    reverbs::ReverbParams,
    saturation::SaturatorParams,
};

/// A group of controls: the settings of a stage, or of one of its bands.
pub(crate) struct Panel {
    pub(crate) title: &'static str,
    pub(crate) stage: usize,
    pub(crate) band: Option<usize>,
}

pub(crate) const EQUALIZER: usize = 0;
pub(crate) const COMPRESSOR: usize = 1;
pub(crate) const SATURATOR: usize = 2;
pub(crate) const SEND: usize = 3;
pub(crate) const REVERB: usize = 4;
pub(crate) const LIMITER: usize = 5;
pub(crate) const STAGES: usize = 6;

pub(crate) const PANELS: [Panel; 9] = [
    Panel { title: "Low shelf", stage: EQUALIZER, band: Some(0) },
    Panel { title: "Bell 1", stage: EQUALIZER, band: Some(1) },
    Panel { title: "Bell 2", stage: EQUALIZER, band: Some(2) },
    Panel { title: "High shelf", stage: EQUALIZER, band: Some(3) },
    Panel { title: "Compressor", stage: COMPRESSOR, band: None },
    Panel { title: "Saturator", stage: SATURATOR, band: None },
    Panel { title: "Reverb send", stage: SEND, band: None },
    Panel { title: "Reverb", stage: REVERB, band: None },
    Panel { title: "Limiter", stage: LIMITER, band: None },
];

/// The stages, in the order of the constants above.
pub(crate) type Stages = [Box<dyn Stage>; STAGES];

pub(crate) fn stages() -> Stages {
    let bands = vec![
        LowShelfParams { frequency_hz: 100.0, ..Default::default() }.into(),
        BellParams { frequency_hz: 350.0, ..Default::default() }.into(),
        BellParams { frequency_hz: 3_000.0, ..Default::default() }.into(),
        HighShelfParams { frequency_hz: 9_000.0, ..Default::default() }.into(),
    ];
    [
        Slot::of(EqualizerParams { bands, ..Default::default() }),
        Slot::of(CompressorParams {
            threshold_db: -20.0,
            ratio: 2.0,
            attack_ms: 20.0,
            makeup_db: 2.0,
            ..Default::default()
        }),
        Slot::of(SaturatorParams { mix: 0.25, auto_gain: true, ..Default::default() }),
        Slot::of(GainParams { gain_db: -21.0, ..Default::default() }),
        Slot::of(ReverbParams { low_cut_hz: 200.0, ..Default::default() }),
        Slot::of(LimiterParams { gain_db: 4.0, ..Default::default() }),
    ]
}

impl Panel {
    pub(crate) fn settings<'a>(&self, stages: &'a mut Stages) -> Option<&'a mut dyn Fields> {
        let settings = stages[self.stage].settings();
        match self.band {
            None => Some(settings),
            band => settings.part("bands", band),
        }
    }
}
