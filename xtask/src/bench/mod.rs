//! Benchmarks: what criterion, Python, callgrind and the disassembler tell, and BENCHMARKS.md from it.

mod assembly;
mod callgrind;
pub(crate) mod counts;
pub(crate) mod disassembly;
mod family;
mod figures;
pub(crate) mod goals;
pub(crate) mod guard;
pub(crate) mod limits;
pub(crate) mod loops;
pub(crate) mod machine;
pub(crate) mod measurement;
pub(crate) mod memory;
pub(crate) mod plots;
mod probes;
pub(crate) mod records;
pub(crate) mod report;
mod scaling;
pub(crate) mod tasks;
