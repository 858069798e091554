//! Oversampler: a cascade of half-band filters up to a power of two times the sample rate, and back down.
//!
//! Every second tap of a half-band filter is 0, but for the one in the middle: of the samples at twice the rate, those
//! on the old grid are the old samples, and those between them are y(n + ½) = Σ g(k) (x(n - k) + x(n + 1 + k)), k =
//! 0..M. Back down, z(n) = (y(n) + Σ g(k) (y(n - ½ - k) + y(n + ½ + k))) / 2 with the same g. The first stage separates
//! the audible band from its image at the sample rate; the further ones, whose images lie far away, are short.
//!
//! Linear phase, symmetric to the bit. Up and down together delay by 2M - 1 frames of a stage's own lower rate, all
//! stages by [`Oversampler::latency`] frames of the highest rate; a caller that needs whole frames of the lowest one
//! adds a few at the highest. Each output is one chain of fused multiply-adds, whatever the vector's width.
//!
//! # Source
//! Half-band polyphase interpolators: P. P. Vaidyanathan, "Multirate Systems and Filter Banks", 1993, section 4.6.
//! Kaiser windows, see [`super::kaiser`]; the pass band is flat to -105 dB, and its images lie as far below.

use super::{
    backend::{Backend, run},
    history::History,
    kaiser::{kaiser, sinc},
    lanes::{Form, Lanes},
};
use alloc::{vec, vec::Vec};

/// Stop band of each stage by Kaiser's formulas, in dB, and the shape of the window: 0.1102 (A - 8.7). The short stages
/// reach 105 dB of it.
const STOP_BAND_DB: f64 = 118.0;
const BETA: f64 = 0.1102 * (STOP_BAND_DB - 8.7);
/// Highest frequency passed unchanged: 20 kHz, or this part of lower sample rates.
const PASS_HZ: f64 = 20_000.0;
const PASS_OF_RATE: f64 = 0.4535;
/// Fewest taps on one side of the middle.
const FEWEST_TAPS: usize = 5;
/// Vectors computed together, so that one load of a tap serves both.
const VECTORS: usize = 2;
/// What they may read or write beyond the last frame: the widest vector has 8 lanes of f64.
const PAD: usize = 8 * VECTORS;

/// Up and down by 2^stages, one channel: see the head of this file.
#[derive(Clone, Debug)]
pub(crate) struct Oversampler {
    backend: Backend,
    stages: Vec<Stage>,
    /// Samples at the lowest, second, … highest rate.
    levels: Vec<Vec<f64>>,
}

#[derive(Clone, Debug)]
struct Stage {
    /// g.
    taps: Vec<f64>,
    /// Input on the way up.
    up: History<f64>,
    /// On the way down, the samples of the lower grid, and those between them.
    on_grid: History<f64>,
    between: History<f64>,
    /// Frames since the last sample that is not 0 came down.
    quiet: usize,
    scratch: Vec<f64>,
}

impl Oversampler {
    /// At rest; up to `chunk` frames at a time.
    pub(crate) fn new(backend: Backend, sample_rate_hz: f64, stages: u32, chunk: usize) -> Self {
        let pass_hz = PASS_HZ.min(PASS_OF_RATE * sample_rate_hz);
        let stage = |index: u32| {
            let (rate_hz, chunk) = (sample_rate_hz * f64::from(1_u32 << index), chunk << index);
            let taps = half_band(pass_hz / rate_hz);
            let reach = taps.len();
            Stage {
                up: History::new(2 * reach, chunk, PAD),
                on_grid: History::new(reach, chunk, PAD),
                between: History::new(2 * reach, chunk, PAD),
                quiet: usize::MAX,
                scratch: vec![0.0; chunk + PAD],
                taps,
            }
        };
        Self {
            backend,
            stages: (0..stages).map(stage).collect(),
            levels: (0..=stages).map(|index| vec![0.0; chunk << index]).collect(),
        }
    }

    /// Samples of the highest rate per frame.
    pub(crate) fn factor(&self) -> usize {
        1 << self.stages.len()
    }

    /// Delay of up and down together, in samples of the highest rate.
    pub(crate) fn latency(&self) -> usize {
        let factor = self.factor();
        (0..).zip(&self.stages).map(|(index, stage)| (2 * stage.taps.len() - 1) * (factor >> index)).sum()
    }

    /// Frames to fill before [`Oversampler::up`].
    pub(crate) fn input(&mut self, count: usize) -> &mut [f64] {
        &mut self.levels[0][..count]
    }

