//! Limits of the lead report, with their sources.

use crate::foundation::{declare::params, table::Limit};

params! {
    /// Limits of [`lead_report`](super::lead_report): words, spans, what is usual, and suggestions.
    ///
    /// `[N: …]` were measured on 5 songs with a lead vocal, `[P: …]` are published, `[C]` chosen.
    ///
    /// ```
    /// use mixdown::analysis::LeadLimits;
    ///
    /// assert_eq!(LeadLimits::default().target_audibility, 0.41);
    /// ```
    #[derive(Clone, Copy, Debug, PartialEq)]
    LeadLimits {
        buried_audibility: none, 0.0..=1.0, at_most |limits| Limit::of("low_audibility", limits.low_audibility),
            default 0.22,
            "Audibility below which a lead is buried: no song at the engineers' level, 4 of 5 lowered 12 dB [N: 5 songs]";
        low_audibility: none, 0.0..=1.0, at_most |limits| Limit::of("forward_audibility", limits.forward_audibility),
            default 0.32,
            "Audibility below which it is low: no song at the engineers' level, 4 of 5 lowered 6 dB [N: 5 songs]";
        forward_audibility: none, 0.0..=1.0, default 0.6,
            "Audibility above which it is very forward: raised 6 dB, .51 to .63 [N: 5 songs]";
        target_audibility: none, 0.0..=1.0, default 0.41,
            "Audibility to which the fader would bring it: the engineers' mean, sd .06 [N: 5 songs]";
        usual_low_lu: LU, -40.0..=40.0, at_most |limits| Limit::of("usual_high_lu", limits.usual_high_lu),
            default -5.5, "Lowest level of a lead vocal among engineers' mixes [N: 5 songs]";
        usual_high_lu: LU, -40.0..=40.0, default 1.7, "Highest [N: 5 songs]";
        gate_lu: LU, 0.0..=70.0, default 10.0,
            "The level is that of blocks of 400 ms in which the lead lies so far below its own integrated loudness at most [P: ITU-R BS.1770, relative gate]";
        window_s: s, 0.5..=30.0, default 3.0, "Length of the running audibility [C]";
        window_active: none, 0.0..=1.0, default 0.4, "Share of it in which the lead must sound [C]";
        fader_step_db: dB, 0.001..=6.0, default 0.5,
            "Step of the change of the fader: it recovers the engineers' level within 2.3 dB rms [C; N: 5 songs]";
        least_fader_db: dB, 0.0..=24.0, at_most |limits| Limit::of("most_fader_db", limits.most_fader_db),
            default 2.5, "Smallest change that is suggested [C; N: 5 songs]";
        most_fader_db: dB, 1.0..=60.0, default 24.0, "Largest change looked for [C]";
        masker_cut_db: dB, 0.5..=24.0, default 3.0, "Cut of the strongest masker [C]";
        masker_q: none, 0.1..=20.0, default 1.0, log, "q of it [C]";
        least_worth_db: dB, 0.0..=24.0, default 0.2,
            "A cut is suggested if it is worth so much of the lead's fader: usual are .6 to 1.2 [C; N: 5 songs]";
        key_attack_ms: ms, 0.02..=250.0, default 10.0, log, "Attack of a cut keyed by the lead [C]";
        key_release_ms: ms, 5.0..=5000.0, default 120.0, log, "Release of it [C]";
    }
}

/// Bells that are tried on the strongest masker [C]: 1.2 to 3.5 kHz won in all songs [N: 5 songs].
pub(super) const BELLS_HZ: [f64; 8] = [250.0, 500.0, 800.0, 1_200.0, 1_800.0, 2_500.0, 3_500.0, 5_000.0];
