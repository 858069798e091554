//! Search for the drive, the ceiling and the times of the limiter with which a programme meets its target.
//!
//! A secant in the drive, as each dB of drive adds less loudness the more the limiter works. Ceiling and drive are
//! lowered together where peaks are too high. Where more drive adds no loudness, the limiter becomes faster; at its
//! fastest, the drive skips the plateau and the target is bracketed from both sides.

use crate::{
    dynamics::limiter::{LimiterMode, LimiterParams, ReleaseMode},
    saturation::ClipperParams,
};

/// Tolerance of the target, in LU. Half a step of a display with one decimal is 0.05.
pub const LOUDNESS_TOLERANCE_LU: f64 = 0.02;
/// Margin of the true peak of the result below the ceiling, in dB, for meters that read higher.
pub const PEAK_MARGIN_DB: f64 = 0.05;
/// Largest excess of driven peaks over the ceiling, in dB; more would destroy the music.
pub(super) const MAX_EXCESS_DB: f64 = 36.0;
/// First setting of the limiter below the ceiling, in dB: its own guarantee and the rounding need less than the rest.
const FIRST_MARGIN_DB: f64 = 0.07;
/// Extra reduction of the limiter's ceiling beyond the excess of a peak, in dB.
const EXCESS_MARGIN_DB: f64 = 0.005;
/// Lowest ceiling of the limiter, in dB.
const LOWEST_LIMIT_DB: f64 = -20.0;
/// Excess of peaks over the ceiling from which on the clip is used, in dB: the limiter alone takes up to this much.
const MOST_LIMITED_DB: f64 = 3.0;
/// What the clip then leaves to the limiter, in dB, apart from what it overshoots: less is within 0.1 dB of it, or worse.
const LEFT_DB: f64 = 0.25;
/// Where the curve of the clip begins to bend, in dB below its ceiling.
const CLIP_KNEE_DB: f64 = 1.0;
/// Multiple of the rate at which it clips.
const CLIP_OVERSAMPLE: usize = 4;
/// Loudness gained per dB of drive below which the times of the limiter count as exhausted.
const EXHAUSTED_SLOPE: f64 = 0.15;
/// Step of the drive in the search beyond a plateau, in dB.
const PLATEAU_STEP_DB: f64 = 6.0;

/// Hold and release of the limiter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct LimiterTimes {
    pub(super) hold_ms: f64,
    pub(super) release_ms: f64,
    pub(super) release_mode: ReleaseMode,
}

/// The automatic release, which keeps songs 0.9 dB closer to themselves than 60 ms and bass cleaner; then a fast one,
/// which trades distortion for loudness, used when more drive no longer makes the programme louder. The hold stays:
/// without it the gain follows the crests of bass, which distorts them by -26 dB at 50 Hz; loudness beyond these times is
/// the clip's.
pub(super) const LIMITER_TIMES: [LimiterTimes; 2] = [
    LimiterTimes { hold_ms: 8.0, release_ms: 60.0, release_mode: ReleaseMode::Auto },
    LimiterTimes { hold_ms: 8.0, release_ms: 20.0, release_mode: ReleaseMode::Manual },
];

/// How much the clip takes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Clip {
    /// Nothing up to an excess of [`MOST_LIMITED_DB`], then all but [`LEFT_DB`].
    Auto,
    /// This many dB of the highest peak, though none below the ceiling of the limiter.
    Depth(f64),
}

/// The drive and the limiter of the next pass.
#[derive(Clone, Copy, Debug)]
pub(super) struct Attempt {
    pub(super) drive_db: f64,
    /// `None` if nothing is clipped.
    pub(super) clip: Option<ClipperParams>,
    /// How far the highest peak lies above the ceiling of the clip, in dB.
    pub(super) clip_depth_db: f64,
    /// `None` if no sample needs it.
    pub(super) limiter: Option<LimiterParams>,
}

/// A drive, and the loudness missing to the target with it.
#[derive(Clone, Copy, Debug)]
struct Trial {
    drive_db: f64,
    error_lu: f64,
}

