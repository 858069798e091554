//! A digital section whose magnitude follows an analog prototype up to 20 kHz, where the bilinear transform cramps.
//!
//! With phi = sin^2(w / 2) every |H|^2 of a real biquad is (c0 + c1 phi + c2 phi^2) / (d0 + d1 phi + d2 phi^2).
//! Multiplied out, equality with the prototype's P at every frequency is linear in c and d, so iterated weighted least
//! squares finds them; the roots inside the unit circle give the section. The phase is that of the minimum-phase filter
//! with this magnitude.
//!
//! # Source
//! C. K. Sanathanan, J. Koerner, "Transfer function synthesis as a ratio of two complex polynomials" (IEEE TAC 1963):
//! each equation is divided by the previous denominator. C. L. Lawson's reweighting (1961) turns least squares into a
//! minimax fit. M. Vicanek, "Matched second order digital filters" (2016): the plane of phi, the factors, the
//! impulse-invariant poles of the second candidate.

use super::{
    fit_grid::{BEYOND_WEIGHT, Candidate, Grid, OVERSHOOT_DB, Reach, Stage},
    least_squares::{Column, ROWS, least_squares},
    magnitude::{factor, impulse_invariant, power_of, section},
    prototype::Prototype,
    rational::{Power, evaluate, extremes},
};
use crate::filters::{biquad::BiquadCoeffs, cookbook::bilinear};

/// Constraint of the numerator.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Zeros {
    /// Free except for the gain at DC; every zero strictly inside the unit circle, so that the reciprocal is stable.
    Inside,
    /// Free except for the gain at DC; zeros may be on the unit circle.
    Free,
    /// Two at DC.
    BothAtDc,
    /// One at DC.
    OneAtDc,
    /// A pair on the unit circle at the band's frequency.
    AtCentre,
}

/// Further iterations change the fourth digit of the error.
const ROUNDS: usize = 16;
/// Worst power ratio e^0.0005, 0.002 dB: good enough to stop.
const STOP: f64 = 5e-4;
/// Below 0.02 dB the second candidate is not tried.
const SKIP_SECOND: f64 = 5e-3;
/// Weight that holds the gain at the band's own frequency to 0.002 dB, and the error that this may add elsewhere as a
/// power ratio: 0.19 dB; for the band pass 0.36 dB, since its numerator cannot do better than 0.3 dB near 20 kHz at
/// 44.1 kHz.
const HOLD: f64 = 100.0;
const HOLD_COST: f64 = 0.19 / 4.343;
/// In cascades, whose later sections are bent by the errors of earlier ones.
const HOLD_COST_LOW_PASSES: f64 = 2.0 / 4.343;
const HOLD_COST_HIGH_PASSES: f64 = 0.9 / 4.343;
const HOLD_COST_BAND_PASS: f64 = 0.36 / 4.343;
/// If these do not suffice, a fit that exceeds the extremes gets a point where it does, with this target within the limit, in dB, and a weight that
/// grows from round to round.
const CAP_DB: f64 = 0.3;
const CAP_WEIGHT: f64 = 0.1;
const CAP_GROWTH: f64 = 2.0;
/// Rounds of such a fit.
const CAPPED_ROUNDS: usize = 40;
/// Low passes are used in cascades, where the pass band is audible: errors count by power^(3/16), at -60 dB 13 times
/// less.
const PASS_BAND_EXPONENT: f64 = 3.0 / 16.0;

/// The best section so far, its worst weighted error and its worst audible error.
struct Best {
    section: Option<BiquadCoeffs>,
    worst: f64,
    audible_error: f64,
}

/// The fitting task: the prototype at the points of the grid, their weights and whether the band's frequency is held.
#[derive(Clone, Copy)]
struct Task<'a> {
    grid: &'a Grid,
    zeros: Zeros,
    /// The prototype's power at DC where the numerator keeps it, else 0.
    at_dc: f64,
    weights: Column,
    held: bool,
    /// Least and largest |H|^2 allowed from DC to half the rate.
    allowed: [f64; 2],
    /// Whether fits that exceed them are held by further points.
    capped: bool,
}

/// The section that follows `prototype`; never fails, for any band of 10 Hz to 0.49 of the sample rate.
///
/// The gain at the band's own frequency is held if that costs little elsewhere; otherwise the largest error decides
/// alone.
pub(super) fn fit(prototype: &Prototype, zeros: Zeros, frequency_hz: f64, sample_rate_hz: f64) -> BiquadCoeffs {
    fit_after(&[], prototype, zeros, frequency_hz, sample_rate_hz)
}

