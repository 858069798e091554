//! Masking: what each track loses beside the others, and where tracks compete.

mod clash;
mod cut;
mod limits;
mod sums;

pub use limits::MaskingLimits;

use super::{
    bands::{Bands, ERB_BANDS},
    error::AnalysisError,
    importance::speech,
    partial_loudness::Row,
    spectra::Stem,
    suggestion::Suggestion,
    tracks::Tracks,
};
use crate::{
    foundation::{declare::choice, table::Fields},
    primitives::threads::Threads,
};
use alloc::{
    borrow::ToOwned,
    format,
    string::{String, ToString},
    vec,
    vec::Vec,
};
use clash::{Peak, Sixths, ownership_db, peaks};
use core::ops::ControlFlow;
use cut::{Cuts, near};
use limits::LEAD_NAMES;
use sums::Sums;
pub(super) use sums::of_pair;

choice! {
    /// How audible a track is beside the others, in a word.
    Audible, default Fine {
        /// Below [`MaskingLimits::hidden_audibility`].
        Hidden = "hidden",
        /// Below [`MaskingLimits::low_audibility`].
        Low = "low",
        /// Above both.
        Fine = "fine",
        /// The track is silent.
        NotMeasurable = "not measurable",
    }
}

/// What each track loses beside the others: a report.
///
/// # Contract
/// Shares are of loudness, summed over the frames in which a track sounds. They do not depend on the level of the whole
/// mix: its mean is taken as 76 dB SPL. The model underrates the partial loudness of music (Ma, Reiss and Black, AES 53,
/// 2014): lost shares are upper bounds. Powers of tracks are added, which is 3 dB wrong for duplicated ones.
///
/// Finished mixes of engineers: `in_mix` .34 to .98, median .70; `audibility` .13 to .76, median .40 (25 stems). A high
/// lost share alone is usual, and no fault.
///
/// # Source
/// Moore, Glasberg and Baer, JAES 45(4) 1997: partial loudness. ANSI S3.5-1997: the form of the audibility index.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Masking {
    /// The tracks, in order.
    pub names: Vec<String>,
    /// The track that never yields.
    pub lead: Option<String>,
    /// Middle frequencies of the ERB bands.
    pub bands_hz: Vec<f64>,
    /// `lost[i][j]`: share of the loudness of track j that track i alone takes; `None` if j is silent.
    pub lost: Vec<Vec<Option<f64>>>,
    /// `unique[i][j]`: share of the loudness of track j that it would gain if track i were muted.
    pub unique: Vec<Vec<Option<f64>>>,
    /// `profiles[i][j]`: the lost share by ERB band; sums to `lost[i][j]`, zeros if j is silent.
    pub profiles: Vec<Vec<Vec<f64>>>,
    /// Shares of each track's loudness alone by ERB band; they sum to 1, or are zeros if it is silent.
    pub loudness: Vec<Vec<f64>>,
    /// Share of each track's loudness that all others together take.
    pub in_mix: Vec<Option<f64>>,
    /// Audibility index, 0 to 1: how far a track lies above the others, from 15 dB below to 15 dB above. Bands count by
    /// the track's own loudness, those of the lead by their importance for speech.
    pub audibility: Vec<Option<f64>>,
    /// Each track's audibility in a word.
    pub words: Vec<Audible>,
    /// Share of each track in the loudness of the mix, while it sounds.
    pub share: Vec<Option<f64>>,
    /// Where tracks compete, strongest first.
    pub clashes: Vec<Clash>,
    /// What else is to be said.
    pub notes: Vec<String>,
}

/// Two tracks compete around a frequency.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Clash {
    /// The two, in the order of the tracks.
    pub tracks: [String; 2],
    /// Where, to a sixth of an octave.
    pub frequency_hz: f64,
    /// How much of the tracks overlaps there, and how far the two stand out.
    pub score: f64,
    /// From [`MaskingLimits::strong_score`] on.
    pub strong: bool,
    /// The track that keeps its level; `None` if the two need the band alike.
    pub owner: Option<String>,
    /// By how much the first track has more of its own energy there than the second, in dB.
    pub ownership_db: f64,
    /// What it is, a sentence.
    pub message: String,
    /// Cuts that help, best first; none beyond [`MaskingLimits::answered`].
    pub suggestions: Vec<Suggestion>,
}

