//! Clicks: samples that no linear prediction expects, after which the sound goes on as before.

use super::{
    super::error::AnalysisError,
    finding::{Finding, Severity, Spans, counted, figure},
    watch::{Programme, Watch},
};
use crate::{
    foundation::{
        math::cis,
        sample::Sample,
        unit::{db_to_gain, gain_to_db, ms_to_frames},
    },
    primitives::backend::{Backend, run},
};
use alloc::{format, vec, vec::Vec};
use core::f64::consts::PI;

/// Order of the prediction, and frames that it is designed on at 44.1 and 48 kHz.
const ORDER: usize = 24;
const FRAME: usize = 2_048;
/// Samples that are predicted at once.
const LANES: usize = 16;
/// The diagonal of the normal equations grows by this part.
const LOADING: f64 = 1e-5;
/// Blocks of the neighbourhood on either side: 41 ms in all.
const SIDE_BLOCKS: usize = 20;
/// Blocks before and after a click whose residuals are compared, in ms from it.
const BEFORE_BLOCKS: core::ops::RangeInclusive<usize> = 1..=7;
const AFTER_BLOCKS: core::ops::RangeInclusive<usize> = 2..=8;

/// A click: its first and last sample, its largest residual and that over its neighbourhood.
struct Click {
    first: usize,
    last: usize,
    residual: f64,
    ratio: f64,
}

pub(super) fn check<S: Sample>(
    programme: &Programme<'_, S>,
    watch: &mut Watch<'_>,
) -> Result<Option<Finding>, AnalysisError> {
    let limits = programme.limits;
    let residual = residual(programme, watch)?;
    let clicks = clicks(programme, &residual, watch)?;
    let Some(loudest) = clicks.iter().map(|click| click.residual).reduce(f64::max) else { return Ok(None) };
    let sharpest = clicks.iter().map(|click| click.ratio).fold(0.0, f64::max);
    let per_minute = 60.0 * clicks.len() as f64 / programme.duration_s();
    let mut spans = Spans::new(programme.rate_hz(), limits);
    clicks.iter().for_each(|click| spans.push(click.first, click.last + 1));
    let is_music = per_minute > limits.click_note_per_minute;
    let (severity, limit, what) = if is_music {
        let limit = limits.click_note_per_minute;
        (Severity::Note, limit, format!(", more than {limit}: probably part of the music"))
    } else {
        // A sharp attack reads as a weak click now and then.
        let severity = if sharpest >= limits.click_warning_ratio { Severity::Warning } else { Severity::Note };
        (severity, 0.0, format!(", the first at {} s", figure(clicks[0].first as f64 / programme.rate_hz(), 2)))
    };
    let message = format!(
        "{}, {} a minute{what}; residuals up to {} dBFS and {} times their neighbourhood.",
        counted(clicks.len(), "click", "clicks"),
        figure(per_minute, 1),
        figure(gain_to_db(loudest), 1),
        figure(sharpest, 0),
    );
    let finding = Finding::new("clicks", severity, message)
        .of(per_minute, limit, "per minute")
        .with([
            ("clicks", clicks.len() as f64, "clicks"),
            ("loudest_dbfs", gain_to_db(loudest), "dBFS"),
            ("sharpest_ratio", sharpest, ""),
        ])
        .at(spans);
    Ok(Some(finding))
}

/// The error of a linear prediction of the mono sum, designed on overlapping frames; each predicts its middle half.
fn residual<S: Sample>(programme: &Programme<'_, S>, watch: &mut Watch<'_>) -> Result<Vec<f32>, AnalysisError> {
    let frame = programme.scaled(FRAME);
    let (hop, backend) = (frame / 2, Backend::new(programme.spec.cpu()));
    let hann: Vec<f64> = (0..frame).map(|n| 0.5 - 0.5 * cis(2.0 * PI * n as f64 / frame as f64).re).collect();
    // With the samples before it, which predict its first ones, and as many zeros after it as there are lags.
    let (mut samples, mut windowed) = (vec![0.0; frame], vec![0.0; frame + ORDER]);
    let mut residual = vec![0.0_f32; programme.frames()];
    let mut error = vec![0.0; hop];
    for start in (0..programme.frames()).step_by(hop) {
        programme.mono(start as isize - hop as isize / 2, &mut samples);
        for ((windowed, sample), hann) in windowed.iter_mut().zip(&samples).zip(&hann) {
            *windowed = sample * hann;
        }
        let lags = run!(backend, _ => autocorrelation(&windowed, frame));
        if lags[0] > 0.0 {
            let coeffs = prediction(&lags);
            run!(backend, _ => predict(&samples[hop / 2 - ORDER..hop / 2 + hop], &coeffs, &mut error));
            let length = hop.min(programme.frames() - start);
            residual[start..start + length].iter_mut().zip(&error).for_each(|(kept, error)| *kept = *error as f32);
        }
        watch.pass(hop.min(programme.frames() - start))?;
    }
    Ok(residual)
}

/// Lags 0 to the order.
#[inline(always)]
fn autocorrelation(windowed: &[f64], frame: usize) -> [f64; ORDER + 1] {
    let (mut zero, mut sums) = (0.0, [0.0; ORDER]);
    // Arrays and indices: the sums stay in registers.
    for n in 0..frame {
        let Some((sample, later)) = windowed[n..].split_first_chunk::<1>() else { break };
        let Some(later) = later.first_chunk::<ORDER>() else { break };
        zero += sample[0] * sample[0];
        for k in 0..ORDER {
            sums[k] += sample[0] * later[k];
        }
    }
    let mut lags = [zero; ORDER + 1];
    lags[1..].copy_from_slice(&sums);
    lags
}

