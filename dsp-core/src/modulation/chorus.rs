//! Chorus.

use super::{
    swept_delay::{Fixed, MAX_VOICES, SHORTEST, SweptCoeffs, SweptDelay, Voice},
    tempo::NoteValue,
};
use crate::{
    filters::{biquad::BiquadCoeffs, matched},
    foundation::{
        block::{Block, BlockMut},
        declare::params,
        engine::{Compiled, Engine, compiled, engine},
        error::{Error, channels_in},
        field::max_of,
        fit::fit,
        math::cis,
        params::{Designed, Params, Tunable},
        processor::Processor,
        sample::Sample,
        stream::StreamSpec,
        table::{Fields, Limit},
        tail::Tail,
    },
    primitives::{backend::Backend, sanitize::clean},
};
use alloc::{boxed::Box, vec::Vec};
use core::f64::consts::{FRAC_1_SQRT_2, PI, TAU};
use num_complex::Complex64;

/// Chorus: voices of a delay that an LFO sweeps, each beside the others in time and pitch.
///
/// # Signal
/// each side -> low cut -> + feedback × mean of the voices -> delay line; its voices, each at its own swept delay, summed
/// -> level; (1 - mix) dry + mix wet
///
/// # Parameters
/// Those of [`ChorusParams`].
///
/// # Contract
/// Latency 0. 1 -> 2 or 2 -> 2 channels. Voice v of N has the delay `c_v + depth sin(2π (rate t + v/N))`. The centre c_0
/// is `delay_ms`, those of the others are up to 1.3 times as long, no two alike, so that their combs do not coincide. At
/// a `width` of 1 the right side has other centres, and its phases lie half way between those of the left; at 0 both
/// sides are alike. The pitch deviates by `2π rate depth`: ±17 cents at the defaults. The sum of the voices keeps the
/// level of pink noise within 0.5 dB, whatever their number, delay and depth, and with a feedback of up to 0.7 to either
/// side; half of it and half of the dry signal, which is all but uncorrelated, are 3 dB softer. Feedback is stable at every setting. Tail: the longest delay,
/// with feedback until the signal has decayed by 200 dB. Rate changes glide over 200 ms and keep the phase; delay, depth
/// and width glide over 200 ms, which bends the pitch, `feedback` and `mix` over 20 ms, the low cut over 50 ms. Neutral
/// at `mix` 0.
///
/// Memory: 133 kB for stereo f32 at 48 kHz.
///
/// # Source
/// J. Dattorro, "Effect design, part 2: delay-line modulation and chorus", JAES 45(10), 1997. Own: the interpolation
/// (14 points, -0.11 dB at 16 kHz, where his linear one loses up to 7.6 dB), the centres, which follow the golden ratio,
/// and the level, from the mean power of the sum over octaves and time: two voices whose phases differ by φ, with centres
/// Δ apart, have the mean product cos(ωΔ) J0(2ω depth sin(φ/2)).
#[derive(Clone, Debug)]
pub struct Chorus<S> {
    spec: StreamSpec,
    coeffs: ChorusCoeffs,
    /// Boxed: it is large compared with the other effects of a chain.
    engine: Box<SweptDelay<S>>,
    non_finite: u64,
}

params! {
    /// Settings of [`Chorus`].
    ///
    /// ```
    /// use mixdown::{BlockMut, Params, Processor, StreamSpec, modulation::ChorusParams};
    ///
    /// // One channel in, two out, each of three voices.
    /// let mut chorus = ChorusParams { mix: 1.0, ..Default::default() }.build::<f32>(&StreamSpec::new(48_000.0, 1)?)?;
    /// let mut audio = vec![0.0; 2 * 4_800];
    /// audio[0] = 1.0;
    /// chorus.process(&mut BlockMut::from_planar(&mut audio, 2)?);
    /// let (left, right) = audio.split_at(4_800);
    /// // The centre of the delay is 12 ms, its deviation 2 ms.
    /// assert!(left[..470].iter().chain(&right[..470]).all(|sample| sample.abs() < 1e-3));
    /// assert!(left[470..900].iter().any(|sample| *sample > 0.3) && left != right);
    /// # Ok::<(), mixdown::Error>(())
    /// ```
    #[derive(Clone, Copy, Debug, PartialEq)]
    ChorusParams {
        rate_hz: Hz, 0.01..=10.0, default 0.8, log, "Rate of the LFO";
        tempo_bpm: bpm, 20.0..=999.0, default 120.0, "Tempo of the note";
        note: choice NoteValue, "Note that sets the rate, by the tempo; off: rate_hz counts";
        delay_ms: ms, 1.0..=50.0, default 12.0, log, "Centre of the delay of the first voice";
        depth_ms: ms, 0.0..=10.0, at_most |chorus| chorus.deepest(), default 2.0,
            "Peak deviation of the delay; at most the delay less 1 ms";
        voices: none as usize, 1.0..=8.0, default 3, multiples(1.0, "a whole number"), fixed, "Voices of each side";
        feedback: none, -0.95..=0.95, default 0.0, "Gain of the mean of the voices back to the input";
        width: none, 0.0..=1.0, default 1.0, "How far left and right differ in phase and delay";
        low_cut_hz: Hz, 20.0..=1_000.0, default 20.0, log, "Corner of the low cut of the voices, 12 dB per octave; 20 is off";
        mix: none, 0.0..=1.0, default 0.5, "0 is the input alone, 1 the voices alone";
    }
}

