//! The gates of the convolution and of the linear-phase equalizer.

use crate::common::*;
use mixdown::{convolution::*, filters::*, meters::*, *};
use std::f64::consts::{PI, TAU};

const RATE_HZ: f64 = 48_000.0;

fn spec(channels: usize) -> StreamSpec {
    StreamSpec::new(RATE_HZ, channels).unwrap()
}

fn response(rows: &[&[f64]]) -> ConvolutionParams {
    ConvolutionParams { impulse_response: ImpulseResponse::from_rows(rows).unwrap(), ..Default::default() }
}

/// The output of one channel, for a given cut.
fn through<S: Sample>(params: &impl Params, input: &[f64], cut: &Cut) -> Vec<f64> {
    let mut processor = params.build::<S>(&spec(1)).unwrap();
    let mut audio: Vec<S> = input.iter().map(|x| S::from_f64(*x)).collect();
    run(&mut processor, &mut audio, cut, vec![]);
    audio.iter().map(|x| x.to_f64()).collect()
}

fn rms_db(samples: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = samples.fold((0.0, 0.0), |(sum, count), x| (sum + x * x, count + 1.0));
    10.0 * (sum / count).log10()
}

#[test]
fn c1_error_against_direct_convolution() {
    /// C1: re the RMS of the output.
    const LIMITS_DB: [f64; 2] = [-120.0, -250.0];
    let random = Cut(noise(5, 60).iter().map(|x| ((x + 1.0) * 700.0) as usize).collect());
    // Numbers exact in f32, so that both formats convolve the same.
    let single = |x: &f64| f64::from(*x as f32);
    for length in [1, 63, 64, 65, 1_000, 192_000] {
        let taps: Vec<f64> = decay(1, length).iter().map(single).collect();
        let input: Vec<f64> = noise(2, length + 20_000).iter().map(single).collect();
        let outputs = [
            through::<f32>(&response(&[&taps]), &input, &random),
            through::<f64>(&response(&[&taps]), &input, &random),
        ];
        // All frames of the short ones; of the longest some frames of every part.
        let step = if length > 10_000 { 97 } else { 1 };
        let frames: Vec<usize> = (0..input.len()).step_by(step).collect();
        let at = |&n: &usize| (0..length.min(n + 1)).map(|k| taps[k] * input[n - k]).sum::<f64>();
        let direct: Vec<f64> = frames.iter().map(at).collect();
        let level_db = rms_db(direct.iter().copied());
        for (output, limit_db) in outputs.iter().zip(LIMITS_DB) {
            let errors = frames.iter().zip(&direct).map(|(&n, direct)| output[n] - direct);
            let error_db = rms_db(errors) - level_db;
            println!("C1 {length} taps: {error_db:.1} dB (limit {limit_db})");
            assert!(error_db <= limit_db, "{length}: {error_db}");
        }
    }
}

#[test]
fn c1_latency_is_0_and_the_impulse_response_comes_back() {
    let taps = decay(3, 70_000);
    let params = response(&[&taps]);
    assert_eq!(params.build::<f32>(&spec(1)).unwrap().latency_frames(), 0);
    let mut impulse = vec![0.0; 80_000];
    impulse[100] = 1.0;
    let output = through::<f32>(&params, &impulse, &Cut(vec![333]));
    assert!(output[..100].iter().all(|&x| x == 0.0));
    // The maximum of a cross-correlation would be the first tap itself; every later tap is checked too.
    let worst = output[100..70_100].iter().zip(&taps).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    println!("C1 worst tap error {:.1} dBFS", 20.0 * worst.log10());
    assert!(worst < 1e-6);
}

