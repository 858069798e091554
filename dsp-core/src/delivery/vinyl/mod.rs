//! Vinyl pre-flight: what a programme asks of a groove, and what fits on a side. Numbers from geometry alone.
//!
//! A programme passes the recording characteristic (RIAA) and becomes the displacement, velocity and acceleration of the
//! groove walls. All of it is linear, so that it is measured once ([`Groove`]) and scaled to any cutting level after.
//! [`side_level`] finds the level that fits on a side with variable pitch, [`cut_side`] what the grooves look like there.
//!
//! Levels are those of a lateral 1 kHz tone of -18 dBFS in both channels: at 0 dB it is cut at 5 cm/s rms.
//!
//! ```
//! use mixdown::{Block, StreamSpec, delivery::vinyl::{Groove, VinylLimits, side_level, vinyl_format}};
//!
//! // Ten seconds of the reference tone, faded in over one, 84 times: 14 minutes.
//! let fade = |n: usize| (n as f64 / 48_000.0).min(1.0);
//! let tone: Vec<f64> = (0..480_000).map(|n| 0.125_893 * fade(n) * (n as f64 * 0.130_899_694).sin()).collect();
//! let (rows, spec) = ([&tone[..], &tone[..]], StreamSpec::new(48_000.0, 2)?);
//! let format = vinyl_format("12in33").unwrap();
//! let limits = VinylLimits { band_mm: 0.0, ..Default::default() };
//! let groove = Groove::measure(&Block::from_slices(&rows)?, &spec, format.rpm, &limits)?;
//! // At 48 samples a period the crest is missed by up to 0.2 %.
//! assert!((groove.excursion_um() - 11.254).abs() < 0.025);
//! let side = vec![&groove; 84];
//! let level_db = side_level(&side, format, 0.0, &limits).unwrap();
//! assert!((level_db - 14.75).abs() < 0.05);
//! # Ok::<(), mixdown::Error>(())
//! ```

#![allow(rustdoc::broken_intra_doc_links, reason = "[C] is a mark of a source, no link")]

mod bands;
mod bass;
mod counts;
mod differentiator;
mod formats;
mod groove;
mod limits;
mod motion;
mod pitch;
mod riaa;
mod sections;
mod side;

pub use {
    bands::Tone,
    bass::Bass,
    formats::{VINYL_FORMATS, VinylFormat, vinyl_format},
    groove::{Groove, GrooveMeter},
    limits::VinylLimits,
    riaa::{riaa_playback_db, riaa_record_db},
    side::{CutSide, CutSong, Turn, cut_side, side_level},
};