/// The search: see the head of this file.
#[derive(Clone, Debug)]
pub(super) struct DriveSearch {
    drive_db: f64,
    most_drive_db: f64,
    /// Ceiling of the limiter.
    limit_db: f64,
    /// Highest true peak of the result, and that of the programme.
    highest_dbtp: f64,
    source_peak_dbtp: f64,
    /// Whether an earlier pass without the limiter had peaks above the ceiling, too small for the first measurement.
    is_limiter_needed: bool,
    clip: Clip,
    /// Whether an earlier attempt used the clip: the automatic one then stays on, so that the loudness has no step.
    is_clipping: bool,
    /// The older point of the secant; the newest trial is the other.
    last: Option<Trial>,
    /// Beyond a plateau: the highest drive known to be too quiet, and the lowest known to be too loud.
    quiet: Option<Trial>,
    loud: Option<Trial>,
    /// `None` when all have been exhausted.
    times: Option<LimiterTimes>,
    faster: core::slice::Iter<'static, LimiterTimes>,
}

impl DriveSearch {
    /// A search that starts from the gain that would bring the programme to its target.
    pub(super) fn new(gain_db: f64, ceiling_dbtp: f64, source_peak_dbtp: f64, clip: Clip) -> Self {
        let mut faster = LIMITER_TIMES.iter();
        Self {
            drive_db: gain_db,
            most_drive_db: ceiling_dbtp + MAX_EXCESS_DB - source_peak_dbtp,
            limit_db: ceiling_dbtp - FIRST_MARGIN_DB,
            highest_dbtp: ceiling_dbtp - PEAK_MARGIN_DB,
            source_peak_dbtp,
            is_limiter_needed: false,
            clip,
            is_clipping: false,
            last: None,
            quiet: None,
            loud: None,
            times: faster.next().copied(),
            faster,
        }
    }

    /// The attempt whose peaks exceed the ceiling by `excess_db`, with the fastest times.
    pub(super) fn probe(excess_db: f64, ceiling_dbtp: f64, source_peak_dbtp: f64, clip: Clip) -> Option<Attempt> {
        let drive_db = ceiling_dbtp + excess_db - source_peak_dbtp;
        let times = LIMITER_TIMES.last().copied();
        Self { times, ..Self::new(drive_db, ceiling_dbtp, source_peak_dbtp, clip) }.attempt()
    }

    /// Searches on with the fastest times, below a drive that is known to be loud enough. `error_lu` is what is missing
    /// there, `gain_db` the gain that would bring the programme to its target.
    pub(super) fn search_below(&mut self, loud_drive_db: f64, error_lu: f64, gain_db: f64) {
        let quiet_drive_db = self.highest_dbtp - self.source_peak_dbtp;
        self.times = LIMITER_TIMES.last().copied();
        self.last = None;
        self.quiet = Some(Trial { drive_db: quiet_drive_db, error_lu: gain_db - quiet_drive_db });
        self.loud = Some(Trial { drive_db: loud_drive_db, error_lu });
        self.interpolate();
    }

    /// Highest true peak allowed for the result.
    pub(super) fn highest_dbtp(&self) -> f64 {
        self.highest_dbtp
    }

    /// The next attempt; `None` if the target is out of reach.
    pub(super) fn attempt(&mut self) -> Option<Attempt> {
        let LimiterTimes { hold_ms, release_ms, release_mode } =
            self.times.filter(|_| self.limit_db >= LOWEST_LIMIT_DB)?;
        self.drive_db = self.drive_db.min(self.most_drive_db);
        let limiter = LimiterParams {
            ceiling_db: self.limit_db,
            hold_ms,
            release_ms,
            release_mode,
            mode: LimiterMode::Master,
            ..Default::default()
        };
        // Without peaks above the ceiling the limiter would change nothing, but cost time.
        let is_needed = self.is_limiter_needed || self.source_peak_dbtp + self.drive_db > self.highest_dbtp;
        let excess_db = self.source_peak_dbtp + self.drive_db - self.limit_db;
        let clip_depth_db = if is_needed { self.clip_depth_db(excess_db) } else { 0.0 };
        let clip = (clip_depth_db > 0.0).then_some(ClipperParams {
            ceiling_db: self.limit_db + excess_db - clip_depth_db,
            knee_db: CLIP_KNEE_DB,
            oversample: CLIP_OVERSAMPLE,
            ..Default::default()
        });
        Some(Attempt { drive_db: self.drive_db, clip, clip_depth_db, limiter: is_needed.then_some(limiter) })
    }

