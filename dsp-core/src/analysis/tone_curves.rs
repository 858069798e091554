//! Levels of thirds of an octave that programmes have: curves to be compared with, and their spread.
//!
//! Levels are per third of an octave, in dB: the density per Hz falls by 3.01 dB per octave more. `[P]` is published,
//! `[N]` measured on our programmes, `[C]` chosen.

/// Points over frequency in Hz, in dB; straight over log f between them.
pub(crate) type Points = &'static [(f64, f64)];

/// Number ones: between 100 Hz and 4 kHz -5 dB per octave of density, -2 dB per octave of thirds \[P: Pestana et al.,
/// AES 135, 2013, paper 8960, 772 number ones, secondary\]; below and above \[C\]. Re 1 kHz.
pub(crate) const HITS_DB: Points = &[
    (20.0, -12.0),
    (31.0, -3.0),
    (40.0, 0.0),
    (50.0, 3.0),
    (63.0, 5.5),
    (80.0, 6.5),
    (100.0, 6.64),
    (1_000.0, 0.0),
    (4_000.0, -4.0),
    (5_000.0, -5.0),
    (6_300.0, -6.2),
    (8_000.0, -7.8),
    (10_000.0, -9.8),
    (12_500.0, -12.2),
    (16_000.0, -16.5),
];

/// Spread of single programmes about their median, 1.48 times the median absolute deviation, of 17 of pop, rock and
/// electronic music \[N\]; held beyond its ends.
pub(crate) const SPREAD_DB: Points = &[
    (50.0, 6.0),
    (63.0, 5.0),
    (315.0, 5.0),
    (400.0, 4.0),
    (630.0, 3.0),
    (800.0, 2.4),
    (1_250.0, 2.4),
    (2_000.0, 3.0),
    (4_000.0, 4.4),
    (8_000.0, 5.0),
    (12_000.0, 6.4),
];

/// What drums 4 LU below the rest add to it \[N: median of 5 multitracks\]. Genres differ mainly by the level of their
/// percussion, which lifts bass and treble \[P: Elowsson and Friberg, AES 142, 2017, paper 9762, abstract\].
pub(crate) const PERCUSSION_DB: Points = &[
    (31.0, 12.0),
    (40.0, 7.0),
    (50.0, 6.0),
    (63.0, 5.0),
    (80.0, 5.0),
    (100.0, 2.0),
    (200.0, 1.0),
    (250.0, 0.0),
    (2_500.0, 0.0),
    (4_000.0, 1.0),
    (5_000.0, 3.0),
    (6_300.0, 6.0),
    (8_000.0, 7.0),
    (10_000.0, 10.0),
    (12_500.0, 11.0),
];
/// Part of that shape between pop and a genre heavy on drums, or sparse of them \[C\].
pub(crate) const PERCUSSION_PART: f64 = 0.5;

/// Spread of the slope of programmes in dB per octave: between 0.45, if the bands above varied by themselves, and 1.8,
/// if all of them tilted together \[C\].
pub(crate) const SLOPE_SPREAD_DB_PER_OCTAVE: f64 = 0.9;

/// Regions of the spectrum: name, and the frequency at which each ends, in Hz \[C\].
pub(crate) const REGIONS: [(&str, f64); 6] = [
    ("sub", 60.0),
    ("bass", 150.0),
    ("low mids", 500.0),
    ("mids", 2_000.0),
    ("high mids", 6_000.0),
    ("highs", f64::INFINITY),
];

/// A curve at a frequency: straight over log f between points, held beyond them.
pub(crate) fn at(points: &[(f64, f64)], frequency_hz: f64) -> f64 {
    let next = points.partition_point(|(hz, _)| *hz <= frequency_hz);
    let (Some(before), Some(after)) = (next.checked_sub(1).map(|index| points[index]), points.get(next)) else {
        return points[next.min(points.len() - 1)].1;
    };
    let share = libm::log(frequency_hz / before.0) / libm::log(after.0 / before.0);
    before.1 + share * (after.1 - before.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn number_ones_fall_by_two_decibels_per_octave() {
        for hz in [100.0, 250.0, 500.0, 1_000.0, 1_500.0] {
            let fall_db = at(HITS_DB, hz) - at(HITS_DB, 2.0 * hz);
            assert!((fall_db - 2.0).abs() < 0.01, "{hz}: {fall_db}");
        }
        assert_eq!((at(HITS_DB, 10.0), at(HITS_DB, 16_000.0), at(HITS_DB, 20_000.0)), (-12.0, -16.5, -16.5));
    }
}