#[test]
fn c1_a_deconvolved_sweep_gives_the_response_back() {
    /// C1: null of the deconvolved response.
    const LIMIT_DB: f64 = -100.0;
    // A. Farina, AES 108 (2000): an exponential sweep and its inverse, here by division of spectra, without the ends of
    // the sweep, where it has no energy, on both sides.
    let frames = 1 << 15;
    let (from_hz, to_hz, length) = (10.0, 23_900.0, 20_000);
    let rise = f64::ln(to_hz / from_hz);
    let sweep: Vec<f64> = (0..frames)
        .map(|n| {
            let t = n as f64 / length as f64;
            let fade = ((length as f64 - n as f64) / 200.0).clamp(0.0, 1.0) * (n as f64 / 200.0).min(1.0);
            0.5 * fade * (TAU * from_hz / RATE_HZ * length as f64 / rise * ((t * rise).exp() - 1.0)).sin()
        })
        .collect();
    let taps = decay(4, 9_000);
    let output = through::<f32>(&response(&[&taps]), &sweep, &Cut(vec![512]));
    let mut padded = taps.clone();
    padded.resize(frames, 0.0);
    let [sweep, output, padded] = [sweep, output, padded].map(|x| spectrum(&x));
    let (mut error, mut power) = (0.0, 0.0);
    for bin in 20..frames / 2 - 100 {
        error += (output[bin] / sweep[bin] - padded[bin]).norm_sqr();
        power += padded[bin].norm_sqr();
    }
    let null_db = 10.0 * (error / power).log10();
    println!("C1 sweep: null {null_db:.1} dB (limit {LIMIT_DB})");
    assert!(null_db <= LIMIT_DB);
}

/// A plain transform of a power of two: tests do not use the library's own transform as a reference.
fn spectrum(samples: &[f64]) -> Vec<Complex64> {
    fn transform(points: &[Complex64]) -> Vec<Complex64> {
        if points.len() == 1 {
            return points.to_vec();
        }
        let half = |first: usize| transform(&points.iter().skip(first).step_by(2).copied().collect::<Vec<_>>());
        let (even, odd) = (half(0), half(1));
        let turned = |k: usize| odd[k] * Complex64::cis(-TAU * k as f64 / points.len() as f64);
        let low = (0..even.len()).map(|k| even[k] + turned(k));
        let high = (0..even.len()).map(|k| even[k] - turned(k));
        low.chain(high).collect()
    }
    transform(&samples.iter().map(|&x| x.into()).collect::<Vec<_>>())
}

#[test]
fn true_stereo_is_four_convolutions() {
    let rows: Vec<Vec<f64>> = (0..4).map(|row| decay(10 + row, 3_000)).collect();
    let input = planar_noise::<f64>(2, 8_000);
    let params = response(&rows.iter().map(Vec::as_slice).collect::<Vec<_>>());
    let mut audio = input.clone();
    run(&mut params.build::<f64>(&spec(2)).unwrap(), &mut audio, &Cut(vec![480]), vec![]);
    let (left, right) = input.split_at(8_000);
    for (side, [from_left, from_right]) in [[0, 2], [1, 3]].into_iter().enumerate() {
        let a = through::<f64>(&response(&[&rows[from_left]]), left, &Cut::whole());
        let b = through::<f64>(&response(&[&rows[from_right]]), right, &Cut::whole());
        let worst = audio[side * 8_000..][..8_000].iter().zip(a.iter().zip(&b)).map(|(x, (a, b))| (x - a - b).abs());
        assert!(worst.fold(0.0, f64::max) < 1e-13);
    }
}

#[test]
fn a_channels_bits_do_not_depend_on_its_neighbours() {
    let params = response(&[&decay(6, 20_000)]);
    let input = planar_noise::<f32>(5, 30_000);
    let mut together = input.clone();
    run(&mut params.build::<f32>(&spec(5)).unwrap(), &mut together, &Cut(vec![512]), vec![]);
    for (alone, together) in input.chunks(30_000).zip(together.chunks(30_000)) {
        let mut alone = alone.to_vec();
        run(&mut params.build::<f32>(&spec(1)).unwrap(), &mut alone, &Cut::whole(), vec![]);
        assert!(same_bits(&alone, together));
    }
}

