//! Dropouts: silence of some milliseconds within sound that did not fade.

use super::{
    super::error::AnalysisError,
    finding::{Finding, Severity, Spans, channel_name, counted, figure},
    watch::{CHUNK_FRAMES, Programme, Watch, energy},
};
use crate::foundation::{
    math::magnitude,
    sample::Sample,
    unit::{db_to_power, ms_to_frames},
};
use alloc::{format, vec::Vec};

pub(super) fn check<S: Sample>(
    programme: &Programme<'_, S>,
    watch: &mut Watch<'_>,
) -> Result<Vec<Finding>, AnalysisError> {
    let mut findings = Vec::new();
    for channel in 0..programme.channels() {
        let gaps = gaps(programme, channel, watch)?;
        let Some(longest) = gaps.iter().map(|[start, end]| end - start).max() else { continue };
        let longest_ms = 1e3 * longest as f64 / programme.rate_hz();
        let mut spans = Spans::new(programme.rate_hz(), programme.limits);
        gaps.iter().for_each(|[start, end]| spans.push(*start, *end));
        let message = format!(
            "{} has {}, up to {} ms long: silence between sound that does not fade, the first at {} s.",
            channel_name(channel, programme.channels()),
            counted(gaps.len(), "dropout", "dropouts"),
            figure(longest_ms, 1),
            figure(gaps[0][0] as f64 / programme.rate_hz(), 2),
        );
        let finding = Finding::new("dropouts", Severity::Fault, message)
            .of(gaps.len() as f64, 0.0, "dropouts")
            .with([("longest_ms", longest_ms, "ms")])
            .at(spans);
        findings.push(Finding { channel: Some(channel), ..finding });
    }
    Ok(findings)
}

/// First and last frames of the dropouts of a channel.
fn gaps<S: Sample>(
    programme: &Programme<'_, S>,
    channel: usize,
    watch: &mut Watch<'_>,
) -> Result<Vec<[usize; 2]>, AnalysisError> {
    let limits = programme.limits;
    let frames = |ms: f64| ms_to_frames(ms, programme.rate_hz()).max(1);
    let (least, most) = (frames(limits.dropout_ms), frames(limits.dropout_longest_ms));
    let (around, last) = (frames(limits.dropout_around_ms), frames(limits.dropout_last_ms));
    let samples = programme.audio.channel(channel);
    let quiet = S::from_f64(programme.quiet());
    let is_loud = |sample: &S| magnitude(*sample) > quiet;
    let power = |range: core::ops::Range<usize>| -> f64 {
        let count = range.len() as f64;
        energy(&samples[range]) / count
    };
    let mut gaps = Vec::new();
    let (mut next, mut reported) = (0, 0);
    // Of so many samples one lies in every gap: silence is sought from there.
    while let Some(sample) = samples.get(next + least - 1) {
        if next - reported >= CHUNK_FRAMES {
            watch.pass(next - reported)?;
            reported = next;
        }
        if is_loud(sample) {
            next += least;
            continue;
        }
        let inside = next + least - 1;
        let begin = samples[next..inside].iter().rposition(is_loud).map_or(next, |offset| next + offset + 1);
        let end = samples[inside..].iter().position(is_loud).map_or(samples.len(), |offset| inside + offset);
        next = end;
        if !(least..=most).contains(&(end - begin)) || begin < around || samples.len() - end < around {
            continue;
        }
        let (before, after) = (power(begin - around..begin), power(end..end + around));
        let floor = db_to_power(limits.dropout_around_dbfs);
        let is_cut = power(begin - last.min(around)..begin) > before * db_to_power(-limits.dropout_last_db);
        if before > floor && after > floor && is_cut {
            gaps.push([begin, end]);
        }
    }
    watch.pass(samples.len().saturating_sub(reported))?;
    Ok(gaps)
}
