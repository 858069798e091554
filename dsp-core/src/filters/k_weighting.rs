//! K-weighting and its energy: two biquads, squared and summed, two channels at a time; also the sample peak.
//!
//! Biquads in transposed direct form II, f64, every multiply-add fused (see [`super`]):
//! y = b0 x + s1, s1' = (b1 x + s2) - a1 y, s2' = b2 x - a2 y; the recent term comes last. One vector is one pair of
//! channels, so every level has the same lanes; an odd last channel is paired with silence.
//!
//! # Source
//! ITU-R BS.1770-5 (11/2023), Annex 1, tables 1 and 2 (48 kHz). Other rates through the bilinear transform of the
//! analogue prototype whose transform at 48 kHz gives all printed digits of those tables (asserted below).

use crate::{
    foundation::{block::Block, grid::GRID_FRAMES, math::cis, sample::Sample, silence::flushed_pair},
    primitives::{
        backend::{Backend, run},
        lanes::{Form, Lanes},
        sanitize::repair,
    },
};
use core::f64::consts::PI;

/// Corner of the high shelf, Hz.
const SHELF_HZ: f64 = 1_681.974_450_955_533;
/// Gain of the high shelf, dB.
const SHELF_DB: f64 = 3.999_843_853_973_347;
/// Quality of the high shelf.
const SHELF_Q: f64 = 0.707_175_236_955_419_6;
/// Exponent of the shelf's gain in its middle term.
const SHELF_SLOPE: f64 = 0.499_666_774_154_541_6;
/// Corner of the high-pass, Hz.
const HIGH_PASS_HZ: f64 = 38.135_470_876_024_44;
/// Quality of the high-pass.
const HIGH_PASS_Q: f64 = 0.500_327_037_323_877_3;
/// The sample rate of the standard's tables, Hz.
const TABLE_RATE_HZ: f64 = 48_000.0;

/// Both sections, `[b0, b1, b2, -a1, -a2]` each.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Weighting {
    sections: [[f64; 5]; 2],
}

impl Weighting {
    /// The filter whose response at any rate is that of the tables at 48 kHz.
    ///
    /// The tables print the high-pass numerator as 1, -2, 1, which is not unity gain: at 48 kHz it amplifies by
    /// 1 + K/Q + K² = 1.005. Keeping 1, -2, 1 at other rates, as is common, moves the reading by up to 0.03 LU; here
    /// the numerator is scaled so that the gain of the tables holds everywhere.
    pub(crate) fn new(sample_rate_hz: f64) -> Self {
        let shelf = {
            let k = libm::tan(PI * SHELF_HZ / sample_rate_hz);
            let high = libm::pow(10.0, SHELF_DB / 20.0);
            let middle = libm::pow(high, SHELF_SLOPE);
            let d = 1.0 + k / SHELF_Q + k * k;
            [
                (high + middle * k / SHELF_Q + k * k) / d,
                2.0 * (k * k - high) / d,
                (high - middle * k / SHELF_Q + k * k) / d,
                -2.0 * (k * k - 1.0) / d,
                -(1.0 - k / SHELF_Q + k * k) / d,
            ]
        };
        let high_pass = {
            let k = libm::tan(PI * HIGH_PASS_HZ / sample_rate_hz);
            let denominator = |k: f64| 1.0 + k / HIGH_PASS_Q + k * k;
            let d = denominator(k);
            let gain = denominator(libm::tan(PI * HIGH_PASS_HZ / TABLE_RATE_HZ)) / d;
            [gain, -2.0 * gain, gain, -2.0 * (k * k - 1.0) / d, -(1.0 - k / HIGH_PASS_Q + k * k) / d]
        };
        Self { sections: [shelf, high_pass] }
    }

    /// Power gain at a frequency.
    pub(crate) fn power(&self, frequency_hz: f64, sample_rate_hz: f64) -> f64 {
        let z = cis(-2.0 * PI * frequency_hz / sample_rate_hz);
        let of = |[b0, b1, b2, a1, a2]: [f64; 5]| ((b0 + z * (b1 + z * b2)) / (1.0 - z * (a1 + z * a2))).norm_sqr();
        self.sections.into_iter().map(of).product()
    }
}

/// Filter states of two channels, and their energy and peak since the last reading.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Pair {
    /// s1 and s2 of the shelf, then of the high-pass; each for both channels.
    states: [[f64; 2]; 4],
    /// Sum of squares, weighted.
    energy: [f64; 2],
    /// Largest magnitude, unweighted.
    peak: [f64; 2],
}

