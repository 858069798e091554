//! Settings of a strip.

use super::{automation::Lane, effect::Effect, send::SendParams};
use crate::{
    foundation::{
        declare::{choice, params},
        error::{Error, channels_in},
        stream::StreamSpec,
        table::Fields,
    },
    levels::{gain::GainParams, pan::PanLaw, width::WidthParams},
};
use alloc::{string::String, vec::Vec};

choice! {
    /// Placing of a stereo strip.
    StereoPan, default Balance {
        /// `pan` turns one side down.
        Balance = "balance",
        /// Left and right are panned by themselves, by `left_pan` and `right_pan`.
        Dual = "dual",
    }
}

params! {
    /// Settings of a strip.
    #[derive(Clone, Debug, PartialEq)]
    StripParams {
        trim_db: dB, -24.0..=24.0, default 0.0, "Level before the inserts";
        invert_polarity: switch, default false, "Turns the waveform upside down before the inserts";
        inserts: compound Vec<Effect>, default Vec::new(), "Effects, first to last; a mono strip may leave them stereo";
        keys: compound Vec<KeyParams>, default Vec::new(), "Other strips as keys of inserts";
        width: none, 0.0..=2.0, default 1.0, "Stereo width after the inserts; a strip that is mono there takes only 1";
        fader_db: dB, -inf..=12.0, default 0.0, "Level; -144 dB and below is silence";
        pan: none, -1.0..=1.0, default 0.0,
            "Position: pan of a strip that is mono after its inserts, balance of a stereo one";
        pan_law: choice PanLaw, "Pan law";
        stereo_pan: choice StereoPan, "Placing of a strip that is stereo after its inserts";
        left_pan: none, -1.0..=1.0, default -1.0, "Position of the left channel, for `dual`";
        right_pan: none, -1.0..=1.0, default 1.0, "Position of the right channel, for `dual`";
        mute: switch, default false, "Mutes the strip and its sends";
        solo: switch, default false, "While any strip is soloed, only soloed ones, what feeds them and what they feed are heard";
        solo_safe: switch, default false, "Is heard while other strips are soloed; returns always are";
        to: compound String, default String::from("master"), "Name of the group that it feeds";
        sends: compound Vec<SendParams>, default Vec::new(), "Further ways to groups and returns";
        automation: compound Vec<Lane>, default Vec::new(), "Courses of levels, positions, mutes and parameters of inserts";
    }
}

params! {
    /// The key of one insert: the signal of another strip after its inserts, before fader and mute.
    #[derive(Clone, Debug, PartialEq)]
    KeyParams {
        insert: none as usize, 0.0..=65535.0, default 0, "Position of the insert, from 0";
        from: compound String, default String::new(), "Name of the strip";
    }
}

impl StripParams {
    /// Checks all but the inserts, given their output stream.
    pub(super) fn validate_after_inserts(&self, after: &StreamSpec) -> Result<(), Error> {
        channels_in(after.channels(), 1, 2)?;
        self.check_fields(after.sample_rate_hz())?;
        if after.channels() == 1 && self.width != 1.0 {
            let allowed = "1 on a strip that is mono after its inserts";
            return Err(Error::NotAllowed { param: "width", index: None, value: self.width, allowed });
        }
        self.sends.iter().enumerate().try_for_each(|(position, send)| {
            send.validate(after.sample_rate_hz()).map_err(|error| error.within("sends", position))
        })
    }

    pub(super) fn trim(&self) -> GainParams {
        GainParams { gain_db: self.trim_db, invert_polarity: self.invert_polarity }
    }

    pub(super) fn width(&self) -> WidthParams {
        WidthParams { width: self.width, bass_mono_hz: 0.0 }
    }
}
