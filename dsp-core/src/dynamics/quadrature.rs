//! Quadrature envelope: the magnitude of a signal as of its analytic signal, without a delay.
//!
//! Two chains of all passes, 90 degrees apart in phase, turn x into an in-phase part I and a quadrature part Q, whose
//! squares add up to the square of the envelope: e² = I² + Q². It is constant for a sine: a level needs no hold from
//! crest to crest, nor does it miss crests between the samples of high notes. A sine at full scale reads 1, and reads it
//! after a third of a period. One sample alone reads 0.8 and fades over the chains. A constant reads 3 dB above its
//! magnitude, being the same in both parts.
//!
//! Each section is of first order in z⁻²: y = a (x + y₂) - x₂. Even and odd samples do not meet in it, so two of them
//! are neighbouring lanes beside the two chains: lanes are (I, I, Q, Q) of one channel.
//!
//! # Source
//! R. Ansari, "IIR discrete-time Hilbert transformers", IEEE Trans. ASSP 35(8), 1987: an elliptic half-band filter of
//! two all passes, turned by a quarter of the rate. R. Valenzuela, A. Constantinides, "Digital signal processing schemes
//! for efficient interpolation and decimation", IEE Proc. G 130(6), 1983: its coefficients in closed form, by theta
//! functions of the transition band. Own: the number of sections, the lanes.

use crate::{
    foundation::{
        grid::GRID_FRAMES,
        math::{larger, smaller},
        sample::Sample,
        silence::{self, flushed},
    },
    primitives::{
        backend::{Backend, run},
        lanes::{Form, Lanes},
    },
};
use alloc::{vec, vec::Vec};
use core::f64::consts::PI;

/// Sections in each chain at high rates, where 20 Hz is nearer to 0; the others have [`FEWER_SECTIONS`]. The parts stay
/// within 0.26 degrees of 90 from 20 Hz to 20 Hz below half the rate, up to 192 kHz (0.2 at 48 kHz, 0.5 at 384 kHz).
const SECTIONS: usize = 6;
/// Sections in each chain up to [`FEWER_UP_TO_HZ`].
const FEWER_SECTIONS: usize = 5;
/// Highest sample rate of [`FEWER_SECTIONS`].
const FEWER_UP_TO_HZ: f64 = 64_000.0;
/// Lowest frequency of the design.
const LOWEST_HZ: f64 = 20.0;
/// Samples are clamped to +120 dBFS: no square overflows.
const LOUDEST: f64 = 1e6;
/// Frames of a pair, which are neighbouring lanes.
const PAIR: usize = 2;

/// Coefficients a of one section of both chains.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct SectionCoeffs {
    in_phase: f64,
    quadrature: f64,
}

/// The sections of each chain at a sample rate.
fn sections_at(sample_rate_hz: f64) -> usize {
    if sample_rate_hz > FEWER_UP_TO_HZ { SECTIONS } else { FEWER_SECTIONS }
}

/// The sections for a sample rate: those of an elliptic half-band filter of order 4 count + 1, by turns. What exceeds
/// the count has no meaning.
fn design(sample_rate_hz: f64) -> [SectionCoeffs; SECTIONS] {
    let count = sections_at(sample_rate_hz);
    // The transition band of the half-band filter becomes that around 0 Hz and half the rate.
    let transition = 2.0 * LOWEST_HZ / sample_rate_hz;
    let modulus = libm::pow(libm::tan((1.0 - 2.0 * transition) * PI / 4.0), 2.0);
    let root = libm::sqrt(libm::sqrt(1.0 - modulus * modulus));
    let e = 0.5 * (1.0 - root) / (1.0 + root);
    let nome = e + 2.0 * libm::pow(e, 5.0) + 15.0 * libm::pow(e, 9.0) + 150.0 * libm::pow(e, 13.0);
    let coefficient = |index: usize| {
        let angle = PI * index as f64 / (4 * count + 1) as f64;
        // √k sn as a quotient of theta functions; powers of the nome vanish soon.
        let (mut above, mut below, mut sign) = (0.0, 0.5, 1.0);
        for m in 0..12 {
            let m = f64::from(m);
            above += sign * libm::pow(nome, m * (m + 1.0)) * libm::sin((2.0 * m + 1.0) * angle);
            sign = -sign;
            below += sign * libm::pow(nome, (m + 1.0) * (m + 1.0)) * libm::cos(2.0 * (m + 1.0) * angle);
        }
        let square = libm::pow(libm::pow(nome, 0.25) * above / below, 2.0);
        let x = libm::sqrt((1.0 - square * modulus) * (1.0 - square / modulus)) / (1.0 + square);
        (1.0 - x) / (1.0 + x)
    };
    let mut sections = [SectionCoeffs::default(); SECTIONS];
    for (index, section) in sections.iter_mut().enumerate().take(count) {
        *section = SectionCoeffs { in_phase: coefficient(2 * index + 1), quadrature: coefficient(2 * index + 2) };
    }
    sections
}

