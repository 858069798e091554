//! The design of the network: delays, absorption and level from the settings.
//!
//! # Source
//! Absorption: J.-M. Jot and A. Chaigne, "Digital delay networks for designing artificial reverberators", AES 90th
//! Convention, 1991: a line of m frames gives 60 m / (fs T60) dB. The shelves are of first order, with half their gain
//! in dB at the corner, so that the decays of all lines stay in proportion.

use super::{
    early::{self, LATEST_MS, REFLECTIONS},
    params::ReverbParams,
    space::Space,
};
use crate::{
    foundation::{field::max_of, stream::StreamSpec, unit::db_to_gain},
    primitives::{
        modulated_delay::{REACH, rotation},
        random::Random,
    },
    reverbs::fdn::LINES,
};
use core::f64::consts::{PI, TAU};

/// Steps of diffusion.
pub(super) const STEPS: usize = 4;
/// Steps that keep left and right apart: half of their lines are left, half are right. The early reflections are tapped
/// after them.
pub(super) const STEREO_STEPS: usize = 2;
/// Lines of these steps; the others have as many as the network, and the first of them reads each line twice.
pub(super) const STEREO_LINES: usize = LINES / 2;
/// Early reflections of an output at most.
pub(super) const MAX_EARLY_TAPS: usize = 2 * REFLECTIONS;
/// Lines with modulated delays: every other one.
pub(super) const MODULATED_LINES: usize = 8;
/// The lines tapped for the early reflections: for each output, of left and of right.
pub(super) const EARLY_LINES: [[usize; 2]; 2] = [[0, 4], [1, 5]];
/// Longest pre-delay, in ms.
pub(super) const MAX_PREDELAY_MS: f64 = max_of(ReverbParams::FIELDS, "predelay_ms");
/// Largest depth of modulation, in ms.
pub(super) const MAX_DEPTH_MS: f64 = max_of(ReverbParams::FIELDS, "modulation_depth_ms");
/// Factor on all delays at `size` 1; it is 1 at 0.5.
const LARGEST: f64 = 1.5;
/// Jitter of the lines' delays, as part of their distance on a logarithmic scale.
const JITTER: f64 = 0.4;
/// Rate of the slowest and of the fastest line's modulation over `modulation_hz`.
const RATE_SPREAD: [f64; 2] = [0.7, 1.3];
/// Largest gain of a shelf, in dB per pass of a line; more would remove the signal.
const MAX_SHELF_DB: f64 = 60.0;
/// Highest corner in parts of the sample rate.
const HIGHEST_CORNER: f64 = 0.4;
/// Gain of a line while frozen.
const FROZEN_GAIN: f64 = 1.0 - 1e-6;
/// Gain of the diffused input in the output mix, which is as dense as the tail.
pub(super) const DIRECT_GAIN: f64 = 0.5;
/// Highest frequency in the level calculation.
const HIGHEST_HZ: f64 = 20_000.0;
/// Corner of the low pass of the early reflections, the absorption of the walls.
const WALL_HZ: f64 = 5_000.0;
/// Corner of the high pass at the input.
const HIGH_PASS_HZ: f64 = 20.0;

/// An early reflection: a tap of one of the lines after [`STEREO_STEPS`].
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct EarlyTap {
    pub(super) line: usize,
    pub(super) delay_frames: usize,
    pub(super) gain: f64,
}

/// A first-order section: y = direct x + z, z' = pole z + feed x.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Section {
    pub(super) direct: f64,
    pub(super) feed: f64,
    pub(super) pole: f64,
}

