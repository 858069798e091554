//! Compressor: reduces the level above a threshold by a ratio.

use super::compression::{Compression, CompressionScratch, CompressorCoeffs, CompressorParams};
use crate::foundation::{
    block::{Block, BlockMut},
    engine::{Compiled, Engine, compiled, engine, traced},
    error::Error,
    params::{Designed, Params, Tunable},
    processor::{Dynamics, GainReduction, Processor},
    sample::Sample,
    stream::StreamSpec,
    tail::Tail,
};
use alloc::{boxed::Box, vec::Vec};

/// Compressor: reduces the level above a threshold by a ratio.
///
/// # Signal
/// in or key -> high pass -> level in dB -> static curve -> link -> release, attack -> lookahead -> gain;
/// in -> delay -> × (1 - mix + mix × gain × make-up) -> out
///
/// # Parameters
/// Those of [`CompressorParams`].
///
/// # Contract
/// Any channel count, linked or each by itself. Latency is the lookahead, to the frame, 0 without; the tail is the
/// latency. Dry signal and key are aligned with it. A key of one channel acts on all channels; a key of as many, each
/// on its own.
///
/// Times are those of the reduction in dB: the attack reaches 63.2 % of a rise in `attack_ms`; a fall reaches it in
/// `release_ms` and up to 1.1 attacks more. Levels are of samples (`peak`; a sine at full scale is 0 dB) or mean
/// squares (`rms`; it is -3.01 dB). [`CompressorRelease`](super::CompressorRelease) describes the releases `dual` and
/// `auto`. `range_db` limits the static curve, so that the release starts from there. `auto_makeup` adds half of the reduction at 0 dBFS.
///
/// Signal below the knee passes bit for bit, from 22 time constants after the last reduction; at `mix` 0 any
/// signal does. Linked at 100 %, all channels get the same factor. Neutral at `ratio` 1.
///
/// Changes: threshold, ratio, knee, range, link and detector glide over 20 ms before the ballistics, attack and release
/// within them, make-up and mix behind them; the key's high pass over 50 ms. A change of `release_mode` keeps the
/// current reduction. Another `rms_ms` applies at once, from the current mean.
///
/// Memory: 24 kB for stereo f32 at 48 kHz, without lookahead.
///
/// # Source
/// D. Giannoulis, M. Massberg, J. Reiss, "Digital dynamic range compressor design: a tutorial and analysis", JAES
/// 60(6), 2012: feed-forward, logarithmic, smooth decoupled. Own: reductions aim 1e-9 octaves below their target and
/// stop at 0; the lookahead acts on the smoothed reduction.
#[derive(Clone, Debug)]
pub struct Compressor<S> {
    spec: StreamSpec,
    /// Boxed: it is large compared with the other effects of a chain.
    compression: Box<Compression<S>>,
    scratch: Box<CompressionScratch<S>>,
}

impl Params for CompressorParams {
    type Coeffs = CompressorCoeffs;
    type Processor<S: Sample> = Compressor<S>;

    fn design(&self, spec: &StreamSpec) -> Result<Designed<CompressorCoeffs>, Error> {
        self.validate(spec)?;
        Ok(Designed::new(spec, self.coeffs(spec.sample_rate_hz())))
    }

    fn build<S: Sample>(&self, spec: &StreamSpec) -> Result<Compressor<S>, Error> {
        self.build_compiled(spec)
    }

    fn neutral() -> Option<Self> {
        Some(Self { ratio: 1.0, ..Self::default() })
    }

    fn transfer_curve(&self, levels_db: &[f64]) -> Option<Vec<f64>> {
        Some(self.output_levels_db(levels_db))
    }
}

impl<S: Sample> Engine<S> for Compressor<S> {
    type Params = CompressorParams;