#[test]
fn same_bits_however_a_long_response_is_cut() {
    // Longer than the settings of the laws, so that every stage is in use.
    let params = ConvolutionParams { predelay_ms: 11.0, ..response(&[&decay(8, 200_000), &decay(9, 200_000)]) };
    let input = planar_noise::<f32>(2, 280_000);
    let render = |cut: &Cut| {
        let mut audio = input.clone();
        run(&mut params.build::<f32>(&spec(2)).unwrap(), &mut audio, cut, vec![]);
        audio
    };
    let whole = render(&Cut::whole());
    for cut in [Cut(vec![1]), Cut(vec![64]), Cut(vec![480, 3, 1_000])] {
        assert!(same_bits(&render(&cut), &whole), "{cut:?}");
    }
    let tail = params.build::<f32>(&spec(2)).unwrap().tail();
    let Tail::Frames(tail) = tail else { panic!("no end") };
    let mut audio = planar_noise::<f32>(2, 1_000 + tail as usize + 1_000);
    let frames = audio.len() / 2;
    for channel in audio.chunks_mut(frames) {
        channel[1_000..].fill(0.0);
    }
    run(&mut params.build::<f32>(&spec(2)).unwrap(), &mut audio, &Cut(vec![512]), vec![]);
    println!("tail {tail} frames of 200 000 taps");
    for channel in audio.chunks(frames) {
        assert!(channel[1_000 + tail as usize..].iter().all(|&x| x == 0.0));
        assert!(channel[100_000..150_000].iter().any(|&x| x != 0.0));
    }
}

#[test]
fn normalised_pink_noise_is_as_loud_as_before() {
    /// Level fluctuation of noise of a few seconds, in LU.
    const LIMIT_LU: f64 = 0.5;
    // Rows that fall by 3 dB per octave: as in the benches.
    let frames = 480_000;
    let pink = |seed: u64| {
        let white = noise(seed, 2 * frames);
        let mut rows = [0.0; 14];
        let voss = (0..frames).map(|n| {
            rows[(n.trailing_zeros() as usize).min(13)] = white[n];
            0.05 * (rows.iter().sum::<f64>() + white[frames + n])
        });
        voss.collect::<Vec<f64>>()
    };
    let input = [pink(1), pink(2)].concat();
    for rows in [1, 2, 4] {
        let rows: Vec<Vec<f64>> = (0..rows).map(|row| decay(20 + row, 24_000)).collect();
        let params = response(&rows.iter().map(Vec::as_slice).collect::<Vec<_>>());
        let mut audio = input.clone();
        let params = ConvolutionParams { normalize: true, ..params };
        run(&mut params.build::<f64>(&spec(2)).unwrap(), &mut audio, &Cut(vec![512]), vec![]);
        let loudness = |audio: &[f64]| {
            let mut meter = LoudnessParams::default().build::<f64>(&spec(2)).unwrap();
            meter.observe(&Block::from_planar(audio, 2).unwrap());
            meter.reading().integrated_lufs
        };
        let change = loudness(&audio) - loudness(&input);
        println!("normalised, {} rows: {change:+.2} LU", rows.len());
        assert!(change.abs() <= LIMIT_LU);
    }
}

#[test]
fn the_response_stated_is_the_response_measured() {
    let frequencies = [0.0, 50.0, 1_000.0, 12_345.0, 24_000.0];
    let convolution = ConvolutionParams { mix: 0.7, predelay_ms: 3.0, ..response(&[&decay(1, 500)]) };
    let bands = vec![BellParams { frequency_hz: 400.0, gain_db: 9.0, q: 1.0 }.into()];
    let linear = LinearPhaseEqualizerParams { bands, length_ms: 42.0 };
    let effects: [(Effect, usize); 2] = [(convolution.into(), 0), (linear.into(), 1_024)];
    for (effect, latency) in effects {
        let stated = effect.frequency_response(&spec(1), &frequencies).unwrap().unwrap();
        let mut audio = vec![0.0_f64; 4_000];
        audio[0] = 1.0;
        run(&mut effect.build::<f64>(&spec(1)).unwrap(), &mut audio, &Cut(vec![100]), vec![]);
        for (hz, stated) in frequencies.iter().zip(stated) {
            let turn = |n: usize| Complex64::cis(-TAU * hz / RATE_HZ * (n as f64 - latency as f64));
            let measured: Complex64 = audio.iter().enumerate().map(|(n, x)| turn(n) * x).sum();
            assert!((measured - stated).norm() < 1e-9, "{hz} Hz: {measured} {stated}");
        }
    }
    let stereo: Effect = response(&[&[1.0], &[1.0]]).into();
    assert_eq!(stereo.frequency_response(&spec(2), &frequencies).unwrap(), None);
}

