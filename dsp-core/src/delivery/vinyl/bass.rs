//! Phase of the bass: what is out of phase moves the stylus up and down.

use super::{limits::VinylLimits, sections::Pair};
use crate::foundation::unit::{db_to_power, ms_to_frames};
use alloc::vec::Vec;

/// Length of a block.
const BLOCK_MS: f64 = 10.0;
/// Blocks of a window.
const WINDOW: usize = 5;
/// Mean square below which there is no bass.
const SILENCE: f64 = 1e-10;
/// Power of the bass in parts of the whole below which there is none: it moves nothing.
const LEAST_SHARE: f64 = 1e-5;
/// Most spans that are listed.
const MOST_SPANS: usize = 100;

/// Correlation of the channels in the bass.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize))]
pub struct Bass {
    /// Below `bass_hz`; 0 if one channel is silent, `None` if there is no bass: less than -50 dB of the whole.
    pub correlation: Option<f64>,
    /// Below `low_mid_hz`.
    pub low_mid_correlation: Option<f64>,
    /// Longest time for which windows of 50 ms have a negative correlation below `bass_hz`, in ms.
    pub out_of_phase_ms: f64,
    /// Where that lasts for longer than the limit, from and to in seconds.
    pub out_of_phase_s: Vec<[f64; 2]>,
}

/// Sums of squares and products: left, right, both.
type Sums = [f64; 3];

/// The bass of a programme, block by block.
#[derive(Clone, Debug)]
pub(super) struct BassMeter {
    /// Bass and low mids, each of both channels.
    filters: [[Pair; 2]; 2],
    frames_per_block: usize,
    frames: usize,
    sums: [Sums; 2],
    whole: [Sums; 2],
    /// Power of all frequencies.
    power: f64,
    blocks: Vec<Sums>,
    sample_rate_hz: f64,
}

impl BassMeter {
    pub(super) fn new(sample_rate_hz: f64, limits: &VinylLimits) -> Self {
        let pair = |corner_hz: f64| {
            let pair = Pair::low_pass(corner_hz, sample_rate_hz);
            [pair.clone(), pair]
        };
        Self {
            filters: [pair(limits.bass_hz), pair(limits.low_mid_hz)],
            frames_per_block: ms_to_frames(BLOCK_MS, sample_rate_hz),
            frames: 0,
            sums: [[0.0; 3]; 2],
            whole: [[0.0; 3]; 2],
            power: 0.0,
            blocks: Vec::new(),
            sample_rate_hz,
        }
    }

    pub(super) fn observe(&mut self, left: &[f64], right: &[f64]) {
        for (&left, &right) in left.iter().zip(right) {
            self.power += left * left + right * right;
            for (filters, sums) in self.filters.iter_mut().zip(&mut self.sums) {
                let (left, right) = (filters[0].tick(left), filters[1].tick(right));
                sums[0] += left * left;
                sums[1] += right * right;
                sums[2] += left * right;
            }
            self.frames += 1;
            if self.frames.is_multiple_of(self.frames_per_block) {
                self.end_block();
            }
        }
        self.filters.iter_mut().flatten().for_each(|pair| pair.rest(1e-30));
    }

    fn end_block(&mut self) {
        self.blocks.push(self.sums[0]);
        for (whole, sums) in self.whole.iter_mut().zip(&mut self.sums) {
            whole.iter_mut().zip(sums.iter()).for_each(|(whole, sum)| *whole += sum);
            *sums = [0.0; 3];
        }
    }

