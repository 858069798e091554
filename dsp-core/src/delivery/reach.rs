//! The loudest that a programme can be under a ceiling: what a refusal names.
//!
//! The loudness over the drive has no simple form: a limiter alone first lowers what surrounds the peaks, then raises the
//! rest. So it is measured at drives 6 dB apart, then closer around the loudest, with the fastest times of the limiter.
//! The drives depend on the programme and the ceiling alone, so that every target is refused with the same figure.

use super::{
    delivery_params::DeliveryParams,
    drive_search::{Clip, DriveSearch, MAX_EXCESS_DB, PEAK_MARGIN_DB},
    normalizer::{NormalizeError, measure},
    pass::drive,
};
use crate::{
    console::offline::Progress,
    foundation::{
        block::{Block, BlockMut},
        sample::Sample,
        stream::StreamSpec,
    },
    meters::{loudness::LoudnessParams, true_peak::Precision},
    primitives::threads::Threads,
};
use alloc::vec;

/// Distance of the first drives, in dB, and their number.
const STEP_DB: f64 = 6.0;
const STEPS: u32 = 6;
/// Distances from the loudest at which it is looked for next.
const CLOSER_DB: [f64; 2] = [3.0, 1.5];
/// Passes in all.
const PASSES: f64 = STEPS as f64 + 2.0 * CLOSER_DB.len() as f64 + 1.0;
/// Margin below what was measured, in LU: the search ends within a tolerance.
const MARGIN_LU: f64 = 0.05;

/// The loudest drive, and the loudness there under the ceiling.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reach {
    pub(super) drive_db: f64,
    /// Less the excess of the true peak, by which drive and ceiling have to be lowered.
    pub(super) loudness_lufs: f64,
}

impl Reach {
    /// The loudness that a refusal names.
    pub(super) fn named_lufs(&self) -> f64 {
        libm::floor(10.0 * (self.loudness_lufs - MARGIN_LU)) / 10.0
    }

    /// Finds the loudest drive of a programme whose true peak is known.
    pub(super) fn find<S: Sample>(
        programme: &Block<'_, '_, S>,
        spec: &StreamSpec,
        params: &DeliveryParams,
        source_peak_dbtp: f64,
        clip: Clip,
        threads: &Threads,
        progress: Progress<'_>,
    ) -> Result<Self, NormalizeError> {
        let mut done = 0.0;
        let mut samples = vec![S::ZERO; spec.channels() * programme.frames()];
        let mut driven = BlockMut::from_planar(&mut samples, spec.channels())?;
        let mut loudness = |excess_db: f64, precision| -> Result<(f64, f64, f64), NormalizeError> {
            let Some(attempt) = DriveSearch::probe(excess_db, params.ceiling_dbtp, source_peak_dbtp, clip) else {
                return Ok((f64::NEG_INFINITY, 0.0, 0.0));
            };
            let report = &mut |share: f64| progress((done + 0.5 * share) / PASSES);
            drive(programme, spec, &attempt, threads, &mut driven, |_| {}, report)?;
            let meter = LoudnessParams { precision, dual_mono: params.dual_mono, ..Default::default() };
            let report = &mut |share: f64| progress((done + 0.5 + 0.5 * share) / PASSES);
            let reading = measure(&driven.as_block(), spec, &meter, threads, report)?;
            done += 1.0;
            let over_db = reading.true_peak_dbtp.unwrap_or(0.0) - (params.ceiling_dbtp - PEAK_MARGIN_DB);
            Ok((reading.integrated_lufs, over_db, attempt.drive_db))
        };
        let mut best = (f64::NEG_INFINITY, MAX_EXCESS_DB);
        let mut probe = |excess_db: f64, best: &mut (f64, f64)| -> Result<(), NormalizeError> {
            let (lufs, ..) = loudness(excess_db, Precision::Standard)?;
            if lufs > best.0 {
                *best = (lufs, excess_db);
            }
            Ok(())
        };
        for step in 0..STEPS {
            probe(MAX_EXCESS_DB - f64::from(step) * STEP_DB, &mut best)?;
        }
        for closer_db in CLOSER_DB {
            let middle_db = best.1;
            for excess_db in [middle_db - closer_db, middle_db + closer_db] {
                if excess_db <= MAX_EXCESS_DB {
                    probe(excess_db, &mut best)?;
                }
            }
        }
        let (lufs, over_db, drive_db) = loudness(best.1, Precision::Reference)?;
        Ok(Self { drive_db, loudness_lufs: lufs - over_db.max(0.0) })
    }
}
