//! The contract of processors: audio in, audio out, in place, in a real-time callback.

use super::{
    block::{Block, BlockMut},
    sample::Sample,
    stream::StreamSpec,
    tail::Tail,
};
use alloc::boxed::Box;

/// A processor: changes audio in place, in a real-time callback.
///
/// Invariants of every implementation, tested for the built-in ones by `tests/laws`: the same bits however the
/// stream is cut into blocks; `reset` equals a fresh build; the stated latency is the measured one; silence in gives
/// exact silence out after the tail; non-finite input samples count as 0 and are counted; samples below 2^-99 (-596
/// dBFS) count as 0 and those beyond ±2^33 (198 dBFS) are clamped, so that no state is subnormal or overflows; nothing
/// allocates, locks, logs or panics in `process` or `reset`.
///
/// A block has `max(inputs, outputs)` channels, of which the first `spec().channels()` are filled on entry. Further
/// channels stay untouched. Missing channels and frames of a block or key are silence; builds with debug assertions
/// panic there.
pub trait Processor<S: Sample>: Send {
    /// The stream it was built for.
    fn spec(&self) -> StreamSpec;

    /// Output channels; the input count unless the processor makes stereo.
    fn output_channels(&self) -> usize {
        self.spec().channels()
    }

    /// Processes a block of any length, 0 included, in place.
    fn process(&mut self, block: &mut BlockMut<'_, '_, S>);

    /// Processes with a key (side-chain) of 1 channel, used for all, or as many as the input, and as many frames as the
    /// block. A processor that [takes no key](Self::takes_key) ignores it.
    fn process_keyed(&mut self, block: &mut BlockMut<'_, '_, S>, _key: &Block<'_, '_, S>) {
        self.process(block);
    }

    /// Whether it has a key input. A host can refuse a key that no processor takes.
    fn takes_key(&self) -> bool {
        false
    }

    /// Clears all state: as newly built with the current settings.
    fn reset(&mut self);

    /// Delay from input to output, in frames; constant while it runs.
    fn latency_frames(&self) -> usize {
        0
    }

    /// Time to silence after the input has ended, latency included.
    fn tail(&self) -> Tail {
        Tail::Frames(0)
    }

    /// Non-finite input samples replaced by 0 since it was built or reset.
    fn non_finite_samples(&self) -> u64 {
        0
    }

    /// Its gain reduction, if it is a dynamics processor.
    fn dynamics(&self) -> Option<&dyn Dynamics<S>> {
        None
    }

    /// The same, for running it with a trace.
    fn dynamics_mut(&mut self) -> Option<&mut dyn Dynamics<S>> {
        None
    }
}

/// A processor whose gain follows a level, with a gain reduction to read and to draw.
///
/// Reductions are in dB, positive: what acts on the processed signal, without make-up gain, drive and mix. A boost, where
/// a processor makes any, is negative in a trace and 0 in the statistics. A band that is bypassed or not put out has
/// none. Only listening to a key or a band leaves them as they are without listening, so that they can be set by ear and
/// eye.
pub trait Dynamics<S: Sample>: Processor<S> {
    /// Number of gain reduction traces: one per channel; with bands, those of the first band, then those of the next.
    fn traces(&self) -> usize {
        self.spec().channels()
    }

    /// Reduction of the last output frame, in dB; 0 for a trace that does not exist.
    fn gain_reduction_db(&self, trace: usize) -> f64;

    /// Reduction since the build or the last reset, over all traces.
    fn gain_reduction(&self) -> GainReduction;

    /// Processes a block, with a key if there is one, and writes the reduction of each output frame, in dB: channel `n`
    /// of `reduction_db` is trace `n`. Frames and traces without room in `reduction_db` are processed and not written;
    /// surplus frames and channels of it stay untouched.
    fn process_traced(
        &mut self,
        block: &mut BlockMut<'_, '_, S>,
        key: Option<&Block<'_, '_, S>>,
        reduction_db: &mut BlockMut<'_, '_, f64>,
    );
}

/// Gain reduction since the build or the last reset, in positive dB.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct GainReduction {
    /// The largest, in dB.
    pub max_db: f64,
    /// The mean over all frames, and over all channels if they differ, in dB.
    pub mean_db: f64,
    /// Share of the frames with more than 0.1 dB, 0..1.
    pub active_share: f64,
}

/// Forwards every method of a processor to `$inner`.
macro_rules! forward {
    ($inner:ty) => {
        fn spec(&self) -> StreamSpec {
            <$inner>::spec(self)
        }
        fn output_channels(&self) -> usize {
            <$inner>::output_channels(self)
        }
        fn process(&mut self, block: &mut BlockMut<'_, '_, S>) {
            <$inner>::process(self, block);
        }
        fn process_keyed(&mut self, block: &mut BlockMut<'_, '_, S>, key: &Block<'_, '_, S>) {
            <$inner>::process_keyed(self, block, key);
        }
        fn takes_key(&self) -> bool {
            <$inner>::takes_key(self)
        }
        fn reset(&mut self) {
            <$inner>::reset(self);
        }
        fn latency_frames(&self) -> usize {
            <$inner>::latency_frames(self)
        }
        fn tail(&self) -> Tail {
            <$inner>::tail(self)
        }
        fn non_finite_samples(&self) -> u64 {
            <$inner>::non_finite_samples(self)
        }
        fn dynamics(&self) -> Option<&dyn Dynamics<S>> {
            <$inner>::dynamics(self)
        }
        fn dynamics_mut(&mut self) -> Option<&mut dyn Dynamics<S>> {
            <$inner>::dynamics_mut(self)
        }
    };
}

impl<S: Sample, P: Processor<S> + ?Sized> Processor<S> for &mut P {
    forward!(P);
}

impl<S: Sample, P: Processor<S> + ?Sized> Processor<S> for Box<P> {
    forward!(P);
}