/// What an LFO leaves of the delay at its shortest, in ms: more than the interpolation needs at any sample rate.
const MARGIN_MS: f64 = 1.0;
/// How much longer than the first the longest centre may be.
const CENTRE_SPREAD: f64 = 0.3;
/// Corner of a low cut that is off.
const LOW_CUT_OFF_HZ: f64 = 20.0;

const _: () = assert!(max_of(ChorusParams::FIELDS, "voices") == MAX_VOICES as f64);
const _: () = assert!(MARGIN_MS * 8.0 >= SHORTEST as f64, "the interpolation fits at the lowest sample rate");

impl ChorusParams {
    fn deepest(&self) -> Limit {
        Limit { value: (self.delay_ms - MARGIN_MS).max(0.0), with: "delay_ms", with_value: self.delay_ms }
    }

    fn rate(&self) -> f64 {
        self.note.rate_hz(self.tempo_bpm, self.rate_hz)
    }

    fn voice(&self, index: usize) -> Voice {
        // Multiples of the golden ratio, and half way between them: no two of 16 are closer than 0.017.
        let place = |at: f64| {
            let golden = 0.618_033_988_749_894_9 * at;
            1.0 + CENTRE_SPREAD * (golden - libm::floor(golden))
        };
        let (at, voices) = (index as f64, self.voices as f64);
        Voice {
            ratio: place(at),
            phase: at / voices,
            ratio_spread: place(at + 0.5) - place(at),
            phase_spread: 0.5 / voices,
        }
    }
}

impl Params for ChorusParams {
    type Coeffs = ChorusCoeffs;
    type Processor<S: Sample> = Chorus<S>;

    fn output_channels(&self, input: usize) -> Result<usize, Error> {
        channels_in(input, 1, 2).map(|()| 2)
    }

    fn validate(&self, spec: &StreamSpec) -> Result<(), Error> {
        self.output_channels(spec.channels())?;
        self.check_fields(spec.sample_rate_hz())?;
        self.note.check(self.tempo_bpm, Self::FIELDS, "rate_hz", self.rate(), f64::INFINITY)
    }

    fn design(&self, spec: &StreamSpec) -> Result<Designed<ChorusCoeffs>, Error> {
        self.validate(spec)?;
        Ok(Designed::new(spec, ChorusCoeffs::new(self, spec.sample_rate_hz())))
    }

    fn build<S: Sample>(&self, spec: &StreamSpec) -> Result<Chorus<S>, Error> {
        self.build_compiled(spec)
    }

    fn neutral() -> Option<Self> {
        Some(Self { mix: 0.0, ..Self::default() })
    }
}

/// Coefficients of a [`Chorus`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ChorusCoeffs {
    voices: usize,
    swept: SweptCoeffs,
}

impl ChorusCoeffs {
    fn new(params: &ChorusParams, rate_hz: f64) -> Self {
        let &ChorusParams { delay_ms, depth_ms, voices, feedback, width, low_cut_hz, mix, .. } = params;
        let swept = SweptCoeffs {
            rate_hz: params.rate(),
            centre: 1e-3 * delay_ms * rate_hz,
            amplitude: 1e-3 * depth_ms * rate_hz,
            spread: width,
            dry_gain: 1.0 - mix,
            wet_gain: mix / libm::sqrt(wet_power(params) * comb_power(params)),
            feedback,
            low_cut: if low_cut_hz == LOW_CUT_OFF_HZ {
                BiquadCoeffs::IDENTITY
            } else {
                matched::high_pass(low_cut_hz, FRAC_1_SQRT_2, rate_hz)
            },
        };
        Self { voices, swept }
    }
}

/// Mean power of the sum of the voices for pink noise of power 1, over 20 Hz to 20 kHz and a period of the LFO.
fn wet_power(params: &ChorusParams) -> f64 {
    const POINTS: usize = 48;
    let mut power = params.voices as f64;
    for a in 0..params.voices {
        for b in 0..a {
            let (a, b) = (params.voice(a), params.voice(b));
            let apart = 1e-3 * params.delay_ms * (a.ratio - b.ratio);
            let moves = 2e-3 * params.depth_ms * libm::sin(PI * (a.phase - b.phase));
            let mut mean = 0.0;
            for point in 0..POINTS {
                let omega = TAU * 20.0 * libm::pow(1_000.0, (point as f64 + 0.5) / POINTS as f64);
                mean += libm::cos(omega * apart) * libm::j0(omega * moves) / POINTS as f64;
            }
            power += 2.0 * mean;
        }
    }
    power
}

