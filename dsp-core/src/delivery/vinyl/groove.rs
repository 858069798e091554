//! The groove of a programme at a cutting level of 0 dB.

use super::{
    bands::{Tone, ToneMeter},
    bass::{Bass, BassMeter},
    counts::{Counts, highest, not_exceeded},
    limits::VinylLimits,
    motion::{CHUNK_FRAMES, LATENCY_FRAMES, Motion, Moved},
};
use crate::foundation::{
    block::Block,
    error::{Error, expect_channels},
    sample::Sample,
    stream::StreamSpec,
    table::Fields,
};
use alloc::{vec, vec::Vec};

/// Parts of a turn for which the pitch is set.
pub(super) const SECTORS_PER_TURN: usize = 8;
/// Sectors whose slope and curvature are counted together: two turns, over which the radius hardly changes.
pub(super) const SECTORS_PER_COUNT: usize = 2 * SECTORS_PER_TURN;
/// Lowest exponents of the powers counted: (m/s)², (m/s²)², µm².
const SLOPE_EXPONENT: i64 = -19;
const CURVATURE_EXPONENT: i64 = 14;
const LIFT_EXPONENT: i64 = -6;

/// How far the groove goes within an eighth of a turn, in µm.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Sector {
    pub(super) inwards: f64,
    pub(super) outwards: f64,
    pub(super) lift: f64,
    pub(super) dip: f64,
}

/// Velocities and accelerations within two turns.
#[derive(Clone, Debug)]
pub(super) struct TurnCounts {
    /// Of both directions, (m/s)².
    pub(super) velocity: Counts,
    /// Of either wall, (m/s²)².
    pub(super) acceleration: Counts,
}

impl TurnCounts {
    fn new() -> Self {
        Self { velocity: Counts::new(SLOPE_EXPONENT), acceleration: Counts::new(CURVATURE_EXPONENT) }
    }
}

/// The groove of a programme at a cutting level of 0 dB: all else is scaled from it.
///
/// Lateral motion is (L+R)/2, vertical motion (L-R)/2; a wall moves by L/√2 or R/√2. Memory: 1 MB a minute.
#[derive(Clone, Debug)]
pub struct Groove {
    pub(super) sectors: Vec<Sector>,
    pub(super) counts: Vec<TurnCounts>,
    pub(super) lift: Counts,
    pub(super) frames: usize,
    pub(super) sample_rate_hz: f64,
    rpm: f64,
    bass: Bass,
    tone: Tone,
}

impl Groove {
    /// Measures a programme of one or two channels; mono is equal left and right. Non-finite samples count as 0.
    ///
    /// # Errors
    /// Another count of channels; limits out of range.
    pub fn measure<S: Sample>(
        programme: &Block<'_, '_, S>,
        spec: &StreamSpec,
        rpm: f64,
        limits: &VinylLimits,
    ) -> Result<Self, Error> {
        let mut meter = GrooveMeter::new(spec, rpm, limits)?;
        meter.observe(programme);
        Ok(meter.finish())
    }

    /// Length, in seconds.
    #[must_use]
    pub fn duration_s(&self) -> f64 {
        self.frames as f64 / self.sample_rate_hz
    }

    /// Speed for which it was measured.
    #[must_use]
    pub fn rpm(&self) -> f64 {
        self.rpm
    }

    /// Phase of the bass.
    #[must_use]
    pub fn bass(&self) -> &Bass {
        &self.bass
    }

    /// Levels of parts of the spectrum.
    #[must_use]
    pub fn tone(&self) -> &Tone {
        &self.tone
    }

    /// Largest lateral excursion at 0 dB.
    #[must_use]
    pub fn excursion_um(&self) -> f64 {
        self.sectors.iter().fold(0.0, |most, sector| sector.inwards.max(sector.outwards).max(most))
    }

    /// Largest lift of the stylus at 0 dB.
    #[must_use]
    pub fn lift_um(&self) -> f64 {
        self.sectors.iter().fold(0.0, |most, sector| sector.lift.max(most))
    }

    /// Lift that `percent` of the samples do not exceed, at 0 dB.
    #[must_use]
    pub fn lift_percentile_um(&self, percent: f64) -> f64 {
        not_exceeded(&[(&self.lift, 0.0)], percent).map_or(0.0, |power| libm::exp2(0.5 * power))
    }

