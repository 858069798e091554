//! True-peak limiter: keeps samples, and the signal between them, below a ceiling.

mod engine;
mod params;
pub(crate) mod passes;

use super::release::ReleaseCoeffs;
use crate::{
    foundation::{
        block::{Block, BlockMut},
        engine::{Compiled, Engine, compiled, engine, traced},
        error::Error,
        fit::fit_traced,
        params::{Designed, Params, Tunable},
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
pub use params::{LimiterCoeffs, LimiterMode, LimiterParams, ReleaseMode};

/// True-peak limiter: keeps samples, and the signal between them, below a ceiling.
///
/// # Signal
/// in -> drive -> delay -> × g -> out; drive -> highest point around each sample, of all channels -> sliding maximum ->
/// ceiling over it -> release -> three box filters -> g. Below 100 % of link each channel has a path of its own, whose
/// reduction is raised towards the largest of them before the release.
///
/// # Parameters
/// Those of [`LimiterParams`].
///
/// # Contract
/// Any channel count; all get the gain of the loudest, so that the stereo image is stable, unless `link_percent` lets
/// them go: reductions are only ever raised, so that the ceiling is kept at every link. Latency 2K + L - 1 frames, K
/// = 24 (standard), 48 (master), 0 (sample peak), L the lookahead minus 2; the tail is the latency. The hold adds none:
/// it keeps the gain constant between the crests of bass, which would otherwise distort. The drive precedes the
/// measurement: 8 points of 48 taps per sample (standard), 16 of 96 (master).
///
/// No sample exceeds the ceiling. Neither does the true peak by the same interpolator, in a search over 10^9 samples; a
/// repeatedly inverted tone at half the sample rate exceeds it by 0.04 dB. Longer interpolators read at most 0.1 dB
/// (standard) or 0.05 dB (master) more, for signals up to 20 kHz. Beyond, any interpolator is beaten by a longer one: white
/// noise 12 dB over exceeds the ceiling by a transform at 16 points per sample, standard and master, by 0.14 and 0.02 dB up
/// to 95 % of half the rate, 0.39 and 0.11 up to 98 %, 0.81 and 0.54 up to half the rate. `delivery::deliver` measures with
/// 1024 taps and lowers ceiling and drive until the master fits: 0.02 dB are then the most that the transform reads more.
/// Signals whose peaks stay 0.01 dB (0.000 01 dB for
/// sample peaks) below the ceiling pass bit for bit, again from the end of the release, 25 time constants after the
/// last peak. There is no neutral setting.
///
/// Release: in `release_ms`; dual, which a short peak leaves as fast, and sustained reduction 6.7 times slower; auto, by
/// the share of the reduction that has lasted, from 30 to 400 ms. 12 dB for one sample, with the hold of 8 ms, are down
/// to 0.1 dB after 297 ms manual or dual at 60 ms, and 160 ms auto. What differs from two songs at the best gain, 4 and 8
/// dB over: manual 60 ms -18.8 and -12.4 dB, dual the same, auto -19.7 and -12.9, manual 20 ms -20.1 and -13.8. THD of 30 Hz,
/// 6 dB over: -54.7, -54.7, -69.8 and -46.2 dB; nothing from 50 Hz on, by the hold. So auto is the cleanest for bass, a short
/// release for all else.
///
/// Changes: the drive glides in amplitude over 20 ms before the detector. The ceiling glides over 20 ms behind the
/// hold, and the output follows within the latency: it is never above the higher of both, and then never above the new
/// one. Hold and release change at once, since the gain is smoothed afterwards; the link glides over 20 ms. Input beyond +120 dBFS is clamped to
/// it.
///
/// Memory: 78 kB for stereo f32 at 48 kHz, with the longest hold and unlinked channels, which may be set while it runs.
///
/// # Source
/// G. Luff, "Designing a straightforward limiter", signalsmith-audio.co.uk, 2022: peak hold, then release, then box
/// filters no longer than the hold. Detector: ITU-R BS.1770-5, Annex 2. Own: the hold covers, on either side of a peak,
/// all samples of its interpolation (K), so that they are all reduced; the automatic release (`dynamics/release.rs`); attenuation, not gain, is smoothed, in integers,
/// so that no reduction is a gain of exactly 1; the ceiling is divided by the peak after the hold.
#[derive(Clone, Debug)]
pub struct Limiter<S> {
    spec: StreamSpec,
    coeffs: LimiterCoeffs,
    /// Boxed: it is large compared with the other effects of a chain.
    engine: Box<LimiterEngine<S>>,
}

impl Params for LimiterParams {
    type Coeffs = LimiterCoeffs;
    type Processor<S: Sample> = Limiter<S>;

    fn design(&self, spec: &StreamSpec) -> Result<Designed<LimiterCoeffs>, Error> {
        self.validate(spec)?;
        let rate_hz = spec.sample_rate_hz();
        let release = match self.release_mode {
            ReleaseMode::Manual => ReleaseCoeffs::manual(self.release_ms, rate_hz),
            ReleaseMode::Dual => ReleaseCoeffs::dual(self.release_ms, rate_hz),
            ReleaseMode::Auto => ReleaseCoeffs::auto(rate_hz),
        };
        Ok(Designed::new(
            spec,
            LimiterCoeffs {
                drive: db_to_gain(self.gain_db),
                ceiling: db_to_gain(self.ceiling_db - self.mode.margin_db()),
                hold_frames: ms_to_frames(self.hold_ms, rate_hz),
                release,
                link: self.link_percent / 100.0,
                // At least 4: half a millisecond at the lowest rate.
                lookahead_frames: ms_to_frames(self.lookahead_ms, rate_hz),
                mode: self.mode,
            },
        ))
    }

    fn build<S: Sample>(&self, spec: &StreamSpec) -> Result<Limiter<S>, Error> {
        self.build_compiled(spec)
    }

    fn transfer_curve(&self, levels_db: &[f64]) -> Option<Vec<f64>> {
        Some(levels_db.iter().map(|level_db| (level_db + self.gain_db).min(self.ceiling_db)).collect())
    }
}

impl<S: Sample> Limiter<S> {
    /// Samples left above the ceiling by the gain and clamped to it; the tests require 0.
    #[must_use]
    pub fn clamped(&self) -> u64 {
        self.engine.clamped()
    }

    fn limit(&mut self, block: &mut BlockMut<'_, '_, S>, trace: Option<&mut BlockMut<'_, '_, f64>>) {
        let channels = self.spec.channels();
        fit_traced(block, channels, None, trace, |block, _, trace| self.engine.process(block, trace));
    }
}

impl<S: Sample> Engine<S> for Limiter<S> {
    type Params = LimiterParams;

    fn build(params: &LimiterParams, spec: &StreamSpec) -> Result<Self, Error> {
        let coeffs = params.design(spec)?.into_inner();
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

    fn fits(&self, coeffs: &LimiterCoeffs) -> Result<(), Error> {
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

/// All traces are the same if the channels are linked. It takes no key.
impl<S: Sample> Dynamics<S> for Limiter<S> {
    traced!(LimiterParams);

    fn gain_reduction_db(&self, trace: usize) -> f64 {
        self.engine.last_reduction_db(trace)
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
        // 1.5 ms are boxes of 66 frames in all, with a response of 64.
        assert_eq!(latency(LimiterMode::Standard), 111);
        assert_eq!(latency(LimiterMode::Master), 159);
        assert_eq!(latency(LimiterMode::SamplePeak), 63);
    }

    #[test]
    fn memory_sizes_need_a_rebuild() {
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
