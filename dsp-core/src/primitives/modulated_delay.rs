//! Modulated delay: low-frequency oscillators, and Lagrange interpolation of the delay that they modulate.
//!
//! Both are exact at the points of the 64-frame grid; in between the interpolation weights are linear. The weights sum
//! to 1 and keep their first moment, so that the delay moves smoothly at low frequencies.
//!
//! # Source
//! Lagrange interpolation of six points: T. Laakso, V. Välimäki, M. Karjalainen, U. Laine, "Splitting the unit delay",
//! IEEE Signal Processing Magazine 13(1), 1996. The worst loss, at half a sample, is 0.26 dB for 10 kHz at 44.1 kHz.

use crate::foundation::{grid::GRID_FRAMES, sample::Sample};
use core::f64::consts::TAU;

/// Taps of an interpolation.
pub(crate) const TAPS: usize = 6;
/// Samples before the whole part of a delay that the taps reach.
pub(crate) const REACH: usize = 3;
/// Samples from which the frames between two grid points are interpolated, rounded up to whole vectors.
pub(crate) const READ_FRAMES: usize = GRID_FRAMES + 8;
/// Inverse Lagrange denominators: one over the products of the distances from each point to the others.
const INVERSE_DENOMINATORS: [f64; TAPS] = [-1.0 / 120.0, 1.0 / 24.0, -1.0 / 12.0, 1.0 / 12.0, -1.0 / 24.0, 1.0 / 120.0];

/// The weights of `N` modulated delays from one grid point to the next, side by side, so that they are computed in
/// vectors.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LagrangeTaps<S, const N: usize> {
    /// Frames from the oldest sample read to the newest written.
    pub(crate) oldest: [u32; N],
    /// Weights at the start, of the oldest sample first, and how they change per frame.
    pub(crate) start: [[S; N]; TAPS],
    pub(crate) slope: [[S; N]; TAPS],
}

impl<S: Sample, const N: usize> LagrangeTaps<S, N> {
    /// Weights of 0.
    pub(crate) fn new() -> Self {
        Self { oldest: [REACH as u32; N], start: [[S::ZERO; N]; TAPS], slope: [[S::ZERO; N]; TAPS] }
    }

    /// Moves to the delays `centres + depth * lfos`, in frames, each [`REACH`] or more; `lfos` are -1..1 at both ends of
    /// the next `frames`, not far apart.
    #[inline(always)]
    pub(crate) fn modulate(&mut self, centres: &[f64; N], depth: f64, lfos: &[[f64; 2]; N], frames: usize) {
        let mut ends = [[0.0; N]; 2];
        for n in 0..N {
            let (start, end) = (centres[n] + depth * lfos[n][0], centres[n] + depth * lfos[n][1]);
            // Delays are positive and small.
            let middle = (0.5 * (start + end)) as i32;
            self.oldest[n] = middle as u32 + REACH as u32;
            (ends[0][n], ends[1][n]) = (start - f64::from(middle), end - f64::from(middle));
        }
        let (start, end) = (weights(&ends[0]), weights(&ends[1]));
        let per_frame = 1.0 / frames as f64;
        for tap in 0..TAPS {
            for n in 0..N {
                self.start[tap][n] = S::from_f64(start[tap][n]);
                self.slope[tap][n] = S::from_f64((end[tap][n] - start[tap][n]) * per_frame);
            }
        }
    }

    /// Reads delay `n` from `first` frames after the grid point on: `samples` begin `oldest` frames before the first
    /// one. Nothing is fused, so that all forms agree.
    #[inline(always)]
    pub(crate) fn read(&self, n: usize, samples: &[S; READ_FRAMES], first: usize, out: &mut [S; GRID_FRAMES]) {
        let (start, slope) = (self.start.map(|weights| weights[n]), self.slope.map(|weights| weights[n]));
        for (frame, out) in out.iter_mut().enumerate() {
            let clock = S::from_index((first + frame) as i32);
            let mut sum = S::ZERO;
            for tap in 0..TAPS {
                sum += (start[tap] + clock * slope[tap]) * samples[frame + tap];
            }
            *out = sum;
        }
    }
}

