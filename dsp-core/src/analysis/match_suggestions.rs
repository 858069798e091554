//! What a match says of itself: remarks, the effect and a gain as suggestions, with what they change.

use super::{
    error::AnalysisError,
    ltas::{self, Part},
    match_difference::{PER_OCTAVE, Programme, Shape},
    match_limits::{MatchLimits, MatchParams},
    match_report::Match,
    spectra::{Spectra, k_weights},
    suggestion::{Action, Change, Confidence, Figure, Suggestion},
};
use crate::{
    console::Effect,
    foundation::{error::Error, params::Params, stream::StreamSpec, unit::power_to_db},
    levels::GainParams,
};
use alloc::{format, string::String, vec, vec::Vec};

/// Remarks, a sentence each.
pub(super) fn notes(report: &Match, limits: &MatchLimits) -> Vec<String> {
    let mut notes = Vec::new();
    if report.rms_difference_db < limits.same_db {
        notes.push(format!("Both have the same spectrum, within {} dB: there is nothing to match.", limits.same_db));
        return notes;
    }
    if report.confidence == Confidence::Low {
        let short = report.active_s.iter().copied().fold(f64::INFINITY, f64::min);
        notes.push(if short < limits.sure_s {
            format!("Confidence is low: only {short:.1} s sound, {:.0} s are wanted.", limits.sure_s)
        } else {
            format!(
                "Confidence is low: the programmes differ by {:.1} dB rms, and the halves of one of them by {:.1} dB.",
                report.rms_difference_db, report.rms_halves_db
            )
        });
    }
    let untrusted: Vec<f64> = report
        .frequencies_hz
        .iter()
        .zip(&report.whole.trusted)
        .filter(|(_, trusted)| !**trusted)
        .map(|(hz, _)| *hz)
        .collect();
    if !untrusted.is_empty() {
        notes.push(format!(
            "Not measurable in {} of the bands between {:.0} and {:.0} Hz: one of the programmes has nothing there.",
            untrusted.len(),
            untrusted[0],
            untrusted[untrusted.len() - 1]
        ));
    }
    if let Some(side_db) = report.side_difference_db
        && side_db.abs() >= limits.least_loudness_lu
    {
        notes.push(format!(
            "The side of the reference lies {:.1} dB {} beside its mid: that is not matched.",
            side_db.abs(),
            if side_db > 0.0 { "higher" } else { "lower" }
        ));
    }
    notes
}

/// Power gains of an effect in the middle of cells; none where it has no response.
fn power_gains(effect: &Effect, spectra: &Spectra) -> Result<Vec<f64>, Error> {
    let spec = StreamSpec::new(spectra.sample_rate_hz(), 1)?;
    let response = effect.frequency_response(&spec, &spectra.cells().centres_hz())?;
    Ok(response.unwrap_or_default().iter().map(|h| h.norm_sqr()).collect())
}

/// The effect and a gain.
pub(super) fn suggestions(
    report: &Match,
    own: &Programme<'_>,
    other: &Programme<'_>,
    shape: Shape<'_>,
    params: &MatchParams,
) -> Result<Vec<Suggestion>, AnalysisError> {
    let limits = shape.limits;
    let mut made = Vec::new();
    if report.rms_difference_db >= limits.same_db {
        made.extend(equalization(report, own, other, shape, params)?);
    }
    let louder_lu = report.loudness_difference_lu;
    if louder_lu.abs() >= limits.least_loudness_lu {
        let gain_db = libm::round(10.0 * louder_lu) / 10.0;
        made.push(Suggestion {
            track: None,
            action: Action::Effect(GainParams { gain_db, ..Default::default() }.into()),
            reason: format!(
                "The reference is {:.1} LU {} than the programme, which the match leaves as it is: a gain of {gain_db:+.1} \
                 dB makes them equally loud.",
                louder_lu.abs(),
                if louder_lu > 0.0 { "louder" } else { "quieter" }
            ),
            evidence: vec![Figure { name: "loudness_difference_lu", value: louder_lu, unit: "LU" }],
            predicted: vec![Change {
                name: "loudness_difference_lu",
                before: louder_lu,
                after: louder_lu - gain_db,
                unit: "LU",
            }],
            confidence: Confidence::High,
        });
    }
    Ok(made)
}