    /// Turns the input into samples of the highest rate, which the caller may change before [`Oversampler::down`].
    pub(crate) fn up(&mut self, frames: usize) -> &mut [f64] {
        let mut count = frames;
        for (index, stage) in self.stages.iter_mut().enumerate() {
            let (lower, upper) = self.levels.split_at_mut(index + 1);
            stage.up(self.backend, &lower[index][..count], &mut upper[0][..2 * count]);
            count *= 2;
        }
        &mut self.levels[self.stages.len()][..count]
    }

    /// Turns the samples of the highest rate back into frames.
    pub(crate) fn down(&mut self, frames: usize) -> &[f64] {
        for (index, stage) in self.stages.iter_mut().enumerate().rev() {
            let count = frames << index;
            let (lower, upper) = self.levels.split_at_mut(index + 1);
            stage.down(self.backend, &upper[0][..2 * count], &mut lower[index][..count]);
        }
        &self.levels[0][..frames]
    }
}

impl Stage {
    fn up(&mut self, backend: Backend, lower: &[f64], upper: &mut [f64]) {
        let (count, reach) = (lower.len(), self.taps.len());
        self.up.append(count).copy_from_slice(lower);
        let samples = self.up.from(count + 2 * reach - 1);
        let between = &mut self.scratch;
        run!(backend, form => fold(form, &self.taps, samples, count, between));
        for ((pair, on_grid), between) in upper.chunks_exact_mut(2).zip(&samples[reach - 1..]).zip(&*between) {
            (pair[0], pair[1]) = (*on_grid, *between);
        }
    }

    fn down(&mut self, backend: Backend, upper: &[f64], lower: &mut [f64]) {
        let (count, reach) = (lower.len(), self.taps.len());
        let (on_grid, between) = (self.on_grid.append(count), self.between.append(count));
        for ((pair, on_grid), between) in upper.chunks_exact(2).zip(on_grid).zip(between) {
            (*on_grid, *between) = (pair[0], pair[1]);
        }
        let was_quiet = self.quiet >= 2 * reach;
        self.quiet = match upper.iter().rposition(|sample| *sample != 0.0) {
            Some(last) => count - 1 - last / 2,
            None => self.quiet.saturating_add(count),
        };
        if was_quiet && self.quiet >= count + 2 * reach {
            // What comes from zeros alone.
            lower.fill(0.0);
            return;
        }
        let samples = self.between.from(count + 2 * reach - 1);
        let between = &mut self.scratch;
        run!(backend, form => fold(form, &self.taps, samples, count, between));
        let on_grid = self.on_grid.from(count + reach - 1);
        for ((out, on_grid), between) in lower.iter_mut().zip(on_grid).zip(&*between) {
            *out = 0.5 * (*on_grid + *between);
        }
    }
}

/// The values between samples: out(i) = Σ g(k) (samples(i + M - 1 - k) + samples(i + M + k)).
#[inline(always)]
fn fold<F: Form>(form: F, taps: &[f64], samples: &[f64], count: usize, out: &mut [f64]) {
    let (lanes, reach) = (F::Native::<f64>::LEN, taps.len());
    let width = VECTORS * lanes;
    let mut start = 0;
    while start < count {
        let samples = &samples[start..start + 2 * reach - 1 + width];
        let mut sums = [form.splat(0.0_f64); VECTORS];
        for (k, tap) in taps.iter().enumerate() {
            let (early, late) = (&samples[reach - 1 - k..], &samples[reach + k..]);
            for (vector, sum) in sums.iter_mut().enumerate() {
                let pair = form.load(&early[vector * lanes..]) + form.load(&late[vector * lanes..]);
                *sum = pair.mul_add(form.splat(*tap), *sum);
            }
        }
        for (vector, sum) in sums.into_iter().enumerate() {
            sum.store(&mut out[start + vector * lanes..]);
        }
        start += width;
    }
}

