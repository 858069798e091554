//! Sends: a second way out of a strip, to a group or a return.

use super::{
    feed::Gains,
    strip::{StripParams, panned},
};
use crate::{
    foundation::{
        declare::{choice, params},
        error::Error,
        table::Fields,
    },
    levels::{
        gain::fader_gain,
        pan::{balance_gains, mono_gains},
    },
};
use alloc::string::String;

choice! {
    /// The point of a strip at which a send takes its signal.
    Tap, default PostPan {
        /// Before the inserts, after trim and polarity.
        PreInsert = "pre_insert",
        /// After inserts and width, before the fader.
        PreFader = "pre_fader",
        /// After the fader; the send pans by itself.
        PostFader = "post_fader",
        /// After fader and pan: what the strip gives to its bus. The pan of the send is a balance on it.
        PostPan = "post_pan",
    }
}

params! {
    /// Settings of a send.
    #[derive(Clone, Debug, PartialEq)]
    SendParams {
        to: compound String, default String::new(), "Name of the group or return";
        level_db: dB, -inf..=12.0, default 0.0, "Level; -144 dB and below is silence";
        tap: choice Tap, "Point of the strip at which it takes its signal";
        pan: none, -1.0..=1.0, default 0.0,
            "Position: pan of a mono signal, balance of a stereo one, by the pan law of the strip";
        mute: switch, default false, "Mutes the send";
    }
}

impl SendParams {
    /// Checks every setting but the destination.
    pub(super) fn validate(&self, sample_rate_hz: f64) -> Result<(), Error> {
        self.check_fields(sample_rate_hz)
    }

    /// Gains of a send of a strip with these settings; `channels` are those at the tap, `vca_gain` those of the groups
    /// that it belongs to.
    pub(super) fn gains(&self, strip: &StripParams, channels: usize, vca_gain: f64) -> Gains {
        let level = fader_gain(self.level_db);
        let faded = level * fader_gain(strip.fader_db) * vca_gain;
        let own = || Gains::straight(pan_or_balance(channels)(self.pan, strip.pan_law));
        match self.tap {
            Tap::PreInsert | Tap::PreFader => own().times(level),
            Tap::PostFader => own().times(faded),
            Tap::PostPan => panned(strip, channels).times(faded).balanced(balance_gains(self.pan, strip.pan_law)),
        }
    }
}

/// Pan of a mono signal, balance of a stereo one.
pub(super) fn pan_or_balance(channels: usize) -> fn(f64, crate::levels::PanLaw) -> [f64; 2] {
    if channels == 1 { mono_gains } else { balance_gains }
}