/// The same in a cascade, all of one frequency: it makes up for the errors of the sections before it.
pub(super) fn fit_after(
    before: &[Stage],
    prototype: &Prototype,
    zeros: Zeros,
    frequency_hz: f64,
    sample_rate_hz: f64,
) -> BiquadCoeffs {
    let overshoot = libm::exp10(0.1 * OVERSHOOT_DB);
    let [least, largest] = prototype.extremes();
    // Only where the reciprocal is used does a dip become a peak.
    let allowed = [if zeros == Zeros::Inside { least / overshoot } else { 0.0 }, largest * overshoot];
    let grids = [Reach::UpperEdge, Reach::HalfTheRate]
        .map(|reach| Grid::new(prototype, frequency_hz, sample_rate_hz, reach, before));
    let attempt = |grid: usize, held: bool, capped: bool| {
        let grid = &grids[grid];
        let mut weights = [1.0; ROWS];
        weights[grid.inside..].fill(BEYOND_WEIGHT);
        if held && zeros == Zeros::Free {
            for (weight, p) in weights.iter_mut().zip(&grid.p) {
                *weight *= libm::pow(p.min(1.0), PASS_BAND_EXPONENT);
            }
        }
        let at_dc = match zeros {
            Zeros::Inside | Zeros::Free => prototype.power(0.0),
            Zeros::BothAtDc | Zeros::OneAtDc | Zeros::AtCentre => 0.0,
        };
        let task = Task { grid, zeros, at_dc, weights, held, allowed, capped };
        let mut best = Best { section: None, worst: f64::INFINITY, audible_error: f64::INFINITY };
        free_poles(&task, &mut best);
        if best.worst > SKIP_SECOND && zeros != Zeros::AtCentre {
            let poles = impulse_invariant(prototype, frequency_hz, sample_rate_hz);
            given_poles(&task, poles, &mut best);
        }
        best
    };
    // The grid has no point at the notch itself, which could not be held either.
    let mut best = attempt(0, zeros != Zeros::AtCentre, false);
    let cost = match zeros {
        Zeros::OneAtDc => HOLD_COST_BAND_PASS,
        Zeros::Free if !before.is_empty() => HOLD_COST_LOW_PASSES,
        _ if !before.is_empty() => HOLD_COST_HIGH_PASSES,
        _ => HOLD_COST,
    };
    if zeros != Zeros::AtCentre {
        let further = [(0, false, false), (1, true, false), (1, false, false), (0, true, true), (0, false, true)];
        for (grid, held, capped) in further {
            if best.audible_error <= cost {
                break;
            }
            let other = attempt(grid, held, capped);
            if other.audible_error < best.audible_error {
                best = other;
            }
        }
    }
    // The bilinear transform only moves frequencies: its extremes are those of the prototype.
    let fallback = bilinear(prototype, frequency_hz, sample_rate_hz);
    match best.section {
        Some(section) if best.audible_error <= cost || best.audible_error <= grids[0].audible_error(&fallback) => {
            section
        }
        _ => fallback,
    }
}

/// The first-order section that follows `prototype` and equals it at the band's own frequency.
///
/// That equality makes c1 a function of d1, so a single number is left to fit.
pub(super) fn fit_first_order(prototype: &Prototype, frequency_hz: f64, sample_rate_hz: f64) -> BiquadCoeffs {
    let grid = Grid::new(prototype, frequency_hz, sample_rate_hz, Reach::UpperEdge, &[]);
    let (at_dc, at_centre) = (prototype.power(0.0), prototype.power(1.0));
    let zero = [0.0; ROWS];
    let weights = [1.0; ROWS];
    let (mut v, mut e) = (weights, zero);
    let mut previous: Column = core::array::from_fn(|i| 1.0 + grid.u[i]);
    let (mut best, mut least) = (None, f64::INFINITY);
    for _ in 0..ROUNDS {
        let (mut column, mut wanted) = (zero, zero);
        for i in 0..grid.len {
            let (u, p) = (grid.u[i], grid.p[i]);
            let w = v[i] / (p * previous[i]);
            column[i] = w * u * (at_centre - p);
            wanted[i] = w * ((p - at_dc) - (at_centre - at_dc) * u / grid.centre);
        }
        let Some([d1]) = least_squares([column], wanted) else {
            break;
        };
        let c1 = (at_centre * (1.0 + d1 * grid.centre) - at_dc) / grid.centre;
        let candidate = Candidate { num: [at_dc, c1, 0.0], den: [1.0, d1, 0.0] };
        let [worst, _] = grid.errors(&candidate, &weights, &mut e);
        let (zero_at_nyquist, pole_at_nyquist) = (at_dc + c1 / grid.scale, 1.0 + d1 / grid.scale);
        if worst < least && zero_at_nyquist > 0.0 && pole_at_nyquist > 0.0 {
            least = worst;
            let (n0, n2) = (libm::sqrt(at_dc), libm::sqrt(zero_at_nyquist));
            let d2 = libm::sqrt(pole_at_nyquist);
            let scale = 1.0 / (1.0 + d2);
            best = Some(BiquadCoeffs {
                b0: (n0 + n2) * scale,
                b1: (n0 - n2) * scale,
                b2: 0.0,
                a1: (1.0 - d2) * scale,
                a2: 0.0,
            });
        }
        if worst < STOP {
            break;
        }
        for (previous, u) in previous.iter_mut().zip(&grid.u) {
            *previous = libm::fabs(1.0 + d1 * u).max(1e-12);
        }
        reweight(&mut v, &e, worst, grid.len);
    }
    best.filter(BiquadCoeffs::is_stable).unwrap_or_else(|| bilinear(prototype, frequency_hz, sample_rate_hz))
}

