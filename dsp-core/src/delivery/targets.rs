//! Delivery targets as data: requirements of platforms and broadcasters, and the gain of their players.
//!
//! Platforms change their rules and publish little: these are presets with their source and its date, and every field
//! can be overridden. Broadcasters' and EBU figures are normative.

/// Treatment of a programme quieter than the target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum GainUp {
    /// It is not turned up.
    Never,
    /// It is turned up as far as its true peak stays at or below the ceiling.
    Headroom,
    /// It is turned up to the target, through a limiter where needed.
    Limit,
}

/// Gain rule for albums.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum AlbumRule {
    /// Every track by itself.
    Off,
    /// One gain from the loudness of all tracks gated as one.
    Integrated,
    /// One gain that brings the loudest track to the target.
    Loudest,
}

/// One target.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct DeliveryTarget {
    /// Its name: lower case, for look-up.
    pub name: &'static str,
    /// Integrated loudness, LUFS.
    pub integrated_lufs: f64,
    /// The same for programmes of one channel that are measured as one; most targets make no difference.
    pub mono_lufs: f64,
    /// Accepted deviation, LU; 0 if nothing is rejected for its loudness.
    pub tolerance_lu: f64,
    /// Highest true peak, dBTP; `None` without a limit. See [`ceiling_at`](Self::ceiling_at).
    pub ceiling_dbtp: Option<f64>,
    /// Another ceiling for programmes above a loudness.
    pub loud_ceiling: Option<LoudCeiling>,
    /// Treatment of quieter programmes.
    pub gain_up: GainUp,
    /// Gain rule for albums.
    pub album: AlbumRule,
    /// Where the figures were read.
    pub source: &'static str,
    /// The source's year, and month where known; "undated" where it gives none.
    pub date: &'static str,
}

/// A lower ceiling for loud programmes: lossy encoders overshoot more, the more peaks are at the ceiling.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct LoudCeiling {
    /// The integrated loudness above which it applies, LUFS.
    pub above_lufs: f64,
    /// Highest true peak of such programmes, dBTP.
    pub ceiling_dbtp: f64,
}

/// Tolerance above [`LoudCeiling::above_lufs`], in LU: half a step of a display with one decimal, as in EBU Tech 3341.
const DISPLAY_LU: f64 = 0.05;

impl DeliveryTarget {
    /// The target for a programme of so many channels: for one channel, measured as one loudspeaker (`dual_mono` is
    /// false), with the target's loudness for mono.
    ///
    /// ```
    /// let podcast = mixdown::delivery::target("podcast").unwrap();
    /// assert_eq!(podcast.for_channels(2, false).integrated_lufs, -16.0);
    /// assert_eq!(podcast.for_channels(1, false).integrated_lufs, -19.0);
    /// assert_eq!(podcast.for_channels(1, true).integrated_lufs, -16.0);
    /// ```
    #[must_use]
    pub fn for_channels(mut self, channels: usize, dual_mono: bool) -> Self {
        if channels == 1 && !dual_mono {
            self.integrated_lufs = self.mono_lufs;
        }
        self
    }

    /// The highest true peak for a programme of this loudness, dBTP; `None` without a limit.
    ///
    /// ```
    /// let spotify = mixdown::delivery::target("spotify").unwrap();
    /// assert_eq!((spotify.ceiling_at(-14.0), spotify.ceiling_at(-9.0)), (Some(-1.0), Some(-2.0)));
    /// ```
    #[must_use]
    pub fn ceiling_at(&self, integrated_lufs: f64) -> Option<f64> {
        match self.loud_ceiling {
            Some(loud) if integrated_lufs > loud.above_lufs + DISPLAY_LU => Some(loud.ceiling_dbtp),
            _ => self.ceiling_dbtp,
        }
    }
}

/// A music service with a ceiling of -1 dBTP, as most of them recommend.
const fn service(
    name: &'static str,
    integrated_lufs: f64,
    gain_up: GainUp,
    album: AlbumRule,
    source: &'static str,
    date: &'static str,
) -> DeliveryTarget {
    DeliveryTarget {
        name,
        integrated_lufs,
        mono_lufs: integrated_lufs,
        tolerance_lu: 0.0,
        ceiling_dbtp: Some(-1.0),
        loud_ceiling: None,
        gain_up,
        album,
        source,
        date,
    }
}

