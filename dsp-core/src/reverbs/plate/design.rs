//! Fig. 1 and tables 1 and 2 of the paper, and the coefficients of a plate.

use super::params::PlateParams;
use crate::{
    filters::{biquad::BiquadCoeffs, matched},
    foundation::{field::max_of, unit::ms_to_frames},
};
use core::f64::consts::{FRAC_1_SQRT_2, TAU};

/// Sample rate of the paper's delays.
pub(super) const PAPER_HZ: f64 = 29_761.0;
/// Longest pre-delay: memory is allocated for it.
pub(super) const MAX_PREDELAY_MS: f64 = max_of(PlateParams::FIELDS, "predelay_ms");

/// Largest depth of modulation, in ms: memory is allocated for it.
pub(super) const MAX_DEPTH_MS: f64 = max_of(PlateParams::FIELDS, "modulation_depth_ms");
/// Values that glide.
pub(super) const GLIDES: usize = 7;
/// Length of a glide of the modulation, in ms: a delay that moves by 1 ms in this time changes the pitch by 0.4 %.
pub(super) const MODULATION_GLIDE_MS: f64 = 500.0;
/// Corner of a low cut that is off.
const LOW_CUT_OFF_HZ: f64 = 20.0;
/// Corner of the high pass at the input.
const HIGH_PASS_HZ: f64 = 40.0;
/// Range of the level calculation, at every sample rate.
const LEVEL_HZ: [f64; 2] = [HIGH_PASS_HZ, 20_000.0];

/// All passes at the input: the paper's, and four short ones of our own that make its echoes dense.
pub(super) const INPUT_DIFFUSERS: [AllPass; 8] = [
    AllPass { frames: 142.0, gain: 0.75 },
    AllPass { frames: 107.0, gain: 0.75 },
    AllPass { frames: 379.0, gain: 0.625 },
    AllPass { frames: 277.0, gain: 0.625 },
    AllPass { frames: 48.0, gain: 0.7 },
    AllPass { frames: 57.0, gain: 0.7 },
    AllPass { frames: 68.0, gain: 0.7 },
    AllPass { frames: 84.0, gain: 0.7 },
];
/// The left and the right half of the tank.
pub(super) const TANK: [HalfTank<f64>; 2] = [
    HalfTank { modulated_all_pass: 672.0, first_delay: 4_453.0, all_pass: 1_800.0, last_delay: 3_720.0 },
    HalfTank { modulated_all_pass: 908.0, first_delay: 4_217.0, all_pass: 2_656.0, last_delay: 3_163.0 },
];
/// Gain of the modulated all passes.
pub(super) const MODULATED_GAIN: f64 = -0.7;
/// The taps of the left and the right output.
pub(super) const OUTPUT_TAPS: [[Tap; 7]; 2] = {
    use Tapped::{AllPass, FirstDelay, LastDelay};
    const fn tap(half: usize, tapped: Tapped, frames: f64, sign: f64) -> Tap {
        Tap { half, tapped, frames, sign }
    }
    const LEFT: usize = 0;
    const RIGHT: usize = 1;
    [
        [
            tap(RIGHT, FirstDelay, 266.0, 1.0),
            tap(RIGHT, FirstDelay, 2_974.0, 1.0),
            tap(RIGHT, AllPass, 1_913.0, -1.0),
            tap(RIGHT, LastDelay, 1_996.0, 1.0),
            tap(LEFT, FirstDelay, 1_990.0, -1.0),
            tap(LEFT, AllPass, 187.0, -1.0),
            tap(LEFT, LastDelay, 1_066.0, -1.0),
        ],
        [
            tap(LEFT, FirstDelay, 353.0, 1.0),
            tap(LEFT, FirstDelay, 3_627.0, 1.0),
            tap(LEFT, AllPass, 1_228.0, -1.0),
            tap(LEFT, LastDelay, 2_673.0, 1.0),
            tap(RIGHT, FirstDelay, 2_111.0, -1.0),
            tap(RIGHT, AllPass, 335.0, -1.0),
            tap(RIGHT, LastDelay, 121.0, -1.0),
        ],
    ]
};

