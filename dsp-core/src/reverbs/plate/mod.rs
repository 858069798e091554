//! Plate reverb after Dattorro.

mod design;
mod network;
mod params;
mod passes;

use crate::{
    foundation::{
        block::{Block, BlockMut},
        engine::{Compiled, Engine, compiled, engine},
        error::{Error, channels_in},
        fit::fit,
        grid::GRID_FRAMES,
        params::{Designed, Params, Tunable},
        processor::Processor,
        sample::Sample,
        stream::StreamSpec,
        tail::Tail,
    },
    primitives::sanitize::sanitize,
};
use alloc::boxed::Box;
pub use design::PlateCoeffs;
use network::Network;
pub use params::PlateParams;

/// Plate reverb after Dattorro.
///
/// # Signal
/// left, right -> high pass 40 Hz -> low cut -> pre-delay -> eight all passes each -> right and left half of the tank,
/// cross-coupled, each: modulated all pass -> delay -> damping -> × decay -> all pass -> delay -> × decay; seven taps for
/// each output -> width -> out
///
/// # Parameters
/// Those of [`PlateParams`].
///
/// # Contract
/// Latency 0. 1 -> 2 or 2 -> 2 channels; each side of the input enters the half of the tank whose first taps are on its
/// side, so that mid and side are equally loud. Pink noise keeps its level within 0.8 dB at any `decay` and damping,
/// songs within 1.5 dB; white noise falls by 6.4 dB from a `decay` of 0 to 0.99, as damping takes its treble. Nothing
/// below 20 Hz is louder than the mean of the spectrum, and the tail has no DC, -60 dB. With `diffusion` at 1, the echo
/// density (20 ms) up to 20 kHz stays above 0.8 of noise from 50 ms after the onset on, and is 0.98 at 100 ms, at every
/// sample rate; up to half the rate it falls to 0.75 at 96 and 0.63 at 192 kHz, as the same echoes are shorter there. A
/// tone of 440 Hz at a `decay` of 0.9 spreads by 5 cents rms. The tail ends: once the signal has stayed below -200 dB
/// for the length of the delay lines, they are zeroed on the 64-frame grid. Measured below the damping, a `decay` of
/// 0.5 is 1.9 s to -60 dB, 0.8 is 6.0 s: one pass through the loop takes 0.73 s, with four decays, and the all passes
/// add a little. Changes glide over 20 ms, those of the low cut over 50 ms, of the modulation over 500 ms, C2; a new
/// pre-delay fades in, after the fade in progress. Neutral at `mix` 0.
///
/// Memory: 276 kB for stereo f32 at 48 kHz, nearly all of it delay lines, for the longest pre-delay.
///
/// # Source
/// J. Dattorro, "Effect design, part 1: reverberator and other filters", JAES 45(9), 1997, fig. 1 and tables 1 and 2:
/// delays, coefficients, taps and signs, with his delays in frames of 29 761 Hz as times. Own: the modulated delays are
/// interpolated by 14 points instead of an all pass, whose state would lag behind the modulation; both sides enter,
/// where his takes their sum; four short all passes per side more, for density; the high pass; no low pass at the input,
/// as his leaves 20 kHz at -0.01 dB; the level.
#[derive(Clone, Debug)]
pub struct Plate<S> {
    spec: StreamSpec,
    coeffs: PlateCoeffs,
    /// Boxed: it is large compared with the other effects of a chain.
    network: Box<Network<S>>,
    non_finite: u64,
}

impl Params for PlateParams {
    type Coeffs = PlateCoeffs;
    type Processor<S: Sample> = Plate<S>;

    fn output_channels(&self, input: usize) -> Result<usize, Error> {
        channels_in(input, 1, 2).map(|()| 2)
    }

    fn design(&self, spec: &StreamSpec) -> Result<Designed<PlateCoeffs>, Error> {
        self.validate(spec)?;
        Ok(Designed::new(spec, PlateCoeffs::new(self, spec.sample_rate_hz())))
    }

    fn build<S: Sample>(&self, spec: &StreamSpec) -> Result<Plate<S>, Error> {
        self.build_compiled(spec)
    }

    fn neutral() -> Option<Self> {
        Some(Self { mix: 0.0, ..Self::default() })
    }
}

impl<S: Sample> Plate<S> {
    fn run(&mut self, block: &mut BlockMut<'_, '_, S>) {
        self.non_finite += sanitize(block.channel_mut(0));
        if self.spec.channels() == 1 {
            block.copy_channel(0, 1);
        } else {
            self.non_finite += sanitize(block.channel_mut(1));
        }
        let frames = block.frames();
        let (left, right) = block.stereo_mut();
        let mut start = 0;
        while start < frames {
            let count = self.network.frames_at_once().min(frames - start);
            self.network.process(&mut left[start..start + count], &mut right[start..start + count]);
            start += count;
        }
    }
}

impl<S: Sample> Engine<S> for Plate<S> {
    type Params = PlateParams;

    fn build(params: &PlateParams, spec: &StreamSpec) -> Result<Self, Error> {
        let coeffs = params.design(spec)?.into_inner();
        Ok(Plate { spec: *spec, network: Box::new(Network::new(spec, &coeffs)), coeffs, non_finite: 0 })
    }

    fn run(
        &mut self,
        block: &mut BlockMut<'_, '_, S>,
        _key: Option<&Block<'_, '_, S>>,
        _reduction_db: Option<&mut BlockMut<'_, '_, f64>>,
    ) {
        fit(block, 2, |block| self.run(block));
    }
}

compiled!(PlateParams => Plate);

impl<S: Sample> Processor<S> for Plate<S> {
    engine!(PlateParams);

    fn output_channels(&self) -> usize {
        2
    }

    fn reset(&mut self) {
        let Self { spec: _, coeffs: _, network, non_finite } = self;
        network.reset();
        *non_finite = 0;
    }

    fn tail(&self) -> Tail {
        let filters = self.coeffs.tail_frames + self.network.low_cut_frames();
        Tail::Frames(filters + (2 * self.network.memory_frames() + 2 * GRID_FRAMES) as u64)
    }

    fn non_finite_samples(&self) -> u64 {
        self.non_finite
    }
}

impl<S: Sample> Tunable<S> for Plate<S> {
    type Params = PlateParams;

    fn apply(&mut self, coeffs: &PlateCoeffs) {
        self.coeffs = *coeffs;
        self.network.set_coeffs(coeffs);
    }
}
