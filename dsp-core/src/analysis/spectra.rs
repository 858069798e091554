//! The spectra of a track: the one front end of all reports.

use super::{bands::Bands, cells::Cells};
use crate::{
    filters::k_weighting::Weighting,
    foundation::{
        block::Block,
        error::{Error, expect_channels},
        fit::fit_read,
        math::{Pow2, cis},
        meter::Meter,
        sample::Sample,
        stream::StreamSpec,
        unit::power_to_db,
    },
};
use alloc::{sync::Arc, vec, vec::Vec};
use core::{f64::consts::PI, fmt, marker::PhantomData};
use num_complex::Complex64;
use rustfft::{Fft, FftPlanner};

/// Power spectra of a track over time, of its channels together and of its mono fold.
///
/// Frames of 8192 samples at 44.1 and 48 kHz under a periodic Hann window, half overlapping; half as many up to 24 kHz,
/// twice as many at 88.2 and 96 kHz, and so on. The first frame begins with the track, the last holds its end. Kept in
/// single bins up to about 200 Hz and in 1/24 octaves above. The powers of a frame add up to its mean square, those of
/// left and right added; mono counts as two identical channels. The fold M = (L + R) / 2 counts twice, so that identical
/// channels have one and the same spectrum in both.
///
/// Memory: 2.2 kB a frame at 48 kHz, 5 MB for 3 minutes; half of it for mono.
///
/// ```
/// use mixdown::{Block, StreamSpec, analysis::Spectra};
///
/// let spec = StreamSpec::new(48_000.0, 2)?;
/// let sine: Vec<f64> = (0..96_000).map(|n| 0.5 * (n as f64 * 0.1).sin()).collect();
/// let spectra = Spectra::measure(&Block::from_slices(&[&sine[..], &sine[..]])?, &spec)?;
/// // Two channels of 0.5² / 2 each; the window is longer than what is left at the end.
/// assert!((spectra.mean_power() - 0.25).abs() < 0.015 && spectra.frames() == 24);
/// # Ok::<(), mixdown::Error>(())
/// ```
#[derive(Clone, PartialEq)]
pub struct Spectra {
    cells: Arc<Cells>,
    frames: usize,
    /// Samples that were measured.
    samples: u64,
    /// Frame after frame.
    sum: Vec<f32>,
    /// `None` for mono.
    fold: Option<Vec<f32>>,
    /// Spectral flatness of each frame, dB.
    flatness_db: Vec<f32>,
}

/// A track of a mix: its name and its spectra.
#[derive(Clone, Copy, Debug)]
pub struct Stem<'a> {
    /// By which reports call it.
    pub name: &'a str,
    /// Measured at the rate of all others.
    pub spectra: &'a Spectra,
}

impl fmt::Debug for Spectra {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rate_hz = self.cells.sample_rate_hz();
        f.debug_struct("Spectra")
            .field("sample_rate_hz", &rate_hz)
            .field("frames", &self.frames)
            .finish_non_exhaustive()
    }
}

impl Spectra {
    /// Measures a whole track of one or two channels.
    ///
    /// # Errors
    /// [`Error::Channels`].
    pub fn measure<S: Sample>(track: &Block<'_, '_, S>, spec: &StreamSpec) -> Result<Self, Error> {
        let mut meter = SpectraMeter::new(spec)?;
        meter.observe(track);
        Ok(meter.finish())
    }

    /// Adds the frames after these, of a track of so many samples.
    pub(super) fn append(&mut self, next: &Self, samples: u64) {
        self.sum.extend_from_slice(&next.sum);
        if let (Some(fold), Some(next)) = (&mut self.fold, &next.fold) {
            fold.extend_from_slice(next);
        }
        self.flatness_db.extend_from_slice(&next.flatness_db);
        self.frames += next.frames;
        self.samples = samples;
    }

    /// Number of frames.
    #[must_use]
    pub fn frames(&self) -> usize {
        self.frames
    }

    /// Distance of frames, in seconds.
    #[must_use]
    pub fn hop_s(&self) -> f64 {
        (self.cells.frame() / 2) as f64 / self.cells.sample_rate_hz()
    }

    /// Length of the track, in seconds.
    #[must_use]
    pub fn duration_s(&self) -> f64 {
        self.samples as f64 / self.cells.sample_rate_hz()
    }

