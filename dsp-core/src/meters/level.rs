//! Levels: sample peaks that hold and fall, RMS, and clipped samples.

use super::grid_sum::{Decay, GridSum, finite};
use crate::{
    foundation::{
        block::Block,
        declare::params,
        error::Error,
        fit::fit_read,
        grid::GRID_FRAMES,
        meter::Meter,
        sample::Sample,
        silence,
        stream::StreamSpec,
        table::Fields,
        unit::{db_to_gain, gain_to_db, power_to_db},
    },
    primitives::{
        backend::{Backend, run},
        lanes::{Form, largest_magnitude},
    },
};
use alloc::{vec, vec::Vec};
use core::marker::PhantomData;

/// Levels: sample peaks that hold and fall, RMS, and clipped samples.
///
/// # Signal
/// in -> magnitude -> peak; in -> square -> mean; in -> samples at or beyond full scale
///
/// # Parameters
/// Those of [`LevelParams`].
///
/// # Contract
/// A peak rises at once, stands for `hold_ms` and falls by `fall_db_per_s`. The RMS level is that of the mean square over
/// an exponential window, `rms_ms` its time constant: a full-scale sine reads -3.01 dBFS. Hold, fall and window move on
/// every 64 frames. Clipped is a sample of a magnitude of 1 or more, three or more of them in a row are a clip. Same bits
/// however the stream is cut. Silence reads -inf. Non-finite samples count as 0 and are counted. `observe` never
/// allocates; `reading` does. Memory: 0.34 kB for stereo.
///
/// # Source
/// The default fall, 20 dB in 1.7 s, is that of a programme meter of type I, IEC 60268-10; its integration time of 5 ms
/// is not used, so that the peak is that of the samples.
///
/// ```
/// use mixdown::{Block, Meter, StreamSpec, meters::LevelParams};
///
/// let mut meter = LevelParams::default().build::<f32>(&StreamSpec::new(48_000.0, 1)?)?;
/// // A sine at -6 dBFS, and one sample too loud.
/// let step = 2.0 * std::f64::consts::PI * 1_000.0 / 48_000.0;
/// let mut tone: Vec<f32> = (0..5 * 48_000).map(|n| (0.5012 * (step * n as f64).sin()) as f32).collect();
/// tone[7] = 1.0;
/// meter.observe(&Block::from_planar(&tone, 1)?);
/// let reading = meter.reading();
/// assert!((reading.peak_dbfs + 6.0).abs() < 0.01 && reading.sample_peak_dbfs == 0.0);
/// assert!((reading.rms_dbfs + 9.01).abs() < 0.01);
/// assert_eq!((reading.clipped_samples, reading.clips), (1, 0));
/// # Ok::<(), mixdown::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct LevelMeter<S> {
    backend: Backend,
    decay: Decay,
    /// Grid steps that a peak stands.
    hold: u32,
    /// Of a falling peak from one grid point to the next.
    fall: f64,
    channels: Vec<Channel>,
    /// Frames since the build or the last reset.
    frames: u64,
    non_finite: u64,
    format: PhantomData<S>,
}

params! {
    /// Settings of a [`LevelMeter`].
    #[derive(Clone, Debug, PartialEq)]
    LevelParams {
        rms_ms: ms, 10.0..=3000.0, default 300.0, "Time constant of the RMS level";
        hold_ms: ms, 0.0..=10000.0, default 0.0, "Time that a peak stands before it falls";
        fall_db_per_s: dB_per_s, 0.0..=1000.0, default 11.8, "Fall of a peak; 0 keeps it";
    }
}

impl LevelParams {
    /// A meter for this stream.
    ///
    /// # Errors
    /// [`Error::OutOfRange`].
    pub fn build<S: Sample>(&self, spec: &StreamSpec) -> Result<LevelMeter<S>, Error> {
        let rate_hz = spec.sample_rate_hz();
        self.check_fields(rate_hz)?;
        let steps_per_s = rate_hz / GRID_FRAMES as f64;
        Ok(LevelMeter {
            backend: Backend::new(spec.cpu()),
            decay: Decay::new(self.rms_ms, rate_hz),
            hold: libm::ceil(1e-3 * self.hold_ms * steps_per_s) as u32,
            fall: db_to_gain(-self.fall_db_per_s / steps_per_s),
            channels: vec![Channel::default(); spec.channels()],
            frames: 0,
            non_finite: 0,
            format: PhantomData,
        })
    }
}

