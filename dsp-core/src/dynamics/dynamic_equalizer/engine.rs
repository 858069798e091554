//! Engine of the dynamic equalizer: detection, gain computer and filters, on the 64-frame grid.
//!
//! A band without reduction is at rest in the cascade, with the same bits as in an equalizer. From the first frame of
//! its reduction until the reduction is 0 again, it is driven through its coefficient table; also while the table
//! glides.

use super::{
    bands::{Action, DynamicBand, DynamicEqualizerCoeffs, SECTIONS, STEP_DB},
    detector_bank::DetectorBank,
    slot::Slot,
    svf_table::{Table, points},
};
use crate::{
    dynamics::{
        ballistics::Ballistics,
        passes::{mean_levels, reduce},
        reduction_meter::ReductionMeter,
    },
    filters::{
        cascade::{Cascade, Drives},
        svf::SvfPoint,
    },
    foundation::{
        block::{Block, BlockMut},
        fit::fit_traced,
        grid::GRID_FRAMES,
        sample::Sample,
        stream::StreamSpec,
        unit::DB_PER_OCTAVE,
    },
    primitives::{backend::Backend, ramp::Span, sanitize::clean},
};
use alloc::{boxed::Box, vec, vec::Vec};

/// The equalizer without its stream.
#[derive(Clone, Debug)]
pub(super) struct DynamicEqualizerEngine {
    backend: Backend,
    rate_hz: f64,
    channels: usize,
    cascade: Cascade,
    /// Boxed: tables are large, and most slots are empty.
    slots: Vec<Box<Slot>>,
    /// Active slots, in order.
    active: Vec<usize>,
    detectors: DetectorBank,
    /// Of each slot, [`GRID_FRAMES`] each.
    reductions: Vec<f64>,
    points: Vec<SvfPoint>,
    meter: ReductionMeter,
    /// Position in the absolute grid.
    phase: usize,
    non_finite: u64,
}

impl DynamicEqualizerEngine {
    pub(super) fn new(spec: &StreamSpec, coeffs: &DynamicEqualizerCoeffs) -> Self {
        let (backend, channels, rate_hz) = (Backend::new(spec.cpu()), spec.channels(), spec.sample_rate_hz());
        let count = coeffs.actions.len();
        // Empty slots are ready for any band.
        let empty = DynamicBand::default().action(None, rate_hz);
        let slot = |action: &Option<Box<Action>>| {
            let mut slot = Slot::new(action.as_deref().unwrap_or(&empty), rate_hz);
            slot.occupied = action.is_some();
            Box::new(slot)
        };
        let mut active = Vec::with_capacity(count);
        active.extend((0..count).filter(|&index| coeffs.actions[index].is_some()));
        Self {
            backend,
            rate_hz,
            channels,
            cascade: Cascade::new(backend, channels, rate_hz, &coeffs.sections),
            slots: coeffs.actions.iter().map(slot).collect(),
            active,
            detectors: DetectorBank::new(backend, channels, count),
            reductions: vec![0.0; count * GRID_FRAMES],
            points: vec![SvfPoint::IDENTITY; count * GRID_FRAMES],
            meter: ReductionMeter::default(),
            phase: 0,
            non_finite: 0,
        }
    }

    pub(super) fn set_coeffs(&mut self, coeffs: &DynamicEqualizerCoeffs) {
        self.retire();
        for (index, action) in coeffs.actions.iter().enumerate() {
            let slot = &mut self.slots[index];
            let known = self.active.contains(&index);
            let before = slot.table.target();
            match action {
                Some(action) => {
                    if !known {
                        slot.enter(action, self.rate_hz);
                        let at = self.active.partition_point(|&other| other < index);
                        // The capacity is reserved for all slots.
                        self.active.insert(at, index);
                    }
                    slot.set_action(action);
                }
                None if known => slot.leave(),
                None => continue,
            }
            if (!known || slot.table.target() != before) && !slot.driven {
                slot.driven = true;
                self.cascade.set_driven(section(index), true);
            }
        }
        self.cascade.set_coeffs(&coeffs.sections);
    }

