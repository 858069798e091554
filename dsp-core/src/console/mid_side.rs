//! Mid/side processing: one chain on the mid, another on the side.

use super::chain::Chain;
use crate::{
    foundation::{
        block::{Block, BlockMut},
        error::{Error, expect_channels, expect_rate},
        fit::fit_keyed,
        params::{CoeffsOf, Tunable},
        processor::Processor,
        sample::Sample,
        stream::StreamSpec,
        tail::Tail,
    },
    primitives::{backend::Backend, delay_line::DelayLine, mid_side as kernel, ramp::Span, sanitize::clean},
};
use alloc::{vec, vec::Vec};

/// Mid/side processing: one chain on the mid, another on the side.
///
/// # Signal
/// L, R -> M = (L+R)/2, S = (L-R)/2 -> chains, aligned in time -> L = M + S, R = M - S
///
/// # Contract
/// Latency: the larger of both chains'. Without any effect the audio is unchanged. A stereo key is encoded as the audio
/// is, its mid for the mid chain, its side for the side chain; a mono key goes to both.
///
/// ```
/// use mixdown::{BlockMut, Chain, MidSide, Params, Processor, StreamSpec, levels::GainParams};
///
/// // The side 6.02 dB down: a source on the left moves towards the centre.
/// let (stereo, mono) = (StreamSpec::new(48_000.0, 2)?, StreamSpec::new(48_000.0, 1)?);
/// let half = GainParams { gain_db: -6.020_599_913_279_624, ..Default::default() }.build::<f64>(&mono)?;
/// let mut both = MidSide::new(&stereo, Chain::new(&mono, vec![])?, Chain::new(&mono, vec![half])?)?;
/// let mut audio = [1.0, 0.0];
/// both.process(&mut BlockMut::from_planar(&mut audio, 2)?);
/// assert!((audio[0] - 0.75).abs() < 1e-12 && (audio[1] - 0.25).abs() < 1e-12);
/// # Ok::<(), mixdown::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct MidSide<S, P> {
    spec: StreamSpec,
    backend: Backend,
    mid: Path<S, P>,
    side: Path<S, P>,
    /// One chunk of both channels of a key, then of its mid and side.
    key: Vec<S>,
    non_finite: u64,
}

/// Frames per chunk.
const CHUNK_FRAMES: usize = 256;

#[derive(Clone, Debug)]
struct Path<S, P> {
    chain: Chain<S, P>,
    alignment: DelayLine<S>,
    chunk: Vec<S>,
}

impl<S: Sample, P: Processor<S>> Path<S, P> {
    fn new(chain: Chain<S, P>, latency_frames: usize) -> Self {
        let alignment = DelayLine::new(1, latency_frames - chain.latency_frames());
        Self { chain, alignment, chunk: vec![S::ZERO; CHUNK_FRAMES] }
    }

    fn process(&mut self, frames: usize, key: Option<&[S]>) {
        if let Ok(mut block) = BlockMut::from_planar(&mut self.chunk[..frames], 1) {
            match key.and_then(|key| Block::from_planar(key, 1).ok()) {
                Some(key) => self.chain.process_keyed(&mut block, &key),
                None => self.chain.process(&mut block),
            }
            self.alignment.process(&mut block);
        }
    }

    fn reset(&mut self) {
        let Self { chain, alignment, chunk: _ } = self;
        chain.reset();
        alignment.reset();
    }

    fn tail(&self) -> Tail {
        self.chain.tail().then(Tail::Frames(self.alignment.frames() as u64))
    }
}

impl<S: Sample, P: Processor<S>> MidSide<S, P> {
    /// Two chains of one channel each, in a stream of two.
    ///
    /// # Errors
    /// [`Error::Channels`] for other counts, [`Error::OtherSampleRate`] for a chain of another rate.
    pub fn new(spec: &StreamSpec, mid: Chain<S, P>, side: Chain<S, P>) -> Result<Self, Error> {
        expect_channels(2, spec.channels())?;
        for (chain, name) in [(&mid, "mid"), (&side, "side")] {
            expect_channels(1, chain.spec().channels())
                .and_then(|()| expect_channels(1, chain.output_channels()))
                .and_then(|()| expect_rate(spec.sample_rate_hz(), chain.spec().sample_rate_hz()))
                .map_err(|error| error.within(name, None))?;
        }
        let latency_frames = mid.latency_frames().max(side.latency_frames());
        let takes_key = mid.takes_key() || side.takes_key();
        Ok(Self {
            spec: *spec,
            backend: Backend::new(spec.cpu()),
            mid: Path::new(mid, latency_frames),
            side: Path::new(side, latency_frames),
            key: vec![S::ZERO; if takes_key { 4 * CHUNK_FRAMES } else { 0 }],
            non_finite: 0,
        })
    }

    /// The chain on the mid.
    #[must_use]
    pub fn mid(&self) -> &Chain<S, P> {
        &self.mid.chain
    }

