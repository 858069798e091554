//! Levels of a strip on their way to other threads: whole snapshots, without a lock.

use crate::foundation::unit::{gain_to_db, power_to_db};
use alloc::sync::Arc;
use core::sync::atomic::{AtomicU32, Ordering, fence};

/// Levels of a strip after fader, pan and mute, at one moment. `-inf` for silence, never NaN.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StripLevels {
    /// Frames measured since metering began or the mixer was reset, without the latency of the strip.
    pub frames: u64,
    /// Peak of the louder side, which falls by 11.8 dB per second, dBFS.
    pub peak_dbfs: f64,
    /// Largest sample of all frames, dBFS.
    pub sample_peak_dbfs: f64,
    /// RMS level of both sides over 300 ms, dBFS: a full-scale sine in both reads -3.01.
    pub rms_dbfs: f64,
    /// The same of all frames, dBFS.
    pub overall_rms_dbfs: f64,
    /// Loudness of the last 400 ms, LUFS; -inf before.
    pub momentary_lufs: f64,
    /// Correlation of left and right over 300 ms, -1 to 1.
    pub correlation: f64,
    /// The same of all frames.
    pub overall_correlation: f64,
    /// Largest gain reduction among the inserts at the last frame, dB, 0 or more.
    pub gain_reduction_db: f64,
    /// Largest gain reduction of an insert since its build or its last reset, dB.
    pub max_gain_reduction_db: f64,
    /// Samples at or beyond full scale.
    pub clipped_samples: u64,
    /// Runs of three or more of them.
    pub clips: u64,
}

/// The numbers of [`StripLevels`] as they are published: factors, powers, counts.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Snapshot {
    pub(super) frames: u64,
    pub(super) clipped_samples: u64,
    pub(super) clips: u64,
    pub(super) peak: f64,
    pub(super) sample_peak: f64,
    pub(super) power: f64,
    pub(super) overall_power: f64,
    pub(super) momentary_lufs: f64,
    pub(super) correlation: f64,
    pub(super) overall_correlation: f64,
    pub(super) gain_reduction_db: f64,
    pub(super) max_gain_reduction_db: f64,
}

const WORDS: usize = 12;

impl Snapshot {
    /// Of a strip that has not been heard.
    pub(super) const SILENT: Self = Self {
        frames: 0,
        clipped_samples: 0,
        clips: 0,
        peak: 0.0,
        sample_peak: 0.0,
        power: 0.0,
        overall_power: 0.0,
        momentary_lufs: f64::NEG_INFINITY,
        correlation: 0.0,
        overall_correlation: 0.0,
        gain_reduction_db: 0.0,
        max_gain_reduction_db: 0.0,
    };

    fn words(self) -> [u64; WORDS] {
        let numbers = [
            self.peak,
            self.sample_peak,
            self.power,
            self.overall_power,
            self.momentary_lufs,
            self.correlation,
            self.overall_correlation,
            self.gain_reduction_db,
            self.max_gain_reduction_db,
        ];
        let mut words = [self.frames, self.clipped_samples, self.clips, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        words[3..].iter_mut().zip(numbers).for_each(|(word, number)| *word = number.to_bits());
        words
    }

    fn from_words([frames, clipped_samples, clips, numbers @ ..]: [u64; WORDS]) -> Self {
        let [
            peak,
            sample_peak,
            power,
            overall_power,
            momentary_lufs,
            correlation,
            overall_correlation,
            gain_reduction_db,
            max_gain_reduction_db,
        ] = numbers.map(f64::from_bits);
        Self {
            frames,
            clipped_samples,
            clips,
            peak,
            sample_peak,
            power,
            overall_power,
            momentary_lufs,
            correlation,
            overall_correlation,
            gain_reduction_db,
            max_gain_reduction_db,
        }
    }

    pub(super) fn levels(self) -> StripLevels {
        StripLevels {
            frames: self.frames,
            peak_dbfs: gain_to_db(self.peak),
            sample_peak_dbfs: gain_to_db(self.sample_peak),
            rms_dbfs: power_to_db(self.power),
            overall_rms_dbfs: power_to_db(self.overall_power),
            momentary_lufs: self.momentary_lufs,
            correlation: self.correlation,
            overall_correlation: self.overall_correlation,
            gain_reduction_db: self.gain_reduction_db,
            max_gain_reduction_db: self.max_gain_reduction_db,
            clipped_samples: self.clipped_samples,
            clips: self.clips,
        }
    }
}

/// Snapshots that stand at once. A reader begins anew only if the writer publishes two more while it reads: it never
/// waits for a writer that was interrupted.
const SLOTS: u32 = 4;

/// 64 bits in two halves: targets without 64-bit atomics have meters as well.
type Word = [AtomicU32; 2];

/// The last snapshots of a strip, of one writer and any number of readers.
#[derive(Debug)]
pub(super) struct Board {
    /// Number of the last complete snapshot; number n is in slot n mod 4.
    latest: AtomicU32,
    slots: [[Word; WORDS]; SLOTS as usize],
}

impl Board {
    pub(super) fn new() -> Self {
        let slot = || core::array::from_fn(|_| [AtomicU32::new(0), AtomicU32::new(0)]);
        let board = Self { latest: AtomicU32::new(0), slots: core::array::from_fn(|_| slot()) };
        board.publish(Snapshot::SILENT);
        board
    }