/// A specification that rejects programmes off the target: they are brought to it.
const fn specification(
    name: &'static str,
    integrated_lufs: f64,
    tolerance_lu: f64,
    ceiling_dbtp: f64,
    source: &'static str,
    date: &'static str,
) -> DeliveryTarget {
    DeliveryTarget {
        name,
        integrated_lufs,
        mono_lufs: integrated_lufs,
        tolerance_lu,
        ceiling_dbtp: Some(ceiling_dbtp),
        loud_ceiling: None,
        gain_up: GainUp::Limit,
        album: AlbumRule::Off,
        source,
        date,
    }
}

/// One of Spotify's loudness settings: -1 dBTP, and -2 dBTP for masters above -14 LUFS, whatever the setting.
const fn spotify(name: &'static str, integrated_lufs: f64, gain_up: GainUp) -> DeliveryTarget {
    let source = "support.spotify.com, artists: loudness normalization";
    DeliveryTarget {
        loud_ceiling: Some(LoudCeiling { above_lufs: -14.0, ceiling_dbtp: -2.0 }),
        ..service(name, integrated_lufs, gain_up, AlbumRule::Integrated, source, "undated")
    }
}

/// All targets.
pub const TARGETS: &[DeliveryTarget] = &[
    spotify("spotify", -14.0, GainUp::Headroom),
    DeliveryTarget { ceiling_dbtp: Some(-2.0), ..spotify("spotify-loud", -11.0, GainUp::Limit) },
    spotify("spotify-quiet", -19.0, GainUp::Headroom),
    service(
        "apple",
        -16.0,
        GainUp::Headroom,
        AlbumRule::Integrated,
        "production-expert.com: Apple chose -16 LUFS; no figure from Apple itself",
        "undated",
    ),
    // For the next five, never turning up is documented for YouTube and TIDAL only.
    service("youtube", -14.0, GainUp::Never, AlbumRule::Off, "admiralbumblebee.com; ceiling by convention", "2018-11"),
    service("tidal", -14.0, GainUp::Never, AlbumRule::Loudest, "meterplugs.com; Grimm, album study", "2016-10"),
    DeliveryTarget {
        ceiling_dbtp: Some(-2.0),
        ..service("amazon", -14.0, GainUp::Never, AlbumRule::Off, "apu.software: Amazon Music loudness", "undated")
    },
    service("deezer", -15.0, GainUp::Never, AlbumRule::Off, "production-expert.com; ceiling by convention", "undated"),
    service("soundcloud", -14.0, GainUp::Never, AlbumRule::Off, "production-expert.com", "undated"),
    specification("r128", -23.0, 0.2, -1.0, "EBU R 128 v5, Tech 3343 appendix 1", "2023-11"),
    // Streaming may stay at -23 or be adapted, between -20 and -16: the middle, within that range.
    specification("r128-s2", -18.0, 2.0, -1.0, "EBU R 128 s2, Tech 3343 section 9.2", "2023-11"),
    specification("atsc", -24.0, 2.0, -2.0, "ATSC A/85", "2013"),
    service("aes77", -16.0, GainUp::Limit, AlbumRule::Loudest, "AES77, AES TD1008: music tracks", "2021"),
    DeliveryTarget {
        integrated_lufs: -14.0,
        ..service("aes77-album", -14.0, GainUp::Limit, AlbumRule::Loudest, "AES77, AES TD1008: loudest track", "2021")
    },
    service("aes77-speech", -18.0, GainUp::Limit, AlbumRule::Off, "AES77, AES TD1008: speech", "2021"),
    DeliveryTarget {
        mono_lufs: -19.0,
        ..specification("podcast", -16.0, 1.0, -1.0, "Apple Podcasts, support/893; mono about -19", "undated")
    },
    DeliveryTarget {
        ceiling_dbtp: None,
        ..service("replaygain", -18.0, GainUp::Headroom, AlbumRule::Integrated, "ReplayGain 2.0, loudgain", "undated")
    },
    // Netflix measures -27 +-2 LU on dialogue alone, which this crate does not detect; this is its programme figure for
    // less than 15 % of dialogue.
    specification("netflix", -24.0, 2.0, -2.0, "partnerhelp.netflixstudios.com 360050414014", "undated"),
];

/// The target called `name`, in any case.
///
/// ```
/// assert_eq!(mixdown::delivery::target("Spotify").unwrap().integrated_lufs, -14.0);
/// assert_eq!(mixdown::delivery::target("r128").unwrap().tolerance_lu, 0.2);
/// assert_eq!(mixdown::delivery::target("gramophone"), None);
/// ```
#[must_use]
pub fn target(name: &str) -> Option<&'static DeliveryTarget> {
    TARGETS.iter().find(|target| target.name.eq_ignore_ascii_case(name))
}

