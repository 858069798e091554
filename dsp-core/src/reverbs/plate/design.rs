//! Fig. 1 and tables 1 and 2 of the paper, and the coefficients of a plate.

use super::params::PlateParams;
use crate::foundation::{field::max_of, unit::ms_to_frames};
use core::f64::consts::TAU;

/// Sample rate of the paper's delays.
pub(super) const PAPER_HZ: f64 = 29_761.0;
/// Longest pre-delay: memory is allocated for it.
pub(super) const MAX_PREDELAY_MS: f64 = max_of(PlateParams::FIELDS, "predelay_ms");

/// All passes at the input.
pub(super) const INPUT_DIFFUSERS: [AllPass; 4] = [
    AllPass { frames: 142.0, gain: 0.75 },
    AllPass { frames: 107.0, gain: 0.75 },
    AllPass { frames: 379.0, gain: 0.625 },
    AllPass { frames: 277.0, gain: 0.625 },
];
/// The left and the right half of the tank.
pub(super) const TANK: [HalfTank<f64>; 2] = [
    HalfTank { modulated_all_pass: 672.0, first_delay: 4_453.0, all_pass: 1_800.0, last_delay: 3_720.0 },
    HalfTank { modulated_all_pass: 908.0, first_delay: 4_217.0, all_pass: 2_656.0, last_delay: 3_163.0 },
];
/// Gain of the modulated all passes.
pub(super) const MODULATED_GAIN: f64 = -0.7;
/// Peak excursion of the modulated all passes, in frames of the paper; its rate.
const EXCURSION: f64 = 8.0;
pub(super) const MODULATION_HZ: f64 = 1.0;
/// Feed of the low pass at the input.
const BANDWIDTH: f64 = 0.999_5;
/// Gain of each output tap.
const TAP_GAIN: f64 = 0.6;
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
    /// Gain of the second all passes.
    diffusion: f64,
    damping_pole: f64,
    dry_gain: f64,
    tap_gain: f64,
    pub(super) predelay_frames: usize,
    pub(super) tail_frames: u64,
}

impl PlateCoeffs {
    pub(super) fn new(decay: f64, predelay_ms: f64, damping_hz: f64, mix: f64, rate_hz: f64) -> Self {
        Self {
            decay,
            // Follows the decay, so that these all passes do not ring longer than short plates.
            diffusion: (decay + 0.15).clamp(0.25, 0.5),
            damping_pole: libm::exp(-TAU * damping_hz / rate_hz),
            dry_gain: 1.0 - mix,
            tap_gain: mix * TAP_GAIN,
            predelay_frames: ms_to_frames(predelay_ms, rate_hz),
            tail_frames: tail_frames(decay, rate_hz),
        }
    }

    /// Values that glide: decay, gain of the second all passes, pole of the damping, gains of the input and of the
    /// taps.
    pub(super) fn glides(&self) -> [f64; 5] {
        [self.decay, self.diffusion, self.damping_pole, self.dry_gain, self.tap_gain]
    }
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
        let modulated = modulated_all_pass + EXCURSION;
        loop_frames += slow(MODULATED_GAIN.abs()) * modulated + first_delay + slow(0.5) * all_pass + last_delay;
        per_db = per_db.max(modulated / (-20.0 * libm::log10(MODULATED_GAIN.abs()))).max(all_pass / 6.02);
    }
    if decay > 0.0 {
        per_db = per_db.max(loop_frames / (-80.0 * libm::log10(decay)));
    }
    libm::ceil(1.1 * per_db * fall_db * rate_hz / PAPER_HZ) as u64
}

/// Frames of a delay of the paper.
pub(super) fn frames(paper: f64, rate_hz: f64) -> usize {
    (libm::round(paper * rate_hz / PAPER_HZ) as usize).max(1)
}

/// Peak excursion of the modulated all passes, in frames.
pub(super) fn excursion_frames(rate_hz: f64) -> f64 {
    EXCURSION * rate_hz / PAPER_HZ
}

/// Pole of the low pass at the input.
pub(super) fn bandwidth_pole(rate_hz: f64) -> f64 {
    libm::pow(1.0 - BANDWIDTH, PAPER_HZ / rate_hz)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_are_those_of_the_paper_at_its_rate() {
        let HalfTank { modulated_all_pass, first_delay, all_pass, last_delay } = TANK[1].map(|x| frames(x, PAPER_HZ));
        assert_eq!([modulated_all_pass, first_delay, all_pass, last_delay], [908, 4_217, 2_656, 3_163]);
        assert!((bandwidth_pole(PAPER_HZ) - 0.000_5).abs() < 1e-12);
        // Times in other publications: 149.625 ms, 106.28 ms; 8.937 872 ms for the first tap.
        assert!((TANK[0].first_delay / PAPER_HZ - 0.149_625_349).abs() < 1e-9);
        assert!((OUTPUT_TAPS[0][0].frames / PAPER_HZ - 0.008_937_872).abs() < 1e-9);
    }
}
