//! Masters a programme to an integrated loudness under a true-peak ceiling, by static gain or through the limiter.
//!
//! # Signal
//! programme -> less its DC offset -> drive -> true-peak limiter (only if it has something to do) -> rounding with
//! dither
//! -> measured
//!
//! # Contract
//! The result is what was measured: drive and ceiling are solved on the rounded samples, by a secant in the drive,
//! until the integrated loudness is within [`LOUDNESS_TOLERANCE_LU`] of the target, the true peak of
//! [`Precision::Reference`] at least [`PEAK_MARGIN_DB`] below the ceiling and that of [`Precision::Standard`] not above
//! it, in at most [`MAX_PASSES`] passes. The reference meter's interpolator is 10 times as long as the limiter's, so it
//! sees what that does not. What cannot be had is refused with the reason: a gain that only fills the headroom below
//! the ceiling always can. The latency of the limiter is taken out: the result starts and ends with the programme.
//!
//! A DC offset above [`MAX_DC_OFFSET_DBFS`], as it is or as the gain would make it, is subtracted: the mean of a
//! channel under a Welch window, which takes the begun cycle of a low tone for what it is. A constant is what a faulty
//! converter adds; a high pass would take it too, but also turn the phases of bass, which raises peaks, and ring at
//! both ends.

use super::{
    normalizer::{NormalizeError, measure, report, steps},
    quantizer::{Dither, QuantizerParams},
    targets::DeliveryTarget,
};
use crate::{
    console::offline::{Plan, Progress, copy_from, render_with},
    dynamics::limiter::{Limiter, LimiterMode, LimiterParams},
    foundation::{
        block::{Block, BlockMut},
        declare::params,
        error::Error,
        params::Params,
        processor::{Dynamics, GainReduction, Processor},
        sample::Sample,
        stream::StreamSpec,
        table::Fields,
        unit::{db_to_gain, gain_to_db, ms_to_frames},
    },
    meters::{
        loudness::{Loudness, LoudnessParams},
        true_peak::Precision,
    },
};
use alloc::{vec, vec::Vec};
use core::ops::ControlFlow;

/// How near the target counts as there, in LU. Half a step of a display with one decimal is 0.05.
pub const LOUDNESS_TOLERANCE_LU: f64 = 0.02;
/// How far below the ceiling the true peak of the result stays, in dB: what other meters may read more.
pub const PEAK_MARGIN_DB: f64 = 0.05;
/// Passes after which a target counts as out of reach. A song takes three to five.
pub const MAX_PASSES: usize = 28;
/// Largest DC offset that a master keeps, in dBFS.
pub const MAX_DC_OFFSET_DBFS: f64 = -60.0;
/// How far peaks may be driven beyond the ceiling, in dB: with more, nothing is left of the music.
const MAX_EXCESS_DB: f64 = 36.0;
/// First setting of the limiter below the ceiling, in dB: its own guarantee and the rounding need less than the rest.
const FIRST_MARGIN_DB: f64 = 0.07;
/// Lowest ceiling of the limiter, in dB.
const LOWEST_LIMIT_DB: f64 = -20.0;
/// Hold and release of the limiter, in ms: its defaults, then ever faster ones, which give loudness for distortion.
/// Taken one after another where more drive no longer makes the programme louder.
const CHARACTERS_MS: [[f64; 2]; 3] = [[8.0, 60.0], [3.0, 20.0], [0.0, 5.0]];
/// Loudness gained per dB of drive below which a character counts as exhausted.
const EXHAUSTED_SLOPE: f64 = 0.15;
/// Step of the drive by which a loudness is looked for beyond a plateau, in dB.
const PLATEAU_STEP_DB: f64 = 6.0;
/// Step of the curve of gain reduction, in ms.
pub const CURVE_STEP_MS: f64 = 10.0;
/// Frames the limiter and the quantiser work on at a time.
const CHUNK_FRAMES: usize = 4_096;
/// Share of the work that the first look at the programme is, and of what is left that each pass takes. How many passes
/// there will be nobody knows.
const FIRST_SHARE: f64 = 0.1;
const PASS_SHARE: f64 = 0.4;
/// Where drive and rounding end within a pass, and where the first meter does.
const PASS_PARTS: [f64; 3] = [0.4, 0.5, 0.7];

