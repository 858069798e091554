//! No overs: whatever the signal, the settings and the meter, and while the ceiling moves.

use super::{signals::*, *};
use crate::common::{Edit, noise};

#[test]
fn l1_no_overs_on_the_adversarial_set() {
    const FRAMES: usize = 6_000;
    for mode in MODES {
        let mut worst = f64::NEG_INFINITY;
        for rate_hz in RATES_HZ {
            let params = LimiterParams { gain_db: 12.0, mode, ..Default::default() };
            for (name, signal) in adversarial(rate_hz, FRAMES) {
                let what = format!("{name} at {rate_hz} Hz");
                worst = worst.max(assert_no_overs(mode, &limit::<f64>(&params, rate_hz, &signal), CEILING_DB, &what));
                worst = worst.max(assert_no_overs(mode, &limit::<f32>(&params, rate_hz, &signal), CEILING_DB, &what));
            }
        }
        println!("{mode:?}: own meter {worst:.6} dB re ceiling");
    }
}

/// The true-peak signals of Tech 3341, cases 15 to 23, 6 dB louder.
#[test]
fn l1_no_overs_on_the_cases_of_tech_3341() {
    let names: Vec<String> = (15..=23).map(|number| format!("3341-{number}")).collect();
    let cases: Vec<_> = crate::standards::cases().into_iter().filter(|case| names.contains(&case.name)).collect();
    for mode in MODES {
        let mut worst = f64::NEG_INFINITY;
        let mut played = 0;
        for (case, rate_hz) in cases.iter().flat_map(|case| RATES_HZ.map(|rate_hz| (case, rate_hz))) {
            let params = LimiterParams { gain_db: 6.0, mode, ..Default::default() };
            let audio = case.audio::<f64>(rate_hz);
            let output = limit::<f64>(&params, rate_hz, audio[0].channels()[0]);
            worst = worst.max(assert_no_overs(mode, &output, CEILING_DB, &format!("{} at {rate_hz} Hz", case.name)));
            played += 1;
        }
        assert!(played >= 9 * RATES_HZ.len(), "{played} signals");
        println!("{mode:?}: own meter {worst:.6} dB re ceiling");
    }
}

#[test]
fn l1_no_overs_whatever_the_settings() {
    const FRAMES: usize = 3_000;
    for seed in 0..40 {
        let dice = noise(1_000 + seed, 7);
        let between = |n: usize, low: f64, high: f64| low + (high - low) * 0.5 * (dice[n] + 1.0);
        let mode = MODES[seed as usize % 3];
        let params = LimiterParams {
            ceiling_db: between(0, -20.0, 0.0),
            gain_db: between(1, 0.0, 24.0),
            lookahead_ms: between(2, 0.5, 10.0),
            hold_ms: between(3, 0.0, 15.0),
            release_ms: between(4, 5.0, 100.0),
            release_mode: [ReleaseMode::Manual, ReleaseMode::Dual, ReleaseMode::Auto][between(5, 0.0, 2.99) as usize],
            link_percent: between(6, 0.0, 100.0),
            mode,
        };
        let output = limit::<f64>(&params, RATES_HZ[seed as usize % 3], &random_signal(seed / 3, FRAMES));
        assert_no_overs(mode, &output, params.ceiling_db, &format!("{params:?}"));
    }
}

/// Random signals from 0 to 30 dB over: no overs. Reports the margin of its own meter.
fn random_overs(mode: LimiterMode, seeds: std::ops::Range<u64>, frames: usize) {
    let params = LimiterParams { mode, ..Default::default() };
    let mut worst = (f64::NEG_INFINITY, 0);
    for seed in seeds {
        let signal = random_signal(seed, frames);
        let output = if seed % 2 == 0 { limit::<f32> } else { limit::<f64> }(&params, 44_100.0, &signal);
        assert!(sample_peak_db(&output) <= CEILING_DB, "{mode:?} seed {seed}");
        let excess = excess_db(mode, &output, CEILING_DB);
        if excess > worst.0 {
            worst = (excess, seed);
        }
    }
    println!("{mode:?}: own meter {:.6} dB re ceiling, seed {}", worst.0, worst.1);
    assert!(worst.0 <= 0.0, "{mode:?}: {worst:?}");
}

#[test]
fn l1_no_overs_on_random_signals() {
    for mode in MODES {
        random_overs(mode, 0..60, 3_000);
    }
}

#[test]
#[ignore = "a thousand long signals take minutes; for releases"]
fn l1_slow_standard_has_no_overs_on_a_thousand_long_random_signals() {
    // Its own meter is the slow one of this file.
    random_overs(LimiterMode::Standard, 0..1_000, 200_000);
}

#[test]
#[ignore = "a thousand long signals take minutes; for releases"]
fn l1_slow_master_has_no_overs_on_a_thousand_long_random_signals() {
    random_overs(LimiterMode::Master, 0..1_000, 1_000_000);
}

#[test]
#[ignore = "a thousand long signals take minutes; for releases"]
fn l1_slow_sample_peak_has_no_overs_on_a_thousand_long_random_signals() {
    random_overs(LimiterMode::SamplePeak, 0..1_000, 1_000_000);
}

