//! Mono compatibility: what each third of an octave loses when left and right are folded to mono.

use super::{correlation::correlation_of, windowed::Windows};
use crate::{
    convolution::fft::multiply::{TILE, Tile},
    foundation::{
        block::Block,
        error::{Error, expect_channels},
        fit::fit_read,
        meter::Meter,
        sample::Sample,
        stream::StreamSpec,
        unit::power_to_db,
    },
};
use alloc::{vec, vec::Vec};
use core::marker::PhantomData;

/// Mono compatibility: what each third of an octave loses when left and right are folded to mono, and its correlation.
///
/// # Signal
/// L, R -> Hann windows of 8192 frames (at 44.1 and 48 kHz), half overlapping -> FFT -> powers of L, R and (L + R) / 2 ->
/// sums over bands
///
/// # Contract
/// Takes two channels. The loss of a band is 10 log10(2 E\[((L + R) / 2)²\] / (E\[L²\] + E\[R²\])) dB: 0 for mono,
/// -3.01 for independent channels, -inf for inverted polarity; 0 for silence. A band is flagged if it loses more than 6 dB
/// and its level is within 20 dB of the highest. Silence is assumed before the first and after the last sample. Below
/// 80 Hz a tone reaches into the bands beside its own, as they are narrower than the window resolves. Same bits however the stream is cut.
/// Non-finite samples count as 0 and are counted. `observe` never allocates, and works in bursts of one frame of the
/// window; `reading` allocates. Memory: 614 kB at 48 kHz.
///
/// # Source
/// Midbands and edges: IEC 61260-1, base ten, 20 Hz to 20 kHz. The transform is the negacyclic one of the convolver,
/// whose bin k lies at (k + 1/2) rate / frames.
///
/// ```
/// use mixdown::{Block, Meter, StreamSpec, meters::MonoFoldMeter};
///
/// let mut meter = MonoFoldMeter::new(&StreamSpec::new(48_000.0, 2)?)?;
/// let tone = |hz: f64, n: usize| (n as f64 * hz * std::f64::consts::TAU / 48_000.0).sin();
/// let left: Vec<f64> = (0..96_000).map(|n| tone(100.0, n) + tone(5_000.0, n)).collect();
/// let right: Vec<f64> = (0..96_000).map(|n| tone(100.0, n) - tone(5_000.0, n)).collect();
/// meter.observe(&Block::from_slices(&[&left[..], &right[..]])?);
/// let reading = meter.reading();
/// let band = |hz: f64| reading.bands.iter().min_by_key(|band| (band.centre_hz - hz).abs() as u64).unwrap();
/// assert!(band(100.0).loss_db.abs() < 1e-3 && band(5_000.0).loss_db < -60.0);
/// assert_eq!(reading.bands.iter().filter(|band| band.is_flagged).count(), 1);
/// # Ok::<(), mixdown::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct MonoFoldMeter<S> {
    windows: Windows,
    powers: Powers,
    non_finite: u64,
    format: PhantomData<S>,
}

/// Sums of the powers of all frames, bin by bin in the order of the transform.
#[derive(Clone, Debug)]
struct Powers {
    left: Vec<f64>,
    right: Vec<f64>,
    fold: Vec<f64>,
}

/// Frames of a window at 44.1 and 48 kHz.
const WINDOW_FRAMES: usize = 8_192;
/// Midbands are 1000 * 10^(k / 10) Hz.
const BANDS: core::ops::RangeInclusive<i32> = -17..=13;
/// Loss beyond which a band is flagged, and its distance from the highest level up to which it is, dB.
const FLAGGED_LOSS_DB: f64 = -6.0;
const FLAGGED_RANGE_DB: f64 = 20.0;
/// Power below which a channel has no correlation within a band: -120 dBFS.
const LEAST_POWER: f64 = 1e-12;

/// One third of an octave.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct FoldBand {
    /// Its midband, Hz.
    pub centre_hz: f64,
    /// Mean of the mean squares of both channels, dBFS: a full-scale sine in both reads -3.01.
    #[cfg_attr(feature = "serde", serde(with = "crate::foundation::unbounded"))]
    pub level_db: f64,
    /// Change of level by folding to mono, dB: 0 or less.
    #[cfg_attr(feature = "serde", serde(with = "crate::foundation::unbounded"))]
    pub loss_db: f64,
    /// Correlation of left and right, -1 to 1; 0 if one of them lies below -120 dBFS.
    pub correlation: f64,
    /// Whether it loses more than 6 dB and its level is within 20 dB of the highest.
    pub is_flagged: bool,
}