    /// How much of the highest peak is clipped, in dB.
    fn clip_depth_db(&mut self, excess_db: f64) -> f64 {
        match self.clip {
            Clip::Auto => {
                self.is_clipping |= excess_db > MOST_LIMITED_DB;
                if self.is_clipping { (excess_db - LEFT_DB).max(0.0) } else { 0.0 }
            }
            Clip::Depth(depth_db) => depth_db.min(excess_db).max(0.0),
        }
    }

    /// Updates the search with the last attempt: the loudness missing to the target, and the excess of its peaks.
    pub(super) fn update(&mut self, attempt: &Attempt, mut error_lu: f64, over_db: f64) {
        if over_db > 0.0 && attempt.limiter.is_none() {
            self.is_limiter_needed = true;
        } else if over_db > 0.0 {
            error_lu = self.lower(over_db + EXCESS_MARGIN_DB, error_lu);
        }
        if self.quiet.is_some() {
            self.bracket(error_lu);
        } else {
            self.extrapolate(error_lu);
        }
    }

    /// Lowers ceiling and drive together, which lowers the result by as much and changes nothing else: the points of
    /// the secant stay valid. Returns the error of the last attempt after the shift.
    fn lower(&mut self, lower_db: f64, error_lu: f64) -> f64 {
        self.limit_db -= lower_db;
        self.drive_db -= lower_db;
        for known in [&mut self.last, &mut self.quiet, &mut self.loud].into_iter().flatten() {
            *known = Trial { drive_db: known.drive_db - lower_db, error_lu: known.error_lu + lower_db };
        }
        // A trial that was too loud may now be too quiet.
        self.loud = self.loud.filter(|trial| trial.error_lu < 0.0);
        error_lu + lower_db
    }

    /// The limiter is at its fastest, and the loudness rises again at higher drive: the target is in between.
    fn bracket(&mut self, error_lu: f64) {
        let side = if error_lu > 0.0 { &mut self.quiet } else { &mut self.loud };
        *side = Some(Trial { drive_db: self.drive_db, error_lu });
        if self.loud.is_some() {
            self.interpolate();
        } else if self.drive_db < self.most_drive_db {
            self.drive_db += PLATEAU_STEP_DB;
        } else {
            self.times = None;
        }
    }

    /// Sets the drive between the one that is too quiet and the one that is too loud.
    fn interpolate(&mut self) {
        if let (Some(quiet), Some(loud)) = (self.quiet, self.loud) {
            let share = quiet.error_lu / (quiet.error_lu - loud.error_lu);
            self.drive_db = quiet.drive_db + (loud.drive_db - quiet.drive_db) * share.clamp(0.1, 0.9);
        }
    }

