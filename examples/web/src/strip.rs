//! The stages in series, with a send to the reverb, as one processor of its own.

use crate::program::{EQUALIZER, LIMITER, REVERB, SATURATOR, SEND, STAGES, Stages, stages};
use alloc::{vec, vec::Vec};
use mixdown::{BlockMut, Error, Processor, StreamSpec, Tail};

/// Equalizer, compressor, saturator, and what the reverb makes of the send beside it, into the limiter.
pub(crate) struct Strip {
    spec: StreamSpec,
    pub(crate) stages: Stages,
    /// Whether the settings of a stage have changed since it last followed them.
    pub(crate) changed: [bool; STAGES],
    /// What goes through the reverb, planar.
    wet: Vec<f32>,
}

/// Frames of the send at once.
const CHUNK_FRAMES: usize = 256;

impl Strip {
    pub(crate) fn new(spec: &StreamSpec) -> Self {
        let wet = vec![0.0; spec.channels() * CHUNK_FRAMES];
        Self { spec: *spec, stages: stages(), changed: [false; STAGES], wet }
    }

    /// Takes the memory of all processors.
    pub(crate) fn start(&mut self) -> Result<(), Error> {
        self.stages.iter_mut().try_for_each(|stage| stage.start(&self.spec))
    }

    /// Has the stages whose settings have changed glide there.
    pub(crate) fn follow(&mut self) {
        for (stage, changed) in self.stages.iter_mut().zip(&mut self.changed) {
            if core::mem::take(changed) {
                stage.follow();
            }
        }
    }

    fn run(&mut self, stages: core::ops::RangeInclusive<usize>, block: &mut BlockMut<'_, '_, f32>) {
        for stage in &mut self.stages[stages] {
            if let Some(processor) = stage.processor_mut() {
                processor.process(block);
            }
        }
    }

    fn send(&mut self, block: &mut BlockMut<'_, '_, f32>) {
        let channels = self.spec.channels();
        let mut wet = core::mem::take(&mut self.wet);
        for start in (0..block.frames()).step_by(CHUNK_FRAMES) {
            let mut dry = block.frames_mut(start, CHUNK_FRAMES.min(block.frames() - start));
            let frames = dry.frames();
            let Ok(mut sent) = BlockMut::from_planar(&mut wet[..channels * frames], channels) else { break };
            sent.copy_from(&dry.as_block());
            self.run(SEND..=REVERB, &mut sent);
            for channel in 0..channels {
                let sent = sent.channel_mut(channel);
                dry.channel_mut(channel).iter_mut().zip(sent).for_each(|(dry, wet)| *dry += *wet);
            }
        }
        self.wet = wet;
    }
}

impl Processor<f32> for Strip {
    fn spec(&self) -> StreamSpec {
        self.spec
    }

    fn process(&mut self, block: &mut BlockMut<'_, '_, f32>) {
        self.run(EQUALIZER..=SATURATOR, block);
        self.send(block);
        self.run(LIMITER..=LIMITER, block);
    }

    fn reset(&mut self) {
        self.stages.iter_mut().filter_map(|stage| stage.processor_mut()).for_each(Processor::reset);
    }

    fn latency_frames(&self) -> usize {
        // Gain and reverb have none, so the send is in time.
        self.stages.iter().filter_map(|stage| stage.processor()).map(Processor::latency_frames).sum()
    }

    fn tail(&self) -> Tail {
        Tail::Infinite
    }

    fn non_finite_samples(&self) -> u64 {
        self.stages.iter().filter_map(|stage| stage.processor()).map(Processor::non_finite_samples).sum()
    }
}
