//! Normalises a programme to a loudness by one static gain, and reports the limit of the gain.
//!
//! # Signal
//! measure -> gain = min(target - I, ceiling - TP) -> × gain
//!
//! # Parameters
//! | name | unit | range | default |
//! |---|---|---|---|
//! | `target_lufs` | LUFS | -50..0 | -14 |
//! | `ceiling_dbtp` | dBTP | -60..20 | -1 |
//! | `policy` | | reduce, fail | reduce |
//!
//! # Contract
//! A constant gain shifts the integrated loudness by itself: the relative gate moves with it, 10 LU below, and at the
//! lowest target still decides before the absolute one at -70 LUFS. The peak is the higher of the readings of [`Precision::Reference`] and
//! [`Precision::Standard`] and never ends above the ceiling.
//! Silence, programmes without a whole gating block and non-finite samples are refused; nothing is changed then.
//!
//! # Source
//! EBU R 128 v5 (2023).

#[cfg(feature = "rayon")]
use crate::meters::loudness::HopSearch;
use crate::{
    console::offline::{Interrupted, Progress},
    foundation::{
        block::{Block, BlockMut},
        declare::{choice, params},
        error::Error,
        meter::Meter,
        sample::Sample,
        stream::StreamSpec,
        table::Fields,
        unit::db_to_gain,
    },
    meters::{
        loudness::{Loudness, LoudnessMeter, LoudnessParams},
        true_peak::Precision,
    },
    primitives::threads::Threads,
};
#[cfg(feature = "rayon")]
use alloc::{vec, vec::Vec};
use core::{fmt, ops::ControlFlow};

/// Frames measured between two reports of progress.
const STEP_FRAMES: usize = 16_384;

/// Margin for the rounding of the gain and of each product in f32, dB: 2 * 2^-24 of the amplitude.
const ROUNDING_DB: f64 = 2e-6;

choice! {
    /// Rule for a peak that would exceed the ceiling at the target loudness.
    #[non_exhaustive]
    NormalizePolicy, default Reduce {
        /// Stay below the target.
        Reduce = "reduce",
        /// Refuse.
        Fail = "fail",
    }
}

params! {
    /// Settings of [`normalize`].
    #[derive(Clone, Copy, Debug, PartialEq)]
    NormalizeParams {
        target_lufs: LUFS, -50.0..=0.0, default -14.0, "Integrated loudness of the target";
        ceiling_dbtp: dBTP, -60.0..=20.0, default -1.0, "Highest true peak allowed";
        policy: choice NormalizePolicy, "Rule if both cannot be reached";
    }
}

/// The limit that determined the gain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "snake_case"))]
pub enum Held {
    /// The programme is at the target.
    Loudness,
    /// The peak is at the ceiling, and the programme below the target.
    Ceiling,
}

/// The result of [`normalize`].
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Normalization {
    /// The gain, in dB.
    pub gain_db: f64,
    /// The limit that determined it.
    pub held: Held,
    /// Integrated loudness after the gain, LUFS.
    #[cfg_attr(feature = "serde", serde(with = "crate::foundation::unbounded"))]
    pub integrated_lufs: f64,
    /// True peak after the gain, dBTP.
    #[cfg_attr(feature = "serde", serde(with = "crate::foundation::unbounded"))]
    pub true_peak_dbtp: f64,
}

/// What clipping allowed, where it was limited, and what it would allow.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LimitedClipping {
    /// The dB of clipping that were allowed.
    pub clip_db: f64,
    /// The highest loudness with automatic clipping, rounded down to 0.1 LUFS.
    pub automatic_lufs: f64,
}

