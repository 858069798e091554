//! What a groove does not take well: subsonic and ultrasonic energy, sibilance.

use super::{limits::VinylLimits, motion::Moved, sections::Pair};
use crate::foundation::unit::{ms_to_frames, power_to_db};
use alloc::vec::Vec;

const SUBSONIC_HZ: f64 = 30.0;
const ULTRASONIC_HZ: f64 = 16_000.0;
const SIBILANCE_HZ: (f64, f64) = (5_000.0, 9_000.0);
/// Length of a block.
const BLOCK_MS: f64 = 10.0;
/// Highest corner, in parts of the rate.
const HIGHEST: f64 = 0.45;
/// Lowest level that is reported, in dB.
const LEAST_DB: f64 = -120.0;

/// Levels of parts of the spectrum.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Tone {
    /// Power below 30 Hz re the whole, in dB; `None` for silence.
    pub subsonic_db: Option<f64>,
    /// Power above 16 kHz re the whole, in dB; `None` for silence, and if the rate does not hold it.
    pub ultrasonic_db: Option<f64>,
    /// Peaks of 5 to 9 kHz re the whole, both as recorded, in dB: blocks of 10 ms. `None` as above.
    pub sibilance_db: Option<f64>,
}

/// Filters of both channels.
type Filters = Option<[Pair; 2]>;

#[derive(Clone, Debug)]
pub(super) struct ToneMeter {
    subsonic: Filters,
    ultrasonic: Filters,
    sibilance: Filters,
    /// Sums of squares: whole, below, above; of the velocity.
    sums: [f64; 3],
    recorded: f64,
    /// Makes up for what the band takes in its middle.
    sibilance_gain: f64,
    frames: usize,
    block: f64,
    frames_per_block: usize,
    blocks: Vec<f64>,
}

impl ToneMeter {
    pub(super) fn new(sample_rate_hz: f64) -> Self {
        let both = |highest_hz: f64, pair: Pair| (highest_hz <= HIGHEST * sample_rate_hz).then(|| [pair.clone(), pair]);
        let (low_hz, high_hz) = SIBILANCE_HZ;
        let most_hz = HIGHEST * sample_rate_hz;
        let ultrasonic = Pair::high_pass(ULTRASONIC_HZ.min(most_hz), sample_rate_hz);
        let sibilance = Pair::band(low_hz.min(most_hz), high_hz.min(most_hz), sample_rate_hz);
        let sibilance_gain = 1.0 / sibilance.power_at(libm::sqrt(low_hz * high_hz).min(most_hz), sample_rate_hz);
        Self {
            subsonic: both(SUBSONIC_HZ, Pair::low_pass(SUBSONIC_HZ, sample_rate_hz)),
            ultrasonic: both(ULTRASONIC_HZ, ultrasonic),
            sibilance: both(high_hz, sibilance),
            sums: [0.0; 3],
            recorded: 0.0,
            sibilance_gain,
            frames: 0,
            block: 0.0,
            frames_per_block: ms_to_frames(BLOCK_MS, sample_rate_hz),
            blocks: Vec::new(),
        }
    }

    pub(super) fn observe(&mut self, left: &[f64], right: &[f64]) {
        let [whole, below, above] = &mut self.sums;
        *whole += left.iter().zip(right).map(|(left, right)| left * left + right * right).sum::<f64>();
        for (filters, sum) in [(&mut self.subsonic, below), (&mut self.ultrasonic, above)] {
            if let Some([of_left, of_right]) = filters {
                for (&left, &right) in left.iter().zip(right) {
                    let (left, right) = (of_left.tick(left), of_right.tick(right));
                    *sum += left * left + right * right;
                }
            }
        }
        let filters = [&mut self.subsonic, &mut self.ultrasonic, &mut self.sibilance];
        filters.into_iter().flatten().flatten().for_each(|pair| pair.rest(1e-30));
    }

