//! Correlation of left and right over an exponential window.

use super::grid_sum::{Decay, GridSum, finite};
use crate::{
    foundation::{
        block::Block,
        declare::params,
        error::{Error, expect_channels},
        fit::fit_read,
        grid::GRID_FRAMES,
        meter::Meter,
        sample::Sample,
        stream::StreamSpec,
        table::Fields,
        unit::power_to_db,
    },
    primitives::backend::{Backend, run},
};
use core::marker::PhantomData;

/// Correlation of left and right: 1 for identical channels, 0 for independent ones, -1 for inverted polarity.
///
/// # Signal
/// in -> L², R², L R -> exponential windows -> r = ⟨L R⟩ / √(⟨L²⟩ ⟨R²⟩)
///
/// # Parameters
/// Those of [`CorrelationParams`].
///
/// # Contract
/// Takes two channels. The window moves on every 64 frames; `window_ms` is its time constant. While either channel's mean
/// square lies below -90 dBFS, the last correlation stands; before the first, and of silence, it is 0. A gain of either
/// channel above that changes nothing. Same bits however the stream is cut. Non-finite samples count as 0 and are counted.
/// Nothing allocates. Memory: 0.29 kB.
///
/// # Source
/// Pearson's coefficient without the subtraction of means.
///
/// ```
/// use mixdown::{Block, Meter, StreamSpec, meters::CorrelationParams};
///
/// let mut meter = CorrelationParams::default().build::<f32>(&StreamSpec::new(48_000.0, 2)?)?;
/// let left: Vec<f32> = (0..48_000).map(|n| (n as f32 * 0.1).sin()).collect();
/// let right: Vec<f32> = left.iter().map(|x| -0.5 * x).collect();
/// meter.observe(&Block::from_slices(&[&left[..], &right[..]])?);
/// assert!((meter.reading().correlation + 1.0).abs() < 1e-6);
/// assert!((meter.reading().balance_db + 6.0206).abs() < 1e-4);
/// # Ok::<(), mixdown::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct CorrelationMeter<S> {
    backend: Backend,
    decay: Decay,
    /// Since the last grid point; over the window and of all steps up to it.
    steps: Products<GridSum>,
    window: Products<f64>,
    totals: Products<f64>,
    /// That of the window while both channels were loud enough.
    correlation: f64,
    /// Frames since the build or the last reset.
    frames: u64,
    non_finite: u64,
    format: PhantomData<S>,
}

params! {
    /// Settings of a [`CorrelationMeter`].
    #[derive(Clone, Debug, PartialEq)]
    CorrelationParams {
        window_ms: ms, 50.0..=3000.0, default 300.0, "Time constant of the window";
    }
}

impl CorrelationParams {
    /// A meter for this stream, of two channels.
    ///
    /// # Errors
    /// [`Error::OutOfRange`], [`Error::Channels`].
    pub fn build<S: Sample>(&self, spec: &StreamSpec) -> Result<CorrelationMeter<S>, Error> {
        self.check_fields(spec.sample_rate_hz())?;
        expect_channels(2, spec.channels())?;
        Ok(CorrelationMeter {
            backend: Backend::new(spec.cpu()),
            decay: Decay::new(self.window_ms, spec.sample_rate_hz()),
            steps: Products::default(),
            window: Products::default(),
            totals: Products::default(),
            correlation: 0.0,
            frames: 0,
            non_finite: 0,
            format: PhantomData,
        })
    }
}

/// Mean square below which a channel has no correlation: -90 dBFS.
const LEAST_POWER: f64 = 1e-9;

/// The reading of a [`CorrelationMeter`].
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Correlation {
    /// Over the window, -1 to 1.
    pub correlation: f64,
    /// Over all frames since the build or the last reset; 0 if a channel lies below -90 dBFS.
    pub overall: f64,
    /// Power of the right channel over that of the left, over all frames, dB; 0 for silence.
    #[cfg_attr(feature = "serde", serde(with = "crate::foundation::unbounded"))]
    pub balance_db: f64,
}

/// Sums of L², R² and L R.
#[derive(Clone, Copy, Debug, Default)]
struct Products<T> {
    left: T,
    right: T,
    both: T,
}

