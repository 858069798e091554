//! The hashes.

use crate::{settings::drawn, signal};
use alloc::{format, string::String, vec, vec::Vec};
use mixdown::{BlockMut, Cpu, Effect, Error, Params, Processor, Sample, StreamSpec, Tunable, for_each_processor};

/// Settings of every processor: the default and drawn ones.
const SETTINGS: u64 = 5;
/// Input channels by the number of the setting; the first that a processor takes after it.
const CHANNELS: [usize; 4] = [2, 1, 3, 2];
const RATE_HZ: f64 = 44_100.0;
/// The levels whose bits must be the same. On 64-bit ARM there is one.
const LEVELS: &[Cpu] = if cfg!(target_arch = "x86_64") { &[Cpu::Detected, Cpu::Avx2] } else { &[Cpu::Detected] };
/// Frames of a block.
const BLOCK: usize = 500;
/// Block before which the settings change to others, if a running processor takes them.
const CHANGE: usize = 3;

macro_rules! listed {
    ($($name:ident: $params:ty, $processor:ty;)*) => {
        fn listed() -> Vec<(&'static str, Effect)> {
            vec![$((stringify!($name), <$params>::default().into())),*]
        }
    };
}
for_each_processor!(listed);

/// The processors of the list, and the combinators over some of them.
fn entries() -> Vec<(&'static str, Effect)> {
    let mut entries = listed();
    let of = |names: &[&str]| -> Vec<Effect> {
        entries.iter().filter(|(name, _)| names.contains(name)).map(|(_, effect)| effect.clone()).collect()
    };
    let combinators = [
        ("Chain", Effect::Chain { effects: of(&["Gain", "Compressor", "Limiter"]) }),
        ("Parallel", Effect::Parallel { effects: of(&["Gain", "Saturator", "Limiter"]), gains_db: vec![-3.0; 3] }),
        ("MidSide", Effect::MidSide { mid: of(&["Compressor"]), side: of(&["Limiter", "HighPass"]) }),
        ("Bypass", Effect::Bypass { effect: Effect::Chain { effects: of(&["Limiter"]) }.into() }),
    ];
    entries.extend(combinators);
    entries
}

/// Calls `print` with every line.
pub(crate) fn each_line(mut print: impl FnMut(&str)) -> Result<(), Error> {
    for (name, default) in &entries() {
        for number in 0..SETTINGS {
            let channels = CHANNELS.iter().cycle().skip(number as usize).take(CHANNELS.len());
            let drawn = channels.filter_map(|&channels| {
                let spec = StreamSpec::new(RATE_HZ, channels).ok()?;
                Some((spec, drawn(default, number, &spec)?, drawn(default, number + SETTINGS, &spec)?))
            });
            let Some((spec, effect, other)) = drawn.into_iter().next() else {
                print(&format!("{name} {number}: no settings"));
                continue;
            };
            print(&line::<f32>(name, "f32", number, [&effect, &other], &spec)?);
            print(&line::<f64>(name, "f64", number, [&effect, &other], &spec)?);
        }
    }
    Ok(())
}

fn line<S: Sample>(
    name: &str,
    format: &str,
    number: u64,
    settings: [&Effect; 2],
    spec: &StreamSpec,
) -> Result<String, Error> {
    let mut line = format!("{name} {format} {number}:");
    for level in LEVELS {
        line += &format!(" {:016x}", hash::<S>(settings, &spec.with_cpu(*level))?);
    }
    Ok(line)
}

/// FNV-1a over the bits of the output for both signals.
fn hash<S: Sample>([effect, other]: [&Effect; 2], spec: &StreamSpec) -> Result<u64, Error> {
    let mut hash = 0xCBF2_9CE4_8422_2325;
    for input in [signal::dense::<S>(spec.channels()), signal::sparse(spec.channels())] {
        let mut processor = effect.build::<S>(spec)?;
        let frames = input.len() / spec.channels();
        let channels = spec.channels().max(processor.output_channels());
        let mut audio = input;
        audio.resize(frames * channels, S::ZERO);
        let mut block = BlockMut::from_planar(&mut audio, channels)?;
        for (number, start) in (0..frames).step_by(BLOCK).enumerate() {
            if number == CHANGE {
                // Some changes need a new processor, on every machine.
                let _ = processor.set_params(other);
            }
            processor.process(&mut block.frames_mut(start, BLOCK.min(frames - start)));
        }
        for sample in &audio {
            hash = (hash ^ sample.bits()).wrapping_mul(0x0100_0000_01B3);
        }
    }
    Ok(hash)
}