#[test]
fn l1_excess_of_a_moving_gain_at_half_the_sample_rate() {
    /// Where the terms of an interpolation cancel, a gain that varies within its reach undoes some of the cancellation.
    /// No music does this; the worst case found is 0.04 dB.
    const LIMIT_DB: f64 = 0.1;
    for mode in [LimiterMode::Standard, LimiterMode::Master] {
        let params = LimiterParams { mode, ..Default::default() };
        let mut worst = f64::NEG_INFINITY;
        for seed in 0..60 {
            let output = limit::<f64>(&params, 44_100.0, &reversing(seed, 3_000));
            assert!(sample_peak_db(&output) <= CEILING_DB);
            worst = worst.max(excess_db(mode, &output, CEILING_DB));
        }
        println!("{mode:?}: reversing {worst:.6} dB re ceiling");
        assert!(worst <= LIMIT_DB, "{mode:?} {worst}");
    }
}

#[test]
fn l2_another_meter_agrees_on_band_limited_signals() {
    /// L2: excess over the ceiling that a meter of 1024 taps may read, in dB: the ripple of the shorter detectors up to
    /// 20 kHz and the distance of their points.
    const LIMITS_DB: [(LimiterMode, f64); 2] = [(LimiterMode::Standard, 0.10), (LimiterMode::Master, 0.05)];
    const FRAMES: usize = 6_000;
    let long = Interpolator::long();
    for (mode, limit_db) in LIMITS_DB {
        let mut worst = (f64::NEG_INFINITY, String::new());
        for rate_hz in RATES_HZ {
            for (name, signal) in band_limited(rate_hz, FRAMES) {
                let params = LimiterParams { gain_db: 12.0, mode, ..Default::default() };
                let output = limit::<f64>(&params, rate_hz, &signal);
                let excess_db = gain_to_db(long.peak(&output)) - CEILING_DB;
                println!("{excess_db:8.4} dB {mode:?} {name} at {rate_hz} Hz");
                if excess_db > worst.0 {
                    worst = (excess_db, format!("{name} at {rate_hz} Hz"));
                }
            }
        }
        println!("{mode:?}: long meter {:.4} dB re ceiling, {}", worst.0, worst.1);
        assert!(worst.0 <= limit_db, "{mode:?}: {worst:?}");
    }
}

#[test]
fn a_moving_ceiling_is_kept() {
    const RATE_HZ: f64 = 48_000.0;
    const FRAMES: usize = 30_000;
    /// Frame and ceiling in dB of each change; the last two while the one before still glides.
    const CHANGES: [(usize, f64); 5] =
        [(5_000, -12.0), (10_000, -3.0), (15_000, -19.0), (15_480, -2.0), (16_111, -9.0)];
    const GLIDE_FRAMES: usize = 960;
    for mode in MODES {
        for (hold_ms, lookahead_ms) in [(8.0, 1.5), (0.0, 10.0)] {
            let params = |ceiling_db| LimiterParams {
                ceiling_db,
                gain_db: 12.0,
                hold_ms,
                lookahead_ms,
                mode,
                ..Default::default()
            };
            let mut limiter = params(CEILING_DB).build::<f64>(&StreamSpec::new(RATE_HZ, 1).unwrap()).unwrap();
            let settling = GLIDE_FRAMES + limiter.latency_frames();
            let mut audio: Vec<f64> = noise(5, FRAMES).iter().map(|x| 3.0 * x).collect();
            let events = CHANGES
                .iter()
                .map(|&(at, ceiling_db)| {
                    let change: Edit<'_, Limiter<f64>> =
                        Box::new(move |limiter| limiter.set_params(&params(ceiling_db)).unwrap());
                    (at, change)
                })
                .collect();
            run(&mut limiter, &mut audio, &Cut(vec![500]), events);
            assert_eq!(limiter.clamped(), 0);
            for (n, x) in audio.iter().enumerate() {
                // The newest ceiling, and any other whose successor has not settled.
                let allowed = std::iter::once((0, CEILING_DB))
                    .chain(CHANGES)
                    .zip(CHANGES.iter().map(|&(at, _)| at).chain([usize::MAX]))
                    .filter(|&((at, _), next)| at <= n && n < next.saturating_add(settling))
                    .fold(f64::NEG_INFINITY, |highest, ((_, ceiling_db), _)| highest.max(ceiling_db));
                assert!(gain_to_db(*x) <= allowed, "{mode:?} {n}: {} of {allowed}", gain_to_db(*x));
            }
            // The glides do not leave it quieter than necessary: true peaks of noise are up to 4 dB above its samples.
            let peak_db = |range: std::ops::Range<usize>| sample_peak_db(&audio[range]);
            let peaks_db = [peak_db(7_500..10_000), peak_db(20_000..FRAMES)];
            assert!(peaks_db[0] > -17.0 && peaks_db[1] > -14.0, "{mode:?} {peaks_db:?}");
        }
    }
}

#[test]
fn extreme_input_leaves_no_trace() {
    for mode in MODES {
        let mut limiter = LimiterParams { gain_db: 24.0, mode, release_ms: 5.0, ..Default::default() }
            .build::<f32>(&StreamSpec::new(48_000.0, 1).unwrap())
            .unwrap();
        let mut audio = vec![f32::MAX, -f32::MAX, f32::NAN, f32::INFINITY, f32::MIN_POSITIVE, 1e-45, -f32::MAX];
        audio.resize(30_000, 0.001);
        run(&mut limiter, &mut audio, &Cut(vec![100]), vec![]);
        assert!(audio.iter().all(|x| x.abs() <= 0.892), "{mode:?}");
        assert_eq!(
            (limiter.non_finite_samples(), limiter.clamped(), limiter.gain_reduction_db(0)),
            (2, 0, 0.0),
            "{mode:?}"
        );
        assert_eq!(audio[29_999].to_bits(), (0.001 * db_to_gain(24.0) as f32).to_bits());
    }
}
