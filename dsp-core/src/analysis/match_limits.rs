//! The settings and the thresholds of a match.

use crate::foundation::declare::params;

params! {
    /// Settings of [`match_to`](super::match_to).
    #[derive(Clone, Copy, Debug, PartialEq)]
    MatchParams {
        amount: none, 0.0..=1.0, default 0.5, "Share of the difference that is taken over";
        smoothing_octaves: octaves, 0.0..=3.0, default 0.67, "Smoothing of the difference, full width at half maximum";
        bands: bands as u32, 1.0..=32.0, default 8, off(0.0),
            "Most bands of the equalizer; 0 for a convolution with a minimum-phase response";
        max_db: dB, 0.0..=24.0, default 6.0, "Largest difference that is taken over, before `amount`";
        mid_side: switch, default false, "Matches mid and side by themselves";
    }

    /// Limits of [`match_to`](super::match_to). `[P]` is published, `[N]` measured on real programmes, `[C]` chosen.
    #[derive(Clone, Copy, Debug, PartialEq)]
    MatchLimits {
        floor_lufs: LUFS, -100.0..=-40.0, default -70.0, "Frames below are silence [P: BS.1770]";
        gate_lu: LU, -60.0..=-6.0, default -20.0, "Frames so far below the mean do not count [P: EBU Tech 3342; N: -10 errs by 4.6 dB]";
        least_s: s, 1.0..=60.0, default 3.0, "Shortest sounding audio [C]";
        sure_s: s, 1.0..=600.0, default 10.0, "Sounding audio below which confidence is low [C]";
        align_low_hz: Hz, 20.0..=1000.0, default 200.0, "Levels are aligned by the median from here [N: 54 matches]";
        align_high_hz: Hz, 1000.0..=20000.0, default 4000.0, "Levels are aligned by the median up to here [N: 54 matches]";
        low_hz: Hz, 20.0..=200.0, default 24.5, "Nothing below is matched [C]";
        high_hz: Hz, 2000.0..=20000.0, default 16000.0, "Nothing above is matched [C]";
        range_db: dB, 20.0..=120.0, default 70.0, "Bands so far under the loudest are not trusted [N: an empty band errs by 2.5 dB]";
        side_from_hz: Hz, 20.0..=1000.0, default 150.0, "The side is untouched below [C]";
        side_most_db: dB, 0.0..=24.0, default 6.0, "Largest difference of the curves of side and mid [C]";
        sure_ratio: none, 1.0..=10.0, default 2.0, "Difference beside that of the halves of either programme from which confidence is high [C]";
        enough_db: dB, 0.0..=3.0, default 0.15, "Residual at which the fit adds no further band [C]";
        least_gain_db: dB, 0.0..=3.0, default 0.3, "Bands below are dropped [C]";
        max_q: none, 0.5..=12.0, default 6.0, "Largest q of a band [C]";
        least_loudness_lu: LU, 0.1..=6.0, default 0.5, "Smallest difference of loudness for which a gain is offered [C]";
        same_db: dB, 0.0..=1.0, default 0.01, "Difference up to which programmes have the same spectrum [N]";
    }
}
