//! The colour of a reverb: even tails, uncorrelated sides, no DC, cuts.

use super::*;

/// The tail of a space as shipped: its own size and time, the same at all frequencies, without modulation. The longer it
/// is against the lines, the fewer modes overlap.
#[test]
fn r1_tails_as_shipped_are_as_flat_as_noise() {
    for (space, rate_hz) in cases() {
        let shipped = ReverbParams::space(space);
        let (size, t60_s) = (shipped.size, shipped.t60_s);
        let params = ReverbParams { size, t60_s, ..plain(space) };
        // The window of the recipe at 2 s, shorter for shorter tails.
        let scale = (t60_s / T60_S).min(1.0);
        let mut flat = f64::MAX;
        for inputs in INPUTS {
            for response in response(&params, rate_hz, inputs, 1.25 * scale) {
                let tail = compensated(&response, rate_hz, t60_s, 0.15 * scale, 1.2 * scale);
                flat = flat.min(flatness(&tail, rate_hz));
            }
        }
        println!("{space:?} {rate_hz}: flatness {flat:.3}");
        assert!(flat >= 0.48, "{space:?} {rate_hz}: {flat}");
    }
}

#[test]
fn r1_tails_are_even_noise() {
    for (space, rate_hz) in cases() {
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
        // At 2 s and half the size, all spaces alike: Σ of the delays is 0.9 s in a room, fewer modes than overlap.
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
fn r3_both_sides_are_uncorrelated_and_add_up() {
    for (space, rate_hz) in cases() {
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

/// The steady 100 Hz of a reverb before and after a change: the residue above 1 kHz, and the change of a tone's level.
fn change<P: Params>(from: &P, to: &P, hz: f64) -> (f64, f64) {
    let rate_hz = 48_000.0;
    let (frames, at) = (144_000, 72_000);
    let fade_in = |n: usize| {
        let u = (n as f64 / 9_600.0).min(1.0);
        u * u * u * (10.0 + u * (6.0 * u - 15.0))
    };
    let tone: Vec<f64> =
        (0..frames).map(|n| fade_in(n) * (std::f64::consts::TAU * hz / rate_hz * n as f64).sin()).collect();
    let mut audio = [tone.clone(), tone].concat();
    let mut effect = from.build::<f64>(&StreamSpec::new(rate_hz, 2).unwrap()).unwrap();
    let (left, right) = audio.split_at_mut(frames);
    let ((left, later_left), (right, later_right)) = (left.split_at_mut(at), right.split_at_mut(at));
    effect.process(&mut BlockMut::from_slices(&mut [left, right]).unwrap());
    effect.set_params(to).unwrap();
    effect.process(&mut BlockMut::from_slices(&mut [later_left, later_right]).unwrap());
    let out = &audio[..frames];
    let peak = |samples: &[f64]| samples.iter().fold(0.0_f64, |peak, x| peak.max(x.abs()));
    let gain = 0.5 / peak(out);
    let scaled: Vec<f64> = out.iter().map(|x| gain * x).collect();
    let change = peak(&out[frames - 9_600..]) / peak(&out[at - 9_600..at]);
    (crate::common::residue_dbfs(&scaled, rate_hz), 20.0 * change.log10())
}

#[test]
fn cuts_leave_their_off_values_without_a_click_or_a_jump() {
    /// As for every change.
    const LIMIT_DBFS: f64 = -100.0;
    let reverb = |low_cut_hz, high_cut_hz| ReverbParams {
        low_cut_hz,
        high_cut_hz,
        modulation_depth_ms: 0.0,
        ..ReverbParams::space(Space::Room)
    };
    let plate = |low_cut_hz| PlateParams { low_cut_hz, decay: 0.2, modulation_depth_ms: 0.0, ..Default::default() };
    let off = reverb(20.0, 20_000.0);
    let reverbs = [reverb(21.0, 20_000.0), reverb(200.0, 20_000.0), reverb(20.0, 19_900.0), reverb(20.0, 1_000.0)];
    for hz in [40.0, 100.0] {
        let both = |there: (f64, f64), back: (f64, f64), is_near: bool, name: &str| {
            println!("{name}, {hz} Hz: residue {:.1} and {:.1} dBFS, level {:+.2} dB", there.0, back.0, there.1);
            assert!(there.0 <= LIMIT_DBFS && back.0 <= LIMIT_DBFS, "{name}: {there:?} {back:?}");
            // A corner of 21 Hz takes 0.3 dB from 40 Hz.
            assert!(!is_near || there.1.abs() <= 0.5, "{name}: {there:?}");
        };
        for (index, cut) in reverbs.iter().enumerate() {
            both(change(&off, cut, hz), change(cut, &off, hz), index % 2 == 0, "Reverb");
        }
        for low_cut_hz in [21.0, 200.0] {
            let (off, cut) = (plate(20.0), plate(low_cut_hz));
            both(change(&off, &cut, hz), change(&cut, &off, hz), low_cut_hz == 21.0, "Plate");
        }
    }
}
