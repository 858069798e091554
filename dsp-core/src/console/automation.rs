//! Automation: lanes of points in time, evaluated in closed form.
//!
//! A value depends on the absolute time alone and is never accumulated: the same after ten hours as in the first second,
//! and for any cut of the stream.

use crate::foundation::{
    declare::{choice, params},
    error::Error,
    unit::{db_to_gain, gain_to_db},
};
use alloc::{string::String, vec::Vec};

choice! {
    /// The way from one point of a lane to the next.
    Shape, default Linear {
        /// A straight line: of the number itself, and of the amplitude for a level in dB.
        Linear = "linear",
        /// A straight line in dB, for levels; from and to silence it begins and ends at -90 dB.
        DbLinear = "db_linear",
        /// Equal ratios in equal times, for numbers above 0, as frequencies.
        Exponential = "exponential",
        /// 3u²-2u³ of the number: it leaves and arrives level.
        SCurve = "s_curve",
        /// The number before, until the point.
        Hold = "hold",
    }
}

params! {
    /// One point of a lane.
    #[derive(Clone, Copy, Debug, PartialEq)]
    Point {
        time_s: s, 0.0..=1e7, default 0.0, "Time from the start of the mix";
        value: none, -inf..=1e9, default 0.0, "Value at that time; of a switch, 0 or 1";
        shape: choice Shape, "Way from the point before to this one";
    }
}

/// The course of one parameter.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct Lane {
    /// Path to the parameter from its strip: `fader_db`, `sends/0/level_db`, `inserts/2/threshold_db`.
    pub parameter: String,
    /// In rising order of time; two points of the same time are a step. Before the first and after the last one their
    /// values hold.
    pub points: Vec<Point>,
}

/// The lowest level of a line in dB that begins or ends in silence.
const SILENCE_DB: f64 = -90.0;

/// A unit in which a lane is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Drawn {
    /// A level in dB.
    Decibels,
    /// Anything else.
    Plain,
}

