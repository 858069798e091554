//! What the fuzz targets share: settings and signals out of bytes.

mod draw;
mod signal;

pub use draw::{Style, boost_db, drawn, effect, leaf, leaves, stream};
pub use signal::{Signal, same};
