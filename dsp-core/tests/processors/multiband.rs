//! Gates of the multiband compressor: flat without reduction, each band by itself, all bands aligned.

use crate::common::{noise, planar_noise, same_bits};
use mixdown::{dynamics::*, filters::*, *};
use std::f64::consts::TAU;

const RATE_HZ: f64 = 48_000.0;

fn band(threshold_db: f64, ratio: f64, lookahead_ms: f64) -> CompressorParams {
    CompressorParams { threshold_db, ratio, lookahead_ms, ..Default::default() }
}

fn params(crossovers_hz: &[f64], bands: Vec<CompressorParams>) -> MultibandCompressorParams {
    MultibandCompressorParams { crossovers_hz: crossovers_hz.to_vec(), bands, ..Default::default() }
}

fn render<S: Sample>(params: &MultibandCompressorParams, channels: usize, input: &[f64]) -> Vec<f64> {
    let mut audio: Vec<S> = input.iter().map(|&x| S::from_f64(x)).collect();
    let mut compressor = params.build::<S>(&StreamSpec::new(RATE_HZ, channels).unwrap()).unwrap();
    compressor.process(&mut BlockMut::from_planar(&mut audio, channels).unwrap());
    audio.iter().map(|x| x.to_f64()).collect()
}

/// Level of the spectrum at one frequency, in dB.
fn level_db(signal: &[f64], frequency_hz: f64) -> f64 {
    let (mut re, mut im) = (0.0, 0.0);
    for (n, x) in signal.iter().enumerate() {
        let (sin, cos) = (TAU * frequency_hz / RATE_HZ * n as f64).sin_cos();
        (re, im) = (re + x * cos, im + x * sin);
    }
    10.0 * (re * re + im * im).log10()
}

#[test]
fn s49_flat_without_reduction() {
    /// SOUND 4.9.
    const LIMIT_DB: f64 = 0.01;
    let mut worst = 0.0_f64;
    let mut impulse = vec![0.0; 8_192];
    impulse[0] = 0.1;
    for slope_db_per_octave in [12.0, 24.0, 48.0] {
        for crossovers_hz in [&[200.0, 2_000.0][..], &[90.0, 250.0, 900.0, 3_000.0, 8_000.0]] {
            // Thresholds far above the signal, and a ratio of 1.
            for bands in [band(0.0, 4.0, 0.0), band(-60.0, 1.0, 0.0)] {
                let bands = vec![bands; crossovers_hz.len() + 1];
                let params = MultibandCompressorParams { slope_db_per_octave, ..params(crossovers_hz, bands) };
                let out = render::<f32>(&params, 1, &impulse);
                for step in 0..=40 {
                    let frequency_hz = 20.0 * 1_000_f64.powf(f64::from(step) / 40.0);
                    worst = worst.max((level_db(&out, frequency_hz) + 20.0).abs());
                }
            }
        }
    }
    println!("4.9 flatness: ±{worst:.1e} dB");
    assert!(worst <= LIMIT_DB, "{worst}");
}

#[test]
fn s49_solo_bands_sum_to_the_all_pass() {
    /// SOUND 3.7, of a peak of 0.25.
    const LIMIT_DB: f64 = -120.0;
    let crossovers_hz = [200.0, 2_000.0];
    let input = planar_noise::<f64>(2, 24_000);
    let all = render::<f32>(&params(&crossovers_hz, vec![band(0.0, 4.0, 0.0); 3]), 2, &input);
    // Each band alone, by the splitter.
    let splitter = CrossoverParams { crossovers_hz: crossovers_hz.to_vec(), ..Default::default() };
    let mut crossover = splitter.build::<f64>(&StreamSpec::new(RATE_HZ, 2).unwrap()).unwrap();
    let mut bands = vec![0.0; 3 * input.len()];
    crossover.process(&Block::from_planar(&input, 2).unwrap(), &mut BlockMut::from_planar(&mut bands, 6).unwrap());
    let error = (0..input.len())
        .map(|n| (all[n] - bands.chunks(input.len()).map(|band| band[n]).sum::<f64>()).abs())
        .fold(0.0, f64::max);
    println!("4.9 solo bands against all: {:.1} dB", gain_to_db(error));
    assert!(gain_to_db(error) <= LIMIT_DB);
}

#[test]
fn s49_solos_sum_to_the_whole() {
    let input = planar_noise::<f64>(2, 24_000);
    let bands = vec![band(-30.0, 4.0, 0.0), band(-20.0, 2.0, 2.0), band(-40.0, 8.0, 0.0)];
    let all = params(&[200.0, 2_000.0], bands);
    let whole = render::<f64>(&all, 2, &input);
    let mut sum = vec![0.0; input.len()];
    for solo in 0..3 {
        let alone = render::<f64>(&MultibandCompressorParams { solo: Some(solo), ..all.clone() }, 2, &input);
        assert!(alone.iter().any(|x| x.abs() > 1e-3));
        sum.iter_mut().zip(&alone).for_each(|(sum, x)| *sum += x);
    }
    let error = sum.iter().zip(&whole).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    println!("4.9 solos against all: {:.1} dB", gain_to_db(error));
    // The order of additions.
    assert!(gain_to_db(error) <= -280.0);
}

