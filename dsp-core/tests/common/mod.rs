//! Shared by the tests of the invariants: settings of every effect, signals, and a way to run an effect in blocks.

mod settings;

use mixdown::*;
pub use settings::{Entry, channel_counts, entries, for_all, moved};

/// Noise that decays within `frames`.
pub fn decay(seed: u64, frames: usize) -> Vec<f64> {
    let fall = -6.0 / frames as f64;
    noise(seed, frames).iter().enumerate().map(|(n, x)| 0.3 * x * (fall * n as f64).exp()).collect()
}

/// Uniform noise in -1..1 from a seed (the multiplicative generator of Knuth's MMIX).
pub fn noise(seed: u64, frames: usize) -> Vec<f64> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    (0..frames)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 11) as f64 / (1_u64 << 52) as f64 - 1.0
        })
        .collect()
}

/// Planar noise at about -12 dBFS: every channel its own.
pub fn planar_noise<S: Sample>(channels: usize, frames: usize) -> Vec<S> {
    (0..channels)
        .flat_map(|channel| noise(channel as u64 + 1, frames))
        .map(|sample| S::from_f64(0.25 * sample))
        .collect()
}

/// A cut of a stream: block lengths, repeated.
#[derive(Clone, Debug)]
pub struct Cut(pub Vec<usize>);

impl Cut {
    pub fn whole() -> Self {
        Self(vec![usize::MAX])
    }

    /// The cuts of law 1, and random ones.
    pub fn all() -> Vec<Self> {
        let random = noise(99, 50).iter().map(|x| ((x + 1.0) * 300.0) as usize).collect();
        [vec![1], vec![7], vec![64], vec![480], vec![4096], vec![0, 13, 1], random].into_iter().map(Self).collect()
    }
}

/// Something done to a processor between two blocks.
pub type Edit<'a, P> = Box<dyn FnMut(&mut P) + 'a>;
/// An edit at its frame.
pub type Event<'a, P> = (usize, Edit<'a, P>);

/// Runs `processor` in place over planar `audio` of as many channels as it needs, in blocks; `events` are called at
/// their frame, between two blocks.
pub fn run<S: Sample, P: Processor<S>>(processor: &mut P, audio: &mut [S], cut: &Cut, mut events: Vec<Event<'_, P>>) {
    let channels = processor.spec().channels().max(processor.output_channels());
    let mut block = BlockMut::from_planar(audio, channels).unwrap();
    let frames = block.frames();
    let mut start = 0;
    for length in cut.0.iter().cycle() {
        for (at, event) in &mut events {
            if *at == start {
                event(processor);
                *at = usize::MAX;
            }
        }
        let next = events.iter().map(|(at, _)| *at).filter(|&at| at > start).min().unwrap_or(frames);
        let length = (*length).min(next.min(frames) - start);
        processor.process(&mut block.frames_mut(start, length));
        start += length;
        if start == frames {
            return;
        }
    }
}

/// Planar audio of `channels` channels, extended to the channels that `processor` needs.
pub fn room_for<S: Sample, P: Processor<S>>(processor: &P, mut audio: Vec<S>) -> Vec<S> {
    let (input, output) = (processor.spec().channels(), processor.output_channels());
    let frames = audio.len() / input;
    audio.resize(frames * input.max(output), S::ZERO);
    audio
}

pub fn same_bits<S: Sample>(a: &[S], b: &[S]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.bits() == b.bits())
}

/// Peak above 1 kHz of a signal with edges at rest, in dBFS: an 8th-order Butterworth high pass forwards and backwards,
/// so that it adds no phase. Own arithmetic, not the library's.
pub fn residue_dbfs(signal: &[f64], rate_hz: f64) -> f64 {
    let mut audio = signal.to_vec();
    let k = (std::f64::consts::PI * 1_000.0 / rate_hz).tan();
    for _ in 0..2 {
        for section in 0..4 {
            let q = 0.5 / (std::f64::consts::PI * (2.0 * f64::from(section) + 1.0) / 16.0).cos();
            let norm = 1.0 / (1.0 + k / q + k * k);
            let (a1, a2) = (2.0 * (k * k - 1.0) * norm, (1.0 - k / q + k * k) * norm);
            let (mut x1, mut x2, mut y1, mut y2) = (0.0, 0.0, 0.0, 0.0);
            for sample in &mut audio {
                let y = norm * (*sample - 2.0 * x1 + x2) - a1 * y1 - a2 * y2;
                (x2, x1, y2, y1) = (x1, *sample, y1, y);
                *sample = y;
            }
        }
        audio.reverse();
    }
    // The ends, where the sine itself starts and stops, are excluded.
    let edge = audio.len() / 4;
    20.0 * audio[edge..audio.len() - edge].iter().fold(0.0, |peak: f64, x| peak.max(x.abs())).log10()
}
