//! Limits of the masking report, with their sources.

use crate::foundation::{declare::params, table::Limit};

params! {
    /// Limits of [`masking`](super::masking): words, clashes, and cuts that answer them.
    ///
    /// `[N: …]` were measured on multitracks of that many stems, `[C]` chosen.
    ///
    /// ```
    /// use mixdown::analysis::MaskingLimits;
    ///
    /// assert_eq!(MaskingLimits::default().hidden_audibility, 0.2);
    /// ```
    #[derive(Clone, Copy, Debug, PartialEq)]
    MaskingLimits {
        hidden_audibility: none, 0.0..=1.0, at_most |limits| Limit::of("low_audibility", limits.low_audibility),
            default 0.2,
            "Audibility below which a track is hidden: 4 % of stems at the engineers' level, 60 % lowered 12 dB [N: 25 stems]";
        lead_low_audibility: none, 0.0..=1.0, default 0.32, "The same of the lead, as in the lead report [N: 5 songs]";
        lead_hidden_audibility: none, 0.0..=1.0,
            at_most |limits| Limit::of("lead_low_audibility", limits.lead_low_audibility),
            default 0.22, "Below it the lead is hidden [N: 5 songs]";
        least_difference_db: dB, -60.0..=20.0, default -10.0,
            "Level of a track beside the owner of a clash below which a cut of it is not worth a suggestion [C]";
        low_audibility: none, 0.0..=1.0, default 0.3,
            "Audibility below which it is low: 24 % at the engineers' level, 80 % lowered 12 dB [N: 25 stems]";
        shown_score: none, 0.0..=10.0, at_most |limits| Limit::of("strong_score", limits.strong_score), default 0.02,
            "Score from which a clash is shown: a finished mix shows 3 to 8 [C; N: 6 mixes]";
        strong_score: none, 0.0..=10.0, default 0.04,
            "Score from which a clash is strong: a finished mix has 1 to 3 [C; N: 6 mixes]";
        distance_octaves: octaves, 0.0..=10.0, default 0.5, "Least distance of two clashes of the same tracks [C]";
        per_pair: none, 1.0..=16.0, default 4.0, "Most clashes of the same tracks [C]";
        trend_bands: none, 0.5..=30.0, default 6.0,
            "Standard deviation, in sixths of an octave, of the smoothing above which a band stands out [N: 180 clashes]";
        trend_db: dB, 0.0..=30.0, default 9.0, "Most that it counts above or below that smoothing [N: 180 clashes]";
        smoothing_bands: none, 0.1..=6.0, default 0.6,
            "Standard deviation, in sixths of an octave, of the smoothing of the score [N: 180 clashes]";
        owner_db: dB, 0.0..=24.0, default 1.5,
            "Difference of the shares of own energy below which it cannot be told which track should yield [C]";
        heard_db: dB, 0.0..=120.0, default 30.0, "Frames count within so many dB of the loudest, in both tracks [C]";
        extra_cut_db: dB, -24.0..=24.0, default 6.0, "Added to the median difference of level to give the cut [C]";
        least_cut_db: dB, 0.0..=24.0, at_most |limits| Limit::of("most_cut_db", limits.most_cut_db),
            default 2.0, "Smallest cut [C]";
        most_cut_db: dB, 0.0..=24.0, default 6.0, "Largest cut [C]";
        least_q: none, 0.1..=20.0, at_most |limits| Limit::of("most_q", limits.most_q),
            default 0.7, log, "Widest bell [C]";
        most_q: none, 0.1..=20.0, default 4.0, log, "Narrowest bell [C]";
        cost_lu: LU, 0.0..=12.0, default 1.0,
            "A cut that costs its track more is halved: 6 dB cost up to 2.1 LU [C; N: 5 songs]";
        least_improvement: none, 0.0..=1.0, default 0.005,
            "A suggestion is made only if it lowers the local lost share by so much: usual are .01 to .12 [C; N: 5 songs]";
        percussive_below_hz: Hz, 0.0..=1000.0, default 150.0,
            "Below this a percussive track may key the cut of the other one [C]";
        percussive_crest_db: dB, 0.0..=60.0, default 12.0,
            "Crest factor of a track's band from which it is percussive: of frames, with 3 dB of a sine [C]";
        key_attack_ms: ms, 0.02..=250.0, default 5.0, log, "Attack of a keyed cut [C]";
        key_release_ms: ms, 5.0..=5000.0, default 120.0, log, "Release of a keyed cut [C]";
        answered: none, 0.0..=64.0, default 8.0, "Clashes, from the strongest on, for which suggestions are made [C]";
    }
}

/// Parts of names of tracks that are probably a lead [C].
pub(super) const LEAD_NAMES: [&str; 5] = ["vox", "vocal", "voc", "lead", "sing"];
