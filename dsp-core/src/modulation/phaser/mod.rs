//! Phaser: notches that sweep, by a chain of all passes beside the signal.

mod kernel;

use super::{
    NoteValue,
    gliding_lfo::{GlidingLfo, skip},
};
use crate::{
    foundation::{
        block::{Block, BlockMut},
        declare::params,
        engine::{Compiled, Engine, compiled, engine},
        error::Error,
        fit::fit,
        grid::GRID_FRAMES,
        params::{Designed, Params, Tunable},
        processor::Processor,
        sample::Sample,
        silence,
        stream::StreamSpec,
        table::Fields,
        tail::Tail,
        unit::ms_to_frames,
    },
    primitives::{
        backend::{Backend, run},
        lanes::Form,
        ramp::{GAIN_RAMP_MS, Ramp, Span},
        sanitize::clean,
    },
};
use alloc::{boxed::Box, vec, vec::Vec};
use kernel::{Cell, GROUP, MAX_STAGES, POINTS, STEP, States, Sweep};

/// Phaser: notches that sweep, by a chain of all passes beside the signal.
///
/// # Signal
/// in -> minus feedback × y -> u -> `stages` all passes -> y -> plus feedback × u -> wet;
/// out = (1 - mix) in + mix wet
///
/// # Parameters
/// Those of [`PhaserParams`].
///
/// # Contract
/// Latency 0; the tail is that of the slowest all pass of the sweep, with the feedback. Any channel count: the first,
/// third … channel follow the LFO, the others its second phase. The LFO, a sine from its middle upwards, its phase
/// counted from the first frame of the stream, moves the corner by `depth_octaves` to either side of `frequency_hz`, on
/// a scale of octaves; above 0.45 of the sample rate it stands still.
///
/// The wet signal is an all pass of the input: while the sweep stands still a tone keeps its level at a mix of 1, and at
/// no mix is it louder than the input. A moving all pass keeps the energy of the whole and bunches it in time: at a
/// feedback of 0.9 peaks of a 100 Hz tone rise by 2.5 dB with the other defaults, by 7.6 with 12 stages, 4 octaves, 5 Hz
/// and a mix of 1. At a mix of 0.5 there are `stages` / 2 notches, down to nothing whatever the feedback, at corner ×
/// tan((2k + 1) π / (2 `stages`)) (of frequencies as the bilinear transform bends them), and as many places between and
/// beside them without loss. Positive feedback narrows the notches, negative feedback these peaks: of sound at all
/// frequencies of the sweep (1 + feedback) / 2 of the power remain. The feedback has no delay of its own, and decays
/// however fast the sweep is.
///
/// Coefficients are exact at every eighth frame, and straight between. Changes of feedback and mix glide over 20 ms, of
/// frequency, depth and phase over 100 ms, of the rate over 200 ms; they begin at the next of the grid of 64 frames.
/// Neutral at a mix of 0.
///
/// Memory: 8.4 kB for stereo f32 at 48 kHz.
///
/// # Source
/// All passes beside the signal: U. Zölzer (ed.), "DAFX: Digital Audio Effects", 2nd edition, 2011, chapter 2. Normalised
/// ladders: A. Gray, J. Markel, IEEE Trans. ASSP 23(3), 1975. Feedback without a delay: V. Zavalishin, "The Art of VA
/// Filter Design", 2018, chapter 3. Own: the feedback as a further all pass.
#[derive(Clone, Debug)]
pub struct Phaser<S> {
    spec: StreamSpec,
    /// Boxed: it is large compared with the other effects of a chain.
    engine: Box<PhaserEngine>,
    sample: core::marker::PhantomData<S>,
}

/// Length of a glide of the sweep, in ms.
const SWEEP_GLIDE_MS: f64 = 100.0;
/// Highest corner, in parts of the sample rate.
const HIGHEST: f64 = 0.45;