/// By how much the feedback raises this power: the mean of the comb, which stands still at a few phases of the LFO.
fn comb_power(params: &ChorusParams) -> f64 {
    const POINTS: usize = 96;
    const PHASES: usize = 4;
    let &ChorusParams { voices, delay_ms, depth_ms, feedback, .. } = params;
    if feedback == 0.0 {
        return 1.0;
    }
    let mut powers = [0.0; 2];
    for phase in 0..PHASES {
        for point in 0..POINTS {
            let at = (point * PHASES + phase) as f64 + 0.5;
            let omega = TAU * 20.0 * libm::pow(1_000.0, at / (POINTS * PHASES) as f64);
            let mut sum = Complex64::new(0.0, 0.0);
            for voice in (0..voices).map(|index| params.voice(index)) {
                let swing = libm::sin(TAU * (voice.phase + phase as f64 / PHASES as f64));
                sum += cis(-1e-3 * omega * (delay_ms * voice.ratio + depth_ms * swing));
            }
            let with_feedback = (1.0 - feedback / voices as f64 * sum).norm_sqr();
            powers[0] += sum.norm_sqr();
            powers[1] += sum.norm_sqr() / with_feedback;
        }
    }
    powers[1] / powers[0]
}

impl<S: Sample> Chorus<S> {
    fn run(&mut self, block: &mut BlockMut<'_, '_, S>) {
        if self.spec.channels() == 1 {
            self.non_finite += clean(Backend::new(self.spec.cpu()), block.channel_mut(0));
            block.copy_channel(0, 1);
        }
        self.non_finite += self.engine.process(block);
    }
}

impl<S: Sample> Engine<S> for Chorus<S> {
    type Params = ChorusParams;

    fn build(params: &ChorusParams, spec: &StreamSpec) -> Result<Self, Error> {
        let coeffs = params.design(spec)?.into_inner();
        let longest_ms = const { max_of(ChorusParams::FIELDS, "delay_ms") } * (1.0 + CENTRE_SPREAD)
            + const { max_of(ChorusParams::FIELDS, "depth_ms") };
        let fixed = Fixed {
            voices: (0..params.voices).map(|index| params.voice(index)).collect::<Vec<_>>(),
            longest: libm::ceil(1e-3 * longest_ms * spec.sample_rate_hz()) as usize,
            dry_frames: 0,
            has_low_cut: true,
        };
        let engine = Box::new(SweptDelay::new(spec, 2, fixed, &coeffs.swept));
        Ok(Chorus { spec: *spec, coeffs, engine, non_finite: 0 })
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

compiled!(ChorusParams => Chorus);

impl<S: Sample> Processor<S> for Chorus<S> {
    engine!(ChorusParams);

    fn output_channels(&self) -> usize {
        2
    }

    fn reset(&mut self) {
        let Self { spec: _, coeffs: _, engine, non_finite } = self;
        engine.reset();
        *non_finite = 0;
    }

    fn tail(&self) -> Tail {
        self.engine.tail()
    }

    fn non_finite_samples(&self) -> u64 {
        self.non_finite
    }
}

impl<S: Sample> Tunable<S> for Chorus<S> {
    type Params = ChorusParams;

    fn fits(&self, coeffs: &ChorusCoeffs) -> Result<(), Error> {
        if coeffs.voices == self.coeffs.voices { Ok(()) } else { Err(Error::NeedsRebuild { param: "voices" }) }
    }

    fn apply(&mut self, coeffs: &ChorusCoeffs) {
        self.coeffs = *coeffs;
        self.engine.set(&coeffs.swept);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_of_the_delays_coincide() {
        let params = ChorusParams { voices: 8, ..Default::default() };
        let mut ratios: Vec<f64> = (0..8)
            .map(|index| params.voice(index))
            .flat_map(|voice| [voice.ratio, voice.ratio + voice.ratio_spread])
            .collect();
        ratios.sort_by(f64::total_cmp);
        assert!(ratios[0] == 1.0 && ratios[15] <= 1.0 + CENTRE_SPREAD, "{ratios:?}");
        assert!(ratios.windows(2).all(|pair| pair[1] - pair[0] > 0.005), "{ratios:?}");
    }

    #[test]
    fn one_voice_has_the_power_of_the_input() {
        assert_eq!(wet_power(&ChorusParams { voices: 1, ..Default::default() }), 1.0);
        // All in unison.
        let params = ChorusParams { voices: 2, depth_ms: 0.0, delay_ms: 1.0, ..Default::default() };
        assert!(wet_power(&params) > 2.0 && wet_power(&params) < 4.0);
    }
}