    /// Frees slots whose band has faded out.
    fn retire(&mut self) {
        let Self { slots, active, detectors, cascade, reductions, .. } = self;
        active.retain(|&index| {
            let slot = &mut slots[index];
            if !slot.is_gone() {
                return true;
            }
            if core::mem::take(&mut slot.driven) {
                cascade.set_driven(section(index), false);
            }
            slot.last_db = 0.0;
            detectors.clear(index);
            reductions[index * GRID_FRAMES..][..GRID_FRAMES].fill(0.0);
            false
        });
    }

    pub(super) fn process<S: Sample>(
        &mut self,
        block: &mut BlockMut<'_, '_, S>,
        key: Option<&Block<'_, '_, S>>,
        trace: Option<&mut BlockMut<'_, '_, f64>>,
    ) {
        fit_traced(block, self.channels, key, trace, |block, key, trace| self.run(block, key, trace));
    }

    fn run<S: Sample>(
        &mut self,
        block: &mut BlockMut<'_, '_, S>,
        key: Option<&Block<'_, '_, S>>,
        mut trace: Option<&mut BlockMut<'_, '_, f64>>,
    ) {
        let frames = block.frames();
        let mut start = 0;
        while start < frames {
            self.retire();
            let mut count = (frames - start).min(GRID_FRAMES - self.phase);
            for &index in &self.active {
                count = count.min(self.slots[index].uniform_frames());
            }
            let key = key.map(|key| key.frames_at(start, count));
            self.chunk(&mut block.frames_mut(start, count), key.as_ref());
            if let Some(trace) = trace.as_deref_mut() {
                self.write_trace(trace, start, count);
            }
            start += count;
        }
    }

    fn chunk<S: Sample>(&mut self, block: &mut BlockMut<'_, '_, S>, key: Option<&Block<'_, '_, S>>) {
        let (count, channels) = (block.frames(), self.channels);
        for channel in 0..channels {
            self.non_finite += clean(self.backend, block.channel_mut(channel));
        }
        if !self.active.is_empty() {
            self.non_finite += match key {
                Some(key) => self.detectors.take(key),
                None => self.detectors.take(&block.as_block()),
            };
            self.detectors.detect(&self.active, &mut self.slots, count, &mut self.reductions);
            self.decide(count);
        }
        self.filter(block);
        self.phase = (self.phase + count) % GRID_FRAMES;
        if self.phase == 0 {
            self.detectors.flush();
        }
    }

    /// Turns squared levels into reductions, in place, and into points where they are not 0.
    fn decide(&mut self, count: usize) {
        let (backend, silence) = (self.backend, [0.0; GRID_FRAMES]);
        for &index in &self.active {
            let slot = &mut *self.slots[index];
            let reductions = &mut self.reductions[index * GRID_FRAMES..][..count];
            let mut levels = [0.0_f64; GRID_FRAMES];
            let levels = &mut levels[..count];
            mean_levels(backend, reductions, &Span::Still([1.0]), levels);
            match slot.level_sign.span::<f64>(count).0 {
                Span::Still([1.0]) => {}
                Span::Still([sign]) => levels.iter_mut().for_each(|level| *level *= sign),
                Span::Moving([curve]) => {
                    (0_i32..).zip(&mut *levels).for_each(|(frame, level)| *level *= curve.at(frame));
                }
            }
            reduce(backend, levels, &slot.computer.span::<f64>(count), reductions);
            let (times, _) = slot.times.span::<f64>(count);
            if slot.ballistics != Ballistics::REST || reductions.iter().any(|&target| target > 0.0) {
                slot.ballistics.process(backend, &slot.ballistics_coeffs, &times, &silence[..count], reductions);
            }
            slot.last_db = slot.sign * DB_PER_OCTAVE * reductions[count - 1];
            let mut reductions_db = [0.0; GRID_FRAMES];
            for (db, octaves) in reductions_db.iter_mut().zip(&*reductions) {
                // A boost is no reduction.
                *db = (slot.sign * DB_PER_OCTAVE * *octaves).max(0.0) as f32;
            }
            self.meter.observe(&reductions_db[..count], 1);

            let slot_points = &mut self.points[index * GRID_FRAMES..][..count];
            let per_octave = DB_PER_OCTAVE / STEP_DB;
            slot.gliding = false;
            if slot.table.uniform_frames() == usize::MAX {
                if reductions.iter().any(|&octaves| octaves > 0.0) {
                    points(backend, Table::Still(slot.table.aim()), per_octave, reductions, slot_points);
                }
            } else {
                match slot.table.span::<f64>(count).0 {
                    Span::Still(table) => points(backend, Table::Still(&table), per_octave, reductions, slot_points),
                    Span::Moving(curves) => {
                        slot.gliding = true;
                        points(backend, Table::Moving(&curves), per_octave, reductions, slot_points);
                    }
                }
            }
        }
    }

