//! Key filter: high pass and low pass of a side-chain, 12 dB per octave each.
//!
//! Both glide over 50 ms, off as well as to another corner. Without any of them a key is read where it lies.

use crate::{
    filters::{biquad::BiquadCoeffs, cascade::Cascade, cookbook},
    foundation::{
        block::{Block, BlockMut},
        sample::Sample,
        stream::StreamSpec,
    },
    primitives::{backend::Backend, sanitize::clean},
};
use core::f64::consts::FRAC_1_SQRT_2;

/// The key of a side-chain.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Key<'k, 'b, 'a, S> {
    /// The input itself, without non-finite samples.
    Own(Block<'b, 'a, S>),
    /// Another signal: one channel for all, or as many as the input.
    Other(&'k Block<'b, 'a, S>),
}

impl<'b, 'a, S: Sample> Key<'_, 'b, 'a, S> {
    /// The signal.
    pub(crate) fn block(&self) -> &Block<'b, 'a, S> {
        match self {
            Self::Own(block) => block,
            Self::Other(block) => block,
        }
    }

    /// Channels that are read: one for all, or each its own.
    pub(crate) fn sources(&self, channels: usize) -> usize {
        if self.block().channels() < channels { 1 } else { channels }
    }
}

/// Coefficients of a [`KeyFilter`]; the identity for a filter that is off.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct KeyFilterCoeffs {
    high_pass: BiquadCoeffs,
    low_pass: BiquadCoeffs,
}

impl KeyFilterCoeffs {
    /// With corners in Hz; 0 is off.
    pub(crate) fn new(high_pass_hz: f64, low_pass_hz: f64, sample_rate_hz: f64) -> Self {
        let filter = |hz: f64, design: fn(f64, f64, f64) -> BiquadCoeffs| {
            if hz == 0.0 { BiquadCoeffs::IDENTITY } else { design(hz, FRAC_1_SQRT_2, sample_rate_hz) }
        };
        Self { high_pass: filter(high_pass_hz, cookbook::high_pass), low_pass: filter(low_pass_hz, cookbook::low_pass) }
    }

    fn sections(&self) -> [BiquadCoeffs; 2] {
        [self.high_pass, self.low_pass]
    }
}

/// The key filter of a stream: see the head of this file.
#[derive(Clone, Debug)]
pub(crate) struct KeyFilter {
    backend: Backend,
    cascade: Cascade,
    channels: usize,
}

/// A key that was read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ReadKey {
    /// Non-finite samples of another signal, which count as 0.
    pub(crate) non_finite: u64,
    /// Whether the copy holds it; if not, it is the input.
    pub(crate) copied: bool,
}

impl KeyFilter {
    pub(crate) fn new(spec: &StreamSpec, coeffs: &KeyFilterCoeffs) -> Self {
        let (backend, channels) = (Backend::new(spec.cpu()), spec.channels());
        let cascade = Cascade::new(backend, channels, spec.sample_rate_hz(), &coeffs.sections());
        Self { backend, cascade, channels }
    }

    /// Glides to other corners.
    pub(crate) fn set_coeffs(&mut self, coeffs: &KeyFilterCoeffs) {
        self.cascade.set_coeffs(&coeffs.sections());
    }

    /// The longest next chunk.
    pub(crate) fn uniform_frames(&mut self) -> usize {
        self.cascade.frames_to_arrival()
    }

    /// Filters the next frames into `copy`, channel after channel; copies nothing if the key is the input as it is,
    /// unless `always`.
    pub(crate) fn process<S: Sample>(&mut self, key: &Key<'_, '_, '_, S>, always: bool, copy: &mut [S]) -> ReadKey {
        let (block, sources) = (key.block(), key.sources(self.channels));
        let count = block.frames();
        let filtered = !self.cascade.is_identity();
        let copied = always || filtered || matches!(key, Key::Other(_));
        let mut non_finite = 0;
        if copied {
            for (source, samples) in copy.chunks_exact_mut(count.max(1)).enumerate().take(sources) {
                samples.copy_from_slice(block.channel(source));
                non_finite += clean(self.backend, samples);
            }
        }
        if let (true, Ok(mut copy)) = (filtered, BlockMut::from_planar(&mut copy[..sources * count], sources)) {
            self.cascade.process(&mut copy);
        } else {
            self.cascade.skip(count);
        }
        ReadKey { non_finite, copied }
    }

    /// Frames after which the response to a full-scale input is exactly 0.
    pub(crate) fn tail_frames(&self) -> u64 {
        self.cascade.tail_frames()
    }

    /// As newly built with the current corners.
    pub(crate) fn reset(&mut self) {
        let Self { backend: _, cascade, channels: _ } = self;
        cascade.reset();
    }
}
