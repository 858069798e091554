//! Translation: how much of each track and of each region of the spectrum is left on other loudspeakers.

use super::{
    bands::{ERB_BANDS, erb_hz, erb_number},
    cells::{Cells, Weights},
    devices::{Device, NoiseColour, RoomNoise},
    error::AnalysisError,
    hearing::{Excitation, Hearing, MIX_DB_SPL, active, calibration},
    partial_loudness::{Constants, Heard as Loud, Masker, Row, add},
    spectra::{Spectra, Stem, k_weights},
    suggestion::{Action, Change, Confidence, Figure, Suggestion},
};
use crate::{
    console::{Effect, offline::Progress},
    filters::BellParams,
    foundation::{declare::params, params::Params, stream::StreamSpec, table::Fields, unit::db_to_power},
    primitives::threads::Threads,
};
use alloc::{borrow::ToOwned, format, string::String, vec, vec::Vec};
use core::ops::{ControlFlow, Range};

params! {
    /// Limits of [`translation`].
    #[derive(Clone, Copy, Debug, PartialEq)]
    TranslationLimits {
        lost: none, 0.0..=1.0, default 0.25, "Share kept below which a track counts as lost [C]";
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
    /// The same in words.
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

/// Regions of the spectrum and their upper edges, Hz.
const REGIONS: [(&str, f64); 6] =
    [("sub", 60.0), ("bass", 150.0), ("low-mid", 500.0), ("mid", 2_000.0), ("high-mid", 6_000.0), ("high", 20_000.0)];

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
    let mut report = |share: f64| match progress(0.9 * share) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(()) => Err(AnalysisError::Interrupted),
    };
    let hear = |place: usize| Heard::new(&ear, &places[place], &all);
    let mut heard = Threads::new().try_map(places.len(), hear, &mut report)?;
    let at_home = heard.remove(0);
    let mut suggestions: Vec<Suggestion> = Vec::new();
    let mut reports = Vec::with_capacity(devices.len());
    for ((device, place), there) in devices.iter().zip(&places[1..]).zip(&heard) {
        let found = on_device(device, &at_home, there, limits);
        for (track, stem) in stems.iter().enumerate() {
            let is_first = suggestions.iter().all(|made| made.track.as_deref() != Some(stem.name));
            if found.verdicts[track] == Verdict::Lost && is_first {
                report(1.0)?;
                let lost = Lost { ear: &ear, studio: &places[0], place, track, limits };
                suggestions.extend(lost.boosted(stems, &device.name, found.kept[track].unwrap_or(0.0))?);
            }
        }
        reports.push(found);
    }
    Ok(Translation {
        tracks: stems.iter().map(|stem| stem.name.to_owned()).collect(),
        studio_share: at_home.shares,
        devices: reports,
        suggestions,
    })
}

fn on_device(device: &Device, studio: &Heard, there: &Heard, limits: &TranslationLimits) -> OnDevice {
    let kept = |share: f64, at_home: f64| (at_home >= limits.least_share).then(|| share / at_home);
    let kept: Vec<Option<f64>> =
        there.shares.iter().zip(&studio.shares).map(|(share, at_home)| kept(*share, *at_home)).collect();
    let judge = |kept: &Option<f64>| match kept {
        None => Verdict::NotJudged,
        Some(kept) if *kept < limits.lost => Verdict::Lost,
        Some(kept) if *kept < limits.thin => Verdict::Thin,
        Some(_) => Verdict::Fine,
    };
    let lows = core::iter::once(20.0).chain(REGIONS.iter().map(|(_, high_hz)| *high_hz));
    let regions = REGIONS.iter().zip(lows).enumerate().map(|(index, ((name, high_hz), low_hz))| Region {
        name,
        range_hz: [low_hz, *high_hz],
        studio_share: studio.regions[index],
        kept: (studio.regions[index] >= limits.least_share).then(|| there.regions[index] / studio.regions[index]),
    });
    OnDevice {
        device: device.name.clone(),
        source: device.source.clone(),
        verdicts: kept.iter().map(judge).collect(),
        kept,
        regions: regions.collect(),
    }
}

