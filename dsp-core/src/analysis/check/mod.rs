//! Mix check: faults of a programme, and stems that cancel.

mod cancellation;
mod clicks;
mod clipping;
mod dc;
mod dropouts;
mod finding;
mod hum;
mod level;
mod limits;
mod noise_floor;
mod silence;
mod stereo;
#[cfg(test)]
mod tests;
mod transform;
mod watch;

pub use {
    cancellation::{CheckStem, Folded},
    finding::{Finding, Severity},
    limits::CheckLimits,
};

use super::error::AnalysisError;
use crate::{
    foundation::{block::Block, sample::Sample, stream::StreamSpec, table::Fields},
    primitives::threads::Threads,
};
use alloc::{boxed::Box, vec::Vec};
use clipping::Clipping;
use core::ops::ControlFlow;
use level::Level;
use stereo::Stereo;
use watch::{Counter, Programme, Watch};

/// What the mix check found, and what it measured on the way. No figure is infinite.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct MixCheck {
    /// The worst first.
    pub findings: Vec<Finding>,
    /// Sample rate, in Hz.
    pub sample_rate_hz: f64,
    /// Number of channels.
    pub channels: usize,
    /// Length, in seconds.
    pub duration_s: f64,
    /// Integrated loudness; `None` if no block passes the gates.
    pub integrated_lufs: Option<f64>,
    /// True peak; `None` for silence.
    pub true_peak_dbtp: Option<f64>,
    /// Largest sample; `None` for silence.
    pub sample_peak_dbfs: Option<f64>,
    /// True peak above loudness.
    pub plr_lu: Option<f64>,
    /// Share of the maxima near the peak that are held at it; `None` of too few maxima.
    pub held_share: Option<f64>,
    /// DC of each channel in parts of full scale; `None` of programmes too short for it.
    pub dc_offsets: Option<Vec<f64>>,
    /// Correlation of left and right; `None` unless both sound.
    pub correlation: Option<f64>,
    /// Change of the level by folding to mono, in dB; `None` unless both channels sound.
    pub mono_change_db: Option<f64>,
    /// Level of the noise in pauses, 100 Hz to 12 kHz; `None` if not measurable.
    pub noise_floor_dbfs: Option<f64>,
    /// Level of hum; `None` if there is none or it is not measurable.
    pub hum_dbfs: Option<f64>,
}

impl MixCheck {
    /// Whether there is no fault.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.findings.iter().all(|finding| finding.severity != Severity::Fault)
    }
}