/// The coefficients of the network.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct NetworkCoeffs {
    /// The first `early_counts` of each output are in use.
    pub(super) early: [[EarlyTap; MAX_EARLY_TAPS]; 2],
    pub(super) early_counts: [usize; 2],
    /// Delays in frames. The pre-delay is part of the first step's. In [`STEREO_STEPS`] the first [`STEREO_LINES`] are
    /// used.
    pub(super) diffusion_delays: [[usize; LINES]; STEPS],
    /// Tangent of the rotation angle of the steps: 1 for an even mix, 0 for none.
    pub(super) diffusion_tangent: f64,
    /// Gain of each step, so that all keep the energy; the last one includes the distribution of an input to its lines.
    pub(super) diffusion_gains: [f64; STEPS],
    /// Permutation of the lines before the feedback matrix: `order[k]` is the line that is its k-th input.
    pub(super) order: [usize; LINES],
    /// Delays of the lines, in frames.
    pub(super) delays: [usize; LINES],
    /// Absorption, in the order of the matrix's inputs; the low shelves include its signs before the transform.
    pub(super) low_shelves: [Section; LINES],
    pub(super) high_shelves: [Section; LINES],
    /// Signs of the matrix after the transform, times its norm.
    pub(super) feedback_gains: [f64; LINES],
    /// Depth of the modulation.
    pub(super) depth_frames: f64,
    /// Of the modulated lines' LFOs.
    pub(super) lfo_rotations: [[f64; 2]; MODULATED_LINES],
    pub(super) is_frozen: bool,
}

/// The design for a set of settings.
pub(super) struct Design {
    pub(super) network: NetworkCoeffs,
    /// Gain that brings the tail to the level of the input.
    pub(super) tail_gain: f64,
    /// Frames until the tail has decayed.
    pub(super) tail_frames: u64,
}

/// Lines of a step of diffusion.
pub(super) const fn lines_of(step: usize) -> usize {
    if step < STEREO_STEPS { STEREO_LINES } else { LINES }
}

/// Distance of the lines that a step mixes last: half as many as mix with each other.
pub(super) const fn span(step: usize) -> usize {
    if step < STEREO_STEPS { STEREO_LINES / 4 } else { LINES / 2 }
}

/// The longest delays of any settings of a space, in frames.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct LongestDelays {
    /// Of the first step of diffusion, with the pre-delay.
    pub(super) input: usize,
    /// Of the later steps.
    pub(super) diffusion: [[usize; LINES]; STEPS - 1],
    /// Of the early reflections, from [`EARLY_LINES`].
    pub(super) early: usize,
    pub(super) lines: [usize; LINES],
}

/// Random choices of a space: the same for every size and rate.
struct Spread {
    /// Positions of the lines between shortest and longest, 0..1.
    lines: [f64; LINES],
    /// Delays of the diffusion over the longest of their step, 0..1; [`STEREO_STEPS`] use the first.
    diffusion: [[f64; LINES]; STEPS],
    order: [usize; LINES],
    /// Before the transform, and after it.
    input_signs: [f64; LINES],
    output_signs: [f64; LINES],
}

fn uniform(random: &mut Random) -> f64 {
    (random.bits() >> 11) as f64 / (1_u64 << 53) as f64
}

fn shuffle<T>(items: &mut [T], random: &mut Random) {
    for last in (1..items.len()).rev() {
        items.swap(last, (uniform(random) * (last + 1) as f64) as usize);
    }
}

impl Spread {
    fn new(seed: u64) -> Self {
        let random = &mut Random::new(seed, 0);
        let slots = LINES as f64;
        let mut lines = [0.0; LINES];
        for (slot, position) in lines.iter_mut().enumerate() {
            *position = (slot as f64 + 0.5 + JITTER * (2.0 * uniform(random) - 1.0)) / slots;
        }
        shuffle(&mut lines, random);
        let mut diffusion = [[0.0; LINES]; STEPS];
        for step in &mut diffusion {
            for (slot, position) in step.iter_mut().enumerate() {
                *position = (slot as f64 + uniform(random)) / slots;
            }
            shuffle(step, random);
        }
        let mut order = core::array::from_fn(|line| line);
        shuffle(&mut order, random);
        let mut sign = |_: usize| if uniform(random) < 0.5 { 1.0 } else { -1.0 };
        let (input_signs, output_signs) = (core::array::from_fn(&mut sign), core::array::from_fn(&mut sign));
        Self { lines, diffusion, order, input_signs, output_signs }
    }
}

