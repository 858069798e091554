//! Masters a programme to an integrated loudness under a true-peak ceiling, by static gain or through the limiter.
//!
//! # Signal
//! programme -> minus its DC offset -> drive -> soft clip (if needed) -> true-peak limiter (if needed) -> rounding with
//! dither -> measurement
//!
//! # Contract
//! The result is measured as delivered: drive and ceiling are solved on the rounded samples, by a secant in the drive,
//! until the integrated loudness is within [`LOUDNESS_TOLERANCE_LU`] of the target, the true peak of
//! [`Precision::Reference`] at least [`PEAK_MARGIN_DB`](super::PEAK_MARGIN_DB) below the ceiling and that of
//! [`Precision::Standard`] not above it, in at most [`MAX_PASSES`] passes. The reference meter's interpolator is 10
//! times as long as the limiter's, so it finds peaks that the limiter misses. A target out of reach is refused with the
//! loudest that can be had, the same for every target (`delivery::reach`); a gain within the headroom below the ceiling always succeeds. The latency of clip and
//! limiter is removed: the result starts and ends with the programme.
//!
//! A limiter lowers everything around a peak, and many dB of it pump; a clip cuts the peak alone, but distorts. With
//! [`ClipMode::Auto`](super::ClipMode::Auto) the limiter works alone up to 3 dB of gain reduction. Beyond, the clip takes all but 0.25 dB of what
//! exceeds the ceiling, in two stages, the second of which cuts most of what the first overshoots. The limiter takes
//! 2 dB at most in songs at -7 LUFS.
//!
//! A DC offset above [`MAX_DC_OFFSET_DBFS`](super::MAX_DC_OFFSET_DBFS), before or after the gain, is subtracted:
//! `delivery::dc_offset`. Search for drive and ceiling: `delivery::drive_search`.

use super::{
    dc_offset::{dc_offsets, subtracted},
    delivered::{Clipping, Delivery},
    delivery_params::DeliveryParams,
    drive_search::{Clip, DriveSearch, LOUDNESS_TOLERANCE_LU},
    normalizer::{LimitedClipping, NormalizeError, all_finite, measure, report},
    pass::{Driven, Rounding, drive},
    reach::Reach,
};
use crate::{
    console::offline::Progress,
    foundation::{
        block::{Block, BlockMut},
        error::Error,
        meter::Meter,
        sample::Sample,
        stream::StreamSpec,
    },
    meters::{loudness::LoudnessParams, true_peak::Precision},
    primitives::threads::Threads,
};
use alloc::{vec, vec::Vec};
use core::ops::ControlFlow;

/// Passes after which a target counts as out of reach. A song takes three to five.
pub const MAX_PASSES: usize = 28;
/// Share of the work of the first measurement, and share of the rest that each pass counts as, since the number of
/// passes is unknown.
const FIRST_SHARE: f64 = 0.1;
const PASS_SHARE: f64 = 0.4;
/// End of drive, rounding and first meter within a pass.
const METERED_SHARE: f64 = 0.7;

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

/// As [`deliver`]; `progress` is called with the share done, rising from 0 to 1, at least every 16 384 frames of each
/// step of the work, and may interrupt it.
///
/// # Errors
/// As [`deliver`]; [`NormalizeError::Interrupted`] if `progress` interrupts it.
pub fn deliver_with<S: Sample>(
    programme: &Block<'_, '_, S>,
    spec: &StreamSpec,
    params: &DeliveryParams,
    progress: &mut dyn FnMut(f64) -> ControlFlow<()>,
) -> Result<Delivery<S>, NormalizeError> {
    let mut samples = vec![S::ZERO; programme.channels() * programme.frames()];
    let done =
        deliver_to(programme, spec, params, &mut BlockMut::from_planar(&mut samples, programme.channels())?, progress)?;
    Ok(Delivery { samples, ..done })
}