params! {
    /// Settings of [`Phaser`].
    ///
    /// ```
    /// use mixdown::{BlockMut, Params, Processor, StreamSpec, modulation::PhaserParams};
    ///
    /// // Six stages that stand still: the middle notch is at their corner.
    /// let params = PhaserParams { frequency_hz: 1_000.0, depth_octaves: 0.0, ..Default::default() };
    /// let mut audio: Vec<f64> = (0..9_600).map(|n| (std::f64::consts::TAU * n as f64 / 48.0).sin()).collect();
    /// params.build(&StreamSpec::new(48_000.0, 1)?)?.process(&mut BlockMut::from_planar(&mut audio, 1)?);
    /// assert!(audio[4_800..].iter().all(|x| x.abs() < 1e-6));
    /// # Ok::<(), mixdown::Error>(())
    /// ```
    #[derive(Clone, Copy, Debug, PartialEq)]
    PhaserParams {
        rate_hz: Hz, 0.01..=20.0, default 0.4, log, "Sweeps per second, unless a note sets them";
        tempo_bpm: bpm, 20.0..=999.0, default 120.0, "Tempo of the note";
        note: choice NoteValue, "Note that sets the time of a sweep, by the tempo; off: rate_hz counts";
        stages: none as usize, 4.0..=12.0, default 6, multiples(2.0, "an even number, from 4 to 12"), fixed, "All passes: two for each notch";
        frequency_hz: Hz, 20.0..=20000.0, default 800.0, log, of_rate(0.45), "Corner in the middle of the sweep";
        depth_octaves: octaves, 0.0..=4.0, default 2.0, "Deviation of the corner to either side";
        feedback: none, -0.9..=0.9, default 0.5, "Positive narrows the notches, negative the peaks between them";
        stereo_phase_degrees: deg, 0.0..=180.0, default 90.0, "Phase of every second channel";
        mix: none, 0.0..=1.0, default 0.5, "0 is the input alone, 1 the all passes alone";
    }
}

impl PhaserParams {
    /// The rate that counts, of the note or set.
    fn rate_that_counts_hz(&self) -> f64 {
        self.note.rate_hz(self.tempo_bpm, self.rate_hz)
    }

    /// Frames in which the slowest mode of the sweep decays from full scale to where states count as 0.
    fn tail_frames(&self, rate_hz: f64) -> u64 {
        let stages = self.stages as f64;
        // A mode z returns as it was: -feedback H(z)^stages = 1, so that |H(z)| = r.
        let r = libm::pow(libm::fabs(self.feedback).max(1e-6), -1.0 / stages);
        let slowest = [-self.depth_octaves, self.depth_octaves].map(|octaves| {
            let corner_hz = (self.frequency_hz * libm::exp2(octaves)).min(HIGHEST * rate_hz);
            let a = libm::tan(core::f64::consts::PI * (corner_hz / rate_hz - 0.25));
            libm::fabs((r * a - 1.0) / (a - r)).max(libm::fabs((r * a + 1.0) / (a + r)))
        });
        let modulus = slowest[0].max(slowest[1]);
        // Equal poles in series decay later, by about a decade each.
        let decades = silence::FILTER_DECADES + stages;
        libm::ceil(decades * core::f64::consts::LN_10 / -libm::log(modulus)) as u64 + GRID_FRAMES as u64
    }
}

impl Params for PhaserParams {
    type Coeffs = PhaserCoeffs;
    type Processor<S: Sample> = Phaser<S>;

    fn validate(&self, spec: &StreamSpec) -> Result<(), Error> {
        self.check_fields(spec.sample_rate_hz())?;
        self.note.check(self.tempo_bpm, Self::FIELDS, "rate_hz", self.rate_that_counts_hz(), f64::INFINITY)
    }

    fn design(&self, spec: &StreamSpec) -> Result<Designed<PhaserCoeffs>, Error> {
        self.validate(spec)?;
        let coeffs = PhaserCoeffs {
            rate_hz: self.rate_that_counts_hz(),
            stages: self.stages,
            sweep: [libm::log2(self.frequency_hz), self.depth_octaves, self.stereo_phase_degrees / 360.0],
            // The kernel's feedback is added.
            output: [-self.feedback, self.mix],
            tail_frames: self.tail_frames(spec.sample_rate_hz()),
        };
        Ok(Designed::new(spec, coeffs))
    }

    fn build<S: Sample>(&self, spec: &StreamSpec) -> Result<Phaser<S>, Error> {
        self.build_compiled(spec)
    }

    fn neutral() -> Option<Self> {
        Some(Self { mix: 0.0, ..Self::default() })
    }
}

