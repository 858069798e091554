//! Properties of the loudness meter beyond the standards' own cases: same bits, edges, memory, albums.

use crate::signals::{NONE, RATE, Steps, loudness_only, lufs, meter, programme, read, stereo_energy, tone};
use mixdown::{
    Block, Cpu, Meter, StreamSpec,
    meters::{LoudnessMeter, LoudnessParams, Memory, Precision, album_loudness},
};
use std::f64::consts::PI;

/// Rounding and the filters' onset, the only errors over whole blocks, LU.
const EXACT_LU: f64 = 0.01;
/// The same for maxima over 400 ms, where an onset is a larger share of the window.
const EXACT_MOMENTARY_LU: f64 = 0.02;
/// The same for the loudness range, whose percentiles may fall on a window across a swell.
const EXACT_RANGE_LU: f64 = 0.05;
/// Below 32 kHz the bilinear transform bends the shelf's slope: 0.022 dB at 1 kHz and 22.05 kHz.
const LOW_RATE_LU: f64 = 0.03;
/// Error of constant memory: a bin of the histogram, LU.
const CONSTANT_LU: f64 = 0.02;

#[test]
fn every_form_gives_the_same_bits() {
    #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
    let fused = std::is_x86_feature_detected!("avx2") && std::is_x86_feature_detected!("fma");
    #[cfg(not(any(target_arch = "x86", target_arch = "x86_64")))]
    let fused = cfg!(target_arch = "aarch64");
    let [left, right] = [programme::<f32>(RATE, 4.0, 0.0), programme::<f32>(RATE, 4.0, 2.0)];
    let slices = [&left[..], &right[..]];
    let block = Block::from_slices(&slices).unwrap();
    let reading = |cpu: Cpu| {
        let spec = StreamSpec::new(RATE, 2).unwrap().with_cpu(cpu);
        let mut meter = LoudnessParams::default().build::<f32>(&spec).unwrap();
        meter.observe(&block);
        meter.reading()
    };
    let (vector, scalar, baseline) = (reading(Cpu::Detected), reading(Cpu::Software), reading(Cpu::Baseline));
    if fused {
        assert_eq!(vector, scalar);
        assert_eq!(vector, reading(Cpu::Avx2));
    }
    // Without fused operations an error of -140 dB changes the energy by a factor of 1e-7 at most, and a peak likewise.
    assert!((vector.integrated_lufs - baseline.integrated_lufs).abs() < 1e-6);
    assert!((vector.true_peak_dbtp.unwrap() - baseline.true_peak_dbtp.unwrap()).abs() < 1e-5);
}

#[test]
fn reset_is_fresh_and_channels_swap() {
    let [left, right] = [programme::<f64>(RATE, 5.0, 0.0), programme::<f64>(RATE, 5.0, 2.0)];
    let params = LoudnessParams::default();
    let reading = read(RATE, &[&left, &right], &params);
    assert_eq!(read(RATE, &[&right, &left], &params), reading);
    let mut meter = meter::<f64>(RATE, 2, &params);
    let silent = meter.reading();
    meter.observe(&Block::from_slices(&[&right[..], &right]).unwrap());
    meter.reset();
    assert_eq!((meter.reading(), meter.non_finite_samples()), (silent, 0));
    meter.observe(&Block::from_slices(&[&left[..], &right]).unwrap());
    assert_eq!(meter.reading(), reading);
}

#[test]
fn non_finite_samples_count_as_silence_and_are_counted() {
    let clean = programme::<f32>(RATE, 4.0, 0.0);
    let (mut broken, mut mended) = (clean.clone(), clean.clone());
    for (n, value) in [(5, f32::NAN), (70_000, f32::INFINITY), (191_999, f32::NEG_INFINITY)] {
        broken[n] = value;
        mended[n] = 0.0;
    }
    for params in [LoudnessParams::default(), loudness_only()] {
        let mut meter = meter::<f32>(RATE, 2, &params);
        meter.observe(&Block::from_slices(&[&broken[..], &clean]).unwrap());
        assert_eq!(meter.non_finite_samples(), 3);
        assert_eq!(meter.reading(), read(RATE, &[&mended, &clean], &params));
    }
}