params! {
    /// Settings of [`deliver`].
    #[derive(Clone, Copy, Debug, PartialEq)]
    DeliveryParams {
        target_lufs: LUFS, -70.0..=0.0, default -14.0, "Integrated loudness wanted";
        ceiling_dbtp: dBTP, -12.0..=0.0, default -1.0, "Highest true peak allowed";
        bits: bits as u32, 8.0..=24.0, default 24, multiples(1.0, "a whole number"), off(0.0),
            "Word length to round to; 0 leaves the samples as they are";
        dither: choice Dither, "The noise added before rounding";
        dual_mono: switch, default false,
            "Whether a programme of one channel counts as if two loudspeakers played it: 3.01 LU louder";
        remove_dc: switch, default true, "Whether a DC offset that can be measured as such is taken out";
    }
}

/// Loudness and ceiling of a target; a ceiling of 0 dBTP where there is none, as whole numbers end there.
impl From<DeliveryTarget> for DeliveryParams {
    fn from(target: DeliveryTarget) -> Self {
        let ceiling_dbtp = target.ceiling_at(target.integrated_lufs).unwrap_or(0.0);
        Self { target_lufs: target.integrated_lufs, ceiling_dbtp, ..Self::default() }
    }
}

/// A programme as it is delivered, and what it measured.
#[derive(Clone, Debug)]
pub struct Delivery<S> {
    /// The samples, planar; whole multiples of the word's step if they were rounded.
    pub samples: Vec<S>,
    /// What the samples measure, by [`Precision::Reference`].
    pub loudness: Loudness,
    /// The constant that was subtracted from each channel of the programme; 0 where it was not.
    pub dc_offsets: Vec<f64>,
    /// The gain before the limiter, in dB.
    pub gain_db: f64,
    /// The limiter's settings; `None` if it was not needed. Hold and release are its defaults, or faster ones if those
    /// did not give the loudness.
    pub limiter: Option<LimiterParams>,
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
        // No range here depends on the rate.
        self.check_fields(f64::INFINITY)
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
    deliver_with(programme, spec, params, &mut |_| ControlFlow::Continue(()))
}

