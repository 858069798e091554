//! The inverse of what antialiasing takes from the treble.
//!
//! Of a small signal second-order antialiasing puts out the mean of three samples of the highest rate, whose response,
//! (1 + 2 cos w) / 3, falls by 1.4 dB at 20 kHz at 4 times 48 kHz and by 5.9 dB at twice. The inverse is a symmetric FIR of
//! the base rate behind the decimation: y(n) = x(n) + Σ g(k) (x(n - k) + x(n + k) - 2 x(n)), which keeps a constant to the bit.
//!
//! Where the sound goes through a curve again, what lies above 20 kHz is removed as well: there the decimation lets aliases
//! through, up to its own half rate, which a second curve would mix down into the audible band.
//!
//! # Source
//! The response of a symmetric FIR is a polynomial in cos w; the one that meets the wanted response at Chebyshev's nodes is
//! close to the best. Barycentric form: J.-P. Berrut & L. N. Trefethen, "Barycentric Lagrange interpolation", SIAM Review
//! 46(3), 2004.

use crate::primitives::{
    backend::{Backend, run},
    history::History,
    kaiser::kaiser,
    lanes::{Form, Lanes},
};
use alloc::{vec, vec::Vec};
use core::f64::consts::{PI, TAU};

/// Highest frequency made flat, as that which the oversampling passes.
const PASS_HZ: f64 = 20_000.0;
const PASS_OF_RATE: f64 = 0.4535;
/// Lowest end of the band in parts of the rate: the polynomial must not run away above it.
const LEAST_OF_RATE: f64 = 0.35;
/// Largest deviation, in parts of the amplitude: 0.004 dB.
const RIPPLE: f64 = 5e-4;
/// Most taps on one side.
const MOST_TAPS: usize = 32;
/// What a vector may write beyond the last frame: the widest has 8 lanes of f64.
const PAD: usize = 8;

/// Stop band of [`Band::Audible`] by Kaiser's formulas, in dB, and the shape of its window.
const STOP_BAND_DB: f64 = 65.0;
const BETA: f64 = 0.1102 * (STOP_BAND_DB - 8.7);

/// What an [`Inverse`] puts out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Band {
    /// All.
    Whole,
    /// Up to 20 kHz.
    Audible,
}

/// The filter, one channel.
#[derive(Clone, Debug)]
pub(super) struct Inverse {
    backend: Backend,
    /// g.
    taps: Vec<f64>,
    input: History<f64>,
    /// Frames since the last sample that is not 0.
    quiet: usize,
    out: Vec<f64>,
}

impl Inverse {
    /// For antialiasing at `factor` times the rate, for up to `chunk` frames at a time; nothing for a factor of 1.
    pub(super) fn new(backend: Backend, sample_rate_hz: f64, factor: usize, band: Band, chunk: usize) -> Self {
        let taps = match band {
            _ if factor == 1 => Vec::new(),
            Band::Whole => design(sample_rate_hz, factor),
            Band::Audible => low_pass(sample_rate_hz, factor),
        };
        let input = History::new(2 * taps.len(), chunk, PAD);
        Self { backend, input, quiet: usize::MAX, out: vec![0.0; chunk + PAD], taps }
    }

    pub(super) fn latency_frames(&self) -> usize {
        self.taps.len()
    }

    /// The samples without the droop, delayed by the latency.
    pub(super) fn run(&mut self, samples: &[f64]) -> &[f64] {
        let count = samples.len();
        let was_quiet = self.quiet >= 2 * self.taps.len();
        // Its sign counts: of -0 the filter makes -0.
        self.quiet = match samples.iter().fold(0, |bits, sample| bits | sample.to_bits()) {
            0 => self.quiet.saturating_add(count),
            _ => 0,
        };
        if was_quiet && self.quiet > 0 {
            // What comes from zeros alone, of which the history is full.
            self.out[..count].fill(0.0);
            return &self.out[..count];
        }
        self.input.append(count).copy_from_slice(samples);
        let input = self.input.from(count + 2 * self.taps.len());
        let out = &mut self.out;
        run!(self.backend, form => symmetric(form, &self.taps, input, count, out));
        &self.out[..count]
    }