/// Settings within the stated accuracy of 3.6.
fn promised_bands() -> Vec<Band> {
    let mut bands = Vec::new();
    for frequency_hz in [60.0, 200.0, 1_000.0, 10_000.0] {
        for gain_db in [-12.0, 12.0] {
            for q in [0.5, 1.0, 2.0] {
                bands.push(BellParams { frequency_hz, gain_db, q }.into());
            }
            bands.push(LowShelfParams { frequency_hz, gain_db, q: 0.7 }.into());
            bands.push(HighShelfParams { frequency_hz, gain_db, q: 0.7 }.into());
        }
    }
    bands
}

#[test]
fn e6_linear_phase_magnitude_is_the_equalizers() {
    /// SOUND 3.6, for bells and shelves from 60 Hz on and q up to 2.
    const LIMIT_DB: f64 = 0.1;
    let frequencies: Vec<f64> = (0..300).map(|n| 20.0 * (1_000.0_f64).powf(n as f64 / 299.0)).collect();
    let mut worst: (f64, Option<(Band, f64)>) = (0.0, None);
    for band in promised_bands() {
        let linear = LinearPhaseEqualizerParams { bands: vec![band], ..Default::default() };
        let minimum = EqualizerParams { bands: vec![band.into()], ..Default::default() };
        let linear = linear.frequency_response(&spec(1), &frequencies).unwrap().unwrap();
        let minimum = minimum.frequency_response(&spec(1), &frequencies).unwrap().unwrap();
        for ((linear, minimum), hz) in linear.iter().zip(&minimum).zip(&frequencies) {
            let error = gain_to_db(linear.norm() / minimum.norm()).abs();
            if error > worst.0 {
                worst = (error, Some((band, *hz)));
            }
        }
    }
    println!("linear phase: worst {:.4} dB: {:?} (limit {LIMIT_DB})", worst.0, worst.1);
    assert!(worst.0 <= LIMIT_DB);
}

#[test]
fn e6_linear_phase_group_delay_is_constant() {
    /// SOUND 3.6, in frames.
    const LIMIT_FRAMES: f64 = 1e-6;
    let bands = vec![
        BellParams { frequency_hz: 60.0, gain_db: 12.0, q: 2.0 }.into(),
        HighShelfParams { frequency_hz: 5_000.0, gain_db: -9.0, q: 0.7 }.into(),
    ];
    let params = LinearPhaseEqualizerParams { bands, ..Default::default() };
    let mut impulse = vec![0.0; 9_000];
    impulse[0] = 1.0;
    let output = through::<f64>(&params, &impulse, &Cut(vec![512]));
    let latency = params.build::<f64>(&spec(1)).unwrap().latency_frames();
    assert_eq!(latency, 4_096);
    let mut worst: f64 = 0.0;
    for hz in [30.0, 60.0, 300.0, 1_000.0, 7_000.0, 20_000.0] {
        // τ = Re(Σ n y z^-n / Σ y z^-n)
        let turn = |n: usize| Complex64::cis(-2.0 * PI * hz / RATE_HZ * n as f64);
        let sum: Complex64 = output.iter().enumerate().map(|(n, y)| turn(n) * y).sum();
        let weighted: Complex64 = output.iter().enumerate().map(|(n, y)| turn(n) * y * n as f64).sum();
        worst = worst.max(((weighted / sum).re - latency as f64).abs());
    }
    println!("linear phase: group delay off by {worst:.1e} frames (limit {LIMIT_FRAMES:.0e})");
    assert!(worst <= LIMIT_FRAMES);
}

