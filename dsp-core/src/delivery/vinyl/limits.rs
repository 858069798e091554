//! The geometry and the limits of the vinyl check, each with its source.

use crate::foundation::{declare::params, table::Limit};

params! {
    /// Geometry and limits of a vinyl check: `[P]` published, `[N]` measured, `[C]` chosen.
    ///
    /// ```
    /// use mixdown::delivery::vinyl::VinylLimits;
    ///
    /// assert_eq!(VinylLimits::default().rest_width_um, 56.0);
    /// ```
    #[derive(Clone, Copy, Debug, PartialEq)]
    VinylLimits {
        rest_width_um: um, 20.0..=200.0, default 56.0, "Width of the groove at rest, twice its depth [P: pspatialaudio.com]";
        least_width_um: um, 5.0..=200.0, at_most |limits| Limit::of("rest_width_um", limits.rest_width_um),
            default 25.0, "Least width of a groove: where the stylus rises, it is cut deeper by that much [P: RIAA]";
        land_um: um, 0.0..=200.0, default 8.0, "Land between neighbouring grooves [C]";
        band_mm: mm, 0.0..=10.0, default 1.0, "Band between songs [C]";
        most_level_db: dB, -20.0..=20.0, default 8.0,
            "Level of the programme, its loudness as that of a tone, re 5 cm/s, to which a short side is cut at most [C]";
        peak_percent: percent, 90.0..=100.0, default 99.99,
            "Share of the samples of a song that its slope and curvature do not exceed [N]";
        lift_percent: percent, 90.0..=100.0, default 99.9, "The same of its lift [N]";
        tip_um: um, 1.0..=50.0, default 7.6, "Radius of the playback stylus: 7.6 elliptical, 18 round [P: audiomisc.co.uk]";
        slope_warning_db: dB, -40.0..=40.0, at_most |limits| Limit::of("slope_fault_db", limits.slope_fault_db),
            default -3.0, "Velocity of the cutter over the speed of the groove that is a warning above [C]";
        slope_fault_db: dB, -40.0..=40.0, default 0.0,
            "Velocity that is a fault above: the back of the cutting stylus, 45 degrees [P: pspatialaudio.com]";
        curvature_warning_db: dB, -40.0..=40.0, at_most |limits| Limit::of("curvature_fault_db", limits.curvature_fault_db),
            default 0.0,
            "Curvature of a groove wall over that of the playback stylus that is a warning above: measured records stay well below [P: audiomisc.co.uk]";
        curvature_fault_db: dB, -40.0..=40.0, default 6.0, "Curvature that is a fault above [C]";
        lift_warning_um: um, 0.0..=500.0, at_most |limits| Limit::of("lift_fault_um", limits.lift_fault_um),
            default 15.0, "Lift of the stylus that is a warning above: half of the difference of both widths [C]";
        lift_fault_um: um, 0.0..=500.0, default 28.0,
            "Lift that is a fault above: the depth of the groove, which is lost [P: pspatialaudio.com]";
        bass_hz: Hz, 20.0..=1000.0, at_most |limits| Limit::of("low_mid_hz", limits.low_mid_hz), default 150.0, log,
            "Bass that is to be in phase [P: 16kilohertz.com]";
        low_mid_hz: Hz, 20.0..=1000.0, default 300.0, log, "Low mids that are to be mostly in phase [P: wolfpack, gmrecords.com]";
        bass_correlation: none, -1.0..=1.0, default 0.8, "Correlation of the bass that is a warning below [P: 16kilohertz.com]";
        low_mid_correlation: none, -1.0..=1.0, default 0.3,
            "Correlation below the low mids that is a warning below [P: wolfpack, gmrecords.com]";
        out_of_phase_ms: ms, 10.0..=10000.0, default 50.0,
            "Time for which bass of negative correlation is a fault above [P: gmrecords.com]";
        bass_below_db: dB, 0.0..=60.0, default 3.0,
            "Distance below the mean level of the bass of a song within which its phase counts: at 10 the decays of notes in a song with mono bass count, too [C; N: 3 songs]";
        loudness_warning_lufs: LUFS, -40.0..=0.0, default -10.0,
            "Loudness of a song that is a warning above: no level is gained by it [P: gmrecords.com]";
        least_plr_lu: LU, 0.0..=40.0, default 8.0, "Peak to loudness ratio that is a warning below [P: 16kilohertz.com]";
        clip_warning_runs: none, 1.0..=1e9, default 1.0, "Flat runs of a song that are a warning [C]";
        clip_fault_per_minute: none, 0.0..=1e6, default 10.0, "Flat runs a minute that are a fault above [C]";
        subsonic_warning_db: dB, -120.0..=0.0, default -20.0,
            "Level below 30 Hz re the whole that is a warning above [C; P: pressingbusiness.co]";
        ultrasonic_warning_db: dB, -120.0..=0.0, default -35.0,
            "Level above 16 kHz re the whole that is a warning above [C; P: xvinylx.com]";
        sibilance_percent: percent, 50.0..=100.0, default 99.9,
            "Share of the blocks of 10 ms that the sibilance of a song does not exceed [C]";
        sibilance_warning_db: dB, -40.0..=60.0, at_most |limits| Limit::of("sibilance_fault_db", limits.sibilance_fault_db),
            default 10.0,
            "Peaks of 5 to 9 kHz re the song, both as recorded, that are a warning above [C; P: gmrecords.com, 16kilohertz.com]";
        sibilance_fault_db: dB, -40.0..=60.0, default 16.0, "Peaks that are a fault above [C]";
        length_12in33_warning_s: s, 1.0..=36000.0, at_most |limits| Limit::of("length_12in33_fault_s", limits.length_12in33_fault_s),
            default 1170.0, "Side of 12 inches at 33 rpm that is a warning above [P: pressingbusiness.co, 100vinyl.com, Zenith Records]";
        length_12in33_fault_s: s, 1.0..=36000.0, default 1500.0, "Side of 12 inches at 33 rpm that is a fault above [C]";
        length_12in45_warning_s: s, 1.0..=36000.0, at_most |limits| Limit::of("length_12in45_fault_s", limits.length_12in45_fault_s),
            default 720.0, "Side of 12 inches at 45 rpm that is a warning above [P: as above]";
        length_12in45_fault_s: s, 1.0..=36000.0, default 960.0, "Side of 12 inches at 45 rpm that is a fault above [C]";
        length_10in33_warning_s: s, 1.0..=36000.0, at_most |limits| Limit::of("length_10in33_fault_s", limits.length_10in33_fault_s),
            default 810.0, "Side of 10 inches at 33 rpm that is a warning above [P: as above]";
        length_10in33_fault_s: s, 1.0..=36000.0, default 960.0, "Side of 10 inches at 33 rpm that is a fault above [C]";
        length_10in45_warning_s: s, 1.0..=36000.0, at_most |limits| Limit::of("length_10in45_fault_s", limits.length_10in45_fault_s),
            default 600.0, "Side of 10 inches at 45 rpm that is a warning above [P: as above]";
        length_10in45_fault_s: s, 1.0..=36000.0, default 720.0, "Side of 10 inches at 45 rpm that is a fault above [C]";
        length_7in33_warning_s: s, 1.0..=36000.0, at_most |limits| Limit::of("length_7in33_fault_s", limits.length_7in33_fault_s),
            default 400.0, "Side of 7 inches at 33 rpm that is a warning above [P: as above]";
        length_7in33_fault_s: s, 1.0..=36000.0, default 480.0, "Side of 7 inches at 33 rpm that is a fault above [C]";
        length_7in45_warning_s: s, 1.0..=36000.0, at_most |limits| Limit::of("length_7in45_fault_s", limits.length_7in45_fault_s),
            default 300.0, "Side of 7 inches at 45 rpm that is a warning above [P: as above]";
        length_7in45_fault_s: s, 1.0..=36000.0, default 360.0, "Side of 7 inches at 45 rpm that is a fault above [C]";
    }
}
