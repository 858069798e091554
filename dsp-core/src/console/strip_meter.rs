//! The meter of a strip: what it gives to its bus, after fader, pan and mute.

use super::{
    effect::EffectProcessor,
    feed::Feed,
    meter_reader::{Board, MeterReader, Snapshot},
    strip::Strip,
    strip_id::StripId,
};
use crate::{
    foundation::{block::Block, error::Error, meter::Meter, processor::Processor, sample::Sample, stream::StreamSpec},
    meters::{
        correlation::{CorrelationMeter, CorrelationParams},
        level::{LevelMeter, LevelParams},
        loudness::{LoudnessMeter, LoudnessParams, Memory},
        true_peak::Precision,
    },
};
use alloc::{sync::Arc, vec::Vec};

/// The strips of a mixer that are metered. A strip that is not costs nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Metering {
    /// None.
    #[default]
    Off,
    /// All, those added later and the master included.
    All,
    /// These.
    Strips(Vec<StripId>),
}

impl Metering {
    pub(super) fn includes(&self, id: StripId) -> bool {
        match self {
            Self::Off => false,
            Self::All => true,
            Self::Strips(ids) => ids.contains(&id),
        }
    }
}

/// The meter of one strip.
#[derive(Debug)]
pub(super) struct StripMeter {
    pub(super) id: StripId,
    /// Of the strip, in the order of processing.
    pub(super) position: usize,
    /// Its way to its bus, as (position of the bus, feed of the bus); none for the master.
    pub(super) feed: Option<(usize, usize)>,
    /// Frames from the input of the mix to the signal, and how many of them are still to come.
    due: usize,
    late: usize,
    level: LevelMeter<f64>,
    correlation: CorrelationMeter<f64>,
    loudness: LoudnessMeter<f64>,
    /// Frames measured.
    frames: u64,
    /// Gain reduction of the inserts at the last frame, and the largest.
    reductions_db: [f64; 2],
    board: Arc<Board>,
    pub(super) marks: Marks,
}

/// Readings at some frames, for measuring offline.
#[derive(Clone, Debug, Default)]
pub(super) struct Marks {
    /// The next one; `None` while the mixer is live.
    pub(super) next: Option<u64>,
    /// Frames from one to the next; 0 if there is only one.
    pub(super) step: u64,
    /// Levels and integrated loudness at each so far.
    pub(super) readings: Vec<(Snapshot, f64)>,
}

impl StripMeter {
    /// For a strip of a mixer of this stream. With [`Memory::Exact`] it grows: for measuring offline.
    pub(super) fn new(id: StripId, spec: &StreamSpec, memory: Memory) -> Result<Self, Error> {
        let loudness = LoudnessParams { precision: Precision::Off, memory, ..Default::default() };
        Ok(Self {
            id,
            position: 0,
            feed: None,
            due: 0,
            late: 0,
            level: LevelParams::default().build(spec)?,
            correlation: CorrelationParams::default().build(spec)?,
            loudness: loudness.build(spec)?,
            frames: 0,
            reductions_db: [0.0; 2],
            board: Arc::new(Board::new()),
            marks: Marks::default(),
        })
    }

    pub(super) fn reader(&self) -> MeterReader {
        MeterReader(self.board.clone())
    }

    /// Sets when its signal is due; before the first block that is waited for.
    pub(super) fn set_due(&mut self, due: usize, is_running: bool) {
        (self.due, self.late) = (due, if is_running { self.late.min(due) } else { due });
    }

    /// Reads it at frame `first`, and every `step` frames from then on if that is not 0.
    pub(super) fn start_marks(&mut self, first: u64, step: u64) {
        self.marks = Marks { next: Some(first), step, readings: Vec::new() };
        self.late = self.due;
        if first == 0 {
            self.mark();
        }
    }

    fn mark(&mut self) {
        self.marks.readings.push(self.reading());
        let step = self.marks.step;
        self.marks.next = (step > 0).then(|| self.frames + step);
    }

