//! Translation: how much of each track and of each region of the spectrum is left on other loudspeakers.

mod heard;
mod place;
#[cfg(test)]
mod tests;

use super::{
    devices::Device,
    error::AnalysisError,
    spectra::{Spectra, Stem},
    suggestion::{Action, Change, Confidence, Figure, Suggestion},
};
use crate::{
    console::{Effect, offline::Progress},
    filters::BellParams,
    foundation::{
        declare::params,
        params::Params,
        stream::StreamSpec,
        table::{Fields, Limit},
    },
};
use alloc::{borrow::ToOwned, format, string::String, vec, vec::Vec};
use core::ops::ControlFlow;
use heard::{Heard, hear};
use place::{Ear, Place, REGIONS};

params! {
    /// Limits of [`translation`].
    #[derive(Clone, Copy, Debug, PartialEq)]
    TranslationLimits {
        lost: none, 0.0..=1.0, at_most |limits| Limit::of("thin", limits.thin),
            default 0.25, "Share kept below which a track counts as lost [C]";
        thin: none, 0.0..=1.0, default 0.6, "Share kept below which it counts as thin [C]";
        least_share: none, 0.0..=0.5, default 0.01,
            "Share of the full mix below which a track is not judged: its ratio is noise [N: 0.002 'gained' 2.09]";
        boost_db: dB, 0.0..=12.0, default 6.0, "Gain of the bell that is suggested for a lost track [C]";
        highest_bass_hz: Hz, 20.0..=1000.0, default 250.0,
            "Strongest band up to which a lost track is a bass, whose harmonics can be lifted [C]";
        least_gain: none, 0.0..=1.0, default 0.05, "Share kept by which a suggestion has to help [C]";
    }
}

/// What is left of a track or region.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
pub enum Verdict {
    /// Most of it.
    Fine,
    /// Less than its share in the full mix.
    Thin,
    /// Little.
    Lost,
    /// It is hidden in the full mix already.
    NotJudged,
}

/// What is left of a region of the spectrum on a device.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Region {
    /// Its name.
    pub name: &'static str,
    /// Its edges, Hz.
    pub range_hz: [f64; 2],
    /// Its share of the loudness of the mix in the studio.
    pub studio_share: f64,
    /// Its share on the device as part of that; `None` if there is too little of it.
    pub kept: Option<f64>,
    /// The same with the room silent.
    pub kept_in_quiet: Option<f64>,
}

/// The mix on one device.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct OnDevice {
    /// Its name.
    pub device: String,
    /// Where its figures come from.
    pub source: String,
    /// Share of the mix of each track there as part of its share in the studio; `None` where it is hidden there.
    pub kept: Vec<Option<f64>>,
    /// The same with the room silent: how much of a loss is its noise. As `kept` where the device has none.
    pub kept_in_quiet: Vec<Option<f64>>,
    /// `kept` in words.
    pub verdicts: Vec<Verdict>,
    /// From low to high.
    pub regions: Vec<Region>,
}

/// How a mix translates.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Translation {
    /// The tracks.
    pub tracks: Vec<String>,
    /// Share of each in the loudness of the mix in the studio, partial loudness over its active frames.
    pub studio_share: Vec<f64>,
    /// In the order given.
    pub devices: Vec<OnDevice>,
    /// For what is lost, where an equalizer helps.
    pub suggestions: Vec<Suggestion>,
}

