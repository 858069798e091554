//! The contracts: settings ([`Params`]), what runs ([`Processor`]), what of it changes the level by the level
//! ([`Dynamics`]), what listens ([`Meter`]).

use super::{
    block::{Block, BlockMut},
    error::Error,
    sample::Sample,
    stream::StreamSpec,
};
use alloc::vec::Vec;
use num_complex::Complex64;

/// How long a processor still sounds after its input has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tail {
    /// After this many frames of silence the response to a 0 dBFS input is exactly 0.0.
    Frames(u64),
    /// It never ends by itself (freeze, feedback of 1 or more).
    Infinite,
}

impl Tail {
    /// The tail of two processors in series.
    #[must_use]
    pub fn then(self, next: Self) -> Self {
        match (self, next) {
            (Self::Frames(a), Self::Frames(b)) => Self::Frames(a.saturating_add(b)),
            _ => Self::Infinite,
        }
    }

    /// The tail of two processors side by side.
    #[must_use]
    pub fn max(self, other: Self) -> Self {
        match (self, other) {
            (Self::Frames(a), Self::Frames(b)) => Self::Frames(a.max(b)),
            _ => Self::Infinite,
        }
    }
}

/// Something that changes audio, in place, in a real-time callback.
///
/// The laws that every implementation keeps, and that `tests/laws.rs` proves for the built-in ones: the same bits
/// however the stream is cut into blocks; `reset` equals a fresh build; the stated latency is the measured one; silence
/// in gives exact silence out after the tail; non-finite input samples count as 0 and are counted; samples below 2^-99
/// (-596 dBFS) count as 0 and those beyond ±2^33 (198 dBFS) as that, so that no state is subnormal or overflows; nothing
/// allocates, locks, logs or panics in `process` or `reset`.
///
/// A block has `max(inputs, outputs)` channels of which the first `spec().channels()` are filled on entry. Channels
/// beyond stay untouched. In a block or key with too few channels or frames, what is missing is silence; builds with
/// debug assertions panic there.
pub trait Processor<S: Sample>: Send {
    /// The stream it was built for.
    fn spec(&self) -> StreamSpec;

    /// Channels it fills on the way out; the input count unless the processor makes stereo.
    fn output_channels(&self) -> usize {
        self.spec().channels()
    }

    /// Processes a block of any length, 0 included, in place.
    fn process(&mut self, block: &mut BlockMut<'_, '_, S>);

    /// Processes with a key (side-chain) of 1 channel, used for all, or as many as the input, and as many frames as the
    /// block. What [takes no key](Self::takes_key) processes as without one.
    fn process_keyed(&mut self, block: &mut BlockMut<'_, '_, S>, _key: &Block<'_, '_, S>) {
        self.process(block);
    }

    /// Whether a key changes what it does. A key that nothing takes is a mistake that a host can refuse.
    fn takes_key(&self) -> bool {
        false
    }

    /// Forgets the past: as newly built with the current settings.
    fn reset(&mut self);

    /// Delay from input to output, in frames; constant while it runs.
    fn latency_frames(&self) -> usize {
        0
    }

    /// How long it still sounds after its input has ended, latency included.
    fn tail(&self) -> Tail {
        Tail::Frames(0)
    }

    /// Non-finite input samples replaced by 0 since it was built or reset.
    fn faults(&self) -> u64 {
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

/// A processor whose gain follows a level: what it does can be read and drawn.
///
/// Reductions are in dB, 0 or more, and leave make-up gain, drive and mix out.
pub trait Dynamics<S: Sample>: Processor<S> {
    /// Curves of gain reduction: one per channel; with bands, those of the first band, then those of the next.
    fn traces(&self) -> usize {
        self.spec().channels()
    }

    /// Reduction of the last frame put out, in dB; 0 for a trace that it does not have.
    fn gain_reduction_db(&self, trace: usize) -> f64;

    /// Reduction since it was built or reset, over all traces.
    fn gain_reduction(&self) -> GainReduction;

    /// Processes a block, by a key if there is one, and writes the reduction of each frame put out, in dB: channel `n` of
    /// `reduction_db` is trace `n`. What lies beyond the shorter of both blocks, or beyond the fewer traces, is processed
    /// and not written, or left alone.
    fn process_traced(
        &mut self,
        block: &mut BlockMut<'_, '_, S>,
        key: Option<&Block<'_, '_, S>>,
        reduction_db: &mut BlockMut<'_, '_, f64>,
    );
}

/// Gain reduction since a processor was built or reset, all of it positive.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct GainReduction {
    /// The largest, in dB.
    pub max_db: f64,
    /// The mean over all frames, and over all channels if they differ, in dB.
    pub mean_db: f64,
    /// Share of the frames with more than 0.1 dB, 0..1.
    pub active_share: f64,
}

/// A processor's settings: what the user says, in dB, Hz and ms.
///
/// `design` turns them into coefficients (pure, in f64, the costly part), `build` into a processor (the only place that
/// takes memory). A processor's own `set_params` is `design` plus `set_coeffs`, which is O(1) and glides.
pub trait Params: Clone + PartialEq + Default {
    /// What the arithmetic needs.
    type Coeffs;
    /// What runs.
    type Processor<S: Sample>: Processor<S>;

