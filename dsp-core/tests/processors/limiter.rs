//! Gates of the limiter: nothing above the ceiling, nothing changed below it, low distortion of bass.

use crate::common::{Cut, Edit, noise, run, same_bits};
use mixdown::{dynamics::*, meters::*, *};
use std::f64::consts::{PI, TAU};

const RATES_HZ: [f64; 3] = [44_100.0, 48_000.0, 96_000.0];
const MODES: [LimiterMode; 3] = [LimiterMode::Standard, LimiterMode::Master, LimiterMode::SamplePeak];
/// The ceiling of most tests, in dB: the default.
const CEILING_DB: f64 = -1.0;

/// A finite interpolator for test readings: windowed sinc, straight from the formula. Own arithmetic, not the
/// library's.
struct Interpolator {
    half: usize,
    filters: Vec<Vec<f64>>,
}

impl Interpolator {
    fn new(phases: usize, half: usize, beta: f64) -> Self {
        let bessel = |x: f64| {
            let (mut sum, mut term) = (1.0, 1.0);
            for k in 1..200 {
                term *= (x / (2.0 * f64::from(k))).powi(2);
                sum += term;
            }
            sum
        };
        let filters = (1..phases).map(|phase| {
            let taps: Vec<f64> = (0..2 * half)
                .map(|k| {
                    let distance = k as f64 - (half as f64 - 1.0) - phase as f64 / phases as f64;
                    let window = bessel(beta * (1.0 - (distance / half as f64).powi(2)).max(0.0).sqrt());
                    (PI * distance).sin() / (PI * distance) * window
                })
                .collect();
            let sum: f64 = taps.iter().sum();
            taps.iter().map(|tap| tap / sum).collect()
        });
        Self { half, filters: filters.collect() }
    }

    /// The 8 points and 48 taps of `standard`.
    fn standard() -> Self {
        Self::new(8, 24, 8.0)
    }

    /// An independent meter: 16 points of 1024 taps, flat to within 0.2 % of half the sample rate.
    fn long() -> Self {
        Self::new(16, 512, 10.0)
    }

    /// The highest point, samples included, of a signal surrounded by silence.
    fn peak(&self, samples: &[f64]) -> f64 {
        let edge = vec![0.0; 2 * self.half];
        let padded = [&edge, samples, &edge].concat();
        let mut peak = samples.iter().fold(0.0, |peak: f64, x| peak.max(x.abs()));
        for window in padded.windows(2 * self.half) {
            for filter in &self.filters {
                // Eight parallel sums, so that the compiler can use vectors.
                let mut sums = [0.0; 8];
                for (taps, samples) in filter.chunks_exact(8).zip(window.chunks_exact(8)) {
                    for lane in 0..8 {
                        sums[lane] += taps[lane] * samples[lane];
                    }
                }
                peak = peak.max(sums.iter().sum::<f64>().abs());
            }
        }
        peak
    }
}

/// The library's finest meter, in dBTP: 16 points of 96 taps, as `master`.
fn high_dbtp(samples: &[f64]) -> f64 {
    let mut meter = TruePeakMeter::new(&StreamSpec::new(48_000.0, 1).unwrap(), Precision::High).unwrap();
    meter.observe(&Block::from_planar(samples, 1).unwrap());
    meter.reading().true_peak_dbtp
}

/// Excess of the limiter's own meter over the ceiling, in dB; sample peaks for `sample_peak`.
fn excess_db(mode: LimiterMode, samples: &[f64], ceiling_db: f64) -> f64 {
    let peak_db = match mode {
        LimiterMode::Standard => gain_to_db(Interpolator::standard().peak(samples)),
        LimiterMode::Master => high_dbtp(samples),
        _ => sample_peak_db(samples),
    };
    peak_db - ceiling_db
}

fn sample_peak_db(samples: &[f64]) -> f64 {
    gain_to_db(samples.iter().fold(0.0, |peak: f64, x| peak.max(x.abs())))
}

/// Limits one channel, with silence after it, so that all of it is output. Nothing may have been clamped.
fn limit<S: Sample>(params: &LimiterParams, rate_hz: f64, input: &[f64]) -> Vec<f64> {
    let mut limiter = params.build::<S>(&StreamSpec::new(rate_hz, 1).unwrap()).unwrap();
    let mut audio: Vec<S> = input.iter().map(|&x| S::from_f64(x)).collect();
    audio.resize(input.len() + limiter.latency_frames(), S::ZERO);
    run(&mut limiter, &mut audio, &Cut(vec![512]), vec![]);
    assert_eq!(limiter.clamped(), 0);
    audio.iter().map(|x| x.to_f64()).collect()
}

/// Noise without content above 20 kHz (or 0.45 of the rate): white, through a long low pass.
fn band_limited_noise(seed: u64, rate_hz: f64, frames: usize) -> Vec<f64> {
    low_passed(&noise(seed, frames + 512), rate_hz)[256..256 + frames].to_vec()
}

