//! Brings a programme to a loudness under a ceiling: static gain where that is enough, limiter where it is not.
//!
//! # Signal
//! programme -> drive -> true-peak limiter (only if it has something to do) -> rounding with dither -> measured
//!
//! # Contract
//! The result is what was measured: drive and ceiling are solved on the rounded samples, by a secant in the drive, until
//! the integrated loudness is within [`LOUDNESS_TOLERANCE_LU`] of the target and the high-precision true peak is at least
//! [`PEAK_MARGIN_DB`] below the ceiling, in at most [`MAX_PASSES`] passes. What cannot be had is refused with the reason.
//! The latency of the limiter is taken out: the result starts and ends with the programme.

use super::{
    dither::{Dither, QuantizerParams},
    normalizer::NormalizeError,
    targets::DeliveryTarget,
};
use crate::{
    foundation::{
        block::{Block, BlockMut},
        error::{Error, in_range},
        processor::{Dynamics, GainReduction, Meter, Params, Processor},
        sample::Sample,
        stream::StreamSpec,
        unit::{db_to_gain, ms_to_frames},
    },
    meters::{
        loudness::{Loudness, LoudnessParams},
        true_peak::Precision,
    },
    processors::limiter::{Limiter, LimiterMode, LimiterParams},
};
use alloc::{vec, vec::Vec};

/// How near the target counts as there, in LU. Half a step of a display with one decimal is 0.05.
pub const LOUDNESS_TOLERANCE_LU: f64 = 0.02;
/// How far below the ceiling the true peak of the result stays, in dB: what other meters may read more.
pub const PEAK_MARGIN_DB: f64 = 0.05;
/// Passes after which a target counts as out of reach. A song takes three to five.
pub const MAX_PASSES: usize = 16;
/// Most drive into the limiter, in dB: beyond, nothing is left of the music.
const MAX_DRIVE_DB: f64 = 36.0;
/// First setting of the limiter below the ceiling, in dB: its own guarantee and the rounding need less than the rest.
const FIRST_MARGIN_DB: f64 = 0.07;
/// Hold and release of the limiter, in ms: its defaults, then ever faster ones, which give loudness for distortion. Taken
/// one after another where more drive no longer makes the programme louder.
const CHARACTERS_MS: [[f64; 2]; 3] = [[8.0, 60.0], [3.0, 20.0], [0.0, 5.0]];
/// Loudness gained per dB of drive below which a character counts as exhausted.
const EXHAUSTED_SLOPE: f64 = 0.15;
/// Step of the curve of gain reduction, in ms.
pub const CURVE_STEP_MS: f64 = 10.0;
/// Frames the limiter works on at a time.
const CHUNK_FRAMES: usize = 4_096;

/// Settings of [`deliver`].
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(default, deny_unknown_fields))]
pub struct DeliveryParams {
    /// Integrated loudness wanted, LUFS, -70..0.
    pub target_lufs: f64,
    /// Highest true peak allowed, dBTP, -12..0.
    pub ceiling_dbtp: f64,
    /// Word length to round to, 8..=24 bits; 0 leaves the samples as they are.
    pub bits: u32,
    /// The noise added before rounding.
    pub dither: Dither,
}

impl Default for DeliveryParams {
    fn default() -> Self {
        Self { target_lufs: -14.0, ceiling_dbtp: -1.0, bits: 24, dither: Dither::Tpdf }
    }
}

/// Its loudness and ceiling (0 dBTP if it asks for none), in the default word.
impl From<DeliveryTarget> for DeliveryParams {
    fn from(target: DeliveryTarget) -> Self {
        let ceiling_dbtp = target.ceiling_dbtp.unwrap_or(0.0);
        Self { target_lufs: target.integrated_lufs, ceiling_dbtp, ..Self::default() }
    }
}

/// A programme as it is delivered, and what it measured.
#[derive(Clone, Debug)]
pub struct Delivery<S> {
    /// The samples, planar; whole multiples of the word's step if they were rounded.
    pub samples: Vec<S>,
    /// What the samples measure.
    pub loudness: Loudness,
    /// The gain before the limiter, in dB.
    pub gain_db: f64,
    /// What the limiter did; zeros if it was not needed.
    pub reduction: GainReduction,
    /// The largest gain reduction in each [`CURVE_STEP_MS`], in dB; empty if the limiter was not needed.
    pub reduction_curve_db: Vec<f64>,
    /// Samples clipped by the rounding.
    pub clipped: u64,
    /// How often it was tried.
    pub passes: usize,
}

