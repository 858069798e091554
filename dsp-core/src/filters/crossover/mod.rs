//! Band splitter: Linkwitz-Riley crossovers of 12, 24 or 48 dB per octave, 2 to 6 bands that sum to an all pass.

pub(crate) mod kernel;

use super::{
    biquad::BiquadCoeffs,
    butterworth,
    cascade::GLIDE_MS,
    crossover::kernel::{Order, Pair, Section, State},
};
use crate::{
    foundation::{
        block::{Block, BlockMut},
        declare::params,
        error::{Error, count_in, in_range},
        fit::{fit_keyed, fit_read},
        grid::GRID_FRAMES,
        math::Pow2,
        params::Designed,
        sample::Sample,
        silence::flushed,
        stream::StreamSpec,
        table::Fields,
        tail::Tail,
        unit::ms_to_frames,
    },
    primitives::{
        backend::{Backend, run},
        lanes::Form,
        ramp::{Ramp, Span},
        sanitize::repair,
    },
};
use alloc::{vec, vec::Vec};

/// Band splitter: Linkwitz-Riley crossovers of 12, 24 or 48 dB per octave, 2 to 6 bands that sum to an all pass.
///
/// # Signal
/// in -> crossover 1 -> below: all pass of crossover 2, of 3, … -> band 1; above -> crossover 2 -> below: all pass of
/// crossover 3, … -> band 2; above -> …
///
/// # Parameters
/// Those of [`CrossoverParams`].
///
/// # Contract
/// Latency 0; tail until every section has decayed below -400 dB. Any channel count, each channel by itself. Each
/// crossover is 6.02 dB down in both of its bands. The sum of all bands is the input through the all passes of all
/// crossovers: flat, and in phase wherever two bands overlap. Frequencies glide over 50 ms; the sum stays an all pass
/// during a glide. State and coefficients are f64 for both sample formats, with one rounding per band at the end.
///
/// # Source
/// S. Linkwitz, "Active crossover networks for noncoincident drivers", JAES 24(1), 1976: both bands are squared
/// Butterworth filters, B(n/2)², and sum to B(-s)/B(s); at 12 dB per octave with the upper one inverted. All passes of
/// upper crossovers in lower bands: J. D'Appolito, "Active realization of multiway all-pass crossover systems", JAES
/// 35(4), 1987. Own: sections are trapezoidal integrators, which can glide while they run and output low pass and all
/// pass at once; the upper band is the all pass minus the lower, which is the same filter at half the cost and makes
/// the sum exact by construction. It is no [`Processor`](crate::Processor), having several outputs.
#[derive(Clone, Debug)]
pub struct Crossover<S> {
    spec: StreamSpec,
    backend: Backend,
    order: Order,
    /// Sections at the end of the glide.
    targets: [Pair; MAX_CROSSOVERS],
    count: usize,
    /// log2 g.
    glide: Ramp<MAX_CROSSOVERS>,
    /// For each pair of channels and each crossover: the all passes of the bands below, then the split.
    states: Vec<State>,
    /// The bands of one pair of channels, [`GRID_FRAMES`] each.
    frames: Vec<[f64; 2]>,
    /// Position in the absolute grid.
    phase: usize,
    non_finite: u64,
    sample: core::marker::PhantomData<S>,
}

/// Most bands that a [`Crossover`] splits into.
pub const MAX_SPLIT_BANDS: usize = 6;
/// Most crossovers.
const MAX_CROSSOVERS: usize = MAX_SPLIT_BANDS - 1;
/// Lowest crossover, in Hz.
const MIN_FREQUENCY_HZ: f64 = 20.0;
/// Highest crossover, in Hz and in parts of the sample rate, as for the bands of an equalizer.
const MAX_FREQUENCY_HZ: f64 = 22_000.0;
const MAX_FREQUENCY_PER_RATE: f64 = 0.49;
/// Smallest ratio of two neighbours, a third of an octave: below it the band between never reaches its passband gain.
const MIN_RATIO: f64 = 1.25;

