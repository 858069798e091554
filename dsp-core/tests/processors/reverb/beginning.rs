//! The beginning of a reverb as shipped: holes, echo density, direct burst, clarity.

use super::*;

/// Limits of the last sparse time, in ms.
fn sparse_limit_ms(space: Space) -> f64 {
    match space {
        Space::Room | Space::Club => 25.0,
        Space::Chamber => 30.0,
        Space::Hall => 40.0,
        Space::Cathedral => 60.0,
    }
}

/// Largest step down within 20 ms, beyond the decay: noise alone reads up to 4 dB.
const STEEPEST_FALL_DB: f64 = 6.0;

#[test]
fn r1_the_beginning_has_no_hole_no_step_no_burst_and_is_dense_soon() {
    for space in SPACES {
        for rate_hz in [44_100.0, 48_000.0, 96_000.0] {
            for early_db in [ReverbParams::space(space).early_db, f64::NEG_INFINITY] {
                let params = ReverbParams { early_db, ..ReverbParams::space(space) };
                let (mut deepest, mut steepest, mut sparse_ms, mut burst) = ((0.0, 0.0), (0.0, 0.0), 0.0_f64, 0.0_f64);
                for inputs in INPUTS {
                    for response in response(&params, rate_hz, inputs, 0.3 + 0.5 * params.t60_s) {
                        let (window, fall) =
                            (deepest_window_db(&response, rate_hz), steepest_fall_db(&response, rate_hz));
                        deepest = if window.0 > deepest.0 { window } else { deepest };
                        steepest = if fall.0 > steepest.0 { fall } else { steepest };
                        sparse_ms = sparse_ms.max(1e3 * last_sparse_s(&response, rate_hz));
                        burst = burst.max(direct_burst(&response, rate_hz));
                    }
                }
                println!(
                    "{space:?} {rate_hz} early {early_db}: deepest window {:.1} dB at {:.0} ms, steepest fall {:.1} dB \
                     at {:.0} ms, sparse until {sparse_ms:.0} ms, burst {:.1} %",
                    deepest.0,
                    deepest.1,
                    steepest.0,
                    steepest.1,
                    100.0 * burst
                );
                assert!(deepest.0 <= 6.0, "{space:?} {rate_hz} {early_db}: {deepest:?}");
                assert!(steepest.0 <= STEEPEST_FALL_DB, "{space:?} {rate_hz} {early_db}: {steepest:?}");
                assert!(sparse_ms <= sparse_limit_ms(space), "{space:?} {rate_hz} {early_db}: {sparse_ms}");
                assert!(burst <= 0.25, "{space:?} {rate_hz} {early_db}: {burst}");
            }
        }
    }
}

#[test]
fn clarity_falls_from_room_to_cathedral() {
    let mut last = f64::MAX;
    for (space, expected_db) in SPACES.into_iter().zip([13.5, 8.5, 4.5, 1.0, -3.5]) {
        let params = ReverbParams::space(space);
        let responses = INPUTS.map(|inputs| response(&params, 48_000.0, inputs, 0.3 + 1.2 * params.t60_s));
        let c80 = responses.as_flattened().iter().map(|response| c80_db(response, 48_000.0)).sum::<f64>() / 8.0;
        println!("{space:?}: C80 {c80:+.1} dB");
        assert!((c80 - expected_db).abs() <= 1.0 && c80 < last, "{space:?}: {c80}");
        last = c80;
    }
}

#[test]
fn r1_echoes_stay_dense() {
    for (space, rate_hz) in cases() {
        let (mut least, mut most) = (f64::MAX, 0.0_f64);
        for inputs in INPUTS {
            for response in response(&plain(space), rate_hz, inputs, 1.3) {
                let onset_s = onset(&response) as f64 / rate_hz;
                let density = echo_density(&response, rate_hz);
                // A window of 20 ms has so few samples that Gaussian noise itself varies by 0.15 now and then: the
                // density is that of 100 ms.
                let late: Vec<f64> = density.iter().filter(|(at, _)| *at > onset_s + 0.06).map(|(_, d)| *d).collect();
                for window in late.windows(100) {
                    let mean = window.iter().sum::<f64>() / 100.0;
                    (least, most) = (least.min(mean), most.max(mean));
                }
            }
        }
        println!("{space:?} {rate_hz}: density {least:.3}..{most:.3}");
        assert!(least >= 0.9 && most <= 1.1, "{space:?} {rate_hz}: {least}..{most}");
    }
}

#[test]
fn a_step_of_6_db_in_noise_is_found() {
    let rate_hz = 48_000.0;
    for seed in 1..9 {
        let decaying = |step_db: f64| -> Vec<f64> {
            let gain = |n: usize| -60.0 * n as f64 / rate_hz / 4.0 - if n >= 4_800 { step_db } else { 0.0 };
            let samples = noise(seed, 96_000).into_iter().take(96_000).enumerate();
            samples.map(|(n, x)| f64::from(x) * 10_f64.powf(gain(n) / 20.0)).collect()
        };
        let [smooth, stepped] = [0.0, 6.0].map(|step_db| steepest_fall_db(&decaying(step_db), rate_hz).0);
        println!("{smooth:.1} dB, with the step {stepped:.1} dB");
        assert!(smooth <= 4.0 && stepped > STEEPEST_FALL_DB, "{smooth} {stepped}");
    }
}
