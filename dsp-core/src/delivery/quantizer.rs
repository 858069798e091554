//! Quantizer: samples to integers of 8 to 24 bits, with dither.

use super::noise_shaping::{self, ORDER};
use crate::{
    foundation::{
        block::Block,
        declare::{choice, params},
        error::Error,
        sample::Sample,
        stream::StreamSpec,
        table::Fields,
    },
    primitives::random::Random,
};
use alloc::{vec, vec::Vec};

/// Quantizer: samples to integers of 8 to 24 bits, with dither.
///
/// # Signal
/// y = round(x / Δ + d), Δ = 2^(1-bits), limited to -2^(bits-1)..=2^(bits-1) - 1; with noise shaping the filtered errors
/// of earlier roundings, dither included, are added to x / Δ.
///
/// # Parameters
/// Those of [`QuantizerParams`].
///
/// # Contract
/// Deterministic: the same seed gives the same noise, however the stream is cut; independent noise in every channel.
/// The noise is always on, in digital silence too: switching it would be audible. Triangular noise of 2 Δ peak to peak
/// makes mean and variance of the error independent of the signal: Δ²/4 in all, -96.33 dBFS at 16 bits. Without dither
/// halves round to even. Dither once, as the last step; nothing may change the samples afterwards.
///
/// The weighted noise shaping moves the error away from where the ear is sensitive, by a filter that is designed for the
/// sample rate, 44.1 to 96 kHz. Level of the error weighted by the threshold of hearing, against flat dither, and in
/// all: -15.9 and +13.2 dB at 44.1 kHz, -17.4 and +12.3 at 48, -24.5 and +7.2 at 88.2, -24.9 and +6.6 at 96. It stays
/// bounded whatever comes in: what the range cuts off is not fed back. Beyond 20 bits it is refused: with full scale at
/// 120 dB SPL the flat noise of 24 bits lies 35 dB below the threshold of hearing, in every critical band.
///
/// # Source
/// Lipshitz, Wannamaker and Vanderkooy, "Quantization and dither: a theoretical survey", JAES 40 (1992).
/// Noise shaping: see the head of `delivery/noise_shaping.rs`.
///
/// ```
/// use mixdown::{Block, StreamSpec, delivery::{Dither, QuantizerParams}};
///
/// let spec = StreamSpec::new(48_000.0, 1)?;
/// let mut quantizer = QuantizerParams { bits: 16, dither: Dither::None, ..Default::default() }.build(&spec)?;
/// let mut words = [0; 4];
/// quantizer.quantize(&Block::from_planar(&[0.5_f32, -1.0, 1.0, 1e-6], 1)?, &mut words)?;
/// assert_eq!(words, [16_384, -32_768, 32_767, 0]);
/// assert_eq!(quantizer.clipped(), 1);
/// # Ok::<(), mixdown::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Quantizer {
    params: QuantizerParams,
    noise: Vec<Random>,
    shaping: Option<Shaping>,
    clipped: u64,
    non_finite: u64,
}

/// Filter and state of noise shaping.
#[derive(Clone, Debug)]
struct Shaping {
    filter: [f64; ORDER],
    /// The last errors of each channel in steps, the newest first.
    errors: Vec<[f64; ORDER]>,
}

/// Adding and subtracting 1.5 * 2^52 rounds to a whole number, halves to even.
const ROUND: f64 = 6_755_399_441_055_744.0;

choice! {
    /// The noise that is added before rounding.
    #[non_exhaustive]
    Dither, default Tpdf {
        /// None: the error is distortion.
        None = "none",
        /// White noise of triangular density, 2 steps peak to peak.
        Tpdf = "tpdf",
    }
}

choice! {
    /// The spectrum of the error.
    #[non_exhaustive]
    NoiseShaping, default None {
        /// Flat.
        None = "none",
        /// Lowest where the ear is most sensitive; for up to 20 bits at 44.1 to 96 kHz.
        Weighted = "weighted",
    }
}

impl NoiseShaping {
    /// Checks that it does something at a word length; 0 is none.
    ///
    /// # Errors
    /// [`Error::NotAllowed`].
    pub(super) fn check_bits(self, bits: u32) -> Result<(), Error> {
        if self == Self::None || (noise_shaping::FEWEST_BITS..=noise_shaping::MOST_BITS).contains(&bits) {
            return Ok(());
        }
        let allowed = "8 to 20 where noise_shaping is weighted, at 44100 to 96000 Hz";
        Err(Error::NotAllowed { param: "bits", index: None, value: f64::from(bits), allowed })
    }
}

