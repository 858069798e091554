//! Sends: a second way out of a strip, to a group or a return.

use crate::foundation::{
    declare::{choice, params},
    error::Error,
    table::Fields,
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
}