/// Through a windowed-sinc low pass with its stop band of -100 dB from 20 kHz or 0.45 of the rate on.
fn low_passed(signal: &[f64], rate_hz: f64) -> Vec<f64> {
    let (half, beta) = (256, 10.0_f64);
    let stop = (20_000.0 / rate_hz).min(0.45);
    // A Kaiser window of this length takes (A - 7.95) / (14.36 * 2 half) to fall by A = 100 dB.
    let cutoff = stop - 0.5 * (100.0 - 7.95) / (14.36 * 2.0 * f64::from(half));
    let bessel = |x: f64| (1..60).rev().fold(1.0, |sum, k| 1.0 + sum * (x / (2.0 * f64::from(k))).powi(2));
    let taps: Vec<f64> = (-half..=half)
        .map(|k| {
            let (n, u) = (f64::from(k), f64::from(k) / f64::from(half));
            let sinc = if k == 0 { 2.0 * cutoff } else { (TAU * cutoff * n).sin() / (PI * n) };
            sinc * bessel(beta * (1.0 - u * u).sqrt()) / bessel(beta)
        })
        .collect();
    let edge = vec![0.0; half as usize];
    let padded = [&edge, signal, &edge].concat();
    padded.windows(taps.len()).map(|window| window.iter().zip(&taps).map(|(x, h)| x * h).sum()).collect()
}

