//! What the loudness meter promises beyond the standards' own cases: same bits, edges, memory, albums.

mod signals;

use mixdown::{Block, Cpu, LoudnessMeter, LoudnessParams, Memory, Meter, StreamSpec, album_loudness};
use signals::{NONE, RATE, Steps, loudness_only, lufs, meter, programme, read, stereo_energy, tone};

/// Rounding and the filters' onset are all that is left over whole blocks, LU.
const EXACT_LU: f64 = 0.01;

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
    let (vector, scalar, baseline) = (reading(Cpu::Detected), reading(Cpu::Reproducible), reading(Cpu::Baseline));
    if fused {
        assert_eq!(vector, scalar);
        assert_eq!(vector, reading(Cpu::Avx2));
    }
    // Without fused operations an error of -140 dB moves the energy by 1e-7 of itself at most, and a peak likewise.
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
    assert_eq!((meter.reading(), meter.faults()), (silent, 0));
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
        assert_eq!(meter.faults(), 3);
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
    // A block of the gate is 400 ms: one frame less has no loudness, but a peak.
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
        assert!((exact.integrated_lufs - constant.integrated_lufs).abs() <= 0.02);
        assert!((exact.loudness_range_lu - constant.loudness_range_lu).abs() <= 0.02);
        assert_eq!(exact.max_short_term_lufs, constant.max_short_term_lufs);
        assert!(constant.times_s.is_empty());
    }
    let album = |meters: &[LoudnessMeter<f32>]| album_loudness(meters.iter().map(LoudnessMeter::block_energies));
    let (album, from_histograms) = (album(&exact), album(&constant));
    assert!((album - from_histograms).abs() <= 0.02);
    // By hand: the gate lies near -32, so 20 s at -20 and 10 s at -26 remain; no mean of the tracks' loudness.
    let expected = lufs((197.0 * stereo_energy(-20.0) + 97.0 * stereo_energy(-26.0)) / 294.0);
    println!("album {album:.3}, by hand {expected:.3}");
    assert!((album - expected).abs() < 0.15, "the blocks across the steps make up the rest");
    let tracks = exact.each_ref().map(LoudnessMeter::integrated_lufs);
    assert!((album - (tracks[0] + tracks[1]) / 2.0).abs() > 1.0);
}
