//! A gain that matches the loudness of a saturated sound to that of its input.
//!
//! The gain is a prediction times a correction. The prediction gives a sine, in each channel as strong as the input of the
//! last 100 ms, its power back behind the present drive, bias and curve, so it follows any of them at once. The correction
//! makes up for what is no sine and for K-weighting: the K-weighted power of the input over that of the sound with the
//! predicted gain, over the last 1.5 s, smoothed in dB. All is set every 64 frames; the gain is a cubic spline.
//!
//! Input below -70 dB is left out of both, so silence changes nothing. What lies far over full scale is left out of the
//! correction and counts as +6 dB in the prediction, so no burst is remembered.

use super::{curve::SaturatorCurve, stage::fill};
use crate::{
    filters::k_weighting::{Pair, Weighting, observe},
    foundation::{block::Block, grid::GRID_FRAMES, sample::Sample, silence::flushed, unit::ms_to_frames},
    primitives::{
        backend::Backend,
        ramp::{GAIN_RAMP_MS, Ramp},
    },
};
use alloc::{vec, vec::Vec};

/// Time constant of each of the two low passes that average the mean square of the input, in s: two, as one of the same
/// lag would leave more ripple of low tones, and forget a loud passage half as fast.
const LEVEL_S: f64 = 0.04;
/// Time constant of the correction, in s.
const CORRECTION_S: f64 = 0.7;
/// Length in s of one part of the measured powers, and the parts.
const PART_S: f64 = 0.1;
const PARTS: usize = 15;
/// Mean square below which the input counts as silence: -70 dB, the absolute gate of BS.1770.
const GATE: f64 = 1e-7;
/// The largest mean square of a channel in the prediction: +6 dB.
const LOUDEST: f64 = 4.0;
/// The largest power of the input, K-weighted, that is measured: +12 dB.
const MEASURABLE: f64 = 16.0;
/// The most by which K-weighting raises a power, 4 dB, and some more: a filter that still rings from a burst exceeds it.
const WEIGHTED: f64 = 4.0;
/// Mean square of the input before any was measured: of a tone of -12 dBFS.
const START: f64 = 0.031_25;
/// Range of the correction, in dB.
const CORRECTION_DB: f64 = 6.0;
/// The largest gain: 6 dB. Below full scale no curve without bias takes more.
const MOST: f64 = 1.995_262_314_968_88;

/// Values of a sine at equal steps of half its period, which stand for all of it.
const SINE: [f64; 16] = [
    0.995_184_726_672_196_9,
    0.956_940_335_732_208_9,
    0.881_921_264_348_355,
    0.773_010_453_362_736_9,
    0.634_393_284_163_645_5,
    0.471_396_736_825_997_7,
    0.290_284_677_254_462_3,
    0.098_017_140_329_560_6,
    -0.098_017_140_329_560_6,
    -0.290_284_677_254_462_3,
    -0.471_396_736_825_997_7,
    -0.634_393_284_163_645_5,
    -0.773_010_453_362_736_9,
    -0.881_921_264_348_355,
    -0.956_940_335_732_208_9,
    -0.995_184_726_672_196_9,
];

/// The uniform cubic B-spline of four points, between the middle ones; never outside their interval.
#[inline(always)]
fn spline(points: &[f64; 4], t: f64) -> f64 {
    let [p0, p1, p2, p3] = *points;
    let (c0, c1) = ((p0 + 4.0 * p1 + p2) / 6.0, 0.5 * (p2 - p0));
    let (c2, c3) = (0.5 * (p0 - 2.0 * p1 + p2), (p3 - p0 + 3.0 * (p1 - p2)) / 6.0);
    c0 + t * (c1 + t * (c2 + t * c3))
}

/// What happens to the sound.
#[derive(Clone, Copy, Debug)]
pub(super) struct Curving {
    pub(super) drive: f64,
    pub(super) bias: f64,
    pub(super) curves: [SaturatorCurve; 2],
    /// Share of the second curve.
    pub(super) fade: f64,
}

impl Curving {
    /// The power of a sine of a mean square, without its DC.
    fn power(&self, mean_square: f64) -> f64 {
        let amplitude = self.drive * libm::sqrt(2.0 * mean_square);
        let values = SINE.map(|sine| {
            let x = amplitude * sine + self.bias;
            let y = self.curves[0].value(x);
            if self.fade == 0.0 { y } else { y + self.fade * (self.curves[1].value(x) - y) }
        });
        let count = SINE.len() as f64;
        let mean = values.iter().sum::<f64>() / count;
        values.iter().map(|y| (y - mean) * (y - mean)).sum::<f64>() / count
    }
}