fn is_prime(number: usize) -> bool {
    number >= 2
        && (2..).take_while(|divisor| divisor * divisor <= number).all(|divisor| !number.is_multiple_of(divisor))
}

/// The smallest prime from `frames` on that is not in `taken`: delays without common divisors.
fn prime_from(frames: usize, taken: &[usize]) -> usize {
    let mut candidate = frames.max(2);
    while !is_prime(candidate) || taken.contains(&candidate) {
        candidate += 1;
    }
    candidate
}

/// Delays of the lines at a factor on their lengths.
fn line_delays(
    [shortest_ms, longest_ms]: [f64; 2],
    positions: &[f64; LINES],
    factor: f64,
    rate_hz: f64,
) -> [usize; LINES] {
    let mut delays = [0; LINES];
    for line in 0..LINES {
        let ms = shortest_ms * libm::pow(longest_ms / shortest_ms, positions[line]);
        delays[line] = prime_from(libm::round(factor * ms * 1e-3 * rate_hz) as usize, &delays[..line]);
    }
    delays
}

/// Longest delay of a step of diffusion: a sixteenth of the shortest line, doubled with each step.
fn step_frames(step: usize, [shortest_ms, _]: [f64; 2], factor: f64, rate_hz: f64) -> f64 {
    factor * shortest_ms * 1e-3 * rate_hz * libm::exp2(step as f64 - STEPS as f64)
}

fn frames(ms: f64, rate_hz: f64) -> usize {
    libm::round(ms * 1e-3 * rate_hz) as usize
}

/// The section (b0 + b1 z^-1) / (a0 + a1 z^-1).
fn section([b0, b1]: [f64; 2], [a0, a1]: [f64; 2]) -> Section {
    let (b0, b1, a1) = (b0 / a0, b1 / a0, a1 / a0);
    Section { direct: b0, feed: b1 - a1 * b0, pole: -a1 }
}

/// Tangent of half a corner's angle.
fn warped(corner_hz: f64, rate_hz: f64) -> f64 {
    libm::tan(PI * corner_hz.min(HIGHEST_CORNER * rate_hz) / rate_hz)
}

fn low_shelf(gain_db: f64, corner_hz: f64, rate_hz: f64) -> Section {
    let (root, k) = (db_to_gain(gain_db.clamp(-MAX_SHELF_DB, MAX_SHELF_DB) / 2.0), warped(corner_hz, rate_hz));
    section([1.0 + k * root, k * root - 1.0], [1.0 + k / root, k / root - 1.0])
}

fn high_shelf(gain_db: f64, corner_hz: f64, rate_hz: f64) -> Section {
    let (root, k) = (db_to_gain(gain_db.clamp(-MAX_SHELF_DB, MAX_SHELF_DB) / 2.0), warped(corner_hz, rate_hz));
    section([root + k, k - root], [1.0 / root + k, k - 1.0 / root])
}

/// Squared magnitude of a section.
fn power(section: Section, frequency_hz: f64, rate_hz: f64) -> f64 {
    let Section { direct, feed, pole } = section;
    let (sin, cos) = (libm::sin(TAU * frequency_hz / rate_hz), libm::cos(TAU * frequency_hz / rate_hz));
    // H = direct + feed / (z - pole).
    let square = (cos - pole) * (cos - pole) + sin * sin;
    let (re, im) = (direct + feed * (cos - pole) / square, feed * sin / square);
    re * re + im * im
}

