//! Saturation: curves with their antiderivatives, and the oversampled soft clip that uses them.

mod antiderivative;
mod knee;
mod soft_clip;

pub use soft_clip::{SoftClip, SoftClipSettings};
