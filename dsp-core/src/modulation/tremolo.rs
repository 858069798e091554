//! Tremolo and auto-pan: the level of the channels swings.

use super::{
    NoteValue,
    gliding_lfo::GlidingLfo,
    lfo::{sine, triangle},
};
use crate::{
    foundation::{
        block::{Block, BlockMut},
        declare::{choice, params},
        engine::{Compiled, Engine, compiled, engine},
        error::Error,
        fit::fit,
        grid::GRID_FRAMES,
        math::{Pow2, larger, smaller},
        params::{Designed, Params, Tunable},
        processor::Processor,
        sample::Sample,
        stream::StreamSpec,
        table::Fields,
        unit::ms_to_frames,
    },
    primitives::{
        backend::{Backend, run},
        ramp::{Curve, Ramp, Span},
        sanitize::sanitize,
    },
};

/// Tremolo and auto-pan: the level of the channels swings.
///
/// # Signal
/// in -> × g -> out; every second channel with the LFO ahead by `stereo_phase_degrees`
///
/// # Parameters
/// Those of [`TremoloParams`].
///
/// # Contract
/// Latency 0, tail 0. Any channel count: the first, third … channel follow the LFO, the others its second phase; a mono
/// stream knows one. The gain swings between 1 and 1 - `depth`, linear in amplitude: with the shape "sine" a tone gets
/// two sidebands of depth / 4 beside 1 - depth / 2 of itself, and nothing else. The LFO starts at its middle, upwards,
/// its phase counted from the first frame of the stream.
///
/// At 180 degrees, as auto-pan, both gains are multiplied by what keeps the sum of their squares constant: a sound in
/// both channels moves without a change of power, 1 + (1 - depth)² at every time, and the gains still swing between 1
/// and 1 - `depth`. The correction fades within 20 degrees of that, as it would steepen edges at which both sides are
/// soft.
///
/// "square" changes in edges of 12.5 ms, quintic in time, and "triangle" turns within as long: neither clicks, and both
/// are what their names say at rates of up to 20 Hz. Changes of depth, shape and phase glide over 100 ms, of the rate
/// over 200 ms; they begin at the next of the grid of 64 frames. Neutral at a depth of 0.
///
/// Memory: 1.3 kB for stereo f32 at 48 kHz.
///
/// # Source
/// Amplitude modulation: U. Zölzer (ed.), "DAFX: Digital Audio Effects", 2nd edition, 2011, chapter 3. Own: the constant
/// power of the auto-pan, edges and corners.
#[derive(Clone, Debug)]
pub struct Tremolo<S> {
    spec: StreamSpec,
    backend: Backend,
    lfo: GlidingLfo,
    /// [`TremoloCoeffs::values`].
    values: Ramp<VALUES>,
    /// Frames of an edge, and of half a corner.
    edge_frames: f64,
    /// Gains from the last grid point to the next: of the first side, and of the second.
    gains: [[S; GRID_FRAMES]; 2],
    /// Whether all of them are 1.
    neutral: bool,
    /// Frames since the last grid point.
    phase: usize,
    non_finite: u64,
}

choice! {
    /// Course of a tremolo's level.
    TremoloShape, default Sine {
        /// A sine.
        Sine = "sine",
        /// Straight up and down, with rounded corners.
        Triangle = "triangle",
        /// Loud and soft by turns, with soft edges.
        Square = "square",
    }
}

/// Length of an edge of the square, and of a corner of the triangle, in ms. Of a tone of 100 Hz at -6 dBFS, cut to
/// silence at the worst phase, a quintic edge of 12.5 ms leaves -102 dBFS above 1 kHz, one of 10 ms -97; raised cosines
/// of as long leave -86 and -82.
const EDGE_MS: f64 = 12.5;
/// How fast the correction of an auto-pan fades beside 180 degrees: less leaves more than -100 dBFS above 1 kHz of a
/// square at 170 degrees.
const HELD: f64 = 200.0;
/// Length of a glide of depth, shape and phase, in ms. An edge of a square that
/// comes while the phase moves is the steeper for it: from 0 to 180 degrees at full depth it leaves -82 dBFS, in 20 ms -36.
const GLIDE_MS: f64 = 100.0;
/// Values that glide: depth, shares of the shapes, second phase in periods, share of its correction.
const VALUES: usize = 6;

