//! Layer 3: where processors meet. Effects as values, chains of them, parallel paths, the mixer.

pub mod bypass;
pub mod chain;
pub mod effect;
pub mod graph_error;
pub mod mid_side;
pub mod mixer;
pub mod parallel;
pub mod track;