/// The ear, and which frames of each track sound.
struct Ear {
    hearing: Hearing,
    constants: Constants,
    activity: Vec<Vec<bool>>,
    /// Of each band the region that it belongs to.
    regions: [usize; ERB_BANDS],
}

impl Ear {
    fn new(cells: &Cells, tracks: &[&Spectra]) -> Self {
        let hearing = Hearing::new(cells);
        let activity = tracks.iter().map(|spectra| active(&hearing.powers(spectra, false))).collect();
        let region = |hz: f64| REGIONS.partition_point(|(_, high_hz)| *high_hz <= hz);
        let regions = core::array::from_fn(|band| region(hearing.centres_hz()[band]));
        Self { constants: Constants::new(hearing.constants()), hearing, activity, regions }
    }
}

/// A device for spectra of one rate.
struct Place {
    /// Its response and the ear's, by band: of both channels added, and of the mono fold.
    sum: Vec<Weights>,
    fold: Vec<Weights>,
    /// K-weighting of the same.
    k: [Weights; 2],
    level_db_spl: f64,
    /// Excitation by the noise of the room.
    noise: Row,
}

/// Rate at which responses are designed where that of the tracks is lower, Hz: a device does not depend on it.
const LEAST_RATE_HZ: f64 = 48_000.0;

impl Place {
    fn studio(ear: &Ear, cells: &Cells) -> Self {
        Self::of(ear, cells, &vec![1.0; cells.count()], 0, MIX_DB_SPL, None)
    }

    fn new(device: &Device, ear: &Ear, cells: &Cells) -> Result<Self, AnalysisError> {
        let centres_hz = cells.centres_hz();
        let stereo_from = centres_hz.partition_point(|hz| *hz < device.mono_below_hz);
        let mut gains = vec![1.0; cells.count()];
        let spec = StreamSpec::new(cells.sample_rate_hz().max(LEAST_RATE_HZ), 2)?;
        for effect in &device.effects {
            let response = effect.frequency_response(&spec, &centres_hz)?;
            let name = &device.name;
            let response = response.ok_or_else(|| AnalysisError::NoResponse { device: name.clone() })?;
            gains.iter_mut().zip(response).for_each(|(gain, h)| *gain *= h.norm_sqr());
        }
        Ok(Self::of(ear, cells, &gains, stereo_from, device.level_db_spl, device.noise))
    }

    /// `gains` are of powers in the middle of cells; those before `stereo_from` are folded to mono.
    fn of(
        ear: &Ear,
        cells: &Cells,
        gains: &[f64],
        stereo_from: usize,
        level_db_spl: f64,
        noise: Option<RoomNoise>,
    ) -> Self {
        let part = |weights: &Weights, scale: f64, is_stereo: bool| {
            let share = |(index, share): (usize, &f64)| {
                let cell = weights.first + index;
                if (cell >= stereo_from) == is_stereo { scale * gains[cell] * share } else { 0.0 }
            };
            Weights { first: weights.first, shares: weights.shares.iter().enumerate().map(share).collect() }.trimmed()
        };
        let bands = ear.hearing.weights().iter().zip(ear.hearing.ear());
        let k = Weights { first: 0, shares: k_weights(cells) };
        Self {
            sum: bands.clone().map(|(weights, ear)| part(weights, *ear, true)).collect(),
            fold: bands.map(|(weights, ear)| part(weights, *ear, false)).collect(),
            k: [true, false].map(|is_stereo| part(&k, 1.0, is_stereo)),
            level_db_spl,
            noise: noise.map_or([0.0; ERB_BANDS], |noise| room(&ear.hearing, noise)),
        }
    }

    /// Ear-weighted powers of the bands of a frame as the device plays it, and its K-weighted power.
    fn play(&self, spectra: &Spectra, frame: usize, powers: &mut Vec<f64>) -> f64 {
        let (sum, fold) = (spectra.frame(frame), spectra.fold_frame(frame));
        powers.extend(self.sum.iter().zip(&self.fold).map(|(stereo, mono)| stereo.sum(sum) + mono.sum(fold)));
        self.k[0].sum(sum) + self.k[1].sum(fold)
    }