params! {
    /// Settings of a [`Crossover`].
    ///
    /// ```
    /// use mixdown::{Block, BlockMut, StreamSpec, filters::CrossoverParams};
    ///
    /// let mut crossover = CrossoverParams::default().build::<f64>(&StreamSpec::new(48_000.0, 1)?)?;
    /// let (tone, mut bands) = ([0.5; 4_800], [0.0; 3 * 4_800]);
    /// crossover.process(&Block::from_planar(&tone, 1)?, &mut BlockMut::from_planar(&mut bands, 3)?);
    /// // A constant is bass.
    /// assert!((bands[4_799] - 0.5).abs() < 1e-6 && bands[2 * 4_800 - 1].abs() < 1e-6);
    /// # Ok::<(), mixdown::Error>(())
    /// ```
    #[derive(Clone, Debug, PartialEq)]
    CrossoverParams {
        crossovers_hz: compound Vec<f64>, default vec![200.0, 2_000.0],
            "Where the bands meet, in Hz, rising: 1 to 5 frequencies of 20 to 22 000 Hz and at most 0.49 of the sample \
             rate, each at least 1.25 times the one before; their number is fixed while it runs";
        slope_db_per_octave: dB_per_octave, 12.0..=48.0, default 24.0, one_of(&[12.0, 24.0, 48.0], "12, 24 or 48"), fixed,
            "Slope of each band beyond its crossover";
    }
}

impl CrossoverParams {
    /// Checks every parameter; never clamps.
    ///
    /// # Errors
    /// The first parameter that is out of range for this stream.
    pub fn validate(&self, spec: &StreamSpec) -> Result<(), Error> {
        check_crossovers(&self.crossovers_hz, spec)?;
        self.check_fields(spec.sample_rate_hz())
    }

    /// The coefficients for this stream.
    ///
    /// # Errors
    /// As [`validate`](Self::validate).
    pub fn design(&self, spec: &StreamSpec) -> Result<Designed<CrossoverCoeffs>, Error> {
        self.validate(spec)?;
        Ok(Designed::new(spec, CrossoverCoeffs::of(&self.crossovers_hz, self.slope_db_per_octave, spec)))
    }

    /// A splitter for this stream.
    ///
    /// # Errors
    /// As [`validate`](Self::validate).
    pub fn build<S: Sample>(&self, spec: &StreamSpec) -> Result<Crossover<S>, Error> {
        Ok(Crossover::new(spec, &*self.design(spec)?))
    }
}

/// Checks where bands meet: see [`CrossoverParams`].
pub(crate) fn check_crossovers(crossovers_hz: &[f64], spec: &StreamSpec) -> Result<(), Error> {
    count_in("crossovers_hz", crossovers_hz.len(), 1, MAX_CROSSOVERS)?;
    let highest = MAX_FREQUENCY_HZ.min(MAX_FREQUENCY_PER_RATE * spec.sample_rate_hz());
    let mut min = MIN_FREQUENCY_HZ;
    for (position, &frequency_hz) in crossovers_hz.iter().enumerate() {
        // Each leaves room for those above it.
        let above = crossovers_hz.len() - 1 - position;
        let max = (0..above).fold(highest, |max, _| max / MIN_RATIO);
        in_range("crossovers_hz", frequency_hz, min, max).map_err(|error| error.at(position))?;
        min = MIN_RATIO * frequency_hz;
    }
    Ok(())
}

/// Coefficients of a [`Crossover`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CrossoverCoeffs {
    order: Order,
    count: usize,
    /// tan(pi f / fs) of each; 1 beyond the last.
    g: [f64; MAX_CROSSOVERS],
}

