//! Time of every block of 64 frames of a long convolution, stereo, f32: the largest over the mean.
//!
//! A block is timed many times at the same position of the longest period, and the median taken, so that interruptions
//! by the system do not count. Run with `--release`; seconds of response as arguments.

use mixdown::{
    BlockMut, Params, Processor, StreamSpec,
    convolution::{ConvolutionParams, ImpulseResponse},
};
use std::time::Instant;

const RATE_HZ: f64 = 48_000.0;
const BLOCK: usize = 64;
/// The longest period of any stage, in blocks.
const PERIOD: usize = 32_768 / BLOCK;
const ROUNDS: usize = 60;

fn main() -> Result<(), mixdown::Error> {
    let arguments: Vec<f64> = std::env::args().skip(1).filter_map(|text| text.parse().ok()).collect();
    for seconds in if arguments.is_empty() { vec![0.1, 1.0, 2.0, 6.0, 10.0] } else { arguments } {
        measure(seconds)?;
    }
    Ok(())
}

fn measure(seconds: f64) -> Result<(), mixdown::Error> {
    let frames = (seconds * RATE_HZ) as usize;
    let mut state = 1_u64;
    let mut random = move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
    };
    let mut row = || (0..frames).map(|n| random() * (-6.9 * n as f64 / frames as f64).exp()).collect::<Vec<f64>>();
    let rows = [row(), row()];
    let impulse_response = ImpulseResponse::from_rows(&[&rows[0], &rows[1]])?;
    let params = ConvolutionParams { impulse_response, ..Default::default() };
    let mut convolution = params.build::<f32>(&StreamSpec::new(RATE_HZ, 2)?)?;
    let noise: Vec<f32> = rows.concat().iter().cycle().take(2 * BLOCK * 512).map(|x| 0.1 * *x as f32).collect();

    let mut times_ns: Vec<Vec<_>> = (0..PERIOD).map(|_| Vec::with_capacity(ROUNDS)).collect();
    for input in noise.chunks_exact(2 * BLOCK).cycle().take(PERIOD * ROUNDS).enumerate() {
        let (place, mut samples) = (input.0 % PERIOD, input.1.to_vec());
        let mut block = BlockMut::from_planar(&mut samples, 2)?;
        let started = Instant::now();
        convolution.process(&mut block);
        times_ns[place].push(started.elapsed().as_nanos() as f64);
    }
    let medians: Vec<f64> = times_ns
        .iter_mut()
        .map(|times| {
            times.sort_by(f64::total_cmp);
            times[times.len() / 2]
        })
        .collect();
    let mean = medians.iter().sum::<f64>() / PERIOD as f64;
    let worst = medians.iter().copied().fold(0.0, f64::max);
    println!(
        "{seconds} s: mean {mean:.0} ns, worst {worst:.0} ns, worst / mean {:.2}, 60 s in {:.0} ms, {:.1} MB",
        worst / mean,
        mean * 60.0 * RATE_HZ / BLOCK as f64 * 1e-6,
        convolution.memory_bytes() as f64 * 1e-6
    );
    Ok(())
}
