//! Spectrum in bands of a fraction of an octave, for analysers and reports.

use super::windowed::Windows;
use crate::{
    convolution::fft::multiply::{TILE, Tile},
    foundation::{
        block::Block, declare::params, error::Error, fit::fit_read, meter::Meter, sample::Sample, stream::StreamSpec,
        table::Fields, unit::power_to_db,
    },
};
use alloc::{vec, vec::Vec};
use core::marker::PhantomData;

/// Levels in bands of a fraction of an octave: over the whole programme, now, and the highest.
///
/// # Signal
/// in -> Hann windows of 16384 frames (at 44.1 and 48 kHz), half overlapping -> FFT -> powers, mean of the channels ->
/// sums over bands
///
/// # Parameters
/// Those of [`SpectrumParams`].
///
/// # Contract
/// A full-scale sine in all channels reads -3.01 dB; pink noise is flat. A band narrower than a bin takes its share of it:
/// below 40 Hz sixths of an octave are. Silence is assumed before the first and after the last sample. Same bits however
/// the stream is cut. Non-finite samples count as 0 and are counted. `observe` never allocates, and works in bursts of one
/// window; `reading` allocates. Memory: 1293 kB at 48 kHz.
///
/// # Source
/// Welch (1967), over windows; midbands and edges: IEC 61260-1, base ten, 20 Hz to 20 kHz.
///
/// ```
/// use mixdown::{Block, Meter, StreamSpec, meters::SpectrumParams};
///
/// let spec = StreamSpec::new(48_000.0, 1)?;
/// let mut meter = SpectrumParams { bands_per_octave: 3, ..Default::default() }.build(&spec)?;
/// let sine: Vec<f64> = (0..480_000).map(|n| (n as f64 * 1_000.0 * std::f64::consts::TAU / 48_000.0).sin()).collect();
/// meter.observe(&Block::from_slices(&[&sine[..]])?);
/// let reading = meter.reading();
/// let loudest = reading.bands.iter().max_by(|a, b| a.level_db.total_cmp(&b.level_db)).unwrap();
/// assert!((loudest.centre_hz - 1_000.0).abs() < 1e-6 && (loudest.level_db + 3.01).abs() < 0.01);
/// # Ok::<(), mixdown::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct SpectrumMeter<S> {
    windows: Windows,
    channels: usize,
    bands_per_octave: u32,
    /// Share of the last window in the running mean.
    step: f64,
    /// Power of the bins in the last window, mean of the channels.
    last: Vec<f64>,
    total: Vec<f64>,
    running: Vec<f64>,
    highest: Vec<f64>,
    /// Windows that have ended: the first begins with silence, and only the sums count it.
    ended: u64,
    non_finite: u64,
    format: PhantomData<S>,
}

params! {
    /// Settings of a [`SpectrumMeter`].
    #[derive(Clone, Copy, Debug, PartialEq)]
    SpectrumParams {
        bands_per_octave: none as u32, 1.0..=24.0, default 6, multiples(1.0, "a whole number"), "Bands of an octave";
        window_ms: ms, 50.0..=10000.0, default 1000.0, log, "Time constant of the running level";
    }
}

/// Frames of a window at 44.1 and 48 kHz.
const WINDOW_FRAMES: usize = 16_384;

impl SpectrumParams {
    /// A meter for this stream.
    ///
    /// # Errors
    /// [`Error::OutOfRange`], [`Error::NotAllowed`].
    pub fn build<S: Sample>(&self, spec: &StreamSpec) -> Result<SpectrumMeter<S>, Error> {
        self.check_fields(spec.sample_rate_hz())?;
        let windows = Windows::new(spec, WINDOW_FRAMES);
        let bins = windows.bins();
        let hop_ms = 1e3 * bins as f64 / spec.sample_rate_hz();
        let zeros = || vec![0.0; bins];
        Ok(SpectrumMeter {
            channels: spec.channels(),
            bands_per_octave: self.bands_per_octave,
            step: 1.0 - libm::exp(-hop_ms / self.window_ms),
            last: zeros(),
            total: zeros(),
            running: zeros(),
            highest: zeros(),
            ended: 0,
            non_finite: 0,
            format: PhantomData,
            windows,
        })
    }
}