impl CrossoverCoeffs {
    /// Those of legal settings.
    pub(crate) fn of(crossovers_hz: &[f64], slope_db_per_octave: f64, spec: &StreamSpec) -> Self {
        let mut g = [1.0; MAX_CROSSOVERS];
        for (g, frequency_hz) in g.iter_mut().zip(crossovers_hz) {
            *g = libm::tan(core::f64::consts::PI * frequency_hz / spec.sample_rate_hz());
        }
        let order = match slope_db_per_octave {
            12.0 => Order::Second,
            24.0 => Order::Fourth,
            _ => Order::Eighth,
        };
        Self { order, count: crossovers_hz.len(), g }
    }
}

/// Sections of one crossover.
fn sections(order: Order, g: f64) -> Pair {
    let resonant = |q: f64| {
        // As `filters::svf`: v = ((s1 + s1')/2, (s2 + s2')/2).
        let k = 1.0 / q;
        let a1 = 1.0 / (1.0 + g * (g + k));
        let a2 = g * a1;
        let a3 = g * a2;
        Section { a: [[2.0 * a1 - 1.0, -2.0 * a2], [2.0 * a2, 1.0 - 2.0 * a3]], b: [2.0 * a2, 2.0 * a3], p: 1.0, q: -k }
    };
    match order {
        Order::Second => {
            // Two equal integrators with feedback in series; the all pass is that of the first.
            let gain = g / (1.0 + g);
            let pole = 1.0 - 2.0 * gain;
            let section = Section {
                a: [[pole, 0.0], [2.0 * gain * (1.0 - gain), pole]],
                b: [2.0 * gain, 2.0 * gain * gain],
                p: -1.0,
                q: 1.0,
            };
            [section; 2]
        }
        Order::Fourth => [resonant(core::f64::consts::FRAC_1_SQRT_2); 2],
        Order::Eighth => {
            let mut qs = butterworth::sections(4).map(|section| match section {
                butterworth::Section::SecondOrder { q } => q,
                butterworth::Section::FirstOrder => 0.5,
            });
            [qs.next(), qs.next()].map(|q| resonant(q.unwrap_or(0.5)))
        }
    }
}

/// States of one crossover with `below` bands below it.
fn states_of(order: Order, below: usize) -> usize {
    below * order.all_pass_sections() + order.split_sections()
}

impl<S: Sample> Crossover<S> {
    fn new(spec: &StreamSpec, coeffs: &CrossoverCoeffs) -> Self {
        let pairs = spec.channels().div_ceil(2);
        let stride: usize = (0..coeffs.count).map(|below| states_of(coeffs.order, below)).sum();
        Self {
            spec: *spec,
            backend: Backend::new(spec.cpu()),
            order: coeffs.order,
            targets: coeffs.g.map(|g| sections(coeffs.order, g)),
            count: coeffs.count,
            glide: Ramp::new(coeffs.g.map(libm::log2), ms_to_frames(GLIDE_MS, spec.sample_rate_hz())),
            states: vec![[[0.0; 2]; 2]; pairs * stride],
            frames: vec![[0.0; 2]; (coeffs.count + 1) * GRID_FRAMES],
            phase: 0,
            non_finite: 0,
            sample: core::marker::PhantomData,
        }
    }

    /// Glides to other frequencies in 50 ms.
    ///
    /// # Errors
    /// As [`CrossoverParams::validate`] and [`set_coeffs`](Self::set_coeffs). The old setting stays.
    pub fn set_params(&mut self, params: &CrossoverParams) -> Result<(), Error> {
        self.set_coeffs(&params.design(&self.spec)?)
    }

    /// Glides to coefficients designed elsewhere; does not allocate.
    ///
    /// # Errors
    /// As [`Designed::check_spec`]; [`Error::NeedsRebuild`] for another slope, [`Error::Count`] for another number of
    /// bands. The old setting stays.
    pub fn set_coeffs(&mut self, coeffs: &Designed<CrossoverCoeffs>) -> Result<(), Error> {
        coeffs.check_spec(&self.spec)?;
        self.fits(coeffs)?;
        self.apply(coeffs);
        Ok(())
    }