/// Coefficients of a [`Phaser`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PhaserCoeffs {
    rate_hz: f64,
    stages: usize,
    /// Octaves of the corner over 1 Hz, those of its deviation, and the second phase in periods.
    sweep: [f64; 3],
    /// Feedback and mix.
    output: [f64; 2],
    tail_frames: u64,
}

/// The phaser without its stream.
#[derive(Clone, Debug)]
struct PhaserEngine {
    backend: Backend,
    lfo: GlidingLfo,
    sweep: Ramp<3>,
    output: Ramp<2>,
    stages: usize,
    tail_frames: u64,
    /// Octaves of the highest corner over 1 Hz, and half a period of the sample rate.
    highest: f64,
    half_period_s: f64,
    channels: usize,
    cell: Cell,
    /// Of each group of channels.
    states: Vec<States>,
    /// Frames since the last grid point.
    phase: usize,
    non_finite: u64,
}

impl PhaserEngine {
    fn new(spec: &StreamSpec, coeffs: &PhaserCoeffs) -> Self {
        let rate_hz = spec.sample_rate_hz();
        let mut engine = Self {
            backend: Backend::new(spec.cpu()),
            lfo: GlidingLfo::new(coeffs.rate_hz, rate_hz),
            sweep: Ramp::new(coeffs.sweep, ms_to_frames(SWEEP_GLIDE_MS, rate_hz)),
            output: Ramp::new(coeffs.output, ms_to_frames(GAIN_RAMP_MS, rate_hz)),
            stages: coeffs.stages,
            tail_frames: coeffs.tail_frames,
            highest: libm::log2(HIGHEST * rate_hz),
            half_period_s: 0.5 / rate_hz,
            channels: spec.channels(),
            cell: Cell::new(),
            states: vec![[[0.0; GROUP]; MAX_STAGES]; spec.channels().div_ceil(GROUP)],
            phase: 0,
            non_finite: 0,
        };
        engine.fill();
        engine
    }

    fn apply(&mut self, coeffs: &PhaserCoeffs) {
        self.lfo.set_rate(coeffs.rate_hz);
        self.sweep.set_target(coeffs.sweep);
        self.output.set_target(coeffs.output);
        self.tail_frames = coeffs.tail_frames;
    }

    /// Computes what the frames from this grid point to the next are processed with.
    fn fill(&mut self) {
        let (mut centre, mut depth, mut phase) = ([0.0; POINTS], [0.0; POINTS], [[0.0; POINTS]; 2]);
        let [start, slope] = self.lfo.line(0.0);
        for point in 0..POINTS {
            let [octaves, deviation, offset] = self.sweep.value();
            let periods = start + (point * STEP) as f64 * slope;
            (centre[point], depth[point]) = (octaves, deviation);
            (phase[0][point], phase[1][point]) = (periods, periods + offset);
            if point + 1 < POINTS {
                skip(&mut self.sweep, STEP);
            }
        }
        let Cell { feedback, mix, .. } = &mut self.cell;
        let mut done = 0;
        while done < GRID_FRAMES {
            let (span, count) = self.output.span::<f64>(GRID_FRAMES - done);
            let frames = feedback[done..done + count].iter_mut().zip(&mut mix[done..done + count]);
            match &span {
                Span::Still([still, share]) => frames.for_each(|(feedback, mix)| (*feedback, *mix) = (*still, *share)),
                Span::Moving([moving, share]) => (0_i32..).zip(frames).for_each(|(index, (feedback, mix))| {
                    (*feedback, *mix) = (moving.at(index), share.at(index));
                }),
            }
            done += count;
        }
        let Self { backend, highest, half_period_s, stages, channels, cell, .. } = self;
        let sweep = Sweep { centre, depth, phase, highest: *highest, half_period_s: *half_period_s };
        let four = *channels > 2;
        run!(*backend, form => kernel::design(form, &sweep, *stages, four, cell));
    }

    fn run<S: Sample>(&mut self, block: &mut BlockMut<'_, '_, S>) {
        for channel in 0..self.channels {
            self.non_finite += clean(self.backend, block.channel_mut(channel));
        }
        let frames = block.frames();
        let mut start = 0;
        while start < frames {
            let count = (GRID_FRAMES - self.phase).min(frames - start);
            let mut chunk = block.frames_mut(start, count);
            run!(self.backend, form => self.groups(form, &mut chunk));
            start += count;
            self.phase += count;
            if self.phase == GRID_FRAMES {
                self.phase = 0;
                self.states.iter_mut().for_each(kernel::flush);
                self.lfo.advance();
                self.fill();
            }
        }
    }

