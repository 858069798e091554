//! K-weighting and its energy: two biquads, squared and summed, two channels at a time; and the sample peak by the way.
//!
//! Biquads in transposed direct form II, f64, every multiply-add fused (see [`super`]):
//! y = b0 x + s1, s1' = (b1 x + s2) - a1 y, s2' = b2 x - a2 y; the recent term comes last. One vector is one pair of
//! channels, so every level has the same lanes; an odd last channel runs beside silence.
//!
//! # Source
//! ITU-R BS.1770-5 (11/2023), Annex 1, tables 1 and 2 (48 kHz). Other rates through the bilinear transform of the analogue
//! prototype whose transform at 48 kHz gives all printed digits of those tables (asserted below).

use crate::{
    foundation::{block::Block, grid::GRID_FRAMES, math::cis, sample::Sample},
    primitives::{
        backend::{Backend, run},
        sanitize::repair,
    },
};
use core::f64::consts::PI;
use fearless_simd::{Simd, SimdBase, SimdFloat, f64x2};

/// A state below this is silent: -400 dBFS.
const SILENT: f64 = 1e-20;

/// Corner of the high shelf, Hz.
const SHELF_HZ: f64 = 1_681.974_450_955_533;
/// Gain of the high shelf, dB.
const SHELF_DB: f64 = 3.999_843_853_973_347;
/// Quality of the high shelf.
const SHELF_Q: f64 = 0.707_175_236_955_419_6;
/// Share of the shelf's gain (in dB) that its middle term has.
const SHELF_SLOPE: f64 = 0.499_666_774_154_541_6;
/// Corner of the high-pass, Hz.
const HIGH_PASS_HZ: f64 = 38.135_470_876_024_44;
/// Quality of the high-pass.
const HIGH_PASS_Q: f64 = 0.500_327_037_323_877_3;
/// The rate at which the standard's tables hold, Hz.
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

    /// Its gain in power at a frequency.
    pub(crate) fn power(&self, frequency_hz: f64, sample_rate_hz: f64) -> f64 {
        let z = cis(-2.0 * PI * frequency_hz / sample_rate_hz);
        let of = |[b0, b1, b2, a1, a2]: [f64; 5]| ((b0 + z * (b1 + z * b2)) / (1.0 - z * (a1 + z * a2))).norm_sqr();
        self.sections.into_iter().map(of).product()
    }
}

/// What the past left behind in two channels, and their energy and peak since these were last taken.
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
        for state in self.states.as_flattened_mut() {
            if state.abs() < SILENT {
                *state = 0.0;
            }
        }
    }
}

/// Weighs a block and adds its squares to the pairs: channels 0 and 1 in the first, and so on. `frame` is the absolute
/// number of the block's first frame. Returns the count of non-finite samples, which count as 0.
pub(crate) fn observe<S: Sample>(
    backend: Backend,
    weighting: &Weighting,
    pairs: &mut [Pair],
    block: &Block<'_, '_, S>,
    channels: usize,
    frame: u64,
) -> u64 {
    run!(
        backend,
        observe_with(Scalar, weighting, pairs, block, channels, frame),
        simd => observe_with(Vector(simd), weighting, pairs, block, channels, frame)
    )
}

/// How a span of at most [`GRID_FRAMES`] frames is filtered.
trait Arithmetic: Copy {
    fn span<S: Sample>(self, weighting: &Weighting, pair: &mut Pair, left: &[S], right: &[S]);
}

#[inline(always)]
fn observe_with<A: Arithmetic, S: Sample>(
    arithmetic: A,
    weighting: &Weighting,
    pairs: &mut [Pair],
    block: &Block<'_, '_, S>,
    channels: usize,
    frame: u64,
) -> u64 {
    let silence = [S::ZERO; GRID_FRAMES];
    let mut faults = 0;
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
                arithmetic.span(weighting, pair, left, right);
            } else {
                let (mut copies, mut replaced) = ([[S::ZERO; GRID_FRAMES]; 2], 0);
                for (copy, source) in copies.iter_mut().zip([left, right]) {
                    let copy = &mut copy[..length];
                    copy.copy_from_slice(source);
                    replaced += repair(copy);
                }
                faults += replaced;
                arithmetic.span(weighting, pair, &copies[0][..length], &copies[1][..length]);
            }
            start += length;
            phase += length;
            if phase == GRID_FRAMES {
                phase = 0;
                pair.flush();
            }
        }
    }
    faults
}

