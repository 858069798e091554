//! The passes of a de-esser over one chunk in the L1 cache.
//!
//! Free of fused operations, so that all forms give the same bits.

use crate::{
    foundation::{
        math::{Pow2, larger},
        sample::Sample,
        silence,
    },
    primitives::{
        backend::{Backend, run},
        lanes::{Form, Lanes},
        ramp::Span,
    },
};

/// Samples are clamped to +120 dBFS: no square overflows.
const LOUDEST: f64 = 1e6;

/// Adds the squares of `samples` to `powers`.
pub(crate) fn add_squares<S: Sample>(backend: Backend, samples: &[S], powers: &mut [f64]) {
    run!(backend, _ => add_squares_all(samples, powers));
}

#[inline(always)]
fn add_squares_all<S: Sample>(samples: &[S], powers: &mut [f64]) {
    for (power, sample) in powers.iter_mut().zip(samples) {
        let x = sample.to_f64();
        let x = if x > LOUDEST { LOUDEST } else { x };
        let x = if x < -LOUDEST { -LOUDEST } else { x };
        *power += x * x;
    }
}

/// Mean powers of the band and of the whole signal, after one pole and after two.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Powers {
    pub(crate) band: [f64; 2],
    pub(crate) whole: [f64; 2],
}

/// Two-pole means of the powers of the band, `high`, and of the whole signal, in place and in parallel.
pub(crate) fn average(pole: f64, high: &mut [f64], whole: &mut [f64], means: &mut Powers) {
    let rise = 1.0 - pole;
    let Powers { band: [mut a, mut c], whole: [mut b, mut d] } = *means;
    for (high, whole) in high.iter_mut().zip(whole) {
        a = larger(pole * a + (rise * *high - silence::BAND_POWER), 0.0);
        b = larger(pole * b + (rise * *whole - silence::BAND_POWER), 0.0);
        c = larger(pole * c + (rise * a - silence::BAND_POWER), 0.0);
        d = larger(pole * d + (rise * b - silence::BAND_POWER), 0.0);
        (*high, *whole) = (c, d);
    }
    *means = Powers { band: [a, c], whole: [b, d] };
}

/// Values of the static curve that glide: logarithms of powers to base 2, and the range in octaves of amplitude.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct CurveCoeffs {
    pub(crate) threshold: f64,
    /// From no reduction to the whole range.
    pub(crate) knee: f64,
    pub(crate) range: f64,
    /// Power of the band below which nothing counts.
    pub(crate) floor: f64,
}

impl CurveCoeffs {
    pub(crate) fn glide(&self) -> [f64; 4] {
        let Self { threshold, knee, range, floor } = *self;
        [threshold, knee, range, floor]
    }
}

/// Smallest knee, in octaves of power.
const LEAST_KNEE: f64 = 1e-6;

/// The static curve of a frame.
#[derive(Clone, Copy, Debug)]
struct StaticCurve {
    /// Start of the knee.
    start: f64,
    knee: f64,
    range: f64,
    /// As a power.
    floor: f64,
}

impl StaticCurve {
    #[inline(always)]
    fn new([threshold, knee, range, floor]: [f64; 4]) -> Self {
        let knee = larger(knee, LEAST_KNEE);
        Self { start: threshold - 0.5 * knee, knee, range: larger(range, 0.0), floor: floor.exp2_fast() }
    }

    /// 0 below the knee, the range above it, smooth in between.
    #[inline(always)]
    fn reduction(&self, high: f64, whole: f64) -> f64 {
        let high = larger(high - self.floor, silence::BAND_POWER).log2_fast();
        let share = high - larger(whole, self.floor).log2_fast();
        let u = (share - self.start) / self.knee;
        let u = larger(if u < 1.0 { u } else { 1.0 }, 0.0);
        self.range * (u * u * (3.0 - 2.0 * u))
    }
}

/// Replaces the powers of the band, `high`, by target reductions in octaves. `curve` is the span of
/// [`CurveCoeffs::glide`].
pub(crate) fn target_reductions(backend: Backend, curve: &Span<f64, 4>, high: &mut [f64], whole: &[f64]) {
    run!(backend, _ => target_reductions_all(curve, high, whole));
}

#[inline(always)]
fn target_reductions_all(curve: &Span<f64, 4>, high: &mut [f64], whole: &[f64]) {
    match curve {
        Span::Still(values) => {
            let curve = StaticCurve::new(*values);
            for (high, whole) in high.iter_mut().zip(whole) {
                *high = curve.reduction(*high, *whole);
            }
        }
        Span::Moving([threshold, knee, range, floor]) => {
            for ((index, high), whole) in (0_i32..).zip(high).zip(whole) {
                let values = [threshold.at(index), knee.at(index), range.at(index), floor.at(index)];
                *high = StaticCurve::new(values).reduction(*high, *whole);
            }
        }
    }
}

/// Vectors computed together, in registers.
const VECTORS: usize = 4;

/// A symmetric filter over `samples`, which extend `taps.len() - 1` samples before the centre of the first output and
/// after that of the last one. The first tap is the centre.
pub(crate) fn symmetric<S: Sample>(backend: Backend, taps: &[S], samples: &[S], out: &mut [S]) {
    run!(backend, form => symmetric_all(form, taps, samples, out));
}