    /// The chain on the side.
    #[must_use]
    pub fn side(&self) -> &Chain<S, P> {
        &self.side.chain
    }

    /// The processors of both chains, those of the mid first, to change their settings.
    pub fn processors_mut(&mut self) -> impl Iterator<Item = &mut P> {
        self.mid.chain.processors_mut().chain(self.side.chain.processors_mut())
    }

    fn run(&mut self, block: &mut BlockMut<'_, '_, S>, key: Option<&Block<'_, '_, S>>) {
        let (left, right) = block.stereo_mut();
        self.non_finite += clean(self.backend, left) + clean(self.backend, right);
        if self.mid().processors().is_empty() && self.side().processors().is_empty() {
            return;
        }
        let chunks = left.chunks_mut(CHUNK_FRAMES).zip(right.chunks_mut(CHUNK_FRAMES));
        for (index, (left, right)) in chunks.enumerate() {
            let frames = left.len();
            let key = key.map(|key| key.frames_at(index * CHUNK_FRAMES, frames));
            let keys = self.split_key(key.as_ref());
            let (mid, side) = (&mut self.mid, &mut self.side);
            kernel::encode(self.backend, left, right, &mut mid.chunk[..frames], &mut side.chunk[..frames]);
            mid.process(frames, keys.map(|[at, _]| &self.key[at..at + frames]));
            side.process(frames, keys.map(|[_, at]| &self.key[at..at + frames]));
            let unchanged = Span::Still([1.0]);
            kernel::decode(self.backend, &mid.chunk[..frames], &side.chunk[..frames], &unchanged, left, right);
        }
    }

    /// Indices of the mid and the side key in the scratch.
    fn split_key(&mut self, key: Option<&Block<'_, '_, S>>) -> Option<[usize; 2]> {
        let key = key?;
        let frames = key.frames();
        for (channel, samples) in self.key.chunks_mut(CHUNK_FRAMES).enumerate().take(key.channels().min(2)) {
            samples[..frames].copy_from_slice(key.channel(channel));
            self.non_finite += clean(self.backend, &mut samples[..frames]);
        }
        if key.channels() == 1 {
            return Some([0, 0]);
        }
        let (sides, encoded) = self.key.split_at_mut(2 * CHUNK_FRAMES);
        let (left, right) = sides.split_at(CHUNK_FRAMES);
        let (mid, side) = encoded.split_at_mut(CHUNK_FRAMES);
        kernel::encode(self.backend, &left[..frames], &right[..frames], &mut mid[..frames], &mut side[..frames]);
        Some([2 * CHUNK_FRAMES, 3 * CHUNK_FRAMES])
    }
}

impl<S: Sample, P: Tunable<S>> MidSide<S, P> {
    /// Checks that both chains take these coefficients; does not allocate.
    ///
    /// # Errors
    /// As [`Chain::check`].
    pub fn check(&self, mid: &[CoeffsOf<S, P>], side: &[CoeffsOf<S, P>]) -> Result<(), Error> {
        self.mid.chain.check(mid)?;
        self.side.chain.check(side)
    }

    /// Glides to coefficients that [`check`](Self::check) accepts; does not allocate.
    pub fn apply(&mut self, mid: &[CoeffsOf<S, P>], side: &[CoeffsOf<S, P>]) {
        self.mid.chain.apply(mid);
        self.side.chain.apply(side);
    }

    /// Glides to coefficients designed elsewhere; does not allocate.
    ///
    /// # Errors
    /// As [`check`](Self::check); neither chain changes then.
    pub fn set_coeffs(&mut self, mid: &[CoeffsOf<S, P>], side: &[CoeffsOf<S, P>]) -> Result<(), Error> {
        self.check(mid, side)?;
        self.apply(mid, side);
        Ok(())
    }
}

impl<S: Sample, P: Processor<S>> Processor<S> for MidSide<S, P> {
    fn spec(&self) -> StreamSpec {
        self.spec
    }

    fn process(&mut self, block: &mut BlockMut<'_, '_, S>) {
        fit_keyed(block, 2, None, |_, block, _| self.run(block, None));
    }

    fn process_keyed(&mut self, block: &mut BlockMut<'_, '_, S>, key: &Block<'_, '_, S>) {
        let key = Some(key).filter(|_| self.takes_key());
        fit_keyed(block, 2, key, |_, block, key| self.run(block, key));
    }

    fn takes_key(&self) -> bool {
        self.mid().takes_key() || self.side().takes_key()
    }

    fn reset(&mut self) {
        let Self { spec: _, backend: _, mid, side, key: _, non_finite } = self;
        mid.reset();
        side.reset();
        *non_finite = 0;
    }

    fn latency_frames(&self) -> usize {
        self.mid.chain.latency_frames().max(self.side.chain.latency_frames())
    }

    fn tail(&self) -> Tail {
        self.mid.tail().max(self.side.tail())
    }

    fn non_finite_samples(&self) -> u64 {
        self.non_finite + self.mid.chain.non_finite_samples() + self.side.chain.non_finite_samples()
    }
}
