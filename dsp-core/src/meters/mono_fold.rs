//! Mono compatibility: what each third of an octave loses when left and right are folded to mono.

use super::correlation::correlation_of;
use crate::{
    convolution::fft::{
        Step, Transform,
        multiply::{TILE, Tile},
    },
    foundation::{
        block::Block,
        error::{Error, expect_channels},
        fit::fit_read,
        math::cis,
        meter::Meter,
        sample::Sample,
        stream::StreamSpec,
        unit::power_to_db,
    },
};
use alloc::{vec, vec::Vec};
use core::{f64::consts::PI, marker::PhantomData};

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
    transform: Transform<f64>,
    /// The Hann window, as long as a frame.
    hann: Vec<f64>,
    sample_rate_hz: f64,
    /// Left and right: the last half of a frame, and the half that is being filled.
    halves: [Vec<f64>; 2],
    filled: usize,
    work: Work,
    /// The bin at each place of the spectra.
    order: Vec<u32>,
    powers: Powers,
    /// Frames since the build or the last reset.
    frames: u64,
    non_finite: u64,
    format: PhantomData<S>,
}

/// Scratch of a transform.
#[derive(Clone, Debug)]
struct Work {
    windowed: Vec<f64>,
    points: [Vec<f64>; 2],
    spectra: [Vec<Tile<f64>>; 2],
}

/// Sums of the powers of all frames, bin by bin in the order of the transform.
#[derive(Clone, Debug)]
struct Powers {
    left: Vec<f64>,
    right: Vec<f64>,
    fold: Vec<f64>,
}

/// Frames of a window at 44.1 and 48 kHz; as many more as the rate is higher, half up to 24 kHz.
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

impl Work {
    fn new(transform: &Transform<f64>, frame: usize) -> Self {
        let points = || vec![0.0; transform.points()];
        let spectrum = || vec![Tile::ZERO; frame / 2 / TILE];
        Self { windowed: vec![0.0; frame], points: [points(), points()], spectra: [spectrum(), spectrum()] }
    }

    /// Transforms the windowed frame into one of the spectra.
    fn forward(&mut self, transform: &Transform<f64>, channel: usize) {
        let (older, newer) = self.windowed.split_at(self.windowed.len() / 2);
        let [re, im] = &mut self.points;
        let tiles = transform.base() / TILE;
        for &step in transform.steps() {
            let row = if let Step::Base { index } = step { index as usize } else { 0 };
            transform.forward(step, [older, newer], [re, im], &mut self.spectra[channel][row * tiles..], 1);
        }
    }
}

impl Powers {
    fn new(bins: usize) -> Self {
        Self { left: vec![0.0; bins], right: vec![0.0; bins], fold: vec![0.0; bins] }
    }

    /// Adds the powers of a frame.
    fn add(&mut self, [left, right]: &[Vec<Tile<f64>>; 2]) {
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
        let rate_hz = spec.sample_rate_hz();
        // Half of it up to 24 kHz, twice it above 48 kHz, and so on.
        let octaves = libm::ceil(libm::log2(rate_hz / 48_000.0)).max(-1.0);
        let frame = libm::round(WINDOW_FRAMES as f64 * libm::exp2(octaves)) as usize;
        let transform = Transform::new(spec, frame / 2);
        let hann = (0..frame).map(|n| 0.5 - 0.5 * cis(2.0 * PI * n as f64 / frame as f64).re).collect();
        let work = Work::new(&transform, frame);
        let halves = [vec![0.0; frame], vec![0.0; frame]];
        let mut meter = Self {
            transform,
            hann,
            sample_rate_hz: rate_hz,
            halves,
            filled: 0,
            work,
            order: Vec::new(),
            powers: Powers::new(frame / 2),
            frames: 0,
            non_finite: 0,
            format: PhantomData,
        };
        meter.order = meter.bin_order();
        Ok(meter)
    }

    /// Non-finite samples since the build or the last reset; they counted as 0.
    #[must_use]
    pub fn non_finite_samples(&self) -> u64 {
        self.non_finite
    }

    /// The bin at each place of a spectrum: a transform leaves them in the order of its passes.
    fn bin_order(&mut self) -> Vec<u32> {
        // One sample at frame 1 is e^(i θ) at every bin, θ = 2π (k + 1/2) / frames or its negative.
        self.work.windowed.fill(0.0);
        self.work.windowed[1] = 1.0;
        self.work.forward(&self.transform, 0);
        let turn = self.hann.len() as f64 / (2.0 * PI);
        let bins = self.work.spectra[0].iter().flat_map(|tile| tile.re.iter().zip(&tile.im));
        bins.map(|(re, im)| libm::round(libm::fabs(libm::atan2(*im, *re)) * turn - 0.5) as u32).collect()
    }