/// First candidate: numerator and denominator are both free.
fn free_poles(task: &Task<'_>, best: &mut Best) {
    let &Task { grid, zeros, at_dc, .. } = task;
    let zero = [0.0; ROWS];
    let (mut v, mut e) = (task.first_weights(), zero);
    let mut previous: Column = core::array::from_fn(|i| (1.0 + grid.u[i]) * (1.0 + grid.u[i]));
    let notch = [1.0, -2.0 / grid.centre, 1.0 / (grid.centre * grid.centre)];
    let mut caps = Caps::new(task);
    for _ in 0..task.rounds() {
        let mut columns = [zero; 4]; // u, u^2, -P u, -P u^2
        let mut wanted = zero;
        for i in 0..grid.len + CAPS {
            let Some((u, p, weight)) = caps.row(grid, &v, i) else { continue };
            let w = weight / (p * previous[i]);
            let fixed = match zeros {
                Zeros::AtCentre => evaluate(notch, u),
                _ => at_dc,
            };
            let wu = w * u;
            columns[0][i] = wu;
            columns[1][i] = wu * u;
            columns[2][i] = -p * wu;
            columns[3][i] = -p * wu * u;
            wanted[i] = w * (p - fixed);
        }
        let [c1, c2, p1, p2] = columns;
        let solution = match zeros {
            Zeros::Inside | Zeros::Free | Zeros::OneAtDc => {
                least_squares([c1, c2, p1, p2], wanted).map(|[c1, c2, d1, d2]| ([at_dc, c1, c2], [1.0, d1, d2]))
            }
            Zeros::BothAtDc => least_squares([c2, p1, p2], wanted).map(|[c2, d1, d2]| ([0.0, 0.0, c2], [1.0, d1, d2])),
            Zeros::AtCentre => least_squares([p1, p2], wanted).map(|[d1, d2]| (notch, [1.0, d1, d2])),
        };
        let Some((num, den)) = solution else { return };
        let worst = consider(task, Candidate { num, den }, &mut e, best, &mut caps);
        if worst < STOP && !caps.grown {
            return;
        }
        let places = grid.u[..grid.len].iter().chain(&caps.u);
        for (previous, u) in previous.iter_mut().zip(places) {
            *previous = libm::fabs(evaluate(den, *u)).max(1e-12);
        }
        task.reweight(&mut v, &e, worst);
    }
}

/// Second candidate: the poles are given and the numerator is fitted. Needed for prototypes with a real double pole.
fn given_poles(task: &Task<'_>, poles: Power, best: &mut Best) {
    let &Task { grid, zeros, at_dc, .. } = task;
    let zero = [0.0; ROWS];
    let (mut v, mut e) = (task.first_weights(), zero);
    let den = [1.0, poles[1] / poles[0] * grid.scale, poles[2] / poles[0] * grid.scale * grid.scale];
    let mut caps = Caps::new(task);
    for _ in 0..task.rounds() {
        let mut columns = [zero; 2];
        let mut wanted = zero;
        for i in 0..grid.len + CAPS {
            let Some((u, p, weight)) = caps.row(grid, &v, i) else { continue };
            let target = p * evaluate(den, u);
            let w = weight / target;
            columns[0][i] = w * u;
            columns[1][i] = w * u * u;
            wanted[i] = w * (target - at_dc);
        }
        let solution = match zeros {
            Zeros::BothAtDc => least_squares([columns[1]], wanted).map(|[c2]| [0.0, 0.0, c2]),
            _ => least_squares(columns, wanted).map(|[c1, c2]| [at_dc, c1, c2]),
        };
        let Some(num) = solution else { return };
        let worst = consider(task, Candidate { num, den }, &mut e, best, &mut caps);
        if worst < STOP && !caps.grown {
            return;
        }
        task.reweight(&mut v, &e, worst);
    }
}

/// Points added where a fit exceeds the allowed gains: one for the least, one for the largest.
struct Caps {
    active: bool,
    /// Whether the last fit exceeded them.
    grown: bool,
    u: [f64; CAPS],
    p: [f64; CAPS],
    targets: [f64; CAPS],
    weight: [f64; CAPS],
}

