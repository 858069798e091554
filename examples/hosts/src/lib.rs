//! mixdown in the hosts of Rust audio.
//!
//! [`live`] holds what they share: an effect in a callback, and its settings on another thread. [`cpal`], [`plugin`],
//! [`kira`] and [`rodio`] fit it to the shape of each host. `cargo test -p mixdown-hosts` plays them without a device.

pub mod cpal;
pub mod kira;
pub mod live;
pub mod plugin;
pub mod rodio;

#[cfg(test)]
mod tests;