/// g of a half-band filter that passes up to `pass` of the lower of its two rates.
fn half_band(pass: f64) -> Vec<f64> {
    // Kaiser: (A - 7.95) / (14.36 Δ) taps, with the transition Δ in parts of the higher rate, symmetric about a quarter.
    let transition = 0.5 - pass;
    let taps = (STOP_BAND_DB - 7.95) / (14.36 * transition);
    // Of 4M - 1 taps, M on either side are neither 0 nor the middle one; the outermost ones are too small to count.
    let reach = (libm::ceil((taps + 3.0) / 4.0) as usize).max(FEWEST_TAPS);
    let mut taps: Vec<f64> = (0..reach)
        .map(|k| {
            let place = 2.0 * k as f64 + 1.0;
            sinc(place / 2.0) * kaiser(BETA, place / (2.0 * reach as f64))
        })
        .collect();
    // A constant is kept.
    let sum: f64 = taps.iter().sum();
    taps.iter_mut().for_each(|tap| *tap *= 0.5 / sum);
    taps
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        foundation::{stream::Cpu, unit::gain_to_db},
        primitives::{backend::fuses, random::Random},
    };
    use core::f64::consts::TAU;

    fn oversampler(cpu: Cpu, rate_hz: f64, stages: u32) -> Oversampler {
        Oversampler::new(Backend::new(cpu), rate_hz, stages, 64)
    }

    /// Up, a delay that makes the latency whole frames, and down; returns the latency in frames.
    fn round_trip(oversampler: &mut Oversampler, samples: &mut [f64], cut: usize) -> f64 {
        for part in samples.chunks_mut(cut) {
            oversampler.input(part.len()).copy_from_slice(part);
            oversampler.up(part.len());
            part.copy_from_slice(oversampler.down(part.len()));
        }
        oversampler.latency() as f64 / oversampler.factor() as f64
    }

    #[test]
    fn passes_the_audible_band_and_nothing_of_its_images() {
        for (rate_hz, stages) in [(44_100.0, 1), (44_100.0, 2), (48_000.0, 3), (96_000.0, 2), (8_000.0, 2)] {
            let top_hz = 20_000.0_f64.min(0.4535 * rate_hz);
            for hz in [0.01 * top_hz, 0.5 * top_hz, 0.9 * top_hz, top_hz] {
                let frames = 4_000;
                let sine = |time: f64| libm::cos(TAU * hz / rate_hz * time);
                let mut sound: Vec<f64> = (0..frames).map(|n| sine(f64::from(n))).collect();
                let mut oversampler = oversampler(Cpu::Detected, rate_hz, stages);
                let mut up = Vec::new();
                for part in sound.chunks(64) {
                    oversampler.input(part.len()).copy_from_slice(part);
                    up.extend_from_slice(oversampler.up(part.len()));
                }
                let mut oversampler = self::oversampler(Cpu::Detected, rate_hz, stages);
                let latency = round_trip(&mut oversampler, &mut sound, 64);
                let factor = f64::from(1 << stages);
                // The way up takes half of the frame more than the way down, in each stage.
                let late: f64 = (0..stages)
                    .map(|stage| oversampler.stages[stage as usize].taps.len() as f64 / f64::from(1 << stage))
                    .sum();
                let errors = |found: &[f64], rate: f64, late: f64| {
                    let pairs = found.iter().enumerate().skip(found.len() / 2);
                    gain_to_db(
                        pairs.fold(0.0, |worst: f64, (n, y)| worst.max((y - sine(n as f64 / rate - late)).abs())),
                    )
                };
                let (up_db, down_db) = (errors(&up, factor, late), errors(&sound, 1.0, latency));
                std::println!("{rate_hz} Hz x{factor}, {hz:.0} Hz: up {up_db:.1} dB, up and down {down_db:.1} dB");
                assert!(up_db <= -100.0 && down_db <= -100.0, "{up_db} {down_db}");
            }
        }
    }

    #[test]
    fn latencies_are_those_of_the_taps() {
        let latency = |rate_hz, stages| {
            let oversampler = oversampler(Cpu::Detected, rate_hz, stages);
            oversampler.latency() as f64 / oversampler.factor() as f64
        };
        assert_eq!([latency(44_100.0, 1), latency(44_100.0, 2), latency(44_100.0, 3)], [83.0, 90.5, 93.25]);
    }

    #[test]
    fn any_cut_and_any_form_give_the_same_bits() {
        let mut random = Random::new(4, 0);
        let sound: Vec<f64> = (0..2_000).map(|n| if n % 700 < 300 { random.triangular() } else { 0.0 }).collect();
        let bits = |cpu, cut| {
            let mut sound = sound.clone();
            round_trip(&mut oversampler(cpu, 44_100.0, 2), &mut sound, cut);
            sound.into_iter().map(f64::to_bits).collect::<Vec<_>>()
        };
        let whole = bits(Cpu::Detected, 64);
        for cut in [1, 7, 48, 63] {
            assert_eq!(bits(Cpu::Detected, cut), whole, "{cut}");
        }
        assert_eq!(bits(Cpu::Software, 64), bits(Cpu::Scalar, 31));
        if fuses() {
            assert_eq!(bits(Cpu::Scalar, 64), whole);
        }
    }
}
