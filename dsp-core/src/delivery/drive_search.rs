//! Search for the drive, the ceiling and the character of the limiter under which a programme meets its target.
//!
//! A secant in the drive, as the more a limiter works, the less a dB of drive gives. Ceiling and drive are lowered
//! together where peaks are too high. Where more drive gives no more loudness, the limiter becomes faster; where it is
//! as fast as it gets, the drive passes over the plateau and the target is enclosed from both sides.

use crate::dynamics::limiter::{LimiterMode, LimiterParams};

/// How near the target counts as there, in LU. Half a step of a display with one decimal is 0.05.
pub const LOUDNESS_TOLERANCE_LU: f64 = 0.02;
/// How far below the ceiling the true peak of the result stays, in dB: what other meters may read more.
pub const PEAK_MARGIN_DB: f64 = 0.05;
/// How far peaks may be driven beyond the ceiling, in dB: with more, nothing is left of the music.
const MAX_EXCESS_DB: f64 = 36.0;
/// First setting of the limiter below the ceiling, in dB: its own guarantee and the rounding need less than the rest.
const FIRST_MARGIN_DB: f64 = 0.07;
/// What the ceiling of the limiter is lowered by beyond the excess of a peak, in dB.
const EXCESS_MARGIN_DB: f64 = 0.005;
/// Lowest ceiling of the limiter, in dB.
const LOWEST_LIMIT_DB: f64 = -20.0;
/// Loudness gained per dB of drive below which a character counts as exhausted.
const EXHAUSTED_SLOPE: f64 = 0.15;
/// Step of the drive by which a loudness is looked for beyond a plateau, in dB.
const PLATEAU_STEP_DB: f64 = 6.0;

/// Hold and release of the limiter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Character {
    pub(super) hold_ms: f64,
    pub(super) release_ms: f64,
}

/// Its defaults, then ever faster ones, which give loudness for distortion. Taken one after another where more drive no
/// longer makes the programme louder.
pub(super) const CHARACTERS: [Character; 3] = [
    Character { hold_ms: 8.0, release_ms: 60.0 },
    Character { hold_ms: 3.0, release_ms: 20.0 },
    Character { hold_ms: 0.0, release_ms: 5.0 },
];

/// What a pass is to try.
#[derive(Clone, Copy, Debug)]
pub(super) struct Attempt {
    pub(super) drive_db: f64,
    /// None where it would have nothing to do.
    pub(super) limiter: Option<LimiterParams>,
}

/// A drive that was tried, and by how much the programme was then softer than its target.
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
    /// Whether an earlier pass without the limiter was too high: by less than its first look at the samples showed.
    is_limiter_needed: bool,
    /// The trial that the secant goes through besides the newest one.
    last: Option<Trial>,
    /// Beyond a plateau: the loudest drive known to be too quiet, and the softest known to be too loud.
    quiet: Option<Trial>,
    loud: Option<Trial>,
    /// None when all have been exhausted.
    character: Option<Character>,
    faster: core::slice::Iter<'static, Character>,
}

impl DriveSearch {
    /// From a gain that would bring the programme to its target.
    pub(super) fn new(gain_db: f64, ceiling_dbtp: f64, source_peak_dbtp: f64) -> Self {
        let mut faster = CHARACTERS.iter();
        Self {
            drive_db: gain_db,
            most_drive_db: ceiling_dbtp + MAX_EXCESS_DB - source_peak_dbtp,
            limit_db: ceiling_dbtp - FIRST_MARGIN_DB,
            highest_dbtp: ceiling_dbtp - PEAK_MARGIN_DB,
            source_peak_dbtp,
            is_limiter_needed: false,
            last: None,
            quiet: None,
            loud: None,
            character: faster.next().copied(),
            faster,
        }
    }

    /// Highest true peak that the result may have.
    pub(super) fn highest_dbtp(&self) -> f64 {
        self.highest_dbtp
    }

    /// What to try next; nothing if the target is out of reach.
    pub(super) fn attempt(&mut self) -> Option<Attempt> {
        let Character { hold_ms, release_ms } = self.character.filter(|_| self.limit_db >= LOWEST_LIMIT_DB)?;
        self.drive_db = self.drive_db.min(self.most_drive_db);
        let limiter = LimiterParams {
            ceiling_db: self.limit_db,
            hold_ms,
            release_ms,
            mode: LimiterMode::Master,
            ..Default::default()
        };
        // Without peaks above the ceiling the limiter would change nothing but cost its time.
        let is_needed = self.is_limiter_needed || self.source_peak_dbtp + self.drive_db > self.highest_dbtp;
        Some(Attempt { drive_db: self.drive_db, limiter: is_needed.then_some(limiter) })
    }

    /// Learns from the last attempt: by how much it was softer than the target, and by how much its peaks were too
    /// high.
    pub(super) fn learn(&mut self, attempt: &Attempt, mut error_lu: f64, over_db: f64) {
        if over_db > 0.0 && attempt.limiter.is_none() {
            self.is_limiter_needed = true;
        } else if over_db > 0.0 {
            error_lu = self.lower(over_db + EXCESS_MARGIN_DB, error_lu);
        }
        if self.quiet.is_some() {
            self.enclose(error_lu);
        } else {
            self.extrapolate(error_lu);
        }
    }

