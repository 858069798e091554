//! Curve of a soft clip: a straight line, a parabola, and the ceiling.
//!
//! With the ceiling at 1 and a knee of half width k, f(a) = a up to 1 - k, a - (a - (1 - k))² / (4 k) up to 1 + k, 1
//! beyond; odd. Value and slope are continuous. k = 0 is a hard clip. Kept here is what the curve takes away, f(x) - x,
//! which is exactly 0 below the knee, and its antiderivatives: polynomials piece by piece.

use super::antiderivative::Curve;

/// What the curve takes away, with the ceiling at 1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Knee {
    /// k.
    half_width: f64,
    start: f64,
    end: f64,
    /// 1 / (4 k); 0 for a hard clip.
    bend: f64,
}

impl Knee {
    /// A knee that begins `knee_db` below the ceiling; 0 for a hard clip.
    pub(crate) fn new(knee_db: f64) -> Self {
        let half_width = 1.0 - crate::foundation::unit::db_to_gain(-knee_db);
        let bend = if half_width > 0.0 { 0.25 / half_width } else { 0.0 };
        Self { half_width, start: 1.0 - half_width, end: 1.0 + half_width, bend }
    }

    /// Magnitude up to which nothing is taken away.
    #[inline(always)]
    pub(crate) fn start(&self) -> f64 {
        self.start
    }
}

impl Curve for Knee {
    #[inline(always)]
    fn value(&self, x: f64) -> f64 {
        let a = x.abs();
        if a <= self.start {
            return 0.0;
        }
        let inside = a - self.start;
        let taken = if a < self.end { -self.bend * inside * inside } else { 1.0 - a };
        taken.copysign(-x)
    }

    #[inline(always)]
    fn first(&self, x: f64) -> f64 {
        let a = x.abs();
        if a <= self.start {
            return 0.0;
        }
        let k = self.half_width;
        if a < self.end {
            let inside = a - self.start;
            return -self.bend / 3.0 * inside * inside * inside;
        }
        let beyond = a - self.end;
        -(2.0 / 3.0 * k * k + beyond * (k + 0.5 * beyond))
    }

    #[inline(always)]
    fn second(&self, x: f64) -> f64 {
        let a = x.abs();
        if a <= self.start {
            return 0.0;
        }
        let k = self.half_width;
        let taken = if a < self.end {
            let square = (a - self.start) * (a - self.start);
            -self.bend / 12.0 * square * square
        } else {
            let beyond = a - self.end;
            -(k * k * k / 3.0 + beyond * (2.0 / 3.0 * k * k + beyond * (0.5 * k + beyond / 6.0)))
        };
        taken.copysign(-x)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn antiderivatives_are_those_of_the_curve_and_all_is_continuous() {
        for knee_db in [0.0, 0.1, 1.0, 6.0] {
            let knee = Knee::new(knee_db);
            let step = 1e-5;
            for n in -300_000..300_000 {
                let x = f64::from(n) * step;
                let middle = x + 0.5 * step;
                let rise = |f: &dyn Fn(f64) -> f64| (f(x + step) - f(x)) / step;
                assert!((rise(&|x| knee.first(x)) - knee.value(middle)).abs() < 1e-5, "{knee_db} {x}");
                assert!((rise(&|x| knee.second(x)) - knee.first(middle)).abs() < 1e-5, "{knee_db} {x}");
                assert!((knee.value(x + step) - knee.value(x)).abs() <= 1.001 * step, "{knee_db} {x}");
            }
            // Nothing below the knee, the ceiling above it.
            assert_eq!(knee.value(0.999 * knee.start()), 0.0);
            assert!((2.0 + knee.value(2.0) - 1.0).abs() < 1e-15 && (-3.0 + knee.value(-3.0) + 1.0).abs() < 1e-15);
        }
    }
}