    pub(super) fn finish(mut self, limits: &VinylLimits) -> Bass {
        self.end_block();
        let frames = self.frames.max(1) as f64;
        let silence = SILENCE.max(LEAST_SHARE * self.power / frames);
        let sounds = |sums: &Sums| sums[0] + sums[1] > silence * frames;
        let [correlation, low_mid_correlation] = self.whole.map(|sums| sounds(&sums).then(|| correlation(&sums)));
        let least = (self.whole[0][0] + self.whole[0][1]) * db_to_power(-limits.bass_below_db) / frames;
        let least = least.max(silence) * (WINDOW * self.frames_per_block) as f64;
        let block_s = self.frames_per_block as f64 / self.sample_rate_hz;
        let (mut longest, mut spans, mut start) = (0, Vec::new(), None);
        let windows = self.blocks.windows(WINDOW).map(|window| {
            let sum = |index: usize| window.iter().map(|sums| sums[index]).sum::<f64>();
            sum(0) + sum(1) >= least && sum(2) < 0.0
        });
        for (index, is_out) in windows.chain([false]).enumerate() {
            match (is_out, start) {
                (true, None) => start = Some(index),
                (false, Some(first)) => {
                    // The centres of windows: the correlation is negative from the first to the last of them.
                    let count = index - first;
                    longest = longest.max(count);
                    if count as f64 * block_s > 1e-3 * limits.out_of_phase_ms && spans.len() < MOST_SPANS {
                        let centre = |index: usize| (index as f64 + 0.5 * (WINDOW - 1) as f64) * block_s;
                        spans.push([centre(first), centre(index)]);
                    }
                    start = None;
                }
                _ => {}
            }
        }
        Bass {
            correlation,
            low_mid_correlation,
            out_of_phase_ms: 1e3 * longest as f64 * block_s,
            out_of_phase_s: spans,
        }
    }
}

/// 1 for equal channels, 0 if one is silent.
fn correlation(&[left, right, both]: &Sums) -> f64 {
    let product = libm::sqrt(left) * libm::sqrt(right);
    if product > 0.0 { (both / product).clamp(-1.0, 1.0) } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RATE_HZ: f64 = 48_000.0;

    fn bass(seconds: f64, channels: impl Fn(f64) -> [f64; 2]) -> Bass {
        let limits = VinylLimits::default();
        let mut meter = BassMeter::new(RATE_HZ, &limits);
        let frames = (seconds * RATE_HZ) as usize;
        let [left, right]: [Vec<f64>; 2] =
            [0, 1].map(|channel| (0..frames).map(|frame| channels(frame as f64 / RATE_HZ)[channel]).collect());
        meter.observe(&left, &right);
        meter.finish(&limits)
    }

    fn sine(frequency_hz: f64, time_s: f64) -> f64 {
        libm::sin(2.0 * core::f64::consts::PI * frequency_hz * time_s)
    }

    #[test]
    fn a_quarter_of_a_period_apart_has_no_correlation() {
        let apart = bass(2.0, |time_s| [sine(80.0, time_s), sine(80.0, time_s + 0.25 / 80.0)]);
        // The filters start at rest.
        assert!(apart.correlation.unwrap().abs() < 0.01);
        let equal = bass(2.0, |time_s| [sine(80.0, time_s); 2]);
        assert!((equal.correlation.unwrap() - 1.0).abs() < 1e-9);
        assert_eq!((equal.out_of_phase_ms, equal.out_of_phase_s.len()), (0.0, 0));
    }

    #[test]
    fn the_time_out_of_phase_is_found_where_it_is() {
        let turned = |time_s: f64| if (1.0..1.3).contains(&time_s) { -1.0 } else { 1.0 };
        let found = bass(3.0, |time_s| [sine(80.0, time_s), turned(time_s) * sine(80.0, time_s)]);
        assert!((found.out_of_phase_ms - 300.0).abs() <= 40.0, "{}", found.out_of_phase_ms);
        let [[start_s, end_s]] = found.out_of_phase_s[..] else { panic!("{:?}", found.out_of_phase_s) };
        assert!((start_s - 1.0).abs() < 0.05 && (end_s - 1.3).abs() < 0.05, "{start_s} to {end_s}");
    }

    #[test]
    fn treble_out_of_phase_is_no_bass_and_one_channel_has_no_correlation() {
        let treble = bass(1.0, |time_s| [time_s, -time_s].map(|gain| gain * sine(5_000.0, time_s)));
        assert_eq!((treble.correlation, treble.out_of_phase_ms), (None, 0.0));
        assert_eq!(bass(1.0, |time_s| [sine(80.0, time_s), 0.0]).correlation, Some(0.0));
    }
}
