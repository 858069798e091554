//! The curves of a [`Saturator`](super::Saturator), plain and antialiased.

use super::{
    tanh,
    triple::{Triple, triples},
};
use crate::{
    foundation::{
        declare::choice,
        math::{larger, smaller},
    },
    primitives::backend::{Backend, run},
};

choice! {
    /// Curve of a saturator: odd, of slope 1 at 0 and a ceiling of 1.
    SaturatorCurve, default Tanh {
        /// tanh x: bends from the start and never ends; odd harmonics that fall fast.
        Tanh = "tanh",
        /// x up to 1, then 1: nothing below the ceiling, the harshest above.
        Hard = "hard",
        /// x - 4/27 x³ up to 3/2, then 1: x - x³/3, scaled to slope 1 and ceiling 1; of a tone below the ceiling the
        /// third harmonic alone.
        Cubic = "cubic",
        /// x up to 1/2, x - (x - 1/2)²/2 up to 3/2, then 1: nothing up to 6 dB below the ceiling, then a soft bend.
        SoftClip = "soft_clip",
    }
}

/// Magnitude to which the input of a curve is limited, far out on its flat part: 60 dB over the ceiling. Keeps powers of
/// it exact enough.
pub(super) const MOST: f64 = 1_024.0;
/// Samples that are looked at together for a cheaper form, with the same bits.
const GROUP: usize = 16;

/// Where the cubic ends, and its coefficient.
const CUBIC_END: f64 = 1.5;
const CUBE: f64 = 4.0 / 27.0;
/// The bend of the soft clip.
const SOFT_START: f64 = 0.5;
const SOFT_END: f64 = 1.5;

impl SaturatorCurve {
    /// f(x).
    #[inline(always)]
    pub(super) fn value(self, x: f64) -> f64 {
        match self {
            Self::Tanh => tanh::value(x),
            Self::Hard => smaller(larger(x, -1.0), 1.0),
            Self::Cubic => {
                let x = smaller(larger(x, -CUBIC_END), CUBIC_END);
                x - CUBE * (x * x * x)
            }
            Self::SoftClip => {
                let a = smaller(x.abs(), SOFT_END);
                let bent = larger(a - SOFT_START, 0.0);
                (a - 0.5 * (bent * bent)).copysign(x)
            }
        }
    }

    /// The curve of every sample, in place.
    pub(super) fn plain(self, backend: Backend, samples: &mut [f64]) {
        match self {
            Self::Tanh => run!(backend, _ => all_plain(Self::Tanh, samples)),
            Self::Hard => run!(backend, _ => all_plain(Self::Hard, samples)),
            Self::Cubic => run!(backend, _ => all_plain(Self::Cubic, samples)),
            Self::SoftClip => run!(backend, _ => all_plain(Self::SoftClip, samples)),
        }
    }

    /// The antialiased curve: `out[n]` of the samples n, n + 1 and n + 2 of `samples`, which are two more, of magnitudes
    /// up to [`MOST`].
    pub(super) fn antialiased(self, backend: Backend, samples: &[f64], out: &mut [f64]) {
        match self {
            Self::Tanh => run!(backend, _ => tanh::antialiased(samples, out)),
            Self::Hard => run!(backend, _ => all::<Hard>(samples, out)),
            Self::Cubic => run!(backend, _ => all::<Cubic>(samples, out)),
            Self::SoftClip => run!(backend, _ => all::<SoftClip>(samples, out)),
        }
    }
}

/// A curve in pieces.
trait Pieces {
    /// Magnitude up to which it is its first piece.
    const START: f64;
    /// Mean of the first piece, as if it had no end.
    fn inside(samples: &Triple) -> f64;
    /// What is taken away beyond the kinks above 0.
    fn taken(samples: &Triple) -> f64;
}

struct Hard;
impl Pieces for Hard {
    const START: f64 = 1.0;

    #[inline(always)]
    fn inside(samples: &Triple) -> f64 {
        samples.mean
    }

    #[inline(always)]
    fn taken(samples: &Triple) -> f64 {
        samples.beyond(1.0).first()
    }
}

struct Cubic;
impl Pieces for Cubic {
    const START: f64 = CUBIC_END;