params! {
    /// Settings of a [`Quantizer`].
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    QuantizerParams {
        bits: bits as u32, 8.0..=24.0, default 24, multiples(1.0, "a whole number"), "Word length";
        dither: choice Dither, "The noise";
        noise_shaping: choice NoiseShaping, "The spectrum of the error";
        seed: compound u64, default 0, "Seed of the noise: the `content_seed` of the samples";
    }
}

impl QuantizerParams {
    /// A quantiser for this stream.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] for another word length, [`Error::NotAllowed`] for a word length or sample rate at which
    /// noise shaping does nothing.
    pub fn build(&self, spec: &StreamSpec) -> Result<Quantizer, Error> {
        self.check_fields(spec.sample_rate_hz())?;
        self.noise_shaping.check_bits(self.bits)?;
        let shaping = match self.noise_shaping {
            NoiseShaping::None => None,
            NoiseShaping::Weighted => {
                let filter = noise_shaping::design(spec.sample_rate_hz())?;
                Some(Shaping { filter, errors: vec![[0.0; ORDER]; spec.channels()] })
            }
        };
        let noise = (0..spec.channels()).map(|channel| Random::new(self.seed, channel as u64)).collect();
        Ok(Quantizer { params: *self, noise, shaping, clipped: 0, non_finite: 0 })
    }
}

impl Quantizer {
    /// Quantises a block into `words`, channel after channel as in [`Block::from_planar`]. Never allocates.
    ///
    /// # Errors
    /// [`Error::Channels`] or [`Error::Length`] if the block or `words` do not fit; nothing happens then.
    pub fn quantize<S: Sample>(&mut self, block: &Block<'_, '_, S>, words: &mut [i32]) -> Result<(), Error> {
        let (channels, frames) = (self.noise.len(), block.frames());
        if block.channels() != channels {
            return Err(Error::Channels { min: channels, max: channels, actual: block.channels() });
        }
        if words.len() != channels * frames {
            return Err(Error::Length { expected: channels * frames, actual: words.len() });
        }
        // `max`: a block without frames has no words to split.
        for (channel, words) in words.chunks_exact_mut(frames.max(1)).enumerate() {
            self.quantize_channel(channel, block.channel(channel), words);
        }
        Ok(())
    }

    fn quantize_channel<S: Sample>(&mut self, channel: usize, samples: &[S], words: &mut [i32]) {
        // At most 2^23: exact in f64 together with any f32 sample.
        let scale = f64::from(1_u32 << (self.params.bits - 1));
        let (min, max) = (-scale, scale - 1.0);
        let noise = &mut self.noise[channel];
        let mut shaping = self.shaping.as_mut().map(|shaping| (&shaping.filter, &mut shaping.errors[channel]));
        for (sample, word) in samples.iter().zip(words) {
            let mut x = sample.to_f64();
            if !x.is_finite() {
                x = 0.0;
                self.non_finite += 1;
            }
            let d = match self.params.dither {
                Dither::None => 0.0,
                Dither::Tpdf => noise.triangular(),
            };
            // Clamped before rounding, so that the sum below rounds correctly; further out than any error reaches.
            let mut steps = (x * scale).clamp(2.0 * min, 2.0 * max);
            if let Some((filter, errors)) = &shaping {
                steps += filter.iter().zip(errors.iter()).map(|(h, error)| h * error).sum::<f64>();
            }
            let rounded = ((steps + d) + ROUND) - ROUND;
            if let Some((_, errors)) = &mut shaping {
                errors.copy_within(..ORDER - 1, 1);
                errors[0] = rounded - steps;
            }
            let limited = rounded.clamp(min, max);
            self.clipped += u64::from(limited != rounded);
            *word = limited as i32;
        }
    }

    /// The value of one step: 2^(1 - bits). A word times this is its sample value.
    #[must_use]
    pub fn step(&self) -> f64 {
        1.0 / f64::from(1_u32 << (self.params.bits - 1))
    }

    /// Words limited to the range since the build or the last reset.
    #[must_use]
    pub fn clipped(&self) -> u64 {
        self.clipped
    }

    /// Non-finite samples since the build or the last reset; they counted as 0.
    #[must_use]
    pub fn non_finite_samples(&self) -> u64 {
        self.non_finite
    }