    /// Extrapolates the drive by the slope of the secant.
    fn extrapolate(&mut self, error_lu: f64) {
        let drive_db = self.drive_db;
        let slope = match self.last {
            Some(last) if last.drive_db != drive_db => (last.error_lu - error_lu) / (drive_db - last.drive_db),
            _ => 1.0,
        };
        if error_lu > LOUDNESS_TOLERANCE_LU && (slope < EXHAUSTED_SLOPE || drive_db >= self.most_drive_db) {
            self.last = None;
            if self.faster.len() == 0 && drive_db < self.most_drive_db {
                // Where the quiet parts of a programme rise, more drive first makes it quieter, then louder.
                self.quiet = Some(Trial { drive_db, error_lu });
                self.drive_db += PLATEAU_STEP_DB;
            } else {
                self.times = self.faster.next().copied();
            }
            return;
        }
        self.last = Some(Trial { drive_db, error_lu });
        self.drive_db += error_lu / slope.clamp(EXHAUSTED_SLOPE, 1.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Repeats attempts until the loudness of `respond` is met; returns their number and the last one.
    fn search(target: f64, respond: impl Fn(&Attempt) -> f64) -> Option<(usize, Attempt)> {
        let mut search = DriveSearch::new(target, -1.0, 0.0, Clip::Auto);
        for passes in 1..=28 {
            let attempt = search.attempt()?;
            let error_lu = target - respond(&attempt);
            if error_lu.abs() <= LOUDNESS_TOLERANCE_LU {
                return Some((passes, attempt));
            }
            search.update(&attempt, error_lu, 0.0);
        }
        None
    }

    #[test]
    fn the_secant_converges_for_a_saturating_limiter() {
        let (passes, attempt) = search(9.0, |attempt| 12.0 * (1.0 - libm::exp(-attempt.drive_db / 12.0))).unwrap();
        assert!(passes <= 10 && (attempt.drive_db - 16.64).abs() < 0.1, "{passes} {attempt:?}");
    }

    #[test]
    fn times_become_faster_only_where_more_drive_adds_no_loudness() {
        let release_ms = |attempt: &Attempt| attempt.limiter.unwrap().release_ms;
        let most = |attempt: &Attempt| if release_ms(attempt) == 60.0 { 5.0 } else { 20.0 };
        let (_, attempt) = search(9.0, |attempt| attempt.drive_db.min(most(attempt))).unwrap();
        assert_eq!(release_ms(&attempt), LIMITER_TIMES[1].release_ms);
        assert!(search(9.0, |attempt| attempt.drive_db.min(5.0)).is_none(), "out of reach");
    }

    #[test]
    fn the_clip_comes_in_where_the_limiter_would_take_3_db_and_stays() {
        let depth_db = |clip, gain_db| DriveSearch::new(gain_db, -1.0, 0.0, clip).attempt().unwrap().clip_depth_db;
        // The excess over the limiter's ceiling is 1.07 dB more than the gain.
        assert_eq!([depth_db(Clip::Auto, 1.9), depth_db(Clip::Depth(0.0), 9.0)], [0.0, 0.0]);
        let close = |a: f64, b: f64| (a - b).abs() < 1e-12;
        assert!(close(depth_db(Clip::Auto, 1.94), 2.76) && close(depth_db(Clip::Auto, 18.93), 19.75));
        assert!(close(depth_db(Clip::Depth(4.0), 18.93), 4.0) && close(depth_db(Clip::Depth(4.0), 1.93), 3.0));
        let mut search = DriveSearch::new(1.95, -1.0, 0.0, Clip::Auto);
        let first = search.attempt().unwrap();
        search.update(&first, -0.1, 0.0);
        let second = search.attempt().unwrap();
        assert!(second.drive_db < 1.93 && close(second.clip_depth_db, second.drive_db + 0.82), "{second:?}");
        assert!(close(second.clip.unwrap().ceiling_db, -1.07 + 0.25));
    }

    #[test]
    fn a_plateau_is_skipped() {
        // A plateau between 5 and 15 dB, at any times.
        let plateau = |attempt: &Attempt| attempt.drive_db.min(5.0).max(attempt.drive_db - 10.0);
        let (_, attempt) = search(9.0, plateau).unwrap();
        assert!((attempt.drive_db - 19.0).abs() <= LOUDNESS_TOLERANCE_LU, "{attempt:?}");
    }

    #[test]
    fn ceiling_and_drive_are_lowered_together() {
        let mut search = DriveSearch::new(6.0, -1.0, 0.0, Clip::Auto);
        let first = search.attempt().unwrap();
        search.update(&first, 0.0, 0.1);
        let second = search.attempt().unwrap();
        let [before, after] = [first, second].map(|attempt| attempt.limiter.unwrap().ceiling_db);
        assert!((before - after - 0.105).abs() < 1e-12);
        // Lowered, then raised by the missing loudness.
        assert!((second.drive_db - first.drive_db).abs() < 1e-12);
        // An attempt without a limiter only turns the limiter on.
        let mut search = DriveSearch::new(-2.0, -1.0, 0.0, Clip::Auto);
        let first = search.attempt().unwrap();
        assert!(first.limiter.is_none());
        search.update(&first, 0.0, 0.1);
        assert_eq!(search.attempt().unwrap().limiter.unwrap().ceiling_db, -1.07);
    }
}
