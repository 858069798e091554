//! Silence: at the beginning, at the end, of a channel, of the whole.

use super::{
    super::error::AnalysisError,
    finding::{Finding, Severity, Spans, channel_name, figure, finite},
    watch::{CHUNK_FRAMES, Programme, Watch, energy},
};
use crate::foundation::{
    math::magnitude,
    sample::Sample,
    unit::{db_to_power, power_to_db},
};
use alloc::{format, string::String, vec, vec::Vec};

pub(super) fn check<S: Sample>(
    programme: &Programme<'_, S>,
    watch: &mut Watch<'_>,
) -> Result<Vec<Finding>, AnalysisError> {
    let (limits, frames) = (programme.limits, programme.frames());
    let quiet = S::from_f64(programme.quiet());
    let is_loud = |sample: &S| magnitude(*sample) > quiet;
    let rows = || (0..programme.channels()).map(|channel| programme.audio.channel(channel));
    let first = rows().filter_map(|row| row.iter().position(is_loud)).min();
    let last = rows().filter_map(|row| row.iter().rposition(is_loud)).max();
    let (Some(first), Some(last)) = (first, last) else {
        watch.pass(frames)?;
        let message = if frames == 0 {
            String::from("The programme is empty.")
        } else {
            format!("The programme is silent for all its {} s.", figure(programme.duration_s(), 1))
        };
        return Ok(vec![Finding::new("silence", Severity::Fault, message).of(programme.duration_s(), 0.0, "s")]);
    };
    let mut findings = Vec::new();
    let ends = [("begins", 0, first, limits.silence_before_s), ("ends", last + 1, frames, limits.silence_after_s)];
    for (verb, start, end, limit) in ends {
        let silent_s = (end - start) as f64 / programme.rate_hz();
        if silent_s > limit {
            let message =
                format!("The programme {verb} with {} s of silence, more than {limit} s.", figure(silent_s, 2));
            let mut spans = Spans::new(programme.rate_hz(), limits);
            spans.push(start, end);
            findings.push(Finding::new("silence", Severity::Note, message).of(silent_s, limit, "s").at(spans));
        }
    }
    let mut powers = [0.0; 2];
    programme.chunks(CHUNK_FRAMES, watch, |start, length| {
        for (power, row) in powers.iter_mut().zip(rows()) {
            *power += energy(&row[start..start + length]);
        }
    })?;
    if programme.channels() == 2 {
        let fainter = usize::from(powers[1] < powers[0]);
        if powers[fainter] < powers[1 - fainter] * db_to_power(-limits.channel_below_db) {
            let below_db = finite(power_to_db(powers[fainter] / powers[1 - fainter]));
            let message = format!(
                "{} is {} dB below the other, more than {} dB.",
                channel_name(fainter, 2),
                figure(-below_db, 1),
                limits.channel_below_db,
            );
            let finding =
                Finding::new("silence", Severity::Fault, message).of(-below_db, limits.channel_below_db, "dB");
            findings.push(Finding { channel: Some(fainter), ..finding });
        }
    }
    Ok(findings)
}
