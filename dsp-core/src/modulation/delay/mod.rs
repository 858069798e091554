//! Delay: echoes with feedback.

mod design;
mod kernel;
mod lines;
mod params;
mod reader;

use crate::{
    dynamics::ducking::{Ducking, add_squares, duck},
    filters::cascade::Cascade,
    foundation::{
        block::{Block, BlockMut},
        engine::{Compiled, Engine, compiled, engine},
        error::{Error, channels_in},
        fit::fit,
        grid::GRID_FRAMES,
        math::larger,
        params::{Designed, Params, Tunable},
        processor::Processor,
        sample::Sample,
        silence::REVERB_SIGNAL,
        stream::StreamSpec,
        table::Fields,
        tail::Tail,
        unit::ms_to_frames,
    },
    primitives::{
        backend::{Backend, run},
        lanes::{Form, largest_magnitude},
        mix::blend_all,
        ramp::{GAIN_RAMP_MS, Ramp, Span},
        sanitize::sanitize,
    },
};
use alloc::{boxed::Box, vec, vec::Vec};
pub use design::DelayCoeffs;
use design::GAINS;
use kernel::Frames;
use lines::Lines;
use num_complex::Complex64;
pub use params::{DelayParams, TimeChange};
use reader::Reader;

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
/// 44.1 kHz, in each pass, within 0.0022 dB up to 16 kHz and 0.1 dB at 19.2 kHz, its delay within 3e-4 frames, its gain
/// nowhere above 1. Times below 16 frames are interpolated by Lagrange's formula through twice as many points as they
/// have whole frames, down to a straight line below 2; no time is shorter than one frame.
///
/// Another time is faded in over 50 ms, or, with `time_change` "repitch", reached by a read position that moves at up
/// to two octaves of pitch, C2, within a second for changes of up to half of one. What moves so fast is not filtered:
/// two octaves up, sound above an eighth of the sample rate folds down. Gains glide over 20 ms, the cuts over 50 ms.
///
/// At a feedback beyond 1, either sign, a soft clip bounds what is fed back to full scale: up to -6 dBFS it is the
/// identity, bit for bit. Echoes then settle at most 1.3 dB below full scale. Up to a feedback of 1 it does not act.
///
/// Ducking follows the mean square of all channels of the input over 10 ms: below -40 dBFS it does nothing, from
/// -20 dBFS on it reduces the echoes by `duck_db`, in between by a share linear in dB, which is smoothed with 10 ms
/// upwards and 250 ms downwards.
///
/// The tail ends: once all that is written has stayed below -200 dB for as long as the lines are read, it is forgotten on
/// the 64-frame grid, and silence then costs almost no CPU. From a feedback of 1 on it has no end. Neutral at `mix` 0.
///
/// Memory: 794 kB for stereo f32 at 48 kHz, nearly all of it for the 2 s of `max_time_ms`.
///
/// # Source
/// T. Laakso, V. Välimäki, M. Karjalainen, U. Laine, "Splitting the unit delay", IEEE Signal Processing Magazine 13(1),
/// 1996 (windowed sinc and Lagrange interpolation). Own: taps scaled so that a loop amplifies at no frequency; the curve
/// of the soft clip.
#[derive(Clone, Debug)]
pub struct Delay<S> {
    spec: StreamSpec,
    backend: Backend,
    ping_pong: bool,
    time_change: TimeChange,
    max_frames: usize,
    decay_frames: Option<u64>,
    gains: Ramp<GAINS>,
    lines: Lines<S>,
    reader: Reader<S>,
    cuts: Cascade,
    ducking: Ducking,
    /// Frames since the last grid point.
    grid_frame: usize,
    /// Largest magnitude written since then.
    peak: f64,
    /// Frames since one above [`REVERB_SIGNAL`], on the grid.
    quiet_frames: usize,
    /// Whether nothing is in the lines, until the input sounds.
    is_asleep: bool,
    scratch: Scratch<S>,
    non_finite: u64,
}