/// Measures how the tracks of a mix translate to other loudspeakers; a programme without its tracks is one track.
///
/// Per device each spectrum passes its response, folded to mono where it is mono; the sum is set to the playback level;
/// the noise of the room masks all tracks. The share of a track is its partial loudness beside all others over that of
/// the whole mix alone, in its active frames.
///
/// # Errors
/// [`AnalysisError::Stems`] without a track, [`AnalysisError::SampleRates`], [`AnalysisError::Setting`] for a limit or an
/// effect of a device that is out of range or has no frequency response.
///
/// ```
/// use mixdown::{Block, StreamSpec, analysis::{Spectra, Stem, TranslationLimits, devices, translation}};
///
/// let spec = StreamSpec::new(48_000.0, 1)?;
/// let sine = |hz: f64| -> Vec<f64> { (0..144_000).map(|n| 0.1 * (n as f64 * hz * 1.309e-4).sin()).collect() };
/// let spectra = [50.0, 1_000.0].map(|hz| Spectra::measure(&Block::from_slices(&[&sine(hz)[..]]).unwrap(), &spec).unwrap());
/// let stems = [Stem { name: "bass", spectra: &spectra[0] }, Stem { name: "lead", spectra: &spectra[1] }];
/// let report = translation(&stems, &devices(), &TranslationLimits::default())?;
/// assert!(report.devices[0].device == "phone" && report.devices[0].kept[0].unwrap() < 0.01);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn translation(
    stems: &[Stem<'_>],
    devices: &[Device],
    limits: &TranslationLimits,
) -> Result<Translation, AnalysisError> {
    translation_with(stems, devices, limits, &mut |_| ControlFlow::Continue(()))
}

/// As [`translation`]; `progress` is called with the share done, and may end it.
///
/// # Errors
/// As [`translation`]; [`AnalysisError::Interrupted`].
pub fn translation_with(
    stems: &[Stem<'_>],
    devices: &[Device],
    limits: &TranslationLimits,
    progress: Progress<'_>,
) -> Result<Translation, AnalysisError> {
    limits.check_fields(stems.first().map_or(48_000.0, |stem| stem.spectra.sample_rate_hz()))?;
    let Some(first) = stems.first() else { return Err(AnalysisError::Stems { min: 1, actual: 0 }) };
    let cells = first.spectra.cells();
    if stems.iter().any(|stem| stem.spectra.sample_rate_hz() != cells.sample_rate_hz()) {
        return Err(AnalysisError::SampleRates);
    }
    let all: Vec<&Spectra> = stems.iter().map(|stem| stem.spectra).collect();
    let ear = Ear::new(cells, &all);
    // The studio first.
    let mut places = vec![Place::studio(&ear, cells)];
    for device in devices {
        places.push(Place::new(device, &ear, cells)?);
    }
    // And those with noise once more without it.
    let quiet: Vec<Option<usize>> = (1..=devices.len())
        .map(|place| {
            let quiet = places[place].quiet()?;
            places.push(quiet);
            Some(places.len() - 1)
        })
        .collect();
    let mut report = |share: f64| match progress(0.9 * share) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(()) => Err(AnalysisError::Interrupted),
    };
    let places_of: Vec<&Place> = places.iter().collect();
    let heard = hear(&ear, &places_of, &all, 0..all.len(), &mut report)?;
    let at_home = &heard[0];
    let mut suggestions: Vec<Suggestion> = Vec::new();
    let mut reports = Vec::with_capacity(devices.len());
    for (index, device) in devices.iter().enumerate() {
        let place = 1 + index;
        let found = on_device(device, at_home, &heard[place], &heard[quiet[index].unwrap_or(place)], limits);
        for (track, stem) in stems.iter().enumerate() {
            let is_first = suggestions.iter().all(|made| made.track.as_deref() != Some(stem.name));
            if found.verdicts[track] == Verdict::Lost && is_first {
                let lost = Lost { ear: &ear, studio: &places[0], place: &places[place], track, limits };
                suggestions.extend(lost.boosted(stems, &found, &mut report)?);
            }
        }
        reports.push(found);
    }
    Ok(Translation {
        tracks: stems.iter().map(|stem| stem.name.to_owned()).collect(),
        studio_share: at_home.shares.clone(),
        devices: reports,
        suggestions,
    })
}

