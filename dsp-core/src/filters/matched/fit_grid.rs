//! The frequencies of a fit: the prototype's power at each, and the errors of candidates there.

use super::{
    least_squares::{Column, ROWS},
    magnitude::power_of,
    prototype::Prototype,
    rational::{Power, evaluate},
};
use crate::filters::biquad::BiquadCoeffs;
use core::f64::consts::PI;

/// Points spread evenly on a log axis from 1/64 of the band's frequency to the upper edge.
const SPREAD_POINTS: usize = 48;
/// Points close to the band's frequency, where the curve bends most.
const NEAR: [f64; 9] = [0.8, 0.87, 0.93, 0.97, 1.0, 1.03, 1.07, 1.13, 1.25];
/// Below this damping (Q above 5) the points of `NEAR` are too coarse for the peak.
const NARROW: f64 = 0.1;
/// The fit's upper edge: 20 kHz, or the given part of a lower sample rate.
const HIGHEST_HZ: f64 = 20_000.0;
const HIGHEST_OF_RATE: f64 = 0.4535;
/// Prototypes are followed to 80 dB below 0 dB; lower levels would bias the fit away from audible ones.
const FLOOR: f64 = 1e-8;

/// Points below -60 dB count in the fit but not in the comparison of candidates.
const AUDIBLE: f64 = 1e-6;
/// Most dB beyond the extremes of the prototype, anywhere up to half the rate: 0.5 with a margin for rounding.
pub(super) const OVERSHOOT_DB: f64 = 0.45;
/// Points from the upper edge to half the rate for a fit that is wild there, and their weight.
const BEYOND_POINTS: usize = 8;
pub(super) const BEYOND_WEIGHT: f64 = 0.1;
/// A section of a cascade and what it should be.
pub(crate) type Stage = (Prototype, BiquadCoeffs);

/// The highest frequencies of a fit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Reach {
    /// 20 kHz or a lower edge.
    UpperEdge,
    /// Half the rate, with less weight beyond the edge.
    HalfTheRate,
}

/// The frequencies of the fit and the prototype's power at each.
pub(super) struct Grid {
    pub(super) len: usize,
    /// Rows up to the upper edge; those after them lie beyond it.
    pub(super) inside: usize,
    /// In a cascade, places beyond the edge and the largest |H|^2 that keeps the whole within its limit.
    pub(super) ceilings: [(f64, f64); BEYOND_POINTS],
    /// phi at u = 1.
    pub(super) scale: f64,
    /// u of the band's frequency.
    pub(super) centre: f64,
    /// The row of the band's frequency.
    pub(super) centre_row: usize,
    /// phi / scale.
    pub(super) u: Column,
    /// The prototype's |H|^2.
    pub(super) p: Column,
}

