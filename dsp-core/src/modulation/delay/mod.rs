//! Delay: echoes with feedback.

mod design;
mod feedback_loop;
mod kernel;
mod lines;
mod params;
mod reader;

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
        table::Fields,
        tail::Tail,
        unit::ms_to_frames,
    },
    primitives::ramp::{GAIN_RAMP_MS, Ramp},
};
use alloc::{boxed::Box, vec::Vec};
pub use design::DelayCoeffs;
use feedback_loop::FeedbackLoop;
use num_complex::Complex64;
use params::GAINS;
pub use params::{DelayParams, TimeChange};

/// Delay: echoes with feedback, in time with a tempo, from side to side.
///
/// # Signal
/// in -> + -> line -> echoes -> ducking -> mix -> out; echoes -> low cut, high cut -> × feedback -> soft clip -> +
///
/// # Parameters
/// Those of [`DelayParams`].
///
/// # Contract
/// Latency 0. Any channel count, each channel by itself but for the ducking; with `ping_pong` 1 -> 2 or 2 -> 2: (L + R) / 2
/// feeds the left line, each line feeds the other, and echoes come from left and right in turn.
///
/// Echo k has the gain feedback^(k-1); the cuts lie in the feedback alone, so that the first echo is flat and echo k has
/// passed them k - 1 times. They are Butterworth filters by the bilinear transform, which amplify nothing. Times within
/// 1e-6 frames of a whole one are copies, bit for bit; others are interpolated by a windowed sinc of 32 points: at
/// 44.1 kHz, in each pass, within 0.0025 dB up to 16 kHz and 0.1 dB at 19.2 kHz, its delay within 3e-4 frames, its gain
/// nowhere above 1. Times below 16 frames are interpolated by Lagrange's formula through twice as many points as they
/// have whole frames, down to a straight line below 2, and lose treble: 0.6 dB at 16 kHz for 0.1 ms at 48 kHz, 3 dB for
/// 0.05 ms. No time is shorter than one frame.
///
/// Another time is faded in over 50 ms, or, with `time_change` "repitch", reached by a read position that moves at up
/// to two octaves of pitch, C2, within a second for changes of up to half of one. What moves so fast is not filtered:
/// two octaves up, sound above an eighth of the sample rate folds down. Gains glide over 20 ms, the cuts over 50 ms.
///
/// At a feedback beyond 1, either sign, a soft clip bounds what is fed back to full scale: up to -6 dBFS it is the
/// identity, bit for bit. Echoes then settle at most 1.3 dB below full scale. It runs at the sample rate, so that its
/// harmonics alias, pass after pass; the high cut keeps them dark, and the low cut keeps out DC, which grows as all else
/// does. Up to a feedback of 1 it does not act: at exactly 1 a sustained input adds up without bound.
///
/// Ducking follows the mean square of all channels of the input over 10 ms: below -40 dBFS it does nothing, from
/// -20 dBFS on it reduces the echoes by `duck_db`, in between by a share linear in dB, which is smoothed with 10 ms
/// upwards and 250 ms downwards.
///
/// The tail ends: once all that is written has stayed below -200 dB for as long as the lines are read, it is forgotten on
/// the 64-frame grid, and silence then costs almost no CPU. From a feedback of 1 on it has no end. Neutral at `mix` 0.
///
/// Memory: 780 kB for stereo f32 at 48 kHz, nearly all of it for the 2 s of `max_time_ms`.
///
/// # Source
/// T. Laakso, V. Välimäki, M. Karjalainen, U. Laine, "Splitting the unit delay", IEEE Signal Processing Magazine 13(1),
/// 1996 (windowed sinc and Lagrange interpolation). Own: taps scaled so that a loop amplifies at no frequency; the curve
/// of the soft clip.
#[derive(Clone, Debug)]
pub struct Delay<S> {
    spec: StreamSpec,
    time_change: TimeChange,
    ping_pong: bool,
    max_frames: usize,
    decay_frames: Option<u64>,
    gains: Ramp<GAINS>,
    /// Boxed: it is large, and asks for more alignment than Python's allocator gives an effect.
    feedback_loop: Box<FeedbackLoop<S>>,
    non_finite: u64,
}

impl Params for DelayParams {
    type Coeffs = DelayCoeffs;
    type Processor<S: Sample> = Delay<S>;

    fn output_channels(&self, input: usize) -> Result<usize, Error> {
        if self.ping_pong { channels_in(input, 1, 2).map(|()| 2) } else { Ok(input) }
    }

    fn validate(&self, spec: &StreamSpec) -> Result<(), Error> {
        self.output_channels(spec.channels())?;
        self.check_fields(spec.sample_rate_hz())?;
        self.note.check(self.tempo_bpm, Self::FIELDS, "time_ms", self.time_that_counts_ms(), self.max_time_ms)
    }