    /// Sample rate, in Hz.
    #[must_use]
    pub fn sample_rate_hz(&self) -> f64 {
        self.cells.sample_rate_hz()
    }

    /// Mean over all frames of the mean squares of both channels, added.
    #[must_use]
    pub fn mean_power(&self) -> f64 {
        let total: f64 = self.sum.iter().map(|power| f64::from(*power)).sum();
        total / self.frames.max(1) as f64
    }

    /// The sixth of an octave in which the track has the most power, Hz; `None` for silence.
    #[must_use]
    pub fn strongest_hz(&self) -> Option<f64> {
        let bands = Bands::sixths(&self.cells);
        let mut total = vec![0.0; bands.count()];
        for frame in 0..self.frames {
            let powers = bands.weights.iter().map(|weights| weights.sum(self.frame(frame)));
            total.iter_mut().zip(powers).for_each(|(sum, power)| *sum += power);
        }
        let (index, most) = total.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1))?;
        (*most > 0.0).then(|| bands.centres_hz[index])
    }

    pub(crate) fn cells(&self) -> &Cells {
        &self.cells
    }

    /// The powers of all channels in the cells of a frame; 0 after the end.
    pub(crate) fn frame(&self, frame: usize) -> &[f32] {
        &self.sum[frame * self.cells.count()..][..self.cells.count()]
    }

    /// Those of the mono fold.
    pub(crate) fn fold_frame(&self, frame: usize) -> &[f32] {
        &self.fold.as_ref().unwrap_or(&self.sum)[frame * self.cells.count()..][..self.cells.count()]
    }

    /// Spectral flatness of each frame from 200 Hz to 8 kHz, dB: geometric over arithmetic mean of the powers of bins,
    /// -2.5 for noise; 0 for silence. Filters leave it.
    pub(crate) fn flatness_db(&self) -> &[f32] {
        &self.flatness_db
    }

    /// Whether it was one channel.
    pub(crate) fn is_mono(&self) -> bool {
        self.fold.is_none()
    }

    /// The same after a filter with these power gains in the middle of cells.
    pub(crate) fn filtered(&self, power_gains: &[f64]) -> Self {
        let filter = |powers: &Vec<f32>| -> Vec<f32> {
            let scale = |frame: &[f32]| -> Vec<f32> {
                frame.iter().zip(power_gains).map(|(power, gain)| (f64::from(*power) * gain) as f32).collect()
            };
            powers.chunks_exact(self.cells.count()).flat_map(scale).collect()
        };
        Self {
            cells: self.cells.clone(),
            sum: filter(&self.sum),
            fold: self.fold.as_ref().map(filter),
            flatness_db: self.flatness_db.clone(),
            ..*self
        }
    }

    /// The same after a filter that follows the signal: in each frame with these power gains to the power of a share,
    /// 0 to 1, which is 0 after the last one. The mono fold is that of the channels together.
    pub(crate) fn filtered_by(&self, power_gains: &[f64], shares: &[f64]) -> Self {
        let octaves: Vec<f64> = power_gains.iter().map(|gain| gain.log2_fast()).collect();
        let mut sum = self.sum.clone();
        for (frame, share) in sum.chunks_exact_mut(self.cells.count()).zip(shares) {
            for (power, octaves) in frame.iter_mut().zip(&octaves) {
                *power = (f64::from(*power) * (share * octaves).exp2_fast()) as f32;
            }
        }
        Self { cells: self.cells.clone(), sum, fold: None, flatness_db: self.flatness_db.clone(), ..*self }
    }

    /// K-weighted power of each frame: of BS.1770, without its offset of -0.691 dB.
    pub(crate) fn k_weighted(&self) -> Vec<f64> {
        let gains = k_weights(&self.cells);
        let weigh = |frame: &[f32]| frame.iter().zip(&gains).map(|(power, gain)| f64::from(*power) * gain).sum();
        self.sum.chunks_exact(self.cells.count()).map(weigh).collect()
    }
}

/// Range of the spectral flatness, Hz.
const FLATNESS_RANGE_HZ: [f64; 2] = [200.0, 8_000.0];

/// Geometric over arithmetic mean of powers, dB; 0 for silence.
fn flatness_db(powers: &[f64]) -> f64 {
    let count = powers.len().max(1) as f64;
    let mean = powers.iter().sum::<f64>() / count;
    if mean <= 0.0 {
        return 0.0;
    }
    let octaves: f64 = powers.iter().map(|power| power.max(LEAST_POWER).log2_fast()).sum();
    power_to_db((octaves / count).exp2_fast() / mean).min(0.0)
}

