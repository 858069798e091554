//! Hum: lines at multiples of the mains frequency that never stop.

use super::{
    super::{
        error::AnalysisError,
        suggestion::{Action, Change, Confidence, Figure, Suggestion},
    },
    finding::{Finding, Severity, figure, finite},
    transform::PairTransform,
    watch::{CHUNK_FRAMES, Programme, Watch},
};
use crate::{
    console::Effect,
    filters::{EqualizerParams, NotchParams},
    foundation::{
        params::Params,
        sample::Sample,
        unit::{db_to_power, power_to_db},
    },
    primitives::{
        backend::{Backend, run},
        kaiser::{kaiser, sinc},
    },
};
use alloc::{format, string::String, vec, vec::Vec};

/// Mains frequencies, in Hz, and the multiples of them that are looked at.
const MAINS_HZ: [f64; 2] = [50.0, 60.0];
const MULTIPLES: usize = 8;
/// Rate to which the mono sum is brought, at least, and length of its transform.
const RATE_HZ: f64 = 3_000.0;
const FRAME_S: f64 = 0.68;
/// Half the taps of the decimating filter in samples after it, and the shape of its window: -80 dB.
const HALF_TAPS: usize = 4;
const SHAPE: f64 = 8.0;
/// Bins on either side of a line: of its own, and those that it is compared with.
const OWN: usize = 1;
const AROUND: core::ops::RangeInclusive<usize> = 4..=8;
/// Bins that the window spreads a line over, on either side.
const SPREAD: usize = 2;
/// Spectra without which there is no percentile.
const LEAST_SPECTRA: usize = 8;
/// Width of the notches that are suggested.
const NOTCH_Q: f64 = 30.0;
/// How far mains frequencies drift, in parts of them.
const DRIFT: f64 = 1e-3;

/// The spectrum that sounds at all times.
struct Steady {
    powers: Vec<f64>,
    bin_hz: f64,
}

/// A line: its frequency, its power without its neighbourhood, and whether it stands out.
struct Line {
    frequency_hz: f64,
    power: f64,
    around: f64,
    stands_out: bool,
}

/// A finding, and the level of the hum if there is any.
pub(super) fn check<S: Sample>(
    programme: &Programme<'_, S>,
    watch: &mut Watch<'_>,
) -> Result<(Option<Finding>, Option<f64>), AnalysisError> {
    let limits = programme.limits;
    let Some(steady) = steady(programme, watch)? else {
        let message = format!(
            "Hum is not measurable: the programme lasts {} s, less than {} s.",
            figure(programme.duration_s(), 1),
            figure(FRAME_S * 0.5 * (LEAST_SPECTRA + 1) as f64, 1),
        );
        let finding = Finding::new("hum", Severity::NotMeasurable, message);
        let least_s = FRAME_S * 0.5 * (LEAST_SPECTRA + 1) as f64;
        return Ok((Some(finding.of(programme.duration_s(), least_s, "s")), None));
    };
    let families = MAINS_HZ.map(|hz| lines(&steady, hz, limits.hum_line_db, db_to_power(limits.hum_floor_dbfs)));
    let standing = |lines: &[Line]| lines.iter().filter(|line| line.stands_out).count();
    let [fifty, sixty] = [standing(&families[0]), standing(&families[1])];
    let family = usize::from(sixty > fifty);
    let found: Vec<&Line> = families[family].iter().filter(|line| line.stands_out).collect();
    if (found.len() as f64) < limits.hum_lines {
        return Ok((hidden(programme, &families), None));
    }
    let level = |lines: &[&Line]| finite(power_to_db(lines.iter().map(|line| line.power).sum()));
    let level_dbfs = level(&found);
    let severity = if level_dbfs > limits.hum_warning_dbfs { Severity::Warning } else { Severity::Note };
    let named: Vec<String> = found.iter().map(|line| figure(line.frequency_hz, 0)).collect();
    let message = format!(
        "Hum of {} dBFS at {} multiples of {} Hz: {} Hz.",
        figure(level_dbfs, 1),
        found.len(),
        MAINS_HZ[family],
        named.join(", "),
    );
    let bands: Vec<_> =
        found.iter().map(|line| NotchParams { frequency_hz: line.frequency_hz, q: NOTCH_Q }.into()).collect();
    let notches = EqualizerParams { bands, ..Default::default() };
    // The mains drift: a notch counts as it is beside its centre.
    let frequencies: Vec<f64> = found.iter().map(|line| line.frequency_hz * (1.0 + DRIFT)).collect();
    let response = notches.frequency_response(&programme.spec.with_channels(1)?, &frequencies)?;
    let after: f64 = found.iter().zip(response.iter().flatten()).map(|(line, gain)| line.power * gain.norm_sqr()).sum();
    let after_dbfs = finite(power_to_db(after));
    let suggestion = (response.is_some() && after_dbfs < level_dbfs).then(|| Suggestion {
        track: None,
        action: Action::Effect(Effect::Equalizer(notches)),
        reason: format!(
            "Notches at {} Hz take the hum from {} to {} dBFS.",
            named.join(", "),
            figure(level_dbfs, 1),
            figure(after_dbfs, 1)
        ),
        evidence: vec![Figure { name: "hum_dbfs", value: level_dbfs, unit: "dBFS" }],
        predicted: vec![Change { name: "hum_dbfs", before: level_dbfs, after: after_dbfs, unit: "dBFS" }],
        confidence: Confidence::Medium,
    });
    let finding = Finding::new("hum", severity, message)
        .of(level_dbfs, limits.hum_warning_dbfs, "dBFS")
        .with([("mains_hz", MAINS_HZ[family], "Hz"), ("lines", found.len() as f64, "lines")]);
    Ok((Some(Finding { suggestion, ..finding }), Some(level_dbfs)))
}

