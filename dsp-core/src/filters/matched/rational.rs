//! Ratios of two quadratics: |H|^2 of a section.

/// |polynomial|^2: coefficients of 1, phi, phi^2 (or of 1, u, u^2 for a scaled u).
pub(super) type Power = [f64; 3];

/// The value at `u`.
pub(super) fn evaluate(p: Power, u: f64) -> f64 {
    p[0] + u * (p[1] + u * p[2])
}

/// The least and the largest num / den from 0 to `end`, which may be infinite, each with its place: at an end, or where
/// num' den = num den'.
pub(super) fn extremes(num: Power, den: Power, end: f64) -> [(f64, f64); 2] {
    let at = |place: f64| (evaluate(num, place) / evaluate(den, place), place);
    let at_end =
        if end.is_finite() { at(end) } else { (if den[2] > 0.0 { num[2] / den[2] } else { num[1] / den[1] }, end) };
    let [a, b, c] = [
        num[2] * den[1] - num[1] * den[2],
        2.0 * (num[2] * den[0] - num[0] * den[2]),
        num[1] * den[0] - num[0] * den[1],
    ];
    let discriminant = b * b - 4.0 * a * c;
    let sum = -0.5 * (b + libm::copysign(libm::sqrt(discriminant.max(0.0)), b));
    let turns = if discriminant >= 0.0 { [sum / a, c / sum] } else { [f64::NAN; 2] };
    let mut least_and_largest = [at(0.0); 2];
    for value in turns.into_iter().filter(|turn| *turn > 0.0 && *turn < end).map(at).chain([at_end]) {
        if value.0 < least_and_largest[0].0 {
            least_and_largest[0] = value;
        }
        if value.0 > least_and_largest[1].0 {
            least_and_largest[1] = value;
        }
    }
    least_and_largest
}
