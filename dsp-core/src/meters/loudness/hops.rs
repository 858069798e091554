//! True peaks of a programme that is there as a whole: each hop of 100 ms apart from the others, on any thread.

use super::windows::{HOP_SPANS, Spans};
use crate::{
    foundation::{sample::Sample, stream::StreamSpec},
    meters::true_peak::Precision,
    primitives::backend::Backend,
    true_peak::{Search, Track},
};
use alloc::vec::Vec;
use core::ops::Range;

/// The search in parts: the complete hops, and what follows the last of them, silence after the end included.
///
/// A true peak depends on no more than the last [`Search::tail`] samples, so that any part can be searched without those
/// before.
#[derive(Clone, Debug)]
pub(crate) struct HopSearch<S> {
    backend: Backend,
    search: Search<S>,
    /// Frames at which hops end.
    ends: Vec<usize>,
}

impl<S: Sample> HopSearch<S> {
    /// For a programme of so many frames; `None` without a search.
    pub(crate) fn new(spec: &StreamSpec, precision: Precision, frames: usize) -> Option<Self> {
        let spans = Spans::new(spec.sample_rate_hz());
        let ends = (1..).map(|hop| spans.start(hop * HOP_SPANS) as usize).take_while(|end| *end <= frames);
        Some(Self { backend: Backend::new(spec.cpu()), search: precision.search()?, ends: ends.collect() })
    }

    /// Number of the parts.
    pub(crate) fn parts(&self) -> usize {
        self.ends.len() + 1
    }

    fn start(&self, part: usize) -> usize {
        part.checked_sub(1).map_or(0, |before| self.ends[before])
    }

    /// The true peaks of some parts of a channel of the programme.
    pub(crate) fn peaks(&self, samples: &[S], parts: Range<usize>) -> Vec<f64> {
        let Self { backend, search, ends } = self;
        let start = self.start(parts.start);
        let mut track = Track::new(search);
        track.observe(*backend, search, &samples[start.saturating_sub(search.tail())..start]);
        track.take_peaks();
        let peak = |part| {
            let end = ends.get(part).copied();
            track.observe(*backend, search, &samples[self.start(part)..end.unwrap_or(samples.len())]);
            match end {
                Some(_) => track.take_peaks()[0].to_f64(),
                None => track.flushed(*backend, search).to_f64(),
            }
        };
        parts.map(peak).collect()
    }
}
