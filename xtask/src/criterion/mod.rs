//! From criterion's files to the tables of BENCHMARKS.md.

mod measurement;
mod report;

pub(crate) use measurement::{Measurement, read};
pub(crate) use report::{Circumstances, profile, report};
