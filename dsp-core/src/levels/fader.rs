//! Taper of a fader: position of the control against level.

use crate::foundation::{declare::choice, unit::db_to_gain};

choice! {
    /// The level of a fader at each position of its control, 0 (down) to 1 (up).
    ///
    /// ```
    /// use mixdown::levels::FaderTaper;
    ///
    /// let taper = FaderTaper::Console;
    /// assert!((taper.position(0.0) - 0.7818).abs() < 1e-4, "0 dB at three quarters of the way");
    /// assert!((taper.level_db(1.0) - 6.0206).abs() < 1e-4);
    /// assert_eq!(taper.level_db(0.0), f64::NEG_INFINITY);
    /// ```
    FaderTaper, default Console {
        /// Wide around 0 dB and narrow far below, up to +6 dB: p = ((6 log2 g + 192) / 198)^8.
        Console = "console",
        /// Equal dB for equal ways from -60 dB to +6 dB; the lowest 5 % of the way are a straight line of the amplitude
        /// to silence.
        Decibel = "decibel",
    }
}

/// Ends of the decibel taper.
const LOWEST_DB: f64 = -60.0;
const HIGHEST_DB: f64 = 6.0;
/// Part of its way that is a line to silence.
const LINE_TO_SILENCE: f64 = 0.05;

impl FaderTaper {
    /// The level at a position, in dB; positions beyond the ends count as the ends.
    #[must_use]
    pub fn level_db(self, position: f64) -> f64 {
        let position = position.clamp(0.0, 1.0);
        match self {
            // Up to here the formula lies below -192/6 octaves.
            Self::Console if position <= 0.0 => f64::NEG_INFINITY,
            Self::Console => octaves_to_db((libm::pow(position, 0.125) * 198.0 - 192.0) / 6.0),
            Self::Decibel if position >= LINE_TO_SILENCE => decibel_line(position),
            Self::Decibel => {
                let amplitude = db_to_gain(decibel_line(LINE_TO_SILENCE)) * position / LINE_TO_SILENCE;
                20.0 * libm::log10(amplitude)
            }
        }
    }

    /// The position of a level in dB, 0 to 1: the inverse of [`level_db`](Self::level_db).
    #[must_use]
    pub fn position(self, level_db: f64) -> f64 {
        let position = match self {
            Self::Console => {
                let way = (6.0 * db_to_octaves(level_db) + 192.0) / 198.0;
                if way > 0.0 { libm::pow(way, 8.0) } else { 0.0 }
            }
            Self::Decibel => {
                let line_db = decibel_line(LINE_TO_SILENCE);
                if level_db >= line_db {
                    (level_db - LOWEST_DB) / (HIGHEST_DB - LOWEST_DB)
                } else {
                    LINE_TO_SILENCE * db_to_gain(level_db - line_db)
                }
            }
        };
        position.clamp(0.0, 1.0)
    }
}

fn decibel_line(position: f64) -> f64 {
    LOWEST_DB + (HIGHEST_DB - LOWEST_DB) * position
}

fn db_to_octaves(level_db: f64) -> f64 {
    level_db / (20.0 * core::f64::consts::LOG10_2)
}

fn octaves_to_db(octaves: f64) -> f64 {
    octaves * (20.0 * core::f64::consts::LOG10_2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_and_levels_are_inverse_and_rise() {
        for taper in [FaderTaper::Console, FaderTaper::Decibel] {
            let mut before = f64::NEG_INFINITY;
            for step in 0..=1_000 {
                let position = f64::from(step) / 1_000.0;
                let level_db = taper.level_db(position);
                assert!(level_db > before || step == 0, "{taper:?} {position}");
                assert!((taper.position(level_db) - position).abs() < 1e-9, "{taper:?} {position}");
                before = level_db;
            }
            assert_eq!(taper.level_db(0.0), f64::NEG_INFINITY);
            assert_eq!(taper.position(f64::NEG_INFINITY), 0.0);
            assert_eq!(taper.position(20.0), 1.0);
        }
    }

    #[test]
    fn the_console_taper_has_its_marks() {
        for (level_db, position) in [(6.0206, 1.0), (0.0, 0.7818), (-20.0, 0.3253), (-60.0, 0.0395)] {
            assert!((FaderTaper::Console.position(level_db) - position).abs() < 1e-4, "{level_db}");
        }
    }
}
