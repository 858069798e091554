//! Measures raw interleaved little-endian f32 audio from standard input.
//!
//! ```text
//! ffmpeg -v error -i song.ogg -f f32le - | cargo run --release --example measure_raw -- 44100 2 [off|standard|high]
//! ```
use mixdown::{
    BlockMut, Meter, StreamSpec,
    meters::{LoudnessParams, Precision},
};
use std::io::Read;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [rate, channels, rest @ ..] = &arguments[..] else {
        return Err("usage: measure_raw SAMPLE_RATE_HZ CHANNELS [off|standard|high] < interleaved.f32".into());
    };
    let spec = StreamSpec::new(rate.parse()?, channels.parse()?)?;
    let precision = match rest.first().map(String::as_str) {
        None | Some("standard") => Precision::Standard,
        Some("high") => Precision::High,
        Some("off") => Precision::Off,
        Some(other) => return Err(format!("precision {other}: off, standard or high").into()),
    };
    let mut meter = LoudnessParams { precision, ..Default::default() }.build::<f32>(&spec)?;

    let mut bytes = Vec::new();
    std::io::stdin().lock().read_to_end(&mut bytes)?;
    let interleaved: Vec<f32> =
        bytes.chunks_exact(4).map(|word| f32::from_le_bytes([word[0], word[1], word[2], word[3]])).collect();
    let mut planar = vec![0.0_f32; interleaved.len()];
    let mut block = BlockMut::from_planar(&mut planar, spec.channels())?;
    block.copy_from_interleaved(&interleaved)?;

    let start = std::time::Instant::now();
    meter.observe(&block.as_block());
    let reading = meter.reading();
    let elapsed = start.elapsed();

    println!("integrated      {:9.3} LUFS", reading.integrated_lufs);
    println!("loudness range  {:9.3} LU", reading.loudness_range_lu);
    println!("max momentary   {:9.3} LUFS", reading.max_momentary_lufs);
    println!("max short-term  {:9.3} LUFS", reading.max_short_term_lufs);
    match reading.true_peak_dbtp {
        Some(peak) => println!("true peak       {peak:9.3} dBTP"),
        None => println!("true peak             off"),
    }
    println!("sample peak     {:9.3} dBFS", reading.sample_peak_dbfs);
    println!("PLR             {:9.3} LU", reading.plr_lu);
    println!("min PSR         {:9.3} LU", reading.min_psr_lu);
    if meter.non_finite_samples() > 0 {
        println!("{} samples were NaN or infinite and counted as 0", meter.non_finite_samples());
    }
    eprintln!("{} frames in {:.1} ms", block.frames(), 1e3 * elapsed.as_secs_f64());
    Ok(())
}