impl Pair {
    /// The sums of squares since the last call.
    pub(crate) fn take_energy(&mut self) -> [f64; 2] {
        core::mem::take(&mut self.energy)
    }

    /// The largest magnitude of both channels since the last call.
    pub(crate) fn take_peak(&mut self) -> f64 {
        let [left, right] = core::mem::take(&mut self.peak);
        left.max(right)
    }

    fn flush(&mut self) {
        let (sections, _) = self.states.as_chunks_mut::<2>();
        for [s1, s2] in sections {
            for (s1, s2) in s1.iter_mut().zip(s2) {
                [*s1, *s2] = flushed_pair([*s1, *s2]);
            }
        }
    }
}

/// Weights a block and adds its squares to the pairs: channels 0 and 1 in the first, and so on. `frame` is the absolute
/// number of the block's first frame. Returns the count of non-finite samples, which count as 0.
pub(crate) fn observe<S: Sample>(
    backend: Backend,
    weighting: &Weighting,
    pairs: &mut [Pair],
    block: &Block<'_, '_, S>,
    channels: usize,
    frame: u64,
) -> u64 {
    run!(backend, form => observe_with(form, weighting, pairs, block, channels, frame))
}

#[inline(always)]
fn observe_with<F: Form, S: Sample>(
    form: F,
    weighting: &Weighting,
    pairs: &mut [Pair],
    block: &Block<'_, '_, S>,
    channels: usize,
    frame: u64,
) -> u64 {
    let silence = [S::ZERO; GRID_FRAMES];
    let mut non_finite = 0;
    for (index, pair) in pairs.iter_mut().enumerate() {
        let left = block.channel(2 * index);
        let right = if 2 * index + 1 < channels { Some(block.channel(2 * index + 1)) } else { None };
        let mut start = 0;
        let mut phase = (frame % GRID_FRAMES as u64) as usize;
        while start < left.len() {
            let length = (left.len() - start).min(GRID_FRAMES - phase);
            let left = &left[start..start + length];
            let right = right.map_or(&silence[..length], |right| &right[start..start + length]);
            if S::all_ordinary(left) & S::all_ordinary(right) {
                span(form, weighting, pair, left, right);
            } else {
                let (mut copies, mut replaced) = ([[S::ZERO; GRID_FRAMES]; 2], 0);
                for (copy, source) in copies.iter_mut().zip([left, right]) {
                    let copy = &mut copy[..length];
                    copy.copy_from_slice(source);
                    replaced += repair(copy);
                }
                non_finite += replaced;
                span(form, weighting, pair, &copies[0][..length], &copies[1][..length]);
            }
            start += length;
            phase += length;
            if phase == GRID_FRAMES {
                phase = 0;
                pair.flush();
            }
        }
    }
    non_finite
}

/// One section in registers: its coefficients, s1 and s2.
#[derive(Clone, Copy)]
struct Section<V> {
    coeffs: [V; 5],
    s1: V,
    s2: V,
}

impl<V> Section<V> {
    #[inline(always)]
    fn new<F: Form>(form: F, coeffs: &[f64; 5], states: &[[f64; 2]]) -> Self
    where
        V: Lanes<F, Element = f64>,
    {
        let [b0, b1, b2, minus_a1, minus_a2] = *coeffs;
        Self {
            coeffs: [
                V::splat(form, b0),
                V::splat(form, b1),
                V::splat(form, b2),
                V::splat(form, minus_a1),
                V::splat(form, minus_a2),
            ],
            s1: V::load(form, &states[0]),
            s2: V::load(form, &states[1]),
        }
    }

    #[inline(always)]
    fn tick<F: Form>(&mut self, x: V) -> V
    where
        V: Lanes<F>,
    {
        let [b0, b1, b2, minus_a1, minus_a2] = self.coeffs;
        let y = b0.mul_add(x, self.s1);
        self.s1 = minus_a1.mul_add(y, b1.mul_add(x, self.s2));
        self.s2 = minus_a2.mul_add(y, b2 * x);
        y
    }
}