#[test]
fn a_bypassed_band_is_that_of_the_splitter_and_the_others_are_compressed() {
    let input = planar_noise::<f64>(2, 24_000);
    let bands = vec![band(-30.0, 4.0, 0.0), band(-20.0, 2.0, 2.0), band(-40.0, 8.0, 0.0)];
    let all = params(&[200.0, 2_000.0], bands.clone());
    let bypassed = MultibandCompressorParams { bypassed: vec![2, 0], ..all.clone() };
    let mut neutral = bands;
    (neutral[0].ratio, neutral[2].ratio) = (1.0, 1.0);
    let expected = render::<f32>(&params(&[200.0, 2_000.0], neutral), 2, &input);
    assert!(same_bits(&render::<f32>(&bypassed, 2, &input), &expected));
}

/// The traces, band after band and channel after channel, of two channels of noise.
fn traces(compressor: &mut MultibandCompressor<f32>, frames: usize) -> Vec<Vec<f64>> {
    let rows = compressor.traces();
    let (mut audio, mut traces) = (planar_noise::<f32>(2, frames), vec![0.0; rows * frames]);
    compressor.process_traced(
        &mut BlockMut::from_planar(&mut audio, 2).unwrap(),
        None,
        &mut BlockMut::from_planar(&mut traces, rows).unwrap(),
    );
    traces.chunks(frames).map(<[f64]>::to_vec).collect()
}

#[test]
fn a_band_that_is_bypassed_or_beside_a_solo_reports_no_reduction() {
    let bands = vec![band(-50.0, 4.0, 0.0), band(-40.0, 4.0, 2.0), band(-40.0, 8.0, 0.0)];
    let all = params(&[200.0, 2_000.0], bands);
    let with =
        |solo, bypassed: &[usize]| MultibandCompressorParams { solo, bypassed: bypassed.to_vec(), ..all.clone() };
    let spec = StreamSpec::new(RATE_HZ, 2).unwrap();
    let cases = [
        (with(None, &[]), [true, true, true]),
        (with(None, &[0, 2]), [false, true, false]),
        (with(None, &[0, 1, 2]), [false; 3]),
        (with(Some(2), &[]), [false, false, true]),
        (with(Some(1), &[1]), [false; 3]),
    ];
    for (params, acts) in cases {
        let mut compressor = params.build::<f32>(&spec).unwrap();
        let traces = traces(&mut compressor, 9_600);
        for (row, trace) in traces.iter().enumerate() {
            let most_db = trace.iter().copied().fold(0.0, f64::max);
            let last_db = compressor.gain_reduction_db(row);
            println!("solo {:?}, bypassed {:?}, trace {row}: {most_db:.2} dB", params.solo, params.bypassed);
            if acts[row / 2] {
                assert!(most_db > 3.0 && (last_db - trace[9_599]).abs() < 1e-4, "{row}");
            } else {
                assert_eq!((most_db, last_db), (0.0, 0.0), "{row}");
            }
        }
        let all = compressor.gain_reduction();
        assert!((all.max_db > 0.0) == acts.contains(&true), "{all:?}");
        let share = acts.iter().filter(|acts| **acts).count() as f64 / 3.0;
        assert!(all.active_share <= share && (share == 0.0 || all.active_share > share - 0.1), "{all:?}");
    }
}

#[test]
fn the_reported_reduction_comes_and_goes_with_a_bypass() {
    let all = params(&[200.0, 2_000.0], vec![band(-40.0, 4.0, 0.0); 3]);
    let bypassed = MultibandCompressorParams { bypassed: vec![0, 1, 2], ..all.clone() };
    let mut compressor = all.build::<f32>(&StreamSpec::new(RATE_HZ, 2).unwrap()).unwrap();
    traces(&mut compressor, 9_600);
    for (params, full) in [(&bypassed, false), (&all, true)] {
        let before: Vec<f64> = (0..6).map(|row| compressor.gain_reduction_db(row)).collect();
        compressor.set_params(params).unwrap();
        for (trace, before) in traces(&mut compressor, 9_600).iter().zip(before) {
            let step_db = trace.windows(2).map(|y| (y[1] - y[0]).abs()).fold((trace[0] - before).abs(), f64::max);
            assert!(step_db < 0.1, "{step_db}");
            // 20 ms later.
            assert!(trace[960..].iter().all(|&db| if full { db > 1.0 } else { db == 0.0 }));
        }
    }
}

