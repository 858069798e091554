//! A side of a record: the level that fits, and its grooves at a level.

use super::{
    counts::{Counts, not_exceeded},
    formats::VinylFormat,
    groove::{Groove, SECTORS_PER_COUNT, SECTORS_PER_TURN},
    limits::VinylLimits,
    pitch::Sectors,
};
use crate::foundation::unit::{DB_PER_OCTAVE, db_to_gain};
use alloc::vec::Vec;

/// Levels among which the one that fits is sought, in dB.
const LEVELS_DB: (f64, f64) = (-40.0, 40.0);
/// Halvings of that range: to 0.005 dB.
const STEPS: usize = 14;
/// Radius of a round stylus.
const ROUND_TIP_UM: f64 = 18.0;
/// Lowest level that is reported, in dB.
const LEAST_DB: f64 = -120.0;

/// The highest level at which programmes fit on a side in this order, in dB re 5 cm/s for a tone of -18 dBFS; `None` if
/// not even silence fits.
///
/// The pitch is set for every eighth of a turn: a groove is as wide as its least width and its lift demands, and as far
/// from the next as both go towards each other, with land between. `gap_s` of silence and a band lie between songs.
/// Found by bisection; O(sectors).
#[must_use]
pub fn side_level(grooves: &[&Groove], format: &VinylFormat, gap_s: f64, limits: &VinylLimits) -> Option<f64> {
    let sectors = Sectors::of(grooves, format.rpm, gap_s);
    let fits = |level_db: f64| sectors.width_mm(db_to_gain(level_db), limits) <= format.span_mm();
    let (mut low_db, mut high_db) = LEVELS_DB;
    if !fits(low_db) {
        return None;
    }
    for _ in 0..STEPS {
        let middle_db = 0.5 * (low_db + high_db);
        if fits(middle_db) {
            low_db = middle_db;
        } else {
            high_db = middle_db;
        }
    }
    Some(low_db)
}

/// A side cut at a level.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct CutSide {
    /// The level.
    pub level_db: f64,
    /// Width of what is cut, bands included.
    pub width_mm: f64,
    /// Mean distance from turn to turn.
    pub mean_pitch_um: f64,
    /// Number of turns.
    pub turns: f64,
    /// Its programmes, in order.
    pub songs: Vec<CutSong>,
    /// Every second turn.
    pub course: Vec<Turn>,
}

/// A programme on a side.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct CutSong {
    /// Radius at its start.
    pub outer_radius_mm: f64,
    /// Radius at its end.
    pub inner_radius_mm: f64,
    /// Velocity over the speed of the groove, in dB: `peak_percent` of the samples do not exceed it.
    pub slope_db: f64,
    /// Acceleration of a wall over that at which its radius is that of the stylus, in dB.
    pub curvature_db: f64,
    /// The same for a round stylus of 18 µm.
    pub round_curvature_db: f64,
    /// The same, with the programme at the outermost groove.
    pub outermost_curvature_db: f64,
    /// The same, with the programme at the innermost groove.
    pub innermost_curvature_db: f64,
    /// Lift of the stylus, which `lift_percent` of the samples do not exceed.
    pub lift_um: f64,
    /// Largest lift.
    pub max_lift_um: f64,
    /// Largest lateral excursion.
    pub max_excursion_um: f64,
    /// Mean distance from turn to turn.
    pub mean_pitch_um: f64,
}

/// Two turns of a side.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Turn {
    /// Its programme, from 0.
    pub song: usize,
    /// From the start of that programme.
    pub start_s: f64,
    /// From the same.
    pub end_s: f64,
    /// Radius in its middle.
    pub radius_mm: f64,
    /// Mean distance to the next turn.
    pub pitch_um: f64,
    /// As of programmes, by `peak_percent` of its own samples.
    pub slope_db: f64,
    /// As of programmes.
    pub curvature_db: f64,
    /// Largest lift.
    pub lift_um: f64,
}

