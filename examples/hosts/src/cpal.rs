//! A callback of cpal: interleaved `f32`, any length.
//!
//! ```text
//! let (live, mut settings) = mixdown_hosts::live::live(&effect, &spec)?;
//! let stream = device.build_output_stream(&config, output(live, source), |error| eprintln!("{error}"), None)?;
//! stream.play()?;
//! settings.set(&other)?; // while it plays
//! ```

use crate::live::Live;

/// The data callback of `build_output_stream`: `source` fills the buffer, the effect works on it. `Info` is cpal's
/// `OutputCallbackInfo`.
pub fn output<Info>(
    mut live: Live,
    mut source: impl FnMut(&mut [f32]) + Send + 'static,
) -> impl FnMut(&mut [f32], &Info) + Send + 'static {
    move |samples, _| {
        source(samples);
        live.process_interleaved(samples);
    }
}
