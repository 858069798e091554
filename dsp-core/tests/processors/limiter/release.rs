//! Below the ceiling a delay, bit for bit, again after the release; its memory.

use super::*;
use crate::common::{noise, same_bits};

#[test]
fn l3_below_the_ceiling_it_is_a_delay_bit_for_bit() {
    fn check<S: Sample>(mode: LimiterMode, gain_db: f64, rate_hz: f64, channels: usize) {
        const FRAMES: usize = 4_000;
        let params = LimiterParams { mode, gain_db, ..Default::default() };
        let mut limiter = params.build::<S>(&StreamSpec::new(rate_hz, channels).unwrap()).unwrap();
        // Uniform noise read by 48 taps is at most 2.7 times its largest sample, by 96 at most 3.1: below 0.89.
        let quiet = 0.28 / db_to_gain(gain_db);
        let input: Vec<S> =
            (0..channels).flat_map(|channel| noise(channel as u64, FRAMES)).map(|x| S::from_f64(quiet * x)).collect();
        let drive = S::from_f64(db_to_gain(gain_db));
        let latency = limiter.latency_frames();
        let expected: Vec<S> = input
            .chunks(FRAMES)
            .flat_map(|samples| {
                let driven = samples[..FRAMES - latency].iter().map(|&x| x * drive);
                std::iter::repeat_n(S::ZERO, latency).chain(driven).collect::<Vec<S>>()
            })
            .collect();
        let mut output = input;
        run(&mut limiter, &mut output, &Cut(vec![333]), vec![]);
        assert!(same_bits(&output, &expected), "{mode:?} {gain_db} {rate_hz} {channels}");
        assert_eq!(limiter.gain_reduction(), GainReduction::default());
    }
    for mode in MODES {
        for rate_hz in RATES_HZ {
            check::<f32>(mode, 0.0, rate_hz, 2);
            check::<f64>(mode, 0.0, rate_hz, 1);
            check::<f32>(mode, 6.0, rate_hz, 5);
        }
    }
}

#[test]
fn l3_the_gain_is_exactly_one_again_after_the_release() {
    const RATE_HZ: f64 = 48_000.0;
    /// Release time constants from 30 dB to 1e-9 dB: ln(3e10), and a little.
    const ARRIVAL: f64 = 24.2;
    for mode in MODES {
        for (release_mode, slowest) in [(ReleaseMode::Manual, 1.0), (ReleaseMode::Dual, 400.0 / 60.0)] {
            let params = LimiterParams { mode, release_mode, release_ms: 20.0, ..Default::default() };
            let mut limiter = params.build::<f32>(&StreamSpec::new(RATE_HZ, 1).unwrap()).unwrap();
            let latency = limiter.latency_frames();
            let mut loud: Vec<f32> = noise(3, 20_000).iter().map(|&x| 20.0 * x as f32).collect();
            run(&mut limiter, &mut loud, &Cut::whole(), vec![]);
            assert!(limiter.gain_reduction_db(0) > 10.0);
            let quiet: Vec<f32> = noise(4, 200_000).iter().map(|&x| 0.28 * x as f32).collect();
            let mut output = quiet.clone();
            run(&mut limiter, &mut output, &Cut(vec![480]), vec![]);
            // The hold of 8 ms and the window and response of the filters: less than 1000 frames.
            let settled = (ARRIVAL * slowest * 0.02 * RATE_HZ) as usize + 1_000;
            let output = &output[settled + latency..];
            assert!(same_bits(output, &quiet[settled..settled + output.len()]), "{mode:?} {release_mode:?}");
            assert_eq!(limiter.gain_reduction_db(0), 0.0);
        }
    }
}

#[test]
fn l3_the_gain_is_exactly_one_again_after_the_automatic_release() {
    let params = LimiterParams { release_mode: ReleaseMode::Auto, mode: LimiterMode::SamplePeak, ..Default::default() };
    let mut limiter = params.build::<f32>(&StreamSpec::new(8_000.0, 1).unwrap()).unwrap();
    let mut loud: Vec<f32> = noise(3, 16_000).iter().map(|&x| 20.0 * x as f32).collect();
    run(&mut limiter, &mut loud, &Cut::whole(), vec![]);
    // 24.5 times the slow time of 400 ms, in the implicit form 1 % longer.
    let quiet: Vec<f32> = noise(4, 100_000).iter().map(|&x| 0.28 * x as f32).collect();
    let mut output = quiet.clone();
    run(&mut limiter, &mut output, &Cut(vec![480]), vec![]);
    let (settled, latency) = ((24.5 * 0.4 * 8_000.0 * 1.01) as usize + 500, limiter.latency_frames());
    assert!(same_bits(&output[settled + latency..], &quiet[settled..quiet.len() - latency]));
}

/// Frames from a click of one sample, 12 dB over, until the reduction is 0.1 dB.
#[test]
fn l6_no_release_remembers_a_single_click() {
    /// Of 12 dB: ln(120) times the fast time, and the hold with its windows.
    const LIMIT_MS: f64 = 310.0;
    for release_mode in [ReleaseMode::Manual, ReleaseMode::Dual, ReleaseMode::Auto] {
        let params = LimiterParams { release_mode, ..Default::default() };
        let mut limiter = params.build::<f64>(&StreamSpec::new(48_000.0, 1).unwrap()).unwrap();
        let mut audio = vec![0.0; 96_000];
        audio[1_000] = db_to_gain(11.0);
        let mut trace = vec![0.0; audio.len()];
        let mut block = BlockMut::from_planar(&mut trace, 1).unwrap();
        limiter.process_traced(&mut BlockMut::from_planar(&mut audio, 1).unwrap(), None, &mut block);
        let last = trace.iter().rposition(|&reduction_db| reduction_db > 0.1).unwrap();
        let time_ms = (last - 1_000 - limiter.latency_frames()) as f64 / 48.0;
        println!("{release_mode:?}: down to 0.1 dB after {time_ms:.0} ms");
        assert!(time_ms <= LIMIT_MS, "{release_mode:?}: {time_ms} ms");
    }
}

#[test]
fn latency_is_measured_and_silence_is_exact_after_it() {
    for mode in MODES {
        for rate_hz in RATES_HZ {
            for (lookahead_ms, level) in [(0.5, 0.5), (1.5, 0.1), (10.0, 0.5), (1.5, 40.0)] {
                let params = LimiterParams { mode, lookahead_ms, ..Default::default() };
                let mut limiter = params.build::<f64>(&StreamSpec::new(rate_hz, 1).unwrap()).unwrap();
                let mut audio = vec![0.0; 3_000];
                audio[7] = level;
                run(&mut limiter, &mut audio, &Cut(vec![64]), vec![]);
                let at = 7 + limiter.latency_frames();
                assert_ne!(audio[at], 0.0, "{mode:?} {rate_hz} {lookahead_ms}");
                assert!(audio.iter().enumerate().all(|(n, &x)| n == at || x.to_bits() == 0));
            }
        }
    }
}