    /// Excitation of the tracks, whose mean K-weighted power is at the level of the place.
    fn excitations(&self, ear: &Ear, tracks: &[&Spectra]) -> Vec<Excitation> {
        let (mut played, mut weighted, mut before) = (Vec::new(), Vec::new(), Vec::new());
        for spectra in tracks {
            let mut powers = Vec::with_capacity(ERB_BANDS * spectra.frames());
            let frames = (0..spectra.frames()).map(|frame| self.play(spectra, frame, &mut powers));
            weighted.push(frames.collect::<Vec<f64>>());
            played.push(powers);
            before.push(spectra.k_weighted());
        }
        let level = |tracks: &[Vec<f64>]| calibration(tracks);
        // Nobody turns up what a device takes away altogether.
        let most = db_to_power(MOST_MAKEUP_DB) * level(&before);
        let scale = level(&weighted).min(most) * db_to_power(self.level_db_spl - MIX_DB_SPL);
        played.iter().map(|powers| ear.hearing.excitation(powers, scale)).collect()
    }
}

/// By which the volume makes up for the response of a device, dB. Chosen.
const MOST_MAKEUP_DB: f64 = 20.0;

/// Excitation by the noise of a room.
fn room(hearing: &Hearing, noise: RoomNoise) -> Row {
    let below = |hz: f64| match noise.colour {
        NoiseColour::Pink => libm::log(hz.clamp(20.0, 20_000.0) / 20.0) / libm::log(1_000.0),
        NoiseColour::Road => {
            // Density 1 up to 100 Hz, (100 / f)² above.
            let power = |hz: f64| if hz < 100.0 { hz - 20.0 } else { 80.0 + 100.0 - 10_000.0 / hz };
            power(hz.clamp(20.0, 20_000.0)) / power(20_000.0)
        }
    };
    let bands = hearing.centres_hz().iter().zip(hearing.ear()).map(|(hz, ear)| {
        let [low_hz, high_hz] = [-0.5, 0.5].map(|step| erb_hz(erb_number(*hz) + step));
        ear * db_to_power(noise.level_db_spl) * (below(high_hz) - below(low_hz))
    });
    let excitation = hearing.excitation(&bands.collect::<Vec<f64>>(), 1.0).values;
    core::array::from_fn(|band| excitation[band])
}

/// A mix as it is heard at a place.
struct Heard {
    /// Of each track in its active frames.
    shares: Vec<f64>,
    /// Of each region over all frames.
    regions: [f64; REGIONS.len()],
}

impl Heard {
    fn new(ear: &Ear, place: &Place, tracks: &[&Spectra]) -> Self {
        Self::of(ear, place, tracks, 0..tracks.len())
    }

