//! From settings to what the network runs: delays, absorption, level.
//!
//! # Source
//! Absorption: J.-M. Jot and A. Chaigne, "Digital delay networks for designing artificial reverberators", AES 90th
//! Convention, 1991: a line of m frames gives 60 m / (fs T60) dB. The shelves that bend it are of first order, with half
//! their gain in dB at the corner, so that the decays of all lines stay in proportion.

use super::{
    ReverbParams,
    early::{self, LATEST_MS, REFLECTIONS},
};
use crate::{
    foundation::{stream::StreamSpec, unit::db_to_gain},
    primitives::{
        modulated_delay::{REACH, rotation},
        random::Random,
    },
    reverbs::fdn::LINES,
};
use core::f64::consts::{PI, TAU};

/// Steps of diffusion.
pub(super) const STEPS: usize = 4;
/// Steps that keep left and right apart: half of their lines are left, half are right. What has passed them is reflected
/// early.
pub(super) const HALF_DIFFUSED: usize = 2;
/// Lines of these steps; the others have as many as the network, and the first of them reads each line twice.
pub(super) const NARROW: usize = LINES / 2;
/// Lines whose delay moves: every other one.
pub(super) const MOVING: usize = 8;
/// The lines that are reflected early: for each output, of left and of right.
pub(super) const REFLECTED: [[usize; 2]; 2] = [[0, 4], [1, 5]];
/// Longest pre-delay, in ms.
pub(super) const MAX_PREDELAY_MS: f64 = 250.0;
/// Largest depth of modulation, in ms.
pub(super) const MAX_DEPTH_MS: f64 = 1.0;
/// Factor on all delays at `size` 1; it is 1 at 0.5.
const LARGEST: f64 = 1.5;
/// Jitter of the lines' delays, as part of their distance on a logarithmic scale.
const JITTER: f64 = 0.4;
/// Rate of the slowest and of the fastest line's modulation over `modulation_hz`.
const RATE_SPREAD: [f64; 2] = [0.7, 1.3];
/// What a shelf does at most to one pass of a line, in dB: beyond, nothing is left to hear.
const MAX_SHELF_DB: f64 = 60.0;
/// Corners stay below this part of the sample rate.
const HIGHEST_CORNER: f64 = 0.4;
/// Gain of a pass while frozen.
const FROZEN: f64 = 1.0 - 1e-6;
/// Level of the diffused input beside the lines' sum: as dense as what follows.
pub(super) const DIRECT: f64 = 0.5;
/// Up to where the level is reckoned.
const HEARD_HZ: f64 = 20_000.0;
/// Corner above which the walls return less of the early reflections.
const WALL_HZ: f64 = 5_000.0;
/// Below this no direct current, no rumble.
const HIGH_PASS_HZ: f64 = 20.0;

/// An early reflection: from which of the half diffused lines, after how many frames, how loud.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Tap {
    pub(super) line: usize,
    pub(super) delay: usize,
    pub(super) gain: f64,
}

/// One setting of the network.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Voicing {
    /// Per output, as many as `taps` says.
    pub(super) early: [[Tap; 2 * REFLECTIONS]; 2],
    pub(super) taps: [usize; 2],
    /// The pre-delay is part of the first step's. Of steps that are narrow, [`NARROW`] count.
    pub(super) diffusers: [[usize; LINES]; STEPS],
    pub(super) tangent: f64,
    /// What each step scales by, so that all keep the energy; the last also shares an input among its lines.
    pub(super) scales: [f64; STEPS],
    /// In the order in which the matrix takes them: `order[k]` is the line that is read k-th.
    pub(super) order: [usize; LINES],
    pub(super) delays: [usize; LINES],
    /// Of the absorbers, in reading order, with the signs in front of the transform.
    pub(super) sections: [[[f64; LINES]; 3]; 2],
    /// Signs behind the transform, times its norm.
    pub(super) gains: [f64; LINES],
    pub(super) depth_frames: f64,
    /// Rotation of each moving line's phase per cell.
    pub(super) rotations: [[f64; 2]; MOVING],
    pub(super) frozen: bool,
}

/// Lines of a step of diffusion.
pub(super) const fn lines_of(step: usize) -> usize {
    if step < HALF_DIFFUSED { NARROW } else { LINES }
}