/// Scratch buffers of one chunk; nothing in them outlives the chunk.
#[derive(Clone, Debug)]
struct Scratch<S> {
    /// Of each output channel.
    echoes: Vec<Frames<S>>,
    /// The echoes after the cuts, channel by channel without gaps.
    cut: Vec<S>,
    /// Boxed: inline, its alignment would be that of every effect, which Python's allocator does not keep.
    spare: Box<Frames<S>>,
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
        for channel in 0..self.spec.channels() {
            self.non_finite += sanitize(block.channel_mut(channel));
        }
        if self.ping_pong && self.spec.channels() == 1 {
            block.copy_channel(0, 1);
        }
        let frames = block.frames();
        let mut start = 0;
        while start < frames {
            let count = self.frames_at_once().min(frames - start);
            let mut chunk = block.frames_mut(start, count);
            run!(self.backend, form => self.chunk(form, &mut chunk));
            start += count;
        }
    }

    /// The longest next chunk: it crosses no point of the grid, no end of a glide, and reads nothing that it writes.
    fn frames_at_once(&self) -> usize {
        let glides = self.gains.uniform_frames().min(self.ducking.frames_at_once());
        (GRID_FRAMES - self.grid_frame).min(self.reader.frames_at_once()).min(glides)
    }

    #[inline(always)]
    fn chunk<F: Form>(&mut self, form: F, block: &mut BlockMut<'_, '_, S>) {
        let (channels, frames) = (self.scratch.echoes.len(), block.frames());
        self.reader.advance(frames);
        let (gains, _) = self.gains.span::<S>(frames);
        if self.is_asleep && (0..channels).all(|channel| block.channel(channel).iter().all(|&x| x == S::ZERO)) {
            self.lines.skip(frames);
            self.cuts.skip(frames);
            for echo in &mut self.scratch.echoes {
                *echo = Frames::SILENCE;
            }
        } else {
            // The first sample after silence wakes it at once, not at the next grid point.
            if self.is_asleep {
                (self.is_asleep, self.quiet_frames) = (false, 0);
            }
            self.circulate(form, block, &gains);
        }
        self.duck(block);
        let gains = match gains {
            Span::Still([to_dry, to_wet, ..]) => Span::Still([to_dry, to_wet]),
            Span::Moving([to_dry, to_wet, ..]) => Span::Moving([to_dry, to_wet]),
        };
        for (channel, echo) in self.scratch.echoes.iter().enumerate() {
            blend_all(block.channel_mut(channel), &echo.0[..frames], &gains);
        }
        self.reader.settle();
        self.grid_frame += frames;
        if self.grid_frame == GRID_FRAMES {
            self.grid_frame = 0;
            self.rest();
        }
    }

    /// Reads the echoes and writes the input and what they feed back.
    #[inline(always)]
    fn circulate<F: Form>(&mut self, form: F, block: &BlockMut<'_, '_, S>, gains: &Span<S, GAINS>) {
        let Self { lines, reader, cuts, scratch: Scratch { echoes, cut, spare }, peak, .. } = self;
        let frames = block.frames();
        for (channel, echo) in echoes.iter_mut().enumerate() {
            reader.read(form, lines, channel, frames, [echo, spare]);
        }
        let is_cut = !cuts.is_identity();
        let cut = &mut cut[..echoes.len() * frames];
        if is_cut {
            for (echo, cut) in echoes.iter().zip(cut.chunks_exact_mut(frames)) {
                cut.copy_from_slice(&echo.0[..frames]);
            }
            if let Ok(mut cut) = BlockMut::from_planar(&mut *cut, echoes.len()) {
                cuts.process(&mut cut);
            }
        } else {
            cuts.skip(frames);
        }
        for channel in 0..echoes.len() {
            let from = if self.ping_pong { 1 - channel } else { channel };
            let feed = if is_cut { &cut[from * frames..][..frames] } else { &echoes[from].0[..frames] };
            let input = match (self.ping_pong, channel) {
                (false, _) => block.channel(channel),
                (true, 0) => {
                    let half = S::from_f64(0.5);
                    let sides = block.channel(0).iter().zip(block.channel(1));
                    for (sum, (left, right)) in spare.0.iter_mut().zip(sides) {
                        *sum = half * (*left + *right);
                    }
                    &spare.0[..frames]
                }
                (true, _) => {
                    **spare = Frames::SILENCE;
                    &spare.0[..frames]
                }
            };
            let line = lines.write(channel, frames);
            kernel::write(input, feed, gains, line);
            // The input counts too: sides that cancel in their sum are no silence.
            if *peak < REVERB_SIGNAL {
                *peak = larger(*peak, largest_magnitude(form, line).to_f64());
                *peak = larger(*peak, largest_magnitude(form, block.channel(channel)).to_f64());
            }
        }
        lines.advance(frames);
    }

    /// Ducks the echoes by the input.
    #[inline(always)]
    fn duck(&mut self, block: &BlockMut<'_, '_, S>) {
        if self.ducking.is_off() {
            self.ducking.skip();
            return;
        }
        let mut gains = [0.0; GRID_FRAMES];
        let gains = &mut gains[..block.frames()];
        let echoes = &mut self.scratch.echoes;
        for channel in 0..echoes.len() {
            add_squares(gains, block.channel(channel));
        }
        self.ducking.gains(echoes.len(), gains);
        for echo in echoes {
            duck(&mut echo.0, gains);
        }
    }

    /// On the grid: falls asleep when all that will be read has decayed.
    #[inline(always)]
    fn rest(&mut self) {
        if self.is_asleep {
            return;
        }
        let peak = core::mem::take(&mut self.peak);
        self.quiet_frames = if peak < REVERB_SIGNAL { self.quiet_frames + GRID_FRAMES } else { 0 };
        if self.quiet_frames >= self.reader.reach_frames() {
            self.is_asleep = true;
            self.lines.clear();
            self.cuts.reset();
        }
    }
}

