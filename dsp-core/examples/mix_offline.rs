//! A small mix, offline: three tracks with inserts, a master, and its readings.
//!
//! ```text
//! cargo run --release --example mix_offline
//! ```
use mixdown::{
    Block, BlockMut, Meter, Mixer, StreamSpec, StripParams,
    filters::{BellParams, HighPassParams, TiltParams},
    meters::LoudnessParams,
};

const RATE_HZ: f64 = 48_000.0;
const SECONDS: usize = 8;

/// Notes of one pitch after the other, plucked and left to decay.
fn plucked(pitches_hz: &[f64], notes_per_second: f64, level: f32) -> Vec<f32> {
    (0..SECONDS * RATE_HZ as usize)
        .map(|n| {
            let beat = n as f64 / RATE_HZ * notes_per_second;
            let pitch_hz = pitches_hz[beat as usize % pitches_hz.len()];
            let seconds = beat.fract() / notes_per_second;
            let strike = (1.0 - (-800.0 * seconds).exp()) * (-3.0 * seconds).exp();
            level * (strike * (std::f64::consts::TAU * pitch_hz * seconds).sin()) as f32
        })
        .collect()
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let spec = StreamSpec::new(RATE_HZ, 2)?;
    let mut mixer = Mixer::<f32>::new(&spec)?;
    mixer.add_track("bass", 1, &StripParams { fader_db: -4.0, ..Default::default() })?;
    let guitar = StripParams {
        inserts: vec![
            HighPassParams { frequency_hz: 120.0, ..Default::default() }.into(),
            BellParams { frequency_hz: 2_500.0, gain_db: 3.0, q: 0.8 }.into(),
        ],
        fader_db: -7.0,
        pan: -0.6,
        ..Default::default()
    };
    mixer.add_track("guitar", 1, &guitar)?;
    mixer.add_track("bells", 1, &StripParams { fader_db: -10.0, pan: 0.7, ..Default::default() })?;
    mixer.set(
        "master",
        &StripParams {
            inserts: vec![TiltParams { gain_db: -1.5, ..Default::default() }.into()],
            fader_db: -2.0,
            ..Default::default()
        },
    )?;

    let tracks = [
        plucked(&[55.0, 55.0, 82.4, 73.4], 2.0, 0.6),
        plucked(&[220.0, 277.2, 329.6, 440.0, 329.6, 277.2], 4.0, 0.5),
        plucked(&[1_760.0, 1_318.5], 1.0, 0.4),
    ];
    let inputs = [0, 1, 2].map(|track| Block::from_planar(&tracks[track], 1));
    let [bass, guitar, bells] = inputs;
    let mut mix = vec![0.0_f32; 2 * tracks[0].len()];
    mixer.process(&[bass?, guitar?, bells?], &mut BlockMut::from_planar(&mut mix, 2)?);

    let mut meter = LoudnessParams::default().build::<f32>(&spec)?;
    meter.observe(&Block::from_planar(&mix, 2)?);
    let reading = meter.reading();
    println!("{SECONDS} s of {}", mixer.inputs().collect::<Vec<_>>().join(", "));
    println!("integrated {:6.1} LUFS", reading.integrated_lufs);
    println!("range      {:6.1} LU", reading.loudness_range_lu);
    println!("true peak  {:6.1} dBTP", reading.true_peak_dbtp.unwrap_or(f64::NEG_INFINITY));
    Ok(())
}
