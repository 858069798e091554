//! DC: a constant offset of a channel.

use super::{
    super::{
        error::AnalysisError,
        suggestion::{Action, Change, Confidence, Figure, Suggestion},
    },
    finding::{Finding, Severity, channel_name, figure, finite},
    watch::{CHUNK_FRAMES, Counter, Programme, Watch},
};
use crate::{
    console::Effect,
    filters::HighPassParams,
    foundation::{block::BlockMut, math::cis, params::Params, processor::Processor, sample::Sample, unit::gain_to_db},
};
use alloc::{format, vec, vec::Vec};
use core::f64::consts::PI;

/// The corner of the high pass that is suggested, in Hz.
const CORNER_HZ: f64 = 20.0;
/// Frames that share a weight of the window.
const STEP_FRAMES: usize = 256;

/// Findings, and the offset of each channel in parts of full scale; none where the programme is too short for it.
pub(super) fn check<S: Sample>(
    programme: &Programme<'_, S>,
    watch: &mut Watch<'_>,
) -> Result<(Vec<Finding>, Option<Vec<f64>>), AnalysisError> {
    let limits = programme.limits;
    if programme.duration_s() < limits.dc_least_s {
        watch.pass(programme.frames() * programme.channels())?;
        return Ok((Vec::new(), None));
    }
    let (mut findings, mut offsets) = (Vec::new(), Vec::new());
    for channel in 0..programme.channels() {
        let offset = mean(programme, channel, None, watch)?;
        offsets.push(offset);
        let level_dbfs = gain_to_db(offset);
        let (severity, limit) = if level_dbfs > limits.dc_fault_dbfs {
            (Severity::Fault, limits.dc_fault_dbfs)
        } else if level_dbfs > limits.dc_note_dbfs {
            (Severity::Note, limits.dc_note_dbfs)
        } else {
            continue;
        };
        let message = format!(
            "{} has a DC offset of {} % of full scale, {} dBFS; the limit is {limit} dBFS.",
            channel_name(channel, programme.channels()),
            figure(100.0 * offset, 3),
            figure(level_dbfs, 1),
        );
        let finding = Finding::new("dc", severity, message).of(level_dbfs, limit, "dBFS").with([(
            "offset_percent",
            100.0 * offset,
            "%",
        )]);
        let suggestion = high_pass(programme, channel, offset)?;
        findings.push(Finding { channel: Some(channel), suggestion, ..finding });
    }
    Ok((findings, Some(offsets)))
}

/// The mean under a Hann window over the whole programme, so that tones count less the longer it is.
fn mean<S: Sample>(
    programme: &Programme<'_, S>,
    channel: usize,
    filter: Option<&mut <HighPassParams as Params>::Processor<S>>,
    watch: &mut Watch<'_>,
) -> Result<f64, AnalysisError> {
    let samples = programme.audio.channel(channel);
    let (mut sum, mut weights) = (0.0, 0.0);
    // The window is as good as constant over a step.
    let mut add = |start: usize, part: &[S]| {
        for (index, step) in part.chunks(STEP_FRAMES).enumerate() {
            let middle = (start + index * STEP_FRAMES) as f64 + 0.5 * step.len() as f64;
            let weight = 0.5 - 0.5 * cis(2.0 * PI * middle / samples.len() as f64).re;
            sum += weight * total(step);
            weights += weight * step.len() as f64;
        }
    };
    let mut filter = filter;
    programme.chunks(CHUNK_FRAMES, watch, |start, length| {
        let part = &samples[start..start + length];
        let Some(filter) = &mut filter else { return add(start, part) };
        let mut filtered = part.to_vec();
        if let Ok(mut block) = BlockMut::from_planar(&mut filtered, 1) {
            filter.process(&mut block);
        }
        add(start, &filtered);
    })?;
    Ok(if weights > 0.0 { sum / weights } else { 0.0 })
}

/// The sum of samples, eight at a time.
fn total<S: Sample>(samples: &[S]) -> f64 {
    let mut sums = [0.0; 8];
    let (parts, rest) = samples.as_chunks::<8>();
    for part in parts {
        for lane in 0..8 {
            sums[lane] += part[lane].to_f64();
        }
    }
    sums.iter().sum::<f64>() + rest.iter().map(|sample| sample.to_f64()).sum::<f64>()
}

/// A high pass, and the offset measured after it; `None` at rates that it does not suit, or where it does not help.
fn high_pass<S: Sample>(
    programme: &Programme<'_, S>,
    channel: usize,
    offset: f64,
) -> Result<Option<Suggestion>, AnalysisError> {
    let params = HighPassParams { frequency_hz: CORNER_HZ, ..Default::default() };
    let mut filter = params.build::<S>(&programme.spec.with_channels(1)?)?;
    let counter = Counter::new(programme.frames());
    let watch = &mut Watch::silent(&counter);
    let after = mean(programme, channel, Some(&mut filter), watch)?;
    if libm::fabs(after) >= libm::fabs(offset) {
        return Ok(None);
    }
    let [before, after] = [offset, after].map(|offset| finite(gain_to_db(offset)));
    Ok(Some(Suggestion {
        track: None,
        action: Action::Effect(Effect::HighPass(params)),
        reason: format!(
            "A high pass at {CORNER_HZ} Hz takes the offset from {} to {} dBFS.",
            figure(before, 1),
            figure(after, 1)
        ),
        evidence: vec![Figure { name: "offset_dbfs", value: before, unit: "dBFS" }],
        predicted: vec![Change { name: "offset_dbfs", before, after, unit: "dBFS" }],
        confidence: Confidence::High,
    }))
}
