//! The random choices of a space, and the delays made of them.

use crate::{primitives::random::Random, reverbs::fdn::LINES};

/// Steps of diffusion.
pub(super) const STEPS: usize = 4;
/// Onset taps of an output.
pub(super) const ONSET_TAPS: usize = LINES / 2;

/// Jitter of the lines' delays, as part of their distance on a logarithmic scale.
const JITTER: f64 = 0.4;
/// Jitter of the onset taps, as part of their distance.
const ONSET_JITTER: f64 = 0.3;

/// Random choices of a space: the same for every size and rate.
pub(super) struct Spread {
    /// Positions of the lines between shortest and longest, 0..1.
    pub(super) lines: [f64; LINES],
    /// Delays of the diffusion over the longest of their step, 0..1; steps of fewer lines use the first.
    pub(super) diffusion: [[f64; LINES]; STEPS],
    pub(super) order: [usize; LINES],
    /// Before the transform, and after it.
    pub(super) input_signs: [f64; LINES],
    pub(super) output_signs: [f64; LINES],
    /// The onset taps, left before right: their lines, each line once; positions over the shortest line, 0..1; signs.
    pub(super) onset: [(usize, f64, f64); LINES],
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
    pub(super) fn new(seed: u64) -> Self {
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
        let random = &mut Random::new(seed, 1);
        let mut onset_lines = core::array::from_fn::<_, LINES, _>(|line| line);
        shuffle(&mut onset_lines, random);
        let mut onset = [(0, 0.0, 0.0); LINES];
        for (index, (tap, line)) in onset.iter_mut().zip(onset_lines).enumerate() {
            let slot = index % ONSET_TAPS;
            let jitter = ONSET_JITTER * (2.0 * uniform(random) - 1.0);
            let sign = if uniform(random) < 0.5 { 1.0 } else { -1.0 };
            // The first tap of a side is the input of its line.
            let position = if slot == 0 { 0.0 } else { (slot as f64 + jitter) / ONSET_TAPS as f64 };
            *tap = (line, position, sign);
        }
        Self { lines, diffusion, order, input_signs, output_signs, onset }
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
pub(super) fn line_delays(
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