/// Samples at or beyond full scale in a row that are a clip.
const CLIP_SAMPLES: u64 = 3;

/// The levels of one channel, or of all of them.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct ChannelLevel {
    /// The peak, which holds and falls, dBFS.
    #[cfg_attr(feature = "serde", serde(with = "crate::foundation::unbounded"))]
    pub peak_dbfs: f64,
    /// The largest sample since the build or the last reset, dBFS.
    #[cfg_attr(feature = "serde", serde(with = "crate::foundation::unbounded"))]
    pub sample_peak_dbfs: f64,
    /// RMS level over the window, dBFS.
    #[cfg_attr(feature = "serde", serde(with = "crate::foundation::unbounded"))]
    pub rms_dbfs: f64,
    /// RMS level of all frames since the build or the last reset, dBFS.
    #[cfg_attr(feature = "serde", serde(with = "crate::foundation::unbounded"))]
    pub overall_rms_dbfs: f64,
    /// Samples at or beyond full scale.
    pub clipped_samples: u64,
    /// Runs of three or more of them.
    pub clips: u64,
}

/// The reading of a [`LevelMeter`]: of all channels, and of each. `-inf` for silence.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Level {
    /// The peak of the channel where it is highest, dBFS.
    #[cfg_attr(feature = "serde", serde(with = "crate::foundation::unbounded"))]
    pub peak_dbfs: f64,
    /// The largest sample of all channels, dBFS.
    #[cfg_attr(feature = "serde", serde(with = "crate::foundation::unbounded"))]
    pub sample_peak_dbfs: f64,
    /// RMS level over the window, by the mean of the channels' mean squares, dBFS: identical channels read as one.
    #[cfg_attr(feature = "serde", serde(with = "crate::foundation::unbounded"))]
    pub rms_dbfs: f64,
    /// The same over all frames, dBFS.
    #[cfg_attr(feature = "serde", serde(with = "crate::foundation::unbounded"))]
    pub overall_rms_dbfs: f64,
    /// Samples at or beyond full scale, of all channels.
    pub clipped_samples: u64,
    /// Runs of three or more of them in one channel.
    pub clips: u64,
    /// The levels of each channel.
    pub channels: Vec<ChannelLevel>,
}

/// Levels as factors and powers, without memory: what a mixer publishes.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Amplitudes {
    pub(crate) peak: f64,
    pub(crate) sample_peak: f64,
    /// Mean squares over the window and over all frames.
    pub(crate) power: f64,
    pub(crate) overall_power: f64,
    pub(crate) clipped_samples: u64,
    pub(crate) clips: u64,
}

impl Amplitudes {
    fn level(self) -> ChannelLevel {
        ChannelLevel {
            peak_dbfs: gain_to_db(self.peak),
            sample_peak_dbfs: gain_to_db(self.sample_peak),
            rms_dbfs: power_to_db(self.power),
            overall_rms_dbfs: power_to_db(self.overall_power),
            clipped_samples: self.clipped_samples,
            clips: self.clips,
        }
    }
}

#[derive(Clone, Copy, Debug, Default)]
struct Channel {
    /// Squares and the largest magnitude since the last grid point.
    squares: GridSum,
    largest: f64,
    /// Squares over the window and of all steps, up to the last grid point.
    window: f64,
    total: f64,
    peak: f64,
    /// Grid steps until the peak falls.
    held: u32,
    sample_peak: f64,
    /// Clipped samples in a row, up to the last one.
    run: u64,
    clipped_samples: u64,
    clips: u64,
}

impl Channel {
    /// Adds frames of a grid step, finite ones, the first of which is frame `phase` of it.
    #[inline(always)]
    fn add<F: Form, S: Sample>(&mut self, form: F, samples: &[S], phase: usize) {
        self.squares.add(samples, samples, phase);
        let largest = largest_magnitude(form, samples).to_f64();
        self.largest = self.largest.max(largest);
        if largest >= 1.0 {
            self.count_clipped(samples);
        } else {
            self.run = 0;
        }
    }

