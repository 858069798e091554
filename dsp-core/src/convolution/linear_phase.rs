//! Linear-phase equalizer: the magnitude of any bands, with constant delay.

use super::{
    convolver::Convolver,
    linear_phase_taps::{ERROR_STEP_HZ, GRID, error_db, taps},
    route::{Counts, Route},
    swap::{Source, Swap, Target},
};
use crate::{
    filters::band::{Band, BandParams, Design, check_all},
    foundation::{
        block::{Block, BlockMut},
        declare::params,
        engine::{Compiled, Engine, compiled, engine},
        error::Error,
        fit::fit,
        grid::GRID_FRAMES,
        math::cis,
        params::{Designed, Params, Tunable},
        processor::Processor,
        sample::Sample,
        stream::StreamSpec,
        table::Fields,
        tail::Tail,
        unit::ms_to_frames,
    },
    primitives::{delay_line::DelayLine, ramp::Span, sanitize::sanitize},
};
use alloc::{boxed::Box, vec, vec::Vec};
use core::f64::consts::PI;
use num_complex::Complex64;

/// Linear-phase equalizer: the magnitude of any bands, with constant delay.
///
/// # Signal
/// in -> convolved with L + 1 symmetric taps -> out
///
/// # Parameters
/// Those of [`LinearPhaseEqualizerParams`].
///
/// # Contract
/// L is `length_ms` in frames, rounded up to a power of two: the same bands are as exact at every rate. Latency L/2
/// frames, exactly; transients have pre-ringing, as with every linear-phase filter. The magnitude is that of an
/// [`Equalizer`](crate::filters::Equalizer) with the same bands (matched design), within the resolution of L: within
/// 0.1 dB for bells and shelves from 60 Hz on and q up to 2 at the default length, and within 0.03 dB for a high pass of
/// 30 Hz. Narrower or lower bands need a longer one:
/// [`design_error_db`](LinearPhaseEqualizerParams::design_error_db) tells. Any channel count; all channels get the same filter, computed in
/// f64. All passes change nothing. Neutral if no band changes a magnitude: then the output is the delayed input, bit
/// for bit.
///
/// Changes: the new taps are transformed in parts while the old ones run, then crossfade in 20 ms; in all about 0.1 s
/// at the default length. A change during another one follows it.
///
/// Memory: 784 kB for stereo f32 at 48 kHz at the default length.
///
/// # Source
/// Frequency sampling on 4L points and Kaiser's window w with β = 9 (see `primitives::kaiser`);
/// `convolution::convolver`. Own: w alone smears the magnitude, by 1.5 dB for a bell of 12 dB and q 2 at 60 Hz. Adding
/// the error to the target repeatedly (P. H. van Cittert, Z. Phys. 69, 1931) gives the window 1 - (1 - w)^n after n
/// iterations; 80 leave 0.09 dB.
#[derive(Clone, Debug)]
pub struct LinearPhaseEqualizer<S> {
    spec: StreamSpec,
    /// Boxed: it is large compared with the other effects of a chain.
    convolver: Box<Convolver<f64>>,
    delay: DelayLine<S>,
    target: LinearPhaseEqualizerCoeffs,
    swap: Swap,
    /// The delayed input of one chunk, channel after channel.
    dry: Vec<S>,
    /// One channel's output of one chunk from both banks.
    wet: Vec<f64>,
    non_finite: u64,
}

/// Crossfade to other taps, in ms.
const FADE_MS: f64 = 20.0;

params! {
    /// Settings of [`LinearPhaseEqualizer`].
    ///
    /// ```
    /// use mixdown::{Params, Processor, StreamSpec, convolution::LinearPhaseEqualizerParams, filters::BellParams,
    /// gain_to_db};
    ///
    /// let bell = BellParams { frequency_hz: 1_000.0, gain_db: 3.0, q: 1.0 };
    /// let equalizer = LinearPhaseEqualizerParams { bands: vec![bell.into()], ..Default::default() };
    /// let spec = StreamSpec::new(48_000.0, 2)?;
    /// assert_eq!(equalizer.build::<f32>(&spec)?.latency_frames(), 4_096);
    /// let response = equalizer.frequency_response(&spec, &[1_000.0])?.unwrap();
    /// assert!((gain_to_db(response[0].norm()) - 3.0).abs() < 0.1);
    /// # Ok::<(), mixdown::Error>(())
    /// ```
    #[derive(Clone, Debug, PartialEq)]
    LinearPhaseEqualizerParams {
        bands: compound Vec<Band>, default Vec::new(), costly, "The bands, at most 32";
        length_ms: ms, 5.0..=680.0, default 170.0, log, fixed,
            "Length of the filter, twice the latency; rounded up to a power of two of frames";
    }
}

