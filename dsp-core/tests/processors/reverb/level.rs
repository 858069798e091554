//! The level of a reverb: over settings, sample rates and inputs; ducking; linearity.

use super::*;

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
