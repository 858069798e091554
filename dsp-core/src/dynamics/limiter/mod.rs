//! A brick-wall limiter for true peaks: nothing above the ceiling, neither in the samples nor between them.

mod engine;
pub(crate) mod passes;

use super::release::ReleaseCoeffs;
use crate::{
    foundation::{
        block::{Block, BlockMut},
        declare::{choice, params},
        engine::{Engine, compiled, engine, traced},
        error::Error,
        field::max_of,
        fit::fit_traced,
        params::{Params, Tunable},
        processor::{Dynamics, GainReduction, Processor},
        sample::Sample,
        stream::StreamSpec,
        tail::Tail,
        unit::{db_to_gain, ms_to_frames},
    },
    true_peak::Taps,
};
use alloc::{boxed::Box, vec::Vec};
use engine::LimiterEngine;

/// A brick-wall limiter for true peaks: nothing above the ceiling, neither in the samples nor between them.
///
/// # Signal
/// in -> drive -> delay -> times g -> out; drive -> highest point around each sample, of all channels -> largest of a
/// window -> ceiling over it -> release -> three box filters -> g
///
/// # Parameters
/// Those of [`LimiterParams`].
///
/// # Contract
/// Any channel count; all get the gain of the loudest, so that the picture stands still. Latency 2K + L - 1 frames, K = 24
/// (standard), 48 (master), 0 (sample peak), L the lookahead less 2; the tail is the latency. Hold costs none: it keeps
/// the gain still between the crests of bass, which otherwise distorts. The sound is driven, then measured: 8 points of
/// 48 taps per sample (standard), 16 of 96 (master).
///
/// No sample exceeds the ceiling. Neither does the true peak as the same interpolator reads it, in a search over 10^9
/// samples; half the sample rate that turns round again and again makes 0.04 dB. Longer interpolators read at most 0.1 dB
/// (standard) or 0.05 dB (master) more, of sound up to 20 kHz. Sound whose peaks stay 0.01 dB (0.000 01 dB for sample
/// peaks) below the ceiling passes bit for bit, and so does all such sound again when the release has ended, 25 time
/// constants after the last peak. There is no neutral setting.
///
/// Changes: the drive glides in amplitude over 20 ms before the detector. The ceiling glides over 20 ms behind the hold,
/// and the output follows within the latency: it is never above the higher of both, and then never above the new one.
/// Hold and release change at once, the gain being smoothed anyway. Input beyond +120 dBFS counts as +120 dBFS.
///
/// # Source
/// G. Luff, "Designing a straightforward limiter", signalsmith-audio.co.uk, 2022: peak hold, then release, then box
/// filters no longer than the hold. Detector: ITU-R BS.1770-5, Annex 2. Own: the hold covers, on either side of a peak,
/// all samples that its interpolation reads (K), so that they are all reduced; attenuation, not gain, is smoothed, in
/// whole numbers, so that no reduction is a gain of exactly 1; the ceiling is divided by the peak after the hold.
#[derive(Clone, Debug)]
pub struct Limiter<S> {
    spec: StreamSpec,
    coeffs: LimiterCoeffs,
    /// Boxed: it is large beside the other effects that a chain holds.
    engine: Box<LimiterEngine<S>>,
}

/// Longest hold, in ms: memory is taken for it, so that it may change.
const MAX_HOLD_MS: f64 = max_of(LimiterParams::FIELDS, "hold_ms");
/// Frames by which three boxes are longer than their response.
const BOX_OVERLAP: usize = 2;

choice! {
    /// How the gain of a [`Limiter`] comes back.
    ReleaseMode, default Manual {
        /// In `release_ms`.
        Manual = "manual",
        /// In `release_ms` after short peaks, 6.7 times as long after sustained reduction.
        Dual = "dual",
    }
}

choice! {
    /// What a [`Limiter`] measures.
    LimiterMode, default Standard {
        /// True peak: 8 points per sample, 48 taps each.
        Standard = "standard",
        /// True peak: 16 points per sample, 96 taps each, as [`Precision::High`](crate::meters::Precision::High).
        Master = "master",
        /// Samples only; between them it may be several dB higher.
        SamplePeak = "sample_peak",
    }
}

impl LimiterMode {
    /// Points per sample, half the taps of each, shape of the Kaiser window (-80 and -100 dB beside the pass band).
    fn interpolator(self) -> Option<(usize, usize, f64)> {
        match self {
            Self::Standard => Some((8, 24, 8.0)),
            Self::Master => Some((16, 48, 10.0)),
            Self::SamplePeak => None,
        }
    }

    /// Frames on either side of a peak that its interpolation reads.
    fn reach(self) -> usize {
        self.interpolator().map_or(0, |(_, half, _)| half)
    }