    pub(super) fn reset(&mut self) {
        let Self { backend: _, taps: _, input, quiet, out: _ } = self;
        input.reset();
        *quiet = usize::MAX;
    }
}

#[inline(always)]
fn symmetric<F: Form>(form: F, taps: &[f64], input: &[f64], count: usize, out: &mut [f64]) {
    let (lanes, reach) = (F::Native::<f64>::LEN, taps.len());
    let mut start = 0;
    while start < count {
        let input = &input[start..start + 2 * reach + lanes];
        let middle = form.load(&input[reach..]);
        let twice = middle + middle;
        let mut sum = middle;
        for (k, tap) in (1..).zip(taps) {
            let pair = form.load(&input[reach - k..]) + form.load(&input[reach + k..]);
            sum = (pair - twice).mul_add(form.splat(*tap), sum);
        }
        sum.store(&mut out[start..]);
        start += lanes;
    }
}

/// The inverse up to 20 kHz, and nothing from half-way to half the rate on.
fn low_pass(sample_rate_hz: f64, factor: usize) -> Vec<f64> {
    const STEPS: u32 = 2_048;
    let top = (PASS_HZ / sample_rate_hz).min(PASS_OF_RATE);
    let transition = 0.5 * (0.5 - top);
    let reach = libm::ceil(0.5 * (STOP_BAND_DB - 7.95) / (14.36 * transition)) as usize;
    let edge = TAU * (top + 0.5 * transition);
    // By the midpoint rule over the band.
    let cosine = |k: usize| {
        let step = |n: u32| {
            let w = edge * (f64::from(n) + 0.5) / f64::from(STEPS);
            wanted(w, factor) * libm::cos(k as f64 * w)
        };
        (0..STEPS).map(step).sum::<f64>() * edge / (PI * f64::from(STEPS))
    };
    let mut taps: Vec<f64> = (1..=reach).map(|k| cosine(k) * kaiser(BETA, k as f64 / (reach + 1) as f64)).collect();
    // A constant is kept.
    let sum = cosine(0) + 2.0 * taps.iter().sum::<f64>();
    taps.iter_mut().for_each(|tap| *tap /= sum);
    taps
}

/// 1 / ((1 + 2 cos w) / 3), w in radians of the base rate.
fn wanted(w: f64, factor: usize) -> f64 {
    3.0 / (1.0 + 2.0 * libm::cos(w / factor as f64))
}

/// The shortest taps that are flat to [`RIPPLE`].
fn design(sample_rate_hz: f64, factor: usize) -> Vec<f64> {
    let top = (PASS_HZ / sample_rate_hz).clamp(LEAST_OF_RATE, PASS_OF_RATE);
    let mut taps = Vec::new();
    for count in 1..=MOST_TAPS {
        taps = interpolated(TAU * top, factor, count);
        let deviation = |step: u32| {
            let w = TAU * top * f64::from(step) / 256.0;
            (response(&taps, w) / wanted(w, factor) - 1.0).abs()
        };
        if (0..=256).map(deviation).fold(0.0, f64::max) <= RIPPLE {
            break;
        }
    }
    taps
}

fn response(taps: &[f64], w: f64) -> f64 {
    (1..).zip(taps).fold(1.0, |sum, (k, tap)| sum + tap * 2.0 * (libm::cos(f64::from(k) * w) - 1.0))
}