/// What says so where hum at the limit would not stand out.
fn hidden<S: Sample>(programme: &Programme<'_, S>, families: &[Vec<Line>; 2]) -> Option<Finding> {
    let limits = programme.limits;
    // Of hum whose line k has 1 / k² of the power of the first: the first line that makes enough of them stand out.
    let least = |lines: &Vec<Line>| {
        let mut firsts: Vec<f64> =
            lines.iter().enumerate().map(|(index, line)| line.around * ((index + 1) * (index + 1)) as f64).collect();
        firsts.sort_by(f64::total_cmp);
        let wanted = (limits.hum_lines as usize).clamp(1, firsts.len().max(1)) - 1;
        let whole: f64 = (1..=lines.len()).map(|k| 1.0 / (k * k) as f64).sum();
        firsts.get(wanted).map_or(0.0, |first| whole * first * db_to_power(limits.hum_line_db))
    };
    // A line under a Hann window is 1.5 times its highest bin.
    let least_dbfs = power_to_db(1.5 * families.iter().map(least).fold(0.0, f64::max));
    (least_dbfs > limits.hum_warning_dbfs).then(|| {
        let message = format!("Hum is not measurable: the music hides hum up to about {} dBFS.", figure(least_dbfs, 0));
        Finding::new("hum", Severity::NotMeasurable, message).of(least_dbfs, limits.hum_warning_dbfs, "dBFS")
    })
}

/// Percentiles over time of the mono sum's spectrum; `None` of too few frames.
fn steady<S: Sample>(programme: &Programme<'_, S>, watch: &mut Watch<'_>) -> Result<Option<Steady>, AnalysisError> {
    let factor = libm::floor(programme.rate_hz() / RATE_HZ) as usize;
    let samples = decimated(programme, factor, watch)?;
    let rate_hz = programme.rate_hz() / factor as f64;
    // An even number of samples.
    let half = libm::round(0.5 * FRAME_S * rate_hz) as usize;
    let frame = 2 * half;
    let starts: Vec<usize> =
        (0..).map(|index| index * half).take_while(|start| start + frame <= samples.len()).collect();
    if starts.len() < LEAST_SPECTRA {
        return Ok(None);
    }
    let bin_hz = rate_hz / frame as f64;
    let highest_hz = MAINS_HZ[1] * MULTIPLES as f64;
    let bins = (libm::ceil(highest_hz / bin_hz) as usize + AROUND.end() + 1).min(half);
    let mut transform = PairTransform::new(frame);
    let mut spectra = vec![0.0_f32; bins * starts.len()];
    for (pair, both) in starts.chunks(2).enumerate() {
        watch.pass(0)?;
        let second = *both.last().unwrap_or(&0);
        transform.forward(&samples[both[0]..both[0] + frame], &samples[second..second + frame]);
        for bin in 0..bins {
            let powers = transform.powers(bin);
            for (index, power) in powers.iter().enumerate().take(both.len()) {
                spectra[bin * starts.len() + 2 * pair + index] = *power as f32;
            }
        }
    }
    let place = libm::round(0.01 * programme.limits.hum_percentile * (starts.len() - 1) as f64) as usize;
    let powers = spectra
        .chunks_exact_mut(starts.len())
        .map(|powers| f64::from(*powers.select_nth_unstable_by(place, f32::total_cmp).1))
        .collect();
    Ok(Some(Steady { powers, bin_hz }))
}

