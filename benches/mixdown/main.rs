//! Times of mixdown, against a plain scalar loop in the same run.
//!
//! Ids read `processor/variant/format/channels/frames`; the same with `/scalar` is the plain loop, which is first
//! checked against mixdown on other settings than the timed ones; with the name of another library at the end, that
//! library. The signal is pink noise at -18 dBFS. Settings keep its level (all passes, polarity, gains and their
//! inverses), so that a buffer processed a million times stays at a normal level.

mod bands;
mod clipper;
mod compressor;
mod console;
mod convolution;
mod delay;
mod equalizer;
mod gain;
mod goals;
mod limiter;
mod limits;
mod listed;
mod meters;
mod mix;
mod oversampled;
mod pair;
mod peers;
mod phaser;
mod reverb;
mod saturator;
mod scalar;
mod scalar_meters;
mod scaling;
mod signal;
mod swept_delay;
mod transient_shaper;
mod tremolo;
mod width;

use criterion::{Criterion, criterion_group, criterion_main};
use std::time::Duration;

fn quick() -> Criterion {
    Criterion::default()
        .sample_size(30)
        .nresamples(1_000)
        .warm_up_time(Duration::from_millis(150))
        .measurement_time(Duration::from_millis(450))
        .without_plots()
}

criterion_group! {
    name = benches;
    config = quick();
    targets = limits::all, gain::all, mix::all, console::all, equalizer::all, convolution::all, meters::all_loudness, meters::all_true_peak, meters::all_levels, meters::all_correlation,
        meters::all_mono_fold, meters::all_spectrum, width::all,
        limiter::all, compressor::all, compressor::all_expanders, compressor::all_gates,
        bands::all_multiband, bands::all_dynamic_equalizer, bands::all_deesser, transient_shaper::all,
        delay::all, swept_delay::all, phaser::all, tremolo::all, saturator::all, clipper::all,
        reverb::all, goals::all, peers::all, scaling::all
}
criterion_main!(benches);
