//! Clipping: flat runs, and peaks that are held at one level.

use super::{
    super::error::AnalysisError,
    finding::{Finding, Severity, Spans, channel_name, counted, figure},
    watch::{CHUNK_FRAMES, Programme, Watch, loudest},
};
use crate::foundation::{
    math::magnitude,
    sample::Sample,
    unit::{db_to_gain, gain_to_db},
};
use alloc::{format, vec::Vec};

/// Frames whose peak is looked at before they are.
const STEP_FRAMES: usize = 128;

/// What the check of clipping says.
pub(super) struct Clipping {
    pub(super) findings: Vec<Finding>,
    /// Share of maxima that are held at the peak, in the channel with more; `None` if there are too few maxima.
    pub(super) held_share: Option<f64>,
    pub(super) is_held: bool,
    pub(super) flat_runs: usize,
}

/// Flat runs of a channel.
struct Flat {
    runs: usize,
    longest: usize,
    samples: usize,
    spans: Spans,
}

pub(super) fn check<S: Sample>(programme: &Programme<'_, S>, watch: &mut Watch<'_>) -> Result<Clipping, AnalysisError> {
    let limits = programme.limits;
    let mut clipping = Clipping { findings: Vec::new(), held_share: None, is_held: false, flat_runs: 0 };
    let mut held: Option<(f64, usize, f64)> = None;
    let mut highest = 0.0_f64;
    for channel in 0..programme.channels() {
        let samples = programme.audio.channel(channel);
        let peak = loudest(samples);
        highest = highest.max(peak);
        // Silence, the dither of its word length included.
        if peak <= programme.quiet() {
            watch.pass(programme.frames())?;
            continue;
        }
        let flat = flat_runs(programme, channel, peak, watch)?;
        clipping.flat_runs += flat.runs;
        if flat.runs as f64 >= limits.clip_warning_runs {
            let is_fault = flat.runs as f64 >= limits.clip_fault_runs;
            let (severity, limit) = if is_fault {
                (Severity::Fault, limits.clip_fault_runs)
            } else {
                (Severity::Warning, limits.clip_warning_runs)
            };
            let share = 100.0 * flat.samples as f64 / samples.len() as f64;
            let message = format!(
                "{} is clipped: {} at its peak of {} dBFS, up to {} samples long, {} % of all samples.",
                channel_name(channel, programme.channels()),
                counted(flat.runs, "flat run", "flat runs"),
                figure(gain_to_db(peak), 2),
                flat.longest,
                figure(share, 4),
            );
            let finding = Finding::new("clipping", severity, message)
                .of(flat.runs as f64, limit, "runs")
                .with([
                    ("peak_dbfs", gain_to_db(peak), "dBFS"),
                    ("longest_run", flat.longest as f64, "samples"),
                    ("clipped_percent", share, "%"),
                ])
                .at(flat.spans);
            clipping.findings.push(Finding { channel: Some(channel), ..finding });
        }
        let (share, maxima) = held_share(programme, channel, peak);
        if maxima as f64 >= limits.held_least_maxima && held.is_none_or(|(most, ..)| share > most) {
            held = Some((share, channel, gain_to_db(peak)));
        }
    }
    if let Some((share, channel, peak_dbfs)) = held {
        clipping.held_share = Some(share);
        clipping.is_held = share > limits.held_share;
        if clipping.is_held {
            let message = format!(
                "{} is limited or clipped at {} dBFS: {} % of the maxima in its upper {} dB lie within {} dB of the \
                 peak; programmes that are not limited stay below {} %.",
                channel_name(channel, programme.channels()),
                figure(peak_dbfs, 2),
                figure(100.0 * share, 1),
                limits.held_within_db,
                limits.held_top_db,
                figure(100.0 * limits.held_share, 1),
            );
            let finding = Finding::new("held_peaks", Severity::Note, message)
                .of(100.0 * share, 100.0 * limits.held_share, "%")
                .with([("peak_dbfs", peak_dbfs, "dBFS")]);
            clipping.findings.push(Finding { channel: Some(channel), ..finding });
        }
    }
    if highest > 1.0 && clipping.flat_runs == 0 {
        let message = format!(
            "Samples reach {} dBFS without flat runs: a mix in floating point, which is not clipped yet, or decoded \
             from a lossy file, in which earlier clipping cannot be seen.",
            figure(gain_to_db(highest), 2),
        );
        clipping.findings.push(Finding::new("clipping", Severity::NotMeasurable, message).of(
            gain_to_db(highest),
            0.0,
            "dBFS",
        ));
    }
    Ok(clipping)
}

