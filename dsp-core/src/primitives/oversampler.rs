//! Oversampler: a cascade of half-band filters up to a power of two times the sample rate, and back down.
//!
//! Every second tap of a half-band filter is 0, but for the one in the middle: of the samples at twice the rate, those
//! on the old grid are the old samples, and those between them are y(n + ½) = Σ g(k) (x(n - k) + x(n + 1 + k)), k =
//! 0..M. Back down, z(n) = (y(n) + Σ g(k) (y(n - ½ - k) + y(n + ½ + k))) / 2 with the same g. The first stage separates
//! the audible band from its image at the sample rate; the further ones, whose images lie far away, are short.
//!
//! Linear phase, symmetric to the bit. Up and down together delay by 2M - 1 frames of a stage's own lower rate; a few
//! samples at the highest rate, ahead of the way down, make the whole delay a number of frames,
//! [`Oversampler::latency_frames`], that of the caller's own processing at the highest rate included. Each output is one
//! chain of fused multiply-adds, whatever the vector's width. A constant passes: of 24 bits to the bit, of 53 bits to
//! a few units of the last place.
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
const VECTORS: usize = 4;
/// Taps that lie a whole number of vectors apart.
const TURN: usize = 8;
/// What they may read or write beyond the last frame: the widest vector has 8 lanes of f64.
const PAD: usize = 8 * VECTORS;

/// Up and down by 2^stages, one channel: see the head of this file.
#[derive(Clone, Debug)]
pub(crate) struct Oversampler {
    backend: Backend,
    stages: Vec<Stage>,
    /// Samples at the lowest, second, … rate, but for the highest one.
    levels: Vec<Vec<f64>>,
    /// Samples at the highest rate, delayed on the way down so that the latency is whole.
    top: History<f64>,
    pad_samples: usize,
    latency_frames: usize,
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
    /// At rest; up to `chunk` frames at a time. `delay_samples` is what the caller's processing at the highest rate
    /// delays, in samples of that rate. 0 stages leave the rate as it is.
    pub(crate) fn new(backend: Backend, sample_rate_hz: f64, stages: u32, delay_samples: usize, chunk: usize) -> Self {
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
        let stages: Vec<Stage> = (0..stages).map(stage).collect();
        let factor = 1 << stages.len();
        let filters = |(index, stage): (usize, &Stage)| (2 * stage.taps.len() - 1) * (factor >> index);
        let delay = stages.iter().enumerate().map(filters).sum::<usize>() + delay_samples;
        let latency_frames = delay.div_ceil(factor);
        let pad_samples = latency_frames * factor - delay;
        Self {
            backend,
            levels: (0..stages.len().max(1)).map(|index| vec![0.0; chunk << index]).collect(),
            top: History::new(pad_samples, if stages.is_empty() { 0 } else { chunk * factor }, 0),
            stages,
            pad_samples,
            latency_frames,
        }
    }

    /// Delay of up, the caller's processing, and down together.
    pub(crate) fn latency_frames(&self) -> usize {
        self.latency_frames
    }

    /// Frames of silence after which the output is exactly 0, if the caller's processing adds none: twice the delay.
    pub(crate) fn tail_frames(&self) -> usize {
        2 * self.latency_frames
    }

    /// As newly built.
    pub(crate) fn reset(&mut self) {
        let Self { backend: _, stages, levels: _, top, pad_samples: _, latency_frames: _ } = self;
        stages.iter_mut().for_each(Stage::reset);
        top.reset();
    }

    /// Frames to fill before [`Oversampler::up`].
    pub(crate) fn input(&mut self, count: usize) -> &mut [f64] {
        &mut self.levels[0][..count]
    }

    /// Turns the input into samples of the highest rate, which the caller may change before [`Oversampler::down`].
    pub(crate) fn up(&mut self, frames: usize) -> &mut [f64] {
        if self.stages.is_empty() {
            return &mut self.levels[0][..frames];
        }
        let top = self.top.append(frames << self.stages.len());
        climb(self.backend, &mut self.stages, &mut self.levels, frames, top);
        top
    }

    /// The same into `samples`, in at least one stage; [`Oversampler::top`] then waits for what goes down.
    pub(crate) fn up_into(&mut self, frames: usize, samples: &mut [f64]) {
        climb(self.backend, &mut self.stages, &mut self.levels, frames, samples);
    }

    /// Samples of the highest rate, stale, to fill before [`Oversampler::down`].
    pub(crate) fn top(&mut self, frames: usize) -> &mut [f64] {
        self.top.append(frames << self.stages.len())
    }

