//! The release gates R1 to R4 of `Reverb`, and the gates of `Plate`.
//!
//! The beginning is judged as shipped, R1; tails are judged with the same decay at all frequencies, unmodulated delays and early reflections
//! off. All spaces are measured at 48 kHz, two of them at other rates; `cargo test --release -- --ignored` measures the
//! whole matrix.

use super::acoustics::*;
use mixdown::{reverbs::*, *};

const SPACES: [Space; 5] = [Space::Room, Space::Club, Space::Chamber, Space::Hall, Space::Cathedral];
/// Decay of the tails that are judged.
const T60_S: f64 = 2.0;

/// The cases of a test run: every space at 48 kHz, the smallest and the default at the other rates.
fn cases() -> impl Iterator<Item = (Space, f64)> {
    let others = [Space::Room, Space::Hall].into_iter().flat_map(|space| [(space, 44_100.0), (space, 96_000.0)]);
    SPACES.into_iter().map(|space| (space, 48_000.0)).chain(others)
}

/// Left, mid, side and right.
const INPUTS: [[f64; 2]; 4] = [[1.0, 0.0], [0.5, 0.5], [0.5, -0.5], [0.0, 1.0]];

fn render<P: Params>(params: &P, rate_hz: f64, mut audio: Vec<f32>) -> [Vec<f64>; 2] {
    let frames = audio.len() / 2;
    let mut effect = params.build::<f32>(&StreamSpec::new(rate_hz, 2).unwrap()).unwrap();
    effect.process(&mut BlockMut::from_planar(&mut audio, 2).unwrap());
    [0, 1].map(|channel| audio[channel * frames..][..frames].iter().map(|&x| f64::from(x)).collect())
}

fn response<P: Params>(params: &P, rate_hz: f64, inputs: [f64; 2], seconds: f64) -> [Vec<f64>; 2] {
    let frames = (rate_hz * seconds) as usize;
    let mut audio = vec![0.0; 2 * frames];
    (audio[0], audio[frames]) = (inputs[0] as f32, inputs[1] as f32);
    render(params, rate_hz, audio)
}

/// Uniform noise of RMS 1/√12 (about -10.8 dBFS) on both sides.
fn noise(seed: u64, frames: usize) -> Vec<f32> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    (0..2 * frames)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 40) as f32 / 16_777_216.0 - 0.5
        })
        .collect()
}

fn rms_db(samples: &[f64]) -> f64 {
    10.0 * (samples.iter().map(|x| x * x).sum::<f64>() / samples.len() as f64).log10()
}

/// A tail to be judged.
fn plain(space: Space) -> ReverbParams {
    ReverbParams {
        size: 0.5,
        predelay_ms: 0.0,
        t60_s: T60_S,
        t60_low_ratio: 1.0,
        t60_high_ratio: 1.0,
        modulation_depth_ms: 0.0,
        early_db: f64::NEG_INFINITY,
        ..ReverbParams::space(space)
    }
}

/// Limits of the last sparse time, in ms.
fn sparse_limit_ms(space: Space) -> f64 {
    match space {
        Space::Room | Space::Club => 25.0,
        Space::Chamber => 30.0,
        Space::Hall => 40.0,
        Space::Cathedral => 60.0,
    }
}

#[test]
fn r1_the_beginning_has_no_hole_is_dense_soon_and_has_no_burst() {
    for space in SPACES {
        for rate_hz in [44_100.0, 48_000.0, 96_000.0] {
            for early_db in [ReverbParams::space(space).early_db, f64::NEG_INFINITY] {
                let params = ReverbParams { early_db, ..ReverbParams::space(space) };
                let (mut deepest, mut sparse_ms, mut burst, mut c80) = ((0.0, 0.0), 0.0_f64, 0.0_f64, 0.0);
                for inputs in INPUTS {
                    for response in response(&params, rate_hz, inputs, 0.3 + 0.5 * params.t60_s) {
                        let window = deepest_window_db(&response, rate_hz);
                        deepest = if window.0 > deepest.0 { window } else { deepest };
                        sparse_ms = sparse_ms.max(1e3 * last_sparse_s(&response, rate_hz));
                        burst = burst.max(direct_burst(&response, rate_hz));
                        c80 += c80_db(&response, rate_hz) / 8.0;
                    }
                }
                println!(
                    "{space:?} {rate_hz} early {early_db}: deepest window {:.1} dB at {:.0} ms, sparse until \
                     {sparse_ms:.0} ms, burst {:.1} %, C80 {c80:+.1} dB",
                    deepest.0,
                    deepest.1,
                    100.0 * burst
                );
                assert!(deepest.0 <= 6.0, "{space:?} {rate_hz} {early_db}: {deepest:?}");
                assert!(sparse_ms <= sparse_limit_ms(space), "{space:?} {rate_hz} {early_db}: {sparse_ms}");
                assert!(burst <= 0.25, "{space:?} {rate_hz} {early_db}: {burst}");
            }
        }
    }
}