/// As [`deliver`]; `progress` hears the share done, rising from 0 to 1, at least every 16 384 frames of each step of
/// the work, and may break it off.
///
/// # Errors
/// As [`deliver`]; [`NormalizeError::Interrupted`] if `progress` breaks it off.
pub fn deliver_with<S: Sample>(
    programme: &Block<'_, '_, S>,
    spec: &StreamSpec,
    params: &DeliveryParams,
    progress: &mut dyn FnMut(f64) -> ControlFlow<()>,
) -> Result<Delivery<S>, NormalizeError> {
    params.validate()?;
    let channels = spec.channels();
    if programme.channels() != channels {
        return Err(Error::Channels { min: channels, max: channels, actual: programme.channels() }.into());
    }
    let needed = libm::round(0.4 * spec.sample_rate_hz()) as usize;
    if programme.frames() < needed {
        return Err(NormalizeError::TooShort { frames: programme.frames(), needed });
    }
    let read = |audio: &Block<'_, '_, S>, precision, from: f64, to: f64, progress: Progress<'_>| {
        let params = LoudnessParams { precision, dual_mono: params.dual_mono, ..Default::default() };
        measure(audio, spec, &params, &mut |share| progress(from + (to - from) * share))
    };
    let mut source = read(programme, Precision::Standard, 0.0, 0.5 * FIRST_SHARE, progress)?;
    let dc_offsets =
        if params.remove_dc { dc_offsets(programme, params.target_lufs, &source) } else { vec![0.0; channels] };
    let without_dc: Vec<S>;
    let mut programme = *programme;
    if dc_offsets.iter().any(|&offset| offset != 0.0) {
        without_dc = subtracted(&programme, &dc_offsets);
        programme = Block::from_planar(&without_dc, channels)?;
        source = read(&programme, Precision::Standard, 0.5 * FIRST_SHARE, FIRST_SHARE, progress)?;
    }
    if !source.integrated_lufs.is_finite() {
        return Err(NormalizeError::Silent);
    }
    let source_peak = source.true_peak_dbtp.unwrap_or(source.sample_peak_dbfs);
    let highest = params.ceiling_dbtp - PEAK_MARGIN_DB;
    let most_drive_db = params.ceiling_dbtp + MAX_EXCESS_DB - source_peak;

    let mut drive_db = params.target_lufs - source.integrated_lufs;
    let mut limit_db = params.ceiling_dbtp - FIRST_MARGIN_DB;
    // Whether an earlier pass without the limiter was too high: by less than its first look at the samples showed.
    let mut needed = false;
    let mut last: Option<[f64; 2]> = None;
    // Beyond a plateau: the loudest drive known to be too quiet, and the softest known to be too loud, with their
    // errors.
    let mut quiet: Option<[f64; 2]> = None;
    let mut loud: Option<[f64; 2]> = None;
    let mut characters = CHARACTERS_MS.iter();
    let mut character = characters.next();
    let mut from = FIRST_SHARE;
    for passes in 1..=MAX_PASSES {
        let Some(&[hold_ms, release_ms]) = character.filter(|_| limit_db >= LOWEST_LIMIT_DB) else { break };
        drive_db = drive_db.min(most_drive_db);
        let limiter = LimiterParams {
            ceiling_db: limit_db,
            hold_ms,
            release_ms,
            mode: LimiterMode::Master,
            ..Default::default()
        };
        // Without peaks above the ceiling the limiter would change nothing but cost its time.
        let limiter = (needed || source_peak + drive_db > highest).then_some(limiter);
        let whole = PASS_SHARE * (1.0 - from);
        let [driven, rounded, metered] = PASS_PARTS.map(|part| from + part * whole);
        let part = |from: f64, to: f64, progress: Progress<'_>, share: f64| progress(from + (to - from) * share);

        let Driven { mut samples, reduction, reduction_curve_db } =
            drive(&programme, spec, drive_db, limiter.as_ref(), &mut |share| part(from, driven, progress, share))?;
        let clipped = round(&mut samples, spec, params, &mut |share| part(driven, rounded, progress, share))?;
        let delivered = Block::from_planar(&samples, channels)?;
        let mut loudness = read(&delivered, Precision::Standard, rounded, metered, progress)?;
        let mut error_lu = params.target_lufs - loudness.integrated_lufs;
        let mut over_db = loudness.true_peak_dbtp.unwrap_or(0.0) - params.ceiling_dbtp;
        // The reference meter takes as long as all the rest: it looks at what may be the last pass.
        if libm::fabs(error_lu) <= LOUDNESS_TOLERANCE_LU && over_db <= 0.0 {
            loudness = read(&delivered, Precision::Reference, metered, from + whole, progress)?;
            over_db = over_db.max(loudness.true_peak_dbtp.unwrap_or(0.0) - highest);
        }
        if libm::fabs(error_lu) <= LOUDNESS_TOLERANCE_LU && over_db <= 0.0 {
            report(progress, 1.0)?;
            let gain_db = drive_db;
            return Ok(Delivery {
                samples,
                loudness,
                dc_offsets,
                gain_db,
                limiter,
                reduction,
                reduction_curve_db,
                clipped,
                passes,
            });
        }
        from += whole;
        if over_db > 0.0 && limiter.is_none() {
            needed = true;
        } else if over_db > 0.0 {
            // Ceiling and drive lowered together lower the result by as much and change nothing else: what is known of
            // the secant stays known.
            let lower_db = over_db + 0.005;
            limit_db -= lower_db;
            drive_db -= lower_db;
            error_lu += lower_db;
            for known in [&mut last, &mut quiet, &mut loud].into_iter().flatten() {
                *known = [known[0] - lower_db, known[1] + lower_db];
            }
            // What was too loud may now be too quiet.
            loud = loud.filter(|&[_, error_lu]| error_lu < 0.0);
        }
        if quiet.is_some() {
            // The limiter is as fast as it gets, and the loudness rises again further up: between both, it is met.
            let side = if error_lu > 0.0 { &mut quiet } else { &mut loud };
            *side = Some([drive_db, error_lu]);
            drive_db = match (quiet, loud) {
                (Some([low, missing]), Some([high, excess])) => {
                    low + (high - low) * (missing / (missing - excess)).clamp(0.1, 0.9)
                }
                _ if drive_db < most_drive_db => drive_db + PLATEAU_STEP_DB,
                _ => break,
            };
            continue;
        }
        // The more a limiter works, the less a dB of drive gives; the secant learns how much.
        let slope = match last {
            Some([drive, error]) if drive != drive_db => (error - error_lu) / (drive_db - drive),
            _ => 1.0,
        };
        if error_lu > LOUDNESS_TOLERANCE_LU && (slope < EXHAUSTED_SLOPE || drive_db >= most_drive_db) {
            last = None;
            if characters.len() == 0 && drive_db < most_drive_db {
                // Where the quiet parts of a programme come up, more drive first makes it softer, then louder.
                quiet = Some([drive_db, error_lu]);
                drive_db += PLATEAU_STEP_DB;
            } else {
                character = characters.next();
            }
            continue;
        }
        last = Some([drive_db, error_lu]);
        drive_db += error_lu / slope.clamp(EXHAUSTED_SLOPE, 1.0);
    }
    Err(NormalizeError::OutOfReach { target_lufs: params.target_lufs, ceiling_dbtp: params.ceiling_dbtp })
}

