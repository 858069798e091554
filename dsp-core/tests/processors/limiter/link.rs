//! The link of channels.

use super::{signals::*, *};
use crate::common::{Edit, noise, same_bits};

#[test]
fn l1_no_overs_at_any_link() {
    const FRAMES: usize = 4_000;
    const RATE_HZ: f64 = 44_100.0;
    for mode in MODES {
        let signals = adversarial(RATE_HZ, FRAMES);
        for (n, link_percent) in [0.0, 1.0, 50.0, 99.0, 100.0].into_iter().enumerate() {
            let params = LimiterParams { gain_db: 12.0, link_percent, mode, ..Default::default() };
            for (index, (name, left)) in signals.iter().enumerate() {
                let (other, right) = &signals[(index + 1 + n) % signals.len()];
                for out in limit_pair::<f32>(&params, RATE_HZ, [left, right], 333) {
                    assert_no_overs(mode, &out, CEILING_DB, &format!("{name} beside {other} at {link_percent} %"));
                }
            }
        }
    }
}

#[test]
fn l5_the_link_sets_what_a_loud_channel_does_to_others() {
    const FRAMES: usize = 20_000;
    let tone = |amplitude: f64| (0..FRAMES).map(|n| amplitude * (n as f64 * 0.1).sin()).collect::<Vec<f64>>();
    let (loud, quiet) = (tone(4.0), tone(0.1));
    for mode in MODES {
        let params = |link_percent| LimiterParams { link_percent, mode, ..Default::default() };
        let alone = limit::<f64>(&params(100.0), 48_000.0, &loud);
        let mut last_db = f64::NEG_INFINITY;
        for link_percent in [0.0, 25.0, 50.0, 75.0, 100.0] {
            let [left, right] = limit_pair::<f64>(&params(link_percent), 48_000.0, [&loud, &quiet], 480);
            assert!(same_bits(&left, &alone), "{mode:?} {link_percent}");
            // In dB: 12.04 dB and the ceiling of -1 dB, times the link.
            let down_db = -sample_peak_db_of(&quiet, &right);
            let expected_db = link_percent / 100.0 * -sample_peak_db_of(&loud, &alone);
            println!("{mode:?}, link {link_percent} %: the quiet channel falls by {down_db:.3} dB");
            assert!((down_db - expected_db).abs() < 0.02 && down_db > last_db, "{down_db} {expected_db}");
            last_db = down_db;
        }
        let [_, right] = limit_pair::<f64>(&params(0.0), 48_000.0, [&loud, &quiet], 480);
        let latency = right.len() - FRAMES;
        assert!(same_bits(&right[latency..], &quiet), "unlinked, it is a delay");
    }
}

/// Change of the steady peak from `before` to `after`, in dB.
fn sample_peak_db_of(before: &[f64], after: &[f64]) -> f64 {
    sample_peak_db(&after[10_000..20_000]) - sample_peak_db(&before[10_000..20_000])
}

#[test]
fn l5_a_link_that_changes_keeps_the_ceiling_whatever_the_cut() {
    const FRAMES: usize = 24_000;
    for mode in MODES {
        let params = |link_percent| LimiterParams { gain_db: 12.0, link_percent, mode, ..Default::default() };
        let played = |cut: usize| {
            let mut limiter = params(100.0).build::<f64>(&StreamSpec::new(48_000.0, 2).unwrap()).unwrap();
            let mut audio: Vec<f64> = (0..2).flat_map(|channel| noise(60 + channel, FRAMES)).collect();
            for sample in &mut audio[FRAMES..] {
                *sample *= 0.2;
            }
            let events = [(4_000, 0.0), (9_000, 100.0), (9_300, 40.0), (15_000, 100.0)];
            let events = events.map(|(at, link_percent)| {
                let change: Edit<'_, Limiter<f64>> =
                    Box::new(move |limiter| limiter.set_params(&params(link_percent)).unwrap());
                (at, change)
            });
            run(&mut limiter, &mut audio, &Cut(vec![cut]), events.into());
            assert_eq!(limiter.clamped(), 0);
            audio
        };
        let whole = played(usize::MAX);
        for channel in whole.chunks(FRAMES) {
            assert_no_overs(mode, channel, CEILING_DB, "a link that changes");
        }
        for cut in [1, 64, 333] {
            assert!(same_bits(&played(cut), &whole), "{mode:?} {cut}");
        }
    }
}

#[test]
fn channels_are_linked_and_keep_their_ratio() {
    const FRAMES: usize = 6_000;
    for mode in MODES {
        let mut limiter = LimiterParams { gain_db: 12.0, mode, ..Default::default() }
            .build::<f64>(&StreamSpec::new(48_000.0, 3).unwrap())
            .unwrap();
        let input: Vec<f64> = (0..3).flat_map(|channel| noise(channel, FRAMES)).collect();
        let mut output = input.clone();
        let mut traces = vec![0.0; 3 * FRAMES];
        let mut block = BlockMut::from_planar(&mut traces, 3).unwrap();
        limiter.process_traced(&mut BlockMut::from_planar(&mut output, 3).unwrap(), None, &mut block);
        let (trace, others) = traces.split_at(FRAMES);
        assert!(limiter.traces() == 3 && others.chunks(FRAMES).all(|other| other == trace));
        let (latency, drive) = (limiter.latency_frames(), db_to_gain(12.0));
        assert_eq!((limiter.clamped(), limiter.gain_reduction_db(0)), (0, trace[FRAMES - 1]));
        let mut max_db = 0.0_f64;
        for n in latency..FRAMES {
            let gain = db_to_gain(-trace[n]) * drive;
            max_db = max_db.max(trace[n]);
            for channel in 0..3 {
                let expected = gain * input[channel * FRAMES + n - latency];
                // The trace is computed from a logarithm with an error of 1e-7 octaves.
                assert!((output[channel * FRAMES + n] - expected).abs() <= 1e-6, "{mode:?} {n} {channel}");
            }
            let cross = output[n] * input[FRAMES + n - latency] - output[FRAMES + n] * input[n - latency];
            assert!(cross.abs() <= 4.0 * f64::EPSILON * drive, "{mode:?} {n}: {cross}");
        }
        let reading = limiter.gain_reduction();
        assert_eq!(reading.max_db, max_db);
        assert!((reading.mean_db - trace.iter().sum::<f64>() / FRAMES as f64).abs() < 1e-4);
        assert!(reading.active_share > 0.9 && reading.active_share < 1.0);
    }
}