impl LongestDelays {
    pub(super) fn new(space: Space, spec: &StreamSpec) -> Self {
        let (model, rate_hz) = (space.model(), spec.sample_rate_hz());
        let spread = Spread::new(model.seed);
        let longest = |step: usize| step_frames(step, model.lines_ms, LARGEST, rate_hz);
        let delays = |step: usize| spread.diffusion[step].map(|position| libm::ceil(position * longest(step)) as usize);
        let margin = frames(MAX_DEPTH_MS, rate_hz) + 2 * REACH;
        Self {
            input: frames(MAX_PREDELAY_MS, rate_hz) + libm::ceil(longest(0)) as usize,
            diffusion: [delays(1), delays(2), delays(3)],
            early: frames(LATEST_MS, rate_hz),
            lines: line_delays(model.lines_ms, &spread.lines, LARGEST, rate_hz).map(|delay| delay + margin),
        }
    }

    /// Length of the longest line: older frames are in no buffer.
    pub(super) fn memory_frames(&self) -> usize {
        let longest = |delays: &[usize]| delays.iter().copied().max().unwrap_or(0);
        self.input + self.diffusion.iter().map(|step| longest(step)).sum::<usize>() + self.early + longest(&self.lines)
    }
}

/// Pole of the low pass that the high pass at the input subtracts.
pub(super) fn high_pass_pole(rate_hz: f64) -> f64 {
    libm::exp(-TAU * HIGH_PASS_HZ / rate_hz)
}

/// Pole of the low pass of the early reflections.
pub(super) fn wall_pole(rate_hz: f64) -> f64 {
    libm::exp(-TAU * WALL_HZ / rate_hz)
}

/// Absorption while frozen.
fn frozen() -> (Section, Section) {
    let section = |direct: f64| Section { direct, feed: 0.0, pole: 0.0 };
    (section(FROZEN_GAIN), section(1.0))
}

