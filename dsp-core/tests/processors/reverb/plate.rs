//! The gates of `Plate`.

use super::*;

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
fn modulation_takes_no_treble_from_a_plate() {
    // With an interpolation that loses treble, 16 kHz decayed in 0.71 of the time.
    let decays = |modulation_depth_ms: f64, modulation_hz: f64| {
        let params =
            PlateParams { decay: 0.8, damping_hz: 20_000.0, modulation_depth_ms, modulation_hz, ..Default::default() };
        let sides = response(&params, 44_100.0, [1.0, 1.0], 6.0);
        [2_000.0, 8_000.0, 16_000.0].map(|hz| {
            let bands: Vec<Vec<f64>> = sides.iter().map(|side| octave(side, 44_100.0, hz)).collect();
            t60_s(&decay_db(&bands), 44_100.0)
        })
    };
    let still = decays(0.0, 1.0);
    for (depth_ms, hz) in [(0.1, 1.0), (1.0, 0.3), (1.0, 3.0)] {
        let ratios: Vec<f64> =
            decays(depth_ms, hz).into_iter().zip(still).map(|(moving, still)| moving / still).collect();
        println!("{depth_ms} ms, {hz} Hz: {ratios:.2?} of the decay at rest");
        // Moving modes share their decays, so that the long ones, which a fit reads, get a little shorter.
        assert!(ratios.iter().all(|ratio| *ratio >= 0.85), "{depth_ms} {hz}: {ratios:?}");
    }
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