/// See the head of this file.
#[derive(Clone, Debug)]
pub(super) struct AutoGain {
    backend: Backend,
    weighting: Weighting,
    input: Vec<Pair>,
    changed: Vec<Pair>,
    channels: Vec<Level>,
    /// Frames measured since the last point of the grid.
    frames: usize,
    /// Whether there was sound.
    has_level: bool,
    /// Shares of the newest 64 frames in the levels and the correction.
    shares: [f64; 2],
    /// Powers of input and predicted sound of the last parts, and of the present one.
    parts: [[f64; 2]; PARTS],
    part: [f64; 2],
    /// 64 frames in a part, and in the present one.
    part_length: usize,
    in_part: usize,
    /// What the parts ask for, and what is reached, in dB.
    asked_db: f64,
    correction_db: f64,
    /// At the last two points of the grid.
    predicted: [f64; 2],
    /// At the last four points of the grid: the gain is their cubic spline, as straight lines between them would click.
    gain: [f64; 4],
    is_wanted: bool,
    /// 1 switched on, 0 off. Rises once there is a level: the first gain needs no glide while the weight is 0.
    weight: Ramp<1>,
}

/// Mean square of a channel.
#[derive(Clone, Copy, Debug)]
struct Level {
    /// Sum of squares since the last point of the grid.
    sum: f64,
    /// Behind one low pass, and both.
    averages: [f64; 2],
}

const AT_START: Level = Level { sum: 0.0, averages: [START; 2] };

impl AutoGain {
    pub(super) fn new(backend: Backend, sample_rate_hz: f64, channels: usize, is_on: bool, curving: &Curving) -> Self {
        let share = |time_s: f64| -libm::expm1(-(GRID_FRAMES as f64) / (time_s * sample_rate_hz));
        let mut own = Self {
            backend,
            weighting: Weighting::new(sample_rate_hz),
            input: vec![Pair::default(); channels.div_ceil(2)],
            changed: vec![Pair::default(); channels.div_ceil(2)],
            channels: vec![AT_START; channels],
            frames: 0,
            has_level: false,
            shares: [share(LEVEL_S), share(CORRECTION_S)],
            parts: [[0.0; 2]; PARTS],
            part: [0.0; 2],
            part_length: (libm::round(PART_S * sample_rate_hz / GRID_FRAMES as f64) as usize).max(1),
            in_part: 0,
            asked_db: 0.0,
            correction_db: 0.0,
            predicted: [1.0; 2],
            gain: [1.0; 4],
            is_wanted: is_on,
            weight: Ramp::new([if is_on { 1.0 } else { 0.0 }], ms_to_frames(GAIN_RAMP_MS, sample_rate_hz)),
        };
        own.forget(curving);
        own
    }

    /// Whether it measures: switched on, or not yet off.
    pub(super) fn is_on(&self) -> bool {
        self.is_wanted || !self.weight.is_at([0.0])
    }

    /// Switches it; `curving` is what happens to the sound.
    pub(super) fn set(&mut self, is_on: bool, curving: &Curving) {
        if !self.is_on() {
            self.forget(curving);
        }
        self.is_wanted = is_on;
        if self.has_level || !is_on {
            self.weight.set_target([if is_on { 1.0 } else { 0.0 }]);
        }
    }

    /// The gain of each frame, none of them beyond the next point of the grid if it is on; `frame` is the absolute number of
    /// the first.
    pub(super) fn fill(&mut self, gains: &mut [f64], frame: u64) {
        if !self.is_on() {
            gains.fill(1.0);
            return;
        }
        let frames = gains.len();
        fill(&mut self.weight, [&mut *gains], frames);
        let first = (frame % GRID_FRAMES as u64) as usize + 1;
        for (place, own) in (first..).zip(gains) {
            *own = (1.0 - *own) + *own * spline(&self.gain, place as f64 / GRID_FRAMES as f64);
        }
    }

