//! Any signal through any limiter: no sample above the ceiling, no true peak by its own meter, and signals below the
//! ceiling unchanged.
#![no_main]

use arbitrary::{Result, Unstructured};
use libfuzzer_sys::fuzz_target;
use mixdown::{
    BlockMut, Meter, Params, Processor, Sample, StreamSpec, Tunable, db_to_gain,
    dynamics::{Limiter, LimiterMode, LimiterParams},
    meters::{Precision, TruePeakMeter},
};
use mixdown_fuzz::{Signal, Style, drawn, stream};

/// Room for a few time constants of the shortest release.
const MAX_FRAMES: usize = 6_000;
/// Excess of repeatedly inverted half-rate signals over a true-peak ceiling, and a margin, in dB.
const TRUE_PEAK_ROOM_DB: f64 = 0.1;
/// Distance below the ceiling at which nothing is changed, in dB: the margin of the true-peak modes.
const UNTOUCHED_BELOW_DB: f64 = 0.011;
/// Smaller magnitudes count as 0.
const FAINTEST: f64 = 1.0 / (1_u128 << 99) as f64;
/// The largest gain of the longest interpolator, the sum of the magnitudes of its taps.
const LARGEST_OVERSHOOT: f64 = 3.1;

fuzz_target!(|data: &[u8]| {
    let mut u = Unstructured::new(data);
    // A case ends when the bytes run out.
    let _ = if u.arbitrary().unwrap_or(false) { case::<f64>(&mut u) } else { case::<f32>(&mut u) };
});

fn case<S: Sample>(u: &mut Unstructured<'_>) -> Result<()> {
    let spec = stream(u, 4)?;
    let params: LimiterParams = drawn(u, Style::Tame, spec.sample_rate_hz())?;
    let Ok(mut limiter) = params.build::<S>(&spec) else { return Ok(()) };
    let frames = u.int_in_range(1..=MAX_FRAMES)?;
    let latency = limiter.latency_frames();
    let input = signal::<S>(u, spec.channels(), frames)?;
    let mut audio = padded(&input, spec.channels(), frames, latency);
    let mut ceilings_db = params.ceiling_db;
    let mut block = BlockMut::from_planar(&mut audio, spec.channels()).expect("whole frames");
    let total = block.frames();
    let cuts: Vec<usize> = (0..u.int_in_range(1..=6)?).map(|_| u.int_in_range(0..=700)).collect::<Result<_>>()?;
    let mut start = 0;
    for cut in cuts.iter().chain([&total]).cycle() {
        let length = (*cut).min(total - start);
        limiter.process(&mut block.frames_mut(start, length));
        start += length;
        if start == total {
            break;
        }
        if u.ratio(1, 8)? {
            let changed: LimiterParams = drawn(u, Style::Tame, spec.sample_rate_hz())?;
            let changed = LimiterParams { mode: params.mode, lookahead_ms: params.lookahead_ms, ..changed };
            if limiter.set_params(&changed).is_ok() {
                ceilings_db = ceilings_db.max(changed.ceiling_db);
            }
        }
    }
    below(&limiter, &params, &spec, &audio, ceilings_db);
    if ceilings_db == params.ceiling_db {
        untouched::<S>(&params, &spec, u)?;
    }
    Ok(())
}

/// Noise, telegraph signals or tones at levels up to +40 dBFS, with accidents.
fn signal<S: Sample>(u: &mut Unstructured<'_>, channels: usize, frames: usize) -> Result<Vec<S>> {
    let mut signal = Signal::<S>::draw(u, channels * frames)?.samples;
    let cycles = f64::from(u.arbitrary::<u16>()?) / 131_071.0;
    let depth = f64::from(u.int_in_range(0..=100_u8)?);
    let square = u.arbitrary()?;
    for (n, sample) in signal.iter_mut().enumerate().filter(|_| depth > 0.0) {
        let tone = (std::f64::consts::TAU * cycles * n as f64).sin();
        let tone = if square { tone.signum() } else { tone };
        *sample = S::from_f64(sample.to_f64() + depth * tone);
    }
    Ok(signal)
}

fn padded<S: Sample>(input: &[S], channels: usize, frames: usize, tail: usize) -> Vec<S> {
    let mut audio = vec![S::ZERO; channels * (frames + tail)];
    for (row, source) in audio.chunks_mut(frames + tail).zip(input.chunks(frames)) {
        row[..frames].copy_from_slice(source);
    }
    audio
}

fn below<S: Sample>(limiter: &Limiter<S>, params: &LimiterParams, spec: &StreamSpec, out: &[S], ceiling_db: f64) {
    assert_eq!(limiter.clamped(), 0, "the gain alone left samples above the ceiling: {params:?}");
    let ceiling = db_to_gain(ceiling_db);
    let peak = out.iter().fold(0.0, |peak: f64, sample| peak.max(sample.to_f64().abs()));
    assert!(peak <= ceiling, "{peak} above {ceiling}: {params:?} {spec:?}");
    if params.mode == LimiterMode::Master {
        let mut meter = TruePeakMeter::<S>::new(spec, Precision::High).expect("on");
        meter.observe(&mixdown::Block::from_planar(out, spec.channels()).expect("whole frames"));
        for dbtp in meter.reading().channels_dbtp {
            assert!(dbtp <= ceiling_db + TRUE_PEAK_ROOM_DB, "{dbtp} dBTP above {ceiling_db}: {params:?} {spec:?}");
        }
    }
}

/// A signal below the ceiling is only delayed.
fn untouched<S: Sample>(params: &LimiterParams, spec: &StreamSpec, u: &mut Unstructured<'_>) -> Result<()> {
    let params = LimiterParams { gain_db: 0.0, ..*params };
    let mut limiter = params.build::<S>(spec).expect("built before with more drive");
    let (frames, latency) = (500, limiter.latency_frames());
    let level = db_to_gain(params.ceiling_db - UNTOUCHED_BELOW_DB) / LARGEST_OVERSHOOT;
    let mut input = Signal::<S>::draw(u, spec.channels() * frames)?.samples;
    for sample in &mut input {
        let value = sample.to_f64();
        let is_sound = value.is_finite() && value.abs() >= FAINTEST;
        *sample = if is_sound { S::from_f64(value.clamp(-level, level)) } else { S::ZERO };
    }
    let mut audio = padded(&input, spec.channels(), frames, latency);
    limiter.process(&mut BlockMut::from_planar(&mut audio, spec.channels()).expect("whole frames"));
    for (out, input) in audio.chunks(frames + latency).zip(input.chunks(frames)) {
        assert!(out[latency..] == *input, "sound below the ceiling was changed: {params:?} {spec:?}");
    }
    Ok(())
}