/// Weights for points `fractions` (about 0..1) older than the fourth of six samples, oldest first.
#[inline(always)]
fn weights<const N: usize>(fractions: &[f64; N]) -> [[f64; N]; TAPS] {
    let mut weights = [[0.0; N]; TAPS];
    for tap in 0..TAPS {
        weights[tap] = [INVERSE_DENOMINATORS[tap]; N];
    }
    let (mut below, mut above) = ([1.0; N], [1.0; N]);
    for tap in 0..TAPS {
        let last = TAPS - 1 - tap;
        for n in 0..N {
            let x = REACH as f64 - fractions[n];
            weights[tap][n] *= below[n];
            weights[last][n] *= above[n];
            below[n] *= x - tap as f64;
            above[n] *= x - last as f64;
        }
    }
    weights
}

/// Mean loss, in dB, of a delay at a frequency, in cycles per frame: it varies by `depth` around a whole number of
/// frames, and by `moved` at most between two points where the weights are exact.
pub(crate) fn loss_db(frequency: f64, depth: f64, moved: f64) -> f64 {
    const PHASES: usize = 16;
    const PARTS: usize = 4;
    let phasors: [[f64; 2]; TAPS] = core::array::from_fn(|tap| unit_phasor(frequency * tap as f64));
    let mut sum_db = 0.0;
    for phase in 0..PHASES {
        let [cos, sin] = unit_phasor((phase as f64 + 0.5) / PHASES as f64);
        let (middle, half) = (depth * sin, 0.5 * moved * cos);
        let base = libm::floor(middle);
        let [start, end] = [middle - half, middle + half].map(|delay| weights(&[delay - base]));
        for part in 0..PARTS {
            let share = (part as f64 + 0.5) / PARTS as f64;
            let mut sum = [0.0; 2];
            for tap in 0..TAPS {
                let weight = start[tap][0] + share * (end[tap][0] - start[tap][0]);
                sum[0] += weight * phasors[tap][0];
                sum[1] += weight * phasors[tap][1];
            }
            sum_db -= 10.0 * libm::log10(sum[0] * sum[0] + sum[1] * sum[1]);
        }
    }
    (sum_db / (PHASES * PARTS) as f64).max(0.0)
}

/// `N` sines, computed at the grid points only.
#[derive(Clone, Debug)]
pub(crate) struct Lfo<const N: usize> {
    /// Cosine and sine.
    phases: [[f64; 2]; N],
    /// Values at the last grid point and at the next, -1..1.
    ends: [[f64; 2]; N],
}

impl<const N: usize> Lfo<N> {
    /// Phases spread evenly over a period.
    pub(crate) fn new() -> Self {
        Self { phases: core::array::from_fn(|n| unit_phasor(n as f64 / N as f64)), ends: [[0.0; 2]; N] }
    }

    /// Advances to the next grid point, each by its own [`rotation`].
    pub(crate) fn advance(&mut self, rotations: &[[f64; 2]; N]) {
        for ((phase, ends), [cos, sin]) in self.phases.iter_mut().zip(&mut self.ends).zip(rotations) {
            let [x, y] = *phase;
            *phase = [x * cos - y * sin, x * sin + y * cos];
            *ends = [y, phase[1]];
        }
    }

    /// Values at the last grid point and at the next.
    pub(crate) fn ends(&self) -> &[[f64; 2]; N] {
        &self.ends
    }
}

/// Cosine and sine of an LFO's phase increment per grid step.
pub(crate) fn rotation(frequency_hz: f64, rate_hz: f64) -> [f64; 2] {
    unit_phasor(frequency_hz * GRID_FRAMES as f64 / rate_hz)
}