/// Why a programme was not normalised.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum NormalizeError {
    /// A setting or the stream is out of range.
    Settings(Error),
    /// Shorter than the 400 ms that a loudness needs.
    TooShort {
        /// Its length, in frames.
        frames: usize,
        /// The length needed, in frames.
        needed: usize,
    },
    /// No block is louder than the absolute gate of -70 LUFS.
    Silent,
    /// Samples that are NaN or infinite.
    NotFinite {
        /// Their number.
        samples: u64,
    },
    /// The progress callback interrupted it.
    Interrupted,
    /// The reading has no true peak.
    PeakNotMeasured,
    /// No drive, no clipping and no setting of the limiter reaches both figures.
    OutOfReach {
        /// The target loudness, LUFS.
        target_lufs: f64,
        /// The ceiling, dBTP.
        ceiling_dbtp: f64,
        /// The highest loudness under the ceiling, whatever the target, rounded down to 0.1 LUFS.
        loudest_lufs: f64,
        /// What limited clipping allowed, if it was limited.
        limited: Option<LimitedClipping>,
    },
    /// The peak would exceed the ceiling, under [`NormalizePolicy::Fail`].
    AboveCeiling {
        /// True peak at the target loudness, dBTP.
        true_peak_dbtp: f64,
        /// The ceiling, dBTP.
        ceiling_dbtp: f64,
    },
}

impl fmt::Display for NormalizeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Settings(ref error) => error.fmt(f),
            Self::TooShort { frames, needed } => {
                write!(f, "too short to have a loudness: {frames} frames, at least {needed} (400 ms) needed")
            }
            Self::Silent => f.write_str("silent: no part is louder than -70 LUFS, so no gain reaches a loudness"),
            Self::NotFinite { samples } => write!(f, "audio holds {samples} non-finite samples: repair them first"),
            Self::OutOfReach { target_lufs, ceiling_dbtp, loudest_lufs, limited } => {
                write!(f, "{target_lufs} LUFS cannot be reached with ceiling {ceiling_dbtp} dBTP")?;
                limited.map_or(Ok(()), |clip| write!(f, " and {} dB of clipping", clip.clip_db))?;
                write!(f, ": the loudest possible here is {loudest_lufs:.1} LUFS, as more drive only adds ")?;
                f.write_str(if limited.is_some() { "gain reduction" } else { "distortion" })?;
                match limited {
                    Some(LimitedClipping { automatic_lufs, .. }) if automatic_lufs >= target_lufs => {
                        f.write_str("; \"auto\" clipping reaches it")
                    }
                    Some(LimitedClipping { automatic_lufs, .. }) if automatic_lufs > loudest_lufs => {
                        write!(f, "; \"auto\" clipping reaches {automatic_lufs:.1} LUFS")
                    }
                    _ => Ok(()),
                }
            }
            Self::Interrupted => f.write_str("interrupted"),
            Self::PeakNotMeasured => f.write_str("the true peak was not measured: it is needed for the ceiling"),
            Self::AboveCeiling { true_peak_dbtp, ceiling_dbtp } => write!(
                f,
                "the true peak would be {true_peak_dbtp:.2} dBTP at the target loudness, above the ceiling of \
                 {ceiling_dbtp} dBTP: lower the target or limit"
            ),
        }
    }
}

impl core::error::Error for NormalizeError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Settings(error) => Some(error),
            _ => None,
        }
    }
}

impl From<Interrupted> for NormalizeError {
    fn from(_: Interrupted) -> Self {
        Self::Interrupted
    }
}

impl From<Error> for NormalizeError {
    fn from(error: Error) -> Self {
        Self::Settings(error)
    }
}

impl NormalizeParams {
    /// Checks both figures; never clamps.
    ///
    /// # Errors
    /// [`Error::OutOfRange`].
    pub fn validate(&self) -> Result<(), Error> {
        // No range here depends on the rate.
        self.check_fields(f64::INFINITY)
    }