impl DeliveryParams {
    /// Checks every parameter; never clamps.
    ///
    /// # Errors
    /// [`Error::OutOfRange`].
    pub fn validate(&self) -> Result<(), Error> {
        in_range("target_lufs", self.target_lufs, -70.0, 0.0)?;
        in_range("ceiling_dbtp", self.ceiling_dbtp, -12.0, 0.0)?;
        if self.bits != 0 {
            in_range("bits", f64::from(self.bits), 8.0, 24.0)?;
        }
        Ok(())
    }
}

/// Brings `programme` to the target.
///
/// # Errors
/// [`NormalizeError`]: settings out of range, less than 400 ms, silence, non-finite samples, a target out of reach.
pub fn deliver<S: Sample>(
    programme: &Block<'_, '_, S>,
    spec: &StreamSpec,
    params: &DeliveryParams,
) -> Result<Delivery<S>, NormalizeError> {
    params.validate()?;
    if programme.channels() != spec.channels() {
        return Err(Error::Channels { min: spec.channels(), max: spec.channels(), actual: programme.channels() }.into());
    }
    let needed = libm::round(0.4 * spec.sample_rate_hz()) as usize;
    if programme.frames() < needed {
        return Err(NormalizeError::TooShort { frames: programme.frames(), needed });
    }
    let source = measure(programme, spec)?;
    if !source.integrated_lufs.is_finite() {
        return Err(NormalizeError::Silent);
    }
    let source_peak = source.true_peak_dbtp.unwrap_or(source.sample_peak_dbfs);
    let highest = params.ceiling_dbtp - PEAK_MARGIN_DB;

    let mut drive_db = params.target_lufs - source.integrated_lufs;
    let mut limit_db = params.ceiling_dbtp - FIRST_MARGIN_DB;
    let mut last: Option<[f64; 2]> = None;
    let mut characters = CHARACTERS_MS.iter();
    let mut character = characters.next();
    for passes in 1..=MAX_PASSES {
        let Some(&[hold_ms, release_ms]) = character.filter(|_| drive_db <= MAX_DRIVE_DB) else { break };
        let limiter = LimiterParams {
            ceiling_db: limit_db,
            hold_ms,
            release_ms,
            mode: LimiterMode::Master,
            ..Default::default()
        };
        // Without peaks above the ceiling the limiter would change nothing but cost its time.
        let limited = source_peak + drive_db > highest;
        let Driven { mut samples, reduction, reduction_curve_db } =
            drive(programme, spec, drive_db, limited.then_some(&limiter))?;
        let clipped = round(&mut samples, spec, params)?;
        let loudness = measure(&Block::from_planar(&samples, spec.channels())?, spec)?;
        let (error_lu, over_db) =
            (params.target_lufs - loudness.integrated_lufs, loudness.true_peak_dbtp.unwrap_or(0.0) - highest);
        if libm::fabs(error_lu) <= LOUDNESS_TOLERANCE_LU && over_db <= 0.0 {
            let gain_db = drive_db;
            return Ok(Delivery { samples, loudness, gain_db, reduction, reduction_curve_db, clipped, passes });
        }
        if over_db > 0.0 {
            limit_db -= over_db + 0.005;
        }
        // The more a limiter works, the less a dB of drive gives; the secant learns how much.
        let slope = match last {
            Some([drive, error]) if drive != drive_db => (error - error_lu) / (drive_db - drive),
            _ => 1.0,
        };
        if slope < EXHAUSTED_SLOPE && error_lu > 0.0 {
            character = characters.next();
            last = None;
            continue;
        }
        last = Some([drive_db, error_lu]);
        drive_db += error_lu / slope.clamp(EXHAUSTED_SLOPE, 1.0);
    }
    Err(NormalizeError::OutOfReach { target_lufs: params.target_lufs, ceiling_dbtp: params.ceiling_dbtp })
}