impl<S: Sample> Engine<S> for Delay<S> {
    type Params = DelayParams;

    fn build(params: &DelayParams, spec: &StreamSpec) -> Result<Self, Error> {
        let coeffs = params.design(spec)?;
        let channels = params.output_channels(spec.channels())?;
        let rate_hz = spec.sample_rate_hz();
        let backend = Backend::new(spec.cpu());
        Ok(Delay {
            spec: *spec,
            backend,
            ping_pong: coeffs.ping_pong,
            time_change: coeffs.time_change,
            max_frames: coeffs.max_frames,
            decay_frames: coeffs.decay_frames,
            gains: Ramp::new(coeffs.gains, ms_to_frames(GAIN_RAMP_MS, rate_hz)),
            lines: Lines::new(channels, coeffs.memory_frames()),
            reader: Reader::new(&coeffs.tap, coeffs.time_change, spec),
            cuts: Cascade::new(backend, channels, rate_hz, &coeffs.cuts),
            ducking: Ducking::new(spec, coeffs.duck_octaves),
            grid_frame: 0,
            peak: 0.0,
            quiet_frames: 0,
            is_asleep: true,
            scratch: Scratch {
                echoes: vec![Frames::SILENCE; channels],
                cut: vec![S::ZERO; channels * GRID_FRAMES],
                spare: Box::new(Frames::SILENCE),
            },
            non_finite: 0,
        })
    }

    fn run(
        &mut self,
        block: &mut BlockMut<'_, '_, S>,
        _key: Option<&Block<'_, '_, S>>,
        _reduction_db: Option<&mut BlockMut<'_, '_, f64>>,
    ) {
        fit(block, self.scratch.echoes.len(), |block| self.run(block));
    }
}

compiled!(DelayParams => Delay);

impl<S: Sample> Processor<S> for Delay<S> {
    engine!(DelayParams);

    fn output_channels(&self) -> usize {
        self.scratch.echoes.len()
    }

    fn reset(&mut self) {
        let Self {
            spec: _,
            backend: _,
            ping_pong: _,
            time_change: _,
            max_frames: _,
            decay_frames: _,
            gains,
            lines,
            reader,
            cuts,
            ducking,
            grid_frame,
            peak,
            quiet_frames,
            is_asleep,
            scratch: _,
            non_finite,
        } = self;
        gains.jump_to(gains.target());
        lines.reset();
        reader.reset();
        cuts.reset();
        ducking.reset();
        (*grid_frame, *peak, *quiet_frames, *is_asleep) = (0, 0.0, 0, true);
        *non_finite = 0;
    }

    fn tail(&self) -> Tail {
        // What is read must have decayed for as long as it is read, rounded up to the grid.
        let quiet = (self.reader.reach_frames() + 3 * GRID_FRAMES) as u64;
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
        self.reader.set_coeffs(&coeffs.tap);
        self.cuts.set_coeffs(&coeffs.cuts);
        self.ducking.set_octaves(coeffs.duck_octaves);
        self.decay_frames = coeffs.decay_frames;
    }
}