impl Lane {
    /// Checks order and shapes of the points; their values are up to the parameter.
    pub(super) fn check(&self, drawn: Drawn) -> Result<(), Error> {
        let refuse = |index: usize, param: &'static str, value: f64, min: f64, max: f64| {
            Err(Error::OutOfRange { param, index: None, value, min, max, off: None }.within("points", index))
        };
        for (index, point) in self.points.iter().enumerate() {
            let earliest = index.checked_sub(1).map_or(0.0, |before| self.points[before].time_s);
            if !(earliest..=f64::MAX).contains(&point.time_s) {
                return refuse(index, "time_s", point.time_s, earliest, f64::INFINITY);
            }
            let ends = [index.checked_sub(1).map_or(point.value, |before| self.points[before].value), point.value];
            if point.shape == Shape::Exponential
                && let Some(wrong) = ends.into_iter().find(|end| *end <= 0.0)
            {
                return refuse(index, "value (of an exponential)", wrong, f64::MIN_POSITIVE, f64::INFINITY);
            }
            if point.shape == Shape::DbLinear && drawn != Drawn::Decibels {
                let allowed = "linear, exponential, s_curve or hold: it is no level in dB";
                return Err(Error::Mismatch {
                    param: "shape",
                    given: Shape::DbLinear.word().into(),
                    takes: allowed,
                    words: &[],
                }
                .within("points", index));
            }
        }
        Ok(())
    }

    /// The value at a time.
    pub(super) fn value(&self, time_s: f64, drawn: Drawn) -> f64 {
        // The first point after the time: of several at one time the last has been passed.
        let next = self.points.partition_point(|point| point.time_s <= time_s);
        let Some(before) = next.checked_sub(1).map(|index| self.points[index]) else {
            return self.points.first().map_or(0.0, |first| first.value);
        };
        let Some(after) = self.points.get(next) else { return before.value };
        let u = (time_s - before.time_s) / (after.time_s - before.time_s);
        let line = |from: f64, to: f64| from + (to - from) * u;
        match (after.shape, drawn) {
            (Shape::Hold, _) => before.value,
            (Shape::Linear, Drawn::Decibels) => gain_to_db(line(db_to_gain(before.value), db_to_gain(after.value))),
            (Shape::Linear, Drawn::Plain) => line(before.value, after.value),
            (Shape::DbLinear, _) => line(before.value.max(SILENCE_DB), after.value.max(SILENCE_DB)),
            (Shape::Exponential, _) => before.value * libm::pow(after.value / before.value, u),
            (Shape::SCurve, _) => {
                let (from, to) = match drawn {
                    Drawn::Decibels => (before.value.max(SILENCE_DB), after.value.max(SILENCE_DB)),
                    Drawn::Plain => (before.value, after.value),
                };
                from + (to - from) * (u * u * (3.0 - 2.0 * u))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    fn lane(points: &[(f64, f64, Shape)]) -> Lane {
        let points = points.iter().map(|&(time_s, value, shape)| Point { time_s, value, shape });
        Lane { parameter: String::new(), points: points.collect() }
    }

    #[test]
    fn first_and_last_values_hold_and_equal_times_are_a_step() {
        let lane = lane(&[(1.0, 2.0, Shape::Linear), (2.0, 4.0, Shape::Linear), (2.0, 8.0, Shape::Linear)]);
        for (time_s, value) in [(0.0, 2.0), (1.0, 2.0), (1.5, 3.0), (1.999_999, 3.999_998), (2.0, 8.0), (9.0, 8.0)] {
            assert!((lane.value(time_s, Drawn::Plain) - value).abs() < 1e-9, "{time_s}");
        }
        assert_eq!(Lane::default().value(1.0, Drawn::Plain), 0.0);
    }

    #[test]
    fn shapes_are_their_formulas() {
        let at = |shape, from, to, drawn| {
            let lane = lane(&[(10.0, from, Shape::Linear), (14.0, to, shape)]);
            [11.0, 12.0, 13.0].map(|time_s| lane.value(time_s, drawn))
        };
        assert_eq!(at(Shape::DbLinear, -20.0, 0.0, Drawn::Decibels), [-15.0, -10.0, -5.0]);
        assert_eq!(at(Shape::DbLinear, f64::NEG_INFINITY, -10.0, Drawn::Decibels), [-70.0, -50.0, -30.0]);
        assert_eq!(at(Shape::Hold, 1.0, 3.0, Drawn::Plain), [1.0; 3]);
        assert_eq!(at(Shape::SCurve, 0.0, 1.0, Drawn::Plain), [0.15625, 0.5, 0.84375]);
        let [_, middle, _] = at(Shape::Exponential, 100.0, 10_000.0, Drawn::Plain);
        assert!((middle - 1_000.0).abs() < 1e-9);
        let [_, middle, _] = at(Shape::Linear, f64::NEG_INFINITY, 0.0, Drawn::Decibels);
        assert!((middle + 6.0206).abs() < 1e-4, "half the amplitude");
    }

    /// After ten hours of samples the value is that of the formula, to 1e-6.
    #[test]
    fn nothing_accumulates() {
        let lane = lane(&[(0.0, 0.0, Shape::Linear), (36_000.0, 1.0, Shape::Linear)]);
        let frame = 36_000.0 * 48_000.0 - 1.0;
        assert!((lane.value(frame / 48_000.0, Drawn::Plain) - (1.0 - 1.0 / (36_000.0 * 48_000.0))).abs() < 1e-12);
    }

    #[test]
    fn times_rise_and_shapes_fit() {
        let falling = lane(&[(2.0, 0.0, Shape::Linear), (1.0, 0.0, Shape::Linear)]);
        let text = |lane: &Lane, drawn| alloc::format!("{}", lane.check(drawn).unwrap_err());
        assert_eq!(text(&falling, Drawn::Plain), "points[1].time_s = 1 is out of range: it must lie in 2..inf");
        let level = lane(&[(0.0, 1.0, Shape::Linear), (1.0, 0.5, Shape::DbLinear)]);
        assert_eq!(level.check(Drawn::Decibels), Ok(()));
        assert!(text(&level, Drawn::Plain).starts_with("points[1].shape = db_linear is not allowed"));
        let through_zero = lane(&[(0.0, 0.0, Shape::Linear), (1.0, 10.0, Shape::Exponential)]);
        assert!(through_zero.check(Drawn::Plain).is_err());
        let at_nan = lane(&[(f64::NAN, 0.0, Shape::Linear)]);
        assert!(at_nan.check(Drawn::Plain).is_err());
        let _ = vec![0];
    }
}