params! {
    /// Settings of [`Tremolo`].
    ///
    /// ```
    /// use mixdown::{BlockMut, Params, Processor, StreamSpec, modulation::TremoloParams};
    ///
    /// let params = TremoloParams { rate_hz: 5.0, depth: 0.5, ..Default::default() };
    /// let mut audio = [1.0_f64; 9_600];
    /// params.build(&StreamSpec::new(48_000.0, 1)?)?.process(&mut BlockMut::from_planar(&mut audio, 1)?);
    /// // A period is 9600 frames.
    /// assert!((audio[0] - 0.75).abs() < 1e-9 && (audio[2_400] - 1.0).abs() < 1e-9 && (audio[7_200] - 0.5).abs() < 1e-9);
    /// # Ok::<(), mixdown::Error>(())
    /// ```
    #[derive(Clone, Copy, Debug, PartialEq)]
    TremoloParams {
        rate_hz: Hz, 0.01..=20.0, default 5.0, log, "Periods per second, unless a note sets them";
        tempo_bpm: bpm, 20.0..=999.0, default 120.0, "Tempo of the note";
        note: choice NoteValue, "Note that sets the period, by the tempo; off: rate_hz counts";
        depth: none, 0.0..=1.0, default 0.5, "The gain swings between 1 and 1 - depth";
        shape: choice TremoloShape, "Course of the level";
        stereo_phase_degrees: deg, 0.0..=180.0, default 0.0, "Phase of every second channel; 180 is auto-pan";
    }
}

impl TremoloParams {
    /// The rate that counts, of the note or set.
    fn rate_that_counts_hz(&self) -> f64 {
        self.note.rate_hz(self.tempo_bpm, self.rate_hz)
    }
}

impl Params for TremoloParams {
    type Coeffs = TremoloCoeffs;
    type Processor<S: Sample> = Tremolo<S>;

    fn validate(&self, spec: &StreamSpec) -> Result<(), Error> {
        self.check_fields(spec.sample_rate_hz())?;
        self.note.check(self.tempo_bpm, Self::FIELDS, "rate_hz", self.rate_that_counts_hz(), f64::INFINITY)
    }

    fn design(&self, spec: &StreamSpec) -> Result<Designed<TremoloCoeffs>, Error> {
        self.validate(spec)?;
        let share = |shape| if self.shape == shape { 1.0 } else { 0.0 };
        // One channel has no second phase, whose correction would reach it.
        let degrees = if spec.channels() == 1 { 0.0 } else { self.stereo_phase_degrees };
        let sine = libm::sin(degrees.to_radians() / 2.0);
        let opposed = sine * sine;
        let coeffs = TremoloCoeffs {
            rate_hz: self.rate_that_counts_hz(),
            depth: self.depth,
            shares: [TremoloShape::Sine, TremoloShape::Triangle, TremoloShape::Square].map(share),
            offset: degrees / 360.0,
            correction: opposed / (opposed + HELD * (1.0 - opposed)),
        };
        Ok(Designed::new(spec, coeffs))
    }

    fn build<S: Sample>(&self, spec: &StreamSpec) -> Result<Tremolo<S>, Error> {
        self.build_compiled(spec)
    }

    fn neutral() -> Option<Self> {
        Some(Self { depth: 0.0, ..Self::default() })
    }
}

/// Coefficients of a [`Tremolo`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TremoloCoeffs {
    rate_hz: f64,
    depth: f64,
    /// Of sine, triangle and square.
    shares: [f64; 3],
    /// Of the second phase, in periods.
    offset: f64,
    /// Share of the correction of the power: 1 at 180 degrees.
    correction: f64,
}

impl TremoloCoeffs {
    fn values(&self) -> [f64; VALUES] {
        let [sine, triangle, square] = self.shares;
        [self.depth, sine, triangle, square, self.offset, self.correction]
    }
}

/// A value over some frames.
trait Course: Copy {
    fn at(self, index: i32) -> f64;
}

#[derive(Clone, Copy)]
struct Constant(f64);

