//! Stream specification: sample rate, channels, instruction set.

use super::error::Error;

/// Lowest sample rate, in Hz.
pub const MIN_SAMPLE_RATE_HZ: f64 = 8_000.0;
/// Highest sample rate, in Hz.
pub const MAX_SAMPLE_RATE_HZ: f64 = 384_000.0;
/// Most channels of a stream.
pub const MAX_CHANNELS: usize = 64;

/// Which form of the kernels runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Cpu {
    /// The best level this machine has, detected once. Without the `std` feature: as [`Cpu::Baseline`].
    #[default]
    Detected,
    /// The level that the crate was compiled for (SSE2 on plain x86-64, NEON on 64-bit ARM, on WebAssembly its 128-bit
    /// vectors with the target feature `simd128`).
    Baseline,
    /// AVX2 with FMA even where AVX-512 exists; as [`Cpu::Baseline`] on machines without.
    Avx2,
    /// The same bits on every machine: AVX2 with FMA or NEON, elsewhere as [`Cpu::Software`]. With the feature
    /// `reproducible`.
    #[cfg(any(test, feature = "reproducible"))]
    Reproducible,
    /// As [`Cpu::Baseline`], with every multiply-add of a filter rounded once, in software on x86 and WebAssembly: the
    /// bits of [`Cpu::Reproducible`] without its instructions, in 5 to 45 times the time of AVX2. With the feature
    /// `reproducible`.
    #[cfg(any(test, feature = "reproducible"))]
    Software,
    /// The scalar form, the oracle of kernels.
    #[cfg(test)]
    Scalar,
}

/// Sample rate, channel count and instruction set of a stream. Another rate or channel count needs another processor.
///
/// There is no default and no block size: guessing either leads to 44.1 kHz settings in 48 kHz streams.
///
/// ```
/// use mixdown::StreamSpec;
///
/// let spec = StreamSpec::new(48_000.0, 2)?;
/// assert_eq!((spec.sample_rate_hz(), spec.channels()), (48_000.0, 2));
/// assert!(StreamSpec::new(48_000.0, 65).is_err());
/// # Ok::<(), mixdown::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StreamSpec {
    sample_rate_hz: f64,
    channels: usize,
    cpu: Cpu,
}

impl StreamSpec {
    /// A stream of `channels` (1..=64) input channels at `sample_rate_hz` (8 000..=384 000).
    ///
    /// # Errors
    /// [`Error::SampleRate`] or [`Error::OutOfRange`].
    pub fn new(sample_rate_hz: f64, channels: usize) -> Result<Self, Error> {
        if !(MIN_SAMPLE_RATE_HZ..=MAX_SAMPLE_RATE_HZ).contains(&sample_rate_hz) {
            return Err(Error::SampleRate { hz: sample_rate_hz });
        }
        check_channels(channels)?;
        Ok(Self { sample_rate_hz, channels, cpu: Cpu::default() })
    }

    /// The same stream on another form of the kernels.
    #[must_use]
    pub fn with_cpu(self, cpu: Cpu) -> Self {
        Self { cpu, ..self }
    }

    /// The same stream with another count of input channels: the input of the next processor in a chain.
    ///
    /// # Errors
    /// [`Error::OutOfRange`] unless 1..=64.
    pub fn with_channels(self, channels: usize) -> Result<Self, Error> {
        check_channels(channels)?;
        Ok(Self { channels, ..self })
    }

    /// Sample rate in Hz.
    #[must_use]
    pub fn sample_rate_hz(&self) -> f64 {
        self.sample_rate_hz
    }

    /// Input channels.
    #[must_use]
    pub fn channels(&self) -> usize {
        self.channels
    }

    /// The form of the kernels.
    #[must_use]
    pub fn cpu(&self) -> Cpu {
        self.cpu
    }
}

fn check_channels(channels: usize) -> Result<(), Error> {
    if (1..=MAX_CHANNELS).contains(&channels) {
        return Ok(());
    }
    let (value, max) = (channels as f64, MAX_CHANNELS as f64);
    Err(Error::OutOfRange { param: "channels", index: None, value, min: 1.0, max, off: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_refused_and_never_clamped() {
        for hz in [f64::NAN, 7_999.9, 384_000.1, -1.0, f64::INFINITY] {
            assert!(matches!(StreamSpec::new(hz, 2), Err(Error::SampleRate { .. })), "{hz}");
        }
        for channels in [0, 65, usize::MAX] {
            assert!(matches!(StreamSpec::new(48_000.0, channels), Err(Error::OutOfRange { .. })), "{channels}");
        }
    }
}
