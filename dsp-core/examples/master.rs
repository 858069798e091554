//! A programme mastered to the loudness and the ceiling of a platform, and the readings of the result.
//!
//! ```text
//! cargo run --release --example master
//! ```
use mixdown::{
    Block, StreamSpec,
    delivery::{DeliveryParams, deliver, target},
};

const RATE_HZ: f64 = 48_000.0;
const SECONDS: usize = 6;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // Chords that swell, with a click on every beat.
    let frames = SECONDS * RATE_HZ as usize;
    let programme: Vec<f32> = (0..2 * frames)
        .map(|n| {
            let seconds = (n % frames) as f64 / RATE_HZ;
            let sine = |frequency_hz: f64| (std::f64::consts::TAU * frequency_hz * seconds).sin();
            let chord = 0.05 * (1.0 + sine(0.5)) * (sine(220.0) + sine(277.2) + sine(329.6));
            let beat = seconds.rem_euclid(0.5);
            (chord + 0.6 * (-400.0 * beat).exp() * (std::f64::consts::TAU * 2_000.0 * beat).sin()) as f32
        })
        .collect();

    let spec = StreamSpec::new(RATE_HZ, 2)?;
    let spotify = target("spotify").ok_or("no such target")?;
    let master = deliver(&Block::from_planar(&programme, 2)?, &spec, &DeliveryParams::from(*spotify))?;

    let true_peak_dbtp = master.loudness.true_peak_dbtp.unwrap_or(f64::NEG_INFINITY);
    println!("{:.2} LUFS, {true_peak_dbtp:.2} dBTP in {} passes", master.loudness.integrated_lufs, master.passes);
    println!("gain {:+.2} dB, limiter at most {:.2} dB", master.gain_db, master.reduction.max_db);
    assert!((master.loudness.integrated_lufs + 14.0).abs() <= 0.02 && true_peak_dbtp <= -1.0);
    Ok(())
}
