//! The design of the network: delays, absorption and level from the settings.
//!
//! # Source
//! Absorption: J.-M. Jot and A. Chaigne, "Digital delay networks for designing artificial reverberators", AES 90th
//! Convention, 1991: a line of m frames gives 60 m / (fs T60) dB. The shelves are of first order, with half their gain
//! in dB at the corner, so that the decays of all lines stay in proportion.

use super::{
    early::{self, LATEST_MS, REFLECTIONS},
    params::ReverbParams,
    shelves::{self, Section},
    space::Space,
    spread::{ONSET_TAPS, STEPS, Spread, line_delays},
};
use crate::{
    foundation::{field::max_of, grid::GRID_FRAMES, stream::StreamSpec, unit::db_to_gain},
    primitives::modulated_delay::{REACH, loss_db, rotation},
    reverbs::{fdn::LINES, modulated_lines::parts},
};
use core::f64::consts::{LN_10, PI, TAU};

/// Steps that keep left and right apart: half of their lines are left, half are right. The early reflections are tapped
/// after them.
pub(super) const STEREO_STEPS: usize = 3;
/// Steps of half the lines; the others have as many as the network, and the first of them reads each line twice.
pub(super) const NARROW_STEPS: usize = 1;
/// Lines of the narrow steps.
pub(super) const NARROW_LINES: usize = LINES / 2;
/// Early reflections of an output at most.
pub(super) const MAX_EARLY_TAPS: usize = 2 * REFLECTIONS;
/// Lines with modulated delays: every other one.
pub(super) const MODULATED_LINES: usize = 8;
/// The lines tapped for the early reflections: for each output, of left and of right.
pub(super) const EARLY_LINES: [[usize; 2]; 2] = [[0, 8], [2, 10]];
/// Longest pre-delay, in ms.
pub(super) const MAX_PREDELAY_MS: f64 = max_of(ReverbParams::FIELDS, "predelay_ms");
/// Largest depth of modulation, in ms.
pub(super) const MAX_DEPTH_MS: f64 = max_of(ReverbParams::FIELDS, "modulation_depth_ms");
/// Factor on all delays at `size` 1; it is 1 at 0.5.
const LARGEST: f64 = 1.5;
/// Rate of the slowest and of the fastest line's modulation over `modulation_hz`.
const RATE_SPREAD: [f64; 2] = [0.7, 1.3];
/// Gain of a line while frozen.
const FROZEN_GAIN: f64 = 1.0 - 1e-6;
/// The weights of the onset taps lie between these.
const ONSET_WEIGHTS: [f64; 2] = [1.15, 0.85];
/// Highest frequency in the level calculation, at every sample rate.
const HIGHEST_HZ: f64 = 20_000.0;
/// Frequency at which the loss of the interpolation is made up for, in Hz; in parts of the sample rate at most.
const MADE_UP_HZ: f64 = 9_000.0;
const MADE_UP_PER_RATE: f64 = 0.25;
/// Corner of the low pass of the early reflections, the absorption of the walls.
const WALL_HZ: f64 = 5_000.0;
/// Corner of the high pass at the input.
const HIGH_PASS_HZ: f64 = 20.0;

/// A tap of a line: an early reflection, of a line after [`STEREO_STEPS`], or an onset tap, of a line of the network.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Tap {
    pub(super) line: usize,
    pub(super) delay_frames: usize,
    pub(super) gain: f64,
}

/// The coefficients of the network.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct NetworkCoeffs {
    /// The first `early_counts` of each output are in use.
    pub(super) early: [[Tap; MAX_EARLY_TAPS]; 2],
    pub(super) early_counts: [usize; 2],
    /// Taps of the lines before their ends, for each output.
    pub(super) onset: [[Tap; ONSET_TAPS]; 2],
    /// Delays in frames. The pre-delay is part of the first step's. In the narrow steps the first [`NARROW_LINES`] are
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
    /// Parts of the 64-frame grid on which it is exact.
    pub(super) modulation_parts: usize,
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
    if step < NARROW_STEPS { NARROW_LINES } else { LINES }
}

