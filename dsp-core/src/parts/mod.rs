//! Layer 1: what processors are made of. Each part is tested alone.

pub(crate) mod band;
pub(crate) mod biquad;
pub(crate) mod box_filter;
pub(crate) mod butterworth;
pub(crate) mod cascade;
pub(crate) mod cookbook;
pub(crate) mod delay_line;
pub(crate) mod fit;
pub(crate) mod kaiser;
pub(crate) mod least_squares;
pub(crate) mod magnitude;
pub(crate) mod matched;
pub(crate) mod prototype;
pub(crate) mod ramp;
pub(crate) mod random;
pub(crate) mod reduction;
pub(crate) mod release;
pub(crate) mod ring;
pub(crate) mod sliding_max;
pub(crate) mod svf;
pub(crate) mod swing;
pub(crate) mod tape;
