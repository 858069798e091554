//! Loudness after ITU-R BS.1770-5 and EBU Tech 3341 and 3342: integrated, momentary, short-term, range, peaks.

mod gating;
#[cfg(feature = "rayon")]
mod hops;
mod weights;
mod windows;

pub use gating::{BlockEnergies, album_loudness};
#[cfg(feature = "rayon")]
pub(crate) use hops::HopSearch;
pub use weights::{Layout, Weights};

use super::true_peak::Precision;
use crate::{
    filters::k_weighting::{self, Pair, Weighting},
    foundation::{
        block::Block,
        declare::{choice, params},
        error::Error,
        fit::fit_read,
        meter::Meter,
        sample::Sample,
        stream::StreamSpec,
        unit::{gain_to_db, power_to_db},
    },
    primitives::backend::Backend,
    true_peak::{Search, Track},
};
use alloc::{vec, vec::Vec};
use gating::{ABSOLUTE_GATE_LUFS, energy_of, lufs};
use windows::{HOP_SPANS, SlidingSum, Spans};

/// Loudness after ITU-R BS.1770-5 and EBU Tech 3341 and 3342: integrated, momentary, short-term, range, peaks.
///
/// # Signal
/// in -> K-weighting -> sums of squares per channel and 1 ms -> channel weights -> sliding means over 400 ms and 3 s ->
/// gates; in -> true peak
///
/// # Parameters
/// Those of [`LoudnessParams`].
///
/// # Contract
/// Same bits however the stream is cut. The momentary maximum is taken every 1 ms, so that it finds the window of a
/// drum, the short-term one every 10 ms, over complete windows only; the blocks of the gates and the curves come every
/// 100 ms, at the exact positions round(k fs / 10). Silence reads -inf, never NaN; so does the integrated loudness of less than 400 ms. Non-finite samples count as 0 and are counted.
/// With [`Memory::Exact`], `observe` grows two lists, amortised: 576 kB per hour. With [`Memory::Constant`] it never
/// allocates. A constant gain shifts every reading by itself as long as no block crosses -70 LUFS.
///
/// # Source
/// ITU-R BS.1770-5 (11/2023), EBU Tech 3341 v4, 3342 (11/2023). The response of the K-weighting is that of 48 kHz at
/// every rate, as the standard requires; libebur128 and others that keep the numerator 1, -2, 1 read up to 0.03 LU
/// lower at 192 kHz. The range uses short-term values every 0.1 s, as Tech 3342 requires.
///
/// ```
/// use mixdown::{Block, Meter, StreamSpec, meters::LoudnessParams};
///
/// let spec = StreamSpec::new(48_000.0, 2)?;
/// let mut meter = LoudnessParams::default().build::<f32>(&spec)?;
///
/// // A full-scale tone of 997 Hz in both channels reads 0 LUFS.
/// let step = 2.0 * std::f64::consts::PI * 997.0 / 48_000.0;
/// let tone: Vec<f32> = (0..5 * 48_000).map(|n| (step * n as f64).sin() as f32).collect();
/// meter.observe(&Block::from_slices(&[&tone[..], &tone[..]])?);
/// let reading = meter.reading();
/// assert!(reading.integrated_lufs.abs() < 0.01);
/// assert!(reading.true_peak_dbtp.unwrap().abs() < 0.01);
/// assert!(reading.loudness_range_lu < 0.01);
/// # Ok::<(), mixdown::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct LoudnessMeter<S> {
    backend: Backend,
    weighting: Weighting,
    weights: Vec<f64>,
    pairs: Vec<Pair>,
    spans: Spans,
    momentary: Window,
    short_term: Window,
    /// Energy of the last spans, fewer than [`SHORT_TERM_STEP`].
    recent: f64,
    /// Momentary energies every 100 ms: the blocks of the gate.
    blocks: BlockEnergies,
    /// Short-term energies every 100 ms.
    ranges: BlockEnergies,
    peaks: Option<Peaks<S>>,
    sample_peak: f64,
    /// Smallest ratio of squared true peak and short-term energy.
    min_psr: f64,
    non_finite: u64,
}

/// 1 ms spans in the momentary window, 400 ms, which is also the block of the gate.
const MOMENTARY_SPANS: u64 = 400;
/// 1 ms spans in the short-term window, 3 s, and from one to the next.
const SHORT_TERM_SPANS: u64 = 3_000;
const SHORT_TERM_STEP: u64 = 10;
/// Hops in the true-peak window of a short-term loudness.
const PEAK_HOPS: usize = (SHORT_TERM_SPANS / HOP_SPANS) as usize;

choice! {
    /// Storage of a [`LoudnessMeter`].
    Memory, default Exact {
        /// Every block energy: exact gates, curves, albums; grows by 160 bytes per second.
        Exact = "exact",
        /// Histograms with bins of 0.02 LU, 160 kB, for endless streams: no curves. Blocks within a bin of a gate may
        /// be on its other side; otherwise means are exact and the range is within 0.02 LU.
        Constant = "constant",
    }
}