    /// How far below the ceiling the gain aims, in dB.
    ///
    /// A moving gain undoes part of what cancels within an interpolation. No bound is known that would not cost music a
    /// dB, so this is what a search found: in 10^9 samples of random sound 0 to 30 dB over the ceiling, noise with level
    /// steps of 60 dB among it, at most 0.0091 dB (master) and 0.0012 dB (standard, a fifth as many). For samples it is the two
    /// roundings of an f32 product, 0.000 001 dB, ten times.
    fn margin_db(self) -> f64 {
        match self {
            Self::Standard | Self::Master => 0.01,
            Self::SamplePeak => 0.000_01,
        }
    }
}

params! {
    /// Settings of [`Limiter`].
    ///
    /// ```
    /// use mixdown::{BlockMut, Dynamics, Params, Processor, StreamSpec, db_to_gain, dynamics::LimiterParams};
    ///
    /// let mut limiter = LimiterParams { gain_db: 12.0, ..Default::default() }.build::<f32>(&StreamSpec::new(48_000.0, 1)?)?;
    /// let mut tone: Vec<f32> = (0..4_800).map(|n| (0.1 * n as f32).sin()).collect();
    /// limiter.process(&mut BlockMut::from_planar(&mut tone, 1)?);
    /// let peak = tone.iter().fold(0.0, |peak: f32, x| peak.max(x.abs()));
    /// assert!(f64::from(peak) <= db_to_gain(-1.0) && f64::from(peak) > db_to_gain(-1.05));
    /// assert!((limiter.gain_reduction_db(0) - 13.01).abs() < 0.01);
    /// # Ok::<(), mixdown::Error>(())
    /// ```
    #[derive(Clone, Copy, Debug, PartialEq)]
    LimiterParams {
        ceiling_db: dBTP, -20.0..=0.0, default -1.0, "What nothing exceeds; in dBFS with the mode sample_peak";
        gain_db: dB, 0.0..=24.0, default 0.0, "Drive into the limiter";
        lookahead_ms: ms, 0.5..=10.0, default 1.5, fixed, "How far ahead of a peak the gain begins to fall";
        hold_ms: ms, 0.0..=15.0, default 8.0, "How long the gain stays down before it recovers";
        release_ms: ms, 5.0..=2_000.0, default 60.0, log, "Time to 1/e of the recovery";
        release_mode: choice ReleaseMode, "How it recovers";
        mode: choice LimiterMode, fixed, "What it measures";
    }
}

impl Params for LimiterParams {
    type Coeffs = LimiterCoeffs;
    type Processor<S: Sample> = Limiter<S>;

    fn design(&self, spec: &StreamSpec) -> Result<LimiterCoeffs, Error> {
        self.validate(spec)?;
        let rate_hz = spec.sample_rate_hz();
        let release = match self.release_mode {
            ReleaseMode::Manual => ReleaseCoeffs::manual,
            ReleaseMode::Dual => ReleaseCoeffs::dual,
        };
        Ok(LimiterCoeffs {
            drive: db_to_gain(self.gain_db),
            ceiling: db_to_gain(self.ceiling_db - self.mode.margin_db()),
            hold_frames: ms_to_frames(self.hold_ms, rate_hz),
            release: release(self.release_ms, rate_hz),
            // At least 4: half a millisecond at the lowest rate.
            lookahead_frames: ms_to_frames(self.lookahead_ms, rate_hz),
            mode: self.mode,
        })
    }

    fn build<S: Sample>(&self, spec: &StreamSpec) -> Result<Limiter<S>, Error> {
        crate::foundation::engine::build(self, spec)
    }

    fn transfer_curve(&self, levels_db: &[f64]) -> Option<Vec<f64>> {
        Some(levels_db.iter().map(|level_db| (level_db + self.gain_db).min(self.ceiling_db)).collect())
    }
}

/// What [`Limiter`] runs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LimiterCoeffs {
    drive: f64,
    /// With the margin.
    ceiling: f64,
    hold_frames: usize,
    release: ReleaseCoeffs,
    lookahead_frames: usize,
    mode: LimiterMode,
}

impl LimiterCoeffs {
    /// L, the response of the box filters.
    fn response_frames(&self) -> usize {
        self.lookahead_frames - BOX_OVERLAP
    }

    /// W, what the hold looks back on: the response, the samples that a peak's interpolation reads, and the hold.
    fn window_frames(&self) -> usize {
        self.response_frames() + 2 * self.mode.reach() + self.hold_frames
    }

    /// D = K + H + L - 1, with the guard H = K.
    fn latency_frames(&self) -> usize {
        2 * self.mode.reach() + self.response_frames() - 1
    }
}