    /// Largest velocity of both directions together at 0 dB, in m/s.
    #[must_use]
    pub fn velocity_m_per_s(&self) -> f64 {
        let highest = self.counts.iter().filter_map(|counts| highest(&counts.velocity)).max_by(f64::total_cmp);
        highest.map_or(0.0, |power| libm::exp2(0.5 * power))
    }
}

/// Measures a [`Groove`] block by block.
#[derive(Clone, Debug)]
pub struct GrooveMeter {
    limits: VinylLimits,
    sample_rate_hz: f64,
    channels: usize,
    rpm: f64,
    frames_per_sector: f64,
    frames: usize,
    /// Frames of the motion that belong to the time before the first sample.
    early: usize,
    /// Frames of the motion that are counted.
    moved_frames: usize,
    /// The frame at which the sector ends.
    sector_end: usize,
    sector: Sector,
    sectors: Vec<Sector>,
    turns: TurnCounts,
    counts: Vec<TurnCounts>,
    lift: Counts,
    bass: BassMeter,
    tone: ToneMeter,
    motion: [Motion; 2],
    moved: [Moved; 2],
    samples: [Vec<f64>; 2],
}

impl GrooveMeter {
    /// # Errors
    /// More than two channels; limits out of range.
    pub fn new(spec: &StreamSpec, rpm: f64, limits: &VinylLimits) -> Result<Self, Error> {
        let sample_rate_hz = spec.sample_rate_hz();
        limits.check_fields(sample_rate_hz)?;
        if spec.channels() > 2 {
            expect_channels(2, spec.channels())?;
        }
        let frames_per_sector = 60.0 * sample_rate_hz / (rpm * SECTORS_PER_TURN as f64);
        let motion = Motion::new(sample_rate_hz);
        Ok(Self {
            limits: *limits,
            sample_rate_hz,
            channels: spec.channels(),
            rpm,
            frames_per_sector,
            frames: 0,
            early: LATENCY_FRAMES,
            moved_frames: 0,
            sector_end: libm::ceil(frames_per_sector) as usize,
            sector: Sector::default(),
            sectors: Vec::new(),
            turns: TurnCounts::new(),
            counts: Vec::new(),
            lift: Counts::new(LIFT_EXPONENT),
            bass: BassMeter::new(sample_rate_hz, limits),
            tone: ToneMeter::new(sample_rate_hz),
            motion: [motion.clone(), motion],
            moved: [Moved::default(), Moved::default()],
            samples: [vec![0.0; CHUNK_FRAMES], vec![0.0; CHUNK_FRAMES]],
        })
    }

    /// Measures the next block, of the channels of the stream.
    pub fn observe<S: Sample>(&mut self, block: &Block<'_, '_, S>) {
        debug_assert_eq!(block.channels(), self.channels);
        for start in (0..block.frames()).step_by(CHUNK_FRAMES) {
            let frames = CHUNK_FRAMES.min(block.frames() - start);
            for channel in 0..2 {
                let from = &block.channel(channel.min(block.channels() - 1))[start..start + frames];
                for (sample, from) in self.samples[channel].iter_mut().zip(from) {
                    let value = from.to_f64();
                    *sample = if value.is_finite() { value } else { 0.0 };
                }
            }
            self.frames += frames;
            self.advance(frames, true);
        }
    }

    /// The groove of all that was observed.
    #[must_use]
    pub fn finish(mut self) -> Groove {
        let end = self.frames;
        self.samples.iter_mut().for_each(|samples| samples[..LATENCY_FRAMES].fill(0.0));
        self.advance(LATENCY_FRAMES, false);
        debug_assert_eq!(self.moved_frames, end);
        if self.sector != Sector::default() || self.sectors.is_empty() {
            self.sectors.push(self.sector);
        }
        self.counts.push(self.turns);
        Groove {
            sectors: self.sectors,
            counts: self.counts,
            lift: self.lift,
            frames: self.frames,
            sample_rate_hz: self.sample_rate_hz,
            rpm: self.rpm,
            bass: self.bass.finish(&self.limits),
            tone: self.tone.finish(&self.limits),
        }
    }