    /// Turns the samples of the highest rate back into frames.
    pub(crate) fn down(&mut self, frames: usize) -> &[f64] {
        for (index, stage) in self.stages.iter_mut().enumerate().rev() {
            let count = frames << index;
            let (lower, upper) = self.levels.split_at_mut(index + 1);
            let samples = match upper.first() {
                Some(upper) => &upper[..2 * count],
                None => &self.top.from(2 * count + self.pad_samples)[..2 * count],
            };
            stage.down(self.backend, samples, &mut lower[index][..count]);
        }
        &self.levels[0][..frames]
    }
}

/// From the lowest level to the top.
fn climb(backend: Backend, stages: &mut [Stage], levels: &mut [Vec<f64>], frames: usize, top: &mut [f64]) {
    for (index, stage) in stages.iter_mut().enumerate() {
        let count = frames << index;
        let (lower, upper) = levels.split_at_mut(index + 1);
        let upper = match upper.first_mut() {
            Some(upper) => &mut upper[..2 * count],
            None => &mut top[..2 * count],
        };
        stage.up(backend, &lower[index][..count], upper);
    }
}

impl Stage {
    fn reset(&mut self) {
        let Self { taps: _, up, on_grid, between, quiet, scratch: _ } = self;
        for history in [up, on_grid, between] {
            history.reset();
        }
        *quiet = usize::MAX;
    }

    fn up(&mut self, backend: Backend, lower: &[f64], upper: &mut [f64]) {
        let (count, reach) = (lower.len(), self.taps.len());
        self.up.append(count).copy_from_slice(lower);
        let samples = self.up.from(count + 2 * reach - 1);
        let between = &mut self.scratch;
        run!(backend, form => raise(form, &self.taps, samples, between, upper));
    }

    fn down(&mut self, backend: Backend, upper: &[f64], lower: &mut [f64]) {
        let (count, reach) = (lower.len(), self.taps.len());
        let was_quiet = self.quiet >= 2 * reach;
        self.quiet = match run!(backend, _ => last_sound(upper)) {
            Some(last) => count - 1 - last / 2,
            None => self.quiet.saturating_add(count),
        };
        if was_quiet && self.quiet >= count + 2 * reach {
            // What comes from zeros alone, of which the histories are full.
            lower.fill(0.0);
            return;
        }
        let (on_grid, between) = (self.on_grid.append(count), self.between.append(count));
        run!(backend, _ => part(upper, on_grid, between));
        let samples = self.between.from(count + 2 * reach - 1);
        let between = &mut self.scratch;
        let on_grid = self.on_grid.from(count + reach - 1);
        run!(backend, form => lower_rate(form, &self.taps, [on_grid, samples], between, lower));
    }
}

/// Index of the last sample that is not 0.
#[inline(always)]
fn last_sound(samples: &[f64]) -> Option<usize> {
    /// Samples that are looked at together.
    const GROUP: usize = 32;
    let mut end = samples.len();
    for group in samples.rchunks(GROUP) {
        // All bits but that of the sign.
        let mut bits = 0;
        for sample in group {
            bits |= sample.to_bits() << 1;
        }
        if bits != 0 {
            let last = group.iter().rposition(|sample| *sample != 0.0)?;
            return Some(end - group.len() + last);
        }
        end -= group.len();
    }
    None
}

/// Pairs of samples into those of the lower grid and those between them.
#[inline(always)]
fn part(upper: &[f64], on_grid: &mut [f64], between: &mut [f64]) {
    for ((pair, on_grid), between) in upper.chunks_exact(2).zip(on_grid).zip(between) {
        (*on_grid, *between) = (pair[0], pair[1]);
    }
}

/// Samples at twice the rate.
#[inline(always)]
fn raise<F: Form>(form: F, taps: &[f64], samples: &[f64], between: &mut [f64], upper: &mut [f64]) {
    fold(form, taps, samples, upper.len() / 2, between);
    for ((pair, on_grid), between) in upper.chunks_exact_mut(2).zip(&samples[taps.len() - 1..]).zip(&*between) {
        (pair[0], pair[1]) = (*on_grid, *between);
    }
}

/// Samples at half the rate, of those on its grid and those between them.
#[inline(always)]
fn lower_rate<F: Form>(form: F, taps: &[f64], [on_grid, samples]: [&[f64]; 2], between: &mut [f64], lower: &mut [f64]) {
    fold(form, taps, samples, lower.len(), between);
    for ((out, on_grid), between) in lower.iter_mut().zip(on_grid).zip(&*between) {
        *out = 0.5 * (*on_grid + *between);
    }
}