impl Course for Constant {
    #[inline(always)]
    fn at(self, _: i32) -> f64 {
        self.0
    }
}

impl Course for &Curve<f64> {
    #[inline(always)]
    fn at(self, index: i32) -> f64 {
        Curve::at(self, index)
    }
}

/// The phase of the LFO over some frames, and its slope: an edge lasts for `edge` periods.
#[derive(Clone, Copy)]
struct Phase {
    start: f64,
    slope: f64,
    edge: f64,
}

impl Phase {
    #[inline(always)]
    fn at<C: Course>(self, index: i32, offset: C) -> f64 {
        self.start + f64::from(index) * self.slope + offset.at(index)
    }
}

/// A row of the gains of one side, before the correction.
type Row = [f64; GRID_FRAMES];

/// The course of the level, -1..1, of the shapes that are `on`.
#[inline(always)]
fn waves<C: Course, O: Course>(phase: Phase, on: [bool; 3], shares: [C; 3], offset: O, waves: &mut [f64]) {
    let edge = phase.edge;
    let [sine_on, triangle_on, square_on] = on;
    waves.fill(0.0);
    if sine_on {
        for (index, wave) in (0_i32..).zip(&mut *waves) {
            *wave += shares[0].at(index) * sine(phase.at(index, offset));
        }
    }
    if triangle_on {
        // Distance from a corner, in halves of its width.
        let (per_width, height) = (0.5 / edge, 1.0 / (1.0 - 0.75 * edge));
        for (index, wave) in (0_i32..).zip(&mut *waves) {
            let straight = triangle(phase.at(index, offset));
            let u = smaller((1.0 - straight.abs()) * per_width, 1.0);
            // |u| turns smoothly at 0, and is 3/8 there: C2 at 1.
            let turned = 0.375 + u * (u * (0.75 - 0.125 * (u * u)) - 1.0);
            let level = (straight.abs() - 2.0 * edge * turned) * height;
            *wave += shares[1].at(index) * level.copysign(straight);
        }
    }
    if square_on {
        let per_edge = 0.5 / edge;
        for (index, wave) in (0_i32..).zip(waves) {
            let u = larger(smaller(triangle(phase.at(index, offset)) * per_edge, 1.0), -1.0);
            let q = u * u;
            *wave += shares[2].at(index) * (u * (1.875 + q * (0.375 * q - 1.25)));
        }
    }
}

/// The gains of both sides, the same if there is no second phase.
#[inline(always)]
fn sides<C: Course>(phase: Phase, on: [bool; 3], values: [C; VALUES], two: bool, rows: [&mut [f64]; 2]) {
    let [depth, sine, triangle, square, offset, correction] = values;
    let shares = [sine, triangle, square];
    let [first, second] = rows;
    waves(phase, on, shares, Constant(0.0), first);
    for (index, gain) in (0_i32..).zip(&mut *first) {
        *gain = 1.0 - depth.at(index) * (0.5 - 0.5 * *gain);
    }
    if !two {
        second.copy_from_slice(first);
        return;
    }
    waves(phase, on, shares, offset, second);
    // In passes, which vectorise.
    let mut factors = [1.0; GRID_FRAMES];
    for (((index, factor), first), second) in (0_i32..).zip(&mut factors).zip(&*first).zip(&mut *second) {
        let depth = depth.at(index);
        *second = 1.0 - depth * (0.5 - 0.5 * *second);
        let (quiet, power) = (1.0 - depth, *first * *first + *second * *second);
        // At a share of 1 the power at the ends of the swing over this one. Both sides may be silent at a lower one.
        let share = correction.at(index);
        *factor = (share * (1.0 + quiet * quiet) + (1.0 - share)) / larger(share * power + (1.0 - share), 1e-30);
    }
    for factor in &mut factors[..first.len()] {
        *factor = 0.5 * factor.log2_fast();
    }
    for factor in &mut factors[..first.len()] {
        *factor = factor.exp2_fast();
    }
    for ((factor, first), second) in factors.iter().zip(first).zip(second) {
        (*first, *second) = (*first * *factor, *second * *factor);
    }
}

impl<S: Sample> Tremolo<S> {
    /// Computes the gains from this grid point to the next.
    fn fill(&mut self) {
        run!(self.backend, _ => self.fill_all());
    }