    /// Glides to coefficients that fit.
    pub(crate) fn apply(&mut self, coeffs: &CrossoverCoeffs) {
        self.targets = coeffs.g.map(|g| sections(self.order, g));
        self.glide.set_target(coeffs.g.map(libm::log2));
    }

    /// Checks that it can glide to them.
    pub(crate) fn fits(&self, coeffs: &CrossoverCoeffs) -> Result<(), Error> {
        count_in("crossovers_hz", coeffs.count, self.count, self.count)?;
        if coeffs.order != self.order {
            return Err(Error::NeedsRebuild { param: "slope_db_per_octave" });
        }
        Ok(())
    }

    /// Number of bands.
    #[must_use]
    pub fn bands(&self) -> usize {
        self.count + 1
    }

    /// The stream it was built for.
    #[must_use]
    pub fn spec(&self) -> StreamSpec {
        self.spec
    }

    /// Splits `input` into `bands`: channel `b * channels + c` of `bands` is band `b` of input channel `c`, the lowest
    /// band first. Frames beyond the shorter of both, and channels beyond those needed, stay untouched; channels that
    /// are missing are silence, and builds with debug assertions panic there.
    pub fn process(&mut self, input: &Block<'_, '_, S>, bands: &mut BlockMut<'_, '_, S>) {
        let (channels, frames) = (self.spec.channels(), input.frames().min(bands.frames()));
        let (input, bands) = (input.frames_at(0, frames), &mut bands.frames_mut(0, frames));
        fit_keyed(bands, self.bands() * channels, Some(&input), |_, bands, input| {
            let Some(input) = input else { return };
            fit_read(input, channels, |start, input| {
                let bands = &mut bands.frames_mut(start, input.frames());
                run!(self.backend, form => self.run_chunks(form, input, bands));
            });
        });
    }

    #[inline(always)]
    fn run_chunks<F: Form>(&mut self, form: F, input: &Block<'_, '_, S>, bands: &mut BlockMut<'_, '_, S>) {
        let (channels, frames) = (self.spec.channels(), input.frames());
        let mut start = 0;
        while start < frames {
            let (span, length) = self.glide.span::<f64>((frames - start).min(GRID_FRAMES - self.phase));
            let stride = self.states.len() / channels.div_ceil(2);
            for (pair, first) in (0..channels).step_by(2).enumerate() {
                let rest = &mut self.frames[self.count * GRID_FRAMES..][..length];
                let left = &input.channel(first)[start..start + length];
                let right = if first + 1 < channels { &input.channel(first + 1)[start..start + length] } else { &[] };
                self.non_finite += take(left, right, rest);
                let states = &mut self.states[pair * stride..][..stride];
                match &span {
                    Span::Still(_) => {
                        let targets = &self.targets[..self.count];
                        tree(form, self.order, targets, &mut self.frames, 0..length, states);
                    }
                    Span::Moving(curves) => {
                        let mut moving = self.targets;
                        for (index, frame) in (0_i32..).zip(0..length) {
                            for (pair, curve) in moving.iter_mut().zip(curves) {
                                *pair = sections(self.order, curve.at(index).exp2_fast());
                            }
                            let moving = &moving[..self.count];
                            tree(form, self.order, moving, &mut self.frames, frame..frame + 1, states);
                        }
                    }
                }
                for (band, halves) in self.frames.chunks_exact(GRID_FRAMES).enumerate() {
                    for lane in 0..2.min(channels - first) {
                        let samples = &mut bands.channel_mut(band * channels + first + lane)[start..start + length];
                        for (sample, half) in samples.iter_mut().zip(halves) {
                            *sample = S::from_f64(half[lane]).audible();
                        }
                    }
                }
            }
            start += length;
            self.phase = (self.phase + length) % GRID_FRAMES;
            if self.phase == 0 {
                self.silence_decayed();
            }
        }
    }

    fn silence_decayed(&mut self) {
        for state in self.states.as_flattened_mut().as_flattened_mut() {
            *state = flushed(*state);
        }
    }

