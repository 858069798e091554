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
/// in or key -> high pass, low pass -> level in dB -> static curve -> link -> attack, release -> lookahead -> gain;
/// in -> delay -> × (1 - mix + mix × gain × make-up) -> out
///
/// # Parameters
/// Those of [`CompressorParams`].
///
/// # Contract
/// Any channel count, linked or each by itself. Latency is the lookahead, to the frame, 0 without; the tail is the
/// latency, while listening plus that of the key's filters. Dry signal and key are aligned with it. A key of one channel acts on all channels; a key of as many, each
/// on its own.
///
/// Times are those of the reduction in dB, to 63.2 % of a change; attack and release are as stated within 10 %, the
/// release for attacks up to it, beyond them it takes as long as the attack. Detectors:
/// - `peak` reads the quadrature envelope: a sine at full scale is 0 dB at any frequency from 20 Hz to 20 Hz below half
///   the rate, and the gain on it is constant, within 0.002 dB at 48 kHz from 30 Hz on. The smoother branches, so that
///   the attack decides how much of a transient is acted on. The envelope of a tone forms in up to a third of a period and
///   fades by 30 dB in 0.8: an attack of 10 ms takes 10.3 ms at 1 kHz, 11.3 at 200 Hz, 15.2 at 50 Hz, a release of 100 ms
///   100.8, 103.8 and 113.3.
/// - `rms` reads mean squares, a sine at full scale as -3.01 dB. It sees a transient by its energy over `rms_ms`. The mean
///   empties by 4.34 dB per `rms_ms`, and a release begins about halfway to the threshold: at 10 ms and 10/100 ms it takes
///   100, 102, 107 and 113 ms from 3, 7, 12 and 17 dB above the threshold.
/// - `peak_hold` reads the magnitude of each sample and holds it: it acts in full on the shortest click. Crests are held
///   for 8 % of the release, at most 16 ms, so that lower notes alone have a ripple: at 10/100 ms those below 62 Hz. Tones
///   within 20 % of half the rate make its gain swing.
///
/// What they do with a click of one sample at 0 dBFS (threshold -30 dBFS, ratio 4, attack 10 ms): 0.6, 2.0, 18.4 dB of
/// reduction at 48 kHz. A sample is longer at lower rates: 1.7, 5.0, 18.4 dB at 16 kHz, 2.8, 7.1, 18.4 at 8. With a
/// recorded snare (0 dBFS, attack 30 ms, else defaults): the first 10 ms lose 1.6, 0.9, 1.8 dB, and the most reduction
/// is 8.5 dB after 56 ms, 8.9 after 75, 11.7 after 85.
///
/// [`CompressorRelease`](super::CompressorRelease) describes the releases `dual` and `auto`. `range_db` limits the static
/// curve, so that the release starts from there. `auto_makeup` adds half of the reduction at 0 dBFS. `listen` puts out
/// the filtered key on all channels, with the same latency; make-up and mix do not act on it. The reported reduction is
/// that of the compressed signal: `mix`, make-up and `listen` do not change it.
///
/// Signal below the knee passes bit for bit, from 22 time constants after the last reduction; at `mix` 0 any
/// signal does. Linked at 100 %, all channels get the same factor. Neutral at `ratio` 1.
///
/// Changes: threshold, ratio, knee, range, link and detector glide over 20 ms before the ballistics, attack and release
/// within them, make-up, mix and `listen` behind them; the key's filters over 50 ms. A change of `release_mode` or of the
/// detector keeps the current reduction. Another `rms_ms` applies at once, from the current mean.
///
/// Memory: 29 kB for stereo f32 at 48 kHz, without lookahead.
///
/// # Source
/// D. Giannoulis, M. Massberg, J. Reiss, "Digital dynamic range compressor design: a tutorial and analysis", JAES
/// 60(6), 2012: feed-forward, logarithmic, smooth branching; smooth decoupled behind mean squares and magnitudes. The
/// envelope: `dynamics::quadrature`. Own: reductions aim 1e-9 octaves below their target and stop at 0; the lookahead
/// acts on the smoothed reduction, so that a click stays as short as the attack lets it.
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
        Tail::Frames(self.compression.tail_frames())
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