    /// Ceiling and drive lowered together lower the result by as much and change nothing else: what is known of the
    /// secant stays known. Returns the error that the last attempt has from there.
    fn lower(&mut self, lower_db: f64, error_lu: f64) -> f64 {
        self.limit_db -= lower_db;
        self.drive_db -= lower_db;
        for known in [&mut self.last, &mut self.quiet, &mut self.loud].into_iter().flatten() {
            *known = Trial { drive_db: known.drive_db - lower_db, error_lu: known.error_lu + lower_db };
        }
        // What was too loud may now be too quiet.
        self.loud = self.loud.filter(|trial| trial.error_lu < 0.0);
        error_lu + lower_db
    }

    /// The limiter is as fast as it gets, and the loudness rises again further up: between both, the target is met.
    fn enclose(&mut self, error_lu: f64) {
        let side = if error_lu > 0.0 { &mut self.quiet } else { &mut self.loud };
        *side = Some(Trial { drive_db: self.drive_db, error_lu });
        if let (Some(quiet), Some(loud)) = (self.quiet, self.loud) {
            let share = quiet.error_lu / (quiet.error_lu - loud.error_lu);
            self.drive_db = quiet.drive_db + (loud.drive_db - quiet.drive_db) * share.clamp(0.1, 0.9);
        } else if self.drive_db < self.most_drive_db {
            self.drive_db += PLATEAU_STEP_DB;
        } else {
            self.character = None;
        }
    }

    /// The secant learns how much a dB of drive gives.
    fn extrapolate(&mut self, error_lu: f64) {
        let drive_db = self.drive_db;
        let slope = match self.last {
            Some(last) if last.drive_db != drive_db => (last.error_lu - error_lu) / (drive_db - last.drive_db),
            _ => 1.0,
        };
        if error_lu > LOUDNESS_TOLERANCE_LU && (slope < EXHAUSTED_SLOPE || drive_db >= self.most_drive_db) {
            self.last = None;
            if self.faster.len() == 0 && drive_db < self.most_drive_db {
                // Where the quiet parts of a programme come up, more drive first makes it softer, then louder.
                self.quiet = Some(Trial { drive_db, error_lu });
                self.drive_db += PLATEAU_STEP_DB;
            } else {
                self.character = self.faster.next().copied();
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

    /// Tries until the loudness of `respond` is met; the drives tried and the last limiter.
    fn search(target: f64, respond: impl Fn(&Attempt) -> f64) -> Option<(usize, Attempt)> {
        let mut search = DriveSearch::new(target, -1.0, 0.0);
        for passes in 1..=28 {
            let attempt = search.attempt()?;
            let error_lu = target - respond(&attempt);
            if error_lu.abs() <= LOUDNESS_TOLERANCE_LU {
                return Some((passes, attempt));
            }
            search.learn(&attempt, error_lu, 0.0);
        }
        None
    }

    #[test]
    fn a_limiter_that_gives_less_and_less_is_met_by_the_secant() {
        let (passes, attempt) = search(9.0, |attempt| 12.0 * (1.0 - libm::exp(-attempt.drive_db / 12.0))).unwrap();
        assert!(passes <= 10 && (attempt.drive_db - 16.64).abs() < 0.1, "{passes} {attempt:?}");
    }

    #[test]
    fn characters_become_faster_only_where_more_drive_gives_nothing() {
        let hold_ms = |attempt: &Attempt| attempt.limiter.unwrap().hold_ms;
        let most = |attempt: &Attempt| if hold_ms(attempt) == 8.0 { 5.0 } else { 20.0 };
        let (_, attempt) = search(9.0, |attempt| attempt.drive_db.min(most(attempt))).unwrap();
        assert_eq!(hold_ms(&attempt), CHARACTERS[1].hold_ms);
        assert!(search(9.0, |attempt| attempt.drive_db.min(5.0)).is_none(), "out of reach");
    }

    #[test]
    fn a_plateau_is_passed_over() {
        // Neither louder nor softer between 5 and 15 dB, whatever the character.
        let plateau = |attempt: &Attempt| attempt.drive_db.min(5.0).max(attempt.drive_db - 10.0);
        let (_, attempt) = search(9.0, plateau).unwrap();
        assert!((attempt.drive_db - 19.0).abs() <= LOUDNESS_TOLERANCE_LU, "{attempt:?}");
    }

    #[test]
    fn ceiling_and_drive_are_lowered_together() {
        let mut search = DriveSearch::new(6.0, -1.0, 0.0);
        let first = search.attempt().unwrap();
        search.learn(&first, 0.0, 0.1);
        let second = search.attempt().unwrap();
        let [before, after] = [first, second].map(|attempt| attempt.limiter.unwrap().ceiling_db);
        assert!((before - after - 0.105).abs() < 1e-12);
        // Lowered, then raised by what is missing from there.
        assert!((second.drive_db - first.drive_db).abs() < 1e-12);
        // Without a limiter it is the limiter that was missing.
        let mut search = DriveSearch::new(-2.0, -1.0, 0.0);
        let first = search.attempt().unwrap();
        assert!(first.limiter.is_none());
        search.learn(&first, 0.0, 0.1);
        assert_eq!(search.attempt().unwrap().limiter.unwrap().ceiling_db, -1.07);
    }
}