    fn measure(&mut self, block: &Block<'_, '_, S>) {
        let half = self.hann.len() / 2;
        let mut start = 0;
        while start < block.frames() {
            let length = (half - self.filled).min(block.frames() - start);
            for (channel, halves) in self.halves.iter_mut().enumerate() {
                let samples = &block.channel(channel)[start..start + length];
                for (kept, sample) in halves[half + self.filled..][..length].iter_mut().zip(samples) {
                    self.non_finite += u64::from(!sample.finite());
                    *kept = sample.ordinary().to_f64();
                }
            }
            self.filled += length;
            self.frames += length as u64;
            start += length;
            if self.filled == half {
                self.end_half();
            }
        }
    }

    /// Measures the frame of both halves; the newer one becomes the older.
    fn end_half(&mut self) {
        for (channel, halves) in self.halves.iter_mut().enumerate() {
            for ((windowed, sample), hann) in self.work.windowed.iter_mut().zip(&*halves).zip(&self.hann) {
                *windowed = sample * hann;
            }
            self.work.forward(&self.transform, channel);
            halves.copy_within(self.hann.len() / 2.., 0);
        }
        self.powers.add(&self.work.spectra);
        self.filled = 0;
    }

    /// The same after the silence that follows the last sample: each frame is under two windows.
    fn flushed(&self) -> Self {
        let mut meter = self.clone();
        let half = self.hann.len() / 2;
        for _ in 0..2 {
            for halves in &mut meter.halves {
                halves[half + meter.filled..].fill(0.0);
            }
            meter.end_half();
        }
        meter
    }

    /// Mean squares of the bins, added up: entry k is that of all below bin k.
    fn cumulated(&self, powers: &[f64]) -> Vec<f64> {
        let mut ordered = vec![0.0; powers.len()];
        self.order.iter().zip(powers).for_each(|(bin, power)| ordered[*bin as usize] = *power);
        // Of each half frame, and of the one that is being filled: every frame of the programme is under two windows.
        let half = self.hann.len() / 2;
        let weights = |frames: usize| -> f64 {
            let both = self.hann[..frames].iter().chain(&self.hann[half..half + frames]);
            both.map(|hann| hann * hann).sum()
        };
        let whole = ((self.frames - self.filled as u64) / half as u64) as f64;
        let weight = whole * weights(half) + weights(self.filled);
        let scale = if weight > 0.0 { 1.0 / (half as f64 * weight) } else { 0.0 };
        let mut total = 0.0;
        let mut cumulated = vec![0.0];
        cumulated.extend(ordered.iter().map(|power| {
            total += scale * power;
            total
        }));
        cumulated
    }
}

impl<S: Sample> Meter<S> for MonoFoldMeter<S> {
    type Reading = MonoFold;

    fn observe(&mut self, block: &Block<'_, '_, S>) {
        fit_read(block, 2, |_, block| self.measure(block));
    }

    fn reading(&self) -> MonoFold {
        let end = self.flushed();
        let Powers { left, right, fold } = &end.powers;
        let [left, right, fold] = [left, right, fold].map(|powers| self.cumulated(powers));
        let bins_per_hz = self.hann.len() as f64 / self.sample_rate_hz;
        // A bin belongs to a band by the part of it that lies within.
        let below = |cumulated: &[f64], hz: f64| {
            let place = (hz * bins_per_hz).min((cumulated.len() - 1) as f64);
            let bin = place as usize;
            let next = cumulated[(bin + 1).min(cumulated.len() - 1)];
            cumulated[bin] + (place - bin as f64) * (next - cumulated[bin])
        };
        let mut bands = Vec::with_capacity(BANDS.count());
        for k in BANDS {
            let [low_hz, centre_hz, high_hz] = [-0.5, 0.0, 0.5].map(|step| band_hz(f64::from(k) + step));
            if high_hz > 0.5 * self.sample_rate_hz {
                break;
            }
            let power = |cumulated: &[f64]| (below(cumulated, high_hz) - below(cumulated, low_hz)).max(0.0);
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
        let Self {
            transform: _,
            hann: _,
            sample_rate_hz: _,
            halves,
            filled,
            work: _,
            order: _,
            powers: Powers { left, right, fold },
            frames,
            non_finite,
            format: _,
        } = self;
        halves.iter_mut().for_each(|halves| halves.fill(0.0));
        [left, right, fold].into_iter().for_each(|powers| powers.fill(0.0));
        (*filled, *frames, *non_finite) = (0, 0, 0);
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