/// An all pass: its delay in frames of the paper, its gain.
#[derive(Clone, Copy, Debug)]
pub(super) struct AllPass {
    pub(super) frames: f64,
    pub(super) gain: f64,
}

/// The delay lines of one half of the tank, in the order of the signal.
#[derive(Clone, Copy, Debug)]
pub(super) struct HalfTank<T> {
    pub(super) modulated_all_pass: T,
    pub(super) first_delay: T,
    /// The second all pass, whose gain follows the decay.
    pub(super) all_pass: T,
    pub(super) last_delay: T,
}

impl<T> HalfTank<T> {
    pub(super) fn map<U>(self, mut f: impl FnMut(T) -> U) -> HalfTank<U> {
        HalfTank {
            modulated_all_pass: f(self.modulated_all_pass),
            first_delay: f(self.first_delay),
            all_pass: f(self.all_pass),
            last_delay: f(self.last_delay),
        }
    }
}

/// The tapped line of a half.
#[derive(Clone, Copy, Debug)]
pub(super) enum Tapped {
    FirstDelay,
    AllPass,
    LastDelay,
}

/// An output tap.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tap {
    pub(super) half: usize,
    pub(super) tapped: Tapped,
    /// In frames of the paper.
    pub(super) frames: f64,
    pub(super) sign: f64,
}

/// Coefficients of a [`Plate`](super::Plate).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PlateCoeffs {
    decay: f64,
    /// Gain of the second all passes of the tank.
    tank_diffusion: f64,
    damping_pole: f64,
    /// Factor on the gains of the all passes at the input.
    diffusion: f64,
    dry_gain: f64,
    /// Gains of each side of the taps to the same side of the output, and to the other.
    same_side_gain: f64,
    cross_gain: f64,
    pub(super) low_cut: BiquadCoeffs,
    /// Rate of the modulation in Hz and its depth in frames.
    pub(super) movement: [f64; 2],
    pub(super) predelay_frames: usize,
    pub(super) tail_frames: u64,
}

impl PlateCoeffs {
    pub(super) fn new(params: &PlateParams, rate_hz: f64) -> Self {
        let &PlateParams { decay, damping_hz, width, mix, low_cut_hz, .. } = params;
        let tank_diffusion = tank_diffusion(decay);
        let tap_gain = mix / libm::sqrt(tap_power(decay, tank_diffusion, damping_hz));
        // For uncorrelated mid and side of equal level, their sum keeps its power.
        let mid = libm::sqrt(2.0 / (1.0 + width * width));
        let side = width * mid;
        Self {
            decay,
            tank_diffusion,
            damping_pole: libm::exp(-TAU * damping_hz / rate_hz),
            diffusion: params.diffusion,
            dry_gain: 1.0 - mix,
            same_side_gain: tap_gain * (mid + side) / 2.0,
            cross_gain: tap_gain * (mid - side) / 2.0,
            low_cut: if low_cut_hz == LOW_CUT_OFF_HZ {
                BiquadCoeffs::IDENTITY
            } else {
                matched::high_pass(low_cut_hz, FRAC_1_SQRT_2, rate_hz)
            },
            movement: [params.modulation_hz, params.modulation_depth_ms * 1e-3 * rate_hz],
            predelay_frames: ms_to_frames(params.predelay_ms, rate_hz),
            tail_frames: tail_frames(decay, rate_hz),
        }
    }

    /// Values that glide: decay, gain of the tank's second all passes, pole of the damping, factor on the gains at the
    /// input, gains of the input, of each side of the taps to the same side and to the other.
    pub(super) fn glides(&self) -> [f64; GLIDES] {
        [
            self.decay,
            self.tank_diffusion,
            self.damping_pole,
            self.diffusion,
            self.dry_gain,
            self.same_side_gain,
            self.cross_gain,
        ]
    }
}

/// Gain of the tank's second all passes. It follows the decay, so that they do not ring longer than short plates.
fn tank_diffusion(decay: f64) -> f64 {
    (decay + 0.15).clamp(0.25, 0.5)
}