#[test]
fn edges_silence_short_programmes_and_mono() {
    let params = LoudnessParams::default();
    let silent = read(RATE, &[&[0.0_f32; 200_000]], &params);
    assert_eq!((silent.integrated_lufs, silent.max_momentary_lufs, silent.max_short_term_lufs), (NONE, NONE, NONE));
    assert_eq!((silent.true_peak_dbtp, silent.sample_peak_dbfs), (Some(NONE), NONE));
    assert_eq!((silent.plr_lu, silent.min_psr_lu, silent.loudness_range_lu), (NONE, NONE, 0.0));
    assert!(silent.momentary_lufs.iter().chain(&silent.short_term_lufs).all(|value| *value == NONE));
    // A gating block is 400 ms: one frame less has no loudness, but a peak.
    let tone = tone::<f64>(RATE, &[(0.4, -23.0)]);
    let short = read(RATE, &[&tone[..19_199], &tone[..19_199]], &params);
    assert_eq!((short.integrated_lufs, short.max_momentary_lufs, short.plr_lu), (NONE, NONE, NONE));
    assert!(short.times_s.is_empty() && (short.true_peak_dbtp.unwrap() + 23.0).abs() < 0.1);
    let exact = lufs(stereo_energy(-23.0));
    let just = read(RATE, &[&tone, &tone], &params);
    assert!((just.integrated_lufs - exact).abs() <= EXACT_LU, "{}", just.integrated_lufs);
    // Mono counts once, unless two loudspeakers play it.
    let once = read(RATE, &[&tone], &params).integrated_lufs;
    let twice = read(RATE, &[&tone], &LoudnessParams { dual_mono: true, ..params }).integrated_lufs;
    assert!((just.integrated_lufs - once - 3.0103).abs() < 1e-4 && (twice - just.integrated_lufs).abs() < 1e-12);
    assert_eq!((just.times_s, just.max_short_term_lufs), (vec![0.4], NONE));
}