/// The effect as a suggestion, if the difference is smaller after it.
fn equalization(
    report: &Match,
    own: &Programme<'_>,
    other: &Programme<'_>,
    shape: Shape<'_>,
    params: &MatchParams,
) -> Result<Option<Suggestion>, AnalysisError> {
    let limits = shape.limits;
    let spectra = own.spectra;
    let nyquist_hz = ltas::nyquist_hz(spectra.cells());
    // What the effect makes of a part.
    let filtered = |part: Part, effect: &Effect| -> Result<Vec<Option<f64>>, Error> {
        let mut cells = ltas::mean_cells(spectra, part, own.active.all());
        for (power, gain) in cells.iter_mut().zip(power_gains(effect, spectra)?) {
            *power *= gain;
        }
        let trusted = own.levels(part, own.active.all(), limits);
        let levels = ltas::levels(&cells, &own.bands, nyquist_hz, PER_OCTAVE);
        Ok(levels.into_iter().zip(trusted).map(|(level, trusted)| level.filter(|_| trusted.is_some())).collect())
    };
    let after = |part: Part, effect: &Effect, lowest_hz: f64| -> Result<f64, Error> {
        let to = other.levels(part, other.active.all(), limits);
        let after = shape.difference(&filtered(part, effect)?, &to, lowest_hz);
        Ok(shape.rms(&after.smooth, &after.raw))
    };
    let after_db = match &report.effect {
        Effect::MidSide { mid, side } => {
            after(Part::Mid, &mid[0], 0.0)?.max(after(Part::Side, &side[0], limits.side_from_hz)?)
        }
        effect => after(Part::Sum, effect, 0.0)?,
    };
    if after_db >= report.rms_difference_db {
        return Ok(None);
    }
    let mut predicted =
        vec![Change { name: "rms_difference_db", before: report.rms_difference_db, after: after_db, unit: "dB" }];
    if !matches!(report.effect, Effect::MidSide { .. }) {
        let change_lu = loudness_change_lu(own, &power_gains(&report.effect, spectra)?);
        predicted.push(Change {
            name: "loudness_difference_lu",
            before: report.loudness_difference_lu,
            after: report.loudness_difference_lu - change_lu,
            unit: "LU",
        });
    }
    Ok(Some(Suggestion {
        track: None,
        action: Action::Effect(report.effect.clone()),
        reason: format!(
            "The reference differs by {:.1} dB rms, the halves of one programme by {:.1} dB; with {:.0} % of the curve \
             {after_db:.1} dB are left.",
            report.rms_difference_db,
            report.rms_halves_db,
            100.0 * params.amount,
        ),
        evidence: vec![
            Figure { name: "rms_difference_db", value: report.rms_difference_db, unit: "dB" },
            Figure { name: "rms_halves_db", value: report.rms_halves_db, unit: "dB" },
            Figure { name: "worst_residual_db", value: report.worst_residual_db, unit: "dB" },
        ],
        predicted,
        confidence: report.confidence,
    }))
}

/// Loudness after a filter minus that before, over the frames that count.
fn loudness_change_lu(programme: &Programme<'_>, gains: &[f64]) -> f64 {
    let mean = ltas::mean_cells(programme.spectra, Part::Sum, programme.active.all());
    let weights = k_weights(programme.spectra.cells());
    let weighted = mean.iter().zip(&weights).map(|(power, weight)| power * weight);
    let before: f64 = weighted.clone().sum();
    let after: f64 = weighted.zip(gains).map(|(power, gain)| power * gain).sum();
    if before > 0.0 && after > 0.0 { power_to_db(after / before) } else { 0.0 }
}
