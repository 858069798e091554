//! The signal: pink noise at -18 dBFS, and the comparison of two signals.

use mixdown::{BlockMut, Sample, db_to_gain};

/// Level of the noise, in dBFS (RMS of a full-scale square wave).
const LEVEL_DBFS: f64 = -18.0;
/// Octaves of pink noise, down from half the sample rate.
const OCTAVES: usize = 12;

/// The name of a sample format in an id.
pub fn format<S: Sample>() -> &'static str {
    if size_of::<S>() == 4 { "f32" } else { "f64" }
}

/// One channel of pink noise at -18 dBFS. Every channel has a seed of its own.
///
/// Row `k` of a dozen holds a random value for 2^k frames: the sum falls by 3 dB per octave (R. Voss).
pub fn pink<S: Sample>(seed: usize, frames: usize) -> Vec<S> {
    let mut state = (seed as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut random = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
    };
    let mut rows = [0.0; OCTAVES];
    rows.iter_mut().for_each(|row| *row = random());
    let noise: Vec<f64> = (0..frames)
        .map(|frame| {
            let due = (frame.trailing_zeros() as usize).min(OCTAVES - 1);
            rows[due] = random();
            rows.iter().sum::<f64>() + random()
        })
        .collect();
    let mean = noise.iter().sum::<f64>() / frames as f64;
    let power = noise.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / frames as f64;
    let scale = db_to_gain(LEVEL_DBFS) / power.sqrt();
    noise.iter().map(|x| S::from_f64((x - mean) * scale)).collect()
}

/// Channels of pink noise, one after the other.
pub fn planar<S: Sample>(channels: usize, frames: usize) -> Vec<S> {
    (0..channels).flat_map(|channel| pink::<S>(channel + 1, frames)).collect()
}

/// A block over planar samples.
pub fn block<S: Sample>(samples: &mut [S], channels: usize) -> BlockMut<'_, 'static, S> {
    BlockMut::from_planar(samples, channels).expect("whole frames")
}

/// Stops the benches unless two signals agree within `tolerance`, in parts of full scale.
pub fn assert_close<S: Sample>(what: &str, ours: &[S], plain: &[S], tolerance: f64) {
    assert_eq!(ours.len(), plain.len(), "{what}");
    let worst = ours.iter().zip(plain).map(|(a, b)| (a.to_f64() - b.to_f64()).abs()).fold(0.0, f64::max);
    assert!(worst <= tolerance, "{what}: mixdown and the scalar loop differ by {worst}");
}

/// The rounding error of a format after a few operations on samples below 4.
pub fn rounding<S: Sample>() -> f64 {
    if size_of::<S>() == 4 { 2e-6 } else { 1e-12 }
}
