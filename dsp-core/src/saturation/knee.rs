//! Curve of a clip: a straight line, a parabola, and the ceiling.
//!
//! With the ceiling at 1 and a knee of half width k, f(a) = a up to 1 - k, a - (a - (1 - k))² / (4 k) up to 1 + k, 1
//! beyond; odd. Value and slope are continuous. k = 0 is a hard clip. Kept here is what the curve takes away, f(x) - x,
//! which is exactly 0 below the knee.

use super::{
    curve::count_beyond,
    triple::{Triple, triples},
};
use crate::foundation::unit::db_to_gain;

/// Half widths below which a knee is a hard clip: the parabola would be a difference of large numbers.
const NARROWEST: f64 = 1e-6;
/// Samples that are looked at together for nothing to take away.
const GROUP: usize = 16;

/// What the curve takes away, with the ceiling at 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Knee {
    start: f64,
    end: f64,
    /// 1 / (4 k); 0 for a hard clip.
    bend: f64,
}

/// k of a knee that begins `knee_db` below the ceiling.
pub(super) fn half_width(knee_db: f64) -> f64 {
    1.0 - db_to_gain(-knee_db)
}

impl Knee {
    /// Of half width k; 0 for a hard clip.
    pub(super) fn new(half_width: f64) -> Self {
        if half_width < NARROWEST {
            return Self { start: 1.0, end: 1.0, bend: 0.0 };
        }
        Self { start: 1.0 - half_width, end: 1.0 + half_width, bend: 0.25 / half_width }
    }

    /// Magnitude up to which nothing is taken away.
    pub(super) fn start(&self) -> f64 {
        self.start
    }

    /// f(x) - x.
    pub(super) fn taken(&self, x: f64) -> f64 {
        let a = x.abs();
        let inside = (a - self.start).max(0.0);
        let taken = if a < self.end { -self.bend * inside * inside } else { 1.0 - a };
        if a <= self.start { 0.0 } else { taken.copysign(-x) }
    }

    /// What is taken from the samples, antialiased: `out[n]` of the samples n, n + 1 and n + 2 of `samples`, which are two
    /// more. Returns the count of those from which something is taken.
    #[inline(always)]
    pub(super) fn antialiased(&self, samples: &[f64], out: &mut [f64]) -> u64 {
        if count_beyond(samples, self.start) == 0 {
            out.fill(0.0);
            return 0;
        }
        let mut clipped = 0;
        for (index, out) in out.chunks_mut(GROUP).enumerate() {
            let samples = &samples[index * GROUP..][..out.len() + 2];
            if count_beyond(samples, self.start) == 0 {
                out.fill(0.0);
                continue;
            }
            clipped += count_beyond(&samples[1..=out.len()], self.start);
            if self.bend == 0.0 {
                for (triple, out) in triples(samples).zip(out) {
                    *out = triple.mirrored().beyond(1.0).first() - triple.beyond(1.0).first();
                }
            } else {
                for (triple, out) in triples(samples).zip(out) {
                    *out = self.bent(&triple.mirrored()) - self.bent(&triple);
                }
            }
        }
        clipped
    }

    /// Above 0.
    #[inline(always)]
    fn bent(&self, samples: &Triple) -> f64 {
        self.bend * (samples.beyond(self.start).second() - samples.beyond(self.end).second())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_samples_lose_what_lies_above_the_curve() {
        for knee_db in [0.0, 0.001, 0.1, 1.0, 6.0, 12.0] {
            let knee = Knee::new(half_width(knee_db));
            let mut last = [0.0];
            for n in -40_000..40_000 {
                let x = f64::from(n) * 1e-4;
                let mut out = [0.0];
                let clipped = knee.antialiased(&[x; 3], &mut out);
                assert!((out[0] - knee.taken(x)).abs() < 1e-12 / (knee_db + 1e-3), "{knee_db} {x}: {}", out[0]);
                assert_eq!((out[0] != 0.0, clipped > 0), (x.abs() > knee.start(), x.abs() > knee.start()));
                // No faster than the line, and continuous.
                assert!(n == -40_000 || (out[0] - last[0]).abs() <= 1.001e-4, "{knee_db} {x}");
                last = out;
            }
            assert!((2.9 + knee.taken(2.9) - 1.0).abs() < 1e-15);
        }
    }
}