/// One band of a spectrum.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct SpectrumBand {
    /// Its midband, Hz.
    pub centre_hz: f64,
    /// Mean square over the whole programme, mean of the channels, dBFS.
    #[cfg_attr(feature = "serde", serde(with = "crate::foundation::unbounded"))]
    pub level_db: f64,
    /// The same over the window of time.
    #[cfg_attr(feature = "serde", serde(with = "crate::foundation::unbounded"))]
    pub running_db: f64,
    /// That of the loudest window of each bin.
    #[cfg_attr(feature = "serde", serde(with = "crate::foundation::unbounded"))]
    pub highest_db: f64,
}

/// The reading of a [`SpectrumMeter`].
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Spectrum {
    /// From low to high, as far as they lie below half the sample rate.
    pub bands: Vec<SpectrumBand>,
}

impl<S: Sample> SpectrumMeter<S> {
    /// Non-finite samples since the build or the last reset; they counted as 0.
    #[must_use]
    pub fn non_finite_samples(&self) -> u64 {
        self.non_finite
    }

    fn measure(&mut self, block: &Block<'_, '_, S>) {
        let mut start = 0;
        while start < block.frames() {
            let (length, is_full) = self.windows.fill(block, start, &mut self.non_finite);
            start += length;
            if is_full {
                self.end_window();
            }
        }
    }

    fn end_window(&mut self) {
        self.windows.end();
        let Self { windows, last, total, running, highest, step, .. } = self;
        last.fill(0.0);
        let share = 1.0 / windows.spectra.len() as f64;
        for spectrum in &windows.spectra {
            for (powers, tile) in last.chunks_exact_mut(TILE).zip(spectrum) {
                add(powers, tile, share);
            }
        }
        self.ended += 1;
        // The first window that begins with sound is the mean so far.
        let step = if self.ended > 2 { *step } else { 1.0 };
        for (((power, total), running), highest) in last.iter().zip(total).zip(running).zip(highest) {
            *total += power;
            *running += step * (power - *running);
            *highest = if self.ended == 2 { *power } else { highest.max(*power) };
        }
    }

    /// The same after the silence that follows the last sample: each frame is under two windows.
    fn flushed(&self) -> Self {
        let mut meter = self.clone();
        for _ in 0..2 {
            meter.windows.fill_up();
            meter.end_window();
        }
        meter
    }
}

fn add(powers: &mut [f64], tile: &Tile<f64>, share: f64) {
    for (power, (re, im)) in powers.iter_mut().zip(tile.re.iter().zip(&tile.im)) {
        *power += share * (re * re + im * im);
    }
}

impl<S: Sample> Meter<S> for SpectrumMeter<S> {
    type Reading = Spectrum;

    fn observe(&mut self, block: &Block<'_, '_, S>) {
        fit_read(block, self.channels, |_, block| self.measure(block));
    }

    fn reading(&self) -> Spectrum {
        let windows = &self.windows;
        let flushed = self.flushed();
        let overall = windows.cumulated(&flushed.total, windows.scale());
        // A programme shorter than a window is heard as its windows with silence have it.
        let latest = if self.ended > 1 { self } else { &flushed };
        let [running, highest] =
            [&latest.running, &latest.highest].map(|powers| windows.cumulated(powers, windows.scale_of_one()));
        let parts = f64::from(self.bands_per_octave);
        // Midbands are 1000 * 10^(0.3 k / parts) Hz, from 20 Hz to 20 kHz.
        let hz = |k: f64| 1_000.0 * libm::pow(10.0, 0.3 * k / parts);
        let [first, last] = [0.02, 20.0].map(|khz: f64| libm::round(parts / 0.3 * libm::log10(khz)) as i32);
        let bands = (first..=last).map(f64::from).map(|k| [hz(k - 0.5), hz(k), hz(k + 0.5)]);
        let bands = bands.take_while(|[_, _, high_hz]| *high_hz <= 0.5 * windows.sample_rate_hz());
        let level = |cumulated: &[f64], low_hz, high_hz| power_to_db(windows.within(cumulated, low_hz, high_hz));
        let read = |[low_hz, centre_hz, high_hz]: [f64; 3]| SpectrumBand {
            centre_hz,
            level_db: level(&overall, low_hz, high_hz),
            running_db: level(&running, low_hz, high_hz),
            highest_db: level(&highest, low_hz, high_hz),
        };
        Spectrum { bands: bands.map(read).collect() }
    }