    #[inline(always)]
    fn inside(samples: &Triple) -> f64 {
        let Triple { mean, square, cube, .. } = *samples;
        // The cube first: of equal samples the bits are those of the curve.
        mean - CUBE * (mean * mean * mean + (0.5 * mean * square + 0.1 * cube))
    }

    #[inline(always)]
    fn taken(samples: &Triple) -> f64 {
        // From 3/2 on, with v = x - 3/2: 1 = x - 4/27 x³ + 2/3 v² + 4/27 v³.
        let beyond = samples.beyond(CUBIC_END);
        -(2.0 / 3.0 * beyond.second() + CUBE * beyond.third())
    }
}

struct SoftClip;
impl Pieces for SoftClip {
    const START: f64 = SOFT_START;

    #[inline(always)]
    fn inside(samples: &Triple) -> f64 {
        samples.mean
    }

    #[inline(always)]
    fn taken(samples: &Triple) -> f64 {
        0.5 * (samples.beyond(SOFT_START).second() - samples.beyond(SOFT_END).second())
    }
}

#[inline(always)]
fn all_plain(curve: SaturatorCurve, samples: &mut [f64]) {
    for sample in samples {
        *sample = curve.value(*sample);
    }
}

#[inline(always)]
fn all<C: Pieces>(samples: &[f64], out: &mut [f64]) {
    for (index, out) in out.chunks_mut(GROUP).enumerate() {
        let samples = &samples[index * GROUP..][..out.len() + 2];
        if count_beyond(samples, C::START) == 0 {
            for (triple, out) in triples(samples).zip(out) {
                *out = C::inside(&triple);
            }
        } else {
            for (triple, out) in triples(samples).zip(out) {
                *out = C::inside(&triple) - C::taken(&triple) + C::taken(&triple.mirrored());
            }
        }
    }
}