#[test]
fn a_change_of_bands_ends_at_the_new_response_exactly() {
    let bell = |gain_db| BellParams { frequency_hz: 500.0, gain_db, q: 1.0 }.into();
    let of = |bands: Vec<Band>| LinearPhaseEqualizerParams { bands, length_ms: 42.0 };
    let settings = [of(vec![]), of(vec![bell(6.0)]), of(vec![bell(-6.0), bell(3.0)]), of(vec![])];
    let frames = 20_000;
    let input = planar_noise::<f32>(1, frames);
    for pair in settings.windows(2) {
        let mut processor = pair[0].build::<f32>(&spec(1)).unwrap();
        let mut audio = input.clone();
        let target = &pair[1];
        // Twice, the second before the first has finished.
        let other = of(vec![bell(1.0)]);
        let first: Edit<'_, LinearPhaseEqualizer<f32>> = Box::new(|p| p.set_params(&other).unwrap());
        let second: Edit<'_, LinearPhaseEqualizer<f32>> = Box::new(|p| p.set_params(target).unwrap());
        run(&mut processor, &mut audio, &Cut(vec![77]), vec![(1_000, first), (1_500, second)]);
        let mut expected = input.clone();
        run(&mut target.build::<f32>(&spec(1)).unwrap(), &mut expected, &Cut::whole(), vec![]);
        let arrived = audio.iter().zip(&expected).rposition(|(a, b)| a != b).unwrap() + 1;
        println!("arrived after {} frames", arrived - 1_500);
        assert!(arrived < 14_000);
        assert!(same_bits(&audio[arrived..], &expected[arrived..]));
    }
}

#[test]
fn memory_agrees_with_the_card() {
    for (seconds, most) in [(2, 6.2e6), (6, 20.5e6), (10, 32e6)] {
        let taps = decay(1, seconds * 48_000);
        let bytes = response(&[&taps, &taps]).build::<f32>(&spec(2)).unwrap().memory_bytes();
        println!("{seconds} s stereo f32: {:.1} MB", bytes as f64 / 1e6);
        assert!((bytes as f64) < most);
    }
}

#[test]
fn l1_a_low_filter_is_as_exact_at_every_rate() {
    /// A high pass of 30 Hz at the default length: with one in frames it erred by 2.9 dB at 192 kHz.
    const LIMIT_DB: f64 = 0.05;
    for rate_hz in [44_100.0, 48_000.0, 88_200.0, 96_000.0, 176_400.0, 192_000.0, 384_000.0] {
        let spec = StreamSpec::new(rate_hz, 1).unwrap();
        let bands = vec![HighPassParams { frequency_hz: 30.0, ..Default::default() }.into()];
        let params = LinearPhaseEqualizerParams { bands, ..Default::default() };
        let latency = params.build::<f64>(&spec).unwrap().latency_frames();
        assert!(latency.is_power_of_two() && 2.0 * latency as f64 >= 0.17 * rate_hz, "{latency}");
        // From -31 dB on to where the matched design of every rate is exact.
        let frequencies: Vec<f64> = (0..100).map(|n| 5.0 * 200_f64.powf(f64::from(n) / 99.0)).collect();
        let linear = params.frequency_response(&spec, &frequencies).unwrap().unwrap();
        let analog = |hz: f64| -10.0 * (1.0 + (30.0 / hz).powi(4)).log10();
        let error = linear.iter().zip(&frequencies).map(|(h, hz)| (gain_to_db(h.norm()) - analog(*hz)).abs());
        let worst = error.fold(0.0, f64::max);
        let stated = params.design_error_db(&spec).unwrap();
        println!("L1 {rate_hz} Hz: {worst:.3} dB, stated {stated:.3} dB, latency {latency}");
        assert!(worst <= LIMIT_DB && stated <= LIMIT_DB, "{rate_hz}: {worst} {stated}");
    }
}

