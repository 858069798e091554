//! The limits of the mix check, each with its source: `[P]` published, `[N]` measured on 27 programmes, `[C]` chosen.

use crate::foundation::{declare::params, table::Limit};

params! {
    /// Limits of [`check_mix`](super::check_mix).
    #[derive(Clone, Copy, Debug, PartialEq)]
    CheckLimits {
        clip_level: none, 0.5..=1.0, default 0.9, "Share of its channel's peak that a flat run exceeds [C]";
        clip_step: none, 0.0..=64.0, default 1.01,
            "Largest difference of neighbours in a flat run, in 16-bit steps of a full-scale peak [C]";
        clip_least_peak: none, 0.0..=1.0, default 0.02, "Peak below which those steps get no finer [C]";
        clip_samples: none, 2.0..=64.0, default 3.0, "Samples of a flat run, at least [C]";
        clip_edge: none, 0.0..=64.0, default 8.0,
            "Fall on either side of a flat run, in parts of its own spread or of the step, at least: crests of low tones \
            stay below 8 [C]";
        clip_warning_runs: none, 1.0..=1e9, at_most |limits| Limit::of("clip_fault_runs", limits.clip_fault_runs),
            default 1.0, "Flat runs that are a warning [C]";
        clip_fault_runs: none, 1.0..=1e9, default 10.0, "Flat runs that are a fault [C]";
        held_within_db: dB, 0.5..=24.0, default 6.0, "Distance from the peak within which maxima are counted [C]";
        held_top_db: dB, 0.01..=3.0, at_most |limits| Limit::of("held_within_db", limits.held_within_db),
            default 0.1, "Distance from the peak within which maxima are held [C]";
        held_share: none, 0.0..=1.0, default 0.02,
            "Share of held maxima above which a programme was limited or clipped [N: 24 of 27 unlimited programmes \
            lie below 0.005]";
        held_least_maxima: none, 1.0..=1e6, default 100.0, "Maxima below which that share is not judged [C]";
        over_fault_dbtp: dBTP, -60.0..=60.0, default 0.0, "True peak that is a fault above: full scale [C]";
        over_warning_dbtp: dBTP, -60.0..=60.0, at_most |limits| Limit::of("over_fault_dbtp", limits.over_fault_dbtp),
            default -1.0, "True peak that is a warning above [P: EBU R 128]";
        over_note_dbtp: dBTP, -60.0..=60.0, at_most |limits| Limit::of("over_warning_dbtp", limits.over_warning_dbtp),
            default -3.0, "True peak that is a note above [C]";
        least_plr_lu: LU, 0.0..=40.0, default 8.0,
            "Peak to loudness ratio below which held peaks mean a limited mix [C]";
        dc_fault_dbfs: dBFS, -120.0..=0.0, default -50.0,
            "Offset of a channel that is a fault above [N: highest of 27 is -52]";
        dc_note_dbfs: dBFS, -120.0..=0.0, at_most |limits| Limit::of("dc_fault_dbfs", limits.dc_fault_dbfs),
            default -60.0, "Offset of a channel that is a note above [C]";
        dc_least_s: s, 0.0..=60.0, default 1.0, "Length below which an offset cannot be told from low tones [C]";
        polarity_warning: none, -1.0..=1.0, default -0.2,
            "Correlation of the channels that is a warning below [N: 27 programmes lie in 0.29 to 1.00]";
        polarity_fault: none, -1.0..=1.0, at_most |limits| Limit::of("polarity_warning", limits.polarity_warning),
            default -0.9, "Correlation of the channels that is a fault below [C]";
        fold_loss_db: dB, -60.0..=0.0, default -6.0,
            "Change of a third of an octave in mono that is flagged below [C]";
        fold_within_db: dB, 0.0..=120.0, default 20.0,
            "Distance from the loudest third within which bands are judged [C]";
        fold_fault_bands: none, 1.0..=40.0, default 3.0,
            "Flagged bands that are a fault [N: inverted programmes have 5 to 28]";
        cancel_warning_db: dB, -60.0..=0.0, default -1.0,
            "Change of two stems by their sum that is a warning below [N: 95 bands of pairs lie above -0.13]";
        cancel_fault_db: dB, -60.0..=0.0, at_most |limits| Limit::of("cancel_warning_db", limits.cancel_warning_db),
            default -3.0, "Change of two stems by their sum that is a fault below [C]";
        cancel_within_db: dB, 0.0..=60.0, default 15.0, "Difference of level up to which stems cancel in a band [C]";
        copy_correlation: none, 0.0..=1.0, default 0.98,
            "Correlation of stems in all bands from which they are one sound [C]";
        leak_correlation: none, 0.0..=1.0, at_most |limits| Limit::of("copy_correlation", limits.copy_correlation),
            default 0.3, "Correlation of two stems in several bands from which stems leak [C]";
        stems_difference_db: dB, -120.0..=0.0, default -30.0,
            "Difference of the sum of stems, at its best gain, from the mix above which suggestions for stems are \
            less sure [C]";
        quiet_steps: none, 0.0..=64.0, default 1.5, "Samples up to it are silent, in 16-bit steps [C]";
        dropout_ms: ms, 0.5..=1000.0, at_most |limits| Limit::of("dropout_longest_ms", limits.dropout_longest_ms),
            default 5.0, "Silence within sound that is a dropout, at least [C]";
        dropout_longest_ms: ms, 1.0..=60000.0, default 1000.0, "Silence within sound that is a dropout, at most [C]";
        dropout_around_ms: ms, 1.0..=1000.0, default 40.0, "Time before and after a dropout that sounds [C]";
        dropout_around_dbfs: dBFS, -120.0..=0.0, default -45.0, "Level of that sound, at least [C]";
        dropout_last_ms: ms, 0.1..=100.0, default 2.0, "End of the sound before a dropout, which does not fade [C]";
        dropout_last_db: dB, 0.0..=60.0, default 12.0, "Fall of that end below the sound, at most [C]";
        click_ratio: none, 2.0..=1000.0, at_most |limits| Limit::of("click_warning_ratio", limits.click_warning_ratio),
            default 20.0,
            "Residual of the linear prediction above its neighbourhood that is a click [N: 5.8 false a minute, 62 % \
            of impulses at -30 dBFS]";
        click_warning_ratio: none, 2.0..=1000.0, default 24.0,
            "Residual from which clicks are a warning, else a note: two unaltered songs and a sum of stems had 20 to 21 [N: 3 programmes]";
        click_floor_dbfs: dBFS, -120.0..=0.0, default -66.0, "Residual below which nothing is a click [C]";
        click_join_ms: ms, 0.0..=100.0, default 2.0, "Distance within which residuals are one click [C]";
        click_longest_ms: ms, 0.05..=100.0, default 0.5, "Length of a click, at most [C]";
        click_after_ratio: none, 1.0..=100.0, default 2.0,
            "Rise of the residual from before to after a click, at most: a drum goes on [C]";
        click_note_per_minute: none, 0.0..=10000.0, default 20.0,
            "Clicks a minute above which they are probably part of the music [C]";
        noise_quietest_percent: percent, 0.1..=50.0, default 5.0, "Part of the frames that is taken for pauses [C]";
        noise_silence_dbfs: dBFS, -200.0..=-60.0, default -120.0, "Level below which a frame is digital silence [C]";
        noise_flatness_db: dB, -60.0..=0.0, default -4.0, "Spectral flatness from which pauses hold noise [C]";
        noise_below_mean_db: dB, 0.0..=60.0, default 15.0, "Distance of pauses below the mean level, at least [C]";
        noise_note_dbfs: dBFS, -120.0..=0.0, default -60.0, "Noise floor that is a note above [C]";
        hum_lines: none, 1.0..=8.0, default 3.0, "Multiples of 50 or 60 Hz that are hum, at least [C]";
        hum_line_db: dB, 1.0..=60.0, default 12.0, "Height of a line above its neighbourhood, at least [C]";
        hum_percentile: percent, 0.0..=50.0, default 10.0,
            "Percentile over time of the spectrum in which lines are sought [C]";
        hum_floor_dbfs: dBFS, -200.0..=-60.0, default -120.0, "Level below which nothing is a line [C]";
        hum_warning_dbfs: dBFS, -120.0..=0.0, default -60.0,
            "Level of hum that is a warning above, a note below; whether music would hide such hum decides if it is \
            measurable [C]";
        silence_before_s: s, 0.0..=60.0, default 0.5, "Silence at the beginning that is a note above [C]";
        silence_after_s: s, 0.0..=600.0, default 3.0, "Silence at the end that is a note above [C]";
        channel_below_db: dB, 1.0..=120.0, default 60.0, "Level of one channel below the other that is a fault [C]";
        join_ms: ms, 0.0..=10000.0, default 100.0, "Spans of a finding closer than that are one [C]";
        most_spans: none, 1.0..=10000.0, default 100.0, "Spans of a finding that are listed, at most [C]";
    }
}
