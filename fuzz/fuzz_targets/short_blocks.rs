//! Blocks and keys with too few channels or frames, as in release builds: missing ones are silence.
#![no_main]

use arbitrary::{Result, Unstructured};
use libfuzzer_sys::fuzz_target;
use mixdown::{Block, BlockMut, Mixer, Params, Processor, Sample, StreamSpec, StripParams, levels::GainParams};
use mixdown_fuzz::{Signal, Style, effect, same, stream};

const MAX_FRAMES: usize = 700;
const MAX_BLOCKS: usize = 4;

fuzz_target!(|data: &[u8]| {
    // Debug assertions refuse such blocks.
    if cfg!(debug_assertions) {
        panic!("run this target with -O");
    }
    let mut u = Unstructured::new(data);
    // A case ends when the bytes run out.
    let _ = if u.arbitrary().unwrap_or(false) { streams::<f64>(&mut u) } else { mixers(&mut u) };
});

/// The first `channels` rows of `frames` frames out of planar audio with `stride` frames, silence in place of the rest.
fn padded<S: Sample>(samples: &[S], stride: usize, [rows, channels, frames]: [usize; 3]) -> Vec<S> {
    let mut padded = vec![S::ZERO; rows * stride];
    for (row, source) in padded.chunks_exact_mut(stride).zip(samples.chunks_exact(stride)).take(channels) {
        row[..frames].copy_from_slice(&source[..frames]);
    }
    padded
}

fn streams<S: Sample>(u: &mut Unstructured<'_>) -> Result<()> {
    let spec = stream(u, 8)?;
    let effect = effect(u, Style::Tame, spec.sample_rate_hz(), 2)?;
    let (Ok(mut whole), Ok(mut short)) = (effect.build::<S>(&spec), effect.build::<S>(&spec)) else { return Ok(()) };
    let inputs = spec.channels();
    let rows = inputs.max(whole.output_channels());
    for _ in 0..u.int_in_range(1..=MAX_BLOCKS)? {
        let frames = u.int_in_range(1..=MAX_FRAMES)?;
        let signal = Signal::<S>::draw(u, inputs * frames)?.samples;
        let given = u.int_in_range(1..=rows)?;
        let mut expected = padded(&signal, frames, [rows, given.min(inputs), frames]);
        let mut actual = expected[..given * frames].to_vec();
        let key_channels = if u.arbitrary()? { 1 } else { inputs };
        let key = Signal::<S>::draw(u, key_channels * frames)?.samples;
        let key_frames = u.int_in_range(0..=frames)?;
        let keyed = u.arbitrary::<bool>()?;
        let mut expected_block = BlockMut::from_planar(&mut expected, rows).expect("whole frames");
        let mut actual_block = BlockMut::from_planar(&mut actual, given).expect("whole frames");
        if keyed {
            let full = padded(&key, frames, [key_channels, key_channels, key_frames]);
            let key = Block::from_planar(&key, key_channels).expect("whole frames");
            let full = Block::from_planar(&full, key_channels).expect("whole frames");
            whole.process_keyed(&mut expected_block, &full);
            short.process_keyed(&mut actual_block, &key.frames_at(0, key_frames));
        } else {
            whole.process(&mut expected_block);
            short.process(&mut actual_block);
        }
        assert!(same(&expected[..given * frames], &actual), "{given} of {rows} channels, keyed {keyed}: {effect:?}");
    }
    Ok(())
}

fn mixers(u: &mut Unstructured<'_>) -> Result<()> {
    let spec = StreamSpec::new(48_000.0, 2).expect("legal");
    let (mut whole, mut short) = (Mixer::<f32>::new(&spec).expect("stereo"), Mixer::<f32>::new(&spec).expect("stereo"));
    let mut channels = Vec::new();
    for index in 0..u.int_in_range(1..=3)? {
        let inserts = if u.arbitrary()? {
            vec![GainParams { gain_db: 6.0, ..Default::default() }.into()]
        } else {
            vec![effect(u, Style::Tame, 48_000.0, 1)?]
        };
        let params = StripParams { trim_db: 6.0, inserts, ..Default::default() };
        let count = u.int_in_range(1..=2)?;
        if whole.add_track(&index.to_string(), count, &params).is_ok() {
            short.add_track(&index.to_string(), count, &params).expect("the other took it");
            channels.push(count);
        }
    }
    for _ in 0..u.int_in_range(1..=MAX_BLOCKS)? {
        let frames = u.int_in_range(1..=2 * MAX_FRAMES)?;
        let (mut full, mut parts) = (Vec::new(), Vec::new());
        for &count in &channels {
            let signal = Signal::<f32>::draw(u, count * frames)?.samples;
            let (given, given_frames) = (u.int_in_range(1..=count)?, u.int_in_range(0..=frames)?);
            full.push((count, padded(&signal, frames, [count, given, given_frames])));
            let rows = signal.chunks_exact(frames).take(given).flat_map(|row| row[..given_frames].to_vec());
            parts.push((given, rows.collect::<Vec<f32>>()));
        }
        let blocks = |inputs: &[(usize, Vec<f32>)], out: &mut [f32], rows: usize, mixer: &mut Mixer<f32>| {
            let blocks: Vec<Block<'_, '_, f32>> = inputs
                .iter()
                .map(|(channels, samples)| Block::from_planar(samples, *channels).expect("whole frames"))
                .collect();
            mixer.process(&blocks, &mut BlockMut::from_planar(out, rows).expect("whole frames"));
        };
        let rows = u.int_in_range(1..=2)?;
        let (mut expected, mut actual) = (vec![0.0; 2 * frames], vec![0.0; rows * frames]);
        blocks(&full, &mut expected, 2, &mut whole);
        blocks(&parts, &mut actual, rows, &mut short);
        assert!(same(&expected[..rows * frames], &actual), "{channels:?}");
    }
    Ok(())
}