    fn design(&self, spec: &StreamSpec) -> Result<Designed<DelayCoeffs>, Error> {
        self.validate(spec)?;
        Ok(Designed::new(spec, DelayCoeffs::new(self, spec)))
    }

    fn build<S: Sample>(&self, spec: &StreamSpec) -> Result<Delay<S>, Error> {
        self.build_compiled(spec)
    }

    fn neutral() -> Option<Self> {
        Some(Self { mix: 0.0, ..Self::default() })
    }

    fn frequency_response(&self, spec: &StreamSpec, frequencies_hz: &[f64]) -> Result<Option<Vec<Complex64>>, Error> {
        let coeffs = self.design(spec)?;
        if self.ping_pong || self.duck_db > 0.0 || self.is_endless() {
            return Ok(None);
        }
        let [to_dry, to_wet, feedback, _] = coeffs.gains;
        let response = |hz: &f64| {
            let [echo, again] = coeffs.pass(*hz, spec.sample_rate_hz());
            to_dry + to_wet * echo / (1.0 - feedback * again)
        };
        Ok(Some(frequencies_hz.iter().map(response).collect()))
    }
}

impl<S: Sample> Delay<S> {
    fn run(&mut self, block: &mut BlockMut<'_, '_, S>) {
        let frames = block.frames();
        let mut start = 0;
        while start < frames {
            let glides = self.gains.uniform_frames();
            let count = self.feedback_loop.frames_at_once().min(glides).min(frames - start);
            let (gains, _) = self.gains.span(count);
            self.non_finite += self.feedback_loop.process(&mut block.frames_mut(start, count), &gains);
            start += count;
        }
    }
}

impl<S: Sample> Engine<S> for Delay<S> {
    type Params = DelayParams;

    fn build(params: &DelayParams, spec: &StreamSpec) -> Result<Self, Error> {
        let coeffs = params.design(spec)?;
        let channels = params.output_channels(spec.channels())?;
        Ok(Delay {
            spec: *spec,
            time_change: coeffs.time_change,
            ping_pong: coeffs.ping_pong,
            max_frames: coeffs.max_frames,
            decay_frames: coeffs.decay_frames,
            gains: Ramp::new(coeffs.gains, ms_to_frames(GAIN_RAMP_MS, spec.sample_rate_hz())),
            feedback_loop: Box::new(FeedbackLoop::new(channels, &coeffs, spec)),
            non_finite: 0,
        })
    }

    fn run(
        &mut self,
        block: &mut BlockMut<'_, '_, S>,
        _key: Option<&Block<'_, '_, S>>,
        _reduction_db: Option<&mut BlockMut<'_, '_, f64>>,
    ) {
        fit(block, self.feedback_loop.channels(), |block| self.run(block));
    }
}

compiled!(DelayParams => Delay);

impl<S: Sample> Processor<S> for Delay<S> {
    engine!(DelayParams);

    fn output_channels(&self) -> usize {
        self.feedback_loop.channels()
    }

    fn reset(&mut self) {
        let Self {
            spec: _,
            time_change: _,
            ping_pong: _,
            max_frames: _,
            decay_frames: _,
            gains,
            feedback_loop,
            non_finite,
        } = self;
        gains.jump_to(gains.target());
        feedback_loop.reset();
        *non_finite = 0;
    }

    fn tail(&self) -> Tail {
        // What is read must have decayed for as long as it is read, rounded up to the grid.
        let quiet = (self.feedback_loop.reach_frames() + 3 * GRID_FRAMES) as u64;
        self.decay_frames.map_or(Tail::Infinite, |decay| Tail::Frames(decay.saturating_add(quiet)))
    }

    fn non_finite_samples(&self) -> u64 {
        self.non_finite
    }
}

impl<S: Sample> Tunable<S> for Delay<S> {
    type Params = DelayParams;

    fn fits(&self, coeffs: &DelayCoeffs) -> Result<(), Error> {
        let fixed = [
            ("ping_pong", coeffs.ping_pong == self.ping_pong),
            ("time_change", coeffs.time_change == self.time_change),
            ("max_time_ms", coeffs.max_frames == self.max_frames),
        ];
        match fixed.into_iter().find(|(_, is_same)| !is_same) {
            Some((param, _)) => Err(Error::NeedsRebuild { param }),
            None => Ok(()),
        }
    }

    fn apply(&mut self, coeffs: &DelayCoeffs) {
        self.gains.set_target(coeffs.gains);
        self.feedback_loop.set_coeffs(coeffs);
        self.decay_frames = coeffs.decay_frames;
    }
}