/// Power gains of K-weighting in the middle of cells.
pub(crate) fn k_weights(cells: &Cells) -> Vec<f64> {
    let weighting = Weighting::new(cells.sample_rate_hz());
    cells.centres_hz().into_iter().map(|hz| weighting.power(hz, cells.sample_rate_hz())).collect()
}

/// Measures [`Spectra`] block by block.
///
/// Takes one or two channels. Non-finite samples count as 0 and are counted. Same bits however the stream is cut. It
/// allocates as the track grows.
#[derive(Clone)]
pub struct SpectraMeter<S> {
    fft: Arc<dyn Fft<f64>>,
    hann: Vec<f64>,
    /// 2 / (frames of the transform * sum of the squared window).
    scale: f64,
    channels: usize,
    /// Left and right from the start of the next frame on, as real and imaginary parts.
    pending: Vec<Complex64>,
    work: Vec<Complex64>,
    scratch: Vec<Complex64>,
    /// Powers of the bins of a frame: of both channels, and of the fold.
    bins: [Vec<f64>; 2],
    spectra: Spectra,
    non_finite: u64,
    format: PhantomData<S>,
}

impl<S> fmt::Debug for SpectraMeter<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SpectraMeter").field("spectra", &self.spectra).finish_non_exhaustive()
    }
}

/// Powers below it count as 0: no band is subnormal.
const LEAST_POWER: f64 = 1e-30;

impl<S: Sample> SpectraMeter<S> {
    /// A meter for this stream, of one or two channels.
    ///
    /// # Errors
    /// [`Error::Channels`] for another count.
    pub fn new(spec: &StreamSpec) -> Result<Self, Error> {
        if spec.channels() != 1 {
            expect_channels(2, spec.channels())?;
        }
        let cells = Cells::new(spec.sample_rate_hz());
        let frame = cells.frame();
        let fft = FftPlanner::new().plan_fft_forward(frame);
        let hann: Vec<f64> = (0..frame).map(|n| 0.5 - 0.5 * cis(2.0 * PI * n as f64 / frame as f64).re).collect();
        let squares: f64 = hann.iter().map(|hann| hann * hann).sum();
        let scratch = vec![Complex64::default(); fft.get_inplace_scratch_len()];
        Ok(Self {
            fft,
            scale: 2.0 / (frame as f64 * squares),
            hann,
            channels: spec.channels(),
            pending: Vec::with_capacity(frame),
            work: vec![Complex64::default(); frame],
            scratch,
            bins: [vec![0.0; frame / 2 + 1], vec![0.0; frame / 2 + 1]],
            spectra: Spectra {
                cells: Arc::new(cells),
                frames: 0,
                samples: 0,
                sum: Vec::new(),
                fold: (spec.channels() == 2).then(Vec::new),
                flatness_db: Vec::new(),
            },
            non_finite: 0,
            format: PhantomData,
        })
    }

    /// Measures the next block.
    pub fn observe(&mut self, block: &Block<'_, '_, S>) {
        fit_read(block, self.channels, |_, block| self.measure(block));
    }

    /// Non-finite samples so far; they counted as 0.
    #[must_use]
    pub fn non_finite_samples(&self) -> u64 {
        self.non_finite
    }

    /// The spectra of everything observed; silence follows the last sample.
    #[must_use]
    pub fn finish(self) -> Spectra {
        self.finish_at(usize::MAX)
    }

    /// The spectra of at most so many frames of what was observed.
    pub(super) fn finish_at(mut self, frames: usize) -> Spectra {
        let frame = self.hann.len();
        while !self.pending.is_empty() && self.spectra.frames < frames {
            let rest = self.pending.len().saturating_sub(frame / 2);
            self.pending.resize(frame, Complex64::default());
            self.end_frame();
            self.pending.truncate(rest);
        }
        self.spectra
    }