#[test]
fn clarity_falls_from_room_to_cathedral() {
    let mut last = f64::MAX;
    for (space, expected_db) in SPACES.into_iter().zip([14.0, 8.5, 4.5, 1.5, -3.5]) {
        let params = ReverbParams::space(space);
        let responses = INPUTS.map(|inputs| response(&params, 48_000.0, inputs, 0.3 + 1.2 * params.t60_s));
        let c80 = responses.as_flattened().iter().map(|response| c80_db(response, 48_000.0)).sum::<f64>() / 8.0;
        println!("{space:?}: C80 {c80:+.1} dB");
        assert!((c80 - expected_db).abs() <= 1.5 && c80 < last, "{space:?}: {c80}");
        last = c80;
    }
}

fn stays_dense(cases: impl Iterator<Item = (Space, f64)>) {
    for (space, rate_hz) in cases {
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
fn r1_echoes_stay_dense() {
    stays_dense(cases());
}

fn even_tail(cases: impl Iterator<Item = (Space, f64)>) {
    for (space, rate_hz) in cases {
        let (mut flat, mut echo, mut least, mut most) = (f64::MAX, 0.0_f64, f64::MAX, 0.0_f64);
        for inputs in [[1.0, 0.0], [0.5, 0.5]] {
            for response in response(&plain(space), rate_hz, inputs, 1.25) {
                let tail = compensated(&response, rate_hz, T60_S, 0.15, 1.2);
                flat = flat.min(flatness(&tail, rate_hz));
                echo = echo.max(largest_autocorrelation(&tail, rate_hz));
                (least, most) = (least.min(kurtosis(&tail)), most.max(kurtosis(&tail)));
            }
        }
        println!("{space:?} {rate_hz}: flatness {flat:.3}, autocorrelation {echo:.3}, kurtosis {least:.2}..{most:.2}");
        // More lines per second of decay than a small space has would be flatter.
        let limit = match space {
            Space::Room | Space::Club => 0.415,
            Space::Chamber => 0.44,
            Space::Hall | Space::Cathedral => 0.45,
        };
        assert!(flat >= limit, "{space:?} {rate_hz}: {flat}");
        assert!(echo <= 0.15, "{space:?} {rate_hz}: {echo}");
        assert!(least >= 2.8 && most <= 3.3, "{space:?} {rate_hz}: {least}..{most}");
    }
}

#[test]
fn r1_tails_are_even_noise() {
    even_tail(cases());
}

/// Time to -60 dB of an octave of white noise under the decay of the settings, read as in a measurement: a line through
/// -5 to -35 dB.
fn expected_t60_s(params: &ReverbParams, rate_hz: f64, centre_hz: f64) -> f64 {
    // For one line: first-order shelves with half of their gain at the corner, in proportion to its length.
    let line_s = 0.08;
    let decay_db = |t60_s: f64| -60.0 * line_s / t60_s;
    let middle_db = decay_db(params.t60_s);
    let low = 10_f64.powf((decay_db(params.t60_s * params.t60_low_ratio) - middle_db) / 20.0);
    let high = 10_f64.powf((decay_db(params.t60_s * params.t60_high_ratio) - middle_db) / 20.0);
    let warped = |hz: f64| (std::f64::consts::PI * hz / rate_hz).tan();
    let t60_at = |hz: f64| {
        let (f, l, h) =
            (warped(hz).powi(2), warped(params.low_frequency_hz).powi(2), warped(params.high_frequency_hz).powi(2));
        let shelves = (f + l * low) / (f + l / low) * ((f * high + h) / (f / high + h));
        -60.0 * line_s / (middle_db + 10.0 * shelves.log10())
    };
    let points: Vec<(f64, f64)> = (-120..=120)
        .map(|step| {
            let hz = centre_hz * 2_f64.powf(f64::from(step) / 80.0);
            let (low, high) = (centre_hz / hz / 2_f64.sqrt(), hz / centre_hz / 2_f64.sqrt());
            // Hertz per step, and the octave filter.
            (t60_at(hz.min(0.49 * rate_hz)), hz / ((1.0 + low.powi(12)) * (1.0 + high.powi(12))))
        })
        .collect();
    let all: f64 = points.iter().map(|(t60_s, weight)| weight * t60_s).sum();
    let decay: Vec<f64> = (0..4_000)
        .map(|step| {
            let at_s = f64::from(step) * params.t60_s / 1_000.0;
            let left: f64 =
                points.iter().map(|(t60_s, weight)| weight * t60_s * 10_f64.powf(-6.0 * at_s / t60_s)).sum();
            10.0 * (left / all).log10()
        })
        .collect();
    t60_s(&decay, 1_000.0 / params.t60_s)
}

fn decays_as_asked(cases: impl Iterator<Item = (ReverbParams, f64)>, limit: f64) {
    let (mut worst, mut worst_63) = (0.0_f64, 0.0_f64);
    for (params, rate_hz) in cases {
        let mut told = String::new();
        let longest_s = params.t60_s * params.t60_low_ratio.max(params.t60_high_ratio).max(1.0);
        let responses: Vec<Vec<f64>> = [[1.0, 0.0], [0.0, 1.0]]
            .into_iter()
            .flat_map(|inputs| response(&params, rate_hz, inputs, 0.3 + 1.1 * longest_s))
            .collect();
        for centre_hz in [63.0, 125.0, 250.0, 500.0, 1_000.0, 2_000.0, 4_000.0, 8_000.0] {
            let bands: Vec<Vec<f64>> = responses.iter().map(|response| octave(response, rate_hz, centre_hz)).collect();
            let error = t60_s(&decay_db(&bands), rate_hz) / expected_t60_s(&params, rate_hz, centre_hz) - 1.0;
            told += &format!(" {centre_hz}: {:+.1} %", 100.0 * error);
            if centre_hz == 63.0 {
                worst_63 = worst_63.max(error.abs());
            } else {
                worst = worst.max(error.abs());
            }
        }
        println!("{:?} {} s, {rate_hz}:{told}", params.space, params.t60_s);
    }
    println!("worst {:.1} %, at 63 Hz {:.1} %", 100.0 * worst, 100.0 * worst_63);
    assert!(worst <= limit && worst_63 <= 0.12, "{worst} {worst_63}");
}

#[test]
fn r2_every_octave_decays_in_the_time_set() {
    let defaults = cases().map(|(space, rate_hz)| (ReverbParams::space(space), rate_hz));
    let (room, hall) = (ReverbParams::space(Space::Room), ReverbParams::default());
    let others = [
        ReverbParams { t60_s: 0.3, ..room },
        ReverbParams { t60_s: 0.7, ..room },
        ReverbParams { t60_s: 10.0, ..hall },
        ReverbParams { t60_s: 3.0, t60_low_ratio: 0.5, t60_high_ratio: 1.3, ..hall },
    ];
    decays_as_asked(defaults.chain(others.map(|params| (params, 48_000.0))), 0.07);
}

#[test]
fn r2_modulation_does_not_shorten_the_decay() {
    let moved = |params: ReverbParams, modulation_depth_ms: f64, modulation_hz: f64| ReverbParams {
        modulation_depth_ms,
        modulation_hz,
        ..params
    };
    let (room, hall) = (ReverbParams::space(Space::Room), ReverbParams::default());
    let bright = ReverbParams { t60_s: 8.0, t60_low_ratio: 1.0, t60_high_ratio: 1.0, ..hall };
    let cases = [
        (moved(hall, 1.0, 3.0), 44_100.0),
        (moved(hall, 1.0, 3.0), 48_000.0),
        (moved(hall, 1.0, 0.3), 44_100.0),
        (moved(hall, 0.3, 3.0), 44_100.0),
        (moved(room, 1.0, 3.0), 44_100.0),
        (moved(room, 1.0, 3.0), 96_000.0),
        (moved(bright, 1.0, 3.0), 44_100.0),
        (moved(bright, 0.15, 0.7), 44_100.0),
    ];
    decays_as_asked(cases.into_iter(), 0.07);
}

fn two_sides(cases: impl Iterator<Item = (Space, f64)>) {
    for (space, rate_hz) in cases {
        let (mut alike, mut least, mut most) = (0.0_f64, f64::MAX, f64::MIN);
        for inputs in INPUTS {
            let sides = response(&plain(space), rate_hz, inputs, 1.05)
                .map(|response| compensated(&response, rate_hz, T60_S, 0.1, 1.0));
            let sum: Vec<f64> = sides[0].iter().zip(&sides[1]).map(|(l, r)| 0.5 * (l + r)).collect();
            alike = alike.max(correlation(&sides[0], &sides[1]).abs());
            let both =
                10.0 * (0.5 * (10_f64.powf(rms_db(&sides[0]) / 10.0) + 10_f64.powf(rms_db(&sides[1]) / 10.0))).log10();
            let loss = rms_db(&sum) - both;
            (least, most) = (least.min(loss), most.max(loss));
            // Per octave too, where cancellation would show.
            for centre_hz in [250.0, 1_000.0, 4_000.0] {
                let bands = [&sides[0], &sides[1]].map(|side| octave(side, rate_hz, centre_hz));
                // So few independent samples: 1/√(bandwidth times time) is 0.08 at 250 Hz.
                let limit = 3.0 / (0.7 * centre_hz * 0.9).sqrt();
                let band = correlation(&bands[0], &bands[1]).abs();
                assert!(band <= limit, "{space:?} {rate_hz} {centre_hz}: {band}");
            }
        }
        println!("{space:?} {rate_hz}: correlation {alike:.3}, mono sum {least:.2}..{most:.2} dB");
        assert!(alike <= 0.10, "{space:?} {rate_hz}: {alike}");
        assert!(least >= -4.0 && most <= -2.0, "{space:?} {rate_hz}: {least}..{most}");
    }
}

#[test]
fn r3_both_sides_are_uncorrelated_and_add_up() {
    two_sides(cases());
}

/// Frames from the end of a loud input to the last nonzero output, and the stated tail.
fn ends<P: Params>(params: &P, rate_hz: f64) -> (usize, usize) {
    let mut effect = params.build::<f32>(&StreamSpec::new(rate_hz, 2).unwrap()).unwrap();
    let mut audio: Vec<f32> = noise(3, rate_hz as usize).iter().map(|x| 2.0 * x).collect();
    effect.process(&mut BlockMut::from_planar(&mut audio, 2).unwrap());
    let Tail::Frames(tail) = effect.tail() else { panic!("no end") };
    let frames = tail as usize + 1_000;
    let mut silence = vec![0.0_f32; 2 * frames];
    effect.process(&mut BlockMut::from_planar(&mut silence, 2).unwrap());
    let last = |channel: usize| silence[channel * frames..][..frames].iter().rposition(|&x| x != 0.0).unwrap_or(0);
    (last(0).max(last(1)), tail as usize)
}

#[test]
fn r4_tails_end_in_exact_silence() {
    for space in SPACES {
        // The lowest rate: fewer frames to wait for.
        let params = ReverbParams::space(space);
        let (end, tail) = ends(&params, 8_000.0);
        println!("{space:?}: silent after {:.2} s, says {:.2} s", end as f64 / 8e3, tail as f64 / 8e3);
        assert!(end < tail, "{space:?}");
        // -200 dB is reached after 10/3 of the time to -60 dB of the slowest frequencies; not before.
        assert!(end as f64 / 8e3 > 2.8 * params.t60_s, "{space:?}");
    }
    for decay in [0.0, 0.5, 0.9] {
        let (end, tail) = ends(&PlateParams { decay, ..Default::default() }, 8_000.0);
        println!("Plate {decay}: silent after {:.2} s, says {:.2} s", end as f64 / 8e3, tail as f64 / 8e3);
        assert!(end < tail, "{decay}");
    }
}

#[test]
fn r4_energy_falls_evenly() {
    for (space, rate_hz) in cases() {
        let mut worst = 0.0_f64;
        for inputs in INPUTS {
            let levels = levels_db(&response(&plain(space), rate_hz, inputs, 1.6), rate_hz);
            // From 50 ms on; the first window includes the onset.
            for pair in levels[1..].windows(2) {
                worst = worst.max((pair[1] - pair[0] + 60.0 * 0.05 / T60_S).abs());
            }
        }
        println!("{space:?} {rate_hz}: within {worst:.2} dB of the decay from each 50 ms to the next");
        assert!(worst <= 1.0, "{space:?} {rate_hz}: {worst}");
    }
}

#[test]
fn dc_is_removed() {
    for space in SPACES {
        let params = ReverbParams { t60_s: 1.0, ..ReverbParams::space(space) };
        for response in response(&params, 48_000.0, [1.0, 1.0], 4.0) {
            let gain_db = 20.0 * response.iter().sum::<f64>().abs().log10();
            assert!(gain_db <= -60.0, "{space:?}: {gain_db} dB");
        }
    }
}

#[test]
fn noise_keeps_its_level() {
    let rate_hz = 48_000.0;
    let (mut least, mut most) = (f64::MAX, f64::MIN);
    for space in SPACES {
        for (size, t60_s, early_db) in
            [(0.0, 0.3, -6.0), (0.0, 4.0, -6.0), (0.5, 1.0, f64::NEG_INFINITY), (1.0, 0.5, 0.0), (1.0, 4.0, -6.0)]
        {
            let params = ReverbParams { size, t60_s, early_db, predelay_ms: 0.0, ..ReverbParams::space(space) };
            let (settled, frames) = (((t60_s + 0.5) * rate_hz) as usize, ((t60_s + 1.5) * rate_hz) as usize);
            let input = noise(5, frames);
            let input_db = -10.0 * 12_f64.log10();
            let wet = render(&params, rate_hz, input);
            for side in &wet {
                let level = rms_db(&side[settled..]) - input_db;
                (least, most) = (least.min(level), most.max(level));
            }
        }
    }
    println!("wet level {least:+.2}..{most:+.2} dB");
    assert!(least >= -1.5 && most <= 1.5, "{least}..{most}");
}

#[test]
fn the_level_is_that_of_48_khz_at_every_rate() {
    for space in SPACES {
        let params = ReverbParams { predelay_ms: 0.0, ..ReverbParams::space(space) };
        let level_db = |rate_hz: f64| {
            let responses =
                [[1.0, 0.0], [0.0, 1.0]].map(|inputs| response(&params, rate_hz, inputs, 0.3 + 0.7 * params.t60_s));
            let power = responses.as_flattened().iter().map(|side| pink_power(side, rate_hz)).sum::<f64>() / 2.0;
            10.0 * power.log10()
        };
        let expected = level_db(48_000.0);
        let differences =
            [8_000.0, 11_025.0, 16_000.0, 44_100.0, 96_000.0, 192_000.0].map(|rate_hz| level_db(rate_hz) - expected);
        println!("{space:?}: {expected:+.2} dB at 48 kHz, beside it {differences:+.2?}");
        assert!(differences.iter().all(|difference| difference.abs() <= 0.5), "{space:?}: {differences:?}");
    }
}

/// Response over another, in dB, at some frequencies.
fn ratio_db(with: &[f64], without: &[f64], rate_hz: f64, frequencies_hz: &[f64]) -> Vec<f64> {
    let power = |response: &[f64], hz: f64| {
        let (mut re, mut im) = (0.0, 0.0);
        for (n, h) in response.iter().enumerate() {
            let (sin, cos) = (std::f64::consts::TAU * hz * n as f64 / rate_hz).sin_cos();
            re += h * cos;
            im += h * sin;
        }
        re * re + im * im
    };
    frequencies_hz.iter().map(|&hz| 10.0 * (power(with, hz) / power(without, hz)).log10()).collect()
}

#[test]
fn cuts_filter_the_reverb_alone() {
    let rate_hz = 48_000.0;
    let off = ReverbParams { modulation_depth_ms: 0.0, ..ReverbParams::space(Space::Room) };
    let at_off = ReverbParams { low_cut_hz: 20.0, high_cut_hz: 20_000.0, duck_db: 0.0, ..off };
    assert_eq!(response(&off, rate_hz, [1.0, 0.0], 0.5), response(&at_off, rate_hz, [1.0, 0.0], 0.5));
    let cut = ReverbParams { low_cut_hz: 300.0, high_cut_hz: 5_000.0, ..off };
    let [with, without] = [cut, off].map(|params| response(&params, rate_hz, [1.0, 0.0], 2.0));
    let expected = |hz: f64| {
        let (low, high) = ((300.0 / hz).powi(4), (hz / 5_000.0).powi(4));
        -10.0 * ((1.0 + low) * (1.0 + high)).log10()
    };
    let frequencies = [75.0, 150.0, 300.0, 1_200.0, 5_000.0, 10_000.0];
    for side in 0..2 {
        let ratios = ratio_db(&with[side], &without[side], rate_hz, &frequencies);
        println!("{ratios:.2?}");
        for (ratio, hz) in ratios.iter().zip(frequencies) {
            assert!((ratio - expected(hz)).abs() <= 0.15, "{hz}: {ratio} {}", expected(hz));
        }
    }
    // The input passes unfiltered.
    let dry = render(&ReverbParams { mix: 0.0, ..cut }, rate_hz, noise(4, 4_800));
    assert!(dry[0].iter().zip(noise(4, 4_800)).all(|(a, b)| *a == f64::from(b)));
}

#[test]
fn ducking_follows_the_input() {
    let rate_hz = 48_000.0;
    let params = ReverbParams { t60_s: 2.0, modulation_depth_ms: 0.0, predelay_ms: 0.0, ..ReverbParams::default() };
    let ducked = ReverbParams { duck_db: 12.0, ..params };
    let reduction_db = |level_db: f64| {
        // Two seconds of noise, then silence.
        let gain = (10_f64.powf(level_db / 20.0) * 12_f64.sqrt()) as f32;
        let mut input = noise(7, 192_000);
        for channel in 0..2 {
            input[channel * 192_000..][..96_000].iter_mut().for_each(|x| *x *= gain);
            input[channel * 192_000..][96_000..192_000].fill(0.0);
        }
        let [with, without] = [ducked, params].map(|params| render(&params, rate_hz, input.clone()));
        let at = |seconds: f64| {
            let from = (seconds * rate_hz) as usize;
            rms_db(&without[0][from..from + 480]) - rms_db(&with[0][from..from + 480])
        };
        [at(0.06), at(1.5), at(2.05), at(2.3), at(3.5)]
    };
    let (loud, middle, soft) = (reduction_db(-12.0), reduction_db(-30.0), reduction_db(-44.0));
    println!("loud {loud:.2?}, middle {middle:.2?}, soft {soft:.2?}");
    assert!(loud[0] > 11.0 && (loud[1] - 12.0).abs() < 0.05 && loud[2] > 9.0, "{loud:?}");
    // Falls below the range within some 30 ms, then by the release of 250 ms.
    assert!((loud[3] - 12.0 * (-0.25_f64 / 0.25).exp()).abs() < 1.5 && loud[4] < 0.1, "{loud:?}");
    assert!((middle[1] - 6.0).abs() < 1.0, "{middle:?}");
    assert!(soft[1] < 0.3, "{soft:?}");
}

#[test]
fn the_side_of_the_input_excites_as_much_as_its_mid() {
    for space in SPACES {
        let energy = |inputs| {
            let response = response(&ReverbParams::space(space), 48_000.0, inputs, 2.0);
            10.0 * response.iter().flatten().map(|x| x * x).sum::<f64>().log10()
        };
        let difference = energy([0.5, -0.5]) - energy([0.5, 0.5]);
        println!("{space:?}: side {difference:+.2} dB beside the middle");
        assert!(difference.abs() <= 1.0, "{space:?}: {difference}");
    }
}

#[test]
fn frozen_it_neither_falls_nor_grows() {
    let rate_hz = 8_000.0;
    let spec = StreamSpec::new(rate_hz, 2).unwrap();
    let params = ReverbParams { early_db: f64::NEG_INFINITY, ..Default::default() };
    let mut reverb = params.build::<f32>(&spec).unwrap();
    let mut audio = noise(1, 16_000);
    reverb.process(&mut BlockMut::from_planar(&mut audio, 2).unwrap());
    reverb.set_params(&ReverbParams { freeze: true, ..params }).unwrap();
    assert_eq!(reverb.tail(), Tail::Infinite);
    // New input has no effect.
    let mut levels = vec![];
    for _ in 0..30 {
        let mut second = noise(2, 8_000);
        reverb.process(&mut BlockMut::from_planar(&mut second, 2).unwrap());
        levels.push(rms_db(&second.iter().map(|&x| f64::from(x)).collect::<Vec<_>>()));
    }
    let mean = |levels: &[f64]| levels.iter().sum::<f64>() / levels.len() as f64;
    let change = mean(&levels[25..]) - mean(&levels[2..7]);
    println!("frozen: {change:+.3} dB in 23 s");
    // 1 - 1e-6 per pass of about 0.1 s leaves 0.002 dB; the modes of a frozen tail beat.
    assert!(change.abs() <= 0.1, "{change}");
    reverb.set_params(&params).unwrap();
    let mut silence = vec![0.0_f32; 2 * 80_000];
    reverb.process(&mut BlockMut::from_planar(&mut silence, 2).unwrap());
    assert!(silence[79_000..80_000].iter().all(|&x| x == 0.0), "thaws");
}

#[test]
fn without_modulation_it_is_time_invariant() {
    let params = ReverbParams { modulation_depth_ms: 0.0, ..Default::default() };
    let (frames, late) = (20_000, 777);
    let at = |start: usize| {
        let mut audio = vec![0.0_f32; 2 * frames];
        audio[start] = 1.0;
        render(&params, 48_000.0, audio)
    };
    let (now, later) = (at(0), at(late));
    for (now, later) in now.iter().zip(&later) {
        // Decayed states are zeroed on a grid, below -280 dB.
        let worst = now.iter().zip(&later[late..]).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        assert!(worst < 1e-12, "{worst}");
    }
}

#[test]
fn f32_rounding_is_100_db_below_the_output() {
    for params in [ReverbParams::default(), ReverbParams::space(Space::Cathedral)] {
        let input = noise(9, 96_000);
        let narrow = render(&params, 96_000.0, input.clone());
        let mut wide: Vec<f64> = input.iter().map(|&x| f64::from(x)).collect();
        let mut reverb = params.build::<f64>(&StreamSpec::new(96_000.0, 2).unwrap()).unwrap();
        reverb.process(&mut BlockMut::from_planar(&mut wide, 2).unwrap());
        let error: Vec<f64> = narrow[0].iter().zip(&wide).map(|(a, b)| a - b).collect();
        let error_db = rms_db(&error) - rms_db(&narrow[0]);
        println!("{:?}: f32 beside f64 {error_db:.1} dB", params.space);
        assert!(error_db <= -100.0, "{error_db}");
    }
}

#[test]
fn a_plate_is_wide_and_decays_as_its_card_states() {
    for rate_hz in [44_100.0, 48_000.0, 96_000.0] {
        for (decay, expected_s) in [(0.5, 1.93), (0.8, 5.99)] {
            let params = PlateParams { decay, damping_hz: 20_000.0, ..Default::default() };
            let sides = response(&params, rate_hz, [1.0, 1.0], 1.2 * expected_s);
            let bands: Vec<Vec<f64>> = sides.iter().map(|side| octave(side, rate_hz, 500.0)).collect();
            let decay_s = t60_s(&decay_db(&bands), rate_hz);
            let tails = [0, 1].map(|side: usize| compensated(&sides[side], rate_hz, expected_s, 0.1, 1.0));
            let alike = correlation(&tails[0], &tails[1]).abs();
            println!("Plate {decay} {rate_hz}: T60 {decay_s:.2} s, correlation {alike:.3}");
            assert!((decay_s / expected_s - 1.0).abs() <= 0.03, "{decay} {rate_hz}: {decay_s}");
            assert!(alike <= 0.10, "{decay} {rate_hz}: {alike}");
        }
    }
}

#[test]
fn a_plate_answers_left_right_mid_and_side_alike() {
    let energy_db = |inputs| {
        let response = response(&PlateParams::default(), 48_000.0, inputs, 2.0);
        10.0 * response.iter().flatten().map(|x| x * x).sum::<f64>().log10()
    };
    let levels = INPUTS.map(energy_db);
    println!("left, mid, side, right: {levels:.2?} dB");
    // Half of each side is half the energy of one.
    for (level, expected) in levels.into_iter().zip([0.0, -3.01, -3.01, 0.0]) {
        assert!((level - levels[0] - expected).abs() <= 1.0, "{levels:?}");
    }
    // What comes from the left is on the left first.
    let sides = response(&PlateParams::default(), 48_000.0, [1.0, 0.0], 0.2);
    assert!(onset(&sides[0]) < 960 && onset(&sides[1]) > 960, "{} {}", onset(&sides[0]), onset(&sides[1]));
}

/// Mean power gain of both sides over `weights` of the frequency, for noise on both inputs, in dB.
fn level_db(params: &PlateParams, seconds: f64, weight: impl Fn(f64) -> f64) -> f64 {
    let rate_hz = 48_000.0;
    let (mut power, mut weights) = (0.0, 0.0);
    for inputs in [[1.0, 0.0], [0.0, 1.0]] {
        for side in response(params, rate_hz, inputs, seconds) {
            let length = side.len().next_power_of_two();
            for (index, bin) in power_spectrum(&side, length).into_iter().enumerate() {
                let hz = index as f64 * rate_hz / length as f64;
                if (20.0..20_000.0).contains(&hz) {
                    power += weight(hz) * bin;
                    weights += 0.5 * weight(hz);
                }
            }
        }
    }
    10.0 * (power / weights).log10()
}

#[test]
fn a_plate_keeps_the_level_of_pink_noise_whatever_its_decay() {
    /// Normalised for white noise, pink noise came out 0.7 dB softer at a decay of 0 and 6.4 dB louder at 0.99.
    const PINK_DB: f64 = 0.8;
    /// Damping takes the treble, in which white noise has its power: the more of it, the longer the decay.
    const WHITE_DB: [f64; 2] = [-8.0, 0.5];
    let (mut pink, mut white) = (vec![], vec![]);
    for (damping_hz, decays) in
        [(7_000.0, &[0.0, 0.25, 0.5, 0.7, 0.8, 0.9, 0.95, 0.99][..]), (20_000.0, &[0.5, 0.95]), (1_000.0, &[0.5, 0.95])]
    {
        for &decay in decays {
            let params = PlateParams { decay, damping_hz, ..Default::default() };
            let seconds = 1.0 + 0.6 / (1.0 - decay);
            pink.push(level_db(&params, seconds, f64::recip));
            if damping_hz == 7_000.0 {
                white.push(level_db(&params, seconds, |_| 1.0));
            }
        }
    }
    println!("pink {pink:+.2?} dB, white {white:+.2?} dB");
    assert!(pink.iter().all(|level| level.abs() <= PINK_DB), "{pink:?}");
    assert!(white.iter().all(|level| (WHITE_DB[0]..=WHITE_DB[1]).contains(level)), "{white:?}");
}

#[test]
fn a_plate_has_the_same_level_at_every_rate() {
    let level_db = |rate_hz: f64| {
        let sides = [[1.0, 0.0], [0.0, 1.0]].map(|inputs| response(&PlateParams::default(), rate_hz, inputs, 3.0));
        10.0 * (sides.as_flattened().iter().map(|side| pink_power(side, rate_hz)).sum::<f64>() / 2.0).log10()
    };
    let expected = level_db(48_000.0);
    let differences = [8_000.0, 16_000.0, 44_100.0, 96_000.0, 192_000.0].map(|rate_hz| level_db(rate_hz) - expected);
    println!("{expected:+.2} dB at 48 kHz, beside it {differences:+.2?}");
    assert!(differences.iter().all(|difference| difference.abs() <= 0.5), "{differences:?}");
}

#[test]
fn a_plate_has_no_dc_and_no_infrasonic_peak() {
    let rate_hz = 48_000.0;
    for side in response(&PlateParams { decay: 0.99, ..Default::default() }, rate_hz, [1.0, 0.0], 87.0) {
        let length = side.len().next_power_of_two();
        let power = power_spectrum(&side, length);
        let bin = |hz: f64| (hz * length as f64 / rate_hz) as usize;
        let mean = power[bin(100.0)..bin(4_000.0)].iter().sum::<f64>() / (bin(4_000.0) - bin(100.0)) as f64;
        let dc_db = 10.0 * (power[0] / mean).log10();
        let peak_db = 10.0 * (power[bin(1.0)..bin(20.0)].iter().fold(0.0, |a: f64, b| a.max(*b)) / mean).log10();
        println!("DC {dc_db:.1} dB, peak below 20 Hz {peak_db:.1} dB over the mean");
        assert!(dc_db < -60.0 && peak_db < 0.0, "{dc_db} {peak_db}");
    }
}

/// Every `factor`th sample after a low pass at 20 kHz: what of a response is heard.
fn audible(response: &[f64], rate_hz: f64, factor: usize) -> Vec<f64> {
    let reach = (0.001 * rate_hz) as usize;
    let tap = |k: usize| {
        let (x, u) = (std::f64::consts::TAU * 20_000.0 / rate_hz * k as f64, k as f64 / (reach + 1) as f64);
        let sinc = if k == 0 { 1.0 } else { x.sin() / x };
        sinc * (0.5 + 0.5 * (std::f64::consts::PI * u).cos())
    };
    let taps: Vec<f64> = (0..=2 * reach).map(|n| tap(n.abs_diff(reach))).collect();
    let around = [vec![0.0; reach], response.to_vec(), vec![0.0; reach]].concat();
    around.windows(taps.len()).step_by(factor).map(|w| w.iter().zip(&taps).map(|(x, h)| x * h).sum()).collect()
}

#[test]
fn a_plate_is_as_dense_as_its_card_states() {
    // The least echo density from 50 ms after the onset on, and its mean around 100 ms.
    let density = |diffusion: f64, rate_hz: f64, factor: usize| {
        let params = PlateParams { diffusion, ..Default::default() };
        let (mut least, mut sum, mut count) = (f64::MAX, 0.0, 0.0);
        for inputs in [[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]] {
            for side in response(&params, rate_hz, inputs, 0.5) {
                let heard = if factor == 0 { side } else { audible(&side, rate_hz, factor) };
                let heard = &heard[onset(&heard)..];
                for (at, density) in echo_density(heard, rate_hz / factor.max(1) as f64) {
                    if at >= 0.05 {
                        least = least.min(density);
                    }
                    if (at - 0.1).abs() <= 0.01 {
                        sum += density;
                        count += 1.0;
                    }
                }
            }
        }
        [least, sum / count]
    };
    for (rate_hz, factor) in [(44_100.0, 1), (48_000.0, 1), (88_200.0, 2), (96_000.0, 2), (192_000.0, 4)] {
        let (heard, whole) = (density(1.0, rate_hz, factor), density(1.0, rate_hz, 0));
        println!(
            "{rate_hz}: least from 50 ms on, mean at 100 ms: {heard:.2?} up to 20 kHz, {whole:.2?} up to half the rate"
        );
        // What is heard is as dense at every rate; beyond, echoes are too short to overlap.
        assert!(heard[0] >= 0.8 && heard[1] >= 0.93, "{rate_hz}: {heard:?}");
    }
    let (full, half) = (density(1.0, 48_000.0, 1), density(0.5, 48_000.0, 1));
    assert!(half[1] < full[1], "{half:?}");
}

#[test]
fn a_plate_detunes_a_tone_by_less_than_6_cents() {
    let rate_hz = 48_000.0;
    let (on, frames) = (96_000, 240_000);
    let mut audio = vec![0.0_f32; 2 * frames];
    for channel in 0..2 {
        for n in 0..on {
            let fade = 0.5 - 0.5 * (std::f64::consts::PI * ((on - n) as f64 / 960.0).min(1.0)).cos();
            let tone = 0.3 * (std::f64::consts::TAU * 440.0 * n as f64 / rate_hz).sin();
            audio[channel * frames + n] = (fade * tone) as f32;
        }
    }
    for side in render(&PlateParams { decay: 0.9, ..Default::default() }, rate_hz, audio) {
        let tail: Vec<f64> = side[on + 14_400..on + 110_400]
            .iter()
            .enumerate()
            .map(|(n, x)| x * (0.5 - 0.5 * (std::f64::consts::TAU * n as f64 / 96_000.0).cos()))
            .collect();
        let length = 1 << 20;
        let power = power_spectrum(&tail, length);
        let near: Vec<(f64, f64)> = (1..power.len())
            .map(|index| (1_200.0 * (index as f64 * rate_hz / length as f64 / 440.0).log2(), power[index]))
            .filter(|(cents, _)| cents.abs() <= 60.0)
            .collect();
        let all: f64 = near.iter().map(|(_, power)| power).sum();
        let mean = near.iter().map(|(cents, power)| cents * power).sum::<f64>() / all;
        let spread =
            (near.iter().map(|(cents, power)| (cents - mean) * (cents - mean) * power).sum::<f64>() / all).sqrt();
        println!("mean {mean:+.1}, spread {spread:.1} cents");
        assert!(spread <= 6.0 && mean.abs() <= 6.0, "{mean} {spread}");
    }
}

#[test]
fn a_plate_has_a_low_cut_and_a_width() {
    let rate_hz = 48_000.0;
    let off = PlateParams { modulation_depth_ms: 0.0, ..Default::default() };
    let cut = PlateParams { low_cut_hz: 300.0, ..off };
    let [with, without] = [cut, off].map(|params| response(&params, rate_hz, [1.0, 0.0], 8.0));
    let frequencies = [75.0, 150.0, 300.0, 1_200.0];
    let ratios = ratio_db(&with[0], &without[0], rate_hz, &frequencies);
    println!("{ratios:.2?}");
    for (ratio, hz) in ratios.into_iter().zip(frequencies) {
        let expected = -10.0 * (1.0 + (300.0 / hz).powi(4)).log10();
        assert!((ratio - expected).abs() <= 0.1, "{hz}: {ratio} {expected}");
    }
    let mono = response(&PlateParams { width: 0.0, ..off }, rate_hz, [1.0, 0.0], 2.0);
    assert_eq!(mono[0], mono[1]);
    let energy = |response: &[Vec<f64>; 2]| response.iter().flatten().map(|h| h * h).sum::<f64>();
    let difference = 10.0 * (energy(&mono) / energy(&response(&off, rate_hz, [1.0, 0.0], 2.0))).log10();
    assert!(difference.abs() <= 1.0, "{difference}");
}

#[test]
fn r1_to_r3_the_whole_matrix() {
    let all = || SPACES.into_iter().flat_map(|space| [44_100.0, 48_000.0, 96_000.0].map(|rate_hz| (space, rate_hz)));
    stays_dense(all());
    even_tail(all());
    two_sides(all());
    decays_as_asked(all().map(|(space, rate_hz)| (ReverbParams::space(space), rate_hz)), 0.07);
}