/// The reading of a [`MonoFoldMeter`].
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct MonoFold {
    /// Change of the whole level by folding to mono, over all frequencies, dB.
    #[cfg_attr(feature = "serde", serde(with = "crate::foundation::unbounded"))]
    pub loss_db: f64,
    /// From low to high, as far as they lie below half the sample rate.
    pub bands: Vec<FoldBand>,
}

impl Powers {
    fn new(bins: usize) -> Self {
        Self { left: vec![0.0; bins], right: vec![0.0; bins], fold: vec![0.0; bins] }
    }

    /// Adds the powers of a frame.
    fn add(&mut self, left: &[Tile<f64>], right: &[Tile<f64>]) {
        let sums = self.left.chunks_exact_mut(TILE).zip(self.right.chunks_exact_mut(TILE));
        for (((left_sums, right_sums), sums), (left, right)) in
            sums.zip(self.fold.chunks_exact_mut(TILE)).zip(left.iter().zip(right))
        {
            for bin in 0..TILE {
                let ([a, b], [c, d]) = ([left.re[bin], left.im[bin]], [right.re[bin], right.im[bin]]);
                let (re, im) = (0.5 * (a + c), 0.5 * (b + d));
                left_sums[bin] += a * a + b * b;
                right_sums[bin] += c * c + d * d;
                sums[bin] += re * re + im * im;
            }
        }
    }
}

impl<S: Sample> MonoFoldMeter<S> {
    /// A meter for this stream, of two channels.
    ///
    /// # Errors
    /// [`Error::Channels`] for another count.
    pub fn new(spec: &StreamSpec) -> Result<Self, Error> {
        expect_channels(2, spec.channels())?;
        let windows = Windows::new(spec, WINDOW_FRAMES);
        Ok(Self { powers: Powers::new(windows.bins()), windows, non_finite: 0, format: PhantomData })
    }

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
        self.powers.add(&self.windows.spectra[0], &self.windows.spectra[1]);
    }

    /// The powers after the silence that follows the last sample: each frame is under two windows.
    fn flushed(&self) -> Powers {
        let mut meter = self.clone();
        for _ in 0..2 {
            meter.windows.fill_up();
            meter.end_window();
        }
        meter.powers
    }
}

impl<S: Sample> Meter<S> for MonoFoldMeter<S> {
    type Reading = MonoFold;

    fn observe(&mut self, block: &Block<'_, '_, S>) {
        fit_read(block, 2, |_, block| self.measure(block));
    }

    fn reading(&self) -> MonoFold {
        let Powers { left, right, fold } = self.flushed();
        let scale = self.windows.scale();
        let [left, right, fold] = [left, right, fold].map(|powers| self.windows.cumulated(&powers, scale));
        let mut bands = Vec::with_capacity(BANDS.count());
        for k in BANDS {
            let [low_hz, centre_hz, high_hz] = [-0.5, 0.0, 0.5].map(|step| band_hz(f64::from(k) + step));
            if high_hz > 0.5 * self.windows.sample_rate_hz() {
                break;
            }
            let power = |cumulated: &[f64]| self.windows.within(cumulated, low_hz, high_hz);
            let (left, right, fold) = (power(&left), power(&right), power(&fold));
            let is_loud = left >= LEAST_POWER && right >= LEAST_POWER;
            // |L + R|² = |L|² + |R|² + 2 Re(L R*).
            let both = 2.0 * fold - 0.5 * (left + right);
            bands.push(FoldBand {
                centre_hz,
                level_db: power_to_db(0.5 * (left + right)),
                loss_db: loss_db(left, right, fold),
                correlation: if is_loud { correlation_of(left, right, both) } else { 0.0 },
                is_flagged: false,
            });
        }
        let highest = bands.iter().map(|band| band.level_db).fold(f64::NEG_INFINITY, f64::max);
        for band in &mut bands {
            band.is_flagged = band.loss_db < FLAGGED_LOSS_DB && band.level_db >= highest - FLAGGED_RANGE_DB;
        }
        let [left, right, fold] = [left, right, fold].map(|cumulated| cumulated[cumulated.len() - 1]);
        MonoFold { loss_db: loss_db(left, right, fold), bands }
    }

    fn reset(&mut self) {
        let Self { windows, powers: Powers { left, right, fold }, non_finite, format: _ } = self;
        windows.reset();
        [left, right, fold].into_iter().for_each(|powers| powers.fill(0.0));
        *non_finite = 0;
    }
}

/// The frequency `k` tenths of a decade above 1 kHz.
fn band_hz(k: f64) -> f64 {
    1_000.0 * libm::pow(10.0, 0.1 * k)
}

/// Change of level by folding to mono: 0 for silence.
fn loss_db(left: f64, right: f64, fold: f64) -> f64 {
    if left + right > 0.0 { power_to_db(2.0 * fold / (left + right)).min(0.0) } else { 0.0 }
}
