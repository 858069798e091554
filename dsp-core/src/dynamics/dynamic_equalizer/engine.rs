//! Engine of the dynamic equalizer: detection, gain computer and filters, in steps of the 64-frame grid.
//!
//! A band that does not act rests in the cascade with all others, the same bits as in an equalizer. From the frame on
//! that its reduction leaves 0, until it is 0 again, it is driven through its table. So it is while its table glides.

use super::{
    band_detector::{Filter, State, detect},
    bands::{Action, DETECTOR, DynamicBand, DynamicEqualizerCoeffs, MAX_RANGE_DB, SECTIONS, STEP_DB, TABLE},
    svf_table::{Table, points},
};
use crate::{
    dynamics::{
        ballistics::{Ballistics, BallisticsCoeffs},
        gain_computer::{ComputerCoeffs, GainComputer},
        passes::{mean_levels, reduce},
        reduction_meter::ReductionMeter,
    },
    filters::{
        biquad::BiquadCoeffs,
        cascade::{Cascade, Drives, GLIDE_MS},
        svf::SvfPoint,
    },
    foundation::{
        block::{Block, BlockMut},
        fit::fit_traced,
        grid::GRID_FRAMES,
        math::Pow2,
        sample::Sample,
        silence::flushed,
        stream::StreamSpec,
        unit::{DB_PER_OCTAVE, ms_to_frames},
    },
    primitives::{
        backend::{Backend, run},
        lanes::Form,
        ramp::{GAIN_RAMP_MS, Ramp, Span},
        sanitize::sanitize,
    },
};
use alloc::{boxed::Box, vec, vec::Vec};

/// A place for a band: what it needs to act.
#[derive(Clone, Debug)]
struct Place {
    /// It has a dynamic band, and will not just fade out.
    wanted: bool,
    table: Ramp<TABLE>,
    detector: Ramp<DETECTOR>,
    /// At the end of the detector's glide.
    filter: Filter,
    computer: GainComputer,
    times: Ramp<3>,
    ballistics_coeffs: BallisticsCoeffs,
    ballistics: Ballistics,
    /// The table glides, in the present chunk.
    gliding: bool,
    /// Its section does not rest.
    driven: bool,
    last_db: f64,
}

impl Place {
    fn new(action: &Action, rate_hz: f64) -> Self {
        let glide = ms_to_frames(GLIDE_MS, rate_hz);
        let ramp = ms_to_frames(GAIN_RAMP_MS, rate_hz);
        Self {
            wanted: true,
            table: Ramp::new(action.table, glide),
            detector: Ramp::new(action.detector, glide),
            filter: filter(action.detector),
            computer: GainComputer::new(&action.computer, ramp),
            times: Ramp::new(action.ballistics.glide(), ramp),
            ballistics_coeffs: action.ballistics,
            ballistics: Ballistics::REST,
            gliding: false,
            driven: false,
            last_db: 0.0,
        }
    }

    /// From nothing, so that it fades in.
    fn enter(&mut self, action: &Action, rate_hz: f64) {
        self.table.jump_to(faded(&action.table));
        self.detector.jump_to(action.detector);
        self.computer = GainComputer::new(&idle(), ms_to_frames(GAIN_RAMP_MS, rate_hz));
        self.times.jump_to(action.ballistics.glide());
        self.ballistics = Ballistics::REST;
    }

    fn set_action(&mut self, action: &Action) {
        self.wanted = true;
        self.table.set_target(action.table);
        self.detector.set_target(action.detector);
        self.filter = filter(action.detector);
        self.computer.set_coeffs(&action.computer);
        self.times.set_target(action.ballistics.glide());
        self.ballistics_coeffs = action.ballistics;
    }

    fn leave(&mut self) {
        self.wanted = false;
        self.table.set_target(faded(&self.table.target()));
        self.computer.set_coeffs(&idle());
    }

    fn is_gone(&self) -> bool {
        !self.wanted && self.table.uniform_frames() == usize::MAX && self.ballistics == Ballistics::REST
    }
}

/// The same table without any effect.
fn faded(table: &[f64; TABLE]) -> [f64; TABLE] {
    let mut faded = *table;
    for point in faded.chunks_exact_mut(5) {
        point[2..].copy_from_slice(&[1.0, 0.0, 0.0]);
    }
    faded
}

/// Nothing is asked for.
fn idle() -> ComputerCoeffs {
    ComputerCoeffs::compressor(0.0, 1.0, 0.0, MAX_RANGE_DB)
}