/// The mono sum at a fraction of the rate: pass to 500 Hz, -80 dB from where it would fold below that.
fn decimated<S: Sample>(
    programme: &Programme<'_, S>,
    factor: usize,
    watch: &mut Watch<'_>,
) -> Result<Vec<f64>, AnalysisError> {
    let half = HALF_TAPS * factor;
    let tap = |k: usize| {
        let distance = (k as f64 - half as f64) / factor as f64;
        sinc(distance) * kaiser(SHAPE, distance / HALF_TAPS as f64) / factor as f64
    };
    let taps: Vec<f64> = (0..=2 * half).map(tap).collect();
    let (outputs, backend) = (programme.frames() / factor, Backend::new(programme.spec.cpu()));
    let per_chunk = (CHUNK_FRAMES / factor).max(1);
    let mut out = Vec::with_capacity(outputs);
    let mut samples = vec![0.0; (per_chunk - 1) * factor + taps.len()];
    for first in (0..outputs).step_by(per_chunk) {
        programme.mono((first * factor) as isize - half as isize, &mut samples);
        let count = per_chunk.min(outputs - first);
        run!(backend, _ => filter(&samples, &taps, factor, count, &mut out));
        watch.pass(count * factor)?;
    }
    Ok(out)
}

/// Appends so many filtered samples, a factor apart.
#[inline(always)]
fn filter(samples: &[f64], taps: &[f64], factor: usize, count: usize, out: &mut Vec<f64>) {
    let (taps, last) = taps.as_chunks::<8>();
    for index in 0..count {
        let (mut sums, mut place) = ([0.0; 8], index * factor);
        for taps in taps {
            let Some(samples) = samples[place..].first_chunk::<8>() else { break };
            for lane in 0..8 {
                sums[lane] += samples[lane] * taps[lane];
            }
            place += 8;
        }
        let rest: f64 = (0..last.len()).map(|tap| samples[place + tap] * last[tap]).sum();
        out.push(sums.iter().sum::<f64>() + rest);
    }
}

/// The multiples of a mains frequency.
fn lines(steady: &Steady, mains_hz: f64, height_db: f64, floor: f64) -> Vec<Line> {
    let height = db_to_power(height_db);
    let line = |multiple: usize| {
        let near = libm::round(multiple as f64 * mains_hz / steady.bin_hz) as usize;
        let own = near.saturating_sub(OWN)..=near + OWN;
        let centre = own.fold(near, |best, bin| if steady.powers[bin] > steady.powers[best] { bin } else { best });
        let mut around: Vec<f64> = AROUND
            .flat_map(|distance| [near.checked_sub(distance), Some(near + distance)])
            .filter_map(|bin| steady.powers.get(bin?).copied())
            .collect();
        around.sort_by(f64::total_cmp);
        let median = 0.5 * (around[(around.len() - 1) / 2] + around[around.len() / 2]);
        let spread = &steady.powers[centre.saturating_sub(SPREAD)..(centre + SPREAD + 1).min(steady.powers.len())];
        let power = spread.iter().map(|power| (power - median).max(0.0)).sum();
        let highest = steady.powers[centre];
        Line {
            frequency_hz: multiple as f64 * mains_hz,
            power,
            around: median,
            stands_out: highest > floor && highest >= height * median,
        }
    };
    (1..=MULTIPLES).map(line).collect()
}