    /// The gain for a programme that read `loudness`.
    ///
    /// ```
    /// use mixdown::{Block, Meter, StreamSpec, delivery::{Held, NormalizeParams}, meters::LoudnessParams};
    ///
    /// let spec = StreamSpec::new(48_000.0, 1)?;
    /// let mut meter = LoudnessParams::default().build::<f64>(&spec)?;
    /// let tone: Vec<f64> = (0..96_000).map(|n| 0.25 * (n as f64 * 0.13).sin()).collect();
    /// meter.observe(&Block::from_planar(&tone, 1)?);
    /// let reading = meter.reading();
    ///
    /// let quiet = NormalizeParams { target_lufs: -23.0, ..Default::default() }.gain(&reading).unwrap();
    /// assert_eq!((quiet.held, quiet.integrated_lufs), (Held::Loudness, -23.0));
    /// let loud = NormalizeParams { target_lufs: -1.0, ..Default::default() }.gain(&reading).unwrap();
    /// assert_eq!((loud.held, loud.true_peak_dbtp), (Held::Ceiling, -1.0));
    /// # Ok::<(), mixdown::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`NormalizeError::Settings`], [`Silent`](NormalizeError::Silent),
    /// [`PeakNotMeasured`](NormalizeError::PeakNotMeasured) or [`AboveCeiling`](NormalizeError::AboveCeiling).
    pub fn gain(&self, loudness: &Loudness) -> Result<Normalization, NormalizeError> {
        self.validate()?;
        let integrated = loudness.integrated_lufs;
        if !integrated.is_finite() {
            return Err(NormalizeError::Silent);
        }
        let peak = loudness.true_peak_dbtp.ok_or(NormalizeError::PeakNotMeasured)?;
        let (to_target, to_ceiling) = (self.target_lufs - integrated, self.ceiling_dbtp - peak);
        if to_target <= to_ceiling {
            return Ok(Normalization {
                gain_db: to_target,
                held: Held::Loudness,
                integrated_lufs: self.target_lufs,
                true_peak_dbtp: peak + to_target,
            });
        }
        match self.policy {
            NormalizePolicy::Reduce => Ok(Normalization {
                gain_db: to_ceiling,
                held: Held::Ceiling,
                integrated_lufs: integrated + to_ceiling,
                true_peak_dbtp: self.ceiling_dbtp,
            }),
            NormalizePolicy::Fail => {
                Err(NormalizeError::AboveCeiling { true_peak_dbtp: peak + to_target, ceiling_dbtp: self.ceiling_dbtp })
            }
        }
    }
}

/// Reports the share done.
///
/// # Errors
/// [`NormalizeError::Interrupted`] if the callback interrupts.
pub(super) fn report(progress: Progress<'_>, share: f64) -> Result<(), NormalizeError> {
    match progress(share) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(()) => Err(NormalizeError::Interrupted),
    }
}

/// The steps of a programme of `frames`: start, length and the share done after it.
pub(super) fn steps(frames: usize, step: usize) -> impl Iterator<Item = (usize, usize, f64)> {
    (0..frames).step_by(step).map(move |start| {
        let length = step.min(frames - start);
        (start, length, (start + length) as f64 / frames as f64)
    })
}

/// Measures a programme.
///
/// # Errors
/// [`NormalizeError::Settings`], [`NotFinite`](NormalizeError::NotFinite),
/// [`Interrupted`](NormalizeError::Interrupted).
pub(super) fn measure<S: Sample>(
    audio: &Block<'_, '_, S>,
    spec: &StreamSpec,
    params: &LoudnessParams,
    threads: &Threads,
    progress: Progress<'_>,
) -> Result<Loudness, NormalizeError> {
    #[cfg(feature = "rayon")]
    if threads.are_several()
        && let Some(hops) = HopSearch::new(spec, params.precision, audio.frames())
    {
        let peaks = peaks(audio, &hops, threads, &mut |share| progress(PEAKS_SHARE * share))?;
        let params = LoudnessParams { precision: Precision::Off, ..params.clone() };
        let meter = observed(audio, spec, &params, &mut |share| progress(PEAKS_SHARE + (1.0 - PEAKS_SHARE) * share))?;
        return all_finite(&meter).map(|()| meter.reading_with(&peaks));
    }
    let _ = threads;
    let meter = observed(audio, spec, params, progress)?;
    all_finite(&meter).map(|()| meter.reading())
}

fn observed<S: Sample>(
    audio: &Block<'_, '_, S>,
    spec: &StreamSpec,
    params: &LoudnessParams,
    progress: Progress<'_>,
) -> Result<LoudnessMeter<S>, NormalizeError> {
    let mut meter = params.build::<S>(spec)?;
    for (start, length, share) in steps(audio.frames(), STEP_FRAMES) {
        meter.observe(&audio.frames_at(start, length));
        report(progress, share)?;
    }
    Ok(meter)
}