    #[inline(always)]
    fn fill_all(&mut self) {
        let mut rows: [Row; 2] = [[1.0; GRID_FRAMES]; 2];
        let [start, slope] = self.lfo.line(0.0);
        let edge = slope * self.edge_frames;
        self.neutral = true;
        let mut done = 0;
        while done < GRID_FRAMES {
            let (span, count) = self.values.span::<f64>(GRID_FRAMES - done);
            let phase = Phase { start: start + done as f64 * slope, slope, edge };
            let [first, second] = &mut rows;
            let [first, second] = [first, second].map(|row| &mut row[done..done + count]);
            match &span {
                Span::Still([0.0, ..]) => {}
                Span::Still(values) => {
                    let [_, sine, triangle, square, offset, _] = *values;
                    let two = offset != 0.0;
                    let on = [sine, triangle, square].map(|share| share != 0.0);
                    sides(phase, on, values.map(Constant), two, [first, second]);
                    self.neutral = false;
                }
                Span::Moving(curves) => {
                    sides(phase, [true; 3], curves.each_ref(), true, [first, second]);
                    self.neutral = false;
                }
            }
            done += count;
        }
        for (gains, row) in self.gains.iter_mut().zip(&rows) {
            for (gain, value) in gains.iter_mut().zip(row) {
                *gain = S::from_f64(*value);
            }
        }
    }

    fn run(&mut self, block: &mut BlockMut<'_, '_, S>) {
        let (frames, channels) = (block.frames(), self.spec.channels());
        let mut start = 0;
        while start < frames {
            let count = (GRID_FRAMES - self.phase).min(frames - start);
            let mut chunk = block.frames_mut(start, count);
            for channel in 0..channels {
                let gains = &self.gains[channel % 2][self.phase..self.phase + count];
                let samples = chunk.channel_mut(channel);
                self.non_finite += run!(self.backend, _ => multiply(samples, gains, self.neutral));
            }
            start += count;
            self.phase += count;
            if self.phase == GRID_FRAMES {
                self.phase = 0;
                self.lfo.advance();
                self.fill();
            }
        }
    }
}

/// Returns the count of non-finite samples.
#[inline(always)]
fn multiply<S: Sample>(samples: &mut [S], gains: &[S], neutral: bool) -> u64 {
    let non_finite = sanitize(samples);
    if !neutral {
        for (sample, gain) in samples.iter_mut().zip(gains) {
            *sample = (*sample * *gain).audible();
        }
    }
    non_finite
}

impl<S: Sample> Engine<S> for Tremolo<S> {
    type Params = TremoloParams;

    fn build(params: &TremoloParams, spec: &StreamSpec) -> Result<Self, Error> {
        let (coeffs, rate_hz) = (params.design(spec)?, spec.sample_rate_hz());
        let mut tremolo = Self {
            spec: *spec,
            backend: Backend::new(spec.cpu()),
            lfo: GlidingLfo::new(coeffs.rate_hz, rate_hz),
            values: Ramp::new(coeffs.values(), ms_to_frames(GLIDE_MS, rate_hz)),
            edge_frames: EDGE_MS * 1e-3 * rate_hz,
            gains: [[S::ONE; GRID_FRAMES]; 2],
            neutral: true,
            phase: 0,
            non_finite: 0,
        };
        tremolo.fill();
        Ok(tremolo)
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

compiled!(TremoloParams => Tremolo);

impl<S: Sample> Processor<S> for Tremolo<S> {
    engine!(TremoloParams);

    fn reset(&mut self) {
        let Self { spec: _, backend: _, lfo, values, edge_frames: _, gains: _, neutral: _, phase, non_finite } = self;
        lfo.reset();
        values.jump_to(values.target());
        *phase = 0;
        *non_finite = 0;
        self.fill();
    }

    fn non_finite_samples(&self) -> u64 {
        self.non_finite
    }
}

impl<S: Sample> Tunable<S> for Tremolo<S> {
    type Params = TremoloParams;

    fn apply(&mut self, coeffs: &TremoloCoeffs) {
        self.lfo.set_rate(coeffs.rate_hz);
        self.values.set_target(coeffs.values());
    }
}