#[test]
fn l2_the_design_error_stated_is_the_error_measured() {
    for (length_ms, band) in [
        (20.0, Band::from(HighPassParams { frequency_hz: 30.0, slope_db_per_octave: 24.0 })),
        (60.0, BellParams { frequency_hz: 50.0, gain_db: 12.0, q: 4.0 }.into()),
        (170.0, BellParams { frequency_hz: 40.0, gain_db: 18.0, q: 12.0 }.into()),
    ] {
        let linear = LinearPhaseEqualizerParams { bands: vec![band], length_ms };
        let minimum = EqualizerParams { bands: vec![band.into()], ..Default::default() };
        let stated = linear.design_error_db(&spec(1)).unwrap();
        let frequencies: Vec<f64> = (0..3_000).map(|n| 20.0 * 1_000_f64.powf(f64::from(n) / 2_999.0)).collect();
        let linear = linear.frequency_response(&spec(1), &frequencies).unwrap().unwrap();
        let minimum = minimum.frequency_response(&spec(1), &frequencies).unwrap().unwrap();
        let errors = linear.iter().zip(&minimum).filter(|(_, wanted)| wanted.norm() >= 1e-3);
        let measured = errors.map(|(a, b)| gain_to_db(a.norm() / b.norm()).abs()).fold(0.0, f64::max);
        println!("L2 {length_ms} ms: stated {stated:.3} dB, measured {measured:.3} dB");
        // Each has its own grid.
        assert!((stated - measured).abs() <= 0.1 * measured + 0.02, "{stated} {measured}");
    }
    assert_eq!(LinearPhaseEqualizerParams::default().design_error_db(&spec(2)), Ok(0.0));
}

#[test]
fn c4_another_response_takes_over_and_ends_at_its_own_bits() {
    for (channels, rows) in [(1, 1), (2, 1), (1, 2), (2, 2), (1, 4), (2, 4)] {
        for frames in [40, 3_000, 30_000] {
            let of = |seed: u64, frames: usize| {
                let rows: Vec<Vec<f64>> = (0..rows).map(|row| decay(seed + row, frames)).collect();
                response(&rows.iter().map(Vec::as_slice).collect::<Vec<_>>())
            };
            let (first, other, last) = (of(1, frames), of(11, frames), of(21, frames / 2));
            let length = 60_000;
            let input = planar_noise::<f32>(channels, length);
            let render = |cut: &Cut| {
                let mut processor = first.build::<f32>(&spec(channels)).unwrap();
                let mut audio = room_for(&processor, input.clone());
                // The second before the first has finished.
                let events: Vec<Event<'_, Convolution<f32>>> = vec![
                    (1_000, Box::new(|p| p.set_params(&other).unwrap())),
                    (1_500, Box::new(|p| p.set_params(&last).unwrap())),
                ];
                run(&mut processor, &mut audio, cut, events);
                audio
            };
            let whole = render(&Cut::whole());
            assert!(same_bits(&render(&Cut(vec![1, 333, 64])), &whole), "{channels} {rows} {frames}");
            // As if it had run from the start, in the memory of the first, whose partitions are longer.
            let mut fresh = first.build::<f32>(&spec(channels)).unwrap();
            fresh.set_params(&last).unwrap();
            fresh.reset();
            let mut expected = room_for(&fresh, input.clone());
            run(&mut fresh, &mut expected, &Cut::whole(), vec![]);
            let ends = whole.chunks(length).zip(expected.chunks(length));
            let arrived =
                ends.map(|(a, b)| a.iter().zip(b).rposition(|(a, b)| a != b).map_or(0, |last| last + 1)).max();
            println!("C4 {channels} in, {rows} rows of {frames}: arrived after {} frames", arrived.unwrap() - 1_500);
            assert!(arrived.unwrap() < 40_000);
        }
    }
}