/// Refuses what was not finite.
pub(super) fn all_finite<S: Sample>(meter: &LoudnessMeter<S>) -> Result<(), NormalizeError> {
    match meter.non_finite_samples() {
        0 => Ok(()),
        samples => Err(NormalizeError::NotFinite { samples }),
    }
}

/// Share of a measurement that the true peaks take.
#[cfg(feature = "rayon")]
const PEAKS_SHARE: f64 = 0.75;
/// Parts of a search for true peaks that a thread does at once: 2 s.
#[cfg(feature = "rayon")]
const PARTS: usize = 20;

/// The true peaks of all parts over the channels, on all threads.
#[cfg(feature = "rayon")]
fn peaks<S: Sample>(
    audio: &Block<'_, '_, S>,
    hops: &HopSearch<S>,
    threads: &Threads,
    progress: Progress<'_>,
) -> Result<Vec<f64>, NormalizeError> {
    use std::sync::{Mutex, PoisonError};
    let starts: Vec<usize> = (0..hops.parts()).step_by(PARTS).collect();
    let peaks = Mutex::new(vec![0.0_f64; hops.parts()]);
    let search = |index: usize| {
        let (channel, start) = (index / starts.len(), starts[index % starts.len()]);
        let found = hops.peaks(audio.channel(channel), start..(start + PARTS).min(hops.parts()));
        let mut peaks = peaks.lock().unwrap_or_else(PoisonError::into_inner);
        for (peak, found) in peaks[start..].iter_mut().zip(found) {
            *peak = peak.max(found);
        }
    };
    threads.each(audio.channels() * starts.len(), search, |share| report(progress, share))?;
    Ok(peaks.into_inner().unwrap_or_else(PoisonError::into_inner))
}

/// Normalises a whole programme in place. `loudness` sets the channel weights; its precision is ignored.
///
/// # Errors
/// Any [`NormalizeError`]; the audio is unchanged then.
pub fn normalize<S: Sample>(
    audio: &mut BlockMut<'_, '_, S>,
    spec: &StreamSpec,
    loudness: &LoudnessParams,
    params: &NormalizeParams,
) -> Result<Normalization, NormalizeError> {
    normalize_with(audio, spec, loudness, params, &mut |_| ControlFlow::Continue(()))
}