/// Lines that a step mixes with each other.
pub(super) const fn mixed_lines(step: usize) -> usize {
    if step < STEREO_STEPS { lines_of(step) / 2 } else { LINES }
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

/// Longest delay of a step of diffusion: a sixteenth of the shortest line, doubled with each step.
fn step_frames(step: usize, [shortest_ms, _]: [f64; 2], factor: f64, rate_hz: f64) -> f64 {
    factor * shortest_ms * 1e-3 * rate_hz * libm::exp2(step as f64 - STEPS as f64)
}

fn frames(ms: f64, rate_hz: f64) -> usize {
    libm::round(ms * 1e-3 * rate_hz) as usize
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
    let depth_frames = if params.freeze { 0.0 } else { params.modulation_depth_ms * 1e-3 * rate_hz };
    // The largest movement of a delay from one grid point to the next.
    let moved_frames = depth_frames * TAU * params.modulation_hz * RATE_SPREAD[1] * GRID_FRAMES as f64 / rate_hz;
    let modulation_parts = parts(moved_frames);
    let made_up_hz = MADE_UP_HZ.min(MADE_UP_PER_RATE * rate_hz);
    let moved_frames = moved_frames / modulation_parts as f64;
    let lost_db = if depth_frames > 0.0 { loss_db(made_up_hz / rate_hz, depth_frames, moved_frames) } else { 0.0 };
    // Gains of a pass of a line, in dB: in the middle, of the low shelf, of the high shelf.
    let decay_db = |delay: usize| {
        let decay_db = |t60_s: f64| -60.0 * delay as f64 / (rate_hz * t60_s);
        let (low_s, high_s) = (params.t60_s * params.t60_low_ratio, params.t60_s * params.t60_high_ratio);
        let middle_db = decay_db(params.t60_s);
        [middle_db, decay_db(low_s) - middle_db, decay_db(high_s) - middle_db]
    };
    let shelves = |delay: usize, is_modulated: bool| {
        let [middle_db, low_db, mut high_db] = decay_db(delay);
        if is_modulated {
            // A shelf has this part of its gain there. Half of the decay stays at least, as the loss comes and goes.
            let (made_up, corner) = (made_up_hz * made_up_hz, params.high_frequency_hz * params.high_frequency_hz);
            high_db += (lost_db / (made_up / (made_up + corner))).min(-0.5 * (middle_db + high_db));
        }
        let mut low = shelves::low_shelf(low_db, params.low_frequency_hz, rate_hz);
        low.direct *= db_to_gain(middle_db);
        low.feed *= db_to_gain(middle_db);
        (low, shelves::high_shelf(high_db, params.high_frequency_hz, rate_hz))
    };
    let (mut low_shelves, mut high_shelves) = ([Section::default(); LINES], [Section::default(); LINES]);
    for (input, &line) in spread.order.iter().enumerate() {
        let (low, high) = if params.freeze { frozen() } else { shelves(delays[line], input % 2 == 0) };
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

    let onset = onset_taps(&spread, &delays, 6.0 * LN_10 / (rate_hz * params.t60_s));
    let onset_power = 0.5 * onset.as_flattened().iter().map(|tap| tap.gain * tap.gain).sum::<f64>();

    // Mean power of the early reflections after their low pass, and of the tail, over frequency. The frequencies and
    // the filters are the same at every sample rate, and so is the level of what it can carry.
    let (mut walls, mut mean) = (0.0, 0.0);
    // White noise of power 1 at both inputs reaches each line with 1/8. A line then has the power p/(1-q), q the mean
    // power gain of the lines; q p/(1-q) of it is feedback.
    const POINTS: usize = 48;
    for point in 0..POINTS {
        let frequency_hz = (point as f64 + 0.5) / POINTS as f64 * HIGHEST_HZ;
        let returned = delays.map(|delay| {
            let [middle_db, low_db, high_db] = decay_db(delay);
            let gain = db_to_gain(middle_db);
            let (low, high) = ((low_db, params.low_frequency_hz), (high_db, params.high_frequency_hz));
            gain * gain * shelves::power(low, high, frequency_hz)
        });
        let q = returned.iter().sum::<f64>() / LINES as f64;
        mean += (q + onset_power) / (1.0 - q) / POINTS as f64;
        walls += 1.0 / (1.0 + (frequency_hz / WALL_HZ) * (frequency_hz / WALL_HZ)) / POINTS as f64;
    }
    let tail_gain = libm::sqrt(8.0 / (mean * (1.0 + early_gain * early_gain)));

    let mut early = [[Tap::default(); MAX_EARLY_TAPS]; 2];
    let mut early_counts = [0; 2];
    for output in 0..2 {
        let inputs = early::reflections(model.size_m.map(|length_m| length_m * factor), output);
        for (input, reflections) in inputs.iter().enumerate() {
            for reflection in reflections.iter().filter(|reflection| reflection.gain * early_gain > 0.0) {
                early[output][early_counts[output]] = Tap {
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
        onset,
        diffusion_delays,
        diffusion_tangent: libm::tan(angle),
        diffusion_gains: core::array::from_fn(|step| {
            let dimensions = f64::from(mixed_lines(step).ilog2());
            let share = if step + 1 == STEPS { libm::sqrt(8.0) } else { 1.0 };
            libm::pow(libm::cos(angle), dimensions) / share
        }),
        order: spread.order,
        delays,
        low_shelves,
        high_shelves,
        feedback_gains: spread.output_signs.map(|sign| sign / 4.0),
        depth_frames,
        modulation_parts,
        lfo_rotations,
        is_frozen: params.freeze,
    };
    let tail_frames = tail_frames(&network, longest_s, rate_hz);
    Design { network, tail_gain, tail_frames }
}

/// Taps of the lines from the beginning to the shortest delay, where the first line ends.
///
/// The lines hold the energy of the tail, which falls by `decay` per frame. At their ends the outputs hear a line's
/// energy once in its delay, hence 1/16 of all on average in (mean - shortest) / 16 frames after the shortest delay, and
/// nothing before. The taps fill that time at the same rate, so that both add up to one decay. What a tap hears is as
/// dense as the tail, and as long as the diffusion; eight of them overlap.
fn onset_taps(spread: &Spread, delays: &[usize; LINES], decay: f64) -> [[Tap; ONSET_TAPS]; 2] {
    let shortest = delays.iter().copied().min().unwrap_or(1) as f64;
    let mean = delays.iter().sum::<usize>() as f64 / LINES as f64;
    core::array::from_fn(|output| {
        core::array::from_fn(|tap| {
            let (line, position, sign) = spread.onset[output * ONSET_TAPS + tap];
            let delay_frames = (position * shortest) as usize;
            let share = shortest / ONSET_TAPS as f64 / (mean - shortest);
            let gain = libm::sqrt(share * libm::exp(-decay * delay_frames as f64));
            // All paths of the diffusion are equally loud. Sums of so few levels are no noise: the taps differ.
            let [from, to] = ONSET_WEIGHTS;
            let weight = from + (to - from) * (((output * ONSET_TAPS + tap) as f64 * 0.618_033_988_749_895) % 1.0);
            Tap { line, delay_frames, gain: sign * weight * gain }
        })
    })
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
