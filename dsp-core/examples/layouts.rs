//! A chain in every memory layout of hosts: one slice per channel, planar, interleaved.
//!
//! ```text
//! cargo run --release --example layouts
//! ```
use mixdown::{
    BlockMut, Effect, EffectProcessor, Error, Params, Processor, Sample, StreamSpec, Tunable,
    filters::{BellParams, HighPassParams},
    gain_to_db,
    levels::GainParams,
};

const RATE_HZ: f64 = 48_000.0;
const CHANNELS: usize = 2;
/// Hosts do not guarantee block lengths.
const BLOCKS: [usize; 4] = [512, 512, 333, 64];

fn voice(presence_db: f64) -> Effect {
    Effect::Chain {
        effects: vec![
            HighPassParams { frequency_hz: 80.0, slope_db_per_octave: 24.0 }.into(),
            BellParams { frequency_hz: 3_000.0, gain_db: presence_db, q: 0.9 }.into(),
            GainParams { gain_db: -3.0, ..Default::default() }.into(),
        ],
    }
}

/// The note at frame `n`: A3 with a rumble below it, for the high pass.
fn tone<S: Sample>(n: usize) -> S {
    let seconds = n as f64 / RATE_HZ;
    let sine = |frequency_hz: f64| (std::f64::consts::TAU * frequency_hz * seconds).sin();
    S::from_f64(0.25 * sine(220.0) + 0.25 * sine(15.0))
}

/// A host with one buffer per channel, as in plug-in formats. Nothing is copied.
fn separate_channels<S: Sample>(chain: &mut EffectProcessor<S>) -> Result<S, Error> {
    let (mut left, mut right) = (vec![S::ZERO; 512], vec![S::ZERO; 512]);
    let mut frame = 0;
    for length in BLOCKS.repeat(20) {
        let (left, right) = (&mut left[..length], &mut right[..length]);
        for (n, (left, right)) in left.iter_mut().zip(&mut *right).enumerate() {
            *left = tone(frame + n);
            *right = *left;
        }
        chain.process(&mut BlockMut::from_slices(&mut [left, right])?);
        frame += length;
    }
    Ok(left[63])
}

/// A host with one buffer, channel after channel, as in numpy. Nothing is copied.
fn planar<S: Sample>(chain: &mut EffectProcessor<S>) -> Result<S, Error> {
    let mut buffer = [S::ZERO; CHANNELS * 512];
    let mut frame = 0;
    for length in BLOCKS.repeat(20) {
        let samples = &mut buffer[..CHANNELS * length];
        for (n, sample) in samples.iter_mut().enumerate() {
            *sample = tone(frame + n % length);
        }
        chain.process(&mut BlockMut::from_planar(samples, CHANNELS)?);
        frame += length;
    }
    Ok(buffer[63])
}

/// A device with interleaved frames: one copy in, one copy out, into memory allocated beforehand.
fn interleaved<S: Sample>(chain: &mut EffectProcessor<S>) -> Result<S, Error> {
    let mut device = [S::ZERO; CHANNELS * 512];
    let mut interleaved = [S::ZERO; CHANNELS * 512];
    let mut frame = 0;
    for length in BLOCKS.repeat(20) {
        let device = &mut device[..CHANNELS * length];
        for (n, sample) in device.iter_mut().enumerate() {
            *sample = tone(frame + n / CHANNELS);
        }
        let mut block = BlockMut::from_planar(&mut interleaved[..CHANNELS * length], CHANNELS)?;
        block.copy_from_interleaved(device)?;
        chain.process(&mut block);
        block.as_block().interleave_into(device)?;
        frame += length;
    }
    Ok(device[63 * CHANNELS])
}

fn every_layout<S: Sample>(format: &str) -> Result<(), Error> {
    let spec = StreamSpec::new(RATE_HZ, CHANNELS)?;
    let mut chain = voice(4.0).build::<S>(&spec)?;
    // Designed on a thread that may wait; set in the callback, where it glides without allocating.
    let brighter = voice(6.0).design(&spec)?;
    let mut lasts = [S::ZERO; 3];
    for (last, layout) in lasts.iter_mut().zip([separate_channels::<S>, planar::<S>, interleaved::<S>]) {
        chain.set_coeffs(&brighter)?;
        *last = layout(&mut chain)?;
        // Back to the first settings and to silence, so that the next layout starts from the same state.
        chain.set_params(&voice(4.0))?;
        chain.reset();
    }
    assert!(lasts.iter().all(|last| last.bits() == lasts[0].bits()), "the layout changes no bit");
    println!("{format}: the last sample of all three layouts is {:.2} dBFS", gain_to_db(lasts[0].to_f64()));
    Ok(())
}

fn main() -> Result<(), Error> {
    every_layout::<f32>("f32")?;
    every_layout::<f64>("f64")
}