/// Runs of samples near the peak that hardly differ, between samples that are clearly lower.
fn flat_runs<S: Sample>(
    programme: &Programme<'_, S>,
    channel: usize,
    peak: f64,
    watch: &mut Watch<'_>,
) -> Result<Flat, AnalysisError> {
    let limits = programme.limits;
    let samples = programme.audio.channel(channel);
    let step = limits.clip_step / 32_768.0 * peak.max(limits.clip_least_peak);
    let level = limits.clip_level * peak;
    let least = limits.clip_samples as usize;
    let high = S::from_f64(level);
    let mut flat = Flat { runs: 0, longest: 0, samples: 0, spans: Spans::new(programme.rate_hz(), limits) };
    let mut next = 0;
    let mut reported = 0;
    while next < samples.len() {
        if next - reported >= CHUNK_FRAMES {
            watch.pass(next - reported)?;
            reported = next;
        }
        let ahead = &samples[next..(next + STEP_FRAMES).min(samples.len())];
        if loudest(ahead) <= level {
            next += ahead.len();
            continue;
        }
        let Some(offset) = ahead.iter().position(|sample| magnitude(*sample) > high) else {
            next += ahead.len();
            continue;
        };
        let start = next + offset;
        let (mut end, mut last) = (start + 1, samples[start].to_f64());
        let (mut low, mut top) = (last, last);
        while let Some(sample) = samples.get(end).map(|sample| sample.to_f64()) {
            if libm::fabs(sample - last) > step || libm::fabs(sample) <= level {
                break;
            }
            (low, top, last, end) = (low.min(sample), top.max(sample), sample, end + 1);
        }
        next = end;
        if end - start < least || start == 0 || end == samples.len() {
            continue;
        }
        let sign = if last < 0.0 { -1.0 } else { 1.0 };
        let fall = |inside: usize, outside: usize| sign * (samples[inside].to_f64() - samples[outside].to_f64());
        let edge = fall(start, start - 1).min(fall(end - 1, end));
        if edge > 0.0 && edge >= limits.clip_edge * (top - low).max(step) {
            flat.runs += 1;
            flat.samples += end - start;
            flat.longest = flat.longest.max(end - start);
            flat.spans.push(start, end);
        }
    }
    watch.pass(samples.len() - reported)?;
    Ok(flat)
}

/// Of all maxima near the peak, the share that lies at it, and how many there are.
fn held_share<S: Sample>(programme: &Programme<'_, S>, channel: usize, peak: f64) -> (f64, usize) {
    let limits = programme.limits;
    let samples = programme.audio.channel(channel);
    let least = peak * db_to_gain(-limits.held_within_db);
    let [within, top] = [least, peak * db_to_gain(-limits.held_top_db)].map(S::from_f64);
    let (mut maxima, mut held) = (0_usize, 0_usize);
    for start in (0..samples.len().saturating_sub(2)).step_by(STEP_FRAMES) {
        // With the samples beside the first and the last one.
        let part = &samples[start..(start + STEP_FRAMES + 2).min(samples.len())];
        if loudest(part) < least {
            continue;
        }
        for window in part.windows(3) {
            let middle = magnitude(window[1]);
            if middle >= within && middle > magnitude(window[0]) && middle >= magnitude(window[2]) {
                maxima += 1;
                held += usize::from(middle >= top);
            }
        }
    }
    (if maxima > 0 { held as f64 / maxima as f64 } else { 0.0 }, maxima)
}