/// Mean power of an output's taps for pink noise of power 1 in, the same at every sample rate: the mean over octaves, as
/// music has its power in them. Damping takes the more of white noise, the longer the decay.
///
/// The all passes keep the power. A half then has p = 1/(1 - q), with q = decay⁴ times the damping's power gain: it is
/// damped once and multiplied by the decay twice in each half, and what it gives to the other comes back. Three taps
/// hear p, two the damped p inside an all pass, where it is 1/(1 - g²) times as strong, and two after it.
fn tap_power(decay: f64, tank_diffusion: f64, damping_hz: f64) -> f64 {
    const POINTS: usize = 48;
    let [lowest_hz, highest_hz] = LEVEL_HZ;
    let mut mean = 0.0;
    for point in 0..POINTS {
        let position = (point as f64 + 0.5) / POINTS as f64;
        let ratio = lowest_hz * libm::pow(highest_hz / lowest_hz, position) / damping_hz;
        let damped = decay * decay / (1.0 + ratio * ratio);
        let taps = 3.0 + damped * (2.0 / (1.0 - tank_diffusion * tank_diffusion) + 2.0);
        mean += taps / (1.0 - damped * decay * decay) / POINTS as f64;
    }
    mean
}

/// The high pass at the input, of fourth order: below it the modes of the tank are so few that they would stand out.
pub(super) fn high_pass(rate_hz: f64) -> [BiquadCoeffs; 2] {
    // Butterworth.
    [0.541_196_100_146_197, 1.306_562_964_876_377].map(|q| matched::high_pass(HIGH_PASS_HZ, q, rate_hz))
}

/// Frames until a full-scale input has decayed below [`REVERB_SIGNAL`](crate::foundation::silence::REVERB_SIGNAL).
///
/// The ringing frequencies of an all pass stay in it for D (1+g)/(1-g); after leaving the loop they decay by g per D.
fn tail_frames(decay: f64, rate_hz: f64) -> u64 {
    // Sums of magnitudes: each all pass (1+2g)... at most (1+g)/(1-g), and the build-up of the loop.
    let fall_db = 200.0 + 80.0 + 20.0 * libm::log10(1.0 / (1.0 - decay));
    let slow = |g: f64| (1.0 + g) / (1.0 - g);
    let mut per_db: f64 = 0.0;
    let mut loop_frames = 0.0;
    for HalfTank { modulated_all_pass, first_delay, all_pass, last_delay } in TANK {
        let modulated = modulated_all_pass + 1e-3 * MAX_DEPTH_MS * PAPER_HZ;
        loop_frames += slow(MODULATED_GAIN.abs()) * modulated + first_delay + slow(0.5) * all_pass + last_delay;
        per_db = per_db.max(modulated / (-20.0 * libm::log10(MODULATED_GAIN.abs()))).max(all_pass / 6.02);
    }
    if decay > 0.0 {
        per_db = per_db.max(loop_frames / (-80.0 * libm::log10(decay)));
    }
    let high_pass = high_pass(rate_hz).iter().map(BiquadCoeffs::decay_frames).sum::<u64>();
    libm::ceil(1.1 * per_db * fall_db * rate_hz / PAPER_HZ) as u64 + high_pass
}

/// Frames of a delay of the paper.
pub(super) fn frames(paper: f64, rate_hz: f64) -> usize {
    (libm::round(paper * rate_hz / PAPER_HZ) as usize).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_are_those_of_the_paper_at_its_rate() {
        let HalfTank { modulated_all_pass, first_delay, all_pass, last_delay } = TANK[1].map(|x| frames(x, PAPER_HZ));
        assert_eq!([modulated_all_pass, first_delay, all_pass, last_delay], [908, 4_217, 2_656, 3_163]);
        // Times in other publications: 149.625 ms, 106.28 ms; 8.937 872 ms for the first tap.
        assert!((TANK[0].first_delay / PAPER_HZ - 0.149_625_349).abs() < 1e-9);
        assert!((OUTPUT_TAPS[0][0].frames / PAPER_HZ - 0.008_937_872).abs() < 1e-9);
    }
}
