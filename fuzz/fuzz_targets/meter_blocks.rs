//! Any signal into a loudness meter, in any blocks: the same readings, never NaN, and peaks in their order.
#![no_main]

use arbitrary::{Result, Unstructured};
use libfuzzer_sys::fuzz_target;
use mixdown::{
    Block, Meter, Sample, StreamSpec,
    meters::{Loudness, LoudnessMeter, LoudnessParams, Memory, Precision, Weights},
};
use mixdown_fuzz::{Signal, stream};

/// A little over a short-term window at the lowest rates, a few momentary ones at the usual.
const MAX_FRAMES: usize = 30_000;
/// Half a bin of the histogram, plus the difference of energies in one bin, in LU.
const HISTOGRAM_LU: f64 = 0.02;

fuzz_target!(|data: &[u8]| {
    let mut u = Unstructured::new(data);
    // A case ends when the bytes run out.
    let _ = if u.arbitrary().unwrap_or(false) { case::<f64>(&mut u) } else { case::<f32>(&mut u) };
});

fn case<S: Sample>(u: &mut Unstructured<'_>) -> Result<()> {
    let spec = stream(u, 8)?;
    let channels = spec.channels();
    let weights = if u.arbitrary()? {
        Weights::Explicit((0..channels).map(|_| Ok(f64::from(u.int_in_range(0..=3_u8)?) / 2.0)).collect::<Result<_>>()?)
    } else {
        Weights::default()
    };
    let precision = *u.choose(&[Precision::Off, Precision::Standard, Precision::High])?;
    let params = LoudnessParams { weights, dual_mono: u.arbitrary()?, precision, memory: Memory::Exact };
    let Ok(mut whole) = params.build::<S>(&spec) else { return Ok(()) };
    let mut pieces = params.build::<S>(&spec).expect("built before");
    let mut endless =
        LoudnessParams { memory: Memory::Constant, ..params.clone() }.build::<S>(&spec).expect("built before");

    let frames = u.int_in_range(0..=MAX_FRAMES)?;
    let signal = Signal::<S>::draw(u, channels * frames)?;
    let block = Block::from_planar(&signal.samples, channels).expect("whole frames");
    whole.observe(&block);
    endless.observe(&block);
    let cuts: Vec<usize> = (0..u.int_in_range(1..=6)?).map(|_| u.int_in_range(0..=5_000)).collect::<Result<_>>()?;
    let mut start = 0;
    for cut in cuts.iter().chain([&frames.max(1)]).cycle() {
        let length = (*cut).min(frames - start);
        pieces.observe(&block.frames_at(start, length));
        start += length;
        if u.ratio(1, 16)? {
            // Reading must not change the measurement.
            let _ = pieces.reading();
        }
        if start == frames {
            break;
        }
    }

    let reading = whole.reading();
    assert_eq!(bits(&reading), bits(&pieces.reading()), "cut {cuts:?} changes the reading: {params:?} {spec:?}");
    sane(&reading, &spec);
    let constant = endless.reading();
    let difference = constant.integrated_lufs - reading.integrated_lufs;
    assert!(
        constant.integrated_lufs == reading.integrated_lufs
            || difference.abs() <= HISTOGRAM_LU
            || near_a_gate(&reading),
        "constant memory is {difference} LU off: {params:?} {spec:?}"
    );
    resets(whole, &params, &spec, &block);
    Ok(())
}

/// Programmes with blocks close to a gate may lose another block to it by the width of a bin.
fn near_a_gate(reading: &Loudness) -> bool {
    let gates = [-70.0, reading.integrated_lufs - 10.0];
    reading.momentary_lufs.iter().any(|lufs| gates.iter().any(|gate| (lufs - gate).abs() < 0.2))
}

fn sane(reading: &Loudness, spec: &StreamSpec) {
    let values = figures(reading);
    assert!(values.iter().all(|value| !value.is_nan()), "{reading:?} {spec:?}");
    assert!(reading.true_peak_dbtp.is_none_or(|peak| peak >= reading.sample_peak_dbfs), "{reading:?} {spec:?}");
    assert!(reading.integrated_lufs <= reading.max_momentary_lufs + 1e-9, "{reading:?} {spec:?}");
    assert!(reading.loudness_range_lu >= 0.0, "{reading:?}");
}

fn figures(reading: &Loudness) -> Vec<f64> {
    let singles = [
        reading.integrated_lufs,
        reading.loudness_range_lu,
        reading.max_momentary_lufs,
        reading.max_short_term_lufs,
        reading.true_peak_dbtp.unwrap_or(0.0),
        reading.sample_peak_dbfs,
        reading.plr_lu,
        reading.min_psr_lu,
    ];
    singles.iter().chain(&reading.momentary_lufs).chain(&reading.short_term_lufs).copied().collect()
}

fn bits(reading: &Loudness) -> Vec<u64> {
    figures(reading).into_iter().map(f64::to_bits).collect()
}

fn resets<S: Sample>(mut used: LoudnessMeter<S>, params: &LoudnessParams, spec: &StreamSpec, block: &Block<'_, '_, S>) {
    used.reset();
    let mut fresh = params.build::<S>(spec).expect("built before");
    assert_eq!(bits(&used.reading()), bits(&fresh.reading()), "reset keeps something: {params:?}");
    used.observe(block);
    fresh.observe(block);
    assert_eq!(bits(&used.reading()), bits(&fresh.reading()), "reset keeps something: {params:?}");
}
