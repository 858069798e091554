//! The lead: how far it stands above the others, over time, and what would bring it there.

mod audibility;
mod bells;
mod limits;
mod report;

pub use limits::LeadLimits;
pub use report::{LeadMasker, LeadReport, LeadSpan, LeadVerdict};

use super::{
    error::AnalysisError,
    importance::speech,
    masking::{index_of, of_pair},
    partial_loudness::Row,
    spectra::Stem,
    suggestion::{Action, Change, Confidence, Figure, Suggestion},
    tracks::Tracks,
};
use crate::{
    foundation::{
        error::Error,
        table::Fields,
        unit::{db_to_power, power_to_db},
    },
    meters::BlockEnergies,
    primitives::threads::Threads,
};
use alloc::{borrow::ToOwned, format, string::String, vec, vec::Vec};
use audibility::{Audibility, without};
use bells::Bells;
use core::ops::ControlFlow;

/// Measures how the lead stands beside the others.
///
/// `blocks` are of two loudness meters that heard the lead, and the sum of all others; in one of one channel with
/// `dual_mono`, as mono counts as two identical channels. `target` is the audibility aimed at, if not
/// [`LeadLimits::target_audibility`].
///
/// # Errors
/// [`AnalysisError::Unknown`], [`AnalysisError::Stems`] for fewer than two, [`AnalysisError::SampleRates`],
/// [`AnalysisError::Setting`] for a target or limit out of range.
pub fn lead_report(
    stems: &[Stem<'_>],
    lead: &str,
    blocks: [&BlockEnergies; 2],
    target: Option<f64>,
    limits: &LeadLimits,
) -> Result<LeadReport, AnalysisError> {
    lead_report_with(stems, lead, blocks, target, limits, &mut |_| ControlFlow::Continue(()))
}

/// Shares of the work done after the tracks, the maskers, the bells.
const STEPS: [f64; 3] = [0.4, 0.7, 0.95];

/// As [`lead_report`]; `progress` is called with the share done, 0 to 1, and may interrupt it.
///
/// # Errors
/// As [`lead_report`]; [`AnalysisError::Interrupted`] if `progress` interrupts it.
pub fn lead_report_with(
    stems: &[Stem<'_>],
    lead: &str,
    blocks: [&BlockEnergies; 2],
    target: Option<f64>,
    limits: &LeadLimits,
    progress: &mut dyn FnMut(f64) -> ControlFlow<()>,
) -> Result<LeadReport, AnalysisError> {
    limits.check_fields(f64::INFINITY)?;
    let target = target.unwrap_or(limits.target_audibility);
    if !(0.0..=1.0).contains(&target) {
        let error = Error::OutOfRange { param: "target", index: None, value: target, min: 0.0, max: 1.0, off: None };
        return Err(error.into());
    }
    let index = index_of(stems, "lead", lead)?;
    let mut report = |from: f64, to: f64, share: f64| match progress(from + (to - from) * share) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(()) => Err(AnalysisError::Interrupted),
    };
    let threads = Threads::new();
    let tracks = Tracks::new(stems, 2, &threads, &mut |share| report(0.0, STEPS[0], share))?;
    let importance = speech(tracks.hearing.centres_hz());
    let others = without(&tracks, index, index);
    let audibility = Audibility::new(&importance, &tracks, index, &others);
    let own = &tracks.tracks[index];

    let beside = |other: usize| {
        (other != index).then(|| of_pair(&tracks.constants, own.rows(), &own.active, tracks.tracks[other].rows()))
    };
    let pairs = threads.try_map(stems.len(), beside, |share| report(STEPS[0], STEPS[1], share))?;
    let maskers = maskers(stems, &pairs, tracks.hearing.centres_hz());
    let mean = audibility.at(0.0);
    let levels = Levels::new(blocks, limits);
    let mut found = LeadReport {
        lead: lead.to_owned(),
        level_lu: levels.mean_lu,
        audibility: mean,
        verdict: verdict(mean, limits),
        target,
        fader_change_db: audibility.change_to(target, limits.most_fader_db).map(|db| rounded(db, limits.fader_step_db)),
        audibility_per_db: mean.and_then(|mean| Some(audibility.at(1.0)? - mean)),
        spans: Vec::new(),
        maskers,
        times_s: (0..tracks.frames).map(|frame| (frame + 1) as f64 * stems[0].spectra.hop_s()).collect(),
        running_audibility: running(&own.active, audibility.frames(0.0), stems[0].spectra.hop_s(), limits),
        block_times_s: (0..levels.blocks_lu.len()).map(|block| 0.2 + 0.1 * block as f64).collect(),
        block_levels_lu: levels.blocks_lu,
        message: String::new(),
        suggestions: Vec::new(),
    };
    found.spans = spans(&found, limits);
    found.message = message(&found, limits);
    found.suggestions.extend(fader(&found, &audibility, limits));
    if mean.is_some_and(|mean| mean < target) {
        let bells = Bells { stems, tracks: &tracks, index, importance, audibility: &audibility, limits };
        found.suggestions.extend(bells.best(&found, &threads, &mut |share| report(STEPS[1], STEPS[2], share))?);
    }
    report(1.0, 1.0, 0.0)?;
    Ok(found)
}

fn rounded(value: f64, step: f64) -> f64 {
    // Without a negative zero.
    step * libm::round(value / step) + 0.0
}

fn verdict(audibility: Option<f64>, limits: &LeadLimits) -> LeadVerdict {
    match audibility {
        None => LeadVerdict::NotMeasurable,
        Some(audibility) if audibility < limits.buried_audibility => LeadVerdict::Buried,
        Some(audibility) if audibility < limits.low_audibility => LeadVerdict::Low,
        Some(audibility) if audibility > limits.forward_audibility => LeadVerdict::VeryForward,
        Some(_) => LeadVerdict::Clear,
    }
}

/// The lead beside the others by blocks of 400 ms.
struct Levels {
    mean_lu: Option<f64>,
    blocks_lu: Vec<Option<f64>>,
}

impl Levels {
    fn new([lead, others]: [&BlockEnergies; 2], limits: &LeadLimits) -> Self {
        // Integrated loudness carries an offset of -0.691 dB to energies.
        let gate = db_to_power(lead.integrated_lufs() + 0.691 - limits.gate_lu);
        let pairs = || lead.blocks().iter().zip(others.blocks());
        let sounds = |own: f64| gate > 0.0 && own > gate;
        let (mut own_sum, mut others_sum) = (0.0, 0.0);
        for (own, others) in pairs().filter(|(own, _)| sounds(**own)) {
            own_sum += own;
            others_sum += others;
        }
        let level = |own: f64, others: f64| (own > 0.0 && others > 0.0).then(|| power_to_db(own / others));
        let block = |(own, others): (&f64, &f64)| if sounds(*own) { level(*own, *others) } else { None };
        Self { mean_lu: level(own_sum, others_sum), blocks_lu: pairs().map(block).collect() }
    }
}

fn maskers(stems: &[Stem<'_>], pairs: &[Option<[Row; 2]>], hz: &[f64]) -> Vec<LeadMasker> {
    let masker = |(stem, pair): (&Stem<'_>, &Option<[Row; 2]>)| {
        let [alone, beside] = (*pair)?;
        let whole: f64 = alone.iter().sum();
        if whole <= 0.0 {
            return None;
        }
        let lost = |band: &usize| alone[*band] - beside[*band];
        let mut bands: Vec<usize> = (0..hz.len()).collect();
        bands.sort_by(|a, b| lost(b).total_cmp(&lost(a)));
        let share = bands.iter().map(lost).sum::<f64>() / whole;
        Some(LeadMasker { name: stem.name.into(), lost: share, bands_hz: core::array::from_fn(|n| hz[bands[n]]) })
    };
    let mut maskers: Vec<LeadMasker> = stems.iter().zip(pairs).filter_map(masker).collect();
    maskers.sort_by(|a, b| b.lost.total_cmp(&a.lost));
    maskers
}

/// Mean audibility around each frame, over the frames in which the lead sounds.
fn running(
    active: &[bool],
    mut audibility: impl Iterator<Item = f64>,
    hop_s: f64,
    limits: &LeadLimits,
) -> Vec<Option<f64>> {
    let width = (libm::round(limits.window_s / hop_s) as usize).max(1);
    let (mut sums, mut counts) = (vec![0.0], vec![0_u32]);
    for active in active {
        let value = if *active { audibility.next().unwrap_or(0.0) } else { 0.0 };
        sums.push(sums[sums.len() - 1] + value);
        counts.push(counts[counts.len() - 1] + u32::from(*active));
    }
    let around = |frame: usize| {
        let (start, end) = (frame.saturating_sub(width / 2), (frame + width.div_ceil(2)).min(active.len()));
        let count = f64::from(counts[end] - counts[start]);
        let enough = count > 0.0 && count >= limits.window_active * width as f64;
        enough.then(|| (sums[end] - sums[start]) / count)
    };
    (0..active.len()).map(around).collect()
}

/// Stretches of frames whose running audibility is that of a buried lead; the middle halves of their windows.
fn spans(found: &LeadReport, limits: &LeadLimits) -> Vec<LeadSpan> {
    let mut spans: Vec<LeadSpan> = Vec::new();
    for (time_s, audibility) in found.times_s.iter().zip(&found.running_audibility) {
        let Some(audibility) = audibility.filter(|audibility| *audibility < limits.buried_audibility) else { continue };
        let start_s = (time_s - 0.25 * limits.window_s).max(0.0);
        let end_s = time_s + 0.25 * limits.window_s;
        match spans.last_mut() {
            Some(span) if span.end_s >= start_s => {
                span.end_s = end_s;
                span.least_audibility = span.least_audibility.min(audibility);
            }
            _ => spans.push(LeadSpan { start_s, end_s, least_audibility: audibility }),
        }
    }
    spans
}

fn message(found: &LeadReport, limits: &LeadLimits) -> String {
    let LeadReport { lead, level_lu, audibility, verdict, spans, .. } = found;
    let Some(audibility) = audibility else {
        return format!("{lead} is silent: its level and audibility are not measurable.");
    };
    let level = match level_lu {
        Some(level) => format!(
            "{lead} is {:.1} LU {} the rest while it sounds; leads of the mixes we measured lie between {:+.1} and {:+.1}.",
            level.abs(),
            if *level < 0.0 { "below" } else { "above" },
            limits.usual_low_lu,
            limits.usual_high_lu
        ),
        None => format!("The level of {lead} relative to the rest is not measurable."),
    };
    let word = format!(
        " Its audibility is {audibility:.2}: {}; theirs is about {:.2}.",
        verdict.word(),
        limits.target_audibility
    );
    let buried: f64 = spans.iter().map(|span| span.end_s - span.start_s).sum();
    let rest = if spans.is_empty() {
        String::new()
    } else {
        let stretches = if spans.len() == 1 { "1 stretch".to_owned() } else { format!("{} stretches", spans.len()) };
        format!(" It lies below {:.2} for {buried:.1} s, in {stretches}.", limits.buried_audibility)
    };
    level + &word + &rest
}

fn fader(found: &LeadReport, audibility: &Audibility, limits: &LeadLimits) -> Option<Suggestion> {
    let change_db = found.fader_change_db.filter(|db| db.abs() >= limits.least_fader_db)?;
    let (before, after) = (found.audibility?, audibility.at(change_db)?);
    let mut predicted = vec![Change { name: "audibility", before, after, unit: "" }];
    predicted.extend(found.level_lu.map(|level| Change {
        name: "level_lu",
        before: level,
        after: level + change_db,
        unit: "LU",
    }));
    Some(Suggestion {
        track: Some(found.lead.clone()),
        action: Action::FaderDb(change_db),
        reason: format!(
            "The audibility of {} is {before:.2}; a fader change of {change_db:+.1} dB takes it to {after:.2} (target \
             {:.2}). Levels found this way lie within 2.3 dB rms of the engineers' mixes of 5 songs.",
            found.lead, found.target
        ),
        evidence: vec![
            Figure { name: "audibility", value: before, unit: "" },
            Figure { name: "target", value: found.target, unit: "" },
        ],
        predicted,
        confidence: Confidence::Medium,
    })
}

#[cfg(test)]
mod tests;