/// The last pair of each signal of both chains.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Pairs {
    in_phase: [f64; PAIR],
    quadrature: [f64; PAIR],
}

impl Pairs {
    const SILENCE: Self = Self { in_phase: [0.0; PAIR], quadrature: [0.0; PAIR] };
}

/// State of one channel.
#[derive(Clone, Copy, Debug, PartialEq)]
struct State {
    /// The last sample: the quadrature chain lags by one frame.
    last: f64,
    /// Inputs of every section, and the output of the last; silence beyond the count.
    signals: [Pairs; SECTIONS + 1],
}

impl State {
    const SILENCE: Self = Self { last: 0.0, signals: [Pairs::SILENCE; SECTIONS + 1] };
}

/// The quadrature envelopes of the channels of a stream.
#[derive(Clone, Debug)]
pub(crate) struct QuadratureEnvelope {
    backend: Backend,
    sections: [SectionCoeffs; SECTIONS],
    /// Whether all sections run, not [`FEWER_SECTIONS`].
    all: bool,
    /// One per channel.
    states: Vec<State>,
    /// Frames since the last point of the grid.
    phase: usize,
}

impl QuadratureEnvelope {
    /// For up to `channels` channels.
    pub(crate) fn new(backend: Backend, channels: usize, sample_rate_hz: f64) -> Self {
        let all = sections_at(sample_rate_hz) == SECTIONS;
        Self { backend, sections: design(sample_rate_hz), all, states: vec![State::SILENCE; channels], phase: 0 }
    }

    /// Squares of the envelope of a channel's next frames. [`advance`](Self::advance) follows once for all channels.
    pub(crate) fn squares<S: Sample>(&mut self, channel: usize, samples: &[S], squares: &mut [f64]) {
        let (sections, phase) = (&self.sections, self.phase);
        let Some(state) = self.states.get_mut(channel) else { return };
        if self.all {
            run!(self.backend, form => squares_all::<S, _, true>(form, sections, phase, state, samples, squares));
        } else {
            run!(self.backend, form => squares_all::<S, _, false>(form, sections, phase, state, samples, squares));
        }
    }

    /// Ends a chunk of frames of the first `channels` channels. The others start again from silence.
    pub(crate) fn advance(&mut self, frames: usize, channels: usize) {
        self.phase = (self.phase + frames) % GRID_FRAMES;
        if let Some(others) = self.states.get_mut(channels..) {
            others.fill(State::SILENCE);
        }
    }

    /// As newly built.
    pub(crate) fn reset(&mut self) {
        let Self { backend: _, sections: _, all: _, states, phase } = self;
        states.fill(State::SILENCE);
        *phase = 0;
    }
}

/// Frames that are widened at once.
const BLOCK: usize = 4 * GRID_FRAMES;