    fn measure(&mut self, block: &Block<'_, '_, S>) {
        let mut start = 0;
        while start < block.frames() {
            let length = (self.hann.len() - self.pending.len()).min(block.frames() - start);
            let mut count = 0;
            let mut value = |sample: &S| {
                count += u64::from(!sample.finite());
                sample.ordinary().to_f64()
            };
            let left = &block.channel(0)[start..start + length];
            if self.channels == 2 {
                let both = left.iter().zip(&block.channel(1)[start..start + length]);
                self.pending.extend(both.map(|(left, right)| Complex64::new(value(left), value(right))));
            } else {
                self.pending.extend(left.iter().map(|left| Complex64::new(value(left), 0.0)));
            }
            self.non_finite += count;
            self.spectra.samples += length as u64;
            start += length;
            if self.pending.len() == self.hann.len() {
                self.end_frame();
            }
        }
    }

    /// Transforms the pending frame; its second half begins the next one.
    fn end_frame(&mut self) {
        let frame = self.hann.len();
        for ((work, sample), hann) in self.work.iter_mut().zip(&self.pending).zip(&self.hann) {
            *work = sample * hann;
        }
        self.fft.process_with_scratch(&mut self.work, &mut self.scratch);
        let Self { work, bins: [sum, fold], spectra, .. } = self;
        // With Z = X_L + i X_R: |X_L|² + |X_R|² = (|Z_k|² + |Z_-k|²) / 2, and Re(X_L X_R*) = Im(Z_k Z_-k) / 2.
        for bin in 0..=frame / 2 {
            let (z, mirrored) = (work[bin], work[(frame - bin) % frame]);
            let single = if bin == 0 || bin == frame / 2 { 0.5 } else { 1.0 };
            let both = 0.5 * (z.norm_sqr() + mirrored.norm_sqr());
            let scale = single * self.scale;
            let tiny = |power: f64| if power < LEAST_POWER { 0.0 } else { power };
            if spectra.fold.is_some() {
                let cross = 0.5 * (z.re * mirrored.im + z.im * mirrored.re);
                sum[bin] = tiny(scale * both);
                // 2 |(X_L + X_R) / 2|².
                fold[bin] = tiny(scale * (0.5 * both + cross).max(0.0));
            } else {
                // Two identical channels.
                sum[bin] = tiny(scale * 2.0 * both);
            }
        }
        let bin_hz = spectra.cells.sample_rate_hz() / frame as f64;
        let [low, high] = FLATNESS_RANGE_HZ.map(|hz| ((hz / bin_hz) as usize).min(frame / 2));
        spectra.flatness_db.push(flatness_db(&sum[low..high]) as f32);
        spectra.cells.gather(sum, &mut spectra.sum);
        if let Some(kept) = &mut spectra.fold {
            spectra.cells.gather(fold, kept);
        }
        spectra.frames += 1;
        self.pending.drain(..frame / 2);
    }
}

impl<S: Sample> Meter<S> for SpectraMeter<S> {
    type Reading = Spectra;

    fn observe(&mut self, block: &Block<'_, '_, S>) {
        Self::observe(self, block);
    }

    fn reading(&self) -> Spectra {
        self.clone().finish()
    }