/// Measures what each track loses beside the others. `lead` is the track that never yields.
///
/// ```
/// use mixdown::{Block, StreamSpec, analysis::{MaskingLimits, Spectra, Stem, masking}};
///
/// let spec = StreamSpec::new(48_000.0, 1)?;
/// let sine = |hz: f64| (0..48_000).map(|n| (0.13e-3 * hz * n as f64).sin()).collect::<Vec<f64>>();
/// let measure = |audio: &[f64]| Spectra::measure(&Block::from_slices(&[audio])?, &spec);
/// let (bass, flute) = (measure(&sine(100.0))?, measure(&sine(3_000.0))?);
/// let stems = [Stem { name: "bass", spectra: &bass }, Stem { name: "flute", spectra: &flute }];
/// let report = masking(&stems, None, &MaskingLimits::default()).unwrap();
/// // Far apart, neither hides the other.
/// assert!(report.lost[0][1].unwrap() < 0.03 && report.clashes.is_empty());
/// # Ok::<(), mixdown::Error>(())
/// ```
///
/// # Errors
/// [`AnalysisError::Stems`] for fewer than two, [`AnalysisError::SampleRates`], [`AnalysisError::Unknown`] for a lead
/// that is no stem, [`AnalysisError::Setting`] for a limit out of range.
pub fn masking(stems: &[Stem<'_>], lead: Option<&str>, limits: &MaskingLimits) -> Result<Masking, AnalysisError> {
    masking_with(stems, lead, limits, &mut |_| ControlFlow::Continue(()))
}

/// As [`masking`]; `progress` is called with the share done, 0 to 1, and may interrupt it.
///
/// # Errors
/// As [`masking`]; [`AnalysisError::Interrupted`] if `progress` interrupts it.
pub fn masking_with(
    stems: &[Stem<'_>],
    lead: Option<&str>,
    limits: &MaskingLimits,
    progress: &mut dyn FnMut(f64) -> ControlFlow<()>,
) -> Result<Masking, AnalysisError> {
    masking_on(&Threads::new(), stems, lead, limits, progress)
}

/// Shares of the work done after the tracks, after the sums over time, after the search for clashes.
const STEPS: [f64; 3] = [0.25, 0.75, 0.8];

fn masking_on(
    threads: &Threads,
    stems: &[Stem<'_>],
    lead: Option<&str>,
    limits: &MaskingLimits,
    progress: &mut dyn FnMut(f64) -> ControlFlow<()>,
) -> Result<Masking, AnalysisError> {
    limits.check_fields(f64::INFINITY)?;
    let lead = lead.map(|name| index_of(stems, "lead", name)).transpose()?;
    let mut report = |from: f64, to: f64, share: f64| match progress(from + (to - from) * share) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(()) => Err(AnalysisError::Interrupted),
    };
    let tracks = Tracks::new(stems, 2, threads, &mut |share| report(0.0, STEPS[0], share))?;
    let sums = Sums::measure(&tracks, threads, &mut |share| report(STEPS[0], STEPS[1], share))?;

    let bands = Bands::sixths(stems[0].spectra.cells());
    let sixths = threads.map(stems.len(), |index| Sixths::new(&bands, stems[index].spectra));
    let pairs: Vec<[usize; 2]> =
        (0..stems.len()).flat_map(|one| (one + 1..stems.len()).map(move |other| [one, other])).collect();
    let search = |index: usize| {
        let pair = pairs[index];
        peaks(&bands.centres_hz, pair, pair.map(|track| &sixths[track]), limits)
    };
    let found = threads.try_map(pairs.len(), search, |share| report(STEPS[1], STEPS[2], share))?;
    let mut found: Vec<Peak> = found.into_iter().flatten().collect();
    found.sort_by(|a, b| b.score.total_cmp(&a.score));
    let cuts = Cuts { stems, tracks: &tracks, sixths: &sixths, limits };
    let answer = |index: usize| clash(&cuts, &found[index], (index as f64) < limits.answered, lead);
    let clashes = threads.try_map(found.len(), answer, |share| report(STEPS[2], 1.0, share))?;

    let hz = tracks.hearing.centres_hz();
    let count = stems.len();
    let shares = |of: &dyn Fn(usize, usize) -> Row| -> Vec<Vec<Vec<f64>>> {
        let row = |masker: usize, track: usize| {
            if masker == track { vec![0.0; ERB_BANDS] } else { over(&of(masker, track), &sums.alone[track]) }
        };
        (0..count).map(|masker| (0..count).map(|track| row(masker, track)).collect()).collect()
    };
    let profiles = shares(&|masker, track| minus(&sums.alone[track], sums.beside(masker, track)));
    let gained = shares(&|masker, track| minus(sums.without(masker, track), &sums.in_mix[track]));
    let sounds = |track: usize| total(&sums.alone[track]) > 0.0;
    let totals = |rows: &[Vec<Vec<f64>>]| -> Vec<Vec<Option<f64>>> {
        let of = |(track, row): (usize, &Vec<f64>)| sounds(track).then(|| row.iter().sum());
        rows.iter().map(|rows| rows.iter().enumerate().map(of).collect()).collect()
    };
    let per_track = |of: &dyn Fn(usize) -> f64| -> Vec<Option<f64>> {
        (0..count).map(|track| sounds(track).then(|| of(track))).collect()
    };
    let loudness: Vec<Vec<f64>> = sums.alone.iter().map(|alone| over(alone, alone)).collect();
    let audibility = per_track(&|track| {
        let importance = if lead == Some(track) { speech(hz).to_vec() } else { loudness[track].clone() };
        let frames = tracks.tracks[track].active_frames().max(1) as f64;
        importance.iter().zip(&sums.above[track]).map(|(weight, above)| weight * above / frames).sum()
    });
    Ok(Masking {
        names: stems.iter().map(|stem| stem.name.to_owned()).collect(),
        lead: lead.map(|lead| stems[lead].name.to_owned()),
        bands_hz: hz.to_vec(),
        lost: totals(&profiles),
        unique: totals(&gained),
        profiles,
        in_mix: per_track(&|track| 1.0 - total(&sums.in_mix[track]) / total(&sums.alone[track])),
        share: per_track(&|track| total(&sums.in_mix[track]) / total(&sums.mix[track])),
        words: (0..stems.len()).map(|track| word(audibility[track], lead == Some(track), limits)).collect(),
        audibility,
        loudness,
        clashes,
        notes: notes(stems, lead),
    })
}

/// The stem of a name.
pub(super) fn index_of(stems: &[Stem<'_>], argument: &'static str, name: &str) -> Result<usize, AnalysisError> {
    let found = stems.iter().position(|stem| stem.name == name);
    found.ok_or_else(|| AnalysisError::Unknown { argument, name: name.into() })
}

fn total(row: &Row) -> f64 {
    row.iter().sum()
}

fn minus(row: &Row, other: &Row) -> Row {
    core::array::from_fn(|band| row[band] - other[band])
}

/// Parts of the sum of `whole`; zeros if that is 0.
fn over(row: &Row, whole: &Row) -> Vec<f64> {
    let whole = total(whole);
    row.iter().map(|value| if whole > 0.0 { value / whole } else { 0.0 }).collect()
}

/// The limits of a lead are those of the lead report.
fn word(audibility: Option<f64>, is_lead: bool, limits: &MaskingLimits) -> Audible {
    let (hidden, low) = if is_lead {
        (limits.lead_hidden_audibility, limits.lead_low_audibility)
    } else {
        (limits.hidden_audibility, limits.low_audibility)
    };
    match audibility {
        None => Audible::NotMeasurable,
        Some(audibility) if audibility < hidden => Audible::Hidden,
        Some(audibility) if audibility < low => Audible::Low,
        Some(_) => Audible::Fine,
    }
}

fn notes(stems: &[Stem<'_>], lead: Option<usize>) -> Vec<String> {
    let is_lead = |name: &str| LEAD_NAMES.iter().any(|part| name.to_lowercase().contains(part));
    let likely: Vec<&str> = stems.iter().map(|stem| stem.name).filter(|name| is_lead(name)).collect();
    if lead.is_some() || likely.is_empty() {
        return Vec::new();
    }
    vec![format!("{} may be the lead, which should not yield to others: name it as lead.", likely.join(", "))]
}

fn clash(cuts: &Cuts<'_>, peak: &Peak, answered: bool, lead: Option<usize>) -> Clash {
    let [one, other] = peak.tracks;
    let [name, other_name] = peak.tracks.map(|track| cuts.stems[track].name.to_string());
    let ownership_db = ownership_db(peak, peak.tracks.map(|track| &cuts.sixths[track]));
    let unsure = ownership_db.abs() < cuts.limits.owner_db;
    let owner = match lead.filter(|lead| peak.tracks.contains(lead)) {
        Some(lead) => Some(lead),
        None if unsure => None,
        None => Some(if ownership_db > 0.0 { one } else { other }),
    };
    let yielding = |owner: usize| if owner == one { other } else { one };
    let suggestions = match owner {
        _ if !answered => Vec::new(),
        Some(owner) => cuts.of(peak, owner, yielding(owner), false),
        None => peak.tracks.into_iter().flat_map(|owner| cuts.of(peak, owner, yielding(owner), true)).collect(),
    };
    let strong = peak.score >= cuts.limits.strong_score;
    let (more, less) = if ownership_db >= 0.0 { (&name, &other_name) } else { (&other_name, &name) };
    let need = match owner {
        Some(owner) if lead == Some(owner) => format!("{} is the lead and keeps its level", cuts.stems[owner].name),
        Some(owner) => format!(
            "{} keeps its level: it has {:.1} dB more of its own energy there than {less}",
            cuts.stems[owner].name,
            ownership_db.abs()
        ),
        None => format!(
            "which one should yield cannot be told: {more} has only {:.1} dB more of its own energy there",
            ownership_db.abs()
        ),
    };
    let message = format!(
        "{name} and {other_name} compete {}around {} (score {:.3}); {need}.",
        if strong { "strongly " } else { "" },
        shown_hz(peak.frequency_hz),
        peak.score,
    );
    Clash {
        tracks: [name.clone(), other_name.clone()],
        frequency_hz: peak.frequency_hz,
        score: peak.score,
        strong,
        owner: owner.map(|owner| cuts.stems[owner].name.to_owned()),
        ownership_db,
        message,
        suggestions,
    }
}

/// A frequency as text, to three figures.
pub(super) fn shown_hz(hz: f64) -> String {
    if hz < 1_000.0 { format!("{hz:.0} Hz") } else { format!("{:.2} kHz", hz / 1_000.0) }
}

impl Masking {
    /// Share of the loudness of `track` within one ERB of a frequency that `masker` alone takes there; `None` if it has
    /// nothing there.
    ///
    /// # Panics
    /// Unless both are numbers of tracks.
    #[must_use]
    pub fn local_lost(&self, masker: usize, track: usize, frequency_hz: f64) -> Option<f64> {
        let near = near(frequency_hz, &self.bands_hz);
        let sum =
            |row: &[f64]| row.iter().enumerate().filter(|(band, _)| near(*band)).map(|(_, value)| value).sum::<f64>();
        let whole = sum(&self.loudness[track]);
        (whole > 0.0).then(|| sum(&self.profiles[masker][track]) / whole)
    }
}

#[cfg(test)]
mod tests;
