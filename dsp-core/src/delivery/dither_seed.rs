//! Seeds of dither: from what a file holds and from its name.
//!
//! The same noise in two files adds to twice its amplitude where they are mixed; a seed from the contents makes it
//! independent, and the name tells files of the same contents apart, such as silent stems. The same contents and name
//! give the same bytes.
//!
//! The hash starts from 2^64 divided by the golden ratio, and folds in one 64-bit word after the other: h = rotate(h xor
//! word, 29) × 0x9E3779B97F4A7C15 (modulo 2^64), which is one-to-one in h and in the word. The words are the bits of
//! each sample as f64 (so that f32 and f64 agree), channel after channel, each followed by its length, and of the name
//! eight bytes at a time. [`Random`](crate::primitives::random::Random) spreads the result over its state. Not for
//! secrets.

use crate::foundation::{block::Block, sample::Sample};

const START: u64 = 0x9E37_79B9_7F4A_7C15;

#[inline(always)]
fn fold(hash: u64, word: u64) -> u64 {
    (hash ^ word).rotate_left(29).wrapping_mul(START)
}

/// Seed of the dither for a file called `name`, for [`content_seed`]; the name without its folder.
#[must_use]
pub fn name_seed(name: &str) -> u64 {
    let words = name.as_bytes().chunks(8).map(|bytes| {
        let mut word = [0; 8];
        word[..bytes.len()].copy_from_slice(bytes);
        u64::from_le_bytes(word)
    });
    fold(words.fold(START, fold), name.len() as u64)
}

/// Seed of the dither for samples; `seed` is that of the file's name, or any number.
///
/// ```
/// use mixdown::{Block, delivery::{content_seed, name_seed}};
///
/// let silence = [0.0_f32; 8];
/// let of = |name| content_seed(&Block::from_planar(&silence, 2).unwrap(), name_seed(name));
/// assert_eq!(of("kick.wav"), of("kick.wav"));
/// assert_ne!(of("kick.wav"), of("snare.wav"));
/// ```
#[must_use]
pub fn content_seed<S: Sample>(block: &Block<'_, '_, S>, seed: u64) -> u64 {
    let mut hash = ContentSeed::new(seed);
    for channel in 0..block.channels() {
        hash.hear(block.channel(channel));
        hash.end_channel(block.frames());
    }
    hash.seed()
}

/// As [`content_seed`], of samples that are not in memory at once: parts of the first channel, its end, then the others.
///
/// ```
/// use mixdown::{Block, delivery::{ContentSeed, content_seed}};
///
/// let mut parts = ContentSeed::new(3);
/// for channel in [[1.0_f32, 2.0], [3.0, 4.0]] {
///     channel.chunks(1).for_each(|part| parts.hear(part));
///     parts.end_channel(2);
/// }
/// assert_eq!(parts.seed(), content_seed(&Block::from_planar(&[1.0_f32, 2.0, 3.0, 4.0], 2)?, 3));
/// # Ok::<(), mixdown::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct ContentSeed(u64);

impl ContentSeed {
    /// Before the first channel.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(fold(START, seed))
    }

    /// Takes the next samples of a channel.
    pub fn hear<S: Sample>(&mut self, samples: &[S]) {
        self.0 = samples.iter().fold(self.0, |hash, sample| fold(hash, sample.to_f64().to_bits()));
    }

    /// Ends a channel of so many frames.
    pub fn end_channel(&mut self, frames: usize) {
        self.0 = fold(self.0, frames as u64);
    }

    /// The seed, after the last channel.
    #[must_use]
    pub fn seed(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    #[test]
    fn contents_shape_and_name_make_the_seed_and_the_format_does_not() {
        let narrow: Vec<f32> = (0..12).map(|n| n as f32 / 8.0).collect();
        let wide: Vec<f64> = narrow.iter().map(|&x| f64::from(x)).collect();
        let of = |samples: &[f64], channels, name| {
            content_seed(&Block::from_planar(samples, channels).unwrap(), name_seed(name))
        };
        let seed = of(&wide, 2, "a.wav");
        assert_eq!(content_seed(&Block::from_planar(&narrow, 2).unwrap(), name_seed("a.wav")), seed);
        let mut changed = wide.clone();
        changed[11] += 1e-12;
        let others = [
            of(&wide, 2, "b.wav"),
            of(&wide, 2, ""),
            of(&wide, 2, "a.wav\0"),
            of(&wide, 3, "a.wav"),
            of(&changed, 2, "a.wav"),
            of(&wide[..10], 2, "a.wav"),
        ];
        assert!(others.iter().all(|&other| other != seed), "{seed} {others:?}");
        // Bytes of files must not change with a version of the crate.
        assert_eq!(name_seed("a.wav"), 0x6DB4_7A63_8ABB_9B9C);
    }
}
