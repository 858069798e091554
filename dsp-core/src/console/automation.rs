//! Automation: lanes of points in time, evaluated in closed form.
//!
//! A value depends on the absolute time alone and is never accumulated: the same after ten hours as in the first second,
//! and for any cut of the stream.

use crate::{
    foundation::{
        declare::{choice, params},
        error::{Error, count_in, in_range},
        table::Compound,
    },
    levels::gain::fader_gain,
};
use alloc::{string::String, vec::Vec};
use core::ops::Range;

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
///
/// A level, a position or a mute is what is drawn, at every frame; a step takes 10 ms from its time on. A parameter of an
/// insert glides: it is set every 64 frames of the mix and read 11.7 ms ahead, the mean delay of a glide of 20 ms. So a
/// line is heard where it is drawn, and a step begins up to 11.7 ms before its time and ends within 10 ms after it.
/// Filters, which glide over 50 ms, are 17 ms late.
#[derive(Clone, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(deny_unknown_fields))]
pub struct Lane {
    /// Path to the parameter from its strip: `fader_db`, `sends/0/level_db`, `2/threshold_db` for the insert at position
    /// 2. Inside an insert as in errors: `2/bands[0].gain_db`, `2/effects[1].mid[0].ratio`.
    pub parameter: String,
    /// In rising order of time; two points of the same time are a step. Before the first and after the last one their
    /// values hold.
    pub points: Vec<Point>,
}

impl Compound for Lane {}

/// The lowest level of a line in dB that begins or ends in silence.
const SILENCE_DB: f64 = -90.0;
/// Time in which a step of a level, a position or a mute is taken, so that it does not click.
const STEP_S: f64 = 0.01;

/// How a parameter is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Drawn {
    /// A level in dB, heard as an amplitude.
    Level,
    /// A number in dB.
    Decibels,
    /// Any other number.
    Number,
    /// A number of a few, until the next point.
    Steps,
    /// On (not 0) or off, until the next point.
    Switch,
}

impl Lane {
    /// Checks order and shapes of the points; their values are up to the parameter.
    pub(super) fn check(&self, name: &'static str, drawn: Drawn) -> Result<(), Error> {
        count_in("points", self.points.len(), 1, usize::MAX)?;
        (0..self.points.len()).try_for_each(|index| check_point(name, &self.points, index, drawn))
    }

    /// The number at a time.
    pub(super) fn number(&self, time_s: f64) -> f64 {
        self.evaluate(time_s, |value| value, number_between)
    }

    /// The number just before a time.
    pub(super) fn number_until(&self, time_s: f64) -> f64 {
        let next = self.points.partition_point(|point| point.time_s < time_s);
        match (next.checked_sub(1).map(|index| &self.points[index]), self.points.get(next)) {
            (Some(before), Some(at)) if at.time_s == time_s => match at.shape {
                Shape::Hold => before.value,
                _ => at.value,
            },
            (None, Some(first)) => first.value,
            _ => self.number(time_s),
        }
    }

    /// Indices of the points at a time.
    pub(super) fn at(&self, time_s: f64) -> Range<usize> {
        self.points.partition_point(|point| point.time_s < time_s)
            ..self.points.partition_point(|point| point.time_s <= time_s)
    }

    /// The number at a time, with steps spread over [`STEP_S`].
    pub(super) fn position(&self, time_s: f64) -> f64 {
        self.number(time_s) + self.unfinished_steps(time_s, |value| value)
    }

    /// The amplitude of a level in dB, with steps spread over [`STEP_S`].
    pub(super) fn amplitude(&self, time_s: f64) -> f64 {
        self.evaluate(time_s, fader_gain, amplitude_between) + self.unfinished_steps(time_s, fader_gain)
    }

    /// 0 where a switch is on and 1 where it is off, with steps spread over [`STEP_S`].
    pub(super) fn audible(&self, time_s: f64) -> f64 {
        let audible = |mute: f64| if mute == 0.0 { 1.0 } else { 0.0 };
        self.evaluate(time_s, audible, |_, from, _| if from == 0.0 { 1.0 } else { 0.0 })
            + self.unfinished_steps(time_s, audible)
    }