fn on_device(device: &Device, studio: &Heard, there: &Heard, quiet: &Heard, limits: &TranslationLimits) -> OnDevice {
    let kept = |heard: &Heard| -> Vec<Option<f64>> {
        let shares = heard.shares.iter().zip(&studio.shares);
        shares.map(|(share, at_home)| (*at_home >= limits.least_share).then(|| share / at_home)).collect()
    };
    let (kept, kept_in_quiet) = (kept(there), kept(quiet));
    let judge = |kept: &Option<f64>| match kept {
        None => Verdict::NotJudged,
        Some(kept) if *kept < limits.lost => Verdict::Lost,
        Some(kept) if *kept < limits.thin => Verdict::Thin,
        Some(_) => Verdict::Fine,
    };
    let region = |heard: &Heard, index: usize| {
        let at_home = studio.regions[index];
        (at_home >= limits.least_share).then(|| heard.regions[index] / at_home)
    };
    let lows = core::iter::once(20.0).chain(REGIONS.iter().map(|(_, high_hz)| *high_hz));
    let regions = REGIONS.iter().zip(lows).enumerate().map(|(index, ((name, high_hz), low_hz))| Region {
        name,
        range_hz: [low_hz, *high_hz],
        studio_share: studio.regions[index],
        kept: region(there, index),
        kept_in_quiet: region(quiet, index),
    });
    OnDevice {
        device: device.name.clone(),
        source: device.source.clone(),
        verdicts: kept.iter().map(judge).collect(),
        kept,
        kept_in_quiet,
        regions: regions.collect(),
    }
}

/// A track that is lost on a device.
struct Lost<'a> {
    ear: &'a Ear,
    studio: &'a Place,
    place: &'a Place,
    track: usize,
    limits: &'a TranslationLimits,
}

/// Octaves above its strongest band at which a track is lifted.
const BOOST_OCTAVES: f64 = 2.5;

impl Lost<'_> {
    /// A bell above the fundamental of the track, if it helps there.
    fn boosted(
        &self,
        stems: &[Stem<'_>],
        there: &OnDevice,
        after: &mut dyn FnMut(f64) -> Result<(), AnalysisError>,
    ) -> Result<Option<Suggestion>, AnalysisError> {
        let &Self { track, limits, .. } = self;
        let before = there.kept[track].unwrap_or(0.0);
        let spectra = stems[track].spectra;
        let Some(strongest_hz) = spectra.strongest_hz() else { return Ok(None) };
        let frequency_hz = libm::round(strongest_hz * libm::exp2(BOOST_OCTAVES) / 10.0) * 10.0;
        let top_hz = 0.45 * spectra.sample_rate_hz().min(44_100.0);
        if strongest_hz > limits.highest_bass_hz || frequency_hz > top_hz {
            return Ok(None);
        }
        let bell = BellParams { frequency_hz, gain_db: limits.boost_db, q: 0.7 };
        let spec = StreamSpec::new(spectra.sample_rate_hz(), 1)?;
        let response = bell.frequency_response(&spec, &spectra.cells().centres_hz())?.unwrap_or_default();
        let gains: Vec<f64> = response.iter().map(|h| h.norm_sqr()).collect();
        let lifted = spectra.filtered(&gains);
        let tracks: Vec<&Spectra> =
            stems.iter().enumerate().map(|(index, stem)| if index == track { &lifted } else { stem.spectra }).collect();
        let heard = hear(self.ear, &[self.studio, self.place], &tracks, track..track + 1, &mut |_| after(1.0))?;
        // Beside its share before: what it has gained in the studio counts too.
        let after = heard[1].shares[track] / heard[0].shares[track].max(limits.least_share);
        if after < before + limits.least_gain {
            return Ok(None);
        }
        let (name, device) = (stems[track].name, &there.device);
        let why = match there.kept_in_quiet[track] {
            Some(quiet) if quiet >= limits.thin => format!("the noise there hides it, {quiet:.2} without"),
            _ => format!("its strongest band is at {strongest_hz:.0} Hz"),
        };
        let reason = format!(
            "{name} keeps {before:.2} of its share of the mix ({device}): {why}; {frequency_hz:.0} Hz is heard there."
        );
        Ok(Some(Suggestion {
            track: Some(name.to_owned()),
            action: Action::Effect(Effect::Bell(bell)),
            reason,
            evidence: vec![
                Figure { name: "kept", value: before, unit: "" },
                Figure { name: "strongest_band_hz", value: strongest_hz, unit: "Hz" },
            ],
            predicted: vec![Change { name: "kept", before, after, unit: "" }],
            confidence: Confidence::Low,
        }))
    }
}