/// The taps whose response is the polynomial in cos w of degree `count` through the wanted one at Chebyshev's nodes of
/// 0..top, the ends included.
fn interpolated(top: f64, factor: usize, count: usize) -> Vec<f64> {
    let low = libm::cos(top);
    let nodes: Vec<[f64; 3]> = (0..=count)
        .map(|j| {
            let c =
                if j == 0 { 1.0 } else { low + (1.0 - low) * 0.5 * (1.0 + libm::cos(PI * j as f64 / count as f64)) };
            let end = if j == 0 || j == count { 0.5 } else { 1.0 };
            [c, wanted(libm::acos(c), factor), if j % 2 == 0 { end } else { -end }]
        })
        .collect();
    let polynomial = |c: f64| {
        let (mut above, mut below) = (0.0, 0.0);
        for [node, value, weight] in &nodes {
            let distance = c - node;
            if distance == 0.0 {
                return *value;
            }
            above += weight / distance * value;
            below += weight / distance;
        }
        above / below
    };
    // The coefficients of cos kw from as many values as a period of 2 count + 1 has.
    let period = 2 * count + 1;
    let values: Vec<f64> = (0..period).map(|n| polynomial(libm::cos(TAU * n as f64 / period as f64))).collect();
    (1..=count)
        .map(|k| {
            let terms = values.iter().enumerate();
            let sum: f64 = terms.map(|(n, y)| y * libm::cos(TAU * ((n * k) % period) as f64 / period as f64)).sum();
            sum / period as f64
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        foundation::{stream::Cpu, unit::gain_to_db},
        primitives::{backend::fuses, random::Random},
    };

    #[test]
    fn the_taps_invert_the_droop_up_to_20_khz() {
        for rate_hz in [8_000.0, 44_100.0, 48_000.0, 88_200.0, 96_000.0, 192_000.0] {
            for factor in [2, 4, 8, 16] {
                let taps = design(rate_hz, factor);
                let top = TAU * (20_000.0 / rate_hz).min(PASS_OF_RATE);
                let error_db = |step: i32| {
                    let w = top * f64::from(step) / 1_000.0;
                    gain_to_db(response(&taps, w) / wanted(w, factor)).abs()
                };
                let worst_db = (0..=1_000).map(error_db).fold(0.0, f64::max);
                let highest = (0..=100).map(|n| response(&taps, PI * f64::from(n) / 100.0)).fold(0.0, f64::max);
                std::println!("{rate_hz} Hz x{factor}: {} taps, {worst_db:.4} dB, at most {highest:.2}", taps.len());
                assert!(worst_db <= 0.01 && highest < 3.0, "{rate_hz} {factor}: {worst_db} {highest}");
            }
        }
    }

    #[test]
    fn the_audible_band_is_flat_and_ends_below_half_the_rate() {
        for rate_hz in [44_100.0, 48_000.0, 96_000.0] {
            for factor in [2, 4, 8] {
                let taps = low_pass(rate_hz, factor);
                let top = TAU * (20_000.0 / rate_hz).min(PASS_OF_RATE);
                let error_db = |step: i32| {
                    let w = top * f64::from(step) / 1_000.0;
                    gain_to_db(response(&taps, w) / wanted(w, factor)).abs()
                };
                let worst_db = (0..=1_000).map(error_db).fold(0.0, f64::max);
                let end = PI * (0.5 + (20_000.0 / rate_hz).min(PASS_OF_RATE));
                let above = (0..=100).map(|n| response(&taps, end + (PI - end) * f64::from(n) / 100.0).abs());
                let end_db = gain_to_db(above.fold(0.0, f64::max));
                std::println!("{rate_hz} Hz x{factor}: {} taps, {worst_db:.4} dB, {end_db:.0} dB", taps.len());
                assert!(worst_db <= 0.03 && end_db < -55.0, "{rate_hz} {factor}: {worst_db} {end_db}");
            }
        }
    }

    #[test]
    fn a_constant_is_exact_and_every_form_and_cut_have_the_same_bits() {
        let mut random = Random::new(2, 0);
        let sound: Vec<f64> = (0..500).map(|_| random.triangular()).collect();
        let run = |cpu, cut| {
            let mut inverse = Inverse::new(Backend::new(cpu), 44_100.0, 4, Band::Whole, 64);
            sound.chunks(cut).flat_map(|part| inverse.run(part).to_vec()).map(f64::to_bits).collect::<Vec<_>>()
        };
        let whole = run(Cpu::Detected, 64);
        assert_eq!(run(Cpu::Detected, 7), whole);
        assert_eq!(run(Cpu::Software, 64), run(Cpu::Scalar, 64));
        if fuses() {
            assert_eq!(run(Cpu::Scalar, 64), whole);
        }
        let mut inverse = Inverse::new(Backend::new(Cpu::Detected), 48_000.0, 2, Band::Audible, 64);
        for _ in 0..3 {
            inverse.run(&[0.1; 64]);
        }
        assert!(inverse.run(&[0.1; 64]).iter().all(|y| *y == 0.1));
    }
}