    /// Measures a chunk of what the strip gives to its bus.
    pub(super) fn run<S: Sample>(&mut self, strip: &Strip<S>, [left, right]: [&[f64]; 2]) {
        self.reductions_db =
            strip.inserts.iter().fold([0.0; 2], |largest, insert| reductions(&insert.processor, largest));
        let early = self.late.min(left.len());
        self.late -= early;
        if let Ok(block) = Block::from_slices(&[&left[early..], &right[early..]]) {
            self.observe(&block);
        }
        self.board.publish(self.snapshot());
    }

    fn observe(&mut self, block: &Block<'_, '_, f64>) {
        let mut start = 0;
        while start < block.frames() {
            let until = self.marks.next.map_or(u64::MAX, |next| next.saturating_sub(self.frames));
            let length = (block.frames() - start).min(usize::try_from(until).unwrap_or(usize::MAX));
            let part = block.frames_at(start, length);
            self.level.observe(&part);
            self.correlation.observe(&part);
            self.loudness.observe(&part);
            self.frames += length as u64;
            start += length;
            if self.marks.next == Some(self.frames) {
                self.mark();
            }
        }
    }

    fn snapshot(&self) -> Snapshot {
        let levels = self.level.amplitudes();
        let [gain_reduction_db, max_gain_reduction_db] = self.reductions_db;
        Snapshot {
            frames: self.frames,
            clipped_samples: levels.clipped_samples,
            clips: levels.clips,
            peak: levels.peak,
            sample_peak: levels.sample_peak,
            power: levels.power,
            overall_power: levels.overall_power,
            momentary_lufs: self.loudness.momentary_lufs(),
            correlation: self.correlation.correlation(),
            overall_correlation: self.correlation.overall(),
            gain_reduction_db,
            max_gain_reduction_db,
        }
    }

    /// Levels and integrated loudness so far.
    pub(super) fn reading(&self) -> (Snapshot, f64) {
        (self.snapshot(), self.loudness.integrated_lufs())
    }

    pub(super) fn reset(&mut self) {
        let Self {
            id: _,
            position: _,
            feed: _,
            due,
            late,
            level,
            correlation,
            loudness,
            frames,
            reductions_db,
            board,
            marks: _,
        } = self;
        *late = *due;
        level.reset();
        correlation.reset();
        loudness.reset();
        (*frames, *reductions_db) = (0, [0.0; 2]);
        board.publish(Snapshot::SILENT);
    }
}

/// Measures a chunk of every metered strip.
pub(super) fn run_all<S: Sample>(
    meters: &mut [StripMeter],
    strips: &[Strip<S>],
    out: &Feed<S>,
    frames: usize,
    is_parallel: bool,
) {
    let run = |meter: &mut StripMeter| {
        let feed = meter.feed.map_or(out, |(bus, feed)| &strips[bus].feeds[feed]);
        meter.run(&strips[meter.position], feed.heard(frames));
    };
    #[cfg(feature = "rayon")]
    if is_parallel {
        use rayon::prelude::*;
        return meters.par_iter_mut().for_each(run);
    }
    let _ = is_parallel;
    meters.iter_mut().for_each(run);
}

/// The larger of gain reductions and those of an effect, at the last frame and ever.
fn reductions<S: Sample>(effect: &EffectProcessor<S>, largest_db: [f64; 2]) -> [f64; 2] {
    let all = |effects: &[EffectProcessor<S>], largest_db| {
        effects.iter().fold(largest_db, |largest_db, effect| reductions(effect, largest_db))
    };
    match effect {
        EffectProcessor::Chain(chain) => all(chain.processors(), largest_db),
        EffectProcessor::Parallel(parallel) => all(parallel.branches(), largest_db),
        EffectProcessor::MidSide(both) => all(both.side().processors(), all(both.mid().processors(), largest_db)),
        EffectProcessor::Bypass(bypass) if bypass.is_bypassed() => largest_db,
        EffectProcessor::Bypass(bypass) => reductions(bypass.processor(), largest_db),
        single => single.dynamics().map_or(largest_db, |dynamics| {
            let last_db = (0..dynamics.traces()).map(|trace| dynamics.gain_reduction_db(trace));
            [last_db.fold(largest_db[0], f64::max), largest_db[1].max(dynamics.gain_reduction().max_db)]
        }),
    }
}