impl LinearPhaseEqualizerParams {
    /// L: one less than the taps, a power of two.
    fn length_frames(&self, spec: &StreamSpec) -> usize {
        ms_to_frames(self.length_ms, spec.sample_rate_hz()).max(2).next_power_of_two()
    }

    /// The wanted magnitude from 0 Hz to half the rate, on a grid of as many points up to the rate.
    fn magnitudes(&self, spec: &StreamSpec, points: usize) -> Vec<f64> {
        let rate_hz = spec.sample_rate_hz();
        let bands: Vec<_> = self.bands.iter().map(|band| band.sections(rate_hz, Design::Matched)).collect();
        let at = |bin: usize| {
            let hz = bin as f64 / points as f64 * rate_hz;
            libm::sqrt(bands.iter().map(|sections| sections.response(hz, rate_hz).norm_sqr()).product())
        };
        (0..=points / 2).map(at).collect()
    }

    /// The largest error of the filter in dB: of its magnitude against that of the bands, from 20 Hz to 20 kHz or half
    /// the rate, where that of the bands is above -60 dB. More than 0.5 dB calls for a longer filter.
    ///
    /// ```
    /// use mixdown::{StreamSpec, convolution::LinearPhaseEqualizerParams, filters::HighPassParams};
    ///
    /// let rumble = HighPassParams { frequency_hz: 30.0, slope_db_per_octave: 12.0 };
    /// let of = |length_ms| LinearPhaseEqualizerParams { bands: vec![rumble.into()], length_ms };
    /// let spec = StreamSpec::new(96_000.0, 2)?;
    /// assert!(of(170.0).design_error_db(&spec)? < 0.05 && of(20.0).design_error_db(&spec)? > 0.5);
    /// # Ok::<(), mixdown::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`validate`](Params::validate).
    pub fn design_error_db(&self, spec: &StreamSpec) -> Result<f64, Error> {
        let LinearPhaseEqualizerCoeffs { taps, .. } = self.design(spec)?.into_inner();
        let rate_hz = spec.sample_rate_hz();
        let points = (GRID * self.length_frames(spec)).max((rate_hz / ERROR_STEP_HZ) as usize).next_power_of_two();
        Ok(error_db(&taps, &self.magnitudes(spec, points), rate_hz))
    }
}

impl Params for LinearPhaseEqualizerParams {
    type Coeffs = LinearPhaseEqualizerCoeffs;
    type Processor<S: Sample> = LinearPhaseEqualizer<S>;

    fn validate(&self, spec: &StreamSpec) -> Result<(), Error> {
        check_all(&self.bands, spec)?;
        self.check_fields(spec.sample_rate_hz())
    }

    fn design(&self, spec: &StreamSpec) -> Result<Designed<LinearPhaseEqualizerCoeffs>, Error> {
        self.validate(spec)?;
        let (taps, neutral) = taps(self.magnitudes(spec, GRID * self.length_frames(spec)));
        Ok(Designed::new(spec, LinearPhaseEqualizerCoeffs { taps, neutral }))
    }

    fn build<S: Sample>(&self, spec: &StreamSpec) -> Result<LinearPhaseEqualizer<S>, Error> {
        self.build_compiled(spec)
    }

    fn neutral() -> Option<Self> {
        Some(Self::default())
    }