impl Products<f64> {
    fn map(self, mut each: impl FnMut(f64) -> f64) -> Self {
        Self { left: each(self.left), right: each(self.right), both: each(self.both) }
    }

    fn plus(self, other: Self) -> Self {
        Self { left: self.left + other.left, right: self.right + other.right, both: self.both + other.both }
    }

    /// The correlation of means, unless one of the channels is too quiet.
    fn correlation(self) -> Option<f64> {
        let is_loud = self.left >= LEAST_POWER && self.right >= LEAST_POWER;
        is_loud.then(|| correlation_of(self.left, self.right, self.both))
    }
}

/// ⟨L R⟩ / √(⟨L²⟩ ⟨R²⟩) of powers above 0.
pub(super) fn correlation_of(left: f64, right: f64, both: f64) -> f64 {
    (both / libm::sqrt(left * right)).clamp(-1.0, 1.0)
}

impl<S: Sample> CorrelationMeter<S> {
    /// The correlation over the window, at most 64 frames old, -1 to 1. O(1).
    #[must_use]
    pub fn correlation(&self) -> f64 {
        self.correlation
    }

    /// The correlation over all frames since the build or the last reset; 0 if a channel lies below -90 dBFS. O(1).
    #[must_use]
    pub fn overall(&self) -> f64 {
        let scale = 1.0 / self.frames.max(1) as f64;
        self.sums().map(|sum| scale * sum).correlation().unwrap_or(0.0)
    }

    /// Non-finite samples since the build or the last reset; they counted as 0.
    #[must_use]
    pub fn non_finite_samples(&self) -> u64 {
        self.non_finite
    }

    /// Of all frames.
    fn sums(&self) -> Products<f64> {
        let Products { left, right, both } = self.steps;
        self.totals.plus(Products { left: left.total(), right: right.total(), both: both.total() })
    }

    #[inline(always)]
    fn measure(&mut self, block: &Block<'_, '_, S>) {
        let mut start = 0;
        while start < block.frames() {
            let phase = (self.frames % GRID_FRAMES as u64) as usize;
            let length = (block.frames() - start).min(GRID_FRAMES - phase);
            let mut spares = [[S::ZERO; GRID_FRAMES]; 2];
            let [spare_left, spare_right] = &mut spares;
            let left = finite(&block.channel(0)[start..start + length], spare_left, &mut self.non_finite);
            let right = finite(&block.channel(1)[start..start + length], spare_right, &mut self.non_finite);
            self.steps.left.add(left, left, phase);
            self.steps.right.add(right, right, phase);
            self.steps.both.add(left, right, phase);
            if phase + length == GRID_FRAMES {
                self.end_step();
            }
            self.frames += length as u64;
            start += length;
        }
    }

    fn end_step(&mut self) {
        let Products { left, right, both } = &mut self.steps;
        let step = Products { left: left.take(), right: right.take(), both: both.take() };
        let (decay, window) = (self.decay, self.window);
        self.window = Products {
            left: decay.push(window.left, step.left),
            right: decay.push(window.right, step.right),
            both: decay.push(window.both, step.both),
        };
        self.totals = self.totals.plus(step);
        if let Some(correlation) = self.window.map(|sum| decay.mean(sum)).correlation() {
            self.correlation = correlation;
        }
    }
}

impl<S: Sample> Meter<S> for CorrelationMeter<S> {
    type Reading = Correlation;

    fn observe(&mut self, block: &Block<'_, '_, S>) {
        let backend = self.backend;
        fit_read(block, 2, |_, block| run!(backend, _ => self.measure(block)));
    }

    fn reading(&self) -> Correlation {
        let Products { left, right, .. } = self.sums();
        let balance_db = if left + right > 0.0 { power_to_db(right / left) } else { 0.0 };
        Correlation { correlation: self.correlation, overall: self.overall(), balance_db }
    }

    fn reset(&mut self) {
        let Self { backend: _, decay: _, steps, window, totals, correlation, frames, non_finite, format: _ } = self;
        (*steps, *window, *totals) = (Products::default(), Products::default(), Products::default());
        (*correlation, *frames, *non_finite) = (0.0, 0, 0);
    }
}