/// How far apart the lines are that a step mixes last: half as many as mix with each other.
pub(super) const fn span(step: usize) -> usize {
    if step < HALF_DIFFUSED { NARROW / 4 } else { LINES / 2 }
}

/// What does not depend on settings that may change.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Frame {
    /// Longest delays: from the input, of each step of diffusion but the first, of the lines.
    pub(super) input: usize,
    pub(super) steps: [[usize; LINES]; STEPS - 1],
    /// Longest delay of the early reflections, from the lines in [`REFLECTED`] after step [`HALF_DIFFUSED`].
    pub(super) reflected: usize,
    pub(super) lines: [usize; LINES],
    pub(super) wall_pole: f64,
    pub(super) high_pass_pole: f64,
}

/// Random choices of a space: the same for every size and rate.
struct Spread {
    /// Places of the lines between shortest and longest, 0..1.
    places: [f64; LINES],
    /// Places of the diffusers' delays, 0..1; narrow steps take the first.
    diffusers: [[f64; LINES]; STEPS],
    order: [usize; LINES],
    signs: [[f64; LINES]; 2],
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
        let mut places = [0.0; LINES];
        for (slot, place) in places.iter_mut().enumerate() {
            *place = (slot as f64 + 0.5 + JITTER * (2.0 * uniform(random) - 1.0)) / slots;
        }
        shuffle(&mut places, random);
        let mut diffusers = [[0.0; LINES]; STEPS];
        for step in &mut diffusers {
            for (slot, place) in step.iter_mut().enumerate() {
                *place = (slot as f64 + uniform(random)) / slots;
            }
            shuffle(step, random);
        }
        let mut order = core::array::from_fn(|line| line);
        shuffle(&mut order, random);
        let mut signs = [[1.0; LINES]; 2];
        for sign in signs.as_flattened_mut() {
            *sign = if uniform(random) < 0.5 { 1.0 } else { -1.0 };
        }
        Self { places, diffusers, order, signs }
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
fn lines(lines_ms: [f64; 2], places: &[f64; LINES], factor: f64, rate_hz: f64) -> [usize; LINES] {
    let mut delays = [0; LINES];
    for line in 0..LINES {
        let ms = lines_ms[0] * libm::pow(lines_ms[1] / lines_ms[0], places[line]);
        delays[line] = prime_from(libm::round(factor * ms * 1e-3 * rate_hz) as usize, &delays[..line]);
    }
    delays
}

/// Longest delay of a step of diffusion: a sixteenth of the shortest line, then always twice as long.
fn step_frames(step: usize, lines_ms: [f64; 2], factor: f64, rate_hz: f64) -> f64 {
    factor * lines_ms[0] * 1e-3 * rate_hz * libm::exp2(step as f64 - STEPS as f64)
}

fn frames(ms: f64, rate_hz: f64) -> usize {
    libm::round(ms * 1e-3 * rate_hz) as usize
}

/// Coefficients direct, feed, pole of a first-order section b, a.
fn section(b: [f64; 2], a: [f64; 2]) -> [f64; 3] {
    let (b0, b1, a1) = (b[0] / a[0], b[1] / a[0], a[1] / a[0]);
    [b0, b1 - a1 * b0, -a1]
}

/// Tangent of half a corner's angle.
fn warped(corner_hz: f64, rate_hz: f64) -> f64 {
    libm::tan(PI * corner_hz.min(HIGHEST_CORNER * rate_hz) / rate_hz)
}

fn low_shelf(gain_db: f64, corner_hz: f64, rate_hz: f64) -> [f64; 3] {
    let (root, k) = (db_to_gain(gain_db.clamp(-MAX_SHELF_DB, MAX_SHELF_DB) / 2.0), warped(corner_hz, rate_hz));
    section([1.0 + k * root, k * root - 1.0], [1.0 + k / root, k / root - 1.0])
}

fn high_shelf(gain_db: f64, corner_hz: f64, rate_hz: f64) -> [f64; 3] {
    let (root, k) = (db_to_gain(gain_db.clamp(-MAX_SHELF_DB, MAX_SHELF_DB) / 2.0), warped(corner_hz, rate_hz));
    section([root + k, k - root], [1.0 / root + k, k - 1.0 / root])
}

/// Squared magnitude of a section.
fn power(section: [f64; 3], frequency_hz: f64, rate_hz: f64) -> f64 {
    let [direct, feed, pole] = section;
    let (sin, cos) = (libm::sin(TAU * frequency_hz / rate_hz), libm::cos(TAU * frequency_hz / rate_hz));
    // H = direct + feed / (z - pole).
    let square = (cos - pole) * (cos - pole) + sin * sin;
    let (re, im) = (direct + feed * (cos - pole) / square, feed * sin / square);
    re * re + im * im
}

impl Frame {
    pub(super) fn new(params: &ReverbParams, spec: &StreamSpec) -> Self {
        let (rooms, rate_hz) = (params.space.rooms(), spec.sample_rate_hz());
        let spread = Spread::new(rooms.seed);
        let longest = |step: usize| step_frames(step, rooms.lines_ms, LARGEST, rate_hz);
        let delays = |step: usize| spread.diffusers[step].map(|place| libm::ceil(place * longest(step)) as usize);
        let margin = frames(MAX_DEPTH_MS, rate_hz) + 2 * REACH;
        Self {
            input: frames(MAX_PREDELAY_MS, rate_hz) + libm::ceil(longest(0)) as usize,
            steps: [delays(1), delays(2), delays(3)],
            reflected: frames(LATEST_MS, rate_hz),
            lines: lines(rooms.lines_ms, &spread.places, LARGEST, rate_hz).map(|delay| delay + margin),
            wall_pole: wall_pole(rate_hz),
            high_pass_pole: libm::exp(-TAU * HIGH_PASS_HZ / rate_hz),
        }
    }
}

/// Pole of the walls' loss.
fn wall_pole(rate_hz: f64) -> f64 {
    libm::exp(-TAU * WALL_HZ / rate_hz)
}

/// A voicing, the gain that brings its tail to the level of the input, and the frames until it has died away.
pub(super) fn design(params: &ReverbParams, spec: &StreamSpec) -> (Voicing, f64, u64) {
    let (rooms, rate_hz) = (params.space.rooms(), spec.sample_rate_hz());
    let spread = Spread::new(rooms.seed);
    let factor = LARGEST - 1.0 + params.size;
    let predelay = frames(params.predelay_ms, rate_hz);
    let level = db_to_gain(params.early_db);

    let mut diffusers = [[0; LINES]; STEPS];
    for (step, delays) in diffusers.iter_mut().enumerate() {
        let longest = step_frames(step, rooms.lines_ms, factor, rate_hz);
        for (delay, place) in delays.iter_mut().zip(spread.diffusers[step]) {
            *delay = libm::floor(place * longest) as usize + if step == 0 { predelay } else { 0 };
        }
    }
    let angle = params.diffusion * PI / 4.0;

    let delays = lines(rooms.lines_ms, &spread.places, factor, rate_hz);
    let mut sections = [[[0.0; LINES]; 3]; 2];
    let shelves = |delay: usize| {
        let decay_db = |t60_s: f64| -60.0 * delay as f64 / (rate_hz * t60_s);
        let (low_s, high_s) = (params.t60_s * params.t60_low_ratio, params.t60_s * params.t60_high_ratio);
        let middle_db = decay_db(params.t60_s);
        let mut low = low_shelf(decay_db(low_s) - middle_db, params.low_frequency_hz, rate_hz);
        low[0] *= db_to_gain(middle_db);
        low[1] *= db_to_gain(middle_db);
        (low, high_shelf(decay_db(high_s) - middle_db, params.high_frequency_hz, rate_hz))
    };
    for (place, &line) in spread.order.iter().enumerate() {
        let (low, high) = if params.freeze { ([FROZEN, 0.0, 0.0], [1.0, 0.0, 0.0]) } else { shelves(delays[line]) };
        for kind in 0..3 {
            let sign = if kind < 2 { spread.signs[0][place] } else { 1.0 };
            sections[0][kind][place] = sign * low[kind];
            sections[1][kind][place] = high[kind];
        }
    }

    let mut rotations = [[0.0; 2]; MOVING];
    for (line, turn) in rotations.iter_mut().enumerate() {
        let place = (line as f64 * 0.618_033_988_749_895) % 1.0;
        let hz = params.modulation_hz * (RATE_SPREAD[0] + (RATE_SPREAD[1] - RATE_SPREAD[0]) * place);
        *turn = rotation(hz, rate_hz);
    }

    // Mean power of what the walls leave, and of the tail, over the frequencies that are heard.
    let (mut walls, mut mean) = (0.0, 0.0);
    // White noise of power 1 at both inputs reaches each line with 1/8. A line then holds p/(1-q), q the mean of what the
    // lines return; of this the feedback is q p/(1-q).
    const POINTS: usize = 48;
    for point in 0..POINTS {
        let frequency_hz = (point as f64 + 0.5) / POINTS as f64 * HEARD_HZ.min(0.5 * rate_hz);
        let returned = delays.map(|delay| {
            let (low, high) = shelves(delay);
            power(low, frequency_hz, rate_hz) * power(high, frequency_hz, rate_hz)
        });
        let q = returned.iter().sum::<f64>() / LINES as f64;
        mean += (q / (1.0 - q) + DIRECT * DIRECT) / POINTS as f64;
        let pole = wall_pole(rate_hz);
        let cos = libm::cos(TAU * frequency_hz / rate_hz);
        walls += (1.0 - pole) * (1.0 - pole) / (1.0 + pole * pole - 2.0 * pole * cos) / POINTS as f64;
    }
    let tail_gain = libm::sqrt(8.0 / (mean * (1.0 + level * level)));

    let mut early = [[Tap::default(); 2 * REFLECTIONS]; 2];
    let mut taps = [0; 2];
    for output in 0..2 {
        let inputs = early::reflections(rooms.walls_m.map(|wall| wall * factor), output);
        for (input, reflections) in inputs.iter().enumerate() {
            for reflection in reflections.iter().filter(|reflection| reflection.gain * level > 0.0) {
                early[output][taps[output]] = Tap {
                    line: REFLECTED[output][input],
                    delay: frames(reflection.delay_ms, rate_hz),
                    gain: reflection.gain * level / libm::sqrt(walls * (1.0 + level * level)),
                };
                taps[output] += 1;
            }
        }
    }

    let longest_s = params.t60_s * params.highest_ratio();
    let voicing = Voicing {
        early,
        taps,
        diffusers,
        tangent: libm::tan(angle),
        scales: core::array::from_fn(|step| {
            let dimensions = f64::from(span(step).ilog2() + 1);
            let share = if step + 1 == STEPS { libm::sqrt(8.0) } else { 1.0 };
            libm::pow(libm::cos(angle), dimensions) / share
        }),
        order: spread.order,
        delays,
        sections,
        gains: spread.signs[1].map(|sign| sign / 4.0),
        depth_frames: if params.freeze { 0.0 } else { params.modulation_depth_ms * 1e-3 * rate_hz },
        rotations,
        frozen: params.freeze,
    };
    let tail = tail_frames(&voicing, longest_s, rate_hz);
    (voicing, tail_gain, tail)
}

/// Frames until nothing above [`REVERB_SIGNAL`](crate::foundation::silence::REVERB_SIGNAL) is written, and all that was written has passed.
fn tail_frames(voicing: &Voicing, longest_s: f64, rate_hz: f64) -> u64 {
    let shortest = voicing.delays.iter().copied().min().unwrap_or(1) as f64;
    // The largest sum of magnitudes that diffusion can make, then resonance at the slowest decay.
    let diffused_db = 39.0;
    let resonance = 4.0 / (1.0 - libm::pow(10.0, -3.0 * shortest / (rate_hz * longest_s)));
    let fall_db = 200.0 + diffused_db + 20.0 * libm::log10(resonance);
    libm::ceil(1.2 * longest_s * rate_hz * fall_db / 60.0) as u64
}

impl Frame {
    /// Frames after which nothing older is in any memory.
    pub(super) fn memory_frames(&self) -> usize {
        let longest = |delays: &[usize]| delays.iter().copied().max().unwrap_or(0);
        self.input + self.steps.iter().map(|step| longest(step)).sum::<usize>() + self.reflected + longest(&self.lines)
    }
}
