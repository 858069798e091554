//! Shared by the fuzz targets: settings and signals from bytes.

mod draw;
mod signal;

pub use draw::{Style, boost_db, drawn, effect, leaf, leaves, stream};
pub use signal::{Signal, same};