/// What programmes look like on a side in this order, cut at a level.
///
/// Where they do not fit, all that would lie inside the innermost groove is judged there.
#[must_use]
pub fn cut_side(grooves: &[&Groove], format: &VinylFormat, gap_s: f64, limits: &VinylLimits, level_db: f64) -> CutSide {
    let sectors = Sectors::of(grooves, format.rpm, gap_s);
    let gain = db_to_gain(level_db);
    let pitches_um: Vec<f64> = sectors.pitches_um(gain, limits).collect();
    let width_mm = sectors.width_mm(gain, limits);
    let (mut songs, mut course) = (Vec::new(), Vec::new());
    let (mut width_um, mut at) = (0.0, 0);
    let mut radius_mm = |from: usize, bands: usize| {
        while at < from {
            width_um += pitches_um[at] / SECTORS_PER_TURN as f64;
            at += 1;
        }
        let used_mm = 1e-3 * width_um + bands as f64 * limits.band_mm;
        (format.outer_radius_mm - used_mm).max(format.inner_radius_mm)
    };
    let sector_s = 60.0 / (format.rpm * SECTORS_PER_TURN as f64);
    for (index, (groove, &(start, end))) in grooves.iter().zip(&sectors.songs).enumerate() {
        let scale = Scale { gain_octaves: level_db / DB_PER_OCTAVE, format, tip_um: limits.tip_um };
        let outer_radius_mm = radius_mm(start, index);
        let (mut velocities, mut accelerations) = (Vec::new(), Vec::new());
        for (part, counts) in groove.counts.iter().enumerate() {
            let from = start + part * SECTORS_PER_COUNT;
            let until = (from + SECTORS_PER_COUNT).min(end);
            if from >= until {
                continue;
            }
            let middle_mm = radius_mm(from + (until - from) / 2, index);
            let (slope, curvature) = (scale.slope(middle_mm), scale.curvature(middle_mm));
            let turn_sectors = &sectors.sectors[from..until];
            course.push(Turn {
                song: index,
                start_s: (from - start) as f64 * sector_s,
                end_s: ((until - start) as f64 * sector_s).min(groove.duration_s()),
                radius_mm: middle_mm,
                pitch_um: mean(&pitches_um[from..until]),
                slope_db: peak_db(&[(&counts.velocity, slope)], limits.peak_percent),
                curvature_db: peak_db(&[(&counts.acceleration, curvature)], limits.peak_percent),
                lift_um: gain * turn_sectors.iter().fold(0.0_f64, |most, sector| sector.lift.max(most)),
            });
            velocities.push((&counts.velocity, slope));
            accelerations.push((&counts.acceleration, curvature));
        }
        let curvature_db = peak_db(&accelerations, limits.peak_percent);
        let at_radius = |radius_mm: f64| {
            let factor = scale.curvature(radius_mm);
            let parts: Vec<_> = groove.counts.iter().map(|counts| (&counts.acceleration, factor)).collect();
            peak_db(&parts, limits.peak_percent)
        };
        songs.push(CutSong {
            outer_radius_mm,
            inner_radius_mm: radius_mm(end, index),
            slope_db: peak_db(&velocities, limits.peak_percent),
            curvature_db,
            round_curvature_db: (curvature_db + DB_PER_OCTAVE * libm::log2(ROUND_TIP_UM / limits.tip_um)).max(LEAST_DB),
            outermost_curvature_db: at_radius(format.outer_radius_mm),
            innermost_curvature_db: at_radius(format.inner_radius_mm),
            lift_um: gain * groove.lift_percentile_um(limits.lift_percent),
            max_lift_um: gain * groove.lift_um(),
            max_excursion_um: gain * groove.excursion_um(),
            mean_pitch_um: mean(&pitches_um[start..end]),
        });
    }
    CutSide {
        level_db,
        width_mm,
        mean_pitch_um: mean(&pitches_um),
        turns: pitches_um.len() as f64 / SECTORS_PER_TURN as f64,
        songs,
        course,
    }
}

/// What makes powers of a groove those of a ratio to its limit, as base-2 logarithms.
struct Scale<'a> {
    gain_octaves: f64,
    format: &'a VinylFormat,
    tip_um: f64,
}

impl Scale<'_> {
    /// Velocity over the speed of the groove: at 45 degrees the back of the cutting stylus touches.
    fn slope(&self, radius_mm: f64) -> f64 {
        2.0 * (self.gain_octaves - libm::log2(self.format.groove_speed_m_per_s(radius_mm)))
    }

    /// Acceleration over the square of the speed by the radius of the tip: the radius of the wall is that of the tip.
    fn curvature(&self, radius_mm: f64) -> f64 {
        let speed = libm::log2(self.format.groove_speed_m_per_s(radius_mm));
        2.0 * (self.gain_octaves + libm::log2(1e-6 * self.tip_um) - 2.0 * speed)
    }
}