/// The gain in dB with which a player that follows `target` plays a programme of this loudness and true peak.
///
/// Louder programmes are turned down to the target. Quieter ones follow the target's [`GainUp`] rule; headroom is
/// counted to the ceiling, or to 0 dBTP where there is none, and a programme above it is never turned down for that.
/// Silence (-inf) is played as it is.
///
/// ```
/// use mixdown::delivery::{playback_gain, target};
///
/// // Spotify's own example: -20 LUFS with peaks of -5 dBTP rises to -16 only, which leaves 1 dB.
/// assert_eq!(playback_gain(-20.0, -5.0, target("spotify").unwrap()), 4.0);
/// assert_eq!(playback_gain(-20.0, -5.0, target("youtube").unwrap()), 0.0);
/// assert_eq!(playback_gain(-9.0, 0.5, target("youtube").unwrap()), -5.0);
/// ```
#[must_use]
pub fn playback_gain(integrated_lufs: f64, true_peak_dbtp: f64, target: &DeliveryTarget) -> f64 {
    if !integrated_lufs.is_finite() {
        return 0.0;
    }
    let gain_db = target.integrated_lufs - integrated_lufs;
    if gain_db <= 0.0 {
        return gain_db;
    }
    match target.gain_up {
        GainUp::Never => 0.0,
        GainUp::Headroom => gain_db.min((target.ceiling_dbtp.unwrap_or(0.0) - true_peak_dbtp).max(0.0)),
        GainUp::Limit => gain_db,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_figures_plausible() {
        for (position, entry) in TARGETS.iter().enumerate() {
            assert_eq!(target(entry.name), Some(entry), "{}", entry.name);
            assert!(TARGETS[..position].iter().all(|other| other.name != entry.name));
            assert!((-31.0..=-5.0).contains(&entry.integrated_lufs), "{}", entry.name);
            assert!(entry.ceiling_dbtp.is_none_or(|ceiling| (-3.0..=0.0).contains(&ceiling)), "{}", entry.name);
            assert!(!entry.source.is_empty() && !entry.date.is_empty());
        }
    }

    #[test]
    fn what_is_asked_for_depends_on_channels_and_loudness() {
        for entry in TARGETS {
            let mono = entry.for_channels(1, false);
            assert_eq!(entry.for_channels(2, false), *entry);
            assert_eq!(entry.for_channels(1, true), *entry);
            assert_eq!(mono.integrated_lufs, if entry.name == "podcast" { -19.0 } else { entry.integrated_lufs });
            // The target's own loudness is exempt from its rule for loud programmes.
            assert_eq!(entry.ceiling_at(entry.integrated_lufs), entry.ceiling_dbtp, "{}", entry.name);
            let loud = if entry.name.starts_with("spotify") { Some(-2.0) } else { entry.ceiling_dbtp };
            assert_eq!(entry.ceiling_at(-13.9), loud, "{}", entry.name);
            assert_eq!(entry.ceiling_at(f64::NEG_INFINITY), entry.ceiling_at(-30.0));
        }
        assert_eq!(target("spotify").unwrap().ceiling_at(-13.96), Some(-1.0), "-14.0 on a meter");
        assert_eq!(target("spotify-loud").unwrap().ceiling_dbtp, Some(-2.0));
    }

    #[test]
    fn gain_up_rules() {
        let at = |name, lufs, peak| playback_gain(lufs, peak, target(name).unwrap());
        // No headroom left: no gain, and not turned down for its peak.
        assert_eq!(at("spotify", -20.0, 0.5), 0.0);
        assert_eq!(at("spotify", -10.0, 0.5), -4.0);
        assert_eq!(at("spotify-loud", -20.0, 0.5), 9.0);
        // Above -14 LUFS the headroom would be relative to -2 dBTP, but programmes that loud are only turned down.
        assert_eq!(at("spotify", -13.0, -6.0), -1.0);
        assert_eq!(at("replaygain", -20.0, -1.0), 1.0);
        assert_eq!(at("r128", -26.0, -1.0), 3.0);
        assert_eq!(at("spotify", f64::NEG_INFINITY, f64::NEG_INFINITY), 0.0);
    }
}