#[inline(always)]
fn symmetric_all<F: Form, S: Sample>(form: F, taps: &[S], samples: &[S], out: &mut [S]) {
    let Some((middle_tap, outer_taps)) = taps.split_first() else { return };
    let (reach, lanes) = (outer_taps.len(), F::Native::<S>::LEN);
    let group = VECTORS * lanes;
    let whole = out.len() / group * group;
    for start in (0..whole).step_by(group) {
        let centre = start + reach;
        let mut sums = [form.splat(*middle_tap); VECTORS];
        for (vector, sum) in sums.iter_mut().enumerate() {
            *sum = *sum * form.load(&samples[centre + vector * lanes..]);
        }
        for (k, tap) in (1..).zip(outer_taps) {
            let (before, behind) = (&samples[centre - k..][..group], &samples[centre + k..][..group]);
            let tap = form.splat(*tap);
            for vector in 0..VECTORS {
                let pair = form.load(&before[vector * lanes..]) + form.load(&behind[vector * lanes..]);
                sums[vector] = sums[vector] + tap * pair;
            }
        }
        for (vector, sum) in sums.into_iter().enumerate() {
            sum.store(&mut out[start + vector * lanes..]);
        }
    }
    for (start, out) in out.iter_mut().enumerate().skip(whole) {
        let centre = start + reach;
        *out = *middle_tap * samples[centre];
        for (k, tap) in (1..).zip(outer_taps) {
            *out += *tap * (samples[centre - k] + samples[centre + k]);
        }
    }
}

/// Moves `own` towards `other` by a gliding share.
pub(crate) fn blend<S: Sample>(backend: Backend, share: &Span<S, 1>, other: &[S], own: &mut [S]) {
    run!(backend, _ => blend_all(share, other, own));
}

#[inline(always)]
fn blend_all<S: Sample>(share: &Span<S, 1>, other: &[S], own: &mut [S]) {
    match share {
        Span::Still([share]) => {
            for (own, other) in own.iter_mut().zip(other) {
                *own += *share * (*other - *own);
            }
        }
        Span::Moving([curve]) => {
            for ((index, own), other) in (0_i32..).zip(own).zip(other) {
                *own += curve.at(index) * (*other - *own);
            }
        }
    }
}

/// Samples minus the reduced part of their band; a gain of 1 leaves them unchanged.
pub(crate) fn take_from<S: Sample>(backend: Backend, gains: &[S], band: &[S], samples: &mut [S]) {
    run!(backend, _ => take_from_all(gains, band, samples));
}

#[inline(always)]
fn take_from_all<S: Sample>(gains: &[S], band: &[S], samples: &mut [S]) {
    for ((sample, gain), band) in samples.iter_mut().zip(gains).zip(band) {
        let less = *sample - (S::ONE - *gain) * *band;
        // The sign of a zero is kept too.
        *sample = if *gain < S::ONE { less.audible() } else { *sample };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::foundation::stream::Cpu;

    #[test]
    fn a_symmetric_filter_is_the_convolution_whatever_the_length() {
        let taps = [0.5_f64, 0.25, -0.125, 1.0];
        let samples: [f64; 106] = core::array::from_fn(|n| libm::sin((n * n) as f64));
        for cpu in [Cpu::Detected, Cpu::Baseline, Cpu::Software, Cpu::Scalar] {
            for count in [1, 31, 32, 33, 100] {
                let mut out = [0.0; 100];
                symmetric(Backend::new(cpu), &taps, &samples, &mut out[..count]);
                for (n, y) in out[..count].iter().enumerate() {
                    let mut expected = taps[0] * samples[n + 3];
                    for k in 1..4 {
                        expected += taps[k] * (samples[n + 3 - k] + samples[n + 3 + k]);
                    }
                    assert_eq!(*y, expected, "{count} {n}");
                }
            }
        }
    }

    #[test]
    fn silence_and_noise_below_the_floor_are_not_reduced() {
        let curve = CurveCoeffs { threshold: -2.0, knee: 1.0, range: 3.0, floor: libm::log2(1e-8) };
        let mut high = [0.0, 1e-9, 1e-8, 1e-4];
        target_reductions(
            Backend::new(Cpu::Detected),
            &Span::Still(curve.glide()),
            &mut high,
            &[0.0, 1e-9, 1e-8, 1e-4],
        );
        assert_eq!(high[..3], [0.0; 3], "silence is no sibilant");
        assert_eq!(high[3], 3.0);
        let mut means = Powers { band: [1.0, 0.5], whole: [1e-3, 0.0] };
        for _ in 0..30_000 {
            average(0.99, &mut [0.0], &mut [0.0], &mut means);
            assert!(means.band.iter().chain(&means.whole).all(|power| !power.is_subnormal()));
        }
        assert_eq!(means, Powers::default());
    }

    #[test]
    fn a_gain_of_one_leaves_every_bit() {
        let mut samples = [0.1_f32, -0.0, 3.0, 0.5];
        take_from(Backend::new(Cpu::Detected), &[1.0, 1.0, 1.0, 0.5], &[0.3, -1.0, f32::MAX, 0.5], &mut samples);
        assert!(samples.map(f32::to_bits) == [0.1_f32, -0.0, 3.0, 0.25].map(f32::to_bits));
    }
}