impl<S: Sample> Limiter<S> {
    /// Samples that the gain left above the ceiling, and that were cut to it: 0, always, is what the tests ask for.
    #[must_use]
    pub fn clamped(&self) -> u64 {
        self.engine.clamped()
    }

    fn limit(&mut self, block: &mut BlockMut<'_, '_, S>, trace: Option<&mut BlockMut<'_, '_, f64>>) {
        let channels = self.spec.channels();
        fit_traced(block, channels, None, trace, |block, _, trace| {
            let Some(trace) = trace else { return self.engine.process(block, None) };
            let (head, frames) = (trace.frames(), block.frames());
            self.engine.process(&mut block.frames_mut(0, head), Some(trace.channel_mut(0)));
            for channel in 1..channels.min(trace.channels()) {
                trace.copy_channel(0, channel);
            }
            self.engine.process(&mut block.frames_mut(head, frames - head), None);
        });
    }
}

impl<S: Sample> Engine<S> for Limiter<S> {
    type Params = LimiterParams;

    fn build(params: &LimiterParams, spec: &StreamSpec) -> Result<Self, Error> {
        let coeffs = params.design(spec)?;
        let taps = params.mode.interpolator().map(|(phases, half, beta)| Taps::new(phases, half, beta));
        Ok(Limiter { spec: *spec, engine: Box::new(LimiterEngine::new(spec, &coeffs, taps)), coeffs })
    }

    fn run(
        &mut self,
        block: &mut BlockMut<'_, '_, S>,
        _key: Option<&Block<'_, '_, S>>,
        reduction_db: Option<&mut BlockMut<'_, '_, f64>>,
    ) {
        self.limit(block, reduction_db);
    }
}

compiled!(LimiterParams => Limiter);

impl<S: Sample> Processor<S> for Limiter<S> {
    engine!(LimiterParams, dynamics);

    fn reset(&mut self) {
        let Self { spec: _, coeffs: _, engine } = self;
        engine.reset();
    }

    fn latency_frames(&self) -> usize {
        self.coeffs.latency_frames()
    }

    fn tail(&self) -> Tail {
        Tail::Frames(self.coeffs.latency_frames() as u64)
    }

    fn non_finite_samples(&self) -> u64 {
        self.engine.non_finite_samples()
    }
}

impl<S: Sample> Tunable<S> for Limiter<S> {
    type Params = LimiterParams;

    fn check(&self, coeffs: &LimiterCoeffs) -> Result<(), Error> {
        if coeffs.mode != self.coeffs.mode {
            return Err(Error::NeedsRebuild { param: "mode" });
        }
        if coeffs.lookahead_frames != self.coeffs.lookahead_frames {
            return Err(Error::NeedsRebuild { param: "lookahead_ms" });
        }
        Ok(())
    }

    fn apply(&mut self, coeffs: &LimiterCoeffs) {
        self.engine.set_coeffs(coeffs);
        self.coeffs = *coeffs;
    }
}

/// All traces are the same. A key changes nothing.
impl<S: Sample> Dynamics<S> for Limiter<S> {
    traced!(LimiterParams);

    fn gain_reduction_db(&self, trace: usize) -> f64 {
        if trace < self.spec.channels() { self.engine.last_reduction_db() } else { 0.0 }
    }

    fn gain_reduction(&self) -> GainReduction {
        self.engine.reduction().reading()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn latency_is_two_reaches_and_the_response() {
        let spec = StreamSpec::new(44_100.0, 2).unwrap();
        let latency = |mode| LimiterParams { mode, ..Default::default() }.build::<f32>(&spec).unwrap().latency_frames();
        // 1.5 ms are 66 frames of boxes, whose response is 64.
        assert_eq!(latency(LimiterMode::Standard), 111);
        assert_eq!(latency(LimiterMode::Master), 159);
        assert_eq!(latency(LimiterMode::SamplePeak), 63);
    }

    #[test]
    fn what_sizes_memory_needs_a_new_one() {
        let spec = StreamSpec::new(48_000.0, 1).unwrap();
        let mut limiter = LimiterParams::default().build::<f32>(&spec).unwrap();
        let other = LimiterParams { mode: LimiterMode::Master, ..Default::default() };
        assert_eq!(limiter.set_params(&other), Err(Error::NeedsRebuild { param: "mode" }));
        let other = LimiterParams { lookahead_ms: 2.0, ..Default::default() };
        assert_eq!(limiter.set_params(&other), Err(Error::NeedsRebuild { param: "lookahead_ms" }));
        let other = LimiterParams { hold_ms: 15.0, release_ms: 2_000.0, gain_db: 24.0, ..Default::default() };
        assert_eq!(limiter.set_params(&other), Ok(()));
    }
}
