//! Noise floor: the level of pauses, if what they hold is noise.

use super::{
    super::error::AnalysisError,
    finding::{Finding, Severity, figure, finite},
    transform::PairTransform,
    watch::{CHUNK_FRAMES, Programme, Watch, energy},
};
use crate::foundation::{
    sample::Sample,
    unit::{db_to_power, power_to_db},
};
use alloc::{format, vec, vec::Vec};

/// Frames of a pause, at 44.1 and 48 kHz.
const FRAME: usize = 2_048;
/// Frequencies of the flatness and of the level, in Hz.
const FLATNESS_HZ: [f64; 2] = [300.0, 8_000.0];
const LEVEL_HZ: [f64; 2] = [100.0, 12_000.0];
/// Part of the rate up to which bands reach, below the filters of converters.
const HIGHEST_PER_RATE: f64 = 0.45;

/// A finding, and the level if it can be measured.
pub(super) fn check<S: Sample>(
    programme: &Programme<'_, S>,
    watch: &mut Watch<'_>,
) -> Result<(Option<Finding>, Option<f64>), AnalysisError> {
    let limits = programme.limits;
    let frame = programme.scaled(FRAME);
    let power = |start: usize| -> f64 {
        let part = programme.audio.frames_at(start, frame);
        (0..part.channels()).map(|channel| energy(part.channel(channel))).sum::<f64>()
            / (frame * part.channels()) as f64
    };
    let starts = || (0..programme.frames() / frame).map(|index| index * frame);
    let mut powers: Vec<(f64, usize)> = Vec::new();
    for start in starts() {
        powers.push((power(start), start));
        if powers.len().is_multiple_of(CHUNK_FRAMES / FRAME) {
            watch.pass(frame * (CHUNK_FRAMES / FRAME))?;
        }
    }
    let mean = powers.iter().map(|(power, _)| power).sum::<f64>() / powers.len().max(1) as f64;
    let silence = db_to_power(limits.noise_silence_dbfs);
    powers.retain(|(power, _)| *power > silence);
    if powers.is_empty() {
        return Ok((None, None));
    }
    powers.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    let count = libm::ceil(0.01 * limits.noise_quietest_percent * powers.len() as f64) as usize;
    let quietest = &powers[..count.clamp(1, powers.len())];
    let below_db = power_to_db(mean) - power_to_db(quietest.iter().map(|(power, _)| power).sum::<f64>() / count as f64);
    let (flatness_db, level_dbfs) = spectrum(programme, frame, quietest);
    if flatness_db < limits.noise_flatness_db || below_db < limits.noise_below_mean_db {
        let why = if below_db < limits.noise_below_mean_db {
            "the music never stops"
        } else {
            "what sounds in pauses is not noise"
        };
        let message =
            format!("The noise floor is not measurable: {why}; any noise lies below {} dBFS.", figure(level_dbfs, 1));
        let finding = Finding::new("noise_floor", Severity::NotMeasurable, message).with([
            ("quietest_dbfs", level_dbfs, "dBFS"),
            ("flatness_db", flatness_db, "dB"),
            ("below_mean_db", below_db, "dB"),
        ]);
        return Ok((Some(finding), None));
    }
    if level_dbfs <= limits.noise_note_dbfs {
        return Ok((None, Some(level_dbfs)));
    }
    let message = format!(
        "Pauses hold noise of {} dBFS between {} Hz and {} kHz, above {} dBFS.",
        figure(level_dbfs, 1),
        LEVEL_HZ[0],
        1e-3 * LEVEL_HZ[1],
        limits.noise_note_dbfs,
    );
    let finding = Finding::new("noise_floor", Severity::Note, message)
        .of(level_dbfs, limits.noise_note_dbfs, "dBFS")
        .with([("flatness_db", flatness_db, "dB"), ("below_mean_db", below_db, "dB")]);
    Ok((Some(finding), Some(level_dbfs)))
}

/// Flatness and level of the mean spectrum of frames, in dB.
fn spectrum<S: Sample>(programme: &Programme<'_, S>, frame: usize, frames: &[(f64, usize)]) -> (f64, f64) {
    let mut transform = PairTransform::new(frame);
    let mut rows = [vec![0.0; frame], vec![0.0; frame]];
    let mut powers = vec![0.0; frame / 2];
    let channels = programme.channels();
    for (_, start) in frames {
        for (channel, row) in rows.iter_mut().enumerate().take(channels) {
            let samples = &programme.audio.channel(channel)[*start..start + frame];
            row.iter_mut().zip(samples).for_each(|(kept, sample)| *kept = sample.to_f64());
        }
        transform.forward(&rows[0], &rows[1]);
        for (bin, power) in powers.iter_mut().enumerate() {
            *power += transform.powers(bin).iter().sum::<f64>() / (channels * frames.len()) as f64;
        }
    }
    let bins = |[low_hz, high_hz]: [f64; 2]| {
        let bin = |hz: f64| hz * frame as f64 / programme.rate_hz();
        let high = bin(high_hz).min(HIGHEST_PER_RATE * frame as f64);
        let low = libm::ceil(bin(low_hz)).max(1.0) as usize;
        low..(libm::floor(high) as usize + 1).max(low + 1).min(frame / 2)
    };
    let flat = &powers[bins(FLATNESS_HZ)];
    let count = flat.len() as f64;
    let logarithm = flat.iter().map(|power| power_to_db(power.max(f64::MIN_POSITIVE))).sum::<f64>() / count;
    let flatness_db = logarithm - power_to_db((flat.iter().sum::<f64>() / count).max(f64::MIN_POSITIVE));
    (finite(flatness_db), finite(power_to_db(powers[bins(LEVEL_HZ)].iter().sum())))
}
