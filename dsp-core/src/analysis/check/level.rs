//! Overs and headroom: true peak, loudness, and what is between them.

use super::{
    super::{
        error::AnalysisError,
        suggestion::{Action, Change, Confidence, Figure, Suggestion},
    },
    clipping::Clipping,
    finding::{Finding, Severity, Spans, counted, figure},
    watch::{CHUNK_FRAMES, Programme, Watch, loudest},
};
use crate::{
    console::Effect,
    foundation::{math::magnitude, sample::Sample, unit::db_to_gain},
    levels::GainParams,
    meters::{Loudness, LoudnessParams, Precision},
};
use alloc::{format, string::String, vec, vec::Vec};

/// Peaks and loudness; none of them for silence.
pub(super) struct Level {
    pub(super) findings: Vec<Finding>,
    pub(super) integrated_lufs: Option<f64>,
    pub(super) true_peak_dbtp: Option<f64>,
    pub(super) sample_peak_dbfs: Option<f64>,
    pub(super) plr_lu: Option<f64>,
}

pub(super) fn check<S: Sample>(
    programme: &Programme<'_, S>,
    clipping: &Clipping,
    watch: &mut Watch<'_>,
) -> Result<Level, AnalysisError> {
    let params = LoudnessParams { precision: Precision::Standard, ..Default::default() };
    let mut meter = params.build::<S>(programme.spec)?;
    programme.chunks(CHUNK_FRAMES, watch, |start, length| {
        crate::Meter::observe(&mut meter, &programme.audio.frames_at(start, length));
    })?;
    let reading: Loudness = crate::Meter::reading(&meter);
    let measured = |level: f64| level.is_finite().then_some(level);
    let mut level = Level {
        findings: Vec::new(),
        integrated_lufs: measured(reading.integrated_lufs),
        true_peak_dbtp: reading.true_peak_dbtp.and_then(measured),
        sample_peak_dbfs: measured(reading.sample_peak_dbfs),
        plr_lu: measured(reading.plr_lu),
    };
    if let Some(finding) = overs(programme, &level, clipping) {
        level.findings.push(finding);
    }
    if let (Some(plr_lu), Some(share)) = (level.plr_lu, clipping.held_share)
        && clipping.is_held
        && plr_lu < programme.limits.least_plr_lu
    {
        let message = format!(
            "The mix is limited already, or of constant level: its true peak lies {} LU above its loudness, less than {} \
             LU, and {} % of its maxima are held at the peak. A master needs the mix without its limiter.",
            figure(plr_lu, 1),
            programme.limits.least_plr_lu,
            figure(100.0 * share, 1),
        );
        let finding =
            Finding::new("dynamics", Severity::Warning, message).of(plr_lu, programme.limits.least_plr_lu, "LU");
        level.findings.push(finding.with([("held_percent", 100.0 * share, "%")]));
    }
    Ok(level)
}

fn overs<S: Sample>(programme: &Programme<'_, S>, level: &Level, clipping: &Clipping) -> Option<Finding> {
    let limits = programme.limits;
    let (peak_dbtp, sample_dbfs) = (level.true_peak_dbtp?, level.sample_peak_dbfs?);
    let (severity, limit) = if peak_dbtp > limits.over_fault_dbtp {
        (Severity::Fault, limits.over_fault_dbtp)
    } else if peak_dbtp > limits.over_warning_dbtp {
        (Severity::Warning, limits.over_warning_dbtp)
    } else if peak_dbtp > limits.over_note_dbtp {
        (Severity::Note, limits.over_note_dbtp)
    } else {
        return None;
    };
    let (over, spans) = samples_above(programme, db_to_gain(limit));
    // A note is no reason to be louder than the next limit below it.
    let aim_dbtp = if severity == Severity::Note { limits.over_note_dbtp } else { limits.over_warning_dbtp };
    let gain_db = -0.1 * libm::ceil((peak_dbtp - aim_dbtp).max(0.0) * 10.0);
    let what = if clipping.flat_runs > 0 {
        String::from(": a lower level does not restore what is clipped")
    } else if sample_dbfs > 0.0 {
        format!(": turn it down by {} dB before it is written in whole numbers", figure(-gain_db, 1))
    } else {
        String::new()
    };
    let samples = if over > 0 {
        format!(", {} in its samples", figure(sample_dbfs, 2))
    } else {
        String::from(", between its samples")
    };
    let message = format!("The true peak is {} dBTP{samples}; the limit is {limit} dBTP{what}.", figure(peak_dbtp, 2));
    let mut finding = Finding::new("overs", severity, message)
        .of(peak_dbtp, limit, "dBTP")
        .with([("sample_peak_dbfs", sample_dbfs, "dBFS"), ("samples_above", over as f64, "samples")])
        .at(spans);
    if gain_db < 0.0 {
        finding.suggestion = Some(Suggestion {
            track: None,
            action: Action::Effect(Effect::Gain(GainParams { gain_db, ..Default::default() })),
            reason: format!(
                "The true peak is {} dBTP; {} dB of gain brings it to {} dBTP{}.",
                figure(peak_dbtp, 2),
                figure(gain_db, 1),
                figure(peak_dbtp + gain_db, 2),
                if over > 0 {
                    format!(", from {} above {limit} dBFS", counted(over, "sample", "samples"))
                } else {
                    String::new()
                },
            ),
            evidence: vec![
                Figure { name: "true_peak_dbtp", value: peak_dbtp, unit: "dBTP" },
                Figure { name: "samples_above", value: over as f64, unit: "samples" },
            ],
            predicted: vec![Change {
                name: "true_peak_dbtp",
                before: peak_dbtp,
                after: peak_dbtp + gain_db,
                unit: "dBTP",
            }],
            confidence: Confidence::High,
        });
    }
    Some(finding)
}

/// How many samples exceed a level, and where.
fn samples_above<S: Sample>(programme: &Programme<'_, S>, level: f64) -> (usize, Spans) {
    let mut spans = Spans::new(programme.rate_hz(), programme.limits);
    let high = S::from_f64(level);
    let mut count = 0;
    for start in (0..programme.frames()).step_by(CHUNK_FRAMES) {
        let part = programme.audio.frames_at(start, CHUNK_FRAMES.min(programme.frames() - start));
        if (0..part.channels()).all(|channel| loudest(part.channel(channel)) <= level) {
            continue;
        }
        for frame in 0..part.frames() {
            let above = (0..part.channels()).filter(|channel| magnitude(part.channel(*channel)[frame]) > high).count();
            count += above;
            if above > 0 {
                spans.push(start + frame, start + frame + 1);
            }
        }
    }
    (count, spans)
}
