//! Butterworth filters as a cascade of sections, order 1 to 16 (6 dB per octave each).
//!
//! # Source
//! S. Butterworth (1930): the poles are spaced evenly on a circle, at angles pi (2k - 1) / (2N) from the real axis for
//! even N and pi k / N for odd N, with one more, real pole. A pole pair at angle t has Q = 1 / (2 cos t).

/// Highest order: 16 poles, 96 dB per octave.
pub(crate) const MAX_ORDER: usize = 16;

/// One section of the cascade.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Section {
    /// The real pole of an odd order: 6 dB per octave, -3.01 dB at the corner.
    FirstOrder,
    /// A pair of poles: 12 dB per octave, linear gain `q` at the corner.
    SecondOrder {
        /// Quality factor, 0.5024 ..= 5.1011 for the orders allowed.
        q: f64,
    },
}

/// The sections of a Butterworth filter of `order`, lowest Q first so that no section overloads the next; the real pole
/// of an odd order comes before all pairs.
///
/// Yields `order.div_ceil(2)` sections. An order outside 1 ..= [`MAX_ORDER`] is an error of the caller
/// (`debug_assert`).
#[must_use]
pub(crate) fn sections(order: usize) -> impl ExactSizeIterator<Item = Section> + Clone {
    debug_assert!((1..=MAX_ORDER).contains(&order));
    let odd = order % 2 == 1;
    (0..order.div_ceil(2)).map(move |index| {
        if odd && index == 0 {
            return Section::FirstOrder;
        }
        let half_steps = if odd { 2 * index } else { 2 * index + 1 };
        let angle = core::f64::consts::PI * half_steps as f64 / (2 * order) as f64;
        Section::SecondOrder { q: 0.5 / libm::cos(angle) }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    /// The tables print four decimals.
    const TABLE: f64 = 5e-5;
    /// Rounding of eight factors.
    const ROUNDING: f64 = 1e-13;

    fn pairs(order: usize) -> Vec<f64> {
        let q = |s| match s {
            Section::FirstOrder => None,
            Section::SecondOrder { q } => Some(q),
        };
        sections(order).filter_map(q).collect()
    }

    #[test]
    fn q_equals_the_published_tables() {
        let tables: [(usize, &[f64]); 6] = [
            (2, &[core::f64::consts::FRAC_1_SQRT_2]),
            (3, &[1.0]),
            (4, &[0.5412, 1.3066]),
            (5, &[0.6180, 1.6180]),
            (8, &[0.5098, 0.6013, 0.9000, 2.5629]),
            (16, &[0.5024, 0.5225, 0.5669, 0.6468, 0.7882, 1.0607, 1.7224, 5.1011]),
        ];
        for (order, expected) in tables {
            let measured = pairs(order);
            assert_eq!(measured.len(), expected.len());
            for (m, e) in measured.iter().zip(expected) {
                assert!((m - e).abs() < TABLE, "order {order}: {m} {e}");
            }
        }
    }

    #[test]
    fn every_order_has_half_power_at_the_corner() {
        for order in 1..=MAX_ORDER {
            let power: f64 = sections(order)
                .map(|s| match s {
                    Section::FirstOrder => 0.5,
                    Section::SecondOrder { q } => q * q,
                })
                .product();
            assert!((power - 0.5).abs() < ROUNDING, "order {order}");
            assert_eq!(sections(order).len(), order.div_ceil(2));
            assert!(pairs(order).is_sorted());
            assert_eq!(sections(order).next() == Some(Section::FirstOrder), order % 2 == 1);
        }
    }
}