    /// The response of the taps, window included. O(length) for each frequency.
    fn frequency_response(&self, spec: &StreamSpec, frequencies_hz: &[f64]) -> Result<Option<Vec<Complex64>>, Error> {
        let LinearPhaseEqualizerCoeffs { taps, .. } = self.design(spec)?.into_inner();
        let half = taps.len() / 2;
        let at = |hz: &f64| {
            let back = cis(-2.0 * PI * hz / spec.sample_rate_hz());
            let later = taps[half + 1..].iter().rev().fold(Complex64::ZERO, |sum, tap| (sum + tap) * back);
            Complex64::from(taps[half] + 2.0 * later.re)
        };
        Ok(Some(frequencies_hz.iter().map(at).collect()))
    }
}

/// Coefficients of a [`LinearPhaseEqualizer`]: its taps.
#[derive(Clone, Debug, PartialEq)]
pub struct LinearPhaseEqualizerCoeffs {
    taps: Vec<f64>,
    /// Whether they are a pure delay.
    neutral: bool,
}

impl LinearPhaseEqualizerCoeffs {
    /// What the convolver loads, unless the delayed input is enough.
    fn taps(&self) -> Option<Target<'_, f64>> {
        (!self.neutral).then_some(Target { taps: &self.taps, responses: 1 })
    }
}

impl<S: Sample> LinearPhaseEqualizer<S> {
    /// One channel of one chunk.
    fn write(&mut self, channel: usize, span: &Span<f64, 1>, samples: &mut [S]) {
        let dry = &self.dry[channel * samples.len()..][..samples.len()];
        let (old, new) = self.wet.split_at_mut(GRID_FRAMES);
        let (old, new) = (&mut old[..samples.len()], &mut new[..samples.len()]);
        let mut read = |source: Source, out: &mut [f64]| match source {
            Source::Delay => out.iter_mut().zip(dry).for_each(|(out, dry)| *out = dry.to_f64()),
            Source::Bank(bank) => self.convolver.read(bank, channel, out),
        };
        match (self.swap.next(), span) {
            (Some(to), Span::Moving([curve])) => {
                read(self.swap.current(), old);
                read(to, new);
                for (frame, (sample, (old, new))) in (0_i32..).zip(samples.iter_mut().zip(old.iter().zip(new))) {
                    *sample = S::from_f64(*old + curve.at(frame) * (*new - *old)).audible();
                }
            }
            _ if self.swap.current() == Source::Delay => samples.copy_from_slice(dry),
            _ => {
                read(self.swap.current(), new);
                samples.iter_mut().zip(new).for_each(|(sample, new)| *sample = S::from_f64(*new).audible());
            }
        }
    }

    fn run(&mut self, block: &mut BlockMut<'_, '_, S>) {
        let channels = self.spec.channels();
        for channel in 0..channels {
            self.non_finite += sanitize(block.channel_mut(channel));
        }
        let mut start = 0;
        while start < block.frames() {
            self.swap.finish(&mut self.convolver);
            let most = (block.frames() - start).min(self.convolver.frames_to_grid());
            let (span, length) = self.swap.span::<f64>(most);
            let mut block = block.frames_mut(start, length);
            start += length;
            let dry = &mut self.dry[..channels * length];
            for (channel, dry) in dry.chunks_exact_mut(length).enumerate() {
                dry.copy_from_slice(block.channel(channel));
                self.convolver.write(channel, dry);
            }
            if let Ok(mut dry) = BlockMut::from_planar(dry, channels) {
                self.delay.process(&mut dry);
            }
            for channel in 0..channels {
                self.write(channel, &span, block.channel_mut(channel));
            }
            self.convolver.advance(length);
            if self.convolver.frames_to_grid() == GRID_FRAMES {
                self.swap.step(&mut self.convolver, self.target.taps());
            }
        }
    }
}

impl<S: Sample> Engine<S> for LinearPhaseEqualizer<S> {
    type Params = LinearPhaseEqualizerParams;

