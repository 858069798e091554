//! Bands of an equalizer on a part of the stereo signal: mid, side, left or right; and bands switched off.

use super::{
    band::{Band, BandParams, BellParams, Design, Sections},
    band_enum::bands_and,
};
use crate::foundation::{
    declare::{choice, params},
    error::{Error, channels_in},
    stream::StreamSpec,
};

choice! {
    /// Part of a stereo signal.
    Place, default Stereo {
        /// All channels.
        Stereo = "stereo",
        /// What both sides share, (L + R) / 2.
        Mid = "mid",
        /// What they differ in, (L - R) / 2.
        Side = "side",
        /// The left channel.
        Left = "left",
        /// The right channel.
        Right = "right",
    }
}

params! {
    /// A band of an [`Equalizer`](crate::filters::Equalizer) with its place in the stereo signal, or switched off.
    ///
    /// ```
    /// use mixdown::filters::{EqualizerParams, HighPassParams, Place, Placed};
    ///
    /// let bass_to_the_middle = Placed {
    ///     band: HighPassParams { frequency_hz: 120.0, ..Default::default() }.into(),
    ///     place: Place::Side,
    ///     ..Default::default()
    /// };
    /// let equalizer = EqualizerParams { bands: vec![bass_to_the_middle.into()], ..Default::default() };
    /// # let _ = equalizer;
    /// ```
    #[derive(Clone, Copy, Debug, PartialEq)]
    Placed {
        band: compound Band, default Band::Bell(BellParams::default()), "The band";
        place: choice Place, "The part of the stereo signal; other than `stereo`, it takes a stream of 2 channels";
        enabled: switch, default true, "Off, the band changes nothing and keeps its settings";
    }
}

bands_and! {
    /// A band of an [`Equalizer`](crate::filters::Equalizer): one that acts on all channels, or a placed one.
    EqualizerBand "EqualizerBand" {
        /// With its place, or switched off.
        Placed(Placed)
    }
}

impl EqualizerBand {
    /// The band with its place.
    pub(super) fn placed(&self) -> Placed {
        self.kind().map_or_else(|placed| placed, |band| Placed { band, ..Default::default() })
    }

    /// Whether it acts on a part of the stereo signal. One that is switched off acts on nothing.
    pub(super) fn acts_on_a_part(&self) -> bool {
        let Placed { place, enabled, .. } = self.placed();
        enabled && place != Place::Stereo
    }

    pub(super) fn check(&self, spec: &StreamSpec) -> Result<(), Error> {
        match self.kind() {
            Ok(band) => band.check(spec),
            Err(Placed { band, .. }) => {
                if self.acts_on_a_part() {
                    channels_in(spec.channels(), 2, 2)?;
                }
                band.check(spec).map_err(|error| error.within("band", None))
            }
        }
    }

    /// Its sections and their place; none if it is switched off.
    pub(super) fn sections(&self, sample_rate_hz: f64, design: Design) -> Option<(Place, Sections)> {
        let Placed { band, place, enabled } = self.placed();
        enabled.then(|| (place, band.sections(sample_rate_hz, design)))
    }
}
