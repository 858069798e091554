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
        Self {
            subsonic: both(SUBSONIC_HZ, Pair::low_pass(SUBSONIC_HZ, sample_rate_hz)),
            ultrasonic: both(ULTRASONIC_HZ, ultrasonic),
            sibilance: both(high_hz, sibilance),
            sums: [0.0; 3],
            recorded: 0.0,
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
                self.blocks.push(self.block / self.frames_per_block as f64);
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