impl Grid {
    pub(super) fn new(
        prototype: &Prototype,
        frequency_hz: f64,
        sample_rate_hz: f64,
        reach: Reach,
        before: &[Stage],
    ) -> Self {
        let phi = |f: f64| {
            let s = libm::sin(PI * f / sample_rate_hz);
            s * s
        };
        let correction = |f: f64| {
            let x = f / frequency_hz;
            before
                .iter()
                .map(|(prototype, section)| prototype.power(x * x) / section.response(f, sample_rate_hz).norm_sqr())
                .product::<f64>()
        };
        let scale = phi(frequency_hz.min(0.45 * sample_rate_hz));
        let mut grid = Self {
            len: 0,
            inside: 0,
            ceilings: [(0.0, f64::INFINITY); BEYOND_POINTS],
            scale,
            centre: phi(frequency_hz) / scale,
            centre_row: 0,
            u: [0.0; ROWS],
            p: [1.0; ROWS],
        };
        let top_hz = HIGHEST_HZ.min(HIGHEST_OF_RATE * sample_rate_hz);
        let limit_hz = top_hz.max((1.05 * frequency_hz).min(0.49 * sample_rate_hz));
        let bottom_hz = (frequency_hz / 64.0).max(5.0);
        let step = libm::pow(top_hz / bottom_hz, 1.0 / (SPREAD_POINTS - 1) as f64);
        let spread = (0..SPREAD_POINTS).scan(bottom_hz, |f, _| {
            let here = *f;
            *f *= step;
            Some(here)
        });
        let near = NEAR.iter().map(|m| m * frequency_hz);
        let narrow = resonances(prototype).map(|(f0, damping)| {
            let f0 = f0 * frequency_hz;
            [f0 * (1.0 - damping), f0, f0 * (1.0 + damping)]
        });
        for f in spread.chain(near).chain(narrow.flatten()) {
            let x = f / frequency_hz;
            let p = prototype.power(x * x) * correction(f);
            if f <= limit_hz * (1.0 + 1e-9) && p >= FLOOR {
                if f == frequency_hz {
                    grid.centre_row = grid.len;
                }
                grid.u[grid.len] = phi(f) / scale;
                grid.p[grid.len] = p;
                grid.len += 1;
            }
        }
        grid.inside = grid.len;
        for (point, ceiling) in (0..BEYOND_POINTS).zip(&mut grid.ceilings) {
            let f = limit_hz + (0.5 * sample_rate_hz - limit_hz) * (point + 1) as f64 / BEYOND_POINTS as f64;
            let passed: f64 =
                before.iter().map(|(_, section)| section.response(f, sample_rate_hz).norm_sqr()).product();
            let most = if before.is_empty() { f64::INFINITY } else { libm::exp10(0.1 * OVERSHOOT_DB) / passed };
            *ceiling = (phi(f) / scale, most);
        }
        if reach == Reach::HalfTheRate {
            for point in 1..=BEYOND_POINTS {
                let f = limit_hz + (0.5 * sample_rate_hz - limit_hz) * point as f64 / BEYOND_POINTS as f64;
                let x = f / frequency_hz;
                grid.u[grid.len] = phi(f) / scale;
                grid.p[grid.len] = (prototype.power(x * x) * correction(f)).max(FLOOR);
                grid.len += 1;
            }
        }
        grid
    }

    /// Writes the weighted error of each point into `e`; returns the largest weighted and the largest audible error.
    ///
    /// The error is |r - 1 / r| / 2 = |sinh(ln r)| of the power ratio r: it rises with the error in dB and needs no
    /// logarithm.
    pub(super) fn errors(&self, section: &Candidate, weights: &Column, e: &mut Column) -> [f64; 2] {
        let mut worst = [0.0_f64; 2];
        for i in 0..self.len {
            let n = evaluate(section.num, self.u[i]);
            let d = evaluate(section.den, self.u[i]);
            let ratio = libm::fabs(n / (d * self.p[i])).clamp(1e-9, 1e9);
            let distance = 0.5 * libm::fabs(ratio - 1.0 / ratio);
            e[i] = distance * weights[i];
            worst[0] = worst[0].max(e[i]);
            if i < self.inside && self.p[i] >= AUDIBLE {
                worst[1] = worst[1].max(distance);
            }
        }
        worst
    }

    /// The worst audible error of a section designed elsewhere.
    pub(super) fn audible_error(&self, section: &BiquadCoeffs) -> f64 {
        let in_u = |sums| {
            let p = power_of(sums);
            [p[0], p[1] * self.scale, p[2] * self.scale * self.scale]
        };
        let candidate = Candidate { num: in_u(section.numerator_sums()), den: in_u(section.denominator_sums()) };
        self.errors(&candidate, &[1.0; ROWS], &mut [0.0; ROWS])[1]
    }
}

/// The relative frequencies and dampings of poles and zeros that are too narrow for `NEAR`.
fn resonances(prototype: &Prototype) -> impl Iterator<Item = (f64, f64)> {
    let narrow = |[p0, p1, p2]: [f64; 3]| {
        let damping = 0.5 * p1 / libm::sqrt(p0 * p2);
        (damping > 0.0 && damping < NARROW).then(|| (libm::sqrt(p0 / p2), damping))
    };
    [narrow(prototype.den), narrow(prototype.num)].into_iter().flatten()
}

/// Both polynomials in u.
#[derive(Clone, Copy)]
pub(super) struct Candidate {
    pub(super) num: Power,
    pub(super) den: Power,
}
