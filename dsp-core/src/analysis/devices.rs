//! Loudspeakers on which mixes are heard, as data: response, mono fold, playback level, room noise, and their sources.

use crate::{
    console::Effect,
    filters::{Band, BellParams, EqualizerParams, HighPassParams, HighShelfParams, LowShelfParams},
};
use alloc::{borrow::ToOwned, string::String, vec, vec::Vec};

/// Spectrum of the noise of a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum NoiseColour {
    /// Equal powers in equal parts of an octave.
    Pink,
    /// Equal density up to 100 Hz, falling by 6 dB per octave above: a car on the road.
    Road,
}

/// Noise that masks a mix where it is heard.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct RoomNoise {
    /// Sound pressure level from 20 Hz to 20 kHz, dB.
    pub level_db_spl: f64,
    /// Its spectrum.
    pub colour: NoiseColour,
}

/// A loudspeaker, headphone or room.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Device {
    /// Its name, lower case.
    pub name: String,
    /// Its response: linear effects in series.
    pub effects: Vec<Effect>,
    /// Below this frequency left and right are one, Hz; 0 nowhere, `inf` everywhere.
    #[cfg_attr(feature = "serde", serde(with = "crate::foundation::unbounded"))]
    pub mono_below_hz: f64,
    /// Sound pressure level of the mean K-weighted power of a mix, dB.
    pub level_db_spl: f64,
    /// Noise of the room.
    pub noise: Option<RoomNoise>,
    /// Where its figures come from.
    pub source: String,
}

fn high_pass(frequency_hz: f64) -> Band {
    Band::HighPass(HighPassParams { frequency_hz, slope_db_per_octave: 24.0 })
}

fn bell(frequency_hz: f64, gain_db: f64, q: f64) -> Band {
    Band::Bell(BellParams { frequency_hz, gain_db, q })
}

fn low_shelf(frequency_hz: f64, gain_db: f64, q: f64) -> Band {
    Band::LowShelf(LowShelfParams { frequency_hz, gain_db, q })
}

fn high_shelf(frequency_hz: f64, gain_db: f64, q: f64) -> Band {
    Band::HighShelf(HighShelfParams { frequency_hz, gain_db, q })
}

fn device(name: &str, bands: Vec<Band>, mono_below_hz: f64, level_db_spl: f64, noise: Noise, source: &str) -> Device {
    let bands = bands.into_iter().map(Into::into).collect();
    Device {
        name: name.to_owned(),
        effects: vec![EqualizerParams { bands, ..Default::default() }.into()],
        mono_below_hz,
        level_db_spl,
        noise: noise.map(|(level_db_spl, colour)| RoomNoise { level_db_spl, colour }),
        source: source.to_owned(),
    }
}

type Noise = Option<(f64, NoiseColour)>;

/// The devices that [`translation`](super::translation()) judges by default. Levels and room noise are chosen.
#[must_use]
pub fn devices() -> Vec<Device> {
    let (everywhere, pink) = (f64::INFINITY, |level_db_spl| Some((level_db_spl, NoiseColour::Pink)));
    vec![
        device(
            "phone",
            vec![high_pass(300.0)],
            everywhere,
            65.0,
            pink(40.0),
            "[C] between published curves of phones: linear from 260 Hz (OnePlus 6T, vpervolume.com)",
        ),
        device(
            "laptop",
            vec![high_pass(170.0), bell(600.0, 4.0, 2.0), high_shelf(6_000.0, -3.0, 0.7)],
            0.0,
            68.0,
            pink(40.0),
            "[C] half of what the engineer of the Framework 13 corrects after a measurement",
        ),
        device(
            "large laptop",
            vec![high_pass(90.0)],
            0.0,
            70.0,
            pink(40.0),
            "[P] macOS on a MacBook Pro 14 removes what lies below 80 to 100 Hz (notes of asahi-audio)",
        ),
        device(
            "earbuds",
            vec![
                low_shelf(64.0, -5.3, 1.0),
                bell(152.0, 1.5, 1.26),
                bell(2_005.0, 2.3, 2.67),
                high_shelf(5_229.0, 1.8, 1.0),
            ],
            0.0,
            72.0,
            pink(50.0),
            "[N] open earbuds: mean of EarPods, AirPods 2 and 3 against the Harman target (AutoEq, measured by Rtings), \
             fitted within 0.65 dB rms; in a street",
        ),
        device(
            "car",
            vec![low_shelf(80.0, 6.0, 0.7), bell(300.0, -3.0, 1.0)],
            0.0,
            78.0,
            Some((68.0, NoiseColour::Road)),
            "[C] a cabin lifts bass; noise of the road",
        ),
        device(
            "club",
            vec![high_pass(30.0), low_shelf(80.0, 8.0, 0.7)],
            100.0,
            96.0,
            pink(60.0),
            "[C] subwoofers in mono",
        ),
        device("mono", Vec::new(), everywhere, 76.0, None, "exact: a flat loudspeaker in mono"),
    ]
}
