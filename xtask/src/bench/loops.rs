//! The loops that have a goal: so many times as fast as the plain scalar loop of the same run.

/// A loop and what is asked of it.
pub(crate) struct Loop {
    pub(crate) title: &'static str,
    /// The bench.
    pub(crate) id: &'static str,
    pub(crate) goal: f64,
    /// What prototypes reached with AVX-512 on another machine, where they were made.
    pub(crate) prototype: Option<f64>,
}

const fn row(title: &'static str, id: &'static str, goal: f64, prototype: Option<f64>) -> Loop {
    Loop { title, id, goal, prototype }
}

pub(crate) const LOOPS: [Loop; 13] = [
    row("gain ramp, block in L1", "gain/ramp/f32/2ch/4096", 8.0, Some(16.8)),
    row("gain ramp, 100 MB", "goals/ramp_100_mb/f32/2ch/12500000", 4.7, Some(4.7)),
    row("pan and sum, 64 mono tracks, gains at rest", "mix/at_rest_64/f32/2ch/512", 1.5, None),
    row("pan and sum, 64 mono tracks, moving gains", "mix/moving_64/f32/2ch/512", 8.0, Some(18.8)),
    row("EQ, 8 sections, stereo", "equalizer/8_bands/f32/2ch/512", 8.0, Some(16.0)),
    row("EQ, 64 tracks x 4 sections", "equalizer/4_bands/f32/64ch/512", 9.5, Some(19.0)),
    row("EQ, 8 sections, stereo, SSE2", "equalizer/8_bands/baseline/f32/2ch/512", 2.0, Some(6.0)),
    row("compressor, stereo linked", "compressor/linked/f32/2ch/512", 5.4, Some(8.0)),
    row("true peak, 8 points x 32 taps", "true_peak/standard_in_full/f32/2ch/48000", 22.0, Some(22.0)),
    row("true peak, 16 points x 96 taps", "true_peak/high_in_full/f32/2ch/48000", 22.0, Some(22.0)),
    row("K-weighting and mean square", "loudness/integrated/f32/2ch/48000", 6.8, Some(6.8)),
    row("FDN, 16 lines", "reverb/hall/f32/2ch/512", 5.6, Some(8.0)),
    row("partitioned convolution, 2 s", "convolution/2_s/f32/2ch/512", 6.7, Some(6.7)),
];