/// With all sections or with [`FEWER_SECTIONS`]. The signals stay in registers from one point of the grid to the next:
/// through memory every 64 frames would wait for the ones before.
#[inline(always)]
fn squares_all<S: Sample, F: Form, const ALL: bool>(
    form: F,
    sections: &[SectionCoeffs; SECTIONS],
    phase: usize,
    state: &mut State,
    samples: &[S],
    squares: &mut [f64],
) {
    // Without loops over them, factors and signals stay in registers.
    let [s1, s2, s3, s4, s5, s6] = sections;
    let (f1, f2, f3) = (factor(form, s1), factor(form, s2), factor(form, s3));
    let factors = [f1, f2, f3, factor(form, s4), factor(form, s5), factor(form, s6)];
    let mut signals = load_all(form, &state.signals);
    let mut left = GRID_FRAMES - phase;
    for (samples, squares) in samples.chunks(BLOCK).zip(squares.chunks_mut(BLOCK)) {
        // The last sample, the samples, and what completes the last pair.
        let mut wide = [0.0; BLOCK + PAIR];
        wide[0] = state.last;
        for (wide, sample) in wide[1..].iter_mut().zip(samples) {
            *wide = larger(smaller(sample.to_f64(), LOUDEST), -LOUDEST);
        }
        let mut start = 0;
        while start < samples.len() {
            let count = left.min(samples.len() - start);
            let end = start + count;
            signals = stretch::<F, ALL>(form, factors, signals, &wide[start..end + PAIR], &mut squares[start..end]);
            (start, left) = (end, left - count);
            if left == 0 {
                left = GRID_FRAMES;
                signals = flush(signals);
                // Written where it differs alone: it is read as a pair soon after.
                if wide[end] != flushed(wide[end]) {
                    wide[end] = 0.0;
                }
            }
        }
        state.last = wide[samples.len()];
    }
    store(&signals, &mut state.signals);
}

#[inline(always)]
fn flush<F: Form>(signals: Signals<F>) -> Signals<F> {
    let ([x0, x1, x2, x3], [x4, x5, x6]) = (signals.first, signals.second);
    let zero = flushed_lanes::<F>;
    Signals { first: [zero(x0), zero(x1), zero(x2), zero(x3)], second: [zero(x4), zero(x5), zero(x6)] }
}

#[inline(always)]
fn flushed_lanes<F: Form>(signal: F::F64x4) -> F::F64x4 {
    signal.zero_where(signal.abs(), silence::FILTER_STATE)
}

/// Up to [`GRID_FRAMES`] frames; `wide` has the sample before them, them, and one more.
#[inline(always)]
fn stretch<F: Form, const ALL: bool>(
    form: F,
    factors: [F::F64x4; SECTIONS],
    signals: Signals<F>,
    wide: &[f64],
    squares: &mut [f64],
) -> Signals<F> {
    let mut signals = signals;
    let (whole, alone) = squares.as_chunks_mut::<PAIR>();
    if let Some((last, others)) = whole.split_last_mut() {
        // The later sections are a pair behind: the chain of operations through all is longer than machines look ahead.
        let mut passed = signals.first[3];
        signals.first = first::<F>(form, factors, signals.first, wide);
        for (wide, squares) in wide[PAIR..].windows(PAIR + 1).step_by(PAIR).zip(others) {
            signals.second = second::<F, ALL>(factors, [passed, signals.first[3]], signals.second);
            square::<F, ALL>(&signals).store(squares);
            passed = signals.first[3];
            signals.first = first::<F>(form, factors, signals.first, wide);
        }
        signals.second = second::<F, ALL>(factors, [passed, signals.first[3]], signals.second);
        square::<F, ALL>(&signals).store(last);
    }
    let [square_alone] = alone else { return signals };
    // One frame alone: it becomes the newer one of each pair.
    let (mut before, mut after) = ([Pairs::SILENCE; SECTIONS + 1], [Pairs::SILENCE; SECTIONS + 1]);
    store(&signals, &mut before);
    let passed = signals.first[3];
    signals.first = first::<F>(form, factors, signals.first, &wide[wide.len() - PAIR - 1..]);
    signals.second = second::<F, ALL>(factors, [passed, signals.first[3]], signals.second);
    let mut pair = [0.0; PAIR];
    square::<F, ALL>(&signals).store(&mut pair);
    *square_alone = pair[0];
    store(&signals, &mut after);
    for (Pairs { in_phase, quadrature }, before) in after.iter_mut().zip(&before) {
        *in_phase = [before.in_phase[1], in_phase[0]];
        *quadrature = [before.quadrature[1], quadrature[0]];
    }
    load_all(form, &after)
}