/// As [`normalize`]; `progress` is called with the share done, 0..1, and may interrupt it.
///
/// # Errors
/// Any [`NormalizeError`]; the audio is unchanged then.
pub fn normalize_with<S: Sample>(
    audio: &mut BlockMut<'_, '_, S>,
    spec: &StreamSpec,
    loudness: &LoudnessParams,
    params: &NormalizeParams,
    progress: &mut dyn FnMut(f64) -> ControlFlow<()>,
) -> Result<Normalization, NormalizeError> {
    params.validate()?;
    if audio.channels() != spec.channels() {
        return Err(Error::Channels { min: spec.channels(), max: spec.channels(), actual: audio.channels() }.into());
    }
    let needed = libm::round(0.4 * spec.sample_rate_hz()) as usize;
    if audio.frames() < needed {
        return Err(NormalizeError::TooShort { frames: audio.frames(), needed });
    }
    let threads = Threads::new();
    // Both readings are complete before any sample is changed.
    let reading = |precision, from: f64, to: f64, progress: Progress<'_>| {
        let params = LoudnessParams { precision, ..loudness.clone() };
        measure(&audio.as_block(), spec, &params, &threads, &mut |share| progress(from + (to - from) * share))
    };
    let standard = reading(Precision::Standard, 0.0, 0.3, progress)?;
    let mut loudness = reading(Precision::Reference, 0.3, 1.0, progress)?;
    let peaks = [loudness.true_peak_dbtp, standard.true_peak_dbtp];
    loudness.true_peak_dbtp = peaks.into_iter().flatten().reduce(f64::max);
    let done = params.gain(&loudness)?;
    let room_db = if done.held == Held::Ceiling { ROUNDING_DB } else { 0.0 };
    let gain = S::from_f64(db_to_gain(done.gain_db - room_db));
    for channel in 0..audio.channels() {
        for sample in audio.channel_mut(channel) {
            *sample *= gain;
        }
    }
    Ok(done)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::{string::ToString, vec, vec::Vec};

    fn spec() -> StreamSpec {
        StreamSpec::new(44_100.0, 2).unwrap()
    }

    fn music(frames: usize) -> Vec<f32> {
        let mut random = crate::primitives::random::Random::new(11, 0);
        let mut last = 0.0;
        (0..2 * frames)
            .map(|n| {
                last = 0.9 * last + 0.1 * random.triangular();
                (last * (1.0 + libm::sin((n % frames) as f64 * 1e-4))) as f32
            })
            .collect()
    }

    fn reading(audio: &[f32]) -> Loudness {
        let [standard, mut reference] = [Precision::Standard, Precision::Reference].map(|precision| {
            let mut meter = LoudnessParams { precision, ..Default::default() }.build::<f32>(&spec()).unwrap();
            meter.observe(&crate::Block::from_planar(audio, 2).unwrap());
            meter.reading()
        });
        let peaks = [reference.true_peak_dbtp, standard.true_peak_dbtp];
        reference.true_peak_dbtp = peaks.into_iter().flatten().reduce(f64::max);
        reference
    }

    fn run(audio: &mut [f32], params: NormalizeParams) -> Result<Normalization, NormalizeError> {
        let mut block = BlockMut::from_planar(audio, 2).unwrap();
        normalize(&mut block, &spec(), &LoudnessParams::default(), &params)
    }

    /// f32 samples carry the new level to a few parts in 10^8.
    const EXACT_LU: f64 = 1e-5;

    #[test]
    fn reaches_the_target_or_the_ceiling_and_reports_which() {
        for (target_lufs, held) in [(-30.0, Held::Loudness), (-23.0, Held::Loudness), (0.0, Held::Ceiling)] {
            for ceiling_dbtp in [-1.0, -2.5] {
                let mut audio = music(100_000);
                let done =
                    run(&mut audio, NormalizeParams { target_lufs, ceiling_dbtp, ..Default::default() }).unwrap();
                let after = reading(&audio);
                assert_eq!(done.held, held);
                assert!((after.integrated_lufs - done.integrated_lufs).abs() < EXACT_LU, "{done:?} {after:?}");
                let peak = after.true_peak_dbtp.unwrap();
                assert!(peak <= ceiling_dbtp && (peak - done.true_peak_dbtp).abs() < EXACT_LU, "{done:?} {peak}");
            }
        }
    }

    #[test]
    fn refuses_with_a_reason_and_changes_nothing() {
        let refuse = |mut audio: Vec<f32>, params: NormalizeParams| {
            let before = audio.clone();
            let error = run(&mut audio, params).unwrap_err();
            assert!(audio.iter().zip(&before).all(|(a, b)| a.to_bits() == b.to_bits()));
            (error.clone(), error.to_string())
        };
        let params = NormalizeParams::default();
        let (error, text) = refuse(vec![0.0; 2 * 44_100], params);
        assert!(error == NormalizeError::Silent && text.contains("-70 LUFS"));
        let (error, text) = refuse(music(17_639), params);
        assert_eq!(error, NormalizeError::TooShort { frames: 17_639, needed: 17_640 });
        assert!(text.contains("17639 frames"));
        let mut broken = music(44_100);
        broken[5] = f32::NAN;
        assert_eq!(refuse(broken, params).0, NormalizeError::NotFinite { samples: 1 });
        let fail = NormalizeParams { target_lufs: 0.0, policy: NormalizePolicy::Fail, ..params };
        let (error, text) = refuse(music(44_100), fail);
        assert!(matches!(error, NormalizeError::AboveCeiling { .. }) && text.contains("ceiling of -1 dBTP"), "{text}");
        let (error, text) = refuse(music(44_100), NormalizeParams { target_lufs: f64::NAN, ..params });
        assert!(matches!(error, NormalizeError::Settings(_)) && text.starts_with("target_lufs = NaN is out of range"));
        let unmeasured = Loudness { true_peak_dbtp: None, ..reading(&music(44_100)) };
        assert_eq!(params.gain(&unmeasured), Err(NormalizeError::PeakNotMeasured));
    }
}