    /// As newly built with the current targets.
    pub fn reset(&mut self) {
        let Self {
            spec: _,
            backend: _,
            order: _,
            targets: _,
            count: _,
            glide,
            states,
            frames: _,
            phase,
            non_finite,
            sample: _,
        } = self;
        glide.jump_to(glide.target());
        states.fill([[0.0; 2]; 2]);
        *phase = 0;
        *non_finite = 0;
    }

    /// Frames after which the response to a full-scale input is exactly 0 in every band.
    #[must_use]
    pub fn tail(&self) -> Tail {
        let crossovers = self.targets[..self.count].iter();
        let per_crossover = |[a, b]: &Pair| match self.order {
            Order::Second => decay_frames(a),
            Order::Fourth => 2 * decay_frames(a),
            Order::Eighth => 2 * (decay_frames(a) + decay_frames(b)),
        };
        Tail::Frames(crossovers.map(per_crossover).sum())
    }

    /// Non-finite input samples replaced by 0 since the build or the last reset.
    #[must_use]
    pub fn non_finite_samples(&self) -> u64 {
        self.non_finite
    }
}

/// As [`BiquadCoeffs::decay_frames`], of a section in state-space form.
fn decay_frames(section: &Section) -> u64 {
    let [[a11, a12], [a21, a22]] = section.a;
    let poles = BiquadCoeffs { a1: -(a11 + a22), a2: a11 * a22 - a12 * a21, ..BiquadCoeffs::IDENTITY };
    poles.decay_frames()
}

/// Interleaves two channels, the second of which may be missing. Returns the count of non-finite samples replaced.
#[inline(always)]
fn take<S: Sample>(left: &[S], right: &[S], frames: &mut [[f64; 2]]) -> u64 {
    for (frame, sample) in frames.iter_mut().zip(left) {
        *frame = [sample.to_f64(), 0.0];
    }
    for (frame, sample) in frames.iter_mut().zip(right) {
        frame[1] = sample.to_f64();
    }
    if S::all_ordinary(left) && S::all_ordinary(right) { 0 } else { repair(frames.as_flattened_mut()) }
}

/// Splits the last of `frames` into all of them, one crossover after the other.
#[inline(always)]
fn tree<F: Form>(
    form: F,
    order: Order,
    crossovers: &[Pair],
    frames: &mut [[f64; 2]],
    range: core::ops::Range<usize>,
    states: &mut [State],
) {
    let each = order.all_pass_sections();
    let mut states = states;
    for (index, pair) in crossovers.iter().enumerate() {
        let (own, later) = states.split_at_mut(states_of(order, index));
        states = later;
        let (below_states, split_states) = own.split_at_mut(index * each);
        let (below, rest) = frames.split_at_mut(index * GRID_FRAMES);
        let (low, rest) = rest.split_at_mut((crossovers.len() - index) * GRID_FRAMES);
        let (low, rest) = (&mut low[range.clone()], &mut rest[range.clone()]);
        // Two lower bands share a vector; an odd one shares that of the split, which has two lanes free.
        let mut bands = below.chunks_exact_mut(GRID_FRAMES).zip(below_states.chunks_exact_mut(each));
        if index % 2 == 1
            && let Some((band, band_states)) = bands.next()
        {
            kernel::split(form, order, pair, (&mut band[range.clone()], band_states), (rest, split_states), low);
        } else {
            let (mut silence, mut at_rest) = ([[0.0; 2]; GRID_FRAMES], [[[0.0; 2]; 2]; kernel::MAX_SECTIONS]);
            let nothing = (&mut silence[range.clone()], &mut at_rest[..]);
            kernel::split(form, order, pair, nothing, (rest, split_states), low);
        }
        while let (Some((lower, lower_states)), Some((upper, upper_states))) = (bands.next(), bands.next()) {
            let lower = (&mut lower[range.clone()], lower_states);
            kernel::all_pass(form, order, pair, lower, (&mut upper[range.clone()], upper_states));
        }
    }
}
