//! Engine of the dynamic equalizer: detection, gain computer and filters, in steps of the 64-frame grid.
//!
//! A band that does not act rests in the cascade with all others, the same bits as in an equalizer. From the frame on
//! that its reduction leaves 0, until it is 0 again, it is driven through its table. So it is while its table glides.

use super::{
    bands::{Action, DynamicBand, DynamicEqualizerCoeffs, SECTIONS, STEP_DB},
    detector_bank::DetectorBank,
    place::Place,
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
    primitives::{backend::Backend, ramp::Span, sanitize::sanitize},
};
use alloc::{boxed::Box, vec, vec::Vec};

/// The equalizer without its stream.
#[derive(Clone, Debug)]
pub(super) struct DynamicEqualizerEngine {
    backend: Backend,
    rate_hz: f64,
    channels: usize,
    cascade: Cascade,
    /// Boxed: tables are large, and most places are empty.
    places: Vec<Box<Place>>,
    /// Places at work, in order.
    active: Vec<usize>,
    detectors: DetectorBank,
    /// Of each place, [`GRID_FRAMES`] each.
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
        // Places that nothing is in wait for any band.
        let empty = DynamicBand::default().design(rate_hz).1;
        let place = |action: &Option<Box<Action>>| {
            let mut place = Place::new(action.as_deref().unwrap_or(&empty), rate_hz);
            place.wanted = action.is_some();
            Box::new(place)
        };
        let mut active = Vec::with_capacity(count);
        active.extend((0..count).filter(|&index| coeffs.actions[index].is_some()));
        Self {
            backend,
            rate_hz,
            channels,
            cascade: Cascade::new(backend, channels, rate_hz, &coeffs.sections),
            places: coeffs.actions.iter().map(place).collect(),
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
            let place = &mut self.places[index];
            let known = self.active.contains(&index);
            let before = place.table.target();
            match action {
                Some(action) => {
                    if !known {
                        place.enter(action, self.rate_hz);
                        let at = self.active.partition_point(|&other| other < index);
                        // Memory was taken for all places.
                        self.active.insert(at, index);
                    }
                    place.set_action(action);
                }
                None if known => place.leave(),
                None => continue,
            }
            if (!known || place.table.target() != before) && !place.driven {
                place.driven = true;
                self.cascade.set_driven(section(index), true);
            }
        }
        self.cascade.set_coeffs(&coeffs.sections);
    }

    /// Lets go of places whose band has faded out.
    fn retire(&mut self) {
        let Self { places, active, detectors, cascade, reductions, .. } = self;
        active.retain(|&index| {
            let place = &mut places[index];
            if !place.is_gone() {
                return true;
            }
            if core::mem::take(&mut place.driven) {
                cascade.set_driven(section(index), false);
            }
            place.last_db = 0.0;
            detectors.forget(index);
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
                count = count.min(self.places[index].uniform_frames());
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
            self.non_finite += sanitize(block.channel_mut(channel));
        }
        if !self.active.is_empty() {
            self.non_finite += match key {
                Some(key) => self.detectors.take(key),
                None => self.detectors.take(&block.as_block()),
            };
            self.detectors.detect(&self.active, &mut self.places, count, &mut self.reductions);
            self.decide(count);
        }
        self.filter(block);
        self.phase = (self.phase + count) % GRID_FRAMES;
        if self.phase == 0 {
            self.detectors.flush();
        }
    }

    /// From squared levels to reductions, in place, and to points where they are not 0.
    fn decide(&mut self, count: usize) {
        let (backend, silence) = (self.backend, [0.0; GRID_FRAMES]);
        for &index in &self.active {
            let place = &mut *self.places[index];
            let reductions = &mut self.reductions[index * GRID_FRAMES..][..count];
            let mut levels = [0.0_f64; GRID_FRAMES];
            let levels = &mut levels[..count];
            mean_levels(backend, reductions, &Span::Still([1.0]), levels);
            reduce(backend, levels, &place.computer.span::<f64>(count), reductions);
            let (times, _) = place.times.span::<f64>(count);
            if place.ballistics != Ballistics::REST || reductions.iter().any(|&wanted| wanted > 0.0) {
                place.ballistics.process(backend, &place.ballistics_coeffs, &times, &silence[..count], reductions);
            }
            place.last_db = DB_PER_OCTAVE * reductions[count - 1];
            let mut reductions_db = [0.0; GRID_FRAMES];
            for (db, octaves) in reductions_db.iter_mut().zip(&*reductions) {
                *db = (DB_PER_OCTAVE * *octaves) as f32;
            }
            self.meter.observe(&reductions_db[..count], 1);

            let places = &mut self.points[index * GRID_FRAMES..][..count];
            let per_octave = DB_PER_OCTAVE / STEP_DB;
            place.gliding = false;
            if place.table.uniform_frames() == usize::MAX {
                if reductions.iter().any(|&octaves| octaves > 0.0) {
                    points(backend, Table::Still(place.table.aim()), per_octave, reductions, places);
                }
            } else {
                match place.table.span::<f64>(count).0 {
                    Span::Still(table) => points(backend, Table::Still(&table), per_octave, reductions, places),
                    Span::Moving(curves) => {
                        place.gliding = true;
                        points(backend, Table::Moving(&curves), per_octave, reductions, places);
                    }
                }
            }
        }
    }

    /// Runs the cascade, each place driven exactly while it moves.
    fn filter<S: Sample>(&mut self, block: &mut BlockMut<'_, '_, S>) {
        let frames = block.frames();
        let mut start = 0;
        while start < frames {
            let mut end = frames;
            for &index in &self.active {
                let place = &mut self.places[index];
                let reductions = &self.reductions[index * GRID_FRAMES..][start..frames];
                let driven = place.gliding || reductions[0] > 0.0;
                if !place.gliding
                    && let Some(change) = reductions.iter().position(|&octaves| (octaves > 0.0) != driven)
                {
                    end = end.min(start + change);
                }
                if driven != place.driven {
                    place.driven = driven;
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
        for row in 0..trace.channels().min(self.places.len() * self.channels) {
            let place = row / self.channels;
            let own = &mut trace.channel_mut(row)[start.min(end)..end];
            if !self.active.contains(&place) {
                own.fill(0.0);
                continue;
            }
            for (own, octaves) in own.iter_mut().zip(&self.reductions[place * GRID_FRAMES..]) {
                *own = DB_PER_OCTAVE * octaves;
            }
        }
    }

    pub(super) fn reset(&mut self) {
        let Self {
            backend: _,
            rate_hz: _,
            channels: _,
            cascade,
            places,
            active,
            detectors,
            reductions: _,
            points: _,
            meter,
            phase,
            non_finite,
        } = self;
        cascade.reset();
        active.retain(|&index| places[index].wanted);
        places.iter_mut().for_each(|place| place.reset());
        detectors.reset();
        *meter = ReductionMeter::default();
        *phase = 0;
        *non_finite = 0;
    }

    /// Those of the cascade, and of the slowest point of every table.
    pub(super) fn tail_frames(&self) -> u64 {
        self.cascade.tail_frames() + self.active.iter().map(|&index| self.places[index].tail_frames()).sum::<u64>()
    }

    pub(super) fn last_db(&self, place: usize) -> f64 {
        self.places.get(place).map_or(0.0, |place| place.last_db)
    }

    pub(super) fn meter(&self) -> &ReductionMeter {
        &self.meter
    }

    pub(super) fn non_finite_samples(&self) -> u64 {
        self.non_finite
    }
}

/// The section of a place that is driven.
fn section(place: usize) -> usize {
    place * SECTIONS + SECTIONS - 1
}