    #[inline(always)]
    fn groups<S: Sample, F: Form>(&mut self, form: F, chunk: &mut BlockMut<'_, '_, S>) {
        let Self { stages, channels, cell, states, phase, .. } = self;
        let count = chunk.frames();
        for (group, states) in states.iter_mut().enumerate() {
            let first = group * GROUP;
            let own = (*channels - first).min(GROUP);
            if own > 2 {
                let mut frames = [[0.0; 4]; GRID_FRAMES];
                gather(chunk, first, own, &mut frames);
                kernel::run_stages::<F, F::F64x4, 4>(form, *stages, cell, *phase, &mut frames[..count], states);
                scatter(&frames, first, own, chunk);
            } else {
                let mut frames = [[0.0; 2]; GRID_FRAMES];
                gather(chunk, first, own, &mut frames);
                kernel::run_stages::<F, F::F64x2, 2>(form, *stages, cell, *phase, &mut frames[..count], states);
                scatter(&frames, first, own, chunk);
            }
        }
    }

    fn reset(&mut self) {
        let Self {
            backend: _,
            lfo,
            sweep,
            output,
            stages: _,
            tail_frames: _,
            highest: _,
            half_period_s: _,
            channels: _,
            cell: _,
            states,
            phase,
            non_finite,
        } = self;
        lfo.reset();
        sweep.jump_to(sweep.target());
        output.jump_to(output.target());
        states.fill([[0.0; GROUP]; MAX_STAGES]);
        *phase = 0;
        *non_finite = 0;
        self.fill();
    }
}

/// Channels side by side; those that are missing are silent.
#[inline(always)]
fn gather<S: Sample, const W: usize>(
    chunk: &mut BlockMut<'_, '_, S>,
    first: usize,
    own: usize,
    frames: &mut [[f64; W]; GRID_FRAMES],
) {
    for lane in 0..own {
        for (frame, sample) in frames.iter_mut().zip(chunk.channel(first + lane)) {
            frame[lane] = sample.to_f64();
        }
    }
}

/// And back.
#[inline(always)]
fn scatter<S: Sample, const W: usize>(
    frames: &[[f64; W]; GRID_FRAMES],
    first: usize,
    own: usize,
    chunk: &mut BlockMut<'_, '_, S>,
) {
    for lane in 0..own {
        for (sample, frame) in chunk.channel_mut(first + lane).iter_mut().zip(frames) {
            *sample = S::from_f64(frame[lane]).audible();
        }
    }
}

impl<S: Sample> Engine<S> for Phaser<S> {
    type Params = PhaserParams;

    fn build(params: &PhaserParams, spec: &StreamSpec) -> Result<Self, Error> {
        let engine = Box::new(PhaserEngine::new(spec, &*params.design(spec)?));
        Ok(Self { spec: *spec, engine, sample: core::marker::PhantomData })
    }

    fn run(
        &mut self,
        block: &mut BlockMut<'_, '_, S>,
        _key: Option<&Block<'_, '_, S>>,
        _reduction_db: Option<&mut BlockMut<'_, '_, f64>>,
    ) {
        fit(block, self.spec.channels(), |block| self.engine.run(block));
    }
}

compiled!(PhaserParams => Phaser);

impl<S: Sample> Processor<S> for Phaser<S> {
    engine!(PhaserParams);

    fn reset(&mut self) {
        let Self { spec: _, engine, sample: _ } = self;
        engine.reset();
    }

    fn tail(&self) -> Tail {
        Tail::Frames(self.engine.tail_frames)
    }

    fn non_finite_samples(&self) -> u64 {
        self.engine.non_finite
    }
}

impl<S: Sample> Tunable<S> for Phaser<S> {
    type Params = PhaserParams;

    fn fits(&self, coeffs: &PhaserCoeffs) -> Result<(), Error> {
        if coeffs.stages == self.engine.stages { Ok(()) } else { Err(Error::NeedsRebuild { param: "stages" }) }
    }

    fn apply(&mut self, coeffs: &PhaserCoeffs) {
        self.engine.apply(coeffs);
    }
}
