//! The decay of a reverb: its time in every octave, its evenness, its end.

use super::*;

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
        .map(|step| centre_hz * 2_f64.powf(f64::from(step) / 80.0))
        .filter(|hz| *hz < 0.5 * rate_hz)
        .map(|hz| {
            let (low, high) = (centre_hz / hz / 2_f64.sqrt(), hz / centre_hz / 2_f64.sqrt());
            // Hertz per step, and the octave filter.
            (t60_at(hz), hz / ((1.0 + low.powi(12)) * (1.0 + high.powi(12))))
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

const OCTAVES_HZ: [f64; 9] = [63.0, 125.0, 250.0, 500.0, 1_000.0, 2_000.0, 4_000.0, 8_000.0, 16_000.0];

fn decays_as_asked(cases: impl Iterator<Item = (ReverbParams, f64)>, limit: f64) {
    let (mut worst, mut worst_63) = (0.0_f64, 0.0_f64);
    for (params, rate_hz) in cases {
        let mut told = String::new();
        let longest_s = params.t60_s * params.t60_low_ratio.max(params.t60_high_ratio).max(1.0);
        let responses: Vec<Vec<f64>> = [[1.0, 0.0], [0.0, 1.0]]
            .into_iter()
            .flat_map(|inputs| response(&params, rate_hz, inputs, 0.3 + 1.1 * longest_s))
            .collect();
        let bands: Vec<Vec<Vec<f64>>> =
            responses.iter().map(|response| octaves(response, rate_hz, &OCTAVES_HZ)).collect();
        for (index, centre_hz) in OCTAVES_HZ.into_iter().enumerate() {
            let bands: Vec<&[f64]> = bands.iter().map(|bands| bands[index].as_slice()).collect();
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
    let bright = |t60_s: f64| ReverbParams { t60_s, t60_low_ratio: 1.0, t60_high_ratio: 1.0, ..hall };
    let spaces = SPACES.into_iter().map(|space| (moved(ReverbParams::space(space), 1.0, 3.0), 44_100.0));
    let others = [
        (moved(hall, 1.0, 3.0), 48_000.0),
        (moved(hall, 1.0, 0.3), 44_100.0),
        // Each line stands at another fraction.
        (moved(hall, 1.0, 0.0), 44_100.0),
        (moved(room, 1.0, 3.0), 96_000.0),
        (moved(bright(8.0), 0.15, 0.7), 44_100.0),
        (moved(bright(18.0), 1.0, 3.0), 44_100.0),
    ];
    decays_as_asked(spaces.chain(others), 0.07);
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