type Named = (&'static str, Vec<f64>);

/// Signals on which limiters overshoot, at about full scale.
fn adversarial(rate_hz: f64, frames: usize) -> Vec<Named> {
    let time = |n: usize| n as f64 / rate_hz;
    let all = |signal: &dyn Fn(usize) -> f64| (0..frames).map(signal).collect::<Vec<f64>>();
    let white = noise(11, frames);
    let sign = |x: f64| if x < 0.0 { -1.0 } else { 1.0 };
    let middle = frames as f64 / 2.0 + 0.5;
    // A 20 kHz sweep ends at 21.5 kHz, or where 44.1 kHz has it.
    let top_hz = (21_500.0 / 44_100.0 * rate_hz).min(21_500.0);
    let sweep_s = time(frames);
    let am_hz = 21_000.0_f64.min(0.476 * rate_hz);
    vec![
        (
            "fs/4 at 45 degrees",
            all(&|n| if n % 1_000 < 400 { sign((PI * (n as f64 / 2.0 + 0.25)).sin()) } else { 0.0 }),
        ),
        ("white noise", white.clone()),
        ("telegraph", white.iter().map(|&x| sign(x)).collect()),
        ("sign(sinc)", all(&|n| sign((PI * (n as f64 - middle)).sin() * (n as f64 - middle)))),
        ("sparse impulses", (0..frames).map(|n| if white[n] > 0.99 { sign(white[n / 2]) } else { 0.0 }).collect()),
        ("square 1 kHz", all(&|n| sign((TAU * 1_000.0 * time(n) + 0.1).sin()))),
        ("chirp", all(&|n| (PI * top_hz * time(n) * time(n) / sweep_s).sin())),
        (
            "drums and noise",
            all(&|n| {
                let t = time(n % (frames / 3).max(1));
                (TAU * 60.0 * t).sin() * (-20.0 * t).exp() + white[n] * (0.8 * (-80.0 * t).exp() + 0.03)
            }),
        ),
        ("step of 80 dB", (0..frames).map(|n| white[n] * if n < frames / 2 { 1e-3 } else { 10.0 }).collect()),
        ("21 kHz AM", all(&|n| (TAU * am_hz * time(n)).sin() * (0.5 - 0.5 * (TAU * 50.0 * time(n)).cos()))),
    ]
}

/// The same kinds of signals, without content on which meters of finite length disagree.
fn band_limited(rate_hz: f64, frames: usize) -> Vec<Named> {
    let edge_hz = 19_000.0_f64.min(0.43 * rate_hz);
    let time = |n: usize| n as f64 / rate_hz;
    let mut signals: Vec<Named> = adversarial(rate_hz, frames)
        .into_iter()
        .filter(|(name, _)| !matches!(*name, "chirp" | "21 kHz AM"))
        .map(|(name, signal)| (name, low_passed(&signal, rate_hz)))
        .collect();
    let fade = |n: usize| (PI * n as f64 / frames as f64).sin();
    let sweep = |n: usize| (PI * edge_hz * time(n) * time(n) / time(frames)).sin();
    signals.push(("chirp to 19 kHz", (0..frames).map(|n| fade(n) * sweep(n)).collect()));
    let am = |n: usize| (TAU * edge_hz * time(n)).sin() * (0.5 - 0.5 * (TAU * 50.0 * time(n)).cos());
    signals.push(("19 kHz AM", (0..frames).map(am).collect()));
    signals.push(("noise to 20 kHz", band_limited_noise(5, rate_hz, frames)));
    signals
}

/// A random signal 0 to 30 dB over full scale: white, smooth, two-valued, sparse or in steps of level.
fn random_signal(seed: u64, frames: usize) -> Vec<f64> {
    let values = noise(seed ^ 0xA5A5, frames);
    let choice = noise(seed, 4);
    let gain = 10_f64.powf((choice[0] + 1.0) * 0.75);
    let pole = 1.0 - 10_f64.powf(-1.5 * (choice[1] + 1.0));
    let sign = |x: f64| if x < 0.0 { -1.0 } else { 1.0 };
    let mut last = 0.0;
    (0..frames)
        .map(|n| {
            let x = values[n];
            let shape = match seed % 5 {
                0 => x,
                1 => {
                    last = pole * last + (1.0 - pole * pole).sqrt() * x;
                    last
                }
                2 => sign(x),
                3 => sign(x) * if x.abs() > 0.97 { 1.0 } else { 0.02 },
                _ => x * 10_f64.powf(1.5 * values[n / 200 * 200] - 1.5),
            };
            gain * shape
        })
        .collect()
}

/// Half the sample rate, 0 to 30 dB over full scale, inverted now and then.
fn reversing(seed: u64, frames: usize) -> Vec<f64> {
    let values = noise(seed ^ 0xA5A5, frames);
    let mut level = 10_f64.powf((noise(seed, 1)[0] + 1.0) * 0.75);
    values
        .iter()
        .map(|&x| {
            level = if x > 0.95 { level } else { -level };
            level
        })
        .collect()
}

/// No sample over the ceiling, and no point of the limiter's own meter.
fn assert_no_overs(mode: LimiterMode, output: &[f64], ceiling_db: f64, what: &str) -> f64 {
    assert!(sample_peak_db(output) <= ceiling_db, "{mode:?} {what}: {} dBFS", sample_peak_db(output));
    let excess = excess_db(mode, output, ceiling_db);
    assert!(excess <= 0.0, "{mode:?} {what}: {excess} dB over");
    excess
}

#[test]
fn l1_no_overs_on_the_adversarial_set() {
    const FRAMES: usize = 6_000;
    for mode in MODES {
        let mut worst = f64::NEG_INFINITY;
        for rate_hz in RATES_HZ {
            let params = LimiterParams { gain_db: 12.0, mode, ..Default::default() };
            for (name, signal) in adversarial(rate_hz, FRAMES) {
                let what = format!("{name} at {rate_hz} Hz");
                worst = worst.max(assert_no_overs(mode, &limit::<f64>(&params, rate_hz, &signal), CEILING_DB, &what));
                worst = worst.max(assert_no_overs(mode, &limit::<f32>(&params, rate_hz, &signal), CEILING_DB, &what));
            }
        }
        println!("{mode:?}: own meter {worst:.6} dB re ceiling");
    }
}

/// The true-peak signals of Tech 3341, cases 15 to 23, 6 dB louder.
#[test]
fn l1_no_overs_on_the_cases_of_tech_3341() {
    let names: Vec<String> = (15..=23).map(|number| format!("3341-{number}")).collect();
    let cases: Vec<_> = crate::standards::cases().into_iter().filter(|case| names.contains(&case.name)).collect();
    for mode in MODES {
        let mut worst = f64::NEG_INFINITY;
        let mut played = 0;
        for (case, rate_hz) in cases.iter().flat_map(|case| RATES_HZ.map(|rate_hz| (case, rate_hz))) {
            let params = LimiterParams { gain_db: 6.0, mode, ..Default::default() };
            let audio = case.audio::<f64>(rate_hz);
            let output = limit::<f64>(&params, rate_hz, audio[0].channels()[0]);
            worst = worst.max(assert_no_overs(mode, &output, CEILING_DB, &format!("{} at {rate_hz} Hz", case.name)));
            played += 1;
        }
        assert!(played >= 9 * RATES_HZ.len(), "{played} signals");
        println!("{mode:?}: own meter {worst:.6} dB re ceiling");
    }
}

#[test]
fn l1_no_overs_whatever_the_settings() {
    const FRAMES: usize = 3_000;
    for seed in 0..40 {
        let dice = noise(1_000 + seed, 7);
        let between = |n: usize, low: f64, high: f64| low + (high - low) * 0.5 * (dice[n] + 1.0);
        let mode = MODES[seed as usize % 3];
        let params = LimiterParams {
            ceiling_db: between(0, -20.0, 0.0),
            gain_db: between(1, 0.0, 24.0),
            lookahead_ms: between(2, 0.5, 10.0),
            hold_ms: between(3, 0.0, 15.0),
            release_ms: between(4, 5.0, 100.0),
            release_mode: [ReleaseMode::Manual, ReleaseMode::Dual, ReleaseMode::Auto][between(5, 0.0, 2.99) as usize],
            link_percent: between(6, 0.0, 100.0),
            mode,
        };
        let output = limit::<f64>(&params, RATES_HZ[seed as usize % 3], &random_signal(seed / 3, FRAMES));
        assert_no_overs(mode, &output, params.ceiling_db, &format!("{params:?}"));
    }
}

/// Random signals from 0 to 30 dB over: no overs. Reports the margin of its own meter.
fn random_overs(mode: LimiterMode, seeds: std::ops::Range<u64>, frames: usize) {
    let params = LimiterParams { mode, ..Default::default() };
    let mut worst = (f64::NEG_INFINITY, 0);
    for seed in seeds {
        let signal = random_signal(seed, frames);
        let output = if seed % 2 == 0 { limit::<f32> } else { limit::<f64> }(&params, 44_100.0, &signal);
        assert!(sample_peak_db(&output) <= CEILING_DB, "{mode:?} seed {seed}");
        let excess = excess_db(mode, &output, CEILING_DB);
        if excess > worst.0 {
            worst = (excess, seed);
        }
    }
    println!("{mode:?}: own meter {:.6} dB re ceiling, seed {}", worst.0, worst.1);
    assert!(worst.0 <= 0.0, "{mode:?}: {worst:?}");
}

#[test]
fn l1_no_overs_on_random_signals() {
    for mode in MODES {
        random_overs(mode, 0..60, 3_000);
    }
}

#[test]
#[ignore = "a thousand long signals take minutes; for releases"]
fn l1_slow_standard_has_no_overs_on_a_thousand_long_random_signals() {
    // Its own meter is the slow one of this file.
    random_overs(LimiterMode::Standard, 0..1_000, 200_000);
}

#[test]
#[ignore = "a thousand long signals take minutes; for releases"]
fn l1_slow_master_has_no_overs_on_a_thousand_long_random_signals() {
    random_overs(LimiterMode::Master, 0..1_000, 1_000_000);
}

#[test]
#[ignore = "a thousand long signals take minutes; for releases"]
fn l1_slow_sample_peak_has_no_overs_on_a_thousand_long_random_signals() {
    random_overs(LimiterMode::SamplePeak, 0..1_000, 1_000_000);
}

#[test]
fn l1_excess_of_a_moving_gain_at_half_the_sample_rate() {
    /// Where the terms of an interpolation cancel, a gain that varies within its reach undoes some of the cancellation.
    /// No music does this; the worst case found is 0.04 dB.
    const LIMIT_DB: f64 = 0.1;
    for mode in [LimiterMode::Standard, LimiterMode::Master] {
        let params = LimiterParams { mode, ..Default::default() };
        let mut worst = f64::NEG_INFINITY;
        for seed in 0..60 {
            let output = limit::<f64>(&params, 44_100.0, &reversing(seed, 3_000));
            assert!(sample_peak_db(&output) <= CEILING_DB);
            worst = worst.max(excess_db(mode, &output, CEILING_DB));
        }
        println!("{mode:?}: reversing {worst:.6} dB re ceiling");
        assert!(worst <= LIMIT_DB, "{mode:?} {worst}");
    }
}

#[test]
fn l2_another_meter_agrees_on_band_limited_signals() {
    /// L2: excess over the ceiling that a meter of 1024 taps may read, in dB: the ripple of the shorter detectors up to
    /// 20 kHz and the distance of their points.
    const LIMITS_DB: [(LimiterMode, f64); 2] = [(LimiterMode::Standard, 0.10), (LimiterMode::Master, 0.05)];
    const FRAMES: usize = 6_000;
    let long = Interpolator::long();
    for (mode, limit_db) in LIMITS_DB {
        let mut worst = (f64::NEG_INFINITY, String::new());
        for rate_hz in RATES_HZ {
            for (name, signal) in band_limited(rate_hz, FRAMES) {
                let params = LimiterParams { gain_db: 12.0, mode, ..Default::default() };
                let output = limit::<f64>(&params, rate_hz, &signal);
                let excess_db = gain_to_db(long.peak(&output)) - CEILING_DB;
                println!("{excess_db:8.4} dB {mode:?} {name} at {rate_hz} Hz");
                if excess_db > worst.0 {
                    worst = (excess_db, format!("{name} at {rate_hz} Hz"));
                }
            }
        }
        println!("{mode:?}: long meter {:.4} dB re ceiling, {}", worst.0, worst.1);
        assert!(worst.0 <= limit_db, "{mode:?}: {worst:?}");
    }
}

#[test]
fn l3_below_the_ceiling_it_is_a_delay_bit_for_bit() {
    fn check<S: Sample>(mode: LimiterMode, gain_db: f64, rate_hz: f64, channels: usize) {
        const FRAMES: usize = 4_000;
        let params = LimiterParams { mode, gain_db, ..Default::default() };
        let mut limiter = params.build::<S>(&StreamSpec::new(rate_hz, channels).unwrap()).unwrap();
        // Uniform noise read by 48 taps is at most 2.7 times its largest sample, by 96 at most 3.1: below 0.89.
        let quiet = 0.28 / db_to_gain(gain_db);
        let input: Vec<S> =
            (0..channels).flat_map(|channel| noise(channel as u64, FRAMES)).map(|x| S::from_f64(quiet * x)).collect();
        let drive = S::from_f64(db_to_gain(gain_db));
        let latency = limiter.latency_frames();
        let expected: Vec<S> = input
            .chunks(FRAMES)
            .flat_map(|samples| {
                let driven = samples[..FRAMES - latency].iter().map(|&x| x * drive);
                std::iter::repeat_n(S::ZERO, latency).chain(driven).collect::<Vec<S>>()
            })
            .collect();
        let mut output = input;
        run(&mut limiter, &mut output, &Cut(vec![333]), vec![]);
        assert!(same_bits(&output, &expected), "{mode:?} {gain_db} {rate_hz} {channels}");
        assert_eq!(limiter.gain_reduction(), GainReduction::default());
    }
    for mode in MODES {
        for rate_hz in RATES_HZ {
            check::<f32>(mode, 0.0, rate_hz, 2);
            check::<f64>(mode, 0.0, rate_hz, 1);
            check::<f32>(mode, 6.0, rate_hz, 5);
        }
    }
}

#[test]
fn l3_the_gain_is_exactly_one_again_after_the_release() {
    const RATE_HZ: f64 = 48_000.0;
    /// Release time constants from 30 dB to 1e-9 dB: ln(3e10), and a little.
    const ARRIVAL: f64 = 24.2;
    for mode in MODES {
        for (release_mode, slowest) in [(ReleaseMode::Manual, 1.0), (ReleaseMode::Dual, 400.0 / 60.0)] {
            let params = LimiterParams { mode, release_mode, release_ms: 20.0, ..Default::default() };
            let mut limiter = params.build::<f32>(&StreamSpec::new(RATE_HZ, 1).unwrap()).unwrap();
            let latency = limiter.latency_frames();
            let mut loud: Vec<f32> = noise(3, 20_000).iter().map(|&x| 20.0 * x as f32).collect();
            run(&mut limiter, &mut loud, &Cut::whole(), vec![]);
            assert!(limiter.gain_reduction_db(0) > 10.0);
            let quiet: Vec<f32> = noise(4, 200_000).iter().map(|&x| 0.28 * x as f32).collect();
            let mut output = quiet.clone();
            run(&mut limiter, &mut output, &Cut(vec![480]), vec![]);
            // The hold of 8 ms and the window and response of the filters: less than 1000 frames.
            let settled = (ARRIVAL * slowest * 0.02 * RATE_HZ) as usize + 1_000;
            let output = &output[settled + latency..];
            assert!(same_bits(output, &quiet[settled..settled + output.len()]), "{mode:?} {release_mode:?}");
            assert_eq!(limiter.gain_reduction_db(0), 0.0);
        }
    }
}

#[test]
fn l3_the_gain_is_exactly_one_again_after_the_automatic_release() {
    let params = LimiterParams { release_mode: ReleaseMode::Auto, mode: LimiterMode::SamplePeak, ..Default::default() };
    let mut limiter = params.build::<f32>(&StreamSpec::new(8_000.0, 1).unwrap()).unwrap();
    let mut loud: Vec<f32> = noise(3, 16_000).iter().map(|&x| 20.0 * x as f32).collect();
    run(&mut limiter, &mut loud, &Cut::whole(), vec![]);
    // 24.5 times the slow time of 400 ms, in the implicit form 1 % longer.
    let quiet: Vec<f32> = noise(4, 100_000).iter().map(|&x| 0.28 * x as f32).collect();
    let mut output = quiet.clone();
    run(&mut limiter, &mut output, &Cut(vec![480]), vec![]);
    let (settled, latency) = ((24.5 * 0.4 * 8_000.0 * 1.01) as usize + 500, limiter.latency_frames());
    assert!(same_bits(&output[settled + latency..], &quiet[settled..quiet.len() - latency]));
}

/// Two channels through one limiter; nothing may have been clamped.
fn limit_pair<S: Sample>(params: &LimiterParams, rate_hz: f64, input: [&[f64]; 2], cut: usize) -> [Vec<f64>; 2] {
    let mut limiter = params.build::<S>(&StreamSpec::new(rate_hz, 2).unwrap()).unwrap();
    let frames = input[0].len() + limiter.latency_frames();
    let mut audio = vec![S::ZERO; 2 * frames];
    for (row, samples) in audio.chunks_mut(frames).zip(input) {
        row.iter_mut().zip(samples).for_each(|(own, x)| *own = S::from_f64(*x));
    }
    run(&mut limiter, &mut audio, &Cut(vec![cut]), vec![]);
    assert_eq!(limiter.clamped(), 0);
    let (left, right) = audio.split_at(frames);
    [left, right].map(|row| row.iter().map(|x| x.to_f64()).collect())
}

#[test]
fn l1_no_overs_at_any_link() {
    const FRAMES: usize = 4_000;
    const RATE_HZ: f64 = 44_100.0;
    for mode in MODES {
        let signals = adversarial(RATE_HZ, FRAMES);
        for (n, link_percent) in [0.0, 1.0, 50.0, 99.0, 100.0].into_iter().enumerate() {
            let params = LimiterParams { gain_db: 12.0, link_percent, mode, ..Default::default() };
            for (index, (name, left)) in signals.iter().enumerate() {
                let (other, right) = &signals[(index + 1 + n) % signals.len()];
                for out in limit_pair::<f32>(&params, RATE_HZ, [left, right], 333) {
                    assert_no_overs(mode, &out, CEILING_DB, &format!("{name} beside {other} at {link_percent} %"));
                }
            }
        }
    }
}

#[test]
fn l5_the_link_sets_what_a_loud_channel_does_to_others() {
    const FRAMES: usize = 20_000;
    let tone = |amplitude: f64| (0..FRAMES).map(|n| amplitude * (n as f64 * 0.1).sin()).collect::<Vec<f64>>();
    let (loud, quiet) = (tone(4.0), tone(0.1));
    for mode in MODES {
        let params = |link_percent| LimiterParams { link_percent, mode, ..Default::default() };
        let alone = limit::<f64>(&params(100.0), 48_000.0, &loud);
        let mut last_db = f64::NEG_INFINITY;
        for link_percent in [0.0, 25.0, 50.0, 75.0, 100.0] {
            let [left, right] = limit_pair::<f64>(&params(link_percent), 48_000.0, [&loud, &quiet], 480);
            assert!(same_bits(&left, &alone), "{mode:?} {link_percent}");
            // In dB: 12.04 dB and the ceiling of -1 dB, times the link.
            let down_db = -sample_peak_db_of(&quiet, &right);
            let expected_db = link_percent / 100.0 * -sample_peak_db_of(&loud, &alone);
            println!("{mode:?}, link {link_percent} %: the quiet channel falls by {down_db:.3} dB");
            assert!((down_db - expected_db).abs() < 0.02 && down_db > last_db, "{down_db} {expected_db}");
            last_db = down_db;
        }
        let [_, right] = limit_pair::<f64>(&params(0.0), 48_000.0, [&loud, &quiet], 480);
        let latency = right.len() - FRAMES;
        assert!(same_bits(&right[latency..], &quiet), "unlinked, it is a delay");
    }
}

/// Change of the steady peak from `before` to `after`, in dB.
fn sample_peak_db_of(before: &[f64], after: &[f64]) -> f64 {
    sample_peak_db(&after[10_000..20_000]) - sample_peak_db(&before[10_000..20_000])
}

#[test]
fn l5_a_link_that_changes_keeps_the_ceiling_whatever_the_cut() {
    const FRAMES: usize = 24_000;
    for mode in MODES {
        let params = |link_percent| LimiterParams { gain_db: 12.0, link_percent, mode, ..Default::default() };
        let played = |cut: usize| {
            let mut limiter = params(100.0).build::<f64>(&StreamSpec::new(48_000.0, 2).unwrap()).unwrap();
            let mut audio: Vec<f64> = (0..2).flat_map(|channel| noise(60 + channel, FRAMES)).collect();
            for sample in &mut audio[FRAMES..] {
                *sample *= 0.2;
            }
            let events = [(4_000, 0.0), (9_000, 100.0), (9_300, 40.0), (15_000, 100.0)];
            let events = events.map(|(at, link_percent)| {
                let change: Edit<'_, Limiter<f64>> =
                    Box::new(move |limiter| limiter.set_params(&params(link_percent)).unwrap());
                (at, change)
            });
            run(&mut limiter, &mut audio, &Cut(vec![cut]), events.into());
            assert_eq!(limiter.clamped(), 0);
            audio
        };
        let whole = played(usize::MAX);
        for channel in whole.chunks(FRAMES) {
            assert_no_overs(mode, channel, CEILING_DB, "a link that changes");
        }
        for cut in [1, 64, 333] {
            assert!(same_bits(&played(cut), &whole), "{mode:?} {cut}");
        }
    }
}

/// Frames from a click of one sample, 12 dB over, until the reduction is 0.1 dB.
#[test]
fn l6_no_release_remembers_a_single_click() {
    /// Of 12 dB: ln(120) times the fast time, and the hold with its windows.
    const LIMIT_MS: f64 = 310.0;
    for release_mode in [ReleaseMode::Manual, ReleaseMode::Dual, ReleaseMode::Auto] {
        let params = LimiterParams { release_mode, ..Default::default() };
        let mut limiter = params.build::<f64>(&StreamSpec::new(48_000.0, 1).unwrap()).unwrap();
        let mut audio = vec![0.0; 96_000];
        audio[1_000] = db_to_gain(11.0);
        let mut trace = vec![0.0; audio.len()];
        let mut block = BlockMut::from_planar(&mut trace, 1).unwrap();
        limiter.process_traced(&mut BlockMut::from_planar(&mut audio, 1).unwrap(), None, &mut block);
        let last = trace.iter().rposition(|&reduction_db| reduction_db > 0.1).unwrap();
        let time_ms = (last - 1_000 - limiter.latency_frames()) as f64 / 48.0;
        println!("{release_mode:?}: down to 0.1 dB after {time_ms:.0} ms");
        assert!(time_ms <= LIMIT_MS, "{release_mode:?}: {time_ms} ms");
    }
}

#[test]
fn latency_is_measured_and_silence_is_exact_after_it() {
    for mode in MODES {
        for rate_hz in RATES_HZ {
            for (lookahead_ms, level) in [(0.5, 0.5), (1.5, 0.1), (10.0, 0.5), (1.5, 40.0)] {
                let params = LimiterParams { mode, lookahead_ms, ..Default::default() };
                let mut limiter = params.build::<f64>(&StreamSpec::new(rate_hz, 1).unwrap()).unwrap();
                let mut audio = vec![0.0; 3_000];
                audio[7] = level;
                run(&mut limiter, &mut audio, &Cut(vec![64]), vec![]);
                let at = 7 + limiter.latency_frames();
                assert_ne!(audio[at], 0.0, "{mode:?} {rate_hz} {lookahead_ms}");
                assert!(audio.iter().enumerate().all(|(n, &x)| n == at || x.to_bits() == 0));
            }
        }
    }
}

/// RMS of the residue of `signal`, whole seconds long, without the tones at these frequencies in Hz, re the last one.
fn residue_db(signal: &[f64], rate_hz: f64, tones_hz: &[f64]) -> f64 {
    let mut rest = signal.to_vec();
    let mut power = 0.0;
    for &tone_hz in tones_hz {
        let [re, im] = component(&rest, rate_hz, tone_hz);
        for (n, x) in rest.iter_mut().enumerate() {
            let (sin, cos) = (TAU * (tone_hz * n as f64 / rate_hz).fract()).sin_cos();
            *x -= re * cos + im * sin;
        }
        power = 0.5 * (re * re + im * im);
    }
    10.0 * (rest.iter().map(|x| x * x).sum::<f64>() / rest.len() as f64 / power).log10()
}

/// Cosine and sine amplitude of a tone with whole periods in `signal`.
fn component(signal: &[f64], rate_hz: f64, tone_hz: f64) -> [f64; 2] {
    let mut sums = [0.0; 2];
    for (n, x) in signal.iter().enumerate() {
        let (sin, cos) = (TAU * (tone_hz * n as f64 / rate_hz).fract()).sin_cos();
        sums[0] += x * cos;
        sums[1] += x * sin;
    }
    sums.map(|sum| 2.0 * sum / signal.len() as f64)
}

/// One second of a tone complex 6 dB over the ceiling, limited and settled.
fn settled(hold_ms: f64, mode: LimiterMode, rate_hz: f64, tones: &[(f64, f64)]) -> Vec<f64> {
    let params = LimiterParams {
        ceiling_db: 0.0,
        gain_db: 6.0,
        lookahead_ms: 2.0,
        hold_ms,
        release_ms: 50.0,
        mode,
        ..Default::default()
    };
    let second = rate_hz as usize;
    let tone = |n: usize| tones.iter().map(|(hz, level)| level * (TAU * (hz * n as f64 / rate_hz).fract()).sin()).sum();
    let input: Vec<f64> = (0..2 * second).map(tone).collect();
    limit::<f64>(&params, rate_hz, &input)[second..2 * second].to_vec()
}

#[test]
fn l4_bass_stays_clean_under_hold() {
    /// Frequency, then the most distortion at 8 ms of hold, in dB re the tone: the table of the design plus 3 dB, or
    /// the resolution of f64.
    const LIMITS: [(f64, f64); 5] = [(30.0, -48.0), (40.0, -70.0), (50.0, -183.0), (60.0, -250.0), (100.0, -250.0)];
    for mode in MODES {
        for (tone_hz, limit_db) in LIMITS {
            let held = residue_db(&settled(8.0, mode, 48_000.0, &[(tone_hz, 1.0)]), 48_000.0, &[tone_hz]);
            let bare = residue_db(&settled(0.0, mode, 48_000.0, &[(tone_hz, 1.0)]), 48_000.0, &[tone_hz]);
            println!("{mode:?} {tone_hz} Hz: hold 8 ms {held:.1} dB, none {bare:.1} dB");
            assert!(held <= limit_db, "{mode:?} {tone_hz} Hz: {held} dB");
        }
    }
}

#[test]
fn l4_smpte_intermodulation() {
    /// L4: sidebands of the 7 kHz tone, in dB re it.
    const LIMIT_DB: f64 = -85.0;
    // Not sample peaks: whether they hit the crests of 7 kHz depends on the rate (-91 dB at 44.1 kHz, -77 at 48).
    for mode in [LimiterMode::Standard, LimiterMode::Master] {
        for rate_hz in RATES_HZ {
            let output = settled(8.0, mode, rate_hz, &[(60.0, 0.8), (7_000.0, 0.2)]);
            let power = |hz: f64| component(&output, rate_hz, hz).iter().map(|x| x * x).sum::<f64>();
            let sidebands: f64 =
                (1..=20).flat_map(|k| [-1.0, 1.0].map(|side| 7_000.0 + side * 60.0 * f64::from(k))).map(power).sum();
            let distortion_db = 10.0 * (sidebands / power(7_000.0)).log10();
            println!("{mode:?} at {rate_hz} Hz: {distortion_db:.1} dB");
            assert!(distortion_db <= LIMIT_DB, "{mode:?} {rate_hz}: {distortion_db} dB");
        }
    }
}

#[test]
fn channels_are_linked_and_keep_their_ratio() {
    const FRAMES: usize = 6_000;
    for mode in MODES {
        let mut limiter = LimiterParams { gain_db: 12.0, mode, ..Default::default() }
            .build::<f64>(&StreamSpec::new(48_000.0, 3).unwrap())
            .unwrap();
        let input: Vec<f64> = (0..3).flat_map(|channel| noise(channel, FRAMES)).collect();
        let mut output = input.clone();
        let mut traces = vec![0.0; 3 * FRAMES];
        let mut block = BlockMut::from_planar(&mut traces, 3).unwrap();
        limiter.process_traced(&mut BlockMut::from_planar(&mut output, 3).unwrap(), None, &mut block);
        let (trace, others) = traces.split_at(FRAMES);
        assert!(limiter.traces() == 3 && others.chunks(FRAMES).all(|other| other == trace));
        let (latency, drive) = (limiter.latency_frames(), db_to_gain(12.0));
        assert_eq!((limiter.clamped(), limiter.gain_reduction_db(0)), (0, trace[FRAMES - 1]));
        let mut max_db = 0.0_f64;
        for n in latency..FRAMES {
            let gain = db_to_gain(-trace[n]) * drive;
            max_db = max_db.max(trace[n]);
            for channel in 0..3 {
                let expected = gain * input[channel * FRAMES + n - latency];
                // The trace is computed from a logarithm with an error of 1e-7 octaves.
                assert!((output[channel * FRAMES + n] - expected).abs() <= 1e-6, "{mode:?} {n} {channel}");
            }
            let cross = output[n] * input[FRAMES + n - latency] - output[FRAMES + n] * input[n - latency];
            assert!(cross.abs() <= 4.0 * f64::EPSILON * drive, "{mode:?} {n}: {cross}");
        }
        let reading = limiter.gain_reduction();
        assert_eq!(reading.max_db, max_db);
        assert!((reading.mean_db - trace.iter().sum::<f64>() / FRAMES as f64).abs() < 1e-4);
        assert!(reading.active_share > 0.9 && reading.active_share < 1.0);
    }
}

#[test]
fn a_moving_ceiling_is_kept() {
    const RATE_HZ: f64 = 48_000.0;
    const FRAMES: usize = 30_000;
    /// Frame and ceiling in dB of each change; the last two while the one before still glides.
    const CHANGES: [(usize, f64); 5] =
        [(5_000, -12.0), (10_000, -3.0), (15_000, -19.0), (15_480, -2.0), (16_111, -9.0)];
    const GLIDE_FRAMES: usize = 960;
    for mode in MODES {
        for (hold_ms, lookahead_ms) in [(8.0, 1.5), (0.0, 10.0)] {
            let params = |ceiling_db| LimiterParams {
                ceiling_db,
                gain_db: 12.0,
                hold_ms,
                lookahead_ms,
                mode,
                ..Default::default()
            };
            let mut limiter = params(CEILING_DB).build::<f64>(&StreamSpec::new(RATE_HZ, 1).unwrap()).unwrap();
            let settling = GLIDE_FRAMES + limiter.latency_frames();
            let mut audio: Vec<f64> = noise(5, FRAMES).iter().map(|x| 3.0 * x).collect();
            let events = CHANGES
                .iter()
                .map(|&(at, ceiling_db)| {
                    let change: Edit<'_, Limiter<f64>> =
                        Box::new(move |limiter| limiter.set_params(&params(ceiling_db)).unwrap());
                    (at, change)
                })
                .collect();
            run(&mut limiter, &mut audio, &Cut(vec![500]), events);
            assert_eq!(limiter.clamped(), 0);
            for (n, x) in audio.iter().enumerate() {
                // The newest ceiling, and any other whose successor has not settled.
                let allowed = std::iter::once((0, CEILING_DB))
                    .chain(CHANGES)
                    .zip(CHANGES.iter().map(|&(at, _)| at).chain([usize::MAX]))
                    .filter(|&((at, _), next)| at <= n && n < next.saturating_add(settling))
                    .fold(f64::NEG_INFINITY, |highest, ((_, ceiling_db), _)| highest.max(ceiling_db));
                assert!(gain_to_db(*x) <= allowed, "{mode:?} {n}: {} of {allowed}", gain_to_db(*x));
            }
            // The glides do not leave it quieter than necessary: true peaks of noise are up to 4 dB above its samples.
            let peak_db = |range: std::ops::Range<usize>| sample_peak_db(&audio[range]);
            let peaks_db = [peak_db(7_500..10_000), peak_db(20_000..FRAMES)];
            assert!(peaks_db[0] > -17.0 && peaks_db[1] > -14.0, "{mode:?} {peaks_db:?}");
        }
    }
}

#[test]
fn extreme_input_leaves_no_trace() {
    for mode in MODES {
        let mut limiter = LimiterParams { gain_db: 24.0, mode, release_ms: 5.0, ..Default::default() }
            .build::<f32>(&StreamSpec::new(48_000.0, 1).unwrap())
            .unwrap();
        let mut audio = vec![f32::MAX, -f32::MAX, f32::NAN, f32::INFINITY, f32::MIN_POSITIVE, 1e-45, -f32::MAX];
        audio.resize(30_000, 0.001);
        run(&mut limiter, &mut audio, &Cut(vec![100]), vec![]);
        assert!(audio.iter().all(|x| x.abs() <= 0.892), "{mode:?}");
        assert_eq!(
            (limiter.non_finite_samples(), limiter.clamped(), limiter.gain_reduction_db(0)),
            (2, 0, 0.0),
            "{mode:?}"
        );
        assert_eq!(audio[29_999].to_bits(), (0.001 * db_to_gain(24.0) as f32).to_bits());
    }
}