fn measure<S: Sample>(audio: &Block<'_, '_, S>, spec: &StreamSpec) -> Result<Loudness, NormalizeError> {
    let params = LoudnessParams { precision: Precision::High, ..Default::default() };
    let mut meter = params.build::<S>(spec)?;
    meter.observe(audio);
    if meter.faults() > 0 {
        return Err(NormalizeError::NotFinite { samples: meter.faults() });
    }
    Ok(meter.reading())
}

/// A programme behind drive and limiter.
struct Driven<S> {
    samples: Vec<S>,
    reduction: GainReduction,
    reduction_curve_db: Vec<f64>,
}

/// The programme times the drive, through a limiter if there is one; no longer than it was.
fn drive<S: Sample>(
    programme: &Block<'_, '_, S>,
    spec: &StreamSpec,
    drive_db: f64,
    limiter: Option<&LimiterParams>,
) -> Result<Driven<S>, Error> {
    let (channels, frames) = (programme.channels(), programme.frames());
    let gain = S::from_f64(db_to_gain(drive_db));
    let mut limiter: Option<Limiter<S>> = limiter.map(|params| params.build(spec)).transpose()?;
    let latency = limiter.as_ref().map_or(0, Processor::latency_frames);
    let mut samples = vec![S::ZERO; channels * frames];
    let step_frames = ms_to_frames(CURVE_STEP_MS, spec.sample_rate_hz());
    let mut curve = vec![0.0; if limiter.is_some() { frames.div_ceil(step_frames) } else { 0 }];
    let mut reduction_db = vec![0.0; CHUNK_FRAMES];
    let mut chunk = vec![S::ZERO; channels * CHUNK_FRAMES];
    let total = frames + latency;
    for start in (0..total).step_by(CHUNK_FRAMES) {
        let length = CHUNK_FRAMES.min(total - start);
        let mut block = BlockMut::from_planar(&mut chunk[..channels * length], channels)?;
        for channel in 0..channels {
            // Silence pushes the end of the programme through the limiter.
            let source = programme.channel(channel).get(start.min(frames)..(start + length).min(frames)).unwrap_or(&[]);
            let target = block.channel_mut(channel);
            for (target, sample) in target.iter_mut().zip(source) {
                *target = *sample * gain;
            }
            target[source.len()..].fill(S::ZERO);
        }
        if let Some(limiter) = &mut limiter {
            let mut trace = BlockMut::from_planar(&mut reduction_db[..length], 1)?;
            limiter.process_traced(&mut block, None, &mut trace);
        }
        // Frame n of the output belongs to frame n - latency of the programme.
        let skip = latency.saturating_sub(start).min(length);
        if skip == length {
            continue;
        }
        let from = start + skip - latency;
        if limiter.is_some() {
            for (frame, &reduction_db) in (from..).zip(&reduction_db[skip..length]) {
                let largest: &mut f64 = &mut curve[frame / step_frames];
                *largest = largest.max(reduction_db);
            }
        }
        for channel in 0..channels {
            samples[channel * frames + from..][..length - skip].copy_from_slice(&block.channel(channel)[skip..]);
        }
    }
    let reduction = limiter.map_or_else(GainReduction::default, |limiter| limiter.gain_reduction());
    Ok(Driven { samples, reduction, reduction_curve_db: curve })
}