/// The values between samples: out(i) = Σ g(k) (samples(i + M - 1 - k) + samples(i + M + k)), in the order k = 0, 8, 16 ..,
/// 1, 9, 17 .., in every form: there vectors of 8 lanes need but one load each side for a further tap, those of 4 two.
#[inline(always)]
fn fold<F: Form>(form: F, taps: &[f64], samples: &[f64], count: usize, out: &mut [f64]) {
    let (lanes, reach) = (F::Native::<f64>::LEN, taps.len());
    let width = VECTORS * lanes;
    let moved = TURN / lanes;
    let mut start = 0;
    while start < count {
        let samples = &samples[start..start + 2 * reach - 1 + width];
        let mut sums = [form.splat(0.0_f64); VECTORS];
        for first in 0..TURN.min(reach) {
            let (mut early, mut late) = ([form.splat(0.0_f64); VECTORS], [form.splat(0.0_f64); VECTORS]);
            let (before, after) = (&samples[reach - 1 - first..][..width], &samples[reach + first..][..width]);
            for vector in 0..VECTORS {
                early[vector] = form.load(&before[vector * lanes..]);
                late[vector] = form.load(&after[vector * lanes..]);
            }
            let mut k = first;
            loop {
                let tap = form.splat(taps[k]);
                for vector in 0..VECTORS {
                    sums[vector] = (early[vector] + late[vector]).mul_add(tap, sums[vector]);
                }
                k += TURN;
                if k >= reach {
                    break;
                }
                let (before, after) = (&samples[reach - 1 - k..][..width], &samples[reach + k..][..width]);
                for vector in 0..VECTORS {
                    let (own, other) = (VECTORS - 1 - vector, vector + moved);
                    early[own] = if own >= moved { early[own - moved] } else { form.load(&before[own * lanes..]) };
                    late[vector] = if other < VECTORS { late[other] } else { form.load(&after[vector * lanes..]) };
                }
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

    const RATES_HZ: [f64; 4] = [44_100.0, 48_000.0, 96_000.0, 192_000.0];

    fn oversampler(cpu: Cpu, rate_hz: f64, stages: u32) -> Oversampler {
        Oversampler::new(Backend::new(cpu), rate_hz, stages, 0, 64)
    }

    /// Up and down.
    fn round_trip(oversampler: &mut Oversampler, samples: &mut [f64], cut: usize) {
        for part in samples.chunks_mut(cut) {
            oversampler.input(part.len()).copy_from_slice(part);
            oversampler.up(part.len());
            part.copy_from_slice(oversampler.down(part.len()));
        }
    }

    /// Twelve tones up to `top_hz`, of 1 together at most.
    fn tones(rate_hz: f64, top_hz: f64, frames: usize) -> Vec<f64> {
        let tone = |n: usize, k: usize| {
            libm::cos(TAU * top_hz * (k as f64 / 12.0) / rate_hz * n as f64 + (k * k) as f64) / 12.0
        };
        (0..frames).map(|n| (1..=12).map(|k| tone(n, k)).sum()).collect()
    }

    #[test]
    fn up_and_down_null_against_the_input_delayed_by_whole_frames() {
        for rate_hz in [8_000.0].into_iter().chain(RATES_HZ) {
            let sound = tones(rate_hz, 20_000.0_f64.min(0.4535 * rate_hz), 3_000);
            for stages in 0..=4 {
                let mut oversampler = oversampler(Cpu::Detected, rate_hz, stages);
                let latency = oversampler.latency_frames();
                let mut out = sound.clone();
                round_trip(&mut oversampler, &mut out, 64);
                let settled = 2 * latency..sound.len();
                let error = settled.map(|n| (out[n] - sound[n - latency]).abs()).fold(0.0, f64::max);
                let level_db = if error > 0.0 { gain_to_db(error) } else { f64::NEG_INFINITY };
                std::println!("{rate_hz} Hz x{}: latency {latency}, {level_db:.1} dBFS", 1 << stages);
                assert!(level_db <= -100.0, "{rate_hz} {stages}: {level_db}");
            }
        }
    }

    #[test]
    fn images_lie_100_db_below_the_audible_band() {
        for (rate_hz, stages) in [(44_100.0, 1), (44_100.0, 2), (48_000.0, 3), (96_000.0, 2), (48_000.0, 4)] {
            let top_hz = 20_000.0_f64.min(0.4535 * rate_hz);
            for hz in [0.01 * top_hz, 0.5 * top_hz, 0.9 * top_hz, top_hz] {
                let sine = |time: f64| libm::cos(TAU * hz / rate_hz * time);
                let mut oversampler = oversampler(Cpu::Detected, rate_hz, stages);
                let mut up = Vec::new();
                for start in (0..4_000).step_by(50) {
                    for (n, own) in oversampler.input(50).iter_mut().enumerate() {
                        *own = sine((start + n) as f64);
                    }
                    up.extend_from_slice(oversampler.up(50));
                }
                // The way up delays half a frame more than the way down, in each stage.
                let reach = |stage: u32| oversampler.stages[stage as usize].taps.len() as f64 / f64::from(1 << stage);
                let late: f64 = (0..stages).map(reach).sum();
                let factor = f64::from(1 << stages);
                let errors = up.iter().enumerate().skip(up.len() / 2);
                let error = errors.fold(0.0_f64, |worst, (n, y)| worst.max((y - sine(n as f64 / factor - late)).abs()));
                std::println!("{rate_hz} Hz x{factor}, {hz:.0} Hz: {:.1} dB", gain_to_db(error));
                assert!(gain_to_db(error) <= -100.0, "{error}");
            }
        }
    }

    #[test]
    fn latencies_are_whole_with_what_the_caller_delays() {
        let latency = |rate_hz, stages, delay| {
            let backend = Backend::new(Cpu::Detected);
            Oversampler::new(backend, rate_hz, stages, delay, 64).latency_frames()
        };
        assert_eq!([0, 1, 2, 3, 4].map(|stages| latency(44_100.0, stages, 0)), [0, 83, 91, 94, 95]);
        assert_eq!([0, 1, 2, 3, 4].map(|stages| latency(48_000.0, stages, 1)), [1, 48, 55, 58, 59]);
        assert_eq!([1, 2, 3, 4].map(|stages| latency(192_000.0, stages, 1)), [12, 17, 19, 20]);
        // The impulse leaves on its frame, whatever is delayed in between.
        for delay in 0..5 {
            let mut oversampler = Oversampler::new(Backend::new(Cpu::Detected), 48_000.0, 2, delay, 64);
            let mut line = std::collections::VecDeque::from(vec![0.0; delay]);
            let mut out = Vec::new();
            for start in (0..256).step_by(64) {
                oversampler.input(64).fill(0.0);
                oversampler.input(1)[0] = if start == 0 { 1.0 } else { 0.0 };
                for sample in oversampler.up(64) {
                    line.push_back(*sample);
                    *sample = line.pop_front().unwrap();
                }
                out.extend_from_slice(oversampler.down(64));
            }
            let latency = oversampler.latency_frames();
            assert!((0..latency).all(|n| (out[latency - n] - out[latency + n]).abs() < 1e-15), "{delay}");
            assert!(out[2 * latency + 1..].iter().all(|x| *x == 0.0), "the tail");
        }
    }

    #[test]
    fn a_constant_passes() {
        let (mut random, mut worst) = (Random::new(11, 0), 0.0_f64);
        for stages in 0..=4 {
            for _ in 0..200 {
                let wide = random.triangular() * 4.0;
                for constant in [wide, f64::from(wide as f32)] {
                    let mut sound = vec![constant; 400];
                    round_trip(&mut oversampler(Cpu::Detected, 44_100.0, stages), &mut sound, 64);
                    let last = sound[399];
                    worst = worst.max((last / constant - 1.0).abs() / f64::EPSILON);
                    assert!(constant == wide || last as f32 == constant as f32, "{constant} {last}");
                }
            }
        }
        std::println!("largest error: {worst} units of the last place");
        // Each of the ten filters rounds some fifty times.
        assert!(worst <= 12.0, "{worst}");
    }

    #[test]
    fn any_cut_and_any_form_give_the_same_bits_and_a_reset_those_of_a_new_one() {
        let mut random = Random::new(4, 0);
        let sound: Vec<f64> = (0..2_000).map(|n| if n % 700 < 300 { random.triangular() } else { 0.0 }).collect();
        for stages in 0..=4 {
            let bits = |cpu, cut| {
                let mut sound = sound.clone();
                round_trip(&mut oversampler(cpu, 44_100.0, stages), &mut sound, cut);
                sound.into_iter().map(f64::to_bits).collect::<Vec<_>>()
            };
            let whole = bits(Cpu::Detected, 64);
            for cut in [1, 7, 48, 63] {
                assert_eq!(bits(Cpu::Detected, cut), whole, "{cut}");
            }
            let mut used = oversampler(Cpu::Detected, 44_100.0, stages);
            round_trip(&mut used, &mut sound.clone(), 64);
            used.reset();
            let mut again = sound.clone();
            round_trip(&mut used, &mut again, 37);
            assert!(again.iter().map(|x| x.to_bits()).eq(whole.iter().copied()), "reset");
            assert_eq!(bits(Cpu::Software, 64), bits(Cpu::Scalar, 31));
            if fuses() {
                assert_eq!(bits(Cpu::Scalar, 64), whole);
            }
        }
    }
}