    /// Whether nothing moves from one time to another.
    pub(super) fn is_still(&self, from_s: f64, to_s: f64) -> bool {
        let first = self.points.partition_point(|point| point.time_s <= from_s - STEP_S).saturating_sub(1);
        let last = self.points.partition_point(|point| point.time_s <= to_s);
        let points = &self.points[first..(last + 1).min(self.points.len())];
        points.windows(2).all(|pair| pair[0].value == pair[1].value)
    }

    fn evaluate(&self, time_s: f64, own: fn(f64) -> f64, between: fn(f64, f64, &Point) -> f64) -> f64 {
        // The first point after the time: of several at one time the last has been passed.
        let next = self.points.partition_point(|point| point.time_s <= time_s);
        match (next.checked_sub(1).map(|index| &self.points[index]), self.points.get(next)) {
            (Some(before), Some(after)) => {
                between((time_s - before.time_s) / (after.time_s - before.time_s), before.value, after)
            }
            (Some(only), None) | (None, Some(only)) => own(only.value),
            (None, None) => 0.0,
        }
    }

    /// What is left of the steps just before a time: each decays on a quintic.
    fn unfinished_steps(&self, time_s: f64, own: fn(f64) -> f64) -> f64 {
        let next = self.points.partition_point(|point| point.time_s <= time_s);
        let pairs = self.points[..next].windows(2).rev().take_while(|pair| time_s - pair[1].time_s < STEP_S);
        let steps = pairs.filter(|pair| pair[0].time_s == pair[1].time_s || pair[1].shape == Shape::Hold);
        let left = |pair: &[Point]| {
            let u = (time_s - pair[1].time_s) / STEP_S;
            (own(pair[0].value) - own(pair[1].value)) * (1.0 - u * u * u * (10.0 + u * (6.0 * u - 15.0)))
        };
        steps.map(left).sum()
    }
}

/// Checks the value of a switch.
pub(super) fn check_switch(param: &'static str, value: f64) -> Result<(), Error> {
    if value == 0.0 || value == 1.0 {
        return Ok(());
    }
    Err(Error::NotAllowed { param, index: None, value, allowed: "0 (off) or 1 (on)" })
}

/// The number at a part `u` of the way to a point.
fn number_between(u: f64, from: f64, to: &Point) -> f64 {
    match to.shape {
        Shape::Linear | Shape::DbLinear => from + (to.value - from) * u,
        Shape::Exponential => from * libm::pow(to.value / from, u),
        Shape::SCurve => from + (to.value - from) * (u * u * (3.0 - 2.0 * u)),
        Shape::Hold => from,
    }
}

/// The amplitude at a part `u` of the way to a point in dB.
fn amplitude_between(u: f64, from_db: f64, to: &Point) -> f64 {
    // Silence is the level from which or to which the line is drawn, never above the other end.
    let end_db = |db: f64, other_db: f64| if fader_gain(db) == 0.0 { other_db.min(SILENCE_DB) } else { db };
    let (start_db, stop_db) = (end_db(from_db, to.value), end_db(to.value, from_db));
    let line_db = |u: f64| start_db + (stop_db - start_db) * u;
    match to.shape {
        Shape::Linear | Shape::Exponential => fader_gain(from_db) + (fader_gain(to.value) - fader_gain(from_db)) * u,
        Shape::Hold => fader_gain(from_db),
        // At the point itself, and between two of them, silence is silence.
        _ if u == 0.0 || stop_db == f64::NEG_INFINITY => fader_gain(from_db),
        Shape::DbLinear => fader_gain(line_db(u)),
        Shape::SCurve => fader_gain(line_db(u * u * (3.0 - 2.0 * u))),
    }
}

