//! One pass of a programme: drive, clip, limiter, rounding.

use super::{
    drive_search::Attempt,
    normalizer::{NormalizeError, report, steps},
    quantizer::QuantizerParams,
};
use crate::{
    console::offline::{Plan, Progress, copy_from, render_with},
    dynamics::limiter::Limiter,
    foundation::{
        block::{Block, BlockMut},
        params::Params,
        processor::{Dynamics, GainReduction, Processor},
        sample::Sample,
        stream::StreamSpec,
        unit::{db_to_gain, ms_to_frames},
    },
    saturation::Clipper,
};
use alloc::{vec, vec::Vec};

/// Step of the curve of gain reduction, in ms.
pub const CURVE_STEP_MS: f64 = 10.0;
/// Frames per chunk of the limiter and the quantiser.
const CHUNK_FRAMES: usize = 4_096;

/// What clip and limiter did to a programme.
pub(super) struct Driven {
    pub(super) clipped_share: f64,
    pub(super) reduction: GainReduction,
    pub(super) reduction_curve_db: Vec<f64>,
}

/// The programme times the drive, through clip and limiter if needed, into `out`, which is as long.
pub(super) fn drive<S: Sample>(
    programme: &Block<'_, '_, S>,
    spec: &StreamSpec,
    attempt: &Attempt,
    out: &mut BlockMut<'_, '_, S>,
    progress: Progress<'_>,
) -> Result<Driven, NormalizeError> {
    let (channels, frames) = (programme.channels(), programme.frames());
    let gain = S::from_f64(db_to_gain(attempt.drive_db));
    let mut limiter: Option<Limiter<S>> = attempt.limiter.map(|params| params.build(spec)).transpose()?;
    let mut clipper = attempt.clip.map(|params| Clipper::unchecked(&params, spec));
    let latency_frames =
        limiter.as_ref().map_or(0, Processor::latency_frames) + clipper.as_ref().map_or(0, Processor::latency_frames);
    let plan = Plan {
        channels,
        output_channels: channels,
        input_frames: frames,
        latency_frames,
        tail_frames: 0,
        chunk_frames: CHUNK_FRAMES,
    };
    let step_frames = ms_to_frames(CURVE_STEP_MS, spec.sample_rate_hz());
    let mut curve = vec![0.0; if limiter.is_some() { frames.div_ceil(step_frames) } else { 0 }];
    let mut reduction_db = Vec::new();
    render_with(&plan, progress, out, |start, block| {
        copy_from(programme, start, block);
        for channel in 0..channels {
            block.channel_mut(channel).iter_mut().for_each(|sample| *sample *= gain);
        }
        if let Some(clipper) = &mut clipper {
            clipper.process(block);
        }
        let Some(limiter) = &mut limiter else { return };
        reduction_db.resize(block.frames(), 0.0);
        let Ok(mut trace) = BlockMut::from_planar(&mut reduction_db, 1) else { return };
        limiter.process_traced(block, None, &mut trace);
        // Frame n of the output is frame n - latency of the programme.
        for (frame, &reduction_db) in (start..).zip(&reduction_db) {
            if let Some(frame) = frame.checked_sub(latency_frames) {
                let largest: &mut f64 = &mut curve[frame / step_frames];
                *largest = largest.max(reduction_db);
            }
        }
    })?;
    let reduction = limiter.map_or_else(GainReduction::default, |limiter| limiter.gain_reduction());
    let clipped_share = clipper.map_or(0.0, |clipper| clipper.clipped_share());
    Ok(Driven { clipped_share, reduction, reduction_curve_db: curve })
}

/// Rounds to a word length in place, if there is one. Returns the count of samples clipped.
pub(super) fn round<S: Sample>(
    block: &mut BlockMut<'_, '_, S>,
    spec: &StreamSpec,
    word: Option<QuantizerParams>,
    progress: Progress<'_>,
) -> Result<u64, NormalizeError> {
    let Some(word) = word else { return Ok(0) };
    let channels = spec.channels();
    let mut quantizer = word.build(spec)?;
    let mut words = vec![0; channels * CHUNK_FRAMES];
    for (start, length, share) in steps(block.frames(), CHUNK_FRAMES) {
        let mut part = block.frames_mut(start, length);
        let words = &mut words[..channels * length];
        quantizer.quantize(&part.as_block(), words)?;
        for (channel, words) in words.chunks_exact(length).enumerate() {
            for (sample, word) in part.channel_mut(channel).iter_mut().zip(words) {
                // Exact: 24 bits fit an f32.
                *sample = S::from_f64(f64::from(*word) * quantizer.step());
            }
        }
        report(progress, share)?;
    }
    Ok(quantizer.clipped())
}
