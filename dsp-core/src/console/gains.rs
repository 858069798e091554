//! Gains of the ways out of a strip: fader, pan, VCA groups and sends, as numbers from a signal to a stereo bus.

use super::{
    graph::Output,
    send::{SendParams, Tap},
    strip_params::{StereoPan, StripParams},
};
use crate::levels::{
    gain::fader_gain,
    pan::{PanLaw, balance_gains, mono_gains},
};

/// Gains from a mono or stereo signal to the left and the right of a bus.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Gains {
    /// Left to left and right to right; of a mono signal, to both.
    pub(super) straight: [f64; 2],
    /// Right to left and left to right.
    pub(super) crossed: [f64; 2],
}

impl Gains {
    /// Changes nothing when others are multiplied by it.
    const ONES: Self = Self { straight: [1.0; 2], crossed: [1.0; 2] };

    fn straight(straight: [f64; 2]) -> Self {
        Self { straight, crossed: [0.0; 2] }
    }

    /// Times a gain to the left and a gain to the right.
    fn times(self, [left, right]: [f64; 2]) -> Self {
        let times = |[to_left, to_right]: [f64; 2]| [to_left * left, to_right * right];
        Self { straight: times(self.straight), crossed: times(self.crossed) }
    }
}

/// Positions of a strip.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Placing {
    pub(super) pan: f64,
    pub(super) left_pan: f64,
    pub(super) right_pan: f64,
    stereo_pan: StereoPan,
}

impl Placing {
    fn gains(&self, channels: usize, law: PanLaw) -> Gains {
        if channels == 1 || self.stereo_pan == StereoPan::Balance {
            return Gains::straight(pan_or_balance(self.pan, channels, law));
        }
        let [left_to_left, left_to_right] = mono_gains(self.left_pan, law);
        let [right_to_left, right_to_right] = mono_gains(self.right_pan, law);
        Gains { straight: [left_to_left, right_to_right], crossed: [right_to_left, left_to_right] }
    }
}

/// What one way out of a strip glides to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Aims {
    pub(super) levels: OutputLevels,
    /// The part of the fader that is of VCA groups.
    pub(super) vca_gain: f64,
    /// Whether the switches of the strip and of the send, which lanes may rule, let it be heard.
    pub(super) unmuted: [bool; 2],
    /// Whether its VCA groups and what is soloed do.
    pub(super) is_kept: bool,
}

impl Aims {
    /// Those of a strip's main output, or of one of its sends, given the gain of its VCA groups and whether they are muted,
    /// and whether what is soloed keeps the strip.
    pub(super) fn of(params: &StripParams, output: Output, (vca_gain, is_muted): (f64, bool), is_kept: bool) -> Self {
        let send = match output {
            Output::Main => None,
            Output::Send(position) => params.sends.get(position),
        };
        Self {
            levels: OutputLevels::of(params, send, vca_gain),
            vca_gain,
            unmuted: [!params.mute, send.is_none_or(|send| !send.mute)],
            is_kept: is_kept && !is_muted,
        }
    }
}

/// Level and position of one way out of a strip. What is `None` or 1 leaves the gains to another one: those of settings
/// and those of lanes are multiplied.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct OutputLevels {
    pub(super) tap: Tap,
    pub(super) law: PanLaw,
    /// Fader and VCA groups, as a factor; they act after the fader only.
    pub(super) fader: f64,
    /// Position of the strip; it acts after the pan only.
    pub(super) placing: Option<Placing>,
    /// Level of the send, as a factor.
    pub(super) level: f64,
    /// Position of the send.
    pub(super) send_pan: Option<f64>,
}

impl OutputLevels {
    /// Those of a strip's main output, or of one of its sends.
    pub(super) fn of(strip: &StripParams, send: Option<&SendParams>, vca_gain: f64) -> Self {
        let &StripParams { pan, left_pan, right_pan, stereo_pan, .. } = strip;
        Self {
            tap: send.map_or(Tap::PostPan, |send| send.tap),
            law: strip.pan_law,
            fader: fader_gain(strip.fader_db) * vca_gain,
            placing: Some(Placing { pan, left_pan, right_pan, stereo_pan }),
            level: send.map_or(1.0, |send| fader_gain(send.level_db)),
            send_pan: send.map(|send| send.pan),
        }
    }

    /// The gains of a signal of these channels at the tap.
    pub(super) fn gains(&self, channels: usize) -> Gains {
        let of_send = |channels| self.send_pan.map(|pan| pan_or_balance(pan, channels, self.law));
        let own = || of_send(channels).map_or(Gains::ONES, Gains::straight);
        match self.tap {
            Tap::PreInsert | Tap::PreFader => own().times([self.level; 2]),
            Tap::PostFader => own().times([self.level * self.fader; 2]),
            Tap::PostPan => {
                let placed = self.placing.map_or(Gains::ONES, |placing| placing.gains(channels, self.law));
                placed.times([self.level * self.fader; 2]).times(of_send(2).unwrap_or([1.0; 2]))
            }
        }
    }
}

/// Pan of a mono signal, balance of a stereo one.
fn pan_or_balance(pan: f64, channels: usize, law: PanLaw) -> [f64; 2] {
    if channels == 1 { mono_gains(pan, law) } else { balance_gains(pan, law) }
}
