//! True peaks of a programme that is there as a whole: each hop of 100 ms apart from the others, on any thread.

use super::{HOP_SPANS, windows::Spans};
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        foundation::{block::Block, meter::Meter},
        meters::loudness::{Loudness, LoudnessParams},
    };

    #[test]
    fn parts_give_the_reading_of_the_whole() {
        // A rate whose hops differ in length, and a length that ends within one.
        let spec = StreamSpec::new(11_027.0, 2).unwrap();
        let mut random = crate::primitives::random::Random::new(3, 0);
        let frames = 50_011;
        let swell = |n: usize| libm::sin((n % frames) as f64 * 2e-4);
        let samples: Vec<f32> = (0..2 * frames).map(|n| (random.triangular() * swell(n)) as f32).collect();
        let (left, right) = samples.split_at(frames);
        for precision in [Precision::Standard, Precision::High, Precision::Reference] {
            let mut whole = LoudnessParams { precision, ..Default::default() }.build::<f32>(&spec).unwrap();
            whole.observe(&Block::from_planar(&samples, 2).unwrap());
            let mut without = LoudnessParams { precision: Precision::Off, ..Default::default() }.build(&spec).unwrap();
            without.observe(&Block::from_planar(&samples, 2).unwrap());
            let hops = HopSearch::new(&spec, precision, frames).unwrap();
            assert!(HopSearch::<f32>::new(&spec, Precision::Off, frames).is_none());
            for step in [1, 7, 100] {
                let mut peaks = Vec::new();
                for start in (0..hops.parts()).step_by(step) {
                    let parts = start..(start + step).min(hops.parts());
                    let both = [left, right].map(|channel| hops.peaks(channel, parts.clone()));
                    peaks.extend(both[0].iter().zip(&both[1]).map(|(left, right)| left.max(*right)));
                }
                let expected: Loudness = whole.reading();
                assert!(expected.min_psr_lu.is_finite());
                assert_eq!(without.reading_with(&peaks), expected);
            }
        }
    }
}