/// Inputs of the first four sections, and of the others with the output of the last.
#[derive(Clone, Copy)]
struct Signals<F: Form> {
    first: [F::F64x4; 4],
    second: [F::F64x4; 3],
}

#[inline(always)]
fn factor<F: Form>(form: F, section: &SectionCoeffs) -> F::F64x4 {
    form.splat_halves(section.in_phase, section.quadrature)
}

#[inline(always)]
fn load<F: Form>(form: F, pairs: &Pairs) -> F::F64x4 {
    form.load_halves(&pairs.in_phase, &pairs.quadrature)
}

#[inline(always)]
fn load_all<F: Form>(form: F, pairs: &[Pairs; SECTIONS + 1]) -> Signals<F> {
    let [p0, p1, p2, p3, p4, p5, p6] = pairs;
    Signals {
        first: [load(form, p0), load(form, p1), load(form, p2), load(form, p3)],
        second: [load(form, p4), load(form, p5), load(form, p6)],
    }
}

#[inline(always)]
fn store<F: Form>(signals: &Signals<F>, pairs: &mut [Pairs; SECTIONS + 1]) {
    for (signal, Pairs { in_phase, quadrature }) in signals.first.into_iter().chain(signals.second).zip(pairs) {
        F::store_halves(signal, in_phase, quadrature);
    }
}

/// The first sections after one pair; `wide` begins with the sample before it.
#[inline(always)]
fn first<F: Form>(form: F, factors: [F::F64x4; SECTIONS], signals: [F::F64x4; 4], wide: &[f64]) -> [F::F64x4; 4] {
    let input = F::join(F::F64x2::load(form, &wide[1..]), F::F64x2::load(form, wide));
    let ([x0, x1, x2, x3], [a1, a2, a3, ..]) = (signals, factors);
    let y1 = section::<F>(a1, input, x0, x1);
    let y2 = section::<F>(a2, y1, x1, x2);
    [input, y1, y2, section::<F>(a3, y2, x2, x3)]
}

/// The later ones after it, from what the first put out before it and after it.
#[inline(always)]
fn second<F: Form, const ALL: bool>(
    factors: [F::F64x4; SECTIONS],
    [x3, y3]: [F::F64x4; 2],
    signals: [F::F64x4; 3],
) -> [F::F64x4; 3] {
    let ([x4, x5, x6], [.., a4, a5, a6]) = (signals, factors);
    let y4 = section::<F>(a4, y3, x3, x4);
    let y5 = section::<F>(a5, y4, x4, x5);
    [y4, y5, if ALL { section::<F>(a6, y5, x5, x6) } else { x6 }]
}

/// y = a (x + y₂) - x₂. The term with the state comes last, being the dependency of the next pair.
#[inline(always)]
fn section<F: Form>(a: F::F64x4, x: F::F64x4, x2: F::F64x4, y2: F::F64x4) -> F::F64x4 {
    a.mul_add(y2, a.mul_add(x, -x2))
}