#[test]
fn a_band_is_compressed_by_itself() {
    // Bass at -6 dBFS, treble at -30 dBFS, 12 dB over the bass's threshold.
    let tone = |hz: f64, level_db: f64, n: usize| db_to_gain(level_db) * (TAU * hz * n as f64 / RATE_HZ).sin();
    let input: Vec<f64> = (0..48_000).map(|n| tone(50.0, -6.0, n) + tone(7_000.0, -30.0, n)).collect();
    let hard = CompressorParams { knee_db: 0.0, release_ms: 1_000.0, ..band(-18.0, 4.0, 0.0) };
    let out = render::<f64>(&params(&[200.0, 2_000.0], vec![hard; 3]), 1, &input);
    // Whole periods at the end.
    let (before, after) = (&input[38_400..], &out[38_400..]);
    let bass_db = level_db(after, 50.0) - level_db(before, 50.0);
    let treble_db = level_db(after, 7_000.0) - level_db(before, 7_000.0);
    println!("bass {bass_db:.3} dB, treble {treble_db:.4} dB");
    // The splitter leaves the bass at -0.03 dB.
    assert!((bass_db + 9.0).abs() < 0.15 && treble_db.abs() < 0.01);
}

#[test]
fn different_lookaheads_are_aligned_and_traces_come_band_by_band() {
    let bands = vec![band(0.0, 4.0, 0.0), band(0.0, 4.0, 5.0), band(0.0, 4.0, 1.0)];
    let uneven = params(&[200.0, 2_000.0], bands);
    let spec = StreamSpec::new(RATE_HZ, 2).unwrap();
    let compressor = uneven.build::<f32>(&spec).unwrap();
    assert_eq!(compressor.latency_frames(), 240);
    let input: Vec<f64> = planar_noise(2, 6_000);
    let even = params(&[200.0, 2_000.0], vec![band(0.0, 4.0, 0.0); 3]);
    let (late, prompt) = (render::<f32>(&uneven, 2, &input), render::<f32>(&even, 2, &input));
    for channel in 0..2 {
        let (late, prompt) = (&late[channel * 6_000 + 240..][..5_760], &prompt[channel * 6_000..][..5_760]);
        assert!(same_bits(late, prompt));
    }

    let one = vec![band(-40.0, 4.0, 0.0), band(-10.0, 1.0, 0.0), band(-60.0, 2.0, 0.0)];
    let mut compressor = params(&[200.0, 2_000.0], one).build::<f64>(&spec).unwrap();
    let mut audio = [noise(1, 9_000), noise(2, 9_000)].concat();
    let mut traces = vec![-1.0; 6 * 9_000];
    assert_eq!(compressor.traces(), 6);
    compressor.process_traced(
        &mut BlockMut::from_planar(&mut audio, 2).unwrap(),
        None,
        &mut BlockMut::from_planar(&mut traces, 6).unwrap(),
    );
    let last: Vec<f64> = traces.chunks(9_000).map(|trace| trace[8_999]).collect();
    assert!(last[0] > 1.0 && last[1] > 1.0 && last[2] == 0.0 && last[3] == 0.0 && last[4] > 10.0 && last[5] > 10.0);
    for (trace, last) in last.iter().enumerate() {
        assert!((compressor.gain_reduction_db(trace) - last).abs() < 1e-4);
    }
    assert_eq!(compressor.gain_reduction_db(6), 0.0);
    let all = compressor.gain_reduction();
    assert!(all.max_db > 20.0 && all.active_share > 0.6 && all.active_share < 0.7, "{all:?}");
}

#[test]
fn settings_that_do_not_fit_are_refused_by_name_and_place() {
    let spec = StreamSpec::new(44_100.0, 2).unwrap();
    let refused = |params: &MultibandCompressorParams| params.validate(&spec).unwrap_err().to_string();
    let bands = |count| vec![CompressorParams::default(); count];
    assert_eq!(refused(&params(&[200.0, 2_000.0], bands(2))), "bands has 2 entries: 3 needed");
    assert_eq!(
        refused(&params(&[2_000.0, 200.0], bands(3))),
        "crossovers_hz[1] = 200 is out of range: it must lie in 2500..21609"
    );
    let mut wrong = params(&[200.0, 2_000.0], bands(3));
    wrong.bands[1].ratio = 0.5;
    assert_eq!(refused(&wrong), "bands[1].ratio = 0.5 is out of range: it must lie in 1..inf");
    let solo = MultibandCompressorParams { solo: Some(3), ..params(&[200.0, 2_000.0], bands(3)) };
    assert_eq!(refused(&solo), "solo = 3 is out of range: it must lie in 0..2");
    let bypassed = MultibandCompressorParams { bypassed: vec![1, 5], ..params(&[200.0, 2_000.0], bands(3)) };
    assert_eq!(refused(&bypassed), "bypassed[1] = 5 is out of range: it must lie in 0..2");
    let mut running = params(&[200.0, 2_000.0], bands(3)).build::<f32>(&spec).unwrap();
    assert_eq!(
        running.set_params(&params(&[200.0], bands(2))),
        Err(Error::Count { list: "crossovers_hz", min: 2, max: 2, actual: 1 })
    );
    let mut later = params(&[200.0, 2_000.0], bands(3));
    later.bands[2].lookahead_ms = 1.0;
    assert_eq!(running.set_params(&later), Err(Error::NeedsRebuild { param: "lookahead_ms" }));
}