/// The ratio that `percent` of the samples do not exceed, in dB.
fn peak_db(parts: &[(&Counts, f64)], percent: f64) -> f64 {
    not_exceeded(parts, percent).map_or(LEAST_DB, |power| (0.5 * DB_PER_OCTAVE * power).max(LEAST_DB))
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        delivery::vinyl::vinyl_format,
        foundation::{block::Block, stream::StreamSpec},
    };

    /// Twice the last halving of the bisection.
    const LEVEL_DB: f64 = 0.01;

    fn noise(frames: usize, gain: f64, limits: &VinylLimits) -> Groove {
        let (mut state, spec) = (1_u64, StreamSpec::new(48_000.0, 2).unwrap());
        let mut row = || -> Vec<f64> {
            let mut low = 0.0;
            let mut next = || {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                low += 0.05 * ((state >> 11) as f64 / (1_u64 << 52) as f64 - 1.0 - low);
                gain * low
            };
            (0..frames).map(|_| next()).collect()
        };
        let rows = [row(), row()];
        let rows = rows.each_ref().map(|row| &row[..]);
        Groove::measure(&Block::from_slices(&rows).unwrap(), &spec, 100.0 / 3.0, limits).unwrap()
    }

    #[test]
    fn the_level_fills_the_side_and_no_more() {
        let limits = VinylLimits { band_mm: 0.05, ..Default::default() };
        let format = vinyl_format("12in33").unwrap();
        let groove = noise(480_000, 0.5, &limits);
        let side = [&groove; 100];
        let level_db = side_level(&side, format, 2.0, &limits).unwrap();
        let width_mm = |level_db: f64| cut_side(&side, format, 2.0, &limits, level_db).width_mm;
        assert!(width_mm(level_db) <= format.span_mm() && width_mm(level_db + LEVEL_DB) > format.span_mm());
        let cut = cut_side(&side, format, 2.0, &limits, level_db);
        let inner_mm = cut.songs.last().unwrap().inner_radius_mm;
        assert!((inner_mm - format.inner_radius_mm).abs() < 0.1, "{inner_mm}");
        assert!(cut.course.windows(2).all(|pair| pair[1].radius_mm < pair[0].radius_mm));
    }

    #[test]
    fn figures_scale_with_the_level() {
        let (limits, format) = (VinylLimits::default(), vinyl_format("7in45").unwrap());
        let (one, double) = (noise(96_000, 0.25, &limits), noise(96_000, 0.5, &limits));
        let at = |groove, level_db| cut_side(&[groove], format, 0.0, &limits, level_db).songs[0].clone();
        let (quiet, loud) = (at(&one, DB_PER_OCTAVE), at(&double, 0.0));
        for (name, one, other) in [
            ("slope", quiet.slope_db, loud.slope_db),
            ("curvature", quiet.curvature_db, loud.curvature_db),
            ("lift", quiet.lift_um, loud.lift_um),
            ("largest lift", quiet.max_lift_um, loud.max_lift_um),
            ("pitch", quiet.mean_pitch_um, loud.mean_pitch_um),
            ("radius", quiet.inner_radius_mm, loud.inner_radius_mm),
        ] {
            assert!((one - other).abs() < 1e-9 * other.abs(), "{name}: {one} and {other}");
        }
        let limit_db = 6.0;
        let louder = at(&one, DB_PER_OCTAVE + limit_db);
        assert!((louder.outermost_curvature_db - quiet.outermost_curvature_db - limit_db).abs() < 1e-9);
    }

    #[test]
    fn a_short_programme_lies_within_one_eighth_of_a_turn() {
        let (limits, format) = (VinylLimits::default(), vinyl_format("12in45").unwrap());
        let groove = noise(100, 0.5, &limits);
        let cut = cut_side(&[&groove], format, 0.0, &limits, 0.0);
        assert_eq!((cut.turns, cut.course.len()), (0.125, 1));
        assert!(side_level(&[], format, 2.0, &limits).is_some());
    }
}