/// As [`deliver_with`], into memory of the caller, of the channels and frames of `programme`: the
/// [`samples`](Delivery::samples) of the result are empty. What `out` holds after an error is unspecified.
///
/// # Errors
/// As [`deliver_with`].
///
/// # Panics
/// If `out` has other channels or another count of frames than `programme`.
pub fn deliver_to<S: Sample>(
    programme: &Block<'_, '_, S>,
    spec: &StreamSpec,
    params: &DeliveryParams,
    out: &mut BlockMut<'_, '_, S>,
    progress: &mut dyn FnMut(f64) -> ControlFlow<()>,
) -> Result<Delivery<S>, NormalizeError> {
    assert!(out.frames() == programme.frames() && out.channels() == programme.channels(), "out does not fit");
    params.validate()?;
    let channels = spec.channels();
    if programme.channels() != channels {
        return Err(Error::Channels { min: channels, max: channels, actual: programme.channels() }.into());
    }
    let needed = libm::round(0.4 * spec.sample_rate_hz()) as usize;
    if programme.frames() < needed {
        return Err(NormalizeError::TooShort { frames: programme.frames(), needed });
    }
    let word = params.word(programme);
    if let Some(word) = word {
        // Refused before the work, not after the first pass.
        word.build(spec)?;
    }
    let threads = Threads::new();
    let standard = LoudnessParams { dual_mono: params.dual_mono, ..Default::default() };
    let read = |audio: &Block<'_, '_, S>, precision, from: f64, to: f64, progress: Progress<'_>| {
        let params = LoudnessParams { precision, ..standard.clone() };
        measure(audio, spec, &params, &threads, &mut |share| progress(from + (to - from) * share))
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
    let gain_db = params.target_lufs - source.integrated_lufs;
    let mut search = DriveSearch::new(gain_db, params.ceiling_dbtp, source_peak, params.clip());
    // Asked for where the search ends without a result.
    let reach = |clip, from: f64, to: f64, progress: Progress<'_>| {
        let progress = &mut |share| progress(from + (to - from) * share);
        Reach::find(&programme, spec, params, source_peak, clip, &threads, progress)
    };
    let mut loudest: Option<Reach> = None;
    let mut from = FIRST_SHARE;
    for passes in 1..=MAX_PASSES {
        let attempt = match search.attempt() {
            Some(attempt) => attempt,
            None if loudest.is_some() => break,
            None => {
                let to = from + PASS_SHARE * (1.0 - from);
                let found = *loudest.insert(reach(params.clip(), from, to, progress)?);
                from = to;
                let error_lu = params.target_lufs - found.loudness_lufs;
                if error_lu >= 0.0 {
                    break;
                }
                search.search_below(found.drive_db, error_lu, gain_db);
                let Some(attempt) = search.attempt() else { break };
                attempt
            }
        };
        let whole = PASS_SHARE * (1.0 - from);
        let metered = from + METERED_SHARE * whole;
        let mut rounding = word.as_ref().map(|word| Rounding::new(word, spec)).transpose()?;
        let mut meter = standard.build::<S>(spec)?;
        let finish = |part: &mut BlockMut<'_, '_, S>| {
            if let Some(rounding) = &mut rounding {
                rounding.round(part);
            }
            meter.observe(&part.as_block());
        };
        let report_drive = &mut |share| progress(from + (metered - from) * share);
        let Driven { clipped_share, reduction, reduction_curve_db } =
            drive(&programme, spec, &attempt, &threads, out, finish, report_drive)?;
        all_finite(&meter)?;
        let mut loudness = meter.reading();
        let clipped = rounding.map_or(0, |rounding| rounding.clipped());
        let delivered = out.as_block();
        let error_lu = params.target_lufs - loudness.integrated_lufs;
        let mut over_db = loudness.true_peak_dbtp.unwrap_or(0.0) - params.ceiling_dbtp;
        // The reference meter takes as long as all the rest: it runs on candidates for the last pass only.
        if libm::fabs(error_lu) <= LOUDNESS_TOLERANCE_LU && over_db <= 0.0 {
            loudness = read(&delivered, Precision::Reference, metered, from + whole, progress)?;
            over_db = over_db.max(loudness.true_peak_dbtp.unwrap_or(0.0) - search.highest_dbtp());
        }
        if libm::fabs(error_lu) <= LOUDNESS_TOLERANCE_LU && over_db <= 0.0 {
            report(progress, 1.0)?;
            return Ok(Delivery {
                samples: Vec::new(),
                loudness,
                dc_offsets,
                gain_db: attempt.drive_db,
                clipping: Clipping::of(&attempt, clipped_share),
                limiter: attempt.limiter,
                reduction,
                reduction_curve_db,
                clipped,
                passes,
            });
        }
        from += whole;
        search.update(&attempt, error_lu, over_db);
    }
    let half = from + 0.5 * (1.0 - from);
    let loudest = match loudest {
        Some(loudest) => loudest,
        None => reach(params.clip(), from, half, progress)?,
    };
    let limited = match params.clip() {
        Clip::Auto => None,
        Clip::Depth(clip_db) => {
            let automatic_lufs = reach(Clip::Auto, half, 1.0, progress)?.named_lufs();
            Some(LimitedClipping { clip_db, automatic_lufs })
        }
    };
    Err(NormalizeError::OutOfReach {
        target_lufs: params.target_lufs,
        ceiling_dbtp: params.ceiling_dbtp,
        loudest_lufs: loudest.named_lufs(),
        limited,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        delivery::{
            ClipMode, NoiseShaping,
            dc_offset::MAX_DC_OFFSET_DBFS,
            drive_search::{LIMITER_TIMES, LimiterTimes, PEAK_MARGIN_DB},
        },
        dynamics::limiter::{LimiterMode, LimiterParams},
        foundation::{
            processor::GainReduction,
            unit::{db_to_gain, gain_to_db},
        },
        meters::loudness::Loudness,
    };
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
        let audio = Block::from_planar(samples, 2).unwrap();
        measure(&audio, &spec(), &params, &Threads::new(), &mut |_| ControlFlow::Continue(())).unwrap()
    }

    fn run(audio: &[f32], params: DeliveryParams) -> Result<Delivery<f32>, NormalizeError> {
        deliver(&Block::from_planar(audio, 2).unwrap(), &spec(), &params)
    }

    #[test]
    fn delivered_samples_read_the_target() {
        let audio = song(6);
        let programme = Block::from_planar(&audio, 2).unwrap();
        for (target_lufs, ceiling_dbtp, bits) in
            [(-14.0, -1.0, 24), (-14.0, -1.0, 16), (-9.0, -2.0, 24), (-23.0, -1.0, 0)]
        {
            let params = DeliveryParams { target_lufs, ceiling_dbtp, bits, ..Default::default() };
            let done = deliver(&programme, &spec(), &params).unwrap();
            assert_eq!(done.samples.len(), audio.len());
            // Again, with a separate meter.
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
    fn without_limiter_the_waveform_keeps_its_shape() {
        let audio = song(2);
        let programme = Block::from_planar(&audio, 2).unwrap();
        let params = DeliveryParams { target_lufs: -40.0, bits: 0, ..Default::default() };
        let done = deliver(&programme, &spec(), &params).unwrap();
        assert_eq!(done.reduction, GainReduction::default());
        let gain = db_to_gain(done.gain_db) as f32;
        assert!(done.samples.iter().zip(&audio).all(|(y, x)| *y == x * gain));
    }

    #[test]
    fn the_latency_of_clip_and_limiter_is_removed() {
        let audio = song(3);
        let programme = Block::from_planar(&audio, 2).unwrap();
        for clip_mode in [ClipMode::Auto, ClipMode::Fixed] {
            let params = DeliveryParams { target_lufs: -12.0, bits: 0, clip_mode, ..Default::default() };
            let done = deliver(&programme, &spec(), &params).unwrap();
            let clips = done.clipping.is_some_and(|clipping| clipping.depth_db > 1.0);
            assert!(if clip_mode == ClipMode::Auto { clips } else { done.reduction.max_db > 1.0 });
            let at = |lag: i64| -> f64 {
                (2_000..100_000).map(|n| f64::from(audio[n]) * f64::from(done.samples[(n as i64 + lag) as usize])).sum()
            };
            let best = (-300..=300).max_by(|&a, &b| at(a).total_cmp(&at(b))).unwrap();
            assert_eq!(best, 0);
        }
    }

    #[test]
    fn a_gain_below_the_ceiling_is_no_drive() {
        // Not so quiet that the absolute gate admits other blocks before the gain than after it.
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
    fn a_relevant_dc_offset_is_removed_and_reported() {
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
            // The offset costs no gain: it is that of the signal without it.
            let without: Vec<f32> = clean.iter().map(|x| x * gain).collect();
            let same = run(&without, DeliveryParams { target_lufs: -23.0, bits: 0, ..Default::default() }).unwrap();
            assert!((done.gain_db - same.gain_db).abs() < 0.01, "{} {}", done.gain_db, same.gain_db);
        }
        // A constant is silence, with or without a gain; the normaliser does not change it.
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
    fn the_settings_of_the_limiter_are_reported() {
        let audio = song(2);
        let times = |limiter: &LimiterParams| {
            let LimiterParams { hold_ms, release_ms, release_mode, .. } = *limiter;
            LimiterTimes { hold_ms, release_ms, release_mode }
        };
        let limiter =
            |target_lufs| run(&audio, DeliveryParams { target_lufs, ..Default::default() }).unwrap().limiter.unwrap();
        assert_eq!(times(&limiter(-14.0)), LIMITER_TIMES[0]);
        // Higher and higher targets, until the first settings fail without clipping.
        let limiter = |target_lufs| {
            let params = DeliveryParams { target_lufs, clip_mode: ClipMode::Fixed, ..Default::default() };
            run(&audio, params).unwrap().limiter.unwrap()
        };
        let hard = (0..20)
            .map(|step| limiter(-10.0 + 0.25 * f64::from(step)))
            .find(|limiter| times(limiter) != LIMITER_TIMES[0])
            .unwrap();
        assert!(LIMITER_TIMES[1..].contains(&times(&hard)), "{hard:?}");
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
    fn progress_rises_to_1_and_interrupts_anywhere() {
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
        // Within a step of the work at most one chunk passes between two reports.
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
    fn unreachable_targets_are_refused_with_their_reason() {
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
        assert!(refused(&broken, params).starts_with("audio holds 1 non-finite samples"));
        assert!(refused(&song(1), DeliveryParams { ceiling_dbtp: 3.0, ..params }).contains("ceiling_dbtp = 3"));
        assert!(refused(&song(1), DeliveryParams { bits: 4, ..params }).contains("bits = 4"));
        let too_quiet = refused(&song(1), DeliveryParams { target_lufs: -70.0, ..params });
        assert_eq!(too_quiet, "target_lufs = -70 is out of range: it must lie in -50..0");
        let shaped = |bits| DeliveryParams { bits, noise_shaping: NoiseShaping::Weighted, ..params };
        for bits in [0, 24] {
            let text = refused(&song(1), shaped(bits));
            assert!(
                text.starts_with(&std::format!("bits = {bits} is not allowed: it must be 8 to 20 where")),
                "{text}"
            );
        }
        let loudest = DeliveryParams { target_lufs: 0.0, ceiling_dbtp: -12.0, ..params };
        let text = refused(&song(1), loudest);
        assert!(
            text.starts_with("0 LUFS cannot be reached with ceiling -12 dBTP: the loudest possible here is"),
            "{text}"
        );
        let text = refused(&song(1), DeliveryParams { clip_mode: ClipMode::Fixed, clip_db: 2.0, ..loudest });
        assert!(text.contains("ceiling -12 dBTP and 2 dB of clipping: the loudest"), "{text}");
        assert!(text.contains("gain reduction; \"auto\" clipping reaches -1"), "{text}");
    }
}