    #[cold]
    #[inline(never)]
    fn count_clipped<S: Sample>(&mut self, samples: &[S]) {
        for sample in samples {
            let is_clipped = libm::fabs(sample.to_f64()) >= 1.0;
            self.run = if is_clipped { self.run + 1 } else { 0 };
            self.clipped_samples += u64::from(is_clipped);
            self.clips += u64::from(self.run == CLIP_SAMPLES);
        }
    }

    /// Ends a grid step.
    fn end_step(&mut self, decay: Decay, hold: u32, fall: f64) {
        let squares = self.squares.take();
        self.window = decay.push(self.window, squares);
        self.total += squares;
        let largest = core::mem::take(&mut self.largest);
        self.sample_peak = self.sample_peak.max(largest);
        if self.held > 0 {
            self.held -= 1;
        } else {
            self.peak *= fall;
        }
        if largest >= self.peak {
            (self.peak, self.held) = (largest, hold);
        } else if self.peak < silence::SAMPLE {
            self.peak = 0.0;
        }
    }

    fn amplitudes(&self, decay: Decay, frames: u64) -> Amplitudes {
        Amplitudes {
            peak: self.peak.max(self.largest),
            sample_peak: self.sample_peak.max(self.largest),
            power: decay.mean(self.window),
            overall_power: (self.total + self.squares.total()) / frames.max(1) as f64,
            clipped_samples: self.clipped_samples,
            clips: self.clips,
        }
    }
}

impl<S: Sample> LevelMeter<S> {
    /// Non-finite samples since the build or the last reset; they counted as 0.
    #[must_use]
    pub fn non_finite_samples(&self) -> u64 {
        self.non_finite
    }

    /// Of all channels: peaks of the highest, mean of their powers, sum of their counts.
    pub(crate) fn amplitudes(&self) -> Amplitudes {
        let mut all = Amplitudes::default();
        for channel in &self.channels {
            let one = channel.amplitudes(self.decay, self.frames);
            all = Amplitudes {
                peak: all.peak.max(one.peak),
                sample_peak: all.sample_peak.max(one.sample_peak),
                power: all.power + one.power,
                overall_power: all.overall_power + one.overall_power,
                clipped_samples: all.clipped_samples + one.clipped_samples,
                clips: all.clips + one.clips,
            };
        }
        let channels = self.channels.len() as f64;
        Amplitudes { power: all.power / channels, overall_power: all.overall_power / channels, ..all }
    }

    #[inline(always)]
    fn observe_with<F: Form>(&mut self, form: F, block: &Block<'_, '_, S>) {
        let mut start = 0;
        while start < block.frames() {
            let phase = (self.frames % GRID_FRAMES as u64) as usize;
            let length = (block.frames() - start).min(GRID_FRAMES - phase);
            for (index, channel) in self.channels.iter_mut().enumerate() {
                let mut spare = [S::ZERO; GRID_FRAMES];
                let samples = &block.channel(index)[start..start + length];
                channel.add(form, finite(samples, &mut spare, &mut self.non_finite), phase);
                if phase + length == GRID_FRAMES {
                    channel.end_step(self.decay, self.hold, self.fall);
                }
            }
            self.frames += length as u64;
            start += length;
        }
    }
}

impl<S: Sample> Meter<S> for LevelMeter<S> {
    type Reading = Level;

    fn observe(&mut self, block: &Block<'_, '_, S>) {
        let backend = self.backend;
        fit_read(block, self.channels.len(), |_, block| run!(backend, form => self.observe_with(form, block)));
    }

    fn reading(&self) -> Level {
        let ChannelLevel { peak_dbfs, sample_peak_dbfs, rms_dbfs, overall_rms_dbfs, clipped_samples, clips } =
            self.amplitudes().level();
        let channels = self.channels.iter().map(|channel| channel.amplitudes(self.decay, self.frames).level());
        let channels = channels.collect();
        Level { peak_dbfs, sample_peak_dbfs, rms_dbfs, overall_rms_dbfs, clipped_samples, clips, channels }
    }

    fn reset(&mut self) {
        let Self { backend: _, decay: _, hold: _, fall: _, channels, frames, non_finite, format: _ } = self;
        channels.fill(Channel::default());
        (*frames, *non_finite) = (0, 0);
    }
}