/// A span of at most [`GRID_FRAMES`] frames.
#[inline(always)]
fn span<F: Form, S: Sample>(form: F, weighting: &Weighting, pair: &mut Pair, left: &[S], right: &[S]) {
    let (shelf_states, pass_states) = pair.states.split_at_mut(2);
    let mut shelf = Section::<F::F64x2>::new(form, &weighting.sections[0], shelf_states);
    let mut pass = Section::<F::F64x2>::new(form, &weighting.sections[1], pass_states);
    let mut energy = F::F64x2::load(form, &pair.energy);
    let mut peak = F::F64x2::load(form, &pair.peak);
    for (left, right) in left.iter().zip(right) {
        let x = F::F64x2::load(form, &[left.to_f64(), right.to_f64()]);
        peak = peak.max(x.abs());
        let z = pass.tick(shelf.tick(x));
        energy = z.mul_add(z, energy);
    }
    for (section, states) in [(shelf, shelf_states), (pass, pass_states)] {
        section.s1.store(&mut states[0]);
        section.s2.store(&mut states[1]);
    }
    energy.store(&mut pair.energy);
    peak.store(&mut pair.peak);
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::foundation::stream::Cpu;
    use alloc::vec::Vec;

    /// Half a unit of the last digit that the standard prints.
    const PRINTED: f64 = 0.5e-14;

    #[test]
    fn every_printed_digit_of_the_tables() {
        let Weighting { sections: [shelf, pass] } = Weighting::new(48_000.0);
        let printed = [
            [
                1.535_124_859_586_97,
                -2.691_696_189_406_38,
                1.198_392_810_852_85,
                1.690_659_293_182_41,
                -0.732_480_774_215_85,
            ],
            [1.0, -2.0, 1.0, 1.990_047_454_833_98, -0.990_072_250_366_21],
        ];
        for (designed, printed) in [shelf, pass].iter().flatten().zip(printed.iter().flatten()) {
            assert!((designed - printed).abs() <= PRINTED, "{designed} {printed}");
        }
    }

    fn noise(frames: usize) -> Vec<f32> {
        let mut random = crate::primitives::random::Random::new(7, 0);
        (0..frames).map(|_| random.triangular() as f32).collect()
    }

    fn energies(cpu: Cpu, planar: &[f32], channels: usize, cut: usize) -> (Vec<u64>, u64) {
        let weighting = Weighting::new(44_100.0);
        let block = Block::from_planar(planar, channels).unwrap();
        let mut pairs = [Pair::default(); 2];
        let pairs = &mut pairs[..channels.div_ceil(2)];
        let (mut frame, mut non_finite) = (0, 0);
        while frame < block.frames() {
            let part = block.frames_at(frame, cut.min(block.frames() - frame));
            non_finite += observe(Backend::new(cpu), &weighting, pairs, &part, channels, frame as u64);
            frame += part.frames();
        }
        (pairs.iter_mut().flat_map(Pair::take_energy).map(f64::to_bits).collect(), non_finite)
    }

    #[test]
    fn any_cut_and_any_form_give_the_same_bits() {
        let mut audio = noise(3 * 1000);
        audio[1100] = f32::NAN;
        audio[2999] = f32::INFINITY;
        let whole = energies(Cpu::Detected, &audio, 3, 1000);
        assert_eq!(whole.1, 2);
        for cut in [1, 7, 64, 480] {
            assert_eq!(energies(Cpu::Detected, &audio, 3, cut), whole, "{cut}");
        }
        let scalar = energies(Cpu::Scalar, &audio, 3, 77);
        assert_eq!(energies(Cpu::Software, &audio, 3, 100), scalar);
        if crate::primitives::backend::fuses() {
            assert_eq!(scalar, whole);
        }
        // A channel alone, and in the other lane, has the same bits as in a pair.
        assert_eq!(energies(Cpu::Detected, &audio[..1000], 1, 1000).0[0], whole.0[0]);
        let shifted = energies(Cpu::Detected, &audio[1000..], 2, 1000).0;
        assert_eq!(shifted, whole.0[1..3]);
    }

    #[test]
    fn silence_ends_in_exact_zero() {
        let weighting = Weighting::new(48_000.0);
        let mut pairs = [Pair::default()];
        let mut audio = [0.0_f64; 96_000];
        audio[0] = 1.0;
        observe(Backend::new(Cpu::Detected), &weighting, &mut pairs, &Block::from_planar(&audio, 1).unwrap(), 1, 0);
        assert!(pairs[0].take_energy()[0] > 0.5);
        assert_eq!((pairs[0].take_peak(), pairs[0].take_peak()), (1.0, 0.0));
        assert_eq!(pairs[0].states, [[0.0; 2]; 4]);
        observe(
            Backend::new(Cpu::Detected),
            &weighting,
            &mut pairs,
            &Block::from_planar(&[0.0; 640], 1).unwrap(),
            1,
            0,
        );
        assert_eq!(pairs[0].take_energy(), [0.0; 2]);
    }
}