    /// Runs the cascade, each slot driven exactly while its gain changes.
    fn filter<S: Sample>(&mut self, block: &mut BlockMut<'_, '_, S>) {
        let frames = block.frames();
        let mut start = 0;
        while start < frames {
            let mut end = frames;
            for &index in &self.active {
                let slot = &mut self.slots[index];
                let reductions = &self.reductions[index * GRID_FRAMES..][start..frames];
                let driven = slot.gliding || reductions[0] > 0.0;
                if !slot.gliding
                    && let Some(change) = reductions.iter().position(|&octaves| (octaves > 0.0) != driven)
                {
                    end = end.min(start + change);
                }
                if driven != slot.driven {
                    slot.driven = driven;
                    self.cascade.set_driven(section(index), driven);
                }
            }
            let drives = Drives { points: &self.points, sections: SECTIONS, before: start };
            self.cascade.process_driven(&mut block.frames_mut(start, end - start), &drives);
            start = end;
        }
    }

    fn write_trace(&self, trace: &mut BlockMut<'_, '_, f64>, start: usize, count: usize) {
        let end = trace.frames().min(start + count);
        for row in 0..trace.channels().min(self.slots.len() * self.channels) {
            let slot = row / self.channels;
            let own = &mut trace.channel_mut(row)[start.min(end)..end];
            if !self.active.contains(&slot) {
                own.fill(0.0);
                continue;
            }
            for (own, octaves) in own.iter_mut().zip(&self.reductions[slot * GRID_FRAMES..]) {
                *own = self.slots[slot].sign * DB_PER_OCTAVE * octaves;
            }
        }
    }

    pub(super) fn reset(&mut self) {
        let Self {
            backend: _,
            rate_hz: _,
            channels: _,
            cascade,
            slots,
            active,
            detectors,
            reductions: _,
            points: _,
            meter,
            phase,
            non_finite,
        } = self;
        cascade.reset();
        active.retain(|&index| slots[index].occupied);
        slots.iter_mut().for_each(|slot| slot.reset());
        detectors.reset();
        *meter = ReductionMeter::default();
        *phase = 0;
        *non_finite = 0;
    }

    /// The tail of the cascade, and of the slowest point of every table.
    pub(super) fn tail_frames(&self) -> u64 {
        self.cascade.tail_frames() + self.active.iter().map(|&index| self.slots[index].tail_frames()).sum::<u64>()
    }

    pub(super) fn last_db(&self, slot: usize) -> f64 {
        self.slots.get(slot).map_or(0.0, |slot| slot.last_db)
    }

    pub(super) fn meter(&self) -> &ReductionMeter {
        &self.meter
    }

    pub(super) fn non_finite_samples(&self) -> u64 {
        self.non_finite
    }
}

/// The driven section of a slot.
fn section(slot: usize) -> usize {
    slot * SECTIONS + SECTIONS - 1
}
