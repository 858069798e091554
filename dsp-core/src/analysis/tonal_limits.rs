//! The thresholds of the report on tonal balance.

use crate::foundation::declare::params;

params! {
    /// Limits of [`tonal_balance`](super::tonal_balance()) and [`TonalTarget`](super::TonalTarget). `[P]` is published,
    /// `[N]` measured on real programmes, `[C]` chosen.
    #[derive(Clone, Copy, Debug, PartialEq)]
    TonalLimits {
        floor_lufs: LUFS, -100.0..=-40.0, default -70.0, "Frames below are silence [P: BS.1770]";
        gate_lu: LU, -60.0..=-6.0, default -20.0, "Frames so far below the mean do not count [P: EBU Tech 3342; N: -10 errs by 4.6 dB]";
        least_s: s, 1.0..=60.0, default 3.0, "Shortest sounding audio [C]";
        sure_s: s, 1.0..=600.0, default 10.0, "Sounding audio below which confidence is low [C]";
        align_low_hz: Hz, 20.0..=1000.0, default 100.0, "Levels are aligned by the median from here [N: 27 programmes]";
        align_high_hz: Hz, 1000.0..=20000.0, default 8000.0, "Levels are aligned by the median up to here [N: 27 programmes]";
        slope_low_hz: Hz, 20.0..=1000.0, default 100.0, "Lower end of the slope [C]";
        slope_high_hz: Hz, 1000.0..=20000.0, default 10000.0, "Upper end of the slope [C]";
        range_db: dB, 20.0..=120.0, default 60.0, "Bands so far under the loudest are not measurable [C]";
        more_percentile: percent, 50.0..=100.0, default 84.0, "From here a region has more than most [C: one spread]";
        less_percentile: percent, 0.0..=50.0, default 16.0, "From here a region has less than most [C: one spread]";
        correct_from_db: dB, 0.0..=12.0, default 2.5, "Smallest deviation that is corrected [N: halves of songs differ by 2-3 dB]";
        correct_most_db: dB, 0.0..=12.0, default 3.0, "Largest correction [C]";
        correct_low_hz: Hz, 20.0..=1000.0, default 40.0, "Nothing below is corrected [C]";
        correct_high_hz: Hz, 1000.0..=20000.0, default 12500.0, "Nothing above is corrected [C]";
        correct_smoothing_octaves: octaves, 0.0..=3.0, default 1.0, "Smoothing of the correction, full width at half maximum [C]";
        correct_bands: bands, 1.0..=8.0, default 4.0, multiples(1.0, "a whole number"), "Most bands of a correction [C]";
        correct_q: none, 0.4..=6.0, default 1.0, "Largest q of a correction [C]";
        sure_references: references, 1.0..=100.0, default 3.0, "References below which confidence is low [C]";
    }
}