    fn build(params: &CompressorParams, spec: &StreamSpec) -> Result<Self, Error> {
        Ok(Compressor {
            spec: *spec,
            compression: Box::new(Compression::new(spec, &*params.design(spec)?)),
            scratch: Box::new(CompressionScratch::new(spec.channels())),
        })
    }

    fn run(
        &mut self,
        block: &mut BlockMut<'_, '_, S>,
        key: Option<&Block<'_, '_, S>>,
        reduction_db: Option<&mut BlockMut<'_, '_, f64>>,
    ) {
        self.compression.process(&mut self.scratch, block, key, reduction_db);
    }
}

compiled!(CompressorParams => Compressor);

impl<S: Sample> Processor<S> for Compressor<S> {
    engine!(CompressorParams, dynamics, key);

    fn reset(&mut self) {
        let Self { spec: _, compression, scratch: _ } = self;
        compression.reset();
    }

    fn latency_frames(&self) -> usize {
        self.compression.latency_frames()
    }

    fn tail(&self) -> Tail {
        Tail::Frames(self.latency_frames() as u64)
    }

    fn non_finite_samples(&self) -> u64 {
        self.compression.non_finite_samples()
    }
}

impl<S: Sample> Tunable<S> for Compressor<S> {
    type Params = CompressorParams;

    fn fits(&self, coeffs: &CompressorCoeffs) -> Result<(), Error> {
        self.compression.check(coeffs)
    }

    fn apply(&mut self, coeffs: &CompressorCoeffs) {
        self.compression.set_coeffs(coeffs);
    }
}

impl<S: Sample> Dynamics<S> for Compressor<S> {
    traced!(CompressorParams);

    fn gain_reduction_db(&self, trace: usize) -> f64 {
        self.compression.gain_reduction_db(trace)
    }

    fn gain_reduction(&self) -> GainReduction {
        self.compression.gain_reduction()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn latency_is_the_lookahead() {
        let spec = StreamSpec::new(44_100.0, 2).unwrap();
        let latency = |lookahead_ms| {
            CompressorParams { lookahead_ms, ..Default::default() }.build::<f32>(&spec).unwrap().latency_frames()
        };
        assert_eq!((latency(0.0), latency(0.01), latency(5.0), latency(20.0)), (0, 0, 221, 882));
    }

    #[test]
    fn memory_sizes_need_a_rebuild() {
        let spec = StreamSpec::new(48_000.0, 1).unwrap();
        let mut compressor = CompressorParams::default().build::<f32>(&spec).unwrap();
        let other = CompressorParams { lookahead_ms: 2.0, ..Default::default() };
        assert_eq!(compressor.set_params(&other), Err(Error::NeedsRebuild { param: "lookahead_ms" }));
        let other = CompressorParams { ratio: f64::INFINITY, link_percent: 0.0, ..Default::default() };
        assert_eq!(compressor.set_params(&other), Ok(()));
    }

    #[test]
    fn limits_are_refused() {
        let spec = StreamSpec::new(48_000.0, 1).unwrap();
        let refused = |params: CompressorParams| params.validate(&spec).is_err();
        assert!(refused(CompressorParams { ratio: 0.9, ..Default::default() }));
        assert!(refused(CompressorParams { key_high_pass_hz: 10.0, ..Default::default() }));
        assert!(refused(CompressorParams { attack_ms: f64::INFINITY, ..Default::default() }));
        assert!(refused(CompressorParams { range_db: f64::NAN, ..Default::default() }));
        assert!(!refused(CompressorParams { ratio: f64::INFINITY, key_high_pass_hz: 20.0, ..Default::default() }));
    }

    #[test]
    fn automatic_makeup_is_half_of_the_reduction_at_full_scale() {
        let params = CompressorParams {
            threshold_db: -20.0,
            knee_db: 0.0,
            auto_makeup: true,
            makeup_db: 1.0,
            ..Default::default()
        };
        assert!((params.transfer_curve(&[0.0]).unwrap()[0] + 6.5).abs() < 1e-4);
    }
}