#[test]
fn c4_another_response_crossfades_without_a_click() {
    /// As for every change: residue above 1 kHz of a 100 Hz sine at -6 dBFS.
    const LIMIT_DBFS: f64 = -100.0;
    let (first, second) = (decay(3, 9_000), decay(4, 9_000));
    let (first, second) = (response(&[&first]), response(&[&second]));
    let frames = 96_000;
    let fade_in = |n: usize| {
        let u = (n as f64 / 9_600.0).min(1.0);
        u * u * u * (10.0 + u * (6.0 * u - 15.0))
    };
    let mut audio: Vec<f64> = (0..frames).map(|n| fade_in(n) * (TAU * 100.0 / RATE_HZ * n as f64).sin()).collect();
    let change: Edit<'_, Convolution<f64>> = Box::new(|p| p.set_params(&second).unwrap());
    run(&mut first.build::<f64>(&spec(1)).unwrap(), &mut audio, &Cut(vec![512]), vec![(frames / 2 + 131, change)]);
    let peak = audio.iter().fold(0.0_f64, |peak, x| peak.max(x.abs()));
    let scaled: Vec<f64> = audio.iter().map(|x| 0.5 * x / peak).collect();
    let residue = crate::common::residue_dbfs(&scaled, RATE_HZ);
    println!("C4 residue {residue:.1} dBFS");
    assert!(residue <= LIMIT_DBFS);
}

#[test]
fn c4_a_swap_takes_no_memory_and_longer_responses_are_refused() {
    let (first, second) = (decay(3, 9_000), decay(4, 8_000));
    let mut processor = response(&[&first, &first]).build::<f32>(&spec(2)).unwrap();
    let swapped = response(&[&second, &second]).design(&spec(2)).unwrap();
    let mut audio = planar_noise::<f32>(2, 30_000);
    let count = crate::allocator::calls(|| {
        processor.set_coeffs(&swapped).unwrap();
        processor.process(&mut BlockMut::from_planar(&mut audio, 2).unwrap());
        processor.reset();
    });
    assert_eq!(count, 0);
    let longer = decay(5, 9_001);
    let refused = processor.set_params(&response(&[&longer, &longer]));
    assert!(matches!(refused, Err(Error::TooLong { frames: 9_001, most: 9_000, .. })), "{refused:?}");
    let refused = processor.set_params(&response(&[&second]));
    assert_eq!(refused, Err(Error::NeedsRebuild { param: "impulse_response (its rows)" }), "another layout");
}

#[test]
fn c5_trim_and_decay_shape_the_response_that_is_heard() {
    let taps: Vec<f64> = [vec![0.0; 480], decay(3, 96_000)].concat();
    let plain = response(&[&taps]);
    let mut impulse = vec![0.0; 100_000];
    impulse[0] = 1.0;
    let trimmed = through::<f64>(&ConvolutionParams { trim_ms: 10.0, ..plain.clone() }, &impulse, &Cut(vec![512]));
    let worst = trimmed.iter().zip(&taps[480..]).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    assert!(worst < 1e-12, "{worst}");
    // Level in dB over 20 ms, at a time of the response: the fade is linear in dB from its loudest frame on.
    let at = |audio: &[f64], ms: usize| rms_db(audio[48 * ms..48 * (ms + 20)].iter().copied());
    let whole = through::<f64>(&plain, &impulse, &Cut(vec![512]));
    let half = through::<f64>(&ConvolutionParams { decay: 0.5, ..plain }, &impulse, &Cut(vec![512]));
    let early = at(&whole, 100) - at(&half, 100);
    let late = at(&whole, 300) - at(&half, 300);
    println!("C5 faded by {early:.2} dB at 0.1 s, {late:.2} dB at 0.3 s");
    let own = (at(&whole, 100) - at(&whole, 300)) / 0.2;
    assert!(((late - early) / 0.2 / own - 1.0).abs() < 0.1, "half the time is twice the slope: {own} dB/s");
}
