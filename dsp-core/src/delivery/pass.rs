//! One pass of a programme: drive, clip, limiter, rounding.

use super::{
    drive_search::Attempt,
    normalizer::{NormalizeError, steps},
    quantizer::{Quantizer, QuantizerParams},
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
    primitives::threads::Threads,
    saturation::Clipper,
};
use alloc::{vec, vec::Vec};

/// Step of the curve of gain reduction, in ms.
pub const CURVE_STEP_MS: f64 = 10.0;
/// Frames per chunk of the limiter and the quantiser.
const CHUNK_FRAMES: usize = 4_096;
/// Fewest frames that are worth another thread.
const FINISH_FRAMES: usize = 3 * CHUNK_FRAMES;

/// What clip and limiter did to a programme.
pub(super) struct Driven {
    pub(super) clipped_share: f64,
    pub(super) reduction: GainReduction,
    pub(super) reduction_curve_db: Vec<f64>,
}

/// The programme times the drive, through clip and limiter if needed, into `out`, which is as long. `finish` is called
/// with one part of it after the other, beside the making of the next where there are threads.
pub(super) fn drive<S: Sample>(
    programme: &Block<'_, '_, S>,
    spec: &StreamSpec,
    attempt: &Attempt,
    threads: &Threads,
    out: &mut BlockMut<'_, '_, S>,
    mut finish: impl FnMut(&mut BlockMut<'_, '_, S>) + Send,
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
    let mut make = |start: usize, block: &mut BlockMut<'_, '_, S>| {
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
    };
    let mut finished = 0;
    render_with(&plan, progress, out, |start, block, out| {
        let ready = start.saturating_sub(latency_frames) - finished;
        if ready < FINISH_FRAMES {
            return make(start, block);
        }
        let mut part = out.frames_mut(finished, ready);
        threads.both(|| make(start, block), || finish(&mut part));
        finished += ready;
    })?;
    finish(&mut out.frames_mut(finished, frames - finished));
    let reduction = limiter.map_or_else(GainReduction::default, |limiter| limiter.gain_reduction());
    let clipped_share = clipper.map_or(0.0, |clipper| clipper.clipped_share());
    Ok(Driven { clipped_share, reduction, reduction_curve_db: curve })
}

/// Rounding to a word length, part by part.
pub(super) struct Rounding {
    quantizer: Quantizer,
    words: Vec<i32>,
}

impl Rounding {
    pub(super) fn new(word: &QuantizerParams, spec: &StreamSpec) -> Result<Self, NormalizeError> {
        Ok(Self { quantizer: word.build(spec)?, words: vec![0; spec.channels() * CHUNK_FRAMES] })
    }

    /// Rounds the next part in place.
    pub(super) fn round<S: Sample>(&mut self, block: &mut BlockMut<'_, '_, S>) {
        for (start, length, _) in steps(block.frames(), CHUNK_FRAMES) {
            let mut part = block.frames_mut(start, length);
            let words = &mut self.words[..part.channels() * length];
            // The only error is another shape.
            let Ok(()) = self.quantizer.quantize(&part.as_block(), words) else { return };
            for (channel, words) in words.chunks_exact(length).enumerate() {
                for (sample, word) in part.channel_mut(channel).iter_mut().zip(words) {
                    // Exact: 24 bits fit an f32.
                    *sample = S::from_f64(f64::from(*word) * self.quantizer.step());
                }
            }
        }
    }

    /// Samples clipped.
    pub(super) fn clipped(&self) -> u64 {
        self.quantizer.clipped()
    }
}