    fn reset(&mut self) {
        self.pending.clear();
        self.spectra.sum.clear();
        self.spectra.flatness_db.clear();
        if let Some(fold) = &mut self.spectra.fold {
            fold.clear();
        }
        (self.spectra.frames, self.spectra.samples, self.non_finite) = (0, 0, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::primitives::random::Random;

    fn noise(seed: u64, frames: usize) -> Vec<f64> {
        let mut random = Random::new(seed, 0);
        (0..frames).map(|_| random.triangular()).collect()
    }

    fn measure(rows: &[&[f64]], rate_hz: f64) -> Spectra {
        Spectra::measure(&Block::from_slices(rows).unwrap(), &StreamSpec::new(rate_hz, rows.len()).unwrap()).unwrap()
    }

    /// Mean square of a frame under its window, of channels added.
    fn windowed_power(rows: &[&[f64]], frame: usize) -> f64 {
        let hann = |n: usize| 0.5 - 0.5 * libm::cos(2.0 * PI * n as f64 / frame as f64);
        let squares: f64 = (0..frame).map(|n| hann(n) * hann(n)).sum();
        let power = |row: &&[f64]| -> f64 { (0..frame).map(|n| (row[n] * hann(n)).powi(2)).sum::<f64>() / squares };
        rows.iter().map(power).sum()
    }

    #[test]
    fn powers_of_a_frame_add_up_to_its_mean_square() {
        let (left, right) = (noise(1, 16_384), noise(2, 16_384));
        let fold: Vec<f64> = left.iter().zip(&right).map(|(l, r)| 0.5 * (l + r)).collect();
        let spectra = measure(&[&left, &right], 48_000.0);
        let total = |powers: &[f32]| powers.iter().map(|power| f64::from(*power)).sum::<f64>();
        let expected = [windowed_power(&[&left, &right], 8_192), 2.0 * windowed_power(&[&fold], 8_192)];
        for (found, expected) in [total(spectra.frame(0)), total(spectra.fold_frame(0))].into_iter().zip(expected) {
            assert!((found / expected - 1.0).abs() < 1e-6, "{found} {expected}");
        }
    }

    #[test]
    fn flatness_tells_noise_from_tones() {
        let tone: Vec<f64> = (0..16_384).map(|n| libm::sin(0.1 * n as f64)).collect();
        let flatness = |samples: &[f64]| f64::from(measure(&[samples], 48_000.0).flatness_db()[0]);
        // e^-γ, γ of Euler: that of exponentially distributed powers.
        assert!((flatness(&noise(6, 16_384)) + 2.51).abs() < 0.2 && flatness(&tone) < -60.0);
        assert_eq!(flatness(&[0.0; 9_000]), 0.0);
    }

    #[test]
    fn mono_is_two_identical_channels() {
        let samples = noise(3, 30_000);
        let (mono, twice) = (measure(&[&samples], 48_000.0), measure(&[&samples, &samples], 48_000.0));
        assert_eq!(mono.frames(), twice.frames());
        for frame in 0..mono.frames() {
            for (index, power) in mono.frame(frame).iter().enumerate() {
                let near = |other: f32| (power - other).abs() <= 1e-6 * power;
                assert!(near(twice.frame(frame)[index]) && near(twice.fold_frame(frame)[index]), "{frame} {index}");
            }
        }
    }

    #[test]
    fn blocks_change_no_bit_and_the_end_is_measured() {
        let samples = noise(4, 20_001);
        let spec = StreamSpec::new(44_100.0, 1).unwrap();
        let whole = measure(&[&samples], 44_100.0);
        let mut meter = SpectraMeter::<f64>::new(&spec).unwrap();
        for part in samples.chunks(777) {
            meter.observe(&Block::from_slices(&[part]).unwrap());
        }
        assert!(meter.finish() == whole);
        assert_eq!((whole.frames(), whole.duration_s()), (5, 20_001.0 / 44_100.0));
        assert!(whole.frame(4).iter().any(|power| *power > 0.0));
        assert_eq!(measure(&[&[]], 44_100.0).frames(), 0);
    }

    #[test]
    fn a_predicted_filter_is_the_filter() {
        use crate::{BlockMut, Params, Processor, filters::BellParams};
        let mut samples = noise(5, 96_000);
        let spec = StreamSpec::new(48_000.0, 1).unwrap();
        let before = measure(&[&samples], 48_000.0);
        for bell in [(60.0, -6.0, 3.0), (300.0, 6.0, 1.0), (3_000.0, -6.0, 4.0)] {
            let bell = BellParams { frequency_hz: bell.0, gain_db: bell.1, q: bell.2 };
            let response = bell.frequency_response(&spec, &before.cells().centres_hz()).unwrap().unwrap();
            let gains: Vec<f64> = response.iter().map(|h| h.norm_sqr()).collect();
            let predicted = before.filtered(&gains);
            let mut filtered = samples.clone();
            bell.build::<f64>(&spec).unwrap().process(&mut BlockMut::from_slices(&mut [&mut filtered[..]]).unwrap());
            let measured = measure(&[&filtered], 48_000.0);
            let sum = |spectra: &Spectra, cell: usize| -> f64 {
                (1..20).map(|frame| f64::from(spectra.frame(frame)[cell])).sum()
            };
            let bands = Bands::sixths(before.cells());
            for (centre_hz, band) in bands.centres_hz.iter().zip(&bands.weights) {
                let level = |spectra: &Spectra| -> f64 {
                    let cells = band.first..band.first + band.shares.len();
                    cells.zip(&band.shares).map(|(cell, share)| share * sum(spectra, cell)).sum()
                };
                let error_db = 10.0 * libm::log10(level(&predicted) / level(&measured));
                // Below 60 Hz a band of noise is a few values of one bin.
                let limit_db = if *centre_hz < 100.0 { 0.5 } else { 0.1 };
                assert!(error_db.abs() < limit_db, "{centre_hz} Hz: {error_db} dB");
            }
        }
        samples.clear();
    }
}
