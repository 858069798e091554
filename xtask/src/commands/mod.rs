//! One file per command.

pub(crate) mod aarch64;
pub(crate) mod bench;
pub(crate) mod compare;
pub(crate) mod conformance;
pub(crate) mod demo;
pub(crate) mod docs;
pub(crate) mod fuzz;
pub(crate) mod golden;
pub(crate) mod lint;
pub(crate) mod package;
pub(crate) mod test;
pub(crate) mod web;