/// The offset of each channel; 0 if it is small before and after the gain to the target.
fn dc_offsets<S: Sample>(programme: &Block<'_, '_, S>, target_lufs: f64, source: &Loudness) -> Vec<f64> {
    let gain_db = target_lufs - source.integrated_lufs;
    let gain_db = if gain_db.is_finite() { gain_db.max(0.0) } else { 0.0 };
    let frames = programme.frames() as f64;
    (0..programme.channels())
        .map(|channel| {
            let (mut sum, mut weights) = (0.0, 0.0);
            for (n, sample) in programme.channel(channel).iter().enumerate() {
                let place = (2 * n + 1) as f64 / frames - 1.0;
                let weight = 1.0 - place * place;
                weights += weight;
                sum += weight * sample.to_f64();
            }
            let mean = sum / weights;
            if gain_to_db(libm::fabs(mean)) + gain_db > MAX_DC_OFFSET_DBFS { mean } else { 0.0 }
        })
        .collect()
}

/// The programme less a constant in each channel.
fn subtracted<S: Sample>(programme: &Block<'_, '_, S>, offsets: &[f64]) -> Vec<S> {
    let channels = offsets.iter().enumerate();
    channels
        .flat_map(|(channel, &offset)| {
            programme.channel(channel).iter().map(move |sample| S::from_f64(sample.to_f64() - offset))
        })
        .collect()
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
    progress: Progress<'_>,
) -> Result<Driven<S>, NormalizeError> {
    let (channels, frames) = (programme.channels(), programme.frames());
    let gain = S::from_f64(db_to_gain(drive_db));
    let mut limiter: Option<Limiter<S>> = limiter.map(|params| params.build(spec)).transpose()?;
    let latency_frames = limiter.as_ref().map_or(0, Processor::latency_frames);
    let plan = Plan { channels, output_channels: channels, input_frames: frames, latency_frames, tail_frames: 0 };
    let step_frames = ms_to_frames(CURVE_STEP_MS, spec.sample_rate_hz());
    let mut curve = vec![0.0; if limiter.is_some() { frames.div_ceil(step_frames) } else { 0 }];
    let mut reduction_db = Vec::new();
    let rendering = render_with(&plan, progress, |start, block| {
        copy_from(programme, start, block);
        for channel in 0..channels {
            block.channel_mut(channel).iter_mut().for_each(|sample| *sample *= gain);
        }
        let Some(limiter) = &mut limiter else { return };
        reduction_db.resize(block.frames(), 0.0);
        let Ok(mut trace) = BlockMut::from_planar(&mut reduction_db, 1) else { return };
        limiter.process_traced(block, None, &mut trace);
        // Frame n of the output belongs to frame n - latency of the programme.
        for (frame, &reduction_db) in (start..).zip(&reduction_db) {
            if let Some(frame) = frame.checked_sub(latency_frames) {
                let largest: &mut f64 = &mut curve[frame / step_frames];
                *largest = largest.max(reduction_db);
            }
        }
    })?;
    let reduction = limiter.map_or_else(GainReduction::default, |limiter| limiter.gain_reduction());
    Ok(Driven { samples: rendering.samples, reduction, reduction_curve_db: curve })
}