    /// Measures frames that reach no further than the next point of the grid; `frame` is the absolute number of the
    /// first of them, `curving` what happens to the last.
    pub(super) fn measure<S: Sample>(
        &mut self,
        input: &Block<'_, '_, S>,
        changed: &Block<'_, '_, f64>,
        frame: u64,
        curving: &Curving,
    ) {
        let channels = self.channels.len();
        observe(self.backend, &self.weighting, &mut self.input, input, channels, frame);
        observe(self.backend, &self.weighting, &mut self.changed, changed, channels, frame);
        for (index, level) in self.channels.iter_mut().enumerate() {
            for sample in input.channel(index) {
                level.sum += sample.to_f64() * sample.to_f64();
            }
        }
        self.frames += input.frames();
        if (frame + input.frames() as u64).is_multiple_of(GRID_FRAMES as u64) {
            self.turn(curving);
        }
    }

    /// At a point of the grid.
    fn turn(&mut self, curving: &Curving) {
        let scale = 1.0 / self.frames as f64;
        self.frames = 0;
        let mean = scale / self.channels.len() as f64;
        let weighted = |pairs: &mut [Pair]| {
            mean * pairs.iter_mut().map(|pair| pair.take_energy().into_iter().sum::<f64>()).sum::<f64>()
        };
        let [input, changed] = [weighted(&mut self.input), weighted(&mut self.changed)];
        let newest = mean * self.channels.iter().map(|level| level.sum).sum::<f64>();
        let is_audible = newest > GATE;
        for level in &mut self.channels {
            let newest = (scale * core::mem::take(&mut level.sum)).min(LOUDEST);
            if is_audible && self.has_level {
                let [first, second] = &mut level.averages;
                *first = flushed(*first + self.shares[0] * (newest - *first));
                *second = flushed(*second + self.shares[0] * (*first - *second));
            } else if is_audible {
                level.averages = [newest; 2];
            }
        }
        let had_level = self.has_level;
        self.has_level |= is_audible;
        let average = self.channels.iter().map(|level| level.averages[1]).sum::<f64>() / self.channels.len() as f64;
        // What came before the first level is no measure of the prediction.
        if had_level && input > GATE && input < MEASURABLE.min(WEIGHTED * newest.max(average)) {
            let predicted = 0.5 * (self.predicted[0] + self.predicted[1]);
            self.part = [self.part[0] + input, self.part[1] + predicted * predicted * changed];
            self.in_part += 1;
            if self.in_part == self.part_length {
                self.end_part();
            }
            self.correction_db += self.shares[1] * (self.asked_db - self.correction_db);
        }
        let predicted = self.prediction(curving);
        self.predicted = [if had_level { self.predicted[1] } else { predicted }, predicted];
        self.gain.rotate_left(1);
        self.gain[3] = self.total();
        if self.has_level && !had_level && self.is_wanted {
            if self.weight.is_at([0.0]) {
                self.gain = [self.gain[3]; 4];
            }
            self.weight.set_target([1.0]);
        }
    }

    fn end_part(&mut self) {
        self.parts.rotate_left(1);
        self.parts[PARTS - 1] = core::mem::take(&mut self.part);
        self.in_part = 0;
        let [input, predicted] = [0, 1].map(|of| self.parts.iter().map(|part| part[of]).sum::<f64>());
        let asked_db = 10.0 * libm::log10(input / predicted.max(f64::MIN_POSITIVE));
        self.asked_db = asked_db.clamp(-CORRECTION_DB, CORRECTION_DB);
    }

    /// The gain that gives sines of the present levels their power back.
    fn prediction(&self, curving: &Curving) -> f64 {
        let (mut before, mut behind) = (0.0, 0.0);
        for level in &self.channels {
            let [_, mean_square] = level.averages;
            before += mean_square;
            behind += if mean_square == 0.0 { 0.0 } else { curving.power(mean_square) };
        }
        libm::sqrt(before / behind.max(f64::MIN_POSITIVE)).min(MOST)
    }

    fn total(&self) -> f64 {
        (self.predicted[1] * crate::foundation::unit::db_to_gain(self.correction_db)).min(MOST)
    }

    /// As if nothing had been measured.
    fn forget(&mut self, curving: &Curving) {
        self.input.fill(Pair::default());
        self.changed.fill(Pair::default());
        self.channels.fill(AT_START);
        (self.frames, self.has_level) = (0, false);
        (self.parts, self.part, self.in_part) = ([[0.0; 2]; PARTS], [0.0; 2], 0);
        (self.asked_db, self.correction_db) = (0.0, 0.0);
        self.predicted = [self.prediction(curving); 2];
        self.gain = [self.total(); 4];
    }

    /// As newly built with the current settings.
    pub(super) fn reset(&mut self, curving: &Curving) {
        self.forget(curving);
        self.weight.jump_to([if self.is_wanted { 1.0 } else { 0.0 }]);
    }
}