    pub(super) fn observe_recorded(&mut self, left: &Moved, right: &Moved, from: usize) {
        let Some([of_left, of_right]) = &mut self.sibilance else { return };
        for (&left, &right) in left.velocity[from..].iter().zip(&right.velocity[from..]) {
            self.recorded += left * left + right * right;
            let (left, right) = (of_left.tick(left), of_right.tick(right));
            self.block += left * left + right * right;
            self.frames += 1;
            if self.frames.is_multiple_of(self.frames_per_block) {
                self.blocks.push(self.sibilance_gain * self.block / self.frames_per_block as f64);
                self.block = 0.0;
            }
        }
    }

    pub(super) fn finish(mut self, limits: &VinylLimits) -> Tone {
        let [whole, below, above] = self.sums;
        let relative = |power: f64, whole: f64| power_to_db(power / whole).max(LEAST_DB);
        let sounds = whole > 0.0;
        self.blocks.sort_unstable_by(f64::total_cmp);
        let rank = libm::ceil(0.01 * limits.sibilance_percent * self.blocks.len() as f64) as usize;
        let peak = self.blocks.get(rank.saturating_sub(1)).filter(|_| self.recorded > 0.0);
        Tone {
            subsonic_db: sounds.then(|| relative(below, whole)),
            ultrasonic_db: (sounds && self.ultrasonic.is_some()).then(|| relative(above, whole)),
            sibilance_db: peak.map(|peak| relative(*peak, self.recorded / self.frames.max(1) as f64)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    const RATE_HZ: f64 = 48_000.0;

    fn sines(tones: &[(f64, f64)], frames: usize) -> Vec<f64> {
        let sine = |frame: usize, hz: f64| libm::sin(2.0 * core::f64::consts::PI * hz * frame as f64 / RATE_HZ);
        (0..frames).map(|frame| tones.iter().map(|&(hz, gain)| gain * sine(frame, hz)).sum()).collect()
    }

    #[test]
    fn levels_are_of_the_power_of_the_whole() {
        // -20 dB at 10 Hz and at 20 kHz, where the filters take little.
        let sound = sines(&[(1_000.0, 1.0), (10.0, 0.1), (20_000.0, 0.1)], 96_000);
        let mut meter = ToneMeter::new(RATE_HZ);
        meter.observe(&sound, &sound);
        let tone = meter.finish(&VinylLimits::default());
        assert!((tone.subsonic_db.unwrap() + 20.1).abs() < 0.2, "{tone:?}");
        // 4th order at 16 kHz, warped: 1 dB down at 20 kHz.
        assert!((tone.ultrasonic_db.unwrap() + 20.5).abs() < 0.7, "{tone:?}");
        assert_eq!(tone.sibilance_db, None);
    }

    #[test]
    fn sibilance_is_of_blocks_over_the_whole() {
        let mut velocity = sines(&[(1_000.0, 1.0)], 480_000);
        let burst = sines(&[(7_000.0, 4.0)], 2_400);
        velocity[240_000..242_400].copy_from_slice(&burst);
        let moved = Moved { displacement: vec![], velocity, acceleration: vec![] };
        let mut meter = ToneMeter::new(RATE_HZ);
        meter.observe_recorded(&moved, &moved, 0);
        let limits = VinylLimits { sibilance_percent: 100.0, ..Default::default() };
        // 16 times the power of the tone, over a whole that 50 ms in 10 s raise by 0.3 dB.
        let level_db = meter.finish(&limits).sibilance_db.unwrap();
        assert!((level_db - 11.7).abs() < 0.7, "{level_db}");
    }

    #[test]
    fn what_the_rate_does_not_hold_is_not_judged() {
        let tone = ToneMeter::new(16_000.0).finish(&VinylLimits::default());
        assert_eq!((tone.ultrasonic_db, tone.sibilance_db, tone.subsonic_db), (None, None, None));
    }
}
