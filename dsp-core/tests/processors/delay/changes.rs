//! Changes of the time and of the feedback, and what silence forgets.

use super::*;

#[test]
fn another_time_does_not_click_in_either_way() {
    /// Largest residue of a change, in dBFS.
    const LIMIT_DBFS: f64 = -80.0;
    for time_change in [TimeChange::Fade, TimeChange::Repitch] {
        for (from_ms, to_ms) in
            [(375.0, 250.0), (250.0, 375.0), (100.0, 1.7), (1.7, 100.0), (20.0, 20.004), (50.01, 0.13), (0.13, 50.01)]
        {
            // One echo, so that the sine is as loud as it is.
            let from = DelayParams { time_ms: from_ms, feedback: 0.0, time_change, ..Default::default() };
            let to = DelayParams { time_ms: to_ms, ..from };
            for at in [96_000, 96_131] {
                let residue = residue_dbfs(&sine_with(&from, 4.0, &[(at, to)]), 48_000.0);
                println!("{time_change:?} {from_ms} -> {to_ms}: {residue:.1} dBFS");
                assert!(residue <= LIMIT_DBFS, "{time_change:?} {from_ms} -> {to_ms}: {residue}");
            }
        }
    }
}

#[test]
fn a_tempo_ramp_does_not_click() {
    const LIMIT_DBFS: f64 = -80.0;
    for time_change in [TimeChange::Fade, TimeChange::Repitch] {
        let params = DelayParams { note: NoteValue::Eighth, tempo_bpm: 90.0, time_change, ..Default::default() };
        // From 90 to 150 in two seconds, in steps as a lane makes them.
        let ramp: Vec<_> = (0..1_500)
            .map(|step| (72_000 + 64 * step, DelayParams { tempo_bpm: 90.0 + 0.04 * step as f64, ..params }))
            .collect();
        let residue = residue_dbfs(&sine_with(&params, 5.0, &ramp), 48_000.0);
        println!("{time_change:?}: {residue:.1} dBFS");
        assert!(residue <= LIMIT_DBFS, "{time_change:?}: {residue}");
    }
}

#[test]
fn a_moving_position_changes_the_pitch_by_two_octaves_at_the_most() {
    let repitch = DelayParams { feedback: 0.0, time_change: TimeChange::Repitch, ..Default::default() };
    for (from_ms, to_ms, highest) in [(1_900.0, 1.0, true), (1.0, 1_900.0, false)] {
        let from = DelayParams { time_ms: from_ms, ..repitch };
        let audio = sine_with(&from, 8.0, &[(144_000, DelayParams { time_ms: to_ms, ..repitch })]);
        // Periods between rising zero crossings.
        let rising: Vec<f64> = (140_000..audio.len() - 1)
            .filter(|&n| audio[n] <= 0.0 && audio[n + 1] > 0.0)
            .map(|n| n as f64 - audio[n] / (audio[n + 1] - audio[n]))
            .collect();
        let pitches = rising.windows(2).map(|pair| 480.0 / (pair[1] - pair[0]));
        let (low, high) = pitches.fold((f64::MAX, 0.0_f64), |(low, high), x| (low.min(x), high.max(x)));
        println!("{from_ms} -> {to_ms}: pitch × {low:.4} to {high:.4}");
        assert!(low >= 0.2499 && high <= 4.001, "{low} {high}");
        assert!(if highest { high > 3.9 } else { low < 0.26 }, "{low} {high}");
        // At rest at the new time: as if it had always been there.
        let still = sine_with(&DelayParams { time_ms: to_ms, ..repitch }, 8.0, &[]);
        assert_eq!(audio[330_000..], still[330_000..]);
    }
}

#[test]
fn crossing_a_feedback_of_1_does_not_click() {
    /// As for another time; the harmonics of the clip from 1 kHz on lie below that as well.
    const LIMIT_DBFS: f64 = -80.0;
    // Echoes of 100 Hz that add up to 0.6 of full scale, of which the clip takes 0.004.
    let below = DelayParams { time_ms: 31.436, feedback: 0.9, ..Default::default() };
    let beyond = DelayParams { feedback: 1.05, ..below };
    // At every phase: a clip that acted at once would leave -54 dBFS at a crest (numpy), nothing between them.
    for at in (48_000..48_480).step_by(40) {
        let audio = sine_with(&below, 2.5, &[(at, beyond), (at + 2_000, below)]);
        let level = audio[40_000..at].iter().fold(0.0_f64, |peak, x| peak.max(x.abs()));
        let residue = residue_dbfs(&audio, 48_000.0);
        println!("{residue:.1} dBFS, echoes of {level:.2}");
        assert!(level > 0.59 && residue <= LIMIT_DBFS, "{level} {residue}");
    }
}

#[test]
fn what_was_forgotten_in_silence_is_never_played() {
    let short = DelayParams { time_ms: 5.0, feedback: 0.0, ..Default::default() };
    let long = DelayParams { time_ms: 1_900.0, ..short };
    for (offset, cut) in [(0, 4_096), (17, 1_000), (63, 64)] {
        let mut delay = short.build::<f32>(&StreamSpec::new(48_000.0, 1).unwrap()).unwrap();
        let mut audio = vec![0.0_f32; 300_000];
        // A loud burst, silence; a time that reaches back to the burst; one sample.
        audio[..20_000].copy_from_slice(&planar_noise::<f32>(1, 20_000));
        let click = 60_000 + offset;
        audio[click] = 0.5;
        let change: Edit<'_, Delay<f32>> = Box::new(|delay| delay.set_params(&long).unwrap());
        run(&mut delay, &mut audio, &Cut(vec![cut]), vec![(40_000, change)]);
        let sounding: Vec<_> = (21_000..300_000).filter(|n| audio[*n] != 0.0).collect();
        assert_eq!(sounding, [click + 91_200], "{offset} {cut}");
        assert_eq!(audio[click + 91_200], 0.5);
    }
}

#[test]
fn a_longer_time_plays_what_the_lines_still_hold() {
    let short = DelayParams { time_ms: 5.0, feedback: 0.0, ..Default::default() };
    let mut delay = short.build::<f32>(&StreamSpec::new(48_000.0, 1).unwrap()).unwrap();
    // A constant keeps it awake.
    let mut audio = vec![0.25_f32; 100_000];
    audio[1_000] = 1.0;
    let change: Edit<'_, Delay<f32>> =
        Box::new(|delay| delay.set_params(&DelayParams { time_ms: 1_000.0, ..short }).unwrap());
    run(&mut delay, &mut audio, &Cut(vec![480]), vec![(20_000, change)]);
    assert_eq!(audio[49_000], 1.0);
}