    fn reset(&mut self) {
        let Self {
            windows,
            channels: _,
            bands_per_octave: _,
            step: _,
            last: _,
            total,
            running,
            highest,
            ended,
            non_finite,
            format: _,
        } = self;
        windows.reset();
        [total, running, highest].into_iter().for_each(|powers| powers.fill(0.0));
        (*ended, *non_finite) = (0, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::primitives::random::Random;

    fn meter(rate_hz: f64, channels: usize, bands_per_octave: u32) -> SpectrumMeter<f64> {
        let spec = StreamSpec::new(rate_hz, channels).unwrap();
        SpectrumParams { bands_per_octave, ..Default::default() }.build(&spec).unwrap()
    }

    #[test]
    fn white_noise_rises_with_the_width_of_bands_at_every_rate() {
        for rate_hz in [8_000.0, 44_100.0, 48_000.0, 96_000.0] {
            let mut random = Random::new(1, 0);
            let samples: Vec<f64> = (0..40 * 16_384).map(|_| random.triangular()).collect();
            let mut meter = meter(rate_hz, 1, 3);
            meter.observe(&Block::from_slices(&[&samples]).unwrap());
            let mean: f64 = samples.iter().map(|x| x * x).sum::<f64>() / samples.len() as f64;
            for band in meter.reading().bands.iter().filter(|band| band.centre_hz > 300.0) {
                let width_hz = band.centre_hz * (libm::pow(10.0, 0.05) - libm::pow(10.0, -0.05));
                let expected_db = power_to_db(mean * width_hz / (0.5 * rate_hz));
                assert!((band.level_db - expected_db).abs() < 0.7, "{rate_hz}: {band:?} {expected_db}");
                assert!(band.highest_db > band.level_db && (band.running_db - band.level_db).abs() < 3.0, "{band:?}");
            }
        }
    }

    #[test]
    fn the_running_level_follows_and_the_highest_stays() {
        let mut meter = meter(48_000.0, 2, 1);
        let tone: Vec<f64> = (0..96_000).map(|n| 0.5 * libm::sin(0.3 * f64::from(n))).collect();
        let silence = vec![0.0; 480_000];
        meter.observe(&Block::from_slices(&[&tone, &tone]).unwrap());
        let loudest = |reading: &Spectrum| reading.bands.iter().map(|band| band.running_db).fold(-1e9, f64::max);
        let before = loudest(&meter.reading());
        assert!((before + 9.03).abs() < 0.1, "{before}");
        meter.observe(&Block::from_slices(&[&silence[..], &silence[..]]).unwrap());
        let after = meter.reading();
        // Ten time constants later.
        assert!(loudest(&after) < before - 35.0, "{}", loudest(&after));
        // Of all windows, those that hold the end of the tone included, which spread a little.
        let highest = after.bands.iter().map(|band| band.highest_db).fold(-1e9, f64::max);
        assert!((-9.1..-8.0).contains(&highest), "{highest}");
        meter.reset();
        assert!(meter.reading().bands.iter().all(|band| band.level_db == f64::NEG_INFINITY));
    }

    #[test]
    fn blocks_change_no_bit() {
        let mut random = Random::new(2, 0);
        let samples: Vec<f64> = (0..50_001).map(|_| random.triangular()).collect();
        let mut whole = meter(44_100.0, 1, 6);
        whole.observe(&Block::from_slices(&[&samples]).unwrap());
        let mut parts = meter(44_100.0, 1, 6);
        samples.chunks(333).for_each(|part| parts.observe(&Block::from_slices(&[part]).unwrap()));
        assert_eq!(whole.reading(), parts.reading());
    }
}