params! {
    /// Settings of a [`LoudnessMeter`].
    #[derive(Clone, Debug, PartialEq)]
    LoudnessParams {
        weights: compound Weights, default Weights::default(),
            "How much each channel counts: by the usual layout of as many channels, a layout, or one factor each";
        dual_mono: switch, default false,
            "A programme of one channel counts as if two loudspeakers played it, 3.01 LU louder";
        precision: choice Precision, "Precision of the true-peak search; `off` is fastest";
        memory: choice Memory, "Storage of block energies";
    }
}

impl LoudnessParams {
    /// A meter for this stream.
    ///
    /// # Errors
    /// [`Error::NotAllowed`], [`Error::Channels`], [`Error::Length`] or [`Error::OutOfRange`] if the weights do not
    /// suit the stream's channels.
    pub fn build<S: Sample>(&self, spec: &StreamSpec) -> Result<LoudnessMeter<S>, Error> {
        let weights = self.weights.resolve(spec.channels(), self.dual_mono)?;
        let energies = || match self.memory {
            Memory::Exact => BlockEnergies::exact(),
            Memory::Constant => BlockEnergies::histogram(),
        };
        Ok(LoudnessMeter {
            backend: Backend::new(spec.cpu()),
            weighting: Weighting::new(spec.sample_rate_hz()),
            pairs: vec![Pair::default(); spec.channels().div_ceil(2)],
            spans: Spans::new(spec.sample_rate_hz()),
            momentary: Window::new(MOMENTARY_SPANS, 1),
            short_term: Window::new(SHORT_TERM_SPANS, SHORT_TERM_STEP),
            recent: 0.0,
            blocks: energies(),
            ranges: energies(),
            peaks: self.precision.search().map(|search| Peaks::new(search, weights.len())),
            weights,
            sample_peak: 0.0,
            min_psr: f64::INFINITY,
            non_finite: 0,
        })
    }
}

/// The reading of a [`LoudnessMeter`]. `-inf` means that there is nothing to measure; never NaN.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Loudness {
    /// Integrated (programme) loudness, gated, LUFS. -inf if no block of 400 ms passes the gates.
    #[cfg_attr(feature = "serde", serde(with = "crate::foundation::unbounded"))]
    pub integrated_lufs: f64,
    /// Loudness range, LU; 0 if shorter than 3 s.
    pub loudness_range_lu: f64,
    /// Largest mean over 400 ms, LUFS.
    #[cfg_attr(feature = "serde", serde(with = "crate::foundation::unbounded"))]
    pub max_momentary_lufs: f64,
    /// Largest mean over 3 s, LUFS.
    #[cfg_attr(feature = "serde", serde(with = "crate::foundation::unbounded"))]
    pub max_short_term_lufs: f64,
    /// True peak, dBTP; `None` if it was switched off.
    #[cfg_attr(feature = "serde", serde(with = "crate::foundation::unbounded::option"))]
    pub true_peak_dbtp: Option<f64>,
    /// Largest sample, dBFS.
    #[cfg_attr(feature = "serde", serde(with = "crate::foundation::unbounded"))]
    pub sample_peak_dbfs: f64,
    /// Peak to loudness ratio: true peak minus integrated loudness, LU. -inf if either is missing.
    #[cfg_attr(feature = "serde", serde(with = "crate::foundation::unbounded"))]
    pub plr_lu: f64,
    /// Smallest difference of the true peak within a short-term window and that window's loudness, LU, of windows every
    /// 100 ms that are louder than -70 LUFS. -inf if there is none. Peaks count after the delay of the interpolator, 16
    /// (standard), 48 (high) or 516 (reference) frames.
    #[cfg_attr(feature = "serde", serde(with = "crate::foundation::unbounded"))]
    pub min_psr_lu: f64,
    /// Loudness over the last 400 ms at each of `times_s`, LUFS. Empty in constant memory.
    #[cfg_attr(feature = "serde", serde(with = "crate::foundation::unbounded::list"))]
    pub momentary_lufs: Vec<f64>,
    /// Loudness over the last 3 s at each of `times_s`, LUFS; -inf before the first 3 s are complete.
    #[cfg_attr(feature = "serde", serde(with = "crate::foundation::unbounded::list"))]
    pub short_term_lufs: Vec<f64>,
    /// The end of the windows, every 100 ms from 0.4 s on, in seconds.
    pub times_s: Vec<f64>,
}

/// A sliding mean and its maximum.
#[derive(Clone, Debug)]
struct Window {
    spans: u64,
    sum: SlidingSum,
    /// Mean square over the last complete window; 0 before.
    mean: f64,
    max: f64,
}