    /// Restarts the noise.
    pub fn reset(&mut self) {
        let Self { params, noise, shaping, clipped, non_finite } = self;
        if let Some(shaping) = shaping {
            shaping.errors.fill([0.0; ORDER]);
        }
        for (channel, noise) in noise.iter_mut().enumerate() {
            *noise = Random::new(params.seed, channel as u64);
        }
        *clipped = 0;
        *non_finite = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::foundation::unit::gain_to_db;
    use alloc::{vec, vec::Vec};

    /// Enough for a standard error of 0.00024 LSB of the mean and 0.00013 LSB² of the variance.
    const COUNT: usize = 1 << 22;

    fn quantizer(bits: u32, dither: Dither, channels: usize) -> Quantizer {
        let spec = StreamSpec::new(48_000.0, channels).unwrap();
        QuantizerParams { bits, dither, seed: 2024, ..Default::default() }.build(&spec).unwrap()
    }

    fn words(quantizer: &mut Quantizer, samples: &[f64], channels: usize) -> Vec<i32> {
        let mut words = vec![0; samples.len()];
        quantizer.quantize(&Block::from_planar(samples, channels).unwrap(), &mut words).unwrap();
        words
    }

    /// Mean and variance of the error in LSB.
    fn moments(words: &[i32], samples: &[f64], step: f64) -> (f64, f64) {
        let errors = || words.iter().zip(samples).map(|(word, sample)| f64::from(*word) - sample / step);
        let mean = errors().sum::<f64>() / words.len() as f64;
        (mean, errors().map(|error| (error - mean) * (error - mean)).sum::<f64>() / words.len() as f64)
    }

    fn sine(amplitude: f64, frames: usize) -> Vec<f64> {
        (0..frames).map(|n| amplitude * libm::sin(core::f64::consts::TAU * (n % 48) as f64 / 48.0)).collect()
    }

    #[test]
    fn n1_error_rms_and_mean() {
        for (bits, expected_dbfs) in [(16, -96.33), (24, -144.49)] {
            let mut quantizer = quantizer(bits, Dither::Tpdf, 1);
            let samples = sine(0.1, COUNT);
            let (mean, variance) = moments(&words(&mut quantizer, &samples, 1), &samples, quantizer.step());
            let rms_dbfs = gain_to_db(libm::sqrt(variance + mean * mean) * quantizer.step());
            std::println!("{bits} bit: rms {rms_dbfs:.3} dBFS, mean {mean:.1e} LSB");
            assert!((rms_dbfs - expected_dbfs).abs() <= 0.05 && mean.abs() < 1e-3, "{rms_dbfs} {mean}");
        }
    }

    #[test]
    fn n1_no_noise_modulation_at_any_offset() {
        for bits in [16, 24] {
            for offset in [0.0, 0.25, 0.5, 0.75, 0.9] {
                let mut quantizer = quantizer(bits, Dither::Tpdf, 1);
                let samples = vec![offset * quantizer.step(); COUNT];
                let (mean, variance) = moments(&words(&mut quantizer, &samples, 1), &samples, quantizer.step());
                std::println!("{bits} bit, {offset} LSB: mean {mean:.1e}, variance {variance:.4}");
                assert!((variance - 0.25).abs() <= 0.002 && mean.abs() < 1e-3, "{offset}: {mean} {variance}");
            }
            // Without dither the same figures depend on the signal.
            let mut plain = quantizer(bits, Dither::None, 1);
            let samples = vec![0.25 * plain.step(); 1000];
            let (mean, variance) = moments(&words(&mut plain, &samples, 1), &samples, plain.step());
            assert!((mean + 0.25).abs() < 1e-6 && variance < 1e-12, "{mean} {variance}");
        }
    }

    #[test]
    fn n1_a_tone_below_one_step_survives() {
        for bits in [16, 24] {
            let mut dithered = quantizer(bits, Dither::Tpdf, 1);
            let step = dithered.step();
            let samples = sine(0.4 * step, 480_000);
            let tone = |words: &[i32]| {
                let sum: f64 = words.iter().zip(&samples).map(|(word, sample)| f64::from(*word) * sample).sum();
                sum / samples.iter().map(|sample| sample * sample).sum::<f64>() * step
            };
            let change_db = gain_to_db(tone(&words(&mut dithered.clone(), &samples, 1)));
            std::println!("{bits} bit: 0.4 LSB tone {change_db:+.3} dB");
            assert!(change_db.abs() <= 0.3, "{change_db}");
            assert!(words(&mut quantizer(bits, Dither::None, 1), &samples, 1).iter().all(|word| *word == 0));
            // 24 bits: the same with f32 samples, whose resolution is far below a step.
            dithered.reset();
            let narrow: Vec<f32> = samples.iter().map(|sample| *sample as f32).collect();
            let mut out = vec![0; narrow.len()];
            dithered.quantize(&Block::from_planar(&narrow, 1).unwrap(), &mut out).unwrap();
            assert!(gain_to_db(tone(&out)).abs() <= 0.3);
        }
    }

    #[test]
    fn n2_shaped_noise_has_the_filters_power_and_stays_bounded() {
        for rate_hz in [44_100.0, 48_000.0, 96_000.0] {
            let spec = StreamSpec::new(rate_hz, 1).unwrap();
            let params = QuantizerParams { bits: 16, noise_shaping: NoiseShaping::Weighted, ..Default::default() };
            let filter = noise_shaping::design(rate_hz).unwrap();
            let expected = 0.25 * (1.0 + filter.iter().map(|h| h * h).sum::<f64>());
            for amplitude in [0.0, 1e-6, 0.1] {
                let mut quantizer = params.build(&spec).unwrap();
                let samples = sine(amplitude, 400_000);
                let (mean, variance) = moments(&words(&mut quantizer, &samples, 1), &samples, quantizer.step());
                std::println!(
                    "{rate_hz} Hz, {amplitude}: mean {mean:.1e}, variance {variance:.3}, filter {expected:.3}"
                );
                assert!((variance / expected - 1.0).abs() < 0.02 && mean.abs() < 0.01, "{mean} {variance} {expected}");
                assert_eq!(quantizer.clipped(), 0);
            }
            // Far beyond full scale and back: nothing of it stays in the loop.
            let mut quantizer = params.build(&spec).unwrap();
            let mut samples = vec![3.0; 2_000];
            samples.extend(vec![0.0; 200_000]);
            let words = words(&mut quantizer, &samples, 1);
            assert_eq!((quantizer.clipped(), words[1_999]), (2_000, 32_767));
            assert!(words[2_000..].iter().all(|word| word.abs() < 40), "{:?}", words[2_000..].iter().max());
        }
    }

    #[test]
    fn channels_are_independent_and_cuts_change_nothing() {
        let samples = sine(0.3, 96_000).repeat(2);
        let mut whole = quantizer(16, Dither::Tpdf, 2);
        let expected = words(&mut whole, &samples, 2);
        let (left, right) = expected.split_at(96_000);
        let error = |n: usize, word: i32| f64::from(word) - samples[n] / whole.step();
        let product: f64 = (0..96_000).map(|n| error(n, left[n]) * error(n, right[n])).sum();
        // Standard error 0.25 / sqrt(96000) = 0.0008.
        assert!((product / 96_000.0).abs() < 0.004, "{product}");
        let mut cut = quantizer(16, Dither::Tpdf, 2);
        let block = Block::from_planar(&samples, 2).unwrap();
        let mut start = 0;
        for length in [1, 7, 0, 480, 95_512] {
            let mut part = vec![0; 2 * length];
            cut.quantize(&block.frames_at(start, length), &mut part).unwrap();
            for channel in 0..2 {
                let whole = &expected[channel * 96_000 + start..][..length];
                assert_eq!(&part[channel * length..][..length], whole);
            }
            start += length;
        }
        assert_eq!(start, 96_000);
        whole.reset();
        assert_eq!(words(&mut whole, &samples, 2), expected);
    }

    #[test]
    fn saturates_counts_and_refuses() {
        for bits in [8, 16, 24] {
            let full = 1 << (bits - 1);
            let mut quantizer = quantizer(bits, Dither::Tpdf, 1);
            let samples = [2.0, -2.0, f64::NAN, 1e300, f64::NEG_INFINITY];
            let words = words(&mut quantizer, &samples, 1);
            assert_eq!([words[0], words[1], words[3]], [full - 1, -full, full - 1]);
            assert!(words[2].abs() <= 1 && words[4].abs() <= 1);
            assert_eq!((quantizer.clipped(), quantizer.non_finite_samples()), (3, 2));
            assert!(quantizer.quantize(&Block::from_planar(&samples, 1).unwrap(), &mut [0; 4]).is_err());
            assert!(quantizer.quantize(&Block::from_planar(&[0.0; 4], 2).unwrap(), &mut [0; 4]).is_err());
        }
        let spec = StreamSpec::new(48_000.0, 1).unwrap();
        for bits in [0, 7, 25, 32] {
            assert!(QuantizerParams { bits, ..Default::default() }.build(&spec).is_err());
        }
    }

    #[test]
    fn noise_shaping_that_does_nothing_is_refused() {
        let spec = StreamSpec::new(48_000.0, 1).unwrap();
        let shaped = |bits| QuantizerParams { bits, noise_shaping: NoiseShaping::Weighted, ..Default::default() };
        assert!([8, 16, 20].iter().all(|&bits| shaped(bits).build(&spec).is_ok()));
        for bits in [21, 24] {
            let text = alloc::string::ToString::to_string(&shaped(bits).build(&spec).unwrap_err());
            let legal = "it must be 8 to 20 where noise_shaping is weighted, at 44100 to 96000 Hz";
            assert_eq!(text, std::format!("bits = {bits} is not allowed: {legal}"));
        }
    }
}