    fn build(params: &LinearPhaseEqualizerParams, spec: &StreamSpec) -> Result<Self, Error> {
        let coeffs = params.design(spec)?.into_inner();
        let channels = spec.channels();
        let counts = Counts { inputs: channels, outputs: channels, responses: 1, banks: 2 };
        let routes: Vec<Route> =
            (0..channels).map(|channel| Route { input: channel, output: channel, response: 0 }).collect();
        let mut equalizer = LinearPhaseEqualizer {
            spec: *spec,
            convolver: Box::new(Convolver::new(spec, coeffs.taps.len(), &routes, counts)),
            delay: DelayLine::new(channels, coeffs.taps.len() / 2),
            target: coeffs,
            swap: Swap::new(ms_to_frames(FADE_MS, spec.sample_rate_hz())),
            dry: vec![S::ZERO; channels * GRID_FRAMES],
            wet: vec![0.0; 2 * GRID_FRAMES],
            non_finite: 0,
        };
        equalizer.swap.settle(&mut equalizer.convolver, equalizer.target.taps());
        Ok(equalizer)
    }

    fn run(
        &mut self,
        block: &mut BlockMut<'_, '_, S>,
        _key: Option<&Block<'_, '_, S>>,
        _reduction_db: Option<&mut BlockMut<'_, '_, f64>>,
    ) {
        fit(block, self.spec.channels(), |block| self.run(block));
    }
}

compiled!(LinearPhaseEqualizerParams => LinearPhaseEqualizer);

impl<S: Sample> Processor<S> for LinearPhaseEqualizer<S> {
    engine!(LinearPhaseEqualizerParams);

    fn reset(&mut self) {
        self.swap.settle(&mut self.convolver, self.target.taps());
        let Self { spec: _, convolver, delay, target: _, swap: _, dry: _, wet: _, non_finite } = self;
        convolver.reset();
        delay.reset();
        *non_finite = 0;
    }

    fn latency_frames(&self) -> usize {
        self.delay.frames()
    }

    fn tail(&self) -> Tail {
        let is_delay = self.swap.is_at_rest() && self.swap.current() == Source::Delay;
        let convolver = if is_delay { 0 } else { self.convolver.tail_frames() };
        Tail::Frames(convolver.max(self.delay.frames()) as u64)
    }

    fn non_finite_samples(&self) -> u64 {
        self.non_finite
    }
}

impl<S: Sample> Tunable<S> for LinearPhaseEqualizer<S> {
    type Params = LinearPhaseEqualizerParams;

    fn fits(&self, coeffs: &LinearPhaseEqualizerCoeffs) -> Result<(), Error> {
        if coeffs.taps.len() == self.target.taps.len() {
            return Ok(());
        }
        Err(Error::NeedsRebuild { param: "length_ms" })
    }

    fn apply(&mut self, coeffs: &LinearPhaseEqualizerCoeffs) {
        if *coeffs != self.target {
            self.target.taps.copy_from_slice(&coeffs.taps);
            self.target.neutral = coeffs.neutral;
            self.swap.request();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filters::band::{AllPassParams, BellParams, HighPassParams};

    #[test]
    fn taps_are_symmetric_exactly_and_neutral_ones_a_delay() {
        let spec = StreamSpec::new(48_000.0, 1).unwrap();
        let of = |bands: Vec<Band>| LinearPhaseEqualizerParams { bands, ..Default::default() }.design(&spec).unwrap();
        let bell = BellParams { frequency_hz: 100.0, gain_db: 9.0, q: 1.0 };
        let coeffs = of(vec![bell.into(), HighPassParams::default().into()]);
        let mirrored: Vec<f64> = coeffs.taps.iter().rev().copied().collect();
        assert!(!coeffs.neutral && coeffs.taps.len() == 8_193 && coeffs.taps == mirrored);
        for bands in [vec![], vec![BellParams::default().into()], vec![AllPassParams::default().into()]] {
            assert!(of(bands).neutral);
        }
        let longer = LinearPhaseEqualizerParams { length_ms: 171.0, ..Default::default() };
        let mut running = LinearPhaseEqualizerParams::default().build::<f32>(&spec).unwrap();
        assert_eq!(running.set_params(&longer), Err(Error::NeedsRebuild { param: "length_ms" }));
        let short = LinearPhaseEqualizerParams { length_ms: 4.0, ..Default::default() };
        assert_eq!(
            alloc::string::ToString::to_string(&short.validate(&spec).unwrap_err()),
            "length_ms = 4 is out of range: it must lie in 5..680"
        );
    }
}