impl Window {
    /// Of this many spans, which moves on by `step` of them.
    fn new(spans: u64, step: u64) -> Self {
        Self { spans, sum: SlidingSum::new((spans / step) as usize), mean: 0.0, max: 0.0 }
    }

    fn reset(&mut self) {
        let Self { spans: _, sum, mean, max } = self;
        sum.reset();
        *mean = 0.0;
        *max = 0.0;
    }

    /// Adds the energy of a step. Returns whether the window is complete.
    fn push(&mut self, energy: f64, spans: &Spans) -> bool {
        let Some(sum) = self.sum.push(energy) else { return false };
        self.mean = sum / spans.frames_in(self.spans);
        self.max = self.max.max(self.mean);
        true
    }
}

/// True peaks: the highest of all, and of each hop in the last 3 s.
#[derive(Clone, Debug)]
struct Peaks<S> {
    search: Search<S>,
    tracks: Vec<Track<S>>,
    /// Highest of each complete hop, a ring.
    hops: [f64; PEAK_HOPS],
    position: usize,
    /// Highest of all complete hops.
    highest: f64,
}

impl<S: Sample> Peaks<S> {
    fn new(search: Search<S>, channels: usize) -> Self {
        let tracks = vec![Track::new(&search); channels];
        Self { search, tracks, hops: [0.0; PEAK_HOPS], position: 0, highest: 0.0 }
    }

    fn reset(&mut self) {
        let Self { search: _, tracks, hops, position, highest } = self;
        tracks.iter_mut().for_each(Track::reset);
        hops.fill(0.0);
        *position = 0;
        *highest = 0.0;
    }

    fn observe(&mut self, backend: Backend, block: &Block<'_, '_, S>) {
        for (channel, track) in self.tracks.iter_mut().enumerate() {
            // The K-weighting counts the non-finite samples.
            let _ = track.observe(backend, &self.search, block.channel(channel));
        }
    }

    /// Ends a hop. Returns the highest of the last 3 s.
    fn end_hop(&mut self) -> f64 {
        let hop = self.tracks.iter_mut().map(|track| track.take_peaks()[0].to_f64()).fold(0.0, f64::max);
        self.highest = self.highest.max(hop);
        self.hops[self.position] = hop;
        self.position = (self.position + 1) % PEAK_HOPS;
        self.hops.iter().copied().fold(0.0, f64::max)
    }

    /// The highest true peak, with silence after the last sample.
    fn reading(&self, backend: Backend) -> f64 {
        self.tracks.iter().map(|track| track.flushed(backend, &self.search).to_f64()).fold(self.highest, f64::max)
    }
}

impl<S: Sample> LoudnessMeter<S> {
    /// Non-finite samples since the build or the last reset; they counted as 0.
    #[must_use]
    pub fn non_finite_samples(&self) -> u64 {
        self.non_finite
    }

    /// Loudness of the last 400 ms in LUFS, at most 1 ms old; -inf before 400 ms. O(1).
    #[must_use]
    pub fn momentary_lufs(&self) -> f64 {
        lufs(self.momentary.mean)
    }

    /// Loudness of the last 3 s in LUFS, at most 10 ms old; -inf before 3 s. O(1).
    #[must_use]
    pub fn short_term_lufs(&self) -> f64 {
        lufs(self.short_term.mean)
    }

    /// The block energies of the integrated loudness.
    #[must_use]
    pub fn block_energies(&self) -> &BlockEnergies {
        &self.blocks
    }

    /// Integrated loudness in LUFS, without the rest of the reading. O(blocks), in constant memory O(1).
    #[must_use]
    pub fn integrated_lufs(&self) -> f64 {
        self.blocks.integrated_lufs()
    }

    /// The reading of a meter with [`Memory::Exact`] and without a search for true peaks, with those of the parts of a
    /// [`HopSearch`] over all channels.
    #[cfg(feature = "rayon")]
    pub(crate) fn reading_with(&self, parts: &[f64]) -> Loudness {
        let complete = parts.len().saturating_sub(1);
        let first = complete - self.ranges.blocks().len();
        let mut min_psr = f64::INFINITY;
        for (hop, &energy) in (first..complete).zip(self.ranges.blocks()) {
            if energy > energy_of(ABSOLUTE_GATE_LUFS) {
                let highest = parts[hop + 1 - PEAK_HOPS..=hop].iter().copied().fold(0.0, f64::max);
                min_psr = min_psr.min(highest * highest / energy);
            }
        }
        self.reading_of(Some(gain_to_db(parts.iter().copied().fold(0.0, f64::max))), min_psr)
    }

