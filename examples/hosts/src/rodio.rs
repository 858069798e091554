//! A source of rodio: `Effected::new(source, &effect)` plays another source through an effect, with its tail.

use crate::live::{CHUNK_FRAMES, Live, Settings, live};
use mixdown::prelude::*;
use rodio::{ChannelCount, SampleRate, Source};
use std::time::Duration;

/// A source behind an effect. Latency is taken out: the first sample belongs to the first one of the source.
///
/// The source keeps its channels and its rate (`UniformSourceIterator` makes such a one).
pub struct Effected<S> {
    source: S,
    live: Live,
    channels: ChannelCount,
    sample_rate: SampleRate,
    /// Interleaved samples that are ready, and the next of them.
    ready: Vec<f32>,
    next: usize,
    /// Samples of latency that are still to be dropped.
    early_samples: usize,
    /// Samples of silence that still follow the source; `None` for a tail without end.
    rest_samples: Option<u64>,
}

impl<S: Source> Effected<S> {
    /// Builds the effect at the rate and for the channels of the source.
    ///
    /// # Errors
    /// A rate or channel count out of range; what the effect refuses.
    pub fn new(source: S, effect: &Effect) -> Result<(Self, Settings), Error> {
        let (channels, sample_rate) = (source.channels(), source.sample_rate());
        let count = usize::from(channels.get());
        let spec = StreamSpec::new(f64::from(sample_rate.get()), count)?;
        let (live, settings) = live(effect, &spec)?;
        let early_samples = live.latency_frames() * count;
        let rest_samples = match live.tail() {
            Tail::Frames(frames) => Some(frames * count as u64),
            _ => None,
        };
        let ready = Vec::with_capacity(CHUNK_FRAMES * count);
        let effected = Self { source, live, channels, sample_rate, ready, next: 0, early_samples, rest_samples };
        Ok((effected, settings))
    }

    /// Fills `ready` with the next chunk; leaves it empty at the end of the tail.
    fn refill(&mut self) {
        let (count, room) = (usize::from(self.channels.get()), self.ready.capacity());
        self.ready.clear();
        self.next = 0;
        self.ready.extend(self.source.by_ref().take(room));
        // A source that ends within a frame: the rest of the frame is silence.
        self.ready.resize(self.ready.len().next_multiple_of(count), 0.0);
        let silence = room - self.ready.len();
        let silence = self.rest_samples.map_or(silence, |rest| silence.min(rest as usize));
        self.rest_samples = self.rest_samples.map(|rest| rest - silence as u64);
        self.ready.resize(self.ready.len() + silence, 0.0);
        self.live.process_interleaved(&mut self.ready);
    }
}

impl<S: Source> Iterator for Effected<S> {
    type Item = f32;

    fn next(&mut self) -> Option<f32> {
        loop {
            if self.next == self.ready.len() {
                self.refill();
                if self.ready.is_empty() {
                    return None;
                }
            }
            let dropped = self.early_samples.min(self.ready.len() - self.next);
            self.early_samples -= dropped;
            self.next += dropped;
            if let Some(&sample) = self.ready.get(self.next) {
                self.next += 1;
                return Some(sample);
            }
        }
    }
}

impl<S: Source> Source for Effected<S> {
    fn current_span_len(&self) -> Option<usize> {
        None
    }

    fn channels(&self) -> ChannelCount {
        self.channels
    }

    fn sample_rate(&self) -> SampleRate {
        self.sample_rate
    }

    fn total_duration(&self) -> Option<Duration> {
        let Tail::Frames(frames) = self.live.tail() else { return None };
        let tail_s =
            frames.saturating_sub(self.live.latency_frames() as u64) as f64 / f64::from(self.sample_rate.get());
        Some(self.source.total_duration()? + Duration::from_secs_f64(tail_s))
    }
}