/// Rounds to the word length in place. Returns how many samples were clipped.
fn round<S: Sample>(
    samples: &mut [S],
    spec: &StreamSpec,
    params: &DeliveryParams,
    progress: Progress<'_>,
) -> Result<u64, NormalizeError> {
    if params.bits == 0 {
        return Ok(0);
    }
    let channels = spec.channels();
    let mut quantizer = QuantizerParams { bits: params.bits, dither: params.dither, seed: 0 }.build(spec)?;
    let mut words = vec![0; channels * CHUNK_FRAMES];
    let mut block = BlockMut::from_planar(samples, channels)?;
    for (start, length, share) in steps(block.frames(), CHUNK_FRAMES) {
        let mut part = block.frames_mut(start, length);
        let words = &mut words[..channels * length];
        quantizer.quantize(&part.as_block(), words)?;
        for (channel, words) in words.chunks_exact(length).enumerate() {
            for (sample, word) in part.channel_mut(channel).iter_mut().zip(words) {
                // Exact: 24 bits fit an f32.
                *sample = S::from_f64(f64::from(*word) * quantizer.step());
            }
        }
        report(progress, share)?;
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
        let mut random = crate::primitives::random::Random::new(3, 0);
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

    fn read(samples: &[f32], precision: Precision) -> Loudness {
        let params = LoudnessParams { precision, ..Default::default() };
        measure(&Block::from_planar(samples, 2).unwrap(), &spec(), &params, &mut |_| ControlFlow::Continue(())).unwrap()
    }

    fn run(audio: &[f32], params: DeliveryParams) -> Result<Delivery<f32>, NormalizeError> {
        deliver(&Block::from_planar(audio, 2).unwrap(), &spec(), &params)
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
            let again = read(&done.samples, Precision::Reference);
            assert!((again.integrated_lufs - target_lufs).abs() <= LOUDNESS_TOLERANCE_LU, "{again:?}");
            assert!(again.true_peak_dbtp.unwrap() <= ceiling_dbtp - PEAK_MARGIN_DB, "{:?}", again.true_peak_dbtp);
            assert!(read(&done.samples, Precision::Standard).true_peak_dbtp.unwrap() <= ceiling_dbtp);
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
    fn a_gain_below_the_ceiling_is_no_drive() {
        // Not so quiet that the absolute gate takes other blocks before the gain than after it.
        for level_dbfs in [-42.0, -48.0] {
            let amplitude = db_to_gain(level_dbfs);
            // A swelling tone.
            let sine = |n: i32, hz: f64| libm::sin(core::f64::consts::TAU * hz * f64::from(n) / 44_100.0);
            let quiet: Vec<f32> =
                (0..2 * 44_100).map(|n| (amplitude * sine(n, 997.0) * (0.4 + 0.6 * sine(n, 1.0))) as f32).collect();
            let peak = read(&quiet, Precision::Standard);
            // 1 dB below the ceiling; then 2 dB beyond it.
            for push_db in [-1.0, 2.0] {
                let target_lufs = peak.integrated_lufs - 1.0 - peak.true_peak_dbtp.unwrap() + push_db;
                let done = run(&quiet, DeliveryParams { target_lufs, ..Default::default() }).unwrap();
                assert!((done.loudness.integrated_lufs - target_lufs).abs() <= LOUDNESS_TOLERANCE_LU);
                assert!((push_db < 0.0) == done.limiter.is_none(), "{:?}", done.limiter);
            }
        }
    }

    #[test]
    fn dc_offset_is_taken_out_where_it_counts_and_said() {
        let mut clean = song(2);
        // Its own mean, however small.
        let whole = Block::from_planar(&clean, 2).unwrap();
        clean = subtracted(&whole, &dc_offsets(&whole, 300.0, &read(&clean, Precision::Standard)));
        for (offset, gain_db) in [(0.3_f32, 0.0), (0.002, 0.0), (1e-4, -25.0)] {
            let gain = db_to_gain(gain_db) as f32;
            let mut audio: Vec<f32> = clean.iter().map(|x| x * gain).collect();
            for sample in &mut audio[..88_200] {
                *sample += offset;
            }
            let done = run(&audio, DeliveryParams { target_lufs: -23.0, bits: 0, ..Default::default() }).unwrap();
            assert!((done.dc_offsets[0] / f64::from(offset) - 1.0).abs() < 1e-3, "{:?}", done.dc_offsets);
            assert_eq!(done.dc_offsets[1], 0.0);
            let mean = done.samples[..88_200].iter().map(|&x| f64::from(x)).sum::<f64>() / 88_200.0;
            assert!(gain_to_db(mean.abs()) < MAX_DC_OFFSET_DBFS, "{offset}: {mean}");
            // The offset costs nothing: the gain is that of the sound without it.
            let without: Vec<f32> = clean.iter().map(|x| x * gain).collect();
            let same = run(&without, DeliveryParams { target_lufs: -23.0, bits: 0, ..Default::default() }).unwrap();
            assert!((done.gain_db - same.gain_db).abs() < 0.01, "{} {}", done.gain_db, same.gain_db);
        }
        // A constant is silence, with or without a gain; and a normaliser leaves it.
        assert_eq!(run(&[0.3; 88_200], DeliveryParams::default()).unwrap_err(), NormalizeError::Silent);
        let mut offset = clean;
        offset.iter_mut().for_each(|x| *x += 0.01);
        let params = DeliveryParams { target_lufs: -23.0, bits: 0, remove_dc: false, ..Default::default() };
        let kept = run(&offset, params).unwrap();
        assert_eq!((kept.dc_offsets.as_slice(), kept.limiter), (&[0.0; 2][..], None));
        let gain = db_to_gain(kept.gain_db) as f32;
        assert!(kept.samples.iter().zip(&offset).all(|(y, x)| *y == x * gain));
    }

    #[test]
    fn a_low_tone_that_ends_within_a_cycle_has_no_offset() {
        let tone: Vec<f32> = (0..2 * 44_100)
            .map(|n| 0.5 * libm::sin((n % 44_100) as f64 * core::f64::consts::TAU * 40.5 / 44_100.0) as f32)
            .collect();
        let plain = tone.iter().map(|&x| f64::from(x)).sum::<f64>() / 88_200.0;
        assert!(gain_to_db(plain.abs()) > MAX_DC_OFFSET_DBFS, "the plain mean would be taken out: {plain}");
        let done = run(&tone, DeliveryParams { target_lufs: -23.0, bits: 0, ..Default::default() }).unwrap();
        assert_eq!(done.dc_offsets, [0.0; 2]);
    }

    #[test]
    fn the_settings_of_the_limiter_are_said() {
        let audio = song(2);
        let easy = run(&audio, DeliveryParams { target_lufs: -14.0, ..Default::default() }).unwrap().limiter.unwrap();
        assert_eq!([easy.hold_ms, easy.release_ms], CHARACTERS_MS[0]);
        // Louder and louder, until the first settings do not give it any more.
        let hard = (0..20)
            .map(|step| -10.0 + 0.25 * f64::from(step))
            .map(|target_lufs| {
                run(&audio, DeliveryParams { target_lufs, ..Default::default() }).unwrap().limiter.unwrap()
            })
            .find(|limiter| [limiter.hold_ms, limiter.release_ms] != CHARACTERS_MS[0])
            .unwrap();
        assert!(CHARACTERS_MS[1..].contains(&[hard.hold_ms, hard.release_ms]), "{hard:?}");
        assert!(hard.ceiling_db <= -1.0 - PEAK_MARGIN_DB && hard.mode == LimiterMode::Master);
    }

    #[test]
    fn mono_for_two_loudspeakers_is_3_lu_quieter() {
        let audio = &song(2)[..88_200];
        let block = Block::from_planar(audio, 1).unwrap();
        let spec = StreamSpec::new(44_100.0, 1).unwrap();
        let gain_db = |dual_mono| {
            let params = DeliveryParams { target_lufs: -23.0, dual_mono, bits: 0, ..Default::default() };
            let done = deliver(&block, &spec, &params).unwrap();
            assert!((done.loudness.integrated_lufs + 23.0).abs() <= LOUDNESS_TOLERANCE_LU);
            done.gain_db
        };
        assert!((gain_db(false) - gain_db(true) - 3.0103).abs() < 1e-3);
    }

    #[test]
    fn progress_rises_to_1_and_breaks_off_anywhere() {
        let audio = song(1);
        let block = Block::from_planar(&audio, 2).unwrap();
        let params = DeliveryParams { target_lufs: -12.0, ..Default::default() };
        let mut shares = Vec::new();
        let whole = deliver_with(&block, &spec(), &params, &mut |share| {
            shares.push(share);
            ControlFlow::Continue(())
        });
        assert!(whole.unwrap().passes > 1);
        assert!(shares.is_sorted() && shares[0] > 0.0 && shares.last() == Some(&1.0));
        // In one step of the work no more than a chunk passes between two reports.
        assert!(shares.len() > 3 * 44_100 / 4_096, "{}", shares.len());
        for stop in 0..shares.len() {
            let mut count = 0;
            let broken = deliver_with(&block, &spec(), &params, &mut |_| {
                count += 1;
                if count > stop { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            });
            assert_eq!((broken.unwrap_err(), count), (NormalizeError::Interrupted, stop + 1));
            if stop > 40 {
                break;
            }
        }
    }

    #[test]
    fn targets_are_settings() {
        let params = DeliveryParams::from(*super::super::targets::target("spotify-loud").unwrap());
        assert_eq!((params.target_lufs, params.ceiling_dbtp), (-11.0, -2.0));
        let params = DeliveryParams::from(*super::super::targets::target("replaygain").unwrap());
        assert_eq!((params.target_lufs, params.ceiling_dbtp), (-18.0, 0.0));
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