const CAPS: usize = 2;

impl Caps {
    fn new(task: &Task<'_>) -> Self {
        let inward = libm::exp10(0.1 * CAP_DB);
        let p = [task.allowed[0] * inward, task.allowed[1] / inward];
        Self { active: task.capped, grown: false, u: [0.0; CAPS], p, targets: p, weight: [0.0; CAPS] }
    }

    /// The place, power and weight of a row: of the grid, or after it of a point of these.
    fn row(&self, grid: &Grid, v: &Column, row: usize) -> Option<(f64, f64, f64)> {
        match row.checked_sub(grid.len) {
            None => Some((grid.u[row], grid.p[row], v[row])),
            Some(cap) => (self.weight[cap] > 0.0).then(|| (self.u[cap], self.p[cap], self.weight[cap])),
        }
    }

    /// Whether the gains are allowed; those that are not get a point.
    fn allow(&mut self, task: &Task<'_>, fit: &Candidate, [(least, low), (largest, high)]: [(f64, f64); 2]) -> bool {
        let exceeded = [least < task.allowed[0], largest > task.allowed[1]];
        self.grown = false;
        for (cap, place) in [low, high].into_iter().enumerate() {
            if exceeded[cap] && self.active {
                self.grown = true;
                self.u[cap] = place / task.grid.scale;
                self.p[cap] = self.targets[cap];
                self.weight[cap] = (CAP_GROWTH * self.weight[cap]).max(CAP_WEIGHT);
            }
        }
        let over = |&(u, most): &(f64, f64)| evaluate(fit.num, u) / (evaluate(fit.den, u) * most);
        let highest = task.grid.ceilings.iter().max_by(|a, b| over(a).total_cmp(&over(b)));
        let Some(highest) = highest.filter(|highest| over(highest) > 1.0) else { return exceeded == [false; CAPS] };
        if self.active {
            self.grown = true;
            (self.u[1], self.p[1]) = (highest.0, highest.1 * 0.95);
            self.weight[1] = (CAP_GROWTH * self.weight[1]).max(CAP_WEIGHT);
        }
        false
    }
}

/// Lawson's step: points with large errors get more weight in the next iteration.
fn reweight(v: &mut Column, e: &Column, worst: f64, len: usize) {
    let scale = 1.0 / worst;
    for i in 0..len {
        v[i] *= libm::sqrt(0.3 + e[i] * scale);
    }
}

impl Task<'_> {
    fn rounds(&self) -> usize {
        if self.capped { CAPPED_ROUNDS } else { ROUNDS }
    }

    fn first_weights(&self) -> Column {
        let mut v = self.weights;
        if self.held {
            v[self.grid.centre_row] = HOLD;
        }
        v
    }

    fn reweight(&self, v: &mut Column, e: &Column, worst: f64) {
        reweight(v, e, worst, self.grid.len);
        if self.held {
            v[self.grid.centre_row] = HOLD;
        }
    }
}

/// Keeps the candidate if it is a legal section with a smaller error than the best so far. Returns its worst error and
/// writes all errors into `e`.
fn consider(task: &Task<'_>, candidate: Candidate, e: &mut Column, best: &mut Best, caps: &mut Caps) -> f64 {
    let Task { grid, weights, .. } = task;
    let in_phi = |p: Power| [p[0], p[1] / grid.scale, p[2] / (grid.scale * grid.scale)];
    let may_touch_circle = task.zeros != Zeros::Inside;
    let den = factor(in_phi(candidate.den), false);
    let num = if task.zeros == Zeros::AtCentre {
        // The exact null: after factoring, the odd part would be the root of a rounding error.
        Some(([1.0, 0.0, 1.0 / (grid.centre * grid.scale) - 1.0], false))
    } else {
        factor(in_phi(candidate.num), may_touch_circle)
    };
    let (Some((den, _)), Some((num, touched))) = (den, num) else {
        return grid.errors(&candidate, weights, e)[0];
    };
    let mut realised = candidate;
    if touched {
        let p = power_of(num);
        realised.num = [p[0], p[1] * grid.scale, p[2] * grid.scale * grid.scale];
    }
    let [worst, audible_error] = grid.errors(&realised, weights, e);
    // The zero of a notch is exact, and the gain around it that of its prototype.
    let allowed =
        task.zeros == Zeros::AtCentre || caps.allow(task, &realised, extremes(power_of(num), power_of(den), 1.0));
    if worst < best.worst && allowed {
        let section = section(num, den);
        let invertible = may_touch_circle || section.reciprocal().is_stable();
        if section.is_stable() && invertible {
            *best = Best { section: Some(section), worst, audible_error };
        }
    }
    worst
}