    /// With the shares of some tracks alone; those of the others are 0.
    fn of(ear: &Ear, place: &Place, tracks: &[&Spectra], wanted: Range<usize>) -> Self {
        let excitations = place.excitations(ear, tracks);
        let rows: Vec<&[Row]> = excitations.iter().map(|one| one.values.as_chunks().0).collect();
        let frames = rows.iter().map(|rows| rows.len()).max().unwrap_or(0);
        let room = Masker::new(&ear.constants, &place.noise);
        let (mut own, mut whole) = (vec![0.0; tracks.len()], vec![0.0; tracks.len()]);
        let (mut by_band, mut everything) = ([0.0; ERB_BANDS], 0.0);
        for frame in 0..frames {
            let mut mix = [0.0; ERB_BANDS];
            rows.iter().filter_map(|rows| rows.get(frame)).for_each(|row| add(&mut mix, row));
            let alone: f64 = ear.constants.alone(&mix).iter().sum();
            add(&mut by_band, &ear.constants.beside(&Loud::new(&mix), &room));
            everything += alone;
            for track in wanted.clone() {
                let (Some(row), Some(true)) = (rows[track].get(frame), ear.activity[track].get(frame)) else {
                    continue;
                };
                let mut others = place.noise;
                for ((others, mix), e) in others.iter_mut().zip(&mix).zip(row) {
                    *others += (mix - e).max(0.0);
                }
                let masker = Masker::new(&ear.constants, &others);
                own[track] += ear.constants.beside(&Loud::new(row), &masker).iter().sum::<f64>();
                whole[track] += alone;
            }
        }
        let share = |part: f64, whole: f64| if whole > 0.0 { part / whole } else { 0.0 };
        let mut regions = [0.0; REGIONS.len()];
        by_band.iter().zip(ear.regions).for_each(|(loudness, region)| regions[region] += loudness);
        Self {
            shares: own.iter().zip(&whole).map(|(own, whole)| share(*own, *whole)).collect(),
            regions: regions.map(|region| share(region, everything)),
        }
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
    fn boosted(&self, stems: &[Stem<'_>], device: &str, before: f64) -> Result<Option<Suggestion>, AnalysisError> {
        let &Self { track, limits, .. } = self;
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
        let heard = |place| Heard::of(self.ear, place, &tracks, track..track + 1).shares[track];
        let at_home = heard(self.studio);
        // Beside its share before: what it has gained in the studio counts too.
        let after = heard(self.place) / at_home.max(limits.least_share);
        if after < before + limits.least_gain {
            return Ok(None);
        }
        let name = stems[track].name;
        let reason = format!(
            "{name} keeps {before:.2} of its share of the mix ({device}): its strongest band is at {strongest_hz:.0} Hz, \
             and {frequency_hz:.0} Hz is heard there."
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

#[cfg(test)]
mod tests {
    use super::{super::devices::devices, *};
    use crate::{foundation::block::Block, primitives::random::Random};

    const RATE_HZ: f64 = 48_000.0;
    const FRAMES: usize = 192_000;

    fn spectra(rows: &[&[f64]]) -> Spectra {
        Spectra::measure(&Block::from_slices(rows).unwrap(), &StreamSpec::new(RATE_HZ, rows.len()).unwrap()).unwrap()
    }

    /// Noise that falls by 6 dB per octave above `corner_hz`.
    fn noise(seed: u64, corner_hz: f64, gain: f64) -> Vec<f64> {
        let (mut random, mut last) = (Random::new(seed, 0), 0.0);
        let pole = libm::exp(-core::f64::consts::TAU * corner_hz / RATE_HZ);
        let step = |_| {
            last = pole * last + (1.0 - pole) * random.triangular();
            gain * last
        };
        (0..FRAMES).map(step).collect()
    }

    fn phase(hz: f64, n: usize) -> f64 {
        hz * n as f64 / RATE_HZ
    }

    /// Harmonics up to 8 kHz of amplitudes 1 / k^exponent, with the energy of a sine of amplitude 0.1.
    fn saw(hz: f64, exponent: f64) -> Vec<f64> {
        let harmonics = 1..=(8_000.0 / hz) as usize;
        let amplitude = |k: usize| libm::pow(k as f64, -exponent);
        let power: f64 = harmonics.clone().map(|k| amplitude(k) * amplitude(k)).sum();
        let sample = |n: usize| -> f64 {
            let of = |k: usize| amplitude(k) * libm::sin(core::f64::consts::TAU * phase(hz * k as f64, n));
            harmonics.clone().map(of).sum::<f64>()
        };
        (0..FRAMES).map(|n| 0.1 / libm::sqrt(power) * sample(n)).collect()
    }

    fn kept(report: &Translation, device: &str, track: usize) -> f64 {
        report.devices.iter().find(|one| one.device == device).unwrap().kept[track].unwrap()
    }

    fn judged(bass: &Spectra) -> Translation {
        let (low, wide) = (noise(1, 400.0, 0.06), noise(2, 2_000.0, 0.01));
        let (low, wide) = (spectra(&[&low]), spectra(&[&wide]));
        let stems = [("bass", bass), ("keys", &low), ("lead", &wide)].map(|(name, spectra)| Stem { name, spectra });
        translation(&stems, &devices(), &TranslationLimits::default()).unwrap()
    }

    #[test]
    fn a_sine_bass_dies_on_small_loudspeakers_and_a_sawtooth_is_heard_by_its_harmonics() {
        let sine: Vec<f64> = (0..FRAMES).map(|n| 0.1 * libm::sin(core::f64::consts::TAU * phase(50.0, n))).collect();
        let (sine, saw) = (judged(&spectra(&[&sine])), judged(&spectra(&[&saw(50.0, 1.0)])));
        for device in ["phone", "laptop"] {
            assert!(kept(&sine, device, 0) < 0.05, "{device}: {}", kept(&sine, device, 0));
            assert!(kept(&saw, device, 0) > 0.6, "{device}: {}", kept(&saw, device, 0));
        }
        assert!(kept(&sine, "club", 0) > 1.0, "{}", kept(&sine, "club", 0));
        assert_eq!(sine.devices[0].verdicts[0], Verdict::Lost);
        // Nothing of it is above its fundamental: no equalizer helps, and none is suggested.
        assert!(sine.suggestions.is_empty(), "{:?}", sine.suggestions);
    }

    #[test]
    fn what_is_out_of_phase_dies_in_mono_alone() {
        let (wide, low) = (noise(3, 1_000.0, 0.2), noise(4, 400.0, 0.4));
        let inverted: Vec<f64> = wide.iter().map(|x| -x).collect();
        let (pad, keys) = (spectra(&[&wide, &inverted]), spectra(&[&low]));
        let stems = [Stem { name: "pad", spectra: &pad }, Stem { name: "keys", spectra: &keys }];
        let report = translation(&stems, &devices(), &TranslationLimits::default()).unwrap();
        for device in ["mono", "phone"] {
            assert!(kept(&report, device, 0) < 0.02, "{device}: {}", kept(&report, device, 0));
        }
        assert!(kept(&report, "laptop", 0) > 0.8, "{}", kept(&report, "laptop", 0));
        // What is left takes its place.
        assert!(kept(&report, "mono", 1) > 1.0, "{}", kept(&report, "mono", 1));
    }

    #[test]
    fn a_suggested_bell_is_predicted_as_the_report_says_after_it() {
        use crate::{BlockMut, Processor};
        let mut bass = saw(55.0, 2.6);
        let before = judged(&spectra(&[&bass]));
        let [suggestion] = before.suggestions.as_slice() else { panic!("{:?}", before.suggestions) };
        let Action::Effect(Effect::Bell(bell)) = &suggestion.action else { panic!("{suggestion:?}") };
        let spec = StreamSpec::new(RATE_HZ, 1).unwrap();
        bell.build::<f64>(&spec).unwrap().process(&mut BlockMut::from_slices(&mut [&mut bass[..]]).unwrap());
        let after = judged(&spectra(&[&bass]));
        let change = &suggestion.predicted[0];
        assert!((change.before - kept(&before, "phone", 0)).abs() < 1e-9);
        assert!((change.after - kept(&after, "phone", 0)).abs() < 0.02, "{change:?} {}", kept(&after, "phone", 0));
    }

    #[test]
    fn extremes_give_figures_or_none() {
        let silence = vec![0.0; 2_000];
        for rate_hz in [8_000.0, 48_000.0, 192_000.0] {
            let spec = StreamSpec::new(rate_hz, 1).unwrap();
            for samples in [&silence[..], &[], &noise(6, 1_000.0, 0.1)[..2_000]] {
                let spectra = Spectra::measure(&Block::from_slices(&[samples]).unwrap(), &spec).unwrap();
                let stems = [Stem { name: "mix", spectra: &spectra }];
                let report = translation(&stems, &devices(), &TranslationLimits::default()).unwrap();
                assert!(report.studio_share.iter().all(|share| share.is_finite()));
                for device in &report.devices {
                    let regions = device.regions.iter().map(|region| region.kept);
                    assert!(device.kept.iter().copied().chain(regions).flatten().all(f64::is_finite));
                }
            }
        }
        assert_eq!(translation(&[], &devices(), &Default::default()), Err(AnalysisError::Stems { min: 1, actual: 0 }));
    }
}