/// Checks a programme of one or two channels for faults, and its stems, if there are any, for cancellation.
///
/// Clipping, overs, DC, polarity, what is lost in mono, dropouts, clicks, noise floor, hum, silence; each with its
/// figure, its limit, where it is and, if something mends it, an ordinary effect with what is measured after it.
///
/// `report` is called with the share of the work done and may end it.
///
/// # Source
/// Loudness and true peak: ITU-R BS.1770. Mono fold: thirds of an octave of IEC 61260-1. Clicks: the residual of a
/// linear prediction, after P. Alonso-Jiménez et al., "Automatic detection of audio problems for quality control in
/// digital music distribution", AES 146 (2019); the test of what follows a click is ours.
///
/// # Errors
/// [`AnalysisError::Setting`] for a limit out of range or another count of channels, [`AnalysisError::NonFinite`],
/// [`AnalysisError::Interrupted`].
///
/// ```
/// use core::ops::ControlFlow;
/// use mixdown::{Block, StreamSpec, analysis::{CheckLimits, check_mix}};
///
/// // Three seconds at half of full scale; the right channel is inverted.
/// let left: Vec<f64> = (0..144_000).map(|n| 0.5 * (n as f64 * 0.1).sin()).collect();
/// let right: Vec<f64> = left.iter().map(|sample| -sample).collect();
/// let (rows, spec) = ([&left[..], &right[..]], StreamSpec::new(48_000.0, 2)?);
/// let limits = CheckLimits::default();
/// let go_on = &mut |_| ControlFlow::Continue(());
/// let check = check_mix(&Block::from_slices(&rows)?, &spec, &[], &limits, go_on).unwrap();
/// assert!(!check.passed() && check.correlation.unwrap() < -0.999);
/// assert!(check.findings.iter().any(|finding| finding.check == "polarity"));
/// # Ok::<(), mixdown::Error>(())
/// ```
pub fn check_mix<S: Sample>(
    audio: &Block<'_, '_, S>,
    spec: &StreamSpec,
    stems: &[CheckStem<'_>],
    limits: &CheckLimits,
    report: &mut dyn FnMut(f64) -> ControlFlow<()>,
) -> Result<MixCheck, AnalysisError> {
    limits.check_fields(spec.sample_rate_hz())?;
    if spec.channels() > 2 || spec.channels() != audio.channels() {
        crate::foundation::error::expect_channels(spec.channels().min(2), audio.channels())?;
    }
    finite_samples(audio)?;
    let programme = Programme { audio, spec, limits };
    let stem_frames = stems.iter().map(|stem| stem.audio.frames()).max().unwrap_or(0) * stems.len();
    // As many passes of the programme as there are below; a few more or less only move the bar.
    let counter = &Counter::new((7 + 3 * programme.channels()) * programme.frames() + stem_frames);
    let beside = |part: usize| PARTS[part].check(&programme, stems, &mut Watch::silent(counter));
    // Parts do not know of each other: any thread does any of them.
    let parts: Result<Vec<Done>, AnalysisError> =
        match Threads::new().beside(PARTS.len(), beside, || counter.report(report)) {
            Some(parts) => parts.into_iter().collect(),
            None => {
                let mut here = |part: Part| part.check(&programme, stems, &mut Watch::reporting(counter, &mut *report));
                PARTS.into_iter().map(&mut here).collect()
            }
        };
    let [
        Done::Cancellation(cancellation),
        Done::Level(clipping, level),
        Done::Clicks(clicks),
        Done::Stereo(stereo),
        Done::Rest(rest),
    ] = <[Done; PARTS.len()]>::try_from(parts?).map_err(|_| AnalysisError::Interrupted)?
    else {
        return Err(AnalysisError::Interrupted);
    };
    let Rest { silence, dropouts, dc, dc_offsets, noise, noise_floor_dbfs, hum, hum_dbfs } = *rest;
    let (held_share, singles) = (clipping.held_share, [noise, hum]);
    let mut findings: Vec<Finding> =
        [silence, clipping.findings, level.findings, stereo.findings, cancellation, dropouts, dc, clicks]
            .into_iter()
            .flatten()
            .chain(singles.into_iter().flatten())
            .collect();
    findings.sort_by_key(|finding| finding.severity);
    counter.end(report)?;
    Ok(MixCheck {
        findings,
        sample_rate_hz: programme.rate_hz(),
        channels: programme.channels(),
        duration_s: programme.duration_s(),
        integrated_lufs: level.integrated_lufs,
        true_peak_dbtp: level.true_peak_dbtp,
        sample_peak_dbfs: level.sample_peak_dbfs,
        plr_lu: level.plr_lu,
        held_share,
        dc_offsets,
        correlation: stereo.correlation,
        mono_change_db: stereo.mono_change_db,
        noise_floor_dbfs,
        hum_dbfs,
    })
}

/// What is checked at the same time on several threads, the longest first.
#[derive(Clone, Copy)]
enum Part {
    Cancellation,
    Level,
    Clicks,
    Stereo,
    Rest,
}

const PARTS: [Part; 5] = [Part::Cancellation, Part::Level, Part::Clicks, Part::Stereo, Part::Rest];

/// What a part found.
enum Done {
    Cancellation(Vec<Finding>),
    Level(Clipping, Level),
    Clicks(Vec<Finding>),
    Stereo(Stereo),
    Rest(Box<Rest>),
}

struct Rest {
    silence: Vec<Finding>,
    dropouts: Vec<Finding>,
    dc: Vec<Finding>,
    dc_offsets: Option<Vec<f64>>,
    noise: Option<Finding>,
    noise_floor_dbfs: Option<f64>,
    hum: Option<Finding>,
    hum_dbfs: Option<f64>,
}

impl Part {
    fn check<S: Sample>(
        self,
        programme: &Programme<'_, S>,
        stems: &[CheckStem<'_>],
        watch: &mut Watch<'_>,
    ) -> Result<Done, AnalysisError> {
        Ok(match self {
            Self::Cancellation if stems.len() < 2 => Done::Cancellation(Vec::new()),
            Self::Cancellation => {
                let mix = (programme.frames() > 0).then_some(programme.audio as &dyn Folded);
                let (rate_hz, cpu) = (programme.rate_hz(), programme.spec.cpu());
                Done::Cancellation(cancellation::check(mix, stems, rate_hz, cpu, programme.limits, watch)?)
            }
            Self::Level => {
                let clipping = clipping::check(programme, watch)?;
                let level = level::check(programme, &clipping, watch)?;
                Done::Level(clipping, level)
            }
            Self::Clicks => Done::Clicks(clicks::check(programme, watch)?.into_iter().collect()),
            Self::Stereo => Done::Stereo(stereo::check(programme, watch)?),
            Self::Rest => {
                let silence = silence::check(programme, watch)?;
                let (dc, dc_offsets) = dc::check(programme, watch)?;
                let dropouts = dropouts::check(programme, watch)?;
                let (noise, noise_floor_dbfs) = noise_floor::check(programme, watch)?;
                let (hum, hum_dbfs) = hum::check(programme, watch)?;
                Done::Rest(Box::new(Rest { silence, dropouts, dc, dc_offsets, noise, noise_floor_dbfs, hum, hum_dbfs }))
            }
        })
    }
}

/// Refuses NaN and infinities.
fn finite_samples<S: Sample>(audio: &Block<'_, '_, S>) -> Result<(), AnalysisError> {
    let (mut count, mut first) = (0, usize::MAX);
    for channel in 0..audio.channels() {
        let samples = audio.channel(channel);
        // Without an early end, for vectors.
        if samples.iter().fold(true, |all, sample| all & sample.finite()) {
            continue;
        }
        count += samples.iter().filter(|sample| !sample.finite()).count() as u64;
        first = first.min(samples.iter().position(|sample| !sample.finite()).unwrap_or(first));
    }
    if count > 0 { Err(AnalysisError::NonFinite { argument: "audio", count, first_frame: first }) } else { Ok(()) }
}