    /// Channels that come out for `input` channels in.
    ///
    /// # Errors
    /// [`Error::Channels`] if it does not take that many.
    fn output_channels(&self, input: usize) -> Result<usize, Error> {
        Ok(input)
    }

    /// Checks every parameter; never clamps.
    ///
    /// # Errors
    /// The first parameter that is out of range for this stream.
    fn validate(&self, spec: &StreamSpec) -> Result<(), Error>;

    /// The coefficients for this stream.
    ///
    /// # Errors
    /// As [`validate`](Self::validate).
    fn design(&self, spec: &StreamSpec) -> Result<Self::Coeffs, Error>;

    /// A processor for this stream.
    ///
    /// # Errors
    /// As [`validate`](Self::validate).
    fn build<S: Sample>(&self, spec: &StreamSpec) -> Result<Self::Processor<S>, Error>;

    /// Whether a running processor takes these coefficients; all do by default.
    ///
    /// # Errors
    /// [`Error::NeedsRebuild`] if they would size memory or change the latency.
    fn accepts<S: Sample>(_running: &Self::Processor<S>, _coeffs: &Self::Coeffs) -> Result<(), Error> {
        Ok(())
    }

    /// The setting under which the output equals the delayed input bit for bit, if there is one.
    fn neutral() -> Option<Self> {
        None
    }

    /// Output level of steady sound at each level, in dB, if the gain depends on the level alone.
    fn transfer_curve(&self, levels_db: &[f64]) -> Option<Vec<f64>> {
        let _ = levels_db;
        None
    }

    /// Complex gain at each frequency (0 to half the rate) with the latency taken out; `None` if one response does not
    /// describe it: it is not linear, or treats channels differently.
    ///
    /// # Errors
    /// As [`validate`](Self::validate).
    fn frequency_response(&self, spec: &StreamSpec, frequencies_hz: &[f64]) -> Result<Option<Vec<Complex64>>, Error> {
        let _ = frequencies_hz;
        self.validate(spec).map(|()| None)
    }
}

/// Something that listens to audio and reports figures.
pub trait Meter<S: Sample>: Send {
    /// The figures.
    type Reading;

    /// Listens to a block of any length. Nothing allocates in constant-memory modes; see the meter's own words.
    fn observe(&mut self, block: &Block<'_, '_, S>);

    /// The figures of everything heard since it was built or reset.
    fn reading(&self) -> Self::Reading;

    /// Forgets the past.
    fn reset(&mut self);
}

/// Two processors in series, without dynamic dispatch. Longer chains nest: `(a, (b, c))`.
///
/// `B` is built for as many channels as `A` puts out. A pair has no memory in which a key could wait for the sound, so `B`
/// gets one only behind an `A` without latency; a [`Chain`](crate::Chain) delays it.
///
/// ```
/// use mixdown::{BlockMut, Params, Processor, StreamSpec, levels::GainParams};
///
/// let spec = StreamSpec::new(48_000.0, 1)?;
/// let half = GainParams { gain_db: -6.020_599_913_279_624, ..Default::default() };
/// let mut chain = (half.build::<f64>(&spec)?, half.build::<f64>(&spec)?);
/// let mut audio = [1.0; 4];
/// chain.process(&mut BlockMut::from_planar(&mut audio, 1)?);
/// assert!((audio[3] - 0.25).abs() < 1e-12);
/// # Ok::<(), mixdown::Error>(())
/// ```
impl<S: Sample, A: Processor<S>, B: Processor<S>> Processor<S> for (A, B) {
    fn spec(&self) -> StreamSpec {
        self.0.spec()
    }

    fn output_channels(&self) -> usize {
        self.1.output_channels()
    }

    fn process(&mut self, block: &mut BlockMut<'_, '_, S>) {
        debug_assert_eq!(self.0.output_channels(), self.1.spec().channels(), "channels of a pair");
        self.0.process(block);
        self.1.process(block);
    }

    fn process_keyed(&mut self, block: &mut BlockMut<'_, '_, S>, key: &Block<'_, '_, S>) {
        let aligned = self.0.latency_frames() == 0;
        self.0.process_keyed(block, key);
        if aligned {
            self.1.process_keyed(block, key);
        } else {
            self.1.process(block);
        }
    }

    fn takes_key(&self) -> bool {
        self.0.takes_key() || (self.0.latency_frames() == 0 && self.1.takes_key())
    }

    fn reset(&mut self) {
        let (a, b) = self;
        a.reset();
        b.reset();
    }

    fn latency_frames(&self) -> usize {
        self.0.latency_frames() + self.1.latency_frames()
    }

    fn tail(&self) -> Tail {
        self.0.tail().then(self.1.tail())
    }

    fn faults(&self) -> u64 {
        self.0.faults() + self.1.faults()
    }
}