fn filter([log_g, log_k, m0, m1, m2, share]: [f64; DETECTOR]) -> Filter {
    let (g, k) = (log_g.exp2_fast(), log_k.exp2_fast());
    let a1 = 1.0 / (1.0 + g * (g + k));
    let a2 = g * a1;
    let a3 = g * a2;
    let turn = g / (1.0 + g);
    Filter {
        a: [[2.0 * a1 - 1.0, -2.0 * a2], [2.0 * a2, 1.0 - 2.0 * a3]],
        b: [2.0 * a2, 2.0 * a3],
        c: [m0, 0.5 * m1, 0.5 * m2],
        pole: 1.0 - 2.0 * turn,
        gain: 2.0 * turn,
        share,
    }
}

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
    /// Of each place and pair of channels.
    detectors: Vec<State>,
    /// What is listened to, a pair of channels after the other, [`GRID_FRAMES`] each.
    sound: Vec<[f64; 2]>,
    /// Of each place, [`GRID_FRAMES`] each.
    reductions: Vec<f64>,
    points: Vec<SvfPoint>,
    meter: ReductionMeter,
    /// Position in the absolute grid.
    phase: usize,
    faults: u64,
}

impl DynamicEqualizerEngine {
    pub(super) fn new(spec: &StreamSpec, coeffs: &DynamicEqualizerCoeffs) -> Self {
        let (backend, channels, rate_hz) = (Backend::new(spec.cpu()), spec.channels(), spec.sample_rate_hz());
        let pairs = channels.div_ceil(2);
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
            detectors: vec![[[0.0; 2]; 3]; count * pairs],
            sound: vec![[0.0; 2]; pairs * GRID_FRAMES],
            reductions: vec![0.0; count * GRID_FRAMES],
            points: vec![SvfPoint::IDENTITY; count * GRID_FRAMES],
            meter: ReductionMeter::default(),
            phase: 0,
            faults: 0,
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
        let pairs = self.channels.div_ceil(2);
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
            detectors[index * pairs..][..pairs].fill([[0.0; 2]; 3]);
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
                let place = &self.places[index];
                count = count
                    .min(place.table.uniform_frames())
                    .min(place.detector.uniform_frames())
                    .min(place.computer.uniform_frames())
                    .min(place.times.uniform_frames());
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
            self.faults += sanitize(block.channel_mut(channel));
        }
        if !self.active.is_empty() {
            let pairs = match key {
                Some(key) => self.take(key, channels, count),
                None => self.take(&block.as_block(), channels, count),
            };
            self.listen(pairs, count);
            self.decide(count);
        }
        self.filter(block);
        self.phase = (self.phase + count) % GRID_FRAMES;
        if self.phase == 0 {
            for state in self.detectors.as_flattened_mut().as_flattened_mut() {
                *state = flushed(*state);
            }
        }
    }

    /// Lays what is listened to side by side, in f64. Returns the pairs of channels it has.
    fn take<S: Sample>(&mut self, sound: &Block<'_, '_, S>, channels: usize, count: usize) -> usize {
        let sources = if sound.channels() < channels { 1 } else { channels };
        for (pair, frames) in self.sound.chunks_exact_mut(GRID_FRAMES).enumerate().take(sources.div_ceil(2)) {
            for lane in 0..2 {
                let source = 2 * pair + lane;
                if source >= sources {
                    frames.iter_mut().for_each(|frame| frame[lane] = 0.0);
                    continue;
                }
                for (frame, sample) in frames[..count].iter_mut().zip(sound.channel(source)) {
                    self.faults += u64::from(!sample.finite());
                    frame[lane] = sample.ordinary().to_f64();
                }
            }
        }
        sources.div_ceil(2)
    }

    /// From sound to the squared level of each active place, which lies in `reductions`.
    fn listen(&mut self, pairs: usize, count: usize) {
        run!(self.backend, form => self.listen_all(form, pairs, count));
    }

    #[inline(always)]
    fn listen_all<F: Form>(&mut self, form: F, pairs: usize, count: usize) {
        let stride = self.channels.div_ceil(2);
        for two in self.active.chunks(2) {
            let (lower, upper) = (two[0], two.get(1).copied());
            let mut spare = [0.0; GRID_FRAMES];
            let spans = [
                self.places[lower].detector.span::<f64>(count).0,
                upper.map_or(Span::Still([0.0; DETECTOR]), |upper| self.places[upper].detector.span::<f64>(count).0),
            ];
            let filters =
                [self.places[lower].filter, upper.map_or(Filter::default(), |upper| self.places[upper].filter)];
            let (squares, later) = self.reductions[lower * GRID_FRAMES..].split_at_mut(GRID_FRAMES);
            let lower_squares = &mut squares[..count];
            let upper_squares = match upper {
                Some(upper) => &mut later[(upper - lower - 1) * GRID_FRAMES..][..count],
                None => &mut spare[..count],
            };
            lower_squares.fill(0.0);
            upper_squares.fill(0.0);
            for pair in 0..pairs {
                let x = &self.sound[pair * GRID_FRAMES..][..count];
                let mut states = [self.detectors[lower * stride + pair], [[0.0; 2]; 3]];
                if let Some(upper) = upper {
                    states[1] = self.detectors[upper * stride + pair];
                }
                let [lower_state, upper_state] = &mut states;
                if let [Span::Still(_), Span::Still(_)] = spans {
                    let squares = [&mut *lower_squares, &mut *upper_squares];
                    detect(form, [&filters[0], &filters[1]], x, [lower_state, upper_state], squares);
                } else {
                    for frame in 0..count {
                        let [p, q] = [filter_at(&spans[0], filters[0], frame), filter_at(&spans[1], filters[1], frame)];
                        let range = frame..frame + 1;
                        let squares = [&mut lower_squares[range.clone()], &mut upper_squares[range.clone()]];
                        detect(form, [&p, &q], &x[range], [&mut *lower_state, &mut *upper_state], squares);
                    }
                }
                self.detectors[lower * stride + pair] = states[0];
                if let Some(upper) = upper {
                    self.detectors[upper * stride + pair] = states[1];
                }
            }
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
            sound: _,
            reductions: _,
            points: _,
            meter,
            phase,
            faults,
        } = self;
        cascade.reset();
        active.retain(|&index| places[index].wanted);
        for place in places {
            let Place {
                wanted: _,
                table,
                detector,
                filter: _,
                computer,
                times,
                ballistics_coeffs: _,
                ballistics,
                gliding,
                driven,
                last_db,
            } = &mut **place;
            table.jump_to(*table.aim());
            detector.jump_to(*detector.aim());
            computer.reset();
            times.jump_to(*times.aim());
            *ballistics = Ballistics::REST;
            (*gliding, *driven) = (false, false);
            *last_db = 0.0;
        }
        detectors.fill([[0.0; 2]; 3]);
        *meter = ReductionMeter::default();
        *phase = 0;
        *faults = 0;
    }

    /// Those of the cascade, and of the slowest point of every table.
    pub(super) fn tail_frames(&self) -> u64 {
        let slowest = |&index: &usize| {
            let points = self.places[index].table.aim().chunks_exact(5);
            points.map(|point| decay_frames(point[0], point[1])).max().unwrap_or(0)
        };
        self.cascade.tail_frames() + self.active.iter().map(slowest).sum::<u64>()
    }

    pub(super) fn last_db(&self, place: usize) -> f64 {
        self.places.get(place).map_or(0.0, |place| place.last_db)
    }

    pub(super) fn meter(&self) -> &ReductionMeter {
        &self.meter
    }

    pub(super) fn non_finite_samples(&self) -> u64 {
        self.faults
    }
}

/// The section of a place that is driven.
fn section(place: usize) -> usize {
    place * SECTIONS + SECTIONS - 1
}

/// The filter of a frame, on its way or at rest.
fn filter_at(span: &Span<f64, DETECTOR>, settled: Filter, frame: usize) -> Filter {
    match span {
        Span::Still(_) => settled,
        Span::Moving(curves) => {
            let mut values = [0.0; DETECTOR];
            for (value, curve) in values.iter_mut().zip(curves) {
                // A chunk has no more frames than the grid.
                *value = curve.at(frame as i32);
            }
            filter(values)
        }
    }
}

/// As [`BiquadCoeffs::decay_frames`], of a section of this log2 g and log2 k.
fn decay_frames(log_g: f64, log_k: f64) -> u64 {
    let (g, k) = (libm::exp2(log_g), libm::exp2(log_k));
    let scale = 1.0 / (1.0 + g * (g + k));
    let (a1, a2) = (2.0 * (g * g - 1.0) * scale, (1.0 - g * (k - g)) * scale);
    let poles = BiquadCoeffs { a1, a2, ..BiquadCoeffs::IDENTITY };
    poles.decay_frames()
}