/// Designs the network.
pub(super) fn design(params: &ReverbParams, spec: &StreamSpec) -> Design {
    let (model, rate_hz) = (params.space.model(), spec.sample_rate_hz());
    let spread = Spread::new(model.seed);
    let factor = LARGEST - 1.0 + params.size;
    let predelay = frames(params.predelay_ms, rate_hz);
    let early_gain = db_to_gain(params.early_db);

    let mut diffusion_delays = [[0; LINES]; STEPS];
    for (step, delays) in diffusion_delays.iter_mut().enumerate() {
        let longest = step_frames(step, model.lines_ms, factor, rate_hz);
        for (delay, position) in delays.iter_mut().zip(spread.diffusion[step]) {
            *delay = libm::floor(position * longest) as usize + if step == 0 { predelay } else { 0 };
        }
    }
    let angle = params.diffusion * PI / 4.0;

    let delays = line_delays(model.lines_ms, &spread.lines, factor, rate_hz);
    let shelves = |delay: usize| {
        let decay_db = |t60_s: f64| -60.0 * delay as f64 / (rate_hz * t60_s);
        let (low_s, high_s) = (params.t60_s * params.t60_low_ratio, params.t60_s * params.t60_high_ratio);
        let middle_db = decay_db(params.t60_s);
        let mut low = low_shelf(decay_db(low_s) - middle_db, params.low_frequency_hz, rate_hz);
        low.direct *= db_to_gain(middle_db);
        low.feed *= db_to_gain(middle_db);
        (low, high_shelf(decay_db(high_s) - middle_db, params.high_frequency_hz, rate_hz))
    };
    let (mut low_shelves, mut high_shelves) = ([Section::default(); LINES], [Section::default(); LINES]);
    for (input, &line) in spread.order.iter().enumerate() {
        let (low, high) = if params.freeze { frozen() } else { shelves(delays[line]) };
        let sign = spread.input_signs[input];
        low_shelves[input] = Section { direct: sign * low.direct, feed: sign * low.feed, pole: low.pole };
        high_shelves[input] = high;
    }

    let mut lfo_rotations = [[0.0; 2]; MODULATED_LINES];
    for (line, lfo) in lfo_rotations.iter_mut().enumerate() {
        let position = (line as f64 * 0.618_033_988_749_895) % 1.0;
        let [slowest, fastest] = RATE_SPREAD;
        *lfo = rotation(params.modulation_hz * (slowest + (fastest - slowest) * position), rate_hz);
    }

    // Mean power of the early reflections after their low pass, and of the tail, over frequency.
    let (mut walls, mut mean) = (0.0, 0.0);
    // White noise of power 1 at both inputs reaches each line with 1/8. A line then has the power p/(1-q), q the mean
    // power gain of the lines; q p/(1-q) of it is feedback.
    const POINTS: usize = 48;
    for point in 0..POINTS {
        let frequency_hz = (point as f64 + 0.5) / POINTS as f64 * HIGHEST_HZ.min(0.5 * rate_hz);
        let returned = delays.map(|delay| {
            let (low, high) = shelves(delay);
            power(low, frequency_hz, rate_hz) * power(high, frequency_hz, rate_hz)
        });
        let q = returned.iter().sum::<f64>() / LINES as f64;
        mean += (q / (1.0 - q) + DIRECT_GAIN * DIRECT_GAIN) / POINTS as f64;
        let pole = wall_pole(rate_hz);
        let cos = libm::cos(TAU * frequency_hz / rate_hz);
        walls += (1.0 - pole) * (1.0 - pole) / (1.0 + pole * pole - 2.0 * pole * cos) / POINTS as f64;
    }
    let tail_gain = libm::sqrt(8.0 / (mean * (1.0 + early_gain * early_gain)));

    let mut early = [[EarlyTap::default(); MAX_EARLY_TAPS]; 2];
    let mut early_counts = [0; 2];
    for output in 0..2 {
        let inputs = early::reflections(model.size_m.map(|length_m| length_m * factor), output);
        for (input, reflections) in inputs.iter().enumerate() {
            for reflection in reflections.iter().filter(|reflection| reflection.gain * early_gain > 0.0) {
                early[output][early_counts[output]] = EarlyTap {
                    line: EARLY_LINES[output][input],
                    delay_frames: frames(reflection.delay_ms, rate_hz),
                    gain: reflection.gain * early_gain / libm::sqrt(walls * (1.0 + early_gain * early_gain)),
                };
                early_counts[output] += 1;
            }
        }
    }

    let longest_s = params.t60_s * params.highest_ratio();
    let network = NetworkCoeffs {
        early,
        early_counts,
        diffusion_delays,
        diffusion_tangent: libm::tan(angle),
        diffusion_gains: core::array::from_fn(|step| {
            let dimensions = f64::from(span(step).ilog2() + 1);
            let share = if step + 1 == STEPS { libm::sqrt(8.0) } else { 1.0 };
            libm::pow(libm::cos(angle), dimensions) / share
        }),
        order: spread.order,
        delays,
        low_shelves,
        high_shelves,
        feedback_gains: spread.output_signs.map(|sign| sign / 4.0),
        depth_frames: if params.freeze { 0.0 } else { params.modulation_depth_ms * 1e-3 * rate_hz },
        lfo_rotations,
        is_frozen: params.freeze,
    };
    let tail_frames = tail_frames(&network, longest_s, rate_hz);
    Design { network, tail_gain, tail_frames }
}

/// Frames until nothing above [`REVERB_SIGNAL`](crate::foundation::silence::REVERB_SIGNAL) is written, and all earlier
/// signal has passed.
fn tail_frames(network: &NetworkCoeffs, longest_s: f64, rate_hz: f64) -> u64 {
    let shortest = network.delays.iter().copied().min().unwrap_or(1) as f64;
    // The largest sum of magnitudes after diffusion, then resonance at the slowest decay.
    let diffused_db = 39.0;
    let resonance = 4.0 / (1.0 - libm::pow(10.0, -3.0 * shortest / (rate_hz * longest_s)));
    let fall_db = 200.0 + diffused_db + 20.0 * libm::log10(resonance);
    libm::ceil(1.2 * longest_s * rate_hz * fall_db / 60.0) as u64
}