/// Levinson's recursion: the weights of the last samples, the latest first.
fn prediction(lags: &[f64; ORDER + 1]) -> [f64; ORDER] {
    let mut error = lags[0] * (1.0 + LOADING);
    let mut weights = [0.0; ORDER];
    for order in 0..ORDER {
        let known: f64 = (0..order).map(|k| weights[k] * lags[order - k]).sum();
        let reflection = (lags[order + 1] - known) / error;
        let before = weights;
        weights[order] = reflection;
        for k in 0..order {
            weights[k] = before[k] - reflection * before[order - 1 - k];
        }
        error *= 1.0 - reflection * reflection;
        if error <= 0.0 {
            break;
        }
    }
    weights
}

/// What the prediction misses, after the first samples.
#[inline(always)]
fn predict(samples: &[f64], weights: &[f64; ORDER], error: &mut [f64]) {
    let (parts, rest) = error.as_chunks_mut::<LANES>();
    for (part, error) in parts.iter_mut().enumerate() {
        let Some(known) = samples[part * LANES..].first_chunk::<{ ORDER + LANES }>() else { break };
        error.copy_from_slice(&known[ORDER..]);
        for k in 0..ORDER {
            for lane in 0..LANES {
                error[lane] -= weights[k] * known[ORDER - 1 - k + lane];
            }
        }
    }
    let first = parts.len() * LANES;
    for (n, error) in rest.iter_mut().enumerate() {
        let known = &samples[first + n..][..=ORDER];
        *error = known[ORDER] - (0..ORDER).map(|k| weights[k] * known[ORDER - 1 - k]).sum::<f64>();
    }
}

/// Residuals far above their neighbourhood, short, and not followed by more.
fn clicks<S: Sample>(
    programme: &Programme<'_, S>,
    residual: &[f32],
    watch: &mut Watch<'_>,
) -> Result<Vec<Click>, AnalysisError> {
    let limits = programme.limits;
    let block = ms_to_frames(1.0, programme.rate_hz()).max(1);
    let parts = residual.chunks(block);
    let levels: Vec<f64> = parts
        .map(|part| {
            let power: f64 = part.iter().map(|error| f64::from(*error) * f64::from(*error)).sum();
            libm::sqrt(power / part.len() as f64)
        })
        .collect();
    let floor = db_to_gain(limits.click_floor_dbfs);
    let mut found: Vec<Click> = Vec::new();
    let join = ms_to_frames(limits.click_join_ms, programme.rate_hz());
    for (index, part) in residual.chunks(block).enumerate() {
        watch.pass(part.len())?;
        let highest = part.iter().fold(0.0_f32, |highest, error| highest.max(error.abs()));
        if f64::from(highest) <= floor {
            continue;
        }
        // The median lies below a level if more than half of all blocks do.
        let around = &levels[index.saturating_sub(SIDE_BLOCKS)..(index + SIDE_BLOCKS + 1).min(levels.len())];
        let limit = f64::from(highest) / limits.click_ratio;
        if 2 * around.iter().filter(|level| **level < limit).count() <= around.len() {
            continue;
        }
        let mut sorted = around.to_vec();
        sorted.sort_by(f64::total_cmp);
        let local = sorted[sorted.len() / 2].max(floor / 1e3);
        let threshold = (limits.click_ratio * local).max(floor);
        for (offset, error) in part.iter().enumerate().filter(|(_, error)| f64::from(error.abs()) > threshold) {
            let place = index * block + offset;
            let (error, ratio) = (f64::from(error.abs()), f64::from(error.abs()) / local);
            match found.last_mut() {
                Some(click) if place - click.last <= join => {
                    click.last = place;
                    click.residual = click.residual.max(error);
                    click.ratio = click.ratio.max(ratio);
                }
                _ => found.push(Click { first: place, last: place, residual: error, ratio }),
            }
        }
    }
    let longest = ms_to_frames(limits.click_longest_ms, programme.rate_hz());
    let rms = |blocks: &mut dyn Iterator<Item = usize>| {
        let (mut sum, mut count) = (0.0, 0.0_f64);
        for level in blocks.filter_map(|block| levels.get(block)) {
            sum += level * level;
            count += 1.0;
        }
        libm::sqrt(sum / count.max(1.0))
    };
    found.retain(|click| {
        let (first, last) = (click.first / block, click.last / block);
        let before = rms(&mut BEFORE_BLOCKS.filter_map(|distance| first.checked_sub(distance)));
        let after = rms(&mut AFTER_BLOCKS.map(|distance| last + distance));
        click.last - click.first < longest && after <= limits.click_after_ratio * before
    });
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prediction_leaves_nothing_of_what_it_describes() {
        // x[n] = 1.6 x[n-1] - 0.9 x[n-2], with lags from its own impulse response.
        let mut samples = vec![0.0; 4_096];
        samples[0] = 1.0;
        for n in 1..samples.len() {
            samples[n] = 1.6 * samples[n - 1] - if n > 1 { 0.9 * samples[n - 2] } else { 0.0 };
        }
        samples.extend([0.0; ORDER]);
        let weights = prediction(&autocorrelation(&samples, 4_096));
        // The loading moves them slightly.
        assert!((weights[0] - 1.6).abs() < 3e-3 && (weights[1] + 0.9).abs() < 3e-3, "{weights:?}");
        let mut error = vec![0.0; 100];
        predict(&samples[..ORDER + 100], &weights, &mut error);
        assert!(error.iter().all(|error| error.abs() < 1e-2));
    }
}