    fn end_span(&mut self, complete: u64) {
        let mut energy = 0.0;
        for (pair, weights) in self.pairs.iter_mut().zip(self.weights.chunks(2)) {
            for (weight, channel) in weights.iter().zip(pair.take_energy()) {
                energy += weight * channel;
            }
            self.sample_peak = self.sample_peak.max(pair.take_peak());
        }
        let momentary = self.momentary.push(energy, &self.spans);
        self.recent += energy;
        if !complete.is_multiple_of(SHORT_TERM_STEP) {
            return;
        }
        let short_term = self.short_term.push(core::mem::take(&mut self.recent), &self.spans);
        if !complete.is_multiple_of(HOP_SPANS) {
            return;
        }
        if momentary {
            self.blocks.push(self.momentary.mean);
        }
        if short_term {
            self.ranges.push(self.short_term.mean);
        }
        if let Some(peaks) = &mut self.peaks {
            let highest = peaks.end_hop();
            if self.short_term.mean > energy_of(ABSOLUTE_GATE_LUFS) {
                self.min_psr = self.min_psr.min(highest * highest / self.short_term.mean);
            }
        }
    }

    fn reading_of(&self, true_peak_dbtp: Option<f64>, min_psr: f64) -> Loudness {
        let integrated_lufs = self.blocks.integrated_lufs();
        let sample_peak = self.pairs.iter().map(|pair| pair.clone().take_peak()).fold(self.sample_peak, f64::max);
        let blocks = self.blocks.blocks();
        let before = (SHORT_TERM_SPANS - MOMENTARY_SPANS) / HOP_SPANS;
        let short_term = core::iter::repeat_n(&0.0, before as usize).chain(self.ranges.blocks());
        Loudness {
            integrated_lufs,
            loudness_range_lu: self.ranges.range_lu(),
            max_momentary_lufs: lufs(self.momentary.max),
            max_short_term_lufs: lufs(self.short_term.max),
            true_peak_dbtp,
            sample_peak_dbfs: gain_to_db(sample_peak),
            plr_lu: match true_peak_dbtp {
                Some(peak) if integrated_lufs > f64::NEG_INFINITY => peak - integrated_lufs,
                _ => f64::NEG_INFINITY,
            },
            min_psr_lu: if min_psr < f64::INFINITY { power_to_db(min_psr) - lufs(1.0) } else { f64::NEG_INFINITY },
            momentary_lufs: blocks.iter().map(|&energy| lufs(energy)).collect(),
            short_term_lufs: short_term.take(blocks.len()).map(|&energy| lufs(energy)).collect(),
            times_s: (0..blocks.len() as u64)
                .map(|block| self.spans.time_s(block * HOP_SPANS + MOMENTARY_SPANS))
                .collect(),
        }
    }

    fn measure(&mut self, block: &Block<'_, '_, S>) {
        let channels = self.weights.len();
        let mut start = 0;
        while start < block.frames() {
            let missing = usize::try_from(self.spans.missing_from(SHORT_TERM_STEP)).unwrap_or(usize::MAX);
            let part = block.frames_at(start, missing.min(block.frames() - start));
            if let Some(peaks) = &mut self.peaks {
                peaks.observe(self.backend, &part);
            }
            start += part.frames();
            let mut done = 0;
            while done < part.frames() {
                let missing = usize::try_from(self.spans.missing()).unwrap_or(usize::MAX);
                let span = part.frames_at(done, missing.min(part.frames() - done));
                let frame = self.spans.frame();
                self.non_finite +=
                    k_weighting::observe(self.backend, &self.weighting, &mut self.pairs, &span, channels, frame);
                done += span.frames();
                if let Some(complete) = self.spans.advance(span.frames() as u64) {
                    self.end_span(complete);
                }
            }
        }
    }
}

impl<S: Sample> Meter<S> for LoudnessMeter<S> {
    type Reading = Loudness;

    fn observe(&mut self, block: &Block<'_, '_, S>) {
        fit_read(block, self.weights.len(), |_, block| self.measure(block));
    }

    fn reading(&self) -> Loudness {
        let true_peak_dbtp = self.peaks.as_ref().map(|peaks| gain_to_db(peaks.reading(self.backend)));
        self.reading_of(true_peak_dbtp, self.min_psr)
    }

    fn reset(&mut self) {
        let Self {
            backend: _,
            weighting: _,
            weights: _,
            pairs,
            spans,
            momentary,
            short_term,
            recent,
            blocks,
            ranges,
            peaks,
            sample_peak,
            min_psr,
            non_finite,
        } = self;
        pairs.fill(Pair::default());
        spans.reset();
        momentary.reset();
        short_term.reset();
        *recent = 0.0;
        blocks.reset();
        ranges.reset();
        if let Some(peaks) = peaks {
            peaks.reset();
        }
        *sample_peak = 0.0;
        *min_psr = f64::INFINITY;
        *non_finite = 0;
    }
}

#[cfg(all(test, feature = "rayon"))]
mod tests {
    use super::*;

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