/// e² of a pair.
#[inline(always)]
fn square<F: Form, const ALL: bool>(signals: &Signals<F>) -> F::F64x2 {
    let [_, y5, y6] = signals.second;
    let [in_phase, quadrature] = F::halves(if ALL { y6 } else { y5 });
    in_phase.mul_add(in_phase, quadrature * quadrature)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::foundation::stream::Cpu;
    use core::f64::consts::TAU;

    fn envelope(cpu: Cpu, rate_hz: f64, samples: &[f64], cut: usize) -> Vec<f64> {
        let mut envelope = QuadratureEnvelope::new(Backend::new(cpu), 1, rate_hz);
        let mut squares = vec![0.0; samples.len()];
        for (samples, squares) in samples.chunks(cut).zip(squares.chunks_mut(cut)) {
            envelope.squares(0, samples, squares);
            envelope.advance(samples.len(), 1);
        }
        squares
    }

    /// Distance of the phases of both chains from 90 degrees.
    fn error_degrees(rate_hz: f64, frequency_hz: f64) -> f64 {
        let turn = TAU * frequency_hz / rate_hz;
        // Phase of (a - z⁻²) / (1 - a z⁻²).
        let section = |a: f64| {
            let (sin, cos) = (libm::sin(2.0 * turn), libm::cos(2.0 * turn));
            libm::atan2(sin, a - cos) - libm::atan2(a * sin, 1.0 - a * cos)
        };
        let sections = &design(rate_hz)[..sections_at(rate_hz)];
        let in_phase: f64 = sections.iter().map(|s| section(s.in_phase)).sum();
        let quadrature: f64 = sections.iter().map(|s| section(s.quadrature)).sum::<f64>() - turn;
        let degrees = (in_phase - quadrature).to_degrees().rem_euclid(180.0);
        (degrees - 90.0).abs()
    }

    #[test]
    fn the_parts_are_90_degrees_apart() {
        // Half a degree ripples the level of a sine by 0.4 %; distortion of a compressor comes from it.
        const LIMIT_DEGREES: f64 = 0.26;
        for rate_hz in [44_100.0, 48_000.0, 64_000.0, 88_200.0, 96_000.0, 176_400.0, 192_000.0] {
            let frequency_hz = |step: u32| 20.0 * libm::pow(0.45 * rate_hz / 20.0, f64::from(step) / 2_000.0);
            let worst = (0..=2_000).map(|step| error_degrees(rate_hz, frequency_hz(step))).fold(0.0, f64::max);
            std::println!("{rate_hz} Hz: {worst:.3} degrees");
            assert!(worst <= LIMIT_DEGREES, "{rate_hz}: {worst}");
        }
    }

    #[test]
    fn a_sine_has_a_constant_envelope() {
        for (frequency_hz, limit_db) in [(20.0, 0.02), (50.0, 0.02), (1_000.0, 0.02), (9_999.3, 0.02), (23_900.0, 0.02)]
        {
            let sine: Vec<f64> = (0..96_000).map(|n| libm::sin(TAU * frequency_hz / 48_000.0 * f64::from(n))).collect();
            let squares = envelope(Cpu::Detected, 48_000.0, &sine, 256);
            let worst_db = squares[48_000..].iter().map(|e| (10.0 * libm::log10(*e)).abs()).fold(0.0, f64::max);
            std::println!("{frequency_hz} Hz: 0 ± {worst_db:.4} dB");
            assert!(worst_db <= limit_db, "{frequency_hz}: {worst_db}");
        }
    }

    #[test]
    fn any_cut_and_every_cpu_with_fused_operations_give_the_same_bits() {
        let mut random = crate::primitives::random::Random::new(5, 0);
        let noise: Vec<f64> = (0..1_000).map(|_| random.triangular()).collect();
        for rate_hz in [48_000.0, 96_000.0] {
            let expected = envelope(Cpu::Scalar, rate_hz, &noise, 1_000);
            for cpu in [Cpu::Scalar, Cpu::Software, Cpu::Reproducible, Cpu::Detected] {
                if cpu == Cpu::Detected && !crate::primitives::backend::fuses() {
                    continue;
                }
                for cut in [1, 2, 3, 7, 64, 65, 480] {
                    let found = envelope(cpu, rate_hz, &noise, cut);
                    let same = found.iter().zip(&expected).all(|(a, b)| a.to_bits() == b.to_bits());
                    assert!(same, "{rate_hz} {cpu:?} {cut}");
                }
            }
        }
    }

    #[test]
    fn silence_leaves_no_subnormal_state() {
        let mut envelope = QuadratureEnvelope::new(Backend::new(Cpu::Detected), 1, 48_000.0);
        let mut squares = [0.0; 64];
        envelope.squares(0, &[1e30; 64], &mut squares);
        envelope.advance(64, 1);
        assert!(squares.iter().all(|e| e.is_finite()));
        for _ in 0..2_000 {
            envelope.squares(0, &[0.0; 64], &mut squares);
            envelope.advance(64, 1);
            assert!(squares.iter().all(|e| !e.is_subnormal()));
        }
        assert_eq!(envelope.states[0], State::SILENCE);
    }
}
