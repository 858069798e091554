//! Findings: what a check has to say, with all its figures.

use super::super::suggestion::{Figure, Suggestion};
use super::limits::CheckLimits;
use alloc::{format, string::String, vec::Vec};

/// How grave a finding is, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize), serde(rename_all = "snake_case"))]
pub enum Severity {
    /// Wrong in any programme.
    Fault,
    /// Usually wrong: listen.
    Warning,
    /// Worth knowing.
    Note,
    /// The programme hides what was to be measured.
    NotMeasurable,
}

/// A finding of the mix check. No figure is infinite: levels below -120 dB read -120.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Finding {
    /// The check: `clipping`, `held_peaks`, `overs`, `dynamics`, `dc`, `polarity`, `mono_fold`, `cancellation`,
    /// `dropouts`, `clicks`, `noise_floor`, `hum` or `silence`.
    pub check: &'static str,
    /// How grave it is.
    pub severity: Severity,
    /// What was measured.
    pub value: Option<f64>,
    /// The limit that it exceeds.
    pub limit: Option<f64>,
    /// Unit of both; empty if they have none.
    pub unit: &'static str,
    /// The channel, from 0; `None` for all.
    pub channel: Option<usize>,
    /// The stems; empty for the programme.
    pub tracks: Vec<String>,
    /// Where it is, from and to in seconds: the first spans.
    pub at_s: Vec<[f64; 2]>,
    /// A sentence with the figures.
    pub message: String,
    /// The other figures of the sentence.
    pub evidence: Vec<Figure>,
    /// What mends it.
    pub suggestion: Option<Suggestion>,
}

impl Finding {
    pub(super) fn new(check: &'static str, severity: Severity, message: String) -> Self {
        Self {
            check,
            severity,
            value: None,
            limit: None,
            unit: "",
            channel: None,
            tracks: Vec::new(),
            at_s: Vec::new(),
            message,
            evidence: Vec::new(),
            suggestion: None,
        }
    }

    pub(super) fn of(self, value: f64, limit: f64, unit: &'static str) -> Self {
        Self { value: Some(value), limit: Some(limit), unit, ..self }
    }

    pub(super) fn with(self, evidence: impl IntoIterator<Item = (&'static str, f64, &'static str)>) -> Self {
        Self {
            evidence: evidence.into_iter().map(|(name, value, unit)| Figure { name, value, unit }).collect(),
            ..self
        }
    }

    pub(super) fn at(self, spans: Spans) -> Self {
        Self { at_s: spans.spans, ..self }
    }
}

/// Spans of time that grow together where they are close.
pub(super) struct Spans {
    spans: Vec<[f64; 2]>,
    sample_rate_hz: f64,
    join_s: f64,
    most: usize,
}

impl Spans {
    pub(super) fn new(sample_rate_hz: f64, limits: &CheckLimits) -> Self {
        Self { spans: Vec::new(), sample_rate_hz, join_s: 1e-3 * limits.join_ms, most: limits.most_spans as usize }
    }

    /// Frames from `start` up to `end`, after all others.
    pub(super) fn push(&mut self, start: usize, end: usize) {
        let [start_s, end_s] = [start, end].map(|frame| frame as f64 / self.sample_rate_hz);
        let room = self.spans.len() < self.most;
        match self.spans.last_mut() {
            Some(last) if start_s - last[1] <= self.join_s => last[1] = last[1].max(end_s),
            _ if room => self.spans.push([start_s, end_s]),
            _ => {}
        }
    }
}

/// Lowest level of a figure, in dB.
const LEAST_DB: f64 = -120.0;

/// A level that is finite.
pub(super) fn finite(level_db: f64) -> f64 {
    level_db.max(LEAST_DB)
}

/// A figure for a sentence: never "-0.0".
pub(super) fn figure(value: f64, digits: usize) -> String {
    let text = format!("{value:.digits$}");
    if text.trim_start_matches(['-', '0', '.']).is_empty() { format!("{:.digits$}", 0.0) } else { text }
}

/// "1 click", "2 clicks".
pub(super) fn counted(count: usize, one: &str, several: &str) -> String {
    if count == 1 { format!("1 {one}") } else { format!("{count} {several}") }
}

/// A channel for a sentence.
pub(super) fn channel_name(channel: usize, channels: usize) -> &'static str {
    match (channels, channel) {
        (1, _) => "The programme",
        (_, 0) => "The left channel",
        _ => "The right channel",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zero_has_no_sign() {
        assert_eq!([figure(-0.04, 1), figure(-0.06, 1), figure(0.0, 2)], ["0.0", "-0.1", "0.00"]);
    }

    #[test]
    fn close_spans_are_one_and_the_first_are_kept() {
        let limits = CheckLimits { join_ms: 100.0, most_spans: 2.0, ..Default::default() };
        let mut spans = Spans::new(10.0, &limits);
        for (start, end) in [(0, 1), (2, 3), (10, 11), (20, 21)] {
            spans.push(start, end);
        }
        assert_eq!(spans.spans, [[0.0, 0.3], [1.0, 1.1]]);
    }
}
