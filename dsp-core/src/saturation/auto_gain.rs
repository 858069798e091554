//! A gain that matches the loudness of a changed sound to that of its input.
//!
//! The K-weighted powers of both, over all channels, are averaged with a time constant of 3 s; the gain is the root of
//! their ratio, set every 64 frames and gliding over 20 ms. Parts of the input below -70 dB are left out, so silence changes
//! nothing. It starts at the gain that matches a tone of -12 dBFS, and moves by as much as that does when settings change.

use crate::{
    filters::k_weighting::{Pair, Weighting, observe},
    foundation::{block::Block, grid::GRID_FRAMES, sample::Sample, unit::ms_to_frames},
    primitives::{
        backend::Backend,
        ramp::{GAIN_RAMP_MS, Ramp},
    },
};
use alloc::{vec, vec::Vec};

/// Time constant of the averages, in s.
const TIME_S: f64 = 3.0;
/// Mean square below which the input counts as silence: -70 dB, the absolute gate of BS.1770.
const GATE: f64 = 1e-7;
/// Mean square with which both averages start: -50 dB, soon outweighed by any sound.
const START: f64 = 1e-5;
/// Range of the gain: 48 dB either way.
const MOST: f64 = 251.188_643_150_958;

/// See the head of this file.
#[derive(Clone, Debug)]
pub(super) struct AutoGain {
    backend: Backend,
    weighting: Weighting,
    input: Vec<Pair>,
    changed: Vec<Pair>,
    channels: usize,
    /// Share of a newest mean square of [`GRID_FRAMES`] in the averages.
    share: f64,
    /// Averages of input and changed sound; their ratio is that of `start` when nothing was measured.
    powers: [f64; 2],
    is_on: bool,
    /// The gain for a tone of -12 dBFS.
    start: f64,
    gain: Ramp<1>,
}

impl AutoGain {
    pub(super) fn new(backend: Backend, sample_rate_hz: f64, channels: usize, is_on: bool, start: f64) -> Self {
        let mut own = Self {
            backend,
            weighting: Weighting::new(sample_rate_hz),
            input: vec![Pair::default(); channels.div_ceil(2)],
            changed: vec![Pair::default(); channels.div_ceil(2)],
            channels,
            share: -libm::expm1(-(GRID_FRAMES as f64) / (TIME_S * sample_rate_hz)),
            powers: [0.0; 2],
            is_on,
            start,
            gain: Ramp::new([1.0], ms_to_frames(GAIN_RAMP_MS, sample_rate_hz)),
        };
        own.reset();
        own
    }

    /// Whether it measures.
    pub(super) fn is_on(&self) -> bool {
        self.is_on
    }

    /// Switches it, and tells it what new settings do to a tone.
    pub(super) fn set(&mut self, is_on: bool, start: f64) {
        if !self.is_on {
            self.forget(start);
        }
        // What the new settings will do, as far as a tone foretells it.
        self.powers[1] *= (self.start / start) * (self.start / start);
        self.is_on = is_on;
        self.start = start;
        self.aim();
    }

    /// The gain ramp, to be advanced with the frames.
    pub(super) fn gain(&mut self) -> &mut Ramp<1> {
        &mut self.gain
    }

    /// Measures frames that reach no further than the next point of the grid; `frame` is the absolute number of the
    /// first of them.
    pub(super) fn measure<S: Sample>(&mut self, input: &Block<'_, '_, S>, changed: &Block<'_, '_, f64>, frame: u64) {
        observe(self.backend, &self.weighting, &mut self.input, input, self.channels, frame);
        observe(self.backend, &self.weighting, &mut self.changed, changed, self.channels, frame);
        if (frame + input.frames() as u64).is_multiple_of(GRID_FRAMES as u64) {
            let scale = 1.0 / (GRID_FRAMES * self.channels) as f64;
            let mean = |pairs: &mut [Pair]| {
                scale * pairs.iter_mut().map(|pair| pair.take_energy().into_iter().sum::<f64>()).sum::<f64>()
            };
            let fresh = [mean(&mut self.input), mean(&mut self.changed)];
            if fresh[0] > GATE {
                for (power, fresh) in self.powers.iter_mut().zip(fresh) {
                    *power += self.share * (fresh - *power);
                }
                self.aim();
            }
        }
    }

    fn aim(&mut self) {
        let [input, changed] = self.powers;
        let gain = libm::sqrt(input / changed.max(f64::MIN_POSITIVE)).clamp(1.0 / MOST, MOST);
        self.gain.set_target([if self.is_on { gain } else { 1.0 }]);
    }

    fn forget(&mut self, start: f64) {
        self.input.fill(Pair::default());
        self.changed.fill(Pair::default());
        self.powers = [START, START / (start * start)];
        self.start = start;
    }

    /// As newly built with the current settings.
    pub(super) fn reset(&mut self) {
        self.forget(self.start);
        self.aim();
        self.gain.jump_to(self.gain.target());
    }
}