/// Samples of a larger magnitude. Counted: a maximum would not be computed in vectors.
#[inline(always)]
pub(super) fn count_beyond(samples: &[f64], limit: f64) -> u64 {
    let mut count = 0;
    for sample in samples {
        count += u64::from(sample.abs() > limit);
    }
    count
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::{
        foundation::stream::Cpu,
        primitives::random::Random,
        saturation::antiderivative::{Curve, second_order},
    };
    use alloc::{vec, vec::Vec};

    pub(in super::super) const CURVES: [SaturatorCurve; 4] =
        [SaturatorCurve::Tanh, SaturatorCurve::Hard, SaturatorCurve::Cubic, SaturatorCurve::SoftClip];

    /// F1 and F2 of each curve, as in a textbook.
    struct Textbook(SaturatorCurve);

    impl Curve for Textbook {
        fn value(&self, x: f64) -> f64 {
            self.0.value(x)
        }

        fn first(&self, x: f64) -> f64 {
            let a = x.abs();
            match self.0 {
                SaturatorCurve::Hard if a < 1.0 => 0.5 * a * a,
                SaturatorCurve::Hard => a - 0.5,
                SaturatorCurve::Cubic if a < 1.5 => 0.5 * a * a - a * a * a * a / 27.0,
                SaturatorCurve::Cubic => 1.125 - 0.1875 + (a - 1.5),
                SaturatorCurve::SoftClip if a < 0.5 => 0.5 * a * a,
                SaturatorCurve::SoftClip if a < 1.5 => 0.5 * a * a - (a - 0.5) * (a - 0.5) * (a - 0.5) / 6.0,
                SaturatorCurve::SoftClip => 1.125 - 1.0 / 6.0 + (a - 1.5),
                SaturatorCurve::Tanh => a + libm::log1p(libm::exp(-2.0 * a)) - core::f64::consts::LN_2,
            }
        }

        fn second(&self, x: f64) -> f64 {
            let a = x.abs();
            let (cubed, b) = (a * a * a / 6.0, a - 1.5);
            let whole = match self.0 {
                SaturatorCurve::Hard if a < 1.0 => cubed,
                SaturatorCurve::Hard => 0.5 * a * a + 1.0 / 6.0 - 0.5 * a,
                SaturatorCurve::Cubic if a < 1.5 => cubed - a * a * a * a * a / 135.0,
                SaturatorCurve::Cubic => 0.5625 - 0.056_25 + b * (0.9375 + 0.5 * b),
                SaturatorCurve::SoftClip if a < 0.5 => cubed,
                SaturatorCurve::SoftClip if a < 1.5 => cubed - libm::pow(a - 0.5, 4.0) / 24.0,
                SaturatorCurve::SoftClip => 0.5625 - 1.0 / 24.0 + b * (1.125 - 1.0 / 6.0 + 0.5 * b),
                // ½ (Li2(-e^(-2a)) + π²/12), by its series.
                SaturatorCurve::Tanh => {
                    let u = libm::exp(-2.0 * a);
                    let terms = (1..4_000).map(|k| libm::pow(-u, f64::from(k)) / f64::from(k * k));
                    let dilogarithm: f64 = terms.sum();
                    0.5 * a * a - core::f64::consts::LN_2 * a
                        + 0.5 * (dilogarithm + core::f64::consts::PI * core::f64::consts::PI / 12.0)
                }
            };
            whole.copysign(x)
        }
    }

    #[test]
    fn antialiasing_is_that_of_the_textbook_and_the_scalar_form_has_its_bits() {
        /// The limits at the middle, which the textbook takes where samples are close, are good to a thousandth of it.
        const LIMIT: f64 = 2e-4;
        let mut random = Random::new(21, 0);
        let samples: Vec<f64> = (0..1_500)
            .map(|n| (1.0 + f64::from(n % 5)) * libm::sin(f64::from(n) * 0.11) + 0.3 * random.triangular())
            .collect();
        for curve in CURVES {
            let mut out = vec![0.0; samples.len() - 2];
            curve.antialiased(Backend::new(Cpu::Detected), &samples, &mut out);
            let mut squares = 0.0;
            for (n, y) in out.iter().enumerate() {
                let expected = second_order(&Textbook(curve), [samples[n + 2], samples[n + 1], samples[n]]);
                assert!((y - expected).abs() < LIMIT, "{curve:?} {n}: {y} {expected}");
                squares += (y - expected) * (y - expected);
            }
            std::println!("{curve:?}: RMS difference {:.1e}", libm::sqrt(squares / out.len() as f64));
            // The scalar form, one sample at a time.
            for (n, y) in out.iter().enumerate() {
                let mut one = [0.0];
                curve.antialiased(Backend::new(Cpu::Scalar), &samples[n..n + 3], &mut one);
                assert_eq!(one[0].to_bits(), y.to_bits(), "{curve:?} {n}");
            }
        }
    }

    #[test]
    fn a_constant_gives_the_curve_exactly() {
        for curve in CURVES {
            for x in [0.0, 1e-9, 0.2, -0.499, 0.501, 0.999, 1.001, 1.4, 1.6, -3.3, 17.7, 63.1] {
                let mut out = [0.0; 3];
                curve.antialiased(Backend::new(Cpu::Detected), &[x; 5], &mut out);
                let error = (out[0] - curve.value(x)).abs();
                // Far over the ceiling powers of the input are rounded.
                assert!(error <= 1e-16 * (1.0 + x.abs() * x.abs() * x.abs()), "{curve:?} {x}: {error}");
                assert!(out.iter().all(|y| y.to_bits() == out[0].to_bits()));
                if x.abs() < 1.0 {
                    assert_eq!(out[0].to_bits(), curve.value(x).to_bits(), "{curve:?} {x}");
                }
            }
        }
    }

    #[test]
    fn every_curve_has_slope_1_and_ceiling_1() {
        for curve in CURVES {
            assert!((curve.value(1e-6) / 1e-6 - 1.0).abs() < 1e-9, "{curve:?}");
            assert!((curve.value(40.0) - 1.0).abs() <= 1e-8 && curve.value(-40.0) == -curve.value(40.0), "{curve:?}");
            let mut last = curve.value(-12.0);
            for n in -120_000..=120_000 {
                let y = curve.value(f64::from(n) * 1e-4);
                assert!(y >= last && y - last <= 1.000_1e-4, "{curve:?}");
                last = y;
            }
        }
    }
}
