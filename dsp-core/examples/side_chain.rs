//! A bass ducked by the kick: a compressor keyed by another track.
//!
//! ```text
//! cargo run --release --example side_chain
//! ```
use mixdown::{dynamics::CompressorParams, prelude::*};

const RATE_HZ: f64 = 48_000.0;
const FRAMES: usize = 48_000;

fn main() -> Result<(), Error> {
    let spec = StreamSpec::new(RATE_HZ, 1)?;
    let params = CompressorParams { threshold_db: -30.0, ratio: 4.0, attack_ms: 2.0, ..Default::default() };
    let mut compressor = params.build::<f32>(&spec)?;
    assert!(compressor.takes_key());

    // Four strokes of the kick in a second, over a steady bass.
    let seconds = |n: usize| n as f64 / RATE_HZ;
    let kick: Vec<f32> = (0..FRAMES)
        .map(|n| {
            let stroke = seconds(n).rem_euclid(0.25);
            ((-30.0 * stroke).exp() * (std::f64::consts::TAU * 55.0 * stroke).sin()) as f32
        })
        .collect();
    let mut bass: Vec<f32> =
        (0..FRAMES).map(|n| (0.25 * (std::f64::consts::TAU * 110.0 * seconds(n)).sin()) as f32).collect();

    // The key has the frames of the block, and one channel or as many as the audio.
    let mut block = BlockMut::from_planar(&mut bass, 1)?;
    let mut reduction_db = vec![0.0; FRAMES];
    let mut trace = BlockMut::from_planar(&mut reduction_db, 1)?;
    compressor.process_traced(&mut block, Some(&Block::from_planar(&kick, 1)?), &mut trace);

    let deepest = reduction_db.iter().fold(0.0_f64, |deepest, x| deepest.max(*x));
    println!("reduction: {deepest:.1} dB at the strokes, {:.1} dB before the last", reduction_db[35_900]);
    assert!(deepest > 15.0 && reduction_db[35_900] < 0.5 * deepest);
    Ok(())
}