#[test]
fn constant_memory_agrees_and_albums_gate_over_the_union() {
    let steps: [Steps<'_>; 2] = [&[(20.0, -20.0), (5.0, -50.0)], &[(10.0, -26.0), (10.0, -33.0)]];
    let meters = |memory: Memory| {
        steps.map(|steps| {
            let tone = tone::<f32>(RATE, steps);
            let mut meter = meter::<f32>(RATE, 2, &LoudnessParams { memory, ..loudness_only() });
            meter.observe(&Block::from_slices(&[&tone[..], &tone[..]]).unwrap());
            meter
        })
    };
    let (exact, constant) = (meters(Memory::Exact), meters(Memory::Constant));
    for (exact, constant) in exact.iter().zip(&constant) {
        let (exact, constant) = (exact.reading(), constant.reading());
        assert!((exact.integrated_lufs - constant.integrated_lufs).abs() <= CONSTANT_LU);
        assert!((exact.loudness_range_lu - constant.loudness_range_lu).abs() <= CONSTANT_LU);
        assert_eq!(exact.max_short_term_lufs, constant.max_short_term_lufs);
        assert!(constant.times_s.is_empty());
    }
    let album = |meters: &[LoudnessMeter<f32>]| album_loudness(meters.iter().map(LoudnessMeter::block_energies));
    let (album, from_histograms) = (album(&exact), album(&constant));
    assert!((album - from_histograms).abs() <= CONSTANT_LU);
    // By hand: the gate is near -32, so 20 s at -20 and 10 s at -26 remain; no mean of the tracks' loudness.
    let expected = lufs((197.0 * stereo_energy(-20.0) + 97.0 * stereo_energy(-26.0)) / 294.0);
    println!("album {album:.3}, by hand {expected:.3}");
    assert!((album - expected).abs() < 0.15, "the blocks across the steps make up the rest");
    let tracks = exact.each_ref().map(LoudnessMeter::integrated_lufs);
    assert!((album - (tracks[0] + tracks[1]) / 2.0).abs() > 1.0);
}

#[test]
fn two_hours_in_constant_memory() {
    let params = |memory: Memory| LoudnessParams { memory, ..loudness_only() };
    let mut meters = [Memory::Exact, Memory::Constant].map(|memory| meter::<f32>(RATE, 2, &params(memory)));
    // A programme of 7 s and of 11 s in the other channel, whose level varies over 40 dB and is silent now and then;
    // generated second by second.
    let [left, right] = [programme::<f32>(RATE, 7.0, 0.0), programme::<f32>(RATE, 11.0, 2.0)];
    let mut block = [vec![0.0_f32; 48_000], vec![0.0_f32; 48_000]];
    for second in 0..7_200_usize {
        let t = second as f64;
        let level_db = -20.0 + 12.0 * (t / 97.0).sin() + 8.0 * (t / 13.0).sin();
        let gain = if second % 600 < 20 { 0.0 } else { 10_f64.powf(level_db / 20.0) as f32 };
        for (channel, source) in block.iter_mut().zip([&left, &right]) {
            let start = (second * 48_000) % source.len();
            channel.iter_mut().zip(&source[start..]).for_each(|(out, x)| *out = gain * x);
        }
        let block = block.each_ref().map(Vec::as_slice);
        meters.iter_mut().for_each(|meter| meter.observe(&Block::from_slices(&block).unwrap()));
    }
    let [exact, constant] = meters.each_ref().map(Meter::reading);
    println!("{:.4} and {:.4} LUFS", exact.integrated_lufs, constant.integrated_lufs);
    println!("{:.4} and {:.4} LU", exact.loudness_range_lu, constant.loudness_range_lu);
    assert!((exact.integrated_lufs - constant.integrated_lufs).abs() <= CONSTANT_LU);
    assert!((exact.loudness_range_lu - constant.loudness_range_lu).abs() <= CONSTANT_LU);
    assert!(exact.loudness_range_lu > 10.0 && exact.times_s.len() == 71_997 && constant.times_s.is_empty());
    assert_eq!(exact.max_momentary_lufs, constant.max_momentary_lufs);
    assert_eq!(exact.max_short_term_lufs, constant.max_short_term_lufs);
}

#[test]
fn the_same_programme_reads_the_same_at_every_rate() {
    let at = |rate_hz: f64| {
        let [left, right] = [programme::<f32>(rate_hz, 10.0, 0.0), programme::<f32>(rate_hz, 10.0, 2.0)];
        read(rate_hz, &[&left, &right], &loudness_only())
    };
    let reference = at(RATE);
    for rate_hz in [44_100.0, 88_200.0, 96_000.0, 192_000.0] {
        let reading = at(rate_hz);
        println!("{rate_hz}: {:+.4} LU", reading.integrated_lufs - reference.integrated_lufs);
        assert!((reading.integrated_lufs - reference.integrated_lufs).abs() <= EXACT_LU, "{rate_hz}");
        assert!((reading.max_short_term_lufs - reference.max_short_term_lufs).abs() <= EXACT_LU, "{rate_hz}");
        assert!((reading.max_momentary_lufs - reference.max_momentary_lufs).abs() <= EXACT_MOMENTARY_LU, "{rate_hz}");
        assert!((reading.loudness_range_lu - reference.loudness_range_lu).abs() <= EXACT_RANGE_LU, "{rate_hz}");
    }
}

#[test]
fn rates_not_divisible_by_100_keep_time() {
    // 22 050 Hz: spans of 220 and 221 frames alternately. 100 s give 997 blocks at exact times, without drift.
    let tone = tone::<f32>(22_050.0, &[(100.0, -23.0)]);
    let reading = read(22_050.0, &[&tone], &loudness_only());
    assert_eq!(reading.times_s.len(), 997);
    assert!((reading.times_s[996] - 100.0).abs() < 1e-9 && (reading.times_s[0] - 0.4).abs() < 1e-9);
    assert!(reading.loudness_range_lu < EXACT_LU);
    let exact = lufs(stereo_energy(-23.0) / 2.0);
    assert!((reading.integrated_lufs - exact).abs() <= LOW_RATE_LU, "{}", reading.integrated_lufs);
}

#[test]
fn peak_to_loudness_of_a_full_scale_tone() {
    // BS.1770-5: 997 Hz at full scale in one front channel reads -3.01; its true peak is 0 dBTP.
    let tone: Vec<f64> = (0..480_000).map(|n| (2.0 * PI * 997.0 * f64::from(n) / RATE).sin()).collect();
    let reading = read(RATE, &[&tone], &LoudnessParams { precision: Precision::High, ..Default::default() });
    assert!((reading.integrated_lufs + 3.0103).abs() < 0.001, "{}", reading.integrated_lufs);
    assert!((reading.plr_lu - 3.0103).abs() < 0.01 && (reading.min_psr_lu - 3.0103).abs() < 0.01);
}

/// The largest mean over any 400 ms, whatever its first frame, against the meter's.
#[test]
fn m2_the_momentary_maximum_finds_the_window_of_a_drum() {
    /// Steps of 10 ms lost 0.456 LU here; those of 1 ms at most the two hits' own share of 1 ms.
    const LIMIT_LU: f64 = 0.04;
    let mut worst = 0.0_f64;
    for offset in [0, 101, 233, 377, 411] {
        // Two hits of 60 Hz and noise, 400 ms apart but for a few: both fit one window, whose edges matter.
        let mut audio = vec![0.0_f64; 96_000];
        for (start, gain) in [(20_000 + offset, 1.0), (38_700 + offset, 0.9)] {
            for n in 0..9_000 {
                let t = n as f64 / RATE;
                let noise = ((n * 7_919 + 13) % 1_009) as f64 / 504.5 - 1.0;
                audio[start + n] +=
                    gain * (0.5 * (2.0 * PI * 180.0 * t).sin() * (-t * 18.0).exp() + 0.4 * noise * (-t * 60.0).exp());
            }
        }
        let reading = read(RATE, &[&audio], &loudness_only());
        // The same weighting, by the difference of two readings: a meter of every starting frame.
        let shifted =
            (0..480).step_by(5).map(|skip| read(RATE, &[&audio[skip..]], &loudness_only()).max_momentary_lufs);
        let exact = shifted.fold(f64::NEG_INFINITY, f64::max);
        worst = worst.max(exact - reading.max_momentary_lufs);
        println!("M2 {offset}: {:+.4} LU", reading.max_momentary_lufs - exact);
    }
    assert!(worst <= LIMIT_LU, "{worst}");
}