    /// Publishes a snapshot; called by one thread at a time.
    pub(super) fn publish(&self, snapshot: Snapshot) {
        let number = self.latest.load(Ordering::Relaxed).wrapping_add(1);
        // Whoever sees a word of this snapshot sees as well that the number before it is complete.
        fence(Ordering::Release);
        for (word, value) in self.slots[(number % SLOTS) as usize].iter().zip(snapshot.words()) {
            word[0].store(value as u32, Ordering::Relaxed);
            word[1].store((value >> 32) as u32, Ordering::Relaxed);
        }
        self.latest.store(number, Ordering::Release);
    }

    fn read(&self) -> Snapshot {
        loop {
            let number = self.latest.load(Ordering::Acquire);
            let words = self.slots[(number % SLOTS) as usize].each_ref().map(|[low, high]| {
                u64::from(low.load(Ordering::Relaxed)) | u64::from(high.load(Ordering::Relaxed)) << 32
            });
            fence(Ordering::Acquire);
            // While number + 4 is written into the same slot, number + 3 is the latest.
            if self.latest.load(Ordering::Relaxed).wrapping_sub(number) < SLOTS - 1 {
                return Snapshot::from_words(words);
            }
            core::hint::spin_loop();
        }
    }
}

/// Reads the levels of one strip, from any thread, while the mixer runs; without a lock and without memory.
///
/// It outlives the strip and the mixer, and shows the last levels then.
#[derive(Clone, Debug)]
pub struct MeterReader(pub(super) Arc<Board>);

impl MeterReader {
    /// The last levels that were published; the mixer publishes after at most 512 frames. They belong to one moment.
    #[must_use]
    pub fn levels(&self) -> StripLevels {
        self.0.read().levels()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every number is a function of the first.
    fn numbered(n: u64) -> Snapshot {
        let x = n as f64;
        Snapshot {
            frames: n,
            clipped_samples: n << 32 | n,
            clips: !n,
            peak: x,
            sample_peak: -x,
            power: 2.0 * x,
            overall_power: 3.0 * x,
            momentary_lufs: 4.0 * x,
            correlation: 5.0 * x,
            overall_correlation: 6.0 * x,
            gain_reduction_db: 7.0 * x,
            max_gain_reduction_db: 1.0 / (1.0 + x),
        }
    }

    #[test]
    fn snapshots_are_whole_while_another_thread_writes() {
        const SNAPSHOTS: u64 = 300_000;
        let board = Arc::new(Board::new());
        assert_eq!(board.read(), Snapshot::SILENT);
        board.publish(numbered(0));
        let readers: std::vec::Vec<_> = (0..2)
            .map(|_| {
                let board = board.clone();
                std::thread::spawn(move || {
                    let (mut last, mut changes) = (0, 0_u64);
                    while last < SNAPSHOTS {
                        let read = board.read();
                        assert_eq!(read, numbered(read.frames));
                        assert!(read.frames >= last, "never backwards");
                        changes += u64::from(read.frames > last);
                        last = read.frames;
                    }
                    changes
                })
            })
            .collect();
        for n in 1..=SNAPSHOTS {
            board.publish(numbered(n));
        }
        for reader in readers {
            assert!(reader.join().unwrap() > 0);
        }
    }
}