/// Cosine and sine of an angle in periods.
fn unit_phasor(periods: f64) -> [f64; 2] {
    [libm::cos(TAU * periods), libm::sin(TAU * periods)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn polynomials_up_to_the_fifth_degree_are_read_exactly() {
        for delay in [10.0, 10.25, 10.5, 10.99] {
            let mut taps = LagrangeTaps::<f64, 1>::new();
            taps.modulate(&[delay], 0.02, &[[0.0, 1.0]], GRID_FRAMES);
            let value = |age: f64| 1.0 + 0.3 * age - 0.02 * age * age + 1e-5 * age * age * age * age * age;
            let age = |tap: usize| f64::from(taps.oldest[0] - tap as u32);
            let read: f64 = (0..TAPS).map(|tap| taps.start[tap][0] * value(age(tap))).sum();
            assert!((read - value(delay)).abs() < 1e-12, "{delay}: {read}");
            let at_end = |tap: usize| taps.start[tap][0] + GRID_FRAMES as f64 * taps.slope[tap][0];
            let end: f64 = (0..TAPS).map(|tap| at_end(tap) * value(age(tap))).sum();
            assert!((end - value(delay + 0.02)).abs() < 1e-11, "{delay}");
        }
    }

    #[test]
    fn each_delay_is_modulated_as_if_alone() {
        let (centres, lfos) = ([10.25, 2_000.0, 333.9], [[0.1, 0.11], [-1.0, -0.99], [0.999, 0.998]]);
        let mut taps = LagrangeTaps::<f64, 3>::new();
        taps.modulate(&centres, 7.2, &lfos, GRID_FRAMES);
        for n in 0..3 {
            let mut alone = LagrangeTaps::<f64, 1>::new();
            alone.modulate(&[centres[n]], 7.2, &[lfos[n]], GRID_FRAMES);
            assert_eq!(taps.oldest[n], alone.oldest[0]);
            for tap in 0..TAPS {
                assert_eq!(taps.start[tap][n], alone.start[tap][0]);
                assert_eq!(taps.slope[tap][n], alone.slope[tap][0]);
            }
        }
    }

    #[test]
    fn a_ramp_is_read_at_the_delay_whatever_the_cut() {
        let mut taps = LagrangeTaps::<f64, 1>::new();
        taps.modulate(&[100.0], 5.0, &[[0.3, 0.32]], GRID_FRAMES);
        for first in [0, 17, 63] {
            let oldest = f64::from(taps.oldest[0]);
            let samples = core::array::from_fn(|index| (first + index) as f64 - oldest);
            let mut read = [0.0; GRID_FRAMES];
            taps.read(0, &samples, first, &mut read);
            for (index, read) in read[..GRID_FRAMES - first].iter().enumerate() {
                let frame = (first + index) as f64;
                let delay = 100.0 + 5.0 * (0.3 + 0.02 * frame / GRID_FRAMES as f64);
                assert!((read - (frame - delay)).abs() < 1e-11, "{frame}: {read}");
            }
        }
    }

    #[test]
    fn the_loss_is_that_of_half_a_sample_on_average_and_grows_with_the_steps() {
        // At rest on a whole sample nothing is lost.
        assert!(loss_db(0.2, 1e-9, 0.0) < 1e-9);
        // The worst loss of six points is 0.26 dB at 10 kHz and 44.1 kHz; over all fractions a bit less than half of it.
        let moving = loss_db(10.0 / 44.1, 10.0, 0.01);
        assert!(moving > 0.08 && moving < 0.18, "{moving}");
        assert!(loss_db(10.0 / 44.1, 10.0, 1.6) > 10.0 * moving);
    }

    #[test]
    fn lfos_are_sines_without_steps() {
        let mut lfo = Lfo::<4>::new();
        let rotations = [rotation(1.0, 48_000.0); 4];
        let mut last = [0.0, 1.0, 0.0, -1.0];
        for point in 1..10_000 {
            lfo.advance(&rotations);
            for (n, (&[start, end], last)) in lfo.ends().iter().zip(&mut last).enumerate() {
                assert!((start - *last).abs() < 1e-15);
                let expected = (TAU * (n as f64 / 4.0 + f64::from(point) * GRID_FRAMES as f64 / 48_000.0)).sin();
                // The rounding of 10^4 rotations.
                assert!((end - expected).abs() < 1e-11, "{end} {expected}");
                *last = end;
            }
        }
    }
}