/// Rounds to the word length in place. Returns how many samples were clipped.
fn round<S: Sample>(samples: &mut [S], spec: &StreamSpec, params: &DeliveryParams) -> Result<u64, Error> {
    if params.bits == 0 {
        return Ok(0);
    }
    let mut quantizer = QuantizerParams { bits: params.bits, dither: params.dither, seed: 0 }.build(spec)?;
    let mut words = vec![0; samples.len()];
    quantizer.quantize(&Block::from_planar(samples, spec.channels())?, &mut words)?;
    for (sample, word) in samples.iter_mut().zip(words) {
        // Exact: 24 bits fit an f32.
        *sample = S::from_f64(f64::from(word) * quantizer.step());
    }
    Ok(quantizer.clipped())
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    fn spec() -> StreamSpec {
        StreamSpec::new(44_100.0, 2).unwrap()
    }

    /// Noise without the top octave under swelling drum hits: peaks far above its loudness.
    fn song(seconds: usize) -> Vec<f32> {
        let frames = seconds * 44_100;
        let mut random = crate::parts::random::Random::new(3, 0);
        let mut low = [0.0; 2];
        (0..2 * frames)
            .map(|n| {
                let hit = libm::exp(-((n % frames % 22_050) as f64) / 900.0);
                low[0] += 0.3 * (random.triangular() - low[0]);
                low[1] += 0.3 * (low[0] - low[1]);
                (low[1] * (0.15 + 0.5 * hit)) as f32
            })
            .collect()
    }

    #[test]
    fn delivered_samples_measure_what_was_asked_for() {
        let audio = song(6);
        let programme = Block::from_planar(&audio, 2).unwrap();
        for (target_lufs, ceiling_dbtp, bits) in
            [(-14.0, -1.0, 24), (-14.0, -1.0, 16), (-9.0, -2.0, 24), (-23.0, -1.0, 0)]
        {
            let params = DeliveryParams { target_lufs, ceiling_dbtp, bits, ..Default::default() };
            let done = deliver(&programme, &spec(), &params).unwrap();
            assert_eq!(done.samples.len(), audio.len());
            // Again, by a meter that knows nothing of the solver.
            let again = measure(&Block::from_planar(&done.samples, 2).unwrap(), &spec()).unwrap();
            assert!((again.integrated_lufs - target_lufs).abs() <= LOUDNESS_TOLERANCE_LU, "{again:?}");
            assert!(again.true_peak_dbtp.unwrap() <= ceiling_dbtp - PEAK_MARGIN_DB, "{:?}", again.true_peak_dbtp);
            assert_eq!(again, done.loudness);
            assert_eq!(done.clipped, 0);
            if bits > 0 {
                let scale = (1_u32 << (bits - 1)) as f32;
                assert!(done.samples.iter().all(|x| (x * scale).fract() == 0.0));
            }
            std::println!("{target_lufs}: {} passes, {:?}", done.passes, done.reduction);
        }
    }

    #[test]
    fn what_needs_no_limiter_keeps_its_shape() {
        let audio = song(2);
        let programme = Block::from_planar(&audio, 2).unwrap();
        let params = DeliveryParams { target_lufs: -40.0, bits: 0, ..Default::default() };
        let done = deliver(&programme, &spec(), &params).unwrap();
        assert_eq!(done.reduction, GainReduction::default());
        let gain = db_to_gain(done.gain_db) as f32;
        assert!(done.samples.iter().zip(&audio).all(|(y, x)| *y == x * gain));
    }

    #[test]
    fn the_limiters_latency_is_taken_out() {
        let audio = song(3);
        let programme = Block::from_planar(&audio, 2).unwrap();
        let done = deliver(&programme, &spec(), &DeliveryParams { target_lufs: -12.0, bits: 0, ..Default::default() })
            .unwrap();
        assert!(done.reduction.max_db > 1.0);
        let at = |lag: i64| -> f64 {
            (2_000..100_000).map(|n| f64::from(audio[n]) * f64::from(done.samples[(n as i64 + lag) as usize])).sum()
        };
        let best = (-300..=300).max_by(|&a, &b| at(a).total_cmp(&at(b))).unwrap();
        assert_eq!(best, 0);
    }

    #[test]
    fn what_cannot_be_had_is_refused_with_its_reason() {
        let refused = |audio: &[f32], params: DeliveryParams| {
            deliver(&Block::from_planar(audio, 2).unwrap(), &spec(), &params).unwrap_err().to_string()
        };
        let params = DeliveryParams::default();
        assert!(refused(&[0.0; 88_200], params).starts_with("silent"));
        assert!(
            refused(&[0.1; 35_278], params).starts_with("too short to have a loudness: 17639 frames, at least 17640")
        );
        let mut broken = song(1);
        broken[5] = f32::NAN;
        assert!(refused(&broken, params).starts_with("1 samples are NaN"));
        assert!(refused(&song(1), DeliveryParams { ceiling_dbtp: 3.0, ..params }).contains("ceiling_dbtp = 3"));
        assert!(refused(&song(1), DeliveryParams { bits: 4, ..params }).contains("bits = 4"));
        let loudest = DeliveryParams { target_lufs: 0.0, ceiling_dbtp: -12.0, ..params };
        assert!(refused(&song(1), loudest).starts_with("out of reach: 0 LUFS with peaks of at most -12 dBTP"));
    }
}