/// Checks a point of the parameter `name`: its time, its shape, and the ends of a line; an error has its place.
fn check_point(name: &'static str, points: &[Point], index: usize, drawn: Drawn) -> Result<(), Error> {
    let within = |index: usize| move |error: Error| error.within("points", index);
    let point = &points[index];
    let before = index.checked_sub(1).map(|before| &points[before]);
    in_range("time_s", point.time_s, before.map_or(0.0, |before| before.time_s), f64::MAX).map_err(within(index))?;
    // The first point has no way to it.
    let Some(before) = before else { return Ok(()) };
    let (legal, takes): (&[Shape], _) = match drawn {
        Drawn::Level => (&[Shape::Linear, Shape::DbLinear, Shape::SCurve, Shape::Hold], "of a level must be one of "),
        Drawn::Decibels => (&[Shape::DbLinear, Shape::SCurve, Shape::Hold], "of a number in dB must be one of "),
        Drawn::Number => (&[Shape::Linear, Shape::Exponential, Shape::SCurve, Shape::Hold], "must be one of "),
        Drawn::Steps => (&[Shape::Hold], "of a number in steps must be "),
        Drawn::Switch => (&[Shape::Hold], "of a switch must be "),
    };
    if !legal.contains(&point.shape) {
        let words = match drawn {
            Drawn::Level => &["linear", "db_linear", "s_curve", "hold"][..],
            Drawn::Decibels => &["db_linear", "s_curve", "hold"],
            Drawn::Number => &["linear", "exponential", "s_curve", "hold"],
            Drawn::Steps | Drawn::Switch => &["hold"],
        };
        let error = Error::Mismatch { param: "shape", given: point.shape.word().into(), takes, words };
        return Err(within(index)(error));
    }
    let (least, allowed) = match (point.shape, drawn) {
        (Shape::Hold, _) | (_, Drawn::Level) => return Ok(()),
        (Shape::Exponential, _) => {
            (f64::MIN_POSITIVE, "above 0 and finite at both ends of this shape: hold takes any value")
        }
        _ => (f64::MIN, "finite at both ends of a line: hold takes any value"),
    };
    for (index, value) in [(index - 1, before.value), (index, point.value)] {
        if !(least..=f64::MAX).contains(&value) {
            return Err(within(index)(Error::NotAllowed { param: name, index: None, value, allowed }));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lane(points: &[(f64, f64, Shape)]) -> Lane {
        let points = points.iter().map(|&(time_s, value, shape)| Point { time_s, value, shape });
        Lane { parameter: String::new(), points: points.collect() }
    }

    #[test]
    fn first_and_last_values_hold_and_equal_times_are_a_step() {
        let lane = lane(&[(1.0, 2.0, Shape::Linear), (2.0, 4.0, Shape::Linear), (2.0, 8.0, Shape::Linear)]);
        for (time_s, value) in [(0.0, 2.0), (1.0, 2.0), (1.5, 3.0), (1.999_999, 3.999_998), (2.0, 8.0), (9.0, 8.0)] {
            assert!((lane.number(time_s) - value).abs() < 1e-9, "{time_s}");
            assert!(time_s == 2.0 || lane.number_until(time_s) == lane.number(time_s), "{time_s}");
        }
        assert_eq!((lane.number_until(2.0), lane.at(2.0), lane.at(1.5)), (4.0, 1..3, 1..1), "just before the step");
        // A position takes the step in 10 ms, from its own time on.
        for (time_s, value) in [(2.0, 4.0), (2.005, 6.0), (2.01, 8.0)] {
            assert!((lane.position(time_s) - value).abs() < 1e-9, "{time_s}");
        }
        assert!(lane.is_still(0.0, 0.9) && !lane.is_still(0.5, 1.5) && !lane.is_still(2.005, 2.1));
        assert!(lane.is_still(2.02, 9.0));
    }

    #[test]
    fn shapes_are_their_formulas() {
        let course = |shape, from, to| lane(&[(10.0, from, Shape::Linear), (14.0, to, shape)]);
        let at = |shape, from, to| [11.0, 12.0, 13.0].map(|time_s| course(shape, from, to).number(time_s));
        let db = |shape, from, to| {
            [11.0, 12.0, 13.0].map(|time_s| 20.0 * libm::log10(course(shape, from, to).amplitude(time_s)))
        };
        let near = |found: [f64; 3], expected: [f64; 3]| {
            assert!(found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-9), "{found:?} {expected:?}");
        };
        near(at(Shape::Linear, 1.0, 5.0), [2.0, 3.0, 4.0]);
        near(at(Shape::Hold, 1.0, 3.0), [1.0; 3]);
        near(at(Shape::SCurve, 0.0, 1.0), [0.15625, 0.5, 0.84375]);
        near(at(Shape::Exponential, 16.0, 256.0), [32.0, 64.0, 128.0]);
        near(db(Shape::DbLinear, -20.0, 0.0), [-15.0, -10.0, -5.0]);
        near(db(Shape::DbLinear, f64::NEG_INFINITY, -10.0), [-70.0, -50.0, -30.0]);
        near(db(Shape::Linear, f64::NEG_INFINITY, 0.0), [0.25_f64, 0.5, 0.75].map(|x| 20.0 * x.log10()));
        near(db(Shape::DbLinear, -120.0, f64::NEG_INFINITY), [-120.0; 3]);
        near(db(Shape::DbLinear, -140.0, 0.0), [-105.0, -70.0, -35.0]);
        for shape in [Shape::DbLinear, Shape::SCurve, Shape::Linear, Shape::Hold] {
            let silent = course(shape, f64::NEG_INFINITY, f64::NEG_INFINITY);
            assert!([9.0, 10.0, 12.0, 14.0, 20.0].iter().all(|time_s| silent.amplitude(*time_s) == 0.0), "{shape:?}");
        }
        assert_eq!(course(Shape::DbLinear, 0.0, f64::NEG_INFINITY).amplitude(14.0), 0.0, "silence in the end");
        assert_eq!(course(Shape::DbLinear, f64::NEG_INFINITY, 0.0).amplitude(10.0), 0.0, "and in the beginning");
    }

    #[test]
    fn a_mute_fades() {
        let lane = lane(&[(0.0, 0.0, Shape::Hold), (1.0, 1.0, Shape::Hold), (2.0, 0.0, Shape::Hold)]);
        for (time_s, audible) in
            [(0.5, 1.0), (1.0, 1.0), (1.005, 0.5), (1.01, 0.0), (2.0, 0.0), (2.005, 0.5), (3.0, 1.0)]
        {
            assert!((lane.audible(time_s) - audible).abs() < 1e-9, "{time_s}");
        }
    }

    /// After ten hours of samples the value is that of the formula.
    #[test]
    fn nothing_accumulates() {
        let lane = lane(&[(0.0, 0.0, Shape::Linear), (36_000.0, 1.0, Shape::Linear)]);
        let last_frame = 36_000.0 * 48_000.0 - 1.0;
        assert!((lane.number(last_frame / 48_000.0) - (1.0 - 1.0 / (36_000.0 * 48_000.0))).abs() < 1e-12);
    }

    #[test]
    fn times_rise_and_shapes_fit() {
        let text = |lane: &Lane, drawn| alloc::format!("{}", lane.check("ratio", drawn).unwrap_err());
        let falling = lane(&[(2.0, 0.0, Shape::Linear), (1.0, 0.0, Shape::Linear)]);
        assert!(
            text(&falling, Drawn::Number).starts_with("points[1].time_s = 1 is out of range: it must be 2 or more")
        );
        let level = lane(&[(0.0, 1.0, Shape::Linear), (1.0, 0.5, Shape::DbLinear)]);
        assert_eq!(level.check("ratio", Drawn::Level), Ok(()));
        assert_eq!(
            text(&level, Drawn::Number),
            "points[1].shape = db_linear is not allowed: it must be one of linear, exponential, s_curve, hold"
        );
        let through_zero = lane(&[(0.0, 0.0, Shape::Linear), (1.0, 10.0, Shape::Exponential)]);
        assert_eq!(
            text(&through_zero, Drawn::Number),
            "points[0].ratio = 0 is not allowed: it must be above 0 and finite at both ends of this shape: hold takes any \
             value"
        );
        let to_infinity = lane(&[(0.0, 4.0, Shape::Linear), (1.0, f64::INFINITY, Shape::Linear)]);
        assert_eq!(
            text(&to_infinity, Drawn::Number),
            "points[1].ratio = inf is not allowed: it must be finite at both ends of a line: hold takes any value"
        );
        assert!(text(&to_infinity, Drawn::Steps).ends_with("of a number in steps it must be hold"));
        assert!(lane(&[(f64::NAN, 0.0, Shape::Linear)]).check("ratio", Drawn::Number).is_err());
        for shape in [Shape::DbLinear, Shape::SCurve] {
            let to_silence = lane(&[(0.0, 0.0, shape), (1.0, f64::NEG_INFINITY, shape)]);
            assert!(to_silence.check("ratio", Drawn::Decibels).is_err(), "no line of a parameter leads to -inf");
            assert_eq!(to_silence.check("ratio", Drawn::Level), Ok(()));
        }
        let held = lane(&[(0.0, 0.0, Shape::Hold), (1.0, f64::NEG_INFINITY, Shape::Hold)]);
        assert_eq!(held.check("ratio", Drawn::Decibels), Ok(()));
        assert_eq!(text(&Lane::default(), Drawn::Number), "points has 0 entries: 1 or more needed");
    }
}