#[derive(Clone, Copy)]
struct Vector<V>(V);

impl<V: Simd> Arithmetic for Vector<V> {
    #[inline(always)]
    fn span<S: Sample>(self, weighting: &Weighting, pair: &mut Pair, left: &[S], right: &[S]) {
        let simd = self.0;
        let [shelf, pass] = weighting.sections;
        let [p0, p1, p2, p3, p4] = [
            f64x2::splat(simd, shelf[0]),
            f64x2::splat(simd, shelf[1]),
            f64x2::splat(simd, shelf[2]),
            f64x2::splat(simd, shelf[3]),
            f64x2::splat(simd, shelf[4]),
        ];
        let [q0, q1, q2, q3, q4] = [
            f64x2::splat(simd, pass[0]),
            f64x2::splat(simd, pass[1]),
            f64x2::splat(simd, pass[2]),
            f64x2::splat(simd, pass[3]),
            f64x2::splat(simd, pass[4]),
        ];
        let mut s1 = f64x2::load_array(simd, pair.states[0]);
        let mut s2 = f64x2::load_array(simd, pair.states[1]);
        let mut t1 = f64x2::load_array(simd, pair.states[2]);
        let mut t2 = f64x2::load_array(simd, pair.states[3]);
        let mut energy = f64x2::load_array(simd, pair.energy);
        let mut peak = f64x2::load_array(simd, pair.peak);
        for (left, right) in left.iter().zip(right) {
            let x = f64x2::load_array(simd, [left.to_f64(), right.to_f64()]);
            peak = peak.max(x.abs());
            let y = p0.mul_add(x, s1);
            s1 = p3.mul_add(y, p1.mul_add(x, s2));
            s2 = p4.mul_add(y, p2 * x);
            let z = q0.mul_add(y, t1);
            t1 = q3.mul_add(z, q1.mul_add(y, t2));
            t2 = q4.mul_add(z, q2 * y);
            energy = z.mul_add(z, energy);
        }
        pair.states = [s1.to_array(), s2.to_array(), t1.to_array(), t2.to_array()];
        pair.energy = energy.to_array();
        pair.peak = peak.to_array();
    }
}

#[derive(Clone, Copy)]
struct Scalar;

impl Arithmetic for Scalar {
    #[inline(always)]
    fn span<S: Sample>(self, weighting: &Weighting, pair: &mut Pair, left: &[S], right: &[S]) {
        let [p, q] = weighting.sections;
        for (lane, samples) in [left, right].into_iter().enumerate() {
            let [mut s1, mut s2, mut t1, mut t2] = pair.states.map(|state| state[lane]);
            let mut energy = pair.energy[lane];
            for sample in samples {
                let x = sample.to_f64();
                pair.peak[lane] = pair.peak[lane].max(x.abs());
                let y = p[0].fused(x, s1);
                s1 = p[3].fused(y, p[1].fused(x, s2));
                s2 = p[4].fused(y, p[2] * x);
                let z = q[0].fused(y, t1);
                t1 = q[3].fused(z, q[1].fused(y, t2));
                t2 = q[4].fused(z, q[2] * y);
                energy = z.fused(z, energy);
            }
            for (state, value) in pair.states.iter_mut().zip([s1, s2, t1, t2]) {
                state[lane] = value;
            }
            pair.energy[lane] = energy;
        }
    }
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
        let (mut frame, mut faults) = (0, 0);
        while frame < block.frames() {
            let part = block.frames_at(frame, cut.min(block.frames() - frame));
            faults += observe(Backend::new(cpu), &weighting, pairs, &part, channels, frame as u64);
            frame += part.frames();
        }
        (pairs.iter_mut().flat_map(Pair::take_energy).map(f64::to_bits).collect(), faults)
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
        if crate::primitives::backend::fuses() {
            assert_eq!(energies(Cpu::Reproducible, &audio, 3, 77), whole);
        }
        // A channel alone, and in the other lane, has the bits it has in company.
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