    /// Moves by the first `frames` of the samples.
    fn advance(&mut self, frames: usize, sounds: bool) {
        let [left, right] = self.samples.each_ref().map(|samples| &samples[..frames]);
        if sounds {
            self.bass.observe(left, right);
            self.tone.observe(left, right);
        }
        self.motion[0].advance(left, &mut self.moved[0]);
        self.motion[1].advance(right, &mut self.moved[1]);
        let from = self.early.min(frames);
        self.early -= from;
        let [left, right] = &self.moved;
        self.tone.observe_recorded(left, right, from);
        let mut at = from;
        while at < frames {
            let until = frames.min(at + self.sector_end - self.moved_frames);
            self.trace(at, until);
            self.moved_frames += until - at;
            at = until;
            if self.moved_frames == self.sector_end {
                self.end_sector();
            }
        }
    }

    /// Takes frames of one sector.
    fn trace(&mut self, from: usize, until: usize) {
        let [left, right] = &self.moved;
        for (&left, &right) in left.displacement[from..until].iter().zip(&right.displacement[from..until]) {
            let (lateral, vertical) = (0.5 * (left + right), 0.5 * (left - right));
            let sector = &mut self.sector;
            sector.outwards = sector.outwards.max(lateral);
            sector.inwards = sector.inwards.max(-lateral);
            sector.lift = sector.lift.max(vertical);
            sector.dip = sector.dip.max(-vertical);
            let lift = vertical.max(0.0);
            self.lift.add(lift * lift);
        }
        for (&left, &right) in left.velocity[from..until].iter().zip(&right.velocity[from..until]) {
            self.turns.velocity.add(0.5 * (left * left + right * right));
        }
        for (&left, &right) in left.acceleration[from..until].iter().zip(&right.acceleration[from..until]) {
            let (left, right) = (left * left, right * right);
            self.turns.acceleration.add(0.5 * left.max(right));
        }
    }

    fn end_sector(&mut self) {
        self.sectors.push(core::mem::take(&mut self.sector));
        self.sector_end = libm::ceil((self.sectors.len() + 1) as f64 * self.frames_per_sector) as usize;
        if self.sectors.len().is_multiple_of(SECTORS_PER_COUNT) {
            self.counts.push(core::mem::replace(&mut self.turns, TurnCounts::new()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measured(left: &[f64], right: &[f64], cuts: &[usize]) -> Groove {
        let spec = StreamSpec::new(44_100.0, 2).unwrap();
        let mut meter = GrooveMeter::new(&spec, 100.0 / 3.0, &VinylLimits::default()).unwrap();
        let (rows, mut start) = ([left, right], 0);
        let block = Block::from_slices(&rows).unwrap();
        for &cut in cuts {
            meter.observe(&block.frames_at(start, cut));
            start += cut;
        }
        meter.observe(&block.frames_at(start, left.len() - start));
        meter.finish()
    }

    #[test]
    fn the_groove_is_the_same_however_the_programme_is_cut() {
        let left: Vec<f64> = (0..60_000).map(|n| 0.3 * libm::sin(f64::from(n) * f64::from(n) * 1e-6)).collect();
        let right: Vec<f64> = left.iter().rev().copied().collect();
        let (whole, cut) = (measured(&left, &right, &[]), measured(&left, &right, &[1, 0, 7, 1_024, 9_000, 64]));
        assert_eq!(whole.sectors, cut.sectors);
        assert_eq!(whole.bass(), cut.bass());
        // Sums of squares are added chunk by chunk.
        let difference_db = whole.tone().sibilance_db.unwrap() - cut.tone().sibilance_db.unwrap();
        assert!(difference_db.abs() < 1e-9);
        assert_eq!(whole.lift_percentile_um(99.0).to_bits(), cut.lift_percentile_um(99.0).to_bits());
        assert_eq!(whole.velocity_m_per_s().to_bits(), cut.velocity_m_per_s().to_bits());
        // 9 922.5 frames make an eighth of a turn.
        assert_eq!(whole.sectors.len(), 7);
    }

    #[test]
    fn non_finite_samples_count_as_nothing() {
        let silence = [0.0; 30_000];
        let mut hurt = silence;
        (hurt[100], hurt[20_000]) = (f64::NAN, f64::INFINITY);
        assert_eq!(measured(&hurt, &silence, &[]).sectors, measured(&silence, &silence, &[]).sectors);
    }
}
